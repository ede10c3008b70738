"""``x.add_(y)``, ``x.zero_()``: x becomes the result, as under PyTorch.

Where nothing is recorded, the memory is written into. A recorded tensor that is neither a leaf nor
a view becomes the result, which every name for it sees (``autograd.in_place``). Leaves and
views are refused, with the way out.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import arguments
from autograd.arguments.arrays import constant, raw
from autograd.arguments.generator import generator_or_default
from autograd.core.node import Leaf
from autograd.in_place import in_place
from autograd.ops.elementwise import where
from autograd.ops.gathering import set_at

#: What is done by the function of the same name, and from which module it is.
_OF_FUNCTION = {
    "ops.elementwise": "ceil floor negative reciprocal sign sqrt square trunc round "
                       "remainder fmod floor_divide absolute clip",
    "ops.transcendental": "exp expm1 exp2 log log1p log2 log10 sin cos tan sinh cosh tanh arctan "
                          "sigmoid",
    "ops.activations": "relu",
    "ops.special": "erf erfc",
    "ops.linalg.diagonals": "tril triu",
    "ops.cumulative": "cumsum cumprod",
    "spelling.arithmetic": "add sub div pow clamp clamp_min clamp_max rsqrt lerp addcmul addcdiv "
                           "addmm addbmm baddbmm addmv addr",
    "spelling.indexing": "masked_fill masked_scatter index_add index_copy index_fill index_put "
                         "scatter scatter_add scatter_reduce",
}  # fmt: skip
#: Of a number that is put into integers, these take the whole part, before anything is added to it.
_CUTTING = ("scatter", "index_fill")
_HOME = {name: home for home, names in _OF_FUNCTION.items() for name in names.split()}


def _by(name: str, called: str) -> Callable[..., Any]:
    """``x.called_(...)``: x becomes ``function(x, ...)``."""

    def method(x: Any, *args: Any, **options: Any) -> Any:
        function = getattr(importlib.import_module(f"autograd.{_HOME[name]}"), name)
        if name in _CUTTING and x.dtype.kind in "iub":
            whole = bool if x.dtype.kind == "b" else int
            args = tuple([whole(a) if type(a) is float else a for a in args])
            options = {k: whole(v) if type(v) is float else v for k, v in options.items()}
        return _become(called, x, lambda t: function(t, *args, **options))

    method.__name__ = method.__qualname__ = called
    method.__doc__ = f"``x.{called.removesuffix('_')}(...)``, which x becomes."
    return method


#: Which kinds of numbers hold which: bools, integers, floats.
_WIDTH = {"b": 0, "i": 1, "u": 1, "f": 2}


def _become(who: str, x: Any, function: Callable[[Any], Any], cuts: bool = False) -> Any:
    """x becomes the function's result; ``cuts``: values are put in, in whatever dtype x has."""

    def fitting(t: Any) -> Any:
        result = function(t)
        if result.shape != t.shape:
            raise ValueError(
                f"{who}: a result of shape {result.shape} does not fit the tensor of shape {t.shape}"
            )
        if not cuts and _WIDTH[result.dtype.kind] > _WIDTH[t.dtype.kind]:
            raise TypeError(
                f"{who}: the result is {result.dtype}, which a tensor of {t.dtype} cannot hold; write "
                f"x = x.{who.removesuffix('_')}(...)"
            )
        return result

    return in_place(who, x, fitting, word="", instead=f"write x = x.{who.removesuffix('_')}(...)")


def _multiply(x: Any, other: Any) -> Any:
    """``x.mul(other)``, which x becomes."""
    return _become("mul_", x, lambda t: t * other)


mul_ = multiply_ = _multiply
mul_.__name__ = mul_.__qualname__ = "mul_"


# Values that are given ----------------------------------------------------------------------------


def _filled(who: str, x: Any, value: Any) -> Any:
    """x becomes the value, also where it is recorded: what it was made of gets gradients of 0."""
    return _become(who, x, lambda t: where(np.broadcast_to(True, t.shape), value, t), cuts=True)


def zero_(x: Any) -> Any:
    """x becomes zeros."""
    return _filled("zero_", x, 0.0)


def fill_(x: Any, value: Any) -> Any:
    """x becomes one value."""
    return _filled("fill_", x, value)


def copy_(x: Any, src: Any, non_blocking: bool = False) -> Any:
    """x becomes a copy of src, broadcast to its shape and in its dtype."""
    return _filled("copy_", x, src)


def fill_diagonal_(x: Any, fill_value: Any, wrap: bool = False) -> Any:
    """x becomes itself with one value on its diagonal."""

    def filled(t: Any) -> Any:
        n = min(t.shape)
        index = (np.arange(n),) * len(t.shape)
        return set_at(t, index, fill_value)

    return _become("fill_diagonal_", x, filled, cuts=True)


#: What the parameters of random numbers must be: real numbers from, to, and whether the first is left out.
_BOUNDS: dict[str, tuple[Any, ...]] = {
    "std": (0.0, None), "sigma": (0.0, None, True), "lambd": (0.0, None, True), "p": (0.0, 1.0),
}  # fmt: skip


def _random(
    who: str, draw: Callable[..., Any], parameters: str, doc: str, whole: bool = False
) -> Callable[..., Any]:
    """A method that draws; ``whole``: whole numbers, which no parameter moves a little."""
    names = tuple(inspect.signature(draw).parameters)[2:]
    words = {*names, "from", "to"}

    def method(x: Any, *given: Any, generator: Any = None, **named: Any) -> Any:
        rng = generator_or_default(who, generator)
        if not whole and words.issuperset(named):  # what is unknown is told by the call
            for name, value in (*zip(names, given, strict=False), *named.items()):
                constant(who, name, value)
        given = tuple([raw(v) for v in given])
        named = {name: raw(value) for name, value in named.items()}
        for name, value in (*zip(names, given, strict=False), *named.items()):
            if np.ndim(value) == 0 and value is not None:
                arguments.real(who, name, value, *_BOUNDS.get(name, ()))
        drawn = np.asarray(draw(rng, x.shape, *given, **named)).astype(x.dtype)
        return _filled(who, x, drawn)

    # Both, since Python's own messages about arguments name the function that got them.
    method.__name__ = method.__qualname__ = draw.__qualname__ = who
    method.__doc__ = f"x becomes {doc}: ``x.{who}({parameters})``."
    return method


def _ends(who: str, low: Any, high: Any, named: dict[str, Any]) -> tuple[Any, Any]:
    """Both ends of a range, which PyTorch calls ``from``, a word of Python's own, and ``to``."""
    for word, given in (("from", low), ("to", high)):
        if word in named and given is not None:
            raise TypeError(f"{who}: {word}={named[word]} was given by position, too, as {given}")
    low, high = named.pop("from", low), named.pop("to", high)
    if named:
        raise TypeError(f"{who}() got an unexpected keyword argument {min(named)!r}")
    return low, high


def _evenly(rng: Any, shape: Any, a: Any = None, b: Any = None, **named: Any) -> Any:
    low, high = _ends("uniform_", a, b, named)
    low, high = 0.0 if low is None else low, 1.0 if high is None else high
    if np.any(low > high):
        raise ValueError(f"uniform_: the first bound, {low}, is above the second, {high}")
    return rng.uniform(low, high, shape)


normal_ = _random(
    "normal_", lambda rng, shape, mean=0.0, std=1.0: rng.normal(mean, std, shape),
    "mean=0, std=1", "normal numbers",
)  # fmt: skip
uniform_ = _random("uniform_", _evenly, "0.0, 1.0", "numbers drawn evenly between two")
bernoulli_ = _random(
    "bernoulli_", lambda rng, shape, p=0.5: rng.random(shape) < p, "p=0.5",
    "1 with a probability, else 0", True,
)  # fmt: skip
exponential_ = _random(
    "exponential_", lambda rng, shape, lambd=1.0: rng.exponential(1.0 / lambd, shape), "lambd=1",
    "exponential numbers",
)  # fmt: skip


def _integers(rng: Any, shape: Any, low: Any = None, high: Any = None, **named: Any) -> Any:
    if low is not None and high is None and not named:  # one number is the end
        low, high = None, low
    low, high = _ends("random_", low, high, named)
    low = 0 if low is None else arguments.integer("random_", "low", low, None)
    high = 1 << 24 if high is None else arguments.integer("random_", "high", high, None)
    if high <= low:
        raise ValueError(f"random_: high must be above low, {low}, got {high}")
    return rng.integers(low, high, shape)


random_ = _random("random_", _integers, "low, high", "integers from [low, high)", True)
log_normal_ = _random(
    "log_normal_", lambda rng, shape, mean=1.0, std=2.0: rng.lognormal(mean, std, shape),
    "mean=1, std=2", "exponentials of normal numbers",
)  # fmt: skip
geometric_ = _random(
    "geometric_", lambda rng, shape, p:
        rng.geometric(arguments.real("geometric_", "p", p, 0.0, 1.0, open_low=True), shape), "p",
    "how many draws of a probability it takes", True,
)  # fmt: skip
cauchy_ = _random(
    "cauchy_", lambda rng, shape, median=0.0, sigma=1.0: median + sigma * rng.standard_cauchy(shape),
    "median=0, sigma=1", "Cauchy's numbers",
)  # fmt: skip


# The graph ----------------------------------------------------------------------------------------


def detach_(x: Any) -> Any:
    """x leaves the graph: it becomes a constant, and so a leaf."""
    if x._node is not None:
        if type(x._node) is Leaf:
            x.requires_grad = False
        else:
            x._node, x._index = None, 0
    return x


def _refused(who: str, instead: str) -> Callable[..., Any]:
    def method(x: Any, *args: Any, **options: Any) -> Any:
        raise TypeError(f"{who}: a tensor keeps its shape; write {instead}")

    method.__name__ = method.__qualname__ = who
    method.__doc__ = f"Refused: a tensor keeps its shape; write ``{instead}``."
    return method


unsqueeze_ = _refused("unsqueeze_", "x = x.unsqueeze(dim)")
squeeze_ = _refused("squeeze_", "x = x.squeeze()")
t_ = _refused("t_", "x = x.t()")
transpose_ = _refused("transpose_", "x = x.swapaxes(dim0, dim1)")
resize_ = _refused("resize_", "x = x.reshape(shape)")


#: PyTorch's names of what ours are called otherwise.
_CALLED = {"abs": "absolute", "neg": "negative", "subtract": "sub", "divide": "div",
           "clip": "clamp", "atan": "arctan"}  # fmt: skip


def __getattr__(called: str) -> Any:
    """``exp_`` and its like are made when they are first asked for."""
    word = called.removesuffix("_")
    name = _CALLED.get(word, word)
    if not called.endswith("_") or called.startswith("__") or name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {called!r}")
    globals()[called] = found = _by(name, called)
    return found


#: Every name that can be asked for.
NAMES = sorted(
    {f"{name}_" for name in _HOME if name not in _CALLED.values() or name in ("sub", "div", "clamp")}
    | {f"{name}_" for name in _CALLED}
    | {"mul_", "multiply_", "zero_", "fill_", "copy_", "fill_diagonal_", "normal_", "uniform_",
       "bernoulli_", "exponential_", "random_", "log_normal_", "geometric_", "cauchy_", "detach_", "unsqueeze_", "squeeze_", "t_", "transpose_",
       "resize_"}
)  # fmt: skip
