"""From a trace to what is visible: collapsed modules, folded repetitions, links between items."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from autograd.arguments.numbers import shown
from autograd.viz import words
from autograd.viz.tracing.trace import Summary, Trace
from autograd.viz.visible.groups import Group, group_by_module
from autograd.viz.visible.item import Item, earlier_item, measured_shares, module_item, node_item

#: Beyond this many visible nodes, repetitions are folded and modules collapsed unless asked
#: otherwise.
FOLD_ABOVE = 80
COLLAPSE_ABOVE = 400
#: Beyond this many, every layer is one node unless asked otherwise.
MODULES_ABOVE = 40
#: Beyond this many, nodes are drawn with their titles only.
BRIEF_ABOVE = 600
#: From this many nodes on, shapes and types are left out where all are single numbers of one type.
ALIKE_FROM = 12
#: A repetition is folded from this many copies on (a module by itself, from so many), and its
#: pattern has at most this many members.
MINIMUM_COPIES = 3
MINIMUM_MODULES = 2
LONGEST_PATTERN = 8

COMMUTATIVE = {"add", "multiply", "maximum", "minimum", "equal", "concatenate", "stack"}


@dataclass(frozen=True, slots=True)
class Link:
    """A visible edge; ``lane`` counts further edges between the same two items."""

    source: int
    target: int
    argument: str = ""
    lane: int = 0


@dataclass(slots=True)
class View:
    """What is drawn. ``shown`` maps every node id of the trace to the item that stands for it.

    ``closed`` maps the items that are collapsed modules to their groups; ``collapsed`` holds the
    paths of all collapsed modules, also of those inside others.
    """

    trace: Trace
    items: list[Item]
    links: list[Link]
    groups: list[Group]
    shown: dict[int, int]
    show: str | None = None
    note: str = ""
    closed: dict[int, Group] = field(default_factory=dict)
    collapsed: tuple[str, ...] = ()


def build(
    trace: Trace,
    *,
    collapse: bool | int | str | Iterable[str] | None = None,
    expand: Iterable[str] = (),
    detail: str | None = None,
    fold: bool | None = None,
    values: bool = True,
    show: str | None = None,
    limit: int = COLLAPSE_ABOVE,
    most: int | None = None,
    fits: Callable[[View], bool] | None = None,
) -> View:
    """Decide what of a trace is visible.

    ``collapse``: None collapses modules (the largest first) only when the graph is too big to read;
    False never does; True collapses all; a number collapses modules nested deeper than that; a path
    or several collapse those modules. ``expand`` names modules that stay open whatever else is
    said. ``detail``: "modules" makes one node of every module without modules inside, "operations"
    leaves them open; None chooses by the size of the graph. ``fold``: whether repeated blocks are
    drawn once with ×N; None folds in big graphs. ``limit``: how many visible nodes are too many.
    ``most``: how many there may be at all; of more, one item stands for the earliest. ``fits`` says
    whether a view is small enough to be read: if nobody asked for a detail, one that is.
    """
    choice = Choice(trace, collapse=collapse, expand=expand, detail=detail, fold=fold, show=show)
    return choice.view(values, limit, most, fits)


class Choice:
    """What was asked of a picture, checked, and what of the trace is open so far.

    Args are those of :func:`build`. Several views can be made of one choice.
    """

    def __init__(
        self,
        trace: Trace,
        *,
        collapse: bool | int | str | Iterable[str] | None = None,
        expand: Iterable[str] = (),
        detail: str | None = None,
        fold: bool | None = None,
        show: str | None = None,
    ) -> None:
        if show not in (None, "time", "memory", "gradient"):
            raise ValueError(
                f"show must be None, 'time', 'memory' or 'gradient'; got {shown(show)}"
            )
        if detail not in (None, "modules", "operations"):
            raise ValueError(f"detail must be 'modules', 'operations' or None; got {shown(detail)}")
        self.trace, self.show, self._collapse = trace, show, collapse
        known = {path for path in trace.modules if path}
        _check_known("expand", expand, known)
        self._expand = {  # to see into a module, those around it must be open, too
            ".".join(path.split(".")[: depth + 1])
            for path in expand
            for depth in range(path.count(".") + 1)
        }
        asked = _paths_to_collapse(trace, collapse)
        self._unasked = detail is None and collapse is None
        self._whole = detail == "modules" or (
            self._unasked and len(trace.nodes) > MODULES_ABOVE and bool(known)
        )
        self._standing = _Standing(trace, group_by_module(trace))
        if self._whole:
            self._standing.collapse(layers_of(trace), self._expand)
        self.folded = bool(fold) or (fold is None and len(trace.nodes) > FOLD_ABOVE)
        if self.folded:
            self._standing.fold()
        self._standing.collapse(asked, self._expand)

    def count(self, limit: int = COLLAPSE_ABOVE) -> int:
        """How many items a view has, for a limit that modules are collapsed to reach."""
        standing = self._standing.copy()
        if self._collapse is None:
            standing.collapse_until(limit, self._expand)
        return standing.visible_count()

    def view(
        self,
        values: bool = True,
        limit: int = COLLAPSE_ABOVE,
        most: int | None = None,
        fits: Callable[[View], bool] | None = None,
    ) -> View:
        """The items, links and groups; arguments as for :func:`build`."""
        standing = self._standing.copy()
        if self._collapse is None and (not self._whole or not self._unasked or fits is None):
            standing.collapse_until(limit, self._expand)
        if most is not None:
            standing.cut(most)
        if not (self._whole and self._unasked):
            return standing.view(values, self.show)
        layers = layers_of(self.trace)
        visible = self._view_if_small(standing, values, limit, most)
        depths = list(self._depths()) if fits and most is None else []
        if depths and fits is not None and (visible is None or not fits(visible)):
            first = self._first_that_fits(standing, depths, values, limit, fits)
            self._collapse_below(standing, depths[first])
            visible = self._view_if_small(standing, values, limit, most)
        if visible is None:
            standing.collapse_until(limit, self._expand)
            visible = standing.view(values, self.show)
        if visible.collapsed:
            visible.note = "; ".join(filter(None, (visible.note, self._said(visible, layers))))
        return visible

    def _first_that_fits(
        self,
        standing: _Standing,
        depths: list[int],
        values: bool,
        limit: int,
        fits: Callable[[View], bool],
    ) -> int:
        """Which of the depths is the first to make the view small enough; else the last one.

        Found by halving: the views get smaller from depth to depth.
        """
        low, high = 0, len(depths) - 1
        while low < high:
            middle = (low + high) // 2
            trial = standing.copy()
            self._collapse_below(trial, depths[middle])
            visible = self._view_if_small(trial, values, limit, None)
            if visible is not None and fits(visible):
                high = middle
            else:
                low = middle + 1
        return low

    def _collapse_below(self, standing: _Standing, depth: int) -> None:
        paths = {path for path in self.trace.modules if path and path.count(".") >= depth}
        standing.collapse(paths, self._expand)

    def _said(self, visible: View, layers: set[str]) -> str:
        """What detail was chosen, and how to see more."""
        blocks = [group.path for group in visible.closed.values() if group.path not in layers]
        if not blocks:
            return "every layer is one node; detail='operations' shows what they do"
        return (
            f"some blocks are one node each; expand={blocks[0]!r} opens this one, "
            "detail='modules' shows every layer"
        )

    def _view_if_small(
        self, standing: _Standing, values: bool, limit: int, most: int | None
    ) -> View | None:
        if most is None and standing.visible_count() > limit:
            return None
        return standing.view(values, self.show)

    def _depths(self) -> Iterable[int]:
        """From which depth on modules are collapsed, the deepest first."""
        return range(max(path.count(".") for path in self.trace.modules), -1, -1)


def layers_of(trace: Trace) -> set[str]:
    """The modules that have no other module inside, as far as the trace goes."""
    tree = trace.modules
    return {path for path in tree if path and not tree[path] and path in trace.classes} | {
        path for path, info in trace.classes.items() if info.leaf
    }


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
    _check_known("collapse", paths, known)
    return paths


def _check_known(option: str, paths: Iterable[str], known: set[str]) -> None:
    unknown = sorted(set(paths) - known)
    if unknown:
        raise ValueError(
            f"{option} names {unknown[0]!r}, which is no module of this graph; "
            f"modules: {', '.join(sorted(known)) or 'none'}"
        )


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

    def copy(self) -> _Standing:
        """The same, to be collapsed and cut without changing this one."""
        other = object.__new__(_Standing)
        other.trace, other.parents, other.children = self.trace, self.parents, self.children
        other.stands_for, other.collapsed = self.stands_for, dict(self.collapsed)
        other._contents = dict(self._contents)
        other.groups = [replace(group, members=list(group.members)) for group in self.groups]
        return other

    def contents(self, member: int) -> list[int]:
        """Node ids of a member: itself, or all in a group."""
        return [member] if member > 0 else self._contents[~member]

    def collapse(self, paths: set[str], expand: set[str]) -> None:
        """Collapse the groups of these module paths; of a path without a group, those inside."""
        boxes = {group.path for group in self.groups}
        for group in self.groups[1:]:
            path = group.path
            while path not in paths and path:
                path = path.rpartition(".")[0]
                if path in boxes:
                    path = ""
            if path and group.path not in expand and not group.pattern:
                self.collapsed[group.index] = self._contents[group.index][0]

    def collapse_until(self, limit: int, expand: set[str]) -> None:
        """Collapse modules, the deepest first, until few enough are visible."""
        by_depth: dict[int, list[Group]] = {}
        for group in self.groups[1:]:
            if group.path and group.path not in expand and not group.pattern:
                by_depth.setdefault(group.path.count("."), []).append(group)
        for depth in sorted(by_depth, reverse=True):
            if self.visible_count() <= limit:
                return
            for group in by_depth[depth]:
                if len(self._contents[group.index]) > 1:
                    self.collapsed[group.index] = self._contents[group.index][0]

    def cut(self, most: int) -> None:
        """Have one item stand for the earliest members, so that no more than ``most`` are visible.

        Members come in topological order, so nothing leads from the others back to these. Where
        even the last member is a module with too much in it, the same is done in there.
        """
        index, room = 0, most
        while True:
            group = self.groups[index]
            counts = [self.visible_count(member) for member in group.members]
            kept, shown = len(counts) - 1, counts[-1]
            while kept > 0 and shown + counts[kept - 1] + (kept > 1) <= room:
                kept -= 1
                shown += counts[kept]
            if kept > 0 and sum(counts[:kept]) > 1:
                rest = Group(len(self.groups), group.path, index, pattern=True, earlier=True)
                rest.members = group.members[:kept]
                self._contents[rest.index] = [
                    node for member in rest.members for node in self.contents(member)
                ]
                self.groups.append(rest)
                self.collapsed[rest.index] = self._contents[rest.index][0]
                group.members = [~rest.index, *group.members[kept:]]
            last = group.members[-1]
            if shown <= room or last > 0 or ~last in self.collapsed:
                return
            index, room = ~last, room - 1

    def visible_count(self, member: int = ~0) -> int:
        """How many items a member makes; the whole graph by default."""
        count, pending = 0, [member]
        while pending:
            each = pending.pop()
            if each > 0 or ~each in self.collapsed:
                count += 1
            else:
                pending += self.groups[~each].members
        return count

    def fold(self) -> None:
        """Fold copies of a block that follow one another into the first, inside every group."""
        signatures: dict[int, tuple] = {}
        for group in list(self.groups):
            members = group.members
            start = 0
            kept: list[int] = []
            found = _candidates([self._signature(each, signatures) for each in members])
            reach = self._reach(members)
            while start < len(members):
                period, copies = self._repetition(members, start, found, reach)
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
                    node.kind,
                    node.op,
                    node.shape,
                    tuple(node.statics.items()),
                    words.brief(node.value) if node.label == "number" else "",
                    tuple(position.get(parent, -1) for parent in self.parents[node.id]),
                )
                for node in map(self.trace.node, inside)
            )
        return known[member]

    def _repetition(
        self,
        members: list[int],
        start: int,
        found: list[dict[int, int]],
        reach: list[list[int]],
    ) -> tuple[int, int]:
        """Period and number of copies of the best repetition from here on; (1, 1) for none."""
        for period, copies in found[start].items():
            end = start + period
            if not any(start <= each < end for at in reach[end : end + period] for each in at):
                continue  # the second block takes nothing from the first
            module = period == 1 and members[start] < 0
            least = MINIMUM_MODULES if module else MINIMUM_COPIES
            if copies >= least:
                copies = self._chained(members, start, period, copies)
            if copies >= least:
                return period, copies
        return 1, 1

    def _reach(self, members: list[int]) -> list[list[int]]:
        """For each member of a group, the places of those that it takes something from."""
        places = {node: at for at, each in enumerate(members) for node in self.contents(each)}
        return [
            [places[p] for node in self.contents(each) for p in self.parents[node] if p in places]
            for each in members
        ]

    def _chained(self, members: list[int], start: int, period: int, copies: int) -> int:
        """How many of these copies really follow one another and touch nothing else on the way."""

        def block(place: int) -> list[int]:
            at = start + period * place
            return [node for member in members[at : at + period] for node in self.contents(member)]

        before: list[int] = block(0)
        ties: list[list[tuple[str, int]]] = []
        for place in range(1, copies):
            here = block(place)
            ties.append(self._ties(here, before))
            if ties[-1] != ties[0] or not any(kind == "before" for kind, _ in ties[0]):
                return place
            if place == 1 and not _alike(self._ties(before, []), ties[0]):
                return 1
            around = {*before, *here}
            if any(child not in around for node in before for child in self.children[node]):
                return place
            before = here
        return copies

    def _ties(self, block: list[int], before: list[int]) -> list[tuple[str, int]]:
        """Where each operand in a block comes from: a place in the block itself, a place in the
        block before it, or else a node."""
        place = {node: ("before", at) for at, node in enumerate(before)}
        place |= {node: ("here", at) for at, node in enumerate(block)}
        return [
            place.get(parent, ("node", parent)) for node in block for parent in self.parents[node]
        ]

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
        shares = measured_shares(self.trace, shown, show)
        derived = derived_from_parameters(self.trace)
        detailed = values and len(placed) <= BRIEF_ABOVE
        sizes = not _all_alike(self.trace)
        operands = words.operands(self.trace)
        items = []
        for identifier, group_index, collapsed in placed:
            if collapsed:
                module = self.groups[collapsed]
                nodes = [self.trace.node(each) for each in self._contents[collapsed]]
                if module.earlier:
                    item = earlier_item(nodes, identifier, self.trace.omitted)
                else:
                    item = module_item(module, nodes, identifier)
            else:
                module = self.groups[group_index]
                few = len(placed) <= BRIEF_ABOVE
                node = self.trace.node(identifier)
                names = operands.get(identifier, [])
                info = self.trace.classes.get(node.module)
                what = info.summary if info is not None and info.leaf else ""
                item = node_item(node, module.path, names, detailed, few, sizes, what)
                if node.kind == "earlier":
                    item = earlier_item([node], identifier, self.trace.omitted)
            item.group = group_index
            item.light = item.kind == "constant" or (not collapsed and identifier in derived)
            item.hidden = hidden[identifier] - 1
            if identifier in shares:
                item.share, text = shares[identifier]
                if show == "gradient" and not collapsed:  # not .grad is meant, but what arrives
                    item.lines = [line for line in item.lines if line[0] not in ("grad", "none")]
                item.lines.append(("cost", text))
            items.append(item)
        groups = [group for group in self.groups if group.index in alive]
        concealed = self.trace.size - len(items)
        hiding = f"{concealed} of {self.trace.size} nodes are hidden" if concealed else ""
        note = "; ".join(filter(None, (hiding, self.trace.note)))
        links = self._links(shown, items)
        modules = {index for index in self.collapsed if not self.groups[index].earlier}
        closed = {each: self.groups[index] for each, _, index in placed if index in modules}
        paths = tuple(sorted({self.groups[index].path for index in modules}))
        return View(self.trace, items, links, groups, shown, show, note, closed, paths)

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


def _all_alike(trace: Trace) -> bool:
    """Whether a graph is one of many single numbers, all of one type, which goes without saying."""
    dtypes = {node.dtype for node in trace.nodes if node.kind != "earlier"}
    single = all(not node.shape for node in trace.nodes)
    return len(trace.nodes) >= ALIKE_FROM and single and len(dtypes) == 1


def _alike(first: list[tuple[str, int]], second: list[tuple[str, int]]) -> bool:
    """Whether the first block takes from different nodes what the second one takes from different
    places of the first, and all else alike: then it shows the ties of all copies."""
    sources: dict[int, int] = {}
    for one, other in zip(first, second, strict=True):
        if other[0] != "before":
            if one != other:
                return False
        elif one[0] != "node" or sources.setdefault(other[1], one[1]) != one[1]:
            return False
    return len(set(sources.values())) == len(sources)


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
            if copies >= MINIMUM_MODULES:
                found[start][period] = copies
    return found


#: What stands in the slot of a leaf until a gradient arrives: that is not the same as 0.
NO_GRADIENT = "no gradient yet"


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
            leaf = node.gradient_state != "untracked"
            item.room = [NO_GRADIENT, *texts[item.id]] if leaf else texts[item.id]


def slot_text(gradient: Summary) -> str:
    """What a node's slot says of its gradient."""
    return f"grad {words.brief(gradient, 3)}"
