"""The ``primitive`` decorator: a function on arrays, plus one gradient rule per input.

    @primitive(broadcasts=True)
    def multiply(x, y):
        return x * y

    multiply.gradients(x=lambda g, y: g * y,
                       y=lambda g, x: g * x)

The parameters of the function are its array inputs; keyword-only ones are static (``axis``,
``stride``). The parameter names of a rule declare what it needs, and so what is saved:

=====================  ===========================================================
``g``                  the incoming gradient (a tuple, with None for unused outputs,
                       when there are several)
``out``, ``outs``      the output; the tuple of outputs
``out0``, ``out1`` …   one of several outputs, saving only that
``x`` (an input)       that input's value
``x_shape, x_dtype``   its shape and dtype, without saving the value
``axis`` (a static)    that parameter's value
``i``                  which of the variadic inputs ``*xs`` the gradient is for
=====================  ===========================================================

Rules are themselves written with primitives and operators. They get raw arrays and run at NumPy's
speed; under ``create_graph`` they get tensors, and so are recorded.

What decorates is a plain function whose code is written for it on its first call (``codegen``):
no signature is inspected and no closure made per call, and importing costs nothing.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Sequence
from typing import Any

from autograd.core import codegen, source

__all__ = ["Primitive", "Rule", "primitive"]

_RESERVED = frozenset({"g", "i", "out", "outs"})


class Rule:
    """A gradient rule: the function, the inputs it gives gradients for, the names it needs."""

    __slots__ = ("function", "inputs", "joint", "needs")

    def __init__(
        self, function: Callable[..., Any], inputs: tuple[str, ...], joint: bool = False
    ) -> None:
        self.function = function
        self.inputs = inputs
        self.joint = joint  # one call yields the gradients of all inputs, as a tuple
        code = getattr(function, "__code__", None)
        if code is None:
            self.needs = tuple(inspect.signature(function).parameters)
        else:
            self.needs = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


class Primitive:
    """What is known of a primitive. ``function.primitive`` leads here from the function.

    Attributes:
        name: the function's name, unless another was given; ``aliases``: further ones.
        inputs: names of the array inputs; ``variadic`` is the name after ``*``, or None.
        static_names: names of the keyword-only parameters.
        rules: input name -> Rule.
        before_rules: what is done to ``g`` before the rules get it, or None.
        composite: the same function in plain primitives, or None.
        broadcasts: gradients are summed down to the input's shape by the engine.
        view: the output may share memory with the first input.
        differentiable: False for functions such as comparisons, which record nothing.
        outputs: how many; ``constant_outputs`` are those without a gradient.
    """

    def __init__(
        self,
        forward: Callable[..., Any],
        *,
        broadcasts: bool,
        elementwise: bool,
        view: bool,
        differentiable: bool,
        outputs: int,
        constant_outputs: Sequence[int],
        scalar: Callable[[float], float] | None,
        name: str | None,
        aliases: Sequence[str],
    ) -> None:
        self.name = name or forward.__name__
        self.aliases = frozenset(aliases)
        self.forward = forward
        self.broadcasts = broadcasts
        self.elementwise = elementwise
        self.view = view
        self.differentiable = differentiable
        self.outputs = outputs
        self.constant_outputs = frozenset(constant_outputs)
        self.scalar = scalar
        self.rules: dict[str, Rule] = {}
        self.before_rules: Rule | None = None
        self.composite: Callable[..., Any] | None = None
        code = forward.__code__
        n = code.co_argcount
        self.inputs: tuple[str, ...] = code.co_varnames[:n]
        self.optional: tuple[str, ...] = self.inputs[n - len(forward.__defaults__ or ()) :]
        end = n + code.co_kwonlyargcount
        self.static_names: tuple[str, ...] = code.co_varnames[n:end]
        self.static_defaults: dict[str, Any] = dict(forward.__kwdefaults__ or {})
        has_variadic = bool(code.co_flags & inspect.CO_VARARGS)
        self.variadic: str | None = code.co_varnames[end] if has_variadic else None
        if self.variadic is not None:
            if n:
                raise TypeError(f"{self.name}: a primitive has either *inputs or named inputs")
            self.inputs = (self.variadic,)
        if not self.inputs:
            raise TypeError(f"{self.name}: a primitive needs at least one array input")
        taken = _RESERVED.intersection((*self.inputs, *self.static_names))
        if taken:
            raise TypeError(
                f"{self.name}: a parameter cannot be called {', '.join(sorted(taken))}; "
                "to rules, that name means something else"
            )
        self.saved_names: tuple[str, ...] = ()
        self.node_class: Any = None
        self.function: Any = None
        self._namespace: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    def rule_for(self, position: int) -> Rule | None:
        """The rule for the array input at a position, or None where there is none."""
        name = self.inputs[0] if self.variadic else self.inputs[position]
        return self.rules.get(name)

    def input_name(self, position: int) -> str:
        """Name of an array input, such as ``x`` or ``xs[2]``."""
        return f"{self.variadic}[{position}]" if self.variadic else self.inputs[position]

    def rule_source(self, name: str) -> str:
        """A rule as it is written in the source, such as ``lambda g, y: g * y``.

        Args:
            name: an input's name; ``xs[2]`` means ``xs``.
        """
        rule = self.rules.get(name.partition("[")[0])
        return f"no gradient rule for {name}" if rule is None else source.of_function(rule.function)

    def gradients(self, *joint: Any, **rules: Callable[..., Any]) -> None:
        """Give the gradient rules, by input name; ``gradients(("x", "w"), rule)`` a joint one.

        A joint rule returns a tuple of gradients; for variadic inputs, ``("xs",)``, one for each.
        Calling it again replaces rules, also those of functions that were already called.

        Raises:
            TypeError: for an input that does not exist or a name no rule can ask for.
        """
        given = [Rule(rule, (name,)) for name, rule in rules.items()]
        if joint:
            names, function = joint
            given.append(Rule(function, tuple(names), joint=True))
        for rule in given:
            self._check(rule)
        for rule in given:
            for name in rule.inputs:
                self.rules[name] = rule
        self._reset()

    def incoming(self, prepare: Callable[..., Any]) -> None:
        """Give a function that brings ``g`` into the memory order that several rules want.

        Its parameter names declare what it needs, as those of a rule. It must not change a value;
        under ``create_graph`` it is left out.
        """
        rule = Rule(prepare, ())
        self._check(rule)
        self.before_rules = rule
        self._reset()

    def _check(self, rule: Rule) -> None:
        for name in rule.inputs:
            if name not in self.inputs:
                raise TypeError(
                    f"{self.name}: gradient rule for {name!r}, but the array inputs are "
                    f"{', '.join(self.inputs)}"
                )
        allowed = {*_RESERVED, *self.inputs, *self.static_names}
        if self.outputs > 1:
            allowed.update(f"out{k}" for k in range(self.outputs))
        for name in self.inputs:
            allowed.update((f"{name}_shape", f"{name}_dtype"))
        for need in rule.needs:
            if need not in allowed or (need == "i" and self.variadic is None):
                raise TypeError(
                    f"{self.name}: the rule for {', '.join(rule.inputs) or 'g'} asks for {need!r}; "
                    "a rule may name g, out, outs, out<k>, an input, <input>_shape, <input>_dtype, "
                    "a static parameter or, for variadic inputs, i"
                )

    def set_composite(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Name the same function written with plain primitives; used under ``create_graph``."""
        self.composite = function
        self._reset()
        return function

    def _reset(self) -> None:
        self.node_class = None
        self.function.__code__ = _stub.__code__
        self.function.__defaults__ = None
        self.function.__kwdefaults__ = None

    def ensure_compiled(self) -> None:
        """Write the call code now, if it is not written yet."""
        if self.node_class is None:
            codegen.compile_primitive(self, self._namespace)


def _stub(*args: Any, **kwargs: Any) -> Any:
    """First call of a primitive: have its code written, then go on with it."""
    _info.ensure_compiled()  # type: ignore[name-defined]  # noqa: F821
    return _info.function(*args, **kwargs)  # type: ignore[name-defined]  # noqa: F821


def primitive(
    forward: Callable[..., Any] | None = None,
    *,
    broadcasts: bool = False,
    elementwise: bool | None = None,
    view: bool = False,
    differentiable: bool = True,
    outputs: int = 1,
    constant_outputs: Sequence[int] = (),
    scalar: Callable[[float], float] | None = None,
    name: str | None = None,
    aliases: Sequence[str] = (),
) -> Any:
    """Make a function on arrays a primitive, which works on tensors too and can be recorded.

    Args:
        forward: positional parameters are array inputs (a default of None: may be absent;
            ``*xs``: any number), keyword-only ones are static.
        broadcasts: the inputs broadcast together, and gradients are summed down again.
        elementwise: on object arrays (``autograd.scalars``) apply the primitive to each element;
            default: the value of ``broadcasts``.
        view: the output may share memory with the first input (``reshape``).
        differentiable: False if there is no gradient by nature (comparisons).
        outputs: number of outputs; more than one means that ``forward`` returns a tuple.
        constant_outputs: outputs that are locally constant (indices, masks).
        scalar: a function of ``math`` with the same values, used for 0-d floats.
        name: shown in graphs and messages; default: the function's name.
        aliases: further names that the debugger finds it by (``conv2d`` for ``correlate``).

    Returns:
        A function with ``.gradients(**rules)``, ``.incoming(function)``, ``.composite(function)``
        and ``.primitive``.

    Example:
        >>> import autograd as ag
        >>> @ag.primitive(broadcasts=True)
        ... def cube(x):
        ...     return x * x * x
        >>> cube.gradients(x=lambda g, x: g * 3.0 * x * x)
        >>> x = ag.tensor(2.0, requires_grad=True)
        >>> cube(x).backward()
        >>> x.grad.item()
        12.0
    """
    if forward is None:

        def decorate(function: Callable[..., Any]) -> Any:
            return primitive(
                function,
                broadcasts=broadcasts,
                elementwise=elementwise,
                view=view,
                differentiable=differentiable,
                outputs=outputs,
                constant_outputs=constant_outputs,
                scalar=scalar,
                name=name,
                aliases=aliases,
            )

        return decorate

    info = Primitive(
        forward,
        broadcasts=broadcasts,
        elementwise=broadcasts if elementwise is None else elementwise,
        view=view,
        differentiable=differentiable,
        outputs=outputs,
        constant_outputs=constant_outputs,
        scalar=scalar,
        name=name,
        aliases=aliases,
    )
    namespace: dict[str, Any] = {"_info": info, "__name__": forward.__module__}
    info._namespace = namespace
    function: Any = types.FunctionType(_stub.__code__, namespace, forward.__name__)
    function.__module__ = forward.__module__
    function.__qualname__ = forward.__qualname__
    function.__doc__ = forward.__doc__
    function.__wrapped__ = forward  # inspect.signature and help() show the real parameters
    function.primitive = info
    function.gradients = info.gradients
    function.incoming = info.incoming
    function.composite = info.set_composite
    info.function = function
    return function
