"""PyTorch's ``autograd.Function``: an operation whose backward the user writes.

A call is one node of the graph that bears the class's name. The forward runs without recording; the
gradient rule calls ``backward`` with what was saved. Under ``create_graph`` saved inputs and outputs
are the graph's own, so that a backward made of tensors' operations can be differentiated again.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from autograd.core.modes import is_grad_enabled, local, no_grad
from autograd.core.primitive import primitive
from autograd.core.tensor import Tensor, _wrap, tensor_on
from autograd.errors import overwritten

__all__ = ["Function", "FunctionContext"]


class FunctionContext:
    """What ``forward`` hands on to ``backward``: PyTorch's ``ctx``. Attributes may be set freely.

    Attributes:
        needs_input_grad: for each argument of ``apply``, whether a gradient is asked for.
        saved_tensors: in ``backward``, what ``save_for_backward`` was given.
    """

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs_input_grad
        self._saving: tuple[Any, ...] = ()
        self._constant: tuple[Any, ...] = ()
        self._materialize = True
        self._now: tuple[Any, ...] | None = None

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors (or None) for ``backward``: inputs, outputs, or others.

        ``backward`` gets them back where they stand in the graph, so that it may ask for gradients
        of what it computes of them under ``enable_grad``. None of them may be written into before.
        """
        for t in tensors:
            if t is not None and not isinstance(t, Tensor):
                raise TypeError(
                    f"save_for_backward: expected tensors and None, got {type(t).__name__}; keep "
                    "it as an attribute: ctx.name = value"
                )
        self._saving = tensors

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        if self._now is None:
            raise RuntimeError("saved_tensors: they are there in backward only")
        return self._now

    def mark_non_differentiable(self, *outputs: Any) -> None:
        """Outputs that carry no gradient."""
        self._constant = outputs

    def set_materialize_grads(self, value: bool) -> None:
        """False: ``backward`` gets None, not zeros, for outputs that nothing was made of."""
        self._materialize = bool(value)

    def mark_dirty(self, *inputs: Any) -> NoReturn:
        """Refused: a function does not write into its inputs here."""
        raise RuntimeError(
            "mark_dirty: a Function does not write into its inputs here; compute a new tensor "
            "(x.clamp(min=0), not x.clamp_(min=0)) and leave mark_dirty out"
        )


class Function:
    """PyTorch's way to write an operation with its own backward; `primitive` is ours.

    A subclass has two static methods: ``forward(ctx, *arguments)``, which returns a tensor or a
    tuple of tensors, and ``backward(ctx, *gradients)``, which returns one gradient for each argument
    of forward, or None. Or ``forward(*arguments)`` and ``setup_context(ctx, inputs, output)``.

    Example:
        >>> import autograd as ag
        >>> class Cube(ag.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         ctx.save_for_backward(x)
        ...         return x * x * x
        ...
        ...     @staticmethod
        ...     def backward(ctx, g):
        ...         (x,) = ctx.saved_tensors
        ...         return 3 * x * x * g
        >>> x = ag.tensor([1.0, 2.0], requires_grad=True)
        >>> Cube.apply(x).sum().backward()
        >>> x.grad.tolist()
        [3.0, 12.0]
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise TypeError(
            f"{type(self).__name__}: a Function is not made but applied: write "
            f"{type(self).__name__}.apply(x), with forward and backward as static methods"
        )

    @staticmethod
    def forward(*args: Any) -> Any:
        """The values; to be written."""
        raise NotImplementedError("Function: write forward(ctx, *arguments) as a static method")

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """The gradients; to be written."""
        raise NotImplementedError("Function: write backward(ctx, *gradients) as a static method")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Call the operation.

        Args:
            *args: what ``forward`` takes after ctx; tensors among them may have gradients.

        Returns:
            What ``forward`` returns.

        Raises:
            RuntimeError: in backward, if ``backward`` returns too few gradients.
        """
        tensors = [a for a in args if isinstance(a, Tensor)]
        recording = is_grad_enabled()
        ctx = FunctionContext(
            tuple([isinstance(a, Tensor) and recording and a.requires_grad for a in args])
        )
        call = _Call(cls, args, ctx)
        with no_grad():
            result = call.run(ctx, args)
        outputs = list(result) if isinstance(result, tuple) else [result]
        places = call.differentiable(outputs)
        if any(ctx.needs_input_grad) and places:
            owned = {id(t._version) for t in tensors if t._version is not None}
            call.outputs = tuple(
                [np.array(o._data) if id(o._version) in owned or any(o is t for t in tensors)
                 else o._data for o in (outputs[k] for k in places)]
            )  # fmt: skip
            saves = call.saves(tensors, [outputs[k] for k in places])
            made = _primitive_of(cls, len(places), *saves)(*tensors, call=call)  # type: ignore[arg-type]
            call.outputs = ()
            for k, out in zip(places, made if len(places) > 1 else [made], strict=True):
                outputs[k] = out
            call.made([outputs[k] for k in places])
        return tuple(outputs) if isinstance(result, tuple) else outputs[0]


class _Call:
    """One call: its arguments, its context, and how ``backward`` is asked."""

    def __init__(self, function: type[Function], args: tuple[Any, ...], ctx: FunctionContext):
        self._function = function
        self._slots = [k for k, a in enumerate(args) if isinstance(a, Tensor)]
        self._others = [None if isinstance(a, Tensor) else a for a in args]
        self._shapes = [(args[k].shape, args[k].dtype) for k in self._slots]
        self._ctx = ctx
        self._saved: list[tuple[str, Any]] = []
        self._stand: dict[str, list[Any]] = {}
        self._node: Any = None
        self._count = 1
        self._places: list[int] = []
        self._like: list[tuple[tuple[int, ...], Any]] = []
        self.outputs: tuple[Any, ...] = ()

    def __repr__(self) -> str:
        return f"<call of {self._function.__name__}>"

    def run(self, ctx: FunctionContext, args: Sequence[Any]) -> Any:
        """The forward, in either of PyTorch's two ways to write it."""
        setup = getattr(self._function, "setup_context", None)
        forward: Any = self._function.forward
        result = forward(ctx, *args) if setup is None else forward(*args)
        if setup is not None:
            setup(ctx, tuple(args), result)
        for out in result if isinstance(result, tuple) else (result,):
            if not isinstance(out, Tensor):
                raise TypeError(
                    f"{self._function.__name__}.forward: expected a tensor or a tuple of them, got "
                    f"{type(out).__name__}"
                )
        return result

    def differentiable(self, outputs: Sequence[Tensor]) -> list[int]:
        """Which outputs have a gradient."""
        self._count = len(outputs)
        self._like = [(o.shape, o.dtype) for o in outputs]
        self._places = [
            k for k, o in enumerate(outputs)
            if o.dtype.kind == "f" and not any(o is c for c in self._ctx._constant)
        ]  # fmt: skip
        return self._places

    def saves(self, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> tuple[bool, bool]:
        """Find what was saved among inputs and outputs; returns which of the two are needed."""
        self._stand["input"] = [(x._version, x._node, x._index) for x in inputs]
        for t in self._ctx._saving:
            k = next((k for k, x in enumerate(inputs) if x is t), None)
            j = next((j for j, x in enumerate(outputs) if x is t), None)
            if k is not None:
                self._saved.append(("input", k))
            elif j is not None:
                self._saved.append(("output", j))
            else:
                same = None if t is None else tensor_on(t._data, t._version, t._node, t._index)
                self._saved.append(("other", same))
        self._ctx._saving = ()
        kinds = {kind for kind, _ in self._saved}
        return "input" in kinds, "output" in kinds

    def made(self, outputs: Sequence[Tensor]) -> None:
        """Note what the graph has made of the call; the node holds the call, and so is held weakly."""
        self._node = weakref.ref(outputs[0]._node)
        self._stand["output"] = [(x._version, None, x._index) for x in outputs]

    def _given_back(self, values: dict[str, Any]) -> tuple[Any, ...]:
        """What was saved, as tensors that stand where they stood in the graph.

        Inputs and outputs were looked at by the engine, for writes; others are here.
        """
        node, found = self._node(), []
        for kind, value in self._saved:
            if kind == "other":
                cell = None if value is None else value._version
                if cell is not None and node is not None and cell[0] > node.seq:
                    raise overwritten(node, cell)
                found.append(value)
            elif isinstance(values[kind][value], Tensor):  # under create_graph
                found.append(values[kind][value])
            else:
                cell, stands, index = self._stand[kind][value]
                stands = node if kind == "output" else stands
                found.append(tensor_on(np.asarray(values[kind][value])[()], cell, stands, index))
        return tuple(found)

    def on_arrays(self, xs: tuple[Any, ...]) -> tuple[Any, ...]:
        """The outputs at other inputs, as arrays: what numerical checks ask for."""
        args = list(self._others)
        for k, x in zip(self._slots, xs, strict=True):
            args[k] = _wrap(np.asarray(x))
        with no_grad():
            result = self.run(FunctionContext(self._ctx.needs_input_grad), args)
        outputs = result if isinstance(result, tuple) else (result,)
        return tuple([outputs[k]._data for k in self._places])

    def gradients(self, g: Any, xs: Any = (), outs: Any = ()) -> tuple[Any, ...]:
        """What ``backward`` returns, for every tensor among the arguments."""
        ctx, create_graph = self._ctx, local.state.grad_enabled
        given: list[Any] = [None] * self._count
        for k, one in zip(self._places, g if isinstance(g, tuple) else (g,), strict=True):
            given[k] = None if one is None else _tensor(one)
        if ctx._materialize:
            given = [
                Tensor(np.zeros(shape, dtype if dtype.kind == "f" else float)) if h is None else h
                for h, (shape, dtype) in zip(given, self._like, strict=True)
            ]
        ctx._now = self._given_back({"input": xs, "output": outs})
        try:
            found = self._function.backward(ctx, *given)
        finally:
            ctx._now = None
        found = found if isinstance(found, tuple) else (found,)
        if len(found) < len(self._others):
            raise RuntimeError(
                f"{self._function.__name__}.backward: returned {len(found)} gradients for "
                f"{len(self._others)} arguments of forward; give one for each, None where there is none"
            )
        for k, one in enumerate(found):
            if one is not None and k not in self._slots:
                raise RuntimeError(
                    f"{self._function.__name__}.backward: gradient {k} is for "
                    + ("an argument that is no tensor" if k < len(self._others)
                       else f"no argument: forward got {len(self._others)}")
                    + "; give None there"
                )  # fmt: skip
        result = []
        for k, (shape, dtype) in zip(self._slots, self._shapes, strict=True):
            one = found[k]
            if one is None:
                result.append(np.zeros(shape, dtype if dtype.kind == "f" else float))
            else:
                result.append(one if create_graph or not isinstance(one, Tensor) else one._data)
        return tuple(result)


def _tensor(x: Any) -> Tensor:
    return x if isinstance(x, Tensor) else _wrap(np.asarray(x))


#: The primitives of each class. A class that was written inside of a function goes with it.
_primitives: weakref.WeakKeyDictionary[type[Function], dict[Any, Any]] = weakref.WeakKeyDictionary()


def _primitive_of(cls: type[Function], count: int, inputs: bool, outputs: bool) -> Any:
    """The primitive for a class, with so many outputs, whose backward needs inputs or outputs."""
    made = _primitives.setdefault(cls, {})
    if (count, inputs, outputs) not in made:
        made[count, inputs, outputs] = _new_primitive(cls.__name__, count, inputs, outputs)
    return made[count, inputs, outputs]


def _new_primitive(name: str, count: int, inputs: bool, outputs: bool) -> Any:
    def forward(*xs: Any, call: Any) -> Any:
        made = call.outputs or call.on_arrays(xs)
        return made if count > 1 else made[0]

    function = primitive(outputs=count, name=name)(forward)
    rules = {
        (False, False): lambda g, call: call.gradients(g),
        (True, False): lambda g, xs, call: call.gradients(g, xs),
        (False, True): lambda g, outs, call: call.gradients(g, (), outs),
        (True, True): lambda g, xs, outs, call: call.gradients(g, xs, outs),
    }
    function.gradients(("xs",), rules[inputs, outputs])
    return function
