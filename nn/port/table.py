"""The spellings that ``nn.port`` knows, one line each: how to see them, and what to write.

What is spelled in the same way by NumPy and PyTorch and means two things is told with the words of
``autograd.spelling.DIFFERENCES``, which the warnings of the running program use, too.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import NamedTuple

from autograd.spelling import DIFFERENCES

__all__ = ["CALLS", "MODULE_METHODS", "Spelling", "markdown"]

Test = Callable[[ast.Call, int], bool]


class Spelling(NamedTuple):
    """A call that means something else here.

    Attributes:
        name: of the function or method.
        sees: gets the call and how many of its arguments come before those of the method (1 for
            ``torch.max(x, 1)``, 0 for ``x.max(1)``); True if this is the spelling.
        difference: the key in ``DIFFERENCES``.
        edit: what makes PyTorch's meaning of it: ``rename NAME``; ``name N WORD …``, which puts
            ``WORD=`` before argument N, and so on; ``add WORDS``, which adds one; ``method NAME``,
            which makes f(x, y) x.NAME(y); or nothing.
    """

    name: str
    sees: Test
    difference: str
    edit: str


def _count(low: int, high: int) -> Test:
    return lambda call, skip: low <= len(call.args) - skip <= high


def _without(*words: str) -> Test:
    return lambda call, skip: not {k.arg for k in call.keywords} & {*words, None}


def _whole(call: ast.Call, skip: int) -> bool:
    """An integer comes first: written out, or by a name that is usual for axes."""
    return len(call.args) > skip and _is_integer(call.args[skip])


def _is_integer(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    if isinstance(node, ast.Constant):
        return type(node.value) is int
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return name in ("dim", "axis", "d")


def _keeps_order(call: ast.Call, skip: int) -> bool:
    """NumPy's ``transpose(i, j)`` leaves a matrix as it is, where PyTorch's exchanges the two axes.

    Axes of other numbers are no matrix's, and NumPy's ``(1, 0)`` exchanges them, too.
    """
    try:
        axes = [ast.literal_eval(argument) for argument in call.args[skip:]]
    except ValueError:
        return True
    return all(type(axis) is int for axis in axes) and axes in ([0, 1], [-2, -1], [0, -1], [-2, 1])


def _repeats(call: ast.Call, skip: int) -> bool:
    """NumPy's ``repeat`` takes a number and an axis; three numbers can only be PyTorch's."""
    given = call.args[skip:]
    return 0 < len(given) < 3 or any(isinstance(argument, ast.Starred) for argument in given)


def _listed(call: ast.Call, skip: int) -> bool:
    return len(call.args) > skip and isinstance(call.args[skip], (ast.List, ast.Tuple))


def _method(call: ast.Call, skip: int) -> bool:
    return not skip


def _function(call: ast.Call, skip: int) -> bool:
    return bool(skip)


def _all(*tests: Test) -> Test:
    return lambda call, skip: all(test(call, skip) for test in tests)


_UNSAID = _without("ddof", "correction", "unbiased")
_AXIS = _without("axis", "dim")

#: Every spelling, by line; the first that sees a call of its name tells.
CALLS: tuple[Spelling, ...] = (
    Spelling("std", _all(_UNSAID, _count(0, 1)), "std", "add correction=1"),
    Spelling("var", _all(_UNSAID, _count(0, 1)), "var", "add correction=1"),
    Spelling("max", _all(_AXIS, _whole), "max", "name 0 dim keepdim"),
    Spelling("min", _all(_AXIS, _whole), "min", "name 0 dim keepdim"),
    Spelling("median", _all(_AXIS, _whole), "median", "name 0 dim keepdim"),
    Spelling("median", _all(_AXIS, _count(0, 0)), "median of all", ""),
    Spelling("sort", _all(_AXIS, _whole), "sort", "name 0 dim descending"),
    Spelling(
        "sort", _all(_without("axis", "dim", "key", "reverse"), _count(0, 0)), "sort", "add dim=-1"
    ),
    Spelling("cummax", _all(_AXIS, _whole), "cummax", "name 0 dim"),
    Spelling("cummin", _all(_AXIS, _whole), "cummin", "name 0 dim"),
    Spelling("split", _all(_AXIS, _listed, _count(1, 1)), "split at", "add dim=0"),
    Spelling("split", _all(_AXIS, _listed, _count(2, 2)), "split at", "name 1 dim"),
    Spelling("split", _all(_AXIS, _count(1, 1)), "split", "add dim=0"),
    Spelling("split", _all(_AXIS, _count(2, 2)), "split", "name 1 dim"),
    Spelling("repeat", _all(_without("axis", "dim"), _repeats), "repeat", "rename tile"),
    Spelling(
        "transpose",
        _all(_AXIS, _method, _count(2, 2), _keeps_order),
        "transpose",
        "rename swapaxes",
    ),
    Spelling("norm", _all(_without("p", "dim", "axis"), _count(1, 1)), "norm", "name 0 p"),
    Spelling("meshgrid", _without("indexing"), "meshgrid", 'add indexing="ij"'),
    Spelling("cross", _all(_AXIS, _count(1, 1)), "cross", ""),
    Spelling("equal", _all(_function, _count(1, 1)), "equal", "method equal"),
    Spelling("gradient", _all(_AXIS, _function), "gradient", ""),
    Spelling("cholesky", _without("upper"), "triangle", ""),
    Spelling("eigh", _without("UPLO"), "triangle", ""),
    Spelling("eigvalsh", _without("UPLO"), "triangle", ""),
    Spelling("nonzero", _without("as_tuple"), "nonzero", "add as_tuple=False"),
)

#: Methods of modules that have another name, or none, and what to write.
MODULE_METHODS: dict[str, str] = {
    "register_backward_hook": "model.register_full_backward_hook(hook)",
    "share_memory": "leave it out: every process has its own memory",
    "compile": "leave it out: there is no compiler",
    "bfloat16": "model.half() or model.float(): NumPy has no bfloat16",
    "get_extra_state": "keep it in a buffer: register_buffer",
    "set_extra_state": "keep it in a buffer: register_buffer",
    "to_empty": "leave it out: parameters are always there",
}


def markdown() -> str:
    """The table of what silently differs, as it stands in the README.

    Example:
        >>> from nn.port.table import markdown
        >>> print(markdown().splitlines()[2])
        | `x.std()` without ddof | divided by n | the estimate divided by n - 1 | `x.std(correction=1)` |
    """
    rows = [
        f"| {_code(d.spelling)} | {d.here} | {d.torch} | {_code(d.write_torch)} |"
        for d in DIFFERENCES.values()
    ]
    return "\n".join(["| | here, as in NumPy | in PyTorch | PyTorch's meaning |",
                      "|---|---|---|---|", *rows])  # fmt: skip


def _code(text: str) -> str:
    """The part that is code in backquotes."""
    for word in (" of ", " without ", ", or "):
        code, found, rest = text.partition(word)
        if found:
            second = f"`{rest}`" if word == ", or " else rest
            return f"`{code}`{word}{second}"
    return f"`{text}`"
