"""Correlation kernels against plain loops, on every path, layout and kind of number."""

from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd.arguments import Window
from autograd.kernels import native, threads
from autograd.kernels.conv import correlation, depthwise, im2col, plain
from tests.layouts import batch_last

MODULES = pytest.mark.parametrize("kernels", [correlation, plain], ids=["fast", "plain"])


# The test shapes are tiny: left alone, they would all go in one piece.
SETTINGS = {
    "as chosen": {},
    "in pieces": {
        im2col: dict(COLUMN_BYTES=1, WORTHWHILE=1),
        depthwise: dict(COLUMN_BYTES=1, WORTHWHILE=1),
        threads: dict(WORTHWHILE=1, BLAS_ALONE=-1),
        correlation: dict(LONG_RUN=0),
    },
    "sample by sample": {im2col: dict(FEW_PIXELS=0), correlation: dict(LONG_RUN=0)},
}


@pytest.fixture(autouse=True)
def no_cached_plans():
    forget_plans()
    yield
    forget_plans()


def forget_plans():
    im2col.plan.cache_clear()


@pytest.fixture(params=SETTINGS)
def setting(request, monkeypatch):
    for module, values in SETTINGS[request.param].items():
        for name, value in values.items():
            monkeypatch.setattr(module, name, value)
    return request.param


def terms(x_shape, w_shape, y_shape, stride, padding, dilation, groups):
    """Index triples of the trilinear form: y[i] gets x[j] * w[k] for each (i, j, k)."""
    per_group = w_shape[0] // groups
    for n, o, c, *rest in product(
        range(y_shape[0]), *map(range, w_shape[:2]), *map(range, y_shape[2:] + w_shape[2:])
    ):
        rank = len(rest) // 2
        p, k = rest[:rank], rest[rank:]
        q = [
            a * s - lo + b * d
            for a, b, s, d, (lo, _) in zip(p, k, stride, dilation, padding, strict=True)
        ]
        if all(0 <= a < size for a, size in zip(q, x_shape[2:], strict=True)):
            channel = o // per_group * w_shape[1] + c
            yield (n, o, *p), (n, channel, *q), (o, c, *k)


def out_shape(x_shape, w_shape, stride, padding, dilation):
    spatial = [
        (size + lo + hi - d * (k - 1) - 1) // s + 1
        for size, k, s, d, (lo, hi) in zip(
            x_shape[2:], w_shape[2:], stride, dilation, padding, strict=True
        )
    ]
    return (x_shape[0], w_shape[0], *spatial)


class Case:
    """Random arrays for one geometry and the three results by loops."""

    def __init__(self, x_shape, w_shape, stride, padding, dilation, groups, seed=0):
        rng = np.random.default_rng(seed)
        rank = len(x_shape) - 2
        self.geometry = dict(
            stride=(stride,) * rank if isinstance(stride, int) else stride,
            padding=((padding, padding),) * rank if isinstance(padding, int) else padding,
            dilation=(dilation,) * rank if isinstance(dilation, int) else dilation,
            groups=groups,
        )
        sizes = {k: v for k, v in self.geometry.items() if k != "groups"}
        self.given = {"window": Window(w_shape[2:], **sizes), "groups": groups}
        self.x = rng.normal(size=x_shape)
        self.w = rng.normal(size=w_shape)
        self.bias = rng.normal(size=w_shape[0])
        self.y = rng.normal(size=out_shape(x_shape, w_shape, **sizes))
        self.by_loops()

    def by_loops(self):
        self.expected_y = np.zeros(self.y.shape) + self.bias.reshape(-1, *[1] * (self.y.ndim - 2))
        self.expected_x = np.zeros(self.x.shape)
        self.expected_w = np.zeros(self.w.shape)
        for i, j, k in terms(self.x.shape, self.w.shape, self.y.shape, **self.geometry):
            self.expected_y[i] += self.x[j] * self.w[k]
            self.expected_x[j] += self.y[i] * self.w[k]
            self.expected_w[k] += self.x[j] * self.y[i]

    def results(self, kernels, convert=lambda a: a):
        x, w, y, bias = map(convert, (self.x, self.w, self.y, self.bias))
        return (
            kernels.correlate(x, w, bias, **self.given),
            kernels.correlate_input(y, w, input_shape=x.shape[2:], **self.given),
            kernels.correlate_weight(x, y, **self.given),
        )

    def check(self, kernels, convert=lambda a: a, tolerance=1e-10):
        expected = self.expected_y, self.expected_x, self.expected_w
        for name, result, right in zip(
            ("y", "x", "w"), self.results(kernels, convert), expected, strict=True
        ):
            assert result.shape == right.shape, name
            np.testing.assert_allclose(
                result.astype(float), right, rtol=tolerance, atol=tolerance, err_msg=name
            )


@pytest.fixture
def numpy_paths(monkeypatch):
    """For one test: the paths of NumPy, also where the kernels in C were built."""
    monkeypatch.setattr("autograd.kernels.native.library", None)


# Shapes chosen so that every path that `choose_path` knows is met, each with its odd variants.
CASES = {
    "ordinary": ((2, 3, 6, 7), (4, 3, 3, 3), 1, 1, 1, 1),
    "no padding": ((2, 3, 6, 7), (4, 3, 3, 2), 1, 0, 1, 1),
    "asymmetric": ((2, 2, 5, 6), (3, 2, 3, 3), 1, ((0, 2), (1, 0)), 1, 1),
    "crop": ((2, 2, 8, 9), (3, 2, 3, 3), 1, ((-1, -2), (1, -1)), 1, 1),
    "crop, stride": ((2, 2, 9, 9), (3, 2, 3, 3), 2, ((-1, 2), (1, -1)), 1, 1),
    "wide padding": ((2, 2, 4, 4), (3, 2, 3, 3), 1, 4, 1, 1),
    "stride": ((2, 3, 7, 8), (4, 3, 3, 3), 2, 1, 1, 1),
    "stride beyond kernel": ((2, 3, 9, 9), (4, 3, 2, 2), 3, 0, 1, 1),
    "stride by axis": ((2, 3, 7, 8), (4, 3, 3, 3), (1, 2), 1, 1, 1),
    "dilation": ((2, 3, 9, 8), (4, 3, 3, 3), 1, 2, 2, 1),
    "dilation beyond the map": ((2, 2, 3, 9), (3, 2, 2, 2), 1, ((4, 2), (0, 1)), (5, 1), 1),
    "dilation, crop": ((2, 3, 9, 8), (4, 3, 3, 2), 1, ((-1, 0), (0, -1)), (3, 2), 1),
    "dilation, groups": ((2, 8, 9, 8), (8, 4, 3, 2), 1, 1, (3, 2), 2),
    "dilation, stride": ((2, 3, 9, 8), (4, 3, 3, 2), (2, 1), 1, (2, 3), 1),
    "1x1": ((2, 3, 4, 5), (6, 3, 1, 1), 1, 0, 1, 1),
    "1x1 stride": ((2, 3, 5, 6), (6, 3, 1, 1), 2, 0, 1, 1),
    "1x1 padded": ((2, 3, 4, 5), (6, 3, 1, 1), 1, 1, 1, 1),
    "1x1 groups": ((2, 4, 4, 5), (6, 2, 1, 1), 1, 0, 1, 2),
    "groups": ((2, 4, 5, 6), (6, 2, 3, 3), 1, 1, 1, 2),
    "groups, stride": ((2, 6, 7, 6), (3, 2, 3, 3), 2, 1, 1, 3),
    "depthwise": ((2, 4, 6, 5), (4, 1, 3, 3), 1, 1, 1, 4),
    "depthwise, stride": ((3, 4, 7, 8), (4, 1, 3, 3), 2, 1, 1, 4),
    "depthwise, dilation": ((2, 4, 7, 8), (4, 1, 3, 3), 1, 2, 2, 4),
    "depthwise, multiplier": ((2, 3, 6, 5), (6, 1, 3, 3), 1, 1, 1, 3),
    "one input channel": ((3, 1, 8, 8), (5, 1, 5, 5), 1, 0, 1, 1),
    "one output channel": ((3, 4, 6, 6), (1, 4, 3, 3), 1, 1, 1, 1),
    "batch of one": ((1, 3, 6, 7), (4, 3, 3, 3), 1, 1, 1, 1),
    "batch of one, stride": ((1, 3, 6, 7), (4, 3, 3, 3), 2, 1, 1, 1),
    "tiny map": ((5, 6, 2, 2), (7, 6, 3, 3), 1, 1, 1, 1),
    "one output pixel": ((5, 3, 4, 4), (7, 3, 4, 4), 1, 0, 1, 1),
    "patches": ((3, 3, 8, 8), (5, 3, 4, 4), 4, 0, 1, 1),
    "big kernel": ((2, 2, 9, 9), (3, 2, 7, 7), 1, 3, 1, 1),
    "no batch": ((0, 3, 6, 7), (4, 3, 3, 3), 1, 1, 1, 1),
    "no input channels": ((2, 0, 6, 7), (4, 0, 3, 3), 1, 1, 1, 1),
    "no output channels": ((2, 3, 6, 7), (0, 3, 3, 3), 1, 1, 1, 1),
    "no output": ((2, 3, 2, 7), (4, 3, 3, 3), 1, 0, 1, 1),
    "no input": ((2, 3, 0, 3), (4, 3, 3, 3), 1, 2, 1, 1),
    "1d": ((3, 4, 9), (5, 4, 3), 1, 1, 1, 1),
    "1d stride, dilation": ((3, 4, 12), (5, 4, 3), 2, 1, 2, 1),
    "1d depthwise": ((3, 4, 9), (4, 1, 3), 1, 1, 1, 4),
    "1d batch of one": ((1, 4, 9), (5, 4, 3), 1, 1, 1, 1),
    "3d": ((2, 2, 4, 5, 4), (3, 2, 3, 2, 3), 1, 1, 1, 1),
    "3d stride": ((2, 2, 4, 5, 4), (3, 2, 3, 2, 3), (1, 2, 2), 1, 1, 1),
    "3d groups, dilation": ((2, 4, 5, 5, 4), (4, 2, 2, 2, 2), (1, 2, 1), 1, (2, 1, 1), 2),
    "3d 1x1": ((2, 3, 2, 3, 4), (4, 3, 1, 1, 1), 1, 0, 1, 1),
}


@cache
def known(name):
    """The case with its results by loops, computed once; tests leave it as they find it."""
    return Case(*CASES[name])


@cache
def known_terms(name):
    case = known(name)
    return [*terms(case.x.shape, case.w.shape, case.y.shape, **case.geometry)]


ALL_CASES = pytest.mark.parametrize("name", CASES)


@ALL_CASES
@pytest.mark.parametrize("way", ["as built", "NumPy"])
def test_agrees_with_loops(name, way, setting, monkeypatch):
    if way == "NumPy":
        monkeypatch.setattr("autograd.kernels.native.library", None)
    case = known(name)
    case.check(correlation)
    case.check(correlation, lambda a: batch_last(a) if a.ndim > 2 else a)


@ALL_CASES
def test_plain_agrees_with_loops(name):
    known(name).check(plain)


@ALL_CASES
def test_float32_and_float16(name):
    case = known(name)
    for dtype, tolerance in ((np.float32, 1e-4), (np.float16, 5e-2)):
        results = case.results(correlation, lambda a, dtype=dtype: a.astype(dtype))
        assert [r.dtype for r in results] == [dtype] * 3
        case.check(correlation, lambda a, dtype=dtype: a.astype(dtype), tolerance)


@st.composite
def geometries(draw):
    rank = draw(st.integers(1, 3))
    most = {1: 9, 2: 7, 3: 4}[rank]
    axes = []
    for _ in range(rank):
        k, d, s = draw(st.integers(1, 3)), draw(st.integers(1, 2)), draw(st.integers(1, 3))
        size = draw(st.integers(1, most))
        lo, hi = draw(st.integers(-1, 2)), draw(st.integers(-1, 2))
        if size + min(lo, 0) + min(hi, 0) < 0 or size + lo + hi < d * (k - 1) + 1:
            size, lo, hi = d * (k - 1) + 1, 0, 0
        axes.append((size, k, s, (lo, hi), d))
    size, k, s, padding, d = zip(*axes, strict=True)
    groups = draw(st.integers(1, 3))
    c, o = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    n = draw(st.sampled_from([1, 2, 5]))
    return (n, c * groups, *size), (o * groups, c, *k), s, padding, d, groups


@settings(max_examples=200, deadline=None, derandomize=True)
@given(geometries(), st.data())
def test_any_geometry_and_any_strides(geometry, data):
    forget_plans()
    with pytest.MonkeyPatch.context() as patch:
        for module, values in SETTINGS[data.draw(st.sampled_from([*SETTINGS]))].items():
            for name, value in values.items():
                patch.setattr(module, name, value)
        check_with_odd_strides(geometry, data)
    forget_plans()


def check_with_odd_strides(geometry, data):
    case = Case(*geometry)
    how = data.draw(st.sampled_from(["as is", "batch-last", "fortran", "reversed", "gaps"]))

    def convert(a):
        if how == "batch-last" and a.ndim > 2:
            return batch_last(a)
        if how == "fortran":
            return np.asfortranarray(a)
        if how == "reversed":
            return np.flip(np.flip(a).copy())
        if how == "gaps":
            return np.repeat(a, 2, axis=-1)[..., ::2]
        return a

    case.check(correlation, convert)
    case.check(plain, convert)


@pytest.mark.parametrize("kernels", [correlation, plain], ids=["fast", "plain"])
def test_complex_and_integers(kernels):
    case = Case(*CASES["groups, stride"])
    real = case.expected_y, case.expected_x, case.expected_w
    for got, want in zip(case.results(kernels, lambda a: a + 0j), real, strict=True):
        assert got.dtype == complex
        np.testing.assert_allclose(got, want + 0j, atol=1e-10)
    for array in (case.x, case.w, case.y, case.bias):
        array[...] = np.round(3 * array)
    case.by_loops()
    case.check(kernels, lambda a: a.astype(int))


class Term:
    """A number that counts the additions and multiplications made with its kind."""

    operations = {"+": 0, "*": 0}

    def __init__(self, value):
        self.value = value

    def __add__(self, other):
        Term.operations["+"] += 1
        return Term(self.value + other.value)

    def __mul__(self, other):
        Term.operations["*"] += 1
        return Term(self.value * other.value)


@pytest.mark.parametrize(
    "name", ["asymmetric", "crop, stride", "groups, stride", "1d", "3d stride"]
)
def test_objects_make_no_needless_terms(name):
    case = known(name)
    wrap = np.frompyfunc(Term, 1, 1)
    number = np.frompyfunc(lambda a: a.value if isinstance(a, Term) else a, 1, 1)
    Term.operations.update({"+": 0, "*": 0})
    results = case.results(correlation, wrap)
    for got, want in zip(results, (case.expected_y, case.expected_x, case.expected_w), strict=True):
        np.testing.assert_allclose(number(got).astype(float), want, atol=1e-10)
    triples = [*terms(case.x.shape, case.w.shape, case.y.shape, **case.geometry)]
    results_met = [len({triple[i] for triple in triples}) for i in range(3)]
    assert Term.operations["*"] == 3 * len(triples)
    biases = case.y.size
    assert Term.operations["+"] == 3 * len(triples) - sum(results_met) + biases


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("poison", [np.nan, np.inf])
@ALL_CASES
def test_nan_and_infinity_stay_local(name, poison, setting):
    """A poisoned element reaches exactly the results in whose sums it takes part."""
    case = known(name)
    if not case.x.size or not case.y.size:
        pytest.skip("nothing to poison")
    triples = known_terms(name)
    clean = case.expected_y, case.expected_x, case.expected_w
    for source, array, reached in ((1, case.x, (0, 2)), (0, case.y, (1, 2))):
        at = triples[len(triples) // 2][source]
        kept, array[at] = array[at], poison
        results = case.results(correlation)
        array[at] = kept
        for result in reached:
            may = np.zeros(clean[result].shape, bool)
            for triple in triples:
                if triple[source] == at:
                    may[triple[result]] = True
            sure = ~np.isfinite(results[result])
            if result == 2 and source == 0:
                # An infinite gradient also meets padded zeros of x; inf * 0 is NaN.
                assert (sure | ~may).all()
                assert (
                    sure <= np.isin(np.arange(len(may)), at[1]).reshape(-1, *[1] * (may.ndim - 1))
                ).all()
            else:
                np.testing.assert_array_equal(sure, may)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_infinite_weight_meets_padded_zero():
    x, w = np.ones((1, 1, 2, 2)), np.full((1, 1, 3, 3), np.inf)
    window = Window.read("test", 2, 3, padding=1)
    y = correlation.correlate(x, w, window=window, groups=1)
    assert np.isnan(y).all()


@ALL_CASES
def test_results_are_fresh_and_owned(name, setting):
    case = known(name)
    inputs = case.x, case.w, case.y, case.bias
    before = [a.copy() for a in inputs]
    first, again = case.results(correlation), case.results(correlation)
    for a, b in zip(first, again, strict=True):
        assert a.tobytes() == b.tobytes()
        assert a.flags.writeable
        assert not any(np.shares_memory(a, other) for other in (b, *inputs))
    for a, b in zip(inputs, before, strict=True):
        np.testing.assert_array_equal(a, b)
    assert first[2].flags.c_contiguous and first[2].flags.owndata


def test_mixed_dtypes_promote():
    case = known("ordinary")
    y = correlation.correlate(case.x.astype(np.float32), case.w, **case.given)
    assert y.dtype == np.float64
    y = correlation.correlate(case.x.astype(np.float16), case.w.astype(np.float32), **case.given)
    assert y.dtype == np.float32


@pytest.mark.parametrize(
    ("path", "word", "x_shape", "w_shape", "options"),
    [
        ("im2col", "columns", (64, 3, 32, 32), (32, 3, 3, 3), {}),
        ("im2col", "16 numbers", (64, 16, 16, 16), (32, 16, 1, 1), {}),
        ("im2col", "64 × 64", (64, 32, 16, 16), (32, 32, 1, 1), dict(stride=(2, 2))),
        ("im2col", "9 numbers", (4, 6, 8, 8), (12, 1, 3, 3), dict(groups=6)),
        ("depthwise", "6 channels", (32, 6, 8, 8), (6, 1, 3, 3), dict(groups=6)),
        ("im2col", "9 numbers", (16, 6, 8, 8), (6, 1, 3, 3), dict(groups=6, stride=(2, 2))),
        ("empty", "nothing", (2, 3, 2, 8), (4, 3, 3, 3), {}),
        ("empty", "nothing", (0, 3, 8, 8), (4, 3, 3, 3), {}),
        ("plain", "complex", (64, 3, 32, 32), (32, 3, 3, 3), dict(dtype=complex)),
        ("plain", "object", (64, 3, 32, 32), (32, 3, 3, 3), dict(dtype=object)),
        ("im2col", "27 numbers", (64, 3, 32, 32), (32, 3, 3, 3), dict(dtype=np.float16)),
        ("im2col", "27 numbers", (64, 3, 32, 32), (32, 3, 3, 3), dict(dtype="float16")),
    ],
)
@pytest.mark.usefixtures("numpy_paths")
def test_choose_path(path, word, x_shape, w_shape, options):
    options = dict(stride=(1, 1), padding=((0, 0), (0, 0)), groups=1) | options
    window = Window.read("test", 2, w_shape[2:], options.pop("stride"), options.pop("padding"))
    name, reason = correlation.choose_path(x_shape, w_shape, window=window, **options)
    assert name == path and word in reason


def test_four_spatial_axes_go_the_plain_way():
    x = np.random.default_rng(0).normal(size=(1, 2, 3, 3, 3, 3))
    w = np.ones((1, 2, 1, 1, 1, 3))
    options = dict(window=Window.read("test", 4, w.shape[2:]), groups=1)
    assert correlation.choose_path(x.shape, w.shape, **options)[0] == "plain"
    y = correlation.correlate(x, w, **options)
    np.testing.assert_allclose(y, x.sum(axis=(1, 5), keepdims=True))


@pytest.mark.parametrize("way", ["as built", "NumPy"])
def test_results_are_in_c_order_whatever_the_arguments_are_in(way, monkeypatch):
    if way == "NumPy":
        monkeypatch.setattr("autograd.kernels.native.library", None)
    case = Case((8, 3, 9, 12), (4, 3, 3, 3), 1, 1, 1, 1)
    for order in (np.asarray, np.asfortranarray, batch_last):
        assert all(a.flags.c_contiguous for a in case.results(correlation, order))


@pytest.mark.usefixtures("numpy_paths")
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("orders", ["CC", "CF", "FC", "FF"])
def test_kernels_of_one_element_in_any_order(orders, groups):
    case = Case((9, 4, 30, 5), (6, 4 // groups, 1, 1), 1, 0, 1, groups)
    order = dict(zip((case.x.shape, case.y.shape), orders, strict=True))
    case.check(correlation, lambda a: batch_last(a) if order.get(a.shape) == "F" else a)


@pytest.mark.parametrize("samples, most, sizes", [(32, 99, [32]), (32, 20, [16, 16]), (7, 3, [3, 3, 1]), (5, 1, [1] * 5), (6, 0, [1] * 6)])  # fmt: skip
def test_as_many_samples_go_together_as_their_windows_have_room(samples, most, sizes, monkeypatch):
    monkeypatch.setattr(im2col, "COLUMN_BYTES", most * 2 * 9 * 36 * 4)  # C * K * pixels * bytes
    window = Window((3, 3), (1, 1), ((0, 0), (0, 0)), (1, 1))
    plan = im2col.plan((samples, 2, 8, 8), (4, 2, 3, 3), window, 1, 4)
    assert [part.stop - part.start for part in plan.chunks] == sizes


@pytest.mark.parametrize("length, outputs, stride, kernel, dilation, padding", [(9, 5, 2, 3, 1, 1), (9, 3, 3, 2, 2, 0), (5, 7, 1, 3, 1, 2), (8, 2, 3, 3, 1, 0)])  # fmt: skip
def test_samples_are_padded_just_as_far_as_windows_reach(
    length, outputs, stride, kernel, dilation, padding
):
    window = Window((kernel,), (stride,), ((padding, padding),), (dilation,))
    assert window.outputs((length,)) == (outputs,)
    plan = im2col.plan((2, 3, length), (4, 3, kernel), window, 1, 4)
    met = {p * stride + k * dilation for p in range(outputs) for k in range(kernel)}
    assert plan.padded == (3, max(met) + 1)
    cells = {cell - padding for cell in met}
    assert set(range(length)[plan.source[2]]) >= cells & set(range(length))


def test_one_to_three_spatial_axes_do_not_go_the_plain_way():
    for rank in (1, 2, 3):
        shape, kernel = (2, 3, *[6] * rank), (4, 3, *[3] * rank)
        window = Window.read("test", rank, kernel[2:])
        path, reason = correlation.choose_path(shape, kernel, window=window)
        assert path in ("native", "im2col"), reason


def test_in_numpy_each_channel_meets_its_own_kernel():
    x, w = np.arange(30.0).reshape(2, 3, 5), np.arange(6.0).reshape(3, 1, 2)
    y = depthwise.correlate(x, w, None, Window((2,), (1,), ((0, 0),), (1,)), 3)
    for channel in range(3):
        for sample in range(2):
            expected = np.correlate(x[sample, channel], w[channel, 0])
            np.testing.assert_array_equal(y[sample].reshape(3, -1)[channel], expected)


@pytest.mark.skipif(native.library is None, reason="needs the compiled kernels")
@pytest.mark.parametrize(
    ("each", "groups", "how"),
    [(1, 4, "tap by tap"), (1, 2, "tap by tap"), (2, 2, "panels"), (4, 1, "panels"), (1, 1, "panels")],
)  # fmt: skip
def test_what_is_said_of_the_compiled_path_is_what_depthwise_means(each, groups, how):
    window = Window((3, 3), (1, 1), ((0, 0), (0, 0)), (1, 1))
    shapes = (2, each * groups, 8, 8), (4, each, 3, 3)
    path, reason = correlation.choose_path(*shapes, window=window, groups=groups)
    assert path == "native" and how in reason


@pytest.mark.parametrize(
    "dtype", [np.float16, np.float32, np.float64, np.longdouble, np.int64, object]
)
@pytest.mark.parametrize("groups", [1, 3])
@pytest.mark.parametrize("order", ["C", "F"])
def test_the_gradient_of_the_kernel_lies_in_order(dtype, groups, order):
    case = Case((2, 3, 4, 5), (6, 3 // groups, 2, 3), 1, 1, 1, groups)
    x, y = (np.array(a.astype(dtype), order=order) for a in (case.x, case.y))
    found = correlation.correlate_weight(x, y, **case.given)
    assert found.shape == (6, 3 // groups, 2, 3) and found.flags.c_contiguous
