"""The debugger over the whole range of operations: each is stepped, checked, spoilt, explained."""

import math

import numpy as np
import pytest

import autograd as ag
import nn
from autograd.debug import Backprop, explain, record
from nn import functional as F


def t(*shape, seed=0):
    values = np.random.default_rng(seed + sum(shape)).uniform(0.2, 0.9, shape)
    return ag.tensor(values, requires_grad=True)


def layer(module, *shape):
    nn.manual_seed(0)
    return module(t(*shape).astype(np.float32))


TARGETS = np.array([0, 1, 4, 3])

CASES = {
    "batch norm": lambda: layer(nn.BatchNorm2d(3), 2, 3, 4, 4),
    "batch norm in evaluation": lambda: layer(nn.BatchNorm2d(3).eval(), 2, 3, 4, 4),
    "layer norm": lambda: layer(nn.LayerNorm(4), 3, 4),
    "grouped convolution": lambda: layer(
        nn.Conv2d(4, 6, 3, stride=2, padding=1, groups=2), 2, 4, 7, 7
    ),
    "depthwise convolution": lambda: layer(nn.Conv2d(4, 4, 3, padding=1, groups=4), 2, 4, 5, 5),
    "transposed convolution": lambda: layer(nn.ConvTranspose2d(2, 3, 3, stride=2), 1, 2, 4, 4),
    "linear": lambda: layer(nn.Linear(4, 2), 3, 4),
    "embedding": lambda: nn.Embedding(5, 3)(np.array([1, 1, 2])),
    "average pooling": lambda: F.avg_pool2d(t(2, 3, 5, 5), 2),
    "maximum pooling": lambda: F.max_pool2d(t(2, 3, 6, 6), 2),
    "adaptive pooling": lambda: F.adaptive_avg_pool2d(t(1, 2, 5, 5), 3),
    "interpolation": lambda: F.interpolate(t(1, 2, 4, 4), scale_factor=2, mode="bilinear"),
    "reflection padding": lambda: F.pad(t(1, 2, 4, 4), (1, 1, 1, 1), mode="reflect"),
    "unfold": lambda: F.unfold(t(1, 2, 5, 5), 3),
    "cross-entropy": lambda: F.cross_entropy(t(4, 5), TARGETS, label_smoothing=0.1),
    "softmax": lambda: F.softmax(t(3, 4), 1),
    "log-softmax": lambda: F.log_softmax(t(3, 4), 1),
    "gelu": lambda: F.gelu(t(3, 4)),
    "mean squares": lambda: F.mse_loss(t(3, 4), t(3, 4, seed=1)),
    "fancy indices": lambda: t(5, 4)[[0, 0, 3], 1:],
    "writing a part": lambda: ag.set_at(t(5, 4), (slice(None), 1), t(5)),
    "joining": lambda: ag.concatenate([ag.stack([t(2, 3), t(2, 3, seed=1)])[0], t(1, 3)]),
    "einsum": lambda: ag.einsum("ij,jk->ik", t(3, 4), t(4, 2)),
    "product": lambda: ag.prod(t(3, 4), axis=1),
    "variance": lambda: ag.var(t(3, 4), axis=1) + ag.std(t(3, 4), axis=1),
    "largest": lambda: t(3, 4).max(axis=1) + ag.max_with_indices(t(3, 4), axis=1)[0],
    "cumulative sum": lambda: ag.cumsum(t(3, 4), axis=1),
    "sorting": lambda: ag.sort(t(3, 4), axis=1),
    "clip": lambda: ag.clip(t(3, 4), 0.3, 0.6),
    "powers": lambda: t(3, 4) ** t(4) / ag.sqrt(t(3, 1)),
}


@pytest.fixture(params=list(CASES))
def case(request):
    """A function that builds a loss; the same numbers each time."""

    def build():
        nn.manual_seed(0)
        out = CASES[request.param]()
        return (out * out * 0.5).sum()

    return build


def leaves_of(loss):
    return [
        node.tensor()
        for node in sorted(nodes_below(loss), key=lambda n: n.seq)
        if not node.parents and node.tensor() is not None
    ]


def nodes_below(loss):
    seen, pending = {loss._node}, [loss._node]
    while pending:
        for parent in pending.pop().parents:
            if parent is not None and parent not in seen:
                seen.add(parent)
                pending.append(parent)
    return seen


def spoilt(node, position):
    """The node's rules, one of them giving 1.01 times its gradient; returns how to undo it."""
    cls, original = type(node), type(node).gradients
    cls.gradients = staticmethod(
        lambda *args: tuple(
            v * 1.01 if k == position and v is not None else v
            for k, v in enumerate(original(*args))
        )
    )
    return lambda: setattr(cls, "gradients", staticmethod(original))


def test_every_rule_is_found_right_and_every_spoilt_one_wrong(case):
    with record():
        loss = case()
    for step in Backprop(loss):
        check = step.check()
        assert all(f.verdict in ("right", "kink") for f in check.findings), check
        for sent, finding in zip(step.sent, check.findings, strict=True):
            if np.max(np.abs(sent.contribution)) < 1e-3 or finding.verdict == "kink":
                continue  # one per cent of nearly nothing does not show
            undo = spoilt(step.node, sent.position)
            try:
                findings = step.check().findings
            finally:
                undo()
            assert [f.name for f in findings if f.verdict == "wrong"] == [sent.name]


def test_rules_can_be_checked_without_a_recording(case):
    for step in Backprop(case()):
        assert step.check().ok


def test_shown_in_every_form(case):
    with record():
        loss = case()
    for step in Backprop(loss):
        assert step.sentence().startswith(f"step {step.number} of ") and step._repr_html_()
        step.text(plain=True).encode("ascii")


def test_an_element_is_explained_to_its_last_digit(case):
    loss = case()
    held = leaves_of(loss)
    for w in held:
        at = tuple(n // 2 for n in w.shape)
        for depth in (1, None):
            found = explain(loss, w, at=at, limit=6, depth=depth)
            total = sum(row.value for row in found.rows) + found.remainder
            scale = max(abs(found.total), sum(abs(row.value) for row in found.rows), 1e-3)
            precision = 1e-12 if loss.dtype == np.float64 else 1e-4
            assert math.isclose(total, found.total, abs_tol=precision * scale)
