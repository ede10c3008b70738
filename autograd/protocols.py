"""NumPy's protocols: ``np.exp(t)``, ``np.concatenate([t, u])`` and ``array * t`` give tensors.

A NumPy function is answered by ours of the same name; where the name means something else
(``np.correlate``) it is refused with a word about ours, and an unknown one is refused too, rather
than silently losing the gradient.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd._names import WHERE
from autograd.arguments.arrays import raw
from autograd.core.tensor import Tensor
from autograd.spelling.keywords import required_of

__all__ = ["array_function", "array_ufunc"]

#: NumPy's ufuncs whose name differs from ours.
_RENAMED = {"conjugate": "positive", "fabs": "absolute"}

#: Functions of NumPy that mean something else than ours of the same name.
_REFUSED = {
    "convolve": "autograd.convolve works on images (N, C, L) with kernels (O, C, K); "
    "for 1-d signals write autograd.convolve(a[None, None], v[None, None], padding=len(v) - 1)",
    "correlate": "autograd.correlate works on images (N, C, L) with kernels (O, C, K); "
    "for 1-d signals write autograd.correlate(a[None, None], v[None, None])",
    "histogram": "counting has no gradient; use t.detach().numpy()",
}

#: Functions of NumPy under another name here.
_SYNONYMS = {
    "concat": "concatenate",
    "fix": "trunc",
    "permute_dims": "transpose",
    "real": "alias",
    "row_stack": "vstack",
}

#: Keywords of NumPy under another name here.
_KEYWORDS = {"a_min": "low", "a_max": "high", "min": "low", "max": "high", "correction": "ddof"}

#: Keywords of NumPy about how it computes; any value, or the ones listed, change nothing here.
_ABOUT_SPEED: dict[str, tuple[Any, ...] | None] = {
    "casting": ("same_kind",),
    "copy": None,
    "kind": None,  # our sorts are stable, whichever is asked for
    "optimize": None,
    "order": ("C", "K", "A"),
    "overwrite_input": None,
    "stable": None,
    "subok": None,
}

#: Functions whose ``dtype=`` means: convert first.
_CONVERTING = frozenset({"cumprod", "cumsum", "mean", "prod", "std", "sum", "var"})

#: What a method answers, and questions that need no graph.
_PLAIN: dict[str, Callable[..., Any]] = {
    "copy": lambda a, *args, **kwargs: a.copy(),
    "shape": lambda a: a.shape,
    "ndim": lambda a: a.ndim,
    "iscomplexobj": lambda x: False,
    "isrealobj": lambda x: True,
    "array_repr": lambda arr, *args, **kwargs: repr(arr),
    "array_str": lambda a, *args, **kwargs: str(a),
}

#: Writing to files loses no gradient: what is written are values.
_WRITING = frozenset({"save", "savetxt", "savez", "savez_compressed"})

#: Questions without a gradient, answered by NumPy about the tensors' values.
_ABOUT_VALUES = frozenset(
    "allclose array_equal array_equiv can_cast digitize flatnonzero isclose iscomplex isfortran "
    "isin isneginf isposinf isreal lexsort may_share_memory min_scalar_type nanargmax nanargmin "
    "ravel_multi_index result_type shares_memory size unravel_index".split()
)


def _detached(value: Any) -> Any:
    """An argument with arrays in place of tensors."""
    if isinstance(value, (list, tuple)):
        return type(value)([_detached(v) for v in value])
    return np.asarray(raw(value)) if isinstance(value, Tensor) else value


def _ours(name: str) -> Any:
    """Our function of NumPy's name, as it is under this name only: no other reading of it."""
    import autograd
    from autograd.spelling.names import READINGS

    if name in READINGS:
        return getattr(importlib.import_module(f"autograd.{WHERE[name]}"), name)
    found = getattr(autograd, name, None) if name in WHERE else None
    return found if callable(found) and not isinstance(found, type) else None


def array_ufunc(self: Tensor, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    name = _RENAMED.get(ufunc.__name__, ufunc.__name__)
    ours = _ours(name)
    if method != "__call__":
        hint = {"reduce": "autograd.sum and the other reductions", "at": "autograd.add_at"}
        raise TypeError(
            f"np.{ufunc.__name__}.{method} does not work on tensors; use "
            f"{hint.get(method, 'the functions of autograd')}, or t.detach().numpy()"
        )
    if kwargs.get("out") is not None:
        raise TypeError(
            f"np.{ufunc.__name__}: a tensor cannot be written into an array (out=, or array op= "
            "tensor); write array = array op tensor"
        )
    given = [k for k, v in kwargs.items() if v is not None and k not in ("out", "casting")]
    if given:
        raise TypeError(f"np.{ufunc.__name__}: {given[0]}= is not supported on tensors")
    if ours is None:
        raise TypeError(
            f"np.{ufunc.__name__} has no counterpart in autograd; t.detach().numpy() leaves the "
            "graph, and autograd.primitive adds a function to it"
        )
    return ours(*inputs)


def array_function(
    self: Tensor, function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    name = function.__name__
    module = function.__module__ or ""
    if name in _REFUSED:
        raise TypeError(f"np.{name} on tensors: {_REFUSED[name]}")
    if name in _PLAIN:
        return _PLAIN[name](*args, **kwargs)
    if name in _ABOUT_VALUES or name in _WRITING:
        return function(*_detached(args), **{k: _detached(v) for k, v in kwargs.items()})
    if module.startswith("numpy.linalg"):
        import autograd.linalg as linalg
        from autograd.ops.linalg import decompositions

        home: Any = decompositions if name in linalg.READ else linalg  # no other reading of it
        ours, full = getattr(home, name, None), f"linalg.{name}"
    elif module.startswith("numpy.fft"):
        ours, full = None, f"fft.{name}"
    elif name == "where" and len(args) == 1:
        ours, full = _ours("nonzero"), name
    else:
        ours, full = _ours(_SYNONYMS.get(name, name)), name
    if ours is None:
        raise TypeError(
            f"np.{full} has no counterpart in autograd; t.detach().numpy() leaves the graph, "
            "and autograd.primitive adds a function to it"
        )
    args, kwargs = _in_our_terms(function, args, kwargs)
    try:
        return ours(*args, **kwargs)
    except TypeError as error:
        if "unexpected keyword" in str(error):
            raise TypeError(f"np.{full} on tensors: {error}") from None
        raise


def _in_our_terms(
    function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Arguments as our function takes them: NumPy has other names for arrays, and more keywords."""
    name = function.__name__
    kwargs = {
        k: v
        for k, v in kwargs.items()
        if not (v is None and k in ("out", "dtype", "where"))
        and not (k in _ABOUT_SPEED and v in (_ABOUT_SPEED[k] or (v,)))
    }
    if name == "nan_to_num":  # whose second parameter is NumPy's ``copy``
        args = args[:1] + args[2:]
    for word in required_of(function)[len(args) :] if kwargs else ():
        if word not in kwargs:
            break
        args = (*args, kwargs.pop(word))
    if name in ("clip", "std", "var"):
        kwargs = {_KEYWORDS.get(k, k): v for k, v in kwargs.items()}
    if "dtype" in kwargs and name in _CONVERTING and args:
        args = (_ours("astype")(args[0], kwargs.pop("dtype")), *args[1:])
    return args, kwargs
