"""How far it is from a layer to the arithmetic: frames and calls that someone has to step through."""

import pytest

from tests.benchmarks.calls import CASES, measure


@pytest.mark.usefixtures("numpy_kernels")  # in C there is no matrix product to stop at
@pytest.mark.parametrize("name", CASES)
def test_the_matrix_product_is_at_most_nine_frames_and_55_calls_away(name):
    figures = measure(*CASES[name])
    assert figures.forward[0].function == "Module.__call__"
    assert len(figures.forward) <= 9, figures.forward
    assert len(figures.calls) <= 55, figures.calls
