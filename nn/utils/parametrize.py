"""Parameters that are functions of others, with PyTorch's names and state-dict keys.

>>> import autograd, nn
>>> class Symmetric(nn.Module):
...     def forward(self, x):
...         return (x + x.T) / 2
>>> layer = nn.Linear(2, 2, bias=False)
>>> layer = nn.utils.parametrize.register_parametrization(layer, "weight", Symmetric())
>>> bool((layer.weight == layer.weight.T).all()), list(layer.state_dict())
(True, ['parametrizations.weight.original'])
"""

from __future__ import annotations

from typing import Any

import autograd
from autograd import Tensor
from nn.container import ModuleDict
from nn.module import Module
from nn.parameter import Parameter
from nn.utils.computed import is_computed, make_computed, make_plain

__all__ = [
    "ParametrizationList",
    "is_parametrized",
    "register_parametrization",
    "remove_parametrizations",
]


class ParametrizationList(Module):
    """What a parametrized attribute is computed from: ``original`` and the modules applied to it.

    If the first module's ``right_inverse`` gives several tensors, they are ``original0``,
    ``original1`` and so on, and its ``forward`` takes them all.
    """

    def __init__(self, first: Module, original: Tensor) -> None:
        super().__init__()
        given = original
        if hasattr(first, "right_inverse"):
            with autograd.no_grad():
                given = first.right_inverse(original)
        self.is_tensor = isinstance(given, Tensor)
        names = ["original"] if self.is_tensor else [f"original{k}" for k in range(len(given))]
        learnt = isinstance(original, Parameter)
        for name, value in zip(names, [given] if self.is_tensor else given, strict=True):
            if value is original:
                made: Any = original
            else:
                made = Parameter(value, original.requires_grad) if learnt else value.detach()
            self.register_parameter(name, made) if learnt else self.register_buffer(name, made)
        self._originals = names
        self._count = 0
        self.append(first)

    def append(self, module: Module) -> None:
        """Apply one more module, after the others."""
        self.register_module(str(self._count), module)
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Module:
        return self.get_submodule(str(range(self._count)[index]))

    def forward(self) -> Any:
        value = self[0](*(getattr(self, name) for name in self._originals))
        for k in range(1, self._count):
            value = self[k](value)
        return value

    def right_inverse(self, value: Any) -> None:
        """Write into the originals what the attribute's value would come from.

        Raises:
            RuntimeError: if a module of the list has no ``right_inverse``.
        """
        with autograd.no_grad():
            for k in reversed(range(self._count)):
                if not hasattr(self[k], "right_inverse"):
                    raise RuntimeError(
                        f"{type(self[k]).__name__} has no right_inverse, so its result cannot be "
                        "assigned"
                    )
                value = self[k].right_inverse(value)
            for name, new in zip(
                self._originals, [value] if self.is_tensor else value, strict=True
            ):
                with autograd.writable(getattr(self, name)) as array:
                    array[...] = autograd.as_tensor(new).data


class _FromList:
    """Computes an attribute from the module's `ParametrizationList`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, module: Any) -> Any:
        return module.parametrizations[self.name]()

    def assign(self, module: Any, value: Any) -> None:
        module.parametrizations[self.name].right_inverse(value)


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Computes a parameter or buffer from another, which is what is learnt from then on.

    Args:
        module: which holds it.
        tensor_name: of the parameter or buffer. One that is parametrized already gets another
            function on top.
        parametrization: module, called with the original; ``right_inverse(value)``, if it has one,
            says which original a value comes from.
        unsafe: allow another shape and dtype. Default False.

    Returns:
        The module, now of a class called ``Parametrized…``.

    Raises:
        ValueError: for a name that is no parameter and no buffer, or a result of another shape.
        TypeError: if ``parametrization`` is no module.
    """
    who = "register_parametrization"
    if not isinstance(module, Module) or not isinstance(parametrization, Module):
        wrong = module if not isinstance(module, Module) else parametrization
        raise TypeError(f"{who}: expected a Module, got {type(wrong).__name__}")
    if is_parametrized(module, tensor_name):
        before = getattr(module, tensor_name)
        _check(who, parametrization, parametrization(before), before, unsafe)
        module.parametrizations[tensor_name].append(parametrization)
        return module
    tensor = module.__dict__.get(tensor_name) if tensor_name in module._kinds else None
    if not isinstance(tensor, Tensor):
        raise ValueError(
            f"{who}: {type(module).__name__} has no parameter or buffer {tensor_name!r}"
        )
    made = ParametrizationList(parametrization, tensor)
    with autograd.no_grad():
        _check(who, parametrization, made(), tensor, unsafe)
    delattr(module, tensor_name)
    if "parametrizations" not in module._kinds:
        module.register_module("parametrizations", ModuleDict())
    module.parametrizations[tensor_name] = made
    make_computed(module, tensor_name, _FromList(tensor_name), "Parametrized")
    return module


def _check(who: str, parametrization: Module, new: Any, old: Tensor, unsafe: bool) -> None:
    if not unsafe and (getattr(new, "shape", None), new.dtype) != (old.shape, old.dtype):
        raise ValueError(
            f"{who}: {type(parametrization).__name__} gives {new.dtype} of shape {new.shape} for "
            f"{old.dtype} of shape {old.shape}; unsafe=True allows that"
        )


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether a module, or one attribute of it, is computed from other parameters."""
    lists = module.__dict__.get("parametrizations")
    if not isinstance(lists, ModuleDict) or "parametrizations" not in module._kinds:
        return False
    return len(lists) > 0 if tensor_name is None else tensor_name in lists


def remove_parametrizations(
    module: Module, tensor_name: str, leave_parametrized: bool = True
) -> Module:
    """Makes a computed attribute a plain parameter (or buffer) again.

    Args:
        module, tensor_name: as in `register_parametrization`.
        leave_parametrized: with the value that it has now; False: with the original's, which is
            possible where there is one original. Default True.

    Raises:
        ValueError: if it is not parametrized, or has several originals.
    """
    who = "remove_parametrizations"
    if not is_parametrized(module, tensor_name) or not is_computed(module, tensor_name):
        raise ValueError(f"{who}: {type(module).__name__}.{tensor_name} is not parametrized")
    made = module.parametrizations[tensor_name]
    if not leave_parametrized and not made.is_tensor:
        raise ValueError(f"{who}: {tensor_name} has several originals; leave_parametrized=True")
    first = getattr(made, made._originals[0])
    if leave_parametrized:
        with autograd.no_grad():
            value = made()
        learnt = isinstance(first, Parameter)
        result: Any = Parameter(value, first.requires_grad) if learnt else value.detach()
    else:
        result = first
    make_plain(module, tensor_name)
    del module.parametrizations[tensor_name]
    if not len(module.parametrizations):
        del module.parametrizations
    if isinstance(result, Parameter):
        module.register_parameter(tensor_name, result)
    else:
        module.register_buffer(tensor_name, result)
    return module
