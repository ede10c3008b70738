"""Ctrl-C at every point of the threaded kernels: nobody works on behind the caller's back.

A tracer raises KeyboardInterrupt where the interpreter looks for signals: on entry of a function,
after built-in ones, on the way back in a loop; and before calls, for some wait and are woken.
Helpers are slowed down, so that they are at work whenever the caller is interrupted.
"""

import _thread
import dis
import functools
import signal
import sys
import threading
import time
from math import prod
from pathlib import Path

import numpy as np
import pytest

import autograd
import nn.functional as functional
from autograd.kernels import elementwise, scratch, threads
from autograd.kernels.normalization import any_axes
from tests.layouts import batch_last

pytestmark = pytest.mark.usefixtures("numpy_kernels")  # those in C know no interrupts

KERNELS = str(Path(threads.__file__).parent)


@functools.cache
def points(code):
    """Offsets of the calls and of the jumps back in the code.

    Not of the calls at the end of a with block: nothing can come between it and them.
    """
    found, before = set(), []
    for instruction in dis.get_instructions(code):
        ends_with_block = before[-3:] == [None] * 3
        if instruction.opname.startswith("JUMP_BACKWARD"):
            found.add(instruction.offset)
        if instruction.opname.startswith("CALL") and not ends_with_block:
            found.add(instruction.offset)
        if not instruction.opname.startswith("PRECALL"):
            before.append(instruction.argval if instruction.opname == "LOAD_CONST" else "other")
    return found


class Interruption:
    """Raise KeyboardInterrupt at the n-th point within the kernels; ``came`` says if there is one.

    Points are the beginnings of functions, calls before they are made, built-in functions after
    they did what they do, and jumps back.
    """

    def __init__(self, n):
        self.left = n
        self.came = False

    def point(self):
        self.left -= 1
        if self.left == -1:
            self.came = True
            raise KeyboardInterrupt

    def profile(self, frame, event, argument):
        if event in ("call", "c_return") and frame.f_code.co_filename.startswith(KERNELS):
            self.point()

    def trace(self, frame, event, argument):
        if not frame.f_code.co_filename.startswith(KERNELS):
            return None
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        if event == "opcode" and frame.f_lasti in points(frame.f_code):
            self.point()
        return self.trace

    def run(self, function):
        former = sys.gettrace(), sys.getprofile()
        sys.settrace(self.trace)
        sys.setprofile(self.profile)
        try:
            return function()
        finally:
            sys.settrace(former[0])
            sys.setprofile(former[1])


def images(*shape):
    return batch_last(np.random.default_rng(prod(shape)).normal(size=shape).astype(np.float32))


X, G = images(16, 8, 12, 12), images(16, 8, 12, 12)
W = np.ascontiguousarray(images(8, 8, 3, 3))


def gradients(function, *arrays):
    """Gradients of a public function with respect to arrays, as arrays."""
    inputs = [autograd.as_tensor(array).requires_grad_() for array in arrays]
    found = autograd.grad(function(*inputs), inputs, autograd.as_tensor(G))
    return tuple(g.numpy() for g in found)


MATRIX = np.random.default_rng(0).normal(size=(64, 96)).astype(np.float32)


def normalized():
    y, mean, rstd, _ = any_axes.normalize(X, None, None, axes=(0, 2, 3), eps=1e-5)
    return y, *any_axes.normalize_gradient(G, X, None, mean, rstd, axes=(0, 2, 3))


def normalized_rows():
    weight = MATRIX[0]
    y, mean, rstd, _ = any_axes.normalize(MATRIX, weight, weight, axes=(1,), eps=1e-5)
    return y, *any_axes.normalize_gradient(MATRIX, MATRIX, weight, mean, rstd, axes=(1,))


KERNELS_WITH_THREADS = {
    "conv2d": lambda: functional.conv2d(X, W, padding=1),
    "conv2d's gradients": lambda: gradients(lambda x, w: functional.conv2d(x, w, padding=1), X, W),
    "depthwise": lambda: gradients(
        lambda x, w: functional.conv2d(x, w, padding=1, groups=8), X, W[:, :1]
    ),
    "normalize": normalized,
    "normalize rows": normalized_rows,
    "max_pool2d": lambda: gradients(lambda x: autograd.max_pool(x, 3, 1, 1), X),
    "avg_pool2d": lambda: gradients(lambda x: autograd.avg_pool(x, 3, 1, 1), X),
    "matmul": lambda: threads.matmul(MATRIX, MATRIX.T),
    "in_blocks": lambda: elementwise.in_blocks(lambda x: x * 2 + 1, MATRIX),
    "relu_gradient": lambda: elementwise.relu_gradient(MATRIX, elementwise.relu(MATRIX)),
}


@pytest.fixture
def slow_helpers(monkeypatch):
    """Two threads for however little work; how many pieces helpers are computing at the moment."""
    for name in (
        "threads",
        "pieces",
        "conv.im2col",
        "normalization.any_axes",
        "normalization.last_axes",
    ):
        monkeypatch.setattr(f"autograd.kernels.{name}.WORTHWHILE", 1)
    monkeypatch.setattr("autograd.kernels.normalization.last_axes.PIECES", 3)
    monkeypatch.setattr(threads, "BLAS_ALONE", -1)
    monkeypatch.setattr(elementwise, "BLOCK", 1024)
    monkeypatch.setattr(scratch, "SMALL_SCRATCH", 0)
    before = threads.get_num_threads()
    threads.set_num_threads(2)
    caller, busy = threading.get_ident(), []
    made = threads._Job.__init__

    def slowed(job, function, items):
        def piece(item):
            if threading.get_ident() == caller:
                return function(item)
            busy.append(item)
            try:
                time.sleep(0.0003)
                return function(item)
            finally:
                busy.pop()

        made(job, piece, items)

    monkeypatch.setattr(threads._Job, "__init__", slowed)
    yield busy
    threads.set_num_threads(before)


def flat(result):
    parts = result if isinstance(result, tuple) else (result,)
    return [np.asarray(part) for part in parts if part is not None]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", KERNELS_WITH_THREADS)
def test_an_interrupt_leaves_nothing_behind_wherever_it_comes(slow_helpers, name):
    kernel = KERNELS_WITH_THREADS[name]
    right = flat(kernel())
    held = threads._blas._get() if threads._blas.held else 1
    n = 0
    while True:
        interruption = Interruption(n)
        try:
            result = interruption.run(kernel)
        except KeyboardInterrupt:
            assert not slow_helpers, f"point {n}: a helper is still at work"
        else:  # no such point; or within a generator's end, where Python swallows what is raised
            if not interruption.came:
                break
        assert not threads._inside.active
        assert not threads._blas.held or threads._blas._get() == held
        lent = sorted((b.ctypes.data, b.size) for pool in scratch._pools for _, _, b in pool.free)
        assert all(a + size <= b for (a, size), (b, _) in zip(lent, lent[1:], strict=False))
        if n % 8 == 0:
            result = flat(kernel())
            for a, b in zip(result, right, strict=True):
                assert a.tobytes() == b.tobytes(), f"point {n}"
        n += 1
    assert n > 10, "there were no points"  # how many differs with the version of Python
    for a, b in zip(flat(result), right, strict=True):
        assert a.tobytes() == b.tobytes()


@pytest.fixture
def listening():
    """Interrupts are heard, also where pytest was started in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_interrupts_from_outside_at_random_times(slow_helpers, listening):
    kernel = KERNELS_WITH_THREADS["conv2d"]
    right = kernel()
    rng = np.random.default_rng(0)
    came = 0
    for _ in range(60):
        timer = threading.Timer(rng.uniform(0, 0.004), _thread.interrupt_main)
        try:
            timer.start()
            for _ in range(20):
                assert kernel().tobytes() == right.tobytes()
            timer.join()
            time.sleep(0.001)
        except KeyboardInterrupt:
            came += 1
            assert not slow_helpers
    assert came > 20
    assert kernel().tobytes() == right.tobytes()


def test_another_users_kernels_go_on_while_one_is_interrupted(slow_helpers):
    kernel = KERNELS_WITH_THREADS["conv2d"]
    right, wrong, over = kernel(), [], threading.Event()

    def use():
        while not over.is_set():
            if kernel().tobytes() != right.tobytes():
                wrong.append(1)

    user = threading.Thread(target=use, daemon=True)
    user.start()
    try:
        for n in range(0, 400, 7):
            try:
                Interruption(n).run(kernel)
            except KeyboardInterrupt:
                pass
            assert kernel().tobytes() == right.tobytes()
    finally:
        over.set()
        user.join(20)
    assert not wrong and not user.is_alive()


def test_a_kernel_within_a_piece_is_interrupted_like_any_other(slow_helpers):
    kernel = KERNELS_WITH_THREADS["conv2d"]
    right = kernel()

    def nested():
        results = [None] * 4

        def piece(i):
            results[i] = kernel()

        threads.for_each(piece, range(4), 1e9)
        return results

    for n in range(0, 4000, 97):
        try:
            results = Interruption(n).run(nested)
        except KeyboardInterrupt:
            assert not slow_helpers and not threads._inside.active
            results = nested()
        assert all(result.tobytes() == right.tobytes() for result in results)
