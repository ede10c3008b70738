"""How a tensor shows itself in a notebook: its numbers when it is small, else a picture and
statistics.
"""

from __future__ import annotations

from html import escape
from typing import Any

from autograd.core.tensor import Tensor
from autograd.viz import palette, words
from autograd.viz.picture import data_uri
from autograd.viz.trace import NONFINITE_CELL, Summary, summarize

#: Tensors of up to this many elements (and two axes) are shown as a table.
TABLE_UP_TO = 64
CELL = 14

_HEAD = "padding:1px 7px;text-align:right;font-weight:normal;opacity:.75"
_NUMBER = "padding:1px 7px;text-align:right;font-variant-numeric:tabular-nums"


def tensor_html(t: Tensor) -> str:
    """A tensor as HTML.

    Args:
        t: any tensor of numbers.

    Returns:
        A table with row and column numbers for up to two axes and 64 elements, else a heat map of
        block means with statistics; always the shape, dtype and what is known of the gradient.

    Raises:
        TypeError: if ``t`` is not a tensor.
    """
    if not isinstance(t, Tensor):
        raise TypeError(f"tensor_html shows a Tensor; got {type(t).__name__}")
    summary = summarize(t._data, TABLE_UP_TO)
    parts = [f"<div>{escape(_heading(t, summary))}</div>"]
    if summary.values is not None and len(summary.shape) <= 2:
        parts.append(_table(summary))
    else:
        if summary.values is not None:  # small, but with too many axes for one table
            summary = summarize(t._data, 0)
        if summary.thumbnail:
            parts.append(_heat(summary))
    return f'<div style="font-family:{escape(palette.FONT)}">{"".join(parts)}</div>'


def _heading(t: Tensor, summary: Summary) -> str:
    name = f"{t.name}: " if t.name else ""
    text = f"{name}{words.statistics(summary)}"
    if not t.requires_grad:
        return text
    if not t.is_leaf:
        return f"{text} · result of {t._node.primitive.name}"  # type: ignore[union-attr]
    if t.grad is None:
        return f"{text} · no gradient yet"
    gradient = summarize(t.grad._data, 0)
    told = words.brief(summarize(t.grad._data)) if t.grad._data.size == 1 else "of norm "
    if t.grad._data.size != 1:
        told += words.number(gradient.norm) if gradient.norm is not None else "unknown"
    passes = t._node.passes  # type: ignore[union-attr]
    several = f", the sum of {passes} backward() calls" if passes > 1 else ""
    return f"{text} · gradient {told}{several}"


def _table(summary: Summary) -> str:
    values: Any = summary.values
    if not summary.shape:
        return f"<div><b>{words.number(values)}</b></div>"
    rows = [values] if len(summary.shape) == 1 else values
    if not rows or not rows[0]:
        return "<div>(no elements)</div>"
    head = "".join(
        f'<th scope="col" style="{_HEAD}">{column}</th>' for column in range(len(rows[0]))
    )
    body = "".join(
        f'<tr><th scope="row" style="{_HEAD}">{place if len(summary.shape) == 2 else "·"}</th>'
        + "".join(f'<td style="{_NUMBER}">{words.number(each)}</td>' for each in row)
        + "</tr>"
        for place, row in enumerate(rows)
    )
    return (
        f"<table style='border-collapse:collapse'><thead><tr><td></td>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )


def _heat(summary: Summary) -> str:
    """The thumbnail as an image, with the scale in words; signs also differ in shape."""
    assert summary.thumbnail is not None
    legend = f"squares +, discs −, full size {words.number(summary.scale, 3)}"
    if summary.corner:
        legend = f"at [{', '.join(map(str, summary.corner))}]: {legend}"
    alt = f"heat map of block means, {legend}; {words.statistics(summary)}"
    picture = data_uri(heat_svg(summary))
    return f'<img alt="{escape(alt)}" src="{picture}"/><div><small>{escape(legend)}</small></div>'


def heat_svg(summary: Summary) -> str:
    """A summary's thumbnail as SVG text: the larger a mark, the larger the number."""
    cells = summary.thumbnail or ()
    width, height = len(cells[0]) * CELL if cells else 0, len(cells) * CELL
    marks = []
    for row, line in enumerate(cells):
        for column, cell in enumerate(line):
            if not cell:
                continue
            kind = "bad" if cell == NONFINITE_CELL else "pos" if cell > 0 else "neg"
            side = (CELL - 2) * min(abs(cell), 9) / 9
            x, y = column * CELL + (CELL - side) / 2, row * CELL + (CELL - side) / 2
            marks.append(
                f"<rect class='{kind}' x='{x:.4g}' y='{y:.4g}' width='{side:.4g}' "
                f"height='{side:.4g}' rx='{side / 2 if kind == 'neg' else 0:.4g}'/>"
            )
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' "
        f"viewBox='0 0 {width} {height}' role='img'>"
        f"<title>{escape(words.statistics(summary))}</title><style>{_rules(palette.LIGHT)}"
        f"@media (prefers-color-scheme:dark){{{_rules(palette.DARK)}}}</style>"
        f"<rect class='back' width='{width}' height='{height}'/>{''.join(marks)}</svg>"
    )


def _rules(colours: dict[str, str]) -> str:
    return (
        f".back{{fill:{colours['background']}}}.pos{{fill:{colours['positive']}}}"
        f".neg{{fill:{colours['negative']}}}.bad{{fill:{colours['text']}}}"
    )
