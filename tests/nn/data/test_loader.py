"""Batches come in the order that was asked for, whoever prepares them, and go on where they stopped."""

import threading
import time

import numpy as np
import pytest

import autograd as ag
import nn
from nn.data import DataLoader, Dataset, RandomSampler, Subset, TensorDataset
from nn.data import transforms as T
from nn.data.transforms import RandomHorizontalFlip


def loader(n=23, workers=0, **options):
    images = np.arange(n * 8, dtype=np.float32).reshape(n, 1, 2, 4)
    data = TensorDataset(images, np.arange(n), transform=RandomHorizontalFlip())
    options = {"batch_size": 4, "shuffle": True, "seed": 3, **options}
    return DataLoader(data, num_workers=workers, **options)


def contents(batches):
    return [(x.tolist(), y.tolist()) for x, y in batches]


def workers_alive():
    return [t for t in threading.enumerate() if t.name.startswith("DataLoader")]


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_threads_change_nothing(workers):
    plain, threaded = loader(), loader(workers=workers)
    for _ in range(2):
        assert contents(threaded) == contents(plain)
    assert not workers_alive()


@pytest.mark.parametrize("batch_size", [1, 7, 100, 256, 1099, 1100, 1200])
@pytest.mark.parametrize("samplewise", [True, False])
@pytest.mark.parametrize("height", [5, 33])  # made without threads, and by them
def test_small_batches_made_together_are_those_made_one_by_one(batch_size, samplewise, height):
    n = 1100
    images = np.random.default_rng(0).normal(size=(n, 1, height, 4)).astype(np.float32)
    steps = [T.RandomAffine(20, (0.1, 0.2), (0.8, 1.2), 10), T.Cutout(2), T.RandomCrop((4, 4), 1)]
    if not samplewise:
        steps.append(T.Lambda(lambda batch: batch - batch.mean()))
    data = TensorDataset(images, np.arange(n), transform=T.Compose(steps))
    assert (data.samplewise is not None) == samplewise
    plain, threaded = (
        [
            (x.numpy(), y.numpy())
            for x, y in DataLoader(data, batch_size, True, num_workers=w, seed=1)
        ]
        for w in (0, 2)
    )
    assert len(plain) == len(threaded)
    for (a, b), (c, d) in zip(plain, threaded, strict=True):
        np.testing.assert_array_equal(a, c)
        np.testing.assert_array_equal(b, d)


def test_what_overrides_a_batch_or_a_transform_is_never_made_together():
    class Named(TensorDataset):
        def batch(self, indices, draws=None):
            return {"x": super().batch(indices, draws)[0]}

    class Centred(T.Normalize):
        def apply(self, images, draws):
            return images - images.mean()

    images = np.random.default_rng(0).normal(size=(12, 1, 2, 2)).astype(np.float32)
    for data in (Named(images), TensorDataset(images, transform=Centred(0.0, 1.0))):
        assert not data.samplewise and not Subset(data, range(12)).samplewise
        plain, threaded = (list(DataLoader(data, 4, num_workers=w)) for w in (0, 1))
        for a, b in zip(plain, threaded, strict=True):
            a, b = (each["x"] if isinstance(each, dict) else each[0] for each in (a, b))
            np.testing.assert_array_equal(a.numpy(), b.numpy())
    assert TensorDataset(images, transform=T.RandomVerticalFlip()).samplewise


def test_large_samples_are_not_made_together():
    assert TensorDataset(np.zeros((3, 64, 16), np.float32)).samplewise == 4096
    assert TensorDataset(np.zeros((3, 65, 16), np.float32)).samplewise is None


def test_epochs_differ_and_cover_all():
    batches = loader()
    first, second = contents(batches), contents(batches)
    assert first != second and batches.epoch == 2
    for epoch in (first, second):
        assert sorted(label for _, labels in epoch for label in labels) == list(range(23))
    assert len(first) == len(batches) == 6
    assert contents(loader()) == first


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("stop", range(13))
def test_a_saved_loader_goes_on_with_the_very_batches_that_would_have_come(workers, stop):
    whole = []
    running = loader()
    for _ in range(2):
        whole += contents(running)
    interrupted, seen = loader(workers=workers), []
    state = interrupted.state_dict()
    for _ in range(2):
        for x, y in interrupted:
            if len(seen) == stop:
                break
            seen.append((x.tolist(), y.tolist()))
            state = interrupted.state_dict()
        else:
            continue
        break
    resumed = loader(workers=workers, seed=99)
    resumed.load_state_dict(state)
    while resumed.epoch < 2:
        seen += contents(resumed)
    assert seen == whole


def test_a_loop_left_early_is_followed_by_the_next_epoch():
    batches = loader(workers=2)
    for _ in batches:
        break
    assert batches.state_dict()["position"] == 1
    assert not workers_alive()
    second = contents(batches)
    assert batches.epoch == 2 and len(second) == 6


class Failing(Dataset):
    def __len__(self):
        return 10

    def __getitem__(self, index):
        if index == 6:
            raise KeyError("sample 6 is broken")
        return index


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_exceptions_come_where_their_batch_would_have(workers):
    seen = []
    with pytest.raises(KeyError, match="sample 6"):
        for batch in DataLoader(Failing(), batch_size=2, num_workers=workers):
            seen.append(batch.tolist())
    assert seen == [[0, 1], [2, 3], [4, 5]]
    assert not workers_alive()


def test_no_more_is_prefetched_than_was_said():
    asked = []

    class Counting(Failing):
        def __getitem__(self, index):
            asked.append(index)
            return index

    batches = iter(DataLoader(Counting(), num_workers=2, prefetch_factor=2))
    next(batches)
    time.sleep(0.05)
    assert len(asked) <= 5
    batches.close()


def test_batches_are_tensors_and_own_collate_functions_are_called():
    x, y = next(iter(loader()))
    assert isinstance(x, ag.Tensor) and x.dtype == np.float32 and y.dtype == np.int64
    assert [*DataLoader([1, 2, 3], 2, collate_fn=lambda samples: ("mine", samples))] == [
        ("mine", [1, 2]),
        ("mine", [3]),
    ]


def test_anything_with_a_length_is_a_data_set_and_may_be_empty():
    assert [b.tolist() for b in DataLoader([1.5, 2.5, 3.5], 2)] == [[1.5, 2.5], [3.5]]
    assert [*DataLoader([])] == [] and len(DataLoader([], num_workers=1)) == 0
    assert [b.tolist() for b in DataLoader(range(5), 2, drop_last=True)] == [[0, 1], [2, 3]]


def test_the_default_seed_is_the_default_generators():
    def order():
        ag.manual_seed(11)
        return [b.tolist() for b in DataLoader(range(9), 2, shuffle=True)]

    assert order() == order()
    given = DataLoader(range(9), shuffle=True, generator=np.random.default_rng(4)).seed
    assert given == int(np.random.default_rng(4).integers(2**63))


@pytest.mark.parametrize(
    "options, error, word",
    [
        ({"batch_size": 0}, ValueError, "batch_size"),
        ({"num_workers": -1}, ValueError, "num_workers"),
        ({"shuffle": 1}, TypeError, "shuffle"),
        ({"sampler": RandomSampler(range(3)), "shuffle": True}, ValueError, "leave shuffle"),
        ({"batch_sampler": [[0]], "shuffle": True}, ValueError, "says it all"),
        ({"batch_sampler": [[0]], "batch_size": 2}, ValueError, "says it all"),
        ({"batch_sampler": [[0]], "batch_size": 0}, ValueError, "says it all"),
        ({"batch_sampler": [[0]], "drop_last": True}, ValueError, "says it all"),
        ({"batch_sampler": [[0]], "sampler": range(3)}, ValueError, "says it all"),
        ({"collate_fn": 3}, TypeError, "collate_fn"),
        ({"seed": -1}, ValueError, "seed"),
        ({"seed": 1, "generator": np.random.default_rng()}, ValueError, "not both"),
        ({"generator": 3}, TypeError, "generator"),
        ({"prefetch_factor": 0}, ValueError, "prefetch_factor"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(options, error, word):
    with pytest.raises(error, match=word):
        DataLoader(range(3), **options)


@pytest.mark.parametrize("state", [{}, {"seed": 1}, 3, {"seed": 1, "epoch": 0, "position": -1}])
def test_states_that_make_no_sense_are_refused(state):
    with pytest.raises(ValueError, match="load_state_dict"):
        loader().load_state_dict(state)


def test_a_sampler_that_was_given_keeps_its_seed_when_a_state_is_loaded():
    def made(seed):
        return DataLoader(range(20), 4, sampler=RandomSampler(range(20), seed=5), seed=seed)

    first, second = made(1), made(2)
    state = first.state_dict()
    second.load_state_dict(state)
    assert [b.tolist() for b in second] == [b.tolist() for b in first]


def test_no_data_set_at_all_is_refused():
    with pytest.raises(TypeError, match="length and samples"):
        DataLoader(iter([1, 2]))


def test_where_no_thread_can_be_started_batches_are_made_all_the_same(monkeypatch):
    class Squares:
        def __len__(self):
            return 10

        def __getitem__(self, index):
            return np.float32(index**2)

    def batches(workers):
        loader = DataLoader(Squares(), batch_size=3, num_workers=workers)
        return [batch.tolist() for batch in loader]

    def no_thread(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_thread)
    assert batches(2) == batches(0) and len(batches(2)) == 4


def test_every_epoch_has_an_order_of_its_own():
    loader = DataLoader(range(20), 5, shuffle=True, seed=1)
    orders = [[label for batch in loader for label in batch.tolist()] for _ in range(3)]
    assert len(set(map(tuple, orders))) == 3
    for epoch, order in enumerate(orders):
        sampler = RandomSampler(range(20), seed=1)
        sampler.set_epoch(epoch)
        assert list(sampler) == order

    class Told:
        def __init__(self):
            self.epochs = []

        def __len__(self):
            return 2

        def __iter__(self):
            return iter([1, 0])

        def set_epoch(self, epoch):
            self.epochs.append(epoch)

    told = Told()
    batches = DataLoader(range(2), sampler=told)
    assert [[b.tolist() for b in batches] for _ in range(2)] == [[[1], [0]]] * 2
    assert told.epochs == [0, 1] and batches.batch_sampler.epoch == 1


@pytest.mark.parametrize("workers, factor", [(1, 1), (2, 2), (3, 1), (1, 4)])
def test_as_many_batches_are_prepared_ahead_as_was_said(workers, factor, monkeypatch):
    from concurrent.futures import Future

    from nn.data import loader as module

    class Executor:
        def __init__(self, count, thread_name_prefix):
            self.count = count

        def submit(self, function, *given):
            asked.append(self.count)
            future = Future()
            future.set_result(function(*given))
            return future

        def shutdown(self, wait, cancel_futures):
            asked.append("end")

    asked = []
    monkeypatch.setattr(module, "ThreadPoolExecutor", Executor)
    loader = DataLoader([1.0] * 9, num_workers=workers, prefetch_factor=factor)
    batches = iter(loader)
    for k in range(3):
        next(batches)
        assert asked == [workers] * (workers * factor + k)
    assert len(list(batches)) == 6 and asked == [workers] * 9 + ["end"]


def test_a_sampler_of_ones_own_gives_samples_or_batches():
    class Backwards(nn.data.Sampler):
        def __init__(self, data):
            self.data = data

        def __iter__(self):
            return iter(range(len(self.data) - 1, -1, -1))

        def __len__(self):
            return len(self.data)

    class Pairs(nn.data.Sampler):
        def __iter__(self):
            yield [4, 0]
            yield [3]

    data = nn.data.TensorDataset(np.arange(5))
    loader = nn.data.DataLoader(data, 2, sampler=Backwards(data))
    assert [batch.tolist() for (batch,) in loader] == [[4, 3], [2, 1], [0]]
    loader = nn.data.DataLoader(data, batch_sampler=Pairs())
    assert [batch.tolist() for (batch,) in loader] == [[4, 0], [3]]
    assert repr(Backwards(data)) == "Backwards of 5, epoch 0" and repr(Pairs()) == "Pairs, epoch 0"
    with pytest.raises(NotImplementedError, match=r"Sampler: define __iter__"):
        iter(nn.data.Sampler())
