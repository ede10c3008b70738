"""What things are called: one answer for pictures, steps, reports and the terminal.

A tensor's own name comes first (``name=``), then the path that a module knows it by
(``conv1.weight``), then the variable of the user's code that holds it, looked for from the
innermost of the user's functions outwards, then what a recorded line calls it.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from autograd.core.node import Leaf
from autograd.core.tensor import Tensor
from autograd.text import visible

__all__ = [
    "GraphNames", "Names", "at_line", "declared_line", "name_of", "set_line", "user_scopes",
    "users_frame",
]  # fmt: skip

_OURS = ("autograd", "nn")
_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_FOLDERS = tuple(os.path.join(os.path.dirname(_HERE), name) + os.sep for name in _OURS)
#: A program like a user's, though it lies in our folders.
_DEMO = os.path.join(os.path.dirname(_HERE), "nn", "demo") + os.sep

#: How many variables are looked through for names.
_VARIABLES = 5000

Scope = Mapping[str, Any]


# Whose code is running ----------------------------------------------------------------------------


def _is_ours(frame: Any) -> bool:
    filename = frame.f_code.co_filename
    path = os.path.abspath(filename)
    if path.startswith(_DEMO) or filename.startswith("<doctest"):
        return False
    return frame.f_globals.get("__name__", "").partition(".")[0] in _OURS or path.startswith(
        _FOLDERS
    )


def users_frame() -> Any:
    """The innermost frame that belongs neither to autograd nor to nn; None if there is none."""
    frame = sys._getframe(1)
    while frame is not None and _is_ours(frame):
        frame = frame.f_back  # type: ignore[assignment]
    return frame


def user_scopes() -> list[Scope]:
    """The variables of the user's code that is running, the innermost function's first.

    Ends with the first module (script, notebook cell) on the way out: who runs that is no part of
    the user's program.
    """
    scopes: list[Scope] = []
    frame = users_frame()
    while frame is not None:
        local, outer = frame.f_locals, frame.f_globals
        if not _is_ours(frame):
            scopes += [scope for scope in (local, outer) if not any(scope is s for s in scopes)]
        if local is outer:
            break
        frame = frame.f_back
    return scopes


# A line that was declared --------------------------------------------------------------------------


class _Declared(threading.local):
    line: tuple[str, int] | None = None


_declared = _Declared()


def declared_line() -> tuple[str, int] | None:
    """The file and line that `at_line` or `set_line` have declared in this thread; else None."""
    return _declared.line


def set_line(line: tuple[str, int] | None) -> tuple[str, int] | None:
    """Put another declared line in the place of the one there; returns that, to be put back.

    For who runs many operations in a row; others take `at_line`.

    Args:
        line: file and line number; None for none: the line of the code that is running counts.
    """
    before = _declared.line
    _declared.line = line
    return before


class at_line:
    """Say which line of source the operations inside come from.

    For who runs a program that was written elsewhere: an interpreter of graphs, a template. What
    `record` keeps, and all reports made of it, then name this line and not that of the interpreter.

    Args:
        filename, lineno: the line, counted from 1.

    Example:
        >>> import autograd as ag
        >>> a = ag.tensor(2.0, requires_grad=True)
        >>> with ag.debug.record(), ag.debug.at_line("model.txt", 7):
        ...     b = a * 3.0
        >>> b.grad_node.record.where()
        'model.txt:7'
    """

    __slots__ = ("_before", "_line")

    def __init__(self, filename: str, lineno: int) -> None:
        self._line = filename, lineno

    def __enter__(self) -> None:
        self._before = set_line(self._line)

    def __exit__(self, *exception: object) -> None:
        set_line(self._before)


# Names --------------------------------------------------------------------------------------------


class Names:
    """Names for leaves and results: their own, else module paths, else the caller's variables.

    Module paths go first because a loop over parameters leaves its variable behind. Of nested
    modules the outermost one gives the path; where two modules would give the same, the variables
    that hold them go before it (``encoder.weight``).

    Args:
        scopes: mappings of variable names to values, as ``user_scopes`` gives them. Variables that
            begin with an underscore are passed over: notebooks keep old results in such. Objects
            that have ``named_parameters()`` are taken for modules.
    """

    def __init__(self, scopes: Iterable[Scope] = ()) -> None:
        self._nodes: dict[tuple[int, int], str] = {}
        self._arrays: dict[int, str] = {}
        self.tensors: dict[tuple[int, int], Tensor] = {}
        self._kept: list[Any] = []
        models: dict[int, tuple[str, Any]] = {}
        tensors = []
        for variable, value in _variables(scopes):
            if isinstance(value, Tensor):
                tensors.append((value, variable))
            elif isinstance(value, np.ndarray):
                self._arrays.setdefault(id(value), variable)
                self._kept.append(value)
            elif callable(getattr(type(value), "named_parameters", None)):
                models.setdefault(id(value), (variable, value))
        for parameter, path in _paths(models.values()):
            self._add(parameter, parameter.name or path)
        for tensor, variable in tensors:
            self._add(tensor, tensor.name or variable)

    def _add(self, tensor: Tensor, name: str) -> None:
        if tensor._node is None:
            self._arrays.setdefault(id(tensor._data), name)
        else:
            key = id(tensor._node), tensor._index
            self._nodes.setdefault(key, name)
            self.tensors.setdefault(key, tensor)
        self._kept.append(tensor)  # ids stay taken while they are in use here

    def learn(self, nodes: Iterable[Any]) -> None:
        """Take the names that recorded lines have for what has none yet.

        Only those that mean one thing: in ``x = relu(conv(x))`` the name says nothing.
        """
        found: dict[tuple[int, int], set[str]] = {}
        for node in nodes:
            record = None if isinstance(node, Leaf) else node.record
            if record is None:
                continue
            self._kept.append(node)
            for position, (parent, name) in enumerate(
                zip(node.parents, record.names, strict=False)
            ):
                if parent is not None and name:
                    key = id(parent), node.index_of_parent(position)
                    found.setdefault(key, set()).add(name)
        uses = Counter(name for names in found.values() for name in names)
        taken = set(self._nodes.values())
        for key, names in found.items():
            (name, *others) = names
            if not others and uses[name] == 1 and name not in taken:
                self._nodes.setdefault(key, name)

    def of(self, node: Any, index: int) -> str:
        """The name of one output of a node, or an empty string."""
        return self._nodes.get((id(node), index), "")

    def of_node(self, node: Any) -> str:
        """The name of a node's (first named) output, or an empty string."""
        outputs = 1 if isinstance(node, Leaf) else node.primitive.outputs
        return next(filter(None, (self.of(node, index) for index in range(outputs))), "")

    def of_tensor(self, tensor: Tensor) -> str:
        """The name of a tensor, or an empty string."""
        if tensor.name or tensor._node is None:
            return tensor.name or self.of_array(tensor._data)
        return self.of(tensor._node, tensor._index)

    def of_array(self, array: Any) -> str:
        """The name of a constant, found by identity; Python's numbers have none."""
        known = isinstance(array, (np.ndarray, np.generic))  # 0-d tensors hold the latter
        return self._arrays.get(id(array), "") if known else ""


def _variables(scopes: Iterable[Scope]) -> Iterator[tuple[str, Any]]:
    count = 0
    for scope in scopes:
        for name, value in list(scope.items()):
            if name.isidentifier() and not name.startswith("_"):
                yield name, value
                count += 1
                if count >= _VARIABLES:
                    return


def _paths(models: Iterable[tuple[str, Any]]) -> list[tuple[Tensor, str]]:
    """Parameters with their paths, the largest modules' first and so the longest paths."""
    listed = [
        (variable, [(p, t) for p, t in model.named_parameters() if isinstance(t, Tensor)])
        for variable, model in models
    ]
    listed.sort(key=lambda entry: -len(entry[1]))
    known: dict[int, tuple[Tensor, str, str]] = {}
    for variable, parameters in listed:
        for path, parameter in parameters:
            known.setdefault(id(parameter), (parameter, path, variable))
    uses = Counter(path for _, path, _ in known.values())
    return [
        (parameter, path if uses[path] == 1 else f"{variable}.{path}")
        for parameter, path, variable in known.values()
    ]


def name_of(tensor: Tensor) -> str:
    """What the user's code that is running calls a tensor; an empty string if nothing."""
    return tensor.name or Names(user_scopes()).of_tensor(tensor)


class GraphNames:
    """The names of the nodes of one graph, as the user's code that is running knows them.

    Holds no tensor, so it may be kept as long as the nodes are.

    Args:
        nodes: the graph's nodes and leaves.
        roots: the tensors that it was gone back from.
    """

    def __init__(self, nodes: Iterable[Any] = (), roots: Iterable[Tensor] = ()) -> None:
        nodes = list(nodes)
        names = Names(user_scopes())
        names.learn(nodes)
        self._names: dict[Any, dict[int, str]] = {}
        for node in nodes:
            outputs = 1 if isinstance(node, Leaf) else node.primitive.outputs
            found = {k: names.of(node, k) for k in range(outputs) if names.of(node, k)}
            if found:
                self._names[node] = found
        # Arrays are known by their ids: those that a node keeps stay what they are till it lets go.
        self._constants = {
            id(array): names.of_array(array)
            for node in nodes
            for array in _kept_by(node)
            if names.of_array(array)
        }
        for root in roots:
            if root.name:
                self._names.setdefault(root._node, {})[root._index] = root.name

    def of(self, node: Any, index: int = 0) -> str:
        """The name of an output of a node; an empty string if it has none."""
        if type(node) is Leaf:
            name = node.given_name
            if name:
                return visible(str(name))
        return visible(self._names.get(node, {}).get(index, ""))

    def of_constant(self, array: Any) -> str:
        """The name of an array that one of the nodes keeps; an empty string if it has none."""
        return visible(self._constants.get(id(array), ""))

    def of_node(self, node: Any) -> str:
        """The name of a node's first named output; an empty string if none has one."""
        return self.of(node) or visible(next(iter(self._names.get(node, {}).values()), ""))

    def target(self, node: Any, index: int = 0) -> str:
        """What to call it in a sentence: its name, else what made it."""
        name = self.of(node, index)
        if name:
            return name
        if type(node) is Leaf:
            return f"a leaf of shape {node.shape}" if node.shape else "a leaf"
        return f"{node.primitive.name}{_inside(node)}"

    def title(self, node: Any) -> str:
        """``c = multiply``, or ``multiply`` where the result has no name."""
        name = self.of_node(node)
        return f"{name} = {node.primitive.name}" if name else str(node.primitive.name)

    def title_and_place(self, node: Any) -> str:
        """The title, and the module it is in: ``linear in 2``."""
        return self.title(node) + _inside(node)


def _kept_by(node: Any) -> Iterator[Any]:
    if isinstance(node, Leaf) or node.saved is None or node.freed:
        return
    for value in node.saved:
        yield from value if isinstance(value, tuple) else (value,)


def _inside(node: Any) -> str:
    return f" in {visible(node.module)}" if node.module else ""
