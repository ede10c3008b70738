"""What constructors share: hyper-parameters checked, parameters made."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd
from nn import init
from nn.parameter import Parameter
from nn.random import generator_or_default

__all__ = ["check_device", "dtype_of_parameters", "empty_parameter", "fill_uniform"]


def check_device(who: str, device: Any) -> None:
    """Raise ValueError for a device other than the CPU."""
    if device is not None and str(device) != "cpu":
        raise ValueError(f"{who}: there is no device but the CPU, got device={device!r}")


def dtype_of_parameters(who: str, dtype: Any) -> np.dtype[Any]:
    """The floating dtype that parameters have; the default dtype for None.

    Raises:
        TypeError: for any other.
    """
    if dtype is None:
        return autograd.default_dtype().dtype
    try:
        result = np.dtype(dtype)
    except TypeError:
        result = np.dtype(object)
    if result.kind != "f" or result.itemsize > 8:
        raise TypeError(f"{who}: dtype must be float16, float32 or float64, got {dtype!r}")
    return result


def empty_parameter(
    who: str, shape: tuple[int, ...], device: Any = None, dtype: Any = None, value: float = 0.0
) -> Parameter:
    """A parameter of one value everywhere, to be filled later.

    Raises:
        ValueError: if it needs more memory than the machine has, or for a device that is not there.
    """
    check_device(who, device)
    dtype = dtype_of_parameters(who, dtype)
    try:
        return Parameter(autograd.full(shape, value, dtype=dtype))
    except (ValueError, MemoryError) as error:
        raise ValueError(f"{who}: parameters of shape {shape} are too large: {error}") from None


def fill_uniform(
    who: str, weight: Any, bias: Any, fan_in: int, generator: np.random.Generator | None
) -> None:
    """PyTorch's default for weights and biases: uniform on ±1/√fan_in."""
    generator = generator_or_default(who, generator)
    bound = 1.0 / math.sqrt(fan_in) if fan_in else 0.0
    init.uniform_(weight, -bound, bound, generator)
    if bias is not None:
        init.uniform_(bias, -bound, bound, generator)
