"""Exercise sheets whose answers are locked: they check themselves and do not hold what they ask for.

A sheet is made with the teacher's key, a file of random letters. From the key and the student's name come
the numbers of the exercises; without the key nobody can draw them again, and with them the solutions. What
the sheet carries for its exercises is

- for an answer of numbers or of one word: a salted hash of the right answer and of the wrong ones that have
  a hint, each slow to compute, and the reason, which opens with the right answer alone;
- for an answer that is a function or a layer: the seed of its numbers, since judging it means running it.

That keeps honest people honest. Hashes of small numbers can be tried out one by one, and the exercises' source
is part of this package; an examination needs a room.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import re
import secrets
import textwrap
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from nn.lesson import files
from nn.lesson.exercise import (
    Exercise,
    NotAnswered,
    Task,
    Unusable,
    Verdict,
    answered,
    exercises,
    find,
    verdict,
)
from nn.lesson.judges import (
    NO_NUMBERS,
    OTHER_WORD,
    Choice,
    Equals,
    described,
    joined,
    numbers,
    other_shape,
    usual,
)

__all__ = ["KEY", "Sheet", "belongs", "carried", "make", "read_key", "seed_of", "task_of"]

#: Where the key is looked for if nothing else is said.
KEY = Path("lesson.key")

#: So often a hash is taken of a hash: some milliseconds for one answer, an evening for all.
_ROUNDS = 4000

#: So many answers near the limit of rounding are tried.
_MOST_TRIES = 64


# -- the key -------------------------------------------------------------------------------------


def read_key(path: Path, make: bool = False) -> str:
    """The teacher's key.

    Args:
        path: its file.
        make: write a new one if there is none.

    Raises:
        ValueError: if there is none, or what is there is no key.
    """
    if not path.exists():
        if not make:
            raise ValueError(f"there is no key {path}: it is written where sheets are made, and opens their "
                             "solutions and grades")  # fmt: skip
        path.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
        path.chmod(0o600)
    key = path.read_text(encoding="utf-8", errors="replace").strip()
    if not re.fullmatch(r"[0-9a-f]{64}", key):
        raise ValueError(f"{path} is no key: 64 letters of 0 to 9 and a to f are expected")
    return key


def _derived(key: str, *what: str) -> str:
    return hmac.new(bytes.fromhex(key), "\n".join(what).encode(), hashlib.sha256).hexdigest()


def seed_of(key: str, student: str, number: str) -> str:
    """The seed of an exercise's numbers on a student's sheet."""
    return _derived(key, "numbers", student, number)[:32]


def task_of(key: str, student: str, number: str) -> Task:
    """An exercise of a student's sheet, with the numbers that belong to the two."""
    return find(number).draw(Random(seed_of(key, student, number)))


def belongs(key: str, sheet: Sheet) -> bool:
    """True if a sheet was made with a key, for the student and with the exercises that it carries."""
    return hmac.compare_digest(sheet.tag, _tag(key, sheet.student, sheet.numbers))


def _tag(key: str, student: str, numbers: Iterable[str]) -> str:
    return _derived(key, "sheet", student, *numbers)[:16]


# -- locks ---------------------------------------------------------------------------------------


def _digest(salt: str, what: str) -> bytes:
    value = f"{salt}/{what}".encode()
    # Not hashlib.pbkdf2_hmac: it is missing where Python was built without OpenSSL, as for browsers.
    for _ in range(_ROUNDS):
        value = hashlib.sha256(value).digest()
    return value


def _mixed(secret: bytes, text: bytes) -> bytes:
    """Text made unreadable by a secret, and readable again by the same."""
    blocks = range(len(text) // 32 + 1)
    stream = b"".join(hashlib.sha256(secret + n.to_bytes(4, "big")).digest() for n in blocks)
    return bytes(a ^ b for a, b in zip(text, stream, strict=False))


def _step(array: np.ndarray[Any, Any], within: float) -> float:
    """How finely numbers are told apart: whole ones as such, others to a few digits.

    A power of ten, so that it says of an answer no more than how large it is; 1 is of whole numbers alone, and
    where others would have it they have 2.
    """
    if np.array_equal(array, np.round(array)):
        return 1.0
    scale = max(1.0, float(np.max(np.abs(array), initial=0.0)))
    step = float(10.0 ** np.ceil(np.log10(20 * max(within, 1e-9) * scale)))
    return 2.0 if step == 1.0 else step


def _written(shape: tuple[int, ...], cells: Any) -> str:
    return f"{shape}:{[int(each) for each in cells]}"


def _near(array: np.ndarray[Any, Any], step: float) -> Iterator[str]:
    """How an answer is written, in every way in which its numbers may have been rounded."""
    scaled = array.ravel() / step
    if not np.all(np.isfinite(scaled)):
        return
    nearest = np.round(scaled)
    off = scaled - nearest
    if step == 1.0:  # whole numbers
        if np.all(np.abs(off) < 1e-3):
            yield _written(array.shape, nearest)
        return
    others = [
        (n, n + (1 if d > 0 else -1)) if abs(d) > 0.4 else (n,)
        for n, d in zip(nearest, off, strict=True)
    ]
    for cells in itertools.islice(itertools.product(*others), _MOST_TRIES):
        yield _written(array.shape, cells)


def _lock(judge: Equals | Choice, why: str, salt: str) -> dict[str, Any]:
    """What a sheet carries for an answer of numbers, or of a word."""
    if isinstance(judge, Choice):
        opened = _digest(salt, judge.right)
        kind: dict[str, Any] = {"words": judge.words}
        hints: list[Any] = [
            [_shown(_digest(salt, word)), hint] for word, hint in judge.hints.items()
        ]
    else:
        want = numbers(judge.right())
        assert want is not None
        step = _step(want, judge.within)
        opened = _digest(salt, _written(want.shape, np.round(want.ravel() / step)))
        kind = {"shape": list(want.shape), "step": step, "otherwise": judge.otherwise}
        hints = []
        for value, hint in judge.hints:
            array = numbers(value)
            if array is not None and np.all(np.isfinite(array)):
                finer = _step(array, judge.within)
                written = _written(array.shape, np.round(array.ravel() / finer))
                hints.append([_shown(_digest(salt, written)), hint, finer])
    return kind | {"salt": salt, "right": _shown(opened), "hints": hints,
                   "why": base64.b64encode(_mixed(opened, why.encode())).decode()}  # fmt: skip


def _shown(digest: bytes) -> str:
    return hashlib.sha256(digest).hexdigest()[:24]  # not what opens the reason


def _judged(lock: dict[str, Any], answer: Any) -> tuple[str | None, str]:
    """(hint, "") of a wrong answer, (None, reason) of the right one."""
    if "words" in lock:
        return _judged_word(lock, str(answer).strip().lower())
    array = numbers(answer)
    if array is None:
        return NO_NUMBERS.format(described(answer)), ""
    shape, step = tuple(lock["shape"]), lock["step"]
    for opened in _digests(lock, array, step):
        if _shown(opened) == lock["right"]:
            return None, _mixed(opened, base64.b64decode(lock["why"])).decode()
    shown = {each: {_shown(opened) for opened in _digests(lock, array, each)}
             for each in {finer for _, _, finer in lock["hints"]}}  # fmt: skip
    fit = [hint for value, hint, finer in lock["hints"] if value in shown[finer]]
    if fit:
        return joined(fit), ""

    def fits(changed: np.ndarray[Any, Any]) -> bool:
        return any(_shown(each) == lock["right"] for each in _digests(lock, changed, step))

    found = usual(array, shape, fits)
    if found or array.shape == shape:
        return found or lock["otherwise"], ""
    return other_shape(array.shape, shape, lock["otherwise"]), ""


def _judged_word(lock: dict[str, Any], word: str) -> tuple[str | None, str]:
    opened = _digest(lock["salt"], word)
    if _shown(opened) == lock["right"]:
        return None, _mixed(opened, base64.b64decode(lock["why"])).decode()
    for shown, hint in lock["hints"]:
        if _shown(opened) == shown:
            return hint, ""
    return OTHER_WORD.format(lock["words"]), ""


def _digests(lock: dict[str, Any], array: np.ndarray[Any, Any], step: float) -> list[bytes]:
    """The hashes that an array may have: several where rounding could go either way."""
    return [_digest(lock["salt"], way) for way in _near(array, step)]


# -- sheets --------------------------------------------------------------------------------------


class Sheet:
    """The locks of an exercise sheet; the sheet's first cell makes it, its answers are checked by it.

    Args:
        text: what ``python -m nn.lesson export`` wrote.

    Raises:
        ValueError: if the text was altered.
    """

    def __init__(self, text: str) -> None:
        try:
            data = json.loads(
                zlib.decompress(base64.b64decode("".join(text.split()), validate=True))
            )
            self.student = str(data["student"])
            self.tag = str(data["tag"])
            self._locks: dict[str, dict[str, Any]] = dict(data["exercises"])
        except (ValueError, KeyError, TypeError, zlib.error):
            raise ValueError(
                "this is not the text of an exercise sheet, or a part of it is missing"
            ) from None

    @property
    def numbers(self) -> list[str]:
        """The numbers of its exercises, in order."""
        return list(self._locks)

    def judge(self, number: str, answer: Any) -> Verdict:
        """What an answer is worth; an answer that cannot be used earns a hint, never an exception.

        Raises:
            ValueError: if the sheet has no such exercise.
        """
        if number not in self._locks:
            raise ValueError(
                f"this sheet has no exercise {number!r}; it has {', '.join(self._locks)}"
            )
        lock = self._locks[number]
        if "seed" in lock:
            return verdict(number, find(number).draw(Random(lock["seed"])), answer)
        try:
            hint, why = _judged(lock, answered(answer))
        except NotAnswered:
            return Verdict(None, f"{number}: not answered yet")
        except Unusable as error:
            hint, why = str(error), ""
        if hint is None:
            return Verdict(True, f"{number}: right. {why}")
        return Verdict(False, f"{number}: not yet. {hint}")

    def check(self, number: str, answer: Any) -> None:
        """Prints what an answer is worth: "not answered yet", a hint, or why it is right.

        Args:
            number: of the exercise.
            answer: yours; ``...`` while there is none.

        Raises:
            ValueError: if the sheet has no such exercise.
        """
        print(self.judge(number, answer).text)


def _text(key: str, student: str, chosen: list[Exercise]) -> str:
    locks: dict[str, Any] = {}
    for each in chosen:
        task = task_of(key, student, each.number)
        if isinstance(task.judge, (Equals, Choice)):
            salt = _derived(key, "salt", student, each.number)[:24]
            locks[each.number] = _lock(task.judge, task.why, salt)
        else:
            locks[each.number] = {"seed": seed_of(key, student, each.number)}
    data = json.dumps({"student": student, "tag": _tag(key, student, locks), "exercises": locks})
    return base64.b64encode(zlib.compress(data.encode(), 9)).decode()


def carried(notebook: files.Notebook) -> Sheet:
    """The sheet that an exercise notebook carries, read without running any of its cells.

    Raises:
        ValueError: if it carries none, or a damaged one.
    """
    for each in notebook["cells"]:
        found = re.search(r'lesson\.Sheet\("""([^"]*)"""\)', "".join(each["source"]))
        if found and each["cell_type"] == "code":
            return Sheet(found.group(1))
    raise ValueError("it is no exercise sheet: no cell in it makes a lesson.Sheet")


def make(key: str, student: str, solved: bool, chapter: int | None = None) -> files.Notebook:
    """An exercise sheet: every exercise with the numbers of a student.

    Args:
        key: the teacher's.
        student: whose sheet it is, any text.
        solved: with the solutions and why they are right, and without locks.
        chapter: only those of one notebook; None for all.

    Raises:
        ValueError: if the chapter has no exercises.
    """
    chosen = exercises(chapter)
    if not chosen:
        raise ValueError(
            f"chapter {chapter} has no exercises; there are 1 to {exercises()[-1].chapter}"
        )
    how = (
        "Every answer below is the engine's own."
        if solved
        else "Put your answer in place of `...` and run the cell: it says whether it is right, or gives a "
        "hint. Run the two cells below first, and leave them as they are."
    )
    title = f"# {'Solutions' if solved else 'Exercises'}: {student}\n\n{how}"
    setup = "import numpy as np\n\nimport autograd as ag\nimport nn\nfrom nn import lesson"
    cells = [files.cell("markdown", "title", title), files.cell("code", "setup", setup)]
    if not solved:
        text = "\n".join(textwrap.wrap(_text(key, student, chosen), 100))
        cells.append(files.cell("code", "sheet", f'sheet = lesson.Sheet("""\n{text}\n""")'))
    for each in chosen:
        task, tag = task_of(key, student, each.number), each.number.replace(".", "-")
        question = f"### Exercise {each.number}: {each.title}\n\n{task.question}"
        cells.append(files.cell("markdown", f"exercise-{tag}", question))
        if solved:
            cells.append(files.cell("code", f"answer-{tag}", task.solution))
            cells.append(files.cell("markdown", f"why-{tag}", task.why))
        else:
            call = f'sheet.check("{each.number}", answer)'
            cells.append(files.cell("code", f"answer-{tag}", f"{task.start}\n\n{call}"))
    return files.new(cells)
