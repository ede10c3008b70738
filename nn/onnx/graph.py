"""The ONNX graph being built: its nodes, constants and names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nn.onnx.trace import Fill, Positions, Ratio, Refused, Size

__all__ = ["Builder"]


class Builder:
    """Takes nodes and constants in, hands names out.

    Args:
        opset: the version of ONNX's operators.
        reserved: names that are taken: inputs, parameters, outputs.
        batch_of: the input whose first axis is the batch.
    """

    def __init__(self, opset: int, reserved: Sequence[str], batch_of: str | None) -> None:
        import onnx

        self._onnx = onnx
        self.opset = opset
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self.scope = ""
        self._taken: dict[str, int] = dict.fromkeys(reserved, 0)
        self._constants: dict[Any, str] = {}
        self._batch_of = batch_of
        self._sizes: dict[Any, str] = {}

    # Names ---------------------------------------------------------------------------------------

    def name(self, wanted: str) -> str:
        """A name that nothing has yet."""
        if wanted not in self._taken:
            self._taken[wanted] = 0
            return wanted
        while True:
            self._taken[wanted] += 1
            name = f"{wanted}_{self._taken[wanted]}"
            if name not in self._taken:
                self._taken[name] = 0
                return name

    def _scoped(self, what: str) -> str:
        return f"{self.scope}.{what}" if self.scope else what

    # Nodes ---------------------------------------------------------------------------------------

    def node(
        self, op: str, inputs: Sequence[str | None], outputs: int = 1, **attributes: Any
    ) -> Any:
        """Add a node; the name of its output, or a tuple of them. Attributes of None are left out."""
        made = [self.name(self._scoped(op.lower())) for _ in range(outputs)]
        given = {k: v for k, v in attributes.items() if v is not None}
        names = ["" if name is None else name for name in inputs]
        self.nodes.append(
            self._onnx.helper.make_node(op, names, made, self.name(self._scoped(op)), **given)
        )
        return made[0] if outputs == 1 else tuple(made)

    def identity(self, source: str, target: str) -> None:
        """An output of the graph under its own name."""
        self.nodes.append(
            self._onnx.helper.make_node(
                "Identity", [source], [target], self.name(f"{target}.Identity")
            )
        )

    # Constants -----------------------------------------------------------------------------------

    def initializer(self, name: str, array: Any) -> str:
        """A constant under a name of its own, such as a parameter."""
        array = np.ascontiguousarray(array).reshape(np.shape(array))
        self.initializers.append(self._onnx.numpy_helper.from_array(array, name))
        return name

    def constant(self, value: Any, dtype: Any = None, hint: str = "constant") -> str:
        """A constant, stored once however often it occurs."""
        array = np.asarray(value, dtype)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            self._constants[key] = self.initializer(self.name(hint), array)
        return self._constants[key]

    def ints(self, *values: int) -> str:
        """A vector of int64."""
        return self.constant(np.array(values, np.int64), hint="sizes")

    # Sizes ---------------------------------------------------------------------------------------

    def size(self, size: Any) -> str:
        """A size as a vector of one int64."""
        if not isinstance(size, Size):
            return self.ints(int(size))
        if size not in self._sizes:
            before, self.scope = self.scope, "batch"
            if size == Size(1, 0):
                if self._batch_of is None:
                    raise Refused("a size that changes, without an input that has a batch")
                shape = self.node("Shape", [self._batch_of], start=0, end=1)
                self._sizes[size] = shape
            else:
                name = self.size(Size(1, 0))
                if size.factor != 1:
                    name = self.node("Mul", [name, self.ints(size.factor)])
                if size.rest:
                    name = self.node("Add", [name, self.ints(size.rest)])
                self._sizes[size] = name
            self.scope = before
        return self._sizes[size]

    def sizes(self, sizes: Sequence[Any]) -> str:
        """A shape as a vector of int64, computed where it follows the batch."""
        if not any(isinstance(n, Size) for n in sizes):
            return self.ints(*map(int, sizes))
        key = tuple(sizes)
        if key not in self._sizes:
            self._sizes[key] = (
                self.size(sizes[0])
                if len(sizes) == 1
                else self.node("Concat", [self.size(n) for n in sizes], axis=0)
            )
        return self._sizes[key]

    def made_constant(self, value: Any, dtype: Any) -> str:
        """A constant of the runs, which may follow the batch."""
        if isinstance(value, Size):
            return self.cast(self.node("Squeeze", [self.size(value), self.ints(0)]), dtype)
        if isinstance(value, Ratio):
            size = self.made_constant(Size(value.factor, value.rest), dtype)
            return self.node("Div", [self.constant(value.over, dtype), size])
        if isinstance(value, Fill):
            return self.node("Expand", [self.constant(value.value, dtype), self.sizes(value.shape)])
        if isinstance(value, Positions):
            count = self.node("Squeeze", [self.size(value.shape[value.axis]), self.ints(0)])
            zero, one = (self.constant(n, np.int64) for n in (0, 1))
            steps = self.node("Range", [zero, count, one])
            along = [-1 if k == value.axis else 1 for k in range(len(value.shape))]
            steps = self.node("Reshape", [steps, self.ints(*along)])
            if any(n != 1 for k, n in enumerate(value.shape) if k != value.axis):
                steps = self.node("Expand", [steps, self.sizes(value.shape)])
            return self.cast(steps, dtype, np.int64)
        return self.constant(value, dtype)

    # What many operators need --------------------------------------------------------------------

    def element_type(self, dtype: Any) -> int:
        """ONNX's number of a dtype."""
        return int(self._onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def cast(self, name: str, dtype: Any, before: Any = np.int64) -> str:
        """A value in another dtype; itself if that is its own."""
        if np.dtype(dtype) == np.dtype(before):
            return name
        return self.node("Cast", [name], to=self.element_type(dtype))

    def reshape(self, name: str, shape: Sequence[Any], before: Sequence[Any] = ()) -> str:
        """A value in another shape. One size that follows the batch is left to be inferred."""
        moving = [k for k, n in enumerate(shape) if isinstance(n, Size)]
        kept = [k for k in moving if k < len(before) and before[k] == shape[k]]
        left = [k for k in moving if k not in kept]
        if len(left) <= 1 and 0 not in shape:
            target = [0 if k in kept else -1 if k in left else n for k, n in enumerate(shape)]
            return self.node("Reshape", [name, self.ints(*target)])
        # Without ``allowzero`` a size of 0 would be that of the value before.
        return self.node("Reshape", [name, self.sizes(shape)], allowzero=1)

    def unsqueeze(self, name: str, *axes: int) -> str:
        return self.node("Unsqueeze", [name, self.ints(*axes)]) if axes else name

    def squeeze(self, name: str, *axes: int) -> str:
        return self.node("Squeeze", [name, self.ints(*axes)]) if axes else name

    def transpose(self, name: str, order: Sequence[int]) -> str:
        return name if list(order) == list(range(len(order))) else self.node(
            "Transpose", [name], perm=list(order)
        )  # fmt: skip

    def pad(self, name: str, widths: Sequence[tuple[int, int]], value: Any, dtype: Any) -> str:
        """Widths may be negative; nothing where all are 0."""
        if not any(a or b for a, b in widths):
            return name
        pads = self.ints(*[a for a, _ in widths], *[b for _, b in widths])
        return self.node("Pad", [name, pads, self.constant(value, dtype)], mode="constant")
