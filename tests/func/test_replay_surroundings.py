"""``func.replay``: whatever a step can find around it, and is changed afterwards, is noticed."""

import array
import collections
import contextvars
import dataclasses
import functools
import itertools
import operator
import os
import random
import sys
import threading
import types

import numpy as np
import pytest

import autograd as ag
import nn

SCALE = 2.0


@dataclasses.dataclass(slots=True)
class _Settings:
    k: float = 2.0


class _Asked:
    """Answers by methods that Python calls by itself."""

    def __init__(self, k):
        self.k = k

    def __call__(self, x):
        return x * self.k

    def __getitem__(self, key):
        return self.k

    def __float__(self):
        return float(self.k)

    def __len__(self):
        return int(self.k)

    def __enter__(self):
        return self.k

    def __exit__(self, *exception):
        pass

    def __iter__(self):
        return iter([self.k])


class _Forwarding:
    def __init__(self):
        self.values = {"k": 2.0}

    def __getattr__(self, name):
        return self.values[name]


class _Model(nn.Module):
    def forward(self, x):
        return self.scaled(x)

    def scaled(self, x):
        return x * SETTINGS["k"]


SETTINGS = {"k": 2.0}


def _with(manager, x):
    with manager as k:
        return x * k


def _cases():
    """How a step gets at something, and how that is changed afterwards."""

    class Table:
        values = [2.0]
        tensor = ag.tensor(2.0)

        def scaled(self, x):
            return x * 2.0

        @functools.cached_property
        def cached(self):
            return 2.0

    def keyword(x, *, settings={"k": 2.0}):  # noqa: B006
        return x * settings["k"]

    def keyword_number(x, *, k=2.0):
        return x * k

    def default(x, k=2.0):
        return x * k

    def code(x):
        return x * 2.0

    @functools.singledispatch
    def dispatched(x):
        return x * wrapped["k"]

    def named(x):
        return x * named.k

    named.k = 2.0
    wrapped, table, objects = {"k": 2.0}, Table(), [_Asked(2.0) for _ in range(7)]
    numbers, whole, large = np.array([2.0, 3.0]), bytearray([2]), np.full(100_000, 2.0)
    items, long = array.array("d", [2.0]), [2.0] * 2000
    longer, many = [2.0] * 50_000, dict.fromkeys(range(2000), 2.0)
    things = np.array([[2.0, None]], object)
    variable, local = contextvars.ContextVar("k", default=2.0), threading.local()
    local.k = 2.0
    user, chain = collections.UserDict(k=2.0), collections.ChainMap(wrapped)
    view, get = types.MappingProxyType(wrapped), wrapped.get
    forwarding, slotted, model = _Forwarding(), _Settings(), _Model()
    attribute, method = operator.attrgetter("k"), operator.methodcaller("scaled", 1.0)
    nan, zero = [2.0], [0.0]

    def set_k(holder, key="k"):
        return lambda: operator.setitem(holder, key, 3.0)

    def anew(k):
        return lambda: setattr(objects[k], "k", 3.0)

    return {
        "a keyword's default": (keyword, set_k(keyword.__kwdefaults__["settings"])),
        "another default of a keyword": (keyword_number, set_k(keyword_number.__kwdefaults__)),
        "other defaults": (default, lambda: setattr(default, "__defaults__", (3.0,))),
        "other code": (lambda x: code(x), lambda: setattr(code, "__code__", (lambda x: x * 3.0).__code__)),
        "a class's list": (lambda x: x * Table.values[0], lambda: setattr(Table, "values", [3.0])),
        "a class's tensor": (lambda x: x * table.tensor, lambda: setattr(Table, "tensor", ag.tensor(3.0))),
        "a method": (lambda x: table.scaled(x), lambda: setattr(Table, "scaled", lambda self, x: x * 3.0)),
        "a cached property": (lambda x: x * table.cached, lambda: setattr(table, "cached", 3.0)),
        "an object as step": (objects[0], anew(0)),
        "a call": (lambda x: objects[1](x), anew(1)),
        "an item": (lambda x: x * objects[2]["k"], anew(2)),
        "a float": (lambda x: x * float(objects[3]), anew(3)),
        "a length": (lambda x: x * len(objects[4]), anew(4)),
        "a context": (lambda x: _with(objects[5], x), anew(5)),
        "a loop": (lambda x: sum([x * k for k in objects[6]], x), anew(6)),
        "what is forwarded": (lambda x: x * forwarding.k, set_k(forwarding.values)),
        "slots of a data class": (lambda x: x * slotted.k, lambda: setattr(slotted, "k", 3.0)),
        "an array's element": (lambda x: x * numbers[0], lambda: operator.setitem(numbers, 0, 3.0)),
        "an array's sum": (lambda x: x * float(numbers.sum()), lambda: operator.setitem(numbers, 1, 9.0)),
        "a large array": (lambda x: x * large[5], lambda: large.fill(3.0)),
        "an array of objects": (lambda x: x * things[0, 0], lambda: operator.setitem(things, (0, 0), 3.0)),
        "bytes": (lambda x: x * whole[0], lambda: operator.setitem(whole, 0, 3)),
        "an array of the standard library": (lambda x: x * items[0], set_k(items, 0)),
        "a long list": (lambda x: x * long[7], set_k(long, 7)),
        "a longer list": (lambda x: x * longer[0], lambda: operator.setitem(longer, slice(None), [3.0] * 50_000)),
        "a long dict": (lambda x: x * many[7], set_k(many, 7)),
        "a name in a string": (lambda x: x * getattr(slotted, "k"), lambda: setattr(slotted, "k", 4.0)),  # noqa: B009
        "a global in a string": (lambda x: x * globals()["SCALE"], lambda: globals().update(SCALE=3.0)),
        "an attribute of a function": (named, lambda: setattr(named, "k", 3.0)),
        "a wrapped dict": (lambda x: x * user["k"], set_k(user)),
        "a chain of dicts": (lambda x: x * chain["k"], set_k(wrapped)),
        "a view of a dict": (lambda x: x * view["k"], set_k(wrapped)),
        "a bound method": (lambda x: x * get("k"), set_k(wrapped)),
        "a getter": (lambda x: x * attribute(objects[2]), anew(2)),
        "a caller": (lambda x: x * method(table), lambda: setattr(Table, "scaled", lambda self, x: 9.0)),
        "a dispatched function": (lambda x: dispatched(x), set_k(wrapped)),
        "a context's variable": (lambda x: x * variable.get(), lambda: variable.set(3.0)),
        "a thread's variable": (lambda x: x * local.k, lambda: setattr(local, "k", 3.0)),
        "the environment": (
            lambda x: x * float(os.getenv("GLASSGRAD_TEST_K")),
            lambda: os.environ.update(GLASSGRAD_TEST_K="3")),
        "a method of a module": (lambda x: model(x), set_k(SETTINGS)),
        "NaN": (lambda x: x * nan[0], lambda: operator.setitem(nan, 0, np.nan)),
        "minus zero": (lambda x: 1.0 / (x * zero[0]), lambda: operator.setitem(zero, 0, -0.0)),
    }  # fmt: skip


@pytest.fixture
def as_before(monkeypatch):
    monkeypatch.setenv("GLASSGRAD_TEST_K", "2")
    monkeypatch.setitem(globals(), "SCALE", 2.0)
    monkeypatch.setitem(SETTINGS, "k", 2.0)


@pytest.mark.parametrize("name", _cases())
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_whatever_a_step_finds_and_is_changed_is_noticed(name, as_before):
    step, change = contextvars.copy_context().run(_cases)[name]
    replayed, x = ag.func.replay(step), ag.tensor([[1.0, 2.0], [3.0, 5.0]])
    for _ in range(4):
        np.testing.assert_array_equal(replayed(x).detach(), step(x).detach())
    assert replayed.replays == 2
    before = step(x)
    change()
    after = step(x)
    assert not np.array_equal(after.detach(), before.detach())
    with pytest.raises(ag.func.ReplayError, match="is not what it was when the step was recorded"):
        replayed(x)


def test_what_gives_something_else_each_time_is_refused():
    def generated():
        while True:
            yield SCALE

    for source in (generated(), itertools.repeat(2.0), iter([2.0] * 9)):
        step = ag.func.replay(lambda x, source=source: x * next(source))
        with pytest.raises(ag.func.ReplayError, match="gets at a default, an iterator"):
            for _ in range(3):
                step(ag.ones(2))


@pytest.mark.parametrize("draw", [
    random.random, np.random.random, random.Random(0).random, np.random.default_rng(0).random,
    np.random.RandomState(0).random, lambda: ag.default_generator().random(),
], ids=["random", "np.random", "Random", "Generator", "RandomState", "default"])  # fmt: skip
def test_a_draw_that_decides_what_is_done_is_refused(draw):
    step = ag.func.replay(lambda x: x * 2.0 if draw() < 2.0 else x)
    with pytest.raises(ag.func.ReplayError, match="draws random numbers from"):
        step(ag.ones(2))


def test_draws_of_ours_and_of_what_is_called_each_time_are_replayed():
    rng, drop = np.random.default_rng(0), nn.Dropout(0.5)

    def step(x):
        return drop(x) + ag.func.each_time(lambda: rng.normal(size=8)) + ag.randn(8)

    replayed = ag.func.replay(step)
    results = []
    for function in (replayed, step):
        ag.manual_seed(0)
        rng = np.random.default_rng(0)
        results.append([function(ag.ones(8)).tolist() for _ in range(5)])
    assert results[0] == results[1] and replayed.replays == 3


class _Meter:
    def __init__(self):
        self.count, self.seen = 0, []

    def log(self, loss):
        self.count += 1
        self.seen.append(loss.item())


def test_what_is_called_each_time_may_change_what_it_alone_looks_at():
    seen, handed, counts, meter = [], [], [0], _Meter()

    def counted(x):
        counts[0] += 1

    def step(x):
        loss = x.sum()
        ag.func.each_time(lambda t: seen.append(t.item()), loss)
        ag.func.each_time(counted, loss)
        ag.func.each_time(meter.log, loss)
        ag.func.each_time(handed.append, None)
        return loss

    replayed = ag.func.replay(step)
    for n in range(5):
        replayed(ag.full((2,), float(n)))
    assert seen == meter.seen == [0.0, 2.0, 4.0, 6.0, 8.0] and replayed.replays == 3
    assert counts == [5] and meter.count == 5 and len(handed) == 5


def test_what_is_called_each_time_hides_no_change_from_the_step_itself():
    rate, count = [0.5], [0]

    def slower(x):
        count[0] += 1
        if count[0] == 4:
            rate[0] = 0.25

    def step(x):
        ag.func.each_time(slower, x)
        return x * rate[0]

    replayed = ag.func.replay(step)
    for _ in range(4):
        replayed(ag.ones(2))
    with pytest.raises(ag.func.ReplayError, match="rate is not what it was"):
        replayed(ag.ones(2))


def test_one_step_is_replayed_by_several_threads():
    rng = np.random.default_rng(0)
    w, xs = (
        ag.tensor(rng.normal(size=(6, 6))),
        [ag.tensor(rng.normal(size=(50, 6))) for _ in range(3)],
    )
    step = ag.func.replay(lambda x: ag.tanh(ag.tanh(ag.tanh(x @ w) @ w) @ w).sum(axis=1))
    expected = [step(x).tolist() for x in xs]
    wrong, before = [], sys.getswitchinterval()

    def run(k):
        for _ in range(150):
            if step(xs[k]).tolist() != expected[k]:
                wrong.append(k)

    threads = [threading.Thread(target=run, args=(k,)) for k in range(3)]
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert not wrong


def test_reading_is_heard_while_another_thread_ends_its_recording():
    def record_other():
        thread = threading.Thread(target=lambda: ag.func.replay(lambda x: x * 2.0)(ag.ones(2)))
        thread.start()
        thread.join()

    def step(x):
        record_other()
        return ag.lerp(x, x * 3.0, x.sum())

    with pytest.raises(ag.func.ReplayError, match="reads the values of a tensor"):
        ag.func.replay(step)(ag.ones(2))

    begun, go_on = threading.Event(), threading.Event()

    def waiting(x):
        begun.set()
        go_on.wait(10)
        return x

    def enclosed(x):
        thread = threading.Thread(target=lambda: ag.func.replay(waiting)(ag.ones(2)))
        thread.start()
        begun.wait(10)
        return x, thread

    thread = enclosed(ag.ones(2))[1]
    with pytest.raises(ag.func.ReplayError, match="reads the values of a tensor"):
        ag.func.replay(lambda x: (go_on.set(), thread.join(), ag.lerp(x, x * 3.0, x.sum()))[2])(
            ag.ones(2)
        )


def test_a_step_that_calls_itself_each_time_is_refused():
    step = ag.func.replay(lambda x: ag.func.each_time(lambda t: step(t), x))
    with pytest.raises(ag.func.ReplayError, match="called from within itself"):
        step(ag.ones(2))
