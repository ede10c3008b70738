"""compare, tried as a teacher would: homework with one deliberate mistake each.

Every function below is plain NumPy; the first hypothesis that is named has to be the mistake.
"""

import re
import warnings

import numpy as np
import pytest

import autograd as ag
from autograd.func import compare
from autograd.gradcheck.compare import Comparison, InputComparison, _kinks
from autograd.gradcheck.numeric import Slopes


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


# A linear layer -----------------------------------------------------------------------------------

LINEAR = normal(0, 5, 4), normal(1, 4, 3), normal(2, 3)


def linear(x, w, b):
    return x @ w + b


def of_linear(**wrong):
    """Its backward, with some of the three gradients replaced."""
    right = {"x": lambda g, x, w: g @ w.T, "w": lambda g, x, w: x.T @ g,
             "b": lambda g, x, w: g.sum(0)}  # fmt: skip
    rules = {**right, **wrong}
    return lambda g, x, w, b: tuple(rules[name](g, x, w) for name in "xwb")


# Convolution of images (N, C, H, W), padding 1 ------------------------------------------------------

IMAGES, KERNELS = normal(5, 3, 2, 6, 6), normal(6, 4, 2, 3, 3)


def padded(x):
    return np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))


def conv(x, w, stride=1):
    p = padded(x)
    h, v = ((n + 2 - 3) // stride + 1 for n in x.shape[2:])
    return sum(
        np.einsum("nchv,oc->nohv", p[:, :, i : i + stride * h : stride, j : j + stride * v : stride],
                  w[:, :, i, j])
        for i, j in np.ndindex(3, 3)
    )  # fmt: skip


def by_padded(g, x, w, stride=1):
    """The gradient by the padded images."""
    h, v = g.shape[2:]
    d = np.zeros_like(padded(x))
    for i, j in np.ndindex(3, 3):
        d[:, :, i : i + stride * h : stride, j : j + stride * v : stride] += np.einsum(
            "nohv,oc->nchv", g, w[:, :, i, j]
        )
    return d


def by_images(g, x, w, stride=1):
    return by_padded(g, x, w, stride)[:, :, 1:-1, 1:-1]


def by_kernels(g, x, w, stride=1, p=None):
    p = padded(x) if p is None else p
    h, v = g.shape[2:]
    taps = [
        np.einsum("nohv,nchv->oc", g,
                  p[:, :, i : i + stride * h : stride, j : j + stride * v : stride])
        for i, j in np.ndindex(3, 3)
    ]  # fmt: skip
    return np.stack(taps, -1).reshape(*w.shape)


def of_conv(x=by_images, w=by_kernels):
    return lambda g, images, kernels: (x(g, images, kernels), w(g, images, kernels))


# Softmax, batch norm, max pooling -------------------------------------------------------------------

SCORES = normal(7, 3, 4)


def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def of_softmax(g, x):
    y = softmax(x)
    return y * (g - (g * y).sum(1, keepdims=True))


TARGETS = np.array([0, 1, 3])


def cross_entropy(x):
    return -np.log(softmax(x)[np.arange(3), TARGETS]).mean()


NORMS = normal(8, 6, 3), normal(9, 3) + 3.0, normal(10, 3)


def batch_norm(x, weight, bias):
    return (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5) * weight + bias


def of_batch_norm(g, x, weight, bias):
    s = 1 / np.sqrt(x.var(0) + 1e-5)
    h = (x - x.mean(0)) * s
    d = g * weight
    return s * (d - d.mean(0) - h * (d * h).mean(0)), (g * h).sum(0), g.sum(0)


PLANES = np.random.default_rng(11).permutation(64).astype(float).reshape(2, 2, 4, 4)


def blocks(x):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, 2, w // 2, 2).swapaxes(3, 4).reshape(n, c, h // 2, w // 2, 4)


def unblocks(b):
    n, c, h, w, _ = b.shape
    return b.reshape(n, c, h, w, 2, 2).swapaxes(3, 4).reshape(n, c, 2 * h, 2 * w)


def max_pool(x):
    return blocks(x).max(-1)


def of_max_pool(g, x):
    return unblocks(np.eye(4)[blocks(x).argmax(-1)] * g[..., None])


def spread(g):
    """Every pixel of a block gets the block's gradient."""
    return unblocks(np.repeat(g[..., None], 4, -1))


RELU = np.array([[1.0, -2.0, 0.0, 3.0], [0.0, 0.5, -1.0, 2.0]])


def relu(x):
    return np.maximum(x, 0)


HOMEWORK = {
    "linear": (linear, of_linear(), LINEAR, {}),
    "linear, sign": (linear, of_linear(x=lambda g, x, w: -g @ w.T), LINEAR, {0: "the sign"}),
    "linear, averaged": (
        linear, of_linear(w=lambda g, x, w: x.T @ g / 5, b=lambda g, x, w: g.mean(0)), LINEAR,
        {k: "0.2 times.*1/5 is the size of the output's axis 0: averaged" for k in (1, 2)},
    ),
    "linear, batch not summed": (
        linear, of_linear(b=lambda g, x, w: g), LINEAR, {2: "the batch is not summed: summing"}),
    "linear, a gradient for each sample": (
        linear, of_linear(w=lambda g, x, w: x[:, :, None] * g[:, None]), LINEAR,
        {1: "the batch is not summed: summing"},
    ),
    "linear, first sample only": (
        linear, of_linear(w=lambda g, x, w: np.outer(x[0], g[0])), LINEAR,
        {1: "only sample 0 is counted"},
    ),
    "linear, transposed": (
        linear, of_linear(w=lambda g, x, w: g.T @ x), LINEAR, {1: "it is transposed"}),
    "linear, operand not transposed": (
        lambda x, w: x @ w, lambda g, x, w: (g @ w, x.T @ g), (normal(3, 4, 4), normal(4, 4, 4)),
        {0: "(input 1|w) is transposed"},
    ),
    "linear, no incoming gradient": (
        linear, of_linear(x=lambda g, x, w: np.ones_like(g) @ w.T), LINEAR,
        {0: "incoming gradient is not used"},
    ),
    "linear, other axis": (
        linear, of_linear(b=lambda g, x, w: g.sum(1)), LINEAR,
        {2: r"summed over axes \(1,\); sum over axes \(0,\)"},
    ),
    "linear, summed to a number": (
        linear, of_linear(b=lambda g, x, w: g.sum()), LINEAR, {2: r"summed over axes \(0,\), too"}),
    "linear, other order": (
        linear, of_linear(x=lambda g, x, w: x.T @ g, w=lambda g, x, w: g @ w.T), LINEAR,
        {0: "gradient of input 1", 1: "gradient of input 0"},
    ),
    "conv": (conv, of_conv(), (IMAGES, KERNELS), {}),
    "conv, not flipped": (
        conv, of_conv(x=lambda g, x, w: by_images(g, x, w[:, :, ::-1, ::-1])), (IMAGES, KERNELS),
        {0: "the kernel is not flipped.*with (input 1|w) turned around"},
    ),
    "conv, kernel's gradient turned": (
        conv, of_conv(w=lambda g, x, w: by_kernels(g, x, w)[:, :, ::-1, ::-1]), (IMAGES, KERNELS),
        {1: "the kernel is not flipped: turning"},
    ),
    "conv, convolved with the gradient": (
        conv, of_conv(w=lambda g, x, w: by_kernels(g[:, :, ::-1, ::-1], x, w)), (IMAGES, KERNELS),
        {1: "the incoming gradient is turned around"},
    ),
    "conv, not flipped, with a stride": (
        lambda x, w: conv(x, w, 2),
        lambda g, x, w: (by_images(g, x, w[:, :, ::-1, ::-1], 2), by_kernels(g, x, w, 2)),
        (IMAGES, KERNELS), {0: "the kernel is not flipped.*with (input 1|w) turned around"},
    ),
    "conv, kernel transposed": (
        conv, of_conv(x=lambda g, x, w: by_images(g, x, w.swapaxes(2, 3))), (IMAGES, KERNELS),
        {0: "(input 1|w) is transposed"},
    ),
    "conv, channels exchanged": (
        conv, of_conv(w=lambda g, x, w: by_kernels(g, x, w).swapaxes(0, 1)), (IMAGES, KERNELS),
        {1: "it is transposed: exchanging axes 0 and 1"},
    ),
    "conv, padding kept": (
        conv, of_conv(x=by_padded), (IMAGES, KERNELS), {0: "the padding is not taken off"}),
    "conv, padding cut at one side": (
        conv, of_conv(x=lambda g, x, w: by_padded(g, x, w)[:, :, 2:, 2:]), (IMAGES, KERNELS),
        {0: r"shifted by the padding: moving it by \(1, 1\)"},
    ),
    "conv, padding put at one side": (
        conv,
        of_conv(w=lambda g, x, w: by_kernels(
            g, x, w, p=np.pad(x, ((0, 0), (0, 0), (0, 2), (0, 2))))),
        (IMAGES, KERNELS), {1: "shifted by the padding"},
    ),
    "conv, averaged over pixels": (
        conv, of_conv(w=lambda g, x, w: by_kernels(g, x, w) / 36), (IMAGES, KERNELS),
        {1: r"1/36 is the size of the output's axes \(2, 3\)"},
    ),
    "conv, a gradient for each image": (
        conv,
        of_conv(w=lambda g, x, w: np.stack(
            [by_kernels(g[k : k + 1], x[k : k + 1], w) for k in range(3)])),
        (IMAGES, KERNELS), {1: "the batch is not summed: summing"},
    ),
    "relu": (relu, lambda g, x: g * (x > 0), (RELU,), {}),
    "relu, sign": (relu, lambda g, x: -g * (x > 0), (RELU,), {0: "the sign"}),
    "relu, passed on": (relu, lambda g, x: g, (RELU,), {0: "the function's own slope is missing"}),
    "relu, no incoming gradient": (relu, lambda g, x: x > 0, (RELU,), {0: "is not used"}),
    "relu, times its input": (
        relu, lambda g, x: g * relu(x), (RELU,), {0: "by x once too often"}),
    "relu, steeper than both sides": (
        relu, lambda g, x: g * ((x > 0) + 2 * (x == 0)), (RELU,), {0: "wrong at kinks only"}),
    "softmax": (softmax, of_softmax, (SCORES,), {}),
    "softmax, sign": (softmax, lambda g, x: -of_softmax(g, x), (SCORES,), {0: "the sign"}),
    "softmax, diagonal": (
        softmax, lambda g, x: g * softmax(x) * (1 - softmax(x)), (SCORES,), {0: "the diagonal"}),
    "cross-entropy, summed": (
        cross_entropy, lambda g, x: g * (softmax(x) - np.eye(4)[TARGETS]), (SCORES,),
        {0: "3 is the size of the input's axis 0: summed, not averaged"},
    ),
    "batch norm": (batch_norm, of_batch_norm, NORMS, {}),
    "batch norm, weight forgotten": (
        batch_norm,
        lambda g, x, w, b: (of_batch_norm(g, x, np.ones(3), b)[0], *of_batch_norm(g, x, w, b)[1:]),
        NORMS, {0: "a factor is missing: multiplied by weight"},
    ),
    "batch norm, n - 1": (
        batch_norm,
        lambda g, x, w, b: (of_batch_norm(g, x, w, b)[0] * 6 / 5, *of_batch_norm(g, x, w, b)[1:]),
        NORMS, {0: "6/5: a mean or variance divided by n - 1"},
    ),
    "batch norm, batch not summed": (
        batch_norm, lambda g, x, w, b: (*of_batch_norm(g, x, w, b)[:2], g), NORMS,
        {2: "the batch is not summed"},
    ),
    "max pool": (max_pool, of_max_pool, (PLANES,), {}),
    "max pool, sign": (max_pool, lambda g, x: -of_max_pool(g, x), (PLANES,), {0: "the sign"}),
    "max pool, transposed": (
        max_pool, lambda g, x: of_max_pool(g, x).swapaxes(2, 3), (PLANES,), {0: "it is transposed"}),
    "max pool, shifted": (
        max_pool, lambda g, x: np.roll(of_max_pool(g, x), 1, 3), (PLANES,), {0: "it is shifted"}),
    "max pool, to all": (max_pool, lambda g, x: spread(g), (PLANES,), {0: ""}),
}  # fmt: skip


@pytest.mark.parametrize("name", HOMEWORK)
def test_the_first_hypothesis_is_the_mistake(name):
    forward, backward, inputs, expected = HOMEWORK[name]
    report = compare(forward, backward, *inputs)
    assert [k for k, one in enumerate(report.inputs) if not one.ok] == sorted(expected), report
    for k, words in expected.items():
        found = report.inputs[k].hypothesis
        assert re.search(words, found) if words else not found, report


# Kinks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at_zero", [0.0, 0.3, 1.0])
def test_any_slope_between_those_of_both_sides_is_right_at_a_kink_and_listed(at_zero):
    report = compare(relu, lambda g, x: g * ((x > 0) + at_zero * (x == 0)), RELU)
    assert report.ok and "backward is right" in str(report)
    assert {index for index, _ in report.inputs[0].kinks} == {(0, 2), (1, 0)}
    assert "kink at (0, 2): slope" in str(report) and "not counted" in str(report)


@pytest.mark.parametrize("slope", [1000.0, 3.0, 0.0])
@pytest.mark.parametrize("bend", [0.01, 0.4, 4.0])
def test_a_kink_is_one_whichever_way_the_function_goes(slope, bend):
    at, g = np.array([0.0, 1.0]), np.ones(2)
    rising, falling = (
        _kinks(lambda x, s=s: [s * (slope * x + bend * np.abs(x))], [at], g, 0).tolist()
        for s in (1.0, -1.0)
    )
    assert rising == falling and not rising[1]
    assert rising[0] == (bend > 1e-3 * slope)


def test_ties_in_pooling_are_kinks_and_a_mistake_beside_them_is_still_found():
    x = np.zeros((1, 1, 4, 4))
    x[0, 0, 2:, 2:] = [[1.0, 2.0], [3.0, 4.0]]
    assert compare(max_pool, of_max_pool, x).ok
    report = compare(max_pool, lambda g, x: 2 * of_max_pool(g, x), x)
    assert not report.ok and "2 times the right gradient" in report.inputs[0].hypothesis


# What is refused ------------------------------------------------------------------------------------

X, W = LINEAR[:2]


def product(x, w):
    return x @ w


@pytest.mark.parametrize(
    ("backward", "error", "words"),
    [
        (lambda g, x, w: None, ValueError, r"returned None: has it a return\? Return a tuple of 2"),
        (lambda g, x, w: g @ w.T, ValueError,
         r"one gradient for 2 inputs; return a tuple of 2 gradients, of shapes \(5, 4\), \(4, 3\)"),
        (lambda g, x, w: (g @ w.T, x.T @ g, g), ValueError, "3 gradients for 2 inputs"),
        (lambda g, x, w: np.stack([g, g]), ValueError, "one gradient for 2 inputs"),
        (lambda g, x, w: {"x": g}, TypeError, "returned a dict. Return a tuple of 2"),
        (lambda g, x, w: ([[1], [2, 3]], x.T @ g), TypeError, "gradient 0.*a list whose rows"),
        (lambda g, x, w: (g @ w.T * 1j, x.T @ g), TypeError, "gradient 0.*complex128"),
        (lambda g, x, w: (ag.tensor(g), x.T @ g), TypeError, "gradient 0.*is a Tensor.*gradcheck"),
        (lambda g, x: (g, x), TypeError, "3 were given.*plain NumPy arrays of float64, not"),
        (lambda g, x, w: (g @ w, x.T @ g), ValueError,
         r"my_backward raised ValueError: matmul.*incoming gradient of shape \(5, 3\), \(5, 4\)"),
    ],
)  # fmt: skip
def test_backward_functions_that_return_something_else_are_told_what_to_return(
    backward, error, words
):
    with pytest.raises(error, match=words):
        compare(product, backward, X, W)


@pytest.mark.parametrize(
    ("forward", "error", "words"),
    [
        (
            lambda x: x.relu(),
            TypeError,
            "no attribute 'relu'.*NumPy arrays of float64, not tensors",
        ),
        (lambda x: ag.tensor(x), TypeError, "result of forward is a Tensor.*called with arrays"),
        (lambda x: (x, x), TypeError, "forward returned a tuple of 2"),
        (lambda x: None, TypeError, "result of forward must be an array.*NoneType"),
        (lambda x: np.where(x > 0, x, np.nan), ValueError, r"forward returned nan at \(0, 1\)"),
        (lambda x: x * np.random.default_rng().normal(), ValueError, "other numbers"),
        (lambda x: x[x], ValueError, "forward raised IndexError"),
    ],
)
def test_forward_functions_that_cannot_be_compared_are_refused(forward, error, words):
    with pytest.raises(error, match=words):
        compare(forward, lambda g, x: g, np.array([[1.0, -2.0], [3.0, 4.0]]))


def test_none_and_wrong_shapes_and_nan_are_reported_not_raised():
    report = compare(product, lambda g, x, w: (None, (x.T @ g)[:2]), X, W)
    assert not report and "input 0 (x), shape (5, 4): WRONG: no gradient was returned" in str(
        report
    )
    assert "input 1 (w), shape (4, 3): WRONG: the gradient returned has shape (2, 3)" in str(report)
    report = compare(product, lambda g, x, w: (g @ w.T * np.nan, x.T @ g), X, W)
    assert "20 of its 20 elements are NaN or infinite" in str(report) and report.inputs[1].ok


def test_lists_are_taken_for_arrays_and_for_tuples():
    assert compare(np.sin, lambda g, x: (g * np.cos(x)).tolist(), X)
    assert compare(np.sin, lambda g, x: [g * np.cos(x)], X)
    assert compare(product, lambda g, x, w: [(g @ w.T).tolist(), (x.T @ g).tolist()], X, W)


def test_a_functions_own_exceptions_come_through_as_they_are():
    class NotYet(Exception):
        pass

    def unfinished(*given):
        raise NotYet

    with pytest.raises(NotYet):
        compare(product, unfinished, X, W)
    with pytest.raises(NotYet):
        compare(unfinished, product, X, W)


def test_numbers_have_real_minus_signs_and_zero_has_none():
    report = compare(lambda x: -x, lambda g, x: -0.0 * g, np.array([1.0, 2.0]), gradient=[1.0, 2.0])
    assert "yours 0, numerically −2" in report.text() or "yours 0, numerically −1" in report.text()


@pytest.mark.filterwarnings("ignore:divide by zero")  # of the backward function itself
def test_the_border_of_a_domain_is_listed_and_not_counted():
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "invalid value")  # from nudging beyond the border
        report = compare(np.sqrt, lambda g, x: g * 0.5 / np.sqrt(x), np.array([0.0, 4.0]))
    assert report.ok and [s.kind for _, s in report.inputs[0].kinks] == ["border"]


def correlate1d(x, w):
    return np.array([x[i : i + len(w)] @ w for i in range(len(x) - len(w) + 1)])


@pytest.mark.parametrize("spoilt", ["x", "w", "both"])
def test_writing_in_place_of_adding_is_recognised(spoilt):
    def backward(g, x, w):
        gx, gw = np.zeros_like(x), np.zeros_like(w)
        for i in range(len(g)):
            place = slice(i, i + len(w))
            gx[place] = (0 if spoilt in ("x", "both") else gx[place]) + g[i] * w
            gw[:] = (0 if spoilt in ("w", "both") else gw) + g[i] * x[place]
        return gx, gw

    random = np.random.default_rng(0)
    report = compare(correlate1d, backward, random.normal(size=7), random.normal(size=3))
    for one, name in zip(report.inputs, "xw", strict=True):
        assert one.ok is (spoilt not in (name, "both"))
        assert one.ok or one.hypothesis.startswith("the last write wins"), report


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e6])
def test_what_was_written_last_is_told_whatever_the_size_of_the_numbers(scale):
    def backward(g, x, w):
        gx = np.zeros_like(x)
        for i in range(len(g)):
            gx[i : i + len(w)] = g[i] * w
        return gx, np.correlate(x, g)

    random = np.random.default_rng(0)
    g = random.normal(size=5) * scale
    x, w = random.normal(size=7), random.normal(size=3)
    one = compare(correlate1d, backward, x, w, gradient=g).inputs[0]
    assert one.hypothesis.startswith("the last write wins"), one.hypothesis


def test_indices_that_repeat_are_added_up_or_not():
    index = np.array([0, 2, 2, 1])

    def backward(g, table):
        grad = np.zeros_like(table)
        grad[index] += g  # NumPy writes repeated indices once
        return grad

    table = np.random.default_rng(0).normal(size=(3, 2))
    hypothesis = compare(lambda t: t[index] * 1.0, backward, table).inputs[0].hypothesis
    assert "the last write wins" in hypothesis and "axis 0" in hypothesis


def test_a_forward_that_returns_the_same_array_again_and_again():
    kept = np.empty(3)

    def square(x):
        return np.multiply(x, x, out=kept)

    x = np.array([1.0, -2.0, 3.0])
    assert compare(square, lambda g, x: 2 * x * g, x)
    assert not compare(square, lambda g, x: x * g, x)


def test_whole_numbers_and_halves_are_as_good_as_floats():
    g = np.array([1, 2, -3])
    report = compare(lambda x: 4 * x, lambda g, x: [4, 8, -12], g, gradient=g)
    assert report and report.inputs[0].got.dtype == np.float64
    assert compare(lambda x: x * 2, lambda g, x: (2 * g).astype(np.float16), g, gradient=g)


@pytest.mark.parametrize(("atol", "rtol"), [(0.1, 0.05), (0.2, 0.0), (0.0, 0.1)])
def test_gradients_are_right_within_what_is_asked_for(atol, rtol):
    x = np.array([3.0, -1.0])
    for sign in (1, -1):
        for times, fits in ((0.9995, True), (1.0005, False)):
            slope = np.array([2.0, 2.0 + sign * times * 0.2])
            found = compare(lambda x: 2 * x, lambda g, x: g * slope, x, gradient=[1.0, 1.0],  # noqa: B023
                            atol=atol, rtol=rtol)  # fmt: skip
            assert found.ok is fits
            assert found.inputs[0].wrong.tolist() == [False, not fits]
            assert found.inputs[0].index == (None if fits else (1,))
            assert fits or found.inputs[0].value == -1.0


def test_the_worst_element_is_the_one_furthest_beyond_what_is_allowed():
    x = np.array([1.0, 1000.0, -2.0])
    for slope, worst in (([2.1, 2010.0, -4.0], 0), ([2.0001, 2010.0, -4.0], 1),
                         ([3.0, 2e5, 40.0], 1), ([3.0, 2e5, np.nan], 2)):  # fmt: skip
        found = compare(lambda x: x * x, lambda g, x: g * slope, x, gradient=np.ones(3))  # noqa: B023
        assert found.inputs[0].index == (worst,) and found.inputs[0].value == x[worst]


def test_none_is_a_gradient_that_was_not_returned():
    x = np.array([1.0, 2.0])
    report = compare(lambda x: x * 2, lambda g, x: None, x)
    assert not report and report.inputs[0].got is None
    report = compare(lambda x, y: x * y, lambda g, x, y: [g * y, None], x, x)
    assert [one.ok for one in report.inputs] == [True, False] and report.inputs[1].got is None


def test_a_report_in_full():
    def one(got, right, name="", wrong=None, index=None, value=0.0, kinks=(), hypothesis=""):
        found = InputComparison(2, got if got is None else np.array(got), np.array(right), name)
        found.wrong = None if wrong is None else np.array(wrong)
        found.index, found.value, found.hypothesis = index, value, hypothesis
        found.kinks = [((k,), Slopes(-1.0, 1 / 3, "kink", -1.0, 1 / 3)) for k in kinks]
        return found

    right = [1.0, 2 / 3]
    fine = one(right, right, "w", [False, False], kinks=range(4))
    assert fine.ok and fine.text().splitlines() == [
        "input 2 (w), shape (2,): right",
        *(f"  kink at ({k},): slope -1 on the left, 0.333333 on the right; not counted".replace("-", "−")
          for k in range(3)),
        "  and 1 more",
    ]  # fmt: skip
    three = one(right, right, "input 2", [False, False], kinks=range(3))
    assert three.ok and len(three.text().splitlines()) == 4
    assert three.text().startswith("input 2, shape (2,): right\n")
    assert one(right, right, "", [False, False]).text() == "input 2, shape (2,): right"
    bad = one([1.0, 1 / 3], right, "w", [False, True], (1,), 1 / 7)
    assert not bad.ok and bad.text().splitlines() == [
        "input 2 (w), shape (2,): WRONG: 1 of 2 elements; worst at (1,), where the input is "
        "0.142857: yours 0.33333333, numerically 0.66666667",
        "  no simple mistake explains it: work out one of the wrong elements by hand",
        "  wrong elements (X):",
        "    .X",
    ]
    number = one(0.5, 0.25, "w", True, (), 2.0, hypothesis="twice")
    assert number.text().splitlines() == [
        "input 2 (w), shape (): WRONG: where the input is 2: yours 0.5, numerically 0.25",
        "  most likely: twice",
    ]
    shape = one([1.0], right, "w", hypothesis="cut")
    assert shape.text().splitlines() == [
        "input 2 (w), shape (2,): WRONG: the gradient returned has shape (1,)",
        "  most likely: cut",
    ]
    none = one(None, right, "w")
    assert none.text() == "input 2 (w), shape (2,): WRONG: no gradient was returned"
    assert not shape.ok and not none.ok
    short, long = "; ".join(["a = 1"] * 3), "; ".join(["a = 1"] * 13)  # 89 letters, and 11 more
    assert Comparison([fine], short).text() == f"backward is right\n{fine.text()}"
    assert Comparison([none], short).text() == (
        f"backward is WRONG\n{none.text()}\ntried with {short}"
    )
    assert Comparison([none], long).text().endswith(f"\ntried with {long}")
    longer = long + "0"
    assert Comparison([none], longer).text().splitlines()[2:] == [
        "tried with", *["  a = 1"] * 12, "  a = 10"
    ]  # fmt: skip
    assert Comparison([fine], longer).text(plain=True).isascii()
    assert not Comparison([fine, none]) and Comparison([fine, three])


def test_inputs_are_called_what_forward_calls_them_and_long_lists_are_broken():
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
    report = compare(lambda x, w: x @ w, lambda g, x, w: (g @ w.T, -(x.T @ g)), x, w)
    said = report.text()
    assert "input 0 (x), shape (3, 4): right" in said and "input 1 (w), shape (4, 2): WRONG" in said
    assert max(map(len, said.splitlines())) <= 140 and "\n  g = " in said
    assert report.text(plain=True).isascii() and "pre-wrap" in report._repr_html_()


def test_the_inputs_behind_yours_and_numerically_are_shown():
    def forward(a, b):
        return a * b + a

    said = compare(forward, lambda g, a, b: (g * b, g * a), np.array(1.5), np.array(-0.5)).text()
    assert "WRONG: where the input is 1.5: yours" in said
    assert said.splitlines()[-1].startswith("tried with a = 1.5; b = −0.5; g = ")
    assert (
        "tried with" not in compare(forward, lambda g, a, b: (g * (b + 1), g * a), 1.5, 2.0).text()
    )


# What a loop, an array's type or a careless line leaves behind ---------------------------------------

ROW, TAPS = normal(20, 7), normal(21, 3)


def looped(places=range(5), late=False, gx=None, gw=None, stop=False):
    """The backward of ``correlate1d``, with places left out, or the gradients' arrays given."""

    def backward(g, x, w):
        dx = np.zeros_like(x) if gx is None else gx(x, w)
        dw = np.zeros_like(w) if gw is None else gw(x, w)
        for i in places:
            dx[i : i + 3] += g[i] * w
            dw += g[i] * x[i : i + 3]
            if stop:
                break
        return dx, dw

    return backward


def elementwise(rule):
    return np.tanh, lambda g, x: rule(g, 1 - np.tanh(x) ** 2), (np.array([0.3, -0.8, 1.1, 0.5]),)


COLUMNS = lambda x: x.mean(axis=0), normal(22, 5, 2)  # noqa: E731


@pytest.mark.parametrize(
    ("forward", "backward", "inputs", "words"),
    [
        (correlate1d, looped(range(4)), (ROW, TAPS), "the last place along .* end too early"),
        (correlate1d, looped(range(3)), (ROW, TAPS), "the last 2 places along .* end too early"),
        (correlate1d, looped(range(1, 5)), (ROW, TAPS), "the first place along .* begin too late"),
        (correlate1d, looped(stop=True), (ROW, TAPS), "only the output's element 0 is counted, not all 5"),
        (correlate1d, looped(gx=lambda x, w: x), (ROW, TAPS), "writes into x: make a new array"),
        (correlate1d, looped(gw=lambda x, w: w), (ROW, TAPS), "writes into w: make a new array"),
        (correlate1d, lambda g, x, w: (np.r_[g * w[1], 0, 0], np.correlate(x, g)), (ROW, TAPS),
         r"only the share of one place .* at \(0,\)|^$"),
        (correlate1d, lambda g, x, w: (np.r_[0, g * w[1], 0], np.correlate(x, g)), (ROW, TAPS),
         r"only the share of one place of its window is there, that at \(1,\)"),
        (correlate1d, lambda g, x, w: (np.convolve(g, w), np.convolve(x, g, "valid")), (ROW, TAPS),
         "turned around: convolved where it should be correlated"),
        (correlate1d, lambda g, x, w: (np.convolve(g, w)[1:-1], np.correlate(x, g)), (ROW, TAPS),
         "a part of the right gradient: padding, too little along axis 0"),
        (*elementwise(lambda g, s: g + s), "with an incoming gradient of 0 something still comes back"),
        (*elementwise(lambda g, s: np.abs(g) * s), "does not change its sign with the incoming"),
        (*elementwise(lambda g, s: (g * s).astype(np.float16)), "right to a few digits only"),
        (*elementwise(lambda g, s: (100 * g * s).astype(int)), "made of whole numbers"),
        (*elementwise(lambda g, s: np.where(np.arange(4) == 1, 0, g * s)), "1 of its 4 elements are left at 0"),
        (lambda x: -np.tanh(x), lambda g, x: np.where(np.arange(4) == 1, 0, g * (np.tanh(x) ** 2 - 1)),
         (np.array([0.3, -0.8, 1.1, 0.5]),), "1 of its 4 elements are left at 0"),
        (*elementwise(lambda g, s: np.roll(g * s, 2)), "right, but not their places"),
        (*elementwise(lambda g, s: (g * s).mean()), "averaged over axes"),
        (*elementwise(lambda g, s: (g * s)[:, None] * np.ones(4)), r"shape of its input: \(4,\), not \(4, 4\)"),
        (*elementwise(lambda g, s: (g * s)[None]), "the numbers are right; reshape them"),
        (COLUMNS[0], lambda g, x: g / 5, COLUMNS[1:], "not spread over the input's shape"),
        (lambda x: x.sum(axis=0), lambda g, x: g, COLUMNS[1:], "not spread over the input's shape"),
        (lambda x: x * np.tanh(x), lambda g, x: g * np.tanh(x) * x * (1 - np.tanh(x) ** 2),
         (np.array([0.3, -0.8, 1.1]),), "on several ways is multiplied; it has to be added up"),
        (lambda x: x * np.tanh(x), lambda g, x: g * (x * np.tanh(x) + x * (1 - np.tanh(x) ** 2)),
         (np.array([0.3, -0.8, 1.1]),), "a factor too many, x"),
        (lambda x: np.exp(-5 * x) * x, lambda g, x: g * (1 - x) * np.exp(-5 * x),
         (np.array([0.3, -0.2, 0.6]),), "the size of the slope of multiply .with −5."),
        (lambda a, b: a * b * b, lambda g, a, b: (g * a * a, 2 * g * a * b), (normal(23, 3), normal(24, 3)),
         "it is right with a and b exchanged"),
    ],
)  # fmt: skip
def test_what_is_left_behind_is_named(forward, backward, inputs, words):
    report = compare(forward, backward, *inputs)
    wrong = next(one for one in report.inputs if not one.ok)
    assert re.search(words, wrong.hypothesis), report


def test_writing_into_the_incoming_gradient_is_named_if_nothing_else_explains_it():
    def writes(times, x_too):
        def backward(g, x, w):
            dx = np.convolve(g, w)
            g *= times
            return dx, x_too * np.correlate(x, g)

        return compare(correlate1d, backward, ROW, TAPS).inputs[1]

    assert writes(np.arange(5.0), 1).hypothesis.startswith("your function writes into g")
    assert "the sign is wrong" in writes(1.0, -1).hypothesis
    assert writes(1.0, 1).ok


def test_of_a_single_number_a_factor_counts_only_if_other_inputs_say_the_same():
    def forward(a, b):
        return a * b + 2 * a

    def at(backward, a=1.5, b=-0.5):
        return compare(forward, backward, a, b).inputs[0].hypothesis

    assert "2 times the right" in at(lambda g, a, b: (2 * g * (b + 2), g * a))
    assert at(lambda g, a, b: (g * (b + 2) ** 2, g * a)) == ""  # 1.5 times the right one, here


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_what_comes_back_for_nothing_is_measured_by_what_comes_back_otherwise(scale):
    x = np.array([1.0, 2.0, 3.0])

    def hypothesis(share):
        found = compare(
            lambda x: scale * x, lambda g, x: scale * (2.0 * g + share), x, atol=0, rtol=1e-9
        )
        return found.inputs[0].hypothesis

    assert "with an incoming gradient of 0 something still comes back" in hypothesis(1e-3)
    assert "2 times" in hypothesis(1e-9)


def test_where_nothing_is_allowed_the_worst_is_still_named():
    slope, mine = np.array([1.0, 0.0, 0.0]), np.array([1.0, 0.0, 0.5])
    (one,) = compare(lambda x: slope * x, lambda g, x: g * mine, np.ones(3), atol=0).inputs
    assert one.index == (2,) and one.wrong.tolist() == [False, False, True]


def to_its_place(g, x):
    gradient = np.zeros_like(x)
    gradient[np.argsort(x, kind="stable")] = g
    return gradient


def to_the_middle(g, x):
    gradient = np.zeros_like(x)
    gradient[np.argsort(x, kind="stable")[len(x) // 2]] = g
    return gradient


@pytest.mark.parametrize("ties", [np.zeros(25), np.array([0.0] * 12 + [1.0] * 9)])
@pytest.mark.parametrize(
    ("forward", "backward"), [(np.sort, to_its_place), (np.median, to_the_middle)]
)
def test_equal_elements_may_be_taken_in_any_order(forward, backward, ties):
    report = compare(forward, backward, ties)
    assert report.ok, str(report)
    wrong = compare(forward, lambda g, x: 1.5 * backward(g, x), ties)
    assert not wrong.ok


def test_a_wrong_backward_of_what_has_several_outputs_inside_is_diagnosed():
    x = np.array([0.5, 0.25, 1.0])
    report = compare(lambda x: ag.sort(x, axis=-1), lambda g, x: -to_its_place(g, x), x)
    assert report.inputs[0].hypothesis.startswith("the sign is wrong")
    other = compare(lambda x: ag.sort(x * x, axis=-1), lambda g, x: to_its_place(g, x) * x, x)
    assert not other.ok
