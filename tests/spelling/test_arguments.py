"""Arguments of PyTorch's that are seldom given: each changes the result as it says, or is refused by name."""

import pickle
import warnings

import numpy as np
import pytest

import autograd as ag
from autograd.spelling import in_place
from autograd.spelling.differences import _all_integers

A = np.random.default_rng(7).normal(size=(2, 3, 3))
X = ag.tensor(A)
V = ag.tensor([3.0, 1.0, 2.0])


# Products -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda x, **named: ag.addmm(x, ag.ones(2, 3), ag.ones(3, 4), **named),
        lambda x, **named: ag.addbmm(x, ag.ones(1, 2, 3), ag.ones(1, 3, 4), **named),
        lambda x, **named: ag.addr(x, 3.0 * ag.ones(2), ag.ones(4), **named),
    ],
)
def test_with_beta_0_a_nan_in_the_summand_does_not_matter(call):
    x = ag.full((2, 4), np.nan)
    assert np.isnan(call(x).numpy()).all()
    assert call(x, beta=0, alpha=2).tolist() == np.full((2, 4), 6.0).tolist()
    assert call(ag.ones(2, 4), beta=2).tolist() == np.full((2, 4), 5.0).tolist()


def test_svd_without_vectors_is_the_singular_values():
    wanted = np.linalg.svd(A, compute_uv=False)
    np.testing.assert_allclose(ag.svd(X, compute_uv=False).numpy(), wanted)
    u, s, v = ag.svd(X)
    np.testing.assert_allclose((u * s.unsqueeze(-2) @ v.mT).numpy(), A, atol=1e-12)


# Norms --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        (lambda: ag.norm(X, p=3, axis=1), (abs(A) ** 3).sum(1) ** (1 / 3)),
        (lambda: ag.norm(X, 3, dim=1), (abs(A) ** 3).sum(1) ** (1 / 3)),
        (lambda: ag.norm(X, p=1, dim=2, keepdims=True), abs(A).sum(2, keepdims=True)),
        (lambda: ag.norm(X, p=2, dim=()), np.sqrt((A**2).sum())),
        (lambda: ag.norm(X, p="fro", dim=(0, 1)), np.sqrt((A**2).sum((0, 1)))),
        (lambda: ag.norm(X, p="nuc", dim=(1, 2)), np.linalg.norm(A, "nuc", (1, 2))),
        (lambda: ag.norm(X, 3), (abs(A) ** 3).sum() ** (1 / 3)),
        (lambda: ag.norm(X[0], 3), (abs(A[0]) ** 3).sum() ** (1 / 3)),
        (lambda: ag.norm(X, 3, (1, 2)), (abs(A) ** 3).sum((1, 2)) ** (1 / 3)),
    ],
    ids=["axis", "ord-dim", "keepdims", "no-dim", "fro", "nuc", "all-axes", "matrix", "two-axes"],
)
def test_norm_in_either_language(call, wanted):
    np.testing.assert_allclose(call().numpy(), wanted, rtol=1e-6)


def test_norm_is_computed_in_the_dtype_that_is_asked_for():
    x = ag.tensor(np.full(3, 2e19, np.float32))
    with np.errstate(over="ignore"):
        found = ag.norm(x, p=2, dtype=np.float64)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found.item(), 2e19 * np.sqrt(3.0), rtol=1e-6)


def test_cdist_takes_any_of_pytorchs_ways_and_no_other():
    for way in (None, "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist"):
        found = ag.cdist(X, X, compute_mode=way).numpy()
        np.testing.assert_allclose(found, np.sqrt(((A[:, :, None] - A[:, None]) ** 2).sum(-1)))
    with pytest.raises(ValueError, match="compute_mode"):
        ag.cdist(X, X, compute_mode="any")


# Matrices -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(3,), (2, 3)])
def test_a_hermitian_matrix_is_square(shape):
    with pytest.raises(ValueError, match=r"pinv: a hermitian matrix is square, got shape \("):
        ag.linalg.pinv(ag.ones(shape), hermitian=True)
    with pytest.raises(ValueError, match="hermitian|axes|two"):
        ag.linalg.matrix_rank(ag.ones(2, 3), hermitian=True)


def test_limits_are_given_once():
    with pytest.raises(ValueError, match="rcond and rtol are one"):
        ag.linalg.pinv(X, 0.1, rtol=0.1)
    with pytest.raises(ValueError, match="give tol or atol, not both"):
        ag.linalg.matrix_rank(X, tol=0.1, atol=0.1)


def test_pinv_of_an_empty_stack_is_an_empty_stack():
    assert ag.linalg.pinv(ag.ones(0, 2, 3), atol=0.1).shape == (0, 3, 2)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ag.combinations(ag.ones(2, 2)), r"combinations: x must be a vector, got shape \(2, 2\)"),
        (lambda: ag.pdist(ag.ones(3)), r"pdist: x must be a matrix, got shape \(3,\)"),
        (lambda: ag.diag_embed(V, dim1=0, dim2=-2), "dim1=0 and dim2=-2 are one axis"),
        (lambda: ag.linalg.solve(X[0], V, left=False), r"left=False needs matrices b .* shape \(3,\)"),
        (lambda: ag.kthvalue(ag.ones(2, 0), 1), r"nothing to choose from along axis 1 of \(2, 0\)"),
        (lambda: V.expand(3.5), "3.5"),
    ],
)  # fmt: skip
def test_what_has_no_meaning_is_refused_with_the_shape(call, words):
    with pytest.raises((ValueError, TypeError), match=words):
        call()


def test_histc_of_equal_limits_takes_those_of_the_values():
    values = np.array([1.0, 2.0, 2.5, 5.0])
    found = ag.histc(ag.tensor(values), bins=4)
    assert found.tolist() == np.histogram(values, 4)[0].tolist()
    assert ag.histc(ag.tensor(values), 2, 2, 3).tolist() == [1, 1]
    assert ag.histc(ag.ones(0), 2).tolist() == [0, 0]


def test_unique_consecutive_tells_where_each_went_and_how_many_did():
    x = ag.tensor([[4, 4, 1], [1, 4, 4]])
    assert ag.unique_consecutive(x).tolist() == [4, 1, 4]
    kept, where = ag.unique_consecutive(x, return_inverse=True)
    assert kept[where].tolist() == x.tolist() and where.shape == x.shape
    kept, counts = ag.unique_consecutive(x, return_counts=True)
    assert counts.tolist() == [2, 2, 2]
    assert ag.unique_consecutive(x, dim=0).tolist() == x.tolist()
    kept, where = ag.unique_consecutive(x[:, :2], return_inverse=True, dim=1)
    assert (kept.tolist(), where.tolist()) == ([[4, 4], [1, 4]], [0, 1])
    assert ag.unique_consecutive(x[:, :0], return_counts=True)[1].tolist() == []


# Readings: one name, two languages ----------------------------------------------------------------


def test_input_is_the_first_argument_in_pytorchs_words():
    assert ag.std(input=X, dim=0, unbiased=False).tolist() == ag.std(X, axis=0).tolist()
    assert [part.shape[0] for part in ag.split(input=V, split_size_or_sections=2)] == [2, 1]


def test_split_takes_its_size_once():
    for wrong in ({}, {"split_size": 2, "split_size_or_sections": 2}):
        with pytest.raises(TypeError, match="split: give the length of the parts, .* once"):
            ag.split(V, dim=0, **wrong)


def test_gradient_takes_its_spacing_once():
    with pytest.raises(TypeError, match="gradient: give the spacing once"):
        ag.gradient(V, 1.0, spacing=2.0)
    (found,) = ag.gradient(V, 2.0, dim=0)
    np.testing.assert_allclose(found.numpy(), np.gradient(V.numpy(), 2.0))


def test_meshgrid_takes_its_vectors_as_a_list_of_tensors_or_one_vector():
    together = ag.meshgrid([V, V[:2]], indexing="ij")
    assert [each.tolist() for each in together] == [
        each.tolist() for each in np.meshgrid(V.numpy(), V[:2].numpy(), indexing="ij")
    ]
    (alone,) = ag.meshgrid([1.0, 2.0])
    assert alone.tolist() == [1.0, 2.0]


def test_a_triangle_is_told_of_for_trained_matrices_only_while_gradients_are_recorded():
    a = ag.tensor([[2.0, 0.0], [0.0, 3.0]], requires_grad=True)
    with pytest.warns(ag.SpellingWarning, match="triangle"):
        told = ag.linalg.cholesky(a)
    with ag.no_grad():
        assert ag.linalg.cholesky(a).tolist() == told.tolist()  # and a warning would be an error


# Conversions --------------------------------------------------------------------------------------


def test_to_reads_each_argument_by_what_it_is():
    x = ag.ones(2)
    wide = np.ones(1)
    for given in (np.float64, float, "float64", ag.float64, wide, wide.dtype, ag.tensor(wide)):
        assert x.to(given).dtype == x.to("cpu", given, True).dtype == np.float64
        assert x.to(dtype=given).dtype == x.type(given).dtype == np.float64
        assert ag.is_floating_point(given) or given == "float64"
    assert x.type("torch.IntTensor").dtype == np.int32 and not ag.is_floating_point(np.int32)
    assert x.to(None) is x and x.to("cpu", True) is x
    assert x.to(x.dtype, copy=True) is not x


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        (ag.ones(1, dtype=np.float64), 2, np.float64), (np.ones(1, np.int8), 2.5, np.float32),
        (np.ones(1, np.int8), np.ones(1, np.int32), np.int32), (2, 2.5, np.float32),
        (np.ones(1, np.int8), 5, np.int8), (np.ones(1, bool), 5, np.int64),
    ],
)  # fmt: skip
def test_result_type_is_what_an_operation_has(one, other, wanted):
    assert ag.result_type(one, other) == wanted
    assert ag.result_type(other, one) == wanted


@pytest.mark.parametrize(("wrong", "error"), [(2.5, TypeError), ("cuda", RuntimeError)])
def test_there_is_no_other_device(wrong, error):
    with pytest.raises(error, match="device"):
        ag.device(wrong)
    with pytest.raises(error, match="device"):
        ag.zeros(2, device=wrong)
    assert ag.device(None) == ag.device(ag.device("cpu")) == ag.device("cpu", -1) == "cpu"


def test_legacy_constructors_take_lengths_or_data():
    assert ag.FloatTensor(2, 3).shape == (2, 3) and ag.LongTensor(4).shape == (4,)
    assert ag.FloatTensor().shape == (0,)
    assert ag.IntTensor([1, 2]).tolist() == [1, 2] and ag.IntTensor([1, 2]).dtype == np.int32


# Shapes -------------------------------------------------------------------------------------------


def test_dims_and_sizes_by_name():
    assert ag.transpose(X, dims=(2, 0, 1)).shape == (3, 2, 3)
    assert V.repeat(sizes=(2, 1)).tolist() == [V.tolist(), V.tolist()]
    assert X.new_zeros(size=(2, 5)).shape == (2, 5) and X.new_zeros(size=(2, 5)).dtype == X.dtype
    with pytest.raises(
        TypeError, match="transpose: give the order of the axes, or two to exchange"
    ):
        ag.transpose(X, dim0=1)


def test_gather_and_scatter_in_both_orders():
    places = ag.tensor([[2, 0, 1]])
    wanted = np.take_along_axis(A[0], places.numpy(), 1)[:1]
    for found in (
        X[0][:1].gather(1, places), X[0][:1].gather(places, axis=1), X[0][:1].gather(places, dim=1),
        X[0][:1].gather(dim=1, index=places), X[0][:1].gather(1, index=places),
    ):  # fmt: skip
        assert found.tolist() == wanted.tolist()
    with pytest.raises(TypeError, match="gather: there is no out="):
        X.gather(1, places, out=X)
    with pytest.raises(TypeError):
        X[0].scatter(1, places)  # of which value?


# In place -----------------------------------------------------------------------------------------


def test_a_leaf_detached_in_place_stays_itself_and_no_longer_requires_a_gradient():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    assert x.detach_() is x and not x.requires_grad
    plain = ag.tensor([1.0])
    assert plain.detach_() is plain
    y = x.requires_grad_() * 2.0
    assert y.detach_() is y and y.is_leaf and not y.requires_grad


# Numbers, places and draws ------------------------------------------------------------------------


def test_the_number_of_elements_is_pickled_exactly():
    size = ag.zeros(5, 1001).size
    assert (
        pickle.loads(pickle.dumps(size)) == 5005 and type(pickle.loads(pickle.dumps(size))) is int
    )
    assert size(0) == 5 and size(-1) == 1001 and size() == (5, 1001)


def test_a_scalar_is_a_float_unless_another_dtype_is_given():
    assert ag.scalar_tensor(3).dtype == np.float32
    assert ag.scalar_tensor(3, dtype=np.int64).dtype == np.int64
    assert ag.scalar_tensor(3, dtype=np.float64).item() == 3.0


def test_random_orders_are_whole_numbers_unless_another_dtype_is_given():
    for dtype in (None, np.int64, np.int32, np.float64):
        order = ag.randperm(6, dtype=dtype)
        assert order.dtype == np.dtype(dtype or np.int64) and sorted(order.tolist()) == [*range(6)]


@pytest.mark.parametrize("values", [2.0, [[2.0]], [[2.0, 3.0]]])
def test_scattered_values_are_spread_over_their_places(values):
    x, places = np.ones((3, 2)), np.array([[0, 1], [0, 2]])
    for reduce, combine in (("add", np.add), ("multiply", np.multiply)):
        due = x.copy()
        for (i, j), at in np.ndenumerate(places):
            due[at, j] = combine(due[at, j], np.broadcast_to(values, (2, 2))[i, j])
        given = values if isinstance(values, float) else ag.tensor(values, dtype=np.float64)
        assert (
            ag.tensor(x).scatter(0, ag.tensor(places), given, reduce=reduce).tolist()
            == due.tolist()
        )


def test_a_number_has_one_place():
    x = ag.tensor(3.0)
    for dim in (0, -1):
        for place in (0, -1):
            assert x.index_add(dim, ag.tensor([place]), ag.tensor([2.0])).item() == 5.0
            assert x.index_copy(dim, ag.tensor([place]), ag.tensor([2.0])).item() == 2.0
            assert x.index_fill(dim, ag.tensor([place]), 7.0).item() == 7.0
        for nothing in (np.array([], np.int64), ag.tensor(np.array([], np.int64))):
            assert x.index_fill(dim, nothing, 7.0).item() == 3.0
    for wrong in ([1], [0, -2], [0.0], [True]):
        with pytest.raises(IndexError, match="x is a number, and has place 0$"):
            x.index_fill(0, np.array(wrong), 7.0)
    with pytest.raises(IndexError):
        x.index_fill(1, np.array([0]), 7.0)


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_cross_products_along_any_axis(dim):
    a, b = (np.random.default_rng(k).normal(size=(3, 3)) for k in (1, 2))
    due = np.moveaxis(np.cross(np.moveaxis(a, dim, -1), np.moveaxis(b, dim, -1)), -1, dim)
    for cross in (ag.linalg.cross, ag.cross):
        np.testing.assert_allclose(cross(ag.tensor(a), ag.tensor(b), dim=dim).numpy(), due)
    if dim != 0:
        np.testing.assert_allclose(ag.linalg.cross(ag.tensor(a), ag.tensor(b)).numpy(), due)


@pytest.mark.parametrize("count", range(1, 8))
def test_the_median_of_what_is_no_nan_is_the_lower_of_the_middle_two(count):
    values = np.random.default_rng(count).permutation(np.arange(float(count)))
    for missing in range(4):
        x = np.random.default_rng(missing).permutation(np.r_[values, np.full(missing, np.nan)])
        assert ag.nanmedian(ag.tensor(x)).item() == np.median(values)  # of all: NumPy's
        found = ag.nanmedian(ag.tensor(np.stack([x, x])), dim=1)
        assert found.values.tolist() == [sorted(values)[(count - 1) // 2]] * 2
        assert x[found.indices.tolist()[0]] == found.values.tolist()[0]
    assert np.isnan(ag.nanmedian(ag.tensor(np.full(count, np.nan))).item())


def test_right_is_a_side():
    ordered, x = ag.tensor([1.0, 2.0, 2.0, 3.0]), ag.tensor([2.0, 0.0, 3.0])
    for right, side in ((True, "right"), (False, "left")):
        due = np.searchsorted([1, 2, 2, 3], [2, 0, 3], side).tolist()
        assert ag.searchsorted(ordered, x, right=right).tolist() == due
        assert ag.bucketize(x, ordered, right=right).tolist() == due


def test_functions_that_write_are_made_when_asked_for_and_no_others():
    assert in_place.abs_ is in_place.abs_
    for name in ("abs", "nothing_", "nothing", "__x_"):
        with pytest.raises(AttributeError, match=f"has no attribute '{name}'"):
            getattr(in_place, name)


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        ([1, 2], True), ((1,), True), ([[1, 2], [3, 4]], True), ([1, 2.0], False), ([True], False),
        ([], False), ([[]], False), ([[1.0]], False), (1, False), (np.array([1]), False), ("1", False),
    ],
)  # fmt: skip
def test_lists_of_whole_numbers_are_told_from_all_else(data, whole):
    assert _all_integers(data) == whole
    if isinstance(data, list) and data and data != [[]]:
        with warnings.catch_warnings(record=True, action="always") as heard:
            ag.Tensor(data)
        assert bool(heard) == whole
