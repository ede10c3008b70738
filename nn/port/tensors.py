"""Which expressions of a program are surely tensors, as far as can be read off it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

import numpy as np

from nn.port.torch_names import MODULE, TENSOR

__all__ = ["Tensors"]

#: What gives no tensor, though it is asked of one.
_PLAIN = frozenset(
    "size shape numel dim ndim item tolist numpy dtype device grad_fn requires_grad is_leaf "
    "element_size stride nelement ndimension data_ptr".split()
)
#: Functions of PyTorch's that give no tensor.
_NO_TENSOR = frozenset(
    "torch.is_tensor torch.is_grad_enabled torch.device torch.save torch.load torch.no_grad "
    "torch.enable_grad torch.set_grad_enabled torch.manual_seed torch.numel torch.Generator "
    "torch.get_default_dtype torch.finfo torch.iinfo torch.vmap torch.compile "
    "torch.nn.utils.rnn.pack_sequence torch.nn.utils.rnn.pack_padded_sequence".split()
)

#: Methods that arrays, Python's types and modules have, too.
_OF_OTHERS = frozenset(
    name for kind in (np.ndarray, np.generic, str, bytes, list, dict, set, tuple, int, float)
    for name in dir(kind)
) | MODULE | frozenset("norm sample split cat stack size type data abs pow".split())  # fmt: skip

Resolve = Callable[[ast.AST], str | None]


class Tensors:
    """Notes the names that hold tensors, function by function.

    Inputs of ``forward`` and results of PyTorch's functions, of layers and of arithmetic with
    tensors are tensors. What cannot be told is not: an edit that would change the meaning of a
    NumPy array's method is then left to the reader.

    Args:
        tree: the program.
        resolve: PyTorch's dotted name of an expression, or None.
    """

    def __init__(self, tree: ast.Module, resolve: Resolve) -> None:
        self._resolve = resolve
        self._sure: set[ast.AST] = set()
        self.layers = _layer_attributes(tree)
        self._own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        self._kept = _kept_tensors(tree, resolve)
        self._models = _model_names(tree, resolve)
        for function, in_class in _functions(tree):
            names: set[str] = set()
            if in_class and function.name in ("forward", "training_step"):
                names = {a.arg for a in [*function.args.posonlyargs, *function.args.args][1:]}
            names |= {a.arg for a in function.args.args if self._annotated(a)}
            names |= {a.arg for a in function.args.args} & _used_as_tensors(function)
            self._read(function.body, names)
        self._read(tree.body, set())

    def __contains__(self, node: ast.AST) -> bool:
        return node in self._sure

    def _annotated(self, argument: ast.arg) -> bool:
        return (
            argument.annotation is not None and self._resolve(argument.annotation) == "torch.Tensor"
        )

    def _read(self, body: list[ast.stmt], names: set[str]) -> None:
        for node in _in_order(body):
            if isinstance(node, ast.expr) and self._is_tensor(node, names):
                self._sure.add(node)
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    self._assign(target, node.value, names)

    def _assign(self, target: ast.expr, value: ast.expr, names: set[str]) -> None:
        for name, given in _one_by_one(target, value):
            names.add(name) if given in self._sure else names.discard(name)

    def _is_tensor(self, node: ast.expr, names: set[str]) -> bool:
        sure = self._sure
        if isinstance(node, ast.Name):
            return node.id in names
        if isinstance(node, ast.BinOp):
            return node.left in sure or node.right in sure
        if isinstance(node, ast.UnaryOp):
            return node.operand in sure and not isinstance(node.op, ast.Not)
        if isinstance(node, ast.Compare):
            apart = (ast.Is, ast.IsNot, ast.In, ast.NotIn)
            of_elements = not any(isinstance(op, apart) for op in node.ops)
            return of_elements and any(each in sure for each in (node.left, *node.comparators))
        if isinstance(node, ast.IfExp):
            return node.body in sure and node.orelse in sure
        if isinstance(node, (ast.Subscript, ast.Attribute)):
            if isinstance(node, ast.Attribute) and (
                node.attr in ("weight", "bias")
                or (_is_self(node.value) and node.attr in self._kept)
            ):
                return True
            return node.value in sure and getattr(node, "attr", "") not in _PLAIN
        if not isinstance(node, ast.Call):
            return False
        path = self._resolve(node.func)
        if path is not None:
            last = path.rpartition(".")[2]
            return (last[:1].islower() or last.endswith("Tensor")) and path not in _NO_TENSOR
        if isinstance(node.func, ast.Name):
            return node.func.id in self._models
        if isinstance(node.func, ast.Attribute):
            known = node.func.attr in TENSOR and node.func.attr not in _PLAIN
            if node.func.value in sure:
                return known
            if known and node.func.attr not in _OF_OTHERS and node.func.attr not in self._own:
                return True  # whatever it is asked of is a tensor
            return _is_self(node.func.value) and node.func.attr in self.layers
        return False


def _one_by_one(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """The names that an assignment gives, each with what it is given, or is given a part of."""
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, (ast.Tuple, ast.List)):
        values = [value] * len(target.elts)
        if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(values):
            several = any(isinstance(each, ast.Starred) for each in (*target.elts, *value.elts))
            values = values if several else value.elts
        for each, of in zip(target.elts, values, strict=True):
            yield from _one_by_one(each, of)


def _functions(tree: ast.Module) -> Iterator[tuple[ast.FunctionDef, bool]]:
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef):
                yield child, isinstance(node, ast.ClassDef)


def _model_names(tree: ast.Module, resolve: Resolve) -> set[str]:
    """Names that are given to instances of the program's own modules, and to layers."""
    own = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        and any((resolve(base) or "").startswith("torch.nn.") for base in node.bases)
    }
    names = {"model", "net", "criterion"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                for name, value in _one_by_one(target, node.value):
                    function = value.func if isinstance(value, ast.Call) else value
                    path = resolve(function) or ""
                    if isinstance(value, ast.Call) and (
                        getattr(function, "id", "") in own
                        or (path.startswith("torch.nn.") and path.rpartition(".")[2][:1].isupper())
                    ):
                        names.add(name)
    return names


def _layer_attributes(tree: ast.Module) -> set[str]:
    """Names that ``__init__`` methods give to something that is called: ``self.conv = …(…)``."""
    return {
        target.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        for target in node.targets
        if isinstance(target, ast.Attribute)
    }


def _kept_tensors(tree: ast.Module, resolve: Resolve) -> set[str]:
    """Attributes of ``self`` that are buffers, parameters or what PyTorch's functions make, only."""
    kept: set[str] = set()
    others: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "register_buffer":
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                kept.add(first.value)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            if node.value is None or ast.unparse(node.value) == "None":
                continue  # what comes there is put there elsewhere
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Attribute) and _is_self(target.value):
                    (kept if _makes_a_tensor(node.value, resolve) else others).add(target.attr)
    return kept - others


def _makes_a_tensor(value: ast.expr, resolve: Resolve) -> bool:
    path = (resolve(value.func) if isinstance(value, ast.Call) else None) or ""
    home, _, name = path.rpartition(".")
    if name in ("Parameter", "Buffer"):
        return True
    return home == "torch" and (name[:1].islower() or name.endswith("Tensor")) and (
        path not in _NO_TENSOR
    )  # fmt: skip


def _used_as_tensors(function: ast.FunctionDef) -> set[str]:
    """Names on which a function calls what tensors have, and arrays and Python's types have not."""
    return {
        node.func.value.id
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.attr in TENSOR
        and node.func.attr not in _OF_OTHERS
    }


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _in_order(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """All nodes of some statements but those of functions inside, operands before operations."""
    for statement in body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        yield from _below(statement)


def _below(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, (ast.FunctionDef, ast.Lambda)):
        return
    for child in ast.iter_child_nodes(node):
        yield from _below(child)
    yield node
