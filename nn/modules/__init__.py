"""The layers, a family a file. They hold parameters and call ``nn.functional``."""

from nn.modules import (
    activations,
    attention,
    bags,
    conv,
    distance,
    dropout,
    lazy,
    likelihoods,
    linear,
    losses,
    margins,
    normalization,
    padding,
    pooling,
    recurrent,
    resampling,
    transformer,
)
from nn.modules.activations import *  # noqa: F403
from nn.modules.attention import *  # noqa: F403
from nn.modules.bags import *  # noqa: F403
from nn.modules.conv import *  # noqa: F403
from nn.modules.distance import *  # noqa: F403
from nn.modules.dropout import *  # noqa: F403
from nn.modules.lazy import *  # noqa: F403
from nn.modules.likelihoods import *  # noqa: F403
from nn.modules.linear import *  # noqa: F403
from nn.modules.losses import *  # noqa: F403
from nn.modules.margins import *  # noqa: F403
from nn.modules.normalization import *  # noqa: F403
from nn.modules.padding import *  # noqa: F403
from nn.modules.pooling import *  # noqa: F403
from nn.modules.recurrent import *  # noqa: F403
from nn.modules.resampling import *  # noqa: F403
from nn.modules.transformer import *  # noqa: F403

__all__ = [
    *activations.__all__,
    *attention.__all__,
    *bags.__all__,
    *conv.__all__,
    *distance.__all__,
    *dropout.__all__,
    *lazy.__all__,
    *likelihoods.__all__,
    *linear.__all__,
    *losses.__all__,
    *margins.__all__,
    *normalization.__all__,
    *padding.__all__,
    *pooling.__all__,
    *recurrent.__all__,
    *resampling.__all__,
    *transformer.__all__,
]
