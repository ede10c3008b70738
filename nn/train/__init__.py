"""Training that survives: a readable loop, checkpoints that resume to the bit, histories.

`fit` and `Trainer` (``trainer.py``) are the loop; ``python -m nn.train`` is the command.
"""

from nn.train.callbacks import EMA, EarlyStopping
from nn.train.checkpoint import Checkpoints, load_state, save_state
from nn.train.history import History
from nn.train.nonfinite import NonFiniteError
from nn.train.trainer import Trainer, accuracy, evaluate, fit

__all__ = [
    "EMA",
    "Checkpoints",
    "EarlyStopping",
    "History",
    "NonFiniteError",
    "Trainer",
    "accuracy",
    "evaluate",
    "fit",
    "load_state",
    "save_state",
]
