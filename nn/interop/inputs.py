"""What a converted model is called with, against what it was converted for."""

from __future__ import annotations

import ast
import dataclasses
import inspect
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from autograd.arguments import shown
from nn.interop.program import Input, Program

__all__ = ["Inputs"]


class _Shaped:
    """A tensor as the guards of an export look at it."""

    def __init__(self, x: Any) -> None:
        self.shape = x.shape
        self.ndim = len(x.shape)

    def size(self, axis: int | None = None) -> Any:
        return self.shape if axis is None else self.shape[axis]

    def dim(self) -> int:
        return self.ndim


class Inputs:
    """Reads the arguments of a call into values of the graph.

    Args:
        program: what runs.
        signature: of PyTorch's ``forward``.
    """

    def __init__(self, program: Program, signature: inspect.Signature) -> None:
        self.program = program
        self.signature = signature
        self.guards = [(text, _compiled(text)) for text in program.guards]
        self.seen: set[tuple[Any, ...]] = set()

    def read(self, who: str, args: Any, kwargs: Any) -> dict[str, Any]:
        """The inputs by their names in the graph.

        Raises:
            TypeError: for arguments that ``forward`` does not take, or another structure or dtype
                than the model was converted for.
            ValueError: for other sizes than the graph allows, or another value of an argument that
                is no tensor.
        """
        given = self._bound(who, args, kwargs)
        env: dict[str, Any] = {}
        named: dict[str, Any] = {}
        for name, structure in self.program.arguments.items():
            named[name] = self._leaves(who, name, structure, given[name], env)
        sizes = tuple(value.shape for value in env.values() if isinstance(value, Tensor))
        if sizes not in self.seen:
            self._check_sizes(who, env, named)
            self.seen.add(sizes)
        return env

    def _bound(self, who: str, args: Any, kwargs: Any) -> dict[str, Any]:
        try:
            bound = self.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{who}: {error}; forward{self.signature}") from None
        bound.apply_defaults()
        given = dict(bound.arguments)
        for name, value in given.items():
            if name in self.program.arguments or value in ((), {}) or value is None:
                continue
            default = self.signature.parameters[name].default
            if value is not default and not (
                isinstance(value, (int, float, str)) and value == default
            ):
                raise TypeError(
                    f"{who}: the model was converted without the argument {name!r}; pass it to "
                    "from_torch too"
                )
        missing = [name for name in self.program.arguments if name not in given]
        if missing:
            raise TypeError(f"{who}: missing argument {missing[0]!r}; forward{self.signature}")
        return given

    def _leaves(self, who: str, name: str, structure: Any, value: Any, env: dict[str, Any]) -> Any:
        """Walk structure and value in step; returns the value as the guards see it."""
        if isinstance(structure, int) and not isinstance(structure, bool):
            return self._leaf(who, name, self.program.inputs[structure], value, env)
        if isinstance(structure, dict):
            if not isinstance(value, dict) or set(value) != set(structure):
                keys = sorted(map(str, structure))
                raise TypeError(
                    f"{who}: {name} must be a dict with the keys {keys}, got "
                    f"{sorted(map(str, value)) if isinstance(value, dict) else type(value).__name__}"
                )
            return {
                key: self._leaves(who, f"{name}[{key!r}]", part, value[key], env)
                for key, part in structure.items()
            }
        if dataclasses.is_dataclass(structure):
            for field in dataclasses.fields(structure):
                part, found = getattr(structure, field.name), getattr(value, field.name, None)
                if part is not None:
                    self._leaves(who, f"{name}.{field.name}", part, found, env)
            return value
        if isinstance(structure, (list, tuple)):
            if not isinstance(value, (list, tuple)) or len(value) != len(structure):
                raise TypeError(
                    f"{who}: {name} must be a {type(structure).__name__} of {len(structure)}, got "
                    f"{type(value).__name__}"
                    + (f" of {len(value)}" if isinstance(value, (list, tuple)) else "")
                )
            return [
                self._leaves(who, f"{name}[{k}]", part, value[k], env)
                for k, part in enumerate(structure)
            ]
        return value

    def _leaf(self, who: str, name: str, wanted: Input, value: Any, env: dict[str, Any]) -> Any:
        if wanted.shape is None:
            same = value is wanted.constant or (
                isinstance(value, (int, float, str)) and value == wanted.constant
            )
            if not same:
                raise ValueError(
                    f"{who}: the graph was made for {name}={wanted.constant!r}, got {shown(value)}; "
                    "convert the model again for another value"
                )
            return value
        if not isinstance(value, Tensor):
            try:
                value = autograd.as_tensor(value)
            except (TypeError, ValueError) as error:
                raise TypeError(f"{who}: {name} must be a tensor or an array: {error}") from None
        if wanted.dtype is not None and _kind(value.dtype) != _kind(wanted.dtype):
            raise TypeError(
                f"{who}: {name} must be of dtype {wanted.dtype}, as in the conversion, got "
                f"{value.dtype}"
            )
        env[wanted.value] = value
        return _Shaped(value)

    def _check_sizes(self, who: str, env: dict[str, Any], named: dict[str, Any]) -> None:
        symbols: dict[str, tuple[int, str]] = {}
        later: list[tuple[Input, int, str, int]] = []
        for wanted in self.program.inputs:
            if wanted.shape is None:
                continue
            shape = env[wanted.value].shape
            told = f"{who}: {wanted.name} must have shape {_shown(wanted.shape)}, got {shape}"
            if len(shape) != len(wanted.shape):
                raise ValueError(told)
            for axis, (size, expected) in enumerate(zip(shape, wanted.shape, strict=True)):
                if isinstance(expected, int):
                    if size != expected:
                        raise ValueError(told + "; the graph was made for these sizes")
                elif expected.isidentifier():
                    before, where = symbols.setdefault(expected, (size, wanted.name))
                    if before != size:
                        raise ValueError(
                            f"{who}: axis {axis} of {wanted.name} must be {before}, as in {where}; "
                            f"got shape {shape}"
                        )
                else:
                    later.append((wanted, axis, expected, size))
        values: dict[str, Any] = {name: size for name, (size, _) in symbols.items()}
        for wanted, axis, expression, size in later:
            code = _compiled(expression)
            if code is not None and _evaluated(code, values) not in (None, size):
                raise ValueError(
                    f"{who}: axis {axis} of {wanted.name} must be {expression}, got {size}"
                )
        for text, code in self.guards:
            if code is not None and _evaluated(code, {"L": named}) is False:
                raise ValueError(
                    f"{who}: the graph was made for inputs with {_readable(text)}; convert the "
                    "model again for others"
                )


def _kind(dtype: np.dtype[Any]) -> str:
    return "i" if dtype.kind in "iu" else dtype.kind


def _shown(shape: tuple[int | str, ...]) -> str:
    return "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"


def _readable(guard: str) -> str:
    return guard.replace("L['", "").replace("']", "").replace(".size()", ".shape")


_ALLOWED = (
    ast.Expression, ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Call, ast.Attribute,
    ast.Subscript, ast.Name, ast.Constant, ast.Load, ast.operator, ast.unaryop, ast.boolop,
    ast.cmpop, ast.Tuple,
)  # fmt: skip


def _compiled(text: str) -> Any:
    """A condition ready to be evaluated; None for one that is not only sizes and arithmetic."""
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        if not isinstance(node, _ALLOWED):
            return None
        if isinstance(node, ast.Attribute) and node.attr not in ("size", "shape", "ndim", "dim"):
            return None
    return compile(tree, "<guard>", "eval")


def _evaluated(code: Any, names: dict[str, Any]) -> Any:
    try:
        return eval(code, {"__builtins__": {}, "min": min, "max": max}, names)
    except (KeyError, NameError, TypeError, IndexError, AttributeError):
        return None  # it speaks of something that is no input of ours
