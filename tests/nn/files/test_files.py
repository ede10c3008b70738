"""Weights go to files and come back: our own, NumPy's and PyTorch's."""

import copy
import pickle
import stat
import sys
from pathlib import Path

import numpy as np
import pytest

import autograd as ag
import nn

from .record import layers, output_of

FIXTURES = Path(__file__).parent / "fixtures"
DTYPES = ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"]


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
class TestSaveAndLoad:
    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3, 4)])
    def test_every_dtype_and_shape_comes_back(self, suffix, dtype, shape, tmp_path):
        array = (np.arange(np.prod(shape)).reshape(shape) % 2).astype(dtype)
        path = tmp_path / f"a{suffix}"
        nn.save({"x": array}, path)
        back = nn.load(path)["x"]
        assert back.dtype == array.dtype and back.shape == shape
        assert np.array_equal(back.numpy(), array)

    @pytest.mark.parametrize(
        "array",
        [np.arange(6.0).reshape(2, 3).T, np.arange(9.0)[::-2], np.asfortranarray(np.eye(3, 4)),
         np.broadcast_to(np.float32(3), (2, 2)), np.arange(4.0).astype(">f8"), np.array(-0.0),
         np.array([np.nan, np.inf, -np.inf])],
    )  # fmt: skip
    def test_every_memory_order_comes_back(self, suffix, array, tmp_path):
        path = tmp_path / f"a{suffix}"
        nn.save({"x": array}, path)
        assert np.array_equal(nn.load(path)["x"].numpy(), array, equal_nan=True)

    def test_a_module_and_texts(self, suffix, tmp_path):
        path = tmp_path / f"net{suffix}"
        net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
        nn.save(net, path, metadata={"epoch": "3", "ünïcode": "☃"})
        other = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
        other.load_state_dict(nn.load(path))
        for key, value in net.state_dict().items():
            assert np.array_equal(other.state_dict()[key].numpy(), value.numpy())
        assert nn.files.metadata(path) == {"epoch": "3", "ünïcode": "☃"}

    def test_names_of_any_kind(self, suffix, tmp_path):
        names = ["a.b", "file", "a/b", "arr_0", "ünï", "", " ", "x" * 300]
        nn.save({name: np.float32(k) for k, name in enumerate(names)}, tmp_path / f"a{suffix}")
        back = nn.load(tmp_path / f"a{suffix}")
        assert {name: value.item() for name, value in back.items()} == {
            name: k for k, name in enumerate(names)
        }

    def test_what_is_loaded_can_be_written_into_and_trained(self, suffix, tmp_path):
        nn.save({"x": np.ones(3, np.float32)}, tmp_path / f"a{suffix}")
        x = nn.load(tmp_path / f"a{suffix}")["x"]
        x[0] = 5.0
        x.requires_grad_()
        (x * x).sum().backward()
        assert x.grad.tolist() == [10.0, 2.0, 2.0]

    def test_the_same_weights_give_the_same_bytes(self, suffix, tmp_path):
        for name in "ab":
            nn.save({"x": np.ones(3), "y": np.zeros(2)}, tmp_path / f"{name}{suffix}")
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


@pytest.mark.parametrize(
    "state, path, error, word",
    [
        (3, "a.npz", TypeError, "module or a mapping"),
        ([np.ones(2)], "a.npz", TypeError, "module or a mapping"),
        ({1: np.ones(2)}, "a.npz", TypeError, "names must be strings"),
        ({"a": "text"}, "a.npz", TypeError, "'a' is a str"),
        ({"a": np.array(["text"])}, "a.npz", TypeError, "not supported"),
        ({"a": np.array([object()])}, "a.npz", TypeError, "object arrays"),
        ({"a": np.ones(2)}, "a.pth", ValueError, "PyTorch's own format is only read"),
        ({"a": np.ones(2)}, "a", ValueError, "got ''"),
        ({"a": np.ones(2)}, 7, TypeError, "path must be"),
    ],
)
def test_what_cannot_be_saved_is_refused(state, path, error, word, tmp_path):
    with pytest.raises(error, match=word):
        nn.save(state, tmp_path / path if isinstance(path, str) else path)
    assert list(tmp_path.iterdir()) == []


def test_a_new_file_has_the_usual_permissions_and_an_old_one_keeps_its_own(tmp_path):
    if sys.platform == "win32":
        pytest.skip("needs permissions as POSIX has them")
    path, plain = tmp_path / "a.npz", tmp_path / "plain"
    plain.touch()
    nn.save({"a": np.ones(1)}, path)
    assert path.stat().st_mode == plain.stat().st_mode
    path.chmod(0o640)
    nn.save({"a": np.ones(1)}, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_is_followed(tmp_path):
    (tmp_path / "real").mkdir()
    link = tmp_path / "link.npz"
    link.symlink_to(tmp_path / "real" / "w.npz")
    nn.save({"a": np.ones(1)}, link)
    assert link.is_symlink() and nn.load(tmp_path / "real" / "w.npz")["a"].tolist() == [1.0]


class TestPyTorchsFiles:
    def entries(self, name):
        loaded = nn.load(FIXTURES / name)
        if name.endswith(".pth"):
            loaded.pop("odd")
            return loaded
        nested = {}
        for key, value in loaded.items():
            layer, part, *rest = key.split("/")
            entry = nested.setdefault(layer, {"state": {}})
            if part == "state":
                entry["state"][rest[0]] = value
            else:
                entry[part] = value
        return nested

    @pytest.mark.parametrize(
        "name", ["layers.pth", "layers_legacy.pth", "layers.safetensors", "layers.npz"]
    )
    def test_their_weights_give_their_outputs(self, name):
        entries = self.entries(name)
        assert entries.keys() == layers(nn).keys()
        for kind, (make, _) in layers(nn).items():
            layer = make()
            layer.load_state_dict(entries[kind]["state"])
            layer.eval()
            x = entries[kind]["input"]
            output = output_of(kind, layer, x)
            np.testing.assert_allclose(
                output.detach().numpy(), entries[kind]["output"].numpy(), rtol=1e-4, atol=1e-5,
                err_msg=kind,
            )  # fmt: skip

    @pytest.mark.parametrize("name", ["layers.pth", "layers_legacy.pth"])
    def test_dtypes_views_and_what_stands_around_the_tensors(self, name):
        odd = nn.load(FIXTURES / name)["odd"]
        assert odd["half"].dtype == np.float16 and odd["half"].tolist() == [1.5, -2.25]
        assert odd["bfloat16"].dtype == np.float32
        assert odd["bfloat16"].tolist() == [1.5, -3.0, 1.0002555517425873e30]
        assert odd["double"].dtype == np.float64 and odd["double"].item() == 0.1
        assert odd["int"].dtype == np.int32 and odd["int"].tolist() == [[1, -2]]
        assert odd["bytes"].dtype == np.uint8 and odd["bytes"].tolist() == [0, 255]
        assert odd["flags"].dtype == bool and odd["flags"].tolist() == [True, False]
        assert odd["turned"].tolist() == [[0, 3], [1, 4], [2, 5]]
        assert odd["slice"].tolist() == [3, 5, 7]
        assert odd["nothing"].shape == (0, 3)
        assert odd["parameter"].tolist() == [7.0]
        assert odd["numbers"] == {
            "epoch": 3, "loss": 0.25, "name": "odd", "none": None, "done": True,
        }  # fmt: skip
        assert odd["size"] == (2, 3)
        assert odd["list"][0].item() == 1.0 and odd["list"][1][1] == "two"

    @pytest.mark.torch
    # What PyTorch says of its own speed:
    @pytest.mark.filterwarnings("ignore:enable_nested_tensor:UserWarning")
    @pytest.mark.filterwarnings("ignore:LSTM with projections:UserWarning")
    @pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
    def test_pytorch_loads_what_is_written_here(self, torch, suffix, tmp_path):
        for kind, (make, shape) in layers(nn).items():
            path = tmp_path / f"{kind}{suffix}"
            ours, theirs = make(), layers(torch.nn)[kind][0]()
            nn.save(ours, path)
            if suffix == ".npz":
                state = {k: torch.from_numpy(v) for k, v in np.load(path).items()}
            else:
                import safetensors.torch

                state = safetensors.torch.load_file(path)
            theirs.load_state_dict(state)
            x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
            a, b = ag.tensor(x), torch.tensor(x)
            ours.eval(), theirs.eval()
            np.testing.assert_allclose(
                output_of(kind, ours, a).detach().numpy(),
                output_of(kind, theirs, b).detach().numpy(),
                rtol=1e-4, atol=1e-5, err_msg=kind,
            )  # fmt: skip

    @pytest.mark.torch
    def test_every_storage_of_todays_pytorch_is_read(self, torch, tmp_path):
        state = {
            str(dtype): torch.tensor([0, 1, 2]).to(dtype)
            for dtype in [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int8,
                          torch.int16, torch.int32, torch.int64, torch.uint8, torch.uint16,
                          torch.uint32, torch.uint64, torch.bool]
        }  # fmt: skip
        big = torch.arange(100.0)
        state |= {"a": big[10:20], "b": big[15:30:3], "tied": big, "expanded": big[:1].expand(7)}
        torch.save(state, tmp_path / "a.pth")
        back = nn.load(tmp_path / "a.pth")
        for key, value in state.items():
            value = value.float() if value.dtype == torch.bfloat16 else value
            assert np.array_equal(back[key].numpy(), value.numpy()), key
        model = torch.nn.TransformerEncoderLayer(4, 2, 8)
        optimizer = torch.optim.Adam(model.parameters())
        model(torch.ones(1, 1, 4)).sum().backward()
        optimizer.step()
        torch.save({"model": model.state_dict(), "adam": optimizer.state_dict()}, tmp_path / "c.pt")
        back = nn.load(tmp_path / "c.pt")
        first = next(iter(optimizer.state.values()))["exp_avg"].numpy()
        assert np.array_equal(back["adam"]["state"][0]["exp_avg"].numpy(), first)
        torch.save(model, tmp_path / "whole.pt")
        with pytest.raises(ValueError, match=r"TransformerEncoderLayer.*state_dict\(\)"):
            nn.load(tmp_path / "whole.pt")


class TestNumPysOwnFunctions:
    """They are files, not mathematics: no gradient is lost by writing values down."""

    x = ag.tensor([[1.0, 2.5], [3.0, 4.0]], requires_grad=True)

    def test_save(self, tmp_path):
        np.save(tmp_path / "a.npy", self.x)
        assert np.load(tmp_path / "a.npy").tolist() == self.x.tolist()

    @pytest.mark.parametrize("function", [np.savez, np.savez_compressed])
    def test_savez_of_a_state_dict(self, function, tmp_path):
        model = nn.Linear(2, 2)
        function(tmp_path / "a.npz", **model.state_dict(), x=self.x)
        assert nn.load(tmp_path / "a.npz").keys() == {"weight", "bias", "x"}
        function(tmp_path / "b.npz", self.x, self.x)
        assert np.load(tmp_path / "b.npz")["arr_1"].tolist() == self.x.tolist()

    def test_savetxt(self, tmp_path):
        np.savetxt(tmp_path / "a.txt", self.x)
        assert np.loadtxt(tmp_path / "a.txt").tolist() == self.x.tolist()

    def test_pickles_and_copies_of_state_dicts(self):
        state = nn.Linear(2, 2).state_dict()
        for other in (pickle.loads(pickle.dumps(state)), copy.deepcopy(state)):
            assert all(np.array_equal(other[k].numpy(), state[k].numpy()) for k in state)


def test_without_the_package_the_other_format_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(ImportError, match=r"glassgrad\[files\].*\.npz files need nothing"):
        nn.save({"a": np.ones(1)}, tmp_path / "a.safetensors")
    nn.save({"a": np.ones(1)}, tmp_path / "a.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


@pytest.mark.parametrize("beyond", [0, 1])
def test_a_header_may_fill_its_file_and_no_more(beyond, tmp_path):
    text = b"{}".ljust(4000)
    path = tmp_path / "a.safetensors"
    path.write_bytes((len(text) + beyond).to_bytes(8, "little") + text)
    if beyond:
        with pytest.raises(ValueError, match="its header claims 4,001 bytes of 4,008"):
            nn.load(path)
    else:
        assert nn.load(path) == {}
