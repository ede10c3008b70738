"""L-BFGS against the dense update formula, Wolfe's conditions, PyTorch, and itself when resumed."""

import copy

import numpy as np
import pytest

import autograd
import nn

START = np.array([1.5, -0.7, 0.4, 2.0])
SCALES = np.array([1.0, 3.0, 0.5, 2.0])


def bowl(x):
    """Quadratic and quartic, with neighbours coupled; a tensor or an array."""
    return (SCALES * x * x).sum() + 0.1 * (x**4).sum() + (x[1:] * x[:-1]).sum()


def slope(x):
    around = np.concatenate([[0.0], x, [0.0]])
    return 2 * SCALES * x + 0.4 * x**3 + around[:-2] + around[2:]


def valley(x):
    """Rosenbrock's."""
    return ((1 - x[:-1]) ** 2 + 100 * (x[1:] - x[:-1] ** 2) ** 2).sum()


def made(start=START, function=bowl, **options):
    """Two parameters of one vector's values, an optimizer, its closure, and the losses it has seen."""
    first = nn.Parameter(np.array(start[:1]))
    rest = nn.Parameter(np.array(start[1:]).reshape(-1, 1))
    optimizer = nn.optim.LBFGS([first, rest], **options)
    seen = []

    def closure():
        optimizer.zero_grad()
        loss = function(autograd.concatenate([first, rest.reshape(-1)]))
        loss.backward()
        seen.append(loss.item())
        return loss

    return optimizer, closure, seen


def values(optimizer):
    return np.concatenate([p.data.ravel() for p in optimizer.param_groups[0]["params"]])


def dense(x, rate, count, history):
    """The points of BFGS, its matrix built anew each time from the last changes."""
    gradient, changes, points = slope(x), [], []
    for k in range(count):
        matrix = np.eye(len(x))
        for n, (s, y) in enumerate(changes[-history:]):
            if n == 0:
                matrix = (
                    matrix * (changes[-1][0] @ changes[-1][1]) / (changes[-1][1] @ changes[-1][1])
                )
            left = np.eye(len(x)) - np.outer(s, y) / (y @ s)
            matrix = left @ matrix @ left.T + np.outer(s, s) / (y @ s)
        move = -matrix @ gradient * rate * (min(1, 1 / np.abs(gradient).sum()) if k == 0 else 1)
        x = x + move
        new = slope(x)
        changes.append((move, new - gradient))
        gradient = new
        points.append(x)
    return points


@pytest.mark.parametrize("history", [1, 3, 100])
def test_steps_are_those_of_the_dense_formula(history):
    optimizer, closure, _ = made(lr=0.6, max_iter=1, history_size=history)
    for wanted in dense(START, 0.6, 8, history):
        optimizer.step(closure)
        np.testing.assert_allclose(values(optimizer), wanted, rtol=1e-9)


def test_many_iterations_of_one_step_are_many_steps():
    one, closure, seen = made(lr=0.6, max_iter=6, max_eval=100)
    first = one.step(closure)
    assert first.item() == seen[0] == bowl(START) and len(seen) == 6
    np.testing.assert_allclose(values(one), dense(START, 0.6, 6, 100)[-1], rtol=1e-9)
    (state,) = one.state.values()
    assert (state["n_iter"], state["func_evals"]) == (6, 6)


@pytest.mark.parametrize("lr", [1e-3, 0.3, 1.0, 50.0])
def test_every_line_search_keeps_the_strong_wolfe_conditions(lr):
    optimizer, closure, seen = made(
        lr=lr, max_iter=1, max_eval=40, line_search_fn="strong_wolfe", tolerance_change=0.0
    )
    for _ in range(6):
        before = values(optimizer)
        optimizer.step(closure)
        after = values(optimizer)
        promised = slope(before) @ (after - before)
        assert promised < 0
        assert bowl(after) <= bowl(before) + 1e-4 * promised
        assert abs(slope(after) @ (after - before)) <= 0.9 * abs(promised)
    assert seen[-1] < seen[0]


def test_a_narrow_valley_is_gone_through():
    optimizer, closure, seen = made(
        [-1.2, 1.0, 0.7], valley, max_iter=60, tolerance_change=1e-12, line_search_fn="strong_wolfe"
    )
    optimizer.step(closure)
    np.testing.assert_allclose(values(optimizer), 1.0, atol=1e-6)
    assert len(seen) < 75


@pytest.mark.parametrize(
    ("options", "calls"),
    [
        ({"max_iter": 4, "lr": 0.1}, 4),
        ({"max_iter": 9, "max_eval": 3, "lr": 0.1}, 3),
        ({"tolerance_grad": 1e3}, 1),
        ({"tolerance_change": 1e3, "max_iter": 1}, 1),
        ({"tolerance_change": 2.0, "lr": 0.1}, 2),
    ],
)
def test_a_step_ends_where_it_is_told_to(options, calls):
    optimizer, closure, seen = made(**options)
    optimizer.step(closure)
    assert len(seen) == calls
    still = options.get("tolerance_grad", 0) == 1e3 or options.get("tolerance_change", 0) == 1e3
    assert np.array_equal(values(optimizer), START) == still


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_it_goes_on_from_a_saved_state(search, tmp_path):
    options = {"lr": 0.4, "max_iter": 3, "history_size": 4, "line_search_fn": search}
    whole, closure, seen = made(**options)
    for _ in range(2):
        whole.step(closure)
    saved, at = whole.state_dict(), values(whole)
    nn.train.save_state(saved, tmp_path / "state.npz")
    seen.clear()
    for _ in range(2):
        whole.step(closure)
    again, closure, new = made(at, **options)
    again.load_state_dict(nn.train.load_state(tmp_path / "state.npz"))
    for _ in range(2):
        again.step(closure)
    assert new == seen
    np.testing.assert_array_equal(values(again), values(whole))


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_parameters_keep_their_precision(dtype):
    p = nn.Parameter(np.array([3.0, -2.0], dtype))
    optimizer = nn.optim.LBFGS([p], line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = ((p - 1) ** 2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    assert p.dtype == dtype
    np.testing.assert_allclose(p.data.astype(float), 1.0, atol=1e-3)
    assert optimizer.state[p]["d"].dtype == np.float32


def test_a_loss_that_is_not_finite_ends():
    p = nn.Parameter([1.0])
    optimizer = nn.optim.LBFGS([p], lr=1e300, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = (p**4 + p).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 2.0


def test_what_cannot_be_is_refused():
    optimizer, closure, _ = made()
    with pytest.raises(TypeError, match=r"LBFGS: step\(closure\) needs a function"):
        optimizer.step()
    with pytest.raises(ValueError, match="LBFGS: all parameters are one group"):
        optimizer.add_param_group({"params": [nn.Parameter([1.0])]})
    with pytest.raises(TypeError, match="closure must return the loss, one number; got None"):
        optimizer.step(lambda: None)
    with pytest.raises(ValueError, match="line_search_fn"):
        made(line_search_fn="armijo")
    for name in ("max_iter", "max_eval", "history_size"):
        with pytest.raises(ValueError, match=f"LBFGS: {name}"):
            made(**{name: 0})
    optimizer.step(closure)
    state = optimizer.state_dict()
    for name, bad in [
        ("d", np.zeros(3)),
        ("old_dirs", [np.zeros(2)]),
        ("t", "far"),
        ("ro", 1.0),
        ("n_iter", None),
    ]:
        with pytest.raises(TypeError, match=f"LBFGS.load_state_dict: '{name}' does not fit 4"):
            optimizer.load_state_dict({**state, "state": {0: {**state["state"][0], name: bad}}})


@pytest.mark.torch
@pytest.mark.parametrize("search", [None, "strong_wolfe"])
@pytest.mark.parametrize("function", [bowl, valley])
def test_it_goes_where_pytorchs_goes(torch, function, search):
    options = {"lr": 0.9, "max_iter": 4, "history_size": 3, "line_search_fn": search}
    if function is valley:
        options["lr"] = 1.0 if search else 0.002
    first = torch.tensor(START[:1], requires_grad=True)
    rest = torch.tensor(START[1:].reshape(-1, 1), requires_grad=True)
    reference = torch.optim.LBFGS([first, rest], **options)
    losses = []

    def their_closure():
        reference.zero_grad()
        x, scales = torch.cat([first, rest.reshape(-1)]), torch.tensor(SCALES)
        loss = (scales * x * x).sum() + 0.1 * (x**4).sum() + (x[1:] * x[:-1]).sum()
        loss = valley(x) if function is valley else loss
        loss.backward()
        losses.append(loss.item())
        return loss

    optimizer, closure, seen = made(function=function, **options)
    for _ in range(3):
        reference.step(their_closure)
        optimizer.step(closure)
    np.testing.assert_allclose(seen, losses, rtol=1e-8)
    at = torch.cat([first, rest.reshape(-1)]).detach().numpy().copy()
    state = copy.deepcopy(reference.state_dict())
    losses.clear()
    reference.step(their_closure)
    moved, closure, seen = made(at, function, **options)
    moved.load_state_dict(state)
    moved.step(closure)
    np.testing.assert_allclose(seen, losses, rtol=1e-8)
