"""The table of Tensor's operators and methods: every name, and the function behind it.

``t.sum(axis=0)`` is ``autograd.sum(t, axis=0)``. A primitive is a plain function, so it serves as a
method as it is. A name in the table is imported when it is first used (importing the package must
not pay for every family). PyTorch's names are a table of their own, ``spelling/names.py``, which is
loaded when one of them is asked for: here is only how they are called, from ``_names.py``. That file
and ``core/tensor.pyi``, for editors and mypy, are generated (``python -m autograd.stubs``).
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd._names import FOREIGN, SPELLED
from autograd.arguments import dtypes
from autograd.as_array import AsArray, methods_of
from autograd.core.modes import local
from autograd.core.tensor import Tensor

__all__ = ["METHODS", "OPERATORS", "Foreign", "attach", "resolve", "table"]


@functools.cache
def _ops(family: str) -> Any:
    return importlib.import_module(f"autograd.ops.{family}")


# Methods that are more than a function of autograd -----------------------------------------------


def _transposed(self: Tensor) -> Tensor:
    """All axes reversed."""
    return _ops("shapes").transpose(self)


def _matrix_transposed(self: Tensor) -> Tensor:
    """The last two axes swapped."""
    if self.ndim < 2:
        raise ValueError(f"mT: a tensor of shape {self.shape} has no two axes to swap")
    return _ops("shapes").swapaxes(self, -1, -2)


def _together(values: tuple[Any, ...]) -> Any:
    """``f(2, 3)`` as well as ``f((2, 3))`` and ``f(6)``."""
    return values[0] if len(values) == 1 else values


def _reshape(self: Tensor, *shape: Any) -> Tensor:
    """The same elements under another shape: ``t.reshape(2, 3)`` or ``t.reshape((2, 3))``."""
    return _ops("shapes").reshape(self, shape=_together(shape))


# What Python says about a wrong keyword names the function: by the name that was called.
_reshape.__name__ = _reshape.__qualname__ = "reshape"


def _iterate(self: Tensor) -> Any:
    """The slices along the first axis."""
    if not self.ndim:
        raise TypeError("iteration over a 0-d tensor; use .item() for its number")
    return (self[k] for k in range(len(self)))


def _contains(self: Tensor, value: Any) -> bool:
    """True if some element equals the value."""
    if local.state.recording is not None:
        local.state.recording.read(self, "in")
    return bool(np.any(self._data == getattr(value, "_data", value)))


def _divmod(self: Tensor, other: Any) -> tuple[Any, Any]:
    """``(self // other, self % other)``."""
    return self // other, self % other


def _round(self: Tensor, digits: int | None = None) -> Any:
    """``round(t)`` and ``round(t, digits)``; slope 0."""
    rint = _ops("elementwise").rint
    if digits is None:
        return rint(self)
    scale = 10.0**digits
    return rint(self * scale) / scale


def _reflected(path: str) -> Callable[[], Callable[[Tensor, Any], Any]]:
    """A maker of the operator with its operands exchanged."""

    def make() -> Callable[[Tensor, Any], Any]:
        function = getattr(*_home(path))

        def operator(self: Tensor, other: Any, /) -> Any:
            return function(other, self)

        operator.__doc__ = f"``autograd.{function.__name__}(other, self)``."
        return operator

    return make


# The table ----------------------------------------------------------------------------------------

#: Operators: a path in ``autograd.ops``, a function, or a maker of one.
OPERATORS: dict[str, Any] = {
    "__add__": "elementwise.add",
    "__radd__": _reflected("elementwise.add"),
    "__iadd__": "assignment.iadd",
    "__sub__": "elementwise.subtract",
    "__rsub__": _reflected("elementwise.subtract"),
    "__isub__": "assignment.isub",
    "__mul__": "elementwise.multiply",
    "__rmul__": _reflected("elementwise.multiply"),
    "__imul__": "assignment.imul",
    "__truediv__": "elementwise.divide",
    "__rtruediv__": _reflected("elementwise.divide"),
    "__itruediv__": "assignment.itruediv",
    "__floordiv__": "elementwise.floor_divide",
    "__rfloordiv__": _reflected("elementwise.floor_divide"),
    "__ifloordiv__": "assignment.ifloordiv",
    "__mod__": "elementwise.remainder",
    "__rmod__": _reflected("elementwise.remainder"),
    "__imod__": "assignment.imod",
    "__divmod__": _divmod,
    "__pow__": "transcendental.power",
    "__rpow__": _reflected("transcendental.power"),
    "__ipow__": "assignment.ipow",
    "__matmul__": "products.matmul",
    "__rmatmul__": _reflected("products.matmul"),
    "__imatmul__": "assignment.imatmul",
    "__neg__": "elementwise.negative",
    "__pos__": "elementwise.positive",
    "__abs__": "elementwise.absolute",
    "__round__": _round,
    "__invert__": "elementwise.invert",
    "__and__": "elementwise.bitwise_and",
    "__rand__": _reflected("elementwise.bitwise_and"),
    "__iand__": "assignment.iand",
    "__or__": "elementwise.bitwise_or",
    "__ror__": _reflected("elementwise.bitwise_or"),
    "__ior__": "assignment.ior",
    "__xor__": "elementwise.bitwise_xor",
    "__rxor__": _reflected("elementwise.bitwise_xor"),
    "__ixor__": "assignment.ixor",
    "__lshift__": "elementwise.left_shift",
    "__rlshift__": _reflected("elementwise.left_shift"),
    "__ilshift__": "assignment.ilshift",
    "__rshift__": "elementwise.right_shift",
    "__rrshift__": _reflected("elementwise.right_shift"),
    "__irshift__": "assignment.irshift",
    "__eq__": "elementwise.equal",
    "__ne__": "elementwise.not_equal",
    "__lt__": "elementwise.less",
    "__le__": "elementwise.less_equal",
    "__gt__": "elementwise.greater",
    "__ge__": "elementwise.greater_equal",
    "__getitem__": "indexing.getitem",
    "__setitem__": "assignment.setitem",
    "__iter__": _iterate,
    "__contains__": _contains,
}


def _from(family: str, names: str) -> dict[str, str]:
    return {name: f"{family}.{name}" for name in names.split()}


METHODS: dict[str, Any] = {
    **_from("engine", "backward register_hook register_post_accumulate_grad_hook retain_grad"),
    "T": property(_transposed),
    "mT": property(_matrix_transposed),
    "copy": "elementwise.copied",
    "clone": "elementwise.copied",
    "abs": "elementwise.absolute",
    "reshape": _reshape,
    **_from(
        "elementwise",
        "alias astype ceil clip floor fmod isfinite isinf isnan maximum minimum reciprocal "
        "remainder rint round sign sqrt square trunc",
    ),
    **_from(
        "transcendental",
        "arccos arccosh arcsin arcsinh arctan arctan2 arctanh cos cosh deg2rad exp exp2 expm1 "
        "hypot log log10 log1p log2 logaddexp power rad2deg sigmoid sin sinh tan tanh",
    ),
    **_from("activations", "log_softmax relu softmax"),
    **_from(
        "reductions",
        "all amax amin any argmax argmin broadcast_to count_nonzero logsumexp max "
        "max_with_indices mean min min_with_indices prod std sum var",
    ),
    **_from("shapes", "expand_dims flatten flip moveaxis ravel squeeze swapaxes"),
    **_from("split_and_stack", "array_split repeat roll split tile unstack"),
    **_from("cumulative", "cumprod cumsum diff"),
    **_from("gathering", "add_at gather nonzero scatter_add set_at take take_along_axis"),
    **_from("linalg.diagonals", "diagonal trace tril triu"),
    **_from("products", "dot inner outer"),
    **_from("sorting", "argsort median quantile sort topk"),
    **_from("special", "erf erfc"),
    **_from("statistics", "nan_to_num nanmean nansum ptp"),
    "norm": "linalg.norms.norm",
}

#: NumPy's questions to a tensor, as paths too.
PROTOCOLS: dict[str, str] = {
    "__array_ufunc__": "protocols.array_ufunc",
    "__array_function__": "protocols.array_function",
}


@functools.cache
def table() -> dict[str, Any]:
    """Operators and methods: PyTorch's names, and its readings of names that both have, in the place of ours."""
    from autograd.spelling import names

    return {**OPERATORS, **METHODS, **names.METHODS}


def _home(path: str) -> tuple[Any, str]:
    """The module that a path leads to, and the name in it."""
    family, _, name = path.rpartition(".")
    if family in ("assignment", "engine", "protocols") or family.startswith(("ops.", "spelling.")):
        return importlib.import_module(f"autograd.{family}"), name
    return _ops(family), name


def resolve(name: str) -> Any:
    """The function (or property) behind an operator or method, put on Tensor for good."""
    from autograd.spelling.blame import blaming
    from autograd.spelling.keywords import spelled

    entry: Any = PROTOCOLS.get(name) or table()[name]
    path = entry
    if isinstance(path, str):
        module, short = _home(path)
        entry = getattr(module, short)
        if not (path.startswith("spelling.") or name.startswith("__")):
            entry = spelled(entry)
        elif path.startswith("spelling.") and not hasattr(entry, "blames"):
            entry = blaming(name, entry)
        if not hasattr(entry, "primitive"):
            setattr(module, short, entry)  # pickle finds functions by the module that defines them
    elif getattr(entry, "__qualname__", "").startswith("_reflected."):
        entry = entry()
    setattr(Tensor, name, entry)
    return entry


class _Later:
    """Stands in for a method until its first use."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return resolve(self._name).__get__(instance, owner)


class Foreign:
    """An attribute that tensors do not have, and what to write instead (``autograd.hints``)."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        from autograd.hints import ATTRIBUTES

        raise AttributeError(f"a Tensor has no {self._name!r}; write {ATTRIBUTES[self._name]}")


def _own_names(self: Tensor) -> list[str]:
    """The attributes that there are: without those that only say what to write instead."""
    foreign = frozenset(FOREIGN.split())
    return [name for name in object.__dir__(self) if name not in foreign]


def _missing(self: Tensor, name: str) -> Any:
    from autograd.arguments import no_attribute

    raise no_attribute(self, name)


def _told(data: Any) -> None:
    importlib.import_module("autograd.spelling.differences").differs_in_tensor(data)


def _sized(sizes: tuple[Any, ...]) -> Any:
    return importlib.import_module("autograd.spelling.differences").zeros_of_size(sizes)


def _as_html(self: Tensor) -> str:
    """How a tensor shows itself in a notebook; what draws it is loaded only then."""
    return importlib.import_module("autograd.viz").tensor_html(self)


def _tell_of_widening() -> None:
    importlib.import_module("autograd.spelling.differences").differs_in_dtype()


def attach() -> None:
    """Put the operators and methods on Tensor."""
    Tensor._repr_html_ = _as_html  # type: ignore[attr-defined]
    Tensor.__dir__ = _own_names  # type: ignore[assignment]
    Tensor.__getattr__ = _missing  # type: ignore[attr-defined]
    Tensor._told = staticmethod(_told)  # type: ignore[attr-defined]
    Tensor._sized = staticmethod(_sized)
    dtypes.told_of_widening = _tell_of_widening
    methods: Any = Tensor
    methods.__array_priority__ = 1000.0
    for name in FOREIGN.split():
        setattr(Tensor, name, Foreign(name))
    for name, method in methods_of(AsArray).items():
        setattr(Tensor, name, method)
    for name, entry in (*OPERATORS.items(), *METHODS.items()):
        later = isinstance(entry, str) or getattr(entry, "__qualname__", "")[:11] == "_reflected."
        setattr(Tensor, name, _Later(name) if later else entry)
    for name in (*PROTOCOLS, *SPELLED.split()):
        setattr(Tensor, name, _Later(name))


attach()
