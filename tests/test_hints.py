"""Who writes PyTorch's names is told NumPy's; probing for attributes works as ever."""

import copy
import inspect
import pickle

import numpy as np
import pytest

import autograd as ag
from autograd.hints import ATTRIBUTES, FUNCTIONS, Foreign

T = ag.tensor(np.ones((2, 3)), requires_grad=True)


@pytest.mark.parametrize(
    ("name", "word"),
    [("view", "t.reshape"), ("unsqueeze", "t.expand_dims"), ("dim", "t.ndim"), ("numel", "t.size"),
     ("clamp", "t.clip"), ("mm", "t @ u"), ("add_", "no_grad"), ("to", "astype"),
     ("grad_fn", "t.grad_node"), ("tobytes", r"t.detach\(\).numpy\(\).tobytes")],
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
    assert not {name for name in FUNCTIONS if name in ag.__all__} - set(ATTRIBUTES) - {"empty"}


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
    with pytest.raises(AttributeError, match=r"no attribute 'cat'; write autograd\.concatenate"):
        ag.cat  # noqa: B018
    with pytest.raises(AttributeError, match="no attribute 'nonsense'$"):
        ag.nonsense  # noqa: B018


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: T.sum(dim=0), "^sum: there is no keyword 'dim'; .* use axis="),
        (lambda: T.mean(0, keepdim=True), "^mean: there is no keyword 'keepdim'; .* use keepdims="),
        (lambda: ag.softmax(np.ones(3), dim=0), "^softmax: .*use axis="),
        (lambda: ag.transpose(T, dims=(1, 0)), "^transpose: .*use axes="),
        (lambda: ag.stack([T, T], dim=1), "^stack: there is no keyword 'dim'; .* use axis="),
        (lambda: T.flatten(start_dim=1), "^flatten: .*use start_axis="),
        (lambda: T.topk(1, dim=0), "^topk: .*use axis="),
        (lambda: ag.gather(T, dim=0, index=[[0]]), "^gather: .*use axis="),
        (lambda: ag.roll(T, 1, dims=0), "^roll: .*use axis="),
        (lambda: T.sum(nonsense=1), "unexpected keyword argument 'nonsense'"),
        (lambda: ag.stack([T], nonsense=1), "unexpected keyword argument 'nonsense'"),
        (lambda: T.transpose(axes=1), r"^transpose\(\) got an unexpected keyword argument 'axes'"),
    ],
)
def test_keywords(call, message):
    with pytest.raises(TypeError, match=message):
        call()


def test_arrays_where_a_flag_or_an_order_belongs():
    assert T.transpose(np.array([1, 0])).shape == (3, 2)
    for flag in ("retain_graph", "create_graph"):
        with pytest.raises(TypeError, match=f"^backward: {flag} must be True or False"):
            T.sum().backward(**{flag: np.ones(2)})
        with pytest.raises(TypeError, match=f"^grad: {flag} must be True or False"):
            ag.grad(T.sum(), T, **{flag: np.ones(2)})
