"""Every bound of the kernels, and functions that are run below and above it.

    python -m tests.bounds          the table: bound, file, values, functions, orders, dtypes, operands

A bound is a constant of a module declared with the annotation ``Bound``. ``CASES`` has an entry for
each: values to put in its place, so that small arrays lie on either side of it, and the functions
whose code depends on it. They are differentiated three times there, for each dtype and each way in
which an operand can lie in memory, and compared with what they give in float64 for plain arrays with
all bounds as they are.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import importlib
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import autograd as ag
import nn.functional as F
from autograd.kernels import optimizers, scratch
from tests.layouts import batch_last

ROOT = Path(__file__).parents[1]
ORDERS = 3
DTYPES = {np.float16: 2e-2, np.float32: 5e-4, np.float64: 1e-8}  # with what a derivative may err


COUNTED = ("autograd.kernels.tuning.COST", "autograd.kernels.tuning.ROW_COST")
"""Numbers of pieces of work that are no bounds themselves, but can be put in other ones' place, too."""


# Finding them -------------------------------------------------------------------------------------


@functools.cache
def sources() -> dict[str, ast.Module]:
    """The modules of both packages, parsed, by their dotted names."""
    found = {}
    for package in ("autograd", "nn"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


@functools.cache
def declared() -> tuple[str, ...]:
    """Every bound as ``module.NAME``."""
    return tuple(
        f"{module}.{node.target.id}"
        for module, tree in sources().items()
        for node in tree.body
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and ast.unparse(node.annotation).startswith("Bound[")
    )


@functools.cache
def holders(bound: str) -> tuple[str, ...]:
    """The modules that hold a bound: the one that declares it, and those that import it by name."""
    return (bound.rpartition(".")[0], *_importing()[bound])


@functools.cache
def _importing() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {bound: [] for bound in (*declared(), *COUNTED)}
    for module, tree in sources().items():
        for node in tree.body:
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    found.get(f"{node.module}.{alias.name}", []).append(module)
    return found


@contextlib.contextmanager
def put(**values: Any) -> Iterator[None]:
    """Give bounds, called ``module.NAME``, other values; everybody who holds them sees it."""
    former = []
    try:
        for bound, value in values.items():
            for module in holders(bound):
                place = importlib.import_module(module)
                name = bound.rpartition(".")[2]
                former.append((place, name, getattr(place, name)))
                setattr(place, name, value)
        _forget_plans()
        yield
    finally:
        for place, name, value in reversed(former):
            setattr(place, name, value)
        _forget_plans()


def _forget_plans() -> None:
    for name, module in list(sys.modules.items()):
        if name.startswith("autograd.kernels"):
            for value in list(vars(module).values()):
                if hasattr(value, "cache_clear"):
                    value.cache_clear()


# What is run --------------------------------------------------------------------------------------


class Subject(NamedTuple):
    """A function of tensors, and the shapes that it is given."""

    name: str
    function: Callable[..., Any]
    shapes: tuple[tuple[int, ...], ...]
    numbers: bool = (
        False  # whether it is also run on numbers, 0-d arrays and a number beside arrays
    )
    differentiable: bool = True


def _one(
    name: str, f: Callable[..., Any], *shapes: tuple[int, ...], numbers: bool = False
) -> Subject:
    return Subject(name, f, shapes, numbers)


PLANE, IMAGES, MATRIX = (4, 6), (6, 4, 5, 6), (4, 6)
ACTIVATIONS = tuple(
    _one(name, getattr(F, name), PLANE, numbers=True)
    for name in (
        "relu",
        "gelu",
        "silu",
        "softplus",
        "elu",
        "sigmoid",
        "leaky_relu",
        "mish",
        "hardswish",
        "hardsigmoid",
        "logsigmoid",
        "softsign",
        "celu",
        "selu",
    )  # fmt: skip
)
ELEMENTWISE = (
    *ACTIVATIONS,
    _one("gelu tanh", lambda x: F.gelu(x, approximate="tanh"), PLANE, numbers=True),
    _one("relu squared", lambda x: F.relu(x) ** 2, PLANE, numbers=True),
    _one("where", lambda x, y: ag.where(x > y, x * x, y * x), PLANE, PLANE, numbers=True),
    _one("where zero", lambda x: ag.where(x > 0, x * x, 0.0), PLANE, numbers=True),
    _one("zero where", lambda x: ag.where(x > 0, 0.0, x * x), PLANE, numbers=True),
    _one("prelu", lambda x, w: ag.prelu(x, w), PLANE, PLANE, numbers=True),
)
SOFTMAX = (
    _one("softmax", lambda x: F.softmax(x, 1), MATRIX),
    _one("log_softmax", lambda x: F.log_softmax(x, 1), MATRIX),
    _one("softmax axis 0", lambda x: F.softmax(x, 0), MATRIX),
    _one("cross_entropy", lambda x: F.cross_entropy(x, [0, 1, 2, 5]), MATRIX),
)
NORMS = (
    _one("batch_norm", lambda x, w, b: F.batch_norm(x, None, None, w, b, True), IMAGES, (4,), (4,)),
    _one("group_norm", lambda x, w, b: F.group_norm(x, 2, w, b), IMAGES, (4,), (4,)),
    _one("instance_norm", lambda x: F.instance_norm(x), IMAGES),
)
ROWS = (
    _one("layer_norm", lambda x, w, b: F.layer_norm(x, (6,), w, b), (9, 6), (6,), (6,)),
    _one("layer_norm plain", lambda x: F.layer_norm(x, (6,)), (9, 6)),
    _one("layer_norm far", lambda x: F.layer_norm(x + 20.0, (6,)), (9, 6)),
)
CONVOLUTIONS = (
    _one("conv2d", lambda x, w: F.conv2d(x, w, padding=1), IMAGES, (6, 4, 3, 3)),
    _one("conv2d narrow", lambda x, w: F.conv2d(x, w, padding=1), IMAGES, (2, 4, 3, 3)),
    _one("conv2d strided", lambda x, w, b: F.conv2d(x, w, b, stride=2), IMAGES, (3, 4, 3, 2), (3,)),
    _one("conv2d 1×1", lambda x, w: F.conv2d(x, w), IMAGES, (5, 4, 1, 1)),
    _one("conv2d groups", lambda x, w: F.conv2d(x, w, groups=2), IMAGES, (4, 2, 2, 3)),
    _one("transposed", lambda x, w: F.conv_transpose2d(x, w, stride=2), (6, 4, 3, 3), (4, 2, 3, 3)),
)
DEPTHWISE = (
    _one("depthwise", lambda x, w: F.conv2d(x, w, padding=1, groups=8), (6, 8, 9, 9), (8, 1, 3, 3)),
    _one(
        "depthwise 2", lambda x, w: F.conv2d(x, w, stride=2, groups=8), (6, 8, 9, 9), (8, 1, 3, 3)
    ),
)
ONE_IMAGE = (
    _one("conv2d, one image", lambda x, w: F.conv2d(x, w, padding=1), (1, 4, 6, 7), (6, 4, 3, 3)),
    _one("conv2d, two", lambda x, w: F.conv2d(x, w, stride=2), (2, 4, 7, 7), (6, 4, 3, 3)),
)
POOLING = (
    _one("max_pool2d", lambda x: F.max_pool2d(x, 2) ** 2, (9, 2, 4, 6)),
    _one("max_pool2d overlapping", lambda x: F.max_pool2d(x, 3, 1, 1) ** 2, (9, 2, 4, 6)),
    _one("avg_pool2d", lambda x: F.avg_pool2d(x, 2) ** 2, (9, 2, 4, 6)),
    _one("avg_pool2d overlapping", lambda x: F.avg_pool2d(x, 3, 1, 1) ** 2, (9, 2, 4, 6)),
)
NEAREST = (
    _one("interpolate", lambda x: F.interpolate(x, scale_factor=2) ** 2, (9, 2, 4, 6)),
)  # whose cells are the same on both sides: 2 divides
PRODUCTS = (
    _one("matmul", ag.matmul, (9, 6), (6, 7)),
    _one("matmul batch", ag.matmul, (12, 5, 4), (12, 4, 5)),
    _one("linear", lambda x, w, b: F.linear(x, w, b), (9, 6), (7, 6), (7,)),
)
ERRORS = (
    _one("erf", ag.erf, PLANE, numbers=True),
    _one("erfc", ag.erfc, PLANE, numbers=True),
)
ADJUGATE = (_one("det", lambda x: ag.linalg.det(ag.matmul(x, ag.transpose(x))), (3, 3)),)


def _steps(x: Any) -> Any:
    """A step of Adam on an array of ones, an optimizer's kernel; no derivative goes through it."""
    x = np.array(getattr(x, "_data", x), order="K")
    p, m, v = np.ones_like(x), np.zeros_like(x), np.zeros_like(x)
    optimizers.adam(p, x, m, v, step=1, lr=0.5, eps=1e-3)
    return ag.as_tensor(p)


def _lent(x: Any) -> Any:
    """x by way of scratch memory."""
    with scratch.scratch(x.shape, np.dtype(np.float64)) as a, scratch.scratch((64,), a.dtype) as b:
        a[...], b[...] = np.asarray(x.detach().numpy(), float), 0.0
        return ag.as_tensor((a + b.sum()).astype(x.dtype))


STEPS = (Subject("adam", _steps, (PLANE,), differentiable=False),)
LENT = (Subject("scratch", _lent, (PLANE,), differentiable=False),)


class Case(NamedTuple):
    """Values in place of a bound, and what is run; ``beside``: other bounds to be lowered with it."""

    values: tuple[Any, ...]
    subjects: tuple[Subject, ...]
    beside: dict[str, Any] = {}


_K = "autograd.kernels"
_ALWAYS = 10**9
_SPREAD = {f"{_K}.tuning.WORTHWHILE": 1, f"{_K}.threads.BLAS_ALONE": -1}
CASES: dict[str, Case] = {
    f"{_K}.tuning.BLOCK": Case((5, 12, 13, 24, 25, _ALWAYS), (*ELEMENTWISE, *ERRORS, *ROWS, *STEPS)),
    f"{_K}.tuning.PASS_BLOCK": Case((1, 50, 180, _ALWAYS), NORMS),
    f"{_K}.tuning.BLAS_SUMS": Case((1, 24, 25), SOFTMAX),
    f"{_K}.threads.VECTOR_ALONE": Case((5, 6, 7, 719, 720, _ALWAYS), SOFTMAX + NORMS,
        {f"{_K}.tuning.WORTHWHILE": _ALWAYS}),
    f"{_K}.threads.BLAS_ALONE": Case((-1, 377, 378, _ALWAYS), PRODUCTS),
    f"{_K}.tuning.WORTHWHILE": Case((1, 300, _ALWAYS), (*PRODUCTS, *ROWS[:1], *CONVOLUTIONS[:1]),
        {f"{_K}.threads.BLAS_ALONE": -1}),
    f"{_K}.tuning.PIECES": Case((1, 3, 4, 8), POOLING + PRODUCTS + ROWS + CONVOLUTIONS[:1], _SPREAD),
    f"{_K}.tuning.COLUMN_BYTES": Case((1, 20000, _ALWAYS), CONVOLUTIONS + DEPTHWISE + ONE_IMAGE),
    f"{_K}.tuning.FEW_PIXELS": Case((0, 6, 7, 30, 31, 82, _ALWAYS), CONVOLUTIONS + DEPTHWISE + ONE_IMAGE),
    f"{_K}.tuning.LONG_RUN": Case((0, 24, 25, 54, 55, _ALWAYS), DEPTHWISE),
    f"{_K}.tuning.POOL_BYTES": Case((0, _ALWAYS), LENT, {f"{_K}.tuning.SMALL_SCRATCH": 0}),
    f"{_K}.tuning.SMALL_SCRATCH": Case((0, 191, 192, _ALWAYS), LENT),
    f"{_K}.losses.MODEST": Case((1e-3, 0.5, 10.0), SOFTMAX),
    f"{_K}.resampling.SMALL_IMAGE": Case((0, 19, 20, 128), NEAREST),
    f"{_K}.normalization.last_axes.FAR": Case((1e-3, 16.0, 1e9), ROWS),
    "autograd.ops.linalg.decompositions._SMALL": Case((2, 3), ADJUGATE),
}  # fmt: skip


# How it is run ------------------------------------------------------------------------------------


def _strided(x: Any) -> Any:
    wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
    wide[..., ::2] = x
    return wide[..., ::2]


def _read_only(x: Any) -> Any:
    x = x.copy()
    x.flags.writeable = False
    return x


OPERANDS: dict[str, Callable[[Any], Any]] = {
    "contiguous": lambda x: x,
    "batch-last": batch_last,
    "strided": _strided,
    "backwards": lambda x: x[..., ::-1].copy()[..., ::-1],
    "read-only": _read_only,
    "repeated": lambda x: np.broadcast_to(x[:1], x.shape),
}


def arrays(subject: Subject) -> list[Any]:
    rng = np.random.default_rng(len(subject.name))
    return [np.float16(rng.uniform(-1.5, 1.5, shape)).astype(float) for shape in subject.shapes]


def derivatives(function: Callable[..., Any], inputs: list[Any], orders: int = ORDERS) -> list[Any]:
    """The value, and the derivatives to some order along random directions, as float64."""
    tensors = [
        ag.as_tensor(x).requires_grad_() if getattr(x, "dtype", None) is not None else x
        for x in inputs
    ]
    wanted = [t for t in tensors if isinstance(t, ag.Tensor)]
    y = function(*tensors)
    found = [np.asarray(y.detach().numpy(), float)]
    for order in range(1, orders + 1):
        if not y.requires_grad:
            break  # it is constant from here on, for good
        weights = np.asarray(np.random.default_rng(order).uniform(0.5, 1.5, y.shape), y.dtype)
        gradients = ag.grad(
            (y * weights).sum(), wanted, create_graph=order < orders, allow_unused=True
        )
        y = sum((g * g if order == 1 else g).sum() for g in gradients if g is not None)
        found += [np.asarray(g.detach().numpy(), float) for g in gradients if g is not None]
        if not isinstance(y, ag.Tensor):
            break
    return found


def differences(
    subject: Subject, dtype: Any, lay: Callable[[Any], Any]
) -> Iterator[tuple[Any, Any, float]]:
    """(got, wanted, size of the terms) for operands of a dtype that lie in some way."""
    plain = arrays(subject)
    laid = [lay(x.astype(dtype)) for x in plain]
    orders = ORDERS if subject.differentiable else 0
    with np.errstate(all="ignore"):
        got = derivatives(subject.function, laid, orders)
        want = _right(subject, tuple(np.asarray(x, float).tobytes() for x in laid))
    assert len(got) == len(want), f"{len(got)} of {len(want)} derivatives"
    largest = max(np.abs(w).max(initial=0.0) for w in want)
    for one, other in zip(got, want, strict=True):
        yield one, other, np.abs(other).max(initial=0.0) + 0.05 * largest


_right_ones: dict[Any, list[Any]] = {}


def _right(subject: Subject, data: tuple[bytes, ...]) -> list[Any]:
    """As float64, C-contiguous, with every bound as it is declared: the small way of each."""
    key = (subject.name, data)
    if key not in _right_ones:
        with put(**_DEFAULTS):
            inputs = [
                np.frombuffer(d).reshape(s).copy()
                for d, s in zip(data, subject.shapes, strict=True)
            ]
            orders = ORDERS if subject.differentiable else 0
            _right_ones[key] = derivatives(subject.function, inputs, orders)
    return _right_ones[key]


_DEFAULTS = {
    bound: getattr(importlib.import_module(bound.rpartition(".")[0]), bound.rpartition(".")[2])
    for bound in declared()
}


class _Steps:
    """How often which instructions and lines of the kernels run in this thread.

    Lines, too: Python 3.13.0 sometimes forgets to tell of instructions.
    """

    def __init__(self) -> None:
        self.counts: Counter[tuple[Any, int]] = Counter()

    def __call__(self, frame: Any, event: str, argument: Any) -> Any:
        name = frame.f_code.co_filename
        if "/autograd/kernels/" not in name and "/ops/linalg/" not in name:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode" or event == "line":
            self.counts[frame.f_code, frame.f_lasti] += 1
        return self


def instructions(bound: str, value: Any, subject: Subject) -> Counter[tuple[Any, int]]:
    """What runs for a subject with a bound at a value."""
    found = _Steps()
    inputs = [x.astype(np.float32) for x in arrays(subject)]
    former = sys.gettrace()
    with put(**{**CASES[bound].beside, bound: value}):
        derivatives(subject.function, inputs, 1 if subject.differentiable else 0)  # plans are made
        sys.settrace(found)
        try:
            derivatives(subject.function, inputs, 1 if subject.differentiable else 0)
        finally:
            sys.settrace(former)
    return found.counts


def main() -> None:
    operands = ", ".join([*OPERANDS, "numbers and 0-d where they are taken"])
    print(f"{len(CASES)} bounds in {len({b.rpartition('.')[0] for b in CASES})} modules; orders 0 to "
          f"{ORDERS}; float16, float32, float64; operands: {operands}\n")  # fmt: skip
    runs = 0
    for bound in declared():
        module, _, name = bound.rpartition(".")
        case = CASES[bound]
        runs += len(case.values) * len(case.subjects)
        shown = ", ".join("∞" if v == _ALWAYS else str(v) for v in case.values)
        print(
            f"{name:20} {module.removeprefix('autograd.'):32} {_DEFAULTS[bound]!s:>12}  as {shown}"
        )
        print(f"{'':20} {', '.join(s.name for s in case.subjects)}")
    print(f"\n{runs} pairs of a bound's value and a function; "
          f"{runs * (len(OPERANDS) + 2 * 2) * (ORDERS + 1)} comparisons or fewer, as derivatives end")  # fmt: skip


if __name__ == "__main__":
    main()
