"""The core of the plain suite as a browser would run it: without threads, processes or ctypes.

    python -m tests.as_in_a_browser             the folders of FOLDERS
    python -m tests.as_in_a_browser tests/nn    others; further arguments are pytest's

Pyodide has Python and NumPy, but no thread can be started, no process, and ctypes may be missing. What the
packages do without them is tested here. A test that starts a thread or a process by itself is skipped; if the
packages do, it fails.
"""

import os
import sys
import traceback

#: All but data loaders, parallel training, files and what is compared with other programs.
FOLDERS = ("tests/arguments", "tests/core", "tests/engine", "tests/ops", "tests/kernels", "tests/func", "tests/gradcheck",
           "tests/debug", "tests/viz", "tests/nn/conformance", "tests/nn/models", "tests/nn/train")  # fmt: skip


class NoThreads(RuntimeError):
    """What Pyodide raises where a thread is started."""


class NoProcesses(OSError):
    """What Pyodide raises where a process is started."""


def disable() -> None:
    """Takes threads, processes and ctypes away from this Python; to be called before NumPy is imported."""
    import _thread
    import subprocess
    import threading

    def no_thread(*args: object, **kwargs: object) -> None:
        raise NoThreads("can't start new thread")

    def no_process(*args: object, **kwargs: object) -> None:
        raise NoProcesses(138, "emscripten does not support processes.")

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


def started_by_the_test(error: BaseException | None) -> bool:
    """True if the line that started a thread or process stands in a test, or in what a test calls of others."""
    while error is not None:
        if isinstance(error, (NoThreads, NoProcesses)):
            ours = ("/autograd/", "/nn/")
            frames = [each.filename for each in traceback.extract_tb(error.__traceback__)]
            of_project = [
                name for name in frames if "/tests/" in name or any(each in name for each in ours)
            ]
            return bool(of_project) and "/tests/" in of_project[-1]
        error = error.__cause__ or error.__context__
    return False


#: Tests of what a program of others does, which is never started.
OF_PROGRAMS = {"test_a_dot_that_does_not_work_is_done_without[no end]"}


class Plugin:
    """For pytest: a test that needs a thread or a process for itself is skipped."""

    def pytest_runtest_makereport(self, item: object, call: object) -> None:
        import threading

        import pytest

        found = getattr(call, "excinfo", None)
        if found is None:
            return
        if isinstance(found.value, threading.BrokenBarrierError):
            why = "the test waits for other threads"
        elif getattr(item, "name", "") in OF_PROGRAMS or started_by_the_test(found.value):
            why = "the test itself starts a thread or a process"
        else:
            return
        call.excinfo = pytest.ExceptionInfo.from_exc_info(  # type: ignore[attr-defined]
            _raised(pytest.skip.Exception(why))
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

    paths = [each for each in arguments if not each.startswith("-")] or [*FOLDERS]
    options = [each for each in arguments if each.startswith("-")]
    return pytest.main(["-q", "-p", "no:xdist", *options, *paths], plugins=[Plugin()])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
