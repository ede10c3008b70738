"""Sound calls of functions under PyTorch's names, as `calls` has them of all others."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd as ag
from tests.calls import INDEX, Arguments, positive, spread, unit

A, B, S = spread(3, 4), spread(3, 4, seed=5), spread(4, 4, seed=6)
STACKS = spread(2, 3, 4), spread(2, 4, 3, seed=8), spread(2, 3, 3, seed=9)
P, U = positive(3, 4), unit(3, 4)
#: Functions that take several steps from their operands to their result.
PYTORCHS: dict[str, tuple[Any, Arguments]] = {
    "add": (lambda x, other: ag.add(x, other, alpha=3), dict(x=A, other=B)),
    "sub": (ag.sub, dict(x=A, other=B, alpha=3)),
    "rsub": (ag.rsub, dict(x=A, other=B, alpha=0.3)),
    "rsqrt": (ag.rsqrt, dict(x=P)),
    "lerp": (ag.lerp, dict(x=A, end=B, weight=0.3)),
    "lerp from the end": (ag.lerp, dict(x=A, end=B, weight=0.9)),
    "lerp by an array": (ag.lerp, dict(x=A, end=B, weight=U)),
    "addcmul": (ag.addcmul, dict(x=A, tensor1=B, tensor2=P, value=0.01)),
    "addcdiv": (ag.addcdiv, dict(x=A, tensor1=B, tensor2=P, value=-0.3)),
    "addmm": (ag.addmm, dict(x=S[:3, :3], mat1=A, mat2=B.T, beta=0.5, alpha=0.01)),
    "addmv": (ag.addmv, dict(x=S[0, :3], mat=A, vec=B[0], beta=0.5, alpha=0.01)),
    "addr": (ag.addr, dict(x=A, vec1=S[0, :3], vec2=S[1], beta=0.5, alpha=0.01)),
    "baddbmm": (ag.baddbmm, dict(x=STACKS[2], batch1=STACKS[0], batch2=STACKS[1], alpha=0.01)),
    "addbmm": (ag.addbmm, dict(x=S[:3, :3], batch1=STACKS[0], batch2=STACKS[1], alpha=0.01)),
    "cdist": (ag.cdist, dict(x1=A, x2=B, p=3, compute_mode=None)),
    "dist": (ag.dist, dict(x=A, other=B, p=3)),
    "pdist": (ag.pdist, dict(x=A, p=1.5)),
    "renorm": (ag.renorm, dict(x=A, p=1, dim=1, maxnorm=0.5)),
    "cumulative_trapezoid": (ag.cumulative_trapezoid, dict(y=A, x=B)),
    "diff": (lambda x: ag.diff(x, 3), dict(x=A)),
    "logit": (ag.logit, dict(x=U, eps=0.2)),
    "xlogy": (ag.xlogy, dict(x=A, other=P)),
    "mvlgamma": (ag.mvlgamma, dict(x=P + 2.0, p=3)),
    "ldexp": (ag.ldexp, dict(x=A, other=U)),
    "frac": (ag.frac, dict(x=A)),
    "std_mean": (lambda x: ag.std_mean(x, 1), dict(x=A)),
    "var_mean": (lambda x: ag.var_mean(x, 1), dict(x=A)),
    "cholesky_solve": (ag.cholesky_solve, dict(x=S[:, :2], L=np.tril(0.2 * S) + np.eye(4), upper=False)),
    "cholesky_inverse": (ag.cholesky_inverse, dict(L=np.tril(0.2 * S) + np.eye(4), upper=False)),
    "logdet": (ag.logdet, dict(x=S @ S.T + np.eye(4))),
    "chain_matmul": (lambda a, b: ag.chain_matmul(a, b, a), dict(a=A, b=B.T)),
    "entr": (ag.special.entr, dict(x=P)),
    "ndtr": (ag.special.ndtr, dict(x=A)),
    "ndtri": (ag.special.ndtri, dict(x=U)),
    "xlog1py": (ag.special.xlog1py, dict(x=A, other=P)),
}  # fmt: skip
#: Functions that take one step, or none; of operands, where there are several.
TOGETHER: dict[str, tuple[Any, Arguments]] = {
    "mm": (ag.mm, dict(x=A, mat2=B.T)),
    "bmm": (ag.bmm, dict(x=STACKS[0], mat2=STACKS[1])),
    "mv": (ag.mv, dict(x=A, vec=S[0])),
    "ger": (ag.ger, dict(x=A[0], vec2=B[1])),
    "clamp": (ag.clamp, dict(x=A, min=B, max=B + 1.0)),
    "block_diag": (lambda a, b: ag.block_diag(a, b), dict(a=A, b=S)),
    "cartesian_prod": (lambda a, b: ag.cartesian_prod(a, b), dict(a=A[0], b=S[0])),
    "cat": (lambda a, b: ag.cat([a, b]), dict(a=A, b=S)),
    "row_stack": (lambda a, b: ag.row_stack([a, b]), dict(a=A, b=S)),
    "broadcast_tensors": (lambda a, b: ag.broadcast_tensors(a, b), dict(a=A, b=S[0])),
    "diagonal_scatter": (lambda x, src: ag.diagonal_scatter(x, src), dict(x=S, src=A[0])),
    "slice_scatter": (lambda x, src: ag.slice_scatter(x, src, 0, 0, 2), dict(x=A, src=B[:2])),
    "select_scatter": (ag.select_scatter, dict(x=A, src=S[0], dim=0, index=1)),
    "masked_fill": (ag.masked_fill, dict(x=A, mask=B > 0, value=S[0])),
    "masked_scatter": (ag.masked_scatter, dict(x=A, mask=B > 0, source=S)),
    "index_add": (ag.index_add, dict(x=A, dim=0, index=INDEX, source=B, alpha=0.3)),
    "index_copy": (ag.index_copy, dict(x=A, dim=0, index=INDEX[:2], source=B[:2])),
    "index_put": (lambda x, values: ag.index_put(x, (INDEX,), values), dict(x=A, values=B)),
}  # fmt: skip
#: Those of one operand.
ALONE: dict[str, Any] = {
    name: (lambda x, name=name, rest=rest: getattr(ag, name)(x, *rest))
    for name, rest in dict(
        renorm=(2, 0, 1.0), combinations=(), diag_embed=(), pdist=(), masked_select=(A > 0,), t=(),
        unique_consecutive=(), mvlgamma=(2,), norm=(), narrow=(0, 0, 1), unflatten=(0, (3, 1)),
        chunk=(2,), frac=(), rsqrt=(), logit=(), kthvalue=(1,), mode=(), aminmax=(), std_mean=(),
        cumulative_trapezoid=(), msort=(), unbind=(), permute=((1, 0),), unsqueeze=(0,), adjoint=(),
        repeat_interleave=(2,), histc=(3,), unique=(), movedim=(0, 1), swapdims=(0, 1),
    ).items()
}  # fmt: skip
#: The others of their modules, which take one step, or none.
ONE_STEP = frozenset(
    "diag_embed diagonal_scatter slice_scatter histc unique_consecutive msort div true_divide pow "
    "clamp clamp_min clamp_max mm bmm mv isclose allclose isposinf isneginf norm svd kthvalue mode "
    "aminmax combinations hann_window hamming_window blackman_window matrix_exp".split()
)
