"""Runs the cells of one exercise sheet, in a process of its own: ``python -m nn.lesson.run_sheet``.

`nn.lesson.grading` starts it. On its standard input come, as JSON, the cells, what is to be judged here, and the
limits; on the file descriptor that is named there it answers with a line for each exercise, as soon as it has
one. The sheet's own output goes where standard output goes.

Answers of numbers and words are handed back as they are, and judged by the process that asked. Functions and
layers have to be judged here, since judging runs them: whoever writes code that alters this very process can
make them look right. `grading` says so of sheets that reach for what makes it possible.
"""

from __future__ import annotations

import ast
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

#: Longer answers are no answers; nobody asks for so many numbers.
MOST_NUMBERS = 10_000


class Slow(BaseException):
    """A cell computed too long; no ``except Exception`` of the sheet's own catches it."""


def main() -> int:
    """Reads the order, runs the cells, answers line by line."""
    order = json.loads(sys.stdin.readline())
    sys.stdin.close()
    limit(order["megabytes"], order["seconds"])
    import autograd  # noqa: F401  so that what an import takes is not the sheet's
    from nn import lesson

    vars(lesson).update(
        Sheet=_NoSheet, check=_NoSheet("").check
    )  # answers are judged once, afterwards
    names: dict[str, Any] = {"__name__": "__main__"}
    with os.fdopen(order["answers"], "w", encoding="utf-8") as out:
        for source, number in order["cells"]:
            names.pop("answer", None)
            found = {"trouble": _run(source, names, order["cell_seconds"])}
            if number is not None:
                seed = order["seeds"].get(number)
                found = _result(number, names, found["trouble"], seed, order["cell_seconds"])
            elif not found["trouble"]:
                continue
            out.write(json.dumps([number, found]) + "\n")
            out.flush()
    return 0


def limit(megabytes: int, seconds: int) -> None:
    """No more memory, processor time or files than a sheet may need, where the system can say so."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for what, most in (
        (resource.RLIMIT_AS, megabytes * 2**20),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 2**22),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


class _NoSheet:
    """What a sheet's cells find in place of their locks."""

    def __init__(self, text: str) -> None:
        pass

    def check(self, number: str, answer: Any) -> None:
        pass


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    if not hasattr(signal, "setitimer"):  # Windows: the whole sheet has a limit
        yield
        return

    def ring(*_: Any) -> None:
        raise Slow

    # Processor time, which is the same on a busy machine; who sleeps is stopped with the whole sheet.
    signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _run(source: str, names: dict[str, Any], seconds: float) -> str:
    """Runs a cell; returns what went wrong, in a line."""
    lines = ["" if line.lstrip().startswith(("%", "!")) else line for line in source.splitlines()]
    return _tried(lambda: exec(compile("\n".join(lines), "<answer>", "exec"), names), seconds)  # noqa: S102


def _tried(call: Callable[[], Any], seconds: float) -> str:
    try:
        with _at_most(seconds):
            call()
    except Slow:
        return f"computes longer than {seconds:g} s"
    except SyntaxError as error:
        return f"line {error.lineno}: {type(error).__name__}: {error.msg}"
    except BaseException as error:  # noqa: BLE001  SystemExit, too, is the sheet's affair
        frames = [
            each
            for each in traceback.extract_tb(error.__traceback__)
            if each.filename == "<answer>"
        ]
        line = f"line {frames[-1].lineno}: " if frames else ""
        return f"{line}{type(error).__name__}: {error}"[:500]
    return ""


def _result(
    number: str, names: dict[str, Any], trouble: str, seed: str | None, seconds: float
) -> dict[str, Any]:
    """What is known of an answer: the value itself, or what it is worth if it has to be run for that."""
    if trouble:
        return {"trouble": trouble}
    if "answer" not in names:
        return {"trouble": "the cell sets no `answer`"}
    answer = names["answer"]
    if seed is None:
        return _value(answer)
    from nn.lesson.exercise import find, verdict

    given: list[Any] = []
    trouble = _tried(
        lambda: given.append(verdict(number, find(number).draw(Random(seed)), answer)), seconds
    )
    return {"trouble": trouble} if trouble else {"right": given[0].right, "text": given[0].text}


def _value(answer: Any) -> dict[str, Any]:
    from nn.lesson.exercise import NotAnswered, Unusable, answered, numbers

    try:
        array = numbers(answered(answer))
    except NotAnswered:
        return {"nothing": True}
    except Unusable:
        return {"trouble": "the answer is None"}
    except BaseException as error:  # noqa: BLE001  of an object made to raise
        return {"trouble": f"{type(error).__name__} when it is looked at"}
    if isinstance(answer, str):
        return {"word": str(answer)[:200]}
    if array is None or array.size > MOST_NUMBERS:
        return {"thing": _shown(answer)}
    return {"shape": list(array.shape), "numbers": array.ravel().tolist()}


def _shown(answer: Any) -> str:
    try:
        from nn.lesson.exercise import described

        return described(answer)[:200]
    except BaseException:  # noqa: BLE001
        return f"<{type(answer).__name__}>"


def number_of(id: str, source: str) -> str | None:
    """Of which exercise a code cell is the answer: by its id, else by the call that checks it."""
    kind, _, tag = id.partition("-")
    if kind == "answer" and tag.replace("-", "").isdigit():
        return tag.replace("-", ".")
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "check"
        ):
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                return first.value
    return None


if __name__ == "__main__":
    sys.exit(main())
