"""Why a file is refused is told by the first check it fails; and how far each bound reaches."""

import io
import os
import pickle
import stat
import zipfile

import numpy as np
import pytest

import nn
from autograd import atomic
from nn.files import archive

from . import hostile

#: What is said, and of which hostile files; reasons that are the libraries' own words are left out.
REASONS = {
    "is neither a .safetensors, .npz nor .pth file: it begins with": ["GGUF", "HDF5", "a lone npy", "gzip", "zeros", "text"],
    "is neither a .safetensors, .npz nor .pth file, but empty": ["empty file"],
    "'a' has the dtype F8_E4M3, which tensors here lack": ["dtype we lack"],
    "the name 'a' stands in it twice": ["name twice"],
    "the name 'dtype' stands in it twice": ["field twice"],
    "its header claims": ["header longer than the file", "header of 2**62 bytes", "header length negative as signed"],
    "its metadata are no texts": ["metadata a list", "metadata no text", "npz metadata no text"],
    "a member's name leads out of the archive": ["npz absolute", "npz backslashes", "npz drive letter", "npz leads out"],
    "is compressed in an unknown way": ["npz compressed by LZMA"],
    "the member 'a.npy' is encrypted": ["npz encrypted"],
    "members lie upon each other": ["npz members overlap"],
    "the member 'a.npy' stands in it twice": ["npz name twice"],
    "the member 'a.npy' has two sizes": ["npz sizes disagree"],
    "the member 'a.py' is no .npy file": ["npz other member"],
    "holds pickled objects, which are never loaded": ["npz object dtype without a pickle", "npz pickled objects"],
    "'a' has dtype .*, which tensors here lack": ["npz complex", "npz dates", "npz long double", "npz structured dtype", "npz text"],
    "'a' has the shape ": ["npz shape negative", "npz shape of booleans"],
    "'a' has . bytes, but the shape ": ["npz shape overflows", "npz shape too large", "npz shape too small"],
    r"'a' is in version \(9, 0\) of the .npy format": ["npz version 9"],
    "it is a pickle, but not one that PyTorch has written": ["legacy a plain pickle"],
    "it holds .*, not only tensors; save model": [
        "legacy calls behind the magic", "legacy pickle that calls", "pth a whole model", "pth an object of a class",
        "pth calls a function", "pth calls eval", "pth calls getattr", "pth calls os.system", "pth calls subprocess",
        "pth complex storage", "pth storage of a foreign kind"],
    "its pickle fills a dict": ["pth appends to a dict", "pth builds on a dict"],
    "its pickle fills a _Global": ["pth builds on a function"],
    "which is no function that makes tensors": [
        "pth calls an allowed name that is no function", "pth calls what is no function", "pth calls with a list"],
    "its pickle has the instruction EXT1, which": ["pth extension registry"],
    "its pickle has the instruction INST, which": ["pth old style class"],
    "its pickle has the instruction EMPTY_SET, which": ["pth set"],
    "its pickle has the instruction INT, which": ["pth text instructions"],
    "an integer of more than 80 bits": ["pth long integer"],
    "a tensor of 100 axes": ["pth of 100 axes"],
    "it holds 1, no tensors": ["pth only a number"],
    "it refers to 'module' of torch.FloatStorage": ["pth reference to a module"],
    "it refers to 'storage' of FloatStorage": ["pth storage of a text's kind"],
    r"a tensor of size \(.*\), stride \(.*\), offset ": [
        "pth offset negative", "pth size and stride disagree", "pth size negative", "pth stride negative"],
    "reaches beyond its storage": [
        "pth offset beyond its storage", "pth storage of odd bytes", "pth stride beyond its storage",
        "pth tensor beyond its storage", "legacy truncated"],
    "the storage '9' is missing": ["pth storage missing"],
    "the storage '../data.pkl' is missing": ["pth storage leads out"],
    "a tensor without a storage": ["pth tensor of no storage"],
    "its pickle takes more than it has": ["pth takes from nothing"],
    "a dict has a key of type list": ["pth unhashable key"],
    "which is more than a file of this size warrants; if it is to be trusted, say load": [
        "pth a thousand times expanded", "pth expanded to 2..40", "pth expanded to 2..70", "zip bomb"],
}  # fmt: skip


def test_every_hostile_file_is_refused_for_its_own_reason(tmp_path):
    path, kinds = tmp_path / "weights", hostile.kinds(tmp_path / "mark")
    for words, names in REASONS.items():
        for name in names:
            path.write_bytes(kinds[name.replace("..", "**")])
            with pytest.raises(ValueError, match=words):
                nn.load(path)
                pytest.fail(name)


def test_a_file_may_hold_64_times_its_size_and_16_mib(tmp_path, monkeypatch):
    limits, budget = [], archive.Budget
    monkeypatch.setattr(
        archive, "Budget", lambda path, limit: limits.append(limit) or budget(path, limit)
    )
    for size in (1, 300):
        path = tmp_path / f"{size}.npz"
        nn.save({"a": np.ones(size)}, path)
        nn.load(path)
        nn.load(path, max_bytes=5000)
        assert limits[-2:] == [16 * 1024 * 1024 + 64 * path.stat().st_size, 5000]


def test_a_budget_is_spent_to_the_last_byte():
    budget = archive.Budget("weights", 10)
    budget.spend(4, "a")
    budget.spend(0, "b")
    with pytest.raises(ValueError, match="^c brings the tensors to more than 10 bytes"):
        budget.spend(7, "c")
    budget.spend(6, "d")
    budget.spend(0, "e")
    with pytest.raises(ValueError, match="^f brings"):
        budget.spend(1, "f")


@pytest.mark.parametrize("given", [True, False, 2.0, "9", -1, np.float64(3)])
def test_the_largest_size_is_an_integer_from_0(given, tmp_path):
    nn.save({}, tmp_path / "a.npz")
    assert nn.load(tmp_path / "a.npz", max_bytes=0) == {}
    with pytest.raises(ValueError, match="^load: max_bytes must be an integer from 0"):
        nn.load(tmp_path / "a.npz", max_bytes=given)


@pytest.mark.parametrize(
    "path, kind",
    [(3, TypeError), (None, TypeError), ("a\0b.npz", ValueError), (b"a.npz", TypeError)],
)
def test_the_name_of_a_file_is_a_text(path, kind, tmp_path):
    for who, call in (("load", lambda: nn.load(path)), ("save", lambda: nn.save({}, path))):
        with pytest.raises(kind, match=f"^{who}: "):
            call()


@pytest.mark.parametrize("metadata", [3, ["a"], {1: "a"}, {"a": 1}, {"a": None}, "a"])
def test_texts_beside_the_tensors_are_texts_by_text(metadata, tmp_path):
    with pytest.raises(TypeError, match="^save: metadata must map texts to texts"):
        nn.save({}, tmp_path / "a.npz", metadata=metadata)
    assert not list(tmp_path.iterdir())


def test_the_same_tensors_give_the_same_bytes(tmp_path):
    for name in ("a.npz", "b.npz"):
        nn.save({"x": np.arange(3.0)}, tmp_path / name, metadata={"k": "v"})
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.npz") as file:
        assert {info.date_time for info in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert [info.filename for info in file.infolist()][0] == "x.npy"


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
@pytest.mark.parametrize("order", ["<", ">"])
def test_every_version_and_byte_order_of_npy_is_read(version, order, tmp_path):
    array = np.arange(6, dtype=f"{order}i4").reshape(2, 3)
    for fortran in (False, True):
        member = io.BytesIO()
        np.lib.format.write_array(member, np.asarray(array, order="F" if fortran else "C"), version)
        with zipfile.ZipFile(tmp_path / "a.npz", "w") as file:
            file.writestr("x.npy", member.getvalue())
        found = nn.load(tmp_path / "a.npz")["x"]
        assert found.tolist() == array.tolist() and found.dtype == np.int32


def test_members_end_where_the_file_does_at_the_latest(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("a", b"12345678")
        file.writestr("b", b"1234")
    with zipfile.ZipFile(tmp_path / "a.zip") as file:
        found = archive.members(file, str(tmp_path / "a.zip"))
        assert list(found) == ["a", "b"]
        assert archive.read_member(file, found["b"], archive.Budget("a", 4)) == b"1234"
        # Headers of 30 bytes and names of one: b's contents end here at the earliest.
        end = found["b"].header_offset + 30 + 4
        assert found["b"].header_offset == 30 + 1 + 8
        for size, whole in ((end, True), (end - 1, False)):
            (tmp_path / "cut").write_bytes(b"." * size)
            if whole:
                archive.members(file, str(tmp_path / "cut"))
            else:
                with pytest.raises(ValueError, match="ends beyond the file: it is truncated"):
                    archive.members(file, str(tmp_path / "cut"))
        found["b"].file_size = 3
        with pytest.raises((ValueError, zipfile.BadZipFile)):
            archive.read_member(file, found["b"], archive.Budget("a", 99))


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755, 0o777, 0o601])
def test_a_file_that_is_replaced_keeps_its_permissions(mode, tmp_path):
    path = tmp_path / "a.npz"
    nn.save({}, path)
    path.chmod(mode)
    nn.save({"a": np.ones(1)}, path)
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o007, 0o000])
def test_a_new_file_gets_the_permissions_of_new_files(mask, tmp_path):
    before = os.umask(mask)
    try:
        nn.save({}, tmp_path / "a.npz")
        assert os.umask(mask) == mask  # and the mask is what it was
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.npz").stat().st_mode) == 0o666 & ~mask


def test_contents_are_flushed_before_the_name_and_the_folder_after(tmp_path, monkeypatch):
    done = []
    flush, rename = os.fsync, os.replace

    def flushed(descriptor):
        done.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        flush(descriptor)

    def renamed(*names):
        done.append("name")
        rename(*names)

    monkeypatch.setattr(atomic.os, "fsync", flushed)
    monkeypatch.setattr(atomic.os, "replace", renamed)
    nn.save({}, tmp_path / "a.npz")
    assert done == ["file", "name", "folder"]
    with pytest.raises(
        FileNotFoundError, match="there is no such folder; make it with os.makedirs"
    ):
        nn.save({}, tmp_path / "gone" / "a.npz")


# Pickles ------------------------------------------------------------------------------------------


def loaded(tmp_path, *parts, **options):
    (tmp_path / "a.pth").write_bytes(hostile.pth(b"}" + hostile.text("a"), *parts, b"s", **options))
    return nn.load(tmp_path / "a.pth")["a"]


def test_what_a_state_dict_may_hold_beside_tensors(tmp_path):
    text, tensor = hostile.text, hostile.tensor
    assert loaded(tmp_path, b"\x89") is False and loaded(tmp_path, b"\x88") is True
    assert loaded(tmp_path, b"N") is None and loaded(tmp_path, b")") == ()
    device = b"ctorch\ndevice\n" + text("cuda") + b"K\x01\x86R"
    assert loaded(tmp_path, device) == "cuda:1"
    pairs = b"ccollections\nOrderedDict\n]" + text("b") + b"K\x05\x86a\x85R"
    assert dict(loaded(tmp_path, pairs)) == {"b": 5}
    parameter = b"ctorch._utils\n_rebuild_parameter_with_state\n(" + tensor() + b"\x88}}tR"
    assert loaded(tmp_path, parameter).tolist() == [0.0] * 4
    named = (
        text("torch._utils") + b"\x94" + text("_rebuild_tensor_v2") + b"\x94\x93"
    )  # and remembered
    assert loaded(tmp_path, tensor(function=named)).tolist() == [0.0] * 4
    assert loaded(tmp_path, b"(" + text("b") + b"\x94h\x00t") == ("b", "b")


@pytest.mark.parametrize("bits, fine", [(79, True), (80, True), (81, False)])
def test_integers_have_80_bits_at_most(bits, fine, tmp_path):
    digits = (2 ** (bits - 1)).to_bytes(11, "little")
    long = b"\x8a" + bytes([len(digits)]) + digits
    if fine:
        assert loaded(tmp_path, long) == 2 ** (bits - 1)
    else:
        with pytest.raises(ValueError, match="an integer of more than 80 bits"):
            loaded(tmp_path, long)


@pytest.mark.parametrize("axes, fine", [(63, True), (64, True), (65, False)])
def test_tensors_have_64_axes_at_most(axes, fine, tmp_path):
    tensor = hostile.tensor(size=(1,) * axes, stride=(1,) * axes)
    if fine:
        assert loaded(tmp_path, tensor).shape == (1,) * axes
    else:
        with pytest.raises(ValueError, match=f"a tensor of {axes} axes"):
            loaded(tmp_path, tensor)


@pytest.mark.parametrize(
    "size, stride, offset",
    [((4,), (1, 1), 0), ((2, 2), (2,), 0), ((4,), (-1,), 0), ((-4,), (1,), 0), ((4,), (1,), -1)],
)
def test_sizes_strides_and_offsets_belong_together(size, stride, offset, tmp_path):
    with pytest.raises(ValueError, match="a tensor of size .*, stride .*, offset "):
        loaded(tmp_path, hostile.tensor(offset=offset, size=size, stride=stride))


def test_what_a_tensor_takes_is_counted_to_the_byte(tmp_path, monkeypatch):
    spent, spend = [], archive.Budget.spend
    monkeypatch.setattr(
        archive.Budget, "spend", lambda self, n, what: spent.append(n) or spend(self, n, what)
    )
    assert loaded(tmp_path, hostile.tensor(size=(5000,), stride=(0,))).shape == (5000,)
    assert 5000 * 4 in spent and loaded(tmp_path, hostile.tensor(size=(0,))).shape == (0,)
    assert loaded(tmp_path, hostile.tensor(offset=4, size=(0,))).shape == (0,)


@pytest.mark.parametrize(
    "key, numel, rest, words",
    [
        (hostile.text("0"), b"K\x04", b"", None), (hostile.text("0"), b"K\x04", b"N", None),
        (b"K\x00", b"K\x04", b"", "it refers to the storage 0"),
        (hostile.text("0"), b"N", b"", "it refers to the storage '0'"),
        (hostile.text("0"), b"\x88", b"", "it refers to the storage '0'"),
        (hostile.text("0"), b"K\x04", b"K\x00", "views of storages, as PyTorch wrote them before 0.4"),
    ],
)  # fmt: skip
def test_a_storage_is_named_by_a_text_and_a_number(key, numel, rest, words, tmp_path):
    storage = (
        b"("
        + hostile.text("storage")
        + b"ctorch\nFloatStorage\n"
        + key
        + hostile.text("cpu")
        + numel
        + rest
        + b"tQ"
    )
    if words is None:
        assert loaded(tmp_path, hostile.tensor(storage=storage)).tolist() == [0.0] * 4
    else:
        with pytest.raises(ValueError, match=words):
            loaded(tmp_path, hostile.tensor(storage=storage))


@pytest.mark.parametrize("protocol", [1000, 1002, "1001"])
def test_another_protocol_of_the_older_kind_is_refused(protocol, tmp_path):
    magic = 119547037146038801333356
    parts = [pickle.dumps(part, 2) for part in (magic, protocol, {"little_endian": True}, {}, [])]
    (tmp_path / "a.pth").write_bytes(b"".join(parts))
    with pytest.raises(ValueError, match="it is in an unknown version of PyTorch's format"):
        nn.load(tmp_path / "a.pth")
    parts[1] = pickle.dumps(1001, 2)
    (tmp_path / "a.pth").write_bytes(b"".join(parts))
    assert nn.load(tmp_path / "a.pth") == {}


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs Linux's list of open files")
@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_no_file_stays_open(suffix, tmp_path):
    nn.save({"a": np.ones(2)}, tmp_path / f"a{suffix}")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        nn.save({"a": np.ones(2)}, tmp_path / f"a{suffix}")
        nn.load(tmp_path / f"a{suffix}")
        with pytest.raises(OSError), atomic.writing(str(tmp_path / "b")):
            raise OSError
    assert len(os.listdir("/proc/self/fd")) == before


def test_of_several_names_the_one_that_stands_twice_is_told():
    from nn.files.safetensors_file import _without_repetition

    assert _without_repetition([("b", 1), ("a", 2)]) == {"b": 1, "a": 2}
    with pytest.raises(ValueError, match="the name 'a' stands in it twice"):
        _without_repetition([("b", 1), ("a", 2), ("c", 3), ("a", 4)])
