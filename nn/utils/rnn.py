"""Sequences of different lengths: padded to one length, or packed without padding.

Packed, all first steps lie before all second steps, and so on; ``batch_sizes[t]`` says how many
sequences are longer than t. A recurrent layer then computes no step that belongs to no sequence.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

import autograd
from autograd import Tensor, arguments
from nn.functional.inputs import floating

__all__ = [
    "PackedSequence",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpad_sequence",
]


class PackedSequence(NamedTuple):
    """Sequences of different lengths without padding, longest first.

    Attributes:
        data: all steps, first ones first, shape (sum of the lengths, ...).
        batch_sizes: how many sequences are longer than t, for every t; int64.
        sorted_indices: where the k-th longest sequence stood in the batch; None: where it stands.
        unsorted_indices: the inverse of that.

    Example:
        >>> import autograd
        >>> from nn.utils.rnn import pack_sequence
        >>> pack_sequence([autograd.tensor([1.0, 2.0]), autograd.tensor([3.0])]).data.tolist()
        [1.0, 3.0, 2.0]
    """

    data: Any
    batch_sizes: Any
    sorted_indices: Any = None
    unsorted_indices: Any = None


def lengths_of(batch_sizes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The length of every sequence, longest first."""
    return (batch_sizes[:, None] > np.arange(batch_sizes[0])).sum(0)


def check_packed(who: str, sequence: Any) -> tuple[Any, np.ndarray[Any, Any]]:
    """The data and the batch sizes of a packed sequence, after a look at them."""
    data = arguments.array_like(f"{who}: data", sequence.data)
    sizes = arguments.integer_array(who, "batch_sizes", sequence.batch_sizes)
    if (
        sizes.ndim != 1
        or not sizes.size
        or sizes[-1] < 1
        or (np.diff(sizes) > 0).any()
        or not data.shape
        or int(sizes.sum()) != data.shape[0]
    ):
        raise ValueError(
            f"{who}: batch_sizes must be positive, never grow and add up to the {data.shape[:1]} "
            f"rows of data, got {sizes.tolist() if sizes.size < 20 else sizes.shape}"
        )
    return data, sizes


def _places(sizes: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The time and the sequence that each packed row comes from."""
    times = np.repeat(np.arange(len(sizes)), sizes)
    starts = np.cumsum(sizes) - sizes
    return times, np.arange(int(sizes.sum())) - np.repeat(starts, sizes)


def pack_padded_sequence(
    input: Any, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Packs padded sequences: what lies beyond each one's length is left out.

    Args:
        input: shape (T, N, ...), or (N, T, ...) with ``batch_first``.
        lengths: N integers from 1 to T.
        batch_first: which of the two axes comes first. Default False.
        enforce_sorted: whether the sequences must come longest first; else they are sorted, and
            a recurrent layer's states stay in the order given. Default True.

    Raises:
        ValueError: for lengths that do not fit the input, or that are not sorted.

    Example:
        >>> import autograd
        >>> from nn.utils.rnn import pack_padded_sequence
        >>> packed = pack_padded_sequence(autograd.ones(3, 2, 4), [3, 1])
        >>> packed.data.shape, packed.batch_sizes.tolist()
        ((4, 4), [2, 1, 1])
    """
    who = "pack_padded_sequence"
    x = arguments.array_like(f"{who}: input", input)
    if len(x.shape) < 2:
        raise ValueError(f"{who}: input must have an axis of time and of batch, got {x.shape}")
    if arguments.boolean(who, "batch_first", batch_first):
        x = autograd.swapaxes(x, 0, 1)
    long = arguments.integer_array(who, "lengths", lengths)
    time, batch = x.shape[:2]
    if long.shape != (batch,) or not batch or long.min() < 1 or long.max() > time:
        raise ValueError(
            f"{who}: lengths must be {batch} integers from 1 to {time}, for an input of {time} "
            f"steps and {batch} sequences; got {long.tolist() if long.size < 20 else long.shape}"
        )
    order = None
    if not arguments.boolean(who, "enforce_sorted", enforce_sorted):
        order = np.argsort(-long, kind="stable")
        long = long[order]
    elif (np.diff(long) > 0).any():
        raise ValueError(
            f"{who}: lengths must be sorted, longest first, or enforce_sorted=False be given; "
            f"got {long.tolist() if long.size < 20 else 'others'}"
        )
    sizes = (long > np.arange(long[0])[:, None]).sum(1)
    times, rows = _places(sizes)
    data = autograd.getitem(x, (times, rows if order is None else order[rows]))
    if order is None:
        return PackedSequence(data, autograd.as_tensor(sizes))
    inverse = np.argsort(order)
    return PackedSequence(data, *map(autograd.as_tensor, (sizes, order, inverse)))


def pad_packed_sequence(
    sequence: PackedSequence,
    batch_first: bool = False,
    padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[Any, Tensor]:
    """The reverse of `pack_padded_sequence`: padded sequences in the order given, and lengths.

    Args:
        sequence: a packed sequence.
        batch_first: (N, T, ...) instead of (T, N, ...). Default False.
        padding_value: stands beyond each sequence's end. Default 0.
        total_length: T; at least the longest one's length, which is the default.

    Raises:
        TypeError: unless it is a packed sequence; ValueError: for a ``total_length`` too small.
    """
    who = "pad_packed_sequence"
    if not isinstance(sequence, PackedSequence):
        raise TypeError(f"{who}: sequence must be a PackedSequence, got {type(sequence).__name__}")
    data, sizes = check_packed(who, sequence)
    value = arguments.real(who, "padding_value", padding_value)
    first = arguments.boolean(who, "batch_first", batch_first)
    time = len(sizes)
    if total_length is not None:
        time = arguments.integer(who, "total_length", total_length)
        if time < len(sizes):
            raise ValueError(
                f"{who}: total_length={time} is shorter than the longest sequence, {len(sizes)}"
            )
    shape = (time, int(sizes[0]), *data.shape[1:])
    try:
        empty = autograd.full(shape, value, dtype=data.dtype)
    except ValueError as error:
        raise ValueError(f"{who}: total_length={time} is too large: {error}") from None
    padded = autograd.set_at(empty, _places(sizes), data)
    lengths = lengths_of(sizes)
    if sequence.unsorted_indices is not None:
        back = arguments.integer_array(who, "unsorted_indices", sequence.unsorted_indices)
        padded, lengths = autograd.take(padded, back, axis=1), lengths[back]
    return (autograd.swapaxes(padded, 0, 1) if first else padded), autograd.as_tensor(lengths)


def pad_sequence(
    sequences: Any,
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Any:
    """Sequences side by side, padded to the length of the longest.

    Args:
        sequences: a list of tensors, shapes (Tₖ, ...) with equal axes but the first.
        batch_first: the result has shape (N, T, ...) instead of (T, N, ...). Default False.
        padding_value: stands beyond each sequence's end. Default 0.
        padding_side: ``"right"``, or ``"left"`` to pad before the beginnings.

    Raises:
        ValueError: for no sequences, or shapes that differ in other axes.

    Example:
        >>> import autograd
        >>> from nn.utils.rnn import pad_sequence
        >>> pad_sequence([autograd.ones(2), autograd.ones(1)], batch_first=True).tolist()
        [[1.0, 1.0], [1.0, 0.0]]
    """
    who = "pad_sequence"
    given = _sequences(who, sequences)
    value = arguments.real(who, "padding_value", padding_value)
    first = arguments.boolean(who, "batch_first", batch_first)
    left = arguments.choice(who, "padding_side", padding_side, ("left", "right")) == "left"
    time = max(x.shape[0] for x in given)
    padded = []
    for x in given:
        missing = time - x.shape[0]
        if missing:
            filler = np.full((missing, *x.shape[1:]), value, x.dtype)
            x = autograd.concatenate([filler, x] if left else [x, filler])
        padded.append(x)
    return autograd.stack(padded, axis=0 if first else 1)


def _sequences(who: str, sequences: Any) -> list[Any]:
    if isinstance(sequences, Tensor):
        sequences = autograd.unstack(sequences)
    if not isinstance(sequences, (list, tuple)) or not len(sequences):
        raise TypeError(f"{who}: sequences must be a list of at least one tensor")
    given = [arguments.array_like(f"{who}: sequences[{k}]", x) for k, x in enumerate(sequences)]
    for k, x in enumerate(given):
        if not x.shape or x.shape[1:] != given[0].shape[1:]:
            raise ValueError(
                f"{who}: sequences must have shapes that are equal but for the first axis, got "
                f"{given[0].shape} and, at {k}, {x.shape}"
            )
    return given


def pack_sequence(sequences: Any, enforce_sorted: bool = True) -> PackedSequence:
    """Packs a list of sequences, longest first unless ``enforce_sorted=False``.

    The arguments are those of `pad_sequence` and `pack_padded_sequence`.
    """
    lengths = [x.shape[0] for x in _sequences("pack_sequence", sequences)]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpad_sequence(padded_sequences: Any, lengths: Any, batch_first: bool = False) -> list[Any]:
    """The reverse of `pad_sequence`: a list of the sequences, each of its own length.

    Args:
        padded_sequences: shape (T, N, ...), or (N, T, ...) with ``batch_first``.
        lengths: N integers from 0 to T.
        batch_first: which of the two axes comes first. Default False.

    Raises:
        ValueError: for lengths that do not fit.
    """
    who = "unpad_sequence"
    x = floating(who, padded_sequences, "padded_sequences")
    if len(x.shape) < 2:
        raise ValueError(f"{who}: padded_sequences must be (T, N, ...), got {x.shape}")
    if not arguments.boolean(who, "batch_first", batch_first):
        x = autograd.swapaxes(x, 0, 1)
    long = arguments.integer_array(who, "lengths", lengths)
    if long.shape != x.shape[:1] or (long < 0).any() or (long > x.shape[1]).any():
        raise ValueError(
            f"{who}: lengths must be {x.shape[0]} integers from 0 to {x.shape[1]}, got {long.shape}"
        )
    return [autograd.getitem(x, (k, slice(int(n)))) for k, n in enumerate(long)]
