"""Words of PyTorch's that once were refused, or dropped: each does what it says, or says why not."""

import re

import numpy as np
import pytest

import autograd as ag

A = np.random.default_rng(1).normal(size=(3, 4, 4))
X = ag.tensor(A)


# Words --------------------------------------------------------------------------------------------


def test_sums_of_integers_come_in_the_dtype_that_is_asked_for():
    x = ag.tensor(np.array([100, 100], np.int8))
    for function, numpys in ((ag.sum, np.sum), (ag.prod, np.prod), (ag.cumsum, np.cumsum)):
        for dtype in (np.int16, np.int32):
            found, wanted = function(x, dtype=dtype), numpys(x.numpy(), dtype=dtype)
            assert found.dtype == dtype and np.array_equal(found.numpy(), wanted)


@pytest.mark.parametrize("name", ["mean", "softmax", "log_softmax"])
def test_means_in_a_dtype_of_integers_are_refused(name):
    with pytest.raises((TypeError, ValueError), match="float"):
        getattr(ag, name)(X, -1, dtype=np.int64)


@pytest.mark.parametrize("name", ["sum", "mean", "amax", "amin", "count_nonzero", "nansum"])
def test_dim_of_no_axes_is_over_all_as_in_pytorch(name):
    for none in ((), []):
        assert getattr(ag, name)(X, dim=none).item() == getattr(ag, name)(X).item()
    assert ag.any(X > 0, dim=()).shape == X.shape  # which PyTorch reads otherwise


def test_whole_quotients_keep_their_dtype_and_all_their_digits():
    a, b = [7, -7, 7, -7, 6], [2, 2, -2, -2, 3]
    for dtype in (np.int32, np.int64):
        x, y = ag.tensor(np.array(a, dtype)), ag.tensor(np.array(b, dtype))
        down, cut = (x.div(y, rounding_mode=mode) for mode in ("floor", "trunc"))
        assert down.tolist() == [3, -4, -4, 3, 2] and cut.tolist() == [3, -3, -3, 3, 2]
        assert down.dtype == cut.dtype == dtype
    assert ag.tensor([2**62 + 1]).div(3, rounding_mode="floor").tolist() == [(2**62 + 1) // 3]


def test_gradient_takes_spacing_of_numbers_and_of_places():
    f, places = A[0], np.array([0.0, 1.0, 3.0, 4.5])
    for spacing, numpys in (
        (0.5, (0.5,)),
        ((0.5, 2.0), (0.5, 2.0)),
        ([places, places], (places,) * 2),
    ):
        found = ag.gradient(ag.tensor(f), spacing=spacing)
        for one, other in zip(found, np.gradient(f, *numpys), strict=True):
            np.testing.assert_allclose(one.numpy(), other)
    with pytest.raises(ValueError, match="spacing has 1 entries for 2 axes"):
        ag.gradient(ag.tensor(f), spacing=(0.5,))


def test_searchsorted_in_pytorchs_words():
    places, sought = [1.0, 2.0, 2.0, 5.0], [2.0, 6.0]
    found = ag.searchsorted(sorted_sequence=ag.tensor(places), input=ag.tensor(sought), right=True)
    assert found.tolist() == np.searchsorted(places, sought, "right").tolist()
    narrow = ag.searchsorted(ag.tensor(places), ag.tensor(sought), out_int32=True)
    assert narrow.dtype == np.int32 and narrow.tolist() == [1, 4]
    assert ag.bucketize(ag.tensor(sought), ag.tensor(places), out_int32=True).dtype == np.int32
    order = [3, 0, 2, 1]
    assert ag.searchsorted(ag.tensor(places)[[1, 3, 2, 0]], sought, sorter=order).tolist() == [1, 4]
    with pytest.raises(ValueError, match="contradict"):
        ag.searchsorted(places, sought, side="left", right=True)


def test_pinv_and_rank_with_an_absolute_limit():
    singular = np.linalg.svd(A, compute_uv=False)
    limit = np.sort(singular.ravel())[4] * 1.01
    wanted = [np.linalg.pinv(a, limit / s[0]) for a, s in zip(A, singular, strict=True)]
    np.testing.assert_allclose(ag.linalg.pinv(X, atol=limit).numpy(), wanted)
    assert ag.linalg.matrix_rank(X, atol=limit).tolist() == (singular > limit).sum(1).tolist()
    np.testing.assert_allclose(
        ag.linalg.pinv(X, hermitian=True).numpy(), np.linalg.pinv(A, hermitian=True)
    )
    np.testing.assert_allclose(ag.linalg.pinv(X, rtol=0.3).numpy(), np.linalg.pinv(A, 0.3))


def test_solve_reads_a_vector_for_each_matrix_where_it_can_be_nothing_else():
    b = A[:, 0]
    wanted = np.linalg.solve(A, b[..., None])[..., 0]
    np.testing.assert_allclose(ag.linalg.solve(X, ag.tensor(b)).numpy(), wanted)
    right = ag.linalg.solve(X, X[:, :2], left=False)
    np.testing.assert_allclose((right @ X).numpy(), A[:, :2], atol=1e-12)


def test_quantile_has_a_gradient_for_q():
    q = ag.tensor(np.array([0.3, 0.71]), requires_grad=True)
    x = ag.tensor(A[0], requires_grad=True)
    for function in (ag.quantile, ag.nanquantile):
        assert ag.func.gradcheck(lambda x, q, f=function: f(x, q, axis=1), x, q)
        assert ag.func.gradgradcheck(lambda x, q, f=function: f(x, q, axis=1), x, q)
    with pytest.raises(RuntimeError, match="q is a tensor that requires a gradient"):
        ag.quantile(x, q, method="lower")


def test_small_words():
    x = ag.tensor([1.26, 2.74])
    assert (x * 1).round_(decimals=1).tolist() == x.round(decimals=1).tolist()
    assert x.diagflat(offset=1).shape == (3, 3) and x.diagflat(offset=1)[0, 1].item() == x[0].item()
    assert ag.cdist(X, X, 2.0, "use_mm_for_euclid_dist").shape == (3, 4, 4)
    assert [each.shape for each in ag.atleast_2d([x, ag.tensor(1.0)])] == [(1, 2), (1, 1)]
    assert ag.tensor(0.0).nonzero(as_tuple=True)[0].shape == (0,)
    assert ag.tensor(2.0).nonzero(as_tuple=True)[0].tolist() == [0]
    assert X.take_along_dim(ag.tensor([[5, 0]])).tolist() == A.ravel()[[5, 0]].tolist()
    assert ag.scalar_tensor(2, dtype=np.float64, requires_grad=True).requires_grad
    assert ag.logspace(0, 3, 4, dtype=np.int64).tolist() == [1, 10, 100, 1000]
    assert ag.max(ag.tensor([1, 5]), ag.tensor(3)).tolist() == [3, 5]
    assert x.repeat((2, 1, 1)).shape == (2, 1, 2)
    rows = ag.tensor([[1, 2], [1, 2], [3, 2], [1, 2]])
    kept, where, counts = rows.unique_consecutive(True, True, dim=0)
    assert kept.tolist() == [[1, 2], [3, 2], [1, 2]]
    assert (where.tolist(), counts.tolist()) == ([0, 0, 1, 2], [2, 1, 1])
    assert ag.repeat_interleave(ag.tensor([1, 0, 2])).tolist() == [0, 2, 2]
    with pytest.raises(ValueError, match="add up to 4"):
        x.repeat_interleave(2, output_size=3)


# Integers, exactly --------------------------------------------------------------------------------


def test_scatter_reduce_of_integers_is_exact_and_stays_of_integers():
    big = 2**60
    x, index, values = ag.tensor([big + 1, 5]), ag.tensor([0, 0]), ag.tensor([big + 3, 1])
    for reduce in ("sum", "amax", "amin"):
        for include in (True, False):
            found = ag.scatter_reduce(x, index, values, 0, reduce, include)
            wanted = {"sum": big + 4 + include * (big + 1), "amax": big + 3, "amin": 1}[reduce]
            assert found.dtype == np.int64 and found.tolist() == [wanted, 5], reduce


def test_bincount_adds_integer_weights_exactly():
    found = ag.bincount(ag.tensor([0, 0, 1]), ag.tensor([2**30, 1, 3]))
    assert found.dtype == np.float64 and found.tolist() == [2**30 + 1, 3]


def test_masked_scatter_broadcasts_and_counts():
    x, mask = ag.tensor([1.0, 2.0], requires_grad=True), ag.tensor([[True, False], [False, True]])
    found = x.masked_scatter(mask, ag.tensor([7.0, 8.0]))
    assert found.tolist() == [[7.0, 2.0], [1.0, 8.0]]
    assert ag.grad(found.sum(), x)[0].tolist() == [1.0, 1.0]
    with pytest.raises(ValueError, match="2 places are to be filled, but source has 1"):
        x.masked_scatter(mask, ag.tensor([7.0]))
    with pytest.raises(ValueError, match="does not fit"):
        x.masked_scatter(ag.tensor([True, False, True]), ag.ones(3))


# Random numbers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [("x.normal_(0, -1)", "std"), ("x.uniform_(3, -1)", "above"), ("x.exponential_(0)", "lambd"),
     ("x.geometric_(-1)", "p"), ("x.geometric_(0)", "p"), ("x.cauchy_(0, 0)", "sigma"),
     ("x.log_normal_(0, -1)", "std"), ("x.bernoulli_(1.5)", "p"), ("ag.isclose(x, x, rtol=-1)", "rtol"),
     ("ag.allclose(x, x, atol=-1)", "atol")],
)  # fmt: skip
def test_impossible_parameters_are_refused_by_their_name(call, words):
    with pytest.raises(ValueError, match=words):
        eval(call, {"x": ag.zeros(3), "ag": ag})


# Found by the whole of PyTorch's cases ------------------------------------------------------------


def test_a_quotient_rounded_down_is_how_often_one_is_in_the_other():
    x, y = ag.tensor([25.0, -25.0, 1.0, 6.0]), np.array([0.1, 0.1, 0.0, np.inf])
    x = x.double()
    with np.errstate(divide="ignore"):
        wanted = np.floor_divide(x.numpy(), y)  # Python's own // says 249, too
        assert np.array_equal(x.div(ag.tensor(y), rounding_mode="floor").numpy(), wanted)
    assert x.clone().div_(0.1, rounding_mode="floor").tolist()[:2] == [249.0, -250.0]


@pytest.mark.parametrize(
    "call",
    [
        lambda t: t.add_(2.5), lambda t: t.sub_(0.5), lambda t: t.mul_(2.5), lambda t: t.div_(2),
        lambda t: t.pow_(0.5), lambda t: t.sqrt_(), lambda t: t.exp_(), lambda t: t.clamp_(2.5),
        lambda t: t.lerp_(t, 0.5), lambda t: t.addcmul_(t, t, value=0.5),
        lambda t: t.index_add_(0, [0], ag.tensor([1.5])),
        lambda t: t.index_put_(([0],), ag.tensor([1.5])),
        lambda t: t.scatter_add_(0, ag.tensor([0]), ag.tensor([1.5])),
        lambda t: t.bool().add_(t),
    ],
)  # fmt: skip
def test_what_is_computed_in_place_is_not_cut(call):
    t = ag.tensor(np.array([1, 5]))
    with pytest.raises(TypeError, match=r"_: the result is \w+, which a tensor of \w+ cannot hold"):
        call(t)
    assert t.tolist() == [1, 5]


@pytest.mark.parametrize("symbol", ["+", "-", "*", "/", "**"])
def test_nor_by_an_operator(symbol):
    t = ag.tensor(np.array([1, 5]))
    with pytest.raises(TypeError, match=rf"^{re.escape(symbol)}=: an operand of shape \(\)"):
        exec(f"t {symbol}= 0.5", {"t": t})
    assert t.tolist() == [1, 5]


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        (lambda t: t.fill_(2.5), [2, 2]), (lambda t: t.copy_(ag.tensor([2.5, 3.5])), [2, 3]),
        (lambda t: t.masked_fill_(t == 1, 2.5), [2, 5]),
        (lambda t: t.index_fill_(0, [0], 2.5), [2, 5]),
        (lambda t: t.scatter_(0, ag.tensor([0]), 2.5), [2, 5]),
        (lambda t: t.scatter_(0, ag.tensor([0]), -2.5, reduce="add"), [-1, 5]),
        (lambda t: t.scatter_(0, ag.tensor([1]), 1.5, reduce="multiply"), [1, 5]),
        (lambda t: t.add_(2), [3, 7]), (lambda t: t.div_(2, rounding_mode="floor"), [0, 2]),
    ],
)  # fmt: skip
def test_numbers_that_are_put_in_are_cut_as_by_pytorch(call, wanted):
    assert call(ag.tensor(np.array([1, 5]))).tolist() == wanted


def test_numbers_that_are_put_among_bools_are_true_or_false():
    t = ag.tensor([True, False, False])
    t.scatter_(0, ag.tensor([0]), 0.0).index_fill_(0, [1], 2.5)
    assert t.tolist() == [False, True, False] and t.dtype == bool


def test_repeats_of_one_in_a_tuple_that_make_an_axis_are_told_of():
    with pytest.warns(ag.SpellingWarning, match="repeat"):
        ag.tensor([1.0, 2.0]).repeat((1, 1))


def test_the_largest_singular_value_is_not_above_itself():
    random = np.random.default_rng(0)
    for _ in range(50):
        a = random.normal(size=(3, 5, 5)) * 10.0
        assert not np.any(ag.linalg.matrix_rank(a, atol=1e-9, rtol=1.0))
        symmetric = a + np.swapaxes(a, -1, -2)
        assert not np.any(ag.linalg.matrix_rank(symmetric, hermitian=True, atol=1e-9, rtol=1.0))
    assert ag.linalg.matrix_rank(np.diag([3.0, 2.0, 0.1]), atol=1.0) == 2


def test_entropys_slope_is_infinite_at_0():
    x = ag.tensor(np.array([0.0, -0.0, 0.5, 1.0, -1.0]), requires_grad=True)
    y = ag.special.entr(x)
    (slope,) = ag.grad(y.sum(), x, create_graph=True)
    assert y.tolist() == [0.0, 0.0, 0.5 * np.log(2.0), 0.0, -np.inf]
    np.testing.assert_allclose(slope.tolist(), [np.inf, np.inf, np.log(2.0) - 1.0, -1.0, 0.0])
    (bend,) = ag.grad(slope.sum(), x)
    np.testing.assert_allclose(bend.tolist(), [-np.inf, -np.inf, -2.0, -1.0, 0.0])


# Next to 0 and below it -----------------------------------------------------------------------------


def test_x_log_y_is_0_at_0_and_has_the_slope_log_y_there():
    x = ag.tensor(np.zeros(4, np.float32), requires_grad=True)
    y = ag.xlogy(x, ag.tensor(np.array([2.0, 0.0, -1.0, np.inf], np.float32)))
    y.sum().backward()
    assert y.tolist() == [0.0, 0.0, 0.0, 0.0] and y.dtype == np.float32
    np.testing.assert_allclose(x.grad.numpy(), [np.log(2.0), 0.0, 0.0, 0.0], rtol=1e-6)
    assert ag.xlogy(x, 2.0).dtype == np.float32 and np.isnan(ag.xlogy(x, np.nan)[0].item())


def test_the_logarithm_of_a_negative_determinant_is_nan_in_the_matrix_own_precision():
    a = ag.tensor(-np.eye(3, dtype=np.float32), requires_grad=True)
    found = ag.logdet(a)
    found.backward()
    assert found.dtype == np.float32 and np.isnan(found.item())
    assert a.grad.tolist() == np.zeros((3, 3)).tolist()


def test_one_index_selects_a_slice_whose_axis_stays():
    assert ag.index_select(X, 1, ag.tensor(2)).shape == (3, 1, 4)


@pytest.mark.parametrize("weight", [0.0, 1.0, np.array([0.0, 1.0])])
def test_lerp_ends_exactly_at_its_ends(weight):
    x, end = np.float32([1e8, 3.0]), np.float32([7.0, 1e8])
    found = ag.lerp(ag.tensor(x), ag.tensor(end), weight)
    np.testing.assert_array_equal(found.numpy(), np.where(weight, end, x))


def test_lerp_between_numbers_and_by_one_weight_for_each():
    x, end, weight = A[0], A[1], abs(A[2])
    for w in (0.2, 0.5, 0.8, -1.5, weight):
        found = ag.lerp(ag.tensor(x), ag.tensor(end), w if np.ndim(w) == 0 else ag.tensor(w))
        np.testing.assert_allclose(found.numpy(), x + w * (end - x), rtol=1e-13, atol=1e-15)
    operands = [ag.tensor(a, requires_grad=True) for a in (x, end, weight)]
    assert ag.func.gradcheck(ag.lerp, *operands) and ag.func.gradgradcheck(ag.lerp, *operands)


def test_small_shares_and_small_differences_from_one_keep_their_digits():
    scipy_special = pytest.importorskip("scipy.special")
    p = np.concatenate([10.0 ** np.linspace(-307, -1, 200), np.linspace(0.1, 1, 60), [0.0, 5e-324]])
    np.testing.assert_allclose(ag.special.ndtri(p), scipy_special.ndtri(p), rtol=3e-15)
    assert np.isnan(ag.special.ndtri(np.array([-0.1, -1e-20, 1.1, np.nan]))).all()
    small = ag.tensor(np.array([1e-3, 0.02, 0.2, 0.24, 0.26, 0.7]), requires_grad=True)
    assert ag.func.gradcheck(ag.special.ndtri, small)
    np.testing.assert_allclose(ag.special.xlog1py(3.0, p), 3.0 * np.log1p(p), rtol=1e-15)
    x = ag.tensor(np.zeros(3), requires_grad=True)
    y = ag.special.xlog1py(x, np.array([-1.0, -2.0, np.inf]))
    assert y.tolist() == [0.0] * 3
    (slope,) = ag.grad(ag.special.xlog1py(x, 1e-9).sum(), x)
    np.testing.assert_allclose(slope.numpy(), np.log1p(1e-9), rtol=1e-15)


@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_logits_of_certainty_have_an_infinite_slope():
    x = ag.tensor([0.0, 0.25, 1.0], requires_grad=True)
    y = ag.logit(x)
    np.testing.assert_allclose(y.detach().numpy(), [-np.inf, np.log(1 / 3), np.inf], rtol=1e-6)
    (slope,) = ag.grad(y, x, ag.ones(3))
    np.testing.assert_allclose(slope.numpy(), [np.inf, 16 / 3, np.inf], rtol=1e-6)


def test_logits_of_whole_numbers():
    for x in (np.array([0, 1, 3], np.uint8), np.array([True, False])):
        with np.errstate(all="ignore"):
            found, x = ag.logit(ag.tensor(x)).numpy(), x.astype(float)
            np.testing.assert_array_equal(found, np.log(x / (1 - x)))


def test_bits_are_shifted_by_operators():
    x = ag.tensor(np.array([1, 6], np.int32))
    assert (x << 2).tolist() == [4, 24] and (x >> 1).tolist() == [0, 3]
    assert (2 << x).tolist() == [4, 128] and (256 >> x).tolist() == [128, 4]
    assert (x << x).dtype == np.int32
    with pytest.raises(TypeError):
        ag.ones(2) << 1


@pytest.mark.parametrize("value", [1.0, 2.0])
def test_a_factor_that_is_learnt_keeps_its_gradient_also_at_one(value):
    index = np.array([0, 1])
    calls = {
        "add": lambda a: ag.add(ag.ones(2), ag.full((2,), 3.0), alpha=a),
        "addmm": lambda a: ag.addmm(ag.ones(1, 2), ag.ones(1, 3), ag.ones(3, 2), alpha=a),
        "addcmul": lambda a: ag.addcmul(ag.ones(2), ag.full((2,), 3.0), ag.ones(2), value=a),
        "index_add": lambda a: ag.index_add(ag.ones(2), 0, index, ag.full((2,), 3.0), alpha=a),
        "index_add_": lambda a: (
            (a * ag.ones(2)).index_add_(0, index, ag.full((2,), 3.0), alpha=a) - a
        ),
    }
    for name, call in calls.items():
        alpha = ag.tensor(value, requires_grad=True)
        call(alpha).sum().backward()
        assert alpha.grad is not None and alpha.grad.item() == 6.0, name


def test_nothing_is_cut_chosen_and_combined():
    assert [part.shape for part in ag.chunk(ag.zeros(2, 0), 3, dim=1)] == [(2, 0)] * 3
    assert [part.shape for part in ag.zeros(0).chunk(2)] == [(0,)] * 2
    for again in (False, True):
        assert ag.combinations(ag.ones(4), 0, with_replacement=again).shape == (0,)
    values, indices = ag.tensor(3.0).topk(0)
    assert values.item() == 3.0 and indices.item() == 0
    with pytest.raises(ValueError, match="k=2 is more than axis 0 of"):
        ag.tensor(3.0).topk(2)


def test_what_is_filled_into_integers_loses_no_gradient():
    value, mask = ag.tensor(2.5, requires_grad=True), np.array([True, False])
    for fill in (ag.masked_fill, lambda x, m, v: x.masked_fill_(m, v)):
        with pytest.raises(
            RuntimeError, match="masked_fill: value is a tensor that requires a gradient"
        ):
            fill(ag.tensor([1, 2]), mask, value)
        assert fill(ag.tensor([1, 2]), mask, value.detach()).tolist() == [2, 2]
    result = ag.masked_fill(ag.tensor([1.0, 2.0]), mask, value)
    assert ag.grad(result.sum(), [value])[0].item() == 1.0


_WIDE, _NARROW = np.random.default_rng(3).uniform(0.2, 0.9, (2, 3, 3))
_NARROW = _NARROW.astype(np.float32)


@pytest.mark.parametrize("name, call", {
    "add": lambda x, y: ag.add(x, y, alpha=0.1), "sub": lambda x, y: ag.sub(x, y, alpha=0.1),
    "rsub": lambda x, y: ag.rsub(y, x, alpha=0.1), "lerp": lambda x, y: ag.lerp(x, 2.0 * x, y),
    "addcmul": lambda x, y: ag.addcmul(x, y, y, value=0.1),
    "addcdiv": lambda x, y: ag.addcdiv(x, y, y + y, value=0.1),
    "addmm": lambda x, y: ag.addmm(x, y, y), "addmv": lambda x, y: ag.addmv(x[0], y, y[0]),
    "addr": lambda x, y: ag.addr(x, y[0], y[1]),
    "addbmm": lambda x, y: ag.addbmm(x, y[None], y[None]),
    "baddbmm": lambda x, y: ag.baddbmm(x[None], y[None], y[None]),
    "xlogy": ag.xlogy, "xlog1py": ag.special.xlog1py, "ldexp": ag.ldexp,
}.items())  # fmt: skip
def test_products_of_narrow_numbers_are_as_wide_as_what_they_stand_beside(name, call):
    found = call(ag.tensor(_WIDE), ag.tensor(_NARROW))
    exact = call(ag.tensor(_WIDE), ag.tensor(_NARROW.astype(np.float64)))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found.numpy(), exact.numpy(), rtol=1e-14)


def test_products_of_bytes_do_not_wrap_around_beside_floats():
    many = ag.tensor(np.array([200, 100], np.uint8))
    assert ag.addcmul(ag.zeros(2), many, many).tolist() == [40000.0, 10000.0]
    assert ag.addr(ag.zeros(2, 2), many, many)[0].tolist() == [40000.0, 20000.0]


_S, _I = ag.tensor(np.arange(4.0).reshape(2, 2)), ag.tensor([[0, 1], [1, 0]])


@pytest.mark.parametrize("call", {
    "squeeze": lambda: ag.squeeze(_S[None], axis=0, dim=1), "x.squeeze": lambda: _S[None].squeeze(0, dim=1),
    "topk": lambda: ag.topk(_S, 1, axis=0, dim=1), "x.topk": lambda: _S.topk(1, 0, dim=1),
    "gather": lambda: ag.gather(_S, _I, axis=0, dim=1), "x.gather": lambda: _S.gather(0, index=_I, dim=1),
    "gather's index": lambda: _S.gather(_I, index=_I, dim=0),
    "gather's axis": lambda: _S.gather(0, index=_I, axis=1), "x.tile": lambda: _S.tile(2, 1, dims=(1, 2)),
    "permute": lambda: _S.permute(0, 1, dims=(1, 0)), "flip": lambda: ag.flip(_S, dims=(0,), axis=1),
    "x.flip": lambda: _S.flip(0, dims=(1,)), "norm": lambda: ag.norm(_S, axis=0, dim=1),
    "norm's power": lambda: _S.norm(1, p=2), "norm's axes": lambda: _S.norm(p=2, keepdim=True, keepdims=True),
    "repeat": lambda: _S.repeat(2, sizes=(1, 2)),
    "searchsorted": lambda: ag.searchsorted(_S[0], _S[1], input=_S[0]),
    "searchsorted's vector": lambda: ag.searchsorted(_S[0], _S[1], sorted_sequence=_S[0]),
    "scatter": lambda: _S.scatter(dim=0, index=_I, src=_S, value=2.0),
    "scatter_add": lambda: _S.scatter_add(dim=0, axis=1, index=_I, src=_S),
    "to": lambda: _S.to(ag.float32, dtype=ag.float64),
}.values())  # fmt: skip
def test_what_is_said_twice_is_refused(call):
    with pytest.raises(TypeError, match="are one; give one of them|a dtype was given twice"):
        call()


def test_each_word_alone_is_taken():
    found = [
        _S.gather(0, _I), _S.gather(_I, 0), _S.gather(dim=0, index=_I), _S.gather(0, index=_I),
        _S.gather(index=_I, axis=0), _S.gather(indices=_I, axis=0), ag.gather(input=_S, dim=0, index=_I),
    ]  # fmt: skip
    assert all(x.tolist() == [[0.0, 3.0], [2.0, 1.0]] for x in found)
    flipped = _S.flip(0), _S.flip((0,)), _S.flip(axis=0), ag.flip(_S, dims=[0])
    assert all(x.tolist() == [[2.0, 3.0], [0.0, 1.0]] for x in flipped)
    assert (
        _S.norm(2, dim=0).tolist()
        == _S.norm(p=2, dim=0).tolist()
        == ag.norm(_S, p=2, axis=0).tolist()
    )
