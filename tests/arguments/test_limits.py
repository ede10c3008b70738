"""What cannot fit into memory is refused before it is allocated."""

import os
import re
from pathlib import Path

import numpy as np
import pytest

from autograd.arguments import limits


def test_memory_is_plausible():
    assert 2**26 < limits.memory_bytes() < 2**60


@pytest.mark.skipif(not os.path.exists("/proc/meminfo"), reason="only Linux tells it in /proc")
def test_memory_is_what_the_system_tells():
    told = re.search(r"MemTotal: +(\d+) kB", Path("/proc/meminfo").read_text())
    assert limits.memory_bytes() == int(told[1]) * 1024


def test_refusal(monkeypatch):
    monkeypatch.setattr(limits, "memory_bytes", lambda: 1000)
    limits.check_bytes("zeros", (250,), np.float32)
    limits.check_bytes("zeros", (0, 2**62), np.float32)
    with pytest.raises(ValueError, match=r"^zeros: shape \(251,\) of float32 needs 1004 bytes; "
                       r"this machine has 1000 bytes"):  # fmt: skip
        limits.check_bytes("zeros", (251,), np.float32)
    with pytest.raises(ValueError, match="needs 4 EiB"):
        limits.check_bytes("tile", (2**40, 2**20), np.float32)
