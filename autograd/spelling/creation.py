"""Making tensors in PyTorch's spelling."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import arguments, creation
from autograd.arguments.arrays import raw
from autograd.arguments.dtypes import check_dtype
from autograd.arguments.generator import generator_or_default
from autograd.arguments.limits import check_bytes
from autograd.core.tensor import Tensor, _wrap
from autograd.spelling.devices import DTYPES, check_device
from autograd.spelling.keywords import spelled
from autograd.spelling.operands import operands
from autograd.spelling.shapes import together

# Constants ----------------------------------------------------------------------------------------


def empty(*size: Any, **options: Any) -> Tensor:
    """``autograd.zeros(size)``: there is no uninitialised memory to be seen here."""
    return spelled(creation.zeros)(*size, **options)


def from_numpy(array: Any) -> Tensor:
    """``autograd.as_tensor(array)``: it shares the array's memory."""
    if not isinstance(array, (np.ndarray, np.generic)):
        raise TypeError(f"from_numpy: expected a NumPy array, got {type(array).__name__}")
    return creation.as_tensor(array)


def asarray(data: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """``autograd.as_tensor(data, dtype)``."""
    check_device("asarray", device)
    return creation.as_tensor(data, dtype)


def scalar_tensor(s: Any, *, dtype: Any = None, **options: Any) -> Tensor:
    """A 0-d tensor of a number; floats unless another dtype is given."""
    return spelled(creation.full)((), s, dtype=dtype or DTYPES["float"], **options)


def logspace(start: Any, end: Any, steps: Any, base: float = 10.0, **options: Any) -> Tensor:
    """``base ** linspace(start, end, steps)``."""
    from autograd.ops.transcendental import power

    dtype = options.pop("dtype", None)
    dtype = None if dtype is None else check_dtype("logspace", dtype)
    if dtype is not None and dtype.kind != "f":  # by way of floats, and cut off at the end
        return power(base, spelled(creation.linspace)(start, end, steps, dtype=np.float64,
                                                      **options)).astype(dtype)  # fmt: skip
    return power(base, spelled(creation.linspace)(start, end, steps, dtype=dtype, **options))


def _of_type(name: str) -> Any:
    dtype = DTYPES[name.removesuffix("Tensor").lower()]

    def make(*data: Any) -> Tensor:
        if len(data) != 1 or isinstance(data[0], int):
            return empty(*(data or (0,)), dtype=dtype)
        return Tensor(data[0], dtype=dtype)

    make.__name__ = make.__qualname__ = name
    make.__doc__ = f"``autograd.tensor(data, dtype=autograd.{dtype.name})``; of sizes, ``zeros``."
    make.dtype = dtype  # type: ignore[attr-defined]
    return make


FloatTensor = _of_type("FloatTensor")
DoubleTensor = _of_type("DoubleTensor")
HalfTensor = _of_type("HalfTensor")
LongTensor = _of_type("LongTensor")
IntTensor = _of_type("IntTensor")
BoolTensor = _of_type("BoolTensor")


# Of the kind of another ---------------------------------------------------------------------------


def _like(who: str, x: Any, options: dict[str, Any]) -> tuple[tuple[int, ...], dict[str, Any]]:
    check_device(who, options.pop("device", None))
    for word in ("layout", "pin_memory", "memory_format"):
        options.pop(word, None)
    if options.get("dtype") is None:
        options["dtype"] = x.dtype
    return tuple(x.shape), options


def rand_like(x: Any, **options: Any) -> Tensor:
    """``autograd.rand(x.shape)``, of x's dtype."""
    shape, options = _like("rand_like", x, options)
    return creation.rand(shape, **options)


def randn_like(x: Any, **options: Any) -> Tensor:
    """``autograd.randn(x.shape)``, of x's dtype."""
    shape, options = _like("randn_like", x, options)
    return creation.randn(shape, **options)


def randint_like(x: Any, low: Any, high: Any = None, **options: Any) -> Tensor:
    """Integers from [low, high) in the shape and dtype of x; of one number from [0, low)."""
    shape, options = _like("randint_like", x, options)
    dtype = check_dtype("randint_like", options.pop("dtype"))
    return creation.randint(low, high, shape, **options).astype(dtype)


def _new(function: Any) -> Any:
    def make(x: Any, *size: Any, **options: Any) -> Tensor:
        _, options = _like(f"new_{function.__name__}", x, options)
        if "size" in options:
            size = (options.pop("size"), *size)
        return function(together(size), **options)

    make.__name__ = make.__qualname__ = f"new_{function.__name__}"
    make.__doc__ = f"``autograd.{function.__name__}(size)``, of x's dtype."
    return make


new_zeros = new_empty = _new(creation.zeros)
new_ones = _new(creation.ones)


def new_full(x: Any, size: Any, fill_value: Any, **options: Any) -> Tensor:
    """``autograd.full(size, fill_value)``, of x's dtype."""
    _, options = _like("new_full", x, options)
    return creation.full(tuple(size), fill_value, **options)


def new_tensor(x: Any, data: Any, **options: Any) -> Tensor:
    """``autograd.tensor(data)``, of x's dtype."""
    _, options = _like("new_tensor", x, options)
    return creation.tensor(data, **options)


def new(x: Any, *given: Any) -> Tensor:
    """A tensor like x: of sizes (zeros, as ``empty``), or of data."""
    if len(given) == 1 and not isinstance(given[0], int) and type(given[0]) is not tuple:
        return new_tensor(x, given[0])
    return new_empty(x, *given or (0,))


# Random -------------------------------------------------------------------------------------------


def _drawn(who: str, generator: Any, dtype: Any, device: Any) -> Any:
    check_device(who, device)
    return generator_or_default(who, generator), None if dtype is None else check_dtype(who, dtype)


def normal(
    mean: Any, std: Any = 1.0, size: Any = None, generator: Any = None, dtype: Any = None,
    requires_grad: bool = False, *, shape: Any = None, device: Any = None,
) -> Any:  # fmt: skip
    """Normal numbers: ``normal(0.0, 1.0, (2, 3))``, or of tensors of means and deviations."""
    check_device("normal", device)
    sizes = shape if size is None else size
    if sizes is not None:
        return creation.normal(mean, std, sizes, generator, dtype, requires_grad)
    mean, std = creation.as_tensor(mean), creation.as_tensor(std)
    sizes = np.broadcast_shapes(mean.shape, std.shape)
    dtype = np.result_type(mean.dtype, std.dtype) if dtype is None else dtype
    return mean + std * creation.randn(sizes, generator=generator, dtype=dtype)


def randint(
    low: Any = 0, high: Any = None, size: Any = None, generator: Any = None, *, shape: Any = None,
    dtype: Any = None, device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Integers from [low, high): ``randint(0, 10, (2, 3))``; ``randint(10, (2, 3))`` from 0 on."""
    rng, dtype = _drawn("randint", generator, dtype, device)
    sizes = shape if size is None else size
    if sizes is None and high is not None:
        low, high, sizes = 0, low, high
    found = creation.randint(low, high, sizes, rng)
    return found if dtype is None else found.astype(dtype)


def randperm(n: Any, *, generator: Any = None, dtype: Any = None, device: Any = None) -> Tensor:
    """The integers below n in random order."""
    rng, dtype = _drawn("randperm", generator, dtype, device)
    order = rng.permutation(arguments.integer("randperm", "n", n, 0))
    return _wrap(order if dtype is None else order.astype(dtype))


@operands("x")
def bernoulli(x: Any, p: Any = None, *, generator: Any = None) -> Tensor:
    """1 with the probability that x tells (or p, in x's shape), else 0; of x's dtype."""
    chance = np.broadcast_to(raw(x if p is None else p), np.shape(raw(x)))
    if not ((chance >= 0) & (chance <= 1)).all():
        raise ValueError("bernoulli: probabilities must be from 0 to 1")
    rng = generator_or_default("bernoulli", generator)
    return _wrap((rng.random(chance.shape) < chance).astype(raw(x).dtype))


def multinomial(
    x: Any, num_samples: Any, replacement: bool = False, *, generator: Any = None
) -> Tensor:
    """Places drawn with the (unscaled) probabilities in the last axis of a vector or matrix.

    Args:
        num_samples: how many for each row.
        replacement: whether a place may be drawn again.
    """
    weights = np.asarray(raw(x), np.float64)
    n = arguments.integer("multinomial", "num_samples", num_samples)
    if weights.ndim not in (1, 2):
        raise ValueError(f"multinomial: expected a vector or a matrix, got shape {weights.shape}")
    if not (np.isfinite(weights) & (weights >= 0)).all() or not (weights.sum(-1) > 0).all():
        raise ValueError("multinomial: probabilities must be finite, not negative, and not all 0")
    if not replacement and ((weights > 0).sum(-1) < n).any():
        raise ValueError(f"multinomial: {n} places cannot be drawn without replacement: fewer have "
                         "a probability above 0")  # fmt: skip
    rng = generator_or_default("multinomial", generator)
    rows = np.atleast_2d(weights)
    if replacement:
        check_bytes("multinomial", (rows.shape[0], n, rows.shape[1]), np.float64)
        ends = np.cumsum(rows, -1)
        found = (rng.random((*rows.shape[:1], n, 1)) * ends[:, None, -1:] >= ends[:, None]).sum(-1)
    else:  # the first of exponential waiting times
        with np.errstate(divide="ignore"):
            waits = rng.exponential(size=rows.shape) / rows
        found = np.argsort(waits, -1, kind="stable")[:, :n]
    return _wrap(found[0] if weights.ndim == 1 else found)


def poisson(x: Any, generator: Any = None) -> Tensor:
    """Poisson numbers of the rates in x, of x's dtype."""
    rng = generator_or_default("poisson", generator)
    return _wrap(np.asarray(rng.poisson(raw(x))).astype(raw(x).dtype))


def Generator(device: Any = None) -> Any:
    """A source of random numbers of its own: ``Generator().manual_seed(0)``."""
    check_device("Generator", device)

    class Generator(np.random.Generator):
        """NumPy's, which can be seeded anew."""

        def manual_seed(self, seed: int) -> Any:
            """Start anew from a seed; returns itself."""
            fresh = np.random.default_rng(arguments.integer("manual_seed", "seed", seed, 0))
            self.bit_generator.state = fresh.bit_generator.state
            return self

        def __repr__(self) -> str:  # without the address of NumPy's
            return f"Generator({type(self.bit_generator).__name__})"

    return Generator(np.random.PCG64())
