"""What a layer does with every single number, as the engine did it.

`Model` holds arrays — images, kernels, outputs, gradients — taken from one real forward and
backward pass, and answers in lists of `Term`: one term is one multiplication of the layer.
Everything that the microscope shows is such a list: those of one output, of one pixel, of one tap.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

import autograd
from autograd.arguments.window import Window
from autograd.kernels.pooling.average import pool_divisors
from autograd.viz.microscope.geometry import Pair, Windows, padded
from autograd.viz.microscope.read_layers import Array, Conv, Pool

At = tuple[int, int, int, int]


@dataclass(frozen=True)
class Term:
    """One multiplication: pixel × weight, on its way into one output.

    Attributes:
        output: (n, o, i, j). channel: of the input. tap: place (u, v) in the window.
        position: where it looks; negative or beyond the image in the padding.
        pixel: the pixel that stands there, None for padding with a constant.
        x: the number there. weight: what it is multiplied by.
        gradient: the gradient that arrived at the output.
    """

    output: At
    channel: int
    tap: Pair
    position: Pair
    pixel: Pair | None
    x: float
    weight: float
    gradient: float

    @property
    def product(self) -> float:
        """What it adds to the output: x · weight."""
        return 0.0 if self.x == 0 or self.weight == 0 else self.x * self.weight

    @property
    def to_pixel(self) -> float:
        """What comes back to the pixel: gradient · weight."""
        return self.gradient * self.weight

    @property
    def to_weight(self) -> float:
        """What comes back to the weight: gradient · x."""
        return 0.0 if self.gradient == 0 else self.gradient * self.x


class Model(ABC):
    """Common to convolution and pooling: windows over images, and terms by output, pixel and tap.

    Attributes:
        x: (N, C, H, W). y, g: output and its gradient, (N, O, H′, W′). dx: the gradient of x.
        windows: the geometry. mode: what stands in the padding.
    """

    kind = ""

    def __init__(self, name: str, x: Array, windows: Windows, mode: str, rank: int) -> None:
        self.name, self.x, self.windows, self.mode, self.rank = name, x, windows, mode, rank
        self.y: Array
        self.g: Array
        self.dx: Array

    @cached_property
    def padded(self) -> Array:
        """The images as the windows see them; [..., 0, 0] is position (rows.low, columns.low)."""
        return padded(self.x, self.windows, -np.inf if self.mode == "−∞" else 0.0)

    def at(self, channel: int, position: Pair, image: int) -> float:
        """The number at a position, padding included."""
        rows, columns = self.windows.axes
        return float(self.padded[image, channel, position[0] - rows.low, position[1] - columns.low])

    @property
    def strides(self) -> Pair:
        """The layer's own stride."""
        return self.windows.rows.stride, self.windows.columns.stride

    @property
    def pads(self) -> tuple[int, int, int, int]:
        """The layer's own padding: above, below, left, right."""
        rows, columns = self.windows.axes
        return rows.before, rows.after, columns.before, columns.after

    @abstractmethod
    def channels(self, output: int) -> range:
        """The input channels that an output channel sees."""

    @abstractmethod
    def readers(self, channel: int) -> range:
        """The output channels that see an input channel."""

    @abstractmethod
    def weight(self, at: At, channel: int, tap: Pair) -> float:
        """What the number under a tap is multiplied by."""

    def term(self, at: At, channel: int, tap: Pair) -> Term:
        """One multiplication: what a tap of an output's window does."""
        position = self.windows.position(at[2:], tap)
        return Term(
            at,
            channel,
            tap,
            position,
            self.windows.source(position),
            self.at(channel, position, at[0]),
            self.weight(at, channel, tap),
            float(self.g[at]),
        )

    def of_output(self, at: At) -> list[Term]:
        """The terms that make one output, channel by channel, tap by tap."""
        return [
            self.term(at, channel, tap)
            for channel in self.channels(at[1])
            for tap in self.windows.taps
        ]

    def of_pixel(self, image: int, channel: int, pixel: Pair) -> list[Term]:
        """The terms that one pixel takes part in, by output channel and output."""
        return [
            self.term((image, o, *output), channel, tap)
            for o in self.readers(channel)
            for output, tap in self.windows.reached(pixel)
        ]


class ConvModel(Model):
    """A convolution: ``y = x ⋆ w + bias``, with the gradients that ``g`` brings to x, w and bias.

    With ``flip`` it is true convolution: the window meets the kernel turned by 180°.
    """

    kind = "conv"

    def __init__(self, conv: Conv, gradient: Any = None, flip: bool = False) -> None:
        super().__init__(conv.name, conv.x, conv.windows, conv.mode, conv.rank)
        self.w, self.bias, self.groups, self.flip = conv.w, conv.bias, conv.groups, flip
        x = autograd.tensor(conv.x, requires_grad=True)
        w = autograd.tensor(conv.w, requires_grad=True)
        y = self._run(x, w)
        self.y = y.detach().numpy()
        self.g = as_gradient(gradient, self.y, conv.rank)
        self.dx, self.dw = _gradients(y, [x, w], self.g)

    def _run(self, x: Any, w: Any) -> Any:
        window, around = self.windows.window, ((0, 0), (0, 0))
        if self.mode != "zeros":
            x = autograd.pad_index(x, (*around, *window.padding), self.mode, who="viz.conv")
            window = window._replace(padding=around)
        function = autograd.convolve if self.flip else autograd.correlate
        return function(x, w, self.bias, window, groups=self.groups, who="viz.conv")

    def channels(self, output: int) -> range:
        each = self.w.shape[1]
        first = output // (self.w.shape[0] // self.groups) * each
        return range(first, first + each)

    def readers(self, channel: int) -> range:
        each = self.w.shape[0] // self.groups
        first = channel // self.w.shape[1] * each
        return range(first, first + each)

    def weight_index(self, output: int, channel: int, tap: Pair) -> At:
        """Where in the layer's weight the one at a place of the window is."""
        return (output, channel - self.channels(output)[0], *self.stored(tap))

    def stored(self, tap: Pair) -> Pair:
        """Where in the kernel the weight at a place of the window is stored: there, or across."""
        if not self.flip:
            return tap
        return self.w.shape[2] - 1 - tap[0], self.w.shape[3] - 1 - tap[1]

    def weight(self, at: At, channel: int, tap: Pair) -> float:
        return float(self.w[at[1], channel - self.channels(at[1])[0], *self.stored(tap)])

    def under(self, channel: int, tap: Pair) -> Array:
        """The numbers that a place of the window meets, (N, H′, W′): all that share its weight."""
        rows, columns = self.windows.axes
        first, left = tap[0] * rows.dilation, tap[1] * columns.dilation
        plane = self.padded[:, channel, first :: rows.stride, left :: columns.stride]
        return plane[:, : rows.outputs, : columns.outputs]

    def of_tap(self, output: int, channel: int, tap: Pair) -> list[Term]:
        """The terms that share the weight at a place of the window, over all images."""
        return [
            self.term((image, output, *place), channel, tap)
            for image in range(len(self.x))
            for place, _, _ in self.windows.sharing(tap)
        ]

    def gradient_of_tap(self, output: int, channel: int, tap: Pair) -> float:
        """The engine's gradient of the weight at a place of the window."""
        return float(self.dw[output, channel - self.channels(output)[0], *self.stored(tap)])

    def im2col(self, image: int, group: int = 0) -> tuple[Array, Array]:
        """Patches as rows, kernels as columns: their product is the output before the bias."""
        each = self.w.shape[0] // self.groups
        kernels = self.w[group * each : (group + 1) * each]
        if self.flip:
            kernels = kernels[:, :, ::-1, ::-1]
        seen = self.channels(group * each)
        rows, columns = self.windows.axes
        i = np.arange(rows.outputs)[:, None] * rows.stride + np.arange(rows.kernel) * rows.dilation
        j = (
            np.arange(columns.outputs)[:, None] * columns.stride
            + np.arange(columns.kernel) * columns.dilation
        )
        patches = self.padded[image, seen.start : seen.stop][
            :, i[:, None, :, None], j[None, :, None, :]
        ]
        patches = patches.transpose(1, 2, 0, 3, 4).reshape(rows.outputs * columns.outputs, -1)
        return patches, kernels.reshape(each, -1).T


class TransposedModel(ConvModel):
    """A transposed convolution, seen from its output: the engine's numbers in a convolution's places.

    The window meets the kernel turned by 180° over the image with zeros between its pixels; seen
    from a pixel, the kernel as it is stored is stamped into the output.
    """

    def __init__(self, conv: Conv, gradient: Any = None) -> None:
        assert conv.stated is not None
        self.stated = conv.stated
        super().__init__(conv, gradient, True)

    def _run(self, x: Any, w: Any) -> Any:
        groups = self.groups
        split = w.reshape(groups, w.shape[0] // groups, *w.shape[1:])
        w = split.swapaxes(1, 2).reshape(-1, w.shape[0] // groups, *w.shape[2:])
        y = autograd.correlate_input(
            x, w, self.windows.outputs, self.stated, groups=groups, who="viz.conv"
        )
        return y if self.bias is None else y + self.bias.reshape(-1, 1, 1)

    @property
    def strides(self) -> Pair:
        return self.stated.stride[0], self.stated.stride[1]

    @property
    def pads(self) -> tuple[int, int, int, int]:
        (above, below), (left, right) = self.stated.padding
        return above, below, left, right

    def weight_index(self, output: int, channel: int, tap: Pair) -> At:
        return (channel, output % (self.w.shape[0] // self.groups), *self.stored(tap))


class PoolModel(Model):
    """A pooling: ``weight`` is the derivative of the output in a cell.

    For a maximum that is 1 at the winner and 0 elsewhere, for an average 1 over the number of
    cells.
    """

    def __init__(self, pool: Pool, gradient: Any = None) -> None:
        super().__init__(pool.name, pool.x, pool.windows, pool.windows.rows.mode, pool.rank)
        self.kind, self.pool = pool.kind, pool
        x, window = autograd.tensor(pool.x, requires_grad=True), self.windows.window
        self.winners: Array | None = None
        self._cells: Array | None = None
        self.divisors: Any = None
        if pool.kind == "max":
            y, winners = autograd.max_pool(x, window, return_indices=True)
            self.winners = winners.numpy()
        elif pool.kind == "avg":
            include = pool.count_include_pad
            y = autograd.avg_pool(
                x, window, count_include_pad=include, divisor_override=pool.divisor
            )
            divisors = pool_divisors(pool.x.shape[2:], window, include, pool.divisor)
            self.divisors = np.broadcast_to(divisors, self.windows.outputs)
        else:
            y = self._run_function(x, window)
        self.y = y.detach().numpy()
        self.g = as_gradient(gradient, self.y, pool.rank)
        (self.dx,) = _gradients(y, [x], self.g)

    def _run_function(self, x: Any, window: Window) -> Any:
        """Run the user's function on the windows, twice: once for the derivative in every cell."""
        flat = self.windows.outputs

        def over_windows(windows: Any) -> Any:
            if self.rank == 1:
                windows = windows.reshape(*windows.shape[:2], flat[1], window.kernel[1])
            return self.pool.function(windows).reshape(*windows.shape[:2], *flat)

        cells = autograd.tensor(autograd.windows(self.x, window), requires_grad=True)
        values = over_windows(cells)
        (self._cells,) = _gradients(values, [cells], np.ones_like(values.data))
        return over_windows(autograd.windows(x, window))

    def channels(self, output: int) -> range:
        return range(output, output + 1)

    def readers(self, channel: int) -> range:
        return range(channel, channel + 1)

    def weight(self, at: At, channel: int, tap: Pair) -> float:
        pixel = self.windows.source(self.windows.position(at[2:], tap))
        if self._cells is not None:
            return float(self._cells[(*at, *tap)])
        if pixel is None:
            return 0.0
        if self.winners is not None:
            return float(self.winners[at] == pixel[0] * self.windows.columns.size + pixel[1])
        return 1.0 / float(self.divisors[at[2:]])

    def ties(self, at: At) -> list[Pair]:
        """The taps of a window that reach its maximum; more than one is a tie."""
        best = float(self.y[at])
        return [
            term.tap for term in self.of_output(at) if term.pixel is not None and term.x == best
        ]


def _gradients(y: Any, inputs: list[Any], g: Array) -> list[Array]:
    """The engine's gradients, as arrays."""
    found = autograd.grad(y, inputs, grad_outputs=autograd.tensor(g))
    return [each.numpy() for each in found if each is not None]


def as_gradient(gradient: Any, y: Array, rank: int) -> Array:
    """The gradient of the output: as given, or ones, as if the loss were the sum of all outputs.

    Raises:
        ValueError: if it has another shape than the output.
    """
    if gradient is None:
        return np.ones_like(y)
    given = np.asarray(gradient.data if hasattr(gradient, "_node") else gradient)
    wanted = y.shape if rank == 2 else (*y.shape[:2], y.shape[3])
    if given.shape != wanted and given.shape != wanted[1:] and given.shape != wanted[2:]:
        raise ValueError(f"gradient must have the output's shape {wanted}, got {given.shape}")
    lead = (1,) * (len(wanted) - given.ndim)
    return (
        np.broadcast_to(given.reshape(lead + given.shape), wanted).astype(y.dtype).reshape(y.shape)
    )
