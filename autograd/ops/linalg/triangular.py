"""Systems of equations with triangular matrices. Public in ``autograd.linalg``."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import arguments
from autograd.arguments.arrays import array_like, as_floats
from autograd.arguments.half import in_single
from autograd.ops.linalg.decompositions import solve
from autograd.ops.linalg.diagonals import tril, triu
from autograd.ops.shapes import swapaxes


@in_single
def solve_triangular(
    a: Any, b: Any, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Any:
    """The x for which a · x = b, of one triangle of a: what is in the other is not looked at.

    Args:
        a: triangular matrices (…, n, n), none with a 0 on its diagonal.
        b: the right sides, (…, n, k).
        upper: which triangle: the upper one, or the lower.
        left: False for x · a = b, with b of shape (…, k, n).
        unitriangular: take the diagonal to be ones, whatever stands there.

    Raises:
        LinAlgError: for a 0 on the diagonal.
        ValueError: if the shapes do not fit.

    Example:
        >>> import autograd as ag
        >>> a = ag.tensor([[2.0, 7.0], [1.0, 4.0]])
        >>> ag.linalg.solve_triangular(a, ag.tensor([[2.0], [9.0]]), upper=False).tolist()
        [[1.0], [2.0]]
    """
    who = "solve_triangular"
    a, b = array_like(f"{who}: a", a, b), array_like(f"{who}: b", b, a)
    a, b = as_floats(a, b), as_floats(b, a)
    if len(a.shape) < 2 or len(b.shape) < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError(
            f"{who}: a must be square matrices (…, n, n) and b (…, n, k), got shapes "
            f"{tuple(a.shape)} and {tuple(b.shape)}"
        )
    part = triu if arguments.boolean(who, "upper", upper) else tril
    if arguments.boolean(who, "unitriangular", unitriangular):
        one = np.eye(a.shape[-1], dtype=a.dtype)
        a = part(a, k=1 if part is triu else -1) + one
    else:
        a = part(a, k=0)
    if arguments.boolean(who, "left", left):
        return solve(a, b)
    return swapaxes(solve(swapaxes(a, -1, -2), swapaxes(b, -1, -2)), -1, -2)
