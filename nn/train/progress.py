"""A bar for each epoch: losses, rate and time left; by tqdm where it is installed."""

from __future__ import annotations

from collections.abc import Iterable, Sized
from typing import Any

from nn._console import bar

__all__ = ["progress_bar"]


class _Silent:
    def __enter__(self) -> Any:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def show(self, means: dict[str, float]) -> None:
        """Nothing is shown."""


class _Bar(_Silent):
    def __init__(self, bar: Any) -> None:
        self._bar = bar

    def __exit__(self, *exception: object) -> None:
        self._bar.close()

    def show(self, means: dict[str, float]) -> None:
        """One batch more, and the epoch's means so far."""
        self._bar.set_postfix({k: f"{v:.4g}" for k, v in means.items()}, refresh=False)
        self._bar.update()


def progress_bar(loader: Iterable[Any], title: str, wanted: bool) -> Any:
    """A context whose ``show(means)`` is called after each batch."""
    if not wanted:
        return _Silent()
    total = len(loader) if isinstance(loader, Sized) else None
    done = loader.state_dict()["position"] if hasattr(loader, "state_dict") else 0
    try:
        return _Bar(
            bar(total=total, initial=done % (total or 1), desc=title, leave=False, unit="batch")
        )
    except ImportError:
        return _Silent()
