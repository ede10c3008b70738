"""Docstrings as they are written, into what Sphinx shows as it is meant.

In a docstring an indented block is code, or commands with what each does. To reStructuredText it is a
quotation, whose lines run together.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby

__all__ = ["breakable", "readable"]

#: What begins a directive, a field or an item of a list: the block below belongs to it.
_OWNER = re.compile(r"\.\. |:\w|[-*•] |(\d+|#)\. ")
#: Code, and what is emphasised.
_MARKED = re.compile(
    r"(``.+?``|`[^`]+`|\*\*(?=\w)[^*]+(?<=[\w.])\*\*(?!\w)|(?<!\w)\*(?=[A-Za-z])[^*]+(?<=\w)\*(?!\w))",
    flags=re.DOTALL,
)
#: The first line of an example or a table.
_CODE = re.compile(r"\s*(>>> |==+ +==)")
_TWO_COLUMNS = re.compile(r"(\S.*?) {2,}(\S.*)")
_SHELL = re.compile(r"(python3?|pip|mpiexec|npm|git|cd|export) ")


def readable(lines: Sequence[str]) -> list[str]:
    """A docstring in which indented blocks are code or tables, and stars and bars stand for themselves.

    Args:
        lines: the docstring's, without the indentation that all of them share.

    Returns:
        The lines. Sections (``Args:``), directives, lists and blocks after ``::`` keep their form.

    Example:
        >>> print("\\n".join(readable(["To run it:", "", "    python -m nn.lesson"])))
        To run it:
        <BLANKLINE>
        .. code-block:: console
        <BLANKLINE>
            python -m nn.lesson
        <BLANKLINE>
    """
    made: list[str] = []
    before = ""  # the last line that is not indented
    at = 0
    while at < len(lines):
        end = at + 1
        if not lines[at].startswith(" "):
            while end < len(lines) and not lines[end].startswith(" "):
                end += 1
            before = next((line for line in lines[end - 1 : at : -1] if line), lines[at])
            made += _prose(lines[at:end])
            at = end
            continue
        while end < len(lines) and (lines[end].startswith(" ") or not lines[end].strip()):
            end += 1
        apart = not made or not made[-1].strip()  # else it is a section's, or a definition
        literal = before.endswith("::") or before.startswith(".. ")
        if apart and not literal and not _OWNER.match(before):
            made += [*_shown(textwrap.dedent("\n".join(lines[at:end])).rstrip().split("\n")), ""]
        else:
            if made and made[-1] in ("Returns:", "Yields:"):
                # An empty line: napoleon takes what stands before a colon in the first for a type.
                made.append("    \\")
            made += lines[at:end] if literal else _prose(lines[at:end])
        at = end
    return made


def _prose(lines: Sequence[str]) -> list[str]:
    """Lines of text with stars and bars escaped; code and tables among them stay as they are."""
    made: list[str] = []
    for _, run in groupby(lines, key=lambda line: bool(line.strip())):
        paragraph = list(run)
        code = (n for n, line in enumerate(paragraph) if _CODE.match(line))
        first = next(code, len(paragraph))
        made += [*_escaped("\n".join(paragraph[:first])).split("\n")] if first else []
        made += paragraph[first:]
    return made


def _escaped(text: str) -> str:
    """Text whose stars and bars mark nothing, those of emphasis left alone."""
    parts = _MARKED.split(text)
    return "".join(
        part if n % 2 else re.sub(r"(?<!\\)[*|]", r"\\\g<0>", part) for n, part in enumerate(parts)
    )


def _shown(block: list[str]) -> Iterator[str]:
    if block[0].startswith(">>> "):
        yield from block
        return
    columns = [_TWO_COLUMNS.fullmatch(line) for line in block]
    rows = [each.groups() for each in columns if each]
    if len(rows) == len(block) > 1 and not rows[0][1].startswith("#"):
        yield from _table(rows)
        return
    yield f".. code-block:: {_language(block)}"
    yield ""
    yield from (f"    {line}" if line.strip() else "" for line in block)


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield from (".. list-table::", "   :class: commands", "   :widths: auto", "")
    for code, meaning in rows:
        yield from (f"   * - ``{code}``", f"     - {meaning}")


def _language(block: list[str]) -> str:
    if all(_SHELL.match(line) for line in block if line.strip()):
        return "console"
    try:
        ast.parse("\n".join(block))
    except SyntaxError:
        return "text"
    return "python"


def breakable(text: str) -> list[str]:
    """A dotted name in pieces between which a line may break: after a dot or an underscore.

    Example:
        >>> breakable("nn.optim.lr_scheduler")
        ['nn.', 'optim.', 'lr_', 'scheduler']
        >>> breakable("two words, 0.5")
        ['two words, 0.5']
    """
    return [piece for piece in re.split(r"(?<=\w[._])(?=[A-Za-z])", text) if piece]
