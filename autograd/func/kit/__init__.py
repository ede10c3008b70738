"""Conformance cases for any implementation: forward and backward functions of plain NumPy.

    from autograd.func import kit

    report = kit.check({"relu": (lambda x: np.maximum(x, 0), lambda g, x: g * (x > 0))})

On the command line, ``python -m autograd.func.kit --template my_ops.py`` writes stubs to fill in,
and ``python -m autograd.func.kit my_ops.py`` judges them. Nothing of the implementation has to be
ours, and not all of it has to be there: what is missing is listed as not given.
"""

from autograd.func.kit.cases import Case, all_cases, oracle
from autograd.func.kit.checking import Mistake, OperationReport, Report, check
from autograd.func.kit.operations import OPERATIONS, Operation
from autograd.func.kit.template import template

__all__ = [
    "OPERATIONS",
    "Case",
    "Mistake",
    "Operation",
    "OperationReport",
    "Report",
    "all_cases",
    "check",
    "oracle",
    "template",
]
