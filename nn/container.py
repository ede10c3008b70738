"""Modules that hold modules or parameters in order or by name."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, Self

from autograd import Tensor, arguments
from nn.module import Module
from nn.parameter import Parameter

__all__ = ["ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "Sequential"]


def _told(item: Any) -> str:
    """What came in the place of a module, and what to write instead."""
    if isinstance(item, type) and issubclass(item, Module):
        return f"the class {item.__name__}; build the layer: nn.{item.__name__}(…)"
    if isinstance(item, (list, tuple)):
        return f"{type(item).__name__}; unpack it: nn.Sequential(*layers)"
    if isinstance(item, Tensor):
        return "Tensor; build the model first, then call it with the data: model(x)"
    kind = type(item).__name__
    if callable(item):
        name = getattr(item, "__name__", kind)
        return f"the {kind} {name}; a layer is a Module, such as nn.ReLU() for F.relu"
    return kind


class _Ordered(Module):
    """What lists of modules or of parameters share: items under the names "0", "1", ..."""

    def _item(self, item: Any, where: str) -> Any:
        """``item`` as it is to be kept; raises TypeError for what does not belong here."""
        if not isinstance(item, Module):
            raise TypeError(f"{type(self).__name__}{where}: expected a Module, got {_told(item)}")
        return item

    def _put(self, name: str, item: Any) -> None:
        setattr(self, name, item)

    def _made_of(self, items: Iterable[Any]) -> Self:
        """A new container of the same class."""
        return type(self)().extend(items)

    def _items(self) -> list[Any]:
        return [self.__dict__[name] for name in self._kinds]

    def _index(self, index: Any, size: int) -> int:
        try:
            position = operator.index(index)
        except TypeError:
            raise TypeError(
                f"{type(self).__name__}: an index must be an integer or a slice, got {arguments.shown(index)}"
            ) from None
        if not -size <= position < size:
            raise IndexError(
                f"{type(self).__name__}: index {position} is out of range for {size} items"
            )
        return position % size

    def _rebuild(self, items: Iterable[Any]) -> None:
        for name in list(self._kinds):
            delattr(self, name)
        for position, item in enumerate(items):
            self._put(str(position), item)

    def __len__(self) -> int:
        return len(self._kinds)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items())

    def __contains__(self, item: object) -> bool:
        return any(own is item for own in self._items())

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return self._made_of(self._items()[index])
        return self._items()[self._index(index, len(self))]

    def __setitem__(self, index: int, item: Any) -> None:
        name = list(self._kinds)[self._index(index, len(self))]
        self._put(name, self._item(item, f"[{index}]"))

    def __delitem__(self, index: int | slice) -> None:
        items = self._items()
        if not isinstance(index, slice):
            index = self._index(index, len(self))
        del items[index]
        self._rebuild(items)

    def __add__(self, other: Iterable[Any]) -> Self:
        return self._made_of([*self, *other])

    def __iadd__(self, other: Iterable[Any]) -> Self:
        return self.extend(other)

    def append(self, item: Any) -> Self:
        """Adds an item at the end; returns self."""
        self._put(str(len(self)), self._item(item, ".append"))
        return self

    def extend(self, items: Iterable[Any]) -> Self:
        """Adds the items at the end, in order; returns self."""
        given = arguments.elements(type(self).__name__, "items", items)
        for item in [self._item(item, ".extend") for item in given]:
            self.append(item)
        return self

    def insert(self, index: int, item: Any) -> Self:
        """Puts an item before position ``index``, as ``list.insert`` does; returns self."""
        items = self._items()
        items.insert(index, self._item(item, ".insert"))
        self._rebuild(items)
        return self

    def pop(self, index: int = -1) -> Any:
        """Takes out the item at ``index`` (default: the last) and returns it."""
        item = self[index]
        del self[index]
        return item


class Sequential(_Ordered):
    """Modules applied one after another.

    Args:
        *modules: modules in order, named "0", "1", ...; or one mapping of names to modules.

    Raises:
        TypeError: for anything that is no module.

    Slices are Sequential too. Inserting or deleting renumbers the names.

    Example:
        >>> import nn
        >>> nn.Sequential(nn.Sequential(), nn.Sequential())
        Sequential(
          (0): Sequential()
          (1): Sequential()
        )
    """

    def __init__(self, *modules: Any) -> None:
        super().__init__()
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            for name, module in modules[0].items():
                self.register_module(name, self._item(module, f"[{name!r}]"))
        else:
            for position, module in enumerate(modules):
                setattr(self, str(position), self._item(module, f", argument {position}"))

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            names = list(self._kinds)[index]
            return type(self)({name: self.__dict__[name] for name in names})
        return super().__getitem__(index)

    def append(self, item: Module) -> Self:
        """Adds a module at the end; returns self."""
        # In a Sequential made with names, the position may be taken; go on counting.
        position = len(self)
        while str(position) in self._kinds:
            position += 1
        setattr(self, str(position), self._item(item, ".append"))
        return self

    def forward(self, input: Any) -> Any:
        """Hands ``input`` to the first module, its output to the second, and so on."""
        for name in self._kinds:
            input = self.__dict__[name](input)
        return input


class ModuleList(_Ordered):
    """A list of modules whose parameters are found; it cannot be called itself.

    Args:
        modules: the modules; None for a place that stays empty. Default none.

    Raises:
        TypeError: for anything else.

    Example:
        >>> import nn
        >>> blocks = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))
        >>> len(blocks), len(list(blocks.parameters()))
        (3, 6)
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        super().__init__()
        self.extend(modules)

    def _item(self, item: Any, where: str) -> Any:
        return None if item is None else super()._item(item, where)

    def _put(self, name: str, item: Any) -> None:
        self.register_module(name, item)

    def _repr_children(self, texts: dict[int, str]) -> Iterator[tuple[str, str]]:
        # Twelve equal blocks read best as one line.
        for text, run in groupby(
            enumerate(texts[id(m)] if m is not None else "None" for m in self._items()),
            key=lambda pair: pair[1],
        ):
            positions = [position for position, _ in run]
            first, last = positions[0], positions[-1]
            if first == last:
                yield f"({first})", text
            else:
                yield f"({first}-{last})", f"{len(positions)} x {text}"


class ParameterList(_Ordered):
    """A list of parameters that its module finds.

    Args:
        values: parameters; tensors and arrays are made into parameters. Default none.

    Example:
        >>> import nn
        >>> nn.ParameterList([[1.0, 2.0], [3.0]])
        ParameterList(
          (0): Parameter of shape (2,), float32
          (1): Parameter of shape (1,), float32
        )
    """

    def __init__(self, values: Iterable[Any] = ()) -> None:
        super().__init__()
        self.extend(values)

    def _item(self, item: Any, where: str) -> Parameter:
        return _as_parameter(item)

    def _repr_children(self, texts: dict[int, str]) -> Iterator[tuple[str, str]]:
        return ((f"({i})", _describe(item)) for i, item in enumerate(self._items()))


class _Named(Module):
    """What dictionaries of modules or of parameters share."""

    def _item(self, item: Any, where: str) -> Any:
        if not isinstance(item, Module):
            raise TypeError(f"{type(self).__name__}{where}: expected a Module, got {_told(item)}")
        return item

    def _key(self, key: Any) -> str:
        if key not in self._kinds:
            known = ", ".join(map(repr, self._kinds)) or "none"
            raise KeyError(f"{type(self).__name__} has no {key!r}; it has {known}")
        return key

    def __len__(self) -> int:
        return len(self._kinds)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._kinds))

    def __contains__(self, key: object) -> bool:
        return key in self._kinds

    def __getitem__(self, key: str) -> Any:
        return self.__dict__[self._key(key)]

    def __setitem__(self, key: str, item: Any) -> None:
        item = self._item(item, f"[{key!r}]")
        if isinstance(item, Module):
            self.register_module(key, item)
        else:
            self.register_parameter(key, item)

    def __delitem__(self, key: str) -> None:
        delattr(self, self._key(key))

    def keys(self) -> list[str]:
        """The names, in order."""
        return list(self._kinds)

    def values(self) -> list[Any]:
        """What the names stand for, in order."""
        return [self.__dict__[name] for name in self._kinds]

    def items(self) -> list[tuple[str, Any]]:
        """Pairs of name and value, in order."""
        return [(name, self.__dict__[name]) for name in self._kinds]

    def update(self, other: Any) -> None:
        """Sets every pair of a mapping or of an iterable of pairs."""
        who = type(self).__name__
        pairs = (
            other.items() if hasattr(other, "items") else arguments.elements(who, "items", other)
        )
        for pair in pairs:
            if not isinstance(pair, (tuple, list)) or len(pair) != 2:
                raise TypeError(
                    f"{who}: expected pairs of a name and a value, got {arguments.shown(pair)}"
                )
            self[pair[0]] = pair[1]

    def pop(self, key: str) -> Any:
        """Takes out ``key`` and returns what it stood for."""
        item = self[key]
        del self[key]
        return item

    def clear(self) -> None:
        """Takes out everything."""
        for key in list(self._kinds):
            del self[key]


class ModuleDict(_Named):
    """Modules by name, whose parameters are found; it cannot be called itself.

    Args:
        modules: mapping, or pairs, of names and modules. Default none.

    Raises:
        TypeError: for anything that is no module.
        ValueError: for names that are empty, dotted, or those of methods ("keys").
        KeyError: for reading a name that is not there, as of any mapping.

    Example:
        >>> import nn
        >>> heads = nn.ModuleDict({"digit": nn.Linear(8, 10), "colour": nn.Linear(8, 3)})
        >>> heads["colour"].weight.shape
        (3, 8)
    """

    def __init__(self, modules: Any = ()) -> None:
        super().__init__()
        self.update(modules)


class ParameterDict(_Named):
    """Parameters by name.

    Args:
        parameters: mapping, or pairs, of names and parameters; tensors and arrays are made into
            parameters. Default none.

    Example:
        >>> import nn
        >>> scales = nn.ParameterDict({"x": [1.0], "y": [2.0]})
        >>> [name for name, _ in scales.named_parameters()]
        ['x', 'y']
    """

    def __init__(self, parameters: Any = ()) -> None:
        super().__init__()
        self.update(parameters)

    def update(self, other: Any) -> None:
        """Sets every pair of a mapping or of an iterable of pairs; of a plain dict, by their names."""
        super().update(
            dict(sorted(other.items(), key=lambda pair: str(pair[0])))
            if type(other) is dict
            else other
        )

    def _item(self, item: Any, where: str) -> Parameter:
        return _as_parameter(item)

    def _repr_children(self, texts: dict[int, str]) -> Iterator[tuple[str, str]]:
        return ((f"({name})", _describe(item)) for name, item in self.items())


def _as_parameter(item: Any) -> Parameter:
    return item if isinstance(item, Parameter) else Parameter(item)


def _describe(parameter: Tensor) -> str:
    return f"Parameter of shape {parameter.shape}, {parameter.dtype}"
