"""A head as a figure: panels for pictures and text, numbers and a script for the page."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Any

import numpy as np

from autograd.arguments.numbers import shown
from autograd.text import escape, to_json
from autograd.viz import words
from autograd.viz.heads.head import Head
from autograd.viz.microscope import html, panels
from autograd.viz.microscope.figure import Figure
from autograd.viz.microscope.panels import LEGEND, Grid, Panel, legend, numbers
from autograd.viz.pages import shell
from autograd.viz.pages.graph import data_uri

#: A picture shows so many positions each way, a page so many.
SHOWN, ON_PAGE = 14, 28
#: So many numbers of every value are shown.
WIDTH = 6

#: What the backward rule of the softmax is, in the words of its rows.
RULE = (
    "A score gets weight × (gradient of the weight − the mean of the row's gradients, weighted by "
    "the weights): what is above the mean is read more, and a masked score, whose weight is 0, gets "
    "exactly 0."
)


class Attention(Figure):
    """A head; see :func:`autograd.viz.attention`.

    Attributes:
        head: the numbers, a `Head`. queries, keys: what positions are called. at: the selected pair.
    """

    def __init__(
        self,
        head: Head,
        tokens: Sequence[str] | None = None,
        at: Sequence[int] | None = None,
        *,
        title: str = "",
        theme: str = "auto",
    ) -> None:
        super().__init__(title=title, theme=theme)
        self.head = head
        length, size = head.scores.shape
        names = None if tokens is None else [str(token) for token in tokens]
        if names is not None and len(names) != size:
            raise ValueError(
                f"viz.attention: tokens must name the {size} positions that are read, got {len(names)}"
            )
        self.keys = names
        self.queries = names if length == size else None
        self.at = self._pair(at)

    def _pair(self, at: Any) -> tuple[int, int]:
        length, size = self.head.scores.shape
        if at is None:
            return length - 1, int(np.nan_to_num(self.head.weights[-1]).argmax())
        try:
            query, key = (index(each) for each in at)
        except (TypeError, ValueError):
            raise TypeError(f"at must be a pair (query, key), got {shown(at)}") from None
        for name, value, count in (("query", query, length), ("key", key, size)):
            if not -count <= value < count:
                raise IndexError(f"at={at}: {name} {value} is out of range; there are {count}")
        return query % length, key % size

    def select(self, at: Sequence[int]) -> Attention:
        """The same head with another pair selected."""
        return Attention(self.head, self.keys, at, title=self.title, theme=self.theme)

    # In words ------------------------------------------------------------------------------------

    def name(self, position: int, of: str = "keys") -> str:
        """``position 3 “e”``."""
        names = self.keys if of == "keys" else self.queries
        return f"position {position}" + (f" “{_visible(names[position])}”" if names else "")

    def summary(self) -> str:
        head = self.head
        length, size = head.scores.shape
        where = f"{head.path}, " if head.path else ""
        hidden = int((~head.allowed).sum())
        mask = "no mask" if not hidden else "a causal mask" if head.causal else "a mask"
        return (
            f"Attention {where}head {head.head} of {head.heads}: {length} queries read {size} keys, "
            f"{mask}{f' hides {hidden} of {head.scores.size} pairs' if hidden else ''}"
        )

    def sentence(self, at: Sequence[int] | None = None) -> str:
        """One pair in words, forward and backward."""
        query, key = self.at if at is None else self._pair(at)
        head = self.head
        who, what = self.name(query, "queries"), self.name(key)
        if not head.allowed[query, key]:
            return (
                f"{who.capitalize()} may not read {what}: the mask makes the score −∞, the weight 0 "
                "and the gradient of the score 0"
            )
        p, g = head.weights[query, key], head.d_weights[query, key]
        mean = _mean(head, query)
        return (
            f"{who.capitalize()} reads {what}: score {_four(head.scores[query, key])}, weight "
            f"{_four(p)}. Back come {_four(g)} to the weight and {_four(p)} · ({_four(g)} − "
            f"{_four(mean)}) = {_four(head.d_scores[query, key])} to the score"
        )

    def reads(self, query: int) -> str:
        """What a position reads, the largest shares first."""
        weights = np.nan_to_num(self.head.weights[query])
        order = [int(k) for k in np.argsort(-weights, kind="stable")[:3] if weights[k] > 0]
        shares = [f"{100 * weights[k]:.0f} % of {self.name(k)}" for k in order]
        return f"{self.name(query, 'queries').capitalize()} reads {', '.join(shares)}."

    # Panels --------------------------------------------------------------------------------------

    def panels(self) -> list[Panel]:
        head, query = self.head, self.at[0]
        rows, columns = (
            _stretch(at, count, SHOWN) for at, count in zip(self.at, head.scores.shape, strict=True)
        )
        cut = "" if (len(rows), len(columns)) == head.scores.shape else _cut(head)
        with np.errstate(invalid="ignore", over="ignore"):
            return [
                Panel("1 · Scores: query · key, before the softmax",
                      [self._grid("scores", head.scores, rows, columns)], [cut] if cut else []),
                Panel("2 · Weights: the softmax of every row",
                      [self._grid("weights", head.weights, rows, columns)], [self.reads(query)]),
                self._reading(columns),
                Panel("4 · Backward: what comes back to the weights and to the scores",
                      [self._grid("gradients of the weights", head.d_weights, rows, columns),
                       self._grid("gradients of the scores", head.d_scores, rows, columns)],
                      [self.sentence() + ".", RULE]),
            ]  # fmt: skip

    def _grid(self, title: str, values: Any, rows: range, columns: range) -> Grid:
        query, key = self.at
        allowed = self.head.allowed
        marks: dict[Any, tuple[str, ...]] = {}
        for a, i in enumerate(rows):
            for b, j in enumerate(columns):
                mark = ("chosen",) if (i, j) == (query, key) else ("patch",) * (i == query)
                marks[a, b] = mark if allowed[i, j] else (*mark, "pad")
        part = np.where(allowed, values, np.where(values < -1.0, -np.inf, values))
        return numbers(
            title, part[rows.start : rows.stop, columns.start : columns.stop],
            rows=self._heads(rows, self.queries), columns=self._heads(columns, self.keys), marks=marks,
        )  # fmt: skip

    def _heads(self, places: range, names: list[str] | None) -> list[str]:
        return [f"{k} {_visible(names[k])}" if names else str(k) for k in places]

    def _reading(self, columns: range) -> Panel:
        """weights × values = output, for the selected query."""
        head, (query, _) = self.head, self.at
        part = slice(columns.start, columns.stop)
        wide = min(WIDTH, head.values.shape[1])
        rows = self._heads(columns, self.keys)
        weights = numbers("weights", head.weights[query, part, None], rows=rows, columns=[""])
        values = numbers("values", head.values[part, :wide], rows=rows)
        output = numbers("output", head.output[query : query + 1, :wide], rows=[str(query)])
        lines = ["The output is the sum of the values, each times its weight."]
        if wide < head.values.shape[1]:
            lines.append(f"The first {wide} of {head.values.shape[1]} numbers of each are shown.")
        who = self.name(query, "queries")
        return Panel(f"3 · What {who} reads", [weights, "×", values, "→", output], lines)

    def text(self) -> str:
        return f"{super().text()}\n({LEGEND.replace('padding', 'masked')})\n"

    def legend(self, content: list[Panel]) -> str:
        return legend(content, "masked, may not be read")

    # The page ------------------------------------------------------------------------------------

    def _whole(self, heading: str) -> str:
        content, summary = self.panels(), self.summary()
        picture = panels.as_svg(
            content, self.heading, summary, self.theme, heading=heading, legend=self.legend(content)
        )
        data = to_json(self._data(heading), separators=(",", ":"))
        return (
            f'<div class="gg-attention" data-lm-suppress-shortcuts="true">\n'
            f'<img src="{data_uri(picture)}" alt="{escape(summary)}" '
            'style="max-width:100%;height:auto">\n'
            f"<details><summary>As tables and text</summary>\n{panels.as_html(content)}</details>\n"
            f'<script type="application/json">{shell.inert(data)}</script>\n'
            f"<script>{shell.script('autograd.viz.heads', 'heads.js')}</script>\n</div>"
        )

    def _data(self, heading: str) -> dict[str, Any]:
        head = self.head
        rows, columns = (
            _stretch(at, count, ON_PAGE)
            for at, count in zip(self.at, head.scores.shape, strict=True)
        )
        part = np.ix_(rows, columns)
        whole = (len(rows), len(columns)) == head.scores.shape
        wide = min(WIDTH, head.values.shape[1])
        return {
            "title": self.heading,
            "heading": heading,
            "summary": self.summary(),
            "theme": self.theme,
            "style": html.style(),
            "at": [self.at[0] - rows.start, self.at[1] - columns.start],
            "queries": [self.name(k, "queries") for k in rows],
            "keys": [self.name(k) for k in columns],
            "rows": self._heads(rows, self.queries),
            "columns": self._heads(columns, self.keys),
            "allowed": head.allowed[part].astype(int).tolist(),
            "scores": html.plain(head.scores[part]),
            "weights": html.plain(head.weights[part]),
            "dWeights": html.plain(head.d_weights[part]),
            "dScores": html.plain(head.d_scores[part]),
            "means": html.plain(np.array([_mean(head, k) for k in rows])),
            "values": html.plain(head.values[columns.start : columns.stop, :wide]),
            "outputs": html.plain(head.output[rows.start : rows.stop, :wide]),
            "dOutputs": html.plain(head.d_output[rows.start : rows.stop, :wide]),
            "dValues": html.plain(head.d_values[columns.start : columns.stop, :wide]),
            "note": "" if whole else _cut(head),
            "rule": RULE,
        }


def _mean(head: Head, query: int) -> float:
    """The gradients of a row of weights, averaged by the weights."""
    allowed = head.allowed[query]
    return float((head.weights[query] * head.d_weights[query])[allowed].sum())


def _four(value: Any) -> str:
    return words.number(float(value), 4)


def _visible(token: str) -> str:
    """A token whose white space can be seen."""
    return token.replace("\n", "⏎").replace("\t", "⇥").replace(" ", "␣") or "∅"


def _stretch(at: int, count: int, most: int) -> range:
    """At most so many places around one."""
    first = max(0, min(at - most // 2, count - most))
    return range(first, min(count, first + most))


def _cut(head: Head) -> str:
    length, size = head.scores.shape
    return f"Of {length} × {size} pairs, those around the selected one are shown."
