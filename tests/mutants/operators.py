"""The mistakes that are planted: every operator, on every place of a file where it applies.

A mutant is a piece of text put in the place of another. It keeps the number of lines, so that all
the rest of the file compiles to what it was.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]

#: What is planted, by the name under which the report and the list of explanations speak of it.
OPERATORS = {
    "sign": "-x becomes x, + becomes -, - becomes +",
    "arithmetic": "* becomes /, / becomes *, // becomes *, % becomes //, ** becomes *, @ swaps",
    "dropped term": "a + b, a - b, a * b, a / b become a, or b",
    "factor": "an arithmetic expression or a float is multiplied by 1.001",
    "index": "x[0] becomes x[1], x[-1] becomes x[-2]; slices start or stop one further",
    "swapped": "the first two arguments, operands or results change places",
    "comparison": "< and <=, > and >=, == and !=, is and is not, in and not in; != also becomes >",
    "unwrapped": "sum_to(x, shape) and its like (broadcast sums, copies, conversions) become x",
    "eps": "eps inside of a square root goes outside and back, or is added one statement earlier",
    "constant": "an integer is one more, or one less",
    "range": "range(n) becomes range(n + 1), range(n - 1)",
    "logic": "and becomes or, or becomes and; not is removed; True becomes False",
    "removed": "a call, an augmented or an item's assignment, continue, break, raise becomes pass",
    "axis": "axis=k becomes axis=k + 1, another axis=... becomes axis=0",
}

_COMPARISONS: dict[type[ast.cmpop], list[str]] = {
    ast.Lt: ["<="],
    ast.LtE: ["<"],
    ast.Gt: [">="],
    ast.GtE: [">"],
    ast.Eq: ["!="],
    ast.NotEq: ["==", ">"],
    ast.Is: ["is not"],
    ast.IsNot: ["is"],
    ast.In: ["not in"],
    ast.NotIn: ["in"],
}
_ARITHMETIC: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("sign", "-"),
    ast.Sub: ("sign", "+"),
    ast.Mult: ("arithmetic", "/"),
    ast.Div: ("arithmetic", "*"),
    ast.FloorDiv: ("arithmetic", "*"),
    ast.Mod: ("arithmetic", "//"),
    ast.Pow: ("arithmetic", "*"),
}
_SYMBOLS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.MatMult: "@"}
_SYMBOLS |= {ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**"}
_ORDERED = (ast.Sub, ast.Div, ast.MatMult, ast.FloorDiv, ast.Mod, ast.Pow)
#: Calls that hand on their first argument, summed, copied or converted.
_WRAPPERS = {"sum_to", "unbroadcast", "own", "copy", "ascontiguousarray", "array", "sum", "abs"}
_WRAPPERS |= {"negative", "conj", "conjugate", "broadcast_to", "squeeze", "flip", "contiguous"}
#: Calls whose first two arguments may change places, or cannot.
_NOT_SWAPPED = {"add", "multiply", "maximum", "minimum", "equal", "not_equal", "array_equal"}
_NOT_SWAPPED |= {"max", "min", "hypot", "logaddexp", "logical_and", "logical_or", "gcd", "lcm"}
_NOT_SWAPPED |= {"swapaxes"}
_NOT_SWAPPED |= {"isinstance", "issubclass", "getattr", "setattr", "hasattr", "cast", "TypeVar"}
_REMOVABLE = (ast.AugAssign, ast.Continue, ast.Break, ast.Raise, ast.Delete)


class Mutant(NamedTuple):
    """One mistake: ``text`` in the place of the bytes from ``start`` to ``stop`` of ``file``."""

    file: str
    line: int
    operator: str
    start: int
    stop: int
    text: str
    before: str  # the line, as it is
    after: str  # the line, or the first one that differs, as it becomes

    def __str__(self) -> str:
        return f"{self.file}:{self.line} [{self.operator}]\n    - {self.before}\n    + {self.after}"

    def source(self, original: bytes) -> bytes:
        """The whole file, given as it is, with the mistake in it."""
        return original[: self.start] + self.text.encode() + original[self.stop :]

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What names it however many lines the file gains above it."""
        return self.file, self.before, self.operator, self.after


def mutants_of(path: Path, root: Path = ROOT) -> list[Mutant]:
    """All mutants of a file, by their place. Some will not compile."""
    found = _Finder(path.read_bytes(), path.relative_to(root).as_posix()).mutants()
    return sorted(found, key=lambda m: (m.start, m.stop, m.operator, m.text))


class _Finder:
    def __init__(self, source: bytes, file: str) -> None:
        self.source, self.file = source, file
        self.tree = ast.parse(source)
        self.lines = source.splitlines(keepends=True)
        starts = [0]
        for line in self.lines:
            starts.append(starts[-1] + len(line))
        self.starts = starts
        self.flags: set[int] = set()

    def mutants(self) -> list[Mutant]:
        made = {}
        for operator, node, text in self._everywhere(self.tree, None):
            mutant = self._mutant(operator, node, text)
            if mutant is not None:
                made.setdefault((mutant.start, mutant.stop, mutant.text), mutant)
        return list(made.values())

    def _mutant(self, operator: str, place: ast.AST | tuple[int, int], text: str) -> Mutant | None:
        start, stop = place if isinstance(place, tuple) else self._span(place)
        old = self.source[start:stop]
        lost = old.count(b"\n") - text.encode().count(b"\n")
        if lost > 0:  # kept, inside of brackets or behind a statement
            text = text[:-1] + "\n" * lost + ")" if text.endswith(")") else text + "\n" * lost
        line = self.source.count(b"\n", 0, start) + 1
        last = line + old.count(b"\n")
        begin, end = self.starts[line - 1], self.starts[last]
        changed = self.source[begin:start] + text.encode() + self.source[stop:end]
        pairs = zip(self.source[begin:end].splitlines(), changed.splitlines(), strict=False)
        different = next(((a, b) for a, b in pairs if a != b), None)
        if different is None:
            return None
        before, after = (text.decode().strip() for text in different)
        return Mutant(self.file, line, operator, start, stop, text, before, after)

    def _span(self, node: ast.AST) -> tuple[int, int]:
        start = self.starts[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined]
        stop = self.starts[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]
        return start, stop

    def _text(self, node: ast.AST) -> str:
        start, stop = self._span(node)
        return self.source[start:stop].decode()

    def _between(self, left: ast.AST, right: ast.AST) -> tuple[int, int]:
        return self._span(left)[1], self._span(right)[0]

    def _everywhere(self, node: ast.AST, parent: ast.AST | None) -> Iterator:
        """Every (operator, place, replacement) below a node, what never runs left out."""
        if isinstance(node, (ast.JoinedStr, ast.Import, ast.ImportFrom)):
            return
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).startswith("__"):
            return
        if isinstance(node, ast.FunctionDef) and len(node.args.args) < 2:
            # Of one input, nothing is ever broadcast.
            self.flags |= {
                id(keyword.value)
                for decorator in node.decorator_list
                if isinstance(decorator, ast.Call)
                for keyword in decorator.keywords
                if keyword.arg == "broadcasts"
            }
        yield from self._statement(node, parent)
        if isinstance(node, ast.Raise):  # the words of an error are not the mistakes meant here
            return
        yield from self._expression(node, parent)
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "returns", "type_comment"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from self._everywhere(child, node)

    def _statement(self, node: ast.AST, parent: ast.AST | None) -> Iterator:
        if isinstance(node, _REMOVABLE) or (
            isinstance(node, ast.Expr) and isinstance(node.value, (ast.Call, ast.Yield, ast.Await))
        ):
            yield "removed", node, "pass"
        if isinstance(node, ast.Assign) and isinstance(
            node.targets[0], (ast.Attribute, ast.Subscript)
        ):
            yield "removed", node, "pass"
        for body in (getattr(node, "body", None), getattr(node, "orelse", None)):
            for first, second in pairwise(body if isinstance(body, list) else []):
                if isinstance(second, ast.AugAssign) and "eps" in self._text(second):
                    gap = self.source[slice(*self._between(first, second))].decode()
                    place = self._span(first)[0], self._span(second)[1]
                    yield "eps", place, self._text(second) + gap + self._text(first)

    def _expression(self, node: ast.AST, parent: ast.AST | None) -> Iterator:
        kinds = {
            ast.BinOp: self._binary,
            ast.UnaryOp: self._unary,
            ast.BoolOp: self._boolean,
            ast.Compare: self._compare,
            ast.Call: self._call,
            ast.Constant: self._constant,
            ast.Slice: self._slice,
            ast.AugAssign: self._augmented,
            ast.Return: self._returned,
        }
        finder = kinds.get(type(node))
        if finder is not None:
            yield from finder(node, parent)

    def _binary(self, node: ast.BinOp, parent: ast.AST | None) -> Iterator:
        left, right = self._text(node.left), self._text(node.right)
        gap = self._between(node.left, node.right)
        symbol = _SYMBOLS.get(type(node.op))
        middle = self.source[slice(*gap)].decode()
        if (
            symbol is None
            or isinstance(node.left, ast.Constant)
            and isinstance(node.left.value, (str, bytes))
        ):
            return
        if type(node.op) in _ARITHMETIC:
            operator, new = _ARITHMETIC[type(node.op)]
            yield operator, gap, middle.replace(symbol, new, 1)
        if type(node.op) in (ast.Add, ast.Sub, ast.Mult, ast.Div):
            yield "dropped term", node, f"({left})"
            yield "dropped term", node, f"({right})"
        # The size of a difference is the same both ways.
        of_abs = isinstance(parent, ast.Call) and self._text(parent.func) in ("abs", "np.abs")
        if isinstance(node.op, _ORDERED) and not (of_abs and isinstance(node.op, ast.Sub)):
            yield "swapped", node, f"(({right}){middle}({left}))"
        # What is not 0 is true, whatever its size.
        condition = isinstance(parent, (ast.If, ast.While, ast.IfExp)) and parent.test is node
        if not condition and not isinstance(
            parent, (ast.BinOp, ast.UnaryOp, ast.Slice, ast.Subscript)
        ):
            yield "factor", node, f"(({self._text(node)}) * 1.001)"
        if isinstance(node.op, (ast.Add, ast.Div)) and "eps" in right:
            name, _, rest = left.partition("(")
            if isinstance(node.op, ast.Add) and name.endswith("sqrt") and rest.endswith(")"):
                yield "eps", node, f"({name}({rest[:-1]} + {right}))"
            if isinstance(node.op, ast.Div) and isinstance(node.right, ast.BinOp):
                inner = node.right
                yield (
                    "eps",
                    node,
                    f"(({left}) / ({self._text(inner.left)}) + ({self._text(inner.right)}))",
                )

    def _unary(self, node: ast.UnaryOp, parent: ast.AST | None) -> Iterator:
        if isinstance(node.op, ast.USub):
            if not isinstance(node.operand, ast.Constant):
                yield "sign", node, f"({self._text(node.operand)})"
            elif type(node.operand.value) is int:
                if isinstance(parent, ast.Call) and self._text(parent.func).endswith("reshape"):
                    return  # any negative number is the axis that is left over
                if isinstance(parent, ast.Subscript):
                    yield "index", node, str(-node.operand.value - 1)
                else:
                    yield "constant", node, f"({self._text(node)} - 1)"
                    yield "constant", node, f"({self._text(node)} + 1)"
        if isinstance(node.op, ast.Not):
            yield "logic", node, f"({self._text(node.operand)})"

    def _boolean(self, node: ast.BoolOp, parent: ast.AST | None) -> Iterator:
        old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        parts = [f"({self._text(value)})" for value in node.values]
        yield "logic", node, "(" + f" {new} ".join(parts) + ")"

    def _compare(self, node: ast.Compare, parent: ast.AST | None) -> Iterator:
        operands = [node.left, *node.comparators]
        for (left, right), op in zip(pairwise(operands), node.ops, strict=True):
            start, stop = self._between(left, right)
            middle = self.source[start:stop].decode()
            closing = middle[: len(middle) - len(middle.lstrip(") \n"))]
            opening = middle[len(middle.rstrip("( \n")) :]
            for new in _COMPARISONS.get(type(op), ()):
                yield "comparison", (start, stop), f"{closing or ' '}{new}{opening or ' '}"

    def _call(self, node: ast.Call, parent: ast.AST | None) -> Iterator:
        function = node.func
        name = getattr(function, "id", None) or getattr(function, "attr", "")
        args = node.args
        starred = any(isinstance(a, ast.Starred) for a in args[:2])
        if len(args) >= 2 and not starred:
            (a, b), (c, d) = self._span(args[0]), self._span(args[1])
            first, second = self._text(args[0]), self._text(args[1])
            if first != second and name not in _NOT_SWAPPED:
                yield "swapped", (a, d), second + self.source[b:c].decode() + first
        if name in _WRAPPERS and args and not starred and isinstance(function, (ast.Name,)):
            yield "unwrapped", node, f"({self._text(args[0])})"
        elif name in _WRAPPERS and isinstance(function, ast.Attribute):
            library = getattr(function.value, "id", "") in ("np", "autograd", "ag", "ops", "F")
            if not library:
                yield "unwrapped", node, f"({self._text(function.value)})"
            elif args and not starred:
                yield "unwrapped", node, f"({self._text(args[0])})"
        if name == "sqrt" and len(args) == 1 and isinstance(args[0], ast.BinOp):
            inner = args[0]
            if isinstance(inner.op, ast.Add) and "eps" in self._text(inner.right):
                root, eps = self._text(function), self._text(inner.right)
                yield "eps", node, f"({root}({self._text(inner.left)}) + ({eps}))"
        if name == "range" and args and not starred:
            stop = args[0] if len(args) == 1 else args[1]
            yield "range", stop, f"({self._text(stop)} + 1)"
            yield "range", stop, f"({self._text(stop)} - 1)"
        for keyword in node.keywords:
            if keyword.arg in ("axis", "axes") and not (
                isinstance(keyword.value, ast.Constant) and keyword.value.value is None
            ):
                value = keyword.value
                plain = isinstance(value, ast.Constant) or isinstance(value, ast.UnaryOp)
                yield "axis", value, f"({self._text(value)} + 1)" if plain else "(0)"

    def _constant(self, node: ast.Constant, parent: ast.AST | None) -> Iterator:
        value = node.value
        if isinstance(value, bool):
            # zip's own assertion, and what `_everywhere` has noted
            if id(node) in self.flags or isinstance(parent, ast.keyword) and parent.arg == "strict":
                return
            yield "logic", node, str(not value)
        elif isinstance(value, int) and not isinstance(parent, ast.UnaryOp):
            operator = "index" if isinstance(parent, ast.Subscript) else "constant"
            yield operator, node, str(value + 1) if value < 1000 else f"({self._text(node)} + 1)"
            if not (operator == "index" and value == 0):
                yield operator, node, f"({self._text(node)} - 1)" if value else "(-1)"
        elif isinstance(value, float) and value:
            yield "factor", node, f"({self._text(node)} * 1.001)"

    def _slice(self, node: ast.Slice, parent: ast.AST | None) -> Iterator:
        for bound in (node.lower, node.upper):
            if bound is not None and not isinstance(bound, (ast.Constant, ast.UnaryOp)):
                yield "index", bound, f"({self._text(bound)} + 1)"

    def _augmented(self, node: ast.AugAssign, parent: ast.AST | None) -> Iterator:
        symbol = _SYMBOLS.get(type(node.op))
        if type(node.op) in _ARITHMETIC and symbol:
            operator, new = _ARITHMETIC[type(node.op)]
            gap = self._between(node.target, node.value)
            yield operator, gap, self.source[slice(*gap)].decode().replace(symbol, new, 1)

    def _returned(self, node: ast.Return, parent: ast.AST | None) -> Iterator:
        value = node.value
        if isinstance(value, ast.Tuple) and len(value.elts) >= 2:
            first, second = value.elts[:2]
            (a, b), (c, d) = self._span(first), self._span(second)
            if self._text(first) != self._text(second):
                between = self.source[b:c].decode()
                yield "swapped", (a, d), self._text(second) + between + self._text(first)
