"""Why a model cannot be exported, in one sentence, and the line of the model that it is about."""

from __future__ import annotations

import linecache
import os
import re
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any

from nn.interop.standins import Refusal

__all__ = ["first_line", "refusal"]

_CALL = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)')
_OURS = os.path.dirname(__file__) + os.sep

#: What the exporter says, by a part of it, and what is said here.
_KNOWN = (
    (
        "Could not guard on data-dependent expression",
        "it decides by the numbers of a tensor, which a graph does not have. Write it with "
        "torch.where(condition, a, b), or give the model the decision as a Python value",
    ),
    (
        "data-dependent expression",
        "it takes a number out of a tensor to use it as a size or an index of Python, and a graph "
        "is made without numbers. Give the model that number as a Python value, or index with the "
        "tensor itself (x[i], torch.gather, torch.where)",
    ),
    (
        "fake tensor in the exported program constant's list",
        "it makes a tensor in a way that PyTorch's exporter loses sight of",
    ),
    (
        "is not a known type",
        "it returns an object that PyTorch does not know how to take apart. Return tensors, or "
        "tuples, lists, dicts and dataclasses of them",
    ),
)


_CLASS = re.compile(r"<class '([^']+)'>")
_OPERATOR = re.compile(r"aten\.[\w.]+")


def refusal(torch: Any, module: Any, error: Exception) -> RuntimeError:
    """The error to raise for one of the exporter's."""
    text = str(error)
    told = first_line(error)
    if not isinstance(error, Refusal):
        for part, sentence in _KNOWN:
            if part in text:
                kind = _CLASS.search(told)
                told = sentence + (f" (it is a {kind[1]})" if kind else "")
                break
        if _OPERATOR.fullmatch(told):
            told = (
                f"the exporter cannot tell what comes out of {told} here (of sparse tensors, say)"
            )
    return RuntimeError(
        f"from_torch: torch.export cannot export {type(module).__name__}: {told}"
        f"{_where(torch, error)}"
    )


def first_line(error: BaseException) -> str:
    """The first line of a message that says something."""
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)


def _where(torch: Any, error: Exception) -> str:
    """The innermost line of the model that the error went through, and what stands there."""
    library = os.path.dirname(torch.__file__) + os.sep
    own = [
        (frame.f_code.co_filename, line)
        for frame, line in _frames(error)
        if not frame.f_code.co_filename.startswith((library, _OURS, "<"))
    ]
    if not own:
        own = [
            (m["file"], int(m["line"]))
            for m in _CALL.finditer(str(error))
            if not m["file"].startswith((library, _OURS, "<"))
        ]
    if not own:
        return ""
    file, line = own[-1]
    source = linecache.getline(file, line).strip()
    return f" (at {file}, line {line}{': ' if source else ''}{source})"


def _frames(error: BaseException | None) -> Iterator[tuple[Any, int]]:
    """Those of the model's forward: below the call of the exporter, of the earliest error that has any."""
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or error.__context__
    for each in reversed(chain):
        found = list(_below(each.__traceback__))
        if found:
            yield from found
            return


def _below(trace: TracebackType | None) -> Iterator[tuple[Any, int]]:
    """Frames that run after the last one of ours; an error raised by a stand-in ends in one of ours."""
    frames = list(traceback.walk_tb(trace))
    exporting = [
        k for k, (frame, _) in enumerate(frames)
        if frame.f_code.co_filename.startswith(_OURS) and frame.f_code.co_name == "_export"
    ]  # fmt: skip
    if exporting:
        yield from frames[exporting[-1] + 1 :]
