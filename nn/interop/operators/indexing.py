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


def _scatter(name: str) -> Any:
    """``scatter`` and what is like it, with values in the dtype of what they are written to."""

    def of(self: Any, dim: int, index: Any, src: Any, *given: Any, **options: Any) -> Any:
        values = cast(tensor(src), self.dtype)
        found = getattr(self, name)(dim, index, values, *given, **options)
        return found if found.dtype == self.dtype else cast(ag.floor(found), self.dtype)

    return of


# Masks and tables ---------------------------------------------------------------------------------


def nonzero(self: Any) -> Any:
    return ag.as_tensor(np.argwhere(_array(self)).astype(np.int64))


def nonzero_by_axis(self: Any) -> Any:
    return [ag.as_tensor(places) for places in np.nonzero(_array(self))]


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
    """The bags, and what PyTorch's own backward would need: among it, how many rows each has."""
    padding = padding_idx if padding_idx is not None and padding_idx >= 0 else None
    bags = F.embedding_bag(
        indices, weight, offsets, scale_grad_by_freq=scale_grad_by_freq,
        mode=("sum", "mean", "max")[mode], per_sample_weights=per_sample_weights,
        include_last_offset=include_last_offset, padding_idx=padding,
    )  # fmt: skip
    flat, starts = _array(indices), _array(offsets)[: bags.shape[0]]
    before = np.cumsum([0, *(flat != padding)])
    sizes = np.diff(before[np.append(starts, len(flat))])
    return bags, ag.as_tensor(flat), ag.as_tensor(sizes), ag.as_tensor(starts)


def padded_embedding_bag(
    weight: Any,
    indices: Any,
    offsets: Any,
    scale_grad_by_freq: bool,
    mode: int,
    sparse: bool,
    per_sample_weights: Any,
    include_last_offset: bool,
    padding_idx: int | None,
) -> Any:
    """The overload whose padding counts from the last row where it is negative."""
    row = None if padding_idx is None else padding_idx % weight.shape[0]
    return embedding_bag(
        weight, indices, offsets, scale_grad_by_freq, mode, sparse, per_sample_weights,
        include_last_offset, row,
    )  # fmt: skip


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
    "index_select": ag.index_select,
    "index_add": index_add,
    "index_copy": index_copy,
    "index_fill": index_fill,
    "gather": gather,
    "take_along_dim": ag.take_along_dim,
    **{name: _scatter(name) for name in ("scatter", "scatter_add")},
    "scatter_reduce.two": _scatter("scatter_reduce"),
    "masked_select": ag.masked_select,
    "masked_scatter": ag.masked_scatter,
    "nonzero": nonzero,
    "nonzero_numpy": nonzero_by_axis,
    "argwhere": nonzero,
    "where.default": nonzero_by_axis,
    "take": ag.take,
    "put": put,
    "embedding": embedding,
    "embedding_renorm": embedding_renorm,
    "embedding_bag.padding_idx": padded_embedding_bag,
    "embedding_bag.default": embedding_bag,
    "_embedding_bag": embedding_bag,
    "_embedding_bag_forward_only": embedding_bag,
    "one_hot": F.one_hot,
    "isin.Tensor_Tensor": is_in,
    "isin.Tensor_Scalar": lambda elements, test_element, assume_unique=False, invert=False: is_in(
        elements, test_element, assume_unique, invert
    ),
    "bincount": bincount,
    "_unique2": unique,
    "unique_dim": unique_slices,
    "unique_consecutive": lambda self, return_inverse=False, return_counts=False, dim=None: _whole(
        *ag.unique_consecutive(self.detach(), True, True, dim)
    ),
    "item": item,
    "_local_scalar_dense": item,
    "is_nonzero": lambda self: bool(self.item()),
}
