"""Writes nn/interop/README.md: what converts, how well, and what is refused.

python -m tests.nn.interop.table
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

import nn
from nn.interop import operator_names
from tests.nn.interop.agreement import NO_SECOND, agreement
from tests.nn.interop.styles import every

FILE = Path(nn.__file__).parent / "interop" / "README.md"

HEAD = """\
# Models of PyTorch under the glass

```python
model = nn.from_torch(module, *example_inputs)  # a torch.nn.Module becomes one of ours
```

What comes out is an `nn.Module` with the same tree, the same names and copies of the weights, and every operation in it
is one of our primitives. So one line puts a model into `viz.graph`, `viz.step`, `debug.Backprop`, `explain`,
`step.check()`, `debug.record()`, `viz.conv` and `viz.receptive_field`; lines are those of the PyTorch source. PyTorch
(2.6 or later, `pip install "glassgrad[torch]"`) is needed for the conversion only.

- `model.notes` says what a user should know: sizes that are fixed, operators that PyTorch had to decompose.
- `model.train()` and `model.eval()` work: both graphs are converted (`modes="current"` takes one).
- The first axis of the inputs stays free where PyTorch can keep it symbolic, and so does the second one of sequences
  (inputs with two or three axes).
- Packed sequences, CTC, parameters replaced in `forward`, sparse matrices (as dense ones), records as inputs and outputs.
- Complex numbers inside of a model (rotations of queries and keys) are pairs of floats; distributions that it returns
  are those of `nn.distributions`.
- `pickle`, `copy.deepcopy` and `state_dict` work; reading a pickle needs no PyTorch.
- `nn.from_torch(..., check=True)` and `nn.interop.compare(module, model, *inputs)` run both sides, forward and backward,
  with the same random numbers, and name the first layer that differs; `.text()`, `.save("page.html")`.
- `nn.interop.to_torch(model, module)` writes the weights back, all or none.
- A model does not write into the inputs it is called with, where PyTorch's would.
- Modules inside can be called by themselves, have hooks, and can be replaced.

The graph is read as `torch.export` gives it. In-place operations become rebinding and writes through views are written
back; an operator that has no line in the table is decomposed by PyTorch, and refused if that does not help.
"""


def bound(value: float) -> str:
    """A power of ten that the value lies below, coarse enough to be the same on every machine."""
    limits = (1e-12, 1e-10, 1e-8, 1e-6)
    return next((f"{limit:.0e}" for limit in limits if value < limit), f"{value:.0e}")


def row(style: str) -> str:
    found = agreement(style)
    outputs = max(c.worst(c.outputs) for c in found.comparisons.values())
    grads = max(c.worst(c.grads) for c in found.comparisons.values())
    products = bound(max(found.products.values()))
    mark = " *" if style in NO_SECOND else ""
    return f"| {style} | {found.operators} | {bound(outputs)} | {bound(grads)} | {products}{mark} |"


class Refused(torch.nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.round()

    @staticmethod
    def backward(ctx, g):
        return g


def _autocast(x):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return x @ x.T


def _vmap(x):
    return torch.func.vmap(torch.sum)(x)


def _numpy(x):
    return torch.from_numpy(np.tanh(x.detach().numpy()))


def _gradient(x):
    return torch.autograd.grad((x.requires_grad_() ** 2).sum(), x, create_graph=True)[0]


REFUSED = {
    "an operator without a line or a decomposition": lambda x: torch.special.bessel_j0(x),
    "complex numbers": lambda x: torch.fft.rfft(x).abs(),
    "bfloat16": lambda x: x.to(torch.bfloat16),
    "autocast": _autocast,
    "a branch on the numbers": lambda x: x * 2 if x.sum() > 0 else x,
    "a number taken out of a tensor": lambda x: x[:, : int(x.abs().sum())],
    "NumPy in `forward`": _numpy,
    "gradients taken in `forward`": _gradient,
    "a gradient of one's own": lambda x: StraightThrough.apply(x),
    "`torch.cond`": lambda x: torch.cond(x.sum() > 0, torch.sin, torch.cos, (x,)),
    "`torch.func.vmap`": _vmap,
    "objects as outputs": lambda x: torch.distributions.Gamma(x, 1.0),
    "strides by hand": lambda x: x.as_strided((2, 2), (1, 2)),
}


def refusal(function) -> str:
    try:
        nn.from_torch(Refused(function), torch.ones(3, 4))
    except (RuntimeError, TypeError, ValueError) as error:
        lines = [line.strip() for line in str(error).splitlines()]
        # What is said of places differs from machine to machine.
        return "; ".join(line.split(" (at ")[0] for line in lines if not line.startswith("in "))
    raise AssertionError("it is converted")


def written() -> str:
    """The whole file."""
    parts = [
        HEAD,
        "## How well",
        "",
        "Small models in these styles, in float64, in training and evaluation, against PyTorch on the same random numbers:",
        "the largest difference of outputs, of gradients (all inputs and parameters) and of a Hessian times a vector,",
        "relative to the largest number of each tensor (at least 1), is below",
        "",
        "| style | operators | outputs | gradients | Hessian |",
        "|---|---:|---:|---:|---:|",
        *(row(style) for style in every()),
        "",
        "\\* PyTorch has no second derivative of `hardsigmoid`, of embedding bags and of CTC, and that of weight norm",
        "fails its own `gradgradcheck`: there ours is held against differences of gradients. Its first derivative of",
        "`hardsigmoid` is 1/6 in single precision, also for doubles.",
        "",
        "## What is refused",
        "",
        "| what | message |",
        "|---|---|",
        *(f"| {what} | {refusal(f).replace('|', chr(92) + '|')} |" for what, f in REFUSED.items()),
        "",
        "Where nothing is known, all of it is told at once: operators, how often, in which modules, at which lines.",
        "",
        f"## The table: {len(operator_names())} lines",
        "",
        _wrapped(operator_names()),
        "",
    ]
    return "\n".join(parts)


def _wrapped(names: list[str]) -> str:
    lines, line = [], ""
    for name in names:
        piece = f"`{name}`, "
        if len(line) + len(piece) > 118:
            lines.append(line.rstrip())
            line = ""
        line += piece
    return "\n".join([*lines, line.rstrip(", ")])


if __name__ == "__main__":
    from tests.nn.interop import table  # by its own name, which messages tell

    FILE.write_text(table.written(), encoding="utf-8")
