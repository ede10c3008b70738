"""Modules called with other tensors in the place of their parameters and buffers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograd import Tensor, arguments
from nn.module import Module

__all__ = ["functional_call"]


def functional_call(
    module: Module, parameters_and_buffers_dict: Any, args: Any = None, kwargs: Any = None,
    *, tie_weights: bool = True, strict: bool = False,
) -> Any:  # fmt: skip
    """``module(*args, **kwargs)`` with other tensors for some of its parameters and buffers.

    Gradients flow to these tensors. Afterwards the module is as it was, also after an exception.

    Args:
        parameters_and_buffers_dict: tensors by their names, as in ``named_parameters()``; or several
            such dictionaries.
        args: the positional arguments, as a tuple; anything else is the only one.
        kwargs: the keyword arguments.
        tie_weights: what several names share gets the tensor given for one of them. Default True.
        strict: refuse unless there is a tensor for every parameter and buffer. Default False.

    Raises:
        TypeError: for what is no module or no tensor; ValueError: for names that the module has not.

    Example:
        >>> import autograd, nn
        >>> layer = nn.Linear(2, 1)
        >>> zeros = {name: autograd.zeros(p.shape) for name, p in layer.named_parameters()}
        >>> nn.utils.stateless.functional_call(layer, zeros, (autograd.ones(1, 2),)).tolist()
        [[0.0]]
    """
    who = "functional_call"
    if not isinstance(module, Module):
        raise TypeError(f"{who}: module must be a Module, got {type(module).__name__}")
    given = _together(who, parameters_and_buffers_dict)
    places = _places(module)
    unknown = sorted(given.keys() - places.keys())
    if unknown:
        raise ValueError(f"{who}: the module has no parameter or buffer {unknown[0]!r}")
    if arguments.boolean(who, "strict", strict) and places.keys() - given.keys():
        raise ValueError(f"{who}: strict=True, but nothing is given for "
                         f"{sorted(places.keys() - given.keys())}")  # fmt: skip
    chosen = {places[name]: tensor for name, tensor in given.items()}
    if arguments.boolean(who, "tie_weights", tie_weights):
        shared = {id(places[name][0].__dict__[places[name][1]]): t for name, t in given.items()}
        for name, place in places.items():
            if name not in given and id(place[0].__dict__[place[1]]) in shared:
                chosen[place] = shared[id(place[0].__dict__[place[1]])]
    before = {place: place[0].__dict__[place[1]] for place in chosen}
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    try:
        for (owner, name), tensor in chosen.items():
            owner.__dict__[name] = tensor
        return module(*args, **(kwargs or {}))
    finally:
        for (owner, name), tensor in before.items():
            owner.__dict__[name] = tensor


def _together(who: str, given: Any) -> dict[str, Tensor]:
    several = given if isinstance(given, (tuple, list)) else [given]
    result: dict[str, Tensor] = {}
    for each in several:
        if not isinstance(each, Mapping):
            raise TypeError(f"{who}: tensors must be given in a dictionary by their names, "
                            f"got {type(each).__name__}")  # fmt: skip
        for name, tensor in each.items():
            if not isinstance(tensor, Tensor):
                raise TypeError(f"{who}: {name!r} must be a Tensor, got {type(tensor).__name__}")
            if name in result:
                raise ValueError(f"{who}: {name!r} is given twice")
            result[name] = tensor
    return result


def _places(module: Module) -> dict[str, tuple[Module, str]]:
    """By every name of a parameter or buffer, the module that holds it and the name there."""
    places = {}
    for prefix, owner in module.named_modules(remove_duplicate=False):
        own = [*owner.named_parameters(recurse=False), *owner.named_buffers(recurse=False)]
        for name, _ in own:
            places[f"{prefix}.{name}" if prefix else name] = (owner, name)
    return places
