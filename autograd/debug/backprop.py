"""``Backprop``: a backward pass that waits for you."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd import text
from autograd.arguments import suggesting
from autograd.core.node import Leaf, Node
from autograd.core.tensor import Tensor, _wrap
from autograd.debug.history import HELD, History
from autograd.debug.memory import Memory, memory_of
from autograd.debug.record import bad_loss
from autograd.debug.step import Step
from autograd.engine import BackwardPass, seed_for
from autograd.engine.api import check_tensors, check_watchers

__all__ = ["Backprop"]


class Backprop(text.Page):
    """The backward pass of a tensor, one node at a time.

    When the last step is done, the leaves' ``.grad`` are as after ``backward()``, bit for bit, and
    what the graph had saved is released. Until then both are untouched: a pass that is left half
    way takes nothing from ``backward()``, from other passes or from pictures of the same graph.

    Args:
        loss: the tensor to go back from.
        gradient: its incoming gradient; default 1 for one element.
        retain_graph, create_graph, inputs: as for ``Tensor.backward``.

    Attributes:
        steps: the ``Step`` s taken so far; ``position``: the number of the one you stand at, 0 at
            the beginning.
        total: number of steps there are.
        finished: True when all steps are taken and the gradients are in ``.grad``.
        reason: what the condition said at which ``until`` stopped; empty elsewhere.

    Raises:
        TypeError, RuntimeError, ValueError: as ``Tensor.backward``.

    Example:
        >>> import autograd as ag
        >>> a = ag.tensor(2.0, requires_grad=True, name="a")
        >>> dbg = ag.debug.Backprop(a * -3.0 + a)
        >>> print(dbg.step().sentence())
        step 1 of 2: add sends 1 to multiply, its first; sends 1 to a, its first
        >>> print(dbg.step().sentence())
        step 2 of 2: multiply sends −3 to a; 1 + −3 = −2
        >>> a.grad.item()
        -2.0
    """

    @suggesting
    def __init__(
        self,
        loss: Tensor,
        gradient: Any = None,
        *,
        retain_graph: bool = False,
        create_graph: bool = False,
        inputs: Any = None,
    ) -> None:
        seed = seed_for("Backprop", loss, gradient, create_graph)
        said = bad_loss(loss)
        if said is not None:
            warnings.warn(f"Backprop: {said}", RuntimeWarning, stacklevel=2)
        wanted = None if inputs is None else check_tensors("Backprop", "inputs", inputs)
        # The pass keeps the graph whole while it may be left; at its end `release` lets go of it.
        work = BackwardPass(
            [loss], [seed], retain_graph=True, create_graph=create_graph, inputs=wanted
        )
        self._adopt(work, work.steps(observe=True), History(work))
        self._history.releases = not (retain_graph or create_graph)
        if not work.pending:  # a leaf: there is nothing to step through
            self._finish()

    @classmethod
    def _resume(cls, work: BackwardPass, steps: Iterator[Any], history: History) -> Backprop:
        """Go on with a pass that is under way, after the last step of its history.

        Nothing is committed yet, be it the last one: gradients can still be changed.
        """
        self = object.__new__(cls)
        history.budget = None  # what is looked at is kept
        self._adopt(work, steps, history)
        return self

    def _adopt(self, work: BackwardPass, steps: Iterator[Any], history: History) -> None:
        self._work = work
        self._generator = steps
        self._history = history
        self._names = history.names
        self._order = history.order
        self.total = history.total
        self.position = history.taken
        self.finished = False
        self.reason = ""
        self._failed = False

    # Going ----------------------------------------------------------------------------------------

    def step(self) -> Step | None:
        """Take the next step and return it; None when there is none left."""
        if self.position < self._history.taken:
            self.position += 1
            return self.current
        if self.finished:
            return None
        if self._failed:
            raise RuntimeError("Backprop: an earlier step failed, and the pass cannot go on")
        self._failed = True  # until the step is done
        taken = next(self._generator, None)
        self._failed = False
        if taken is None:
            self._finish()
            return None
        step = self._take(taken)
        if not self._work.pending:
            self._finish()
        return step

    def back(self) -> Step | None:
        """Go back by one of the steps taken and return the one before; None at the beginning.

        Nothing is undone: ``step()`` shows the recorded steps again before it takes new ones.
        At a breakpoint it goes back to the first step of the pass, too, if what they used is not
        too large to have been kept.

        Raises:
            RuntimeError: if the step before was not kept.
        """
        forgotten = self._history.forgotten
        if forgotten and self.position == forgotten + 1:
            raise RuntimeError(
                f"back: step {self.position} is the earliest that was kept; the {forgotten} before "
                f"it went while the pass was only watched, to hold no more than {text.size(HELD)}. "
                "To see those, step through the pass from its beginning: Backprop(loss)"
            )
        self.position = max(0, self.position - 1)
        return self.current

    @property
    def current(self) -> Step | None:
        """The step that was taken or shown last."""
        place = self.position - self._history.forgotten
        return self.steps[place - 1] if place > 0 else None

    @property
    def steps(self) -> list[Step]:
        """The steps taken so far; at a breakpoint the latest ones, as many as were kept."""
        return self._history.steps

    @suggesting
    def until(
        self,
        op: Any = None,
        module: str | None = None,
        when: Callable[[Step], Any] | None = None,
    ) -> Step | None:
        """Step on to the next step of an operation, in a module, or that meets a condition.

        Args:
            op: a primitive's name, or one of its other names (``conv2d``); or what
                ``backward(break_on=...)`` takes, a condition or several: it stops where one is met
                and says why in ``reason``.
            module: a module's dotted path; modules inside it count.
            when: a function of a ``Step``; what it returns is taken as true or false.

        Returns:
            That step, or None if the pass ended without one.

        Raises:
            ValueError: if nothing is given, or nothing of that name is in the graph.
            TypeError: if ``op`` is neither a name nor a condition.

        Example:
            >>> import autograd as ag
            >>> a = ag.tensor(3.0, requires_grad=True, name="a")
            >>> dbg = ag.debug.Backprop(a * a * a)
            >>> dbg.until(ag.debug.touches(a)).number, dbg.reason
            (1, 'touches a: multiply sends 9 to a, its first')
        """
        self.reason = ""
        name = op if isinstance(op, str) else None
        conditions = [] if op is None or name is not None else check_watchers(op, "until: op")
        if not conditions and name is None and module is None and when is None:
            raise ValueError(
                "until: give op='...', module='...', when=a function of a step, or a condition"
            )
        self._refuse_unknown(name, module)
        begin = [] if self.position else [c.report_of_loss(self._work.roots[0]) for c in conditions]
        while (step := self.step()) is not None:
            if not step.matches(name, module) or not (when is None or when(step)):
                continue
            reports = [*begin, *(condition.report_of(step) for condition in conditions)]
            self.reason = next(filter(None, reports), "")
            if self.reason or not conditions:
                return step
        return None

    def run(self) -> None:
        """Take all remaining steps."""
        while self.step() is not None:
            pass

    def __iter__(self) -> Iterator[Step]:
        while (step := self.step()) is not None:
            yield step

    def _take(self, taken: Any) -> Step:
        step = self._history.take(taken)
        self.position = self._history.taken
        return step

    def _finish(self) -> None:
        if not self.finished:
            for _ in self._generator:  # the generator has its own last words to say
                pass
            self._work.commit()
            self.finished = True
            self._history.release()

    def _refuse_unknown(self, op: str | None, module: str | None) -> None:
        infos = {node.primitive for node in self._order}
        if op is not None and not any(op == i.name or op in i.aliases for i in infos):
            names = ", ".join(sorted(i.name for i in infos))
            raise ValueError(f"until: no operation {op!r} in this graph; there are {names}")
        if module is not None:
            paths = sorted({node.module for node in self._order if node.module})
            if not any(p == module or p.startswith(f"{module}.") for p in paths):
                raise ValueError(
                    f"until: no module {module!r} in this graph; there are "
                    f"{', '.join(paths) or 'none'}"
                )

    # Looking and changing -------------------------------------------------------------------------

    @property
    def order(self) -> dict[Any, int]:
        """The graph's nodes with the number of the step that each takes, the last step's first."""
        return dict(sorted(self._order.items(), key=lambda entry: -entry[1]))

    @property
    def pending(self) -> dict[Any, Any]:
        """Gradients on their way, oldest node last: ``{node or leaf: array so far}``."""
        found: dict[Any, Any] = {}
        for node in sorted(self._work.pending, key=lambda n: -n.seq):
            g = self._work.pending[node]
            found[node] = tuple(_view(x) for x in g) if isinstance(g, list) else _view(g)
        found.update({leaf: _view(g) for leaf, g in self._work.leaf_gradients.items()})
        return found

    def gradient_of(self, target: Tensor | Node | Leaf) -> Any:
        """The gradient that a tensor or node has received so far, as an array; None if none.

        Raises:
            RuntimeError: if its step is over already, so that it is no longer there.
        """
        node, index = self._place(target)
        held = self._work.leaf_gradients if type(node) is Leaf else self._work.pending
        found = held.get(node)  # type: ignore[call-overload]
        return _view(found[index] if isinstance(found, list) else found)

    def set_gradient(self, target: Tensor | Node | Leaf, value: Any) -> None:
        """Put another gradient in the place of what a tensor or node has received so far.

        Args:
            target: a tensor or node whose step has not been taken yet.
            value: array or number; it must broadcast to the target's shape.

        Raises:
            RuntimeError: if the target's step is over, or if you are looking at past steps.
            TypeError: for a value that is neither a number nor an array of numbers.
            ValueError: for a wrong shape.
        """
        if self.position < self._history.taken:
            raise RuntimeError(
                f"set_gradient: you are looking back at step {self.position}; go forward to "
                f"step {self._history.taken} first, past steps are only shown"
            )
        node, index = self._place(target)
        shape, dtype = node.shape_of(index), node.dtype_of(index)
        data = np.asarray(value._data if isinstance(value, Tensor) else value)
        if data.dtype.kind not in "fiub":
            raise TypeError(
                "set_gradient: the value must be a number or an array of numbers, got "
                f"{type(value).__name__}" + (" (0.0 stops a gradient)" if value is None else "")
            )
        try:
            new = np.array(np.broadcast_to(data, shape), dtype=dtype)
        except ValueError:
            raise ValueError(
                f"set_gradient: the value has shape {data.shape}; the target has shape {shape}"
            ) from None
        self._work.replace(node, index, _wrap(new) if self._work.create_graph else new)

    def _place(self, target: Any) -> tuple[Any, int]:
        if isinstance(target, Tensor):
            node, index = target._node, target._index
        else:
            node, index = target, 0
        if not isinstance(node, (Node, Leaf)):
            raise TypeError(
                "Backprop: expected a tensor that requires a gradient, or a node, got "
                f"{type(target).__name__}"
            )
        done = self._order.get(node, self.total + 1) <= self._history.taken
        if self.finished or done:
            raise RuntimeError(
                f"Backprop: the gradient of {self._names.target(node, index)} has been used: "
                f"its step is over (look at the {len(self.steps)} in .steps)"
            )
        if type(node) is not Leaf and node not in self._order:
            raise RuntimeError("Backprop: that tensor is no part of this graph")
        return node, index

    @property
    def leaves(self) -> dict[str, Any]:
        """The graph's leaves by what they are called; those without a name are left out."""
        named = [(self._names.of(leaf), leaf) for leaf in self._history.leaves]
        return {name: leaf for name, leaf in named if name}

    def memory(self) -> Memory:
        """What the graph still keeps for the steps to come: how much, why, and until which step."""
        taken = self._history.taken
        coming = [
            node for node, number in self._order.items()
            if not node.freed and (number > taken or not self._history.releases)
        ]  # fmt: skip
        return memory_of(coming, self._order, taken, self._names)

    def text(self, plain: bool = False) -> str:
        """Where the pass stands."""
        taken = self._history.taken
        if self.finished:
            plural = "s" * (self.total != 1)
            said = (
                f"backward pass of {self.total} step{plural}, finished: the gradients are in .grad"
            )
        else:
            coming = next((n for n, k in self._order.items() if k == taken + 1), None)
            after = "" if coming is None else f"; next is {self._names.title_and_place(coming)}"
            begun = f"paused after step {taken} of {self.total}"
            said = f"backward pass {begun if taken else f'of {self.total} steps, not begun'}{after}"
        if self.position < taken:
            place = f"step {self.position}" if self.position else "the beginning"
            said += f" (you are looking back at {place})"
        return text.plain(said) if plain else said


def _view(value: Any) -> Any:
    """A read-only view: gradients are changed by ``set_gradient`` only."""
    data = getattr(value, "_data", value)
    if not isinstance(data, np.ndarray):
        return data
    view = data.view()
    view.flags.writeable = False
    return view
