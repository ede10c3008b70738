"""What constructors share: hyper-parameters checked, parameters made."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd
from autograd import arguments
from nn import init
from nn.parameter import Parameter
from nn.random import generator_or_default

__all__ = ["check_device", "empty_parameter", "fill_uniform"]


def check_device(who: str, device: Any) -> None:
    """Raise ValueError for a device other than the CPU."""
    if device is not None and str(device) != "cpu":
        raise ValueError(f"{who}: there is no device but the CPU, got device={device!r}")


def empty_parameter(
    who: str, shape: tuple[int, ...], device: Any = None, dtype: Any = None, value: float = 0.0
) -> Parameter:
    """A parameter of one value everywhere, to be filled later.

    Raises:
        ValueError: if it needs more memory than the machine has, or for a device that is not there.
    """
    check_device(who, device)
    dtype = arguments.float_dtype(who, dtype)
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
