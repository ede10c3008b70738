"""What the processes of the tests do; also run by threads that play processes."""

import numpy as np

import autograd as ag
import nn
import nn.functional as F

STEPS = 6


def data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(STEPS, 8, 1, 6, 6)), rng.integers(0, 4, (STEPS, 8))


def network(dtype=np.float64):
    ag.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(1, 3, 3, dtype=dtype), nn.ReLU(), nn.Flatten(), nn.Linear(48, 16, dtype=dtype),
        nn.Tanh(), nn.Linear(16, 4, dtype=dtype),
    )  # fmt: skip


def train(group, model=None):
    """Losses of all steps, over all processes, and the weights at the end, as bytes."""
    model = network() if model is None else model
    wrapped = nn.parallel.DistributedDataParallel(model, group, bucket_bytes=2000)
    optimizer = nn.optim.SGD(model.parameters(), lr=0.3, momentum=0.9)
    images, labels = data()
    share = 8 // group.size
    mine = slice(group.rank * share, (group.rank + 1) * share)
    losses = []
    for x, y in zip(images, labels, strict=True):
        loss = F.cross_entropy(wrapped(ag.tensor(x[mine])), y[mine])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(sum(group.all_gather(loss.item())) / group.size)
    wrapped.check_in_step()
    weights = b"".join(np.ascontiguousarray(p.data).tobytes() for p in model.parameters())
    return losses, weights


def by_hand(size):
    """The same without any group: the shares one after the other, their gradients averaged."""
    model = network()
    optimizer = nn.optim.SGD(model.parameters(), lr=0.3, momentum=0.9)
    images, labels = data()
    losses = []
    for x, y in zip(images, labels, strict=True):
        total, shares = None, []
        for part in np.split(np.arange(8), size):
            loss = F.cross_entropy(model(ag.tensor(x[part])), y[part])
            optimizer.zero_grad()
            loss.backward()
            gradients = [p.grad.numpy().copy() for p in model.parameters()]
            total = gradients if total is None else [
                a + b for a, b in zip(total, gradients, strict=True)
            ]  # fmt: skip
            shares.append(loss.item())
        for p, each in zip(model.parameters(), total, strict=True):
            p.grad = ag.tensor(each / size)
        optimizer.step()
        losses.append(sum(shares) / size)
    weights = b"".join(np.ascontiguousarray(p.data).tobytes() for p in model.parameters())
    return losses, weights


if __name__ == "__main__":
    import hashlib
    import json

    group = nn.parallel.default_group()
    losses, weights = train(group)
    own = np.full(3, group.rank + 7)
    first = [value.tolist() for value in (group.broadcast(own), own)]
    first = group.all_gather(first)
    if group.chief:
        print(json.dumps({"size": group.size, "losses": losses, "first": first,
                          "weights": hashlib.sha256(weights).hexdigest()}))  # fmt: skip
