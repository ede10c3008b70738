"""Refusing what cannot be: results that need more bytes than the machine has."""

from __future__ import annotations

import functools
import math
import os
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.arguments.numbers import shown

__all__ = ["check_bytes", "memory_bytes"]

#: Assumed where the system does not tell: above every machine that NumPy is likely to meet.
_UNKNOWN = 1 << 44


#: How many axes an array of NumPy 2 may have.
AXES = 64


@functools.cache
def memory_bytes() -> int:
    """Bytes of physical memory of this machine."""
    if sys.platform == "win32":
        return _windows_memory()
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return _UNKNOWN


def _windows_memory() -> int:
    import ctypes

    kilobytes = ctypes.c_ulonglong(0)
    library = getattr(ctypes, "windll", None)
    if library is None or not library.kernel32.GetPhysicallyInstalledSystemMemory(
        ctypes.byref(kilobytes)
    ):
        return _UNKNOWN
    return kilobytes.value * 1024


def check_bytes(who: str, shape: Sequence[int], dtype: Any) -> None:
    """Refuse an array that would not fit into this machine's memory, before it is allocated.

    Args:
        who: the function that would make it; it starts the message.
        shape: sizes, as integers of any magnitude.
        dtype: of its elements.

    Raises:
        ValueError: if it needs more bytes than the machine has, or has more axes than NumPy's.

    Example:
        >>> from autograd.arguments.limits import check_bytes
        >>> check_bytes("zeros", (2**40, 2**20), "float32")
        Traceback (most recent call last):
        ValueError: zeros: shape (1099511627776, 1048576) of float32 needs 4 EiB; ...
    """
    dtype = np.dtype(dtype)
    if len(shape) > AXES:
        raise ValueError(f"{who}: an array has at most {AXES} axes, got {len(shape)}")
    needed = math.prod(shape) * dtype.itemsize
    if needed > memory_bytes():
        raise ValueError(
            f"{who}: shape {shown(tuple(shape))} of {dtype} needs {_readable(needed)}; "
            f"this machine has {_readable(memory_bytes())}"
        )


def _readable(count: int) -> str:
    """Bytes in the largest binary unit that leaves at least 1."""
    if count >= 1 << 200:
        return "far more"
    size = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB"):
        if size < 1024:
            return f"{size:.4g} {unit}"
        size /= 1024
    return f"{size:.4g} EiB"
