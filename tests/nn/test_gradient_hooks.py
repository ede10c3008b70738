"""Hooks on the gradients of a module: all of its inputs at once, all of its outputs at once."""

import copy

import numpy as np
import pytest

import autograd
import nn

W = np.arange(1.0, 7.0).reshape(2, 3)


class Mixed(nn.Module):
    """Two tensors in, several things out."""

    def forward(self, a, b, n):
        return {"product": a * b, "rest": [a * n, None]}


def leaf(values):
    return autograd.tensor(values, requires_grad=True)


def lists(gradients):
    return [None if g is None else g.tolist() for g in gradients]


class TestWhatHooksSee:
    def test_the_gradients_of_arguments_and_outputs_in_order(self):
        model, seen = Mixed(), []
        model.register_full_backward_hook(lambda *given: seen.append(given))
        a, b = leaf(W), leaf(W + 1)
        out = model(a, b, 3.0)
        (out["product"] * 2 + out["rest"][0] * 5).sum().backward()
        ((module, into, back),) = seen
        assert module is model
        assert lists(back) == [np.full((2, 3), 2.0).tolist(), np.full((2, 3), 5.0).tolist(), None]
        assert lists(into) == [(2 * (W + 1) + 15).tolist(), (2 * W).tolist(), None]

    def test_only_what_came_through_the_module(self):
        # The input is used outside, too; its own gradient is the sum, the module's part is not.
        layer, seen = nn.ReLU(), []
        layer.register_full_backward_hook(lambda m, into, out: seen.append(into[0].tolist()))
        x = leaf([1.0, -1.0])
        (layer(x) + 10 * x).sum().backward()
        assert seen == [[1.0, 0.0]]
        assert x.grad.tolist() == [11.0, 10.0]

    def test_none_for_what_was_not_used(self):
        model, seen = Mixed(), []
        model.register_full_backward_hook(lambda m, *given: seen.append(given))
        a, b = leaf(W), leaf(W)
        model(a, b, 2.0)["rest"][0].sum().backward()
        into, back = seen[0]
        assert lists(into) == [np.full((2, 3), 2.0).tolist(), None, None]
        assert back[0] is None

    def test_without_an_input_that_needs_a_gradient_the_outputs_suffice(self):
        layer, seen = nn.Linear(2, 1), []
        layer.register_full_backward_hook(lambda m, *given: seen.append(given))
        layer(autograd.ones(1, 2)).sum().backward()
        (into, back) = seen[0]
        assert into == (None,)
        assert back[0].tolist() == [[1.0]]

    def test_every_pass_of_a_kept_graph_anew(self):
        layer, seen = nn.Tanh(), []
        layer.register_full_backward_hook(lambda m, into, out: seen.append(out[0].item()))
        y = layer(leaf(0.5))
        y.backward(retain_graph=True)
        (3.0 * y).backward()
        assert seen == [1.0, 3.0]

    def test_nothing_under_no_grad(self):
        layer = nn.Tanh()
        layer.register_full_backward_hook(lambda *given: pytest.fail("called"))
        with autograd.no_grad():
            layer(leaf(0.5))


class TestWhatHooksReturn:
    def test_a_hook_replaces_all_gradients_of_the_inputs_together(self):
        model = Mixed()
        model.register_full_backward_hook(lambda m, into, out: (into[1], into[0], None))
        a, b = leaf(W), leaf(W + 1)
        model(a, b, 1.0)["product"].sum().backward()
        assert a.grad.tolist() == W.tolist()  # what would have been b's
        assert b.grad.tolist() == (W + 1).tolist()

    def test_a_pre_hook_replaces_what_arrives(self):
        layer, seen = nn.ReLU(), []
        layer.register_full_backward_pre_hook(lambda m, back: (back[0] * 7,))
        layer.register_full_backward_hook(lambda m, into, back: seen.append(back[0].item()))
        x = leaf(2.0)
        layer(x).backward()
        assert (seen, x.grad.item()) == ([7.0], 7.0)

    def test_hooks_follow_one_another_in_their_order(self):
        layer, x = nn.ReLU(), leaf(2.0)
        layer.register_full_backward_hook(lambda m, into, back: (into[0] * 10,))
        layer.register_full_backward_hook(lambda m, into, back: (into[0] + 1,), prepend=True)
        layer(x).backward()
        assert x.grad.item() == 20.0

    def test_a_removed_hook_is_gone(self):
        layer, x = nn.ReLU(), leaf(2.0)
        layer.register_full_backward_hook(lambda m, into, back: (into[0] * 10,)).remove()
        layer(x).backward()
        assert x.grad.item() == 1.0

    def test_under_create_graph_the_second_derivative_goes_through_what_the_hook_did(self):
        layer, x = nn.Sigmoid(), leaf(0.3)
        layer.register_full_backward_hook(lambda m, into, back: (into[0] * 2,))
        (first,) = autograd.grad(layer(x), x, create_graph=True)
        (second,) = autograd.grad(first, x)
        s = 1 / (1 + np.exp(-0.3))
        assert second.item() == pytest.approx(2 * s * (1 - s) * (1 - 2 * s))  # as PyTorch has it

    def test_a_wrong_number_of_gradients_is_refused(self):
        layer, x = nn.ReLU(), leaf([1.0])
        layer.register_full_backward_hook(lambda m, into, back: (into[0], into[0]))
        with pytest.raises(ValueError, match="None or 1 gradients"):
            layer(x).sum().backward()

    def test_what_is_no_tensor_is_refused(self):
        layer, x = nn.ReLU(), leaf([1.0])
        layer.register_full_backward_hook(lambda m, into, back: ("this",))
        with pytest.raises(TypeError, match="returned str for a gradient of shape"):
            layer(x).sum().backward()

    def test_what_is_no_function_is_refused(self):
        with pytest.raises(TypeError, match="hook"):
            nn.ReLU().register_full_backward_hook(3)


def test_values_and_other_gradients_are_as_without_hooks():
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    plain = copy.deepcopy(model)
    for module in model.modules():
        module.register_full_backward_hook(lambda *given: None)
    x = autograd.tensor(W.astype(np.float32))
    for each in (model, plain):
        each(x).sum().backward()
    for ours, other in zip(model.parameters(), plain.parameters(), strict=True):
        assert (ours.grad.data == other.grad.data).all()


def test_changing_in_place_what_is_watched_is_refused():
    layer = nn.Identity()
    layer.register_full_backward_hook(lambda *given: None)
    y = layer(leaf(W) * 1)
    with pytest.raises(RuntimeError, match="view"):
        y += 1
