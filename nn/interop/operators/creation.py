"""Tensors made from sizes and numbers, and from random numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd as ag
from autograd import Tensor
from nn.interop.operators.draws import draw
from nn.interop.operators.promotion import cast, default_float


def _filled(size: Any, value: Any, dtype: Any) -> Any:
    return ag.as_tensor(np.full(tuple(size), value, dtype=dtype or default_float()))


def _of(value: Any) -> Any:
    """An operator for tensors of one value: of a size, like another (`_like`), of its dtype (`_new`)."""
    return lambda size, dtype=None: _filled(size, value, dtype)


def _like(value: Any) -> Any:
    return lambda self, dtype=None: _filled(self.shape, value, dtype or self.dtype)


def _new(value: Any) -> Any:
    return lambda self, size, dtype=None: _filled(size, value, dtype or self.dtype)


def _number(value: Any) -> Any:
    return value.item() if isinstance(value, Tensor) else value


def arange_from(start: Any, end: Any, step: Any = 1, dtype: Any = None) -> Any:
    if dtype is None:
        whole = all(isinstance(v, int) for v in (start, end, step))
        dtype = np.dtype(np.int64) if whole else default_float()
    return ag.as_tensor(np.arange(start, end, step).astype(dtype))


def linspace(start: Any, end: Any, steps: int, dtype: Any = None) -> Any:
    """Both halves are counted from their own end, as PyTorch does."""
    dtype = dtype or default_float()
    start, end = _number(start), _number(end)
    step = (end - start) / (steps - 1) if steps > 1 else 0.0
    k = np.arange(steps)
    values = np.where(k < steps // 2, start + step * k, end - step * (steps - 1 - k))
    if steps == 1:
        values = np.array([start])
    return ag.as_tensor(values.astype(dtype))


def logspace(start: Any, end: Any, steps: int, base: float = 10.0, dtype: Any = None) -> Any:
    exponents = np.asarray(linspace(start, end, steps, np.dtype(np.float64)).data)
    return ag.as_tensor((base**exponents).astype(dtype or default_float()))


def eye(n: int, m: int | None = None, dtype: Any = None) -> Any:
    return ag.as_tensor(np.eye(n, m, dtype=dtype or default_float()))


def scalar(s: Any, dtype: Any = None) -> Any:
    return ag.as_tensor(np.asarray(_number(s), dtype=dtype or default_float()))


def triangle(function: Any) -> Any:
    def of(row: int, col: int, offset: int = 0, dtype: Any = None) -> Any:
        places = function(row, offset, col)
        return ag.as_tensor(np.stack(places).astype(dtype or np.int64))

    return of


#: What makes tensors out of nothing; where a call names no dtype it gets that of the export.
CREATION: dict[str, Any] = {
    "full": lambda size, fill_value, dtype=None: _filled(size, _number(fill_value), dtype),
    "zeros": _of(0),
    "ones": _of(1),
    "empty.memory_format": _of(0),
    "empty_permuted": lambda size, physical_layout, dtype=None: _filled(size, 0, dtype),
    "empty_strided": lambda size, stride, dtype=None: _filled(size, 0, dtype),
    "zeros_like": _like(0),
    "ones_like": _like(1),
    "full_like": lambda self, fill_value, dtype=None: _filled(
        self.shape, _number(fill_value), dtype or self.dtype
    ),
    "empty_like": _like(0),
    "new_zeros": _new(0),
    "new_ones": _new(1),
    "new_full": lambda self, size, fill_value, dtype=None: _filled(
        size, _number(fill_value), dtype or self.dtype
    ),
    "new_empty": _new(0),
    "new_empty_strided": lambda self, size, stride, dtype=None: _new(0)(self, size, dtype),
    "arange.default": lambda end, dtype=None: arange_from(0, end, 1, dtype),
    "arange.start": arange_from,
    "arange.start_step": arange_from,
    "linspace": linspace,
    "logspace": logspace,
    "eye": eye,
    "scalar_tensor": scalar,
    "tril_indices": triangle(np.tril_indices),
    "triu_indices": triangle(np.triu_indices),
}


# Random numbers -----------------------------------------------------------------------------------


def _normal(size: Any, dtype: Any = None) -> Any:
    return draw(size, lambda r: r.standard_normal(tuple(size)), dtype or default_float())


def _uniform(size: Any, dtype: Any = None) -> Any:
    return draw(size, lambda r: r.random(tuple(size)), dtype or default_float())


def rand_like(self: Any, dtype: Any = None) -> Any:
    return _uniform(self.shape, dtype or self.dtype)


def randn_like(self: Any, dtype: Any = None) -> Any:
    return _normal(self.shape, dtype or self.dtype)


def randint(high: int, size: Any, dtype: Any = None) -> Any:
    return randint_from(0, high, size, dtype)


def randint_from(low: int, high: int, size: Any, dtype: Any = None) -> Any:
    return draw(size, lambda r: r.integers(low, high, tuple(size)), dtype or np.dtype(np.int64))


def randint_like(self: Any, high: int, dtype: Any = None) -> Any:
    return randint_from(0, high, self.shape, dtype or self.dtype)


def randint_like_from(self: Any, low: int, high: int, dtype: Any = None) -> Any:
    return randint_from(low, high, self.shape, dtype or self.dtype)


def permutation(n: int, dtype: Any = None) -> Any:
    return draw((n,), lambda r: r.permutation(n), dtype or np.dtype(np.int64))


RANDOM_CREATION: dict[str, Any] = {
    "rand": _uniform,
    "randn": _normal,
    "rand_like": rand_like,
    "randn_like": randn_like,
    "randint.default": randint,
    "randint.low": randint_from,
    "randint_like.default": randint_like,
    "randint_like.low_dtype": randint_like_from,
    "randperm": permutation,
}


def bernoulli(self: Any, p: Any = None) -> Any:
    """1 with probability p, or, without p, with the probabilities that the tensor holds."""
    chance = np.asarray(self.data) if p is None else _value(p)
    return draw(self.shape, lambda r: r.random(self.shape) < chance, self.dtype)


def _value(x: Any) -> Any:
    return np.asarray(x.data) if isinstance(x, Tensor) else x


def normal_with(mean: Any, std: Any = 1.0, size: Any = None) -> Any:
    """Normal numbers of which mean or deviation are tensors; none has a gradient, as in PyTorch."""
    shape = np.broadcast_shapes(np.shape(_value(mean)), np.shape(_value(std)))
    shape = shape if size is None else tuple(size)
    dtype = next((v.dtype for v in (mean, std) if isinstance(v, Tensor)), default_float())
    return draw(shape, lambda r: r.normal(_value(mean), _value(std), shape), dtype)


def normal_like(self: Any, mean: float = 0.0, std: float = 1.0) -> Any:
    return draw(self.shape, lambda r: r.normal(mean, std, self.shape), self.dtype)


def uniform_like(self: Any, low: float = 0.0, high: float = 1.0) -> Any:
    return draw(self.shape, lambda r: r.uniform(low, high, self.shape), self.dtype)


def exponential_like(self: Any, lambd: float = 1.0) -> Any:
    return draw(self.shape, lambda r: r.exponential(1.0 / lambd, self.shape), self.dtype)


def multinomial(self: Any, num_samples: int, replacement: bool = False) -> Any:
    weights = np.atleast_2d(np.asarray(self.data, np.float64))
    weights = weights / weights.sum(-1, keepdims=True)
    shape = (*self.shape[:-1], num_samples)

    def choose(r: np.random.Generator) -> Any:
        rows = [r.choice(len(w), num_samples, replacement, w) for w in weights]
        return np.stack(rows).reshape(shape)

    return draw(shape, choose, np.dtype(np.int64))


def _kept(shape: Any, p: float, dtype: Any) -> Any:
    return draw(shape, lambda r: r.random(tuple(shape)) >= p, dtype)


def _dropping(dropped: Any, of_channels: bool = False) -> Any:
    """A dropout of single numbers, or of whole channels: one decision for each of two axes."""

    def of(input: Any, p: float, train: bool) -> Any:
        if not train or p == 0.0:
            return input
        if p == 1.0:
            return input * 0.0
        shape = (*input.shape[:2], *(1,) * (input.ndim - 2)) if of_channels else input.shape
        return dropped(input, p, _kept(shape, p, input.dtype))

    return of


def _to_zero(x: Any, p: float, kept: Any) -> Any:
    return x * (kept / (1.0 - p))


_ALPHA = 1.7580993408473766  # SELU's limit towards minus infinity, with its sign turned


def _to_alpha(x: Any, p: float, kept: Any) -> Any:
    a = 1.0 / np.sqrt((_ALPHA * _ALPHA * p + 1.0) * (1.0 - p))
    return x * (kept * a) + ((kept - 1.0) * (_ALPHA * a) + _ALPHA * a * p)


dropout = _dropping(_to_zero)


def native_dropout(input: Any, p: float, train: Any = True) -> Any:
    if not train or p == 0.0:
        return input, ag.as_tensor(np.ones(input.shape, bool))
    kept = _kept(input.shape, p, input.dtype)
    return input * (kept / max(1.0 - p, 1e-300)), kept != 0


def rrelu(self: Any, lower: Any = 0.125, upper: Any = 1 / 3, training: bool = False) -> Any:
    """Leaky ReLU whose slope is drawn for every negative element in training."""
    if not training:
        return ag.where(self > 0, self, self * ((lower + upper) / 2))
    slope = draw(self.shape, lambda r: r.uniform(lower, upper, self.shape), self.dtype)
    return ag.where(self > 0, self, self * slope)


RANDOM: dict[str, Any] = {
    "bernoulli": bernoulli,
    "normal.Tensor_float": normal_with,
    "normal.float_Tensor": normal_with,
    "normal.Tensor_Tensor": normal_with,
    "normal.float_float": lambda mean, std, size, dtype=None: cast(
        normal_with(mean, std, size), dtype
    ),
    "normal_functional": normal_like,
    "normal_": normal_like,
    "uniform": uniform_like,
    "uniform_": uniform_like,
    "exponential": exponential_like,
    "multinomial": multinomial,
    "dropout": dropout,
    "native_dropout": native_dropout,
    "feature_dropout": _dropping(_to_zero, of_channels=True),
    "alpha_dropout": _dropping(_to_alpha),
    "feature_alpha_dropout": _dropping(_to_alpha, of_channels=True),
    "rrelu": rrelu,
}

TABLE: dict[str, Any] = {**CREATION, **RANDOM_CREATION, **RANDOM}
