"""From tensors to traces."""

import contextlib
import weakref

import numpy as np
import pytest

import autograd
from autograd import viz
from autograd.viz.tracing.capture import Capture, Names
from autograd.viz.tracing.selection import topological
from autograd.viz.visible.view import build


class Parameter(autograd.Tensor):
    """What a layer's parameter looks like from here: the name of its type."""

    __slots__ = ()


def parameter(*shape):
    return Parameter(np.full(shape, 0.5, np.float32), requires_grad=True)


def by_name(trace):
    return {node.name: node for node in trace.nodes if node.name}


def test_variables_name_leaves_and_results():
    a = autograd.tensor(2.0, requires_grad=True)
    b = autograd.tensor(3.0, requires_grad=True, name="own name")
    c = a * b
    names = by_name(viz.graph(c.exp()).trace)
    assert set(names) == {"a", "own name", "c"}
    assert names["a"].kind == "input" and names["c"].op == "multiply"


def test_underscored_variables_are_no_names():
    _hidden = autograd.tensor(2.0, requires_grad=True)
    assert by_name(viz.graph(_hidden.exp()).trace) == {}


def test_shared_parents_are_one_node_and_twice_is_two_edges():
    a = autograd.tensor(2.0, requires_grad=True)
    b = a * a
    trace = viz.graph(b + b).trace
    assert [node.op for node in trace.nodes] == ["", "multiply", "add"]
    assert [(edge.source, edge.target) for edge in trace.edges] == [(1, 2), (1, 2), (2, 3), (2, 3)]
    assert trace.nodes[-1].kind == "output"


def test_parameters_take_their_names_from_the_model_and_live_in_their_module():
    class Model:
        def __init__(self):
            self.weight = parameter(2, 3)

        def named_parameters(self):
            return [("layer.weight", self.weight)]

    model = Model()
    x = autograd.tensor(np.ones((4, 3), np.float32))
    with autograd.module_scope("layer"):
        y = x @ model.weight.T
    trace = viz.graph(y.sum()).trace
    names = by_name(trace)
    assert names["layer.weight"].kind == "parameter"
    assert names["layer.weight"].module == "layer"
    assert names["x"].kind == "constant" and names["x"].gradient_state == "untracked"


def test_gradients_none_zero_and_accumulated():
    a, b = (autograd.tensor(v, requires_grad=True) for v in (2.0, 3.0))
    (a * 0.0).backward()
    (a * 0.0).backward()
    trace = viz.graph(a * b).trace
    names = by_name(trace)
    assert names["a"].gradient_state == "value" and names["a"].gradient.is_zero
    assert names["a"].backward_calls == 2
    assert names["b"].gradient_state == "none"
    text = viz.graph(a * b).text()
    assert "grad 0 (sum of 2 backward() calls)" in text and "no gradient yet" in text


def test_retained_gradients_of_results_are_shown():
    a = autograd.tensor(2.0, requires_grad=True)
    b = a * 3.0
    b.retain_grad()
    loss = b * b
    assert by_name(viz.graph(loss).trace)["b"].gradient_state == "none"
    loss.backward(retain_graph=True)
    assert by_name(viz.graph(loss).trace)["b"].gradient.values == 12.0


def test_values_that_are_known_are_right():
    a = autograd.tensor([1.0, 2.0], requires_grad=True)
    loss = ((a * a).log().exp() + 1.0).sum()
    expected = {"multiply": [1.0, 4.0], "exp": [1.0, 4.0]}  # kept for log and by exp
    trace = viz.graph(loss).trace
    for op, value in expected.items():
        node = next(node for node in trace.nodes if node.op == op)
        np.testing.assert_allclose(node.value.values, value, rtol=1e-6)
    assert trace.nodes[-1].value.values == pytest.approx(loss.item())


def test_recording_makes_every_value_and_line_known():
    a = autograd.tensor(2.0, requires_grad=True)
    with autograd.debug.record():
        loss = (a + 1.0) / (a + 5.0)
    trace = viz.graph(loss).trace
    assert all(node.value is not None for node in trace.nodes)
    assert {node.where.split(":")[0] for node in trace.nodes if node.op} == {"test_capture.py"}


def test_what_nobody_kept_is_drawn_as_unknown():
    a = autograd.tensor([2.0, 3.0], requires_grad=True)
    loss = (a + [1.0, 2.0]) + autograd.tensor([3.0, 4.0])  # both operands are gone by now
    unknown = [node for node in viz.graph(loss).trace.nodes if node.kind == "constant"]
    assert [(node.dtype, node.value) for node in unknown] == [("", None)] * 2
    assert "constant · not kept" in viz.graph(loss).to_svg()


def test_literal_operands_are_known():
    a = autograd.tensor(2.0, requires_grad=True)
    trace = viz.graph(((a + 1.0) - 3) / 0.1).trace
    numbers = [node for node in trace.nodes if node.kind == "constant"]
    assert [node.value.values for node in numbers] == [1.0, 3.0, 0.1]
    assert [node.dtype for node in numbers] == ["float32"] * 3
    loss = ((a + 1.0) - 3) / 0.1
    loss.backward()
    assert len([node for node in viz.graph(loss).trace.nodes if node.value is not None]) >= 3


@pytest.mark.parametrize("recorded", [False, True])
def test_a_constant_used_twice_is_one_node(recorded):
    x = autograd.tensor([[1.0, 2.0]])
    y = autograd.tensor([[0.5, 1.0]])
    w = autograd.tensor([[3.0, 4.0]], requires_grad=True)
    with autograd.debug.record() if recorded else contextlib.nullcontext():
        loss = ((x * w + x - y) ** 2).sum()
    trace = viz.graph(loss).trace
    constants = {node.name: node for node in trace.nodes if node.kind == "constant"}
    assert set(constants) == {"x", "y", ""} and constants[""].label == "number"
    assert len([node for node in trace.nodes if node.kind == "constant"]) == 3
    assert constants["y"].value.values == [[0.5, 1.0]]
    assert [e.target for e in trace.edges if e.source == constants["x"].id] == [3, 4]


def test_a_single_number_used_twice_is_one_node():
    scale = autograd.tensor(3.0)
    a = autograd.tensor(2.0, requires_grad=True)
    assert len(viz.graph(a * scale + scale).trace.nodes) == 4


def test_an_operand_that_changed_since_shows_no_value():
    a = autograd.tensor([1.0, 2.0], requires_grad=True)
    y, plain = autograd.tensor([5.0, 6.0]), np.ones(2, np.float32)
    loss = (a - y + plain).sum()
    y[0] = 7.0
    names = by_name(viz.graph(loss).trace)
    assert names["y"].value is None and names["y"].shape == (2,)
    assert names["plain"].value is None and names["plain"].shape == (2,)


def test_pictures_keep_no_operand_alive():
    a = autograd.tensor([1.0, 2.0], requires_grad=True)
    y = autograd.tensor([5.0, 6.0])
    data = weakref.ref(y.data if isinstance(y.data, np.ndarray) else y._data)
    loss = (a - y).sum()
    del y
    assert data() is None and loss.item() == -8.0


class Block:
    """Two operations with constants of their own, called as layers of a model are."""

    def __init__(self, path):
        self.path, self.table = path, autograd.tensor([1.0, 0.0, 1.0])
        self.weight = parameter(3)

    def __call__(self, x):
        with autograd.module_scope(self.path):
            return x * self.weight * self.table * 2.0 + 0.5 + x


def test_constants_belong_to_the_module_that_makes_them():
    blocks = [Block(f"blocks.{k}") for k in range(4)]
    h = image = autograd.tensor([1.0, 2.0, 3.0])  # noqa: F841  a name to be found
    for block in blocks:
        h = block(h)
    target = autograd.tensor([0.0, 1.0, 0.0])
    with autograd.module_scope("loss"):
        loss = ((h - target) ** 2).sum()
    graph = viz.graph(loss, fold=True)
    constants = [node for node in graph.trace.nodes if node.kind == "constant"]
    outside = [node.name for node in constants if not node.module]
    assert outside == ["image", "target"]
    assert [n.module for n in constants if n.module.startswith("blocks")] == [
        block.path for block in blocks for _ in range(3)
    ]
    assert [group.label for group in graph.view.groups if group.copies > 1] == ["0 ×4"]
    first = next(node.id for node in graph.trace.nodes if node.name == "image")
    assert sum(link.source == first for link in graph.view.links) == 2  # also around the block
    headings = [line.strip() for line in graph.text().splitlines() if line.startswith("  [")]
    assert headings == [
        "[blocks.0]", "[outside modules]",  # the weight, and the image that it is multiplied with
        *(f"[blocks.{k}]" for k in range(4)), "[outside modules]", "[loss]",
    ]  # fmt: skip


def test_what_a_model_is_given_stays_outside_of_it():
    w = parameter(2, 2)
    with autograd.module_scope("net"):
        y = autograd.linear(autograd.tensor([[1.0, 2.0]]), w)
        y = autograd.cross_entropy(y * autograd.tensor([2.0, 1.0]), np.array([1]))
    constants = [node for node in viz.graph(y).trace.nodes if node.kind == "constant"]
    assert [(node.shape, node.module) for node in constants] == [
        ((1, 2), ""), ((2,), "net"), ((1,), "")]  # fmt: skip


def test_statics_are_told_unless_default():
    x = autograd.tensor(np.ones((1, 1, 4, 4)), requires_grad=True)
    pooled = viz.graph(autograd.max_pool(x, 2).sum()).trace
    node = next(node for node in pooled.nodes if node.op == "max_pool")
    assert node.statics["stride"] == "(2, 2)"


def test_a_dry_pass_leaves_everything_as_it_was():
    a = autograd.tensor(3.0, requires_grad=True)
    (a * 2.0).backward()
    loss = a * a
    viz.step(loss)
    viz.graph(loss, show="gradient")
    assert a.grad.item() == 2.0
    loss.backward()
    assert a.grad.item() == 8.0


MODELS = {
    "expression": lambda t: ((t * t + t.exp()) / (t + 3.0)).sum(),
    "tied": lambda t: (t @ t.T @ t).sum() + t.max(),
    "several outputs": lambda t: sum(
        part.sum() * (k + 1) for k, part in enumerate(autograd.split(t, 2))
    ),
    "convolution": lambda t: autograd.correlate(
        t.reshape(1, 1, 4, 4), t[:2, :2].reshape(1, 1, 2, 2)
    ).tanh().mean(),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_the_steps_end_at_the_gradient_of_backward(name):
    t = autograd.tensor(np.linspace(-1, 2, 16).reshape(4, 4), requires_grad=True)
    loss = MODELS[name](t)
    steps = viz.step(loss)
    final = steps.trace.arrived()
    leaf = next(node for node in steps.trace.nodes if node.name == "t")
    loss.backward()
    np.testing.assert_allclose(final[leaf.id].values, t.grad.numpy(), rtol=1e-12, atol=0)


@pytest.mark.parametrize("name", MODELS)
def test_before_and_contribution_make_after(name):
    t = autograd.tensor(np.linspace(-1, 2, 16).reshape(4, 4), requires_grad=True)
    t.name = "t"
    trace = viz.step(MODELS[name](t)).trace
    current = {}
    for step in trace.steps:
        assert step.rules.keys() == {each.argument for each in step.contributions}
        for each in step.contributions:
            assert each.before == current.get(each.parent) or step.node != each.parent
            if each.before is not None and each.before.values is not None:
                total = np.add(each.before.values, each.contribution.values)
                np.testing.assert_allclose(each.after.values, total, rtol=1e-12)
            current[each.parent] = each.after
    assert [step.number for step in trace.steps] == list(range(1, len(trace.steps) + 1))


def test_a_hook_that_changes_a_gradient_is_told():
    a = autograd.tensor(1.0, requires_grad=True)
    a.register_hook(lambda gradient: gradient * 2.0)
    assert viz.step(a * 3.0).trace.note == "a hook makes the gradient of a 6"


def test_a_used_up_graph_says_what_to_do():
    a = autograd.tensor(2.0, requires_grad=True)
    loss = a * a
    loss.backward()
    with pytest.raises(RuntimeError, match="retain_graph=True"):
        viz.step(loss)
    assert len(viz.graph(loss).trace.nodes) == 2  # drawing still works


def test_wrong_arguments_are_refused():
    with pytest.raises(TypeError, match="Tensor; got ndarray"):
        viz.graph(np.ones(3))
    with pytest.raises(RuntimeError, match="shape"):
        viz.step(autograd.tensor([1.0, 2.0], requires_grad=True) * 2.0)
    with pytest.raises(RuntimeError, match="gradient"):
        viz.step(autograd.tensor(1.0))


def test_a_tensor_without_history_is_one_node():
    alone = autograd.tensor([1.0, 2.0])
    trace = viz.graph(alone).trace
    assert [(node.kind, node.name) for node in trace.nodes] == [("constant", "alone")]
    viz.graph(alone).to_svg()


def test_of_several_outputs_the_one_asked_for_is_shown():
    x = autograd.tensor([1.0, 2.0, 3.0], requires_grad=True)
    first, second = autograd.split(x, [1])
    assert viz.graph(first).trace.nodes[-1].value.values == [1.0]
    assert viz.graph(second).trace.nodes[-1].value.values == [2.0, 3.0]


def test_a_leaf_that_is_gone_is_still_drawn():
    loss = autograd.tensor(2.0, requires_grad=True).exp()
    assert viz.graph(loss).trace.nodes[0].label == "leaf"


def test_a_chain_of_ten_thousand_from_tensors():
    a = autograd.tensor(0.5, requires_grad=True)
    h = a
    for _ in range(10_000):
        h = h.tanh()
    trace = Capture(h, Names()).take_steps()
    assert len(trace.nodes) == 10_001 and len(trace.steps) == 10_000
    assert len(build(trace).items) < 10


def test_topological_order():
    a = autograd.tensor(2.0, requires_grad=True)
    b = a * a
    order = topological((b + a)._node)
    places = {node: place for place, node in enumerate(order)}
    assert all(places[p] < places[n] for n in order for p in n.parents if p is not None)


def test_measured_memory_and_time():
    x = autograd.tensor(np.ones((8, 8), np.float32), requires_grad=True)
    loss = (x.exp() * x).sum()
    kept = {node.op: node.kept_bytes for node in viz.graph(loss).trace.nodes if node.op}
    assert kept["exp"] == 8 * 8 * 4  # its output
    timed = viz.graph(loss, show="time").trace
    assert all(node.seconds > 0 for node in timed.nodes if node.op)
    assert all(node.seconds is None for node in viz.step(loss).trace.nodes)


def test_scalars_takes_a_convolution_apart():
    pass_ = viz.scalars(
        lambda x, w: autograd.correlate(x.reshape(1, 1, 4, 4), w.reshape(1, 1, 3, 3)),
        np.arange(16.0).reshape(4, 4),
        np.ones((3, 3)),
    )
    operations = [node.op for node in pass_.trace.nodes if node.op]
    assert operations.count("multiply") == 4 * 9
    assert operations.count("add") == 4 * 8 + 3
    names = by_name(pass_.trace)
    final = pass_.trace.arrived()
    assert final[names["x[1, 1]"].id].values == 4.0  # each of the four windows sees it
    assert final[names["w[0, 0]"].id].values == 0 + 1 + 4 + 5


SMALL = {
    "methods": lambda x: x.relu().mean(),
    "softmax": lambda x: autograd.softmax(x.exp()).log(),
    "cross entropy": lambda x: autograd.cross_entropy(x.tanh(), np.array([2, 0])),
    "clipping": lambda x: x.clip(-0.5, 0.5),
    "constants": lambda x: (x - np.ones((2, 4), np.float32)) @ autograd.tensor(np.ones((4, 2))),
    "pooling": lambda x: autograd.max_pool(x.reshape(1, 1, 2, 4), 2),
    "several outputs": lambda x: sum(part.tanh().sum() for part in autograd.split(x, [1])),
}


@pytest.mark.parametrize("name", SMALL)
def test_any_small_function_is_taken_apart(name):
    start = np.linspace(-1.0, 2.0, 8, dtype=np.float64).reshape(2, 4)
    pass_ = viz.scalars(SMALL[name], start)
    assert all(node.shape == () for node in pass_.trace.nodes)
    x = autograd.tensor(start, requires_grad=True)
    SMALL[name](x).sum().backward()
    final, names = pass_.trace.arrived(), by_name(pass_.trace)
    for at in np.ndindex(2, 4):
        node = names.get(f"x[{at[0]}, {at[1]}]")  # one that nothing depends on is not there
        found = final[node.id].values if node is not None else 0.0
        assert found == pytest.approx(x.grad.numpy()[at], rel=1e-6, abs=1e-12)


def test_modules_are_taken_apart_with_their_parameters():
    import nn

    names = by_name(viz.scalars(nn.Conv2d(1, 1, 3), np.ones((1, 1, 4, 4))).trace)
    assert {"input[0, 0, 3, 3]", "weight[0, 0, 2, 2]", "bias[0]"} <= set(names)
    with pytest.raises(ValueError, match="inputs and parameters together, got 650"):
        viz.scalars(nn.Linear(20, 30), np.ones((1, 20)))


def test_a_mistake_in_the_function_is_its_own():
    with pytest.raises(AttributeError, match="no_such_method") as caught:
        viz.scalars(lambda x: x.no_such_method(), [1.0])
    assert caught.value.__context__ is None


def test_scalars_refuses_what_it_cannot_draw():
    with pytest.raises(ValueError, match="400"):
        viz.scalars(lambda x: x.sum(), np.ones((30, 30)))
    with pytest.raises(TypeError, match="int"):
        viz.scalars(lambda x: len(x.shape), np.ones((3, 3)))
    with pytest.raises(TypeError, match="float"):
        viz.scalars(lambda x: 1.0, [1.0, 2.0])


def test_a_loop_over_parameters_does_not_rename_the_last_one():
    import nn

    model = nn.Linear(2, 1)
    for _name, parameter in model.named_parameters():
        assert parameter.requires_grad
    trace = viz.graph(model(autograd.ones(1, 2)).sum()).trace
    assert {"weight", "bias"} <= {node.name for node in trace.nodes}
