"""A tensor as an array or a number: memory, conversions, text, copies and files.

``AsArray`` is never instantiated: ``autograd/methods.py`` puts its methods on ``Tensor``, as it does
those of ``autograd.ops``, so that ``core/tensor.py`` says only what a tensor is.
"""

from __future__ import annotations

import sys
import types
from typing import Any

import numpy as np

from autograd.arguments.dtypes import as_array
from autograd.arguments.numbers import boolean
from autograd.core.modes import local
from autograd.core.node import Leaf
from autograd.core.tensor import Tensor

__all__ = ["AsArray", "methods_of"]

# What repr shows: enough digits to recognise numbers, few enough to read.
_PRINT: dict[str, Any] = {"precision": 4, "threshold": 1000, "edgeitems": 3, "max_line_width": 96}


def _joins(code: Any) -> bool:
    """True for the code of ``np.r_[...]`` and ``np.c_[...]``."""
    return code.co_name == "__getitem__" and "_index_tricks" in code.co_filename


class AsArray:
    """Methods of Tensor."""

    _data: Any
    _node: Any
    _grad: Any
    dtype: Any
    is_leaf: bool
    name: Any
    shape: tuple[int, ...]

    @property
    def data(self) -> Any:
        """The values, as a read-only view (a NumPy scalar when 0-d)."""
        data = self._data
        if local.state.recording is not None:
            local.state.recording.read(self, "data")
        if type(data) is not np.ndarray:
            return data
        from autograd.data_view import Values

        view = data.view(Values)
        view.flags.writeable = False
        return view

    @data.setter
    def data(self, value: Any) -> None:
        from autograd.data_view import refusal

        raise TypeError(refusal())

    @property
    def size(self) -> Any:
        """Number of elements; called, the shape: ``t.size()``, ``t.size(0)``."""
        return _sizes.get(self._data.shape) or _size_of(self._data)

    @property
    def itemsize(self) -> int:
        """Bytes of an element."""
        return self._data.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self._data.nbytes

    @property
    def strides(self) -> tuple[int, ...]:
        """Bytes from one element to the next along each axis."""
        return self._data.strides

    @property
    def flags(self) -> Any:
        """How the elements lie in memory, as NumPy describes it (of the read-only view)."""
        return self.data.flags

    def numpy(self, *, force: bool = False) -> Any:
        """The values as a read-only view.

        Args:
            force: True to take them from a tensor that requires a gradient, too.

        Raises:
            RuntimeError: if the tensor requires a gradient; use ``t.detach().numpy()``.
        """
        if not boolean("numpy", "force", force):
            self._refuse_grad("numpy()")
        data = self.data
        if type(data) is not np.ndarray:
            data = np.asarray(data)
            data.flags.writeable = False
        return data

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if self._node is not None and sys._getframe(1).f_code.co_name == "as_strided":
            raise RuntimeError(
                "as_strided: this tensor requires a gradient, which an array would lose; "
                "autograd.windows and np.lib.stride_tricks.sliding_window_view keep it"
            )
        if self._node is not None and _joins(sys._getframe(1).f_code):
            raise RuntimeError(
                "np.r_, np.c_: this tensor requires a gradient, which an array would lose; "
                "autograd.r_ and autograd.c_ keep it"
            )
        self._refuse_grad("conversion to an array")
        array = np.asarray(self.data)
        if dtype is not None and array.dtype != dtype:
            if copy is False:
                raise ValueError(f"cannot give {array.dtype} data as {dtype} without a copy")
            return array.astype(dtype)
        return array.copy() if copy else array

    def __dlpack__(self, **kwargs: Any) -> Any:
        self._refuse_grad("__dlpack__")
        _noted(self, "__dlpack__")
        return np.asarray(self._data).__dlpack__(**kwargs)

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)  # kDLCPU, device 0

    @property
    def _mask(self) -> Any:
        """Asked for by `numpy.ma`, which would take the array out of a tensor, and no gradient."""
        raise TypeError(
            "masked arrays do not mix with tensors: the gradient would be lost. Give .filled(value), "
            "or choose with autograd.where(mask, other, tensor)"
        )

    def _refuse_grad(self, what: str) -> None:
        if self._node is not None:
            raise RuntimeError(
                f"{what}: this tensor requires a gradient, which an array would lose; "
                "use t.detach().numpy()"
            )

    def item(self) -> Any:
        """The only element, as a Python number.

        Raises:
            ValueError: if there is not exactly one element.
        """
        if self._data.size != 1:
            raise ValueError(f"item(): the tensor has {self._data.size} elements, not one")
        _noted(self, "item()")
        return self._data.item()

    def tolist(self) -> Any:
        """Nested lists of Python numbers (a number when 0-d)."""
        _noted(self, "tolist()")
        return self._data.tolist()

    # What asks for a number may lose a gradient: see `autograd.conversion`.
    def __float__(self) -> float:
        if self._node is not None and local.state.grad_enabled:
            from autograd.conversion import check_conversion

            check_conversion(self, "float()")
        return float(self._one_number("float()"))

    def __int__(self) -> int:
        if self._node is not None and local.state.grad_enabled:
            from autograd.conversion import check_conversion

            check_conversion(self, "int()")
        return int(self._one_number("int()"))

    def __complex__(self) -> complex:
        if self._node is not None and local.state.grad_enabled:
            from autograd.conversion import check_conversion

            check_conversion(self, "complex()")
        return complex(self._one_number("complex()"))

    def _constant_argument(self, who: str, name: str) -> Any:
        """Itself, to be taken for a constant number; refused if that loses a gradient."""
        if self._node is not None and local.state.grad_enabled:
            from autograd.conversion import check_argument

            check_argument(self, who, name)
        return self

    def __index__(self) -> int:
        if self._data.dtype.kind not in "iu" or self._data.ndim:
            raise TypeError(
                f"only a 0-d integer tensor can be an index, got shape {self.shape} "
                f"and dtype {self.dtype}"
            )
        _noted(self, "an index")
        return int(self._data)

    def _one_number(self, what: str) -> Any:
        if self._data.size != 1:
            raise TypeError(f"{what}: the tensor has {self._data.size} elements, not one")
        _noted(self, what)
        return self._data.item()

    def __bool__(self) -> bool:
        if self._data.size != 1:
            raise ValueError(
                f"the truth value of a tensor with {self._data.size} elements is ambiguous; "
                "use .any() or .all()"
            )
        _noted(self, "a truth value (if, while, and, or, not)")
        return bool(self._data.item())

    def __len__(self) -> int:
        if not self._data.ndim:
            raise TypeError("len() of a 0-d tensor")
        return len(self._data)

    def __format__(self, spec: str) -> str:
        if not spec:
            return str(self)
        return format(self._one_number(f"format {spec!r}"), spec)

    # Text, copies, files --------------------------------------------------------------------------

    def __repr__(self) -> str:
        _noted(self, "repr()")
        cls = type(self).__name__
        text = np.array2string(
            np.asarray(self._data), separator=", ", prefix=f"{cls}(", suffix=",", **_PRINT
        ) if self._data.size else f"[], shape={self.shape}"  # fmt: skip
        parts = [text]
        if self.dtype != as_array("repr", 0.0).dtype and self.dtype.kind not in "b":
            if not (self.dtype == np.int64):
                parts.append(f"dtype={self.dtype}")
        if self._node is not None:
            parts.append(
                "requires_grad=True"
                if type(self._node) is Leaf
                else f"from={self._node.primitive.name}"  # type: ignore[union-attr]
            )
        if self.name is not None:
            parts.append(f"name={self.name!r}")
        return f"{cls}({', '.join(parts)})"

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if not self.is_leaf:
            raise RuntimeError(
                "deep copy: only leaves can be copied with what they need, and this tensor, of shape "
                f"{self.shape}, was made by {self._node.primitive.name}. Write t.detach() or "  # type: ignore[union-attr]
                "t.copy(); for a plot t.detach().numpy()"
            )
        _noted(self, "a copy")
        result: Any = object.__new__(type(self))
        memo[id(self)] = result
        result._adopt(np.array(self._data, order="K"))
        result.name = self.name
        if self._node is not None:
            result._node = Leaf(result)
        if self._grad is not None:
            result._grad = Tensor(self._grad)
        return result

    def __copy__(self) -> Any:
        return self.__deepcopy__({})

    def __reduce_ex__(self, protocol: Any) -> Any:
        if not self.is_leaf:
            raise RuntimeError(
                f"only leaves can be pickled; this tensor was made by {self._node!r}. "
                "Use t.detach()"
            )
        _noted(self, "pickling")
        grad = None if self._grad is None else np.array(self._grad._data)
        state = (np.asarray(self._data), self._node is not None, self.name, grad)
        return _unpickle, (type(self), *state)


#: Sizes by shape: who asks for `x.size` in a loop pays for one look-up.
_sizes: dict[tuple[int, ...], Any] = {}


def _size_of(array: Any) -> Any:
    from autograd.spelling.size import size_of

    if len(_sizes) >= 4096:
        _sizes.clear()
    size = _sizes[array.shape] = size_of(array)
    return size


def _noted(t: Any, what: str) -> None:
    """A step that is being recorded must not depend on values that it has only now."""
    if local.state.recording is not None:
        local.state.recording.read(t, what)


def _unpickle(cls: type[Tensor], data: Any, requires_grad: bool, name: Any, grad: Any) -> Tensor:
    result = object.__new__(cls)
    result._adopt(as_array("unpickle", data))
    result.name = name
    if requires_grad:
        result._node = Leaf(result)
    if grad is not None:
        result._grad = Tensor(grad)
    return result


def methods_of(cls: type) -> dict[str, Any]:
    """The methods and properties that a class defines, by name."""
    kinds = types.FunctionType, property
    return {name: value for name, value in vars(cls).items() if isinstance(value, kinds)}
