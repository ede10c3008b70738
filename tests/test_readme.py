"""The README says what runs: every block of it is run, and prints what it says it prints."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def blocks(language):
    return [text for kind, text in BLOCKS if kind == language]


def test_the_first_block_is_the_two_commands():
    assert BLOCKS[0] == (
        "bash",
        'pip install -e ".[demo]" && python -m nn.demo\npip install -e ".[test]" && pytest\n',
    )


def test_every_kind_of_block_is_run_here():
    assert {kind for kind, _ in BLOCKS} == {"bash", "powershell", "colab", "python"}


def test_python_blocks_run_one_after_another(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "readme"}
    for number, text in enumerate(blocks("python")):
        promised = re.findall(r"^print\(.*\)  # (.*)$", text, flags=re.MULTILINE)
        file = tmp_path / f"block{number}.py"  # a file, so that sources can be shown
        file.write_text(text, encoding="utf-8")
        exec(compile(text, str(file), "exec"), names)
        printed = capsys.readouterr().out.splitlines()
        assert printed[: len(promised)] == promised
    assert names["loss"].item() == 1.0
    assert (tmp_path / "graph.svg").read_text(encoding="utf-8").count("<svg") == 1
    assert "<html" in (tmp_path / "steps.html").read_text(encoding="utf-8")


def test_the_model_learns(tmp_path):
    import numpy as np

    import autograd
    import nn

    nn.manual_seed(0)
    names: dict[str, object] = {}
    exec(blocks("python")[0], names)
    digits = names["digits"]
    scores = names["model"](autograd.tensor(digits.test_images))
    assert (np.argmax(scores.data, 1) == digits.test_labels).mean() > 0.85


def test_the_model_is_ten_lines():
    lines = [line for line in blocks("python")[0].splitlines() if line.strip()]
    assert len(lines) <= 10


@pytest.mark.skipif(os.name == "nt", reason="bash with POSIX paths")
def test_the_bash_block_makes_an_environment(tmp_path):
    # python3 of the block is the Python that runs the tests.
    command = blocks("bash")[1].replace("python3", sys.executable).replace("-m venv", VENV)
    done = subprocess.run(
        ["bash", "-c", command + "\ncommand -v python"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(done.stdout.strip()) == tmp_path / ".venv" / "bin" / "python"


VENV = "-m venv --without-pip"  # ten times faster, and pip is not what is tested


@pytest.mark.skipif(shutil.which("pwsh") is None, reason="PowerShell is not installed")
def test_the_powershell_block_parses():
    (text,) = blocks("powershell")
    code = f"[scriptblock]::Create(@'\n{text}\n'@) | Out-Null"
    subprocess.run(["pwsh", "-NoProfile", "-Command", code], check=True)


def test_powershell_needs_no_double_ampersand():
    (text,) = blocks("powershell")
    assert "&&" not in text
    assert "Activate.ps1" in text


def test_the_colab_cell_is_understood_by_ipython():
    transformers = pytest.importorskip("IPython.core.inputtransformer2", reason="needs IPython")
    (text,) = blocks("colab")
    code = transformers.TransformerManager().transform_cell(text)
    compile(code, "cell", "exec")
    assert code.count("run_line_magic") == 3
    assert code.count("get_ipython().system") == 2


def test_pictures_and_links_of_the_readme_exist():
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / target).is_file(), target


def test_the_picture_is_what_the_code_draws():
    sys.path.insert(0, str(ROOT / "tests"))
    from readme_picture import draw

    sys.path.pop(0)
    assert (ROOT / "notebooks" / "backward.svg").read_text(encoding="utf-8") == draw()
