"""The backward pass: one loop, that can be run, paused and watched."""

from .api import Watcher, backward, grad, seed_for
from .backward import BackwardPass, backward_steps
from .step import Contribution, Step

__all__ = ["BackwardPass", "Contribution", "Step", "Watcher", "backward", "backward_steps", "grad", "seed_for"]
