"""Hooks on gradients: what they are given, and what they may put in its place."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from autograd.core.tensor import Tensor, _connected, _wrap

__all__ = ["call_hooks"]


def call_hooks(
    hooks: Collection[Callable[..., Any]], gradient: Any, node: Any, index: int, create_graph: bool
) -> Any:
    """The gradient of one output of a node or leaf after its hooks have seen it.

    A rule may send one array to several parents, and a sum may go on growing, so what hooks get
    is read-only: a hook changes a gradient by what it returns, and no other gradient with it.
    """
    shape, dtype = node.shape_of(index), node.dtype_of(index)
    for hook in list(hooks):
        returned = hook(_read_only(gradient))
        if returned is None:
            continue
        if not isinstance(returned, Tensor):
            raise TypeError(
                f"a gradient hook must return a Tensor or None, got {type(returned).__name__}"
            )
        if returned.shape != shape:
            raise ValueError(
                f"a gradient hook returned shape {returned.shape}; the gradient has shape {shape}"
            )
        if returned.dtype != dtype:
            returned = returned.astype(dtype)  # type: ignore[attr-defined]
        gradient = returned if create_graph else returned._data
    return gradient


def _read_only(gradient: Any) -> Tensor:
    data = gradient._data if isinstance(gradient, Tensor) else np.asarray(gradient)
    view = data.view()
    if view.ndim:
        view.flags.writeable = False
    if not isinstance(gradient, Tensor):
        return _wrap(view)
    return _connected(view, gradient._node, gradient._index, gradient._version)
