"""Complex numbers as pairs: a tensor of them is one of floats with an axis of (real, imaginary) behind.

Enough for what public models do with them: rotations of queries and keys (``view_as_complex``,
``polar``), spectra kept as products. Which operator of PyTorch's has complex numbers, and where, is
seen by the reader, which puts ``complex::`` in front of its name and, for arithmetic, which of the
two numbers is complex behind it: ``complex::mul_cr``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd as ag

__all__ = ["ARITHMETIC", "OF_REALS", "TABLE", "TO_REALS"]


def _pair(real: Any, imaginary: Any) -> Any:
    return ag.stack([real, imaginary], axis=-1)


def _parts(x: Any) -> tuple[Any, Any]:
    return x[..., 0], x[..., 1]


def _apart(x: Any) -> Any:
    """A real tensor beside pairs."""
    return ag.expand_dims(x, -1) if isinstance(x, ag.Tensor) else x


def polar(abs: Any, angle: Any) -> Any:  # noqa: A002 (PyTorch's name)
    return _pair(abs * ag.cos(angle), abs * ag.sin(angle))


def modulus(self: Any) -> Any:
    real, imaginary = _parts(self)
    return ag.hypot(real, imaginary)


def angle(self: Any) -> Any:
    real, imaginary = _parts(self)
    return ag.arctan2(imaginary, real)


def conjugate(self: Any) -> Any:
    real, imaginary = _parts(self)
    return _pair(real, -imaginary)


# Arithmetic: c and r tell which of the two numbers is complex ----------------------------------------


def add_cc(self: Any, other: Any, alpha: Any = 1) -> Any:
    return self + other * alpha


def add_cr(self: Any, other: Any, alpha: Any = 1) -> Any:
    real, imaginary = _parts(self)
    real = real + other * alpha
    return _pair(real, ag.broadcast_to(imaginary, shape=real.shape))


def add_rc(self: Any, other: Any, alpha: Any = 1) -> Any:
    return add_cr(other * alpha, self)


def subtract_cc(self: Any, other: Any, alpha: Any = 1) -> Any:
    return self - other * alpha


def subtract_cr(self: Any, other: Any, alpha: Any = 1) -> Any:
    return add_cr(self, other, -alpha)


def subtract_rc(self: Any, other: Any, alpha: Any = 1) -> Any:
    return add_cr(other * -alpha, self)


def subtract_from_cc(self: Any, other: Any, alpha: Any = 1) -> Any:
    return other - self * alpha


def subtract_from_rc(self: Any, other: Any, alpha: Any = 1) -> Any:
    return subtract_cr(other, self, alpha)


def subtract_from_cr(self: Any, other: Any, alpha: Any = 1) -> Any:
    return add_cr(self * -alpha, other)


def multiply_cc(self: Any, other: Any) -> Any:
    (a, b), (c, d) = _parts(self), _parts(other)
    return _pair(a * c - b * d, a * d + b * c)


def multiply_cr(self: Any, other: Any) -> Any:
    return self * _apart(other)


def multiply_rc(self: Any, other: Any) -> Any:
    return _apart(self) * other


def divide_cr(self: Any, other: Any) -> Any:
    return self / _apart(other)


def divide_cc(self: Any, other: Any) -> Any:
    c, d = _parts(other)
    return multiply_cc(self, conjugate(other)) / _apart(c * c + d * d)


def divide_rc(self: Any, other: Any) -> Any:
    c, d = _parts(other)
    return multiply_rc(self, conjugate(other)) / _apart(c * c + d * d)


def reciprocal(self: Any) -> Any:
    c, d = _parts(self)
    return conjugate(self) / _apart(c * c + d * d)


# Shapes: the axis of the pairs stays behind --------------------------------------------------------


def _axis(x: Any, dim: int, more: int = 0) -> int:
    return dim if dim >= 0 else dim + x.ndim - 1 + more


def reshape(self: Any, size: Any) -> Any:
    return ag.reshape(self, (*size, 2))


def expand(self: Any, size: Any, **_: Any) -> Any:
    return self.expand(*size, 2)


def unsqueeze(self: Any, dim: int) -> Any:
    return ag.expand_dims(self, _axis(self, dim, 1))


def squeeze_dim(self: Any, dim: int) -> Any:
    axis = _axis(self, dim)
    return ag.squeeze(self, axis) if self.shape[axis] == 1 else self


def transpose(self: Any, dim0: int, dim1: int) -> Any:
    return ag.swapaxes(self, _axis(self, dim0), _axis(self, dim1))


def permute(self: Any, dims: Any) -> Any:
    return ag.transpose(self, (*[_axis(self, dim) for dim in dims], self.ndim - 1))


def select(self: Any, dim: int, index: Any) -> Any:
    return self[(slice(None),) * _axis(self, dim) + (index,)]


def cut(self: Any, dim: int = 0, start: Any = None, end: Any = None, step: Any = 1) -> Any:
    return self[(slice(None),) * _axis(self, dim) + (slice(start, end, step),)]


def joined(tensors: Any, dim: int = 0) -> Any:
    return ag.concatenate(tensors, axis=_axis(tensors[0], dim))


def stacked(tensors: Any, dim: int = 0) -> Any:
    return ag.stack(tensors, axis=_axis(tensors[0], dim, 1))


def same(self: Any, *_: Any, **__: Any) -> Any:
    return self


def total(self: Any, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    dims = range(self.ndim - 1) if dim is None else [dim] if isinstance(dim, int) else dim
    return self.sum(axis=tuple(_axis(self, d) for d in dims), keepdims=keepdim)


#: Operators whose name gets the pattern of the two numbers behind it.
ARITHMETIC = ("add", "sub", "rsub", "mul", "div")

#: What makes complex numbers of real ones, and the other way round.
OF_REALS = ("view_as_complex", "complex", "polar")
TO_REALS = ("view_as_real", "abs", "angle", "real", "imag")

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "view_as_complex": same, "view_as_real": same, "complex": lambda real, imag: _pair(real, imag),
    "polar": polar, "abs": modulus, "angle": angle, "_conj": conjugate, "conj": conjugate,
    "conj_physical": conjugate, "resolve_conj": same, "neg": lambda self: -self,
    "reciprocal": reciprocal,
    "real": lambda self: self[..., 0], "imag": lambda self: self[..., 1],
    "add_cc": add_cc, "add_cr": add_cr, "add_rc": add_rc,
    "sub_cc": subtract_cc, "sub_cr": subtract_cr, "sub_rc": subtract_rc,
    "rsub_cc": subtract_from_cc, "rsub_cr": subtract_from_cr, "rsub_rc": subtract_from_rc,
    "mul_cc": multiply_cc, "mul_cr": multiply_cr, "mul_rc": multiply_rc,
    "div_cc": divide_cc, "div_cr": divide_cr, "div_rc": divide_rc,
    "view": reshape, "reshape": reshape, "_unsafe_view": reshape, "expand": expand,
    "unsqueeze": unsqueeze, "squeeze.dim": squeeze_dim, "transpose": transpose, "permute": permute,
    "select": select, "slice": cut, "cat": joined, "stack": stacked, "sum": total,
    "clone": same, "contiguous": same, "alias": same, "detach": lambda self: self.detach(),
    "lift_fresh_copy": same, "to.device": same, "to.dtype_layout": same,
}  # fmt: skip

#: As the other families', by names that the reader makes.
TABLE: dict[str, Callable[..., Any]] = {f"complex::{k}": f for k, f in _FUNCTIONS.items()}
