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

What decorates is a plain function, made by ``call``: no signature is inspected and no closure made
per call, and what follows from the rules is worked out when the primitive is first recorded.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, TypedDict, Unpack

from autograd import source
from autograd.arguments.numbers import shown
from autograd.core import call
from autograd.core.rules import Plan, Rule
from autograd.core.writes import reading

__all__ = ["Options", "Primitive", "primitive"]

_RESERVED = frozenset({"g", "i", "out", "outs"})


class Options(TypedDict, total=False):
    """What ``primitive`` can be told, see there."""

    broadcasts: bool
    elementwise: bool | None
    differentiable: bool
    outputs: int
    constant_outputs: Sequence[int]
    scalar: Callable[[float], float] | None
    recordable: bool
    name: str | None
    aliases: Sequence[str]


class Primitive:
    """What is known of a primitive. ``function.primitive`` leads here from the function.

    Attributes:
        forward: the function on arrays; ``function``: what users call.
        inputs: names of the array inputs, of which ``optional`` may be absent and ``required`` not;
            ``variadic`` is the name after ``*``, or None.
        static_names: names of the keyword-only parameters, with their defaults (None where there is
            none) in ``static_template``.
        positions: what may be given by position: the inputs, then static parameters, required ones
            first.
        rules: input name -> Rule; ``composite``: the same function in plain primitives, or None.
        other_words: None, or what is called instead where arguments do not fit.
        plan: what follows from the rules; None until it is needed.

    All others are options of ``primitive``.
    """

    def __init__(self, forward: Callable[..., Any], **options: Unpack[Options]) -> None:
        unknown = options.keys() - Options.__annotations__.keys()
        if unknown:
            raise TypeError(f"primitive: there is no option {', '.join(sorted(unknown))}")
        code = getattr(forward, "__code__", None)
        if code is None:
            raise TypeError(
                f"primitive: expected a function written in Python, got {type(forward).__name__}; "
                "wrap it: def f(x): return numpy.sin(x)"
            )
        name = options.get("name")
        if name is not None and not isinstance(name, str):
            raise TypeError(f"primitive: name must be a string, got {shown(name)}")
        self.name = name or forward.__name__
        self.forward = reading(forward, f"{self.name}: its forward function")
        self.function: Any = None
        self.aliases = frozenset(options.get("aliases", ()))
        self.broadcasts = options.get("broadcasts", False)
        elementwise = options.get("elementwise")
        self.elementwise = self.broadcasts if elementwise is None else elementwise
        self.differentiable = options.get("differentiable", True)
        self.outputs = options.get("outputs", 1)
        self.constant_outputs = frozenset(options.get("constant_outputs", ()))
        self.scalar = options.get("scalar")
        self.recordable = options.get("recordable", False)
        self.rules: dict[str, Rule] = {}
        self.composite: Callable[..., Any] | None = None
        self.other_words: Any = None
        self.plan: Plan | None = None
        self._read_parameters(forward, code)

    def _read_parameters(self, forward: Any, code: Any) -> None:
        n = code.co_argcount
        end = n + code.co_kwonlyargcount
        self.inputs: tuple[str, ...] = code.co_varnames[:n]
        self.static_names: tuple[str, ...] = code.co_varnames[n:end]
        self.variadic = code.co_varnames[end] if code.co_flags & inspect.CO_VARARGS else None
        defaults = forward.__defaults__ or ()
        self.optional: tuple[str, ...] = self.inputs[n - len(defaults) :]
        for x, default in zip(self.optional, defaults, strict=True):
            if default is not None:
                raise TypeError(
                    f"{self.name}: {x}={default!r} is an array input, which can have no default "
                    f"but None; make it a static parameter, after a star: *, {x}={default!r}"
                )
        if self.variadic is not None:
            if n:
                raise TypeError(f"{self.name}: a primitive has either *inputs or named inputs")
            self.inputs = (self.variadic,)
        if not self.inputs:
            raise TypeError(f"{self.name}: a primitive needs at least one array input")
        if code.co_flags & inspect.CO_VARKEYWORDS:
            raise TypeError(f"{self.name}: static parameters must be named, not **gathered")
        taken = _RESERVED.intersection((*self.inputs, *self.static_names))
        if taken:
            raise TypeError(
                f"{self.name}: a parameter cannot be called {', '.join(sorted(taken))}; "
                "to rules, that name means something else"
            )
        self.static_defaults: dict[str, Any] = forward.__kwdefaults__ or {}
        self.static_template = {x: self.static_defaults.get(x) for x in self.static_names}
        self.static_values = tuple(self.static_template.values())
        required = [x for x in self.static_names if x not in self.static_defaults]
        # After an input that may be absent, a required parameter cannot stand by position.
        by_position = () if self.variadic or (self.optional and required) else self.static_names
        by_position = sorted(by_position, key=self.static_defaults.__contains__)
        self.positions = (*self.inputs, *by_position)
        self.required = frozenset(self.inputs).difference(self.optional)

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

    def rule_formula(self, name: str) -> str:
        """A rule in a formula, where its source is more than one: its docstring's first line.

        A rule that does no more than call a private function is said as that function's.
        """
        rule = self.rules.get(name.partition("[")[0])
        if rule is None:
            return ""
        called = source.private_callee(rule.function)
        said = rule.function.__doc__ or (None if called is None else called.__doc__)
        return (said or "").strip().partition("\n")[0].rstrip(".")

    def gradients(self, *joint: Any, **rules: Callable[..., Any]) -> None:
        """Give the gradient rules, by input name; ``gradients(("x", "w"), rule)`` a joint one.

        A joint rule returns a tuple of gradients; for variadic inputs, ``("xs",)``, one for each.
        Calling it again replaces rules, also those of functions that were already called.

        Raises:
            TypeError: for an input that does not exist or a name no rule can ask for.
        """
        given = [Rule.of(rule, (name,)) for name, rule in rules.items()]
        if joint:
            names, function = joint
            given.append(Rule.of(function, tuple(names), joint=True))
        for rule in given:
            self._check(rule)
        who = f"{self.name}: its gradient rule"
        given = [rule._replace(function=reading(rule.function, who)) for rule in given]
        for rule in given:
            for name in rule.inputs:
                self.rules[name] = rule
        self.plan = None

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
                    f"{self.name}: the rule for {', '.join(rule.inputs)} asks for {need!r}; "
                    "a rule may name g, out, outs, out<k>, an input, <input>_shape, <input>_dtype, "
                    "a static parameter or, for variadic inputs, i"
                )

    def set_composite(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Name the same function written with plain primitives; used under ``create_graph``."""
        self.composite = function
        self.plan = None
        return function

    def all_rules(self) -> list[Rule]:
        """Every rule once."""
        return list(dict.fromkeys(self.rules.values()))

    @property
    def saved_names(self) -> tuple[str, ...]:
        """What a node of it saves, in order."""
        return (self.plan or self.make_plan()).saved_names

    def make_plan(self) -> Plan:
        """Work out what follows from the rules; done once, when a node is to be made."""
        self.plan = plan = Plan(self)
        return plan


def primitive(forward: Callable[..., Any] | None = None, **options: Unpack[Options]) -> Any:
    """Make a function on arrays a primitive, which works on tensors too and can be recorded.

    Args:
        forward: positional parameters are array inputs (a default of None: may be absent, no other
            default is possible; ``*xs``: any number), keyword-only ones are static. It gets arrays
            read-only, as rules do.
        broadcasts: the inputs broadcast together, and gradients are summed down again.
        elementwise: on object arrays (``autograd.scalars``) apply the primitive to each element;
            default: the value of ``broadcasts``.
        differentiable: False if there is no gradient by nature (comparisons).
        outputs: number of outputs; more than one means that ``forward`` returns a tuple.
        constant_outputs: outputs that are locally constant (indices, masks).
        scalar: a function of ``math`` with the same values, used for 0-d floats.
        recordable: the rules are made of primitives, and so can be differentiated again, although
            there is a composite.
        name: shown in graphs and messages; default: the function's name.
        aliases: further names that the debugger finds it by (``conv2d`` for ``correlate``).

    Returns:
        A function with ``.gradients(**rules)``, ``.composite(function)`` and ``.primitive``.

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
        return functools.partial(primitive, **options)
    info = Primitive(forward, **options)
    info.function = function = functools.wraps(forward)(call.form_for(info)(info))
    function.primitive = info  # type: ignore[attr-defined]
    function.gradients = info.gradients  # type: ignore[attr-defined]
    function.composite = info.set_composite  # type: ignore[attr-defined]
    return function
