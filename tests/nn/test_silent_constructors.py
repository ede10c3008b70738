"""Numbers given to layers, optimizers, schedules and initialisers never lose a gradient in silence.

Every number among their parameters is given as a tensor that requires a gradient: it is refused, at
the latest when it is used, or the gradient arrives.
"""

import inspect
import warnings

import numpy as np
import pytest

import autograd as ag
import nn
from nn import init, optim
from nn.optim import lr_scheduler

REFUSED = (TypeError, ValueError, RuntimeError, UserWarning)
#: What parameters without a default are called, and a value.
REQUIRED = {
    "in_channels": 2, "out_channels": 2, "kernel_size": 2, "num_features": 2, "num_channels": 2,
    "num_groups": 1, "in_features": 3, "out_features": 2, "in1_features": 3, "in2_features": 3,
    "normalized_shape": (3,), "output_size": 2, "norm_type": 2.0, "size": 2, "threshold": 0.1,
    "value": 0.2, "padding": 1, "upscale_factor": 2, "downscale_factor": 2, "groups": 1,
    "num_embeddings": 3, "embedding_dim": 2, "dim": 0, "unflattened_size": (1, 2), "input_size": 3,
    "hidden_size": 2, "d_model": 2, "nhead": 1, "embed_dim": 2, "num_heads": 1, "step_size": 2,
    "gamma": 0.5, "milestones": [1], "T_max": 3, "T_0": 2, "base_lr": 0.1, "max_lr": 0.2, "total_steps": 9,
    "lr_lambda": lambda k: 1.0, "start_factor": 0.5, "milestone": 2, "val": 0.5,
    "sparsity": 0.5, "num_layers": 1, "encoder_layer": nn.TransformerEncoderLayer(2, 1, 4),
    "decoder_layer": nn.TransformerDecoderLayer(2, 1, 4),
}  # fmt: skip


def weight(*shape):
    return nn.Parameter(np.arange(1.0, 1.0 + np.prod(shape or (1,))).reshape(shape or (1,)) / 7.0)


def numbers_of(callable_):
    """The parameters that are numbers by their default, or by the value in ``REQUIRED``."""
    for name, parameter in inspect.signature(callable_).parameters.items():
        value = REQUIRED.get(name) if parameter.default is parameter.empty else parameter.default
        if isinstance(value, tuple) and value and isinstance(value[0], float):
            yield name, [value[0], *value[1:]]
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield name, value


def required(callable_):
    return {
        name: REQUIRED[name]
        for name, p in inspect.signature(callable_).parameters.items()
        if (p.default is p.empty or name == "total_steps") and name in REQUIRED
    }


def public(module, base=None):
    for name in dir(module):
        thing = getattr(module, name)
        if name[0] == "_" or not callable(thing):
            continue
        if base is None:
            if inspect.isfunction(thing) and name in module.__all__:
                yield thing
        elif isinstance(thing, type) and issubclass(thing, base) and thing is not base:
            yield thing


def cases(things):
    return [pytest.param(thing, name, value, id=f"{thing.__name__} {name}")
            for thing in things for name, value in numbers_of(thing)]  # fmt: skip


def learnt(value):
    if isinstance(value, list):
        return (learnt(value[0]), *value[1:])
    return ag.tensor(float(value), requires_grad=True)


def refuses(function):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            function()
    except REFUSED:
        return True
    return False


INPUTS = [(2, 3), (1, 2, 6), (1, 2, 6, 6), (1, 2, 4, 4, 4), (2, 3, 3)]


def arrives(layer, t):
    """True if the gradient of what the layer computes, on some input, reaches the tensor."""
    for shape in INPUTS:
        x = ag.tensor(np.linspace(-2.0, 2.0, int(np.prod(shape))).reshape(shape))
        for given in ((x,), (x, x * 0.5), (x, x * 0.5, x * 0.3)):
            try:
                y = layer(*given)
                (y * y).sum().backward()
            except Exception:  # an input that is none for this layer
                continue
            return t.grad is not None
    return None


@pytest.mark.parametrize(("layer", "name", "value"), cases(public(nn, nn.Module)))
def test_numbers_of_layers(layer, name, value):
    layer(**{**required(layer), name: value})  # a number is taken
    t = learnt(value)
    made = []
    if refuses(lambda: made.append(layer(**{**required(layer), name: t}))):
        return
    found = []
    if refuses(lambda: found.append(arrives(made[0].double(), t))):
        return
    assert found[0]


@pytest.mark.parametrize(("optimizer", "name", "value"), cases(public(optim, optim.Optimizer)))
def test_numbers_of_optimizers(optimizer, name, value):
    optimizer([weight(2)], **{name: value})
    assert refuses(lambda: optimizer([weight(2)], **{name: learnt(value)}))


def scheduled(schedule, name, t):
    optimizer = optim.SGD([weight(2)], lr=0.1, momentum=0.9)
    made = schedule(optimizer, **{**required(schedule), name: t})
    optimizer.step()
    made.step()


@pytest.mark.parametrize(
    ("schedule", "name", "value"),
    cases(
        s for s in public(lr_scheduler, lr_scheduler.LRScheduler) if s.__name__ != "SequentialLR"
    ),
)
def test_numbers_of_schedules(schedule, name, value):
    scheduled(schedule, name, value)
    assert refuses(lambda: scheduled(schedule, name, learnt(value)))


@pytest.mark.parametrize(("function", "name", "value"), cases(public(init)))
def test_numbers_of_initialisers(function, name, value):
    w = weight(3, 3, 3) if function.__name__ == "dirac_" else weight(3, 3)
    given = required(function)
    function(w, **{**given, name: value})
    assert refuses(lambda: function(w, **{**given, name: learnt(value)}))
