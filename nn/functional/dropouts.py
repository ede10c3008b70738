"""Dropout: in training, elements or whole channels are switched off at random."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd import Tensor, arguments
from nn.functional.inputs import float_dtype, floating, in_place
from nn.random import generator_or_default

__all__ = [
    "alpha_dropout",
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "feature_alpha_dropout",
]

# What SELU goes to far below 0: the product of its two constants, with its sign.
_SELU_FLOOR = -1.7580993408473766


def dropout(
    input: Any,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    generator: np.random.Generator | None = None,
) -> Any:
    """Each element becomes 0 with probability p; the others are divided by 1 − p.

    Source: Srivastava et al., "Dropout", 2014.

    Args:
        input: floats of any shape.
        p: from 0 to 1. Default 0.5.
        training: False gives the input itself. Default True.
        inplace: True to have the input itself take the result's values; see
            `nn.functional.activations`. Default False.
        generator: source of randomness. Default: the one that ``nn.manual_seed`` seeds.

    Raises:
        ValueError: for a p outside of 0 to 1; TypeError: for data that are no floats.

    Example:
        >>> import autograd, nn
        >>> _ = nn.manual_seed(0)
        >>> sorted({*nn.functional.dropout(autograd.ones(100), 0.5).tolist()})
        [0.0, 2.0]
    """
    return _dropout("dropout", input, p, training, inplace, generator, None)


def dropout1d(
    input: Any,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    generator: np.random.Generator | None = None,
) -> Any:
    """Whole channels of sequences (N, C, L) or (C, L) become 0; see `dropout`."""
    return _dropout("dropout1d", input, p, training, inplace, generator, 1)


def dropout2d(
    input: Any,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    generator: np.random.Generator | None = None,
) -> Any:
    """Whole channels of images (N, C, H, W) become 0; see `dropout`.

    As in PyTorch, an input of three axes is a batch of channels (N, C, L).
    """
    return _dropout("dropout2d", input, p, training, inplace, generator, 2)


def dropout3d(
    input: Any,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    generator: np.random.Generator | None = None,
) -> Any:
    """Whole channels of volumes (N, C, D, H, W) or (C, D, H, W) become 0; see `dropout`."""
    return _dropout("dropout3d", input, p, training, inplace, generator, 3)


def alpha_dropout(
    input: Any,
    p: float = 0.5,
    training: bool = False,
    inplace: bool = False,
    generator: np.random.Generator | None = None,
) -> Any:
    """Dropout between SELUs: elements go to SELU's lower limit, and mean and variance stay.

    With probability p an element x becomes α' = −1.7581; then all become a·x + b, with
    a = ((1 − p)(1 + p·α'²))^(−1/2) and b = −a·p·α', so that a mean of 0 and a variance of 1 are
    kept. Source: Klambauer et al., "Self-normalizing neural networks", 2017.

    Args:
        input: floats of any shape.
        p: from 0 to 1, which gives zeros. Default 0.5.
        training: False gives the input itself. Default False, as in PyTorch.
        inplace, generator: as for `dropout`.

    Raises:
        ValueError: for a p outside of 0 to 1; TypeError: for data that are no floats.

    Example:
        >>> import autograd, nn
        >>> _ = nn.manual_seed(0)
        >>> y = nn.functional.alpha_dropout(autograd.zeros(100), 0.5, training=True)
        >>> sorted({round(value, 4) for value in y.tolist()})
        [-0.7792, 0.7792]
    """
    return _alpha_dropout("alpha_dropout", input, p, training, inplace, generator)


def feature_alpha_dropout(
    input: Any,
    p: float = 0.5,
    training: bool = False,
    inplace: bool = False,
    generator: np.random.Generator | None = None,
) -> Any:
    """`alpha_dropout` of whole channels of (N, C, *S), also without axes S."""
    return _alpha_dropout("feature_alpha_dropout", input, p, training, inplace, generator)


def _alpha_dropout(
    who: str,
    input: Any,
    p: Any,
    training: Any,
    inplace: Any,
    generator: np.random.Generator | None,
) -> Any:
    p = arguments.probability(who, "p", p)
    input = floating(who, input)
    shape = input.shape
    if who == "feature_alpha_dropout":
        if len(shape) < 2:
            raise ValueError(f"{who}: input must have the axes (N, C), got shape {shape}")
        shape = shape[:2] + (1,) * (len(shape) - 2)
    random = generator_or_default(who, generator)
    if not arguments.boolean(who, "training", training) or p == 0.0:
        return input
    if inplace is not False:
        return in_place(who, inplace, input, lambda x: _sunk(x, p, shape, random))
    return _sunk(input, p, shape, random)


def _sunk(input: Any, p: float, shape: tuple[int, ...], random: np.random.Generator) -> Any:
    if p == 1.0:
        return input * 0.0
    kept = autograd.func.each_time(_kept, input, p, shape, random)
    kept = autograd.as_tensor(kept) if isinstance(input, Tensor) else kept
    a = ((1.0 - p) * (1.0 + p * _SELU_FLOOR**2)) ** -0.5
    return input * (kept * a) + ((1.0 - kept) * (a * _SELU_FLOOR) - a * p * _SELU_FLOOR)


def _kept(input: Any, p: float, shape: tuple[int, ...], random: np.random.Generator) -> Any:
    """0 where an element is dropped, else 1."""
    kept = (random.random(shape) >= p).astype(float_dtype(input))
    return kept if kept.ndim else kept[()]


def _dropout(
    who: str,
    input: Any,
    p: Any,
    training: Any,
    inplace: Any,
    generator: np.random.Generator | None,
    spatial: int | None,
) -> Any:
    p = arguments.probability(who, "p", p)
    input = floating(who, input)
    shape = _mask_shape(who, input.shape, spatial)
    if not arguments.boolean(who, "training", training) or p == 0.0:
        return input
    random = generator_or_default(who, generator)
    if inplace is not False:
        return in_place(who, inplace, input, lambda x: _dropped(x, p, shape, random))
    return _dropped(input, p, shape, random)


def _dropped(input: Any, p: float, shape: tuple[int, ...], random: np.random.Generator) -> Any:
    if p == 1.0:
        return input * 0.0
    mask = autograd.func.each_time(_mask, input, p, shape, random)
    return input * (autograd.as_tensor(mask) if isinstance(input, Tensor) else mask)


def _mask(input: Any, p: float, shape: tuple[int, ...], random: np.random.Generator) -> Any:
    """0 where an element is dropped, else what the others are scaled by."""
    if shape == input.shape:
        uniform = _in_memory_order(random, input)
    else:
        uniform = random.random(shape)
    mask = np.multiply(uniform >= p, 1.0 / (1.0 - p), dtype=float_dtype(input))
    return mask if mask.ndim else mask[()]


def _in_memory_order(random: np.random.Generator, input: Any) -> np.ndarray[Any, Any]:
    """Uniform numbers that lie in memory as the input does, so that multiplying is one sweep."""
    strides = np.asarray(input.data if isinstance(input, Tensor) else input).strides
    order = sorted(range(len(strides)), key=lambda axis: -abs(strides[axis]))
    drawn = random.random([input.shape[axis] for axis in order], dtype=np.float32)
    return drawn.transpose(np.argsort(order)) if order else np.asarray(drawn)


def _mask_shape(who: str, shape: tuple[int, ...], spatial: int | None) -> tuple[int, ...]:
    """What is switched off at once has size 1."""
    if spatial is None:
        return shape
    allowed = {1: (2, 3), 2: (3, 4), 3: (4, 5)}[spatial]
    if len(shape) not in allowed:
        raise ValueError(
            f"{who}: input must have {allowed[0]} or {allowed[1]} axes, got shape {shape}"
        )
    leading = 1 if len(shape) == spatial + 1 and spatial != 2 else 2
    return shape[:leading] + (1,) * (len(shape) - leading)
