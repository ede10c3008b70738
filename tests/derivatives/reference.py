"""Writes REFERENCE.md: ``python -m tests.derivatives.reference``."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path
from typing import Any

from .cases import TABLES

OUTPUT = Path(__file__).parents[2] / "REFERENCE.md"

_INTRODUCTION = """# Every public function and module

Generated from the code by `python -m tests.derivatives.reference`. *Order* is the highest order of
derivative that the tests check, in float64, against central differences of the order below; a dash
means that there is none by nature (comparisons, indices). Modules are checked by their input; their
parameters enter through the function of the same name. What takes no derivatives is listed below.
"""

#: What is public and no function to differentiate.
_OTHERS = (
    "autograd",
    "autograd.func",
    "autograd.debug",
    "autograd.viz",
    "nn.optim",
    "nn.optim.lr_scheduler",
    "nn.init",
    "nn.utils",
    "nn.utils.rnn",
    "nn.distributions",
    "nn.data",
)


def _first_sentence(thing: Any) -> str:
    text = (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")
    text = re.split(r"(?<=(?<! al)\.) ", text, maxsplit=1)[0]  # not after "et al."
    return text.replace("|", "\\|").replace("``", "`")


def reference_text() -> str:
    """The whole page."""
    parts = [_INTRODUCTION]
    for table, cases in TABLES.items():
        module = importlib.import_module(table)
        parts.append(f"\n## `{table}`\n\n| name | order | what it is |\n|---|---|---|\n")
        for name in sorted(cases):
            order = cases[name].order or "–"
            parts.append(f"| `{name}` | {order} | {_first_sentence(getattr(module, name))} |\n")
    for path in _OTHERS:
        module = importlib.import_module(path)
        heading = f"`{path}`" + (", further" if path in TABLES else "")
        parts.append(f"\n## {heading}\n\n| name | what it is |\n|---|---|\n")
        for name in sorted(set(module.__all__) - set(TABLES.get(path, ()))):
            thing = getattr(module, name)
            if not inspect.ismodule(thing) and thing is not None:  # newaxis is None
                parts.append(f"| `{name}` | {_first_sentence(thing)} |\n")
    return "".join(parts)


if __name__ == "__main__":
    OUTPUT.write_text(reference_text(), encoding="utf-8")
    print(f"wrote {OUTPUT.name}")
