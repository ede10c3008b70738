"""The examples in the docstrings of the primitives run and print what they say."""

import doctest
import importlib
import pkgutil

import pytest

import autograd.ops

FAMILIES = [info.name for info in pkgutil.walk_packages(autograd.ops.__path__, "autograd.ops.")]


def examples(family):
    """Every documented function of a family; doctest itself does not look into primitives."""
    module = importlib.import_module(family)
    parser = doctest.DocTestParser()
    for name, value in vars(module).items():
        text = getattr(value, "__doc__", None)
        if getattr(value, "__module__", None) == module.__name__ and text and ">>>" in text:
            yield parser.get_doctest(text, {}, f"{family}.{name}", module.__file__, 0)


@pytest.mark.parametrize("family", FAMILIES)
def test_examples(family):
    runner = doctest.DocTestRunner(
        verbose=False, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    )
    for example in examples(family):
        report = []
        runner.run(example, out=report.append)
        assert runner.failures == 0, "".join(report)
