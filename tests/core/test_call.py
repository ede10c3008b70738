"""Calling a primitive: arguments, tracebacks that show source, and whose mistake an error is."""

import linecache
import traceback

import numpy as np
import pytest

import autograd as ag

X = ag.tensor(np.ones(3), requires_grad=True)


def frames_of(function):
    """The traceback's frames of what a function raises, outermost first, with that of its cause."""
    with pytest.raises(Exception) as caught:  # noqa: PT011
        function()
    found, error = [], caught.value
    while error is not None:
        found += traceback.extract_tb(error.__traceback__)
        error = error.__cause__
    return found


# Tracebacks ---------------------------------------------------------------------------------------


def failing(where, inputs):
    """A primitive that divides Python's 1 by 0 in its forward function or in its rule."""
    names = ", ".join("xyz"[:inputs])

    def divide(*values):
        return values[0] * (1 // 0)

    forward = {
        1: lambda x: divide(x) if where == "forward" else x + 0.0,
        2: lambda x, y: divide(x) if where == "forward" else x + y,
        3: lambda x, y, z: divide(x) if where == "forward" else x + y + z,
    }[inputs]
    p = ag.primitive(forward, name=f"failing in {names}")
    p.gradients(**{name: lambda g: divide(g) for name in "xyz"[:inputs]})
    return lambda: p(*[X] * inputs).sum().backward()


@pytest.mark.parametrize("inputs", [1, 2, 3])
@pytest.mark.parametrize("where", ["forward", "rule"])
def test_every_frame_of_a_traceback_shows_its_source(where, inputs):
    frames = frames_of(failing(where, inputs))
    assert frames[-1].name == "divide"
    for frame in frames:
        assert linecache.getline(frame.filename, frame.lineno).strip(), frame


def test_between_the_users_line_and_the_arithmetic_are_two_frames():
    frames = frames_of(lambda: X * np.ones(5))
    files = [frame.filename.rpartition("/")[2] for frame in frames]
    assert files[-2:] == ["call.py", "elementwise.py"]
    assert frames[-1].line == "return x * y"


def test_nothing_of_a_name_is_run():
    for name in ("it's", 'a"b', "'); raise SystemExit('run')  #", "x\ny", "{x}", "\\", "é\0"):
        hostile = ag.primitive(lambda x, y: x * y, name=name)
        hostile.gradients(x=lambda g, y: g * y, y=lambda g, x: g * x)
        x = ag.tensor(3.0, requires_grad=True)
        hostile(x, 2.0).backward()
        assert x.grad.item() == 2.0 and hostile.primitive.name == name


# Definitions --------------------------------------------------------------------------------------


def test_an_input_has_no_default_but_none():
    with pytest.raises(TypeError, match=r"f: sharpness=1\.0 is an array input.*\*, sharpness=1\.0"):

        @ag.primitive
        def f(x, y, sharpness=1.0):
            return x + y * sharpness


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ag.primitive(np.sin), "expected a function written in Python, got ufunc"),
        (lambda: ag.primitive(lambda x, **rest: x), "must be named"),
        (lambda: ag.primitive(lambda x: x, name=3), "name must be a string, got 3"),
        (lambda: ag.primitive(lambda x: x, brodcasts=True), "no option brodcasts"),
    ],
)
def test_what_cannot_be_a_primitive_is_refused(make, words):
    with pytest.raises(TypeError, match=words):
        make()


# Arguments ----------------------------------------------------------------------------------------


@ag.primitive
def scaled(x, y, *, factor, power=1.0):
    return factor * (x * y) ** power


@ag.primitive
def shifted(x, bias=None, *, by=0.0):
    return x + by if bias is None else x + bias + by


def test_arguments_by_position_and_by_name():
    expected = 2.0 * (3.0 * 4.0) ** 0.5
    x, y = ag.tensor(3.0), ag.tensor(4.0)
    for got in (
        scaled(x, y, 2.0, 0.5), scaled(x, y, 2.0, power=0.5), scaled(x, y=y, factor=2.0, power=0.5),
        scaled(y=y, x=x, power=0.5, factor=2.0), scaled(3.0, 4.0, 2.0, 0.5),
    ):  # fmt: skip
        assert float(got) == pytest.approx(expected)
    assert shifted(x).item() == 3.0 and shifted(x, by=1.0).item() == 4.0
    assert shifted(x, y, 1.0).item() == shifted(bias=y, x=x, by=1.0).item() == 8.0
    assert ag.multiply(y=y, x=x).item() == 12.0


@pytest.mark.parametrize(
    "call",
    [
        lambda x: scaled(x), lambda x: scaled(x, x), lambda x: scaled(x, x, 1.0, 2.0, 3.0),
        lambda x: scaled(x, x, 1.0, factor=1.0), lambda x: scaled(x, x, factor=1.0, more=1.0),
        lambda x: scaled(x, x, x=x, factor=1.0), lambda x: shifted(), lambda x: ag.exp(),
        lambda x: ag.exp(x, 1), lambda x: ag.multiply(x), lambda x: ag.multiply(x, x, x),
        lambda x: ag.sum(x, 0, axis=0), lambda x: ag.sum(), lambda x: ag.multiply(x, z=x),
    ],
)  # fmt: skip
def test_arguments_that_do_not_fit_are_refused(call):
    for x in (X, np.ones(3)):
        with pytest.raises(TypeError, match=r"\(\) (takes|got|missing)"):
            call(x)


def test_static_values_are_kept_in_the_order_of_their_names():
    node = scaled(X, X, power=2.0, factor=3.0).grad_node
    assert node.static == (3.0, 2.0) and node.static_values() == {"factor": 3.0, "power": 2.0}
    assert ag.sum(X).grad_node.static_values() == {"axis": None, "keepdims": False}


# Whose mistake ------------------------------------------------------------------------------------


def raising(error, name="made_up"):
    def forward(x):
        if isinstance(error, Exception):
            raise error
        return error(x)

    made = ag.primitive(forward, name=name)
    made.gradients(x=lambda g: g)
    return made


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        (lambda x: x.nonsense, AttributeError),
        (lambda x: x + None, TypeError),
        (lambda x: {}[1], KeyError),
        (lambda x: undefined, NameError),  # noqa: F821
        (lambda x: len(1.0), TypeError),
    ],
)
@pytest.mark.parametrize("x", [X, np.ones(3)])
def test_what_fails_inside_a_forward_function_is_called_its_fault(wrong, kind, x):
    words = r"^made_up: its forward function failed with .*x: \(3,\) float64.*test_call\.py:\d+"
    raised = TypeError if kind is TypeError else RuntimeError
    with pytest.raises(raised, match=words) as caught:
        raising(wrong)(x)
    assert "a fault of that code, not of the call" in str(caught.value)
    assert type(caught.value.__cause__) is kind


def test_a_fault_of_the_library_is_called_ours(monkeypatch):
    broken = ag.primitive(ag.relu.primitive.forward, name="broken")
    kernel = ag.relu.primitive.forward.__globals__["kernels"]
    monkeypatch.setattr(kernel, "relu", lambda *x: x[0].nonsense)
    with pytest.raises(RuntimeError, match=r"broken: .*AttributeError.*a fault of the library"):
        broken(X)


def test_a_refusal_on_purpose_is_passed_on_with_the_primitives_name():
    with pytest.raises(ValueError, match=r"^made_up: x must be sorted$"):
        raising(ValueError("x must be sorted"))(X)
    with pytest.raises(TypeError, match=r"^made_up: no$"):
        raising(TypeError("no"))(X)
    with pytest.raises(ZeroDivisionError):
        raising(ZeroDivisionError("by what?"))(X)


def test_the_callers_mistakes_are_told_as_such():
    with pytest.raises(TypeError, match=r"^invert: is not defined for x: \(3,\) float64"):
        ag.invert(X)
    with pytest.raises(TypeError, match=r"^subtract: is not defined for x: \(2,\) bool"):
        ag.subtract(ag.tensor([True, False]), ag.tensor([True, True]))
    with pytest.raises(ValueError, match=r"^add: shapes \(3,\) and \(2,\) do not broadcast"):
        ag.add(X, ag.ones(2))
    with pytest.raises(TypeError, match=r"^made_up: x must be a tensor.*got str"):
        raising(lambda x: x + None)("text")


def test_shapes_that_broadcast_are_not_blamed_for_a_mismatch_inside():
    wrong = ag.primitive(lambda x, y: x + y + np.ones(7), name="inner", broadcasts=True)
    with pytest.raises(RuntimeError, match="inner: its forward function failed with ValueError"):
        wrong(X, X)


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize(
    "rule", [lambda g: g.nonsense, lambda g: g + "a", lambda g: ag.reshape(g, (7, 7)), lambda: 1]
)
def test_what_fails_inside_a_rule_is_called_its_fault(rule, create_graph):
    ruled = ag.primitive(lambda x: x + 0.0, name="ruled")
    ruled.gradients(x=rule) if rule.__code__.co_argcount else ruled.gradients(x=lambda g: rule(g))
    words = (
        r"^ruled: its gradient rule failed with \w+: .*the gradient \(3,\) float64.*fault of that"
    )
    with pytest.raises((RuntimeError, TypeError), match=words) as caught:
        ag.grad(ruled(X), X, ag.ones(3, dtype=np.float64), create_graph=create_graph)
    assert caught.value.__cause__ is not None


def test_a_refusal_on_purpose_by_a_users_rule_is_passed_on():
    def rule(g):
        raise ValueError("no derivative here")

    ruled = ag.primitive(lambda x: x + 0.0)
    ruled.gradients(x=rule)
    with pytest.raises(ValueError, match="^no derivative here$"):
        ruled(X).sum().backward()


@pytest.mark.parametrize(("outputs", "made"), [(1, 1.0), (1, [1.0]), (2, [1, 2]), (2, (1.0,))])
def test_what_is_returned_must_be_arrays(outputs, made):
    for inputs in (lambda x: made, lambda x, y: made, lambda x, y, z: made):
        made_up = ag.primitive(inputs, outputs=outputs, name="made_up")
        with pytest.raises(TypeError, match="^made_up: its forward function must return"):
            made_up(*[X] * inputs.__code__.co_argcount)


def test_rules_on_arrays_keep_what_static_parameters_are():
    @ag.primitive
    def scaled(x, y, z, *, k=1, kept=None):
        assert type(k) is not ag.Tensor
        if kept is not None:
            kept.append(1)
        return x * y * z * k

    one, kept = np.ones(2), []
    assert scaled(one, 2.0, one, k=ag.tensor(3.0)).tolist() == [6.0, 6.0]
    with pytest.raises(TypeError, match="k is a constant here"):
        scaled(one, 2.0, one, k=ag.tensor(3.0, requires_grad=True))
    scaled(one, 2.0, one, kept=kept)
    assert kept == []


def test_a_node_knows_which_output_of_its_parents_it_took():
    x = ag.tensor([[2.0, 1.0], [1.0, 3.0]], dtype=np.float64, requires_grad=True)
    w, v = ag.linalg.eigh(x * 1.0)
    assert (w._index, v._index) == (0, 1)
    for args, make in [
        ((v,), lambda: ag.exp(v)),
        ((v, None), lambda: v * 2.0),
        ((None, v), lambda: 2.0 * v),
        ((v, w), lambda: v * w),
        ((w, v), lambda: ag.subtract(w, v)),
        ((v, v), lambda: v @ v),
        ((None, v, w), lambda: ag.where(x.data > 1, v, w)),
        ((w, v, x), lambda: ag.clip(w, v, x)),
    ]:
        node = make()._node
        for k, arg in enumerate(args):
            assert node.index_of_parent(k) == (0 if arg is None else arg._index)
            assert node.parents[k] is (None if arg is None else arg._node)
