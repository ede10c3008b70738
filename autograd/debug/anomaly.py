"""Anomaly mode: every backward pass inside stops at the first NaN, with the line that it is from."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import arguments
from autograd.core.modes import local
from autograd.debug.breakpoints import Condition, nonfinite
from autograd.debug.record import record
from autograd.debug.step import Step

__all__ = ["detect_anomaly", "set_detect_anomaly"]


def _is_nan(step: Step) -> str | None:
    if any(np.isnan(np.asarray(sent.contribution)).any() for sent in step.sent):
        return nonfinite.report_of(step)
    return None


_no_nan = Condition("anomaly", _is_nan)


class detect_anomaly:
    """Record the lines of what is computed inside, and stop backward passes at a NaN gradient.

    The error is an ``autograd.debug.Breakpoint``, a RuntimeError: it names the operation, the user's
    line, and what it computed with; ``.paused`` is the pass, to look around in. An infinite
    gradient is none: ``break_on=autograd.debug.nonfinite`` stops at these, too. Slow: for debugging.

    Args:
        check_nan: False to record lines only.

    Example:
        >>> import autograd as ag
        >>> x = ag.tensor([0.0, 1.0], requires_grad=True)
        >>> try:
        ...     with ag.detect_anomaly():
        ...         y = (ag.sqrt(x) * ag.tensor([0.0, 1.0])).sum()
        ...         y.backward()
        ... except RuntimeError as error:
        ...     print(str(error).splitlines()[0])
        anomaly: non-finite: sqrt sends NaN at [0] to x (1 of 2 elements are not finite)
    """

    def __init__(self, check_nan: bool = True) -> None:
        self._check = arguments.boolean("detect_anomaly", "check_nan", check_nan)
        self._record = record(check=False)
        self._before: list[Any] = []

    def __enter__(self) -> None:
        self._record.__enter__()
        state = local.state
        self._before.append(state.watchers)
        if self._check and _no_nan not in state.watchers:
            state.watchers = (*state.watchers, _no_nan)

    def __exit__(self, *exception: object) -> None:
        local.state.watchers = self._before.pop()
        self._record.__exit__(*exception)


#: What ``set_detect_anomaly(True)`` has switched on, to be switched off again.
_switched: list[detect_anomaly] = []


class set_detect_anomaly:
    """Switch anomaly mode on or off: a statement, or a context manager; see ``detect_anomaly``.

    Args:
        mode: True for on.
        check_nan: False to record lines only.

    Example:
        >>> import autograd as ag
        >>> with ag.set_detect_anomaly(True):
        ...     pass
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        mode = arguments.boolean("set_detect_anomaly", "mode", mode)
        self._found = bool(_switched)
        self._check = check_nan
        self._switch(mode)

    def _switch(self, mode: bool) -> None:
        while _switched:
            _switched.pop().__exit__()
        if mode:
            _switched.append(detect_anomaly(self._check))
            _switched[-1].__enter__()

    def __enter__(self) -> None:
        """The mode holds since it was made."""

    def __exit__(self, *exception: object) -> None:
        self._switch(self._found)
