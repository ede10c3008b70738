"""Normalisation to mean 0 and variance 1 over any axes: batch, layer, group and instance norm.

    normalize(x, weight, bias, *, axes, eps, groups=None, centred=True) -> (y, mean, rstd, variance)
    normalize_gradient(g, x, weight, mean, rstd, *, axes, groups=None) -> (gx, gweight, gbias)
    moments(x, *, axes, eps=0) -> (mean, variance)

``axes`` are the ones that are averaged over: (0, 2, 3) for batch norm of images, (-1,) for layer
norm. ``weight`` and ``bias`` are None or broadcast against ``x``. ``mean``, ``rstd`` =
1 / √(variance + eps) and ``variance`` (the biased one) keep the reduced axes with size 1. Results
lie in memory as ``x`` does.

With ``groups`` parameters are (C,), one for each index of axis 1, the channels: batch norm and
instance norm have one group. If axis 1 is among ``axes``, all from there on are, and it counts as two,
(groups, channels of a group), of which the second is averaged over: group norm. Where not ``centred``
the mean counts as 0, is not subtracted, and the variance is ⟨x²⟩: RMS norm.

Three ideas.

*Any layout is four axes.* In memory order, neighbouring axes that are both averaged over, or both
kept, merge; what is left of images in C order under batch norm is (N, C, H·W), of a matrix under layer norm (rows, columns). All of these are special cases of
(A, C, B, D) with statistics of shape (C, D). The one loop below goes over blocks of that which
stay in cache, so each pass reads memory once however many NumPy calls it takes.

*One pass for the statistics.* Mean and variance come from Σ(x − s) and Σ(x − s)², where the shift s
is at first 0, which costs no subtraction and is exact enough while it lies within a few standard
deviations of the mean (σ² = Σ(x − s)²/n − δ² with δ = mean − s cancels otherwise). Where it does
not, the pass is run again with the mean just found. Sums over blocks are kept in double precision.
The gradient leaves out the subtraction of the mean by the same rule. See Chan, Golub & LeVeque,
"Algorithms for computing the sample variance", 1983.

*Parameters join the small side.* Group norm has a weight for each channel, but statistics of groups
of channels. Sums are then taken per sample and channel, and only these few numbers are added up to
groups; so weights never cost a pass. Where weights differ from element to element, as in layer
norm, there is no such small side: its rows go to `row_normalization`.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from math import prod

import numpy as np

from autograd.kernels import native
from autograd.kernels.normalization.in_c import in_c, split
from autograd.kernels.normalization.last_axes import FAR, normalize_rows, normalize_rows_gradient
from autograd.kernels.scratch import scratch
from autograd.kernels.threads import BLAS_ALONE, VECTOR_ALONE, for_each
from autograd.kernels.tuning import COST, PASS_BLOCK, PIECES, WORTHWHILE

Normalized = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""y, mean, rstd and variance."""

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
    plan = _plan(x, axes)
    mean, variance, _ = _statistics(plan.blocks(x), plan, eps)
    return plan.statistic(mean), plan.statistic(variance)


def normalize(
    x: np.ndarray,
    weight: np.ndarray | None,
    bias: np.ndarray | None,
    *,
    axes: Sequence[int],
    eps: float,
    groups: int | None = None,
    centred: bool = True,
) -> Normalized:
    """``(x − mean) / √(variance + eps) · weight + bias``, and its statistics.

    Returns ``(y, mean, rstd, variance)``. The statistics of float16 are float32.

    >>> y, mean, rstd, variance = normalize(np.array([[1.0, 3.0]]), None, None, axes=(1,), eps=0.0)
    >>> y, mean, variance
    (array([[-1.,  1.]]), array([[2.]]), array([[1.]]))
    """
    if native.plain(x, weight, bias) and (
        found := in_c(x.shape, tuple(axes), _shape(weight), _shape(bias), groups)
    ):
        if centred or len(found[0]) == 4:
            return _normalize_in_c(x, weight, bias, eps, centred, *found)
    if groups is not None:
        grouped, weight, bias, axes = _grouped(x, weight, bias, axes, groups)
        y, mean, rstd, variance = normalize(
            grouped, weight, bias, axes=axes, eps=eps, centred=centred
        )
        return y.reshape(x.shape), mean, rstd, variance
    if x.dtype.kind == "O" or not centred:
        return _normalize_plainly(x, weight, bias, axes, eps, centred)
    if _are_rows(x, axes, weight, bias):
        return _normalize_rows(x, weight, bias, axes, eps)
    return _normalize_in_blocks(x, weight, bias, axes, eps)


def _normalize_in_blocks(
    x: np.ndarray,
    weight: np.ndarray | None,
    bias: np.ndarray | None,
    axes: Sequence[int],
    eps: float,
) -> Normalized:
    plan = _plan(x, axes, weight, bias)
    x4 = plan.blocks(x)
    mean, variance, shift = _statistics(x4, plan, eps)
    rstd = 1.0 / np.sqrt(variance + eps)
    scale = rstd if weight is None or plan.elementwise else rstd * plan.per_cell(weight)
    # The shift is a few standard deviations off at most: this product cannot swamp the bias.
    offset = ((0.0 if shift is None else shift) - mean) * scale
    if bias is not None and not plan.elementwise:
        offset = offset + plan.per_cell(bias)
    centre = None if shift is None else plan.spread(shift)
    scale, offset = plan.spread(scale), plan.spread(offset)
    y4 = np.empty(x4.shape, plan.dtype)

    def forward(block: tuple[slice, slice], kept: slice) -> None:
        part = _scaled(x4[block], centre, scale, kept, out=y4[block])
        part += offset[kept]

    plan.for_each_block(forward)
    y = plan.restored(y4)
    if plan.elementwise:
        y = y if weight is None else np.multiply(y, weight, out=y)
        y = y if bias is None else np.add(y, bias, out=y)
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
    mean: np.ndarray | None,
    rstd: np.ndarray,
    *,
    axes: Sequence[int],
    groups: int | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients of `normalize` with respect to ``x``, ``weight`` and ``bias``.

    With x̂ = (x − mean)·rstd and h = g·weight, gx = rstd · (h − ⟨h⟩ − x̂·⟨h·x̂⟩), where ⟨·⟩ averages
    over ``axes``; gweight and gbias are g·x̂ and g, summed to the shape of ``weight`` (to that of
    the statistics where ``weight`` is None, or to some shape that sums to it). Without ``mean`` x̂ = x·rstd, and ⟨h⟩ is left out. See Ioffe &
    Szegedy, "Batch normalization", 2015.
    """
    if native.plain(x, weight, mean, rstd) and (
        found := in_c(x.shape, tuple(axes), _shape(weight), None, groups)
    ):
        if mean is not None or len(found[0]) == 4:
            return _gradient_in_c(g, x, weight, mean, rstd, found[0])
    if groups is not None:
        shape = _shape(weight)
        grouped, split_weight, _, axes = _grouped(x, weight, None, axes, groups)
        g = g.reshape(grouped.shape)
        gx, gweight, gbias = normalize_gradient(g, grouped, split_weight, mean, rstd, axes=axes)
        if shape is not None:
            gweight, gbias = gweight.reshape(shape), gbias.reshape(shape)
        return gx.reshape(x.shape), gweight, gbias
    if mean is None or x.dtype.kind == "O" or g.dtype.kind == "O":
        return _plain_gradient(g, x, weight, mean, rstd, axes)
    if _are_rows(x, axes, weight, None):
        return _rows_gradient(g, x, weight, mean, rstd, axes)
    return _gradient_in_blocks(g, x, weight, mean, rstd, axes)


def _gradient_in_blocks(
    g: np.ndarray,
    x: np.ndarray,
    weight: np.ndarray | None,
    mean: np.ndarray,
    rstd: np.ndarray,
    axes: Sequence[int],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    plan = _plan(x, axes, weight)
    x4 = plan.blocks(x)
    gweight: np.ndarray | None = None
    gbias: np.ndarray | None = None
    g = np.asarray(g, plan.dtype)
    if plan.elementwise:
        assert weight is not None
        normalised = (x - mean.astype(plan.dtype)) * rstd.astype(plan.dtype)
        gweight = sum_to(np.multiply(g, normalised, out=normalised), weight.shape)
        gbias = sum_to(g, weight.shape)
        g, weight = g * weight, None
    g4 = plan.blocks(g)
    mean2 = plan.per_cell(mean).astype(np.float64)
    rstd2 = plan.per_cell(rstd).astype(np.float64)
    shift = mean2 if (np.square(mean2 * rstd2) > FAR).any() else None
    sums = _sums(g4, x4, plan, shift)
    if shift is None:
        sums[1] -= mean2 * sums[0]
    scale = rstd2 if weight is None else rstd2 * plan.per_cell(weight)
    # gx = g·scale + x·slope + offset. Where a statistic has one weight, both lack the factor scale.
    within = scale if plan.apart else 1.0
    slope = -plan.joined(sums[1] * within) / plan.count * rstd2 * rstd2
    offset = -plan.joined(sums[0] * within) / plan.count
    if shift is None:
        offset -= mean2 * slope
    centre = None if shift is None else plan.spread(shift)
    scale, slope, offset = plan.spread(scale), plan.spread(slope), plan.spread(offset)
    gx4 = np.empty(x4.shape, plan.dtype)

    def backward(block: tuple[slice, slice], kept: slice) -> None:
        part = _scaled(x4[block], centre, slope, kept, out=gx4[block])
        part += offset[kept]
        if plan.apart:
            with scratch(part.shape, plan.dtype) as direct:
                part += np.multiply(g4[block], scale[kept], out=direct)
        else:
            part += g4[block]
            part *= scale[kept]

    plan.for_each_block(backward)
    if gweight is None:
        gweight, gbias = plan.fine(sums[1] * rstd2), plan.fine(sums[0])
        if weight is not None:
            gweight, gbias = sum_to(gweight, weight.shape), sum_to(gbias, weight.shape)
    assert gbias is not None
    return plan.restored(gx4).astype(x.dtype, copy=False), gweight, gbias


def _shape(parameter: np.ndarray | None) -> tuple[int, ...] | None:
    return None if parameter is None else parameter.shape


def _grouped(x, weight, bias, axes, groups):
    """Data and parameters in shapes that broadcast, and the axes; see ``groups`` above."""
    shape, ones = x.shape, (1,) * (x.ndim - 2)
    weight, bias = (None if p is None else p.reshape(-1, *ones) for p in (weight, bias))
    if 1 not in axes:
        return x, weight, bias, axes
    shape, wide, high, axes = split(shape, _shape(weight), _shape(bias), groups)
    weight = None if weight is None else weight.reshape(wide)
    return x.reshape(shape), weight, None if bias is None else bias.reshape(high), axes


def _normalize_in_c(x, weight, bias, eps, centred, sizes, kept):
    y, dtype = np.empty_like(x), x.dtype
    mean, rstd, variance = np.empty(kept, dtype), np.empty(kept, dtype), np.empty(kept, dtype)
    library = native.library
    if not centred:
        function = library.rms_rows
    else:
        function = library.norm_rows if len(sizes) == 4 else library.norm_channels
    function(x, weight, bias, sizes, float(eps), y, mean, rstd, variance)
    return y, mean, rstd, variance


def _gradient_in_c(g, x, weight, mean, rstd, sizes):
    shape = rstd.shape if weight is None else weight.shape
    gx, gweight, gbias = np.empty_like(x), np.empty(shape, x.dtype), np.empty(shape, x.dtype)
    library = native.library
    if mean is None:
        function, mean = library.rms_rows_gradient, np.zeros_like(rstd)
    else:
        function = library.norm_rows_gradient if len(sizes) == 4 else library.norm_channels_gradient
    if g.dtype is not x.dtype or not g.flags.c_contiguous:
        g = np.ascontiguousarray(g, x.dtype)
    function(g, x, weight, mean, rstd, sizes, gx, gweight, gbias)
    return gx, gweight, gbias


def _are_rows(
    x: np.ndarray, axes: Sequence[int], weight: np.ndarray | None, bias: np.ndarray | None
) -> bool:
    """Whether these are rows of a matrix, in memory too, with parameters like a row (or none)."""
    if not x.flags.c_contiguous or x.dtype == np.float16:
        return False
    shapes = (p if p is None else p.shape for p in (weight, bias))
    return _have_shape_of_rows(x.shape, tuple(axes), *shapes)


@lru_cache(maxsize=256)
def _have_shape_of_rows(
    shape: tuple[int, ...], axes: tuple[int, ...], *parameters: tuple[int, ...] | None
) -> bool:
    first = len(shape) - len(axes)
    if any(axis % len(shape) < first for axis in axes):
        return False
    width = prod(shape[first:])
    like_rows = (p is None or prod(p) == width == prod(p[-len(axes) :]) for p in parameters)
    return prod(shape) > 0 and all(like_rows)


def _normalize_rows(x, weight, bias, axes, eps):
    kept = (*x.shape[: x.ndim - len(axes)], *(1,) * len(axes))
    matrix = x.reshape(prod(kept), -1)
    weight, bias = (None if p is None else p.reshape(-1) for p in (weight, bias))
    y, *statistics = normalize_rows(matrix, weight, bias, eps=eps)
    mean, rstd, variance = (statistic.reshape(kept) for statistic in statistics)
    return y.reshape(x.shape), mean, rstd, variance


def _rows_gradient(g, x, weight, mean, rstd, axes):
    matrix = x.reshape(mean.size, -1)
    g = np.ascontiguousarray(g, x.dtype).reshape(matrix.shape)
    line = None if weight is None else weight.reshape(-1)
    gx, gweight, gbias = normalize_rows_gradient(
        g, matrix, line, mean.reshape(-1), rstd.reshape(-1)
    )
    shape = mean.shape if weight is None else weight.shape
    return gx.reshape(x.shape), gweight.reshape(shape), gbias.reshape(shape)


def _plan(
    x: np.ndarray,
    axes: Sequence[int],
    weight: np.ndarray | None = None,
    bias: np.ndarray | None = None,
) -> "_Plan":
    """The plan for an array and parameters of these shapes, made once."""
    axes = tuple(sorted(axis % x.ndim for axis in axes))
    inner = tuple(axis for axis in axes if not (_varies(weight, axis, x) or _varies(bias, axis, x)))
    return _made_plan(x.shape, x.strides, x.dtype, axes, inner, PASS_BLOCK)


def _varies(parameter: np.ndarray | None, axis: int, x: np.ndarray) -> bool:
    """Whether ``parameter`` has different values along an axis of ``x``."""
    lead = 0 if parameter is None else x.ndim - parameter.ndim
    return parameter is not None and axis >= lead and parameter.shape[axis - lead] != 1


class _Plan:
    """How an array's memory is seen as (A, C, B, D), summed over A and B, and cut into blocks.

    ``inner`` are the axes that A and B stand for: those of ``axes`` along which no parameter
    varies. The (C, D) are called *cells*; sums of cells are `joined` to statistics. Where there
    are no such axes, or memory order does not allow it, the plan is ``elementwise``: then A and B
    stand for all ``axes``, and parameters are left to the caller.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        strides: tuple[int, ...],
        dtype: np.dtype,
        axes: tuple[int, ...],
        inner: tuple[int, ...],
    ) -> None:
        self.order = sorted(range(len(shape)), key=lambda axis: -abs(strides[axis]))
        self.axes = frozenset(inner)
        sizes = self._merged(shape)
        self.elementwise = inner != axes and (not inner or sizes is None)
        if self.elementwise:
            self.axes = frozenset(axes)
            sizes = self._merged(shape)
        if sizes is None:  # no four axes describe it: bring the kept axes to the front
            self.order = sorted(range(len(shape)), key=lambda axis: axis in self.axes)
            sizes = self._merged(shape)
            assert sizes is not None
        self.apart = tuple(axis for axis in axes if axis not in self.axes)
        self.dtype = np.dtype(np.float32) if dtype == np.float16 else dtype
        self.sizes = sizes
        self.inverse = sorted(range(len(shape)), key=self.order.__getitem__)
        self.ordered_shape = [shape[axis] for axis in self.order]
        self.cells = (sizes[1], sizes[3])
        self.fine_shape = tuple(1 if axis in self.axes else n for axis, n in enumerate(shape))
        self.ordered_fine = [self.fine_shape[axis] for axis in self.order]
        self.count = max(prod(shape[axis] for axis in axes), 1)
        self.groups = list(self._groups())

    def _merged(self, shape: tuple[int, ...]) -> tuple[int, int, int, int] | None:
        groups: list[tuple[bool, int]] = []
        for axis in self.order:
            reduced, size = axis in self.axes, shape[axis]
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
        kept_step = max(1, min(-(-kept // pieces), PASS_BLOCK // max(prod(inner), 1)))
        outer_step = max(1, PASS_BLOCK // max(prod(inner) * kept_step, 1))
        for c in range(0, kept, kept_step):
            some = slice(c, c + kept_step)
            yield [((slice(a, a + outer_step), some), some) for a in range(0, outer, outer_step)]

    def for_each_block(self, function: Callable[[tuple[slice, slice], slice], object]) -> None:
        """Call ``function(block, kept)`` for all, in order for blocks of the same statistics."""

        def group(blocks: list[Block]) -> None:
            for block, kept in blocks:
                function(block, kept)

        size = prod(self.sizes)
        for_each(
            group, self.groups, max(2 * COST * size, BLAS_ALONE + 1 if size > VECTOR_ALONE else 0)
        )

    def blocks(self, array: np.ndarray) -> np.ndarray:
        """``array`` as (A, C, B, D): a view where its memory allows, else a copy."""
        ordered = array.transpose(self.order)
        return np.ascontiguousarray(ordered, dtype=self.dtype).reshape(self.sizes)

    def restored(self, blocks: np.ndarray) -> np.ndarray:
        """The inverse of `blocks`."""
        return blocks.reshape(self.ordered_shape).transpose(self.inverse)

    def per_cell(self, parameter: np.ndarray) -> np.ndarray:
        """A parameter or statistic that broadcasts to `fine_shape`, as (C, D)."""
        full = parameter
        if full.shape != self.fine_shape:
            full = np.broadcast_to(full, self.fine_shape)
        return full.transpose(self.order).reshape(self.cells)

    def joined(self, sums: np.ndarray) -> np.ndarray:
        """Sums of cells (C, D), each replaced by the sum over all cells of its statistic."""
        if not self.apart:
            return sums
        fine = sums.reshape(self.ordered_fine).transpose(self.inverse)
        return self.per_cell(fine.sum(axis=self.apart, keepdims=True))

    def fine(self, values: np.ndarray) -> np.ndarray:
        """(C, D) as users see it: the shape of x with size 1 along the inner axes."""
        shaped = values.astype(self.dtype).reshape(self.ordered_fine).transpose(self.inverse)
        return np.ascontiguousarray(shaped)

    def statistic(self, values: np.ndarray) -> np.ndarray:
        """(C, D) that is the same for all cells of a statistic, with size 1 along all axes."""
        fine = self.fine(values)
        for axis in self.apart:
            fine = fine.take([0], axis=axis)
        return fine

    def spread(self, values: np.ndarray) -> np.ndarray:
        """(C, D) as (C, 1, D) of the working dtype, ready to meet a block."""
        return values.astype(self.dtype)[:, None, :]

    def sum(self, block: np.ndarray) -> np.ndarray:
        """Sum of an (a, c, B, D) block over a and B."""
        if self.sizes[3] == 1:
            return np.vecdot(block[..., 0], np.ones(self.sizes[2], self.dtype)).sum(
                axis=0, dtype=np.float64
            )[:, None]
        sums = np.matmul(np.ones(self.sizes[2], self.dtype), block)  # sooner than block.sum(axis=2)
        return sums.sum(axis=0, dtype=np.float64)

    def dot(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Sum over a and B of the products of two blocks."""
        if self.sizes[3] == 1:
            return np.vecdot(one[..., 0], other[..., 0]).sum(axis=0, dtype=np.float64)[:, None]
        return np.einsum("acbd,acbd->acd", one, other).sum(axis=0, dtype=np.float64)


@lru_cache(maxsize=256)
def _made_plan(
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    dtype: np.dtype,
    axes: tuple[int, ...],
    inner: tuple[int, ...],
    block: int,
) -> _Plan:
    return _Plan(shape, strides, dtype, axes, inner)


def _statistics(
    x4: np.ndarray, plan: _Plan, eps: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Mean and variance as (C, D), and the shift at which they were found exact (None for 0)."""
    if not x4.size:
        nothing = np.full(plan.cells, np.nan)
        return nothing, nothing, None
    shift = None
    for last_try in (False, False, True):
        sums = _sums(None, x4, plan, shift)
        delta, squares = plan.joined(sums[0]) / plan.count, plan.joined(sums[1]) / plan.count
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
    sums = np.zeros((2, *plan.cells))
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


def _normalize_plainly(x, weight, bias, axes, eps, centred):
    """The formula itself: for elements that know only + and *, and where no mean is taken off."""
    dtype = x.dtype
    x = x.astype(np.float32) if dtype == np.float16 else x
    if centred:
        mean, variance = moments(x, axes=axes)
    else:
        variance = _plain_mean(x * x, axes)
        mean = variance * 0.0 if dtype.kind == "O" else np.zeros_like(variance)
    rstd = (variance + eps) ** -0.5
    y = (x - mean) * rstd if centred else x * rstd
    y = y if weight is None else y * weight
    y = y if bias is None else y + bias
    return y.astype(dtype, copy=False), mean, rstd, variance


def _plain_gradient(g, x, weight, mean, rstd, axes):
    """The formulas of `normalize_gradient`, for elements that know only + and *."""
    normalised = x * rstd if mean is None else (x - mean) * rstd
    shape = rstd.shape if weight is None else weight.shape
    gweight, gbias = sum_to(g * normalised, shape), sum_to(g, shape)
    h = g if weight is None else g * weight
    gx = h - normalised * _plain_mean(h * normalised, axes)
    gx = gx if mean is None else gx - _plain_mean(h, axes)
    return (gx * rstd).astype(x.dtype, copy=False), gweight, gbias
