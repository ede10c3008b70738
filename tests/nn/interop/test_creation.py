"""Tensors out of nothing, against NumPy: the same draws of the same generator, and the same arithmetic."""

import copy

import numpy as np
import pytest

import autograd
import nn
from nn.interop import operators
from nn.interop.operators.draws import replay
from nn.random import generator_or_default

X = np.random.default_rng(0).standard_normal((4, 3))
Q = np.random.default_rng(1).uniform(0.2, 0.8, (4, 3))
CHANNELS = np.random.default_rng(2).standard_normal((3, 4, 2, 2))
WEIGHTS = np.array([[1.0, 2.0, 5.0], [4.0, 0.5, 0.5]])
DOUBLE, SINGLE, WHOLE = np.dtype(np.float64), np.dtype(np.float32), np.dtype(np.int64)


def t(array):
    return autograd.tensor(array)


def dropped(x, p, shape=None):
    return lambda r: x * (r.random(x.shape if shape is None else shape) >= p) / (1 - p)


def alpha_dropped(x, p, shape=None):
    """Source: Klambauer et al., "Self-Normalizing Neural Networks", 2017, section on dropout."""
    low = -1.0507009873554804934193349852946 * 1.6732632423543772848170429916717
    a = ((1 - p) * (1 + p * low**2)) ** -0.5

    def of(r):
        kept = r.random(x.shape if shape is None else shape) >= p
        return a * np.where(kept, x, low) - a * low * p

    return of


def chosen(weights, count, replacement):
    rows = weights / weights.sum(-1, keepdims=True)
    return lambda r: np.stack([r.choice(3, count, replacement, w) for w in rows])


#: Calls, and what they give: a function of the generator, and the dtype.
DRAWN = [
    ("rand.default", ([2, 3],), {}, lambda r: r.random((2, 3)), SINGLE),
    ("rand.default", ([2, 3], DOUBLE), {}, lambda r: r.random((2, 3)), DOUBLE),
    ("randn.default", ([5],), {}, lambda r: r.standard_normal(5), SINGLE),
    ("randn.default", ([5],), {"dtype": DOUBLE}, lambda r: r.standard_normal(5), DOUBLE),
    ("rand_like.default", (t(X),), {}, lambda r: r.random((4, 3)), DOUBLE),
    ("rand_like.default", (t(X),), {"dtype": SINGLE}, lambda r: r.random((4, 3)), SINGLE),
    ("randn_like.default", (t(X),), {}, lambda r: r.standard_normal((4, 3)), DOUBLE),
    ("randn_like.default", (t(X),), {"dtype": SINGLE}, lambda r: r.standard_normal((4, 3)), SINGLE),
    ("randint.default", (9, [50]), {}, lambda r: r.integers(0, 9, 50), WHOLE),
    ("randint.default", (9, [50], DOUBLE), {}, lambda r: r.integers(0, 9, 50), DOUBLE),
    ("randint.low", (-3, 4, [50]), {}, lambda r: r.integers(-3, 4, 50), WHOLE),
    ("randint.low", (-3, 4, [50], SINGLE), {}, lambda r: r.integers(-3, 4, 50), SINGLE),
    ("randint_like.default", (t(X), 9), {}, lambda r: r.integers(0, 9, (4, 3)), DOUBLE),
    ("randint_like.default", (t(X), 9, WHOLE), {}, lambda r: r.integers(0, 9, (4, 3)), WHOLE),
    ("randint_like.low_dtype", (t(X), 2, 9), {}, lambda r: r.integers(2, 9, (4, 3)), DOUBLE),
    ("randint_like.low_dtype", (t(X), 2, 9, WHOLE), {}, lambda r: r.integers(2, 9, (4, 3)), WHOLE),
    ("randperm.default", (7,), {}, lambda r: r.permutation(7), WHOLE),
    ("randperm.default", (7, SINGLE), {}, lambda r: r.permutation(7), SINGLE),
    ("bernoulli.default", (t(Q),), {}, lambda r: r.random((4, 3)) < Q, DOUBLE),
    ("bernoulli.p", (t(X), 0.3), {}, lambda r: r.random((4, 3)) < 0.3, DOUBLE),
    ("bernoulli.Tensor", (t(X), t(Q)), {}, lambda r: r.random((4, 3)) < Q, DOUBLE),
    ("normal.Tensor_float", (t(X),), {}, lambda r: r.normal(X, 1.0), DOUBLE),
    ("normal.Tensor_float", (t(X), 0.5), {}, lambda r: r.normal(X, 0.5), DOUBLE),
    ("normal.float_Tensor", (2.0, t(Q)), {}, lambda r: r.normal(2.0, Q), DOUBLE),
    ("normal.Tensor_Tensor", (t(X), t(Q[:1])), {}, lambda r: r.normal(X, Q[:1]), DOUBLE),
    ("normal.Tensor_Tensor", (t(X[:1]), t(Q)), {}, lambda r: r.normal(X[:1], Q), DOUBLE),
    ("normal.float_float", (2.0, 0.5, [2, 3]), {}, lambda r: r.normal(2.0, 0.5, (2, 3)), SINGLE),
    ("normal.float_float", (2.0, 0.5, [4]), {"dtype": DOUBLE},
     lambda r: r.normal(2.0, 0.5, 4).astype(SINGLE), DOUBLE),
    ("normal_functional.default", (t(X),), {}, lambda r: r.normal(0.0, 1.0, (4, 3)), DOUBLE),
    ("normal_.default", (t(X), 2.0, 0.5), {}, lambda r: r.normal(2.0, 0.5, (4, 3)), DOUBLE),
    ("uniform.default", (t(X),), {}, lambda r: r.uniform(0.0, 1.0, (4, 3)), DOUBLE),
    ("uniform_.default", (t(X), 2.0, 5.0), {}, lambda r: r.uniform(2.0, 5.0, (4, 3)), DOUBLE),
    ("exponential.default", (t(X),), {}, lambda r: r.exponential(1.0, (4, 3)), DOUBLE),
    ("exponential.default", (t(X), 4.0), {}, lambda r: r.exponential(0.25, (4, 3)), DOUBLE),
    ("multinomial.default", (t(WEIGHTS), 2), {}, chosen(WEIGHTS, 2, False), WHOLE),
    ("multinomial.default", (t(WEIGHTS), 40, True), {}, chosen(WEIGHTS, 40, True), WHOLE),
    ("multinomial.default", (t(WEIGHTS[0]), 3), {}, lambda r: chosen(WEIGHTS[:1], 3, False)(r)[0], WHOLE),
    ("dropout.default", (t(X), 0.3, True), {}, dropped(X, 0.3), DOUBLE),
    ("native_dropout.default", (t(X), 0.3), {}, dropped(X, 0.3), DOUBLE),
    ("native_dropout.default", (t(X), 1.0, True), {}, lambda r: 0.0 * X, DOUBLE),
    ("dropout.default", (t(CHANNELS), 0.3, True), {}, dropped(CHANNELS, 0.3), DOUBLE),
    ("alpha_dropout.default", (t(CHANNELS), 0.3, True), {}, alpha_dropped(CHANNELS, 0.3), DOUBLE),
    ("feature_dropout.default", (t(CHANNELS[..., 0]), 0.4, True), {},
     dropped(CHANNELS[..., 0], 0.4, (3, 4, 1)), DOUBLE),
    ("feature_dropout.default", (t(CHANNELS), 0.4, True), {}, dropped(CHANNELS, 0.4, (3, 4, 1, 1)), DOUBLE),
    ("alpha_dropout.default", (t(X), 0.3, True), {}, alpha_dropped(X, 0.3), DOUBLE),
    ("feature_alpha_dropout.default", (t(CHANNELS), 0.4, True), {},
     alpha_dropped(CHANNELS, 0.4, (3, 4, 1, 1)), DOUBLE),
    ("rrelu.default", (t(X), 0.25, 0.75, True), {},
     lambda r: X * np.where(X > 0, 1.0, r.uniform(0.25, 0.75, (4, 3))), DOUBLE),
    ("rrelu.default", (t(X),), {"training": True},
     lambda r: X * np.where(X > 0, 1.0, r.uniform(1 / 8, 1 / 3, (4, 3))), DOUBLE),
]  # fmt: skip

#: What is not random after all.
STILL = [
    ("dropout.default", (t(X), 0.0, True), X),
    ("dropout.default", (t(X), 0.3, False), X),
    ("dropout.default", (t(X), 1.0, True), 0 * X),
    ("alpha_dropout.default", (t(X), 0.3, False), X),
    ("native_dropout.default", (t(X), 0.3, False), X),
    ("native_dropout.default", (t(X), 0.0, True), X),
    ("rrelu.default", (t(X), 0.25, 0.75), X * np.where(X > 0, 1.0, 0.5)),
    ("rrelu.default", (t(X),), X * np.where(X > 0, 1.0, 11 / 48)),
]


def called(name, args, kwargs):
    result = operators.find(name)(*args, **kwargs)
    if name.startswith("native_dropout"):
        assert result[1].dtype == bool and result[1].shape == result[0].shape
        assert np.array_equal(result[1].data, (result[0].data != 0) | (args[0].data == 0))
        return result[0]
    return result


@pytest.mark.parametrize("number", range(len(DRAWN)))
def test_what_is_drawn_is_what_numpy_draws(number):
    name, args, kwargs, oracle, dtype = DRAWN[number]
    nn.manual_seed(7)
    wanted = np.asarray(oracle(copy.deepcopy(generator_or_default("test", None)))).astype(dtype)
    found = called(name, args, kwargs)
    assert found.dtype == dtype, (name, args, kwargs)
    np.testing.assert_allclose(found.data, wanted, rtol=1e-12, atol=1e-14, err_msg=f"{name} {args}")


@pytest.mark.parametrize("number", range(len(STILL)))
def test_what_is_not_random_draws_nothing(number):
    name, args, wanted = STILL[number]
    with replay([]):
        np.testing.assert_allclose(called(name, args, {}).data, wanted, rtol=1e-14)


def test_every_operator_that_draws_is_called():
    called = {operators.key(name) for name, *_ in DRAWN}
    assert called == {*operators.creation.RANDOM, *operators.creation.RANDOM_CREATION}


def test_a_recording_takes_the_place_of_the_generator():
    first, second = np.arange(3), np.ones((2, 2))
    draw = operators.find("rand.default")
    for other in (first, first[:1]):
        with (
            replay([other[:1]]),
            pytest.raises(RuntimeError, match=r"shape \(2,\) where PyTorch drew"),
        ):
            draw([2])
    with replay([]), pytest.raises(RuntimeError, match="PyTorch has drawn none there"):
        draw([2])
    with replay([first, second]):
        found = operators.find("rand.default")([3])
        assert found.dtype == SINGLE and found.tolist() == [0.0, 1.0, 2.0]
        with replay([first[:1]]):
            assert operators.find("randn.default")([1], DOUBLE).tolist() == [0.0]
        assert operators.find("randint.default")(9, [2, 2]).tolist() == [[1, 1], [1, 1]]
    assert operators.find("rand.default")([3]).shape == (3,)


@pytest.mark.parametrize(
    "name", ["empty.memory_format", "empty_permuted.default", "empty_strided.default"]
)
def test_memory_without_values_is_filled_with_zeros(name):
    further = () if name.startswith("empty.") else ([0, 1],)
    found = operators.find(name)([2, 3], *further)
    assert found.dtype == SINGLE and found.tolist() == [[0.0] * 3] * 2
    assert operators.find(name)([1], *further, dtype=WHOLE).dtype == WHOLE


@pytest.mark.parametrize("name", ["empty_like", "new_empty", "new_empty_strided"])
def test_memory_like_that_of_another_is_filled_with_zeros(name):
    further = {"empty_like": (), "new_empty": ([4, 3],), "new_empty_strided": ([4, 3], [3, 1])}[
        name
    ]
    found = operators.find(f"{name}.default")(t(X), *further)
    assert found.dtype == DOUBLE and found.shape == (4, 3) and not found.data.any()
    assert operators.find(f"{name}.default")(t(X), *further, dtype=WHOLE).dtype == WHOLE


class Stuck(np.random.Generator):
    """Draws a single number only."""

    def __init__(self, number):
        super().__init__(np.random.PCG64())
        self.number = number

    def random(self, size=None):
        return np.full(size, self.number)


@pytest.mark.parametrize("number", [0.25, 0.5])
def test_a_chance_is_that_of_a_draw_below_it(number, monkeypatch):
    monkeypatch.setitem(
        operators.creation.draw.__globals__, "generator_or_default", lambda *_: Stuck(number)
    )
    x = t(X)
    assert operators.find("bernoulli.p")(x, 0.5).data.all() == (number < 0.5)
    assert (operators.find("dropout.default")(x, 0.5, True).data != 0).all() == (number >= 0.5)


@pytest.mark.parametrize("training", [False, True])
def test_at_zero_a_slope_is_that_of_the_negative_side(training):
    x, slope = autograd.zeros(3, requires_grad=True), autograd.tensor([0.25])
    for name in ("prelu.default", "_prelu_kernel.default"):
        y = operators.find(name)(x, slope)
        assert autograd.grad(y.sum(), x)[0].tolist() == [0.25] * 3
    with replay([np.full(3, 0.375)]):
        y = operators.find("rrelu.default")(x, 0.25, 0.5, training)
    assert autograd.grad(y.sum(), x)[0].tolist() == [0.375] * 3


def test_what_has_no_dtype_of_its_own_takes_the_default():
    whole, yes = autograd.tensor([1, 2, 3]), autograd.tensor([True, True, True])
    calls = [
        ("rand.default", [2]), ("zeros.default", [2]), ("linspace.default", 0, 1, 3),
        ("xlogy.Tensor", whole, whole), ("atan2.default", whole, whole), ("arctan2.default", whole, whole),
        ("copysign.Tensor", whole, whole), ("exp.default", whole), ("div.Tensor", whole, whole),
        ("div.Tensor", yes, yes), ("atan2.default", yes, whole), ("atan2.default", yes, yes),
        ("add.Tensor", whole, 0.5), ("scalar_tensor.default", 2.0), ("pairwise_distance.default", whole, whole),
    ]  # fmt: skip
    for dtype in (DOUBLE, SINGLE):
        before = operators.promotion.set_default_float(dtype)
        try:
            assert before == SINGLE
            for name, *args in calls:
                assert operators.find(name)(*args).dtype == dtype, name
            assert operators.promotion.tensor(2.5).dtype == dtype
            assert operators.promotion.tensor(2).dtype == WHOLE
        finally:
            operators.promotion.set_default_float(before)
    assert operators.promotion.default_float() == SINGLE


def test_numbers_stay_numbers_beside_a_tensor_and_only_there():
    first, second = operators.promotion.common(2.5, 3)
    assert isinstance(first, autograd.Tensor) and first.item() == 2.5 and second == 3
    first, second = operators.promotion.common(2, t(X))
    assert first == 2 and isinstance(first, int) and second.dtype == DOUBLE


def test_the_two_halves_of_a_range_are_counted_from_their_own_ends():
    for steps in range(1, 40):
        for start, end in ((-0.3, 0.7), (0.1, 3.3)):
            step = (end - start) / (steps - 1) if steps > 1 else 0.0
            wanted = [start + step * k for k in range(steps // 2)]
            wanted += [end - step * k for k in range(steps - 1 - steps // 2, -1, -1)]
            found = operators.find("linspace.default")(start, end, steps, DOUBLE)
            assert found.tolist() == (wanted if steps > 1 else [start]), steps


def test_what_a_write_leaves_has_the_new_numbers_and_the_old_history():
    through = operators.find(operators.WRITTEN_THROUGH)
    old, new = (autograd.tensor([a, 2.0], requires_grad=True) for a in (1.0, 5.0))
    result = through(old * 3.0, new * 7.0)
    assert result.tolist() == [35.0, 14.0]
    of_old, of_new = autograd.grad(result.sum(), [old, new], allow_unused=True)
    assert of_old.tolist() == [3.0, 3.0] and of_new is None
    apart = through(autograd.tensor([1.0, 2.0]), new * 7.0)
    assert apart.tolist() == [35.0, 14.0] and not apart.requires_grad
    assert through(autograd.tensor([1]), autograd.tensor([2])).tolist() == [2]


def test_writes_at_places_replace_or_add():
    put, at = operators.find("_index_put_impl.default"), [autograd.tensor([0, 0, 2])]
    x, new = autograd.tensor([1.0, 2.0, 3.0]), autograd.tensor([5.0, 7.0, 9.0])
    assert put(x, at, new).tolist() == [7.0, 2.0, 9.0]
    assert put(x, at, new, True, True).tolist() == [13.0, 2.0, 12.0]
    assert operators.find("sym_storage_offset.default")(x) == 0


def attended(q, k, v, p, r):
    scores = q @ np.swapaxes(k, -1, -2) / q.shape[-1] ** 0.5
    weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    kept = r.random(weights.shape) >= p
    return (weights * kept / (1 - p)) @ v, np.log(np.exp(scores).sum(-1))


@pytest.mark.parametrize(
    "name", ["scaled_dot_product_attention", "_scaled_dot_product_flash_attention_for_cpu"]
)
def test_attention_drops_weights(name):
    q, k, v = (np.random.default_rng(n).standard_normal((2, 3, 4 + n, 5)) for n in (1, 2, 2))
    options = {"dropout_p": 0.4}
    nn.manual_seed(3)
    r = copy.deepcopy(generator_or_default("test", None))
    wanted, sums = attended(q, k, v, 0.4, r)
    found = operators.find(f"{name}.default")(t(q), t(k), t(v), **options)
    if name.startswith("_"):
        found, logarithms = found
        np.testing.assert_allclose(logarithms.data, sums, rtol=1e-12)
    np.testing.assert_allclose(found.data, wanted, rtol=1e-12)


def test_a_mask_makes_no_infinity_of_large_scores():
    q, k = (autograd.full((1, 1, 1, 1), 1e17) for _ in range(2))
    keys, values = autograd.concatenate([k, k], 2), autograd.tensor([[[[2.0], [3.0]]]])
    mask = autograd.tensor([[[[True, False]]]])
    with np.errstate(all="raise", under="ignore"):
        found = operators.find("scaled_dot_product_attention.default")(
            q, keys, values, mask, scale=1.0
        )
    assert found.dtype == SINGLE and found.tolist() == [[[[2.0]]]]


@pytest.mark.parametrize(
    "offsets, last, padding, sizes",
    [([0, 2], False, -1, [2, 3]), ([0, 2, 2], False, -1, [2, 0, 3]), ([0, 2], False, 0, [1, 2]),
     ([0, 2], False, 4, [2, 2]), ([0, 2, 5], True, -1, [2, 3]), ([0, 3, 5], True, 2, [1, 2])],
)  # fmt: skip
def test_bags_tell_how_many_rows_they_have(offsets, last, padding, sizes):
    rows, places = t(np.arange(10.0).reshape(5, 2)), autograd.tensor([0, 2, 2, 4, 0][:5])
    if padding in (0, 4):
        places = autograd.tensor([0, 2, 2, padding, 1])
    bag = operators.find("_embedding_bag.default")
    _, flat, found, starts = bag(
        rows, places, autograd.tensor(offsets), False, 0, False, None, last, padding
    )
    assert flat.tolist() == places.tolist() and starts.tolist() == offsets[: len(sizes)]
    assert found.tolist() == sizes


@pytest.mark.parametrize(
    "name, of",
    [("mse_loss", np.square), ("l1_loss", np.abs), ("smooth_l1_loss", lambda d: np.where(abs(d) < 1, d * d / 2, abs(d) - 0.5)),
     ("huber_loss", lambda d: np.where(abs(d) < 1, d * d / 2, abs(d) - 0.5))],
)  # fmt: skip
def test_losses_of_other_shapes_meet_without_a_word(name, of):
    found = operators.find(f"{name}.default")(t(X), t(Q[0]), 0)
    np.testing.assert_allclose(found.data, of(X - Q[0]), rtol=1e-12)
    found = operators.find(f"{name}.default")(t(X[:1]), t(Q), 2)
    np.testing.assert_allclose(found.data, of(X[:1] - Q).sum(), rtol=1e-12)
    logs = operators.find("kl_div.default")(t(X), t(Q[0]), 0)
    np.testing.assert_allclose(logs.data, Q[0] * (np.log(Q[0]) - X), rtol=1e-12)


@pytest.mark.parametrize("first", [False, True])
def test_packed_sequences_are_held_to_the_time_of_the_graph(first):
    pack = operators.find("glassgrad::pack_padded_sequence.default")
    unpack = operators.find("glassgrad::pad_packed_sequence.default")
    x = np.arange(24.0).reshape(4, 3, 2)  # times, samples, features
    padded = t(x.swapaxes(0, 1) if first else x)
    for lengths, full in (([4, 3, 1], True), ([4, 3, 1], False), ([2, 2, 1], False)):
        data, sizes = pack(padded, autograd.tensor(lengths), first, full)
        assert data.shape == (sum(lengths), 2)
        back, counts = unpack(data, sizes, first, -1.0, 4, 3)
        assert counts.tolist() == lengths
        back = back.data.swapaxes(0, 1) if first else back.data
        for k, n in enumerate(lengths):
            assert np.array_equal(back[:n, k], x[:n, k]) and (back[n:, k] == -1.0).all()
    for lengths, full in (
        ([5, 3, 1], False),
        ([5, 3, 1], True),
        ([2, 2, 1], True),
        ([3, 3, 3], True),
    ):
        with pytest.raises(
            ValueError, match=f"must be 4, .* got {lengths[0]}; cut the padding off"
        ):
            pack(padded, autograd.tensor(lengths), first, full)
