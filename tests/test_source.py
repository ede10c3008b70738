"""The source of a rule as the stepper shows it."""

import linecache

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


def test_no_text_given_to_exec_is_taken_for_another():
    # From Python 3.13 on, linecache holds the text of `python -c` under this name; here, on every version.
    before = linecache.cache.get("<string>")
    linecache.cache["<string>"] = (9, None, ["rule = lambda g: wrong\n"], "<string>")
    try:
        scope: dict[str, object] = {"source": source}
        exec("rule = lambda g: g\ndef bent(g): return g\nsaid = source.running_statement()", scope)
        assert source.of_function(scope["rule"]) == "lambda g: (source not available)"
        assert source.of_function(scope["bent"]) == "lambda g: (source not available)"
        assert scope["said"] is None and source.line_at("<string>", 1) == ""
    finally:
        linecache.cache.pop("<string>")
        if before is not None:
            linecache.cache["<string>"] = before
