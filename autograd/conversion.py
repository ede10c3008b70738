"""When Python asks a tensor for a number: whether that loses a gradient, and what is said.

``float(loss)`` is meant. But ``out[i, j] = t``, ``out.fill(t)``, ``math.exp(t)`` and
``np.float64(t)`` reach the same ``Tensor.__float__``, and there a gradient is lost that the user
may be waiting for. What tells them apart is the instruction that the calling frame is at:

- a store into an item (``STORE_SUBSCR``), and calls that fill or make an array: an error;
- a call of ``float``, ``int`` or ``complex``, or of a function whose answer has no gradient anyway
  (``math.isnan``, ``math.floor``), also by way of ``map(float, ts)``; and ``"%f" % t``: silent;
- a call from the libraries' own code, ours or NumPy's: an argument that is taken for a constant
  there; an error that names it;
- everything else: a warning that names ``.item()``.

The function called is found by position: the instructions that load it begin in the source where
the call begins. Where the interpreter was told to keep no positions (``-X no_debug_ranges``), a
call counts as "everything else".

What it costs: nothing for tensors without a gradient or under ``no_grad``. Else a frame is looked
at; what an instruction means is worked out once for each place in the code, and kept. That makes
``float(loss)`` about a microsecond slower.
"""

from __future__ import annotations

import builtins
import cmath
import dis
import math
import struct
import sys
import types
import warnings
import weakref
from typing import Any, NamedTuple

__all__ = ["check_argument", "check_conversion", "lost_message"]

#: Called with a tensor, these say what was asked for, and nothing is expected to flow back.
_ASKING: frozenset[Any] = frozenset(
    [float, int, complex, bool, round, format, str, print, struct.pack]
    + [math.isnan, math.isinf, math.isfinite, math.isclose, math.floor, math.ceil, math.trunc]
    + [cmath.isnan, cmath.isinf, cmath.isfinite, cmath.isclose]
)
#: These take what they are given out of an iterator: ``list(map(float, ts))``.
_DRAWING: frozenset[Any] = frozenset([list, tuple, set, sum, sorted, max, min, next, any, all])
#: Methods and functions that write what they are given into an array.
_WRITING = frozenset(
    "__setitem__ array asanyarray asarray ascontiguousarray fill fromiter full itemset place put "
    "putmask".split()
)
#: Parts of this library where a number that is taken from a tensor is an argument's value. In the
#: others, numbers are taken to be shown or compared.
_COMPUTING = (
    "autograd.arguments", "autograd.assignment", "autograd.creation", "autograd.kernels",
    "autograd.linalg", "autograd.methods", "autograd.ops", "autograd.protocols", "nn.functional",
    "nn.init", "nn.modules", "nn.optim", "nn.random", "nn.utils",
)  # fmt: skip
#: Instructions that put nothing of the function on the stack, wherever they stand.
_PADDING = frozenset({"CACHE", "EXTENDED_ARG", "KW_NAMES", "NOP", "PRECALL", "PUSH_NULL"})


class _Place(NamedTuple):
    """What an instruction does: ``"store"``, ``"call"``, ``"format"`` or ``"other"``.

    For a call: the names that lead to the function (``("np", "float64")``; a None in front where
    it is an attribute of something unnamed), and all names that the call loads.
    """

    kind: str
    path: tuple[str | None, ...] = ()
    names: frozenset[str] = frozenset()


_places: dict[int, tuple[weakref.ref[types.CodeType], dict[int, _Place]]] = {}


def check_conversion(tensor: Any, what: str) -> None:
    """Raise or warn if converting a tensor that requires a gradient to a number would lose it.

    Args:
        tensor: requires a gradient, and gradients are being recorded.
        what: what is being done, such as ``float()``.

    Raises:
        RuntimeError: for a store into an array, and for arguments that are taken for constants.
    """
    frame: Any = sys._getframe(2)
    module = frame.f_globals.get("__name__") or ""
    root = module.partition(".")[0]
    if root in ("autograd", "nn"):
        if module.startswith(_COMPUTING):
            raise RuntimeError(_argument_message(tensor, frame))
        return
    place = _place(frame)
    if place.kind == "format":
        return
    function = None
    if place.kind == "call":
        function = _function(place, frame)
        if function in _ASKING or (function in _DRAWING and place.names & {"float", "int"}):
            return
    name = place.path[-1] if place.path else None
    if place.kind == "store" or root == "numpy" or name in _WRITING:
        raise RuntimeError(
            lost_message("a value written into an array" if root != "numpy" else what)
            + "; make a tensor of the values, e.g. autograd.stack(...) or autograd.set_at(...)"
        )
    by = f"{name}(...)" if name else what
    warnings.warn(
        f"{by} takes a number from a tensor that requires a gradient, and what becomes of it has "
        "none. If that is meant, write t.item(); else take autograd's function",
        UserWarning,
        stacklevel=3,
    )


def lost_message(what: str) -> str:
    """The beginning of what is said where a gradient would be lost."""
    return (
        f"{what}: this tensor requires a gradient, which would be lost here; "
        "use t.item() or t.detach() if that is meant"
    )


def check_argument(tensor: Any, who: str, name: str) -> None:
    """Refuse a tensor that requires a gradient as the constant argument of a function.

    Raises:
        RuntimeError: naming function and argument.
    """
    raise RuntimeError(
        f"{who}: {name} is a tensor that requires a gradient, and there is no derivative with "
        f"respect to {name}; give {name}.item() or {name}.detach() to take it as a constant"
    )


def _argument_message(tensor: Any, frame: Any) -> str:
    """Which argument of which of our functions the tensor is: of the outermost that has it."""
    who, argument = frame.f_code.co_name, "a number that it was given"
    while frame is not None:
        module = frame.f_globals.get("__name__") or ""
        if not module.startswith(_COMPUTING):
            break
        for name, value in frame.f_locals.items():
            if value is tensor and name != "value" and frame.f_code.co_name[:1] != "_":
                who, argument = frame.f_code.co_name, name
                break
        frame = frame.f_back
    return (
        f"{who}: {argument} is a tensor that requires a gradient, and there is no derivative with "
        "respect to it; give t.item() or t.detach() to take it as a constant"
    )


# Reading the caller's instruction -----------------------------------------------------------------


def _place(frame: Any) -> _Place:
    code = frame.f_code
    known = _places.get(id(code))
    if known is None or known[0]() is not code:
        key = id(code)
        known = weakref.ref(code, lambda _: _places.pop(key, None)), {}
        _places[key] = known
    found = known[1].get(frame.f_lasti)
    if found is None:
        found = known[1][frame.f_lasti] = _read(code, frame.f_lasti)
    return found


def _read(code: types.CodeType, offset: int) -> _Place:
    instructions = list(dis.get_instructions(code))
    at = next((k for k, i in enumerate(instructions) if i.offset == offset), None)
    if at is None:
        return _Place("other")
    if instructions[at].opname == "PRECALL":  # in 3.11, calls of built-in functions end here
        at = next(k for k in range(at, len(instructions)) if instructions[k].opname == "CALL")
    kind = instructions[at].opname
    if kind.startswith("STORE_S"):  # STORE_SUBSCR, STORE_SLICE
        return _Place("store")
    if kind.startswith("BINARY_OP"):  # the operators of tensors ask for no number: "%f" % t
        return _Place("format")
    if not kind.startswith("CALL"):
        return _Place("other")
    whole = instructions[at].positions
    if whole is None or whole.lineno is None or whole.col_offset is None:
        return _Place("call")
    start = whole.lineno, whole.col_offset
    path: list[str | None] = []
    loaders = [
        i for i in instructions[:at]
        if i.opname not in _PADDING and type(i.argval) is not tuple  # names of keywords
        and i.positions and (i.positions.lineno, i.positions.col_offset) == start
    ]  # fmt: skip
    for i in reversed(loaders):
        attribute = i.opname.startswith(("LOAD_ATTR", "LOAD_METHOD"))
        if attribute or i.opname.startswith(
            ("LOAD_NAME", "LOAD_GLOBAL", "LOAD_FAST", "LOAD_DEREF")
        ):
            path.insert(0, i.argval if isinstance(i.argval, str) else None)
            if attribute:
                continue
            break
        path.insert(0, None)
        break
    else:
        path.insert(0, _fused(instructions[:at], start))
    inside = {
        i.argval for i in instructions[:at]
        if i.positions and i.positions.lineno is not None and i.positions.col_offset is not None
        and start <= (i.positions.lineno, i.positions.col_offset) and isinstance(i.argval, str)
        and i.opname.startswith(("LOAD_NAME", "LOAD_GLOBAL"))
    }  # fmt: skip
    return _Place("call", tuple(path), frozenset(inside))


def _fused(instructions: list[dis.Instruction], start: tuple[int, int]) -> str | None:
    """The local name that a call begins with, where its load is one instruction with the one before.

    From 3.13 on, such an instruction (``LOAD_FAST_LOAD_FAST``) keeps the position of its first half.
    """
    for before, i in zip(instructions, instructions[1:], strict=False):
        if i.positions and (i.positions.lineno, i.positions.col_offset) == start:
            if before.opname.endswith("LOAD_FAST") and type(before.argval) is tuple:
                return str(before.argval[-1])
            break
    return None


def _function(place: _Place, frame: Any) -> Any:
    """The function that a call calls, where looking it up runs nobody's code; else None."""
    first, *others = place.path or (None,)
    if first is None:
        return None
    found: Any = None
    for scope in (frame.f_locals, frame.f_globals, vars(builtins)):
        if first in scope:
            found = scope[first]
            break
    for name in others:
        if not isinstance(found, (types.ModuleType, type)):
            return None
        found = getattr(found, name or "", None)
    try:
        hash(found)
    except TypeError:
        return None
    return found
