"""The search for mistakes: some programs in every run, many with ``-m fuzz``; and it finds them."""

import numpy as np
import pytest

import autograd as ag
from tests.fuzz import attempt


def failures(seeds):
    with np.errstate(all="ignore"):
        return [snippet for seed in seeds if (snippet := attempt(seed))]


@pytest.mark.filterwarnings("ignore")
def test_a_few_programs():
    assert failures(range(120)) == []


@pytest.mark.fuzz
@pytest.mark.filterwarnings("ignore")
def test_many_programs():
    assert failures(range(1000, 9000)) == []


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "wrong"),
    [("sin", lambda g, x: g * ag.sin(x)), ("cumsum", lambda g: g * 1.0),
     ("add", lambda g: g * 1.001)],
)  # fmt: skip
def test_a_wrong_rule_is_found(name, wrong):
    info = getattr(ag, name).primitive
    right = {x: rule.function for x, rule in info.rules.items()}
    try:
        info.gradients(**{next(iter(right)): wrong})
        found = failures(range(250))
    finally:
        info.gradients(**right)
    assert any(name in snippet or "+" in snippet for snippet in found)
    assert all("again: python -m tests.fuzz --only" in snippet for snippet in found)
