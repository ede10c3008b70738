"""The table: PyTorch's ATen operators, and the functions of ours that compute them.

An entry is named after the operator (``conv2d``) or, where its overloads differ, after one of them
(``sum.dim_IntList``). Its function takes the arguments of the operator's schema, in their order
and by their names, without those that say where and how memory lies (device, layout, …). In-place
operators (``relu_``) are looked up without the underscore: the converted graph rebinds instead.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from nn.interop.operators import (
    activations,
    complexes,
    creation,
    elementwise,
    images,
    indexing,
    losses,
    normalization,
    products,
    promotion,
    recurrent,
    reductions,
    shapes,
    sizes,
)

__all__ = ["WRITTEN_THROUGH", "find", "is_check", "is_creation", "names"]

_FAMILIES = (
    elementwise, activations, reductions, shapes, indexing, creation, images, normalization,
    products, losses, recurrent, sizes, complexes,
)  # fmt: skip

#: An operation of ours and not of PyTorch: what a write through ``detach()`` leaves.
WRITTEN_THROUGH = "glassgrad.written_through"


@cache
def _table() -> dict[str, Callable[..., Any]]:
    table: dict[str, Callable[..., Any]] = {}
    for family in _FAMILIES:
        twice = table.keys() & family.TABLE.keys()
        assert not twice, f"{sorted(twice)} stand in two families"
        table |= family.TABLE
    return table


def names() -> list[str]:
    """All entries, sorted."""
    return sorted(_table())


def find(operator: str) -> Callable[..., Any] | None:
    """The function for an operator with its overload, ``conv2d.default``; None if there is none.

    Python's own functions of sizes go by their module: ``_operator.mul``.
    """
    if operator in sizes.FUNCTIONS:
        return sizes.FUNCTIONS[operator]
    if operator == WRITTEN_THROUGH:
        return elementwise.written_through
    return _table().get(key(operator) or "")


def key(operator: str) -> str | None:
    """The entry that an operator with its overload is found under; None if there is none."""
    name, _, overload = operator.partition(".")
    plain = name if name.startswith("__") else name.rstrip("_")
    for each in (operator, name, f"{plain}.{overload}", plain):
        if each in _table():
            return each
    return None


def is_creation(operator: str) -> bool:
    """Whether it makes a tensor out of nothing, so that a call without dtype means the default."""
    found = key(operator)
    return found in creation.CREATION or found in creation.RANDOM_CREATION


def is_check(operator: str) -> bool:
    """Whether it computes nothing and only checks."""
    return operator.partition(".")[0] in sizes.CHECKS
