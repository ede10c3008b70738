"""One operation as the operators' functions get it: operands by name, shapes, static parameters."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nn.onnx.graph import Builder
from nn.onnx.trace import Refused, Size

__all__ = ["Call", "Operand", "Traced"]


class Operand(NamedTuple):
    """An array input of an operation, or one of its outputs.

    Attributes:
        name: of the value in the graph; None for a constant that has none yet.
        shape: its sizes; a `Size` where one follows the batch.
        dtype: of its array; None for a number, which takes the one of what it stands beside.
        value: of a constant.
    """

    name: str | None
    shape: tuple[Any, ...]
    dtype: Any
    value: Any = None


class Traced(NamedTuple):
    """A static parameter, such as an index, that is computed in the graph.

    Attributes:
        name: of the value, int64.
        shape: its sizes.
    """

    name: str
    shape: tuple[Any, ...]


class Call:
    """One operation.

    Attributes:
        operands: the array inputs; None for what is absent.
        static: the static parameters.
        results: the outputs, without names.
    """

    def __init__(
        self,
        builder: Builder,
        operands: list[Operand | None],
        static: dict[str, Any],
        results: list[Operand],
    ) -> None:
        self._builder = builder
        self.operands = operands
        self.static = static
        self.results = results

    def __getitem__(self, name: str) -> Any:
        return self.static[name]

    @property
    def dtype(self) -> Any:
        """The dtype of the first result."""
        return self.results[0].dtype

    @property
    def shape(self) -> tuple[Any, ...]:
        """The shape of the first operand."""
        return self._given(0).shape

    def has(self, k: int) -> bool:
        """Whether an operand is there."""
        return k < len(self.operands) and self.operands[k] is not None

    def _given(self, k: int) -> Operand:
        operand = self.operands[k]
        assert operand is not None
        return operand

    def dtype_of(self, k: int) -> Any:
        """The dtype of an operand; of a number, the one it takes beside the others."""
        return self._given(k).dtype or self.common()

    def common(self) -> Any:
        """The dtype in which the operands are compared or combined."""
        dtypes = [o.dtype for o in self.operands if o is not None and o.dtype is not None]
        numbers = [np.asarray(o.value) for o in self.operands if o is not None and o.dtype is None]
        found = np.result_type(*dtypes) if dtypes else self.results[0].dtype
        if found.kind in "biu" and any(n.dtype.kind == "f" for n in numbers):
            return np.dtype(np.float64)
        if found.kind == "b" and any(n.dtype.kind in "iu" for n in numbers):
            return np.dtype(np.int64)
        return found

    def x(self, k: int = 0, dtype: Any = None) -> str:
        """The name of an operand's value, in a dtype if one is given."""
        operand = self._given(k)
        own = operand.dtype or self.common()
        wanted = np.dtype(dtype) if dtype is not None else own
        if operand.name is None:
            return self._builder.made_constant(operand.value, wanted)
        return self._builder.cast(operand.name, wanted, own)

    def axes(self, name: str = "axis", k: int = 0) -> tuple[int, ...] | None:
        """The axes that a parameter names, counted from the front; None for all."""
        axis = self.static[name]
        if axis is None:
            return None
        given = axis if isinstance(axis, (tuple, list)) else (axis,)
        return tuple([int(a) % max(len(self._given(k).shape), 1) for a in given])

    def axis(self, name: str = "axis") -> int:
        """The one axis that a parameter names."""
        axes = self.axes(name)
        assert axes is not None and len(axes) == 1
        return axes[0]

    def fixed(self, k: int = 0, skip: int = 0) -> tuple[int, ...]:
        """The sizes of an operand from an axis on, none of which may follow the batch."""
        sizes = self._given(k).shape[skip:]
        if any(isinstance(n, Size) for n in sizes):
            raise Refused("an axis that it needs the size of follows the batch")
        return sizes

    def fixed_result(self, skip: int = 0) -> tuple[int, ...]:
        """The sizes of the first result from an axis on, none of which may follow the batch."""
        sizes = self.results[0].shape[skip:]
        if any(isinstance(n, Size) for n in sizes):
            raise Refused("an axis that it needs the size of follows the batch")
        return sizes
