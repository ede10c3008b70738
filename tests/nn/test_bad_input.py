"""Everything wrong is refused, by the right kind of error, naming who refuses and what came."""

import inspect
import warnings

import numpy as np
import pytest

import autograd
import nn
import nn.functional as F
from nn import modules
from tests import calls

KINDS = (ValueError, TypeError, IndexError, RuntimeError)
JUNK = [
    0, -1, True, 2.5, "3", None, (), (1, 2, 3, 4, 5, 6, 7), ((1, 2), 3), 2**40, 2**62, float("nan"),
    "nonsense", object(), b"3", [1, [2]], {}, 1j,
]  # fmt: skip

# Arguments with which every function works.
SOUND = calls.FUNCTIONAL


def refusal(function, /, *args, **kwargs):
    """The error, or None if there was none; any other kind of error fails the test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            function(*args, **kwargs)
        except KINDS as error:
            return error
    return None


def wrong_data():
    for name, sound in SOUND.items():
        for argument, value in sound.items():
            if isinstance(value, np.ndarray) and value.dtype.kind == "f":
                yield name, argument


#: Counts and masks beside floats, and what only moves elements: as in PyTorch, of any dtype.
WHOLE = {
    *((name, "target") for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss",
                                    "gaussian_nll_loss", "poisson_nll_loss")),
    *((name, "weight") for name in ("mse_loss", "l1_loss", "huber_loss", "binary_cross_entropy",
                                    "binary_cross_entropy_with_logits")),
    ("binary_cross_entropy_with_logits", "pos_weight"),
    *((name, "input") for name in ("pad", "pixel_shuffle", "pixel_unshuffle", "channel_shuffle")),
}  # fmt: skip


@pytest.mark.parametrize("name, argument", list(wrong_data()))
def test_data_that_are_no_floats_are_refused(name, argument):
    function, sound = getattr(F, name), SOUND[name]
    value = sound[argument]
    if (name, argument) in (("cross_entropy", "weight"), ("relu", "input")):
        return  # whole numbers are understood, too
    if argument == "attn_mask":
        return  # bools have a meaning of their own
    whole = [] if (name, argument) in WHOLE else [value.astype(int), value.astype(bool)]
    for bad in (
        *whole,
        *map(autograd.tensor, whole),
        np.full(value.shape, "text", object),
        "text",
        object(),
    ):
        error = refusal(function, **{**sound, argument: bad})
        assert isinstance(error, (TypeError, ValueError)), (argument, bad)
        assert str(error).startswith(name), str(error)


@pytest.mark.parametrize("name", SOUND)
def test_wrong_shapes_are_refused_or_understood(name):
    function, sound = getattr(F, name), SOUND[name]
    for argument, value in sound.items():
        if not isinstance(value, np.ndarray):
            continue
        for shape in [
            (),
            (0,),
            (3,),
            (2, 0),
            (0, 3),
            (5, 4, 3),
            (1, 2, 3, 4),
            (2,) * 5,
            (1,) * 6,
            (0,) * 4,
        ]:
            error = refusal(function, **{**sound, argument: np.ones(shape, value.dtype)})
            if error is not None:
                assert str(error).startswith(name), (argument, shape, str(error))


# Layers -------------------------------------------------------------------------------------------

REQUIRED = {
    "in_channels": 4, "out_channels": 4, "kernel_size": 2, "output_size": 3, "in_features": 3,
    "out_features": 3, "in1_features": 3, "in2_features": 3, "num_features": 4,
    "normalized_shape": 4, "num_groups": 2, "num_channels": 4, "num_embeddings": 5,
    "embedding_dim": 3, "norm_type": 2, "padding": 1, "value": 1.0, "threshold": 0.5, "size": 3,
    "dim": 1, "unflattened_size": (2, 2), "upscale_factor": 2, "downscale_factor": 2, "groups": 2,
    "input_size": 3, "hidden_size": 4, "embed_dim": 4, "num_heads": 2, "d_model": 4, "nhead": 2,
    "num_layers": 2, "encoder_layer": nn.TransformerEncoderLayer(4, 2, 4),
    "decoder_layer": nn.TransformerDecoderLayer(4, 2, 4),
}  # fmt: skip


def arguments_of(layer):
    parameters = inspect.signature(layer.__init__).parameters
    plain = [
        p for p in list(parameters.values())[1:] if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
    needed = {p.name: REQUIRED[p.name] for p in plain if p.default is p.empty}
    if layer.__name__.startswith("Upsam"):
        needed = {"size": 3}
    if layer.__name__ == "Transformer":  # the default size takes its time
        needed = {"d_model": 4, "nhead": 2, "dim_feedforward": 4}
        needed |= {"num_encoder_layers": 1, "num_decoder_layers": 1}
    return [p.name for p in plain], needed


@pytest.mark.parametrize("name", modules.__all__)
def test_layers_refuse_junk_when_they_are_made(name):
    layer = getattr(nn, name)
    names, needed = arguments_of(layer)
    layer(**needed)
    for argument in names:
        for junk in JUNK:
            error = refusal(layer, **{**needed, argument: junk})
            if error is not None:
                assert str(error).startswith(name), (argument, junk, str(error))


@pytest.mark.parametrize("name", modules.__all__)
def test_sizes_of_layers_are_positive_integers(name):
    layer = getattr(nn, name)
    _, needed = arguments_of(layer)
    sizes = {
        key for key in needed
        if key.endswith(("channels", "features", "factor", "groups", "embeddings", "_dim"))
        or key in ("kernel_size", "normalized_shape")
    }  # fmt: skip
    for argument in sizes:
        for bad in (0, -1, True, 2.5, "3", None, 2**62):
            if argument == "kernel_size" and bad == 2**62 and not name.startswith("Conv"):
                continue
            if bad == 2**62 and (
                "factor" in argument or argument == "groups" or "Instance" in name
            ):
                continue  # makes no parameters of that size
            assert refusal(layer, **{**needed, argument: bad}) is not None, (argument, bad)


# Messages -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call, kind, message",
    [
        (lambda: F.conv2d(np.ones((1, 1, 5, 5)), np.ones((1, 1, 6, 6))), ValueError,
         r"conv2d: kernel \(6, 6\) with dilation \(1, 1\) does not fit the padded input 5×5"),
        (lambda: F.conv2d(np.ones((1, 1, 5, 5)), np.ones((1, 1, 3, 3)), dilation=3), ValueError,
         r"conv2d: kernel \(3, 3\) with dilation \(3, 3\) does not fit the padded input 5×5"),
        (lambda: nn.Conv2d(4, 5, 3, groups=3), ValueError,
         "Conv2d: groups=3 divides neither in_channels=4 nor out_channels=5"),
        (lambda: nn.Conv2d(3, 4, 3, groups=3), ValueError, "groups=3 does not divide out_channels=4"),
        (lambda: nn.Conv2d(0, 4, 3), ValueError, "Conv2d: in_channels must be a positive integer, got 0"),
        (lambda: nn.Conv2d(1, 1, 3, padding="same", stride=2), ValueError, "'same' needs stride 1"),
        (lambda: nn.Conv2d(1, 1, 3, padding="full"), ValueError, "'valid' or 'same'"),
        (lambda: nn.Conv2d(1, 1, 3, padding_mode="mirror"), ValueError, "padding_mode must be one of"),
        (lambda: nn.Conv2d(2**20, 2**20, 2**10), ValueError, "too large.*this machine has"),
        (lambda: nn.Linear(3, 4)(autograd.ones(2, 5)), ValueError, r"\(2, 5\).*\(4, 3\)"),
        (lambda: F.conv2d(autograd.ones(1, 3, 5, 5), autograd.ones(1, 2, 2, 2)), ValueError,
         r"\(1, 3, 5, 5\) has 3 channels.*kernel \(1, 2, 2, 2\)"),
        (lambda: F.conv2d(autograd.ones(3), autograd.ones(1, 2, 2, 2)), ValueError,
         r"conv2d: input must be \(N, C, H, W\) or \(C, H, W\), got shape \(3,\)"),
        (lambda: F.conv_transpose2d(autograd.ones(1, 1, 2, 2), autograd.ones(1, 1, 1, 1), padding=2),
         ValueError, "the output would have the size -2×-2"),
        (lambda: F.conv_transpose2d(autograd.ones(1, 1, 2, 2), autograd.ones(1, 1, 1, 1),
                                    output_padding=1), ValueError, "smaller than stride or dilation"),
        (lambda: F.max_pool2d(autograd.ones(1, 1, 5, 5), 2, padding=2), ValueError, "at most half"),
        (lambda: F.max_pool2d(autograd.ones(1, 1, 5, 5), 6), ValueError, r"\(6, 6\).*5×5"),
        (lambda: F.max_pool2d(autograd.ones(1, 1, 0, 5), 1), ValueError, "0×5"),
        (lambda: F.pad(autograd.ones(1, 1, 3), (3, 0), "reflect"), ValueError, "reflect.*3"),
        (lambda: F.pad(autograd.ones(1, 1, 3), (-2, -2)), ValueError, "-2"),
        (lambda: F.pad(autograd.ones(3), (2**40, 2**40)), ValueError, "this machine has"),
        (lambda: F.cross_entropy(autograd.ones(2, 3), [0, 3]), IndexError, "target 3 is not one of the 3"),
        (lambda: F.nll_loss(autograd.ones(2, 3), [0, -1]), IndexError, "target -1"),
        (lambda: F.embedding([4], autograd.ones(4, 2)), IndexError, "index 4 is not one of the 4 rows"),
        (lambda: F.cross_entropy(autograd.ones(2, 3), [0, 1, 2]), ValueError, r"\(2,\), got \(3,\)"),
        (lambda: F.mse_loss(autograd.ones(2), autograd.ones(3)), ValueError, r"\(2,\) and \(3,\)"),
        (lambda: F.mse_loss(autograd.ones(2), autograd.ones(2), reduction="avg"), ValueError, "'avg'"),
        (lambda: nn.BatchNorm2d(3)(autograd.ones(2, 4, 1, 2)), ValueError, "4 channels.*is 3"),
        (lambda: nn.BatchNorm1d(3)(autograd.ones(1, 3)), ValueError, "more than 1 value per channel"),
        (lambda: nn.BatchNorm2d(3)(autograd.ones(2, 3)), ValueError, r"must be \(N, C, H, W\)"),
        (lambda: nn.Dropout(1.5), ValueError, "Dropout: p must"),
        (lambda: nn.Conv2d(1, 1, 1, device="cuda"), ValueError, "no device but the CPU"),
        (lambda: nn.Conv2d(1, 1, 1, dtype=np.int32), TypeError, "dtype must be float16"),
        (lambda: F.pool2d(autograd.ones(1, 4, 4), lambda w: w, 2), ValueError, "must reduce the last 2 axes"),
        (lambda: F.interpolate(autograd.ones(1, 1, 3), size=2**50), ValueError, "this machine has"),
    ],
)  # fmt: skip
def test_messages(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
