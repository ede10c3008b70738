"""Scratch is never lent twice, the pool is bounded, and the allocator is tuned only where asked."""

import gc
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from autograd.kernels import allocator
from autograd.kernels.allocator import empty_cache
from autograd.kernels.scratch import POOL_BYTES, cached_bytes, scratch


class Adversary(RuleBasedStateMachine):
    """Borrows, returns in any order, empties the cache; what it wrote must still stand."""

    def __init__(self):
        super().__init__()
        self.lent = []
        self.stamp = 0

    @rule(
        shape=st.lists(st.sampled_from([0, 1, 2, 7, 40, 60]), max_size=3),
        dtype=st.sampled_from("bfd"),
    )
    def borrow(self, shape, dtype):
        loan = scratch(tuple(shape), np.dtype(dtype))
        array = loan.__enter__()
        assert array.shape == tuple(shape) and array.dtype == dtype
        assert array.flags.c_contiguous and array.flags.writeable
        assert array.nbytes < 2**15 or array.ctypes.data % 64 == 0
        self.stamp = (self.stamp + 1) % 100
        array[...] = self.stamp
        self.lent.append((loan, array, self.stamp))

    @precondition(lambda self: self.lent)
    @rule(data=st.data())
    def give_back(self, data):
        loan, _, _ = self.lent.pop(data.draw(st.integers(0, len(self.lent) - 1)))
        loan.__exit__(None, None, None)

    @rule()
    def empty(self):
        empty_cache()
        assert cached_bytes() == 0

    @invariant()
    def nothing_lent_was_touched(self):
        for i, (_, array, stamp) in enumerate(self.lent):
            assert (array == stamp).all()
            assert not any(np.shares_memory(array, other) for _, other, _ in self.lent[:i])

    def teardown(self):
        for loan, _, _ in self.lent:
            loan.__exit__(None, None, None)


TestAdversary = Adversary.TestCase
TestAdversary.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, derandomize=True
)


def test_memory_is_reused_and_bounded():
    empty_cache()
    with scratch((10_000,), np.dtype(float)) as a:
        where = a.ctypes.data
    with scratch((9_990,), np.dtype(float)) as a:
        assert a.ctypes.data == where
    for size in range(1, 60):
        with scratch((size * 2**20,), np.dtype(np.uint8)):
            pass
        assert cached_bytes() <= POOL_BYTES
    with scratch((POOL_BYTES + 1,), np.dtype(np.uint8)):
        pass
    assert cached_bytes() <= POOL_BYTES


def test_a_small_request_does_not_take_a_huge_buffer():
    empty_cache()
    with scratch((2**22,), np.dtype(np.uint8)):
        pass
    with scratch((2**17,), np.dtype(np.uint8)):
        assert cached_bytes() >= 2**22


def test_left_to_its_users_when_the_block_raises():
    empty_cache()
    with pytest.raises(KeyError), scratch((10_000,), np.dtype(float)):
        raise KeyError
    assert cached_bytes() == 0


def test_threads_have_pools_of_their_own_which_go_with_them():
    empty_cache()
    seen = []

    def work():
        for i in range(200):
            with scratch((5_000,), np.dtype(int)) as a, scratch((5_000,), np.dtype(int)) as b:
                a[...], b[...] = i, -i
                assert (a == i).all() and (b == -i).all()
        seen.append(cached_bytes())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 4 and max(seen) > 0
    del threads
    gc.collect()
    assert cached_bytes() == 0


def test_empty_cache_reaches_other_threads():
    filled, go_on = threading.Event(), threading.Event()

    def work():
        with scratch((5_000,), np.dtype(int)):
            pass
        filled.set()
        go_on.wait(10)

    thread = threading.Thread(target=work)
    thread.start()
    filled.wait(10)
    before = cached_bytes()
    empty_cache()
    after = cached_bytes()
    go_on.set()
    thread.join()
    assert before > 0 and after == 0


FAULTS = """
import resource
import numpy as np
from autograd.kernels.allocator import tune_allocator
print(tune_allocator())
for _ in range(3):
    np.ones(10_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    np.ones(10_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(allocator._glibc() is None, reason="needs glibc")
@pytest.mark.parametrize("opt_out", ["0", "1"])
def test_tuning_removes_page_faults_unless_opted_out(opt_out, monkeypatch):
    monkeypatch.setenv("GLASSGRAD_NO_MALLOC_TUNING", opt_out)
    tuned, faults = subprocess.run(
        [sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    assert tuned == str(opt_out == "0")
    assert (int(faults) < 50) == (opt_out == "0")


def test_other_c_libraries_are_left_alone(monkeypatch):
    monkeypatch.delenv("GLASSGRAD_NO_MALLOC_TUNING", raising=False)
    monkeypatch.setattr(allocator.sys, "platform", "darwin")
    assert allocator.tune_allocator() is False
    empty_cache()


@pytest.mark.parametrize(
    "given, tuned", [(None, True), ("", True), ("0", True), ("1", False), ("no", False)]
)
def test_glibc_is_asked_for_as_its_manual_says_unless_opted_out(given, tuned, monkeypatch):
    if given is None:
        monkeypatch.delenv("GLASSGRAD_NO_MALLOC_TUNING", raising=False)
    else:
        monkeypatch.setenv("GLASSGRAD_NO_MALLOC_TUNING", given)
    asked = {}

    class Libc:
        @staticmethod
        def mallopt(option, value):
            asked[option] = value
            return 1

    monkeypatch.setattr(allocator, "_glibc", Libc)
    assert allocator.tune_allocator() is tuned
    # M_MMAP_MAX is −4, M_TRIM_THRESHOLD −1, M_TOP_PAD −2 (malloc.h).
    assert asked == ({-4: 0, -1: 2**31 - 1, -2: 16 * 2**20} if tuned else {})
    monkeypatch.setattr(Libc, "mallopt", staticmethod(lambda option, value: option != -2))
    assert allocator.tune_allocator() is False
