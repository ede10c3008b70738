"""What cannot fit into memory is refused before it is allocated."""

import ctypes
import math
import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import autograd as ag
import nn
from autograd.arguments import limits
from autograd.arguments.limits import check_bytes


def test_memory_is_plausible():
    assert 2**26 < limits.memory_bytes() < 2**60


@pytest.mark.skipif(not os.path.exists("/proc/meminfo"), reason="only Linux tells it in /proc")
def test_memory_is_what_the_system_tells():
    told = re.search(r"MemTotal: +(\d+) kB", Path("/proc/meminfo").read_text())
    assert limits.memory_bytes() == int(told[1]) * 1024


def test_memory_is_what_windows_tells(monkeypatch):
    def answer(worked):
        def ask(reference):
            reference._obj.value = 12_345
            return worked

        return SimpleNamespace(kernel32=SimpleNamespace(GetPhysicallyInstalledSystemMemory=ask))

    monkeypatch.setattr(sys, "platform", "win32")
    for library, due in ((answer(1), 12_345 * 1024), (answer(0), 2**44), (None, 2**44)):
        monkeypatch.setattr(ctypes, "windll", library, raising=False)
        assert limits.memory_bytes.__wrapped__() == due
    monkeypatch.delattr(ctypes, "windll")
    assert limits.memory_bytes.__wrapped__() == 2**44


def test_memory_that_no_system_tells_is_taken_for_plenty(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    for error in (AttributeError, OSError, ValueError):

        def silent(name, error=error):
            raise error

        monkeypatch.setattr(os, "sysconf", silent)
        assert limits.memory_bytes.__wrapped__() == 2**44


def test_an_array_has_at_most_64_axes():
    limits.check_bytes("zeros", (1,) * 64, np.float32)
    with pytest.raises(ValueError, match="^zeros: an array has at most 64 axes, got 65$"):
        limits.check_bytes("zeros", (1,) * 65, np.float32)


def test_refusal(monkeypatch):
    monkeypatch.setattr(limits, "memory_bytes", lambda: 1000)
    limits.check_bytes("zeros", (250,), np.float32)
    limits.check_bytes("zeros", (0, 2**62), np.float32)
    with pytest.raises(ValueError, match=r"^zeros: shape \(251,\) of float32 needs 1004 bytes; "
                       r"this machine has 1000 bytes"):  # fmt: skip
        limits.check_bytes("zeros", (251,), np.float32)
    with pytest.raises(ValueError, match="needs 4 EiB"):
        limits.check_bytes("tile", (2**40, 2**20), np.float32)


X = np.arange(6.0).reshape(2, 3)
MADE = {
    "outer": lambda: ag.outer(ag.tensor(X[0]), ag.tensor(X.ravel())),
    "kron": lambda: ag.kron(ag.tensor(X), ag.tensor(np.ones((4, 5)))),
    "vander": lambda: ag.vander(ag.tensor(X[1]), 5),
    "diag": lambda: ag.diag(ag.tensor(X[1]), 2),
    "tile": lambda: ag.tile(ag.tensor(X), (4, 1, 3)),
    "repeat": lambda: ag.repeat(ag.tensor(X), 4, axis=1),
    "pad": lambda: ag.pad(ag.tensor(X), ((1, 2), (3, 5))),
    "pad, mirrored": lambda: ag.pad(ag.tensor(X), ((1, 0), (2, 1)), "reflect"),
    "concatenate": lambda: ag.concatenate([ag.tensor(X), ag.tensor(np.ones((2, 4)))], axis=1),
    "stack": lambda: ag.stack([ag.tensor(X)] * 4, axis=1),
    "broadcast_to": lambda: ag.broadcast_to(ag.tensor(X), (5, 2, 3)),
    "meshgrid": lambda: ag.meshgrid(ag.tensor(X[0]), ag.tensor(np.ones(4)))[0],
    "bincount": lambda: ag.bincount(np.array([0, 4]), ag.tensor(np.ones(2))),
    "padding": lambda: nn.functional.pad(ag.tensor(X[None]), (1, 2), mode="reflect"),
    "resampling": lambda: nn.functional.interpolate(ag.tensor(X[None]), size=7),
    "arange": lambda: ag.arange(2.0, 9.0, 0.5),
    "linspace": lambda: ag.linspace(0.0, 1.0, 7),
    "eye": lambda: ag.eye(4, 5),
    "full": lambda: ag.full((3, 4), 2.0),
}


@pytest.mark.parametrize("name", MADE)
def test_the_memory_that_is_asked_for_is_that_of_the_result(name, monkeypatch):
    asked: list = []
    for make in MADE.values():  # what is loaded late is loaded with the function that it has
        make()
    for module in [
        m for key, m in sys.modules.items() if key.partition(".")[0] in ("autograd", "nn")
    ]:
        if vars(module).get("check_bytes") is check_bytes:
            monkeypatch.setattr(module, "check_bytes", lambda who, *given: asked.append(given))
    made = MADE[name]()
    assert any(math.prod(shape) == made.size for shape, _ in asked), (asked, made.shape)
    assert all(np.dtype(dtype).itemsize >= made.dtype.itemsize for _, dtype in asked), asked
