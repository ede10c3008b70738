"""Every primitive is exported and agrees with onnxruntime, or stands in the list of refusals."""

import numpy as np
import pytest

import autograd as ag
import autograd.ops
import nn
from autograd.arguments.window import Window
from autograd.ops import activations, elementwise, fused, transcendental
from autograd.ops.images import convolution, padding, pooling, resampling, windows
from autograd.ops.indexing import scatter_index
from autograd.ops.linalg import diagonals, norms
from nn.onnx import operation_names
from tests.nn.onnx.runtime import assert_agrees, assert_exports, made, named, run, session
from tests.primitives import primitives

pytestmark = pytest.mark.onnx

X, Y, P = [(2, 4)], [(2, 4), (2, 4)], [("probability", 2, 4)]
IMAGE, WINDOW = [(2, 3, 5, 6)], Window((2, 3), (2, 1), ((1, 0), (1, 1)), (1, 2))
POOL = Window((3, 2), (2, 2), ((1, 1), (0, 0)), (1, 1))
INTS = [(range(9), 2, 4)]
TWO_INTS = [(range(9), 2, 4), (range(9), 2, 4)]
PLANES = [(2, 3, 4, 4)]


def integers(shape, *values):
    return np.array(values).reshape(shape)


#: By the primitive's name: a function that calls it, and its inputs.
CASES = {
    "add": (lambda x, y: x + y, Y),
    "subtract": (lambda x, y: 1.0 - (x - y), Y),
    "multiply": (lambda x, y: x * y * 2, Y),
    "divide": (lambda x, y: x / y, [(2, 4), ("probability", 2, 4)]),
    "negative": (lambda x: -x, X),
    "positive": (lambda x: +x, X),
    "alias": (lambda x: elementwise.alias(x) * 2.0, X),
    "reciprocal": (ag.reciprocal, P),
    "square": (ag.square, X),
    "sqrt": (ag.sqrt, P),
    "floor_divide": (lambda x: x // 0.3, X),
    "remainder": (lambda x, y: (x % 0.75, y % 4), [(2, 4), (range(9), 2, 4)]),
    "fmod": (lambda x: ag.fmod(x, 0.75), X),
    "floor": (ag.floor, X),
    "ceil": (ag.ceil, X),
    "rint": (ag.rint, X),
    "trunc": (ag.trunc, X),
    "around": (lambda x: (ag.around(x), ag.around(x, 1)), X),
    "sign": (ag.sign, X),
    "absolute": (ag.absolute, X),
    "copysign": (ag.copysign, Y),
    "heaviside": (lambda x: ag.heaviside(ag.where(x > 0.5, 0.0, x), 0.25), X),
    "maximum": (ag.maximum, Y),
    "minimum": (lambda x: ag.minimum(x, 0.25), X),
    "fmax": (lambda x, y: ag.fmax(ag.where(x > 0, x, np.nan), y), Y),
    "fmin": (lambda x, y: ag.fmin(x, ag.where(y > 0, y, np.nan)), Y),
    "clip": (lambda x, y: (ag.clip(x, -0.5, 0.25), ag.clip(x, None, y)), Y),
    "where": (lambda x, y: ag.where(x > y, x, 0.0), Y),
    "equal": (lambda x, y: (x == y, x == 3), TWO_INTS),
    "not_equal": (lambda x, y: x != y, TWO_INTS),
    "less": (lambda x, y: (x < y, x < 0.25), Y),
    "less_equal": (lambda x, y: x <= y, TWO_INTS),
    "greater": (lambda x: (x > 3, x > 2.5), INTS),
    "greater_equal": (lambda x: x >= 3, INTS),
    "logical_and": (lambda x, y: ag.logical_and(x > 0, y > 0), Y),
    "logical_or": (lambda x, y: ag.logical_or(x, y > 4), TWO_INTS),
    "logical_xor": (lambda x, y: ag.logical_xor(x > 0, y > 0), Y),
    "logical_not": (ag.logical_not, INTS),
    "bitwise_and": (lambda x, y: (x & 3, (x > 1) & (y > 2)), TWO_INTS),
    "bitwise_or": (lambda x, y: (x | y, (x > 1) | (y > 2)), TWO_INTS),
    "bitwise_xor": (lambda x, y: x ^ y, TWO_INTS),
    "invert": (lambda x: (~x, ~(x > 1)), INTS),
    "left_shift": (lambda x: ag.astype(ag.left_shift(ag.astype(x, np.uint32), np.uint32(2)), np.int64), INTS),
    "right_shift": (lambda x: ag.astype(ag.right_shift(ag.astype(x, np.uint32), np.uint32(1)), np.int64), INTS),
    "signbit": (ag.signbit, X),
    "isnan": (lambda x: ag.isnan(ag.where(x > 0, x, np.nan)), X),
    "isinf": (lambda x: ag.isinf(ag.where(x > 0, x, np.inf)), X),
    "isfinite": (lambda x: ag.isfinite(ag.where(x > 0, x, -np.inf)), X),
    "_cast": (lambda x: ag.astype(x, np.float64), X),
    "_cast_to_plain": (lambda x: (ag.astype(x, np.int32), ag.astype(x, bool)), X),
    "power": (lambda x: (x**2, x**-1, x**1.5, 2.0**x, x**0.5), P),
    "cbrt": (ag.cbrt, X),
    "exp": (ag.exp, X),
    "exp2": (ag.exp2, X),
    "expm1": (lambda x: (ag.expm1(x), ag.expm1(x * 1e-4) * 1e4), X),
    "log": (ag.log, P),
    "log2": (ag.log2, P),
    "log10": (ag.log10, P),
    "log1p": (lambda x: (ag.log1p(x), ag.log1p(x * 1e-4) * 1e4, ag.log1p(x * 9.0)), P),
    "logaddexp": (ag.logaddexp, Y),
    "logaddexp2": (ag.logaddexp2, Y),
    "sin": (ag.sin, X),
    "cos": (ag.cos, X),
    "tan": (ag.tan, P),
    "arcsin": (ag.arcsin, P),
    "arccos": (ag.arccos, P),
    "arctan": (ag.arctan, X),
    "arctan2": (lambda y, x: ag.arctan2(y, ag.where(x > 1.0, 0.0, x)), Y),
    "sinh": (ag.sinh, X),
    "cosh": (ag.cosh, X),
    "tanh": (ag.tanh, X),
    "arcsinh": (ag.arcsinh, X),
    "arccosh": (lambda x: ag.arccosh(x + 1.5), P),
    "arctanh": (ag.arctanh, P),
    "hypot": (ag.hypot, Y),
    "sinc": (lambda x: ag.sinc(ag.where(x > 0.5, 0.0, x)), X),
    "deg2rad": (ag.deg2rad, X),
    "rad2deg": (ag.rad2deg, X),
    "erf": (ag.erf, X),
    "erfc": (ag.erfc, X),
    "relu": (ag.relu, X),
    "relu_gradient": (activations._relu_gradient, Y),
    "leaky_relu": (lambda x: ag.leaky_relu(x, 0.3), X),
    "prelu": (lambda x: ag.prelu(x, np.float32(0.3)), X),
    "elu": (lambda x: (ag.elu(x, alpha=0.5), ag.elu(x, alpha=2.0, scale=1.5, rate=0.7)), X),
    "exp_below_zero": (lambda x: activations._exp_below_zero(x, rate=0.7), X),
    "threshold": (lambda x: ag.threshold(x, threshold=0.2, value=-1.0), X),
    "sigmoid": (ag.sigmoid, X),
    "logistic": (transcendental.logistic, X),
    "logistic_slope": (transcendental.logistic_slope, X),
    "sinpi": (transcendental._sinpi, X),
    "cospi": (transcendental._cospi, X),
    "one_minus_square": (transcendental._one_minus_square, X),
    "root_of_square_minus_one": (lambda x: transcendental._root_of_square_minus_one(x * x + 1.5), X),
    "cosine_of_point": (transcendental._cosine, Y),
    "softplus": (lambda x: ag.softplus(x, beta=2.0, threshold=1.0), X),
    "log_sigmoid": (ag.log_sigmoid, X),
    "silu": (ag.silu, X),
    "mish": (ag.mish, X),
    "gelu": (ag.gelu, X),
    "gelu_tanh": (ag.gelu_tanh, X),
    "softsign": (ag.softsign, X),
    "tanhshrink": (ag.tanhshrink, X),
    "hardtanh": (ag.hardtanh, X),
    "hardsigmoid": (ag.hardsigmoid, X),
    "hardswish": (ag.hardswish, X),
    "hardshrink": (ag.hardshrink, X),
    "softshrink": (ag.softshrink, X),
    "softmax": (lambda x: ag.softmax(x, 1), X),
    "log_softmax": (lambda x: ag.log_softmax(x, 0), X),
    "dot_along": (lambda x, y: activations._dot_along(x, y, axis=1), Y),
    "sum": (lambda x: (x.sum(), x.sum(1), x.sum((0, 2), keepdims=True), (x > 0).sum(1)), [(2, 3, 4)]),
    "mean": (lambda x: (x.mean(), x.mean(-1), x.mean((0, 2), keepdims=True)), [(2, 3, 4)]),
    "prod": (lambda x: (ag.prod(x), ag.prod(x, 1)), P),
    "amax": (lambda x: (ag.amax(x), ag.amax(x, 1, True)), X),
    "amin": (lambda x: ag.amin(x, 0), X),
    "max": (lambda x: (ag.max(x), ag.max(x, 1)), X),
    "min": (lambda x: ag.min(x, (0, 1)), X),
    "max_with_indices": (lambda x: (*ag.max_with_indices(x, 1), *ag.max_with_indices(x)), X),
    "min_with_indices": (lambda x: ag.min_with_indices(x, 1, True), X),
    "argmax": (lambda x: (ag.argmax(x), ag.argmax(x, 1), ag.argmax(x, 0, True)), X),
    "argmin": (lambda x: ag.argmin(x, 1), INTS),
    "all": (lambda x: (ag.all(x > -1), ag.all(x > -1, 1)), X),
    "any": (lambda x: ag.any(x > 1, 1, True), X),
    "count_nonzero": (lambda x: ag.count_nonzero(x, 1), INTS),
    "var": (lambda x: (ag.var(x), ag.var(x, 1, ddof=1), ag.var(x, (0, 2), keepdims=True, ddof=1)), [(2, 3, 4)]),
    "std": (lambda x: ag.std(x, 1), X),
    "norm": (lambda x: (ag.linalg.norm(x), norms._euclidean(x, axis=1, keepdims=True)), X),
    "logsumexp": (lambda x: (ag.logsumexp(x), ag.logsumexp(x, 1), ag.logsumexp(x, 0, True)), X),
    "cumsum": (lambda x: (ag.cumsum(x, 1), ag.cumsum(x, 0), ag.cumsum(x)), X),
    "cumprod": (lambda x: ag.cumprod(x, 1), [(2, 5)]),
    "cummax_with_indices": (lambda x: ag.cummax_with_indices(x, 1)[0], [(2, 5)]),
    "cummin_with_indices": (lambda x: ag.cummin_with_indices(x, 1)[0], [(2, 5)]),
    "sort_with_indices": (lambda x: ag.sort_with_indices(x, 1, descending=True), X),
    "argsort": (lambda x: (ag.argsort(x, 1), ag.argsort(x, 0)), X),
    "searchsorted": (lambda x: (ag.searchsorted(np.arange(-2, 2, 0.5, np.float32), x), ag.searchsorted(np.arange(-2, 2, 0.5, np.float32), x, side="right")), X),
    "reshape": (lambda x: (x.reshape(-1), x.reshape(-1, 2, 2), x.reshape(2, 2, -1)), X),
    "expand_dims": (lambda x: ag.expand_dims(x, (0, -1)), X),
    "squeeze": (lambda x: (ag.squeeze(x, 1), ag.squeeze(x)), [(2, 1, 3, 1)]),
    "transpose": (lambda x: (x.T, ag.transpose(x, (1, 2, 0))), [(2, 3, 4)]),
    "broadcast_to": (lambda x: ag.broadcast_to(x, (3, *x.shape)), X),
    "concatenate": (lambda x, y: (ag.concatenate([x, y], 1), ag.concatenate([x, y])), Y),
    "stack": (lambda x, y: ag.stack([x, y], -1), Y),
    "flip": (lambda x: (ag.flip(x), ag.flip(x, 1)), X),
    "roll": (lambda x: ag.roll(x, (1, -2), (1, 2)), [(2, 3, 4)]),
    "pad": (lambda x: ag.pad_constant(x, ((0, 1), (2, -1)), 0.5), X),
    "take_axis": (lambda x: ag.pad_index(x, ((0, 0), (2, 1)), "reflect"), X),
    "add_axis": (lambda y: padding._add_axis(y, index=np.array([1, 0, 1, 2]), axis=1, size=3), X),
    "tril": (lambda x: ag.tril(x, 1), [(2, 3, 4)]),
    "triu": (lambda x: ag.triu(x, -1), [(2, 3, 4)]),
    "diagonal": (lambda x: (ag.diagonal(x, 1, 1, 2), ag.diagonal(x, -1, 2, 1)), [(2, 3, 4)]),
    "put_diagonal": (lambda x: diagonals._put_diagonal(x, offset=-1, axis1=1, axis2=2, shape=(x.shape[0], 5, 4)), X),
    "matmul": (lambda x, y: (x @ y.T, x @ x[0], x.reshape(-1, 2, 2) @ y.reshape(-1, 2, 2)), Y),
    "einsum": (lambda x, y: ag.einsum("ni,nj->nij", x, y), Y),
    "linear": (lambda x: ag.linear(x, np.ones((3, 4), np.float32), np.arange(3, dtype=np.float32)), X),
    "det": (ag.linalg.det, [(2, 3, 3)]),
    "normalize": (
        lambda x: ag.normalize(x, axes=(1, 2), eps=1e-3)
        + ag.normalize(x, np.arange(3, dtype=np.float32), axes=(0, 2), groups=1)
        + ag.normalize(x, None, np.arange(3, dtype=np.float32), axes=(1, 2), groups=3)
        + ag.normalize(x, axes=(2,), centred=False),
        [(2, 3, 4)],
    ),
    "binary_cross_entropy": (ag.binary_cross_entropy, [("probability", 2, 4), ("probability", 2, 4)]),
    "cross_entropy": (lambda x, t: ag.cross_entropy(x, t, label_smoothing=0.1), [(3, 4), (range(4), 3)]),
    "nll_loss": (
        lambda x, t: (ag.nll_loss(x, t, np.arange(4, dtype=np.float32)), ag.nll_loss(x, t, None, 1, "none")),
        [(3, 4), (range(4), 3)],
    ),
    "getitem": (
        lambda x: (x[:, 1], x[..., None, :2], x[:, ::-2], x[:, [2, 0]], x[1:, -1], x[:, None, [0, 1], [2, 0]], x[0], x[:, [[0], [1]], [1, 3]])[:5]
        + (x[:, [[0], [1]], [1, 3]], x[:, :, [1, 0]], x[-1]),
        [(2, 3, 4)],
    ),
    "scatter_index": (
        lambda x: (
            scatter_index(x, index=(slice(None), slice(1, 5)), shape=(x.shape[0], 6)),
            scatter_index(x, index=(slice(None), np.array([1, 0, 1, 2])), shape=(x.shape[0], 3)),
            scatter_index(x, index=(slice(None), slice(None), 2), shape=(x.shape[0], 4, 5)),
        ),
        X,
    ),
    "correlate": (lambda x: convolution._correlate(x, np.linspace(-1, 1, 36, dtype=np.float32).reshape(2, 3, 2, 3), window=WINDOW, groups=1), IMAGE),
    "correlate_input": (lambda y: convolution._correlate_input(y, np.linspace(-1, 1, 36, dtype=np.float32).reshape(3, 2, 2, 3), input_shape=(10, 8), window=WINDOW, groups=1), IMAGE),
    "correlate_weight": (lambda x, y: convolution._correlate_weight(x, y, window=WINDOW, groups=1), [(2, 3, 5, 6), (2, 4, 3, 4)]),
    "max_pool": (lambda x: ag.max_pool(x, POOL), IMAGE),
    "max_pool_with_indices": (lambda x: ag.max_pool(x, POOL, return_indices=True), IMAGE),
    "take_windows": (lambda x: ag.take_windows(x, ag.max_pool(x, POOL, return_indices=True)[1]), IMAGE),
    "scatter_windows": (lambda x: windows._scatter_windows(*ag.max_pool(x, POOL, return_indices=True), input_shape=(5, 6)), IMAGE),
    "avg_pool": (lambda x: (ag.avg_pool(x, 3, 2, 1), ag.avg_pool(x, 3, 2, 1, True, False)), IMAGE),
    "avg_pool_input": (lambda y: pooling._avg_pool_input(y, input_shape=(9, 12), window=POOL, divisors=6), IMAGE),
    "windows": (lambda x: windows._windows(x, window=WINDOW), IMAGE),
    "fold_windows": (lambda x: windows._fold_windows(windows._windows(x, window=WINDOW), input_shape=(5, 6), window=WINDOW), IMAGE),
    "adaptive_avg_pool": (lambda x: ag.adaptive_avg_pool(x, (2, 4)), IMAGE),
    "adaptive_avg_pool_input": (lambda y: resampling._adaptive_avg_pool_input(y, input_shape=(7, 8)), IMAGE),
    "adaptive_max_pool": (lambda x: ag.adaptive_max_pool(x, (2, 4)), IMAGE),
    "interpolate": (lambda x: (ag.interpolate(x, (7, 4), "linear"), ag.interpolate(x, (7, 4), "nearest")), IMAGE),
    "interpolate_adjoint": (lambda y: resampling._interpolate_adjoint(y, input_shape=(3, 9), mode="cubic"), IMAGE),
}  # fmt: skip

#: Without an operator of ONNX, or with one that nobody has needed yet.
REFUSED = {
    "argwhere", "cholesky", "digamma", "eigh", "erfinv", "inv", "lgamma", "ndtri", "pinv", "polygamma", "qr", "scatter_extreme", "set_at", "slogdet", "solve", "svd",
}  # fmt: skip

#: Between processes: in a single one it is a copy, and nothing to test.
ELSEWHERE = {"all_reduce"}


def test_no_primitive_is_forgotten():
    assert set(primitives()) == {*CASES, *REFUSED, *ELSEWHERE}
    assert set(operation_names()) == {*CASES, *ELSEWHERE}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", CASES)
def test_the_file_gives_what_the_primitive_gives(name, tmp_path):
    function, specs = CASES[name]
    seen = []

    def model(*inputs):
        with ag.debug.operations() as noted:
            result = function(*inputs)
        seen.extend(operation.name for operation in noted)
        return result

    assert_exports(model, specs, tmp_path / "model.onnx")
    assert name in seen


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_constants_take_the_dtype_of_what_they_stand_beside(dtype, tmp_path):
    x = ag.tensor(np.ones((2, 3), dtype))
    proto = nn.onnx.export(lambda x: ag.clip(x * 2 + 0.5, 0, None), x, tmp_path / "model.onnx")
    kinds = {i.data_type for i in proto.graph.initializer}
    assert kinds == {1 if dtype == np.float32 else 11}


# Rare arguments -----------------------------------------------------------------------------------

CROPS = Window((2, 2), (1, 1), ((-1, 0), (0, 1)), (1, 1))
LOPSIDED = Window((2, 2), (2, 3), ((-1, 1), (2, -1)), (1, 2))
W = np.linspace(-1.0, 1.0, 24, dtype=np.float32)

#: What the file gives is what the function gives, for another batch, too.
RARE = {
    "a mask that is fixed": (lambda x: x[:, np.array([True, False, True, True])], [(2, 4)]),
    "a number beside an index array": (lambda x: (x[:, 1, [0, 2]], x[:, [0, 2], 1]), [(2, 3, 4)]),
    "the last row by its number": (lambda x: x[x.shape[0] - 1] + x[-1], X),
    "index arrays apart": (lambda x: x[:, [0, 1, 2], :, [1, 0, 3]], [(2, 3, 2, 4)]),
    "flip of no axis": (lambda x: ag.flip(x, axis=()), X),
    "roll once around": (lambda x: (ag.roll(x, 4, axis=1), ag.roll(x, (3, -1), axis=(1, 2))), [(2, 3, 4)]),
    "sum over no axis": (lambda x: (ag.sum(x, axis=()), ag.amax(x, axis=())), X),
    "norm over no axis": (lambda x: ag.linalg.vector_norm(x, 2, axis=()), X),
    "largest of bools": (lambda x: (ag.amax(x > 0, axis=1), ag.amin(x > 0, axis=1)), X),
    "where the largest bool is": (lambda x: ag.argmax(x > 0, axis=1), X),
    "all elements in a row": (lambda x: (ag.cumsum(x), ag.argmax(x), ag.sort(x, axis=None)), X),
    "comparisons of bools": (lambda x, y: ((x > 0) < (y > 0), (x > 0) >= (y > 0), (x > 0) == (y > 0)), Y),
    "bools beside integers": (lambda x: ((x > 0) + 2, (x > 0) == 1, (x > 0) * 0.5), X),
    "a window that crops": (lambda x: convolution._correlate(x, W.reshape(2, 3, 2, 2), window=CROPS, groups=1), IMAGE),
    "its adjoint": (lambda y: convolution._correlate_input(y, W.reshape(3, 2, 2, 2), input_shape=(6, 6), window=CROPS, groups=1), [(2, 3, 4, 6)]),
    "its adjoint where padding differs by side": (
        lambda y: convolution._correlate_input(y, W.reshape(3, 2, 2, 2), input_shape=(8, 9), window=LOPSIDED, groups=1), [(2, 3, 4, 3)]),
    "its weights": (lambda x, y: convolution._correlate_weight(x, y, window=CROPS, groups=1), [(2, 3, 5, 6), (2, 4, 3, 6)]),
    "its weights by groups": (lambda x, y: convolution._correlate_weight(x, y, window=CROPS, groups=2), [(2, 4, 5, 6), (2, 2, 3, 6)]),
    "elu in each of its forms": (
        lambda x: (ag.elu(x, alpha=2.0, rate=2.0), ag.elu(x, alpha=2.0, rate=0.5), ag.elu(x, alpha=0.5, scale=3.0),
                   ag.elu(x, alpha=0.5, rate=2.0, scale=3.0), ag.elu(x, alpha=0.0, rate=2.0), ag.elu(x)), X),
    "powers with a short form": (
        lambda x: (x**0, x**1, x**2, x**3, x**0.5, x**-1, x**-2, x**x, x ** np.array([2.0], np.float32),
                   x ** np.array([2, 0, 1, 3], np.float32)), P),
    "softplus at its bound": (lambda x: (ag.softplus(x * 12), ag.softplus(x * 9, beta=2.0), ag.softplus(x, beta=1.5, threshold=0.5)), X),
    "hard functions at their bounds": (
        lambda x: [f(ag.rint(x * 2) / 2) for f in (ag.hardshrink, ag.softshrink, ag.hardtanh, ag.hardsigmoid, ag.hardswish, ag.relu)], X),
    "an index far back": (lambda x: (x[:, 1200], x[:, 1200:1203], x[:, -100], x[:, [1200, 3]]), [(2, 1300)]),
    "index arrays of other ranks": (
        lambda x: (x[:, [[0], [1], [2]], [1, 3]], x[:, [1, 2], [[0], [1], [2]]], x[:, [[0], [2]], [[1]]], x[:, [[0, 1, 2]], [3]], x[:, [[0, 2]], [1, 3]], x[:, [0, 2], [[1, 3]]]), [(2, 3, 4)]),
    "index arrays before, between and after slices": (
        lambda x: (x[:, [0, 2], [1, 0]], x[:, :, [1, 0], [2, 3]], x[:, [0, 2], :, [1, 3]], x[:, 1:, [1, 0], [2, 3]],
                   x[:, [0, 2], [1, 0], 1:], x[:, [0, 2], [1, 0], ::2], x[:, [2, 0], [1, 0], [3, 1]], x[:, [0, 1], :, 1:]), [(2, 3, 2, 4)]),
    "put back at index arrays": (
        lambda x: (
            scatter_index(x[:, [0, 2], [1, 0]], index=(slice(None), np.array([0, 2]), np.array([1, 0])), shape=x.shape),
            scatter_index(x[:, :, [1, 0], [2, 3]], index=(slice(None), slice(None), np.array([1, 0]), np.array([2, 3])), shape=x.shape),
            scatter_index(x[:, [0, 2], :, [1, 3]], index=(slice(None), np.array([0, 2]), slice(None), np.array([1, 3])), shape=x.shape),
            scatter_index(x[:, :, [1, 1]], index=(slice(None), slice(None), np.array([1, 1])), shape=x.shape)), [(2, 3, 2, 4)]),
    "put back at slices and numbers": (
        lambda x: (
            scatter_index(x, index=(slice(None), slice(1, 5)), shape=(x.shape[0], 9)),
            scatter_index(x, index=(slice(None), slice(3, None)), shape=(x.shape[0], 7)),
            scatter_index(x, index=(slice(None), slice(-4, None)), shape=(x.shape[0], 6)),
            scatter_index(x, index=(slice(None), 3), shape=(x.shape[0], 5, 4)),
            scatter_index(x, index=(slice(None), -2, slice(1, 5)), shape=(x.shape[0], 3, 6)),
            scatter_index(x, index=(slice(None), slice(None), 100), shape=(x.shape[0], 4, 1502)),
            scatter_index(x, index=(slice(None), slice(None)), shape=x.shape)), X),
    "losses of certainty": (
        lambda x, y: (ag.binary_cross_entropy(ag.where(x > 0.5, 1.0, 0.0), ag.where(y > 0.5, 1.0, 0.0)),
                      ag.binary_cross_entropy(ag.where(x > 0.5, 1.0, 0.0), y)), P * 2),
    "cross-entropy of planes": (
        lambda x, t: [ag.cross_entropy(x, t, weight, ignored, smoothing, reduction)
                      for weight in (None, np.array([0.5, 2.0, 1.0], np.float32))
                      for ignored, smoothing in ((-100, 0.0), (1, 0.2), (0, 0.1), (2, 0.0))
                      for reduction in ("none", "mean", "sum")], [(2, 3, 4, 2), (range(3), 2, 4, 2)]),
    "probabilities beside a loss": (
        lambda x, t: fused._cross_entropy(x, t, None, ignore_index=-100, label_smoothing=0.0, reduction="mean"),
        [(2, 3, 4), (range(3), 2, 4)]),
    "likelihoods of planes": (
        lambda x, t: [ag.nll_loss(x, t, weight, ignored, reduction)
                      for weight in (None, np.array([0.5, 2.0, 1.0], np.float32))
                      for ignored in (-100, 1) for reduction in ("none", "mean", "sum")], [(2, 3, 4, 2), (range(3), 2, 4, 2)]),
    "linear without a bias": (lambda x: (ag.linear(x, W.reshape(6, 4)), ag.linear(x[:, None], W.reshape(6, 4), W[:6]), ag.linear(x[:, None], W.reshape(6, 4))), X),
    "places among all elements": (
        lambda x: (ag.argmax(x, keepdims=True), ag.argmin(x, keepdims=True), ag.argmax(x, axis=-1), ag.max_with_indices(x, -1, True),
                   ag.argmax(x > 0), ag.argmin(x > 0, axis=0), ag.argmin(x > 0, axis=1, keepdims=True)), [(2, 3, 4)]),
    "what runs over a single number": (
        lambda x: (ag.cumsum(x.sum()), ag.cumprod(x.sum()), ag.sort(x.sum()), ag.argsort(x.sum()), ag.sort(x.sum(), axis=None)), X),
    "extrema over one axis or all": (
        lambda x: (*ag.max_with_indices(x, 1), *ag.min_with_indices(x, 2), *ag.min_with_indices(x), *ag.max_with_indices(x, 0, True)), [(2, 3, 4)]),
    "sums of bools": (lambda x: (ag.sum(x > 0), ag.sum(x > 0, 1, keepdims=True), ag.mean(x > 0), ag.count_nonzero(x > 0, 1), ag.prod(x > 0, 1)), X),
    "running products of each length": (
        lambda x: [ag.cumprod(x[:, :k], 1) for k in range(1, 10)] + [ag.cumsum(x[:, :k], 1) for k in (1, 5)], [(2, 9)]),
    "shares of bits": (lambda x: (ag.any(x > 0), ag.all(x > 9, 1), ag.any(x > 9, 1, True), ag.all(x > -9)), X),
    "axes from the end": (
        lambda x: (ag.expand_dims(x, -1), ag.expand_dims(x, (-1, 1)), ag.tril(x, -2), ag.triu(x, 2), ag.flip(x, -1), ag.roll(x, 1, -1),
                   ag.diagonal(x, 0, -1, -2), ag.diagonal(x, 2, 1, 2), ag.diagonal(x, -2, 1, 2)), [(2, 3, 4)]),
    "diagonals of large planes": (lambda x: (ag.diagonal(x, 0, 1, 2), ag.diagonal(x, 36, 1, 2), ag.diagonal(x, -3, 2, 1)), [(2, 40, 40)]),
    "put on other diagonals": (
        lambda x: [diagonals._put_diagonal(x, offset=k, axis1=a, axis2=c, shape=(x.shape[0], *s))
                   for k, a, c, s in ((0, 1, 2, (4, 4)), (36, 1, 2, (40, 40)), (-36, 1, 2, (40, 40)), (1, 1, 2, (4, 5)), (2, 2, 1, (6, 4)), (-1, 2, 1, (4, 5)), (0, 1, 2, (4, 7)))], X),
    "pieces of every window": (
        lambda x: (windows._windows(x, window=Window((2,), (1,), ((0, 0),), (1,))), windows._windows(x, window=Window((3,), (2,), ((1, 2),), (2,)))), [(2, 3, 7)]),
    "windows of a volume": (lambda x: windows._windows(x, window=Window((2, 1, 2), (1, 1, 2), ((0, 1),) * 3, (1, 1, 1))), [(2, 1, 3, 2, 4)]),
    "an axis of the same size": (
        lambda x: (ag.interpolate(x, (5, 4), "linear"), ag.interpolate(x, (5, 4), "nearest"), ag.adaptive_avg_pool(x, (5, 3))), IMAGE),
    "positions on a grid": (
        lambda x: x + ag.as_tensor(np.broadcast_to(np.arange(x.shape[0], dtype=np.float32)[:, None], x.shape)), X),
    "places read off, in another shape": (
        lambda x: ag.take_along_axis(x, ag.as_tensor(ag.argmax(x, axis=1).numpy()[:, None]), 1), X),
    "a mean over the batch by hand": (lambda x: (x.sum(0) / float(x.shape[0]), x.sum(0) * (1.0 / x.shape[0])), X),
}  # fmt: skip

#: What has no operator, or depends on what is not in the file; and what is said.
NOT_FOLLOWED = {
    "array and None": (lambda x: x[:, None, [0, 1]], X, "index arrays beside None"),
    "array and number apart": (lambda x: x[:, 0, :, [1, 2]], [(2, 3, 2, 4)], "side by side|beside"),
    "a step by the batch": (lambda x: x[:, :: x.shape[0]], X, "step that follows the batch|not evenly"),
    "one of the batch": (lambda x: scatter_index(x, index=(0,), shape=(x.shape[0] + 1, 4)), [(2, 4)], "batch|scatter_index"),
    "a place by the batch": (
        lambda x: scatter_index(x, index=(slice(None), x.shape[0]), shape=(x.shape[0], 9)).sum(1), [(2,)], "follows the batch"),
    "put back with a step": (
        lambda x: scatter_index(x, index=(slice(None), slice(0, 8, 2)), shape=(x.shape[0], 8)), X, "slice with a step"),
    "put back turned around": (
        lambda x: scatter_index(x, index=(slice(None), slice(None, None, -1)), shape=x.shape), X, "slice with a step"),
    "put back beside slices": (
        lambda x: scatter_index(x, index=(slice(None), np.array([0, 1]), slice(0, 4)), shape=(x.shape[0], 3, 5)), [(2, 2, 4)],
        "index arrays beside slices"),
    "rolled along the batch": (lambda x: ag.roll(x, 1, axis=0), X, "rolls along the batch"),
    "diagonal along the batch": (lambda x: ag.diagonal(x), X, "diagonal along the batch|batch"),
    "product along the batch": (lambda x: ag.cumprod(x, axis=0), X, "runs along the batch"),
    "running extremum": (lambda x: ag.cummax(x, 1)[0], INTS, "running extremum of integers"),
    "quotients of integers": (lambda x: x // 2, INTS, "rounds down"),
    "shifts of integers": (lambda x: ag.left_shift(x, 1), INTS, "unsigned"),
    "windows over the batch": (lambda x: ag.avg_pool(x.T[None], 2), X, "the size of follows the batch|batch"),
    "an axis by values": (lambda x: x.sum(int(x.numpy()[0, 0] * 1e4) % 2).sum(), X, "depends on"),
    "an option by values": (
        lambda x: ag.sum(ag.sum(x, axis=1, keepdims=bool(int(x.numpy()[0, 0] * 1e4) % 2))), X, "depends on"),
    "a mask by values": (lambda x: x[x == ag.amax(x, axis=1, keepdims=True)], X, "several hold the same numbers"),
}  # fmt: skip


@pytest.mark.parametrize("name", RARE)
def test_rare_arguments_give_the_same_in_the_file(name, tmp_path):
    function, specs = RARE[name]
    assert_exports(function, specs, tmp_path / "model.onnx")


@pytest.mark.parametrize("name", NOT_FOLLOWED)
def test_what_has_no_counterpart_is_refused_with_its_line(name, tmp_path):
    function, specs, words = NOT_FOLLOWED[name]
    random = np.random.default_rng(3)
    example = tuple(made(spec, random, 3) for spec in specs)
    with pytest.raises(ValueError, match=rf"(?s)onnx\.export: .*({words})"):
        nn.onnx.export(function, example, tmp_path / "model.onnx")
    assert not (tmp_path / "model.onnx").exists()


@pytest.mark.parametrize("opset", [18, 19, 20, 21])
@pytest.mark.parametrize("function", [ag.gelu, ag.gelu_tanh])
def test_older_opsets_have_other_operators(function, opset, tmp_path):
    proto = assert_exports(function, X, tmp_path / "model.onnx", opset=opset)
    assert ("Gelu" in operators(proto)) == (opset >= 20)


def operators(proto):
    return [node.op_type for node in proto.graph.node]


@pytest.mark.parametrize(
    "function, specs, wanted",
    [
        (lambda x: x**2, P, ["Mul"]),
        (lambda x: x**0.5, P, ["Sqrt"]),
        (lambda x: x**-1, P, ["Reciprocal"]),
        (lambda x: ag.elu(x, alpha=0.5), X, ["Elu"]),
        (lambda x: ag.elu(x, alpha=2.0, rate=0.5), X, ["Celu"]),
        (nn.Linear(4, 2), X, ["Gemm"]),
        (nn.ConvTranspose2d(3, 2, 3, 2, 1, 1), IMAGE, ["ConvTranspose"]),
        (nn.ConvTranspose2d(3, 3, 2, 2, groups=3), IMAGE, ["ConvTranspose"]),
        (nn.ConvTranspose2d(3, 2, 2, (1, 3), 0, (0, 2)), IMAGE, ["ConvTranspose"]),
        (lambda x: ag.interpolate(x, x.shape[2:], "linear") * 2, IMAGE, ["Mul"]),
    ],
)
def test_what_has_an_operator_of_its_own_becomes_it(function, specs, wanted, tmp_path):
    nn.manual_seed(0)
    proto = assert_exports(function, specs, tmp_path / "model.onnx")
    assert [op for op in operators(proto) if op not in ("Add", "Identity", "Reshape")] == wanted


def test_a_loss_of_one_sample_without_a_batch(tmp_path):
    x = ag.tensor(np.array([0.5, -1.0, 2.0, 0.25], np.float32))
    weight = np.array([0.5, 2.0, 1.0, 3.0], np.float32)

    def losses(x):
        where = np.array(1)
        return [ag.cross_entropy(x, where, w, -100, s) for w in (None, weight) for s in (0.0, 0.2)]

    proto = nn.onnx.export(losses, x, tmp_path / "model.onnx", dynamic_batch=False)
    assert_agrees(run(session(proto), (x,)), named(losses(x)))


def test_a_row_far_from_the_last(tmp_path):
    rows = lambda x: (x[x.shape[0] - 1200], x[x.shape[0] - 1], x[x.shape[0] - 1200 :])
    assert_exports(rows, [(2, 2)], tmp_path / "model.onnx", rows=(1201, 1300))


def test_the_cells_of_a_wide_adaptive_pool_begin_where_they_do_here(tmp_path):
    x = np.zeros((1, 1, 2002), np.float32)
    x[0, 0, 1001] = 1.0
    model = nn.AdaptiveMaxPool1d(2)
    running = session(nn.onnx.export(model, (ag.tensor(x),), tmp_path / "model.onnx"))
    (found,) = run(running, [ag.tensor(x)]).values()
    assert found.tolist() == model(ag.tensor(x)).tolist() == [[[0.0, 1.0]]]
