"""Ways in which arrays may lie in memory, for tests that kernels take them all."""

import numpy as np


def batch_last(x):
    """``x`` with the batch as the axis that runs fastest, as transposed views have it."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 0, -1)), -1, 0)


def is_batch_last(x):
    """Whether ``x`` lies as `batch_last` lays it."""
    return np.moveaxis(x, 0, -1).flags.c_contiguous
