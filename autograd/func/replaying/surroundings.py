"""What a step finds in variables, and whether it still is what it was.

From the function that is recorded one gets to others, to modules and objects by their names in its
code: globals, variables of enclosing functions, attributes. Numbers, strings and tensors that are
found there are compared at every replay: by identity, numbers by value.
"""

from __future__ import annotations

import collections
import functools
import sys
import types
from collections.abc import Iterator
from operator import is_, itemgetter
from typing import Any

from autograd.core.primitive import Primitive
from autograd.core.tensor import Tensor

__all__ = ["Surroundings"]

_SCALARS = (bool, int, float, str, type(None))
#: Not gone into. pytest puts its own machinery into the globals of every file that asserts.
_OURS = ("autograd", "nn", "numpy", "_pytest")
#: Functions and classes of these are not gone into: none of the user's values are there.
_NOT_THEIRS = (frozenset(sys.stdlib_module_names) | {*_OURS, "builtins"}) - {"__main__"}
_NONE = object()


class Surroundings:
    """The values that a function's names lead to."""

    def __init__(self, function: Any) -> None:
        self._found: list[tuple[Any, Any, Any, str]] = []
        self._cells: list[tuple[Any, Any, str]] = []
        self._lists: list[tuple[Any, tuple[Any, ...], str]] = []
        self._seen: dict[int, Any] = {}
        self._names: set[str] = set()
        self._buffers: list[tuple[Any, Any, Any, str]] = []
        self._slots: dict[int, _Slots] = {}
        self._classes: dict[type, Any] = {}  # their members; each is looked at once
        self._pending = collections.deque([(function, "the function")])
        while self._pending:  # not by recursion: one thing leads to another without end
            self._see(*self._pending.popleft())
        self._values, self._missing = self._by_holder()

    def changed(self) -> str | None:
        """What is not any more as it was; None if all is."""
        return None if self._is_identical() else self._search()

    def settle(self) -> None:
        """Called when the step has run: buffers that it has not replaced itself are compared, too."""
        self._found += [found for found in self._buffers if found[0].get(found[1]) is found[2]]
        self._buffers = []
        self._values, self._missing = self._by_holder()

    def _by_holder(self) -> tuple[list[Any], list[Any]]:
        """For each dictionary: how to get all values at once, and what they were; keys that it lacks."""
        holders: dict[int, tuple[Any, dict[Any, Any], list[Any]]] = {}
        for holder, key, value, _ in self._found:
            _, there, missing = holders.setdefault(id(holder), (holder, {}, []))
            if value is _NONE:
                missing.append(key)
            else:
                there[key] = value
        values = [
            (_getter(holder, list(there)), holder, tuple(there.values()))
            for holder, there, _ in holders.values()
            if there
        ]
        return values, [(holder, missing) for holder, _, missing in holders.values() if missing]

    def _is_identical(self) -> bool:
        """Whether the very same objects are found everywhere: the usual case, and soon told."""
        try:
            for get, holder, values in self._values:
                if not all(map(is_, get(holder), values)):
                    return False
        except KeyError:
            return False
        for holder, missing in self._missing:
            if any(map(holder.__contains__, missing)):
                return False
        for items, before, _ in self._lists:
            if len(items) != len(before) or not all(map(is_, items, before)):
                return False
        return all([cell.cell_contents is value for cell, value, _ in self._cells])

    def _search(self) -> str | None:
        """The first thing that is not any more as it was. Equal numbers may be other objects."""
        for holder, key, value, name in self._found:
            now = holder.get(key, _NONE)
            if now is not value and not _equal(now, value):
                return name
        for cell, value, name in self._cells:
            now = cell.cell_contents
            if now is not value and not _equal(now, value):
                return name
        for items, before, name in self._lists:
            if len(items) != len(before):
                return name
            for now, value in zip(items, before, strict=True):
                if now is not value and not _equal(now, value):
                    return name
        return None

    # The walk -------------------------------------------------------------------------------------

    def _look(self, value: Any, name: str) -> None:
        self._pending.append((value, name))

    def _see(self, value: Any, name: str) -> None:
        # isinstance would ask the object, which may be a deprecated one's stand-in
        kind = type(value)
        if issubclass(kind, (*_SCALARS, Tensor, Primitive)) or id(value) in self._seen:
            return
        self._seen[id(value)] = value
        if issubclass(kind, types.MethodType):
            self._look(value.__self__, name)
            self._look(value.__func__, name)
        elif issubclass(kind, types.FunctionType):
            self._function(value)
        elif issubclass(kind, functools.partial):
            for each in (value.func, value.args, value.keywords):
                self._look(each, name)
        elif issubclass(kind, (list, tuple, collections.deque)):
            if len(value) <= 1000:
                if not issubclass(kind, tuple):
                    self._lists.append((value, tuple(value), name))
                for k, item in enumerate(value):
                    self._look(item, f"{name}[{k}]")
        elif issubclass(kind, (set, frozenset)):
            if len(value) <= 1000:
                self._lists.append((value, tuple(value), name))
                for item in value:
                    self._look(item, f"an element of {name}")
        elif issubclass(kind, dict):
            if len(value) <= 1000:
                self._lists.append((value, tuple(value), name))  # a key more is a change, too
                for key, item in list(value.items()):
                    self._found.append((value, key, item, f"{name}[{key!r}]"))
                    self._look(item, f"{name}[{key!r}]")
        elif _is_module(value):
            self._module(value, name)
        elif hasattr(type(value), "__wrapped__") or "__wrapped__" in (_own(value) or ()):
            self._look(value.__wrapped__, name)
        else:
            self._object(value, name)

    def _function(self, function: Any) -> None:
        if (function.__module__ or "").partition(".")[0] in _NOT_THEIRS:
            return
        code = function.__code__
        for free, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            try:
                value = cell.cell_contents
            except ValueError:
                continue
            self._cells.append((cell, value, free))
            self._look(value, free)
        for value in function.__defaults__ or ():
            self._look(value, "a default")
        names = {name for part in _codes(code) for name in part.co_names}
        new = names - self._names
        self._names |= names
        for name in names & function.__globals__.keys():
            value = function.__globals__[name]
            self._found.append((function.__globals__, name, value, name))
            self._look(value, name)
        if new:  # objects that were seen before may have attributes of these names
            for value in list(self._seen.values()):
                if not issubclass(
                    type(value), (types.FunctionType, types.MethodType, list, tuple, dict)
                ):
                    kind = value if issubclass(type(value), type) else type(value)
                    self._attributes(value, kind.__name__, new)

    def _object(self, value: Any, name: str) -> None:
        self._attributes(value, name, self._names)

    def _attributes(self, value: Any, name: str, names: set[str]) -> None:
        if issubclass(type(value), type):
            self._class_of(value, name, names, None)
            return
        own = _own(value)
        if own is None and hasattr(type(value), "__slots__"):
            own = self._slots.setdefault(id(value), _Slots(value))
        if not isinstance(own, (dict, _Slots)):
            return
        if _is_module(value):
            return
        if issubclass(type(value), types.ModuleType) and value.__name__.partition(".")[0] in _OURS:
            return
        for key in names & own.keys():
            self._found.append((own, key, own[key], f"{name}.{key}"))
            self._look(own[key], f"{name}.{key}")
        self._class_of(type(value), name, names, own)

    def _class_of(self, found: type, name: str, names: set[str], own: Any) -> None:
        """What a class has under some names, and ``own``, an object's dictionary, has not."""
        for kind in found.__mro__:
            if kind.__module__.partition(".")[0] not in _NOT_THEIRS:
                members = self._classes.setdefault(kind, vars(kind))
                for key in names & members.keys():
                    value = members[key]
                    if type(value) in _SCALARS and (own is None or key not in own):
                        if own is not None:
                            self._found.append((own, key, _NONE, f"{name}.{key}"))
                        self._found.append((members, key, value, f"{name}.{key}"))
                    self._look(getattr(value, "fget", value), f"{name}.{key}")

    def _module(self, module: Any, name: str) -> None:
        """A module of nn: all of its attributes; of its buffers see ``settle``."""
        own = vars(module)
        kinds = own.get("_kinds", {})
        self._lists.append((kinds, tuple(kinds), name))  # parameters, buffers and modules
        for key, value in list(own.items()):
            if key == "_paths":
                continue
            if kinds.get(key) == "buffer":
                self._buffers.append((own, key, value, f"{name}.{key}"))
                continue
            self._found.append((own, key, value, f"{name}.{key}"))
            if key != "_kinds":
                self._look(value, f"{name}.{key}")
        for kind in type(module).__mro__:  # what the class says and the module may say otherwise
            members = self._classes.setdefault(kind, vars(kind))
            for key, value in members.items():
                if type(value) in _SCALARS and not key.startswith("__") and key not in own:
                    self._found.append((own, key, _NONE, f"{name}.{key}"))
                    self._found.append((members, key, value, f"{name}.{key}"))
        if "forward" not in own:
            self._found.append((own, "forward", _NONE, f"{name}.forward"))
        forward = getattr(type(module), "forward", None)
        if forward is not None:
            self._look(forward, f"{name}.forward")


def _own(value: Any) -> Any:
    """The dictionary of an object, which is not asked for it: it may answer as it likes."""
    try:
        return object.__getattribute__(value, "__dict__")
    except AttributeError:
        return None


class _Slots:
    """The attributes of an object without a dictionary, as if it had one."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def get(self, key: str, default: Any) -> Any:
        return getattr(self._value, key, default)

    def __getitem__(self, key: str) -> Any:
        return getattr(self._value, key)

    def __contains__(self, key: str) -> bool:
        return self.get(key, _NONE) is not _NONE

    def keys(self) -> set[str]:
        return {
            key
            for kind in type(self._value).__mro__
            for key in _names_in(vars(kind).get("__slots__", ()))
            if key in self
        }


def _names_in(slots: Any) -> tuple[str, ...]:
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _getter(holder: Any, keys: list[Any]) -> Any:
    """A function that looks several keys up."""
    if len(keys) > 1 and type(holder) in (dict, types.MappingProxyType):
        return itemgetter(*keys)
    return lambda holder: [
        holder.get(key, _NONE) for key in keys
    ]  # a defaultdict adds what it lacks


def _is_module(value: Any) -> bool:
    """Whether it is one of nn's. Its class is asked: an object may answer as it likes, or not at all."""
    return hasattr(type(value), "named_parameters") and hasattr(value, "training")


def _codes(code: Any) -> Iterator[Any]:
    """A function's code, and that of the functions in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _equal(now: Any, before: Any) -> bool:
    """Numbers and strings may be other objects with the same value."""
    return type(now) is type(before) and isinstance(now, _SCALARS) and (now == before or now != now)
