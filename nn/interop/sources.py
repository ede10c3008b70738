"""Where in the PyTorch source an operation was written."""

from __future__ import annotations

import re

__all__ = ["innermost"]

_FRAME = re.compile(r'^\s*File "(?P<file>.+)", line (?P<line>\d+), in ', re.MULTILINE)


def innermost(stack_trace: str | None, library: str) -> tuple[str, int]:
    """The innermost line that is not PyTorch's own; if all are, the innermost one.

    Args:
        stack_trace: what the exporter has kept, in the form of Python's tracebacks; or None.
        library: the folder of PyTorch itself.

    Returns:
        File and line; ("", 0) where nothing is known.

    Example:
        >>> innermost('File "/m.py", line 3, in f\\n  File "/lib/torch/nn.py", line 9, in g', "/lib/torch")
        ('/m.py', 3)
    """
    frames = [(m["file"], int(m["line"])) for m in _FRAME.finditer(stack_trace or "")]
    own = [frame for frame in frames if not _is_library(frame[0], library)]
    return (own or frames or [("", 0)])[-1]


def _is_library(file: str, library: str) -> bool:
    return file.startswith((library, "torch/")) or "/torch/_" in file
