"""Tensor: an array, and the place in the graph where it came from.

Here is what a tensor is by itself: array, node, gradient, name. Arithmetic and all other methods are
put on it by the table in ``autograd/methods.py``; what it is as an array or a number (``.data``,
``item()``, copies) stands in ``autograd/as_array.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.arguments.dtypes import as_array, is_float
from autograd.arguments.numbers import shown
from autograd.core.modes import local
from autograd.core.node import Leaf, Node
from autograd.core.writes import share

__all__ = ["Tensor", "tensor_on", "tensor_types"]

#: Tensor and its subclasses: the call code of primitives looks a type up here.
tensor_types: set[type] = set()

_PYTHONS = frozenset({int, list, tuple})


class Tensor:
    """An n-dimensional array whose computation is recorded, so that gradients can be taken.

    Args:
        data: a number, nested lists, or an array; it is copied.
        dtype: float16, float32, float64, an integer type or bool. Default: Python floats become
            ``default_dtype`` (float32), arrays keep theirs.
        requires_grad: True to have ``.grad`` filled by ``backward()``; floats only.
        name: shown in pictures.

    Two to four integers alone, ``Tensor(2, 3)``, are a size, as in PyTorch: zeros of that shape.

    Raises:
        TypeError: for data that are no numbers; for ``requires_grad`` on integers or bools.
        ValueError: for ragged lists.

    Example:
        >>> import autograd as ag
        >>> x = ag.Tensor([1.0, 2.0, 3.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> x.grad
        Tensor([2., 4., 6.])
    """

    __slots__ = (
        "__weakref__",
        "_data",
        "_grad",
        "_index",
        "_leaf",
        "_node",
        "_version",
        "_viewed",
        "name",
    )

    _data: Any
    _node: Node | Leaf | None
    _index: int
    _version: list[int] | None
    _grad: Tensor | None
    _leaf: Leaf  # set where requires_grad was switched off
    _viewed: bool  # set where a number is, or has, what would be a view of an array
    name: str | None

    def __init__(
        self,
        data: Any,
        dtype: Any = None,
        requires_grad: bool = False,
        name: str | None = None,
    ) -> None:
        if type(dtype) is int:
            data, dtype = self._sized((data, dtype, requires_grad, name)), None
            requires_grad, name = False, None
        if type(data) in tensor_types:
            if data._node is not None and local.state.grad_enabled:
                raise RuntimeError(
                    f"{type(self).__name__}: a copy of a tensor that requires a gradient would "
                    "lose it; use t.copy() to stay in the graph, t.detach() to leave it"
                )
            data = data._data
        if dtype is None and type(self) is Tensor and type(data) in _PYTHONS:
            self._told(data)
        self._fill(data, dtype, requires_grad, name)

    #: Of what Python's integers mean to others; `autograd.spelling` says it, and makes the zeros.
    _told = staticmethod(lambda data: None)
    _sized: Any = None

    def _fill(self, data: Any, dtype: Any, requires_grad: bool, name: str | None) -> None:
        if name is not None and not isinstance(name, str):
            raise TypeError(f"Tensor: name must be a string, got {shown(name)}")
        self._adopt(as_array("Tensor", data, dtype))
        self.name = name
        if requires_grad is not False:
            self.requires_grad = requires_grad

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        tensor_types.add(cls)

    def _adopt(self, array: Any) -> None:
        """Become a tensor on this array; 0-d data are kept as NumPy scalars."""
        self._data = array if array.ndim else array[()]
        self._version = [0] if array.ndim else None
        self._node = None
        self._index = 0
        self._grad = None
        self.name = None
        if local.state.recording is not None:
            local.state.recording.adopted(self)

    # What it is -----------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        return self._data.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy dtype of the elements."""
        return self._data.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self._data.ndim

    @property
    def is_leaf(self) -> bool:
        """True if no recorded operation made it."""
        return self._node is None or type(self._node) is Leaf

    @property
    def requires_grad(self) -> bool:
        """True if gradients flow to it. Setting it makes a leaf of a tensor, or stops it."""
        return self._node is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if not isinstance(value, (bool, np.bool_)):
            raise TypeError(f"requires_grad must be True or False, got {shown(value)}")
        if value == (self._node is not None):
            return
        if not value:
            if not self.is_leaf:
                raise RuntimeError(
                    "requires_grad can be switched off on leaves only; this tensor was made by "
                    f"{self._node!r}. Use t.detach()"
                )
            self._leaf = self._node  # type: ignore[assignment]
            self._node = None
            return
        if not is_float(self._data.dtype):
            raise TypeError(
                f"requires_grad: a tensor of dtype {self._data.dtype} carries no gradient; "
                "make it a float, e.g. t.astype(np.float32)"
            )
        leaf = getattr(self, "_leaf", None)
        if leaf is None or leaf.shape != self.shape or leaf.dtype != self.dtype:
            leaf = Leaf(self)
        self._node = leaf  # the one from before: graphs made with it send their gradients here

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set ``requires_grad`` and return the tensor itself."""
        self.requires_grad = requires_grad
        return self

    @property
    def grad(self) -> Tensor | None:
        """Sum of the gradients of all ``backward()`` calls since it was last None."""
        if self._grad is None and type(self._node) is Node:
            from autograd.errors import warn_of_no_grad

            warn_of_no_grad(self)
        if local.state.recording is not None:
            local.state.recording.grad_read(self)
        return self._grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError(f"grad must be a Tensor or None, got {type(value).__name__}")
            if value.shape != self.shape:
                raise ValueError(f"grad has shape {value.shape}, the tensor has {self.shape}")
            if value.dtype != self.dtype:
                raise TypeError(
                    f"grad has dtype {value.dtype}, the tensor has {self.dtype}; "
                    f'convert it: grad.astype("{self.dtype}")'
                )
        if type(self._node) is Leaf and value is not self._grad:  # `t.grad *= 0.5` is no other one
            self._node.passes = 0
        if local.state.recording is not None:
            local.state.recording.grad_set(self, value)
        self._grad = value

    @property
    def grad_node(self) -> Node | None:
        """The graph node that made this tensor; None for leaves and constants."""
        return None if self.is_leaf else self._node  # type: ignore[return-value]

    # Out of the graph -----------------------------------------------------------------------------

    def detach(self) -> Tensor:
        """A tensor on the same memory, without a gradient."""
        result = _wrap(self._data)
        if self._version is None:
            self._viewed = result._viewed = True
        else:
            result._version = share(self._version)
        return result

    def __hash__(self) -> int:
        return id(self)


tensor_types.add(Tensor)


def _wrap(data: Any) -> Tensor:
    """A constant tensor on an array or NumPy scalar, without copy or check."""
    result = object.__new__(Tensor)
    result._adopt(data)
    return result


def tensor_on(
    data: Any, version: list[Any] | None, node: Node | Leaf | None = None, index: int = 0
) -> Tensor:
    """A tensor for a value of the graph, which has its version cell: the array itself, unchecked."""
    result = object.__new__(Tensor)
    result._data, result._version, result._node, result._index = data, version, node, index
    result._grad = result.name = None
    return result
