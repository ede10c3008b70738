"""Conditions: where a pass stops, what is said there, and how it goes on."""

import numpy as np
import pytest

import autograd as ag
from autograd.debug import (
    Backprop,
    Breakpoint,
    NonFinite,
    nonfinite,
    norm_over,
    record,
    touches,
    when,
)
from autograd.debug.breakpoints import _gradient_there
from autograd.engine import backward_steps


def t(value, **options):
    return ag.tensor(np.asarray(value, dtype=np.float64), requires_grad=True, **options)


def unsafe(x):
    return ag.where(x > 0, ag.log(x), 0.0).sum()


def safe(x):
    return ag.where(x > 0, ag.log(ag.where(x > 0, x, 1.0)), 0.0).sum()


def test_nothing_is_different_when_nothing_is_met(models):
    loss, leaves = models.convolutional()
    loss.backward()
    expected = [x.grad.tolist() for x in leaves]
    loss, leaves = models.convolutional()
    loss.backward(break_on=[nonfinite, norm_over(1e9)])
    assert [x.grad.tolist() for x in leaves] == expected


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_nonfinite_stops_names_everything_and_can_go_on():
    x = t([0.0, 1.0], name="x")
    with record(check=False):
        loss = unsafe(x)
    with pytest.raises(Breakpoint) as caught:
        loss.backward(break_on=[nonfinite])
    report = str(caught.value)
    assert "log sends NaN at [0] to x (1 of 2 elements are not finite)" in report
    assert "return ag.where(x > 0, ag.log(x), 0.0).sum()" in report
    assert "lambda g, x: g / x" in report and "x there = 0" in report
    assert "0 × ∞" in report and "where(ok, log(where(ok, x, 1.0)), 0.0)" in report
    assert x.grad is None
    paused = caught.value.paused
    assert paused.current.op == "log" and caught.value.condition is nonfinite
    paused.run()
    assert np.isnan(x.grad.tolist()[0]) and x.grad.tolist()[1] == 1.0
    caught.value.text(plain=True).encode("ascii")


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_gradient_can_be_mended_at_a_breakpoint():
    x = t([0.0, 1.0])
    y = x * 1.0
    with pytest.raises(Breakpoint) as caught:
        unsafe(y).backward(break_on=nonfinite)
    caught.value.paused.set_gradient(y, [0.0, 1.0])
    caught.value.paused.run()
    assert x.grad.tolist() == [0.0, 1.0]


def test_a_leafs_gradient_can_be_mended_even_after_the_last_step():
    x = t([0.0, 1.0])
    with np.errstate(all="ignore"), pytest.raises(Breakpoint) as caught:
        unsafe(x).backward(break_on=nonfinite)
    caught.value.paused.set_gradient(x, [5.0, 6.0])
    caught.value.paused.run()
    assert x.grad.tolist() == [5.0, 6.0]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_nan_loss_stops_before_the_first_step():
    x = t(np.inf)
    with pytest.raises(Breakpoint, match="the loss itself is NaN") as caught:
        (x - x).backward(break_on=[nonfinite])
    assert caught.value.paused.position == 0
    caught.value.paused.run()
    assert x.grad.item() == 0.0


def test_norm_over_and_touches_and_when():
    x, w = t([3.0, 4.0]), t(10.0, name="w")
    with pytest.raises(Breakpoint, match="has norm 14.1421, more than 14"):
        ((x * w) * 1.0).sum().backward(break_on=[norm_over(14.0)])
    with pytest.raises(Breakpoint, match="multiply sends 7 to w") as caught:
        ((x * w) * 1.0).sum().backward(break_on=[touches(w)])
    caught.value.paused.run()
    assert w.grad.item() == 7.0 and x.grad.tolist() == [10.0, 10.0]
    with pytest.raises(Breakpoint, match="the sum"):
        x.sum().backward(break_on=[when(lambda s: "the sum" if s.op == "sum" else None)])


def test_the_exception_leaves_modes_as_they_were():
    x = t([3.0, 4.0])
    with pytest.raises(Breakpoint), ag.module_scope("here"):
        (x * 2.0).sum().backward(break_on=[touches(x)])
    assert ag.is_grad_enabled() and ag.module_path() == ""


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: norm_over(-1), ValueError, "limit"),
        (lambda: norm_over("a"), ValueError, "limit"),
        (lambda: touches(3), TypeError, "int"),
        (lambda: touches(ag.tensor(1.0)), RuntimeError, "requires no gradient"),
        (lambda: when(3), TypeError, "function"),
        (lambda: t(1.0).backward(break_on=[lambda s: True]), TypeError, "break_on.*function"),
    ],
)
def test_conditions_that_cannot_be_are_refused(make, error, words):
    with pytest.raises(error, match=words):
        make()


def stopped_after(loss, count, **options):
    """The pass of a loss, paused by a breakpoint after so many steps."""
    with pytest.raises(Breakpoint) as caught:
        loss.backward(break_on=[nonfinite, when(lambda step: step.number == count)], **options)
    return caught.value.paused


def bits(tensors):
    return [x.grad.numpy().tobytes() for x in tensors]


def test_every_step_before_the_stop_is_shown_again_and_the_gradients_are_those_of_backward(model):
    loss, leaves = model()
    expected = [str(step) for step in Backprop(loss, retain_graph=True)]
    for x in leaves:
        x.grad = None
    loss.backward()
    right = bits(leaves)
    for count in {1, len(expected) // 2, len(expected)} - {0}:
        loss, leaves = model()
        paused = stopped_after(loss, count)
        assert paused.position == count and not paused.finished
        assert paused.total == len(expected) and len(paused.steps) == count
        shown = [str(paused.current)]
        while paused.back() is not None:
            shown.insert(0, str(paused.current))
        assert shown == expected[:count] and paused.position == 0
        assert all(x.grad is None for x in leaves)
        assert [str(step) for step in paused] == expected
        assert paused.finished and bits(leaves) == right


def test_going_on_from_every_stop_with_run_gives_the_bits_of_backward(model):
    loss, leaves = model()
    total = Backprop(loss, retain_graph=True).total
    loss.backward()
    right = bits(leaves)
    for count in range(1, total + 1):
        loss, leaves = model()
        paused = stopped_after(loss, count)
        paused.back()
        paused.run()
        assert bits(leaves) == right


def test_an_edited_gradient_goes_on_as_if_it_had_arrived():
    def build():
        a, b = t([2.0, 1.0]), t([-3.0, 5.0])
        c = a * b
        return a, b, c, (c * 2.0).sum()

    a, b, c, loss = build()
    paused = stopped_after(loss, 2)
    paused.back()
    with pytest.raises(RuntimeError, match="go forward to step 2"):
        paused.set_gradient(c, 1.0)
    paused.step()
    paused.set_gradient(c, [10.0, 20.0])
    assert paused.step().number == 3 and paused.step() is None
    a2, b2, c2, _ = build()
    c2.backward(np.array([10.0, 20.0]))
    assert bits([a, b]) == bits([a2, b2])


def test_a_pass_for_some_inputs_only_can_be_stopped_too():
    a, b = t([2.0, 1.0]), t([-3.0, 5.0])
    c = ag.exp(a) * ag.sin(b)
    paused = stopped_after(c.sum(), 2, inputs=[b])
    assert paused.total == 3 and paused.text().endswith("after step 2 of 3; next is sin")
    assert [paused.back().op, paused.back()] == ["sum", None]
    paused.run()
    assert a.grad is None
    np.testing.assert_allclose(b.grad.numpy(), np.exp([2.0, 1.0]) * np.cos([-3.0, 5.0]))


def test_what_would_hold_too_much_is_not_kept_and_back_says_so(monkeypatch):
    monkeypatch.setattr("autograd.debug.history.HELD", 15_000)
    x = t(np.full(100, 0.5))
    y = x
    for _ in range(10):
        y = ag.sin(y)
    paused = stopped_after(y.sum(), 9)
    kept = len(paused.steps)
    assert 1 <= kept < 9 and paused.position == 9 and paused.steps[-1].number == 9
    for number in range(8, 9 - kept, -1):
        assert paused.back().number == number
    with pytest.raises(RuntimeError, match=rf"earliest.*the {9 - kept} before.*Backprop\(loss\)"):
        paused.back()
    paused.run()  # from here on everything is kept
    assert len(paused.steps) == kept + 2 and paused.finished
    slope = x.grad.numpy().copy()
    x.grad = None
    y = x
    for _ in range(10):
        y = ag.sin(y)
    y.sum().backward()
    assert x.grad.numpy().tobytes() == slope.tobytes()


def test_both_ways_of_a_square_are_told():
    x = t([3.0, 4.0], name="x")
    with pytest.raises(Breakpoint) as caught:
        (x * x).sum().backward(break_on=[touches(x)])
    first = caught.value.report.splitlines()[0]
    assert first == (
        "touches x: multiply sends [3, 4] to x, its first; "
        "sends [3, 4] to x; [3, 4] + [3, 4] = [6, 8]"
    )


def test_a_report_names_the_users_tensors_and_where_an_operand_is_bad():
    import nn

    layer = nn.Linear(2, 1)
    logits = ag.tensor(np.array([[0.0, np.nan]], np.float32))
    with record(), pytest.raises(NonFinite) as caught:
        layer(logits)
    report = str(caught.value)
    assert "x (logits) = [[0, NaN]], the first at [0, 1]" in report and "w (weight) = " in report
    scores = t([2.0, 0.0])
    with record(), pytest.raises(NonFinite, match=r"x \(scores\) there = 0"):
        ag.log(scores)


@pytest.mark.parametrize(
    ("f", "at", "safe"),
    [
        (ag.log, 0.0, "where(ok, log(where(ok, x, 1.0)), 0.0)"),
        (ag.sqrt, 0.0, "where(ok, sqrt(where(ok, x, 1.0)), 0.0)"),
        (ag.arccos, 1.0, "where(ok, arccos(where(ok, x, 0.0)), 0.0)"),
        (lambda x: 1.0 / x, 0.0, "where(ok, x / where(ok, y, 1.0), 0.0)"),
        (lambda x: np.ones((2, 2)) / x, 0.0, "where(ok, x / where(ok, y, 1.0), 0.0)"),
        (lambda x: x**0.5, 0.0, "where(ok, where(ok, x, 1.0) ** y, 0.0)"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_nothing_times_infinity_is_answered_with_a_form_that_works(f, at, safe):
    x = t([at, 0.5])
    loss = ag.where(x.data != at, f(x), 0.0).sum()
    with pytest.raises(Breakpoint) as caught:
        loss.backward(break_on=[nonfinite])
    assert "0 × ∞" in str(caught.value) and safe in str(caught.value)
    # What is proposed does what it promises; x and y are what the primitive's inputs are called.
    names = {"where": ag.where, "log": ag.log, "sqrt": ag.sqrt, "arccos": ag.arccos}
    divided = "/" in safe
    values = {"x": np.ones(2) if divided else x, "y": x if divided else 0.5}
    eval(safe, {**names, **values, "ok": x.data != at}).sum().backward(break_on=[nonfinite])
    assert np.all(np.isfinite(x.grad.numpy()))


def test_a_nan_loss_is_never_passed_silently_whatever_is_watched():
    w = t(1.0)
    loss = w + np.nan
    for condition in (norm_over(1e300), touches(t(1.0)), when(lambda step: False)):
        with pytest.warns(RuntimeWarning, match="the loss itself is NaN") as caught:
            loss.backward(break_on=[condition], gradient=0.0, retain_graph=True)
        assert caught[0].filename == __file__


def test_the_exception_stands_where_the_step_was_taken():
    x = t([3.0, 4.0])
    try:
        (x * 2.0).sum().backward(break_on=[touches(x)])
    except Breakpoint as stop:
        frame = stop.__traceback__
        while frame.tb_next is not None:
            frame = frame.tb_next
        local = frame.tb_frame.f_locals
        assert local["paused"] is stop.paused and local["current"] is stop.paused.current
    else:
        raise AssertionError("it should have stopped")


def test_a_norm_does_not_overflow_before_its_numbers_do():
    x = t([3e200, 4e200])
    y = (x * 1e-200).sum()
    with pytest.raises(Breakpoint, match=r"gradient of multiply has norm 1.41421e\+300"):
        y.backward(break_on=[norm_over(1.42e300), norm_over(1e200)], gradient=1e300)
    z = ag.sqrt(t([0.0, 1.0]))
    with pytest.raises(Breakpoint, match="has norm NaN\n"):
        z.backward(break_on=[norm_over(1e200)], gradient=np.array([0.0, 1.0]))


def test_a_second_contribution_is_stopped_at_of_one_tensor_or_of_any():
    a, b = t(2.0, name="a"), t(3.0, name="b")
    loss = (a * b + a) * b * a
    steps = [s for s in Backprop(loss) if any(sent.before is not None for sent in s.sent)]
    dbg = Backprop((a * b + a) * b * a)
    stops = []
    while (step := dbg.until(ag.debug.accumulates())) is not None:
        stops.append(step.number)
    assert stops == [s.number for s in steps] and len(stops) >= 2
    with pytest.raises(Breakpoint, match="accumulates in b: multiply sends") as stopped:
        ((a * b + a) * b * a).backward(break_on=ag.debug.accumulates(b))
    assert [s.before is not None for s in stopped.value.paused.current.sent if s.target == "b"] == [
        True
    ]
    with pytest.raises(TypeError, match="accumulates"):
        ag.debug.accumulates(3)


def test_a_pass_that_was_stopped_has_not_used_the_graph_up():
    x = t([0.0, 4.0], name="x")
    loss = (ag.sqrt(x) * x).sum()
    with pytest.raises(Breakpoint) as stopped:
        loss.backward(break_on=ag.debug.when(lambda step: step.op == "sqrt"))
    assert x.grad is None
    loss.backward(retain_graph=True)  # as if it had never been stopped
    first = x.grad.data.copy()
    stopped.value.paused.run()  # nor has the other pass hindered this one
    np.testing.assert_array_equal(x.grad.data, first + first)
    with pytest.raises(RuntimeError, match="a second time"):
        loss.backward()


@pytest.mark.parametrize("retain", [True, False])
def test_a_pass_that_was_only_watched_uses_the_graph_up_as_any_other(retain):
    x = t([1.0, 4.0])
    loss = (ag.sqrt(x) * x).sum()
    watchers = [ag.debug.nonfinite, ag.debug.norm_over(1e9)]
    loss.backward(break_on=watchers, retain_graph=retain)
    if retain:
        loss.backward()
    with pytest.raises(RuntimeError, match="a second time"):
        loss.backward()


def test_a_watched_pass_for_some_inputs_uses_up_what_it_went_through():
    x, y = t([1.0, 4.0]), t([2.0, 3.0])
    loss = (ag.sqrt(x) * ag.exp(y)).sum()
    loss.backward(break_on=ag.debug.nonfinite, inputs=[x])
    with pytest.raises(RuntimeError, match="a second time"):
        loss.backward()


@pytest.mark.parametrize(
    ("shape", "index", "expected"),
    [
        ((2, 3), (1, 2), [5.0]), ((1, 3), (0, 1), [1.0, 4.0]), ((2, 1), (1, 0), [3.0, 4.0, 5.0]),
        ((3,), (2,), [2.0, 5.0]), ((1,), (0,), range(6)), ((), (), range(6)),
    ],
)  # fmt: skip
def test_the_gradients_that_are_summed_into_one_element_are_found(shape, index, expected):
    g = ag.tensor(np.arange(6.0).reshape(2, 3))
    x = ag.tensor(np.ones(shape), requires_grad=True)
    step = next(backward_steps(x + np.zeros((2, 3)), g))
    assert _gradient_there(step, shape, index).tolist() == list(expected)
