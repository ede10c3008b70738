"""Splitting, repeating, rolling, padding and stacking, against NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag

from .support import check, check_values, normal

X = normal(2, 4, 3)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("split", (2, 1)),
        ("split", ([1, 3], 1)),
        ("split", ([0, 7], 2)),
        ("split", ([3, 1], 1)),
        ("array_split", (3, 1)),
        ("array_split", (5, 2)),
        ("vsplit", (2,)),
        ("hsplit", (2,)),
        ("hsplit", ([1],)),
        ("dsplit", (3,)),
        ("unstack", ()),
    ],
)
def test_splitting(name, arguments):
    function = getattr(ag, name)
    oracle = getattr(np, name, lambda x: list(x))
    if name == "unstack":
        oracle = list
    check(
        lambda x: [p * 2 for p in function(x, *arguments)],
        lambda x: [p * 2 for p in oracle(x, *arguments)],
        X,
    )


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("tile", (2,)),
        ("tile", ((2, 1, 3),)),
        ("tile", ((2, 1, 1, 2),)),
        ("tile", ((0, 2),)),
        ("repeat", (2,)),
        ("repeat", (3, 1)),
        ("repeat", ([1, 0, 2, 1], 1)),
        ("repeat", ([2], 0)),
        ("roll", (2,)),
        ("roll", (-1, 1)),
        ("roll", ((1, -5), (0, 2))),
        ("roll", (2, (0, 1))),
        ("atleast_1d", ()),
        ("atleast_2d", ()),
        ("atleast_3d", ()),
        ("matrix_transpose", ()),
        ("append", (np.ones((2, 4, 1), np.float32), 2)),
        ("append", (np.ones(2, np.float32),)),
    ],
)
def test_rearranging(name, arguments):
    check(
        lambda x: getattr(ag, name)(x, *arguments) * 2,
        lambda x: getattr(np, name)(x, *arguments) * 2,
        X,
    )


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_lifting(shape):
    for name in ("atleast_1d", "atleast_2d", "atleast_3d"):
        check(
            lambda x: getattr(ag, name)(x) * 2,  # noqa: B023
            lambda x: getattr(np, name)(x) * 2,  # noqa: B023
            np.asarray(normal(*shape)),
        )


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 3, 2)])
@pytest.mark.parametrize("name", ["vstack", "hstack", "dstack", "column_stack"])
def test_stacking(name, shape):
    if name == "column_stack" and len(shape) == 3:
        return
    check(
        lambda *xs: getattr(ag, name)(xs) * 2,
        lambda *xs: getattr(np, name)(xs) * 2,
        normal(*shape),
        normal(*shape),
    )


@pytest.mark.parametrize("indexing", ["xy", "ij"])
@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_meshgrid(indexing, sparse, count):
    check(
        lambda *xs: [g * 2 for g in ag.meshgrid(*xs, indexing=indexing, sparse=sparse)],
        lambda *xs: [g * 2 for g in np.meshgrid(*xs, indexing=indexing, sparse=sparse)],
        *[normal(n) for n in (3, 2, 4)[:count]],
    )


def test_broadcast_arrays():
    check(
        lambda *xs: [a * 2 for a in ag.broadcast_arrays(*xs)],
        lambda *xs: [a * 2 for a in np.broadcast_arrays(*xs)],
        normal(2, 1),
        normal(3),
    )


# Padding ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "symmetric", "wrap"])
@pytest.mark.parametrize("width", [1, (2, 1), ((1, 0), (0, 2), (2, 2)), ((5, 9), (0, 0), (7, 0))])
def test_pad(mode, width):
    check(lambda x: ag.pad(x, width, mode) * 2, lambda x: np.pad(x, width, mode) * 2, X)


def test_pad_with_constants():
    values = ((1, 2), (3, 4), (5, 6))
    for given_ in (1.5, (1, 2), values):
        check(
            lambda x: ag.pad(x, 2, constant_values=given_),  # noqa: B023
            lambda x: np.pad(x, 2, constant_values=given_),  # noqa: B023
            X,
        )


@given(st.data())
def test_roll_any_way(data):
    shape = tuple(data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=3)))
    axes = tuple(data.draw(st.permutations(range(len(shape)))))
    shifts = tuple(data.draw(st.integers(-9, 9)) for _ in axes)
    x = np.arange(float(np.prod(shape))).reshape(shape)
    check_values(lambda t: ag.roll(t, shifts, axes), lambda a: np.roll(a, shifts, axes), x)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ag.split(X, 3, 1), ValueError, r"^split: axis 1 .* cannot be cut into 3 equal"),
        (lambda: ag.split(X, 0), ValueError, "^split: indices_or_sections must be a positive"),
        (lambda: ag.split(X, "a"), TypeError, "^split: indices_or_sections must be"),
        (lambda: ag.split(X, [0.5]), TypeError, r"^split: indices_or_sections\[0\] must be"),
        (lambda: ag.split(X, 2, 5), IndexError, "^split: axis 5 is out of range"),
        (lambda: ag.dsplit(X[0], 1), ValueError, "^dsplit: x must have 3 or more axes"),
        (lambda: ag.tile(X, -1), ValueError, r"^tile: reps=\(-1,\) has the negative size"),
        (lambda: ag.tile(X, 2**60), ValueError, "^tile: shape .* needs"),
        (lambda: ag.tile(X, 1.5), TypeError, "^tile: reps must be an integer"),
        (lambda: ag.repeat(X, [1, 2], 1), ValueError, "^repeat: 2 repeats for the 4 places"),
        (lambda: ag.repeat(X, -1), ValueError, "^repeat: .*negative"),
        (lambda: ag.repeat(X, 2**61), ValueError, "^repeat: shape .* needs"),
        (lambda: ag.roll(X, (1, 2), 0), ValueError, "^roll: shift must be"),
        (lambda: ag.roll(X, 1, 3), IndexError, "^roll: axis 3 is out of range"),
        (lambda: ag.pad(X, -1), ValueError, "^pad: pad_width"),
        (lambda: ag.pad(X, [1, 2, 3]), ValueError, "^pad: pad_width must be a number, a pair"),
        (lambda: ag.pad(X, 1, "mirror"), ValueError, "^pad: mode must be one of"),
        (lambda: ag.pad(np.zeros(0), 1, "edge"), ValueError, "^pad: axis 0 .* is empty"),
        (lambda: ag.pad(X, 2**50), ValueError, "^pad: shape .* needs"),
        (lambda: ag.meshgrid(X), ValueError, r"^meshgrid: vectors\[0\] has shape"),
        (lambda: ag.meshgrid(X[0, 0], indexing="yx"), ValueError, "^meshgrid: indexing must be"),
        (lambda: ag.vstack(1.0), TypeError, "^vstack: arrays must be a sequence"),
        (lambda: ag.hstack([]), ValueError, "^hstack: arrays is empty"),
        (lambda: ag.matrix_transpose(X[0, 0]), ValueError, "^matrix_transpose: x needs two axes"),
        (
            lambda: ag.broadcast_arrays(X, np.ones(2)),
            ValueError,
            "^broadcast_arrays: shapes .* do not broadcast",
        ),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_tiled_set_may_be_written_into_and_its_source_does_not_see_it():
    x = ag.arange(3).reshape(1, 1, 3)
    for out in (ag.tile(x, (2, 3, 1)), ag.tile(x, (1, 1, 1))):
        out[out > 1] = 7
        assert out.data.max() == 7
    np.testing.assert_array_equal(x.data.ravel(), [0, 1, 2])
    mask = ag.tile(x > 1, (1, 1, 1))
    mask[...] = True
    assert mask.data.all() and (x > 1).clone().tolist() == [[[False, False, True]]]


def test_so_many_parts_and_no_more(monkeypatch):
    monkeypatch.setattr("autograd.ops.split_and_stack._FEW", 4)
    for n, most in ((2, 4), (4, 4), (6, 6)):
        assert len(ag.array_split(np.ones(n), most)) == most
        with pytest.raises(ValueError, match=f"give at most {most}"):
            ag.array_split(np.ones(n), most + 1)
