"""What lies just on the border of what is taken: sizes of one, slices, shapes that are too large."""

import numpy as np
import pytest

import autograd as ag
from autograd.ops.indexing import scatter_index
from autograd.ops.linalg.decompositions import _check_basis


@pytest.mark.parametrize("subscripts, shapes", [
    ("i,i->i", ((1,), (3,))), ("i,i->i", ((3,), (1,))), ("i,i->", ((1,), (3,))),
    ("ij,ij->ij", ((1, 3), (2, 3))), ("ij,jk->ik", ((2, 1), (3, 4))), ("ij,jk->ik", ((2, 3), (1, 4))),
    ("i,i,i->i", ((1,), (1,), (4,))), ("bij,bjk->bik", ((1, 2, 3), (5, 3, 1))),
])  # fmt: skip
def test_axes_of_size_one_are_stretched_in_einsum(subscripts, shapes):
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape) for shape in shapes]
    tensors = [ag.tensor(a, requires_grad=True) for a in arrays]
    out = ag.einsum(subscripts, *tensors)
    np.testing.assert_allclose(out.detach().numpy(), np.einsum(subscripts, *arrays))
    out.sum().backward()
    assert [t.grad.shape for t in tensors] == list(shapes)


@pytest.mark.parametrize("subscripts, shapes", [
    ("i,i->i", ((2,), (3,))), ("ii->i", ((2, 3),)), ("ij,jk->ik", ((2, 2), (3, 4))),
    ("i,i,i->i", ((1,), (2,), (4,))), ("i,i->i", ((0,), (2,))),
])  # fmt: skip
def test_other_sizes_of_one_label_are_refused_in_einsum(subscripts, shapes):
    with pytest.raises(ValueError, match="^einsum: .* have sizes"):
        ag.einsum(subscripts, *map(ag.ones, shapes))


@pytest.mark.parametrize("place", ["start", "stop", "step"])
@pytest.mark.parametrize("wrong", [1.5, "1", 2.0])
def test_a_bound_of_a_slice_is_an_integer_and_named_if_not(place, wrong):
    bounds = {"start": None, "stop": None, "step": None}
    with pytest.raises(TypeError, match=f"the slice's {place}"):
        ag.arange(6.0)[slice(*(bounds | {place: wrong}).values())]
    due = np.arange(6.0)[slice(*(bounds | {place: 2}).values())]
    for right in (2, np.int64(2), np.uint8(2)):
        got = ag.arange(6.0)[slice(*(bounds | {place: right}).values())]
        assert np.array_equal(got.numpy(), due)


@pytest.mark.parametrize("shape, other", [((5,), (2, 5)), ((1, 5), (2, 5)), ((3, 1), (3, 4))])
def test_a_scale_or_shift_that_would_stretch_the_input_is_refused(shape, other):
    x, large = np.ones(shape), np.ones(other)
    for name, given in (("weight", (large, None)), ("bias", (None, large))):
        with pytest.raises(ValueError, match=f"^normalize: {name} of shape .* is larger than x"):
            ag.normalize(x, *given, axes=(0,))


def test_one_number_may_be_added_at_several_places():
    index = (np.array([0, 0, 1]), np.array([1, 1, 0]))
    added = scatter_index(np.array(2.0), index=index, shape=(2, 2))
    assert np.array_equal(np.asarray(added), [[0.0, 4.0], [2.0, 0.0]])


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_gradient_of_a_completed_basis_is_judged_by_its_size_whatever_its_sign(sign):
    basis = np.array([[1.0, 0.0], [0.0, 0.6], [0.0, 0.8]])
    symmetric = np.array([[2.0, 1.0], [1.0 + 1e-12, 3.0]])
    _check_basis("u", basis, sign * basis @ symmetric)
    with pytest.raises(ValueError, match="^svd: the result depends on which vectors complete u"):
        _check_basis("u", basis, sign * basis @ (symmetric + [[0.0, 0.1], [0.0, 0.0]]))


@pytest.mark.parametrize("start, stop, step", [
    (0, 1, 1 << 62), (1, 0, -(1 << 62)), (0, 1 << 62, 1 << 61), (-(1 << 62), 0, 1 << 61),
])  # fmt: skip
def test_a_range_that_leaves_the_integers_is_refused(start, stop, step):
    with pytest.raises(ValueError, match="^arange: from .* leaves the integers of 64 bits"):
        ag.arange(start, stop, step)
