"""The backward pass: one loop, that can be run, paused and watched."""

from autograd.engine.api import Watcher, backward, backward_steps, grad, seed_for
from autograd.engine.backward import BackwardPass
from autograd.engine.hooks import (
    HookHandle,
    register_hook,
    register_post_accumulate_grad_hook,
    retain_grad,
)
from autograd.engine.step import Contribution, Step

__all__ = [
    "BackwardPass",
    "Contribution",
    "HookHandle",
    "Step",
    "Watcher",
    "backward",
    "backward_steps",
    "grad",
    "register_hook",
    "register_post_accumulate_grad_hook",
    "retain_grad",
    "seed_for",
]
