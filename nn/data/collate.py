"""Samples joined into batches."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd import Tensor, arguments

__all__ = ["collate", "to_tensors"]


def collate(samples: list[Any]) -> Any:
    """Samples of one structure, joined: arrays stacked along a new first axis.

    Args:
        samples: arrays, tensors, numbers or texts, or tuples, lists and dicts of such.

    Returns:
        The structure of a sample, with arrays (numbers become one, texts a list) in their places.

    Raises:
        ValueError: if arrays differ in shape, or structures in length or keys.
        TypeError: for anything else.

    Example:
        >>> import nn, numpy as np
        >>> nn.data.collate([(np.zeros(2), 1, "a"), (np.ones(2), 2, "b")])
        (array([[0., 0.],
               [1., 1.]]), array([1, 2]), ['a', 'b'])
    """
    samples = arguments.elements("collate", "samples", samples)
    if not samples:
        raise ValueError("collate: there are no samples")
    first = samples[0]
    if isinstance(first, Tensor):
        samples = [sample.detach().data for sample in samples]
        first = samples[0]
    if isinstance(first, np.ndarray):
        shapes = {np.shape(sample) for sample in samples}
        if len(shapes) > 1:
            listed = " and ".join(map(str, sorted(shapes)[:2]))
            raise ValueError(f"collate: samples of shapes {listed} do not make one array")
        return np.stack(samples)
    if isinstance(first, (bool, int, float, np.generic)):
        if not all(isinstance(sample, (bool, int, float, np.generic)) for sample in samples):
            raise ValueError("collate: not every sample has a number in this place")
        return np.array(samples)
    if isinstance(first, (str, bytes)):
        return list(samples)
    if isinstance(first, dict):
        if any(not isinstance(s, dict) or s.keys() != first.keys() for s in samples):
            raise ValueError(f"collate: not every sample has the keys {', '.join(map(str, first))}")
        return {key: collate([sample[key] for sample in samples]) for key in first}
    if isinstance(first, (tuple, list)):
        if any(len(sample) != len(first) for sample in samples):
            raise ValueError(f"collate: not every sample has {len(first)} parts")
        parts = [collate(list(part)) for part in zip(*samples, strict=True)]
        if isinstance(first, list):
            return parts
        return type(first)(*parts) if hasattr(first, "_fields") else tuple(parts)
    raise TypeError(
        f"collate: a sample holds a {type(first).__name__}; arrays, numbers, texts, tuples, lists "
        "and dicts can be joined. Give DataLoader(collate_fn=…) for others"
    )


def to_tensors(batch: Any) -> Any:
    """The batch with tensors in the places of its arrays; they share memory."""
    if isinstance(batch, np.ndarray) and batch.dtype.kind in "fiub":
        return autograd.as_tensor(batch)
    if isinstance(batch, dict):
        return {key: to_tensors(value) for key, value in batch.items()}
    if isinstance(batch, tuple):
        parts = [to_tensors(value) for value in batch]
        return type(batch)(*parts) if hasattr(batch, "_fields") else tuple(parts)
    if isinstance(batch, list) and batch and not isinstance(batch[0], (str, bytes)):
        return [to_tensors(value) for value in batch]
    return batch
