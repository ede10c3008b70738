"""The proof card: what ``certify`` found, on one page of text, HTML or JSON."""

from __future__ import annotations

import html
import json
import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from autograd import atomic, text

__all__ = ["Bits", "Card", "Oddity", "Rule"]

#: So many mistakes and kinks are written out.
_LISTED = 20

#: From the worst: of several nodes of a kind, the worst verdict stands for all.
_VERDICTS = ("wrong", "unknown", "border", "kink", "right")


class Rule(NamedTuple):
    """What was found of one gradient rule, on all nodes of a kind that were tried.

    Attributes:
        op, input: the primitive, and the input that the rule is for.
        alike, tried: how many nodes of this kind there are, and how many were tried.
        elements, looked_at: the input's elements, and how many of them were moved one by one.
        first, second: the verdicts on first and second order: ``"right"``, ``"wrong"``, ``"kink"``
            (right but for kinks, jumps and ties), ``"border"`` or ``"unknown"``.
        adjoint: ``"right"`` or ``"wrong"`` where the function is linear in the input; ``""`` where
            it is not.
    """

    op: str
    input: str
    alike: int
    tried: int
    elements: int
    looked_at: int
    first: str
    second: str
    adjoint: str


class Oddity(NamedTuple):
    """A mistake, or a place without a gradient.

    Attributes:
        verdict: ``"wrong"``, ``"kink"``, ``"jump"``, ``"steep"`` or ``"border"``.
        op, input: the primitive, and the input whose rule it is.
        order: 1, 2, or 0 where only an adjoint identity tells.
        node: what the node is called, with its step in the backward pass.
        element: the index of the worst element.
        rule, numerical: the two numbers there; NaN where there is none.
        reason: what else there is to say.
    """

    verdict: str
    op: str
    input: str
    order: int
    node: str
    element: tuple[int, ...]
    rule: float
    numerical: float
    reason: str

    def sentence(self) -> str:
        """``multiply, by x (c = multiply, step 2 of 9), first order, at [0, 1]: …``."""
        order = {0: "adjoint identity", 1: "first order", 2: "second order"}[self.order]
        at = f", at {text.at(self.element)}" if self.element else ""
        said = f"{self.op}, by {self.input} ({self.node}), {order}{at}: "
        rule, numerical = text.number(self.rule, 9), text.number(self.numerical, 9)
        if self.order == 0:
            said += f"⟨g, L·u⟩ is {numerical}, ⟨Lᵀ·g, u⟩ is {rule}"
        elif self.verdict == "wrong" and not (math.isnan(self.rule) and math.isnan(self.numerical)):
            said += f"the rule gives {rule}, differences give {numerical}"
        elif self.verdict != "wrong":
            said += f"the rule gives {rule}"
        return f"{said}; {self.reason}" if self.reason else said


class Bits(NamedTuple):
    """Whether the same bits come again.

    Attributes:
        threads: the numbers of threads tried.
        gradients: how many gradients were compared; ``forwards``: how many nodes' outputs.
        different: what came out differently.
    """

    threads: tuple[int, ...]
    gradients: int
    forwards: int
    different: tuple[str, ...]


class Card(text.Page):
    """What ``certify`` found: true if no rule is wrong, some were tried, and the bits came again.

    Attributes:
        title: what was certified.
        rules: a ``Rule`` for every kind of node and each of its inputs.
        mistakes: an ``Oddity`` for every rule found wrong; ``kinks``: for places without a gradient.
        bits: a ``Bits``, or None if that was not asked for.
        unchecked: sentences on what was not checked, and why.
    """

    def __init__(
        self,
        title: str,
        facts: dict[str, Any],
        rules: Sequence[Rule],
        oddities: Sequence[Oddity],
        bits: Bits | None,
        unchecked: Sequence[str],
    ) -> None:
        self.title = title
        self.facts = dict(facts)
        self.rules = tuple(rules)
        self.mistakes = tuple(o for o in oddities if o.verdict == "wrong")
        self.kinks = tuple(o for o in oddities if o.verdict != "wrong")
        self.bits = bits
        self.unchecked = tuple(unchecked)

    @property
    def verdict(self) -> str:
        """``"right"``, ``"wrong"``, or ``"unknown"`` if no rule could be tried."""
        if self.mistakes or (self.bits is not None and self.bits.different):
            return "wrong"
        tried = any(rule.first != "unknown" for rule in self.rules)
        return "right" if tried or not self.rules else "unknown"

    @property
    def ok(self) -> bool:
        """True if the verdict is ``"right"``."""
        return self.verdict == "right"

    def __bool__(self) -> bool:
        return self.ok

    # As text --------------------------------------------------------------------------------------

    def text(self, plain: bool = False) -> str:
        """The page as text."""
        lines = [f"{self.title}: {_SHOUTED[self.verdict]}", *self._facts(), ""]
        lines += _table([_HEADINGS, *(_cells(rule) for rule in self.rules)])
        for heading, entries in self._sections():
            lines += ["", heading, *(f"  {entry}" for entry in entries)]
        said = "\n".join(lines)
        return text.plain(said) if plain else said

    def _facts(self) -> list[str]:
        return [f"{name}: {value}" for name, value in self.facts.items()]

    def _sections(self) -> list[tuple[str, list[str]]]:
        """The lists below the table, each with its heading; those that say nothing are left out."""
        sections = [
            ("mistakes", _listed([m.sentence() for m in self.mistakes])),
            ("no gradient there: kinks, jumps, borders", _listed([k.sentence() for k in self.kinks])),
            ("the same bits again", self._bits()),
            ("not checked", list(self.unchecked)),
        ]  # fmt: skip
        return [(heading, entries) for heading, entries in sections if entries]

    def _bits(self) -> list[str]:
        if self.bits is None:
            return []
        counts = ", ".join(map(str, self.bits.threads))
        if self.bits.different:
            return [f"DIFFERENT: {each}" for each in _listed(self.bits.different)]
        gradients, nodes = self.bits.gradients, self.bits.forwards
        return [
            f"yes: {gradients} gradient{'s' * (gradients != 1)} and the outputs of {nodes} "
            f"node{'s' * (nodes != 1)}, computed again with {counts} threads"
        ]

    # As HTML and JSON -----------------------------------------------------------------------------

    def _repr_html_(self) -> str:
        return self.html()

    def html(self) -> str:
        """The page as a piece of HTML that takes the colours of what it stands in."""
        head, *rows = [_HEADINGS, *(_cells(rule) for rule in self.rules)]
        cell = "border-bottom:1px solid currentColor;padding:.15em .8em .15em 0;text-align:left"

        def row(cells: Iterable[str], tag: str) -> str:
            inner = "".join(f'<{tag} style="{cell}">{html.escape(c)}</{tag}>' for c in cells)
            return f"<tr>{inner}</tr>"

        parts = [
            '<section style="font:14px/1.45 system-ui,sans-serif;max-width:70em;overflow-x:auto">',
            f"<h2>{html.escape(self.title)}: {_SHOUTED[self.verdict]}</h2>",
            f"<p>{'<br>'.join(html.escape(fact) for fact in self._facts())}</p>",
            f'<table style="border-collapse:collapse"><thead>{row(head, "th")}</thead>',
            f"<tbody>{''.join(row(cells, 'td') for cells in rows)}</tbody></table>",
        ]
        for heading, entries in self._sections():
            items = "".join(f"<li>{html.escape(entry)}</li>" for entry in entries)
            parts.append(f"<h3>{html.escape(heading)}</h3><ul>{items}</ul>")
        return "".join([*parts, "</section>"])

    def json(self) -> str:
        """All of it as JSON; NaN and infinities are strings."""
        bits = None if self.bits is None else self.bits._asdict()
        content = {
            "title": self.title,
            "verdict": self.verdict,
            "facts": self.facts,
            "rules": [rule._asdict() for rule in self.rules],
            "mistakes": [text.as_json(m) for m in self.mistakes],
            "kinks": [text.as_json(k) for k in self.kinks],
            "bits": bits,
            "not_checked": list(self.unchecked),
        }
        return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page to a file: ``.html``, ``.json``, or ``.txt``.

        Raises:
            ValueError: for a name that ends otherwise.
        """
        target = Path(path)
        suffix = target.suffix.lower()
        if suffix in (".html", ".htm"):
            content = (
                '<!doctype html><html lang="en"><head><meta charset="utf-8">'
                '<meta name="viewport" content="width=device-width, initial-scale=1">'
                '<meta name="color-scheme" content="light dark">'
                f"<title>{html.escape(self.title)}</title></head><body>{self.html()}</body></html>"
            )
        elif suffix == ".json":
            content = self.json()
        elif suffix == ".txt":
            content = self.text()
        else:
            raise ValueError(f"save: {target.name!r} must end with .html, .json or .txt")
        atomic.write(target, text.visible(content) + "\n")


_SHOUTED = {"right": "RIGHT", "wrong": "WRONG", "unknown": "NOTHING COULD BE TRIED"}
_HEADINGS = ("operation", "nodes", "by", "elements", "first order", "adjoint", "second order")
_WORDS = {"wrong": "WRONG", "unknown": "not checked", "border": "right, borders",
          "kink": "right, kinks"}  # fmt: skip


def worst(verdicts: Iterable[str]) -> str:
    """The verdict that stands for all."""
    return min(verdicts, key=_VERDICTS.index, default="unknown")


def _cells(rule: Rule) -> tuple[str, ...]:
    nodes = str(rule.alike) if rule.tried == rule.alike else f"{rule.tried} of {rule.alike}"
    elements = (
        str(rule.elements) if rule.looked_at == rule.elements
        else f"{rule.looked_at} of {rule.elements}"
    )  # fmt: skip
    return (
        rule.op, nodes, rule.input, elements, _WORDS.get(rule.first, rule.first),
        _WORDS.get(rule.adjoint, rule.adjoint) or "not linear",
        _WORDS.get(rule.second, rule.second),
    )  # fmt: skip


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _listed(entries: Sequence[str]) -> list[str]:
    more = len(entries) - _LISTED
    return [*entries[:_LISTED], f"and {more} more"] if more > 0 else list(entries)
