"""What would not fit into memory is refused with the very shape that it would have."""

import re

import numpy as np
import pytest

import autograd as ag
from autograd.arguments import limits
from tests.signatures import calls

CALLS = calls()
#: Functions whose first refusal is of something on the way to the result, with its shape.
ON_THE_WAY = {
    "ag.choose": (2, 3, 4),
    "ag.corrcoef": (6, 4),
    "ag.cov": (6, 4),
    "ag.diff": (3, 1),
    "ag.gradient": (4, 3),
    "ag.logcumsumexp": (4, 3),
    "ag.windows": (1, 2, 4, 5),
    "F.unfold": (1, 2, 4, 5),
    "F.ctc_loss": (2, 7),
    "F.local_response_norm": (1, 1, 3, 6),
    "F.one_hot": (3, 4, 4),
    "F.affine_grid": (2, 3, 3),
    "F.pool1d": (1, 2, 6),
    "F.pool2d": (1, 2, 4, 5),
    "F.pool3d": (1, 2, 3, 4, 3),
    "F.pool": (1, 2, 4, 5),
}
#: All that look at the size of a result before they make it.
REFUSING = frozenset(
    (
        "ag.adaptive_avg_pool ag.adaptive_max_pool ag.append ag.arange ag.bincount ag.block "
        "ag.broadcast_to ag.choose ag.column_stack ag.concatenate ag.corrcoef ag.correlate_input "
        "ag.correlate_weight ag.cov ag.crop ag.cross ag.diag ag.diagflat ag.diff ag.dstack "
        "ag.ediff1d ag.full ag.gradient ag.hstack ag.insert ag.interpolate ag.kron ag.linspace "
        "ag.logcumsumexp ag.meshgrid ag.normal ag.outer ag.pad ag.pad_constant ag.pad_index "
        "ag.repeat ag.resize ag.scatter_add ag.scatter_reduce ag.stack ag.tile ag.uniform "
        "ag.unwrap ag.vander ag.vstack ag.windows linalg.cross linalg.outer F.conv_transpose1d "
        "F.conv_transpose2d F.conv_transpose3d F.unfold F.one_hot F.ctc_loss "
        "F.local_response_norm F.pad F.adaptive_avg_pool1d F.adaptive_avg_pool2d "
        "F.adaptive_avg_pool3d F.adaptive_max_pool1d F.adaptive_max_pool2d F.adaptive_max_pool3d "
        "F.pool F.pool1d F.pool2d F.pool3d F.interpolate "
        "F.upsample F.upsample_bilinear F.upsample_nearest F.affine_grid "
    ).split()
)


def refused(call):
    """(shape, bytes) of what is refused on a machine without any memory; None if nothing is."""
    try:
        call()
    except ValueError as error:
        found = re.search(r"shape \(([\d, ]*)\) of (\w+) needs (\d+) bytes", str(error))
        assert found, error
        shape = tuple(int(size) for size in found[1].split(",") if size.strip())
        assert int(found[3]) == np.prod(shape, dtype=int) * np.dtype(found[2]).itemsize
        return shape, int(found[3])
    return None


@pytest.fixture(autouse=True)
def plain_numbers(monkeypatch):
    """Sizes are told in bytes, however many."""
    with monkeypatch.context() as patch:
        patch.setattr(limits, "_readable", lambda count: f"{count} bytes")
        yield


@pytest.mark.parametrize("name", CALLS)
def test_the_shape_in_a_refusal_is_that_of_the_result(name, monkeypatch):
    call = CALLS[name]
    monkeypatch.setattr(limits, "memory_bytes", lambda: 0)
    found = refused(call)
    monkeypatch.undo()
    assert (found is not None) == (name in REFUSING)
    if found is None:
        return
    results = call()
    shapes = {
        tuple(r.shape) for r in (results if isinstance(results, (tuple, list)) else [results])
    }
    assert found[0] in ({ON_THE_WAY[name]} if name in ON_THE_WAY else shapes)
    monkeypatch.setattr(limits, "memory_bytes", lambda: found[1])
    assert (refused(call) or (None, found[1] + 1))[1] > found[1], "what just fits is refused"


def test_the_determinants_of_minors_are_counted(monkeypatch):
    # The gradient of det of singular matrices takes all minors: n² of them, each of (n − 1)².
    a = ag.tensor(np.zeros((2, 4, 4)), requires_grad=True)
    total = ag.sum(ag.linalg.det(a))
    monkeypatch.setattr(limits, "memory_bytes", lambda: 1000)
    with pytest.raises(ValueError, match=r"det: shape \(2, 4, 4, 3, 3\) of float64 needs"):
        total.backward()
