"""Visible nodes and what is written into them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from autograd.viz import words
from autograd.viz.tracing.trace import Omitted, Summary, Trace, TraceNode
from autograd.viz.visible.groups import Group


@dataclass(slots=True)
class Item:
    """A visible node. ``lines`` are (style, text) pairs; ``hidden`` counts the nodes it stands for.

    ``room`` are texts that may later stand in the slot, the line of style ``"slot"``. A ``light``
    item stands beside the main line: a leaf, or made of parameters alone. ``number`` stands in its
    corner: what sentences call it by, if it has no name.
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
    number: str = ""


def node_item(
    node: TraceNode,
    module: str,
    operands: Iterable[str],
    values: bool,
    detailed: bool,
    sizes: bool = True,
    what: str = "",
) -> Item:
    """A node by itself. ``values``: with its numbers; ``detailed``: with more than its title;
    ``sizes``: with its shape and dtype. ``operands`` are what its tooltip calls them. ``what``: the
    module that this one operation is the whole of."""
    if node.label == "number" and not node.name and node.value is not None:
        title = words.brief(node.value)
        return Item(
            node.id, node.kind, [("title", title), ("kind", "constant")], words.sentence(node)
        )
    sign = words.SIGNS.get(node.op)
    heading = words.relative(words.title(node), module) + (f"  {sign}" if sign else "")
    if node.op and node.module != module and (what or node.module.rpartition(".")[2] != node.op):
        heading = f"{words.relative(node.module, module)}: {what or heading}"
    lines = [("title", heading)]
    if detailed and (sizes or node.kind != "op"):
        lines.append(("kind", _kind_line(node) if sizes else words.KIND_WORDS[node.kind]))
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
    plain = node.name or node.kind == "constant" or not detailed
    number = "" if plain else f"node {node.id}"
    return Item(node.id, node.kind, lines, words.sentence(node, operands), number=number)


def _kind_line(node: TraceNode) -> str:
    if not node.dtype:
        return "constant · not kept"
    dtype = "" if node.dtype == "float32" else f" {node.dtype}"
    size = words.shape(node.shape) + dtype
    return size if node.kind == "op" else f"{words.KIND_WORDS[node.kind]} · {size}"


def _value_line(value: Summary) -> str:
    return f"value {words.brief(value, 4)}"


def module_item(group: Group, inside: list[TraceNode], identifier: int) -> Item:
    parameters = sum(node.size for node in inside if node.kind == "parameter")
    result = inside[-1]
    what = "module with output" if result.kind == "output" else "module"
    lines = [("title", group.label), ("kind", f"{what} · {words.shape(result.shape)}")]
    has = f"{parameters:,} parameters · " if parameters else ""
    lines.append(("none", f"{has}{len(inside)} hidden"))
    tooltip = f"{group.path}: module of {len(inside)} nodes, {parameters:,} parameters"
    return Item(identifier, "module", lines, tooltip)


def earlier_item(inside: list[TraceNode], identifier: int, omitted: Omitted | None = None) -> Item:
    """What stands for the nodes that a picture has no room for; ``omitted`` is among them if one of
    them stands for it."""
    counts, number = words.kinds(inside), len(inside)
    if omitted is not None and any(node.kind == "earlier" for node in inside):
        number += omitted.nodes - 1
        counts = [*counts, "and before:"] if counts else []
        counts += words.left_out(omitted)
    lines = [("title", f"{number:,} earlier nodes"), ("kind", "left out of this picture")]
    lines += [("none", each) for each in counts]
    told = ", ".join(counts).replace(":, ", ": ")
    tooltip = f"{number} earlier nodes, left out of this picture: {told}"
    return Item(identifier, "module", lines, tooltip)


def measured_shares(
    trace: Trace, shown: dict[int, int], show: str | None
) -> dict[int, tuple[float, str]]:
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


def gradient_norms(trace: Trace) -> dict[int, str]:
    """What ``show="gradient"`` writes into each node, by its id."""
    alone = {node.id: node.id for node in trace.nodes}
    return {node: text for node, (_, text) in measured_shares(trace, alone, "gradient").items()}


def _amount(node: TraceNode, show: str, gradient: Summary | None) -> float | None:
    if show == "time":
        return node.seconds
    if show == "memory":
        return None if node.kept_bytes is None else float(node.kept_bytes)
    return None if gradient is None else gradient.norm
