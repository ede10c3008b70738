"""``python -m nn.demo``: it learns, shows what was promised, and can be interrupted."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import autograd
import nn
from nn.demo import __main__ as demo
from nn.demo import figures, learning, page

FILES = ["backward.txt", "curves.svg", "feature-maps.svg", "graph.svg", "index.html",
         "kernels.svg", "step.html"]  # fmt: skip


def run(*arguments, cwd, **environment):
    return subprocess.run(
        [sys.executable, "-m", "nn.demo", *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
    )


class Outline(HTMLParser):
    """Checks that tags are balanced; gathers ids, headings' anchors and what is fetched."""

    VOID = {"meta", "link", "img", "br", "input", "hr"}

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.fetched, self.anchors = [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag not in self.VOID:
            self.open.append(tag)
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.fetched += [attributes["src"]] if "src" in attributes else []
        if tag == "a":
            self.anchors.append(attributes["href"])

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A whole run on a console that knows few letters, into a folder that it cannot spell."""
    folder = tmp_path_factory.mktemp("demo")
    result = run("--out", "циφры", cwd=folder, PYTHONIOENCODING="cp1252", PYTHONUTF8="0")
    assert result.returncode == 0, result.stderr.decode("cp1252")
    return folder / "циφры", result.stdout.decode("cp1252")


def test_reads_98_percent_of_the_held_out_digits(finished):
    _, printed = finished
    accuracy = re.search(r"Held-out accuracy: ([\d.]+)% \((\d+) of 360", printed)
    assert float(accuracy[1]) >= 98
    assert float(accuracy[1]) == pytest.approx(100 * int(accuracy[2]) / 360, abs=0.01)


def test_the_last_line_is_the_path_of_the_page(finished):
    folder, printed = finished
    last = printed.splitlines()[-1]
    assert last == str(folder.resolve() / "index.html").encode("cp1252", "replace").decode("cp1252")
    assert Path(last).is_absolute()


def test_leaves_everything_promised(finished):
    folder, _ = finished
    assert sorted(set(os.listdir(folder)) - {"mistakes.svg"}) == FILES
    for name in FILES:
        assert (folder / name).stat().st_size > 1000
    text = (folder / "backward.txt").read_text(encoding="utf-8")
    for name in ("conv1.weight", "conv2.bias", "linear.weight", "cross_entropy", "max_pool"):
        assert name in text
    assert "step 1 of 9" in text
    assert "loss = F.cross_entropy(model(images)" in text  # the line of the program
    assert "lambda g, w: matmul(g, w)" in text  # the rule, as it stands in the source


def test_the_page_is_whole_and_fetches_nothing(finished):
    folder, _ = finished
    outline = Outline((folder / "index.html").read_text(encoding="utf-8"))
    assert len(outline.ids) == len(set(outline.ids))
    assert all(source.startswith("data:") for source in outline.fetched)
    for anchor in outline.anchors:
        if anchor.startswith("#"):
            assert anchor[1:] in outline.ids
        elif not anchor.startswith("https://doi.org"):
            assert (folder / anchor).is_file()
    for section in ("curves", "kernels", "feature-maps", "graph", "first-backward", "step"):
        assert section in outline.ids


def test_the_page_names_the_data_and_how_it_was_made(finished):
    text = (finished[0] / "index.html").read_text(encoding="utf-8")
    assert "CC BY 4.0" in text
    assert "python -m nn.demo --epochs 20 --seed 0" in text


def run_here(folder, capsys, *arguments):
    status = demo.main(["--epochs", "1", "--out", str(folder), *arguments])
    return status, capsys.readouterr().out


def test_a_seed_gives_the_same_figures_and_pictures(tmp_path, capsys):
    outputs = []
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        status, printed = run_here(tmp_path / name, capsys, "--seed", seed)
        assert status == 0
        pictures = {
            file.name: file.read_bytes()
            for file in (tmp_path / name).iterdir()
            if file.name != "index.html"  # tells the time that it took
        }
        outputs.append((re.search(r"accuracy: \S+", printed)[0], pictures))
    assert outputs[0] == outputs[1]
    assert outputs[0][1]["kernels.svg"] != outputs[2][1]["kernels.svg"]


def test_ctrl_c_while_learning_shows_what_was_learnt(tmp_path, capsys, monkeypatch):
    batches = learning.batches

    def interrupted(count, generator):
        for number, chosen in enumerate(batches(count, generator)):
            if number == 5:
                raise KeyboardInterrupt
            yield chosen

    monkeypatch.setattr(learning, "batches", interrupted)
    status, printed = run_here(tmp_path, capsys)
    assert status == 130
    assert "Stopped" in printed
    assert printed.splitlines()[-1] == str((tmp_path / "index.html").resolve())
    assert "5 batches" in (tmp_path / "index.html").read_text(encoding="utf-8")
    assert sorted(set(os.listdir(tmp_path)) - {"mistakes.svg"}) == FILES


def test_ctrl_c_before_the_first_batch(tmp_path, capsys, monkeypatch):
    def interrupted(count, generator):
        raise KeyboardInterrupt

    monkeypatch.setattr(learning, "batches", interrupted)
    status, _ = run_here(tmp_path, capsys)
    assert status == 130
    assert (tmp_path / "index.html").is_file()
    assert (tmp_path / "kernels.svg").is_file()


def test_ctrl_c_while_drawing_keeps_the_parts_that_are_finished(tmp_path, capsys, monkeypatch):
    def interrupted(weight):
        raise KeyboardInterrupt

    monkeypatch.setattr(figures, "kernels", interrupted)
    status, printed = run_here(tmp_path, capsys)
    assert status == 130
    assert "finished" in printed
    outline = Outline((tmp_path / "index.html").read_text(encoding="utf-8"))
    assert "curves" in outline.ids
    assert "kernels" not in outline.ids


def test_open_opens_the_page(tmp_path, capsys, monkeypatch):
    opened = []
    monkeypatch.setattr(demo.webbrowser, "open", opened.append)
    run_here(tmp_path, capsys, "--open")
    assert opened == [(tmp_path / "index.html").resolve().as_uri()]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "0"], "at least 1"),
        (["--epochs", "-1"], "whole number"),
        (["--epochs", "many"], "whole number"),
        (["--seed", "1.5"], "whole number"),
        (["--what"], "unrecognized"),
    ],
)
def test_bad_arguments(arguments, message, capsys):
    with pytest.raises(SystemExit) as caught:
        demo.main(arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_help_names_the_options(capsys):
    with pytest.raises(SystemExit):
        demo.main(["--help"])
    printed = capsys.readouterr().out
    for option in ("--epochs", "--seed", "--out", "--open", "default: 20", "glassgrad-demo"):
        assert option in printed


def test_a_folder_that_cannot_be_made(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert demo.main(["--out", str(tmp_path / "file" / "below")]) == 2
    assert "cannot make the folder" in capsys.readouterr().err


def test_says_what_to_install(tmp_path, capsys, monkeypatch):
    find = demo.importlib.util.find_spec
    absent = lambda name: None if name == "matplotlib" else find(name)
    monkeypatch.setattr(demo.importlib.util, "find_spec", absent)
    assert demo.main(["--out", str(tmp_path / "x")]) == 2
    assert 'matplotlib: pip install -e ".[demo]"' in capsys.readouterr().err


def test_the_first_layer_computes_no_gradient_for_images():
    model = learning.DigitsNet()
    images = autograd.as_tensor(np.zeros((2, 1, 8, 8), np.float32))
    model(images).sum().backward()
    assert images.grad is None
    assert all(p.grad is not None for p in model.parameters())


def test_batches_go_through_everything_once():
    chosen = list(learning.batches(150, np.random.default_rng(0)))
    assert [len(c) for c in chosen] == [64, 64, 22]
    assert sorted(np.concatenate(chosen)) == list(range(150))


def test_the_page_escapes_what_it_shows(tmp_path):
    made = page.Page(tmp_path, title="a < b & c", lead="", command="<x>", facts=[("<1>", "&")])
    text = made.html()
    assert "a &lt; b &amp; c" in text
    assert "&lt;x&gt;" in text
    assert "&lt;1&gt;" in text


def test_every_part_is_on_the_page_as_soon_as_it_is_added(tmp_path):
    made = page.Page(tmp_path / "new", title="", lead="", command="")
    for name in ("first", "second"):
        made.add(page.Section(name, name, "", "", ""))
        assert f'id="{name}"' in made.path.read_text(encoding="utf-8")


def test_every_map_has_a_place_of_its_own(monkeypatch):
    from matplotlib.figure import Figure

    drawn = []
    monkeypatch.setattr(figures, "_svg", lambda draw, *rest: drawn.append(draw) or "")
    figures.feature_maps(np.zeros((8, 8)), np.random.default_rng(0).random((5, 4, 4)))
    figure = Figure()
    drawn[0](figure)
    image, *maps = (axis.get_position() for axis in figure.axes)
    assert all(at.x0 > image.x1 for at in maps)
    places = {(round(at.x0, 3), round(at.y1, 3)) for at in maps}
    assert len(places) == 5
    assert len({x for x, _ in places}) == 3 and len({y for _, y in places}) == 2


def test_the_running_mean_starts_with_what_there_is():
    np.testing.assert_allclose(figures._smooth([2.0, 4.0, 6.0], span=2), [2.0, 3.0, 5.0])


def test_the_seed_is_the_default_generators(tmp_path):
    first = demo.Demo(1, 9, tmp_path).model.conv1.weight.tolist()
    nn.manual_seed(9)
    assert learning.DigitsNet().conv1.weight.tolist() == first


@pytest.mark.parametrize("lowest", [2.0, 0.5, 0.01, 1e-5])
def test_the_ticks_of_the_loss_are_numbers_as_one_writes_them(lowest):
    """Not 6 × 10⁻¹, which a logarithmic axis writes when it spans less than a power of ten."""
    history = learning.History(8, list(np.geomspace(2.3, lowest, 8)), [0.5], [0.4])
    told = re.findall(r"<text[^>]*>([^<]+)</text>", figures.curves(history))
    left = told[: told.index("Loss")]
    ticks = [
        float(each.replace("−", "-"))
        for each in left
        if each not in ("epoch", "each batch", "running mean")
    ]
    assert len(ticks) >= 4 and "tspan" not in figures.curves(history)
