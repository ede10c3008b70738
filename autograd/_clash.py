"""Refuses to start half of two packages that share a name.

Glassgrad installs the import packages ``autograd`` and ``nn``. The distribution called ``autograd``
on PyPI (HIPS autograd) installs an ``autograd`` too, and there is an ``nn``. Where two of them meet,
files of both end up in one folder, or the order of ``sys.path`` decides which one is imported; both
fail later, far from the cause. So ``import autograd`` and ``import nn`` look first.

This runs at the import, before NumPy: a handful of ``stat`` calls and one listing of each
site-packages folder, well under a millisecond, and no ``importlib.metadata``. The second of the two
packages does not look again where the first has looked.

Where the files of both are mixed in one folder and *their* ``autograd/__init__.py`` won, it imports
``autograd.core`` first of all; that is our package, so the check runs there too.
"""

import os
import sys

_PACKAGE = os.path.dirname(os.path.abspath(__file__))
_ROOT = os.path.dirname(_PACKAGE)
_THEIR_FILE = os.path.join("autograd", "differential_operators.py")

_WAY_OUT = (
    "Glassgrad needs the import names `autograd` and `nn` for itself, so the two cannot share an "
    "environment. Make a fresh one (python -m venv .venv) and install glassgrad there; in this one, "
    "`pip uninstall {name}`, then reinstall glassgrad, since both wrote into the same folder."
)
_WAY_OUT_FILE = (
    "Glassgrad needs the import names `autograd` and `nn` for itself. Rename that one, run Python "
    "from another folder, or use a fresh environment."
)


#: The module `autograd` and the path with which nothing was found to clash.
_passed: tuple[object, list[str]] | None = None


def refuse() -> None:
    """Raises ImportError when another `autograd` or `nn` meets ours; otherwise returns.

    Raises:
        ImportError: names the other distribution (or file) and the way out.
    """
    global _passed
    now = sys.modules.get("autograd"), list(sys.path)
    if now == _passed:
        return
    problem = find_clash()
    if problem:
        raise ImportError(problem)
    _passed = now


def find_clash() -> str | None:
    """What clashes and the way out, in one message; None if nothing does."""
    loaded = getattr(sys.modules.get("autograd"), "__file__", None)
    if loaded is None or os.path.dirname(os.path.abspath(loaded)) != _PACKAGE:
        # Theirs came first on the path, or our __init__.py went when theirs was uninstalled.
        which = f"from {loaded}" if loaded else "without its __init__.py"
        return (
            f"The `autograd` that was imported, {which}, is not Glassgrad's but that of the "
            f"distribution `autograd` (HIPS autograd), or what is left of it. {_WAY_OUT.format(name='autograd')}"
        )

    # Until our own folder comes up on sys.path, an `nn` found on the way would be imported first.
    nn_is_ahead = True
    for entry in sys.path:
        folder = os.path.abspath(entry)  # "" is the current directory
        if os.path.isfile(os.path.join(folder, _THEIR_FILE)):
            return _describe("autograd", folder)
        if folder.endswith("-packages"):
            other = _distribution_in(folder)
            if other:
                return _describe(other, folder)
        if folder == _ROOT:
            nn_is_ahead = False
        if nn_is_ahead:
            for name in (os.path.join("nn", "__init__.py"), "nn.py"):
                path = os.path.join(folder, name)
                if os.path.isfile(path) and not _is_ours(path):
                    return f"Another `nn` is in the way: {path}. {_WAY_OUT_FILE}"
    return None


def _is_ours(path: str) -> bool:
    ours = os.path.join(_ROOT, "nn", "__init__.py")
    return os.path.isfile(ours) and os.path.samefile(path, ours)


def _distribution_in(folder: str) -> str | None:
    """The name of the other distribution that is installed in ``folder``, if one is."""
    try:
        names = os.listdir(folder)
    except OSError:
        return None
    for name in names:
        if name.startswith(("autograd-", "nn-")) and name.endswith((".dist-info", ".egg-info")):
            return name.partition("-")[0]
    return None


def _describe(name: str, folder: str) -> str:
    who = "`autograd` (HIPS autograd)" if name == "autograd" else f"`{name}`"
    return f"The distribution {who} is installed in {folder}. {_WAY_OUT.format(name=name)}"
