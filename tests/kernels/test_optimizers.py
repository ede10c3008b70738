"""Optimiser steps: by hand on one number, by plain formulas on arrays, and against PyTorch."""

import math

import numpy as np
import pytest

from autograd.kernels import optimizers
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

pytestmark = pytest.mark.usefixtures("numpy_kernels")

RNG = np.random.default_rng


class Plain:
    """The published rules, one number at a time in Python floats."""

    @staticmethod
    def sgd(
        p,
        gradients,
        lr,
        momentum=0.0,
        dampening=0.0,
        weight_decay=0.0,
        nesterov=False,
        maximize=False,
    ):
        b = None
        for g in gradients:
            d = (-g if maximize else g) + weight_decay * p
            if momentum:
                b = d if b is None else momentum * b + (1 - dampening) * d
                d = d + momentum * b if nesterov else b
            p = p - lr * d
        return p

    @staticmethod
    def adam(
        p,
        gradients,
        lr,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0.0,
        decoupled=False,
        amsgrad=False,
        maximize=False,
    ):
        m = v = top = 0.0
        for t, g in enumerate(gradients, start=1):
            d = -g if maximize else g
            if decoupled:
                p = p * (1 - lr * weight_decay)
            else:
                d = d + weight_decay * p
            m = betas[0] * m + (1 - betas[0]) * d
            v = betas[1] * v + (1 - betas[1]) * d * d
            top = max(top, v)
            corrected = (top if amsgrad else v) / (1 - betas[1] ** t)
            p = p - lr * (m / (1 - betas[0] ** t)) / (math.sqrt(corrected) + eps)
        return p

    @staticmethod
    def rmsprop(
        p,
        gradients,
        lr,
        alpha=0.99,
        eps=1e-8,
        weight_decay=0.0,
        momentum=0.0,
        centered=False,
        maximize=False,
    ):
        v = mean = b = 0.0
        for g in gradients:
            d = (-g if maximize else g) + weight_decay * p
            v = alpha * v + (1 - alpha) * d * d
            mean = alpha * mean + (1 - alpha) * d
            step = d / (math.sqrt(v - mean * mean if centered else v) + eps)
            if momentum:
                step = b = momentum * b + step
            p = p - lr * step
        return p

    @staticmethod
    def adagrad(p, gradients, lr, lr_decay=0.0, eps=1e-10, weight_decay=0.0, maximize=False):
        s = 0.0
        for t, g in enumerate(gradients):
            d = (-g if maximize else g) + weight_decay * p
            s += d * d
            p = p - lr / (1 + t * lr_decay) * d / (math.sqrt(s) + eps)
        return p

    @staticmethod
    def nadam(
        p,
        gradients,
        lr,
        momentum_decay=4e-3,
        weight_decay=0.0,
        decoupled=False,
        eps=1e-8,
        maximize=False,
    ):
        mus = [0.9 * (1 - 0.96 ** (t * momentum_decay) / 2) for t in range(1, len(gradients) + 2)]
        m = v = 0.0
        for t, g in enumerate(gradients, start=1):
            d = -g if maximize else g
            if decoupled:
                p = p * (1 - lr * weight_decay)
            else:
                d = d + weight_decay * p
            m, v = 0.9 * m + 0.1 * d, 0.999 * v + 0.001 * d * d
            ahead = mus[t] * m / (1 - math.prod(mus[: t + 1]))
            ahead += (1 - mus[t - 1]) * d / (1 - math.prod(mus[:t]))
            p = p - lr * ahead / (math.sqrt(v / (1 - 0.999**t)) + eps)
        return p

    @staticmethod
    def radam(
        p,
        gradients,
        lr,
        betas=(0.9, 0.999),
        weight_decay=0.0,
        decoupled=False,
        eps=1e-8,
        maximize=False,
    ):
        m = v = 0.0
        longest = 2 / (1 - betas[1]) - 1
        for t, g in enumerate(gradients, start=1):
            d = -g if maximize else g
            if decoupled:
                p = p * (1 - lr * weight_decay)
            else:
                d = d + weight_decay * p
            m = betas[0] * m + (1 - betas[0]) * d
            v = betas[1] * v + (1 - betas[1]) * d * d
            length = longest - 2 * t * betas[1] ** t / (1 - betas[1] ** t)
            step = lr * m / (1 - betas[0] ** t)
            if length > 5:
                r = (length - 4) * (length - 2) * longest
                r = math.sqrt(r / ((longest - 4) * (longest - 2) * length))
                step *= r * math.sqrt(1 - betas[1] ** t) / (math.sqrt(v) + eps)
            p = p - step
        return p

    @staticmethod
    def adamax(p, gradients, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, maximize=False):
        m = u = 0.0
        for t, g in enumerate(gradients, start=1):
            d = (-g if maximize else g) + weight_decay * p
            m, u = betas[0] * m + (1 - betas[0]) * d, max(betas[1] * u, abs(d) + eps)
            p = p - lr / (1 - betas[0] ** t) * m / u
        return p

    @staticmethod
    def adadelta(p, gradients, lr, rho=0.9, eps=1e-6, weight_decay=0.0, maximize=False):
        v = w = 0.0
        for g in gradients:
            d = (-g if maximize else g) + weight_decay * p
            v = rho * v + (1 - rho) * d * d
            step = math.sqrt(w + eps) / math.sqrt(v + eps) * d
            w = rho * w + (1 - rho) * step * step
            p = p - lr * step
        return p

    @staticmethod
    def rprop(p, gradients, lr, etas=(0.5, 1.2), step_sizes=(1e-6, 50), maximize=False, eps=0):
        size, before = lr, 0.0
        for g in gradients:
            d = -g if maximize else g
            if d * before < 0:
                size, d = size * etas[0], 0.0
            elif d * before > 0:
                size *= etas[1]
            size = min(max(size, step_sizes[0]), step_sizes[1])
            p = p - (math.copysign(size, d) if d else 0.0)
            before = d
        return p


class Ours:
    """The kernels, driven as an optimiser class would drive them."""

    @staticmethod
    def sgd(p, gradients, **options):
        buffer = np.full_like(p, np.nan) if options.get("momentum") else None
        for step, g in enumerate(gradients):
            sgd(p, g, buffer, first=step == 0, **options)

    @staticmethod
    def adam(p, gradients, betas=(0.9, 0.999), amsgrad=False, **options):
        m, v = np.zeros_like(p), np.zeros_like(p)
        top = np.zeros_like(p) if amsgrad else None
        for step, g in enumerate(gradients, start=1):
            adam(p, g, m, v, top, step=step, beta1=betas[0], beta2=betas[1], **options)

    @staticmethod
    def rmsprop(p, gradients, centered=False, **options):
        v = np.zeros_like(p)
        mean = np.zeros_like(p) if centered else None
        buffer = np.zeros_like(p) if options.get("momentum") else None
        for g in gradients:
            rmsprop(p, g, v, mean, buffer, **options)

    @staticmethod
    def adagrad(p, gradients, **options):
        sums = np.zeros_like(p)
        for step, g in enumerate(gradients, start=1):
            adagrad(p, g, sums, step=step, **options)

    @staticmethod
    def nadam(p, gradients, **options):
        m, v, product = np.zeros_like(p), np.zeros_like(p), 1.0
        for step, g in enumerate(gradients, start=1):
            product = nadam(p, g, m, v, product, step=step, **options)

    @staticmethod
    def radam(p, gradients, betas=(0.9, 0.999), **options):
        m, v = np.zeros_like(p), np.zeros_like(p)
        for step, g in enumerate(gradients, start=1):
            radam(p, g, m, v, step=step, beta1=betas[0], beta2=betas[1], **options)

    @staticmethod
    def adamax(p, gradients, betas=(0.9, 0.999), **options):
        m, u = np.zeros_like(p), np.zeros_like(p)
        for step, g in enumerate(gradients, start=1):
            adamax(p, g, m, u, step=step, beta1=betas[0], beta2=betas[1], **options)

    @staticmethod
    def adadelta(p, gradients, **options):
        v, moved = np.zeros_like(p), np.zeros_like(p)
        for g in gradients:
            adadelta(p, g, v, moved, **options)

    @staticmethod
    def rprop(p, gradients, lr, eps=0, **options):
        previous, sizes = np.zeros_like(p), np.full_like(p, lr)
        for g in gradients:
            rprop(p, g, previous, sizes, **options)


RULES = [
    ("sgd", {"lr": 0.1}),
    ("sgd", {"lr": 0.1, "weight_decay": 0.2, "maximize": True}),
    ("sgd", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3}),
    ("sgd", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("sgd", {"lr": 0.1, "momentum": 0.8, "maximize": True}),
    ("adam", {"lr": 0.1}),
    ("adam", {"lr": 0.1, "betas": (0.5, 0.7), "eps": 1e-3, "weight_decay": 0.2}),
    ("adam", {"lr": 0.1, "amsgrad": True, "maximize": True, "betas": (0.9, 0.4)}),
    ("adam", {"lr": 0.1, "decoupled": True, "weight_decay": 0.3}),
    ("adam", {"lr": 0.1, "decoupled": True, "weight_decay": 0.3, "amsgrad": True}),
    ("rmsprop", {"lr": 0.1}),
    ("rmsprop", {"lr": 0.1, "alpha": 0.8, "eps": 1e-2, "weight_decay": 0.1, "maximize": True}),
    ("rmsprop", {"lr": 0.1, "centered": True}),
    ("rmsprop", {"lr": 0.1, "centered": True, "momentum": 0.9, "weight_decay": 0.1}),
    ("adagrad", {"lr": 0.1}),
    ("adagrad", {"lr": 0.1, "lr_decay": 0.2, "weight_decay": 0.3, "maximize": True}),
    ("nadam", {"lr": 0.1, "momentum_decay": 0.1}),
    ("nadam", {"lr": 0.1, "weight_decay": 0.3, "maximize": True}),
    ("nadam", {"lr": 0.1, "weight_decay": 0.3, "decoupled": True}),
    ("radam", {"lr": 0.1}),
    ("radam", {"lr": 0.1, "betas": (0.7, 0.9), "weight_decay": 0.3, "maximize": True}),
    ("radam", {"lr": 0.1, "betas": (0.7, 0.8), "weight_decay": 0.3, "decoupled": True}),
    ("adamax", {"lr": 0.1}),
    ("adamax", {"lr": 0.1, "betas": (0.7, 0.4), "weight_decay": 0.3, "maximize": True}),
    ("adadelta", {"lr": 1.0}),
    ("adadelta", {"lr": 0.5, "rho": 0.6, "weight_decay": 0.3, "maximize": True}),
    ("rprop", {"lr": 0.1}),
    ("rprop", {"lr": 0.1, "etas": (0.3, 2.0), "step_sizes": (0.08, 0.15), "maximize": True}),
]
IDS = [f"{name}-{'-'.join(options)}" for name, options in RULES]


@pytest.mark.parametrize(("name", "options"), RULES, ids=IDS)
@pytest.mark.parametrize("shape", [(), (0,), (3, 4), (9,), (5, 1, 2)])
@pytest.mark.parametrize("block", [4, 1 << 13])
def test_rules_are_the_published_ones(monkeypatch, name, options, shape, block):
    monkeypatch.setattr(optimizers, "BLOCK", block)
    start = RNG(0).normal(size=shape)
    gradients = list(RNG(1).normal(size=(4, *shape)))
    gradients = [np.asarray(g) for g in gradients]
    kept = [g.copy() for g in gradients]
    p = np.array(start)
    getattr(Ours, name)(p, gradients, **options)
    want = np.empty(shape)
    for place in np.ndindex(*shape):
        numbers = [float(g[place]) for g in gradients]
        want[place] = getattr(Plain, name)(float(start[place]), numbers, **options)
    np.testing.assert_allclose(p, want, rtol=1e-12, atol=1e-14)
    for g, before in zip(gradients, kept, strict=True):
        np.testing.assert_array_equal(g, before)


@pytest.mark.parametrize(("name", "options"), RULES, ids=IDS)
def test_any_strides_will_do_and_are_written_in_place(name, options):
    start = RNG(0).normal(size=(4, 6))
    gradients = RNG(1).normal(size=(3, 4, 6))
    want = start.copy()
    getattr(Ours, name)(want, gradients, **options)
    arena = np.zeros((4, 12))
    arena[:, ::2] = start
    transposed = np.asfortranarray(start)
    for p in (arena[:, ::2], transposed):
        getattr(Ours, name)(p, [np.asfortranarray(g) for g in gradients], **options)
        np.testing.assert_allclose(p, want, rtol=1e-14)
    assert not arena[:, 1::2].any()


@pytest.mark.parametrize(("name", "options"), RULES, ids=IDS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_dtypes_stay(name, options, dtype):
    p = RNG(0).normal(size=(3, 4)).astype(dtype)
    reference = p.astype(np.float64)
    gradients = RNG(1).normal(size=(3, 3, 4)).astype(dtype)
    options = {**options, "eps": 1e-3} if name != "sgd" else options
    getattr(Ours, name)(p, gradients, **options)
    getattr(Ours, name)(reference, gradients.astype(np.float64), **options)
    tolerance = 2e-2 if dtype == np.float16 else 1e-5
    np.testing.assert_allclose(p, reference, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("name", "options"), RULES, ids=IDS)
@pytest.mark.parametrize("shape", [(), (3, 4), (11,)])
def test_halves_in_blocks_are_halves_in_one(monkeypatch, name, options, shape):
    def run(block):
        monkeypatch.setattr(optimizers, "BLOCK", block)
        p = RNG(0).normal(size=shape).astype(np.float16)
        gradients = RNG(1).normal(size=(3, *shape)).astype(np.float16)
        gradients.flags.writeable = False
        getattr(Ours, name)(p, gradients, **options)
        return p

    np.testing.assert_array_equal(run(4), run(100))


def test_first_steps_by_hand():
    p = np.array(1.0)
    sgd(p, np.array(2.0), lr=0.25)
    assert p == 0.5
    p, m, v = np.array(1.0), np.zeros(()), np.zeros(())
    adam(p, np.array(-3.0), m, v, step=1, lr=0.5, eps=0.0)  # the first step is lr against the sign
    np.testing.assert_allclose(p, 1.5, rtol=1e-12)
    p, s = np.array(1.0), np.zeros(())
    adagrad(p, np.array(4.0), s, step=1, lr=0.5, eps=0.0)
    assert (p, s) == (0.5, 16.0)
    p, v = np.array(1.0), np.zeros(())
    rmsprop(p, np.array(4.0), v, lr=0.5, alpha=0.75, eps=0.0)  # √v is half of |g|
    assert (p, v) == (0.0, 4.0)


@pytest.mark.torch
@pytest.mark.parametrize(("name", "options"), RULES, ids=IDS)
def test_pytorch_agrees(torch, name, options):
    start = RNG(0).normal(size=(3, 4))
    gradients = RNG(1).normal(size=(6, 3, 4))
    p = start.copy()
    getattr(Ours, name)(p, gradients, **options)
    names = {"sgd": "SGD", "rmsprop": "RMSprop", "nadam": "NAdam", "radam": "RAdam"}
    options = dict(options)
    theirs = names.get(name, name.capitalize())
    if options.pop("decoupled", False):
        theirs, more = (
            ("AdamW", {}) if name == "adam" else (theirs, {"decoupled_weight_decay": True})
        )
        options |= more
    parameter = torch.nn.Parameter(torch.tensor(start))
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)  # in which NAdam keeps the product of its momenta
    try:
        optimizer = getattr(torch.optim, theirs)([parameter], **options)
        for g in gradients:
            parameter.grad = torch.tensor(g)
            optimizer.step()
    finally:
        torch.set_default_dtype(before)
    np.testing.assert_allclose(p, parameter.detach().numpy(), rtol=1e-12, atol=1e-13)
