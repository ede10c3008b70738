"""Every layer is exported and agrees with onnxruntime, or is refused for a reason that is told."""

import numpy as np
import pytest

import autograd
import nn
from nn import modules
from tests.nn.onnx.layer_cases import CASES, PAIRED, REFUSED
from tests.nn.onnx.runtime import assert_exports, made

pytestmark = pytest.mark.onnx


def test_no_layer_is_forgotten():
    lazy = {name for name in modules.__all__ if name.startswith("Lazy")}  # become the others
    assert set(modules.__all__) - lazy == {*CASES, *REFUSED, *PAIRED}


def test_lazy_layers_are_exported_as_what_they_become(tmp_path):
    model = nn.Sequential(nn.LazyConv1d(3, 2), nn.LazyBatchNorm1d(), nn.Flatten(), nn.LazyLinear(2))
    model.eval()(autograd.zeros(2, 4, 5))
    assert_exports(model, [(2, 4, 5)], tmp_path / "model.onnx")


@pytest.mark.parametrize(
    "name, k", [(name, k) for name, cases in CASES.items() for k in range(len(cases))]
)
def test_the_file_gives_what_the_layer_gives(name, k, tmp_path):
    settings, specs = CASES[name][k]
    nn.manual_seed(3)
    layer = settings() if callable(settings) else getattr(nn, name)(*settings)
    layer.eval()
    assert_exports(layer, specs, tmp_path / "layer.onnx")


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_names_the_operation_and_the_reason(name, tmp_path):
    settings, specs, reason = REFUSED[name]
    example = tuple(made(spec, np.random.default_rng(0), 4) for spec in specs)
    with pytest.raises(ValueError, match=rf"cannot be exported:\n  \w+ .*{reason}"):
        nn.onnx.export(getattr(nn, name)(*settings), example, tmp_path / "layer.onnx")
    assert not (tmp_path / "layer.onnx").exists()


def test_ctc_is_refused(tmp_path):
    random = np.random.default_rng(0)
    scores = autograd.tensor(random.standard_normal((6, 3, 5)).astype(np.float32))
    targets = autograd.tensor(random.integers(1, 5, (3, 2)))

    def loss(scores, targets):
        return nn.functional.ctc_loss(
            nn.functional.log_softmax(scores, 2), targets, [6] * 3, [2] * 3
        )

    with pytest.raises(ValueError, match="cannot be exported"):
        nn.onnx.export(loss, (scores, targets), tmp_path / "loss.onnx", dynamic_batch=False)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_maxima_put_back_by_their_indices(n, tmp_path):
    class Pair(nn.Module):
        def __init__(self):
            super().__init__()
            self.pool = getattr(nn, f"MaxPool{n}d")(2, return_indices=True)
            self.unpool = getattr(nn, f"MaxUnpool{n}d")(2)

        def forward(self, x):
            return self.unpool(*self.pool(x))

    assert_exports(Pair(), [(2, 3, *(4, 6, 4)[:n])], tmp_path / "pair.onnx")
