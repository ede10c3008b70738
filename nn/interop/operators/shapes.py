"""Views, joins and splits: what moves elements without changing them."""

from __future__ import annotations

from typing import Any

import autograd as ag
from autograd import Tensor
from nn.functional import plain as F
from nn.interop.operators.promotion import cast, result_dtype, tensor

# One tensor ---------------------------------------------------------------------------------------


def view(self: Any, size: Any) -> Any:
    return ag.reshape(self, shape=tuple(size))


def transpose(self: Any, dim0: int, dim1: int) -> Any:
    return ag.swapaxes(self, dim0, dim1) if self.ndim else self


def permute(self: Any, dims: Any) -> Any:
    return ag.transpose(self, axes=tuple(dims))


def flip(self: Any, dims: Any) -> Any:
    return ag.flip(self, axis=tuple(dims))


def roll(self: Any, shifts: Any, dims: Any = ()) -> Any:
    def listed(values: Any) -> Any:
        return tuple(values) if isinstance(values, (list, tuple)) else (values,)

    shifts, axes = listed(shifts), listed(dims)
    return ag.roll(self, shifts, axis=axes) if axes else ag.roll(self, shifts[0])


def diagonal(self: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    return ag.diagonal(self, offset, dim1, dim2)


def linalg_diagonal(A: Any, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    return ag.diagonal(A, offset, dim1, dim2)


def im2col(self: Any, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> Any:
    return F.unfold(self, tuple(kernel_size), tuple(dilation), tuple(padding), tuple(stride))


def col2im(
    self: Any, output_size: Any, kernel_size: Any, dilation: Any, padding: Any, stride: Any
) -> Any:
    return F.fold(
        self, tuple(output_size), tuple(kernel_size), tuple(dilation), tuple(padding), tuple(stride)
    )


# Several ------------------------------------------------------------------------------------------


def _of_one_dtype(tensors: Any) -> list[Any]:
    dtype = result_dtype(*tensors)
    return [cast(tensor(t), dtype) for t in tensors]


def concatenate(tensors: Any, dim: int = 0) -> Any:
    tensors = _of_one_dtype(tensors)
    # PyTorch skips empty vectors here, whatever the rank of the others.
    kept = [t for t in tensors if t.shape != (0,)]
    return ag.concatenate(kept or tensors, axis=dim)


def stack(tensors: Any, dim: int = 0) -> Any:
    return ag.stack(_of_one_dtype(tensors), axis=dim)


def _stacking(function: Any) -> Any:
    return lambda tensors: function(_of_one_dtype(tensors))


def broadcast_all(tensors: Any) -> Any:
    return list(ag.broadcast_arrays(*tensors))


def meshgrid(tensors: Any, indexing: str = "ij") -> Any:
    vectors = [ag.reshape(t, shape=(-1,)) for t in tensors]
    return list(ag.meshgrid(*vectors, indexing=indexing))


# Parts --------------------------------------------------------------------------------------------


def slice_(
    self: Any, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Any:
    place = (slice(None),) * (dim % self.ndim) + (_span(self.shape[dim], start, end, step),)
    return ag.getitem(self, place)


def _span(size: int, start: int | None, end: int | None, step: int) -> slice:
    # The largest integer stands for "to the end"; others beyond the ends are cut as Python does.
    return slice(start, None if end is None or end >= size else end, step)


def narrow(self: Any, dim: int, start: Any, length: int) -> Any:
    start = int(start.item()) if isinstance(start, Tensor) else start
    start = start + self.shape[dim] if start < 0 else start
    return slice_(self, dim, start, start + length)


def split(self: Any, split_size: Any, dim: int = 0) -> Any:
    return self.split(split_size or self.shape[dim] or 1, dim=dim)


def tensor_split(self: Any, parts: Any, dim: int = 0) -> Any:
    if isinstance(parts, Tensor):
        parts = parts.tolist()
    return ag.array_split(self, list(parts) if isinstance(parts, (list, tuple)) else parts, dim)


def _split_along(axis: Any) -> Any:
    def of(self: Any, parts: Any) -> Any:
        return tensor_split(self, parts, axis(self) if callable(axis) else axis)

    return of


def unbind(self: Any, dim: int = 0) -> Any:
    return list(ag.unstack(self, axis=dim))


def _summed(x: Any, size: tuple[int, ...]) -> Any:
    """x summed over the axes along which ``size`` would be broadcast."""
    surplus = x.ndim - len(size)
    axes = tuple(range(surplus)) + tuple(
        axis + surplus for axis, n in enumerate(size) if n == 1 != x.shape[axis + surplus]
    )
    return ag.reshape(ag.sum(x, axis=axes), shape=size) if axes else x


TABLE: dict[str, Any] = {
    "view.default": view,
    "reshape": view,
    "_unsafe_view": view,
    "_reshape_alias": lambda self, size, stride: view(self, size),
    "view_as": lambda self, other: view(self, other.shape),
    "reshape_as": lambda self, other: view(self, other.shape),
    "view_copy.default": view,
    "flatten.using_ints": ag.flatten,
    "ravel": lambda self: ag.ravel(self),
    "unflatten.int": ag.unflatten,
    "squeeze": lambda self, dim=None: self.squeeze(dim=dim) if self.ndim else self,
    "unsqueeze": lambda self, dim: ag.expand_dims(self, axis=dim),
    "transpose.int": transpose,
    "swapaxes": transpose,
    "swapdims": transpose,
    "t": ag.t,
    "numpy_T": lambda self: ag.transpose(self),
    "mT": lambda self: ag.swapaxes(self, -1, -2),
    "matrix_H": lambda self: ag.swapaxes(self, -1, -2),
    "mH": lambda self: ag.swapaxes(self, -1, -2),
    "adjoint": lambda self: ag.swapaxes(self, -1, -2),
    "permute": permute,
    "movedim": ag.movedim,
    "moveaxis": ag.movedim,
    "expand": lambda self, size, implicit=False: self.expand(*size),
    "expand_as": lambda self, other: self.expand_as(other),
    "broadcast_to": lambda self, size: self.expand(*size),
    "broadcast_tensors": broadcast_all,
    "repeat": lambda self, repeats: ag.tile(self, tuple(repeats)),
    "tile": ag.tile,
    "repeat_interleave.self_int": ag.repeat_interleave,
    "repeat_interleave.self_Tensor": ag.repeat_interleave,
    "repeat_interleave.Tensor": ag.repeat_interleave,
    "flip": flip,
    "fliplr": lambda self: ag.flip(self, axis=1),
    "flipud": lambda self: ag.flip(self, axis=0),
    "roll": roll,
    "rot90": lambda self, k=1, dims=(0, 1): ag.rot90(self, k, tuple(dims)),
    "tril": lambda self, diagonal=0: ag.tril(self, k=diagonal),
    "triu": lambda self, diagonal=0: ag.triu(self, k=diagonal),
    "diagonal": diagonal,
    "linalg_diagonal": linalg_diagonal,
    "diag": lambda self, diagonal=0: ag.diag(self, diagonal),
    "diag_embed": ag.diag_embed,
    "diagflat": lambda self, offset=0: ag.diagflat(self, offset),
    "trace": lambda self: ag.trace(self),
    "unfold": lambda self, dimension, size, step: self.unfold(dimension, size, step),
    "im2col": im2col,
    "col2im": col2im,
    "pixel_shuffle": lambda self, upscale_factor: F.pixel_shuffle(self, upscale_factor),
    "pixel_unshuffle": lambda self, downscale_factor: F.pixel_unshuffle(self, downscale_factor),
    "channel_shuffle": lambda self, groups: F.channel_shuffle(self, groups),
    "cat": concatenate,
    "concat": concatenate,
    "concatenate": concatenate,
    "stack": stack,
    "hstack": _stacking(ag.hstack),
    "vstack": _stacking(ag.vstack),
    "row_stack": _stacking(ag.vstack),
    "dstack": _stacking(ag.dstack),
    "column_stack": _stacking(ag.column_stack),
    "block_diag": lambda tensors: ag.block_diag(*_of_one_dtype(tensors)),
    "cartesian_prod": lambda tensors: ag.cartesian_prod(*tensors),
    "sum_to_size": lambda self, size: _summed(self, tuple(size)),
    "meshgrid": meshgrid,
    "atleast_1d.default": ag.atleast_1d,
    "atleast_2d.default": ag.atleast_2d,
    "atleast_3d.default": ag.atleast_3d,
    "slice.Tensor": slice_,
    "narrow": narrow,
    "narrow_copy": narrow,
    "select.int": lambda self, dim, index: self.select(dim, index),
    "select_scatter": lambda self, src, dim, index: ag.select_scatter(
        self, cast(src, self.dtype), dim, index
    ),
    "slice_scatter": lambda self, src, *given: ag.slice_scatter(
        self, cast(src, self.dtype), *given
    ),
    "diagonal_scatter": ag.diagonal_scatter,
    "split": split,
    "split_with_sizes": split,
    "unsafe_split": split,
    "unsafe_split_with_sizes": split,
    "split_with_sizes_copy": split,
    "chunk": ag.chunk,
    "unsafe_chunk": ag.chunk,
    "tensor_split": tensor_split,
    "hsplit": _split_along(lambda x: 0 if x.ndim == 1 else 1),
    "vsplit": _split_along(0),
    "dsplit": _split_along(2),
    "unbind.int": unbind,
}
