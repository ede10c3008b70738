"""Models in the styles that people come with: the same numbers as PyTorch, to every derivative."""

import contextlib

import numpy as np
import pytest

import autograd
import nn
from nn.interop.compare import _recorder, _tensors_in, compare
from nn.interop.operators.draws import replay

pytestmark = pytest.mark.torch

#: PyTorch's slope of hardsigmoid is 1/6 in single precision, also for doubles.
COARSE = {"MobileNetV3": 1e-7}

#: Where PyTorch's second derivative is missing (of hardsigmoid, of embedding bags) or wrong (that of
#: weight norm fails its own gradgradcheck): ours is held against differences of gradients.
NO_SECOND = ("MobileNetV3", "masked sequences", "TCN")


def styles():
    try:
        from tests.nn.interop import models
    except ImportError:
        return ["PyTorch is missing"]
    return list(models.STYLES)


def weights(shape, k):
    return np.cos(np.arange(int(np.prod(shape))) * 0.7 + k).reshape(shape)


def tensors_of(torch, module, model, args, kwargs):
    """Arguments for both sides, and what derivatives are taken for: inputs and parameters."""
    from torch.utils import _pytree as pytree

    def make(leaf):
        if not torch.is_tensor(leaf):
            return leaf
        return leaf.clone().requires_grad_() if leaf.is_floating_point() else leaf

    def ours_of(leaf):
        if not torch.is_tensor(leaf):
            return leaf
        return autograd.tensor(leaf.detach().numpy(), requires_grad=leaf.requires_grad)

    theirs = pytree.tree_map(make, (args, kwargs))
    ours = pytree.tree_map(ours_of, theirs)
    x = [v for v in pytree.tree_leaves(theirs) if torch.is_tensor(v) and v.requires_grad]
    t = [v for v in pytree.tree_leaves(ours) if isinstance(v, autograd.Tensor) and v.requires_grad]
    x += [p for p in module.parameters() if p.requires_grad]
    t += [p for p in model.parameters() if p.requires_grad]
    inputs = pytree.tree_map(lambda v: v.clone() if torch.is_tensor(v) else v, theirs)
    return inputs, ours, x, t


def their_products(torch, module, inputs, x):
    """The Hessian of a loss times a vector; and the random numbers that were drawn."""
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils import _pytree as pytree

    recorder = _recorder(torch)
    with recorder, sdpa_kernel(SDPBackend.MATH):
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
    return recorder.draws, [0.0 if h is None else h.numpy(force=True) for h in again]


def our_gradients(model, ours, t, draws, create_graph):
    with replay(draws):
        out = model(*ours[0], **ours[1])
    out = [o for o in _tensors_in(out) if o.dtype.kind == "f"]
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


def close(got, wanted, tolerance, what):
    scale = max(1.0, float(np.abs(wanted).max(initial=0.0)))
    assert np.abs(got - wanted).max(initial=0.0) <= tolerance * scale, what


@contextlib.contextmanager
def buffers_put_back(module, model):
    kept = {name: value.clone() for name, value in module.state_dict().items()}
    ours = model.state_dict()
    yield
    module.load_state_dict(kept)
    model.load_state_dict(ours)


@pytest.mark.parametrize("style", styles())
def test_a_converted_model_computes_what_pytorch_computes(torch, style):
    from tests.nn.interop import models

    module, args, kwargs = models.STYLES[style]()
    model = nn.from_torch(module, *args, **kwargs)
    tolerance = COARSE.get(style, 1e-10)
    assert list(model.state_dict()) == list(module.state_dict())
    assert [n for n, _ in model.named_modules()] == [n for n, _ in module.named_modules()]
    assert [type(m).__name__ for m in model.modules()] == [
        type(m).__name__ for m in module.modules()
    ]
    for training in (True, False):
        module.train(training)
        model.train(training)
        found = compare(module, model, *args, tolerance=tolerance, **kwargs)
        assert found.ok, found.text()
        assert found.first is None, found.text()
        with buffers_put_back(module, model):
            check_hessian(torch, module, model, args, kwargs, style)


def check_hessian(torch, module, model, args, kwargs, style):
    inputs, ours, x, t = tensors_of(torch, module, model, args, kwargs)
    if style in NO_SECOND:
        model.eval()  # the same numbers each time
        got, wanted = our_products(model, ours, t, []), differences(model, ours, t, [])
        tolerance = 1e-6
    else:
        draws, wanted = their_products(torch, module, inputs, x)
        got = our_products(model, ours, t, draws)
        tolerance = 1e-10
    for k, (a, b) in enumerate(zip(got, wanted, strict=True)):
        close(a, b, tolerance, f"{style}: Hessian product {k}")


#: What moves when a model runs in training.
@pytest.mark.parametrize(
    "style", ["ResNet", "spectral norm", "writes in place", "writes through views"]
)
def test_buffers_move_as_in_pytorch(torch, style):
    from tests.nn.interop import models

    module, args, kwargs = models.STYLES[style]()
    model = nn.from_torch(module, *args, **kwargs)
    before = {key: value.clone() for key, value in module.state_dict().items()}
    moved = 0
    for _ in range(2):
        module(*_copies(torch, args), **kwargs)
        model(*_ours(torch, args), **kwargs)
    for key, value in module.state_dict().items():
        np.testing.assert_allclose(
            model.state_dict()[key].data, value.numpy(), rtol=1e-12, atol=1e-14, err_msg=key
        )
        moved += not torch.equal(before[key], value)
    assert moved


def _copies(torch, tree):
    from torch.utils import _pytree as pytree

    return pytree.tree_map(lambda leaf: leaf.clone() if torch.is_tensor(leaf) else leaf, tree)


def _ours(torch, tree):
    from torch.utils import _pytree as pytree

    return pytree.tree_map(
        lambda leaf: autograd.tensor(leaf.numpy()) if torch.is_tensor(leaf) else leaf, tree
    )


@pytest.mark.parametrize(
    "style", ["ResNet", "ViT", "LSTM tagger", "Swin window attention", "UNet, bilinear"]
)
def test_another_batch_size_gives_what_pytorch_gives(torch, style):
    from tests.nn.interop import models

    module, (x,), _ = models.STYLES[style]()
    module.eval()
    model = nn.from_torch(module, x)
    for size in (1, 5):
        more = torch.cat([x] * size)[:size]
        wanted = module(more).detach().numpy()
        np.testing.assert_allclose(
            model(autograd.tensor(more.numpy())).data, wanted, rtol=1e-10, atol=1e-12
        )


def test_a_batch_of_one_is_no_fixed_size(torch):
    from tests.nn.interop import models

    module, (x,), _ = models.STYLES["ResNet"]()
    module.eval()
    model = nn.from_torch(module, x[:1])
    assert not model.notes
    np.testing.assert_allclose(
        model(autograd.tensor(x.numpy())).data, module(x).detach().numpy(), rtol=1e-10
    )
