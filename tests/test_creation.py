"""Tensors from one number or from another library's memory: what is refused, and how."""

import numpy as np
import pytest

import autograd as ag


@pytest.mark.parametrize("value", [[1.0, 2.0], [1.0, [2.0]], (), "a", None, 1j, 10**30])
def test_full_like_takes_one_number(value):
    with pytest.raises((TypeError, ValueError), match="^full_like: "):
        ag.full_like(ag.zeros(2), value)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_an_integer_tensor_has_no_nan(value):
    with pytest.raises(ValueError, match="^full: .* is no integer"):
        ag.full(2, value, dtype=int)
    with pytest.raises(ValueError, match="^full_like: .* is no integer"):
        ag.full_like(ag.tensor([1, 2]), value)


def test_full_like_keeps_shape_and_dtype():
    for dtype in (np.float32, np.float64, np.int64, bool):
        like = ag.full_like(ag.zeros((2, 3), dtype=dtype), 1)
        assert like.shape == (2, 3) and like.dtype == dtype and like.numpy().all()


def test_dlpack_of_strings_is_refused_in_our_words():
    with pytest.raises(TypeError, match="^from_dlpack: ndarray cannot be shared"):
        ag.from_dlpack(np.array(["a"]))


def test_linspace_between_tensors_has_gradients():
    start, stop = (ag.tensor(v, dtype=np.float64, requires_grad=True) for v in (1.0, 3.0))
    for call in (ag.linspace, np.linspace):
        start.grad = stop.grad = None
        x = call(start, stop, 5, endpoint=False)
        np.testing.assert_allclose(x.detach().numpy(), np.linspace(1, 3, 5, endpoint=False))
        x.sum().backward()
        assert start.grad.item() == pytest.approx(3.0) and stop.grad.item() == pytest.approx(2.0)


def test_a_fill_value_that_is_a_tensor():
    assert ag.full((2,), ag.tensor(7.0)).tolist() == [7.0, 7.0]
    with pytest.raises(RuntimeError, match="^full: fill_value requires a gradient.*broadcast_to"):
        ag.full((2,), ag.tensor(7.0, requires_grad=True))
    with pytest.raises(RuntimeError, match="^pad: constant_values requires a gradient"):
        ag.pad(ag.ones(2), 1, constant_values=ag.tensor(7.0, requires_grad=True))


def test_constants_of_no_axes_are_numbers_in_lists():
    half, double, whole = ag.tensor(0.5), ag.tensor(np.float64(0.1)), ag.tensor(3)
    for data, values, dtype in (
        ([half, 2.0], [0.5, 2.0], np.float32),
        ([2.5, double], [2.5, 0.1], np.float64),
        ([[whole], [half]], [[3.0], [0.5]], np.float32),
        ([whole, 2.5], [3.0, 2.5], np.float32),
        ((whole, 2), [3, 2], np.int64),
        ([whole > 2], [True], np.bool_),
    ):
        made = ag.tensor(data)
        assert made.tolist() == values and made.dtype == dtype
    assert ag.tensor([half], dtype=np.float64, requires_grad=True).dtype == np.float64
    learnt = ag.tensor(0.5, requires_grad=True)
    with pytest.raises(TypeError, match="use autograd.stack"):
        ag.tensor([learnt, half])
    with ag.no_grad():
        assert ag.tensor([learnt, half]).tolist() == [0.5, 0.5]


def test_tensors_like_others_take_another_dtype():
    x = ag.ones((2, 3))
    for make in (ag.zeros_like, ag.ones_like, lambda x, **o: ag.full_like(x, 1, **o)):
        for dtype in (np.float64, "int32", None):
            assert make(x, dtype=dtype).dtype == np.dtype(dtype or np.float32)
            assert make(np.ones((2, 3), np.float32), dtype=dtype).shape == (2, 3)
        with pytest.raises(TypeError, match=r"^\w+_like: dtype="):
            make(x, dtype="nonsense")


def test_bounds_of_random_integers_are_integers():
    for bounds, word in (((1.5, 3), "low"), ((1, 3.5), "high"), ((2.5, None), "high")):
        with pytest.raises(TypeError, match=f"^randint: {word} must be an integer"):
            ag.creation.randint(*bounds, (2,))
