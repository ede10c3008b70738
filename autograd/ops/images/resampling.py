"""Interpolation and pooling over adaptive windows.

Interpolation and adaptive averaging are linear maps along each axis: two primitives that are each
other's adjoint. Adaptive maximum is a choice of cells, like all max pooling.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd import arguments
from autograd.arguments.arrays import floating
from autograd.arguments.limits import check_bytes
from autograd.arguments.numbers import shown
from autograd.core.primitive import primitive
from autograd.kernels import resampling as kernels
from autograd.kernels.pooling import maximum as pooling_kernels
from autograd.ops.images.windows import _scatter_windows

__all__ = ["adaptive_avg_pool", "adaptive_max_pool", "interpolate"]

MODES = ("nearest", "nearest-exact", "linear", "cubic", "area")


_interpolate = primitive(kernels.interpolate)
_interpolate_adjoint = primitive(kernels.interpolate_adjoint)

_interpolate.gradients(
    x=lambda g, x_shape, mode, align_corners, scale_factors: _interpolate_adjoint(
        g, input_shape=x_shape[2:], mode=mode, align_corners=align_corners,
        scale_factors=scale_factors)
)  # fmt: skip
_interpolate_adjoint.gradients(
    y=lambda g, y_shape, mode, align_corners, scale_factors: _interpolate(
        g, out_shape=y_shape[2:], mode=mode, align_corners=align_corners,
        scale_factors=scale_factors)
)  # fmt: skip


def interpolate(
    x: Any,
    out_shape: Sequence[int],
    mode: str = "nearest",
    align_corners: bool = False,
    scale_factors: Sequence[float] | None = None,
    *,
    who: str = "interpolate",
) -> Any:
    """Resize images.

    Args:
        x: shape (N, C, *S), one to three spatial axes.
        out_shape: the new spatial shape.
        mode: ``"nearest"``, ``"nearest-exact"``, ``"linear"``, ``"cubic"`` (a = −0.75) or
            ``"area"``, applied along each axis.
        align_corners: for linear and cubic: corner pixels keep their place.
        scale_factors: used in the coordinates instead of new size / old size.

    Returns:
        Shape (N, C, *out_shape).

    Example:
        >>> import autograd as ag
        >>> ag.interpolate(ag.tensor([[[1.0, 3.0]]]), (4,), "linear")
        Tensor([[[1. , 1.5, 2.5, 3. ]]])
    """
    x = floating(who, "x", x)
    arguments.choice(who, "mode", mode, MODES)
    n = _spatial(who, x.shape)
    out_shape = arguments.integers(who, "out_shape", out_shape, n)
    if 0 in x.shape[1:]:
        raise ValueError(f"{who}: x {x.shape} has an empty axis; there is nothing to interpolate")
    check_bytes(who, (*x.shape[:2], *out_shape), x.dtype)
    aligned = arguments.boolean(who, "align_corners", align_corners)
    factors = None
    if scale_factors is not None:
        if not isinstance(scale_factors, (tuple, list)) or len(scale_factors) != n:
            raise TypeError(f"{who}: scale_factors must be {n} numbers, got {shown(scale_factors)}")
        factors = tuple(
            f if f is None else arguments.real(who, f"scale_factors[{k}]", f)
            for k, f in enumerate(scale_factors)
        )
    return _interpolate(
        x, out_shape=out_shape, mode=mode, align_corners=aligned, scale_factors=factors
    )


_adaptive_avg_pool = primitive(kernels.adaptive_avg_pool)
_adaptive_avg_pool_input = primitive(
    kernels.adaptive_avg_pool_adjoint, name="adaptive_avg_pool_input"
)
_adaptive_max_pool = primitive(pooling_kernels.adaptive_max_pool, outputs=2, constant_outputs=(1,))

_adaptive_avg_pool.gradients(
    x=lambda g, x_shape: _adaptive_avg_pool_input(g, input_shape=x_shape[2:])
)
_adaptive_avg_pool_input.gradients(
    y=lambda g, y_shape: _adaptive_avg_pool(g, out_shape=y_shape[2:])
)
_adaptive_max_pool.gradients(
    x=lambda g, out1, x_shape: _scatter_windows(g[0], out1, input_shape=x_shape[2:])
)


def adaptive_avg_pool(x: Any, out_shape: Sequence[int], *, who: str = "adaptive_avg_pool") -> Any:
    """Averages over windows chosen so that the output has a given size.

    Window i of o over an axis of L goes from ⌊i·L/o⌋ to ⌈(i + 1)·L/o⌉.

    Args:
        x: shape (N, C, *S).
        out_shape: spatial shape of the result.

    Example:
        >>> import autograd as ag
        >>> ag.adaptive_avg_pool(ag.tensor([[[1.0, 2.0, 6.0]]]), (2,))
        Tensor([[[1.5, 4. ]]])
    """
    x = floating(who, "x", x)
    return _adaptive_avg_pool(x, out_shape=_adaptive_shape(who, x, out_shape))


def adaptive_max_pool(
    x: Any,
    out_shape: Sequence[int],
    return_indices: bool = False,
    *,
    who: str = "adaptive_max_pool",
) -> Any:
    """Maxima over the windows of ``adaptive_avg_pool``; with indices also where they lie.

    Args:
        x: shape (N, C, *S).
        out_shape: spatial shape of the result.
        return_indices: also give the flat indices in the plane (int64).
    """
    x = floating(who, "x", x)
    return_indices = arguments.boolean(who, "return_indices", return_indices)
    values, indices = _adaptive_max_pool(x, out_shape=_adaptive_shape(who, x, out_shape))
    return (values, indices) if return_indices else values


def _adaptive_shape(who: str, x: Any, out_shape: Any) -> tuple[int, ...]:
    n = _spatial(who, x.shape)
    shape = arguments.integers(who, "output_size", out_shape, n, 0)
    if 0 in x.shape[2:]:
        raise ValueError(f"{who}: x {x.shape} has an empty plane; there is nothing to pool")
    check_bytes(who, (*x.shape[:2], *shape), x.dtype)
    return shape


def _spatial(who: str, shape: tuple[int, ...]) -> int:
    n = len(shape) - 2
    if not 1 <= n <= 3:
        raise ValueError(
            f"{who}: x must be (N, C, *S) with one to three spatial axes, got shape {shape}"
        )
    return n
