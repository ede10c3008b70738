"""Reading a layer without knowing its class: what slides, how, over which images.

A convolution is anything with a ``weight`` and the usual hyper-parameters, or a bare array of
kernels with the hyper-parameters beside it; a pooling is anything with a ``kernel_size`` and no
weight, one of the words ``"max"`` and ``"avg"``, or a function of windows. One spatial axis is
treated as a plane of one row.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import autograd
from autograd import arguments
from autograd.arguments.window import Window
from autograd.func.buffers import kept_buffers
from autograd.ops.images.pooling import pool_window
from autograd.viz.microscope.geometry import Windows

Array = np.ndarray[Any, Any]
MODES = ("zeros", "reflect", "replicate", "circular")


@dataclass(frozen=True)
class Conv:
    """A convolution laid bare: x (N, C, H, W), w (O, C / groups, kH, kW), bias (O,), windows.

    A transposed one is laid bare as what it is seen from its output: a convolution (with the kernel
    turned) over the image with zeros put between its pixels. Its ``stated`` window is its own; for
    the others that is None.
    """

    name: str
    x: Array
    w: Array
    bias: Array | None
    windows: Windows
    groups: int
    mode: str
    rank: int
    stated: Window | None = None


@dataclass(frozen=True)
class Pool:
    """A pooling laid bare. ``kind`` is ``"max"``, ``"avg"`` or ``"function"``; ``function`` is what
    computes it, on a tensor (N, C, H, W)."""

    name: str
    kind: str
    x: Array
    windows: Windows
    function: Callable[[Any], Any]
    rank: int
    count_include_pad: bool = True
    divisor: int | None = None


def left_as_it_was(model: Any) -> AbstractContextManager[None]:
    """Run a model to look at it: running statistics (any buffers) are put back afterwards."""
    return kept_buffers(model.modules() if hasattr(model, "modules") else ())


def array(value: Any) -> Array:
    """The numbers of a tensor, array or nested list, as floats."""
    raw = np.asarray(value.data if hasattr(value, "_node") else value)
    if raw.dtype.kind not in "fiub":
        raise TypeError(f"expected numbers, got an array of dtype {raw.dtype}")
    return raw if raw.dtype.kind == "f" else raw.astype(np.float32)


def _refuse_swapped(who: str, kernels: Any, images: Any, groups: int) -> None:
    """Say so if what was given as kernels are images, and the images kernels."""
    spatial, window = images.shape[2 - kernels.ndim :], kernels.shape[2:]
    smaller = all(n <= m for n, m in zip(spatial, window, strict=True)) and spatial != window
    if smaller and images.ndim == kernels.ndim:
        raise ValueError(
            f"{who}: the kernels {kernels.shape} are larger than the images {images.shape}; the "
            "kernels come first, then the images: viz.conv(weight, x)"
        )


def read_conv(layer: Any, x: Any, given: dict[str, Any]) -> Conv:
    """A convolution from a layer, or from bare kernels and the hyper-parameters ``given``.

    Raises:
        TypeError: if it is neither; or hyper-parameters are given although the layer has its own.
        ValueError: for shapes that do not fit together.
    """
    who = "viz.conv"
    name = type(layer).__name__
    if hasattr(x, "forward") and not hasattr(layer, "forward"):
        raise TypeError(f"{who}: the layer comes first, then the images: viz.conv(layer, x)")
    if hasattr(layer, "weight") and (hasattr(layer, "stride") or not hasattr(layer, "forward")):
        doubled = [key for key, value in given.items() if value is not None]
        if doubled:
            raise TypeError(
                f"{who}: the layer has its own {doubled[0]}; give it for a bare weight only"
            )
        weight = layer.weight
        given = {key: getattr(layer, key, None) for key in given}
    elif hasattr(layer, "shape") or isinstance(layer, (list, tuple)):
        name, weight = "kernel", layer
    else:
        raise TypeError(f"{who}: {_no_convolution(layer)}")
    w = array(weight)
    if w.ndim == 2:  # one kernel, as one writes it down
        w = w[None, None]
    rank = w.ndim - 2
    _check_rank(who, name, w.shape)
    values = {key: value for key, value in given.items() if value is not None}
    if "Transpose" in name or getattr(layer, "transposed", False):
        return _read_transposed(who, name, layer, w, values, x)
    mode = arguments.choice(who, "padding_mode", values.get("padding_mode", "zeros"), MODES)
    window = Window.read(
        who, rank, w.shape[2:],
        values.get("stride", 1), values.get("padding", 0), values.get("dilation", 1),
    )  # fmt: skip
    groups = arguments.integer(who, "groups", values.get("groups", 1))
    bias = values.get("bias")
    bias = None if bias is None else array(bias).reshape(-1)
    if name == "kernel":
        _refuse_swapped(who, w, array(x), groups)
    image = _image(who, x, rank, w.shape[1] * groups)
    if image.dtype != w.dtype:
        image = image.astype(w.dtype)
    plane, w = _as_plane(image, rank), _as_plane(w, rank)
    # The engine's own check of shapes, which names whatever does not fit.
    autograd.correlate(
        image, w.reshape(w.shape[:2] + w.shape[4 - rank :]), bias, window, groups=groups, who=who
    )
    windows = Windows.over(plane.shape[2:], window.raised(2), mode)
    return Conv(name, plane, w, bias, windows, groups, mode, rank)


def _no_convolution(layer: Any) -> str:
    """Why something cannot be looked at, and what to do instead."""
    name = type(layer).__name__
    inside = getattr(layer, "named_modules", lambda: ())()
    found = [path for path, module in inside if path and "Conv" in type(module).__name__]
    if found:
        return f"give one layer, not the whole {name}; its convolutions: {', '.join(found[:6])}"
    if hasattr(layer, "kernel_size"):
        return f"{name} has no kernels of numbers; viz.pool looks into poolings"
    return (
        "give a convolution (anything with a weight and a stride, such as Conv2d, Conv1d or "
        f"ConvTranspose2d) or its kernels as an array; got {name}. viz.graph(loss) draws a model of "
        "any layers, and viz.explain(loss, w, at) tells where one number of a gradient came from"
    )


def _read_transposed(
    who: str, name: str, layer: Any, w: Array, values: dict[str, Any], x: Any
) -> Conv:
    """A transposed convolution, whose weight is (C, O / groups, kH, kW), seen from its output."""
    rank = w.ndim - 2
    pads = arguments.integers(who, "padding", values.get("padding", 0), rank, 0)
    window = Window.read(
        who, rank, w.shape[2:], values.get("stride", 1), pads, values.get("dilation", 1)
    ).raised(2)
    more = arguments.integers(who, "output_padding", getattr(layer, "output_padding", 0), rank, 0)
    groups = arguments.integer(who, "groups", values.get("groups", 1))
    bias = values.get("bias")
    image = _image(who, x, rank, w.shape[0])
    if image.shape[1] != w.shape[0]:
        raise ValueError(
            f"{who}: the input {image.shape} has {image.shape[1]} channels, but the kernel "
            f"{w.shape} is for {w.shape[0]}"
        )
    more = (0,) * (2 - rank) + more
    plane, w = _as_plane(image.astype(w.dtype), rank), _as_plane(w, rank)
    padding = []
    for size, k, span, (p, _), extra, outputs in zip(
        plane.shape[2:], window.kernel, window.spans, window.padding, more,
        window.inputs(plane.shape[2:]), strict=True,
    ):  # fmt: skip
        if outputs + extra < 1:
            raise ValueError(
                f"{who}: padding {p} takes away all that kernel {k} makes of {size} cells"
            )
        padding.append((span - 1 - p, span - 1 - p + extra))
    seen = window._replace(stride=(1, 1), padding=tuple(padding))
    return Conv(
        name, plane, swapped(w, groups), None if bias is None else array(bias).reshape(-1),
        Windows.over(plane.shape[2:], seen, spacing=window.stride), groups, "zeros", rank, window,
    )  # fmt: skip


def swapped(w: Array, groups: int) -> Array:
    """Kernels (A, B / groups, …) by the other channel, (B, A / groups, …); its own inverse."""
    split = w.reshape(groups, w.shape[0] // groups, w.shape[1], *w.shape[2:])
    return split.swapaxes(1, 2).reshape(-1, w.shape[0] // groups, *w.shape[2:])


def read_pool(layer: Any, x: Any, given: dict[str, Any]) -> Pool:
    """A pooling from a layer, ``"max"``, ``"avg"`` or a function of windows (N, C, H, W, kH, kW).

    Raises:
        TypeError: if it is none of these.
        ValueError: for windows that do not fit.
    """
    who = "viz.pool"
    function: Any = getattr(layer, "function", None)
    if isinstance(layer, str):
        kind, name = arguments.choice(who, "layer", layer, ("max", "avg")), f"{layer} pooling"
    elif hasattr(layer, "kernel_size") and not hasattr(layer, "weight"):
        doubled = [key for key, value in given.items() if value is not None]
        if doubled:
            raise TypeError(f"{who}: the layer has its own {doubled[0]}")
        name = type(layer).__name__
        given = {key: getattr(layer, key, None) for key in given}
        kind = "max" if name.startswith("Max") else "avg" if name.startswith("Avg") else "function"
        if kind == "function" and function is None:
            function = layer
    elif "Adaptive" in type(layer).__name__ and hasattr(layer, "output_size"):
        return _read_adaptive(who, layer, x)
    elif callable(layer) and given["kernel_size"] is not None and not hasattr(layer, "weight"):
        name, kind, function = getattr(layer, "__name__", "function"), "function", layer
        name = "pooling by a function" if name == "<lambda>" else name
    else:
        raise TypeError(
            f"{who}: give a pooling layer, 'max', 'avg' or a function of windows, the last three "
            f"with a kernel_size; got {type(layer).__name__}"
            + ("; viz.conv looks into convolutions" if hasattr(layer, "weight") else "")
        )
    if given["kernel_size"] is None:
        raise TypeError(f"{who}: {name} needs a kernel_size")
    raw = array(x)
    sizes = given["kernel_size"]
    rank = 1 if isinstance(sizes, (tuple, list)) and len(sizes) == 1 or "1d" in name else 2
    if "3d" in name or isinstance(sizes, (tuple, list)) and len(sizes) > 2:
        raise TypeError(f"{who}: {_no_volume(name)}")
    image = _image(who, raw, rank, None)
    values = {key: value for key, value in given.items() if value is not None}
    ceil = bool(values.get("ceil_mode", False))
    window = pool_window(
        who, image.shape, sizes, values.get("stride"), values.get("padding", 0),
        values.get("dilation", 1), ceil,
    )  # fmt: skip
    plane = _as_plane(image, rank)
    windows = Windows.over(plane.shape[2:], window.raised(2), _pad_name(kind))
    if kind == "function" and function is layer and hasattr(layer, "kernel_size"):
        function = _of_windows(layer, window.kernel)
    return Pool(
        name, kind, plane, windows, function, rank, bool(values.get("count_include_pad", True)),
        values.get("divisor_override"),
    )  # fmt: skip


def _pad_name(kind: str) -> str:
    return "−∞" if kind == "max" else "zeros"


def _of_windows(layer: Callable[[Any], Any], kernel: tuple[int, ...]) -> Callable[[Any], Any]:
    """A pooling layer as a function of windows: every window is an image of one window's size."""

    def function(windows: Any) -> Any:
        lead = windows.shape[: windows.ndim - len(kernel)]
        return layer(windows.reshape(-1, 1, *kernel)).reshape(lead)

    return function


def _read_adaptive(who: str, layer: Any, x: Any) -> Pool:
    """An adaptive pooling as the plain one with the same windows, where they are all alike."""
    name = type(layer).__name__
    if "3d" in name:
        raise TypeError(f"{who}: {_no_volume(name)}")
    rank = 1 if "1d" in name else 2
    image = _image(who, x, rank, None)
    wanted = layer.output_size
    wanted = (wanted,) * rank if wanted is None or isinstance(wanted, int) else tuple(wanted)
    kernel, stride = [], []
    for size, outputs in zip(image.shape[2:], wanted, strict=True):
        outputs = size if outputs is None else outputs
        starts = [i * size // outputs for i in range(outputs)]
        lengths = {-(-(i + 1) * size // outputs) - start for i, start in enumerate(starts)}
        steps = {after - before for before, after in zip(starts, starts[1:], strict=False)}
        if len(lengths) > 1 or len(steps) > 1:
            raise ValueError(
                f"{who}: to make {outputs} of {size} cells, {name} uses windows that differ in "
                "length or step, and the microscope shows windows that are all alike; take an "
                f"image whose size is a multiple of {outputs}"
            )
        kernel.append(lengths.pop())
        stride.append(steps.pop() if steps else size)
    kind = "max" if "Max" in name else "avg"
    plain = {
        "kernel_size": tuple(kernel),
        "stride": tuple(stride),
        "padding": None,
        "dilation": None,
        "ceil_mode": None,
    }
    return replace(read_pool(kind, image, plain), name=name)


def _no_volume(name: str) -> str:
    return (
        f"{name} slides over volumes, and a picture has two axes; look at one plane of it (the "
        "layer of two axes with the same numbers), or at single numbers with viz.explain"
    )


def _check_rank(who: str, name: str, shape: tuple[int, ...]) -> None:
    if len(shape) == 5:
        raise TypeError(f"{who}: {_no_volume(name)}")
    if len(shape) not in (3, 4):
        raise ValueError(
            f"{who}: the weight must be kernels with one or two spatial axes, (O, C / groups, kH, kW) "
            f"or (O, C / groups, K), or one kernel (kH, kW); got shape {shape}"
        )


def _image(who: str, x: Any, rank: int, channels: int | None) -> Array:
    """Images (N, C, *S) from those, from one of them, or from a single plane."""
    image = array(x)
    if image.ndim == rank and channels in (None, 1):
        image = image[None]
    if image.ndim == rank + 1:
        image = image[None]
    if image.ndim != rank + 2 or 0 in image.shape:
        raise ValueError(
            f"{who}: x must be images of shape (N, C, {'H, W' if rank == 2 else 'L'}), one image "
            f"or one plane; got shape {image.shape}"
        )
    return image


def _as_plane(values: Array, rank: int) -> Array:
    return values if rank == 2 else values[:, :, None, :]
