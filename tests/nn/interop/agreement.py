"""How far a converted model agrees with PyTorch: outputs, gradients and Hessian products."""

from __future__ import annotations

import contextlib
from functools import cache
from typing import NamedTuple

import numpy as np
import torch

import autograd
import nn
from nn.interop.compare import Comparison, compare
from nn.interop.export import dense
from nn.interop.operators.draws import replay
from nn.interop.sides import recorder, tensors_in
from tests.nn.interop.styles import every, in_double

#: Where PyTorch's second derivative is missing (of hardsigmoid, of embedding bags, of CTC) or wrong
#: (that of weight norm fails its own gradgradcheck): ours is held against differences of gradients.
NO_SECOND = ("MobileNetV3", "masked sequences", "TCN", "speech, CTC loss")

#: PyTorch's slope of hardsigmoid is 1/6 in single precision, also for doubles.
COARSE = {"MobileNetV3": 1e-7}


class Agreement(NamedTuple):
    """Relative to the largest number of each tensor, at least 1; by mode, True for training.

    Attributes:
        operators: how many operations the model has, sizes left out.
        comparisons: what `nn.interop.compare` says.
        products: the largest difference of Hessian products.
        names: whether keys, module paths and class names are the same.
    """

    operators: int
    comparisons: dict[bool, Comparison]
    products: dict[bool, float]
    names: bool


@cache
def agreement(style: str) -> Agreement:
    """Convert the model of a style and compare it with PyTorch in both modes."""
    torch.set_num_threads(1)
    with in_double():
        return _agreement(style)


def _agreement(style: str) -> Agreement:
    module, args, kwargs = every()[style]()
    model = nn.from_torch(module, *args, **kwargs)
    comparisons, products = {}, {}
    for training in (True, False):
        module.train(training)
        model.train(training)
        comparisons[training] = compare(
            module, model, *args, tolerance=COARSE.get(style, 1e-10), **kwargs
        )
        with buffers_put_back(module, model):
            products[training] = hessian_difference(module, model, args, kwargs, style)
    counted = [
        operation
        for operation in model._conversion.programs[True].operations()
        if not operation.operator.startswith(("_operator.", "sym_", "torch.", "math."))
    ]
    same = (
        list(model.state_dict()) == list(module.state_dict())
        and [n for n, _ in model.named_modules()] == [n for n, _ in module.named_modules()]
        and [type(m).__name__ for m in model.modules()]
        == [type(m).__name__ for m in module.modules()]
    )
    return Agreement(len(counted), comparisons, products, same)


def hessian_difference(module, model, args, kwargs, style):
    inputs, ours, x, t = tensors_of(module, model, args, kwargs)
    if style in NO_SECOND:
        model.eval()  # the same numbers each time
        got, wanted = our_products(model, ours, t, []), differences(model, ours, t, [])
    else:
        draws, wanted = their_products(module, inputs, x)
        got = our_products(model, ours, t, draws)
    worst = 0.0
    for a, b in zip(got, wanted, strict=True):
        scale = max(1.0, float(np.abs(b).max(initial=0.0)))
        worst = max(worst, float(np.abs(a - b).max(initial=0.0)) / scale)
    return worst


@contextlib.contextmanager
def buffers_put_back(module, model):
    kept = {name: value.clone() for name, value in module.state_dict().items()}
    ours = model.state_dict()
    yield
    module.load_state_dict(kept)
    model.load_state_dict(ours)


def weights(shape, k):
    return np.cos(np.arange(int(np.prod(shape))) * 0.7 + k).reshape(shape)


def tensors_of(module, model, args, kwargs):
    """Arguments for both sides, and what derivatives are taken for: inputs and parameters."""
    from torch.utils import _pytree as pytree

    def make(leaf):
        if not torch.is_tensor(leaf):
            return leaf
        wanted = leaf.is_floating_point() and leaf.layout == torch.strided
        return leaf.clone().requires_grad_() if wanted else leaf

    def ours_of(leaf):
        if not torch.is_tensor(leaf):
            return leaf
        return autograd.tensor(
            dense(torch, leaf).detach().numpy(), requires_grad=leaf.requires_grad
        )

    theirs = pytree.tree_map(make, (args, kwargs))
    ours = pytree.tree_map(ours_of, theirs)
    x = [v for v in pytree.tree_leaves(theirs) if torch.is_tensor(v) and v.requires_grad]
    t = [v for v in pytree.tree_leaves(ours) if isinstance(v, autograd.Tensor) and v.requires_grad]
    x += [p for p in module.parameters() if p.requires_grad]
    t += [p for p in model.parameters() if p.requires_grad]
    inputs = pytree.tree_map(lambda v: v.clone() if torch.is_tensor(v) else v, theirs)
    return inputs, ours, x, t


def their_products(module, inputs, x):
    """The Hessian of a loss times a vector; and the random numbers that were drawn."""
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils import _pytree as pytree

    drawn = recorder(torch)
    with drawn, sdpa_kernel(SDPBackend.MATH):
        out = module(*inputs[0], **inputs[1])
    out = [v for v in pytree.tree_leaves(out) if torch.is_tensor(v) and v.is_floating_point()]
    loss = sum(
        (o * torch.tensor(weights(tuple(o.shape), k))).sum() + 0.5 * (o * o).sum()
        for k, o in enumerate(out)
    )
    g = torch.autograd.grad(loss, x, create_graph=True, allow_unused=True)
    along = sum((a * torch.tensor(weights(tuple(a.shape), 1))).sum() for a in g if a is not None)
    again = [None] * len(x)
    if along.requires_grad:
        again = torch.autograd.grad(along, x, allow_unused=True)
    return drawn.draws, [0.0 if h is None else h.numpy(force=True) for h in again]


def our_gradients(model, ours, t, draws, create_graph):
    with replay(draws):
        out = model(*ours[0], **ours[1])
    out = [o for o in tensors_in(out) if o.dtype.kind == "f"]
    loss = sum((o * weights(o.shape, k)).sum() + 0.5 * (o * o).sum() for k, o in enumerate(out))
    return autograd.grad(loss, t, create_graph=create_graph, allow_unused=True)


def our_products(model, ours, t, draws):
    g = our_gradients(model, ours, t, draws, True)
    along = sum((a * weights(a.shape, 1)).sum() for a in g if a is not None)
    again = [None] * len(t)
    if along.requires_grad:
        again = autograd.grad(along, t, allow_unused=True)
    return [0.0 if h is None else np.asarray(h.data) for h in again]


def differences(model, ours, t, draws, step=1e-5):
    """The Hessian times the same vector from gradients at two points: good to about 1e-8."""
    found = []
    for sign in (1, -1):
        for leaf in t:
            with autograd.no_grad(), autograd.writable(leaf) as array:
                array += sign * step * weights(leaf.shape, 1)
        g = our_gradients(model, ours, t, draws, False)
        found.append([0.0 if a is None else np.array(a.data) for a in g])
        for leaf in t:
            with autograd.no_grad(), autograd.writable(leaf) as array:
                array -= sign * step * weights(leaf.shape, 1)
    return [(a - b) / (2 * step) for a, b in zip(*found, strict=True)]
