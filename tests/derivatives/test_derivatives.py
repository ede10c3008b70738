"""Every public function and module: its derivatives up to the stated order, and none left out."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F
from autograd._names import WHERE
from autograd.func import gradcheck, gradgradcheck
from tests.derivatives.cases import NOT_ARRAY_FUNCTIONS, NOT_LAYERS, TABLES, Case
from tests.derivatives.reference import OUTPUT, reference_text

ALL = [
    pytest.param(case, id=f"{table}.{name}")
    for table, cases in TABLES.items()
    for name, case in cases.items()
]


def tensors(case: Case) -> list[ag.Tensor]:
    return [ag.tensor(x, dtype=np.float64, requires_grad=True) for x in case.inputs]


@pytest.mark.parametrize("case", ALL)
def test_derivatives(case: Case) -> None:
    inputs = tensors(case)
    out = case.function(*inputs)
    if case.order == 0:
        outs = out if isinstance(out, (tuple, list)) else [out]
        assert not any(getattr(o, "requires_grad", False) and inputs for o in outs)
        return
    gradcheck(case.function, *inputs)
    if case.order > 1:
        # Differences of differences lose digits with every order.
        atol = 1e-5 if case.order == 2 else 1e-4
        gradgradcheck(case.function, *inputs, order=case.order, atol=atol)


def test_no_public_function_is_left_out() -> None:
    assert set(WHERE) - NOT_ARRAY_FUNCTIONS == set(TABLES["autograd"])
    assert set(ag.linalg.__all__) - {"LinAlgError"} == set(TABLES["autograd.linalg"])
    functions = {n for n in F.__all__ if inspect.isfunction(getattr(F, n))}
    assert functions == set(TABLES["nn.functional"])
    layers = {n for n in dir(nn) if n[0].isupper() and isinstance(getattr(nn, n), type)}
    lazy = {n for n in layers if n.startswith("Lazy")}  # at the first call they become the others
    assert layers - lazy - NOT_LAYERS == set(TABLES["nn"])


def test_reference_is_fresh() -> None:
    text = OUTPUT.read_text(encoding="utf-8")
    assert text == reference_text(), "run python -m tests.derivatives.reference"
