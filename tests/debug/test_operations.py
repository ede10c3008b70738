"""Every call of a primitive is noted, with or without a gradient."""

import numpy as np

import autograd as ag
from autograd.debug import operations


def test_operations_without_a_gradient_are_noted_with_their_static_parameters():
    x = ag.tensor(np.arange(6.0).reshape(2, 3))
    with operations() as noted:
        places = ag.argmax(x, axis=1)
        ag.astype(places, np.int32)
    assert [(o.name, o.static) for o in noted] == [
        ("argmax", {"axis": 1, "keepdims": False}),
        ("_cast_to_plain", {"dtype": np.dtype(np.int32)}),
    ]


def test_static_parameters_are_the_same_with_and_without_a_node():
    x = ag.tensor(np.ones((2, 3, 5)))
    y = ag.tensor(np.ones((2, 3, 5)), requires_grad=True)
    with operations() as noted:
        for each in (x, y):
            ag.sum(each, (0, 2), keepdims=True)
            ag.max_with_indices(each, axis=1)
            ag.concatenate([each, each], axis=1)
            ag.max_pool(each, 2, 1)
    first, second = noted[:4], noted[4:]
    assert [(o.name, o.static) for o in first] == [(o.name, o.static) for o in second]
    assert first[0].static == {"axis": (0, 2), "keepdims": True}


def test_values_are_followed_from_output_to_input():
    x = ag.tensor([1.0, -2.0])
    with operations() as noted:
        given = noted.value_of(x)
        mask = x > 0
        y = ag.where(mask, x.detach(), 7.0)
        total = y.sum() * 2.0
    greater, where, summed, multiply = noted
    assert where.inputs[0] is greater.outputs[0] and where.inputs[1] is given
    assert where.inputs[2].operation is None and where.inputs[2].array == 7.0
    assert multiply.inputs[0] is summed.outputs[0]  # a number, found by identity
    assert noted.value_of(total) is multiply.outputs[0]
    assert noted.value_of(y.numpy()) is where.outputs[0]


def test_what_was_written_into_in_between_is_told():
    x = ag.tensor([1.0, 2.0])
    with operations() as noted, ag.no_grad():
        y = x * 2.0
        kept = y + 1.0
        y[0] = 5.0
        changed = y + kept
    add, last = (o for o in noted if o.name == "add")
    assert add.rewritten == () and last.rewritten == (0,)
    assert changed[0].item() == 8.0


def test_nothing_is_noted_after_the_block_and_blocks_nest():
    x = ag.tensor(1.0)
    with operations() as outer:
        with operations() as inner:
            x + 1.0
        x + 1.0
    x + 1.0
    assert len(inner) == 1 and len(outer) == 2


def test_modules_and_lines_are_told():
    import nn

    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    with operations() as noted:
        model(ag.tensor([[1.0, 2.0]]))
    assert [(o.name, o.module) for o in noted] == [("linear", "0"), ("relu", "1")]
    assert noted[0].filename == __file__
