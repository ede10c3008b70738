"""``python -m nn.doctor`` tells what is there."""

import importlib
import io
import os
import platform
import runpy
import subprocess
import sys
import threading

import numpy as np
import pytest

from autograd.kernels import native
from nn import doctor
from nn._console import bar, forgive_missing_letters


def run(**environment):
    return subprocess.run(
        [sys.executable, "-m", "nn.doctor"],
        capture_output=True,
        check=False,
        env={**os.environ, **environment},
    )


def test_names_what_was_promised():
    result = run(PYTHONIOENCODING="cp1252", OPENBLAS_NUM_THREADS="1")
    assert result.returncode == 0, result.stderr
    lines = dict(line.split(None, 1) for line in result.stdout.decode("cp1252").splitlines())
    assert platform.python_version() in lines["Python"]
    assert lines["NumPy"] == np.__version__
    assert lines["clashes"] == "none"
    assert "OPENBLAS_NUM_THREADS=1" in lines["BLAS"]
    assert int(lines["cores"].split()[0]) >= 1
    assert lines["glassgrad"]
    assert lines["kernels"] == native.status()


def test_says_when_the_native_kernels_are_off_and_why():
    result = run(GLASSGRAD_NATIVE="0")
    assert "kernels" in result.stdout.decode()
    assert (
        "NumPy only, the extension is switched off by GLASSGRAD_NATIVE=0" in result.stdout.decode()
    )


@pytest.mark.skipif(os.name == "nt", reason="uses an executable shell script")
@pytest.mark.parametrize(
    ("script", "expected"),
    [("echo 'dot - graphviz version 9' >&2", "graphviz version 9"), ("exit 3", "does not run")],
)
def test_dot_is_asked_for_its_version(script, expected, tmp_path, monkeypatch):
    program = tmp_path / "dot"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert expected in doctor._dot()


def test_without_dot_it_says_what_happens(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "built-in layout" in doctor._dot()


def test_a_clash_is_reported_with_exit_status_1(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "find_clash", lambda: "another autograd")
    assert doctor.main() == 1
    assert "another autograd" in capsys.readouterr().out


def test_a_bar_starts_no_thread(monkeypatch):
    pytest.importorskip("tqdm", reason="tqdm is not installed")

    def no_thread(*args, **kwargs):
        raise AssertionError("a thread was started")

    monkeypatch.setattr(threading.Thread, "start", no_thread)
    with io.StringIO() as file, bar(total=3, file=file, mininterval=0) as shown:
        shown.update()
        assert "1/3" in file.getvalue()


def test_output_has_question_marks_for_letters_that_are_not_there(monkeypatch):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", None)  # as under pythonw
    forgive_missing_letters()
    print("a → b")
    stream.flush()
    assert raw.getvalue().decode() == f"a ? b{os.linesep}"


@pytest.mark.parametrize("name", ["nn.train", "nn.port", "nn.demo", "nn.lesson", "nn.doctor"])
def test_every_command_forgives_missing_letters(name, monkeypatch):
    main = importlib.import_module(name if name == "nn.doctor" else f"{name}.__main__").main
    for kind in ("stdout", "stderr"):
        stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
        monkeypatch.setattr(sys, kind, stream)
    if name == "nn.doctor":
        main()
    else:
        with pytest.raises(SystemExit):
            main(["--help"])
    assert sys.stdout.errors == sys.stderr.errors == "replace"


@pytest.mark.filterwarnings("ignore:.*found in sys.modules")
@pytest.mark.parametrize("name", ["nn.train", "nn.port", "nn.demo", "nn.lesson", "nn.doctor"])
def test_every_command_is_run_by_its_name(name, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [name, *(["--help"] if name != "nn.doctor" else [])])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(name, run_name="__main__")
    assert not ended.value.code
    assert (
        "glassgrad" if name == "nn.doctor" else f"usage: python -m {name}"
    ) in capsys.readouterr().out
