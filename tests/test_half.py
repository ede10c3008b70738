"""float16: results and gradients are those of float64, rounded about once."""

import pickle
import warnings
import weakref

import numpy as np
import pytest

import autograd as ag
import nn
from autograd.spelling.names import FUNCTIONS
from tests import calls
from tests.half import (
    LIMIT,
    NOT_COMPARED,
    SIZES,
    call_errors,
    enlarged,
    errors,
    spacing,
    subjects,
)  # fmt: skip
from tests.pytorch_calls import ONE_STEP, PYTORCHS

SUBJECTS = subjects()


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda s: f"{s.name}-{s.make.__name__}")
def test_halves_are_rounded_about_once(subject):
    quick = subject._replace(sizes=[n for n in subject.sizes if n <= 4099] or subject.sizes)
    assert max(errors(quick)).units <= LIMIT


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("name", "function", "arguments"),
    [pytest.param(*entry, id=entry[0]) for entry in calls.EVERY if entry[0] not in NOT_COMPARED],
)
def test_halves_are_rounded_about_once_by_every_public_function(name, function, arguments):
    assert max((e.units for e in call_errors(name, function, arguments)), default=0.0) <= 1.01


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("factor", [1.0, 300.0])  # products of which are no halves
@pytest.mark.parametrize("name", PYTORCHS)
def test_halves_are_rounded_about_once_by_functions_under_pytorchs_names(name, factor):
    function, arguments = PYTORCHS[name]
    arguments = enlarged(arguments, factor)
    assert max((e.units for e in call_errors(name, function, arguments)), default=0.0) <= 1.01


def test_no_function_under_a_name_of_pytorchs_is_left_out():
    homes = ("spelling.arithmetic", "spelling.matrices", "spelling.reductions")
    found = {name for name, path in FUNCTIONS.items() if path.startswith(homes)}
    assert found - PYTORCHS.keys() == ONE_STEP


def test_what_is_not_compared_exists():
    assert set(NOT_COMPARED) <= {name for name, *_ in calls.EVERY}


@pytest.mark.parametrize("shape", [(3,), ()])
def test_gradients_of_several_passes_are_added_in_single_precision(shape):
    x = ag.tensor(np.ones(shape, np.float16), requires_grad=True)
    for _ in range(4099):
        (x * 1.0).sum().backward()
    assert x.grad.dtype == np.float16 and (x.grad.numpy() == 4100.0).all()  # to the nearest half
    x.grad *= 0.5  # written into: from here on what is there counts
    for _ in range(3):
        (x * 1.0).sum().backward()
    assert (x.grad.numpy() == 2052.0).all()  # 2050, and three more, to the nearest half
    x.grad = None
    for _ in range(2):
        (x * 1.0).sum().backward()
    assert (x.grad.numpy() == 2.0).all()
    with ag.no_grad():
        x.grad[...] = 7.0
    (x * 1.0).sum().backward()
    assert (x.grad.numpy() == 8.0).all()


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("function", [ag.tanh, ag.sigmoid, ag.exp, ag.sqrt, ag.softmax])
def test_rules_see_results_as_they_were_before_rounding(function, create_graph):
    numbers = np.float16([0.5, 4.7, 7.3])
    gradients = []
    for dtype in (np.float16, np.float64):
        x = ag.tensor(numbers.astype(dtype), requires_grad=True)
        seed = ag.tensor(np.array([1.0, 0.5, 1.0], dtype))
        gradients += ag.grad(function(x), x, seed, create_graph=create_graph)
    got, right = (g.detach().numpy().astype(float) for g in gradients)
    assert (abs(got - right) <= spacing(right)).all()


@pytest.mark.parametrize("name", ["sum", "logsumexp", "std", "cumsum", "mse_loss mean", "linear"])
def test_halves_by_the_hundred_thousand(name):
    for subject in SUBJECTS:
        if subject.name == name:
            assert max(errors(subject._replace(sizes=SIZES[-1:]))).units <= LIMIT


@pytest.mark.parametrize("create_graph", [False, True])
def test_contributions_to_a_half_are_added_in_single_precision(create_graph):
    x = ag.tensor(np.ones(3, np.float16), requires_grad=True)
    y = x * 1.0
    (g,) = ag.grad(ag.stack([y] * 4099).sum(), x, create_graph=create_graph)
    assert g.dtype == np.float16 and g.detach().tolist() == [4100.0] * 3  # to the nearest half


def test_gradients_of_halves_are_halves_for_hooks_and_steps():
    seen = []
    x = ag.tensor(np.ones(3, np.float16), requires_grad=True)
    y = x * 2.0
    y.register_hook(lambda g: seen.append(g.dtype))
    x.register_hook(lambda g: seen.append(g.dtype))
    y.retain_grad()
    y.sum().backward()
    assert seen == [np.float16] * 2
    assert y.grad.dtype == x.grad.dtype == np.float16 and x.grad.tolist() == [2.0] * 3
    for step in ag.backward_steps((x * x).sum()):
        assert step.gradient.dtype == np.float16
        assert all(c.value.dtype == np.float16 for c in step.contributions)


def test_small_gradients_pass_through_a_graph_of_halves_and_large_ones_too():
    x = ag.tensor(np.ones(4, np.float16), requires_grad=True)
    (x * 1e-3 * 1e-3 * 1e-3 * 1e4 * 1e4).sum().backward()  # 1e-9 on the way
    assert (abs(x.grad.numpy() - 0.1) <= spacing(0.1)).all()


@pytest.mark.parametrize("order", [2, 3])
def test_derivatives_of_higher_order_stay_halves(order):
    x = ag.tensor(np.float16([0.5, -1.5, 2.0]), requires_grad=True)
    exact = ag.tensor([0.5, -1.5, 2.0], dtype=np.float64, requires_grad=True)

    def derivative(x):
        y = 0.1 * (ag.logsumexp(x * x) + ag.softmax(x).prod() + ag.gelu(x).sum() + x.std())
        for _ in range(order):
            (g,) = ag.grad(y, x, create_graph=True)
            y = (g * g).sum()
        return g.detach().numpy()

    got, want = derivative(x), derivative(exact)
    assert got.dtype == np.float16
    np.testing.assert_allclose(got.astype(float), want, rtol=4e-3, atol=4e-3)


def test_a_network_of_halves_computes_without_warnings():
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.GELU("tanh"), nn.AvgPool2d(2), nn.Flatten(),
        nn.Linear(36, 5),
    ).half()  # fmt: skip
    x = ag.tensor(np.random.default_rng(0).normal(size=(8, 1, 8, 8)).astype(np.float16))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loss = nn.functional.cross_entropy(model(x), [0, 1, 2, 3, 4, 0, 1, 2])
        loss.backward()
    assert loss.dtype == np.float16
    assert all(p.grad.dtype == np.float16 and np.isfinite(p.grad.numpy()).all()
               for p in model.parameters())  # fmt: skip


def test_the_sum_before_rounding_goes_with_its_gradient():
    x = ag.ones(3, dtype="float16", requires_grad=True)
    for _ in range(2):
        (x * 2).sum().backward()
    kept = weakref.ref(x._node.unrounded[2])
    assert kept() is not None
    x.grad = None
    (x * 2).sum().backward()
    assert kept() is None


def test_a_model_turned_into_halves_has_gradients_in_halves():
    layer = nn.Linear(3, 2).half()
    x = ag.tensor(np.linspace(-1, 1, 12, dtype=np.float16).reshape(4, 3), requires_grad=True)
    for _ in range(2):
        (layer(x).astype(np.float32) ** 2).sum().backward()
        assert {t.grad.dtype for t in (layer.weight, layer.bias, x)} == {np.dtype(np.float16)}


def test_halves_are_halves_whichever_object_their_dtype_is():
    """NumPy has other objects that are equal to float16, and computes with them."""
    x = ag.tensor(np.linspace(0.1, 3.1, 4, dtype=np.float16))
    x._data = x._data.view(np.dtype(np.float16).newbyteorder("="))
    y = ag.tensor(x.data, np.float16, requires_grad=True)
    x.requires_grad_()
    assert x._node.dtype is not np.dtype(np.float16)
    for t in (x, y):
        (ag.tanh(t) * t).sum().backward()
        ag.exp(t).sum().backward()
    assert x.grad.dtype == np.float16
    np.testing.assert_array_equal(x.grad.data, y.grad.data)


@pytest.mark.parametrize("given", [
    lambda a: pickle.loads(pickle.dumps(a)), lambda a: a.astype(a.dtype.newbyteorder("=")),
    lambda a: a.astype(">f2"),
], ids=["pickled", "native", "swapped"])  # fmt: skip
@pytest.mark.parametrize(
    "make", [ag.tensor, ag.as_tensor, ag.Tensor, lambda a: ag.ones(3).half() * a]
)
def test_halves_are_halves_whatever_object_their_dtype_is(make, given):
    array = given(np.array([1.0, 2.0, 3.0], np.float16))
    x = make(array).detach().requires_grad_()
    (ag.sigmoid(x * array) * x).sum().backward()
    exact = ag.tensor([1.0, 2.0, 3.0], requires_grad=True)
    (ag.sigmoid(exact * exact.detach()) * exact).sum().backward()
    assert x.dtype == x.grad.dtype == np.float16
    np.testing.assert_allclose(x.grad.numpy().astype(float), exact.grad.numpy(), rtol=1e-3)


def test_a_model_of_halves_that_was_pickled_has_gradients_of_halves():
    model = pickle.loads(pickle.dumps(nn.Linear(3, 2).half()))
    x = pickle.loads(pickle.dumps(ag.ones(4, 3, dtype=np.float16)))
    model(x).sum().backward()
    assert {p.grad.dtype for p in model.parameters()} == {np.dtype(np.float16)}


def test_what_was_pickled_is_replayed():
    w = ag.tensor([1.0, 2.0])
    step = ag.func.replay(lambda x: x * w)
    for _ in range(3):
        step(ag.ones(2))
    w.copy_(pickle.loads(pickle.dumps(np.array([3.0, 4.0], np.float32))))
    assert step(pickle.loads(pickle.dumps(np.ones(2, np.float32)))).tolist() == [3.0, 4.0]
    assert step.replays == 2
