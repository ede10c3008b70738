"""Recurrent layers and packed sequences, against plain NumPy loops."""

import warnings

import numpy as np
import pytest

import autograd as ag
import nn
from nn.utils.rnn import (
    PackedSequence,
    pack_padded_sequence,
    pack_sequence,
    pad_packed_sequence,
    pad_sequence,
    unpad_sequence,
)

RNG = np.random.default_rng(0)


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def lstm_step(x, h, c, w):
    i, f, g, o = np.split(w[0] @ x + w[2] + w[1] @ h + w[3], 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def gru_step(x, h, w):
    rx, zx, nx = np.split(w[0] @ x + w[2], 3)
    rh, zh, nh = np.split(w[1] @ h + w[3], 3)
    z = sigmoid(zx + zh)
    return (1 - z) * np.tanh(nx + sigmoid(rx + rh) * nh) + z * h


def run(kind, x, w, size):
    """One sequence through one layer, number after number."""
    h, c, out = np.zeros(size), np.zeros(size), []
    for row in x:
        if kind == "LSTM":
            h, c = lstm_step(row, h, c, w)
        elif kind == "GRU":
            h = gru_step(row, h, w)
        else:
            a = w[0] @ row + w[2] + w[1] @ h + w[3]
            h = np.tanh(a) if kind == "RNN" else np.maximum(a, 0)
        out.append(h)
    return np.array(out), h, c


def made(kind, *args, **options):
    if kind == "ReLU":
        return nn.RNN(*args, nonlinearity="relu", **options).double()
    return getattr(nn, kind)(*args, **options).double()


KINDS = ("RNN", "ReLU", "LSTM", "GRU")


@pytest.mark.parametrize("kind", KINDS)
def test_two_layers_in_both_directions(kind):
    layer, x = made(kind, 3, 4, 2, bidirectional=True), RNG.normal(size=(5, 2, 3))
    weights = [[np.asarray(p.detach()) for p in given] for given in layer.all_weights]
    out, last = layer(ag.tensor(x))
    last = last if kind == "LSTM" else (last, None)
    for n in range(2):
        rows = x[:, n]
        for level in range(2):
            ahead, h, c = run(kind, rows, weights[2 * level], 4)
            back, h_back, c_back = run(kind, rows[::-1], weights[2 * level + 1], 4)
            rows = np.concatenate([ahead, back[::-1]], axis=1)
            wanted = np.array([h, h_back]), np.array([c, c_back])
            for got, want in zip(last, wanted, strict=True):
                if got is not None:
                    here = got.detach().numpy()[2 * level : 2 * level + 2, n]
                    np.testing.assert_allclose(here, want, atol=1e-13)
        np.testing.assert_allclose(out.detach().numpy()[:, n], rows, atol=1e-13)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sort", [True, False])
def test_packed_sequences_go_as_each_would_alone(kind, sort):
    layer = made(kind, 3, 4, 2, bidirectional=True)
    lengths = [5, 3, 3, 1] if sort else [3, 1, 5, 3]
    x = RNG.normal(size=(4, 5, 3))
    packed = pack_padded_sequence(ag.tensor(x), lengths, batch_first=True, enforce_sorted=sort)
    out, last = layer(packed)
    out, given = pad_packed_sequence(out, padding_value=-7.0)
    assert given.tolist() == lengths
    for n, length in enumerate(lengths):
        alone, state = layer(ag.tensor(x[n, :length]))
        here = out.detach().numpy()[:, n]
        np.testing.assert_allclose(here[:length], alone.detach().numpy(), atol=1e-13)
        assert (here[length:] == -7.0).all()
        pairs = zip(last, state, strict=True) if kind == "LSTM" else [(last, state)]
        for got, want in pairs:
            want = want.detach().numpy()
            np.testing.assert_allclose(got.detach().numpy()[:, n], want, atol=1e-13)


@pytest.mark.parametrize("kind", KINDS)
def test_first_states_of_unsorted_sequences_are_in_the_order_given(kind):
    layer, x, lengths = made(kind, 3, 4), RNG.normal(size=(5, 3, 3)), [2, 5, 1]
    h = RNG.normal(size=(1, 3, 4))
    hx = ag.tensor(h) if kind != "LSTM" else (ag.tensor(h), ag.tensor(h + 1.0))
    packed = pack_padded_sequence(ag.tensor(x), lengths, enforce_sorted=False)
    out, _ = pad_packed_sequence(layer(packed, hx)[0])
    for n, length in enumerate(lengths):
        mine = tuple(s[:, n] for s in hx) if kind == "LSTM" else hx[:, n]
        want = layer(ag.tensor(x[:length, n]), mine)[0]
        here = out.detach().numpy()[:length, n]
        np.testing.assert_allclose(here, want.detach().numpy(), atol=1e-13)


@pytest.mark.parametrize("kind", KINDS)
def test_batch_first_only_swaps_axes_of_input_and_output(kind):
    layer, x = made(kind, 3, 4), ag.tensor(RNG.normal(size=(5, 2, 3)))
    out, last = layer(x)
    layer.batch_first = True
    swapped, same = layer(x.swapaxes(0, 1))
    np.testing.assert_array_equal(swapped.detach().numpy().swapaxes(0, 1), out.detach().numpy())
    for a, b in zip(last, same, strict=True):
        np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())


@pytest.mark.parametrize("kind", KINDS)
def test_a_cell_takes_a_layers_step(kind):
    layer, x = made(kind, 3, 4), ag.tensor(RNG.normal(size=(2, 3)))
    options = {"nonlinearity": "relu"} if kind == "ReLU" else {}
    cell = getattr(nn, {"ReLU": "RNN"}.get(kind, kind) + "Cell")(3, 4, **options).double()
    cell.load_state_dict({k.removesuffix("_l0"): v for k, v in layer.state_dict().items()})
    state = cell(x, cell(x))
    want = layer(ag.stack([x, x]))[1]
    pairs = zip(state, want, strict=True) if kind == "LSTM" else [(state, want)]
    for got, whole in pairs:
        np.testing.assert_allclose(got.detach().numpy(), whole.detach().numpy()[0], atol=1e-13)
    assert (cell(x[0])[0] if kind == "LSTM" else cell(x[0])).shape == (4,)


def test_a_projection_shortens_the_output_only():
    layer, x = nn.LSTM(3, 4, 2, proj_size=2).double(), RNG.normal(size=(5, 3))
    out, (h, c) = layer(ag.tensor(x))
    assert out.shape == (5, 2) and h.shape == (2, 2) and c.shape == (2, 4)
    state, cell = np.zeros(2), np.zeros(4)
    *w, w_hr = [np.asarray(p.detach()) for p in layer.all_weights[0]]
    for row in x:
        state, cell = lstm_step(row, state, cell, w)
        state = w_hr @ state
    np.testing.assert_allclose(h.detach().numpy()[0], state, atol=1e-13)


def test_dropout_stands_between_layers_in_training_only():
    x = ag.tensor(RNG.normal(size=(5, 2, 3)))
    layer = nn.LSTM(3, 4, 2, dropout=1.0).double()
    out, (h, _) = layer(x)
    np.testing.assert_allclose(out.detach().numpy(), layer(x * 0.3)[0].detach().numpy())
    layer.eval()
    np.testing.assert_array_equal(layer(x)[1][0].detach().numpy()[0], h.detach().numpy()[0])
    assert not np.allclose(layer(x)[0].detach().numpy(), out.detach().numpy())
    with pytest.warns(UserWarning, match="^GRU: dropout=0.5 stands between layers"):
        nn.GRU(3, 4, dropout=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nn.GRU(3, 4, 2, dropout=0.5)


def test_the_gradient_of_parameters_and_first_states():
    layer = nn.LSTM(2, 3, 2, bidirectional=True, proj_size=2).double()
    x, lengths = RNG.normal(size=(3, 2, 2)), [3, 2]
    names = list(layer.state_dict())

    def loss(h, c, *values):
        for name, value in zip(names, values, strict=True):
            delattr(layer, name)
            setattr(layer, name, value)
        out, (h, c) = layer(pack_padded_sequence(ag.tensor(x), lengths), (h, c))
        return ag.sum(out.data**2) + ag.sum(h * c[..., :2])

    given = [RNG.normal(size=(4, 2, 2)), RNG.normal(size=(4, 2, 3))]
    given += [p.detach().numpy().copy() for p in layer.parameters()]
    tensors = [ag.tensor(g, requires_grad=True) for g in given]
    assert ag.func.gradcheck(loss, *tensors)


def test_padding_and_packing_and_back():
    given = [ag.tensor(RNG.normal(size=(n, 2))) for n in (2, 4, 1)]
    right = pad_sequence(given, padding_value=9.0)
    assert right.shape == (4, 3, 2) and (right.numpy()[2:, 0] == 9.0).all()
    left = pad_sequence(given, batch_first=True, padding_side="left")
    np.testing.assert_array_equal(left.numpy()[0, 2:], given[0].numpy())
    for back, x in zip(unpad_sequence(right, [2, 4, 1]), given, strict=True):
        np.testing.assert_array_equal(back.numpy(), x.numpy())
    packed = pack_sequence(given, enforce_sorted=False)
    assert packed.batch_sizes.tolist() == [3, 2, 1, 1]
    assert packed.sorted_indices.tolist() == [1, 0, 2]
    padded, lengths = pad_packed_sequence(packed, batch_first=True, total_length=6)
    assert padded.shape == (3, 6, 2) and lengths.tolist() == [2, 4, 1]
    np.testing.assert_array_equal(padded.numpy()[1, :4], given[1].numpy())


X = ag.zeros(5, 2, 3)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: nn.LSTM(3, 4)(ag.zeros(5, 2, 4)), ValueError, r"^LSTM: input must.*\(5, 2, 4\)"),
        (lambda: nn.GRU(3, 4)(ag.zeros(0, 2, 3)), ValueError, "^GRU: .* no time steps"),
        (lambda: nn.GRU(3, 4)(X, ag.zeros(2, 2, 4)), ValueError, r"^GRU: h_0 must.*\(1, 2, 4\)"),
        (lambda: nn.LSTM(3, 4)(X, ag.zeros(1, 2, 4)), TypeError, "^LSTM: hx must be a pair"),
        (lambda: nn.LSTM(3, 4, proj_size=4), ValueError, "^LSTM: proj_size must be below"),
        (lambda: nn.RNN(3, 4, num_layers=2**40), ValueError, "^RNN: the parameters are too large"),
        (lambda: nn.LSTMCell(3, 4)(X[0], X[0]), TypeError, "^LSTMCell: hx must be a pair"),
        (lambda: nn.GRUCell(3, 4)(X[0], X[0]), ValueError, r"^GRUCell: hx must have shape \(2, 4"),
        (lambda: nn.GRUCell(3, 4)(X), ValueError, "^GRUCell: input must"),
        (lambda: nn.GRU(3, 4)(PackedSequence(X[0], [1, 2])), ValueError, "^GRU: batch_sizes must"),
        (lambda: pack_padded_sequence(X, [2, 5]), ValueError, "longest first"),
        (lambda: pack_padded_sequence(X, [6, 5]), ValueError, "2 integers from 1 to 5"),
        (lambda: pad_packed_sequence(X), TypeError, "must be a PackedSequence"),
        (lambda: pad_sequence([X, X[0]]), ValueError, "equal but for the first axis"),
        (lambda: pad_sequence([]), TypeError, "^pad_sequence: sequences must be a list"),
        (lambda: unpad_sequence(X, [6, 1]), ValueError, "^unpad_sequence: lengths must be 2"),
    ],
)
def test_what_does_not_fit_is_refused(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
