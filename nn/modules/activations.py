"""Layers of functions that a network puts between its others.

With ``inplace=True`` the input itself becomes the result, as `nn.functional.activations` tells.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd import arguments
from nn.functional import plain as F
from nn.functional.activations import interval, slopes
from nn.module import Module
from nn.modules.building import Applied, check_precision, empty_parameter, shown
from nn.parameter import Parameter
from nn.random import generator_or_default

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "LeakyReLU",
    "LogSigmoid",
    "LogSoftmax",
    "Mish",
    "PReLU",
    "RReLU",
    "ReLU",
    "ReLU6",
    "SELU",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softmax2d",
    "Softmin",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "Threshold",
]


# Without parameters -------------------------------------------------------------------------------


class Sigmoid(Applied):
    """1 / (1 + exp(−x))."""

    _function = staticmethod(F.sigmoid)


class Tanh(Applied):
    """Hyperbolic tangent."""

    _function = staticmethod(F.tanh)


class LogSigmoid(Applied):
    """log(sigmoid(x))."""

    _function = staticmethod(F.logsigmoid)


class Softsign(Applied):
    """x / (1 + |x|)."""

    _function = staticmethod(F.softsign)


class Tanhshrink(Applied):
    """x − tanh(x)."""

    _function = staticmethod(F.tanhshrink)


class _InPlace(Applied):
    """A function of the input alone, which PyTorch also has in place."""

    _settings = ("inplace",)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = arguments.boolean(type(self).__name__, "inplace", inplace)

    def forward(self, input: Any) -> Any:  # written out: no layer is called more often
        return type(self)._function(input, self.inplace)


class ReLU(_InPlace):
    """max(x, 0); slope 0 at 0.

    Example:
        >>> import autograd, nn
        >>> nn.ReLU()(autograd.tensor([-1.0, 2.0])).tolist()
        [0.0, 2.0]
    """

    _function = staticmethod(F.relu)


class ReLU6(_InPlace):
    """x limited to [0, 6]."""

    _function = staticmethod(F.relu6)


class SELU(_InPlace):
    """`ELU` scaled so that activations keep mean 0 and variance 1; see `nn.functional.selu`."""

    _function = staticmethod(F.selu)


class SiLU(_InPlace):
    """x · sigmoid(x), also called swish."""

    _function = staticmethod(F.silu)


class Mish(_InPlace):
    """x · tanh(log(1 + exp(x)))."""

    _function = staticmethod(F.mish)


class Hardswish(_InPlace):
    """x · hardsigmoid(x)."""

    _function = staticmethod(F.hardswish)


class Hardsigmoid(_InPlace):
    """x/6 + 1/2 limited to [0, 1]."""

    _function = staticmethod(F.hardsigmoid)


# With numbers -------------------------------------------------------------------------------------


class _ELU(Applied):
    """One number alpha."""

    _settings = ("alpha", "inplace")

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        who = type(self).__name__
        arguments.real(who, "alpha", alpha)
        self.alpha = alpha
        self.inplace = arguments.boolean(who, "inplace", inplace)


class ELU(_ELU):
    """x above 0, else alpha · (exp(x) − 1).

    Args:
        alpha: minus the value far below 0. Default 1.
    """

    _function = staticmethod(F.elu)


class CELU(_ELU):
    """x above 0, else alpha · (exp(x / alpha) − 1).

    Args:
        alpha: minus the value far below 0, not 0. Default 1.
    """

    _function = staticmethod(F.celu)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(alpha, inplace)
        if alpha == 0:
            raise ValueError("CELU: alpha must not be 0")


class LeakyReLU(Applied):
    """x above 0, else negative_slope · x.

    Args:
        negative_slope: default 0.01.
    """

    _function = staticmethod(F.leaky_relu)
    _settings = ("negative_slope", "inplace")

    def __init__(self, negative_slope: float = 1e-2, inplace: bool = False) -> None:
        super().__init__()
        arguments.real("LeakyReLU", "negative_slope", negative_slope)
        self.negative_slope = negative_slope
        self.inplace = arguments.boolean("LeakyReLU", "inplace", inplace)


class RReLU(Module):
    """x above 0, else slope · x, with slopes drawn in training; see `nn.functional.rrelu`.

    Args:
        lower, upper: between what slopes are drawn. Default 1/8 and 1/3.
        inplace: True to have the input itself become the result. Default False.
        generator: source of randomness. Default: the one that ``nn.manual_seed`` seeds.

    Example:
        >>> import autograd, nn
        >>> nn.RReLU(0.25, 0.5).eval()(autograd.tensor([-8.0, 8.0])).tolist()
        [-3.0, 8.0]
    """

    def __init__(
        self,
        lower: float = 1.0 / 8,
        upper: float = 1.0 / 3,
        inplace: bool = False,
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        self.lower, self.upper = slopes("RReLU", lower, upper)
        self.inplace = arguments.boolean("RReLU", "inplace", inplace)
        if generator is not None:
            generator_or_default("RReLU", generator)
        self.generator = generator

    def forward(self, input: Any) -> Any:
        return F.rrelu(
            input, self.lower, self.upper, self.training, self.inplace, generator=self.generator
        )

    def extra_repr(self) -> str:
        return shown(self, "lower", "upper", "inplace")


class PReLU(Module):
    """x above 0, else weight · x, with a weight that is learnt; see `nn.functional.prelu`.

    Args:
        num_parameters: 1, or the number of channels. Default 1.
        init: what the weight is at first. Default 0.25.
        device: None or "cpu".
        dtype: of the weight. Default: the default dtype.

    Attributes:
        weight: shape (num_parameters,).
    """

    weight: Parameter

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.num_parameters = arguments.integer("PReLU", "num_parameters", num_parameters)
        self.init = arguments.real("PReLU", "init", init)
        self.weight = empty_parameter("PReLU", (self.num_parameters,), device, dtype, self.init)

    def reset_parameters(self) -> None:
        """The weight as at first."""
        with autograd.no_grad(), autograd.writable(self.weight) as array:
            array[...] = self.init

    def forward(self, input: Any) -> Any:
        weight = self.weight
        check_precision(self, weight, input)
        return F.prelu(input, weight)

    def extra_repr(self) -> str:
        return shown(self, "num_parameters")


class Hardtanh(Applied):
    """x limited to [min_val, max_val].

    Args:
        min_val, max_val: the bounds. Default −1 and 1.

    Raises:
        ValueError: unless min_val is below max_val.
    """

    _function = staticmethod(F.hardtanh)
    _settings = ("min_val", "max_val", "inplace")

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        low, high = interval("Hardtanh", min_val, max_val)
        if low == high:
            raise ValueError(f"Hardtanh: max_val must be above min_val, got both {min_val}")
        self.min_val, self.max_val = min_val, max_val
        self.inplace = arguments.boolean("Hardtanh", "inplace", inplace)


class Threshold(Applied):
    """x above a threshold, else a value.

    Args:
        threshold, value: numbers.
    """

    _function = staticmethod(F.threshold)
    _settings = ("threshold", "value", "inplace")

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        arguments.real("Threshold", "threshold", threshold)
        arguments.real("Threshold", "value", value)
        self.threshold, self.value = threshold, value
        self.inplace = arguments.boolean("Threshold", "inplace", inplace)


class Softplus(Applied):
    """log(1 + exp(beta · x)) / beta.

    Args:
        beta: how sharply it bends, not 0. Default 1.
        threshold: where beta · x is above it, x itself. Default 20.
    """

    _function = staticmethod(F.softplus)
    _settings = ("beta", "threshold")

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        arguments.real("Softplus", "threshold", threshold)
        if arguments.real("Softplus", "beta", beta) == 0:
            raise ValueError("Softplus: beta must not be 0")
        self.beta, self.threshold = beta, threshold


class Hardshrink(Module):
    """x, but 0 from −lambd to lambd.

    Args:
        lambd: default 0.5.
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        arguments.real(type(self).__name__, "lambd", lambd)
        self.lambd = lambd

    def forward(self, input: Any) -> Any:
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class Softshrink(Hardshrink):
    """x moved towards 0 by lambd, and 0 from −lambd to lambd.

    Args:
        lambd: not negative. Default 0.5.
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__(lambd)
        arguments.real("Softshrink", "lambd", lambd, 0.0)

    def forward(self, input: Any) -> Any:
        return F.softshrink(input, self.lambd)


class GELU(Module):
    """x · Φ(x); see `nn.functional.gelu`.

    Args:
        approximate: ``"none"`` or ``"tanh"``.
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = arguments.choice("GELU", "approximate", approximate, ("none", "tanh"))

    def forward(self, input: Any) -> Any:
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


# Along an axis ------------------------------------------------------------------------------------


class GLU(Applied):
    """a · sigmoid(b), where a and b are the two halves of an axis.

    Args:
        dim: the axis. Default −1.
    """

    _function = staticmethod(F.glu)
    _settings = ("dim",)

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = arguments.integer("GLU", "dim", dim, None)


class Softmin(Applied):
    """`Softmax` of −x.

    Args:
        dim: as in `Softmax`.
    """

    _function = staticmethod(F.softmin)
    _settings = ("dim",)

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = None if dim is None else arguments.integer(type(self).__name__, "dim", dim, None)


class Softmax(Softmin):
    """exp(x) / Σ exp(x) along an axis; see `nn.functional.softmax`.

    Args:
        dim: the axis. Default: axis 0 for 0, 1 or 3 axes, else 1.
    """

    _function = staticmethod(F.softmax)


class LogSoftmax(Softmin):
    """log of `Softmax`, without overflow.

    Args:
        dim: as in `Softmax`.
    """

    _function = staticmethod(F.log_softmax)


class Softmax2d(Module):
    """`Softmax` over the channels of images (N, C, H, W) or (C, H, W)."""

    def forward(self, input: Any) -> Any:
        input = arguments.floating("Softmax2d", "input", input)
        if len(input.shape) not in (3, 4):
            raise ValueError(
                f"Softmax2d: input must be (N, C, H, W) or (C, H, W), got shape {input.shape}"
            )
        return F.softmax(input, -3)
