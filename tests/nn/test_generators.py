"""A generator that is given is the only one that is drawn from, everywhere that takes one."""

import inspect

import numpy as np
import pytest

import autograd as ag
import nn
from tests.calls import EVERY, call

X = np.linspace(-1.5, 1.5, 32)


def image(*shape):
    return ag.tensor(np.linspace(-1.5, 1.5, int(np.prod(shape))).reshape(shape).astype(np.float32))


SEQUENCE = image(3, 2, 4)
#: By class: how it is made with a generator, and what it is called with.
LAYERS = {
    "AlphaDropout": (dict(p=0.5), [SEQUENCE]),
    "Bilinear": (dict(in1_features=4, in2_features=4, out_features=2), [SEQUENCE, SEQUENCE]),
    **{f"{kind}{n}d": (dict(in_channels=4, out_channels=2, kernel_size=2), [image(2, 4, *[3] * n)])
       for kind in ("Conv", "ConvTranspose") for n in (1, 2, 3)},
    **{f"Lazy{kind}{n}d": (dict(out_channels=2, kernel_size=2), [image(2, 4, *[3] * n)])
       for kind in ("Conv", "ConvTranspose") for n in (1, 2, 3)},
    "Dropout": (dict(p=0.5), [SEQUENCE]),
    **{f"Dropout{n}d": (dict(p=0.5), [image(6, 5, *[2] * n)]) for n in (1, 2, 3)},
    "Embedding": (dict(num_embeddings=5, embedding_dim=3), [np.array([0, 3])]),
    "EmbeddingBag": (dict(num_embeddings=5, embedding_dim=3), [np.array([[0, 3]])]),
    "FeatureAlphaDropout": (dict(p=0.5), [image(6, 5, 2)]),
    **{name: (dict(input_size=4, hidden_size=3, num_layers=2, dropout=0.5), [SEQUENCE])
       for name in ("GRU", "LSTM", "RNN")},
    **{name: (dict(input_size=4, hidden_size=3), [image(2, 4)])
       for name in ("GRUCell", "LSTMCell", "RNNCell")},
    "LazyLinear": (dict(out_features=3), [SEQUENCE]),
    "Linear": (dict(in_features=4, out_features=3), [SEQUENCE]),
    "MultiheadAttention": (dict(embed_dim=4, num_heads=2, dropout=0.5), [SEQUENCE] * 3),
    "RReLU": ({}, [SEQUENCE]),
    "Transformer": (dict(d_model=4, nhead=2, num_encoder_layers=1, num_decoder_layers=1,
                         dim_feedforward=3, dropout=0.5), [SEQUENCE, SEQUENCE]),
    "TransformerDecoderLayer": (dict(d_model=4, nhead=2, dim_feedforward=3, dropout=0.5),
                                [SEQUENCE, SEQUENCE]),
    "TransformerEncoderLayer": (dict(d_model=4, nhead=2, dim_feedforward=3, dropout=0.5),
                                [SEQUENCE]),
}  # fmt: skip
#: Those that draw whenever they are called in training mode; the others, when they are made.
DRAWING = {name for name in LAYERS if "Dropout" in name or "Transformer" in name} | {
    "GRU", "LSTM", "RNN", "MultiheadAttention", "RReLU"
}  # fmt: skip


def takes_one(thing):
    return "generator" in inspect.signature(thing).parameters


INITS = [name for name in nn.init.__all__ if takes_one(getattr(nn.init, name))]


def arrays(value):
    if isinstance(value, (tuple, list)):
        return [array for part in value for array in arrays(part)]
    return [np.array(value.data if isinstance(value, ag.Tensor) else value)]


def all_alike(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_every_layer_that_takes_a_generator_is_here():
    classes = {name: getattr(nn, name) for name in dir(nn) if inspect.isclass(getattr(nn, name))}
    assert {name for name, cls in classes.items() if takes_one(cls)} == set(LAYERS)


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_draws_from_the_generator_that_it_was_given(name):
    options, given = LAYERS[name]

    def outcome(seed, default):
        ag.manual_seed(default)
        before = str(ag.default_generator().bit_generator.state)
        generator = np.random.default_rng(seed)
        layer = getattr(nn, name)(**options, generator=generator)
        first = arrays(layer(*given))
        made = str(generator.bit_generator.state)
        second = arrays(layer(*given))
        assert str(ag.default_generator().bit_generator.state) == before
        assert (str(generator.bit_generator.state) != made) == (name in DRAWING)
        return [*arrays(list(layer.parameters())), *first, *second], generator

    (one, generator), (two, _), (other, _) = outcome(5, 1), outcome(5, 2), outcome(6, 1)
    assert all_alike(one, two) and not all_alike(one, other)
    assert generator.random() != np.random.default_rng(5).random()


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_without_a_generator_draws_from_the_default_one(name):
    options, given = LAYERS[name]

    def outcome(seed):
        ag.manual_seed(seed)
        layer = getattr(nn, name)(**options)
        result = [*arrays(layer(*given)), *arrays(list(layer.parameters()))]
        later = []
        for _ in range(2):
            ag.manual_seed(seed + 10)  # what is drawn later follows the default generator, too
            later.append(arrays(layer(*given)))
        assert all_alike(*later)
        return result + later[0]

    one, two, other = outcome(1), outcome(1), outcome(2)
    assert all_alike(one, two) and not all_alike(one, other)


@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("kind", ["Encoder", "Decoder", "Transformer"])
def test_stacked_layers_draw_from_one_generator_and_not_the_same(kind, given):
    generator = np.random.default_rng(3) if given else None
    sizes = dict(d_model=4, nhead=2, dim_feedforward=3, dropout=0.5, generator=generator)
    if kind == "Transformer":
        stack = nn.Transformer(**sizes, num_encoder_layers=2, num_decoder_layers=2)
        layers = [*stack.encoder.layers, *stack.decoder.layers]
    else:
        layer = getattr(nn, f"Transformer{kind}Layer")(**sizes)
        layers = list(getattr(nn, f"Transformer{kind}")(layer, 3).layers)
    inside = [m for layer in layers for m in layer.modules() if hasattr(m, "generator")]
    assert len(inside) >= 4 * len(layers) and all(m.generator is generator for m in inside)
    x = image(20, 4)
    kept = {layer.dropout(x).data.tobytes() for layer in layers}
    assert len(kept) == len(layers)


def test_copies_of_ones_own_layer_keep_its_generator_whatever_it_is_called():
    class Noisy(nn.Module):
        def __init__(self):
            super().__init__()
            self.rng = np.random.default_rng(1)
            self.linear = nn.Linear(2, 2)

    layer = Noisy()
    copies = nn.TransformerEncoder(layer, 2).layers
    assert all(c is not layer and c.rng is layer.rng for c in copies)
    assert copies[0].linear.weight is not copies[1].linear.weight


DRAWN = {name: (function, arguments) for name, function, arguments in EVERY
         if "generator" in arguments and not name.endswith("generator_or_default")}  # fmt: skip


@pytest.mark.parametrize("name", DRAWN)
def test_a_function_draws_from_the_generator_that_it_is_given(name):
    function, arguments = DRAWN[name]
    rates = {"p": 0.5, "dropout_p": 0.5, "training": True}
    arguments = {key: rates.get(key, value) for key, value in arguments.items()}

    def outcome(default, generator):
        ag.manual_seed(default)
        before = str(ag.default_generator().bit_generator.state)
        found = arrays(call(function, {**arguments, "generator": generator}))
        after = str(ag.default_generator().bit_generator.state)
        assert (after == before) == (generator is not None)
        return found

    rng = np.random.default_rng
    assert all_alike(outcome(1, rng(5)), outcome(2, rng(5)))
    assert not all_alike(outcome(1, rng(5)), outcome(1, rng(8)))
    assert all_alike(outcome(1, None), outcome(1, None))
    assert not all_alike(outcome(1, None), outcome(3, None))


@pytest.mark.parametrize("name", INITS)
def test_an_initialization_draws_from_the_generator_that_it_is_given(name):
    def outcome(seed, default, **given):
        ag.manual_seed(default)
        before = str(ag.default_generator().bit_generator.state)
        generator = {} if seed is None else {"generator": np.random.default_rng(seed)}
        found = arrays(getattr(nn.init, name)(nn.Parameter(np.zeros((4, 3))), **generator))
        after = str(ag.default_generator().bit_generator.state)
        assert (after == before) == (seed is not None)
        return found

    assert all_alike(outcome(5, 1), outcome(5, 2)) and not all_alike(outcome(5, 1), outcome(6, 1))
    assert all_alike(outcome(None, 1), outcome(None, 1))
    assert not all_alike(outcome(None, 1), outcome(None, 2))
