"""Programs written for PyTorch, read line by line: what works here, and what has to be written how.

    python -m nn.port model.py            # lists it
    python -m nn.port model.py --write    # makes the safe edits

The program is parsed, never run. Three kinds of lines are told apart: what works as it is, what
must be written otherwise, and what would work and silently mean something else, because NumPy and
PyTorch spell two things alike.

    >>> from nn import port
    >>> for finding in port.read("import torch\\ny = torch.ones(3).std()\\n"):
    ...     print(finding.line, finding.kind, finding.what)
    1 write import torch
    2 works ones
    2 differs torch.ones(3).std()
    >>> print(port.rewrite("import torch\\ny = torch.ones(3).std()  # the spread\\n"), end="")
    import autograd
    y = autograd.ones(3).std(correction=1)  # the spread
"""

from __future__ import annotations

from nn.port.edits import applied
from nn.port.scan import DIFFERS, HAND, WORKS, WRITE, Finding, Scan
from nn.port.table import markdown

__all__ = ["DIFFERS", "HAND", "WORKS", "WRITE", "Finding", "markdown", "read", "rewrite"]


def read(text: str, name: str = "<source>") -> list[Finding]:
    """All uses of PyTorch in a program, by line.

    Args:
        text: the program.
        name: of its file, for errors.

    Raises:
        SyntaxError: if it is not Python.
    """
    return Scan(text, name).findings


def rewrite(text: str, name: str = "<source>") -> str:
    """A program with all safe edits made; what they do not touch stays as it was, to the byte.

    Args:
        text: the program.
        name: of its file, for errors.

    Raises:
        SyntaxError: if it is not Python.
    """
    scan = Scan(text, name)
    edits = [*scan.quiet, *(edit for finding in scan.findings for edit in finding.edits)]
    return applied(scan.source.bytes, edits).decode()
