"""The default generator: NumPy's numbers, one for all, and one of one's own for a block."""

import threading

import numpy as np
import pytest

import autograd as ag
from autograd.arguments import generator as module
from autograd.arguments.generator import default_generator, generator_or_default


def refused(error, words, call, *arguments):
    with pytest.raises(error) as caught:
        call(*arguments)
    assert str(caught.value) == words


@pytest.mark.parametrize("seed", [0, 7, 2**70, np.int8(7)])
def test_a_seed_gives_numpys_numbers(seed):
    with ag.own_generator():
        generator = ag.manual_seed(seed)
        assert generator is default_generator() and repr(generator) == "Generator(PCG64)"
        assert generator.random(3).tolist() == np.random.default_rng(int(seed)).random(3).tolist()


def test_what_is_no_seed_is_refused():
    for bad, shown in ((True, "True"), (1.0, "1.0"), (None, "None"), (np.True_, "np.True_")):
        refused(
            TypeError, f"manual_seed: seed must be an integer, got {shown}", ag.manual_seed, bad
        )
    refused(ValueError, "manual_seed: seed must not be negative, got -1", ag.manual_seed, -1)


def test_there_is_one_default_and_one_of_ones_own_in_a_block(monkeypatch):
    outside = default_generator()
    assert default_generator() is outside
    state = outside.bit_generator.state
    with ag.own_generator() as own:
        assert default_generator() is own is not outside
        with ag.own_generator() as inner:
            assert default_generator() is inner is not own
        assert default_generator() is own
        ag.manual_seed(3).random(5)
        there = []
        thread = threading.Thread(target=lambda: there.append(default_generator()))
        thread.start()
        thread.join()
        assert there == [outside]
    with pytest.raises(ZeroDivisionError), ag.own_generator():
        _ = 1 / 0
    assert default_generator() is outside and outside.bit_generator.state == state
    monkeypatch.setattr(module, "_default", None)
    fresh = default_generator()
    assert fresh is not outside and default_generator() is fresh


def test_a_generator_is_taken_as_it_is():
    mine = np.random.default_rng(0)
    assert generator_or_default("f", mine) is mine
    assert generator_or_default("f", None) is default_generator()
    words = (
        "f: generator must be a numpy.random.Generator (numpy.random.default_rng(seed)), got int"
    )
    refused(TypeError, words, generator_or_default, "f", 3)
