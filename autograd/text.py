"""Numbers, shapes, arrays, places and source lines as text for people: the one formatter.

``number`` writes what is calculated with (six digits and more), ``short`` what is looked at in a
picture (four, and no padding in exponents). Both have a real minus sign.
"""

from __future__ import annotations

import html
import json
import math
import re
import textwrap
from collections.abc import Iterable
from typing import Any

import numpy as np

__all__ = [
    "WIDTH", "Page", "array", "as_json", "at", "counted", "escape", "number", "plain", "rule_lines",
    "size", "to_json", "visible",
]  # fmt: skip

MINUS = "−"

#: Longer lines are broken.
WIDTH = 120

_ASCII = str.maketrans(
    {"−": "-", "×": "*", "→": "->", "∞": "inf", "…": "...", "·": "*", "Σ": "sum"}
)

# What no page may hold as it is, or nobody sees: control characters but for tabs and line breaks,
# halves of surrogate pairs, what is no character, and marks that turn the direction of text.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)


def visible(text: str) -> str:
    """The text with the escapes of Python in place of characters that cannot be shown.

    Names come from users, and may hold anything: an SVG with a control character is opened by
    nobody, half of a surrogate pair cannot be written to a file, and an escape sequence changes
    the terminal.

    Example:
        >>> from autograd.text import visible
        >>> visible("\\x1b[31mred")
        '\\\\x1b[31mred'
    """
    if text.isascii() and text.isprintable():
        return text
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def escape(text: str, quote: bool = True) -> str:
    """The text, visible, as it stands in HTML, SVG and XML."""
    return html.escape(visible(text), quote)


def to_json(content: Any, **options: Any) -> str:
    """``json.dumps`` that leaves letters as they are, but for those that cannot be shown."""
    text = json.dumps(content, ensure_ascii=False, **options)
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class Page:
    """Something with ``text()`` that shows itself: printed, at a prompt and in a notebook."""

    def text(self, plain: bool = False) -> str:
        """What it says; ``plain``: in ASCII only."""
        raise TypeError(f"{type(self).__name__} has no text")

    def __str__(self) -> str:
        return visible(self.text())

    def __repr__(self) -> str:
        return visible(self.text())

    def _repr_html_(self) -> str:
        return f'<pre style="white-space:pre-wrap;line-height:1.35">{escape(self.text())}</pre>'


def plain(text: str) -> str:
    """The text in ASCII: signs are spelt, what has no spelling becomes ``?``."""
    return visible(text).translate(_ASCII).encode("ascii", "replace").decode("ascii")


def number(value: Any, digits: int = 6) -> str:
    """A number with a real minus sign: ``−0.5``, ``1e−07``, ``∞``, ``NaN``."""
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    value = float(value)
    return _unusual(value) or f"{value + 0.0:.{digits}g}".replace("-", MINUS)


def short(value: Any, digits: int = 4) -> str:
    """A number for a picture: four significant digits, where those look rounder than it is, six.

    Integers are written in full, text is passed on.

    >>> short(-0.123456), short(1.0001), short(0.1 + 0.2), short(1e-7)
    ('−0.1235', '1.0001', '0.3', '1e−7')
    """
    if isinstance(value, (bool, str)):
        return str(value)
    if isinstance(value, int):
        return str(value).replace("-", MINUS)
    if value == 0 or not math.isfinite(value):
        return _unusual(value) or "0"
    if digits == 4 and _rounder(value):
        digits = 6
    said = f"{value:.{digits}g}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
    return said.replace("-", MINUS)


def _unusual(value: float) -> str:
    """NaN and infinities; nothing for any other number."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    return ""


def _rounder(value: float) -> bool:
    """Whether of four digits the last two are zeros that six digits would not have there."""
    digits = f"{value:.3e}".partition("e")[0]
    return digits.endswith("00") and float(f"{value:.4g}") != float(f"{value:.6g}")


def shape(lengths: Iterable[int]) -> str:
    """``8×3×3`` or ``scalar``."""
    return "×".join(str(length) for length in lengths) or "scalar"


def array(value: Any, small: int = 8) -> str:
    """Up to ``small`` elements in full, more as shape and statistics; None is ``nothing yet``."""
    if value is None:
        return "nothing yet"
    if isinstance(value, (tuple, list)):
        return f"({', '.join('none' if v is None else array(v, small) for v in value)})"
    data = getattr(value, "_data", value)
    if isinstance(data, (str, type(None))) or not hasattr(data, "shape"):
        data = np.asarray(data)
    if data.dtype.kind not in "fiub":
        return str(data)
    if not data.ndim:
        return number(data)
    if data.size == 0:
        return f"no elements, shape {data.shape}"
    if data.size <= small and data.ndim <= 2:
        return _listing(data.tolist())
    finite = data[np.isfinite(data)] if data.dtype.kind == "f" else data
    parts = [shape(data.shape)]
    if finite.size:
        low, high = finite.min(), finite.max()
        parts.append(f"from {number(low, 4)} to {number(high, 4)}" if low != high else
                     f"all {number(low, 4)}")  # fmt: skip
    if finite.size < data.size:
        nans = int(np.isnan(data).sum())
        parts += [f"{nans} NaN"] * (nans > 0)
        infinite = data.size - finite.size - nans
        parts += [f"{infinite} infinite"] * (infinite > 0)
    return ", ".join(parts)


def _listing(values: Any) -> str:
    if isinstance(values, list):
        return "[" + ", ".join(_listing(v) for v in values) + "]"
    return number(values, 5)


def at(index: tuple[int, ...]) -> str:
    """``[0, 1]``, and nothing for the element of a number."""
    return f"[{', '.join(str(int(n)) for n in index)}]" if index else ""


def counted(number: int, one: str, several: str = "") -> str:
    """``1 leaf``, ``2 leaves``; without a plural of its own, ``2 nodes``."""
    return f"{number} {one if number == 1 else several or one + 's'}"


def as_json(record: Any) -> dict[str, Any]:
    """A NamedTuple by its fields; numbers that are not finite are strings, which JSON has none of."""
    return {
        name: number(value) if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in record._asdict().items()
    }


def size(count: int) -> str:
    """Bytes with a readable unit."""
    amount, units = float(count), ["B", "kB", "MB", "GB"]
    while amount >= 999.5 and len(units) > 1:  # three digits would round up to the next unit
        amount /= 1000
        units.pop(0)
    return f"{short(amount, 3)} {units[0]}"


def rule_lines(rule: str, indent: str, formula: str = "") -> list[str]:
    """A rule's source after the word ``rule``; below it, if it has several lines or a long one.

    Where there is a formula that says it shorter, that comes first.
    """
    if formula:
        source = [f"{indent}  {line}" for line in rule.splitlines()]
        return [f"{indent}rule  {formula}", f"{indent}in the source", *source]
    lines = rule.splitlines()
    if len(lines) == 1 and len(rule) > WIDTH:
        lines = textwrap.wrap(rule, WIDTH - 8, subsequent_indent="    ", break_long_words=False)
    if len(lines) == 1:
        return [f"{indent}rule  {rule}"]
    return [f"{indent}rule", *(f"{indent}  {line}" for line in lines)]
