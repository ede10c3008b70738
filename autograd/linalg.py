"""Linear algebra: ``autograd.linalg.solve``, ``inv``, ``det``, ``cholesky``, norms and others.

The names and arguments are those of ``numpy.linalg``, whose functions also accept tensors and come
out here. Each works on stacks of matrices and has derivatives of every order.
"""

from __future__ import annotations

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
from autograd.ops.linalg.diagonals import diagonal, trace
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

#: These read one triangle of a symmetric matrix, and say so.
_OF_TRIANGLES = ("cholesky", "eigh", "eigvalsh")
#: What may be read in two ways; ``np.linalg`` means NumPy's.
READ = (*_OF_TRIANGLES, "solve")

for _name in __all__[1:]:
    _ours = globals()[_name]
    _found = getattr(_readings, _name) if _name in READ else _spelled(_ours)
    if _found is not _ours:
        _found.__module__ = __name__  # where pickle finds it
    globals()[_name] = _found
