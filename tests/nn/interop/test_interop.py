"""What a converted model is under the glass: lines, modules, checks, comparisons, refusals."""

import copy
import itertools
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import autograd
import nn
from autograd import debug, viz

HERE = Path(__file__).parent


def test_nothing_imports_pytorch_before_it_is_needed():
    code = "import sys, nn.interop; nn.from_torch; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=HERE.parents[2]).returncode == 0


def test_without_pytorch_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(
        ImportError, match=r"from_torch needs PyTorch: pip install \"glassgrad\[torch\]\""
    ):
        nn.from_torch(object())


@pytest.fixture
def models(torch):
    from tests.nn.interop import models

    return models


@pytest.fixture
def block(torch, models):
    """A converted ResNet block, in PyTorch and here, and what they are called with."""
    torch.manual_seed(0)
    theirs = models.BasicBlock(3, 4, 2).double()
    x = torch.randn(2, 3, 6, 6, dtype=torch.float64)
    return theirs, nn.from_torch(theirs, x), autograd.tensor(x.numpy(), requires_grad=True)


def line_in(models, text):
    """The number of the one line of the models' file that contains a text."""
    source = Path(models.__file__).read_text(encoding="utf-8").splitlines()
    (found,) = [k for k, line in enumerate(source, 1) if text in line]
    return found


@pytest.mark.torch
def test_an_old_pytorch_is_refused_by_its_number(torch, monkeypatch):
    monkeypatch.setattr(torch, "__version__", "2.1.0+cpu")
    with pytest.raises(RuntimeError, match="needs PyTorch 2.6 or later.*this is 2.1.0"):
        nn.from_torch(torch.nn.ReLU(), torch.zeros(1))


# Under the glass ----------------------------------------------------------------------------------


@pytest.mark.torch
def test_a_step_names_the_line_of_the_pytorch_source(models, block):
    _, model, x = block
    with debug.record():
        loss = model(x).sum()
    steps = list(debug.Backprop(loss))
    records = {step.node.module: step.node.record for step in steps if step.node.module}
    first = records["conv1"]
    assert first.filename == models.__file__
    assert first.lineno == line_in(models, "out = self.relu(self.bn1(self.conv1(x)))")
    added = [step for step in steps if step.op == "add" and step.node.module == ""]
    assert any(step.node.record.line == "out += identity" for step in added)
    assert "models.py" in first.where()


@pytest.mark.torch
def test_lines_of_a_model_without_own_code_are_pytorchs(torch):
    model = nn.from_torch(torch.nn.Sequential(torch.nn.Linear(2, 2)), torch.randn(3, 2))
    with debug.record():
        y = model(autograd.ones(3, 2))
    assert y.grad_node.record.filename.endswith("linear.py")


@pytest.mark.torch
def test_nan_is_blamed_on_the_line_of_the_pytorch_source(torch, models):
    theirs, (x,), _ = models.STYLES["Llama block"]()
    model = nn.from_torch(theirs, x)
    weight = model.get_parameter("norm1.weight")
    with autograd.no_grad(), autograd.writable(weight) as array:
        array[0] = np.nan
    with pytest.raises(debug.NonFinite) as caught, debug.record():
        model(autograd.tensor(x.numpy()))
    assert caught.value.filename == models.__file__
    assert caught.value.lineno == line_in(models, "return x * torch.rsqrt(x.pow(2)")


@pytest.mark.torch
def test_every_step_of_a_converted_block_passes_its_check(block):
    _, model, x = block
    with debug.record():
        loss = (model(x) ** 2).sum()
    steps = list(debug.Backprop(loss))
    assert {"correlate", "normalize", "relu", "add"} <= {step.op for step in steps}
    for step in steps:
        found = step.check(limit=20)
        assert found.ok, found


@pytest.mark.torch
def test_a_wrong_rule_is_named(torch, monkeypatch):
    from nn.interop import operators

    @autograd.primitive(broadcasts=True)
    def bent_tanh(x):
        return np.tanh(x)

    bent_tanh.gradients(x=lambda g, out: g * (1.02 - out * out))
    monkeypatch.setitem(operators._table(), "tanh", bent_tanh)
    theirs = torch.nn.Sequential(
        torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1)
    ).double()
    x = torch.randn(4, 2, dtype=torch.float64)
    model = nn.from_torch(theirs, x)
    found = nn.interop.compare(theirs, model, x)
    assert not found.ok and found.first is None  # the values are right, the gradients are not
    assert "has the outputs of PyTorch and other gradients" in found.verdict()
    with debug.record():
        loss = model(autograd.tensor(x.numpy())).sum()
    wrong = [step for step in debug.Backprop(loss) if not step.check().ok]
    assert [(step.op, step.node.module) for step in wrong] == [("bent_tanh", "1")]
    with pytest.raises(RuntimeError, match="other gradients"):
        nn.from_torch(theirs, x, check=True)


@pytest.mark.torch
def test_pictures_know_modules_and_parameters(block):
    theirs, model, x = block
    loss = model(x).sum()
    picture = viz.graph(loss).to_svg()
    for path in ("conv1", "bn2", "downsample"):
        assert path in picture
    assert "conv2.weight" in viz.graph(loss).text()
    assert len(viz.step(loss).sentences()) >= 10
    assert repr(model).splitlines()[1] == repr(theirs).splitlines()[1]


@pytest.mark.torch
def test_the_microscope_and_the_receptive_field_take_converted_layers(block):
    _, model, x = block
    assert viz.conv(model.conv1, x.data[:1]) is not None
    assert viz.receptive_field(model, x=(3, 6, 6)) is not None


@pytest.mark.torch
def test_debug_explain_speaks_of_a_converted_model(block):
    _, model, x = block
    with debug.record():
        loss = model(x).sum()
    assert "conv1.weight" in str(debug.explain(loss, model.conv1.weight, (0, 0, 0, 0)))


# Modules ------------------------------------------------------------------------------------------


@pytest.mark.torch
def test_a_module_inside_can_be_called_by_itself(torch, models, block):
    theirs, model, x = block
    image = np.random.default_rng(0).standard_normal((5, 3, 6, 6))
    theirs.eval()
    model.eval()
    wanted = theirs.downsample(torch.tensor(image)).detach().numpy()
    np.testing.assert_allclose(model.downsample(image).data, wanted, rtol=1e-12, atol=1e-14)
    assert len(model.downsample) == 2 and model.downsample[0].weight is model.downsample[0].weight
    with pytest.raises(TypeError, match="takes 1 inputs"):
        model.conv1(image, image)


@pytest.mark.torch
def test_hooks_see_and_change_what_modules_give(block):
    _, model, x = block
    seen = []
    model.bn1.register_forward_hook(lambda module, args, output: seen.append(output.shape))
    model.conv2.register_forward_hook(lambda module, args, output: output * 0.0)
    model.bn2.eval()
    y = model(x)
    assert seen == [(2, 4, 3, 3)]
    assert y.shape == (2, 4, 3, 3)


@pytest.mark.torch
def test_another_module_can_take_the_place_of_one_inside(torch):
    theirs = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU())
    model = nn.from_torch(theirs, torch.randn(3, 2))
    setattr(model, "1", nn.Tanh())
    x = autograd.ones(3, 2)
    np.testing.assert_array_equal(model(x).data, np.tanh(model[0](x).data))


@pytest.mark.torch
def test_a_part_may_be_in_another_mode_than_the_whole(torch, block):
    theirs, model, x = block
    theirs.bn1.eval()
    model.bn1.eval()
    found = nn.interop.compare(theirs, model, x)
    assert found.ok, found.text()
    before = model.bn1.running_mean.data.copy()
    model(x)
    np.testing.assert_array_equal(model.bn1.running_mean.data, before)


@pytest.mark.torch
def test_a_copy_is_a_model_of_its_own_and_double_is_double(torch, models):
    theirs, (x,), _ = models.STYLES["LSTM tagger"]()
    theirs = theirs.float().eval()
    model = nn.from_torch(theirs, x)
    assert model(x.numpy()).dtype == np.float32
    other = copy.deepcopy(model).double()
    assert other(x.numpy()).dtype == np.float64
    assert model.word_embeddings.weight.dtype == np.float32
    wanted = theirs.double()(x).detach().numpy()
    np.testing.assert_allclose(other(x.numpy()).data, wanted, rtol=1e-12)


@pytest.mark.torch
def test_tied_weights_stay_tied_and_are_learnt_together(torch, models):
    theirs, args, kwargs = models.STYLES["GPT, written out"]()
    model = nn.from_torch(theirs, *args, **kwargs)
    assert model.lm_head.weight is model.transformer.wte.weight
    assert len(list(model.parameters())) == len(list(theirs.parameters()))
    optimizer = nn.optim.SGD(model.parameters(), lr=0.1)
    their_optimizer = torch.optim.SGD(theirs.parameters(), lr=0.1)
    theirs.eval()
    model.eval()
    for _ in range(3):
        optimizer.zero_grad()
        model(*(a.numpy() for a in args))[1].backward()
        optimizer.step()
        their_optimizer.zero_grad()
        theirs(*args)[1].backward()
        their_optimizer.step()
    for (name, p), q in zip(model.named_parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.torch
def test_conversion_leaves_both_sides_as_they_were(torch, models):
    theirs, (x,), _ = models.STYLES["ResNet"]()
    theirs.layer1.eval()
    modes = [m.training for m in theirs.modules()]
    before = {key: value.clone() for key, value in theirs.state_dict().items()}
    nn.manual_seed(3)
    wanted = nn.default_generator().bit_generator.state
    model = nn.from_torch(theirs, x)
    nn.interop.compare(theirs, model, x)
    assert [m.training for m in theirs.modules()] == modes == [m.training for m in model.modules()]
    for key, value in theirs.state_dict().items():
        assert torch.equal(value, before[key]), key
        np.testing.assert_array_equal(model.state_dict()[key].data, value.numpy(), err_msg=key)
    assert nn.default_generator().bit_generator.state == wanted
    assert all(p.grad is None for p in theirs.parameters())


# Inputs -------------------------------------------------------------------------------------------


@pytest.mark.torch
def test_arguments_are_checked_against_what_the_graph_was_made_for(torch, models):
    theirs, args, kwargs = models.STYLES["writes in place"]()
    model = nn.from_torch(theirs, *args, **kwargs)
    batch = {"x": np.ones((3, 3)), "others": [np.ones((3, 1)), np.ones(2)]}
    model(batch, factor=3.0)
    with pytest.raises(ValueError, match="the graph was made for factor=3.0, got 2.0"):
        model(batch)
    with pytest.raises(TypeError, match=r"batch must be a dict with the keys \['others', 'x'\]"):
        model({"x": batch["x"]}, factor=3.0)
    with pytest.raises(TypeError, match=r"batch\['others'\] must be a list of 2, got list of 1"):
        model({"x": batch["x"], "others": [1.0]}, factor=3.0)
    with pytest.raises(TypeError, match="must be of dtype float64"):
        model({**batch, "x": np.ones((3, 3), int)}, factor=3.0)
    with pytest.raises(ValueError, match="must have shape"):
        model({**batch, "x": np.ones((3, 4))}, factor=3.0)
    with pytest.raises(TypeError, match="missing a required argument"):
        model(factor=3.0)


@pytest.mark.torch
def test_a_branch_on_the_batch_size_is_a_condition_on_the_inputs(torch):
    class Branches(torch.nn.Module):
        def forward(self, x):
            return x * 2 if x.shape[0] <= 8 else x * 3

    model = nn.from_torch(Branches(), torch.randn(4, 2))
    assert model(np.ones((8, 2), np.float32)).data.max() == 2
    with pytest.raises(ValueError, match=r"made for inputs with x.shape\[0\] <= 8"):
        model(np.ones((9, 2), np.float32))


@pytest.mark.torch
def test_a_fixed_size_is_told_in_the_notes(torch):
    class Fixed(torch.nn.Module):
        def forward(self, x):
            return x.reshape(3, 4) * 1.0

    model = nn.from_torch(Fixed(), torch.randn(3, 2, 2, 1))
    assert "sizes of the inputs are fixed" in model.notes[0]
    with pytest.raises(ValueError, match=r"x must have shape \(3, 2, 2, 1\), got \(2, 2, 2, 1\)"):
        model(np.ones((2, 2, 2, 1), np.float32))


@pytest.mark.torch
def test_a_write_in_place_keeps_the_dtype_of_what_is_written_into(torch):
    class Narrow(torch.nn.Module):
        def forward(self, x):
            y = x.float()
            y.mul_(x)
            return y, torch.zeros(3, dtype=torch.long).add_(2)

    x = torch.randn(3, dtype=torch.float64)
    y, count = nn.from_torch(Narrow(), x)(x.numpy())
    assert (y.dtype, count.dtype) == (np.float32, np.int64)


# Refusals -----------------------------------------------------------------------------------------


@pytest.mark.torch
def test_all_unknown_operators_are_told_at_once(torch, models):
    class Inner(torch.nn.Module):
        def forward(self, x):
            return torch.special.bessel_j0(x) + torch.special.bessel_j0(x + 1)

    class Strange(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = Inner()

        def forward(self, x):
            return torch.special.bessel_j1(self.inner(x)).to(torch.bfloat16)

    with pytest.raises(RuntimeError) as caught:
        nn.from_torch(Strange(), torch.randn(3))
    told = str(caught.value)
    assert "uses 3 operators that nothing here computes" in told
    assert "special_bessel_j0.default, 2 times" in told
    assert "in inner, test_interop.py:" in told
    assert "special_bessel_j1.default, 1 time\n    in the model itself" in told
    assert "bfloat16" in told


@pytest.mark.torch
@pytest.mark.parametrize(
    "forward, told",
    [
        (lambda torch, x: x * 2 if x.sum() > 0 else x, "data-dependent"),
        (lambda torch, x: torch.fft.rfft(x).abs(), "of complex numbers"),
        (lambda torch, x: torch.func.hessian(lambda t: (t**3).sum())(x), "takes gradients"),
        (lambda torch, x: straight_through(torch).apply(x), "torch.autograd.Function"),
        (lambda torch, x: half(torch, x), "autocast to a shorter dtype"),
        (
            lambda torch, x: torch.cond(x.sum() > 0, torch.sin, torch.cos, (x,)),
            r"control flow \(cond\)",
        ),
    ],
    ids=["branch on data", "complex", "func.hessian", "custom gradient", "autocast", "cond"],
)
def test_what_an_export_cannot_carry_is_refused(torch, forward, told):
    class Model(torch.nn.Module):
        def forward(self, x):
            return forward(torch, x)

    with pytest.raises(RuntimeError, match=told):
        nn.from_torch(Model(), torch.randn(3, 4))


def straight_through(torch):
    class Round(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.round()

        @staticmethod
        def backward(ctx, g):
            return g

    return Round


def half(torch, x):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return x @ x.T


@pytest.mark.torch
def test_a_block_in_which_autocast_is_off_is_an_ordinary_one(torch):
    class Model(torch.nn.Module):
        def forward(self, x):
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=False):
                y = x @ x.T
            return y * 2

    x = torch.arange(6.0).reshape(2, 3)
    found = nn.from_torch(Model(), x, dynamic=False)(x.numpy())
    np.testing.assert_array_equal(found.numpy(), Model()(x).numpy())


@pytest.mark.torch
def test_an_operator_that_is_not_known_is_decomposed(torch, monkeypatch):
    from nn.interop import operators

    monkeypatch.delitem(operators._table(), "mish")
    theirs = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Mish()).double()
    x = torch.randn(3, 2, dtype=torch.float64)
    model = nn.from_torch(theirs, x)
    assert model.notes == ["Decomposed by PyTorch: aten.mish.default."]
    assert nn.interop.compare(theirs, model, x, tolerance=1e-12).ok


@pytest.mark.torch
def test_other_things_than_modules_are_refused(torch):
    with pytest.raises(TypeError, match="must be a torch.nn.Module, got int"):
        nn.from_torch(3)
    with pytest.raises(ValueError, match="modes must be"):
        nn.from_torch(torch.nn.ReLU(), torch.zeros(1), modes="all")
    with pytest.raises(ValueError, match="lazy parameter without a shape"):
        nn.from_torch(torch.nn.LazyLinear(3), torch.zeros(1, 2))


@pytest.mark.torch
def test_a_mode_that_was_not_converted_is_refused_when_asked_for(torch):
    model = nn.from_torch(torch.nn.Dropout(), torch.zeros(2), modes="current")
    with pytest.raises(RuntimeError, match="not converted for evaluation"):
        model.eval()(np.zeros(2, np.float32))


# Comparing and giving back ------------------------------------------------------------------------


@pytest.mark.torch
def test_the_first_layer_that_differs_is_named(torch, block, tmp_path):
    theirs, model, x = block
    with autograd.no_grad(), autograd.writable(model.bn1.weight) as array:
        array[2] += 0.5
    found = nn.interop.compare(theirs, model, x)
    assert not found.ok
    assert found.first.name == "bn1"
    assert "first in bn1 (BatchNorm2d)" in found.verdict()
    layers = found.text().partition("Layers")[2]
    assert "! bn1 BatchNorm2d" in layers and "! conv1" not in layers
    page = tmp_path / "comparison.html"
    found.save(page)
    text = page.read_text(encoding="utf-8")
    assert text.count("<table>") == 3 and 'class="differs"' in text and "bn1 BatchNorm2d" in text


@pytest.mark.torch
def test_a_hand_written_model_can_be_compared_too(torch):
    theirs = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
    ours = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    ours.load_state_dict(theirs.state_dict())
    x = np.random.default_rng(0).standard_normal((4, 2)).astype(np.float32)
    assert nn.interop.compare(theirs, ours, x).ok
    setattr(ours, "1", nn.Tanh())
    assert nn.interop.compare(theirs, ours, x).first.name == "1"


@pytest.mark.torch
def test_weights_go_back_all_or_none(torch, block):
    theirs, model, _ = block
    with autograd.no_grad(), autograd.writable(model.conv1.weight) as array:
        array[0] += 0.25
    before = {key: value.clone() for key, value in theirs.state_dict().items()}
    other = torch.nn.Sequential(torch.nn.Linear(2, 2))
    with pytest.raises(RuntimeError) as caught:
        nn.interop.to_torch(model, other)
    assert "conv1.weight: only in ours" in str(caught.value)
    assert "0.bias: only in PyTorch's" in str(caught.value)
    theirs.bn2.bias = torch.nn.Parameter(torch.zeros(5))
    with pytest.raises(RuntimeError, match=r"bn2.bias: shape \(4,\) here, \(5,\) in PyTorch"):
        nn.interop.to_torch(model, theirs)
    assert torch.equal(theirs.conv1.weight, before["conv1.weight"])
    theirs.bn2.bias = torch.nn.Parameter(before["bn2.bias"])
    done = nn.interop.to_torch(model, theirs)
    assert list(done.changed) == ["conv1.weight"]
    assert done.changed["conv1.weight"] == pytest.approx(0.25)
    np.testing.assert_array_equal(theirs.conv1.weight.detach().numpy(), model.conv1.weight.data)
    assert str(done).splitlines() == [
        f"to_torch: 1 written, {len(before) - 1} were equal already", "  conv1.weight: by up to 0.25"
    ]  # fmt: skip
    with pytest.raises(TypeError, match="model must be an nn.Module of ours, got Sequential"):
        nn.interop.to_torch(other, theirs)
    with pytest.raises(TypeError, match="module must be a torch.nn.Module, got"):
        nn.interop.to_torch(model, model)


@pytest.mark.torch
def test_integers_are_not_written_into_floats(torch):
    class Counts(torch.nn.Module):
        def __init__(self, dtype):
            super().__init__()
            self.register_buffer("seen", torch.zeros(2, dtype=dtype))

        def forward(self, x):
            return x + self.seen

    model = nn.from_torch(Counts(torch.int64), torch.randn(3, 2))
    with pytest.raises(RuntimeError, match="seen: dtype int64 here, torch.float32 in PyTorch"):
        nn.interop.to_torch(model, Counts(torch.float32))


@pytest.mark.torch
def test_axes_that_share_a_size_are_held_to_it(torch):
    class Adds(torch.nn.Module):
        def forward(self, x, y, scale=None):
            return x + y if scale is None else (x + y) * scale

    model = nn.from_torch(Adds(), torch.randn(4, 2), torch.randn(4, 2))
    assert model(np.ones((3, 2), np.float32), np.ones((3, 2), np.float32)).shape == (3, 2)
    with pytest.raises(ValueError, match="axis 0 of y must be 3, as in x; got shape"):
        model(np.ones((3, 2), np.float32), np.ones((5, 2), np.float32))
    with pytest.raises(ValueError, match=r"x must have shape .*, got \(3, 2, 1\)"):
        model(np.ones((3, 2, 1), np.float32), np.ones((3, 2), np.float32))
    with pytest.raises(TypeError, match="was converted without the argument 'scale'"):
        model(np.ones((3, 2), np.float32), np.ones((3, 2), np.float32), scale=2.0)


@pytest.mark.torch
def test_what_layers_gave_is_kept_as_it_was(torch):
    def made(library):
        class Erased(library.Module):
            def __init__(self):
                super().__init__()
                self.layer = library.LeakyReLU(0.5)

            def forward(self, x):
                y = self.layer(x)
                y[0] = 0.0
                return y

        return Erased()

    found = nn.interop.compare(made(torch.nn), made(nn), np.ones((2, 3)))
    assert found.ok and found.first is None
    assert [row.size for row in found.layers] == [1.0] * 2
    found = nn.interop.compare(made(torch.nn), made(nn), np.ones((1, 3)))
    assert found.ok and [row.size for row in found.layers] == [1.0, 0.0]


@pytest.mark.torch
def test_an_axis_that_follows_from_another_is_held_to_what_it_follows(torch):
    class Twice(torch.nn.Module):
        def forward(self, x, y):
            return torch.cat([x, x]) + y

    model = nn.from_torch(Twice(), torch.randn(4, 2), torch.randn(8, 2))
    assert model(np.ones((3, 2), np.float32), np.ones((6, 2), np.float32)).shape == (6, 2)
    with pytest.raises(ValueError, match=r"axis 0 of y must be 2\*\w+, got 5"):
        model(np.ones((3, 2), np.float32), np.ones((5, 2), np.float32))


@pytest.mark.torch
def test_a_packed_sequence_that_was_not_packed_on_the_way_is_refused(torch):
    class Unpacks(torch.nn.Module):
        def forward(self, x):
            rnn = torch.nn.utils.rnn
            return rnn.pad_packed_sequence(rnn.PackedSequence(x, torch.tensor([2, 1])))[0]

    with pytest.raises(RuntimeError, match="unpacks a PackedSequence that it has not packed"):
        nn.from_torch(Unpacks(), torch.zeros(3, 2))


@pytest.mark.torch
@pytest.mark.parametrize(("weight", "off"), [(1e4, 1.0), (1e-3, 1e-4)])
def test_a_tolerance_is_relative_to_what_is_larger_than_one(torch, weight, off):
    x = np.ones((1, 1))
    theirs, ours = torch.nn.Linear(1, 1, False).double(), nn.Linear(1, 1, False).double()
    for factor in (0.9, 1.1):
        torch.nn.init.constant_(theirs.weight, weight)
        nn.init.constant_(ours.weight, weight + factor * off)
        found = nn.interop.compare(theirs, ours, x, tolerance=1e-4)
        assert found.ok == found.outputs[0].ok == (found.first is None) == (factor < 1)
        assert found.worst(found.outputs) == pytest.approx(factor * 1e-4)
    for width, tolerance in ((16, 1e-2), (32, 1e-4), (64, 1e-7)):
        x = np.ones(2, f"float{width}")
        assert nn.interop.compare(torch.nn.ReLU(), nn.ReLU(), x).tolerance == tolerance


@pytest.mark.torch
@pytest.mark.parametrize("factor", [0.0, 1.0])
@pytest.mark.parametrize("here", [False, True])
def test_a_gradient_that_arrives_on_one_side_is_compared_with_zero(torch, factor, here):
    def made(library, of, used):
        class Model(library.Module):
            def __init__(self):
                super().__init__()
                self.extra = library.Parameter(of([3.0]))

            def forward(self, x):
                return x + 1.0 + (self.extra - 3.0) * factor if used else x + 1.0

        return Model()

    theirs = made(torch.nn, torch.tensor, not here)
    ours = made(nn, autograd.tensor, here)
    found = nn.interop.compare(theirs, ours, np.ones(1, np.float32))
    rows = {row.name: row for row in found.grads}
    assert rows["input 0"].ok and rows["extra"].difference == factor
    assert rows["extra"].ok == found.ok == (factor == 0)


@pytest.mark.torch
def test_dropout_draws_from_our_generator_outside_of_a_comparison(torch):
    model = nn.from_torch(torch.nn.Dropout(0.25), torch.ones(4000))
    nn.manual_seed(1)
    first = model(np.ones(4000, np.float32)).data
    nn.manual_seed(1)
    np.testing.assert_array_equal(model(np.ones(4000, np.float32)).data, first)
    assert set(np.unique(first)) == {np.float32(0), np.float32(1 / 0.75)}
    assert abs((first == 0).mean() - 0.25) < 0.04


def test_a_line_is_known_only_where_the_exporter_kept_one():
    from nn.interop.sources import innermost

    own, library = 'File "/m.py", line 3, in f\n', 'File "/lib/torch/nn.py", line 9, in g\n'
    assert innermost(None, "/lib") == innermost("", "/lib") == ("", 0)
    assert innermost(own + library, "/lib") == ("/m.py", 3)
    assert innermost(library + library.replace("9", "8"), "/lib") == ("/lib/torch/nn.py", 8)


@pytest.mark.torch
def test_statistics_move_though_nobody_uses_the_normalized_values(torch):
    class Watches(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.bn = torch.nn.BatchNorm1d(2)

        def forward(self, x):
            self.bn(x)
            return x * 2

    x = torch.tensor([[1.0, 2.0], [3.0, 8.0]])
    model = nn.from_torch(Watches(), x)
    model(autograd.tensor(x.numpy()))
    np.testing.assert_allclose(model.bn.running_mean.data, [0.2, 0.5], rtol=1e-6)
    np.testing.assert_allclose(model.bn.running_var.data, [1.1, 2.7], rtol=1e-6)
    assert model.bn.num_batches_tracked.item() == 1


@pytest.mark.torch
def test_a_view_of_a_view_sees_what_is_written_into_the_whole(torch):
    class Corner(torch.nn.Module):
        def forward(self, x):
            whole = x * 1.0
            rows = whole[1:]
            column = rows[:, 0]
            whole.add_(10.0)
            return column * 2

    x = torch.arange(6.0).reshape(3, 2)
    assert nn.from_torch(Corner(), x)(autograd.tensor(x.numpy())).tolist() == [24.0, 28.0]


@pytest.mark.torch
def test_a_module_with_two_names_has_one_mode(torch):
    class Twice(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.first = torch.nn.Dropout(0.5)
            self.second = self.first

        def forward(self, x):
            return self.second(x)

    x = torch.ones(64)
    model = nn.from_torch(Twice(), x)
    assert model.second is model.first
    assert 0 < (model(autograd.ones(64)).data == 0).sum() < 64
    model.first.eval()
    assert (model(autograd.ones(64)).data == 1).all()


@pytest.mark.torch
def test_what_forward_keeps_on_its_modules_does_not_stay(torch):
    class Keeps(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = torch.nn.Linear(2, 2)
            self.count, self.seen = 0, []

        def forward(self, x):
            self.count += 1
            self.last = self.inner.last = x * 2
            self.seen.append(x)
            return self.inner(x)

    module = Keeps()
    before = {key: dict(vars(part)) for key, part in module.named_modules()}
    nn.from_torch(module, torch.ones(3, 2))
    assert {key: vars(part) for key, part in module.named_modules()} == before
    assert module.count == 0 and module.seen == [] and not hasattr(module.inner, "last")


@pytest.mark.torch
@pytest.mark.parametrize("reduction, axes", [("none", 1), ("mean", 0), ("sum", 0)])
def test_the_shape_of_a_ctc_loss_is_known_to_what_follows(torch, reduction, axes):
    class Spells(torch.nn.Module):
        def forward(self, scores, targets):
            lengths = [4, 4], [2, 1]
            loss = torch.nn.functional.ctc_loss(scores, targets, *lengths, reduction=reduction)
            assert loss.ndim == axes
            return loss[1:] if axes else loss * 2

    torch.manual_seed(0)
    scores = torch.randn(4, 2, 3, dtype=torch.float64).log_softmax(-1)
    given = scores, torch.tensor([[1, 2], [2, 0]])
    model = nn.from_torch(Spells(), *given)
    found = model(*(autograd.tensor(x.numpy()) for x in given))
    np.testing.assert_allclose(found.data, Spells()(*given).numpy(), rtol=1e-12)


@pytest.mark.torch
def test_a_reshape_is_a_view_where_the_strides_allow_it(torch):
    class Writes(torch.nn.Module):
        def forward(self, x):
            whole, turned = x * 1.0, (x * 1.0).T
            whole.reshape(6).add_(1.0)
            turned.reshape(6).add_(1.0)  # a copy
            whole.contiguous().mul_(2.0)
            turned.contiguous().mul_(2.0)  # a copy
            return whole, turned

    x = torch.arange(6.0).reshape(2, 3)
    found = nn.from_torch(Writes(), x)(autograd.tensor(x.numpy()))
    for ours, theirs in zip(found, Writes()(x), strict=True):
        assert ours.tolist() == theirs.tolist()


def test_lists_and_dicts_that_hold_each_other_are_kept_once():
    from nn.interop.export import _containers

    outer, inner = [1], {"a": 2}
    outer.append(inner)
    inner["outer"] = outer
    found = list(itertools.islice(_containers([outer, 3, inner, "text", (outer,)]), 5))
    assert sorted(map(id, (value for value, _ in found))) == sorted(map(id, (outer, inner)))
    assert all(copied is not value and copied == value for value, copied in found)


@pytest.mark.torch
@pytest.mark.parametrize("dim", [0, 1])
@pytest.mark.parametrize("name", ["split", "sizes", "chunk", "unbind"])
def test_what_is_written_into_a_part_arrives_in_the_whole(torch, name, dim):
    class Parts(torch.nn.Module):
        def forward(self, x):
            whole = x.clone()
            parts = {
                "split": lambda: whole.split(2, dim),
                "sizes": lambda: whole.split([1, 3, 2], dim),
                "chunk": lambda: whole.chunk(3, dim),
                "unbind": lambda: whole.unbind(dim),
            }[name]()
            parts[1].mul_(2.0)
            parts[0].add_(parts[1].sum())
            parts[2].mul_(parts[2])
            return whole * x

    x = torch.arange(36.0, dtype=torch.float64).reshape(6, 6)
    theirs = Parts()
    found = nn.from_torch(theirs, x, dynamic=False)(x.numpy())
    np.testing.assert_array_equal(found.numpy(), theirs(x).numpy())


@pytest.mark.torch
def test_a_view_of_a_view_sees_what_is_written_through_all_of_them(torch):
    class Nested(torch.nn.Module):
        def forward(self, x):
            whole = x.clone()
            part = whole[1:5]
            inner = part[1:3]
            whole.add_(1.0)
            before = inner * 1.0
            part.mul_(2.0)
            whole.add_(3.0)
            between = inner * 1.0
            inner.mul_(part[:2].clone())
            whole.mul_(0.5)
            return before, between, inner * 1.0, part * 1.0, whole

    x = torch.arange(6.0, dtype=torch.float64)
    theirs = Nested()
    found = nn.from_torch(theirs, x, dynamic=False)(x.numpy())
    for ours, right in zip(found, theirs(x), strict=True):
        np.testing.assert_array_equal(ours.numpy(), right.numpy())


@pytest.mark.torch
def test_an_error_of_a_converted_model_says_where_in_it(torch):
    model = nn.from_torch(torch.nn.Sequential(torch.nn.Embedding(3, 2)), torch.tensor([0, 1]))
    with pytest.raises(IndexError, match="index 7 is not one of the 3 rows") as caught:
        model(np.array([7, 1]))
    where = (
        r"in the converted model: embedding = embedding\.default at File \".*sparse.py\", line \d+"
    )
    assert sum(bool(re.fullmatch(where, note)) for note in caught.value.__notes__) == 1


@pytest.mark.torch
def test_the_trial_run_leaves_a_parameter_that_forward_writes_into(torch):
    class Drifts(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.w = torch.nn.Parameter(torch.ones(2))
            self.register_buffer("seen", torch.zeros(2), persistent=False)

        def forward(self, x):
            with torch.no_grad():
                self.w.mul_(2)
                self.seen.add_(1)
            return x * self.w

    theirs = Drifts()
    model = nn.from_torch(theirs, torch.ones(2))
    assert theirs.w.tolist() == model.w.tolist() == [1.0, 1.0]
    assert theirs.seen.tolist() == model.seen.tolist() == [0.0, 0.0]
    held = model.w
    assert model(np.ones(2, np.float32)).tolist() == [2.0, 2.0] == model.w.tolist()
    assert model.w is held and model.seen.tolist() == [1.0, 1.0]


@pytest.mark.torch
def test_a_recurrent_network_of_another_width_is_refused_in_pytorchs_words(torch):
    for kind in (torch.nn.LSTM, torch.nn.GRU, torch.nn.RNN):
        with pytest.raises(RuntimeError, match="input_size. Expected 3, got 4"):
            nn.from_torch(kind(3, 2), torch.ones(5, 1, 4))


@pytest.mark.torch
def test_a_network_over_a_sequence_that_was_not_packed_on_the_way_is_refused(torch):
    class Runs(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = torch.nn.GRU(2, 2)

        def forward(self, x):
            packed = torch.nn.utils.rnn.PackedSequence(x, torch.tensor([2, 1]))
            return self.rnn(packed)[1]

    with pytest.raises(RuntimeError, match="runs over a PackedSequence that it has not packed"):
        nn.from_torch(Runs(), torch.zeros(3, 2))


@pytest.mark.torch
def test_views_taken_in_a_block_are_written_through_after_it(torch):
    class Blocks(torch.nn.Module):
        def forward(self, x):
            whole = x * 1.0
            with torch.no_grad():
                first, second = whole[0], whole[1]
                sums = first + second
            second.add_(5.0)
            sums.mul_(2.0)
            return whole, first, second, sums

    x = torch.arange(6.0).reshape(2, 3)
    found = nn.from_torch(Blocks(), x, dynamic=False)(x.numpy())
    for ours, theirs in zip(found, Blocks()(x), strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


@pytest.mark.torch
def test_how_many_values_go_into_and_out_of_a_module_inside_stays(torch):
    class Two(torch.nn.Module):
        def forward(self, x):
            return x * 2, x * 3

    class Whole(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.two = Two()

        def forward(self, x):
            first, second = self.two(x)
            return first + second

    class Gives(nn.Module):
        def forward(self, x):
            return given

    model = nn.from_torch(Whole(), torch.ones(2))
    x = np.ones(2, np.float32)
    with pytest.raises(TypeError, match="Two at 'two' takes 1 inputs .* got 2\\n"):
        model.two(x, x)
    with pytest.raises(TypeError, match="Two at 'two' takes 1 inputs .* got 2\\n"):
        model.two(x, other=x)
    handle = model.two.register_forward_pre_hook(lambda module, given: (*given, given[0]))
    with pytest.raises(TypeError, match="two: a hook has changed the number of inputs from 1 to 2"):
        model(x)
    handle.remove()
    assert model(x).tolist() == [5.0, 5.0]
    one = autograd.tensor(x)
    model.two = Gives()
    for given in (one, (one,), (one, one, one), [one, one]):  # noqa: B007
        with pytest.raises(TypeError, match="two: 2 results are used of this module, got "):
            model(x)
    given = one, one
    assert model(x).tolist() == [2.0, 2.0]


@pytest.mark.torch
def test_a_model_that_is_special_for_a_batch_of_two_is_made_for_its_batch_of_one(torch):
    class Special(torch.nn.Module):
        def forward(self, x):
            return x * 2 if x.shape[0] == 2 else x * 3

    model = nn.from_torch(Special(), torch.ones(1, 3))
    assert model(np.ones((1, 3), np.float32)).tolist() == [[3.0] * 3]
    assert "sizes of the inputs are fixed" in model.notes[0]


@pytest.mark.torch
def test_what_a_graph_makes_is_of_the_precision_that_the_model_has_now(torch):
    class Makes(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.w = torch.nn.Parameter(torch.ones(3))

        def forward(self, x):
            return x * self.w + torch.full((3,), 0.1), torch.full((1,), 0.1)

    model = nn.from_torch(Makes(), torch.ones(3))
    single = model(np.zeros(3, np.float32))
    assert [y.dtype for y in single] == [np.float32] * 2
    double = model.double()(np.zeros(3))
    assert [y.dtype for y in double] == [np.float64] * 2
    assert double[0].tolist() == [0.1] * 3 and double[1].tolist() == [0.1]
    assert [y.dtype for y in model.float()(np.zeros(3, np.float32))] == [np.float32] * 2
