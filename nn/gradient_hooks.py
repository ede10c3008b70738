"""Hooks on the gradients of a whole module: what comes back to its outputs, what leaves its inputs.

A hook sees the gradients of all inputs at once, and may replace them, though each of them is
complete at a moment of its own in the backward pass. So every tensor goes through two aliases, the
first ones of all tensors before the second ones of all. The pass goes back in the opposite order:
all second aliases have noted their gradients when the first of the first ones comes up, and the
hook is called there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

import autograd
from autograd import Tensor

__all__ = ["call_between_gates"]

Gradients = tuple[Tensor | None, ...]


def call_between_gates(
    module: Any,
    before: Sequence[Callable[..., Any]],
    after: Sequence[Callable[..., Any]],
    args: tuple[Any, ...],
    forward: Callable[[tuple[Any, ...]], Any],
) -> Any:
    """``forward(args)``, with hooks on what goes back through it.

    Args:
        module: what the hooks are told they are called for.
        before: called ``hook(module, grad_output)`` when the gradients of the outputs are complete;
            what they return, unless None, replaces these.
        after: called ``hook(module, grad_input, grad_output)`` when those of the inputs are, too.
        args: positional inputs; gradients are seen of the tensors among them.
        forward: the function between the gates.
    """
    arrived: list[Gradients] = []
    inputs = _places(args)

    def leave(gradients: Gradients) -> Gradients:
        if not arrived:  # a second derivative's part, which did not come by the outputs
            return gradients
        grad_input, grad_output = _spread(gradients, inputs, len(args)), arrived.pop()
        for hook in after:
            given = hook(module, grad_input, grad_output)
            grad_input = _replaced("register_full_backward_hook", given, grad_input)
        return tuple(grad_input[k] for k in inputs)

    def arrive(gradients: Gradients) -> Gradients:
        grad_output = _spread(gradients, outputs, len(parts))
        for hook in before:
            given = hook(module, grad_output)
            grad_output = _replaced("register_full_backward_pre_hook", given, grad_output)
        arrived[:] = [grad_output]
        if after and not inputs:
            leave(())
        return tuple(grad_output[k] for k in outputs)

    if after and inputs:
        args = _through(args, inputs, leave)
    result = forward(args)
    parts = _parts(result)
    outputs = _places(parts)
    return _rebuilt(result, iter(_through(parts, outputs, arrive))) if outputs else result


def _through(
    values: tuple[Any, ...], places: list[int], function: Callable[[Gradients], Gradients]
) -> tuple[Any, ...]:
    """The values, those at the places handed through a gate that calls ``function``."""
    noted: dict[int, Tensor] = {}
    answer: list[Gradients] = []

    def note(k: int, gradient: Tensor) -> None:
        if answer:  # of an earlier backward pass
            noted.clear()
            answer.clear()
        noted[k] = gradient

    def replace(k: int, _: Tensor) -> Tensor | None:
        if not answer:
            answer.append(function(tuple(noted.get(j) for j in range(len(places)))))
        return answer[0][k]

    passed = [_hooked(values[place], replace, k) for k, place in enumerate(places)]
    passed = [_hooked(tensor, note, k) for k, tensor in enumerate(passed)]
    by_place = dict(zip(places, passed, strict=True))
    return tuple(by_place.get(k, value) for k, value in enumerate(values))


def _hooked(tensor: Tensor, hook: Callable[[int, Tensor], Any], k: int) -> Tensor:
    alias = autograd.alias(tensor)
    alias.register_hook(lambda gradient: hook(k, gradient))
    return alias


def _places(values: Iterable[Any]) -> list[int]:
    if not autograd.is_grad_enabled():
        return []
    return [
        k for k, value in enumerate(values) if isinstance(value, Tensor) and value.requires_grad
    ]


def _spread(gradients: Gradients, places: list[int], count: int) -> Gradients:
    by_place = dict(zip(places, gradients, strict=True))
    return tuple(by_place.get(k) for k in range(count))


def _replaced(who: str, given: Any, gradients: Gradients) -> Gradients:
    """What a hook returned, checked, or the gradients as they were."""
    if given is None:
        return gradients
    given = given if isinstance(given, (tuple, list)) else (given,)
    if len(given) != len(gradients):
        raise ValueError(
            f"{who}: a hook must return None or {len(gradients)} gradients, one for each it was "
            f"given; it returned {len(given)}"
        )
    for new, old in zip(given, gradients, strict=True):
        if old is not None and not isinstance(new, (Tensor, np.ndarray)):
            raise TypeError(
                f"{who}: a hook must return tensors or None in all; it returned "
                f"{type(new).__name__} for a gradient of shape {old.shape}"
            )
    return tuple(
        None if new is None else autograd.as_tensor(new) if old is not None else new
        for new, old in zip(given, gradients, strict=True)
    )


def _parts(value: Any) -> tuple[Any, ...]:
    """What an output consists of: tensors in tuples, lists and dictionaries."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (tuple, list)):
        return tuple(part for each in value for part in _parts(each))
    return (value,)


def _rebuilt(value: Any, parts: Any) -> Any:
    """An output like ``value`` of other parts."""
    if isinstance(value, dict):
        return type(value)((key, _rebuilt(each, parts)) for key, each in value.items())
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_rebuilt(each, parts) for each in value))
    if isinstance(value, (tuple, list)):
        return type(value)(_rebuilt(each, parts) for each in value)
    return next(parts)
