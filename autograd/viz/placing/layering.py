"""Units in layers: which layer, in which order, and where in it.

The steps of Sugiyama, Tagawa and Toda (1981): longest-path layers, barycentre sweeps against
crossings, then coordinates. The last step alternates over the layers and solves each exactly: the
positions nearest to what the neighbours wish for, in the given order and with the given gaps, are
an isotonic regression (pool adjacent violators).
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

NODE_GAP = 22.0
SWEEPS = 6
#: How strongly an edge pulls its ends into line: from a leaf, where a long edge begins or ends,
#: from another node, between dummies.
LIGHT, LONG, HEAVY, STRAIGHT = 0.05, 0.5, 8.0, 64.0


@dataclass(slots=True, eq=False)
class Unit:
    """Something placed in a layer: a node, an inner group, a dummy or a port (both of width 0)."""

    key: tuple
    width: float
    height: float
    layer: int = 0
    x: float = 0.0
    top: float = 0.0
    light: bool = False
    thin: bool = False
    spacing: float = 34.0
    ins: list[Arc] = field(default_factory=list)
    outs: list[Arc] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Arc:
    """A piece of an edge between neighbouring layers; offsets are from the units' centres."""

    source: Unit
    target: Unit
    out_offset: float = 0.0
    in_offset: float = 0.0
    weight: float = 1.0


def join(arc: Arc) -> None:
    arc.source.outs.append(arc)
    arc.target.ins.append(arc)


# -- layers -------------------------------------------------------------------------------------


def assign_layers(units: dict[tuple, Unit], pairs: list[tuple[tuple, tuple]]) -> int:
    """Longest-path layers, then everything that only feeds moves down next to what it feeds.

    So does what is made of leaves alone, with its leaves: otherwise all products of a sum would
    stand side by side.

    Entries take the first layer and exits the last. Returns the number of layers.
    """
    below: dict[tuple, list[tuple]] = {key: [] for key in units}
    above: dict[tuple, list[tuple]] = {key: [] for key in units}
    for start, end in pairs:
        below[start].append(end)
        above[end].append(start)
    missing = {key: len(each) for key, each in above.items()}
    order = [key for key in units if missing[key] == 0]
    entries = any(key[0] == "entry" for key in units)
    for key in order:  # grows while it is walked
        unit = units[key]
        first = 0 if key[0] == "entry" or not entries else 1
        unit.layer = max((units[each].layer + 1 for each in above[key]), default=first)
        for each in below[key]:
            missing[each] -= 1
            if missing[each] == 0:
                order.append(each)
    depth = max((unit.layer for key, unit in units.items() if key[0] != "exit"), default=0) + 1
    for key in reversed(order):
        unit = units[key]
        feeds = [units[each].layer for each in below[key] if each[0] != "exit"]
        loose = all(not above[each] and each[0] != "entry" for each in above[key])
        if key[0] != "entry" and feeds and (loose or len(above[key]) < len(below[key])):
            unit.layer = max(unit.layer, min(feeds) - 1)
    if any(key[0] == "exit" for key in units):
        for key, unit in units.items():
            if key[0] == "exit":
                unit.layer = depth
        depth += 1
    return depth


# -- crossings ----------------------------------------------------------------------------------


def first_order(layers: list[list[Unit]]) -> None:
    """From the last layer upwards, order units by what they feed and by its arguments."""
    for index in range(len(layers) - 2, -1, -1):
        places = _places(layers[index + 1])
        wishes = []
        for unit in layers[index]:
            ends = [(places[id(arc.target)], arc.target.ins.index(arc)) for arc in unit.outs[:50]]
            wishes.append(min(ends, default=None))
        _place_by_wish(layers[index], wishes)


def _place_by_wish(layer: list[Unit], wishes: list[Any]) -> None:
    """Sort the units that wish for something into the places they hold together; others stay."""
    free = sorted((wish, place) for place, wish in enumerate(wishes) if wish is not None)
    taken = iter(free)
    layer[:] = [
        layer[place] if wish is None else layer[next(taken)[1]] for place, wish in enumerate(wishes)
    ]


def reduce_crossings(layers: list[list[Unit]]) -> None:
    """Barycentre sweeps, down and up in turn, keeping the best order found."""
    best = [list(layer) for layer in layers]
    fewest = _crossings(layers)
    for sweep in range(2 * SWEEPS):
        if fewest == 0:
            break
        downwards = sweep % 2 == 0
        indices = range(1, len(layers)) if downwards else range(len(layers) - 2, -1, -1)
        for index in indices:
            _sort_layer(layers, index, downwards)
        crossings = _crossings(layers)
        if crossings < fewest:
            fewest, best = crossings, [list(layer) for layer in layers]
    for layer, order in zip(layers, best, strict=True):
        layer[:] = order


def _places(layer: list[Unit]) -> dict[int, int]:
    return {id(unit): place for place, unit in enumerate(layer)}


def _sort_layer(layers: list[list[Unit]], index: int, downwards: bool) -> None:
    layer = layers[index]
    fixed = _places(layers[index - 1 if downwards else index + 1])
    wishes = []
    for unit in layer:
        if downwards:
            near = [
                fixed[id(arc.source)] + _fraction(arc.out_offset, arc.source) for arc in unit.ins
            ]
        else:
            near = [
                fixed[id(arc.target)] + _fraction(arc.in_offset, arc.target) for arc in unit.outs
            ]
        wishes.append(sum(near) / len(near) if near else None)
    _place_by_wish(layer, wishes)


def _fraction(offset: float, unit: Unit) -> float:
    return 0.9 * offset / unit.width if unit.width else 0.0


def _crossings(layers: list[list[Unit]]) -> int:
    """The number of crossing pairs of arcs between neighbouring layers."""
    total = 0
    for upper, lower in zip(layers, layers[1:], strict=False):
        places = _places(lower)
        ends: list[float] = []
        for unit in upper:
            arcs = sorted(
                (
                    _fraction(arc.out_offset, unit),
                    places[id(arc.target)] + _fraction(arc.in_offset, arc.target),
                )
                for arc in unit.outs
            )
            for _, end in arcs:
                total += len(ends) - bisect_right(ends, end)
                insort(ends, end)
    return total


def spread_ends(layers: list[list[Unit]]) -> None:
    """Let the edges into a node arrive side by side, in the order in which they come.

    The heaviest stays in the middle, so that the main line runs straight.
    """
    for above, layer in zip(layers, layers[1:], strict=False):
        places = _places(above)
        for unit in layer:
            if unit.key[0] != "node" or len(unit.ins) < 2:
                continue
            arcs = sorted(
                unit.ins,
                key=lambda arc: places[id(arc.source)] + _fraction(arc.out_offset, arc.source),
            )
            spacing = min(unit.spacing, 0.9 * unit.width / len(arcs))
            heaviest = max(arc.weight for arc in arcs)
            heavy = [place for place, arc in enumerate(arcs) if arc.weight == heaviest]
            middle = float(heavy[0]) if len(heavy) == 1 else (len(arcs) - 1) / 2
            reach = max(middle, len(arcs) - 1 - middle)
            spacing = min(spacing, 0.46 * unit.width / reach)
            for place, arc in enumerate(arcs):
                arc.in_offset = (place - middle) * spacing


# -- coordinates --------------------------------------------------------------------------------


def coordinates(layers: list[list[Unit]]) -> None:
    """Give every unit an x: each layer in turn moves as near to its neighbours as it can."""
    for layer in layers:
        position = 0.0
        for before, unit in zip([None, *layer], layer, strict=False):
            if before is not None:
                position += _distance(before, unit)
            unit.x = position
        for unit in layer:
            unit.x -= position / 2
    sweeps = 2 * SWEEPS if sum(map(len, layers)) < 1000 else SWEEPS
    for sweep in range(2 * sweeps):
        downwards = sweep % 2 == 1
        ordered = layers if downwards else reversed(layers)
        for layer in ordered:
            _settle(layer, downwards, both=sweep >= sweeps)


def _distance(left: Unit, right: Unit) -> float:
    gap = NODE_GAP / 2 if left.thin and right.thin else NODE_GAP
    return (left.width + right.width) / 2 + gap


def _settle(layer: list[Unit], downwards: bool, both: bool) -> None:
    """Move one layer: a weighted least-squares fit to the wishes that keeps order and gaps."""
    wishes, weights = [], []
    for unit in layer:
        total = weight = 0.0
        if downwards or both:
            for arc in unit.ins:
                total += arc.weight * (arc.source.x + arc.out_offset - arc.in_offset)
                weight += arc.weight
        if not downwards or both:
            for arc in unit.outs:
                total += arc.weight * (arc.target.x + arc.in_offset - arc.out_offset)
                weight += arc.weight
        wishes.append(total / weight if weight else unit.x)
        # A passing edge wishes to be straight, but makes way for nodes where they meet.
        passing = unit.light and unit.key[0] == "dummy"
        weights.append(min(weight, LONG) if passing else weight or 0.01)
    offsets = [0.0]
    for left, right in zip(layer, layer[1:], strict=False):
        offsets.append(offsets[-1] + _distance(left, right))
    shifted = [wish - offset for wish, offset in zip(wishes, offsets, strict=False)]
    for unit, position, offset in zip(layer, isotonic(shifted, weights), offsets, strict=False):
        unit.x = position + offset


def isotonic(wishes: Iterable[float], weights: Iterable[float]) -> list[float]:
    """The non-decreasing sequence nearest to ``wishes`` in weighted least squares.

    Pool adjacent violators: neighbours in the wrong order are replaced by their mean until none is
    left.

    >>> isotonic([1.0, 3.0, 2.0], [1.0, 1.0, 1.0])
    [1.0, 2.5, 2.5]
    """
    blocks: list[tuple[float, float, int]] = []
    for wish, weight in zip(wishes, weights, strict=True):
        mean, mass, count = wish, weight, 1
        while blocks and blocks[-1][0] > mean:
            other, heavier, several = blocks.pop()
            mean = (other * heavier + mean * mass) / (heavier + mass)
            mass, count = heavier + mass, several + count
        blocks.append((mean, mass, count))
    return [mean for mean, _, count in blocks for _ in range(count)]
