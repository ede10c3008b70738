"""What a group asks of MPI, and what it makes of the answers: an MPI played here, of three processes."""

import sys
import types

import numpy as np
import pytest

from nn.parallel.cost import all_reduce_seconds
from nn.parallel.group import Group, MPIGroup, world_size


class Request:
    """Done after so many looks; with `what` done then."""

    def __init__(self, looks=0, what=lambda: None):
        self.looks, self.what, self.cancelled = looks, what, False

    def Test(self):
        self.looks -= 1
        if self.looks < 0:
            self.what()
        return self.looks < 0

    def Cancel(self):
        self.cancelled = True


class Communicator:
    """Rank 1 of 3; the arrays of rank 0 and 2 are the own one, plus 10 and plus 20."""

    def __init__(self, looks=0, heard=(0, 2)):
        self.looks, self.heard, self.calls, self.sent = looks, heard, [], []

    def Dup(self):
        return self

    def Get_rank(self):
        return 1

    def Get_size(self):
        return 3

    def Abort(self, status):
        self.calls.append(("Abort", status))

    def Ibcast(self, buffer, root):
        assert buffer.dtype == np.uint8 and buffer.ndim == 1

        def fill():
            if root == 0:
                buffer[:] = np.arange(len(buffer))

        return Request(self.looks, fill)

    def Iallreduce(self, array, result):
        assert array.flags.c_contiguous and result.flags.c_contiguous

        def add():
            result[...] = 3 * array + 30

        return Request(self.looks, add)

    def Ibarrier(self):
        self.calls.append("Ibarrier")
        return Request(self.looks)

    def allgather(self, value):
        self.calls.append("allgather")
        return [value, value, value]

    def isend(self, value, dest, tag):
        request = Request()
        self.sent.append((dest, tag, request))
        return request

    def iprobe(self, source, tag):
        return source in self.heard and any(tag == sent for _, sent, _ in self.sent)

    def recv(self, source, tag):
        self.calls.append(("recv", source))


@pytest.fixture
def group(monkeypatch):
    def make(timeout=None, **options):
        world = Communicator(**options)
        package = types.ModuleType("mpi4py")
        package.MPI = types.SimpleNamespace(COMM_WORLD=world)
        monkeypatch.setitem(sys.modules, "mpi4py", package)
        monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # put back at the end
        return MPIGroup(timeout), world

    return make


@pytest.mark.parametrize("looks", [0, 1, 150, 200, 201, 230])
def test_everyone_gets_rank_0s_bytes_in_an_array_of_its_own(group, looks):
    given = np.zeros((2, 3), np.int16).T
    mpi, _ = group(looks=looks)
    found = mpi.broadcast(given)
    assert found.dtype == np.int16 and found.shape == (3, 2) and not given.any()
    assert found.tobytes() == bytes(range(12))


@pytest.mark.parametrize("looks", [0, 199, 220])
def test_sums_are_begun_and_waited_for(group, looks):
    mpi, _ = group(looks=looks)
    pending = mpi.start_all_reduce(np.arange(6.0).reshape(2, 3).T)
    assert pending.wait().tolist() == (3 * np.arange(6.0).reshape(2, 3).T + 30).tolist()
    assert mpi.all_reduce(np.ones(2)).tolist() == [33.0, 33.0]


def test_values_are_gathered_when_all_have_come(group):
    mpi, world = group()
    assert (mpi.rank, mpi.size, mpi.chief) == (1, 3, False)
    assert mpi.all_gather("mine") == ["mine"] * 3
    assert world.calls == ["Ibarrier", "allgather"]


@pytest.mark.parametrize(
    "heard, words", [((), "rank 0, 2"), ((0,), "rank 2"), ((2,), "rank 0"), ((0, 2), "no one in particular")]
)  # fmt: skip
def test_who_waits_too_long_tells_who_is_silent(group, heard, words, monkeypatch):
    clock = [0.0]
    mpi, world = group(timeout=3, looks=10**9, heard=heard)
    now = sys.modules[MPIGroup.__module__].time
    monkeypatch.setattr(now, "monotonic", lambda: clock[0])
    monkeypatch.setattr(now, "sleep", lambda s: clock.__setitem__(0, clock[0] + 100 * s))
    with pytest.raises(
        RuntimeError,
        match=rf"^rank 1: barrier was given up after 3 seconds; nothing came from {words}$",
    ):
        mpi.barrier()
    assert [(dest, tag == MPIGroup._ALIVE, request.cancelled) for dest, tag, request in world.sent] == [
        (0, True, True), (2, True, True),
    ]  # fmt: skip
    assert [call for call in world.calls if call != "Ibarrier"] == [("recv", r) for r in heard]
    patience = 0 if len(heard) == 2 else 2.0 + 0.1 * 3
    assert 3 <= clock[0] <= 3 + patience + 2.1
    assert clock[0] >= 3 + patience


@pytest.mark.parametrize("given, seconds", [(None, 17.0), (5, 5.0), (0.5, 0.5)])
def test_the_patience_is_given_or_that_of_the_environment(group, given, seconds, monkeypatch):
    monkeypatch.setenv("GLASSGRAD_MPI_TIMEOUT", "17")
    assert group(timeout=given)[0].timeout == seconds
    monkeypatch.delenv("GLASSGRAD_MPI_TIMEOUT")
    assert group(timeout=given)[0].timeout == (300.0 if given is None else seconds)


def test_an_error_that_nobody_catches_ends_the_job(group, monkeypatch, capsys):
    mpi, world = group()
    slept = []
    monkeypatch.setattr(sys.modules[MPIGroup.__module__].time, "sleep", slept.append)
    assert sys.excepthook == mpi._end_the_job
    sys.excepthook(ValueError, ValueError("ill"), None)
    assert capsys.readouterr().err == "rank 1 of 3 ends the job:\nValueError: ill\n"
    assert world.calls == [("Abort", 1)] and slept == [1.0]


def test_without_mpi_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    with pytest.raises(
        ImportError, match=r"needs mpi4py and an MPI: pip install 'glassgrad\[distributed\]'"
    ):
        MPIGroup()


def test_one_process_alone_has_sums_of_its_own():
    alone, array = Group(), np.ones(3)
    assert (alone.rank, alone.size, alone.chief) == (0, 1, True)
    total = alone.start_all_reduce(array).wait()
    array[:] = 7.0
    assert total.tolist() == [1.0] * 3 and alone.all_reduce(total).tolist() == [1.0] * 3
    assert alone.all_gather("mine") == ["mine"] and alone.broadcast(array) is array


@pytest.mark.parametrize("nbytes, p, latency, bandwidth", [
    (1e6, 4, 2e-6, 1e10), (8.0, 64, 1e-3, 1e9), (1e9, 3, 1e-6, 5e9), (1e3, 2, 0.0, 1e3), (0.0, 5, 1.0, 1.0),
])  # fmt: skip
def test_the_cost_of_a_sum_is_that_of_halving_and_doubling(nbytes, p, latency, bandwidth):
    depth = 0
    while 2**depth < p:
        depth += 1
    cost = 2 * depth * latency + 2 * nbytes * (p - 1) / (p * bandwidth)
    found = all_reduce_seconds(nbytes, p, latency=latency, bandwidth=bandwidth)
    assert found == pytest.approx(cost, rel=1e-12)
    ring = 2 * (p - 1) * (latency + nbytes / (p * bandwidth))
    assert found <= ring * (1 + 1e-12)
    assert all_reduce_seconds(nbytes, 1) == all_reduce_seconds(nbytes, 0) == 0.0


@pytest.mark.parametrize(
    "environment, size",
    [({}, 1), ({"PMI_SIZE": "4"}, 4), ({"OMPI_COMM_WORLD_SIZE": "3"}, 3), ({"PMI_SIZE": ""}, 1),
     ({"PMI_SIZE": "x", "OMPI_COMM_WORLD_SIZE": "2"}, 2), ({"PMI_SIZE": "-1"}, 1)],
)  # fmt: skip
def test_how_many_processes_there_are_is_told_by_the_environment(environment, size, monkeypatch):
    for name in ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert world_size() == size
