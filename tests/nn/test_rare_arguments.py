"""Arguments of nn's that are seldom given, and sizes that are seldom met: what they do, or why they are refused."""

from collections import namedtuple

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F
from nn import distributions
from nn.data import ConcatDataset, DataLoader, TensorDataset
from nn.utils import parametrize, rnn

X = np.random.default_rng(3).standard_normal((4, 3)).astype(np.float32)


# Refused by name ----------------------------------------------------------------------------------

PACKED = rnn.pack_padded_sequence(ag.ones(3, 2, 4), [3, 1])

REFUSED = {
    "a path of a module without a name": (lambda: nn.Sequential(nn.ReLU()).set_submodule("", nn.ReLU()),
                          "set_submodule: target must name a module inside, got ''"),
    "a place that is not there": (lambda: nn.Sequential(nn.ReLU()).set_submodule("3", nn.ReLU(), strict=True), "3"),
    "a table of one row": (lambda: nn.Embedding.from_pretrained(np.ones(3)), r"shape \(rows, columns\), got \(3,\)"),
    "flatten from behind": (lambda: nn.Flatten(2, 1)(np.ones((2, 3, 4))), r"start_dim=2 lies after end_dim=1 .* \(2, 3, 4\)"),
    "two sizes to find": (lambda: nn.Unflatten(1, (-1, -1)), "only one size may be −1"),
    "no time and batch": (lambda: rnn.pack_padded_sequence(np.ones(3), [3]), r"an axis of time and of batch, got \(3,\)"),
    "shorter than the longest": (lambda: rnn.pad_packed_sequence(PACKED, total_length=2), "total_length=2 is shorter .* 3"),
    "no padded sequences": (lambda: rnn.unpad_sequence(np.ones(3), [3]), r"must be \(T, N, ...\), got \(3,\)"),
    "lengths beyond": (lambda: rnn.unpad_sequence(np.ones((3, 2)), [3, 4]), "2 integers from 0 to 3"),
    "packed data of another width": (lambda: nn.RNN(3, 2)(PACKED), r"packed data must have shape \(rows, 3\), got \(4, 4\)"),
    "batch norm without statistics": (lambda: F.batch_norm(X, None, None), "running_mean and running_var must be given, got None"),
    "ignored probabilities": (lambda: F.cross_entropy(X, np.abs(X), ignore_index=2), "ignore_index goes with classes"),
    "weights of other classes": (lambda: F.cross_entropy(X, np.abs(X), weight=np.ones(4)), r"shape \(3,\), one per class, got \(4,\)"),
    "a value beside another mode": (lambda: F.pad(X, (1, 1), "reflect", 3.0), "value belongs to mode 'constant', got 3.0"),
    "nothing left": (lambda: F.pad(X, (-2, -1), "circular"), r"pad \(-2, -1\) leaves nothing of the input \(4, 3\)"),
    "no axis of heads": (lambda: F.scaled_dot_product_attention(X, X, X, enable_gqa=True), "an axis of heads"),
    "no class at all": (lambda: F.one_hot(np.zeros(0, int)), "give num_classes"),
    "endless scale": (lambda: F.interpolate(X[None], scale_factor=float("inf")), "scale_factor must be finite"),
    "a crop of less than nothing": (lambda: ag.flatten(np.ones((2, 3)), 1, 0), "start_axis 1 comes after end_axis 0"),
    "spectral norm of a number": (lambda: nn.utils.parametrizations.spectral_norm(3), "module must be a Module, got int"),
    "no transform": (lambda: TensorDataset(X, transform=3), "TensorDataset: transform must be a function, got 3"),
    "no data set": (lambda: ConcatDataset([]), "ConcatDataset: give at least one data set"),
    "a batch sampler and more": (
        lambda: DataLoader(TensorDataset(X), 2, batch_sampler=[[0]]), "a batch_sampler says it all"),
    "other numbers of axes": (
        lambda: distributions.kl_divergence(
            distributions.Independent(distributions.Normal(np.zeros((2, 3)), 1.0), 1),
            distributions.Independent(distributions.Normal(np.zeros((2, 3)), 1.0), 2)),
        "different numbers of axes together, 1 and 2"),
    "other classes": (
        lambda: distributions.kl_divergence(
            distributions.Categorical(np.ones(3)), distributions.Categorical(np.ones(4))), "3|classes"),
    "other events": (
        lambda: distributions.kl_divergence(
            distributions.MultivariateNormal(np.zeros(2), np.eye(2)),
            distributions.MultivariateNormal(np.zeros(3), np.eye(3))), r"\(2,\)|2"),
    "no triangle": (
        lambda: distributions.MultivariateNormal(np.zeros(2), scale_tril=np.ones((2, 2))), "scale_tril must be lower triangular"),
    "a weight of something else": (
        lambda: nn.optim.SGD(nn.Linear(2, 2).parameters(), lr=1.0).load_state_dict({"state": {}, "param_groups": [{"lr": 1.0}]}),
        "a saved group has no 'params', only"),
    "another optimizer's schedule": (
        lambda: nn.optim.lr_scheduler.SequentialLR(
            nn.optim.SGD(nn.Linear(2, 2).parameters(), lr=1.0),
            [nn.optim.lr_scheduler.ConstantLR(nn.optim.SGD(nn.Linear(2, 2).parameters(), lr=1.0))], []),
        "scheduler 0 has another optimizer"),
    "an optimizer of nothing": (lambda: type("Own", (nn.optim.Optimizer,), {})([nn.Parameter(X)], {"lr": 1.0}), r"Own defines no _check\(\)"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_meaning_is_refused_in_its_words(name):
    call, words = REFUSED[name]
    with pytest.raises((ValueError, TypeError, AttributeError), match=words):
        call()


# Modules ------------------------------------------------------------------------------------------


def test_a_module_is_put_at_a_path():
    model = nn.Sequential(nn.Sequential(nn.Linear(2, 2)), nn.ReLU())
    new = nn.Tanh()
    model.set_submodule("0.0", new, strict=True)
    model.set_submodule("0.more", nn.ReLU())
    assert model[0][0] is new and list(dict(model[0].named_children())) == ["0", "more"]


def test_a_hook_before_the_call_that_returns_nothing_changes_nothing():
    layer, seen = nn.Identity(), []
    layer.register_forward_pre_hook(lambda m, args, kwargs: seen.append(kwargs), with_kwargs=True)
    layer.register_forward_pre_hook(lambda m, args: seen.append(args))
    assert layer(X) is X and seen[0] == {} and seen[1][0] is X


@pytest.mark.parametrize("assign", [False, True])
def test_shared_parameters_and_buffers_stay_shared_in_another_precision_and_state(assign):
    one, other = nn.Linear(2, 2), nn.Linear(2, 2)
    other.weight = one.weight
    one.register_buffer("mean", ag.ones(2))
    other.register_buffer("mean", one.mean)
    model = nn.Sequential(one, other).double()
    assert model[0].weight is model[1].weight and model[0].weight.dtype == np.float64
    assert model[0].mean is model[1].mean and model[0].mean.dtype == np.float64
    state = {k: v * 0.0 + 3.0 for k, v in model.state_dict().items()}
    model.load_state_dict(state, assign=assign)
    assert model[0].weight is model[1].weight and model[0].weight.tolist() == [[3.0, 3.0]] * 2


def test_a_module_with_its_own_state_is_copied_by_it():
    class Own(nn.Module):
        def __setstate__(self, state):
            self.__dict__.update(state)
            self.woke = True

    import copy

    copied = copy.deepcopy(nn.Sequential(Own()))
    assert copied[0].woke and not hasattr(Own(), "woke")


def test_a_module_that_is_there_twice_is_shown_twice():
    shared = nn.ReLU()
    assert repr(nn.Sequential(shared, nn.Sequential(shared))).count("ReLU()") == 2


def test_settings_of_an_embedding_are_shown():
    with pytest.warns(UserWarning, match="sparse"):
        shown = repr(
            nn.Embedding(3, 2, 1, max_norm=2.0, norm_type=1.0, scale_grad_by_freq=True, sparse=True)
        )
    assert shown == (
        "Embedding(3, 2, padding_idx=1, max_norm=2.0, norm_type=1.0, sparse=True, scale_grad_by_freq=True)"
    )
    assert repr(nn.Embedding(3, 2)) == "Embedding(3, 2)"


def test_named_tuples_keep_their_kind_when_a_gradient_hook_looks_at_them():
    Pair = namedtuple("Pair", "first second")

    class Two(nn.Module):
        def forward(self, x):
            return Pair(x * 2.0, {"more": [x * 3.0]})

    model, seen = Two(), []
    model.register_full_backward_hook(
        lambda m, before, after: seen.append([g.tolist() for g in after])
    )
    result = model(ag.tensor([1.0], requires_grad=True))
    assert type(result) is Pair
    (result.first * 5.0 + result.second["more"][0] * 7.0).sum().backward()
    assert seen == [[[5.0], [7.0]]]


def test_statistics_of_nothing_change_no_running_statistics():
    for layer, shape in ((nn.InstanceNorm1d(3, track_running_stats=True), (0, 3, 4)),
                         (nn.InstanceNorm1d(3, track_running_stats=True, momentum=None), (0, 3, 4))):  # fmt: skip
        before = layer.running_var.tolist()
        assert layer(ag.ones(shape)).shape == shape
        assert layer.running_var.tolist() == before and layer.running_mean.tolist() == [0.0] * 3
    mean = ag.zeros(3)
    assert F.instance_norm(ag.ones(0, 3, 4), mean, ag.ones(3)).shape == (0, 3, 4)
    assert mean.tolist() == [0.0] * 3


def test_a_transformer_of_ones_own_parts_has_those():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.calls = 0

        def forward(self, x, *given, **more):
            self.calls += 1
            return x

    encoder, decoder = Own(), Own()
    model = nn.Transformer(4, 2, custom_encoder=encoder, custom_decoder=decoder)
    x = ag.ones(3, 1, 4)
    assert model(x, x).tolist() == x.tolist() and (encoder.calls, decoder.calls) == (1, 1)
    assert model.encoder is encoder and model.decoder is decoder


def test_a_lazy_layer_learns_nothing_from_a_state_without_its_weight():
    layer = nn.LazyLinear(2)
    with pytest.raises(RuntimeError, match="it learns its sizes from the first input"):
        layer.load_state_dict({"bias": ag.ones(2)})
    layer.load_state_dict({"weight": ag.ones(2, 5), "bias": ag.ones(2)})
    assert layer.in_features == 5


def test_a_whole_shape_is_an_output_size():
    x = ag.ones(1, 2, 5)
    layer = nn.ConvTranspose1d(2, 3, 3, stride=2)
    assert layer(x, output_size=(1, 3, 12)).shape == layer(x, output_size=(12,)).shape == (1, 3, 12)
    up = nn.Upsample(scale_factor=(2.0, 1.5), mode="bilinear")
    assert up(ag.ones(1, 1, 4, 4)).shape == (1, 1, 8, 6)


# Functions of arrays and of numbers ---------------------------------------------------------------


def test_of_arrays_come_arrays():
    assert isinstance(F.gumbel_softmax(X, hard=True), np.ndarray)
    assert F.gumbel_softmax(X, hard=True).sum(1).tolist() == [1.0] * 4
    assert F.gumbel_softmax(np.zeros((0, 3), np.float32), hard=True).shape == (0, 3)
    found = F.hinge_embedding_loss(X, ag.tensor([1, -1, 1]), reduction="none")
    wanted = np.where(np.array([1, -1, 1]) > 0, X, np.maximum(1.0 - X, 0.0))
    np.testing.assert_allclose(np.asarray(found), wanted, rtol=1e-6)


def test_one_variance_for_all_is_an_array_of_it():
    found = F.gaussian_nll_loss(X, X + 1.0, 4.0, reduction="none")
    np.testing.assert_allclose(
        np.asarray(found), 0.5 * (np.log(4.0) + 0.25) * np.ones_like(X), rtol=1e-5
    )


def test_a_window_stands_for_kernel_stride_and_all():
    from autograd.arguments.window import Window

    window = Window((2,), (1,), ((0, 0),), (1,))
    found = F.pool(X[None], lambda w: ag.amax(w, axis=-1), window)
    np.testing.assert_array_equal(found, np.maximum(X[:, :-1], X[:, 1:])[None])


# Sequences ----------------------------------------------------------------------------------------


def test_a_tensor_of_sequences_is_a_list_of_them():
    sequences = ag.tensor(np.arange(6.0).reshape(2, 3))
    assert rnn.pad_sequence(sequences).tolist() == sequences.T.tolist()
    assert rnn.pack_sequence(sequences).batch_sizes.tolist() == [2, 2, 2]


def test_padded_sequences_come_apart_in_either_order():
    padded = np.arange(6.0).reshape(3, 2)
    for given, first in ((padded, False), (padded.T, True)):
        parts = rnn.unpad_sequence(given, [3, 1], batch_first=first)
        assert [part.tolist() for part in parts] == [[0.0, 2.0, 4.0], [1.0]]


# Parametrizations ---------------------------------------------------------------------------------


class Sum(nn.Module):
    def forward(self, one, other):
        return one + other

    def right_inverse(self, value):
        return value * 0.5, value * 0.5


def test_what_is_computed_of_several_is_left_as_it_is_now():
    layer = nn.Linear(2, 2)
    before = layer.weight.tolist()
    parametrize.register_parametrization(layer, "weight", Sum())
    with pytest.raises(ValueError, match="weight has several originals; leave_parametrized=True"):
        parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    parametrize.remove_parametrizations(layer, "weight")
    np.testing.assert_allclose(layer.weight.tolist(), before, rtol=1e-6)
    assert not parametrize.is_parametrized(layer)


def test_of_two_computed_attributes_one_may_become_plain_also_a_buffer():
    class Doubled(nn.Module):
        def forward(self, x):
            return x * 2.0

    layer = nn.Linear(2, 2)
    layer.register_buffer("mean", ag.ones(2))
    weight = (
        layer.weight.numpy() if not layer.weight.requires_grad else layer.weight.detach().numpy()
    )
    for name in ("weight", "mean"):
        parametrize.register_parametrization(layer, name, Doubled())
    parametrize.remove_parametrizations(layer, "mean")
    assert layer.mean.tolist() == [2.0, 2.0] and "mean" in dict(layer.named_buffers())
    assert parametrize.is_parametrized(layer, "weight") and not parametrize.is_parametrized(
        layer, "mean"
    )
    np.testing.assert_allclose(layer.weight.tolist(), 2.0 * weight)
    parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    np.testing.assert_allclose(layer.weight.tolist(), weight)
    assert type(layer) is nn.Linear


# Distributions ------------------------------------------------------------------------------------


def test_without_checks_wrong_parameters_and_values_are_taken():
    for make in (
        lambda check: distributions.Uniform(2.0, 1.0, validate_args=check),
        lambda check: distributions.Normal(0.0, -1.0, validate_args=check),
        lambda check: distributions.Categorical(np.array([-1.0, 2.0]), validate_args=check),
        lambda check: distributions.Exponential(-1.0, validate_args=check),
    ):
        with pytest.raises(ValueError):
            make(True)
        assert make(False) is not None
    found = distributions.Categorical(np.array([1.0, 3.0]), validate_args=False)
    np.testing.assert_allclose(np.asarray(found.probs), [0.25, 0.75])


# Data ---------------------------------------------------------------------------------------------


def test_batches_of_lists_in_several_data_sets_are_put_together():
    class Listed(nn.data.Dataset):
        def __init__(self, start):
            self.start = start

        def __len__(self):
            return 3

        def __getitem__(self, k):
            return [np.float32(self.start + k), {"name": f"n{self.start + k}"}]

    both = ConcatDataset([Listed(0), Listed(10)])
    numbers, more = both.batch([4, 0, 5], None)
    assert np.asarray(numbers).tolist() == [11.0, 0.0, 12.0] and list(more["name"]) == [
        "n11",
        "n0",
        "n12",
    ]


def test_any_order_of_batches_may_be_given():
    order = [[2, 0], [1]]
    for workers in (0, 1):
        loader = DataLoader(TensorDataset(np.arange(3)), batch_sampler=order, num_workers=workers)
        assert [batch[0].tolist() for batch in loader] == order and len(loader) == 2
