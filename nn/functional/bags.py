"""Bags of embeddings: rows of a table, summed, averaged or compared within each bag."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd import arguments
from nn.functional.dense import looked_up, say_dense
from nn.functional.inputs import floating

__all__ = ["embedding_bag"]


@arguments.in_single
def embedding_bag(
    input: Any,
    weight: Any,
    offsets: Any = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Any = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Any:
    """Rows of a table, made one row for each bag of indices; of an empty bag, zeros.

    Args:
        input: integers: (B, N), a bag in each row; or (L,), cut into bags by ``offsets``.
        weight: the table, shape (rows, width).
        offsets: for one axis of input, where each bag begins: (B,), ascending, the first 0.
        max_norm, norm_type, scale_grad_by_freq, sparse: as for `embedding`.
        mode: ``"mean"``, ``"sum"`` or ``"max"``; of equal rows the first has the gradient.
        per_sample_weights: factors of input's shape, with ``mode="sum"``.
        include_last_offset: the last of the offsets is L, where the last bag ends.
        padding_idx: a row that counts in no bag.

    Returns:
        Shape (B, width).

    Raises:
        ValueError: for shapes or offsets that do not fit; IndexError: for an index that is no row.

    Example:
        >>> import autograd, nn.functional as F
        >>> F.embedding_bag([0, 1, 1], autograd.tensor([[1.0], [3.0]]), [0, 2]).tolist()
        [[2.0], [3.0]]
    """
    who = "embedding_bag"
    arguments.choice(who, "mode", mode, ("mean", "sum", "max"))
    index = arguments.integer_array(who, "input", input)
    weight = floating(who, weight, "weight", per_sample_weights)
    if len(weight.shape) != 2:
        raise ValueError(f"{who}: weight must have shape (rows, width), got {weight.shape}")
    if arguments.boolean(who, "sparse", sparse):
        say_dense(who)
    bags, count = _bags(who, index, offsets, include_last_offset)
    if per_sample_weights is not None:
        per_sample_weights = floating(who, per_sample_weights, "per_sample_weights", weight)
        if mode != "sum" or per_sample_weights.shape != index.shape:
            raise ValueError(
                f"{who}: per_sample_weights must have the shape of the input {index.shape}, and go "
                f"with mode='sum'; got shape {per_sample_weights.shape} and mode={mode!r}"
            )
        per_sample_weights = autograd.reshape(per_sample_weights, (-1, 1))
    index = index.ravel()
    if padding_idx is not None:
        counted = index != arguments.axis(who, padding_idx, weight.shape[0], "padding_idx")
        index, bags = index[counted], bags[counted]
        if per_sample_weights is not None:
            per_sample_weights = autograd.getitem(per_sample_weights, counted)
    rows = looked_up(who, index, weight, None, max_norm, norm_type, scale_grad_by_freq)
    if per_sample_weights is not None:
        rows = rows * per_sample_weights
    if mode == "max":
        return _largest(rows, bags, count)
    total = autograd.add_at(np.zeros((count, weight.shape[1]), weight.dtype), bags, rows)
    if mode == "sum":
        return total
    sizes = np.maximum(np.bincount(bags, minlength=count), 1)
    return total / sizes[:, None].astype(weight.dtype)


def _bags(who: str, index: Any, offsets: Any, include_last: Any) -> tuple[Any, int]:
    """The bag that each index is in, and how many bags there are."""
    include_last = arguments.boolean(who, "include_last_offset", include_last)
    if len(index.shape) == 2:
        if offsets is not None:
            raise ValueError(
                f"{who}: rows of the input {index.shape} are the bags; offsets must be None"
            )
        return np.repeat(np.arange(index.shape[0]), index.shape[1]), index.shape[0]
    if len(index.shape) != 1:
        raise ValueError(f"{who}: input must have one or two axes, got shape {index.shape}")
    if offsets is None:
        raise ValueError(f"{who}: an input of one axis needs offsets, where each bag begins")
    starts = arguments.integer_array(who, "offsets", offsets)
    ends = len(index)
    if len(starts.shape) != 1 or not starts.size or starts[0] != 0 or (
        np.diff(starts) < 0
    ).any() or starts[-1] > ends or (include_last and starts[-1] != ends):  # fmt: skip
        raise ValueError(
            f"{who}: offsets must ascend from 0 to at most {ends}, the number of indices"
            f"{', which is the last of them' if include_last else ''}; got {arguments.shown(starts.tolist())}"
        )
    starts = starts[:-1] if include_last else starts
    sizes = np.diff(np.append(starts, ends))
    return np.repeat(np.arange(len(starts)), sizes), len(starts)


def _largest(rows: Any, bags: Any, count: int) -> Any:
    """The largest of every column within a bag, the first of equal ones."""
    values = np.asarray(getattr(rows, "detach", lambda: rows)())
    first = np.zeros((count, values.shape[1]), np.intp)
    for bag in np.unique(bags):
        inside = np.flatnonzero(bags == bag)
        first[bag] = inside[np.argmax(values[inside], axis=0)]
    filled = np.bincount(bags, minlength=count)[:, None] > 0
    if not values.shape[0]:
        return np.zeros((count, values.shape[1]), values.dtype) + autograd.sum(rows)
    found = autograd.getitem(rows, (first, np.arange(values.shape[1])))
    return autograd.where(filled, found, 0.0)
