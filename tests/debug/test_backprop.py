"""Paused backprop: the same numbers as backward(), editing, going back, checks, memory."""

import numpy as np
import pytest

import autograd as ag
from autograd.debug import Backprop, record


def t(value, **options):
    return ag.tensor(np.asarray(value, dtype=np.float64), requires_grad=True, **options)


def nodes_of(loss):
    seen, pending = set(), [loss._node]
    while pending:
        node = pending.pop()
        if node in seen or not node.parents:
            continue
        seen.add(node)
        pending.extend(p for p in node.parents if p is not None)
    return seen


def test_stepping_to_the_end_gives_the_bits_of_backward(model):
    loss, leaves = model()
    loss.backward()
    expected = [x.grad.numpy().copy() for x in leaves]
    loss, leaves = model()
    dbg = Backprop(loss)
    for step in dbg:
        if not dbg.finished:
            assert all(x.grad is None for x in leaves), f"committed before the end, at {step}"
    for x, right in zip(leaves, expected, strict=True):
        assert x.grad.dtype == right.dtype and x.grad.numpy().tobytes() == right.tobytes()
        assert x.grad._data.flags.c_contiguous


def test_before_plus_contribution_is_after_and_every_node_has_one_step(model):
    loss, _ = model()
    nodes = nodes_of(loss)
    latest = {}
    dbg = Backprop(loss)
    steps = list(dbg)
    assert {s.node for s in steps} == nodes and len(steps) == len(nodes) == dbg.total
    assert [s.number for s in steps] == list(range(1, dbg.total + 1))
    for step in steps:
        for sent in step.sent:
            place = (sent.parent, sent.index)
            before = latest.get(place)
            assert (before is None) == (sent.before is None)
            if before is None:
                np.testing.assert_array_equal(sent.contribution, sent.after)
            else:
                np.testing.assert_array_equal(sent.before, before)
                np.testing.assert_array_equal(sent.before + sent.contribution, sent.after)
            latest[place] = sent.after
    for step in steps[1:]:
        arrived = step.gradient if isinstance(step.gradient, tuple) else (step.gradient,)
        for k, g in enumerate(arrived):
            if g is not None:
                np.testing.assert_array_equal(g, latest[step.node, k])


def test_run_finishes_from_anywhere_and_accumulates():
    for taken in range(6):
        a, b = t(2.0), t(-3.0)
        c = a * b + a
        for passes in (1, 2):
            dbg = Backprop((c * c + b) * 0.5, retain_graph=True)
            for _ in range(taken):
                dbg.step()
            dbg.run()
            assert dbg.finished and dbg.step() is None
            assert (a.grad.item(), b.grad.item()) == (8.0 * passes, -7.5 * passes)


def test_create_graph_and_gradient_are_taken():
    x = t([1.0, 2.0])
    Backprop(x**3, gradient=np.array([1.0, 10.0]), create_graph=True).run()
    assert x.grad.tolist() == [3.0, 120.0] and x.grad.requires_grad
    with pytest.raises(RuntimeError, match=r"one element.*\(2,\)"):
        Backprop(x**3)


def test_some_inputs_only_as_in_backward():
    a, b = t([2.0, 1.0]), t([-3.0, 5.0])
    c = ag.exp(a) * ag.sin(b)
    dbg = Backprop(c.sum(), inputs=[c, b])
    assert [step.op for step in dbg] == ["sum", "multiply", "sin"] and dbg.total == 3
    assert a.grad is None and c.grad.tolist() == [1.0, 1.0] and b.grad is not None
    with pytest.raises(TypeError, match="inputs"):
        Backprop(t(1.0) * 2.0, inputs=3)


def test_a_leaf_alone_is_finished_at_once():
    x = t(2.0)
    assert Backprop(x).finished and x.grad.item() == 1.0


def test_until_goes_to_operations_by_any_name_and_to_modules(models):
    dbg = Backprop(models.convolutional()[0])
    assert dbg.until(op="max_pool2d").op == "max_pool"
    step = dbg.until(module="net.conv1")
    assert step.op == "correlate" and step.module == "net.conv1"
    assert dbg.until(op="correlate") is None and dbg.finished
    dbg = Backprop(models.convolutional()[0])
    assert dbg.until(module="net", when=lambda s: s.op == "relu").op == "relu"
    with pytest.raises(ValueError, match="no operation 'matmul'.*correlate.*relu"):
        dbg.until(op="matmul")
    with pytest.raises(ValueError, match="no module 'conv1'.*net.conv1"):
        dbg.until(module="conv1")
    with pytest.raises(ValueError, match="op="):
        dbg.until()


def test_editing_a_gradient_and_going_on(models):
    a, b = t(2.0), t(-3.0)
    c = a * b
    d = c + a
    dbg = Backprop(d * 5.0)
    dbg.step(), dbg.step()
    assert dbg.gradient_of(c) == 5.0 and dbg.gradient_of(a) == 5.0 and dbg.gradient_of(b) is None
    assert set(dbg.pending) == {c._node, a._node}
    dbg.set_gradient(c, 1.0)
    dbg.set_gradient(a, 100.0)
    dbg.run()
    assert (a.grad.item(), b.grad.item()) == (100.0 - 3.0, 2.0)


def test_editing_before_anything_arrived_adds():
    a, b = t([2.0, 1.0]), t([-3.0, 1.0])
    c = a * b
    dbg = Backprop((c * 2.0).sum())
    dbg.set_gradient(c._node, 10.0)
    dbg.run()
    assert b.grad.tolist() == [24.0, 12.0]


@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize("arrived", [0, 1, 2])
def test_of_several_outputs_one_is_edited(index, arrived):
    """Before anything arrived a number is added to what comes, and after that it takes its place."""

    @ag.primitive(outputs=2)
    def both(x):
        return 2.0 * x, 3.0 * x

    both.gradients(x=lambda g: 2.0 * g[0] + 3.0 * g[1])
    x = ag.tensor(1.0, requires_grad=True)
    outs = both(x)
    loss = outs[0] * 5.0 + outs[1] * 7.0
    dbg = ag.debug.Backprop(loss)
    came = {}
    while len(came) < arrived:
        step = dbg.step()
        came |= {
            k: 5.0 + 2.0 * k
            for k in (0, 1)
            if step.node is not loss._node and dbg.gradient_of(outs[k]) is not None
        }
    dbg.set_gradient(outs[index], 100.0)
    expected = [5.0, 7.0]
    expected[index] = 100.0 if index in came else 100.0 + expected[index]
    assert dbg.gradient_of(outs[index]) == 100.0
    dbg.run()
    assert x.grad.item() == 2.0 * expected[0] + 3.0 * expected[1]


def test_editing_is_refused_where_it_would_do_nothing():
    a = t([2.0, 1.0])
    c = a * 3.0
    dbg = Backprop((c * 2.0).sum())
    with pytest.raises(ValueError, match=r"\(3,\).*\(2,\)"):
        dbg.set_gradient(c, np.ones(3))
    with pytest.raises(TypeError, match="float"):
        dbg.set_gradient(3.0, 1.0)
    with pytest.raises(RuntimeError, match="no part of this graph"):
        dbg.gradient_of(a * 1.0)
    dbg.step(), dbg.step()
    with pytest.raises(ValueError, match="read-only"):
        dbg.gradient_of(c)[0] = 1.0
    dbg.back()
    with pytest.raises(RuntimeError, match="go forward to step 2"):
        dbg.set_gradient(c, 1.0)
    dbg.step(), dbg.step()
    with pytest.raises(RuntimeError, match="its step is over"):
        dbg.set_gradient(c, 1.0)


def test_only_numbers_can_take_a_gradients_place():
    a = t([2.0, 1.0])
    dbg = Backprop((a * 3.0).sum())
    for value in (None, "high", [None, 1.0], {}):
        with pytest.raises(TypeError, match=r"set_gradient: the value must be a number"):
            dbg.set_gradient(a, value)
    dbg.run()
    assert a.grad.tolist() == [3.0, 3.0]


def test_a_tensor_whose_step_is_over_has_no_gradient_to_change():
    a = t([2.0, 1.0])
    c = a * 3.0
    d = c * 2.0
    dbg = Backprop(d.sum())
    dbg.step(), dbg.step()
    assert not dbg.finished and dbg.gradient_of(c).tolist() == [2.0, 2.0]
    for call in (lambda: dbg.gradient_of(d), lambda: dbg.set_gradient(d, 1.0)):
        with pytest.raises(RuntimeError, match="its step is over"):
            call()


def test_a_pass_whose_step_failed_commits_nothing():
    @ag.primitive
    def f(x):
        return x * 1.0

    def rule(g):
        raise ZeroDivisionError("planted")

    f.gradients(x=rule)
    x = t([1.0])
    dbg = Backprop((f(x) + x).sum())
    dbg.until(op="add")
    with pytest.raises(ZeroDivisionError):
        dbg.step()
    for go in (dbg.step, dbg.run):
        with pytest.raises(RuntimeError, match="failed"):
            go()
    assert x.grad is None and not dbg.finished


def test_hooks_run_as_in_backward():
    x = t([1.0, 2.0])
    y = x * 2.0
    y.register_hook(lambda g: g * 10.0)
    Backprop((y * y).sum()).run()
    assert x.grad.tolist() == [80.0, 160.0]


def test_a_nan_loss_is_not_passed_silently():
    with pytest.warns(RuntimeWarning, match="loss itself is NaN"):
        Backprop(t(np.nan) * 2.0)


@pytest.mark.parametrize("recorded", [True, False])
def test_every_right_rule_is_found_right(model, recorded):
    if recorded:
        with record():
            loss, _ = model()
    else:
        loss, _ = model()
    for step in Backprop(loss):
        check = step.check()
        assert check.ok, check
        if recorded or step.op == "checkpoint":
            assert all(f.verdict != "unknown" for f in check.findings)


def sabotage(node, position):
    """Have a node's rule for one input give 1.01 times the gradient."""
    plan = node.plan
    original = plan.gradients

    def wrong(node, g, saved, needs):
        return tuple(
            v * 1.01 if k == position and v is not None else v
            for k, v in enumerate(original(node, g, saved, needs))
        )

    plan.gradients = wrong
    return lambda: setattr(plan, "gradients", original)


@pytest.mark.parametrize("recorded", [True, False])
def test_sabotage_of_any_rule_is_found_and_named(model, recorded):
    def build():
        if not recorded:
            return model()[0]
        with record():
            return model()[0]

    tried = set()
    for step in Backprop(build()):
        for sent in step.sent:
            key = (step.op, sent.name)
            unknown = {f.name for f in step.check().findings if f.verdict == "unknown"}
            if key in tried or sent.name in unknown or not np.any(sent.contribution):
                continue
            tried.add(key)
            restore = sabotage(step.node, sent.position)
            try:
                check = step.check()
            finally:
                restore()
            wrong = [f.name for f in check.findings if f.verdict == "wrong"]
            assert wrong == [sent.name], (step, check)
            assert f"{step.op}: the rule for {sent.name} is WRONG" in check.text()
            said = " ".join(check.text().split())  # long lines are broken
            assert " ".join(sent.rule.splitlines()[0].split()) in said
    assert tried


def test_a_check_works_on_float32_in_float64():
    @ag.primitive(broadcasts=True)
    def nearly(x):
        return x * x

    nearly.gradients(x=lambda g, x: g * x * 2.0001)
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    assert not Backprop(nearly(x).sum()).until(op="nearly").check()


def test_kinks_are_called_kinks_with_both_slopes():
    x = ag.tensor([[1.0, 1.0], [-1.0, 0.0]], requires_grad=True)
    check = Backprop(ag.relu(x).sum()).until(op="relu").check()
    x4 = x.reshape(1, 1, 2, 2)
    with record():
        pooled = ag.max_pool(x4, 2).sum()
    tie = Backprop(pooled).until(op="max_pool").check()
    with record():
        relu = ag.relu(x).sum()
    check = Backprop(relu).until(op="relu").check()
    for one in (check, tie):
        assert one.ok and one.findings[0].verdict == "kink"
        assert sorted((one.findings[0].slopes.left, one.findings[0].slopes.right)) == [
            pytest.approx(0.0, abs=1e-6), pytest.approx(1.0)]  # fmt: skip
        assert "kink" in one.text() and "on the left" in one.text()
    assert check.findings[0].index == (1, 1) and tie.findings[0].index == (0, 0, 0, 0)


def test_large_inputs_are_sampled():
    x = t(np.linspace(0.1, 1.0, 10_000))
    with record():
        y = ag.sin(x).sum()
    check = Backprop(y).until(op="sin").check(limit=50)
    assert check.ok and "of 10000 elements" in check.text()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_checkpoint_that_takes_tensors_from_outside_is_checked_as_any_other(dtype):
    x, w = t([[0.1, 0.2], [0.5, 0.4]]).astype(dtype), t([1.3, 0.7], name="w").astype(dtype)
    h = ag.sin(x)  # no leaf, and from outside too
    y = ag.func.checkpoint(lambda a: ag.tanh(a * w) * h, x * 2.0)
    before = w.data.copy(), h.data.copy()
    step = Backprop(y, gradient=np.array([[1.0, 2.0], [-1.0, 0.5]])).until(op="checkpoint")
    assert [f.verdict for f in step.check().findings] == ["right"] * 3
    assert w.dtype == h.dtype == dtype
    np.testing.assert_array_equal(w.data, before[0])
    np.testing.assert_array_equal(h.data, before[1])
    for sent in step.sent:
        restore = sabotage(step.node, sent.position)
        try:
            findings = step.check().findings
        finally:
            restore()
        assert [f.name for f in findings if f.verdict == "wrong"] == [sent.name]


def test_a_checkpoint_whose_outside_tensor_is_gone_says_which():
    holder = {"w": t([1.3, 0.7])}
    x = t([0.1, 0.2])
    y = ag.func.checkpoint(lambda a: a * holder["w"], x)
    step = Backprop(y.sum(), retain_graph=True).until(op="checkpoint")
    holder["w"] = t([5.0, 6.0])
    (first, second) = step.check().findings
    assert first.verdict == second.verdict == "unknown"
    assert "tensor 0 that the function took from outside, of shape (2,), is gone" in first.reason


def test_checking_a_checkpoint_moves_no_running_statistics():
    import nn

    nn.manual_seed(0)
    norm = nn.BatchNorm1d(3)
    images = ag.tensor(np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32))
    for f in (norm, norm.forward, lambda a: norm(a) * 2.0):
        y = ag.func.checkpoint(f, images.clone().requires_grad_())
        step = Backprop((y * y).sum()).until(op="checkpoint")
        before = norm.running_mean.data.copy(), norm.num_batches_tracked.item()
        assert step.check().ok
        np.testing.assert_array_equal(norm.running_mean.data, before[0])
        assert norm.num_batches_tracked.item() == before[1]


def test_a_pass_that_is_left_half_way_takes_nothing_from_others(model):
    loss, leaves = model()
    half = Backprop(loss)
    for _ in range(half.total - 1):
        half.step()
    loss.backward(retain_graph=True)
    whole = [w.grad.data.copy() for w in leaves]
    again = Backprop(loss)
    again.run()
    for w, g in zip(leaves, whole, strict=True):
        np.testing.assert_array_equal(w.grad.data, g + g)
    with pytest.raises(RuntimeError, match="a second time"):  # the whole pass has released it
        loss.backward()


def test_a_pass_that_is_kept_releases_nothing():
    x = t(2.0)
    y = ag.exp(x)
    Backprop(y, retain_graph=True).run()
    y.backward()
    assert x.grad.item() == pytest.approx(2 * np.exp(2.0))


def test_until_takes_what_break_on_takes():
    x = t([3.0, 0.0], name="x")
    loss = (ag.sqrt(x) * 100.0).sum()
    dbg = Backprop(loss)
    assert dbg.until([ag.debug.norm_over(1e3), ag.debug.nonfinite]).op == "sqrt"
    assert dbg.reason.startswith("norm over 1000") and dbg.until(ag.debug.nonfinite) is None
    assert dbg.reason == "" and dbg.finished
    with pytest.warns(RuntimeWarning, match="the loss itself is NaN"):
        dbg = Backprop(x.sum() * float("nan"))
    assert dbg.until(ag.debug.nonfinite).number == 1 and "the loss itself" in dbg.reason
    with pytest.raises(TypeError, match="until: op takes conditions"):
        Backprop(x * x, [1.0, 1.0]).until(3)
    with pytest.raises(ValueError, match="until: give"):
        Backprop(x * x, [1.0, 1.0]).until()


def test_a_condition_and_a_module_have_to_meet(models):
    dbg = Backprop(models.convolutional()[0])
    everything = ag.debug.when(lambda step: True)
    assert dbg.until(everything, module="net.conv1").module == "net.conv1"
