"""A head of attention, found in the graph of any model, with what goes through it both ways."""

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F
from autograd import viz
from autograd.viz.pages import shell

TEXT = "hello w"
INDEX = np.array([[0, 1, 2, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0, 1]])
MASK = ~np.tri(7, dtype=bool)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        rng = np.random.default_rng(3)
        self.embed = nn.Embedding(10, 8, generator=rng)
        self.first = nn.MultiheadAttention(8, 2, batch_first=True, generator=rng)
        self.second = nn.MultiheadAttention(8, 4, batch_first=True, generator=rng)
        self.out = nn.Linear(8, 10, generator=rng)

    def forward(self, index):
        h = self.embed(index)
        for attend in (self.first, self.second):
            h = h + attend(h, h, h, attn_mask=MASK, need_weights=False)[0]
        return self.out(h)


@pytest.fixture(scope="module")
def model():
    return Block()


def loss(out):
    return F.cross_entropy(out.reshape(-1, 10), np.roll(INDEX, -1, 1).ravel())


def test_numbers_are_those_of_the_layer(model):
    scope = viz.attention(model, INDEX, TEXT, layer="second", head=3, n=1)
    h = model.embed(INDEX)
    h = h + model.first(h, h, h, attn_mask=MASK)[0]
    _, weights = model.second(h, h, h, attn_mask=MASK, average_attn_weights=False)
    head = scope.head
    np.testing.assert_allclose(head.weights, weights.data[1, 3], rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(head.weights @ head.values, head.output, rtol=1e-4, atol=1e-6)
    e = np.where(head.allowed, np.exp(head.scores), 0)
    np.testing.assert_allclose(e / e.sum(1, keepdims=True), head.weights, rtol=1e-4, atol=1e-6)
    assert (head.path, head.number, head.count, head.head, head.heads) == ("second", 1, 2, 3, 4)


def test_gradients_obey_the_rules_of_softmax_and_product(model):
    head = viz.attention(model, INDEX, TEXT, head=1, loss=loss).head
    np.testing.assert_allclose(head.d_weights, head.d_output @ head.values.T, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(head.d_values, head.weights.T @ head.d_output, rtol=1e-4, atol=1e-6)
    mean = (head.weights * head.d_weights).sum(1, keepdims=True)
    np.testing.assert_allclose(
        head.d_scores, head.weights * (head.d_weights - mean), rtol=1e-3, atol=1e-7
    )
    assert (head.d_scores[~head.allowed] == 0).all()
    assert head.causal


def test_looking_changes_nothing(model):
    before = [p.data.copy() for p in model.parameters()]
    model.zero_grad()
    ag.manual_seed(4)
    state = ag.rand(2).tolist()
    ag.manual_seed(4)
    viz.attention(model, INDEX, TEXT)
    assert ag.rand(2).tolist() == state
    assert all(p.grad is None for p in model.parameters())
    assert all((p.data == b).all() for p, b in zip(model.parameters(), before, strict=True))


def test_attention_written_by_hand_is_found_too():
    x = ag.tensor(np.random.default_rng(0).normal(size=(4, 3)), requires_grad=True)
    w = ag.tensor(np.random.default_rng(1).normal(size=(3, 3)), requires_grad=True)

    def f(x):
        return F.dropout(ag.softmax(x @ w @ x.T, 1), 0.5) @ x

    scope = viz.attention(f, x)
    assert scope.head.scores.shape == (4, 4)
    assert scope.head.allowed.all()
    assert not scope.head.causal
    assert "no mask" in scope.summary()


def test_a_converted_float_array_takes_the_models_precision():
    layer = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
    scope = viz.attention(layer, np.random.default_rng(0).normal(size=(1, 3, 4)))
    assert scope.head.weights.shape == (3, 3)


def test_words_tell_one_pair_forward_and_backward(model):
    scope = viz.attention(model, INDEX, TEXT, loss=loss, at=(3, 1))
    p, g = scope.head.weights[3, 1], scope.head.d_weights[3, 1]
    assert scope.sentence().startswith("Position 3 “l” reads position 1 “e”: score ")
    assert f"weight {p:.4g}" in scope.sentence()
    assert f"{abs(g):.3g}"[:4] in scope.sentence()
    assert scope.sentence((1, 3)) == (
        "Position 1 “e” may not read position 3 “l”: the mask makes the score −∞, the weight 0 and "
        "the gradient of the score 0"
    )
    assert scope.reads(0) == "Position 0 “h” reads 100 % of position 0 “h”."
    assert "a causal mask hides 21 of 49 pairs" in scope.summary()
    assert "5 ␣" in scope.text()


def test_selecting_another_pair_and_the_default(model):
    scope = viz.attention(model, INDEX, TEXT)
    assert scope.at == (6, int(scope.head.weights[6].argmax()))
    other = scope.select((2, -6))
    assert (other.at, other.head) == ((2, 1), scope.head)
    with pytest.raises(IndexError, match="query 7 is out of range; there are 7"):
        scope.select((7, 0))
    with pytest.raises(TypeError, match="pair"):
        scope.select(3)


def test_long_sequences_are_cut_and_say_so():
    x = ag.tensor(np.random.default_rng(0).normal(size=(60, 3)), requires_grad=True)
    scope = viz.attention(lambda x: ag.softmax(x @ x.T, -1) @ x, x, at=(30, 30))
    assert "Of 60 × 60 pairs, those around the selected one are shown." in scope.text()
    assert " 23 " in scope.text()
    assert " 50 " not in scope.text()
    assert shell.fits(scope._repr_html_())


def test_all_files_are_written(model, tmp_path):
    scope = viz.attention(model, INDEX, TEXT, title="A <head>")
    for name in ("a.html", "a.svg", "a.txt"):
        assert scope.save(tmp_path / name).stat().st_size > 1000
    html = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "A &lt;head&gt;" in html
    assert "http" not in html.replace("http://www.w3.org", "")
    assert shell.fits(scope._repr_html_())
    assert scope._repr_html_() == viz.attention(model, INDEX, TEXT, title="A <head>")._repr_html_()


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (dict(layer=2), IndexError, r"there are 0 \(first\), 1 \(second\)"),
        (dict(layer="third"), ValueError, "no attention in 'third'; it was found in first, second"),
        (dict(layer=True), TypeError, "layer must be a number or a path"),
        (dict(head=2), IndexError, "head=2 is out of range; there are 2"),
        (dict(n=-3), IndexError, "n=-3 is out of range; there are 2"),
        (dict(head=0.5), TypeError, "head must be an integer"),
        (dict(tokens="abc"), ValueError, "must name the 7 positions that are read, got 3"),
        (dict(theme="pink"), ValueError, "theme"),
        (dict(loss=lambda out: out), ValueError, "loss must give one number"),
    ],
)
def test_what_cannot_be_is_refused(model, given, error, words):
    with pytest.raises(error, match=words):
        viz.attention(model, INDEX, **given)


def test_models_without_attention_or_gradient_are_refused(model):
    with pytest.raises(ValueError, match="no attention was found"):
        viz.attention(nn.Linear(2, 2), ag.ones(1, 2))
    with ag.no_grad(), pytest.raises(RuntimeError, match="no graph"):
        viz.attention(model, INDEX)


@pytest.mark.browser
def test_the_page_links_its_grids_and_walks_by_keys(model, visit):
    scope = viz.attention(model, INDEX, TEXT, loss=loss, at=(4, 2))
    page = visit(
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>host</title></head>'
        f"<body><main><h1>Host</h1>{scope._repr_html_()}</main></body></html>"
    )
    said = page.locator(".say")
    assert said.inner_text() == scope.sentence() + "."
    weights = page.locator('table[aria-label="weights"]').first
    weights.locator("tbody tr").nth(5).locator("td").nth(1).click()
    assert said.inner_text() == scope.sentence((5, 1)) + "."
    page.keyboard.press("ArrowUp")
    assert said.inner_text() == scope.sentence((4, 1)) + "."
    page.keyboard.press("End")
    assert said.inner_text() == scope.sentence((4, 6)) + "."
    chosen = page.locator('table[aria-label="scores"] td.chosen')
    assert chosen.count() == 1
    assert chosen.inner_text() == "−∞"
    assert "pad" in chosen.get_attribute("class")
