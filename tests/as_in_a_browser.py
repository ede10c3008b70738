"""The plain suite as a browser would run it: without threads, processes, ctypes and kernels in C.

    python -m tests.as_in_a_browser              all of tests/
    python -m tests.as_in_a_browser tests/nn     a part; further arguments are pytest's

Pyodide has Python and NumPy, but no thread can be started, no process, and ctypes may be missing. What the
packages do without them is tested here. A test whose subject is a thread or a process is skipped, all with the
same words (`WHY`): it starts one by itself, or calls what does nothing else (`STARTERS`). If anything else of
the packages starts one, the test fails.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

#: What is run: the plain suite has neither the comparisons with programs of others nor what takes long.
MARKERS = "not " + " and not ".join(("slow", "fuzz", "native", "torch", "onnx", "browser", "mpi"))

#: Why a test is skipped.
WHY = "its subject is a thread or a process, and a browser has none"

#: Parts of the packages that are there to start programs, processes or threads: they ask Graphviz, grade sheets,
#: execute notebooks, build the site, train in several processes.
STARTERS = (
    "autograd/viz/drawing/dot.py",
    "nn/doctor.py",
    "nn/lesson/__main__.py",
    "nn/lesson/grading.py",
    "nn/lesson/pages.py",
    "nn/lesson/site/build.py",
    "nn/parallel/group.py",
)


class NoThreads(RuntimeError):
    """What Pyodide raises where a thread is started; ``subject`` says whether a test is about it."""

    subject = False


class NoProcesses(OSError):
    """What Pyodide raises where a process is started."""

    subject = False


#: For every attempt since the list was cleared to start a thread or a process: was a test about it?
attempts: list[bool] = []


def is_the_subject() -> bool:
    """True if a thread or process is what the running test is about: the innermost line of the project on the
    stack stands in a test, or in one of `STARTERS`."""
    frame = sys._getframe(1)
    while frame is not None:
        name = os.path.relpath(frame.f_code.co_filename, ROOT).replace(os.sep, "/")
        if name.startswith(("tests/", "autograd/", "nn/")) and name != "tests/as_in_a_browser.py":
            return name.startswith("tests/") or name in STARTERS
        frame = frame.f_back  # type: ignore[assignment]
    return False


def _refused(error: NoThreads | NoProcesses) -> NoThreads | NoProcesses:
    error.subject = is_the_subject()
    attempts.append(error.subject)
    return error


def no_thread(*args: object, **kwargs: object) -> None:
    """In place of what starts a thread."""
    raise _refused(NoThreads("can't start new thread"))


def no_process(*args: object, **kwargs: object) -> None:
    """In place of what starts a process."""
    raise _refused(NoProcesses(138, "emscripten does not support processes."))


def from_the_subject(error: BaseException | None) -> bool:
    """True if an error, or what led to it, is such a refusal, maybe of a fixture that other tests share."""
    import threading

    while error is not None:
        if isinstance(error, threading.BrokenBarrierError) or getattr(error, "subject", False):
            return True
        error = error.__cause__ or error.__context__
    return False


def disable() -> None:
    """Takes threads, processes and ctypes away from this Python; to be called before NumPy is imported."""
    import _thread
    import subprocess
    import threading

    for module in (_thread, threading):
        for name in (
            "start_new_thread",
            "_start_new_thread",
            "start_joinable_thread",
            "_start_joinable_thread",
        ):
            if hasattr(module, name):
                setattr(module, name, no_thread)
    for name in ("fork", "forkpty", "posix_spawn", "posix_spawnp", "system"):
        if hasattr(os, name):
            setattr(os, name, no_process)
    subprocess.Popen.__init__ = no_process  # type: ignore[method-assign, assignment]
    if "numpy" in sys.modules:
        raise RuntimeError("NumPy is imported already, and ctypes with it")
    for name in ("ctypes", "_ctypes"):
        sys.modules[name] = None  # type: ignore[assignment]
    os.environ["GLASSGRAD_NATIVE"] = "0"  # a browser has the pure wheel,
    os.environ["PATH"] = ""  # and no programs


class Plugin:
    """For pytest: a test that fails where its subject is a thread or a process is skipped."""

    def pytest_runtest_logstart(self) -> None:
        attempts.clear()

    def pytest_runtest_makereport(self, item: object, call: object) -> None:
        import pytest

        found = getattr(call, "excinfo", None)
        if found is not None and (any(attempts) or from_the_subject(found.value)):
            call.excinfo = pytest.ExceptionInfo.from_exc_info(  # type: ignore[attr-defined]
                _raised(pytest.skip.Exception(WHY))
            )


def _raised(error: BaseException) -> tuple[type[BaseException], BaseException, object]:
    try:
        raise error
    except BaseException:  # noqa: BLE001
        return sys.exc_info()  # type: ignore[return-value]


def main(arguments: list[str]) -> int:
    """Runs the tests; returns pytest's exit status."""
    disable()
    import autograd  # noqa: F401
    import nn  # noqa: F401

    for name in ("ctypes", "_ctypes"):  # SciPy, which the tests compare with, cannot do without
        del sys.modules[name]
    import pytest

    paths = [each for each in arguments if not each.startswith("-")] or ["tests"]
    options = [each for each in arguments if each.startswith("-")]
    own = ["-q", "-p", "no:xdist", "-m", MARKERS]
    return pytest.main([*own, *options, *paths], plugins=[Plugin()])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
