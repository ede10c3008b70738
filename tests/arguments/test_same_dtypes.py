"""dtypes are told apart by identity: whichever way an array comes in, it has the dtype object itself.

NumPy makes equal ones that are other objects, by ``newbyteorder`` and in what comes out of a pickle.
"""

import copy
import io
import pickle

import numpy as np
import pytest

import autograd as ag
import nn

NAMES = ("float16", "float32", "float64")


def other(dtype):
    """A dtype that is equal and another object."""
    found = np.dtype(dtype).newbyteorder("=")
    assert found == np.dtype(dtype) and found is not np.dtype(dtype)
    return found


def array(dtype):
    return np.ones((2, 3), other(dtype))


def through_a_file(dtype, suffix, folder):
    path = folder / f"weights.{suffix}"
    nn.save({"w": ag.tensor(array(dtype))}, path)
    return nn.load(path)["w"]


def loaded(dtype, **options):
    layer = nn.Linear(3, 2, bias=False).to(dtype)
    layer.load_state_dict({"weight": ag.tensor(array(dtype))}, **options)
    return layer.weight


def with_default(dtype):
    with ag.default_dtype(dtype):
        return ag.tensor([1.0, 2.0])


WAYS = {
    "a name": lambda d, _: ag.tensor([1.0, 2.0], dtype=d),
    "a class": lambda d, _: ag.zeros(2, dtype=np.dtype(d).type),
    "a dtype": lambda d, _: ag.randn(2, dtype=other(d)),
    "default": lambda d, _: with_default(d),
    "an array": lambda d, _: ag.tensor(array(d)),
    "an array, shared": lambda d, _: ag.as_tensor(array(d)),
    "from_numpy": lambda d, _: ag.from_numpy(array(d)),
    "out of a pickle": lambda d, _: pickle.loads(pickle.dumps(ag.tensor(array(d)))),
    "an array out of a pickle": lambda d, _: ag.as_tensor(pickle.loads(pickle.dumps(array(d)))),
    "a copy": lambda d, _: copy.deepcopy(nn.Parameter(array(d))),
    "astype": lambda d, _: ag.ones(2, dtype="int64").astype(other(d)),
    "to": lambda d, _: ag.ones(2, dtype="int64").to(d),
    "a layer": lambda d, _: nn.Linear(3, 2).double().to(d).weight,
    "loaded": lambda d, _: loaded(d),
    "assigned": lambda d, _: loaded(d, assign=True),
    "beside an array": lambda d, _: ag.ones(3, dtype=d) * array(d),
    "npz": lambda d, folder: through_a_file(d, "npz", folder),
    "an array alone": lambda d, _: ag.exp(ag.as_tensor(array(d))),
}


@pytest.mark.parametrize("dtype", NAMES)
@pytest.mark.parametrize("way", WAYS)
def test_whatever_comes_in_has_the_dtype_itself(way, dtype, tmp_path):
    x = WAYS[way](dtype, tmp_path)
    assert x.dtype is np.dtype(dtype)
    x = x.detach().requires_grad_()
    (x * 2 + x).sum().backward()
    assert x.grad.dtype is np.dtype(dtype)


def test_what_is_shared_stays_shared():
    given = array("float64")
    ag.as_tensor(given).mul_(7)
    np.testing.assert_array_equal(given, 7)


@pytest.mark.parametrize("name", ["int8", "int32", "uint16", "bool"])
def test_integers_too(name):
    stored = io.BytesIO()
    np.save(stored, np.ones(3, name))
    stored.seek(0)
    assert ag.tensor(np.load(stored), dtype=name).dtype is np.dtype(name)
