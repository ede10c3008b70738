"""A view as an SVG picture: measuring nodes, laying them out, drawing them.

The picture has no ids and no scripts, so any number of them can share a page; it scales with its
surroundings and says in ``<title>`` and ``<desc>`` what it shows. The bytes depend on the view
only.
"""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass, field, replace

from autograd.text import escape, visible
from autograd.viz import words
from autograd.viz.drawing import palette
from autograd.viz.placing import labels
from autograd.viz.placing.labels import Label
from autograd.viz.placing.layout import LAYER_GAP, Frame, Layout, Route, Size, layered
from autograd.viz.visible.view import NO_GRADIENT, Group, Item, Link, View

LINE_HEIGHT = 16.0
PADDING_X = 14.0
PADDING_Y = 9.0
#: How far the slanted sides of parameters and inputs reach in.
SLANT = 9.0
ARROW = 7.0
#: Up to this many layers a picture flows to the right, like a formula; longer ones flow down.
RIGHTWARDS_UP_TO = 7
#: What there is between layers in an overview, where nothing is written beside edges.
CLOSE = 28.0
#: Beyond this many edges their arrow tips are left out: they would be most of the file.
TIPS_UP_TO = 4000

#: Lets a picture shrink with the column it is in.
SCALING = "style='max-width:100%;height:auto'"

# Advance widths of the printable ASCII characters in DejaVu Sans, in hundredths of the font size.
# It is among the widest of the fonts asked for, so text measured with it fits in the others too.
_WIDTHS = (
    "32 40 46 84 64 95 78 27 39 39 50 84 32 36 32 34 64 64 64 64 64 64 64 64 64 64 34 34 84 84 84 "
    "53 100 68 69 70 77 63 58 77 75 29 29 66 56 86 75 79 60 79 69 63 61 73 68 99 69 61 69 39 34 39 "
    "84 50 "
    "50 61 63 55 63 62 35 63 63 28 28 58 28 97 63 61 63 63 41 52 39 63 59 82 59 59 52 64 34 64 84"
)
_WIDTH = {chr(32 + place): int(width) / 100 for place, width in enumerate(_WIDTHS.split())}
_WIDTH |= {"…": 1.0, "·": 0.32, "µ": 0.64}  # signs such as × and − are 0.84 wide
_BOLD = 1.14


def text_width(text: str, size: float = 12.0, bold: bool = False) -> float:
    """The width of a text in pixels, estimated without any font at hand."""
    # Summed exactly: from Python 3.12 on `sum` rounds otherwise than before.
    width = math.fsum(_WIDTH.get(character, 0.84) for character in visible(text)) * size
    return width * _BOLD if bold else width


def measure(item: Item) -> tuple[float, float]:
    """Width and height of an item's shape, with room for its lines."""
    width = max(
        text_width(text, 13.0, True) if style == "title" else text_width(text)
        for style, text in item.lines
    )
    width = max([width, text_width(item.number, 9), *(text_width(text) for text in item.room)])
    slanted = item.kind in ("parameter", "input")
    width += 2 * PADDING_X + (2 * SLANT if slanted else 0)
    height = LINE_HEIGHT * len(item.lines) + 2 * PADDING_Y + _below(item)
    return max(round(width), 56.0), height


def _below(item: Item) -> float:
    """How far the lines stand below where they would be without the number in the corner."""
    return 4.0 if item.number else 0.0


def arrange(
    view: View, direction: str | None = None
) -> tuple[Layout, dict[int, tuple[float, float]]]:
    """Lay a view out with the built-in layout; returns the layout and the items' sizes.

    ``direction`` is ``"right"``, ``"down"`` or None: to the right when the graph is short.
    """
    rightwards = flows_right(view, direction)
    spacing = {} if rightwards else _label_spacing(view)
    arriving: dict[int, int] = {}
    for link in view.links:
        arriving[link.target] = arriving.get(link.target, 0) + 1
    measured, sizes = {}, []
    for item in view.items:
        apart = spacing.get(item.id, 34.0)
        width, height = measure(item)
        if item.id in spacing:
            width = max(width, apart * (arriving[item.id] + 1))
        measured[item.id] = width, height
        sizes.append(Size(item.id, width, height, item.group, item.light, apart))
    parents = {group.index: max(group.parent, 0) for group in view.groups}
    headings = {
        group.index: text_width(group.label, 12.0, True) + 8 for group in view.groups if group.index
    }
    edges = [(link.source, link.target, link.lane) for link in view.links]
    room = widest_argument(view) + 14 if rightwards else 0.0
    apart = LAYER_GAP if rightwards or not view.closed else CLOSE
    layout = layered(sizes, edges, parents, headings, rightwards=rightwards, gap=room, apart=apart)
    close_gaps(view, layout)
    return layout, measured


def close_gaps(view: View, layout: Layout) -> None:
    """Let edges begin below inputs and parameters, whose slanted sides would leave a gap."""
    slanted = {item.id for item in view.items if item.kind in ("input", "parameter")}
    for link, route in zip(view.links, layout.routes, strict=True):
        if link.source in slanted:
            x, y = route.points[0]
            centre = layout.centres[link.source]
            begin = (x - SLANT, y) if layout.rightwards else (x, y - SLANT)
            if route.spline and not layout.rightwards:  # it may begin anywhere on the outline
                begin = x + 0.3 * (centre[0] - x), y + 0.3 * (centre[1] - y)
            route.points[:0] = [begin, begin, (x, y)] if route.spline else [begin]
            route.border = 3 if route.spline else 1
            route.curved.insert(0, False)


def flows_right(view: View, direction: str | None) -> bool:
    """Whether the picture flows to the right: as asked, else when the graph is short."""
    if direction is not None:
        return direction == "right"
    places = {item.id: place for place, item in enumerate(view.items)}
    depth: dict[int, int] = {}
    for link in sorted(view.links, key=lambda link: places[link.target]):
        depth[link.target] = max(depth.get(link.target, 0), depth.get(link.source, 0) + 1)
    grouped = len(view.groups) > 2
    return not grouped and max(depth.values(), default=0) < RIGHTWARDS_UP_TO


def widest_argument(view: View) -> float:
    """The width of the longest name of an argument."""
    return max((text_width(link.argument, 11) for link in view.links), default=0.0)


def _label_spacing(view: View) -> dict[int, float]:
    """How far apart edges must arrive at an item so that their argument names have room."""
    spacing: dict[int, float] = {}
    for link in view.links:
        if link.argument:
            room = text_width(link.argument, 11) + 16
            spacing[link.target] = max(spacing.get(link.target, 34.0), room)
    return spacing


#: A note below a picture is broken into lines when the picture is no wider than this.
NOTE_WIDTH = 560.0

# -- drawing ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Moment:
    """A moment of the backward pass: the item at work, where gradients flow, slots' texts."""

    active: int = 0
    flowing: frozenset[tuple[int, int]] = frozenset()
    slots: dict[int, str] = field(default_factory=dict)
    caption: str = ""


def render(
    view: View,
    layout: Layout,
    sizes: dict[int, tuple[float, float]],
    *,
    theme: str = "auto",
    extra_style: str = "",
    overlay: str = "",
    footer: float = 0.0,
    root_class: str = "",
    moment: Moment | None = None,
    title: str = "",
    description: str = "",
    movable: bool = False,
) -> str:
    """The picture as SVG text.

    ``moment`` draws the graph as it is in the middle of a backward pass. ``movable`` draws nodes
    and edges about the origin and moves them to their places, so that the same is the same text. ``extra_style`` and
    ``overlay`` (drawn last) are for the animation, which also asks for ``footer`` pixels below the
    graph and a class of its own on the root element.
    """
    width, height = picture_size(view, layout)
    if moment is not None and moment.caption:
        overlay += caption_text(moment.caption, width, height)
    total = height + footer
    title = title or view.trace.title or "Computation graph"
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {_n(width)} {_n(total)}' "
        f"width='{_n(width)}' height='{_n(total)}' {SCALING} "
        f"role='img' class='gg{' ' + root_class if root_class else ''}' "
        f"aria-label='{_attribute(title)}'>",
        f"<title>{escape(title)}</title>",
        f"<desc>{escape(description or words.describe(view.trace))}</desc>",
        f"<style>{palette.style(theme)}{extra_style}</style>",
        f"<rect class='gg-back' width='{_n(width)}' height='{_n(total)}'/>",
    ]
    for group in view.groups:
        if group.index and movable:
            frame = layout.frames[group.index]
            about = _group(replace(frame, x=0.0, y=0.0), group)
            parts.append(f"<g transform='translate({_n(frame.x)} {_n(frame.y)})'>{about}</g>")
        elif group.index:
            parts.append(_group(layout.frames[group.index], group))
    tips, back = len(view.links) <= TIPS_UP_TO, bool(view.trace.steps)
    flowing = moment.flowing if moment is not None else frozenset()
    names = _argument_places(view, layout, sizes, (width, height))
    for number, (link, route) in enumerate(zip(view.links, layout.routes, strict=True)):
        flows, name = (link.source, link.target) in flowing, names.get(number)
        if movable:
            x, y = route.points[0]
            route = replace(route, points=[(a - x, b - y) for a, b in route.points])
            name = name and replace(name, x=name.x - x, y=name.y - y)
            about = _edge(link, route, layout.rightwards, tips, flows, name, back)
            parts.append(f"<g transform='translate({_n(x)} {_n(y)})'>{about}</g>")
        else:
            parts.append(_edge(link, route, layout.rightwards, tips, flows, name, back))
    for item in view.items:
        (x, y), size = layout.centres[item.id], sizes[item.id]
        if movable:
            about = _item(item, 0.0, 0.0, *size, moment)
            parts.append(f"<g transform='translate({_n(x)} {_n(y)})'>{about}</g>")
        else:
            parts.append(_item(item, x, y, *size, moment))
    for place, line in enumerate(_note_lines(view, layout)):
        y = layout.height + LINE_HEIGHT * (place + 1) - 4
        parts.append(f"<text class='gg-caption gg-muted' x='12' y='{_n(y)}'>{escape(line)}</text>")
    parts += [overlay, "</svg>"]
    return "\n".join(part for part in parts if part) + "\n"


def picture_size(view: View, layout: Layout) -> tuple[float, float]:
    """Width and height of the picture without a footer."""
    lines = len(_note_lines(view, layout))
    return _noted_width(view, layout), layout.height + (LINE_HEIGHT * lines + 8 if lines else 0.0)


def _noted_width(view: View, layout: Layout) -> float:
    """A note widens a small picture, but not beyond what a page has room for."""
    return max(layout.width, 120.0, min(text_width(view.note) + 24, NOTE_WIDTH) if view.note else 0)


def _note_lines(view: View, layout: Layout) -> list[str]:
    width = _noted_width(view, layout)
    if not view.note:
        return []
    fits = text_width(view.note) + 24 <= width
    return [view.note] if fits else caption_lines(view.note, width)


def caption_lines(text: str, width: float) -> list[str]:
    """A caption broken into lines that fit below a picture of this width."""
    return textwrap.wrap(text, max(20, int((width - 24) / 7.2)), break_on_hyphens=False)


def caption_text(text: str, width: float, top: float, attributes: str = "") -> str:
    """A caption below a picture."""
    lines = [
        f"<text class='gg-caption' x='12' y='{_n(top + 14 + LINE_HEIGHT * place)}'>"
        f"{escape(line)}</text>"
        for place, line in enumerate(caption_lines(text, width))
    ]
    return f"<g{attributes}>{''.join(lines)}</g>"


def _n(number: float) -> str:
    """A coordinate with at most one decimal."""
    text = f"{number:.1f}"
    text = text.removesuffix(".0")
    return "0" if text == "-0" else text


def _attribute(text: str) -> str:
    return escape(text)


def _group(frame: Frame, group: Group) -> str:
    x, right = _heading_place(frame)
    anchor = " style='text-anchor:end'" if right else ""
    return (
        f"<g class='gg-group'><rect x='{_n(frame.x)}' y='{_n(frame.y)}' width='{_n(frame.width)}' "
        f"height='{_n(frame.height)}' rx='10'/><text class='gg-heading gg-muted' "
        f"x='{_n(x)}' y='{_n(frame.y + 17)}'{anchor}>{escape(group.label)}</text></g>"
    )


def route_path(route: Route, rightwards: bool, shorten: float = 0.0) -> str:
    """SVG path data of a route, ending ``shorten`` pixels before its last point."""
    points = list(route.points)
    if not points:
        return ""
    ahead = _heading(route, rightwards)
    points[-1] = points[-1][0] - shorten * ahead[0], points[-1][1] - shorten * ahead[1]
    path = f"M{_n(points[0][0])} {_n(points[0][1])}"
    if route.spline:
        curves = [points[place : place + 3] for place in range(1, len(points), 3)]
        return path + "".join(
            "C" + " ".join(f"{_n(x)} {_n(y)}" for x, y in curve) for curve in curves
        )
    for (x0, y0), (x1, y1), curved in zip(points, points[1:], route.curved, strict=False):
        if not curved:
            path += f"L{_n(x1)} {_n(y1)}"
        elif rightwards:
            middle = _n((x0 + x1) / 2)
            path += f"C{middle} {_n(y0)} {middle} {_n(y1)} {_n(x1)} {_n(y1)}"
        else:
            middle = _n((y0 + y1) / 2)
            path += f"C{_n(x0)} {middle} {_n(x1)} {middle} {_n(x1)} {_n(y1)}"
    return path


def _heading(route: Route, rightwards: bool) -> tuple[float, float]:
    """The direction in which a route arrives."""
    if not route.spline:
        return (1.0, 0.0) if rightwards else (0.0, 1.0)
    end = route.points[-1]
    for x, y in reversed(route.points[:-1]):
        length = ((end[0] - x) ** 2 + (end[1] - y) ** 2) ** 0.5
        if length > 1:
            return (end[0] - x) / length, (end[1] - y) / length
    return (0.0, 1.0)


def _argument_place(text: str, route: Route, rightwards: bool) -> tuple[float, float]:
    """Where an argument's name stands: beside the end of its edge."""
    x, y = route.points[-1]
    width = text_width(text, 11)
    if not route.spline:
        return (x - width - 8, y - 5) if rightwards else (x + 5, y - 5)
    dx, dy = _heading(route, rightwards)
    back = 10 + abs(dx) * width / 2 + abs(dy) * 6  # clear of the node
    side = (dy, -dx) if dx >= 0 else (-dy, dx)  # the upper side, unless the edge bends to there
    for px, py in reversed(route.points):
        if (px - x) ** 2 + (py - y) ** 2 > (back + width) ** 2:
            if (px - x) * side[0] + (py - y) * side[1] > 0:
                side = -side[0], -side[1]
            break
    away = 7 + abs(side[0]) * width / 2
    return x - back * dx + away * side[0] - width / 2, y - back * dy + away * side[1] + 4


def _argument_places(
    view: View, layout: Layout, sizes: dict[int, tuple[float, float]], size: tuple[float, float]
) -> dict[int, Label]:
    """Where the names of arguments stand, by the numbers of their edges."""
    obstacles = [
        (
            x - sizes[item][0] / 2,
            y - sizes[item][1] / 2,
            x + sizes[item][0] / 2,
            y + sizes[item][1] / 2,
        )
        for item, (x, y) in layout.centres.items()
    ]
    for group in view.groups:
        if group.index:
            x, anchored_right = _heading_place(layout.frames[group.index])
            width = text_width(group.label, 12.0, True)
            left = x - width if anchored_right else x
            top = layout.frames[group.index].y + 5
            obstacles.append((left, top, left + width, top + 16))
    wanted = {}
    for number, (link, route) in enumerate(zip(view.links, layout.routes, strict=True)):
        if link.argument:
            at = _argument_place(link.argument, route, layout.rightwards)
            wanted[number] = Label(*at, text_width(link.argument, 11))
    return labels.settle(wanted, layout.routes, obstacles, size, layout.rightwards)


def _heading_place(frame: Frame) -> tuple[float, bool]:
    """Where a group's heading stands, and whether it ends there."""
    right = frame.heading_right
    return (frame.x + frame.width - 10 if right else frame.x + 10), right


def _edge(
    link: Link,
    route: Route,
    rightwards: bool,
    tip: bool,
    flowing: bool,
    name: Label | None,
    back: bool,
) -> str:
    x, y = route.points[-1]
    path = route_path(route, rightwards, ARROW - 1 if tip else 0.0)
    parts = [
        f"<g class='gg-edge{' gg-flow' if flowing else ''}' "
        f"data-from='{link.source}' data-to='{link.target}'>"
        f"<path class='gg-line' d='{path}'/>"
    ]
    if tip:
        parts.append(f"<path class='gg-tip' d='{_tip((x, y), _heading(route, rightwards))}'/>")
        if back:
            parts.append(f"<path class='gg-tip gg-back-tip' d='{back_tip(route, rightwards)}'/>")
    if name is not None:
        parts.append(
            f"<text class='gg-argument gg-muted' x='{_n(name.x)}' y='{_n(name.y)}'>"
            f"{escape(link.argument)}</text>"
        )
    return "".join([*parts, "</g>"])


def _tip(point: tuple[float, float], ahead: tuple[float, float]) -> str:
    """Path data of an arrow's tip that points ahead."""
    (x, y), (dx, dy), half = point, ahead, 3.5
    back = x - ARROW * dx, y - ARROW * dy
    left = f"{_n(back[0] - half * dy)} {_n(back[1] + half * dx)}"
    right = f"{_n(back[0] + half * dy)} {_n(back[1] - half * dx)}"
    return f"M{_n(x)} {_n(y)}L{left}L{right}Z"


def back_tip(route: Route, rightwards: bool) -> str:
    """The tip of what goes back along an edge: a gradient."""
    points = route.points[route.border :]
    turned = Route(points[::-1], route.curved, route.spline)
    if route.spline:
        return _tip(points[0], _heading(turned, rightwards))
    return _tip(points[0], (-1.0, 0.0) if rightwards else (0.0, -1.0))


_TEXT_CLASSES = {
    "title": "gg-title",
    "none": "gg-none gg-muted",
    "kind": "gg-muted",
    "slot": "gg-grad gg-slot",
}


def _item(
    item: Item, x: float, y: float, width: float, height: float, moment: Moment | None = None
) -> str:
    left, top = x - width / 2, y - height / 2
    classes = f"gg-node gg-{item.kind}"
    if item.share is not None:
        classes += f" gg-heat{min(4, int(item.share * 5))}"
    if moment is not None and moment.active == item.id:
        classes += " gg-now"
    parts = [f"<g class='{classes}' data-node='{item.id}'><title>{escape(item.tooltip)}</title>"]
    parts.append(_shape(item.kind, left, top, width, height))
    if item.share is not None:
        length = max(1.0, (width - 16) * item.share)
        parts.append(
            f"<rect class='gg-bar' x='{_n(left + 8)}' y='{_n(top + height - 6)}' "
            f"width='{_n(length)}' height='3'/>"
        )
    if item.number:
        inset = SLANT + 3 if item.kind in ("parameter", "input") else 6
        parts.append(
            f"<text class='gg-number gg-muted' x='{_n(left + inset)}' y='{_n(top + 10)}'>"
            f"{escape(item.number)}</text>"
        )
    baseline = top + PADDING_Y + 12 + _below(item)
    for place, (style, text) in enumerate(item.lines):
        classes = _TEXT_CLASSES.get(style, f"gg-{style}")
        if moment is not None and style == "slot":
            text = moment.slots.get(item.id, "")
            classes = "gg-none gg-muted gg-slot" if text == NO_GRADIENT else classes
        at = _n(baseline + LINE_HEIGHT * place)
        parts.append(f"<text class='{classes}' x='{_n(x)}' y='{at}'>{escape(text)}</text>")
    return "".join([*parts, "</g>"])


def outline(item: Item, centre: tuple[float, float], size: tuple[float, float]) -> str:
    """An item's shape alone."""
    return _shape(item.kind, centre[0] - size[0] / 2, centre[1] - size[1] / 2, *size)


def slot_place(item: Item, centre: tuple[float, float], size: tuple[float, float]) -> str:
    """The position attributes of the text in an item's slot."""
    line = [style for style, _ in item.lines].index("slot")
    y = centre[1] - size[1] / 2 + PADDING_Y + 12 + _below(item) + LINE_HEIGHT * line
    return f"x='{_n(centre[0])}' y='{_n(y)}'"


def _shape(kind: str, left: float, top: float, width: float, height: float) -> str:
    """The outline that tells what a node is without any colour."""
    right, bottom = left + width, top + height
    if kind == "parameter":  # a hexagon
        middle = _n((top + bottom) / 2)
        points = (
            f"M{_n(left)} {middle}L{_n(left + SLANT)} {_n(top)}H{_n(right - SLANT)}"
            f"L{_n(right)} {middle}L{_n(right - SLANT)} {_n(bottom)}H{_n(left + SLANT)}Z"
        )
        return f"<path class='gg-shape' d='{points}'/>"
    if kind == "input":  # a parallelogram
        points = (
            f"M{_n(left + SLANT)} {_n(top)}H{_n(right)}"
            f"L{_n(right - SLANT)} {_n(bottom)}H{_n(left)}Z"
        )
        return f"<path class='gg-shape' d='{points}'/>"
    radius = {"op": 9, "output": 9, "module": 4}.get(kind, 0)
    shape = _rectangle(left, top, width, height, radius)
    if kind == "output":  # a double border
        shape += _rectangle(left + 3, top + 3, width - 6, height - 6, 6)
    elif kind == "module":  # a stack of sheets
        shape = _rectangle(left + 5, top + 5, width - 2, height - 2, radius) + _rectangle(
            left, top, width, height, radius
        )
    return shape


def _rectangle(x: float, y: float, width: float, height: float, radius: int) -> str:
    rounded = f" rx='{radius}'" if radius else ""
    return (
        f"<rect class='gg-shape' x='{_n(x)}' y='{_n(y)}' width='{_n(width)}' "
        f"height='{_n(height)}'{rounded}/>"
    )
