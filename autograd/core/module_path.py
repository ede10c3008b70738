"""Paths of modules that know what stands at them: class names and summaries, for pictures.

A node keeps the path of the module that it was computed in, a string. The strings that ``nn.Module``
hands over carry the model's table along, so that a picture drawn later can say ``Conv2d(16 → 32,
3×3)`` where the path says ``conv1``. The table holds text only: it keeps no module alive.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["ModuleInfo", "ModulePath"]


class ModuleInfo(NamedTuple):
    """What stands at a path.

    Attributes:
        kind: the class's name.
        summary: the class and its most telling settings, on one line.
        leaf: has it no modules inside?
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
