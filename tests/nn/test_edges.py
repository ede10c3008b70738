"""Corners that random comparison with PyTorch found."""

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F


@pytest.mark.parametrize("n", [1, 2, 3])
def test_unpooling_an_empty_batch(n):
    x = ag.zeros((0, 2) + (6,) * n, dtype=np.float64, requires_grad=True)
    pool, unpool = getattr(F, f"max_pool{n}d"), getattr(F, f"max_unpool{n}d")
    y = unpool(*pool(x, 2, return_indices=True), 2)
    assert y.shape == x.shape
    y.sum().backward()
    assert x.grad.shape == x.shape


@pytest.mark.parametrize("stride", [100, 2**62, 10**30])
@pytest.mark.parametrize("ceil_mode", [False, True])
def test_a_stride_beyond_the_input_leaves_one_average(stride, ceil_mode):
    x = ag.tensor([[[1.0, 2.0, 6.0]]])
    y = F.avg_pool1d(x, 2, stride=stride, padding=1, ceil_mode=ceil_mode, count_include_pad=False)
    assert y.tolist() == [[[1.0]]]


MANY = np.array([1.0, 2.0])


@pytest.mark.parametrize(
    "call, kind, message",
    [
        (lambda x: F.kl_div(x, x, reduction=MANY), ValueError, "kl_div: reduction must be one of"),
        (lambda x: F.pad(x, (1, 1), value=MANY), TypeError, "value must be a number"),
        (
            lambda x: nn.ConvTranspose1d(1, 1, 1, padding_mode=MANY),
            ValueError,
            "padding_mode must be",
        ),
    ],
)
def test_an_array_where_one_value_belongs(call, kind, message):
    with pytest.raises(kind, match=message):
        call(ag.ones(2, 3))


@pytest.mark.parametrize("name", ["get_submodule", "get_parameter", "get_buffer"])
@pytest.mark.parametrize("target", [0, None, MANY])
def test_a_path_is_a_string(name, target):
    with pytest.raises(TypeError, match=f"^{name}: target must be a dotted path"):
        getattr(nn.Sequential(nn.Linear(2, 2)), name)(target)


@pytest.mark.parametrize("name, arguments", [("avg_pool3d", ()), ("lp_pool3d", (2.0,))])
def test_a_window_larger_than_the_volume(name, arguments):
    """Refused in 3-d, also where padding or ``ceil_mode`` would make room; in 2-d it is not."""
    for options in ({"ceil_mode": True}, {"padding": 1})[: 1 if arguments else 2]:
        with pytest.raises(
            ValueError, match=rf"^{name}: kernel_size \(2, 2, 2\) is larger .*1×1×1"
        ):
            getattr(F, name)(ag.ones(1, 1, 1, 1, 1), *arguments, 2, **options)
    assert F.avg_pool2d(ag.ones(1, 1, 1, 1), 2, padding=1).shape == (1, 1, 1, 1)


@pytest.mark.parametrize("weight", [None, np.array([1.0, 2.0, 0.5])])
@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.2, "ignore_index": 1}])
def test_cross_entropy_of_scalars(weight, options):
    x, y = np.random.default_rng(0).normal(size=(4, 3)), np.array([0, 1, 2, 2])
    whole, single = ag.tensor(x, requires_grad=True), ag.scalars(x)
    losses = [F.cross_entropy(z, y, weight, **options) for z in (whole, single)]
    assert losses[0].item() == pytest.approx(losses[1].item())
    for loss in losses:
        loss.backward()
    np.testing.assert_allclose([t.grad.item() for t in single.flat], whole.grad.numpy().ravel())
    with pytest.raises(IndexError, match="^cross_entropy: target 7 is not one"):
        F.cross_entropy(single, y + 7, weight)


def test_rows_are_those_of_the_table_whatever_part_of_the_gradient_passes():
    rng = np.random.default_rng(0)
    table = np.concatenate([rng.standard_normal((997, 3)), [[np.inf, np.nan, -0.0]]])
    weight = ag.tensor(table.astype(np.float32), requires_grad=True)
    index = rng.integers(0, 998, 5000)
    found = F.embedding(index, weight, 3, scale_grad_by_freq=True)
    np.testing.assert_array_equal(found.detach().numpy(), weight.detach().numpy()[index])
    found.sum().backward()
    seen = np.isin(np.arange(998), index) & (np.arange(998) != 3)
    np.testing.assert_allclose(weight.grad.numpy()[:997], seen[:997, None] * np.ones(3), rtol=1e-6)


# Corners that no other test told from their neighbours ---------------------------------------------


def doubles(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def test_bilinear_adds_its_bias_to_the_form():
    x, y, w, b = doubles(3, 4), doubles(3, 2, seed=1), doubles(5, 4, 2, seed=2), doubles(5, seed=3)
    got = F.bilinear(*map(ag.tensor, (x, y, w, b))).numpy()
    want = [[x[n] @ w[o] @ y[n] + b[o] for o in range(5)] for n in range(3)]
    np.testing.assert_allclose(got, want, rtol=1e-12)


def test_a_number_has_a_softmax_of_its_own_shape():
    for function, value in ((F.softmax, 1.0), (F.log_softmax, 0.0), (F.softmin, 1.0)):
        y = function(ag.tensor(3.0), 0)
        assert y.shape == () and y.item() == value


def test_columns_without_a_batch_fold_to_images_without_one():
    columns = doubles(4, 4)
    alone, among = F.fold(ag.tensor(columns), 3, 2), F.fold(ag.tensor(columns[None]), 3, 2)
    assert alone.shape == (1, 3, 3) and among.shape == (1, 1, 3, 3)
    np.testing.assert_array_equal(alone.numpy(), among.numpy()[0])


@pytest.mark.parametrize(
    ("first", "second"), [((3, 1), (4,)), ((2, 1, 4), (3, 1)), ((4,), (2, 4)), ((1, 4), (3, 4))]
)
def test_distances_broadcast_both_sides(first, second):
    a, b = doubles(*first), doubles(*second, seed=1)
    wide = np.broadcast_arrays(a, b)
    got = F.pairwise_distance(ag.tensor(a), ag.tensor(b), eps=0.0).numpy()
    np.testing.assert_allclose(got, np.linalg.norm(wide[0] - wide[1], axis=-1), rtol=1e-12)
    got = F.cosine_similarity(ag.tensor(a), ag.tensor(b), -1).numpy()
    norms = np.linalg.norm(wide[0], axis=-1) * np.linalg.norm(wide[1], axis=-1)
    np.testing.assert_allclose(got, (wide[0] * wide[1]).sum(-1) / norms, rtol=1e-12)


@pytest.mark.parametrize(
    ("size_average", "reduce", "wanted"),
    [(None, None, "sum"), (True, None, "mean"), (False, None, "sum"), (None, True, "mean"),
     (None, False, "none"), (True, False, "none"), (False, True, "sum"), (True, True, "mean")],
)  # fmt: skip
def test_the_former_names_of_reductions(size_average, reduce, wanted):
    x, y = doubles(2, 3), doubles(2, 3, seed=1)
    got = F.mse_loss(ag.tensor(x), ag.tensor(y), size_average, reduce, "sum").numpy()
    squares = (x - y) ** 2
    right = {"sum": squares.sum(), "mean": squares.mean(), "none": squares}[wanted]
    np.testing.assert_allclose(got, right, rtol=1e-12)
    # Only a divergence has a mean over the batch alone; the former names go before it, too.
    divergence = F.kl_div(ag.tensor(x), ag.tensor(y**2), size_average, reduce, "batchmean").numpy()
    terms = y**2 * (np.log(y**2) - x)
    right = {"sum": terms.sum(), "mean": terms.mean(), "none": terms}[wanted]
    right = terms.sum() / 2 if size_average is None and reduce is None else right
    np.testing.assert_allclose(divergence, right, rtol=1e-12)


def test_the_mean_of_a_divergence_over_one_axis_and_over_none():
    p, q = np.array([0.2, 0.3, 0.5]), np.log([0.3, 0.3, 0.4])
    terms = p * (np.log(p) - q)
    kl = lambda *given: F.kl_div(*map(ag.tensor, given), reduction="batchmean").item()
    assert kl(q, p) == pytest.approx(terms.sum() / 3)  # the first axis counts as the batch
    assert kl(q[0], p[0]) == pytest.approx(terms[0])


def test_weighted_means_are_divided_by_the_weights():
    x, y, w = doubles(2, 3), doubles(2, 3, seed=1), abs(doubles(2, 3, seed=2))
    got = F.mse_loss(*map(ag.tensor, (x, y)), weight=ag.tensor(w))
    assert got.shape == () and got.item() == pytest.approx((w * (x - y) ** 2).sum() / w.sum())


def test_groups_are_normalised_over_all_that_is_theirs():
    x = doubles(2, 6, 3, 4)
    got = F.group_norm(ag.tensor(x), 2, eps=0.0).numpy()
    grouped = x.reshape(2, 2, -1)
    want = (grouped - grouped.mean(-1, keepdims=True)) / grouped.std(-1, keepdims=True)
    np.testing.assert_allclose(got, want.reshape(x.shape), rtol=1e-10)


@pytest.mark.parametrize("make", [F.instance_norm, None])
def test_running_statistics_of_instances_are_means_over_the_samples(make):
    x = doubles(4, 3, 5)
    mean, var = ag.tensor(np.zeros(3)), ag.tensor(np.ones(3))
    if make is None:
        layer = nn.InstanceNorm1d(3, track_running_stats=True).double()
        layer(ag.tensor(x))
        mean, var = layer.running_mean, layer.running_var
    else:
        make(ag.tensor(x), mean, var)
    np.testing.assert_allclose(mean.numpy(), 0.1 * x.mean(2).mean(0), rtol=1e-12)
    want = 0.9 + 0.1 * x.var(2, ddof=1).mean(0)
    np.testing.assert_allclose(var.numpy(), want, rtol=1e-12)


@pytest.mark.parametrize("cls", ["InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"])
def test_a_sample_without_a_batch_is_normalised_as_one_with_it(cls):
    n = int(cls[-2])
    layer = getattr(nn, cls)(3, affine=True, track_running_stats=True).double()
    x = ag.tensor(doubles(3, *(4, 5, 2)[:n]))
    assert layer(x).shape == x.shape
    np.testing.assert_array_equal(layer.eval()(x).data, layer(x[None]).data[0])


def test_the_last_of_several_values_stays_when_unpooling():
    values = ag.tensor([[[1.0, 2.0, 3.0]], [[4.0, 5.0, 6.0]]], requires_grad=True)
    places = np.array([[[0, 0, 4]], [[5, 5, 5]]])
    y = F.max_unpool1d(values, places, 2)
    np.testing.assert_array_equal(y.detach().numpy(), [[[2, 0, 0, 0, 3, 0]], [[0, 0, 0, 0, 0, 6]]])
    y.sum().backward()
    assert values.grad.tolist() == [[[0.0, 1.0, 1.0]], [[0.0, 0.0, 1.0]]]


@pytest.mark.parametrize("stride", [None, (), [], 3, (3,), [3]])
def test_unpooling_goes_by_its_stride_and_without_one_by_the_kernel(stride):
    x, places = ag.tensor([[[1.0, 2.0]]]), np.array([[[1, 4]]])
    length = 5 if stride else 4  # (2 - 1) * stride + kernel
    places[places >= length] = 3
    y = F.max_unpool1d(x, places, 2, stride)
    assert y.tolist() == [[[0.0, 1.0, 0.0, 0.0, 2.0] if stride else [0.0, 1.0, 0.0, 2.0]]]


@pytest.mark.parametrize("p", [0.5, 2.0, 3.0])
def test_power_means_of_windows_beside_one_that_is_all_zero(p):
    x = np.array([[[0.0, 0.0, 3.0, -4.0 if p == 2 else 4.0]]])
    got = F.lp_pool1d(ag.tensor(x), p, 2).numpy()[0, 0]
    assert got[0] == 0.0
    assert got[1] == pytest.approx((3.0**p + 4.0**p) ** (1 / p))


def test_power_means_are_scaled_by_the_largest_of_either_sign():
    x = ag.tensor([[[-1e200, 1.0]]], dtype=np.float64)
    assert F.lp_pool1d(x, 2, 2).item() == pytest.approx(1e200)


@pytest.mark.parametrize("pool", [F.pool, F.pool1d])
def test_windows_of_any_function_are_not_padded_unless_told(pool):
    x = ag.tensor([[[1.0, 2.0, 3.0, 4.0]]])
    got = pool(x, lambda w: ag.sum(w, axis=-1), 2)
    assert got.tolist() == [[[3.0, 7.0]]]


@pytest.mark.parametrize("n", [1, 2, 3])
def test_every_layer_that_pads_does_so_on_its_own_axes(n):
    for kind in ("Reflection", "Replication", "Circular", "Zero", "Constant"):
        given = (1, 2.5) if kind == "Constant" else (1,)
        layer = getattr(nn, f"{kind}Pad{n}d")(*given)
        x = doubles(2, 3, *(4, 3, 5)[:n])
        mode = {"Reflection": "reflect", "Replication": "edge", "Circular": "wrap"}.get(kind)
        more = {"mode": mode} if mode else {"constant_values": 2.5 if kind == "Constant" else 0.0}
        want = np.pad(x, [(0, 0), (0, 0)] + [(1, 1)] * n, **more)
        np.testing.assert_array_equal(layer(ag.tensor(x)).numpy(), want)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_every_mode_of_interpolation_takes_its_ranks_and_no_others(n):
    ranks = {"nearest": (1, 2, 3), "nearest-exact": (1, 2, 3), "area": (1, 2, 3), "linear": (1,),
             "bilinear": (2,), "trilinear": (3,), "bicubic": (2,)}  # fmt: skip
    x = ag.tensor(doubles(1, 2, *(4, 3, 5)[:n]))
    for mode, own in ranks.items():
        if n in own:
            assert F.interpolate(x, 2, mode=mode).shape == (1, 2, *(2,) * n)
        else:
            with pytest.raises(ValueError, match=f"^interpolate: mode '{mode}'"):
                F.interpolate(x, 2, mode=mode)


@pytest.mark.parametrize("gain", [1.5, -1.5])
def test_gains_of_either_sign_fill_the_same_interval(gain):
    w = nn.Parameter(np.zeros((300, 200)))
    rng = np.random.default_rng(0)
    bound = 1.5 * np.sqrt(6 / 500)
    values = nn.init.xavier_uniform_(w, gain, rng).detach().numpy()
    assert values.min() == pytest.approx(-bound, rel=1e-3)
    assert values.max() == pytest.approx(bound, rel=1e-3)
    values = nn.init.xavier_normal_(w, gain, rng).detach().numpy()
    assert values.std() == pytest.approx(1.5 * np.sqrt(2 / 500), rel=0.02)


def test_gains_are_those_of_the_table():
    ones = "linear identity sigmoid".split()
    ones += [f"{kind}{n}d" for kind in ("conv", "conv_transpose") for n in (1, 2, 3)]
    assert {name: nn.init.calculate_gain(name) for name in ones} == dict.fromkeys(ones, 1)


def test_a_normal_distribution_is_cut_where_it_is_told():
    # Around the mean, and far from 0: what lies inside is counted from the mean.
    w = nn.init.trunc_normal_(nn.Parameter(np.zeros(4000)), 50.0, 1.0, 49.5, 52.0)
    values = w.detach().numpy()
    assert 49.5 <= values.min() < 49.52 and 51.5 < values.max() <= 52.0
    w = nn.init.trunc_normal_(nn.Parameter(np.zeros(4000)), -50.0, 1.0, -52.0, -49.5)
    assert -52.0 <= w.detach().numpy().min() and w.detach().numpy().max() <= -49.5


def test_parameters_are_drawn_from_within_their_bound():
    layer = nn.Linear(400, 5000)
    values = np.concatenate([layer.bias.detach().numpy(), layer.weight.detach().numpy().ravel()])
    assert abs(values).max() <= 1 / 20 and abs(layer.bias.detach().numpy()).max() > 0.049


def test_modules_are_counted_on_from_the_first_free_number():
    net = nn.Sequential({"1": nn.ReLU(), "2": nn.Tanh()})
    net.append(nn.Sigmoid())  # there are two, so 2 would be next, which is taken
    assert [name for name, _ in net.named_children()] == ["1", "2", "3"]


def test_sizes_of_which_one_is_open_are_completed():
    x = ag.tensor(doubles(2, 12))
    assert nn.Unflatten(1, (2, -1, 3))(x).shape == (2, 2, 2, 3)
    with pytest.raises(ValueError, match="^Unflatten: "):
        nn.Unflatten(1, (-1, 5))(x)
    with pytest.raises(ValueError, match="^Unflatten: "):
        nn.Unflatten(1, (0, 12))(x)


@pytest.mark.parametrize(("eps", "falls"), [(1e-8, True), (0.06, False)])
def test_a_plateau_lowers_a_rate_only_by_more_than_eps(eps, falls):
    p = nn.Parameter(ag.tensor([1.0]))
    optimizer = nn.optim.SGD([p], lr=0.1)
    schedule = nn.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=0, eps=eps)
    for _ in range(2):
        schedule.step(1.0)
    assert optimizer.param_groups[0]["lr"] == (0.05 if falls else 0.1)


def test_pages_of_other_ranks_show_no_example_of_images():
    for name in ("conv1d", "conv3d", "max_pool1d", "avg_pool3d", "conv_transpose1d"):
        text = getattr(F, name).__doc__
        assert text and "Example:" not in text and "Args:" in text


def test_a_weight_that_is_a_vector_gives_one_number_a_row():
    x, w = np.arange(12.0).reshape(3, 4), np.array([1.0, -2.0, 0.5, 3.0])
    assert F.linear(ag.tensor(x), ag.tensor(w)).tolist() == (x @ w).tolist()
    assert F.linear(ag.tensor(x), ag.tensor(w), ag.tensor(2.0)).tolist() == (x @ w + 2).tolist()
    assert F.linear(ag.tensor(x[0]), ag.tensor(w)).tolist() == (x @ w)[0]


@pytest.mark.parametrize("worst", [1.0 + 1e-6, 1.5, -1e-6, np.inf])
def test_what_is_no_probability_is_refused(worst):
    target = ag.tensor([1.0, 0.0])
    with pytest.raises(ValueError, match="^binary_cross_entropy: input must lie from 0 to 1"):
        F.binary_cross_entropy(ag.tensor([0.5, worst]), target)
    assert np.isfinite(F.binary_cross_entropy(ag.tensor([1.0, 0.0]), target).item())


def test_cross_entropy_of_probabilities_sums_over_the_classes():
    rng = np.random.default_rng(2)
    x, target, weight = rng.normal(size=(3, 4, 2)), rng.random((3, 4, 2)), rng.random(4)
    log_p = x - np.log(np.exp(x).sum(1, keepdims=True))
    for given, factor in ((None, 1.0), (ag.tensor(weight), weight[:, None])):
        each = -(log_p * target * factor).sum(1)
        found = [
            F.cross_entropy(ag.tensor(x), ag.tensor(target), given, reduction=reduction).numpy()
            for reduction in ("none", "sum", "mean")
        ]
        np.testing.assert_allclose(found[0], each)
        np.testing.assert_allclose(found[1:], [each.sum(), each.sum() / 6])


def test_classes_are_counted_however_many_there_are():
    assert F.one_hot([0, 1499]).shape == (2, 1500)


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
def test_each_width_of_a_padding_goes_to_its_own_side(mode):
    x = np.arange(24.0).reshape(1, 1, 4, 6)
    theirs = {"replicate": "edge", "circular": "wrap"}.get(mode, mode)
    wanted = np.pad(x, ((0, 0), (0, 0), (2, 0), (1, 3)), mode=theirs)
    assert F.pad(ag.tensor(x), (1, 3, 2, 0), mode=mode).tolist() == wanted.tolist()


def test_refusals_say_who_refuses_what():
    refused = {
        "^group_norm: num_groups=3 does not divide the 4 channels": lambda: F.group_norm(ag.ones(2, 4), 3),
        "^Embedding: padding_idx 9": lambda: nn.Embedding(3, 2, padding_idx=9),
        "^Transformer: nhead must be": lambda: nn.Transformer(d_model=8, nhead=0),
        "^Linear: a layer is built first": lambda: nn.Linear(ag.ones(2, 3)),
    }  # fmt: skip
    for words, call in refused.items():
        with pytest.raises((ValueError, TypeError, IndexError), match=words):
            call()


def test_lazy_norms_tell_a_single_sample_from_a_batch():
    for lazy, single in ((nn.LazyInstanceNorm1d, (3, 5)), (nn.LazyInstanceNorm2d, (3, 5, 4))):
        for shape in (single, (2, *single)):
            layer = lazy(affine=True)
            assert layer(ag.randn(*shape)).shape == shape and layer.weight.shape == (3,)
    layer = nn.LazyBatchNorm1d()
    layer(ag.randn(4, 3))
    assert layer.weight.shape == (3,)


def test_layers_of_transformers_have_a_norm_for_each_part():
    encoder = nn.TransformerEncoderLayer(8, 2, 16)
    decoder = nn.TransformerDecoderLayer(8, 2, 16)
    for layer, count in ((encoder, 2), (decoder, 3)):
        norms = [name for name, part in layer.named_children() if isinstance(part, nn.LayerNorm)]
        assert norms == [f"norm{k}" for k in range(1, count + 1)]


def test_binary_cross_entropy_takes_probabilities_only():
    assert F.binary_cross_entropy(ag.tensor([0.0, 1.0]), ag.tensor([0.0, 1.0])).item() == 0
    for wrong in (-1e-3, 1.001):
        with pytest.raises(ValueError, match="^binary_cross_entropy: input must lie from 0 to 1"):
            F.binary_cross_entropy(ag.tensor([0.5, wrong]), ag.tensor([0.0, 1.0]))


@pytest.mark.parametrize("function", [F.relu, F.relu6])
def test_only_in_place_the_input_is_written(function):
    x = ag.tensor([-1.0, 7.0])
    assert function(x) is not x and x.tolist() == [-1.0, 7.0]
    assert function(x, inplace=True) is x and x.tolist() == [
        0.0,
        7.0 if function is F.relu else 6.0,
    ]


def test_groups_that_do_not_divide_the_channels_are_refused():
    with pytest.raises(
        ValueError, match=r"^group_norm: num_groups=2 does not divide the 5 channels"
    ):
        F.group_norm(ag.ones((2, 5, 3)), 2)


def test_one_kernel_size_is_for_as_many_axes_as_the_layer_has():
    layers = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
    assert [layer(1, 1, 2).kernel_size for layer in layers] == [(2,), (2, 2), (2, 2, 2)]


def test_an_unknown_argument_of_a_layer_is_refused_in_its_name():
    with pytest.raises(TypeError, match=r"^Linear: there is no argument 'foo'"):
        nn.Linear(3, 4, foo=1)


def test_probabilities_go_with_every_ignore_index_below_zero():
    scores, p = ag.tensor([[1.0, 2.0]]), np.array([[0.25, 0.75]])
    wanted = F.cross_entropy(scores, p).item()
    assert F.cross_entropy(scores, p, ignore_index=-1).item() == wanted
    with pytest.raises(ValueError, match="ignore_index goes with classes"):
        F.cross_entropy(scores, p, ignore_index=0)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.int8])
@pytest.mark.parametrize("loss", [F.hinge_embedding_loss, F.soft_margin_loss])
def test_signs_take_the_dtype_of_what_they_stand_beside(loss, dtype):
    x = ag.tensor(np.array([0.5, 0.25], np.float32))
    target = np.array([1, 1], dtype)
    assert loss(x, target).dtype == np.float32
    assert F.margin_ranking_loss(x, x * 2, ag.tensor(target)).dtype == np.float32


@pytest.mark.parametrize("size", [-2, -3])
def test_unflatten_knows_only_one_size_below_zero(size):
    assert nn.Unflatten(1, (-1, 2))(ag.ones(1, 4)).shape == (1, 2, 2)
    with pytest.raises(ValueError, match="^Unflatten: unflattened_size"):
        nn.Unflatten(1, (size, 2))


def test_heads_share_the_width():
    assert nn.MultiheadAttention(12, 3).head_dim == 4
    assert isinstance(nn.MultiheadAttention(12, 3).head_dim, int)


@pytest.mark.parametrize(
    "stride, shape", [(None, (3, 2)), ((), (3, 2)), ([], (3, 2)), ((1, 3), (5, 2)), (1, (5, 4))]
)
def test_a_stride_left_out_is_the_size_of_the_windows(stride, shape):
    x = ag.tensor(np.arange(36.0).reshape(1, 1, 6, 6))
    assert F.pool(x, lambda w: w.max((-2, -1)), (2, 3), stride).shape == (1, 1, *shape)


@pytest.mark.parametrize(
    ("stride", "padding", "extra", "dilation"),
    [
        ((1, 2), (0, 1), (2, 1), (3, 1)),  # a whole step and more beyond the kernels' reach
        ((2, 1), (1, 0), (2, 1), (3, 2)),
        ((1, 1), (3, 1), (2, 2), (4, 3)),  # all of it, or part, within what padding takes away
        ((3, 2), (2, 0), (1, 0), (1, 2)),
        ((1, 1), (1002, 0), (2, 0), (2100, 1)),
    ],
)
def test_a_transposed_convolution_stamps_its_kernel_for_every_cell(
    stride, padding, extra, dilation
):
    x, w, b = doubles(2, 4, 3, 4), doubles(4, 3, 2, 3, seed=1), doubles(6, seed=2)
    options = (stride, padding, extra, 2, dilation)
    whole = [
        (n - 1) * s + d * (k - 1) + 1 + e
        for n, s, d, k, e in zip((3, 4), stride, dilation, (2, 3), extra, strict=True)
    ]
    want = np.zeros((2, 6, *whole))
    for c, o, i, j, p, q in np.ndindex(4, 3, 3, 4, 2, 3):
        at = i * stride[0] + p * dilation[0], j * stride[1] + q * dilation[1]
        want[:, c // 2 * 3 + o, at[0], at[1]] += x[:, c, i, j] * w[c, o, p, q]
    (p, q), (h, v) = padding, whole
    want = want[:, :, p : h - p, q : v - q] + b[:, None, None]
    got = F.conv_transpose2d(*map(ag.tensor, (x, w, b)), *options)
    np.testing.assert_allclose(got.numpy(), want, rtol=1e-12, atol=1e-14)


def test_a_transposed_convolution_of_no_channels_is_its_bias():
    y = F.conv_transpose1d(ag.ones(1, 0, 4), ag.ones(0, 3, 2), ag.tensor([1.0, 2.0, 3.0]))
    assert y.tolist() == [[[1.0] * 5, [2.0] * 5, [3.0] * 5]]


def test_a_transposed_convolution_may_leave_one_cell():
    x, w = ag.tensor([[[2.0]]]), ag.tensor([[[3.0, 4.0, 5.0]]])
    assert F.conv_transpose1d(x, w[..., :1]).tolist() == [[[6.0]]]
    assert F.conv_transpose1d(x, w, padding=1).tolist() == [[[8.0]]]


@pytest.mark.parametrize("stride", [None, 2, (1, 3)])
def test_columns_are_the_windows_channel_by_channel(stride):
    x = doubles(3, 2, 5, 6)
    down, across = (1, 1) if stride is None else (stride, stride) if stride == 2 else stride
    want = [
        x[:, :, i : i + 3 : 2, j : j + 3].reshape(3, -1)
        for i in range(0, 3, down)
        for j in range(0, 4, across)
    ]
    given = {} if stride is None else {"stride": stride}
    got = F.unfold(ag.tensor(x), (2, 3), dilation=(2, 1), **given).numpy()
    np.testing.assert_array_equal(got, np.stack(want, -1))
    np.testing.assert_array_equal(F.unfold(ag.tensor(x[0]), (2, 3), (2, 1), **given), got[0])


@pytest.mark.parametrize(
    "widths",
    [(-1, 2), (2, -1), (-1, -1), (0, 3), (-2, 1), (-4, 1), (1, -4), (-3, -1), (5, 5), (0, 0)],
)
def test_negative_widths_crop_before_an_image_goes_round_and_after_it_is_mirrored(widths):
    x, (a, b) = doubles(2, 5), widths
    cut = slice(max(-a, 0), 5 - max(-b, 0))
    around = [(0, 0), (max(a, 0), max(b, 0))]
    want = np.pad(x[:, cut], around, mode="wrap")
    np.testing.assert_array_equal(F.pad(ag.tensor(x), widths, "circular").numpy(), want)
    if max(widths) < 5:
        whole = np.pad(x, around, mode="reflect")
        want = whole[:, max(-a, 0) : whole.shape[1] - max(-b, 0)]
        np.testing.assert_array_equal(F.pad(ag.tensor(x), widths, "reflect").numpy(), want)


def test_padding_that_makes_no_sense_is_refused():
    x = ag.tensor(doubles(2, 5))
    for widths in ((-2, -3), (-5, 1), (1, -5), (-3, -3)):
        with pytest.raises(ValueError, match=r"^pad: pad .* leaves nothing of the input \(2, 5\)"):
            F.pad(x, widths, "circular")
    with pytest.raises(ValueError, match="^pad: mode must be one of 'constant', 'reflect'"):
        F.pad(x, (1, 1), "mirror")
    for value in (1, -1, 0.5):
        with pytest.raises(ValueError, match="^pad: value belongs to mode 'constant'"):
            F.pad(x, (1, 1), "reflect", value)
    assert F.pad(x, (1, 1), "reflect", 0).shape == (2, 7)
    assert F.pad(ag.zeros((0, 5)), (1, 1), "circular").shape == (0, 7)
