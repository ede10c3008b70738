"""Linear algebra: ``autograd.linalg.solve``, ``inv``, ``det``, ``cholesky``, norms and others.

The names and arguments are those of ``numpy.linalg``, whose functions also accept tensors and come
out here. Each works on stacks of matrices and has derivatives of every order.
"""

from __future__ import annotations

from typing import Any

from numpy.linalg import LinAlgError

from autograd.ops.linalg.decompositions import (
    cholesky,
    det,
    eigh,
    eigvalsh,
    inv,
    matrix_power,
    qr,
    slogdet,
    solve,
    svd,
    svdvals,
)
from autograd.ops.linalg.diagonals import diagonal as _diagonal
from autograd.ops.linalg.diagonals import trace as _trace
from autograd.ops.linalg.least_squares import (
    cond,
    lstsq,
    multi_dot,
    tensorinv,
    tensorsolve,
)
from autograd.ops.linalg.norms import matrix_norm, norm, vector_norm
from autograd.ops.linalg.triangular import solve_triangular
from autograd.ops.products import cross, matmul, outer, tensordot, vecdot
from autograd.ops.split_and_stack import matrix_transpose
from autograd.spelling import readings as _readings
from autograd.spelling.blame import blaming as _blaming
from autograd.spelling.keywords import spelled as _spelled
from autograd.spelling.matrices import matrix_exp, matrix_rank, pinv

__all__ = [
    "LinAlgError",
    "cholesky",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eigh",
    "eigvalsh",
    "inv",
    "lstsq",
    "matmul",
    "matrix_exp",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "multi_dot",
    "norm",
    "outer",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "solve_triangular",
    "svd",
    "svdvals",
    "tensordot",
    "tensorinv",
    "tensorsolve",
    "trace",
    "vecdot",
    "vector_norm",
]


def diagonal(x: Any, *, offset: int = 0, axis1: int = -2, axis2: int = -1) -> Any:
    """The diagonals of matrices, which lie in the last two axes, as a last axis (a view).

    ``autograd.diagonal`` differs in what it does without axes: it takes the first two.
    """
    return _diagonal(x, offset, axis1, axis2)


def trace(x: Any, *, offset: int = 0, axis1: int = -2, axis2: int = -1) -> Any:
    """Sums along the diagonals of matrices, which lie in the last two axes; see ``diagonal``."""
    return _trace(x, offset, axis1, axis2)


#: These read one triangle of a symmetric matrix, and say so.
_OF_TRIANGLES = ("cholesky", "eigh", "eigvalsh")
#: What may be read in two ways; ``np.linalg`` means NumPy's.
READ = (*_OF_TRIANGLES, "solve")

for _name in __all__[1:]:
    _ours = globals()[_name]
    if _name in READ:
        _found = getattr(_readings, _name)
        if not hasattr(_found, "blames"):  # one function, whatever is used first
            _found = _blaming(_name, _found)
            setattr(_readings, _name, _found)
    else:
        _found = _spelled(_ours)
    if _found is not _ours:
        _found.__module__ = __name__  # where pickle finds it
    globals()[_name] = _found
