"""NumPy's less common functions: called as ``np.f(t)``, ``ag.f(t)`` and ``ag.f(array)``, all agree.

Every call here is written once, for a module and an array; NumPy itself is the oracle of values,
differences that of gradients.
"""

import warnings

import numpy as np
import pytest

import autograd as ag
from autograd.func import gradcheck, gradgradcheck

R = np.random.default_rng(0)
X, Y = R.normal(size=(4, 5)), R.normal(size=(4, 5))
V, POINTS = R.normal(size=6), np.sort(R.normal(size=6))
PLACES = np.array([0.0, 1, 3, 4, 9])
WEIGHTS, TIMES = abs(R.normal(size=5)) + 0.1, R.integers(1, 4, 5)
HOLED, EMPTY_ROW = X.copy(), X.copy()
HOLED[[0, 2, 2], [1, 2, 3]] = np.nan
EMPTY_ROW[1] = np.nan


def cumulative(n, name, a):
    """From the start; NumPy has functions of this name from 2.1 on, so here its older ones."""
    if n is not np:
        return getattr(n, f"cumulative_{name}")(a, axis=1, include_initial=True)
    start = np.full((len(a), 1), name == "prod", dtype=a.dtype)
    return np.concatenate([start, getattr(np, f"cum{name}")(a, axis=1)], axis=1)


def rounded_to_zero(n, a):
    """`fix`, of which NumPy says from 2.5 on that `trunc` is its better name."""
    if n is not np:
        return n.trunc(a)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return np.fix(a)


EDITING = {
    "insert number": lambda n, a: n.insert(a, 1, 9.0),
    "insert a column": lambda n, a: n.insert(a, 2, np.arange(4.0), axis=1),
    "insert a listed column": lambda n, a: n.insert(a, [2], np.arange(4.0)[:, None], axis=1),
    "insert at several": lambda n, a: n.insert(a, [0, 2, 2], 7.0, axis=0),
    "insert at a slice": lambda n, a: n.insert(a, slice(0, 3), np.ones((4, 1)), axis=1),
    "insert several at one": lambda n, a: n.insert(a, 1, [0.1, 2, 3]),
    "insert several at a list of one": lambda n, a: n.insert(a, [1], [0.1, 2, 3]),
    "insert from the end": lambda n, a: n.insert(a, -1, X[0], axis=0),
    "insert rows": lambda n, a: n.insert(a, [1, 3], np.array([[1.0], [2.0]]), axis=0),
    "delete": lambda n, a: n.delete(a, 3),
    "delete columns": lambda n, a: n.delete(a, [0, 2], axis=1),
    "delete a slice": lambda n, a: n.delete(a, slice(None, None, 2), axis=0),
    "delete by mask": lambda n, a: n.delete(a, np.array([True, False, False, True]), axis=0),
    "delete from the end": lambda n, a: n.delete(a, -1, 1),
    "resize": lambda n, a: n.resize(a, (3, 9)),
    "resize to nothing": lambda n, a: n.resize(a, (0, 2)),
    "block": lambda n, a: n.block([[a, a], [a, a]]),
    "block of one list": lambda n, a: n.block([a, a]),
    "block of a row and a matrix": lambda n, a: n.block([[a[0]], [a]]),
    "choose": lambda n, a: n.choose(np.array([0, 1, 1, 0, 1]), [a[0], a[1]]),
    "choose clip": lambda n, a: n.choose(np.array([0, 7, -1, 0, 1]), [a[0], a[1]], mode="clip"),
    "compress": lambda n, a: n.compress([True, False, True], a, axis=1),
    "compress ravelled": lambda n, a: n.compress([0, 1, 1], a),
    "extract": lambda n, a: n.extract(X > 0, a),
    "rollaxis": lambda n, a: n.rollaxis(a, 1),
    "rollaxis forwards": lambda n, a: n.rollaxis(a, 0, 2),
    "atleast_3d": lambda n, a: n.atleast_3d(a),
    "atleast_1d of two": lambda n, a: n.atleast_1d(a, a[0])[1],
    "bincount": lambda n, a: n.bincount(TIMES, weights=a[0]),
    "bincount minlength": lambda n, a: n.bincount(TIMES, a[0], minlength=9),
}

SAMPLED = {
    "gradient": lambda n, a: n.gradient(a),
    "gradient spacing": lambda n, a: n.gradient(a, 2.0),
    "gradient spacings": lambda n, a: n.gradient(a, 0.5, PLACES, edge_order=2),
    "gradient edges": lambda n, a: n.gradient(a, axis=1, edge_order=2),
    "gradient places": lambda n, a: n.gradient(a, PLACES[:4], axis=0),
    "interp": lambda n, a: n.interp(a, POINTS, V),
    "interp ends": lambda n, a: n.interp(a, POINTS, V, left=-1.0, right=7.0),
    "interp one point": lambda n, a: n.interp(a, POINTS[:1], V[:1]),
    "interp period": lambda n, a: n.interp(a, V, POINTS, period=1.3),
    "interp infinities": lambda n, a: n.interp(a / (abs(a) > 0.5), POINTS, V),
    "unwrap": lambda n, a: n.unwrap(a * 7, axis=0),
    "unwrap discont": lambda n, a: n.unwrap(a * 7, discont=4.0),
    "unwrap period": lambda n, a: n.unwrap(a * 3, period=2.0),
    "polyval": lambda n, a: n.polyval([0.1, 2.0, 3.0], a),
    "polyval by coefficients": lambda n, a: n.polyval(a[0], a),
    "vander": lambda n, a: n.vander(a[0]),
    "vander of no column": lambda n, a: n.vander(a[0], 0),
    "vander increasing": lambda n, a: n.vander(a[0], 3, increasing=True),
}

STATISTICS = {
    "cov": lambda n, a: n.cov(a),
    "cov of two": lambda n, a: n.cov(a, Y),
    "cov columns": lambda n, a: n.cov(a, rowvar=False),
    "cov bias": lambda n, a: n.cov(a, bias=True),
    "cov ddof": lambda n, a: n.cov(a, ddof=2),
    "cov aweights": lambda n, a: n.cov(a, aweights=WEIGHTS),
    "cov fweights": lambda n, a: n.cov(a, fweights=TIMES),
    "cov both weights": lambda n, a: n.cov(a, fweights=TIMES, aweights=WEIGHTS),
    "cov of a vector": lambda n, a: n.cov(a[0]),
    "cov of two vectors": lambda n, a: n.cov(a[0], a[1]),
    "corrcoef": lambda n, a: n.corrcoef(a),
    "corrcoef columns": lambda n, a: n.corrcoef(a, rowvar=False),
    "corrcoef of two vectors": lambda n, a: n.corrcoef(a[0], a[1]),
    "corrcoef of one": lambda n, a: n.corrcoef(a[0]),
    "ediff1d": lambda n, a: n.ediff1d(a),
    "ediff1d ends": lambda n, a: n.ediff1d(a, to_end=[0.1, 2.0], to_begin=9.0),
    "cumulative_sum": lambda n, a: cumulative(n, "sum", a),
    "cumulative_prod": lambda n, a: cumulative(n, "prod", a),
    "heaviside": lambda n, a: n.heaviside(a, 0.5),
    "float_power": lambda n, a: n.float_power(abs(a), 1.5),
    "modf": lambda n, a: n.modf(a * 3),
    "divmod": lambda n, a: n.divmod(a, 0.3),
    "fix": lambda n, a: rounded_to_zero(n, a * 3),
    "signbit": lambda n, a: n.signbit(a),
}

LINALG = {
    "cond": lambda n, a: n.linalg.cond(a),
    "cond -2": lambda n, a: n.linalg.cond(a, -2),
    "cond 1": lambda n, a: n.linalg.cond(a[:, :4], 1),
    "cond fro": lambda n, a: n.linalg.cond(a[:, :4], "fro"),
    "lstsq": lambda n, a: n.linalg.lstsq(a.T, V[:5])[0],
    "lstsq residual": lambda n, a: n.linalg.lstsq(a.T, V[:5])[1],
    "lstsq columns": lambda n, a: n.linalg.lstsq(a, X)[0],
    "lstsq no residuals": lambda n, a: n.linalg.lstsq(a, X)[1],
    "lstsq rank": lambda n, a: n.linalg.lstsq(a.T, X.T)[2],
    "lstsq singular values": lambda n, a: n.linalg.lstsq(a.T, X.T)[3],
    "matrix_rank": lambda n, a: n.linalg.matrix_rank(a),
    "multi_dot": lambda n, a: n.linalg.multi_dot([a, a.T, a]),
    "multi_dot vectors": lambda n, a: n.linalg.multi_dot([a[0], a.T, a, a[1]]),
    "multi_dot vector first": lambda n, a: n.linalg.multi_dot([a[:, 0], a]),
    "tensorsolve": lambda n, a: n.linalg.tensorsolve(a[:, :4].reshape(2, 2, 4), X[:2, :2]),
    "tensorinv": lambda n, a: n.linalg.tensorinv(a[:, :4].reshape(2, 2, 2, 2)),
    "tensorinv ind": lambda n, a: n.linalg.tensorinv(a[:, :4].reshape(4, 2, 2), ind=1),
    "svd singular values": lambda n, a: n.linalg.svd(a).S,
    "svd u": lambda n, a: abs(n.linalg.svd(a)[0]),
    "svd vt": lambda n, a: abs(n.linalg.svd(a).Vh[:4]),
    "svd of tall ones": lambda n, a: abs(n.linalg.svd(a.T).U[:, :4]),
    "svd compute_uv": lambda n, a: n.linalg.svd(a, compute_uv=False),
    "qr r": lambda n, a: n.linalg.qr(a, mode="r"),
    "qr Q": lambda n, a: n.linalg.qr(a.T).Q,
    "slogdet": lambda n, a: n.linalg.slogdet(a[:, :4]).logabsdet,
    "eigh": lambda n, a: n.linalg.eigh(a @ a.T).eigenvalues,
    "cholesky upper": lambda n, a: n.linalg.cholesky(a @ a.T + np.eye(4), upper=True),
}

HOLES = {
    "nanmedian": lambda n, a: n.nanmedian(a),
    "nanmedian axis": lambda n, a: n.nanmedian(a, axis=1),
    "nanmedian keepdims": lambda n, a: n.nanmedian(a, axis=0, keepdims=True),
    "nanpercentile": lambda n, a: n.nanpercentile(a, [10, 50.0, 99], axis=0),
    **{
        f"nanquantile {method}": lambda n, a, m=method: n.nanquantile(a, 0.37, axis=1, method=m)
        for method in ("linear", "lower", "higher", "midpoint", "nearest")
    },
    "nancumsum": lambda n, a: n.nancumsum(a, axis=0),
    "nancumprod": lambda n, a: n.nancumprod(a, axis=1),
}

CALLS = {**EDITING, **SAMPLED, **STATISTICS, **LINALG}


def parts(result):
    return list(result) if isinstance(result, (tuple, list)) else [result]


def check_values(call, x):
    wanted = parts(call(np, x))
    t = ag.tensor(x, requires_grad=True)
    for got in (call(np, t), call(ag, t), call(ag, x)):
        assert len(parts(got)) == len(wanted)
        for g, w in zip(parts(got), wanted, strict=True):
            g = g.detach().numpy() if isinstance(g, ag.Tensor) else np.asarray(g)
            assert g.shape == np.shape(w)
            np.testing.assert_allclose(g, w, rtol=1e-9, atol=1e-11)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", CALLS)
def test_values_and_gradients(name):
    call = CALLS[name]
    check_values(call, X)
    t = ag.tensor(X, requires_grad=True)
    if all(isinstance(p, ag.Tensor) and p.requires_grad and p.size for p in parts(call(ag, t))):
        if name == "interp infinities":  # differences at infinity are NaN
            return
        gradcheck(lambda a: call(ag, a), t)
        gradgradcheck(lambda a: call(ag, a), t)
    else:
        assert name in NO_GRADIENT


#: Counts, signs, shapes without elements.
NO_GRADIENT = {
    "signbit",
    "lstsq no residuals",
    "lstsq rank",
    "matrix_rank",
    "resize to nothing",
    "vander of no column",
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", HOLES)
@pytest.mark.parametrize("x", [X, HOLED, EMPTY_ROW], ids=["whole", "holed", "empty row"])
def test_passing_over_nan(name, x):
    check_values(HOLES[name], x)
    if x is not EMPTY_ROW:
        present = ~np.isnan(x)
        t = ag.tensor(x[present], requires_grad=True)
        gradcheck(lambda v: HOLES[name](ag, ag.set_at(x, present, v)), t)


def test_gradients_of_the_other_arguments():
    """Places and values of points, inserted values, an edge's value: all carry gradients."""

    def tensor(x):
        return ag.tensor(x, requires_grad=True)

    for function, *inputs in (
        (ag.interp, X + 0.01, POINTS, V),
        (lambda x, p, f: ag.interp(x, p, f, period=1.3), X, V, POINTS),
        (lambda x, a, b: ag.interp(x, POINTS, V, a, b), X, np.array(1.0), np.array(2.0)),
        (lambda f, x: ag.gradient(f, x, axis=1, edge_order=2), X, PLACES),
        (lambda x, v: ag.insert(x, [0, 2], v, 0), X, Y[:2]),
        (lambda x, v: ag.ediff1d(x, v, v), X, V),
        (lambda m, w: ag.cov(m, aweights=w), X, WEIGHTS),
        (lambda a, b: ag.linalg.lstsq(a, b)[0], X.T, V[:5]),
        (lambda x, h: ag.heaviside(ag.round(x), h), X, Y),
    ):
        given = [tensor(x) for x in inputs]
        gradcheck(function, *given)
        gradgradcheck(function, *given)


def test_a_step_gives_its_gradient_to_the_value_at_zero():
    x, h = ag.tensor([-1.0, 0.0, 2.0], requires_grad=True), ag.tensor(0.5, requires_grad=True)
    ag.heaviside(x, h).sum().backward()
    assert x.grad.tolist() == [0, 0, 0] and h.grad.item() == 1.0


def test_covariance_without_freedom_is_nan():
    assert np.isnan(ag.cov(ag.tensor([2.0])).item())
    assert np.isnan(ag.cov(X, ddof=5)).all()


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (2, 4, 3), (2, 3, 4), (3, 3), (4, 1), (0, 3)])
def test_full_svd(shape):
    """Of NumPy's shapes; what spans the completing vectors has the right gradient."""
    a = R.normal(size=shape)
    for got, want in zip(np.linalg.svd(ag.tensor(a)), np.linalg.svd(a), strict=True):
        np.testing.assert_array_equal(got.numpy(), want)
    k, (m, n) = min(shape[-2:]), shape[-2:]

    def projectors(x):
        u, s, vt = ag.linalg.svd(x)
        rest = u[..., k:] @ u[..., k:].mT + 0.0 * s.sum()
        return rest, vt[..., k:, :].mT @ vt[..., k:, :] + 0.0 * s.sum()

    if k:
        gradcheck(projectors, ag.tensor(a, requires_grad=True))
        gradgradcheck(projectors, ag.tensor(a, requires_grad=True))
    if abs(m - n) > 1 and k:
        part = 0 if m > n else 2
        x = ag.tensor(a, requires_grad=True)
        weights = np.arange(max(m, n) ** 2.0).reshape(max(m, n), -1)
        with pytest.raises(ValueError, match="^svd: the result depends on which vectors"):
            (ag.linalg.svd(x)[part] * weights).sum().backward()


def test_lists_beside_double_precision_lose_no_digits():
    t = ag.tensor(X)
    assert ag.insert(t, 0, [0.1])[0].item() == 0.1
    assert ag.interp(t, [-9.0, 9.0], [0.1, 0.1])[0, 0].item() == 0.1
    assert ag.polyval([0.1], t)[0, 0].item() == 0.1


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_integers_and_empty_arrays():
    """As in NumPy: floats where fractions may arise, 64 bits where products grow, NaN of nothing.

    Floats of integer tensors have the default dtype.
    """
    for x in (np.arange(6, dtype=np.uint8), np.arange(6) % 2 == 0):
        for call in (
            lambda n, a: n.vander(a),
            lambda n, a: n.unwrap(a),
            lambda n, a: n.polyval([1, 2, 300], a),
            lambda n, a: n.delete(a, []),
            lambda n, a: n.insert(a, [], 1),
        ):
            got, want = call(ag, ag.tensor(x)), call(np, x)
            dtype = np.float32 if want.dtype.kind == "f" else want.dtype
            assert got.dtype == dtype and got.tolist() == want.tolist()
        assert [part.tolist() for part in ag.modf(ag.tensor(x))] == [[0] * 6, x.tolist()]
        sums = ag.bincount(np.arange(6), ag.tensor(x)).numpy()  # exact, and so float64 here, too
        np.testing.assert_array_equal(sums, np.bincount(np.arange(6), x), strict=True)
    nothing = ag.tensor(np.zeros((0, 3)), requires_grad=True)
    assert np.isnan(ag.nanmedian(nothing).item())
    assert ag.nanquantile(nothing, [0.1, 0.2], 0).shape == (2, 3)
    ag.nanmedian(nothing, 0, keepdims=True).sum().backward()
    assert nothing.grad.shape == (0, 3)


def test_bits():
    a, b = ag.tensor([6, 3]), ag.tensor([3, 5])
    assert (a & b).tolist() == [2, 1] and (a | 8).tolist() == [14, 11]
    assert (a ^ b).tolist() == [5, 6] and (~a).tolist() == [-7, -4]
    assert (~ag.tensor([True, False])).tolist() == [False, True]
    assert np.left_shift(a, 1).tolist() == [12, 6] and ag.right_shift(a, 1).tolist() == [3, 1]
    with pytest.raises(TypeError, match="^bitwise_and: is not defined for"):
        _ = ag.tensor([1.0]) & 1


def test_powers_keep_numpys_dtypes_and_python_floats_make_the_default_one():
    for x in (np.array([True, False]), np.array([1, 2]), np.float32([1, 2]), np.int8(3)):
        for power in (2, 2.0):
            got, want = ag.tensor(x) ** power, np.asarray(x**power)
            assert got.dtype == (np.float32 if want.dtype.kind == "f" else want.dtype), x.dtype
            assert got.tolist() == want.tolist()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ag.insert(X, 9, 1.0, 0), IndexError, "^insert: obj: index 9 is out of bounds"),
        (lambda: ag.insert(X, 0, np.ones(3), 0), ValueError, r"^insert: values of shape \(1, 3\)"),
        (lambda: ag.insert(X, 0.5, 1.0), ValueError, "^insert: obj must be integers"),
        (lambda: ag.delete(X, 9, 1), IndexError, "^delete: obj: index 9 is out of bounds"),
        (lambda: ag.resize(X, (-1, 2)), ValueError, "^resize: new_shape=.*negative"),
        (lambda: ag.resize(X, (2**40, 2**20)), ValueError, "^resize: shape .* needs"),
        (lambda: ag.compress([1] * 9, X, 0), ValueError, "^compress: condition must be a vector"),
        (lambda: ag.choose([[2]], [X, Y]), IndexError, "^choose: a holds numbers beyond the 2"),
        (lambda: ag.choose([0.5], [X]), TypeError, "^choose: a must hold integers"),
        (lambda: ag.block([]), ValueError, "^block: arrays holds an empty list"),
        (lambda: ag.block([[X], X]), ValueError, "^block: the lists of arrays are nested"),
        (lambda: ag.gradient(X, 1.0, 1.0, 1.0), TypeError, "^gradient: 3 spacings for 2 axes"),
        (lambda: ag.gradient(X[:1]), ValueError, "^gradient: axis 0 of shape .* too short"),
        (lambda: ag.gradient(X, V, axis=0), ValueError, r"^gradient: spacing of shape \(6,\)"),
        (lambda: ag.gradient(X, edge_order=3), ValueError, "^gradient: edge_order must be 1 or 2"),
        (lambda: ag.interp(X, V, V[:2]), ValueError, "^interp: xp and fp must be vectors"),
        (lambda: ag.interp(X, V, V, period=0), ValueError, "^interp: period must not be 0"),
        (lambda: ag.polyval(X, X), ValueError, "^polyval: p must be a vector"),
        (lambda: ag.vander(X), ValueError, "^vander: x must be a vector"),
        (lambda: ag.cov(X, Y[:, :2]), ValueError, "^cov: y has 2 observations, m has 5"),
        (lambda: ag.cov(X, aweights=V), ValueError, r"^cov: aweights has shape \(6,\) for 5"),
        (lambda: ag.cov(X, aweights=-WEIGHTS), ValueError, "^cov: aweights must not be negative"),
        (lambda: ag.cumulative_sum(X), ValueError, "^cumulative_sum: axis must be given"),
        (lambda: ag.bincount([-1]), ValueError, "^bincount: x must be a vector of integers from 0"),
        (lambda: ag.bincount([1], V), ValueError, r"^bincount: weights of shape \(6,\)"),
        (lambda: ag.linalg.lstsq(X, V), ValueError, "^lstsq: a must be a matrix"),
        (lambda: ag.linalg.cond(V), ValueError, "^cond: x must be a matrix"),
        (lambda: ag.linalg.multi_dot([X]), ValueError, "^multi_dot: arrays must hold from 2"),
        (lambda: ag.linalg.multi_dot([X, X]), ValueError, r"^multi_dot: arrays\[0\] of shape"),
        (lambda: ag.linalg.tensorinv(X), ValueError, "^tensorinv: a of shape"),
        (lambda: ag.linalg.tensorsolve(X, V), ValueError, "^tensorsolve: a of shape"),
        (lambda: ag.linalg.qr(X, "complete"), ValueError, "^qr: mode must be one of"),
        (lambda: ag.quantile(X, [[0.5]]), ValueError, "^quantile: q must be a number from 0 to 1 or a"),
        (lambda: ag.quantile(X, -0.5), ValueError, "^quantile: q must be a number from 0 to 1 or a"),
        (lambda: ag.nanquantile(X, 2.0), ValueError, "^nanquantile: q must be a number from 0"),
    ],
)  # fmt: skip
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_arguments_that_numpy_has_in_other_places():
    x = np.array([[1.0, np.nan], [np.inf, -2.0]])
    t = ag.tensor(x)
    for given in ((), (True,), (False,), (True, 5.0), (True, 5.0, 7.0, -7.0)):
        assert np.nan_to_num(t, *given).tolist() == np.nan_to_num(x.copy(), *given).tolist()
    assert np.nan_to_num(t, nan=5.0, copy=True).tolist() == np.nan_to_num(x, nan=5.0).tolist()
    narrow = ag.tensor([[1.0, 2.0], [3.0, 4.0]])
    for function in (np.sum, np.mean, np.prod, np.cumsum, np.var):
        due = function(np.array([[1.0, 2.0], [3.0, 4.0]]), 1)
        for got in (function(narrow, 1, dtype=np.float64), function(narrow, axis=1, dtype="f8")):
            assert got.dtype == np.float64 and got.tolist() == due.tolist()
    assert [places.tolist() for places in np.where(ag.tensor([[0, 1], [1, 0]]))] == [[0, 1], [1, 0]]
    assert np.where(ag.tensor([True, False]), 1.0, ag.tensor([5.0, 6.0])).tolist() == [1.0, 6.0]
