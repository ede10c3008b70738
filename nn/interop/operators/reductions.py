"""Sums, means, extrema, norms, sorting and running sums."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd as ag
from autograd import Tensor
from nn.functional import plain as F
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


def mean(self: Any, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    axes = _all_axes_of_numbers(self, dim)
    return ag.mean(cast(self, dtype), axis=axes, keepdims=keepdim and self.ndim > 0)


def nansum(self: Any, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    return ag.nansum(_whole(self, dtype), axis=_axes(dim), keepdims=keepdim)


def nanmean(self: Any, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    return ag.nanmean(cast(self, dtype), axis=_axes(dim), keepdims=keepdim)


def prod(self: Any, dim: int | None = None, keepdim: bool = False, dtype: Any = None) -> Any:
    return ag.prod(_whole(self, dtype), axis=_all_axes_of_numbers(self, dim), keepdims=keepdim)


def _along(function: Any, of: Any = tensor) -> Any:
    """A reduction over one axis, several or all; ``of`` brings the tensor to its dtype."""

    def reduce(self: Any, dim: Any = None, keepdim: bool = False) -> Any:
        x = of(self)
        return function(x, axis=_all_axes_of_numbers(x, dim), keepdims=keepdim)

    return reduce


def count_nonzero(self: Any, dim: Any = None) -> Any:
    return ag.count_nonzero(self, axis=_axes(dim))


# Spread -------------------------------------------------------------------------------------------


def _spread(function: Any, with_mean: bool = False) -> dict[str, Any]:
    """The three ways in which ``var`` and ``std`` are called, alone or with the mean beside them."""

    def with_correction(
        self: Any, dim: Any = None, correction: Any = None, keepdim: bool = False
    ) -> Any:
        ddof = 1 if correction is None else correction
        found = function(self, axis=_axes(dim), ddof=ddof, keepdims=keepdim)
        return (found, ag.mean(self, axis=_axes(dim), keepdims=keepdim)) if with_mean else found

    def along(self: Any, dim: Any, unbiased: bool = True, keepdim: bool = False) -> Any:
        return with_correction(self, dim, int(unbiased), keepdim)

    def over_all(self: Any, unbiased: bool = True) -> Any:
        return with_correction(self, None, int(unbiased))

    return {"correction": with_correction, "dim": along, "default": over_all}


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


amin, amax = _along(ag.amin), _along(ag.amax)


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


# Running and sorted -------------------------------------------------------------------------------


def cumsum(self: Any, dim: int, dtype: Any = None) -> Any:
    x = _whole(self, dtype)
    return ag.cumsum(x, axis=dim) if x.ndim else x


def cumprod(self: Any, dim: int, dtype: Any = None) -> Any:
    x = _whole(self, dtype)
    return ag.cumprod(x, axis=dim) if x.ndim else x


def distance(self: Any, other: Any, p: Any = 2) -> Any:
    x, y = common(self, other)
    return ag.dist(x, y, p)


def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    return F.cosine_similarity(*common(x1, x2), dim=dim, eps=eps)


def sort(self: Any, dim: int = -1, descending: bool = False, stable: Any = None) -> Any:
    return ag.sort_with_indices(self, dim, descending)


def quantile(
    self: Any, q: Any, dim: int | None = None, keepdim: bool = False, interpolation: str = "linear"
) -> Any:
    q = np.asarray(q.data) if isinstance(q, Tensor) else q
    return ag.quantile(self, q, axis=dim, method=interpolation, keepdims=keepdim)


TABLE: dict[str, Any] = {
    "sum.default": sum_,
    "sum.dim_IntList": sum_,
    "mean.default": mean,
    "mean.dim": mean,
    "nansum": nansum,
    "nanmean": nanmean,
    "prod.default": prod,
    "prod.dim_int": prod,
    "count_nonzero": count_nonzero,
    "any": _along(ag.any),
    "all": _along(ag.all),
    "logsumexp": _along(ag.logsumexp, as_floats),
    "special_logsumexp": _along(ag.logsumexp, as_floats),
    **{f"var.{name}": function for name, function in _spread(ag.var).items()},
    **{f"std.{name}": function for name, function in _spread(ag.std).items()},
    **{f"var_mean.{name}": function for name, function in _spread(ag.var, True).items()},
    **{f"std_mean.{name}": function for name, function in _spread(ag.std, True).items()},
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
    "pairwise_distance": lambda x1, x2, *given: F.pairwise_distance(
        *common(x1, x2, floats=True), *given
    ),
    "cdist": lambda x1, x2, p=2.0, compute_mode=None: ag.cdist(x1, x2, p),
    "_cdist_forward": lambda x1, x2, p, compute_mode: ag.cdist(x1, x2, p),
    "pdist": ag.pdist,
    "_pdist_forward": ag.pdist,
    "cosine_similarity": cosine_similarity,
    "cumsum": cumsum,
    "cumprod": cumprod,
    "cummax": lambda self, dim: ag.cummax_with_indices(self, axis=dim),
    "cummin": lambda self, dim: ag.cummin_with_indices(self, axis=dim),
    "logcumsumexp": lambda self, dim: ag.logcumsumexp(self, axis=dim),
    "diff": ag.diff,
    "sort": sort,
    "msort": lambda self: sort(self, 0)[0],
    "argsort": lambda self, dim=-1, descending=False, stable=None: sort(self, dim, descending)[1],
    "topk": lambda self, k, dim=-1, largest=True, sorted=True: ag.topk(self, k, dim, largest),
    "kthvalue": ag.kthvalue,
    "median.default": lambda self: ag.median(ag.ravel(self), dim=0)[0],
    "median.dim": lambda self, dim, keepdim=False: ag.median(self, dim=dim, keepdim=keepdim),
    "nanmedian.default": lambda self: ag.nanmedian(ag.ravel(self), dim=0)[0],
    "nanmedian.dim": lambda self, dim, keepdim=False: ag.nanmedian(self, dim=dim, keepdim=keepdim),
    "trapezoid.dx": lambda y, dx=1.0, dim=-1: ag.trapezoid(y, None, dx, dim),
    "trapezoid.x": lambda y, x, dim=-1: ag.trapezoid(y, x, 1.0, dim),
    "quantile": quantile,
    "searchsorted": lambda sorted_sequence, self, **options: ag.searchsorted(
        sorted_sequence, self, **options
    ),
    "bucketize": ag.bucketize,
}
