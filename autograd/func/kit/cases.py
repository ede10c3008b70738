"""The recorded cases: inputs, and what another library makes of them."""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import Any, NamedTuple

import numpy as np

from autograd.func.kit.operations import OPERATIONS, Operation

__all__ = ["Case", "all_cases", "oracle"]

Array = np.ndarray[Any, Any]


class Case(NamedTuple):
    """An operation at certain inputs, with what is right there, in float64.

    Attributes:
        operation: which; ``label`` tells its cases apart.
        inputs: arrays, in the order of ``operation.inputs``.
        statics: keyword arguments; those left out have their defaults.
        output: what the operation gives.
        g: an incoming gradient; ``gradients``: by the differentiable inputs, in order.
    """

    operation: Operation
    label: str
    inputs: tuple[Array, ...]
    statics: dict[str, Any]
    output: Array
    g: Array
    gradients: tuple[Array, ...]


@functools.cache
def _recorded() -> tuple[dict[str, Any], Array]:
    with resources.files("autograd.func.kit").joinpath("cases.npz").open("rb") as file:
        content = np.load(file, allow_pickle=False)
        return json.loads(str(content["index"])), content["numbers"]


def oracle() -> str:
    """What the cases were recorded from."""
    return str(_recorded()[0]["oracle"])


def all_cases() -> list[Case]:
    """Every case, in the order of the operations; arrays are fresh copies."""
    index, numbers = _recorded()

    def array(place: Any) -> Array:
        start, shape, kind = place
        flat = numbers[start : start + int(np.prod(shape))]
        dtype = {"f": np.float64, "i": np.int64, "b": np.bool_}[kind]
        return np.array(flat.reshape(shape), dtype)

    cases = [
        Case(
            OPERATIONS[entry["op"]],
            entry["label"],
            tuple(array(place) for place in entry["inputs"]),
            {name: _tupled(value) for name, value in entry["statics"].items()},
            array(entry["output"]),
            array(entry["g"]),
            tuple(array(place) for place in entry["gradients"]),
        )
        for entry in index["cases"]
    ]
    order = list(OPERATIONS)
    return sorted(cases, key=lambda case: order.index(case.operation.name))


def _tupled(value: Any) -> Any:
    return tuple(_tupled(each) for each in value) if isinstance(value, list) else value
