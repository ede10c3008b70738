"""The tuned constants of the kernels, in Python and in C: numbers that were measured, not derived.

Each says what it decides. ``python -m tests.benchmarks.tuning`` measures work that each bears on
with other values in its place. Those of the kernels in C are written once more in
``native/tuning.h``; the suite compares the two. Those marked as bounds are run on both sides by the
suite (see ``bounds``).

``TUNED`` lists them. Numbers that follow from others, or from what they stand for, are none: sizes
derived from a tuned one (below, and in the kernels in C with their factors), tiles that fill the
registers, lengths of sums that keep their digits, limits of OpenBLAS (``threads``), thresholds of
PyTorch's. Bounds among those stand in their modules.
"""

from autograd.kernels.bounds import Bound

__all__ = [
    "BLAS_SUMS", "BLOCK", "CACHE_BYTES", "COLUMN_BYTES", "COST", "FEW_PIXELS", "FEW_ROWS", "FOR_BLAS", "LONG_RUN",
    "NATIVE_WORTHWHILE", "PANEL", "PASS_BLOCK", "PIECES", "PIECE_ELEMENTS", "POOL_BYTES", "ROW_COST", "SMALL_SCRATCH",
    "SPINS", "TUNED", "WORTHWHILE",
]  # fmt: skip

# In Python and in C -------------------------------------------------------------------------------

PIECES: Bound[int] = 8
"""Into how many pieces large work is cut: few, since each pays for its calls, and a multiple of usual
numbers of threads."""

COST = 4
"""What touching one element counts for beside a multiplication of a matrix product; each kernel
says how often it does. It takes longer than that, but waits for memory, which threads share, and a
helper needs a tenth of a millisecond to get going: a second thread pays from half a millisecond on."""

CACHE_BYTES = 2 * 2**20
"""Of the second-level cache, or what of a larger one serves a core. Sizes of blocks are fractions of
it."""

POOL_BYTES: Bound[int] = 64 * 2**20
"""The most scratch memory that one thread's pool keeps between uses. The pool of the kernels in C
keeps eight blocks, none larger than a quarter of it."""

# In Python only -----------------------------------------------------------------------------------

WORTHWHILE: Bound[int] = 2**23
"""Multiplications below which a second thread costs more than it brings."""

BLAS_SUMS: Bound[int] = 4096
"""Elements from which a product with ones sums rows sooner than ``sum`` does."""

FEW_PIXELS: Bound[int] = 128
"""Pixels of a convolution's output below which windows are copied of all samples at a time: rows
are too short then to be copied one by one."""

LONG_RUN: Bound[int] = 128
"""Elements that lie one after the other in memory, when samples do, from which sums of products over
windows are faster than BLAS with the few weights of a channel."""

SMALL_SCRATCH: Bound[int] = 2**14
"""So few bytes come from malloc's own lists faster than from our pool."""

# In C only ----------------------------------------------------------------------------------------

NATIVE_WORTHWHILE = 2**18
"""Multiplications below which a second thread that is awake costs more than it brings; eight times as
many where it sleeps and is to be woken. With twice as many work is cut into ``PIECES``."""

SPINS = 500
"""How often an idle helper looks for work before it sleeps: about 25 microseconds, which is what
waking it costs."""

PIECE_ELEMENTS = 8192
"""Elements of a piece, where each is worked on by itself: so many stay in the first-level cache from one
operation to the next. Twice or half as many where each costs half or twice as much. Less work than
this is not worth a call of BLAS, nor twice as much letting go of the interpreter's lock."""

PANEL = 128
"""Rows of windows that are gathered for a convolution at a time, or pixels for the gradient of its
weights: a panel, with the columns of a tile, lies in the first-level cache."""

FOR_BLAS = 2**25
"""Multiplications beyond which BLAS, which cuts its second factor for the caches, is faster than our
product of two matrices."""

FEW_ROWS = 12
"""Rows of a first factor below which turning the second one costs us more than BLAS needs."""

# The list, and what follows from it ---------------------------------------------------------------

TUNED = (
    "PIECES", "COST", "CACHE_BYTES", "POOL_BYTES",
    "WORTHWHILE", "BLAS_SUMS", "FEW_PIXELS", "LONG_RUN", "SMALL_SCRATCH",
    "NATIVE_WORTHWHILE", "SPINS", "PIECE_ELEMENTS", "PANEL", "FOR_BLAS", "FEW_ROWS",
)  # fmt: skip

ROW_COST = 8 * COST
"""What an element of a normalised row counts for: so many operations pass over it. It is so much that
BLAS is held to one thread wherever it would spread a product over threads."""

BLOCK: Bound[int] = CACHE_BYTES // 64
"""Elements of a block that several elementwise operations find in the cache: of four bytes each, they
are a sixteenth of it, and there are several operands and results. Arrays below it are done as a
whole: there calls cost more than elements."""

PASS_BLOCK: Bound[int] = CACHE_BYTES // 8
"""The same where a block goes through two or three operations only: smaller ones cost more in calls
than the cache gives back."""

COLUMN_BYTES: Bound[int] = CACHE_BYTES
"""Bytes of the matrix of windows that a convolution makes at a time: more samples make larger
products, fewer stay in the cache."""
