"""First and second gradients of nn's functions by differences; values by plain loops."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
import nn.functional as F
from autograd.func import gradcheck, gradgradcheck

rng = np.random.default_rng(3)
x1, x2, x3 = (rng.standard_normal((2, 4, 5, 4, 3)[: 2 + n]) for n in (1, 2, 3))
w2 = rng.standard_normal((2, 2, 2, 3))
positive = rng.uniform(0.5, 2.0, (2, 4, 4, 4))
pairs = rng.standard_normal((2, 4, 3))

FUNCTIONS = {
    "conv1d": (lambda x, w: F.conv1d(x, w, padding="same"), x1, rng.standard_normal((2, 4, 2))),
    "conv2d": (lambda x, w: F.conv2d(x, w, stride=2, padding=1, groups=2), x2, w2),
    "conv3d": (F.conv3d, x3, rng.standard_normal((1, 4, 2, 2, 2))),
    "convolve2d": (lambda x, w: F.convolve2d(x, w, groups=2), x2, w2),
    "conv_transpose2d": (
        lambda x, w: F.conv_transpose2d(x, w, stride=2, output_padding=1, groups=2),
        x2,
        rng.standard_normal((4, 1, 2, 3)),
    ),
    "unfold": (lambda x: F.unfold(x, 2, padding=1, stride=2), x2),
    "fold": (lambda x: F.fold(x, (3, 4), 2), rng.standard_normal((1, 8, 6))),
    "max_pool2d": (lambda x: F.max_pool2d(x, 2, stride=1), x2),
    "avg_pool2d": (lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False), x2),
    "lp_pool2d": (lambda x: F.lp_pool2d(x, 3, 2), positive),
    "adaptive_avg_pool2d": (lambda x: F.adaptive_avg_pool2d(x, 3), x2),
    "adaptive_max_pool1d": (lambda x: F.adaptive_max_pool1d(x, 3), x1),
    "pool2d": (lambda x: F.pool2d(x, lambda w: autograd.logsumexp(w, axis=(-2, -1)), 2), x2),
    "max_unpool1d": (lambda x: F.max_unpool1d(x, np.array([[[0, 3, 3]]]), 2), x1[:1, :1, :3]),
    "reflect": (lambda x: F.pad(x, (2, 1), "reflect"), x1),
    "replicate": (lambda x: F.pad(x, (3, -1), "replicate"), x1),
    "circular": (lambda x: F.pad(x, (2, 1, 1, 0), "circular"), x2),
    "bicubic": (lambda x: F.interpolate(x, (3, 7), mode="bicubic"), x2),
    "bilinear": (F.bilinear, *pairs, rng.standard_normal((2, 3, 3))),
    "linear": (F.linear, pairs[0], rng.standard_normal((2, 3)), rng.standard_normal(2)),
    "embedding": (lambda w: F.embedding([0, 2, 2], w), pairs[0]),
    "batch_norm": (lambda x: F.batch_norm(x, None, None, training=True), x2),
    "layer_norm": (lambda x: F.layer_norm(x, (5,)), x1),
    "group_norm": (lambda x: F.group_norm(x, 2), x2),
    "instance_norm": (F.instance_norm, x2),
    "rms_norm": (lambda x: F.rms_norm(x, 5), x1),
    "local_response_norm": (lambda x: F.local_response_norm(x, 3, alpha=0.5), x1),
    "normalize": (F.normalize, pairs[0]),
    "cosine_similarity": (F.cosine_similarity, *pairs),
    "pairwise_distance": (F.pairwise_distance, *pairs),
    "pixel_shuffle": (lambda x: F.pixel_shuffle(x, 2), x2),
    "softmin": (lambda x: F.softmin(x, 1), pairs[0]),
    "glu": (lambda x: F.glu(x, 0), pairs[0]),
    "prelu": (F.prelu, x1, np.array([0.1, 0.2, 0.3, 0.4])),
    "selu": (F.selu, pairs[0]),
    "celu": (lambda x: F.celu(x, 0.7), pairs[0]),
    "gelu": (F.gelu, pairs[0]),
    "mish": (F.mish, pairs[0]),
    "cross_entropy": (lambda x: F.cross_entropy(x, [0, 2, 1, 1], label_smoothing=0.1), pairs[0]),
    "ignored": (lambda x: F.cross_entropy(x, [0, 2, 1, 1], ignore_index=1), pairs[0]),
    "probabilities": (F.cross_entropy, pairs[0], abs(pairs[1])),
    "nll_loss": (lambda x: F.nll_loss(x, [0, 2, 1, 1], [1.0, 2.0, 3.0]), pairs[0]),
    "bce": (F.binary_cross_entropy, *rng.uniform(0.1, 0.9, (2, 3))),
    "bce_with_logits": (F.binary_cross_entropy_with_logits, *pairs),
    "kl_div": (F.kl_div, pairs[0], abs(pairs[1])),
    "huber_loss": (F.huber_loss, *pairs),
    "smooth_l1_loss": (lambda x, y: F.smooth_l1_loss(x, y, beta=0.5), *pairs),
    "mse_loss": (F.mse_loss, *pairs),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients(name):
    function, *arrays = FUNCTIONS[name]
    assert gradcheck(function, *arrays)
    assert gradgradcheck(function, *arrays)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_single_precision_stays(name):
    function, *arrays = FUNCTIONS[name]
    inputs = [autograd.tensor(a.astype(np.float32), requires_grad=True) for a in arrays]
    result = function(*inputs)
    assert result.dtype == np.float32
    autograd.sum(result).backward()
    assert all(t.grad.dtype == np.float32 for t in inputs)


sizes = st.integers(1, 6)


@given(sizes, sizes, st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(0, 2),
       st.integers(1, 2), st.integers(1, 2))  # fmt: skip
def test_conv2d_is_the_sum_it_says(height, width, kh, kw, stride, padding, dilation, groups):
    random = np.random.default_rng(height + 10 * width)
    x = random.standard_normal((2, 2 * groups, height, width))
    w = random.standard_normal((groups, 2, kh, kw))
    bias = random.standard_normal(groups)
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    spans = [dilation * (k - 1) + 1 for k in (kh, kw)]
    out = [(n - span) // stride + 1 for n, span in zip(padded.shape[2:], spans, strict=True)]
    arguments = (x, w, bias, stride, padding, dilation, groups)
    if min(n - span for n, span in zip(padded.shape[2:], spans, strict=True)) < 0:
        with pytest.raises(ValueError, match="does not fit the padded input"):
            F.conv2d(*arguments)
        return
    wanted = np.zeros((2, groups, *out))
    for o, i, j, c, u, v in itertools.product(
        range(groups), range(out[0]), range(out[1]), range(2), range(kh), range(kw)
    ):
        cell = padded[:, 2 * o + c, i * stride + u * dilation, j * stride + v * dilation]
        wanted[:, o, i, j] += cell * w[o, c, u, v]
    wanted += bias[:, None, None]
    np.testing.assert_allclose(F.conv2d(*arguments), wanted, rtol=1e-9, atol=1e-12)
    # The transposed convolution is the adjoint: <conv(x), y> = <x, transposed(y)>.
    y = random.standard_normal(wanted.shape)
    rest = tuple((n - span) % stride for n, span in zip(padded.shape[2:], spans, strict=True))
    back = F.conv_transpose2d(y, w, None, stride, padding, rest, groups, dilation)
    left = np.vdot(F.conv2d(x, w, None, stride, padding, dilation, groups), y)
    np.testing.assert_allclose(np.vdot(x, back), left, rtol=1e-9, atol=1e-9)


@given(sizes, st.integers(1, 3), st.integers(1, 3), st.booleans(), st.booleans(), st.data())
def test_pooling_is_what_its_windows_say(length, kernel, stride, ceil_mode, include, data):
    padding = data.draw(st.integers(0, kernel // 2))
    x = np.random.default_rng(length).standard_normal((1, 1, length))
    span = length + 2 * padding - kernel
    count = (-(-span // stride) if ceil_mode else span // stride) + 1
    if ceil_mode and (count - 1) * stride >= length + padding:
        count -= 1
    if count < 1:
        return
    means, maxima = [], []
    for i in range(count):
        start = i * stride - padding
        stop = min(start + kernel, length + padding)
        cells = x[0, 0, max(start, 0) : min(stop, length)]
        means.append(cells.sum() / (stop - start if include else len(cells)))
        maxima.append(cells.max())
    got = F.avg_pool1d(x, kernel, stride, padding, ceil_mode, include)
    np.testing.assert_allclose(np.ravel(got), means, rtol=1e-12, atol=1e-15)
    got = F.max_pool1d(x, kernel, stride, padding, 1, ceil_mode)
    np.testing.assert_array_equal(np.ravel(got), maxima)


def test_empty_batches_zero_channels_and_single_images():
    assert F.conv2d(np.ones((0, 3, 5, 5)), np.ones((4, 3, 2, 2))).shape == (0, 4, 4, 4)
    nothing = F.conv2d(np.ones((2, 0, 5, 5)), np.ones((4, 0, 2, 2)), np.arange(4.0))
    np.testing.assert_array_equal(
        nothing, np.broadcast_to(np.arange(4.0)[:, None, None], (2, 4, 4, 4))
    )
    assert F.conv_transpose2d(np.ones((0, 3, 5, 5)), np.ones((3, 4, 2, 2))).shape == (0, 4, 6, 6)
    x = np.random.default_rng(0).standard_normal((3, 5, 5))
    w = np.random.default_rng(1).standard_normal((4, 3, 2, 2))
    np.testing.assert_array_equal(F.conv2d(x, w), F.conv2d(x[None], w)[0])
    np.testing.assert_array_equal(F.max_pool2d(x, 2), F.max_pool2d(x[None], 2)[0])


@pytest.mark.parametrize(
    ("n", "shape", "leading"),
    [(1, (40, 3), 1), (1, (6, 40, 3), 2), (2, (6, 40, 3), 2), (2, (6, 40, 3, 2), 2),
     (3, (40, 3, 2, 2), 1), (3, (6, 40, 3, 2, 2), 2)],
)  # fmt: skip
def test_dropout_takes_whole_channels_each_for_itself(n, shape, leading):
    drop, x = getattr(F, f"dropout{n}d"), autograd.ones(*shape)
    y = drop(x, 0.5, generator=np.random.default_rng(0)).numpy()
    channels = y.reshape(-1, 40, int(np.prod(shape[leading:])))
    assert (channels == channels[..., :1]).all()
    for sample in channels[..., 0]:
        assert set(sample) == {0.0, 2.0}
    if leading == 2:
        assert len({tuple(sample) for sample in channels[..., 0]}) == 6
    for wrong in (shape[0], (2,) * (n + 3), (2,) * n):
        with pytest.raises(
            ValueError, match=f"^dropout{n}d: input must have {n + 1} or {n + 2} axes"
        ):
            drop(autograd.ones(wrong), 0.5)


def test_dropout_keeps_the_mean_and_is_repeatable():
    x = autograd.ones(100, 200, requires_grad=True)
    one = F.dropout(x, 0.25, generator=np.random.default_rng(0))
    two = F.dropout(x, 0.25, generator=np.random.default_rng(0))
    np.testing.assert_array_equal(one.data, two.data)
    assert set(np.unique(one.data)) == {np.float32(0.0), np.float32(1 / 0.75)}
    assert abs(one.data.mean() - 1.0) < 0.02
    one.sum().backward()
    np.testing.assert_array_equal(x.grad.data, one.data)
    channels = F.dropout2d(autograd.ones(8, 50, 3, 3), 0.5, generator=np.random.default_rng(1)).data
    assert (channels == channels[..., :1, :1]).all() and 0.3 < (channels == 0).mean() < 0.7
    assert F.dropout(x, 0.5, training=False) is x
    assert not F.dropout(x, 1.0).data.any()
