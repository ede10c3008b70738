"""PyTorch's ``autograd.Function``: the backward that the user wrote is the gradient, at any order."""

import gc
import weakref

import numpy as np
import pytest

import autograd as ag
from autograd import debug
from autograd.func import gradcheck, gradgradcheck


def leaf(*shape, seed=0):
    return ag.tensor(np.random.default_rng(seed).normal(size=shape), requires_grad=True)


class Linear(ag.Function):
    @staticmethod
    def forward(ctx, x, w, b=None):
        ctx.save_for_backward(x, w, b)
        out = x.mm(w.t())
        if b is not None:
            out += b.unsqueeze(0).expand_as(out)
        return out

    @staticmethod
    def backward(ctx, g):
        x, w, b = ctx.saved_tensors
        gx = gw = gb = None
        if ctx.needs_input_grad[0]:
            gx = g.mm(w)
        if ctx.needs_input_grad[1]:
            gw = g.t().mm(x)
        if b is not None and ctx.needs_input_grad[2]:
            gb = g.sum(0)
        return gx, gw, gb


class Exp(ag.Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * y


class Reversed(ag.Function):
    @staticmethod
    def forward(ctx, x, alpha):
        ctx.alpha = alpha
        return x.view_as(x)

    @staticmethod
    def backward(ctx, g):
        return g.neg() * ctx.alpha, None


class Absolute(ag.Function):
    @staticmethod
    def forward(x):
        return x.abs()

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * x.sign()


class Parts(ag.Function):
    @staticmethod
    def forward(ctx, x, k):
        ctx.k = k
        place = x.argmax()
        ctx.mark_non_differentiable(place)
        return x * k, x * x, place

    @staticmethod
    def backward(ctx, a, b, c):
        assert c is not None and not c.numpy().any()
        return a * ctx.k, None


def test_inputs_that_were_saved_give_gradients_of_both_orders():
    x, w, b = leaf(3, 2), leaf(4, 2, seed=1), leaf(4, seed=2)
    assert gradcheck(Linear.apply, x, w, b) and gradgradcheck(Linear.apply, x, w, b)
    assert gradcheck(Linear.apply, x, w) and gradgradcheck(Linear.apply, x, w)


def test_an_output_that_was_saved_leads_back_to_its_own_node():
    assert gradcheck(Exp.apply, leaf(3)) and gradgradcheck(Exp.apply, leaf(3))


def test_backward_may_ask_for_gradients_by_what_was_saved():
    """The adjoint method: parameters are handed in so as to get gradients, and used from outside."""

    class Adjoint(ag.Function):
        @staticmethod
        def forward(ctx, function, x, *parameters):
            ctx.function = function
            out = function(x)
            ctx.save_for_backward(x, out, *parameters)
            return out

        @staticmethod
        def backward(ctx, g):
            x, out, *parameters = ctx.saved_tensors
            assert out.requires_grad and not out.is_leaf
            with ag.enable_grad():
                x = x.detach().requires_grad_()
                found = ag.grad(ctx.function(x), [x, *parameters], g)
            return None, *found

    def model(x):
        return ag.tanh(x @ w + b)

    x, w, b = leaf(3, 2), leaf(2, 2, seed=1), leaf(2, seed=2)
    right = ag.grad((model(x) ** 2).sum(), [x, w, b])
    squares = Adjoint.apply(model, x * 1, w, b) ** 2
    for got, wanted in zip(ag.grad(squares.sum(), [x, w, b]), right, strict=True):
        np.testing.assert_allclose(got.data, wanted.data, rtol=1e-13)


class Scaled(ag.Function):
    """x · w, with a w that is no argument."""

    @staticmethod
    def forward(ctx, x, scale):
        ctx.save_for_backward(scale[0])
        return x * scale[0]

    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0], None


def test_a_saved_tensor_that_is_no_argument_keeps_its_place_in_the_graph():
    x, w = leaf(3), leaf(3, seed=1)
    (g,) = ag.grad(Scaled.apply(x, [w]).sum(), [x], create_graph=True)
    (h,) = ag.grad((g * g).sum(), [w])
    np.testing.assert_allclose(h.data, 2 * w.data, rtol=1e-15)


def test_a_write_into_what_was_saved_is_noticed():
    x, w = leaf(3), leaf(3, seed=1)
    out = Scaled.apply(x, [w])
    Scaled.apply(x, [ag.tensor(2.0)]).sum().backward()
    with ag.no_grad():
        w.mul_(10)
    with pytest.raises(
        RuntimeError, match="that Scaled .* needs for its gradient was written into"
    ):
        out.sum().backward()


def test_a_saved_number_is_kept_as_it_was():
    x, w = leaf(3), ag.tensor(2.0, requires_grad=True)
    out = Scaled.apply(x, [w])
    with ag.no_grad():
        w.mul_(10)
    out.sum().backward()
    np.testing.assert_array_equal(x.grad.data, [2, 2, 2])


def test_a_write_of_backward_into_what_it_got_is_noticed_by_others():
    class Rude(ag.Function):
        @staticmethod
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(x, y)
            return y

        @staticmethod
        def backward(ctx, g):
            for saved in ctx.saved_tensors:
                saved.mul_(2)
            return g

    x = leaf(3)
    squared = x * x
    sine = squared.sin()
    with pytest.raises(RuntimeError, match=r"sin .* written into"):
        (sine.sum() + Rude.apply(squared).sum()).backward()


def test_the_backward_is_believed_and_not_the_forward():
    x = leaf(3)
    y = Reversed.apply(x, 2.0)
    (y * ag.tensor([1.0, 2.0, 3.0])).sum().backward()
    np.testing.assert_array_equal(y.data, x.data)
    np.testing.assert_array_equal(x.grad.data, [-2, -4, -6])


def test_the_context_may_be_set_up_apart():
    assert gradcheck(Absolute.apply, leaf(4))


def test_one_of_several_outputs_may_be_used_and_one_may_have_no_gradient():
    x = leaf(3)
    tripled, _, place = Parts.apply(x, 3.0)
    tripled.sum().backward()
    np.testing.assert_array_equal(x.grad.data, [3, 3, 3])
    assert not place.requires_grad and place.item() == np.argmax(x.data)


def test_what_needs_no_gradient_is_told_and_nothing_is_recorded():
    x, w = leaf(3, 2).detach(), leaf(4, 2)
    out = Linear.apply(x, w)
    out.sum().backward()
    assert x.grad is None and w.grad is not None
    with ag.no_grad():
        assert not Linear.apply(x, w).requires_grad
    assert not Linear.apply(x, w.detach()).requires_grad


def test_the_same_tensor_twice_gets_both_gradients():
    x = leaf(3, 3)
    Linear.apply(x, x).sum().backward()
    y = ag.tensor(x.data, requires_grad=True)
    y.mm(y.t()).sum().backward()
    np.testing.assert_allclose(x.grad.data, y.grad.data, rtol=1e-13)


def test_the_node_bears_the_class_name_and_a_wrong_backward_is_named():
    class Doubled(ag.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 3

    with debug.record():
        loss = Doubled.apply(Exp.apply(leaf(3))).sum()
    steps = {step.node.primitive.name: step for step in debug.Backprop(loss)}
    assert steps["Exp"].check().ok and not steps["Doubled"].check().ok


def test_what_cannot_be_is_refused():
    class Short(ag.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x * y

        @staticmethod
        def backward(ctx, g):
            return g

    with pytest.raises(RuntimeError, match=r"Short.backward: returned 1 gradients for 2 arguments"):
        Short.apply(leaf(2), leaf(2)).sum().backward()
    with pytest.raises(TypeError, match=r"write Exp.apply\(x\)"):
        Exp()

    class Dirty(ag.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            return x

    with pytest.raises(RuntimeError, match="mark_dirty: a Function does not write"):
        Dirty.apply(leaf(2))

    class Numbers(ag.Function):
        @staticmethod
        def forward(ctx, x):
            return 3

    with pytest.raises(TypeError, match="Numbers.forward: expected a tensor"):
        Numbers.apply(leaf(2))

    class Saver(ag.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(3)
            return x

    with pytest.raises(TypeError, match="ctx.name = value"):
        Saver.apply(leaf(2))
    with pytest.raises(RuntimeError, match="in backward only"):
        ag.func.function.FunctionContext((True,)).saved_tensors  # noqa: B018


def test_gradients_can_be_asked_for_as_they_come():
    seen = []

    class Pair(ag.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 1, x * 2

        @staticmethod
        def backward(ctx, a, b):
            seen.append((a is None, b is None))
            return b * 2

    Pair.apply(leaf(2))[1].sum().backward()
    assert seen == [(True, False)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gradients_that_did_not_come_are_zeros_like_the_outputs(dtype):
    seen = []

    class Three(ag.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1, x[:2] * 2, (x > 0).astype(np.int64)

        @staticmethod
        def backward(ctx, *gradients):
            seen.extend((g.dtype, g.tolist()) for g in gradients)
            return gradients[0]

    x = ag.tensor([1.0, 2.0, 3.0], dtype, requires_grad=True)
    Three.apply(x)[0].sum().backward()
    assert seen == [
        (np.dtype(dtype), [1.0, 1.0, 1.0]),
        (np.dtype(dtype), [0.0, 0.0]),
        (np.dtype(np.float64), [0.0, 0.0, 0.0]),
    ]


@pytest.mark.torch
def test_programs_of_pytorchs_own_style_agree(torch):
    def run(lib, function):
        class Swish(function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x * lib.sigmoid(x)

            @staticmethod
            def backward(ctx, g):
                (x,) = ctx.saved_tensors
                s = lib.sigmoid(x)
                return g * (s * (1 + x * (1 - s)))

        x = lib.tensor([0.3, -1.2, 2.0], requires_grad=True, dtype=lib.float64)
        y = Swish.apply(x * x)
        grad = torch.autograd.grad if lib is torch else ag.grad
        (g,) = grad((y * y).sum(), [x], create_graph=True)
        (h,) = grad((g * g).sum(), [x])
        return np.asarray(g.detach()), np.asarray(h.detach())

    for ours, theirs in zip(run(ag, ag.Function), run(torch, torch.autograd.Function), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_what_was_saved_goes_when_backward_is_done():
    x = leaf(3)
    squares = x * x
    kept = weakref.ref(squares._data)
    out = Absolute.apply(squares)
    del squares
    out.sum().backward()
    gc.collect()
    assert kept() is None and out.grad_node is not None


def test_a_class_of_a_function_goes_with_it():
    def used_once():
        class Twice(ag.Function):
            @staticmethod
            def forward(ctx, x):
                return 2.0 * x

            @staticmethod
            def backward(ctx, g):
                return 2.0 * g

        x = ag.tensor([1.0], requires_grad=True)
        Twice.apply(x).sum().backward()
        return weakref.ref(Twice)

    found = used_once()
    gc.collect()
    assert found() is None


@pytest.mark.parametrize("gradients, words", [
    (lambda g: (g, None, g), "gradient 2 is for no argument: forward got 2"),
    (lambda g: (g, g), "gradient 1 is for an argument that is no tensor"),
])  # fmt: skip
def test_a_gradient_for_nothing_is_refused(gradients, words):
    class Times(ag.Function):
        @staticmethod
        def forward(ctx, x, k):
            return x * k

        @staticmethod
        def backward(ctx, g):
            return gradients(g)

    x = ag.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError, match=f"Times.backward: {words}"):
        Times.apply(x, 2.0).sum().backward()
