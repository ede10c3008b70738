"""Every layer against PyTorch's: constructor, representation, state dict, output, gradients."""

import inspect
import typing

import numpy as np
import pytest

import autograd
import nn
from nn import modules

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

# Name, constructor arguments, shapes of the inputs.
LAYERS = [
    ("Conv1d", (4, 6, 3), {"padding": 1, "groups": 2}, [(2, 4, 7)]),
    ("Conv1d", (2, 3, 3), {"padding": 2, "padding_mode": "circular", "bias": False}, [(2, 5)]),
    ("Conv2d", (3, 4, (3, 2)), {"stride": (2, 1), "padding": (1, 0)}, [(2, 3, 6, 5)]),
    ("Conv2d", (3, 4, 3), {"padding": "same", "padding_mode": "reflect"}, [(2, 3, 6, 5)]),
    ("Conv2d", (3, 4, (4, 3)), {"padding": "same", "dilation": (1, 2)}, [(3, 6, 5)]),
    ("Conv2d", (3, 4, 2), {"padding": "same", "padding_mode": "replicate"}, [(1, 3, 4, 4)]),
    ("Conv2d", (3, 4, 3), {"padding": "valid", "dilation": 2}, [(1, 3, 6, 6)]),
    ("Conv3d", (2, 3, 2), {"stride": 2, "padding_mode": "circular", "padding": 1}, [(1, 2, 4, 3, 4)]),
    ("ConvTranspose1d", (4, 6, 3), {"stride": 2, "output_padding": 1, "groups": 2}, [(2, 4, 3)]),
    ("ConvTranspose2d", (3, 4, 3), {"stride": 2, "padding": 1, "dilation": 2}, [(2, 3, 3, 2)]),
    ("ConvTranspose3d", (2, 3, 2), {"bias": False}, [(1, 2, 2, 3, 2)]),
    ("Unfold", ((2, 3),), {"dilation": 2, "padding": 1, "stride": 2}, [(2, 2, 6, 6)]),
    ("Fold", ((4, 5), (2, 3)), {}, [(2, 12, 9)]),
    ("MaxPool1d", (2,), {"ceil_mode": True}, [(2, 3, 5)]),
    ("MaxPool2d", (3,), {"stride": 2, "padding": 1, "return_indices": True}, [(2, 3, 6, 5)]),
    ("MaxPool3d", ((2, 1, 2),), {"dilation": (1, 1, 2)}, [(1, 2, 4, 3, 5)]),
    ("AvgPool1d", (2,), {"padding": 1, "count_include_pad": False}, [(2, 3, 5)]),
    ("AvgPool2d", ((2, 3),), {"stride": (1, 2), "ceil_mode": True}, [(2, 3, 6, 6)]),
    ("AvgPool3d", (2,), {"divisor_override": 3}, [(1, 2, 4, 3, 4)]),
    ("LPPool1d", (2, 3), {}, [(2, 3, 6)]),
    ("LPPool2d", (3, (2, 3)), {"stride": 2}, [(2, 3, 6, 6)]),
    ("LPPool3d", (2, 2), {}, [(1, 2, 4, 3, 4)]),
    ("AdaptiveAvgPool1d", (3,), {}, [(2, 3, 7)]),
    ("AdaptiveAvgPool2d", ((None, 2),), {}, [(2, 3, 6, 5)]),
    ("AdaptiveAvgPool3d", (2,), {}, [(1, 2, 4, 3, 4)]),
    ("AdaptiveMaxPool1d", (3,), {"return_indices": True}, [(2, 3, 7)]),
    ("AdaptiveMaxPool2d", (2,), {}, [(2, 3, 6, 5)]),
    ("AdaptiveMaxPool3d", ((1, None, 2),), {}, [(1, 2, 4, 3, 4)]),
    ("Linear", (5, 3), {}, [(2, 4, 5)]),
    ("Linear", (5, 3), {"bias": False}, [(5,)]),
    ("Bilinear", (2, 3, 4), {}, [(5, 2), (5, 3)]),
    ("Identity", (1,), {"a": 2}, [(2, 3)]),
    ("Flatten", (), {}, [(2, 3, 4)]),
    ("Flatten", (0, 1), {}, [(2, 3, 4)]),
    ("Unflatten", (1, (2, 3)), {}, [(2, 6, 2)]),
    ("BatchNorm1d", (3,), {}, [(4, 3)]),
    ("BatchNorm1d", (3,), {"momentum": None}, [(4, 3, 2)]),
    ("BatchNorm2d", (3,), {"affine": False, "eps": 1e-3}, [(2, 3, 4, 4)]),
    ("BatchNorm2d", (3,), {"bias": False}, [(2, 3, 4, 4)]),
    ("BatchNorm3d", (3,), {"track_running_stats": False}, [(2, 3, 2, 2, 2)]),
    ("InstanceNorm1d", (3,), {}, [(2, 3, 4)]),
    ("InstanceNorm2d", (3,), {"affine": True, "track_running_stats": True}, [(2, 3, 4, 4)]),
    ("InstanceNorm3d", (3,), {"affine": True}, [(3, 2, 2, 2)]),
    ("LayerNorm", (4,), {}, [(2, 3, 4)]),
    ("LayerNorm", ((3, 4),), {"bias": False}, [(2, 3, 4)]),
    ("LayerNorm", ([4],), {"elementwise_affine": False}, [(2, 3, 4)]),
    ("GroupNorm", (2, 4), {}, [(2, 4, 3)]),
    ("GroupNorm", (2, 4), {"affine": False}, [(2, 4, 3)]),
    ("RMSNorm", (4,), {}, [(2, 4)]),
    ("LocalResponseNorm", (3,), {"k": 2.0}, [(2, 5, 3)]),
    ("Dropout", (0.3,), {}, [(2, 3)]),
    ("Dropout1d", (), {}, [(2, 3, 4)]),
    ("Dropout2d", (0.0,), {"inplace": True}, [(2, 3, 4, 4)]),
    ("Dropout3d", (), {}, [(2, 3, 4, 4, 4)]),
    ("AlphaDropout", (0.3,), {}, [(2, 3)]),
    ("FeatureAlphaDropout", (), {}, [(2, 3, 4)]),
    ("RReLU", (0.2,), {"upper": 0.5}, [(2, 3)]),
    ("ReLU", (), {}, [(2, 3)]),
    ("ReLU", (), {"inplace": True}, [(2, 3)]),
    ("ReLU6", (), {}, [(2, 3)]),
    ("LeakyReLU", (0.2,), {}, [(2, 3)]),
    ("PReLU", (), {}, [(2, 3, 4)]),
    ("PReLU", (3,), {"init": 0.1}, [(2, 3, 4)]),
    ("ELU", (0.5,), {}, [(2, 3)]),
    ("SELU", (), {}, [(2, 3)]),
    ("CELU", (2.0,), {}, [(2, 3)]),
    ("GELU", (), {}, [(2, 3)]),
    ("GELU", ("tanh",), {}, [(2, 3)]),
    ("SiLU", (), {}, [(2, 3)]),
    ("Mish", (), {}, [(2, 3)]),
    ("Softplus", (2,), {"threshold": 5}, [(2, 3)]),
    ("Softsign", (), {}, [(2, 3)]),
    ("Softshrink", (), {}, [(2, 3)]),
    ("Hardshrink", (), {}, [(2, 3)]),
    ("Tanhshrink", (), {}, [(2, 3)]),
    ("Hardtanh", (-2, 1), {}, [(2, 3)]),
    ("Hardsigmoid", (), {}, [(2, 3)]),
    ("Hardswish", (), {}, [(2, 3)]),
    ("Sigmoid", (), {}, [(2, 3)]),
    ("LogSigmoid", (), {}, [(2, 3)]),
    ("Tanh", (), {}, [(2, 3)]),
    ("Threshold", (0.1, 20), {}, [(2, 3)]),
    ("GLU", (1,), {}, [(2, 4)]),
    ("Softmax", (1,), {}, [(2, 3)]),
    ("Softmax2d", (), {}, [(2, 3, 2, 2)]),
    ("LogSoftmax", (-1,), {}, [(2, 3)]),
    ("Softmin", (0,), {}, [(2, 3)]),
    ("Upsample", (), {"scale_factor": 2, "mode": "bilinear"}, [(1, 2, 3, 3)]),
    ("Upsample", ((4, 5),), {}, [(1, 2, 3, 3)]),
    ("UpsamplingNearest2d", (), {"scale_factor": 2}, [(1, 2, 3, 3)]),
    ("UpsamplingBilinear2d", (5,), {}, [(1, 2, 3, 3)]),
    ("PixelShuffle", (2,), {}, [(1, 4, 3, 3)]),
    ("PixelUnshuffle", (2,), {}, [(1, 1, 4, 4)]),
    ("ChannelShuffle", (2,), {}, [(1, 4, 3, 3)]),
    ("CosineSimilarity", (), {}, [(2, 3), (2, 3)]),
    ("PairwiseDistance", (1.0,), {"keepdim": True}, [(2, 3), (2, 3)]),
    ("MSELoss", (), {}, [(2, 3), (2, 3)]),
    ("L1Loss", (), {"reduction": "none"}, [(2, 3), (2, 3)]),
    ("SmoothL1Loss", (), {"beta": 0.5}, [(2, 3), (2, 3)]),
    ("HuberLoss", ("sum", 0.5), {}, [(2, 3), (2, 3)]),
    ("KLDivLoss", (), {"log_target": True, "reduction": "batchmean"}, [(2, 3), (2, 3)]),
    ("BCEWithLogitsLoss", (), {}, [(2, 3), (2, 3)]),
]  # fmt: skip
for _mode in ("Circular", "Constant", "Reflection", "Replication", "Zero"):
    for _n in (1, 2, 3):
        _more = (1.5,) if _mode == "Constant" else ()
        _image = (2, 3, 4, 3, 5)[: 2 + _n]
        LAYERS.append((f"{_mode}Pad{_n}d", (1, *_more), {}, [_image]))
        LAYERS.append((f"{_mode}Pad{_n}d", ((2, 1, 1, 0, 0, 2)[: 2 * _n], *_more), {}, [_image]))

SEPARATELY = {
    "Embedding", "EmbeddingBag", "MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d", "CrossEntropyLoss", "NLLLoss", "BCELoss",
    "RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell", "MultiheadAttention", "Transformer",
    "TransformerEncoder", "TransformerEncoderLayer", "TransformerDecoder",
    "TransformerDecoderLayer",
    "CTCLoss", "CosineEmbeddingLoss", "GaussianNLLLoss", "HingeEmbeddingLoss", "MarginRankingLoss",
    "MultiLabelMarginLoss", "MultiLabelSoftMarginLoss", "MultiMarginLoss", "PoissonNLLLoss",
    "SoftMarginLoss", "TripletMarginLoss", "TripletMarginWithDistanceLoss",
    "LazyLinear",
    *(f"Lazy{kind}{n}d" for kind in ("Conv", "ConvTranspose", "BatchNorm", "InstanceNorm")
      for n in (1, 2, 3)),
}  # fmt: skip


#: Lazy layers, their arguments, and the shape of an input.
LAZY = {
    "LazyLinear": ((5,), (2, 3)),
    **{f"LazyConv{n}d": ((4, 3), (2, 3, *[5] * n)) for n in (1, 2, 3)},
    **{f"LazyConvTranspose{n}d": ((4, 3), (2, 3, *[3] * n)) for n in (1, 2, 3)},
    **{f"LazyBatchNorm{n}d": ((), (2, 3, *[3] * n)) for n in (1, 2, 3)},
    **{f"LazyInstanceNorm{n}d": ((), (2, 3, *[3] * n)) for n in (1, 2, 3)},
}


def test_every_layer_is_here():
    assert {name for name, *_ in LAYERS} | SEPARATELY | set(LAZY) == set(modules.__all__)


@pytest.mark.parametrize("name", LAZY)
def test_lazy_layers(torch, compare, rng, name):
    args, shape = LAZY[name]
    theirs, ours = getattr(torch.nn, name)(*args).double(), getattr(nn, name)(*args).double()
    assert repr(ours) == repr(theirs)
    x = rng.normal(size=shape)
    theirs(torch.tensor(x))
    ours(autograd.tensor(x))
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict({key: value.numpy() for key, value in theirs.state_dict().items()})
    compare(theirs.eval(), ours.eval(), [x])


@pytest.mark.parametrize("name", modules.__all__)
def test_constructors_have_pytorchs_parameters(torch, name):
    made = getattr(torch.nn, name).__init__
    theirs = inspect.signature((typing.get_overloads(made) or [made])[0]).parameters
    ours = inspect.signature(getattr(nn, name).__init__).parameters
    former = {"_weight", "_freeze", "min_value", "max_value"}

    def plain(parameters, left_out):  # functions by their names
        return [
            (p.name, getattr(p.default, "__name__", p.default))
            for p in parameters.values()
            if p.name not in left_out and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        ]

    assert plain(ours, {"generator"}) == plain(theirs, former)


@pytest.mark.parametrize("name, args, kwargs, shapes", LAYERS, ids=lambda v: str(v)[:40])
def test_layer(torch, compare, rng, name, args, kwargs, shapes):
    theirs = getattr(torch.nn, name)(*args, **kwargs).double()
    ours = getattr(nn, name)(*args, **kwargs).double()
    assert repr(ours) == repr(theirs)
    state = {key: value.numpy() for key, value in theirs.state_dict().items()}
    assert list(ours.state_dict()) == list(state)
    for key, value in ours.state_dict().items():
        assert value.shape == state[key].shape, key
        if key.endswith(("running_mean", "running_var")):
            np.testing.assert_array_equal(value.data, state[key])
    ours.load_state_dict(state)
    arrays = [rng.standard_normal(shape) for shape in shapes]
    if name.startswith("LPPool"):
        arrays = [abs(a) for a in arrays]
    if kwargs.get("inplace"):
        return  # PyTorch would write into the input
    random = name == "RReLU" or ("Dropout" in name and theirs.p > 0)
    order = 1 if name == "Hardsigmoid" else 2
    close = {"rtol": 1e-7, "atol": 1e-9}
    if not random:
        compare(theirs, ours, arrays, order=order, **close)
        for key, value in theirs.state_dict().items():
            np.testing.assert_allclose(ours.state_dict()[key].data, value.numpy(), rtol=1e-12)
    theirs.eval(), ours.eval()
    compare(theirs, ours, arrays, order=order, **close)
    assert compare.refused == 0


@pytest.mark.parametrize(
    "name, args",
    [
        ("Conv2d", (4, 64, 3)), ("Conv1d", (4, 64, 5, 1, 0, 1, 2)), ("ConvTranspose2d", (16, 32, 3)),
        ("ConvTranspose2d", (16, 32, 3, 1, 0, 0, 4)), ("Linear", (50, 60)), ("Bilinear", (9, 8, 40)),
        ("Embedding", (100, 30)), ("Embedding", (100, 30, 2)), ("PReLU", (3,)), ("BatchNorm2d", (4,)),
        ("LayerNorm", (4,)), ("GroupNorm", (2, 4)),
    ],
)  # fmt: skip
def test_parameters_start_with_pytorchs_distribution(torch, name, args):
    torch.manual_seed(0)
    nn.manual_seed(0)
    theirs, ours = getattr(torch.nn, name)(*args), getattr(nn, name)(*args)
    for (key, wanted), (own_key, got) in zip(
        theirs.named_parameters(), ours.named_parameters(), strict=True
    ):
        assert key == own_key
        wanted, got = wanted.detach().numpy(), np.asarray(got.data)
        assert got.shape == wanted.shape and got.dtype == wanted.dtype
        if wanted.size > 1000:
            from scipy.stats import ks_2samp

            assert ks_2samp(wanted.ravel(), got.ravel()).pvalue > 1e-3, key
        limit = max(abs(wanted).max(), 1e-12)
        assert abs(got).max() <= limit * (1.6 if "Embedding" in name else 1.2), key
        if wanted.std() == 0:
            np.testing.assert_array_equal(got, wanted)


def test_embedding_and_weighted_losses(torch, compare, rng):
    for kwargs in ({}, {"padding_idx": 2}, {"padding_idx": -1, "scale_grad_by_freq": True}):
        theirs, ours = torch.nn.Embedding(5, 3, **kwargs), nn.Embedding(5, 3, **kwargs)
        assert repr(theirs) == repr(ours)
        ours.load_state_dict(theirs.state_dict())
        index = rng.integers(0, 5, (4, 6))
        wanted, got = theirs(torch.tensor(index)), ours(index)
        np.testing.assert_array_equal(got.data, wanted.detach().numpy())
        (wanted**2).sum().backward()
        (got**2).sum().backward()
        np.testing.assert_allclose(ours.weight.grad.data, theirs.weight.grad.numpy(), rtol=1e-5)
    weight = rng.uniform(0.5, 2.0, 3)
    target = rng.integers(0, 3, 4)
    for name in ("CrossEntropyLoss", "NLLLoss"):
        for kwargs in ({}, {"ignore_index": 1}, {"reduction": "sum"}):
            theirs = getattr(torch.nn, name)(torch.tensor(weight), **kwargs)
            ours = getattr(nn, name)(weight, **kwargs)
            assert repr(theirs) == repr(ours) and list(theirs.state_dict()) == list(
                ours.state_dict()
            )
            compare(
                lambda x, loss=theirs: loss(x, torch.tensor(target)),
                lambda x, loss=ours: loss(x, target),
                [rng.standard_normal((4, 3))],
            )
    compare(
        torch.nn.BCELoss(torch.tensor(weight)),
        nn.BCELoss(weight),
        [*rng.uniform(0.1, 0.9, (2, 4, 3))],
    )
    compare(
        torch.nn.BCEWithLogitsLoss(pos_weight=torch.tensor(weight)),
        nn.BCEWithLogitsLoss(pos_weight=weight),
        [rng.standard_normal((4, 3)), rng.random((4, 3))],
    )


@pytest.mark.parametrize("n", [1, 2, 3])
def test_max_unpool(torch, compare, rng, n):
    theirs, ours = (getattr(lib, f"MaxUnpool{n}d")(2) for lib in (torch.nn, nn))
    assert repr(theirs) == repr(ours)
    pool = getattr(torch.nn, f"MaxPool{n}d")(2, return_indices=True)
    x = torch.tensor(rng.standard_normal((2, 3, 5, 4, 6)[: 2 + n]))
    values, indices = pool(x)
    compare(
        lambda y: theirs(y, indices, output_size=x.shape),
        lambda y: ours(y, indices.numpy(), output_size=tuple(x.shape)),
        [values.numpy()],
    )


def test_transposed_output_size(torch, rng):
    for name, n in (("ConvTranspose1d", 1), ("ConvTranspose2d", 2)):
        theirs = getattr(torch.nn, name)(2, 3, 3, stride=3, padding=1).double()
        ours = getattr(nn, name)(2, 3, 3, stride=3, padding=1).double()
        ours.load_state_dict(theirs.state_dict())
        x = rng.standard_normal((1, 2, 4, 4)[: 2 + n])
        for size in (10, 11, 12, 13, 9):
            sizes = [size] * n
            try:
                wanted = theirs(torch.tensor(x), sizes)
            except ValueError:
                with pytest.raises(ValueError, match="output_size must lie from"):
                    ours(autograd.tensor(x), sizes)
                continue
            np.testing.assert_allclose(
                ours(autograd.tensor(x), sizes).data, wanted.detach().numpy(), rtol=1e-9
            )
