"""What an epoch of a run does and in which order: rates, means, modes, averages, checkpoints, words."""

import numpy as np
import pytest

import autograd as ag
import nn
from nn.train import Checkpoints, Trainer, evaluate, load_state
from nn.train.trainer import _Means


class Slope(nn.Module):
    """Its loss is w·x, so w falls by lr·mean(x) in each step."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter([10.0])
        self.modes = []

    def forward(self, x):
        self.modes.append(self.training)
        return x * self.w


def mean(output, target):
    return output.mean()


BATCHES = [(ag.tensor(np.full(n, v, np.float32)), np.zeros(n)) for n, v in ((1, 1.0), (3, 2.0))]


def made(**options):
    model = Slope()
    optimizer = nn.optim.SGD(model.parameters(), lr=1.0)
    options = {"loss": mean, "metrics": {}, "progress": False, **options}
    if "schedule" in options:
        options["schedule"] = options["schedule"](optimizer)
    return Trainer(model, optimizer, **options)


def halving(optimizer):
    return nn.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)


def test_the_rate_of_an_epoch_is_told_before_the_schedule_goes_on():
    trainer = made(schedule=halving, schedule_every="epoch")
    assert [r["lr"] for r in trainer.fit(BATCHES, 3)] == [1.0, 0.5, 0.25]
    assert trainer.model.w.item() == 10.0 - 3.0 * (1 + 0.5 + 0.25)
    trainer = made(schedule=halving)  # after every step
    assert [r["lr"] for r in trainer.fit(BATCHES, 2)] == [0.25, 0.0625]
    assert trainer.model.w.item() == 10.0 - (1 + 2 * 0.5 + 0.25 + 2 * 0.125)


def test_means_weigh_by_samples_and_begin_anew_in_each_epoch():
    trainer = made(metrics={"first": lambda output, target: output.data[0]})
    first, second = trainer.fit(BATCHES, 2, BATCHES)
    # w is 10 and 9 in the first epoch, 7 and 6 in the second; it is 7 and 4 behind them.
    assert first["loss"] == first["first"] == (10 + 3 * 18) / 4
    assert second["loss"] == (7 + 3 * 12) / 4
    assert [first["val_loss"], second["val_loss"]] == [(7 + 3 * 14) / 4, (4 + 3 * 8) / 4]
    assert list(first) == [
        "epoch",
        "step",
        "lr",
        "loss",
        "first",
        "val_loss",
        "val_first",
        "seconds",
    ]
    assert [(r["epoch"], r["step"]) for r in trainer.history] == [(1, 2), (2, 4)]
    assert 0 <= first["seconds"] < 60 and trainer.model.w.grad is None
    assert _Means().result() == {}
    joined = _Means.joined([_Means({"a": 2.0}, 1), _Means(), _Means({"a": 6.0, "b": 9.0}, 3)])
    assert joined.result() == {"a": 2.0, "b": 2.25} and joined.count == 4


def test_modes_are_those_of_what_is_being_done():
    trainer = made()
    trainer.model.eval()
    trainer.fit(BATCHES, 2, BATCHES[:1])
    assert trainer.model.modes == [True, True, False] * 2 and trainer.model.training

    class Fails(Slope):
        def forward(self, x):
            assert not self.training and not ag.is_grad_enabled()
            raise ZeroDivisionError

    for training in (True, False):
        model = Fails().train(training)
        with pytest.raises(ZeroDivisionError):
            evaluate(model, BATCHES, mean, {})
        assert model.training is training and ag.is_grad_enabled()
    assert evaluate(Slope(), [], mean, {}) == {}


def test_averaged_weights_are_those_that_are_evaluated():
    trainer = made(ema=0.5)
    (record,) = trainer.fit(BATCHES, 1, BATCHES[:1])
    # 10 → 9 → 7, averaged 9.5 → 8.25
    assert record["val_loss"] == 8.25 and trainer.model.w.item() == 7.0
    assert trainer.evaluate(BATCHES[:1]) == {"loss": 8.25}
    assert made().evaluate(BATCHES[:1]) == {"loss": 10.0}


@pytest.mark.parametrize(
    "every, steps", [(None, [4, 8]), (1, [3, 4, 5, 6, 7, 8]), (3, [3, 4, 6, 8])]
)
def test_checkpoints_come_every_so_many_steps_and_at_the_ends(every, steps, tmp_path):
    trainer = made(checkpoints=Checkpoints(tmp_path, keep=6, every=every))
    trainer.fit(BATCHES * 2, 2)
    found = sorted(tmp_path.glob("step-*"))
    assert [int(path.name[5:14]) for path in found] == steps
    counts = [load_state(path)["counts"] for path in found]
    assert [c["epoch"] for c in counts] == [
        c["step"] // 4 if c["step"] % 4 == 0 else (c["step"] - 1) // 4 for c in counts
    ]


def test_the_best_is_the_largest_of_what_should_rise(tmp_path):
    scores = iter([0.5, 0.75, 0.75, 0.25])
    trainer = made(
        metrics={"score": lambda output, target: next(scores)},
        checkpoints=Checkpoints(tmp_path, best="score"),
    )
    trainer.fit(BATCHES[:1], 4)
    (path,) = tmp_path.glob("best.*")
    state = load_state(path)
    assert (state["counts"]["epoch"], state["counts"]["best"]) == (2, 0.75)
    assert trainer._best == 0.75
    other = made(checkpoints=Checkpoints(tmp_path, best="nothing"))
    with pytest.raises(KeyError, match="best='nothing' is not measured; there are epoch, step, lr"):
        other.fit(BATCHES, 1)


class Stops:
    def __init__(self, step):
        self.step = step

    def on_step(self, trainer):
        if trainer.step == self.step:
            trainer.stopping = "enough"


def test_a_run_that_is_stopped_says_so_once(capsys):
    trainer = made(progress=True, callbacks=[Stops(3)])
    history = trainer.fit(BATCHES, 5)
    out = capsys.readouterr().out
    assert (trainer.epoch, trainer.step, len(history)) == (1, 3, 1)
    lines = out.splitlines()
    assert lines[-1] == "Stopped after epoch 1, step 3: enough" and len(lines) == 2
    assert lines[0].startswith("epoch 1  step 2  lr 1  loss 16  seconds ")
    trainer.fit(BATCHES, 5)  # it stays stopped
    assert trainer.step == 3
    quiet = made(callbacks=[Stops(3)])
    assert quiet.fit(BATCHES, 0) == [] and quiet.step == 0
    quiet.fit(BATCHES, 5)
    assert capsys.readouterr().out.count("Stopped") == 1


def test_a_stopped_run_is_saved_where_it_stood_and_goes_on_there(tmp_path):
    def data():
        x = np.array([1.0, 2.0, 3.0, 4.0], np.float32)
        return nn.data.DataLoader(nn.data.TensorDataset(x, np.zeros(4)), 1, seed=0)

    whole = made()
    whole.fit(data(), 2)
    stopped = made(callbacks=[Stops(3)], checkpoints=tmp_path)
    stopped.fit(data(), 2)
    state = load_state(tmp_path / sorted(p.name for p in tmp_path.iterdir())[-1])
    assert state["means"] == [{"sums": {"loss": 10 + 18 + 21.0}, "count": 3}]
    assert state["loader"]["position"] == 3 and state["counts"]["step"] == 3
    resumed = made(checkpoints=tmp_path)
    assert resumed.resume().name.startswith("step-000000003")
    resumed.fit(data(), 2)
    for name in ("epoch", "step", "lr", "loss"):
        assert resumed.history.column(name) == whole.history.column(name)
    assert resumed.model.w.item() == whole.model.w.item()
    assert made().resume() is None and made().save() is None
