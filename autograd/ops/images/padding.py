"""Padding and cropping: with a constant, and by repeating what is there.

``pad_constant`` and ``crop`` are adjoint (for the constant 0). The other modes pick cells along
one axis after the other (``take_axis``); the adjoint adds them back (``add_axis``).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import arguments
from autograd.arguments.arrays import array_like
from autograd.arguments.limits import check_bytes
from autograd.arguments.numbers import shown
from autograd.core.modes import is_grad_enabled
from autograd.core.primitive import primitive
from autograd.kernels import padding as kernels
from autograd.ops.elementwise import where
from autograd.ops.shapes import reshape

__all__ = ["crop", "pad_constant", "pad_index", "pad_indices", "take_axis"]


_pad = primitive(kernels.pad)

# The constant is no input, so what flows back is the crop; the same pair, widths negated.
_pad.gradients(x=lambda g, widths: _pad(g, widths=tuple((-a, -b) for a, b in widths)))


def pad_constant(x: Any, widths: Any, value: Any = 0.0, *, who: str = "pad_constant") -> Any:
    """Put a constant around an array; negative widths crop.

    Args:
        x: any shape.
        widths: a pair (before, after) for every axis.
        value: the constant, a number; gradients flow to it if it is a tensor that requires one.
        who: the name that errors begin with.

    Raises:
        ValueError: for the wrong number of pairs, or if more is cropped than there is.

    Example:
        >>> import autograd as ag
        >>> ag.pad_constant(ag.tensor([1.0, 2.0]), [(1, 0)])
        Tensor([0., 1., 2.])
    """
    x = array_like(who, x)
    pairs = _pairs(who, widths, x.shape)
    shape = tuple(size + a + b for size, (a, b) in zip(x.shape, pairs, strict=True))
    check_bytes(who, shape, x.dtype)
    if getattr(value, "_node", None) is not None and is_grad_enabled():
        arguments.real_or_nan(who, "value", value.detach())
        inside = _pad(np.ones(x.shape, bool), pairs, False)
        return where(inside, _pad(x, pairs, 0.0), reshape(value, ()))
    value = arguments.real_or_nan(who, "value", value)
    if x.dtype.kind in "iub" and not _holds(x.dtype, value):
        raise ValueError(f"{who}: the value {value} is none that {x.dtype} can hold")
    return _pad(x, widths=pairs, value=value)


def _holds(dtype: np.dtype[Any], value: Any) -> bool:
    """True if integers or bools of the dtype can be the number."""
    if dtype.kind == "b":
        return value in (0, 1)
    limits = np.iinfo(dtype)
    return bool(limits.min <= value <= limits.max and value == int(value))


def crop(x: Any, widths: Any) -> Any:
    """Take cells away on both sides: the adjoint of padding with zeros.

    Args:
        widths: a pair (before, after) of non-negative integers for every axis.

    Example:
        >>> import autograd as ag
        >>> ag.crop(ag.tensor([1.0, 2.0, 3.0]), [(1, 1)])
        Tensor([2.])
    """
    x = array_like("crop", x)
    pairs = _pairs("crop", widths, x.shape)
    if any(width < 0 for pair in pairs for width in pair):
        raise ValueError(f"crop: widths must not be negative, got {pairs}")
    return pad_constant(x, tuple((-a, -b) for a, b in pairs))


def _pairs(who: str, widths: Any, shape: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    if not isinstance(widths, (tuple, list)) or len(widths) != len(shape):
        raise ValueError(
            f"{who}: widths must be one pair (before, after) per axis of {shape}, got {shown(widths)}"
        )
    found = [arguments.integers(who, f"widths[{k}]", w, 2, None) for k, w in enumerate(widths)]
    for k, (size, (before, after)) in enumerate(zip(shape, found, strict=True)):
        # Cropping and padding at once is fine as long as something is left to crop from.
        if size + min(before, 0) + min(after, 0) < 0 or size + before + after < 0:
            raise ValueError(
                f"{who}: widths ({before}, {after}) take more than axis {k} of {shape} has"
            )
    return tuple((a, b) for a, b in found)


# Repeating what is there --------------------------------------------------------------------------


_take_axis = primitive(kernels.take_axis)
_add_axis = primitive(kernels.add_axis)

_take_axis.gradients(
    x=lambda g, x_shape, index, axis: _add_axis(g, index=index, axis=axis, size=x_shape[axis])
)
_add_axis.gradients(y=lambda g, index, axis: _take_axis(g, index=index, axis=axis))


def take_axis(x: Any, index: Any, axis: int) -> Any:
    """Pick positions along one axis, in any order and as often as wanted.

    Args:
        index: 1-d integers from 0 to the length − 1.
        axis: which axis.

    Example:
        >>> import autograd as ag
        >>> ag.take_axis(ag.tensor([1.0, 2.0, 3.0]), [1, 0, 1], 0)
        Tensor([2., 1., 2.])
    """
    who = "take_axis"
    x = array_like(who, x)
    axis = arguments.axis(who, axis, len(x.shape))
    array = arguments.integer_array(who, "index", index)
    if array.ndim != 1:
        raise TypeError(f"{who}: index must be 1-d integers, got shape {array.shape}")
    size = x.shape[axis]
    if array.size and (array.min() < 0 or array.max() >= size):
        raise IndexError(
            f"{who}: index must lie from 0 to {size - 1} for axis {axis} of {x.shape}, "
            f"got {array.min()} to {array.max()}"
        )
    return _take_axis(x, index=array, axis=axis)


def pad_indices(who: str, mode: str, size: int, before: int, after: int) -> np.ndarray[Any, Any]:
    """Which cell of an axis every cell of the padded axis repeats.

    Args:
        mode: ``"reflect"`` (mirrored at the border cell, widths ≤ size − 1), ``"replicate"``
            (the border cell), ``"circular"`` (from the other end, widths ≤ size).
        before, after: widths; negative ones crop.

    Raises:
        ValueError: beyond these limits.
    """
    arguments.choice(who, "mode", mode, ("reflect", "replicate", "circular"))
    size = arguments.integer(who, "size", size, 0)
    before = arguments.integer(who, "before", before, None)
    after = arguments.integer(who, "after", after, None)
    limits = {"reflect": size - 1, "circular": size}
    limit = limits.get(mode)
    if limit is not None and max(before, after) > limit:
        raise ValueError(
            f"{who}: {mode} padding ({before}, {after}) is more than the {max(limit, 0)} cells "
            f"that an axis of {size} can give"
        )
    if size == 0 and max(before, after) > 0:
        raise ValueError(f"{who}: {mode} padding of an empty axis: there is nothing to repeat")
    if size + before + after < 0:
        raise ValueError(
            f"{who}: padding ({before}, {after}) takes more than an axis of {size} has"
        )
    check_bytes(who, (size + before + after,), np.intp)
    return kernels.pad_index(mode, size, before, after)


def pad_index(x: Any, widths: Any, mode: str, who: str = "pad_index") -> Any:
    """Pad by repeating cells: mode ``"reflect"``, ``"replicate"`` or ``"circular"``.

    Args:
        x: any shape.
        widths: a pair (before, after) for every axis; negative ones crop.

    Raises:
        ValueError: if reflect pads more than size − 1, or circular more than size.

    Example:
        >>> import autograd as ag
        >>> ag.pad_index(ag.tensor([1.0, 2.0, 3.0]), [(2, 1)], "reflect")
        Tensor([3., 2., 1., 2., 3., 2.])
    """
    x = array_like(who, x)
    if not isinstance(widths, (tuple, list)):
        raise TypeError(f"{who}: widths must be pairs (before, after), got {shown(widths)}")
    pairs = [arguments.integers(who, f"widths[{k}]", w, 2, None) for k, w in enumerate(widths)]
    if len(pairs) != len(x.shape):
        raise ValueError(f"{who}: {len(pairs)} pairs of widths for the shape {x.shape}")
    shape = tuple(size + a + b for size, (a, b) in zip(x.shape, pairs, strict=True))
    if min(shape, default=0) >= 0:
        check_bytes(who, shape, x.dtype)
    indices = [
        pad_indices(who, mode, size, before, after) if before or after else None
        for size, (before, after) in zip(x.shape, pairs, strict=True)
    ]
    for axis, index in enumerate(indices):
        if index is not None:
            x = _take_axis(x, index=index, axis=axis)
    return x
