"""``python -m nn.doctor``: what Glassgrad finds on this machine, to read or to paste into a report.

A clash with another `autograd` or `nn` is told by the import itself, before this runs.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys

import numpy as np

from autograd._clash import find_clash
from autograd.kernels import native
from nn._console import forgive_missing_letters

OPTIONAL = ("graphviz", "matplotlib", "tqdm", "scipy", "hypothesis", "pytest", "torch")
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def report() -> list[tuple[str, str]]:
    """Pairs of what was looked at and what was found."""
    return [
        ("glassgrad", _version("glassgrad") or "not installed, imported from a folder"),
        ("Python", f"{platform.python_version()} ({platform.python_implementation()})"),
        ("system", f"{platform.system()} {platform.release()}, {platform.machine()}"),
        ("NumPy", np.__version__),
        ("BLAS", _blas()),
        ("kernels", native.status()),
        ("cores", _cores()),
        ("dot", _dot()),
        ("clashes", find_clash() or "none"),
        *((name, _version(name) or "not installed") for name in OPTIONAL),
    ]


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _blas() -> str:
    blas = np.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})
    name = f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip()
    limits = [
        f"{variable}={os.environ[variable]}" for variable in _THREADS if variable in os.environ
    ]
    return ", ".join([name, *limits])


def _cores() -> str:
    # Containers and `taskset` allow a process fewer cores than the machine has.
    total = os.cpu_count() or 1
    affinity = getattr(os, "sched_getaffinity", None)
    usable = len(affinity(0)) if affinity else total
    return f"{usable}" if usable == total else f"{usable} of {total}"


def _dot() -> str:
    path = shutil.which("dot")
    if path is None:
        return "not found; graphs are drawn by the built-in layout"
    try:
        answer = subprocess.run(
            [path, "-V"], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        return f"{path} does not run: {error}"
    return f"{path}, {(answer.stderr or answer.stdout).strip()}"


def main() -> int:
    """Prints the report; the exit status is 1 if there is a clash."""
    forgive_missing_letters()
    rows = report()
    width = max(len(name) for name, _ in rows)
    for name, found in rows:
        print(f"{name:<{width}}  {found}")
    return int(dict(rows)["clashes"] != "none")


if __name__ == "__main__":
    sys.exit(main())
