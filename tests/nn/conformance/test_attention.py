"""Attention and transformers against PyTorch: values, gradients and state dicts."""

import itertools

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore::UserWarning")]

BOTH = (False, True)


def same(ours, theirs, tolerance=1e-12):
    for mine, other in zip(ours, theirs, strict=True):
        if other is None:
            assert mine is None
        else:
            other = other.detach().numpy()
            np.testing.assert_allclose(mine.detach().numpy(), other, rtol=tolerance, atol=tolerance)


def pair(torch, name, *args, **options):
    torch.manual_seed(0)
    theirs = getattr(torch.nn, name)(*args, dtype=torch.float64, **options)
    for parameter in theirs.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    ours = getattr(nn, name)(*args, **options).double()
    copied(ours, theirs)
    return ours, theirs


def copied(ours, theirs):
    state = {k: v.numpy() for k, v in theirs.state_dict().items()}
    assert [(k, v.shape) for k, v in ours.state_dict().items()] == [
        (k, v.shape) for k, v in state.items()
    ]
    ours.load_state_dict(state)


def compare(torch, ours, theirs, arrays, tolerance=1e-12, **options):
    """Results, and gradients of inputs and parameters."""
    mine = [ag.tensor(a, requires_grad=True) for a in arrays]
    other = [torch.tensor(a, requires_grad=True) for a in arrays]
    given = {
        k: (v if v is None or isinstance(v, bool) else ag.tensor(v)) for k, v in options.items()
    }
    given_other = {
        k: (v if v is None or isinstance(v, bool) else torch.tensor(v)) for k, v in options.items()
    }
    results = ours(*mine, **given), theirs(*other, **given_other)
    results = tuple(r if isinstance(r, tuple) else (r,) for r in results)
    same(*results, tolerance)
    for result in results:
        sum((part * part * 0.5 + part).sum() for part in result if part is not None).backward()
    same([m.grad for m in mine], [o.grad for o in other], 10 * tolerance)
    if hasattr(ours, "parameters"):
        for (name, p), (_, q) in zip(
            ours.named_parameters(), theirs.named_parameters(), strict=True
        ):
            np.testing.assert_allclose(
                p.grad.numpy(), q.grad.numpy(), rtol=1e-10, atol=1e-10, err_msg=name
            )


@pytest.mark.parametrize("mask", ["none", "bool", "float", "causal", "dead", "broadcast"])
@pytest.mark.parametrize("scale", [None, 0.3])
def test_scaled_dot_product_attention(torch, rng, mask, scale):
    arrays = [rng.normal(size=s) for s in ((2, 3, 4, 5), (2, 3, 6, 5), (2, 3, 6, 2))]
    allowed = rng.random((4, 6)) < 0.6
    allowed[:, 0] = True
    dead = allowed & (np.arange(4) != 2)[:, None]
    options = {
        "none": {},
        "bool": {"attn_mask": allowed},
        "float": {"attn_mask": np.where(allowed, rng.normal(size=(4, 6)), -np.inf)},
        "causal": {"is_causal": True},
        "dead": {"attn_mask": dead},
        "broadcast": {"attn_mask": rng.normal(size=(2, 1, 1, 6))},
    }[mask]
    theirs = torch.nn.functional.scaled_dot_product_attention

    compare(
        torch,
        lambda q, k, v, **o: F.scaled_dot_product_attention(q, k, v, scale=scale, **o),
        lambda q, k, v, **o: theirs(q, k, v, scale=scale, **o),
        arrays,
        **options,
    )


def test_shared_heads(torch, rng):
    arrays = [rng.normal(size=s) for s in ((2, 6, 4, 5), (2, 2, 3, 5), (2, 2, 3, 4))]
    theirs = torch.nn.functional.scaled_dot_product_attention
    compare(torch, F.scaled_dot_product_attention, theirs, arrays, enable_gqa=True)


@pytest.mark.parametrize("dims", [{}, {"kdim": 3, "vdim": 5}, {"kdim": 8, "vdim": 5}])
@pytest.mark.parametrize("bias, bias_kv, zero", list(itertools.product(*[BOTH] * 3)))
@pytest.mark.parametrize("form", ["time first", "batch first", "no batch"])
@pytest.mark.parametrize("masks", ["none", "bool", "float"])
def test_multi_head_attention(torch, rng, dims, bias, bias_kv, zero, form, masks):
    ours, theirs = pair(
        torch, "MultiheadAttention", 8, 2, bias=bias, add_bias_kv=bias_kv, add_zero_attn=zero,
        batch_first=form == "batch first", **dims,
    )  # fmt: skip
    sizes = (8, dims.get("kdim", 8), dims.get("vdim", 8))
    batch = {"time first": lambda t, e: (t, 3, e), "batch first": lambda t, e: (3, t, e)}
    shape = batch.get(form, lambda t, e: (t, e))
    arrays = [rng.normal(size=shape(t, e)) for t, e in zip((4, 5, 5), sizes, strict=True)]
    options = {}
    if masks != "none":
        hidden = rng.random((6, 4, 5) if form != "no batch" else (4, 5)) < 0.3
        padding = rng.random((3, 5) if form != "no batch" else 5) < 0.3
        hidden[..., 0] = padding[..., 0] = False
        options = {"attn_mask": hidden, "key_padding_mask": padding}
        if masks == "float":
            options = {k: rng.normal(size=m.shape) for k, m in options.items()}
    for average in BOTH:
        ours.zero_grad(), theirs.zero_grad()
        compare(torch, ours, theirs, arrays, average_attn_weights=average, **options)
    assert ours(*map(ag.tensor, arrays), need_weights=False)[1] is None


LAYERS = [
    {"activation": a, "norm_first": n, "batch_first": f, "bias": b}
    for (a, b), n, f in itertools.product([("relu", True), ("gelu", False)], BOTH, BOTH)
]


@pytest.mark.parametrize("options", LAYERS)
@pytest.mark.parametrize("train", BOTH)
def test_encoder_layers(torch, rng, options, train):
    ours, theirs = pair(torch, "TransformerEncoderLayer", 8, 2, 16, 0.0, **options)
    ours.train(train), theirs.train(train)
    causal = np.triu(np.full((4, 4), -np.inf), 1)
    padding = np.zeros((4, 4))
    padding[1, 3] = -np.inf
    x = rng.normal(size=(4, 4, 8))
    compare(torch, ours, theirs, [x], 1e-11)
    ours.zero_grad(), theirs.zero_grad()
    compare(torch, ours, theirs, [x], 1e-11, src_mask=causal, src_key_padding_mask=padding)


@pytest.mark.parametrize("options", LAYERS)
def test_decoder_layers(torch, rng, options):
    ours, theirs = pair(torch, "TransformerDecoderLayer", 8, 2, 16, 0.0, **options)
    arrays = [rng.normal(size=(4, 4, 8)), rng.normal(size=(4, 4, 8))]
    masks = {"tgt_mask": np.triu(np.ones((4, 4), bool), 1), "memory_mask": np.eye(4, dtype=bool)}
    compare(torch, ours, theirs, arrays, 1e-11, **masks)


@pytest.mark.parametrize("first", BOTH)
def test_whole_transformers(torch, rng, first):
    ours, theirs = pair(
        torch, "Transformer", 8, 2, 2, 3, 16, 0.0, batch_first=first, norm_first=first
    )
    arrays = [rng.normal(size=(3, 3, 8)), rng.normal(size=(3, 3, 8))]
    mask = ours.generate_square_subsequent_mask(3, dtype=np.float64).numpy()
    wanted = theirs.generate_square_subsequent_mask(3, dtype=torch.float64).numpy()
    np.testing.assert_array_equal(mask, wanted)
    compare(torch, ours, theirs, arrays, 1e-10, tgt_mask=mask, tgt_is_causal=True)


def test_stacks(torch, rng):
    layer, other = pair(torch, "TransformerEncoderLayer", 8, 2, 16, 0.0)
    ours = nn.TransformerEncoder(layer, 2, nn.LayerNorm(8).double())
    theirs = torch.nn.TransformerEncoder(other, 2, torch.nn.LayerNorm(8, dtype=torch.float64))
    copied(ours, theirs)
    compare(torch, ours, theirs, [rng.normal(size=(4, 3, 8))], 1e-11)
    layer, other = pair(torch, "TransformerDecoderLayer", 8, 2, 16, 0.0)
    ours, theirs = nn.TransformerDecoder(layer, 2), torch.nn.TransformerDecoder(other, 2)
    copied(ours, theirs)
    compare(torch, ours, theirs, [rng.normal(size=(4, 3, 8)), rng.normal(size=(5, 3, 8))], 1e-11)


def test_first_weights_have_pytorchs_spread(torch):
    nn.manual_seed(0)
    torch.manual_seed(0)
    made = [home.MultiheadAttention(512, 4, add_bias_kv=True) for home in (nn, torch.nn)]
    for (name, p), (_, q) in zip(*[m.named_parameters() for m in made], strict=True):
        assert np.isclose(p.detach().numpy().std(), q.detach().numpy().std(), rtol=0.15), name
