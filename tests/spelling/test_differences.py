"""Spelling that means two things: NumPy's meaning, and a word about it; ``dim=`` means PyTorch's."""

import inspect
import subprocess
import sys
import warnings

import numpy as np
import pytest

import autograd as ag
from autograd.spelling import DIFFERENCES, SpellingWarning

A = np.random.default_rng(0).normal(size=(3, 4))
M, V = ag.tensor(A), ag.tensor(A[0])
E = ag.tensor(A[:, :3])

#: (difference, a line of it, what NumPy gives, the same in silence …)
LINES = [
    ("std", "M.std()", "A.std()", "M.std(ddof=0)", "np.std(M)", "M.std(None, 0)"),
    ("std", "ag.std(M, axis=1)", "A.std(1)", "ag.std(M, 1, ddof=0)"),
    ("var", "M.var(0)", "A.var(0)", "M.var(0, 0)", "np.var(M, 0)", "M.var(axis=0, ddof=0)"),
    ("var", "M.var(keepdims=True)", "A.var(keepdims=True)", "M.var(keepdims=True, ddof=0)"),
    ("max", "M.max(1)", "A.max(1)", "M.max(axis=1)", "np.max(M, 1)", "M.max(dim=1)[0]"),
    ("max", "ag.max(M, 1)", "A.max(1)", "ag.max(M, axis=1)", "ag.amax(M, 1)"),
    ("max", "V.max(0)", "A[0].max()", "V.max()"),
    ("min", "M.min(-1)", "A.min(-1)", "M.min(axis=-1)", "np.min(M, -1)"),
    ("median", "M.median(1)", "np.median(A, 1)", "M.median(axis=1)", "np.median(M, 1)"),
    ("median", "ag.nanmedian(M, 1)", "np.median(A, 1)", "ag.nanmedian(M, axis=1)"),
    ("median of all", "ag.nanmedian(M)", "np.nanmedian(A)", "ag.nanmedian(M, axis=None)"),
    ("median of all", "M.median()", "np.median(A)", "M.median(axis=None)", "np.median(M)"),
    ("sort", "M.sort()", "np.sort(A)", "M.sort(axis=-1)", "np.sort(M)"),
    ("sort", "ag.sort(M, 0)", "np.sort(A, 0)", "ag.sort(M, axis=0)", "np.sort(M, 0)"),
    ("sort", "V.sort(descending=True)", "np.sort(A[0])[::-1]", "V.sort(axis=0, descending=True)"),
    ("cummax", "ag.cummax(M, 0)", "np.maximum.accumulate(A, 0)", "ag.cummax(M, axis=0)"),
    ("cummin", "M.cummin(0)", "np.minimum.accumulate(A, 0)", "M.cummin(axis=0)"),
    ("split", "M.split(1)", "[A]", "M.split(1, axis=0)", "np.split(M, 1)"),
    ("split", "ag.split(M, 4, 1)", "np.split(A, 4, 1)", "ag.split(M, 4, axis=1)"),
    ("split at", "M.split([1, 2])", "np.split(A, [1, 2])", "M.split([1, 2], axis=0)",
     "np.split(M, [1, 2])"),
    ("repeat", "M.repeat(2, 1)", "np.repeat(A, 2, 1)", "M.repeat(2, axis=1)", "np.repeat(M, 2, 1)"),
    ("repeat", "V.repeat((2, 1, 1, 3))", "np.repeat(A[0], (2, 1, 1, 3))",
     "V.repeat((2, 1, 1, 3), axis=0)"),
    ("repeat", "V.repeat(2)", "np.repeat(A[0], 2)", "V.repeat(2, axis=0)", "np.repeat(V, 2)"),
    ("transpose", "M.transpose(0, 1)", "A", "M.transpose((0, 1))", "np.transpose(M, (0, 1))"),
    ("transpose", "M.transpose(-2, -1)", "A", "M.transpose((-2, -1))"),
    ("norm", "M.norm(2)", "np.linalg.norm(A, 2)", "ag.linalg.norm(M, 2)", "np.linalg.norm(M, 2)"),
    ("norm", "M.norm(1)", "np.linalg.norm(A, 1)", "ag.linalg.norm(M, 1)"),
    ("meshgrid", "ag.meshgrid(V, M[:, 0])", "np.meshgrid(A[0], A[:, 0])",
     "ag.meshgrid(V, M[:, 0], indexing='xy')", "np.meshgrid(V, M[:, 0])"),
    ("cross", "ag.cross(E, E[::-1])", "np.cross(A[:, :3], A[::-1, :3])",
     "ag.cross(E, E[::-1], axis=-1)", "np.cross(E, E[::-1])", "ag.linalg.cross(E, E[::-1])"),
    ("equal", "ag.equal(M, M)", "A == A", "M == M", "ag.eq(M, M)", "np.equal(M, M)"),
    ("gradient", "ag.gradient(V)", "np.gradient(A[0])", "ag.gradient(V, axis=0)", "np.gradient(V)",
     "ag.gradient(V, dim=0)[0]"),
    ("triangle", "ag.linalg.cholesky(LEAF).detach()", "np.linalg.cholesky(S)", "np.linalg.cholesky(S)",
     "ag.linalg.cholesky(LEAF, upper=False).detach()", "ag.cholesky(LEAF * 1).detach()"),
    ("triangle", "ag.linalg.eigvalsh(LEAF).detach()", "np.linalg.eigvalsh(S)",
     "ag.linalg.eigvalsh(LEAF, UPLO='L').detach()", "ag.linalg.eigvalsh(LEAF.detach())"),
    ("triangle", "LEAF.cholesky().detach()", "np.linalg.cholesky(S)"),
    ("solve", "ag.linalg.solve(STACK, E)", "np.linalg.solve(STACK.numpy(), A[None, :, :3])",
     "ag.linalg.solve(STACK, E[None])", "np.linalg.solve(STACK, E)"),
    ("nonzero", "(M > 0).nonzero()", "np.nonzero(A > 0)", "(M > 0).nonzero(as_tuple=True)",
     "np.nonzero(M > 0)"),
    ("nonzero", "ag.nonzero(M)", "np.nonzero(A)", "ag.nonzero(M, as_tuple=True)"),
    ("0-d", "M32 * M[0, 0]", "A.astype('f4') * A[0, 0]", "M32.to(M.dtype) * M[0, 0]"),
    ("0-d", "ag.where(M32 > 0, M.max(), M32)", "np.where(A > 0, A.max(), A.astype('f4'))",
     "ag.where(M32 > 0, M.max(), M32.double())"),
    ("Tensor", "ag.Tensor(3)", "np.array(3)", "ag.tensor(3)", "ag.Tensor(3, dtype=int)"),
    ("Tensor of integers", "ag.Tensor([1, 2])", "np.array([1, 2])", "ag.tensor([1, 2])",
     "ag.Tensor(np.array([1, 2]))"),
]  # fmt: skip
M32 = M.to(ag.float32)
S = A @ A.T + np.eye(3)
LEAF = ag.tensor(S, requires_grad=True)
STACK = ag.tensor(np.stack([S, S + np.eye(3), 2 * S]))
NAMES = {
    "STACK": STACK,
    "LEAF": LEAF,
    "S": S,
    "M32": M32,
    "ag": ag,
    "np": np,
    "A": A,
    "M": M,
    "V": V,
    "E": E,
}


def values(result):
    result = result if isinstance(result, (tuple, list)) else [result]
    return [np.asarray(part) for part in result]


def same(one, other):
    one, other = values(one), values(other)
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


@pytest.mark.parametrize(("name", "line", "numpys", "silent"), [(*c[:3], c[3:]) for c in LINES])
def test_the_line_keeps_numpys_meaning_and_says_so_once(name, line, numpys, silent):
    with pytest.warns(SpellingWarning) as told:
        same(eval(line, NAMES), eval(numpys, NAMES))
    assert [str(w.message) for w in told] == [DIFFERENCES[name].message()]
    assert told[0].filename == "<string>", "the warning must point to the user's line"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for other in silent:
            same(eval(other, NAMES), eval(numpys, NAMES))


def test_every_difference_has_a_line():
    assert {line[0] for line in LINES} == set(DIFFERENCES)
    assert ag.SpellingWarning is SpellingWarning and issubclass(SpellingWarning, UserWarning)


@pytest.mark.parametrize(
    "line",
    ["M.max()", "M.sum(1)", "V.median(axis=0)", "M[:, :3].median()", "V.norm(2)", "M.norm()",
     "M.norm('fro')", "M.transpose(1, 0)", "M.transpose()", "M[:1, :1].transpose(0, 1)",
     "M[None].transpose(0, 1)", "V.split(2)", "M.split([1])", "M.repeat(1, 1)", "M[0, :1].repeat(3)",
     "V.equal(V)", "ag.equal(M[0, 0], 1.0)", "ag.gradient(M)", "ag.linalg.eigh(M[:, :3])", "M32 * 2.0", "M32 * np.float64(2)", "M32 * M", "M * M32[0, 0]", "M32[0, 0] * M[0, 0]",
     "M32 * ag.tensor(3)", "M.repeat(2)", "ag.cross(V[:3], V[:3])", "ag.meshgrid(V)", "ag.Tensor(3.0)", "ag.Tensor([1.0])",
     "ag.Tensor([True])", "M.argsort()", "ag.flip(M)", "ag.max(A)", "ag.Tensor([])"],
)  # fmt: skip
def test_where_both_mean_the_same_or_pytorch_refuses_nothing_is_said(line):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        eval(line, NAMES)


@pytest.mark.parametrize("name", DIFFERENCES)
def test_the_message_names_both_ways_to_write_it(name):
    difference = DIFFERENCES[name]
    message = difference.message()
    assert difference.write_here in message and difference.write_torch in message
    assert "is read as NumPy reads it" in message  # by which it can be filtered without an import


def test_a_line_is_told_once_by_default():
    code = (
        "import autograd as ag\nx = ag.randn(3, 4)\n"
        "for _ in range(3):\n    x.std()\n    x.max(1)\nx.std()\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    told = [line for line in ran.stderr.splitlines() if "SpellingWarning" in line]
    assert [line.split(":")[1] for line in told] == ["4", "5", "6"]


def test_dim_never_takes_numpys_other_meaning():
    for call in (M.std, M.var):
        for options in ({"dim": 1}, {"dim": 1, "keepdim": True}, {"axis": 1, "keepdim": True}):
            with pytest.raises(TypeError, match="say correction=1 or correction=0|unexpected"):
                call(**options)
    with pytest.raises(TypeError, match="give one of correction, unbiased and ddof"):
        M.std(dim=1, correction=1, unbiased=True)
    for name in ("max", "min", "sort", "median", "cummax", "cummin", "nanmedian"):
        for function in (getattr(ag, name), lambda x, n=name, **o: getattr(x, n)(**o)):
            pair = function(M, dim=1)
            assert type(pair).__name__ == "ValuesAndIndices" and pair._fields == (
                "values",
                "indices",
            )
            taken = np.take_along_axis(A, np.asarray(pair.indices).reshape(3, -1), 1)
            np.testing.assert_array_equal(taken.reshape(pair.values.shape), pair.values)
    assert [p.shape for p in M.split(2, dim=1)] == [(3, 2), (3, 2)]
    assert [p.shape for p in M.split([1, 3], dim=1)] == [(3, 1), (3, 3)]
    assert M[:, :1].squeeze(dim=0).shape == (3, 1)  # PyTorch leaves what is not 1


def test_median_along_dim_is_an_element_and_nan_propagates():
    x = ag.tensor([4.0, 1.0, np.nan, 3.0])
    assert np.isnan(x.median(dim=0).values.item()) and x.median(dim=0).indices.item() == 2
    assert x.nanmedian(dim=0) == (3.0, 3)
    even = ag.tensor([4.0, 1.0, 2.0, 3.0], requires_grad=True)
    values, indices = even.median(dim=0)
    values.backward()
    assert (values.item(), indices.item(), even.grad.tolist()) == (2.0, 2, [0.0, 0.0, 1.0, 0.0])
    assert even.median(dim=0, keepdim=True).values.shape == (1,)


def test_kth_and_most_frequent_values():
    x = ag.tensor([[3.0, 1.0, 3.0], [2.0, 2.0, 1.0]])
    assert [part.tolist() for part in x.kthvalue(2, dim=1)] == [[3.0, 2.0], [0, 0]]
    assert [part.tolist() for part in x.mode(dim=1)] == [[3.0, 2.0], [2, 1]]
    with pytest.raises(ValueError, match="^kthvalue: k=4 is more than axis 1"):
        x.kthvalue(4)


def test_signatures_and_help_are_ours():
    for name in ("max", "std", "sort", "split", "meshgrid", "gather", "normal", "randint"):
        function = getattr(ag, name)
        assert function.__name__ == name and function.__doc__
        assert "dim" not in inspect.signature(function).parameters
    assert "dim=" in ag.spelling.__doc__
