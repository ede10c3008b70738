"""Data sets, samplers and what joins samples, against plain loops."""

import numpy as np
import pytest

import autograd as ag
import nn
from nn.data import (
    BatchSampler,
    ConcatDataset,
    Dataset,
    DistributedSampler,
    Draws,
    RandomSampler,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    collate,
    random_split,
)


class Squares(Dataset):
    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        if not 0 <= index < self.n:
            raise IndexError(index)
        return {"x": np.full(2, index), "text": f"sample {index}", "pair": (index, index * index)}


def test_tensor_datasets_give_entries_and_whole_batches():
    x, y = np.arange(12.0).reshape(4, 3), np.arange(4)
    data = TensorDataset(ag.tensor(x, requires_grad=True), y)
    assert len(data) == 4
    for index in (0, 3, -1, np.int64(2)):
        image, label = data[index]
        assert image.tolist() == x[index].tolist() and label == y[index]
    images, labels = data.batch([3, 1])
    assert images.tolist() == x[[3, 1]].tolist() and labels.tolist() == [3, 1]
    for index in (4, -5):
        with pytest.raises(IndexError, match=f"no sample {index} of 4"):
            data[index]


@pytest.mark.parametrize(
    "arrays, word",
    [
        ((), "at least one"),
        ((np.ones(3), np.ones(4)), r"\(3,\), \(4,\)"),
        ((np.ones(()),), r"\(\)"),
    ],
)
def test_arrays_that_do_not_belong_together_are_refused(arrays, word):
    with pytest.raises(ValueError, match=word):
        TensorDataset(*arrays)


def test_subsets_and_concatenations_of_each_other_find_their_samples():
    a, b = TensorDataset(np.arange(5) * 10), TensorDataset(np.arange(3) * 100)
    both = a + b
    part = Subset(both, [7, 0, 5, 4])
    more = ConcatDataset([part, a, Subset(b, [1])])
    expected = [200, 0, 0, 40, 0, 10, 20, 30, 40, 100]
    assert [int(more[k][0]) for k in range(len(more))] == expected
    for indices in ([0, 9, 4, 1], [8], [5, 5, 0]):
        assert more.batch(indices)[0].tolist() == [expected[k] for k in indices]
    with pytest.raises(IndexError):
        Subset(a, [5])
    with pytest.raises(IndexError):
        more[10]


def test_concatenations_of_structured_samples_keep_their_order():
    data = ConcatDataset([Squares(2), Squares(3)])
    batch = data.batch([4, 0, 2, 1])
    assert batch["text"] == ["sample 2", "sample 0", "sample 0", "sample 1"]
    assert batch["x"].tolist() == [[2, 2], [0, 0], [0, 0], [1, 1]]
    assert batch["pair"][1].tolist() == [4, 0, 0, 1]


@pytest.mark.parametrize(
    "n, lengths, counts",
    [(10, [7, 3], [7, 3]), (10, [0.75, 0.25], [8, 2]), (7, [0.5, 0.5], [4, 3]),
     (3, [1 / 3] * 3, [1, 1, 1]), (11, [1 / 3] * 3, [4, 4, 3]), (5, [5, 0], [5, 0]), (10, [1.0], [10])],
)  # fmt: skip
def test_random_split_divides_all_samples(n, lengths, counts):
    parts = random_split(range(n), lengths, np.random.default_rng(0))
    assert [len(part) for part in parts] == counts
    assert sorted(part[k] for part in parts for k in range(len(part))) == list(range(n))


@pytest.mark.parametrize("lengths", [[7, 2], [0.5, 0.4], [0.5, 0.6], [-0.5, 1.5], [11, -1], ["a"]])
def test_lengths_that_do_not_sum_are_refused(lengths):
    with pytest.raises((ValueError, TypeError), match="random_split"):
        random_split(range(10), lengths)


class TestSamplers:
    def test_the_order_is_the_epochs_own(self):
        sampler = RandomSampler(range(20), seed=5)
        first = list(sampler)
        assert list(sampler) == first and sorted(first) == list(range(20))
        sampler.set_epoch(1)
        second = list(sampler)
        assert second != first and sorted(second) == list(range(20))
        other = RandomSampler(range(20), seed=6)
        assert list(other) != first
        sampler.set_epoch(0)
        assert list(sampler) == first

    def test_with_replacement_and_for_a_subset(self):
        drawn = list(RandomSampler(range(3), replacement=True, num_samples=100))
        assert len(drawn) == 100 and set(drawn) == {0, 1, 2}
        assert sorted(SubsetRandomSampler([4, 2, 9])) == [2, 4, 9]
        with pytest.raises(ValueError, match="replacement=True"):
            RandomSampler(range(3), num_samples=4)

    def test_weights(self):
        drawn = np.array(list(WeightedRandomSampler([0, 1, 3], 4000)))
        assert set(drawn.tolist()) == {1, 2}
        assert 0.7 < (drawn == 2).mean() < 0.8
        assert sorted(WeightedRandomSampler([1, 0, 2], 2, replacement=False)) == [0, 2]
        for weights in ([-1, 2], [0, 0], [np.nan, 1], [[1]], 1.0):
            with pytest.raises(ValueError, match="WeightedRandomSampler"):
                WeightedRandomSampler(weights, 1)
        with pytest.raises(ValueError, match="only 2"):
            WeightedRandomSampler([1, 0, 2], 3, replacement=False)

    @pytest.mark.parametrize("n", [0, 1, 6, 7])
    @pytest.mark.parametrize("drop_last", [False, True])
    def test_batches(self, n, drop_last):
        sampler = BatchSampler(SequentialSampler(range(n)), 3, drop_last)
        batches = list(sampler)
        expected = [list(range(k, min(k + 3, n))) for k in range(0, n, 3)]
        if drop_last:
            expected = [batch for batch in expected if len(batch) == 3]
        assert batches == expected and len(sampler) == len(expected)

    @pytest.mark.parametrize("n", [8, 10, 11])
    @pytest.mark.parametrize("replicas", [1, 2, 3, 4])
    @pytest.mark.parametrize("drop_last", [False, True])
    def test_shares_are_equally_long_and_cover_everything(self, n, replicas, drop_last):
        shares = [
            list(DistributedSampler(range(n), replicas, rank, seed=1, drop_last=drop_last))
            for rank in range(replicas)
        ]
        each = n // replicas if drop_last else -(-n // replicas)
        assert [len(share) for share in shares] == [each] * replicas
        taken = [index for share in shares for index in share]
        if drop_last:
            assert len(set(taken)) == len(taken)
        else:
            assert set(taken) == set(range(n))

    def test_a_rank_beyond_the_replicas_is_refused(self):
        with pytest.raises(ValueError, match="rank must be below num_replicas=2, got 2"):
            DistributedSampler(range(4), 2, 2)


class TestCollate:
    def test_structures(self):
        batch = collate([Squares(5)[k] for k in (1, 3)])
        assert batch["x"].tolist() == [[1, 1], [3, 3]] and batch["text"] == ["sample 1", "sample 3"]
        assert isinstance(batch["pair"], tuple) and batch["pair"][1].tolist() == [1, 9]
        assert collate([[1.5], [2.5]])[0].tolist() == [1.5, 2.5]
        assert collate([ag.ones(2), ag.zeros(2)]).tolist() == [[1, 1], [0, 0]]

    @pytest.mark.parametrize(
        "samples, word",
        [([np.ones(2), np.ones(3)], r"\(2,\) and \(3,\)"), ([{"a": 1}, {"b": 1}], "keys a"),
         ([(1, 2), (1,)], "2 parts"), ([object()], "object"), ([None, None], "NoneType")],
    )  # fmt: skip
    def test_what_does_not_fit_is_refused(self, samples, word):
        with pytest.raises((ValueError, TypeError), match=word):
            collate(samples)


class TestDraws:
    def test_numbers_belong_to_samples_not_to_batches(self):
        whole = Draws(1, 2, np.arange(50))
        first, second = whole.uniform(size=(2,)), whole.normal()
        for k in (0, 17, 49):
            alone = Draws(1, 2, [k])
            assert alone.uniform(size=(2,))[0].tolist() == first[k].tolist()
            assert alone.normal()[0] == second[k]

    @pytest.mark.parametrize("other", [(1, 2, [4]), (1, 3, [3]), (2, 2, [3]), (2, 1, [3])])
    def test_seed_epoch_and_sample_all_matter(self, other):
        assert Draws(1, 2, [3]).uniform()[0] != Draws(*other).uniform()[0]

    def test_they_are_those_of_splitmix(self):
        """A run of long ago can be repeated: the numbers are fixed, bit for bit."""
        golden, mask = 0x9E3779B97F4A7C15, 2**64 - 1

        def mixed(x):
            x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & mask
            x = (x ^ (x >> 27)) * 0x94D049BB133111EB & mask
            return x ^ (x >> 31)

        def words(seed, epoch, sample, count):
            for number in (epoch, seed):
                sample = mixed((sample + mixed((number + 1) * golden & mask)) & mask)
            return [mixed((sample + (k + 1) * golden) & mask) for k in range(count)]

        assert mixed(golden) == 0xE220A8397B1DCDAF  # as published for the seed 0
        for seed, epoch in ((0, 0), (5, 3), (2**64 + 7, 2**40)):
            draws = Draws(seed, epoch, [0, 3, 2**33])
            unit = np.array(
                [[(w >> 11) / 2**53 for w in words(seed, epoch, k, 7)] for k in (0, 3, 2**33)]
            )
            assert draws.uniform(-1.0, 3.0, (2,)).tolist() == (-1.0 + 4.0 * unit[:, :2]).tolist()
            assert draws.integers(2, 9).tolist() == np.floor(2 + 7 * unit[:, 2]).tolist()
            radius = np.sqrt(-2.0 * np.log1p(-unit[:, 3:5]))
            wanted = radius * np.cos(2.0 * np.pi * unit[:, 5:7])
            np.testing.assert_allclose(draws.normal((2,)), wanted, rtol=1e-14)
            part = draws.of([2, 0])
            assert len(part) == 2 and part.uniform().tolist() == unit[[2, 0], 0].tolist()

    def test_they_look_random(self):
        draws = Draws(0, 0, np.arange(20_000))
        u, v, n = draws.uniform(), draws.uniform(), draws.normal()
        for x, mean, std in ((u, 0.5, 12**-0.5), (v, 0.5, 12**-0.5), (n, 0.0, 1.0)):
            assert abs(x.mean() - mean) < 0.02 and abs(x.std() - std) < 0.02
        assert abs(np.corrcoef(u, v)[0, 1]) < 0.03
        assert abs(np.corrcoef(u[1:], u[:-1])[0, 1]) < 0.03
        counts = np.bincount(draws.integers(0, 4))
        assert len(counts) == 4 and counts.min() > 4700


def test_the_names_stand_in_the_package():
    assert set(nn.data.__all__) <= set(dir(nn.data))


LEAST = {"seed": 0, "num_samples": 1, "num_replicas": 1, "rank": 0, "batch_size": 1}


@pytest.mark.parametrize(
    ("kind", "sound"),
    [
        (RandomSampler, {"data_source": range(5), "replacement": True, "num_samples": 2, "seed": 1}),
        (SubsetRandomSampler, {"indices": [1, 0], "seed": 1}),
        (WeightedRandomSampler, {"weights": [1.0, 2.0], "num_samples": 1, "replacement": True,
                                         "seed": 1}),
        (BatchSampler, {"sampler": range(5), "batch_size": 2, "drop_last": True}),
        (DistributedSampler, {"dataset": range(5), "num_replicas": 2, "rank": 0,
                                      "shuffle": True, "seed": 1, "drop_last": True}),
    ],
)  # fmt: skip
def test_samplers_name_the_argument_that_they_refuse(kind, sound):
    for name, value in sound.items():
        if isinstance(value, (bool, int)):
            with pytest.raises(TypeError, match=f"^{kind.__name__}: {name} must be"):
                kind(**{**sound, name: "3"})
        if name in LEAST:
            assert getattr(kind(**{**sound, name: LEAST[name]}), name) == LEAST[name]
            with pytest.raises(ValueError, match=f"^{kind.__name__}: {name} must be"):
                kind(**{**sound, name: LEAST[name] - 1})
    made = kind(**sound)
    made.set_epoch(3)
    assert made.epoch == 3 and repr(made).endswith("epoch 3")
    made.set_epoch(0)
    with pytest.raises(ValueError, match=f"^{kind.__name__}: epoch must be"):
        made.set_epoch(-1)


def test_a_subset_begins_at_0():
    assert sorted(SubsetRandomSampler([2, 0])) == [0, 2]
    for wrong in (-1, "a"):
        with pytest.raises((ValueError, TypeError), match="^SubsetRandomSampler: indices must be"):
            SubsetRandomSampler([wrong])


def test_a_fraction_that_is_no_number_is_refused_in_words():
    with pytest.raises(ValueError, match="^random_split: lengths must not be NaN$"):
        nn.data.random_split(list(range(4)), [float("nan"), 1.0])


def test_one_sample_is_a_batch_of_one():
    for sample in (ag.tensor([1.0, 2.0]), np.array([1.0, 2.0])):
        found = collate([sample])
        assert isinstance(found, np.ndarray) and found.tolist() == [[1.0, 2.0]]
    assert collate([3]).tolist() == [3] and collate(["a"]) == ["a"]
    assert [part.tolist() for part in collate([(1, 2.5)])] == [[1], [2.5]]


def test_slices_of_arrays_are_their_samples_together():
    data = nn.data.TensorDataset(np.arange(10).reshape(5, 2), np.arange(5))
    for index in (slice(1, 3), slice(None), slice(None, None, -2), slice(7, None)):
        for part, whole in zip(data[index], data.arrays, strict=True):
            np.testing.assert_array_equal(part, whole[index])
    doubled = nn.data.TensorDataset(np.arange(5), transform=lambda x, draws: 2 * x)
    np.testing.assert_array_equal(doubled[1:4][0], [2, 4, 6])
