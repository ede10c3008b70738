"""Where functions have corners, ends and nothing to work on: values and slopes there."""

import math
import warnings

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F
from autograd.ops.images.padding import pad_indices
from autograd.ops.transcendental import logistic_slope


def slope(function, x):
    x = ag.tensor(x, requires_grad=True)
    y = function(x)
    return ag.grad(y.sum(), x)[0].numpy()


# Norms --------------------------------------------------------------------------------------------

ORDERS = (0, 0.3, 0.5, 1, 1.5, 2, 3, math.inf, -math.inf, -0.5, -1, -2)


@pytest.mark.parametrize("order", ORDERS)
def test_norms_of_zero_vectors_are_flat(order):
    x = np.zeros((2, 3))
    assert slope(lambda x: ag.linalg.vector_norm(x, order, axis=1), x).tolist() == x.tolist()
    assert ag.linalg.vector_norm(ag.tensor(x), order).item() == 0
    assert np.isfinite(slope(lambda x: F.normalize(x, order), x)).all()
    same = slope(lambda x: F.pairwise_distance(x, ag.tensor(x.detach().numpy()), order, 0.0), x)
    assert same.tolist() == x.tolist()


@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
@pytest.mark.parametrize("order", [n for n in ORDERS if n != -math.inf])
def test_norms_of_nothing_and_of_the_endless(order):
    empty, endless = np.zeros((2, 0)), np.array([[1e300, math.inf], [math.inf, math.inf]])
    found = ag.linalg.vector_norm(ag.tensor(empty), order, axis=1).numpy()
    assert (
        found.tolist() == [math.inf if order < 0 else 0.0] * 2
    )  # as NumPy's newer versions have it
    for x in (endless, np.full((2, 2), 1e300)):
        with np.errstate(over="ignore"):
            found = ag.linalg.vector_norm(ag.tensor(x), order, axis=1).numpy()
            right = np.linalg.norm(x, order, axis=1)
        assert (order == 2 and np.isfinite(found).all()) or found.tolist() == pytest.approx(right)


@pytest.mark.parametrize("order", [1, 2, math.inf, "fro", "nuc"])
def test_norms_of_empty_matrices_are_0(order):
    for shape in ((0, 3), (3, 0), (0, 0)):
        assert ag.linalg.norm(ag.zeros(shape), order).item() == 0.0


@pytest.mark.parametrize("order", ORDERS)
def test_norms_of_vectors_with_a_zero(order):
    x = np.array([0.0, 2.0, -3.0])
    value = ag.linalg.vector_norm(ag.tensor(x), order).item()
    with np.errstate(divide="ignore"):
        assert math.isclose(value, np.linalg.norm(x, order), rel_tol=1e-12)
    g = slope(lambda x: ag.linalg.vector_norm(x, order), x)
    assert g[0] == 0
    if order <= 0:
        assert not g.any()
    elif order != math.inf:
        np.testing.assert_allclose(g[1:], np.sign(x[1:]) * (abs(x[1:]) / value) ** (order - 1))


def test_largest_elements_that_are_equal_share_the_slope_of_the_norm():
    g = slope(lambda x: ag.linalg.vector_norm(x, math.inf), np.array([2.0, -2.0, 1.0]))
    assert g.tolist() == [0.5, -0.5, 0.0]


def test_the_count_of_what_is_not_zero_knows_infinity():
    assert ag.linalg.vector_norm(ag.tensor([math.inf, 0.0, 1.0]), 0).item() == 2


@pytest.mark.parametrize(
    "square",
    [
        lambda x: ag.linalg.norm(x) ** 2,
        lambda x: ag.linalg.norm(x) * ag.linalg.norm(x),
        lambda x: ag.square(ag.linalg.norm(x)),
        lambda x: ag.linalg.norm(ag.reshape(x, (1, 2))) ** 2,
        lambda x: (ag.linalg.vector_norm(ag.stack([x, x + 1]), axis=1)[:1] ** 2).sum(),
    ],
)
def test_the_second_derivative_of_a_squared_norm_at_zero(square):
    assert ag.func.hessian(square)(ag.tensor(np.zeros(2))).tolist() == [[2, 0], [0, 2]]


@pytest.mark.parametrize("power", [3, 4])
def test_the_second_derivative_of_higher_powers_of_a_norm_at_zero_is_zero(power):
    f = ag.func.hessian(lambda x: ag.linalg.norm(x) ** power)
    assert not f(ag.tensor(np.zeros(2))).numpy().any()


@pytest.mark.parametrize("copy", [np.copy, lambda t: t.copy(), lambda t: t.clone()])
def test_bools_are_copied_like_everything_else(copy):
    for values in ([True, False], [1, 2], [1.5]):
        x = ag.tensor(values)
        assert copy(x).tolist() == values and copy(x).dtype == x.dtype
        assert not np.shares_memory(copy(x).numpy(), x.numpy())


# Numbers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sum", "prod", "max", "min", "amax", "amin", "any", "all", "argmax",
                                  "argmin", "cumsum", "cumprod", "count_nonzero", "ptp", "nansum",
                                  "nanprod", "nanmean", "nanmax", "nanmin", "nanvar", "nanstd",
                                  "nancumsum", "nancumprod"])  # fmt: skip
@pytest.mark.parametrize("axis", [0, -1])
def test_a_number_is_reduced_over_its_axis_0_as_by_numpy(name, axis):
    x = ag.tensor(np.array(3.0), requires_grad=True)
    got, want = getattr(ag, name)(x, axis=axis), getattr(np, name)(np.array(3.0), axis=axis)
    assert got.shape == want.shape and got.tolist() == want.tolist()
    if got.requires_grad:
        (g,) = ag.grad(got.sum(), x, create_graph=True)
        assert g.item() == (0 if name in ("ptp", "nanvar", "nanstd") else 1)


@pytest.mark.parametrize("name", ["mean", "var", "std", "logsumexp", "quantile", "nanquantile"])
@pytest.mark.parametrize("axis", [0, -1, (0,)])
def test_a_number_is_a_vector_of_one_where_numpy_has_no_word_on_it(name, axis):
    rest = (0.5,) if "quantile" in name else ()
    x = ag.tensor(np.array(3.0), requires_grad=True)
    got = getattr(ag, name)(x, *rest, axis=axis)
    want = getattr(ag, name)(ag.tensor(np.array([3.0])), *rest, axis=0)
    assert got.shape == () and got.item() == want.item()
    assert ag.grad(got, x)[0].item() == (0 if name in ("var", "std") else 1)


#: (a call on a number x, what it gives, the gradient of its sum)
ON_NUMBERS = [
    ("x.sort(dim=0)", 3, 1), ("x.cummax(dim=0)", 3, 1), ("x.topk(1)", 3, 1), ("x.mode()", 3, 1),
    ("x.kthvalue(1, 0, True)", 3, 1), ("x.median(dim=0, keepdim=True)", 3, 1),
    ("x.gather(0, ag.tensor([0]))", [3], 1), ("x.gather(0, ag.tensor(0))", 3, 1),
    ("x.scatter(0, ag.tensor(0), 5.0)", 5, 0), ("x.scatter_add(0, ag.tensor([0]), ag.ones(1))", 4, 1),
    ("x.scatter_reduce(0, ag.tensor(0), ag.tensor(2.0), 'prod')", 6, 2),
    ("x.index_add(0, ag.tensor([0]), ag.ones(1))", 4, 1), ("x.index_fill(0, ag.tensor([0]), 7)", 7, 0),
    ("x.index_copy(0, ag.tensor([0]), ag.ones(1))", 1, 0), ("x.index_select(0, ag.tensor([0]))", 3, 1),
    ("x.squeeze(dim=0)", 3, 1), ("x.transpose(0, 0)", 3, 1), ("x.norm(2, 0)", 3, 1),
    ("x.cumsum(dim=0)", 3, 1), ("x.cumprod(dim=-1)", 3, 1), ("x.logcumsumexp(dim=0)", 3, 1),
    ("x.unfold(0, 1, 1)", [3], 1), ("nn.functional.normalize(x, dim=0)", 1, 0),
    ("nn.functional.cosine_similarity(x, x, dim=0)", 1, 0),
]  # fmt: skip


@pytest.mark.parametrize(("call", "value", "slope"), ON_NUMBERS)
def test_what_goes_along_an_axis_takes_a_number_as_pytorch_does(call, value, slope):
    x = ag.tensor(np.array(3.0), requires_grad=True)
    result = eval(call, {"x": x, "ag": ag, "nn": nn})
    result = result[0] if isinstance(result, tuple) else result
    assert result.tolist() == value
    assert ag.grad(result.sum(), x)[0].item() == slope


@pytest.mark.parametrize("place", [1, -2])
def test_a_number_has_no_other_place(place):
    for call in ("x.index_fill(0, [place], 7.0)", "x.gather(0, ag.tensor([place]))"):
        with pytest.raises(IndexError, match="out of range|out of bounds"):
            eval(call, {"x": ag.tensor(3.0), "place": place, "ag": ag})


@pytest.mark.parametrize("axis", [1, -2, (0, -1)])
def test_other_axes_of_numbers_are_refused(axis):
    with pytest.raises(IndexError, match="0-d"):
        ag.sum(ag.tensor(3.0), axis=axis)


def test_softmax_of_a_number_is_1():
    assert ag.softmax(ag.tensor(3.0), 0).item() == 1 and ag.log_softmax(ag.tensor(3.0)).item() == 0
    assert ag.logsumexp(ag.tensor(3.0), axis=-1).item() == 3


# Elementwise --------------------------------------------------------------------------------------


def test_float_power_keeps_every_digit_of_its_exponent():
    for x in (np.float32(3), np.full(2, 3, np.float32), ag.tensor([3.0])):
        got = np.asarray(getattr(ag.float_power(x, 2.1), "_data", ag.float_power(x, 2.1)))
        assert (got == np.float_power(np.float32(3), 2.1)).all()


@pytest.mark.parametrize("name", ["hardsigmoid", "hardtanh", "relu6", "hardshrink", "softshrink"])
def test_pieces_of_lines_are_flat_at_nan(name):
    x = np.array([np.nan, np.inf, -np.inf, 0.7])
    got = slope(getattr(F, name), x)
    assert got[0] == 0 and np.isfinite(got).all()
    assert np.isnan(getattr(F, name)(ag.tensor(x)).numpy()[0])


def test_a_clip_whose_bounds_are_crossed_gives_the_upper_one():
    x, low, high = (ag.tensor(np.full(3, v), requires_grad=True) for v in (1.5, 2.0, 1.0))
    y = ag.clip(x, low, high)
    assert y.tolist() == [1.0] * 3
    assert [g.tolist() for g in ag.grad(y.sum(), [x, low, high])] == [
        [0.0] * 3,
        [0.0] * 3,
        [1.0] * 3,
    ]


def test_the_slope_of_sinc_on_both_sides_of_its_series():
    x = np.array([0.0, 1e-9, 1e-3, 0.0499999, 0.0500001, 0.5, -0.3, 2.5])
    px = np.pi * x[1:]
    exact = np.pi * (px * np.cos(px) - np.sin(px)) / px**2
    got = slope(ag.sinc, x)
    small = abs(x[1:]) < 0.02  # there the quotient cancels: its first terms
    exact[small] = -np.pi * (px[small] / 3 - px[small] ** 3 / 30)
    np.testing.assert_allclose(got[1:], exact, rtol=1e-10)
    assert got[0] == 0


def test_the_slope_of_zero_to_a_power():
    y = ag.tensor(np.array([0.0, 1.0, 2.5]), requires_grad=True)
    assert ag.grad(ag.power(0.0, y).sum(), y)[0].tolist() == [0.0, 0.0, 0.0]
    x = ag.tensor(np.zeros(3), requires_grad=True)
    assert ag.grad(ag.power(x, np.array([0.0, 1.0, 2.0])).sum(), x)[0].tolist() == [0.0, 1.0, 0.0]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_activations_of_large_numbers_warn_of_nothing(dtype):
    top = float(np.finfo(dtype).max) / 2
    x = np.array([-top, -300.0, -1.0, 0.0, 1.0, 300.0, top], dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in ("celu", "elu", "gelu", "hardshrink", "hardsigmoid", "hardtanh", "leaky_relu",
                     "logsigmoid", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "softplus",
                     "softshrink", "softsign", "tanh", "tanhshrink"):  # fmt: skip
            y = getattr(F, name)(ag.tensor(x))
            assert np.isfinite(y.numpy()).all(), name
        y = F.gelu(ag.tensor(x), approximate="tanh").numpy()
    assert y[0] == 0 and y[-1] == x[-1]


def test_log_softmax_is_precise_near_certainty():
    x = np.array([[0.0, -20.0], [0.0, 30.0]])
    got = ag.log_softmax(ag.tensor(x)).numpy()
    want = [[-math.log1p(math.exp(-20)), -20 - math.log1p(math.exp(-20))],
            [-30 - math.log1p(math.exp(-30)), -math.log1p(math.exp(-30))]]  # fmt: skip
    np.testing.assert_allclose(got, want, rtol=1e-14, atol=1e-16)


@pytest.mark.parametrize("axis", [(0, 2), (2, 1), (1, 0), (0, 1, 2), (-1,)])
def test_softmax_along_several_axes_sums_to_one_over_them_together(axis):
    x = np.random.default_rng(3).normal(size=(2, 3, 4))
    exps = np.exp(x)
    wanted = exps / exps.sum(axis, keepdims=True)
    np.testing.assert_allclose(ag.softmax(ag.tensor(x), axis=axis).numpy(), wanted, rtol=1e-13)
    found = ag.log_softmax(ag.tensor(x), axis=axis).numpy()
    np.testing.assert_allclose(found, np.log(wanted), rtol=1e-12)


def test_jumps_of_exactly_half_a_period_stay_as_they_are():
    for period, unit in ((2.0, 1.0), (2 * np.pi, np.pi)):
        x = unit * np.array([0.0, 1.0, 0.0, -1.0, 2.0, 5.0, 4.0, 0.0])
        assert (
            ag.unwrap(ag.tensor(x), period=period).tolist() == np.unwrap(x, period=period).tolist()
        )


def test_places_in_a_plane_are_counted_without_batch_and_channels():
    x = ag.ones(2, 3, 4, 5)
    assert ag.take_windows(x, np.full((2, 3, 1), 19)).tolist() == [[[1.0]] * 3] * 2
    for index in (20, 59, -1):
        with pytest.raises(IndexError, match="from 0 to 19"):
            ag.take_windows(x, np.full((2, 3, 1), index))
        with pytest.raises(IndexError, match="from 0 to 19"):
            ag.scatter_windows(ag.ones(2, 3, 1, 1), np.full((2, 3, 1, 1), index), (4, 5))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_kernels_of_too_few_and_too_many_channels_are_refused(channels):
    with pytest.raises(ValueError, match=rf"has 4 channels, but the kernel \(2, {channels}, 3\)"):
        ag.correlate(ag.ones(1, 4, 6), ag.ones(2, channels, 3), groups=2)


def test_slopes_at_the_ends_of_uneven_points_are_those_of_parabolas():
    x = np.array([0.0, 1.0, 3.0, 3.5, 7.0])
    y = np.array([[1.0, 4.0, -2.0, 0.5, 3.0], [2.0, 2.0, 5.0, 1.0, -1.0]])
    for order in (1, 2):
        for spacing in (x, 0.5):
            found = ag.gradient(ag.tensor(y), spacing, axis=1, edge_order=order).numpy()
            wanted = np.gradient(y, spacing, axis=1, edge_order=order)
            np.testing.assert_allclose(found, wanted, rtol=1e-13)
    parabola = ag.gradient(ag.tensor(x * x), x, edge_order=2).numpy()
    np.testing.assert_allclose(parabola[[0, -1]], 2 * x[[0, -1]], atol=1e-12)


@pytest.mark.parametrize("widths", [(4, -5), (-5, 4), (-2, -2), (0, -4)])
def test_no_more_is_cut_from_an_axis_than_it_has(widths):
    with pytest.raises(ValueError, match=r"take more than axis 1 of \(2, 3\) has"):
        ag.pad_constant(ag.ones(2, 3), ((0, 0), widths))


def test_one_repeat_in_a_list_is_for_all():
    x = np.arange(6.0).reshape(2, 3)
    for repeats in ([2], [2, 0], 3, [0]):
        found = ag.repeat(ag.tensor(x), repeats, axis=0).tolist()
        assert found == np.repeat(x, repeats, axis=0).tolist()
    assert ag.repeat(ag.ones(1, 2), [2], axis=0).shape == (2, 2)


def test_an_impossible_size_is_told_with_what_the_others_hold():
    with pytest.raises(ValueError, match=r"fit \(-1, 4\), whose other sizes hold 4"):
        ag.ones(6).reshape(-1, 4)
    with pytest.raises(ValueError, match="has the negative size -3"):
        ag.ones(6).reshape(-1, -3)


@pytest.mark.parametrize("pool", [ag.adaptive_max_pool, ag.adaptive_avg_pool])
def test_planes_that_no_machine_holds_are_refused_before_they_are_made(pool):
    with pytest.raises(ValueError, match="needs 4 EiB"):
        pool(ag.ones(1, 1, 4, 4), (2**30, 2**30))


def test_differences_take_a_number_as_what_comes_before_and_after():
    x = np.array([[1.0, 4.0, 9.0], [2.0, 3.0, 7.0]])
    for axis in (0, 1):
        for given in ({"prepend": 0.5}, {"append": 2.0}, {"prepend": np.array(1.0), "append": 3.0}):
            found = ag.diff(ag.tensor(x), axis=axis, **given).tolist()
            assert found == np.diff(x, axis=axis, **given).tolist()


@pytest.mark.parametrize("mode", ["replicate", "circular", "reflect"])
def test_an_empty_axis_has_nothing_to_be_padded_with(mode):
    with pytest.raises(ValueError, match="pad"):
        F.pad(ag.ones(1, 1, 0), (1, 1), mode=mode)
    if mode == "replicate":
        with pytest.raises(ValueError, match="of an empty axis: there is nothing to repeat"):
            F.pad(ag.ones(1, 1, 0), (1, 1), mode=mode)


@pytest.mark.parametrize("x", [np.float32(2.0), np.array(2.0), np.array([2.0]), np.arange(2) > 0])
def test_what_is_repeated_without_a_copy_cannot_be_written_into(x):
    shape = (3, *np.shape(x))
    found = ag.broadcast_to(x, shape)
    np.testing.assert_array_equal(found, np.broadcast_to(x, shape), strict=True)
    assert not found.flags.writeable and found.strides[0] == 0


@pytest.mark.parametrize("ddof", [0, 1, 2])
def test_covariances_with_weights_are_divided_as_by_numpy(ddof):
    x = np.array([[1.0, 4.0, 2.0, 8.0], [3.0, 3.0, 0.0, 1.0]])
    for weights in (
        {},
        {"fweights": np.array([1, 2, 3, 1])},
        {"aweights": np.array([0.5, 1.0, 2.0, 0.7])},
    ):
        found = ag.cov(x, ddof=ddof, **weights)
        np.testing.assert_allclose(found, np.cov(x, ddof=ddof, **weights), rtol=1e-13)


@pytest.mark.parametrize("deviation", [ag.std, ag.nanstd])
def test_a_deviation_too_small_for_its_square_has_no_slope(deviation):
    x = ag.tensor([1e-200, 3e-200], dtype=np.float64, requires_grad=True)
    deviation(x).backward()
    assert x.grad.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.float32])
def test_what_is_true_or_false_becomes_no_number(kind):
    t = ag.tensor([True, False])
    with pytest.raises(TypeError, match="cannot hold"):
        t.add_(np.array([1, 1], kind))
    assert t.tolist() == [True, False]
    if kind is not np.float32:
        whole = ag.tensor(np.array([1, 2], kind))
        with pytest.raises(TypeError, match="cannot hold"):
            whole.add_(0.5)
        assert whole.add_(True).tolist() == [2, 3]


@pytest.mark.parametrize("number", [float, int, complex])
def test_nothing_and_several_are_not_one_number(number):
    for count in (0, 2):
        with pytest.raises(TypeError, match=f"the tensor has {count} elements, not one"):
            number(ag.zeros(count))
    assert number(ag.ones(1, 1)) == 1


@pytest.mark.parametrize("reduce", ["amax", "amin", "prod", "sum", "mean"])
@pytest.mark.parametrize("own", [True, False])
def test_a_single_value_is_reduced_with_or_without_what_was_there(reduce, own):
    x, index, value = np.array([3.0, 5.0, 7.0]), np.array([1]), np.array([4.0])
    both = {"amax": 5.0, "amin": 4.0, "prod": 20.0, "sum": 9.0, "mean": 4.5}[reduce]
    found = ag.scatter_reduce(ag.tensor(x), 0, index, value, reduce, include_self=own)
    assert found.tolist() == [3.0, both if own else 4.0, 7.0]


def test_nothing_is_repeated_into_an_output_of_nothing():
    x = ag.tensor([1.0, 2.0])
    found = ag.repeat_interleave(x, np.array([0, 0]), output_size=0)
    assert found.shape == (0,)


def test_a_chain_of_one_matrix_is_that_matrix():
    x = ag.tensor([[1.0, 2.0]], requires_grad=True)
    assert ag.chain_matmul(x) is x
    assert ag.chain_matmul(x, x.T, x).tolist() == [[5.0, 10.0]]


def test_exponentials_of_matrices_of_every_size():
    for entries in ([0.01, -0.02], [3.0, -2.0], [-9.0, 8.0]):
        found = ag.matrix_exp(ag.tensor(np.diag(entries))).numpy()
        np.testing.assert_allclose(found, np.diag(np.exp(entries)), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("dim", [0, 1])
def test_running_integrals_over_points_that_differ_from_row_to_row(dim):
    rng = np.random.default_rng(4)
    y, x = rng.normal(size=(3, 4)), np.cumsum(rng.random((3, 4)), dim)
    heights = (np.delete(y, 0, dim) + np.delete(y, -1, dim)) / 2
    wanted = np.cumsum(heights * np.diff(x, axis=dim), dim)
    found = ag.cumulative_trapezoid(ag.tensor(y), ag.tensor(x), dim=dim).numpy()
    np.testing.assert_allclose(found, wanted)


def test_running_integrals_of_small_integers_do_not_wrap_around():
    y, x = np.array([200, 100, 250], np.uint8), np.array([250, 3, 250], np.uint8)
    wanted = np.cumsum([150.0 * -247, 175.0 * 247])
    assert ag.cumulative_trapezoid(ag.tensor(y), ag.tensor(x)).tolist() == wanted.tolist()
    assert ag.cumulative_trapezoid(ag.tensor(y)).tolist() == [150, 325]
    fine = ag.tensor([1.0, 1.0], dtype="float64")  # beside which integers keep their digits
    assert ag.cumulative_trapezoid(fine, ag.tensor([0, 2**30 + 1])).tolist() == [2.0**30 + 1]


def test_tensors_lie_on_the_processor():
    assert ag.ones(2).__dlpack_device__() == np.ones(2).__dlpack_device__() == (1, 0)


ASKS_FOR_THE_SHAPE_FIRST = {
    "diag": (), "diagflat": (), "trace": (), "rot90": (), "flipud": (), "fliplr": (), "take": ([0], 0), "ravel": (), "block": (),
    "moveaxis": (0, 0), "swapaxes": (0, 0), "hsplit": (1,), "vsplit": (1,), "dsplit": (1,),
    "matrix_transpose": (), "scatter_add": ([0], [1.0]),
}  # fmt: skip


@pytest.mark.parametrize("name", ASKS_FOR_THE_SHAPE_FIRST)
def test_what_no_tensor_can_hold_is_refused_in_the_name_of_what_was_called(name):
    said_by = {"diagflat": "ravel"}.get(name, name)
    with pytest.raises(TypeError, match=f"^{said_by}: dtype complex128 is not supported"):
        getattr(ag, name)(1j, *ASKS_FOR_THE_SHAPE_FIRST[name])


def test_a_divisor_of_averages_is_any_number_but_0():
    x = ag.tensor([[[1.0, 3.0]]])
    assert [ag.avg_pool(x, 2, divisor_override=d).item() for d in (1, -2)] == [4.0, -2.0]
    with pytest.raises(ValueError, match="^avg_pool: divisor_override must not be zero"):
        ag.avg_pool(x, 2, divisor_override=0)


def test_a_limit_of_rank_is_one_number_for_each_matrix():
    planes = np.stack([np.diag([3.0, 2.0, 1.0])] * 2)
    assert ag.linalg.matrix_rank(planes, tol=np.array([0.5, 2.5])).tolist() == [3, 1]
    for tol in (np.ones((2, 3)), np.array([True, False])):
        with pytest.raises(
            TypeError, match="^matrix_rank: tol must be a number, or one for each matrix"
        ):
            ag.linalg.matrix_rank(planes, tol=tol)


def test_the_slope_of_the_logistic_curve_keeps_its_digits_far_out():
    x = np.array([-800.0, -40.0, 0.0, 40.0, 800.0])
    expected = [0.0, math.exp(-40), 0.25, math.exp(-40), 0.0]
    np.testing.assert_allclose(logistic_slope(x), expected, rtol=1e-14)


def test_an_empty_axis_has_nothing_to_repeat_and_may_stay_empty():
    assert ag.pad_index(ag.zeros((0,)), [(0, 0)], "replicate").shape == (0,)
    assert pad_indices("pad", "replicate", 0, 0, 0).size == 0
    with pytest.raises(ValueError, match="replicate padding of an empty axis: there is nothing"):
        ag.pad_index(ag.zeros((0,)), [(0, 1)], "replicate")
    for widths in ((3, 0), (0, 3)):
        assert ag.pad_index(ag.zeros(4), [widths], "reflect").shape == (7,)
        with pytest.raises(ValueError, match=r"reflect padding .* is more than the 2 cells"):
            ag.pad_index(ag.zeros(3), [widths], "reflect")


def test_lists_of_tensors_with_axes_are_no_data():
    with pytest.raises(
        TypeError, match=r"^Tensor: a list of tensors is not data; use autograd.stack"
    ):
        ag.tensor([ag.tensor([1.0])])


@pytest.mark.parametrize("shape", [(3, 2), (2, 3), (2,), (4, 3, 2)])
def test_exponentials_are_of_square_matrices(shape):
    with pytest.raises(ValueError, match=r"^matrix_exp: x must be square matrices .* got shape"):
        ag.matrix_exp(ag.ones(shape))


@pytest.mark.parametrize("function", [ag.maximum, ag.minimum])
def test_a_nan_in_a_larger_or_smaller_one_is_not_cut_off(function):
    """Two operands of which one is NaN have no winner: neither loses its gradient in silence."""
    x, y = (
        np.array([math.nan, 1.0, math.nan, 3.0, 2.0]),
        np.array([1.0, math.nan, math.nan, 2.0, 2.0]),
    )
    a, b = ag.tensor(x, requires_grad=True), ag.tensor(y, requires_grad=True)
    out = function(a, b)
    assert np.isnan(out.detach().numpy()).tolist() == [True] * 3 + [False] * 2
    first, second = (g.tolist() for g in ag.grad(out.sum(), [a, b]))
    wins = float(function is ag.maximum)
    assert first == [1.0, 1.0, 1.0, wins, 0.5] and second == [1.0, 1.0, 1.0, 1.0 - wins, 0.5]


@pytest.mark.parametrize("loss", [F.smooth_l1_loss, F.huber_loss])
def test_losses_with_straight_ends_have_their_slope_also_at_infinity(loss):
    x = np.array([math.inf, -math.inf, 1e200, -3.0, 0.25])
    assert slope(lambda x: loss(x, ag.zeros(5), reduction="none"), x).tolist() == [
        1,
        -1,
        1,
        -1,
        0.25,
    ]
