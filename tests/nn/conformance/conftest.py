"""Side by side with PyTorch, in float64: values, gradients, gradients of gradients, refusals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import autograd

REFUSALS = (ValueError, TypeError, IndexError, RuntimeError)


class Comparison:
    """Runs a function of both libraries on the same numbers and compares all that comes out."""

    def __init__(self, torch: Any) -> None:
        self.torch = torch
        self.cases = 0
        self.refused = 0

    def __call__(
        self,
        theirs: Callable[..., Any],
        ours: Callable[..., Any],
        arrays: Sequence[np.ndarray],
        *,
        order: int = 2,
        rtol: float = 1e-9,
        atol: float = 1e-10,
        label: Any = "",
    ) -> None:
        """Compare up to the given order of derivatives.

        Args:
            theirs, ours: functions of tensors, giving a tensor or several; integer outputs are
                compared but have no gradient.
            arrays: float64 arrays.
            label: what the case is, for the message.

        Where PyTorch raises, ours must raise one of the four kinds of error.
        """
        torch = self.torch
        self.cases += 1
        x = [torch.tensor(a, requires_grad=True) for a in arrays]
        t = [autograd.tensor(a, requires_grad=True) for a in arrays]
        try:
            wanted = theirs(*x)
        except (RuntimeError, ValueError, TypeError, IndexError, NotImplementedError):
            self.refused += 1
            try:
                result = ours(*t)
            except REFUSALS as error:
                assert str(error), label
                return
            raise AssertionError(
                f"{label}: PyTorch refuses, we give {getattr(result, 'shape', result)}"
            ) from None
        got = ours(*t)
        wanted = wanted if isinstance(wanted, tuple) else (wanted,)
        got = got if isinstance(got, tuple) else (got,)
        tolerance = {"rtol": rtol, "atol": atol}
        for w, o in zip(wanted, got, strict=True):
            assert tuple(w.shape) == o.shape, f"{label}: shape {o.shape}, PyTorch {tuple(w.shape)}"
            _close(o.numpy() if not o.requires_grad else o.data, w, f"{label}: value", tolerance)
        floats = [k for k, w in enumerate(wanted) if w.is_floating_point() and w.requires_grad]
        if order and floats:
            self._gradients(
                [wanted[k] for k in floats], [got[k] for k in floats], x, t, order, label, tolerance
            )

    def _gradients(self, wanted, got, x, t, order, label, tolerance):
        torch, rng = self.torch, np.random.default_rng(self.cases)
        for level in range(1, order + 1):
            incoming = [rng.standard_normal(tuple(w.shape)) for w in wanted]
            g = [torch.tensor(i, requires_grad=True) for i in incoming]
            h = [autograd.tensor(i, requires_grad=True) for i in incoming]
            more = level < order
            theirs = torch.autograd.grad(
                wanted, x, g, create_graph=more, retain_graph=True, allow_unused=True
            )
            ours = autograd.grad(
                tuple(got), tuple(t), tuple(h), create_graph=more, retain_graph=True,
                allow_unused=True,
            )  # fmt: skip
            pairs = []
            for k, (w, o) in enumerate(zip(theirs, ours, strict=True)):
                value = np.zeros(t[k].shape) if o is None else o.data
                target = torch.zeros_like(x[k]) if w is None else w
                _close(value, target, f"{label}: order {level}, input {k}", tolerance)
                if w is not None and o is not None and w.requires_grad and o.requires_grad:
                    pairs.append((w, o))
            if not pairs:
                break
            wanted, got = [p[0] for p in pairs], [p[1] for p in pairs]
            x, t = [*x, *g], [*t, *h]


def _close(value: Any, wanted: Any, label: str, tolerance: dict[str, float]) -> None:
    value, wanted = np.asarray(value), wanted.detach().numpy(force=True)
    np.testing.assert_allclose(value, wanted, err_msg=label, equal_nan=True, **tolerance)


@pytest.fixture
def compare(torch):
    """The comparison; see ``Comparison``."""
    return Comparison(torch)


@pytest.fixture
def rng():
    return np.random.default_rng(20)
