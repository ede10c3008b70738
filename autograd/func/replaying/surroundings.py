"""What a step finds in variables, and whether it still is what it was.

From the function that is recorded one gets to others, to modules and objects by their names in its
code: globals, variables of enclosing functions, attributes, and what Python calls by itself, such as
``__getitem__``. What is found there is compared at every replay (``watched``).
"""

from __future__ import annotations

import array
import collections
import contextvars
import dis
import functools
import operator
import os
import random
import sys
import threading
import types
import weakref
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from autograd.arguments.generator import default_generator
from autograd.core.primitive import Primitive
from autograd.core.tensor import Tensor
from autograd.func.replaying.watched import ABSENT, SCALARS, Slots, Watched, sampled

__all__ = ["Surroundings", "codes_of"]

#: Not gone into. pytest puts its own machinery into the globals of every file that asserts.
_OURS = ("autograd", "nn", "numpy", "_pytest")
#: Functions and classes of these are not gone into: none of the user's values are there.
_NOT_THEIRS = (frozenset(sys.stdlib_module_names) | {*_OURS, "builtins"}) - {"__main__"}
#: With these in a function's code, its strings may be names.
_BY_STRINGS = frozenset(
    "getattr hasattr vars globals __dict__ __getattribute__ attrgetter methodcaller".split()
)
#: Of the methods that Python calls by itself, those that make, copy, show and compare objects:
#: they name all that an object has, and a step seldom asks for it.
_SELDOM = frozenset(
    "__init__ __new__ __del__ __post_init__ __init_subclass__ __set_name__ __repr__ __str__ "
    "__reduce__ __reduce_ex__ __getstate__ __setstate__ __copy__ __deepcopy__ __dir__ __sizeof__ "
    "__eq__ __ne__ __hash__ __format__ __setattr__ __delattr__ __class_getitem__".split()
)
#: Containers that the standard library makes of others, and what these are called there.
_WRAPPERS = (collections.UserDict, collections.UserList, collections.ChainMap, type(os.environ))
_NUMBERS = (np.ndarray, bytearray, memoryview, array.array)
_SOURCES = (np.random.Generator, np.random.RandomState, random.Random)
_BOUND = (types.BuiltinMethodType, types.MethodWrapperType)


class Surroundings(Watched):
    """The values that a function's names lead to.

    Attributes:
        sources: random generators that were found, with their names.
        iterators: the names of what gives something else each time it is asked.
    """

    def __init__(self, function: Any, without: Iterable[Any] = ()) -> None:
        """without: code and objects that are not gone into."""
        super().__init__()
        self.sources: list[tuple[Any, str]] = []
        self.iterators: list[str] = []
        self._without = {id(each): each for each in without}
        self._seen: dict[int, Any] = {}
        self._names: set[str] = set()
        self._buffers: list[tuple[Any, Any, Any, str]] = []
        self._slots: dict[int, Slots] = {}
        self._classes: dict[type, Any] = {}  # their members; each is looked at once
        self._pending = collections.deque([(function, "the function")])
        while self._pending:  # not by recursion: one thing leads to another without end
            self._see(*self._pending.popleft())
        self._seen = {}
        self.begin()

    def settle(self) -> None:
        """Called when the step has run: buffers that it has not replaced itself are compared, too."""
        for holder, key, value, name in self._buffers:
            if holder.get(key) is value:
                self.entry(holder, key, value, name)
        self._buffers = []
        self.begin()

    # The walk -------------------------------------------------------------------------------------

    def _look(self, value: Any, name: str) -> None:
        self._pending.append((value, name))

    def drawn(self) -> list[str]:
        """The states of all random generators that were found, and of those that need no finding."""
        found = [repr(random.getstate()), repr(np.random.get_state()), _state(default_generator())]
        return found + [_state(source) for source, _ in self.sources]

    def name_of_source(self, k: int) -> str:
        """The name of the k-th generator of ``drawn``."""
        return (["random", "np.random", "the default generator"] + [n for _, n in self.sources])[k]

    def _see(self, value: Any, name: str) -> None:
        # isinstance would ask the object, which may be a deprecated one's stand-in
        kind = type(value)
        if issubclass(kind, (*SCALARS, Tensor, Primitive)) or id(value) in self._seen:
            return
        if id(value) in self._without:
            return
        self._seen[id(value)] = value
        if issubclass(kind, types.MethodType):
            self._look(value.__self__, name)
            self._look(value.__func__, name)
        elif value is os.getenv:
            self._look(os.environ, name)
        elif issubclass(kind, types.FunctionType):
            self._function(value)
        elif issubclass(kind, _BOUND):
            if not isinstance(value.__self__, (types.ModuleType, type)):
                self._look(value.__self__, name)
        elif issubclass(kind, functools.partial):
            for each in (value.func, value.args, value.keywords):
                self._look(each, name)
        elif kind in (operator.attrgetter, operator.methodcaller):
            self._named({part for text in value.__reduce__()[1] for part in str(text).split(".")})
        elif issubclass(kind, _NUMBERS):
            self._array(value, name)
        elif issubclass(kind, (list, tuple, collections.deque)):
            self._sequence(value, name)
        elif issubclass(kind, (set, frozenset)):
            self.elements(value, name)
            for item in sampled(value):
                self._look(item, f"an element of {name}")
        elif issubclass(kind, (dict, types.MappingProxyType)):
            self.elements(value, name)  # a key more is a change, too
            for key in sampled(value):
                self.entry(value, key, value[key], f"{name}[{key!r}]")
                self._look(value[key], f"{name}[{key!r}]")
        elif issubclass(kind, _WRAPPERS):
            for key, part in vars(value).items():
                self.entry(vars(value), key, part, name)
                self._look(part, name)
        elif issubclass(kind, _SOURCES):
            self.sources.append((value, name))
        elif issubclass(kind, types.GeneratorType) or _is_iterator(kind):
            self.iterators.append(name)
        elif issubclass(kind, contextvars.ContextVar):
            self.answer(value, lambda: value.get(None), name)
            self._look(value.get(None), name)
        elif issubclass(kind, weakref.ref):
            self._look(value(), name)
        elif _is_module(value):
            self._module(value, name)
        elif hasattr(type(value), "__wrapped__") or "__wrapped__" in (_own(value) or ()):
            self._look(value.__wrapped__, name)
        else:
            self._attributes(value, name, self._names)

    def _array(self, value: Any, name: str) -> None:
        if isinstance(value, np.ndarray) and value.dtype.kind == "O":
            self._sequence(value.reshape(-1), name)
        else:
            self.array(value, name)

    def _sequence(self, value: Any, name: str) -> None:
        if type(value) is not tuple:
            self.elements(value, name)
        for k, item in enumerate(sampled(value)):
            self._look(item, f"{name}[{k}]")

    def _function(self, function: Any) -> None:
        code = function.__code__
        if id(code) in self._without:
            return
        if _is_not_theirs(function):
            return
        self.function(function)
        for key in ("__wrapped__", "registry"):  # what it wraps, or dispatches to
            if key in function.__dict__:
                self._look(function.__dict__[key], function.__name__)
        codes = list(_codes(code, self._without))
        used = _used(codes) if self._without else None
        for free, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            try:
                value = cell.cell_contents
            except ValueError:
                continue
            if used is None or free in used:
                self.cell(cell, value, free)
                self._look(value, free)
        for value in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
            self._look(value, "a default")
        if function.__kwdefaults__:
            self._look(function.__kwdefaults__, "a default")
        if _is_of_others(function.__globals__.get("__name__")):  # a wrapper that goes by their name
            return
        names = {name for part in codes for name in part.co_names}
        if names & _BY_STRINGS:
            names |= {text for part in codes for text in _texts(part.co_consts)}
        for name in names & function.__globals__.keys():
            value = function.__globals__[name]
            self.entry(function.__globals__, name, value, name)
            self._look(value, name)
        self._named(names)

    def _named(self, names: set[str]) -> None:
        """Names that may be attributes, also of objects that were seen before."""
        new = names - self._names
        self._names |= names
        if new:
            for value in list(self._seen.values()):
                if issubclass(type(value), types.FunctionType) and _is_not_theirs(value):
                    continue
                if not issubclass(type(value), (types.MethodType, list, tuple, dict)):
                    kind = value if issubclass(type(value), type) else type(value)
                    self._attributes(value, kind.__name__, new)

    def _attributes(self, value: Any, name: str, names: set[str]) -> None:
        if issubclass(type(value), type):
            self._class_of(value, name, names, None)
            return
        if issubclass(type(value), threading.local):
            own = self._slots.setdefault(id(value), Slots(value))
            there = vars(value).keys()
        else:
            own = _own(value)
            if own is None and hasattr(type(value), "__slots__"):
                own = self._slots.setdefault(id(value), Slots(value))
            if not isinstance(own, (dict, Slots)):
                return
            there = own.keys()
        if issubclass(type(value), types.ModuleType) and value.__name__.partition(".")[0] in _OURS:
            return
        if not _is_module(value):  # of which all is looked at
            for key in names & there:
                self.entry(own, key, own[key], f"{name}.{key}")
                self._look(own[key], f"{name}.{key}")
        if not issubclass(type(value), types.FunctionType):
            self._class_of(type(value), name, names, own)

    def _class_of(self, found: type, name: str, names: set[str], own: Any) -> None:
        """What a class has under some names, and ``own``, an object's dictionary, has not."""
        for kind in found.__mro__:
            if _is_not_theirs(kind):
                continue
            members = self._classes.get(kind)
            if members is None:
                members = self._classes[kind] = vars(kind)
                for key, value in members.items():
                    if _is_called_by_itself(key, value):
                        self._look(value, f"{name}.{key}")
            for key in names & members.keys():
                value = members[key]
                if own is None or key not in own:
                    if own is not None and not isinstance(value, functools.cached_property):
                        self.entry(own, key, ABSENT, f"{name}.{key}")
                    self.entry(members, key, value, f"{name}.{key}")
                for part in ("fget", "func"):  # of properties
                    self._look(getattr(value, part, value), f"{name}.{key}")

    def _module(self, module: Any, name: str) -> None:
        """A module of nn: all of its attributes; of its buffers see ``settle``."""
        own = vars(module)
        kinds = own.get("_kinds", {})
        self.elements(kinds, name)  # parameters, buffers and modules
        for key, value in list(own.items()):
            if key == "_paths":
                continue
            if kinds.get(key) == "buffer":
                self._buffers.append((own, key, value, f"{name}.{key}"))
                continue
            self.entry(own, key, value, f"{name}.{key}")
            if key != "_kinds":
                self._look(value, f"{name}.{key}")
        for kind in type(module).__mro__:  # what the class says and the module may say otherwise
            members = vars(kind)
            for key, value in members.items():
                if type(value) in SCALARS and not key.startswith("__") and key not in own:
                    self.entry(own, key, ABSENT, f"{name}.{key}")
                    self.entry(members, key, value, f"{name}.{key}")
        if "forward" not in own:
            self.entry(own, "forward", ABSENT, f"{name}.forward")
        forward = getattr(type(module), "forward", None)
        if forward is not None:
            self._look(forward, f"{name}.forward")
        self._class_of(type(module), name, self._names, own)


def codes_of(function: Any) -> list[Any]:
    """What a function called by ``each_time`` may look up as it likes: its code, whose method it is."""
    found: list[Any] = []
    while isinstance(function, functools.partial):
        found += [*function.args, *function.keywords.values()]
        function = function.func
    if isinstance(function, types.MethodType):
        function = function.__func__
    elif isinstance(function, _BOUND):
        found.append(function.__self__)
    elif not isinstance(function, types.FunctionType):
        kinds = [vars(kind) for kind in type(function).__mro__]
        function = next((own["__call__"] for own in kinds if "__call__" in own), None)
    if isinstance(function, types.FunctionType):
        found.append(function.__code__)
    return found


def _state(source: Any) -> str:
    if isinstance(source, np.random.Generator):
        return repr(source.bit_generator.state)
    return repr(source.getstate() if isinstance(source, random.Random) else source.get_state())


def _is_called_by_itself(key: str, value: Any) -> bool:
    """Whether it is a method that Python calls; not of those that are made for a data class."""
    if not (key.startswith("__") and key.endswith("__")) or key in _SELDOM:
        return False
    return type(value) is types.FunctionType and value.__code__.co_filename != "<string>"


def _is_iterator(kind: type) -> bool:
    """Python's own: what these will give cannot be seen."""
    return kind.__module__ in ("builtins", "itertools") and hasattr(kind, "__next__")


def _is_not_theirs(found: Any) -> bool:
    """Whether a function or class is not the user's."""
    return _is_of_others(found.__module__)


def _is_of_others(module: str | None) -> bool:
    return (module or "").partition(".")[0] in _NOT_THEIRS


def _own(value: Any) -> Any:
    """The dictionary of an object, which is not asked for it: it may answer as it likes."""
    try:
        return object.__getattribute__(value, "__dict__")
    except AttributeError:
        return None


def _is_module(value: Any) -> bool:
    """Whether it is one of nn's. Its class is asked: an object may answer as it likes, or not at all."""
    return hasattr(type(value), "named_parameters") and hasattr(value, "training")


def _codes(code: Any, without: dict[int, Any]) -> Iterator[Any]:
    """A function's code, and that of the functions in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType) and id(constant) not in without:
            yield from _codes(constant, without)


def _used(codes: list[Any]) -> set[str]:
    """The variables of enclosing functions that are read, and not only handed on to inner ones."""
    return {
        each.argval
        for code in codes
        for each in dis.get_instructions(code)
        if "DEREF" in each.opname
    }


def _texts(constants: Iterable[Any]) -> Iterator[str]:
    """The strings among constants that could be names."""
    for constant in constants:
        if isinstance(constant, str) and constant.isidentifier():
            yield constant
        elif isinstance(constant, (tuple, frozenset)):
            yield from _texts(constant)
