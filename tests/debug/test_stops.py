"""record(), NaN checks, breakpoints."""

import inspect
import threading

import numpy as np
import pytest

import autograd as ag
from autograd.debug import (
    Breakpoint,
    NonFinite,
    nonfinite,
    norm_over,
    record,
    touches,
    when,
)


def t(value, **options):
    return ag.tensor(np.asarray(value, dtype=np.float64), requires_grad=True, **options)


def unsafe(x):
    return ag.where(x > 0, ag.log(x), 0.0).sum()


def safe(x):
    return ag.where(x > 0, ag.log(ag.where(x > 0, x, 1.0)), 0.0).sum()


# record -------------------------------------------------------------------------------------------


def test_values_lines_and_names_are_kept_only_inside():
    a, b = t([1.0, 2.0]), t([3.0, 4.0])
    outside = a * b
    with record():
        inside = a * b
        line = inspect.currentframe().f_lineno - 1
    kept = inside.grad_node.record
    assert outside.grad_node.record is None and (a * b).grad_node.record is None
    assert [v.tolist() for v in kept.inputs] == [[1.0, 2.0], [3.0, 4.0]]
    assert kept.value.tolist() == [3.0, 8.0] and kept.names == ("a", "b")
    assert kept.filename == __file__ and kept.lineno == line and kept.line == "inside = a * b"


def test_kept_values_do_not_change_with_later_writes():
    a = t([1.0, 2.0])
    with record():
        b = a * 2.0
    with ag.no_grad():
        a *= 0.0
    assert b.grad_node.record.inputs[0].tolist() == [1.0, 2.0]


def test_the_line_is_the_users_not_the_librarys():
    import nn

    torch_like = nn.Linear(2, 3)
    with record():
        out = torch_like(t([[1.0, 2.0]]).astype(np.float32))
    assert out.grad_node.record.filename == __file__
    assert out.grad_node.record.line.startswith("out = torch_like")


def test_recording_nests_ends_with_exceptions_and_belongs_to_its_thread():
    a, seen = t(2.0), []
    with pytest.raises(KeyError), record():
        raise KeyError
    assert (a * a).grad_node.record is None
    with record(), record():
        thread = threading.Thread(target=lambda: seen.append((a * a).grad_node.record))
        thread.start()
        thread.join(10)
    assert seen == [None] and (a * a).grad_node.record is None


@pytest.mark.parametrize(
    ("f", "op", "index", "words"),
    [
        (lambda: ag.log(t([1.0, 0.0])), "log", (1,), "x there = 0"),
        (lambda: t([[1.0], [2.0]]) / t([1.0, 0.0]), "divide", (0, 1), "y there = 0"),
        (lambda: ag.exp(t([0.0, 800.0])), "exp", (1,), "x there = 800"),
        (lambda: ag.sqrt(t(-1.0)), "sqrt", (), "x there = −1"),
        (lambda: t([[1e200]]) @ t([[1e200]]), "matmul", (0, 0), r"x = \[\[1e\+200\]\]"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_first_non_finite_value_raises_where_it_is_made(f, op, index, words):
    with record(), pytest.raises(NonFinite, match=words) as caught:
        f()
    error = caught.value
    assert (error.op, error.index, error.filename) == (op, index, __file__)
    assert "it begins here" in str(error) and "backward rule for x" in str(error)
    assert error.lineno == f.__code__.co_firstlineno


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_bad_data_and_steep_functions_are_told_apart():
    with record(), pytest.raises(NonFinite, match="came in with the data"):
        t([np.nan, 1.0]) * 2.0
    with record(), pytest.raises(NonFinite) as caught:
        unsafe(t([0.0, 1.0]))
    assert "where(ok, log(where(ok, x, 1.0)), 0.0)" in str(caught.value)
    with record():
        safe(t([0.0, 1.0]))
    with record(check=False):
        assert not np.isfinite(ag.log(t(0.0)).item())


# Breakpoints --------------------------------------------------------------------------------------


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
