"""A layered layout in pure Python: where nodes, groups and edges go.

Each group is laid out on its own, by ``layers``, and then takes part in its parent's layout as one
big node, so boxes never overlap. An edge that leaves or enters a group passes through a port on the
group's border. Edges bend only between layers, where there are no nodes to run through; those that
span several layers have dummy nodes on the way, which keep a lane free.

Everything is computed flowing downwards; a picture that flows to the right is the transposed one.
Nothing recurses, so long chains are no problem; too long a group is wrapped into columns.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from autograd.viz.placing.layering import (
    HEAVY,
    LIGHT,
    LONG,
    STRAIGHT,
    Arc,
    Unit,
    assign_layers,
    coordinates,
    first_order,
    join,
    reduce_crossings,
    spread_ends,
)

Point = tuple[float, float]

LAYER_GAP = 46.0
GROUP_PADDING = 16.0
HEADING = 22.0
DUMMY_WIDTH = 10.0
#: A group longer than this many pixels is wrapped into columns, and a narrow one (twelve times as
#: long as it is broad) already beyond the second number.
WRAP_BEYOND, WRAP_NARROW_BEYOND = 7000.0, 2400.0
#: Downwards a page ends sooner: from so many pixels on the whole graph is wrapped, however broad.
WRAP_TALL, FEWEST_LAYERS_TALL = 2800.0, 4
COLUMN_GAP = 48.0
#: As many columns are made as keep a picture lower than this and, where more would give it a better
#: shape, as many as fit into this width: a page scrolls downwards more easily than sideways.
COLUMN_HEIGHT, COLUMNS_WIDTH = 2700.0, 1500.0
#: From this many points on, edges from one node share their common part instead of repeating it.
SHARE_BEYOND = 40_000


@dataclass(slots=True)
class Size:
    """What the layout needs to know of a node: its size, the group it is in, and how light it is.

    A light node (a leaf) does not pull the nodes it feeds away from the main line. ``spacing`` is
    how far apart edges arrive, if there is room.
    """

    id: int
    width: float
    height: float
    group: int = 0
    light: bool = False
    spacing: float = 34.0


@dataclass(slots=True)
class Frame:
    """A group's rectangle; its heading is at the right where edges leave no room at the left."""

    index: int
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0
    heading_right: bool = False


@dataclass(slots=True)
class Route:
    """An edge's way: points joined by straight lines and by curves where ``curved`` says so.

    ``curved[i]`` regards the part from point i to i+1. In huge graphs a route begins where it
    leaves an earlier one from the same node. ``border``: the point that lies on the border of the
    node that it begins at. A ``spline`` (from Graphviz) is a row of cubic Bézier
    curves instead, each sharing its end with the next, with two control points between.
    """

    points: list[Point]
    curved: list[bool] = field(default_factory=list)
    spline: bool = False
    border: int = 0


@dataclass(slots=True)
class Layout:
    """Positions: centres of nodes, rectangles of groups, routes of edges (in the order given)."""

    width: float
    height: float
    centres: dict[int, Point]
    frames: dict[int, Frame]
    routes: list[Route]
    rightwards: bool = False


def layered(
    sizes: list[Size],
    edges: list[tuple[int, int, int]],
    parents: dict[int, int],
    headings: dict[int, float],
    *,
    rightwards: bool = False,
    gap: float = 0.0,
    apart: float = LAYER_GAP,
) -> Layout:
    """Lay out a graph.

    ``sizes``: the nodes in topological order. ``edges``: (source id, target id, lane) where further
    edges between the same two nodes have lanes 1, 2, … . ``parents``: each group's parent group;
    group 0 is the whole picture. ``headings``: the width that each group's heading needs. ``gap``:
    what there must be between layers at least; ``apart``: what there is where no edge bends.
    """
    return _Layouter(sizes, edges, parents, headings, rightwards, gap, apart).run()


@dataclass(slots=True, eq=False)
class _Chain:
    """An edge's way through a group: the first ``count`` arcs of a shared trunk, then ``last``."""

    trunk: list[Arc]
    count: int
    last: Arc


@dataclass(slots=True, eq=False)
class _Inside:
    """A group laid out: its units and, for each piece of an edge, the chain that it follows.

    ``layers`` are height ranges, ``columns`` the column each layer was wrapped into; column k
    begins at ``origin + starts[k]``, and ``lanes`` keep the arcs apart that lead there (0 to 1,
    from the right, an order in which none crosses another). ``ports`` are measured from the middle
    of the border.
    """

    width: float = 0.0
    height: float = 0.0
    units: dict[tuple, Unit] = field(default_factory=dict)
    chains: dict[tuple, _Chain] = field(default_factory=dict)
    layers: list[tuple[float, float]] = field(default_factory=list)
    ports: dict[tuple, float] = field(default_factory=dict)
    columns: list[int] = field(default_factory=list)
    lanes: dict[int, float] = field(default_factory=dict)
    origin: float = 0.0
    starts: list[float] = field(default_factory=list)


class _Layouter:
    def __init__(
        self,
        sizes: list[Size],
        edges: list[tuple[int, int, int]],
        parents: dict[int, int],
        headings: dict[int, float],
        rightwards: bool,
        gap: float = 0.0,
        apart: float = LAYER_GAP,
    ) -> None:
        self.sizes = {size.id: size for size in sizes}
        self.order = {size.id: place for place, size in enumerate(sizes)}
        self.edges = edges
        self.parents = parents
        self.headings = headings
        self.rightwards = rightwards
        self.gap = gap
        self.apart = apart
        self.insides: dict[int, _Inside] = {}
        self.segments: list[list[tuple[int, tuple]]] = []

    def run(self) -> Layout:
        members, segments = self._split()
        for group in self._innermost_first():
            self.insides[group] = self._arrange(group, members[group], segments[group])
        return self._assemble()

    # -- distributing edges over groups -----------------------------------------------------

    def _chain(self, group: int) -> list[int]:
        chain = [group]
        while chain[-1] != 0:
            chain.append(self.parents[chain[-1]])
        return chain

    def _innermost_first(self) -> list[int]:
        depth = {group: len(self._chain(group)) for group in self.parents}
        return sorted(self.parents, key=lambda group: (-depth[group], group))

    def _split(self) -> tuple[dict[int, list[tuple]], dict[int, dict[tuple, None]]]:
        """Members of each group, and the pieces of edges that run inside it.

        A piece is (kind of start, start, kind of end, end) with kinds node, group, entry and exit;
        pieces of several edges that coincide are one. ``self.segments`` lists each edge's pieces.
        """
        members: dict[int, list[tuple]] = {group: [] for group in self.parents}
        rank = {group: 1 << 60 for group in self.parents}
        for identifier, size in self.sizes.items():
            members[size.group].append((self.order[identifier], ("node", identifier)))
            for group in self._chain(size.group):
                rank[group] = min(rank[group], self.order[identifier])
        for group, parent in self.parents.items():
            if group:
                members[parent].append((rank[group], ("group", group)))
        pieces: dict[int, dict[tuple, None]] = {group: {} for group in self.parents}
        for source, target, lane in self.edges:
            up = self._chain(self.sizes[source].group)
            down = self._chain(self.sizes[target].group)
            common = next(group for group in up if group in down)
            port = (source, lane)
            here: tuple = ("node", source)
            way: list[tuple[int, tuple]] = []
            for group in up[: up.index(common)]:
                way.append((group, (here, ("exit", port))))
                here = ("group", group, port)
            arriving: tuple = ("node", target)
            tail: list[tuple[int, tuple]] = []
            for group in down[: down.index(common)]:
                tail.append((group, (("entry", port), arriving)))
                arriving = ("group", group, port)
            way.append((common, (here, arriving) if lane == 0 else (here, arriving, lane)))
            way += reversed(tail)
            for group, piece in way:
                pieces[group][piece] = None
            self.segments.append(way)
        ordered = {group: [key for _, key in sorted(each)] for group, each in members.items()}
        return ordered, pieces

    # -- one group --------------------------------------------------------------------------

    def _arrange(self, group: int, members: list[tuple], pieces: dict[tuple, None]) -> _Inside:
        inside = _Inside()
        for key in members:
            inside.units[key] = self._unit(key)
        ends = [(piece, self._end(piece[0]), self._end(piece[1])) for piece in pieces]
        for _, start, end in ends:
            for key in (start, end):
                if key[0] in ("entry", "exit") and key not in inside.units:
                    inside.units[key] = Unit(key, 0.0, 0.0, thin=True)
        depth = assign_layers(inside.units, [(start, end) for _, start, end in ends])
        layers = self._insert_dummies(inside, ends, depth)
        first_order(layers)
        reduce_crossings(layers)
        spread_ends(layers)
        coordinates(layers)
        self._stack(inside, layers)
        self._finish(group, inside, layers)
        return inside

    def _unit(self, key: tuple) -> Unit:
        if key[0] == "node":
            size = self.sizes[key[1]]
            across, along = size.width, size.height
            if self.rightwards:
                across, along = along, across
            return Unit(key, across, along, light=size.light, spacing=size.spacing)
        box = self.insides[key[1]]
        return Unit(key, box.width, box.height)

    @staticmethod
    def _end(end: tuple) -> tuple:
        return end[:2] if end[0] == "group" else end

    def _offset(self, end: tuple, side: str) -> float:
        """Where on a unit's border a piece begins or ends, from its centre."""
        if end[0] != "group":
            return 0.0
        return self.insides[end[1]].ports[side, end[2]]

    def _insert_dummies(
        self, inside: _Inside, ends: list[tuple[tuple, tuple, tuple]], depth: int
    ) -> list[list[Unit]]:
        """Put units into layers; long pieces from one start share their dummies."""
        layers: list[list[Unit]] = [[] for _ in range(depth)]
        for unit in inside.units.values():
            layers[unit.layer].append(unit)
        trunks: dict[tuple, list[Arc]] = {}
        leaving: dict[tuple, int] = {}
        arriving: dict[tuple, int] = {}
        for _, start, end in ends:
            if not inside.units[start].light:
                leaving[start] = leaving.get(start, 0) + 1
                arriving[end] = arriving.get(end, 0) + 1
        for piece, start, end in sorted(ends, key=lambda each: inside.units[each[2]].layer):
            source, target = inside.units[start], inside.units[end]
            lane = piece[2] if len(piece) > 2 else 0
            trunk = trunks.setdefault((piece[0], lane), [])
            out_offset = self._offset(piece[0], "exit")
            weight = LIGHT if source.light else HEAVY
            for layer in range(source.layer + 1 + len(trunk), target.layer):
                previous = trunk[-1].target if trunk else source
                dummy = Unit(("dummy", start, lane, layer), DUMMY_WIDTH, 0.0, layer, thin=True)
                dummy.light = leaving.get(start, 2) > 1
                pull = min(weight, LONG) if dummy.light else weight
                pull = STRAIGHT if trunk else pull
                arc = Arc(previous, dummy, 0.0 if trunk else out_offset, 0.0, pull)
                join(arc)
                trunk.append(arc)
                layers[layer].append(dummy)
            count = target.layer - source.layer - 1
            last = Arc(
                trunk[count - 1].target if count else source,
                target,
                0.0 if count else out_offset,
                self._offset(piece[1], "entry"),
                min(weight, LONG) if count and arriving.get(end, 2) > 1 else weight,
            )
            join(last)
            inside.chains[piece] = _Chain(trunk, count, last)
        return layers

    def _stack(self, inside: _Inside, layers: list[list[Unit]]) -> None:
        """Give each layer its height range, leaving more room where edges cross a wide gap."""
        top = 0.0
        for layer in layers:
            height = max((unit.height for unit in layer), default=0.0)
            for unit in layer:
                unit.top = top + (height - unit.height) / 2
            inside.layers.append((top, top + height))
            top += height + max(_gap(layer, self.apart), self.gap)

    def _finish(self, group: int, inside: _Inside, layers: list[list[Unit]]) -> None:
        """Wrap if too long, move to the corner, add padding and the heading, note the ports."""
        left = min((unit.x - unit.width / 2 for layer in layers for unit in layer), default=0.0)
        right = max((unit.x + unit.width / 2 for layer in layers for unit in layer), default=0.0)
        bottom = inside.layers[-1][1] if inside.layers else 0.0
        breadth = right - left
        for layer in layers:
            for unit in layer:
                unit.x -= left
        height = bottom
        inside.columns = [0] * len(layers)
        narrow = bottom > max(WRAP_NARROW_BEYOND, 12 * breadth)
        tall = (
            group == 0
            and not self.rightwards
            and bottom > WRAP_TALL
            and len(layers) >= FEWEST_LAYERS_TALL
        )
        if tall or ((bottom > WRAP_BEYOND or narrow) and len(layers) > 8):
            breadth, height = self._wrap(inside, layers, breadth)
        before, side = GROUP_PADDING, GROUP_PADDING
        head_along, head_across = (0.0, HEADING) if self.rightwards else (HEADING, 0.0)
        if group == 0:
            head_along = head_across = 0.0
        heading = self.headings.get(group, 0.0)
        if self.rightwards:
            extra_along = max(0.0, heading - height - 2 * GROUP_PADDING)
            extra_across = 0.0
        else:
            extra_along = 0.0
            extra_across = max(0.0, heading - breadth - 2 * GROUP_PADDING)
        down = before + head_along + extra_along / 2
        inside.origin = side + head_across + extra_across / 2
        for place, layer in enumerate(layers):
            top, end = inside.layers[place]
            inside.layers[place] = (top + down, end + down)
            for unit in layer:
                unit.x += inside.origin
                unit.top += down
        inside.width = breadth + 2 * side + head_across + extra_across
        inside.height = height + 2 * before + head_along + extra_along
        for unit in inside.units.values():
            if unit.key[0] in ("entry", "exit"):
                unit.top = 0.0 if unit.key[0] == "entry" else inside.height
                inside.ports[unit.key[0], unit.key[1]] = unit.x - inside.width / 2

    def _wrap(
        self, inside: _Inside, layers: list[list[Unit]], breadth: float
    ) -> tuple[float, float]:
        """Break the layers into columns, for a picture about 1.5 times as wide as high."""
        total = inside.layers[-1][1]
        pitch = breadth + COLUMN_GAP
        wanted = min(round((1.5 * total / pitch) ** 0.5), int((COLUMNS_WIDTH + COLUMN_GAP) / pitch))
        inside.columns = _columns(inside.layers, max(wanted, math.ceil(total / COLUMN_HEIGHT), 1))
        begin, x, height = 0.0, 0.0, 0.0
        for column in range(inside.columns[-1] + 1):
            places = [k for k, each in enumerate(inside.columns) if each == column]
            begin = inside.layers[places[0]][0]
            units = [unit for place in places for unit in layers[place]]
            left = min(unit.x - unit.width / 2 for unit in units)
            right = max(unit.x + unit.width / 2 for unit in units)
            inside.starts.append(x)
            for unit in units:
                unit.x += x - left
                unit.top += LAYER_GAP / 2 - begin
            for place in places:
                top, end = inside.layers[place]
                inside.layers[place] = (top - begin + LAYER_GAP / 2, end - begin + LAYER_GAP / 2)
                height = max(height, end - begin)
            x += right - left + COLUMN_GAP
        for place in range(len(layers) - 1):
            if inside.columns[place] != inside.columns[place + 1]:
                arcs = [arc for unit in layers[place] for arc in unit.outs]
                arcs.sort(key=lambda arc: (-arc.source.x - arc.out_offset, -arc.target.x))
                for rank, arc in enumerate(arcs):
                    inside.lanes[id(arc)] = rank / max(len(arcs) - 1, 1)
        return x - COLUMN_GAP, height + LAYER_GAP

    # -- the whole picture --------------------------------------------------------------------

    def _assemble(self) -> Layout:
        frames = {0: Frame(0, 0.0, 0.0, self.insides[0].width, self.insides[0].height)}
        centres: dict[int, Point] = {}
        for group in reversed(self._innermost_first()):
            frame = frames[group]
            for key, unit in self.insides[group].units.items():
                if key[0] == "node":
                    centres[key[1]] = (frame.x + unit.x, frame.y + unit.top + unit.height / 2)
                elif key[0] == "group":
                    corner = frame.x + unit.x - unit.width / 2, frame.y + unit.top
                    right = not self.rightwards and self._heading_right(key[1])
                    frames[key[1]] = Frame(key[1], *corner, unit.width, unit.height, right)
        routes = self._routes(frames)
        width, height = frames[0].width, frames[0].height
        layout = Layout(width, height, centres, frames, routes, self.rightwards)
        if self.rightwards:
            _transpose(layout)
        return layout

    def _heading_right(self, group: int) -> bool:
        """Whether edges enter through the heading's place at the left but not at the right."""
        inside, reach = self.insides[group], self.headings.get(group, 0.0) + 14
        entries = [
            offset + inside.width / 2
            for (side, _), offset in inside.ports.items()
            if side == "entry"
        ]
        return any(x < reach for x in entries) and all(x < inside.width - reach for x in entries)

    def _routes(self, frames: dict[int, Frame]) -> list[Route]:
        total = sum(
            self.insides[group].chains[piece].count for way in self.segments for group, piece in way
        )
        share = total > SHARE_BEYOND
        drawn: dict[int, int] = {}
        routes = []
        for way in self.segments:
            route = Route([])
            for group, piece in way:
                inside, frame = self.insides[group], frames[group]
                chain = inside.chains[piece]
                begin = min(drawn.get(id(chain.trunk), 0), chain.count) if share else 0
                if begin:
                    route = Route([])
                for place in range(begin, chain.count):
                    _follow(route, chain.trunk[place], inside, frame)
                drawn[id(chain.trunk)] = max(begin, chain.count)
                _follow(route, chain.last, inside, frame)
            routes.append(route)
        return routes


def _columns(layers: list[tuple[float, float]], wanted: int) -> list[int]:
    """The column of each layer: no more than ``wanted`` columns, the longest as short as can be."""

    def broken(limit: float) -> list[int]:
        column, begin, columns = 0, layers[0][0], []
        for top, end in layers:
            if end - begin > limit and top > begin:
                column, begin = column + 1, top
            columns.append(column)
        return columns

    low, high = 0.0, layers[-1][1]
    while high - low > 1.0:
        middle = (low + high) / 2
        low, high = (low, middle) if broken(middle)[-1] < wanted else (middle, high)
    return broken(high)


def _gap(layer: list[Unit], least: float) -> float:
    """More room below a layer from which edges go far sideways, so that they do not run flat."""
    reach = max(
        (
            abs(arc.source.x + arc.out_offset - arc.target.x - arc.in_offset)
            for unit in layer
            for arc in unit.outs
        ),
        default=0.0,
    )
    if all(
        arc.target.key[0] == "exit" or unit.key[0] == "entry" for unit in layer for arc in unit.outs
    ):
        return 8.0 + min(reach / 8, 24.0)
    return least + min(reach / 12, 40.0)


def _follow(route: Route, arc: Arc, inside: _Inside, frame: Frame) -> None:
    """Append an arc to a route: straight through the layers, curved in the gap between them."""
    source, target = arc.source, arc.target
    x0, x1 = frame.x + source.x + arc.out_offset, frame.x + target.x + arc.in_offset
    leave, arrive = source.top + source.height, target.top
    bottom = max(inside.layers[source.layer][1], leave)
    top = min(inside.layers[target.layer][0], arrive)
    if source.key[0] == "entry":
        bottom = leave
    if target.key[0] == "exit":
        top = arrive
    _extend(route, (x0, frame.y + leave), False)
    _extend(route, (x0, frame.y + bottom), False)
    if inside.columns[source.layer] != inside.columns[target.layer]:
        lane = inside.lanes[id(arc)]
        border = inside.origin + inside.starts[inside.columns[target.layer]]
        low = frame.y + bottom + 10 + lane * 10
        high = frame.y + top - 12 - (1 - lane) * 14
        gutter = frame.x + border - COLUMN_GAP * (0.8 - 0.6 * lane)
        for point in ((x0, low), (gutter, low), (gutter, high), (x1, high)):
            _extend(route, point, False)
        _extend(route, (x1, frame.y + top), False)
    else:
        _extend(route, (x1, frame.y + top), True)
    _extend(route, (x1, frame.y + arrive), False)


def _extend(route: Route, point: Point, curved: bool) -> None:
    if route.points:
        if route.points[-1] == point:
            return
        straight = route.points[-1][0] == point[0]
        route.curved.append(curved and not straight)
    route.points.append(point)


def _transpose(layout: Layout) -> None:
    layout.width, layout.height = layout.height, layout.width
    layout.centres = {key: (y, x) for key, (x, y) in layout.centres.items()}
    for frame in layout.frames.values():
        frame.x, frame.y = frame.y, frame.x
        frame.width, frame.height = frame.height, frame.width
    for route in layout.routes:
        route.points = [(y, x) for x, y in route.points]
