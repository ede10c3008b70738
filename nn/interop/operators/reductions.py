"""Sums, means, extrema, norms, sorting and running sums."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd as ag
from autograd import Tensor
from nn.interop.operators.promotion import as_floats, cast, common, tensor

INT64 = np.dtype(np.int64)


def _axes(dim: Any) -> Any:
    """None for all axes, which PyTorch also writes as an empty list."""
    if dim is None or (isinstance(dim, (list, tuple)) and not dim):
        return None
    return tuple(dim) if isinstance(dim, (list, tuple)) else dim


def _all_axes_of_numbers(x: Any, dim: Any) -> Any:
    """A number has no axis, though PyTorch lets it have axis 0."""
    return _axes(dim) if x.ndim else None


def _whole(x: Any, dtype: Any) -> Any:
    """What is summed: in ``dtype``, else small integers and bools as 64 bits."""
    if dtype is not None:
        return cast(x, dtype)
    return x if x.dtype.kind == "f" else cast(x, INT64)


# Sums ---------------------------------------------------------------------------------------------


def sum_(self: Any, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    axes = _all_axes_of_numbers(self, dim)
    return ag.sum(_whole(self, dtype), axis=axes, keepdims=keepdim and self.ndim > 0)


def sum_all(self: Any, dtype: Any = None) -> Any:
    return ag.sum(_whole(self, dtype))


def mean(self: Any, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    axes = _all_axes_of_numbers(self, dim)
    return ag.mean(cast(self, dtype), axis=axes, keepdims=keepdim and self.ndim > 0)


def mean_all(self: Any, dtype: Any = None) -> Any:
    return ag.mean(cast(self, dtype))


def nansum(self: Any, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    return ag.nansum(_whole(self, dtype), axis=_axes(dim), keepdims=keepdim)


def nanmean(self: Any, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    return ag.nanmean(cast(self, dtype), axis=_axes(dim), keepdims=keepdim)


def prod_all(self: Any, dtype: Any = None) -> Any:
    return ag.prod(_whole(self, dtype))


def prod(self: Any, dim: int, keepdim: bool = False, dtype: Any = None) -> Any:
    return ag.prod(_whole(self, dtype), axis=_all_axes_of_numbers(self, dim), keepdims=keepdim)


def count_nonzero(self: Any, dim: Any = None) -> Any:
    return ag.count_nonzero(self, axis=_axes(dim))


def any_(self: Any, dim: Any = None, keepdim: bool = False) -> Any:
    return ag.any(self, axis=_all_axes_of_numbers(self, dim), keepdims=keepdim)


def all_(self: Any, dim: Any = None, keepdim: bool = False) -> Any:
    return ag.all(self, axis=_all_axes_of_numbers(self, dim), keepdims=keepdim)


def logsumexp(self: Any, dim: Any, keepdim: bool = False) -> Any:
    x = as_floats(self)
    return ag.logsumexp(x, axis=_all_axes_of_numbers(x, dim), keepdims=keepdim)


# Spread -------------------------------------------------------------------------------------------


def _variance(x: Any, dim: Any, correction: Any, keepdim: bool) -> Any:
    correction = 1 if correction is None else correction
    return ag.var(x, axis=_axes(dim), ddof=correction, keepdims=keepdim)


def _deviation(x: Any, dim: Any, correction: Any, keepdim: bool) -> Any:
    correction = 1 if correction is None else correction
    return ag.std(x, axis=_axes(dim), ddof=correction, keepdims=keepdim)


def _spread(function: Any) -> dict[str, Any]:
    """The three ways in which ``var`` and ``std`` are called."""

    def with_correction(
        self: Any, dim: Any = None, correction: Any = None, keepdim: bool = False
    ) -> Any:
        return function(self, dim, correction, keepdim)

    def along(self: Any, dim: Any, unbiased: bool = True, keepdim: bool = False) -> Any:
        return function(self, dim, int(unbiased), keepdim)

    def over_all(self: Any, unbiased: bool = True) -> Any:
        return function(self, None, int(unbiased), False)

    return {"correction": with_correction, "dim": along, "default": over_all}


def _with_mean(function: Any) -> Any:
    def both(x: Any, dim: Any, correction: Any, keepdim: bool) -> Any:
        mean = ag.mean(x, axis=_axes(dim), keepdims=keepdim)
        return function(x, dim, correction, keepdim), mean

    return both


# Extrema ------------------------------------------------------------------------------------------


def _extremum(function: Any) -> Any:
    def along(self: Any, dim: int, keepdim: bool = False) -> Any:
        if not self.ndim:
            return self, ag.as_tensor(0)
        return function(self, axis=dim, keepdims=keepdim)

    return along


def _position(function: Any) -> Any:
    def of(self: Any, dim: int | None = None, keepdim: bool = False) -> Any:
        axis = _all_axes_of_numbers(self, dim)
        return ag.as_tensor(function(self, axis=axis, keepdims=keepdim), dtype=INT64)

    return of


def amax(self: Any, dim: Any = (), keepdim: bool = False) -> Any:
    return ag.amax(self, axis=_all_axes_of_numbers(self, dim), keepdims=keepdim)


def amin(self: Any, dim: Any = (), keepdim: bool = False) -> Any:
    return ag.amin(self, axis=_all_axes_of_numbers(self, dim), keepdims=keepdim)


def aminmax(self: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    return amin(self, dim, keepdim), amax(self, dim, keepdim)


# Norms --------------------------------------------------------------------------------------------


def vector_norm(
    self: Any, ord: Any = 2, dim: Any = None, keepdim: bool = False, dtype: Any = None
) -> Any:
    x = cast(self, dtype)
    return ag.linalg.vector_norm(x, ord=ord, axis=_axes(dim), keepdims=keepdim)


def norm(self: Any, p: Any = 2, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    return vector_norm(self, 2 if p is None else p, dim, keepdim, dtype)


def matrix_norm(
    self: Any, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, dtype: Any = None
) -> Any:
    return ag.linalg.matrix_norm(cast(self, dtype), ord, tuple(dim), keepdim)


def linalg_norm(
    self: Any, ord: Any = None, dim: Any = None, keepdim: bool = False, dtype: Any = None
) -> Any:
    x = cast(self, dtype)
    return ag.linalg.norm(x, ord, _axes(dim), keepdim)


def distance(self: Any, other: Any, p: Any = 2) -> Any:
    x, y = common(self, other)
    return vector_norm(x - y, p)


def pairwise_distance(
    x1: Any, x2: Any, p: float = 2, eps: float = 1e-6, keepdim: bool = False
) -> Any:
    return ag.linalg.vector_norm(x1 - x2 + eps, ord=p, axis=-1, keepdims=keepdim)


def all_distances(x1: Any, x2: Any, p: float = 2.0, compute_mode: Any = None) -> Any:
    """Distances between the rows of two matrices (or stacks of them)."""
    rows = ag.expand_dims(x1, axis=-2) - ag.expand_dims(x2, axis=-3)
    return ag.linalg.vector_norm(rows, ord=p, axis=-1)


def distances_between_rows(self: Any, p: float = 2.0) -> Any:
    """Of every pair of rows once, in the order of the upper triangle."""
    first, second = np.triu_indices(self.shape[0], 1)
    rows = ag.getitem(self, first) - ag.getitem(self, second)
    return ag.linalg.vector_norm(rows, ord=p, axis=-1)


def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    from nn.functional import plain as F

    x, y = common(x1, x2)
    return F.cosine_similarity(x, y, dim=dim, eps=eps)


# Running and sorted -------------------------------------------------------------------------------


def cumsum(self: Any, dim: int, dtype: Any = None) -> Any:
    x = _whole(self, dtype)
    return ag.cumsum(x, axis=dim) if x.ndim else x


def cumprod(self: Any, dim: int, dtype: Any = None) -> Any:
    x = _whole(self, dtype)
    return ag.cumprod(x, axis=dim) if x.ndim else x


def _running_extremum(accumulate: Any, better: Any) -> Any:
    def along(self: Any, dim: int) -> Any:
        axis = dim % self.ndim
        array = np.moveaxis(np.asarray(self.data), axis, 0)
        places = np.zeros(array.shape, np.int64)
        for k in range(1, len(array)):
            held = np.take_along_axis(array, places[k - 1 : k], 0)[0]
            places[k] = np.where(better(array[k], held) | np.isnan(array[k]), k, places[k - 1])
        indices = ag.as_tensor(np.ascontiguousarray(np.moveaxis(places, 0, axis)))
        return ag.take_along_axis(self, indices, axis=axis), indices

    return along


def log_cumsum_exp(self: Any, dim: int) -> Any:
    """log of the running sum of exp: each prefix is shifted by the largest value of all."""
    most = ag.amax(self.detach(), axis=dim, keepdims=True)
    most = ag.where(ag.isfinite(most), most, 0.0)
    return ag.log(ag.cumsum(ag.exp(self - most), axis=dim)) + most


def difference(
    self: Any, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None
) -> Any:
    return ag.diff(self, n, dim, prepend=prepend, append=append)


def sort(self: Any, dim: int = -1, descending: bool = False, stable: Any = None) -> Any:
    if not self.ndim:
        return self, ag.as_tensor(0)
    order = _order(self, dim, descending)
    return ag.take_along_axis(self, order, axis=dim), order


def argsort(self: Any, dim: int = -1, descending: bool = False, stable: Any = None) -> Any:
    return _order(self, dim, descending)


def _order(x: Any, dim: int, descending: bool) -> Tensor:
    array = np.asarray(x.data)
    if not descending:
        return ag.as_tensor(np.argsort(array, axis=dim, kind="stable"))
    # Equal elements keep their order, so the reversed array is sorted and read backwards.
    turned = np.argsort(np.flip(array, dim), axis=dim, kind="stable")
    return ag.as_tensor(np.flip(array.shape[dim] - 1 - turned, dim).copy())


def topk(self: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    order = np.take(np.asarray(_order(self, dim, largest).data), np.arange(k), axis=dim)
    places = ag.as_tensor(order)
    return ag.take_along_axis(self, places, axis=dim), places


def kth_value(self: Any, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    places = np.take(np.asarray(_order(self, dim, False).data), [k - 1], axis=dim)
    return _picked(self, places, dim, keepdim)


def _picked(x: Any, places: Any, dim: int, keepdim: bool) -> Any:
    indices = ag.as_tensor(np.asarray(places, np.int64))
    values = ag.take_along_axis(x, indices, axis=dim)
    if keepdim:
        return values, indices
    return ag.squeeze(values, axis=dim), ag.squeeze(indices, axis=dim)


def median(self: Any, dim: int, keepdim: bool = False) -> Any:
    """The lower one of the two in the middle, which is what PyTorch calls the median."""
    if not self.ndim:
        return self, ag.as_tensor(0)
    return kth_value(self, (self.shape[dim] + 1) // 2, dim, keepdim)


def median_of_all(self: Any) -> Any:
    return median(ag.ravel(self), 0)[0]


def quantile(
    self: Any, q: Any, dim: int | None = None, keepdim: bool = False, interpolation: str = "linear"
) -> Any:
    q = np.asarray(q.data) if isinstance(q, Tensor) else q
    return ag.quantile(self, q, axis=dim, method=interpolation, keepdims=keepdim)


def nanmedian_of_all(self: Any) -> Any:
    array = np.asarray(self.data).ravel()
    return median_of_all(ag.getitem(ag.ravel(self), np.flatnonzero(~np.isnan(array))))


def nanmedian(self: Any, dim: int, keepdim: bool = False) -> Any:
    """As ``median``, of those that are numbers: NaNs are sorted last."""
    count = np.sum(~np.isnan(np.asarray(self.data)), axis=dim, keepdims=True)
    order = np.asarray(_order(self, dim, False).data)
    places = np.take_along_axis(order, np.maximum((count + 1) // 2 - 1, 0), dim)
    return _picked(self, places, dim, keepdim)


def trapezoid(y: Any, x: Any = None, dx: float = 1.0, dim: int = -1) -> Any:
    return ag.trapezoid(y, x, dx, dim)


def search_sorted(
    sorted_sequence: Any,
    self: Any,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Any = None,
) -> Any:
    array, values = np.asarray(sorted_sequence.data), np.asarray(tensor(self).data)
    wanted: Any = side or ("right" if right else "left")
    if sorter is not None:
        array = np.take_along_axis(array, np.asarray(sorter.data), -1)
    if array.ndim == 1:
        found = np.searchsorted(array, values, wanted)
    else:
        rows = zip(array.reshape(-1, array.shape[-1]), values.reshape(-1, values.shape[-1]),
                   strict=True)  # fmt: skip
        found = np.stack([np.searchsorted(a, v, wanted) for a, v in rows]).reshape(values.shape)
    return ag.as_tensor(np.asarray(found, np.int32 if out_int32 else np.int64))


def bucketize(self: Any, boundaries: Any, out_int32: bool = False, right: bool = False) -> Any:
    return search_sorted(boundaries, self, out_int32, right)


_VAR, _STD = _spread(_variance), _spread(_deviation)
_VAR_MEAN, _STD_MEAN = _spread(_with_mean(_variance)), _spread(_with_mean(_deviation))

TABLE: dict[str, Any] = {
    "sum.default": sum_all,
    "sum.dim_IntList": sum_,
    "mean.default": mean_all,
    "mean.dim": mean,
    "nansum": nansum,
    "nanmean": nanmean,
    "prod.default": prod_all,
    "prod.dim_int": prod,
    "count_nonzero": count_nonzero,
    "any": any_,
    "all": all_,
    "logsumexp": logsumexp,
    "special_logsumexp": logsumexp,
    **{f"var.{name}": function for name, function in _VAR.items()},
    **{f"std.{name}": function for name, function in _STD.items()},
    **{f"var_mean.{name}": function for name, function in _VAR_MEAN.items()},
    **{f"std_mean.{name}": function for name, function in _STD_MEAN.items()},
    "max.default": lambda self: ag.max(self),
    "min.default": lambda self: ag.min(self),
    "max.dim": _extremum(ag.max_with_indices),
    "min.dim": _extremum(ag.min_with_indices),
    "amax": amax,
    "amin": amin,
    "aminmax": aminmax,
    "argmax": _position(ag.argmax),
    "argmin": _position(ag.argmin),
    "linalg_vector_norm": vector_norm,
    "linalg_matrix_norm": matrix_norm,
    "linalg_norm": linalg_norm,
    "norm": norm,
    "frobenius_norm": lambda self, dim, keepdim=False: vector_norm(self, 2, dim, keepdim),
    "dist": distance,
    "pairwise_distance": pairwise_distance,
    "cdist": all_distances,
    "_cdist_forward": all_distances,
    "pdist": distances_between_rows,
    "_pdist_forward": distances_between_rows,
    "cosine_similarity": cosine_similarity,
    "cumsum": cumsum,
    "cumprod": cumprod,
    "cummax": _running_extremum(np.maximum, np.greater_equal),
    "cummin": _running_extremum(np.minimum, np.less_equal),
    "logcumsumexp": log_cumsum_exp,
    "diff": difference,
    "sort": sort,
    "msort": lambda self: sort(self, 0)[0],
    "argsort": argsort,
    "topk": topk,
    "kthvalue": kth_value,
    "median.default": median_of_all,
    "median.dim": median,
    "nanmedian.default": nanmedian_of_all,
    "nanmedian.dim": nanmedian,
    "trapezoid.dx": lambda y, dx=1.0, dim=-1: trapezoid(y, None, dx, dim),
    "trapezoid.x": lambda y, x, dim=-1: trapezoid(y, x, 1.0, dim),
    "quantile": quantile,
    "searchsorted": search_sorted,
    "bucketize": bucketize,
}
