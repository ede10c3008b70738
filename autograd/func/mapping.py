"""PyTorch's ``vmap``, ``jacrev`` and ``jacfwd``, in the plainest way: one example after the other."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd import arguments
from autograd.core.tensor import Tensor
from autograd.func.transforms import jacobian
from autograd.func.trees import flatten, form_of, leaves_like
from autograd.ops.shapes import stack

__all__ = ["jacfwd", "jacrev", "vmap"]


def vmap(
    func: Callable[..., Any], in_dims: Any = 0, out_dims: Any = 0, randomness: str = "error"
) -> Callable[..., Any]:
    """A function of one example as a function of a batch: it is called for each, results stacked.

    Every call is part of the graph and can be looked at; it costs what the calls cost. So it may
    decide by numbers, draw random numbers and take gradients inside.

    Args:
        func: takes tensors, and tuples, lists and dicts of them; returns the same.
        in_dims: the axis that is the batch's: a number for all positional arguments, or a tuple
            with one for each, each a number, None (the argument is given whole to every call), or a
            structure of those like the argument's. Arguments by name have it in front.
        out_dims: where the results' new axis goes: a number, or a structure like the result's.
        randomness: ``"error"`` and ``"different"``: each call draws for itself.

    Returns:
        The function of a batch.

    Raises:
        ValueError: if no argument has a batch axis, its lengths differ, or it is empty; for
            ``randomness="same"``.

    Example:
        >>> import autograd as ag
        >>> a, b = ag.tensor([[1.0, 2.0], [3.0, 4.0]]), ag.tensor([1.0, 10.0])
        >>> ag.func.vmap(lambda x, y: (x * y).sum(), in_dims=(0, None))(a, b).tolist()
        [21.0, 43.0]
    """
    if not callable(func):
        raise TypeError(f"func.vmap: func must be a function, got {type(func).__name__}")
    if randomness not in ("error", "different"):
        raise ValueError(
            f"func.vmap: randomness={randomness!r} is not done here: every call draws for itself "
            '("different"); draw once outside, and give that with in_dims=None'
        )

    @functools.wraps(func)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        leaves, rebuild = flatten((args, kwargs))
        axes = [*_axes("in_dims", in_dims, args), *_axes("in_dims", 0, tuple(kwargs.values()))]
        places = [_axis_of(k, leaf, axis) for k, (leaf, axis) in enumerate(zip(leaves, axes))]  # noqa: B905
        count = _count(leaves, places)
        made = []
        for n in range(count):
            mine = [_take(x, axis, n) for x, axis in zip(leaves, places, strict=True)]
            given, named = rebuild(mine)
            made.append(func(*given, **named))
        return _stacked(made, out_dims)

    return mapped


def _axes(word: str, axes: Any, tree: Any) -> list[int | None]:
    """An axis for each leaf of a structure."""
    leaves, _ = flatten(tree)
    if axes is None or isinstance(axes, int):
        return [axes] * len(leaves)
    if isinstance(tree, dict) and isinstance(axes, dict) and axes.keys() == tree.keys():
        return [axis for key in tree for axis in _axes(word, axes[key], tree[key])]
    if (
        isinstance(tree, (tuple, list))
        and isinstance(axes, (tuple, list))
        and len(axes) == len(tree)
    ):
        return [axis for a, t in zip(axes, tree, strict=True) for axis in _axes(word, a, t)]
    raise ValueError(
        f"func.vmap: {word}={axes!r} does not have the structure of what it is for: a number, "
        f"None, or one of these for each of {len(leaves)}"
    )


def _axis_of(k: int, leaf: Any, axis: int | None) -> int | None:
    if axis is None:
        return None
    if not isinstance(leaf, (Tensor, np.ndarray)):
        raise ValueError(
            f"func.vmap: in_dims={axis} for input {k}, which is {type(leaf).__name__} and has no "
            "axes; write None for it"
        )
    return arguments.axis("func.vmap", axis, leaf.ndim)


def _count(leaves: Sequence[Any], places: Sequence[int | None]) -> int:
    lengths = {x.shape[axis] for x, axis in zip(leaves, places, strict=True) if axis is not None}
    if len(lengths) != 1:
        told = f"of lengths {sorted(lengths)}" if lengths else "of no argument"
        raise ValueError(f"func.vmap: expected a batch axis of one length, got {told}")
    (count,) = lengths
    if not count:
        raise ValueError("func.vmap: the batch is empty: func is not called, so no shape is known")
    return int(count)


def _take(x: Any, axis: int | None, n: int) -> Any:
    return x if axis is None else x[(slice(None),) * axis + (n,)]


def _stacked(made: list[Any], out_dims: Any) -> Any:
    form, columns = form_of(made[0]), []
    for result in made:
        column = leaves_like(form, result)
        if column is None:
            raise ValueError("func.vmap: func returned different structures for different examples")
        columns.append(column)
    first, rebuild = flatten(made[0])
    for leaf in first:
        if not isinstance(leaf, Tensor):
            raise TypeError(
                f"func.vmap: func must return tensors, or tuples, lists and dicts of them; it "
                f"returned {type(leaf).__name__}"
            )
    axes = _axes("out_dims", out_dims, made[0])
    if None in axes:
        raise ValueError(
            f"func.vmap: out_dims={arguments.shown(out_dims)} must say where the batch's axis goes in every result"
        )
    return rebuild(
        [
            stack(each, axis=axis)
            for each, axis in zip(zip(*columns, strict=True), axes, strict=True)
        ]
    )


def jacrev(
    func: Callable[..., Any], argnums: int | Sequence[int] = 0, *, has_aux: bool = False
) -> Callable[..., Any]:
    """PyTorch's name for `jacobian`: one backward pass for each element of the value.

    Args:
        func: returns a tensor, or a tuple, list or dict of tensors.
        argnums: which positional argument to differentiate by, or several.
        has_aux: func returns (value, something else), and the result is (jacobian, something else).

    Returns:
        A function of the same arguments.

    Example:
        >>> import autograd as ag
        >>> ag.func.jacrev(lambda x: x.sin())(ag.tensor([0.0, 0.0])).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    if not has_aux:
        return jacobian(func, argnums)

    @functools.wraps(func)
    def both(*args: Any, **kwargs: Any) -> Any:
        kept: list[Any] = []

        def value(*given: Any, **named: Any) -> Any:
            result = func(*given, **named)
            if not isinstance(result, tuple) or len(result) != 2:
                raise TypeError(
                    "func.jacrev: with has_aux=True func must return (value, something else), got "
                    f"{type(result).__name__}"
                )
            kept.append(result[1])
            return result[0]

        return jacobian(value, argnums)(*args, **kwargs), kept[0]

    return both


def jacfwd(
    func: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """As `jacrev`. PyTorch's goes forward, input by input; ours goes back: the numbers are the same.

    Args:
        func, argnums, has_aux: see `jacrev`.

    Returns:
        A function of the same arguments.

    Example:
        >>> import autograd as ag
        >>> ag.func.jacfwd(lambda x: x * x)(ag.tensor([1.0, 2.0])).tolist()
        [[2.0, 0.0], [0.0, 4.0]]
    """
    return jacrev(func, argnums, has_aux=has_aux)
