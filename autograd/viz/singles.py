"""Functions taken apart into single numbers."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autograd.core.tensor import Tensor
from autograd.creation import scalars
from autograd.debug import record

#: More numbers than this make a picture that nobody reads.
MOST = 400


def single_numbers(f: Callable[..., Any], inputs: Iterable[Any]) -> tuple[Tensor, list[Any]]:
    """Call ``f`` with arrays of scalar tensors; returns its result's sum, and the arrays.

    Every value on the way is recorded. The arrays have to live as long as their names are wanted.

    Raises TypeError if ``f`` returns anything but numbers made from its inputs, ValueError for too
    many.
    """
    inputs = list(inputs)
    sizes = [np.size(each.data if isinstance(each, Tensor) else each) for each in inputs]
    if sum(sizes) > MOST:
        raise ValueError(
            f"scalars draws every number by itself: at most {MOST} in all inputs together, "
            f"got {sum(sizes)}; take a smaller input"
        )
    names = _names(f, len(inputs))
    arrays = [scalars(each, name=name) for each, name in zip(inputs, names, strict=True)]
    with record(check=False):
        total = _total(f(*arrays))
    return total, arrays


def _total(result: Any) -> Tensor:
    numbers = [result] if isinstance(result, Tensor) else np.ravel(result).tolist()
    for number in numbers:
        if not isinstance(number, Tensor) or number.shape != ():
            raise TypeError(
                "scalars: f must return numbers computed from its inputs; got "
                + (
                    f"a tensor of shape {number.shape}"
                    if isinstance(number, Tensor)
                    else f"{type(number).__name__}"
                )
            )
    if not numbers:
        raise TypeError("scalars: f returned an empty array; there is nothing to draw")
    total = numbers[0]
    for number in numbers[1:]:
        total = total + number
    return total


def _names(f: Callable[..., Any], count: int) -> list[str]:
    """The names of the function's parameters, so that its inputs are called what it calls them."""
    try:
        names = [each.name for each in inspect.signature(f).parameters.values()]
    except (TypeError, ValueError):
        names = []
    names = [name for name in names if not name.startswith("_")][:count]
    return names + [f"input{place}" for place in range(len(names), count)]
