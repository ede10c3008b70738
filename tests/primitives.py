"""All primitives of the package, public or not, by name."""

import importlib
import pkgutil

import autograd.ops
from autograd.core.primitive import Primitive


def primitives():
    """Name -> Primitive, of all that stand in modules of ``autograd.ops``."""
    found = {}
    for module in pkgutil.walk_packages(autograd.ops.__path__, "autograd.ops."):
        for value in vars(importlib.import_module(module.name)).values():
            info = getattr(value, "primitive", value)  # one that only rules call is none's function
            if isinstance(info, Primitive):
                found[info.name] = info
    return found
