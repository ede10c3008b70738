"""Mistakes that nobody listed, derived from the solution.

An exercise lists the wrong answers that are typical of it, each with its hint. Nobody can list all that are
given; but most of the others are slips in a calculation whose right form is known: a factor left out or taken
twice, a sign turned, a sum for a product, ``x`` for ``w``. So the solution, which is code, is altered by one
slip at a time, run, and what comes out is compared with the answer. A hint tells the slip, never the solution.
"""

from __future__ import annotations

import ast
import copy
import itertools
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, cast

import numpy as np

import autograd as ag
import nn

__all__ = ["STRUCTURE", "Slip", "explained", "parts", "run", "slips"]

#: (rank, what is said, altered code); of several that fit, those of the lowest rank are told.
Slip = tuple[int, str, str]

#: The ranks: a part of the calculation, a number, a number that was taken for another one.
STRUCTURE = 0
_NUMBER, _OTHER_NUMBER = 1, 2

#: What is taken for one another.
_TAKEN_FOR = {
    "correlate": ("convolve",), "convolve": ("correlate",), "sum": ("mean", "max", "prod"), "mean": ("sum",),
    "log": ("log2", "log10", "exp"), "exp": ("log",), "tanh": ("exp",), "ones_like": ("zeros_like",),
}  # fmt: skip

_ANSWER = "answer"


def run(code: str) -> Any:
    """What a solution, or a solution with a slip, leaves in ``answer``."""
    names: dict[str, Any] = {"np": np, "ag": ag, "nn": nn}
    exec(compile(code, "<solution>", "exec"), names)
    return names[_ANSWER]


@lru_cache(maxsize=256)
def slips(code: str, asked: tuple[int, ...] = ()) -> tuple[Slip, ...]:
    """The code altered by one slip at a time, each with what the slip is.

    Args:
        code: a solution: it sets ``answer`` to an expression or defines it as a function.
        asked: the numbers of the question; one may be taken for another.

    Example:
        >>> for rank, said, altered in slips("answer = (9 + 1) * 4")[:3]:
        ...     print(altered, "|", said)
        answer = 9 + 1 | the factor 4 is left out
        answer = 4 | a factor that is a sum is left out
        answer = (9 + 1) * 4 * 4 | the factor 4 is taken twice
    """
    made: dict[str, Slip] = {}
    written = ast.parse(code)
    own = ast.unparse(written)
    for tree in (written, _with_values_put_in(written)):
        for node in ast.walk(tree):
            for rank, said, new in _altered(node, _Around(tree, node, asked)):
                text = _text(tree, {node: new})
                if text != own:
                    made.setdefault(text, (rank, said, text))
    for said, text in _everywhere(written):
        made.setdefault(text, (STRUCTURE, said, text))
    if parts(code):
        for said, factor in (("everything is doubled", 2), ("everything is halved", 0.5)):
            made.setdefault(said, (_NUMBER, said, f"{own}\nanswer = {factor} * np.asarray(answer)"))
    return tuple(sorted(made.values(), key=lambda slip: slip[0]))


def parts(code: str) -> list[str]:
    """For a solution that is a list or tuple of expressions, each of them as a solution."""
    (*_, last) = ast.parse(code).body
    if not isinstance(last, ast.Assign) or not isinstance(last.value, (ast.List, ast.Tuple)):
        return []
    return [f"{_ANSWER} = {ast.unparse(each)}" for each in last.value.elts]


def explained(
    code: str, fits: Callable[[Any], bool], question: str = "", most: int = _OTHER_NUMBER
) -> list[str]:
    """What slips explain an answer: those of the lowest rank at which there are any, two at most.

    Args:
        code: the solution.
        fits: whether what ``answer`` would be with a slip is what was answered.
        question: as it was asked.
        most: the highest rank that is looked at.
    """
    asked = tuple(
        sorted({int(each) for each in re.findall(r"(?<![\d.])\d+(?![\d.]*\d)", question)})
    )
    told: dict[str, None] = {}
    rank = None
    for each, said, altered in slips(code, asked):
        if each > (most if rank is None else rank):
            break
        try:
            with np.errstate(all="ignore"):
                fitting = fits(run(altered))
        except Exception:  # noqa: S112 — most altered code does not run: shapes, names, divisions by zero
            continue
        if fitting:
            rank = each
            told.setdefault(said)
    return list(told)[:2]


class _Exchange(ast.NodeTransformer):
    """Puts nodes in the place of others."""

    def __init__(self, new: dict[ast.AST, ast.AST]) -> None:
        self._new = new

    def visit(self, node: ast.AST) -> ast.AST:
        return self._new[node] if node in self._new else self.generic_visit(node)


def _with_values_put_in(tree: ast.Module) -> ast.Module:
    """A function that names what it uses, ``t = np.tanh(x)``, written without such names: then a slip can be made
    in one of the places alone."""
    tree = copy.deepcopy(tree)
    (*_, function) = tree.body
    if not isinstance(function, ast.FunctionDef):
        return tree
    values: dict[str, ast.AST] = {}
    kept: list[ast.stmt] = []
    for statement in function.body:
        uses = [
            each for each in ast.walk(statement) if isinstance(each, ast.Name) and each.id in values
        ]
        put = _Exchange(
            {
                each: copy.deepcopy(values[each.id])
                for each in uses
                if isinstance(each.ctx, ast.Load)
            }
        )
        statement = cast(ast.stmt, put.visit(statement))
        if isinstance(statement, (ast.For, ast.AugAssign, ast.With)):
            return tree  # what is changed cannot be put in
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            values[statement.targets[0].id] = statement.value
        else:
            kept.append(statement)
    function.body = kept
    return tree


def _everywhere(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Slips that a whole function is made with: two of its inputs exchanged, a number forgotten."""
    (*_, function) = tree.body
    if not isinstance(function, ast.FunctionDef):
        return
    inputs = [each.arg for each in function.args.args]
    nodes = [each for statement in function.body for each in ast.walk(statement)]
    for one, other in itertools.combinations(inputs, 2):
        turned = {one: other, other: one}
        new: dict[ast.AST, ast.AST] = {
            each: ast.Name(turned[each.id], ast.Load())
            for each in nodes
            if isinstance(each, ast.Name) and each.id in turned
        }
        yield f"{one} and {other} are exchanged", _text(tree, new)
    for value in {
        each.value for each in nodes if isinstance(each, ast.Constant) and type(each.value) is int
    } - {0, 1}:
        new = {
            each: ast.Constant(1)
            for each in nodes
            if isinstance(each, ast.Constant) and each.value == value
        }
        yield f"{value} is left out everywhere", _text(tree, new)


def _text(tree: ast.Module, new: dict[ast.AST, ast.AST]) -> str:
    keep = {id(each): each for each in new}
    altered = _Exchange(new).visit(copy.deepcopy(tree, keep))
    return ast.unparse(ast.fix_missing_locations(altered))


class _Around:
    """Where in the code a node stands, in words, and what names and numbers could stand in its place."""

    def __init__(self, tree: ast.AST, node: ast.AST, asked: tuple[int, ...]) -> None:
        self.node, self.asked = node, asked
        self.parents: list[ast.AST] = []
        self._find(tree, node, [])
        functions = [each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)]
        self.inputs = [each.arg for each in functions[0].args.args] if functions else []

    def _find(self, at: ast.AST, node: ast.AST, above: list[ast.AST]) -> None:
        if at is node:
            self.parents = above[::-1]
            return
        for child in ast.iter_child_nodes(at):
            self._find(child, node, [*above, at])

    @property
    def where(self) -> str:
        below = self.node
        for parent in self.parents:
            if isinstance(parent, ast.Call) and below is not parent.func:
                return f" inside {_called(parent)}(…)"
            if isinstance(parent, ast.keyword):
                return f" in {parent.arg}"
            if (
                isinstance(parent, ast.BinOp)
                and isinstance(parent.op, ast.Pow)
                and below is parent.right
            ):
                return " in an exponent"
            below = parent
        return ""

    @property
    def is_index(self) -> bool:
        return any(isinstance(parent, ast.Subscript) for parent in self.parents[:3])


def _is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)


def _noun(node: ast.AST) -> str:
    """An operand in words: itself if it is a number or a name, else what kind of thing it is, since no part of
    a solution shall be shown."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and _is_number(node.operand):
        return ast.unparse(node).replace("-", "−")
    if _is_number(node) or isinstance(node, ast.Name):
        return ast.unparse(node)
    if isinstance(node, ast.Call):
        return f"{_called(node)}(…)"
    if isinstance(node, (ast.Attribute, ast.Subscript)):
        return _noun(node.value)
    if isinstance(node, ast.BinOp):
        kinds = {
            ast.Mult: "a product",
            ast.MatMult: "a product",
            ast.Pow: "a power",
            ast.Div: "a quotient",
        }
        return kinds.get(type(node.op), "a sum")
    return "an expression"


def _as(kind: str, node: ast.AST) -> str:
    noun = _noun(node)
    return f"a {kind} that is {noun}" if noun.startswith(("a ", "an ")) else f"the {kind} {noun}"


def _op(left: ast.expr, op: type[ast.operator], right: ast.expr) -> ast.BinOp:
    return ast.BinOp(left, op(), right)


def _altered(node: ast.AST, around: _Around) -> Iterator[tuple[int, str, ast.AST]]:
    where = around.where
    if isinstance(node, ast.BinOp):
        for said, new in _of_operation(node):
            yield STRUCTURE, said + where, new
    elif isinstance(node, ast.UnaryOp):
        if isinstance(node.op, ast.USub):
            yield STRUCTURE, f"a minus is left out{where}", node.operand
        if isinstance(node.op, ast.Invert):
            yield STRUCTURE, "what is True and what is False are exchanged", node.operand
    elif isinstance(node, ast.Call):
        yield from _of_call(node, where)
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield from _of_part(node, around)
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield STRUCTURE, f"{_noun(node.value)} is not transposed", node.value
    elif isinstance(node, ast.Compare):
        limits = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
        if type(node.ops[0]) in limits:
            new_op = limits[type(node.ops[0])]()
            yield (
                STRUCTURE,
                f"the limit of {_noun(node.left)} counts, or does not count",
                ast.Compare(node.left, [new_op], node.comparators),
            )
    elif isinstance(node, ast.AugAssign) and isinstance(node.target, (ast.Name, ast.Subscript)):
        yield (
            STRUCTURE,
            "= stands for +=, so that the last one wins",
            ast.Assign([node.target], node.value),
        )
    elif isinstance(node, ast.Name) and node.id in around.inputs and isinstance(node.ctx, ast.Load):
        yield from _of_input(node, around)
    elif _is_number(node):
        yield from _of_number(node, around)  # type: ignore[arg-type]


def _of_operation(node: ast.BinOp) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node.op, (ast.Add, ast.Sub)):
        yield from _of_sum(node)
    elif isinstance(node.op, ast.Mult):
        yield from _of_product(node)
    elif isinstance(node.op, (ast.Div, ast.FloorDiv)):
        yield from _of_quotient(node)
    elif isinstance(node.op, ast.Pow):
        yield from _of_power(node)
    elif isinstance(node.op, ast.MatMult):
        left, right = node.left, node.right
        both = f"{_noun(left)} and {_noun(right)}"
        yield f"{both} stand in the other order", _op(right, ast.MatMult, left)
        yield f"{both} are multiplied element by element", _op(left, ast.Mult, right)
    elif isinstance(node.op, (ast.BitOr, ast.BitAnd)):
        other = ast.BitAnd if isinstance(node.op, ast.BitOr) else ast.BitOr
        yield "“and” and “or” are exchanged", _op(node.left, other, node.right)


def _of_sum(node: ast.BinOp) -> Iterator[tuple[str, ast.expr]]:
    left, right, plus = node.left, node.right, isinstance(node.op, ast.Add)
    one, other = _as("summand", left), _as("summand", right)
    yield f"{other} is left out", left
    yield f"{one} is left out", right if plus else ast.UnaryOp(ast.USub(), right)
    yield (
        f"the sign before {other} is the other one",
        _op(left, ast.Sub if plus else ast.Add, right),
    )
    if "1" not in (ast.unparse(left), ast.unparse(right)):
        yield f"{_noun(left)} and {_noun(right)} are multiplied", _op(left, ast.Mult, right)
    if plus:
        yield f"{other} is taken twice", _op(node, ast.Add, right)
        yield f"{one} is taken twice", _op(node, ast.Add, left)
        yield f"the sign of {one} is the other one", _op(right, ast.Sub, left)


def _of_product(node: ast.BinOp) -> Iterator[tuple[str, ast.expr]]:
    left, right = node.left, node.right
    one, other = _as("factor", left), _as("factor", right)
    both = f"{_noun(left)} and {_noun(right)}"
    yield f"{other} is left out", left
    yield f"{one} is left out", right
    yield f"{other} is taken twice", _op(node, ast.Mult, right)
    yield f"{one} is taken twice", _op(node, ast.Mult, left)
    yield f"{both} are added, not multiplied", _op(left, ast.Add, right)
    yield f"{both} are subtracted, not multiplied", _op(left, ast.Sub, right)
    yield f"{other} divides, where it has to multiply", _op(left, ast.Div, right)
    yield from _without_parentheses(left, right, ast.Mult)
    yield from _without_parentheses(right, left, ast.Mult)


def _of_quotient(node: ast.BinOp) -> Iterator[tuple[str, ast.expr]]:
    left, right = node.left, node.right
    yield f"the division by {_noun(right)} is left out", left
    yield f"{_noun(right)} multiplies, where it has to divide", _op(left, ast.Mult, right)
    yield f"{_noun(left)} and {_noun(right)} are exchanged in a division", _op(right, ast.Div, left)
    yield from _without_parentheses(left, right, type(node.op))
    if isinstance(node.op, ast.FloorDiv):
        yield "the quotient is not rounded down", _op(left, ast.Div, right)
        up = ast.UnaryOp(ast.USub(), _op(ast.UnaryOp(ast.USub(), left), ast.FloorDiv, right))
        yield "the quotient is rounded up, not down", up


def _of_power(node: ast.BinOp) -> Iterator[tuple[str, ast.expr]]:
    left, right, base = node.left, node.right, _noun(node.left)
    yield f"the exponent of {base} is left out", left
    yield f"the power of {base} is taken for a product", _op(left, ast.Mult, right)
    yield f"the power of {base} is taken for a quotient", _op(left, ast.Div, right)
    if isinstance(right, ast.Constant) and isinstance(right.value, int):
        for exponent in (right.value + 1, right.value - 1):
            yield (
                f"the exponent of {base} is off by one",
                _op(left, ast.Pow, ast.Constant(exponent)),
            )
    else:
        yield from (
            (f"{said} in an exponent", _op(left, ast.Pow, new)) for said, new in _upside_down(right)
        )


def _upside_down(exponent: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(exponent, ast.BinOp) and isinstance(exponent.op, ast.Div):
        yield "the division is a whole one, //,", _op(exponent.left, ast.FloorDiv, exponent.right)


def _without_parentheses(
    inner: ast.expr, outer: ast.expr, op: type[ast.operator]
) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(inner, ast.BinOp) and isinstance(inner.op, (ast.Add, ast.Sub)):
        does = "multiplies" if op is ast.Mult else "divides"
        said = f"parentheses are missing: {_noun(outer)} {does} only a part of a sum"
        kind = type(inner.op)
        yield said, _op(inner.left, kind, _op(inner.right, op, outer))
        yield said, _op(_op(inner.left, op, outer), kind, inner.right)


def _of_call(node: ast.Call, where: str) -> Iterator[tuple[int, str, ast.AST]]:
    name = _called(node)
    for other in _TAKEN_FOR.get(name, ()):
        if isinstance(node.func, ast.Attribute):
            func = ast.Attribute(node.func.value, other, ast.Load())
            yield (
                STRUCTURE,
                f"{other} stands where {name} belongs",
                ast.Call(func, node.args, node.keywords),
            )
    for k, keyword in enumerate(node.keywords):
        others = node.keywords[:k] + node.keywords[k + 1 :]
        yield STRUCTURE, f"{keyword.arg} is left out{where}", ast.Call(node.func, node.args, others)
    if len(node.args) == 1 and not node.keywords:
        yield STRUCTURE, f"{name} is left out", node.args[0]
    if isinstance(node.func, ast.Attribute) and not (
        isinstance(node.func.value, ast.Name) and node.func.value.id in ("np", "ag", "nn")
    ):
        yield STRUCTURE, f"{name} is left out", node.func.value


def _of_input(node: ast.Name, around: _Around) -> Iterator[tuple[int, str, ast.AST]]:
    parent = around.parents[0] if around.parents else None
    for other in around.inputs:
        if other != node.id:
            yield (
                STRUCTURE,
                f"{other} stands where {node.id} belongs{around.where}",
                ast.Name(other, ast.Load()),
            )
    if not (isinstance(parent, ast.Attribute) or around.is_index):
        said = f"{node.id} is transposed, which it is not to be"
        yield STRUCTURE, said, ast.Attribute(node, "T", ast.Load())
    if not isinstance(parent, (ast.Attribute, ast.Subscript)):
        for name, how in (("sum", "added up"), ("mean", "averaged")):
            whole = ast.Call(ast.Attribute(node, name, ast.Load()), [], [])
            yield STRUCTURE, f"{node.id} is {how} first{around.where}", whole
    if not isinstance(parent, ast.Attribute):
        for index, how in (
            ("::-1", "turned round"),
            ("..., ::-1, :", "turned upside down"),
            ("..., ::-1", "mirrored"),
        ):
            turned = ast.parse(f"{node.id}[{index}]", mode="eval").body
            yield STRUCTURE, f"{node.id} is {how}{around.where}", turned


def _of_part(node: ast.Subscript, around: _Around) -> Iterator[tuple[int, str, ast.AST]]:
    whole = _noun(node.value)
    if whole not in around.inputs:
        return
    if isinstance(node.slice, ast.Slice) and node.slice.lower is not None:
        first = ast.Subscript(node.value, node.slice.lower, ast.Load())
        yield STRUCTURE, f"one number of {whole} stands for several", first
    for taken, said in ((node, f"a part of {whole}"), (node.value, f"all of {whole}")):
        for name, how in (("sum", "added up"), ("mean", "averaged")):
            yield (
                STRUCTURE,
                f"{said} is {how} first",
                ast.Call(ast.Attribute(taken, name, ast.Load()), [], []),
            )


def _of_number(node: ast.Constant, around: _Around) -> Iterator[tuple[int, str, ast.AST]]:
    value = node.value
    if not isinstance(value, (int, float)) or not isinstance(
        around.parents[0], (ast.BinOp, ast.Call, ast.UnaryOp)
    ):
        return
    where = around.where
    if isinstance(value, int):
        for other in (value - 1, value + 1):
            yield (
                _NUMBER,
                f"one of the numbers that go into it is off by one{where}",
                ast.Constant(other),
            )
    if around.inputs and value > 1:
        yield _NUMBER, f"{value} is doubled{where}", ast.Constant(2 * value)
        yield _NUMBER, f"{value} is left out, or taken for 1{where}", ast.Constant(1)
    for asked in around.asked:
        if asked != value and not around.is_index:
            yield _OTHER_NUMBER, f"{asked} stands where {value} belongs{where}", ast.Constant(asked)
