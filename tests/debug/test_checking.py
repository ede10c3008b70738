"""step.check(): mistakes that ones and zeros hide are found, and right rules are left in peace."""

import numpy as np
import pytest

import autograd as ag
from autograd.debug import Backprop, record
from tests.debug import test_breadth as breadth
from tests.debug.test_breadth import CASES, PRIMITIVES, places, recorded, weighted_sum

#: What values are tried at; any right rule, and so every rule of the package, must stand there.
NASTY = {
    "corners and ties": [0.0, -0.0, 1.0, -1.0],
    "not finite": [np.inf, -np.inf, np.nan],
    "tiny": [0.0, 5e-324, 1e-310, 1e-45, 1e-5],
    "huge": [1e300, -1e200, 1e20, 1e15],
    "everything": [0.0, 1.0, np.inf, -np.inf, np.nan, 5e-324, 1e-5, 1e20, 1e300, -1e200, 0.5],
}


def nasty(name, values, seed):
    """The loss of a case, half of whose inputs are replaced; None if it refuses them."""
    case, order = CASES[name]
    random = np.random.default_rng(seed)
    leaves = []
    for x in case.inputs:
        x = np.array(x, dtype=np.float64)
        x = np.where(random.random(x.shape) < 0.5, random.choice(values, x.shape), x)
        leaves.append(ag.tensor(x, requires_grad=True))
    try:
        out = case.function(*leaves)
        outs = [o for o in (out if isinstance(out, (tuple, list)) else [out])
                if isinstance(o, ag.Tensor)]  # fmt: skip
        if order == 2:
            outs = [o * o for o in outs if o.requires_grad]
        loss = weighted_sum(outs, 0)
        if order == 2 and loss is not None:
            gradients = ag.grad(loss, leaves, create_graph=True, allow_unused=True)
            loss = weighted_sum([g for g in gradients if g is not None], 1)
    except (ValueError, RuntimeError, np.linalg.LinAlgError):
        return None
    return loss


@pytest.mark.parametrize("op", sorted(PRIMITIVES))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_no_right_rule_is_called_wrong_wherever_it_is_tried(op):
    name = places()[op][0]
    for seed, values in enumerate(NASTY.values()):
        if "linalg" in name and not np.all(np.isfinite(values)):
            continue  # LAPACK may never return from infinities
        loss = recorded(lambda values=values, seed=seed: nasty(name, values, seed))
        try:
            steps = [] if loss is None else [s for s in Backprop(loss) if s.op == op][:1]
        except np.linalg.LinAlgError:
            continue
        for step in steps:
            check = step.check()
            assert check.ok, check
            assert check.text() == step.check().text() and check.text(plain=True).isascii()


# What the incoming gradient hides -------------------------------------------------------------------


def each(function, g):
    if isinstance(g, tuple):
        return tuple(None if one is None else function(np.asarray(one)) for one in g)
    return function(np.asarray(g))


MISTAKES = {
    "forgets g": lambda original: (
        lambda node, g, *rest: original(node, each(np.ones_like, g), *rest)
    ),
    "means g": lambda original: (
        lambda node, g, *rest: original(
            node, each(lambda a: np.full_like(a, a.mean()) if a.size else a, g), *rest
        )
    ),
    "zeros": lambda original: (
        lambda node, g, *rest: tuple(None if v is None else v * 0 for v in original(node, g, *rest))
    ),
}


@pytest.mark.parametrize("op", sorted(PRIMITIVES))
def test_a_rule_that_forgets_averages_or_drops_the_gradient_is_found(op):
    loss, _ = recorded(lambda: breadth.build(places()[op][0]))
    step = next(s for s in Backprop(loss) if s.op == op)
    step.gradient = each(np.ones_like, step.gradient)  # as after .sum()
    plan, original = step.node.plan, step.node.plan.gradients
    assert step.check().ok
    random = np.random.default_rng(7)
    for mistake, spoil in MISTAKES.items():
        seen = []

        def noted(node, g, saved, needs, spoil=spoil, seen=seen):
            g = each(lambda a: random.normal(size=a.shape), g)
            seen.append((original(node, g, saved, needs), spoil(original)(node, g, saved, needs)))
            return original(node, g, saved, needs)

        try:
            plan.gradients = noted
            step.check()
            plan.gradients = spoil(original)
            check = step.check()
        finally:
            plan.gradients = original
        for sent, finding in zip(step.sent, check.findings, strict=True):
            right, wrong = (np.asarray(v[sent.position]) for v in seen[0])
            if right.size and not np.allclose(right, wrong, rtol=1e-3, atol=1e-4):
                assert finding.verdict == "wrong", (mistake, check)


def planted(rule):
    @ag.primitive
    def square(x):
        return x * x

    square.gradients(x=rule)
    return square


def checked(y, op="square"):
    return Backprop(y).until(op=op).check()


@pytest.mark.parametrize("outside", [True, False])
@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (lambda g, x: 2 * x, "the incoming gradient is not used: multiply by it"),
        (lambda g, x: 2 * x * np.mean(g), "uses the mean (or sum) of the incoming gradient"),
        (lambda g, x: 0 * g, "it is zero everywhere"),
        (lambda g, x: -2 * x * g, "the sign is wrong"),
    ],
)
def test_it_says_what_the_mistake_is(rule, words, outside):
    x = ag.tensor([1.0, 2.0, 3.0], requires_grad=True)
    square = planted(rule)
    for factor in (1.0, 0.0):

        def build(factor=factor):
            return (square(x) * factor).sum()

        check = checked(build() if outside else recorded(build))
        assert not check and words in check.text()
        assert f"the incoming one ({factor:g} everywhere) hides mistakes" in check.note
        assert (check.note in check.text()) == check.findings[0].random


def test_a_gradient_of_zero_hides_nothing_either():
    x = ag.tensor(3.0, requires_grad=True)
    check = checked(planted(lambda g, x: g * 3 * x)(x) * 0.0)
    assert not check and check.findings[0].random
    assert "it shows with a random incoming gradient" in check.text()
    assert "the incoming one (0) hides mistakes" in check.text()


def test_a_mistake_that_shows_with_the_steps_own_gradient_needs_no_other():
    x = ag.tensor([1.0, 2.0, 3.0], requires_grad=True)
    came = ag.tensor([1.0, -2.0, 0.5])
    check = checked((planted(lambda g, x: -2 * x * g)(x) * came).sum())
    assert not check and "the sign is wrong" in check.text()
    assert not check.findings[0].random and "random" not in check.text()


def test_a_gradient_that_hides_nothing_is_not_talked_about():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    check = Backprop(x * x, gradient=np.array([1.0, 3.0])).step().check()
    assert check.text() == "multiply: the rule for x is right\nmultiply: the rule for y is right"


def test_a_rule_may_return_the_same_array_again_and_again():
    kept = np.empty(3)

    def slope(g, x):
        return np.multiply(g, 2 * x, out=kept)

    x = ag.tensor(np.array([1.0, -2.0, 0.5]), requires_grad=True)
    assert checked(planted(slope)(x).sum())


# Borders --------------------------------------------------------------------------------------------


def steps_of(y):
    with np.errstate(all="ignore"):
        return {step.op: step.check() for step in Backprop(y)}


def test_the_border_of_a_domain_is_told_with_what_is_seen_from_inside():
    x = ag.tensor(np.array([0.0, 1.0, 1.0, 0.0]), requires_grad=True)
    with record():
        y = ag.sqrt(x * x).sum()
    checks = steps_of(y)
    (border,) = checks["sqrt"].findings
    assert checks["sqrt"].ok and border.verdict == "border" and border.more == 1
    assert np.isnan(border.slopes.left) and border.slopes.right == pytest.approx(1000.0)
    assert border.rule == np.inf and border.index == (0,)
    assert "no finite value to its left, slope 1000 at 1e−06 to its right; the rule gives ∞" in str(
        checks["sqrt"]
    )
    assert [f.verdict for f in checks["multiply"].findings] == ["right", "right"]
    assert "2 of 4 elements of the incoming gradient are not finite" in checks["multiply"].note


@pytest.mark.filterwarnings("ignore:Backprop. the loss itself")
def test_a_wrong_rule_is_found_beside_infinities_and_nans():
    x = ag.tensor(np.array([0.5, np.inf, np.nan, 2.0]), requires_grad=True)
    with record(check=False):
        y = planted(lambda g, x: 2.02 * x * g)(x).sum()
    (finding,) = steps_of(y)["square"].findings
    assert finding.verdict == "wrong" and finding.index in ((0,), (3,))


@pytest.mark.filterwarnings("ignore:Backprop. the loss itself")
def test_where_nothing_is_finite_it_says_so():
    x = ag.tensor(np.array([np.inf, np.nan]), requires_grad=True)
    with record(check=False):
        y = (x * 2.0).sum()
    check = steps_of(y)["multiply"]
    assert check.ok and check.findings[0].verdict == "unknown"
    assert "could not be tried" in str(
        check
    ) and "all 2 elements: they, or what is made of them, are not finite" in str(check)


def test_a_rule_that_gives_nan_at_an_ordinary_place_is_wrong():
    @ag.primitive
    def sinc(x):
        return np.where(x == 0, 1.0, np.sin(x) / np.where(x == 0, 1.0, x))

    sinc.gradients(x=lambda g, x: g * (x * np.cos(x) - np.sin(x)) / (x * x))
    x = ag.tensor(np.array([0.0, 1.0]), requires_grad=True)
    check = steps_of(recorded(lambda: sinc(x).sum()))["sinc"]
    assert not check and "WRONG at [0]: it gives NaN, differences give 0" in check.text()


def test_infinitely_steep_is_neither_wrong_nor_a_jump():
    x = ag.tensor(np.array([0.0, 1.0]), requires_grad=True)
    check = steps_of(recorded(lambda: ag.cbrt(x).sum()))["cbrt"]
    assert check.ok and "infinitely steep for x at [0]: slope 10000" in check.text()


def test_close_to_a_pole_the_step_is_narrowed():
    x = ag.tensor(np.array([1e-5, -2e-6, 1e-7, 3.0]), requires_grad=True)
    assert steps_of(recorded(lambda: (1.0 / x).sum()))["divide"].ok

    @ag.primitive
    def inverse(x):
        return 1 / x

    inverse.gradients(x=lambda g, out: -1.01 * g * out * out)
    y = recorded(lambda: inverse(x[:1]).sum())
    assert not steps_of(y)["inverse"].ok


def test_a_tie_in_two_windows_with_gradients_of_both_signs_is_a_kink():
    x = ag.tensor(np.ones((1, 1, 1, 3)), requires_grad=True)
    with record():
        y = ag.max_pool(x, (1, 2), stride=1)
    step = Backprop(y, gradient=np.array([[[[1.0, -1.0]]]])).step()
    assert [f.verdict for f in step.check().findings] == ["kink"]


def test_large_arrays_are_sampled_and_many_kinks_counted():
    image = ag.tensor(np.zeros((8, 3, 200, 200), np.float32), requires_grad=True)
    check = steps_of(recorded(lambda: ag.relu(image).sum()))["relu"]
    assert check.findings[0].verdict == "kink" and check.findings[0].more < 200
    assert "more): slope 0 on the left, 1 on the right" in check.text()


def test_a_constant_that_stretched_the_result_and_was_not_kept_is_made_up_in_a_shape_that_fits():
    x = ag.tensor(np.ones((4, 1)), requires_grad=True)
    for step in Backprop(((x - np.arange(3.0)) ** 2).sum()):
        assert step.check().ok


def test_a_value_that_was_not_kept_leaves_the_verdict_open():
    t = ag.tensor([2.0], requires_grad=True)
    step = Backprop(ag.set_at(np.zeros(3), slice(0, 1), t).sum()).until(op="set_at")
    (finding,) = step.check().findings
    assert (finding.name, finding.verdict) == ("values", "unknown")
    assert finding.reason.startswith("the value of x was not kept; build the graph inside")
