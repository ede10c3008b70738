"""Who may still write into a tensor's memory between forward and backward, and is noticed."""

import pytest

import autograd as ag


def written(t):
    with ag.no_grad():
        t[...] = 7.0


@pytest.mark.parametrize(
    "earlier",
    [lambda t: t[:2], lambda t: t.reshape(2, 2), lambda t: t.detach(), lambda t: t[None].T,
     lambda t: ag.as_tensor(t), lambda t: ag.einsum("i->i", t), lambda t: ag.split(t, 2)[0]],
)  # fmt: skip
def test_a_write_through_a_view_from_before_it_was_a_leaf_is_noticed(earlier):
    t = ag.tensor([1.0, 2.0, 3.0, 4.0])
    view = earlier(t)
    t.requires_grad_()
    loss = (t * t).sum()
    written(view)
    assert t.tolist()[0] == 7.0
    with pytest.raises(RuntimeError, match="written into after it was used"):
        loss.backward()


def test_the_array_of_writable_is_read_only_after_the_block():
    t = ag.tensor([1.0, 2.0], requires_grad=True)
    with ag.no_grad(), ag.writable(t) as array:
        array += 1.0
    assert t.tolist() == [2.0, 3.0]
    with pytest.raises(ValueError, match="read-only"):
        array += 1.0
    t = t.detach()
    t += 1.0  # the tensor itself may be written into


def test_what_is_computed_in_the_block_of_writable_is_noticed():
    t = ag.tensor([1.0, 2.0], requires_grad=True)
    with ag.no_grad(), ag.writable(t) as array:
        with ag.enable_grad():
            loss = (t * t).sum()
        array += 1.0
    with pytest.raises(RuntimeError, match="written into after it was used"):
        loss.backward()
