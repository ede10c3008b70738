"""The register of model styles: each is a function that gives a module and what it is called with."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

STYLES: dict[str, Callable[[], tuple[nn.Module, tuple[Any, ...], dict[str, Any]]]] = {}


def style(name: str):
    def register(make):
        def made():
            with in_double():
                torch.manual_seed(0)
                module, *args = make()
                kwargs = args.pop() if args and isinstance(args[-1], Keywords) else {}
                for parameter in module.parameters():  # nothing stays at 0 or 1, where errors hide
                    if parameter.ndim == 1 and parameter.is_floating_point():
                        torch.nn.init.uniform_(parameter, 0.4, 1.1)
                return module, tuple(args), dict(kwargs)

        STYLES[name] = made
        return make

    return register


class Keywords(dict):
    pass


@contextlib.contextmanager
def in_double() -> Iterator[None]:
    """What models make out of nothing is in double precision."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def every() -> dict[str, Callable[[], tuple[nn.Module, tuple[Any, ...], dict[str, Any]]]]:
    """All styles, by name."""
    from tests.nn.interop import models, public, recent  # noqa: F401 (they register themselves)

    return STYLES
