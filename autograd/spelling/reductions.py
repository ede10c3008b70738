"""Reductions and orders as PyTorch reads them: what ``dim=`` declares, and names only it has."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autograd import arguments
from autograd.arguments.arrays import array_like, raw
from autograd.core.tensor import Tensor
from autograd.ops.cumulative import cummax_with_indices, cummin_with_indices
from autograd.ops.elementwise import maximum, minimum
from autograd.ops.gathering import take_along_axis
from autograd.ops.reductions import (
    amax,
    amin,
    max_with_indices,
    mean,
    min_with_indices,
    std,
    var,
)
from autograd.ops.shapes import ravel, reshape, squeeze
from autograd.ops.sorting import ValuesAndIndices, argsort, sort_with_indices


def max_along(x: Any, dim: Any, keepdim: Any = False) -> Any:
    """Largest elements along an axis, and where; of two tensors the larger of each pair."""
    if _is_other(dim):
        return maximum(x, dim)
    return ValuesAndIndices(*max_with_indices(x, axis=dim, keepdims=keepdim))


def min_along(x: Any, dim: Any, keepdim: Any = False) -> Any:
    """Smallest elements along an axis, and where; of two tensors the smaller of each pair."""
    if _is_other(dim):
        return minimum(x, dim)
    return ValuesAndIndices(*min_with_indices(x, axis=dim, keepdims=keepdim))


def _is_other(dim: Any) -> bool:
    """True for a second tensor, which can be no axis, as an array of NumPy's without axes can."""
    return isinstance(dim, Tensor) or (
        isinstance(dim, np.ndarray) and (dim.ndim > 0 or dim.dtype.kind == "f")
    )


def sort_along(x: Any, dim: Any = -1, descending: Any = False, stable: Any = True) -> Any:
    """x in order along an axis, and where each element came from."""
    return ValuesAndIndices(*sort_with_indices(x, axis=dim, descending=descending))


def msort(x: Any) -> Any:
    """``x.sort(axis=0)``."""
    return sort_with_indices(x, axis=0)[0]


def median_along(x: Any, dim: Any, keepdim: Any = False) -> Any:
    """The element in the middle along an axis (of two the smaller), and where it is."""
    return kthvalue(x, None, dim, keepdim, "median")


def nanmedian_along(x: Any, dim: Any, keepdim: Any = False) -> Any:
    """As ``median_along``, of the elements that are no NaN."""
    return kthvalue(x, None, dim, keepdim, "nanmedian")


def kthvalue(x: Any, k: Any, dim: Any = -1, keepdim: Any = False, who: str = "kthvalue") -> Any:
    """The k-th smallest element along an axis, counted from 1, and where it is.

    The gradient goes to that element. NaN counts as the largest.
    """
    x = array_like(who, x)
    if not x.shape:
        return _of_vector(kthvalue, x, k, arguments.axis(who, dim, 1, "dim"), keepdim, who)
    axis = arguments.axis(who, dim, len(x.shape), "dim")
    n = x.shape[axis]
    if not n:
        raise ValueError(f"{who}: there is nothing to choose from along axis {axis} of {x.shape}")
    order = np.asarray(raw(argsort(raw(x), axis=axis)))
    ordered = np.take_along_axis(np.asarray(raw(x)), order, axis)
    missing = np.isnan(ordered).sum(axis, keepdims=True)
    if k is not None:
        k = arguments.integer(who, "k", k)
        if k > n:
            raise ValueError(f"{who}: k={k} is more than axis {axis} of {x.shape} has")
        place = np.full(missing.shape, k - 1)
    elif who == "median":
        place = np.where(missing > 0, n - missing, (n - 1) // 2)  # NaN, where there is one
    else:
        place = np.maximum(n - missing - 1, 0) // 2
    indices = np.take_along_axis(order, place, axis)
    values = take_along_axis(x, indices, axis)
    if not arguments.boolean(who, "keepdim", keepdim):
        values, indices = squeeze(values, axis=axis), indices.squeeze(axis)
    return ValuesAndIndices(values, Tensor(indices))


def _of_vector(function: Any, x: Any, *given: Any) -> Any:
    """Values and indices of a number, which is taken for a vector of one."""
    values, indices = function(ravel(x), *given)
    return ValuesAndIndices(reshape(values, ()), reshape(indices, ()))


def mode(x: Any, dim: Any = -1, keepdim: Any = False) -> Any:
    """The most frequent element along an axis (of several the smallest), and where it was last."""
    x = array_like("mode", x)
    if not x.shape:
        return _of_vector(mode, x, dim, keepdim)
    axis = arguments.axis("mode", dim, len(x.shape), "dim")
    rows = np.moveaxis(np.asarray(raw(x)), axis, -1)
    counts = (rows[..., :, None] == rows[..., None, :]).sum(-1)
    best = np.where(counts == counts.max(-1, keepdims=True), rows, np.inf).min(-1, keepdims=True)
    last = rows.shape[-1] - 1 - np.argmax((rows == best)[..., ::-1], -1, keepdims=True)
    indices = np.moveaxis(last, -1, axis)
    values = take_along_axis(x, indices, axis)
    if not arguments.boolean("mode", "keepdim", keepdim):
        values, indices = squeeze(values, axis=axis), indices.squeeze(axis)
    return ValuesAndIndices(values, Tensor(indices))


def cummax_along(x: Any, dim: Any) -> Any:
    """Running maximum along an axis, and where each was met."""
    return ValuesAndIndices(*cummax_with_indices(x, axis=dim))


def cummin_along(x: Any, dim: Any) -> Any:
    """Running minimum along an axis, and where each was met."""
    return ValuesAndIndices(*cummin_with_indices(x, axis=dim))


class MinAndMax(NamedTuple):
    """What ``aminmax`` returns."""

    min: Any
    max: Any


def aminmax(x: Any, *, dim: Any = None, keepdim: Any = False) -> Any:
    """The smallest and the largest element, of all or along an axis."""
    return MinAndMax(amin(x, axis=dim, keepdims=keepdim), amax(x, axis=dim, keepdims=keepdim))


# Spread around the mean ---------------------------------------------------------------------------


def spread_of(
    who: str, x: Any, dim: Any = None, unbiased: Any = None, keepdim: Any = False,
    *, correction: Any = None, ddof: Any = None,
) -> Any:  # fmt: skip
    """``std`` or ``var`` as PyTorch's words ask for it; they have to say what it is divided by."""
    if isinstance(dim, (bool, np.bool_)):
        dim, unbiased = None, dim
    said = [d for d in (ddof, correction) if d is not None]
    if unbiased is not None:
        said.append(int(arguments.boolean(who, "unbiased", unbiased)))
    if len(said) != 1:
        raise TypeError(
            f"{who}: dim= is PyTorch's word, and PyTorch divides by n - 1 where NumPy divides by n; "
            "say correction=1 or correction=0 (or unbiased=True or False)"
            if not said else f"{who}: give one of correction, unbiased and ddof, not several"
        )  # fmt: skip
    function = std if who == "std" else var
    axes = None if isinstance(dim, (tuple, list)) and not dim else dim
    return function(x, axis=axes, ddof=said[0], keepdims=keepdim)


def _ddof(who: str, unbiased: Any, correction: Any) -> Any:
    return int(arguments.boolean(who, "unbiased", unbiased)) if correction is None else correction


def var_mean(
    x: Any, dim: Any = None, unbiased: Any = True, keepdim: Any = False, *, correction: Any = None
) -> Any:
    """Variance (divided by n − correction, 1 by default) and mean."""
    if isinstance(dim, (bool, np.bool_)):
        dim, unbiased = None, dim
    ddof = _ddof("var_mean", unbiased, correction)
    return var(x, axis=dim, ddof=ddof, keepdims=keepdim), mean(x, axis=dim, keepdims=keepdim)


def std_mean(
    x: Any, dim: Any = None, unbiased: Any = True, keepdim: Any = False, *, correction: Any = None
) -> Any:
    """Standard deviation (divided by n − correction, 1 by default) and mean."""
    if isinstance(dim, (bool, np.bool_)):
        dim, unbiased = None, dim
    ddof = _ddof("std_mean", unbiased, correction)
    return std(x, axis=dim, ddof=ddof, keepdims=keepdim), mean(x, axis=dim, keepdims=keepdim)
