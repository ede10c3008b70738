"""What watches a run: measures that get better or do not, averages, signals, replays, records."""

import signal
import threading
from types import SimpleNamespace

import numpy as np
import pytest

import autograd as ag
import nn
from nn.train import EMA, EarlyStopping, History, NonFiniteError, Trainer
from nn.train.callbacks import better
from nn.train.interrupt import Interrupts
from nn.train.nonfinite import Snapshot, explain


@pytest.mark.parametrize(
    "name, new, old, delta, is_better",
    [
        ("loss", 1.0, None, 0.5, True), ("loss", np.nan, None, 0.0, False),
        ("loss", -np.inf, 1.0, 0.0, False), ("accuracy", np.inf, 1.0, 0.0, False),
        ("val_loss", 0.5, 1.0, 0.25, True), ("val_loss", 0.75, 1.0, 0.25, False),
        ("val_loss", 1.0, 1.0, 0.0, False), ("val_loss", 1.5, 1.0, 0.0, False),
        ("top_error", 0.5, 1.0, 0.0, True), ("top_error", 1.5, 1.0, 0.0, False),
        ("accuracy", 1.5, 1.0, 0.25, True), ("accuracy", 1.25, 1.0, 0.25, False),
        ("accuracy", 1.0, 1.0, 0.0, False), ("lossless", 1.5, 1.0, 0.0, True),
    ],
)  # fmt: skip
def test_losses_and_errors_should_fall_and_all_others_rise(name, new, old, delta, is_better):
    assert better(name, new, old, delta) is is_better


def epochs_borne(stopping, values, name="val_loss"):
    """How many epochs come before it stops, and what it says then."""
    trainer = SimpleNamespace(stopping=None)
    for k, value in enumerate(values):
        stopping.on_epoch(trainer, {name: value})
        if trainer.stopping:
            return k, trainer.stopping
    return len(values), None


def test_patience_counts_the_epochs_since_the_best():
    values = [1.0, 0.9, 0.95, 0.9, 0.8, 0.81, 0.82, 0.83, 0.84]
    said = "val_loss has not become better than"
    assert epochs_borne(EarlyStopping(patience=0), values) == (2, f"{said} 0.9 for 1 epochs")
    assert epochs_borne(EarlyStopping(patience=2), values) == (7, f"{said} 0.8 for 3 epochs")
    assert epochs_borne(EarlyStopping(patience=4), values) == (9, None)
    slack = EarlyStopping(patience=1, min_delta=0.15)
    assert epochs_borne(slack, values) == (2, f"{said} 1.0 for 2 epochs")
    rising = EarlyStopping("accuracy", patience=1)
    assert epochs_borne(rising, [0.1, 0.2, 0.2, 0.3, 0.1, 0.3], "accuracy")[0] == 5
    first = EarlyStopping(patience=2)
    epochs_borne(first, values[:4])
    second = EarlyStopping(patience=2)
    second.load_state_dict(first.state_dict())
    assert (second.best, second.waited) == (0.9, 2)
    assert epochs_borne(second, [1.0])[0] == 0
    with pytest.raises(KeyError, match="the record has no 'val_loss', only loss, lr"):
        first.on_epoch(None, {"loss": 1.0, "lr": 2.0})


def test_an_average_moves_by_its_decay_and_is_put_in_place_for_a_while():
    model = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1).half())
    for p in model.parameters():
        nn.init.constant_(p, 1.0)
    average = EMA(model, 0.75)
    for p in model.parameters():
        nn.init.constant_(p, 2.0)
    average.update()
    average.update()
    values = average.state_dict()["average"]
    assert list(values) == ["0.weight", "0.bias", "1.weight", "1.bias"]
    assert all(v.dtype == np.float32 and (v == 2.0 - 0.75**2).all() for v in values.values())
    held = list(model.parameters())
    with pytest.raises(ZeroDivisionError), average.applied():
        assert all(p.item() == 1.4375 for p in model.parameters())
        raise ZeroDivisionError
    assert all(p.item() == 2.0 for p in model.parameters())
    assert all(a is b for a, b in zip(held, model.parameters(), strict=True))
    with pytest.raises(ValueError, match="the averages are of another model"):
        average.load_state_dict({"average": {"0.weight": np.ones((1, 1))}})


def test_signals_are_noted_once_and_handlers_come_back():
    before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
    for number in (signal.SIGINT, signal.SIGTERM):
        with Interrupts() as interrupts:
            assert not interrupts.seen
            signal.raise_signal(number)
            assert interrupts.seen
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == before
    seen = []

    def elsewhere():
        with Interrupts():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == before[:1]


@pytest.mark.parametrize("deep", [False, True])
def test_a_snapshot_puts_buffers_and_random_numbers_back(deep):
    model = nn.BatchNorm1d(2)
    model.register_buffer("own", ag.tensor([1.0, 2.0]))
    whole = nn.Sequential(nn.BatchNorm1d(2), nn.Sequential(model)) if deep else model
    before = {name: value.tolist() for name, value in whole.named_buffers()}
    ag.manual_seed(3)
    snapshot = Snapshot(whole)
    first = ag.default_generator().random(3).tolist()
    for _ in range(2):
        whole(ag.tensor([[1.0, 2.0], [3.0, 5.0]]))
        with ag.no_grad():
            model.own[...] = 7.0
        snapshot.restore()
        assert {name: value.tolist() for name, value in whole.named_buffers()} == before
        assert ag.default_generator().random(3).tolist() == first


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_replay_says_where_the_first_bad_number_is_made(tmp_path):
    model = nn.Linear(2, 1, bias=False)
    nn.init.constant_(model.weight, 0.0)
    x = ag.tensor([[1.0, 2.0]])
    calls = []

    def replayed(name, function):
        def forward():
            calls.append(name)
            return function(model(x)).sum()

        page = tmp_path / "deep" / f"{name}.html"
        told = explain(forward, Snapshot(model), page)
        assert page.with_suffix(".txt").read_text() == f"{told}\n" and "<html" in page.read_text()
        return told

    assert "log made" in replayed("forward", ag.log)
    assert "sqrt" in replayed("backward", lambda y: ag.sqrt(y * y))
    model.weight.grad = ag.full((1, 2), np.nan)  # that of another batch is not blamed
    assert replayed("none", lambda y: y * y) == (
        "The replay of the batch from the state before it made no NaN or infinity."
    )
    assert calls == ["forward", "forward", "backward", "backward", "none", "none"]


def accumulating(loss, on_nonfinite="raise", **options):
    """Three batches, two of which make a step: the third makes one by itself."""
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, 1.0)
    trainer = Trainer(
        model, nn.optim.SGD(model.parameters(), lr=0.5), loss=loss, metrics={}, accumulate=2,
        on_nonfinite=on_nonfinite, progress=False, **options,
    )  # fmt: skip
    batches = [(ag.full((1, 1), value), np.zeros(1)) for value in (1.0, 2.0, 0.0)]
    trainer.fit(batches, 1)
    return trainer


def test_every_step_is_told_that_of_fewer_batches_too(tmp_path):
    class Steps:
        def __init__(self):
            self.seen = []

        def on_step(self, trainer):
            self.seen.append(trainer.step)

    steps = Steps()
    folder = nn.train.Checkpoints(tmp_path, every=1)
    trainer = accumulating(lambda y, _: y.sum(), callbacks=[steps], checkpoints=folder)
    assert steps.seen == [1, 2] and trainer.step == 2
    # Gradients are divided by how many are usually accumulated.
    assert trainer.model.weight.item() == 1.0 - 0.5 * (1 + 2) / 2
    saved = [nn.train.load_state(path) for path in sorted(tmp_path.glob("step-*"))]
    assert [(each["counts"]["epoch"], each["counts"]["step"]) for each in saved] == [(0, 1), (1, 2)]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_gradient_that_goes_wrong_in_fewer_batches_is_noticed_too(tmp_path):
    def loss(y, _):
        return ag.sqrt(y * y).sum()  # its slope is 0/0 at 0, where the third batch is

    with pytest.raises(NonFiniteError, match="epoch 1, step 2: the gradient of weight .*'explain'"):
        accumulating(loss)
    with pytest.raises(NonFiniteError, match=r"step 2: the gradient of weight[^$]*sqrt"):
        accumulating(loss, "explain", checkpoints=tmp_path)
    assert np.isnan(accumulating(loss, "ignore").model.weight.item())


def test_a_history_is_a_table_of_what_was_measured(tmp_path):
    history = History([{"epoch": 1, "loss": 0.123456}, {"epoch": 20000000, "loss": 2.0, "x": None}])
    history.append({"epoch": 3, "accuracy": "high"})
    assert history.names() == ["epoch", "loss", "x", "accuracy"]
    assert history.table().split("\n") == [
        "   epoch     loss       x   accuracy",
        "       1   0.1235                   ",
        "20000000        2                   ",
        "       3                        high",
    ]
    assert history.column("loss") == [0.123456, 2.0, None]
    with pytest.raises(KeyError, match="no 'lr'; there are accuracy, epoch, loss, x"):
        history.column("lr")
    history.append_to(tmp_path / "log")
    history.append_to(tmp_path / "log")
    assert (tmp_path / "log").read_text() == '{"epoch": 3, "accuracy": "high"}\n' * 2
    assert History([]).table() == "" and History([]).names() == []


@pytest.mark.parametrize(
    "names, panels",
    [(["loss", "val_loss", "lr"], [["loss", "val_loss"]]), (["lr", "seconds", "step"], []),
     (["accuracy", "loss"], [["loss"], ["accuracy"]])],
)  # fmt: skip
def test_losses_have_a_panel_and_other_measures_another(names, panels):
    records = [{"epoch": k, **{name: k * 1.5 for name in names}} for k in (1, 2)]
    del records[1][names[0]]
    figure = History(records).plot()
    found = [[line.get_label() for line in axes.lines] for axes in figure.axes]
    assert found == panels
    assert figure.get_size_inches().tolist() == [5 * max(1, len(panels)), 3.2]
    for axes in figure.axes:
        assert axes.get_xlabel() == "epoch" and axes.get_legend() is not None
        for line in axes.lines:
            epochs = [1] if line.get_label() == names[0] else [1, 2]
            assert line.get_xdata().tolist() == epochs
            assert line.get_ydata().tolist() == [1.5 * k for k in epochs]
