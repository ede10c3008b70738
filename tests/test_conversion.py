"""Numbers taken from tensors that require a gradient: what is meant, what is lost, what is said."""

import array
import cmath
import csv
import ctypes
import functools
import io
import json
import math
import struct
import subprocess
import sys
import types
import warnings

import numpy as np
import pytest

import autograd as ag
import nn
from autograd.conversion import _fused

#: What the tried lines use.
MODULES = {m.__name__: m for m in (array, cmath, csv, ctypes, functools, io, json, math, struct)}
t = ag.tensor(0.5, requires_grad=True)
ts = [t, t * 2]


def silent(code, **names):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return eval(code, {**globals(), **MODULES, **names})


@pytest.mark.parametrize(
    "code",
    [
        "float(t)", "int(t)", "complex(t)", "bool(t)", "round(t)", "format(t, '.2f')", "f'{t:.3f}'",
        "'%f' % t", "'%.2f %d' % (t, t)", "'{:.1e}'.format(t)", "str(t)", "repr(t)",
        "math.isnan(t)", "math.isinf(t)", "math.isfinite(t)", "math.isclose(t, 0.5)",
        "math.floor(t)", "math.ceil(t)", "cmath.isnan(t)",
        "list(map(float, ts))", "[float(s) for s in ts]", "sum(map(float, ts))",
        "sorted(ts, key=float)", "max(ts, key=float)", "json.dumps(float(t))", "t.item()",
        "t.tolist()", "struct.pack('d', t)", "float(*[t])", "math.exp(float(t))",
        "math.exp(t.item())", "np.save(io.BytesIO(), t)", "np.savetxt(io.StringIO(), t.reshape(1))",
        "np.savez(io.BytesIO(), t)", "csv.writer(io.StringIO()).writerow([t])",
        "float(\n    t\n)", "math . isnan ( t )", "{'f': float}['f'] and float(t)",
    ],
)  # fmt: skip
def test_what_asks_for_a_number_or_writes_a_file_is_silent(code):
    silent(code)


def test_an_alias_of_float_is_float():
    number, isnan = float, math.isnan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(50):  # also where the interpreter has adapted its instructions
            assert number(t) == 0.5 and not isnan(t) and "%.1f" % t == "0.5"  # noqa: UP031
            assert [number, number(t)][1] == 0.5  # two loads in one instruction


@pytest.mark.parametrize(
    "statement",
    [
        "out[0, 1] = t", "out[0] = t", "out[:] = t", "out.flat[3] = t", "out.fill(t)",
        "out.__setitem__((0, 1), t)", "np.fromiter(ts, float)", "np.array(ts)", "np.array([t, t])",
        "np.asarray(ts, float)", "np.full(3, t)", "np.fromiter((s for s in ts), dtype=float)",
        "np.array((t,), dtype=[('a', 'f8')])", "numbers[0] = t", "whole[0, 0] = t", "np.put(out, 0, t)",
        "np.copyto(out, t)", "out += t", "out.sum(initial=t)", "np.float32(t)", "array.array('d', ts)",
        "np.place(out, out == 0, [t])", "out.flat = ts", "out[mask] = t", "out[[0]] = t",
        "out.put([0], t)",
    ],
)  # fmt: skip
def test_a_store_into_an_array_raises(statement):
    names = {
        "out": np.zeros((2, 2)), "whole": np.zeros((2, 2), int), "mask": np.eye(2, dtype=bool),
        "numbers": array.array("d", [0.0, 0.0]),
    }  # fmt: skip
    for _ in range(20):
        with pytest.raises((RuntimeError, ValueError, TypeError)) as refused:
            exec(statement, {**globals(), **MODULES, **names})
    said = str(refused.value) + str(refused.value.__cause__)
    assert (
        "gradient" in said
        or "no counterpart" in said
        or "written into" in said
        or "setting" in said
    )


@pytest.mark.parametrize(
    "code",
    [
        "math.exp(t)", "math.hypot(t, 1)", "np.float64(t)", "math.fsum(ts)", "ctypes.c_double(t)",
        "functools.partial(math.exp, t)()", "{'f': math.exp}['f'](t)", "math.pow(t, float(2))",
        "list(map(math.exp, ts))", "(lambda f: f(t))(math.sin)", "math.exp(*[t])", "(float(2), list(map(math.exp, ts)))[1]",
    ],
)  # fmt: skip
def test_other_conversions_warn_and_name_item(code):
    place = compile(code, "<a cell>", "eval")
    for _ in range(20):
        with pytest.warns(UserWarning, match=r"t\.item\(\)"):
            eval(place, {**globals(), **MODULES})


def test_where_the_function_has_no_name_it_is_said_what_was_asked_for():
    for number, ask in (("float", "math.exp"), ("complex", "cmath.exp")):
        with pytest.warns(UserWarning, match=rf"^{number}\(\) takes a number from a tensor"):
            eval(f"functools.partial({ask}, t)()", {**globals(), **MODULES})


def test_a_method_is_not_the_function_of_its_name():
    box = types.SimpleNamespace(isnan=math.exp)
    for code in ("(box).isnan(t)", "(lambda: box)().isnan(t)", "[box][0].isnan(t)"):
        with pytest.warns(UserWarning, match=r"t\.item\(\)"):
            eval(code, {"box": box, "t": t, "isnan": math.isnan})


def test_a_function_is_found_through_modules_in_modules():
    outer, inner = types.ModuleType("outer"), types.ModuleType("inner")
    outer.inner, inner.isnan, outer.isnan = inner, math.isnan, math.exp
    silent("outer.inner.isnan(t)", outer=outer)
    outer.isnan, inner.isnan = math.isnan, math.exp
    with pytest.warns(UserWarning, match=r"t\.item\(\)"):
        eval("outer.inner.isnan(t)", {"outer": outer, "t": t})


def test_a_load_of_two_names_begins_with_the_second():
    at = types.SimpleNamespace(positions=types.SimpleNamespace(lineno=3, col_offset=7))
    other = types.SimpleNamespace(positions=types.SimpleNamespace(lineno=3, col_offset=1))
    both = types.SimpleNamespace(opname="LOAD_FAST_LOAD_FAST", argval=("a", "b"), positions=None)
    one = types.SimpleNamespace(opname="LOAD_FAST", argval="a", positions=None)
    store = types.SimpleNamespace(opname="STORE_FAST_STORE_FAST", argval=("a", "b"), positions=None)
    assert _fused([one, both, at], (3, 7)) == "b"
    later = [one, at, both, at]  # the call begins at the first
    for instructions in ([one, at], [store, at], [both, other], [both, one, at], [at], [], later):
        assert _fused(instructions, (3, 7)) is None


def test_the_warning_points_at_the_callers_line_and_comes_once_for_it():
    def use():
        return math.exp(t)

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("default")
        for _ in range(3):
            use()
    assert [each.filename for each in seen] == [__file__]


def test_nothing_is_said_where_nothing_is_lost():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        out = np.zeros(2)
        out[0] = ag.tensor(3.0)
        with ag.no_grad():
            out[1] = t
            assert math.exp(t) > 1 and ag.tensor(t).tolist() == 0.5
        out.fill(t.detach())
        assert out.tolist() == [0.5, 0.5]


@pytest.mark.parametrize("make", [ag.tensor, ag.Tensor])
def test_a_tensor_is_not_copied_out_of_the_graph(make):
    with pytest.raises(RuntimeError, match="detach"):
        make(t * 2)
    assert make(t.detach()).item() == 0.5


def test_our_own_functions_name_the_argument():
    x = ag.tensor(np.ones((2, 3)))
    with pytest.raises(RuntimeError, match="layer_norm: eps .*requires a gradient"):
        nn.functional.layer_norm(x, (3,), eps=t)
    with pytest.raises(RuntimeError, match="dropout: p .*requires a gradient"):
        nn.functional.dropout(x, t)
    for make in (
        lambda: nn.LeakyReLU(negative_slope=t), lambda: nn.ELU(t), lambda: nn.BatchNorm1d(3, eps=t),
        lambda: nn.optim.SGD([nn.Parameter([1.0])], lr=t), lambda: nn.Dropout(t),
        lambda: nn.init.uniform_(nn.Parameter([1.0]), 0.0, t),
        lambda: nn.optim.Adam([nn.Parameter([1.0])], betas=(t, 0.9)), lambda: nn.Softplus(t),
        lambda: nn.CrossEntropyLoss(label_smoothing=t), lambda: nn.HuberLoss(delta=t),
    ):  # fmt: skip
        with pytest.raises((RuntimeError, TypeError), match="gradient|number"):
            make()


MASKED = np.ma.array([1.0, 2.0], mask=[False, True])


@pytest.mark.parametrize(
    "mix",
    [
        lambda t: MASKED + t,
        lambda t: MASKED / t,
        lambda t: MASKED**t,
        lambda t: MASKED == t,
        lambda t: np.ma.multiply(MASKED, t),
        lambda t: np.ma.array(t),
        lambda t: t + MASKED,
        lambda t: np.add(MASKED, t),
        lambda t: nn.functional.mse_loss(t, MASKED),
        lambda t: ag.stack([t, MASKED]),
        lambda t: ag.tensor(MASKED),
    ],
)
@pytest.mark.parametrize("requires_grad", [True, False])
def test_masked_arrays_take_no_gradient_and_lose_no_mask(mix, requires_grad):
    t = ag.tensor([1.0, 2.0], dtype=np.float64, requires_grad=requires_grad)
    with pytest.raises((TypeError, RuntimeError), match="mask|would lose"):
        mix(t)


def test_arrays_of_a_tensor_are_copies_or_cannot_be_written():
    t = ag.tensor([1.0, 2.0])
    copy = np.array(t)
    copy[0] = 7.0
    assert t.tolist() == [1.0, 2.0]
    for shared in (np.asarray(t), t.numpy(), ag.tensor(3.0).numpy()):
        with pytest.raises(ValueError):
            shared[...] = 7.0
    assert t.__array__(copy=False).tolist() == [1.0, 2.0]


def test_masked_arrays_without_a_masked_element_are_arrays():
    assert (ag.tensor([1.0, 2.0]) + np.ma.array([1.0, 1.0])).tolist() == [2.0, 3.0]


# What the caller's instruction is -----------------------------------------------------------------


class Stranger:
    """Callable, and nobody may hash or look into it."""

    __hash__ = None

    def __call__(self, value):
        return float(value)


@pytest.mark.parametrize(
    "code",
    [
        "{'f': math.exp}['f'](t)", "[math.exp][0](t)", "(lambda v: math.exp(v))(t)", "holder.exp(t)",
        "holder.inner.exp(t)", "(math or 3).exp(t)", "math.exp(*[t])", "functools.partial(math.exp)(t)",
        "(math.exp if t is not None else 3)(t)", "math.pow(t, 2.0)",
    ],
)  # fmt: skip
def test_however_the_function_is_reached_a_lost_gradient_is_told(code):
    class Holder:
        exp = staticmethod(math.exp)

    holder = Holder()
    holder.inner = holder
    for _ in range(3):
        with pytest.warns(
            UserWarning, match="takes a number from a tensor that requires a gradient"
        ):
            eval(code, {**globals(), **MODULES, "holder": holder})


def test_a_callable_that_cannot_be_hashed_asks_for_a_number_itself():
    strange = Stranger()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert strange(t) == 0.5  # float() in it is what asks
        assert (0.5 == float(t)) and [1, 2, 3][int(t)] == 1


BARE = """
import math
import warnings
import numpy as np
import autograd as ag

t, out = ag.tensor(0.5, requires_grad=True), np.zeros(2)
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    math.exp(t)
print([str(w.message)[:27] for w in told])
try:
    out[0] = t
except (RuntimeError, ValueError, TypeError) as error:
    print(str(error.__cause__ or error)[:29])
"""


def test_where_the_interpreter_keeps_no_columns_it_is_told_without_a_name():
    ran = subprocess.run(
        [sys.executable, "-X", "no_debug_ranges", "-c", BARE], capture_output=True, text=True
    )
    assert ran.stdout == "['float() takes a number from']\na value written into an array\n", (
        ran.stderr
    )


def test_a_comparison_with_a_number_of_python_asks_for_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "%s" % (t,) and f"{float(t) + 1:.1f}" == "1.5"  # noqa: UP031


def test_only_r_and_c_are_named_where_they_are_asked():
    t = ag.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError, match=r"^np\.r_, np\.c_: this tensor requires a gradient"):
        np.r_[t, 1.0]
    for ask in (lambda: np.fill_diagonal(np.eye(2), t), lambda: np.ndenumerate(t)):
        with pytest.raises(RuntimeError, match="^conversion to an array: this tensor requires"):
            ask()
