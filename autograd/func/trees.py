"""Tensors inside tuples, lists and dicts: taken out in a fixed order, and put back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["flatten", "map_leaves"]


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


def _take(tree: Any, leaves: list[Any]) -> Any:
    if isinstance(tree, dict):
        return type(tree), list(tree), [_take(v, leaves) for v in tree.values()]
    if isinstance(tree, (tuple, list)):
        return type(tree), None, [_take(v, leaves) for v in tree]
    leaves.append(tree)
    return None


def _put(form: Any, leaves: Any) -> Any:
    if form is None:
        return next(leaves)
    kind, keys, parts = form
    values = [_put(part, leaves) for part in parts]
    if keys is not None:
        return dict(zip(keys, values, strict=True))
    return kind(*values) if hasattr(kind, "_fields") else kind(values)
