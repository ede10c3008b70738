"""Whatever a weight file holds: one clear error, nothing executed, memory bounded, the model whole."""

import gc
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import nn
from autograd import atomic

from . import hostile

NAMES = sorted(hostile.kinds(Path("mark")))

#: Files that are odd but harmless.
EMPTY = {"zip without members"}


def test_there_are_many_kinds():
    assert len(NAMES) >= 120


@pytest.mark.parametrize("name", NAMES)
def test_hostile_files_are_refused_in_one_sentence(name, tmp_path):
    mark, path = tmp_path / "mark", tmp_path / "weights"
    data = hostile.kinds(mark)[name]
    path.write_bytes(data)
    model = nn.Linear(2, 2)
    before = {key: value.numpy().copy() for key, value in model.state_dict().items()}
    tracemalloc.start()
    try:
        if name in EMPTY:
            assert nn.load(path) == {}
        else:
            with pytest.raises(ValueError, match="weights"):
                model.load_state_dict(nn.load(path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert not mark.exists()
    assert peak < 2**25 + 200 * len(data)
    assert all(np.array_equal(model.state_dict()[key].numpy(), before[key]) for key in before)


def test_a_file_of_zeros_may_be_large_where_it_is_asked_for(tmp_path):
    path = tmp_path / "zeros.npz"
    np.savez_compressed(path, a=np.zeros((50, 2**20), np.uint8))
    with pytest.raises(ValueError, match="max_bytes"):
        nn.load(path)
    assert nn.load(path, max_bytes=2**26)["a"].shape == (50, 2**20)


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "w.npz"
    nn.save({"a": np.ones(3)}, path)
    old = path.read_bytes()
    for broken in ("fsync", "replace"):
        with monkeypatch.context() as patch:

            def fail(*_):
                raise KeyboardInterrupt

            patch.setattr(atomic.os, broken, fail)
            with pytest.raises(KeyboardInterrupt):
                nn.save({"a": np.zeros(3)}, path)
        assert path.read_bytes() == old
        assert list(tmp_path.iterdir()) == [path]


def test_what_a_refused_file_leaves_is_safe_to_collect(tmp_path):
    # A BytesIO's buffer in a cycle, as an error's traceback makes one, crashes the collector of 3.12.1.
    path, errors = tmp_path / "weights", []
    for data in hostile.kinds(tmp_path / "mark").values():
        path.write_bytes(data)
        try:
            nn.load(path)
        except ValueError as error:
            errors.append(error)  # keeps the frames, and all that they hold
    assert len(errors) > 100
    assert not [o for o in gc.get_objects() if type(o).__name__ == "_BytesIOBuffer"]


def test_a_full_disk_is_an_os_error(tmp_path, monkeypatch):
    safetensors, arrays = map(pytest.importorskip, ("safetensors", "safetensors.numpy"))

    def full(*_, **__):
        raise safetensors.SafetensorError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(arrays, "save_file", full)
    path = tmp_path / "w.safetensors"
    path.write_bytes(b"old")
    with pytest.raises(OSError, match="No space left"):
        nn.save({"a": np.zeros(3)}, path)
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]
