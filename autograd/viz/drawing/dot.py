"""Graphviz: a view as DOT text, and Graphviz as the one who places it.

When the ``graphviz`` package and the ``dot`` program are there, ``dot`` decides where things go;
they are drawn by the same SVG renderer as with the built-in layout, so the meaning is the same with
and without. The DOT text has plain labels only (not every renderer knows HTML labels) and stands on
its own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

from autograd.text import visible
from autograd.viz.drawing.svg import close_gaps, flows_right, measure, text_width, widest_argument
from autograd.viz.placing.layout import Frame, Layout, Route
from autograd.viz.visible.view import Item, View

#: How long ``dot`` may take.
SECONDS = 10.0
_too_slow: set[str | None] = set()

#: Above this many items the built-in layout is used: dot would take minutes.
DOT_UP_TO = 400

_SHAPES = {
    "op": 'shape=box, style="rounded,filled"',
    "output": 'shape=box, style="rounded,filled", peripheries=2',
    "parameter": "shape=hexagon, style=filled",
    "input": "shape=parallelogram, style=filled",
    "constant": 'shape=box, style="dashed,filled"',
    "module": "shape=box3d, style=filled",
}

_FILLS = {
    "op": ("#edf1f6", "#5b6b7f"),
    "output": ("#f8e6f1", "#a3437f"),
    "parameter": ("#fff0d2", "#a86400"),
    "input": ("#def3eb", "#00785a"),
    "constant": ("#f5f5f5", "#7d7d7d"),
    "module": ("#e2eefa", "#0b62a4"),
}


class Failed(RuntimeError):
    """``dot`` is there and did not do its work."""


def available() -> bool:
    """Whether both the ``graphviz`` package and the ``dot`` program are there.

    A ``dot`` that once took too long is left alone from then on.
    """
    return not missing() and shutil.which("dot") not in _too_slow


def missing() -> str:
    """What there is to install before Graphviz can draw, or an empty string."""
    try:
        import graphviz  # noqa: F401
    except ImportError:
        return "the Python package graphviz"
    return "" if shutil.which("dot") else "the program dot (from Graphviz)"


def suits(view: View) -> bool:
    """Whether dot is the better choice for a view, given that it is there.

    Its clusters are an afterthought to its layers: modules inside modules sprawl, where the
    built-in layout gives each its own compact box.
    """
    nested = any(group.parent > 0 for group in view.groups)
    return len(view.items) <= DOT_UP_TO and not nested


def _room_for(heading: str) -> str:
    """An empty label that is as wide as the heading will be, in the font that the picture has."""
    width = round(text_width(heading, 12.0, True))
    return (
        f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0" FIXEDSIZE="TRUE" '
        f'WIDTH="{width}" HEIGHT="14"><TR><TD></TD></TR></TABLE>>'
    )


def to_dot(view: View, direction: str | None = None, *, outlines: bool = True) -> str:
    """The view in the DOT language.

    ``outlines=False`` gives every node a plain box of exactly its size in the SVG picture: what is
    laid out is then what will be drawn.
    """
    rightwards = flows_right(view, direction)
    rankdir = "LR" if rightwards else "TB"
    room = widest_argument(view) + 16 if rightwards else 0.0
    ranksep = max(0.45, round(room / 72, 2))
    lines = [
        "digraph {",
        f"  graph [rankdir={rankdir}, fontname=Helvetica, fontsize=12, nodesep=0.3, "
        f"ranksep={ranksep}, newrank=true]",  # clusters do not count layers of their own
        '  node [fontname=Helvetica, fontsize=12, color="#5b6b7f", fontcolor="#1b1f24"]',
        '  edge [color="#5f6b78", fontname=Helvetica, fontsize=11, arrowsize=0.7]',
    ]
    if view.note:
        lines.append(f"  label={_quote(view.note)}")
    members: dict[int, list[Item]] = {}
    for item in view.items:
        members.setdefault(item.group, []).append(item)
    children: dict[int, list[int]] = {}
    for group in view.groups:
        if group.index:
            children.setdefault(group.parent, []).append(group.index)
    heading = _quote if outlines else _room_for
    labels = {group.index: heading(group.label) for group in view.groups}
    pending: list[tuple[str, int, int]] = [("open", 0, 0)]
    while pending:
        what, index, depth = pending.pop()
        indent = "  " * (depth + 1)
        if what == "close":
            lines.append("  " * depth + "}")
            continue
        if index:
            lines.append("  " * depth + f"subgraph cluster_{index} {{")
            lines.append(
                f'{indent}label={labels[index]}; labeljust=l; style="rounded,filled"; '
                'fillcolor="#f6f8fa"; color="#a9b8c6"'
            )
            pending.append(("close", index, depth))
        lines += [indent + _node(item, outlines) for item in members.get(index, [])]
        pending += [("open", child, depth + 1) for child in reversed(children.get(index, []))]
    light = {item.id for item in view.items if item.light}
    for place, link in enumerate(view.links):
        label = f", label={_quote(link.argument)}" if link.argument and outlines else ""
        weight = "" if link.source in light else ", weight=200"
        lines.append(f'  n{link.source} -> n{link.target} [id="e{place}"{weight}{label}]')
    lines += [
        f"  n{before} -> n{leaf} [style=invis, weight=0]" for before, leaf in _below(view, light)
    ]
    return "\n".join([*lines, "}", ""])


def _below(view: View, light: set[int]) -> list[tuple[int, int]]:
    """What comes into a module, with each of the module's own leaves that it meets there.

    Leaves are to stand below it: beside it they would be in the way of its own module, and every
    next box would be pushed further to the side, down a staircase.
    """
    groups = {item.id: item.group for item in view.items}
    leaves: dict[int, list[int]] = {}
    entering: dict[int, list[int]] = {}
    for link in view.links:
        source, target = groups[link.source], groups[link.target]
        if source == target and link.source in light:
            leaves.setdefault(link.target, []).append(link.source)
        elif source != target and target and link.source not in light:
            entering.setdefault(link.target, []).append(link.source)
    pairs = {
        (before, leaf): None
        for target, sources in entering.items()
        for before in sources
        for leaf in leaves.get(target, ())
    }
    return list(pairs)


def _node(item: Item, outlines: bool) -> str:
    width, height = measure(item)
    size = f"width={width / 72:.4f}, height={height / 72:.4f}"
    if not outlines:
        return f'n{item.id} [label="", shape=box, fixedsize=true, {size}]'
    label = "\n".join(text for _, text in item.lines)
    fill, line = _FILLS[item.kind]
    shape = _SHAPES[item.kind]
    if item.share is not None:
        from autograd.viz.drawing.palette import LIGHT

        fill = LIGHT[f"heat{min(4, int(item.share * 5))}"]
    return (
        f'n{item.id} [label={_quote(label)}, {shape}, fillcolor="{fill}", color="{line}", '
        f"{size}, tooltip={_quote(item.tooltip)}]"
    )


def _quote(text: str) -> str:
    escaped = visible(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def run(text: str, kind: str) -> bytes:
    """What ``dot`` makes of a graph in its language.

    Raises Failed, with its reason, if it fails or takes longer than ``SECONDS``. (The package's own
    call would wait for ever.)
    """
    import graphviz

    try:
        done = subprocess.run(
            [graphviz.DOT_BINARY, f"-T{kind}"],
            input=text.encode(),
            capture_output=True,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        _too_slow.add(shutil.which("dot"))
        raise Failed(f"dot took more than {SECONDS:g} seconds") from error
    except OSError as error:
        raise Failed(f"dot does not run: {error}") from error
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip()[:300]
        raise Failed(f"dot ended with code {done.returncode}: {reason or 'no reason given'}")
    return done.stdout


def arrange(
    view: View, direction: str | None = None
) -> tuple[Layout, dict[int, tuple[float, float]]]:
    """Have ``dot`` lay the view out; the result is like that of ``autograd.viz.drawing.svg.arrange``.

    Raises Failed if it cannot.
    """
    output = run(to_dot(view, direction, outlines=False), "json")
    try:
        content = json.loads(output)
        layout = _read(content, view, flows_right(view, direction))
    except (
        ValueError,
        LookupError,
    ) as error:  # a dot without its plugins ends well, saying nothing
        raise Failed("dot wrote no layout") from error
    sizes = {item.id: measure(item) for item in view.items}
    close_gaps(view, layout)
    return layout, sizes


MARGIN = 10.0


def _read(content: dict[str, Any], view: View, rightwards: bool) -> Layout:
    left, low, right, high = (float(part) for part in content["bb"].split(","))

    def place(x: str, y: str) -> tuple[float, float]:
        return float(x) - left + MARGIN, high - float(y) + MARGIN  # dot's y grows upwards

    centres: dict[int, tuple[float, float]] = {}
    frames: dict[int, Frame] = {}
    for entry in content.get("objects", []):
        name = entry["name"]
        if name.startswith("cluster_"):
            x0, y0, x1, y1 = entry["bb"].split(",")
            (x, bottom), (end, top) = place(x0, y0), place(x1, y1)
            index = int(name.removeprefix("cluster_"))
            frames[index] = Frame(index, x, top, end - x, bottom - top)
        elif name.startswith("n") and "pos" in entry:
            centres[int(name[1:])] = place(*entry["pos"].split(","))
    routes = [Route([]) for _ in view.links]
    for entry in content.get("edges", []):
        if "id" in entry:  # the others are invisible: they only hold something in its place
            routes[int(entry["id"][1:])] = _route(entry["pos"], place)
    width, height = right - left + 2 * MARGIN, high - low + 2 * MARGIN
    return Layout(width, height, centres, frames, routes, rightwards)


def _route(text: str, place: Any) -> Route:
    points, tip = [], None
    for part in text.split():
        fields = part.split(",")
        if fields[0] == "e":
            tip = place(fields[1], fields[2])
        elif fields[0] != "s":
            points.append(place(*fields))
    if tip is not None:
        points += [points[-1], tip, tip]
    return Route(points, spline=True)
