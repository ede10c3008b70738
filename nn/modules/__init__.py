"""The layers, a family a file. They hold parameters and call ``nn.functional``."""

from . import (
    activations,
    conv,
    distance,
    dropout,
    linear,
    losses,
    normalization,
    padding,
    pooling,
    resampling,
)
from .activations import *  # noqa: F403
from .conv import *  # noqa: F403
from .distance import *  # noqa: F403
from .dropout import *  # noqa: F403
from .linear import *  # noqa: F403
from .losses import *  # noqa: F403
from .normalization import *  # noqa: F403
from .padding import *  # noqa: F403
from .pooling import *  # noqa: F403
from .resampling import *  # noqa: F403

__all__ = [
    *activations.__all__,
    *conv.__all__,
    *distance.__all__,
    *dropout.__all__,
    *linear.__all__,
    *losses.__all__,
    *normalization.__all__,
    *padding.__all__,
    *pooling.__all__,
    *resampling.__all__,
]
