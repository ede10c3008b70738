"""Files that try to hurt who reads them: a name for each kind, and the bytes."""

import io
import json
import pickle
import struct
import warnings
import zipfile
from functools import cache
from pathlib import Path

import numpy as np

FIXTURES = Path(__file__).parent / "fixtures"


def touched(path):
    """What a file that executes something would call; it leaves a mark behind."""
    Path(path).write_text("executed")


class Calls:
    """Pickles as a call of ``function``."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


# .safetensors -------------------------------------------------------------------------------------


def tensors(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def entry(dtype="F32", shape=(1,), offsets=(0, 4)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def safetensors():
    four = b"\0" * 4
    one = json.dumps(entry())
    good = tensors({"a": entry()}, four)
    return {
        "header longer than the file": tensors({"a": entry()}, four, 2**20),
        "header of 2**62 bytes": tensors({"a": entry()}, four, 2**62),
        "header length negative as signed": tensors({"a": entry()}, four, 2**63),
        "header no JSON": tensors(b"{nonsense", four),
        "header an array in braces": tensors(b"{[1]}", four),
        "header not UTF-8": tensors(b'{"\xff\xfe": 1}', four),
        "header nested 100,000 deep": tensors(b'{"a":' + b"[" * 100_000, four),
        "name twice": tensors(f'{{"a":{one},"a":{one}}}'.encode(), four),
        "field twice": tensors(b'{"a":{"dtype":"F32","dtype":"F64","shape":[1],"data_offsets":[0,4]}}', four),
        "metadata twice": tensors(f'{{"__metadata__":{{}},"__metadata__":{{}},"a":{one}}}'.encode(), four),
        "metadata no text": tensors({"__metadata__": {"a": 1}, "a": entry()}, four),
        "metadata a list": tensors({"__metadata__": [1], "a": entry()}, four),
        "tensors overlap": tensors({"a": entry(), "b": entry()}, four),
        "hole between tensors": tensors({"a": entry(), "b": entry(offsets=(8, 12))}, four * 3),
        "data after the last tensor": good + b"more",
        "data truncated": good[:-1],
        "data missing": tensors({"a": entry(shape=(2**20,), offsets=(0, 2**22))}),
        "offsets reversed": tensors({"a": entry(offsets=(4, 0))}, four),
        "offsets negative": tensors({"a": entry(offsets=(-4, 0))}, four),
        "offsets of 2**63": tensors({"a": entry(offsets=(0, 2**63))}, four),
        "shape beyond the data": tensors({"a": entry(shape=(2,))}, four),
        "shape negative": tensors({"a": entry(shape=(-1,))}, four),
        "shape overflows": tensors({"a": entry(shape=(2**33, 2**31))}, four),
        "shape of fractions": tensors({"a": entry(shape=(1.5,))}, four),
        "unknown dtype": tensors({"a": entry(dtype="Q7")}, four),
        "dtype we lack": tensors({"a": entry(dtype="F8_E4M3", shape=(4,))}, four),
        "entry a number": tensors({"a": 1}, four),
        "entry empty": tensors({"a": {}}, four),
    }  # fmt: skip


# .npz ---------------------------------------------------------------------------------------------


def zipped(*members, compression=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a name twice is what we want
            for name, data in members:
                archive.writestr(name, data)
    return buffer.getvalue()


def npy(header=None, data=b"\0" * 4, version=(1, 0), length=None, **fields):
    if header is None:
        header = repr({"descr": "<f4", "fortran_order": False, "shape": (1,), **fields})
    text = header if isinstance(header, bytes) else header.encode()
    size = struct.pack("<H" if version == (1, 0) else "<I", len(text) if length is None else length)
    return b"\x93NUMPY" + bytes(version) + size + text + data


def npz(**options):
    return zipped(("a.npy", npy(**options)))


def patched(data, old, new):
    assert old in data and len(old) == len(new)
    return data.replace(old, new)


def overlapping():
    """Two entries of the directory that lead to one member: how small files become huge ones."""
    data = zipped(("a.npy", npy()), ("b.npy", npy()))
    at = data.rindex(b"PK\x01\x02")
    return data[: at + 42] + struct.pack("<I", 0) + data[at + 46 :]


@cache
def bomb():
    return zipped(
        ("a.npy", npy(shape=(2**24,), data=bytes(2**26))), compression=zipfile.ZIP_DEFLATED
    )


def object_array(mark):
    buffer = io.BytesIO()
    np.save(buffer, np.array([Calls(touched, str(mark))], object), allow_pickle=True)
    return zipped(("a.npy", buffer.getvalue()))


def archives(mark):
    good = npz()
    twice = zipped(("a.npy", npy()), ("b.npy", npy()))
    return {
        "npz truncated": good[:-10],
        "npz cut in its middle": good[: len(good) // 2],
        "npz of zeros after its magic": b"PK\x03\x04" + b"\0" * 200,
        "npz pickled objects": object_array(mark),
        "npz object dtype without a pickle": npz(descr="|O"),
        "npz structured dtype": npz(header=repr({"descr": [("x", "<f4")], "fortran_order": False, "shape": (1,)})),
        "npz complex": npz(descr="<c8", data=b"\0" * 8),
        "npz text": npz(descr="<U1"),
        "npz dates": npz(descr="<M8[s]", data=b"\0" * 8),
        "npz long double": npz(descr="<f16", data=b"\0" * 16),
        "npz no npy": zipped(("a.npy", b"nonsense")),
        "npz empty member": zipped(("a.npy", b"")),
        "npz other member": zipped(("a.py", b"import os")),
        "npz version 9": npz(version=(9, 0)),
        "npz header calls": npz(header=f"__import__('pathlib').Path({str(mark)!r}).write_text('x')"),
        "npz header nested": npz(header="(" * 9000 + ")" * 9000),
        "npz header long": npz(header=" " * 60_000),
        "npz header beyond the member": npz(length=60_000),
        "npz shape negative": npz(shape=(-1,)),
        "npz shape too large": npz(shape=(2**40,)),
        "npz shape overflows": npz(shape=(2**33, 2**31)),
        "npz shape too small": npz(shape=(), data=b"\0" * 8),
        "npz shape of booleans": npz(shape=(True,)),
        "npz name twice": zipped(("a.npy", npy()), ("a.npy", npy())),
        "npz members overlap": overlapping(),
        "npz leads out": zipped(("../../a.npy", npy())),
        "npz absolute": zipped(("/etc/a.npy", npy())),
        "npz drive letter": zipped(("C:/a.npy", npy())),
        "npz backslashes": zipped(("..\\a.npy", npy())),
        "npz checksum wrong": patched(good, npy(), npy(data=b"abcd")),
        "npz sizes disagree": _two_sizes(good),
        "npz encrypted": _flagged(twice, 0x1),
        "npz compressed by LZMA": zipped(("a.npy", npy()), compression=zipfile.ZIP_LZMA),
        "zip bomb": bomb(),
        "npz metadata no text": zipped(("__metadata__.json", b'{"a": 1}'), ("a.npy", npy())),
        "npz metadata no JSON": zipped(("__metadata__.json", b"{"), ("a.npy", npy())),
    }  # fmt: skip


def _flagged(data, bit):
    at = data.index(b"PK\x01\x02")
    return data[: at + 8] + struct.pack("<H", bit) + data[at + 10 :]


def _two_sizes(data):
    at = data.index(b"PK\x01\x02")
    return data[: at + 24] + struct.pack("<I", 2**30) + data[at + 28 :]


# .pth ---------------------------------------------------------------------------------------------

GLOBAL = b"ctorch._utils\n_rebuild_tensor_v2\n"


def text(value):
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def stored(kind=b"ctorch\nFloatStorage\n", key="0", numel=4, word="storage"):
    return (b"(" + text(word) + kind + text(key) + text("cpu") + b"J"
            + struct.pack("<i", numel) + b"tQ")  # fmt: skip


def number(n):
    return b"\x8a\x09" + n.to_bytes(9, "little", signed=True)


def tensor(offset=0, size=(4,), stride=(1,), storage=None, function=GLOBAL):
    return b"".join([
        function, b"(", stored() if storage is None else storage, number(offset),
        b"(", *map(number, size), b"t", b"(", *map(number, stride), b"t", b"\x89", b"}", b"tR",
    ])  # fmt: skip


def program(*parts):
    return b"\x80\x02" + b"".join(parts) + b"."


def pth(*parts, data=b"\0" * 16, members=()):
    return zipped(
        ("archive/data.pkl", program(*parts)), ("archive/data/0", data), *members,
    )  # fmt: skip


def called(function, *arguments):
    return zipped(("archive/data.pkl", pickle.dumps(Calls(function, *arguments), 2)))


def pickles(mark):
    import os
    import subprocess

    legacy = (FIXTURES / "layers_legacy.pth").read_bytes()
    whole = (FIXTURES / "layers.pth").read_bytes()
    named = b"}" + text("a")
    return {
        "pth truncated": whole[:-30],
        "pth cut in its middle": whole[: len(whole) // 2],
        "pth calls a function": called(touched, str(mark)),
        "pth calls os.system": called(os.system, f"touch {mark}"),
        "pth calls subprocess": called(subprocess.call, ["touch", str(mark)]),
        "pth calls eval": called(eval, f"open({str(mark)!r}, 'w')"),
        "pth calls getattr": pth(named, b"cbuiltins\ngetattr\n", b"s"),
        "pth an object of a class": pth(named, b"ccollections\nCounter\n)\x81s"),
        "pth a whole model": pth(b"ctorch.nn.modules.linear\nLinear\n)\x81}b"),
        "pth calls what is no function": pth(named, text("os"), b")Rs"),
        "pth calls an allowed name that is no function": pth(named, b"ctorch\nFloatStorage\n)Rs"),
        "pth calls with a list": pth(named, GLOBAL, b"]Rs"),
        "pth too few arguments": pth(named, GLOBAL, b")Rs"),
        "pth builds on a function": pth(named, GLOBAL, b"}" + text("__defaults__") + b")sbs"),
        "pth builds on a dict": pth(b"}}b"),
        "pth old style class": pth(b"(ios\nsystem\n."),
        "pth extension registry": pth(b"\x82\x01"),
        "pth text instructions": pth(b"I10\n"),
        "pth set": pth(b"\x8f"),
        "pth byte buffer": pth(b"\x96" + struct.pack("<Q", 2**40)),
        "pth text of 2**40 bytes": pth(b"\x8d" + struct.pack("<Q", 2**40)),
        "pth long integer": pth(named, b"\x8b" + struct.pack("<I", 4000) + b"\x7f" * 4000, b"s"),
        "pth takes from nothing": pth(b"\x87"),
        "pth mark from nothing": pth(b"t"),
        "pth memo from nothing": pth(b"h\x07"),
        "pth unhashable key": pth(b"}]Ns"),
        "pth odd number of items": pth(b"}(" + text("a") + b"u"),
        "pth appends to a dict": pth(b"}Na"),
        "pth does not end": zipped(("archive/data.pkl", b"\x80\x02}"), ("archive/data/0", b"")),
        "pth empty program": zipped(("archive/data.pkl", b"")),
        "pth two programs": zipped(("a/data.pkl", program(b"}")), ("b/data.pkl", program(b"}"))),
        "pth only a number": pth(b"K\x01"),
        "pth storage missing": pth(named, tensor(storage=stored(key="9")), b"s"),
        "pth storage leads out": pth(named, tensor(storage=stored(key="../data.pkl")), b"s"),
        "pth storage of a foreign kind": pth(named, tensor(storage=stored(kind=b"cos\nsystem\n")), b"s"),
        "pth reference to a module": pth(named, tensor(storage=stored(word="module")), b"s"),
        "pth storage of a text's kind": pth(named, tensor(storage=stored(kind=text("FloatStorage"))), b"s"),
        "pth complex storage": pth(named, tensor(storage=stored(kind=b"ctorch\nComplexFloatStorage\n")), b"s"),
        "pth tensor of no storage": pth(named, tensor(storage=b"N"), b"s"),
        "pth tensor beyond its storage": pth(named, tensor(size=(5,)), b"s"),
        "pth offset beyond its storage": pth(named, tensor(offset=1), b"s"),
        "pth offset negative": pth(named, tensor(offset=-1, size=(1,)), b"s"),
        "pth stride negative": pth(named, tensor(stride=(-1,)), b"s"),
        "pth stride beyond its storage": pth(named, tensor(size=(2,), stride=(2**40,)), b"s"),
        "pth size negative": pth(named, tensor(size=(-1,)), b"s"),
        "pth size and stride disagree": pth(named, tensor(size=(2, 2)), b"s"),
        "pth expanded to 2**40": pth(named, tensor(size=(2**40,), stride=(0,)), b"s"),
        "pth expanded to 2**70": pth(named, tensor(size=(2**35, 2**35), stride=(0, 0)), b"s"),
        "pth a thousand times expanded": pth(b"(", *[tensor(size=(2**20,), stride=(0,))] * 1000, b"t"),
        "pth of 100 axes": pth(named, tensor(size=(1,) * 100, stride=(1,) * 100), b"s"),
        "pth unknown byte order": pth(named, tensor(), b"s", members=[("archive/byteorder", b"middle")]),
        "pth storage of odd bytes": pth(named, tensor(), b"s", data=b"\0" * 15),
        "legacy truncated": legacy[:-20],
        "legacy cut in its middle": legacy[: len(legacy) // 3],
        "legacy only its magic": legacy[:15],
        "legacy a plain pickle": pickle.dumps({"a": 1}, 2),
        "legacy pickle that calls": pickle.dumps(Calls(touched, str(mark)), 2),
        "legacy calls behind the magic": legacy[: legacy.index(b".") + 1] + pickle.dumps(Calls(touched, str(mark)), 2),
        "legacy protocol 0": pickle.dumps({"a": 1}, 0),
    }  # fmt: skip


def others():
    return {
        "empty file": b"",
        "one byte": b"\x80",
        "text": b"weights = [1, 2, 3]\n",
        "HDF5": b"\x89HDF\r\n\x1a\n" + b"\0" * 100,
        "GGUF": b"GGUF" + b"\0" * 100,
        "gzip": b"\x1f\x8b" + b"\0" * 100,
        "a lone npy": npy(),
        "zeros": b"\0" * 1000,
        "zip without members": zipped(),
    }


def kinds(mark):
    """All of them; a file that gets something executed leaves the file ``mark``."""
    return {**safetensors(), **archives(mark), **pickles(mark), **others()}
