"""Files that are there whole, or not at all: pages and pictures as well as weights."""

import os
import threading

import pytest

import autograd as ag
import nn
from autograd import atomic, debug, viz
from autograd.func.kit.__main__ import main as kit


def loss():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    with debug.record():
        return (x * x).sum()


def judged(path):
    source = path.parent / "ops.py"
    source.write_text("def square(x):\n    return x * x\n")
    try:
        kit([str(source), "--only", "square", "--json", str(path)])
    except SystemExit as stopped:  # misuse is how the command tells what it cannot write
        raise OSError("not written") from stopped
    finally:
        source.unlink()


SAVERS = {
    "card.html": lambda path: debug.certify(loss(), threads=()).save(path),
    "card.json": lambda path: debug.certify(loss(), threads=()).save(path),
    "card.txt": lambda path: debug.certify(loss(), threads=()).save(path),
    "graph.svg": lambda path: viz.graph(loss()).save(path),
    "graph.html": lambda path: viz.graph(loss()).save(path),
    "steps.html": lambda path: viz.step(loss()).save(path),
    "report.json": judged,
    "weights.npz": lambda path: nn.save({"a": ag.ones(2)}, path),
}


@pytest.mark.parametrize("name", SAVERS)
def test_a_page_that_cannot_be_written_leaves_the_one_before(name, tmp_path, monkeypatch):
    path = tmp_path / name
    SAVERS[name](path)
    before = path.read_bytes()
    assert len(before) > 20
    SAVERS[name](path)  # over the old one
    path.write_bytes(b"the one before")
    with monkeypatch.context() as patch:

        def full(*args, **kwargs):
            raise OSError(28, "No space left on device")

        patch.setattr(atomic.os, "replace", full)
        with pytest.raises(OSError):
            SAVERS[name](path)
    assert path.read_bytes() == b"the one before"
    assert os.listdir(tmp_path) == [name]


def test_text_is_written_as_it_is(tmp_path):
    atomic.write(tmp_path / "a.txt", "ä\r\n\n")
    assert (tmp_path / "a.txt").read_bytes() == "ä\r\n\n".encode()
    with pytest.raises(UnicodeEncodeError):
        atomic.write(tmp_path / "a.txt", "half \ud800")
    assert (tmp_path / "a.txt").read_bytes() == "ä\r\n\n".encode()
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_card_is_saved_whatever_names_it_holds(tmp_path):
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    result = (x * x).sum()
    result.name = "half \ud800"
    card = debug.certify(result, threads=())
    for name in ("card.html", "card.json", "card.txt"):
        card.save(tmp_path / name)
        assert "Gradients of half " in (tmp_path / name).read_text(encoding="utf-8")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_is_written_into_and_not_replaced(tmp_path):
    pipe = tmp_path / "page.txt"
    os.mkfifo(pipe)
    came = []
    reader = threading.Thread(target=lambda: came.append(pipe.read_text()))
    reader.start()
    atomic.write(pipe, "a page")
    reader.join()
    assert came == ["a page"] and not pipe.is_file()
    assert os.listdir(tmp_path) == ["page.txt"]


@pytest.mark.skipif(os.name == "nt", reason="links need rights of their own")
def test_a_link_stays_one(tmp_path):
    (tmp_path / "real.txt").write_text("before")
    (tmp_path / "link.txt").symlink_to(tmp_path / "real.txt")
    atomic.write(tmp_path / "link.txt", "after")
    assert (tmp_path / "link.txt").is_symlink() and (tmp_path / "real.txt").read_text() == "after"
