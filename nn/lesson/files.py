"""Notebook files: where they are, how they are read and written, what a tidy one looks like.

The JSON is read and written here with the standard library alone, so that looking at the lesson needs
nothing installed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nn.lesson.exercise import Exercise, find

Notebook = dict[str, Any]

#: Any environment's own Python answers to this name.
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def folder() -> Path:
    """The folder of the notebooks: in a wheel beside this file, in a checkout at its top.

    Raises:
        RuntimeError: if they are in neither.
    """
    here = Path(__file__).resolve()
    for place in (here.parent / "notebooks", here.parents[2] / "notebooks"):
        if any(place.glob("*.ipynb")):
            return place
    raise RuntimeError(
        "the notebooks are not there: they come with the wheel, or stand in notebooks/ of a checkout"
    )


def notebooks(place: Path | None = None) -> list[Path]:
    """The lesson's notebooks, in order."""
    return sorted((place or folder()).glob("[0-9][0-9]_*.ipynb"))


def read(path: Path) -> Notebook:
    """A notebook as plain data."""
    loaded: Notebook = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def dumps(notebook: Notebook) -> str:
    """A notebook as the text of its file."""
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def cell(kind: str, id: str, source: str) -> dict[str, Any]:
    """A cell without output; ``kind`` is ``"markdown"`` or ``"code"``."""
    made: dict[str, Any] = {
        "cell_type": kind,
        "id": id,
        "metadata": {},
        "source": source.strip("\n").splitlines(keepends=True),
    }
    if kind == "code":
        made.update(execution_count=None, outputs=[])
    return made


def new(cells: list[dict[str, Any]]) -> Notebook:
    """A notebook of cells."""
    return {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}


def tidy(notebook: Notebook) -> Notebook:
    """The notebook as it is kept: no outputs, no traces of an editor, exercise cells written anew."""
    cells = []
    for each in notebook["cells"]:
        id, source = each["id"], "".join(each["source"])
        kind, _, number = id.partition("-")
        if kind in ("exercise", "answer") and number.replace("-", "").isdigit():
            source = _exercise_source(kind, find(number.replace("-", ".")))
        cells.append(cell(each["cell_type"], id, source))
    return new(cells)


def _exercise_source(kind: str, found: Exercise) -> str:
    return question(found) if kind == "exercise" else answer(found)


def question(found: Exercise) -> str:
    """The markdown of an exercise."""
    return f"### Exercise {found.number}: {found.title}\n\n{found.task().question}"


def answer(found: Exercise, solved: bool = False) -> str:
    """The code of an exercise: to fill in, or solved."""
    task = found.task()
    return f"{task.solution if solved else task.start}\n\n{found.call()}"
