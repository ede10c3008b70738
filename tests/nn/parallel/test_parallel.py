"""Several processes train as one does; played by threads here, by MPI where it is installed."""

import copy
import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F
from nn.parallel import DistributedDataParallel, SyncBatchNorm, run_emulated

from . import programs

ROOT = Path(__file__).parents[3]


def mpiexec(n, *arguments, timeout=120, **environment):
    pytest.importorskip("mpi4py", reason="needs pip install 'glassgrad[distributed]'")
    program = shutil.which("mpiexec", path=os.pathsep.join([str(Path(sys.executable).parent),
                                                            os.environ["PATH"]]))  # fmt: skip
    assert program, "mpi4py is installed, but there is no mpiexec"
    return subprocess.run(
        [program, "-n", str(n), sys.executable, *arguments], capture_output=True, text=True,
        timeout=timeout, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 4])
def test_the_losses_are_those_of_one_process_with_the_whole_batch(size):
    one, _ = programs.train(nn.parallel.Group())
    for losses, _ in run_emulated(programs.train, size):
        np.testing.assert_allclose(losses, one, rtol=1e-9)


@pytest.mark.parametrize("size", [2, 4])
def test_the_bits_are_those_of_averaging_by_hand(size):
    expected = programs.by_hand(size)
    for result in run_emulated(programs.train, size):
        assert result == expected


@pytest.mark.mpi
def test_two_processes_of_mpi_give_the_same_bits_as_threads_that_play_them():
    done = mpiexec(2, "-m", "tests.nn.parallel.programs")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    losses, weights = programs.by_hand(2)
    assert told["size"] == 2 and told["losses"] == losses
    assert told["weights"] == hashlib.sha256(weights).hexdigest()
    assert told["first"] == [[[7] * 3, [7] * 3], [[7] * 3, [8] * 3]]  # got, and what was given


@pytest.mark.mpi
@pytest.mark.parametrize(
    "body, words",
    [
        ("if g.rank == 1: raise ValueError('rank one is ill')", ["rank 1 of 2", "rank one is ill"]),
        (
            "if g.rank == 1: time.sleep(60)",
            ["given up after 2 seconds", "nothing came from rank 1"],
        ),
        ("nn.parallel.DistributedDataParallel(nn.Linear(2, 2 + g.rank), g)", ["another model"]),
    ],
)
def test_a_process_that_fails_ends_the_job_with_its_own_error(body, words):
    program = f"import nn, numpy as np, time\ng = nn.parallel.default_group()\n{body}\n"
    done = mpiexec(2, "-c", program + "g.all_reduce(np.ones(2))", GLASSGRAD_MPI_TIMEOUT="2")
    assert done.returncode != 0
    assert all(word in done.stderr for word in words), done.stderr


@pytest.mark.mpi
def test_the_command_runs_on_several_processes_and_resumes_on_them(tmp_path):
    options = ["-m", "nn.train", "--model", "digits", "--batch-size", "128", "--epochs", "2",
               "--quiet"]  # fmt: skip
    whole = mpiexec(2, *options, "--out", str(tmp_path / "whole"))
    assert whole.returncode == 0, whole.stderr
    assert len(whole.stdout.splitlines()) == 1 and "2 epochs" in whole.stdout
    parts = mpiexec(2, *options, "--out", str(tmp_path / "parts"))
    assert parts.returncode == 0
    newest = max((tmp_path / "parts").glob("step-*"))
    newest.unlink()
    again = mpiexec(2, "-m", "nn.train", "--resume", "--quiet", "--out", str(tmp_path / "parts"))
    assert again.returncode == 0, again.stderr
    a, b = (nn.load(next((tmp_path / name).glob("model.*"))) for name in ("whole", "parts"))
    assert all(np.array_equal(a[key].numpy(), b[key].numpy()) for key in a)


def test_everyone_begins_with_the_weights_and_buffers_of_the_first():
    def work(group):
        model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
        with ag.no_grad():
            for parameter in model.parameters():
                parameter[...] = group.rank + 1.0
        model[1].running_mean = ag.full(2, group.rank + 5.0)
        DistributedDataParallel(model, group)
        return [p.numpy().copy() if not p.requires_grad else np.array(p.data)
                for p in model.state_dict().values()]  # fmt: skip

    first, second = run_emulated(work, 2)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert first[0].max() == 1.0 and first[4].tolist() == [5.0, 5.0]


def test_weights_that_drift_apart_are_noticed():
    def work(group):
        model = DistributedDataParallel(nn.Linear(1, 1), group)
        if group.rank == 2:
            with ag.no_grad():
                model.module.weight[...] = 99.0
        model.check_in_step()

    with pytest.raises(RuntimeError, match="parameters of rank 2 are not those of rank 0"):
        run_emulated(work, 3)


def test_what_a_pass_does_not_reach_counts_as_zero():
    def work(group):
        model = nn.ModuleList([nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)])
        wrapped = DistributedDataParallel(model, group, bucket_bytes=1)
        model[group.rank](ag.full((1, 1), 6.0)).sum().backward()
        assert len(wrapped._buckets) == 2
        first = [p.grad.item() for p in model.parameters()]
        model.zero_grad()
        model[0](ag.full((1, 1), 4.0)).sum().backward()  # what was summed before is forgotten
        return first, [None if p.grad is None else p.grad.item() for p in model.parameters()]

    for first, second in run_emulated(work, 2):
        assert first == [3.0, 3.0]
        assert second[0] == 4.0 and not second[1]


def test_gradients_without_a_sum_are_summed_along_later():
    def work(group):
        layer = nn.Linear(1, 1, bias=False)
        model = DistributedDataParallel(layer, group)
        with model.no_sync():
            model(ag.full((1, 1), 10.0 * (group.rank + 1))).sum().backward()
            alone = layer.weight.grad.item()
        model(ag.full((1, 1), group.rank + 1.0)).sum().backward()
        return alone, layer.weight.grad.item()

    assert run_emulated(work, 2) == [(10.0, 16.5), (20.0, 16.5)]


def test_buckets_leave_while_backward_still_runs():
    order = []

    class Watching(nn.parallel.Group):
        def start_all_reduce(self, array):
            order.append("sum")
            return super().start_all_reduce(array)

    layers = nn.Sequential(*[nn.Linear(2, 2, bias=False) for _ in range(3)])
    DistributedDataParallel(layers, Watching(), bucket_bytes=1)
    layers[0].weight.register_hook(lambda g: order.append("first layer"))
    layers(ag.ones((1, 2))).sum().backward()
    assert order == ["sum", "sum", "sum", "first layer"]


def test_buckets_hold_one_dtype_and_about_so_many_bytes():
    model = nn.Sequential(
        nn.Linear(10, 10), nn.Linear(10, 10, dtype=np.float64), nn.Linear(10, 10, dtype=np.float64)
    )
    wrapped = DistributedDataParallel(model, bucket_bytes=1000)
    assert [bucket.names for bucket in wrapped._buckets] == [
        ["2.bias", "2.weight", "1.bias"], ["1.weight"], ["0.bias", "0.weight"],
    ]  # fmt: skip
    assert all(len({model.get_parameter(n).dtype for n in b.names}) == 1 for b in wrapped._buckets)


def test_each_gradient_is_seen_before_and_after_the_sum():
    def work(group):
        layer = nn.Linear(1, 1, bias=False)
        model = DistributedDataParallel(layer, group, watch=True)
        model(ag.full((1, 1), group.rank + 1.0)).sum().backward()
        return model.report(), [(e.name, e.local.item(), e.mean.item()) for e in model.exchanges]

    (text, first), (_, second) = run_emulated(work, 2)
    assert text == "weight  rank 0: 1  rank 1: 2  mean: 1.5"
    assert first == [("weight", 1.0, 1.5)] and second == [("weight", 2.0, 1.5)]
    with pytest.raises(RuntimeError, match="watch=True"):
        DistributedDataParallel(nn.Linear(1, 1)).report()


class TestSyncBatchNorm:
    images = np.random.default_rng(1).normal(size=(8, 3, 4, 4))
    weights = np.random.default_rng(2).normal(size=(8, 3, 4, 4))

    def layer(self, kind, **options):
        layer = kind(3, dtype=np.float64, **options)
        with ag.no_grad():
            layer.weight[...] = [1.0, 2.0, 3.0]
            layer.bias[...] = [0.5, 0.0, -0.5]
        return layer

    @pytest.mark.parametrize("size", [2, 4])
    def test_it_is_batch_norm_of_the_whole_batch(self, size):
        whole = self.layer(nn.BatchNorm2d)
        x = ag.tensor(self.images, requires_grad=True)
        y = whole(x)
        (y * ag.tensor(self.weights)).sum().backward()

        def work(group):
            layer = self.layer(SyncBatchNorm, group=group)
            part = np.split(np.arange(8), size)[group.rank]
            mine = ag.tensor(self.images[part], requires_grad=True)
            result = layer(mine)
            (result * ag.tensor(self.weights[part])).sum().backward()
            return (result.detach().numpy(), mine.grad.numpy(), layer.weight.grad.numpy(),
                    layer.running_mean.numpy(), layer.running_var.numpy(),
                    layer.num_batches_tracked)  # fmt: skip

        parts = run_emulated(work, size)
        outputs, gradients, slopes, *running, counts = zip(*parts, strict=True)
        assert (
            [int(count) for count in counts]
            == [int(whole.num_batches_tracked)] * size
            == [1] * size
        )
        np.testing.assert_allclose(np.concatenate(outputs), y.detach().numpy(), atol=1e-12)
        np.testing.assert_allclose(np.concatenate(gradients), x.grad.numpy(), atol=1e-12)
        np.testing.assert_allclose(sum(slopes), whole.weight.grad.numpy(), atol=1e-11)
        for mean, variance in zip(*running, strict=True):
            np.testing.assert_allclose(mean, whole.running_mean.numpy(), atol=1e-12)
            np.testing.assert_allclose(variance, whole.running_var.numpy(), atol=1e-12)

    def test_every_layer_of_a_model_is_replaced_and_keeps_its_parameters(self):
        model = nn.Sequential(
            nn.Conv2d(1, 3, 1), nn.Sequential(nn.BatchNorm2d(3)), nn.BatchNorm1d(3)
        )
        parameters = list(model.parameters())
        converted = SyncBatchNorm.convert(model)
        assert [type(m).__name__ for m in converted.modules()].count("SyncBatchNorm") == 2
        assert all(a is b for a, b in zip(converted.parameters(), parameters, strict=True))
        x = ag.tensor(self.images[:, :1].astype("float32"))
        assert np.array_equal(model[:2](x).data, converted[:2](x).data)


def test_sums_over_processes_can_be_differentiated_twice():
    class Triplets:
        def all_reduce(self, array):
            return 3 * array

    x = ag.tensor([2.0, 3.0], requires_grad=True)
    (g,) = ag.grad((ag.all_reduce(x, group=Triplets()) ** 2).sum(), [x], create_graph=True)
    assert g.tolist() == [2 * 9 * 2.0, 2 * 9 * 3.0]
    (h,) = ag.grad(g.sum(), [x])
    assert h.tolist() == [18.0, 18.0]


def test_an_emulated_process_that_fails_ends_the_others():
    def work(group):
        if group.rank == 1:
            raise ValueError("ill")
        group.barrier()

    with pytest.raises(ValueError, match="ill"):
        run_emulated(work, 3)


def test_the_cost_on_paper_has_the_right_limits():
    cost = nn.parallel.all_reduce_seconds
    assert cost(1e6, 1) == 0
    assert cost(0, 8) == pytest.approx(2 * 3 * 2e-6)
    assert cost(1e6, 0) == cost(1e6, -1) == 0
    # A ring passes p − 1 parts on, twice; a tree of ⌈log₂ p⌉ rounds, there and back, as much in all.
    for n, p, delay, rate in [
        (1e6, 2, 1e-5, 1e9),
        (3e7, 3, 2e-3, 5e8),
        (1e3, 7, 1e-4, 1e7),
        (5e9, 64, 1e-6, 1e10),
    ]:
        ring = 2 * (p - 1) * delay + 2 * (p - 1) * n / p / rate
        tree = 2 * math.ceil(math.log(p, 2)) * delay + 2 * n * (1 - 1 / p) / rate
        assert cost(n, p, delay, rate) == pytest.approx(min(ring, tree), rel=1e-12)
    assert cost(1e6, 4, 1.0) == pytest.approx(4.0, rel=1e-3)  # two rounds, there and back
    assert cost(1e6, 4) == pytest.approx(2 * 2 * 2e-6 + 2 * 1e6 * 0.75 / 10e9, rel=1e-12)
    big = [cost(1e9, p) for p in (2, 10, 1000)]
    assert big == sorted(big) and big[2] < 2 * 1e9 / 10e9 * 1.05
    assert "0.50" in nn.parallel.scaling_table({"x": (1e9, 0.1)}, (2,))
    table = nn.parallel.scaling_table({"small": (1e6, 0.01), "big": (1e9, 0.06)}, (1, 4), 1e-3, 1e9)
    first, second = 4e-3 + 1.5e-3, 4e-3 + 1.5  # seconds of the sums over 4
    assert table.splitlines() == [
        "network                      1           4",
        f"small                1.00 1.00   {0.01 / (0.01 + first):.2f} {0.01 / (0.01 + first - 0.01 / 3):.2f}",
        f"big                  1.00 1.00   {0.06 / (0.06 + second):.2f} {0.06 / (0.06 + second - 0.02):.2f}",
    ]


@pytest.mark.parametrize(
    "limit, buckets", [(119, 2), (120, 2), (121, 1), (200, 1), (80, 3), (79, 3), (1, 3)]
)
def test_a_bucket_is_full_at_its_size(limit, buckets):
    # Of 40, 80 and 40 bytes, from the last: a bucket takes what does not bring it beyond the limit.
    sizes = [[40, 80, 40]]
    model = nn.ParameterList([nn.Parameter(np.zeros(n // 4, np.float32)) for n in sizes[0]])
    found = [sum(model.get_parameter(n).nbytes for n in b.names) for b in
             DistributedDataParallel(model, bucket_bytes=limit)._buckets]  # fmt: skip
    assert sum(found) == 160
    total, wanted = 0, []
    for n in (40, 80, 40):
        if not wanted or total + n > limit:
            wanted.append(0)
            total = 0
        wanted[-1] += n
        total += n
    assert found == wanted


def test_what_a_bucket_holds_lies_side_by_side():
    model = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    (bucket,) = DistributedDataParallel(model)._buckets
    places = sorted((s.start, s.stop) for s in bucket.slices.values())
    assert places[0][0] == 0 and places[-1][1] == bucket.flat.size == 11
    assert all(a[1] == b[0] for a, b in zip(places, places[1:], strict=False))


@pytest.mark.parametrize("limit", [0, -1, 2.5, None])
def test_a_bucket_has_a_size(limit):
    with pytest.raises(
        (TypeError, ValueError), match="^DistributedDataParallel: bucket_bytes must be"
    ):
        DistributedDataParallel(nn.Linear(1, 1), bucket_bytes=limit)


def test_models_that_differ_only_in_their_names_or_shapes_are_told_apart():
    def work(group, make):
        DistributedDataParallel(make(group.rank), group)

    for make in (
        lambda rank: nn.Linear(2, 2 + rank), lambda rank: nn.Linear(3 - rank, 2),
        lambda rank: nn.Linear(2, 2, bias=not rank), lambda rank: nn.Linear(2, 2, bias=bool(rank)),
        lambda rank: nn.ModuleDict({"ab"[rank]: nn.Linear(1, 1)}),
        lambda rank: nn.Linear(1, 1, dtype=(np.float32, np.float64)[rank]),
    ):  # fmt: skip
        with pytest.raises(RuntimeError, match="another model"):
            run_emulated(lambda group, make=make: work(group, make), 2)


def test_other_things_than_modules_are_refused():
    with pytest.raises(TypeError, match="module must be a Module"):
        DistributedDataParallel(F.relu)


def test_threads_that_play_processes_have_default_generators_of_their_own():
    def work(group):
        ag.manual_seed(group.rank)
        drawn = []
        for _ in range(20):
            group.barrier()  # all draw at the same time
            drawn.append(ag.randn(3).tolist())
        return drawn

    before = ag.manual_seed(9)
    state = before.bit_generator.state
    expected = [np.random.default_rng(rank).standard_normal((20, 3)) for rank in range(3)]
    for got, wanted in zip(run_emulated(work, 3), expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-6)
    assert before.bit_generator.state == state


def trained(group, state=None, stop=None, lr=0.5, dropout=0.3):
    """Two epochs of four steps; their history and the state after step ``stop``."""
    ag.manual_seed(1)
    model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Dropout(dropout), nn.Linear(8, 2))
    if group.size > 1:
        model = DistributedDataParallel(model, group)
    rng = np.random.default_rng(0)
    data = nn.data.TensorDataset(rng.normal(size=(16, 3)).astype(np.float32), np.arange(16) % 2)
    sampler = nn.data.DistributedSampler(data, group.size, group.rank, seed=2)
    loader = nn.data.DataLoader(data, 4 // group.size, sampler=sampler, seed=2)
    saved = {}

    class Keep:
        def on_step(self, trainer):
            if trainer.step == stop:
                saved.update(copy.deepcopy(trainer.state_dict()))

    optimizer = nn.optim.SGD(model.parameters(), lr=lr)
    trainer = nn.train.Trainer(model, optimizer, group=group, progress=False, callbacks=[Keep()])
    if state is not None:
        trainer.load_state_dict(state)
    history = trainer.fit(loader, 2)
    return [(record["loss"], record["accuracy"]) for record in history], saved


@pytest.mark.parametrize("stop", [1, 3, 4, 6])
def test_a_run_of_several_processes_goes_on_with_the_means_of_each(stop):
    (whole, state), (other, _) = run_emulated(lambda group: trained(group, stop=stop), 2)
    assert whole == other and len(state["means"]) == 2
    for resumed, _ in run_emulated(lambda group: trained(group, state), 2):
        assert resumed == whole


def test_a_run_resumed_by_fewer_processes_counts_what_all_had_seen():
    ((_, state), _) = run_emulated(lambda group: trained(group, None, 2, lr=0.0, dropout=0.0), 2)
    assert state["means"][0] != state["means"][1]
    alone = nn.parallel.Group()
    whole, _ = trained(alone, lr=0.0, dropout=0.0)
    resumed, _ = trained(alone, state, lr=0.0, dropout=0.0)
    np.testing.assert_allclose(resumed, whole, rtol=1e-6)


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_the_first_of_any_number_of_processes_goes_on_with_what_two_had_seen(size):
    def trainer(group):
        model = nn.Linear(2, 3)
        optimizer = nn.optim.SGD(model.parameters())
        return nn.train.Trainer(model, optimizer, group=group, progress=False)

    def stopped(group):
        made = trainer(group)
        made.train_step((np.ones((4, 2), np.float32), np.zeros(4, int)))
        made._means.add({"loss": 1.0 + group.rank}, 4)
        return made.state_dict()

    def resumed(group):
        (made := trainer(group)).load_state_dict(state)
        return made._means.count, made._means.result()

    state, _ = run_emulated(stopped, 2)
    found = run_emulated(resumed, size)
    if size == 2:
        assert found == [(4, {"loss": 1.0}), (4, {"loss": 2.0})]
    else:
        assert found[0] == (8, {"loss": 1.5})
        assert [count for count, _ in found[1:]] == [0] * (size - 1)
