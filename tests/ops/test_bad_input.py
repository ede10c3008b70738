"""Whatever comes in, errors are ours: of four kinds, and in words that name the function."""

import importlib
import inspect

import numpy as np
import pytest

import autograd as ag

FAMILIES = ["reductions", "shapes", "indexing", "gathering", "products", "linalg.diagonals", "sorting",
            "cumulative", "split_and_stack", "statistics", "special", "elementwise",
            "transcendental", "insert_and_delete", "sampled_functions"]  # fmt: skip

BAD = [7, True, 1.5, "a", None, 2**40, 2**62, -(2**63), [], (), (0, "a"), {}, object(), 1j,
       [[1], [1, 2]], np.array(["a"]), np.zeros((2, 0, 3)), slice(None)]  # fmt: skip

#: How NumPy and Python begin when they complain about their own insides.
FOREIGN = ("ufunc", "operands could not", "setting an array", "unsupported operand", "only ",
           "The DType", "could not convert", "float() argument", "bad operand", "numpy boolean",
           "The truth value", "object of type", "cannot reshape")  # fmt: skip

FUNCTIONS = [
    pytest.param(getattr(module, name), id=name)
    for family in FAMILIES
    for module in [importlib.import_module(f"autograd.ops.{family}")]
    for name in module.__all__
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("function", FUNCTIONS)
def test_errors_are_ours(function):
    parameters = [
        p for p in inspect.signature(function).parameters.values() if p.kind is not p.VAR_KEYWORD
    ]
    first = ["ij,jk"] if function is ag.einsum else [np.ones((2, 3)), ag.tensor(np.ones((2, 3)))]
    calls = [(bad,) for bad in BAD]
    if len(parameters) > 1:
        calls += [(a, bad) for a in first for bad in BAD]
    for arguments in calls:
        try:
            function(*arguments)
        except (ValueError, TypeError, IndexError, RuntimeError) as error:
            text = str(error)
            if "positional argument" in text:  # Python's, about the call itself
                continue
            head, colon, rest = text.partition(": ")
            assert colon, (arguments, text)
            assert not head.startswith(FOREIGN) and not rest.startswith(FOREIGN), (arguments, text)
