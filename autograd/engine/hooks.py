"""Hooks on gradients: how they are registered, what they are given, what they may put in its place."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from autograd.core.node import Leaf, leaves_with_hooks
from autograd.core.tensor import Tensor, _wrap, tensor_on

__all__ = [
    "HookHandle", "call_hooks", "register_hook", "register_post_accumulate_grad_hook", "retain_grad",
]  # fmt: skip

#: No key is given twice, so a handle never takes away another's hook.
_keys = itertools.count()


class HookHandle:
    """Returned when a hook is registered; ``remove()`` takes the hook away again."""

    def __init__(self, hooks: dict[int, Any], key: int) -> None:
        self._hooks = hooks
        self._key = key

    def remove(self) -> None:
        """Take the hook away; harmless when done twice."""
        self._hooks.pop(self._key, None)
        self._hooks = {}  # others may number their hooks anew

    def __enter__(self) -> HookHandle:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


def register_hook(self: Tensor, hook: Callable[[Tensor], Tensor | None]) -> HookHandle:
    """Call ``hook(gradient)`` when this tensor's gradient is complete in a backward pass.

    Args:
        hook: gets a tensor; what it returns, if not None, takes the gradient's place.

    Returns:
        A handle; ``handle.remove()`` takes the hook away.

    Raises:
        RuntimeError: if the tensor does not require a gradient.
    """
    node = _node_of(self, "register_hook")
    handle = _add(node.require_extra().hooks.setdefault(self._index, {}), hook, "register_hook")
    if type(node) is Leaf:
        leaves_with_hooks.add(node)
    return handle


def register_post_accumulate_grad_hook(self: Tensor, hook: Callable[[Tensor], None]) -> HookHandle:
    """Call ``hook(tensor)`` after a backward pass has updated this leaf's ``.grad``.

    Raises:
        RuntimeError: if the tensor is not a leaf that requires a gradient.
    """
    node = _node_of(self, "register_post_accumulate_grad_hook")
    if type(node) is not Leaf:
        raise RuntimeError(
            "register_post_accumulate_grad_hook: only leaves accumulate; use register_hook "
            "on a tensor that an operation made"
        )
    if node.after_hooks is None:
        node.after_hooks = {}
    return _add(node.after_hooks, hook, "register_post_accumulate_grad_hook")


def retain_grad(self: Tensor) -> None:
    """Have backward keep ``.grad`` for this tensor although it is not a leaf.

    Raises:
        RuntimeError: if the tensor does not require a gradient.
    """
    node = _node_of(self, "retain_grad")
    if type(node) is not Leaf:
        node.require_extra().retained[self._index] = weakref.ref(self)


def _node_of(t: Tensor, who: str) -> Any:
    if t._node is None:
        raise RuntimeError(
            f"{who}: the tensor does not require a gradient; "
            "call t.requires_grad_() first, or make it from tensors that do"
        )
    return t._node


def _add(hooks: dict[int, Any], hook: Callable[..., Any], who: str) -> HookHandle:
    if not callable(hook):
        raise TypeError(f"{who}: hook must be callable, got {type(hook).__name__}")
    key = next(_keys)
    hooks[key] = hook
    return HookHandle(hooks, key)


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
    return tensor_on(view, gradient._version, gradient._node, gradient._index)
