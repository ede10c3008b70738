"""What constructors share: hyper-parameters checked, parameters made."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd
from autograd import arguments
from nn import init
from nn.module import Module, kind_of_device
from nn.parameter import Parameter
from nn.random import generator_or_default

__all__ = [
    "Applied",
    "check_device",
    "check_precision",
    "draw",
    "empty_parameter",
    "fill_uniform",
    "has_bias",
    "shown",
]

#: What turns a model's parameters into a dtype.
_TURN = {"float16": "half", "float32": "float", "float64": "double"}


class Applied(Module):
    """A function of `nn.functional` as a layer.

    Attributes:
        _function: it is called with the input and the settings, in their order.
        _settings: names of the attributes that hold them; the representation shows them, too.
    """

    _function: Callable[..., Any]
    _settings: tuple[str, ...] = ()

    def forward(self, input: Any) -> Any:
        cls = type(self)  # a class's attributes are read at once, a module's are looked for
        if not cls._settings:
            return cls._function(input)
        return cls._function(input, *map(self.__getattribute__, cls._settings))

    def extra_repr(self) -> str:
        return shown(self, *self._settings)


def shown(layer: Any, *settings: str) -> str:
    """``dim=1, mode='sum'``: settings of a layer; ``inplace`` only if it is."""
    values = [(name, getattr(layer, name)) for name in settings]
    return ", ".join(
        f"{name}={value!r}" if isinstance(value, str) else f"{name}={value}"
        for name, value in values
        if name != "inplace" or value
    )


def has_bias(who: str, bias: Any) -> bool:
    """Whether a layer has a bias; None means no, as in ``bias=None``.

    Raises:
        TypeError: for anything but a bool and None.
    """
    return bias is not None and arguments.boolean(who, "bias", bias)


def check_precision(layer: Any, parameter: Any, *inputs: Any) -> None:
    """Refuse floats of another precision than a layer's parameters have.

    A float64 array in front of a float32 model would make all that follows float64, at twice the
    time and memory, without a word. Plain operations and losses promote, as NumPy does.

    Args:
        layer: what is called.
        parameter: one that tells the precision, or None, and then all is taken.
        inputs: tensors, arrays, or anything without a dtype.

    Raises:
        TypeError: with the line to write.
    """
    if parameter is None:
        return
    own = parameter.dtype
    for input in inputs:
        given = getattr(input, "dtype", own)
        if given is own or getattr(given, "kind", "") != "f" or given.itemsize == own.itemsize:
            continue
        raise TypeError(
            f"{type(layer).__name__}: the input is {given.name} and the parameters are {own.name}; "
            f"write model(x.astype(numpy.{own.name})), or make the parameters {given.name} with "
            f"model.{_TURN.get(given.name, 'to')}()"
        )


def check_device(who: str, device: Any) -> None:
    """Raise ValueError for a device other than the CPU."""
    if device is not None and kind_of_device(device) != "cpu":
        raise ValueError(
            f"{who}: there is no device but the CPU, got device={arguments.shown(device)}"
        )


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


def draw(layer: Any, generator: np.random.Generator | None) -> None:
    """Fill a layer's parameters; a subclass may have its own way, which takes no generator."""
    layer.reset_parameters(*([] if generator is None else [generator]))


def fill_uniform(
    who: str, weight: Any, bias: Any, fan_in: int, generator: np.random.Generator | None
) -> None:
    """PyTorch's default for weights and biases: uniform on ±1/√fan_in."""
    generator = generator_or_default(who, generator)
    bound = 1.0 / math.sqrt(fan_in) if fan_in else 0.0
    init.uniform_(weight, -bound, bound, generator)
    if bias is not None:
        init.uniform_(bias, -bound, bound, generator)
