"""Tensor: an array, and the place in the graph where it came from.

Arithmetic and the other methods are attached by the table in ``autograd/methods.py``; here is
what a tensor is by itself: data, gradient, name, conversions, and its way in and out of files.
"""

from __future__ import annotations

import itertools
import sys
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.arguments.dtypes import as_array, check_dtype, is_float
from autograd.core.conversion import check_argument, check_conversion
from autograd.core.modes import local
from autograd.core.node import Leaf, Node, leaves_with_hooks
from autograd.core.writes import note_write, share

__all__ = ["HookHandle", "Tensor", "as_tensor", "from_dlpack", "tensor", "tensor_types", "writable"]

#: Tensor and its subclasses: the call code of primitives looks a type up here.
tensor_types: set[type] = set()

# What repr shows: enough digits to recognise numbers, few enough to read.
_PRINT = {"precision": 4, "threshold": 1000, "edgeitems": 3, "max_line_width": 96}


#: No key is given twice, so a handle never takes away another's hook.
_hook_keys = itertools.count()


class HookHandle:
    """Returned when a hook is registered; ``remove()`` takes the hook away again."""

    def __init__(self, hooks: dict[int, Any], key: int) -> None:
        self._hooks = hooks
        self._key = key

    def remove(self) -> None:
        """Take the hook away; harmless when done twice."""
        self._hooks.pop(self._key, None)
        self._hooks = {}  # others may number their hooks anew

    def __enter__(self) -> HookHandle:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


def _add_hook(hooks: dict[int, Any], hook: Callable[..., Any], who: str) -> HookHandle:
    if not callable(hook):
        raise TypeError(f"{who}: hook must be callable, got {type(hook).__name__}")
    key = next(_hook_keys)
    hooks[key] = hook
    return HookHandle(hooks, key)


class Tensor:
    """An n-dimensional array whose computation is recorded, so that gradients can be taken.

    Args:
        data: a number, nested lists, or an array; it is copied.
        dtype: float16, float32, float64, an integer type or bool. Default: Python floats become
            ``default_dtype`` (float32), arrays keep theirs.
        requires_grad: True to have ``.grad`` filled by ``backward()``; floats only.
        name: shown in pictures.

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
        if type(data) in tensor_types:
            if data._node is not None and local.state.grad_enabled:
                raise RuntimeError(
                    f"{type(self).__name__}: a copy of a tensor that requires a gradient would "
                    "lose it; use t.copy() to stay in the graph, t.detach() to leave it"
                )
            data = data._data
        if name is not None and not isinstance(name, str):
            raise TypeError(f"Tensor: name must be a string, got {name!r}")
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

    # What it is -----------------------------------------------------------------------------------

    @property
    def data(self) -> Any:
        """The values, as a read-only view (a NumPy scalar when 0-d)."""
        data = self._data
        if type(data) is not np.ndarray:
            return data
        view = data.view()
        view.flags.writeable = False
        return view

    @data.setter
    def data(self, value: Any) -> None:
        raise TypeError(
            "Tensor.data is read-only; under no_grad write t[...] = value, or take "
            "`with autograd.writable(t) as array:`"
        )

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
    def size(self) -> int:
        """Number of elements."""
        return self._data.size

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
            raise TypeError(f"requires_grad must be True or False, got {value!r}")
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
        return self._grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError(f"grad must be a Tensor or None, got {type(value).__name__}")
            if value.shape != self.shape:
                raise ValueError(f"grad has shape {value.shape}, the tensor has {self.shape}")
        if type(self._node) is Leaf and value is not self._grad:  # `t.grad *= 0.5` is no other one
            self._node.passes = 0
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

    def numpy(self) -> Any:
        """The values as a read-only view.

        Raises:
            RuntimeError: if the tensor requires a gradient; use ``t.detach().numpy()``.
        """
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
        self._refuse_grad("conversion to an array")
        array = np.asarray(self.data)
        if dtype is not None and array.dtype != dtype:
            if copy is False:
                raise ValueError(f"cannot give {array.dtype} data as {dtype} without a copy")
            return array.astype(dtype)
        return array.copy() if copy else array

    def __dlpack__(self, **kwargs: Any) -> Any:
        self._refuse_grad("__dlpack__")
        return np.asarray(self._data).__dlpack__(**kwargs)

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)  # kDLCPU, device 0

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
        return self._data.item()

    def tolist(self) -> Any:
        """Nested lists of Python numbers (a number when 0-d)."""
        return self._data.tolist()

    # What asks for a number may lose a gradient: see `autograd.core.conversion`.
    def __float__(self) -> float:
        if self._node is not None and local.state.grad_enabled:
            check_conversion(self, "float()")
        return float(self._one_number("float()"))

    def __int__(self) -> int:
        if self._node is not None and local.state.grad_enabled:
            check_conversion(self, "int()")
        return int(self._one_number("int()"))

    def __complex__(self) -> complex:
        if self._node is not None and local.state.grad_enabled:
            check_conversion(self, "complex()")
        return complex(self._one_number("complex()"))

    def _constant_argument(self, who: str, name: str) -> Tensor:
        """Itself, to be taken for a constant number; refused if that loses a gradient."""
        if self._node is not None and local.state.grad_enabled:
            check_argument(self, who, name)
        return self

    def __index__(self) -> int:
        if self._data.dtype.kind not in "iu" or self._data.ndim:
            raise TypeError(
                f"only a 0-d integer tensor can be an index, got shape {self.shape} "
                f"and dtype {self.dtype}"
            )
        return int(self._data)

    def _one_number(self, what: str) -> Any:
        if self._data.size != 1:
            raise TypeError(f"{what}: the tensor has {self._data.size} elements, not one")
        return self._data.item()

    def __bool__(self) -> bool:
        if self._data.size != 1:
            raise ValueError(
                f"the truth value of a tensor with {self._data.size} elements is ambiguous; "
                "use .any() or .all()"
            )
        return bool(self._data.item())

    def __len__(self) -> int:
        if not self._data.ndim:
            raise TypeError("len() of a 0-d tensor")
        return len(self._data)

    def __hash__(self) -> int:
        return id(self)

    def __format__(self, spec: str) -> str:
        if not spec:
            return str(self)
        return format(self._one_number(f"format {spec!r}"), spec)

    # Hooks ----------------------------------------------------------------------------------------

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> HookHandle:
        """Call ``hook(gradient)`` when this tensor's gradient is complete in a backward pass.

        Args:
            hook: gets a tensor; what it returns, if not None, takes the gradient's place.

        Returns:
            A handle; ``handle.remove()`` takes the hook away.

        Raises:
            RuntimeError: if the tensor does not require a gradient.
        """
        node = self._need_node("register_hook")
        handle = _add_hook(
            node.require_extra().hooks.setdefault(self._index, {}), hook, "register_hook"
        )
        if type(node) is Leaf:
            leaves_with_hooks.add(node)
        return handle

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> HookHandle:
        """Call ``hook(tensor)`` after a backward pass has updated this leaf's ``.grad``.

        Raises:
            RuntimeError: if the tensor is not a leaf that requires a gradient.
        """
        node = self._need_node("register_post_accumulate_grad_hook")
        if type(node) is not Leaf:
            raise RuntimeError(
                "register_post_accumulate_grad_hook: only leaves accumulate; use register_hook "
                "on a tensor that an operation made"
            )
        if node.after_hooks is None:
            node.after_hooks = {}
        return _add_hook(node.after_hooks, hook, "register_post_accumulate_grad_hook")

    def retain_grad(self) -> None:
        """Have backward keep ``.grad`` for this tensor although it is not a leaf.

        Raises:
            RuntimeError: if the tensor does not require a gradient.
        """
        node = self._need_node("retain_grad")
        if type(node) is not Leaf:
            node.require_extra().retained[self._index] = weakref.ref(self)

    def _need_node(self, who: str) -> Any:
        if self._node is None:
            raise RuntimeError(
                f"{who}: the tensor does not require a gradient; "
                "call t.requires_grad_() first, or make it from tensors that do"
            )
        return self._node

    # Text, copies, files --------------------------------------------------------------------------

    def __repr__(self) -> str:
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

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if not self.is_leaf:
            raise RuntimeError(
                "only leaves can be deep-copied; this tensor was made by "
                f"{self._node!r}. Use t.detach() or t.copy()"
            )
        result = object.__new__(type(self))
        memo[id(self)] = result
        result._adopt(np.array(self._data, order="K"))
        result.name = self.name
        if self._node is not None:
            result._node = Leaf(result)
        if self._grad is not None:
            result._grad = Tensor(self._grad)
        return result

    def __copy__(self) -> Tensor:
        return self.__deepcopy__({})

    def __reduce_ex__(self, protocol: Any) -> Any:
        if not self.is_leaf:
            raise RuntimeError(
                f"only leaves can be pickled; this tensor was made by {self._node!r}. "
                "Use t.detach()"
            )
        grad = None if self._grad is None else np.array(self._grad._data)
        state = (np.asarray(self._data), self._node is not None, self.name, grad)
        return _unpickle, (type(self), *state)


def _unpickle(cls: type[Tensor], data: Any, requires_grad: bool, name: Any, grad: Any) -> Tensor:
    result = object.__new__(cls)
    result._adopt(as_array("unpickle", data))
    result.name = name
    if requires_grad:
        result._node = Leaf(result)
    if grad is not None:
        result._grad = Tensor(grad)
    return result


tensor_types.add(Tensor)


def _wrap(data: Any) -> Tensor:
    """A constant tensor on an array or NumPy scalar, without copy or check."""
    result = object.__new__(Tensor)
    result._adopt(data)
    return result


def _connected(
    data: Any, node: Node | Leaf | None, index: int, version: list[int] | None = None
) -> Tensor:
    """A tensor for a value of the graph: how rules see what was saved under ``create_graph``."""
    result = object.__new__(Tensor)
    result._data = data
    result._node = node
    result._index = index
    result._version = version
    result._grad = result.name = None
    return result


def tensor(
    data: Any, dtype: Any = None, requires_grad: bool = False, name: str | None = None
) -> Tensor:
    """A tensor with a copy of the data; see ``Tensor`` for the parameters.

    Example:
        >>> import autograd as ag
        >>> ag.tensor([[1, 2], [3, 4]]).shape
        (2, 2)
    """
    return Tensor(data, dtype=dtype, requires_grad=requires_grad, name=name)


def as_tensor(data: Any, dtype: Any = None) -> Tensor:
    """A tensor that shares memory with an array where it can; tensors are passed through.

    Writing into the array then changes the tensor, unnoticed by the checks that guard saved
    values (writes through tensors, also through views taken earlier, are noticed): share only what
    you leave alone until backward is done.

    Args:
        data: array, number, nested lists, or a tensor.
        dtype: convert to this dtype; sharing ends where conversion begins.
    """
    if isinstance(data, Tensor):
        if dtype is None or check_dtype("as_tensor", dtype) == data.dtype:
            return data
        if data._node is not None:
            return data.astype(dtype)  # type: ignore[attr-defined]
        data = data._data
    return _wrap(as_array("as_tensor", data, dtype, copy=False))


def from_dlpack(source: Any) -> Tensor:
    """A tensor on the memory of another library's array (PyTorch, JAX, CuPy on the CPU).

    What the other library writes there, backward cannot notice: see ``as_tensor``. The same holds
    for memory that a tensor has given away by ``__dlpack__``.

    Raises:
        TypeError: if the object does not speak the DLPack protocol.
    """
    if not hasattr(source, "__dlpack__") or isinstance(source, type):
        raise TypeError(
            f"from_dlpack: {type(source).__name__} has no __dlpack__; "
            "use autograd.tensor(...) for lists and arrays"
        )
    try:
        array = np.from_dlpack(source)
    except BufferError as error:
        raise TypeError(f"from_dlpack: {type(source).__name__} cannot be shared: {error}") from None
    return _wrap(as_array("from_dlpack", array, copy=False))


class writable:
    """The array of a tensor, to be written into: what optimizers use.

    Backward notices that the tensor has changed, and refuses to use a value saved before. After the
    block the array is read-only.

    Args:
        t: any tensor under ``no_grad``; otherwise one that requires no gradient.

    Raises:
        RuntimeError: if writing would be lost to the recording of gradients.

    Example:
        >>> import autograd as ag
        >>> w = ag.tensor([1.0, 2.0], requires_grad=True)
        >>> with ag.no_grad(), ag.writable(w) as array:
        ...     array *= 10
        >>> w.tolist()
        [10.0, 20.0]
    """

    __slots__ = ("_array", "_tensor")

    def __init__(self, t: Tensor) -> None:
        check_writable(t, "writable")
        self._tensor = t

    def __enter__(self) -> np.ndarray[Any, Any]:
        t = self._tensor
        if t._version is not None:
            note_write(t._version)
        self._array = t._data.view() if type(t._data) is np.ndarray else np.array(t._data)
        return self._array

    def __exit__(self, *exception: object) -> None:
        t = self._tensor
        if t._version is None:  # a number is immutable: put the new one in its place
            t._data = self._array[()]
        else:
            note_write(t._version)  # for what was computed in the block
            self._array.flags.writeable = False  # what is written later would not be noticed


def check_writable(t: Tensor, who: str) -> None:
    """Raise unless writing into the tensor is allowed now."""
    if not isinstance(t, Tensor):
        raise TypeError(f"{who}: expected a Tensor, got {type(t).__name__}")
    if t._node is not None and local.state.grad_enabled:
        raise RuntimeError(
            f"{who}: this tensor requires a gradient, and writing into it would not be recorded. "
            "Write under autograd.no_grad(), or make a new tensor: y = x + 1 for x += 1, "
            "autograd.set_at(x, index, value) for x[index] = value, autograd.where(...)"
        )
    if t._data.ndim and not t._data.flags.writeable:
        raise RuntimeError(
            f"{who}: the tensor shares memory that is read-only (a broadcast, or an array given "
            "to as_tensor, a gradient given to a hook); write into a copy: t.copy()"
        )
