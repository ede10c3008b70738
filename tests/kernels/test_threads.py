"""Threads change who computes a piece, nothing else: same bits, any nesting, any caller, fork."""

import os
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pytest

from autograd.arguments import Window
from autograd.kernels import threads
from autograd.kernels.conv import correlation
from tests.layouts import batch_last


@pytest.fixture(autouse=True)
def restore_count():
    before = threads.get_num_threads()
    yield
    threads.set_num_threads(before)


def with_each_count(function, counts=(1, 2, 3, 5)):
    """The results of ``function`` with each number of threads."""
    results = []
    for count in counts:
        threads.set_num_threads(count)
        results.append(function())
    return results


LARGE = 10 * threads.WORTHWHILE


def test_every_piece_once_and_in_several_threads():
    threads.set_num_threads(3)
    done, who = [0] * 50, set()
    meeting = threading.Barrier(3, timeout=10)

    def piece(i):
        if i < 3:
            meeting.wait()  # passes only if three threads come
        done[i] += 1
        who.add(threading.get_ident())

    threads.for_each(piece, range(50), LARGE)
    assert done == [1] * 50 and len(who) == 3


def test_small_work_stays_in_the_calling_thread():
    threads.set_num_threads(4)
    who = set()
    threads.for_each(lambda i: who.add(threading.get_ident()), range(20), threads.WORTHWHILE - 1)
    assert who == {threading.get_ident()}


def test_nested_work_stays_in_its_thread():
    threads.set_num_threads(4)
    results = []

    def outer(i):
        mine, who = threading.get_ident(), set()

        def inner(j):
            time.sleep(0.002)  # time for others to come, if any were called
            who.add(threading.get_ident())

        threads.for_each(inner, range(10), LARGE)
        results.append(who == {mine})

    threads.for_each(outer, range(2), LARGE)
    assert results == [True] * 2


@pytest.mark.parametrize("count", [1, 2, 4])
def test_an_exception_arrives_and_ends_the_rest(count):
    threads.set_num_threads(count)
    done = []

    def piece(i):
        if i == 3:
            raise KeyError("three")
        done.append(i)

    with pytest.raises(KeyError, match="three"):
        threads.for_each(piece, range(100_000), LARGE)
    assert len(done) < 100_000
    threads.for_each(done.append, [-1], LARGE)
    assert done[-1] == -1


def test_numpy_error_state_reaches_the_helpers():
    threads.set_num_threads(2)
    meeting = threading.Barrier(2, timeout=10)

    def piece(i):
        meeting.wait()
        np.ones(3) / np.zeros(3)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with np.errstate(divide="ignore"):
            threads.for_each(piece, range(2), LARGE)
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        threads.for_each(piece, range(2), LARGE)


@pytest.mark.skipif(threads.blas_control() == "none", reason="this BLAS cannot be held")
def test_blas_is_held_and_released():
    blas = threads._blas
    blas._set(2)
    if blas._get() != 2:
        pytest.skip("BLAS does not go beyond one thread here")
    seen = []
    threads.for_each(lambda i: seen.append(blas._get()), range(4), LARGE)
    threads.for_each(lambda i: threads.matmul(np.ones((300, 300)), np.ones((300, 300))), [0], LARGE)
    assert seen == [1] * 4 and blas._get() == 2
    with pytest.raises(KeyError):
        threads.for_each({}.__getitem__, range(4), LARGE)
    assert blas._get() == 2


def test_without_control_over_blas_pieces_run_in_the_calling_thread(monkeypatch):
    monkeypatch.setattr(threads._blas, "held", False)
    threads.set_num_threads(2)
    who = set()
    threads.for_each(lambda i: who.add(threading.get_ident()), range(20), LARGE)
    assert who == {threading.get_ident()}


GEOMETRIES = {
    "ordinary": ((16, 8, 24, 24), (16, 8, 3, 3), 1, 1, 1),
    "stride": ((16, 8, 24, 24), (16, 8, 3, 3), 2, 1, 1),
    "groups": ((16, 8, 24, 24), (16, 4, 3, 3), 1, 1, 2),
    "1x1": ((16, 32, 16, 16), (64, 32, 1, 1), 1, 0, 1),
    "one image": ((1, 32, 48, 48), (32, 32, 3, 3), 1, 1, 1),
    "depthwise": ((16, 32, 10, 40), (32, 1, 3, 3), 1, 1, 32),
    "3d": ((16, 4, 6, 12, 12), (8, 4, 3, 3, 3), 1, 1, 1),
}


@pytest.mark.parametrize("name", GEOMETRIES)
def test_same_bits_for_every_number_of_threads(name):
    x_shape, w_shape, stride, padding, groups = GEOMETRIES[name]
    rng = np.random.default_rng(0)
    rank = len(x_shape) - 2
    window = Window.read("test", rank, w_shape[2:], stride, padding)
    geometry = {"window": window, "groups": groups}
    x = batch_last(rng.normal(size=x_shape).astype(np.float32))
    w = rng.normal(size=w_shape).astype(np.float32)
    threads.set_num_threads(1)
    g = rng.normal(size=correlation.correlate(x, w, **geometry).shape).astype(np.float32)

    def run():
        return (
            correlation.correlate(x, w, **geometry).tobytes(),
            correlation.correlate_input(g, w, input_shape=x.shape[2:], **geometry).tobytes(),
            correlation.correlate_weight(x, g, **geometry).tobytes(),
        )

    first, *others = with_each_count(run)
    assert all(first == other for other in others)


@pytest.mark.parametrize(
    "shapes",
    [
        ((700, 300), (300, 400)),
        ((64, 2000), (2000, 300)),
        ((300, 2000), (2000, 64)),
        ((12, 200, 100), (12, 100, 300)),
        ((12, 200, 100), (100, 300)),
        ((200, 100), (12, 100, 300)),
        ((12, 1, 90, 100), (5, 100, 80)),
        ((1, 512, 512), (4, 512, 512)),
        ((3, 4), (4, 5)),
        ((500, 0), (0, 500)),
        ((5000,), (5000,)),
        ((2000, 3000), (3000,)),
    ],
    ids=str,
)
def test_matmul(shapes):
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=shape) for shape in shapes)
    for left, right in ((a, b), (np.asfortranarray(a), np.asfortranarray(b))):
        first, *others = with_each_count(lambda left=left, right=right: threads.matmul(left, right))
        np.testing.assert_allclose(first, np.matmul(a, b), rtol=1e-10, atol=1e-9)
        assert all(first.tobytes() == other.tobytes() for other in others)


def test_matmul_promotes_and_refuses_like_numpy():
    a, b = np.ones((300, 300), np.float32), np.ones((300, 300))
    assert threads.matmul(a, a).dtype == np.float32
    assert threads.matmul(a, b).dtype == np.float64
    with pytest.raises(ValueError, match="matmul"):
        threads.matmul(np.ones((300, 301)), b)
    halves = np.ones((1, 4099), np.float16)
    product = threads.matmul(halves, halves.T)  # counted in halves it would stop at 2,048
    assert product.dtype == np.float16 and product.item() == np.float16(4099)
    assert threads.matmul(halves, np.ones((4099, 1), np.float32)).dtype == np.float32
    assert threads.matmul(np.ones((1, 4099), np.float32), halves.T).dtype == np.float32


def test_use_from_many_threads_at_once():
    threads.set_num_threads(2)
    rng = np.random.default_rng(0)
    factors = [rng.normal(size=(300, 300)) for _ in range(6)]
    right = [np.matmul(a, a) for a in factors]
    wrong = []

    def use(i):
        for _ in range(5):
            if not np.allclose(threads.matmul(factors[i], factors[i]), right[i]):
                wrong.append(i)
            threads.set_num_threads(2 + i % 3)

    users = [threading.Thread(target=use, args=(i,)) for i in range(6)]
    for user in users:
        user.start()
    for user in users:
        user.join(60)
    assert not wrong and not any(user.is_alive() for user in users)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_computes():
    """Fork while another thread is inside a kernel; the child must neither hang nor stay held."""
    code = """
import os, signal, threading
import numpy as np
from autograd.kernels import threads
threads.set_num_threads(3)
a = np.random.default_rng(0).normal(size=(400, 400))
right = a @ a
before = threads._blas._get() if threads._blas.held else 1
inside, go_on = threading.Event(), threading.Event()
def piece(i):
    inside.set()
    go_on.wait(20)
user = threading.Thread(target=threads.for_each, args=(piece, range(3), 1e9))
user.start()
inside.wait(20)
child = os.fork()
if child == 0:
    signal.alarm(20)
    assert (threads._blas._get() if threads._blas.held else 1) == before
    assert np.allclose(threads.matmul(a, a), right)
    meeting = threading.Barrier(3, timeout=10)
    threads.for_each(lambda i: meeting.wait(), range(3), 1e9)  # passes only if helpers come
    os._exit(0)
status = os.waitpid(child, 0)[1]
go_on.set()
user.join()
assert np.allclose(threads.matmul(a, a), right)
print(status)
"""
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=60
    )
    assert run.stdout.strip() == "0", run.stderr


@pytest.mark.parametrize(("given", "count"), [("3", "3"), ("", None), ("0", None), ("x", None)])
def test_default_count(given, count):
    code = "from autograd.kernels import threads; print(threads.get_num_threads())"
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={**os.environ, "GLASSGRAD_NUM_THREADS": given},
    )
    if hasattr(os, "sched_getaffinity"):
        count = count or str(len(os.sched_getaffinity(0)))
        assert run.stdout.strip() == count
    assert ("GLASSGRAD_NUM_THREADS" in run.stderr) == (given in ("0", "x"))


@pytest.mark.parametrize(
    ("n", "error"),
    [(0, ValueError), (-1, ValueError), (2.0, TypeError), ("2", TypeError), (True, TypeError)],
)
def test_set_num_threads_refuses(n, error):
    before = threads.get_num_threads()
    with pytest.raises(error, match="n: the number of threads"):
        threads.set_num_threads(n)
    assert threads.get_num_threads() == before


def test_only_large_products_of_floats_are_cut(monkeypatch):
    cut = []
    monkeypatch.setattr(threads, "for_each", lambda *arguments: cut.append(arguments[2]))
    monkeypatch.setattr("autograd.kernels.native.library", None)
    small, large = np.ones((8, 9)), np.ones((500, 600))
    threads.matmul(small, small.T)
    monkeypatch.setattr(threads, "WORTHWHILE", 100)
    threads.matmul(small.astype(object), small.T.astype(object))
    assert cut == []
    threads.matmul(large, large.T)
    assert cut == [500 * 600 * 500]


@pytest.mark.skipif(threads.blas_control() == "none", reason="this BLAS cannot be held")
def test_a_forked_child_takes_over_no_users_of_blas():
    blas = threads._Blas()
    before = blas._get()
    blas._set(2)
    try:
        if blas._get() != 2:
            pytest.skip("BLAS does not go beyond one thread here")
        blas._enter(object())  # a thread that the child has not
        assert blas._get() == 1
        blas.after_fork()
        assert blas._get() == 2
        assert blas.run(blas._get) == 1 and blas._get() == 2
    finally:
        blas._set(before)


def test_an_interrupt_while_blas_is_let_go_lets_it_go_all_the_same(monkeypatch):
    blas, left = threads._Blas(), []
    monkeypatch.setattr(blas, "held", True)
    monkeypatch.setattr(blas, "_enter", lambda user: None)

    def leave(user):
        left.append(user)
        if len(left) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(blas, "_leave", leave)
    with pytest.raises(KeyboardInterrupt):
        blas.run(lambda: None)
    assert len(left) == 2 and left[0] is left[1]


def test_of_a_factor_that_is_broadcast_every_part_needs_the_whole():
    x = np.arange(24.0).reshape(1, 2, 3, 4)
    one, part = np.ones((3, 1, 4)), slice(1, 2)
    assert threads._part(x, -4, part, -1) is x and threads._part(x[0], -4, part, -1) is not None
    assert threads._part(np.ones((1, 3, 4)), -3, part, -1).shape == (1, 3, 4)
    assert threads._part(np.ones((2, 3, 4)), -3, part, -1).shape == (1, 3, 4)
    assert threads._part(one, -2, slice(0, 1), -1).shape == (3, 1, 4)  # a row is a row
    assert threads._part(np.ones((1, 4)), -2, slice(0, 0), -1).shape == (0, 4)
    assert threads._part(np.ones((3, 4)), -1, part, -1).shape == (3, 4)
    assert threads._part(np.ones((3, 4)), -3, part, -1).shape == (3, 4)


def test_what_fails_in_a_helper_is_raised_by_the_caller():
    caller, failed, before = threading.get_ident(), threading.Event(), threads.get_num_threads()

    def work(item):
        if threading.get_ident() == caller:
            assert failed.wait(60)  # the caller leaves the other item to a helper
        else:
            failed.set()
            raise ValueError("in a helper")

    try:
        threads.set_num_threads(2)
        with pytest.raises(ValueError, match="in a helper"):
            threads.for_each(work, range(2), 10 * threads.WORTHWHILE)
    finally:
        threads.set_num_threads(before)


def test_where_no_thread_can_be_started_the_caller_does_without(monkeypatch):
    asked = []

    def refuse(*given):
        asked.append(given)
        if len(asked) > 1:
            raise AssertionError("asked again for what there is not")
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threads, "_state", threads._State())
    monkeypatch.setattr(threads._thread, "start_new_thread", refuse)
    threads.set_num_threads(3)
    done = []
    threads.for_each(done.append, range(5), 10 * threads.WORTHWHILE)
    assert done == [0, 1, 2, 3, 4] and len(asked) == 1
