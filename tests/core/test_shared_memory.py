"""What shares memory shares its version cell, whatever function made it."""

import numpy as np
import pytest

import autograd as ag
import nn.functional as F
from tests.derivatives.cases import TABLES

RANDOM = np.random.default_rng(0)
SQUARE, IMAGES = RANDOM.normal(size=(4, 4)), RANDOM.normal(size=(1, 1, 4, 4))
ONE = RANDOM.normal(size=(1, 1))

#: Arguments at which a function may have nothing to do, and so return what it was given.
IDLE = {
    "einsum ij->ji": (lambda x: ag.einsum("ij->ji", x), SQUARE),
    "einsum ii->i": (lambda x: ag.einsum("ii->i", x), SQUARE),
    "einsum ij->ij": (lambda x: ag.einsum("ij->ij", x), SQUARE),
    "windows": (lambda x: ag.windows(x, 2), IMAGES),
    "windows of one": (lambda x: ag.windows(x, 1), IMAGES),
    "fold_windows of one": (lambda x: ag.fold_windows(ag.windows(x, 1), (4, 4)), IMAGES),
    "unfold 1×1": (lambda x: F.unfold(x, (1, 1)), IMAGES),
    "fold 1×1": (lambda x: F.fold(F.unfold(x, 1), (4, 4), 1), IMAGES),
    "avg_pool 1×1": (lambda x: ag.avg_pool(x, 1), IMAGES),
    "max_pool 1×1": (lambda x: ag.max_pool(x, 1), IMAGES),
    "adaptive_avg_pool": (lambda x: ag.adaptive_avg_pool(x, (4, 4)), IMAGES),
    "interpolate": (lambda x: ag.interpolate(x, (4, 4), "linear"), IMAGES),
    "pad by nothing": (lambda x: ag.pad(x, 0), SQUARE),
    "crop nothing": (lambda x: ag.crop(x, ((0, 0), (0, 0))), SQUARE),
    "pad_index": (lambda x: ag.pad_index(x, ((0, 0), (0, 0)), "circular"), SQUARE),
    "broadcast_to its shape": (lambda x: ag.broadcast_to(x, (4, 4)), SQUARE),
    "broadcast_to": (lambda x: ag.broadcast_to(x, (2, 4, 4)), SQUARE),
    "astype its dtype": (lambda x: ag.astype(x, np.float64), SQUARE),
    "roll by 0": (lambda x: ag.roll(x, 0), SQUARE),
    "repeat once": (lambda x: ag.repeat(x, 1, 0), SQUARE),
    "tile once": (lambda x: ag.tile(x, 1), SQUARE),
    "tile": (lambda x: ag.tile(x, (2, 1)), SQUARE),
    "sum of ones": (lambda x: ag.sum(x, axis=0, keepdims=True), ONE),
    "mean over none": (lambda x: ag.mean(x, axis=()), SQUARE),
    "sum over none": (lambda x: ag.sum(x, axis=()), SQUARE),
    "amax over none": (lambda x: ag.amax(x, axis=()), SQUARE),
    "max of one": (lambda x: ag.max(x, 0), ONE),
    "cumsum of one": (lambda x: ag.cumsum(x, 0), ONE),
    "concatenate one": (lambda x: ag.concatenate([x]), SQUARE),
    "stack one": (lambda x: ag.stack([x]), SQUARE),
    "diff of none": (lambda x: ag.diff(x, n=0), SQUARE),
    "matrix_power 1": (lambda x: ag.linalg.matrix_power(x, 1), SQUARE),
    "multi_dot one": (lambda x: ag.linalg.multi_dot([x, np.eye(4)]), SQUARE),
    "sort of one": (lambda x: ag.sort(x), ONE),
    "flip of one": (lambda x: ag.flip(x), ONE),
    "clip by nothing": (lambda x: ag.clip(x, None, 9.0), SQUARE),
    "around": (lambda x: ag.around(x), np.round(SQUARE)),
    "dropout none": (lambda x: F.dropout(x, 0.0), SQUARE),
    "dropout in evaluation": (lambda x: F.dropout(x, 0.5, training=False), SQUARE),
    "pixel_shuffle 1": (lambda x: F.pixel_shuffle(x, 1), IMAGES),
    "getitem": (lambda x: x[1:, ::2], SQUARE),
    "getitem ellipsis": (lambda x: x[...], SQUARE),
    "split": (lambda x: ag.split(x, 2)[1], SQUARE),
    "where": (lambda x: ag.where(True, x, 0.0), SQUARE),
    "resize": (lambda x: ag.resize(x, (4, 4)), SQUARE),
    "tril": (lambda x: ag.tril(x, 9), SQUARE),
    "positive": (lambda x: +x, SQUARE),
    "alias": (ag.alias, SQUARE),
}

CASES = [
    pytest.param(function, (x,), id=name) for name, (function, x) in IDLE.items()
] + [
    pytest.param(case.function, case.inputs, id=f"{table}.{name}")
    for table in ("autograd", "autograd.linalg", "nn.functional")
    for name, case in TABLES[table].items()
]  # fmt: skip


def flat(result):
    if isinstance(result, (tuple, list)):
        return [t for each in result for t in flat(each)]
    return [result] if isinstance(result, ag.Tensor) else []


@pytest.mark.parametrize(("function", "arrays"), CASES)
@pytest.mark.parametrize("recorded", [False, True])
def test_what_shares_memory_shares_its_version(function, arrays, recorded):
    inputs = [ag.tensor(x, dtype=np.float64, requires_grad=recorded) for x in arrays]
    results, again = flat(function(*inputs)), flat(function(*inputs))
    for k, result in enumerate(results):
        others = [*inputs, *results[:k], *again]
        for other in others:
            if np.shares_memory(result._data, other._data):
                assert result._version is other._version


@pytest.mark.parametrize(("function", "arrays"), CASES)
def test_a_write_into_an_input_is_noticed_or_changes_nothing(function, arrays):
    inputs = [ag.tensor(x, dtype=np.float64) for x in arrays]
    w = ag.tensor(2.0, dtype=np.float64, requires_grad=True)
    results = [t for t in flat(function(*inputs)) if t.dtype == np.float64 and t.size]
    right = sum([float((np.array(t.detach().numpy()) ** 2).sum()) for t in results])
    if not results:
        return
    z = sum([(t * w * t).sum() for t in results])
    for x in inputs:
        if x.ndim:
            x[...] = 7.0
    try:
        z.backward()
    except RuntimeError as error:
        assert "written into" in str(error)
    else:
        np.testing.assert_allclose(w.grad.item(), right, rtol=1e-12)


def test_a_view_that_may_be_written_into_is_watched_both_ways():
    for view in (lambda x: x.T, lambda x: ag.einsum("ij->ji", x), lambda x: x.reshape(16)):
        x = ag.tensor(SQUARE)
        w = ag.tensor(1.0, dtype=np.float64, requires_grad=True)
        out = (x * w).sum()
        view(x)[...] = 0.0
        with pytest.raises(RuntimeError, match="written into"):
            out.backward()


def test_a_result_on_the_memory_of_an_array_operand_is_a_copy():
    second = ag.primitive(lambda x, y: y, name="second")
    second.gradients(x=lambda g, x, y: g * 0.0 * y, y=lambda g, x: g)
    x = ag.tensor(np.ones(3), requires_grad=True)
    out = second(x, np.arange(3.0))
    kept = out.grad_node.saved[out.grad_node.plan.saved_names.index("y")]
    assert not np.shares_memory(out._data, kept)


def test_a_result_on_the_memory_of_two_tensors_is_a_copy():
    base = np.arange(6.0)
    x, y = ag.as_tensor(base[:3]), ag.as_tensor(base[3:])
    both = ag.primitive(lambda x, y: base[1:5], name="both")
    assert not np.shares_memory(both(x, y)._data, base)


def test_outputs_on_one_memory_have_one_cell():
    def halves(x):
        made = x * 2.0
        return made[:2], made[1:]

    a, b = ag.primitive(halves, outputs=2)(ag.ones(4))
    assert a._version is b._version is not None


def test_detached_tensors_share_and_copies_do_not():
    x = ag.tensor(np.ones(3), requires_grad=True)
    assert x.detach()._version is x._version
    for copy in (ag.tensor(x.detach()), x.copy(), ag.Tensor(np.asarray(x.detach()))):
        assert not np.shares_memory(copy._data, x._data) and copy._version is not x._version
    for view in (x.data, x.detach().numpy(), np.asarray(x.detach())):
        assert np.shares_memory(view, x._data) and not view.flags.writeable
