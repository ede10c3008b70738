"""``x += y`` and ``inplace=True``: what every name for a tensor sees, and what is refused."""

import inspect
import operator
from functools import partial

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F
from autograd import viz
from tests import calls
from tests.interrupted import interrupted

SQUARE = np.array([[1.5, -0.5], [0.25, 2.0]])
IN_PLACE = {
    "+=": operator.iadd, "-=": operator.isub, "*=": operator.imul, "/=": operator.itruediv,
    "**=": operator.ipow, "//=": operator.ifloordiv, "%=": operator.imod, "@=": operator.imatmul,
}  # fmt: skip
FUNCTIONAL = {
    "+=": operator.add, "-=": operator.sub, "*=": operator.mul, "/=": operator.truediv,
    "**=": operator.pow, "//=": operator.floordiv, "%=": operator.mod, "@=": operator.matmul,
}  # fmt: skip
OTHERS = {"number": 2, "array": SQUARE + 1.0, "tensor": ag.tensor(np.abs(SQUARE))}


def leaf():
    return ag.tensor(SQUARE, requires_grad=True)


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("symbol", IN_PLACE)
def test_a_recorded_tensor_becomes_the_result_for_every_name(symbol, other):
    if symbol == "@=" and other == "number":
        return
    x, y = leaf(), leaf()
    with np.errstate(invalid="ignore"):
        h = x * 3.0
        alias = [h]
        wanted = FUNCTIONAL[symbol](y * 3.0, OTHERS[other])
        h = IN_PLACE[symbol](h, OTHERS[other])
        assert h is alias[0] and np.array_equal(h.detach(), wanted.detach(), equal_nan=True)
        if not wanted.requires_grad:  # steps have no slope
            assert not h.requires_grad
            return
        (alias[0] * alias[0]).sum().backward()
        (wanted * wanted).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), y.grad.numpy())


@pytest.mark.parametrize("symbol", ["&=", "|=", "^=", "<<=", ">>=", "//=", "%="])
def test_integers_and_bools_are_written_into(symbol):
    of_bits = {"&=": operator.iand, "|=": operator.ior, "^=": operator.ixor,
               "<<=": operator.ilshift, ">>=": operator.irshift}  # fmt: skip
    function = {**of_bits, **IN_PLACE}[symbol]
    t = ag.tensor([6, 3])
    view = t[:1]
    wanted = function(np.array([6, 3]), np.array([5, 2])).tolist()
    assert function(t, ag.tensor([5, 2])) is t
    assert t.tolist() == wanted and view.tolist() == wanted[:1]


def test_what_used_the_tensor_before_has_the_gradient_of_before():
    x = leaf()
    h = x * 2.0
    y = h * h  # saves h
    h += 1.0
    (y.sum() + h.sum()).backward()
    np.testing.assert_allclose(x.grad.numpy(), 8.0 * SQUARE + 2.0)


@pytest.mark.parametrize(
    "share",
    [lambda h: h[0], lambda h: h.T, lambda h: h.reshape(-1), lambda h: h.detach(),
     lambda h: ag.split(h, 2)[1], lambda h: ag.einsum("ij->ji", h), lambda h: ag.windows(h[None, None], 1),
     lambda h: h[0, 1], lambda h: ag.alias(h)],
)  # fmt: skip
def test_views_and_what_they_look_at_are_refused(share):
    h = leaf() * 2.0
    view = share(h)
    for t in (h, view) if view.requires_grad else (h,):
        for write in (lambda t=t: operator.iadd(t, 1.0), lambda t=t: F.relu(t, inplace=True)):
            with pytest.raises(RuntimeError, match="view"):
                write()
    del view  # what becomes of names changes nothing
    with pytest.raises(RuntimeError, match="view"):
        h += 1.0
    h = h.copy()
    h += 1.0
    assert h.tolist() == (2.0 * SQUARE + 1.0).tolist()


def test_numbers_with_what_would_be_views_are_refused():
    number = leaf().sum()
    ag.expand_dims(number, 0)
    with pytest.raises(RuntimeError, match="view"):
        number += 1.0
    with ag.debug.record():  # a call that is watched goes another way
        number = leaf().sum()
        ag.expand_dims(number, 0)
        with pytest.raises(RuntimeError, match="view"):
            number += 1.0
    free = leaf().sum()
    free += 1.0
    assert free.item() == pytest.approx(SQUARE.sum() + 1.0)


def test_a_result_of_another_shape_or_kind_is_refused_and_changes_nothing():
    h = leaf() * 2.0
    with pytest.raises(ValueError, match=r"\(3, 2, 2\).*\(2, 2\)"):
        h += np.ones((3, 1, 1))
    assert h.tolist() == (2.0 * SQUARE).tolist()
    single = ag.tensor([1.0], requires_grad=True) * 1.0
    single += ag.tensor([0.5], dtype=np.float64)
    assert single.dtype == np.float32 and single.tolist() == [1.5]


def test_a_retained_gradient_goes_along_and_hooks_stay():
    h = leaf() * 2.0
    seen = []
    h.retain_grad()
    h.register_hook(lambda g: seen.append(g.tolist()))
    h *= 3.0
    h.sum().backward()
    assert h.grad.tolist() == np.ones((2, 2)).tolist()
    assert seen == [np.full((2, 2), 3.0).tolist()]


def test_the_picture_and_the_pass_show_the_graph_after_it():
    x = leaf()
    h = x * 2.0
    h += x
    assert [node.primitive.name for node in (h.grad_node, h.grad_node.parents[0])] == [
        "add", "multiply",
    ]  # fmt: skip
    text = viz.graph(h.sum()).to_svg()
    assert "add" in text and "multiply" in text
    assert [step.node.primitive.name for step in ag.backward_steps(h.sum())] == [
        "sum",
        "add",
        "multiply",
    ]


# Layers -------------------------------------------------------------------------------------------

LAYERS = {
    "relu": (F.relu, nn.ReLU, {}), "relu6": (F.relu6, nn.ReLU6, {}),
    "hardtanh": (F.hardtanh, nn.Hardtanh, dict(min_val=-0.3, max_val=0.9)),
    "leaky_relu": (F.leaky_relu, nn.LeakyReLU, dict(negative_slope=0.3)),
    "threshold": (F.threshold, nn.Threshold, dict(threshold=0.3, value=7.0)),
    "hardsigmoid": (F.hardsigmoid, nn.Hardsigmoid, {}), "hardswish": (F.hardswish, nn.Hardswish, {}),
    "elu": (F.elu, nn.ELU, dict(alpha=0.7)), "selu": (F.selu, nn.SELU, {}),
    "celu": (F.celu, nn.CELU, dict(alpha=0.7)), "silu": (F.silu, nn.SiLU, {}),
    "mish": (F.mish, nn.Mish, {}),
    "dropout": (F.dropout, nn.Dropout, dict(p=0.5)), "dropout1d": (F.dropout1d, nn.Dropout1d, dict(p=0.5)),
    "dropout2d": (F.dropout2d, nn.Dropout2d, dict(p=0.5)),
    "dropout3d": (F.dropout3d, nn.Dropout3d, dict(p=0.5)),
    "alpha_dropout": (partial(F.alpha_dropout, training=True), nn.AlphaDropout, dict(p=0.5)),
    "feature_alpha_dropout": (partial(F.feature_alpha_dropout, training=True), nn.FeatureAlphaDropout, dict(p=0.5)),
    "rrelu": (partial(F.rrelu, training=True), nn.RReLU, dict(lower=0.2, upper=0.4)),
}  # fmt: skip
X = calls.spread(2, 3, 4, 5)


def input_for(name):
    return X if name != "dropout1d" else X[0]


def test_every_function_and_layer_with_inplace_is_tried():
    with_it = {n for n, a in calls.FUNCTIONAL.items() if "inplace" in a}
    assert with_it == {*LAYERS}
    layers = {
        name
        for name in dir(nn)
        if isinstance(kind := getattr(nn, name), type)
        and "inplace" in inspect.signature(kind).parameters
    }
    assert layers == {layer.__name__ for _, layer, _ in LAYERS.values()}


def forms(name):
    function, layer, options = LAYERS[name]
    yield lambda x: function(x, inplace=True, **options), lambda x: function(x, **options)
    yield layer(inplace=True, **options), layer(**options)
    yield layer(inplace=True, **options).eval(), layer(**options).eval()


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("recorded", [True, False], ids=["recorded", "no_grad"])
def test_inplace_changes_the_input_itself(name, recorded):
    for changing, plain in forms(name):
        x, y = (ag.tensor(input_for(name), requires_grad=True) for _ in range(2))
        with ag.set_grad_enabled(recorded):
            h = x * 1.0
            nn.manual_seed(0)
            assert changing(h) is h
            nn.manual_seed(0)
            wanted = plain(y * 1.0)
            np.testing.assert_array_equal(h.detach().numpy(), wanted.detach().numpy())
            if recorded:
                (h * h + h).sum().backward()
                (wanted * wanted + wanted).sum().backward()
                np.testing.assert_array_equal(x.grad.numpy(), y.grad.numpy())


@pytest.mark.parametrize("name", LAYERS)
def test_inplace_writes_through_views_and_into_arrays_where_nothing_is_recorded(name):
    function, _, options = LAYERS[name]
    data = np.array(input_for(name))
    nn.manual_seed(0)
    wanted = function(ag.tensor(data), **options).numpy()
    t = ag.tensor(data)
    view = t[:1]
    for x in (t, data):
        nn.manual_seed(0)
        assert function(x, inplace=True, **options) is x
        np.testing.assert_array_equal(np.asarray(x), wanted)
    np.testing.assert_array_equal(view.numpy(), wanted[:1])


@pytest.mark.parametrize("name", LAYERS)
def test_inplace_refuses_leaves_and_views_and_lost_gradients(name):
    function, _, options = LAYERS[name]
    x = ag.tensor(input_for(name), requires_grad=True)
    with pytest.raises(RuntimeError, match="requires a gradient"):
        function(x, inplace=True, **options)
    h = (x * 1.0).reshape(x.shape[::-1]).transpose()
    with pytest.raises(RuntimeError, match="view"):
        function(h, inplace=True, **options)
    fixed = np.array(input_for(name))
    fixed.flags.writeable = False
    with pytest.raises(RuntimeError, match="read-only"):
        function(fixed, inplace=True, **options)


def test_inplace_with_a_learnt_slope_makes_the_input_recorded():
    slope = ag.tensor(0.3, requires_grad=True)
    for h in (ag.tensor([-2.0]), ag.tensor([-1.0], requires_grad=True) * 2.0):
        slope.grad = None
        assert F.leaky_relu(h, slope, inplace=True) is h
        h.sum().backward()
        assert slope.grad.item() == -2.0


WRITES = {
    "out[i] = y": lambda out, y: operator.setitem(out, 1, y),
    "out[:, k] = y": lambda out, y: operator.setitem(out, (slice(None), 1), y),
    "out[mask] = y": lambda out, y: operator.setitem(out, SQUARE[:, 0] > 1, y),
    "out += y": operator.iadd,
    "out *= y": operator.imul,
    "add_": lambda out, y: out.add_(y),
    "copy_": lambda out, y: out.copy_(y),
    "scatter_add_": lambda out, y: out.scatter_add_(0, ag.tensor([[0, 1]]), y[None]),
    "index_add_": lambda out, y: out.index_add_(0, ag.tensor([1]), y[None]),
    "index_copy_": lambda out, y: out.index_copy_(0, ag.tensor([1]), y[None]),
    "index_put_": lambda out, y: out.index_put_((ag.tensor([1]),), y),
    "masked_scatter_": lambda out, y: out.masked_scatter_(ag.tensor([[True], [False]]), y),
    "scatter_": lambda out, y: out.scatter_(0, ag.tensor([[0, 1]]), y[None]),
}


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize("name", WRITES)
def test_recorded_values_written_into_a_tensor_make_it_recorded(name, recorded):
    y = ag.tensor([2.0, -3.0], dtype=np.float64, requires_grad=True)
    x = ag.tensor(SQUARE, requires_grad=True)
    out = x * 1.0 if recorded else ag.tensor(SQUARE)
    alias = [out]
    WRITES[name](out, y * 1.0)
    assert alias[0].requires_grad
    plain = ag.tensor(SQUARE)
    WRITES[name](plain, y.detach())
    np.testing.assert_array_equal(out.detach(), plain)
    weights = np.arange(1.0, 5.0).reshape(2, 2)
    (alias[0] * weights).sum().backward()

    def slope(k, place):
        ends = []
        for h in (1e-3, -1e-3):
            moved = [y.numpy(force=True).copy(), x.numpy(force=True).copy()]
            moved[k][place] += h
            other = ag.tensor(moved[1])
            WRITES[name](other, ag.tensor(moved[0]))
            ends.append((other.numpy() * weights).sum())
        return (ends[0] - ends[1]) / 2e-3

    for k, grad in enumerate([y.grad, x.grad] if recorded else [y.grad]):
        for place in np.ndindex(grad.shape):
            assert grad[place].item() == pytest.approx(slope(k, place), abs=1e-9)


def test_an_array_that_others_hold_is_not_left_behind():
    y = ag.tensor([1.0, 2.0], dtype=np.float64, requires_grad=True)
    array = np.zeros((2, 2))
    for make in (ag.as_tensor, ag.from_numpy, ag.from_dlpack):
        out = make(array)
        for write in WRITES.values():
            with pytest.raises(RuntimeError, match="array"):
                write(out, y * 1.0)
        if out.data.flags.writeable:  # NumPy 2.0 reads DLPack without leave to write
            out[0] = 3.0
            assert array[0].tolist() == [3.0, 3.0]
            array[:] = 0.0


def test_what_cannot_become_recorded_refuses_and_stays():
    y = ag.tensor([1.0, 2.0], requires_grad=True)
    whole = ag.zeros(2, 2)
    row = whole[0]
    integers, leaf = ag.zeros(2, dtype=int), ag.zeros(2, requires_grad=True)
    off = ag.zeros(2, requires_grad=True)
    off.requires_grad = False
    for t, kind, words in (
        (whole, RuntimeError, "view.*set_at"), (row, RuntimeError, "view"),
        (integers, TypeError, "int64"), (leaf, RuntimeError, "requires a gradient"),
        (off, RuntimeError, "switched off"),
    ):  # fmt: skip
        with pytest.raises(kind, match=words):
            t[:] = y * 1.0
        assert t.is_leaf and not np.any(t.detach().numpy())


def test_a_write_under_no_grad_into_what_backward_needs_is_noticed():
    x = ag.tensor([1.0, -2.0], requires_grad=True)
    h = x * 1.0
    y = h * h
    with ag.no_grad():
        F.relu(h, inplace=True)
    with pytest.raises(RuntimeError, match="written into after it was used"):
        y.sum().backward()


@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize(
    "layer",
    [nn.Conv2d(3, 2, 3), nn.ConvTranspose2d(3, 2, 3), nn.MaxPool2d(2), nn.AvgPool2d(2),
     nn.LPPool2d(2.0, 2), nn.AdaptiveAvgPool2d(2), nn.Linear(6, 2), nn.Upsample(scale_factor=2),
     nn.LayerNorm(6)],
    ids=lambda layer: type(layer).__name__,
)  # fmt: skip
def test_what_layers_give_may_be_changed_in_place(layer, batched):
    if isinstance(layer, nn.Upsample) and not batched:
        return
    x = ag.tensor(np.ones((1, 3, 6, 6) if batched else (3, 6, 6), np.float32), requires_grad=True)
    h = layer(x)
    h += 1.0
    nn.ReLU(inplace=True)(h).sum().backward()


@pytest.mark.torch
def test_a_residual_block_in_place_agrees_with_pytorch(torch):
    weights = [calls.spread(3, 3, 3, 3, seed=k) for k in range(2)]

    def block(x, first, second, functional):
        identity = x
        out = functional.relu(functional.conv2d(x, first, padding=1), inplace=True)
        out = functional.conv2d(out, second, padding=1)
        seen = [out]
        out += identity
        out = functional.relu(out, inplace=True)
        out = functional.leaky_relu(out * 1.5, 0.1, inplace=True)
        return out, seen[0]

    data = calls.spread(2, 3, 5, 5, seed=5)
    ours = [ag.tensor(a, requires_grad=True) for a in (data, *weights)]
    theirs = [torch.tensor(a, requires_grad=True) for a in (data, *weights)]
    for out, seen in (block(*ours, F), block(*theirs, torch.nn.functional)):
        ((out**2).sum() + (seen**3).sum()).backward()
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-10, atol=1e-10)


@pytest.mark.torch
@pytest.mark.parametrize("symbol", [s for s in IN_PLACE if s not in ("//=",)])
def test_in_place_operators_agree_with_pytorch(torch, symbol):
    if symbol == "@=":
        return  # PyTorch has none
    found = []
    for tensor in (ag.tensor, torch.tensor):
        x = tensor(np.abs(SQUARE), requires_grad=True)
        h = x * 3.0
        name = h
        h = IN_PLACE[symbol](h, tensor(np.abs(SQUARE) + 0.6))
        ((name + h) ** 2).sum().backward()
        found.append((h.detach().numpy(), x.grad.numpy()))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_random_numbers_in_place_say_what_they_take():
    for name, said in (
        ("normal_", "x becomes normal numbers: ``x.normal_(mean=0, std=1)``."),
        ("uniform_", "x becomes numbers drawn evenly between two: ``x.uniform_(0.0, 1.0)``."),
        ("random_", "x becomes integers from [low, high): ``x.random_(low, high)``."),
        ("bernoulli_", "x becomes 1 with a probability, else 0: ``x.bernoulli_(p=0.5)``."),
    ):
        assert getattr(ag.Tensor, name).__doc__ == said


# The line to write --------------------------------------------------------------------------------


def test_of_two_targets_no_line_is_written_for_one(tmp_path):
    file = tmp_path / "program.py"
    file.write_text("def f(out):\n    v = out[0]\n    out[0] = other = 1.0\n    return v, other\n")
    scope = {}
    exec(compile(file.read_text(), str(file), "exec"), scope)
    with pytest.raises(RuntimeError, match="shares its memory") as refused:
        scope["f"](ag.ones(3, requires_grad=True) * 2.0)
    assert "write" not in str(refused.value).partition("Make a new tensor instead")[2]


LINES = {
    "out[:, 1] += x[1]": "out = autograd.add_at(out, (slice(None), 1), x[1])",
    "out[1:, None] -= x": "out = autograd.set_at(out, (slice(1, None), None), out[1:, None] - x)",
    "out[:2, 0] = x[:2]": "out = autograd.set_at(out, (slice(2), 0), x[:2])",
    "out *= x": "out = out * x",
    "out.add_(x)": "out = out.add(x)",
}


@pytest.mark.parametrize("line", LINES)
def test_what_a_view_forbids_is_refused_with_the_line_to_write_which_works(line, tmp_path):
    def run(code):
        file = tmp_path / "program.py"
        file.write_text(f"def f(out, x, autograd):\n    v = out[0]\n    {code}\n    return out\n")
        scope = {}
        exec(compile(file.read_text(), str(file), "exec"), scope)
        x = ag.tensor([1.0, 2.0, 3.0], requires_grad=True)
        return scope["f"](x * ag.ones(3, 3), x, ag)

    with pytest.raises(RuntimeError, match="shares its memory") as refused:
        run(line)
    assert f"(write {LINES[line]})" in str(refused.value)
    expected = np.ones((3, 3)) * [1.0, 2.0, 3.0]
    scope = {"out": expected, "x": np.array([1.0, 2.0, 3.0])}
    exec(line.replace("out.add_(x)", "out += x"), scope)
    np.testing.assert_array_equal(run(LINES[line]).detach(), scope["out"])


@pytest.mark.parametrize("write", [
    lambda t: operator.imul(t, 3.0),
    lambda t: operator.setitem(t, 0, 7.0),
    lambda t: t.zero_(),
    lambda t: t.normal_(),
], ids=["*=", "[0]=", "zero_", "normal_"])  # fmt: skip
def test_an_interrupted_write_is_noticed_wherever_the_interrupt_comes(write):
    # At every line of ours that runs; what has been written by then must not be used by backward.
    came, at = True, 0
    while came:
        x, w = ag.tensor([1.0, 2.0]), ag.tensor([1.0, 1.0], requires_grad=True)
        loss = (x * w).sum()
        came = interrupted(lambda x=x: write(x), at, "autograd")
        at += 1
        if not np.array_equal(x, [1.0, 2.0]):
            with pytest.raises(RuntimeError, match="written"):
                loss.backward()
    assert at > 3


def test_what_a_recorded_graph_has_saved_may_have_a_view_too():
    w = ag.tensor([1.0, 2.0, 3.0], requires_grad=True)
    with ag.debug.record():  # whoever writes into x is noted now
        x = ag.tensor([1.0, 2.0, 3.0])
        y = x * w
        view = x[:1]
        with pytest.raises(RuntimeError, match="shares its memory with another"):
            x += w
    assert y.requires_grad and not view.requires_grad


@pytest.mark.parametrize("ask", [ag.sum, ag.max, ag.mean, ag.linalg.norm, ag.min])
def test_what_a_number_was_made_of_is_no_view_of_anything(ask):
    """A recorded write into it is a change of what it is, also where a number was made of it."""
    w = ag.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = w * 2.0
    ask(y)
    y[0] = w[1] * 5.0
    y.sum().backward()
    assert y.tolist() == [10.0, 4.0, 6.0] and w.grad.tolist() == [0.0, 7.0, 2.0]
