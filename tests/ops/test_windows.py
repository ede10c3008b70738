"""Windows along any axes, as NumPy has them."""

import numpy as np
import pytest

import autograd as ag

sliding_window_view = np.lib.stride_tricks.sliding_window_view


@pytest.mark.parametrize(
    ("shape", "window", "axis"),
    [
        ((4, 5), (2, 3), None),
        ((4, 5, 3), 2, 1),
        ((4, 5, 3), (2, 2), (2, 0)),
        ((6,), (2, 3), (0, 0)),
        ((3, 4), (3, 4), (0, -1)),
        ((2, 3, 4, 5), (1, 2, 2, 3), None),
        ((0, 3), (1,), (1,)),
    ],
)
def test_sliding_window_view_is_numpys(shape, window, axis):
    x = np.random.default_rng(0).normal(size=shape)
    t = ag.tensor(x, requires_grad=True)
    got = sliding_window_view(t, window, axis=axis)
    want = sliding_window_view(x, window, axis=axis)
    np.testing.assert_array_equal(got.detach(), want)
    (g,) = ag.grad(got, t, np.ones(want.shape))
    counts = np.zeros(shape)
    places = sliding_window_view(np.arange(x.size).reshape(shape), window, axis=axis)
    np.add.at(counts.reshape(-1), places, 1)
    np.testing.assert_array_equal(g, counts)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (((3, 1),), "a window of 3 does not fit axis 0"),
        ((2,), "one size for each"),
        (((2,),), "one size for each"),
        (((2, 2), None, True), "writeable must be False"),
    ],
)
def test_what_numpy_refuses_is_refused(arguments, words):
    names = ("window_shape", "axis", "writeable")
    with pytest.raises(ValueError, match=f"^sliding_window_view: .*{words}"):
        sliding_window_view(ag.ones((2, 3)), **dict(zip(names, arguments, strict=False)))


def test_as_strided_tells_what_keeps_the_gradient():
    x = ag.ones((4, 4)).requires_grad_()
    with pytest.raises(RuntimeError, match=r"^as_strided: .*autograd\.windows"):
        np.lib.stride_tricks.as_strided(x, (3, 2), x.strides)
    with pytest.raises(RuntimeError, match="^conversion to an array"):
        np.asarray(x)
