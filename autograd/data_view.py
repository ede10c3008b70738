"""What ``t.data`` is: a read-only array that says how a write into it is written here.

``p.data -= lr * p.grad``, ``w.data.normal_()`` and their like are refused with the exact line to
write, found from the line that is running. What only reads in PyTorch's way (``w.data.clone()``,
``x.data.size(0)``) works. Whatever NumPy makes of it is a plain array.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.core.tensor import _wrap
from autograd.source import running_statement

__all__ = ["Values", "refusal"]

_PYTORCHS = frozenset({"dim", "keepdim", "unbiased", "correction"})
#: What NumPy and PyTorch read differently.
_DIFFERENT = frozenset("max min nonzero repeat std transpose var".split())


class Values(np.ndarray):
    """A read-only view of a tensor's values.

    Example:
        >>> import autograd as ag
        >>> w = ag.tensor([1.0, 2.0], requires_grad=True)
        >>> w.data * 2
        array([2., 4.], dtype=float32)
        >>> w.data.clone()
        Tensor([1., 2.])
        >>> w.data -= 0.5  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        autograd.data_view.ReadOnlyError: t.data is read-only: write
            with autograd.no_grad(): w -= 0.5
    """

    @staticmethod
    def tensor(array: Any) -> Any:
        """A tensor of an array, whose methods read as PyTorch's."""
        return _wrap(np.asarray(array))

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if any(isinstance(out, Values) for out in options.get("out", ())):
            _refuse()
        return getattr(ufunc, method)(*_plain(inputs), **_plain(options))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return function(*_plain(args), **_plain(kwargs))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(type(Values.tensor(0.0)), name):
            raise AttributeError(f"'numpy.ndarray' object has no attribute {name!r}")
        if name.endswith("_"):
            return lambda *args, **options: _refuse()
        return getattr(Values.tensor(self), name)

    def __getitem__(self, index: Any) -> Any:
        part = _array(self)[index]
        return part.view(Values) if type(part) is np.ndarray and part.base is not None else part

    def __setitem__(self, index: Any, value: Any) -> None:
        _refuse()

    @property
    def size(self) -> Any:  # type: ignore[override]
        """The number of elements; called, the shape."""
        return Values.tensor(self).size

    @property
    def T(self) -> Any:
        """The axes reversed."""
        return _array(self).T

    def view(self, *args: Any, **options: Any) -> Any:
        """Another dtype or class, as in NumPy; of integers, another shape, as in PyTorch."""
        if args and all(isinstance(n, (int, np.integer, tuple)) for n in args):
            return Values.tensor(self).view(*args)
        return _array(self).view(*args, **options)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _array(self).copy().__reduce_ex__(protocol)  # which may be written into

    def __deepcopy__(self, memo: Any) -> Any:
        return _array(self).copy()

    def __copy__(self) -> Any:
        return _array(self).copy()

    def __repr__(self) -> str:
        return repr(_array(self))

    def __str__(self) -> str:
        return str(_array(self))


def _array(values: Any) -> Any:
    return np.ndarray.view(values, np.ndarray)


def _plain(value: Any) -> Any:
    if isinstance(value, Values):
        return _array(value)
    if type(value) is tuple or type(value) is list:
        return type(value)([_plain(part) for part in value])
    if type(value) is dict:
        return {key: _plain(part) for key, part in value.items()}
    return value


def _decaying(name: str) -> Callable[..., Any]:
    method = getattr(np.ndarray, name)

    def call(self: Any, *args: Any, **options: Any) -> Any:
        if options and not _PYTORCHS.isdisjoint(options):
            return getattr(Values.tensor(self), name)(*args, **options)
        if name in _DIFFERENT:
            importlib.import_module("autograd.spelling.readings").tell_of_array(
                name, self, args, options
            )
        return method(_array(self), *_plain(args), **_plain(options))

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"As ``numpy.ndarray.{name}``; with ``dim`` and its like as PyTorch's method."
    return call


def _refusing(name: str) -> Callable[..., Any]:
    def call(self: Any, *args: Any, **options: Any) -> Any:
        _refuse()

    call.__name__ = call.__qualname__ = name
    call.__doc__ = "Refused: it would write."
    return call


_WRITES = ["fill", "partition", "put", "resize", "sort"] + [
    f"__i{name}__"
    for name in "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift".split()
]
for _name in _WRITES:
    setattr(Values, _name, _refusing(_name))
for _name in dir(np.ndarray):
    if not _name.startswith("_") and _name not in Values.__dict__:
        if callable(getattr(np.ndarray, _name)) and _name != "setflags":
            setattr(Values, _name, _decaying(_name))


# The line to write --------------------------------------------------------------------------------


class ReadOnlyError(TypeError, ValueError):
    """A write into ``t.data``, which has no such operation; of read-only memory NumPy says ValueError."""


def _refuse() -> Any:
    raise ReadOnlyError(refusal())


def refusal() -> str:
    """What is said of a write into ``t.data``."""
    statement = running_statement()
    if statement is None:
        return "t.data is read-only: write\n    with autograd.no_grad(): t[...] = values"
    changed = ast.fix_missing_locations(_WithoutData().visit(statement))
    return f"t.data is read-only: write\n    with autograd.no_grad(): {ast.unparse(changed)}"


class _WithoutData(ast.NodeTransformer):
    def visit_Attribute(self, node: ast.Attribute) -> Any:
        if node.attr == "fill" and isinstance(node.value, ast.Attribute):
            node.attr = "fill_"
        self.generic_visit(node)
        return node.value if node.attr == "data" else node

    def visit_Assign(self, node: ast.Assign) -> Any:
        """``p.data = value`` is ``p.copy_(value)``."""
        target = node.targets[0]
        self.generic_visit(node)
        if len(node.targets) == 1 and isinstance(target, ast.Attribute) and target.attr == "data":
            copy = ast.Attribute(target.value, "copy_", ast.Load())
            return ast.Expr(ast.Call(copy, [node.value], []))
        return node
