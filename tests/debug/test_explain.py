"""explain: contributions with their paths, which sum to the number."""

import math

import numpy as np
import pytest

import autograd as ag
from autograd.debug import explain
from autograd.debug.explain import _SHOWN, _WIDTH, Row, _broken


def t(value, **options):
    return ag.tensor(np.asarray(value, dtype=np.float64), requires_grad=True, **options)


def total_of(explanation):
    return sum(row.value for row in explanation.rows) + explanation.remainder


@pytest.mark.parametrize("depth", [1, 2, None])
@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_contributions_sum_to_the_gradient(model, depth, limit):
    loss, leaves = model()
    gradients = ag.grad(loss, leaves, retain_graph=True)
    for w, g in zip(leaves, gradients, strict=True):
        at = tuple(n // 2 for n in w.shape)
        found = explain(loss, w, at=at, limit=limit, depth=depth)
        right = float(g.numpy()[at])
        precision = 1e-4 if w.dtype == np.float32 else 1e-10
        assert math.isclose(found.total, right, rel_tol=1e-12)
        scale = max(abs(right), sum(abs(row.value) for row in found.rows))
        assert abs(total_of(found) - right) <= precision * max(scale, 1e-3)
        assert len(found.rows) <= limit
        for row in found.rows:
            product = row.gradient * math.prod(hop.slope for hop in row.path)
            assert math.isclose(row.value, product, rel_tol=1e-6)
            assert depth is None or len(row.path) <= depth
    assert all(w.grad is None for w in leaves)
    loss.backward()


def test_paths_of_a_small_expression_are_those_of_calculus():
    a, b = t(2.0), t(-3.0)
    found = explain((a * b + a) * 10.0 + ag.exp(a), a)
    rows = {tuple(hop.op for hop in row.path): row.value for row in found.rows}
    assert rows == {
        ("multiply", "add", "multiply", "add"): -30.0,
        ("add", "multiply", "add"): 10.0,
        ("exp", "add"): pytest.approx(math.exp(2.0)),
    }
    assert all(row.complete for row in found.rows) and found.hidden == 0


def test_x_times_x_has_two_contributions():
    x = t(3.0)
    assert [(r.value, r.path[0].name) for r in explain(x * x, x).rows] == [(3.0, "x"), (3.0, "y")]


def test_a_kernel_tap_is_explained_by_every_pixel_that_it_met():
    x = np.random.default_rng(0).normal(size=(1, 1, 5, 5))
    w = t(np.random.default_rng(1).normal(size=(1, 1, 3, 3)))
    g = np.random.default_rng(2).normal(size=(1, 1, 3, 3))
    out = ag.correlate(ag.tensor(x), w)
    found = explain(out, w, at=(0, 0, 1, 2), limit=9, depth=1, gradient=g)
    rows = {row.path[0].element: (row.path[0].slope, row.gradient) for row in found.rows}
    assert rows == {
        (0, 0, i, j): (x[0, 0, i + 1, j + 2], g[0, 0, i, j]) for i in range(3) for j in range(3)
    }
    assert found.hidden == 0


def test_max_pooling_passes_through_the_winner_only():
    x = t([[[[1.0, 5.0], [2.0, 3.0]]]])
    y = (ag.max_pool(x, 2) * 7.0).sum()
    assert [r.value for r in explain(y, x, at=(0, 0, 0, 1)).rows] == [7.0]
    loser = explain(y, x, at=(0, 0, 0, 0))
    assert loser.total == 0.0 and loser.rows == () and "no path leads" in loser.text()


def test_broadcast_and_reduced_elements_have_every_place_they_went_to():
    x, y = t(np.arange(1.0, 4.0)), t(2.0)
    found = explain((x * y).sum(), y, limit=5)
    assert sorted(r.value for r in found.rows) == [1.0, 2.0, 3.0]
    assert sorted(r.path[0].element for r in found.rows) == [(0,), (1,), (2,)]


def test_the_largest_are_listed_and_the_rest_is_summed():
    x, y = t(np.arange(1.0, 101.0)), t(2.0)
    found = explain((x * y).sum(), y, limit=3)
    assert [r.value for r in found.rows] == [100.0, 99.0, 98.0]
    assert found.hidden == 97 and found.remainder == 5050.0 - 297.0
    assert "97 smaller ones" in str(found)


def test_of_thousands_of_places_the_largest_are_listed_and_the_others_counted():
    w, places = t(1.0), np.arange(1.0, 5001.0)
    once = explain((w * places * places).sum(), w, limit=5)
    assert [row.value for row in once.rows] == [k**2 for k in range(5000, 4995, -1)]
    assert once.hidden == 4995 and once.total == total_of(once) == sum(places**2)
    # Eight splits a row: the first 40 places come in two halves, and those that were not split lead.
    y = w * places
    twice = explain((y * y).sum(), w, limit=5)
    assert [row.value for row in twice.rows] == [2 * k**2 for k in range(4960, 4955, -1)]
    assert twice.hidden == 5000 + 40 - 5 and twice.total == total_of(twice) == 2 * sum(places**2)


def test_nothing_is_split_that_cannot_be_listed_any_more():
    w = t(1.0)
    for places, hidden in (([9.0, 3.0], 2), ([11.0, 3.0], 3)):  # 2 · 11² is above 200
        y = w * np.array(places)
        found = explain((w * np.full(5, 200.0)).sum() + (y * y).sum(), w, limit=5)
        assert found.hidden == hidden and [row.value for row in found.rows] == [200.0] * 5
        assert total_of(found) == found.total == 1000.0 + 2 * sum(k * k for k in places)


def test_paths_that_carry_nothing_are_not_counted():
    x, w = t([1.0, -1.0, 2.0]), t(3.0)
    found = explain(ag.relu(x * w).sum(), w)
    assert sorted(r.value for r in found.rows) == [1.0, 2.0] and found.hidden == 0


def test_long_paths_are_shortened_where_they_are_printed():
    x = t(1.0)
    y = x
    for _ in range(30):
        y = y * 1.5
    (row,) = explain(y, x).rows
    assert len(row.path) == 30 and row.value == 1.5**30
    assert row.text().count("multiply") == 15 and "437.9 (through 15 more)" in row.text()


def test_long_rows_are_broken_before_a_sign_and_lose_nothing(models):
    loss, (w, *_) = models.convolutional()
    found = explain(loss, w, at=(0, 0, 1, 1), limit=2)
    lines = found.text().splitlines()
    assert max(map(len, lines)) <= 100 and len(lines) > 6
    assert all(" = " in line or line.lstrip().startswith("× ") for line in lines)
    (row, *_) = found.rows
    together = " ".join(line.strip() for line in row.text().splitlines())
    assert [together.count(f" by {hop.name}") > 0 for hop in row.path] == [True] * len(row.path)
    assert together.count(" × ") == len(row.path)


def test_the_gradient_of_the_loss_is_one_whatever_it_is():
    x = t([1.0, 2.0])
    loss = (x * x).sum()
    found = explain(loss, loss)
    assert found.rows == (Row(1.0, (), 1.0, True),)
    assert (found.total, found.hidden, found.remainder) == (1.0, 0, 0.0)


def test_inner_tensors_and_the_loss_itself_can_be_asked_about():
    a = t([2.0, 5.0])
    c = a * 3.0
    loss = (c * c).sum()
    assert explain(loss, c, at=1).total == 30.0
    assert [(r.value, r.complete) for r in explain(loss, loss).rows] == [(1.0, True)]


def test_modules_are_named_and_text_has_an_ascii_form(models):
    loss, (w, *_) = models.convolutional()
    found = explain(loss, w, at=(0, 0, 1, 1), limit=2)
    assert "net.conv1" in found.text() and "Σ" not in found.text(plain=True)
    found.text(plain=True).encode("ascii")


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: explain((x * x).sum(), x), ValueError, r"at=\(\) must be 1 integers.*\(2,\)"),
        (lambda x: explain((x * x).sum(), x, at=5), IndexError, r"at=5.*\(2,\)"),
        (lambda x: explain((x * x).sum(), x, at=0.5), ValueError, "at=0.5"),
        (lambda x: explain((x * x).sum(), x, at=0, limit=0), ValueError, "limit"),
        (lambda x: explain((x * x).sum(), x, at=0, depth=0), ValueError, "depth"),
        (lambda x: explain((x * x).sum(), 3), TypeError, "int"),
        (lambda x: explain((x * x).sum(), ag.tensor(1.0)), RuntimeError, "requires no gradient"),
        (lambda x: explain(x * x, x, at=0), RuntimeError, "one element"),
        (lambda x: explain(ag.tensor(1.0), x, at=0), RuntimeError, "does not require"),
    ],
)
def test_bad_questions_are_refused_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call(t([1.0, 2.0]))


def test_a_used_graph_says_so():
    x = t([1.0, 2.0])
    loss = (x * x).sum()
    loss.backward()
    with pytest.raises(RuntimeError, match="retain_graph"):
        explain(loss, x, at=0)


@pytest.mark.parametrize(
    ("f", "path", "words"),
    [
        (lambda x: ag.where(x > 0.5, ag.log(x), 0.0), ["log"], "0 × ∞: nothing arrives there"),
        (lambda x: 0.0 * ag.sqrt(x), ["sqrt"], "0 × ∞: nothing arrives there"),
        (lambda x: ag.sqrt(x * 0.0) * 2.0, ["multiply"], "∞ × 0: what arrives there is infinite"),
        (lambda x: ag.sqrt(ag.exp(x) * 0.0), ["exp", "multiply"], "∞ × 0"),
        (lambda x: 1 / x - 1 / x, ["divide", "subtract", "sum"], "∞ and −∞ meet in the sum"),
        (lambda x: x * float("nan"), ["multiply"], "the slope itself is NaN"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_nan_is_explained_by_the_path_on_which_it_began(f, path, words):
    x = t([1.0, 0.0])
    found = explain(f(x).sum(), x, at=1)
    assert math.isnan(found.total)
    assert [hop.op for hop in found.rows[0].path] == path
    assert found.rows[0].path[0].element == (1,)
    assert words in found.text() and "nothing: no path" not in found.text()


def test_a_nan_beside_an_element_is_no_part_of_it():
    x, w = t([0.0, 4.0]), t(np.array([[0.0, 1.0], [1.0, 0.0]]))
    found = explain(ag.sqrt(x).sum(), x, at=1)
    assert [(row.value, row.path[0].element) for row in found.rows] == [(0.25, (1,))]
    found = explain((ag.sqrt(x @ w) * ag.tensor([1.0, 0.0])).sum(), x, at=0)
    assert math.isnan(found.total)
    assert [hop.element for hop in found.rows[0].path] == [(1,), (1,)]
    assert found.rows[0].remark.startswith("0 × ∞")


@pytest.mark.parametrize("seed", range(5))
def test_lines_are_filled_and_no_wider_than_they_may_be(seed):
    random = np.random.default_rng(seed)
    factors = ["a" * int(n) for n in random.integers(1, 60, 30)]
    head = "1 = "
    full, due = head + factors[0], []
    for factor in factors[1:]:
        if len(f"{full} × {factor}") > _WIDTH:
            due.append(full)
            full = " " * (len(head) - 2) + f"× {factor}"
        else:
            full = f"{full} × {factor}"
    assert _broken(head, factors, ": end").splitlines() == [*due, full + ": end"]
    exact = ["a" * 10, "b" * (_WIDTH - len(head) - 10 - 3)]
    assert _broken(head, exact, "").count("\n") == 0
    assert _broken(head, [exact[0], exact[1] + "b"], "").count("\n") == 1


@pytest.mark.parametrize("more", [-1, 0, 1, 2])
def test_paths_are_shown_whole_up_to_a_length(more):
    count = _SHOWN + more
    a = y = t(2.0)
    for _ in range(count):
        y = y * 3.0
    said = str(explain(y, a))
    if more <= 0:
        assert said.count("multiply by x)") == count and "through" not in said
    else:
        assert said.count("multiply by x)") == _SHOWN - 1
        assert f"(through {more + 1} more)" in said
