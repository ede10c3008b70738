"""Exporting whole models: what depends on inputs is followed or refused, names and files are right."""

import itertools

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F
from nn.onnx.trace import vary
from tests.nn.onnx.runtime import assert_agrees, assert_exports, made, run, session

pytestmark = pytest.mark.onnx

RANDOM = np.random.default_rng(5)


def images(*shape):
    return ag.tensor(RANDOM.standard_normal(shape).astype(np.float32))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.onnx"


# Models ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make, spec",
    [
        (nn.models.LeNet5, (2, 1, 28, 28)),
        (nn.models.vgg_small, (1, 3, 32, 32)),
        (nn.models.resnet20, (1, 3, 32, 32)),
        (lambda: nn.models.resnet18(classes=10), (1, 3, 64, 64)),
        (lambda: nn.models.UNet(width=4, depth=2), (1, 1, 16, 16)),
        (lambda: nn.models.Mixer(size=16, width=16, depth=2), (1, 3, 16, 16)),
        (lambda: nn.models.BasicBlock(3, 6, 2), (2, 3, 8, 8)),
    ],
    ids=["LeNet5", "vgg_small", "resnet20", "resnet18", "UNet", "Mixer", "BasicBlock"],
)
def test_models_agree_with_onnxruntime(make, spec, path):
    nn.manual_seed(0)
    assert_exports(make().eval(), [spec], path, rows=(1, 3))


@pytest.mark.parametrize("opset", [18, 20, 23])
def test_the_opset_is_the_one_that_was_asked_for(opset, path):
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.GELU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(8, 2)
    )
    proto = assert_exports(model, [(2, 1, 6, 6)], path, opset=opset)
    assert [(o.domain, o.version) for o in proto.opset_import] == [("", opset)]


def test_float64_stays_float64(path):
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    x = ag.tensor(RANDOM.standard_normal((2, 3)))
    running = session(nn.onnx.export(model, x, path))
    assert_agrees(run(running, [x]), {"output": model(x).detach()}, 1e-12)


# What depends on values is followed ---------------------------------------------------------------


def test_masks_and_indices_are_computed_and_not_kept_from_the_example(path):
    class Choices(nn.Module):
        def forward(self, x):
            best = ag.argmax(x, axis=1)
            top, places = ag.topk(x, 2, axis=1)
            return {
                "halves": ag.where(x > 0, x, x * 0.5),
                "best": best,
                "picked": ag.take_along_axis(x, best[:, None], 1),
                "top": top,
                "places": places,
                "sorted": ag.sort(x, axis=1, descending=True),
                "rows": x.sum(1) / x.shape[0],
            }

    assert_exports(Choices(), [(3, 5)], path, rows=(3, 6))


def test_an_embedding_is_looked_up_by_its_input(path):
    class Words(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Embedding(9, 4)
            self.head = nn.Linear(4, 3)

        def forward(self, words, weights):
            return self.head((self.table(words) * weights[..., None]).sum(1))

    proto = assert_exports(Words(), [(range(9), 2, 5), (2, 5)], path)
    assert [i.name for i in proto.graph.input] == ["words", "weights"]


def test_indices_that_are_computed_from_an_input_are_followed(path):
    table = nn.Parameter(RANDOM.standard_normal((20, 3)).astype(np.float32))

    def model(words):
        return ag.take(table, words * 2 + 1, axis=0)

    assert_exports(model, [(range(9), 3, 2)], path)


def test_one_hot_follows_its_input(path):
    assert_exports(lambda x: F.one_hot(x, 5), [(range(5), 4)], path)


def test_a_number_read_off_a_tensor_is_followed(path):
    assert_exports(lambda x: x * float(x.sum().item()), [(3, 2)], path)


@pytest.mark.parametrize("weight", [None, [1.0, 2.0, 0.5]])
@pytest.mark.parametrize(
    "loss", [F.cross_entropy, lambda x, t, w: F.nll_loss(F.log_softmax(x, 1), t, w)]
)
def test_targets_are_ignored_in_the_file_too(loss, weight, path):
    weight = weight and ag.tensor(np.array(weight, np.float32))

    def model(x, target):
        return loss(x, target, weight)

    running = session(nn.onnx.export(model, (images(4, 3), ag.tensor([0, 1, 2, 1])), path))
    example = [images(5, 3), ag.tensor([0, -100, 2, 1, -100])]
    assert_agrees(run(running, example), {"output": model(*example)})


def test_several_inputs_and_outputs_by_name(path):
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.other = nn.Linear(3, 2), nn.Linear(4, 2)

        def forward(self, *, left, right):
            return {"sum": self.one(left) + self.other(right), "left": self.one(left)}

    model = Two()
    example = {"left": images(2, 3), "right": images(2, 4)}
    proto = nn.onnx.export(model, example, path, outputs=["total", "part"])
    assert [o.name for o in proto.graph.output] == ["total", "part"]
    ours = model(left=images(5, 3), right=images(5, 4))
    left, right = images(5, 3), images(5, 4)
    ours = model(left=left, right=right)
    found = run(session(proto), [left, right])
    assert_agrees(found, {"total": ours["sum"], "part": ours["left"]})


def test_without_a_dynamic_batch_the_shapes_are_those_of_the_example(path):
    proto = nn.onnx.export(nn.Linear(3, 2), images(4, 3), path, dynamic_batch=False)
    sizes = proto.graph.input[0].type.tensor_type.shape.dim
    assert [(d.dim_param, d.dim_value) for d in sizes] == [("", 4), ("", 3)]


def test_sizes_that_follow_the_batch_are_computed(path):
    class Shapes(nn.Module):
        def forward(self, x):
            n = x.shape[0]
            return (
                x.reshape(-1),
                x.reshape(n * 2, 3),
                ag.concatenate([x, x]),
                ag.broadcast_to(x[:, None], (n, 2, 6)),
                x + ag.zeros((n, 6), dtype=np.float32),
                x.mean(0) * n,
                x.var(0, ddof=1),
                x[:-1],
                x[::-1],
                ag.tile(x, (2, 1)),
                x.reshape(1, n, 6).transpose(1, 0, 2).reshape(n, 6),
            )

    proto = assert_exports(Shapes(), [(3, 6)], path, rows=(3, 7))
    sizes = [
        [d.dim_param or d.dim_value for d in o.type.tensor_type.shape.dim]
        for o in proto.graph.output
    ]
    assert sizes[0] == ["6*batch"] and sizes[1] == ["2*batch", 3] and sizes[7] == ["batch + -1", 6]


# What cannot be followed is refused -------------------------------------------------------------------


class Baked(nn.Module):
    """Takes values out of the graph in a way that nothing can follow."""

    def __init__(self, how):
        super().__init__()
        self.how = how

    def forward(self, x):
        if self.how == "array":
            return x * ag.as_tensor(np.tanh(np.asarray(x.detach().data)))
        if self.how == "number":
            return x * (float(x.sum().item()) + 1.0)
        if self.how == "largest":
            return x / np.abs(x.detach().numpy()).max()
        if self.how == "outside mask":
            return ag.where(x.detach().numpy() == 0.125, 0.0, x)
        if self.how == "branch":
            return x * 2.0 if x.sum().item() > 0.5 else x.exp()
        if self.how == "mask":
            return x[x > 0]
        if self.how == "random":
            return F.dropout(x, 0.5, training=True)
        if self.how == "written":
            y = x * 2.0
            y[0] = 7.0
            return y + 1.0
        if self.how == "loop":
            return ag.stack([row * 2.0 for row in x])
        return ag.linalg.inv(x.T @ x + ag.eye(3, dtype=np.float32)).sum() * x


@pytest.mark.parametrize(
    "how, message",
    [
        ("array", r"multiply in part \(test_export\.py:\d+\): an array of shape"),
        ("number", r"multiply in part \(test_export\.py:\d+\): an array of shape \(\)"),
        ("largest", r"divide in part"),
        ("outside mask", r"where in part .*a mask"),
        ("branch", "depends on the values"),
        ("mask", r"getitem in part \(test_export\.py:\d+\)"),
        ("random", r"multiply in part .*at random"),
        ("written", r"add in part .*written into in place"),
        ("loop", "loops over the batch"),
        ("inverse", r"inv in part .*no operator"),
    ],
)
def test_what_cannot_be_followed_is_refused_by_name(how, message, path):
    model = nn.Sequential()
    model.part = Baked(how)
    path.write_text("before")
    with pytest.raises(ValueError, match=message):
        nn.onnx.export(model, ag.tensor([[3.0, 0.1, -4.0], [-1.0, 0.3, 1.0]]), path)
    assert path.read_text() == "before"


def test_all_refusals_come_at_once(path):
    class Both(nn.Module):
        def forward(self, x):
            return ag.linalg.inv(x[:, :2, :2]), ag.linalg.cholesky(ag.eye(2) + x[:, :2, :2] * 0.0)

    with pytest.raises(ValueError, match=r"(?s)inv.*cholesky|cholesky.*inv"):
        nn.onnx.export(Both(), images(2, 3, 3), path)


def test_what_no_output_needs_is_not_refused(path):
    class Aside(nn.Module):
        def forward(self, x):
            self.seen = ag.linalg.inv(x[:, :2, :2])
            return x * 2.0

    assert_exports(Aside(), [(2, 3, 3)], path)


def test_integers_that_are_all_alike_are_refused(path):
    with pytest.raises(ValueError, match="integers of the example's input are all 0"):
        nn.onnx.export(nn.Embedding(3, 2), ag.zeros(2, 3, dtype=np.int64), path)


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"opset": 17}, ValueError, "opset must be from 18 to 23"),
        ({"outputs": "loss"}, ValueError, "outputs must be a list"),
        ({"outputs": "loss and gradients"}, ValueError, "go together"),
        ({"outputs": ["a", "b"]}, ValueError, "1 different names"),
        ({"outputs": []}, ValueError, "1 different names"),
        ({"outputs": ["weight"]}, ValueError, "both an output and"),
    ],
)
def test_wrong_options_are_refused(options, error, message, path):
    with pytest.raises(error, match=message):
        nn.onnx.export(nn.Linear(2, 2), ag.ones(2, 2), path, **options)


def test_two_outputs_have_two_names(path):
    both = lambda x: (x, x * 2)
    for names in (["a"], ["a", "a"], ["a", "b", "c"], []):
        with pytest.raises(ValueError, match="outputs must be 2 different names"):
            nn.onnx.export(both, ag.ones(2, 2), path, outputs=names)
    proto = nn.onnx.export(both, ag.ones(2, 2), path, outputs=["b", "a"])
    assert [output.name for output in proto.graph.output] == ["b", "a"]


@pytest.mark.parametrize("example", [(), {}, "x", [1.0], ag.tensor(1.0)])
def test_wrong_examples_are_refused(example, path):
    with pytest.raises((TypeError, ValueError), match=r"onnx\.export"):
        nn.onnx.export(nn.Linear(2, 2), example, path)


@pytest.mark.parametrize(
    "model, options, error, message",
    [
        (nn.Linear(2, 2), {"example": {1: ag.ones(2, 2)}}, TypeError, "keys of example must be names"),
        (lambda x: (x, 3), {"dynamic_batch": False}, TypeError, "the model must give tensors, got int as output_1"),
        (lambda x: x, {"outputs": "loss and gradients", "loss": lambda m, x: x.sum()}, TypeError,
         "gradients are those of a module's parameters, got function"),
        (nn.ReLU(), {"outputs": "loss and gradients", "loss": lambda m, x: x.sum()}, ValueError,
         "no parameter of the model requires a gradient"),
        (nn.Linear(2, 2), {"example": ag.zeros(0, 2)}, ValueError, "has no rows for a batch"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_model_is_refused(model, options, error, message, path):
    options = {"example": ag.ones(2, 2), **options}
    with pytest.raises(error, match=rf"onnx\.export: .*{message}"):
        nn.onnx.export(model, options.pop("example"), path, **options)
    assert not path.exists()


def test_a_model_that_fails_on_other_values_says_so_itself(path):
    def model(x):
        if not np.array_equal(x.numpy(), np.ones((2, 2))):
            raise KeyError("of its own")
        return x * 2.0

    with pytest.raises(KeyError, match="of its own"):
        nn.onnx.export(model, ag.ones(2, 2), path, dynamic_batch=False)
    with pytest.raises(ValueError, match="does not run on a batch of .*of its own"):
        nn.onnx.export(model, ag.ones(2, 2), path)


def test_inputs_of_bools_and_of_nothing_are_inputs(path):
    def model(x, mask, nothing):
        return ag.where(mask, x, 0.0), nothing.sum(1)

    example = [
        images(3, 2),
        ag.tensor([[True, False], [False, True], [True, True]]),
        ag.zeros(3, 0),
    ]
    running = session(nn.onnx.export(model, tuple(example), path))
    for mask in (example[1], ~example[1]):
        example[1] = mask
        x, total = model(*example)
        assert_agrees(run(running, example), {"output_0": x, "output_1": total})


@pytest.mark.parametrize("axes", [(None, 1), (1, None), (1, 0), ((0,), (0, 1))], ids=str)
def test_an_axis_that_is_another_at_another_call_is_refused(axes, path):
    calls = itertools.cycle(axes)
    with pytest.raises(ValueError, match=r"sum \(test_export.*depends on"):
        nn.onnx.export(
            lambda x: ag.sum(x, axis=next(calls), keepdims=True).sum(), images(4, 4), path
        )


# Names and state ------------------------------------------------------------------------------------


def test_parameters_have_their_names_in_the_state_dict_and_nodes_their_modules(path):
    model = nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.BatchNorm1d(4), nn.ReLU()))
    graph = assert_exports(model.eval(), [(2, 3)], path).graph
    names = {i.name for i in graph.initializer}
    assert {k for k in model.state_dict() if "num_batches" not in k} <= names
    assert {n.name.rpartition(".")[0] for n in graph.node} == {"0", "1.0", "1.1", "output"}
    weight = next(i for i in graph.initializer if i.name == "0.weight")
    assert list(weight.dims) == [4, 3]


def test_hostile_names_stay_apart(path):
    class Hostile(nn.Module):
        def __init__(self):
            super().__init__()
            self.relu = nn.Parameter(np.ones(3, np.float32))
            self.register_buffer("sizes", ag.tensor([1.0, 2.0, 3.0]))
            self.constant = nn.Linear(3, 3)

        def forward(self, batch, output_0):
            y = F.relu(batch * self.relu + self.sizes * 2.0)
            return {"relu_1": y, "мы / ONNX\n": self.constant(y - output_0).reshape(-1)}

    proto = assert_exports(Hostile(), [(2, 3), (2, 3)], path)
    names = [n.name for n in proto.graph.node]
    assert len(set(names)) == len(names)


def test_an_input_called_like_a_parameter_is_refused(path):
    class Clash(nn.Module):
        def __init__(self):
            super().__init__()
            self.x = nn.Parameter(np.ones(3, np.float32))

        def forward(self, x):
            return x * self.x

    with pytest.raises(ValueError, match="x names both an input and a parameter"):
        nn.onnx.export(Clash(), images(2, 3), path)


def test_tied_parameters_are_one_initializer(path):
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    model[1].weight = model[0].weight
    graph = assert_exports(model, [(2, 3)], path).graph
    assert sum(list(i.dims) == [3, 3] for i in graph.initializer) == 1


def test_the_model_is_as_it_was(path):
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))
    model[2].eval()
    state = {k: v.numpy().copy() for k, v in model.state_dict().items()}
    nn.onnx.export(model, images(4, 3), path, training=True)
    nn.onnx.export(model, images(4, 3), path)
    assert [m.training for m in model.modules()] == [True, True, True, False]
    assert all((state[k] == v.numpy()).all() for k, v in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())


def test_in_training_batch_norm_takes_the_statistics_of_the_batch(path):
    model = nn.Sequential(nn.BatchNorm1d(3))
    x = images(7, 3)
    running = session(nn.onnx.export(model, images(4, 3), path, training=True))
    assert_agrees(run(running, [x]), {"output": model(x).detach()})


# Gradients ------------------------------------------------------------------------------------------


def cross_entropy(model, x, target):
    return F.cross_entropy(model(x), target)


@pytest.mark.parametrize(
    "make, specs, loss",
    [
        (lambda: nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 3)), [(4, 5), (range(3), 4)], cross_entropy),
        (lambda: nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 3)), [(4, 5), (4, 3)],
         lambda m, x, y: F.mse_loss(m(x), y)),
        (lambda: nn.Sequential(nn.Linear(5, 8), nn.GELU(), nn.LayerNorm(8), nn.Linear(8, 1)), [(4, 5), ("probability", 4, 1)],
         lambda m, x, y: F.binary_cross_entropy_with_logits(m(x), y)),
        (nn.models.LeNet5, [(3, 1, 28, 28), (range(10), 3)], cross_entropy),
        (lambda: nn.Sequential(nn.Conv2d(2, 4, 3, 2, 1, groups=2), nn.BatchNorm2d(4), nn.LeakyReLU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(16, 3)),
         [(3, 2, 8, 8), (range(3), 3)], cross_entropy),
        (lambda: nn.Sequential(nn.Embedding(6, 4), nn.Flatten(), nn.Linear(12, 3)), [(range(6), 3, 3), (range(3), 3)], cross_entropy),
        (lambda: nn.Sequential(nn.ConvTranspose2d(2, 3, 3, 2, 1), nn.SiLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
         [(3, 2, 4, 4), (range(3), 3)], cross_entropy),
    ],
    ids=["MLP, classes", "MLP, squares", "layer norm", "LeNet5", "conv, batch norm", "embedding", "transposed"],
)  # fmt: skip
@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
def test_the_gradients_in_the_file_are_ours(make, specs, loss, training, path):
    nn.manual_seed(1)
    model = make()
    first, other = ([made(s, np.random.default_rng(2), n) for s in specs] for n in (3, 5))
    proto = nn.onnx.export(
        model, tuple(first), path, outputs="loss and gradients", loss=loss, training=training
    )
    running = session(proto)
    model.train(training)
    for example in (first, other):
        value = loss(model, *example)
        names, parameters = zip(*model.named_parameters(), strict=True)
        gradients = ag.grad(value, parameters)
        ours = dict(zip([f"gradient.{n}" for n in names], gradients, strict=True))
        assert_agrees(run(running, example), {"loss": value.detach(), **ours})


WEIGHT = np.array([0.5, 2.0, 1.25], np.float32)


@pytest.mark.parametrize("planes", [(), (2,), (2, 2)])
@pytest.mark.parametrize(
    "options",
    [{}, {"weight": WEIGHT}, {"weight": WEIGHT, "label_smoothing": 0.1}, {"ignore_index": 1},
     {"weight": WEIGHT, "ignore_index": 0, "reduction": "sum"}],
)  # fmt: skip
def test_gradients_of_classes_with_weights_and_planes(planes, options, path):
    model, random = nn.Linear(4, 3), np.random.default_rng(0)
    ones = np.ones(planes, np.float32)

    def loss(model, x, target):
        scores = model(x).reshape(*(-1, 3), *(1,) * len(planes)) * ones
        return F.cross_entropy(scores, target, **options)

    def example(n):
        x = random.standard_normal((n, 4)).astype(np.float32)
        return ag.tensor(x), ag.tensor(random.integers(0, 3, (n, *planes)))

    proto = nn.onnx.export(model, example(5), path, outputs="loss and gradients", loss=loss)
    x, target = example(7)
    value = loss(model, x, target)
    weight, bias = ag.grad(value, [model.weight, model.bias])
    ours = {"loss": value.detach(), "gradient.weight": weight, "gradient.bias": bias}
    assert_agrees(run(session(proto), (x, target)), ours)


def test_a_loss_that_is_no_number_is_refused(path):
    with pytest.raises(ValueError, match="loss must give a single number"):
        nn.onnx.export(nn.Linear(2, 2), images(2, 2), path, outputs="loss and gradients",
                       loss=lambda model, x: model(x))  # fmt: skip


# Functions that no layer calls by its name ------------------------------------------------------------

KERNEL = np.linspace(-1.0, 1.0, 12, dtype=np.float32)


@pytest.mark.parametrize(
    "function, specs",
    [
        (lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True), [(2, 4, 3)] * 3),
        (lambda x: F.convolve1d(x, KERNEL.reshape(2, 2, 3)), [(2, 2, 7)]),
        (lambda x: F.convolve2d(x, KERNEL.reshape(1, 2, 2, 3)), [(2, 2, 4, 5)]),
        (lambda x: F.convolve3d(x, KERNEL.reshape(1, 1, 2, 2, 3)), [(2, 1, 4, 3, 5)]),
        (F.normalize, [(2, 5)]),
        (lambda x: F.pad(x, (1, 2, 0, 1), "replicate"), [(2, 3, 4, 5)]),
        (lambda x: F.pool(x, lambda w: ag.logsumexp(w, axis=-1), 3, 2), [(2, 3, 9)]),
        (lambda x: F.pool2d(x, lambda w: ag.amax(w, axis=(-2, -1)), 2, 1, 1), [(2, 3, 4, 5)]),
    ],
)
def test_functions_agree_with_onnxruntime(function, specs, path):
    assert_exports(function, specs, path)


def test_a_number_is_told_from_a_constant_where_zeros_are_not_taken(path):
    def model(x):
        values = x.numpy()
        if (values == 0).any():
            raise ValueError("no zeros")
        return x / values.max()

    with pytest.raises(ValueError, match="divide"):
        nn.onnx.export(model, ag.tensor([[1.0], [2.0], [3.0]]), path)


def test_an_index_that_two_values_hold_is_refused(path):
    table = nn.Parameter(RANDOM.standard_normal((20, 3)).astype(np.float32))

    def model(words):
        limited = ag.clip(words, -1000, 1000)
        return ag.take(table, words, axis=0), limited

    with pytest.raises(ValueError, match="getitem.*several hold the same numbers"):
        nn.onnx.export(model, ag.tensor([3, 1, 4]), path)


@pytest.mark.parametrize(
    "reduction",
    [
        lambda x: ag.max(x, axis=1), lambda x: ag.min(x, axis=-1, keepdims=True),
        lambda x: ag.amax(x, axis=1), lambda x: ag.amin(x), lambda x: ag.amax(x, axis=(0, 1)),
        lambda x: ag.max_with_indices(x, axis=1)[0],
        lambda x: ag.roll(x, 1, axis=1) * x, lambda x: F.gelu(x, approximate="tanh"),
    ],
)  # fmt: skip
def test_gradients_of_extrema_and_others_are_in_the_file(reduction, path):
    model = nn.Linear(4, 3)
    random = np.random.default_rng(0)
    loss = lambda model, x: ag.square(reduction(model(x))).mean()
    x = random.normal(size=(5, 4)).astype(np.float32)
    proto = nn.onnx.export(model, (x,), path, outputs="loss and gradients", loss=loss)
    x = random.normal(size=(7, 4)).astype(np.float32)
    value = loss(model, ag.tensor(x))
    weight, bias = ag.grad(value, [model.weight, model.bias])
    ours = {"loss": value.detach(), "gradient.weight": weight, "gradient.bias": bias}
    assert_agrees(run(session(proto), (x,)), ours)


@pytest.mark.parametrize(
    "axis, words", [(None, "which of several equal extrema is meant"), ((0, 1), "outside of")]
)
def test_an_extremum_over_several_axes_has_no_gradient_in_the_file(axis, words, path):
    with pytest.raises(ValueError, match=rf"cannot be exported:(?s:.*){words}"):
        nn.onnx.export(nn.Linear(4, 3), (np.ones((2, 4), np.float32),), path,
                       outputs="loss and gradients", loss=lambda m, x: ag.max(m(x), axis=axis))  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_other_examples_stay_within_the_range_of_the_given_one(seed):
    random = np.random.default_rng(seed)
    given = 10.0 + np.linspace(0.0, 1.0, 40, dtype=np.float32).reshape(8, 5)
    for batch, rows in ((None, 8), (3, 3), (10, 10)):
        other = vary(given, batch, random, harsh=False)
        assert other.shape == (rows, 5) and other.dtype == np.float32
        assert 10.0 < other.min() < other.max() < 11.0 and len(np.unique(other)) > 10
        harsh = vary(given, batch, random, harsh=True)
        assert (harsh == 0).any() and (harsh < 0).any() and (harsh > 0).any()
        assert abs(harsh).max() < 0.9 * 11.0
    signs = vary(np.array([1.0, -1.0, 1.0, 1.0] * 5), None, random, harsh=False)
    assert set(signs) == {1.0, -1.0}
    whole = np.arange(3, 23)
    assert set(vary(whole, 400, random, harsh=False)) == set(range(3, 23))
    assert set(vary(whole, 400, random, harsh=True)) == set(range(3, 22))
    some = vary(whole, None, random, harsh=False, ignored=-100)
    assert some[0] == -100 and (some != -100).any()
    assert set(vary(np.array([True]), 50, random, harsh=False)) == {True, False}
    alike = vary(np.full(50, 2.0), None, random, harsh=False)
    assert (alike == 2.0).any() and (alike > 2.0).any() and alike.min() == 2.0 and alike.max() < 3.0
    assert vary(np.zeros((0, 2)), None, random, harsh=False).shape == (0, 2)


def test_a_bias_that_only_some_batches_have_is_refused(path):
    class Picky(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(3, 2)

        def forward(self, x):
            return F.linear(x, self.linear.weight, self.linear.bias if len(x) > 3 else None)

    for rows in (1, 2):
        with pytest.raises(ValueError, match=r"linear .*: whether it has an input 2 depends"):
            nn.onnx.export(Picky(), (images(rows, 3),), path)


def test_nested_outputs_are_named_by_the_way_to_them():
    from nn.onnx.export import _flattened, _origins, _symbol
    from nn.onnx.trace import Origin, Size

    assert list(_flattened(1, "")) == [("output", 1)]
    tree = [1, (2, {"a": 3, 4: [5]})]
    assert list(_flattened(tree, "")) == [
        ("output_0", 1), ("output_1_0", 2), ("output_1_1.a", 3), ("output_1_1.4_0", 5)
    ]  # fmt: skip
    assert list(_flattened({"a": {"b": 1}, "c": (2, 3)}, "")) == [
        ("a.b", 1), ("c_0", 2), ("c_1", 3)
    ]  # fmt: skip
    sizes = [Size(1, 0), Size(3, 0), Size(1, 2), Size(2, -1)]
    assert list(map(_symbol, sizes)) == ["batch", "3*batch", "batch + 2", "2*batch + -1"]
    a, b, c = (Origin("input", name) for name in "abc")
    assert list(_origins({"x": a, "y": (1, (b, "text")), "z": c, "n": [1]})) == [a, b, c]


@pytest.mark.parametrize("opset", [17, 24, 0, -18, True, 18.0, "20", None])
def test_versions_that_are_not_known_are_refused(opset, path):
    with pytest.raises(ValueError, match=r"opset must be from 18 to 23, got "):
        nn.onnx.export(nn.ReLU(), images(2, 3), path, opset=opset)
    assert not path.exists()
