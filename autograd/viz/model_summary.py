"""``viz.summary``: a model as a table, layer by layer, measured on a real pass."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from autograd.arguments import suggesting
from autograd.arguments.generator import default_generator
from autograd.core.tensor import Tensor
from autograd.creation import tensor
from autograd.func.buffers import kept_buffers
from autograd.viz import words
from autograd.viz.tracing.capture import Capture
from autograd.viz.tracing.precision import as_read_by
from autograd.viz.tracing.trace import Trace, TraceNode

__all__ = ["ModelSummary", "summary"]

_HEADINGS = ("layer", "class", "output", "parameters", "multiply-adds", "kept")


class Row(NamedTuple):
    """A layer, or an operation outside of layers.

    Attributes:
        path: of the module. what: its class with its settings, or the operation's name.
        shape: of its output. parameters: numbers that it learns.
        multiply_adds: of its products; other arithmetic does not count.
        kept: bytes held for backward, each array at the first who holds it.
    """

    path: str
    what: str
    shape: tuple[int, ...]
    parameters: int
    multiply_adds: int
    kept: int


@dataclass
class ModelSummary:
    """The table; it shows itself in a notebook and prints as text."""

    title: str
    rows: list[Row] = field(default_factory=list)
    parameters: int = 0

    @property
    def multiply_adds(self) -> int:
        """Of the whole model."""
        return sum(row.multiply_adds for row in self.rows)

    @property
    def kept(self) -> int:
        """Bytes held for backward by the whole model."""
        return sum(row.kept for row in self.rows)

    def _cells(self) -> list[tuple[str, ...]]:
        rows = [
            (row.path, row.what, words.shape(row.shape), f"{row.parameters:,}",
             f"{row.multiply_adds:,}", words.size_in_bytes(row.kept))
            for row in self.rows
        ]  # fmt: skip
        total = (f"{self.parameters:,}", f"{self.multiply_adds:,}", words.size_in_bytes(self.kept))
        return [*rows, ("total", self.title, "", *total)]

    def text(self) -> str:
        """The table as text."""
        cells = [_HEADINGS, *self._cells()]
        widths = [max(len(row[k]) for row in cells) for k in range(len(_HEADINGS))]
        lines = [
            "  ".join(
                cell.rjust(width) if k > 2 else cell.ljust(width)
                for k, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in cells
        ]
        rule = "─" * max(map(len, lines))
        return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        *rows, total = self._cells()
        body = "".join(_line(row, "td") for row in rows)
        return (
            f"<div style='overflow-x:auto' tabindex='0' role='group' "
            f"aria-label='{html.escape(self.title)}: layers'>"
            f"<table style='border-collapse:collapse;font-variant-numeric:tabular-nums'>"
            f"<caption style='text-align:left'>{html.escape(self.title)}</caption>"
            f"<thead>{_line(_HEADINGS, 'th', 'bottom')}</thead>"
            f"<tbody>{body}</tbody><tfoot>{_line(total, 'td', 'top')}</tfoot></table></div>"
        )


def _line(cells: Sequence[str], tag: str, ruled: str = "") -> str:
    """A row of the table; what is counted stands at the right."""
    rule = f";border-{ruled}:1px solid currentColor" if ruled else ""
    scope = " scope='col'" if tag == "th" else ""
    return "<tr>{}</tr>".format(
        "".join(
            f"<{tag}{scope} style='padding:1px 12px 1px 0;white-space:nowrap;"
            f"text-align:{'right' if k > 2 else 'left'}{rule}'>{html.escape(cell)}</{tag}>"
            for k, cell in enumerate(cells)
        )
    )


@suggesting
def summary(model: Any, *inputs: Any) -> ModelSummary:
    """A model as a table: layers, output shapes, parameters, multiply-adds, bytes kept for backward.

    The model is called once, in the mode that it is in; its running statistics and the default
    random generator stay as they were.

    Args:
        model: a module, or a function of tensors.
        inputs: one for each argument: a shape with its batch axis, such as ``(1, 3, 32, 32)``, for
            which normal random numbers are taken, or an array or tensor.

    Raises:
        TypeError: if the model does not give tensors with a history.

    Example:
        >>> import nn
        >>> from autograd import viz
        >>> model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
        >>> print(viz.summary(model, (1, 1, 8, 8)))
        layer  class                             output   parameters  multiply-adds     kept
        ────────────────────────────────────────────────────────────────────────────────────
        0      Conv2d(1 → 4, 3×3)                1×4×6×6          40          1,296    256 B
        1      ReLU                              1×4×6×6           0              0    576 B
        2      Flatten(start_dim=1, end_dim=-1)  1×144             0              0      0 B
        3      Linear(144 → 2)                   1×2             290            288  1.73 kB
        ────────────────────────────────────────────────────────────────────────────────────
        total  Sequential                                        330          1,584  2.56 kB
    """
    if not callable(model):
        raise TypeError(f"summary: model must be a module or function, got {type(model).__name__}")
    if not inputs:
        raise TypeError(
            "summary: give the shape of an input, as in viz.summary(model, (1, 3, 32, 32))"
        )
    generator = np.random.default_rng(0)
    dtype = _dtype(model)
    arguments = [as_read_by(model, _example(each, generator, dtype)) for each in inputs]
    state = default_generator().bit_generator.state
    try:
        with kept_buffers(model.modules() if hasattr(model, "modules") else ()):
            result = model(*arguments)
    finally:
        default_generator().bit_generator.state = state
    root = _first_tensor(result)
    if root is None or root._node is None:
        raise TypeError(
            "summary: the model gave no tensor with a history; it needs parameters that require a "
            f"gradient, and recording switched on; got {type(result).__name__}"
        )
    trace = Capture(root).trace
    table = ModelSummary(getattr(type(model), "__name__", "model"), _rows(trace))
    parameters = getattr(model, "parameters", None)
    learnt = {id(p): p.size for p in parameters()} if callable(parameters) else {}
    table.parameters = sum(learnt.values()) or sum(row.parameters for row in table.rows)
    return table


def _dtype(model: Any) -> Any:
    parameters = getattr(model, "parameters", None)
    first = next(iter(parameters()), None) if callable(parameters) else None
    return np.float32 if first is None else first.dtype


def _example(given: Any, generator: np.random.Generator, dtype: Any) -> Any:
    """An input: random numbers of a shape, or what was given."""
    if isinstance(given, (tuple, list)) and given and all(type(n) is int for n in given):
        return tensor(generator.normal(size=tuple(given)).astype(dtype))
    return given


def _first_tensor(result: Any) -> Tensor | None:
    pending = [result]
    while pending:
        each = pending.pop()
        if isinstance(each, Tensor):
            return each
        if isinstance(each, dict):
            pending += reversed(list(each.values()))
        elif isinstance(each, (tuple, list)):
            pending += reversed(each)
    return None


def _rows(trace: Trace) -> list[Row]:
    """Operations gathered by layer: neighbours of one leaf module are one row."""
    shapes = {node.id: node for node in trace.nodes}
    sources: dict[int, dict[str, TraceNode]] = {}
    for edge in trace.edges:
        sources.setdefault(edge.target, {})[edge.argument] = shapes[edge.source]
    counted: set[int] = set()
    rows: list[Row] = []
    for node in trace.nodes:
        if not node.op:
            continue
        info = trace.classes.get(node.module)
        leaf = info is not None and info.leaf
        what = info.summary if info is not None and leaf else node.op
        mine = [s for s in sources.get(node.id, {}).values() if s.kind == "parameter"]
        new = [s for s in mine if s.id not in counted]
        counted.update(s.id for s in new)
        row = Row(
            node.module, what, node.shape, sum(s.size for s in new),
            _multiply_adds(node, sources.get(node.id, {})), node.kept_bytes or 0,
        )  # fmt: skip
        if leaf and rows and rows[-1][:2] == row[:2]:
            before = rows.pop()
            row = row._replace(
                parameters=before.parameters + row.parameters,
                multiply_adds=before.multiply_adds + row.multiply_adds,
                kept=before.kept + row.kept,
            )
        rows.append(row)
    return rows


def _multiply_adds(node: TraceNode, sources: dict[str, TraceNode]) -> int:
    """Products that are summed: of convolutions and matrix products."""
    if node.op == "correlate":
        return node.size * math.prod(sources["w"].shape[1:])
    if node.op == "correlate_input":  # transposed convolution: every input meets the whole kernel
        return sources["y"].size * math.prod(sources["w"].shape[1:])
    if node.op == "linear":
        return node.size * sources["w"].shape[-1]
    if node.op == "matmul":
        return node.size * sources["x"].shape[-1]
    return 0
