"""A converted graph: operations in order, grouped into the calls of modules that they belong to.

Nothing here knows PyTorch; ``reading`` makes it from an exported graph, ``module`` runs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Call", "Constant", "Dtype", "Input", "Operation", "Program", "State", "Value", "walk"]


@dataclass(frozen=True, slots=True)
class Value:
    """The result of an earlier operation, or an input, by its name in the graph."""

    name: str


@dataclass(frozen=True, slots=True)
class State:
    """A parameter or buffer: the path of its module, and its name there."""

    path: str
    name: str

    def __str__(self) -> str:
        return f"{self.path}.{self.name}" if self.path else self.name


@dataclass(frozen=True, slots=True)
class Constant:
    """A tensor that the graph carries and that is no part of the model's state."""

    name: str


@dataclass(frozen=True, slots=True)
class Dtype:
    """A dtype that the graph names. Where it is the model's own, it follows the model's."""

    dtype: np.dtype[Any]


@dataclass(slots=True)
class Operation:
    """One call of an operator.

    Attributes:
        name: what the result is called in the graph.
        operator: name and overload, ``conv2d.default``.
        args, kwargs: numbers, strings, lists, and ``Value``, ``State``, ``Constant``, ``Dtype``.
        place: file and line of the PyTorch source; ("", 0) where none is known.
        records: False inside ``torch.no_grad()``.
        writes: the buffer that the result becomes.
        inplace: whether the result takes the place of the first argument (or of ``out``), and so its
            dtype, as ``x.add_(y)`` does.
        views: whether the result may look at the memory of an argument.
        shape, dtype: of the result in the export, where it is one tensor; sizes that follow the
            batch are None.
        releases: names of values that nothing needs afterwards.
    """

    name: str
    operator: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    place: tuple[str, int] = ("", 0)
    records: bool = True
    writes: State | None = None
    inplace: bool = False
    views: bool = False
    shape: tuple[int | None, ...] | None = None
    dtype: np.dtype[Any] | None = None
    releases: tuple[str, ...] = ()


@dataclass(slots=True)
class Call:
    """One call of a module: the operations and inner calls that run in it.

    Attributes:
        path: of the module in the tree; "" is the whole model.
        index: which call of this module it is, in order.
        inputs: names of values that come from outside.
        outputs: names of values that are used outside.
        body: operations and calls.
    """

    path: str
    index: int = 0
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    body: list[Operation | Call] = field(default_factory=list)
    releases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Input:
    """What the model is called with at one place of its arguments.

    Attributes:
        name: as an error calls it: ``x``, ``mask``, ``states[0]``.
        value: its name in the graph.
        shape: one entry per axis: a size, or an expression of the symbols, ``"s0"``, ``"2*s0"``;
            None if it is no tensor.
        dtype: of the tensor; None if it is none.
        constant: where it is no tensor, what the graph was made for.
    """

    name: str
    value: str
    shape: tuple[int | str, ...] | None
    dtype: np.dtype[Any] | None
    constant: Any = None


@dataclass(slots=True)
class Program:
    """A whole model in one mode.

    Attributes:
        modes: in which every module was, by its path: True for training.
        root: what runs.
        inputs: in the order of the leaves of the arguments.
        arguments: by the name of each argument of ``forward``, the structure of what is passed,
            with the number of the input at every leaf.
        result: the structure of what is returned, with ``Value`` and constants as leaves.
        constants: tensors that the graph carries, as arrays.
        guards: conditions on the inputs that the export has relied on, as Python expressions.
        decomposed: operators that had to be decomposed.
        decided: buffers of one number by which ``forward`` has decided, and the value for which
            this program is right.
    """

    modes: dict[str, bool]
    root: Call
    inputs: tuple[Input, ...]
    arguments: dict[str, Any]
    result: Any
    constants: dict[str, np.ndarray[Any, Any]]
    guards: tuple[str, ...] = ()
    decomposed: tuple[str, ...] = ()
    decided: dict[State, Any] = field(default_factory=dict)

    def operations(self) -> list[Operation]:
        """All operations, in the order in which they run."""
        return [step for _, step in walk(self.root)]

    def calls(self) -> dict[str, list[Call]]:
        """Every module's calls, by its path."""
        found: dict[str, list[Call]] = {}
        pending: list[Call] = [self.root]
        while pending:
            call = pending.pop()
            found.setdefault(call.path, []).append(call)
            pending.extend(step for step in reversed(call.body) if isinstance(step, Call))
        return found


def walk(call: Call) -> Iterator[tuple[Call, Operation]]:
    """Operations in the order in which they run, each with the call that it is in."""
    for step in call.body:
        if isinstance(step, Call):
            yield from walk(step)
        else:
            yield call, step


def values_in(tree: Any) -> Iterator[str]:
    """Names of the values in arguments, in order."""
    if isinstance(tree, Value):
        yield tree.name
    elif isinstance(tree, (list, tuple)):
        for part in tree:
            yield from values_in(part)
    elif isinstance(tree, dict):
        for part in tree.values():
            yield from values_in(part)
    elif isinstance(tree, slice):
        yield from values_in((tree.start, tree.stop, tree.step))
