"""Colours and the style sheet shared by the picture, the page and the animation.

Hues follow Okabe and Ito (2008), which people with colour-blindness tell apart; they only ever
repeat what shapes and words say already. Text on any fill below has a contrast of at least 4.5 : 1.
"""

from __future__ import annotations

from collections.abc import Callable

from autograd.arguments.numbers import shown

LIGHT = {
    "background": "#ffffff",
    "text": "#1b1f24",
    "muted": "#525a63",
    "edge": "#5f6b78",
    "group": "#f6f8fa",
    "group-line": "#a9b8c6",
    "op": "#edf1f6",
    "op-line": "#5b6b7f",
    "parameter": "#fff0d2",
    "parameter-line": "#a86400",
    "input": "#def3eb",
    "input-line": "#00785a",
    "constant": "#f5f5f5",
    "constant-line": "#7d7d7d",
    "output": "#f8e6f1",
    "output-line": "#a3437f",
    "module": "#e2eefa",
    "module-line": "#0b62a4",
    "value": "#0a4f92",
    "grad": "#9c3600",
    "active": "#c24a00",
    "heat0": "#fff7ec",
    "heat1": "#fee3bd",
    "heat2": "#fdc98d",
    "heat3": "#fbab60",
    "heat4": "#f58d3f",
    "positive": "#c2570c",
    "negative": "#1f6fb2",
}

DARK = {
    "background": "#14181d",
    "text": "#e8ecf1",
    "muted": "#aeb8c3",
    "edge": "#8b97a4",
    "group": "#1a2027",
    "group-line": "#46525f",
    "op": "#242c36",
    "op-line": "#7f93a8",
    "parameter": "#3a2c12",
    "parameter-line": "#e6a23c",
    "input": "#11352b",
    "input-line": "#3fbf98",
    "constant": "#20252b",
    "constant-line": "#8f959c",
    "output": "#3b2034",
    "output-line": "#e08cc0",
    "module": "#14304a",
    "module-line": "#6cb2ee",
    "value": "#8cc4ff",
    "grad": "#ffb184",
    "active": "#ff9a4d",
    "heat0": "#2a211a",
    "heat1": "#40291a",
    "heat2": "#57311a",
    "heat3": "#6f3a19",
    "heat4": "#884318",
    "positive": "#f2a35e",
    "negative": "#6cb2ee",
}

FONT = 'system-ui,-apple-system,"Segoe UI","DejaVu Sans",Verdana,sans-serif'


def rules(colour: Callable[[str], str]) -> str:
    """CSS rules of a graph picture; ``colour`` turns a palette name into a CSS colour."""
    kinds = "".join(
        f".gg-{kind} .gg-shape{{fill:{colour(kind)};stroke:{colour(kind + '-line')}}}"
        for kind in ("op", "parameter", "input", "constant", "output", "module")
    )
    heats = "".join(
        f".gg-heat{level} .gg-shape{{fill:{colour(f'heat{level}')}}}"
        f".gg .gg-heat{level} text{{fill:{colour('text')}}}"
        for level in range(5)
    )
    return (
        f".gg-back{{fill:{colour('background')}}}"
        f".gg-group>rect{{fill:{colour('group')};stroke:{colour('group-line')}}}"
        f".gg-line{{stroke:{colour('edge')}}}"
        f".gg-tip{{fill:{colour('edge')}}}"
        f"{kinds}"
        f".gg text{{fill:{colour('text')}}}"
        f".gg .gg-muted{{fill:{colour('muted')}}}"
        f".gg .gg-value{{fill:{colour('value')}}}"
        f".gg .gg-grad{{fill:{colour('grad')}}}"
        f"{heats}"
        f".gg-bar{{fill:{colour('active')}}}"
        f".gg-now .gg-shape{{stroke:{colour('active')};stroke-width:3.5}}"
        f".gg-flow .gg-line{{stroke:{colour('active')};stroke-width:3}}"
        f".gg-flow .gg-tip{{fill:{colour('active')}}}"
    )


#: What does not depend on the theme.
STRUCTURE = (
    f".gg text{{font:12px {FONT};text-anchor:middle}}"
    ".gg .gg-title{font-weight:700;font-size:13px}"
    ".gg .gg-none{font-style:italic}"
    ".gg .gg-heading{font-weight:700;text-anchor:start}"
    ".gg .gg-argument{font-size:11px;text-anchor:start}"
    ".gg .gg-caption{text-anchor:start}"
    ".gg .gg-number{text-anchor:start;font-size:9px}"
    ".gg-back-tip,.gg-flow>.gg-tip{display:none}.gg-flow>.gg-back-tip{display:inline}"
    ".gg-shape{stroke-width:1.4}"
    ".gg-constant .gg-shape{stroke-dasharray:4 3}"
    ".gg-line{fill:none;stroke-width:1.4}"
    ".gg-group>rect{stroke-width:1}"
)


#: Where the reader has the system choose all colours, nothing is filled; shapes and words tell what
#: colours do. (Browsers leave pictures in <img> as they are; this is for all others.)
FORCED = (
    "@media (forced-colors:active){"
    ".gg-back{fill:Canvas}"
    ".gg .gg-shape,.gg-group>rect{fill:Canvas;stroke:CanvasText}"
    ".gg text{fill:CanvasText!important}"
    ".gg-line{stroke:CanvasText}.gg-tip{fill:CanvasText}"
    ".gg-now .gg-shape,.gg-flow .gg-line{stroke:Highlight}"
    ".gg-bar,.gg-flow .gg-tip{fill:Highlight}"
    "}"
)


def style(theme: str = "auto") -> str:
    """The style sheet of a stand-alone SVG; ``"auto"`` follows the reader's preference.

    Colours are written out instead of using CSS variables, which many SVG programs do not know.
    """
    if theme == "dark":
        return STRUCTURE + rules(DARK.__getitem__) + FORCED
    sheet = STRUCTURE + rules(LIGHT.__getitem__)
    if theme == "auto":
        sheet += "@media (prefers-color-scheme:dark){" + rules(DARK.__getitem__) + "}"
    elif theme != "light":
        raise ValueError(f"theme must be 'auto', 'light' or 'dark'; got {shown(theme)}")
    return sheet + FORCED


def variables(palette: dict[str, str]) -> str:
    """CSS declarations of custom properties, for the page."""
    return "".join(f"--gg-{name}:{value};" for name, value in palette.items())
