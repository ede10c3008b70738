"""Functions of several tensors whose backward passes the tests step through."""

import numpy as np

import autograd as ag


def leaf(shape, seed=0, low=0.3, high=1.4, dtype=np.float64):
    values = np.random.default_rng(seed).uniform(low, high, shape).astype(dtype)
    return ag.tensor(values, requires_grad=True)


def convolutional(dtype=np.float64):
    """Convolution, pooling, linear layer and cross-entropy on two small images."""
    x = ag.tensor(np.random.default_rng(9).normal(size=(2, 1, 8, 8)).astype(dtype))
    w, b = leaf((3, 1, 3, 3), 1, -1.0, 1.0, dtype), leaf((3,), 2, dtype=dtype)
    v, c = leaf((4, 27), 3, -1.0, 1.0, dtype), leaf((4,), 4, dtype=dtype)
    with ag.module_scope("net"):
        with ag.module_scope("conv1"):
            h = ag.correlate(x, w, b)
        h = ag.max_pool(ag.relu(h), 2)
        with ag.module_scope("head"):
            h = ag.linear(h.reshape(2, -1), v, c)
    return ag.cross_entropy(h, np.array([1, 3])), (w, b, v, c)


def small():
    a, b = ag.tensor(2.0, requires_grad=True), ag.tensor(-3.0, requires_grad=True)
    c = a * b + a
    return (c * c + b) * 0.5, (a, b)


def reductions():
    x, y = leaf((3, 4)), leaf((4,), 1)
    h = ag.softmax(x * y, axis=1).sum(axis=0) + x.mean(axis=0)
    return (ag.logsumexp(h) * x.max() + x.var()).sum(), (x, y)


def arranging():
    x, y = leaf((3, 4)), leaf((2, 4), 1)
    h = ag.concatenate([x, y, x[1:]])
    return (ag.flip(h.T, 0).reshape(2, -1) @ leaf((14, 2), 2)).sum() + h[1, 2], (x, y)


def matrices():
    x, y = leaf((2, 3, 4)), leaf((4, 5), 1)
    return ag.einsum("bij,jk,bik->", x, y, x @ y), (x, y)


def checkpointed():
    x, y = leaf((3, 4)), leaf((4,), 1)
    h = ag.func.checkpoint(lambda a, b: (ag.sin(a) * b, a.sum()), x, y)
    return (ag.func.checkpoint(lambda a: ag.exp(a) * y, h[0]) * h[1]).sum(), (x, y)


def branching():
    x, y = leaf((3, 4)), leaf((3, 1), 1)
    h = ag.where(x > 0.8, ag.log(x), y**3) + ag.maximum(x, y) / ag.sqrt(x)
    return (ag.tanh(h) * h * h).sum(), (x, y)


def float32():
    return convolutional(np.float32)
