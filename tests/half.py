"""float16 against float64: every reduction, norm, loss, normalisation and activation.

    python -m tests.half            a table, the worst error of each function first

Values and gradients of each function are computed from the same halves in float16 and in float64.
Errors are counted in units in the last place of float16 of the right result (of 6e-8 below 6e-5),
less 2⁻¹⁹ of the largest result, as arithmetic in float32 may leave that where terms cancel.
Sizes go from 1 to 100,000, magnitudes from 1e-4 to 6e4 as long as right results can be represented.
Every public function is compared once more, in its call of `tests.calls`.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

import autograd as ag
import nn.functional as F
from tests import calls

LIMIT = 2.0  # units in the last place
NOISE = 2.0**-19  # what single precision leaves of the largest terms where a small result cancels

SIZES = (1, 2, 7, 1000, 4099, 100_000)
MAGNITUDES = (1e-4, 1e-2, 1.0, 30.0, 1e3, 6e4)


class Subject(NamedTuple):
    """A function of arrays: ``make`` gives inputs of a size and magnitude from a generator."""

    name: str
    function: Callable[..., Any]
    make: Callable[[Any, int, float], list[Any]]
    sizes: tuple[int, ...] = SIZES
    magnitudes: tuple[float, ...] = MAGNITUDES


class Error(NamedTuple):
    units: float
    name: str
    what: str
    size: int
    magnitude: float


def signed(rng: Any, size: int, magnitude: float) -> list[Any]:
    return [rng.uniform(-magnitude, magnitude, size)]


def positive(rng: Any, size: int, magnitude: float) -> list[Any]:
    return [rng.uniform(0.1 * magnitude, magnitude, size)]


def equal(rng: Any, size: int, magnitude: float) -> list[Any]:
    return [np.full(size, magnitude)]


def near_one(rng: Any, size: int, magnitude: float) -> list[Any]:
    return [np.exp(rng.uniform(-1, 1, size) * min(1.0, 4 / size**0.5))]


def pair(rng: Any, size: int, magnitude: float) -> list[Any]:
    return [rng.uniform(-magnitude, magnitude, size) for _ in range(2)]


def probabilities(rng: Any, size: int, magnitude: float) -> list[Any]:
    return [rng.uniform(0.02, 0.98, size), rng.uniform(0, 1, size)]


def scores(rng: Any, size: int, magnitude: float) -> list[Any]:
    return [rng.uniform(-1, 1, size) * min(magnitude, 30.0), rng.uniform(0, 1, size)]


# Eight numbers or more: of two, all terms of a normalised number's derivative cancel but for eps.


def rows(rng: Any, size: int, magnitude: float) -> list[Any]:
    return [rng.uniform(-magnitude, magnitude, (4, max(size // 4, 8)))]


def columns(rng: Any, size: int, magnitude: float) -> list[Any]:
    return [rng.uniform(-magnitude, magnitude, (max(size // 3, 2), 3))]


def maps(rng: Any, size: int, magnitude: float) -> list[Any]:
    """Images, a weight and a bias per channel."""
    x = rng.uniform(-magnitude, magnitude, (3, 4, max(size // 12, 8), 1))
    return [x, rng.uniform(0.5, 2, 4), rng.uniform(-1, 1, 4)]


def row_pairs(rng: Any, size: int, magnitude: float) -> list[Any]:
    return [rows(rng, size, magnitude)[0] for _ in range(2)]


# What there is ------------------------------------------------------------------------------------


def _reductions() -> Iterator[Subject]:
    for name in ("sum", "mean", "var", "std", "amax", "amin", "max", "min", "logsumexp", "nansum",
                 "nanmean", "nanvar", "nanstd", "nanmax", "nanmin", "ptp", "average", "median",
                 "nanmedian"):  # fmt: skip
        f = getattr(ag, name)
        for make in (signed, positive, equal):
            yield Subject(name, f, make)
        yield Subject(f"{name}(axis=0)", lambda x, f=f: f(x, axis=0), columns)
    for name in ("prod", "nanprod"):
        yield Subject(name, getattr(ag, name), near_one, magnitudes=(1.0,))
    for name in ("cumsum", "nancumsum", "cumulative_sum", "trapezoid"):
        for make in (signed, positive):
            yield Subject(name, getattr(ag, name), make)
    for name in ("cumprod", "nancumprod", "cumulative_prod"):
        yield Subject(name, getattr(ag, name), near_one, magnitudes=(1.0,))
    for q in (0.3, 0.9):
        yield Subject(f"quantile({q})", lambda x, q=q: ag.quantile(x, q), signed)
    yield Subject("cov", ag.cov, columns, sizes=(9, 300))
    yield Subject("corrcoef", ag.corrcoef, columns, sizes=(9, 300))


def _products() -> Iterator[Subject]:
    for name in ("dot", "inner", "vdot", "vecdot", "matmul"):
        yield Subject(name, getattr(ag, name), pair)
    yield Subject("einsum", lambda x, y: ag.einsum("ij,ij->j", x, y), row_pairs)
    yield Subject("linear", lambda x, w, b: F.linear(x, w, b), _dense)
    yield Subject("broadcast add", lambda x, b: x + b, _with_row)
    yield Subject("broadcast multiply", lambda x, b: x * b, _with_row)


def _dense(rng: Any, size: int, magnitude: float) -> list[Any]:
    rows_, width = max(size // 50, 1), min(size, 50)
    return [rng.uniform(-magnitude, magnitude, (rows_, width)), rng.uniform(-1, 1, (3, width)),
            rng.uniform(-magnitude, magnitude, 3)]  # fmt: skip


def _with_row(rng: Any, size: int, magnitude: float) -> list[Any]:
    return [columns(rng, size, magnitude)[0], rng.uniform(-1, 1, 3)]


def _norms() -> Iterator[Subject]:
    for order in (0, 0.5, 1, 2, 3, np.inf, -np.inf, -1):
        yield Subject(
            f"vector_norm({order})", lambda x, o=order: ag.linalg.vector_norm(x, o), positive
        )
        yield Subject(f"normalize(p={order})", lambda x, o=order: F.normalize(x, o), rows)
    for order in ("fro", 1, -1, np.inf, -np.inf):
        yield Subject(f"matrix_norm({order})", lambda x, o=order: ag.linalg.matrix_norm(x, o), rows)
    yield Subject("norm", ag.linalg.norm, signed)
    yield Subject("cosine_similarity", F.cosine_similarity, row_pairs)
    yield Subject("pairwise_distance", F.pairwise_distance, row_pairs)


def _losses() -> Iterator[Subject]:
    for how in ("mean", "sum", "none"):
        for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"):
            f = getattr(F, name)
            yield Subject(f"{name} {how}", lambda x, y, f=f, h=how: f(x, y, reduction=h), pair)
        for name, make in (("binary_cross_entropy", probabilities), ("kl_div", probabilities),
                           ("binary_cross_entropy_with_logits", scores)):  # fmt: skip
            f = getattr(F, name)
            yield Subject(f"{name} {how}", lambda x, y, f=f, h=how: f(x, y, reduction=h), make)
        for name in ("cross_entropy", "nll_loss"):
            f = getattr(F, name)
            yield Subject(
                f"{name} {how}", lambda x, f=f, h=how: f(x, _classes(x), reduction=h), columns
            )
        yield Subject(
            f"cross_entropy smoothed {how}",
            lambda x, h=how: F.cross_entropy(x, _classes(x), reduction=h, label_smoothing=0.1),
            columns,
        )


def _classes(x: Any) -> Any:
    return np.arange(x.shape[0]) % x.shape[1]


def _normalizations() -> Iterator[Subject]:
    yield Subject("batch_norm", lambda x, w, b: F.batch_norm(x, None, None, w, b, True), maps)
    yield Subject("instance_norm", lambda x, w, b: F.instance_norm(x, None, None, w, b), maps)
    yield Subject("group_norm", lambda x, w, b: F.group_norm(x, 2, w, b), maps)
    yield Subject("layer_norm", lambda x: F.layer_norm(x, x.shape[1:]), rows)
    yield Subject("rms_norm", lambda x: F.rms_norm(x, x.shape[1:], eps=1e-5), rows)
    yield Subject("local_response_norm", lambda x, w, b: F.local_response_norm(x, 3), maps)
    yield Subject("softmax", lambda x: F.softmax(x, 1), rows)
    yield Subject("log_softmax", lambda x: F.log_softmax(x, 1), rows)
    yield Subject("softmin", lambda x: F.softmin(x, 1), rows)


ACTIVATIONS = (
    "celu", "elu", "gelu", "glu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh",
    "leaky_relu", "logsigmoid", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "softplus",
    "softshrink", "softsign", "tanh", "tanhshrink",
)  # fmt: skip


def _activations() -> Iterator[Subject]:
    for name in ACTIVATIONS:
        yield Subject(name, getattr(F, name), _even, (2, 1000))
    yield Subject("gelu tanh", lambda x: F.gelu(x, approximate="tanh"), _even, (2, 1000))
    yield Subject("threshold", lambda x: F.threshold(x, 0.5, 2.0), _even, (2, 1000))


def _even(rng: Any, size: int, magnitude: float) -> list[Any]:
    return signed(rng, size + size % 2, magnitude)


def _images() -> Iterator[Subject]:
    yield Subject("avg_pool2d", lambda x, w, b: F.avg_pool2d(x, (5, 1), 1, (2, 0)), maps, SIZES[2:])
    yield Subject("max_pool2d", lambda x, w, b: F.max_pool2d(x, (2, 1), 1), maps, SIZES[2:])
    yield Subject("conv2d", _convolved, maps, SIZES[2:], MAGNITUDES[:-1])
    yield Subject(
        "interpolate", lambda x, w, b: F.interpolate(x, scale_factor=(2, 1), mode="bilinear"),
        maps, SIZES[2:5],
    )  # fmt: skip
    yield Subject("embedding", lambda w: F.embedding(np.zeros(5000, int), w), rows, (8,))
    yield Subject("take", lambda x: ag.take(x, np.zeros(5000, int)), signed, (1, 7))
    yield Subject("getitem", lambda x: x[np.zeros(5000, int)], signed, (1, 7))
    yield Subject("used often", lambda x: ag.stack([x] * 3000), signed, (1, 7))


def _convolved(x: Any, w: Any, b: Any) -> Any:
    kernel = ag.broadcast_to(ag.reshape(w, (4, 1, 1, 1)), (4, 4, 2, 1))
    return F.conv2d(x, kernel, b)


def subjects() -> list[Subject]:
    families = (_reductions, _products, _norms, _losses, _normalizations, _activations, _images)
    return [subject for family in families for subject in family()]


# Every public function, in its call of `tests.calls` ----------------------------------------------

#: Calls without a comparison of halves with doubles, and why.
NOT_COMPARED = {
    **dict.fromkeys(("autograd.tensor", "autograd.Tensor"), "a copy would lose the gradient"),
    "autograd.from_dlpack": "an array would lose the gradient",
    **dict.fromkeys(
        (f"autograd.{name}" for name in ("rand", "randn", "normal", "uniform")),
        "numbers are drawn anew for each dtype",
    ),
    "autograd.normalize": "its further results, the statistics, are float32 by contract",
    "autograd.float_power": "its result is float64 by contract",
    "nn.functional.gumbel_softmax": "its generator goes on from call to call",
}


def in_dtype(arguments: calls.Arguments, dtype: Any) -> tuple[calls.Arguments, list[Any]]:
    """A call whose arrays of floats are tensors with the same halves in a dtype, and these."""
    tensors = []
    if arguments.get("dtype") == "float64":
        arguments = {**arguments, "dtype": dtype}
    for path in calls.arrays_in(arguments):
        halves = np.asarray(calls.value_at(arguments, path)).astype(np.float16)
        tensors.append(ag.tensor(halves.astype(dtype), requires_grad=True))
        arguments = calls.replaced(arguments, path, tensors[-1])
    return arguments, tensors


def call_errors(
    name: str, function: Callable[..., Any], arguments: calls.Arguments
) -> Iterator[Error]:
    """Of every result of a call, and of the gradient of every array in it."""
    found: list[Any] = []
    for dtype in (np.float16, np.float64):
        given, tensors = in_dtype(arguments, dtype)
        results = _tensors_in(calls.call(function, given))
        floats = [r for r in results if r.dtype.kind == "f"]
        assert all(r.dtype == dtype for r in floats), [r.dtype for r in floats]
        rng, passed = np.random.default_rng(99), [r for r in results if r.requires_grad]
        seeds = [rng.uniform(0.5, 1.5, r.shape).astype(np.float16) for r in passed]
        gradients = [None] * len(tensors)
        if passed:
            seeds = [ag.tensor(s.astype(dtype)) for s in seeds]
            gradients = ag.grad(passed, tensors, seeds, allow_unused=True)
        found.append(([r.detach().numpy() for r in floats], gradients))
    (values, gradients), (right, exact) = found
    for k, (value, want) in enumerate(zip(values, right, strict=True)):
        yield Error(units(value, want), name, f"value {k}", value.size, 1.0)
    for k, (g, want) in enumerate(zip(gradients, exact, strict=True)):
        assert (g is None) == (want is None)
        if g is not None:
            yield Error(units(g.numpy(), want.numpy()), name, f"gradient {k}", g.size, 1.0)


def _tensors_in(value: Any) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return [inner for part in value for inner in _tensors_in(part)]
    return [value] if isinstance(value, ag.Tensor) else []


# Under PyTorch's names ----------------------------------------------------------------------------


def enlarged(arguments: calls.Arguments, factor: float) -> calls.Arguments:
    """A call whose arrays are so many times as large."""
    for path in calls.arrays_in(arguments):
        arguments = calls.replaced(arguments, path, factor * calls.value_at(arguments, path))
    return arguments


# How they are compared ----------------------------------------------------------------------------


def spacing(x: Any) -> Any:
    """The distance of neighbouring halves at float64 numbers."""
    size = np.clip(np.abs(x), 2.0**-14, 65504.0)
    return 2.0 ** (np.floor(np.log2(size)) - 10)


def run(function: Any, arrays: list[Any], seed: Any, dtype: Any) -> tuple[Any, list[Any]]:
    """Value and gradients in a dtype, as float64."""
    inputs = [ag.tensor(a.astype(dtype), requires_grad=True) for a in arrays]
    out = function(*inputs)
    assert out.dtype == dtype, f"the result is {out.dtype}"
    if out.requires_grad:
        g = seed(out.shape).astype(dtype)
        gradients = ag.grad(out, inputs, ag.tensor(g), allow_unused=True)
    else:
        gradients = [None] * len(inputs)
    assert all(g is None or g.dtype == dtype for g in gradients)
    return out.numpy() if not out.requires_grad else out.detach().numpy(), gradients


def units(got: Any, want: Any) -> float:
    """The worst error in units in the last place; 0 where the right result is no finite half."""
    got, want = np.asarray(got, float), np.asarray(want, float)
    fits = np.abs(want) < 65504
    if not fits.any():
        return 0.0
    slack = NOISE * np.abs(want[fits]).max()
    error = np.where(fits, np.maximum(abs(got - want) - slack, 0) / spacing(want), 0.0)
    return float("inf") if np.isnan(error).any() else float(error.max())


def errors(subject: Subject) -> Iterator[Error]:
    """One for every size and magnitude at which right results can be represented."""
    for size in subject.sizes:
        for magnitude in subject.magnitudes:
            rng = np.random.default_rng(size)
            arrays = [
                np.float16(np.clip(a, -65504, 65504)).astype(float)
                for a in subject.make(rng, size, magnitude)
            ]

            def seed(shape: tuple[int, ...]) -> Any:
                return np.float16(np.random.default_rng(99).uniform(0.5, 1.5, shape)).astype(float)

            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # rounding what is too large
                value, gradients = run(subject.function, arrays, seed, np.float16)
                right, exact = run(subject.function, arrays, seed, np.float64)
            yield Error(units(value, right), subject.name, "value", size, magnitude)
            if np.abs(right).max(initial=0) >= 65504:
                continue  # derivatives of what is infinite in halves
            for k, (g, want) in enumerate(zip(gradients, exact, strict=True)):
                if want is None:
                    continue
                found = units(g.numpy(), want.numpy())
                yield Error(found, subject.name, f"gradient {k}", size, magnitude)


def worst() -> list[Error]:
    """The worst error of each function, largest first."""
    table: dict[str, Error] = {}
    for subject in subjects():
        for error in errors(subject):
            if error.name not in table or error.units > table[error.name].units:
                table[error.name] = error
    for name, function, arguments in calls.EVERY:
        if name not in NOT_COMPARED:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for error in call_errors(name, function, arguments):
                    if name not in table or error.units > table[name].units:
                        table[name] = error
    return sorted(table.values(), reverse=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--top", type=int, default=0, help="how many functions; default: all")
    top = parser.parse_args().top
    table = worst()
    print(f"{'function':36} units  what        size  magnitude")
    for e in table[: top or None]:
        print(f"{e.name:36} {e.units:5.2f}  {e.what:10} {e.size:6}  {e.magnitude:g}")
    print(f"{len(table)} functions; the limit is {LIMIT}")


if __name__ == "__main__":
    main()
