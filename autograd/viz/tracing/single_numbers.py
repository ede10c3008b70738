"""Functions taken apart into single numbers."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autograd.core.node import Leaf, Node
from autograd.core.tensor import Tensor
from autograd.creation import scalars, tensor
from autograd.debug.names import Names
from autograd.debug.record import record
from autograd.viz.tracing.precision import as_read_by
from autograd.viz.tracing.selection import topological

#: More numbers than this make a picture that nobody reads.
MOST = 400


def single_numbers(f: Callable[..., Any], inputs: Iterable[Any]) -> tuple[Tensor, list[Any]]:
    """Call ``f`` with arrays of scalar tensors; returns its result's sum, and the arrays.

    Every value on the way is recorded. The arrays have to live as long as their names are wanted.
    What does not work on such arrays (methods of tensors, modules) is called with tensors instead,
    and the graph that it makes is taken apart operation by operation.

    Raises TypeError if ``f`` returns anything but numbers made from its inputs, ValueError for too
    many.
    """
    inputs = [each._data if isinstance(each, Tensor) else each for each in inputs]
    _refuse_too_many(sum(np.size(each) for each in inputs))
    _refuse_wrong_number(f, inputs)
    names = _names(f, len(inputs))
    arrays = [scalars(each, name=name) for each, name in zip(inputs, names, strict=True)]
    with record(check=False):
        numbers = []
        with contextlib.suppress(AttributeError, TypeError, ValueError, RuntimeError):
            numbers = _listed(f(*arrays))
        if not numbers:
            numbers, arrays = _taken_apart(f, inputs, names)
        total = numbers[0]
        for number in numbers[1:]:
            total = total + number
    return total, arrays


def _refuse_wrong_number(f: Callable[..., Any], inputs: list[Any]) -> None:
    if not callable(f):
        raise TypeError(
            f"scalars: f must be a function or a module, got {type(f).__name__}: "
            "viz.scalars(f, x, w) draws f(x, w)"
        )
    with contextlib.suppress(ValueError):
        try:
            signature = inspect.signature(getattr(f, "forward", f))
            signature.bind(*inputs)
        except TypeError as error:
            who = getattr(f, "__name__", type(f).__name__)
            raise TypeError(
                f"scalars: {who}{signature} does not take {len(inputs)} inputs ({error}); "
                "they follow f: viz.scalars(f, x, w)"
            ) from None


def _refuse_too_many(count: int) -> None:
    if count > MOST:
        raise ValueError(
            f"scalars draws every number by itself: at most {MOST} in all inputs and "
            f"parameters together, got {count}; take smaller ones"
        )


def _listed(result: Any) -> list[Tensor]:
    """The numbers that a function returned."""
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
    return numbers


# -- operation by operation ---------------------------------------------------------------------


def _taken_apart(
    f: Callable[..., Any], inputs: list[Any], names: list[str]
) -> tuple[list[Tensor], list[Any]]:
    """Call ``f`` with tensors, then do each of its operations again with arrays of scalars."""
    tensors = [
        tensor(as_read_by(f, each), requires_grad=True, name=name)
        for each, name in zip(inputs, names, strict=True)
    ]
    result = f(*tensors)
    if not isinstance(result, Tensor) or result._node is None:
        got = type(result).__name__
        raise TypeError(f"scalars: f must return numbers computed from its inputs; got {got}")
    order = topological(result._node)
    known = Names([{"f": f}])  # a module's parameters have names
    leaves = [node for node in order if isinstance(node, Leaf)]
    _refuse_too_many(sum(int(np.prod(leaf.shape)) for leaf in leaves))
    values: dict[Any, tuple[Any, ...]] = {}
    for node in order:
        if isinstance(node, Leaf):
            held = node.tensor()
            data = np.zeros(node.shape) if held is None else held._data
            name = node.given_name or known.of_node(node) or "leaf"
            values[node] = (scalars(data, name=name),)
        else:
            values[node] = _applied(node, values)
    numbers = _listed(values[result._node][result._index])
    return numbers, [value for leaf in leaves for value in values[leaf]]


def _applied(node: Node, values: dict[Any, tuple[Any, ...]]) -> tuple[Any, ...]:
    """The outputs of an operation on arrays of scalars."""
    operands = [
        node.record.inputs[position]
        if parent is None
        else values[parent][node.index_of_parent(position)]
        for position, parent in enumerate(node.parents)
    ]
    statics = node.static_values()
    info = node.primitive
    try:
        done = info.function(*operands, **statics)
    except Exception as error:
        if info.composite is None:
            raise TypeError(f"scalars: {info.name} cannot be taken apart: {error}") from error
        done = info.composite(*operands, **statics)
    return done if info.outputs > 1 else (done,)


def _names(f: Callable[..., Any], count: int) -> list[str]:
    """The names of the function's parameters, so that its inputs are called what it calls them."""
    try:
        parameters = list(inspect.signature(getattr(f, "forward", f)).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    named = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [p.name for p in parameters if p.kind in named and not p.name.startswith("_")][:count]
    return names + [f"input{place}" for place in range(len(names), count)]
