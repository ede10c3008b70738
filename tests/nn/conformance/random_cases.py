"""Random cases, each a test of its own, so that one that fails hides no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

#: What a family's function draws from a generator for ``n`` axes: PyTorch's function, ours, the
#: arrays and what the case is; or None where there is nothing to compare.
Draw = Callable[[Any, np.random.Generator, int], "tuple[Any, Any, list[Any], Any] | None"]


def pick(rng, *choices):
    """One of the choices."""
    return choices[rng.integers(len(choices))]


def per_axis(rng, n, *choices):
    """One for all axes, or one each."""
    if rng.random() < 0.5:
        return pick(rng, *choices)
    return tuple(pick(rng, *choices) for _ in range(n))


def each(counts: dict[str, dict[int, int]]) -> Any:
    """Parameters ``name, n, seed`` for so many cases of each function and number of axes."""
    listed = [
        pytest.param(name, n, seed, id=f"{name}-{n}d-{seed}")
        for name, by_rank in counts.items()
        for n, count in by_rank.items()
        for seed in range(count)
    ]
    return pytest.mark.parametrize(("name", "n", "seed"), listed)


def draw_one(draw: Draw, torch: Any, n: int, seed: int) -> Any:
    """The case of a seed."""
    return draw(torch, np.random.default_rng((20, n, seed)), n)


def refusals(draw: Draw, torch: Any, n: int, count: int) -> tuple[int, int]:
    """How many of the cases PyTorch refuses, and how many there are."""
    refused = total = 0
    for seed in range(count):
        case = draw_one(draw, torch, n, seed)
        if case is None:
            continue
        total += 1
        try:
            case[0](*map(torch.tensor, case[2]))
        except (RuntimeError, ValueError, TypeError, IndexError, NotImplementedError):
            refused += 1
    return refused, total
