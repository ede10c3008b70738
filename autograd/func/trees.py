"""Tensors inside tuples, lists and dicts: taken out in a fixed order, and put back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["Form", "flatten", "form_of", "leaves_like", "map_leaves"]

#: The structure of a tree: None of a leaf, else its type, a dict's keys, and the forms of its parts.
Form = Any


def flatten(tree: Any) -> tuple[list[Any], Callable[[list[Any]], Any]]:
    """Leaves of nested tuples, lists and dicts, and the function that puts others in their place.

    Dicts are gone through in the order of their keys' insertion; named tuples stay what they are.

    Example:
        >>> leaves, rebuild = flatten({"a": 1, "b": (2, 3)})
        >>> rebuild([10 * leaf for leaf in leaves])
        {'a': 10, 'b': (20, 30)}
    """
    leaves: list[Any] = []
    form = _take(tree, leaves)
    return leaves, lambda new: _put(form, iter(new))


def map_leaves(function: Callable[[Any], Any], tree: Any) -> Any:
    """The same structure with ``function`` of every leaf."""
    leaves, rebuild = flatten(tree)
    return rebuild([function(leaf) for leaf in leaves])


def form_of(tree: Any) -> Form:
    """The structure of a tree; two with the same keys in another order have different ones.

    Example:
        >>> form_of({"a": 1, "b": 2}) == form_of({"b": 1, "a": 2})
        False
    """
    return _take(tree, [])


def leaves_like(form: Form, tree: Any) -> list[Any] | None:
    """The leaves of a tree in the order that another has them; None if it is built otherwise.

    A dict's entries are found by their keys. Lists and tuples may stand for each other, None for
    any part, and what stands where the other tree has a leaf is one.

    Example:
        >>> leaves_like(form_of({"a": 1, "b": 2}), {"b": 20, "a": 10})
        [10, 20]
    """
    leaves: list[Any] = []
    return leaves if _take_like(form, tree, leaves) else None


def _take(tree: Any, leaves: list[Any]) -> Form:
    if isinstance(tree, dict):
        return type(tree), tuple(tree), tuple([_take(v, leaves) for v in tree.values()])
    if isinstance(tree, (tuple, list)):
        return type(tree), None, tuple([_take(v, leaves) for v in tree])
    leaves.append(tree)
    return None


def _take_like(form: Form, tree: Any, leaves: list[Any]) -> bool:
    if form is None:
        leaves.append(tree)
        return True
    _, keys, parts = form
    if tree is None:
        return all([_take_like(part, None, leaves) for part in parts])
    if keys is not None:
        if not isinstance(tree, dict) or tree.keys() != set(keys):
            return False
        tree = [tree[key] for key in keys]
    elif not isinstance(tree, (tuple, list)) or len(tree) != len(parts):
        return False
    return all([_take_like(part, value, leaves) for part, value in zip(parts, tree, strict=True)])


def _put(form: Form, leaves: Any) -> Any:
    if form is None:
        return next(leaves)
    kind, keys, parts = form
    values = [_put(part, leaves) for part in parts]
    if keys is not None:
        return dict(zip(keys, values, strict=True))
    return kind(*values) if hasattr(kind, "_fields") else kind(values)
