"""Gradients clipped, all parameters as one vector, weights under a norm.

Sequences are padded and packed in `nn.utils.rnn`; parameters computed from others, in
`nn.utils.parametrize`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

import autograd
from autograd import Tensor, arguments
from nn.utils import parametrizations, parametrize, rnn, stateless
from nn.utils.norms import (
    remove_spectral_norm,
    remove_weight_norm,
    spectral_norm,
    weight_norm,
)

__all__ = [
    "clip_grad_norm_",
    "clip_grad_value_",
    "parameters_to_vector",
    "remove_spectral_norm",
    "remove_weight_norm",
    "spectral_norm",
    "vector_to_parameters",
    "weight_norm",
]


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
) -> Tensor:
    """Scales all gradients together so that their norm, as one long vector, is at most ``max_norm``.

    They are multiplied by max_norm / (norm + 1e-6) if that is below 1 (Pascanu et al. 2013).

    Args:
        parameters: tensors, or one; those without a gradient are passed over.
        max_norm: the largest norm allowed.
        norm_type: p of the p-norm, or ``math.inf`` for the largest magnitude. Default 2.
        error_if_nonfinite: raise when the norm is NaN or infinite. Default False: the gradients
            become NaN, or 0 where they were finite.

    Returns:
        The norm before clipping, a 0-d tensor.

    Raises:
        ValueError: for a negative ``max_norm`` or a ``norm_type`` that is not above 0.
        RuntimeError: for a norm that is not finite, if asked for.

    Example:
        >>> import nn
        >>> w = nn.Parameter([3.0, 4.0])
        >>> (w * w / 2).sum().backward()
        >>> nn.utils.clip_grad_norm_([w], max_norm=1.0).item()
        5.0
        >>> [round(g, 3) for g in w.grad.tolist()]
        [0.6, 0.8]
    """
    max_norm = arguments.real("clip_grad_norm_", "max_norm", max_norm, 0.0)
    norm_type = arguments.real("clip_grad_norm_", "norm_type", norm_type, 0.0, open_low=True)
    given = (
        [parameters] if isinstance(parameters, Tensor) else _tensors("clip_grad_norm_", parameters)
    )
    clip = autograd.func.each_time
    return clip(_clip_norm, given, max_norm, norm_type, error_if_nonfinite)  # type: ignore[no-any-return]


def _clip_norm(tensors: list[Tensor], max_norm: float, norm_type: float, strict: bool) -> Tensor:
    grads = _gradients("clip_grad_norm_", tensors)
    norms = [
        np.linalg.norm(np.ravel(arguments.raw(grad)).astype(np.float64), norm_type)
        for grad in grads
    ]
    total = float(np.linalg.norm(norms, norm_type)) if norms else 0.0
    if strict and not math.isfinite(total):
        raise RuntimeError(
            f"clip_grad_norm_: the norm of the gradients is {total}; "
            "pass error_if_nonfinite=False to clip all the same"
        )
    scale = float(max_norm) / (total + 1e-6)
    if not scale >= 1:  # NaN spreads
        for grad in grads:
            with autograd.no_grad(), autograd.writable(grad) as array:
                array *= scale
    return autograd.tensor(total, dtype=grads[0].dtype if grads else None)


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float) -> None:
    """Limits every element of every gradient to [−clip_value, clip_value].

    Args:
        parameters: tensors, or one; those without a gradient are passed over.
        clip_value: the largest magnitude allowed.

    Raises:
        ValueError: if ``clip_value`` is negative.
    """
    clip_value = arguments.real("clip_grad_value_", "clip_value", clip_value, 0.0)
    given = (
        [parameters] if isinstance(parameters, Tensor) else _tensors("clip_grad_value_", parameters)
    )
    autograd.func.each_time(_clip_value, given, clip_value)


def _clip_value(tensors: list[Tensor], clip_value: float) -> None:
    for grad in _gradients("clip_grad_value_", tensors):
        with autograd.no_grad(), autograd.writable(grad) as array:
            np.clip(array, -clip_value, clip_value, out=array)


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All parameters, flattened and joined: shape (total size,). Gradients flow through it.

    Raises:
        ValueError: if there are none.

    Example:
        >>> import nn
        >>> nn.utils.parameters_to_vector([nn.Parameter([[1.0, 2.0]]), nn.Parameter(3.0)]).tolist()
        [1.0, 2.0, 3.0]
    """
    parts = [parameter.reshape(-1) for parameter in _tensors("parameters_to_vector", parameters)]
    if not parts:
        raise ValueError("parameters_to_vector: there are no parameters")
    return autograd.concatenate(parts)


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Writes the pieces of a vector into the parameters, in order.

    Args:
        vec: shape (total size of the parameters,).
        parameters: what is written into.

    Raises:
        TypeError: if ``vec`` is no tensor.
        ValueError: if its shape is another. Nothing has been written then.
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"vector_to_parameters: vec must be a Tensor, got {type(vec).__name__}")
    targets = _tensors("vector_to_parameters", parameters)
    total = sum(target.size for target in targets)
    if vec.shape != (total,):
        raise ValueError(
            f"vector_to_parameters: vec must have shape ({total},), the size of all parameters; "
            f"got {vec.shape}"
        )
    values, start = np.asarray(vec.data), 0
    for target in targets:
        with autograd.no_grad(), autograd.writable(target) as array:
            array[...] = values[start : start + target.size].reshape(target.shape)
        start += target.size


def _gradients(who: str, parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    given = [parameters] if isinstance(parameters, Tensor) else parameters
    return [tensor.grad for tensor in _tensors(who, given) if tensor.grad is not None]


def _tensors(who: str, parameters: Iterable[Tensor]) -> list[Tensor]:
    tensors = arguments.elements(who, "parameters", parameters)
    for tensor in tensors:
        if not isinstance(tensor, Tensor):
            raise TypeError(f"{who}: parameters must be tensors, got {type(tensor).__name__}")
    return tensors


def __getattr__(name: str) -> Any:
    near = "; write nn.data" if name == "data" else arguments.nearest(name, __all__)
    raise AttributeError(f"module 'nn.utils' has no attribute {name!r}{near}")
