"""Functions of networks, with PyTorch's names, arguments and meanings.

Everything is built from the public functions of :mod:`autograd`, so gradients of any order exist.
"""

from . import (
    activations,
    conv,
    dense,
    distance,
    dropouts,
    losses,
    normalization,
    padding,
    pooling,
    resampling,
)
from .activations import *  # noqa: F403
from .conv import *  # noqa: F403
from .dense import *  # noqa: F403
from .distance import *  # noqa: F403
from .dropouts import *  # noqa: F403
from .losses import *  # noqa: F403
from .normalization import *  # noqa: F403
from .padding import *  # noqa: F403
from .pooling import *  # noqa: F403
from .resampling import *  # noqa: F403

__all__ = [
    *activations.__all__,
    *conv.__all__,
    *dense.__all__,
    *distance.__all__,
    *dropouts.__all__,
    *losses.__all__,
    *normalization.__all__,
    *padding.__all__,
    *pooling.__all__,
    *resampling.__all__,
]
