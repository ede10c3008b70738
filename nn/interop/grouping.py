"""A flat list of operations, grouped into the calls of modules that they were made in."""

from __future__ import annotations

from collections import Counter
from typing import Any

from nn.interop.program import Call, Operation, Value, values_in

__all__ = ["grouped"]

Stack = tuple[tuple[str, str], ...]


def grouped(
    operations: list[Operation],
    stacks: list[Stack],
    leaves: list[Any],
    shapes: dict[str, tuple[int | str, ...]],
    numbers: dict[str, str],
) -> Call:
    """The tree of calls.

    Args:
        stacks: for every operation the calls it is in, outermost first, as (key, path).
        leaves: what the model returns.
        shapes: of values that are tensors, with expressions for symbolic sizes.
        numbers: of values that are sizes, their expressions.
    """
    uses: dict[str, int] = {}  # the last operation that uses a value
    for k, operation in enumerate(operations):
        for name in values_in((operation.args, operation.kwargs)):
            uses[name] = k
    for name in values_in(leaves):
        uses[name] = len(operations)
    counts: Counter[str] = Counter()
    root = _call("", operations, stacks, 0, 0, uses, counts)
    root.outputs = tuple(dict.fromkeys(values_in(leaves)))
    _localize(root, shapes, numbers)
    _release(root)
    return root


def _call(
    path: str,
    operations: list[Operation],
    stacks: list[Stack],
    depth: int,
    start: int,
    uses: dict[str, int],
    counts: Counter[str],
) -> Call:
    """The call of a module that covers these operations, which begin at number ``start``."""
    call = Call(path, counts[path])
    counts[path] += 1
    k = 0
    while k < len(operations):
        if len(stacks[k]) <= depth:
            call.body.append(operations[k])
            k += 1
            continue
        key, inner = stacks[k][depth]
        end = k
        while end < len(operations) and stacks[end][depth : depth + 1] == ((key, inner),):
            end += 1
        call.body.append(
            _call(inner, operations[k:end], stacks[k:end], depth + 1, start + k, uses, counts)
        )
        k = end
    made = {operation.name for operation in operations}
    needed = dict.fromkeys(
        name for o in operations for name in values_in((o.args, o.kwargs)) if name not in made
    )
    after = start + len(operations)
    call.inputs = tuple(needed)
    call.outputs = tuple(o.name for o in operations if uses.get(o.name, -1) >= after)
    return call


def _localize(
    call: Call, shapes: dict[str, tuple[int | str, ...]], numbers: dict[str, str]
) -> None:
    """Sizes that come from outside are read from the tensors that come with them, if they can be:
    then a module can be called by itself with other sizes."""
    for step in call.body:
        if not isinstance(step, Call):
            continue
        tensors = [name for name in step.inputs if name in shapes]
        renamed: dict[str, str] = {}
        for name in step.inputs:
            found = _dimension(numbers.get(name), tensors, shapes)
            if found is not None:
                tensor, axis = found
                own = f"{name} in {step.path} {step.index}"
                size = Operation(own, "sym_size.int", (Value(tensor), axis), {})
                renamed[name] = own
                numbers[own] = numbers[name]
                step.body.insert(0, size)
        if renamed:
            step.inputs = tuple(name for name in step.inputs if name not in renamed)
            _rename(step, renamed)
        _localize(step, shapes, numbers)


def _dimension(
    expression: str | None, tensors: list[str], shapes: dict[str, tuple[int | str, ...]]
) -> tuple[str, int] | None:
    if expression is None:
        return None
    return next(
        (
            (name, axis)
            for name in tensors
            for axis, n in enumerate(shapes[name])
            if n == expression
        ),
        None,
    )


def _rename(call: Call, names: dict[str, str]) -> None:
    for step in call.body:
        if isinstance(step, Call):
            step.inputs = tuple(names.get(name, name) for name in step.inputs)
            _rename(step, names)
        else:
            step.args = _replaced(step.args, names)
            step.kwargs = _replaced(step.kwargs, names)


def _replaced(tree: Any, names: dict[str, str]) -> Any:
    if isinstance(tree, Value):
        return Value(names[tree.name]) if tree.name in names else tree
    if isinstance(tree, (list, tuple)):
        return type(tree)(_replaced(part, names) for part in tree)
    if isinstance(tree, dict):
        return {key: _replaced(part, names) for key, part in tree.items()}
    return tree


def _release(call: Call) -> None:
    """Tell each step which values nothing in this call needs after it."""
    last: dict[str, int] = {}
    for k, step in enumerate(call.body):
        if isinstance(step, Call):
            _release(step)
            names: tuple[str, ...] = (*step.inputs, *step.outputs)
        else:
            names = (step.name, *values_in((step.args, step.kwargs)))
        for name in names:
            last[name] = k
    kept = set(call.outputs)
    for k, step in enumerate(call.body):
        step.releases = tuple(name for name, end in last.items() if end == k and name not in kept)
