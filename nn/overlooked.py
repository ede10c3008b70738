"""What is overlooked since nothing fails: layers built at every call, tensors that are no parameters.

A warning in a right program is worse than a slip that goes unnoticed. So each is told only when it is
surely one: a layer that was built, called and dropped inside of one call of a model; a tensor that
an optimizer beside it has twice passed by, though it gets a gradient.
"""

from __future__ import annotations

import sys
import weakref
import zlib
from collections.abc import Iterable
from typing import Any, NamedTuple

import autograd
from autograd import Tensor, arguments

__all__ = [
    "built_in_calls", "forget_hidden_tensors", "is_kept", "note_hidden_tensor", "warn_of_hidden_tensors",
    "warn_of_layers_built_anew",
]  # fmt: skip

# Layers built in forward --------------------------------------------------------------------------

#: Modules built while a model was being called, and given to no other module since, by ``id``: a
#: module may be a dataclass, which has no hash.
built_in_calls: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()


def _references_of_a_popped_module() -> int:
    module = [object()].pop()
    return sys.getrefcount(module)


#: What ``sys.getrefcount`` says of what only one name refers to; interpreters differ in it.
_SOLE = _references_of_a_popped_module()


def is_kept(module: Any) -> None:
    """Note that a module is part of another one, or has weights that were made elsewhere."""
    built_in_calls.pop(id(module), None)


def warn_of_layers_built_anew(layers: list[Any]) -> None:
    """Warn of layers that were built in ``forward``: they start again at every call.

    What was trained right there, inside of ``forward``, or has been given to a module, is none.

    Args:
        layers: built and called in one call of a model; nobody else may refer to this list's items
            but who keeps them. It is emptied.
    """
    while layers:
        layer = layers.pop()
        if sys.getrefcount(layer) > _SOLE or not autograd.is_grad_enabled():
            continue  # somebody keeps it, or nothing is learnt here
        learnt = [p for p in layer.parameters() if p.requires_grad]
        if learnt and id(layer) in built_in_calls and all(p.grad is None for p in learnt):
            arguments.warn(
                f"{type(layer).__name__} is built inside of forward(): it has new weights at every "
                "call and parameters() does not find them; build it in __init__, as self.layer = …"
            )


# Tensors that are no parameters -------------------------------------------------------------------


class _Hidden(NamedTuple):
    """A tensor that requires a gradient and is an attribute of a module, but no parameter of it."""

    module: weakref.ref[Any]
    name: str
    tensor: weakref.ref[Tensor]
    checksum: int  # of what it held at first


#: Until an optimizer is given them.
_hidden: list[_Hidden] = []


def _checksum(t: Tensor) -> int:
    return zlib.crc32(t.detach().numpy().tobytes())


def note_hidden_tensor(module: Any, name: str, t: Tensor) -> None:
    """Note that ``module.name`` is a tensor that requires a gradient, and no parameter."""
    forget_hidden_tensors([t])
    _hidden.append(_Hidden(weakref.ref(module), name, weakref.ref(t), _checksum(t)))


def forget_hidden_tensors(found: Iterable[Tensor]) -> None:
    """Those are trained after all: an optimizer has them. What is gone is forgotten, too."""
    if _hidden:
        ids = {id(t) for t in found}
        living = [(each, each.tensor()) for each in _hidden]
        _hidden[:] = [each for each, t in living if t is not None and id(t) not in ids]


def warn_of_hidden_tensors(trained: Iterable[Tensor]) -> None:
    """Warn of tensors beside the parameters just trained that get a gradient, and do not move."""
    ids = {id(p) for p in trained}
    for each in list(_hidden):
        module, t = each.module(), each.tensor()
        if module is None or t is None or t.grad is None:
            continue
        still = module.__dict__.get(each.name) is t and _checksum(t) == each.checksum
        beside = {id(p) for p in module.parameters()}
        if still and (not beside or not ids.isdisjoint(beside)):
            _hidden.remove(each)
            arguments.warn(
                f"{type(module).__name__}.{each.name} is a tensor that requires a gradient, but no "
                "parameter: parameters() does not find it, so it is neither trained nor saved; "
                "write nn.Parameter(…)"
            )
