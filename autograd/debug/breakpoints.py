"""Conditions that stop a backward pass: ``loss.backward(break_on=[nonfinite, touches(w)])``."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd import text
from autograd.arguments.numbers import shown
from autograd.core.tensor import Tensor
from autograd.debug.backprop import Backprop
from autograd.debug.history import History
from autograd.debug.names import name_of
from autograd.debug.record import (
    bad_loss,
    infinite,
    infinite_operands,
    made,
    operands_at,
    safe_form,
)
from autograd.debug.step import Step
from autograd.engine import BackwardPass
from autograd.engine import Step as EngineStep
from autograd.engine.unbroadcast import sum_to_shape

__all__ = ["Breakpoint", "Condition", "accumulates", "nonfinite", "norm_over", "touches", "when"]


class Breakpoint(RuntimeError):
    """Raised by ``backward(break_on=...)`` where a condition is met.

    Attributes:
        paused: the ``Backprop``, just after the step: ``back()`` shows the steps before it again,
            ``set_gradient()`` mends what it made, ``run()`` goes on to the end. Left as it is, it has
        changed nothing: the graph is whole, and ``backward()`` can be called again.
        condition: the ``Condition`` that was met.
        report: what is to be said about it.
    """

    def __init__(self, report: str, paused: Backprop, condition: Condition) -> None:
        super().__init__(report)
        self.report = report
        self.paused = paused
        self.condition = condition

    def text(self, plain: bool = False) -> str:
        """The report."""
        return text.plain(self.report) if plain else self.report


class Condition:
    """Something to stop at, in ``backward(break_on=...)`` or ``Backprop.until``.

    Make one with ``norm_over``, ``touches``, ``accumulates`` or ``when``; ``nonfinite`` is one.

    Args:
        name: what it says of itself.
        test: of a ``Step``: None to go on, or the reason to stop.
        begin: of the loss: the same, before the first step.

    Example:
        >>> import autograd as ag
        >>> x = ag.tensor([0.0, 1.0], requires_grad=True)
        >>> try:
        ...     ag.sqrt(x).sum().backward(break_on=ag.debug.nonfinite)
        ... except ag.debug.Breakpoint as stop:
        ...     print(stop.report.splitlines()[0])
        non-finite: sqrt sends ∞ at [0] to x (1 of 2 elements are not finite)
    """

    def __init__(
        self,
        name: str,
        test: Callable[[Step], str | None],
        begin: Callable[[Tensor], str | None] | None = None,
    ) -> None:
        self.name = name
        self._test = test
        self._begin = begin

    def __repr__(self) -> str:
        return f"<condition {self.name}>"

    def begin(self, root: Tensor, work: BackwardPass, steps: Iterator[EngineStep]) -> None:
        """Called by the engine before the first step."""
        history = History.of(work)
        report = self.report_of_loss(root)
        if report is not None:
            raise Breakpoint(report, Backprop._resume(work, steps, history), self)
        said = bad_loss(root) if self._begin is None else None
        if said is not None:
            level, frame = 1, sys._getframe()
            while frame.f_back and frame.f_globals.get("__name__", "").startswith("autograd."):
                level, frame = level + 1, frame.f_back  # the line of the user's own
            warnings.warn(f"backward: {said}", RuntimeWarning, stacklevel=level)

    def after(self, work: BackwardPass, steps: Iterator[EngineStep], step: EngineStep) -> None:
        """Called by the engine after every step."""
        history = History.of(work)
        current = history.take(step)
        report = self.report_of(current)
        if report is not None:
            paused = Backprop._resume(work, steps, history)
            raise Breakpoint(f"{report}\n{current.text()}", paused, self)
        history.release()

    def report_of_loss(self, root: Tensor) -> str | None:
        """Why to stop before the first step; None to go on."""
        reason = None if self._begin is None else self._begin(root)
        return None if reason is None else f"{self.name}: {reason}"

    def report_of(self, step: Step) -> str | None:
        """Why to stop after a step; None to go on."""
        reason = self._test(step)
        return None if reason is None else f"{self.name}: {reason}"


def when(test: Callable[[Step], Any], name: str = "when") -> Condition:
    """Stop after the first step for which a function returns something true.

    Args:
        test: gets a ``Step``; a string that it returns becomes part of the report.
        name: how the condition is called in the report.

    Example:
        >>> import autograd as ag
        >>> x = ag.tensor(2.0, requires_grad=True)
        >>> try:
        ...     (x * x).backward(break_on=[ag.debug.when(lambda step: step.op == "multiply")])
        ... except ag.debug.Breakpoint as stop:
        ...     stop.paused.position
        1
    """
    if not callable(test):
        raise TypeError(f"when: expected a function of a step, got {type(test).__name__}")

    def reason(step: Step) -> str | None:
        found = test(step)
        if not found:
            return None
        return found if isinstance(found, str) else f"at {step.op}"

    return Condition(name, reason)


def norm_over(limit: float) -> Condition:
    """Stop when a gradient that is sent has a Euclidean norm above a limit.

    Raises:
        ValueError: unless the limit is a number of at least 0.

    Example:
        >>> import autograd as ag
        >>> x = ag.tensor([3.0, 4.0], requires_grad=True)
        >>> dbg = ag.debug.Backprop((x * 100.0).sum())
        >>> dbg.until(ag.debug.norm_over(10)).op, dbg.reason
        ('multiply', 'norm over 10: the gradient of x has norm 141.421, more than 10')
    """
    if isinstance(limit, bool) or not isinstance(limit, (int, float)) or not limit >= 0:
        raise ValueError(f"norm_over: limit must be a number of at least 0, got {shown(limit)}")

    def reason(step: Step) -> str | None:
        for sent in step.sent:
            norm = _norm(sent.after)
            if norm > limit or math.isnan(norm):
                over = f", more than {text.number(limit)}" if norm > limit else ""
                return f"the gradient of {sent.target} has norm {text.number(norm)}{over}"
        return None

    return Condition(f"norm over {text.number(limit)}", reason)


def _norm(value: Any) -> float:
    """Euclidean norm, which overflows only where it is beyond float64 itself."""
    flat = np.asarray(value, np.float64).ravel()
    largest = float(np.max(np.abs(flat), initial=0.0))
    if not 0 < largest < math.inf:
        return largest
    return largest * float(np.linalg.norm(flat / largest))


def touches(target: Tensor) -> Condition:
    """Stop after every step that sends a gradient to a tensor.

    Raises:
        TypeError: for anything but a tensor.
        RuntimeError: for a tensor that requires no gradient.

    Example:
        >>> import autograd as ag
        >>> w = ag.tensor(2.0, requires_grad=True, name="w")
        >>> dbg = ag.debug.Backprop(ag.exp(w * 3.0))
        >>> print(dbg.until(ag.debug.touches(w)).sentence())
        step 2 of 2: multiply sends 1210.29 to w, its first
    """
    node, index = _place_of("touches", target)

    def reason(step: Step) -> str | None:
        met = [s.sentence() for s in step.sent if s.parent is node and s.index == index]
        return f"{step.title} {'; '.join(met)}" if met else None

    return Condition(f"touches {name_of(target) or 'a tensor'}", reason)


def accumulates(target: Tensor | None = None) -> Condition:
    """Stop where a gradient is added to what has arrived before: from a second contribution on.

    Args:
        target: the tensor to look at; default: all.

    Raises:
        TypeError: for anything but a tensor or None.
        RuntimeError: for a tensor that requires no gradient.

    Example:
        >>> import autograd as ag
        >>> a = ag.tensor(2.0, requires_grad=True, name="a")
        >>> dbg = ag.debug.Backprop(a * -3.0 + a)
        >>> dbg.until(ag.debug.accumulates(a)).number, dbg.reason
        (2, 'accumulates in a: multiply sends −3 to a; 1 + −3 = −2')
    """
    place = None if target is None else _place_of("accumulates", target)

    def reason(step: Step) -> str | None:
        met = [
            s.sentence() for s in step.sent
            if s.before is not None and place in (None, (s.parent, s.index))
        ]  # fmt: skip
        return f"{step.title} {'; '.join(met)}" if met else None

    where = "" if target is None else f" in {name_of(target) or 'a tensor'}"
    return Condition(f"accumulates{where}", reason)


def _place_of(who: str, target: Any) -> tuple[Any, int]:
    if not isinstance(target, Tensor):
        raise TypeError(f"{who}: expected a Tensor, got {type(target).__name__}")
    if target._node is None:
        raise RuntimeError(f"{who}: the tensor requires no gradient, so nothing ever reaches it")
    return target._node, target._index


# NaN and infinity ---------------------------------------------------------------------------------


def _gradients_are_finite(step: Step) -> str | None:
    for sent in step.sent:
        value = np.asarray(sent.contribution)
        index = made(value, _given(step, value.shape))
        if index is None:
            continue
        lines = [
            f"{step.title} sends {text.number(value[index])} at "
            f"{text.at(index) or 'its only element'} to {sent.target} "
            f"({int(np.sum(~np.isfinite(value)))} of {value.size} elements are not finite)",
        ]
        arrived = _gradient_there(step, value.shape, index)
        if arrived.size == 1:
            lines.append(f"  gradient arriving there: {text.number(arrived[0])}")
        info = step.node.primitive
        if step.record is None:
            kept = [(n, v) for n, v in step.saved.items() if not n.endswith(("_shape", "_dtype"))]
        else:
            kept = [(info.input_name(k), v) for k, v in enumerate(step.record.inputs)]
        lines += operands_at(info, kept, value.shape, index)
        if np.isnan(value[index]) and np.any(arrived == 0):
            lines.append(f"  0 × ∞: nothing arrives there, but the slope is infinite; "
                         f"{safe_form(info.name)}")  # fmt: skip
        return "\n".join(lines)
    return None


def _given(step: Step, shape: tuple[int, ...]) -> Any:
    """Where a gradient is infinite because the arriving one, or an operand of the step, is.

    Operands count in elementwise operations alone: a mask of −∞ excuses no overflow in attention.
    """
    if isinstance(step.gradient, tuple):
        return any(infinite(g).any() for g in step.gradient if g is not None)
    info, g = step.node.primitive, np.asarray(step.gradient)
    at = infinite(g)
    if not (info.broadcasts or info.elementwise):
        return at.any()
    if step.record is not None:
        operands = step.record.inputs
    else:
        operands = [v for n, v in step.saved.items() if n in info.inputs]
    at = at | infinite_operands(info, operands, g.shape)
    return np.asarray(sum_to_shape(at.astype(np.float32), shape)) > 0


def _gradient_there(step: Step, shape: tuple[int, ...], index: tuple[int, ...]) -> Any:
    """The incoming gradients that were summed into one element of an input, if that can be told."""
    g = step.gradient
    if isinstance(g, tuple):
        return np.empty(0)
    g = np.asarray(g)
    if not step.node.primitive.broadcasts:
        return g[index].reshape(1) if g.shape == shape else np.empty(0)
    extra = g.ndim - len(shape)
    kept = [
        slice(None) if n == 1 and g.shape[k + extra] != 1 else at
        for k, (n, at) in enumerate(zip(shape, index, strict=True))
    ]
    return np.ravel(g[(*[slice(None)] * extra, *kept)])


#: Stop at the first gradient that is NaN, or infinite where what it is made of is finite (a given
#: infinity passes, as in `record`); before the first step if the loss itself is NaN or infinite.
nonfinite = Condition("non-finite", _gradients_are_finite, bad_loss)
