"""Groups of processes that work on one training: by MPI, alone, or emulated by threads.

A group has ``rank``, ``size``, and these, which all its members call in the same order:

    broadcast(array)         everyone gets rank 0's
    all_reduce(array)        the sum, a new array
    start_all_reduce(array)  the same, begun now; ``.wait()`` gives it
    all_gather(value)        a list of everyone's, for small things
    barrier()
"""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any

import numpy as np

from autograd import own_generator

__all__ = ["EmulatedGroup", "Group", "MPIGroup", "default_group", "run_emulated", "world_size"]

Array = np.ndarray[Any, Any]


class _Done:
    """A sum that is there already."""

    def __init__(self, result: Array) -> None:
        self._result = result

    def wait(self) -> Array:
        """The sum."""
        return self._result


class Group:
    """A process by itself: sums over it change nothing."""

    rank = 0
    size = 1

    def broadcast(self, array: Array) -> Array:
        """Rank 0's array, in every process."""
        return array

    def all_reduce(self, array: Array) -> Array:
        """The sum over all processes."""
        return self.start_all_reduce(array).wait()

    def start_all_reduce(self, array: Array) -> Any:
        """Begin a sum; the array must not be written into before ``.wait()`` has given it."""
        return _Done(np.array(array))

    def all_gather(self, value: Any) -> list[Any]:
        """Everyone's value, by rank."""
        return [value]

    def barrier(self) -> None:
        """Wait for everyone."""

    @property
    def chief(self) -> bool:
        """Is this the one that prints and writes files?"""
        return self.rank == 0


class MPIGroup(Group):
    """The processes that ``mpiexec`` has started, by mpi4py.

    Args:
        timeout: seconds after which waiting for the others is given up. The error names those
            from whom nothing came. Default 300; the environment variable
            ``GLASSGRAD_MPI_TIMEOUT`` sets another.

    A process that ends with an exception ends the whole job, with its own traceback; without that
    the others would wait for ever.

    Raises:
        ImportError: if mpi4py is not installed.
    """

    _ALIVE = 7_001  # tag of the messages by which those who wait find out who does not

    def __init__(self, timeout: float | None = None) -> None:
        try:
            from mpi4py import MPI
        except ImportError:
            raise ImportError(
                "training on several processes needs mpi4py and an MPI: "
                "pip install 'glassgrad[distributed]'"
            ) from None
        self._mpi = MPI
        self._comm = MPI.COMM_WORLD.Dup()
        self._alive = MPI.COMM_WORLD.Dup()
        self.rank, self.size = self._comm.Get_rank(), self._comm.Get_size()
        seconds = os.environ.get("GLASSGRAD_MPI_TIMEOUT", "300") if timeout is None else timeout
        self.timeout = float(seconds)
        self._before = sys.excepthook
        sys.excepthook = self._end_the_job

    def _end_the_job(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        text = "".join(traceback.format_exception(kind, error, trace))
        sys.stderr.write(f"rank {self.rank} of {self.size} ends the job:\n{text}")
        sys.stderr.flush()
        # mpiexec reads this through a pipe, and drops at Abort what it has not read yet.
        time.sleep(1.0)
        self._mpi.COMM_WORLD.Abort(1)

    def broadcast(self, array: Array) -> Array:
        """Rank 0's array, in every process."""
        result = np.array(array, order="C")
        self._wait(self._comm.Ibcast(_bytes(result), root=0), "broadcast")
        return result

    def start_all_reduce(self, array: Array) -> Any:
        """Begin a sum; `wait` of what is returned gives it."""
        array = np.ascontiguousarray(array)
        result = np.empty_like(array)
        return _Pending(self, self._comm.Iallreduce(array, result), array, result)

    def all_gather(self, value: Any) -> list[Any]:
        """Everyone's value, by rank; pickled, so for what these processes made themselves."""
        self.barrier()
        return self._comm.allgather(value)

    def barrier(self) -> None:
        """Wait for everyone."""
        self._wait(self._comm.Ibarrier(), "barrier")

    def _wait(self, request: Any, what: str) -> None:
        """Wait for MPI, shortly by looking, then with pauses, and not for ever."""
        for _ in range(200):
            if request.Test():
                return
        end = time.monotonic() + self.timeout
        while not request.Test():
            if time.monotonic() > end:
                raise RuntimeError(
                    f"rank {self.rank}: {what} was given up after {self.timeout:g} seconds; "
                    f"nothing came from {self._missing()}"
                )
            time.sleep(0.0002)

    def _missing(self) -> str:
        """Who does not wait here: those who wait tell each other so, and see who is silent."""
        others = [rank for rank in range(self.size) if rank != self.rank]
        sent = [self._alive.isend(None, dest=rank, tag=self._ALIVE) for rank in others]
        heard: set[int] = set()
        end = time.monotonic() + 2.0 + 0.1 * self.timeout
        while time.monotonic() < end and len(heard) < len(others):
            for rank in others:
                if rank not in heard and self._alive.iprobe(source=rank, tag=self._ALIVE):
                    self._alive.recv(source=rank, tag=self._ALIVE)
                    heard.add(rank)
            time.sleep(0.01)
        for request in sent:
            request.Cancel()
        silent = [str(rank) for rank in others if rank not in heard]
        return f"rank {', '.join(silent)}" if silent else "no one in particular"


class _Pending:
    """A sum under way."""

    def __init__(self, group: MPIGroup, request: Any, array: Array, result: Array) -> None:
        self._group, self._request, self._array, self._result = group, request, array, result

    def wait(self) -> Array:
        """The sum, once all have given their part."""
        self._group._wait(self._request, "a sum over all processes")
        return self._result


def _bytes(array: Array) -> Array:
    return array.reshape(-1).view(np.uint8)


class _Table:
    """Where the threads of an emulated group put what they have for each other."""

    def __init__(self, size: int) -> None:
        self.values: list[Any] = [None] * size
        self.barrier = threading.Barrier(size)


class EmulatedGroup(Group):
    """One of several threads of this process that play processes; sums go by rank."""

    def __init__(self, rank: int, table: _Table) -> None:
        self.rank, self.size, self._table = rank, len(table.values), table

    def all_gather(self, value: Any) -> list[Any]:
        """Everyone's value, by rank."""
        self._table.values[self.rank] = value
        self.barrier()
        values = list(self._table.values)
        self.barrier()
        return values

    def broadcast(self, array: Array) -> Array:
        """Rank 0's array."""
        return np.array(self.all_gather(array)[0])

    def start_all_reduce(self, array: Array) -> Any:
        """The sum; here it is waited for at once."""
        total, *others = self.all_gather(np.array(array))
        total = np.array(total)
        for other in others:
            total += other
        return _Done(total)

    def barrier(self) -> None:
        """Wait for everyone; BrokenBarrierError if one of them has failed."""
        self._table.barrier.wait()


def run_emulated(function: Callable[[Group], Any], size: int) -> list[Any]:
    """Call ``function(group)`` in ``size`` threads, as if they were processes.

    Each has a default generator of its own, as a process has: ``manual_seed`` in one of them is
    not felt by the others.

    Returns:
        What each returned, by rank.

    Raises:
        what the first of them raised.

    Example:
        >>> import numpy as np
        >>> from nn.parallel import run_emulated
        >>> run_emulated(lambda group: group.all_reduce(np.array([group.rank + 1.0])).item(), 3)
        [6.0, 6.0, 6.0]
    """
    table = _Table(size)
    results: list[Any] = [None] * size
    errors: list[BaseException] = []

    def work(rank: int) -> None:
        try:
            with own_generator():
                results[rank] = function(EmulatedGroup(rank, table))
        except threading.BrokenBarrierError:
            pass  # another one has failed, and says why
        except BaseException as error:
            errors.append(error)
            table.barrier.abort()

    threads = [threading.Thread(target=work, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


def world_size() -> int:
    """How many processes ``mpiexec`` or its kin has started, told by their environment; else 1."""
    for name in ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE"):
        value = os.environ.get(name, "")
        if value.isdigit():
            return int(value)
    return 1


_default: Group | None = None


def default_group() -> Group:
    """The group that this process was started in: of MPI under ``mpiexec``, otherwise itself."""
    global _default
    if _default is None:
        _default = MPIGroup() if world_size() > 1 else Group()
    return _default
