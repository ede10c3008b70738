"""L-BFGS against the dense update formula, Wolfe's conditions, PyTorch, and itself when resumed."""

import copy
import importlib

import numpy as np
import pytest

import autograd
import nn
from nn.optim import lbfgs

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


def point(t, loss, slope):
    return lbfgs._Point(t, loss, np.array([slope]), slope)


def test_how_much_is_enough():
    begin = point(0.0, 1.0, -2.0)
    for t in (0.5, 3.0):  # a ten-thousandth of what the slope promises
        assert lbfgs._too_high(point(t, 1 - 2 * t * 0.9995e-4, 0.0), begin)
        assert not lbfgs._too_high(point(t, 1 - 2 * t * 1.0005e-4, 0.0), begin)
    for sign in (1, -1):  # nine tenths of the slope
        assert lbfgs._flat_enough(point(1.0, 0.0, sign * 1.7995), begin)
        assert not lbfgs._flat_enough(point(1.0, 0.0, sign * 1.8005), begin)


@pytest.mark.parametrize(("curvature", "remembered"), [(0.9995e-10, 0), (1.0005e-10, 1)])
def test_a_change_without_curvature_is_not_remembered(curvature, remembered):
    state = {"n_iter": 2, "old_dirs": [], "old_stps": [], "ro": [], "H_diag": 1.0,
             "prev_flat_grad": np.array([1.0]), "d": np.array([1.0]), "t": 1.0}  # fmt: skip
    lbfgs._direction(state, np.array([1.0]) + curvature, 5)
    assert len(state["ro"]) == remembered


def test_the_least_of_a_cubic_is_found_from_two_points_in_either_order():
    for a, b, c in ((1.0, 0.0, -3.0), (0.2, 1.0, -2.0), (2.0, -7.0, 1.0)):
        f, df = np.poly1d([a, b, c, 0.5]), np.poly1d([3 * a, 2 * b, c])
        least = max(df.roots.real)
        for first, second in ((0.0, 2.5), (-0.3, 4.0), (least - 1.0, least + 0.1)):
            ends = [point(t, f(t), df(t)) for t in (first, second)]
            for x, y in (ends, ends[::-1]):
                assert lbfgs._cubic_minimum(x, y, -9.0, 9.0) == pytest.approx(least, rel=1e-9)
                assert lbfgs._cubic_minimum(x, y, -9.0, least - 0.5) == least - 0.5
                assert lbfgs._cubic_minimum(x, y, least + 0.5, 9.0) == least + 0.5
    rising = [point(0.0, 0.0, 1.0), point(1.0, 1.0, 1.5)]  # no least: the middle of the bounds
    assert lbfgs._cubic_minimum(*rising, 3.0, 8.0) == 5.5
    with np.errstate(all="ignore"):  # 0/0
        assert lbfgs._cubic_minimum(point(0.0, 0.0, -1.0), point(1.0, -0.5, -2.0), 2.0, 3.0) == 2.5


def both_searches(torch, rng, most):
    """One function of a number searched by PyTorch and by us: lengths, counts, and what was found."""
    a, b, c, d = rng.normal(size=4) * [1.0, 2.0, 0.3, 1.0]
    wall = 0.01 + 0.1 * abs(c)

    def f(t):
        return a * np.cos(b * t + d) + c * t * t + wall * t**4 + d * t

    def df(t):
        return -a * b * np.sin(b * t + d) + 2 * c * t + 4 * wall * t**3 + d

    down = -np.sign(df(0.0))
    start, narrow = 10 ** rng.uniform(-3, 2), rng.choice([1e-9, 1e-2])
    theirs, ours = [], []

    def asked(x, t, direction):
        theirs.append(t := float(t))
        return float(f(down * t)), torch.tensor([down * df(down * t)])

    def at(t):
        ours.append(float(t))
        return point(t, f(down * t), down * df(down * t))

    begin, one = point(0.0, f(0.0), down * df(0.0)), torch.ones(1, dtype=torch.float64)
    loss, _, t, count = importlib.import_module("torch.optim.lbfgs")._strong_wolfe(
        asked, 0 * one, start, one, begin.loss, begin.slope * one, begin.slope * one[0],
        tolerance_change=narrow, max_ls=most,
    )  # fmt: skip
    with np.errstate(all="ignore"):  # as in a step
        found, called = lbfgs._strong_wolfe(at, begin, start, narrow, most)
    return (ours, called, found.t, found.loss), (theirs, count, float(t), loss)


@pytest.mark.torch
@pytest.mark.parametrize("most", [0, 1, 2, 3, 25])
def test_every_length_that_is_tried_is_pytorchs(torch, most):
    """Waves and walls of many kinds: searches that bracket, zoom, get stuck near an end, and give up."""
    rng, counts = np.random.default_rng(most), set()
    for _ in range(150):
        ours, theirs = both_searches(torch, rng, most)
        assert ours[1] == theirs[1] == len(ours[0])
        for mine, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-6, atol=1e-12)
        counts.add(ours[1])
    assert len(counts) > min(most, 6)


def waves(x):
    """Hills and valleys: curved downwards where it begins."""
    return (2.0 * x.cos()).sum() + 0.1 * (x**4).sum() + (x[1:] * x[:-1]).sum()


@pytest.mark.torch
@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_steps_end_where_pytorchs_end(torch, search):
    rng, ends = np.random.default_rng(0), set()
    for k in range(60):
        options = {
            "lr": float(10 ** rng.uniform(-3, 0)), "max_iter": int(rng.integers(1, 8)),
            "max_eval": [None, int(rng.integers(1, 9))][k % 2], "line_search_fn": search,
            "tolerance_grad": float(10 ** rng.uniform(-7, 0)), "history_size": int(rng.integers(1, 5)),
            "tolerance_change": float(10 ** rng.uniform(-9, 0)),
        }  # fmt: skip
        start = rng.normal(size=4)
        x, losses = torch.tensor(start, requires_grad=True), []
        reference = torch.optim.LBFGS([x], **options)

        def their_closure(x=x, losses=losses, reference=reference):
            reference.zero_grad()
            loss = waves(x)
            loss.backward()
            losses.append(loss.item())
            return loss

        optimizer, closure, seen = made(start, waves, **options)
        for _ in range(
            2
        ):  # where hills are many, PyTorch's itself goes elsewhere for a change of 1e-13
            reference.step(their_closure)
            optimizer.step(closure)
        np.testing.assert_allclose(seen, losses, rtol=1e-7, err_msg=str(options))
        np.testing.assert_allclose(values(optimizer), x.detach().numpy(), rtol=1e-6)
        ends.add(len(seen))
    assert len(ends) > 6


def test_a_step_ends_at_its_tolerances():
    def calls(slope, **options):
        p, count = nn.Parameter(np.array([3.0, -1.0])), []
        optimizer = nn.optim.LBFGS([p], **options)

        def closure():
            count.append(1)
            optimizer.zero_grad()
            loss = (p * p * np.array([slope, 0.0])).sum() / 2 + (p * np.array([0.0, 1.0])).sum()
            loss.backward()
            return loss

        optimizer.step(closure)
        return len(count)

    assert calls(1.0, tolerance_grad=3.0) == 1  # no element is larger
    assert calls(1.0, tolerance_grad=2.999, max_iter=2) == 2
    # The first move is lr/4 times a gradient of 3 and 1.
    assert calls(1.0, lr=4e-3, tolerance_change=3.0005e-3) == 2
    assert calls(1.0, lr=4e-3, tolerance_change=2.9995e-3, max_iter=3) == 3


def test_a_parameter_without_a_gradient_stays():
    used, unused = nn.Parameter([3.0]), nn.Parameter([1.0, 2.0])
    optimizer = nn.optim.LBFGS([unused, used])

    def closure():
        optimizer.zero_grad()
        loss = (used * used).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    assert unused.tolist() == [1.0, 2.0] and abs(used.item()) < 1e-6


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"lr": -1.0}, "^LBFGS: lr must"), ({"lr": "a"}, "^LBFGS: lr must"),
        ({"tolerance_grad": -1.0}, "^LBFGS: tolerance_grad must"),
        ({"tolerance_change": -1.0}, "^LBFGS: tolerance_change must"),
        ({"tolerance_change": None}, "^LBFGS: tolerance_change must"),
        ({"max_iter": 1.5}, "^LBFGS: max_iter must"), ({"max_eval": 1.5}, "^LBFGS: max_eval must"),
        ({"history_size": "a"}, "^LBFGS: history_size must"),
        ({"line_search_fn": "armijo"}, "^LBFGS: line_search_fn must"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_option(options, words):
    with pytest.raises((TypeError, ValueError), match=words):
        made(**options)
    with pytest.raises(TypeError, match="^LBFGS: closure must be"):
        made()[0].step(3)
    with pytest.raises(ValueError, match="^LBFGS: its group has no parameters"):
        optimizer = made()[0]
        optimizer.param_groups[0]["params"].clear()
        optimizer.step(lambda: 0.0)


def test_a_quarter_more_calls_than_directions():
    for directions, calls in ((1, 1), (3, 3), (4, 5), (20, 25), (100, 125)):
        assert made(max_iter=directions)[0].param_groups[0]["max_eval"] == calls


def test_a_second_length_may_be_worse_than_the_first_and_a_third_not():
    def search(*found):
        left, lengths = list(found), []

        def at(t):
            lengths.append(t)
            return point(t, *left.pop(0))

        with np.errstate(all="ignore"):  # as in a step
            return lbfgs._strong_wolfe(at, point(0.0, 0.0, -1.0), 1.0, 1e-9, 25)[1], lengths

    calls, lengths = search((-0.5, -1.9), (-0.45, -2.0), (-5.0, 0.0))
    assert calls == 3 and lengths == sorted(lengths)
    # As high as the one before: from the third on that is a bracket.
    calls, lengths = search((-0.5, -1.9), (-0.6, -2.0), (-0.6, -1.5), (-5.0, 0.0))
    assert calls == 4 and lengths[1] < lengths[3] < lengths[2]
    for loss, end in ((0.0, 0.0), (-1e-6, 1.0)):  # nothing may be tried any more: the better one
        found, calls = lbfgs._strong_wolfe(
            lambda t, loss=loss: point(t, loss, -5.0), point(0.0, 0.0, -1.0), 1.0, 1e-9, 0
        )
        assert (found.t, calls) == (end, 1)


@pytest.mark.parametrize(
    ("first", "last", "narrow", "tried"),
    [(0.0, 1.0, 1.0, 1), (0.0, 1.0, 1.001, 0), (5.0, 5.5, 1.0, 0), (5.5, 5.0, 1.0, 0)],
)
def test_a_bracket_that_is_narrow_is_not_searched(first, last, narrow, tried):
    lengths = []

    def at(t):
        lengths.append(t)
        return point(t, -1.0, 0.0)

    ends = point(first, -0.5, -1.0), point(last, -0.4, 1.0)
    found, calls = lbfgs._zoom(at, point(0.0, 0.0, -1.0), ends, narrow, (0, 5))
    assert len(lengths) == tried and calls == tried + 1
    assert found.loss == (-1.0 if tried else -0.5)


def zoomed(ends, found, lengths_of_cubics=None, monkeypatch=None):
    """The lengths that a bracket is searched at, where every one is as is given, and the better end."""
    left, lengths, cubics = list(found), [], iter(lengths_of_cubics or ())
    if monkeypatch:
        monkeypatch.setattr(lbfgs, "_cubic_minimum", lambda *_: next(cubics))

    def at(t):
        lengths.append(t)
        return point(t, *left.pop(0))

    better, _ = lbfgs._zoom(at, point(0.0, 0.0, -1.0), ends, 1e-9, (0, len(left)))
    return lengths, better.t


def test_an_end_of_a_bracket_is_not_tried_again():
    for low, high, tried in ((1.0, 0.0, 0.9), (2.0, 3.0, 2.1)):
        ends = point(low, -2.0, np.sign(high - low)), point(high, 0.0, np.sign(high - low))
        lengths, _ = zoomed(ends, [(-3.0, 0.0)])
        assert lengths == pytest.approx([tried])


@pytest.mark.parametrize(
    ("cubics", "tried"),
    [
        ([1.0, 1.05], [1.0, 1.05]),  # a tenth of the bracket is far enough from its end
        ([0.9995, 1.05], [0.9995, 0.9995 + 0.90005]),  # twice in a row nearer
        ([9.0, 8.95], [9.0, 8.95]),
        ([9.0005, 8.95], [9.0005, 9.0005 - 0.90005]),
    ],
)
def test_twice_in_a_row_near_an_end_is_too_often(cubics, tried, monkeypatch):
    near_first = cubics[0] < 5
    ends = point(0.0, -0.5, -1.0), point(10.0, -0.4, 1.0)
    middle = (-0.6, -0.95) if near_first else (-0.45, 0.95)
    lengths, _ = zoomed(ends, [middle, (-3.0, 0.0)], cubics, monkeypatch)
    assert lengths == pytest.approx(tried, rel=1e-12)


def test_what_is_only_as_good_does_not_become_the_better_end(monkeypatch):
    ends = point(0.0, -0.5, -1.0), point(1.0, -0.4, 1.0)
    assert zoomed(ends, [(-0.5, -0.95)], [0.5], monkeypatch) == ([0.5], 0.0)
    assert zoomed(ends, [(-0.51, -0.95)], [0.5], monkeypatch) == ([0.5], 0.5)


@pytest.mark.torch
def test_what_is_not_said_is_as_in_pytorch(torch):
    theirs = torch.optim.LBFGS([torch.zeros(1, requires_grad=True)]).param_groups[0]
    (ours,) = made()[0].param_groups
    assert {n: v for n, v in ours.items() if n != "params"} == {
        n: v for n, v in theirs.items() if n != "params"
    }
