"""Saying what a picture shows: numbers, summaries, steps and whole traces as text."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from autograd.text import MINUS, counted, shape, visible
from autograd.text import short as number
from autograd.text import size as size_in_bytes
from autograd.viz.tracing.trace import (
    NONFINITE_CELL,
    Contribution,
    Omitted,
    Step,
    Summary,
    Trace,
    TraceNode,
)

#: What a picture writes for an operation whose sign everybody knows.
SIGNS = {
    "add": "+",
    "subtract": MINUS,
    "multiply": "×",
    "divide": "÷",
    "negative": MINUS,
    "matmul": "@",
}

#: A sentence names so many parents of a step; what has more has hundreds.
MOST_SENT = 12
#: So many modules are named of those whose operations are left out.
MOST_MODULES = 5

KIND_WORDS = {
    "parameter": "parameter",
    "input": "input",
    "constant": "constant",
    "op": "operation",
    "output": "output",
    "earlier": "left out",
}


def listing(values: Any, digits: int = 4) -> str:
    """Nested lists of numbers in brackets."""
    if isinstance(values, list):
        return "[" + ", ".join(listing(entry, digits) for entry in values) + "]"
    return number(values, digits)


def brief(summary: Summary | None, room: int = 5) -> str:
    """A summary in a few characters: up to ``room`` numbers, else the range, else what is wrong."""
    if summary is None:
        return "nothing"
    if summary.values is not None and summary.size <= room:
        return listing(summary.values)
    faults = nonfinite(summary)
    if summary.minimum is None:
        return faults or "empty"
    if summary.is_zero:
        return "all 0"
    if summary.minimum == summary.maximum:
        span = f"all {number(summary.minimum, 3)}"
    else:
        span = f"{number(summary.minimum, 3)} … {number(summary.maximum, 3)}"
    return f"{span}, {faults}" if faults else span


def amount(gradient: Summary | None) -> str:
    """A gradient inside a sentence: its numbers, or its shape and what they lie between."""
    text = brief(gradient)
    if gradient is None or gradient.size < 2 or text.startswith("["):
        return text
    span, *faults = text.split(", ")
    if " … " in span:
        span = f"from {span.replace(' … ', ' to ')}"
    return f"a gradient of {shape(gradient.shape)}, {', '.join([span, *faults])},"


def nonfinite(summary: Summary) -> str:
    """``2 NaN, 1 ∞``, or nothing when all elements are finite."""
    parts = []
    if summary.nans:
        parts.append(f"{summary.nans} NaN")
    if summary.infinities:
        parts.append(f"{summary.infinities} ∞")
    return ", ".join(parts)


def statistics(summary: Summary) -> str:
    """Shape, dtype and statistics in a line."""
    parts = [f"{shape(summary.shape)} {summary.dtype}"]
    if summary.size > 1 and summary.minimum is not None:
        parts += [
            f"min {number(summary.minimum)}",
            f"max {number(summary.maximum)}",
            f"mean {number(summary.mean)}",
            f"norm {number(summary.norm)}",
        ]
    if nonfinite(summary):
        parts.append(nonfinite(summary))
    return ", ".join(parts)


def legend(summary: Summary) -> str:
    """Which part of an array a thumbnail shows, and how its marks are to be read."""
    if not summary.corner:
        return marks(summary)
    more = math.prod(summary.shape[:-2]) - 1
    others = f"; {more:,} more not shown" if more else ""
    return f"plane {place(summary.corner)}, which holds {_held(summary)}{others}; {marks(summary)}"


def place(index: tuple[int, ...]) -> str:
    """An index as it is written in brackets."""
    return f"[{', '.join(map(str, index))}]"


def plane(summary: Summary, number: int) -> str:
    """What is shown on a page of planes: which one, of how many, and what it has of its own."""
    corner = summary.planes[number][0]
    count = math.prod(summary.shape[:-2])
    own = f", holds {_held(summary)}" if corner == summary.corner else ""
    return f"plane {place(corner)} of {count:,}{own}"


def _held(summary: Summary) -> str:
    return "what is not finite" if nonfinite(summary) else "the largest value"


def marks(summary: Summary, everywhere: bool = False) -> str:
    """How the marks of a thumbnail, or of all planes that have one, are to be read."""
    rows, columns = (1, *summary.shape)[-2:]
    cells = summary.thumbnail or ()
    block = -(-rows // len(cells)), -(-columns // len(cells[0]))
    what = f"means of blocks of up to {shape(block)}" if max(block) > 1 else "every element"
    there = {cell for line in cells for cell in line}
    if everywhere:
        letters = set("".join(cells for _, cells in summary.planes)) - {"/"}
        there = {NONFINITE_CELL if each == "x" else ord(each) - ord("j") for each in letters}
    kinds = [
        told
        for told, found in (
            ("squares +", any(0 < mark < NONFINITE_CELL for mark in there)),
            ("discs −", any(mark < 0 for mark in there)),
        )
        if found
    ]
    if kinds:
        kinds.append(f"full size {number(summary.scale, 3)}")
    if NONFINITE_CELL in there:
        kinds.append("crosses: NaN or ∞ inside")
    return f"{what}: {', '.join(kinds)}" if kinds else what


def seconds(duration: float) -> str:
    """A duration with a readable unit."""
    for unit, factor in (("s", 1.0), ("ms", 1e3)):
        if duration * factor >= 1:
            return f"{number(duration * factor, 3)} {unit}"
    return f"{number(duration * 1e6, 3)} µs"


def gradient(node: TraceNode, room: int = 5) -> str:
    """What is known of a node's gradient: "no gradient yet" is not the same as zero."""
    if node.gradient_state == "untracked":
        return ""
    if node.gradient_state == "none" or node.gradient is None:
        return "no gradient yet"
    text = f"grad {brief(node.gradient, room)}"
    if node.backward_calls > 1:
        text += f" (sum of {node.backward_calls} backward() calls)"
    return text


def title(node: TraceNode) -> str:
    """What a node is called: ``d = multiply``, ``conv1.weight``, ``exp``."""
    if node.op:
        return f"{node.name} = {node.op}" if node.name else node.op
    return node.name or node.label


def relative(path: str, module: str) -> str:
    """A dotted path as seen from inside a module."""
    return path.removeprefix(module + ".") if module else path


def reference(node: TraceNode) -> str:
    """A node's name inside a sentence; unnamed results are told apart by their number."""
    if node.name:
        return node.name
    return f"{node.op or node.label} (node {node.id})"


# -- sentences ----------------------------------------------------------------------------------


def step_sentence(trace: Trace, step: Step) -> str:
    """A step in one sentence, as the live region and the text fallback say it."""
    node = trace.node(step.node)
    head = f"step {step.number} of {trace.all_steps}: {reference(node)}"
    if not step.contributions:
        return f"{head} receives {amount(step.incoming)} and passes nothing on"
    parts = [_arrival(trace, each) for each in step.contributions[:MOST_SENT]]
    more = len(step.contributions) - MOST_SENT
    if more > 0:
        parts.append(f"sends gradients to {more} more")
    return f"{head} " + "; ".join(parts)


def _arrival(trace: Trace, each: Contribution) -> str:
    parent = reference(trace.node(each.parent))
    if each.contribution is None:
        return f"sends a gradient to {parent}"
    text = f"sends {amount(each.contribution)} to {parent}"
    if each.before is None:
        return text
    before, contribution, after = (
        brief(part) for part in (each.before, each.contribution, each.after)
    )
    if each.contribution.size == 1:
        return f"{text}; {before} + {contribution} = {after}"
    return f"{text}, where {before} had arrived before; the sum is {after}"


def series(parts: Iterable[str]) -> str:
    """``a, b and c``."""
    *others, last = parts
    return f"{', '.join(others)} and {last}" if others else last


def describe(trace: Trace) -> str:
    """A trace in a sentence or two: how many nodes of which kind, and what is drawn."""
    omitted = trace.omitted
    shown = len(trace.nodes) - (omitted is not None)
    text = f"Computation graph of {counted(shown, 'node')}: {', '.join(kinds(trace.nodes))}."
    if omitted is not None:
        text += f" Left out before that: {', '.join(left_out(omitted))}."
    if trace.steps:
        text += f" Its backward pass takes {counted(trace.all_steps, 'step')}."
    return text


def left_out(omitted: Omitted) -> list[str]:
    """What is left out of a graph, and the modules that it is inside of."""
    parts = [counted(omitted.operations, "operation")]
    counts = (omitted.parameters, "parameter"), (omitted.inputs, "input")
    parts += [counted(count, kind) for count, kind in counts if count]
    for path, count in omitted.modules[:MOST_MODULES]:
        what = f": {omitted.classes[path].summary}" if path in omitted.classes else ""
        parts.append(f"{path}{what} ({count:,})")
    more = len(omitted.modules) - MOST_MODULES
    return [*parts, counted(more, "more module")] if more > 0 else parts


def kinds(nodes: Iterable[TraceNode]) -> list[str]:
    """How many nodes there are of each kind: ``["2 parameters", "1 output"]``."""
    counts = {kind: 0 for kind in KIND_WORDS}
    for node in nodes:
        counts[node.kind] += node.kind != "earlier"
    return [counted(count, KIND_WORDS[kind]) for kind, count in counts.items() if count]


# -- a trace as text ----------------------------------------------------------------------------


def text(trace: Trace, remarks: Mapping[int, str] | None = None) -> str:
    """The graph and, if taken, the backward steps as lines of text, with remarks on nodes by id."""
    lines = [trace.title] if trace.title else []
    lines.append(describe(trace))
    lines += _node_lines(trace, remarks or {})
    if trace.steps:
        lines += ["", "backward:"]
        lines += [f"  {step_sentence(trace, step)}" for step in trace.steps]
        if trace.omitted is not None:
            lines.append(f"  … {trace.omitted.operations} more steps")
    if trace.note:
        lines.append(trace.note)
    return visible("\n".join(lines))


def _node_lines(trace: Trace, remarks: Mapping[int, str]) -> Iterator[str]:
    arguments: dict[int, list[str]] = {}
    for edge in trace.edges:
        arguments.setdefault(edge.target, []).append(f"#{edge.source}")
    module = ""
    for node in trace.nodes:
        if node.module != module:
            module = node.module
            yield f"  [{module}]" if module else "  [outside modules]"
        remark = f", {remarks[node.id]}" if node.id in remarks else ""
        yield f"  #{node.id} {sentence(node, arguments.get(node.id, []))}{remark}"


def operands(trace: Trace) -> dict[int, list[str]]:
    """What each operation was computed from, by its node's id: names, else what made it."""
    found: dict[int, list[str]] = {}
    for edge in trace.edges:
        found.setdefault(edge.target, []).append(_operand(trace.node(edge.source)))
    return {
        target: names
        if len(names) <= MOST_SENT
        else [*names[: MOST_SENT - 2], f"… {len(names) - MOST_SENT + 2} more"]
        for target, names in found.items()
    }


def _operand(node: TraceNode) -> str:
    if node.label == "number" and not node.name:
        return brief(node.value)
    return node.name or node.op or node.label


def sentence(node: TraceNode, arguments: Iterable[str] = ()) -> str:
    """A node with everything that its tooltip says."""
    call = title(node)
    if node.kind == "earlier":
        return f"{call}, left out"
    if node.op:
        call += f"({', '.join(arguments)})"
    known = f"{shape(node.shape)} {node.dtype}" if node.dtype else "not kept"
    parts = [call, KIND_WORDS[node.kind], known]
    parts += [f"{key}={value}" for key, value in node.statics.items()]
    if node.value is not None:
        parts.append(f"value {brief(node.value)}")
    if gradient(node):
        parts.append(gradient(node))
    if node.seconds is not None:
        parts.append(f"backward {seconds(node.seconds)}")
    if node.kept_bytes:
        parts.append(f"keeps {size_in_bytes(node.kept_bytes)}")
    if node.where:
        parts.append(node.where)
    return ", ".join(parts)
