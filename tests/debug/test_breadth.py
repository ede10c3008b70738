"""The debugger over everything: every primitive, every public function, whole models.

The cases are those whose derivatives ``tests/derivatives`` checks: one for every public function
and module, and here also the graphs of their gradients, which lead to the primitives that only
backward passes use.
"""

import functools
import math

import numpy as np
import pytest

import autograd as ag
import nn
from autograd.debug import Backprop, explain, record
from nn import functional as F
from tests.derivatives.cases import SPELLED, TABLES
from tests.primitives import primitives

CASES = {
    f"{table}.{name}{'' if order == 1 else ', its gradient'}": (case, order)
    for table, cases in (*TABLES.items(), ("autograd", SPELLED))
    for name, case in cases.items()
    for order in (1, 2)
    if case.inputs and case.order >= order
}
#: What only the slope of a slope is made of.
CASES["autograd.sinc, its second gradient"] = TABLES["autograd"]["sinc"], 3


def weighted_sum(tensors, seed):
    """One number, to which every element contributes with a weight of its own."""
    random = np.random.default_rng(seed)
    parts = [(t * random.uniform(0.5, 1.5, t.shape)).sum() for t in tensors if t.requires_grad]
    return functools.reduce(ag.add, parts) if parts else None


def build(name):
    """A case's loss, None if it has no gradient after all, and its leaves."""
    case, order = CASES[name]
    leaves = [ag.tensor(x, dtype=np.float64, requires_grad=True) for x in case.inputs]
    out = case.function(*leaves)
    outs = out if isinstance(out, (tuple, list)) else [out]
    outs = [o for o in outs if isinstance(o, ag.Tensor)]
    if order > 1:  # squared, so that the gradient of a linear function isn't constant
        outs = [o * o for o in outs if o.requires_grad]
    loss = weighted_sum(outs, 0)
    for seed in range(1, order):
        if loss is not None:
            gradients = ag.grad(loss, leaves, create_graph=True, allow_unused=True)
            loss = weighted_sum([g for g in gradients if g is not None], seed)
    return loss, leaves


def recorded(make):
    with record(check=False):
        return make()


def nodes_below(loss):
    seen, pending = {loss._node}, [loss._node]
    while pending:
        for parent in pending.pop().parents:
            if parent is not None and parent not in seen:
                seen.add(parent)
                pending.append(parent)
    return [node for node in seen if node.parents]


PRIMITIVES = {name: info for name, info in primitives().items() if info.rules}


@functools.cache
def places():
    """Primitive -> the smallest two cases whose graphs it is in."""
    found = {}
    for name in CASES:
        loss, _ = build(name)
        nodes = [] if loss is None else nodes_below(loss)
        for op in {node.primitive.name for node in nodes}:
            found.setdefault(op, []).append((len(nodes), name))
    return {op: [name for _, name in sorted(where)[:2]] for op, where in found.items()}


def spoilt(node, position):
    """The node's rules, one of them giving too much everywhere; returns how to undo it."""
    plan, original = node.plan, node.plan.gradients
    plan.gradients = lambda *args: tuple(
        v * 1.01 + 0.01 if k == position and v is not None else v
        for k, v in enumerate(original(*args))
    )
    return lambda: setattr(plan, "gradients", original)


def check_rules(step):
    """All rules of a step are found right, and each, once spoilt, wrong; how many could be."""
    check = step.check()
    assert check.ok, check
    tried = 0
    for sent, finding in zip(step.sent, check.findings, strict=True):
        assert finding.verdict in ("right", "kink"), check
        if sent.contribution.size == 0:
            continue
        undo = spoilt(step.node, sent.position)
        try:
            check = step.check()
        finally:
            undo()
        assert [f.name for f in check.findings if f.verdict == "wrong"] == [sent.name], check
        assert f"{step.op}: the rule for {sent.name} is WRONG" in check.text()
        tried += 1
    return tried


def same_bits(make):
    """Stepping to the end gives the bits of backward(); at every parent, the sums are right."""
    loss, leaves = make()
    loss.backward()
    right = [None if x.grad is None else x.grad.numpy().tobytes() for x in leaves]
    loss, leaves = make()
    latest = {}
    steps = list(Backprop(loss))
    assert len(steps) == len(nodes_below(loss))
    for step in steps:
        for sent in step.sent:
            place = sent.parent, sent.index
            assert (sent.before is None) == (place not in latest)
            if sent.before is None:
                np.testing.assert_array_equal(sent.contribution, sent.after)
            else:
                np.testing.assert_array_equal(sent.before, latest[place])
                np.testing.assert_array_equal(sent.before + sent.contribution, sent.after)
            latest[place] = sent.after
    assert [None if x.grad is None else x.grad.numpy().tobytes() for x in leaves] == right
    for x in leaves:
        if x.grad is not None:
            np.testing.assert_array_equal(x.grad.numpy(), latest[x._node, 0])


def explained(loss, leaves, precision):
    """One element of every leaf's gradient is the sum of what explain lists, and of the rest."""
    gradients = ag.grad(loss, leaves, retain_graph=True, allow_unused=True)
    for w, g in zip(leaves, gradients, strict=True):
        if w.size == 0:
            continue
        at = tuple(n // 2 for n in w.shape)
        for depth in (1, None):
            found = explain(loss, w, at=at, limit=6, depth=depth)
            right = 0.0 if g is None else float(g.numpy()[at])
            assert math.isclose(found.total, right, rel_tol=1e-12, abs_tol=1e-300)
            parts = [row.value for row in found.rows]
            scale = max(abs(right), sum(map(abs, parts)), 1e-3)
            assert abs(sum(parts) + found.remainder - right) <= precision * scale


# Every case -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_a_case_is_stepped_and_explained(name):
    loss, leaves = build(name)
    if loss is None:
        assert CASES[name][1] == 2, "only a gradient may be constant"
        return
    same_bits(lambda: build(name))
    explained(loss, leaves, 1e-9)


# Every primitive ------------------------------------------------------------------------------------


@pytest.mark.parametrize("op", sorted(PRIMITIVES))
def test_a_primitives_rules_are_found_right_and_spoilt_ones_wrong(op):
    assert op in places(), f"no case of tests/derivatives leads to {op}"
    tried = 0
    for name in places()[op]:
        steps = list(Backprop(recorded(lambda name=name: build(name))[0]))
        for step in [step for step in steps if step.op == op][:2]:
            tried += check_rules(step)
            assert step.sentence().startswith(f"step {step.number} of {len(steps)}: ")
            assert step._repr_html_() and step.text(plain=True).isascii()
        for step in Backprop(build(name)[0]):  # and without the recording
            if step.op == op:
                assert step.check().ok
                break
    assert tried, "no rule could be spoilt"


# Whole models ---------------------------------------------------------------------------------------


def images(*shape, dtype):
    return ag.tensor(np.random.default_rng(5).normal(size=shape).astype(dtype))


def classifier(dtype):
    model = nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(3, 4, 3, stride=2, groups=1, bias=False), nn.GELU(), nn.Flatten(),
        nn.Linear(4, 5),
    )  # fmt: skip
    return model, lambda m: F.cross_entropy(m(images(2, 1, 8, 8, dtype=dtype)), np.array([1, 3]))


def autoencoder(dtype):
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3, stride=2, padding=1), nn.GroupNorm(1, 2), nn.SiLU(),
        nn.ConvTranspose2d(2, 1, 2, stride=2), nn.Sigmoid(), nn.Upsample(scale_factor=2),
    )  # fmt: skip
    x = images(2, 1, 4, 4, dtype=dtype)
    return model, lambda m: F.mse_loss(m(x), F.interpolate(x, scale_factor=2)) + m(x).mean()


class Attention(nn.Module):
    """One head of self-attention with a residual sum, on embedded words."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(6, 4)
        self.norm = nn.LayerNorm(4)
        self.query, self.key, self.value = (nn.Linear(4, 4) for _ in range(3))

    def forward(self, indices):
        x = self.words(indices)
        y = self.norm(x)
        scores = self.query(y) @ self.key(y).swapaxes(-1, -2) / 2.0
        return x + F.softmax(scores, -1) @ self.value(y)


def attention(dtype):
    words = np.array([[0, 3, 3], [5, 1, 0]])
    return Attention(), lambda m: ag.logsumexp(m(words).reshape(-1)) + (m(words) ** 2).mean()


def trained(make, dtype):
    """A model's loss and parameters, the same each time."""
    nn.manual_seed(0)
    model, loss_of = make(dtype)
    model = model.double() if dtype == np.float64 else model
    parameters = list(model.parameters())
    return loss_of(model), parameters


MODELS = [classifier, autoencoder, attention]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("make", MODELS)
def test_a_model_is_stepped_to_the_bits_of_backward(make, dtype):
    same_bits(lambda: trained(make, dtype))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("make", MODELS)
def test_every_parameter_of_a_model_is_explained(make, dtype):
    explained(*trained(make, dtype), 1e-4 if dtype == np.float32 else 1e-9)


@pytest.mark.parametrize("make", MODELS)
def test_any_rule_of_a_model_once_spoilt_is_found_and_named(make):
    met = set()
    for step in Backprop(recorded(lambda: trained(make, np.float32))[0]):
        if step.op not in met:
            met.add(step.op)
            assert check_rules(step)
    assert len(met) >= 8
