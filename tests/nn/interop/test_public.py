"""What public code does beside computing: it keeps things, asserts, decides, and goes into files."""

import copy
import pickle
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest

import autograd
import nn

pytestmark = pytest.mark.torch


@pytest.fixture
def styles(torch):
    from tests.nn.interop import styles

    with styles.in_double():
        yield styles


def converted(styles, name, **options):
    module, args, kwargs = styles.every()[name]()
    return module, args, kwargs, nn.from_torch(module, *args, **kwargs, **options)


def model_of(torch, function, **buffers):
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            for name, value in buffers.items():
                self.register_buffer(name, value)

        def forward(self, x):
            return function(self, x)

    return Model()


# Files --------------------------------------------------------------------------------------------


def test_a_pickled_model_runs_in_a_process_that_has_no_pytorch(styles, tmp_path):
    module, (x,), _, model = converted(styles, "auxiliary head, same padding")
    model.eval()
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps((model, x.numpy(), model(x.numpy()).logits.data)))
    script = (
        "import sys; sys.modules['torch'] = None\n"
        "import pickle, numpy as np\n"
        f"model, x, wanted = pickle.loads(open({str(path)!r}, 'rb').read())\n"
        "out = model(x)\n"
        "np.testing.assert_array_equal(out.logits.data, wanted)\n"
        "print(type(model).__name__, type(out).__name__, out.auxiliary, list(out.endpoints))\n"
        "model.train()(x).logits.sum().backward(); print(model.fc.weight.grad is not None)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.split("\n")[:2] == ["Auxiliary Outputs None ['reduction_1']", "True"], done


@pytest.mark.parametrize("style", ["encoder with keywords and a record", "GPT, written out"])
def test_copies_and_pickles_compute_the_same_and_share_nothing(styles, style):
    _, args, kwargs, model = converted(styles, style)
    model.eval()
    args = tuple(a.numpy() for a in args)
    kwargs = {k: v.numpy() if hasattr(v, "numpy") else v for k, v in kwargs.items()}

    def numbers(m):
        return [t.data for t in nn.interop.sides.tensors_in(m(*args, **kwargs))]

    wanted = numbers(model)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert type(other) is type(model) and list(other.state_dict()) == list(model.state_dict())
        for parameter in other.parameters():
            with autograd.no_grad(), autograd.writable(parameter) as array:
                array *= 0.5
        for a, b in zip(numbers(model), wanted, strict=True):
            np.testing.assert_array_equal(a, b)
        other.load_state_dict(model.state_dict())
        for a, b in zip(numbers(other), wanted, strict=True):
            np.testing.assert_array_equal(a, b)


def test_weights_go_back_and_forth_also_where_pytorch_holds_sparse_ones(torch, styles):
    module, args, _, model = converted(styles, "graph with sparse matrices")
    with autograd.no_grad(), autograd.writable(model.weight) as array:
        array += 0.5
    model.laplacian = autograd.tensor(np.array(model.laplacian.data) * 2)
    assert set(nn.interop.to_torch(model, module).changed) == {"weight", "laplacian"}
    assert nn.interop.compare(module, model, *args).ok


# What forward keeps, asserts and decides ----------------------------------------------------------


def test_what_forward_keeps_on_its_modules_is_as_it_was(torch, styles):
    module, *_ = converted(styles, "encoder with keywords and a record")
    assert module.attend.attention is None

    def counting(self, x):
        self.calls = getattr(self, "calls", 0) + 1
        return x * self.calls

    counter = model_of(torch, counting)
    counter.calls = 2
    model = nn.from_torch(counter, torch.ones(2))
    assert counter.calls == 2
    assert model.notes == ["forward changes calls; the graph has what one call makes of it."]


def test_an_assertion_on_numbers_is_left_out_and_told(torch):
    def asserting(self, x):
        assert not torch.isnan(x).any(), "no number"
        assert (x > -1e9).all()
        return x * 2

    model = nn.from_torch(model_of(torch, asserting), torch.ones(3))
    assert "Assertions on numbers are left out: test_public.py:" in model.notes[0]
    np.testing.assert_array_equal(model(np.full(3, np.nan, np.float32)).data, [np.nan] * 3)


def test_a_decision_by_the_state_holds_for_that_state_only(torch):
    def deciding(self, x):
        return x * 2 if self.ready.item() == 1 else x

    model = nn.from_torch(model_of(torch, deciding, ready=torch.tensor(1)), torch.ones(3))
    assert model.notes == ["The graph was made for ready = 1, by which forward decides."]
    np.testing.assert_array_equal(model(np.ones(3, np.float32)).data, [2.0] * 3)
    model.ready = autograd.tensor(np.array(0))
    with pytest.raises(RuntimeError, match="made for ready = 1, .* it is 0 now"):
        model(np.ones(3, np.float32))


def test_random_numbers_that_are_not_pytorchs_are_told(torch):
    import random

    before = random.getstate()
    model = nn.from_torch(model_of(torch, lambda self, x: x * random.random()), torch.ones(3))
    assert "draws random numbers by Python or NumPy" in model.notes[0]
    assert random.getstate() == before


def test_what_is_printed_is_no_hindrance(torch):
    def printing(self, x):
        print(f"mean {x.mean():.3f}, {x.sum().item():.2e}")
        return x * 2

    assert not nn.from_torch(model_of(torch, printing), torch.ones(3)).notes


# Packed sequences ---------------------------------------------------------------------------------


def test_other_lengths_and_batches_than_the_examples(torch, styles):
    module, _, _, model = converted(styles, "packed LSTM tagger")
    module.eval()
    words = torch.randint(1, 9, (4, 7))
    lengths = torch.tensor([3, 7, 1, 5])
    for wanted, got in zip(
        module(words, lengths), model.eval()(words.numpy(), lengths.numpy()), strict=True
    ):
        np.testing.assert_allclose(got.data, wanted.detach().numpy(), atol=1e-12)


def test_where_the_graph_needs_the_longest_length_it_is_checked(torch, styles):
    """What follows asks whether the unpacked states are as long as the padded ones."""
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

    class Masked(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = torch.nn.GRU(2, 3, batch_first=True)

        def forward(self, x, lengths):
            packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            states, _ = pad_packed_sequence(self.rnn(packed)[0], batch_first=True)
            if states.size(1) != x.size(1):
                raise ValueError("too short")
            return states * (x != 0).all(-1, keepdim=True)

    x = torch.randn(2, 4, 2)
    model = nn.from_torch(Masked(), x, torch.tensor([2, 4]), check=True)
    with pytest.raises(ValueError, match="longest of the lengths must be 4, .*, got 3"):
        model(x.numpy(), np.array([2, 3]))


# Sizes and records --------------------------------------------------------------------------------


def test_the_second_axis_of_sequences_is_free_too(torch, styles):
    module, (tokens, *_), _, _ = converted(styles, "GPT, written out")
    module.eval()
    model = nn.from_torch(module, tokens).eval()
    for shape in ((3, tokens.shape[1] - 1), (1, 2)):
        other = torch.randint(0, 5, shape)
        wanted = module(other)
        got = model(other.numpy())
        got, wanted = (v[0] if isinstance(v, tuple) else v for v in (got, wanted))
        np.testing.assert_allclose(got.data, wanted.detach().numpy(), atol=1e-12)


@dataclass
class Pair:
    a: object
    b: object = None


def test_records_go_in_by_their_fields(torch):
    model = nn.from_torch(
        model_of(torch, lambda self, pair: pair.a * 2), Pair(torch.ones(2)), check=True
    )
    np.testing.assert_array_equal(model(Pair(np.ones(2, np.float32))).data, [2.0, 2.0])
    with pytest.raises(TypeError, match=r"x\.a must be a tensor"):
        model(Pair("no tensor"))


# Refusals -----------------------------------------------------------------------------------------


def branching(torch, x):
    if x.sum() > 0:  # the line
        return x
    return -x


@pytest.mark.parametrize(
    "forward, sentence, line",
    [
        (branching, "decides by the numbers of a tensor", "if x.sum() > 0:  # the line"),
        (
            lambda torch, x: x[:, : int(x.argmax())],
            "takes a number out of a tensor",
            "lambda torch, x: x[:, : int(x.argmax())],",
        ),
        (
            lambda torch, x: torch.tensor(np.sin(x.detach().numpy())),
            "leaves for NumPy",
            "lambda torch, x: torch.tensor(np.sin(x.detach().numpy())),",
        ),
        (
            lambda torch, x: torch.autograd.grad(x.requires_grad_().sum(), x)[0],
            "takes gradients in its forward",
            "lambda torch, x: torch.autograd.grad(x.requires_grad_().sum(), x)[0],",
        ),
    ],
    ids=["branch", "number", "NumPy", "gradient"],
)
def test_what_is_refused_is_said_in_a_sentence_with_the_line(torch, forward, sentence, line):
    model = model_of(torch, lambda self, x: forward(torch, x))
    with pytest.raises(RuntimeError) as caught:
        nn.from_torch(model, torch.ones(3, 4))
    told = str(caught.value)
    assert sentence in told and told.endswith(f": {line})") and "test_public.py, line " in told


def test_pytorch_is_as_it_was_after_a_refusal(torch):
    names = ("data", "item", "numpy", "__bool__", "backward", "__format__")
    before = [getattr(torch.Tensor, name) for name in names] + [torch.ctc_loss, torch.autograd.grad]
    with pytest.raises(RuntimeError):
        nn.from_torch(model_of(torch, lambda self, x: branching(torch, x)), torch.ones(3))
    after = [getattr(torch.Tensor, name) for name in names] + [torch.ctc_loss, torch.autograd.grad]
    assert after == before


def test_a_converted_gpt_is_recorded_with_its_mask_and_drawn_without_visits_to_its_dict(styles):
    _, args, _, model = converted(styles, "GPT, written out")
    with autograd.debug.record():
        _, loss = model(*args)
    loss.backward(retain_graph=True, break_on=[autograd.debug.nonfinite])
    for graph in (autograd.viz.graph(loss), autograd.viz.graph(loss, detail="operations")):
        headings = [group.label for group in graph.view.groups[1:]]
        assert "transformer.h: ModuleList" in headings
        assert not any("visit" in each or each.startswith("transformer:") for each in headings)
