"""Every public name of PyTorch's `nn` and `optim` is here, or is listed with the reason why not."""

import importlib

import pytest

from tests.nn.conformance.missing import MISSING


def found(path):
    """A module, or a class in one."""
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError:
        module, _, name = path.rpartition(".")
        return getattr(importlib.import_module(module), name)


def names(path):
    return {name for name in dir(found(path)) if not name.startswith("_")}


@pytest.mark.torch
@pytest.mark.parametrize("path", MISSING)
def test_names_of_pytorchs_are_here_or_listed(torch, path):
    theirs = path.replace("nn.optim", "optim") if path.startswith("nn.optim") else path
    forgotten = names(f"torch.{theirs}") - names(path) - set(MISSING[path])
    assert not forgotten, f"{path}: {sorted(forgotten)}"


@pytest.mark.parametrize("path", MISSING)
def test_what_is_listed_as_missing_is_missing(path):
    here = names(path) & set(MISSING[path])
    if not path.rpartition(".")[2][0].isupper():  # a module may show what it imports
        here &= set(getattr(found(path), "__all__", ()))
    assert not here, f"{path} has {sorted(here)}"
