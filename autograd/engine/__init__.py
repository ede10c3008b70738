"""The backward pass: one loop, that can be run, paused and watched."""

from .api import Watcher, backward, grad, seed_for
from .backward import BackwardPass, Contribution, Step, backward_steps

__all__ = ["BackwardPass", "Contribution", "Step", "Watcher", "backward", "backward_steps", "grad", "seed_for"]
