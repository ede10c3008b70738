"""Norms of vectors and matrices. Public in ``autograd.linalg``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd import arguments
from autograd.arguments.arrays import array_like, as_floats, raw
from autograd.arguments.half import in_single
from autograd.arguments.numbers import shown
from autograd.core.primitive import primitive
from autograd.core.tensor import tensor_on
from autograd.ops.elementwise import absolute, equal, sign, sqrt, where
from autograd.ops.linalg.decompositions import svdvals
from autograd.ops.reductions import amax, amin, spread
from autograd.ops.reductions import sum as sum_
from autograd.ops.shapes import expand_dims, moveaxis
from autograd.ops.transcendental import power


@primitive(name="norm")
def _euclidean(x: Any, *, axis: Any, keepdims: bool) -> Any:
    return sqrt((x * x).sum(axis=axis, keepdims=keepdims))


def _euclidean_slope(g: Any, x: Any, out: Any, axis: Any, keepdims: bool) -> Any:
    """g · x / norm(x), and 0 where the norm is 0."""
    zero = equal(out, 0)  # no direction is steepest there: 0
    scaled = where(zero, 0.0, g) / where(zero, 1.0, out)
    if getattr(g, "_node", None) is not None and raw(zero).any():
        # Where g is 0, too, as for a norm that is squared, what is wanted is the limit of g / out.
        scaled = where(raw(zero) & (raw(g) == 0), _rate(g, out), scaled)
    return spread(scaled, axis, keepdims, x.shape) * x


def _rate(g: Any, out: Any) -> Any:
    """The derivative of a recorded gradient with respect to the norms, as a constant.

    In ‖x‖·‖x‖ each norm's gradient is the other norm: all those of the same vectors count.
    """
    norms = [tensor_on(raw(out), None, node) for node in _norms_alike(out._node, g._node)]
    g.sum().backward(retain_graph=True, inputs=norms)
    return sum(raw(n._grad) for n in norms if n._grad is not None)


def _norms_alike(one: Any, last: Any) -> list[Any]:
    """The nodes below ``last`` that take the same norms of the same vectors as ``one``."""
    seen, pending, found = {last}, [last], [one]
    first = one.parents[0].seq
    while pending:
        node = pending.pop()
        if node is not one and getattr(node, "primitive", None) is one.primitive:
            if node.parents == one.parents and node.static == one.static:
                found.append(node)
        for parent in node.parents:
            if parent is not None and parent.seq > first and parent not in seen:
                seen.add(parent)
                pending.append(parent)
    return found


_euclidean.gradients(x=_euclidean_slope)


@in_single
def vector_norm(x: Any, ord: Any = 2, axis: Any = None, keepdims: bool = False) -> Any:
    """Norm over the axes: (Σ |x|^ord)^(1/ord); its gradient at the zero vector is 0.

    Args:
        ord: a number; ``inf`` and ``-inf`` for the largest and smallest |x| (ties share the
            gradient), 0 for the count of elements that are not 0.
        axis: a number, a tuple, or None for all axes.

    Example:
        >>> import autograd as ag
        >>> ag.linalg.vector_norm(ag.tensor([3.0, 4.0])).item()
        5.0
    """
    x = as_floats(array_like("norm", x))
    axes = arguments.axes("norm", axis, len(x.shape))
    arguments.boolean("norm", "keepdims", keepdims)
    if isinstance(ord, bool) or not isinstance(ord, (int, float, np.number)) or ord != ord:
        raise ValueError(f"norm: ord must be a number, inf or -inf for vectors, got {shown(ord)}")
    ord = arguments.real("norm", "ord", ord)
    if ord == 2:
        return _euclidean(x, axes, keepdims)
    if ord == math.inf:
        return _largest(absolute(x), axes, keepdims)
    if ord == -math.inf:
        return amin(absolute(x), axes, keepdims)
    if ord == 0:
        return sum_(where(raw(x) != 0, 1.0, sign(x)), axes, keepdims)  # slope 0
    if ord == 1:
        return sum_(absolute(x), axes, keepdims)
    none = raw(x) == 0  # its power has no finite slope for ord < 1: it is left out, slope 0
    total = sum_(where(none, 0.0, power(where(none, 1.0, absolute(x)), ord)), axes, keepdims)
    zero = raw(total) == 0
    norms = power(where(zero, 1.0, total), 1.0 / ord)
    if ord > 0:
        return where(zero, 0.0, norms)
    # A single 0 makes the sum infinite and the norm 0; a sum of nothing, or of what is too small, inf.
    return where(none.any(axis=axes, keepdims=keepdims), 0.0, where(zero, math.inf, norms))


def _largest(x: Any, axes: Any, keepdims: bool = False) -> Any:
    """The largest of absolute values; 0 of none."""
    nothing = 0 in [x.shape[axis] for axis in axes]
    return (sum_ if nothing else amax)(x, axes, keepdims)


@in_single
def matrix_norm(x: Any, ord: Any = "fro", axis: Any = (-2, -1), keepdims: bool = False) -> Any:
    """Norm of matrices.

    Args:
        ord: ``"fro"`` (root of the sum of squares), ``"nuc"`` (sum of singular values), 2 and −2
            (largest, smallest singular value), 1 and −1 (largest, smallest sum of a column's
            absolute values), inf and −inf (of a row's).
        axis: the rows' and the columns' axis.

    Raises:
        ValueError: for an unknown ord, or axes that are not two.
    """
    x = as_floats(array_like("norm", x))
    axes = arguments.axes("norm", axis, len(x.shape))
    if len(axes) != 2:
        raise ValueError(f"norm: a matrix norm needs two axes, got axis={axis} for {x.shape}")
    keepdims = arguments.boolean("norm", "keepdims", keepdims)
    if not isinstance(ord, (str, int, float, np.number)):
        ord = shown(ord)  # names no norm
    if isinstance(ord, str) and ord == "fro":
        return _euclidean(x, axes, keepdims)
    x = moveaxis(x, axes, (-2, -1))
    if not isinstance(ord, bool) and ord in (1, -1, math.inf, -math.inf):
        sums = sum_(absolute(x), -2 if abs(ord) == 1 else -1)
    elif not isinstance(ord, bool) and ord in ("nuc", 2, -2):
        sums = svdvals(x)
    else:
        raise ValueError(
            f"norm: ord must be 'fro', 'nuc', 1, -1, 2, -2, inf or -inf for matrices, got {shown(ord)}"
        )
    if isinstance(ord, str):
        result = sum_(sums, -1)
    else:
        result = _largest(sums, (-1,)) if ord > 0 else amin(sums, -1)
    return expand_dims(result, tuple(sorted(axes))) if keepdims else result


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """Norm of vectors or matrices, as ``numpy.linalg.norm``; its gradient at zero is 0.

    Args:
        ord: see ``vector_norm`` and ``matrix_norm``; None for the root of the sum of squares.
        axis: one axis for vectors, two for matrices; None: all axes when ``ord`` is None, else x
            itself must be a vector or a matrix.

    Raises:
        ValueError: for an unknown ord or the wrong number of axes.
    """
    x = array_like("norm", x)
    if ord is None and axis is None:
        return vector_norm(x, 2, None, keepdims)
    axes = arguments.axes("norm", axis, len(x.shape))
    if len(axes) == 1 or not x.shape:
        return vector_norm(x, 2 if ord is None else ord, axes, keepdims)
    if len(axes) == 2:
        return matrix_norm(x, "fro" if ord is None else ord, axes, keepdims)
    raise ValueError(
        f"norm: needs one axis (vectors) or two (matrices), got axis={axis} for shape {x.shape}"
    )
