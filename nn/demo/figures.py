"""The demo's figures, drawn by matplotlib as SVG text that takes on the page's colours.

Lines and letters are drawn in two stand-in colours, which are replaced by CSS: ``currentColor``, so
that they follow the light or dark theme of the page, and the muted one of the page.
"""

from __future__ import annotations

import io
import re
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from nn.demo.learning import History

_INK, _FAINT = "#010203", "#010204"
BLUE, ORANGE = "#3b82c4", "#d9822b"

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": _INK,
    "axes.edgecolor": _FAINT,
    "axes.labelcolor": _INK,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": _FAINT,
    "grid.alpha": 0.25,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "legend.frameon": False,
}


def curves(history: History) -> str:
    """Loss of every batch, and accuracy after every epoch on both parts of the data."""
    epochs = np.arange(1, len(history.losses) + 1) / history.batches_per_epoch

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2)
        left.plot(epochs, history.losses, color=BLUE, alpha=0.35, linewidth=1, label="each batch")
        left.plot(epochs, _smooth(history.losses), color=BLUE, linewidth=2, label="running mean")
        left.set(title="Loss", xlabel="epoch")
        _log_scale(left, history.losses)
        left.legend()
        ends = np.arange(1, len(history.test_accuracy) + 1)
        for values, colour, mark, label in (
            (history.train_accuracy, BLUE, "o", "training images"),
            (history.test_accuracy, ORANGE, "s", "held-out images"),
        ):
            right.plot(ends, 100 * np.array(values), color=colour, marker=mark, ms=4, label=label)
        right.set(title="Accuracy", xlabel="epoch", ylabel="%")
        right.xaxis.get_major_locator().set_params(integer=True)
        right.set_xlim(0, max(1, len(ends)) + 0.5)
        if len(ends):
            right.legend(loc="lower right")

    return _svg(draw, (9.0, 3.3), "curves")


def _log_scale(axes: Any, values: Any) -> None:
    """A logarithmic axis whose ticks are numbers as one writes them: 0.05, 0.1, 0.2, 0.5, 1, 2.

    Of values that differ by less than a factor of four the axis stays a linear one.
    """
    finite = [value for value in values if 0 < value < np.inf]
    if not finite or max(finite) < 4 * min(finite):
        return
    axes.set_yscale("log")
    few = max(finite) > 1000 * min(finite)
    axes.yaxis.set_major_locator(LogLocator(subs=(1,) if few else (1, 2, 5)))
    axes.yaxis.set_major_formatter(lambda value, place: f"{value:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())


def kernels(weight: np.ndarray) -> str:
    """The kernels of a first layer, shape (O, 1, kH, kW), on one scale about 0."""
    limit = abs(weight).max()

    def draw(figure: Figure) -> None:
        axes = figure.subplots(2, -(-len(weight) // 2), squeeze=False).ravel()
        for number, axis in enumerate(axes):
            axis.axis("off")
            if number < len(weight):
                kernel = weight[number, 0]
                shown = axis.imshow(kernel, cmap="RdBu_r", vmin=-limit, vmax=limit)
                axis.set_title(str(number), fontsize=9, fontweight="normal", loc="center")
                for (row, column), value in np.ndenumerate(kernel):
                    dark = abs(value) > 0.6 * limit
                    axis.text(
                        column,
                        row,
                        _signed(value),
                        ha="center",
                        va="center",
                        fontsize=6,
                        color="white" if dark else "black",
                    )
        bar = figure.colorbar(shown, ax=list(axes), shrink=0.8, pad=0.02)
        bar.outline.set_visible(False)

    return _svg(draw, (9.0, 2.9), "kernels")


def feature_maps(image: np.ndarray, maps: np.ndarray) -> str:
    """An image (H, W) and what each channel of a layer (C, H, W) makes of it, on one scale."""

    def draw(figure: Figure) -> None:
        columns = -(-len(maps) // 2)
        grid = figure.add_gridspec(2, columns + 2)
        axis = figure.add_subplot(grid[:, :2])
        axis.imshow(image, cmap="gray_r", vmin=0, vmax=1)
        axis.set_title("the image", fontweight="normal", loc="center")
        axis.axis("off")
        for number, feature in enumerate(maps):
            axis = figure.add_subplot(grid[number // columns, 2 + number % columns])
            axis.imshow(feature, cmap="viridis", vmin=0, vmax=maps.max())
            axis.set_title(str(number), fontsize=9, fontweight="normal", loc="center")
            axis.axis("off")

    return _svg(draw, (9.0, 2.5), "feature-maps")


def gallery(images: np.ndarray, labels: np.ndarray, guesses: np.ndarray) -> str:
    """Images (N, H, W), each with its label and what it was taken for."""

    def draw(figure: Figure) -> None:
        for axis in (axes := figure.subplots(1, 8, squeeze=False)[0]):
            axis.axis("off")
        for axis, image, label, guess in zip(axes, images, labels, guesses, strict=False):
            axis.imshow(image, cmap="gray_r", vmin=0, vmax=1)
            axis.set_title(
                f"{label}, taken for {guess}", fontsize=8, fontweight="normal", loc="center"
            )

    return _svg(draw, (9.0, 1.4), "mistakes")


def _signed(value: float) -> str:
    """One decimal with a true minus sign; what rounds to nothing has no sign."""
    text = f"{value:+.1f}"
    return "0" if text in ("+0.0", "-0.0") else text.replace("-", "\N{MINUS SIGN}")


def _smooth(values: list[float], span: int = 20) -> np.ndarray:
    """Mean over the last ``span`` values, fewer at the beginning."""
    sums = np.cumsum([0.0, *values])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - span, 0)
    return (sums[ends] - sums[starts]) / (ends - starts)


def _svg(draw: Any, size: tuple[float, float], name: str) -> str:
    """What ``draw`` draws, as an ``<svg>`` element: the same bytes every time."""
    # Figure without pyplot: no window system is touched, and nothing is left open.
    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": f"glassgrad-{name}"}):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        file = io.StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    text = file.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', 'class="figure"', text, count=1)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, count=1, flags=re.DOTALL)
    # One name space for ids and styles, as several of these stand in one page.
    text = re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{name}-", text)
    text = re.sub(r"<style[^>]*>.*?</style>", "", text, flags=re.DOTALL)
    return text.replace(_INK, "currentColor").replace(_FAINT, "var(--line, currentColor)")
