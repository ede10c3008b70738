"""The pages in ``docs/`` say what runs: every Python block is run, and prints what it says it prints."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").glob("*.md"))


def blocks(page):
    text = page.read_text(encoding="utf-8")
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def test_there_are_pages():
    assert {page.stem for page in PAGES} >= {"data-in-weights-out", "from-one-process-to-many"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_python_blocks_run_one_after_another(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "page"}
    found = blocks(page)
    for number, (language, text) in enumerate(found):
        if language != "python":
            continue
        promised = re.findall(r"^print\(.*\)  # (.*)$", text, flags=re.MULTILINE)
        file = tmp_path / f"block{number}.py"  # a file, so that sources can be shown
        file.write_text(text, encoding="utf-8")
        exec(compile(text, str(file), "exec"), names)
        printed = capsys.readouterr().out.splitlines()
        if promised:
            assert printed[: len(promised)] == promised
        elif printed:  # what is long is shown in the block that follows
            assert "\n".join(printed) == found[number + 1][1].rstrip("\n")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
