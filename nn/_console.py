"""Output that never fails for want of a letter, and bars that need no thread."""

from __future__ import annotations

import io
import sys
from typing import Any


def forgive_missing_letters() -> None:
    """Has stdout and stderr write ``?`` for what their encoding lacks (cp1252 knows no ``→``)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def bar(**options: Any) -> Any:
    """A bar of tqdm's, without the thread that tqdm starts beside its first one: where none can be started, as
    in a browser, tqdm warns. That thread wakes bars that wait for more than one step; ours wait for none.

    Raises:
        ImportError: if tqdm is not installed.
    """
    from tqdm import tqdm

    class Bar(tqdm):  # type: ignore[type-arg]
        monitor_interval = 0

    return Bar(miniters=1, **options)
