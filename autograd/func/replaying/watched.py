"""What was found around a step, as it was then, and whether it still is that."""

from __future__ import annotations

import operator
import types
from collections.abc import Callable, Iterator
from itertools import islice
from operator import is_, itemgetter
from typing import Any

import numpy as np

__all__ = ["ABSENT", "SCALARS", "Slots", "Watched", "sampled"]

SCALARS = (bool, int, float, str, type(None))
#: Not objects: two of these with the same value are the same.
_VALUES = (*SCALARS, complex, bytes, np.generic)
ABSENT = object()
#: Of longer containers so many elements are compared, evenly spread.
_MOST = 10_000
#: Arrays up to so many elements are compared whole; of larger ones a part, evenly spread.
_WHOLE, _PART = 65_536, 4096
_PARTS = ("__code__", "__defaults__", "__kwdefaults__")


def sampled(items: Any) -> tuple[Any, ...]:
    """The elements of a container that are compared: all, or some, evenly spread."""
    stride = len(items) // _MOST + 1
    return tuple(items) if stride == 1 else tuple(islice(items, 0, None, stride))


class Watched:
    """What was found: variables, elements, arrays, functions.

    Example:
        >>> settings, watched = {"rate": 0.1}, Watched()
        >>> watched.entry(settings, "rate", 0.1, "settings['rate']")
        >>> watched.begin()
        >>> settings["rate"] = 0.2
        >>> watched.changed()
        "settings['rate']"
    """

    def __init__(self) -> None:
        self._found: list[tuple[Any, Any, Any, str]] = []
        self._cells: list[tuple[Any, Any, str]] = []
        self._lists: list[tuple[Any, int, tuple[Any, ...], str]] = []
        self._arrays: list[tuple[Any, Any, str]] = []
        self._asked: list[tuple[Any, Callable[[], Any], Any, str]] = []
        self._functions: list[Any] = []

    # What there is to be watched -------------------------------------------------------------------

    def entry(self, holder: Any, key: Any, value: Any, name: str) -> None:
        """What stands in a dictionary; ``ABSENT``: that nothing does."""
        self._found.append((holder, key, value, name))

    def cell(self, cell: Any, value: Any, name: str) -> None:
        """The variable of an enclosing function."""
        self._cells.append((cell, value, name))

    def elements(self, items: Any, name: str) -> None:
        """The elements of a list, a set, a queue, or the keys of a dictionary."""
        self._lists.append((items, len(items), sampled(items), name))

    def array(self, data: Any, name: str) -> None:
        """The numbers of what is no tensor."""
        self._arrays.append((data, _numbers(data), name))

    def answer(self, whose: Any, ask: Callable[[], Any], name: str) -> None:
        """What somebody answers."""
        self._asked.append((whose, ask, ask(), name))

    def function(self, function: Any) -> None:
        """A function's code and defaults, which may be exchanged."""
        self._functions.append(function)

    # Looking again ----------------------------------------------------------------------------------

    def begin(self) -> None:
        """All is found that is to be watched."""
        self._values, self._missing = self._by_holder()
        self._parts = [
            (get, list(map(get, self._functions))) for get in map(operator.attrgetter, _PARTS)
        ]

    def only(self, other: Watched) -> None:
        """Leave out what another has not found."""
        found = {(id(holder), key) for holder, key, *_ in other._found}
        self._found = [f for f in self._found if (id(f[0]), f[1]) in found]
        for kind in ("_cells", "_lists", "_arrays", "_asked"):
            there = {id(each[0]) for each in getattr(other, kind)}
            setattr(self, kind, [each for each in getattr(self, kind) if id(each[0]) in there])
        self.begin()

    def changed(self) -> str | None:
        """The name of something that is not any more as it was; None if all is."""
        return None if self._is_identical() else self._search()

    def _by_holder(self) -> tuple[list[Any], list[Any]]:
        """For each dictionary: how to get all values at once, and what they were; keys that it lacks."""
        holders: dict[int, tuple[Any, dict[Any, Any], list[Any]]] = {}
        for holder, key, value, _ in self._found:
            _, there, missing = holders.setdefault(id(holder), (holder, {}, []))
            if value is ABSENT:
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
        for items, length, before, _ in self._lists:
            part = items if length == len(before) else sampled(items)
            if len(items) != length or not all(map(is_, part, before)):
                return False
        for get, parts in self._parts:
            if not all(map(is_, map(get, self._functions), parts)):
                return False
        if not all([cell.cell_contents is value for cell, value, _ in self._cells]):
            return False
        return self._search_numbers() is None

    def _search(self) -> str | None:
        """The first thing that is not any more as it was. Equal numbers may be other objects."""
        for holder, key, value, name in self._found:
            if not _equal(holder.get(key, ABSENT), value):
                return name
        for cell, value, name in self._cells:
            if not _equal(cell.cell_contents, value):
                return name
        for items, length, before, name in self._lists:
            if len(items) != length or not all(map(_equal, sampled(items), before)):
                return name
        for get, parts in self._parts:
            for function, part in zip(self._functions, parts, strict=True):
                if get(function) is not part:
                    return function.__name__  # type: ignore[no-any-return]
        return self._search_numbers()

    def _search_numbers(self) -> str | None:
        for data, before, name in self._arrays:
            if _numbers(data) != before:
                return name
        for _, ask, value, name in self._asked:
            if not _equal(ask(), value):
                return name
        return None


class Slots:
    """The attributes of an object without a dictionary, as if it had one."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def get(self, key: str, default: Any) -> Any:
        return getattr(self._value, key, default)

    def __getitem__(self, key: str) -> Any:
        return getattr(self._value, key)

    def __contains__(self, key: str) -> bool:
        return self.get(key, ABSENT) is not ABSENT

    def keys(self) -> set[str]:
        return {
            key
            for kind in type(self._value).__mro__
            for key in _names_in(vars(kind).get("__slots__", ()))
            if key in self
        }


def _names_in(slots: Any) -> Iterator[str]:
    return iter((slots,) if isinstance(slots, str) else slots)


def _getter(holder: Any, keys: list[Any]) -> Any:
    """A function that looks several keys up."""
    if len(keys) > 1 and type(holder) in (dict, types.MappingProxyType):
        return itemgetter(*keys)
    # Not holder[key]: a defaultdict adds what it lacks.
    return lambda holder: [holder.get(key, ABSENT) for key in keys]


def _numbers(data: Any) -> Any:
    """What tells an array from what it was."""
    if isinstance(data, memoryview):
        return data.tobytes()
    if not isinstance(data, np.ndarray):  # a bytearray, or one of the module array
        return bytes(data if len(data) <= _WHOLE else data[:: len(data) // _PART])
    part = data if data.size <= _WHOLE else data.flat[:: data.size // _PART]
    return data.shape, data.dtype.char, part.tobytes()


def _equal(now: Any, before: Any) -> bool:
    """Numbers and strings may be other objects with the same value."""
    if now is before:
        return True
    if type(now) is not type(before) or not isinstance(now, _VALUES):
        return False
    if isinstance(now, (float, complex, np.generic)):
        return repr(now) == repr(before)  # −0 is not 0, and NaN is NaN
    return bool(now == before)
