"""The first simple mistake that explains wrong numbers."""

import numpy as np
import pytest

from autograd.gradcheck.guess import guess, mismatch_map

RIGHT = np.random.default_rng(1).normal(size=(4, 5, 5))


@pytest.mark.parametrize(
    ("got", "words"),
    [
        (RIGHT, ""),
        (-RIGHT, "sign"),
        (RIGHT * 3.0, "3 times"),
        (RIGHT[:, ::-1, ::-1], "kernel is not flipped"),
        (RIGHT.swapaxes(1, 2), "transposed"),
        (RIGHT * 0.0, "zero everywhere"),
        (np.roll(RIGHT, (1, 1), (1, 2)), "shifted by the padding"),
        (np.pad(RIGHT, ((0, 0), (1, 1), (2, 2))), r"padding is not taken off.*(0, 1, 2)"),
        (np.stack([RIGHT / 2, RIGHT / 2]), "batch is not summed"),
        (RIGHT.ravel(), "reshape"),
        (RIGHT**3, ""),
        (RIGHT * np.nan, "100 of its 100 elements are NaN or infinite, the first at (0, 0, 0)"),
    ],
)
def test_the_first_mistake_that_fits_is_named(got, words):
    found = guess(got, RIGHT)
    assert (words.replace(".*(0, 1, 2)", "") in found) if words else found == ""


def test_maps_of_mistakes_are_cut_where_they_are_too_long_or_too_wide():
    tall, wide = (mismatch_map(np.ones(shape, bool), 4).splitlines() for shape in ((5, 3), (3, 5)))
    assert tall == ["    XXX"] * 4 + ["    ..."] and wide == ["    XXXX ..."] * 3
    exact = mismatch_map(np.ones((4, 4), bool), 4).splitlines()
    assert exact == ["    XXXX"] * 4
