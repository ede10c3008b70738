"""Each refusal of the functions and layers, provoked by a call that only it stops."""

import re

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F
from nn import init


def of(*shape):
    return ag.tensor(np.ones(shape))


def running(*shape):
    return ag.tensor(np.zeros(shape))


#: What is called, and how the sentence goes on that refuses it.
REFUSED = {
    "conv2d: weight must have 4 axes": lambda: F.conv2d(of(1, 2, 4, 4), of(3, 2, 3)),
    "conv_transpose1d: bias must have shape (6,), one per output channel": lambda: (
        F.conv_transpose1d(of(1, 4, 5), of(4, 3, 2), of(3), groups=2)
    ),
    "conv_transpose1d: output_padding must be smaller than stride or dilation": lambda: (
        F.conv_transpose1d(of(1, 4, 5), of(4, 3, 2), stride=2, output_padding=2)
    ),
    "conv_transpose1d: the input (1, 4, 5) has 4 channels, but the weight (2, 3, 2) is for 2": (
        lambda: F.conv_transpose1d(of(1, 4, 5), of(2, 3, 2))
    ),
    "conv_transpose1d: the input (1, 3, 4) has 3 channels, but the weight (4, 3, 3) is for 4": (
        lambda: F.conv_transpose1d(of(1, 3, 4), of(4, 3, 3))
    ),
    "conv_transpose1d: the output would have the size 2: input 0": lambda: F.conv_transpose1d(
        of(1, 4, 0), of(4, 3, 3)
    ),
    "unfold: kernel (5, 5) with dilation (1, 1) does not fit the padded input 4×4": (
        lambda: F.unfold(of(1, 3, 4, 4), 5)
    ),
    "conv_transpose1d: the output would have the size 0": lambda: F.conv_transpose1d(
        of(1, 4, 1), of(4, 3, 2), padding=1
    ),
    "fold: input must be (N, C·kH·kW, windows)": lambda: F.fold(of(1, 1, 4, 1), 2, 2),
    "fold: input (1, 3, 1) has 3 rows, which is no multiple of the 4": lambda: F.fold(
        of(1, 3, 1), 2, 2
    ),
    "fold: input (1, 4, 2) has 2 windows, but output_size (2, 2)": lambda: F.fold(
        of(1, 4, 2), 2, 2
    ),
    "bilinear: bias must have shape (2,), got (1,)": lambda: F.bilinear(
        of(3, 4), of(3, 5), of(2, 4, 5), of(1)
    ),
    "bilinear: inputs (..., I₁) and (..., I₂)": lambda: F.bilinear(of(3, 4), of(2, 5), of(2, 4, 5)),
    "linear: x (..., I) and the weight (O, I) do not fit together": lambda: F.linear(
        of(3, 4), of(2, 4, 1)
    ),
    "embedding: with max_norm, weight must be a Tensor": lambda: F.embedding(
        [0], np.ones((2, 3)), max_norm=1.0
    ),
    "embedding: index -1 is not one of the 2 rows": lambda: F.embedding([-1], of(2, 3)),
    "one_hot: class -1 is not one of the 3": lambda: F.one_hot([-1], 3),
    "binary_cross_entropy: input and target must have the same shape, got (2, 3)": lambda: (
        F.binary_cross_entropy(of(2, 3), of(3))
    ),
    "binary_cross_entropy_with_logits: input and target must have the same shape": lambda: (
        F.binary_cross_entropy_with_logits(of(2, 3), of(3))
    ),
    "max_pool2d: input must be (N, C, H, W) or (C, H, W)": lambda: F.max_pool2d(of(4, 4), 2),
    "batch_norm: running_mean must have shape (3,), one per channel, got (2,)": lambda: (
        F.batch_norm(ag.tensor(np.eye(3)), running(2), running(3), training=True)
    ),
    "batch_norm: running_mean must have shape (3,), one per channel, got (4,)": lambda: (
        F.batch_norm(ag.tensor(np.eye(3)), running(4), running(3), training=True)
    ),
    "pad: pad must hold two widths for each": lambda: F.pad(of(1, 1, 4), (1, 2, 3)),
    "interpolate: mode 'area' is for inputs (N, C, *S) with 1 or 2 or 3 spatial axes": lambda: (
        F.interpolate(of(2, 3), 4, mode="area")
    ),
    "interpolate: mode 'linear' is for inputs (N, C, *S) with 1 spatial axes": lambda: (
        F.interpolate(of(1, 2, 3, 3), 4, mode="linear")
    ),
    "interpolate: give either size or scale_factor": lambda: F.interpolate(
        of(1, 2, 3), 4, scale_factor=2
    ),
    "channel_shuffle: input must be (N, C, *S), got shape (2, 4)": lambda: F.channel_shuffle(
        of(2, 4), 2
    ),
    "pixel_shuffle: input must be (..., C, H, W), got shape (4, 4)": lambda: F.pixel_shuffle(
        of(4, 4), 2
    ),
    "trunc_normal_: [5.0, 6.0] holds almost nothing": lambda: init.trunc_normal_(
        of(3), 1.0, 1.0, 5.0, 6.0
    ),
    "Linear: parameters of shape (": lambda: nn.Linear(2**30, 2**30),
    "Conv2d: groups=2 does not divide out_channels=3": lambda: nn.Conv2d(4, 3, 1, groups=2),
    "Conv2d: groups=2 does not divide in_channels=3": lambda: nn.Conv2d(3, 4, 1, groups=2),
    "Conv2d: groups=2 divides neither in_channels=3 nor out_channels=5": lambda: nn.Conv2d(
        3, 5, 1, groups=2
    ),
    "Unflatten: ": lambda: nn.Unflatten(1, (2, 3))(of(2, 5)),
    "BatchNorm2d: ": lambda: nn.BatchNorm2d(3).eval()(ag.tensor(np.ones((2, 3, 4), "f4"))),
    "LSTM: proj_size must be": lambda: nn.LSTM(2, 3, proj_size=1.5),
    "LSTMCell: hx must be a pair of tensors": lambda: nn.LSTMCell(2, 3)(
        ag.ones(1, 2), (ag.ones(1, 3),)
    ),
    "LSTMCell: hx must be a pair of tensors (h": lambda: nn.LSTMCell(2, 3)(
        ag.ones(1, 2), (ag.ones(1, 3),) * 3
    ),
    "GRUCell: hx must have shape (1, 3), got (1, 2)": lambda: nn.GRUCell(2, 3)(
        ag.ones(1, 2), ag.ones(1, 2)
    ),
    "LSTM: input must have shape": lambda: nn.LSTM(2, 3)(ag.ones(4, 1, 5)),
    "Linear: there is no argument 'out_feature'; did you mean 'out_features'?": lambda: nn.Linear(
        2, out_feature=3
    ),
    "Linear: missing a required argument": lambda: nn.Linear(2),
    "Conv2d: a layer is built first and then called: nn.Conv2d(…)(x). Data": lambda: nn.Conv2d(
        of(1)
    ),
    "Conv2d: a layer is built first and then called: nn.Conv2d(…)(x1, x2). Data": lambda: nn.Conv2d(
        of(1), of(2)
    ),
}


@pytest.mark.parametrize("said", REFUSED)
def test_it_is_refused_in_these_words(said):
    with pytest.raises((ValueError, TypeError, IndexError), match=f"^{re.escape(said)}"):
        REFUSED[said]()


def test_words_of_one_mistake_are_not_said_of_another():
    with pytest.raises(TypeError) as caught:  # both an unknown name and too many: which is told
        nn.Linear(2, 3, True, None, None, None, None, None, out_feature=3)
    assert "takes" in str(caught.value)
