"""What is said when a primitive's arithmetic or one of its rules fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments.numbers import shown

if TYPE_CHECKING:
    from autograd.core.node import Node
    from autograd.core.primitive import Primitive

__all__ = ["dtype_of", "foreign_keyword", "forward_failed", "missing_rule", "wrong_count"]


def dtype_of(value: Any) -> np.dtype[Any]:
    """dtype of an array or number."""
    return value.dtype if hasattr(value, "dtype") else np.asarray(value).dtype


def _describe(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, int):
        return shown(value)
    if hasattr(value, "dtype") and not isinstance(value, type):
        return f"{tuple(value.shape)} {value.dtype}"
    return repr(value) if isinstance(value, float) else type(value).__name__


def forward_failed(info: Primitive, error: Exception, inputs: tuple[Any, ...]) -> Exception:
    """The error to raise for one that came out of a primitive's forward function.

    Errors that already name the primitive are passed on; NumPy's own are put into our words,
    with the shapes involved.
    """
    if getattr(error, "autograd_named", False) or str(error).startswith(f"{info.name}:"):
        return error
    if isinstance(error, MemoryError):
        given = ", ".join(_describe(v) for v in inputs if v is not None)
        text = f"{info.name}: the result does not fit this machine's memory (got {given})"
        return _chained(ValueError(text), error)
    if not isinstance(error, (ValueError, TypeError, IndexError, AttributeError, OverflowError)):
        return error
    if ": " in str(error)[:40] and not isinstance(error, np.exceptions.AxisError):
        head = str(error).split(": ", 1)[0]
        if head.replace("_", "").replace(".", "").isalnum():
            return error  # names the function that refused
    for k, value in enumerate(inputs):
        if not _is_numeric(value) and not (value is None and info.input_name(k) in info.optional):
            has_dtype = hasattr(value, "dtype") and not isinstance(value, type)
            came = f"dtype {value.dtype}" if has_dtype else type(value).__name__
            return _chained(
                TypeError(
                    f"{info.name}: {info.input_name(k)} must be a tensor, an array or a number, "
                    f"got {came}"
                ),
                error,
            )
    shapes = [np.shape(v) for v in inputs if v is not None]
    if info.broadcasts and isinstance(error, ValueError):
        try:
            np.broadcast_shapes(*shapes)
        except ValueError:
            listed = " and ".join(str(s) for s in shapes)
            return _chained(
                ValueError(f"{info.name}: shapes {listed} do not broadcast together"), error
            )
    listed = ", ".join(
        f"{info.input_name(k)}: {_describe(v)}" for k, v in enumerate(inputs) if v is not None
    )
    if isinstance(error, OverflowError):
        return _chained(
            ValueError(f"{info.name}: a number does not fit the dtype; {listed}"), error
        )
    if isinstance(error, (TypeError, AttributeError)):  # NumPy's words are about its own insides
        return _chained(TypeError(f"{info.name}: is not defined for {listed}"), error)
    kind = IndexError if isinstance(error, IndexError) else ValueError
    return _chained(kind(f"{info.name}: {error} (got {listed})"), error)


def foreign_keyword(info: Primitive, **given: Any) -> TypeError:
    """The error for PyTorch's ``dim`` and ``keepdim`` where NumPy has ``axis`` and ``keepdims``."""
    ours = {"dim": "axis", "dims": "axes", "keepdim": "keepdims"}
    name = next(name for name, value in given.items() if value is not None)
    meant = f"names follow NumPy, use {ours[name]}="
    return TypeError(
        f"{info.name}: there is no keyword {name!r}"
        + (f"; {meant}" if ours[name] in info.static_names else "")
    )


def _is_numeric(value: Any) -> bool:
    if isinstance(value, type):
        return False
    if hasattr(value, "dtype"):
        return value.dtype.kind in "biufcO"
    if isinstance(value, (list, tuple)):
        return all(_is_numeric(v) for v in value)
    return isinstance(value, (int, float, complex))


def _chained(new: Exception, cause: Exception) -> Exception:
    new.__cause__ = cause
    return new


def missing_rule(info: Primitive, name: str, node: Node) -> RuntimeError:
    """The error for an input that needs a gradient and has no rule."""
    shapes = [
        "no gradient" if p is None else str(p.shape_of(node.index_of_parent(k)))
        for k, p in enumerate(node.parents)
    ]
    return RuntimeError(
        f"{info.name}: there is no gradient rule for {name!r} "
        f"(input shapes {', '.join(shapes)}, output {node.shape}); "
        f"give one with {info.name}.gradients({name}=...), or detach that input"
    )


def wrong_count(info: Primitive, names: tuple[str, ...], got: Any) -> RuntimeError:
    """The error for a joint rule that does not return one gradient for each of its inputs."""
    came = f"{len(got)} values" if isinstance(got, tuple) else type(got).__name__
    return RuntimeError(
        f"{info.name}: the joint rule for {', '.join(names)} must return a tuple of "
        f"{len(names)} gradients, got {came}"
    )
