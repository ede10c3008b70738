"""The table: our primitives, and the operators of ONNX that compute them.

An entry is a function of the `Builder` and the `Call` that adds nodes and gives the name of the
result, or a tuple of names for several; None stands for a result that ONNX has no operator for.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from nn.onnx.operators import (
    activations,
    elementwise,
    images,
    indexing,
    normalization,
    products,
    reductions,
    shapes,
)

__all__ = ["HIDDEN", "find", "hidden", "names"]

_FAMILIES = (
    activations, elementwise, images, indexing, normalization, products, reductions, shapes,
)  # fmt: skip

#: What operations compute on the way, by their names: label to function of their arrays.
HIDDEN: dict[str, dict[str, Callable[..., Any]]] = {
    name: {label: of_arrays for label, (of_arrays, _) in labels.items()}
    for family in (images, normalization, reductions)
    for name, labels in family.HIDDEN.items()
}


def hidden(name: str, label: str) -> Callable[..., Any]:
    """The function that adds the nodes for what an operation computes on the way."""
    for family in (images, normalization, reductions):
        if name in family.HIDDEN:
            return family.HIDDEN[name][label][1]
    raise KeyError(name)


@cache
def _table() -> dict[str, Callable[..., Any]]:
    table: dict[str, Callable[..., Any]] = {}
    for family in _FAMILIES:
        twice = table.keys() & family.TABLE.keys()
        assert not twice, f"{sorted(twice)} stand in two families"
        table |= family.TABLE
    return table


def names() -> list[str]:
    """The primitives that can be exported, sorted."""
    return sorted(_table())


def find(name: str) -> Callable[..., Any] | None:
    """The function for a primitive; None if there is none."""
    return _table().get(name)
