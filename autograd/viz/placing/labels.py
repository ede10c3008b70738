"""Where the names of arguments stand: beside the end of their edge, unless something is there.

Each wants a place; where that lies under a node, a heading or another name, or outside of the
picture, the nearest free place along its edge is taken instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from autograd.viz.placing.layout import Point, Route

#: Left, top, right and bottom.
Box = tuple[float, float, float, float]

#: What a text takes above and below its base line.
ASCENT, DESCENT = 9.0, 3.0
#: How close to one another the places along an edge are that are tried.
STRIDE = 7.0
#: Obstacles are looked up by squares of this size.
_CELL = 160.0


@dataclass(frozen=True, slots=True)
class Label:
    """A text by the left end of its base line, and its width."""

    x: float
    y: float
    width: float

    @property
    def box(self) -> Box:
        return self.x, self.y - ASCENT, self.x + self.width, self.y + DESCENT


def settle(
    wanted: dict[int, Label],
    routes: list[Route],
    obstacles: Iterable[Box],
    size: tuple[float, float],
    rightwards: bool,
) -> dict[int, Label]:
    """A place for each label, keyed like ``wanted`` by the number of its route.

    Args:
        wanted: where the labels stand if nothing is there.
        routes: of all edges.
        obstacles: what no label may cover.
        size: width and height of the picture.
        rightwards: how curved parts of routes run, as for ``svg.route_path``.
    """
    space = _Space(size)
    for box in obstacles:
        space.add(box)
    placed: dict[int, Label] = {}
    for number, label in wanted.items():
        cost = space.taken(label.box)
        if cost > 0:
            for other in _candidates(routes[number], rightwards, label.width):
                found = space.taken(other.box)
                if found < cost:
                    label, cost = other, found
                if cost == 0:
                    break
        placed[number] = label
        space.add(label.box)
    return placed


def _candidates(route: Route, rightwards: bool, width: float) -> Iterator[Label]:
    """Places beside an edge, beginning at its end."""
    for x, y in backwards(route, rightwards):
        yield Label(x + 6, y + 4, width)
        yield Label(x - 6 - width, y + 4, width)
        yield Label(x - width / 2, y - 6, width)
        yield Label(x - width / 2, y + 14, width)


def backwards(route: Route, rightwards: bool) -> Iterator[Point]:
    """Points along a route, from its end to its beginning."""
    pieces: list[tuple[Point, ...]] = []
    if route.spline:
        points = route.points
        pieces = [tuple(points[at : at + 4]) for at in range(0, len(points) - 1, 3)]
    else:
        ends = zip(route.points, route.points[1:], route.curved, strict=False)
        for begin, end, curved in ends:
            middle = (begin[0] + end[0]) / 2, (begin[1] + end[1]) / 2
            if not curved:
                pieces.append((begin, begin, end, end))
            elif rightwards:
                pieces.append((begin, (middle[0], begin[1]), (middle[0], end[1]), end))
            else:
                pieces.append((begin, (begin[0], middle[1]), (end[0], middle[1]), end))
    for a, b, c, d in reversed(pieces):
        reach = abs(a[0] - b[0]) + abs(b[0] - c[0]) + abs(c[0] - d[0])
        reach += abs(a[1] - b[1]) + abs(b[1] - c[1]) + abs(c[1] - d[1])
        count = int(reach / STRIDE) + 1
        for step in range(count):
            t = 1 - step / count
            s = 1 - t
            factors = s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t
            x, y = (
                sum(f * p[axis] for f, p in zip(factors, (a, b, c, d), strict=True))
                for axis in (0, 1)
            )
            yield x, y


class _Space:
    """What is taken already, in squares, so that only what is near is looked at."""

    def __init__(self, size: tuple[float, float]) -> None:
        self.size = size
        self.cells: dict[tuple[int, int], list[Box]] = {}

    def _keys(self, box: Box) -> Iterator[tuple[int, int]]:
        left, top, right, bottom = (int(each // _CELL) for each in box)
        for column in range(left, right + 1):
            for row in range(top, bottom + 1):
                yield column, row

    def add(self, box: Box) -> None:
        for key in self._keys(box):
            self.cells.setdefault(key, []).append(box)

    def taken(self, box: Box) -> float:
        """The area of a box that lies on something else or outside of the picture."""
        near = dict.fromkeys(each for key in self._keys(box) for each in self.cells.get(key, ()))
        inside = _overlap(box, (0.0, 0.0, *self.size))
        whole = (box[2] - box[0]) * (box[3] - box[1])
        return max(0.0, whole - inside - 1e-6) + sum(_overlap(box, other) for other in near)


def _overlap(one: Box, other: Box) -> float:
    across = min(one[2], other[2]) - max(one[0], other[0])
    along = min(one[3], other[3]) - max(one[1], other[1])
    return across * along if across > 0 and along > 0 else 0.0
