"""Linear algebra: NumPy's values on stacks, gradients by differences, singular matrices, errors."""

import math

import numpy as np
import pytest

import autograd as ag
from autograd import linalg
from autograd.func import gradcheck, gradgradcheck

from .support import check, gradient, normal, tensors

STACK = normal(2, 3, 3)
ONE = STACK[0]
POSITIVE = STACK @ STACK.transpose(0, 2, 1) + np.eye(3)
TALL, WIDE = normal(2, 4, 3), normal(2, 3, 4)


@pytest.mark.parametrize("a", [ONE, STACK, normal(1, 1), normal(2, 1, 2, 2)])
def test_inverse_and_determinants(a):
    check(linalg.inv, np.linalg.inv, a, rtol=1e-10)
    check(linalg.det, np.linalg.det, a, rtol=1e-10)
    check(lambda x: linalg.slogdet(x)[1], lambda x: np.linalg.slogdet(x)[1], a, rtol=1e-10)
    np.testing.assert_array_equal(linalg.slogdet(a)[0], np.linalg.slogdet(a)[0])


def test_determinant_in_plain_terms():
    (a, b), (c, d) = ONE[:2, :2]
    assert linalg.det(ONE[:2, :2]) == pytest.approx(a * d - b * c)
    np.testing.assert_allclose(gradient(linalg.det, ONE[:2, :2]), [[d, -c], [-b, a]])


@pytest.mark.parametrize(
    "a",
    [np.zeros((2, 2)), np.zeros((3, 3)), np.outer([1.0, 2, 3], [1, 0, 2]), np.zeros((1, 1)),
     np.stack([np.zeros((3, 3)), ONE])],
)  # fmt: skip
def test_determinant_of_singular_matrices(a):
    gradcheck(linalg.det, *tensors(a))
    gradgradcheck(linalg.det, *tensors(a))


def test_slogdet_does_not_overflow():
    sign, log = linalg.slogdet(ag.tensor(-1e200 * np.eye(3)))
    assert sign.item() == -1.0
    assert log.item() == pytest.approx(3 * 200 * math.log(10))
    assert not sign.requires_grad


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((3, 3), (3,)),
        ((3, 3), (3, 2)),
        ((2, 3, 3), (3,)),
        ((2, 3, 3), (2, 3, 2)),
        ((3, 3), (2, 3, 2)),
        ((2, 1, 3, 3), (4, 3, 1)),
    ],
)
def test_solve(a, b):
    check(linalg.solve, np.linalg.solve, normal(*a), normal(*b), rtol=1e-9)


@pytest.mark.parametrize("n", [-2, -1, 0, 1, 2, 5])
def test_matrix_power(n):
    check(
        lambda a: linalg.matrix_power(a, n) * 2,
        lambda a: np.linalg.matrix_power(a, n) * 2,
        STACK / 2,
        rtol=1e-9,
    )


@pytest.mark.parametrize("a", [TALL, WIDE, STACK], ids=["tall", "wide", "square"])
def test_pinv(a):
    check(linalg.pinv, np.linalg.pinv, a, rtol=1e-9)


# Decompositions -----------------------------------------------------------------------------------


def test_cholesky():
    check(linalg.cholesky, np.linalg.cholesky, POSITIVE, rtol=1e-10)


LOPSIDED = np.random.default_rng(5).normal(size=(2, 3, 3)) + 4.0 * np.eye(3)


def _root(values_and_vectors):
    values, vectors = values_and_vectors
    return (vectors * values[..., None, :] ** 2) @ ag.swapaxes(vectors, -1, -2)


@pytest.mark.parametrize(
    ("ours", "numpys", "upper"),
    [
        (linalg.cholesky, np.linalg.cholesky, False),
        (lambda a: linalg.cholesky(a, upper=True), lambda a: np.linalg.cholesky(a, upper=True), True),
        (linalg.eigvalsh, np.linalg.eigvalsh, False),
        (lambda a: linalg.eigvalsh(a, UPLO="U"), lambda a: np.linalg.eigvalsh(a, "U"), True),
        (lambda a: linalg.eigh(a)[0], lambda a: np.linalg.eigh(a)[0], False),
        (lambda a: _root(linalg.eigh(a)), lambda a: _root(np.linalg.eigh(a)), False),
        (lambda a: _root(linalg.eigh(a, "U")), lambda a: _root(np.linalg.eigh(a, "U")), True),
        (lambda a: np.linalg.eigvalsh(a, UPLO="u"), lambda a: np.linalg.eigvalsh(a, "U"), True),
    ],
)  # fmt: skip
def test_one_triangle_is_read_and_gets_the_gradient(ours, numpys, upper):
    np.testing.assert_allclose(
        ours(ag.tensor(LOPSIDED)).numpy(), numpys(LOPSIDED), rtol=1e-12, atol=1e-12
    )
    gradcheck(ours, *tensors(LOPSIDED))
    gradgradcheck(ours, *tensors(LOPSIDED))
    other = (np.tril if upper else np.triu)(gradient(ours, LOPSIDED), -1 if upper else 1)
    assert not other.any()


def test_there_are_two_triangles():
    for function in (linalg.eigh, linalg.eigvalsh):
        with pytest.raises(ValueError, match=r"UPLO must be one of 'L', 'U'.*'X'"):
            function(LOPSIDED, UPLO="X")


def test_eigh():
    check(linalg.eigvalsh, np.linalg.eigvalsh, POSITIVE, rtol=1e-9)
    check(lambda a: linalg.eigh(a)[1] ** 2, lambda a: np.linalg.eigh(a)[1] ** 2, POSITIVE,
          rtol=1e-9)  # fmt: skip

    def root(a):
        values, vectors = linalg.eigh(a)
        return (vectors * ag.sqrt(values)[..., None, :]) @ ag.swapaxes(vectors, -1, -2)

    gradcheck(root, *tensors(POSITIVE))
    gradgradcheck(root, *tensors(POSITIVE))
    squared = root(ag.tensor(POSITIVE)).numpy()
    np.testing.assert_allclose(squared @ squared, POSITIVE)


def test_eigenvalues_that_repeat_have_finite_gradients():
    assert gradient(linalg.eigvalsh, np.eye(3)) == pytest.approx(np.eye(3))


def test_determinant_of_nearly_singular_matrices():
    """x·xᵀ of a tall x is singular but for rounding: its determinant is 0 whatever x does."""
    x = ag.tensor(TALL[0], requires_grad=True)
    (slope,) = ag.grad(linalg.det(x @ x.T), x, create_graph=True)
    np.testing.assert_allclose(slope.detach().numpy(), 0.0, atol=1e-10)
    (second,) = ag.grad((slope * TALL[1]).sum(), x)
    np.testing.assert_allclose(second.numpy(), 0.0, atol=1e-8)


@pytest.mark.parametrize("a", [TALL, WIDE, STACK], ids=["tall", "wide", "square"])
def test_svd(a):
    check(linalg.svdvals, lambda x: np.linalg.svd(x, compute_uv=False), a, rtol=1e-9)
    for k in (0, 2):
        check(
            lambda x: linalg.svd(x, full_matrices=False)[k] ** 2,  # noqa: B023
            lambda x: np.linalg.svd(x, full_matrices=False)[k] ** 2,  # noqa: B023
            a,
            rtol=1e-8,
        )

    def halves(x):
        u, s, vt = linalg.svd(x, full_matrices=False)
        return (u * ag.sqrt(s)[..., None, :]) @ vt

    gradcheck(halves, *tensors(a))
    gradgradcheck(halves, *tensors(a))


@pytest.mark.parametrize("a", [TALL, WIDE, STACK], ids=["tall", "wide", "square"])
def test_qr(a):
    check(
        lambda x: [part + 0 for part in linalg.qr(x)],
        lambda x: list(np.linalg.qr(x)),
        a,
        rtol=1e-9,
    )
    q, r = linalg.qr(ag.tensor(a))
    np.testing.assert_allclose((q @ r).numpy(), a)


# Norms --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ord", [None, 1, 2, 3, 2.5, np.inf, -np.inf, -1, 0.5])
@pytest.mark.parametrize("keepdims", [False, True])
def test_norms_of_vectors(ord, keepdims):
    check(
        lambda x: linalg.norm(x, ord, 1, keepdims),
        lambda x: np.linalg.norm(x, ord, 1, keepdims),
        TALL,
        rtol=1e-10,
    )


@pytest.mark.parametrize("ord", ["fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf])
@pytest.mark.parametrize(("axis", "keepdims"), [((1, 2), False), ((2, 0), True)])
def test_norms_of_matrices(ord, axis, keepdims):
    check(
        lambda x: linalg.norm(x, ord, axis, keepdims),
        lambda x: np.linalg.norm(x, ord, axis, keepdims),
        TALL,
        rtol=1e-9,
    )


def test_other_norms():
    check(linalg.norm, np.linalg.norm, TALL)
    check(lambda x: linalg.vector_norm(x, 3), lambda x: np.sum(abs(x) ** 3) ** (1 / 3), TALL)
    check(linalg.matrix_norm, np.linalg.matrix_norm, TALL)
    assert linalg.norm(np.array([0.0, 2.0, 3.0]), 0) == 2.0
    assert gradient(lambda x: linalg.norm(x, 0), normal(3)).tolist() == [0, 0, 0]


@pytest.mark.parametrize("ord", [None, 1, 2, 3, np.inf])
def test_the_norm_of_the_zero_vector_has_gradient_zero(ord):
    assert gradient(lambda x: linalg.norm(x, ord), np.zeros(3)).tolist() == [0.0, 0.0, 0.0]
    x = ag.tensor(np.zeros((2, 3)), requires_grad=True)
    first = ag.grad(linalg.norm(x, ord, 1).sum(), x, create_graph=True)[0]
    assert first.tolist() == [[0.0] * 3] * 2


def test_numpys_names_reach_ours():
    a = ag.tensor(ONE, requires_grad=True)
    for name in ("inv", "det", "norm", "cholesky"):
        given = a @ a.T + np.eye(3) if name == "cholesky" else a
        assert getattr(np.linalg, name)(given).requires_grad


def test_integers_and_half_precision():
    assert linalg.det(np.array([[2, 0], [0, 3]])) == pytest.approx(6.0)
    assert linalg.inv(ag.tensor([[2, 0], [0, 4]])).dtype == np.float32
    assert linalg.inv(np.array([[2, 0], [0, 4]])).dtype == np.float64
    assert linalg.inv(np.eye(2, dtype=np.float16)).dtype == np.float16
    assert linalg.norm(np.array([3, 4])) == 5.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: linalg.inv(TALL), r"^inv: a must be a square matrix .*\(2, 4, 3\)"),
        (lambda: linalg.det(np.ones(3)), r"^det: a must be a square matrix .*\(3,\)"),
        (
            lambda: linalg.inv(np.zeros((2, 2))),
            r"^inv: the matrix, or one in the stack, is singular",
        ),
        (lambda: linalg.inv(ag.tensor(np.zeros((2, 2)))), r"^inv: the matrix.*singular"),
        (lambda: linalg.solve(np.zeros((2, 2)), np.ones(2)), r"^solve: the matrix.*singular"),
        (lambda: linalg.solve(TALL, np.ones(3)), r"^solve: a must be square"),
        (lambda: linalg.solve(ONE, np.ones(4)), r"^solve: b of shape \(4,\) does not fit"),
        (lambda: linalg.solve(STACK, np.ones((3, 3, 1))), r"^solve: shapes .* do not broadcast"),
        (lambda: linalg.cholesky(-np.eye(2)), r"^cholesky: .*not positive definite"),
        (lambda: linalg.cholesky(TALL), r"^cholesky: a must be a square"),
        (lambda: linalg.eigh(TALL), r"^eigh: a must be a square"),
        (lambda: linalg.svd(np.ones(3)), r"^svd: a must be a matrix"),
        (lambda: linalg.qr(np.ones(3)), r"^qr: a must be a matrix"),
        (lambda: linalg.matrix_power(TALL, 2), r"^matrix_power: a must be square"),
        (lambda: linalg.norm(STACK, 1), r"^norm: needs one axis \(vectors\) or two"),
        (lambda: linalg.norm(ONE[0], "fro"), r"^norm: ord must be a number"),
        (lambda: linalg.norm(ONE, "max"), r"^norm: ord must be 'fro'"),
        (lambda: linalg.norm(ONE, 3), r"^norm: ord must be 'fro'"),
        (lambda: linalg.matrix_norm(STACK, axis=1), r"^norm: a matrix norm needs two axes"),
        (lambda: linalg.norm(ONE, math.nan, 1), r"^norm: ord must be a number"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_error_types():
    with pytest.raises(TypeError, match="^matrix_power: n must be an integer"):
        linalg.matrix_power(ONE, 0.5)
    with pytest.raises(IndexError, match="^norm: axis 2 is out of range"):
        linalg.norm(ONE, axis=2)


@pytest.mark.parametrize("upper", [True, False])
@pytest.mark.parametrize("unit", [True, False])
@pytest.mark.parametrize("left", [True, False])
def test_triangular_systems_look_at_one_triangle(upper, unit, left):
    rng = np.random.default_rng(3)
    a = rng.normal(size=(2, 3, 3)) + 3.0 * np.eye(3)
    b = rng.normal(size=(2, 3, 2) if left else (2, 2, 3))
    options = {"upper": upper, "left": left, "unitriangular": unit}
    part = np.triu(a) if upper else np.tril(a)
    if unit:
        part = part - part * np.eye(3) + np.eye(3)
    x = ag.linalg.solve_triangular(ag.tensor(a), ag.tensor(b), **options).numpy()
    np.testing.assert_allclose(part @ x if left else x @ part, b, rtol=1e-12, atol=1e-12)
    t = ag.tensor(a, requires_grad=True)
    ag.linalg.solve_triangular(t, ag.tensor(b), **options).sum().backward()
    outside = np.tril(np.ones((3, 3)), 0 if unit else -1)
    assert not (t.grad.numpy() * (outside if upper else outside.T)).any()
    with pytest.raises(ValueError, match="^solve_triangular: a must be square"):
        ag.linalg.solve_triangular(np.ones((3, 2)), ag.tensor(b), **options)
    with pytest.raises(TypeError, match="upper must be True or False"):
        ag.linalg.solve_triangular(ag.tensor(a), ag.tensor(b), upper="yes")


def test_least_squares_of_stacks():
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=(2, 5, 3)), rng.normal(size=(2, 5, 2))
    x, residuals, rank, s = ag.linalg.lstsq(ag.tensor(a), ag.tensor(b))
    for k in range(2):
        expected = np.linalg.lstsq(a[k], b[k])
        for got, wanted in zip((x, residuals, rank, s), expected, strict=True):
            np.testing.assert_allclose(np.asarray(got[k]), wanted, rtol=1e-11)
    assert ag.linalg.lstsq(a[:, :, [0, 0, 0]], b)[2].tolist() == [1, 1]
    with pytest.raises(ValueError, match=r"^lstsq: .* stacks of both, got shapes \(2, 5, 3\)"):
        ag.linalg.lstsq(a, b[0])
    with pytest.raises(ValueError, match="^lstsq: shapes"):
        ag.linalg.lstsq(a, np.concatenate([b, b[:1]]))


def test_linalg_takes_pytorchs_words():
    m = np.arange(6.0).reshape(2, 3)
    assert ag.linalg.norm(m, dim=1, keepdim=True).shape == (2, 1)
    assert ag.linalg.vector_norm(m, ord=1, dim=0).tolist() == [3.0, 5.0, 7.0]


#: What the functions of NumPy's linear algebra need besides a stack of matrices: unequal axes, so
#: that a function which looks at other axes gives other numbers or another shape.
PLAINLY = {
    "det": lambda f: f(POSITIVE),
    "diagonal": lambda f: f(TALL),
    "eigvalsh": lambda f: f(POSITIVE),
    "inv": lambda f: f(POSITIVE),
    "matmul": lambda f: f(TALL, WIDE),
    "matrix_norm": lambda f: f(TALL),
    "matrix_power": lambda f: f(POSITIVE, 2),
    "matrix_rank": lambda f: f(TALL),
    "matrix_transpose": lambda f: f(TALL),
    "cholesky": lambda f: f(POSITIVE),
    "cond": lambda f: f(TALL),
    "cross": lambda f: f(TALL, -TALL[::-1]),
    "norm": lambda f: f(TALL),
    "pinv": lambda f: f(TALL),
    "solve": lambda f: f(POSITIVE, WIDE),
    "svdvals": lambda f: f(TALL),
    "tensordot": lambda f: f(TALL, WIDE.transpose(2, 1, 0)),
    "trace": lambda f: f(TALL),
    "vecdot": lambda f: f(TALL, -TALL[::-1]),
    "vector_norm": lambda f: f(TALL),
}


@pytest.mark.parametrize("name", PLAINLY)
def test_functions_look_at_the_axes_that_numpys_look_at(name):
    expected = PLAINLY[name](getattr(np.linalg, name))
    np.testing.assert_allclose(PLAINLY[name](getattr(linalg, name)), expected, rtol=1e-10)
    through = PLAINLY[name](
        lambda *a: getattr(np.linalg, name)(*[ag.tensor(x) if np.ndim(x) else x for x in a])
    )
    np.testing.assert_allclose(through, expected, rtol=1e-10)


def test_diagonals_of_stacked_matrices():
    for offset in (-1, 0, 1, 2):
        check(
            lambda x, k=offset: linalg.diagonal(x, offset=k),
            lambda x, k=offset: np.linalg.diagonal(x, offset=k),
            TALL,
        )
        check(
            lambda x, k=offset: linalg.trace(x, offset=k),
            lambda x, k=offset: np.linalg.trace(x, offset=k),
            TALL,
        )
    assert linalg.diagonal(A=TALL, dim1=0, dim2=2).shape == (4, 2)


def test_nearly_singular_is_what_would_lose_half_of_the_digits():
    """The condition by the largest sums of rows, whatever the scale."""
    from autograd.ops.linalg.decompositions import _nearly_singular

    for dtype in (np.float32, np.float64):
        bound = float(np.finfo(dtype).eps) ** -0.5
        for scale in (1.0, 1e4, 1e-4):
            for share, expected in ((1.01, True), (0.99, False)):
                small = scale / (share * bound)
                a = np.array([[scale, 0.0], [0.0, small]], dtype)
                assert _nearly_singular(a, np.linalg.inv(a)) is expected, (scale, share)
                a = np.array([[scale / 2, scale / 2], [0.0, 2.0 * small]], dtype)
                inverse = np.array([[2 / scale, -0.5 / small], [0.0, 0.5 / small]], dtype)
                assert _nearly_singular(a, inverse) is (
                    float(abs(inverse[0]).sum()) * scale > bound
                )


def test_cofactors_ask_for_the_memory_that_they_take(monkeypatch):
    from autograd.ops.linalg import decompositions

    asked = []
    monkeypatch.setattr(decompositions, "check_bytes", lambda *given: asked.append(given))
    a = ag.tensor(np.ones((2, 3, 3)), requires_grad=True)
    linalg.det(a).sum().backward()
    assert ("det", (2, 3, 3, 2, 2), np.float64) in asked
