"""Functions whose name means one thing to NumPy and another to PyTorch: NumPy's, and a word about it.

Each is the function of ``autograd.ops`` that it is named after. A keyword that only PyTorch has
declares its meaning (see ``reductions``, ``shapes``); a call that both would take, and answer
differently, warns (see ``differences``), unless it says which is meant: by ``axis=``, or ``ddof=``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import arguments, creation
from autograd.arguments.arrays import raw, shape_of
from autograd.core.modes import is_grad_enabled
from autograd.core.node import Leaf
from autograd.ops import (
    cumulative,
    elementwise,
    gathering,
    products,
    reductions,
    sampled_functions,
    sorting,
    split_and_stack,
)
from autograd.ops.linalg import decompositions
from autograd.ops.split_and_stack import matrix_transpose
from autograd.spelling import arithmetic, indexing, shapes
from autograd.spelling import creation as made
from autograd.spelling import reductions as theirs
from autograd.spelling.differences import differs
from autograd.spelling.keywords import called, required_of
from autograd.spelling.operands import once

Test = Callable[..., Any]

#: The keywords that only PyTorch has.
_WORDS = frozenset(
    "dim keepdim unbiased correction other input stable split_size split_size_or_sections spacing"
    "".split()
)


def _reading(ours: Any, torch: Any, unclear: Test, clear_alone: bool = False) -> Any:
    """A function that two readers would read differently.

    Args:
        ours: what it is here.
        torch: what is called where a keyword, or an argument, can only be PyTorch's.
        unclear: gets the arguments; the name of the difference if both would take them, ``True`` if
            they can only be PyTorch's, else nothing.
        clear_alone: both give the same for x alone.
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        if clear_alone and not kwargs and len(args) == 1:
            return ours(args[0])
        if kwargs and not _WORDS.isdisjoint(kwargs):
            if "input" in kwargs:
                args = (kwargs.pop("input"), *args)
            return torch(*args, **kwargs)
        found = unclear(*args, **kwargs) if args else None
        if found is True:
            return torch(*args, **kwargs)
        result = ours(*args, **kwargs)
        if found:
            differs(found)
        return result

    return _named_after(ours, torch, unclear)(call)


def _named_after(ours: Any, *others: Any) -> Callable[[Any], Any]:
    """Has a function look like ours, which it also is for pickle and help.

    It and the others are called like ours in Python's own messages.
    """

    def dressed(function: Any) -> Any:
        for each in (function, *others):
            called(ours.__name__, getattr(each, "func", each))

        @functools.wraps(ours)
        def call(*args: Any, **named: Any) -> Any:
            if not args and "sorted_sequence" not in named:
                words = ("input", "tensor", *required_of(getattr(np, ours.__name__, None))[:1])
                words = tuple([word for word in words if word in named])
                if len(words) > 1:
                    raise TypeError(
                        f"{ours.__name__}: {words[0]}= and {words[1]}= are one; give one"
                    )
                args = tuple([named.pop(word) for word in words])
            return function(*args, **named)

        call.__module__ = "autograd"
        call.takes_other_words = True  # type: ignore[attr-defined]
        return call

    return dressed


# Extremes and order -------------------------------------------------------------------------------


def _positional(name: str) -> Test:
    """``x.max(1)``: one answer here, a pair there."""

    def unclear(x: Any, *args: Any, **kwargs: Any) -> Any:
        if not args:
            return None
        if len(args) == 1 and theirs._is_other(args[0]):
            return True
        return name if arguments.is_integer(args[0]) else None

    return unclear


def _alone(function: Any) -> Callable[..., Any]:
    """PyTorch's ``max(x)`` of everything, and ``max(x, dim)`` of what goes along an axis."""

    def call(x: Any, dim: Any = None, keepdim: Any = False, *, other: Any = None) -> Any:
        return function(x, other if dim is None and other is not None else dim, keepdim)

    return call


max = _reading(reductions.max, _alone(theirs.max_along), _positional("max"), True)
min = _reading(reductions.min, _alone(theirs.min_along), _positional("min"), True)
cummax = _reading(cumulative.cummax, theirs.cummax_along, _positional("cummax"))
cummin = _reading(cumulative.cummin, theirs.cummin_along, _positional("cummin"))


def _unclear_median(x: Any, *args: Any, **kwargs: Any) -> Any:
    if args:
        return "median" if arguments.is_integer(args[0]) else None
    return None if "axis" in kwargs or np.size(raw(x)) % 2 else "median of all"


def _unclear_nanmedian(x: Any, *args: Any, **kwargs: Any) -> Any:
    if args:
        return "median" if arguments.is_integer(args[0]) else None
    there = ~np.isnan(np.asarray(raw(x)))
    return None if "axis" in kwargs or np.count_nonzero(there) % 2 else "median of all"


median = _reading(sorting.median, theirs.median_along, _unclear_median)
nanmedian = _reading(sorting.nanmedian, theirs.nanmedian_along, _unclear_nanmedian)


def _unclear_sort(x: Any, *args: Any, **kwargs: Any) -> Any:
    return None if "axis" in kwargs or (args and args[0] is None) else "sort"


sort = _reading(sorting.sort, theirs.sort_along, _unclear_sort)


# Spread around the mean ---------------------------------------------------------------------------


def _unclear_spread(name: str) -> Test:
    def unclear(x: Any, *args: Any, **kwargs: Any) -> Any:
        if any(isinstance(a, (bool, np.bool_)) for a in args[:2]):
            return True  # (dim, unbiased), or unbiased alone
        return None if len(args) > 1 or "ddof" in kwargs else name

    return unclear


std = _reading(reductions.std, functools.partial(theirs.spread_of, "std"), _unclear_spread("std"))
var = _reading(reductions.var, functools.partial(theirs.spread_of, "var"), _unclear_spread("var"))


# Parts, grids, products, places -------------------------------------------------------------------


def _split(
    x: Any, size: Any = None, dim: Any = 0, *, split_size: Any = None,
    split_size_or_sections: Any = None,
) -> Any:  # fmt: skip
    given = [s for s in (size, split_size, split_size_or_sections) if s is not None]
    if len(given) != 1:
        raise TypeError("split: give the length of the parts, or a list of lengths, once")
    return shapes.split_by(x, given[0], dim)


def _unclear_split(x: Any, where: Any = None, *args: Any, **kwargs: Any) -> Any:
    if where is None or "axis" in kwargs or not hasattr(x, "shape"):
        return None
    where, axis = raw(where), args[0] if args else 0
    if not arguments.is_integer(axis) or not -len(x.shape) <= axis < len(x.shape):
        return None
    n = x.shape[axis]
    if arguments.is_integer(where):
        return None if where * where == n else "split"
    plain = isinstance(where, (list, tuple)) or np.ndim(where) == 1
    lengths = list(where) if plain else []
    whole = all(map(arguments.is_integer, lengths)) and sum(lengths) == n
    return "split at" if whole and len(lengths) > 0 else None


split = _reading(split_and_stack.split, _split, _unclear_split)


@_named_after(split_and_stack.meshgrid)
def meshgrid(*vectors: Any, **options: Any) -> Any:
    if len(vectors) == 1 and isinstance(vectors[0], (list, tuple)) and vectors[0]:
        if all(hasattr(v, "shape") for v in vectors[0]):
            vectors = tuple(vectors[0])
    if "indexing" not in options and len(vectors) > 1:
        differs("meshgrid")
    return split_and_stack.meshgrid(*vectors, **options)


def _cross_along(x: Any, other: Any, dim: Any = -1) -> Any:
    return products.cross(x, other, axis=dim)


def _unclear_cross(a: Any, b: Any = None, *args: Any, **kwargs: Any) -> Any:
    if args or kwargs or not hasattr(a, "shape"):
        return None
    return "cross" if 3 in a.shape[:-1] and a.shape[-1] == 3 else None


cross = _reading(products.cross, _cross_along, _unclear_cross)


def _unclear_equal(x: Any, y: Any = None) -> Any:
    sizes = [np.size(each) for each in (raw(x), raw(y)) if isinstance(each, np.ndarray)]
    return "equal" if any(size != 1 for size in sizes) else None


def _all_equal(x: Any, other: Any) -> bool:
    return arithmetic.equal(x, other)


equal = _reading(elementwise.equal, _all_equal, _unclear_equal)


def _gradient(
    f: Any, *given: Any, spacing: Any = None, dim: Any = None, edge_order: int = 1
) -> Any:
    if given and spacing is not None:
        raise TypeError("gradient: give the spacing once")
    axes = arguments.axes("gradient", dim, len(f.shape), "dim")
    several = isinstance(spacing, (list, tuple))
    if several and len(spacing) != len(axes):
        raise ValueError(
            f"gradient: spacing has {len(spacing)} entries for {len(axes)} axes; give a number, or "
            "one for each axis"
        )
    spacing = given if spacing is None else tuple(spacing) if several else (spacing,)
    found = sampled_functions.gradient(f, *spacing, axis=axes, edge_order=edge_order)
    return found if isinstance(found, tuple) else (found,)


def _unclear_gradient(f: Any, *spacing: Any, **named: Any) -> Any:
    return "gradient" if "axis" not in named and hasattr(f, "shape") and len(f.shape) == 1 else None


gradient = _reading(sampled_functions.gradient, _gradient, _unclear_gradient)


def _of_triangle(function: Any) -> Callable[..., Any]:
    """A function of symmetric matrices that reads one triangle."""

    @_named_after(function)
    def call(a: Any, *which: Any, **named: Any) -> Any:
        if not which and not named and type(getattr(a, "_node", None)) is Leaf:
            if is_grad_enabled():
                differs("triangle")
        return function(a, *which, **named)

    return call


cholesky = _of_triangle(decompositions.cholesky)
eigh = _of_triangle(decompositions.eigh)
eigvalsh = _of_triangle(decompositions.eigvalsh)


@_named_after(decompositions.solve)
def solve(a: Any, b: Any, *, left: Any = None) -> Any:
    """The x for which a · x = b (or x · a = b: ``left=False``).

    A stack of vectors, (…, n) for matrices (…, n, n), can be read where it cannot be a matrix of
    columns; NumPy reads that where both are possible, PyTorch the vectors.
    """
    if left is not None and not arguments.boolean("solve", "left", left):
        b_shape = tuple(shape_of("solve", b))
        if len(b_shape) < 2:
            raise ValueError(f"solve: left=False needs matrices b (..., k, n), got shape {b_shape}")
        return matrix_transpose(decompositions.solve(matrix_transpose(a), matrix_transpose(b)))
    sizes, given = tuple(shape_of("solve", a)), tuple(shape_of("solve", b))
    if len(given) > 1 and given == sizes[:-1]:  # a vector for each matrix
        if left is not None or given[-2] != sizes[-1]:
            return decompositions.solve(a, shapes.unsqueeze(b, -1))[..., 0]
        differs("solve")
    return decompositions.solve(a, b)


@_named_after(gathering.nonzero)
def nonzero(x: Any, *, as_tuple: Any = None) -> Any:
    if as_tuple is None:
        differs("nonzero")
    elif not arguments.boolean("nonzero", "as_tuple", as_tuple):
        return gathering.argwhere(x)
    elif not np.ndim(raw(x)):  # a number counts as a vector of one
        return gathering.nonzero(x.reshape(1))
    return gathering.nonzero(x)


@_named_after(gathering.select)
def select(*args: Any, **kwargs: Any) -> Any:
    if hasattr(args[0] if args else None, "shape") or "dim" in kwargs:
        return shapes.select(*args, **kwargs)  # NumPy's begins with a list of conditions
    return gathering.select(*args, **kwargs)


@_named_after(sorting.topk)
def topk(x: Any, k: Any, axis: Any = -1, largest: Any = True, sorted: Any = True, *,
         dim: Any = None) -> Any:  # fmt: skip
    once("topk", dim=dim, axis=None if arguments.is_integer(axis) and axis == -1 else axis)
    return sorting.topk(x, k, axis if dim is None else dim, largest)  # always in order


_OF_ARRAYS: dict[str, Test] = {
    "max": _positional("max"),
    "min": _positional("min"),
    "std": _unclear_spread("std"),
    "var": _unclear_spread("var"),
    "nonzero": lambda x: "nonzero",
    "repeat": shapes.unclear_repeat,
    "transpose": shapes.unclear_transpose,
}


def tell_of_array(name: str, x: Any, args: tuple[Any, ...], named: dict[str, Any]) -> None:
    """Warn of a method of ``t.data``, an array, that PyTorch's tensors read in another way."""
    found = (
        None
        if "axis" in named and name != "std" and name != "var"
        else _OF_ARRAYS[name](x, *args, **named)
    )
    if isinstance(found, str):
        differs(found)


# These read arguments in both orders, and more of them; nothing in them is unclear.
gather = _named_after(gathering.gather)(indexing.gather)
scatter = _named_after(gathering.scatter)(indexing.scatter)
scatter_add = _named_after(gathering.scatter_add)(indexing.scatter_add)
scatter_reduce = _named_after(gathering.scatter_reduce)(indexing.scatter_reduce)
einsum = _named_after(products.einsum)(arithmetic.einsum)
searchsorted = _named_after(sorting.searchsorted)(indexing.searchsorted)
normal = _named_after(creation.normal)(made.normal)
randint = _named_after(creation.randint)(made.randint)
