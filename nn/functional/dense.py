"""Linear and bilinear maps, and looking up rows of a table."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd import Tensor, arguments
from nn.functional.inputs import floating, floats

__all__ = ["bilinear", "embedding", "linear", "one_hot"]


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """input · weightᵀ + bias.

    Args:
        input: shape (..., I).
        weight: shape (O, I), or (I,), which gives one number and no axis for it.
        bias: shape (O,), or (); or None.

    Returns:
        Shape (..., O).

    Raises:
        ValueError: naming the shapes that do not fit; TypeError: for data that are no floats.

    Example:
        >>> import autograd, nn.functional as F
        >>> F.linear(autograd.tensor([1.0, 2.0]), autograd.tensor([[3.0, 4.0]])).tolist()
        [11.0]
    """
    if getattr(weight, "ndim", 2) == 1:
        input, weight, bias = floats("linear", input=input, weight=weight, bias=bias)
        bias = None if bias is None else autograd.reshape(bias, (-1,))
        return autograd.squeeze(autograd.linear(input, autograd.expand_dims(weight, 0), bias), -1)
    return autograd.linear(input, weight, bias)


@arguments.in_single
def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Any:
    """input1ᵀ · weight[o] · input2 + bias[o], for every output o.

    Args:
        input1: shape (..., I₁); input2: shape (..., I₂), the same leading axes.
        weight: shape (O, I₁, I₂).
        bias: shape (O,), or None.

    Returns:
        Shape (..., O).

    Raises:
        ValueError: naming the shapes that do not fit.
    """
    who = "bilinear"
    weight = floating(who, weight, "weight", input1, input2, bias)
    if bias is not None:
        bias = floating(who, bias, "bias", input1, input2, weight)
    input1, input2, weight, bias = floats(
        who, input1=input1, input2=input2, weight=weight, bias=bias
    )
    fits = (
        len(weight.shape) == 3
        and input1.shape
        and input2.shape
        and (input1.shape[-1], input2.shape[-1]) == tuple(weight.shape[1:])
        and input1.shape[:-1] == input2.shape[:-1]
    )
    if not fits:
        raise ValueError(
            f"{who}: inputs (..., I₁) and (..., I₂) and the weight (O, I₁, I₂) do not fit "
            f"together, got {input1.shape}, {input2.shape} and {weight.shape}"
        )
    y = autograd.einsum("...i,oij,...j->...o", input1, weight, input2)
    if bias is None:
        return y
    if bias.shape != weight.shape[:1]:
        raise ValueError(f"{who}: bias must have shape {weight.shape[:1]}, got {bias.shape}")
    return y + bias


def say_dense(who: str) -> None:
    """Warn that ``sparse=True`` changes nothing; Python shows it once for each line that says it."""
    arguments.warn(
        f"{who}: sparse=True changes nothing here: the gradient is dense, with zeros in the rows "
        "that were not looked up"
    )


def embedding(
    input: Any,
    weight: Any,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Any:
    """Rows of a table.

    Args:
        input: integers of any shape, from 0 to the number of rows − 1.
        weight: the table, shape (rows, width).
        padding_idx: a row that gets no gradient; negative ones count from the end.
        max_norm: rows that are looked up and longer than this are first shortened in place.
        norm_type: the p of the norm that ``max_norm`` speaks of. Default 2.
        scale_grad_by_freq: divide a row's gradient by how often it occurs here.
        sparse: taken for PyTorch's sake; gradients are dense all the same, which a warning says.

    Returns:
        Shape (*input.shape, width).

    Raises:
        IndexError: for an index that is no row; TypeError: for indices that are no integers.

    Example:
        >>> import autograd, nn.functional as F
        >>> F.embedding([1, 0], autograd.tensor([[1.0], [2.0]])).tolist()
        [[2.0], [1.0]]
    """
    return looked_up(
        "embedding", input, weight, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse
    )


def looked_up(
    who: str,
    input: Any,
    weight: Any,
    padding_idx: Any,
    max_norm: Any,
    norm_type: Any,
    scale_grad_by_freq: Any,
    sparse: Any = False,
) -> Any:
    """`embedding`, under the name of the function that was called."""
    index = arguments.integer_array(who, "input", input)
    weight = floating(who, weight, "weight")
    if len(weight.shape) != 2:
        raise ValueError(f"{who}: weight must have shape (rows, width), got {weight.shape}")
    rows = weight.shape[0]
    autograd.func.each_time(_check_rows, who, input, rows)
    if arguments.boolean(who, "sparse", sparse):
        say_dense(who)
    padding = None
    if padding_idx is not None:
        padding = arguments.axis(who, padding_idx, rows, "padding_idx")
    arguments.real(who, "norm_type", norm_type)
    counted = arguments.boolean(who, "scale_grad_by_freq", scale_grad_by_freq)
    if max_norm is None and not counted:
        index = arguments.passed_on(input, index)
    if max_norm is not None:
        _shorten(who, weight, index, max_norm, norm_type)
    shares = None
    if counted:
        shares = 1.0 / np.maximum(np.bincount(index.ravel(), minlength=rows), 1)
    if padding is not None:
        shares = np.ones(rows) if shares is None else shares
        shares[padding] = 0.0
    found = autograd.getitem(weight, index)
    if shares is None or not isinstance(found, Tensor) or not found.requires_grad:
        return found
    # A 0 that carries part of the gradient is added to the rows, whose values stay what they are.
    part = autograd.as_tensor(shares[index][..., None].astype(weight.dtype))
    rows_found = found.detach()
    with np.errstate(invalid="ignore"):
        nothing = found - rows_found
    if not np.isfinite(rows_found.data).all():  # ∞ − ∞ is no 0
        nothing = autograd.where(autograd.isfinite(rows_found), nothing, 0.0)
    return rows_found + nothing * part


def _check_rows(who: str, input: Any, rows: int) -> None:
    index = arguments.integer_array(who, "input", input)
    if index.size and not (0 <= index.min() and index.max() < rows):
        wrong = index[(index < 0) | (index >= rows)].flat[0]
        raise IndexError(f"{who}: index {wrong} is not one of the {rows} rows 0…{rows - 1}")


def _shorten(who: str, weight: Any, index: Any, max_norm: Any, norm_type: Any) -> None:
    """Scale the rows that are looked up down to ``max_norm``, in place."""
    limit = arguments.real(who, "max_norm", max_norm)
    p = arguments.real(who, "norm_type", norm_type)
    if not isinstance(weight, Tensor):
        raise TypeError(f"{who}: with max_norm, weight must be a Tensor, for it is written into")
    chosen = np.unique(index)
    with autograd.no_grad(), autograd.writable(weight) as table:
        norms = np.linalg.norm(arguments.single(table[chosen]), p, axis=1)
        long = norms > limit
        table[chosen[long]] *= (limit / (norms[long] + 1e-7))[:, None]


def one_hot(tensor: Any, num_classes: int = -1) -> Tensor:
    """1 at the class, 0 elsewhere, along a new last axis.

    Args:
        tensor: integer classes from 0, any shape.
        num_classes: length of the new axis; −1 (the default) for the largest class + 1.

    Returns:
        int64 tensor of shape (*tensor.shape, num_classes).

    Raises:
        IndexError: for a class beyond ``num_classes`` or below 0; TypeError: for no integers.

    Example:
        >>> import nn.functional as F
        >>> F.one_hot([0, 2]).tolist()
        [[1, 0, 0], [0, 0, 1]]
    """
    who = "one_hot"
    classes = arguments.integer_array(who, "tensor", tensor)
    count = arguments.integer(who, "num_classes", num_classes, -1)
    if count == -1:
        if not classes.size:
            raise ValueError(f"{who}: of no classes at all, give num_classes")
        count = int(classes.max()) + 1
    elif count == 0:
        raise ValueError(f"{who}: num_classes must be positive, or −1 to count, got 0")
    if classes.size and not (0 <= classes.min() and classes.max() < count):
        wrong = classes[(classes < 0) | (classes >= count)].flat[0]
        raise IndexError(f"{who}: class {wrong} is not one of the {count} classes 0…{count - 1}")
    try:
        if isinstance(
            tensor, Tensor
        ):  # as operations, so that who listens sees where it comes from
            spread = autograd.broadcast_to(
                autograd.expand_dims(tensor.detach(), -1), (*classes.shape, count)
            )
            places = spread == np.arange(count)
            return autograd.astype(places, np.int64)
        result = autograd.zeros(*classes.shape, count, dtype=np.int64)
    except ValueError as error:
        raise ValueError(f"{who}: num_classes={count} is too large: {error}") from None
    with autograd.writable(result) as array:
        np.put_along_axis(array, classes[..., None].astype(np.intp), 1, axis=-1)
    return result
