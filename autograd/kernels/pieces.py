"""Cutting work on arrays into pieces along one axis, for `threads.for_each`.

in_pieces(function, arrays, *, axis, passes)
"""

from collections.abc import Callable, Sequence
from operator import attrgetter

import numpy as np

from autograd.kernels.threads import for_each
from autograd.kernels.tuning import COST, PIECES, WORTHWHILE

_SIZE = attrgetter("size")


def in_pieces(
    function: Callable[..., object], arrays: Sequence[np.ndarray], *, axis: int, passes: int
) -> None:
    """Call ``function(*parts)`` for parts of all ``arrays`` that together cover ``axis``.

    The arrays agree in the size of that axis; ``function`` works on each index of it separately
    and writes its results into some of the arrays. Small work, ``passes`` times the largest array,
    is done in one call.
    """
    size = arrays[0].shape[axis]
    work = COST * passes * max(map(_SIZE, arrays))
    if work < WORTHWHILE or size < 2:
        function(*arrays)
        return
    step = -(-size // PIECES)
    before = (slice(None),) * axis

    def piece(start: int) -> None:
        function(*(array[*before, start : start + step] for array in arrays))

    for_each(piece, range(0, size, step), work)
