"""The operators of PyTorch's data base, their cases as tensors of ours, and what they are called here."""

import sys
import types
import unittest

import numpy as np

import autograd
import nn
from autograd import Tensor


class CannotBeSaid(Exception):
    """A case with something that there is not here: complex numbers, other layouts, modules."""


def operators():
    """PyTorch's list of operators (OpInfo), each with generators of cases."""
    if "expecttest" not in sys.modules:  # for its own test classes only, which nobody needs here
        stub = types.ModuleType("expecttest")
        stub.TestCase = unittest.TestCase
        sys.modules["expecttest"] = stub
    import torch.backends
    from torch.testing._internal.common_methods_invocations import op_db

    # What is imported forbids whole programs to set such switches, as later tests do.
    torch.backends.flags_frozen.__globals__["__allow_nonbracketed_mutation_flag"] = True
    return op_db


def reductions():
    """The class of those that reduce."""
    from torch.testing._internal.opinfo.core import ReductionOpInfo

    return ReductionOpInfo


def full_name(op):
    return f"{op.name}/{op.variant_test_name}" if op.variant_test_name else op.name


def dtype_here(dtype):
    """NumPy's dtype of the same name."""
    name = str(dtype).removeprefix("torch.")
    try:
        found = np.dtype(name)
    except TypeError:
        raise CannotBeSaid(name) from None
    if found.kind == "c":
        raise CannotBeSaid(name)
    return found.type


class Converter:
    """Turns the arguments of a case into ours; the same tensor twice stays one tensor.

    Attributes:
        leaves: (PyTorch's tensor, ours, how the gradient of ours is read) of those that require one.
    """

    def __init__(self, torch, strided=False):
        """strided: leave a cell out after each of the last axis, and before the first."""
        self.torch, self.strided, self.leaves, self._made = torch, strided, [], {}

    def __call__(self, value):
        torch = self.torch
        if isinstance(value, torch.Tensor):
            if id(value) not in self._made:
                self._made[id(value)] = self._tensor(value)
            return self._made[id(value)]
        if isinstance(value, torch.dtype):
            return dtype_here(value)
        if isinstance(value, torch.device):
            return str(value)
        if isinstance(value, (torch.Size, tuple)) and not hasattr(value, "_fields"):
            return tuple(map(self, value))
        if isinstance(value, list):
            return list(map(self, value))
        if isinstance(value, dict):
            return {key: self(each) for key, each in value.items()}
        if isinstance(value, slice):
            return slice(self(value.start), self(value.stop), self(value.step))
        if value is None or value is Ellipsis or isinstance(value, (int, float, str, np.ndarray)):
            return value
        raise CannotBeSaid(type(value).__name__)

    def _tensor(self, value):
        if value.layout != self.torch.strided or value.device.type != "cpu" or value.ndim > 64:
            raise CannotBeSaid(f"{value.layout} on {value.device}, {value.ndim} axes")
        kind = dtype_here(value.dtype)
        data = as_array(value).astype(kind)
        read = _itself
        if self.strided and data.ndim:
            spread = np.zeros((*data.shape[:-1], 2 * data.shape[-1] + 1), data.dtype)
            read = _every_second(data.shape[-1])
            read(spread)[...] = data
            data = spread
        leaf = autograd.tensor(data, requires_grad=value.requires_grad)
        if value.requires_grad:
            self.leaves.append((value, leaf, read))
        return read(leaf)


def _itself(x):
    return x


def _every_second(n):
    return lambda x: x[..., 1::2][..., :n]


def as_array(value):
    """The numbers of a tensor of either side, or of a plain number."""
    if isinstance(value, Tensor):
        return np.asarray(value.detach())
    if hasattr(value, "detach"):
        return value.detach().resolve_conj().resolve_neg().numpy(force=True)
    return np.asarray(value)


# What an operator is called here ------------------------------------------------------------------

#: Where the cases of the data base have their arguments in an order of their own.
_REORDERED = {
    "polygamma": lambda f: lambda x, n, **named: f(n, x, **named),
    "special.polygamma": lambda f: lambda x, n, **named: f(n, x, **named),
    "where": lambda f: lambda x, condition, other, **named: f(condition, x, other, **named),
    "einsum": lambda f: lambda operands, subscripts: f(subscripts, *operands),
    "nn.functional.embedding": lambda f: lambda weight, index, **named: f(index, weight, **named),
    "nn.functional.embedding_bag": lambda f: lambda weight, index, **named: f(index, weight, **named),
    "linalg.pinv/singular": lambda f: lambda a, b: f(a @ b.mT),
    "linalg.lstsq/grad_oriented": lambda f: lambda a, b, **named: tuple(f(a, b, **named))[:2],
}  # fmt: skip

#: Functions of PyTorch's that are methods alone; ours of the same name are NumPy's.
_METHODS_ALONE = frozenset({"normal/in_place", "uniform", "repeat", "unfold", "expand", "view"})


def spellings(op):
    """(label, our callable, PyTorch's callable) for every way to write an operator that works here."""
    found = []
    for name, theirs, method in _names(op):
        function = _function(name)
        if function is not None and full_name(op) not in _METHODS_ALONE:
            reorder = _REORDERED.get(full_name(op), _REORDERED.get(op.name, _itself))
            found.append((name, reorder(function), theirs))
        if method is not None and "." not in name and hasattr(Tensor, name):
            found.append((f"x.{name}", _method(name), method))
    for name, in_place in _in_place(op):
        if hasattr(Tensor, name):
            found.append((f"x.{name}", _on_a_copy(name), _on_their_copy(in_place)))
    return found


def _names(op):
    dunder = op.name.startswith("__") or op.name in ("T", "H", "mT", "item")
    yield op.name, op.op, op.op if dunder else op.method_variant
    for alias in op.aliases or ():
        yield alias.name, alias.op, alias.method_variant


def _function(name):
    home, _, last = name.rpartition(".")
    homes = {"": autograd, "nn.functional": nn.functional, "linalg": autograd.linalg,
             "special": getattr(autograd, "special", None)}  # fmt: skip
    found = getattr(homes.get(home), last, None)
    return found if callable(found) and not isinstance(found, type) else None


def _method(name):
    def call(x, *args, **named):
        found = getattr(x, name)
        return found(*args, **named) if callable(found) and not isinstance(found, Tensor) else found

    return call


def _in_place(op):
    for variant in (op.inplace_variant, *(alias.inplace_variant for alias in op.aliases or ())):
        name = getattr(variant, "__name__", "__")
        if not name.startswith("__"):
            yield name, variant


def _on_a_copy(name):
    """In place in something that is no leaf."""
    return lambda x, *args, **named: getattr(x.clone(), name)(*args, **named)


def _on_their_copy(variant):
    return lambda x, *args, **named: variant(x.clone(), *args, **named)
