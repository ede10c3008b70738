"""``python -m nn.train``, called as from a shell."""

import json
import subprocess
import sys

import numpy as np
import pytest

import autograd as ag
import nn
from nn.train.__main__ import main
from nn.train.recipes import MODELS, Part, load_data, make_model

QUICK = ["--model", "lenet", "--batch-size", "256", "--workers", "0", "--quiet"]


@pytest.fixture(autouse=True)
def threads_stay():
    before = ag.get_num_threads()
    yield
    ag.set_num_threads(before)


def test_a_run_leaves_everything_where_its_last_line_says(tmp_path, capsys):
    out = tmp_path / "run"
    out.mkdir()
    (out / "step-000000999.npz").write_bytes(b"of an earlier run")
    assert main([*QUICK, "--epochs", "2", "--out", str(out), "--ema", "0.9"]) == 0
    assert not (out / "step-000000999.npz").exists()
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.startswith("2 epochs, 12 steps: val_loss") and f"In {out}:" in line
    lines = [json.loads(line) for line in (out / "history.jsonl").read_text().splitlines()]
    assert [record["epoch"] for record in lines] == [1, 2]
    (weights,) = out.glob("model.*")
    model = nn.models.LeNet5(1, 10, 8)
    model.load_state_dict(nn.load(weights))


def test_a_resumed_run_ends_as_one_that_was_never_stopped(tmp_path, capsys):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    main([*QUICK, "--epochs", "3", "--out", str(whole)])
    main([*QUICK, "--epochs", "3", "--out", str(parts)])
    for path in sorted(parts.glob("step-*"))[1:]:
        path.unlink()
    (parts / "history.jsonl").unlink()
    assert main(["--resume", "--quiet", "--out", str(parts)]) == 0
    a, b = (nn.load(next(folder.glob("model.*"))) for folder in (whole, parts))
    assert all(np.array_equal(a[key].numpy(), b[key].numpy()) for key in a)
    with pytest.raises(SystemExit) as end:
        main(["--resume", "--epochs", "9", "--out", str(parts)])
    assert end.value.code == 2 and "planned for 3 epochs" in capsys.readouterr().err


def test_a_model_from_a_file_and_a_folder_of_images(tmp_path, capsys):
    PIL = pytest.importorskip("PIL.Image", reason="needs Pillow: pip install 'glassgrad[images]'")
    rng = np.random.default_rng(0)
    for name, level in (("dark", 0), ("light", 200)):
        (tmp_path / "images" / name).mkdir(parents=True)
        for k in range(10):
            pixels = rng.integers(level, level + 50, (9, 9, 3)).astype(np.uint8)
            PIL.fromarray(pixels).save(tmp_path / "images" / name / f"{k}.png")
    (tmp_path / "net.py").write_text(
        "import nn\ndef make(channels, classes, size):\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(channels * size * size, classes))\n"
    )
    code = main(["--data", str(tmp_path / "images"), "--model", f"{tmp_path}/net.py:make", "--size",
                 "8", "--epochs", "8", "--batch-size", "8", "--quiet", "--out",
                 str(tmp_path / "out")])  # fmt: skip
    assert code == 0 and "val_accuracy 1." in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments, word",
    [(["--data", "nothing"], "--data must be digits"), (["--model", "nothing"], "--model must be"),
     (["--model", "nothing.py:f"], "no file"), (["--epochs", "x"], "--epochs: a whole number from 0"),
     (["--epochs", "-1"], "--epochs: a whole number from 0"), (["--folds", "1"], "--folds: a whole"),
     (["--folds", "2", "--data", "."], "--folds needs"), (["--batch-size", "0"], "--batch-size: a"),
     (["--lr", "-1"], "--lr: a number above 0"), (["--lr", "nan"], "not 'nan'"),
     (["--clip", "inf"], "not 'inf'"), (["--threads", "0"], "--threads: a whole number from 1"),
     (["--out", __file__], "is a file"), (["--resume", "nothing.npz"], "no file nothing.npz")],
)  # fmt: skip
def test_arguments_that_make_no_sense_end_with_code_2(arguments, word, tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        main(["--quiet", "--out", str(tmp_path), *arguments])
    told = capsys.readouterr().err
    assert end.value.code == 2 and word in told and len(told.splitlines()) == 2


@pytest.mark.parametrize(
    "text, word",
    [("def make(: ", "cannot be run: SyntaxError"), ("import nothing_such", "(line 1)"),
     ("def other(): pass", "defines no function make"), ("def make(): return 3", "returned a int"),
     ("def make(a, b): pass", "make failed: TypeError"), ("def make():\n    1 / 0", "(line 2)")],
)  # fmt: skip
def test_what_is_wrong_with_a_file_of_a_model_is_told(text, word, tmp_path, capsys):
    (tmp_path / "net.py").write_text(text)
    with pytest.raises(SystemExit) as end:
        main(["--model", f"{tmp_path}/net.py:make", "--quiet", "--out", str(tmp_path / "run")])
    assert end.value.code == 2 and word in capsys.readouterr().err


def test_an_error_in_a_model_while_it_trains_ends_with_code_1_and_shows_its_lines(tmp_path, capsys):
    (tmp_path / "net.py").write_text("import nn\ndef make():\n    return nn.Linear(3, 2)\n")
    code = main(["--model", f"{tmp_path}/net.py:make", "--quiet", "--out", str(tmp_path / "run")])
    told = capsys.readouterr().err
    assert code == 1 and "Traceback" in told and "The run went wrong: ValueError: linear" in told


@pytest.mark.parametrize("count", [5, 6, 9, 10])
def test_every_fifth_image_of_a_folder_validates(count, tmp_path):
    PIL = pytest.importorskip("PIL.Image", reason="needs Pillow: pip install 'glassgrad[images]'")
    for k in range(count):
        (tmp_path / "ab"[k % 2]).mkdir(exist_ok=True)
        PIL.new("RGB", (9, 9)).save(tmp_path / "ab"[k % 2] / f"{k:02}.png")
    part = load_data(str(tmp_path), size=8)
    assert list(part.valid.indices) == [4, 9][: count // 5]
    assert list(part.train.indices) == [k for k in range(count) if k not in (4, 9)]


@pytest.mark.parametrize(
    "images, word",
    [({"a": 4}, "one class, a"), ({"a": 2, "b": 2}, "at least 5"), ({}, "no images")],
)
def test_folders_from_which_nothing_can_be_learnt_are_refused(images, word, tmp_path, capsys):
    PIL = pytest.importorskip("PIL.Image", reason="needs Pillow: pip install 'glassgrad[images]'")
    for name, count in images.items():
        (tmp_path / "data" / name).mkdir(parents=True)
        for k in range(count):
            PIL.new("RGB", (9, 9)).save(tmp_path / "data" / name / f"{k}.png")
    (tmp_path / "data").mkdir(exist_ok=True)
    with pytest.raises(SystemExit) as end:
        main(["--data", str(tmp_path / "data"), "--quiet", "--out", str(tmp_path / "run")])
    assert end.value.code == 2 and word in capsys.readouterr().err


def test_resuming_where_nothing_is_yet_begins_a_run_that_can_be_resumed(tmp_path, capsys):
    out = tmp_path / "run"
    assert main([*QUICK, "--epochs", "1", "--resume", "--out", str(out)]) == 0
    assert json.loads((out / "options.json").read_text())["model"] == "lenet"
    assert main(["--resume", "--quiet", "--out", str(out)]) == 0
    (out / "options.json").write_text("junk")
    with pytest.raises(SystemExit) as end:
        main(["--resume", "--quiet", "--out", str(out)])
    assert end.value.code == 2 and "options.json cannot be read" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_run_that_goes_wrong_ends_with_code_1(tmp_path, capsys):
    code = main([*QUICK, "--epochs", "2", "--lr", "1e30", "--optimizer", "sgd", "--schedule",
                 "none", "--out", str(tmp_path)])  # fmt: skip
    assert code == 1 and "The run went wrong" in capsys.readouterr().err
    assert list(tmp_path.glob("nonfinite-step-*.html"))


def test_every_model_is_made_and_has_the_right_scores():
    for name in MODELS:
        for channels, size in ((1, 8), (3, 32)):
            if name == "resnet18" and size == 8:
                continue
            model = make_model(name, Part(None, None, channels, size, tuple("abcd"))).eval()
            with ag.no_grad():
                assert model(ag.zeros((1, channels, size, size))).shape == (1, 4), name


def test_folds_hold_out_every_sample_once():
    seen = []
    for k in range(5):
        part = load_data("digits", fold=(k, 5))
        assert len(part.train) + len(part.valid) == 1797
        seen.append(part.valid.arrays[0])
    assert sum(map(len, seen)) == 1797


def test_the_help_tells_a_newcomer_what_to_type():
    done = subprocess.run(
        [sys.executable, "-m", "nn.train", "--help"], capture_output=True, text=True, check=True
    )
    assert "--data mnist --model lenet" in done.stdout and "Exit codes" in done.stdout


def test_folds_are_runs_of_their_own_and_their_mean_is_told(tmp_path, capsys):
    assert main([*QUICK, "--epochs", "1", "--folds", "2", "--out", str(tmp_path / "runs")]) == 0
    first, second, mean = capsys.readouterr().out.splitlines()[-3:]
    told = [float(line.partition(": ")[2]) for line in (first, second)]
    histories = [tmp_path / "runs" / f"fold-{k}" / "history.jsonl" for k in (1, 2)]
    kept = [json.loads(path.read_text().splitlines()[-1])["val_accuracy"] for path in histories]
    assert told == pytest.approx(kept, abs=5e-5) and kept[0] != kept[1]
    assert mean.startswith(f"Mean of 2 folds: {sum(kept) / 2:.4f}. In ")


def test_the_model_for_digits_is_the_one_that_it_always_was():
    model = make_model("digits", Part(None, None, 1, 8, tuple("abc")))
    conv = [nn.Conv2d(a, b, 3, padding=1, bias=False) for a, b in ((1, 32), (32, 64), (64, 128))]
    norm = [nn.BatchNorm2d(n) for n in (32, 64, 128)]
    layers = [conv[0], norm[0], nn.ReLU(), conv[1], norm[1], nn.ReLU(), nn.MaxPool2d(2), conv[2],
              norm[2], nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(0.3),
              nn.Linear(512, 3)]  # fmt: skip
    assert list(map(repr, model.children())) == list(map(repr, layers))


@pytest.mark.parametrize(
    "data, model, made",
    [("digits", None, "digits"), ("mnist", None, "resnet20"), ("folder", None, "resnet20"),
     ("digits", "vgg", "vgg"), ("cifar10", "lenet", "lenet")],
)  # fmt: skip
def test_digits_have_a_small_model_and_larger_images_a_residual_one(data, model, made, monkeypatch):
    from types import SimpleNamespace

    from nn.train import __main__ as command

    class Asked(Exception):
        pass

    def make(name, part):
        raise Asked(name)

    monkeypatch.setattr(command, "make_model", make)
    with pytest.raises(Asked, match=f"^{made}$"):
        command._trainer(SimpleNamespace(data=data, model=model), None, 1, None, "")


@pytest.mark.parametrize(("size", "patch"), [(8, 4), (32, 4), (6, 1), (7, 1)])
def test_the_patches_of_a_mixer_fill_the_image(size, patch):
    made = make_model("mixer", Part(None, None, 3, size, tuple("ab")))
    assert str(made) == str(nn.models.Mixer(size, patch, 3, 2))
