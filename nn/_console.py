"""Output that never fails for want of a letter."""

from __future__ import annotations

import io
import sys


def forgive_missing_letters() -> None:
    """Has stdout and stderr write ``?`` for what their encoding lacks (cp1252 knows no ``→``)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
