"""States of any structure go to a file and come back as they were."""

import math

import numpy as np
import pytest

import nn
from nn.files import npz_file
from nn.train import Checkpoints, load_state, progress, save_state
from nn.train.checkpoint import pack


def same(a, b):
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, (np.ndarray, np.generic)):
        return type(a) is type(b) and a.dtype == b.dtype and a.tobytes() == b.tobytes()
    return type(a) is type(b) and (a == b or (a != a and b != b))


STATES = [
    {}, [], None, 3, "text", {"a": (1, [2.5, None], {"b": True})}, {1: "one", (2, 3): np.ones(2)},
    {"$tensor": 1}, {"x": np.float32(0.1), "y": np.int64(2**62), "z": np.array(3.0)},
    {"a/b": np.zeros(2), "a": {"b": np.ones(2)}}, [math.inf, -math.inf, math.nan, -0.0, 1e-320, 0.1],
    {"state": np.random.default_rng(0).bit_generator.state}, {"big": 2**127}, {"": {"": np.ones(1)}},
    [np.zeros((0, 3)), np.array([True, False]), np.float16([1, 2])],
]  # fmt: skip


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
@pytest.mark.parametrize("state", STATES, ids=range(len(STATES)))
def test_states_come_back(state, suffix, tmp_path):
    path = tmp_path / f"state{suffix}"
    save_state(state, path)
    assert same(load_state(path), state)


@pytest.mark.parametrize("state", [{"f": print}, [object()], {"s": {1, 2}}, b"bytes"])
def test_what_cannot_be_kept_is_refused_before_anything_is_written(state, tmp_path):
    with pytest.raises(TypeError, match="checkpoint"):
        save_state(state, tmp_path / "state.npz")
    assert not list(tmp_path.iterdir())


def test_other_files_are_no_checkpoints(tmp_path):
    nn.save({"a": np.ones(1)}, tmp_path / "weights.npz")
    with pytest.raises(ValueError, match="no checkpoint"):
        load_state(tmp_path / "weights.npz")
    text = {"format": "glassgrad checkpoint 1", "state": '{"$tensor": "gone", "$number": false}'}
    nn.save({}, tmp_path / "damaged.npz", metadata=text)
    with pytest.raises(ValueError, match="damaged"):
        load_state(tmp_path / "damaged.npz")


def test_leftovers_of_a_killed_run_are_tidied(tmp_path):
    (tmp_path / ".step-000000001.npz.x.part").write_bytes(b"half")
    Checkpoints(tmp_path, suffix=".npz").save({}, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["step-000000002.npz"]


@pytest.mark.parametrize("options", [{"keep": 0}, {"every": 0}, {"suffix": ".pt"}])
def test_arguments_that_make_no_sense_are_refused(options, tmp_path):
    with pytest.raises(ValueError):
        Checkpoints(tmp_path, **options)


def test_the_folders_above_are_made_too(tmp_path):
    for name, save in [("a", lambda c: c.save({}, 1)), ("b", lambda c: c.save_best({}))]:
        written = save(Checkpoints(tmp_path / name / "deep" / "down"))
        assert written.parent == tmp_path / name / "deep" / "down" and written.exists()


def test_a_saved_average_does_not_move_with_the_model():
    layer = nn.Linear(1, 1)
    average = nn.train.EMA(layer, decay=0.5)
    saved = average.state_dict()["average"]
    before = {name: value.copy() for name, value in saved.items()}
    nn.init.constant_(layer.weight, 9.0)
    average.update()
    assert saved.keys() == before.keys() == {"weight", "bias"}
    assert all(np.array_equal(saved[name], before[name]) for name in saved)
    other = nn.train.EMA(nn.Linear(1, 1), decay=0.5)
    other.load_state_dict({"average": saved})
    saved["weight"][...] = 7.0  # and what was loaded is nobody else's
    assert np.array_equal(other.state_dict()["average"]["weight"], before["weight"])


def test_arrays_are_kept_under_the_path_that_leads_to_them():
    tensors = {}
    pack({"model": {"w": np.ones(1)}, "list": [np.ones(2)], "odd:": np.ones(3)}, tensors)
    assert list(tensors) == ["model/w", "list/0", "tensor 2"]


@pytest.mark.parametrize(
    "position, total, initial",
    [(0, 4, 0), (3, 4, 3), (4, 4, 0), (5, 4, 1), (3, 0, 0), (3, None, 0)],
)
def test_the_bar_of_a_run_that_goes_on_begins_where_it_was(position, total, initial, monkeypatch):
    given = {}

    class Loader:
        def __iter__(self):
            return iter(())

        def state_dict(self):
            return {"position": position}

    if total is not None:
        Loader.__len__ = lambda self: total
    monkeypatch.setattr(progress, "bar", lambda **options: given.update(options))
    progress.progress_bar(Loader(), "title", True)
    assert given["total"] == total and given["initial"] == initial and given["desc"] == "title"
    given.clear()
    progress.progress_bar([1, 2], "title", False)
    assert not given


def test_a_state_that_is_replaced_while_it_is_read_is_one_of_the_two(tmp_path, monkeypatch):
    path = tmp_path / "state.npz"
    states = [{"step": k, "weights": np.full(3, k)} for k in range(2)]
    save_state(states[0], path)
    read = npz_file.read

    def and_then_replaced(*args):
        found = read(*args)
        save_state(states[1], path)
        return found

    monkeypatch.setattr(npz_file, "read", and_then_replaced)
    assert same(load_state(path), states[0])
    monkeypatch.undo()
    assert same(load_state(path), states[1])
