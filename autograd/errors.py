"""Whose mistake it was when a primitive or one of its rules fails, and what is said.

Only mistakes of the caller are put into other words; what fails in our own code, or in the code of
whoever wrote a primitive, is called a fault of that code, with the error on top as its cause.
These tell them apart:

- An error that names the function that refuses, or that a ``raise`` outside of NumPy raised, was
  meant for the caller, and is passed on.
- Operands that are no numbers, shapes that do not broadcast, and the values and shapes that NumPy
  refuses by a ValueError or IndexError are the caller's. Where shapes do broadcast, NumPy's word
  that they do not is about something inside.
- A TypeError is the caller's if an operand is no float: not every function is defined for integers,
  bools, complex numbers and objects. To floats and numbers it can only be a fault, unless the
  primitive is none of floats (``invert``) and NumPy refuses them.
- An AttributeError, NameError, KeyError or AssertionError is a fault, whatever the operands.
- A rule gets what the engine gives it, never what the caller gave: all of these are faults there,
  but for what it refuses on purpose (in a user's code, or in the primitive's own name).
"""

from __future__ import annotations

import dis
import inspect
import os
import warnings
from typing import Any

import numpy as np

from autograd.arguments.dtypes import uncalled
from autograd.arguments.numbers import is_real, shown
from autograd.arguments.suggestions import nearest

__all__ = [
    "forward_failed", "misfit", "missing_rule", "no_array", "overwritten", "released", "rule_failed",
    "warn_of_no_grad", "wrong_count",
]  # fmt: skip

_LIBRARY = os.path.dirname(os.path.abspath(__file__)) + os.sep
_NUMPY = os.path.dirname(os.path.abspath(np.__file__)) + os.sep
_FAULTS = (
    AttributeError, NameError, LookupError, AssertionError, TypeError, ValueError, OverflowError,
)  # fmt: skip
_RAISE = dis.opmap["RAISE_VARARGS"]


def forward_failed(info: Any, error: Exception, inputs: tuple[Any, ...]) -> Exception:
    """The error to raise for one that came out of a primitive's forward function."""
    name, text = info.name, str(error)
    if isinstance(error, AttributeError) and error.__traceback__.tb_next is None:  # type: ignore[union-attr]
        return no_array(info, error.obj)  # not in the forward function, but in what called it
    if text.startswith(f"{name}:") or _names_a_function(error):
        return error
    if isinstance(error, TypeError) and text.startswith(f"{info.forward.__qualname__}() "):
        return _wrong_arguments(info, text)
    listed = ", ".join(
        f"{info.input_name(k)}: {_describe(v)}" for k, v in enumerate(inputs) if v is not None
    )
    if isinstance(error, MemoryError):
        said = f"{name}: the result does not fit this machine's memory (got {listed})"
        return _chained(ValueError(said), error)
    if not isinstance(error, _FAULTS):
        return error
    for k, value in enumerate(inputs):
        if not _is_numeric(value) and not (value is None and info.input_name(k) in info.optional):
            has_dtype = hasattr(value, "dtype") and not isinstance(value, type)
            came = f"dtype {value.dtype}" if has_dtype else type(value).__name__
            said = (
                f"{info.input_name(k)} must be a tensor, an array or a number, got {came}"
                + uncalled(value)
            )
            return _chained(TypeError(f"{name}: {said}"), error)
    for parameter, value in _statics(info, error).items():
        usual = info.static_template.get(parameter)
        if type(usual) in (int, float) and not is_real(value):
            said = f"{name}: {parameter} must be a number, got {shown(value)}"
            return _chained(TypeError(said), error)
    if isinstance(error, OverflowError):
        said = f"{name}: a number does not fit the dtype; {listed}"
        return _chained(ValueError(said), error)
    if type(error) in (ValueError, TypeError, IndexError) and _is_on_purpose(error):
        return _chained(type(error)(f"{name}: {error}"), error)
    if isinstance(error, (ValueError, IndexError)):
        shapes = [np.shape(v) for v in inputs if v is not None]
        if not info.broadcasts or isinstance(error, IndexError):
            fault = False
        elif not _broadcast(shapes):
            said = f"{name}: shapes {' and '.join(map(str, shapes))} do not broadcast together"
            return _chained(ValueError(said), error)
        else:
            fault = "broadcast" in text
        if not fault:
            kind = IndexError if isinstance(error, IndexError) else ValueError
            return _chained(kind(f"{name}: {error} (got {listed})"), error)
    elif isinstance(error, TypeError):
        refused = not info.differentiable and "ufunc" in text
        if refused or not all(map(_is_float, inputs)):
            return _chained(TypeError(f"{name}: is not defined for {listed}"), error)
    return _fault(f"{name}: its forward function", info.forward, error, listed)


def _statics(info: Any, error: Exception) -> dict[str, Any]:
    """The static parameters that a primitive's function was called with, when it failed."""
    frame, code = error.__traceback__, getattr(inspect.unwrap(info.forward), "__code__", None)
    while frame is not None:
        if frame.tb_frame.f_code is code:
            found = frame.tb_frame.f_locals
            return {name: found[name] for name in info.static_names if name in found}
        frame = frame.tb_next
    return {}


def rule_failed(node: Any, error: Exception, g: Any) -> Exception:
    """The error to raise for one that came out of a node's gradient rules."""
    innermost = _innermost(error)
    file = "" if innermost is None else innermost.tb_frame.f_code.co_filename
    info = node.primitive
    meant = str(error).startswith(f"{info.name}:") or not file.startswith((_LIBRARY, _NUMPY))
    if not isinstance(error, _FAULTS) or isinstance(error.__cause__, MemoryError):
        return error
    if meant and _is_on_purpose(error):
        return error
    given = ", ".join(_describe(x) for x in (g if node.several else (g,)))
    inputs = ", ".join("no gradient" if p is None else str(p.shape_of(node.index_of_parent(k)))
                       for k, p in enumerate(node.parents))  # fmt: skip
    rule = next((r.function for r in info.rules.values()), info.forward)
    listed = f"the gradient {given}; inputs of shape {inputs}"
    return _fault(f"{info.name}: its gradient rule", rule, error, listed)


def _fault(whose: str, function: Any, error: Exception, got: str) -> Exception:
    """A RuntimeError; of a user's own code a TypeError stays one."""
    place, innermost = "", _innermost(error)
    if innermost is not None:
        code = innermost.tb_frame.f_code
        file = "/".join(code.co_filename.split(os.sep)[-2:])
        place = f" at {file}:{innermost.tb_lineno}, in {code.co_name}"
    code = getattr(inspect.unwrap(function), "__code__", None)
    ours = code is not None and os.path.abspath(code.co_filename).startswith(_LIBRARY)
    kind = TypeError if isinstance(error, TypeError) and not ours else RuntimeError
    return _chained(
        kind(
            f"{whose} failed with {type(error).__name__}: {error} (got {got}){place}. "
            f"This is a fault of {'the library' if ours else 'that code'}, not of the call"
            f"{_no_tensors_there(error)}"
        ),
        error,
    )


#: What only tensors have, and is superfluous where there are arrays.
_LEFT_OUT = frozenset("data detach numpy cpu cuda to float double requires_grad_".split())


def _no_tensors_there(error: Exception) -> str:
    """What to write where a primitive's own code took the arrays that it gets for tensors."""
    if isinstance(error, TypeError) and "memoryview" in str(error):
        return ". That code gets NumPy arrays, not tensors: leave .data out"
    name = getattr(error, "name", None)
    if not isinstance(error, AttributeError) or not isinstance(error.obj, (np.ndarray, np.generic)):
        return ""
    if name in _LEFT_OUT:
        call = "" if name == "data" else "()"
        return f". That code gets NumPy arrays, not tensors: leave .{name}{call} out"
    return f". That code gets NumPy arrays, not tensors: write a function, such as autograd.{name}(x) or NumPy's, for x.{name}()"


def no_array(info: Any, made: Any) -> TypeError:
    """The error for a forward function that does not return arrays, one for each output."""
    came = f"{len(made)} values" if isinstance(made, tuple) else type(made).__name__
    due = "an array" if info.outputs == 1 else f"a tuple of {info.outputs} arrays"
    return TypeError(f"{info.name}: its forward function must return {due}, got {came}")


def misfit(info: Any, given: tuple[Any, ...], named: dict[str, Any]) -> TypeError | None:
    """The error for a call that does not fit a primitive's parameters; None if it does."""
    for x in info.inputs[len(given) :]:
        if x not in named and x not in info.optional and info.variadic is None:
            return TypeError(f"{info.name}() missing required argument: {x!r}")
    most = len(info.positions)
    if len(given) > most and info.variadic is None:
        came = f"takes at most {most} positional arguments, got {len(given)}"
        return TypeError(f"{info.name}() {came}")
    taken = () if info.variadic else info.positions[: len(given)]
    for x in named:
        if x in taken:
            return TypeError(f"{info.name}() got multiple values for argument {x!r}")
        if x not in (*info.inputs, *info.static_names):
            name = info.forward.__qualname__
            told = f"{name}() got an unexpected keyword argument {x!r}"
            wrong = _wrong_arguments(info, told)
            if str(wrong) == told:
                return TypeError(told + nearest(x, (*info.inputs, *info.static_names)))
            return wrong
    return None


def _wrong_arguments(info: Any, text: str) -> TypeError:
    """The error for a call that does not fit the function's parameters."""
    for foreign, ours in {"dim": "axis", "dims": "axes", "keepdim": "keepdims"}.items():
        if ours in info.static_names and text.endswith(f" keyword argument '{foreign}'"):
            return TypeError(
                f"{info.name}: there is no keyword {foreign!r}; names follow NumPy, use {ours}="
            )
    return TypeError(text)


def missing_rule(info: Any, name: str, node: Any) -> RuntimeError:
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


def wrong_count(info: Any, rule: Any, count: int, got: Any) -> RuntimeError:
    """The error for a joint rule that does not return one gradient for each of its inputs."""
    names = map(info.input_name, range(count)) if info.variadic else rule.inputs
    came = f"{len(got)} values" if isinstance(got, tuple) else type(got).__name__
    return RuntimeError(
        f"{info.name}: the joint rule for {', '.join(names)} must return a tuple of "
        f"{count} gradients, got {came}"
    )


def released(node: Any) -> RuntimeError:
    """The error for a second pass through a node that has let go of what it had saved."""
    return RuntimeError(
        f"backward a second time through {_where(node)}: what it had saved was released after "
        "the first pass. Pass retain_graph=True to the first backward, or compute the output "
        "again"
    )


def overwritten(node: Any, cell: list[Any]) -> RuntimeError:
    """The error for a saved value that is not what it was; with both lines, where they are known."""
    said = f"a value that {_where(node)} needs for its gradient was written into after it was used."
    cure = (
        "Make a new tensor instead of writing in place (autograd.set_at, autograd.where), or write "
        "after backward"
    )
    if node.record is None:
        return RuntimeError(
            f"{said} {cure}. To see the line that wrote and the one that needed it, compute it "
            "inside `with autograd.debug.record():`"
        )
    wrote = cell[1].since(node.seq) if len(cell) > 1 and cell[1] is not None else None
    return RuntimeError(
        f"{said}\n  needed by   {node.record.where()}\n"
        f"  written by  {wrote or 'a line not noted'}\n{cure}"
    )


def _where(node: Any) -> str:
    inside = f" in module {node.module}" if node.module else ""
    return f"{node.primitive.name} (output shape {node.shape}{inside})"


def warn_of_no_grad(t: Any) -> None:
    """Warn who looks for the gradient of a result, unless it was asked for or is yet to come."""
    node: Any = t._node
    if node.extra is None or t._index not in node.extra.retained:
        warnings.warn(
            f".grad is None: this tensor is the result of {node.primitive.name}, and backward() "
            "keeps the gradients of leaves. To train it, change the leaf in place: `with "
            "autograd.no_grad(): a -= lr * a.grad` instead of `a = a - lr * a.grad`. To look at it, "
            "call retain_grad() before backward()",
            UserWarning,
            stacklevel=3,
        )


# What errors and operands look like ---------------------------------------------------------------


def _chained(new: Exception, cause: Exception) -> Exception:
    new.__cause__ = cause
    return new


def _names_a_function(error: Exception) -> bool:
    head, colon, _ = str(error)[:40].partition(": ")
    plain = head.replace("_", "").replace(".", "").isalnum()
    return bool(colon) and plain and not isinstance(error, np.exceptions.AxisError)


def _innermost(error: BaseException) -> Any:
    found = error.__traceback__
    while found is not None and found.tb_next is not None:
        found = found.tb_next
    return found


def _is_on_purpose(error: Exception) -> bool:
    """True if a ``raise`` outside of NumPy raised it."""
    innermost = _innermost(error)
    if innermost is None or innermost.tb_frame.f_code.co_filename.startswith(_NUMPY):
        return False
    return innermost.tb_frame.f_code.co_code[innermost.tb_lasti] == _RAISE  # type: ignore[no-any-return]


def _broadcast(shapes: list[tuple[int, ...]]) -> bool:
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return False
    return True


def _describe(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, int):
        return shown(value)
    if hasattr(value, "dtype") and not isinstance(value, type):
        return f"{tuple(value.shape)} {value.dtype}"
    return repr(value) if isinstance(value, float) else type(value).__name__


def _is_numeric(value: Any) -> bool:
    if isinstance(value, type):
        return False
    if hasattr(value, "dtype"):
        return value.dtype.kind in "biufcO"
    if isinstance(value, (list, tuple)):
        return all(map(_is_numeric, value))
    return isinstance(value, (int, float, complex))


def _is_float(value: Any) -> bool:
    if hasattr(value, "dtype"):
        return value.dtype.kind == "f"
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))
