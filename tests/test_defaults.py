"""Defaults are promises: each that a public function or class has is recorded beside this file.

A default that changes changes programs that never named it, in silence. One that shall change is
recorded anew with ``python -m tests.test_defaults``, and the difference is read before it is kept.
"""

import importlib
import inspect
import json
from pathlib import Path

import pytest

RECORDED = Path(__file__).with_name("defaults.json")
MODULES = (
    "autograd autograd.linalg autograd.func autograd.debug autograd.viz nn nn.functional nn.init nn.utils nn.optim "
    "nn.optim.lr_scheduler nn.data nn.data.transforms nn.distributions nn.models nn.parallel nn.train nn.files"
).split()
_PLAIN = (bool, int, float, str, type(None))


def text(value):
    """How a default is recorded: numbers with all their digits; what is no plain value by its type."""
    if isinstance(value, (tuple, list)):
        return [text(part) for part in value]
    if isinstance(value, _PLAIN):
        return repr(value)
    return f"a {type(value).__name__}"


def defaults(made):
    """The parameters of a function or constructor that have a default, with it."""
    try:
        parameters = inspect.signature(made).parameters.values()
    except (TypeError, ValueError):
        return {}
    return {p.name: text(p.default) for p in parameters if p.default is not p.empty}


def public(module):
    """All that is called: functions, classes and the methods that these define."""
    names = getattr(module, "__all__", None) or [n for n in dir(module) if n[0] != "_"]
    for name in sorted(names):
        made = getattr(module, name)
        if not callable(made):
            continue
        yield name, made
        if isinstance(made, type):
            for method in sorted(n for n in dir(made) if n[0] != "_"):
                getattr(made, method, None)  # methods of tensors are made when first asked for
                found = inspect.getattr_static(made, method)
                if isinstance(found, (classmethod, staticmethod)):
                    found = found.__func__
                inherited = any(method in vars(base) for base in made.__mro__[1:])
                if inspect.isfunction(found) and not inherited:
                    yield f"{name}.{method}", found


def found():
    record = {}
    for path in MODULES:
        module = importlib.import_module(path)
        record[path] = {name: have for name, made in public(module) if (have := defaults(made))}
    return record


RECORD = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}


@pytest.mark.parametrize("path", MODULES)
def test_defaults_are_those_that_were_promised(path):
    module = importlib.import_module(path)
    have = {name: defaults(made) for name, made in public(module) if name in RECORD[path]}
    gone = {name for name in RECORD[path] if "." not in name} - set(have)
    assert not gone, "public names are gone"
    changed = {
        (name, parameter): (now.get(parameter), promised)
        for name, now in have.items()
        for parameter, promised in RECORD[path][name].items()
        if now.get(parameter) != promised  # more parameters may come
    }
    assert changed == {}, "(now, promised); python -m tests.test_defaults records them anew"


def test_nearly_all_public_names_are_recorded():
    now = {(path, name) for path, names in found().items() for name in names}
    recorded = {(path, name) for path, names in RECORD.items() for name in names}
    assert len(recorded & now) > 500
    assert len(now - recorded) < 0.1 * len(now), "python -m tests.test_defaults"


if __name__ == "__main__":
    RECORDED.write_text(json.dumps(found(), indent=1) + "\n")
