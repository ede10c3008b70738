"""Receptive fields, followed back over the graph of a real pass.

Two answers, for two questions. *Which pixels can matter?* Marks are sent back from one output
through every node: windows spread them over all cells that they see, elementwise functions pass them on,
and every other node is asked through its own gradient rule (where that is not 0, there is a path).
*How large is the field as a formula?* Forward, every node knows of its output 0 which stretch of
the image it sees, and by how much it moves from one output to the next (its jump).
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import autograd
from autograd.arguments.window import Window
from autograd.kernels import windows as window_kernels
from autograd.viz import words
from autograd.viz.microscope.figure import Figure
from autograd.viz.microscope.multiples import find_layer, first_image, reduced
from autograd.viz.microscope.panels import Cell, Grid, Panel, Picture
from autograd.viz.microscope.read_layers import Array, left_as_it_was
from autograd.viz.tracing.precision import as_read_by

WINDOWS = {"correlate", "max_pool", "max_pool_with_indices", "avg_pool", "windows"}
#: Nodes by which only the padding, not the field, grows.
_SAME = {"clone", "astype", "alias"}


@dataclass(frozen=True)
class Extent:
    """Along one axis: output o sees the cells start + o·jump … start + o·jump + size − 1."""

    jump: int = 1
    start: int = 0
    size: int = 1

    def of(self, output: int) -> tuple[int, int]:
        """First cell and one past the last, padding not cut off."""
        first = self.start + output * self.jump
        return first, first + self.size

    def through(self, window: Window) -> Extent:
        """The extent after a window of one axis has slid over outputs of this extent."""
        return Extent(
            self.jump * window.stride[0],
            self.start - window.padding[0][0] * self.jump,
            self.size + (window.spans[0] - 1) * self.jump,
        )


@dataclass(frozen=True)
class Stage:
    """One window on the way: its name, geometry, and the field of its outputs (rows, columns)."""

    name: str
    detail: str
    extents: tuple[Extent, ...]
    plane: tuple[int, ...]


@dataclass(frozen=True)
class Field:
    """A receptive field, found."""

    name: str
    at: tuple[int, ...]
    image: Array
    mask: Array
    influence: Array
    stages: list[Stage]
    extents: tuple[Extent, ...] | None
    whole: list[str]


_SIDES = (8, 16, 28, 32, 48, 64, 96, 128, 224)
"""Of the square images tried where none is given."""


def run_to(model: Any, layer: Any, image: Array, who: str) -> tuple[Any, Any, str]:
    """Run a model on an image and catch a layer's output; returns (x, output, the layer's name).

    Raises:
        ValueError: if the layer is not in the model or was not run.
    """
    x = autograd.tensor(as_read_by(model, image), requires_grad=True)
    if layer is None:
        with left_as_it_was(model):
            return x, model(x), "output"
    modules = dict(model.named_modules()) if hasattr(model, "named_modules") else {}
    path = find_layer(who, modules, layer)
    caught: list[Any] = []
    handle = modules[path].register_forward_hook(
        lambda _module, _inputs, output: caught.append(output)
    )
    try:
        with left_as_it_was(model):
            model(x)
    finally:
        handle.remove()
    if not caught:
        raise ValueError(f"{who}: the layer {path!r} was not run")
    return x, caught[-1], f"{path} ({type(modules[path]).__name__})" if path else "output"


def follow_back(model: Any, layer: Any, at: Sequence[int] | None, x: Any) -> Field:
    """Find the field of one output.

    Raises:
        ValueError, IndexError: see :func:`autograd.viz.receptive_field`.
    """
    who = "viz.receptive_field"
    if x is None:
        return _follow_back_on_noise(who, model, layer, at)
    if isinstance(x, (tuple, list)) and all(isinstance(each, int) for each in x):
        image = np.random.default_rng(0).standard_normal((1, *x)[-4:]).astype(np.float32)
    else:
        image = first_image(x)
    x, output, name = run_to(model, layer, image, who)
    if getattr(output, "_node", None) is None:
        raise ValueError(f"{who}: the output of {name!r} does not depend on the image")
    index = _index(who, at, output.shape)
    seed = np.zeros(output.shape, bool)
    seed[index] = True
    mask, whole = _mark_back(output._node, output._index, seed, x._node)
    extents, stages = measure(output._node, x._node)  # before backward frees the kernels
    (gradient,) = autograd.grad(output[index], [x], allow_unused=True)
    influence = np.zeros(image.shape) if gradient is None else abs(gradient.numpy())
    return Field(
        name, index, image[0], mask[0].any(axis=0), influence[0].sum(axis=0), stages, extents, whole
    )


def _follow_back_on_noise(who: str, model: Any, layer: Any, at: Sequence[int] | None) -> Field:
    """The field on the smallest square image that the model takes and the field lies within.

    Raises:
        ValueError: if the number of channels can't be known, or no image does.
    """
    modules = dict(model.named_modules()) if hasattr(model, "named_modules") else {}
    if layer is not None:
        find_layer(who, modules, layer)
    channels = next((m.in_channels for m in modules.values() if hasattr(m, "in_channels")), None)
    if channels is None:
        raise ValueError(
            f"{who}: give an image x, or the shape (C, H, W) of one: nothing in "
            f"{type(model).__name__} says how many channels it takes"
        )
    found = None
    for side in _SIDES:
        try:
            field = follow_back(model, layer, at, (channels, side, side))
        except (ValueError, IndexError):
            continue  # too small for its kernels or for `at`, or not what a linear layer expects
        found = field
        edge = field.mask.copy()
        edge[1:-1, 1:-1] = False
        if not edge.any():
            break
    if found is None:
        raise ValueError(
            f"{who}: give an image x, or the shape (C, H, W) of one: with at={at} the model takes "
            f"none of {channels} channels and a side of {', '.join(map(str, _SIDES))}"
        )
    return found


def _index(who: str, at: Sequence[int] | None, shape: tuple[int, ...]) -> tuple[int, ...]:
    if at is None:
        at = [length // 2 if axis > 1 else 0 for axis, length in enumerate(shape)]
    index = [int(each) for each in at]
    index = [0] * (len(shape) - len(index)) + index
    names = ("image", "channel", *(("row", "column") if len(shape) == 4 else ()))
    if len(index) != len(shape):
        raise IndexError(f"{who}: at={tuple(at)}: the output {tuple(shape)} has {len(shape)} axes")
    for axis, (each, n) in enumerate(zip(index, shape, strict=True)):
        if not -n <= each < n:
            name = names[axis] if axis < len(names) else f"place on axis {axis}"
            raise IndexError(
                f"{who}: at={tuple(at)}: {name} {each} is out of range for the output {tuple(shape)}"
            )
    return tuple(each % n for each, n in zip(index, shape, strict=True))


# -- which pixels can matter ----------------------------------------------------------------------


def _mark_back(node: Any, output: int, seed: Array, leaf: Any) -> tuple[Array, list[str]]:
    """Send marks back to the leaf; returns its marks and the nodes that mix the whole plane."""
    marks: dict[tuple[Any, int], Array] = {(node, output): seed}
    pending = [(-node.seq, id(node), node)]
    whole: list[str] = []
    seen = {node}
    result = np.zeros(leaf.shape, bool)
    while pending:
        _, _, node = heapq.heappop(pending)
        if node is leaf:
            result |= marks[node, 0]
            continue
        if not node.parents:
            continue
        arriving = [marks.get((node, k)) for k in range(node.primitive.outputs)]
        for position, parent in enumerate(node.parents):
            if parent is None:
                continue
            place = node.index_of_parent(position)
            shape = parent.shape_of(place)
            sent = _through(node, position, shape, arriving)
            if node.primitive.name not in WINDOWS and sent.ndim == 4:
                first = next(mark for mark in arriving if mark is not None)
                if first.ndim == 4 and _fills(sent) and not _fills(first):
                    whole.append(node.primitive.name)
            key = (parent, place)
            marks[key] = marks[key] | sent if key in marks else sent
            if parent not in seen:
                seen.add(parent)
                heapq.heappush(pending, (-parent.seq, id(parent), parent))
    return result, whole


def _fills(mark: Array) -> bool:
    """Whether marks cover the whole plane."""
    return bool(mark.any(axis=(0, 1)).all())


def _through(node: Any, position: int, shape: tuple[int, ...], arriving: list[Any]) -> Array:
    """What the marks on a node's outputs say of one of its inputs."""
    primitive = node.primitive
    if primitive.name in WINDOWS and primitive.name != "windows" and position == 0:
        return _through_window(node, shape, arriving[0])
    if primitive.broadcasts or primitive.elementwise:
        mark = arriving[0]
        lead = mark.ndim - len(shape)
        mark = mark.any(axis=tuple(range(lead))) if lead else mark
        narrow = tuple(axis for axis, n in enumerate(shape) if n == 1 and mark.shape[axis] != 1)
        return mark.any(axis=narrow, keepdims=True) if narrow else mark
    return _through_rule(node, position, shape, arriving)


def _through_window(node: Any, shape: tuple[int, ...], mark: Array) -> Array:
    static = node.static_values()
    window = static["window"]
    if node.primitive.name == "correlate":  # every channel of the group sees every channel
        groups = static["groups"]
        grouped = mark.reshape(mark.shape[0], groups, -1, *mark.shape[2:]).any(axis=2)
        mark = grouped.repeat(shape[1] // groups, axis=1)
    rank = len(window.kernel)
    cells = np.broadcast_to(mark.reshape(mark.shape + (1,) * rank), mark.shape + window.kernel)
    counts = window_kernels.fold_windows(
        cells.astype(np.float32), input_shape=shape[2:], window=window
    )
    return counts > 0


def _through_rule(node: Any, position: int, shape: tuple[int, ...], arriving: list[Any]) -> Array:
    """Ask the node's own gradient rule: where a random gradient arrives, there is a path."""
    random = np.random.default_rng(1)
    dtypes = node.dtype if node.primitive.outputs > 1 else (node.dtype,)
    g = [
        None if mark is None else (mark * random.uniform(0.5, 1.5, mark.shape)).astype(dtype)
        for mark, dtype in zip(arriving, dtypes, strict=True)
    ]
    needs = tuple(parent if k == position else None for k, parent in enumerate(node.parents))
    with autograd.no_grad():
        value = node.gradients(tuple(g) if node.several else g[0], node.saved, needs)[position]
    if value is None:
        return np.zeros(shape, bool)
    value = np.asarray(value.data if hasattr(value, "_node") else value)
    return np.broadcast_to(value != 0, shape)


# -- the field as a formula ---------------------------------------------------------------------


def measure(node: Any, leaf: Any) -> tuple[tuple[Extent, ...] | None, list[Stage]]:
    """Extents of a node's outputs (None if some node mixes the plane), and the stages."""
    order, seen, pending = [], {node}, [node]
    while pending:
        each = pending.pop()
        order.append(each)
        for parent in each.parents:
            if parent is not None and parent not in seen:
                seen.add(parent)
                pending.append(parent)
    extents: dict[Any, tuple[Extent, ...] | None] = {}
    stages: list[Stage] = []
    for each in sorted(order, key=lambda each: each.seq):
        if each is leaf:
            extents[each] = (Extent(),) * (len(leaf.shape) - 2)
            continue
        inputs = [(k, p) for k, p in enumerate(each.parents) if p is not None and p in extents]
        if not inputs:
            continue
        extents[each] = _extents_after(each, inputs, extents)
        found = extents[each]
        if found is not None and each.primitive.name in WINDOWS:
            window = each.static_values()["window"]
            detail = f"window {words.shape(window.kernel)}, stride {words.shape(window.stride)}"
            if any(map(any, window.padding)):
                detail += f", padding {words.shape([before for before, _ in window.padding])}"
            if max(window.dilation) > 1:
                detail += f", dilation {words.shape(window.dilation)}"
            name = each.module or each.primitive.name
            stages.append(Stage(name, detail, found, tuple(each.shape_of(0)[2:])))
    return extents.get(node), stages


def _extents_after(
    node: Any, inputs: list[tuple[int, Any]], extents: dict[Any, Any]
) -> tuple[Extent, ...] | None:
    known = [extents[parent] for _, parent in inputs]
    if any(each is None for each in known):
        return None
    name, first = node.primitive.name, known[0]
    if name in WINDOWS:
        window = node.static_values()["window"]
        return tuple(extent.through(window.along(axis)) for axis, extent in enumerate(first))
    if name == "pad":
        widths = node.static_values()["widths"][2:]
        return tuple(
            replace(extent, start=extent.start - before * extent.jump)
            for extent, (before, _) in zip(first, widths, strict=True)
        )
    if name == "take_axis":
        return _extents_of_copies(node, inputs[0][1].shape, first)
    shape = node.shape_of(0)
    same = all(parent.shape_of(node.index_of_parent(k)) == shape for k, parent in inputs)
    if same and (node.primitive.broadcasts or node.primitive.elementwise or name in _SAME):
        return _union(known)
    if name == "normalize" and len(shape) == len(first) + 2:
        return first  # in training it also sees the whole batch; the marks say so
    return None


def _extents_of_copies(
    node: Any, shape: tuple[int, ...], first: tuple[Extent, ...]
) -> tuple[Extent, ...] | None:
    """Padding by copies shifts the axis by the width of the copies before it."""
    static = node.static_values()
    index, axis = np.asarray(static["index"]), static["axis"] - 2
    inner = np.arange(shape[static["axis"]])
    if axis < 0:
        return None
    for before in range(len(index) - len(inner) + 1):
        if (index[before : before + len(inner)] == inner).all():
            moved = replace(first[axis], start=first[axis].start - before * first[axis].jump)
            return (*first[:axis], moved, *first[axis + 1 :])
    return None


def _union(known: list[tuple[Extent, ...]]) -> tuple[Extent, ...] | None:
    """The extents of a sum of branches, whose jumps must agree."""
    joined = []
    for axis in zip(*known, strict=True):
        if len({extent.jump for extent in axis}) > 1:
            return None
        start = min(extent.start for extent in axis)
        stop = max(extent.start + extent.size for extent in axis)
        joined.append(Extent(axis[0].jump, start, stop - start))
    return tuple(joined)


class ReceptiveField(Figure):
    """The receptive field of one output; see :func:`autograd.viz.receptive_field`.

    Attributes:
        mask: (H, W), True for pixels that can matter. influence: (H, W), |gradient| summed over
            channels.
        box: first row, first column, one past the last row and column of the mask.
        size: rows and columns of the field, not cut off at the border; of the mask where that is
            unknown.
        jump: how far the field moves from one output to the next, (rows, columns), or None.
        stages: `Stage` for every window on the way, first to last.
    """

    def __init__(self, field: Field, *, title: str = "", theme: str = "auto") -> None:
        super().__init__(title=title, theme=theme)
        self.field = field
        self.mask, self.influence, self.stages = field.mask, field.influence, field.stages

    @property
    def box(self) -> tuple[int, int, int, int]:
        rows, columns = (np.flatnonzero(self.mask.any(axis=axis)) for axis in (1, 0))
        if not len(rows):
            return 0, 0, 0, 0
        return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1

    @property
    def size(self) -> tuple[int, int]:
        extents = self.field.extents
        if extents is not None and len(extents) == 2 and not self.field.whole:
            return extents[0].size, extents[1].size
        r0, c0, r1, c1 = self.box
        return r1 - r0, c1 - c0

    @property
    def jump(self) -> tuple[int, ...] | None:
        extents = self.field.extents
        return None if extents is None else tuple(extent.jump for extent in extents)

    def summary(self) -> str:
        at = ", ".join(map(str, self.field.at[1:]))
        total = self.mask.size
        return (
            f"Receptive field of ({at}) of {self.field.name}: {words.shape(self.size)} pixels; "
            f"{int(self.mask.sum())} of {total} pixels of the image lie in it"
        )

    def panels(self) -> list[Panel]:
        r0, c0, r1, c1 = self.box
        image = self.field.image.mean(axis=0)
        pictures: list[Any] = [
            _framed("image (mean of channels), field framed", image, self.box),
            _framed("pixels that can matter", self.mask.astype(float), None),
            _framed("|gradient|, measured here", self.influence, self.box),
        ]
        lines = [
            f"Rows {r0} to {r1 - 1}, columns {c0} to {c1 - 1}"
            + (
                f"; the next output's field lies {words.shape(self.jump)} pixels further"
                if self.jump
                else ""
            )
            + "."
        ]
        cut = (r1 - r0, c1 - c0)
        if cut != self.size:
            lines.append(
                f"{words.shape(self.size)} in all, of which the border leaves {words.shape(cut)}: the rest is padding."
            )
        quiet = int((self.mask & (self.influence == 0)).sum())
        if quiet:
            lines.append(
                f"{quiet} pixels in the field have no influence on this image: a ReLU or a maximum "
                "cut their paths, or their weights are 0."
            )
        if self.field.whole:
            names = ", ".join(dict.fromkeys(self.field.whole))
            lines.append(f"At {names} it grows to the whole plane.")
        panels = [Panel("Where it looks", pictures, lines)]
        if self.stages:
            panels.append(Panel("How it grows", [self._table()], [GROWTH]))
        return panels

    def _table(self) -> Grid:
        cells = [
            [
                Cell(stage.detail),
                Cell(words.shape(stage.plane)),
                Cell(words.shape(extent.size for extent in stage.extents)),
                Cell(words.shape(extent.jump for extent in stage.extents)),
            ]
            for stage in self.stages
        ]
        heads = [stage.name for stage in self.stages]
        return Grid("from the image on", cells, heads, ["window", "output", "field", "jump"])


GROWTH = (
    "Each window adds dilation·(kernel − 1) times the jump so far to the field, and multiplies the jump by "
    "its stride."
)


def _framed(title: str, plane: Array, box: tuple[int, int, int, int] | None) -> Picture:
    small = reduced(plane)
    factor = small.shape[0] / plane.shape[0]
    frame = None
    if box is not None:
        r0, c0, r1, c1 = (round(each * factor) for each in box)
        frame = r0, c0, max(r1, r0 + 1), max(c1, c0 + 1)
    scale = float(abs(small).max(initial=0.0))
    return Picture(title, small, scale, f"orange +{words.number(scale, 3)}", frame, 220.0)
