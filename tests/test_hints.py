"""Who writes PyTorch's names is told NumPy's; probing for attributes works as ever."""

import copy
import inspect
import pickle

import numpy as np
import pytest

import autograd as ag
from autograd.hints import ATTRIBUTES, FUNCTIONS
from autograd.methods import Foreign

T = ag.tensor(np.ones((2, 3)), requires_grad=True)


@pytest.mark.parametrize(
    ("name", "word"),
    [("conj", "t itself"), ("flat", r"t\.ravel"), ("bfloat16", "t.half"), ("set_", "t.copy_"),
     ("tobytes", r"t.detach\(\).numpy\(\).tobytes")],
)  # fmt: skip
def test_attributes(name, word):
    with pytest.raises(AttributeError, match=f"a Tensor has no '{name}'.*write .*{word}"):
        getattr(T, name)
    assert not hasattr(T, name)
    assert getattr(T, name, None) is None
    assert name not in dir(T)


def test_hints_hide_nothing_that_exists():
    for name in ATTRIBUTES:
        assert isinstance(vars(ag.Tensor)[name], Foreign)
    assert {"reshape", "shape", "sum", "backward"} <= set(dir(T))
    assert not {name for name in FUNCTIONS if name in ag.__all__} - set(ATTRIBUTES)
    assert not FUNCTIONS.keys() & set(dir(ag)) - ATTRIBUTES.keys()


def test_protocols_that_probe():
    leaf = ag.tensor([1.0, 2.0])
    assert pickle.loads(pickle.dumps(leaf)).tolist() == [1.0, 2.0]
    assert copy.copy(leaf).tolist() == copy.deepcopy(leaf).tolist() == [1.0, 2.0]
    assert np.asarray(leaf).tolist() == [1.0, 2.0]
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        leaf.nonsense  # noqa: B018


def test_public_functions_can_be_pickled_and_read():
    for function in (ag.stack, ag.exp, ag.sum, ag.median):
        assert pickle.loads(pickle.dumps(function)) is function
    assert "new axis" in inspect.getsource(ag.stack)
    assert list(inspect.signature(ag.stack).parameters) == ["arrays", "axis"]


def test_module_functions():
    with pytest.raises(AttributeError, match=r"no attribute 'nn'; write import nn"):
        ag.nn  # noqa: B018
    with pytest.raises(AttributeError, match=r"no attribute 'save'; write nn\.save"):
        ag.save  # noqa: B018
    with pytest.raises(AttributeError, match="no attribute 'nonsense'$"):
        ag.nonsense  # noqa: B018
    with pytest.raises(AttributeError, match="did you mean 'unsqueeze'"):
        ag.unsqueze  # noqa: B018


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: T.sum(nonsense=1), "unexpected keyword argument 'nonsense'"),
        (lambda: ag.stack([T], nonsense=1), "unexpected keyword argument 'nonsense'"),
        (lambda: T.transpose(axes=1), r"transpose\(\) got an unexpected keyword argument 'axes'"),
        (lambda: T.sum(dim=0, out=T), "^sum: there is no out=; take the result"),
        (lambda: T.sum(0, False, 1), r"^sum\(\) takes at most 3 positional arguments, got 4"),
        (lambda: T.sum(0, dim=1), "axis= and dim= are one"),
        (lambda: ag.sum(), r"^sum\(\) missing required argument: 'x'"),
        (lambda: ag.nanstd(T, dim=0), r"^nanstd\(\) got an unexpected keyword argument 'dim'"),
        (lambda: ag.nanvar(T, dim=0), r"^nanvar\(\) got an unexpected keyword argument 'dim'"),
        (lambda: T.sum(axis=0, dim=1), "^sum: axis= and dim= are one; give one of them"),
    ],
)
def test_keywords(call, message):
    with pytest.raises(TypeError, match=message):
        call()


def test_a_users_primitive_is_told_the_keywords_that_it_has():
    @ag.primitive
    def half(x, *, axis=None):
        return x.sum(axis) / 2

    half.gradients(x=lambda g: g)
    with pytest.raises(TypeError, match="^half: there is no keyword 'dim'; .* use axis="):
        half(T, dim=0)


def test_arrays_where_a_flag_or_an_order_belongs():
    assert T.transpose(np.array([1, 0])).shape == (3, 2)
    for flag in ("retain_graph", "create_graph"):
        with pytest.raises(TypeError, match=f"^backward: {flag} must be True or False"):
            T.sum().backward(**{flag: np.ones(2)})
        with pytest.raises(TypeError, match=f"^grad: {flag} must be True or False"):
            ag.grad(T.sum(), T, **{flag: np.ones(2)})


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide"])
def test_the_names_of_our_own_inputs_are_taken(name):
    x, y, function = ag.tensor([1.0, 6.0]), ag.tensor([2.0, 4.0]), getattr(ag, name)
    wanted = getattr(np, name)([1.0, 6.0], [2.0, 4.0])
    for came in (function(x, y=y), function(x=x, y=y), function(y=y, x=x), function(x, other=y)):
        assert np.array_equal(came.numpy(), wanted)
