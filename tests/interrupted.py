"""An interrupt at a chosen line: Ctrl-C comes wherever it likes, so tests try every place."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def interrupted(
    run: Callable[[], Any],
    at: int,
    *files: str,
    but: Callable[[Any], bool] = lambda frame: False,
    events: tuple[str, ...] = ("line", "return"),
) -> bool:
    """Call a function and raise a KeyboardInterrupt in it.

    Args:
        run: what is called.
        at: at which line or return of those that run, from 0.
        files: only in files whose path holds one of these.
        but: tells of a frame whether nothing comes there.
        events: before a line, or when a function has done all and returns.

    Returns:
        True if the interrupt came; False if there were not so many lines.
    """
    left = at

    def trace(frame: Any, event: str, argument: Any) -> Any:
        nonlocal left
        if not any(file in frame.f_code.co_filename for file in files):
            return trace
        if event in events and not but(frame):
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False
