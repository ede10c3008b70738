"""Programs that come close to a slip and are right: nothing may be said of them, nor refused."""

import collections
import copy
import types
import warnings

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F
from nn import optim

Y = [0, 1, 0, 1]
X = np.linspace(-1.0, 1.0, 12, dtype=np.float32).reshape(4, 3)
RIGHT = []


def right(program):
    RIGHT.append(program)
    return program


def net(outputs=2):
    return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, outputs))


def sgd(model, **settings):
    return optim.SGD(model.parameters(), lr=0.1, **settings)


def loss_of(model):
    return F.cross_entropy(model(ag.tensor(X)), Y)


def trained(model, optimizer, times=3):
    for _ in range(times):
        optimizer.zero_grad()
        loss_of(model).backward()
        optimizer.step()


# Steps without gradients


@right
def a_step_before_any_gradient():
    optimizer = sgd(net())
    for _ in range(3):
        optimizer.zero_grad()
        optimizer.step()


@right
def a_schedule_drawn_before_training():
    optimizer = sgd(net())
    for epoch in range(5):
        optimizer.param_groups[0]["lr"] = 0.1 / (epoch + 1)
        optimizer.step()
    schedule = optim.lr_scheduler.StepLR(optimizer, 2)
    for _ in range(5):
        optimizer.step()
        schedule.step()


@right
def groups_of_which_some_are_frozen():
    model = net()
    optimizer = optim.Adam(
        [{"params": model[0].parameters()}, {"params": model[2].parameters(), "lr": 0.5}]
    )
    model[0].requires_grad_(False)
    trained(model, optimizer)
    model[0].requires_grad_(True)
    trained(model, optimizer)


@right
def a_part_with_an_optimizer_of_its_own_that_warms_up():
    first, second = net(), net()
    optimizers = [sgd(first), sgd(second)]
    for step in range(6):
        for each in optimizers:
            each.zero_grad()
        loss = loss_of(first) if step < 4 else loss_of(first) + loss_of(second)
        loss.backward()
        for each in optimizers:
            each.step()


@right
def batches_that_are_left_out():
    model = net()
    optimizer = sgd(model)
    for step in range(8):
        optimizer.zero_grad()
        loss = loss_of(model)
        if step < 1 or step % 4 == 3:
            loss.backward()
        optimizer.step()


@right
def experts_that_get_nothing():
    experts = [net() for _ in range(3)]
    optimizers = [sgd(e) for e in experts]
    for _ in range(3):
        for each in optimizers:
            each.zero_grad()
        with ag.no_grad():
            [e(ag.tensor(X)) for e in experts]
        loss_of(experts[0]).backward()
        for each in optimizers:
            each.step()


@right
def a_parameter_that_is_learnt_by_hand():
    model = net()
    optimizer = sgd(model)
    for _ in range(3):
        grads = ag.grad(loss_of(model), list(model.parameters()))
        with ag.no_grad():
            for p, g in zip(model.parameters(), grads, strict=True):
                p -= 0.1 * g
        optimizer.step()


# The same gradients again


@right
def gradients_that_are_used_twice():
    model = net()
    optimizer = sgd(model)
    loss_of(model).backward()
    for _ in range(5):
        optimizer.step()


@right
def two_optimizers_of_the_same_parameters():
    model = net()
    a, b = sgd(model), optim.Adam(model.parameters())
    for _ in range(3):
        a.zero_grad()
        loss_of(model).backward()
        a.step()
        b.step()


@right
def accumulation_over_batches():
    model = net()
    optimizer = sgd(model)
    for step in range(8):
        (loss_of(model) / 4).backward()
        if step % 4 == 3:
            optimizer.step()
            optimizer.zero_grad()


@right
def gradients_cleared_in_place():
    model = net()
    optimizer = sgd(model)
    for _ in range(3):
        for p in model.parameters():
            if p.grad is not None:
                p.grad.zero_()
        loss_of(model).backward()
        loss_of(model).backward()
        optimizer.step()


@right
def gradients_cleared_to_zeros():
    model = net()
    optimizer = sgd(model)
    for _ in range(3):
        optimizer.zero_grad(set_to_none=False)
        loss_of(model).backward()
        optimizer.step()


@right
def gradients_cleared_by_the_model_or_one_by_one():
    model = net()
    optimizer = sgd(model)
    for step in range(4):
        loss_of(model).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        optimizer.step()
        if step % 2:
            model.zero_grad()
        else:
            for p in model.parameters():
                p.grad = None


@right
def gradients_filled_in_place_by_hand():
    p = nn.Parameter([1.0, 2.0])
    optimizer = optim.Adam([p])
    p.grad = ag.zeros(2)
    for k in range(4):
        p.grad.copy_(ag.ones(2) * k)
        optimizer.step()
        p.grad *= 0.5
        optimizer.step()


@right
def one_gradient_object_handed_over_at_each_step():
    p, g = nn.Parameter([1.0, 2.0]), ag.ones(2)
    optimizer = optim.SGD([p], lr=0.1, momentum=0.9)
    for _ in range(3):
        p.grad = g
        optimizer.step()


@right
def gradients_that_fade_instead_of_being_cleared():
    model = net()
    optimizer = sgd(model)
    for _ in range(4):
        loss_of(model).backward()
        optimizer.step()
        for p in model.parameters():
            p.grad *= 0.9


@right
def closures():
    model = net()
    for optimizer in (sgd(model), optim.Adam(model.parameters())):

        def closure(optimizer=optimizer):
            optimizer.zero_grad()
            loss = loss_of(model)
            loss.backward()
            return loss

        for _ in range(3):
            optimizer.step(closure)


@right
def a_gan_with_two_optimizers():
    g, d = nn.Linear(2, 3), net(1)
    opt_g, opt_d = optim.Adam(g.parameters()), optim.Adam(d.parameters())
    ones, zeros = np.ones((4, 1), np.float32), np.zeros((4, 1), np.float32)
    for step in range(4):
        fake = g(ag.randn(4, 2))
        opt_d.zero_grad()
        loss = F.binary_cross_entropy_with_logits(d(ag.tensor(X)), ones)
        seen = fake.detach() if step % 2 else fake  # without detach, it leaks into the other's
        (loss + F.binary_cross_entropy_with_logits(d(seen), zeros)).backward()
        opt_d.step()
        opt_g.zero_grad()
        d.requires_grad_(False)
        F.binary_cross_entropy(F.sigmoid(d(g(ag.randn(4, 2)))), ones).backward()
        opt_g.step()
        d.requires_grad_(True)


@right
def leaks_that_are_cleared_in_place_before_they_count():
    model = net()
    optimizer = sgd(model)
    for _ in range(3):
        loss_of(model).backward()
        optimizer.step()
        loss_of(model).backward()  # for a picture of the gradients
        for p in model.parameters():
            p.grad.zero_()


@right
def sharpness_aware_steps():
    model = net()
    optimizer = sgd(model)
    for _ in range(2):
        loss_of(model).backward()
        moved = [0.05 * p.grad for p in model.parameters()]
        with ag.no_grad():
            for p, e in zip(model.parameters(), moved, strict=True):
                p += e
        optimizer.zero_grad()
        loss_of(model).backward()
        with ag.no_grad():
            for p, e in zip(model.parameters(), moved, strict=True):
                p -= e
        optimizer.step()
        optimizer.zero_grad()


@right
def averages_of_weights():
    model = net()
    average, optimizer = copy.deepcopy(model).requires_grad_(False), sgd(model)
    for _ in range(3):
        trained(model, optimizer, 1)
        with ag.no_grad():
            for a, p in zip(average.parameters(), model.parameters(), strict=True):
                a.copy_(0.9 * a + 0.1 * p)
    loss_of(average)


@right
def an_inner_loop_by_grad():
    model = net()
    optimizer = sgd(model)
    for _ in range(3):
        optimizer.zero_grad()
        weights = dict(model.named_parameters())
        grads = ag.grad(loss_of(model), list(weights.values()), create_graph=True)
        fast = {k: w - 0.1 * g for (k, w), g in zip(weights.items(), grads, strict=True)}
        out = nn.utils.stateless.functional_call(model, fast, (ag.tensor(X),))
        F.cross_entropy(out, Y).backward()
        optimizer.step()


# Probabilities, softmax and losses


@right
def distillation():
    teacher, student = net(), net()
    scores = student(ag.tensor(X))
    with ag.no_grad():
        soft = F.softmax(teacher(ag.tensor(X)) / 2.0, dim=1)
    loss = F.kl_div(F.log_softmax(scores / 2.0, dim=1), soft, reduction="batchmean")
    (loss + F.cross_entropy(scores, Y) + F.cross_entropy(scores, soft)).backward()


@right
def both_learn_from_each_other():
    a, b = net()(ag.tensor(X)), net()(ag.tensor(X))
    F.cross_entropy(a, F.softmax(b, dim=1)).backward()


@right
def an_entropy_bonus():
    scores = net()(ag.tensor(X))
    p = F.softmax(scores, dim=-1)
    (F.cross_entropy(scores, Y) + 0.1 * (p * p.log()).sum(-1).mean()).backward()


@right
def smoothed_targets():
    target = np.eye(2, dtype=np.float32)[Y] * 0.9 + 0.05
    F.cross_entropy(net()(ag.tensor(X)), target).backward()


@right
def logarithms_of_probabilities():
    p = nn.Softmax(dim=1)(net()(ag.tensor(X)))
    F.nll_loss(p.log(), Y).backward()
    F.nll_loss(F.log_softmax(net()(ag.tensor(X)), dim=1), Y).backward()
    F.cross_entropy(F.softmax(net()(ag.tensor(X)), dim=1).log(), Y).backward()


@right
def probabilities_for_the_loss_of_probabilities():
    p = nn.Sequential(net(1), nn.Sigmoid())(ag.tensor(X))
    nn.BCELoss()(p, np.ones((4, 1), np.float32)).backward()


@right
def probabilities_of_one_hot_by_squares():
    F.mse_loss(F.softmax(net()(ag.tensor(X)), dim=1), np.eye(2, dtype=np.float32)[Y]).backward()


@right
def a_mixture_of_experts():
    gates = F.softmax(nn.Linear(3, 2)(ag.tensor(X)), dim=-1)
    outs = ag.stack([nn.Linear(3, 2)(ag.tensor(X)) for _ in range(2)], axis=1)
    F.cross_entropy((gates[:, :, None] * outs).sum(1), Y).backward()


@right
def attention_before_the_scores():
    x = ag.tensor(X)
    weights = F.softmax(x @ x.T, dim=-1)
    F.cross_entropy(nn.Linear(3, 2)(weights @ x), Y).backward()
    F.cross_entropy(weights @ nn.Linear(3, 2)(x), Y).backward()


@right
def softmax_over_another_axis_than_that_of_the_classes():
    scores = nn.Linear(3, 2)(ag.tensor(X))
    F.cross_entropy(F.softmax(scores, dim=0), Y).backward()
    maps = nn.Conv1d(1, 2, 1)(ag.tensor(X[:, None]))
    F.cross_entropy(F.softmax(maps, dim=2), np.zeros((4, 3), int)).backward()


@right
def scores_within_bounds():
    layer, x = nn.Linear(3, 2), ag.tensor(X)
    F.cross_entropy(10 * F.softmax(layer(x), dim=1), Y).backward()
    F.cross_entropy(F.sigmoid(layer(x)), Y).backward()
    target = np.ones((4, 2), np.float32)
    F.binary_cross_entropy_with_logits(5 * F.sigmoid(layer(x)), target).backward()


# Layers in forward


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = None
        self.cache = {}
        self.base = nn.Linear(3, 3)

    def helpers(self, x):
        return nn.Flatten()(nn.Dropout(0.1)(nn.Softmax(dim=1)(nn.ReLU()(x))))

    def lazily(self, x):
        if self.layer is None:
            self.layer = nn.Linear(x.shape[1], 2)
        return self.layer(x)

    def lazily_by_name(self, x):
        if not hasattr(self, "proj"):
            self.add_module("proj", nn.Sequential(nn.Linear(x.shape[1], 2), nn.ReLU()))
        return self.proj(x)

    def called_before_it_is_kept(self, x):
        layer = nn.Linear(3, 2)
        y = layer(x)
        self.layer = layer
        return y

    def kept_aside(self, x):
        if "random" not in self.cache:
            self.cache["random"] = nn.Linear(3, 2)
        return self.cache["random"](x)

    def frozen(self, x):
        return nn.Conv1d(1, 1, 3, bias=False).requires_grad_(False)(x[:, None])[:, 0]

    def a_copy(self, x):
        return copy.deepcopy(self.base)(x)

    def weights_put_in(self, x):
        layer, other = nn.Linear(3, 3), nn.Linear(3, 3, bias=False)
        layer.load_state_dict(self.base.state_dict())
        other.weight = nn.Parameter(self.base.weight.detach())
        return other(layer(x))

    def a_norm(self, x):
        return nn.LayerNorm(3, elementwise_affine=False)(x)

    def in_evaluation(self, x):
        with ag.no_grad():
            return nn.Linear(3, 2)(x)

    def a_layer_trained_here(self, x):
        inner = nn.Linear(3, 3)
        optimizer = sgd(inner)
        for _ in range(2):
            optimizer.zero_grad()
            F.mse_loss(inner(x), x.detach()).backward()
            optimizer.step()
        return inner(x)

    def weights_made_by_a_layer(self, x):
        return F.linear(x, self.base(x)[:2])

    def weight_norm(self, x):
        v = self.base.weight
        return F.linear(x, v / (v * v).sum(1, True).sqrt())

    def a_loss(self, x):
        return nn.CrossEntropyLoss()(self.base(x), Y)


FORWARDS = [name for name in vars(Model) if not name.startswith("_")]


@pytest.mark.parametrize("name", FORWARDS)
def test_what_forward_may_build(name):
    model = Model()
    model.forward = types.MethodType(getattr(Model, name), model)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            with ag.set_grad_enabled(name != "in_evaluation"):
                model(ag.tensor(X))


# Attributes


@right
def tensors_that_are_attributes():
    class Holder(nn.Module):
        def __init__(self):
            super().__init__()
            self.base = nn.Linear(3, 2)
            self.anchor = ag.tensor([1.0])
            self.h0 = ag.zeros(4, 3, requires_grad=True)
            self.deltas = [ag.zeros(3, requires_grad=True), ag.ones(3)]
            self.requires_grad = False  # a setting of its own
            self.training = np.bool_(True)

        def forward(self, x):
            return self.base(x + self.h0) * self.anchor

    holder = Holder()
    holder.requires_grad = True
    trained(holder, sgd(holder), 1)


@right
def an_input_with_an_optimizer_of_its_own():
    class Attack(nn.Module):
        def __init__(self):
            super().__init__()
            self.base = nn.Linear(3, 2)
            self.delta = ag.zeros(4, 3, requires_grad=True)

        def forward(self, x):
            return self.base(x + self.delta)

    attack = Attack()
    own = optim.SGD([attack.delta], lr=0.1)
    optimizer = sgd(attack)
    for _ in range(3):
        trained(attack, optimizer, 1)
        own.step()
        own.zero_grad()

    by_hand = Attack()
    optimizer = sgd(by_hand)
    for _ in range(3):
        trained(by_hand, optimizer, 1)
        with ag.no_grad():
            by_hand.delta += 0.1 * ag.sign(by_hand.delta.grad)
        by_hand.delta.grad = None


@right
def optimizers_that_have_attributes():
    class Mine(optim.SGD):
        def __init__(self, params, lr):
            super().__init__(params, lr=lr)
            self.lr = lr

    optimizer = Mine(net().parameters(), 0.1)
    optimizer.name = "a"


# Data


class Pairs(collections.namedtuple("Pairs", "x y")):
    def __getitem__(self, i):
        return self.x[i], self.y[i]

    def __len__(self):
        return len(self.x)


@right
def data_sets_that_are_or_look_like_tuples():
    labels = np.array(Y)
    data = [(x, y) for x, y in zip(X, labels, strict=True)]
    for each in (data, tuple(data), tuple(X), tuple(np.ones((4, 3, 3), np.float32)), (1, 2, 3)):
        assert len(list(nn.data.DataLoader(each, 2))) == (len(each) + 1) // 2
    (batch,) = nn.data.DataLoader(Pairs.__new__(Pairs, X, labels), 4)
    assert batch[0].shape == (4, 3)


@right
def sums_over_axes():
    x = ag.tensor(X)
    assert x.sum(0, True).shape == x.sum(0, keepdims=1 == 1).shape == (1, 3)
    assert x.mean((0, 1)).shape == x.sum(axis=(0, 1)).shape == ()


@pytest.mark.parametrize("program", RIGHT, ids=lambda p: p.__name__)
def test_what_is_right_is_not_warned_of(program):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        program()
