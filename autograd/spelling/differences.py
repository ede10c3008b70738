"""Spellings that mean one thing to NumPy and another to PyTorch, and the warning that says so."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import Any, NamedTuple

from autograd.arguments.numbers import shown

__all__ = [
    "DIFFERENCES", "Difference", "SpellingWarning", "differs", "differs_in_dtype", "differs_in_tensor",
    "zeros_of_size",
]  # fmt: skip


#: Where the files lie whose frames are no user's.
_OWN = tuple(str(Path(__file__).parents[2] / home) + os.sep for home in ("autograd", "nn"))


class SpellingWarning(UserWarning):
    """A line that PyTorch would read in another way: here it has NumPy's meaning.

    Told once for each line of code. ``warnings.simplefilter("error", autograd.SpellingWarning)``
    makes errors of them, ``"ignore"`` silences them.
    """


class Difference(NamedTuple):
    """One spelling with two meanings.

    Attributes:
        spelling: as it is written, of a tensor ``x``.
        here: what it means here, as in NumPy.
        torch: what it means in PyTorch.
        write_here: how to say, in silence, that NumPy's meaning is wanted.
        write_torch: how to write PyTorch's meaning.
    """

    spelling: str
    here: str
    torch: str
    write_here: str
    write_torch: str

    def message(self) -> str:
        """What the warning says."""
        return (
            f"{self.spelling} is read as NumPy reads it: {self.here}. PyTorch would give "
            f"{self.torch}: for that write {self.write_torch}; to keep NumPy's meaning without "
            f"this warning, {self.write_here}"
        )


#: By a name of their own. ``python -m nn.port`` reads them, too.
DIFFERENCES: dict[str, Difference] = {
    "std": Difference(
        "x.std() without ddof", "divided by n", "the estimate divided by n - 1",
        "x.std(ddof=0)", "x.std(correction=1)",
    ),
    "var": Difference(
        "x.var() without ddof", "divided by n", "the estimate divided by n - 1",
        "x.var(ddof=0)", "x.var(correction=1)",
    ),
    "max": Difference(
        "x.max(1)", "the largest values", "the pair (values, indices)", "x.max(axis=1)",
        "x.max(dim=1)",
    ),
    "min": Difference(
        "x.min(1)", "the smallest values", "the pair (values, indices)", "x.min(axis=1)",
        "x.min(dim=1)",
    ),
    "median": Difference(
        "x.median(1)", "the middle values", "the pair (values, indices)", "x.median(axis=1)",
        "x.median(dim=1)",
    ),
    "median of all": Difference(
        "x.median() of an even number of elements", "the mean of the two in the middle",
        "the smaller of the two", "x.median(axis=None)", "x.flatten().median(dim=0).values",
    ),
    "sort": Difference(
        "x.sort()", "the values in order", "the pair (values, indices)", "x.sort(axis=-1)",
        "x.sort(dim=-1)",
    ),
    "cummax": Difference(
        "x.cummax(0)", "the values", "the pair (values, indices)", "x.cummax(axis=0)",
        "x.cummax(dim=0)",
    ),
    "cummin": Difference(
        "x.cummin(0)", "the values", "the pair (values, indices)", "x.cummin(axis=0)",
        "x.cummin(dim=0)",
    ),
    "split": Difference(
        "x.split(k)", "k equal parts", "parts of length k", "x.split(k, axis=0)",
        "x.split(k, dim=0)",
    ),
    "split at": Difference(
        "x.split([2, 3])", "cut at the places 2 and 3", "parts of the lengths 2 and 3",
        "x.split([2, 3], axis=0)", "x.split([2, 3], dim=0)",
    ),
    "repeat": Difference(
        "x.repeat(2, 1)", "each element twice in a row, along axis 1",
        "the whole set side by side, twice along axis 0", "x.repeat(2, axis=1)", "x.tile(2, 1)",
    ),
    "transpose": Difference(
        "x.transpose(0, 1) of a matrix", "the order of the axes, which is the one they have",
        "the two axes exchanged", "x.transpose((0, 1))", "x.swapaxes(0, 1), or x.T",
    ),
    "norm": Difference(
        "x.norm(p) of a matrix", "a norm of the matrix (2: its largest singular value)",
        "the norm of all its elements as one vector", "autograd.linalg.norm(x, p)", "x.norm(p=2)",
    ),
    "meshgrid": Difference(
        "meshgrid(a, b) without indexing", 'indexing="xy", the axes of the first two exchanged',
        'indexing="ij"', 'meshgrid(a, b, indexing="xy")', 'meshgrid(a, b, indexing="ij")',
    ),
    "cross": Difference(
        "cross(a, b) without axis", "products along the last axis",
        "products along the first axis of length 3", "cross(a, b, axis=-1)", "cross(a, b, dim=0)",
    ),
    "equal": Difference(
        "equal(x, y)", "the comparison element by element", "one bool for all of them", "x == y",
        "x.equal(y)",
    ),
    "gradient": Difference(
        "gradient(f) of a vector", "the slopes", "a tuple with the slopes along every axis",
        "gradient(f, axis=0)", "gradient(f, dim=0)",
    ),
    "triangle": Difference(
        "cholesky(a), eigh(a) or eigvalsh(a) of a leaf", "a gradient in the triangle that is read",
        "one spread evenly over both triangles", 'say which is read: cholesky(a, upper=False), '
        'eigh(a, UPLO="L")', "cholesky((a + a.mT) / 2)",
    ),
    "solve": Difference(
        "linalg.solve(a, b) of a (n, n, n) and b (n, n)", "b is one matrix for every a",
        "a vector for every a", "linalg.solve(a, b[None])", "linalg.solve(a, b[..., None])[..., 0]",
    ),
    "nonzero": Difference(
        "x.nonzero()", "a tuple with the indices along each axis",
        "one matrix with a row of indices for each element", "x.nonzero(as_tuple=True)",
        "x.nonzero(as_tuple=False)",
    ),
    "Tensor": Difference(
        "Tensor(3)", "the number 3", "an uninitialised vector of length 3", "tensor(3)",
        "zeros(3)",
    ),
    "0-d": Difference(
        "x * t of a 0-d tensor t with a wider dtype", "the wider dtype", "the dtype of x",
        "x.to(t.dtype) * t", "x * t.to(x.dtype)",
    ),
    "Tensor of integers": Difference(
        "Tensor([1, 2])", "a tensor of integers", "a tensor of floats", "tensor([1, 2])",
        "tensor([1.0, 2.0])",
    ),
}  # fmt: skip


def differs(name: str) -> None:
    """Warn of a spelling that PyTorch reads in another way, where the user's line is.

    Args:
        name: its key in ``DIFFERENCES``.
    """
    frame: Any = sys._getframe(1)
    level = 2
    while frame is not None and frame.f_code.co_filename.startswith(_OWN):
        frame, level = frame.f_back, level + 1
    warnings.warn(DIFFERENCES[name].message(), SpellingWarning, stacklevel=level)


def differs_in_tensor(data: Any) -> None:
    """Warn of ``Tensor(3)`` and ``Tensor([1, 2])``, which PyTorch reads as a size and as floats."""
    if type(data) is int:
        differs("Tensor")
    elif data and _all_integers(data):
        differs("Tensor of integers")


def differs_in_dtype() -> None:
    """Warn of a 0-d tensor that widens an array."""
    differs("0-d")


def zeros_of_size(sizes: tuple[Any, ...]) -> Any:
    """What ``Tensor(2, 3)`` is made from; what was not given of Tensor's arguments is at its default."""
    from autograd.creation import zeros

    given = list(sizes)
    while given and (given[-1] is None or given[-1] is False):
        given.pop()
    if not all(type(n) is int for n in given):
        raise TypeError(
            "Tensor: expected (data, dtype, requires_grad, name), or lengths of axes that are all "
            f"integers, got {shown(tuple(given))}"
        )
    return zeros(*given)._data


def _all_integers(data: Any) -> bool:
    while isinstance(data, (list, tuple)):
        if not data:
            return False
        if not isinstance(data[0], (list, tuple)):
            return all(type(v) is int for v in data)
        data = data[0]
    return False
