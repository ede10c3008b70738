"""The trace: a computation graph and its backward pass as plain data.

Every picture in :mod:`autograd.viz` is a rendering of a :class:`Trace`, and a trace knows nothing
of tensors or the engine: ids count from 1, values are summaries within a budget, and the JSON form
    is the
same text for the same program. So pictures can be compared, stored and asserted on.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from autograd.module_paths import ModuleInfo
from autograd.text import to_json

FORMAT = "glassgrad-trace"
VERSION = 1

#: Tensors up to this many elements are kept with all their numbers, larger ones as statistics.
SMALL = 36
#: A thumbnail has at most this many rows and columns, ...
THUMBNAIL_SIDE = 12
#: ... and cells from -9 to 9 (times ``scale / 9``); this value marks a cell holding NaN or
#: infinity.
NONFINITE_CELL = 10
#: Of an array with more than two axes so many planes have a thumbnail.
PLANES = 16

KINDS = ("parameter", "input", "constant", "op", "output", "earlier")


@dataclass(frozen=True, slots=True)
class Summary:
    """What a picture may know of an array: all numbers when it is small, else statistics.

    ``values`` is a number or nested lists, or None for an array of more than the budgeted elements;
    then ``thumbnail`` holds block means of its last two axes, at ``corner`` of the leading axes: in
    the plane that holds the largest magnitude, or the first number that is not finite. ``planes``
    are the first ones, that one among them, each with its place and its cells: a row of letters for
    each row, ``a`` to ``s`` for -9 to 9 and ``x`` for what is not finite. All have one ``scale``.
    ``minimum``, ``maximum``, ``mean`` and ``norm`` (Euclidean) regard finite elements only and are
    None when there is none; ``nans`` and ``infinities`` count the others.
    """

    shape: tuple[int, ...]
    dtype: str
    values: Any = None
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    norm: float | None = None
    nans: int = 0
    infinities: int = 0
    thumbnail: tuple[tuple[int, ...], ...] | None = None
    scale: float = 0.0
    corner: tuple[int, ...] = ()
    planes: tuple[tuple[tuple[int, ...], str], ...] = ()

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def is_zero(self) -> bool:
        """Whether every element is exactly 0 (an array without elements is not called zero)."""
        finite = self.nans == 0 and self.infinities == 0
        return finite and self.minimum == 0.0 and self.maximum == 0.0


@dataclass(slots=True)
class TraceNode:
    """One node: a leaf (parameter, input, constant) or the result of an operation.

    ``gradient_state`` is ``"value"`` (``gradient`` holds it), ``"none"`` (wanted, but there is none
    yet: not the same as zero) or ``"untracked"`` (no gradient is kept here). ``backward_calls``
        says how
    many passes the gradient is a sum of, when that is known. ``seconds`` is the measured time of
    its backward rule and ``kept_bytes`` what it holds for that rule. A constant without dtype is an
    operand that nobody kept: neither its shape nor its value is known.
    """

    id: int
    kind: str
    label: str
    op: str = ""
    shape: tuple[int, ...] = ()
    dtype: str = "float32"
    module: str = ""
    name: str = ""
    statics: dict[str, str] = field(default_factory=dict)
    value: Summary | None = None
    gradient: Summary | None = None
    gradient_state: str = "untracked"
    backward_calls: int = 0
    seconds: float | None = None
    kept_bytes: int | None = None
    where: str = ""

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class Edge:
    """Data flowing from node ``source`` into the ``argument`` of node ``target`` (x·x has two)."""

    source: int
    target: int
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What a step sends to one parent: ``before + contribution = after``.

    ``before`` is None when nothing had arrived there yet. ``hidden`` tells that the numbers are
    beyond the budget and only the parent is known.
    """

    parent: int
    argument: str
    before: Summary | None
    contribution: Summary | None
    after: Summary | None


@dataclass(slots=True)
class Step:
    """One step of the backward pass: a node's rule is applied to the gradient that reached it.

    ``rules`` are as written in the source; ``formulas`` say the longer ones shortly.
    """

    number: int
    node: int
    incoming: Summary | None
    rules: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, Summary] = field(default_factory=dict)
    contributions: list[Contribution] = field(default_factory=list)
    seconds: float | None = None
    formulas: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Omitted:
    """What a trace leaves out of a graph too big to look at: all but the newest operations.

    One node of kind "earlier" stands for it. ``modules`` are paths and how many of the operations
    are inside, ``classes`` what stands there.
    """

    operations: int
    parameters: int = 0
    inputs: int = 0
    modules: tuple[tuple[str, int], ...] = ()
    classes: dict[str, ModuleInfo] = field(default_factory=dict)

    @property
    def nodes(self) -> int:
        """How many operations and leaves."""
        return self.operations + self.parameters + self.inputs

    @property
    def title(self) -> str:
        """What the node that stands for it is called."""
        return f"{self.operations:,} earlier operations"


@dataclass(slots=True)
class Trace:
    """A graph, its nodes after their parents, and its backward pass if one was taken.

    ``classes`` tells what module stands at a path, where that is known; ``omitted`` what is left out
    of a big graph, None for nothing.
    """

    nodes: list[TraceNode]
    edges: list[Edge]
    steps: list[Step] = field(default_factory=list)
    title: str = ""
    note: str = ""
    classes: dict[str, ModuleInfo] = field(default_factory=dict)
    omitted: Omitted | None = None

    @property
    def size(self) -> int:
        """How many nodes the graph has: those here, and the operations and leaves left out."""
        return len(self.nodes) + (self.omitted.nodes - 1 if self.omitted else 0)

    @property
    def all_steps(self) -> int:
        """How many steps the whole backward pass takes."""
        return len(self.steps) + (self.omitted.operations if self.omitted else 0)

    def node(self, identifier: int) -> TraceNode:
        """The node with this id; ids count from 1 without gaps."""
        return self.nodes[identifier - 1]

    def arrived(self) -> dict[int, Summary]:
        """The whole gradient of every node that the steps reached."""
        result: dict[int, Summary] = {}
        for step in self.steps:
            if step.incoming is not None:
                result[step.node] = step.incoming
            for each in step.contributions:
                if each.after is not None:
                    result[each.parent] = each.after
        return result

    @property
    def modules(self) -> dict[str, list[str]]:
        """The module tree: each dotted path with the paths directly inside it."""
        tree: dict[str, list[str]] = {"": []}
        for node in self.nodes:
            parent = ""
            parts = node.module.split(".") if node.module else []
            for depth in range(1, len(parts) + 1):
                path = ".".join(parts[:depth])
                if path not in tree:
                    tree[path] = []
                    tree[parent].append(path)
                parent = path
        return tree

    def to_json(self, indent: int | None = None) -> str:
        """The trace as strict JSON text (NaN and ∞ become strings)."""
        content = {
            "format": FORMAT,
            "version": VERSION,
            "title": self.title,
            "note": self.note,
            "modules": self.modules,
            "classes": {path: info._asdict() for path, info in sorted(self.classes.items())},
            "nodes": [asdict(node) for node in self.nodes],
            "edges": [asdict(edge) for edge in self.edges],
            "steps": [asdict(step) for step in self.steps],
        }
        if self.omitted is not None:
            content["omitted"] = {
                **asdict(self.omitted),
                "classes": {path: each._asdict() for path, each in self.omitted.classes.items()},
            }
        return to_json(_strict(content), indent=indent, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Trace:
        """The trace that :meth:`to_json` wrote. Raises ValueError for anything else."""
        content = json.loads(text)
        if content.get("format") != FORMAT or content.get("version") != VERSION:
            raise ValueError(
                f"expected a {FORMAT} of version {VERSION}, got "
                f"{content.get('format')!r} version {content.get('version')!r}"
            )
        return cls(
            nodes=[_node(entry) for entry in content["nodes"]],
            edges=[Edge(**entry) for entry in content["edges"]],
            steps=[_step(entry) for entry in content["steps"]],
            title=content["title"],
            note=content["note"],
            classes={path: ModuleInfo(**info) for path, info in content["classes"].items()},
            omitted=_omitted(content.get("omitted")),
        )


#: Asking a dtype for its name takes longer than all else that is said of a number.
_NAMES = {char: np.dtype(char).name for char in np.typecodes["Float"]}

_names: dict[Any, str] = {}


def name_of_dtype(dtype: Any) -> str:
    """``float32``; ``str(dtype)`` takes long, and few different ones are ever asked for."""
    try:
        return _names[dtype]
    except KeyError:
        return _names.setdefault(dtype, str(dtype))


# -- summaries ----------------------------------------------------------------------------------


def summarize(array: Any, small: int = SMALL) -> Summary:
    """Summarize an array: its numbers up to ``small`` elements, else a thumbnail.

    >>> summarize(np.array([1.0, -2.0])).values
    [1.0, -2.0]
    """
    if type(array) is np.ndarray and not array.shape:
        array = array[()]
    if isinstance(array, np.floating) and math.isfinite(array):  # the common case in scalar graphs
        exact, rounded = float(str(array)), _round(array)
        norm = abs(rounded)
        return Summary((), _NAMES[array.dtype.char], exact, rounded, rounded, rounded, norm)
    array = np.asarray(array)
    if array.dtype == object:
        raise TypeError("a trace summarizes numeric arrays; got an array of Python objects")
    numbers = np.abs(array) if array.dtype.kind == "c" else array
    numbers = numbers.astype(np.float64, copy=False)
    nans = infinities = 0
    regular = numbers
    with np.errstate(invalid="ignore", over="ignore"):
        suspicious = not math.isfinite(numbers.sum())
    if suspicious:
        nans = int(np.count_nonzero(np.isnan(numbers)))
        infinities = int(np.count_nonzero(np.isinf(numbers)))
        regular = numbers[np.isfinite(numbers)]
    statistics: dict[str, Any] = {}
    if regular.size:
        # Not by BLAS, whose threads take longer to wake up than such a sum does.
        with np.errstate(over="ignore"):
            squares = float(np.square(regular).sum())
        statistics = {
            "minimum": _round(regular.min()),
            "maximum": _round(regular.max()),
            "mean": _round(regular.mean()),
            "norm": _round(math.sqrt(squares)),
        }
    if array.size <= small:
        detail: dict[str, Any] = {"values": _exact(array)}
    else:
        detail = _thumbnails(numbers)
    return Summary(
        shape=tuple(int(length) for length in array.shape),
        dtype=str(array.dtype),
        nans=nans,
        infinities=infinities,
        **statistics,
        **detail,
    )


def _round(number: Any) -> float:
    """Six significant digits: more would differ between processors that add in another order."""
    return float(f"{float(number):.6g}")


def _exact(array: np.ndarray) -> Any:
    """Nested lists of numbers, short in the array's own precision: 0.1, not 0.10000000149."""
    if array.dtype.kind == "f":
        flat = [float(str(number)) for number in array.ravel()]
        return np.array(flat, dtype=np.float64).reshape(array.shape).tolist()
    if array.dtype.kind == "c":
        return (
            np.vectorize(str, otypes=[object])(array).tolist() if array.ndim else str(array.item())
        )
    return array.tolist()


def _thumbnails(numbers: np.ndarray) -> dict[str, Any]:
    """Block means of planes of the last two axes, as integers from -9 to 9 on one scale."""
    leading = numbers.shape[:-2]
    planes = numbers.reshape(-1, *np.atleast_2d(numbers).shape[-2:])
    chosen = 0
    if leading:
        largest = np.where(np.isfinite(numbers), np.abs(numbers), np.inf).argmax()
        chosen = int(largest) // (planes.shape[1] * planes.shape[2])
    shown = [*range(min(len(planes), PLANES))]
    if chosen not in shown:
        shown[-1] = chosen
    cells, scale = _cells(planes[shown])
    pages = ["/".join(map(_letters, plane)) for plane in cells]
    places = [_place(each, leading) for each in shown]
    return {
        "thumbnail": tuple(tuple(row) for row in cells[shown.index(chosen)].tolist()),
        "scale": scale,
        "corner": _place(chosen, leading),
        "planes": tuple(zip(places, pages, strict=True)) if len(planes) > 1 else (),
    }


def _cells(planes: np.ndarray) -> tuple[np.ndarray, float]:
    """Planes as cells of block means, and what the largest of these is."""
    for axis in (1, 2):
        length = planes.shape[axis]
        blocks = min(length, THUMBNAIL_SIDE)
        starts = (np.arange(blocks) * length) // blocks
        counts = np.diff(np.append(starts, length))
        with np.errstate(invalid="ignore", over="ignore"):
            planes = np.add.reduceat(planes, starts, axis=axis)
        planes = planes / (counts[:, None] if axis == 1 else counts)
    finite = np.isfinite(planes)
    scale = _round(np.abs(planes[finite]).max()) if finite.any() else 0.0
    with np.errstate(invalid="ignore"):
        cells = np.where(finite, np.rint(9 * planes / (scale or 1.0)), NONFINITE_CELL)
    return cells.astype(np.int8), scale


def _letters(row: np.ndarray) -> str:
    codes = np.where(row == NONFINITE_CELL, ord("x"), ord("j") + row)
    return codes.astype(np.uint8).tobytes().decode("ascii")


def _place(number: int, leading: tuple[int, ...]) -> tuple[int, ...]:
    """The index of a plane in the leading axes."""
    return tuple(int(each) for each in np.unravel_index(number, leading)) if leading else ()


# -- JSON ---------------------------------------------------------------------------------------


def _strict(value: Any) -> Any:
    """The value without empty fields' noise and with NaN and ±∞ as strings, which JSON can hold."""
    if isinstance(value, dict):
        return {str(key): _strict(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strict(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return value


def _numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [_numbers(entry) for entry in value]
    return float(value) if value in ("NaN", "Infinity", "-Infinity") else value


def _summary(entry: dict[str, Any] | None) -> Summary | None:
    if entry is None:
        return None
    content = dict(entry)
    content["shape"] = tuple(content["shape"])
    content["corner"] = tuple(content["corner"])
    content["values"] = _numbers(content["values"])
    if content["thumbnail"] is not None:
        content["thumbnail"] = tuple(tuple(row) for row in content["thumbnail"])
    planes = content.get("planes", ())
    content["planes"] = tuple((tuple(place), cells) for place, cells in planes)
    return Summary(**content)


def _omitted(entry: dict[str, Any] | None) -> Omitted | None:
    if entry is None:
        return None
    content = dict(entry)
    content["modules"] = tuple((path, count) for path, count in content["modules"])
    content["classes"] = {path: ModuleInfo(**info) for path, info in content["classes"].items()}
    return Omitted(**content)


def _node(entry: dict[str, Any]) -> TraceNode:
    content = dict(entry)
    content["shape"] = tuple(content["shape"])
    content["value"] = _summary(content["value"])
    content["gradient"] = _summary(content["gradient"])
    return TraceNode(**content)


def _step(entry: dict[str, Any]) -> Step:
    content = dict(entry)
    content["incoming"] = _summary(content["incoming"])
    content["inputs"] = {name: _summary(value) for name, value in content["inputs"].items()}
    content["contributions"] = [
        Contribution(
            parent=each["parent"],
            argument=each["argument"],
            before=_summary(each["before"]),
            contribution=_summary(each["contribution"]),
            after=_summary(each["after"]),
        )
        for each in content["contributions"]
    ]
    return Step(**content)
