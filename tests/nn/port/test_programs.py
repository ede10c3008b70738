"""Programs for PyTorch, rewritten by ``nn.port``, compute what they compute in PyTorch."""

import warnings

import numpy as np
import pytest

import autograd
from nn import port
from tests.nn.port.programs import PROGRAMS

SEEDED = {name: k for k, name in enumerate(PROGRAMS)}


def run(text, name):
    """The module that a program makes; a line that means two things is an error."""
    space = {"__name__": name}
    with warnings.catch_warnings():
        warnings.simplefilter("error", autograd.SpellingWarning)
        exec(compile(text, f"<{name}>", "exec"), space)  # noqa: S102
        return space["make"]()


def arrays(name):
    rng, kind = np.random.default_rng(SEEDED[name]), float
    for shape in PROGRAMS[name][1]:
        if shape == "i":
            kind = int
        elif kind is int:
            yield rng.integers(0, 7, shape)
        else:
            yield rng.normal(size=shape)


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", PROGRAMS)
def test_values_and_gradients_are_pytorchs(torch, name):
    text = PROGRAMS[name][0]
    theirs = run(text, name).double()
    ours = run(port.rewrite(text), name).double()
    with torch.no_grad():  # statistics and zeros would hide mistakes
        for k, p in enumerate(theirs.parameters()):
            p.copy_(torch.tensor(np.random.default_rng(k).normal(size=tuple(p.shape)) * 0.3))
    ours.load_state_dict(theirs.state_dict())
    theirs.eval()
    ours.eval()
    inputs = list(arrays(name))
    x = [torch.tensor(a, requires_grad=a.dtype.kind == "f") for a in inputs]
    t = [autograd.tensor(a, requires_grad=a.dtype.kind == "f") for a in inputs]
    wanted = theirs(*x)
    with warnings.catch_warnings():
        warnings.simplefilter("error", autograd.SpellingWarning)
        got = ours(*t)
    np.testing.assert_allclose(got.data, wanted.detach().numpy(), rtol=1e-10, atol=1e-11)
    weights = np.random.default_rng(1).normal(size=got.shape)
    (wanted * torch.tensor(weights)).sum().backward()
    (got * autograd.tensor(weights)).sum().backward()
    own = dict(ours.named_parameters())
    for key, p in theirs.named_parameters():
        if p.grad is None:
            assert own[key].grad is None, key
        else:
            np.testing.assert_allclose(
                own[key].grad.data, p.grad.numpy(), rtol=1e-9, atol=1e-10, err_msg=key
            )
    for a, b in zip(x, t, strict=True):
        if a.grad is not None:
            np.testing.assert_allclose(b.grad.data, a.grad.numpy(), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_rewritten_runs_alone_and_is_not_touched_again(name):
    new = port.rewrite(PROGRAMS[name][0])
    assert "torch" not in new.replace("PyTorch", "")
    assert port.read(new) == []
    assert port.rewrite(new) == new
    model = run(new, name)
    floats = [
        autograd.tensor(a.astype("float32") if a.dtype.kind == "f" else a) for a in arrays(name)
    ]
    assert model.eval()(*floats).size > 0


@pytest.mark.parametrize("name", PROGRAMS)
def test_comments_and_blank_lines_stay(name):
    old = PROGRAMS[name][0]
    new = port.rewrite(old)
    assert [line.partition("#")[2] for line in old.splitlines() if "#" in line] == [
        line.partition("#")[2] for line in new.splitlines() if "#" in line
    ]
    assert old.count("\n\n") == new.count("\n\n")
    assert [
        len(line) - len(line.lstrip()) for line in old.splitlines() if "import" not in line
    ] == [len(line) - len(line.lstrip()) for line in new.splitlines() if "import" not in line]


@pytest.mark.parametrize("name", PROGRAMS)
def test_line_ends_of_windows_stay(name):
    old = PROGRAMS[name][0]
    assert port.rewrite(old.replace("\n", "\r\n")) == port.rewrite(old).replace("\n", "\r\n")
