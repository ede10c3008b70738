"""``python -m nn.lesson grade``: sheets that came back, in a table for the teacher.

Every sheet runs in a process of its own, in an empty folder, with limits on time, memory and the size of
files. What a sheet does to itself (it hangs, ends its process, is no notebook) becomes what its row says. The
process is *not* a prison: it runs with the teacher's rights. Grade sheets of strangers on a machine, or
in a container, that has nothing to lose.
"""

from __future__ import annotations

import ast
import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from nn.lesson import files, sheets
from nn.lesson.exercise import verdict
from nn.lesson.judges import Choice, Equals
from nn.lesson.run_sheet import number_of

__all__ = ["Limits", "Mark", "Row", "as_csv", "as_html", "as_text", "grade"]

#: Larger files are no exercise sheets.
MOST_BYTES = 20_000_000

RIGHT, WRONG, OPEN, BROKEN = "right", "wrong", "open", "broken"
SIGNS = {RIGHT: "+", WRONG: "x", OPEN: ".", BROKEN: "!"}


@dataclass(frozen=True)
class Limits:
    """What a sheet may take.

    Attributes:
        seconds: the whole sheet, its imports included.
        cell_seconds: of processor time, for one cell and for judging one answer.
        megabytes: of memory, as addresses; the libraries' own threads reserve much of that.
    """

    seconds: int = 60
    cell_seconds: float = 5.0
    megabytes: int = 4096


@dataclass(frozen=True)
class Mark:
    """One exercise of one sheet: ``state`` is right, wrong, open or broken; ``step`` the first wrong step."""

    number: str
    state: str
    step: str = ""


@dataclass
class Row:
    """One sheet.

    Attributes:
        file: its path below the folder.
        student: the name in it; empty if it cannot be read.
        marks: of its exercises, in order.
        remark: what is to be known of the whole sheet: broken, stopped, not made with this key.
    """

    file: str
    student: str = ""
    marks: list[Mark] = field(default_factory=list)
    remark: str = ""

    @property
    def right(self) -> int:
        """How many exercises are right."""
        return sum(mark.state == RIGHT for mark in self.marks)


def grade(folder: Path, key: str, limits: Limits | None = None) -> Iterator[Row]:
    """Grades the notebooks of a folder and of those in it, one after another.

    Args:
        folder: where they are.
        key: the teacher's, with which the sheets were made.
        limits: what a sheet may take.

    Yields:
        A row for each file, in the order of their names, when it is done.

    Raises:
        ValueError: if the folder has no notebooks.
        RuntimeError: on systems without process groups (Windows).
    """
    if not hasattr(os, "killpg"):
        raise RuntimeError("grading runs sheets in process groups, which this system does not have; "
                           "use Linux, macOS or WSL")  # fmt: skip
    paths = [
        each
        for each in sorted(folder.rglob("*.ipynb"))
        if ".ipynb_checkpoints" not in each.parts and each.is_file()
    ]
    if not paths:
        raise ValueError(f"there are no notebooks (.ipynb) in {folder}")
    seen: dict[str, str] = {}
    for path in paths:
        row = _row(path, path.relative_to(folder).as_posix(), key, limits or Limits())
        if row.student in seen:
            row.remark = _joined(row.remark, f"{seen[row.student]} is a sheet of the same student")
        elif row.student:
            seen[row.student] = row.file
        yield row


def _joined(*remarks: str) -> str:
    return "; ".join(filter(None, remarks))


def _row(path: Path, name: str, key: str, limits: Limits) -> Row:
    try:
        notebook = _read(path)
        sheet = sheets.carried(notebook)
    except (OSError, ValueError) as error:
        return Row(name, remark=f"not graded: {error}")
    row = Row(name, sheet.student)
    if not sheets.belongs(key, sheet):
        row.remark = "not graded: it was not made with this key, or its locks were altered"
        return row
    cells = _cells(notebook)
    results, ended = _results(cells, sheet, key, limits)
    row.remark = _joined(ended, _suspicious(source for source, _ in cells))
    there = {number for _, number in cells}
    for number in sheet.numbers:
        row.marks.append(
            _mark(number, sheet.student, key, results.get(number), number in there, ended)
        )
    return row


def _read(path: Path) -> files.Notebook:
    """A notebook whose cells have all that is needed here.

    Raises:
        ValueError: if it is none.
    """
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"it has more than {MOST_BYTES // 10**6} MB")
    try:
        notebook = files.read(path)
        cells = notebook["cells"]
        for each in cells:
            if not isinstance("".join(each["source"]), str) or not isinstance(
                each["cell_type"], str
            ):
                raise TypeError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError("it is no notebook that can be read") from None
    return notebook


def _cells(notebook: files.Notebook) -> list[tuple[str, str | None]]:
    """(source, number of the exercise that it answers) of all code cells but the one with the locks."""
    found: list[tuple[str, str | None]] = []
    for each in notebook["cells"]:
        source = "".join(each["source"])
        if each["cell_type"] == "code" and "lesson.Sheet(" not in source:
            found.append((source, number_of(str(each.get("id", "")), source)))
        elif each["cell_type"] == "code":
            found.append(('sheet = lesson.Sheet("")', None))
    return found


# -- one sheet, run ------------------------------------------------------------------------------


def _results(
    cells: Sequence[tuple[str, str | None]], sheet: sheets.Sheet, key: str, limits: Limits
) -> tuple[dict[str, dict[str, Any]], str]:
    """What the process of a sheet answered, by exercise, and how it ended if not as it should."""
    seeds = {
        number: sheets.seed_of(key, sheet.student, number)
        for number in sheet.numbers
        if not isinstance(sheets.task_of(key, sheet.student, number).judge, (Equals, Choice))
    }
    order = {"cells": cells, "seeds": seeds, "cell_seconds": limits.cell_seconds,
             "seconds": limits.seconds, "megabytes": limits.megabytes}  # fmt: skip
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        text, ended = _process(order, Path(folder), limits.seconds)
    results: dict[str, dict[str, Any]] = {}
    other = ""
    for line in text.splitlines():
        try:
            number, found = json.loads(line)
            if number is None:
                other = str(found["trouble"])
            elif "text" not in found or number in seeds:  # only these were to be judged over there
                results.setdefault(str(number), dict(found))
        except (ValueError, TypeError, KeyError):
            return results, _joined(ended, "it wrote into the answers")
    return results, _joined(ended, f"a cell that answers nothing: {other}" if other else "")


def _process(order: dict[str, Any], folder: Path, seconds: int) -> tuple[str, str]:
    """Runs `nn.lesson.run_sheet`; returns what it answered, and how it ended if badly."""
    reading, writing = os.pipe()
    root = str(Path(__file__).resolve().parents[2])
    environment = {
        name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LANG") if name in os.environ
    }
    environment |= {"PYTHONPATH": os.pathsep.join([root, *filter(None, sys.path)]), "HOME": str(folder),
                    "MPLBACKEND": "Agg", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1",
                    "PYTHONDONTWRITEBYTECODE": "1"}  # fmt: skip
    with open(reading, encoding="utf-8", errors="replace") as answers:
        with subprocess.Popen(
            [sys.executable, "-m", "nn.lesson.run_sheet"], cwd=folder, env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            pass_fds=[writing], start_new_session=True,
        ) as process:  # fmt: skip
            os.close(writing)
            collected = _Reader(answers)
            try:
                process.communicate(
                    (json.dumps(order | {"answers": writing}) + "\n").encode(), seconds
                )
                ended = "" if process.returncode == 0 else _how(process.returncode)
            except subprocess.TimeoutExpired:
                ended = f"stopped after {seconds} s"
            finally:
                _end(process)
        return collected.text(), ended


class _Reader:
    """Reads what a process answers while it runs, so that it never waits for us."""

    def __init__(self, source: io.TextIOWrapper) -> None:
        from threading import Thread

        self._parts: list[str] = []
        self._source = source
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        left = 2 * MOST_BYTES
        while left > 0 and (part := self._source.read(65_536)):
            self._parts.append(part)
            left -= len(part)

    def text(self) -> str:
        """All of it; called when the process has ended."""
        self._thread.join(5)  # a child that ran away may still hold the other end open
        return "".join(self._parts)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends a process, and those that it started and left behind."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    process.wait()


def _how(status: int) -> str:
    if status < 0:
        try:
            return f"its process was ended by {signal.Signals(-status).name}"
        except ValueError:
            return f"its process was ended by signal {-status}"
    return f"its process ended by itself, with exit status {status}"


#: What an answer needs none of, and what could make a wrong one look right.
_TELLING = {"ctypes", "gc", "importlib", "inspect", "multiprocessing", "os", "shutil", "signal", "socket",
            "subprocess", "sys", "threading", "urllib", "builtins", "requests"}  # fmt: skip


def _suspicious(sources: Iterable[str]) -> str:
    """What is worth a look at the sheet itself, since no process can keep it from being done."""
    found: set[str] = set()
    for source in sources:
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found |= {each.name.partition(".")[0] for each in node.names} & _TELLING
                found |= {each.name for each in node.names if each.name.startswith("nn.lesson")}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found |= {node.module.partition(".")[0]} & _TELLING
                found |= {node.module} if node.module.startswith("nn.lesson") else set()
            elif isinstance(node, ast.Name) and node.id in ("__import__", "eval", "exec", "open"):
                found.add(node.id)
            elif isinstance(node, ast.Attribute) and re.fullmatch(
                r"__\w+__|exercise|run_sheet", node.attr
            ):
                found.add(f".{node.attr}")
    return f"uses {', '.join(sorted(found))}: have a look at it" if found else ""


# -- one answer, judged --------------------------------------------------------------------------


def _mark(
    number: str, student: str, key: str, found: dict[str, Any] | None, there: bool, ended: str
) -> Mark:
    if found is None:
        return (
            Mark(number, BROKEN, ended or "no answer came")
            if there
            else Mark(number, OPEN, "the cell is gone")
        )
    if "trouble" in found:
        return Mark(number, BROKEN, str(found["trouble"]))
    if "text" in found:
        right, text = found.get("right"), str(found["text"])
    else:
        given = verdict(number, sheets.task_of(key, student, number), _answer(found))
        right, text = given.right, given.text
    if right is None:
        return Mark(number, OPEN)
    return Mark(number, RIGHT) if right is True else Mark(number, WRONG, first_step(text))


def _answer(found: dict[str, Any]) -> Any:
    """The value that came over, rebuilt from plain data."""
    if "numbers" in found:
        try:
            return np.array(found["numbers"], dtype=np.float64).reshape(found["shape"])
        except (ValueError, TypeError):
            return "?"
    if "thing" in found:
        return _Thing(str(found["thing"]))
    return ... if found.get("nothing") else str(found.get("word", "?"))


class _Thing:
    """What a sheet answered, if it was neither numbers nor a word: known by its description only."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __repr__(self) -> str:
        return self._what


def first_step(text: str) -> str:
    """The first thing that is wrong, out of all that a hint says: one sentence for a table."""
    text = re.sub(r"^[\d.]+: not yet\. ", "", text)
    wrong = re.search(r"^(input \d+).*?: WRONG: (.*)$", text, flags=re.MULTILINE)
    if not wrong:
        return " ".join(text.split())
    why = re.search(r"most likely: (.*)", text[wrong.end() :])
    return f"gradient of {wrong.group(1)}: {why.group(1) if why else wrong.group(2)}"


# -- tables --------------------------------------------------------------------------------------


def _numbers(rows: Sequence[Row]) -> list[str]:
    found = {mark.number for row in rows for mark in row.marks}
    return sorted(found, key=lambda number: [int(part) for part in number.split(".")])


def _steps(row: Row) -> list[Mark]:
    """The marks of which there is something to say that the remark does not say of them all."""
    return [mark for mark in row.marks if mark.step and mark.step not in row.remark]


def as_text(rows: Sequence[Row]) -> str:
    """A table for a terminal: a sign for each exercise, by chapter, and below it what is wrong."""
    chapters: dict[str, list[str]] = {}
    for number in _numbers(rows):
        chapters.setdefault(number.partition(".")[0], []).append(number)
    width = max([len(row.student or row.file) for row in rows] + [7])
    titles = [f"{chapter:{len(numbers)}}" for chapter, numbers in chapters.items()]
    head = f"{'student':{width}}  right  {' '.join(titles)}".rstrip()
    lines = [head, "-" * len(head)]
    for row in rows:
        marks = {mark.number: SIGNS[mark.state] for mark in row.marks}
        signs = ["".join(marks.get(each, " ") for each in numbers) for numbers in chapters.values()]
        right = f"{row.right:>2}/{len(row.marks):<2}"
        lines.append(f"{row.student or row.file:{width}}  {right}  {' '.join(signs)}".rstrip())
    lines.append("\n+ right   x wrong   ! broken   . not answered")
    for row in rows:
        steps = _steps(row)
        if steps or row.remark:
            remark = f": {row.remark}" if row.remark else ""
            lines.append(f"\n{row.student or '?'} ({row.file}){remark}")
            lines += [f"  {mark.number:>5}  {mark.step}" for mark in steps]
    return "\n".join(lines) + "\n"


def as_csv(rows: Sequence[Row]) -> str:
    """A line for each exercise of each sheet, for a spreadsheet; a sheet without marks has one line."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["student", "file", "exercise", "state", "first wrong step", "remark"])
    for row in rows:
        for mark in row.marks or [Mark("", BROKEN)]:
            cells = (row.student, row.file, mark.number, mark.state, mark.step, row.remark)
            writer.writerow([_no_formula(each) for each in cells])
    return out.getvalue()


def _no_formula(cell: str) -> str:
    """A cell that no spreadsheet computes: students choose names and answers."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def as_html(rows: Sequence[Row]) -> str:
    """A page that stands alone: the table, and below each sheet's first wrong steps."""
    columns = _numbers(rows)
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in columns)
    body, notes = [], []
    for n, row in enumerate(rows, start=1):
        marks = {mark.number: mark for mark in row.marks}
        cells = "".join(_cell(marks.get(each)) for each in columns)
        name = escape(row.student or row.file)
        body.append(f'<tr><th scope="row"><a href="#s{n}">{name}</a></th>'
                    f"<td>{row.right}/{len(row.marks)}</td>{cells}</tr>")  # fmt: skip
        steps = "".join(
            f"<li><b>{escape(mark.number)}</b> {escape(mark.step)}</li>" for mark in _steps(row)
        )
        remark = f"<p>{escape(row.remark)}</p>" if row.remark else ""
        notes.append(
            f'<h2 id="s{n}">{name}</h2><p><code>{escape(row.file)}</code></p>{remark}<ul>{steps}</ul>'
        )
    style = Path(__file__).with_name("page.css").read_text("utf-8") + _STYLE
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8"/>\n<title>Grades</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>\n'
        f"<style>\n{style}</style>\n</head>\n<body><main>\n<h1>Grades</h1>\n"
        "<p>+ right, x wrong, ! broken, . not answered. Point at a sign for the first wrong step.</p>\n"
        f'<div class="wide"><table class="grades"><thead><tr><th scope="col">student</th><th scope="col">right</th>'
        f"{head}</tr></thead>\n<tbody>\n" + "\n".join(body) + "\n</tbody></table></div>\n"
        + "\n".join(notes) + "\n</main></body>\n</html>\n"
    )  # fmt: skip


def _cell(mark: Mark | None) -> str:
    if mark is None:
        return "<td></td>"
    return (
        f'<td class="{mark.state}" title="{escape(mark.step, quote=True)}">{SIGNS[mark.state]}</td>'
    )


_STYLE = """
main { max-width: none; }
.wide { overflow-x: auto; }
.grades td, .grades th { border: 1px solid var(--line); padding: .15rem .45rem; text-align: center; }
.grades th[scope=row] { text-align: left; white-space: nowrap; }
.right { color: #00785a; } .wrong, .broken { color: #b3260b; font-weight: bold; }
@media (prefers-color-scheme: dark) { .right { color: #3fbf98; } .wrong, .broken { color: #ff9a7d; } }
"""
