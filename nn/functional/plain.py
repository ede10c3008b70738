"""All functions as they are, for layers, which know how they are called.

Who calls `nn.functional` gets the same ones, which also say what a keyword was meant for.
"""

from nn.functional import (
    activations,
    attention,
    bags,
    conv,
    dense,
    distance,
    dropouts,
    likelihoods,
    losses,
    margins,
    normalization,
    padding,
    pooling,
    resampling,
    sampling,
)
from nn.functional.activations import *  # noqa: F403
from nn.functional.attention import *  # noqa: F403
from nn.functional.bags import *  # noqa: F403
from nn.functional.conv import *  # noqa: F403
from nn.functional.dense import *  # noqa: F403
from nn.functional.distance import *  # noqa: F403
from nn.functional.dropouts import *  # noqa: F403
from nn.functional.likelihoods import *  # noqa: F403
from nn.functional.losses import *  # noqa: F403
from nn.functional.margins import *  # noqa: F403
from nn.functional.normalization import *  # noqa: F403
from nn.functional.padding import *  # noqa: F403
from nn.functional.pooling import *  # noqa: F403
from nn.functional.resampling import *  # noqa: F403
from nn.functional.sampling import *  # noqa: F403

__all__ = [
    *activations.__all__,
    *attention.__all__,
    *bags.__all__,
    *conv.__all__,
    *dense.__all__,
    *distance.__all__,
    *dropouts.__all__,
    *likelihoods.__all__,
    *losses.__all__,
    *margins.__all__,
    *normalization.__all__,
    *padding.__all__,
    *pooling.__all__,
    *resampling.__all__,
    *sampling.__all__,
]
