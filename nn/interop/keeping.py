"""Converted models in files: what a pickle holds must not need PyTorch to be read."""

from __future__ import annotations

import collections
import dataclasses
import functools
import importlib
import inspect
from typing import Any

__all__ = ["Kept", "kept", "put_back", "without_types"]


@dataclasses.dataclass(frozen=True)
class Kept:
    """A tuple, dict or record of a user's own class, by the name of the class.

    Attributes:
        module, name: where the class stands.
        kind: ``"named tuple"``, ``"record"`` (a dataclass) or ``"dict"``.
        parts: its fields.
    """

    module: str
    name: str
    kind: str
    parts: dict[Any, Any]


def kept(tree: Any) -> Any:
    """A structure with the classes in it written down by name."""
    of_kind = _kind(tree)
    if of_kind == "named tuple":
        parts = dict(zip(tree._fields, tree, strict=True))
    elif of_kind == "record":
        parts = {field.name: getattr(tree, field.name) for field in dataclasses.fields(tree)}
    elif isinstance(tree, dict):
        parts = dict(tree)
    elif isinstance(tree, (list, tuple)):
        return type(tree)(kept(part) for part in tree)
    else:
        return tree
    parts = {key: kept(part) for key, part in parts.items()}
    if not of_kind:
        return parts if type(tree) is dict else type(tree)(parts)
    return Kept(type(tree).__module__, type(tree).__qualname__, of_kind, parts)


def put_back(tree: Any) -> Any:
    """The opposite. A class that can't be imported here is replaced by one with the same fields."""
    if isinstance(tree, Kept):
        parts = {key: put_back(part) for key, part in tree.parts.items()}
        return _of(tree, parts)
    if isinstance(tree, (list, tuple)):
        return type(tree)(put_back(part) for part in tree)
    if isinstance(tree, dict):
        return type(tree)({key: put_back(part) for key, part in tree.items()})
    return tree


def _kind(tree: Any) -> str:
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return "named tuple"
    if dataclasses.is_dataclass(tree) and not type(tree).__module__.startswith("nn.interop."):
        return "record"
    own = isinstance(tree, dict) and type(tree) not in (dict, collections.OrderedDict)
    return "dict" if own else ""


def _of(found: Kept, parts: dict[Any, Any]) -> Any:
    cls = _class(found.module, found.name, found.kind, tuple(parts))
    if found.kind == "named tuple":
        return cls(*parts.values())
    if found.kind == "dict":
        return cls(parts)
    record = object.__new__(cls)
    for name, value in parts.items():
        object.__setattr__(record, name, value)
    return record


@functools.cache
def _class(module: str, name: str, kind: str, fields: tuple[Any, ...]) -> Any:
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
        return found
    except (ImportError, AttributeError):
        plain = name.rpartition(".")[2]
        if kind == "named tuple":
            return collections.namedtuple(plain, fields)  # noqa: PYI024
        return dict if kind == "dict" else dataclasses.make_dataclass(plain, fields)


def without_types(signature: inspect.Signature) -> inspect.Signature:
    """A signature without annotations, which are often PyTorch's classes, and plain defaults."""
    empty = inspect.Parameter.empty

    def plain(p: inspect.Parameter) -> inspect.Parameter:
        return p.replace(annotation=empty, default=p.default if _plain(p.default) else ...)

    changed = [plain(p) for p in signature.parameters.values()]
    return signature.replace(parameters=changed, return_annotation=inspect.Signature.empty)


def _plain(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return all(map(_plain, value))
    known = (int, float, str, bool, type(None))
    return isinstance(value, known) or value is inspect.Parameter.empty
