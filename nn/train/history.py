"""What was measured, epoch by epoch; it plots itself, and goes to a file line by line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["History"]


class History(list[dict[str, Any]]):
    """A list of records, one for each epoch: ``epoch``, ``step``, ``lr``, ``loss``, ``val_loss``, …

    Example:
        >>> from nn.train import History
        >>> history = History([{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}])
        >>> history.column("loss")
        [0.5, 0.25]
        >>> print(history.table())
        epoch    loss
            1     0.5
            2    0.25
    """

    def column(self, name: str) -> list[Any]:
        """One quantity over the epochs; None where it was not measured.

        Raises:
            KeyError: if no record has it.
        """
        if not any(name in record for record in self):
            known = sorted({key for record in self for key in record})
            raise KeyError(f"History: no {name!r}; there are {', '.join(known)}")
        return [record.get(name) for record in self]

    def names(self) -> list[str]:
        """The quantities, in the order in which they came up."""
        return list(dict.fromkeys(key for record in self for key in record))

    def table(self) -> str:
        """The records as text."""
        names = self.names()
        rows = [names, *[[_short(record.get(name)) for name in names] for record in self]]
        widths = [max(5, *(len(row[k]) for row in rows)) for k in range(len(names))]
        return "\n".join(
            "   ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
            for row in rows
        )

    def append_to(self, path: Any) -> None:
        """Write the last record behind a file's end, as a line of JSON."""
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(self[-1]) + "\n")

    def plot(self, path: Any = None) -> Any:
        """Losses and the other measures over the epochs, as a matplotlib figure.

        Args:
            path: where to save it, too. Default: it is not saved.

        Raises:
            ImportError: if matplotlib is not installed.
        """
        try:
            from matplotlib.figure import Figure
            from matplotlib.ticker import MaxNLocator
        except ImportError:
            raise ImportError(
                "History.plot needs matplotlib: pip install 'glassgrad[demo]'"
            ) from None
        losses = [name for name in self.names() if name.endswith("loss")]
        others = [
            name
            for name in self.names()
            if name not in losses and name not in ("epoch", "step", "lr", "seconds")
        ]
        panels = [names for names in (losses, others) if names]
        figure = Figure(figsize=(5 * max(1, len(panels)), 3.2), layout="constrained")
        for k, names in enumerate(panels):
            axes = figure.add_subplot(1, len(panels), k + 1)
            for marker, name in zip("os^vD*" * 9, names, strict=False):
                points = [(r["epoch"], r[name]) for r in self if r.get(name) is not None]
                axes.plot(*zip(*points, strict=True), marker=marker, markersize=3, label=name)
            axes.set_xlabel("epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))  # no half epochs
            axes.legend()
        if path is not None:
            figure.savefig(path)
        return figure


def _short(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
