"""Products that contract axes: matmul, einsum, and what NumPy builds on them."""

from __future__ import annotations

import functools
import math
import string
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import arguments
from autograd.arguments.arrays import array_like, broadcast_shape
from autograd.arguments.half import HALF, in_single, rounded, single
from autograd.arguments.limits import check_bytes
from autograd.core.primitive import primitive
from autograd.in_place import last_view
from autograd.kernels.threads import matmul as matmul_kernel
from autograd.kernels.threads import prepare_matmul
from autograd.ops.linalg.diagonals import diagonal
from autograd.ops.reductions import sum as sum_
from autograd.ops.reductions import sum_to
from autograd.ops.shapes import expand_dims, moveaxis, ravel, reshape, stack, swapaxes, transpose
from autograd.prepared import prepares

__all__ = [
    "cross",
    "dot",
    "einsum",
    "inner",
    "kron",
    "matmul",
    "outer",
    "tensordot",
    "vdot",
    "vecdot",
]


# Matrix products ----------------------------------------------------------------------------------


@primitive
def matmul(x: Any, y: Any) -> Any:
    """Matrix product over the last two axes; leading axes broadcast, as in ``numpy.matmul``.

    Args:
        x: shape (..., n, k), or (k,).
        y: shape (..., k, m), or (k,).

    Returns:
        Shape (..., n, m), without n where x is 1-d and without m where y is.

    Raises:
        ValueError: naming both shapes, if they do not fit.

    Example:
        >>> import autograd as ag
        >>> ag.matmul(ag.tensor([[1.0, 2.0], [3.0, 4.0]]), ag.tensor([1.0, 1.0]))
        Tensor([3., 7.])
    """
    if not (type(x) is type(y) is np.ndarray and x.dtype.kind == y.dtype.kind == "f"):
        x, y = array_like("matmul: x", x, y), array_like("matmul: y", y, x)
    if x.ndim == 2 and y.ndim == 2 and x.shape[1] == y.shape[0]:
        return matmul_kernel(x, y)
    _check_matmul(x.shape, y.shape)
    return matmul_kernel(x, y)


def _check_matmul(x: tuple[int, ...], y: tuple[int, ...]) -> None:
    if not x or not y:
        raise ValueError(
            f"matmul: shapes {x} and {y}: both need at least one axis; multiply by numbers with *"
        )
    length = y[0] if len(y) == 1 else y[-2]
    if x[-1] != length:
        raise ValueError(
            f"matmul: shapes {x} and {y} do not fit: x has {x[-1]} columns, y has {length} rows"
        )
    broadcast_shape("matmul", x[:-2], y[:-2])


def _matmul_x(g: Any, y: Any, x_shape: tuple[int, ...]) -> Any:
    """g · yᵀ"""
    if len(x_shape) == 2 and y.ndim == 2:
        return matmul(g, transpose(y))
    if y.ndim == 1:
        y = expand_dims(y, 1)
        g = expand_dims(g, -1)
    if len(x_shape) == 1:
        g = expand_dims(g, -2)
    if len(x_shape) <= 2 < y.ndim:  # one matrix for the whole batch: a single product
        return reshape(matmul(_side_by_side(g), transpose(_side_by_side(y))), x_shape)
    return sum_to(matmul(g, swapaxes(y, -1, -2)), x_shape)


def _matmul_y(g: Any, x: Any, y_shape: tuple[int, ...]) -> Any:
    """xᵀ · g"""
    if x.ndim == 2 and len(y_shape) == 2:
        return matmul(transpose(x), g)
    if len(y_shape) == 1:
        g = expand_dims(g, -1)
    if x.ndim == 1:
        x = expand_dims(x, 0)
        g = expand_dims(g, -2)
    if len(y_shape) <= 2:  # one matrix for the whole batch: a single product
        rows = reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))
        return reshape(matmul(transpose(rows), reshape(g, (rows.shape[0], g.shape[-1]))), y_shape)
    return sum_to(matmul(swapaxes(x, -1, -2), g), y_shape)


def _side_by_side(x: Any) -> Any:
    """A batch of matrices (..., n, k) as one matrix (n, … · k)."""
    rows = moveaxis(x, -2, 0)
    return reshape(rows, (rows.shape[0], math.prod(rows.shape[1:])))


matmul.gradients(x=_matmul_x, y=_matmul_y)

prepares(matmul.primitive.forward)(prepare_matmul)


@prepares(_matmul_x)
def _prepare_matmul_x(g: Any, y: Any, x_shape: tuple[int, ...]) -> Any:
    if not 2 <= len(x_shape) == y.ndim or not x_shape[:-2] == y.shape[:-2] == g.shape[:-2]:
        return None  # vectors, and batches that are summed over
    product = prepare_matmul(g, y.swapaxes(-1, -2))
    return product and (lambda g, y, x_shape: product(g, y.swapaxes(-1, -2)))


@prepares(_matmul_y)
def _prepare_matmul_y(g: Any, x: Any, y_shape: tuple[int, ...]) -> Any:
    if not 2 <= len(y_shape) == x.ndim or not y_shape[:-2] == x.shape[:-2] == g.shape[:-2]:
        return None
    product = prepare_matmul(x.swapaxes(-1, -2), g)
    return product and (lambda g, x, y_shape: product(x.swapaxes(-1, -2), g))


# einsum -------------------------------------------------------------------------------------------


@primitive(name="einsum")
def _einsum(*xs: Any, subscripts: str) -> Any:
    """A sum of products in which every label of an operand is in the result or in another."""
    labels, out = _split(subscripts)
    if len(xs) == 1:
        return xs[0].transpose([labels[0].index(c) for c in out])
    if all(x.dtype == HALF for x in xs):
        return rounded(_einsum.primitive.forward(*single(xs), subscripts=subscripts))
    if len(xs) > 2:
        return _in_turns(xs, labels, out)
    return _contract(xs[0], labels[0], xs[1], labels[1], out)


def _einsum_slope(g: Any, xs: Any, subscripts: str, i: int) -> Any:
    """The same sum of products with g in place of operand i, whose labels become the result's."""
    labels, out = _split(subscripts)
    operands = [x for k, x in enumerate(xs) if k != i]
    inputs = ",".join([out, *(s for k, s in enumerate(labels) if k != i)])
    return _einsum(g, *operands, subscripts=f"{inputs}->{labels[i]}")


_einsum.gradients(xs=_einsum_slope)


def _split(subscripts: str) -> tuple[list[str], str]:
    inputs, out = subscripts.split("->")
    return inputs.split(","), out


def _contract(x: Any, x_labels: str, y: Any, y_labels: str, out: str) -> Any:
    """Two operands, as a batch of matrix products: batch · rows · contracted · columns."""
    batch = [c for c in x_labels if c in y_labels and c in out]
    shared = [c for c in x_labels if c in y_labels and c not in out]
    rows = [c for c in x_labels if c not in y_labels]
    columns = [c for c in y_labels if c not in x_labels]
    x = x.transpose([x_labels.index(c) for c in (*batch, *rows, *shared)])
    y = y.transpose([y_labels.index(c) for c in (*batch, *shared, *columns)])
    n, b = len(rows), len(batch)
    order = (*batch, *rows, *columns)
    if not shared:  # elementwise along the batch: no matrix product
        left = x.reshape(x.shape + (1,) * len(columns))
        right = y.reshape(y.shape[:b] + (1,) * n + y.shape[b:])
        product = left * right
    else:
        front, inner = x.shape[:b], math.prod(x.shape[b + n :])
        height, width = x.shape[b : b + n], y.shape[b + len(shared) :]
        product = matmul_kernel(
            x.reshape(*front, math.prod(height), inner), y.reshape(*front, inner, math.prod(width))
        ).reshape(front + height + width)
    return product.transpose([order.index(c) for c in out])


def _in_turns(xs: Sequence[Any], labels: list[str], out: str) -> Any:
    """More than two operands, two at a time in the order that costs least."""
    pending = list(zip(xs, labels, strict=True))
    for pair in _path(",".join(labels) + "->" + out, tuple([x.shape for x in xs])):
        x, y = (pending[k] for k in pair)
        pending = [p for k, p in enumerate(pending) if k not in pair]
        needed = set(out).union(*[s for _, s in pending])
        kept = "".join(dict.fromkeys(c for c in x[1] + y[1] if c in needed))
        pending.append((_contract(*x, *y, kept), kept))
    result, result_labels = pending[0]
    return result.transpose([result_labels.index(c) for c in out])


@functools.lru_cache(maxsize=256)
def _path(subscripts: str, shapes: tuple[tuple[int, ...], ...]) -> list[tuple[int, ...]]:
    # NumPy's planner knows ASCII letters only; ours go on beyond them for the axes of "...".
    used = [c for c in dict.fromkeys(subscripts) if c not in ",->"]
    if len(used) > len(string.ascii_letters):
        return [(0, 1)] * (len(shapes) - 1)
    letters = string.ascii_letters[: len(used)]
    subscripts = subscripts.translate(str.maketrans("".join(used), letters))
    stand_ins = [np.broadcast_to(np.float32(0), shape) for shape in shapes]
    path = np.einsum_path(subscripts, *stand_ins, optimize=("greedy", 0))[0][1:]
    if any(len(step) != 2 for step in path):  # it found nothing better than all at once
        return [(0, 1)] * (len(shapes) - 1)
    return path


def einsum(subscripts: str, *operands: Any) -> Any:
    """Sum of products in Einstein's notation, as ``numpy.einsum``.

    Args:
        subscripts: such as ``"ij,jk->ik"``. Labels that repeat within an operand mean its
            diagonal, labels missing in the result are summed over; ``...`` stands for leading
            axes that broadcast. Without ``->`` the result has the labels that occur once,
            in alphabetical order.
        operands: one tensor or array for each comma-separated part.

    Raises:
        TypeError: if ``subscripts`` is no string.
        ValueError: for subscripts that are malformed or do not fit the shapes.

    Example:
        >>> import autograd as ag
        >>> ag.einsum("ii->", ag.tensor([[1.0, 2.0], [3.0, 4.0]])).item()
        5.0
    """
    if not isinstance(subscripts, str):
        raise TypeError(
            f"einsum: subscripts must be a string such as 'ij,jk->ik', got "
            f"{type(subscripts).__name__}"
        )
    arrays = [
        x if hasattr(x, "_node") else np.asarray(array_like(f"einsum: operands[{k}]", x, *operands))
        for k, x in enumerate(operands)
    ]
    inputs, out = _parse(subscripts, [x.shape for x in arrays])
    sizes = _sizes(subscripts, inputs, arrays)
    plain = [_without_repeats(x, s, sizes) for x, s in zip(arrays, inputs, strict=True)]
    labels = [s for _, s in plain]
    for k, (x, own) in enumerate(plain):
        others = set(out).union(*labels[:k], *labels[k + 1 :])
        plain[k] = _without_lonely(x, own, others)
    subscripts = ",".join(s for _, s in plain) + "->" + out
    return _einsum(*[x for x, _ in plain], subscripts=subscripts)


def _parse(subscripts: str, shapes: list[tuple[int, ...]]) -> tuple[list[str], str]:
    """Labels of every operand and of the result, with ``...`` written out in free letters."""
    said = arguments.shown(subscripts)
    text = subscripts.replace(" ", "")
    left, arrow, right = text.partition("->")
    inputs = left.split(",")
    if len(inputs) != len(shapes):
        raise ValueError(f"einsum: {said} names {len(inputs)} operands, got {len(shapes)}")
    for part in (*inputs, right):
        bare = part.replace("...", "", 1)
        if not all("a" <= c.lower() <= "z" for c in bare):
            raise ValueError(f"einsum: {said} may hold letters, commas, '...' and one '->' only")
    free = [c for c in map(chr, range(0x100, 0x400)) if c.isalpha()]
    extra = 0
    for k, (part, shape) in enumerate(zip(inputs, shapes, strict=True)):
        leading = len(shape) - len(part.replace("...", ""))
        if leading < 0 or (leading and "..." not in part):
            raise ValueError(
                f"einsum: {said} gives operand {k} the labels {arguments.shown(part)}, "
                f"but it has shape {shape}"
            )
        if "..." in part:
            extra = max(extra, leading)
            # Right-aligned, as broadcasting is: the last free letters are the last axes.
            inputs[k] = part.replace("...", "".join(reversed(free[:leading])))
    broadcast = "".join(reversed(free[:extra]))
    if arrow:
        if "..." not in right and extra and "..." in left:
            raise ValueError(f"einsum: {said}: the axes of '...' must be in the result, too")
        out = right.replace("...", broadcast)
    else:
        every = left.replace(",", "").replace("...", "")
        out = broadcast + "".join(sorted(c for c in set(every) if every.count(c) == 1))
    for c in out:
        if out.count(c) > 1 or not any(c in part for part in inputs):
            why = "twice in the result" if out.count(c) > 1 else "in the result only"
            raise ValueError(f"einsum: {said} has the label {c!r} {why}")
    return inputs, out


def _sizes(subscripts: str, inputs: list[str], arrays: list[Any]) -> dict[str, int]:
    """Length of every label's axis; sizes of 1 broadcast."""
    sizes: dict[str, int] = {}
    for labels, x in zip(inputs, arrays, strict=True):
        own: dict[str, int] = {}
        for c, n in zip(labels, x.shape, strict=True):
            if sizes.setdefault(c, n) != n or own.setdefault(c, n) != n:
                if (sizes[c] != 1 and n != 1) or own.get(c, n) != n:
                    raise ValueError(
                        f"einsum: {arguments.shown(subscripts)}: the axes labelled {c!r} have sizes "
                        f"{sizes[c]} and {n}"
                    )
                sizes[c] = n if sizes[c] == 1 else sizes[c]
    return sizes


def _without_repeats(x: Any, labels: str, sizes: dict[str, int]) -> tuple[Any, str]:
    """Drop axes of size 1 that broadcast; take the diagonal where a label repeats."""
    shape = x.shape
    kept = [k for k, c in enumerate(labels) if not (shape[k] == 1 and sizes[c] != 1)]
    if len(kept) < len(labels):
        x = reshape(x, tuple([shape[k] for k in kept]))
        labels = "".join(labels[k] for k in kept)
    for c in dict.fromkeys(labels):
        while labels.count(c) > 1:
            first = labels.index(c)
            second = labels.index(c, first + 1)
            x = diagonal(x, 0, first, second)
            labels = labels[:first] + labels[first + 1 : second] + labels[second + 1 :] + c
    return x, labels


def _without_lonely(x: Any, labels: str, others: set[str]) -> tuple[Any, str]:
    """Sum over the labels that neither the result nor another operand has."""
    gone = tuple(k for k, c in enumerate(labels) if c not in others)
    if not gone:
        return x, labels
    return sum_(x, gone), "".join(c for c in labels if c in others)


# Products after NumPy -----------------------------------------------------------------------------


def dot(a: Any, b: Any) -> Any:
    """NumPy's dot: a matrix product; of numbers the product; else over a's last and b's
    second-to-last axis (b's only one, if it is a vector).

    Raises:
        ValueError: naming both shapes, if they do not fit.
    """
    a, b = array_like("dot: a", a, b), array_like("dot: b", b, a)
    if not a.shape or not b.shape:
        return a * b
    if len(a.shape) <= 2 and len(b.shape) <= 2:
        return matmul(a, b)
    return tensordot(a, b, (len(a.shape) - 1, max(len(b.shape) - 2, 0)))


def inner(a: Any, b: Any) -> Any:
    """Sum of products over the last axes; of numbers the product."""
    a, b = array_like("inner: a", a, b), array_like("inner: b", b, a)
    if not a.shape or not b.shape:
        return a * b
    return tensordot(a, b, (-1, -1))


def vdot(a: Any, b: Any) -> Any:
    """Sum of products of all elements, both ravelled."""
    return matmul(ravel(array_like("vdot: a", a, b)), ravel(array_like("vdot: b", b, a)))


def outer(a: Any, b: Any) -> Any:
    """Every element of a times every element of b, both ravelled: a matrix."""
    a, b = ravel(array_like("outer: a", a, b)), ravel(array_like("outer: b", b, a))
    check_bytes("outer", (a.shape[0], b.shape[0]), np.result_type(a.dtype, b.dtype))
    return expand_dims(a, 1) * expand_dims(b, 0)


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Sum of products over pairs of axes, as one matrix product.

    Args:
        axes: how many of a's last and b's first axes; or a pair (a's axes, b's axes).

    Raises:
        ValueError: if the axes differ in number or in length.

    Example:
        >>> import autograd as ag
        >>> ag.tensordot(ag.ones((2, 3, 4)), ag.ones((4, 3)), ([1, 2], [1, 0])).shape
        (2,)
    """
    a, b = array_like("tensordot: a", a, b), array_like("tensordot: b", b, a)
    a_axes, b_axes = _paired_axes(a.shape, b.shape, axes)
    sizes = [(a.shape[i], b.shape[j]) for i, j in zip(a_axes, b_axes, strict=True)]
    for (m, n), i, j in zip(sizes, a_axes, b_axes, strict=True):
        if m != n:
            raise ValueError(
                f"tensordot: axis {i} of a has size {m}, axis {j} of b has {n} "
                f"(shapes {a.shape} and {b.shape})"
            )
    a_free = [k for k in range(len(a.shape)) if k not in a_axes]
    b_free = [k for k in range(len(b.shape)) if k not in b_axes]
    count = math.prod([n for n, _ in sizes])
    height, width = [a.shape[k] for k in a_free], [b.shape[k] for k in b_free]
    left = reshape(transpose(a, (*a_free, *a_axes)), (math.prod(height), count))
    right = reshape(transpose(b, (*b_axes, *b_free)), (count, math.prod(width)))
    return last_view(reshape, matmul(left, right), (*height, *width))


def _paired_axes(
    a: tuple[int, ...], b: tuple[int, ...], axes: Any
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    who = "tensordot"
    if arguments.is_integer(axes):
        n = arguments.integer(who, "axes", axes, 0)
        if n > len(a) or n > len(b):
            raise ValueError(f"{who}: axes={n} are more than shapes {a} and {b} have in common")
        return tuple(range(len(a) - n, len(a))), tuple(range(n))
    if not isinstance(axes, (tuple, list)) or len(axes) != 2:
        raise TypeError(
            f"{who}: axes must be an integer or a pair (a's, b's), got {arguments.shown(axes)}"
        )
    a_axes = arguments.axes(who, axes[0], len(a), "axes[0]")
    b_axes = arguments.axes(who, axes[1], len(b), "axes[1]")
    if len(a_axes) != len(b_axes):
        raise ValueError(f"{who}: axes={axes} differ in length")
    return a_axes, b_axes


def kron(a: Any, b: Any) -> Any:
    """Kronecker product: b repeated in blocks, each times one element of a."""
    a, b = array_like("kron: a", a, b), array_like("kron: b", b, a)
    ndim = max(len(a.shape), len(b.shape))
    a = reshape(a, (1,) * (ndim - len(a.shape)) + a.shape)
    b = reshape(b, (1,) * (ndim - len(b.shape)) + b.shape)
    shape = tuple([m * n for m, n in zip(a.shape, b.shape, strict=True)])
    check_bytes("kron", shape, np.result_type(a.dtype, b.dtype))
    odd, even = tuple(range(1, 2 * ndim, 2)), tuple(range(0, 2 * ndim, 2))
    return reshape(expand_dims(a, odd) * expand_dims(b, even), shape)


@in_single
def vecdot(a: Any, b: Any, axis: Any = -1) -> Any:
    """Sum of products along one axis; the others broadcast.

    Raises:
        ValueError: if the shapes do not broadcast.
    """
    a, b = array_like("vecdot: a", a, b), array_like("vecdot: b", b, a)
    shape = broadcast_shape("vecdot", a.shape, b.shape)
    return sum_(a * b, arguments.axis("vecdot", axis, len(shape)))


@in_single
def cross(
    a: Any, b: Any, axisa: Any = -1, axisb: Any = -1, axisc: Any = -1, axis: Any = None
) -> Any:
    """Cross product of vectors in space, or of vectors in the plane (the third component).

    Args:
        axisa, axisb: the vectors' axis in a and in b, of length 2 or 3.
        axisc: their axis in the result.
        axis: all three at once.

    Raises:
        ValueError: for vectors of another length, or shapes that do not broadcast.
    """
    a, b = array_like("cross: a", a, b), array_like("cross: b", b, a)
    if axis is not None:
        axisa = axisb = axisc = axis
    a = moveaxis(a, arguments.axis("cross", axisa, len(a.shape), "axisa"), 0)
    b = moveaxis(b, arguments.axis("cross", axisb, len(b.shape), "axisb"), 0)
    if a.shape[0] not in (2, 3) or b.shape[0] not in (2, 3):
        raise ValueError(
            f"cross: vectors must have 2 or 3 components, got {a.shape[0]} and {b.shape[0]}"
        )
    broadcast_shape("cross", a.shape[1:], b.shape[1:])
    x, y = [[v[k] for k in range(v.shape[0])] for v in (a, b)]
    third = x[0] * y[1] - x[1] * y[0]
    if len(x) == 2 and len(y) == 2:
        return third
    x, y = [v if len(v) == 3 else [*v, 0.0] for v in (x, y)]
    parts = [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], third]
    return moveaxis(stack(parts), 0, arguments.axis("cross", axisc, len(third.shape) + 1, "axisc"))
