"""A search for mistakes, for as long as you like: ``python -m tests.fuzz --minutes 5 --seed 1``.

It draws small programs as Python source: functions of NumPy with random shapes, axes, indices and
other arguments, one applied to the results of others; or a single convolution or pooling. A program
runs twice, on arrays and on tensors. NumPy (plain loops for the layers of ``nn.functional``) is the
oracle of values and, through central differences, of gradients; what NumPy refuses must be refused
here in our own words, or work. On a failure a snippet is printed that repeats it, and the search
goes on; the exit status is 1 if there was one.
"""

from __future__ import annotations

import argparse
import itertools
import math
import re
import sys
import time
import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

import autograd as ag
import nn.functional as F

OURS = (ValueError, TypeError, IndexError, RuntimeError)

#: Where NumPy makes something of an array that we refuse, on purpose.
STRICTER = re.compile(
    "since the array is 0-d|must have at least (one|two) ax|there are no elements over|"
    "vectors.* not one axis|must be a vector|observations, m has|nothing but the padding|"
    r"at least one axis|is out of bounds for axis .* has shape \(.*\b0\b"
)

UNARY = """
np.exp(A * 0.3) | np.exp2(A) | np.expm1(A) | np.log(abs(A) + 0.5) | np.log1p(abs(A)) | np.sin(A)
np.cos(A) | np.tan(A * 0.3) | np.arctan(A) | np.arcsinh(A) | np.tanh(A) | np.cosh(A) | np.sinc(A)
np.sqrt(abs(A) + 0.5) | np.square(A) | np.cbrt(A + 3) | np.abs(A) | np.sign(A) | np.floor(A * 2.3)
np.round(A, 1) | -A | A ** 2 | A ** 3 | A ** -1.5 | 1.5 ** A | np.clip(A, -0.5, 0.7)
np.nan_to_num(A) | np.heaviside(A, 0.5) | np.degrees(A) | A.T | np.float_power(abs(A) + 0.1, 1.5)
np.modf(A * 2.7)[0] | np.ravel(A) | np.atleast_2d(A) | np.atleast_3d(A) | np.reciprocal(A + 4)
np.linalg.norm(A) | np.ediff1d(A) | np.where(A > 0, A, 0.1 * A) | np.copy(A) | np.fix(A * 2.1)
"""

BINARY = """
A + B | A - B | A * B | A / (abs(B) + 0.5) | np.maximum(A, B) | np.minimum(A, B)
np.arctan2(A, B) | np.hypot(A, B) | np.logaddexp(A, B) | np.where(A > B, A, 0.5 * B)
np.fmod(A, abs(B) + 0.5) | np.remainder(A, abs(B) + 0.5) | (abs(A) + 0.3) ** B | np.copysign(A, B)
np.fmax(A, B) | np.outer(A, B) | np.kron(A, B) | np.append(A, B) | np.broadcast_arrays(A, B)[0]
np.dot(A, B) | np.inner(A, B) | np.vdot(A, B) | A @ B | np.tensordot(A, B, 1)
np.concatenate([A, B]) | np.stack([A, B]) | np.hstack([A, B])
np.interp(A, [-1, 0.5, 2], [3, 1, 4.0]) | np.meshgrid(A, B)[0] | np.polyval(B, A) | np.cov(A, B)
np.cross(A, B) | np.block([[A, B]]) | np.ediff1d(A, to_end=B)
"""

#: One operand; I, J: integers, X: an axis, XS: axes or None, K: a bool, N: an index, S: a shape.
SHAPED = """
np.sum(A, axis=XS, keepdims=K) | np.mean(A, axis=XS, keepdims=K) | np.prod(A, axis=XS, keepdims=K)
np.var(A, axis=XS, ddof=0, keepdims=K) | np.std(A, axis=XS, keepdims=K)
np.max(A, axis=XS, keepdims=K) | np.min(A, axis=XS) | np.ptp(A, axis=XS)
np.median(A, axis=XS, keepdims=K) | np.quantile(A, 0.37, axis=XS) | np.nanmean(A, axis=XS)
np.nanmedian(A, axis=XS) | np.nanquantile(A, 0.7, axis=XS, method="lower") | np.cumsum(A, axis=X)
np.cumprod(A, axis=X) | np.nancumsum(A, axis=X) | np.diff(A, n=I, axis=X) | np.sort(A, axis=X)
np.flip(A, axis=XS) | np.roll(A, J, axis=X) | np.repeat(A, I, axis=X) | np.tile(A, (I, 2))
np.pad(A, I) | np.pad(A, (I, 1), mode="edge") | np.pad(A, I, mode="reflect")
np.pad(A, I, mode="wrap") | np.take(A, [0, J], axis=X) | A[N] | A[N] | A[N] | np.reshape(A, S)
np.transpose(A, XS) | np.moveaxis(A, X, J) | np.swapaxes(A, X, X) | np.expand_dims(A, X)
np.squeeze(A, axis=X) | np.squeeze(A) | np.array_split(A, 2, axis=X)[0] | np.rot90(A, J)
np.tril(A, J) | np.triu(A, J) | np.diagonal(A, J) | np.trace(A, J) | np.diag(A, J)
np.gradient(A, axis=X) | np.gradient(A, 0.5, axis=X, edge_order=2) | np.trapezoid(A, axis=X)
np.insert(A, J, 0.5, axis=X) | np.delete(A, J, axis=X) | np.resize(A, (I, 3))
np.average(A, axis=X) | np.cumulative_sum(A, axis=X, include_initial=K) | np.unwrap(A * 3, axis=X)
np.linalg.norm(A, axis=X) | np.linalg.norm(A, ord=1, axis=X) | np.corrcoef(A)
np.einsum("...i->...", A) | A.reshape(S) | np.compress([True, False, True], A, axis=X)
np.vander(A, I) | np.stack([A, A], axis=X) | np.broadcast_to(A, S) | np.rollaxis(A, X)
np.take_along_axis(A, np.argsort(A, axis=X), axis=X) | np.select([A > 0], [A], -1.0) | A.mean(X)
np.nanmax(A, axis=XS) | np.argmax(A, axis=X) * 1.0 | np.linalg.det(A @ A.T)
"""


def templates(group: str) -> list[str]:
    """The programs of a group that this version of NumPy knows the functions of."""
    each = [t.strip() for t in re.split(r"[|\n]", group) if t.strip()]
    return [t for t in each if all(hasattr(np, name) for name in re.findall(r"np\.(\w+)", t))]


TEMPLATES = [templates(group) for group in (UNARY, BINARY, SHAPED)]


class Drawing:
    """Random pieces of source text, and the inputs that they use."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rng = np.random.default_rng(seed)
        self.shapes: dict[str, tuple[int, ...]] = {}

    def pick(self, options: Any) -> Any:
        return options[int(self.rng.integers(len(options)))]

    def size(self) -> int:
        return self.pick([1, 2, 2, 3, 3, 4, 5, 1, 2, 3, 0 if self.rng.random() < 0.2 else 2])

    def some(self, low: int, high: int, n: int) -> list[int]:
        return [int(v) for v in self.rng.integers(low, high, n)]

    def input(self, shape: tuple[int, ...]) -> str:
        name = f"x{len(self.shapes)}"
        self.shapes[name] = shape
        return name

    def axes(self, ndim: int) -> Any:
        some = [int(k) for k in self.rng.permutation(ndim)[: self.rng.integers(ndim + 1)]]
        return self.pick([None, self.axis(ndim), tuple(some)])

    def axis(self, ndim: int) -> int:
        return int(self.rng.integers(-ndim, max(ndim, 1)))

    def index(self, shape: tuple[int, ...]) -> str:
        parts = []
        for n in shape[: self.rng.integers(1, len(shape) + 1)] if shape else ():
            a, b = self.some(-n - 1, n + 2, 2)
            places = self.some(-n, max(n, 1), 3)
            mask = [bool(v) for v in self.rng.integers(0, 2, n)]
            step = self.pick(["", ":-1", ":2"])
            parts.append(self.pick([str(places[0]), f"{a}:{b}{step}", ":", f"{places}", f"{mask}"]))
        for extra in ("None", "..."):
            if self.rng.random() < 0.2:
                parts.insert(int(self.rng.integers(len(parts) + 1)), extra)
        return ", ".join(parts) or "..."

    def new_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        n = math.prod(shape)
        k = self.pick([k for k in range(1, n + 1) if n % k == 0] or [0])
        return self.pick([(-1,), (k, -1), (n,), (1, *shape), (2, *shape), (k, n // max(k, 1), 1)])

    def fill(self, template: str, a: str, b: str, shape: tuple[int, ...]) -> str:
        """A template with names and arguments in place of its capital letters."""
        words = {
            "A": a, "B": b, "I": self.rng.integers(0, 4), "J": self.rng.integers(-3, 4),
            "X": self.axis(len(shape)), "XS": self.axes(len(shape)),
            "K": bool(self.rng.integers(2)), "N": self.index(shape), "S": self.new_shape(shape),
        }  # fmt: skip
        return re.sub(r"\b(A|B|I|J|X|XS|K|N|S)\b", lambda m: str(words[m[0]]), template)

    def arrays(self, dtype: Any = np.float64) -> dict[str, Any]:
        """The inputs: distinct numbers, in different orders of memory."""
        rng = np.random.default_rng(self.seed)
        made = {}
        for k, (name, shape) in enumerate(self.shapes.items()):
            x = rng.normal(size=shape).astype(dtype)
            made[name] = np.asfortranarray(x) if (self.seed + k) % 3 == 0 else x
        return made


class Program(NamedTuple):
    """Lines that assign y0, y1, …; what they call in the oracle's run, and in ours."""

    lines: list[str]
    theirs: dict[str, Any]
    ours: dict[str, Any]
    d: Drawing


def run(lines: list[str], called: dict[str, Any], inputs: dict[str, Any]) -> list[Any]:
    """The values that the lines assign."""
    scope = {**called, **inputs}
    exec("\n".join(lines), scope)
    return [scope[line.split(" ")[0]] for line in lines]


# Programs of NumPy's functions --------------------------------------------------------------------


def draw_program(d: Drawing) -> Program:
    """A few lines, functions of inputs and earlier lines; what NumPy refuses is left out."""
    called, lines = {"np": np}, list[str]()
    first = d.input(tuple(d.size() for _ in range(d.rng.integers(0, 4))))
    values = {first: d.shapes[first]}
    for _ in range(d.rng.integers(1, 6)):
        a, b = d.pick(list(values)), d.pick(list(values))
        template = d.pick(TEMPLATES[d.pick([0, 1, 1, 2, 2, 2, 2])])
        if "B" in template and d.rng.random() < 0.6:  # a new input that broadcasts, mostly
            shape = tuple(n if d.rng.random() < 0.7 else 1 for n in values[a])
            b = d.input(shape[int(d.rng.integers(len(shape) + 1)) :] or values[a])
            values[b] = d.shapes[b]
        name = f"y{len(lines)}"
        line = f"{name} = {d.fill(template, a, b, values[a])}"
        try:
            result = run([*lines, line], called, d.arrays())[-1]
        except Exception:
            expect_refusal([*lines, line], called, d)
            continue
        if isinstance(result, (np.ndarray, np.floating)) and np.size(result) < 500:
            values[name] = np.shape(result)
            lines.append(line)
            if not np.isfinite(result).all() or (np.abs(result) > 1e4).any():
                break
    return Program(lines, called, called, d)


def expect_refusal(lines: list[str], called: dict[str, Any], d: Drawing) -> None:
    """NumPy has refused the last line: so must we, in our words, unless it makes sense here."""
    tensors = {k: ag.tensor(v, requires_grad=True) for k, v in d.arrays().items()}
    try:
        run(lines, called, tensors)
    except Exception as error:
        ours = isinstance(error, OURS) and re.search(r": |np\.|\(\)|tensor", str(error))
        assert ours, f"refused, but not in our words: {'; '.join(lines)}: {error!r}"


# Layers against plain loops -----------------------------------------------------------------------


def slide(
    of_window: Any, x: Any, k: Any, stride: Any, padding: Any, dilation: Any, fill: float = 0.0
) -> Any:
    """What a function gives for every window (N, C, *k) of x (N, C, *S), one by one."""
    x = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in padding)], constant_values=fill)
    reach = [d * (m - 1) + 1 for m, d in zip(k, dilation, strict=True)]
    starts = [range(0, n - r + 1, s) for n, r, s in zip(x.shape[2:], reach, stride, strict=True)]
    values = []
    for place in itertools.product(*starts):
        cut = [slice(p, p + r, d) for p, r, d in zip(place, reach, dilation, strict=True)]
        values.append(of_window(x[(slice(None), slice(None), *cut)]))
    return np.stack(values, -1).reshape(*values[0].shape, *map(len, starts))


def plain_conv(
    x: Any, w: Any, b: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Any:
    def of_window(part: Any) -> Any:
        both = zip(np.split(part, groups, 1), np.split(w, groups), strict=True)
        rows = [p.reshape(len(p), -1) @ v.reshape(len(v), -1).T for p, v in both]
        return np.concatenate(rows, 1) + b

    return slide(of_window, x, w.shape[2:], stride, padding, dilation)


def plain_pool(reduce: Any, fill: float) -> Any:
    def of_window(part: Any) -> Any:
        return reduce(part, axis=tuple(range(2, part.ndim)))

    def pool(x: Any, k: Any, stride: Any, padding: Any, dilation: Any = (1, 1, 1)) -> Any:
        return slide(of_window, x, k, stride, padding, dilation[: len(k)], fill)

    return pool


PLAIN = {
    "conv": plain_conv,
    "max_pool": plain_pool(np.max, -math.inf),
    "avg_pool": plain_pool(np.mean, 0.0),
}


def draw_layer(d: Drawing) -> Program:
    """A convolution or pooling in one to three dimensions."""
    n = d.pick([1, 2, 2, 3])
    k, stride, dilation = (tuple(d.some(1, 4, n)) for _ in range(3))
    padding = tuple(int(d.rng.integers(0, m // 2 + 1)) for m in k)
    least = [e * (m - 1) + 1 for m, e in zip(k, dilation, strict=True)]
    sizes = [m + extra for m, extra in zip(least, d.some(0, 6 - n, n), strict=True)]
    batch, each, groups = d.some(1, 4, 3)
    d.input((batch, groups * each, *sizes))
    kind = d.pick(["conv", "conv", "max_pool", "avg_pool"])
    name = f"{kind}{n}d"
    if kind == "conv":
        out = groups * d.some(1, 4, 1)[0]
        d.input((out, each, *k)), d.input((out,))
        line = f"y0 = F.{name}(x0, x1, x2, {stride}, {padding}, {dilation}, {groups})"
    else:
        more = f", {dilation}" if kind == "max_pool" else ""
        line = f"y0 = F.{name}(x0, {k}, {stride}, {padding}{more})"
    oracle = SimpleNamespace(**{name: PLAIN[kind]})
    return Program([line], {"F": oracle}, {"F": F}, d)


# The checks ---------------------------------------------------------------------------------------


def check_values(program: Program, dtype: Any) -> None:
    """Raise if tensors and arrays differ in shapes, dtypes or values."""
    arrays = program.d.arrays(dtype)
    tensors = {name: ag.tensor(x, requires_grad=True) for name, x in arrays.items()}
    want = run(program.lines, program.theirs, arrays)
    with ag.default_dtype(dtype):  # which integers with a number become
        got = run(program.lines, program.ours, tensors)
    for line, w, g in zip(program.lines, want, got, strict=True):
        w, g = np.asarray(w), g.detach().numpy() if isinstance(g, ag.Tensor) else np.asarray(g)
        assert g.shape == w.shape, f"{line}: shape {g.shape}, not {w.shape}"
        assert g.dtype in (w.dtype, dtype), f"{line}: {g.dtype}, not {w.dtype}"
        if dtype == np.float64:
            assert np.allclose(g, w, 1e-8, 1e-10, equal_nan=True), f"{line}: {g}, not {w}"


def loss(values: list[Any]) -> Any:
    """All values, each times a number of its own, added up."""
    weights = [np.cos(np.arange(float(y.size)) + k).reshape(y.shape) for k, y in enumerate(values)]
    return sum((y * w).sum() for y, w in zip(values, weights, strict=True))


def our_derivatives(program: Program, arrays: Any, way: Any) -> tuple[float, float]:
    """First and second derivative of the loss along a direction, by backward passes."""
    inputs = [ag.tensor(x, requires_grad=True) for x in arrays.values()]

    def along(value: Any) -> Any:
        if not getattr(value, "requires_grad", False):
            return 0.0
        slopes = ag.grad(value, inputs, create_graph=True, allow_unused=True)
        both = zip(slopes, way.values(), strict=True)
        return sum((g * w).sum() for g, w in both if g is not None)

    given = dict(zip(arrays, inputs, strict=True))
    first = along(loss(run(program.lines, program.ours, given)))
    return float(first), float(along(first))


def check_derivatives(program: Program) -> None:
    """Raise if a derivative differs from differences: of NumPy's values, of our first ones."""
    arrays = program.d.arrays()
    rng = np.random.default_rng(program.d.seed + 1)
    way = {name: rng.normal(size=x.shape) for name, x in arrays.items()}

    def theirs(moved: Any) -> float:
        return float(loss(run(program.lines, program.theirs, moved)))

    def ours(moved: Any) -> float:
        return our_derivatives(program, moved, way)[0]

    def rates(f: Callable[[Any], float]) -> list[float]:
        ahead_behind = [[{n: x + h * way[n] for n, x in arrays.items()} for h in (step, -step)]
                        for step in (1e-5, 2e-6)]  # fmt: skip
        return [
            (f(a) - f(b)) / (2 * h) for (a, b), h in zip(ahead_behind, (1e-5, 2e-6), strict=True)
        ]

    if np.isfinite(size := theirs(arrays)):
        first, second = our_derivatives(program, arrays, way)
        compare("first derivative", first, rates(theirs), abs(size))
        compare("second derivative", second, rates(ours), abs(first))


def compare(what: str, exact: float, rates: list[float], scale: float) -> None:
    """Differences of two widths that disagree straddle a kink, and prove nothing."""
    room = 1e-4 * max(1.0, scale, abs(rates[0]))
    if np.isfinite(rates).all() and abs(rates[0] - rates[1]) < room / 4:
        assert abs(exact - rates[1]) < room, f"{what} {exact}, by differences {rates[1]}"


def attempt(seed: int) -> str | None:
    """Draw and check one program; a snippet that repeats its failure, or None."""
    d, program = Drawing(seed), None
    try:
        program = (draw_layer if seed % 4 == 0 else draw_program)(d)
        if program.lines:
            check_values(program, np.float64)
            check_values(program, np.float32)
            check_derivatives(program)
    except Exception as error:
        if isinstance(error, OURS) and STRICTER.search(str(error)):
            return None
        inputs = [f"{name} = ag.tensor(rng.normal(size={s}), requires_grad=True)"
                  for name, s in d.shapes.items()]  # fmt: skip
        return "\n    ".join(
            [f"{type(error).__name__}: {error}",
             "import numpy as np, autograd as ag, nn.functional as F",
             f"rng = np.random.default_rng({seed})", *inputs,
             *(program.lines if program else ["# the line in the message"]),
             f"# again: python -m tests.fuzz --only {seed}\n"]
        )  # fmt: skip
    return None


def main() -> int:
    """Search until the time is over; returns 1 if anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="how long (default 1)")
    parser.add_argument("--seed", type=int, default=0, help="where to start (default 0)")
    parser.add_argument("--only", type=int, help="repeat one program, given by its number")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    start = 1_000_000 * options.seed if options.only is None else options.only
    end, tried, found = time.monotonic() + 60 * options.minutes, 0, 0
    while tried == 0 or (options.only is None and time.monotonic() < end):
        snippet = attempt(start + tried)
        tried += 1
        if snippet:
            found += 1
            print(snippet, flush=True)
    print(f"{tried} programs, {found} failures")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
