"""Padding with a constant or with what is there, and cropping by negative widths."""

from __future__ import annotations

from typing import Any

import autograd
from autograd import arguments
from nn.functional.inputs import numbers

__all__ = ["pad"]

MODES = ("constant", "reflect", "replicate", "circular")


def pad(input: Any, pad: Any, mode: str = "constant", value: float | None = None) -> Any:
    """Put cells around the last axes, or take them away where a width is negative.

    Args:
        input: floats of any shape.
        pad: widths (before, after) of the last axis, then of the one before it, and so on.
        mode: ``"constant"``; ``"reflect"`` (mirrored at the border cell, widths below the size),
            ``"replicate"`` (the border cell), or ``"circular"`` (from the other end, widths up to
            the size). Negative widths crop; with ``"circular"`` first.
        value: the constant. Default 0.

    Returns:
        The padded tensor.

    Raises:
        ValueError: for widths that are too many, too large or that take more than there is.

    Example:
        >>> import autograd, nn.functional as F
        >>> F.pad(autograd.tensor([1.0, 2.0, 3.0]), (2, -1), mode="reflect").tolist()
        [3.0, 2.0, 1.0, 2.0]
    """
    who = "pad"
    input = numbers(who, input)
    arguments.choice(who, "mode", mode, MODES)
    pairs = _pairs(who, input.shape, pad)
    if mode == "constant":
        return autograd.pad_constant(input, pairs, 0.0 if value is None else value, who=who)
    if value is not None and not _is_zero(value):
        raise ValueError(
            f"{who}: value belongs to mode 'constant', got {arguments.shown(value)} for {mode!r}"
        )
    if mode == "circular" and any(width < 0 for pair in pairs for width in pair):
        limits = tuple(zip(input.shape, pairs, strict=True))
        if any(size + min(a, 0) + min(b, 0) < 1 for size, (a, b) in limits):
            raise ValueError(f"{who}: pad {tuple(pad)} leaves nothing of the input {input.shape}")
        input = autograd.pad_constant(input, [(min(a, 0), min(b, 0)) for a, b in pairs], who=who)
        pairs = [(max(a, 0), max(b, 0)) for a, b in pairs]
    return autograd.pad_index(input, pairs, mode, who=who)


def _is_zero(value: Any) -> bool:
    """True for the number 0, which is what the other modes may be given as a value."""
    return arguments.is_real(value) and not isinstance(value, autograd.Tensor) and value == 0


def _pairs(who: str, shape: tuple[int, ...], pad: Any) -> list[tuple[int, int]]:
    """A pair of widths for every axis, first axis first."""
    if hasattr(pad, "tolist"):
        pad = pad.tolist()
    if not isinstance(pad, (tuple, list)):
        raise TypeError(f"{who}: pad must be a tuple of integers, got {arguments.shown(pad)}")
    if len(pad) % 2 or len(pad) > 2 * len(shape):
        raise ValueError(
            f"{who}: pad must hold two widths for each of at most {len(shape)} axes of the input "
            f"{shape}, got {len(pad)}: {arguments.shown(tuple(pad))}"
        )
    widths = [arguments.integer(who, f"pad[{k}]", width, None) for k, width in enumerate(pad)]
    given = [(widths[k], widths[k + 1]) for k in range(0, len(widths), 2)]
    return [(0, 0)] * (len(shape) - len(given)) + given[::-1]
