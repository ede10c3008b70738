"""Normalisation to mean 0 and variance 1 over any axes: batch, layer, group and instance norm.

    normalize(x, weight, bias, *, axes, eps) -> (y, mean, rstd, variance)
    normalize_gradient(g, x, weight, mean, rstd, *, axes) -> (gx, gweight, gbias)
    moments(x, *, axes, eps=0) -> (mean, variance)

``axes`` are the ones that are averaged over: (0, 2, 3) for batch norm of images, (-1,) for layer
norm. ``weight`` and ``bias`` are None or broadcast against ``x``, so a batch norm passes them as
(1, C, 1, 1). ``mean``, ``rstd`` = 1 / √(variance + eps) and ``variance`` (the biased one) keep the
reduced axes with size 1. Results lie in memory as ``x`` does.

Two ideas.

*Any layout is four axes.* In memory order, neighbouring axes that are both averaged over, or both
kept, merge; what is left of batch-last images under batch norm is (H, C, W·N), of C-ordered ones
(N, C, H·W), of a matrix under layer norm (rows, columns). All of these are special cases of
(A, C, B, D) with statistics of shape (C, D). The one loop below goes over blocks of that which
stay in cache, so each pass reads memory once however many NumPy calls it takes.

*One pass for the statistics.* Mean and variance come from Σ(x − s) and Σ(x − s)², where the shift s
is at first 0, which costs no subtraction and is exact enough while it lies within a few standard
deviations of the mean (σ² = Σ(x − s)²/n − δ² with δ = mean − s cancels otherwise). Where it does
not, the pass is run again with the mean just found. Sums over blocks are kept in double precision.
The gradient leaves out the subtraction of the mean by the same rule. See Chan, Golub & LeVeque,
"Algorithms for computing the sample variance", 1983.
"""

from collections.abc import Callable, Iterator, Sequence
from math import prod

import numpy as np

from autograd.kernels.pieces import COST, PIECES
from autograd.kernels.threads import WORTHWHILE, for_each

BLOCK = 1 << 18  # elements per block: smaller ones cost more in calls than the cache gives back
FAR = 16.0  # (distance of shift and mean)² in variances beyond which the statistics are redone

Block = tuple[tuple[slice, slice], slice]
"""Which part of (A, C), and which of the C statistics belong to it."""


def moments(
    x: np.ndarray, *, axes: Sequence[int], eps: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and biased variance of ``x`` over ``axes``, which stay with size 1.

    ``eps`` says which variances are too small to matter: errors well below it are accepted.
    """
    if x.dtype.kind == "O":
        mean = _plain_mean(x, axes)
        return mean, _plain_mean((x - mean) * (x - mean), axes)
    plan = _Plan(x, axes)
    mean, variance, _ = _statistics(plan.blocks(x), plan, eps)
    return plan.statistic(mean), plan.statistic(variance)


def normalize(
    x: np.ndarray,
    weight: np.ndarray | None,
    bias: np.ndarray | None,
    *,
    axes: Sequence[int],
    eps: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """``(x − mean) / √(variance + eps) · weight + bias``, and its statistics.

    Returns ``(y, mean, rstd, variance)``. The statistics of float16 are float32.

    >>> y, mean, rstd, variance = normalize(np.array([[1.0, 3.0]]), None, None, axes=(1,), eps=0.0)
    >>> y, mean, variance
    (array([[-1.,  1.]]), array([[2.]]), array([[1.]]))
    """
    if x.dtype.kind == "O":
        mean, variance = moments(x, axes=axes)
        rstd = (variance + eps) ** -0.5
        y = (x - mean) * rstd
        y = y if weight is None else y * weight
        return (y if bias is None else y + bias), mean, rstd, variance
    plan = _Plan(x, axes)
    weight_varies, bias_varies = plan.varies(weight), plan.varies(bias)
    x4 = plan.blocks(x)
    mean, variance, shift = _statistics(x4, plan, eps)
    rstd = 1.0 / np.sqrt(variance + eps)
    scale = rstd if weight is None or weight_varies else rstd * plan.per_statistic(weight)
    # The shift is a few standard deviations off at most: this product cannot swamp the bias.
    offset = ((0.0 if shift is None else shift) - mean) * scale
    if bias is not None and not (bias_varies or weight_varies):
        offset = offset + plan.per_statistic(bias)
    centre = None if shift is None else plan.spread(shift)
    scale, offset = plan.spread(scale), plan.spread(offset)
    y4 = np.empty(x4.shape, plan.dtype)

    def forward(block: tuple[slice, slice], kept: slice) -> None:
        part = _scaled(x4[block], centre, scale, kept, out=y4[block])
        part += offset[kept]

    plan.for_each_block(forward)
    y = plan.restored(y4)
    if weight_varies:
        y *= weight
    if bias is not None and (bias_varies or weight_varies):
        y += bias
    return (
        y.astype(x.dtype, copy=False),
        plan.statistic(mean),
        plan.statistic(rstd),
        plan.statistic(variance),
    )


def normalize_gradient(
    g: np.ndarray,
    x: np.ndarray,
    weight: np.ndarray | None,
    mean: np.ndarray,
    rstd: np.ndarray,
    *,
    axes: Sequence[int],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients of `normalize` with respect to ``x``, ``weight`` and ``bias``.

    With x̂ = (x − mean)·rstd and h = g·weight, gx = rstd · (h − ⟨h⟩ − x̂·⟨h·x̂⟩), where ⟨·⟩ averages
    over ``axes``; gweight and gbias are g·x̂ and g, summed to the shape of ``weight`` (to that of
    the statistics where ``weight`` is None). See Ioffe & Szegedy, "Batch normalization", 2015.
    """
    if x.dtype.kind == "O" or g.dtype.kind == "O":
        return _plain_gradient(g, x, weight, mean, rstd, axes)
    plan = _Plan(x, axes)
    x4 = plan.blocks(x)
    gweight = gbias = None
    g = np.asarray(g, plan.dtype)
    if plan.varies(weight):
        assert weight is not None
        normalised = (x - mean.astype(plan.dtype)) * rstd.astype(plan.dtype)
        gweight = sum_to(np.multiply(g, normalised, out=normalised), weight.shape)
        gbias = sum_to(g, weight.shape)
        g, weight = g * weight, None
    g4 = plan.blocks(g)
    mean2 = plan.per_statistic(mean).astype(np.float64)
    rstd2 = plan.per_statistic(rstd).astype(np.float64)
    shift = mean2 if (np.square(mean2 * rstd2) > FAR).any() else None
    sums = _sums(g4, x4, plan, shift)
    if shift is None:
        sums[1] -= mean2 * sums[0]
    slope = -rstd2 * rstd2 * sums[1] / plan.count
    offset = -sums[0] / plan.count
    if shift is None:
        offset -= mean2 * slope
    scale = plan.spread(rstd2 if weight is None else rstd2 * plan.per_statistic(weight))
    centre = None if shift is None else plan.spread(shift)
    slope, offset = plan.spread(slope), plan.spread(offset)
    gx4 = np.empty(x4.shape, plan.dtype)

    def backward(block: tuple[slice, slice], kept: slice) -> None:
        part = _scaled(x4[block], centre, slope, kept, out=gx4[block])
        part += g4[block]
        part += offset[kept]
        part *= scale[kept]

    plan.for_each_block(backward)
    if gweight is None:
        gweight, gbias = plan.statistic(sums[1] * rstd2), plan.statistic(sums[0])
        if weight is not None:
            gweight, gbias = sum_to(gweight, weight.shape), sum_to(gbias, weight.shape)
    assert gbias is not None
    return plan.restored(gx4).astype(x.dtype, copy=False), gweight, gbias


class _Plan:
    """How an array's memory is seen as (A, C, B, D), averaged over A and B, and cut into blocks."""

    def __init__(self, x: np.ndarray, axes: Sequence[int]) -> None:
        self.ndim = x.ndim
        self.axes = frozenset(axis % x.ndim for axis in axes)
        self.dtype = np.dtype(np.float32) if x.dtype == np.float16 else x.dtype
        self.order = sorted(range(x.ndim), key=lambda axis: -abs(x.strides[axis]))
        sizes = self._merged(x)
        if sizes is None:  # no four axes describe it: bring the kept axes to the front
            self.order = sorted(range(x.ndim), key=lambda axis: axis in self.axes)
            sizes = self._merged(x)
            assert sizes is not None
        self.sizes = sizes
        self.inverse = sorted(range(x.ndim), key=self.order.__getitem__)
        self.ordered_shape = [x.shape[axis] for axis in self.order]
        self.kept_shape = (sizes[1], sizes[3])
        self.statistic_shape = tuple(
            1 if axis in self.axes else size for axis, size in enumerate(x.shape)
        )
        self.count = max(sizes[0] * sizes[2], 1)
        self.groups = list(self._groups())
        self.ones = np.ones(sizes[2], self.dtype)

    def _merged(self, x: np.ndarray) -> tuple[int, int, int, int] | None:
        groups: list[tuple[bool, int]] = []
        for axis in self.order:
            reduced, size = axis in self.axes, x.shape[axis]
            if groups and groups[-1][0] == reduced:
                groups[-1] = (reduced, groups[-1][1] * size)
            elif size != 1:
                groups.append((reduced, size))
        sizes = [1, 1, 1, 1]
        place = 3
        for reduced, size in reversed(groups):  # from the right, so a matrix is (1, 1, B, D)
            if reduced != (place in (0, 2)):
                place -= 1
            if place < 0:
                return None
            sizes[place] = size
            place -= 1
        return sizes[0], sizes[1], sizes[2], sizes[3]

    def _groups(self) -> Iterator[list[Block]]:
        """The array cut into groups of blocks of (A, C); each group has statistics of its own."""
        outer, kept, *inner = self.sizes
        whole = prod(self.sizes)
        pieces = PIECES if 2 * COST * whole >= WORTHWHILE else 1
        kept_step = max(1, min(-(-kept // pieces), BLOCK // max(prod(inner), 1)))
        outer_step = max(1, BLOCK // max(prod(inner) * kept_step, 1))
        for c in range(0, kept, kept_step):
            some = slice(c, c + kept_step)
            yield [((slice(a, a + outer_step), some), some) for a in range(0, outer, outer_step)]

    def for_each_block(self, function: Callable[[tuple[slice, slice], slice], object]) -> None:
        """Call ``function(block, kept)`` for all, in order for blocks of the same statistics."""

        def group(blocks: list[Block]) -> None:
            for block, kept in blocks:
                function(block, kept)

        for_each(group, self.groups, 2 * COST * prod(self.sizes))

    def blocks(self, array: np.ndarray) -> np.ndarray:
        """``array`` as (A, C, B, D): a view where its memory allows, else a copy."""
        ordered = array.transpose(self.order)
        return np.ascontiguousarray(ordered, dtype=self.dtype).reshape(self.sizes)

    def restored(self, blocks: np.ndarray) -> np.ndarray:
        """The inverse of `blocks`."""
        return blocks.reshape(self.ordered_shape).transpose(self.inverse)

    def varies(self, parameter: np.ndarray | None) -> bool:
        """Whether ``parameter`` has different values where only one statistic is."""
        if parameter is None:
            return False
        lead = self.ndim - parameter.ndim
        return any(parameter.shape[axis - lead] != 1 for axis in self.axes if axis >= lead)

    def per_statistic(self, parameter: np.ndarray) -> np.ndarray:
        """A parameter or statistic that broadcasts to `statistic_shape`, as (C, D)."""
        full = parameter
        if full.shape != self.statistic_shape:
            full = np.broadcast_to(full, self.statistic_shape)
        return full.transpose(self.order).reshape(self.kept_shape)

    def statistic(self, values: np.ndarray) -> np.ndarray:
        """(C, D) as users see it: the shape of x with size 1 along the axes."""
        ordered = [self.statistic_shape[axis] for axis in self.order]
        shaped = values.astype(self.dtype).reshape(ordered).transpose(self.inverse)
        return np.ascontiguousarray(shaped)

    def spread(self, values: np.ndarray) -> np.ndarray:
        """(C, D) as (C, 1, D) of the working dtype, ready to meet a block."""
        return values.astype(self.dtype)[:, None, :]

    def sum(self, block: np.ndarray) -> np.ndarray:
        """Sum of an (a, c, B, D) block over a and B."""
        if self.sizes[3] == 1:
            return np.vecdot(block[..., 0], self.ones).sum(axis=0, dtype=np.float64)[:, None]
        return block.sum(axis=2).sum(axis=0, dtype=np.float64)

    def dot(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Sum over a and B of the products of two blocks."""
        if self.sizes[3] == 1:
            return np.vecdot(one[..., 0], other[..., 0]).sum(axis=0, dtype=np.float64)[:, None]
        return np.einsum("acbd,acbd->acd", one, other).sum(axis=0, dtype=np.float64)


def _statistics(
    x4: np.ndarray, plan: _Plan, eps: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Mean and variance as (C, D), and the shift at which they were found exact (None for 0)."""
    if not x4.size:
        nothing = np.full(plan.kept_shape, np.nan)
        return nothing, nothing, None
    shift = None
    for last_try in (False, False, True):
        delta, squares = _sums(None, x4, plan, shift) / plan.count
        variance = np.maximum(squares - delta * delta, 0.0)
        mean = delta if shift is None else shift + delta
        if last_try or not (delta * delta > FAR * (variance + eps)).any():
            break
        shift = mean.astype(plan.dtype).astype(np.float64)
    return mean, variance, shift


def _sums(
    g4: np.ndarray | None, x4: np.ndarray, plan: _Plan, shift: np.ndarray | None
) -> np.ndarray:
    """Σg and Σg·(x − shift), or Σ(x − shift) and Σ(x − shift)² where ``g4`` is None."""
    sums = np.zeros((2, *plan.kept_shape))
    centre = None if shift is None else plan.spread(shift)

    def add(block: tuple[slice, slice], kept: slice) -> None:
        part = x4[block] if centre is None else x4[block] - centre[kept]
        other = part if g4 is None else g4[block]
        sums[0][kept] += plan.sum(other)
        sums[1][kept] += plan.dot(other, part)

    plan.for_each_block(add)
    return sums


def _scaled(
    part: np.ndarray,
    centre: np.ndarray | None,
    scale: np.ndarray,
    kept: slice,
    out: np.ndarray,
) -> np.ndarray:
    """(part − centre) · scale, in ``out``."""
    if centre is None:
        return np.multiply(part, scale[kept], out=out)
    np.subtract(part, centre[kept], out=out)
    out *= scale[kept]
    return out


def sum_to(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Sum ``array`` down to a ``shape`` that broadcasts to it."""
    lead = array.ndim - len(shape)
    axes = tuple(range(lead)) + tuple(
        axis + lead for axis, size in enumerate(shape) if size == 1 != array.shape[axis + lead]
    )
    return np.ascontiguousarray(array.sum(axis=axes, keepdims=True).reshape(shape))


def _plain_mean(x: np.ndarray, axes: Sequence[int]) -> np.ndarray:
    count = prod(x.shape[axis] for axis in axes)
    return np.asarray(x.sum(axis=tuple(axes), keepdims=True)) * (1.0 / count)


def _plain_gradient(g, x, weight, mean, rstd, axes):
    """The formulas of `normalize_gradient`, for elements that know only + and *."""
    normalised = (x - mean) * rstd
    shape = mean.shape if weight is None else weight.shape
    gweight, gbias = sum_to(g * normalised, shape), sum_to(g, shape)
    h = g if weight is None else g * weight
    gx = h - _plain_mean(h, axes) - normalised * _plain_mean(h * normalised, axes)
    return gx * rstd, gweight, gbias
