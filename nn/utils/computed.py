"""An attribute of a module that is computed from parameters whenever it is read.

The module becomes one of a subclass of its class with a property in the attribute's place, so that
``module.weight`` is never stale, copies and files need nothing special, and what it was is restored
by going back to the class.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from nn.module import Module

__all__ = ["is_computed", "make_computed", "make_plain"]

Compute = Callable[[Module], Any]


def make_computed(module: Module, name: str, compute: Compute, prefix: str = "") -> None:
    """Have ``module.name`` computed.

    Args:
        module: whose registered ``name`` has been deleted.
        name: of the attribute.
        compute: called with the module; an object that can be pickled. What its ``assign(module,
            value)`` does, if there is one, is what assigning to the attribute does.
        prefix: put before the class's name.
    """
    computed = {**module.__dict__.get("_computed", {}), name: compute}
    base = _base(module)
    module.__dict__["_computed"] = computed
    object.__setattr__(module, "__class__", _class_with(base, tuple(computed), prefix))


def make_plain(module: Module, name: str) -> None:
    """Take the property away again."""
    computed = {key: value for key, value in module.__dict__["_computed"].items() if key != name}
    module.__dict__["_computed"] = computed
    base = _base(module)
    if not computed:
        del module.__dict__["_computed"]
        object.__setattr__(module, "__class__", base)
    else:
        prefix = type(module).__name__.removesuffix(base.__name__)
        object.__setattr__(module, "__class__", _class_with(base, tuple(computed), prefix))


def is_computed(module: Module, name: str) -> bool:
    """True if ``module.name`` is computed."""
    return name in module.__dict__.get("_computed", {})


def _base(module: Module) -> Any:
    cls: Any = type(module)
    return cls.__bases__[0] if "_computes" in cls.__dict__ else cls


@functools.cache
def _class_with(base: Any, names: tuple[str, ...], prefix: str) -> type[Module]:
    def reduce(self: Module, protocol: Any) -> Any:
        return _remade, (base, names, prefix), self.__getstate__()

    members: dict[str, Any] = {name: _property(name) for name in names}
    members |= {"_computes": names, "__reduce_ex__": reduce, "__module__": base.__module__}
    return type(prefix + base.__name__, (base,), members)


def _property(name: str) -> property:
    def read(self: Module) -> Any:
        return self.__dict__["_computed"][name](self)

    def write(self: Module, value: Any) -> None:
        assign = getattr(self.__dict__["_computed"][name], "assign", None)
        if assign is None:
            raise RuntimeError(
                f"{type(self).__name__}.{name} is computed from other parameters; set these, or "
                "take the norm off first"
            )
        assign(self, value)

    return property(read, write)


def _remade(base: Any, names: tuple[str, ...], prefix: str) -> Module:
    cls = _class_with(base, names, prefix)
    return cls.__new__(cls)
