"""Names of PyTorch and NumPy that mean something here under another name: what the error says.

Tensors speak NumPy. Who writes ``t.view(2, 3)``, ``autograd.cat(...)`` or ``dim=0`` out of habit is
told the word to use. Each foreign attribute is a descriptor that raises: ``hasattr`` is False, as
protocols that probe for names expect, and attributes that exist cost what they did (a
``__getattr__`` on the class would make every one of them several times slower).
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

__all__ = ["ATTRIBUTES", "FUNCTIONS", "Foreign", "keyword_hint", "taking_hints"]

_OPERATORS = {
    "add": "t + u", "sub": "t - u", "subtract": "t - u", "mul": "t * u", "multiply": "t * u",
    "div": "t / u", "divide": "t / u", "true_divide": "t / u", "pow": "t ** u", "neg": "-t",
    "negative": "-t", "matmul": "t @ u", "mm": "t @ u", "bmm": "t @ u", "mv": "t @ u",
    "floor_divide": "t // u", "eq": "t == u", "ne": "t != u", "lt": "t < u", "le": "t <= u",
    "gt": "t > u", "ge": "t >= u", "logical_not": "~t", "masked_select": "t[mask]",
    "narrow": "t[start:stop]",
}  # fmt: skip

_WORDS = {
    "view": "t.reshape(2, -1)",
    "view_as": "t.reshape(other.shape)",
    "reshape_as": "t.reshape(other.shape)",
    "unsqueeze": "t.expand_dims(axis)",
    "expand": "t.broadcast_to(shape)",
    "expand_as": "t.broadcast_to(other.shape)",
    "unflatten": "t.reshape(shape)",
    "movedim": "t.moveaxis(source, destination)",
    "swapdims": "t.swapaxes(axis1, axis2)",
    "t": "t.T",
    "H": "t.mT",
    "dim": "t.ndim",
    "ndimension": "t.ndim",
    "numel": "t.size",
    "nelement": "t.size",
    "element_size": "t.itemsize",
    "stride": "t.strides (in bytes)",
    "chunk": "t.array_split(parts, axis)",
    "unbind": "t.unstack(axis)",
    "index_select": "t.take(indices, axis)",
    "index_add": "t.add_at(index, values)",
    "index_put": "t.set_at(index, values)",
    "scatter": "t.set_at(index, values)",
    "unfold": "autograd.windows(t, size, stride)",
    "masked_fill": "autograd.where(mask, value, t)",
    "where": "autograd.where(condition, t, u)",
    "lerp": "t + weight * (u - t)",
    "clamp": "t.clip(low, high)",
    "clamp_min": "t.clip(low, None)",
    "clamp_max": "t.clip(None, high)",
    "rsqrt": "1.0 / t.sqrt()",
    "logdet": "autograd.linalg.slogdet(t)[1]",
    "det": "autograd.linalg.det(t)",
    "inverse": "autograd.linalg.inv(t)",
    "svd": "autograd.linalg.svd(t)",
    "einsum": "autograd.einsum(subscripts, t)",
    "allclose": "numpy.allclose(t, u)",
    "equal": "numpy.array_equal(t, u)",
    "unique": "numpy.unique(t.detach().numpy())",
    "float": "t.astype(numpy.float32)",
    "double": "t.astype(numpy.float64)",
    "half": "t.astype(numpy.float16)",
    "long": "t.astype(numpy.int64)",
    "int": "t.astype(numpy.int32)",
    "bool": "t.astype(bool)",
    "type": "t.astype(dtype), or t.dtype",
    "type_as": "t.astype(other.dtype)",
    "is_floating_point": 't.dtype.kind == "f"',
    "new_zeros": "autograd.zeros(shape)",
    "new_ones": "autograd.ones(shape)",
    "new_tensor": "autograd.tensor(data)",
    "grad_fn": "t.grad_node",
    "detach_": "t.detach()",
    "conj": "t itself: tensors are real",
    "conjugate": "t itself: tensors are real",
    "real": "t itself: tensors are real",
    "imag": "0: tensors are real",
    "flat": "t.ravel()",
    "searchsorted": "autograd.searchsorted(t, values)",
    "compress": "autograd.compress(condition, t)",
    "choose": "autograd.select(conditions, choices)",
    "fill": "t[...] = value under autograd.no_grad()",
}

_ON_THE_CPU = ("to", "cpu", "cuda", "device", "is_cuda", "pin_memory", "share_memory_")
_OF_ARRAYS = ("tobytes", "tofile", "data_ptr", "base", "ctypes", "byteswap", "put",
              "partition", "argpartition", "contiguous", "is_contiguous")  # fmt: skip
_IN_PLACE = ("zero_ fill_ copy_ add_ sub_ mul_ div_ clamp_ neg_ normal_ uniform_ exp_ sqrt_ "
             "masked_fill_ unsqueeze_ squeeze_ t_ scatter_ index_add_").split()  # fmt: skip

#: What to write instead of an attribute that tensors do not have.
ATTRIBUTES: dict[str, str] = {
    **_OPERATORS,
    **_WORDS,
    **dict.fromkeys(_ON_THE_CPU, "nothing: all tensors live in the CPU's memory (t.astype(dtype) "
                    "converts)"),
    **{name: f"the array's: t.detach().numpy().{name}" for name in _OF_ARRAYS},
    **dict.fromkeys(_IN_PLACE, "t[...] = value or t += value, under autograd.no_grad()"),
}  # fmt: skip

#: What to write instead of a function that ``autograd`` does not have.
FUNCTIONS: dict[str, str] = {
    "cat": "autograd.concatenate(arrays, axis)",
    "from_numpy": "autograd.as_tensor(array)",
    "array": "autograd.tensor(data)",
    "asarray": "autograd.as_tensor(data)",
    "empty": "autograd.zeros(shape)",
    "randperm": "numpy.random.default_rng(seed).permutation(n)",
    "is_tensor": "isinstance(t, autograd.Tensor)",
    "numel": "t.size",
    "nn": "import nn: it is a package beside this one",
    "save": "nn.save(state_dict, path)",
    "load": "nn.load(path)",
    "conv2d": "nn.functional.conv2d(x, w)",
    **{name: word for name, word in _WORDS.items() if not word.startswith("t itself")},
    **_OPERATORS,
}

_KEYWORDS = {
    "dim": "axis", "dims": "axis", "keepdim": "keepdims", "start_dim": "start_axis",
    "end_dim": "end_axis", "dim0": "axis1", "dim1": "axis2", "unbiased": "ddof",
    "input": "the first argument", "other": "the second argument", "index": "indices",
}  # fmt: skip


class Foreign:
    """An attribute that tensors do not have, and what to write instead."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        raise AttributeError(
            f"a Tensor has no {self._name!r} (tensors follow NumPy); write {ATTRIBUTES[self._name]}"
        )


def keyword_hint(name: str, parameters: Any, given: Any) -> str | None:
    """What to say when a function was given a keyword of PyTorch's; None if it was not.

    Args:
        name: of the function.
        parameters: the names of its parameters.
        given: the names of the keywords it was called with.
    """
    for keyword in given:
        ours = _KEYWORDS.get(keyword)
        if ours is None or keyword in parameters:
            continue
        if ours == "axis" and "axis" not in parameters:
            ours = "axes" if "axes" in parameters else ours
        if ours in parameters:
            return f"{name}: there is no keyword {keyword!r}; names follow NumPy, use {ours}="
        if ours.startswith("the "):
            return f"{name}: there is no keyword {keyword!r}; give {ours} by position"
    return None


def taking_hints(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function as users see it: a keyword of PyTorch's is answered with the one meant.

    Primitives and functions without such parameters are returned as they are.
    """
    if not inspect.isfunction(function) or hasattr(function, "primitive"):
        return function  # a primitive looks for itself
    if hasattr(function, "takes_hints"):
        return function  # this was done before
    parameters = inspect.signature(function).parameters
    if not _KEYWORDS.keys() - parameters.keys() or not {
        "axis", "axes", "keepdims", "start_axis", "axis1", "ddof", "indices"
    } & parameters.keys():  # fmt: skip
        return function

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except TypeError as error:
            hint = keyword_hint(function.__name__, parameters, kwargs)
            if hint is None or "unexpected keyword" not in str(error):
                raise
            raise TypeError(hint) from None

    call.takes_hints = True  # type: ignore[attr-defined]
    return call
