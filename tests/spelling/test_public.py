"""Programs for PyTorch, written for these tests as public ones are: two ways in, the same numbers.

Each file of ``public`` has ``make()``, ``data(rng)``, ``loss(model, *data)`` and perhaps
``train(model, *data)``. One way in changes the imports, the other one converts the model.
"""

import contextlib
import linecache
import math
import sys
import types
import warnings
from pathlib import Path

import numpy as np
import pytest

import autograd as ag
import nn
from tests.spelling.imports import with_ours

HERE = Path(__file__).with_name("public")
NAMES = sorted(file.stem for file in HERE.glob("*.py") if file.stem != "__init__")

#: What torch.export cannot follow: a program that branches on numbers, or leaves PyTorch for them.
NOT_EXPORTED = {
    "gnn": "takes a number out of a tensor",
    "maml": "takes gradients in its forward",
    "neural_ode": "takes a number out of a tensor",
    "tacotron": "leaves for NumPy",
}
#: Their losses call parts of the model, or its methods, so there is no one call to convert.
NEVER_CALLED = {"dqn", "word2vec"}


@contextlib.contextmanager
def doubles(lib):
    before = lib.get_default_dtype()
    lib.set_default_dtype(lib.float64)
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():  # PyTorch lets log(0) pass, too
            warnings.simplefilter("error", ag.SpellingWarning)
            yield
    finally:
        lib.set_default_dtype(before)


def program(name, ours):
    """The file's module, with its own imports or ours."""
    text = (HERE / f"{name}.py").read_text(encoding="utf-8")
    text = with_ours(text) if ours else text
    module = types.ModuleType(f"{name}_{'here' if ours else 'there'}")
    file = f"<{module.__name__}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    sys.modules[module.__name__] = module
    exec(compile(text, file, "exec"), module.__dict__)
    return module


def given(lib, data):
    def convert(value):
        many = isinstance(value, list) and isinstance(value[0], np.ndarray)
        return [lib.tensor(v) for v in value] if many else lib.tensor(value)

    return [convert(value) for value in data]


def fill(lib, model, state):
    with lib.no_grad():
        for key, t in [*model.named_parameters(), *model.named_buffers()]:
            t.copy_(lib.tensor(state[key]))


def gradients(lib, module, model, data):
    value = module.loss(model, *given(lib, data))
    value.backward()
    return value.item(), {
        n: None if p.grad is None else np.array(p.grad.tolist())
        for n, p in model.named_parameters()
    }


@pytest.mark.parametrize("name", NAMES)
def test_with_other_imports_it_runs(name):
    with doubles(ag):
        ag.manual_seed(0)
        module = program(name, ours=True)
        value, grads = gradients(
            ag, module, module.make().double(), module.data(np.random.default_rng(0))
        )
    assert math.isfinite(value)
    assert any(g is not None and g.any() for g in grads.values())


@pytest.mark.torch
@pytest.mark.parametrize("name", NAMES)
def test_with_other_imports_it_agrees(torch, name):
    found, nudge = {}, np.random.default_rng(1)
    state = None
    for lib in (torch, ag):
        with doubles(lib):
            lib.manual_seed(0)
            module = program(name, ours=lib is ag)
            model = module.make().double()
            data = module.data(np.random.default_rng(0))
            if state is None:
                state = {n: np.array(b.tolist()) for n, b in model.named_buffers()}
                for n, p in model.named_parameters():
                    state[n] = p.numpy(force=True) + 0.05 * nudge.normal(size=p.shape)
            fill(lib, model, state)
            value, grads = gradients(lib, module, model, data)
            told = None
            if hasattr(module, "train"):
                fill(lib, model, state)
                told = module.train(model, *given(lib, data))
            after = {n: np.array(v.tolist()) for n, v in model.state_dict().items()}
            found[lib is ag] = value, grads, told, after
    (value, grads, told, after), (expected, slopes, wanted, weights) = found[True], found[False]
    assert value == pytest.approx(expected, rel=1e-11)
    assert list(grads) == list(slopes) and list(after) == list(weights)
    for n, g in slopes.items():
        if g is None:
            assert grads[n] is None or not grads[n].any()
        else:
            np.testing.assert_allclose(grads[n], g, rtol=1e-9, atol=1e-11, err_msg=n)
    assert told is None or told == pytest.approx(wanted, rel=1e-9)
    for n, w in weights.items():
        np.testing.assert_allclose(after[n], w, rtol=1e-7, atol=1e-9, err_msg=n)


@pytest.mark.torch
@pytest.mark.parametrize("name", [name for name in NAMES if name not in NEVER_CALLED])
def test_converted_it_agrees(torch, name):
    with doubles(torch):
        torch.manual_seed(0)
        module = program(name, ours=False)
        model = module.make().double()
        called = []
        hook = model.register_forward_pre_hook(
            lambda _, args, kwargs: called.append((args, kwargs)), with_kwargs=True
        )
        module.loss(model, *given(torch, module.data(np.random.default_rng(0))))
        hook.remove()
        args, kwargs = called[0]
        if name in NOT_EXPORTED:
            with pytest.raises(RuntimeError, match=NOT_EXPORTED[name]):
                nn.from_torch(model, *args, **kwargs)
            return
        compared = nn.interop.compare(
            model, nn.from_torch(model, *args, **kwargs), *args, tolerance=1e-10, **kwargs
        )
    assert compared.ok, compared.text()
