"""Keywords of PyTorch (``dim=``, ``keepdim=``) and NumPy's names of arrays (``a=``, ``m=``), read as
the parameters of our functions.

Nothing here runs in a call that uses our names: a primitive asks only when it was given a keyword
that it does not have, and other functions look at their keywords only when there are any.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import itertools
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

import numpy as np

from autograd._names import WHERE
from autograd.arguments import nearest
from autograd.arguments.arrays import raw
from autograd.arguments.dtypes import check_dtype, float_dtype
from autograd.errors import misfit
from autograd.spelling.devices import check_device

__all__ = ["called", "required_of", "respell", "spelled"]

#: PyTorch's names of parameters, and ours that they stand for: the first that the function has.
_OURS: dict[str, tuple[str, ...]] = {
    "dim": ("axis", "axes"),
    "dims": ("axis", "axes", "reps"),
    "keepdim": ("keepdims",),
    "start_dim": ("start_axis",),
    "end_dim": ("end_axis",),
    "dim1": ("axis1",),
    "dim2": ("axis2",),
    "index": ("indices",),
    "src": ("values",),
    "diagonal": ("k",),
    "size": ("shape",),
    "correction": ("ddof",),
    "steps": ("num",),
    "end": ("stop",),
    "shifts": ("shift",),
    "tensors": ("arrays",),
    "interpolation": ("method",),
    "min": ("low",),
    "max": ("high",),
    "A": ("a", "x"),
    "B": ("b",),
}
#: About memory, which is the CPU's, and its layout, which is the kernels' affair.
_OF_MEMORY = frozenset({"layout", "pin_memory", "memory_format", "non_blocking"})
#: What ours do in any case.
_ALWAYS = {"stable": (True, False, None), "sorted": (True, False),
           "driver": (None, "gels", "gelsy", "gelsd", "gelss")}  # fmt: skip
#: Functions whose ``dtype=`` means: convert first.
_CONVERTING = frozenset(
    {"cumprod", "cumsum", "log_softmax", "mean", "nanmean", "nansum", "prod", "softmax", "sum"}
)
#: Reductions of which PyTorch reads ``dim=()`` as: over all axes.
_OF_ALL = frozenset(
    {"amax", "amin", "count_nonzero", "mean", "nanmean", "nansum", "sum", "vector_norm"}
)
#: Of a number, PyTorch's results are numbers; NumPy's are vectors of one.
_RUNNING = frozenset({"cumprod", "cumsum"})
#: Of these, sums of few bits would be wider than ``dtype=`` says; the others are means, of floats.
_WIDENING = frozenset({"cumprod", "cumsum", "nansum", "prod", "sum"})
#: Primitives whose other words are more than names.
_THEIRS = {"transpose": "shapes.exchanged", "flip": "shapes.flip", "where": "indexing.where",
           "squeeze": "shapes.squeeze", "add": "arithmetic.add", "subtract": "arithmetic.sub",
           "divide": "arithmetic.div"}  # fmt: skip
#: Names of parameters that stand for another one in one function alone.
_IN_ONE = {
    "diagflat": {"offset": "k"},
    "dot": {"tensor": "b"},
    "float_power": {"exponent": "y"},
    "outer": {"vec2": "b"},
    "searchsorted": {"sorted_sequence": "a", "input": "v"},
}
#: PyTorch has none of that name, so nobody knows its parameters by other words; and layers call them.
_OURS_ALONE = frozenset({"correlate", "correlate_input", "correlate_weight"})
#: Where PyTorch's ``dim=`` would mean something else, or nothing, without another argument.
_NOT_DIM = frozenset({"nanstd", "nanvar", "gradient", "repeat", "matrix_norm", "max", "min", "median",
                      "nanmedian", "std", "var", "sort", "split", "squeeze", "cummax",
                      "cummin"})  # fmt: skip


@functools.cache
def required_of(function: Any) -> tuple[str, ...]:
    """Names of the first parameters of a function of NumPy's, those that it needs.

    >>> required_of(np.flip), required_of(np.take)
    (('m',), ('a', 'indices'))
    """
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # some that are written in C do not tell
        return ()
    needed = itertools.takewhile(lambda p: p.default is p.empty, parameters)
    return tuple([p.name for p in needed if p.kind is p.POSITIONAL_OR_KEYWORD])


def _place_in_numpy(name: str, key: str) -> int:
    """Which argument NumPy's function of a name calls by a word; −1 if none."""
    function = getattr(np, name, None) or getattr(np.linalg, name, None)
    names = required_of(function) if callable(function) else ()
    return names.index(key) if key in names else -1


def _is_left_out(name: str, key: str, value: Any) -> bool:
    """Whether a keyword says what holds here in any case; ``out=`` and other devices are refused."""
    if key == "device":
        check_device(name, value)
        return True
    if key == "out" and value is not None:
        raise TypeError(f"{name}: there is no out=; take the result: y = autograd.{name}(...)")
    return key in _OF_MEMORY or key == "out" or value in _ALWAYS.get(key, ())


def respell(
    name: str, parameters: Iterable[str], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a call as a function of ours takes them.

    Args:
        name: of the function.
        parameters: the names of its parameters, in order.
        args, kwargs: what it was called with.

    Raises:
        TypeError: for a keyword that is neither its own nor one of PyTorch's or NumPy's for it.
    """
    parameters = tuple(parameters)
    ours: dict[str, Any] = {}
    said: dict[str, str] = {}
    convert, in_one = None, _IN_ONE.get(name, {})

    def put(word: str, key: str, value: Any) -> None:
        if word in ours or (word != key and word in parameters[: len(args)]):
            raise TypeError(f"{name}: {said.get(word, word)}= and {key}= are one; give one of them")
        ours[word], said[word] = value, key

    for key, value in kwargs.items():
        if key in parameters:
            put(key, key, value)
        elif in_one.get(key) in parameters and in_one[key] not in kwargs:
            put(in_one[key], key, value)
        elif key == "input" and not args:
            put(parameters[0], key, value)
        elif key == "other" and len(parameters) > 1 and parameters[1] not in kwargs:
            put(parameters[1], key, value)
        elif key == "dtype" and name in _CONVERTING:
            convert = value if name in _WIDENING or value is None else float_dtype(name, value)
        elif _is_left_out(name, key, value):
            continue
        elif len(args) <= (place := _place_in_numpy(name, key)) < len(parameters):
            put(parameters[place], key, value)
        else:
            word = _stands_for(name, key, parameters)
            if key == "dim" and name in _OF_ALL and isinstance(value, (tuple, list)) and not value:
                value = None
            put(word, key, value)
    if parameters[0] in ours and not args and name in _CONVERTING:
        args = (ours.pop(parameters[0]),)
    if convert is not None:
        from autograd.ops.elementwise import astype

        args = (astype(args[0], convert), *args[1:])
    return args, ours


def _stands_for(name: str, key: str, parameters: tuple[str, ...]) -> str:
    for ours in _OURS.get(key, ()):
        if ours in parameters:
            if key in ("dim", "dims") and name in _NOT_DIM:
                break
            return ours
    raise _unexpected(name, key, parameters)


def _unexpected(name: str, key: str, parameters: Iterable[str]) -> TypeError:
    return TypeError(
        f"{name}() got an unexpected keyword argument {key!r}{nearest(key, parameters)}"
    )


def called(name: str, function: Any) -> Any:
    """The function; where Python's own messages name what got an argument, by its public name.

    Not where the name it has is public, too: pickle finds it by that.
    """
    from autograd.spelling.names import FUNCTIONS

    if isinstance(function, FunctionType) and function.__qualname__ not in {*WHERE, *FUNCTIONS}:
        function.__qualname__ = name
    return function


def spelled(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function as users see it: it also takes PyTorch's names of its parameters.

    A primitive with static parameters is returned as it is, having been told whom to ask; and so are
    functions without parameters that PyTorch calls otherwise.
    """
    info = getattr(function, "primitive", None)
    if info is not None:
        if info.function is not function:
            return function
        if info.other_words is None:
            info.other_words = functools.partial(_in_our_words, info)
        takes_any = function.__code__.co_flags & inspect.CO_VARKEYWORDS
        return function if takes_any else _by_position(function, info.other_words)
    if not inspect.isfunction(function) or hasattr(function, "takes_other_words"):
        return function
    if function.__name__ in _OURS_ALONE:
        return function
    signature = inspect.signature(function).parameters
    parameters = tuple(signature)
    variadic = next((n for n, each in signature.items() if each.kind is each.VAR_POSITIONAL), None)
    ours = {each for names in _OURS.values() for each in names} | {"dtype"}
    if not ours.intersection(parameters) and parameters[:1] != ("x",):
        return function
    known = frozenset(parameters)

    words = any(each.kind is each.VAR_KEYWORD for each in signature.values())

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if words:  # it reads all others itself
            if "input" in kwargs and not args:
                args = (kwargs.pop("input"),)
        elif kwargs and not known.issuperset(kwargs):
            args, kwargs = respell(function.__name__, parameters, args, kwargs)
            if variadic in kwargs:
                args = (*args, kwargs.pop(variadic))
        return function(*args, **kwargs)

    call.takes_other_words = True  # type: ignore[attr-defined]
    return call


def _by_position(function: Callable[..., Any], other_words: Callable[..., Any]) -> Any:
    """A primitive whose inputs come by position, for those who name them."""

    @functools.wraps(function)
    def call(*args: Any, **named: Any) -> Any:
        return other_words(*args, **named) if named else function(*args)

    call.__module__ = "autograd"  # where pickle finds it
    return call


def _in_dtype(result: Any, dtype: Any) -> Any:
    """Sums of few bits were made wider, although ``dtype=`` said in what they are wanted."""
    if dtype is None or result.dtype == (dtype := check_dtype("dtype", dtype)):
        return result
    return result.astype(dtype)


def _in_our_words(info: Any, /, *args: Any, **kwargs: Any) -> Any:
    """A call of a primitive whose arguments do not fit its parameters."""
    parameters = (*info.inputs, *info.static_names)
    theirs = _THEIRS.get(info.name)
    if kwargs and kwargs.keys() <= set(parameters) and misfit(info, args, kwargs) is None:
        theirs = None  # our words after all, as in add(x, y=1)
    if theirs is not None:
        if "input" in kwargs and not args and info.name != "where":
            args = (kwargs.pop("input"),)
        module, _, name = theirs.rpartition(".")
        function = getattr(importlib.import_module(f"autograd.spelling.{module}"), name)
        known = inspect.signature(function).parameters
        kwargs = {
            key: value
            for key, value in kwargs.items()
            if key in known or key in parameters or not _is_left_out(info.name, key, value)
        }
        others = [key for key in kwargs if key not in known]
        if not others:
            return called(info.name, function)(*args, **kwargs)
        for key in others:  # what is left are our own words, and NumPy's
            if key not in parameters and _place_in_numpy(info.name, key) < len(args):
                raise _unexpected(info.name, key, known)
    wanted = kwargs.get("dtype") if info.name in _WIDENING else None
    of_number = "dim" in kwargs and info.name in _RUNNING
    args, kwargs = respell(info.forward.__name__, parameters, args, kwargs)
    if (error := misfit(info, args, kwargs)) is not None:
        raise error
    result = _in_dtype(info.function(*args, **kwargs), wanted)
    return result.reshape(()) if of_number and args and not np.ndim(raw(args[0])) else result
