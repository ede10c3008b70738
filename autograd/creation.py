"""Making tensors: constants, ranges, random numbers, and arrays of scalars."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import arguments
from autograd.arguments.arrays import raw
from autograd.arguments.dtypes import as_array, check_dtype, common_float, default_dtype
from autograd.arguments.generator import generator_or_default
from autograd.arguments.limits import check_bytes
from autograd.arguments.numbers import shown
from autograd.core.modes import local
from autograd.core.tensor import Tensor, _wrap
from autograd.core.writes import share
from autograd.each_time import each_time
from autograd.in_place import is_recorded

__all__ = [
    "arange", "as_tensor", "empty_like", "eye", "from_dlpack", "full", "full_like", "linspace",
    "normal", "ones", "ones_like", "rand", "randint", "randn", "scalars", "tensor", "uniform",
    "zeros", "zeros_like",
]  # fmt: skip


def tensor(
    data: Any, dtype: Any = None, requires_grad: bool = False, name: str | None = None
) -> Tensor:
    """A tensor with a copy of the data; see ``Tensor`` for the parameters.

    In lists, 0-d tensors that carry no gradient are numbers, too.

    Example:
        >>> import autograd as ag
        >>> ag.tensor([[1, 2], [3, 4]]).shape
        (2, 2)
    """
    if isinstance(data, Tensor):
        return Tensor(data, dtype=dtype, requires_grad=requires_grad, name=name)
    result = object.__new__(Tensor)
    try:
        result._fill(data, dtype, requires_grad, name)
    except TypeError:
        found: list[Tensor] = []
        plain = _plain(data, found)
        if not found:
            raise
        result._fill(plain, dtype or common_float(*found), requires_grad, name)
    return result


def _plain(data: Any, found: list[Tensor]) -> Any:
    """Nested lists with numbers for their 0-d constants, which are put into ``found``."""
    if isinstance(data, (list, tuple)):
        return [_plain(part, found) for part in data]
    if isinstance(data, Tensor) and not is_recorded(data) and not data.ndim:
        found.append(data)
        return raw(data).item()
    return data


def as_tensor(data: Any, dtype: Any = None) -> Tensor:
    """A tensor that shares memory with an array where it can; tensors are passed through.

    Writing into the array then changes the tensor, unnoticed by the checks that guard saved
    values (writes through tensors, also through views taken earlier, are noticed): share only what
    you leave alone until backward is done.

    Args:
        data: array, number, nested lists, or a tensor.
        dtype: convert to this dtype; sharing ends where conversion begins.
    """
    if isinstance(data, Tensor):
        if dtype is None or check_dtype("as_tensor", dtype) == data.dtype:
            return data
        if data._node is not None:
            return data.astype(dtype)  # type: ignore[attr-defined]
        data = data._data
    return _on(data, as_array("as_tensor", data, dtype, copy=False))


def _on(source: Any, array: Any) -> Tensor:
    """A tensor on an array; on one that somebody else has, it cannot become something else alone."""
    result = _wrap(array)
    if result._version is not None and isinstance(source, np.ndarray):
        if np.may_share_memory(array, source):
            share(result._version)
    return result


def from_dlpack(source: Any) -> Tensor:
    """A tensor on the memory of another library's array (PyTorch, JAX, CuPy on the CPU).

    What the other library writes there, backward cannot notice: see ``as_tensor``. The same holds
    for memory that a tensor has given away by ``__dlpack__``; but tensors of ours that are given
    here notice each other's writes, as ``detach`` does.

    Raises:
        TypeError: if the object does not speak the DLPack protocol.
    """
    if not hasattr(source, "__dlpack__") or isinstance(source, type):
        raise TypeError(
            f"from_dlpack: {type(source).__name__} has no __dlpack__; "
            "use autograd.tensor(...) for lists and arrays"
        )
    try:
        array = np.from_dlpack(source)
        if isinstance(source, Tensor):
            return source.detach()
    except BufferError as error:
        raise TypeError(f"from_dlpack: {type(source).__name__} cannot be shared: {error}") from None
    return _on(array, as_array("from_dlpack", array, copy=False))


def _finish(array: Any, requires_grad: bool, name: str | None = None) -> Tensor:
    result = _wrap(np.asarray(array))
    if local.state.recording is not None:
        local.state.recording.constant(result)
    result.name = name
    if requires_grad is not False:
        result.requires_grad = requires_grad
    return result


def _shape(who: str, shape: Any) -> tuple[int, ...]:
    if len(shape) == 1 and not arguments.is_integer(shape[0]):
        shape = shape[0]
        plain = hasattr(shape, "__len__") and not isinstance(shape, (str, bytes, type))
        if not plain or getattr(shape, "ndim", 1) == 0:
            raise TypeError(f"{who}: shape must be integers or a tuple of them, got {shown(shape)}")
    return arguments.integers(who, "shape", tuple(shape), len(shape), 0)


def _dtype(who: str, dtype: Any) -> np.dtype[Any]:
    return default_dtype().dtype if dtype is None else check_dtype(who, dtype)


def _filled(who: str, shape: Any, value: Any, dtype: np.dtype[Any], requires_grad: bool) -> Tensor:
    check_bytes(who, shape, dtype)
    return _finish(np.full(shape, value, dtype), requires_grad)


def zeros(*shape: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros.

    Args:
        shape: sizes, as integers or one tuple.
        dtype: default: the default dtype (float32).
        requires_grad: make it a leaf that gradients are computed for.

    Raises:
        ValueError: for negative sizes, or more bytes than the machine has.

    Example:
        >>> import autograd as ag
        >>> ag.zeros(2, 3).shape, ag.zeros((2, 3)).shape
        ((2, 3), (2, 3))
    """
    return _filled("zeros", _shape("zeros", shape), 0, _dtype("zeros", dtype), requires_grad)


def ones(*shape: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones; parameters as for ``zeros``."""
    return _filled("ones", _shape("ones", shape), 1, _dtype("ones", dtype), requires_grad)


def full(shape: Any, fill_value: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """One value everywhere.

    Args:
        shape: an integer or a tuple.
        fill_value: a number; its kind decides the dtype unless one is given.

    Example:
        >>> import autograd as ag
        >>> ag.full((2,), 7.0)
        Tensor([7., 7.])
    """
    value = _fill_value("full", fill_value, dtype)
    return _filled("full", _shape("full", (shape,)), value, value.dtype, requires_grad)


def _fill_value(who: str, given: Any, dtype: Any) -> Any:
    if isinstance(given, Tensor):
        if given.requires_grad:
            raise RuntimeError(
                f"{who}: fill_value requires a gradient, which a new constant would lose; "
                "use broadcast_to(t, shape)"
            )
        given = raw(given)
    wanted = None if dtype is None else check_dtype(who, dtype)
    value = as_array(who, given, copy=False, beside=np.float64 if wanted else None)
    if value.ndim:
        raise ValueError(f"{who}: fill_value must be one number, got shape {value.shape}")
    wanted = wanted or value.dtype
    if wanted.kind in "iu" and not np.isfinite(value):
        raise ValueError(f"{who}: fill_value {value} is no integer, as dtype {wanted} needs")
    return as_array(who, value, wanted)


def _like(who: str, t: Any, value: Any, dtype: Any, requires_grad: bool) -> Tensor:
    array = t._data if isinstance(t, Tensor) else as_array(who, t, copy=False)
    wanted = array.dtype if dtype is None else check_dtype(who, dtype)
    number = _fill_value(who, value, wanted)
    return _finish(np.full_like(array, number, dtype=wanted, subok=False), requires_grad)


def zeros_like(t: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros of the shape, dtype and memory order of a tensor or array."""
    return _like("zeros_like", t, 0, dtype, requires_grad)


def ones_like(t: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones of the shape, dtype and memory order of a tensor or array."""
    return _like("ones_like", t, 1, dtype, requires_grad)


def full_like(t: Any, fill_value: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """One value, in the shape, dtype and memory order of a tensor or array."""
    return _like("full_like", t, fill_value, dtype, requires_grad)


def empty_like(t: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """As ``zeros_like``: there is no uninitialised memory to be seen here."""
    return _like("empty_like", t, 0, dtype, requires_grad)


def arange(
    start: Any, stop: Any = None, step: Any = 1, dtype: Any = None, requires_grad: bool = False
) -> Tensor:
    """Numbers from start (included; 0 if only one is given) to stop (excluded).

    Raises:
        ValueError: for a step of 0 or a range that would not fit the memory.

    Example:
        >>> import autograd as ag
        >>> ag.arange(3), ag.arange(1.0, 2.0, 0.5)
        (Tensor([0, 1, 2]), Tensor([1. , 1.5]))
    """
    if stop is None:
        start, stop = 0, start
    start, stop, step = (
        arguments.integer("arange", n, v, None)
        if arguments.is_integer(v)
        else arguments.real("arange", n, v)
        for n, v in (("start", start), ("stop", stop), ("step", step))
    )
    if step == 0:
        raise ValueError("arange: step must not be 0")
    count = (stop - start) / step
    if count != count or abs(count) == float("inf"):
        raise ValueError(f"arange: from {start} to {stop} by {step} is no finite range")
    whole = all(isinstance(v, int) for v in (start, stop, step))
    wanted = _dtype("arange", np.int64 if dtype is None and whole else dtype)
    check_bytes("arange", (max(0, int(count)),), wanted)
    if count <= 0:
        return _finish(np.empty(0, wanted), requires_grad)
    if whole and max(abs(start), abs(stop), abs(step)) >= 1 << 62:
        raise ValueError(f"arange: from {start} to {stop} by {step} leaves the integers of 64 bits")
    return _finish(np.arange(start, stop, step).astype(wanted), requires_grad)


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    dtype: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Evenly spaced numbers from start to stop.

    Args:
        start, stop: numbers; gradients flow to them if they are tensors that require one.
        num: how many.
        endpoint: whether stop is the last of them.

    Example:
        >>> import autograd as ag
        >>> ag.linspace(0.0, 1.0, 3)
        Tensor([0. , 0.5, 1. ])
    """
    num = arguments.integer("linspace", "num", num, 0)
    endpoint = arguments.boolean("linspace", "endpoint", endpoint)
    wanted = _dtype("linspace", dtype)
    check_bytes("linspace", (num,), wanted)
    endpoint = arguments.boolean("linspace", "endpoint", endpoint)
    a, b = (
        arguments.real("linspace", name, value.detach() if isinstance(value, Tensor) else value)
        for name, value in (("start", start), ("stop", stop))
    )
    if getattr(start, "requires_grad", False) or getattr(stop, "requires_grad", False):
        part = np.linspace(0.0, 1.0, num, endpoint=endpoint).astype(wanted)
        between = start * (1.0 - part) + stop * part
        return between if dtype is None else between.astype(wanted)
    return _finish(np.linspace(a, b, num, endpoint=endpoint).astype(wanted), requires_grad)


def eye(n: int, m: int | None = None, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones on the diagonal, zeros elsewhere; shape (n, m), m = n by default."""
    n = arguments.integer("eye", "n", n, 0)
    m = n if m is None else arguments.integer("eye", "m", m, 0)
    wanted = _dtype("eye", dtype)
    check_bytes("eye", (n, m), wanted)
    return _finish(np.eye(n, m, dtype=wanted), requires_grad)


# Random -------------------------------------------------------------------------------------------


def _random(who: str, shape: Any, dtype: Any, requires_grad: bool, draw: Any) -> Tensor:
    sizes, wanted = _shape(who, shape), _dtype(who, dtype)
    if wanted.kind != "f":
        raise TypeError(
            f"{who}: dtype {wanted} would cut off what is behind the point; draw integers by "
            "autograd.randint(low, high, size)"
        )
    check_bytes(who, sizes, np.float64)
    return each_time(
        lambda: _finish(np.asarray(draw(sizes)).astype(wanted), requires_grad)  # anew at a replay
    )


def randn(
    *shape: Any, generator: Any = None, dtype: Any = None, requires_grad: bool = False
) -> Tensor:
    """Standard normal numbers.

    Args:
        shape: sizes, as integers or one tuple.
        generator: a ``numpy.random.Generator``; default: the one that ``manual_seed`` seeds.

    Example:
        >>> import autograd as ag, numpy as np
        >>> ag.randn(2, 3, generator=np.random.default_rng(0)).shape
        (2, 3)
    """
    rng = generator_or_default("randn", generator)
    return _random("randn", shape, dtype, requires_grad, rng.standard_normal)


def rand(
    *shape: Any, generator: Any = None, dtype: Any = None, requires_grad: bool = False
) -> Tensor:
    """Uniform numbers from [0, 1); parameters as for ``randn``."""
    rng = generator_or_default("rand", generator)
    return _random("rand", shape, dtype, requires_grad, rng.random)


def normal(
    mean: float, std: float, shape: Any, generator: Any = None, dtype: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Normal numbers of the given mean and standard deviation."""
    rng = generator_or_default("normal", generator)
    mean, std = arguments.real("normal", "mean", mean), arguments.real("normal", "std", std, 0.0)
    return _random(
        "normal", (shape,), dtype, requires_grad, lambda sizes: rng.normal(mean, std, sizes)
    )


def uniform(
    low: float, high: float, shape: Any, generator: Any = None, dtype: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Uniform numbers from [low, high)."""
    rng = generator_or_default("uniform", generator)
    low, high = arguments.real("uniform", "low", low), arguments.real("uniform", "high", high)
    if not 0.0 <= high - low < float("inf"):
        raise ValueError(f"uniform: high must not be below low, both finite, got {low} and {high}")
    return _random(
        "uniform", (shape,), dtype, requires_grad, lambda sizes: rng.uniform(low, high, sizes)
    )


def randint(low: int, high: int | None, shape: Any, generator: Any = None) -> Tensor:
    """Uniform integers from [low, high); int64. With ``high=None`` from [0, low)."""
    rng = generator_or_default("randint", generator)
    if high is None:
        low, high = 0, low
    low = arguments.integer("randint", "low", low, None)
    high = arguments.integer("randint", "high", high, None)
    if high <= low:
        raise ValueError(f"randint: high must be greater than low, got {low} and {high}")
    sizes = _shape("randint", (shape,))
    check_bytes("randint", sizes, np.int64)
    return each_time(lambda: _finish(rng.integers(low, high, sizes), False))


# Scalars ------------------------------------------------------------------------------------------


def scalars(data: Any, requires_grad: bool = True, name: str | None = None) -> Any:
    """An object array of 0-d tensors: the same functions, one graph node per number.

    Whatever works on arrays works on it — ``conv2d``, ``matmul``, arithmetic — and builds the
    graph of every single multiply and add.

    Args:
        data: numbers, nested lists, an array or a tensor; keep it small.
        requires_grad: whether the numbers are leaves with gradients.
        name: prefix for the numbers' names, followed by their index.

    Returns:
        An object array of the shape of the data (a tensor for a single number).

    Example:
        >>> import autograd as ag
        >>> x, w = ag.scalars([1.0, 2.0]), ag.scalars([3.0, 4.0])
        >>> y = (x * w).sum()
        >>> y.backward()
        >>> y.item(), x[0].grad.item()
        (11.0, 3.0)
    """
    if isinstance(data, Tensor):
        data = data._data
    array = as_array("scalars", data)
    if name is not None and not isinstance(name, str):
        raise TypeError(f"scalars: name must be a string, got {shown(name)}")
    result = np.empty(array.shape, object)
    for index in np.ndindex(array.shape):
        suffix = f"[{', '.join(map(str, index))}]" if index else ""
        result[index] = Tensor(
            array[index], requires_grad=requires_grad, name=f"{name}{suffix}" if name else None
        )
    return result if array.ndim else result[()]
