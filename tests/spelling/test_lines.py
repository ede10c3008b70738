"""PyTorch's lines, unchanged: NumPy's values and slopes, and PyTorch's own where it is there."""

import ast
import warnings

import numpy as np
import pytest
import scipy.integrate
import scipy.signal
import scipy.spatial
import scipy.special
import scipy.stats

import autograd as ag
from tests.spelling.lines import EVERY

_rng = np.random.default_rng(0)
_square = _rng.normal(size=(3, 3))
FLOATS = {
    "x": _rng.normal(size=(2, 3, 4)), "y": _rng.normal(size=(2, 3, 4)),
    "m": _rng.normal(size=(3, 4)), "n": _rng.normal(size=(3, 4)),
    "a": _square @ _square.T + 3.0 * np.eye(3), "v": _rng.normal(size=4), "w": _rng.normal(size=4),
    "p": _rng.uniform(0.1, 0.9, size=(3, 4)),
    "b": _rng.normal(size=(2, 3, 4)), "c": _rng.normal(size=(2, 4, 5)),
}  # fmt: skip
OTHERS = {
    "i": np.array([[0, 2, 1, 1], [1, 0, 2, 0], [2, 1, 0, 1]]), "k": np.array([2, 0, 1, 2]),
    "q": np.array([3, 0, 2]), "mask": FLOATS["m"] > 0,
}  # fmt: skip
T = 1.5


def test_there_are_more_than_two_hundred_lines():
    assert len({code for code, _ in EVERY}) == len(EVERY) > 250


def run(code, names):
    """What a line gives: its value, or what it leaves as ``out``."""
    names = dict(names)
    try:
        return eval(code, names)
    except SyntaxError:
        exec(compile(ast.parse(code), "<line>", "exec"), names)
    return names["out"]


def parts(result):
    """The tensors, arrays and numbers of a result, in a row."""
    if isinstance(result, (tuple, list)):
        return [part for each in result for part in parts(each)]
    return [result]


def array(part):
    return np.asarray(part.detach() if hasattr(part, "detach") else part)


def total(found):
    """A number that depends on all floats, each in its own measure."""
    floats = [f for f in found if str(getattr(f, "dtype", "")).startswith(("float", "torch.float"))]
    weights = [np.cos(np.arange(array(f).size) + k) for k, f in enumerate(floats)]
    return sum((f.reshape(-1) * _as(f, w)).sum() for f, w in zip(floats, weights, strict=True))


def _as(f, weights):
    return weights if isinstance(f, (np.ndarray, np.generic)) else f.new_tensor(weights)


def on(library, code):
    """The arrays that a line gives in a library, and the gradients by name."""
    leaves = {name: library.tensor(v, requires_grad=True) for name, v in FLOATS.items()}
    others = {name: library.tensor(v) for name, v in OTHERS.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("error", ag.SpellingWarning)
        found = parts(run(code, {"torch": library, "t": T, **leaves, **others}))
    y = total(found)
    if getattr(y, "requires_grad", False):
        y.backward()
    grads = {name: None if t.grad is None else array(t.grad) for name, t in leaves.items()}
    return [array(f) for f in found], grads


def in_numpy(oracle, **moved):
    names = {"np": np, "scipy": scipy, "t": T, **FLOATS, **OTHERS, **moved}
    return [np.asarray(part) for part in parts(eval(oracle, names))]


@pytest.mark.parametrize(("code", "oracle"), [c for c in EVERY if c[1] is not None])
def test_values_and_slopes_are_numpys(code, oracle):
    found, grads = on(ag, code)
    expected = in_numpy(oracle)
    assert len(found) == len(expected)
    for f, e in zip(found, expected, strict=True):
        assert f.shape == e.shape
        tight = f.dtype == np.float64 or f.dtype.kind != "f"
        np.testing.assert_allclose(f, e, rtol=1e-12 if tight else 1e-6, atol=1e-13)
    along = {name: np.sin(3.0 + np.arange(v.size)).reshape(v.shape) for name, v in FLOATS.items()}
    slope = sum((g * along[name]).sum() for name, g in grads.items() if g is not None)
    ends = []
    for h in (1e-6, -1e-6):
        moved = {name: v + h * along[name] for name, v in FLOATS.items()}
        if "mask" in code:
            moved["mask"] = OTHERS["mask"]
        ends.append(total(in_numpy(oracle, **moved)))
    if not any(f.dtype == np.float64 for f in found):
        return  # nothing that carries a gradient
    np.testing.assert_allclose(slope, (ends[0] - ends[1]) / 2e-6, rtol=2e-6, atol=2e-7)


@pytest.mark.torch
@pytest.mark.parametrize("code", [code for code, _ in EVERY])
def test_values_and_gradients_are_pytorchs(torch, code):
    found, grads = on(ag, code)
    expected, slopes = on(torch, code)
    assert len(found) == len(expected)
    for f, e in zip(found, expected, strict=True):
        assert f.shape == e.shape and f.dtype == e.dtype, (f.dtype, e.dtype)
        np.testing.assert_allclose(f, e, rtol=1e-12 if f.dtype == np.float64 else 1e-6, atol=1e-13)
    for name, expected in slopes.items():
        got = np.zeros_like(FLOATS[name]) if grads[name] is None else grads[name]
        wanted = np.zeros_like(FLOATS[name]) if expected is None else expected
        np.testing.assert_allclose(got, wanted, rtol=1e-11, atol=1e-12, err_msg=name)
