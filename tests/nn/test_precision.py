"""Floats of another precision than a layer's parameters are refused; what has no parameters promotes."""

import warnings

import numpy as np
import pytest

import autograd
import nn
import nn.functional as F

#: Layers with parameters, and shapes of their inputs.
LAYERS = {
    "Linear": (lambda: nn.Linear(3, 2), [(4, 3)]),
    "Bilinear": (lambda: nn.Bilinear(3, 2, 2), [(4, 3), (4, 2)]),
    "Conv1d": (lambda: nn.Conv1d(2, 3, 3), [(1, 2, 5)]),
    "Conv2d, circular": (
        lambda: nn.Conv2d(2, 3, 3, padding=1, padding_mode="circular"),
        [(2, 5, 5)],
    ),
    "Conv3d": (lambda: nn.Conv3d(2, 3, 2), [(1, 2, 3, 3, 3)]),
    "ConvTranspose1d": (lambda: nn.ConvTranspose1d(2, 3, 3), [(1, 2, 5)]),
    "ConvTranspose2d": (lambda: nn.ConvTranspose2d(2, 3, 3), [(1, 2, 5, 5)]),
    "ConvTranspose3d": (lambda: nn.ConvTranspose3d(2, 3, 2), [(1, 2, 3, 3, 3)]),
    "BatchNorm1d": (lambda: nn.BatchNorm1d(3), [(4, 3)]),
    "BatchNorm2d in evaluation": (lambda: nn.BatchNorm2d(3).eval(), [(4, 3, 2, 2)]),
    "BatchNorm3d, statistics only": (lambda: nn.BatchNorm3d(2, affine=False), [(2, 2, 2, 2, 2)]),
    "InstanceNorm2d": (lambda: nn.InstanceNorm2d(3, affine=True), [(4, 3, 2, 2)]),
    "LayerNorm": (lambda: nn.LayerNorm(3), [(4, 3)]),
    "GroupNorm": (lambda: nn.GroupNorm(1, 3), [(4, 3)]),
    "RMSNorm": (lambda: nn.RMSNorm(3), [(4, 3)]),
    "PReLU": (lambda: nn.PReLU(), [(4, 3)]),
    "RNN": (lambda: nn.RNN(3, 2), [(4, 1, 3)]),
    "LSTM": (lambda: nn.LSTM(3, 2), [(4, 1, 3)]),
    "GRU": (lambda: nn.GRU(3, 2), [(4, 3)]),
    "RNNCell": (lambda: nn.RNNCell(3, 2), [(4, 3)]),
    "LSTMCell": (lambda: nn.LSTMCell(3, 2), [(4, 3)]),
    "GRUCell": (lambda: nn.GRUCell(3, 2), [(3,)]),
    "MultiheadAttention": (lambda: nn.MultiheadAttention(4, 2), [(3, 1, 4)] * 3),
    "TransformerEncoderLayer": (lambda: nn.TransformerEncoderLayer(4, 2, 8), [(3, 1, 4)]),
}


def inputs(shapes, dtype):
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


@pytest.mark.parametrize("name", LAYERS)
class TestLayers:
    def test_another_precision_is_refused_with_the_line_to_write(self, name):
        make, shapes = LAYERS[name]
        for own, other, turn in [("float32", "float64", "double"), ("float64", "float32", "float")]:
            layer = make().to(own)
            for given in (
                inputs(shapes, other),
                [autograd.tensor(x) for x in inputs(shapes, other)],
            ):
                with pytest.raises(TypeError) as told:
                    layer(*given)
                words = str(told.value)
                assert f"the input is {other} and the parameters are {own}" in words
                assert f"x.astype(numpy.{own})" in words
                assert f"model.{turn}()" in words

    def test_what_the_message_says_to_write_works(self, name):
        make, shapes = LAYERS[name]
        wrong = inputs(shapes, "float64")
        one = make()(*(x.astype(np.float32) for x in wrong))
        other = make().double()(*wrong)
        for result, dtype in ((one, "float32"), (other, "float64")):
            first = result[0] if isinstance(result, tuple) else result
            assert first.dtype == dtype


def test_the_second_of_two_inputs_is_looked_at_too():
    a, b = inputs([(4, 3), (4, 2)], "float32")
    with pytest.raises(TypeError, match="Bilinear: the input is float64"):
        nn.Bilinear(3, 2, 2)(a, b.astype(np.float64))
    state = np.zeros((1, 1, 2))
    with pytest.raises(TypeError, match="RNN: the input is float64"):
        nn.RNN(3, 2)(*inputs([(4, 1, 3)], "float32"), state)
    with pytest.raises(TypeError, match="GRUCell: the input is float64"):
        nn.GRUCell(3, 2)(a, np.zeros((4, 2)))


def test_packed_sequences_are_looked_at_too():
    packed = nn.utils.rnn.pack_sequence([autograd.zeros(2, 3, dtype="float64")])
    with pytest.raises(TypeError, match="LSTM: the input is float64"):
        nn.LSTM(3, 2)(packed)


def test_lists_take_the_parameters_precision_and_integers_are_refused_as_ever():
    layer = nn.Linear(2, 1)
    assert layer([[1.0, 2.0]]).dtype == np.float32
    assert layer.double()([[1.0, 2.0]]).dtype == np.float64
    with pytest.raises(TypeError, match="int64"):
        layer(np.ones((1, 2), dtype=np.int64))


def test_what_has_no_parameters_promotes():
    x32, x64 = inputs([(2, 3)], "float32")[0], inputs([(2, 3)], "float64")[0]
    a, b = autograd.tensor(x32), autograd.tensor(x64)
    assert (a + b).dtype == F.linear(b, autograd.tensor(x32)).dtype == np.float64
    assert (
        nn.MSELoss()(a, b).dtype == F.cross_entropy(b, autograd.tensor([0, 1])).dtype == np.float64
    )
    assert nn.BatchNorm1d(3, affine=False, track_running_stats=False)(b).dtype == np.float64
    assert nn.ReLU()(b).dtype == nn.Dropout()(b).dtype == np.float64


class TestSpelling:
    def test_bias_none_means_none(self):
        for made in (nn.Conv2d(1, 2, 3, bias=None), nn.Linear(1, 2, bias=None),
                     nn.ConvTranspose1d(1, 2, 3, bias=None), nn.BatchNorm1d(2, bias=None),
                     nn.LayerNorm(2, bias=None), nn.Bilinear(1, 1, 1, bias=None)):  # fmt: skip
            assert made.bias is None
            assert "bias" not in made.state_dict()
        assert nn.LSTM(1, 1, bias=None).bias is False
        assert nn.MultiheadAttention(2, 1, bias=None).in_proj_bias is None

    @pytest.mark.parametrize("bias", [1, "yes", 0.0])
    def test_a_bias_that_is_no_bool_is_refused(self, bias):
        with pytest.raises(TypeError, match="Linear: bias must be"):
            nn.Linear(1, 2, bias=bias)

    def test_a_sparse_embedding_says_that_it_is_dense_and_computes_as_ever(self):
        with pytest.warns(UserWarning, match="sparse=True changes nothing here") as told:
            layer = nn.Embedding(4, 2, sparse=True)
        assert told[0].filename == __file__
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            layer([1, 1, 3]).sum().backward()
        assert layer.weight.grad.tolist() == [[0.0, 0.0], [2.0, 2.0], [0.0, 0.0], [1.0, 1.0]]
        with pytest.warns(UserWarning, match="embedding: sparse=True"):
            F.embedding([1], layer.weight, sparse=True)
