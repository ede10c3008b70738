"""Attention and transformers, against plain NumPy loops."""

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F

RNG = np.random.default_rng(0)


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum()


def looped(q, k, v, allowed, scale):
    """One query after the other; ``allowed[i]`` lists the keys that query i may look at."""
    out = np.zeros((len(q), v.shape[1]))
    for i, row in enumerate(q):
        if len(allowed[i]):
            shares = softmax(np.array([row @ k[j] * scale for j in allowed[i]]))
            out[i] = sum(s * v[j] for s, j in zip(shares, allowed[i], strict=True))
    return out


Q, K, V = RNG.normal(size=(2, 4, 3)), RNG.normal(size=(2, 5, 3)), RNG.normal(size=(2, 5, 6))
MASK = np.array([[1, 0, 1, 0, 0], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1], [0, 0, 0, 0, 1]], bool)


@pytest.mark.parametrize("kind", ["bool", "float", "causal", "none"])
@pytest.mark.parametrize("scale", [None, 0.7])
def test_a_query_gets_the_mean_of_what_it_may_look_at(kind, scale):
    allowed = {
        "causal": [range(min(i + 1, 5)) for i in range(4)],
        "none": [range(5)] * 4,
    }.get(kind, [np.flatnonzero(row) for row in MASK])
    options = {"is_causal": True} if kind == "causal" else {}
    if kind in ("bool", "float"):
        options["attn_mask"] = MASK if kind == "bool" else np.where(MASK, 0.0, -np.inf)
    out = F.scaled_dot_product_attention(*map(ag.tensor, (Q, K, V)), scale=scale, **options)
    for n in range(2):
        want = looped(Q[n], K[n], V[n], allowed, scale or 3**-0.5)
        np.testing.assert_allclose(out.numpy()[n], want, atol=1e-14)


def test_a_query_that_may_look_nowhere_gets_no_gradient_either():
    tensors = [ag.tensor(x, requires_grad=True) for x in (Q, K, V)]
    for mask in (MASK, np.where(MASK, 0.0, -np.inf)):
        (g,) = ag.grad(F.scaled_dot_product_attention(*tensors, mask).sum(), tensors[0])
        assert (g.numpy()[:, 1] == 0).all() and np.isfinite(g.numpy()).all()
        assert (g.numpy()[:, 2] != 0).any()


def test_a_mask_of_floats_is_learnt():
    bias = ag.tensor(RNG.normal(size=(4, 5)), requires_grad=True)
    attend = lambda q, b: F.scaled_dot_product_attention(q, ag.tensor(K), ag.tensor(V), b)  # noqa: E731
    assert ag.func.gradcheck(attend, ag.tensor(Q, requires_grad=True), bias)


def test_neighbouring_heads_share_keys():
    q = RNG.normal(size=(2, 4, 3, 3))
    k, v = RNG.normal(size=(2, 2, 2, 5, 3))
    shared = F.scaled_dot_product_attention(*map(ag.tensor, (q, k, v)), enable_gqa=True).numpy()
    for head in range(4):
        alone = F.scaled_dot_product_attention(*map(ag.tensor, (q[:, head], *(k[:, head // 2], v[:, head // 2]))))  # fmt: skip
        np.testing.assert_allclose(shared[:, head], alone.numpy(), atol=1e-14)


def test_dropout_drops_weights():
    q, k, v = (ag.tensor(x) for x in (Q, K, np.ones_like(V)))
    whole = F.scaled_dot_product_attention(q, k, v).numpy()
    nn.manual_seed(0)
    dropped = F.scaled_dot_product_attention(q, k, v, dropout_p=0.5).numpy()
    np.testing.assert_allclose(whole, 1.0)
    assert abs(dropped - 1.0).max() > 0.1
    assert (F.scaled_dot_product_attention(q, k, v, dropout_p=1.0).numpy() == 0).all()


def test_heads_stand_side_by_side():
    attention = nn.MultiheadAttention(6, 2, batch_first=True).double()
    x, y = RNG.normal(size=(2, 4, 6)), RNG.normal(size=(2, 5, 6))
    out, weights = attention(*map(ag.tensor, (x, y, y)), average_attn_weights=False)
    w, b = attention.in_proj_weight.detach().numpy(), RNG.normal(size=18)
    attention.in_proj_bias = nn.Parameter(b)
    out, weights = attention(*map(ag.tensor, (x, y, y)), average_attn_weights=False)
    for n in range(2):
        q, k, v = (s @ w[6 * i : 6 * i + 6].T + b[6 * i : 6 * i + 6] for i, s in enumerate((x[n], y[n], y[n])))  # fmt: skip
        heads = []
        for h in range(2):
            part = slice(3 * h, 3 * h + 3)
            heads.append(looped(q[:, part], k[:, part], v[:, part], [range(5)] * 4, 3**-0.5))
            want = softmax(q[0, part] @ k[:, part].T / 3**0.5)
            np.testing.assert_allclose(weights.detach().numpy()[n, h, 0], want, atol=1e-13)
        w_out = attention.out_proj.weight.detach().numpy()
        want = np.concatenate(heads, axis=1) @ w_out.T
        np.testing.assert_allclose(out.detach().numpy()[n], want, atol=1e-13)


def test_a_position_behind_a_causal_mask_does_not_see_what_comes():
    model = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, 0.0), 2).double()
    mask = nn.Transformer.generate_square_subsequent_mask(5, dtype=np.float64)
    x = ag.tensor(RNG.normal(size=(5, 3, 8)), requires_grad=True)
    (g,) = ag.grad(model(x, mask)[2, 0, 0], x)
    seen = (g.numpy() != 0).any(axis=(1, 2))
    assert seen.tolist() == [True, True, True, False, False]


def test_a_padded_key_changes_nothing():
    model = nn.Transformer(8, 2, 2, 2, 16, 0.0, batch_first=True).double()
    src, tgt = RNG.normal(size=(2, 5, 8)), ag.tensor(RNG.normal(size=(2, 4, 8)))
    padding = np.arange(5) >= np.array([[3], [3]])
    whole = model(
        ag.tensor(src), tgt, src_key_padding_mask=padding, memory_key_padding_mask=padding
    )
    short = model(ag.tensor(src[:, :3]), tgt)
    np.testing.assert_allclose(whole.detach().numpy(), short.detach().numpy(), atol=1e-12)


@pytest.mark.parametrize("first", [True, False])
def test_norms_stand_before_the_blocks_or_after_the_sums(first):
    layer = nn.TransformerDecoderLayer(8, 2, 16, 0.0, F.gelu, norm_first=first).double()
    for norm in (layer.norm1, layer.norm2, layer.norm3):
        nn.init.uniform_(norm.weight, 0.5, 2.0)
    x, memory = ag.tensor(RNG.normal(size=(4, 3, 8))), ag.tensor(RNG.normal(size=(5, 3, 8)))
    blocks = [
        (layer.norm1, lambda x: layer.self_attn(x, x, x)[0]),
        (layer.norm2, lambda x: layer.multihead_attn(x, memory, memory)[0]),
        (layer.norm3, lambda x: layer.linear2(F.gelu(layer.linear1(x)))),
    ]
    want = x
    for norm, block in blocks:
        want = want + block(norm(want)) if first else norm(want + block(want))
    np.testing.assert_allclose(
        layer(x, memory).detach().numpy(), want.detach().numpy(), rtol=1e-12, atol=1e-12
    )


def test_layers_of_an_encoder_start_equal_and_are_their_own():
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2)
    one, other = encoder.layers[0].linear1.weight, encoder.layers[1].linear1.weight
    assert one is not other and (one.detach().numpy() == other.detach().numpy()).all()


def test_dropout_is_active_in_training_only():
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.5).double()
    x = ag.tensor(RNG.normal(size=(4, 3, 8)))
    assert (layer(x).detach().numpy() != layer(x).detach().numpy()).any()
    layer.eval()
    assert (layer(x).detach().numpy() == layer(x).detach().numpy()).all()


def tensors(*shapes):
    return [ag.zeros(*shape) for shape in shapes]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: F.scaled_dot_product_attention(*tensors((4, 3), (5, 2), (5, 2))),
         r"^scaled_dot_product_attention: query .* got \(4, 3\), \(5, 2\)"),
        (lambda: F.scaled_dot_product_attention(*tensors((4, 3), (5, 3), (5, 2)), ag.zeros(4, 4)),
         r"attn_mask of shape \(4, 4\) does not broadcast to the scores' \(4, 5\)"),
        (lambda: F.scaled_dot_product_attention(*tensors((4, 3), (5, 3), (5, 2)), ag.zeros(4, 5),
                                                is_causal=True), "must be None with is_causal"),
        (lambda: F.scaled_dot_product_attention(*tensors((3, 4, 3), (2, 5, 3), (2, 5, 2)),
                                                enable_gqa=True), "no multiple of key's 2"),
        (lambda: nn.MultiheadAttention(6, 4), "^MultiheadAttention: embed_dim=6 must be a multiple"),
        (lambda: nn.MultiheadAttention(6, 2)(*tensors((4, 1, 6), (5, 1, 6), (4, 1, 6))), "wanted query"),
        (lambda: nn.MultiheadAttention(6, 2)(*tensors((4, 1, 6), (5, 1, 6), (5, 1, 6)),
                                             is_causal=True), "give that, too"),
        (lambda: nn.MultiheadAttention(6, 2)(*tensors((4, 1, 6), (5, 1, 6), (5, 1, 6)),
                                             ag.zeros(5, 1)), r"key_padding_mask must have shape \(1, 5\)"),
        (lambda: nn.MultiheadAttention(6, 2)(*tensors((4, 1, 6), (5, 1, 6), (5, 1, 6)),
                                             attn_mask=ag.zeros(5, 4)), r"attn_mask must have shape \(4, 5\)"),
        (lambda: nn.TransformerEncoderLayer(8, 3), "^TransformerEncoderLayer: d_model=8 must be"),
        (lambda: nn.TransformerEncoderLayer(8, 2, activation="tan"), "activation must be one of"),
        (lambda: nn.TransformerEncoder(nn.Identity(), 2**40), "^TransformerEncoder: num_layers=.*large"),
        (lambda: nn.Transformer(8, 2, 1, 1, 2**45), "^Transformer: the parameters are too large"),
        (lambda: nn.Transformer(8, 2, 1, 1, 4)(*tensors((4, 1, 6), (4, 1, 8))), "^Transformer: src must"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_layers_are_refused_before_their_parameters_fill_the_memory(monkeypatch):
    """Counted in double precision: four matrices of width² for attention, two of width × hidden."""
    monkeypatch.setattr("autograd.arguments.limits.memory_bytes", lambda: 1_000_000)
    for width, hidden, fits in (
        (100, 1, True),
        (200, 1, False),
        (10, 6000, True),
        (10, 7000, False),
    ):
        for make in (nn.TransformerEncoderLayer, nn.TransformerDecoderLayer):
            if fits:
                assert make(width, 2, hidden).linear1.weight.shape == (hidden, width)
            else:
                with pytest.raises(
                    ValueError, match=f"^{make.__name__}: the parameters are too large"
                ):
                    make(width, 2, hidden)
    assert len(nn.TransformerEncoder(nn.Identity(), 1000).layers) == 1000
    with pytest.raises(ValueError, match="^TransformerEncoder: num_layers=1001: the parameters"):
        nn.TransformerEncoder(nn.Identity(), 1001)


def test_a_mask_that_is_no_number_spoils_its_row_and_no_other():
    x = ag.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    mask = np.array([[-np.inf, np.nan], [-np.inf, -np.inf]])
    found = nn.functional.scaled_dot_product_attention(x, x, x, mask).data[0]
    assert np.isnan(found[0]).all() and not found[1].any()
