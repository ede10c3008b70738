"""Modules as groups of nodes.

A module's nodes form one box only if the computation does not leave the module and come back; where
it does (a layer used twice), each visit is a box of its own. That is decided here, by scheduling:
nodes are taken in an order that stays inside a module as long as it can, and every uninterrupted
visit is a group. Groups taken in such an order can never form a cycle, so each can be laid out as
one big node. A module that only holds others, which the computation leaves in between, has no box:
a ``ModuleDict`` is never called, so that nothing visits it; the modules in it stand by themselves.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from itertools import combinations

from autograd.viz import words
from autograd.viz.tracing.trace import Trace


@dataclass(slots=True)
class Group:
    """A visit to a module; ``members`` are node ids and, as ``~index``, groups inside.

    A ``pattern`` is a repeated block instead, and ``earlier`` what a picture leaves out of a module.
    """

    index: int
    path: str
    parent: int
    visit: int = 1
    members: list[int] = field(default_factory=list)
    copies: int = 1
    pattern: bool = False
    inside: str = ""
    earlier: bool = False
    what: str = ""

    @property
    def label(self) -> str:
        """The group's heading: its path, as seen from the module around it, and what it is."""
        text = "" if self.pattern else words.relative(self.path, self.inside)
        if self.what and not self.pattern and text != self.what:
            text = f"{text}: {self.what}"
        if self.visit > 1:
            text += f" (visit {self.visit})"
        if self.copies > 1:
            text = f"{text} ×{self.copies}" if text else f"repeated ×{self.copies}"
        return text


def group_by_module(trace: Trace) -> list[Group]:
    """The tree of module visits; group 0 is the whole graph."""
    parents: dict[int, list[int]] = {node.id: [] for node in trace.nodes}
    for edge in trace.edges:
        parents[edge.target].append(edge.source)
    groups = [Group(0, "", -1)]
    pending = [(0, [node.id for node in trace.nodes], 0)]
    visits: dict[str, int] = {}
    for index, identifiers, depth in pending:  # grows while it is walked: outer modules first
        for part, run in _undivided(trace, identifiers, depth, parents):
            if not part or _alone(trace, part, run):
                groups[index].members += run
                continue
            visits[part] = visits.get(part, 0) + 1
            group = Group(len(groups), part, index, visits[part], inside=groups[index].path)
            if part in trace.classes:
                group.what = trace.classes[part].summary
            groups.append(group)
            groups[index].members.append(~group.index)
            pending.append((group.index, run, part.count(".") + 1))
    return groups


def _undivided(
    trace: Trace, identifiers: list[int], depth: int, parents: dict[int, list[int]]
) -> list[tuple[str, list[int]]]:
    """The visits to the modules so deep; those of a module that only holds others go to these."""
    opened: set[str] = set()
    while True:
        parts = {}
        for identifier in identifiers:
            path = trace.node(identifier).module
            part = _shortened(path, depth)
            while part in opened:
                part = _shortened(path, part.count(".") + 1) if part != path else ""
            parts[identifier] = part
        visits = _visits(identifiers, parts, parents)
        runs: dict[str, list[list[int]]] = {}
        for part, run in visits:
            if part:
                runs.setdefault(part, []).append(run)
        found = {part for part, each in runs.items() if len(each) > 1 and _holds(trace, part, each)}
        if not found:
            return visits
        opened |= found


def _shortened(path: str, depth: int) -> str:
    """A path down to a depth; empty where it does not lead so deep."""
    names = path.split(".")
    return ".".join(names[: depth + 1]) if path and len(names) > depth else ""


def _holds(trace: Trace, part: str, runs: list[list[int]]) -> bool:
    """Whether a module only holds others: nothing is computed in itself, and it is of a kind that
    is never called, or two visits have no module in common, as no two calls of it would."""
    paths = [{trace.node(n).module for n in run if trace.node(n).op} for run in runs]
    if any(part in each for each in paths):
        return False
    if part in trace.classes and trace.classes[part].kind in ("ModuleList", "ModuleDict"):
        return True
    return any(one.isdisjoint(other) for one, other in combinations(paths, 2))


def _alone(trace: Trace, part: str, run: list[int]) -> bool:
    """Whether a module is one operation, with its constants: it is named on the node instead."""
    nodes = [trace.node(identifier) for identifier in run]
    operations = [node for node in nodes if node.op]
    return (
        len(operations) == 1
        and all(node.op or node.kind == "constant" for node in nodes)
        and operations[0].module == part
    )


def _visits(
    identifiers: list[int], parts: dict[int, str], parents: dict[int, list[int]]
) -> list[tuple[str, list[int]]]:
    """Schedule nodes so that each module is visited as few times as possible.

    A unit (a module's remaining nodes, or a node outside modules) is taken whole when all it waits
    for is done. When no unit is ready as a whole, the unit of the first ready node is taken as far
    as it goes.
    """
    unit_of: dict[int, int] = {}
    units: dict[int, list[int]] = {}
    by_path: dict[str, int] = {}
    for identifier in identifiers:
        unit = (
            by_path.setdefault(parts[identifier], identifier) if parts[identifier] else identifier
        )
        unit_of[identifier] = unit
        units.setdefault(unit, []).append(identifier)
    children: dict[int, list[int]] = {identifier: [] for identifier in identifiers}
    waiting = {identifier: 0 for identifier in identifiers}
    unit_waiting = {unit: 0 for unit in units}
    for identifier in identifiers:
        for parent in parents[identifier]:
            if parent in waiting:
                children[parent].append(identifier)
                waiting[identifier] += 1
                unit_waiting[unit_of[identifier]] += unit_of[parent] != unit_of[identifier]
    leaves = {identifier for identifier in identifiers if not parents[identifier]}
    ready = [unit for unit, count in unit_waiting.items() if count == 0]
    heapq.heapify(ready)
    runs: list[tuple[str, list[int]]] = []
    left = dict.fromkeys(identifiers)
    while left:
        if ready:
            unit = heapq.heappop(ready)
            run = units.pop(unit)
        else:
            candidates = dict.fromkeys(unit_of[each] for each in left if waiting[each] == 0)
            reached = ((each, _reachable(units[each], waiting, children, unit_of, leaves))
                       for each in candidates)  # fmt: skip
            unit, run = next((unit, run) for unit, run in reached if run)
            taken = set(run)
            units[unit] = [each for each in units[unit] if each not in taken]
        runs.append((parts[run[0]], run))
        for identifier in run:
            del left[identifier]
            for child in children[identifier]:
                waiting[child] -= 1
                other = unit_of[child]
                if other != unit:
                    unit_waiting[other] -= 1
                    if unit_waiting[other] == 0 and units.get(other):
                        heapq.heappush(ready, other)
    return runs


def _reachable(
    members: list[int],
    waiting: dict[int, int],
    children: dict[int, list[int]],
    unit_of: dict[int, int],
    leaves: set[int],
) -> list[int]:
    """The members of a unit that can be computed now without leaving it, in topological order.

    A leaf waits for what uses it, so that parameters are part of the visit that needs them.
    """
    missing = {member: waiting[member] for member in members}
    run = []
    for member in members:  # ids are a topological order
        if missing[member] == 0:
            run.append(member)
            for child in children[member]:
                if unit_of[child] == unit_of[member]:
                    missing[child] -= 1
    taken = set(run)

    def early(member: int) -> bool:
        used = children[member]
        return (
            member in leaves
            and all(unit_of[child] == unit_of[member] for child in used)
            and bool(used)
            and taken.isdisjoint(used)
        )

    return [member for member in run if not early(member)]
