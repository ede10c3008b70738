"""Running a model several times, and telling from the runs what depends on what.

The operations of one run hold numbers that came from the example: the batch's size in a shape, an
index that was read off an input. Told by one run, such a number looks like a constant. So the model
runs on several examples, with other values and other batches: what stays is a constant; a size that
changes with the batch is an expression in it (`Size`); an array that changes is the value of an
input or an operation that holds the same numbers in every run. What changes and is none of these
cannot be exported, and is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

import autograd
from autograd import Tensor

__all__ = ["Fill", "Origin", "Positions", "Program", "Ratio", "Refused", "Run", "Size", "vary"]


class Refused(Exception):
    """What cannot be exported, in words."""


class Size(NamedTuple):
    """``factor · N + rest``, where N is the size of the batch."""

    factor: int
    rest: int


class Ratio(NamedTuple):
    """``over / (factor · N + rest)``."""

    over: float
    factor: int
    rest: int


class Fill(NamedTuple):
    """An array of one value whose shape depends on the batch."""

    value: Any
    shape: tuple[Any, ...]


class Positions(NamedTuple):
    """0, 1, 2, … along one axis, equal on all others; the shape depends on the batch."""

    axis: int
    shape: tuple[Any, ...]
    dtype: Any


class Origin(NamedTuple):
    """Where a value comes from.

    Attributes:
        kind: ``"input"``, ``"parameter"``, ``"output"`` (of an operation), ``"hidden"`` (what an
            operation computes but does not give) or ``"constant"``.
        key: a name; for outputs and hidden values (operation, which); for constants the value.
        shape: if not None, the value has to be brought into it.
    """

    kind: str
    key: Any
    shape: tuple[Any, ...] | None = None


class Run(NamedTuple):
    """One run: its operations, and which values are the inputs, the parameters and the outputs."""

    operations: Any
    inputs: dict[str, Any]
    parameters: dict[str, Any]
    outputs: dict[str, Any]
    batch: int


# Other examples -----------------------------------------------------------------------------------


def vary(
    array: Any,
    batch: int | None,
    random: np.random.Generator,
    harsh: bool,
    ignored: int | None = None,
) -> Any:
    """An array of the same kind with other values, and with another batch.

    Values lie between those of the example, so they stay in the range that the model takes;
    harsh ones are also 0 and of the other sign. Some integers are the ``ignored`` one, if given.
    """
    if batch is not None:
        array = array[np.arange(batch) % len(array)]
    if array.dtype.kind == "b":
        return random.random(array.shape) < 0.5
    flat = array.ravel()
    if not flat.size:
        return array.copy()
    if array.dtype.kind in "iu":
        low, high = int(flat.min()), int(flat.max())
        if harsh and high - low > 1:
            high -= 1  # so that the largest is another one
        drawn = random.integers(low, high, array.shape, endpoint=True)
        if ignored is not None:
            drawn = np.where(random.random(array.shape) < 0.2, ignored, drawn)
            drawn.flat[0] = ignored
        return np.asarray(drawn, array.dtype)
    one, other = (flat[random.integers(0, flat.size, array.shape)] for _ in range(2))
    few = 2 * len(np.unique(flat)) <= flat.size  # such as ±1: nothing between them is meant
    varied = one if few else one + random.random(array.shape) * (other - one)
    if not few:  # drawn together, so that the largest and the least are others, too
        middle = (float(flat.min()) + float(flat.max())) / 2
        varied = middle + random.uniform(0.6, 0.95) * (varied - middle)
    if flat.min() == flat.max():
        noise = random.random(array.shape)
        varied = varied + np.where(random.random(array.shape) < 0.5, noise, 0.0)
    if harsh:
        varied = np.where(random.random(array.shape) < 0.3, 0.0, varied)
        varied = varied * random.choice([1.0, -1.0], array.shape) * random.uniform(0.5, 0.9)
    return np.asarray(varied, array.dtype)


# What the runs have in common ---------------------------------------------------------------------


def _array(x: Any) -> Any:
    return np.asarray(x.data if isinstance(x, Tensor) else x)


def _kind(operation: Any) -> Any:
    return operation.name, len(operation.inputs), operation.module


def _arrays_in(part: Any) -> list[Any]:
    if isinstance(part, np.ndarray):
        return [part]
    return [a for p in part for a in _arrays_in(p)] if isinstance(part, (tuple, list)) else []


def _same(one: Any, other: Any) -> bool:
    one, other = np.asarray(one), np.asarray(other)
    kind = one.dtype.kind
    return kind == other.dtype.kind and np.array_equal(one, other, equal_nan=kind == "f")


class Program:
    """The operations that all runs have in common, with the origin of everything they use.

    Args:
        runs: of one model; the first is the one that shapes and dtypes are read from.
        hidden: for names of operations, what they compute on the way: label to function of an
            operation's arrays and static parameters.

    Raises:
        Refused: if the runs are not of the same operations.
    """

    def __init__(
        self, runs: Sequence[Run], hidden: dict[str, dict[str, Callable[..., Any]]]
    ) -> None:
        self.runs = runs
        self.operations = runs[0].operations
        self._hidden = hidden
        self._hidden_values: dict[tuple[int, str], list[Any]] = {}
        self._names = [
            {
                id(value): (kind, name)
                for kind, values in (("parameter", run.parameters), ("input", run.inputs))
                for name, value in reversed(values.items())
            }
            for run in runs
        ]
        self._following: list[bool] = []
        self._check_alike()

    def _check_alike(self) -> None:
        for run in self.runs[1:]:
            pairs = zip(self.operations, run.operations, strict=False)
            apart = next((k for k, (a, b) in enumerate(pairs) if _kind(a) != _kind(b)), None)
            if len(self.operations) != len(run.operations):
                shorter = min(self.operations, run.operations, key=len)
                last = min(len(shorter) - 1, len(shorter) if apart is None else apart)
                raise Refused(
                    f"{place(shorter[last]) if len(shorter) else 'the model'}: how much is computed "
                    "depends on the values or on the size of the batch. Write choices as "
                    "autograd.where, and loops over the batch as operations on the whole batch; "
                    "dynamic_batch=False keeps the batch of the example"
                )
            if apart is not None:
                raise Refused(
                    f"{place(self.operations[apart])}: what is computed depends on the values: with "
                    f"other inputs, {run.operations[apart].name} came in the place of "
                    f"{self.operations[apart].name}. Write the choice as autograd.where"
                )

    # Values --------------------------------------------------------------------------------------

    def input_origin(self, position: int, index: int) -> Origin | None:
        """Where an operation's array input comes from; None if it is absent."""
        values = [run.operations[position].inputs[index] for run in self.runs]
        absent = [value is None for value in values]
        if all(absent):
            return None
        if any(absent):
            raise Refused(f"whether it has an input {index} depends on the values or on the batch")
        if index in self.operations[position].rewritten:
            raise Refused(f"input {index} was written into in place after it was made")
        return self.origin(values, position)

    def output_origin(self, name: str) -> Origin:
        """Where an output of the model comes from."""
        return self.origin([run.outputs[name] for run in self.runs], len(self.operations))

    def origin(self, values: Sequence[Any], before: int) -> Origin:
        """Where a value comes from, which was read before an operation.

        Args:
            values: what it was in each run: `autograd.debug.Value` objects.
        """
        named = [names.get(id(v)) for names, v in zip(self._names, values, strict=True)]
        if named[0] is not None and named.count(named[0]) == len(named):
            return Origin(*named[0])
        made = [(v.operation, v.output) for v in values]
        if made[0][0] is not None and made.count(made[0]) == len(made):
            return Origin("output", made[0])
        return self.of_arrays([v.array for v in values], before)

    def of_arrays(self, arrays: Sequence[Any], before: int) -> Origin:
        """The origin of an array that no operation made."""
        if all(_same(arrays[0], a) for a in arrays[1:]):
            return Origin("constant", arrays[0])
        plain = [np.asarray(a) for a in arrays]
        if plain[0].ndim == 0 and (number := self._number(plain)) is not None:
            return Origin("constant", number)
        made = self._made_of_shape(plain) if len({p.ndim for p in plain}) == 1 else None
        if made is not None and plain[0].dtype.kind == "f":
            return Origin("constant", made)  # such as zeros to begin with
        # Integers and masks that are alike for these values may not be for others.
        found = self._holding(plain, before)
        if found is not None:
            return found
        if made is not None and plain[0].dtype.kind == "b":
            raise Refused(
                f"a mask of shape {plain[0].shape}, alike everywhere for these examples, was computed "
                "outside of the operations; whether it depends on the values cannot be told"
            )
        if made is not None:
            return Origin("constant", made)
        raise Refused(
            f"an array of shape {plain[0].shape} was computed outside of the operations, from "
            "values of an input or at random, and cannot be followed"
        )

    def _number(self, plain: Sequence[Any]) -> Any:
        if plain[0].dtype.kind in "iu" or all(float(p).is_integer() for p in plain):
            try:
                return self.size([int(p) for p in plain])
            except Refused:
                pass
        if plain[0].dtype.kind == "f" and all(plain) and np.isfinite(plain).all():
            batches = [run.batch for run in self.runs]
            over = float(plain[0]) * batches[0]
            if np.allclose([over / n for n in batches], plain, rtol=1e-6, atol=0.0):
                return Ratio(over, 1, 0)
        return None

    def _made_of_shape(self, plain: Sequence[Any]) -> Any:
        try:
            shape = tuple(
                [self.size(list(sizes)) for sizes in zip(*[p.shape for p in plain], strict=True)]
            )
        except Refused:
            return None
        if not any(isinstance(n, Size) for n in shape) or not all(p.size for p in plain):
            return None
        first = plain[0].flat[0]
        if all((p == first).all() for p in plain):
            return Fill(first, shape)
        for axis in range(plain[0].ndim):
            along = [-1 if k == axis else 1 for k in range(plain[0].ndim)]
            if all((p == np.arange(p.shape[axis]).reshape(along)).all() for p in plain):
                return Positions(axis, shape, plain[0].dtype)
        return None

    def _candidates(self, before: int) -> Iterator[tuple[str, Any, list[Any]]]:
        for name in self.runs[0].inputs:
            yield "input", name, [_array(run.inputs[name].array) for run in self.runs]
        for position in range(before):
            if not self._follows_inputs(position):
                continue
            for k in range(len(self.operations[position].outputs)):
                yield (
                    "output",
                    (position, k),
                    [_array(run.operations[position].outputs[k].array) for run in self.runs],
                )
            for label in self._hidden.get(self.operations[position].name, ()):
                yield "hidden", (position, label), self._hidden_of(position, label)

    def _follows_inputs(self, position: int) -> bool:
        """Whether an operation's values follow the inputs, and not only the size of the batch."""
        for k in range(len(self._following), position + 1):
            self._following.append(self._reads_inputs(k))
        return self._following[position]

    def _reads_inputs(self, position: int) -> bool:
        static = [run.operations[position].static for run in self.runs]
        for name, first in static[0].items():
            for part in _arrays_in(first):
                others = [_arrays_in(s[name]) for s in static[1:]]
                if not all(any(_same(part, a) for a in arrays) for arrays in others):
                    return True
        for values in zip(*[run.operations[position].inputs for run in self.runs], strict=True):
            first = values[0]
            if first is None:
                continue
            if first.operation is not None:
                if self._following[first.operation]:
                    return True
            elif self._names[0].get(id(first), ("", ""))[0] == "input":
                return True
            elif not all(_same(first.array, v.array) for v in values[1:]):
                if self._made_of_shape([np.asarray(v.array) for v in values]) is None:
                    return True
        return False

    def _hidden_of(self, position: int, label: str) -> list[Any]:
        key = position, label
        if key not in self._hidden_values:
            function = self._hidden[self.operations[position].name][label]
            found = []
            for run in self.runs:
                operation = run.operations[position]
                arrays = [None if v is None else _array(v.array) for v in operation.inputs]
                found.append(np.asarray(function(*arrays, **operation.static)))
            self._hidden_values[key] = found
        return self._hidden_values[key]

    def _holding(self, plain: Sequence[Any], before: int) -> Origin | None:
        """The one value that holds these numbers in every run.

        Several that hold the same must be copies of one another, or which is meant is unknown.
        """
        found: list[Origin] = []
        for kind, key, arrays in self._candidates(before):
            if (arrays[0].dtype.kind == "f") != (plain[0].dtype.kind == "f"):
                continue
            alike = all(
                a.size == p.size and np.array_equal(a.ravel(), p.ravel())
                for a, p in zip(arrays, plain, strict=True)
            )
            if alike and self._same_dims(arrays, plain):
                shape = None
                if arrays[0].shape != plain[0].shape:
                    sizes = zip(*[p.shape for p in plain], strict=True)
                    shape = tuple([self.size(list(s)) for s in sizes])
                found.append(Origin(kind, key, shape))
        roots = {self._root(origin) for origin in found}
        if len(roots) > 1:
            raise Refused(
                f"an array of shape {plain[0].shape} was read off a value, and several hold the "
                "same numbers: which is meant cannot be told"
            )
        return found[-1] if found else None

    def _same_dims(self, arrays: Sequence[Any], plain: Sequence[Any]) -> bool:
        return all(
            [n for n in a.shape if n != 1] == [n for n in p.shape if n != 1]
            for a, p in zip(arrays, plain, strict=True)
        )

    def _root(self, origin: Origin) -> Any:
        """What a copy is a copy of."""
        while origin.kind == "output":
            operation = self.operations[origin.key[0]]
            if operation.name not in _COPIES and not self._takes_all(origin.key[0]):
                break
            try:
                source = self.input_origin(origin.key[0], 0)
            except Refused:
                break
            if source is None:
                break
            origin = source
        return (origin.kind, origin.key if origin.kind != "constant" else id(origin.key))

    def _takes_all(self, position: int) -> bool:
        """Whether an index takes everything, in its order: ``x[:, None]``."""
        for run in self.runs:
            operation = run.operations[position]
            if operation.name != "getitem" or operation.inputs[0] is None:
                return False
            given, taken = (_array(v.array) for v in (operation.inputs[0], operation.outputs[0]))
            if not np.array_equal(given.ravel(), taken.ravel()):
                return False
        return True

    # Sizes and static parameters -----------------------------------------------------------------

    def size(self, sizes: Sequence[int]) -> Any:
        """A size that was read off the runs: an int, or a `Size` where it follows the batch."""
        if len(set(sizes)) == 1:
            return sizes[0]
        batches = [run.batch for run in self.runs]
        factor, left = divmod(sizes[1] - sizes[0], (batches[1] - batches[0]) or 1)
        rest = sizes[0] - factor * batches[0]
        if left or any(factor * n + rest != s for n, s in zip(batches, sizes, strict=True)):
            raise Refused(f"a size that depends on values or not evenly on the batch: {sizes}")
        return Size(factor, rest)

    def shape_of(self, values: Sequence[Any]) -> tuple[Any, ...]:
        """The shape of a value, sizes that follow the batch as `Size`."""
        shapes = [np.shape(v.array) for v in values]
        if any(len(s) != len(shapes[0]) for s in shapes):
            raise Refused("the number of axes depends on the values")
        return tuple([self.size(list(sizes)) for sizes in zip(*shapes, strict=True)])

    def static(self, position: int) -> dict[str, Any]:
        """The static parameters of an operation; what follows an input is an `Origin` there."""
        given = [run.operations[position].static for run in self.runs]
        return {name: self._resolve([g[name] for g in given], position) for name in given[0]}

    def _resolve(self, parts: Sequence[Any], position: int) -> Any:
        first = parts[0]
        if isinstance(first, tuple) and all(
            isinstance(p, tuple) and len(p) == len(first) for p in parts
        ):
            resolved = [self._resolve(each, position) for each in zip(*parts, strict=True)]
            make = getattr(first, "_make", None)
            return make(resolved) if make else tuple(resolved)
        if isinstance(first, list):
            return self._resolve([tuple(p) for p in parts], position)
        if isinstance(first, slice):
            ends = [(p.start, p.stop, p.step) for p in parts]
            return slice(*self._resolve(ends, position))
        if isinstance(first, np.ndarray):
            origin = self.of_arrays(list(parts), position)
            return first if origin.kind == "constant" and origin.key is first else origin
        if all(type(p) is type(first) and p == first for p in parts) or first is None:
            if any(p is not None for p in parts) and first is None:
                raise Refused("a parameter depends on the values")
            return first
        if all(isinstance(p, (int, np.integer)) and not isinstance(p, bool) for p in parts):
            return self.size([int(p) for p in parts])
        raise Refused(f"a parameter depends on the values: {first!r} and {parts[1]!r}")


#: Operations whose output holds the very numbers of their input.
_COPIES = frozenset((
    "alias", "positive", "reshape", "expand_dims", "squeeze", "_cast", "_cast_to_plain",
    "broadcast_to",
))  # fmt: skip


def place(operation: Any) -> str:
    """``conv2d in features.0 (model.py:12)``: what a refusal begins with."""
    module = f" in {operation.module}" if operation.module else ""
    line = ""
    if operation.filename:
        name = operation.filename.replace("\\", "/").rpartition("/")[2]
        line = f" ({name}:{operation.lineno})"
    return f"{operation.name}{module}{line}"


def run(
    function: Callable[..., Any],
    inputs: dict[str, Tensor],
    parameters: dict[str, Tensor],
    batch: int,
) -> Run:
    """Run a function of the named inputs, which gives named outputs, and note its operations."""
    with autograd.debug.operations() as noted:
        taken = {name: noted.value_of(p) for name, p in parameters.items()}
        read = {name: noted.value_of(x) for name, x in inputs.items()}
        outputs = function(inputs)
    return Run(noted, read, taken, {k: noted.value_of(v) for k, v in outputs.items()}, batch)
