"""From a trace to what is visible: modules as groups, collapsed modules, folded repetitions.

A module's nodes form one box only if the computation does not leave the module and come back; where
it does (a layer used twice), each visit is a box of its own. That is decided here, by scheduling:
nodes are taken in an order that stays inside a module as long as it can, and every uninterrupted
visit is a group. Groups taken in such an order can never form a cycle, so each can be laid out as
one big node.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field

from autograd.viz import words
from autograd.viz.trace import Summary, Trace, TraceNode

#: Beyond this many visible nodes, repetitions are folded and modules collapsed unless asked
#: otherwise.
FOLD_ABOVE = 80
COLLAPSE_ABOVE = 400
#: Beyond this many, nodes are drawn with their titles only.
BRIEF_ABOVE = 600
#: A repetition is folded from this many copies on, and its pattern has at most this many members.
MINIMUM_COPIES = 3
LONGEST_PATTERN = 8

COMMUTATIVE = {"add", "multiply", "maximum", "minimum", "equal", "concatenate", "stack"}


@dataclass(slots=True)
class Group:
    """A visit to a module; ``members`` are node ids and, as ``~index``, groups inside."""

    index: int
    path: str
    parent: int
    visit: int = 1
    members: list[int] = field(default_factory=list)
    copies: int = 1
    pattern: bool = False
    inside: str = ""

    @property
    def label(self) -> str:
        """The group's heading: its path, as seen from the module around it."""
        text = "" if self.pattern else _relative(self.path, self.inside)
        if self.visit > 1:
            text += f" (visit {self.visit})"
        if self.copies > 1:
            text = f"{text} ×{self.copies}" if text else f"repeated ×{self.copies}"
        return text


@dataclass(slots=True)
class Item:
    """A visible node. ``lines`` are (style, text) pairs; ``hidden`` counts the nodes it stands for.

    ``room`` are texts that may later stand in the slot, the line of style ``"slot"``. A ``light``
    item stands beside the main line: a leaf, or made of parameters alone.
    """

    id: int
    kind: str
    lines: list[tuple[str, str]]
    tooltip: str
    group: int = 0
    hidden: int = 0
    share: float | None = None
    room: list[str] = field(default_factory=list)
    light: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A visible edge; ``lane`` counts further edges between the same two items."""

    source: int
    target: int
    argument: str = ""
    lane: int = 0


@dataclass(slots=True)
class View:
    """What is drawn. ``shown`` maps every node id of the trace to the item that stands for it."""

    trace: Trace
    items: list[Item]
    links: list[Link]
    groups: list[Group]
    shown: dict[int, int]
    show: str | None = None
    note: str = ""


def build(
    trace: Trace,
    *,
    collapse: bool | int | str | Iterable[str] | None = None,
    expand: Iterable[str] = (),
    fold: bool | None = None,
    values: bool = True,
    show: str | None = None,
    limit: int = COLLAPSE_ABOVE,
) -> View:
    """Decide what of a trace is visible.

    ``collapse``: None collapses modules (the largest first) only when the graph is too big to read;
    False never does; True collapses all; a number collapses modules nested deeper than that; a path
    or several collapse those modules. ``expand`` names modules that stay open whatever else is
    said. ``fold``: whether repeated blocks are drawn once with ×N; None folds in big graphs.
    ``limit``: how many visible nodes are too many.
    """
    if show not in (None, "time", "memory", "gradient"):
        raise ValueError(f"show must be None, 'time', 'memory' or 'gradient'; got {show!r}")
    groups = group_by_module(trace)
    standing = _Standing(trace, groups)
    if fold or (fold is None and len(trace.nodes) > FOLD_ABOVE):
        standing.fold()
    standing.collapse(_paths_to_collapse(trace, collapse), set(expand))
    if collapse is None:
        standing.collapse_until(limit, set(expand))
    return standing.view(values, show)


def _paths_to_collapse(trace: Trace, collapse: bool | int | str | Iterable[str] | None) -> set[str]:
    if collapse is None or collapse is False:
        return set()
    known = {path for path in trace.modules if path}
    if collapse is True:
        return known
    if isinstance(collapse, int):
        if collapse < 0:
            raise ValueError(f"collapse must be at least 0 when it is a depth; got {collapse}")
        return {path for path in known if path.count(".") >= collapse}
    paths = {collapse} if isinstance(collapse, str) else set(collapse)
    unknown = sorted(paths - known)
    if unknown:
        raise ValueError(
            f"collapse names {unknown[0]!r}, which is no module of this graph; "
            f"modules: {', '.join(sorted(known)) or 'none'}"
        )
    return paths


# -- modules as groups --------------------------------------------------------------------------


def group_by_module(trace: Trace) -> list[Group]:
    """The tree of module visits; group 0 is the whole graph."""
    parents: dict[int, list[int]] = {node.id: [] for node in trace.nodes}
    for edge in trace.edges:
        parents[edge.target].append(edge.source)
    groups = [Group(0, "", -1)]
    pending = [(0, [node.id for node in trace.nodes], 0)]
    visits: dict[str, int] = {}
    for index, identifiers, depth in pending:  # grows while it is walked: outer modules first
        parts = {}
        for identifier in identifiers:
            path = trace.node(identifier).module.split(".") if trace.node(identifier).module else []
            parts[identifier] = ".".join(path[: depth + 1]) if len(path) > depth else ""
        for part, run in _visits(identifiers, parts, parents):
            alone = len(run) == 1 and trace.node(run[0]).module == part
            if not part or alone:  # a module of one operation is named on the node instead
                groups[index].members += run
                continue
            visits[part] = visits.get(part, 0) + 1
            group = Group(len(groups), part, index, visits[part], inside=groups[index].path)
            groups.append(group)
            groups[index].members.append(~group.index)
            pending.append((group.index, run, depth + 1))
    return groups


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
    ready = [unit for unit, count in unit_waiting.items() if count == 0]
    heapq.heapify(ready)
    runs: list[tuple[str, list[int]]] = []
    left = dict.fromkeys(identifiers)
    while left:
        if ready:
            unit = heapq.heappop(ready)
            run = units.pop(unit)
        else:
            unit = unit_of[next(each for each in left if waiting[each] == 0)]
            run = _reachable(units[unit], waiting, children, unit, unit_of)
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
    unit: int,
    unit_of: dict[int, int],
) -> list[int]:
    """The members of a unit that can be computed now without leaving it, in topological order."""
    missing = {member: waiting[member] for member in members}
    run = []
    for member in members:  # ids are a topological order
        if missing[member] == 0:
            run.append(member)
            for child in children[member]:
                if unit_of[child] == unit:
                    missing[child] -= 1
    return run


# -- collapsing and folding ---------------------------------------------------------------------


class _Standing:
    """Which node stands for which while modules are collapsed and repetitions folded."""

    def __init__(self, trace: Trace, groups: list[Group]) -> None:
        self.trace = trace
        self.groups = groups
        self.stands_for = {node.id: node.id for node in trace.nodes}
        self.collapsed: dict[int, int] = {}  # group index -> id of the item that stands for it
        self.parents: dict[int, list[int]] = {node.id: [] for node in trace.nodes}
        self.children: dict[int, list[int]] = {node.id: [] for node in trace.nodes}
        for edge in trace.edges:
            self.parents[edge.target].append(edge.source)
            self.children[edge.source].append(edge.target)
        self._contents: dict[int, list[int]] = {}
        for group in reversed(groups):  # inner groups come after the outer ones
            inside: list[int] = []
            for member in group.members:
                inside += [member] if member > 0 else self._contents[~member]
            self._contents[group.index] = inside

    def contents(self, member: int) -> list[int]:
        """Node ids of a member: itself, or all in a group."""
        return [member] if member > 0 else self._contents[~member]

    def collapse(self, paths: set[str], expand: set[str]) -> None:
        """Collapse the groups of these module paths."""
        for group in self.groups[1:]:
            if group.path in paths and group.path not in expand and not group.pattern:
                self.collapsed[group.index] = self._contents[group.index][0]

    def collapse_until(self, limit: int, expand: set[str]) -> None:
        """Collapse modules, the deepest first, until few enough are visible."""
        by_depth: dict[int, list[Group]] = {}
        for group in self.groups[1:]:
            if group.path and group.path not in expand and not group.pattern:
                by_depth.setdefault(group.path.count("."), []).append(group)
        for depth in sorted(by_depth, reverse=True):
            if self._visible_count() <= limit:
                return
            for group in by_depth[depth]:
                if len(self._contents[group.index]) > 1:
                    self.collapsed[group.index] = self._contents[group.index][0]

    def _visible_count(self) -> int:
        count, pending = 0, [0]
        while pending:
            for member in self.groups[pending.pop()].members:
                if member > 0 or ~member in self.collapsed:
                    count += 1
                else:
                    pending.append(~member)
        return count

    def fold(self) -> None:
        """Fold copies of a block that follow one another into the first, inside every group."""
        signatures: dict[int, tuple] = {}
        for group in list(self.groups):
            members = group.members
            start = 0
            kept: list[int] = []
            found = _candidates([self._signature(each, signatures) for each in members])
            while start < len(members):
                period, copies = self._repetition(members, start, found)
                block = members[start : start + period]
                if copies > 1:
                    self._drop(members[start : start + period * copies], period)
                    kept.append(self._repeated(group, block, copies))
                else:
                    kept += block
                start += period * copies
            group.members = kept

    def _signature(self, member: int, known: dict[int, tuple]) -> tuple:
        """What a member looks like from inside: equal signatures may be copies of one another."""
        if member not in known:
            inside = self.contents(member)
            position = {identifier: place for place, identifier in enumerate(inside)}
            known[member] = tuple(
                (
                    node.kind if not node.op else "op",
                    node.op,
                    node.shape,
                    tuple(node.statics.items()),
                    tuple(position.get(parent, -1) for parent in self.parents[node.id]),
                )
                for node in map(self.trace.node, inside)
            )
        return known[member]

    def _repetition(
        self, members: list[int], start: int, found: list[dict[int, int]]
    ) -> tuple[int, int]:
        """Period and number of copies of the best repetition from here on; (1, 1) for none."""
        for period, copies in sorted(found[start].items()):
            copies = self._chained(members, start, period, copies)
            if copies >= MINIMUM_COPIES:
                return period, copies
        return 1, 1

    def _chained(self, members: list[int], start: int, period: int, copies: int) -> int:
        """How many of these copies really follow one another and touch nothing else on the way."""
        blocks = [
            [node for member in members[at : at + period] for node in self.contents(member)]
            for at in range(start, start + period * copies, period)
        ]
        first = set(blocks[0])
        previous, common, count = first, None, 1
        for place, block in enumerate(blocks[1:], 1):
            inside = set(block)
            sources = {p for node in block for p in self.parents[node]} - inside
            from_previous = sources & previous
            if common is None:
                common = sources - previous
            if not from_previous or sources - previous != common:
                break
            leaving = {c for node in blocks[place - 1] for c in self.children[node]}
            if leaving - previous - inside:
                break
            previous, count = inside, count + 1
        return count

    def _drop(self, members: list[int], period: int) -> None:
        """Let the nodes of the first block stand for those of its copies."""
        for offset in range(period):
            model = self.contents(members[offset])
            for copy in members[offset + period :: period]:
                for original, repeated in zip(model, self.contents(copy), strict=True):
                    self.stands_for[repeated] = original

    def _repeated(self, group: Group, block: list[int], copies: int) -> int:
        """The member to draw for a folded repetition: a module, or a box around the block."""
        if len(block) == 1 and block[0] < 0:
            self.groups[~block[0]].copies = copies
            return block[0]
        frame = Group(len(self.groups), group.path, group.index, copies=copies, pattern=True)
        frame.members = list(block)
        self.groups.append(frame)
        self._contents[frame.index] = [node for each in block for node in self.contents(each)]
        for member in block:
            if member < 0:
                self.groups[~member].parent = frame.index
        return ~frame.index

    def view(self, values: bool, show: str | None) -> View:
        """The visible items, links and groups."""
        shown: dict[int, int] = {}
        placed: list[tuple[int, int, int]] = []  # id, group, index of the collapsed group or 0
        pending = [(member, 0) for member in reversed(self.groups[0].members)]
        alive = {0}
        while pending:  # in the order in which modules are visited, which is topological
            member, index = pending.pop()
            if member > 0:
                placed.append((member, index, 0))
                shown[member] = member
            elif ~member in self.collapsed:
                identifier = self.collapsed[~member]
                placed.append((identifier, index, ~member))
                shown.update(dict.fromkeys(self._contents[~member], identifier))
            else:
                alive.add(~member)
                inside = reversed(self.groups[~member].members)
                pending += [(each, ~member) for each in inside]
        for identifier in self.stands_for:
            if identifier not in shown:
                shown[identifier] = shown[self._resolve(identifier, shown)]
        hidden: dict[int, int] = {}
        for target in shown.values():
            hidden[target] = hidden.get(target, 0) + 1
        shares = _shares(self.trace, shown, show)
        derived = derived_from_parameters(self.trace)
        detailed = values and len(placed) <= BRIEF_ABOVE
        items = []
        for identifier, group_index, collapsed in placed:
            if collapsed:
                module = self.groups[collapsed]
                nodes = [self.trace.node(each) for each in self._contents[collapsed]]
                item = _module_item(module, nodes, identifier)
            else:
                module = self.groups[group_index]
                few = len(placed) <= BRIEF_ABOVE
                item = _node_item(self.trace.node(identifier), module.path, detailed, few)
            item.group = group_index
            item.light = item.kind == "constant" or (not collapsed and identifier in derived)
            item.hidden = hidden[identifier] - 1
            if identifier in shares:
                item.share, text = shares[identifier]
                item.lines.append(("cost", text))
            items.append(item)
        groups = [group for group in self.groups if group.index in alive]
        concealed = len(self.trace.nodes) - len(items)
        note = f"{concealed} of {len(self.trace.nodes)} nodes are hidden" if concealed else ""
        return View(self.trace, items, self._links(shown, items), groups, shown, show, note)

    def _resolve(self, identifier: int, shown: dict[int, int]) -> int:
        while identifier not in shown:
            identifier = self.stands_for[identifier]
        return identifier

    def _links(self, shown: dict[int, int], items: list[Item]) -> list[Link]:
        """Edges between items: each edge of the trace, but those of copies only once."""
        order = {item.id: place for place, item in enumerate(items)}
        links: list[Link] = []
        lanes: dict[tuple[int, int], int] = {}
        drawn: set[tuple[int, int]] = set()
        several: dict[int, int] = {}
        derived = derived_from_parameters(self.trace)
        for edge in self.trace.edges:
            if edge.source not in derived:
                several[edge.target] = several.get(edge.target, 0) + 1
        for edge in self.trace.edges:
            source, target = shown[edge.source], shown[edge.target]
            plain = source == edge.source and target == edge.target
            if source == target or (source, target) in drawn and not plain:
                continue
            if order[source] >= order[target]:
                continue  # from one copy of a folded block to the next
            drawn.add((source, target))
            lane = lanes.get((source, target), 0)
            lanes[source, target] = lane + 1
            operation = self.trace.node(edge.target).op
            ambiguous = several.get(edge.target, 0) > 1 and operation not in COMMUTATIVE
            links.append(Link(source, target, edge.argument if ambiguous else "", lane))
        return links


def derived_from_parameters(trace: Trace) -> set[int]:
    """Ids of parameters and of what is computed from them alone, such as a reshaped bias."""
    heavy = {node.id for node in trace.nodes if not node.op and node.kind != "parameter"}
    heavy |= {node.id for node in trace.nodes if node.kind == "output"}
    for edge in sorted(trace.edges, key=lambda edge: edge.target):
        if edge.source in heavy:
            heavy.add(edge.target)
    return {node.id for node in trace.nodes} - heavy


def _candidates(signatures: list[tuple]) -> list[dict[int, int]]:
    """For each start, the periods after which the signatures repeat, with the number of copies."""
    codes: dict[tuple, int] = {}
    row = [codes.setdefault(signature, len(codes)) for signature in signatures]
    found: list[dict[int, int]] = [{} for _ in row]
    for period in range(1, LONGEST_PATTERN + 1):
        same = 0
        for start in range(len(row) - period - 1, -1, -1):
            same = same + 1 if row[start] == row[start + period] else 0
            copies = same // period + 1
            if copies >= MINIMUM_COPIES:
                found[start][period] = copies
    return found


# -- what an item says --------------------------------------------------------------------------


def _relative(path: str, module: str) -> str:
    """A dotted path as seen from inside a module."""
    return path.removeprefix(module + ".") if module else path


def _node_item(node: TraceNode, module: str, values: bool, detailed: bool) -> Item:
    if node.label == "number" and not node.name and node.value is not None:
        title = words.brief(node.value)
        return Item(
            node.id, node.kind, [("title", title), ("kind", "constant")], words.sentence(node)
        )
    sign = words.SIGNS.get(node.op)
    heading = _relative(words.title(node), module) + (f"  {sign}" if sign else "")
    if node.op and node.module != module and node.module.rpartition(".")[2] != node.op:
        heading = f"{_relative(node.module, module)}: {heading}"
    lines = [("title", heading)]
    if detailed:
        lines.append(("kind", _kind_line(node)))
    if values and node.value is not None:
        lines.append(("value", _value_line(node.value)))
    if detailed and words.gradient(node):
        style = "none" if node.gradient_state == "none" else "grad"
        text = words.gradient(node, 4)
        if node.backward_calls > 1:
            text, _, remark = text.partition(" (")
            lines += [(style, text), ("none", remark.rstrip(")"))]
        else:
            lines.append((style, text))
    return Item(node.id, node.kind, lines, words.sentence(node))


def _kind_line(node: TraceNode) -> str:
    if not node.dtype:
        return "constant · not kept"
    dtype = "" if node.dtype == "float32" else f" {node.dtype}"
    size = words.shape(node.shape) + dtype
    return size if node.kind == "op" else f"{words.KIND_WORDS[node.kind]} · {size}"


def _value_line(value: Summary) -> str:
    return f"value {words.brief(value, 4)}"


def _module_item(group: Group, inside: list[TraceNode], identifier: int) -> Item:
    parameters = sum(node.size for node in inside if node.kind == "parameter")
    result = inside[-1]
    lines = [("title", group.label), ("kind", f"module · {words.shape(result.shape)}")]
    if parameters:
        lines.append(("value", f"{parameters:,} parameters"))
    lines.append(("none", f"{len(inside)} hidden"))
    tooltip = f"{group.path}: module of {len(inside)} nodes, {parameters:,} parameters"
    return Item(identifier, "module", lines, tooltip)


def add_slots(view: View) -> None:
    """Give every node that the steps reach a line for the gradient, now holding the final one.

    It takes the place of the lines that tell of ``.grad``, which is another matter: what earlier
    passes left there.
    """
    texts: dict[int, list[str]] = {}
    for step in view.trace.steps:
        if step.incoming is not None:
            texts.setdefault(step.node, []).append(slot_text(step.incoming))
        for each in step.contributions:
            if each.after is not None:
                texts.setdefault(each.parent, []).append(slot_text(each.after))
    for item in view.items:
        if item.kind == "module":
            continue
        node = view.trace.node(item.id)
        if node.gradient_state != "untracked":
            item.lines = [line for line in item.lines if line[0] not in ("grad", "none")]
        if item.id in texts:
            item.lines.append(("slot", texts[item.id][-1]))
            item.room = texts[item.id]


def slot_text(gradient: Summary) -> str:
    """What a node's slot says of its gradient."""
    return f"grad {words.brief(gradient, 3)}"


def _shares(trace: Trace, shown: dict[int, int], show: str | None) -> dict[int, tuple[float, str]]:
    """For each item the share (0 to 1) that colours it and the words that say it."""
    if show is None:
        return {}
    amounts: dict[int, float] = {}
    gradients = trace.arrived()
    for node in trace.nodes:
        amount = _amount(node, show, gradients.get(node.id, node.gradient))
        if amount is not None:
            before = amounts.get(shown[node.id], 0.0)
            merged = max(before, amount) if show == "gradient" else before + amount
            amounts[shown[node.id]] = merged
    top = max(amounts.values(), default=0.0)
    total = sum(amounts.values()) or 1.0
    result = {}
    for identifier, amount in amounts.items():
        if show == "gradient":
            text = f"|grad| {words.number(amount, 3)}"
        elif show == "time":
            text = f"{words.seconds(amount)} · {amount / total:.0%}"
        else:
            text = f"{words.size_in_bytes(int(amount))} · {amount / total:.0%}"
        result[identifier] = (amount / top if top else 0.0, text)
    return result


def _amount(node: TraceNode, show: str, gradient: Summary | None) -> float | None:
    if show == "time":
        return node.seconds
    if show == "memory":
        return None if node.kept_bytes is None else float(node.kept_bytes)
    return None if gradient is None else gradient.norm
