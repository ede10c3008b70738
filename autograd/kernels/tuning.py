"""Tuned constants of the NumPy kernels: numbers that were measured, not derived.

Each says what it decides. ``python -m tests.benchmarks.tuning`` measures work that each bears on
with other values in its place. Those marked as bounds are run on both sides by the suite (see
``bounds``). Bounds that follow from accuracy or from what PyTorch does stand in their modules.
"""

from autograd.kernels.bounds import Bound

__all__ = [
    "BLAS_ALONE", "BLAS_SUMS", "BLOCK", "COLUMN_BYTES", "COST", "FEW_PIXELS", "LONG_RUN", "PASS_BLOCK", "PIECES",
    "POOL_BYTES", "ROW_COST", "SMALL_SCRATCH", "VECTOR_ALONE", "WORTHWHILE",
]  # fmt: skip

# Threads ------------------------------------------------------------------------------------------

WORTHWHILE: Bound[int] = 2**23
"""Multiplications below which a second thread costs more than it brings."""

PIECES: Bound[int] = 8
"""Into how many pieces large work is cut: few, since each pays for its NumPy calls, and a multiple
of usual numbers of threads."""

COST = 4
"""What touching one element counts for beside a multiplication of a matrix product. It takes longer
than that, but waits for memory, which threads share, and a helper needs a tenth of a millisecond to
get going: a second thread pays from half a millisecond on."""

ROW_COST = 32
"""The same for an element of a normalised row; so much that BLAS is held to one thread wherever it
would spread a product over threads."""

# What BLAS does -----------------------------------------------------------------------------------

BLAS_ALONE: Bound[int] = 2**18
"""OpenBLAS multiplies on one thread by itself while M * N * K is no larger..."""

VECTOR_ALONE: Bound[int] = 2**13
"""... and adds up, or multiplies with vectors, while they have no more elements."""

BLAS_SUMS: Bound[int] = 4096
"""Elements from which a product with ones sums rows sooner than ``sum`` does."""

# Caches -------------------------------------------------------------------------------------------

BLOCK: Bound[int] = 1 << 15
"""Elements of a block that several elementwise operations find in the first caches. Arrays below it
are done as a whole: there calls cost more than elements."""

PASS_BLOCK: Bound[int] = 1 << 18
"""The same where a block goes through two or three operations only: smaller ones cost more in calls
than the cache gives back."""

COLUMN_BYTES: Bound[int] = 2 * 2**20
"""Bytes of the matrix of windows that a convolution makes at a time: more samples make larger
products, fewer stay in the second-level cache."""

FEW_PIXELS: Bound[int] = 128
"""Pixels of a convolution's output below which windows are copied of all samples at a time: rows
are too short then to be copied one by one."""

LONG_RUN: Bound[int] = 128
"""Elements that lie one after the other in memory, when samples do, from which sums of products over
windows are faster than BLAS with the few weights of a channel."""

# Memory -------------------------------------------------------------------------------------------

POOL_BYTES: Bound[int] = 64 * 2**20
"""The most scratch memory that one thread's pool keeps between uses."""

SMALL_SCRATCH: Bound[int] = 2**14
"""So few bytes come from malloc's own lists faster than from our pool."""
