"""The backward pass: one loop, that can be run, paused and watched."""

from autograd.engine.api import Watcher, backward, backward_steps, grad, seed_for
from autograd.engine.backward import BackwardPass
from autograd.engine.step import Contribution, Step

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
