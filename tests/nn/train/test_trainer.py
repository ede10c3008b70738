"""A run is what its steps are; interrupted and resumed, it is the same to the last bit."""

import json
import os
import signal

import numpy as np
import pytest

import autograd as ag
import nn
from nn.train import Checkpoints, EarlyStopping, NonFiniteError, Trainer, evaluate, fit
from nn.train.progress import progress_bar

RNG = np.random.default_rng(0)
IMAGES = RNG.normal(size=(22, 1, 6, 6)).astype(np.float32)
LABELS = RNG.integers(0, 3, 22)


def run(folder=None, **options):
    """A run with everything random in it: weights, order, augmentation, dropout."""
    ag.manual_seed(options.pop("seed", 7))
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Dropout(0.3),
        nn.Linear(64, 3),
    )  # fmt: skip
    optimizer = nn.optim.Adam(model.parameters(), lr=0.01)
    data = nn.data.TensorDataset(
        IMAGES, LABELS, transform=nn.data.transforms.RandomAffine(10, (0.1, 0.1))
    )
    loader = nn.data.DataLoader(
        data, 4, shuffle=True, seed=3, num_workers=options.pop("workers", 0)
    )
    schedule = nn.optim.lr_scheduler.ExponentialLR(optimizer, 0.97)
    checkpoints = None if folder is None else Checkpoints(folder, keep=100, every=1)
    trainer = Trainer(
        model, optimizer, schedule=schedule, ema=0.9, checkpoints=checkpoints, progress=False,
        callbacks=[EarlyStopping("loss", patience=99)], **options,
    )  # fmt: skip
    return trainer, loader


def bits(trainer):
    """Everything that a run ends with, without the time it took."""
    state = trainer.state_dict()
    history = [{k: v for k, v in record.items() if k != "seconds"} for record in state["history"]]
    return (
        {k: v.numpy().tobytes() for k, v in state["model"].items()},
        {k: v.tobytes() for k, v in state["parts"]["average"]["average"].items()},
        json.dumps(history), str(state["generators"]), str(state["parts"]["schedule"]),
        [[v.tobytes() if isinstance(v, np.ndarray) else v for v in entry.values()]
         for entry in state["parts"]["optimizer"]["state"].values()],
    )  # fmt: skip


VALID = nn.data.DataLoader(nn.data.TensorDataset(IMAGES, LABELS), 5, seed=0)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    trainer, loader = run(folder)
    trainer.fit(loader, 3, VALID)
    return bits(trainer), folder


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("step", range(1, 19))
def test_resumed_from_any_step_it_ends_in_the_same_bits(whole, step, workers):
    expected, folder = whole
    (path,) = folder.glob(f"step-{step:09d}.*")
    trainer, loader = run(seed=99, workers=workers)
    assert trainer.resume(path) == path
    trainer.fit(loader, 3, VALID)
    assert bits(trainer) == expected


def test_the_newest_whole_checkpoint_is_found(whole, tmp_path):
    _, folder = whole
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    names = sorted(path.name for path in folder.glob("step-*"))
    (tmp_path / names[-1]).write_bytes(b"half a file")
    (tmp_path / names[-2]).write_bytes((tmp_path / names[-2]).read_bytes()[:-40])
    trainer, _ = run(tmp_path)
    assert trainer.resume().name == names[-3]
    assert run(tmp_path / "empty")[0].resume() is None


def test_the_last_few_and_the_best_are_kept(tmp_path):
    trainer, loader = run()
    trainer.checkpoints = Checkpoints(tmp_path, keep=2, every=2, best="val_loss", suffix=".npz")
    history = trainer.fit(loader, 3, VALID)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["best.npz", "step-000000016.npz", "step-000000018.npz"]
    best = nn.train.load_state(tmp_path / "best.npz")
    lowest = min(history, key=lambda record: record["val_loss"])
    assert best["history"][-1]["epoch"] == lowest["epoch"]


def test_ctrl_c_finishes_the_step_saves_and_stops(whole, tmp_path):
    expected, _ = whole
    trainer, loader = run(tmp_path)

    class Interrupt:
        def on_step(self, trainer):
            if trainer.step == 8:
                os.kill(os.getpid(), signal.SIGINT)

    trainer.callbacks = [*trainer.callbacks, Interrupt()]
    before = signal.getsignal(signal.SIGINT)
    trainer.fit(loader, 3, VALID)
    assert trainer.stopping == "interrupted" and trainer.step == 8
    assert signal.getsignal(signal.SIGINT) is before
    resumed, loader = run(tmp_path, seed=1)
    resumed.resume()
    resumed.fit(loader, 3, VALID)
    assert bits(resumed) == expected


def test_a_second_ctrl_c_ends_it_at_once():
    trainer, loader = run()

    class Impatient:
        def on_step(self, trainer):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    trainer.callbacks = [Impatient()]
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(loader, 1)


def plain(accumulate=1, batch=4, **options):
    ag.manual_seed(0)
    model = nn.Linear(3, 2, dtype=np.float64)
    x = np.random.default_rng(1).normal(size=(12, 3))
    data = nn.data.TensorDataset(x, (x[:, 0] > 0).astype(int))
    optimizer = nn.optim.SGD(model.parameters(), lr=0.5)
    trainer = Trainer(model, optimizer, accumulate=accumulate, progress=False, **options)
    history = trainer.fit(nn.data.DataLoader(data, batch), 2)
    return np.array(model.weight.data), history, trainer


def test_the_loop_is_the_one_that_the_documentation_writes_out():
    weight, history, trainer = plain()
    ag.manual_seed(0)
    model = nn.Linear(3, 2, dtype=np.float64)
    x = np.random.default_rng(1).normal(size=(12, 3))
    y = (x[:, 0] > 0).astype(int)
    optimizer = nn.optim.SGD(model.parameters(), lr=0.5)
    for _ in range(2):
        losses, hits = [], 0
        for k in range(0, 12, 4):
            scores = model(ag.tensor(x[k : k + 4]))
            loss = nn.functional.cross_entropy(scores, y[k : k + 4])
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())
            hits += (scores.data.argmax(1) == y[k : k + 4]).sum()
    assert np.array_equal(weight, model.weight.data)
    assert history[-1]["loss"] == pytest.approx(np.mean(losses), rel=1e-12)
    assert history[-1]["accuracy"] == pytest.approx(hits / 12)
    assert trainer.step == 6 and [r["epoch"] for r in history] == [1, 2]


def test_accumulated_gradients_are_those_of_the_whole_batch():
    np.testing.assert_allclose(plain(3, 4)[0], plain(1, 12)[0], rtol=1e-12)
    assert plain(3, 4)[2].step == 2
    assert plain(2, 4)[2].step == 4  # the third batch makes a step by itself


def test_gradients_are_clipped():
    weight = plain(1, 12, clip_norm=1e-3)[0]
    ag.manual_seed(0)
    start = np.array(nn.Linear(3, 2, dtype=np.float64).weight.data)
    assert 0 < np.linalg.norm(weight - start) <= 2 * 0.5 * 1e-3


def test_early_stopping_waits_and_says_why():
    class Scripted:
        def __init__(self, values):
            self.values = list(values)

        def on_epoch(self, trainer, record):
            record["val_loss"] = self.values[trainer.epoch - 1]

    losses = [1.0, 0.5, 0.6, 0.55, 0.7, 0.1]
    _, history, trainer = plain(callbacks=[Scripted(losses), EarlyStopping(patience=0)])
    assert len(history) == 2
    trainer.callbacks[1].patience = 1
    data = nn.data.DataLoader(nn.data.TensorDataset(np.ones((4, 3)), np.zeros(4, int)), 4)
    trainer.fit(data, 6)
    assert trainer.epoch == 4 and "val_loss has not become better than 0.5" in trainer.stopping
    with pytest.raises(KeyError, match="no 'nonsense'"):
        plain(callbacks=[EarlyStopping("nonsense")])


def test_evaluation_changes_nothing_and_weighs_by_samples():
    model = nn.Sequential(nn.BatchNorm1d(2), nn.Dropout(0.5))
    model.train()
    before = {k: v.tolist() for k, v in model.state_dict().items()}
    x = np.array([[1.0, 0.0], [0.0, 1.0], [5.0, 0.0]], np.float32)
    y = np.array([0, 1, 1])
    batches = [(ag.tensor(x[:2]), y[:2]), (ag.tensor(x[2:]), y[2:])]
    result = evaluate(model, batches)
    assert result["accuracy"] == pytest.approx(2 / 3) and model.training
    expected = nn.functional.cross_entropy(model.eval()(ag.tensor(x)), y).item()
    assert result["loss"] == pytest.approx(expected, rel=1e-5)
    assert {k: v.tolist() for k, v in model.state_dict().items()} == before


class Exploding(nn.Module):
    """Divides by what becomes 0 in the third batch; batch norm and dropout come before."""

    def __init__(self):
        super().__init__()
        self.norm, self.drop, self.linear = nn.BatchNorm1d(3), nn.Dropout(0.5), nn.Linear(3, 2)

    def forward(self, x):
        scale = (x * x).sum(axis=1, keepdims=True)
        return self.linear(self.drop(self.norm(x))) / scale


def explode(tmp_path, **options):
    x = np.random.default_rng(0).normal(size=(12, 3)).astype(np.float32)
    x[9] = 0
    model = Exploding()
    data = nn.data.DataLoader(nn.data.TensorDataset(x, np.zeros(12, int)), 4)
    optimizer = nn.optim.SGD(model.parameters(), lr=0.1)
    return fit(model, optimizer, data, 1, progress=False, checkpoints=tmp_path, **options)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_batch_that_goes_wrong_is_replayed_and_explained(tmp_path):
    with pytest.raises(NonFiniteError) as told:
        explode(tmp_path, on_nonfinite="explain")
    message = str(told.value)
    assert "step 3: the loss is nan" in message and "divide made" in message
    assert "return self.linear(self.drop(self.norm(x))) / scale" in message
    page = tmp_path / "nonfinite-step-3.html"
    told = page.with_suffix(".txt").read_text()
    assert page.is_file() and "divide made" in told and told.endswith("\n")
    with pytest.raises(NonFiniteError, match="'explain' tells"):
        explode(tmp_path)
    assert np.isnan(explode(tmp_path, on_nonfinite="ignore")[-1]["loss"])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_gradients_that_go_wrong_are_explained_too(tmp_path):
    model = nn.Linear(1, 1, bias=False)
    with ag.no_grad():
        model.weight[...] = 0.0

    def loss(output, target):
        return ag.sqrt(output * output).sum()  # slope 0/0 at 0

    optimizer = nn.optim.SGD(model.parameters(), lr=0.1)
    data = [(ag.ones((2, 1)), np.zeros(2))]
    with pytest.raises(NonFiniteError, match=r"gradient of weight is not finite[^$]*sqrt"):
        fit(model, optimizer, data, 1, loss=loss, metrics={}, checkpoints=tmp_path,
            on_nonfinite="explain", progress=False)  # fmt: skip


def test_a_checkpoint_of_another_run_is_refused(whole):
    _, folder = whole
    path = next(folder.glob("step-*"))
    _, _, other = plain()
    with pytest.raises(ValueError, match="must be those of the run"):
        other.resume(path)


@pytest.mark.parametrize(
    "options, word",
    [({"schedule_every": "batch"}, "^Trainer: schedule_every must"),
     ({"on_nonfinite": "cry"}, "^Trainer: on_nonfinite must"),
     ({"accumulate": 0}, "^Trainer: accumulate must"), ({"clip_norm": -1}, "^Trainer: clip_norm must"),
     ({"ema": 2}, "decay")],
)  # fmt: skip
def test_arguments_that_make_no_sense_are_refused(options, word):
    model = nn.Linear(1, 1)
    with pytest.raises(ValueError, match=word):
        Trainer(model, nn.optim.SGD(model.parameters(), lr=1), **options)
    with pytest.raises(TypeError, match="model must be a module"):
        Trainer(3, None)


def test_history_is_logged_line_by_line_and_plots_itself(tmp_path):
    _, history, _ = plain(log=tmp_path / "h.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "h.jsonl").read_text().splitlines()]
    assert lines == history
    figure = history.plot(tmp_path / "h.png")
    assert (tmp_path / "h.png").stat().st_size > 5000
    assert [axes.get_legend().get_texts()[0].get_text() for axes in figure.axes] == [
        "loss", "accuracy",
    ]  # fmt: skip
    with pytest.raises(KeyError, match="no 'val_loss'"):
        history.column("val_loss")


def test_the_bar_shows_means_and_the_epochs_line_is_printed(capsys):
    trainer, loader = run()
    trainer.progress = True
    trainer.fit(loader, 1)
    out, err = capsys.readouterr()
    assert out.startswith("epoch 1  step 6  lr") and "epoch 1/1" in err
    with progress_bar([1, 2], "title", True) as bar:
        bar.show({"loss": 0.25})
        assert bar._bar.postfix == "loss=0.25" and bar._bar.n == 1
