"""Paths of modules that know what stands at them: class names and summaries, for pictures.

A node keeps the path of the module that it was computed in, a string. The strings that ``nn.Module``
hands over carry the model's table along, so that a picture drawn later can say ``Conv2d(16 → 32,
3×3)`` where the path says ``conv1``. The table holds text only: it keeps no module alive.
"""

from __future__ import annotations

from typing import NamedTuple

from autograd.core.modes import local

__all__ = ["ModuleInfo", "ModulePath", "module_path", "module_scope", "set_module_path"]


class ModuleInfo(NamedTuple):
    """What stands at a path.

    Attributes:
        kind: the class's name.
        summary: the class and its most telling settings, on one line.
        leaf: does it compute by itself, without calling modules inside?
    """

    kind: str
    summary: str
    leaf: bool


class ModulePath(str):
    """A dotted path with the table of the model around it, by path.

    Example:
        >>> from autograd import ModuleInfo, ModulePath
        >>> table = {"conv1": ModuleInfo("Conv2d", "Conv2d(1 → 8, 3×3)", True)}
        >>> ModulePath("conv1", table).table["conv1"].kind
        'Conv2d'
    """

    __slots__ = ("table",)
    table: dict[str, ModuleInfo]

    def __new__(cls, path: str, table: dict[str, ModuleInfo]) -> ModulePath:
        self = super().__new__(cls, path)
        self.table = table
        return self


def module_path() -> str:
    """The dotted path of the module being called in this thread; empty outside of modules."""
    return local.state.module


def set_module_path(path: str) -> str:
    """Put another path in the place of `module_path`; returns the one before, to be put back.

    For who calls many modules and counts nanoseconds, as ``nn.Module`` does: no check, no context
    manager. Others take ``module_scope``.
    """
    state = local.state
    before = state.module
    state.module = path
    return before


class module_scope:
    """Give the operations inside a module path, which pictures use to draw clusters.

    Args:
        name: appended to the enclosing path with a dot; ``nn.Module`` does so at each call.

    Example:
        >>> import autograd as ag
        >>> with ag.module_scope("encoder"), ag.module_scope("conv1"):
        ...     ag.module_path()
        'encoder.conv1'
    """

    __slots__ = ("_before", "_name")

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        state = local.state
        self._before = before = state.module
        state.module = f"{before}.{self._name}" if before else self._name

    def __exit__(self, *exception: object) -> None:
        local.state.module = self._before
