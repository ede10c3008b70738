"""Which cases are run, and what is made of the verdicts."""

from typing import NamedTuple

import torch

from tests.opinfo.cases import full_name, operators, reductions, spellings
from tests.opinfo.judge import FINE, judge, judge_error
from tests.opinfo.known import KNOWN

_FLOATS = (torch.float64, torch.float32, torch.float16)
_INTEGERS = (torch.int64, torch.int32, torch.uint8, torch.bool)


class Case(NamedTuple):
    """One that was run.

    Attributes:
        kind: a verdict's, or "known" for what differs on purpose, or "DISAGREES".
        label: the spelling.
        dtype: PyTorch's, or "error" for what it refuses.
        detail: in words.
        inputs: shapes, dtypes and other arguments.
    """

    kind: str
    label: str
    dtype: str
    detail: str
    inputs: str


def operators_of(names=(), part=0, parts=1):
    """(full name, what ``run`` takes) of the operators; None for those without a counterpart."""
    for k, op in enumerate(operators()):
        if k % parts == part and (not names or op.name in names or full_name(op) in names):
            found = spellings(op)
            yield full_name(op), (op, found) if found else None


def run(name, found, limit, dtypes=(*_FLOATS, *_INTEGERS), references=True):
    """The cases of an operator, one after the other.

    Args:
        name, found: from ``operators_of``.
        limit: at most so many of a kind, spread evenly.
        references: run the reference inputs, too.
    """
    op, ways = found
    torch.manual_seed(0)
    for dtype in dtypes:
        samples = _spread(_samples(op, dtype, references), limit)
        for label, ours, theirs in ways:
            for k, sample in enumerate(samples):
                verdict = judge(op, ours, theirs, sample, torch, strided=k % 3 == 1)
                yield _case(name, verdict, label, dtype, sample)
    if op.error_inputs_func is not None:
        errors = _spread(list(op.error_inputs("cpu")), limit)
        for label, ours, theirs in ways:
            for each in errors:
                verdict = judge_error(ours, theirs, each.sample_input, torch)
                yield _case(name, verdict, label, "error", each.sample_input)


def _samples(op, dtype, references):
    if dtype not in op.dtypes or (dtype == torch.float16 and not isinstance(op, reductions())):
        return []
    wanted = dtype.is_floating_point and op.supports_autograd
    try:
        found = list(op.sample_inputs("cpu", dtype, requires_grad=wanted))
        if references and op.reference_inputs_func is not None and dtype == torch.float64:
            found += [s.transform(_leaf) for s in op.reference_inputs("cpu", dtype, wanted)]
    except (RuntimeError, NotImplementedError, TypeError, ValueError):
        return []  # there are none in this dtype
    return found


def _leaf(value):
    """Their reference inputs are often views of something that they do not hand out."""
    if isinstance(value, torch.Tensor) and value.requires_grad:
        return value.detach().requires_grad_()
    return value


def _spread(cases, limit):
    return cases if len(cases) <= limit else [cases[k * len(cases) // limit] for k in range(limit)]


def _case(name, verdict, label, dtype, sample):
    kind, detail = verdict
    whole, dtype = dtype in _INTEGERS, str(dtype).removeprefix("torch.")
    if kind == "refuses" and whole and "floating-point" in detail:
        kind = "known"
    if kind not in FINE and kind != "known":
        known = KNOWN.get(name, KNOWN.get(name.partition("/")[0], {}))
        detail = f"{kind}: {detail}"
        told = {kind, f"{kind} of {dtype}", f"{kind} of {'integers' if whole else 'floats'}"}
        kind = "known" if known.keys() & told else "DISAGREES"
    return Case(kind, label, dtype, detail, _inputs(sample))


def _inputs(sample):
    return ", ".join(map(_shown, (sample.input, *sample.args, *sample.kwargs.items())))


def _shown(value):
    if isinstance(value, torch.Tensor):
        numbers = f" {value.tolist()}" if value.numel() <= 3 and value.device.type == "cpu" else ""
        return f"{str(value.dtype).removeprefix('torch.')}{list(value.shape)}{numbers}"
    if isinstance(value, (list, tuple)):
        return f"({', '.join(map(_shown, value))})"
    return repr(value)
