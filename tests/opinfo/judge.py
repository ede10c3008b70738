"""One case on both sides: do values, dtypes, gradients and second derivatives agree?"""

import linecache
import re
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np

import autograd
from autograd import SpellingWarning, Tensor
from tests.opinfo.cases import CannotBeSaid, Converter, as_array

#: Of these only shapes and dtypes can be compared.
RANDOM = frozenset(
    "alpha_dropout bernoulli cauchy dropout dropout2d dropout3d empty empty_like exponential "
    "feature_alpha_dropout geometric log_normal multinomial new_empty normal rand_like randint "
    "randint_like randn randn_like rrelu scaled_dot_product_attention uniform".split()
)
_TOLERANCE = {"float64": 1e-9, "float32": 3e-5, "float16": 3e-3}
_OWN = tuple(str(Path(autograd.__file__).parents[1] / name) for name in ("autograd", "nn"))


class Verdict(NamedTuple):
    """What came of a case.

    Attributes:
        kind: "agrees"; "warns" (differs, with a SpellingWarning); "both refuse"; "refuses" (an error
            of ours where PyTorch has none); "theirs refuses"; "cannot be said"; or what is wrong:
            "outputs", "values", "dtype", "gradient", "second derivative", "internal error", "silent".
        detail: in words.
    """

    kind: str
    detail: str = ""


#: The kinds that are nobody's fault.
FINE = frozenset({"agrees", "warns", "both refuse", "theirs refuses", "cannot be said"})


class _Differs(Exception):
    """kind, and in words."""


def judge(op, ours, theirs, sample, torch, strided=False, second=True):
    """Run a case on both sides.

    Args:
        op: an OpInfo.
        ours, theirs: the callables, from ``spellings``.
        sample: a SampleInput.
        strided: give tensors that are not contiguous.
        second: compare second derivatives, too, in float64.
    """
    convert = Converter(torch, strided)
    try:
        given = convert(sample.input), convert(tuple(sample.args)), convert(dict(sample.kwargs))
    except CannotBeSaid as reason:
        return Verdict("cannot be said", str(reason))
    if isinstance(given[0], (bool, int, float)) and not op.name.endswith("space"):
        return Verdict("cannot be said", "of a plain number, which has no methods and no dtype")
    wanted, refusal = _theirs(theirs, sample)
    with warnings.catch_warnings(record=True) as told, np.errstate(all="ignore"):
        warnings.simplefilter("always")
        try:
            result = ours(given[0], *given[1], **given[2])
        except Exception as error:
            if not is_ours(error):
                return Verdict("internal error", _words(error))
            return Verdict("refuses" if refusal is None else "both refuse", _words(error))
        if refusal is not None:
            return Verdict("theirs refuses", _words(refusal))
        try:
            _compare(op, result, wanted, convert.leaves, torch, second)
        except _Differs as found:
            warned = any(issubclass(w.category, SpellingWarning) for w in told)
            return Verdict("warns" if warned else found.args[0], found.args[1])
        except CannotBeSaid as reason:
            return Verdict("cannot be said", str(reason))
    noise = [w for w in told if not issubclass(w.category, SpellingWarning)]
    return Verdict("noise", str(noise[0].message)) if noise else Verdict("agrees")


def judge_error(ours, theirs, sample, torch):
    """Run a case that PyTorch refuses: we have to refuse it too, by an error of our own."""
    convert = Converter(torch)
    try:
        given = convert(sample.input), convert(tuple(sample.args)), convert(dict(sample.kwargs))
    except CannotBeSaid as reason:
        return Verdict("cannot be said", str(reason))
    if not isinstance(given[0], (Tensor, list, tuple)):
        return Verdict("cannot be said", "a plain number, which NumPy's functions take")
    _, refusal = _theirs(theirs, sample)
    if refusal is None:
        return Verdict("cannot be said", "PyTorch refuses it elsewhere only")
    if re.search("must be Tensor, not (int|float)", str(refusal)):
        return Verdict("cannot be said", "a plain number, which NumPy's functions take")
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            result = ours(given[0], *given[1], **given[2])
        except Exception as error:
            return Verdict("both refuse" if is_ours(error) else "internal error", _words(error))
    shapes = [as_array(part).shape for part in _flat(result)]
    return Verdict("silent", f"gives {shapes}; PyTorch: {_words(refusal)}")


def is_ours(error):
    """Whether an error was raised on purpose by ``autograd`` or ``nn``, and is of an allowed kind."""
    allowed = (ValueError, TypeError, IndexError, RuntimeError)
    if not isinstance(error, allowed) or isinstance(error, NotImplementedError):
        return False
    trace = error.__traceback__
    while trace.tb_next:
        trace = trace.tb_next
    file = trace.tb_frame.f_code.co_filename
    if not file.startswith(_OWN):
        return file == __file__ or file.endswith("cases.py")  # Python's own: arguments do not fit
    lines = [linecache.getline(file, n) for n in range(trace.tb_lineno - 6, trace.tb_lineno + 1)]
    return any("raise" in line for line in lines)


def _theirs(theirs, sample):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return theirs(sample.input, *sample.args, **sample.kwargs), None
        except Exception as error:
            return None, error


def _words(error):
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def _flat(result):
    if isinstance(result, (list, tuple)):
        return [part for each in result for part in _flat(each)]
    return [result]


# Comparing ----------------------------------------------------------------------------------------


def _compare(op, result, wanted, leaves, torch, second):
    ours, theirs = _flat(result), _flat(wanted)
    several = [isinstance(each, (tuple, list)) for each in (result, wanted)]
    if len(ours) != len(theirs) or several[0] != several[1]:
        raise _Differs("outputs", f"{len(ours)} of {type(result)}, not {len(theirs)}")
    random = op.name.rpartition(".")[2] in RANDOM
    for one, other in zip(ours, theirs, strict=True):
        _compare_values(one, other, random, torch)
    if random:
        return
    pairs = [
        (one, other)
        for one, other in zip(ours, theirs, strict=True)
        if isinstance(other, torch.Tensor) and other.requires_grad and other.is_floating_point()
        and getattr(one, "requires_grad", False)
    ]  # fmt: skip
    if any(np.isnan(as_array(t)).any() for t in (*theirs, *(leaf for leaf, _, _ in leaves))):
        return  # what the slope of NaN is nobody can say
    if not pairs:
        if any(isinstance(t, torch.Tensor) and t.requires_grad for t in theirs):
            raise _Differs("gradient", "there is none")
        return
    second = second and op.supports_gradgrad and pairs[0][1].dtype == torch.float64
    gradients = _gradients(pairs, leaves, torch, second, "gradient")
    if second and gradients:
        kept = [(a, b) for a, b in gradients if a.requires_grad and b.requires_grad]
        if kept:
            _gradients(kept, leaves, torch, False, "second derivative")


def _compare_values(one, other, random, torch):
    if one is None and other is None:
        return
    a, b = as_array(one), as_array(other)
    if b.dtype.kind == "c":
        raise CannotBeSaid("complex")
    tolerance = _TOLERANCE.get(str(b.dtype), 0.0) if a.dtype == b.dtype else 1e-5
    if a.shape != b.shape or not random:
        told = difference(a, b, tolerance)
        if told:
            raise _Differs("values", told)
    if (a.dtype, b.dtype) == (np.uint64, np.int64):
        return  # NumPy's sums of uint8
    if isinstance(other, torch.Tensor) and a.dtype != b.dtype:
        raise _Differs("dtype", f"{a.dtype} for {b.dtype}")


def _gradients(pairs, leaves, torch, create_graph, kind):
    """Gradients of outputs times fixed numbers; what there is on both sides, for the next order."""
    rng = np.random.default_rng(0)
    mine = total = None
    for one, other in pairs:
        seed = np.asarray(rng.standard_normal(tuple(other.shape)), as_array(other).dtype)
        part, share = (one * autograd.tensor(seed)).sum(), (other * torch.from_numpy(seed)).sum()
        mine, total = (part, share) if mine is None else (mine + part, total + share)
    try:
        theirs = torch.autograd.grad(
            total, [t for t, _, _ in leaves], allow_unused=True, create_graph=create_graph
        )
    except (RuntimeError, NotImplementedError, IndexError):
        return []  # PyTorch has none
    try:
        ours = autograd.grad(
            mine, [leaf for _, leaf, _ in leaves], allow_unused=True, create_graph=create_graph
        )
    except Exception as error:
        refused = f"refuses a {kind}" if is_ours(error) else "internal error"
        raise _Differs(refused, _words(error)) from None
    found = []
    for k, (g, (tensor, _, read), wanted) in enumerate(zip(ours, leaves, theirs, strict=True)):
        zeros = np.zeros(tuple(tensor.shape))
        a = zeros if g is None else as_array(read(g))
        b = zeros if wanted is None else as_array(wanted)
        tolerance = 5 * _TOLERANCE[str(as_array(tensor).dtype)]
        told = difference(a, b, 1e-7 if kind != "gradient" else tolerance)
        if told:
            raise _Differs(kind, f"of input {k}: {told}")
        if g is not None and wanted is not None:
            found.append((read(g), wanted))
    return found


def difference(a, b, tolerance):
    """In words what differs between two arrays, or None."""
    if a.shape != b.shape:
        return f"shape {a.shape} for {b.shape}"
    if a.dtype.kind in "biu" and b.dtype.kind in "biu":
        return None if np.array_equal(a, b) else f"{a.ravel()[:4]} for {b.ravel()[:4]}"
    half = b.dtype == np.float16
    a, b = a.astype(np.float64), b.astype(np.float64)
    with np.errstate(all="ignore"):
        largest = np.abs(b, where=np.isfinite(b), out=np.zeros_like(b)).max(initial=1.0)
        near = np.abs(a - b) <= tolerance * (1.0 + np.abs(b)) + 1e-3 * tolerance * largest
    fine = near & np.isfinite(b) | (a == b) | (np.isnan(a) & np.isnan(b))
    if half:  # which PyTorch overflows in, where we compute in float32
        fine |= np.isinf(b) & np.isfinite(a)
    wrong = np.flatnonzero(~fine)
    if not wrong.size:
        return None
    k = wrong[0]
    return f"{a.ravel()[k]!r} for {b.ravel()[k]!r}, and {wrong.size - 1} more of {a.size}"
