"""The pool of threads in C: same results after fork, from many threads, at exit and after Ctrl-C."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from autograd.arguments import Window
from autograd.kernels import native, threads
from autograd.kernels.conv import compiled

pytestmark = pytest.mark.skipif(native.library is None, reason="no native kernels")

RNG = np.random.default_rng(6)
X = RNG.standard_normal((16, 16, 24, 24)).astype(np.float32)
W = RNG.standard_normal((32, 16, 3, 3)).astype(np.float32)
WINDOW = Window.read("test", 2, 3, 1, 1)


def step():
    y = compiled.correlate(X, W, None, WINDOW, 1)
    dx = compiled.correlate_input(y, W, (24, 24), WINDOW, 1)
    dw = compiled.correlate_weight(X, y, WINDOW, 1)
    return [a.tobytes() for a in (y, dx, dw)]


@pytest.fixture(autouse=True)
def three_threads():
    before = threads.get_num_threads()
    threads.set_num_threads(3)
    yield
    threads.set_num_threads(before)


def test_the_pool_obeys_set_num_threads():
    for n in (1, 2, 5):
        threads.set_num_threads(n)
        assert native.library.get_num_threads() == n
    threads.set_num_threads(10**9)
    assert native.library.get_num_threads() <= 64


def test_helpers_start_when_large_work_comes():
    step()
    assert native.library.started_threads() >= 2


def test_wrong_numbers_are_refused():
    for error, n in ((TypeError, 1.0), (TypeError, True), (ValueError, 0), (ValueError, 2**80)):
        with pytest.raises(error):
            native.library.set_num_threads(n)
    with pytest.raises(ValueError, match="instruction set"):
        native.library.use_instruction_set("abacus")


def test_calls_from_many_threads_at_once_disturb_nobody():
    expected, wrong = step(), []

    def caller():
        for _ in range(5):
            if step() != expected:
                wrong.append(threading.get_ident())

    callers = [threading.Thread(target=caller) for _ in range(5)]
    for thread in callers:
        thread.start()
    for thread in callers:
        thread.join()
    assert not wrong


def test_calls_from_within_a_piece_of_the_other_pool():
    expected, results = step(), [None] * 6

    def piece(i):
        results[i] = step()

    threads.for_each(piece, range(6), 10 * threads.WORTHWHILE)
    assert results == [expected] * 6


def test_scratch_memory_is_kept_and_given_back():
    step()
    native.library.empty_cache()
    assert native.library.cached_bytes() == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_starts_helpers_of_its_own():
    expected = step()
    child = os.fork()
    if not child:
        ok = native.library.started_threads() == 0
        ok = ok and step() == expected and native.library.started_threads() == 2
        os._exit(0 if ok else 1)
    assert step() == expected  # meanwhile, the parent's are still there
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_while_other_threads_compute():
    expected, stop = step(), threading.Event()

    def busy():
        while not stop.is_set():
            step()

    other = threading.Thread(target=busy)
    other.start()
    try:
        codes = []
        for _ in range(5):
            child = os.fork()
            if not child:
                os._exit(0 if step() == expected else 1)
            codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    finally:
        stop.set()
        other.join()
    assert codes == [0] * 5


def run(code):
    """The exit status and output of a Python program that imports what this file has."""
    start = "import sys, threading\nfrom tests.kernels.native.test_threads import step, threads\n"
    done = subprocess.run(
        [sys.executable, "-c", start + "threads.set_num_threads(3)\n" + code],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_a_program_ends_while_a_daemon_thread_computes():
    code = """
began = threading.Event()
def forever():
    while True:
        step()
        began.set()
threading.Thread(target=forever, daemon=True).start()
began.wait()
"""
    assert run(code) == (0, "")


@pytest.mark.skipif(os.name == "nt", reason="signals are sent otherwise there")
def test_an_interrupt_waits_for_the_kernel_and_leaves_all_in_order():
    code = """
import os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's & leaves it ignored
expected = step()
for _ in range(20):
    timer = threading.Timer(0.005, os.kill, (os.getpid(), signal.SIGINT))
    try:
        timer.start()
        while True:
            step()
    except KeyboardInterrupt:
        pass
    timer.join()
assert step() == expected
print("well")
"""
    assert run(code) == (0, "well\n")


def test_spawned_processes_compute_the_same():
    code = "import hashlib\nprint(hashlib.sha256(b''.join(step())).hexdigest())"
    first, second = (
        run(code),
        run(code.replace("import hashlib", "threads.set_num_threads(1); import hashlib")),
    )
    assert first == second and first[0] == 0
