"""Rules that are long in the source are said in a formula first."""

import re

import numpy as np

import autograd as ag
from autograd import viz
from tests.primitives import primitives

#: A rule of so many lines is read as written.
SHORT = 3


def test_every_rule_longer_than_three_lines_has_a_formula():
    known = primitives()
    assert len(known) > 150
    long = [
        (name, argument)
        for name, info in known.items()
        for argument in info.rules
        if len(info.rule_source(argument).splitlines()) > SHORT
    ]
    assert len(long) > 20
    assert [each for each in long if not known[each[0]].rule_formula(each[1])] == []


def test_a_rule_that_only_calls_a_private_function_is_said_in_a_formula():
    """``_relu_gradient(g, out)`` tells nobody anything."""
    known = primitives()
    hidden = [
        (name, argument)
        for name, info in known.items()
        for argument in info.rules
        if re.fullmatch(r"lambda [^:]*: _\w+_gradient\([^()]*\)", info.rule_source(argument))
        and "0.0" not in info.rule_source(argument)
    ]
    assert len(hidden) > 10
    assert [each for each in hidden if not known[each[0]].rule_formula(each[1])] == []
    assert known["relu"].rule_formula("x") == "g where the output is above 0, else 0"
    assert known["relu_gradient"].rule_formula("y") == ""  # the same call of 0, which is 0
    assert known["multiply"].rule_formula("x") == known["arctan2"].rule_formula("x") == ""


def test_the_terminal_and_the_page_say_the_formula_before_the_source():
    x = ag.tensor([[1.0, 2.0, 3.0]], requires_grad=True)
    loss = ag.cross_entropy(x, np.array([1]))
    step = ag.debug.Backprop(loss, retain_graph=True).step()
    text = step.text()
    assert text.index("(probability − 1) at the right class") < text.index("in the source")
    page = viz.step(loss)
    assert page.trace.steps[0].formulas["x"].startswith("g · (probability − 1)")
    html = page._repr_html_()
    assert '"f":"g · (probability − 1)' in html


def test_the_formulas_hold():
    """Those that a line of NumPy can say."""
    rng = np.random.default_rng(0)
    x = ag.tensor(rng.normal(size=(2, 3)), requires_grad=True)
    g = rng.normal(size=2)
    ag.logsumexp(x, axis=1).backward(g)
    exps = np.exp(x.numpy() if not x.requires_grad else x.detach().numpy())
    softmax = exps / exps.sum(1, keepdims=True)
    np.testing.assert_allclose(x.grad.numpy(), g[:, None] * softmax)
    x.grad = None
    z = x.detach().numpy()
    s = 1 / (1 + np.exp(-z))
    slopes = {
        ag.relu: z > 0,
        ag.sigmoid: s * (1 - s),
        ag.silu: s * (1 + z * (1 - s)),
        ag.hardsigmoid: (abs(z) < 3) / 6,
        ag.hardswish: np.where(z < -3, 0, np.where(z > 3, 1, (2 * z + 3) / 6)),
        ag.leaky_relu: np.where(z > 0, 1, 0.01),
        ag.softplus: s,
    }
    for function, slope in slopes.items():
        x.grad = None
        function(x).sum().backward()
        np.testing.assert_allclose(x.grad.numpy(), slope, rtol=1e-6)
    x.grad = None
    ag.softmax(x, 1).backward(g[:, None] * z)
    given = g[:, None] * z
    np.testing.assert_allclose(
        x.grad.numpy(), softmax * (given - (given * softmax).sum(1, keepdims=True))
    )
    x.grad = None
    ag.cross_entropy(x, np.array([2, 0])).backward()
    one_hot = np.eye(3)[[2, 0]]
    np.testing.assert_allclose(x.grad.numpy(), (softmax - one_hot) / 2)
