"""Stubs for an implementation, to be filled in."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from autograd.func.kit.operations import OPERATIONS, Operation

__all__ = ["template"]

_HEAD = '''\
"""Operations and their gradients, in plain NumPy.

Fill in what you like, in any order, and try it:

    python -m autograd.func.kit {name}

A backward function gets g, the incoming gradient (of the output's shape), then what the forward
function got; it returns one gradient for each of the arrays that its docstring lists, of that
array's shape. All numbers come in float64. What is left as it is counts as not given.
"""

import numpy as np
'''


def template(operations: Iterable[str] | None = None, name: str = "my_ops.py") -> str:
    """A Python file with a stub for every operation.

    Args:
        operations: names; default: all.
        name: what the file will be called.

    Raises:
        ValueError: for an operation that the kit does not have.

    Example:
        >>> from autograd.func import kit
        >>> print(kit.template(["relu"]).split("import numpy as np")[1].strip())
        def relu(x):
            \"\"\"x where it is positive, else 0.\"\"\"
            raise NotImplementedError
        <BLANKLINE>
        <BLANKLINE>
        def relu_backward(g, x):
            \"\"\"The gradient of x.\"\"\"
            raise NotImplementedError
    """
    names = list(OPERATIONS) if operations is None else list(operations)
    unknown = [each for each in names if each not in OPERATIONS]
    if unknown:
        raise ValueError(
            f"template: no operation {unknown[0]!r}; there are {', '.join(OPERATIONS)}"
        )
    return "\n\n".join([_HEAD.format(name=name), *(_stubs(OPERATIONS[each]) for each in names)])


def _stubs(operation: Operation) -> str:
    wanted = operation.differentiable
    gradients = (
        f"The gradient of {wanted[0]}." if len(wanted) == 1
        else f"A tuple of the gradients of {', '.join(wanted[:-1])} and {wanted[-1]}."
    )  # fmt: skip
    meaning, first = operation.meaning, operation.meaning.split(" ")[0]
    if first not in (*operation.inputs, "minus") and len(first) > 2 and "(" not in first:
        meaning = meaning[:1].upper() + meaning[1:]  # a formula begins as it is written
    return "\n\n".join(
        [
            _stub(operation.name, operation.signature(), meaning),
            _stub(f"{operation.name}_backward", operation.signature(backward=True), gradients),
        ]
    )


def _stub(name: str, signature: str, said: str) -> str:
    doc = textwrap.fill(
        f'"""{said.rstrip(".")}."""', 96, initial_indent="    ", subsequent_indent="    "
    )
    return f"def {name}({signature}):\n{doc}\n    raise NotImplementedError\n"
