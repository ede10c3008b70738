"""The source of a rule as the stepper shows it."""

from autograd import source


def bent(g, x):  # type: ignore[no-untyped-def]
    # What it does.
    return g * x  # noqa: E501


rule = lambda g, x, axis: sum(  # type: ignore[misc] # noqa: E731
    g,
    x[axis],
)


def test_a_def_is_shown_without_remarks_to_tools():
    assert source.of_function(bent) == "def bent(g, x):\n    # What it does.\n    return g * x"


def test_a_lambda_is_shown_in_one_line():
    assert source.of_function(rule) == "lambda g, x, axis: sum(g, x[axis],)"


def test_what_has_no_source_says_so():
    made = eval("lambda g, y: g")
    assert source.of_function(made) == "lambda g, y: (source not available)"
    assert source.of_function(len) == "len"


def test_what_a_rule_only_calls_is_found_and_nothing_else():
    namespace: dict[str, object] = {}
    exec("def _slope(g): ...\ntyped = lambda g: _slope(g)", namespace)
    assert source.private_callee(namespace["typed"]) is None  # no source: nobody knows
    assert source.private_callee(lambda g: _slope(g)) is _slope
    assert source.private_callee(lambda g: g * _slope(g)) is None
    assert source.private_callee(lambda g: _slope(0.0)) is None
    assert source.private_callee(len) is source.private_callee(lambda: None) is None


def _slope(g):
    """g."""
