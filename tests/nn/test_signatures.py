"""Defaults of `nn` are PyTorch's, as recorded beside this file: ``python tests/nn/test_signatures.py``.

Only plain values are recorded, of parameters that both have.
"""

import importlib
import inspect
import json
from pathlib import Path

import pytest

RECORDED = Path(__file__).with_name("signatures.json")
MODULES = {
    "nn": "torch.nn",
    "nn.functional": "torch.nn.functional",
    "nn.init": "torch.nn.init",
    "nn.utils": "torch.nn.utils",
    "nn.Module": "torch.nn.Module",
    "nn.optim": "torch.optim",
    "nn.optim.lr_scheduler": "torch.optim.lr_scheduler",
}


def defaults(made):
    """Names and plain default values of what a function or class takes."""
    try:
        parameters = inspect.signature(made).parameters.values()
    except (TypeError, ValueError):
        return {}
    plain = (bool, int, float, str, tuple, type(None))
    return {
        p.name: list(p.default) if isinstance(p.default, tuple) else p.default
        for p in parameters
        if p.default is not p.empty and isinstance(p.default, plain)
    }


def named(path):
    """A module, or a class in one."""
    name, _, last = path.rpartition(".")
    if last[0].isupper():
        return getattr(importlib.import_module(name), last)
    return importlib.import_module(path)


def public(module):
    names = getattr(module, "__all__", None) or [n for n in dir(module) if n[0] != "_"]
    return [n for n in names if callable(getattr(module, n))]


RECORD = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}


@pytest.mark.parametrize("name", RECORD)
def test_defaults_are_pytorchs(name):
    module = named(name)
    different = {}
    for made, theirs in RECORD[name].items():
        ours = defaults(getattr(module, made))
        for parameter in set(ours) & set(theirs):
            if ours[parameter] != theirs[parameter]:
                different[made, parameter] = ours[parameter], theirs[parameter]
    assert different == DIFFERENT.get(name, {})


#: Where ours differs: (ours, PyTorch's). An empty list is as good as none.
DIFFERENT = {
    "nn": {
        ("ModuleDict", "modules"): ([], None),
        ("ModuleList", "modules"): ([], None),
        ("ParameterDict", "parameters"): ([], None),
        ("ParameterList", "values"): ([], None),
    }
}

_WINDOW = {"stride": None, "padding": 0, "ceil_mode": False}
#: From PyTorch's documentation: these are written in C++ and hide their signature.
DOCUMENTED = {
    "conv{}d": {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": None},
    "conv_transpose{}d": {"stride": 1, "padding": 0, "output_padding": 0, "groups": 1}
    | {"dilation": 1, "bias": None},
    "max_pool{}d": {**_WINDOW, "dilation": 1, "return_indices": False},
    "avg_pool{}d": {**_WINDOW, "count_include_pad": True},
    "lp_pool{}d": {"stride": None, "ceil_mode": False},
    "adaptive_max_pool{}d": {"return_indices": False},
    "max_unpool{}d": {"stride": None, "padding": 0, "output_size": None},
    "unfold": {"dilation": 1, "padding": 0, "stride": 1},
    "fold": {"dilation": 1, "padding": 0, "stride": 1},
    "softplus": {"beta": 1.0, "threshold": 20.0},
    "hardshrink": {"lambd": 0.5},
    "softshrink": {"lambd": 0.5},
    "celu": {"alpha": 1.0, "inplace": False},
    "pixel_shuffle": {},
    "one_hot": {"num_classes": -1},
    "cosine_similarity": {"dim": 1, "eps": 1e-8},
    "pairwise_distance": {"p": 2.0, "eps": 1e-6, "keepdim": False},
    "local_response_norm": {"alpha": 1e-4, "beta": 0.75, "k": 1.0},
    "gelu": {"approximate": "none"},
    "linear": {"bias": None},
}
DOCUMENTED = {
    name.format(n): expected
    for name, expected in DOCUMENTED.items()
    for n in ((1, 2, 3) if "{}" in name else (0,))
}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_defaults_of_the_others_are_as_documented(name):
    function = getattr(importlib.import_module("nn.functional"), name)
    ours = defaults(function)
    common = set(ours) & set(DOCUMENTED[name])
    assert {key: ours[key] for key in common} == {key: DOCUMENTED[name][key] for key in common}
    assert set(DOCUMENTED[name]) - common <= {"divisor_override"}


def record():
    found = {}
    for ours, theirs in MODULES.items():
        mine, torchs = named(ours), named(theirs)
        found[ours] = {
            name: shared
            for name in sorted(public(mine))
            if (
                shared := {
                    key: value
                    for key, value in defaults(getattr(torchs, name, None)).items()
                    if key in defaults(getattr(mine, name))
                }
            )
        }
    RECORDED.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    record()
