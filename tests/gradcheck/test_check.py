"""The checker, checked: it must reject every planted wrong rule, and cry no wolf."""

import numpy as np
import pytest

import autograd as ag
from autograd.func import GradcheckError, gradcheck, gradgradcheck
from autograd.gradcheck.check import _wrong

POINT = np.random.default_rng(0).uniform(0.5, 1.5, (3, 4))


def square(rule):
    @ag.primitive(broadcasts=True)
    def planted(x):
        return x * x

    planted.gradients(x=rule)
    return planted


def one_element(g, x):
    factor = np.full((3, 4), 2.0)
    factor[1, 2] = 2.001
    return g * x * factor


WRONG = {
    "value": (lambda g, x: 2.0 * g * x * x, ""),
    "sign": (lambda g, x: -2.0 * g * x, "sign"),
    "scale": (lambda g, x: g * x, "0.5 times"),
    "one element": (one_element, ""),
    "slightly": (lambda g, x: 2.0001 * g * x, ""),
    "no incoming gradient": (lambda g, x: 2.0 * x, "g is not used"),
    "absolute incoming gradient": (lambda g, x: 2.0 * abs(g) * x, ""),
    "offset": (lambda g, x: 2.0 * g * x + 1e-4, ""),
    "zero": (lambda g, x: g * 0.0, "zero everywhere"),
    "nan": (lambda g, x: g * np.nan, ""),
    "transposed": (lambda g, x: (2.0 * g * x)[:, ::-1], "wrong way round"),
}


@pytest.mark.parametrize("name", WRONG)
def test_planted_wrong_rules_are_rejected(name):
    rule, hint = WRONG[name]
    with pytest.raises(GradcheckError, match="backward gives .*differences give") as caught:
        gradcheck(square(rule), POINT)
    assert hint in str(caught.value) and caught.value.kind == "wrong"
    assert not gradcheck(square(rule), POINT, raise_exception=False)


def test_the_worst_element_is_named_with_both_values():
    with pytest.raises(GradcheckError) as caught:
        gradcheck(square(one_element), POINT)
    error = caught.value
    assert error.index == (1, 2) and error.input == 0 and "1 of 12" in str(error)
    assert np.isclose(error.backward / error.numerical, 1.0005, rtol=1e-6)
    assert "    ....\n    ..X.\n    ...." in str(error)


def test_a_rule_wrong_in_second_order_only_passes_first_and_fails_second():
    def detached(g, x):
        return g * 2.0 * (x.detach() if isinstance(x, ag.Tensor) else x)

    f = square(detached)
    assert gradcheck(f, POINT)
    with pytest.raises(GradcheckError, match="gradgradcheck: the gradient of input 0"):
        gradgradcheck(f, POINT)


def test_a_rule_wrong_in_third_order_only_fails_at_order_three():
    @ag.primitive(broadcasts=True)
    def inner(x):
        return 3.0 * x * x

    inner.gradients(x=lambda g, x: g * 6.0 * (x.detach() if isinstance(x, ag.Tensor) else x))

    @ag.primitive(broadcasts=True)
    def cube(x):
        return x**3

    cube.gradients(x=lambda g, x: g * inner(x))
    assert gradcheck(cube, POINT) and gradgradcheck(cube, POINT)
    with pytest.raises(GradcheckError):
        gradgradcheck(cube, POINT, order=3)


def test_a_composite_that_disagrees_is_found():
    f = square(lambda g, x: 2.0 * g * x)
    f.composite(lambda x: x * x * x)
    assert gradcheck(f, POINT)
    with pytest.raises(GradcheckError, match="composite"):
        gradgradcheck(f, POINT)


def test_a_rule_that_fails_when_an_output_is_unused_is_found():
    @ag.primitive(outputs=2)
    def both(x):
        return x * 2.0, x * 3.0

    both.gradients(x=lambda g: 2.0 * g[0] + 3.0 * g[1])
    with pytest.raises(TypeError):
        gradcheck(both, POINT)
    both.gradients(
        x=lambda g: (0.0 if g[0] is None else 2.0 * g[0]) + (0.0 if g[1] is None else 3.0 * g[1])
    )
    assert gradcheck(both, POINT)
    both.gradients(x=lambda g: 2.0 * (g[0] if g[0] is not None else g[1]) + 0.0)
    with pytest.raises(GradcheckError):
        gradcheck(both, POINT)


@pytest.mark.parametrize("unused", [0, 1])
def test_a_rule_that_is_wrong_only_while_one_output_is_unused_is_found(unused):
    @ag.primitive(outputs=2)
    def both(x):
        return x * 2.0, x * 3.0

    def rule(g):
        given = [k for k in range(2) if g[k] is not None]
        wrong = 1.5 if given == [1 - unused] else 1.0
        return wrong * sum((2.0, 3.0)[k] * g[k] for k in given)

    both.gradients(x=rule)
    with pytest.raises(GradcheckError):
        gradcheck(both, POINT)


def test_a_gradient_that_goes_to_the_wrong_input_is_found():
    @ag.primitive(broadcasts=True)
    def f(x, y):
        return x * 2.0 + y * 3.0

    f.gradients(x=lambda g: 3.0 * g, y=lambda g: 2.0 * g)
    with pytest.raises(GradcheckError, match="input 0"):
        gradcheck(f, POINT, POINT)
    f.gradients(x=lambda g: 2.0 * g)
    with pytest.raises(GradcheckError, match="input 1"):
        gradcheck(f, POINT, POINT)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: ag.exp(ag.sin(x)) * x,
        lambda x: (x @ x.T).sum() / x.mean(),
        lambda x: (x * 2.0, ag.argmax(x), x.sum(axis=0)),
        lambda x: ag.tensor(np.ones(3)),
        lambda x: x.T.reshape(2, 6) * 1e6,
        lambda x: 1e-6 * ag.log(x),
    ],
)
def test_right_functions_pass_both(f):
    assert gradcheck(f, POINT) and gradgradcheck(f, POINT)


def test_inputs_may_be_tensors_arrays_numbers_and_others():
    def f(x, n, y, flag):
        assert flag is None and n == 2
        return x**n * y

    assert gradcheck(f, POINT, 2, 1.5, None)
    x, y = ag.tensor(POINT, requires_grad=True), ag.tensor(POINT)
    assert gradcheck(f, (x, 2, y, None))
    assert x.grad is None


def test_only_tensors_that_require_grad_are_checked_when_there_are_any():
    @ag.primitive(broadcasts=True)
    def f(x, y):
        return x * y

    f.gradients(x=lambda g, y: g * y, y=lambda g, x: -g * x)
    x, y = ag.tensor(POINT, requires_grad=True), ag.tensor(POINT)
    assert gradcheck(f, x, y)
    with pytest.raises(GradcheckError):
        gradcheck(f, x, y.requires_grad_())


@pytest.mark.parametrize("check", [gradcheck, gradgradcheck])
@pytest.mark.parametrize(
    ("f", "inputs", "error", "words"),
    [
        (ag.exp, [np.ones(2, np.float32)], TypeError, "input 0 is float32.*float64"),
        (ag.exp, [ag.tensor([1.0], requires_grad=True)], TypeError, "float32"),
        (ag.exp, [np.ones(2, np.float16)], TypeError, "float16"),
        (lambda x: x.astype(np.float32), [POINT], TypeError, "output 0 is float32"),
        (lambda x: 3.0, [POINT], TypeError, "output 0.*float"),
        (lambda x: ag.argmax(x), [POINT], TypeError, "no float64 output"),
        (ag.exp, [np.arange(3)], TypeError, "nothing can be checked"),
    ],
)
def test_what_cannot_be_checked_is_refused(check, f, inputs, error, words):
    with pytest.raises(error, match=words):
        check(f, *inputs)


def test_random_functions_are_refused():
    random = np.random.default_rng(0)
    with pytest.raises(RuntimeError, match="different values"):
        gradcheck(lambda x: x * random.normal(), POINT)


def test_order_is_checked():
    with pytest.raises(ValueError, match="order"):
        gradgradcheck(ag.exp, POINT, order=1)


def one_sided(x):
    """|x| whose slope at 0 is 1: right on one side."""

    @ag.primitive(broadcasts=True)
    def f(x):
        return abs(x)

    f.gradients(x=lambda g, x: g * ((x >= 0) * 2.0 - 1.0))
    return f(x)


def test_kinks_are_told_apart_from_wrong_rules():
    with pytest.raises(GradcheckError, match=r"kink at index \(1,\).*left.*right") as caught:
        gradcheck(one_sided, np.array([1.0, 0.0, -2.0]))
    assert caught.value.kind == "kink"
    assert gradcheck(one_sided, np.array([1.0, 0.0, -2.0]), allow_kinks=True)


def test_a_slope_outside_of_both_sides_is_wrong_even_at_a_kink():
    @ag.primitive(broadcasts=True)
    def f(x):
        return abs(x)

    f.gradients(x=lambda g, x: g * np.where(x == 0, 1.5, np.sign(x)))
    with pytest.raises(GradcheckError) as caught:
        gradcheck(f, np.array([1.0, 0.0]), allow_kinks=True)
    assert caught.value.kind == "wrong" and caught.value.index == (1,)


def test_jumps_are_told_apart_too():
    with pytest.raises(GradcheckError, match="jump"):
        gradcheck(ag.floor, np.array([0.5, 1.0]), allow_kinks=True)


def test_a_function_whose_shape_depends_on_the_values_is_refused():
    for x in (np.array([0.0, 1.0]), np.array([0.0, 0.0, 1.0]), np.array([0.0])):
        with pytest.raises(RuntimeError, match="output shapes depend on the inputs' values"):
            gradcheck(
                lambda t: (
                    t[t.numpy() > 0.0] if not t.requires_grad else t[t.detach().numpy() > 0.0]
                ),
                x,
            )
    number = iter(range(100))
    with pytest.raises(RuntimeError, match="output shapes depend on the inputs' values"):
        gradcheck(lambda t: (t,) * (1 + next(number)), np.array([1.0]))
    assert gradcheck(lambda t: t[t.detach().numpy() > 0.0], np.array([-1.0, 1.0]))


def test_what_is_said_of_an_unused_incoming_gradient_has_a_line_of_its_own():
    with pytest.raises(GradcheckError, match=r"X\nLikeliest mistake: the incoming gradient g"):
        gradcheck(square(lambda g, x: 2.0 * x), POINT)


@pytest.mark.parametrize("check", [gradcheck, gradgradcheck])
def test_a_function_that_writes_into_its_input_is_refused(check):
    def doubled(x):
        np.asarray(getattr(x, "_data", x))[...] *= 2
        return x

    with pytest.raises(RuntimeError, match=r"writes into its input 1 \(shape \(3, 4\)\)"):
        check(lambda x, y: x * doubled(y), POINT, POINT + 1)


def test_a_broadcast_gradient_without_the_option_names_it():
    @ag.primitive
    def product(x, y):
        return x * y

    product.gradients(x=lambda g, y: g * y, y=lambda g, x: g * x)
    with pytest.raises(RuntimeError, match=r"broadcasts=True"):
        gradcheck(product, POINT, POINT[0])

    @ag.primitive
    def total(x):
        return x.sum(axis=0)

    total.gradients(x=lambda g: g)  # there, it would be of no help
    with pytest.raises(RuntimeError, match=r"the input has shape \(3, 4\)$"):
        gradcheck(total, POINT)


def test_a_second_order_that_is_wrong_is_false_where_no_error_is_wanted():
    @ag.primitive(broadcasts=True)
    def cube(x):
        return x**3

    cube.gradients(x=lambda g, x: g * 3.0 * x * ag.as_tensor(np.asarray(getattr(x, "data", x))))
    x = ag.tensor(np.array([0.5, 2.0]), requires_grad=True)
    assert gradcheck(cube, x)
    assert gradgradcheck(cube, x, raise_exception=False) is False
    with pytest.raises(GradcheckError):
        gradgradcheck(cube, x)
    assert gradgradcheck(lambda x: x**3, x, raise_exception=False) is True


# To the last number ---------------------------------------------------------------------------------


def times(slope, factor=1.0, added=0.0):
    """slope * x, whose rule is another number times the right gradient, and something on top."""

    @ag.primitive(broadcasts=True)
    def scaled(x):
        return slope * x

    scaled.gradients(x=lambda g, x: g * slope * factor + added)
    return scaled


def caught(function, *inputs, **options):
    with pytest.raises(GradcheckError) as error:
        gradcheck(function, *inputs, **options)
    return error.value


@pytest.mark.parametrize("slope", [7.0, -7.0, 1e-3])
def test_what_is_allowed_is_an_absolute_and_a_relative_part(slope):
    for sign in (1.0, -1.0):
        for share, fits in ((0.999, True), (1.001, False)):
            relative = times(slope, 1.0 + sign * share * 1e-3)
            assert gradcheck(relative, POINT, atol=0, rtol=1e-3, raise_exception=False) is fits
            absolute = times(slope, added=sign * share * 1e-2)
            assert gradcheck(absolute, POINT, atol=1e-2, rtol=0, raise_exception=False) is fits


@pytest.mark.parametrize("slope", [3.0, 1e8, -1e-8])
def test_what_rounding_does_to_differences_is_allowed_for(slope):
    assert gradcheck(times(slope), POINT, atol=0, rtol=0)
    assert not gradcheck(times(slope, 1 + 1e-7), POINT, atol=0, rtol=0, raise_exception=False)


@pytest.mark.parametrize("eps", [1e-1, 1e-2, 1e-6])
def test_the_step_is_the_one_that_was_asked_for(eps):
    """The central difference of x³ at 0 is the step, squared."""
    zero = np.zeros(3)
    assert gradcheck(lambda x: x**3, zero, eps=eps, atol=1.6 * eps**2, rtol=0)
    fits = gradcheck(lambda x: x**3, zero, eps=eps, atol=0.4 * eps**2, rtol=0, raise_exception=False)  # fmt: skip
    assert not fits


def test_a_kink_is_looked_for_with_the_step_that_was_asked_for():
    """A bend that a wide step runs over is a kink for it, and none for a narrow one."""

    def bent(t):
        return ag.maximum(t - 1.001, 0.0 * t)

    assert gradcheck(bent, np.array([1.0]))
    assert caught(bent, np.array([1.0]), eps=0.005).kind == "kink"


def test_the_worst_is_furthest_beyond_what_is_allowed_there_and_nan_before_all():
    slope = np.array([1.0, 1e4, 1.0, 1.0])

    def wrong_by(*off):
        @ag.primitive(broadcasts=True)
        def function(x):
            return slope * x

        function.gradients(x=lambda g: g * slope + np.sign(g) * np.array(off))
        return caught(function, np.ones(4))

    assert wrong_by(0.0, 0.5, 0.1, 0.0).index == (2,)
    assert wrong_by(0.0, 0.5, -0.1, 0.3).index == (3,)
    assert wrong_by(0.0, 0.5, 0.0, 0.0).index == (1,)
    assert wrong_by(1e9, 0.0, np.nan, 0.0).index == (2,)
    assert wrong_by(1e9, 0.0, 0.0, np.inf).index == (3,)


def test_where_nothing_is_allowed_the_worst_is_still_named():
    slope = np.array([1.0, 0.0, 0.0])
    function = ag.primitive(broadcasts=True)(lambda x: slope * x)
    function.gradients(x=lambda g: g * np.array([1.0, 0.0, 0.5]))
    error = caught(function, np.ones(3), atol=0)
    assert error.index == (2,) and error.numerical == 0 and "1 of 3" in str(error)


def test_a_report_of_what_is_wrong_in_full():
    error = caught(times(3.0, added=0.5), np.array([0.1, 0.7]))
    right = [error.numerical, error.backward - 0.5]
    assert abs(right[0] - right[1]) < 1e-8
    g = np.random.default_rng(0).uniform(0.5, 1.5, 2) * [1, -1]
    assert np.abs(g[error.index]) * 3 == pytest.approx(abs(error.numerical), rel=1e-8)
    number = ag.text.number
    allowed = 1e-6 + 1e-5 * abs(error.numerical)
    assert str(error) == (
        f"gradcheck: the gradient of input 0 (shape (2,)) is wrong at index {error.index}: backward "
        f"gives {number(error.backward, 10)}, differences give {number(error.numerical, 10)} "
        f"(allowed difference {number(allowed, 2)}). 2 of 2 elements are wrong.\n"
        "Wrong elements (X):\n    XX"
    )


@pytest.mark.parametrize(
    ("shape", "drawn"), [((), False), ((1,), False), ((2,), True), ((64, 64), True), ((4097,), False)]
)  # fmt: skip
def test_maps_are_drawn_of_some_thousand_elements_and_not_of_one(shape, drawn):
    wrong = np.ones(shape, bool)
    error = _wrong("gradcheck", 0, np.ones(shape), np.zeros(shape), wrong, np.full(shape, 1e-6))
    assert ("Wrong elements (X):" in str(error)) is drawn


def test_a_gradient_of_zeros_has_one_likeliest_mistake():
    said = str(caught(square(lambda g, x: g * 0.0), POINT))
    assert said.count("Likeliest mistake") == 1 and "not used" not in said


def test_the_incoming_gradient_is_drawn_from_the_seed_with_both_signs():
    found = {}
    for seed in (0, 0, 1, 2):
        came = []

        @ag.primitive(broadcasts=True)
        def function(x):
            return 2.0 * x

        function.gradients(x=lambda g, x: came.append(np.array(g)) or 2.0 * g)  # noqa: B023
        assert gradcheck(function, np.ones(50), seed=seed)
        (g,) = came
        assert np.all((np.abs(g) >= 0.5) & (np.abs(g) <= 1.5)) and {-1.0, 1.0} == {*np.sign(g)}
        assert len(np.unique(np.abs(g))) == 50
        assert seed not in found or np.array_equal(found[seed], g)
        found[seed] = g
    assert not np.array_equal(np.abs(found[0]), np.abs(found[1]))


def test_a_rule_that_is_wrong_only_while_all_outputs_are_used_is_found():
    @ag.primitive(outputs=2)
    def both(x):
        return x * 2.0, x * 3.0

    def rule(g):
        given = [k for k in range(2) if g[k] is not None]
        return (1.5 if len(given) == 2 else 1.0) * sum((2.0, 3.0)[k] * g[k] for k in given)

    both.gradients(x=rule)
    caught(both, POINT)


def test_where_the_function_is_nan_it_is_neither_random_nor_written_into():
    odd = np.array([2.0, np.nan])
    for function, x in ((lambda x: x * odd, np.ones(2)), (lambda x: x * 2.0, odd)):
        error = caught(function, x)
        assert error.kind == "border" and error.input == 0


@pytest.mark.parametrize("slope", [1.0, -1.0, 1e6, -1e6, 1e-3])
def test_recorded_gradients_are_the_plain_ones_to_nine_digits(slope):
    """Relative to the largest of them; below 1, relative to 1."""

    def fits(share):
        function = ag.primitive(broadcasts=True)(lambda x: slope * x)
        function.gradients(x=lambda g, x: g * slope)
        function.composite(lambda x: (slope + share * max(1.0, abs(slope))) * x)
        return gradgradcheck(function, np.ones(1), atol=1, rtol=1, raise_exception=False)

    assert fits(1e-10) and not fits(1e-8)


@pytest.mark.parametrize("recorded", [True, False])
def test_a_recorded_gradient_that_is_nan_where_the_plain_one_is_not_is_found(recorded):
    function = ag.primitive(broadcasts=True)(lambda x: 3.0 * x)
    function.gradients(x=lambda g, x: g * (3.0 if recorded else np.nan))
    function.composite(lambda x: (np.nan if recorded else 3.0) * x)
    with pytest.raises(GradcheckError, match="under create_graph") as error:
        gradgradcheck(function, np.ones(3))
    assert np.isnan(error.value.backward) is np.bool_(recorded)
    assert error.value.index == (0,) and error.value.input == 0


def test_what_is_said_of_recorded_gradients_in_full():
    function = ag.primitive(broadcasts=True)(lambda x, y: 3.0 * x + y)
    function.gradients(x=lambda g: 3.0 * g, y=lambda g: g)
    function.composite(lambda x, y: 3.0 * x + np.array([1.0, 1.0, 2.0]) * y)
    with pytest.raises(GradcheckError) as caught:
        gradgradcheck(function, np.ones(3), np.ones(3))
    error = caught.value
    assert (error.input, error.index) == (1, (2,))
    assert error.backward == 2 * error.numerical
    assert f"is {ag.text.number(error.numerical, 10)}, but {ag.text.number(error.backward, 10)} under" in str(error)  # fmt: skip


def test_a_kink_is_said_with_both_slopes_to_eight_digits():
    error = caught(one_sided, np.array([1.0, 0.0, -2.0]), seed=3)
    low, high = sorted([-abs(error.backward), abs(error.backward)])
    assert (error.input, error.index) == (0, (1,)) and error.numerical == pytest.approx(0, abs=1e-9)
    for slope in (low, high):
        assert ag.text.number(slope, 8) in str(error)
    assert f"backward gives {ag.text.number(error.backward, 8)}. No" in str(error)


@pytest.mark.parametrize("function", [
    lambda x: ag.sort(x, axis=-1), ag.median, lambda x: ag.topk(x, 3)[0], lambda x: ag.quantile(x, 0.3),
    lambda x: ag.cummax(x, 0),
], ids=["sort", "median", "topk", "quantile", "cummax"])  # fmt: skip
def test_where_many_elements_are_equal_one_of_the_slopes_nearby_is_right(function):
    ties = np.array([0.0] * 12 + [1.0] * 7)
    assert gradcheck(function, ties, allow_kinks=True)
    with pytest.raises(GradcheckError, match="kink"):
        gradcheck(function, ties)


def test_among_equal_elements_a_wrong_rule_is_wrong_all_the_same():
    @ag.primitive
    def ordered(x):
        return np.sort(x)

    ordered.gradients(x=lambda g, x: ag.take(g, np.argsort(np.argsort(x, kind="stable"))) * 1.5)
    with pytest.raises(GradcheckError, match="is wrong"):
        gradcheck(ordered, np.zeros(12), allow_kinks=True)
