"""Reading and writing at indices, tables of rows, masks."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd as ag
from autograd import Tensor
from nn.functional import plain as F
from nn.interop.operators.promotion import cast, tensor


def _array(x: Any) -> np.ndarray[Any, Any]:
    return np.asarray(x.data if isinstance(x, Tensor) else x)


def _place(indices: Any) -> tuple[Any, ...]:
    """PyTorch's list of index tensors, with None for whole axes, as an index of NumPy."""
    return tuple(slice(None) if index is None else _mask_or_places(index) for index in indices)


def _mask_or_places(index: Any) -> np.ndarray[Any, Any]:
    array = _array(index)
    return array.astype(bool) if array.dtype == np.uint8 else array  # bytes are the former masks


def _at(x: Any, dim: int, index: Any) -> tuple[Any, ...]:
    return (slice(None),) * (dim % x.ndim) + (_array(index),)


def index(self: Any, indices: Any) -> Any:
    return ag.getitem(self, _place(indices))


def index_put(self: Any, indices: Any, values: Any, accumulate: bool = False) -> Any:
    write = ag.add_at if accumulate else ag.set_at
    return write(self, _place(indices), cast(tensor(values), self.dtype))


def index_select(self: Any, dim: int, index: Any) -> Any:
    if not self.ndim:
        return self
    return ag.getitem(self, _at(self, dim, np.atleast_1d(_array(index))))


def index_add(self: Any, dim: int, index: Any, source: Any, alpha: Any = 1) -> Any:
    values = source if alpha == 1 else source * alpha
    return ag.add_at(self, _at(self, dim, index), cast(values, self.dtype))


def index_copy(self: Any, dim: int, index: Any, source: Any) -> Any:
    return ag.set_at(self, _at(self, dim, index), cast(source, self.dtype))


def index_fill(self: Any, dim: int, index: Any, value: Any) -> Any:
    return ag.set_at(self, _at(self, dim, index), cast(tensor(value), self.dtype))


# Positions along an axis --------------------------------------------------------------------------


def gather(self: Any, dim: int, index: Any, sparse_grad: bool = False) -> Any:
    if not self.ndim:
        return ag.reshape(self, shape=index.shape)
    return ag.gather(self, index, axis=dim)


def take_along_dim(self: Any, indices: Any, dim: int | None = None) -> Any:
    if dim is None:
        return ag.take(self, _array(indices).ravel())
    shape = np.broadcast_shapes(_without(self.shape, dim), _without(indices.shape, dim))
    axis = dim % self.ndim
    x = ag.broadcast_to(self, shape=(*shape[:axis], self.shape[axis], *shape[axis + 1 :]))
    places = (*shape[:axis], indices.shape[axis], *shape[axis + 1 :])
    return ag.take_along_axis(x, np.broadcast_to(_array(indices), places), axis=axis)


def _without(shape: tuple[int, ...], dim: int) -> tuple[int, ...]:
    axis = dim % len(shape)
    return (*shape[:axis], 1, *shape[axis + 1 :])


def _along(x: Any, index: Any, dim: int) -> tuple[Any, ...]:
    """The index that names ``x[..., index, ...]`` for every place of ``index``."""
    places = list(np.indices(index.shape, sparse=True))
    places[dim % x.ndim] = _array(index)
    return tuple(places)


def _fitting(index: Any, src: Any) -> Any:
    """Values for every place of the index, which may be shorter than they are."""
    if isinstance(src, Tensor) and src.ndim:
        return ag.getitem(src, tuple(slice(size) for size in index.shape))
    return src


def scatter(self: Any, dim: int, index: Any, src: Any, reduce: str | None = None) -> Any:
    if reduce is not None:
        return scatter_reduce(self, dim, index, src, {"add": "sum", "multiply": "prod"}[reduce])
    values = cast(tensor(_fitting(index, src)), self.dtype)
    return ag.set_at(self, _along(self, index, dim), values)


def scatter_add(self: Any, dim: int, index: Any, src: Any) -> Any:
    return ag.add_at(self, _along(self, index, dim), cast(_fitting(index, src), self.dtype))


def scatter_reduce(
    self: Any, dim: int, index: Any, src: Any, reduce: str, include_self: bool = True
) -> Any:
    """Values that meet at a place are combined: sum, mean, prod, amax or amin."""
    place = _along(self, index, dim)
    src = _fitting(index, src)
    if not isinstance(src, Tensor):
        src = ag.as_tensor(np.full(index.shape, src), dtype=self.dtype)
    values = cast(src, self.dtype)
    if reduce in ("sum", "mean"):
        total = ag.add_at(self if include_self else _left_out(self, place, 0), place, values)
        if reduce == "sum":
            return total
        count = np.full(self.shape, 1 if include_self else 0)
        np.add.at(count, place, 1)
        count = np.maximum(count, 1)
        if self.dtype.kind == "f":
            return total / ag.as_tensor(count.astype(self.dtype))
        return ag.floor_divide(total, ag.as_tensor(count.astype(self.dtype)))
    return _by_rank(self, place, values, index.shape, reduce, include_self)


def _left_out(x: Any, place: tuple[Any, ...], neutral: Any) -> Any:
    return ag.set_at(x, place, ag.as_tensor(neutral, dtype=x.dtype))


def _by_rank(
    x: Any, place: tuple[Any, ...], values: Any, shape: Any, reduce: str, include_self: bool
) -> Any:
    """The values of one place side by side on a new axis, which is then reduced.

    The k-th value for a place goes to row k of that axis, so that no two meet.
    """
    flat = np.ravel_multi_index(np.broadcast_arrays(*place), x.shape).ravel()
    order = np.argsort(flat, kind="stable")
    starts = np.concatenate([[0], np.flatnonzero(np.diff(flat[order])) + 1, [len(flat)]])
    rank = np.empty(len(flat), np.int64)
    rank[order] = np.arange(len(flat)) - np.repeat(starts[:-1], np.diff(starts))
    depth = int(rank.max(initial=-1)) + 1
    extreme: Any = {"amax": -np.inf, "amin": np.inf, "prod": 1.0}[reduce]
    if x.dtype.kind == "f" and np.isfinite(x.data).all() and np.isfinite(values.data).all():
        extreme = np.clip(extreme, np.finfo(x.dtype).min, np.finfo(x.dtype).max)  # no infinity here
    if x.dtype.kind != "f" and reduce != "prod":
        limits = np.iinfo(x.dtype)
        extreme = limits.min if reduce == "amax" else limits.max
    first = ag.reshape(x, shape=(1, x.size))
    if not include_self:
        first = ag.set_at(first, (0, flat), ag.as_tensor(extreme, dtype=x.dtype))
    rows = ag.full((depth, x.size), extreme, dtype=x.dtype)
    rows = ag.set_at(rows, (rank, flat), ag.reshape(values, shape=(-1,)))
    stacked = ag.concatenate([first, rows], axis=0)
    combine = {"amax": ag.amax, "amin": ag.amin, "prod": ag.prod}[reduce]
    return ag.reshape(combine(stacked, axis=0), shape=x.shape)


# Masks and tables ---------------------------------------------------------------------------------


def masked_select(self: Any, mask: Any) -> Any:
    x, keep = ag.broadcast_arrays(self, mask)
    return ag.getitem(x, _array(keep))


def masked_scatter(self: Any, mask: Any, source: Any) -> Any:
    """The first elements of ``source`` go where the mask holds, in order."""
    keep = np.broadcast_to(_array(mask), self.shape)
    values = ag.getitem(ag.ravel(source), slice(int(keep.sum())))
    return ag.set_at(self, keep, cast(values, self.dtype))


def nonzero(self: Any) -> Any:
    return ag.as_tensor(np.argwhere(_array(self)).astype(np.int64))


def nonzero_by_axis(self: Any) -> Any:
    return [ag.as_tensor(places) for places in np.nonzero(_array(self))]


def take(self: Any, index: Any) -> Any:
    return ag.take(self, _array(index))


def put(self: Any, index: Any, source: Any, accumulate: bool = False) -> Any:
    write = ag.add_at if accumulate else ag.set_at
    flat = write(ag.ravel(self), _array(index).ravel(), ag.ravel(source))
    return ag.reshape(flat, shape=self.shape)


def embedding(
    weight: Any,
    indices: Any,
    padding_idx: int = -1,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Any:
    # A gradient kept sparse is the same gradient, so the wish for one is let pass.
    padding = None if padding_idx == -1 else padding_idx
    return F.embedding(indices, weight, padding, scale_grad_by_freq=scale_grad_by_freq)


def embedding_renorm(self: Any, indices: Any, max_norm: float, norm_type: float) -> Any:
    """The table with those rows shortened that are looked up and longer than ``max_norm``."""
    rows = np.unique(_array(indices))
    table = np.array(self.data)
    norms = np.linalg.norm(table[rows], norm_type, axis=-1)
    long = norms > max_norm
    table[rows[long]] *= (max_norm / (norms[long] + 1e-7))[:, None]
    return ag.as_tensor(table)


def embedding_bag(
    weight: Any,
    indices: Any,
    offsets: Any,
    scale_grad_by_freq: bool = False,
    mode: int = 0,
    sparse: bool = False,
    per_sample_weights: Any = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Any:
    """Sum (mode 0), mean (1) or maximum (2) of the rows of every bag; bags begin at the offsets."""
    flat, starts = _array(indices), _array(offsets)
    ends = np.append(starts[1:], len(flat)) if not include_last_offset else starts[1:]
    starts = starts[: len(ends)]
    rows = F.embedding(flat, weight, scale_grad_by_freq=scale_grad_by_freq)
    keep = np.ones(len(flat), bool)
    if padding_idx is not None and padding_idx >= 0:
        keep = flat != padding_idx
    if per_sample_weights is not None:
        rows = rows * ag.expand_dims(per_sample_weights, axis=-1)
    bags, sizes = [], []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        bag = ag.getitem(rows, np.flatnonzero(keep[start:end]) + start)
        sizes.append(bag.shape[0])
        if mode == 2:
            bags.append(ag.amax(bag, axis=0) if bag.shape[0] else ag.zeros_like(weight[0]))
        else:
            total = ag.sum(bag, axis=0)
            bags.append(total / max(bag.shape[0], 1) if mode == 1 else total)
    result = ag.stack(bags) if bags else ag.zeros((0, weight.shape[1]), dtype=weight.dtype)
    return result, ag.as_tensor(flat), ag.as_tensor(np.array(sizes, np.int64)), ag.as_tensor(starts)


def one_hot(self: Any, num_classes: int = -1) -> Any:
    return F.one_hot(self, num_classes)


def is_in(
    elements: Any, test_elements: Any, assume_unique: bool = False, invert: bool = False
) -> Any:
    return ag.as_tensor(np.isin(_array(elements), _array(test_elements), invert=invert))


def unique(
    self: Any, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False
) -> Any:
    """The different values in order; where each element's stands; how often each is there."""
    values, inverse, counts = np.unique(
        np.asarray(self.data), return_inverse=True, return_counts=True
    )
    nothing = np.empty(0)  # as PyTorch gives what was not asked for
    return _whole(
        values,
        inverse.reshape(self.shape) if return_inverse else nothing,
        counts if return_counts else nothing,
    )


def unique_slices(
    self: Any,
    dim: int,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
) -> Any:
    values, inverse, counts = np.unique(
        np.asarray(self.data), return_inverse=True, return_counts=True, axis=dim
    )
    return _whole(values, inverse.reshape(-1), counts)


def unique_runs(
    self: Any, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """Of neighbours that are equal only the first one stays."""
    array = np.asarray(self.data)
    array = array.reshape(-1) if dim is None else np.moveaxis(array, dim, 0)
    rows = array.reshape(len(array), -1)
    first = np.ones(len(rows), bool)
    first[1:] = (rows[1:] != rows[:-1]).any(1)
    starts = np.flatnonzero(first)
    inverse = np.cumsum(first) - 1
    values = array[starts] if dim is None else np.moveaxis(array[starts], 0, dim)
    inverse = inverse.reshape(self.shape) if dim is None else inverse
    return _whole(values, inverse, np.diff(np.append(starts, len(rows))))


def _whole(values: Any, inverse: Any, counts: Any) -> Any:
    return tensor(values), tensor(inverse.astype(np.int64)), tensor(counts.astype(np.int64))


def bincount(self: Any, weights: Any = None, minlength: int = 0) -> Any:
    return tensor(ag.bincount(self, weights, minlength))


def item(self: Any) -> Any:
    return self.item()


TABLE: dict[str, Any] = {
    "index.Tensor": index,
    "_unsafe_index.Tensor": index,
    "index_put": index_put,
    "_unsafe_index_put": index_put,
    "_index_put_impl": lambda self, indices, values, accumulate=False, unsafe=False: index_put(
        self, indices, values, accumulate
    ),
    "index_select": index_select,
    "index_add": index_add,
    "index_copy": index_copy,
    "index_fill": index_fill,
    "gather": gather,
    "take_along_dim": take_along_dim,
    "scatter": scatter,
    "scatter_add": scatter_add,
    "scatter_reduce.two": scatter_reduce,
    "masked_select": masked_select,
    "masked_scatter": masked_scatter,
    "nonzero": nonzero,
    "nonzero_numpy": nonzero_by_axis,
    "argwhere": nonzero,
    "where.default": nonzero_by_axis,
    "take": take,
    "put": put,
    "embedding": embedding,
    "embedding_renorm": embedding_renorm,
    "embedding_bag.padding_idx": embedding_bag,
    "embedding_bag.default": embedding_bag,
    "_embedding_bag": embedding_bag,
    "_embedding_bag_forward_only": embedding_bag,
    "one_hot": one_hot,
    "isin.Tensor_Tensor": is_in,
    "isin.Tensor_Scalar": lambda elements, test_element, assume_unique=False, invert=False: is_in(
        elements, test_element, assume_unique, invert
    ),
    "bincount": bincount,
    "_unique2": unique,
    "unique_dim": unique_slices,
    "unique_consecutive": unique_runs,
    "item": item,
    "_local_scalar_dense": item,
    "is_nonzero": lambda self: bool(self.item()),
}
