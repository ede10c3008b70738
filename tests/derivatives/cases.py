"""One case for every public function and module: how it is called, and the order it is checked to.

The tests of this folder check each case's derivatives up to its order, and that no public name is
missing here; ``python -m tests.derivatives`` writes the table in REFERENCE.md from it. Points of
the inputs keep away from kinks; those are tested where each function is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import autograd as ag
import nn
import nn.functional as F


class Case(NamedTuple):
    """``function(*inputs)``, differentiable up to ``order`` (0: it has no gradient by nature)."""

    function: Callable[..., Any]
    inputs: tuple[np.ndarray[Any, Any], ...] = ()
    order: int = 2


def spread(*shape: int, low: float = -1.5, high: float = 1.5, seed: int = 0) -> Any:
    """Distinct numbers in random order, evenly spread and so away from one another and from 0."""
    n = int(np.prod(shape))
    values = low + (high - low) * (np.arange(n) + 0.37) / max(n, 1)
    return np.random.default_rng(seed).permutation(values).reshape(shape)


def positive(*shape: int, seed: int = 0) -> Any:
    return spread(*shape, low=0.3, high=2.0, seed=seed)


def unit(*shape: int, seed: int = 0) -> Any:
    return spread(*shape, low=-0.9, high=0.9, seed=seed)


def symmetric(n: int) -> Any:
    """Positive definite, with well separated eigenvalues."""
    a = spread(n, n, seed=3)
    return a @ a.T / n + np.diag(np.arange(1.0, n + 1))


M = spread(3, 4)
N = spread(3, 4, seed=1) + 0.05  # nowhere equal to M
V = spread(5, seed=2)
IMAGE = spread(2, 4, 5, 4, seed=4)
LINE = spread(2, 4, 7, seed=5)
CUBE = spread(1, 2, 4, 3, 4, seed=6)
KERNEL = spread(4, 2, 3, 2, seed=7)
INDEX = np.array([2, 0, 2])


def _case(function: Callable[..., Any], *inputs: Any, order: int = 2) -> Case:
    return Case(function, inputs, order)


def _plain(function: Callable[..., Any], *inputs: Any) -> Case:
    return Case(function, inputs, 0)


def _each(names: str, x: Any, order: int = 3) -> dict[str, Case]:
    """Functions of one array."""
    return {name: _case(getattr(ag, name), x, order=order) for name in names.split()}


# autograd -----------------------------------------------------------------------------------------


class _Twins:
    """Two processes with equal numbers."""

    def all_reduce(self, array: Any) -> Any:
        return array + array


AUTOGRAD: dict[str, Case] = {
    "all_reduce": _case(lambda x: ag.all_reduce(x, group=_Twins()), M),
    **_each("absolute alias around ceil floor negative positive rint round sign square trunc", M),
    **_each("sqrt reciprocal cbrt log log10 log2 log1p", positive(3, 4)),
    **_each("exp exp2 expm1 sin cos tan sinh cosh tanh arctan arcsinh sigmoid erf erfc", M),
    **_each("arcsin arccos arctanh sinc erfinv", unit(3, 4)),
    **_each("lgamma digamma", positive(3, 4)),
    "polygamma": _case(lambda x: ag.polygamma(2, x), positive(3, 4), order=3),
    **_each("deg2rad rad2deg degrees radians", M),
    "arccosh": _case(ag.arccosh, positive(3, 4) + 1.0, order=3),
    **{
        name: _case(getattr(ag, name), M, N)
        for name in "add subtract multiply maximum minimum fmax fmin logaddexp logaddexp2 arctan2 "
        "hypot copysign".split()
    },
    "divide": _case(ag.divide, M, positive(4), order=3),
    "power": _case(ag.power, positive(3, 4), M, order=3),
    "floor_divide": _case(ag.floor_divide, M, positive(3, 4, seed=1)),
    "remainder": _case(ag.remainder, M, positive(3, 4, seed=1)),
    "fmod": _case(ag.fmod, M, positive(3, 4, seed=1)),
    "divmod": _case(lambda x, y: ag.divmod(x, y)[1], M, positive(3, 4, seed=1)),
    "modf": _case(lambda x: ag.modf(3.0 * x)[0], M),
    "float_power": _case(ag.float_power, positive(3, 4), M, order=3),
    "heaviside": _case(lambda x, y: ag.heaviside(ag.sign(x) + 1.0, y), M, N),
    "clip": _case(lambda x, low, high: ag.clip(x, low, high), M, np.array(-0.71), np.array(0.83)),
    "where": _case(lambda x, y: ag.where(np.arange(4) % 2 == 0, x, y), M, N),
    "astype": _case(lambda x: ag.astype(x, np.float64), M),
    **{
        name: _plain(getattr(ag, name), M, N)
        for name in "equal not_equal less less_equal greater greater_equal logical_and logical_or "
        "logical_xor".split()
    },
    **{
        name: _plain(getattr(ag, name), M)
        for name in "isnan isinf isfinite logical_not all any argmax argmin count_nonzero argsort "
        "argwhere nonzero".split()
    },
    "searchsorted": _plain(ag.searchsorted, np.arange(5.0), M),
    "signbit": _plain(ag.signbit, M),
    **{
        name: _plain(lambda x, y, f=getattr(ag, name): f(x.astype(int), abs(y.astype(int))), M, N)
        for name in "bitwise_and bitwise_or bitwise_xor left_shift right_shift".split()
    },
    "invert": _plain(lambda x: ag.invert(x.astype(int)), M),
    # Activations
    **{
        name: _case(getattr(ag, name), M)
        for name in "relu elu gelu gelu_tanh hardshrink hardsigmoid hardswish hardtanh leaky_relu "
        "log_sigmoid log_softmax mish silu softmax softplus softshrink softsign tanhshrink".split()
    },
    "prelu": _case(ag.prelu, M, np.array([0.25])),
    "threshold": _case(lambda x: ag.threshold(x, 0.1, 0.2), M),
    # Reductions
    **{
        name: _case(lambda x, f=getattr(ag, name): f(x, 1), M)
        for name in "sum mean var std max min amax amin prod logsumexp ptp median".split()
    },
    "max_with_indices": _case(lambda x: ag.max_with_indices(x, 1)[0], M),
    "min_with_indices": _case(lambda x: ag.min_with_indices(x, 1)[0], M),
    "broadcast_to": _case(lambda x: ag.broadcast_to(x, (2, 3, 4)), M),
    "average": _case(lambda x, w: ag.average(x, 0, w), M, positive(3)),
    "quantile": _case(lambda x: ag.quantile(x, 0.3, 1), M),
    "percentile": _case(lambda x: ag.percentile(x, 30.0, 1), M),
    **{
        name: _case(lambda x, f=getattr(ag, name): f(x, 1), M)
        for name in "nansum nanmean nanvar nanstd nanmax nanmin nanprod".split()
    },
    "cov": _case(lambda x, y: ag.cov(x, y, aweights=positive(4)), M, N),
    "corrcoef": _case(ag.corrcoef, M),
    "nanmedian": _case(lambda x: ag.nanmedian(x, 1), M),
    **{
        name: _case(lambda x, f=getattr(ag, name): f(x, 0.3, 1), M)
        for name in ("nanquantile", "nanpercentile")
    },
    "nan_to_num": _case(ag.nan_to_num, M),
    # Shapes
    "reshape": _case(lambda x: ag.reshape(x, (4, 3)), M),
    "ravel": _case(ag.ravel, M),
    "flatten": _case(ag.flatten, M),
    "transpose": _case(ag.transpose, M),
    "matrix_transpose": _case(ag.matrix_transpose, M),
    "moveaxis": _case(lambda x: ag.moveaxis(x, 0, 1), M),
    "swapaxes": _case(lambda x: ag.swapaxes(x, 0, 1), M),
    "expand_dims": _case(lambda x: ag.expand_dims(x, 1), M),
    "squeeze": _case(lambda x: ag.squeeze(x), spread(3, 1, 2)),
    "concatenate": _case(lambda x, y: ag.concatenate([x, y], 1), M, N),
    "stack": _case(lambda x, y: ag.stack([x, y]), M, N),
    "unstack": _case(lambda x: ag.unstack(x)[1], M),
    "flip": _case(lambda x: ag.flip(x, 0), M),
    **{
        name: _case(lambda x, y, f=getattr(ag, name): f([x, y]), M, N)
        for name in "hstack vstack dstack column_stack".split()
    },
    "insert": _case(lambda x, y: ag.insert(x, [0, 2], y, 1), M, spread(3, 2)),
    "delete": _case(lambda x: ag.delete(x, 1, 0), M),
    "resize": _case(lambda x: ag.resize(x, (5, 3)), M),
    "compress": _case(lambda x: ag.compress([True, False, True], x, 1), M),
    "extract": _case(lambda x: ag.extract(M > 0.0, x), M),
    "choose": _case(lambda x, y: ag.choose([[0], [1], [1]], [x, y]), M, N),
    "block": _case(lambda x, y: ag.block([[x, y], [y, x]]), M, N),
    "rollaxis": _case(lambda x: ag.rollaxis(x, 1), M),
    "append": _case(lambda x, y: ag.append(x, y), M, V),
    **_each("atleast_1d atleast_2d atleast_3d fliplr flipud rot90 tril triu diagonal", M, 2),
    "broadcast_arrays": _case(lambda x, y: ag.broadcast_arrays(x, y)[1], M, spread(4)),
    "meshgrid": _case(lambda x, y: ag.meshgrid(x, y)[0] * ag.meshgrid(x, y)[1], V, spread(3)),
    "diag": _case(ag.diag, V),
    "diagflat": _case(ag.diagflat, V),
    "trace": _case(ag.trace, M),
    "pad": _case(lambda x: ag.pad(x, ((1, 0), (2, 1)), mode="reflect"), M),
    "repeat": _case(lambda x: ag.repeat(x, 2, axis=1), M),
    "tile": _case(lambda x: ag.tile(x, (2, 1)), M),
    "roll": _case(lambda x: ag.roll(x, 1, axis=1), M),
    "split": _case(lambda x: ag.split(x, 2, axis=1)[1], M),
    "array_split": _case(lambda x: ag.array_split(x, 3, axis=1)[0], M),
    "hsplit": _case(lambda x: ag.hsplit(x, 2)[0], M),
    "vsplit": _case(lambda x: ag.vsplit(x, 3)[0], M),
    "dsplit": _case(lambda x: ag.dsplit(x, 2)[0], spread(2, 2, 2)),
    # Cumulative, sorting, gathering
    "cumsum": _case(lambda x: ag.cumsum(x, 1), M),
    "cumprod": _case(lambda x: ag.cumprod(x, 1), M),
    **{
        name: _case(lambda x, f=getattr(ag, name): f(x, axis=1, include_initial=True), M)
        for name in ("cumulative_sum", "cumulative_prod")
    },
    **{
        name: _case(lambda x, f=getattr(ag, name): f(x, 1), M) for name in ("nancumsum", "nancumprod")
    },
    "diff": _case(ag.diff, M),
    "ediff1d": _case(lambda x, y: ag.ediff1d(x, y), M, V),
    "gradient": _case(lambda f, x: ag.gradient(f, x, axis=1, edge_order=2), M, np.array([0.0, 1, 3, 4])),
    "interp": _case(lambda x, y: ag.interp(x, np.arange(-2.0, 3.0), y), M, V),
    "unwrap": _case(lambda x: ag.unwrap(5.0 * x), M),
    "polyval": _case(ag.polyval, V, M),
    "vander": _case(lambda x: ag.vander(x, 3), V),
    "bincount": _case(lambda w: ag.bincount(INDEX, w), spread(3)),
    "trapezoid": _case(ag.trapezoid, M),
    "sort": _case(lambda x: ag.sort(x, axis=-1), M),
    "partition": _case(lambda x: ag.partition(x, 1), M),
    "sort_with_indices": _case(lambda x: ag.sort_with_indices(x)[0], M),
    "topk": _case(lambda x: ag.topk(x, 2)[0], M),
    "getitem": _case(lambda x: ag.getitem(x, (INDEX, slice(None, None, 2))), M),
    "take": _case(lambda x: ag.take(x, INDEX, axis=0), M),
    "take_along_axis": _case(lambda x: ag.take_along_axis(x, np.array([[0], [3], [1]]), 1), M),
    "gather": _case(lambda x: ag.gather(x, np.array([[0, 3], [1, 1], [2, 0]]), 1), M),
    "scatter_add": _case(
        lambda x, y: ag.scatter_add(x, np.array([[0, 3], [1, 1], [2, 0]]), y, 1), M, spread(3, 2)
    ),
    "scatter": _case(
        lambda x, y: ag.scatter(x, np.array([[0, 3], [1, 1], [2, 0]]), y, 1), M, spread(3, 2)
    ),
    "scatter_reduce": _case(
        lambda x, y: ag.scatter_reduce(x, np.array([[0, 3], [1, 1], [2, 0]]), y, 1, "prod"), M,
        spread(3, 2), order=3,
    ),
    **{
        name: _case(lambda x, f=getattr(ag, name): f(x, 1), M)
        for name in ("cummax", "cummin", "logcumsumexp")
    },
    **{
        name: _case(lambda x, f=getattr(ag, name): f(x, axis=1)[0], M)
        for name in ("cummax_with_indices", "cummin_with_indices")
    },
    "set_at": _case(lambda x, y: ag.set_at(x, (slice(None), 1), y), M, spread(3)),
    "add_at": _case(lambda x, y: ag.add_at(x, INDEX, y), M, spread(3, 4, seed=9)),
    "select": _case(lambda x, y: ag.select([np.arange(4) < 2], [x], y), M, N),
    # Products
    "matmul": _case(ag.matmul, spread(2, 3, 4), spread(4, 2), order=3),
    "dot": _case(ag.dot, M, spread(4, 2)),
    "inner": _case(ag.inner, M, N),
    "outer": _case(ag.outer, V, spread(3)),
    "vdot": _case(ag.vdot, M, N),
    "vecdot": _case(ag.vecdot, M, N),
    "cross": _case(ag.cross, spread(2, 3), spread(2, 3, seed=1)),
    "kron": _case(ag.kron, spread(2, 2), spread(2, 3)),
    "tensordot": _case(lambda x, y: ag.tensordot(x, y, 1), spread(2, 3, 4), spread(4, 2)),
    "einsum": _case(lambda x, y: ag.einsum("ij,kj->ik", x, y), M, N, order=3),
    # Convolution, windows, pooling, padding, resampling
    "correlate": _case(
        lambda x, w, b: ag.correlate(x, w, b, 2, 1, 1, 2), IMAGE, KERNEL, spread(4), order=3
    ),
    "correlate_input": _case(
        lambda y, w: ag.correlate_input(y, w, None, 2, 1, 1, 2), IMAGE, KERNEL, order=3
    ),
    "correlate_weight": _case(
        lambda x, y: ag.correlate_weight(x, y, (3, 2), padding=1), spread(2, 2, 4, 3),
        spread(2, 3, 4, 4), order=3,
    ),
    "convolve": _case(lambda x, w: ag.convolve(x, w, groups=2), IMAGE, KERNEL, order=3),
    "sliding_window_view": _case(lambda x: ag.sliding_window_view(x, (2, 2)), M, order=3),
    "windows": _case(lambda x: ag.windows(x, 2, 1, 1), spread(1, 2, 3, 3), order=3),
    "fold_windows": _case(lambda w: ag.fold_windows(w, (3, 3)), spread(1, 2, 2, 2, 2, 2), order=3),
    "take_windows": _case(
        lambda x: ag.take_windows(x, np.array([[[1, 1, 4]]])), spread(1, 1, 5), order=3
    ),
    "scatter_windows": _case(
        lambda y: ag.scatter_windows(y, np.array([[[1, 1, 4]]]), (5,)), spread(1, 1, 3), order=3
    ),
    "max_pool": _case(lambda x: ag.max_pool(x, 3, 2, 1), IMAGE, order=3),
    "avg_pool": _case(lambda x: ag.avg_pool(x, 3, 2, 1), IMAGE, order=3),
    "adaptive_avg_pool": _case(lambda x: ag.adaptive_avg_pool(x, (2, 3)), IMAGE, order=3),
    "adaptive_max_pool": _case(lambda x: ag.adaptive_max_pool(x, (2, 3)), IMAGE, order=3),
    "interpolate": _case(lambda x: ag.interpolate(x, (3, 7), "cubic"), IMAGE, order=3),
    "pad_constant": _case(lambda x: ag.pad_constant(x, ((1, 2), (-1, 0))), M, order=3),
    "crop": _case(lambda x: ag.crop(x, ((1, 0), (1, 1))), M, order=3),
    "pad_index": _case(lambda x: ag.pad_index(x, ((1, 1), (2, 1)), "circular"), M, order=3),
    "take_axis": _case(lambda x: ag.take_axis(x, INDEX, 1), M, order=3),
    # Fused layers
    "linear": _case(ag.linear, M, spread(2, 4), spread(2), order=3),
    "normalize": _case(
        lambda x, w, b: ag.normalize(x, w, b, axes=(0,))[0], M, positive(1, 4), spread(1, 4)
    ),
    "cross_entropy": _case(lambda x: ag.cross_entropy(x, INDEX), M),
    "nll_loss": _case(lambda x: ag.nll_loss(x, INDEX), M),
    "binary_cross_entropy": _case(ag.binary_cross_entropy, unit(3, 4) / 2 + 0.5,
                                  unit(3, 4, seed=1) / 2 + 0.5),
}  # fmt: skip

#: Public names that are no functions of arrays, or make arrays out of nothing.
NOT_ARRAY_FUNCTIONS = frozenset(
    "c_ r_ HookHandle ModuleInfo ModulePath Tensor arange as_tensor backward_steps convolve_output_size default_dtype "
    "default_generator empty_cache generator_or_default manual_seed own_generator "
    "empty_like enable_grad explain_kernel eye from_dlpack full full_like get_num_threads grad "
    "is_grad_enabled linspace module_path module_scope no_grad normal ones ones_like pad_indices "
    "pool_output_size primitive rand randint randn scalars set_grad_enabled set_module_path "
    "set_num_threads tensor uniform writable zeros zeros_like".split()
)

S3 = symmetric(3)

LINALG: dict[str, Case] = {
    "matrix_exp": _case(lambda a: ag.linalg.matrix_exp(a), S3),
    "cholesky": _case(lambda a: ag.linalg.cholesky((a + a.T) / 2.0), S3),
    "det": _case(ag.linalg.det, S3),
    "slogdet": _case(lambda a: ag.linalg.slogdet(a)[1], S3),
    "inv": _case(ag.linalg.inv, S3),
    "solve": _case(ag.linalg.solve, S3, spread(3, 2)),
    "solve_triangular": _case(
        lambda a, b: ag.linalg.solve_triangular(a, b, upper=False), S3, spread(3, 2)
    ),
    "norm": _case(ag.linalg.norm, M),
    "matrix_norm": _case(lambda a: ag.linalg.matrix_norm(a), M),
    "vector_norm": _case(lambda a: ag.linalg.vector_norm(a), V),
    "matrix_power": _case(lambda a: ag.linalg.matrix_power(a, 3), S3),
    "pinv": _case(ag.linalg.pinv, S3),
    "eigh": _case(lambda a: ag.linalg.eigh((a + a.T) / 2.0)[0], S3),
    "eigvalsh": _case(lambda a: ag.linalg.eigvalsh((a + a.T) / 2.0), S3),
    "svdvals": _case(ag.linalg.svdvals, S3),
    "qr": _case(lambda a: ag.linalg.qr(a)[1], S3),
    "svd": _case(lambda a: ag.linalg.svd(a)[1], S3),
    "cond": _case(ag.linalg.cond, S3),
    "lstsq": _case(lambda a, b: ag.linalg.lstsq(a, b)[0], M[:, :2], spread(3, 2)),
    "matrix_rank": _plain(ag.linalg.matrix_rank, S3),
    "multi_dot": _case(lambda a, b: ag.linalg.multi_dot([a, b, a]), spread(2, 3), spread(3, 2)),
    "tensorsolve": _case(ag.linalg.tensorsolve, symmetric(4).reshape(2, 2, 4), spread(2, 2)),
    "tensorinv": _case(ag.linalg.tensorinv, symmetric(4).reshape(2, 2, 2, 2)),
    "diagonal": _case(ag.linalg.diagonal, S3),
    "trace": _case(ag.linalg.trace, S3),
    "matmul": _case(ag.linalg.matmul, S3, S3 + 1.0),
    "outer": _case(ag.linalg.outer, V, V + 0.1),
    "cross": _case(ag.linalg.cross, spread(2, 3), spread(2, 3, seed=1)),
    "tensordot": _case(lambda x, y: ag.linalg.tensordot(x, y, 1), M, spread(4, 2)),
    "vecdot": _case(ag.linalg.vecdot, M, N),
    "matrix_transpose": _case(ag.linalg.matrix_transpose, M),
}  # fmt: skip

# nn.functional ------------------------------------------------------------------------------------

TARGETS = np.array([2, 0, 1])
SIGNS = np.where(np.arange(12).reshape(3, 4) % 3, 1, -1)
LABELS = np.array([[2, 0, -1, 1], [3, -1, 0, 0], [0, 1, 2, 3]])
FAR = 1.13 * spread(3, 4, seed=8)
LABELLED = np.array([[1, 1], [2, 0]])
PROBABILITY = unit(3, 4) / 2 + 0.5
K1, K2, K3 = spread(3, 4, 2, seed=8), spread(3, 4, 2, 2, seed=8), spread(3, 2, 2, 2, 2, seed=8)
IMAGES = {1: LINE, 2: IMAGE, 3: CUBE}
KERNELS = {1: K1, 2: K2, 3: K3}
FLIPPED = {1: spread(4, 3, 2), 2: spread(4, 3, 2, 2), 3: spread(2, 3, 2, 2, 2)}


def _named(function: str, *arguments: Any, **options: Any) -> Callable[..., Any]:
    f = getattr(F, function)
    return lambda *inputs: f(*inputs, *arguments, **options)


FUNCTIONAL: dict[str, Case] = {
    **{
        name: _case(getattr(F, name), M)
        for name in "relu relu6 leaky_relu elu selu celu gelu silu mish softplus softsign "
        "softshrink hardshrink tanhshrink hardtanh hardsigmoid hardswish sigmoid logsigmoid "
        "tanh".split()
    },
    **{name: _case(_named(name, dim=1), M) for name in ("softmax", "softmin", "log_softmax", "glu")},
    "threshold": _case(_named("threshold", 0.1, 0.2), M),
    "prelu": _case(F.prelu, M, np.array([0.25])),
    "linear": _case(F.linear, M, spread(2, 4), spread(2), order=3),
    "bilinear": _case(F.bilinear, M, spread(3, 2), spread(2, 4, 2), spread(2)),
    "embedding_bag": _case(lambda w: F.embedding_bag(ag.tensor(INDEX), w, [0, 2], mode="max"), M),
    "embedding": _case(lambda w: F.embedding(ag.tensor(INDEX), w), M),
    "one_hot": _plain(lambda: F.one_hot(ag.tensor(TARGETS), 4)),
    **{f"conv{n}d": _case(getattr(F, f"conv{n}d"), IMAGES[n], KERNELS[n], V[:3], order=3)
       for n in (1, 2, 3)},
    **{f"convolve{n}d": _case(getattr(F, f"convolve{n}d"), IMAGES[n], KERNELS[n], order=3)
       for n in (1, 2, 3)},
    **{f"conv_transpose{n}d": _case(_named(f"conv_transpose{n}d", stride=2, output_padding=1),
                                    IMAGES[n][:1], FLIPPED[n], order=3) for n in (1, 2, 3)},
    **{f"max_pool{n}d": _case(_named(f"max_pool{n}d", 3, 2, 1), IMAGES[n], order=3)
       for n in (1, 2, 3)},
    **{f"avg_pool{n}d": _case(_named(f"avg_pool{n}d", 3, 2, 1, count_include_pad=False),
                              IMAGES[n], order=3) for n in (1, 2, 3)},
    **{f"lp_pool{n}d": _case(_named(f"lp_pool{n}d", 2.0, 2), abs(IMAGES[n]) + 0.2)
       for n in (1, 2, 3)},
    **{f"adaptive_avg_pool{n}d": _case(_named(f"adaptive_avg_pool{n}d", 2), IMAGES[n], order=3)
       for n in (1, 2, 3)},
    **{f"adaptive_max_pool{n}d": _case(_named(f"adaptive_max_pool{n}d", 2), IMAGES[n], order=3)
       for n in (1, 2, 3)},
    **{f"max_unpool{n}d": _case(
        lambda x, n=n: getattr(F, f"max_unpool{n}d")(
            *getattr(F, f"max_pool{n}d")(x, 2, return_indices=True), 2,
            output_size=x.shape[2:]), IMAGES[n])
       for n in (1, 2, 3)},
    **{f"pool{n}d": _case(
        lambda x, n=n: getattr(F, f"pool{n}d")(
            x, lambda w: ag.logsumexp(w, tuple(range(-n, 0))), 2), IMAGES[n])
       for n in (1, 2, 3)},
    "pool": _case(lambda x: F.pool(x, lambda w: ag.logsumexp(w, (-2, -1)), 2), IMAGE),
    "unfold": _case(_named("unfold", 2, padding=1), IMAGE, order=3),
    "fold": _case(_named("fold", (3, 3), 2), spread(2, 8, 4), order=3),
    "pad": _case(_named("pad", (1, 2, 0, 1), mode="reflect"), IMAGE, order=3),
    "interpolate": _case(
        _named("interpolate", scale_factor=1.7, mode="bilinear", align_corners=False), IMAGE,
        order=3),
    "upsample": _case(_named("upsample", scale_factor=2), IMAGE),
    "upsample_nearest": _case(_named("upsample_nearest", scale_factor=2), IMAGE),
    "upsample_bilinear": _case(_named("upsample_bilinear", scale_factor=2), IMAGE),
    "pixel_shuffle": _case(_named("pixel_shuffle", 2), IMAGE),
    "pixel_unshuffle": _case(_named("pixel_unshuffle", 2), spread(1, 1, 4, 4)),
    "channel_shuffle": _case(_named("channel_shuffle", 2), IMAGE),
    "batch_norm": _case(
        lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True), M, positive(4), spread(4)),
    "layer_norm": _case(lambda x, w, b: F.layer_norm(x, (4,), w, b), M, positive(4), spread(4)),
    "group_norm": _case(lambda x, w: F.group_norm(x, 2, w), IMAGE, positive(4)),
    "instance_norm": _case(F.instance_norm, IMAGE),
    "rms_norm": _case(lambda x, w: F.rms_norm(x, (4,), w), M, positive(4)),
    "local_response_norm": _case(_named("local_response_norm", 3), IMAGE),
    "normalize": _case(F.normalize, M),
    **{name: _case(_named(name, p=0.0), IMAGE if name[-1] == "d" else M)
       for name in ("dropout", "dropout1d", "dropout2d", "dropout3d")},
    **{name: _case(_named(name, p=0.0, training=True), M)
       for name in ("alpha_dropout", "feature_alpha_dropout")},
    "rrelu": _case(F.rrelu, M),
    "gumbel_softmax": _case(
        lambda x: F.gumbel_softmax(x, 0.7, generator=np.random.default_rng(0)), M),
    "cross_entropy": _case(lambda x: F.cross_entropy(x, ag.tensor(TARGETS), label_smoothing=0.1), M),
    "nll_loss": _case(lambda x: F.nll_loss(x, ag.tensor(TARGETS)), M),
    "mse_loss": _case(F.mse_loss, M, N),
    "l1_loss": _case(F.l1_loss, M, N),
    "smooth_l1_loss": _case(F.smooth_l1_loss, M, N),
    "huber_loss": _case(F.huber_loss, M, N),
    "kl_div": _case(_named("kl_div", reduction="batchmean"), M, PROBABILITY),
    "binary_cross_entropy": _case(F.binary_cross_entropy, PROBABILITY, unit(3, 4, seed=1) / 2 + 0.5),
    "binary_cross_entropy_with_logits": _case(F.binary_cross_entropy_with_logits, M, PROBABILITY),
    "cosine_similarity": _case(F.cosine_similarity, M, N),
    "pairwise_distance": _case(F.pairwise_distance, M, N),
    "affine_grid": _case(lambda t: F.affine_grid(t, (2, 1, 3, 4)), spread(2, 2, 3), order=3),
    "grid_sample": _case(_named("grid_sample", "bicubic", "border"), IMAGE, 0.83 * spread(2, 2, 3, 2)),
    "margin_ranking_loss": _case(lambda x, y: F.margin_ranking_loss(x, y, SIGNS, 0.3173), M, N),
    "hinge_embedding_loss": _case(lambda x: F.hinge_embedding_loss(x, SIGNS), M),
    "cosine_embedding_loss": _case(lambda x, y: F.cosine_embedding_loss(x, y, SIGNS[:, 0]), M, N),
    "soft_margin_loss": _case(lambda x: F.soft_margin_loss(x, SIGNS), M, order=3),
    "multilabel_margin_loss": _case(lambda x: F.multilabel_margin_loss(x, LABELS), M),
    "multilabel_soft_margin_loss": _case(F.multilabel_soft_margin_loss, M, PROBABILITY, positive(4)),
    "multi_margin_loss": _case(lambda x, w: F.multi_margin_loss(x, TARGETS, 2, 0.9317, w), M, positive(4)),
    "triplet_margin_loss": _case(_named("triplet_margin_loss", swap=True), M, N, FAR),
    "triplet_margin_with_distance_loss": _case(F.triplet_margin_with_distance_loss, M, N, FAR),
    "gaussian_nll_loss": _case(_named("gaussian_nll_loss", True), M, N, positive(3, 4), order=3),
    "poisson_nll_loss": _case(_named("poisson_nll_loss", False, True), positive(3, 4), positive(3, 4, seed=1)),
    "ctc_loss": _case(lambda x: F.ctc_loss(x, LABELLED, [4, 3], [2, 1]), spread(4, 2, 3), order=3),
    "scaled_dot_product_attention": _case(
        _named("scaled_dot_product_attention", is_causal=True), spread(2, 3, 4), spread(2, 3, 4, seed=1),
        spread(2, 3, 2), order=3),
}  # fmt: skip
FUNCTIONAL["dropout1d"] = _case(_named("dropout1d", p=0.0), LINE)
FUNCTIONAL["dropout3d"] = _case(_named("dropout3d", p=0.0), CUBE)


# nn modules: the derivative by the input; by the parameters it is that of the function above ------


def _module(build: Callable[[], Any], *inputs: Any, order: int = 2) -> Case:
    def function(*given: Any) -> Any:
        nn.manual_seed(0)
        return build().double()(*given)

    return Case(function, inputs, order)


class _first(nn.Module):
    """The first of what a module returns."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, *inputs: Any) -> Any:
        result = self.module(*inputs)
        return result[0] if isinstance(result, tuple) else result


STEPS = spread(3, 2, 4, seed=3)

MODULES: dict[str, Case] = {
    **{name: _module(getattr(nn, name), M) for name in
       "ReLU ReLU6 LeakyReLU ELU SELU CELU GELU SiLU Mish Softplus Softsign Softshrink Hardshrink "
       "Tanhshrink Hardtanh Hardsigmoid Hardswish Sigmoid LogSigmoid Tanh PReLU Identity".split()},
    **{name: _module(lambda f=getattr(nn, name): f(dim=1), M)
       for name in ("Softmax", "Softmin", "LogSoftmax", "GLU")},
    "Softmax2d": _module(nn.Softmax2d, IMAGE),
    "RReLU": _module(lambda: nn.RReLU(0.3, 0.3), M),
    **{name: _module(lambda f=getattr(nn, name): f(0.0), M)
       for name in ("AlphaDropout", "FeatureAlphaDropout")},
    "Threshold": _module(lambda: nn.Threshold(0.1, 0.2), M),
    "Linear": _module(lambda: nn.Linear(4, 2), M),
    "Bilinear": _module(lambda: nn.Bilinear(4, 2, 3), M, spread(3, 2)),
    "EmbeddingBag": _plain(lambda: nn.EmbeddingBag(4, 3)(ag.tensor(INDEX), [0, 2])),
    "Embedding": _plain(lambda: nn.Embedding(4, 3)(ag.tensor(INDEX))),
    "Flatten": _module(nn.Flatten, IMAGE),
    "Unflatten": _module(lambda: nn.Unflatten(1, (2, 2)), M),
    **{f"Conv{n}d": _module(lambda n=n: getattr(nn, f"Conv{n}d")(IMAGES[n].shape[1], 2, 2, padding=1),
                            IMAGES[n]) for n in (1, 2, 3)},
    **{f"ConvTranspose{n}d": _module(
        lambda n=n: getattr(nn, f"ConvTranspose{n}d")(IMAGES[n].shape[1], 2, 2, stride=2),
        IMAGES[n]) for n in (1, 2, 3)},
    **{f"{kind}{n}d": _module(lambda n=n, kind=kind: getattr(nn, f"{kind}{n}d")(2), IMAGES[n])
       for n in (1, 2, 3) for kind in ("MaxPool", "AvgPool", "AdaptiveAvgPool", "AdaptiveMaxPool")},
    **{f"LPPool{n}d": _module(lambda n=n: getattr(nn, f"LPPool{n}d")(2.0, 2), abs(IMAGES[n]) + 0.2)
       for n in (1, 2, 3)},
    **{f"MaxUnpool{n}d": Case(
        lambda x, n=n: getattr(nn, f"MaxUnpool{n}d")(2)(
            *getattr(nn, f"MaxPool{n}d")(2, return_indices=True)(x), output_size=x.shape[2:]),
        (IMAGES[n],), 2)
       for n in (1, 2, 3)},
    "Unfold": _module(lambda: nn.Unfold(2), IMAGE),
    "Fold": _module(lambda: nn.Fold((3, 3), 2), spread(2, 8, 4)),
    **{f"{kind}Pad{n}d": _module(lambda n=n, kind=kind: getattr(nn, f"{kind}Pad{n}d")(1), IMAGES[n])
       for n in (1, 2, 3) for kind in ("Zero", "Reflection", "Replication", "Circular")},
    **{f"ConstantPad{n}d": _module(lambda n=n: getattr(nn, f"ConstantPad{n}d")(1, 0.5), IMAGES[n])
       for n in (1, 2, 3)},
    "Upsample": _module(lambda: nn.Upsample(scale_factor=2), IMAGE),
    "UpsamplingNearest2d": _module(lambda: nn.UpsamplingNearest2d(scale_factor=2), IMAGE),
    "UpsamplingBilinear2d": _module(lambda: nn.UpsamplingBilinear2d(scale_factor=2), IMAGE),
    "PixelShuffle": _module(lambda: nn.PixelShuffle(2), IMAGE),
    "PixelUnshuffle": _module(lambda: nn.PixelUnshuffle(2), spread(1, 1, 4, 4)),
    "ChannelShuffle": _module(lambda: nn.ChannelShuffle(2), IMAGE),
    **{f"BatchNorm{n}d": _module(
        lambda n=n: getattr(nn, f"BatchNorm{n}d")(IMAGES[n].shape[1]), IMAGES[n])
       for n in (1, 2, 3)},
    **{f"InstanceNorm{n}d": _module(
        lambda n=n: getattr(nn, f"InstanceNorm{n}d")(IMAGES[n].shape[1]), IMAGES[n])
       for n in (1, 2, 3)},
    "LayerNorm": _module(lambda: nn.LayerNorm(4), M),
    "RMSNorm": _module(lambda: nn.RMSNorm(4), M),
    "GroupNorm": _module(lambda: nn.GroupNorm(2, 4), IMAGE),
    "LocalResponseNorm": _module(lambda: nn.LocalResponseNorm(3), IMAGE),
    **{name: _module(lambda f=getattr(nn, name): f(0.0), x)
       for name, x in (("Dropout", M), ("Dropout1d", LINE), ("Dropout2d", IMAGE),
                       ("Dropout3d", CUBE))},
    "CrossEntropyLoss": Case(lambda x: nn.CrossEntropyLoss()(x, ag.tensor(TARGETS)), (M,), 2),
    "NLLLoss": Case(lambda x: nn.NLLLoss()(x, ag.tensor(TARGETS)), (M,), 2),
    **{name: _module(getattr(nn, name), M, N)
       for name in ("MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss")},
    "KLDivLoss": _module(lambda: nn.KLDivLoss(reduction="batchmean"), M, PROBABILITY),
    "BCELoss": _module(nn.BCELoss, PROBABILITY, unit(3, 4, seed=1) / 2 + 0.5),
    "BCEWithLogitsLoss": _module(nn.BCEWithLogitsLoss, M, PROBABILITY),
    "CosineSimilarity": _module(nn.CosineSimilarity, M, N),
    "PairwiseDistance": _module(nn.PairwiseDistance, M, N),
    **{name: _module(lambda f=getattr(nn, name): _first(f(4, 3, 2, bidirectional=True)), STEPS)
       for name in ("RNN", "LSTM", "GRU")},
    **{name: _module(lambda f=getattr(nn, name): _first(f(4, 3)), M)
       for name in ("RNNCell", "LSTMCell", "GRUCell")},
    "MultiheadAttention": _module(lambda: _first(nn.MultiheadAttention(4, 2)), STEPS, STEPS + 0.1, STEPS),
    "TransformerEncoderLayer": _module(
        lambda: nn.TransformerEncoderLayer(4, 2, 3, 0.0, F.gelu, norm_first=True), STEPS),
    "TransformerDecoderLayer": _module(
        lambda: nn.TransformerDecoderLayer(4, 2, 3, 0.0, F.gelu), STEPS, STEPS[:2]),
    "TransformerEncoder": _module(
        lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 3, 0.0, F.gelu), 2), STEPS),
    "TransformerDecoder": _module(
        lambda: nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 3, 0.0, F.gelu), 1), STEPS,
        STEPS[:2]),
    **{name: Case(lambda *given, f=getattr(nn, name), more=more: f()(*given, *more), given, 2)
       for name, given, more in (
           ("MarginRankingLoss", (M, N), (SIGNS,)), ("HingeEmbeddingLoss", (M,), (SIGNS,)),
           ("CosineEmbeddingLoss", (M, N), (SIGNS[:, 0],)), ("SoftMarginLoss", (M,), (SIGNS,)),
           ("MultiLabelMarginLoss", (M,), (LABELS,)), ("MultiLabelSoftMarginLoss", (M, PROBABILITY), ()),
           ("MultiMarginLoss", (1.13 * M,), (TARGETS,)), ("TripletMarginLoss", (M, N, FAR), ()),
           ("TripletMarginWithDistanceLoss", (M, N, FAR), ()),
           ("GaussianNLLLoss", (M, N, positive(3, 4)), ()), ("PoissonNLLLoss", (M, N), ()),
           ("CTCLoss", (spread(4, 2, 3),), (LABELLED, [4, 3], [2, 1])))},
    "Transformer": _module(lambda: nn.Transformer(4, 2, 1, 1, 3, 0.0, F.gelu), STEPS, STEPS[:2]),
}  # fmt: skip

#: Classes of ``nn`` that hold others, or are no functions of an input.
NOT_LAYERS = frozenset(
    "HookHandle IncompatibleKeys Module ModuleDict ModuleList Parameter ParameterDict "
    "ParameterList Sequential".split()
)

TABLES: dict[str, dict[str, Case]] = {
    "autograd": AUTOGRAD,
    "autograd.linalg": LINALG,
    "nn.functional": FUNCTIONAL,
    "nn": MODULES,
}

#: What is reached under PyTorch's names only.
SPELLED: dict[str, Case] = {
    "special.ndtri": _case(ag.special.ndtri, spread(3, 4, low=0.05, high=0.95)),
    "scatter_reduce": _case(
        lambda x, src: ag.scatter_reduce(x, 0, np.array([0, 1, 0, 2]), src, reduce="amax"),
        spread(3), spread(4, seed=1),
    ),
}  # fmt: skip
