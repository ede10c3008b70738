"""How a tensor shows itself in a notebook: its numbers when it is small, else a picture and
statistics.
"""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from autograd.core.tensor import Tensor
from autograd.text import escape
from autograd.viz import words
from autograd.viz.drawing import palette
from autograd.viz.microscope.multiples import reduced
from autograd.viz.microscope.panels import png
from autograd.viz.pages.graph import HOST_COLOURS, data_uri
from autograd.viz.tracing.trace import NONFINITE_CELL, Summary, summarize

#: Tensors of up to this many elements (and two axes) are shown as a table.
TABLE_UP_TO = 64
#: A vector's table breaks after so many numbers.
LINE = 10
#: Of tensors with more than two axes so many planes are shown.
PLANES = 4
CELL = 14

_HEAD = "padding:1px 7px;text-align:right;font-weight:normal;opacity:.75;white-space:nowrap"
_NUMBER = "padding:1px 7px;text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap"


def tensor_html(t: Tensor) -> str:
    """A tensor as HTML.

    Args:
        t: any tensor of numbers.

    Returns:
        A table with row and column numbers for up to two axes and 64 elements; pictures of the
        first planes for images and other tensors of three or more axes; else a heat map of block
        means. Always the shape, dtype, statistics and what is known of the gradient.

    Raises:
        TypeError: if ``t`` is not a tensor.
    """
    if not isinstance(t, Tensor):
        raise TypeError(f"tensor_html shows a Tensor; got {type(t).__name__}")
    summary = summarize(t._data, TABLE_UP_TO)
    parts = [f"<div>{_heading(t, summary)}</div>"]
    if summary.values is not None and len(summary.shape) <= 2:
        parts.append(_table(summary))
    elif not summary.size:
        parts.append("<div>(no elements)</div>")
    elif summary.minimum == summary.maximum and not words.nonfinite(summary):
        parts.append(f"<div>all {words.number(summary.minimum)}</div>")
    elif len(summary.shape) > 2:
        parts.append(_planes(t) if summary.values is None else _tables(t))
    else:
        parts.append(_heat(summary))
    style = f"font-family:{escape(palette.FONT)};line-height:1.45"
    return f'<div style="{style}">{"".join(parts)}</div>'


def _heading(t: Tensor, summary: Summary) -> str:
    name = f"<b>{escape(t.name)}</b>: " if t.name else ""
    text = words.statistics(summary)
    if summary.dtype == "bool" and summary.size > 1:
        true = int(t._data.sum())
        text = f"{words.shape(summary.shape)} bool, {true} of {summary.size} are True"
    text = name + escape(text)
    if not t.requires_grad:
        return text
    if not t.is_leaf:
        return f"{text} · result of {escape(t._node.primitive.name)}"  # type: ignore[union-attr]
    if t.grad is None:
        return f"{text} · no gradient yet"
    gradient = summarize(t.grad._data, 0)
    told = words.brief(summarize(t.grad._data)) if t.grad._data.size == 1 else "of norm "
    if t.grad._data.size != 1:
        told += words.number(gradient.norm) if gradient.norm is not None else "unknown"
        told += f", {words.nonfinite(gradient)}" if words.nonfinite(gradient) else ""
    passes = t._node.passes  # type: ignore[union-attr]
    several = f", the sum of {passes} backward() calls" if passes > 1 else ""
    return f"{text} · gradient {escape(told)}{several}"


def _table(summary: Summary) -> str:
    values: Any = summary.values
    if not summary.shape:
        return f"<div><b>{words.number(values)}</b></div>"
    if not summary.size:
        return "<div>(no elements)</div>"
    rows = [values] if len(summary.shape) == 1 else values
    heads = ["" if len(summary.shape) == 1 else str(place) for place in range(len(rows))]
    if len(summary.shape) == 1 and len(values) > LINE:  # broken into lines, like a text
        rows = [values[place : place + LINE] for place in range(0, len(values), LINE)]
        heads = [f"{place} +" for place in range(0, len(values), LINE)]
    head = "".join(
        f'<th scope="col" style="{_HEAD}">{column}</th>' for column in range(len(rows[0]))
    )
    body = "".join(
        "<tr>"
        + (f'<th scope="row" style="{_HEAD}">{name}</th>' if name else "<td></td>")
        + "".join(f'<td style="{_NUMBER}">{words.number(each)}</td>' for each in row)
        + "</tr>"
        for name, row in zip(heads, rows, strict=True)
    )
    return (
        "<div style='overflow-x:auto'><table style='border-collapse:collapse;margin:0'>"
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _tables(t: Tensor) -> str:
    """A small tensor of more than two axes: one table for each of its planes."""
    tables = [
        f'<div style="margin:4px 14px 4px 0"><small>{words.place(index)}</small>'
        f"{_table(summarize(t._data[index], TABLE_UP_TO))}</div>"
        for index in np.ndindex(t.shape[:-2])
    ]
    return f'<div style="display:flex;flex-wrap:wrap">{"".join(tables)}</div>'


def _heat(summary: Summary) -> str:
    """The thumbnail as an image, with the scale in words; signs also differ in shape."""
    legend = words.legend(summary)
    alt = f"heat map, {legend}; {words.statistics(summary)}"
    picture = data_uri(heat_svg(summary))
    return f'{HOST_COLOURS}<img class="gg-still" alt="{escape(alt)}" src="{picture}"/><div><small>{escape(legend)}</small></div>'


def _planes(t: Tensor) -> str:
    """The first planes of a tensor with more than two axes, side by side.

    Without negative numbers they are pictures on one scale; signs are told apart by the marks of
    heat maps.
    """
    leading = list(np.ndindex(t.shape[:-2]))
    shown = [t._data[index].astype(np.float64) for index in leading[:PLANES]]
    hidden = len(leading) - len(shown)
    more = [f"{hidden:,} more planes"] if hidden else []
    known = [summarize(plane, 0) for plane in shown]
    images = all((each.minimum or 0.0) >= 0 and not words.nonfinite(each) for each in known)
    scale = max(each.maximum or 0.0 for each in known)
    pictures = []
    for index, plane, summary in zip(leading, shown, known, strict=False):
        told = f"{words.place(index)}: {words.brief(summary)}"
        if images:
            height = max(8, min(192, round(96 * plane.shape[0] / plane.shape[1])))
            data = base64.b64encode(png(reduced(plane), scale)).decode()
            picture = (
                f'width="96" height="{height}" style="image-rendering:pixelated;'
                f'border:1px solid #8b97a4" src="data:image/png;base64,{data}"'
            )
        else:
            told += f"; {words.legend(summary)}"
            picture = f'class="gg-still" src="{data_uri(heat_svg(summary))}"'
        pictures.append(
            '<figure style="margin:4px 12px 4px 0;max-width:15em">'
            f'<img alt="{escape(told)}" {picture}/>'
            f'<figcaption style="line-height:1.25"><small>{escape(told)}</small></figcaption></figure>'
        )
    if images:
        more.insert(0, f"white 0, orange {words.number(scale, 3)}")
    return (
        f'{HOST_COLOURS}<div style="display:flex;flex-wrap:wrap">{"".join(pictures)}</div>'
        f"<div><small>{escape('; '.join(more))}</small></div>"
    )


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
            if kind == "bad":  # a cross, which no number is drawn as
                left, top = column * CELL + 3, row * CELL + 3
                marks.append(f"<path class='bad' d='M{left} {top}l8 8m0-8l-8 8'/>")
                continue
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
        f".neg{{fill:{colours['negative']}}}.bad{{stroke:{colours['text']};stroke-width:2.2}}"
    )
