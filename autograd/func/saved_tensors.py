"""What is kept for backward, handed to the user meanwhile: to a file, or to fewer digits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.arguments.numbers import shown
from autograd.core.modes import local
from autograd.core.node import FREED
from autograd.core.recorders import Recorder, begin, end
from autograd.core.tensor import Tensor, _wrap

__all__ = ["saved_tensors_hooks"]


class saved_tensors_hooks:
    """Keep what the operations inside save for backward in a form of one's own.

    Args:
        pack: gets each array that is saved, as a constant tensor, and returns what is kept of it.
        unpack: gets that, when backward comes to the operation, and returns a tensor of the same
            shape and dtype.

    Of hooks inside of hooks the innermost count. Numbers (0-d values) are kept as they are. What is
    handed to ``pack`` may be written into later, unnoticed: a ``pack`` that keeps the tensor itself takes that upon itself.

    Raises:
        TypeError: if one of the two cannot be called.
        RuntimeError: in backward, if ``unpack`` returns something of another shape or dtype.

    Example:
        >>> import autograd as ag, numpy as np
        >>> x = ag.tensor([1.0, 2.0, 3.0], requires_grad=True)
        >>> with ag.saved_tensors_hooks(lambda t: t.numpy().astype(np.float16), ag.tensor):
        ...     y = (x * x).sum()
        >>> y.backward()
        Traceback (most recent call last):
            ...
        RuntimeError: multiply: unpack must return a tensor of shape (3,) and dtype float32, got (3,) and float16
    """

    def __init__(self, pack: Callable[[Tensor], Any], unpack: Callable[[Any], Any]) -> None:
        for name, given in (("pack", pack), ("unpack", unpack)):
            if not callable(given):
                raise TypeError(
                    f"saved_tensors_hooks: {name} must be a function, got {shown(given)}"
                )
        self._pack, self._unpack = pack, unpack
        self._blocks: list[Recorder] = []

    def __enter__(self) -> None:
        block = begin(self._blocks, lambda info, node, *call: self._note(block, node))

    def __exit__(self, *exception: object) -> None:
        end(self._blocks)

    def _note(self, block: Recorder, node: Any) -> None:
        if node is None or node.saved is None:
            return
        if node.extra is not None and node.extra.unpack is not None:
            return  # hooks inside of these have it already
        state = local.state
        found, kept = state.recorder, None
        state.recorder = block.before  # what pack computes is no part of the graph
        enabled, state.grad_enabled = state.grad_enabled, False
        try:
            kept = tuple([self._packed(value) for value in node.saved])
        finally:
            state.recorder, state.grad_enabled = found, enabled
        node.saved, node.cells = kept, None
        node.require_extra().unpack = self._restore

    def _packed(self, value: Any) -> Any:
        if type(value) is np.ndarray:
            return _Kept(self._pack(_wrap(value)), value.shape, value.dtype)
        if type(value) is tuple and any(type(v) is np.ndarray for v in value):
            return tuple([self._packed(v) for v in value])
        return value

    def _restore(self, node: Any) -> None:
        if node.saved is not FREED:
            node.saved = tuple([self._unpacked(node, value) for value in node.saved])
            node.extra.unpack = None

    def _unpacked(self, node: Any, value: Any) -> Any:
        if type(value) is tuple:
            return tuple([self._unpacked(node, v) for v in value])
        if type(value) is not _Kept:
            return value
        found = self._unpack(value.form)
        array = found._data if isinstance(found, Tensor) else None
        if array is None or array.shape != value.shape or array.dtype != value.dtype:
            came = type(found).__name__ if array is None else f"{array.shape} and {array.dtype}"
            raise RuntimeError(
                f"{node.primitive.name}: unpack must return a tensor of shape {value.shape} and "
                f"dtype {value.dtype}, got {came}"
            )
        return array


class _Kept:
    """What ``pack`` has made of an array."""

    __slots__ = ("dtype", "form", "shape")

    def __init__(self, form: Any, shape: tuple[int, ...], dtype: Any) -> None:
        self.form, self.shape, self.dtype = form, shape, dtype
