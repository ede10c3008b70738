"""`weight_norm` and `spectral_norm` as parametrizations, with PyTorch's state-dict keys."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd
from autograd import Tensor, arguments
from nn.functional.distance import normalize
from nn.module import Module
from nn.random import generator_or_default
from nn.utils.parametrize import register_parametrization

__all__ = ["spectral_norm", "weight_norm"]


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Splits a weight into its length and its direction (Salimans and Kingma 2016): w = g·v/‖v‖.

    Args:
        module: which holds the weight.
        name: of the parameter. Default "weight".
        dim: the axis along which every slice has a length of its own; None (or −1): one for all.

    Returns:
        The module; ``parametrizations.weight.original0`` is g and ``original1`` is v.

    Raises:
        ValueError: for a name that is no parameter, or an axis it does not have.

    Example:
        >>> import nn
        >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
        >>> [key for key in layer.state_dict()]
        ['bias', 'parametrizations.weight.original0', 'parametrizations.weight.original1']
    """
    check_named("weight_norm", module, name)
    read_dim("weight_norm", module, name, dim)
    return register_parametrization(module, name, _WeightNorm(dim), unsafe=True)


def spectral_norm(
    module: Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
    generator: np.random.Generator | None = None,
) -> Module:
    """Divides a weight by its largest singular value (Miyato et al. 2018).

    The singular vectors are followed by power iteration, a step or more at every reading of the
    weight in training mode; in evaluation mode they stay.

    Args:
        module: which holds the weight.
        name: of the parameter. Default "weight".
        n_power_iterations: steps at every reading. Default 1.
        eps: added in normalisations. Default 1e-12.
        dim: the axis that makes the rows of the matrix. Default 0, or 1 for transposed
            convolutions.
        generator: of the first vectors. Default: the one that ``nn.manual_seed`` seeds.

    Returns:
        The module, with ``parametrizations.weight.original`` and the buffers ``0._u`` and ``0._v``.

    Raises:
        ValueError: for a name that is no parameter, or fewer than one step.

    Example:
        >>> import nn
        >>> layer = nn.utils.parametrizations.spectral_norm(nn.Linear(3, 2))
        >>> _ = [layer.weight for _ in range(50)]
        >>> round(float(autograd.linalg.svd(layer.weight)[1][0].item()), 4)
        1.0
    """
    who = "spectral_norm"
    weight = check_named(who, module, name)
    steps = arguments.integer(who, "n_power_iterations", n_power_iterations)
    eps = arguments.real(who, "eps", eps, 0.0)
    axis = rows_axis(who, module, name, dim)
    made = _SpectralNorm(weight, steps, axis, eps, generator_or_default(who, generator))
    return register_parametrization(module, name, made)


class _WeightNorm(Module):
    def __init__(self, dim: int | None) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Any, weight_v: Any) -> Any:
        return weight_v * (weight_g / length(weight_v, self.dim))

    def right_inverse(self, weight: Any) -> Any:
        return length(weight, self.dim), weight


class _SpectralNorm(Module):
    _u: Tensor
    _v: Tensor

    def __init__(
        self, weight: Tensor, steps: int, axis: int, eps: float, generator: np.random.Generator
    ) -> None:
        super().__init__()
        self.axis, self.n_power_iterations, self.eps = axis, steps, eps
        if weight.ndim > 1:
            matrix = as_matrix(weight.data, axis)
            u, v = (unit(generator.normal(size=n), eps) for n in matrix.shape)
            for _ in range(15):
                u = unit(matrix @ v, eps)
                v = unit(matrix.T @ u, eps)
            self.register_buffer("_u", autograd.tensor(u.astype(weight.dtype)))
            self.register_buffer("_v", autograd.tensor(v.astype(weight.dtype)))

    def forward(self, weight: Any) -> Any:
        if weight.ndim == 1:
            return normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.axis)
        if self.training:
            array, u, v = matrix.data, self._u.data, self._v.data
            for _ in range(self.n_power_iterations):
                u = unit(array @ v, self.eps)
                v = unit(array.T @ u, self.eps)
            self._u, self._v = autograd.as_tensor(u), autograd.as_tensor(v)
        return weight / autograd.sum(self._u * (matrix @ self._v))

    def right_inverse(self, weight: Any) -> Any:
        return weight


def check_named(who: str, module: Any, name: Any) -> Any:
    """The parameter of a module; raises ValueError if there is none."""
    if not isinstance(module, Module):
        raise TypeError(f"{who}: module must be a Module, got {type(module).__name__}")
    found = getattr(module, name, None) if isinstance(name, str) else None
    if not isinstance(found, Tensor):
        raise ValueError(f"{who}: {type(module).__name__} has no parameter {name!r}")
    return found


def read_dim(who: str, module: Any, name: str, dim: Any) -> int:
    """An axis of the weight, or −1 for all of it."""
    ndim = getattr(module, name).ndim
    if dim is None or (not isinstance(dim, bool) and dim == -1):
        return -1
    return arguments.axis(who, dim, ndim, "dim")


def rows_axis(who: str, module: Any, name: str, dim: Any) -> int:
    """The axis that makes the rows of the matrix."""
    if dim is None:
        return 1 if getattr(module, "transposed", False) else 0
    return arguments.axis(who, dim, getattr(module, name).ndim, "dim")


def length(weight: Any, dim: int) -> Any:
    """The norm of every slice along an axis, with all axes kept; of all of it, 0-d, for −1."""
    axes = None if dim == -1 else tuple(k for k in range(weight.ndim) if k != dim % weight.ndim)
    return autograd.sqrt(autograd.sum(weight * weight, axis=axes, keepdims=dim != -1))


def as_matrix(weight: Any, axis: int) -> Any:
    """The weight with one axis in front and the others as one."""
    moved = (
        autograd.moveaxis(weight, axis, 0)
        if isinstance(weight, Tensor)
        else np.moveaxis(weight, axis, 0)
    )
    return moved.reshape(weight.shape[axis], math.prod(moved.shape[1:]))


def unit(vector: np.ndarray, eps: float) -> np.ndarray:
    """A vector divided by its norm, which counts as ``eps`` if it is below that."""
    return vector / max(float(np.linalg.norm(vector)), eps)
