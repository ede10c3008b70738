"""weight_norm and spectral_norm, both forms, side by side with PyTorch: values, gradients, keys."""

import copy
import pickle

import numpy as np
import pytest

import autograd
import nn

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

LAYERS = [
    ("Linear", (3, 2), (4, 3)),
    ("Conv1d", (2, 4, 3), (2, 2, 6)),
    ("Conv2d", (2, 3, 3), (2, 2, 5, 4)),
    ("ConvTranspose2d", (2, 3, 3), (1, 2, 3, 4)),
]


def both(torch, name, args, seed=0):
    torch.manual_seed(seed)
    theirs = getattr(torch.nn, name)(*args).double()
    ours = getattr(nn, name)(*args).double()
    return theirs, ours


def agree(torch, theirs, ours, shape, label):
    """Outputs and gradients of the parameters, in two calls, and the buffers after them."""
    for step in range(2):
        x = np.random.default_rng(step).normal(size=shape)
        wanted, got = theirs(torch.tensor(x)), ours(autograd.tensor(x))
        np.testing.assert_allclose(got.data, wanted.detach().numpy(), rtol=1e-11, err_msg=label)
        (wanted**2).sum().backward()
        (got**2).sum().backward()
    parameters = dict(ours.named_parameters())
    assert list(parameters) == [key for key, _ in theirs.named_parameters()], label
    for key, parameter in theirs.named_parameters():
        np.testing.assert_allclose(
            parameters[key].grad.data, parameter.grad.numpy(), rtol=1e-9, atol=1e-11,
            err_msg=f"{label}: {key}",
        )  # fmt: skip
    for key, buffer in theirs.named_buffers():
        np.testing.assert_allclose(dict(ours.named_buffers())[key].data, buffer.numpy(), rtol=1e-11)


@pytest.mark.parametrize("home", ["", ".parametrizations"])
@pytest.mark.parametrize("norm", ["weight_norm", "spectral_norm"])
@pytest.mark.parametrize(("name", "args", "shape"), LAYERS)
def test_norms_agree(torch, home, norm, name, args, shape):
    theirs, ours = both(torch, name, args)
    for options in [{}, {"dim": 1}, {"n_power_iterations": 3}] + [{"dim": None}] * (norm[0] == "w"):
        if "n_power_iterations" in options and norm == "weight_norm":
            continue
        label = f"{norm} {name} {options}"
        a, b = copy.deepcopy(theirs), copy.deepcopy(ours)
        homes = [eval("torch.nn.utils" + home), eval("nn.utils" + home)]  # noqa: S307
        a, b = (getattr(h, norm)(layer, **options) for h, layer in zip(homes, (a, b), strict=True))
        assert list(b.state_dict()) == list(a.state_dict()), label
        b.load_state_dict(a.state_dict())
        agree(torch, a, b, shape, label)
        copied = pickle.loads(pickle.dumps(copy.deepcopy(b)))
        a.zero_grad()
        copied.zero_grad()
        agree(torch, a, copied, shape, label + " copied")
        b.load_state_dict(a.state_dict())
        a.eval(), b.eval()
        a.zero_grad(), b.zero_grad()
        agree(torch, a, b, shape, label + " in evaluation")


def test_a_vector_under_spectral_norm_becomes_a_unit_vector(torch):
    theirs, ours = both(torch, "Linear", (3, 4))
    theirs = torch.nn.utils.parametrizations.spectral_norm(theirs, "bias")
    ours = nn.utils.parametrizations.spectral_norm(ours, "bias")
    ours.load_state_dict(theirs.state_dict())
    agree(torch, theirs, ours, (2, 3), "bias")
