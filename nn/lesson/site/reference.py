"""The reference: a page for each public module, made of its names' docstrings."""

from __future__ import annotations

import importlib
import inspect
from types import ModuleType

__all__ = ["MODULES", "page_of"]

MODULES = (
    "autograd", "autograd.func", "autograd.debug", "autograd.viz", "autograd.linalg",
    "nn", "nn.functional", "nn.init", "nn.optim", "nn.optim.lr_scheduler", "nn.utils", "nn.utils.rnn",
    "nn.data", "nn.train", "nn.models", "nn.distributions", "nn.parallel", "nn.interop", "nn.onnx",
    "nn.files", "nn.lesson",
)  # fmt: skip


def names_of(module: ModuleType) -> list[str]:
    """A module's public names, those that are modules left out."""
    names = getattr(module, "__all__", None) or [name for name in dir(module) if name[0] != "_"]
    found = []
    for name in dict.fromkeys(names):
        value = getattr(module, name)
        ours = getattr(value, "__module__", module.__name__) or ""
        if not inspect.ismodule(value) and ours.partition(".")[0] in ("autograd", "nn"):
            found.append(name)
    return found


def page_of(name: str) -> str:
    """The source of a module's page, in reStructuredText."""
    module = importlib.import_module(name)
    lines = [name, "=" * len(name), "", f".. automodule:: {name}", "   :no-members:", ""]
    for each in names_of(module):
        value = getattr(module, each)
        if inspect.isclass(value):
            lines += [f".. autoclass:: {name}.{each}", "   :members:", "   :no-index:", ""]
        elif callable(value):
            lines += [f".. autofunction:: {name}.{each}", "   :no-index:", ""]
    return "\n".join(lines)
