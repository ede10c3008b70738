"""Notebook files are kept tidy, the table points to cells that exist, figures are what the code draws."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

from nn.lesson import files

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "notebooks"
NOTEBOOKS = files.notebooks()
README = FOLDER / "README.md"


def test_there_are_notebooks():
    assert files.folder() == FOLDER
    assert NOTEBOOKS[0].name == "01_scalars.ipynb"
    assert [int(path.name[:2]) for path in NOTEBOOKS] == list(range(1, len(NOTEBOOKS) + 1))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestNotebook:
    def test_is_tidy(self, path):
        text = path.read_text(encoding="utf-8")
        assert text == files.dumps(files.tidy(files.read(path))), (
            f"{path.name} has outputs or exercise cells of yesterday: python -m nn.lesson tidy"
        )

    def test_has_ids_that_speak_and_stay(self, path):
        ids = [each["id"] for each in files.read(path)["cells"]]
        assert len(set(ids)) == len(ids)
        for id in ids:
            assert re.fullmatch(r"[a-z][a-z0-9-]{1,63}", id), id
            assert not re.fullmatch(r"[0-9a-f-]{8,}", id), f"{id} was made by an editor"

    def test_begins_with_what_is_needed(self, path):
        first, second = files.read(path)["cells"][:2]
        heading, *rest = first["source"]
        assert heading.startswith(f"# {int(path.name[:2])} · ")
        assert "**What you need:**" in "".join(rest)
        assert second["id"] == "setup"

    def test_asserts_what_it_says(self, path):
        code = [
            "".join(each["source"])
            for each in files.read(path)["cells"]
            if each["cell_type"] == "code"
        ]
        assert sum("assert " in each for each in code) >= 5

    def test_links_and_pictures_exist(self, path):
        for each in files.read(path)["cells"]:
            if each["cell_type"] == "markdown":
                for target in re.findall(r"\]\((?!https?:)([^)#]+)", "".join(each["source"])):
                    assert (FOLDER / target).is_file(), f"{each['id']}: {target}"


def test_a_run_notebook_is_not_tidy():
    notebook = files.read(NOTEBOOKS[0])
    code = next(each for each in notebook["cells"] if each["cell_type"] == "code")
    code["outputs"].append({"output_type": "stream", "name": "stdout", "text": ["1\n"]})
    code["execution_count"] = 1
    notebook["metadata"]["kernelspec"] = {"name": "mine", "display_name": "Mine"}
    assert files.dumps(notebook) != files.dumps(files.tidy(notebook))
    assert files.tidy(notebook) == json.loads(NOTEBOOKS[0].read_text(encoding="utf-8"))


# -- the table ---------------------------------------------------------------------------------


def rows():
    """(heading, claim, verdict, cells) of every row of the table."""
    found, heading = [], ""
    for line in README.read_text(encoding="utf-8").splitlines():
        if line.startswith("### "):
            heading = line[4:]
        elif heading and line.startswith("| ") and not line.startswith(("| claim", "|---")):
            claim, verdict, cells = (part.strip() for part in line.strip("|").split(" | "))
            found.append((heading, claim, verdict, re.findall(r"\]\((\S+?)#(\S+?)\)", cells)))
    return found


#: The headings of the lesson, in its order.
HEADINGS = [
    "The power of deep learning",
    "Limitation of linear layers",
    "Locality of features",
    "Idea 1: receptive fields",
    "Idea 2: shared weights",
    "Idea 3: learn many features",
    "Convolution",
    "2D discrete convolution",
    "The intuitive explanation",
    "Mathematics of discrete 2D convolution",
    "Centering around the kernel",
    "Convolution and cross-correlation",
    "Cross-correlation",
    "Why bother with convolutions?",
    "Convolution layer hyper-parameters",
    "Valid convolution",
    "Adding padding",
    "Stride",
    "Invalid stride",
    "Multi-channel inputs",
    "Operation of multi-channel inputs",
    "Multiple kernels and the number of parameters",
    "Vectorization",
    "Pooling layers",
    "Max pooling",
    "Combining convolution and pooling layers",
    "Invariance",
    "Invariance and equivariance",
]


def test_the_table_has_every_heading_of_the_lesson():
    assert list(dict.fromkeys(heading for heading, *_ in rows())) == HEADINGS


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[1][:40])
def test_every_claim_is_judged_and_shown(row):
    _, claim, verdict, cells = row
    assert re.match(r"\*(holds|holds if .+|a slip)\*", verdict), f"{claim}: {verdict}"
    assert cells, f"{claim}: no cell shows it"
    for file, id in cells:
        ids = {each["id"]: each["cell_type"] for each in files.read(FOLDER / file)["cells"]}
        assert ids.get(id) == "code", f"{claim}: {file} has no code cell {id!r}"


def test_slips_are_set_right():
    for _, claim, verdict, _ in rows():
        if not verdict.startswith("*holds*"):
            assert len(verdict) > len("*a slip*: "), f"{claim}: say what is right"


# -- figures -----------------------------------------------------------------------------------


def _figures():
    spec = importlib.util.spec_from_file_location("figures", FOLDER / "figures" / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.FIGURES


@pytest.mark.parametrize("name", sorted(_figures()))
def test_figures_are_what_the_code_draws(name):
    kept = (FOLDER / "figures" / f"{name}.svg").read_text(encoding="utf-8")
    assert kept == _figures()[name](), "stale; run python notebooks/figures/make.py"


def test_no_figure_is_left_over():
    assert {path.stem for path in (FOLDER / "figures").glob("*.svg")} == set(_figures())
