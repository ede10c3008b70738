"""The other names: what they refuse, and what they cost."""

import copy
import importlib
import pickle

import numpy as np
import pytest

import autograd as ag
from autograd._names import WHERE
from autograd.spelling import in_place
from autograd.spelling.names import FUNCTIONS, METHODS, READINGS

X = ag.tensor(np.arange(24.0).reshape(2, 3, 4))


def test_every_name_is_there_and_says_what_it_does():
    for name, path in {**FUNCTIONS, **READINGS}.items():
        module, _, inner = path.rpartition(".")
        found = getattr(ag, name)
        assert getattr(importlib.import_module(f"autograd.{module}"), inner) is not None
        assert name in dir(ag) and found.__doc__, name
    for name in METHODS:
        assert name in dir(X)
        assert getattr(type(X), name).__doc__, name
    assert not FUNCTIONS.keys() & WHERE.keys()
    assert set(in_place.NAMES) == {n for n in METHODS if n.endswith("_") and n != "share_memory_"}


def test_names_of_pytorch_can_be_pickled():
    for name in ("cat", "unsqueeze", "max", "std", "masked_fill", "chunk", "gather", "split"):
        function = getattr(ag, name)
        assert pickle.loads(pickle.dumps(function)) is function


def test_size_is_a_number_that_can_be_called():
    assert X.size == 24 and isinstance(X.size, int) and X.size() == (2, 3, 4) and X.size(-1) == 4
    assert X.size(dim=1) == 3 and f"{X.size}" == "24" and X.size // 2 == 12
    assert type(pickle.loads(pickle.dumps(X.size))) is int and copy.deepcopy(X.size) == 24
    assert ag.tensor(1.0).size() == () and ag.zeros(0, 3).size == 0 and np.zeros(X.size).size == 24
    with pytest.raises(IndexError, match="^size: dim 3 is out of range"):
        X.size(3)
    for n in range(5000):  # more shapes than are remembered
        assert ag.as_tensor(np.empty((0, n))).size() == (0, n)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: X.cuda(), RuntimeError, "^cuda: there is no GPU here"),
        (lambda: X.to("cuda"), RuntimeError, "^device 'cuda': there is no GPU here"),
        (lambda: X.to("cuda:1", ag.float32), RuntimeError, "there is no GPU here"),
        (lambda: X.to(0), RuntimeError, "^device 'cuda:0': there is no GPU here"),
        (lambda: X.to(device="mps"), RuntimeError, "there is no GPU here"),
        (lambda: ag.zeros(2, device="cuda"), RuntimeError, "there is no GPU here"),
        (lambda: ag.device("cuda"), RuntimeError, "there is no GPU here"),
        (lambda: ag.cuda.Stream(), AttributeError, "^cuda.Stream: there is no GPU here"),
        (lambda: X.to("nonsense"), TypeError, "^to: dtype='nonsense' is not a dtype"),
        (lambda: X.view(np.int64), TypeError, "^view: the bits of a tensor cannot be read"),
        (lambda: X.view(5, 5), ValueError, "^reshape: 24 elements"),
        (lambda: X.expand(4), ValueError, r"^expand: sizes \(4,\) are fewer"),
        (lambda: X.expand(-1, 2, 3, 4), ValueError, "^expand: −1 keeps a length"),
        (lambda: X.t(), ValueError, "^t: expected at most two axes"),
        (lambda: X.mm(X), ValueError, "^mm: x must have 2 axes"),
        (lambda: X.bmm(X[:1]), ValueError, "^bmm: stacks of 2 and 1 matrices"),
        (lambda: X.split([1, 1], dim=1), ValueError, r"^split: the lengths \[1, 1\] add up to 2"),
        (lambda: X.narrow(1, 2, 5), IndexError, "^narrow: 5 places from 2 on"),
        (lambda: X.masked_fill(X, 0.0), TypeError, "^masked_fill: mask must be of bools"),
        (lambda: X.unsqueeze_(0), TypeError, r"^unsqueeze_: .* write x = x.unsqueeze\(dim\)"),
        (lambda: ag.from_numpy([1.0]), TypeError, "^from_numpy: expected a NumPy array"),
        (lambda: ag.multinomial(ag.tensor([1.0, 0.0]), 2), ValueError, "without replacement"),
        (lambda: ag.bernoulli(ag.tensor([2.0])), ValueError, "^bernoulli: probabilities"),
        (lambda: ag.transpose(X, 0, 1, 2), TypeError, "^transpose: give the order"),
        (lambda: ag.nn, AttributeError, "write import nn"),
        (lambda: ag.save, AttributeError, r"write nn\.save"),
        (lambda: ag.optim, AttributeError, r"write nn\.optim"),
    ],
)
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


# In place -----------------------------------------------------------------------------------------


def test_leaves_and_views_refuse_to_change_in_place():
    leaf = ag.tensor([1.0, 2.0], requires_grad=True)
    h = leaf * 2
    view = h[:1]
    for change in (lambda t: t.add_(1), lambda t: t.relu_(), lambda t: t.zero_(),
                   lambda t: t.clamp_(0, 1), lambda t: t.copy_(t)):  # fmt: skip
        with pytest.raises(RuntimeError, match="_: this tensor requires a gradient, and writing"):
            change(leaf)
        for t in (h, view):
            with pytest.raises(RuntimeError, match="_: this tensor shares its memory"):
                change(t)
    whole = ag.ones(2, 2)
    with pytest.raises(RuntimeError, match=r"^mul_: this tensor shares .*write x = x\.mul\("):
        whole[0].mul_(leaf)
    with pytest.raises(ValueError, match=r"^add_: a result of shape \(2, 2\) does not fit"):
        ag.ones(2).add_(ag.ones(2, 2))


def test_under_no_grad_leaves_are_written_into():
    w = ag.tensor([1.0, -2.0], requires_grad=True)
    same = w.detach()
    with ag.no_grad():
        w.mul_(2).add_(1.0, alpha=3).clamp_(min=0).sub_(ag.tensor([1.0, 1.0]))
        assert w.copy_(ag.tensor([3.0, 5.0])) is w
    assert w.tolist() == [3.0, 5.0] == same.tolist() and w.requires_grad and w.is_leaf


def test_a_write_is_noticed_by_backward():
    w = ag.tensor([1.0, 2.0], requires_grad=True)
    y = (w * w).sum()
    with ag.no_grad():
        w.zero_()
    with pytest.raises(RuntimeError, match="multiply"):
        y.backward()


def test_random_fillers_are_seeded_and_stay_within_their_bounds():
    def drawn():
        ag.manual_seed(3)
        x = ag.empty(1000)
        return [x.uniform_(-2, 3).tolist(), x.normal_(5, 0.5).tolist(), x.exponential_().tolist(),
                x.bernoulli_(0.3).tolist()]  # fmt: skip

    uniform, normal, exponential, bernoulli = drawn()
    assert drawn() == [uniform, normal, exponential, bernoulli]
    assert -2 <= min(uniform) < -1.9 and 2.9 < max(uniform) <= 3
    assert abs(np.mean(normal) - 5) < 0.1 and abs(np.std(normal) - 0.5) < 0.05
    assert min(exponential) >= 0 and abs(np.mean(exponential) - 1) < 0.15
    assert set(bernoulli) == {0.0, 1.0} and abs(np.mean(bernoulli) - 0.3) < 0.05


def test_draws_without_replacement_follow_the_weights():
    ag.manual_seed(0)
    weights = ag.tensor([[1.0, 2.0, 0.0, 1.0], [0.0, 0.0, 1.0, 3.0]])
    first = np.zeros((2, 4))
    for _ in range(500):
        rows = ag.multinomial(weights, 2).numpy()
        assert (rows[:, 0] != rows[:, 1]).all()
        first[[0, 1], rows[:, 0]] += 1
    np.testing.assert_allclose(first / 500, [[0.25, 0.5, 0, 0.25], [0, 0, 0.25, 0.75]], atol=0.08)
    many = ag.multinomial(weights, 4000, replacement=True).numpy()
    np.testing.assert_allclose(
        np.bincount(many[0], minlength=4) / 4000, [0.25, 0.5, 0, 0.25], atol=0.04
    )


# The graph ----------------------------------------------------------------------------------------


def test_backward_from_several_tensors_goes_through_what_they_share_once():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    h = x * x
    seen = []
    h.register_hook(lambda g: seen.append(g.tolist()))
    ag.autograd.backward([h.sum(), h], [None, ag.tensor([10.0, 20.0])])
    assert seen == [[11.0, 21.0]] and x.grad.tolist() == [22.0, 84.0]
    with pytest.raises(ValueError, match="^backward: 1 grad_tensors for 2 tensors"):
        ag.backward([h, h], [None])
    with pytest.raises(TypeError, match="^backward: tensors must be"):
        ag.backward("h")
    y = x * 3.0
    ag.backward(y, ag.ones(2), inputs=[x])
    assert x.grad.tolist() == [25.0, 87.0]


def test_saved_tensors_can_be_kept_elsewhere(tmp_path):
    x = ag.tensor([1.0, 2.0, 3.0], requires_grad=True)
    files = []

    def pack(t):
        files.append(tmp_path / f"{len(files)}.npy")
        np.save(files[-1], t.numpy())
        return files[-1]

    with ag.graph.saved_tensors_hooks(pack, lambda file: ag.tensor(np.load(file))):
        y = (x * x * ag.stack([x, x])).sum()
    assert files and not any(isinstance(v, np.ndarray) for v in y.grad_node.parents[0].saved)
    y.backward(retain_graph=True)
    y.backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * 6 * x.detach().numpy() ** 2)
    (first,) = ag.grad((x * x).sum(), x, create_graph=True)
    assert first.tolist() == [2.0, 4.0, 6.0]


def test_saved_tensors_hooks_check_what_comes_back():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    with ag.saved_tensors_hooks(lambda t: t, lambda t: None):
        y = (x * x).sum()
    with pytest.raises(
        RuntimeError, match="^multiply: unpack must return a tensor .* got NoneType"
    ):
        y.backward()
    with pytest.raises(TypeError, match="^saved_tensors_hooks: unpack must be a function"):
        ag.saved_tensors_hooks(abs, 3)
    z = (x * x).sum()  # outside, nothing is packed
    z.backward()
    assert x.grad.tolist() == [2.0, 4.0]


def test_second_derivatives_of_what_was_packed():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    with ag.saved_tensors_hooks(lambda t: t.numpy().copy(), ag.tensor):
        y = (x * x * x).sum()
    (g,) = ag.grad(y, x, create_graph=True)
    (h,) = ag.grad(g.sum(), x)
    assert g.tolist() == [3.0, 12.0] and h.tolist() == [6.0, 12.0]


def nan_on_the_way_back():
    x = ag.tensor([0.0, 4.0], requires_grad=True)
    return x, (ag.sqrt(x) * ag.tensor([0.0, 1.0])).sum()


def test_anomaly_mode_names_the_line_and_is_left_behind():
    with ag.detect_anomaly():
        x, y = nan_on_the_way_back()
        with pytest.raises(RuntimeError, match=r"(?s)sqrt sends NaN at \[0\].*test_names.py"):
            y.backward()
        with pytest.raises(RuntimeError, match="sqrt sends NaN"):
            ag.grad(y, x)
    x, y = nan_on_the_way_back()
    y.backward()
    assert np.isnan(x.grad.numpy()[0])
    with ag.detect_anomaly(check_nan=False):
        x, y = nan_on_the_way_back()
        y.backward()
        assert y.grad_node.record is None or y.grad_node.record.lineno
    infinite = ag.tensor([0.0], requires_grad=True)
    with ag.detect_anomaly():
        ag.sqrt(infinite).sum().backward()  # ∞ is no NaN
    assert infinite.grad.tolist() == [np.inf]


def test_anomaly_mode_can_be_switched():
    ag.set_detect_anomaly(True)
    try:
        with ag.autograd.set_detect_anomaly(False):
            nan_on_the_way_back()[1].backward()
        with pytest.raises(RuntimeError, match="sqrt sends NaN"):
            nan_on_the_way_back()[1].backward()
    finally:
        ag.set_detect_anomaly(False)
    nan_on_the_way_back()[1].backward()


# dtypes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [np.int64, np.int32, np.uint8, np.bool_])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_integer_tensors_take_the_precision_of_floats(kind, dtype):
    whole, x = ag.tensor(np.array([1, 1], kind)), ag.tensor(np.array([0.5, 2.5], dtype))
    for y in (whole * x, x + whole, x / whole, whole / x, x**whole, ag.where([True, False], whole, x),
              ag.cat([whole, x]), ag.stack([x, whole]), ag.maximum(whole, x), whole @ x,
              ag.einsum("i,i->", whole, x), ag.lerp(x, whole, 0.5), x.masked_fill(whole > 0, 1)):  # fmt: skip
        assert y.dtype == dtype
    scalar = ag.tensor(np.array(1, kind))
    assert (scalar * x).dtype == (x / scalar).dtype == dtype


def test_integers_by_integers_give_the_default_float():
    i = ag.tensor([1, 2])
    for default in ("float32", "float64"):
        with ag.default_dtype(default):
            for y in (i / i, i / 2, 1 / i, i.true_divide(i), ag.tensor(1) / ag.tensor(2), i * 0.5):
                assert y.dtype == default
    assert i.to(ag.float64).dtype == i.double().dtype == np.float64
    assert i.to(ag.float32) is not i and i.to(ag.int64) is i and i.to(i) is i
    assert i.type() == "torch.LongTensor" and i.type("torch.FloatTensor").dtype == ag.float32


def test_softmax_over_several_axes():
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    t = ag.tensor(x, requires_grad=True)
    together = np.exp(x) / np.exp(x).sum((0, 2), keepdims=True)
    np.testing.assert_allclose(ag.softmax(t, (0, 2)).detach().numpy(), together, rtol=1e-12)
    np.testing.assert_allclose(
        ag.log_softmax(t, [-1, 0]).detach().numpy(), np.log(together), rtol=1e-12
    )
    assert ag.func.gradcheck(lambda x: ag.softmax(x, (0, 2)), t)
    with pytest.raises(ValueError, match="^softmax: axis .* names an axis twice"):
        ag.softmax(t, (0, -3))


def test_brackets_that_join():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    joined = ag.r_[x, 5.0, 0:2]
    assert joined.tolist() == np.r_[[1.0, 2.0], 5.0, 0:2].tolist() and joined.dtype == np.float32
    assert ag.r_[0:1:3j].tolist() == [0.0, 0.5, 1.0] and ag.r_[1:3].dtype == np.int64
    columns = ag.c_[x, x * 10.0]
    assert columns.tolist() == [[1.0, 10.0], [2.0, 20.0]]
    (joined.sum() + columns.sum()).backward()
    assert x.grad.tolist() == [12.0, 12.0]
    with pytest.raises(TypeError, match="^r_: directives such as 'r' are NumPy's only"):
        ag.r_["r", x]
    for numpys in (np.r_, np.c_):
        with pytest.raises(RuntimeError, match="autograd.r_ and autograd.c_ keep it"):
            numpys[x, 1.0]


def test_partition_puts_the_kth_in_its_place():
    x = np.random.default_rng(1).permutation(20).astype(float).reshape(4, 5)
    for kth in (2, -1, [0, 3]):
        got = np.partition(ag.tensor(x), kth, axis=1).numpy()
        np.testing.assert_array_equal(
            got[:, np.atleast_1d(kth)], np.partition(x, kth, axis=1)[:, np.atleast_1d(kth)]
        )
    for kth in (5, -6):
        with pytest.raises(ValueError, match=f"^partition: kth={kth} is out of range"):
            ag.partition(x, kth)
