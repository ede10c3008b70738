"""The rule language: what rules may name, what is saved for them, what is refused."""

import itertools

import numpy as np
import pytest

import autograd as ag
from autograd.engine import backward_steps


def leaf(value, **options):
    return ag.tensor(np.asarray(value, dtype=np.float64), requires_grad=True, **options)


def saved_of(t):
    node = t.grad_node
    return dict(zip(node.primitive.saved_names, node.saved or (), strict=True))


def scale_primitive(rule, **options):
    """x -> 3x with a rule of one's own."""

    @ag.primitive(**options)
    def triple(x):
        return 3.0 * x

    triple.gradients(x=rule)
    return triple


# What is saved ------------------------------------------------------------------------------------


def test_multiply_saves_each_input_only_for_the_others_gradient():
    x, y, constant = leaf([1.0, 2.0]), leaf([3.0, 4.0]), ag.tensor([5.0, 6.0])
    both = saved_of(x * y)
    np.testing.assert_array_equal(both["x"], [1.0, 2.0])
    np.testing.assert_array_equal(both["y"], [3.0, 4.0])
    only_x = saved_of(x * constant)
    assert only_x["x"] is None
    np.testing.assert_array_equal(only_x["y"], [5.0, 6.0])


def test_add_saves_nothing_and_exp_only_its_output():
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    assert (x + y).grad_node.saved is None
    out = ag.exp(x)
    assert list(saved_of(out)) == ["out"]
    assert saved_of(out)["out"] is out._data


def test_nothing_is_recorded_for_constants_or_under_no_grad():
    x = leaf(2.0)
    assert (ag.tensor(2.0) * 3.0).grad_node is None
    with ag.no_grad():
        assert (x * 3.0).grad_node is None
    assert (x * 3.0).grad_node is not None


def test_shape_and_dtype_can_be_named_without_saving_the_array():
    seen = {}

    @ag.primitive
    def total(x, *, times=2.0):
        return np.sum(x) * times

    def rule(g, x_shape, x_dtype, times):
        seen.update(shape=x_shape, dtype=x_dtype, times=times)
        return g * times * np.ones(x_shape, x_dtype)

    total.gradients(x=rule)
    x = leaf(np.ones((2, 3)))
    out = total(x, times=5.0)
    assert set(saved_of(out)) == {"x_shape", "x_dtype"}
    out.backward()
    assert seen == {"shape": (2, 3), "dtype": np.dtype(np.float64), "times": 5.0}
    np.testing.assert_array_equal(x.grad.numpy(), np.full((2, 3), 5.0))


# Rules --------------------------------------------------------------------------------------------


def test_rules_get_arrays_in_backward_and_tensors_under_create_graph():
    kinds = []

    def rule(g, x):
        kinds.append((type(g), type(x)))
        return g * 3.0

    @ag.primitive
    def triple(x):
        return 3.0 * x

    triple.gradients(x=rule)
    x = leaf([1.0, 2.0])
    triple(x).sum().backward()
    ag.grad(triple(x).sum(), x, create_graph=True)
    assert kinds == [(np.ndarray, np.ndarray), (ag.Tensor, ag.Tensor)]


def test_a_missing_rule_names_primitive_argument_and_shapes():
    @ag.primitive
    def halves(x, y):
        return x * 0.5 + y.sum()

    halves.gradients(x=lambda g: g * 0.5)
    x, y = leaf(np.ones(3)), leaf(np.ones((4, 2)))
    halves(x, ag.tensor(np.ones((4, 2)))).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.full(3, 0.5))
    with pytest.raises(RuntimeError, match=r"halves.*'y'.*\(3,\).*\(4, 2\)"):
        halves(x, y).sum().backward()


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (lambda g: g[:2], r"triple.*x.*\(2,\).*\(3,\)"),
        (lambda g: g.sum(), r"triple.*x.*\(\).*\(3,\)"),
        (lambda g: g[None], r"triple.*x.*\(1, 3\).*\(3,\)"),
        (lambda g: None, r"triple.*x.*NoneType"),
        (lambda g: "no", r"triple.*x.*str"),
    ],
)
def test_a_wrongly_shaped_rule_is_named(result, words):
    f = scale_primitive(result)
    with pytest.raises(RuntimeError, match=words):
        f(leaf(np.ones(3))).sum().backward()


def test_only_primitives_declared_broadcasting_are_summed_down_and_only_from_their_shape():
    plain = scale_primitive(lambda g: np.broadcast_to(g, (2, 3)) * 3.0)
    with pytest.raises(RuntimeError, match=r"\(2, 3\)"):
        plain(leaf(np.ones((1, 3)))).sum().backward()
    # The output is (1, 3): from that shape to the input's nothing is to be summed.
    broad = scale_primitive(lambda g: np.broadcast_to(g, (2, 3)) * 3.0, broadcasts=True)
    with pytest.raises(RuntimeError, match=r"\(2, 3\)"):
        broad(leaf(np.ones((1, 3)))).sum().backward()


@pytest.mark.parametrize("shapes", [((2, 3), (3,)), ((2, 1), (1, 3)), ((), (4, 2)), ((1,), (5,))])
def test_broadcast_gradients_are_summed_to_each_inputs_shape(shapes):
    x, y = (leaf(np.random.default_rng(0).normal(size=s)) for s in shapes)
    (x * y).sum().backward()
    full = np.broadcast_shapes(*shapes)
    for t, other in ((x, y), (y, x)):
        expected = np.broadcast_to(other.detach().numpy(), full)
        for axis in range(len(full)):  # by loops, not by the engine's own rule
            own = (1,) * (len(full) - t.ndim) + t.shape
            if own[axis] == 1:
                expected = expected.sum(axis=axis, keepdims=True)
        np.testing.assert_allclose(t.grad.numpy(), expected.reshape(t.shape), rtol=1e-14)


def test_gradients_have_their_inputs_dtype():
    x = ag.tensor(np.ones(3, np.float32), requires_grad=True)
    y = leaf(np.ones(3))
    out = x * y
    assert out.dtype == np.float64
    out.sum().backward()
    assert x.grad.dtype == np.float32 and y.grad.dtype == np.float64


def test_joint_rules_run_once_and_must_return_one_gradient_each():
    calls = []

    @ag.primitive
    def product(x, y):
        return x * y

    def rule(g, x, y):
        calls.append(1)
        return g * y, g * x

    product.gradients(("x", "y"), rule)
    x, y = leaf([2.0, 3.0]), leaf([5.0, 7.0])
    product(x, y).sum().backward()
    assert calls == [1] and x.grad.tolist() == [5.0, 7.0] and y.grad.tolist() == [2.0, 3.0]
    product.gradients(("x", "y"), lambda g, x, y: [g * y, g * x])
    with pytest.raises(RuntimeError, match=r"product.*x, y.*tuple of 2.*list"):
        product(x, y).sum().backward()


def test_optional_inputs_may_be_absent():
    @ag.primitive
    def shifted(x, bias=None):
        return x if bias is None else x + bias

    shifted.gradients(x=lambda g: g, bias=lambda g, bias_shape: np.sum(g).reshape(bias_shape))
    x, b = leaf(np.ones(3)), leaf([2.0])
    shifted(x).sum().backward()
    assert x.grad.tolist() == [1.0] * 3
    shifted(x, b).sum().backward()
    assert b.grad.tolist() == [3.0]
    assert shifted(x, bias=None).tolist() == [1.0] * 3


def test_variadic_inputs_have_an_index_each():
    @ag.primitive
    def weighted(*xs, factors):
        return sum(f * x for f, x in zip(factors, xs, strict=True))

    weighted.gradients(xs=lambda g, i, factors: factors[i] * g)
    xs = [leaf([1.0]), ag.tensor([2.0], dtype=np.float64), leaf([3.0])]
    out = weighted(*xs, factors=(10.0, 20.0, 30.0))
    assert out.tolist() == [140.0]
    out.backward()
    assert xs[0].grad.tolist() == [10.0] and xs[1].grad is None and xs[2].grad.tolist() == [30.0]


def test_a_joint_rule_of_variadic_inputs_gives_all_gradients_at_once():
    calls = []

    @ag.primitive
    def total(*xs):
        return sum(xs)

    def rule(g, xs):
        calls.append(len(xs))
        return tuple(k * g for k in range(len(xs)))

    total.gradients(("xs",), rule)
    xs = [leaf(1.0) for _ in range(4)]
    total(*xs).backward()
    assert calls == [4]
    assert [x.grad.item() for x in xs] == [0.0, 1.0, 2.0, 3.0]
    total.gradients(("xs",), lambda g, xs: (g,))
    with pytest.raises(
        RuntimeError,
        match=r"total: the joint rule for xs\[0\], xs\[1\], xs\[2\], xs\[3\] must .* tuple of 4.*1 values",
    ):
        total(*xs).backward()


def split_primitive():
    @ag.primitive(outputs=3, constant_outputs=(2,))
    def split(x):
        return x[:2] * 2.0, x[2:] * 5.0, np.argmax(x)

    def rule(g, x_shape):
        first, second, index = g
        assert index is None
        out = np.zeros(x_shape)
        if first is not None:
            out[:2] += 2.0 * first
        if second is not None:
            out[2:] += 5.0 * second
        return out

    split.gradients(x=rule)
    return split


def test_several_outputs_share_a_node_and_unused_ones_give_none():
    split = split_primitive()
    x = leaf([1.0, 2.0, 3.0, 4.0])
    a, b, index = split(x)
    assert a.grad_node is b.grad_node
    assert not index.requires_grad and index.item() == 3
    b.sum().backward()
    assert x.grad.tolist() == [0.0, 0.0, 5.0, 5.0]
    x.grad = None
    a, b, _ = split(x)
    ((a * a).sum() + (b * a).sum()).backward()
    # d/da (a² + ab) = 2a + b = [2·2+15, 2·4+20]; d/db = a
    assert x.grad.tolist() == [2 * 19.0, 2 * 28.0, 5 * 2.0, 5 * 4.0]


def test_an_input_that_is_an_output_of_several_counts_as_that_one():
    split = split_primitive()
    x = leaf([1.0, 2.0, 3.0, 4.0])
    _, b, _ = split(x)
    (ga,) = ag.grad((b * b).sum(), b, retain_graph=True)
    assert ga.tolist() == [30.0, 40.0]


@pytest.mark.parametrize("place", range(3))
def test_saved_outputs_are_those_of_the_graph_and_constant_ones_are_constants(place):
    """Under create_graph: each leads back by its own place, and a constant one leads nowhere."""
    seen = []

    @ag.primitive(outputs=3, constant_outputs=(place,))
    def three(x):
        return x * 2.0, x * 3.0, x * 5.0

    def rule(g, outs, out0, out1, out2):
        for out, other in zip(outs, (out0, out1, out2), strict=True):
            if isinstance(out, ag.Tensor):
                assert (out._node, out._index) == (other._node, other._index)
                seen.append((out.requires_grad, out._index))
        return sum(k * h for k, h in zip((2.0, 3.0, 5.0), g, strict=True) if h is not None)

    three.gradients(x=rule)
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    outs = three(x)
    ag.grad(sum(outs[k].sum() for k in range(3) if k != place), x, create_graph=True)
    assert seen == [(k != place, k if k != place else 0) for k in range(3)]


def test_composite_serves_under_create_graph_only():
    log = []

    @ag.primitive
    def cube(x):
        return x**3

    def fast(g, x):
        log.append("rule")
        return g * 3.0 * x * x

    cube.gradients(x=fast)

    @cube.composite
    def _(x):
        log.append("composite")
        return x * x * x

    x = leaf([2.0, -1.0])
    (plain,) = ag.grad(cube(x).sum(), x)
    (first,) = ag.grad(cube(x).sum(), x, create_graph=True)
    (second,) = ag.grad(first.sum(), x, create_graph=True)
    (third,) = ag.grad(second.sum(), x)
    assert log == ["rule", "composite"]
    np.testing.assert_allclose(first.tolist(), plain.tolist())
    assert second.tolist() == [12.0, -6.0] and third.tolist() == [6.0, 6.0]


def test_a_recordable_primitive_has_its_rules_recorded_in_place_of_its_composite():
    @ag.primitive(recordable=True)
    def cube(x):
        return x**3

    cube.gradients(x=lambda g, x: g * (3.0 * x * x))
    cube.composite(lambda x: pytest.fail("the composite was called"))
    x = leaf([2.0, -1.0])
    (first,) = ag.grad(cube(x).sum(), x, create_graph=True)
    (second,) = ag.grad(first.sum(), x)
    assert first.tolist() == [12.0, 3.0] and second.tolist() == [12.0, -6.0]


def test_composites_tell_an_input_used_twice_apart():
    @ag.primitive
    def product(x, y):
        return x * y

    product.gradients(x=lambda g, y: g * y, y=lambda g, x: g * x)
    product.composite(lambda x, y: x * y)
    x = leaf([3.0])
    (first,) = ag.grad(product(x, x).sum(), x, create_graph=True)
    assert first.tolist() == [6.0]
    assert ag.grad(first.sum(), x)[0].tolist() == [2.0]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: p.gradients(z=lambda g: g), r"'z'.*x, y"),
        (lambda p: p.gradients(x=lambda g, q: g), r"asks for 'q'"),
        (lambda p: p.gradients(x=lambda g, i: g), r"asks for 'i'"),
    ],
)
def test_rules_that_cannot_be_are_refused_when_given(make, words):
    @ag.primitive
    def f(x, y):
        return x + y

    with pytest.raises(TypeError, match=words):
        make(f)


@pytest.mark.parametrize("name", ["g", "out", "outs", "i"])
def test_reserved_names_are_no_parameters(name):
    scope = {}
    exec(f"def f(x, {name}): return x", scope)
    with pytest.raises(TypeError, match=rf"called {name}"):
        ag.primitive(scope["f"])


def test_replacing_a_rule_acts_on_later_calls():
    f = scale_primitive(lambda g: g * 3.0)
    x = leaf([1.0])
    before = f(x)
    f.gradients(x=lambda g: g * 100.0)
    f(x).backward()
    assert x.grad.tolist() == [100.0]
    before.backward()
    assert x.grad.tolist() == [103.0]


def test_raw_arrays_go_in_and_come_out():
    out = ag.multiply(np.ones(3), 2.0)
    assert type(out) is np.ndarray
    f = scale_primitive(lambda g: g)
    assert type(f(np.ones(2))) is np.ndarray


def test_statics_by_position_or_keyword_and_defaults():
    x = leaf(np.ones((2, 3)))
    assert ag.sum(x, 1).shape == ag.sum(x, axis=1).shape == (2,)
    with pytest.raises(TypeError):
        ag.sum(x, nonsense=1)


def test_rule_source_is_the_text_as_written():
    assert ag.multiply.primitive.rule_source("x") == "lambda g, y: g * y"
    assert ag.subtract.primitive.rule_source("y") == "lambda g: -g"
    assert "no gradient rule" in ag.greater.primitive.rule_source("x")


def test_functions_keep_name_doc_and_signature():
    import inspect

    assert ag.exp.__name__ == "exp" and "power x" in ag.exp.__doc__
    assert list(inspect.signature(ag.multiply).parameters) == ["x", "y"]


def test_errors_in_the_forward_name_primitive_and_shapes():
    with pytest.raises(ValueError, match=r"add: shapes \(2,\) and \(3,\) do not broadcast"):
        leaf([1.0, 2.0]) + leaf([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"add: shapes \(2,\) and \(3,\)"):
        ag.add(np.ones(2), np.ones(3))
    with pytest.raises(TypeError, match="multiply: y.*str"):
        leaf(1.0) * "a"


def test_the_step_generator_shows_every_operation_once_newest_first():
    a = leaf(2.0)
    steps = list(backward_steps(ag.exp(a * a) + a))
    assert [s.node.primitive.name for s in steps] == ["add", "exp", "multiply"]
    assert [s.number for s in steps] == [0, 1, 2]
    product = steps[-1]
    assert [c.name for c in product.contributions] == ["x", "y"]
    for step in steps:
        for c in step.contributions:
            before = 0.0 if c.before is None else c.before
            assert before + c.value == c.after


@pytest.mark.parametrize("a", [ag.ones(1), np.ones(1)])
def test_a_result_beyond_memory_is_refused_in_our_words(a):
    def forward(x):
        raise MemoryError("Unable to allocate 8.00 EiB")

    huge = ag.primitive(forward, name="huge")
    with pytest.raises(ValueError, match=r"^huge: the result does not fit this machine's memory"):
        huge(a)


def sorts(x):
    x.sort()
    return x


def doubles(x):
    np.multiply(x, 2.0, out=x)
    return x


def sets(x):
    x[0] = 7.0
    return x.sum()


def writes_through_a_view(x):
    x.reshape(-1)[:1] += 1.0
    return x + 0.0


@pytest.mark.parametrize("forward", [sorts, doubles, sets, writes_through_a_view])
def test_a_forward_function_cannot_write_into_what_it_is_given(forward):
    function = ag.primitive(forward)
    function.gradients(x=lambda g: g)
    parameter, array = leaf([3.0, 1.0, 2.0]), np.array([3.0, 1.0, 2.0])
    name = forward.__name__
    for x in (parameter, parameter * 1.0, array):
        with pytest.raises(ValueError, match=rf"^{name}: its forward function writes into"):
            function(x)
    several = ag.primitive(lambda *xs: forward(xs[1]), name=name)
    with pytest.raises(ValueError, match=rf"^{name}: its forward function writes into"):
        several(1.0, parameter)
    assert parameter.tolist() == array.tolist() == [3.0, 1.0, 2.0]
    assert parameter._data.flags.writeable and array.flags.writeable


def scales_g(g, x):
    g *= 2.0
    return g


def spoils_x(g, x):
    x += 1.0
    return g


def spoils_of_several(g, x):
    g[1][...] = 0.0
    return (x,)


def test_a_rule_cannot_write_into_what_it_is_given():
    one = ag.primitive(lambda x: x * 2.0, name="one")
    two = ag.primitive(lambda x: (x, x * 2.0), name="two", outputs=2)
    for rule in (scales_g, spoils_x, spoils_of_several):
        function = two if rule is spoils_of_several else one
        names = (("x",), rule) if function is two else ()
        function.gradients(*names, **({} if names else {"x": rule}))
        x = leaf([1.0, 2.0])
        made = function(x)
        with pytest.raises(ValueError, match=rf"^{function.primitive.name}: its gradient rule wri"):
            (made if function is one else made[0] + made[1]).sum().backward()
        assert x.tolist() == [1.0, 2.0] and x.grad is None


def test_what_a_function_hands_on_of_its_input_can_be_written_as_before():
    itself = ag.primitive(lambda x: x, name="itself")
    views = ag.primitive(lambda x: (x[::2], x.reshape(2, 2).T, x), name="views", outputs=3)
    itself.gradients(x=lambda g: g)
    x = leaf([1.0, 2.0, 3.0, 4.0]) * 1.0
    for made in (itself(x), *views(x)):
        assert made._data.flags.writeable and made._version is x._version
    array = np.arange(4.0)
    assert itself(array) is array and all(made.flags.writeable for made in views(array))
    array.setflags(write=False)
    assert not itself(array).flags.writeable and not views(array)[0].flags.writeable
    with pytest.raises(ValueError, match="^refuses: read-only"):  # an error of its own is its own
        ag.primitive(refuses)(x)


def refuses(x):
    raise KeptError("read-only")


class KeptError(ValueError):
    pass


@pytest.mark.parametrize(("needs_x", "needs_y"), [(True, False), (False, True), (True, True)])
def test_each_rule_has_the_inputs_that_it_asks_for_whichever_gradients_are_wanted(needs_x, needs_y):
    """Of two inputs a rule may ask for its own, the other, both or neither."""
    slopes = {
        ("x", "y"): lambda g, x, y: g * (x + 2 * y),
        ("x",): lambda g, x: g * x,
        ("y",): lambda g, y: g * 2 * y,
        (): lambda g: g * 5.0,
    }
    value = {("x", "y"): 2.0 + 6.0, ("x",): 2.0, ("y",): 6.0, (): 5.0}
    for of_x, of_y in itertools.product(slopes, repeat=2):

        @ag.primitive
        def combined(x, y):
            return x + y

        combined.gradients(x=slopes[of_x], y=slopes[of_y])
        for make in (leaf, lambda v: leaf([v])):
            x, y = make(2.0), make(3.0)
            given = (x if needs_x else x.detach(), y if needs_y else y.detach())
            combined(*given).sum().backward()
            for t, names, wanted in ((x, of_x, needs_x), (y, of_y, needs_y)):
                assert (None if t.grad is None else t.grad.sum().item()) == (
                    value[names] if wanted else None
                )
