"""Writes REFERENCE.md: ``python -m tests.derivatives.reference``."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from typing import Any

from .cases import TABLES

OUTPUT = Path(__file__).parents[2] / "REFERENCE.md"

_INTRODUCTION = """# Every public function and module

Generated from the code by `python -m tests.derivatives.reference`. *Order* is the highest order of
derivative that the tests check, in float64, against central differences of the order below; a dash
means that there is none by nature (comparisons, indices). Modules are checked by their input; their
parameters enter through the function of the same name.
"""


def _first_sentence(thing: Any) -> str:
    text = (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")
    end = text.find(". ")
    text = text if end < 0 else text[: end + 1]
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
    return "".join(parts)


if __name__ == "__main__":
    OUTPUT.write_text(reference_text(), encoding="utf-8")
    print(f"wrote {OUTPUT.name}")
