"""``operations``: every call of a primitive on tensors, in order, with what went in and came out.

A graph holds only what leads to a gradient. Comparisons, indices and all that happens under
``no_grad`` leave no node; who wants to know the whole program (an exporter, a counter of
arithmetic) listens here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd.core.modes import local
from autograd.core.recorders import Recorder, begin, end
from autograd.core.tensor import Tensor
from autograd.debug.lines import line_of

__all__ = ["Operation", "Value", "operations"]


class Value:
    """Something that a primitive read or made.

    Attributes:
        array: its data: an array, or a number. Not a copy.
        operation: the position of the operation that made it, or None.
        output: which of that operation's outputs it is.
    """

    __slots__ = ("array", "operation", "output")

    def __init__(self, array: Any, operation: int | None = None, output: int = 0) -> None:
        self.array = array
        self.operation = operation
        self.output = output

    def __repr__(self) -> str:
        made = "given" if self.operation is None else f"output {self.output} of {self.operation}"
        return f"<Value {np.shape(self.array)}, {made}>"


class Operation:
    """One call of a primitive.

    Attributes:
        name: the primitive's.
        inputs: a `Value` for each array input, in order; None for one that is absent.
        static: the static parameters by name.
        outputs: its `Value` objects.
        module: dotted path of the module that called it.
        filename, lineno: the user's line, empty and 0 where it is not known.
        rewritten: positions of the inputs that were written into in place after they were made,
            so that what made them no longer tells what they hold.
    """

    __slots__ = (
        "filename", "inputs", "lineno", "module", "name", "outputs", "rewritten", "static",
    )  # fmt: skip

    def __init__(
        self, name: str, inputs: tuple[Value | None, ...], static: dict[str, Any], module: str
    ) -> None:
        self.name = name
        self.inputs = inputs
        self.static = static
        self.module = module
        self.outputs: tuple[Value, ...] = ()
        self.rewritten: tuple[int, ...] = ()
        self.filename, self.lineno = line_of()

    def __repr__(self) -> str:
        return f"<Operation {self.name}{f' in {self.module}' if self.module else ''}>"


class operations:
    """Note every operation of this thread while the block runs; the object is their sequence.

    What is computed with arrays alone, outside of primitives, is not seen: an array that comes from
    there is a `Value` that no operation made.

    Example:
        >>> import autograd as ag
        >>> x = ag.tensor([1.0, -2.0])
        >>> with ag.debug.operations() as noted:
        ...     y = ag.where(x > 0, x, 0.0)
        >>> [operation.name for operation in noted]
        ['greater', 'where']
        >>> noted.value_of(y).operation
        1
    """

    def __init__(self) -> None:
        self._noted: list[Operation] = []
        self._by_identity: dict[int, Value] = {}
        self._by_memory: dict[Any, Value] = {}
        self._cells: dict[int, tuple[list[int], int]] = {}
        self._blocks: list[Recorder] = []

    def __enter__(self) -> operations:
        begin(self._blocks, self._note)
        return self

    def __exit__(self, *exception: object) -> None:
        end(self._blocks)

    def __iter__(self) -> Iterator[Operation]:
        return iter(self._noted)

    def __len__(self) -> int:
        return len(self._noted)

    def __getitem__(self, position: int | slice) -> Any:
        return self._noted[position]

    def value_of(self, x: Any) -> Value:
        """The value that a tensor or an array holds: a known one if it is the same memory."""
        array = x._data if isinstance(x, Tensor) else x
        if not isinstance(array, (np.ndarray, np.generic)):
            return Value(array)
        found = self._by_identity.get(id(array))
        if found is None and (key := _memory(array)) is not None:
            found = self._by_memory.get(key)
        return self._keep(Value(array)) if found is None else found

    def _keep(self, value: Value) -> Value:
        # The newest comes first: a view may be the very array that it is a view of.
        self._by_identity[id(value.array)] = value
        if (key := _memory(value.array)) is not None:
            self._by_memory[key] = value
        return value

    def _note(self, info: Any, node: Any, outs: Any, inputs: Any, data: Any, static: Any) -> None:
        values = tuple([None if d is None else self.value_of(d) for d in data])
        operation = Operation(info.name, values, static, local.state.module)
        operation.rewritten = tuple([
            k for k, (given, value) in enumerate(zip(inputs, values, strict=True))
            if value is not None and self._is_rewritten(given, value)
        ])  # fmt: skip
        position = len(self._noted)
        made = [self._keep(Value(out, position, k)) for k, out in enumerate(outs)]
        operation.outputs = tuple(made)
        self._noted.append(operation)

    def _is_rewritten(self, given: Any, value: Value) -> bool:
        cell = given._version if isinstance(given, Tensor) else None
        if cell is None:
            return False
        # What an operation has just made has never been written into; of all else the first
        # sight counts.
        first = 0 if value.operation is not None else cell[0]
        return bool(self._cells.setdefault(id(cell), (cell, first))[1] != cell[0])


def _memory(array: Any) -> Any:
    """What two arrays have in common that are the same view of the same memory."""
    if type(array) is not np.ndarray or not array.size:
        return None
    address = array.__array_interface__["data"][0]
    return address, array.shape, array.strides, array.dtype.str
