"""The proof card: it rejects every planted mistake, passes what is right, and changes nothing."""

import itertools
import json
import math

import numpy as np
import pytest

import autograd as ag
import nn
from autograd.debug import certify, record
from autograd.debug.card import Bits, Card, Oddity, Rule, worst
from autograd.debug.certify import _adjoint, _suspects
from autograd.gradcheck.verdict import Case, Trial

RANDOM = np.random.default_rng(3)
A, B = (ag.tensor(RANDOM.uniform(0.3, 1.4, (3, 4)), requires_grad=True) for _ in range(2))
X = ag.tensor(RANDOM.normal(size=(2, 4, 6, 6)), requires_grad=True)
W = ag.tensor(RANDOM.normal(size=(6, 2, 3, 3)), requires_grad=True)
V = ag.tensor(RANDOM.normal(size=(4, 3, 3, 3)), requires_grad=True)
S = ag.tensor(RANDOM.uniform(0.5, 1.5, 4), requires_grad=True)
M = ag.tensor(np.eye(3) * 3 + RANDOM.uniform(size=(3, 3)), requires_grad=True)
F = nn.functional

#: Functions of about forty kinds of primitives; those that have several outputs use them all.
RIGHT = {
    "add, subtract": lambda: A + B - 2.0 * A,
    "multiply, divide": lambda: A * B / (A + 1.0),
    "power": lambda: A**B + B**3,
    "exp, log, sqrt": lambda: ag.exp(A) + ag.log(B) + ag.sqrt(A),
    "sin, cos, tanh": lambda: ag.sin(A) + ag.cos(B) * ag.tanh(A),
    "sigmoid, softplus": lambda: ag.sigmoid(A) + F.softplus(B),
    "relu and leaky relu": lambda: ag.relu(X) + F.leaky_relu(X),
    "gelu": lambda: F.gelu(X),
    "maximum, where": lambda: ag.maximum(A, B) + ag.where(A > B, A * A, B),
    "sum and mean": lambda: A.sum(axis=0) * B.mean(axis=0),
    "max, min": lambda: A.max(axis=1) - B.min(),
    "max_with_indices": lambda: ag.max_with_indices(A, axis=1)[0] * 2.0,
    "prod, var": lambda: A.prod(axis=0) + B.var(axis=0),
    "cumsum": lambda: ag.cumsum(A, axis=1) * B,
    "sort": lambda: ag.sort(A, axis=1) * B,
    "matmul": lambda: A @ B.T,
    "einsum": lambda: ag.einsum("ij,kj->ik", A, B),
    "indexing": lambda: A[1:, [0, 2, 2]] * A[0, 1],
    "set_at": lambda: ag.set_at(A, (0, slice(None)), S) * B,
    "concatenate": lambda: ag.concatenate([A, B, A]) ** 2,
    "split": lambda: ag.add(*[p * p for p in ag.split(A, 2, axis=1)]),
    "transpose, reshape": lambda: A.T.reshape(2, 6) * 3.0,
    "pad": lambda: F.pad(X, (1, 2, 0, 1)) * 2.0 + F.pad(X, (1, 2, 0, 1), mode="reflect"),
    "conv1d": lambda: F.conv1d(X[:, :2, 0], W[:, :, 0], padding=1),
    "conv2d, grouped": lambda: F.conv2d(X, W, stride=2, padding=1, groups=2),
    "conv2d, dilated": lambda: F.conv2d(X[:, :2], W, dilation=2),
    "transposed convolution": lambda: F.conv_transpose2d(X, V, stride=2),
    "max pooling": lambda: F.max_pool2d(X, 2),
    "average pooling": lambda: F.avg_pool2d(X, 3, stride=2, padding=1),
    "batch norm": lambda: F.batch_norm(X, None, None, S, S, training=True),
    "layer norm": lambda: F.layer_norm(A, (4,), S, S),
    "group norm": lambda: F.group_norm(X, 2, S, S),
    "softmax": lambda: F.softmax(A, dim=1) * B,
    "log-softmax": lambda: F.log_softmax(A, dim=1) * B,
    "cross entropy": lambda: F.cross_entropy(A, np.array([0, 3, 1])),
    "binary cross entropy": lambda: F.binary_cross_entropy_with_logits(A, B.detach() / 2),
    "mse and huber": lambda: F.mse_loss(A, B) + F.huber_loss(A, B * 3.0),
    "linear": lambda: F.linear(A, B, S[:3]),
    "interpolation": lambda: F.interpolate(X, scale_factor=2, mode="bilinear"),
    "inverse, determinant": lambda: ag.linalg.inv(M) * ag.linalg.det(M),
    "eigh": lambda: ag.linalg.eigh(M + M.T)[0] ** 2,
    "checkpoint": lambda: ag.func.checkpoint(lambda a: ag.sin(a) * a, A),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_rules_of_every_kind_are_found_right_in_first_and_second_order(name):
    with record():
        loss = (RIGHT[name]() ** 2).sum()
    card = certify(loss)
    assert card and not card.mistakes, card
    assert all(rule.first != "unknown" and rule.second != "unknown" for rule in card.rules), card
    assert card.bits.gradients > 1 and card.bits.forwards and not card.bits.different


def planted(forward, **rules):
    function = ag.primitive(forward)
    function.gradients(**rules)
    return function


def product(x, y):
    return x * y


def _one_element(g, x, y):
    out = np.array(g * y)
    out.flat[-1] *= 1.5
    return out


def _no_cross_term(g, out):
    return g * out  # of a softmax: what the other elements do is left out


def _softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def _detached_square(g, x):
    """Right, but under create_graph it hides that it depends on x."""
    return g * 2.0 * (x.detach() if isinstance(x, ag.Tensor) else x)


#: Function, right rules but for one, its input, the order in which it shows, what the card says.
WRONG = {
    "factor": (product, {"x": lambda g, y: 1.001 * g * y, "y": lambda g, x: g * x}, "x", 1, "1.001 times"),
    "sign": (product, {"x": lambda g, y: g * y, "y": lambda g, x: -g * x}, "y", 1, "sign"),
    "g forgotten": (product, {"x": lambda g, y: y, "y": lambda g, x: g * x}, "x", 1, "not used"),
    "mean of g": (lambda x: x * x, {"x": lambda g, x: 2.0 * x * g.mean()}, "x", 1, "mean"),
    "missing term": (_softmax, {"x": _no_cross_term}, "x", 1, ""),
    "wrong input": (product, {"x": lambda g, x: g * x, "y": lambda g, x: g * x}, "x", 1, ""),
    "one element": (product, {"x": _one_element, "y": lambda g, x: g * x}, "x", 1, ""),
    "zero": (product, {"x": lambda g, y: 0.0 * g * y, "y": lambda g, x: g * x}, "x", 1, "zero"),
    "not transposed": (lambda x: x[:, ::-1] * 1.0, {"x": lambda g: g * 1.0}, "x", 1, ""),
    "power": (lambda x: x**3, {"x": lambda g, x: 3.0 * g * x}, "x", 1, ""),
    "second order only": (lambda x: x * x, {"x": _detached_square}, "x", 2, ""),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_planted_mistake_is_named_with_primitive_input_node_and_both_numbers(name):
    forward, rules, argument, order, words = WRONG[name]
    function = planted(forward, **rules)
    function.primitive.name = "planted"
    inputs = [A, B][: len(function.primitive.inputs)]
    with record():
        loss = (ag.sin(function(*inputs)) * A.sum()).sum()
    card = certify(loss)
    assert not card and card.verdict == "wrong"
    assert {(m.op, m.input) for m in card.mistakes} == {("planted", argument)}, card
    found = card.mistakes[0]
    assert found.order == order and "step 5 of 5" in found.node
    assert len(found.element) == 2 and abs(found.rule - found.numerical) > 1e-4
    assert words in found.sentence()
    assert "WRONG" in card.text() and "planted" in card.html()


def test_of_a_large_input_a_single_wrong_element_is_found():
    def rule(g):
        out = np.array(g * 1.0)
        out[1, 77, 5] *= 0.5  # not among the largest, which are looked at anyway
        return out

    x = ag.tensor(np.random.default_rng(0).normal(size=(2, 100, 200)), requires_grad=True)
    linear = planted(lambda x: x * 1.0, x=rule)
    card = certify(linear(x).mean(), limit=4)
    assert card.mistakes[0].element == (1, 77, 5)
    assert [rule.adjoint for rule in card.rules] == ["right", "wrong"]
    curved = planted(lambda x: np.sin(x), x=lambda g, x: rule(g * np.cos(x)))
    mistake = certify(curved(x).mean(), limit=4).mistakes[0]
    assert mistake.element == (1, 77, 5)
    assert mistake.rule == pytest.approx(0.5 * mistake.numerical, rel=1e-5)


def test_kinks_and_ties_are_told_as_such_and_are_no_mistake():
    x = ag.tensor([[0.0, 2.0], [2.0, -1.0]], dtype=np.float64, requires_grad=True)
    with record():
        loss = (ag.relu(x) * 3.0).sum() + ag.max_pool(x.reshape(1, 1, 2, 2), 2).sum()
    card = certify(loss)
    assert card
    assert {(k.op, k.verdict) for k in card.kinks} == {
        ("relu", "kink"),
        ("relu", "jump"),
        ("max_pool", "kink"),
        ("max_pool", "jump"),
    }
    assert "right, kinks" in card.text()
    floor = certify((ag.floor_divide(x, 1.0) * x).sum())
    assert floor


@pytest.mark.parametrize("value", [-1.0, 1.0])
@pytest.mark.parametrize("bent", [ag.relu, lambda x: ag.minimum(x, 0.0), ag.absolute])
def test_what_is_bent_at_zero_is_never_taken_for_linear(bent, value):
    for seed in range(4):  # either way from the kink, and across it
        x = ag.tensor([value], dtype=np.float64, requires_grad=True)
        card = certify((bent(x) * 3.0).sum(), seed=seed)
        told = {rule.op: rule.adjoint for rule in card.rules}
        bent_op = next(op for op in told if op not in ("multiply", "sum"))
        assert card and told[bent_op] == "" and told["sum"] == "right", card


@pytest.mark.parametrize(("value", "low", "high"), [(1.0, -3.0, 4.0), (-1.0, -4.0, 3.0)])
def test_what_is_bent_further_off_is_never_taken_for_linear(value, low, high):
    x = ag.tensor([value], dtype=np.float64, requires_grad=True)
    for seed in range(16):  # once or twice the way, or the way back, leads across a bend
        card = certify((ag.clip(x, low, high) * 3.0).sum(), seed=seed, threads=(1,))
        assert card and {rule.op: rule.adjoint for rule in card.rules}["clip"] == "", seed


@pytest.mark.parametrize(
    ("forward", "slope", "linear"),
    [
        (lambda x: x * 3e9, lambda x: 3e9, True),
        (lambda x: x * 3e-9, lambda x: 3e-9, True),
        (lambda x: x * 3.0 - 1e9, lambda x: 3.0, True),
        (lambda x: x * 3.0 + 1e9, lambda x: 3.0, True),
        (lambda x: np.sin(x) * 1e-13, lambda x: np.cos(x) * 1e-13, False),
        (lambda x: np.sin(x) * 1e9, lambda x: np.cos(x) * 1e9, False),
    ],
)
def test_large_and_small_numbers_are_linear_or_not_like_others(forward, slope, linear):
    function = planted(forward, x=lambda g, x: g * slope(x))
    card = certify(function(A).sum(), threads=(1,))
    assert [rule.adjoint for rule in card.rules] == ["right", "right" if linear else ""]


def test_an_oddity_says_the_numbers_that_there_are():
    def said(verdict, rule, numerical, order=1, reason=""):
        return Oddity(verdict, "f", "x", order, "c", (2,), rule, numerical, reason).sentence()

    start = "f, by x (c), first order, at [2]: "
    nan = math.nan
    assert (
        said("wrong", 1 / 3, 2 / 3)
        == start + "the rule gives 0.333333333, differences give 0.666666667"
    )
    assert said("wrong", nan, 2 / 3) == start + "the rule gives NaN, differences give 0.666666667"
    assert said("wrong", 1 / 3, nan) == start + "the rule gives 0.333333333, differences give NaN"
    assert said("wrong", nan, nan, reason="it raised") == start + "; it raised"
    assert said("kink", 1 / 3, nan, reason="a kink") == start + "the rule gives 0.333333333; a kink"
    assert said("wrong", 1 / 3, 2 / 3, 2) == (
        "f, by x (c), second order, at [2]: the rule gives 0.333333333, differences give 0.666666667"
    )
    assert said("wrong", 1 / 3, 2 / 3, 0) == (
        "f, by x (c), adjoint identity, at [2]: ⟨g, L·u⟩ is 0.666666667, ⟨Lᵀ·g, u⟩ is 0.333333333"
    )


def test_rules_of_plain_numpy_are_said_to_be_unchecked_in_second_order():
    own = planted(lambda x: np.sinh(x), x=lambda g, x: np.asarray(g) * np.cosh(np.asarray(x)))
    card = certify(own(A).sum())
    assert [rule.second for rule in card.rules if rule.op != "sum"] == ["unknown"]
    assert any("second order" in line for line in card.unchecked)


def test_what_was_not_checked_is_said():
    x = ag.tensor(np.linspace(0.1, 1.0, 500), requires_grad=True)
    y = ag.sin(x)
    for _ in range(10):
        y = y * y + x
    text = certify(y.sum(), limit=8, nodes=4).text()
    assert "sin by x (8 of 500)" in text and "seed 0" in text
    assert "6 of 10 multiply nodes that are alike" in text
    card = certify((A + B).sum())
    assert any("made-up values of x, y" in line for line in card.unchecked)


def test_nothing_changes_and_the_graph_can_be_used(monkeypatch):
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten())
    loss = (
        model(ag.tensor(np.random.default_rng(0).normal(size=(2, 1, 5, 5)), np.float32)) ** 2
    ).sum()
    calls = []
    weight = model[0].weight
    weight.register_hook(calls.append)
    loss.register_hook(calls.append)
    weight.grad = ag.ones_like(weight)
    statistics = model[1].running_mean
    ag.manual_seed(5)
    state = ag.arguments.generator.default_generator().bit_generator.state
    monkeypatch.setattr(ag.kernels.threads._state, "count", 3)
    with record(), ag.no_grad():
        first = certify(loss).text()
        assert not ag.is_grad_enabled()
    assert certify(loss).text() == first  # deterministic, too
    assert "hooks: they were not run" in first
    assert not calls and np.all(weight.grad.data == 1.0) and model[1].running_mean is statistics
    assert ag.arguments.generator.default_generator().bit_generator.state == state
    assert ag.get_num_threads() == 3
    loss.backward()
    assert len(calls) == 2
    with pytest.raises(RuntimeError, match="a second time"):
        certify(loss)


def test_modes_and_hooks_are_put_back_when_something_is_raised(monkeypatch):
    weight = ag.tensor([1.0, 2.0], requires_grad=True)
    y = weight * weight
    with ag.no_grad():
        weight[0] = 3.0
    y.register_hook(lambda g: g)
    monkeypatch.setattr(ag.kernels.threads._state, "count", 2)
    with pytest.raises(RuntimeError, match="written"):
        certify(y.sum(), threads=(3,))
    assert ag.get_num_threads() == 2 and y.grad_node.extra.hooks


def test_numbers_that_differ_from_run_to_run_are_found():
    random = np.random.default_rng()
    noisy = planted(lambda x: x * 1.0, x=lambda g: g * (1.0 + 1e-12 * random.uniform()))
    card = certify(noisy(A).sum())
    assert not card and card.bits.different and not card.mistakes
    assert "DIFFERENT" in card.text()


def test_outputs_that_differ_from_run_to_run_are_found():
    calls = itertools.count()

    def restless(x):
        return np.nextafter(x, np.inf) if next(calls) % 2 else x * 1.0

    function = planted(restless, x=lambda g: g * 1.0)
    function.primitive.name = "restless"
    with record():
        loss = (function(A) * 2.0).sum()
    card = certify(loss)
    assert card.verdict == "wrong" and card.bits.forwards and not card.mistakes
    (said,) = card.bits.different
    assert said.startswith("the output of restless") and said.endswith(", step 3")


def test_a_linear_rule_is_the_transpose_to_ten_digits():
    """Differences see six digits; of what is linear, the adjoint identity sees the others."""
    for error, fits in ((1e-12, True), (1e-8, False)):
        slope = 3.0 * (1.0 + error)
        function = planted(lambda x: x * 3.0, x=lambda g: g * slope)  # noqa: B023
        card = certify(function(A).sum())
        assert [rule.first for rule in card.rules] == ["right", "right"]
        assert [rule.adjoint for rule in card.rules] == ["right", "right" if fits else "wrong"]
        assert card.ok is fits and len(card.mistakes) == (not fits)
        for found in card.mistakes:
            assert found.order == 0 and len(found.element) == 2
            assert found.rule == pytest.approx(found.numerical * (1 + error), rel=1e-12)
            assert "is not its transpose" in found.reason


def test_rules_that_give_something_else_when_they_are_recorded():
    def rule(g, x):
        return g * (2.2 if isinstance(g, ag.Tensor) else 2.0) * x

    function = planted(lambda x: x * x, x=rule)
    card = certify(ag.sin(function(A)).sum())
    assert {(m.input, m.order) for m in card.mistakes} == {("x", 2), ("g", 2)}
    assert all(m.rule == pytest.approx(1.1 * m.numerical) for m in card.mistakes)
    by_x, by_g = sorted(card.mistakes, key=lambda m: m.input == "g")
    assert by_x.reason == ""  # guesses are about gradients, not about gradients of gradients
    assert by_g.reason == "recorded under create_graph, the rules give something else than without"
    assert [(rule.first, rule.second) for rule in card.rules][2:] == [("right", "wrong")]


@pytest.mark.parametrize("used", [(0,), (1,), (0, 1)])
def test_rules_get_one_gradient_for_each_output(used):
    @ag.primitive(outputs=2)
    def both(x):
        return x * x, 3.0 * x

    def rule(g, x):
        square, triple = g
        return (0.0 if square is None else 2.0 * square * x) + (
            0.0 if triple is None else 3.0 * triple
        )

    both.gradients(x=rule)
    outs = both(A)
    card = certify(sum(outs[k] for k in used).sum())
    assert card and all(rule.second == "right" for rule in card.rules if rule.first == "right"), (
        card
    )


def test_the_scalar_engine_and_a_small_network_fit_on_a_page():
    w = [ag.tensor(v, requires_grad=True) for v in (0.5, -1.0, 2.0)]
    out = ag.tensor(0.0)
    for k in range(200):
        out = ag.tanh(out * w[0] + w[1] * (k / 200)) + w[2]
    card = certify(out)
    assert card and len(card.rules) < 20


def test_the_page_can_be_saved_in_three_forms(tmp_path):
    with record():
        loss = (A * B).sum()
    card = certify(loss)
    for name in ("card.txt", "card.html", "card.json"):
        card.save(tmp_path / name)
    content = json.loads((tmp_path / "card.json").read_text(encoding="utf-8"))
    assert content["verdict"] == "right" and len(content["rules"]) == len(card.rules)
    assert content["rules"][1]["adjoint"] == "right"
    assert "<table" in (tmp_path / "card.html").read_text(encoding="utf-8")
    assert (tmp_path / "card.txt").read_text(encoding="utf-8") == card.text() + "\n"
    assert card.text(plain=True).isascii() and card._repr_html_() == card.html()
    with pytest.raises(ValueError, match="must end with"):
        card.save(tmp_path / "card.pdf")


def of_rules(rules, oddities=(), bits=None, unchecked=()):
    return Card("C < D", {"graph": "1 leaf"}, rules, oddities, bits, unchecked)


RULE = Rule("sin", "x", 10, 4, 500, 8, "right", "kink", "")
OTHER = Rule("multiply", "y", 3, 3, 8, 8, "wrong", "unknown", "wrong")
ODDITY = Oddity("kink", "f", "x", 1, "c", (), 2.0, math.nan, "")


def test_a_page_in_full():
    bits = Bits((1, 2), 1, 2, ())
    card = of_rules([RULE, OTHER], [ODDITY], bits, ["second order"])
    assert card.text().splitlines() == [
        "C < D: RIGHT",
        "graph: 1 leaf",
        "",
        "operation  nodes    by  elements  first order  adjoint     second order",
        "sin        4 of 10  x   8 of 500  right        not linear  right, kinks",
        "multiply   3        y   8         WRONG        WRONG       not checked",
        "",
        "no gradient there: kinks, jumps, borders",
        "  f, by x (c), first order: the rule gives 2",
        "",
        "the same bits again",
        "  yes: 1 gradient and the outputs of 2 nodes, computed again with 1, 2 threads",
        "",
        "not checked",
        "  second order",
    ]
    html = card.html()
    assert "<h2>C &lt; D: RIGHT</h2><p>graph: 1 leaf</p>" in html
    assert "<h3>not checked</h3><ul><li>second order</li></ul></section>" in html
    assert [html.count(tag) for tag in ("<tr>", "<th ", "<td ", "<h3>")] == [3, 7, 14, 3]
    assert ">4 of 10</td>" in html and ">operation</th>" in html
    content = json.loads(card.json())
    assert content["bits"] == {"threads": [1, 2], "gradients": 1, "forwards": 2, "different": []}
    assert content["rules"][0] == RULE._asdict() and content["facts"] == {"graph": "1 leaf"}
    assert content["kinks"][0]["numerical"] == "NaN" and content["mistakes"] == []
    assert content["not_checked"] == ["second order"] and content["title"] == "C < D"
    assert card.json().startswith('{\n "title": "C < D",\n "verdict": "right",')
    several = of_rules([RULE], bits=Bits((2,), 3, 1, ())).text()
    assert "yes: 3 gradients and the outputs of 1 node, computed again with 2 threads" in several
    assert "bits" not in of_rules([RULE]).text() and json.loads(of_rules([]).json())["bits"] is None


def test_a_page_takes_the_worst_that_there_is():
    mistake, changed = ODDITY._replace(verdict="wrong"), Bits((1,), 1, 1, ("the gradient of x",))
    unknown = OTHER._replace(first="unknown")
    for card, verdict, shouted in [
        (of_rules([]), "right", "RIGHT"),
        (of_rules([unknown, unknown]), "unknown", "NOTHING COULD BE TRIED"),
        (of_rules([unknown, RULE]), "right", "RIGHT"),
        (of_rules([RULE], [mistake]), "wrong", "WRONG"),
        (of_rules([RULE], bits=changed), "wrong", "WRONG"),
        (of_rules([unknown], [mistake]), "wrong", "WRONG"),
    ]:
        assert card.verdict == verdict and card.text().startswith(f"C < D: {shouted}\n")
        assert card.ok is bool(card) is (verdict == "right")
    assert "\n  DIFFERENT: the gradient of x" in of_rules([RULE], bits=changed).text()
    order = ["wrong", "unknown", "border", "kink", "right"]
    for k, each in enumerate(order):
        assert worst(order[k:]) == worst(order[:k:-1] + [each]) == each
    assert worst([]) == "unknown"


@pytest.mark.parametrize("count", [1, 20, 21, 45])
def test_twenty_oddities_are_written_out(count):
    oddities = [ODDITY._replace(op=f"f{k}") for k in range(count)]
    lines = of_rules([RULE], oddities).text().splitlines()
    told = lines[lines.index("no gradient there: kinks, jumps, borders") + 1 :]
    assert [line.split(",")[0] for line in told[:20]] == [f"  f{k}" for k in range(min(count, 20))]
    assert told[20:] == ([f"  and {count - 20} more"] if count > 20 else [])
    assert len(json.loads(of_rules([RULE], oddities).json())["kinks"]) == count


def test_pages_are_letters_of_every_alphabet_or_plain_ones():
    card = of_rules([RULE._replace(op="größe")], unchecked=["−1 × ∞"])
    assert "größe" in card.text() and "−1 × ∞" in card.text()
    assert card.text(plain=True).isascii()
    assert "größe" in card.json() and "−1 × ∞" in card.json()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [({"limit": 0}, ValueError), ({"nodes": 1.5}, TypeError), ({"seed": -1}, ValueError),
     ({"threads": (0,)}, ValueError)],
)  # fmt: skip
def test_arguments_that_cannot_be_are_refused(arguments, error):
    with pytest.raises(error, match="certify"):
        certify((A * B).sum(), **arguments)


def test_one_node_is_one_node():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    assert "the outputs of 1 node, computed" in str(certify((x * x).sum()))


@pytest.mark.parametrize("function", [
    lambda x: ag.sort(x, axis=-1), lambda x: ag.median(x, axis=0), ag.median, lambda x: ag.quantile(x, 0.3),
], ids=["sort", "median of columns", "median", "quantile"])  # fmt: skip
def test_equal_elements_accuse_no_rule_that_orders_them(function):
    x = ag.tensor(np.zeros((4, 6)), requires_grad=True)
    with ag.debug.record():
        loss = ag.sum(function(x) * 1.3)
    assert ag.debug.certify(loss, threads=()).verdict == "right"


@pytest.mark.parametrize("threshold", [0.5, 0.02])
def test_what_is_linear_far_out_and_flat_close_by_is_not_called_linear(threshold):
    x = ag.tensor(np.zeros((2, 3)), requires_grad=True)
    with ag.debug.record():
        loss = ag.sum(ag.hardshrink(x, threshold))
    card = ag.debug.certify(loss, threads=())
    assert card.verdict == "right"
    assert {rule.op: rule.adjoint for rule in card.rules}["hardshrink"] == ""


def summed(function, x):
    leaf = ag.tensor(x, dtype=np.float64, requires_grad=True)
    with record(check=False):
        out = function(leaf)
        return (out * ag.tensor(np.linspace(0.7, 1.9, out.size).reshape(out.shape))).sum()


@pytest.mark.parametrize(("function", "values"), [
    (ag.sqrt, [0.0, 1.0, 0.5]),
    (ag.cbrt, [0.0, 1.0, -0.5]),
    (ag.arcsin, [1.0, 0.2, -1.0]),
    (ag.arccosh, [1.0, 2.0]),
])  # fmt: skip
def test_an_infinite_slope_accuses_no_rule_in_second_order(function, values):
    card = certify(summed(function, values), threads=())
    assert card and not card.mistakes, card
    assert card.rules[-1].second == "right"


def test_beside_an_infinite_slope_a_mistake_is_still_named():
    root = planted(
        lambda x: np.sqrt(x),
        x=lambda g, out: g / (2.0 * (out.detach() if isinstance(out, ag.Tensor) else out)),
    )
    with np.errstate(divide="ignore"):
        card = certify(summed(root, [0.0, 1.0, 0.5]), threads=())
    assert card.rules[-1].second == "wrong", card
    root = planted(lambda x: np.sqrt(x), x=lambda g, out: g / (2.002 * out))
    with np.errstate(divide="ignore"):
        card = certify(summed(root, [0.0, 1.0, 0.5]), threads=())
    assert card.rules[-1].first == "wrong", card


def test_what_is_undefined_a_little_beside_is_a_border():
    with record():
        loss = ag.linalg.cholesky(M @ M.T * 1e-9).sum()
    card = certify(loss, threads=())
    assert card, card
    (rule,) = (rule for rule in card.rules if rule.op == "cholesky")
    assert (rule.first, rule.second) != ("wrong", "wrong")


@pytest.mark.parametrize("function", [ag.floor, ag.ceil, ag.trunc, lambda x: ag.remainder(x, 1.0), lambda x: ag.fmod(x, 3.0), lambda x: ag.modf(x)[0]])  # fmt: skip
def test_far_out_stairs_are_no_slopes(function):
    card = certify(summed(function, [1.5e8, -3.25e7, 2e8, 40_000_000.0]), threads=())
    assert card.verdict != "wrong", card


def test_equal_eigenvalues_accuse_no_rule():
    a = ag.tensor(np.ones((3, 3)), requires_grad=True)
    with record():
        loss = (ag.linalg.eigh(a * 1.0)[0] * ag.tensor([1.0, 2.0, 4.0], dtype=np.float64)).sum()
    card = certify(loss, threads=())
    assert card.verdict != "wrong", card


def test_equal_bounds_accuse_no_clip():
    low, high = (ag.tensor(0.0, dtype=np.float64, requires_grad=True) for _ in range(2))
    card = certify(summed(lambda x: ag.clip(x, low, high), np.zeros((3, 4))), threads=())
    assert card, card
    (rule,) = (rule for rule in card.rules if rule.op == "clip" and rule.input == "x")
    assert rule.adjoint == ""


def case_of(function, rule, x):
    """One array in, one out; the rule in a trial with drawn weights."""
    weights = [np.random.default_rng(0).uniform(0.5, 1.5, np.shape(function(x)))]
    trial = Trial(weights, [rule(weights[0])], True)
    return Case(
        lambda a: [function(a)], lambda w: [rule(w[0])], [x], [trial], 50, False, True, True
    )


def test_a_linear_rule_whose_sum_alone_is_right_is_wrong():
    x = np.arange(6.0)
    for rule, due in ((lambda g: g[::-1], "right"), (lambda g: g, "wrong")):
        case = case_of(lambda a: a[::-1], rule, x)
        verdict, (left, right), _ = _adjoint(case, 0, np.random.default_rng(1))
        assert verdict == due and math.isclose(left, right, rel_tol=1e-12) == (due == "right")


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e6, 1e10])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_suspects_are_found_however_large_their_numbers_are(size, sign):
    x = sign * size * np.linspace(1.0, 2.0, 5)
    right = np.full(5, 3.0)
    for wrong in (None, 0, 3):
        slope = right.copy()
        if wrong is not None:
            slope[wrong] = 3.01
        case = case_of(lambda a: right * a, lambda g, slope=slope: slope * g, x)
        found = _suspects(case, 0, np.random.default_rng(1))
        assert found == ([] if wrong is None else [(wrong,)])


def test_a_rule_that_gives_nothing_is_under_suspicion():
    case = case_of(lambda a: 1e-3 * a, np.zeros_like, np.linspace(1.0, 2.0, 5))
    assert len(_suspects(case, 0, np.random.default_rng(1))) == 4
    case = case_of(lambda a: 0.0 * a, np.zeros_like, np.linspace(1.0, 2.0, 5))
    assert _suspects(case, 0, np.random.default_rng(1)) == []


def test_of_very_many_inputs_of_a_node_some_are_tried_and_it_says_so():
    leaves = [ag.tensor([k, k + 0.5], dtype=np.float64, requires_grad=True) for k in range(40)]
    with record():
        loss = (ag.concatenate(leaves) ** 2).sum()
    card = certify(loss, nodes=4, threads=())
    assert card, card
    assert sum(rule.op == "concatenate" for rule in card.rules) == 4
    assert any("36 of 40 inputs of concatenate" in said for said in card.unchecked)
    with record():
        loss = (ag.concatenate(leaves[:32]) ** 2).sum()
    card = certify(loss, nodes=4, threads=())
    assert sum(rule.op == "concatenate" for rule in card.rules) == 32
