"""What a graph saves, packed away and brought back by functions of the user's."""

import numpy as np
import pytest

import autograd as ag


def packed(unpack, pack=lambda t: t):
    x = ag.tensor(np.array([[1.0, 2.0], [3.0, 4.0]]), requires_grad=True)
    with ag.saved_tensors_hooks(pack, unpack):
        y = (x * x).sum()
    return x, y


def test_what_comes_back_is_used():
    kept = []
    x, y = packed(
        lambda k: ag.tensor(kept[k]), lambda t: kept.append(t.numpy().copy()) or len(kept) - 1
    )
    y.backward()
    assert kept and x.grad.tolist() == [[2.0, 4.0], [6.0, 8.0]]


@pytest.mark.parametrize(
    ("unpack", "came"),
    [
        (lambda t: None, "NoneType"),
        (lambda t: t.numpy(), "ndarray"),
        (lambda t: t[0], r"\(2,\) and float64"),
        (lambda t: t.reshape(4), r"\(4,\) and float64"),
        (lambda t: t.astype(np.float32), r"\(2, 2\) and float32"),
    ],
)
def test_what_is_no_tensor_of_its_shape_and_precision_is_refused(unpack, came):
    x, y = packed(unpack)
    with pytest.raises(
        RuntimeError,
        match=rf"unpack must return a tensor of shape \(2, 2\) and dtype float64, got {came}",
    ):
        y.backward()
    assert x.grad is None
