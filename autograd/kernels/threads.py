"""Spreading large kernels over threads, with the same bits whatever their number.

A kernel cuts its work into pieces by looking at shapes alone and gives them to `for_each`; the
number of threads decides only who computes a piece. Where pieces are summed, the kernel does it
afterwards in a fixed order. Inside a piece BLAS must not spread out by itself, so while a kernel
runs, BLAS is held to one thread:

* OpenBLAS, which NumPy's wheels bring along, by its ``openblas_set_num_threads`` (called through
  ctypes; the name differs by build), MKL by ``MKL_Set_Num_Threads``. Their scope is the process,
  hence other threads' own use of BLAS is on one thread too for that time; afterwards the former
  number is back.
* Elsewhere (Apple's Accelerate, others) nobody is held: kernels run their pieces one after the
  other in the calling thread, and BLAS spreads out as it likes.

Kernels in C (``native``) have a pool of their own, which never calls BLAS; it obeys the same number.

Calls from several threads at once are fine, and so are calls from within a piece, which stay in
their thread. After a fork the child starts threads of its own.

Whatever is raised in the caller, Ctrl-C at the least convenient moment included, it does not leave
`for_each` before its helpers have: they write into memory that the caller is about to give back.
"""

import _thread
import contextvars
import os
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from glob import glob
from importlib import import_module
from math import prod
from queue import SimpleQueue
from typing import Any

import numpy as np

from autograd.arguments.numbers import shown
from autograd.kernels import native
from autograd.kernels.bounds import Bound
from autograd.kernels.tuning import PIECES, WORTHWHILE

try:
    import ctypes
except ImportError:  # a Python without it, as some browsers have; its BLAS is left alone
    ctypes = None  # type: ignore[assignment]

BLAS_ALONE: Bound[int] = 2**18
"""OpenBLAS multiplies on one thread by itself while M * N * K is no larger (its
``SMP_THRESHOLD_MIN * GEMM_MULTITHREAD_THRESHOLD``)..."""

VECTOR_ALONE: Bound[int] = 2**13
"""... and adds up, or multiplies with vectors, while they have no more elements (its own limits lie
at 9216 and 10000)."""


def get_num_threads() -> int:
    """Number of threads that large kernels may use.

    At first the environment variable ``GLASSGRAD_NUM_THREADS``, otherwise the number of processors
    that this process may run on.
    """
    return _state.count


def set_num_threads(n: int) -> None:
    """Let large kernels use ``n`` threads, the calling one among them.

    Results do not depend on it. Raises TypeError unless ``n`` is an integer, ValueError if it is
    less than 1.
    """
    if isinstance(n, bool) or not isinstance(n, int | np.integer):
        raise TypeError(f"n: the number of threads is an integer, got {type(n).__name__}")
    if n < 1:
        raise ValueError(f"n: the number of threads is 1 or more, got {n}")
    _state.count = int(n)
    if native.library is not None:
        native.library.set_num_threads(_state.count)


def blas_control() -> str:
    """How BLAS is held to one thread: the name of the function used, or ``"none"``."""
    return _blas.name


def for_each(function: Callable[[Any], object], items: Sequence[Any], work: float) -> None:
    """Call ``function(item)`` for each item, in any order, on several threads if ``work`` is large.

    Args:
        function: must write to a place of its own for each item.
        items: the pieces; they must follow from the shapes of the problem alone.
        work: multiplications in all pieces together.

    An exception from ``function`` is raised here; pieces not yet begun are dropped.
    """
    if work <= BLAS_ALONE:
        for item in items:
            function(item)
        return
    if len(items) == 1:
        _blas.run(function, items[0])
        return
    helpers = min(_state.count, len(items)) - 1
    if helpers < 1 or work < WORTHWHILE or _inside.active or not _blas.held:
        _blas.run(_one_by_one, function, items)
    else:
        _blas.run(_spread, function, items, helpers)


def _one_by_one(function: Callable[[Any], object], items: Sequence[Any]) -> None:
    for item in items:
        function(item)


def matmul(a: np.ndarray, b: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """``np.matmul(a, b, out)``, spread over threads when it is large; of float16 by way of float32.

    >>> matmul(np.ones((2, 3)), np.ones((3, 4))).shape
    (2, 4)
    """
    if a.dtype.char == "e" == b.dtype.char:  # BLAS knows no halves; sums of them lose digits
        product = matmul(a.astype(np.float32), b.astype(np.float32)).astype(np.float16)
        if out is None:
            return product
        out[...] = product
        return out
    if a.ndim < 2 or b.ndim < 2:
        return _blas.run(np.matmul, a, b, out)
    if native.library is not None and out is None and b.ndim == 2:
        compiled = _compiled(a, b)
        if compiled is not None:
            return compiled
    work = a.size * b.shape[-1] * (1 if a.ndim > 2 or b.ndim == 2 else prod(b.shape[:-2]))
    if work < WORTHWHILE or object in (a.dtype, b.dtype):
        if work <= BLAS_ALONE:
            if out is None and a.ndim == b.ndim == 2 and a.shape[1] == b.shape[0]:
                return a.dot(b)  # the same product of BLAS, reached in a fifth of the time
            return np.matmul(a, b, out)
        return _blas.run(np.matmul, a, b, out)
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    if a.shape[-1] != b.shape[-2]:
        return np.matmul(a, b)  # raises NumPy's own error
    if out is None:
        out = np.empty((*batch, a.shape[-2], b.shape[-1]), np.result_type(a, b))
    axis = max(range(out.ndim), key=out.shape.__getitem__)
    grain = 64 if axis >= out.ndim - 2 else 1
    size = -(-out.shape[axis] // PIECES)
    size = -(-size // grain) * grain

    def piece(start: int) -> None:
        part = slice(start, start + size)
        where = tuple(part if i == axis else slice(None) for i in range(out.ndim))
        np.matmul(
            _part(a, axis - out.ndim, part, -1), _part(b, axis - out.ndim, part, -2), out=out[where]
        )

    for_each(piece, range(0, out.shape[axis], size), work)
    return out


def prepare_matmul(a: np.ndarray, b: np.ndarray) -> Callable[..., np.ndarray] | None:
    """`matmul` for small matrices, or stacks of them, like these: what it does, without the choice.

    >>> product = prepare_matmul(np.ones((2, 3)), np.ones((3, 4)))
    >>> product(np.ones((2, 3)), np.ones((3, 4))).shape
    (2, 4)
    """
    dtype = a.dtype
    if dtype != b.dtype or dtype.char not in "fd" or a.ndim < 2 or b.ndim < 2:
        return None
    work = a.size * b.shape[-1] * (1 if a.ndim > 2 or b.ndim == 2 else prod(b.shape[:-2]))
    if a.shape[-1] != b.shape[-2] or work >= WORTHWHILE or work > BLAS_ALONE:
        return None
    if native.library is None or b.ndim > 2:
        return np.dot if a.ndim == b.ndim == 2 else np.matmul
    shape, rows = (*a.shape[:-1], b.shape[1]), (prod(a.shape[:-1]), a.shape[-1])
    flat, several, compiled = (rows[0], b.shape[1]), a.ndim > 2, native.library.matmul_if_faster

    def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        out = np.empty(flat, dtype)
        if not several:
            return out if compiled(a, b, out) else a.dot(b)
        if a.flags.c_contiguous and compiled(a.reshape(rows), b, out):
            return out.reshape(shape)
        return np.matmul(a, b)

    return product


def _compiled(a: np.ndarray, b: np.ndarray) -> np.ndarray | None:
    """The product by the kernel in C; None where that cannot do it, or BLAS is faster."""
    if a.dtype != b.dtype or a.shape[-1] != b.shape[0] or a.dtype.kind != "f":
        return None
    rows = a
    if a.ndim > 2:  # one product for all stacked ones
        if not a.flags.c_contiguous:
            return None
        rows = a.reshape(prod(a.shape[:-1]), a.shape[-1])
    out = np.empty((rows.shape[0], b.shape[1]), a.dtype)
    if not native.library.matmul_if_faster(rows, b, out):
        return None
    return out if a.ndim == 2 else out.reshape(*a.shape[:-1], b.shape[1])


def _part(x: np.ndarray, axis: int, part: slice, contracted: int) -> np.ndarray:
    """The part of a factor that a part of the product needs; ``axis`` counts from the end."""
    if axis == contracted or x.ndim < -axis or x.shape[axis] == 1 and axis < -2:
        return x
    where: tuple[Any, ...] = (..., part, *[slice(None)] * (-axis - 1))
    return x[where]


def _spread(function: Callable[[Any], object], items: Sequence[Any], helpers: int) -> None:
    """Let ``helpers`` pool threads and this one take items from a common iterator."""
    job = _Job(function, items)
    try:
        _state.submit(job, helpers)
        job.drain()
    finally:
        interrupted: BaseException | None = None
        while True:  # an interrupt while we wait does not end the waiting
            try:
                job.end()
                break
            except BaseException as error:
                interrupted = error
        if interrupted is not None:
            raise interrupted
    if job.errors:
        raise job.errors[0]


class _Job:
    """Items that several threads work on, and which helpers are at it.

    Without locks: the sets, lists and flags used here change in one step each. A helper first says
    that it is there and then looks whether the job is closed, the caller first closes it and then
    looks who is there; so nobody begins unseen.
    """

    def __init__(self, function: Callable[[Any], object], items: Sequence[Any]) -> None:
        self.function = function
        self.remaining = iter(items)  # `next` on a list's or range's iterator is atomic
        self.closed = False
        self.running: set[object] = set()
        self.errors: list[BaseException] = []
        self.bell = _thread.allocate_lock()  # rung by a helper that is done
        self.bell.acquire()

    def help(self) -> None:
        """Do a share of the work in a pool thread."""
        me = object()
        self.running.add(me)
        try:
            if not self.closed:
                self.drain()
        except BaseException as error:
            self.errors.append(error)
        finally:
            self.running.discard(me)
            try:
                self.bell.release()
            except RuntimeError:  # it still rings for another one
                pass

    def drain(self) -> None:
        """Work until nothing is left, or somebody failed."""
        try:
            _inside.active = True
            for item in self.remaining:
                if self.closed:
                    break
                self.function(item)
        except BaseException:
            self.closed = True
            raise
        finally:
            _inside.active = False

    def end(self) -> None:
        """Wait for the helpers at work; those that have not begun find the job closed."""
        self.closed = True
        while self.running:
            self.bell.acquire(timeout=0.1)


class _Inside(threading.local):
    """Whether this thread is computing a piece."""

    active = False


class _State:
    """The number of threads and the pool, whose threads start when first needed."""

    def __init__(self) -> None:
        self.count = _default_count()
        self.forget()

    def forget(self) -> None:
        """Drop the pool without touching its threads: in a forked child there are none."""
        self.tasks: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self.workers: list[int] = []

    def submit(self, job: _Job, times: int) -> None:
        """Let ``times`` pool threads help in copies of the caller's context.

        (The context holds `np.errstate`, among others.) Fewer where no thread can be started, as
        when the interpreter is ending: the caller does without them.
        """
        while len(self.workers) < times:
            try:
                self.workers.append(_thread.start_new_thread(_work, (self.tasks,)))
            except RuntimeError:
                break
        for _ in range(min(times, len(self.workers))):
            context = contextvars.copy_context()
            self.tasks.put(lambda context=context: context.run(job.help))  # type: ignore[misc]


def _work(tasks: "SimpleQueue[Callable[[], object]]") -> None:
    """What a pool thread does all its life; it ends with the process."""
    while True:
        task = tasks.get()
        task()
        del task  # it holds the arrays of the job


def _default_count() -> int:
    given = os.environ.get("GLASSGRAD_NUM_THREADS", "")
    if given:
        if given.isdecimal() and int(given) > 0:
            return int(given)
        warnings.warn(
            f"GLASSGRAD_NUM_THREADS should be an integer of 1 or more, got {shown(given)}; ignored",
            RuntimeWarning,
            stacklevel=2,
        )
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Blas:
    """Holds BLAS to one thread while at least one of its users, in any thread, is at work."""

    def __init__(self) -> None:
        self.name, self._get, self._set = _find_control()
        self.held = self._set is not None
        self.forget()

    def forget(self) -> None:
        self._lock = threading.RLock()  # a signal handler may come while we have it
        self._users: set[object] = set()
        self._former: int | None = None  # to be put back; None while nobody holds it

    def after_fork(self) -> None:
        """In a forked child nobody holds BLAS, whatever the parent's threads were doing."""
        if self._former is not None:
            self._set(self._former)
        self.forget()

    def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """``function(*arguments)`` while BLAS uses one thread; nests."""
        if not self.held:
            return function(*arguments)
        user = object()
        try:
            self._enter(user)
            return function(*arguments)
        finally:
            try:
                self._leave(user)
            except BaseException:  # an interrupt, which may have come before anything was done
                self._leave(user)
                raise

    def _enter(self, user: object) -> None:
        with self._lock:
            self._users.add(user)
            if self._former is None:
                self._former = self._get()
                if self._former != 1:
                    self._set(1)

    def _leave(self, user: object) -> None:
        with self._lock:
            self._users.discard(user)
            if not self._users and self._former is not None:
                if self._former != 1:
                    self._set(self._former)
                self._former = None


def _find_control():
    """(name, get, set) for the thread count of the BLAS that NumPy uses; ("none", None, None)."""
    openblas = [
        (f"{prefix}openblas_get_num_threads{suffix}", f"{prefix}openblas_set_num_threads{suffix}")
        for prefix in ("scipy_", "")
        for suffix in ("64_", "", "_64")
    ]
    for library in _libraries():
        for getter, setter in (*openblas, ("MKL_Get_Max_Threads", "MKL_Set_Num_Threads")):
            try:
                get, set_ = getattr(library, getter), getattr(library, setter)
            except AttributeError:
                continue
            get.argtypes, get.restype = (), ctypes.c_int
            set_.argtypes, set_.restype = (ctypes.c_int,), None
            return setter, get, set_
    return "none", None, None


def _libraries() -> Iterator[Any]:
    """NumPy's core, which leads to its BLAS on Linux and macOS, then what its wheel bundles."""
    if ctypes is None:
        return
    core = import_module("numpy._core._multiarray_umath").__file__
    folder = os.path.dirname(np.__file__)
    bundled = [
        path
        for place in (folder + ".libs", os.path.join(folder, ".dylibs"))
        for path in sorted(glob(os.path.join(place, "*openblas*")))
    ]
    for path in (core, *bundled):
        try:
            yield ctypes.CDLL(path)
        except OSError:
            continue


_inside = _Inside()
_state = _State()
_blas = _Blas()
set_num_threads(_state.count)

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_state.forget)
    os.register_at_fork(after_in_child=_blas.after_fork)
