"""What is computed in single precision: at any place in the arguments, to the right depth, rounded once."""

from typing import NamedTuple

import numpy as np
import pytest

import autograd as ag
from autograd.arguments.half import in_single, rounded, single

H, S, D = (np.ones(2, d) for d in (np.float16, np.float32, np.float64))
NO_ARRAYS = (1, 1.5, "a", True, None)


class Pair(NamedTuple):
    values: object
    indices: object


def nested(x, depth):
    for k in range(depth):
        x = [x] if k % 2 else (x,)
    return x


def innermost(x):
    while isinstance(x, (list, tuple)):
        (x,) = x
    return x


def test_halves_become_singles_and_all_else_stays():
    for x in (H, H[0], ag.tensor(H)):
        assert single(x).dtype == np.float32
    for x in (S, D, np.ones(2, int), ag.tensor(D), *NO_ARRAYS, [S, [D]], (1, "a"), [], {"a": H}):
        assert single(x) is x
    got = single([H, (D, H), 1])
    assert type(got) is list and type(got[1]) is tuple
    assert [x.dtype for x in (got[0], *got[1])] == [np.float32, np.float64, np.float32] and got[
        2
    ] == 1


def test_singles_become_halves_and_all_else_stays():
    for x in (S, S[0], ag.tensor(S)):
        assert rounded(x).dtype == np.float16
    for x in (H, D, np.ones(2, int), *NO_ARRAYS):
        assert rounded(x) is x
    got = rounded(Pair(S, (D, S)))
    assert type(got) is Pair and type(got.indices) is tuple
    assert [x.dtype for x in (got.values, *got.indices)] == [np.float16, np.float64, np.float16]


@pytest.mark.parametrize("depth", [0, 1, 2, 63, 64])
def test_lists_are_gone_into_as_deep_as_arrays_have_axes(depth):
    seen = []
    call = in_single(lambda x: seen.append(innermost(x).dtype) or S)
    for form in (H, ag.tensor(H), np.float16(1)):
        assert innermost(single(nested(form, depth))).dtype == np.float32
        assert call(nested(form, depth)).dtype == np.float16
        assert seen.pop() == np.float32
        assert in_single(lambda x, y: S)(nested(form, depth), nested(S, depth)).dtype == np.float32


def test_deeper_lists_and_circles_are_left_to_the_function():
    deep = nested(H, 66)
    assert single(deep) is deep
    assert in_single(lambda x: x is deep)(deep) is True
    circle: list = []
    circle.append(circle)
    assert in_single(lambda x: x)(circle) is circle
    assert in_single(lambda x, y: y.dtype)(circle, H) == np.float32
    circle.insert(0, H)
    level, depth = single(circle), 0
    while level is not circle:
        assert level[0].dtype == np.float32
        level, depth = level[1], depth + 1
    assert depth == 65
    assert in_single(lambda x: x[0].dtype)(circle) == np.float32


@pytest.mark.parametrize(
    ("arguments", "options", "due"),
    [
        ((H,), {}, np.float16),
        ((), {"x": H}, np.float16),
        ((1, "a"), {"y": 2, "x": [1, H]}, np.float16),
        ((H, 2.0), {"x": np.ones(2, int)}, np.float16),
        ((H, S), {}, np.float32),
        ((H,), {"x": (D,)}, np.float32),
        ((D,), {"x": H}, np.float32),
        ((H, [[S]]), {}, np.float32),
    ],
)
def test_the_result_is_rounded_where_no_wider_float_is_among_the_arguments(arguments, options, due):
    seen = []

    @in_single
    def function(*arguments, **options):
        """Its own words."""
        seen.extend([*arguments, *options.values()])
        return S

    assert function(*arguments, **options).dtype == due
    assert not any(getattr(x, "dtype", None) == np.float16 for x in seen)
    assert function.__doc__ == "Its own words." and len(seen) == len(arguments) + len(options)


def test_without_halves_nothing_is_touched():
    for arguments in ((S,), (D, 1), ([S, "a"],), ()):
        for options in ({}, {"x": S}, {"x": None}):
            got = in_single(lambda *a, **o: (a, o, S))(*arguments, **options)
            assert got[2] is S and got[1] == options
            assert all(a is b for a, b in zip(got[0], arguments, strict=True))
