"""The microscope as a page: numbers as JSON, and a script that links the views."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.text import to_json
from autograd.viz.drawing import palette
from autograd.viz.microscope import panels, region
from autograd.viz.microscope.geometry import Axis, padded
from autograd.viz.microscope.microscope import Microscope
from autograd.viz.microscope.phrases import (
    MATRIX,
    ROW_BY_ROW,
    TIE,
    WEIGHTLESS,
    going_back,
    head,
    largest,
    nothing,
    padding_name,
    pixel_heads,
    shared,
    skipped_sentence,
    stretched,
    what,
)
from autograd.viz.microscope.read_layers import Array
from autograd.viz.pages import shell
from autograd.viz.pages.graph import image

PACKAGE = "autograd.viz.microscope"
#: An output never grows beyond this.
PAGE_LIMIT = 300_000
#: Cells each way, input channels and output channels that a page holds, tried from the first on.
DETAIL = ((14, 3, 8), (12, 3, 4), (9, 2, 2), (9, 1, 1))


def fragment(scope: Microscope, heading: str) -> str:
    """The page as an HTML fragment of at most ``PAGE_LIMIT`` bytes, with a heading if given one."""
    content = scope.panels()
    summary = scope.summary()
    picture = panels.as_svg(
        content, scope.heading, summary, scope.theme,
        heading=heading, legend=scope.legend(content),
    )  # fmt: skip
    fallback = (
        f"{image(picture, summary)}\n"
        f"<details><summary>As tables and text</summary>\n{panels.as_html(content)}</details>\n"
    )
    html = ""
    for cells, channels, outputs in DETAIL:
        data = to_json(
            page_data(scope, cells, channels, outputs) | {"heading": heading},
            separators=(",", ":"),
        )
        html = (
            f'<div class="gg-microscope" data-lm-suppress-shortcuts="true">\n{fallback}'
            f'<script type="application/json">{shell.inert(data)}</script>\n<script>{script()}</script>\n</div>'
        )
        if len(html.encode()) <= PAGE_LIMIT:
            break
    return html


def script() -> str:
    """The script of the page."""
    return shell.script(PACKAGE, "microscope.js")


def style() -> str:
    """The style sheet of the page, for both themes."""
    themes = []
    for selector, colours, fills in (
        (".page", palette.LIGHT, panels.LIGHT),
        ('.page[data-theme="dark"]', palette.DARK, panels.DARK),
    ):
        used = {name: colours[name] for name in USED_COLOURS}
        levels = "".join(
            f"--gg-{'l' if level > 0 else 'm'}{abs(level)}:{fill};"
            for level, fill in zip(range(-4, 5), fills, strict=True)
            if fill
        )
        scheme = "dark" if colours is palette.DARK else "light"
        themes.append(f"{selector}{{color-scheme:{scheme};{palette.variables(used)}{levels}}}")
    rules = "".join(
        f".{side}{level}{{background-color:var(--gg-{side}{level})}}"
        for side in "lm"
        for level in range(1, 5)
    )
    return "".join(themes) + shell.asset(PACKAGE, "microscope.css").replace("\n", "") + rules


USED_COLOURS = ("background", "text", "muted", "group", "group-line", "op", "op-line", "active")


# -- the numbers --------------------------------------------------------------------------------


def page_data(scope: Microscope, cells: int, channels: int, outputs: int) -> dict[str, Any]:
    """What the script needs, in a region of ``cells`` each way."""
    model: Any = scope.model
    shown = region.choose(model, scope.at, scope.tap[0], cells, channels)
    image, first = scope.at[0], scope.at[1]
    begin = max(0, min(first - outputs // 2, model.y.shape[1] - outputs))
    rows, columns = model.windows.axes
    planes: dict[int, Any] = {}
    entries = []
    for output in range(begin, min(begin + outputs, model.y.shape[1])):
        seen = region.choose(
            model, (image, output, *scope.at[2:]),
            scope.tap[0] if output == first else model.channels(output)[0], cells, channels,
        )  # fmt: skip
        for channel in seen.channels:
            planes.setdefault(channel, _input_planes(scope, channel, shown))
        entries.append(_output_entry(scope, output, seen))
    return {
        "kind": model.kind,
        "title": scope.heading,
        "summary": scope.summary(),
        "theme": scope.theme,
        "style": style(),
        "rank": model.rank,
        "mode": model.mode,
        "flip": bool(getattr(model, "flip", False)),
        "at": list(scope.at),
        "tap": list(scope.tap),
        "images": len(model.x),
        "signed": bool((model.x[image] < 0).any()),
        "axes": [_axis(rows, shown.rows), _axis(columns, shown.columns)],
        "planes": planes,
        "outs": entries,
        "total": model.y.shape[1],
        "scales": {
            "x": largest(model.x[image]),
            "w": largest(getattr(model, "w", 1.0)),
            "g": largest(model.g[image]),
        },
        "note": shown.note(model),
        "words": {
            "what": what(model),
            "turned": what(model).replace("× the kernel", "× the turned kernel"),
            "matrix": MATRIX + " Dotted frames mark the selected pixel wherever it was copied to."
            if model.kind == "conv"
            else ROW_BY_ROW,
            "cut": "Only rows and columns around the selected ones are shown; the product is of all.",
            "weightless": WEIGHTLESS,
            "nothing": f"There stands {nothing(model)}.",
            "unseen": ": it is skipped, so it changes nothing and gets no gradient",
            "heads": pixel_heads(model),
            "tie": TIE,
            "back": going_back(model),
            "legend": _legend(model),
            "help": "Point at a cell to look, click to keep it; arrow keys move, Tab goes on, Escape "
            "leaves.",
        },
        "stretched": stretched(model),
        "shared": shared(model) if model.kind == "conv" else "",
        "padding": padding_name(model),
        "skipped": skipped_sentence(model),
    }


def _legend(model: Any) -> list[tuple[str, str, str]]:
    """What the marks mean: class, words, and what stands in the sample."""
    marks = [
        ("chosen", "selected", ""),
        ("patch", "seen, reached or shared", ""),
        ("pad", padding_name(model), ""),
        ("skipped", "seen by no window", ""),
        ("l3", "positive", "+"),
        ("m3", "negative", "−"),
    ]
    if model.kind == "max":
        marks += [("winner", "winner", ""), ("tie", "as large (tie)", "")]
    if not any(model.windows.is_padding(each) for each in _corners(model)):
        marks = [mark for mark in marks if mark[0] != "pad"]
    return marks if model.windows.skipped else [mark for mark in marks if mark[0] != "skipped"]


def _corners(model: Any) -> list[tuple[int, int]]:
    """The first and last positions of the padded plane, and those beside the first pixel."""
    rows, columns = model.windows.axes
    ends = [(axis.low, min(1, axis.high - 1), axis.high - 1) for axis in (rows, columns)]
    return [(r, s) for r in ends[0] for s in ends[1]]


def _axis(axis: Axis, part: region.Stretch) -> dict[str, Any]:
    return {
        "size": axis.size,
        "length": axis.length,
        "heads": [head(axis, p) for p in range(part.low, part.high)],
        "kernel": axis.kernel,
        "stride": axis.stride,
        "before": axis.before,
        "dilation": axis.dilation,
        "low": part.low,
        "first": part.first,
        "last": part.last,
        "outputs": axis.outputs,
        "whole": part.whole,
        "sources": [axis.source(p) for p in range(part.low, part.high)],
        "skipped": {
            str(cell * axis.spacing): why
            for cell, why in axis.skipped.items()
            if part.low <= cell * axis.spacing < part.high
        },
    }


def _input_planes(scope: Microscope, channel: int, shown: region.Region) -> dict[str, Any]:
    """A channel of the input and its gradient, at every position of the region."""
    model: Any = scope.model
    image = scope.at[0]
    rows = slice(shown.rows.low - model.windows.rows.low, shown.rows.high - model.windows.rows.low)
    columns = slice(
        shown.columns.low - model.windows.columns.low,
        shown.columns.high - model.windows.columns.low,
    )
    models = [model] if scope.other is None else [model, scope.other]
    if getattr(model, "flip", False):
        models.reverse()
    return {
        "x": plain(model.padded[image, channel][rows, columns]),
        "dx": [
            plain(_gradient_at_positions(each, image, channel)[rows, columns]) for each in models
        ],
    }


def _gradient_at_positions(model: Any, image: int, channel: int) -> Array:
    """The gradient of the pixel that stands at each position; 0 for constants."""
    return padded(model.dx[image, channel], model.windows, 0.0)


def _output_entry(scope: Microscope, output: int, seen: region.Region) -> dict[str, Any]:
    model: Any = scope.model
    image = scope.at[0]
    rows = slice(seen.rows.first, seen.rows.last)
    columns = slice(seen.columns.first, seen.columns.last)
    models = [model] if scope.other is None else [model, scope.other]
    if getattr(model, "flip", False):
        models.reverse()
    entry: dict[str, Any] = {
        "o": output,
        "channels": list(seen.channels),
        "hidden": seen.hidden_channels,
        "y": [plain(each.y[image, output][rows, columns]) for each in models],
        "g": plain(model.g[image, output][rows, columns]),
    }
    if model.kind == "conv":
        inside = [channel - model.channels(output)[0] for channel in seen.channels]
        entry["w"] = [plain(model.w[output, channel]) for channel in inside]
        # The gradient by place of the window: where the kernel is not turned, as it is stored.
        dw = models[0].dw[:, :, ::-1, ::-1] if models[0].flip else models[0].dw
        entry["dw"] = [plain(dw[output, channel]) for channel in inside]
        entry["first"], entry["depth"] = model.channels(output)[0], model.w.shape[1]
        entry["bias"] = None if model.bias is None else plain(model.bias[output : output + 1])[0]
    else:
        entry["share"] = [
            [
                [
                    plain(np.array([model.weight((image, output, i, j), output, tap)]))[0]
                    for tap in model.windows.taps
                ]
                for j in range(columns.start, columns.stop)
            ]
            for i in range(rows.start, rows.stop)
        ]
    return entry


def plain(values: Any) -> Any:
    """Nested lists of numbers in their shortest form; what is not finite as a word."""
    if isinstance(values, np.ndarray):
        return [plain(each) for each in values]
    number = float(str(values.item() if values.dtype == np.float64 else values))
    if not np.isfinite(number):
        return "nan" if np.isnan(number) else "inf" if number > 0 else "-inf"
    return int(number) if number == int(number) and abs(number) < 1e15 else number
