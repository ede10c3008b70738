"""Differences against calculus; smooth places, kinks, jumps and borders told apart."""

import numpy as np
import pytest

from autograd.gradcheck.numeric import central_differences, one_sided_slopes


@pytest.mark.parametrize(
    ("f", "x", "kind"),
    [
        (np.abs, 0.0, "kink"),
        (np.sin, 0.3, "smooth"),
        (np.sign, 0.0, "jump"),
        (np.floor, 1.0, "jump"),
        (np.sqrt, 1e-3, "smooth"),
        (lambda x: 1e9 * x, 0.5, "smooth"),
        (lambda x: np.maximum(x, 0.0), 0.0, "kink"),
        (lambda x: x**2, 0.0, "smooth"),
        (lambda x: 1e6 * x**2, 0.0, "smooth"),
        (lambda x: 1e-3 * np.abs(x), 0.0, "kink"),
    ],
)
def test_one_sided_slopes_know_smooth_from_kinked(f, x, kind):
    slopes = one_sided_slopes(lambda a: [f(a)], [np.array(x)], [np.array(1.0)], 0, ())
    assert slopes.kind == kind


@pytest.mark.parametrize("weight", [1e-9, 1e-5, 1.0, 1e5])
def test_a_kink_is_a_kink_however_small_the_incoming_gradient(weight):
    for f, kind in ((np.abs, "kink"), (np.sign, "jump"), (np.sin, "smooth"), (np.cbrt, "vertical")):
        slopes = one_sided_slopes(lambda a, f=f: [f(a)], [np.array(0.0)], [np.array(weight)], 0, ())
        assert slopes.kind == kind


def test_central_differences_are_those_of_calculus():
    x = np.array([[0.1, -2.0], [1.0, 3.0]])
    w = np.array([[1.0, -2.0], [0.5, 3.0]])
    found = central_differences(lambda a: [np.sin(a)], [x], [w], 0)
    np.testing.assert_allclose(found.slopes, w * np.cos(x), rtol=1e-8)


def test_bends_are_how_much_the_slopes_of_both_sides_differ():
    found = central_differences(
        lambda a: [np.abs(a)], [np.array([0.0, 2.0])], [np.array([3.0, 1.0])], 0
    )
    np.testing.assert_allclose(found.bends, [6.0, 0.0], rtol=1e-6, atol=1e-4)
