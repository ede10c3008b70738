"""Losses that are negative log-likelihoods: of numbers, of counts, of sequences."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd
from autograd import Tensor, arguments
from nn.functional.inputs import float_dtype, floating, floats, is_learnt, reduced, reduction_name
from nn.functional.recurrent import pieces

__all__ = ["ctc_loss", "gaussian_nll_loss", "poisson_nll_loss"]

#: Stands for log 0: far below every sum of log-probabilities, and differences stay finite.
_IMPOSSIBLE = -1e30


@arguments.in_single
def gaussian_nll_loss(
    input: Any,
    target: Any,
    var: Any,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Any:
    """½(log σ² + (x − y)²/σ²), the negative log-likelihood of y under a normal distribution.

    Source: Nix & Weigend, "Estimating the mean and variance of the target probability
    distribution", 1994.

    Args:
        input: means, floats of any shape.
        target: what was observed, broadcasting with it.
        var: σ², of the input's shape, without its last axis, with one axis of size 1, or a number.
        full: add ½ log 2π. Default False.
        eps: variances below it count as it; their gradient is taken there. Default 1e-6.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: for negative variances, or shapes that do not fit.

    Example:
        >>> import autograd, nn.functional as F
        >>> F.gaussian_nll_loss(autograd.tensor([1.0]), autograd.tensor([3.0]), 1.0).item()
        2.0
    """
    who = "gaussian_nll_loss"
    reduction = reduction_name(who, None, None, reduction)
    least = arguments.real(who, "eps", eps, 0.0, open_low=True)
    input, target = floats(who, "target", input=input, target=target)
    if isinstance(var, (int, float)):
        var = np.full(input.shape, arguments.real(who, "var", var, 0.0), float_dtype(input))
    var = floating(who, var, "var", input)
    shape = input.shape
    if var.shape == shape[:-1] and shape:
        var = autograd.expand_dims(var, -1)
    narrow = [m for n, m in zip(shape, var.shape, strict=False) if n != m]
    if len(var.shape) != len(shape) or narrow not in ([], [1]):
        raise ValueError(
            f"{who}: var must have the input's shape {shape}, or lack its last axis, or have one "
            f"axis of size 1; got {var.shape}"
        )
    _check_broadcast(who, input, target)
    values = np.asarray(var.detach().numpy() if isinstance(var, Tensor) else var)
    if (values < 0).any():
        raise ValueError(f"{who}: var must not be negative, got {values.min()}")
    missing = np.maximum(least - values, 0.0).astype(values.dtype)
    var = var + missing if missing.any() else var
    losses = 0.5 * (autograd.log(var) + autograd.square(input - target) / var)
    if arguments.boolean(who, "full", full):
        losses = losses + 0.5 * math.log(2.0 * math.pi)
    return reduced(losses, reduction)


@arguments.in_single
def poisson_nll_loss(
    input: Any,
    target: Any,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """exp(x) − y·x, the negative log-likelihood of counts y with the logarithm x of their rate.

    Args:
        input: x, floats of any shape; with ``log_input=False`` the rate itself, and the loss is
            x − y·log(x + eps).
        target: y, broadcasting with it.
        log_input: see above. Default True.
        full: add log y! by Stirling's formula, for y above 1. Default False.
        eps: see above. Default 1e-8.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        size_average, reduce: PyTorch's former names of the reduction; leave them None.

    Raises:
        ValueError: for shapes that do not broadcast.
    """
    who = "poisson_nll_loss"
    reduction = reduction_name(who, size_average, reduce, reduction)
    small = arguments.real(who, "eps", eps, 0.0)
    input, target = floats(who, "target", input=input, target=target)
    _check_broadcast(who, input, target)
    if arguments.boolean(who, "log_input", log_input):
        losses = autograd.exp(input) - target * input
    else:
        losses = input - target * autograd.log(input + small)
    if arguments.boolean(who, "full", full):
        above = autograd.greater(target, 1.0)
        y = autograd.where(above, target, 1.0)
        stirling = y * autograd.log(y) - y + 0.5 * autograd.log(2.0 * math.pi * y)
        losses = losses + autograd.where(above, stirling, 0.0)
    return reduced(losses, reduction)


def _check_broadcast(who: str, input: Any, target: Any) -> None:
    try:
        np.broadcast_shapes(input.shape, target.shape)
    except ValueError:
        raise ValueError(
            f"{who}: input {input.shape} and target {target.shape} do not broadcast together"
        ) from None


# Sequences without alignment ----------------------------------------------------------------------


@arguments.in_single
def ctc_loss(
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Any:
    """−log of the probability of a sequence, summed over all its alignments with the input.

    An alignment has a class at every time; repetitions are merged, then blanks left out. The sum
    over the paths goes forwards in time, in logarithms; its gradient is the true one (PyTorch's
    differs by a term that `log_softmax` takes away).

    Source: Graves et al., "Connectionist temporal classification", 2006.

    Args:
        log_probs: log-probabilities, shape (T, N, C), or (T, C) without a batch.
        targets: classes but the blank, integers of shape (N, S), padded with anything; or all
            targets one after the other; (S,) without a batch.
        input_lengths, target_lengths: N integers each; how much of each sequence counts.
        blank: the class that stands for nothing. Default 0.
        reduction: ``"mean"`` (each divided by its target's length first), ``"sum"``, ``"none"``.
        zero_infinity: targets that no alignment fits give 0 instead of inf. They give no gradient
            either way. Default False.

    Raises:
        IndexError: for a target that is no class; ValueError: for shapes or lengths that do not
            fit.

    Example:
        >>> import autograd, nn.functional as F
        >>> even = autograd.log(autograd.full((2, 1, 2), 0.5))
        >>> round(F.ctc_loss(even, [[1]], [2], [1]).item(), 4)  # -log 3/4: 01, 10, 11
        0.2877
    """
    who = "ctc_loss"
    reduction = reduction_name(who, None, None, reduction)
    zero_infinity = arguments.boolean(who, "zero_infinity", zero_infinity)
    x = floating(who, log_probs, "log_probs")
    if len(x.shape) not in (2, 3):
        raise ValueError(f"{who}: log_probs must have shape (T, N, C) or (T, C), got {x.shape}")
    batched = len(x.shape) == 3
    x = x if batched else autograd.expand_dims(x, 1)
    time, batch, count = x.shape
    blank = arguments.integer(who, "blank", blank, 0)
    if blank >= count:
        raise ValueError(f"{who}: blank={blank} is not one of the {count} classes")
    times = _lengths(who, "input_lengths", input_lengths, batch, time)
    sizes = _lengths(who, "target_lengths", target_lengths, batch, None)
    labels = _labels(who, targets, sizes, count, blank, batched)
    losses = -_log_likelihood(x, labels, times, sizes, blank)
    possible = np.asarray(losses.detach().numpy() if isinstance(losses, Tensor) else losses)
    possible = possible < -0.1 * _IMPOSSIBLE
    losses = autograd.where(possible, losses, 0.0 if zero_infinity else np.inf)
    if reduction == "mean":
        return autograd.mean(losses / np.maximum(sizes, 1).astype(float_dtype(x)))
    losses = losses if batched else autograd.squeeze(losses, 0)
    return reduced(losses, reduction)


def _log_likelihood(x: Any, labels: Any, times: Any, sizes: Any, blank: int) -> Any:
    """log p of each sequence; the states are its labels with blanks around each."""
    time, batch, _ = x.shape
    states = np.full((batch, 2 * labels.shape[1] + 1), blank)
    states[:, 1::2] = labels
    # Two different labels may follow each other without a blank between.
    skip = np.zeros(states.shape, bool)
    skip[:, 3::2] = labels[:, 1:] != labels[:, :-1]
    values = np.asarray(x.detach().numpy() if isinstance(x, Tensor) else x)
    x = autograd.where(values < _IMPOSSIBLE, _IMPOSSIBLE, x)
    rows = np.arange(batch)[:, None]
    emitted = autograd.getitem(x, (slice(None), rows, states))
    reached: Any = np.full(states.shape, _IMPOSSIBLE, float_dtype(x))
    reached[:, 0] = 0.0  # before the first step, so that it leads to the first two states
    edge = np.full((batch, 2), _IMPOSSIBLE, float_dtype(x))
    for t, here in enumerate(pieces(emitted, np.ones(time, int)) if time else []):
        wide = autograd.concatenate([edge, reached], axis=1)
        n = states.shape[1]
        jumped = autograd.where(skip, autograd.getitem(wide, (slice(None), slice(n))), _IMPOSSIBLE)
        moved = autograd.getitem(wide, (slice(None), slice(1, n + 1)))
        total = autograd.logsumexp(autograd.stack([reached, moved, jumped]), 0)
        new = total + autograd.squeeze(here, 0)
        ongoing = (t < times)[:, None]
        reached = new if ongoing.all() else autograd.where(ongoing, new, reached)
    ends = autograd.getitem(reached, (rows[:, 0], 2 * sizes))
    before = autograd.getitem(reached, (rows[:, 0], np.maximum(2 * sizes - 1, 0)))
    return autograd.where(sizes > 0, autograd.logaddexp(ends, before), ends)


def _lengths(who: str, name: str, value: Any, batch: int, most: int | None) -> Any:
    if is_learnt(value):
        raise RuntimeError(f"{who}: {name} are integers, and can have no gradient")
    lengths = arguments.integer_array(who, name, value).reshape(-1)
    if lengths.shape != (batch,) or (lengths < 0).any():
        raise ValueError(f"{who}: {name} must be {batch} integers from 0, got {lengths.shape}")
    if most is not None and (lengths > most).any():
        raise ValueError(f"{who}: {name} must be at most T={most}, got {lengths.max()}")
    return lengths.astype(np.intp)


def _labels(
    who: str, targets: Any, sizes: Any, count: int, blank: int, batched: bool
) -> np.ndarray[Any, Any]:
    """Shape (N, longest), with blanks behind each sequence's end."""
    given = arguments.integer_array(who, "targets", targets)
    most = int(sizes.max(initial=0))
    if given.ndim == 1:
        flat = int(sizes.sum())
        if given.size < flat or (batched and given.size != flat):
            raise ValueError(
                f"{who}: targets of shape {given.shape} are one after the other, but "
                f"target_lengths add up to {flat}"
            )
        starts = np.cumsum(sizes) - sizes
        given = np.append(given, np.full(most, blank))
        given = given[starts[:, None] + np.arange(most)]
    elif given.ndim != 2 or given.shape[0] != len(sizes) or given.shape[1] < most:
        raise ValueError(
            f"{who}: targets must have shape ({len(sizes)}, S), S at least the longest target's "
            f"{most}, or be one after the other; got {given.shape}"
        )
    labels = np.where(np.arange(most) < sizes[:, None], given[:, :most], blank)
    wrong = labels[(labels < 0) | (labels >= count)]
    if wrong.size:
        raise IndexError(f"{who}: target {wrong[0]} is not one of the {count} classes")
    if (labels == blank).sum() != (most - sizes).sum():
        raise ValueError(f"{who}: targets must not contain the blank, {blank}")
    return labels
