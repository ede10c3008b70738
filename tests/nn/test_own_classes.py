"""What users derive from our classes and hand to them: taken as it is, slips named."""

import numpy as np
import pytest

import autograd as ag
import nn
from nn.constructor import misspelt


def test_a_batch_sampler_stands_alone():
    data = nn.data.TensorDataset(np.arange(4.0))
    batches = [[3, 0], [1], [2, 2, 2]]
    loader = nn.data.DataLoader(data, batch_sampler=batches)
    assert [batch[0].tolist() for batch in loader] == [[3.0, 0.0], [1.0], [2.0] * 3] and len(
        loader
    ) == 3
    for more in ({"drop_last": True}, {"sampler": [0, 1]}, {"batch_size": 2}, {"shuffle": True}):
        with pytest.raises(ValueError, match="^DataLoader: a batch_sampler says it all"):
            nn.data.DataLoader(data, batch_sampler=batches, **more)


def test_an_optimizer_of_ones_own_keeps_its_constructor():
    def begin(self, params, lr=0.1):
        nn.optim.SGD.__init__(self, params, lr)

    mine = type("Mine", (nn.optim.SGD,), {"__init__": begin, "__module__": "elsewhere"})
    assert mine.__dict__["__init__"] is begin
    assert mine([nn.Parameter([1.0])]).param_groups[0]["lr"] == 0.1
    assert nn.optim.SGD.__dict__["__init__"] is not begin


class Base:
    def forward(self):
        raise NotImplementedError

    def forwards(self):
        return self


@pytest.mark.parametrize(
    "members, told",
    [
        ({"foward": lambda self: 1}, "; it defines foward: write forward"),
        ({"_forwrad_": lambda self: 1}, "; it defines _forwrad_: write forward"),
        ({"foward": 3}, ""),  # no function
        ({"forwards": lambda self: 1}, ""),  # one that the base has, too
        ({"forward": lambda self: 1, "foward": lambda self: 2}, ""),
        ({"something": lambda self: 1}, ""), ({}, ""),
    ],
)  # fmt: skip
def test_only_a_function_that_was_meant_for_it_is_named(members, told):
    assert misspelt(type("Mine", (Base,), members), Base, "forward") == told


@pytest.mark.onnx
def test_buffers_that_forward_writes_into_are_put_back_by_an_export(tmp_path):
    class Counts(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("seen", ag.zeros(2))

        def forward(self, x):
            with ag.no_grad(), ag.writable(self.seen) as array:
                array += 1.0
            return x * 2

    model = Counts()
    nn.onnx.export(model, ag.ones(3, 2), tmp_path / "a.onnx", training=True)
    nn.onnx.export(model, ag.ones(3, 2), tmp_path / "a.onnx")
    assert model.seen.tolist() == [0.0, 0.0]


def test_harsher_integers_leave_out_the_largest_where_there_are_three():
    from nn.onnx.trace import vary

    random = np.random.default_rng(0)
    two, three = np.array([0, 1] * 40), np.array([4, 5, 6] * 40)
    assert set(vary(two, None, random, True)) == {0, 1} and set(vary(two, None, random, False)) == {
        0,
        1,
    }
    assert set(vary(three, None, random, True)) == {4, 5}
    assert set(vary(three, None, random, False)) == {4, 5, 6}
    assert (
        set(vary(three, 7, random, True, -100)) <= {4, 5, -100}
        and vary(three, 7, random, True, -100)[0] == -100
    )


class Lion(nn.optim.Optimizer):
    """Written as for PyTorch."""

    def __init__(self, params, lr=1e-2, betas=(0.9, 0.99)):
        super().__init__(params, dict(lr=lr, betas=betas))

    @ag.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if len(state) == 0:
                    state["exp_avg"] = ag.zeros_like(p)
                m, (b1, b2) = state["exp_avg"], group["betas"]
                p.add_((m * b1 + p.grad * (1 - b1)).sign(), alpha=-group["lr"])
                m.mul_(b2).add_(p.grad, alpha=1 - b2)


def test_an_optimizer_written_as_for_pytorch_steps_and_goes_on_from_its_state(tmp_path):
    gradients = np.array([[1.0, -2.0], [-30.0, 0.5], [2.0, 3.0], [-1.0, -1.0]])

    def run(steps, p, optimizer):
        for gradient in steps:
            p.grad = ag.tensor(gradient)
            optimizer.step()

    p = nn.Parameter(np.zeros(2))
    optimizer = Lion([{"params": [p], "lr": 0.5}])
    run(gradients[:2], p, optimizer)
    nn.train.save_state(optimizer.state_dict(), tmp_path / "state.npz")
    q = nn.Parameter(p.data.copy())
    again = Lion([{"params": [q]}])
    again.load_state_dict(nn.train.load_state(tmp_path / "state.npz"))
    run(gradients[2:], p, optimizer)
    run(gradients[2:], q, again)
    wanted, mean = np.zeros(2), np.zeros(2)
    for gradient in gradients:
        wanted -= 0.5 * np.sign(0.9 * mean + 0.1 * gradient)
        mean = 0.99 * mean + 0.01 * gradient
    np.testing.assert_array_equal(p.data, wanted)
    np.testing.assert_array_equal(q.data, wanted)
    nn.optim.lr_scheduler.StepLR(again, 1, 0.1).step()
    assert again.param_groups[0]["lr"] == pytest.approx(0.05)


class Halving(nn.optim.lr_scheduler.LRScheduler):
    """Written as for PyTorch."""

    def __init__(self, optimizer, every, last_epoch=-1):
        self.every = every
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        return [base * 0.5 ** (self.last_epoch // self.every) for base in self.base_lrs]


def test_a_schedule_written_as_for_pytorch_sets_its_rates_and_goes_on():
    groups = [{"params": [nn.Parameter([1.0])]}, {"params": [nn.Parameter([1.0])], "lr": 0.4}]
    optimizer = nn.optim.SGD(groups, lr=1.0)
    schedule = Halving(optimizer, 2)
    rates = []
    for _ in range(5):
        rates.append([group["lr"] for group in optimizer.param_groups])
        schedule.step()
    assert rates == [[1, 0.4], [1, 0.4], [0.5, 0.2], [0.5, 0.2], [0.25, 0.1]]
    again = Halving(optimizer, 2, last_epoch=4)
    assert again.last_epoch == 5 and again.get_last_lr() == [0.25, 0.1]
    again.step()
    assert again.get_last_lr() == [0.125, 0.05]


def test_groups_may_have_names_but_no_unknown_numbers():
    head = {"params": [nn.Parameter([1.0])], "name": "head"}
    optimizer = nn.optim.SGD([head], lr=1.0)
    assert optimizer.param_groups[0]["name"] == "head" and "name: head" in repr(optimizer)
    with pytest.raises(ValueError, match="unknown hyper-parameter 'weight_deacy'"):
        nn.optim.SGD([{**head, "weight_deacy": 0.1}], lr=1.0)
