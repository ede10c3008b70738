"""The allocator's habits: freed memory is kept in the process, since fresh pages are dear.

`tune_allocator` asks glibc once to keep freed blocks instead of returning them to the system at
every ``free``. Other C libraries are left alone. Setting the environment variable
``GLASSGRAD_NO_MALLOC_TUNING=1`` before the import switches it off. `empty_cache` gives kept memory
back, that of `scratch` included.
"""

from __future__ import annotations

import os
import sys
from typing import Any

try:
    import ctypes
except ImportError:  # a Python without it, as some browsers have; nothing is tuned then
    ctypes = None  # type: ignore[assignment]

# Parameters of glibc's mallopt (malloc.h).
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4


def empty_cache() -> None:
    """Give memory back to the system that is kept for later use: free scratch, then malloc's."""
    from autograd.kernels.scratch import clear_pools

    clear_pools()
    libc = _glibc()
    if libc is not None:
        libc.malloc_trim(0)


def tune_allocator() -> bool:
    """Let glibc keep freed memory in the process; returns whether it was done.

    Large arrays then come from the heap instead of an ``mmap`` of their own, so that their pages
    are there already when the next training step needs an array of that size. Does nothing on other
    C libraries, or when the environment variable ``GLASSGRAD_NO_MALLOC_TUNING`` is set to anything
    but ``0`` or the empty string. Cheap, and harmless when repeated.
    """
    if os.environ.get("GLASSGRAD_NO_MALLOC_TUNING", "0") not in ("", "0"):
        return False
    libc = _glibc()
    if libc is None:
        return False
    return bool(
        libc.mallopt(_M_MMAP_MAX, 0)
        and libc.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
        and libc.mallopt(_M_TOP_PAD, 16 * 2**20)
    )


def _glibc() -> Any:
    """The process's own C library where it is glibc, otherwise None."""
    if ctypes is None or not sys.platform.startswith("linux"):
        return None
    try:
        libc = ctypes.CDLL(None)
        # Only glibc has this name; musl, for one, has malloc_trim nowhere and mallopt nowhere.
        libc.gnu_get_libc_version  # noqa: B018
        libc.mallopt.argtypes = (ctypes.c_int, ctypes.c_int)
        libc.malloc_trim.argtypes = (ctypes.c_size_t,)
    except (OSError, AttributeError):
        return None
    return libc
