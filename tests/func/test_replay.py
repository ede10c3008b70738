"""Replayed steps are the eager ones to the last bit; what could go stale is refused."""

import collections
import functools
import itertools
import random

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F

STEPS = 12


def run(make, replayed):
    """The results, parameters and buffers of some steps."""
    nn.manual_seed(3)
    function, batch, model = make()
    step = ag.func.replay(function) if replayed else function
    draw = np.random.default_rng(5)
    found = []
    for _ in range(STEPS):
        result = step(*batch(draw))
        results = result if isinstance(result, tuple) else (result,)
        state = [*model.parameters(), *model.buffers()]
        grads = [p.grad for p in model.parameters() if p.grad is not None]
        found.append([np.array(t.detach().numpy()) for t in (*results, *state, *grads)])
    if replayed:
        assert step.replays >= STEPS - 4
    found.append([np.array(nn.default_generator().random(2))])
    return found


def trained(model, loss_of, batch, optimizer=None, clip=None):
    optimizer = optimizer or nn.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)

    def function(*inputs):
        optimizer.zero_grad()
        loss = loss_of(*inputs)
        loss.backward()
        if clip is not None:
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        return loss

    return function, batch, model


def images(draw, channels=1, size=8, classes=10, n=4):
    x = draw.standard_normal((n, channels, size, size)).astype(np.float32)
    return ag.tensor(x), ag.tensor(draw.integers(0, classes, n))


def tokens(draw):
    return ag.tensor(draw.integers(0, 11, (2, 6))), ag.tensor(draw.integers(0, 11, (2, 6)))


def mlp():
    model = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 1))
    return trained(
        model,
        lambda x, y: F.mse_loss(model(x), y),
        lambda draw: (draw.standard_normal((3, 5)).astype(np.float32), np.ones((3, 1), np.float32)),
        nn.optim.Adam(model.parameters(), lr=1e-2),
    )


def cnn():
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.3),
        nn.MaxPool2d(2), nn.Conv2d(4, 6, 3), nn.GELU(), nn.AvgPool2d(2), nn.Flatten(),
        nn.Dropout(0.5), nn.Linear(6, 10),
    )  # fmt: skip
    return trained(model, lambda x, y: F.cross_entropy(model(x), y), images, clip=0.5)


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        n, t, c = x.shape
        q, k, v = self.qkv(self.norm(x)).split(c, dim=2)
        q, k, v = (a.view(n, t, self.heads, c // self.heads).transpose(1, 2) for a in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(y.transpose(1, 2).contiguous().view(n, t, c))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class GPT(nn.Module):
    """With the embedding's weight in the head, too."""

    def __init__(self):
        super().__init__()
        self.table, self.places = nn.Embedding(11, 8), nn.Embedding(6, 8)
        self.blocks = nn.ModuleList([Block(8, 2) for _ in range(2)])
        self.norm, self.head = nn.LayerNorm(8), nn.Linear(8, 11, bias=False)
        self.head.weight = self.table.weight

    def forward(self, index):
        x = self.table(index) + self.places(ag.arange(index.shape[1]))
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def gpt():
    model = GPT()

    def loss_of(x, y):
        return F.cross_entropy(model(x).view(-1, 11), y.view(-1))

    return trained(model, loss_of, tokens, nn.optim.AdamW(model.parameters(), lr=1e-2), clip=1.0)


def two_losses():
    model = nn.Sequential(nn.Linear(3, 4), nn.Sigmoid(), nn.Linear(4, 2))
    optimizer = nn.optim.SGD(model.parameters(), lr=0.1)

    def function(x):
        model.zero_grad()
        y = model(x)
        first, second = (y * y).mean(), y.abs().sum(axis=0).max()
        first.backward(retain_graph=True)
        (0.5 * second).backward()
        optimizer.step()
        return first, second, y

    return function, lambda draw: (ag.tensor(draw.standard_normal((5, 3))).float(),), model


class Sampled(nn.Module):
    def __init__(self):
        super().__init__()
        self.inside, self.outside = nn.Linear(6, 4), nn.Linear(2, 6)

    def forward(self, x):
        mean, log = self.inside(x).split(2, 1)
        z = mean + (0.5 * log).exp() * ag.randn(*mean.shape)
        back = self.outside(z).sigmoid()
        kept = -0.5 * (1.0 + log - mean.pow(2) - log.exp()).sum()
        return F.binary_cross_entropy(back, x, reduction="sum") + kept


def vae():
    model = Sampled()
    return trained(model, model, lambda draw: (ag.tensor(draw.random((3, 6))).float(),))


MODELS = {f.__name__: f for f in (mlp, cnn, gpt, two_losses, vae)}


def different(name):
    """The first step in which a replayed run is not the eager one, or None."""
    plain, replayed = run(MODELS[name], False), run(MODELS[name], True)
    for k, (expected, got) in enumerate(zip(plain, replayed, strict=True)):
        assert len(expected) == len(got)
        for x, y in zip(expected, got, strict=True):
            if x.dtype != y.dtype or not np.array_equal(x, y):
                return k
    return None


@pytest.mark.parametrize("name", MODELS)
def test_replayed_steps_are_the_eager_ones_to_the_last_bit(name):
    assert different(name) is None


def test_inputs_that_lie_otherwise_in_memory_give_the_eager_bits():
    nn.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(2, 3, 3, stride=2), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12, 4)
    )

    def step(x, y):
        model.zero_grad()
        loss = ((model(x) @ y) ** 2).sum()
        loss.backward()
        return loss, *[p.grad for p in model.parameters()]

    replayed = ag.func.replay(step)
    draw = np.random.default_rng(0)
    for k in range(6):
        x, y = draw.standard_normal((3, 2, 9, 9)), draw.standard_normal((4, 5))
        x, y = (np.asarray(a, np.float32, order="CCCFFC"[k]) for a in (x, y))
        expected, got = step(ag.tensor(x), ag.tensor(y)), replayed(ag.tensor(x), ag.tensor(y))
        for a, b in zip(expected, got, strict=True):
            np.testing.assert_array_equal(a.detach().numpy(), b.numpy())
    assert replayed.replays == 4


def test_joint_rules_and_rules_of_numbers_are_replayed():
    @ag.primitive(broadcasts=True)
    def scaled(x, y, *, by):
        return x * y * by

    scaled.gradients(("x", "y"), lambda g, x, y, by: (g * y * by, g * x * by))
    w, scale = weights(), ag.tensor(2.0, requires_grad=True)

    def step(x):
        w.grad = scale.grad = None
        loss = scaled(scaled(x, w, by=2.0), scale, by=0.5).sum()
        loss.backward()
        return loss, w.grad, scale.grad

    replayed = ag.func.replay(step)
    for k in range(5):
        x = ag.tensor(X + k)
        expected = [t.tolist() for t in step(x)]
        assert [t.tolist() for t in replayed(x)] == expected
    assert replayed.replays == 3


def test_rules_that_ask_for_all_outputs_or_any_number_of_inputs_are_replayed():
    @ag.primitive
    def doubled(x):
        return x * 2.0

    @ag.primitive
    def product(*xs):
        return np.prod(np.stack(xs), axis=0)

    doubled.gradients(x=lambda g, outs: g * np.sign(outs[0]) * 2.0)
    product.gradients(xs=lambda g, xs, i: g * np.prod(np.stack(xs[:i] + xs[i + 1 :]), axis=0))
    w = weights()

    def step(x):
        w.grad = None
        product(doubled(w), x[0], x[1]).sum().backward()
        return w.grad

    replayed = ag.func.replay(step)
    for k in range(5):
        x = ag.tensor(X + k)
        assert replayed(x).tolist() == step(x).tolist()
    assert replayed.replays == 3


def test_contributions_to_one_gradient_keep_their_order():
    @ag.primitive
    def mixed(x, y, z):
        return x + y * z

    mixed.gradients(("x", "z"), lambda g, y: (g, g * y), y=lambda g, z: g * z)
    w, v = weights(), weights()

    def step(x):
        w.grad = v.grad = None
        y = w * 1.5
        ((mixed(y, y, y) + v) * x).sum().backward()
        return w.grad, v.grad

    replayed = ag.func.replay(step)
    for k in range(5):
        x = ag.tensor(X[0] * 0.1 + k)
        expected = [t.tolist() for t in step(x)]
        assert [t.tolist() for t in replayed(x)] == expected
    assert replayed.replays == 3


def test_what_is_looked_up_in_a_dictionary_is_not_added_to_it():
    settings = collections.defaultdict(float, rate=2.0)
    step = ag.func.replay(lambda x: x * settings["rate"])
    for _ in range(3):
        step(ag.tensor(X))
    del settings["rate"]
    with pytest.raises(ag.func.ReplayError, match="rate"):
        step(ag.tensor(X))
    assert not settings


def test_an_error_in_a_rule_at_a_replay_names_the_primitive():
    count = [2]

    @ag.primitive
    def odd(x, y):
        return x * y

    odd.gradients(("x", "y"), lambda g, x, y: (g,) * count[0])
    w = weights()

    def step(x):
        w.grad = None
        odd(x, w).sum().backward()

    replayed = ag.func.replay(step)
    for _ in range(3):
        replayed(ag.ones(3))
    count[0] = 3
    with pytest.raises(RuntimeError, match="odd"):
        replayed(ag.ones(3))


# Refusals -----------------------------------------------------------------------------------------

X = np.arange(6, dtype=np.float32).reshape(2, 3)


def weights():
    return ag.tensor([1.0, 2.0, 3.0], requires_grad=True)


def refused(function, match, *inputs, calls=1, changed="raise"):
    step = ag.func.replay(function, changed=changed)
    with pytest.raises(ag.func.ReplayError, match=match) as caught:
        for _ in range(calls):
            step(*(inputs or (ag.tensor(X),)))
    return str(caught.value)


READS = {
    "bool": lambda x: bool(x.sum()),
    "if": lambda x: x if x.sum() > 0 else -x,
    "item": lambda x: x.sum().item(),
    "float": lambda x: float(x.sum()),
    "int": lambda x: int(x.sum()),
    "format": lambda x: f"{x.sum():.2f}",
    "print": repr,
    "tolist": lambda x: x.tolist(),
    "numpy": lambda x: x.numpy(),
    "array": np.asarray,
    "data": lambda x: x.data,
    "in": lambda x: 3.0 in x,
    "index": lambda x: [1, 2, 3][x[0].sum().astype(int)],
    "iteration": lambda x: [float(row.sum()) for row in x],
    "max": lambda x: max(x[0]),
    "allclose": lambda x: ag.allclose(x, x),
    "fill": lambda x: ag.full((2,), x.sum()),
    "tensor": lambda x: ag.tensor(x) * 2.0,
    "copy": __import__("copy").copy,
    "dlpack": lambda x: np.from_dlpack(x),
    "number index": lambda x: x[x[0, 1].astype(int)],
    "split": lambda x: ag.split(x, x[0].astype(int)),
}


@pytest.mark.parametrize("name", READS)
def test_a_number_taken_out_of_a_tensor_is_refused_with_the_line(name):
    told = refused(READS[name], "cannot be recorded")
    what = {"in": "in", "copy": "a copy"}.get(name, "")
    assert "test_replay.py:" in told and (f"\n  {what} of a tensor" in told or not what)


def test_what_a_layer_of_ours_reads_is_told_as_its_own_doing():
    layer, numbers = nn.Embedding(10, 3, padding_idx=0), ag.tensor([[1, 2]])
    for step, name in [
        (lambda x: layer(x).sum(), "nn.functional.embedding"),
        (lambda x: nn.functional.embedding(x, layer.weight, 0).sum(), "nn.functional.embedding"),
    ]:
        with pytest.raises(ag.func.ReplayError, match=rf"It is {name} that does so, not the line"):
            ag.func.replay(step)(numbers)
    with pytest.raises(ag.func.ReplayError) as told:
        ag.func.replay(lambda x: x * float(x.sum()))(numbers)
    assert "It is" not in str(told.value)


class Prickly:
    """It does not want to be asked whether it is a module."""

    def __getattr__(self, name):
        raise (RuntimeError if name in ("named_parameters", "training") else AttributeError)(name)


PRICKLY = Prickly()


def test_what_a_step_names_is_not_asked_for_attributes_that_it_may_not_have():
    def step(x):
        return (x * 2.0).sum() if PRICKLY is not None else x

    step = ag.func.replay(step)
    x = ag.tensor([1.0, 2.0])
    assert [step(x).item() for _ in range(3)] == [6.0, 6.0, 6.0]


def test_arrays_that_are_no_tensors_are_refused():
    mask = np.ones(3, np.float32)
    refused(lambda x: x * mask, "no tensor")
    refused(lambda x: x * ag.tensor(mask), "made inside")
    refused(lambda x: x[:, np.array([0, 1])], "an array as an argument")
    refused(lambda x: x * ag.tensor(np.random.default_rng(0).random(3)), "made inside")


def test_a_computation_from_before_the_step_is_refused():
    w = weights()
    y = w * 2.0

    def function(x):
        loss = (x * y).sum()
        loss.backward()

    refused(function, "computed before the step")


def test_writes_are_refused():
    w = weights()

    def update(x):
        with ag.no_grad():
            w.__isub__(0.1)

    def assign(x):
        y = ag.zeros(3)
        y[0] = 1.0

    refused(update, "written into")
    refused(assign, "written into")


def test_hooks_are_refused():
    w = weights()
    handle = w.register_hook(lambda g: g * 2.0)

    def function(x):
        (x * w).sum().backward()

    refused(function, "hook")
    handle.remove()

    def inside(x):
        y = x * w
        y.register_hook(lambda g: g)
        y.sum().backward()

    refused(inside, "hooks")


def test_other_ways_to_a_gradient_are_refused():
    w = weights()
    refused(lambda x: ag.grad((x * w).sum(), w)[0], "other than by backward")
    refused(lambda x: (x * w).sum().backward(create_graph=True), "other than by backward")
    refused(lambda x: ag.func.grad(lambda v: (x * v).sum())(w), "other than by")
    refused(lambda x: ag.func.checkpoint(lambda v: v * w, x).sum().backward(), "argument of type")


def test_inputs_that_require_a_gradient_are_refused():
    refused(lambda x: x * 2.0, "requires a gradient", weights())


def test_a_variable_that_the_step_changes_is_refused():
    seen = []
    count = [0]

    def appends(x):
        seen.append(1)
        return x * 2.0

    def counts(x):
        count[0] += 1
        return x * 2.0

    refused(appends, "changes seen")
    refused(counts, "changes count")


def test_a_number_that_is_another_at_every_call_is_refused():
    draw = np.random.default_rng(0)
    refused(lambda x: x * draw.random(), "draws random numbers from draw")
    refused(lambda x: x * random.random(), "draws random numbers from random,")
    refused(lambda x: x * np.random.rand(), "draws random numbers from np.random,")
    calls = itertools.count()
    refused(lambda x: x * float(next(calls)), "something else at every call", calls=9)


def test_a_learning_rate_in_a_variable_is_not_left_stale():
    w, settings = weights(), {"rate": 0.1}
    rate = 0.1

    def by_name(x):
        return (x * w).sum() * rate

    def by_key(x):
        return (x * w).sum() * settings["rate"]

    for function in (by_name, by_key):
        step = ag.func.replay(function)
        again = ag.func.replay(function, changed="record")
        rate = settings["rate"] = 0.1
        for _ in range(3):
            before = step(ag.tensor(X)).item(), again(ag.tensor(X)).item()
        rate = settings["rate"] = 0.2
        with pytest.raises(ag.func.ReplayError, match="rate"):
            step(ag.tensor(X))
        assert again(ag.tensor(X)).item() == pytest.approx(2 * before[1])


def test_what_is_changed_in_a_model_is_noticed():
    def changes(change):
        model = nn.Sequential(nn.Linear(3, 2), nn.Dropout(0.5))
        step = ag.func.replay(lambda x: model(x).sum())
        for _ in range(3):
            step(ag.tensor(X))
        change(model)
        with pytest.raises(ag.func.ReplayError):
            step(ag.tensor(X))

    changes(lambda model: model.eval())
    changes(lambda model: model[0].weight.requires_grad_(False))
    changes(lambda model: setattr(model[0], "weight", nn.Parameter(np.ones((2, 3), np.float32))))
    changes(lambda model: setattr(model[1], "p", 0.1))
    changes(lambda model: model[0].weight.register_hook(lambda g: g))
    changes(lambda model: model[0].register_forward_hook(lambda *_: None))
    changes(lambda model: model.append(nn.ReLU()))
    changes(lambda model: model.double())


def test_a_schedule_of_the_optimizer_is_followed():
    def final(wrap):
        w = weights()
        optimizer = nn.optim.SGD([w], lr=0.1)

        def function(x):
            optimizer.zero_grad()
            loss = ((x * w) ** 2).sum()
            loss.backward()
            optimizer.step()
            return loss

        step = wrap(function)
        for k in range(6):
            optimizer.param_groups[0]["lr"] = 0.01 / (1 + k)
            step(ag.tensor(X))
        return w.tolist()

    assert final(ag.func.replay) == final(lambda f: f)


def test_a_scheduler_inside_of_the_step_goes_on():
    def final(wrap):
        w = weights()
        optimizer = nn.optim.SGD([w], lr=0.01)
        scheduler = nn.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)

        def function(x):
            optimizer.zero_grad()
            ((x * w) ** 2).sum().backward()
            optimizer.step()
            scheduler.step()

        step = wrap(function)
        for _ in range(7):
            step(ag.tensor(X))
        return w.tolist(), optimizer.param_groups[0]["lr"]

    assert final(ag.func.replay) == final(lambda f: f)


def test_no_warning_of_a_rule_at_a_kink_is_heard_in_a_replay():
    w = ag.tensor([0.0, 1.0, 4.0], requires_grad=True)

    def function(x):
        w.grad = None
        (ag.sqrt(w) * x).sum().backward()

    step = ag.func.replay(function)
    for _ in range(4):
        step(ag.ones(3))
    assert w.grad.tolist() == [np.inf, 0.5, 0.25]


def test_gradients_that_were_none_and_are_not_any_more_are_noticed():
    w = weights()

    def function(x):
        loss = (x * w).sum()
        loss.backward()
        return loss

    step = ag.func.replay(function)
    for _ in range(4):
        step(ag.tensor(X))
    assert w.grad.tolist() == [4 * 3.0, 4 * 5.0, 4 * 7.0]  # they add up, as they do eagerly
    w.grad = None
    with pytest.raises(ag.func.ReplayError, match="grad"):
        step(ag.tensor(X))


def test_other_shapes_are_recorded_anew():
    step = ag.func.replay(lambda x: (x * 2.0).sum(axis=0))
    for n in (2, 3, 2, 3, 2, 3):
        assert step(ag.ones(n, 3)).tolist() == [2.0 * n] * 3
    assert (step.recorded, step.replays) == (4, 2)


def test_values_that_decide_a_shape_are_noticed():
    step = ag.func.replay(lambda x: x[x > 0])
    for _ in range(3):
        step(ag.tensor([1.0, -1.0, 2.0]))
    with pytest.raises(ag.func.ReplayError, match="shape"):
        step(ag.tensor([1.0, 1.0, 2.0]))


def test_what_was_returned_is_never_overwritten():
    w = weights()

    def function(x):
        w.grad = None
        (x * w).sum().backward()
        return x * 1.0, x, w, w.grad, ag.zeros(2), x.T

    step, results, copies = ag.func.replay(function), [], []
    for k in range(6):
        results.append(step(ag.tensor(X + k)))
        copies.append([t.tolist() for t in results[-1]])
        with ag.no_grad():
            w -= 0.1
    for result, copy in zip(results, copies, strict=True):
        assert [t.tolist() for t in result] == copy


def test_a_wrong_input_at_a_replay_says_what_it_says_eagerly():
    table = nn.Embedding(4, 2)
    step = ag.func.replay(lambda i: F.cross_entropy(table(i), i - i))
    for _ in range(3):
        step(ag.tensor([1, 2]))
    with pytest.raises(IndexError, match="index -1 is not one of the 4 rows"):
        step(ag.tensor([1, -1]))
    with pytest.raises(IndexError, match="index 4"):
        step(ag.tensor([4, 1]))


def test_the_same_tensor_given_twice_is_not_taken_for_one():
    x = ag.tensor(X)
    step = ag.func.replay(lambda a, b: (a - b).sum())
    for _ in range(3):
        assert step(x, x).item() == 0.0
    assert step(x, x - 1.0).item() == 6.0


def test_it_refuses_what_is_no_step():
    with pytest.raises(TypeError, match="expected a function"):
        ag.func.replay(3)
    with pytest.raises(ValueError, match="changed"):
        ag.func.replay(len, changed="never")
    with pytest.raises(TypeError, match="is of type set"):
        ag.func.replay(lambda x: x)({1})


def test_numbers_that_change_are_not_recorded_for_ever():
    step = ag.func.replay(lambda x, k: x * k)
    with pytest.raises(ag.func.ReplayError, match="16 kinds"):
        for k in range(20):
            step(ag.tensor(X), k)


# Looking at it ------------------------------------------------------------------------------------


def stepped(keep):
    nn.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    optimizer = nn.optim.SGD(model.parameters(), lr=0.1)

    def function(x):
        optimizer.zero_grad()
        loss = (model(x) ** 2).mean()
        loss.backward()
        optimizer.step()
        return loss

    return ag.func.replay(function, keep=keep), model


def test_the_last_replay_can_be_drawn_paused_and_checked():
    step, model = stepped(keep=True)
    for k in range(5):
        loss = step(ag.tensor(X + k))
    assert step.loss.item() == loss.item()
    grads = [p.grad.tolist() for p in model.parameters()]
    for s in ag.debug.Backprop(step.loss):
        s.check()
    assert "mean" in ag.viz.graph(step.loss, detail="operations").to_dot()
    model.zero_grad()
    step.loss.backward()
    assert [p.grad.tolist() for p in model.parameters()] == grads
    names = {n.primitive.name for n in [step.loss.grad_node, *step.loss.grad_node.parents]}
    assert names & {"mean", "power", "square"}


def test_values_that_were_written_over_are_not_shown():
    step, _ = stepped(keep=False)
    with pytest.raises(ag.func.ReplayError, match="nothing was replayed"):
        _ = step.loss
    for _ in range(3):
        step(ag.tensor(X))
    with pytest.raises(ag.func.ReplayError, match="keep=True"):
        _ = step.loss


def test_what_was_recorded_for_debugging_has_the_values_of_the_last_replay():
    w = weights()
    step = ag.func.replay(lambda x: (x * w).sum())
    with ag.debug.record():
        for k in range(4):
            step(ag.tensor(X + k))
    assert step.loss.grad_node.record.value == pytest.approx(float(((X + 3) * [1, 2, 3]).sum()))


# Rare steps: the same as eagerly, or refused -------------------------------------------------------


def same_as_eager(step, *batches):
    """Replays give the very bits of the plain calls."""
    replayed = ag.func.replay(step)
    for _ in range(2):
        replayed(*batches[0])
    for given in batches:
        wanted, found = step(*given), replayed(*given)
        several = isinstance(wanted, tuple)
        for one, other in zip(
            *((wanted, found) if several else ((wanted,), (found,))), strict=True
        ):
            assert np.asarray(one.numpy()).tobytes() == np.asarray(other.numpy()).tobytes()
            assert one.dtype == other.dtype and one.shape == other.shape
    assert replayed.replays == len(batches)


@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "sin", "tanh", "expm1"])
def test_functions_of_one_number_are_replayed_also_where_math_raises(name):
    function = getattr(ag, name)
    with np.errstate(all="ignore"):
        for dtype in (np.float32, np.float64):
            batches = [(ag.tensor(np.array(v, dtype)),) for v in (0.5, 2.0, -1.0, 1e4, 0.0, np.inf)]
            same_as_eager(lambda x: function(x * 1.0), *batches)


def test_a_place_that_the_step_computes_is_looked_up_anew():
    batches = [(ag.tensor(np.roll(X, k, 1)),) for k in range(3)]
    same_as_eager(lambda x: x[:, ag.argsort(x[1])], *batches)
    same_as_eager(lambda x: x[..., ag.argsort(-x[1]), None], *batches)


@pytest.mark.parametrize("number", [1, 2, 3], ids="{} inputs".format)
@pytest.mark.parametrize("grows", ["from a vector", "from a number", "with a second output"])
def test_any_number_of_inputs_may_decide_a_shape_and_is_noticed(number, grows):
    def made(*xs):
        size = int(xs[0][0])
        result = np.ones(()) if grows == "from a number" and size == 1 else np.ones(size)
        return (xs[0], result) if grows == "with a second output" else result

    forward = {
        1: lambda a: made(a), 2: lambda a, b: made(a, b), 3: lambda a, b, c: made(a, b, c)
    }[number]  # fmt: skip
    odd = ag.primitive(forward, outputs=2 if grows == "with a second output" else 1, name="odd")
    step = ag.func.replay(lambda *xs: odd(*xs))
    first, other = ag.ones(2), ag.full((2,), 3.0)
    for _ in range(3):
        step(*[first] * number)
    with pytest.raises(ag.func.ReplayError, match=r"odd gave shape \(3,\).*the values decide"):
        step(*[other] * number)


@pytest.mark.parametrize("shape", [(2,), ()])
@pytest.mark.parametrize("outputs", [1, 2])
def test_a_result_keeps_the_dtype_that_was_recorded(shape, outputs):
    def forward(x):
        made = x.astype(np.float64) if np.all(x > 1) else x
        made = np.asarray(made).reshape(shape)
        return (made, made) if outputs == 2 else made

    odd = ag.primitive(forward, outputs=outputs)
    step = ag.func.replay(lambda x: odd(x) if outputs == 1 else odd(x)[1])
    x = ag.full(shape, 0.5, dtype=np.float32)
    for _ in range(3):
        step(x)
    found = step(x * 4.0)
    assert found.dtype == np.float32 and found.tolist() == np.full(shape, 2.0).tolist()
    assert step.replays == 2


def test_tensors_from_outside_are_looked_up_at_every_replay():
    c = ag.tensor([1.0, 2.0, 3.0])
    step = ag.func.replay(lambda x: (x * c).sum())
    for _ in range(3):
        step(ag.tensor(X))
    c.copy_(ag.tensor([0.0, 0.0, 1.0]))
    assert step(ag.tensor(X)).item() == X[:, 2].sum() and step.replays == 2


def test_a_model_in_another_precision_is_noticed():
    model = nn.Linear(3, 2)
    step = ag.func.replay(lambda x: model(x))
    for _ in range(3):
        step(ag.tensor(X))
    model.double()
    with pytest.raises(ag.func.ReplayError, match=r"model\.weight is not what it was"):
        step(ag.tensor(X))


def test_a_grad_that_was_read_stays_none_or_not():
    w, v = weights(), weights()
    v.grad = ag.ones(3)

    def function(x):
        return x * 2.0 if w.grad is None else x, v.grad * x

    step = ag.func.replay(function)
    for k in range(4):
        v.grad = ag.full((3,), float(k))
        assert step(ag.tensor(X))[1].tolist() == (X * k).tolist()
    w.grad = ag.ones(3)
    with pytest.raises(ag.func.ReplayError, match="is not None at a place where it was None"):
        step(ag.tensor(X))
    w.grad, v.grad = None, None
    with pytest.raises(ag.func.ReplayError, match="is None at a place where it was not None"):
        step(ag.tensor(X))


def test_a_gradient_that_lies_otherwise_in_memory_is_kept_in_order():
    w = ag.tensor(np.arange(6.0).reshape(3, 2), requires_grad=True)

    def function(x):
        w.grad = None
        (w.T * x).sum().backward()
        return w.grad

    same_as_eager(function, (ag.tensor(X),), (ag.tensor(X + 1.0),))
    assert w.grad.numpy().flags.c_contiguous


def test_a_function_called_each_time_may_give_nothing_beside_something():
    def step(x):
        found, nothing = ag.func.each_time(lambda t: (t.numpy() * 2.0, None), x.sum(axis=0))
        assert nothing is None
        return (
            x + ag.func.each_time(lambda: ag.ones(3)) + x * ag.tensor(0.5) if found is None else x
        )

    same_as_eager(step, (ag.tensor(X),), (ag.tensor(-X),))


STRANGE = {
    "a graph of its own": (lambda x, w, y: w.grad, "carries a graph"),
    "set": (lambda x, w, y: setattr(y, "grad", x[0]), "is set to a tensor"),
    "float16": (lambda x, w, y: (y.half() * x.half()).sum(), "float16"),
    "a number of each time": (
        lambda x, w, y: x * ag.func.each_time(lambda: np.float64(2.0)), "NumPy number that changes"),
    "each time a gradient": (lambda x, w, y: ag.func.each_time(lambda: y * 2.0), "requires a gradient"),
    "each time a text": (lambda x, w, y: ag.func.each_time(lambda: "text"), "returned str"),
    "an array made a tensor": (
        lambda x, w, y: ag.func.each_time(len, ag.Tensor(np.ones(3, np.float32))), "made inside of the step"),
    "a seed from nowhere": (
        lambda x, w, y: (x * y).sum(axis=0).backward(np.full(3, 2.0, np.float32)), "no primitive made"),
    "a pass in parts": (lambda x, w, y: next(iter(ag.debug.Backprop((x * y).sum()))), "backward|gradient"),
    "a set in an argument": (lambda x, w, y: ag.transpose(x, {0, 1}), "argument of type set|axes"),
}  # fmt: skip


@pytest.mark.parametrize("name", STRANGE)
def test_what_cannot_be_done_again_is_refused(name):
    function, match = STRANGE[name]
    w, y = weights(), weights()
    (w * w * w).sum().backward(create_graph=True)
    step = ag.func.replay(lambda x: function(x, w, y))
    with pytest.raises((ag.func.ReplayError, TypeError), match=match):
        for _ in range(4):
            step(ag.tensor(X))


def test_a_gradient_with_a_graph_is_not_added_to():
    w = weights()
    (w * w).sum().backward(create_graph=True)
    refused(lambda x: (x * w).sum().backward(), "carries a graph of its own")


def test_a_backward_pass_of_an_older_graph_is_refused():
    w = weights()
    loss = (w * w).sum()
    refused(lambda x: loss.backward(retain_graph=True), "before the step")


def test_what_is_saved_elsewhere_is_refused():
    w = weights()

    hooks = ag.graph.saved_tensors_hooks(lambda t: t, lambda t: t)

    def step(x):
        with hooks:
            loss = (x * w).sum()
        loss.backward()

    refused(step, "hooks on what it saves")
    with hooks:
        refused(lambda x: (x * w).sum(), "hooks on what it saves")


@pytest.mark.parametrize("result", [object(), {1}, np.ones(2)], ids=["object", "set", "array"])
def test_a_step_returns_tensors_numbers_and_strings(result):
    refused(lambda x: result, "returned|array", calls=3)


def test_numbers_strings_and_nothing_come_back_as_they_were():
    step = ag.func.replay(
        lambda x: {"loss": x.sum(), "name": "run", "none": None, "n": [3, 2.5, True]}
    )
    for k in range(4):
        found = step(ag.tensor(X + k))
        assert found.pop("loss").item() == (X + k).sum()
        assert found == {"name": "run", "none": None, "n": [3, 2.5, True]}
    with pytest.raises(ag.func.ReplayError, match="no result of this step has a gradient"):
        _ = step.loss


def test_other_operations_and_other_constants_at_every_call_are_told():
    calls = iter(range(100))
    told = refused(
        lambda x: [x := x + 1.0 for _ in range(next(calls) + 1)][-1], "every call", calls=9
    )
    assert "operations at one call" in told
    draws = iter(range(100))
    told = refused(lambda x: x + ag.full((3,), float(next(draws))), "every call", calls=9)
    assert "then" in told


@pytest.mark.parametrize("changing", range(3))
def test_another_constant_is_told_with_the_operation_that_took_it(changing):
    draws = iter(range(100))

    def step(x):
        c = [float(next(draws)) if k == changing else 7.0 for k in range(3)]
        ag.func.each_time(lambda: None)
        y = ag.multiply(ag.add(x, ag.full((3,), c[0])), ag.full((3,), c[1]))
        return ag.maximum(y, ag.full((3,), c[2]))

    told = refused(step, "every call", calls=9)
    assert f"a constant of {['add', 'multiply', 'maximum'][changing]}" in told, told


def test_a_replayed_step_in_another_is_refused():
    inner = ag.func.replay(lambda x: x * 2.0)
    refused(lambda x: inner(x), "within a step that is being recorded")


def test_an_input_without_axes_is_an_input():
    same_as_eager(lambda x: x * x, *[(ag.tensor(v),) for v in (2.0, 3.0)])


def test_equal_numbers_in_other_objects_change_nothing():
    rates, text = [0.5, 1000.0], "a"
    rate = 1000.0

    def function(x):
        return x * rate + rates[0] if text else x

    step = ag.func.replay(function)
    for _ in range(3):
        step(ag.tensor(X))
    rate = float("1000")  # equal, and another object
    rates[1] = float("1000")
    assert step(ag.tensor(X)).tolist() == (X * 1000.0 + 0.5).tolist() and step.replays == 2
    rates.append(3.0)
    with pytest.raises(ag.func.ReplayError, match="rates"):
        step(ag.tensor(X))
    rates.pop()
    rates[0] = 0.25
    with pytest.raises(ag.func.ReplayError, match="rates"):
        step(ag.tensor(X))


def test_a_replayed_graph_of_what_saves_nothing_can_be_gone_through():
    w = weights()
    step = ag.func.replay(lambda x: (x + w).sum(), keep=True)
    for k in range(4):
        step(ag.tensor(X + k))
    step.loss.backward()
    assert w.grad.tolist() == [2.0, 2.0, 2.0]


class _Slotted:
    __slots__ = ("k",)

    def __init__(self, k):
        self.k = k


class _Settings:
    k = 2.0


def _looked_up():
    """How a step gets at a number, and how that is changed afterwards."""
    table, chosen, queue, slotted = {"a": 2.0}, {2.0}, collections.deque([2.0]), _Slotted(2.0)
    given, inherited = functools.partial(lambda x, d: x * d["k"], d={"k": 2.0}), _Settings()
    layer, twice, removed = nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2)
    twice.register_forward_hook(lambda module, args, out: out * 2.0)
    handle = removed.register_forward_hook(lambda module, args, out: out * 2.0)
    removed.register_forward_hook(lambda module, args, out: out * 3.0)
    row, normed = nn.Sequential(nn.Linear(2, 2)), nn.BatchNorm1d(2).eval()
    own = type("Settings", (), {"k": 2.0})
    statistics = {"running_mean": ag.tensor([3.0, 4.0])}
    return {
        "a key more": (lambda x: sum([x * v for v in table.values()], x), lambda: table.update(b=5.0)),
        "an element more": (lambda x: sum([x * v for v in chosen], x), lambda: chosen.add(7.0)),
        "one more in a queue": (lambda x: sum([x * v for v in queue], x), lambda: queue.append(7.0)),
        "a slot": (lambda x: x * slotted.k, lambda: setattr(slotted, "k", 5.0)),
        "what a partial holds": (lambda x: given(x), lambda: given.keywords["d"].update(k=4.0)),
        "a class": (lambda x: x * own.k, lambda: setattr(own, "k", 5.0)),
        "what hides a class's": (lambda x: x * inherited.k, lambda: setattr(inherited, "k", 5.0)),
        "a module's forward": (lambda x: layer(x), lambda: setattr(layer, "forward", lambda x: x * 3.0)),
        "one hook more": (
            lambda x: twice(x), lambda: twice.register_forward_hook(lambda m, a, out: out * 3.0)),
        "a hook less": (lambda x: removed(x), lambda: handle.remove()),
        "a layer more": (lambda x: row(x), lambda: row.append(nn.Linear(2, 2))),
        "a buffer": (
            lambda x: normed(x), lambda: normed.load_state_dict(statistics, strict=False)),
    }  # fmt: skip


@pytest.mark.parametrize("name", _looked_up())
def test_whatever_a_step_looks_up_and_is_changed_is_refused(name):
    step, change = _looked_up()[name]
    replayed, x = ag.func.replay(step), ag.tensor([[1.0, 2.0], [3.0, 5.0]])
    for _ in range(4):
        np.testing.assert_array_equal(replayed(x).detach(), step(x).detach())
    assert replayed.replays > 0
    before = step(x)
    change()
    assert not np.array_equal(step(x).detach(), before.detach())
    with pytest.raises(ag.func.ReplayError, match="is not what it was when the step was recorded"):
        replayed(x)


def test_statistics_that_the_step_itself_replaces_are_its_own():
    model = nn.BatchNorm1d(2)
    replayed, x = ag.func.replay(lambda x: model(x).sum()), ag.tensor([[1.0, 2.0], [3.0, 5.0]])
    for _ in range(6):
        replayed(x)
    assert replayed.replays >= 3
    assert model.num_batches_tracked.item() == 6


class _Linked:
    k = 2.0

    def __init__(self, below):
        self.below = below


class _StandIn:
    """As of a name that is deprecated: whatever is asked of it, it warns."""

    def __getattribute__(self, name):
        raise FutureWarning(name)


def test_what_a_step_looks_up_may_be_long_and_touchy():
    chain = None
    for _ in range(3000):
        chain = _Linked(chain)
    touchy = [_StandIn()]
    replayed = ag.func.replay(lambda x: x * chain.below.k if touchy else x)
    for _ in range(4):
        assert replayed(ag.tensor(3.0)).item() == 6.0
    assert replayed.replays > 0


@pytest.mark.parametrize("shape", [(), (3,)])
def test_one_tensor_given_twice_is_two_inputs(shape):
    step = ag.func.replay(lambda a, b: (a * 10.0 + b).sum())
    for k in range(3):
        x = ag.tensor(np.full(shape, 2.0 + k))
        assert step(x, x).item() == 11.0 * x.sum().item()
    a, b = ag.tensor(np.full(shape, 3.0)), ag.tensor(np.full(shape, 5.0))
    assert step(a, b).item() == (10.0 * a + b).sum().item() and step.replays >= 1
    assert step(b, a).item() == (10.0 * b + a).sum().item()


def test_inputs_are_told_apart_by_how_they_are_put_together():
    a, b, c = (ag.tensor(v) for v in (1.0, 10.0, 100.0))
    step = ag.func.replay(lambda d, p, q: (d["x"] - 2.0 * d["y"], len(p) * p[0] + q[-1]))
    for _ in range(3):
        step({"x": a, "y": b}, [a], [b, c])
    first, second = step({"y": b, "x": a}, [a, b], [c])
    assert (first.item(), second.item()) == (-19.0, 102.0)
    with pytest.raises(KeyError):
        step({"x": a, "z": b}, [a], [b, c])


def test_numbers_are_told_apart_by_their_bits():
    step = ag.func.replay(lambda x, k: ag.copysign(x, k))
    signs = [step(ag.ones(()), k).item() for k in (0.0, 0.0, 0.0, -0.0, -0.0, -0.0, 0.0)]
    assert signs == [1.0, 1.0, 1.0, -1.0, -1.0, -1.0, 1.0]
    step = ag.func.replay(lambda x, k: x * k)
    for _ in range(20):
        assert np.isnan(step(ag.ones(()), float("nan")).item())
    assert step.recorded == 2


def test_an_error_in_the_rule_of_a_later_step_names_that_step():
    broken = []

    @ag.primitive
    def brittle(x):
        return x * 2.0

    def rule(g, x):
        if broken:
            return 1 + None
        return (g * 2.0,)

    brittle.gradients("x", rule)
    w = weights()

    def step(x):
        w.grad = None
        (ag.exp(brittle(x * w)) * 3.0).sum().backward()

    replayed = ag.func.replay(step)
    for _ in range(3):
        replayed(ag.ones(3))
    broken.append(1)
    said = []
    for call in (step, replayed):
        with pytest.raises(Exception, match="brittle") as failed:
            call(ag.ones(3))
        said.append((type(failed.value), str(failed.value).partition(" (got")[0]))
    assert said[0] == said[1]


def test_passes_are_counted_as_eagerly():
    counts = []
    for wrap in (lambda f: f, ag.func.replay):
        w = weights()

        @wrap
        def step(x, w=w):
            (x * w).sum().backward()

        (w * 1.0).sum().backward()
        counts.append([w._node.passes])
        for _ in range(5):
            step(ag.ones(3))
            counts[-1].append(w._node.passes)
    assert counts[0] == counts[1] == [1, 2, 3, 4, 5, 6]


def test_a_result_that_is_a_weight_keeps_the_value_that_it_had():
    w = weights()
    step, results, copies = ag.func.replay(lambda: w), [], []
    for _ in range(4):
        results.append(step())
        copies.append(w.tolist())
        with ag.no_grad():
            w -= 0.1
    assert [r.tolist() for r in results[1:]] == copies[1:]


def test_numbers_in_the_graph_are_those_of_the_last_replay():
    w = ag.tensor(2.0, requires_grad=True)
    step = ag.func.replay(lambda x: ag.exp(x * w), keep=True)
    for k in range(4):
        loss = step(ag.tensor(0.1 * k))
    assert step.loss.grad_node.number == loss.item()
    assert step.loss.grad_node.parents[0].number == pytest.approx(0.6)


@pytest.mark.parametrize("layer", [
    lambda: nn.RNN(3, 4), lambda: nn.GRU(3, 4, 2, bidirectional=True), lambda: nn.LSTM(3, 4, proj_size=2),
    lambda: nn.LSTMCell(3, 4), lambda: nn.GRUCell(3, 4),
], ids=["RNN", "GRU", "LSTM", "LSTMCell", "GRUCell"])  # fmt: skip
def test_recurrent_layers_begin_with_zeros_at_every_replay(layer):
    layer = layer()
    shape = (2, 3) if isinstance(layer, (nn.LSTMCell, nn.GRUCell)) else (5, 2, 3)

    def step(x):
        layer.zero_grad()
        out = layer(x)
        first = out[0] if isinstance(out, tuple) else out
        (first * first).sum().backward()
        return first, [p.grad for p in layer.parameters()]

    replayed = ag.func.replay(step)
    for k in range(4):
        x = ag.tensor(np.random.default_rng(k).normal(size=shape).astype(np.float32))
        (one, gradients), (other, wanted) = replayed(x), step(x)
        assert one.tolist() == other.tolist()
        assert [g.tolist() for g in gradients] == [g.tolist() for g in wanted]
    assert replayed.replays == 2


@pytest.mark.parametrize("loss", [F.cross_entropy, F.nll_loss])
def test_weights_of_classes_are_looked_up_at_every_replay(loss):
    weight, x = ag.tensor([1.0, 2.0, 3.0]), ag.tensor(X)
    step = ag.func.replay(lambda x, y: loss(x, y, weight=weight))
    for k in range(4):
        weight.copy_(ag.tensor([1.0 + k, 2.0, 3.0 + k]))
        y = ag.tensor([k % 3, 2])
        assert step(x, y).item() == loss(x, y, weight=weight).item()
    assert step.replays == 2
