"""The table of sound calls names every public function and every argument of each."""

import inspect

import pytest

from tests import calls


@pytest.mark.parametrize("home", calls.TABLES)
def test_no_public_function_is_missing(home):
    module, table = calls.TABLES[home]
    public = {
        name
        for name in getattr(module, "_WHERE", module.__all__)
        if inspect.isroutine(getattr(module, name))
    }
    assert public - calls.NO_ARGUMENTS <= set(table)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("function", "arguments"), [pytest.param(*rest, id=name) for name, *rest in calls.EVERY]
)
def test_no_argument_is_missing_and_every_call_is_sound(function, arguments):
    assert set(inspect.signature(function).parameters) == set(arguments)
    calls.call(function, arguments)
