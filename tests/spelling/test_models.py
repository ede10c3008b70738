"""Models in PyTorch's spelling run with other imports only, and agree with PyTorch."""

import math
import warnings

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F
from tests.spelling.models import MODELS

_rng = np.random.default_rng(0)
DATA = {
    "images": _rng.normal(size=(2, 3, 6, 6)), "noise": _rng.normal(size=(2, 5)),
    "tokens": np.array([[1, 5, 0, 3, 2, 6], [4, 4, 2, 0, 1, 3]]), "labels": np.array([3, 1]),
}  # fmt: skip


def built(text, torch, nn, F):
    """The model and its loss, in doubles."""
    names = {"torch": torch, "nn": nn, "F": F, "math": math, "__name__": "model"}
    with warnings.catch_warnings():
        warnings.simplefilter("error", ag.SpellingWarning)
        exec(compile(text, "<model>", "exec"), names)
    return names["model"].double(), names["loss"]


def run(text, torch, nn, F, state):
    """Loss and gradients by parameter, from given parameters and buffers."""
    model, loss = built(text, torch, nn, F)
    with torch.no_grad():
        for name, t in [*model.named_parameters(), *model.named_buffers()]:
            t.copy_(torch.tensor(state[name]))
    data = {name: torch.tensor(value) for name, value in DATA.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("error", ag.SpellingWarning)
        value = loss(model, data)
        value.backward()
    grads = {n: None if p.grad is None else np.asarray(p.grad) for n, p in model.named_parameters()}
    return value.item(), grads


def state_of(text):
    """Parameters and buffers as they are at first, and then a little apart."""
    ag.manual_seed(0)
    model, _ = built(text, ag, nn, F)
    draw = np.random.default_rng(1)
    state = {name: np.array(t.detach().numpy()) for name, t in model.named_buffers()}
    for name, t in model.named_parameters():
        state[name] = t.detach().numpy() + 0.1 * draw.normal(size=t.shape)
    return state


@pytest.mark.parametrize("name", MODELS)
def test_it_runs_and_its_slope_is_right(name):
    text, state = MODELS[name], state_of(MODELS[name])
    value, grads = run(text, ag, nn, F, state)
    assert math.isfinite(value)
    draw = np.random.default_rng(2)
    along = {n: draw.normal(size=g.shape) for n, g in grads.items() if g is not None}
    ends = [
        run(text, ag, nn, F, {**state, **{n: state[n] + h * d for n, d in along.items()}})[0]
        for h in (1e-6, -1e-6)
    ]
    slope = sum((grads[n] * d).sum() for n, d in along.items())
    if name not in STRAIGHT_THROUGH:
        assert slope == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-5, abs=1e-6)


#: Whose gradient is not that of the loss, on purpose: what is detached counts as constant.
STRAIGHT_THROUGH = {"vq_vae", "actor_critic", "dqn", "wgan_gp"}


def test_there_are_fifteen_models():
    assert len(MODELS) >= 15


@pytest.mark.torch
@pytest.mark.parametrize("name", MODELS)
def test_it_agrees_with_pytorch(torch, name):
    text, state = MODELS[name], state_of(MODELS[name])
    value, grads = run(text, ag, nn, F, state)
    expected, slopes = run(text, torch, torch.nn, torch.nn.functional, state)
    assert value == pytest.approx(expected, rel=1e-11)
    assert grads.keys() == slopes.keys()
    for n, g in slopes.items():
        if g is None:
            assert grads[n] is None or not grads[n].any()
        else:
            np.testing.assert_allclose(grads[n], g, rtol=1e-9, atol=1e-11, err_msg=n)
