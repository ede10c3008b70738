"""Kernels in C, where they were compiled: `library` is the extension module, or None.

Each kernel has a NumPy version beside its caller, which computes the same where `library` is None:
no compiler, another processor's build, or switched off. ``GLASSGRAD_NATIVE`` says how it begins:

* ``0``: without the extension,
* ``sse2``, ``avx2``, ``avx512``, ``neon``: with this instruction set instead of the best one,
* anything else, or nothing: with the best one.

How the sources are laid out, and how a family of kernels is added, is told in the README beside this
file.
"""

import os
import warnings
from importlib import import_module
from typing import Any

library: Any = None
"""The extension module, or None. Callers ask each time, so tests can take it away."""

_reason = ""  # why there is none


def plain(*arrays: Any) -> bool:
    """Whether there are kernels for these arrays, None aside: all C-contiguous, of one type, float32
    or float64, and not empty.

    >>> import numpy as np
    >>> plain(np.ones(3, int)), plain(np.ones((2, 4))[:, ::2])
    (False, False)
    """
    return library is not None and library.plain(*arrays)


def alike(*arrays: Any) -> bool:
    """Whether there are kernels for these arrays, one element at a time: of one shape, one float type
    and one order in memory without gaps, whatever it is, and not empty."""
    return library is not None and library.alike(*arrays)


def status() -> str:
    """One line: which instruction set is in use, or why none is, and how to get the extension.

    >>> status().split()[0] in ("sse2", "avx2", "avx512", "neon", "NumPy")
    True
    """
    if library is not None:
        sets = ", ".join(library.instruction_sets())
        return f"{library.instruction_set()} (this processor has {sets})"
    return f"NumPy only, {_reason}"


def _outdated(path: str) -> bool:
    """In a checkout: did the sources change after the extension was built?

    Such a one may lack functions, or take other arguments than its callers give. What was installed
    belongs together, in whatever order its files were written.
    """
    if not os.path.exists(os.path.join(os.path.dirname(path), *[os.pardir] * 3, "setup.py")):
        return False
    built = os.stat(path).st_mtime
    with os.scandir(os.path.dirname(path)) as entries:
        sources = [entry for entry in entries if entry.name.endswith((".c", ".h", ".inc"))]
        return any(entry.stat().st_mtime > built for entry in sources)


def _load() -> None:
    global library, _reason
    wanted = os.environ.get("GLASSGRAD_NATIVE", "").lower()
    if wanted == "0":
        _reason = "the extension is switched off by GLASSGRAD_NATIVE=0"
        return
    try:
        module = import_module(f"{__name__}._native")
        if module.__file__ and _outdated(module.__file__):
            raise RuntimeError("the extension was built from other sources")
    except Exception as error:  # whatever is wrong with the file, NumPy computes instead
        if isinstance(error, ImportError) and error.name == f"{__name__}._native":
            why = "the extension was not built"
        else:
            why = (
                str(error)
                if isinstance(error, RuntimeError)
                else f"{type(error).__name__}: {error}"
            )
        _reason = (
            f"{why}: `python setup.py build_ext --inplace` (in a checkout) or `pip install .` "
            "compiles it, with GCC or Clang"
        )
        return
    if wanted not in ("", "1"):
        try:
            module.use_instruction_set(wanted)
        except ValueError:
            warnings.warn(
                f"GLASSGRAD_NATIVE should be 0, 1 or one of {module.instruction_sets()}, got "
                f"{wanted!r}; ignored",
                RuntimeWarning,
                stacklevel=2,
            )
    library = module


_load()
