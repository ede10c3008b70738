"""Recording: values, names and lines are kept, and the first number that is none stops it."""

import contextlib
import inspect
import os
import threading

import numpy as np
import pytest

import autograd as ag
from autograd.debug import (
    NonFinite,
    nonfinite,
    record,
)
from tests.primitives import primitives


def t(value, **options):
    return ag.tensor(np.asarray(value, dtype=np.float64), requires_grad=True, **options)


def unsafe(x):
    return ag.where(x > 0, ag.log(x), 0.0).sum()


def safe(x):
    return ag.where(x > 0, ag.log(ag.where(x > 0, x, 1.0)), 0.0).sum()


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


MASK = np.array([[0.0, -np.inf], [0.0, 0.0]])


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x.masked_fill(np.isinf(MASK), -np.inf),
        lambda x: ag.where(np.isinf(MASK), -np.inf, x),
        lambda x: x + ag.tensor(MASK),
        lambda x: x + ag.triu(ag.full((2, 2), -np.inf), 1),
        lambda x: ag.pad(x, 1, constant_values=-np.inf),
        lambda x: ag.maximum(ag.clip(x + MASK, -np.inf, np.inf), 0.0),
        lambda x: ag.concatenate([x, ag.tensor(MASK)])[1:],
        lambda x: ag.logsumexp(x + MASK, axis=1),
        lambda x: ag.log_softmax(x + MASK, axis=1),
    ],
)
def test_an_infinity_that_was_given_passes_forth_and_back(f):
    x = t([[1.0, 2.0], [3.0, 4.0]])
    with record():
        result = ag.where(np.isfinite(f(x).data), f(x), 0.0).sum()
    result.backward(break_on=[nonfinite])
    assert np.isfinite(x.grad.data).all()


@pytest.mark.parametrize("options", [{}, {"is_causal": True}])
def test_causal_attention_is_recorded_and_stepped_back_through(options):
    import nn

    layer = nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0, batch_first=True)
    model = nn.TransformerEncoder(layer, 2)
    mask = nn.Transformer.generate_square_subsequent_mask(3)
    assert np.isinf(mask.numpy()).any()
    with record():
        loss = model(ag.randn(2, 3, 4), mask=mask, **options).mean()
    loss.backward(break_on=[nonfinite])
    assert all(np.isfinite(p.grad.numpy()).all() for p in model.parameters())


@pytest.mark.parametrize(
    ("f", "index"),
    [
        (lambda x: x / ag.tensor([np.inf, 0.0]), (1,)),
        (lambda x: ag.exp(x * ag.tensor([-np.inf, 800.0])), (1,)),
        (lambda x: ag.log(ag.exp(x * ag.tensor([1.0, -np.inf]))), (1,)),
        (lambda x: (x * ag.tensor([np.inf, 1.0])) * 0.0, (0,)),
        (lambda x: ag.softmax(x - np.inf), (0,)),
    ],
)
def test_infinities_made_beside_given_ones_and_every_nan_still_stop(f, index):
    with record(), pytest.raises(NonFinite) as caught:
        f(t([1.0, 1.0]))
    assert caught.value.index == index


def test_an_overflow_passes_for_no_fill_value_of_the_other_sign():
    @ag.primitive
    def fill(x, *, fill):
        return np.append(x * x, fill)

    with record():
        assert fill(t([2.0]), fill=-np.inf).tolist() == [4.0, -np.inf]
    with record(), pytest.raises(NonFinite, match="begins here"):
        fill(t([1e200]), fill=-np.inf)


def test_what_becomes_of_a_given_infinity_leads_back_to_its_line():
    x = t([1.0, 2.0])
    with record():
        masked = ag.where([True, True], -np.inf, x)
        line = f"test_record.py:{inspect.currentframe().f_lineno - 1}"
        with pytest.raises(NonFinite, match=f"result of where, at .*{line}"):
            ag.softmax(masked * 2.0)
        loss = -(masked * 2.0).sum()
    with pytest.raises(ag.debug.Breakpoint, match=f"loss itself is ∞. .* of where, at .*{line}"):
        loss.backward(break_on=[nonfinite])


def test_gradients_may_be_infinite_where_the_arriving_one_is_and_nowhere_else():
    x = t([1.0, 2.0])
    (x * 1e10).backward(np.array([np.inf, 1.0]), break_on=[nonfinite])
    assert x.grad.tolist() == [np.inf, 1e10]
    with pytest.raises(ag.debug.Breakpoint, match=r"sends ∞ at \[1\] to x"):
        (x * 1e10).backward(np.array([np.inf, 1e300]), break_on=[nonfinite])
    w = t(np.ones((2, 2)))
    (w @ x).backward(np.array([np.inf, 1.0]), break_on=[nonfinite])
    with pytest.raises(ag.debug.Breakpoint, match="sends ∞ at"):
        (w @ (x * 1e10)).backward(np.array([1e300, 1.0]), break_on=[nonfinite])


def test_lines_of_notebook_cells_are_called_so():
    code = compile("y = x * 2.0\nz = y * y", os.path.join("ipykernel_77", "515142549.py"), "exec")
    scope = {"x": t(1.0), "__name__": "__main__"}
    with record():
        exec(code, scope)
    assert scope["z"].grad_node.record.where() == "cell, line 2"
    assert scope["z"].grad_node.record.lineno == 2


def test_reports_take_the_place_of_numpys_warnings():
    with np.errstate(all="warn"):
        with record(), pytest.raises(NonFinite):
            ag.log(t(0.0))
        assert np.geterr()["divide"] == "warn"
        with record(), record(check=False), pytest.raises(NonFinite):
            ag.log(t(0.0))
        with record(check=False), pytest.warns(RuntimeWarning, match="divide by zero"):
            ag.log(t(0.0))
        with record(check=False):
            loss = (t([0.0, 1.0]) * 1.0).sum()
        loss.backward(break_on=[nonfinite])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", [name for name, p in primitives().items() if p.scalar])
def test_a_number_has_the_same_bits_recorded_or_not(name, dtype):
    function = getattr(ag, name)
    step = ag.func.replay(lambda x: function(x))
    for k, number in enumerate(np.linspace(0.01, 3.0, 200, dtype=dtype)):
        plain = function(ag.tensor(number)).item()
        with record():
            assert function(ag.tensor(number)).item() == plain
        assert step(ag.tensor(number)).item() == plain and step.replays == max(0, k - 1)


def test_what_scalar_refuses_numpy_answers_recorded_or_not():
    for recording in (contextlib.nullcontext(), record(check=False)):
        with recording, np.errstate(all="ignore"):
            assert ag.exp(ag.tensor(1000.0)).item() == np.inf
            assert np.isnan(ag.log(ag.tensor(-1.0)).item())
