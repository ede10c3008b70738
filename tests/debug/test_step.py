"""What a step says and shows of itself."""

import numpy as np

import autograd as ag
from autograd.debug import Backprop, record


def t(value, **options):
    return ag.tensor(np.asarray(value, dtype=np.float64), requires_grad=True, **options)


def test_sentences_announce_each_step():
    a = t(2.0, name="a")
    dbg = Backprop(a * -3.0 + a)
    assert dbg.step().sentence() == (
        "step 1 of 2: add sends 1 to multiply, its first; sends 1 to a, its first"
    )
    assert dbg.step().sentence() == "step 2 of 2: multiply sends −3 to a; 1 + −3 = −2"


def test_leaves_are_called_what_the_caller_calls_them():
    weight = t(2.0)
    assert "to weight" in Backprop(weight * 3.0).step().sentence()


def test_a_step_shows_rule_numbers_and_sum():
    a, b = t(2.0), t(-3.0)
    text = Backprop(a * b).step().text()
    assert "rule  lambda g, y: g * y" in text and "with g = 1, y = −3" in text
    assert "before: nothing yet   + contribution: −3   = after: −3" in text
    assert "not recorded (build the graph inside `with autograd.debug.record():`)" in text


def test_of_several_outputs_the_gradients_that_came_are_shown():
    step = Backprop(ag.linalg.eigh(t([[2.0, 1.0], [1.0, 3.0]]), UPLO="L")[0].sum()).until(op="eigh")
    text = step.text()
    assert "gradient coming in: g[0] = [1, 1]; nothing for g[1]" in text
    assert "none" not in text.partition("rule")[0]


def test_long_lines_are_broken_at_their_parts():
    a = t(np.linspace(-1e-5, 1.0, 8))
    text = Backprop((a * np.linspace(2.0, 3.0, 8)).sum()).until(op="multiply").text()
    assert max(map(len, text.splitlines())) <= 120
    assert (
        "    before: nothing yet\n    + contribution: [2, " in text
        and "\n    = after: [2, " in text
    )


def test_recorded_steps_show_values_and_the_users_line():
    with record():
        a, b = t(2.0), t(-3.0)
        c = a * b + a  # the user's line
    dbg = Backprop(c)
    text = dbg.step().text()
    assert "test_step.py:" in text and "c = a * b + a  # the user's line" in text
    assert "x = −6" in text and "y (a) = 2" in text and "output = −4" in text


def test_everything_shown_has_text_html_and_ascii(models):
    with record():
        loss, _ = models.convolutional()
    dbg = Backprop(loss)
    shown = [dbg, dbg.memory()]
    for step in dbg:
        shown += [step, step.check()]
    shown.append(dbg)
    for one in shown:
        assert one.text() == str(one) and one.text()
        assert one._repr_html_().startswith("<pre")
        one.text(plain=True).encode("ascii")


def test_what_was_there_before_is_shown():
    a = t(2.0)
    dbg = Backprop(a * -3.0 + a)
    dbg.step()
    assert "before: 1   + contribution: −3   = after: −2" in dbg.step().text()


def test_leaves_that_the_caller_has_no_name_for_are_called_as_where_they_were_used():
    def made():
        inner = t(2.0)
        return inner * 3.0

    def used(within):
        return within * 3.0

    with record():
        first, outer = made(), t(2.0)
        second = used(outer)
    assert Backprop(first).step().sentence().endswith("to inner, its first")
    assert Backprop(second).step().sentence().endswith("to outer, its first")


def test_the_gradient_that_came_in_is_shown():
    a = t([1.0, 2.0])
    step = Backprop((a * a).sum(), 3.0).until(op="multiply")
    assert "\n  gradient coming in: [3, 3]\n" in step.text()
