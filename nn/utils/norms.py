"""`weight_norm` and `spectral_norm` in their older form, with the state-dict keys it had."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd import HookHandle, arguments
from nn.module import Module
from nn.parameter import Parameter
from nn.random import generator_or_default
from nn.utils.computed import is_computed, make_computed, make_plain
from nn.utils.parametrizations import as_matrix, check_named, length, read_dim, rows_axis, unit

__all__ = ["remove_spectral_norm", "remove_weight_norm", "spectral_norm", "weight_norm"]


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Splits a weight into length and direction: w = g·v/‖v‖, as `parametrizations.weight_norm`.

    Args:
        module, name, dim: as there.

    Returns:
        The module, with parameters ``weight_g`` and ``weight_v``; ``weight`` is computed from them.

    Raises:
        ValueError: for a name that is no parameter, or is under a norm already.

    Example:
        >>> import nn
        >>> list(nn.utils.weight_norm(nn.Linear(3, 2)).state_dict())
        ['bias', 'weight_g', 'weight_v']
    """
    weight = _take("weight_norm", module, name)
    axis = read_dim("weight_norm", module, name, dim)
    with autograd.no_grad():
        lengths = length(weight, axis)
    delattr(module, name)
    module.register_parameter(f"{name}_g", Parameter(lengths, weight.requires_grad))
    module.register_parameter(f"{name}_v", Parameter(weight, weight.requires_grad))
    make_computed(module, name, _WeightNorm(name, axis))
    return module


def remove_weight_norm(module: Module, name: str = "weight") -> Module:
    """Makes the weight a parameter again, with the value that it has.

    Raises:
        ValueError: if there is no `weight_norm` on it.
    """
    compute = _find("remove_weight_norm", module, name, _WeightNorm)
    with autograd.no_grad():
        value = compute(module)
    _put_back(module, name, value, f"{name}_g", f"{name}_v")
    return module


def spectral_norm(
    module: Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
    generator: np.random.Generator | None = None,
) -> Module:
    """Divides a weight by its largest singular value, as `parametrizations.spectral_norm`.

    The power iteration goes on at every call of the module in training mode.

    Args:
        module, name, n_power_iterations, eps, dim, generator: as there.

    Returns:
        The module, with the parameter ``weight_orig`` and the buffers ``weight_u`` and ``weight_v``.

    Raises:
        ValueError: for a name that is no parameter, or is under a norm already.

    Example:
        >>> import nn
        >>> list(nn.utils.spectral_norm(nn.Linear(3, 2)).state_dict())
        ['bias', 'weight_orig', 'weight_u', 'weight_v']
    """
    who = "spectral_norm"
    weight = _take(who, module, name)
    steps = arguments.integer(who, "n_power_iterations", n_power_iterations)
    eps = arguments.real(who, "eps", eps, 0.0)
    axis = rows_axis(who, module, name, dim)
    generator = generator_or_default(who, generator)
    matrix = as_matrix(weight.data, axis)
    delattr(module, name)
    module.register_parameter(f"{name}_orig", weight)
    for letter, size in zip("uv", matrix.shape, strict=True):
        vector = unit(generator.normal(size=size), eps).astype(weight.dtype)
        module.register_buffer(f"{name}_{letter}", autograd.tensor(vector))
    compute = _SpectralNorm(name, steps, axis, eps)
    make_computed(module, name, compute)
    compute.handle = module.register_forward_pre_hook(compute.iterate)
    return module


def remove_spectral_norm(module: Module, name: str = "weight") -> Module:
    """Makes the weight a parameter again, with the value that it has.

    Raises:
        ValueError: if there is no `spectral_norm` on it.
    """
    compute = _find("remove_spectral_norm", module, name, _SpectralNorm)
    compute.handle.remove()
    with autograd.no_grad():
        value = compute(module)
    _put_back(module, name, value, f"{name}_orig", f"{name}_u", f"{name}_v")
    return module


class _WeightNorm:
    def __init__(self, name: str, axis: int) -> None:
        self.name, self.axis = name, axis

    def __call__(self, module: Any) -> Any:
        g, v = (getattr(module, f"{self.name}_{letter}") for letter in "gv")
        return v * (g / length(v, self.axis))


class _SpectralNorm:
    handle: HookHandle

    def __init__(self, name: str, steps: int, axis: int, eps: float) -> None:
        self.name, self.steps, self.axis, self.eps = name, steps, axis, eps

    def __call__(self, module: Any) -> Any:
        weight, u, v = (getattr(module, f"{self.name}_{part}") for part in ("orig", "u", "v"))
        return weight / autograd.sum(u * (as_matrix(weight, self.axis) @ v))

    def iterate(self, module: Any, args: Any) -> None:
        if not module.training:
            return
        weight, u, v = (getattr(module, f"{self.name}_{part}").data for part in ("orig", "u", "v"))
        matrix = as_matrix(weight, self.axis)
        for _ in range(self.steps):
            v = unit(matrix.T @ u, self.eps)
            u = unit(matrix @ v, self.eps)
        for letter, vector in (("u", u), ("v", v)):
            setattr(module, f"{self.name}_{letter}", autograd.as_tensor(vector))


def _take(who: str, module: Any, name: Any) -> Any:
    """The parameter that is to be computed from others."""
    weight = check_named(who, module, name)
    if not isinstance(weight, Parameter) or is_computed(module, name):
        raise ValueError(f"{who}: {type(module).__name__}.{name} is under such a norm already")
    return weight


def _find(who: str, module: Any, name: str, kind: type) -> Any:
    check_named(who, module, name)
    found = module.__dict__.get("_computed", {}).get(name)
    if not isinstance(found, kind):
        norm = who.removeprefix("remove_")
        raise ValueError(f"{who}: there is no {norm} on {type(module).__name__}.{name}")
    return found


def _put_back(module: Module, name: str, value: Any, *parts: str) -> None:
    learnt = getattr(module, parts[0]).requires_grad
    make_plain(module, name)
    for part in parts:
        delattr(module, part)
    module.register_parameter(name, Parameter(value, learnt))
