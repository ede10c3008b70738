"""Defaults of the optimizers' kernels are those of the published rules."""

import inspect

from autograd.kernels.optimizers import (
    adadelta,
    adagrad,
    adam,
    adamax,
    nadam,
    radam,
    rmsprop,
    rprop,
    sgd,
)


def test_defaults_are_those_of_the_rules():
    expected = {
        sgd: {"momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False},
        adam: {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.0, "decoupled": False},
        rmsprop: {"alpha": 0.99, "eps": 1e-8, "weight_decay": 0.0, "momentum": 0.0},
        adagrad: {"lr_decay": 0.0, "eps": 1e-10, "weight_decay": 0.0},
        nadam: {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.0, "decoupled": False}
        | {"momentum_decay": 4e-3},
        radam: {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.0, "decoupled": False},
        adamax: {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.0},
        adadelta: {"lr": 1.0, "rho": 0.9, "eps": 1e-6, "weight_decay": 0.0},
        rprop: {},
    }
    for kernel, options in expected.items():
        parameters = inspect.signature(kernel).parameters
        assert {key: parameters[key].default for key in options} == options
        assert parameters["maximize"].default is False
