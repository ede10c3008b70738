"""One check for every function: values, raw arrays, first and second gradients, dtypes."""

import numpy as np

import autograd as ag
from autograd.func import gradcheck, gradgradcheck

RANDOM = np.random.default_rng(7)


def normal(*shape):
    """Reproducible numbers, no two of them alike, none close to 0."""
    x = RANDOM.normal(size=shape)
    return x + 0.2 * np.sign(x)


def tensors(*arrays):
    return [ag.tensor(a, requires_grad=True) for a in arrays]


def outputs(result):
    return list(result) if isinstance(result, (list, tuple)) else [result]


def check_values(function, expected, *arrays, rtol=1e-12):
    """On tensors and on raw arrays the function gives what the oracle gives."""
    wanted = outputs(expected(*arrays))
    for given, kind in ((tensors(*arrays), ag.Tensor), (arrays, (np.ndarray, np.generic))):
        got = outputs(function(*given))
        assert len(got) == len(wanted)
        for g, w in zip(got, wanted, strict=True):
            assert isinstance(g, kind), type(g)
            assert g.shape == np.shape(w)
            np.testing.assert_allclose(getattr(g, "_data", g), w, rtol=rtol, atol=1e-14)


def check_single_precision(function, *arrays):
    """float32 in, float32 out, and float32 gradients."""
    given = tensors(*[a.astype(np.float32) for a in arrays])
    total = None
    for out in outputs(function(*given)):
        if out.dtype.kind == "f":
            assert out.dtype == np.float32
            total = out.sum() if total is None else total + out.sum()
    total.backward()
    for t in given:
        assert t.grad.dtype == np.float32
        assert t.grad.shape == t.shape


def check(function, expected, *arrays, rtol=1e-12):
    check_values(function, expected, *arrays, rtol=rtol)
    gradcheck(function, *tensors(*arrays))
    gradgradcheck(function, *tensors(*arrays))
    check_single_precision(function, *arrays)


def gradient(function, x):
    """Gradient of the sum of the function's values."""
    t = ag.tensor(x, requires_grad=True)
    function(t).sum().backward()
    return t.grad.numpy()
