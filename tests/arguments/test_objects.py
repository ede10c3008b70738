"""Raw calls on arrays of scalar tensors, and on Python's own numbers."""

from types import SimpleNamespace

import numpy as np
import pytest

import autograd as ag
from autograd.arguments.objects import elementwise_on_objects


@pytest.fixture
def info():
    """A primitive that tells how it was called: the tensors' call, or the raw one."""
    called = []

    def forward(*args, times=1):
        called.append(("raw", args))
        return args[0] * args[-1] * times

    def function(*args, times=1):
        called.append(("tensors", args))
        return args[0] * args[-1] * times

    return SimpleNamespace(name="product", forward=forward, function=function, called=called)


def test_arrays_and_numbers_go_straight_through(info):
    x = np.arange(3.0)
    for other in (x, 2.0, 3, None):
        args = (x, other) if other is not None else (x,)
        elementwise_on_objects(info, *args, times=1)
        assert [kind for kind, _ in info.called] == ["raw"]
        ((_, given),) = info.called
        assert all(a is b for a, b in zip(given, args, strict=True))
        info.called.clear()


def test_lists_become_arrays_of_what_stands_beside_them(info):
    got = elementwise_on_objects(info, [0.1, 0.2], np.ones(2), times=3)
    assert got.tolist() == [0.1 * 1.0 * 3, 0.2 * 1.0 * 3]
    assert elementwise_on_objects(info, np.float64(2.0), (1, 2)).tolist() == [2.0, 4.0]
    assert elementwise_on_objects(info, [1, 2], [[3], [4]]).tolist() == [[3, 6], [4, 8]]


def test_scalar_tensors_are_gone_through_one_by_one(info):
    x = ag.scalars([1.0, 2.0], requires_grad=True)
    got = elementwise_on_objects(info, x, np.array([[3.0], [4.0]]), times=2)
    assert got.shape == (2, 2)
    assert [[t.item() for t in row] for row in got] == [[6.0, 12.0], [8.0, 16.0]]
    assert [kind for kind, _ in info.called] == ["tensors"] * 4
    got = elementwise_on_objects(info, 2.0, x)
    assert [t.item() for t in got] == [2.0, 4.0]
    got = elementwise_on_objects(info, [3.0, 4.0], x)
    assert [t.item() for t in got] == [3.0, 8.0]


def test_an_operand_that_is_left_out_is_left_out_of_each(info):
    x = ag.scalars([1.0, 2.0])
    assert [t.item() for t in elementwise_on_objects(info, x, None)] == [1.0, 4.0]


def test_plain_numbers_among_the_tensors_stay_plain(info):
    x = ag.scalars([1.0, 2.0])
    x[1] = 5.0  # padding, say
    got = elementwise_on_objects(info, x, np.array([3.0, np.float32(4.0)], object))
    assert got[0].item() == 3.0 and not hasattr(got[1], "_node") and got[1] == 20.0
    assert [kind for kind, _ in info.called] == ["tensors", "raw"]


@pytest.mark.parametrize("bad", ["a", None, 1j])
def test_what_is_neither_tensor_nor_number_is_refused(info, bad):
    words = f"product: an object array may hold 0-d tensors and numbers, not {type(bad).__name__}; autograd.scalars\\(a\\) makes one"
    for args in ((np.array([1.0, bad], object),), (ag.scalars([1.0]), np.array([bad], object))):
        with pytest.raises(TypeError, match=f"^{words}$"):
            elementwise_on_objects(info, *args)


@pytest.mark.parametrize("error", [ZeroDivisionError, OverflowError, AttributeError])
def test_where_pythons_numbers_raise_numpys_go_on(error):
    tries = []

    def forward(*args):
        tries.append(args)
        if any(type(a) in (int, float) for a in args):
            raise error
        return args

    info = SimpleNamespace(name="f", forward=forward)
    x = np.ones(2)
    got = elementwise_on_objects(info, 1.0, x, 2)
    assert [type(a) for a in got] == [np.float64, np.ndarray, np.float64] and len(tries) == 2
    assert got[0] == 1.0 and got[1] is x and got[2] == 2.0

    def broken(*args):
        tries.append(args)
        raise error

    tries.clear()
    info.forward = broken
    with pytest.raises(error):
        elementwise_on_objects(info, x, x)
    assert len(tries) == 1  # arrays have no other way
