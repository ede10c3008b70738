"""The backward pass: one loop, that can be run, paused and watched."""

from .api import Watcher, backward, backward_steps, grad, seed_for
from .backward import BackwardPass
from .step import Contribution, Step

__all__ = [
    "BackwardPass",
    "Contribution",
    "Step",
    "Watcher",
    "backward",
    "backward_steps",
    "grad",
    "seed_for",
]
