"""Tuned constants of the kernels: the numbers that were measured, not derived.

Each says what it decides and what lies on either side of it. ``python -m tests.benchmarks.tuning``
measures the work that each bears on with other values in its place. They are bounds: the suite runs
the code on both sides of every one (see ``bounds``).
"""

from autograd.kernels.bounds import Bound

__all__ = ["COLUMN_BYTES"]

COLUMN_BYTES: Bound[int] = 2 * 2**20
"""Bytes of the matrix of windows that a convolution by NumPy makes at a time: more samples make
larger products, fewer stay in the second-level cache."""
