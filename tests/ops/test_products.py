"""Matrix products and sums of products: NumPy's values, right gradients to the second order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag

from .support import check, check_values, normal


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ((2, 3), (3, 4)),
        ((3,), (3, 4)),
        ((2, 3), (3,)),
        ((3,), (3,)),
        ((5, 2, 3), (3, 4)),
        ((2, 3), (5, 3, 4)),
        ((5, 2, 3), (5, 3, 4)),
        ((1, 2, 3), (5, 3, 4)),
        ((2, 1, 2, 3), (5, 3, 1)),
        ((5, 2, 3), (3,)),
        ((3,), (5, 3, 2)),
        ((0, 3), (3, 2)),
        ((2, 0), (0, 3)),
    ],
)
def test_matmul(x, y):
    check(ag.matmul, np.matmul, normal(*x), normal(*y))


def test_matmul_in_plain_loops():
    x, y = normal(3, 4), normal(4, 2)
    expected = [[sum(x[i, k] * y[k, j] for k in range(4)) for j in range(2)] for i in range(3)]
    np.testing.assert_allclose(ag.matmul(x, y), expected, rtol=1e-13)


def test_matmul_operator_and_numpy():
    x, y = normal(2, 3), ag.tensor(normal(3, 2))
    for product in (x @ y, np.matmul(x, y), ag.tensor(x) @ y.numpy()):
        assert isinstance(product, ag.Tensor)
        np.testing.assert_allclose(product.numpy(), x @ y.numpy())


def test_matmul_of_scalars_is_a_graph_of_numbers():
    x, y = normal(2, 3), normal(3, 2)
    s = ag.scalars(x, requires_grad=True)
    product = ag.matmul(s, ag.scalars(y))
    assert product[1, 0].item() == pytest.approx((x @ y)[1, 0])
    product[1, 0].backward()
    assert [t.grad.item() for t in s[1]] == pytest.approx(y[:, 0].tolist())


@pytest.mark.parametrize(
    ("subscripts", "shapes"),
    [
        ("ij,jk->ik", [(2, 3), (3, 4)]),
        ("ij,jk", [(2, 3), (3, 4)]),
        ("ij,kj->ki", [(2, 3), (4, 3)]),
        ("ij->ji", [(2, 3)]),
        ("ba", [(2, 3)]),
        ("ij->", [(2, 3)]),
        ("ij->j", [(2, 3)]),
        ("ii", [(3, 3)]),
        ("ii->i", [(3, 3)]),
        ("iij,ik->j", [(3, 3, 2), (3, 4)]),
        ("iii->i", [(3, 3, 3)]),
        ("ij,ij->ij", [(2, 3), (2, 3)]),
        ("ij,ij->i", [(2, 3), (2, 3)]),
        ("i,j->ij", [(2,), (3,)]),
        ("i,j->", [(2,), (3,)]),
        ("i,i", [(3,), (3,)]),
        (",i->i", [(), (3,)]),
        ("bij,bjk->bik", [(5, 2, 3), (5, 3, 4)]),
        ("bij,bjk,bkl->bil", [(5, 2, 3), (5, 3, 4), (5, 4, 2)]),
        ("ij,jk,ki->", [(2, 3), (3, 4), (4, 2)]),
        ("a,ab,abc->", [(2,), (2, 3), (2, 3, 4)]),
        ("abc,bd,de->ae", [(2, 2, 2), (2, 2), (2, 2)]),
        ("bac,bd,de->ea", [(2, 2, 2), (2, 2), (2, 2)]),
        ("ab,cbd,ce->ae", [(2, 2), (2, 2, 2), (2, 2)]),
        ("ij,jk,kl,lm->im", [(2, 3), (3, 2), (2, 4), (4, 2)]),
        ("...ij,...jk->...ik", [(4, 1, 2, 3), (5, 3, 2)]),
        ("...i,i->...", [(2, 3, 4), (4,)]),
        ("...,...->...", [(2, 1), (3,)]),
        ("i...->...i", [(2, 3, 4)]),
        ("...ii->...i", [(2, 3, 3)]),
        ("ij,jk->ik", [(2, 1), (3, 4)]),
        ("i j, j k -> i k", [(2, 3), (3, 4)]),
        ("Ab,bC->AC", [(2, 3), (3, 4)]),
    ],
)
def test_einsum(subscripts, shapes):
    arrays = [np.asarray(normal(*shape)) for shape in shapes]
    check(
        lambda *xs: ag.einsum(subscripts, *xs),
        lambda *xs: np.einsum(subscripts, *xs),
        *arrays,
        rtol=1e-11,
    )


def test_einsum_of_more_axes_than_there_are_letters():
    ones, random = (1,) * 53, np.random.default_rng(0)
    x, y, z = (random.normal(size=shape) for shape in [(2, *ones), (3, *ones), (2, 3)])
    found = ag.einsum("a...,b...,ab->...", x, y, z)
    assert found.shape == ones
    np.testing.assert_allclose(found.item(), x.ravel() @ z @ y.ravel(), rtol=1e-12)
    assert ag.einsum("a...,b...->ab...", x, y).shape == (2, 3, *ones)


@settings(max_examples=60)
@given(st.data())
def test_einsum_of_any_labels(data):
    sizes = dict(zip("abcde", (2, 3, 1, 2, 2), strict=True))
    parts = data.draw(st.lists(st.text("abcde", max_size=3), min_size=1, max_size=3))
    present = sorted(set("".join(parts)))
    out = "".join(data.draw(st.permutations(present))[: data.draw(st.integers(0, len(present)))])
    subscripts = f"{','.join(parts)}->{out}"
    random = np.random.default_rng(len(subscripts))
    arrays = [random.normal(size=[sizes[c] for c in part]) for part in parts]
    check_values(
        lambda *xs: ag.einsum(subscripts, *xs),
        lambda *xs: np.einsum(subscripts, *xs),
        *[np.asarray(a) for a in arrays],
        rtol=1e-10,
    )


@pytest.mark.parametrize(
    ("name", "shapes", "arguments"),
    [
        ("dot", [(3,), (3,)], ()),
        ("dot", [(2, 3), (3,)], ()),
        ("dot", [(2, 3, 4), (5, 4, 2)], ()),
        ("dot", [(2, 3, 4), (4,)], ()),
        ("dot", [(), (2, 2)], ()),
        ("inner", [(2, 3), (4, 3)], ()),
        ("inner", [(3,), (3,)], ()),
        ("vdot", [(2, 3), (3, 2)], ()),
        ("vecdot", [(2, 3), (3,)], ()),
        ("outer", [(2, 2), (3,)], ()),
        ("tensordot", [(2, 3, 4), (3, 4, 2)], ()),
        ("tensordot", [(2, 3), (2, 3)], (0,)),
        ("tensordot", [(2, 3, 4), (4, 3)], (([1, 2], [1, 0]),)),
        ("tensordot", [(2, 3), (4, 2)], ((0, 1),)),
        ("kron", [(2, 3), (2, 2)], ()),
        ("kron", [(3,), (2, 2)], ()),
        ("kron", [(2, 1, 2), (2,)], ()),
        ("cross", [(4, 3), (4, 3)], ()),
        ("cross", [(4, 3), (3,)], ()),
        ("cross", [(3, 2), (3, 2)], (0, 0, 0)),
    ],
)
def test_numpys_other_products(name, shapes, arguments):
    check(
        lambda *xs: getattr(ag, name)(*xs, *arguments),
        lambda *xs: getattr(np, name)(*xs, *arguments),
        *[np.asarray(normal(*shape)) for shape in shapes],
    )


def test_cross_products_in_the_plane():
    x, y = normal(4, 2), normal(4, 2)
    check(ag.cross, lambda x, y: x[:, 0] * y[:, 1] - x[:, 1] * y[:, 0], x, y)
    lifted = np.concatenate([y, np.zeros((4, 1))], 1)
    np.testing.assert_allclose(ag.cross(normal(3), lifted).shape, (4, 3))
    a = normal(3)
    np.testing.assert_allclose(ag.cross(a, y), np.cross(a, lifted))


@pytest.mark.parametrize("name", ["dot", "inner"])
@pytest.mark.parametrize("other", [(), (3,), (2, 3)])
def test_with_a_number_on_either_side_products_are_multiplication(name, other):
    number, array = normal(), normal(*other)
    for x, y in ((number, array), (array, number)):
        check(getattr(ag, name), getattr(np, name), np.asarray(x), np.asarray(y))


A, B = np.ones((2, 3)), np.ones((4, 5))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: ag.matmul(A, B),
            ValueError,
            r"^matmul: .*\(2, 3\) and \(4, 5\).*3 columns.*4 rows",
        ),
        (lambda: ag.tensor(A) @ ag.tensor(B), ValueError, r"^matmul: shapes \(2, 3\) and \(4, 5\)"),
        (lambda: ag.matmul(A, 2.0), ValueError, r"^matmul: .*at least one axis"),
        (lambda: ag.tensor(A) @ 2.0, ValueError, r"^matmul: .*at least one axis"),
        (
            lambda: ag.matmul(np.ones((2, 2, 3)), np.ones((3, 3, 2))),
            ValueError,
            r"^matmul: shapes \(2,\) and \(3,\) do not broadcast",
        ),
        (lambda: ag.einsum("ij,jk", A, B), ValueError, r"labelled 'j' have sizes 3 and 4"),
        (lambda: ag.einsum("ij", A, B), ValueError, r"names 1 operands, got 2"),
        (lambda: ag.einsum("ijk", A), ValueError, r"labels 'ijk', but it has shape \(2, 3\)"),
        (lambda: ag.einsum("i", A), ValueError, r"labels 'i', but it has shape \(2, 3\)"),
        (lambda: ag.einsum("ij->ik", A), ValueError, r"label 'k' in the result only"),
        (lambda: ag.einsum("ij->ii", A), ValueError, r"label 'i' twice in the result"),
        (lambda: ag.einsum("i1->i", A), ValueError, r"letters, commas"),
        (lambda: ag.einsum("ij->i->j", A), ValueError, r"letters, commas"),
        (lambda: ag.einsum("...->", A), ValueError, r"'\.\.\.' must be in the result"),
        (lambda: ag.einsum("ii", A), ValueError, r"labelled 'i' have sizes 2 and 3"),
        (lambda: ag.einsum("ii", np.ones((1, 3))), ValueError, r"labelled 'i' have sizes 1 and 3"),
        (lambda: ag.einsum(A, "ij"), TypeError, r"^einsum: subscripts must be a string"),
        (lambda: ag.tensordot(A, B, 1), ValueError, r"axis 1 of a has size 3, axis 0 of b has 4"),
        (lambda: ag.tensordot(A, B, 3), ValueError, r"axes=3 are more"),
        (lambda: ag.tensordot(A, B, ([0], [0, 1])), ValueError, r"differ in length"),
        (lambda: ag.tensordot(A, B, "ab"), TypeError, r"axes must be"),
        (lambda: ag.cross(np.ones(4), np.ones(3)), ValueError, r"2 or 3 components, got 4 and 3"),
        (lambda: ag.dot(A, B), ValueError, r"^matmul: shapes"),
        (
            lambda: ag.outer(np.broadcast_to(1.0, 2**31), np.broadcast_to(1.0, 2**31)),
            ValueError,
            r"^outer: shape .* needs",
        ),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("formula", ["...a...->a", "a......->a", "......->", "..a->a", "a.->a"])
def test_einsum_takes_one_ellipsis_an_input(formula):
    with pytest.raises(ValueError, match="einsum: .* may hold letters, commas"):
        ag.einsum(formula, ag.tensor(np.ones((2, 3))))


@pytest.mark.parametrize("shape", [(4,), (1, 4), (3, 4), (2, 3, 4), (0, 4)])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_dense_layer_is_one_operation_for_a_vector_as_for_a_batch(shape, dtype):
    rng = np.random.default_rng(0)
    x, w, b = (rng.normal(size=size).astype(dtype) for size in (shape, (2, 4), (2,)))
    g = rng.normal(size=(*shape[:-1], 2)).astype(dtype)
    tx, tw, tb = (ag.tensor(each, requires_grad=True) for each in (x, w, b))
    y = ag.linear(tx, tw, tb)
    y.backward(g)
    x, w, b, g = (each.astype(np.float64) for each in (x, w, b, g))
    rows, gs = x.reshape(-1, 4), g.reshape(-1, 2)
    assert y.grad_node.primitive.name == "linear" and y.grad_node.parents[0].tensor() is tx
    close = {"rtol": 30 * np.finfo(dtype).eps, "atol": 30 * np.finfo(dtype).eps}
    np.testing.assert_allclose(y.detach().numpy(), x @ w.T + b, **close)
    for t, due in ((tx, g @ w), (tw, gs.T @ rows), (tb, gs.sum(0))):
        assert t.grad.dtype == dtype and t.grad.shape == t.shape
        np.testing.assert_allclose(t.grad.numpy(), due, **close)
    if dtype is np.float64 and x.size:
        check(ag.linear, lambda x, w, b: x @ w.T + b, x, w, b)
