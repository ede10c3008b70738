"""What is computed in float64 is not rounded to float32 on the way."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd as ag
from autograd.debug import operations
from tests.derivatives.cases import TABLES, Case


def _rounded(noted: operations) -> list[str]:
    """The operations that meet numbers of float32, other than halves: 0, 1/2 and 1 are exact."""
    found = []
    for operation in noted:
        values = [v.array for v in (*operation.inputs, *operation.outputs) if v is not None]
        single = [a for a in values if getattr(a, "dtype", None) == np.float32]
        if any(np.any(2 * a != np.round(2 * a)) for a in single):
            dtypes = [str(getattr(a, "dtype", type(a).__name__)) for a in values]
            found.append(f"{operation.name}: {', '.join(dtypes)}")
    return found


def _derivatives(case: Case) -> None:
    """The function, its gradients, and theirs."""
    inputs = [ag.tensor(x, dtype=np.float64, requires_grad=True) for x in case.inputs]
    out: Any = case.function(*inputs)
    for _ in range(min(case.order, 2)):
        outs = out if isinstance(out, (tuple, list)) else [out]
        outs = [o for o in outs if getattr(o, "requires_grad", False)]
        if not outs:
            return
        out = ag.grad(
            outs,
            inputs,
            [ag.ones_like(o) * 0.3 for o in outs],
            create_graph=True,
            allow_unused=True,
        )


def test_no_operation_of_derivatives_in_float64_meets_float32() -> None:
    found = {}
    for table, cases in TABLES.items():
        for name, case in cases.items():
            with operations() as noted:
                _derivatives(case)
            if case.order and (said := _rounded(noted)):
                found[f"{table}.{name}"] = said
    assert not found
