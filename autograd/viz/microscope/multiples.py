"""Small multiples: the kernels of a layer, and what every layer makes of an image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import autograd
from autograd.text import counted
from autograd.viz import words
from autograd.viz.drawing.svg import text_width
from autograd.viz.microscope.figure import Figure
from autograd.viz.microscope.panels import BETWEEN, WIDTH, Grid, Panel, Picture, align, numbers
from autograd.viz.microscope.read_layers import Array, array, left_as_it_was
from autograd.viz.tracing.precision import as_read_by

#: Planes longer than this are drawn as means of blocks.
PIXELS = 64
#: Numbers of layers, channels and pixels that are tried where all of them are too big for a page.
SMALLER = (
    (99, 64, 32),
    (99, 16, 32),
    (99, 16, 16),
    (99, 8, 16),
    (40, 8, 16),
    (16, 8, 8),
    (8, 4, 8),
)
#: So many names of layers are listed in a message.
NAMED = 40
#: Kernels up to this many taps each way, and this many of them, are printed as numbers.
PRINTED_TAPS, PRINTED_KERNELS = 5, 12


@dataclass(frozen=True)
class Map:
    """What one layer made: its dotted path, its class and the planes (C, H, W)."""

    name: str
    kind: str
    planes: Array


def collect_maps(model: Any, x: Any, layers: Any) -> list[Map]:
    """Run a model on one image and keep the planes that its layers make.

    Raises:
        ValueError: if a layer is not found, or none makes planes.
    """
    who = "viz.feature_maps"
    image = first_image(x)
    modules = dict(model.named_modules()) if hasattr(model, "named_modules") else {}
    wanted = _wanted(who, modules, layers)
    found: list[Map] = []
    handles = []
    for path, module in wanted.items():

        def keep(_module: Any, _inputs: Any, output: Any, path: str = path) -> None:
            planes = _planes(output)
            if planes is not None:
                found.append(Map(path or "output", type(_module).__name__, planes))

        handles.append(module.register_forward_hook(keep))
    try:
        with autograd.no_grad(), left_as_it_was(model):
            output = model(autograd.tensor(as_read_by(model, image)))
    finally:
        for handle in handles:
            handle.remove()
    if not modules and (planes := _planes(output)) is not None:
        found.append(Map("output", getattr(model, "__name__", "function"), planes))
    if not found:
        raise ValueError(f"{who}: no layer made an output of shape (N, C, H, W) or (N, C, L)")
    return found


def _wanted(who: str, modules: dict[str, Any], layers: Any) -> dict[str, Any]:
    """The modules to look at by path: the asked ones, or all that contain no others."""
    if layers is None:
        return {
            path: module
            for path, module in modules.items()
            if not any(True for _ in module.children()) or not path and len(modules) == 1
        }
    chosen = {}
    for layer in [layers] if isinstance(layers, str) or hasattr(layers, "forward") else layers:
        path = find_layer(who, modules, layer)
        chosen[path] = modules[path]
    if not chosen:
        raise ValueError(f"{who}: layers is empty; {_listed(modules)}")
    return chosen


def find_layer(who: str, modules: dict[str, Any], layer: Any) -> str:
    """The dotted path of a layer, given by its path or itself.

    Raises:
        ValueError: if the model has no such layer; it lists those that there are.
    """
    for path, module in modules.items():
        if module is layer or isinstance(layer, str) and path == layer:
            return path
    asked = repr(layer) if isinstance(layer, str) else f"like the given {type(layer).__name__}"
    raise ValueError(f"{who}: the model has no layer {asked}; {_listed(modules)}")


def _listed(modules: dict[str, Any]) -> str:
    """The names of the layers inside a model, in a sentence."""
    names = [path for path in modules if path]
    if not names:
        return "it has no named layers" + ("" if modules else ", being a function")
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"it has {', '.join(names[:NAMED])}{more}"


def first_image(x: Any) -> Array:
    """The first image of a batch, as (1, C, H, W); one image or plane gets the missing axes."""
    image = array(x)
    if image.ndim == 2:
        image = image[None]
    if image.ndim == 3:
        image = image[None]
    if image.ndim != 4 or 0 in image.shape:
        raise ValueError(
            f"x must be images (N, C, H, W), one image or one plane; got {image.shape}"
        )
    return image[:1]


def _planes(output: Any) -> Array | None:
    values = np.asarray(output.data) if hasattr(output, "_node") else output
    if not isinstance(values, np.ndarray) or values.ndim not in (3, 4) or 0 in values.shape:
        return None
    planes = values[0] if values.ndim == 4 else values[0][:, None, :]
    return planes.copy()


class FeatureMaps(Figure):
    """Planes of every layer; see :func:`autograd.viz.feature_maps`.

    Attributes:
        maps: a list of `Map`: name, kind, planes (C, H, W).
    """

    def __init__(
        self,
        maps: list[Map],
        limit: int = 16,
        *,
        title: str = "",
        theme: str = "auto",
        pixels: int = PIXELS,
    ) -> None:
        super().__init__(title=title, theme=theme)
        self.maps, self.limit, self.pixels = maps, limit, pixels

    def smaller(self) -> Iterator[FeatureMaps]:
        for layers, limit, pixels in SMALLER:
            kept = self.maps
            if len(kept) > layers:
                kept = kept[: layers - layers // 4] + kept[-(layers // 4) :]
            yield FeatureMaps(
                kept, min(limit, self.limit), title=self.title, theme=self.theme, pixels=pixels
            )

    @property
    def names(self) -> list[str]:
        """The layers' dotted paths."""
        return [each.name for each in self.maps]

    def summary(self) -> str:
        names = ", ".join(self.names[:6]) + (" …" if len(self.maps) > 6 else "")
        return f"Feature maps of {len(self.maps)} layer{'s' if len(self.maps) > 1 else ''}: {names}"

    def panels(self) -> list[Panel]:
        return [self._panel(each) for each in self.maps]

    def _panel(self, each: Map) -> Panel:
        count = len(each.planes)
        scale = float(abs(each.planes).max(initial=0.0))
        shown = each.planes[: self.limit]
        width = _width(112.0 if len(shown) <= 8 else 84.0, shown)
        parts: list[Any] = [
            Picture(
                f"channel {channel}",
                reduced(plane, self.pixels),
                scale,
                _spread(plane),
                width=width,
            )
            for channel, plane in enumerate(shown)
        ]
        hidden = count - self.limit
        lines = [scale_line(scale)]
        dead = [str(c) for c, plane in enumerate(each.planes) if not plane.any()]
        if dead:
            lines.append(f"All 0 in channel{'s' if len(dead) > 1 else ''} {', '.join(dead[:20])}.")
        if hidden > 0:
            lines.append(f"{hidden} more channels are not shown.")
        shape = words.shape(each.planes.shape)
        name = each.name if each.name == each.kind else f"{each.name} ({each.kind})"
        return Panel(f"{name}: {shape}", parts, lines)


def scale_line(scale: float, of: str = "") -> str:
    """How colours are to be read, those of all pictures or ``of`` some."""
    end = words.number(scale, 3)
    return f"One scale for all{of and ' '}{of}: blue −{end}, white 0, orange +{end}."


def _spread(plane: Array) -> str:
    low, high = float(plane.min()), float(plane.max())
    if low == high:
        return f"all {words.number(low, 2)}"
    return f"{words.number(low, 2)} … {words.number(high, 2)}"


def _width(least: float, planes: Any) -> float:
    """One width for all pictures of some planes, wide enough for what is written below them."""
    return max([least, *(text_width(_spread(plane), 10) for plane in planes)])


def reduced(plane: Array, pixels: int = PIXELS) -> Array:
    """A plane of at most ``pixels`` cells each way: means of blocks."""
    step = max(1, -(-max(plane.shape) // pixels))
    if step == 1:
        return plane
    rows, columns = np.arange(0, plane.shape[0], step), np.arange(0, plane.shape[1], step)
    sums = np.add.reduceat(np.add.reduceat(plane.astype(float), rows, 0), columns, 1)
    counts = np.diff([*rows, plane.shape[0]])[:, None] * np.diff([*columns, plane.shape[1]])
    return sums / counts


# -- kernels ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Weights:
    """The kernels of a layer, (O, C / groups, kH, kW)."""

    name: str
    values: Array
    rank: int


def collect_kernels(layer: Any, gradient: bool) -> Weights:
    """The kernels of a layer, or their gradient.

    Raises:
        TypeError: if there is no weight; ValueError: if it has no plane or no gradient.
    """
    who = "viz.kernels"
    name, weight = "kernel", layer
    if hasattr(layer, "weight") and not hasattr(layer, "_node"):
        name, weight = type(layer).__name__, layer.weight
    elif not hasattr(layer, "shape") and not isinstance(layer, (list, tuple)):
        raise TypeError(
            f"{who}: give a layer with a weight, or the weight; got {type(layer).__name__}"
        )
    if gradient:
        weight = getattr(weight, "grad", None)
        name = f"gradient of {name}"
        if weight is None:
            raise ValueError(f"{who}: the weight has no gradient yet; call backward() first")
    values = array(weight)
    if values.ndim == 2 and weight is not layer and hasattr(layer, "in_features"):
        raise TypeError(
            f"{who}: {name} has a matrix of weights and no kernels; to see its rows as planes, give "
            "layer.weight.reshape(-1, 1, height, width)"
        )
    if values.ndim == 2:
        values = values[None, None]
    if values.ndim not in (3, 4):
        raise ValueError(
            f"{who}: the weight must be (O, C / groups, kH, kW) or (O, C / groups, K), got {values.shape}"
        )
    return Weights(name, values if values.ndim == 4 else values[:, :, None], values.ndim - 2)


class Kernels(Figure):
    """Kernels side by side; see :func:`autograd.viz.kernels`.

    Attributes:
        values: (O, C / groups, kH, kW).
    """

    def __init__(
        self, weights: Weights, limit: int = 16, channels: int = 4, *, title: str = "",
        theme: str = "auto",
    ) -> None:  # fmt: skip
        super().__init__(title=title, theme=theme)
        self.values, self.name, self.rank = weights.values, weights.name, weights.rank
        self.limit, self.channels = limit, channels

    def summary(self) -> str:
        outputs, inputs = self.values.shape[:2]
        return (
            f"{self.name}: {counted(outputs, 'output channel')} × {counted(inputs, 'input channel')}, "
            f"{words.shape(self.values.shape[2:] if self.rank == 2 else self.values.shape[3:])} each; "
            f"{self.values.size:,} weights"
        )

    def panels(self) -> list[Panel]:
        outputs, inputs = self.values.shape[:2]
        shown = self.values[: self.limit, : self.channels]
        scale = float(abs(self.values).max(initial=0.0))
        small = (
            max(shown.shape[2:]) <= PRINTED_TAPS and len(shown) * shown.shape[1] <= PRINTED_KERNELS
        )
        width = _width(72.0, shown.reshape(-1, *shown.shape[2:]))
        # Each output channel's kernels stay on one line, which has room for several channels.
        each = 1 if small else max(1, int((WIDTH - 12) // (shown.shape[1] * (width + BETWEEN))))
        parts: list[Any] = []
        for output, kernels in enumerate(shown):
            for channel, kernel in enumerate(kernels):
                name = f"{output}" if inputs == 1 else f"{output} ← {channel}"
                if small:
                    parts.append(numbers(name, kernel, scale=scale, signed=True))
                else:
                    parts.append(Picture(name, kernel, scale, _spread(kernel), width=width))
            if inputs > 1 and (output + 1) % each == 0 and (not small or shown.shape[1] > 2):
                parts.append("\n")
        if parts[-1] == "\n":
            parts.pop()
        align([part for part in parts if isinstance(part, Grid)])
        lines = [scale_line(scale)]
        if inputs > 1:
            lines.append("o ← c is the kernel by which output channel o looks at input channel c.")
        if len(shown) < outputs or shown.shape[1] < inputs:
            lines.append(
                f"Shown: {len(shown)} of {counted(outputs, 'output channel')}, "
                f"{shown.shape[1]} of {counted(inputs, 'input channel')}."
            )
        return [Panel("", parts, lines)]
