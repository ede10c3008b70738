"""The primitives, one family a file, each with its gradient rules beside it."""

from ..core import operands
from . import (
    activations,
    convolution,
    elementwise,
    indexing,
    layers,
    padding,
    pooling,
    products,
    reductions,
    resampling,
    shapes,
    transcendental,
    windows,
)
