"""Parts of a replayed step that are called anew each time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd.arguments.containers import function as checked_function
from autograd.core.modes import local

__all__ = ["each_time"]


def each_time(function: Callable[..., Any], *args: Any) -> Any:
    """``function(*args)``; in a step that is recorded to be replayed, called at every replay.

    So a step may hold what is no primitive: an optimizer's update, random draws, running statistics,
    a print. Tensors among the arguments have the values of the replay that is going on; everything
    else is what it was when the step was recorded, and what the function itself looks up it finds as
    it is by then. Nothing that happens inside is recorded, also for gradients.

    Args:
        function: takes the arguments; may return None, a tensor or an array, or a tuple of those,
            which the step may compute with.
        args: tensors, or anything else.

    Raises:
        RuntimeError: while a step is recorded, if a result requires a gradient.

    Example:
        >>> import autograd as ag
        >>> seen = []
        >>> step = ag.func.replay(lambda x: ag.func.each_time(lambda t: seen.append(t.item()), x.sum()))
        >>> for n in range(4):
        ...     step(ag.full(3, float(n)))
        >>> seen
        [0.0, 3.0, 6.0, 9.0]
    """
    checked_function("each_time", "function", function)
    recording = local.state.recording
    return function(*args) if recording is None else recording.call(function, args)
