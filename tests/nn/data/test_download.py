"""Downloads from a server of our own, which does everything wrong that servers do."""

import gzip
import hashlib
import inspect
import io
import struct
import tarfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

import nn
from nn.data import download as network
from nn.data.image_sets import _File

RNG = np.random.default_rng(0)
DATA = RNG.bytes(300_000)


class Server(ThreadingHTTPServer):
    """Files by path; the first part of a path says what goes wrong with it."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.asked, self.stop = {}, [], threading.Event()

    def url(self, way):
        return f"http://127.0.0.1:{self.server_port}/{way}"


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        way, _, name = self.path[1:].partition("/")
        range_ = self.headers.get("Range")
        self.server.asked.append((way, range_))
        data = self.server.files[name]
        start = int(range_[6:-1]) if range_ and way != "whole" else 0
        if way == "busy":
            return self.send_error(503)
        self.send_response(206 if start else 200)
        body = data[start:]
        if way == "damaged":
            body = body[:-1] + bytes([body[-1] ^ 1])
        if way == "longer":
            body += b"more"
        self.send_header("Content-Length", str(len(body) + (10**9 if way == "claims" else 0)))
        self.end_headers()
        if way == "cut":
            body = body[: len(body) // 2]
        if way in ("stalls", "slow"):
            self.wfile.write(body[:1000])
            self.wfile.flush()
            while way == "stalls" and not self.server.stop.wait(0.05):
                pass
            for k in range(1000, len(body)):
                if self.server.stop.wait(0.02):
                    return None
                self.wfile.write(body[k : k + 1])
        self.wfile.write(body)
        return None


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(network, "TIMEOUT", 0.4)
    monkeypatch.setattr(network, "PATIENCE", 0.3)
    with Server() as server:  # closed whatever happens, also where no thread can be started
        server.files["file"] = DATA
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.stop.set()
        server.shutdown()
        thread.join()


def fetch(server, tmp_path, *ways):
    urls = [f"{server.url(way)}/file" for way in ways]
    return network.download(
        urls, str(tmp_path / "file"), hashlib.md5(DATA).hexdigest(), len(DATA), progress=False
    )


def test_what_is_there_is_not_fetched_again_unless_it_is_damaged(server, tmp_path):
    assert fetch(server, tmp_path, "good") == str(tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == DATA
    fetch(server, tmp_path, "good")
    assert len(server.asked) == 1
    (tmp_path / "file").write_bytes(DATA[:-1] + b"?")
    fetch(server, tmp_path, "good")
    assert (tmp_path / "file").read_bytes() == DATA and len(server.asked) == 2


@pytest.mark.parametrize(
    "way, word",
    [("busy", "503"), ("cut", "ended after|incomplete|IncompleteRead"), ("damaged", "checksum"),
     ("longer", "longer than"), ("stalls", "timed out"), ("slow", "slower than"),
     ("claims", "ended after|IncompleteRead|longer")],
)  # fmt: skip
class TestFaults:
    def test_a_faulty_mirror_alone_leaves_no_file(self, server, tmp_path, way, word):
        if way == "claims":  # the right bytes under a wrong length: what arrived is whole
            server.files["file"] = DATA[:-5]
        started = time.monotonic()
        with pytest.raises(RuntimeError, match=f"file could not be had[^$]*({word})"):
            fetch(server, tmp_path, way)
        assert time.monotonic() - started < 60  # it ends at all; the clock decides nothing
        assert not (tmp_path / "file").exists()

    def test_the_next_mirror_is_asked(self, server, tmp_path, way, word):
        fetch(server, tmp_path, way, "good")
        assert (tmp_path / "file").read_bytes() == DATA
        assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_what_has_arrived_is_gone_on_with(server, tmp_path):
    fetch(server, tmp_path, "cut", "good")
    assert server.asked == [("cut", None), ("good", f"bytes={len(DATA) // 2}-")]


def test_a_server_that_begins_anew_is_followed(server, tmp_path):
    fetch(server, tmp_path, "cut", "whole")
    assert (tmp_path / "file").read_bytes() == DATA


def test_a_part_of_something_else_is_thrown_away(server, tmp_path):
    (tmp_path / "file.part").write_bytes(b"x" * 1000)
    fetch(server, tmp_path, "good")
    assert (tmp_path / "file").read_bytes() == DATA and len(server.asked) == 2


def test_all_faults_are_told_together(server, tmp_path):
    with pytest.raises(RuntimeError) as told:
        fetch(server, tmp_path, "busy", "damaged")
    assert "503" in str(told.value) and "checksum" in str(told.value)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/file"])
def test_other_addresses_are_refused(url, tmp_path):
    with pytest.raises(ValueError, match="http"):
        network.download([url], str(tmp_path / "file"), "0", 1)


def test_a_bar_is_shown_unless_it_is_not_wanted():
    defaults = [
        inspect.signature(f).parameters["progress"].default
        for f in (network.download, nn.data.MNIST)
    ]
    assert defaults == [True, True]


class Mirror:
    """Bytes that come in parts, each at a time of its own, by a clock that stands still otherwise."""

    status = 206

    def __init__(self, monkeypatch, *parts):
        self.parts, self.now, self.asked = list(parts), 100.0, None
        monkeypatch.setattr(network.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(network.urllib.request, "urlopen", self.open)

    def open(self, request, timeout):
        self.asked = request.get_header("Range"), timeout
        return self

    def read1(self, _):
        self.now, count = (
            (100.0 + self.parts[0][0], self.parts.pop(0)[1]) if self.parts else (self.now, 0)
        )
        return bytes(count)

    def close(self):
        self.asked = (*self.asked, "closed")


@pytest.mark.parametrize(
    ("parts", "enough"),
    [
        ([(29.9, 1), (29.9, 99_999)], True),
        (
            [(30.0, 1), (30.0, 99_999)],
            True,
        ),  # at once after the time it is looked at, and not before
        ([(30.5, 61_000), (31.0, 39_000)], True),
        ([(30.5, 60_999), (31.0, 39_001)], False),
        ([(1.0, 60_000), (35.0, 9_999), (35.0, 30_001)], False),
        ([(1.0, 60_000), (35.0, 10_000), (35.0, 30_000)], True),
    ],
)
def test_a_mirror_is_given_up_that_is_slow_for_a_while(parts, enough, tmp_path, monkeypatch):
    Mirror(monkeypatch, *parts)
    fetch = lambda: network._fetch("http://x/file", str(tmp_path / "part"), 100_000, False)  # noqa: E731
    if enough:
        fetch()
        assert (tmp_path / "part").stat().st_size == 100_000
    else:
        with pytest.raises(OSError, match="slower than 2,000 bytes a second"):
            fetch()


@pytest.mark.parametrize(
    ("there", "asked"),
    [(0, None), (70, "bytes=70-"), (1, "bytes=1-"), (100, None), (170, None), (None, None)],
)
def test_a_part_is_gone_on_with_where_it_ends(there, asked, tmp_path, monkeypatch):
    part = tmp_path / "part"
    if there is not None:
        part.write_bytes(b"x" * there)
    kept = there if asked else 0
    mirror = Mirror(monkeypatch, (1.0, 100 - kept - 10), (2.0, 10))
    bars = []
    monkeypatch.setattr(network, "bar", lambda **options: bars.append(Bar(options)) or bars[-1])
    network._fetch("http://x/file", str(part), 100, True)
    assert part.read_bytes() == b"x" * kept + bytes(100 - kept)
    assert mirror.asked == (asked, network.TIMEOUT, "closed")
    (bar,) = bars
    assert bar.options == {
        "total": 100,
        "initial": kept,
        "unit": "B",
        "unit_scale": True,
        "desc": "file",
    }
    assert bar.counts == [100 - kept - 10, 10]
    network._fetch("http://x/file", str(tmp_path / "other"), 0, False)
    assert len(bars) == 1


class Bar:
    def __init__(self, options):
        self.options, self.counts = options, []

    def update(self, count):
        self.counts.append(count)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass


# The sets of images ---------------------------------------------------------------------------


def idx(array, magic=None, cut=0, shape=None):
    head = bytes([0, 0, 8, array.ndim]) if magic is None else magic
    data = head + struct.pack(f">{array.ndim}I", *(shape or array.shape)) + array.tobytes()
    return gzip.compress(data[: len(data) - cut], mtime=0)


def tar(members, kind=tarfile.REGTYPE):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size, info.type = len(data), kind
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def serve(server, data, name):
    server.files[name] = data
    return _File(name, hashlib.md5(data).hexdigest(), len(data))


IMAGES, LABELS = RNG.integers(0, 256, (4, 28, 28), np.uint8), np.array([3, 0, 9, 1], np.uint8)


def mnist(server, images=None, labels=None):
    class Small(nn.data.MNIST):
        _files = {
            True: (
                serve(server, idx(IMAGES) if images is None else images, "i.gz"),
                serve(server, idx(LABELS) if labels is None else labels, "l.gz"),
            )
        }

    return Small


def test_mnist(server, tmp_path):
    Small = mnist(server)
    data = Small(tmp_path, mirrors=server.url("good"), progress=False)
    assert np.array_equal(data.arrays[0], IMAGES[:, None]) and len(data) == 4
    assert data.arrays[1].tolist() == LABELS.tolist() and data.arrays[1].dtype == np.int64
    assert all(array.flags.writeable for array in data.arrays)
    assert repr(data) == "Small(train: 4 images, 1×28×28 uint8)"
    again = Small(tmp_path, download=False, transform=nn.data.transforms.ToFloat())
    assert again[0][0].dtype == np.float32 and len(server.asked) == 2
    with pytest.raises(FileNotFoundError, match="download=True"):
        Small(tmp_path / "elsewhere", download=False)


@pytest.mark.parametrize(
    "images, labels",
    [(idx(IMAGES, magic=b"\0\0\x0d\3"), None), (idx(IMAGES, cut=1), None), (idx(IMAGES)[:-9], None),
     (b"no gzip", None), (gzip.compress(bytes(60_000_000), mtime=0), None), (gzip.compress(b"", mtime=0), None),
     (idx(IMAGES, shape=(2**31, 2**31, 4)), None), (idx(IMAGES[:3]), None),
     (None, idx(LABELS + 7)), (None, idx(IMAGES))],
)  # fmt: skip
def test_damaged_and_hostile_idx_files_are_refused(server, tmp_path, images, labels):
    with pytest.raises(ValueError):
        mnist(server, images, labels)(tmp_path, mirrors=server.url("good"), progress=False)


ROWS = np.concatenate(
    [np.array([[6], [0], [9]], np.uint8), RNG.integers(0, 256, (3, 3072), np.uint8)], axis=1
)


def cifar(server, archive):
    class Small(nn.data.CIFAR10):
        _archive = serve(server, archive, "c.tar.gz")
        _members = {True: ("data_batch_1.bin", "data_batch_2.bin"), False: ("test_batch.bin",)}

    return Small


def test_cifar(server, tmp_path):
    batches = [(f"cifar/{name}.bin", ROWS[k:].tobytes())
               for k, name in enumerate(["data_batch_1", "data_batch_2", "test_batch"])]  # fmt: skip
    Small = cifar(server, tar([("cifar/readme.html", b"words"), *batches]))
    train = Small(tmp_path, mirrors=[server.url("good")], progress=False)
    test = Small(tmp_path, train=False, download=False)
    assert train.arrays[1].tolist() == [6, 0, 9, 0, 9] and test.arrays[1].tolist() == [9]
    assert np.array_equal(train.arrays[0][3], ROWS[1, 1:].reshape(3, 32, 32))
    assert train.classes[6] == "frog" and len(nn.data.CIFAR100.classes) == 100


def test_cifar_100_takes_the_fine_label(server, tmp_path):
    row = np.concatenate([np.array([19, 77], np.uint8), ROWS[0, 1:]])

    class Small(nn.data.CIFAR100):
        _archive = serve(server, tar([("train.bin", row.tobytes())]), "c100.tar.gz")

    data = Small(tmp_path, mirrors=server.url("good"), progress=False)
    assert data.arrays[1].tolist() == [77]
    assert np.array_equal(data.arrays[0][0].ravel(), ROWS[0, 1:])


good = [("data_batch_1.bin", ROWS.tobytes()), ("data_batch_2.bin", ROWS.tobytes())]


@pytest.mark.parametrize(
    "archive",
    [tar(good[:1]), tar([good[0], ("data_batch_2.bin", ROWS.tobytes()[:-1])]), tar(good)[:-200],
     tar([good[0], good[0], good[1]]), b"no archive", gzip.compress(b"no archive", mtime=0),
     tar([good[0], ("data_batch_2.bin", bytes(160_000_000))]), tar(good, tarfile.SYMTYPE),
     tar([good[0], ("data_batch_2.bin", (ROWS + 100).tobytes())])],
    ids=["missing", "no rows", "truncated", "twice", "text", "zipped text", "bomb", "links", "label"],
)  # fmt: skip
def test_damaged_and_hostile_archives_are_refused(server, tmp_path, archive):
    with pytest.raises(ValueError):
        cifar(server, archive)(tmp_path, mirrors=server.url("good"), progress=False)
    outside = [p for p in tmp_path.rglob("*") if p.suffix == ".bin"]
    assert not outside
