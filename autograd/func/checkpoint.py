"""Trade time for memory: keep a function's inputs only, and compute it again in backward.

The function becomes one node of the graph. Its forward runs without recording; its gradient rule
runs it a second time, recorded, and goes back through that (recorded itself under
``create_graph``). So the engine knows nothing of it.
"""

from __future__ import annotations

import contextlib
import functools
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from autograd.arguments.generator import default_generator
from autograd.core.modes import enable_grad, is_grad_enabled, local, no_grad
from autograd.core.primitive import primitive
from autograd.core.tensor import Tensor, _wrap, tensor_on
from autograd.engine import BackwardPass
from autograd.func.buffers import kept_buffers
from autograd.func.trees import flatten
from autograd.ops.elementwise import alias

__all__ = ["checkpoint"]

Generators = Iterable[np.random.Generator]


def checkpoint(
    function: Callable[..., Any], *args: Any, generators: Generators = (), **kwargs: Any
) -> Any:
    """Call a function and keep nothing of it but its inputs; backward computes it again.

    Gradients are those of a plain call, also for tensors that the function takes from outside (a
    module's parameters), and of any order. Layers that update running statistics update them at
    both computations.

    Args:
        function: takes tensors, and tuples, lists and dicts of them; returns the same.
        args, kwargs: its arguments.
        generators: generators that it draws from; the second computation draws the same numbers.
            Those among the arguments, and the default one, are found without this.

    Returns:
        What the function returns.

    Raises:
        RuntimeError: in backward, if the second computation gives other values.

    Example:
        >>> import autograd as ag
        >>> x = ag.tensor([1.0, 2.0], requires_grad=True)
        >>> y = ag.func.checkpoint(lambda t: ag.exp(ag.sin(t)), x)
        >>> y.sum().backward()
    """
    if not callable(function):
        raise TypeError(f"checkpoint: expected a function, got {type(function).__name__}")
    if not is_grad_enabled():
        return function(*args, **kwargs)
    tensors = [t for t in flatten((args, kwargs))[0] if isinstance(t, Tensor)]
    call = _Call(function, args, kwargs, generators)
    # The arguments are passed under another identity: the same tensor may come from outside, too.
    arguments = [tensor_on(t._data, t._version, t._node, t._index) for t in tensors]
    watch = _Outside(arguments)
    with no_grad(), watch:
        result = call.run(arguments)
    leaves, rebuild = flatten(result)
    places = [k for k, leaf in enumerate(leaves) if isinstance(leaf, Tensor)]
    watch.see([leaves[k] for k in places])
    places = [k for k in places if leaves[k].dtype.kind == "f"]
    if not places:
        return result
    shared = {id(t._version) for t in [*arguments, *watch.found] if t._version is not None}
    call.finish(
        places,
        [np.array(o._data) if id(o._version) in shared else o._data  # a view of an input
         for o in (leaves[k] for k in places)],
        watch.found,
    )  # fmt: skip
    inputs = [*tensors, *watch.found]
    outputs = _checkpoint_of(len(places))(*inputs, call=call)
    for k, out in zip(places, outputs if len(places) > 1 else [outputs], strict=True):
        leaves[k] = out
    call.outputs = ()
    return rebuild(leaves)


@functools.cache
def _checkpoint_of(count: int) -> Any:
    """The primitive for functions with so many outputs."""

    @primitive(outputs=count)
    def checkpoint(*xs: Any, call: Any) -> Any:
        outputs = call.outputs or call.on_arrays(xs)
        return outputs if count > 1 else outputs[0]

    checkpoint.gradients(("xs",), lambda g, xs, call: call.gradients(g, xs))
    return checkpoint


class _Outside:
    """Watches a computation for tensors that need a gradient and are none of its arguments."""

    def __init__(self, arguments: Sequence[Tensor]) -> None:
        self._arguments = {id(t) for t in arguments}
        self._known: set[Any] = set()
        self.found: list[Tensor] = []

    def see(self, tensors: Iterable[Any]) -> None:
        for t in tensors:
            if isinstance(t, Tensor) and t._node is not None and id(t) not in self._arguments:
                key = (id(t._node), t._index)
                if key not in self._known:
                    self._known.add(key)
                    self.found.append(t)

    def __enter__(self) -> None:
        self._before = before = local.state.recorder

        def recorder(info: Any, node: Any, outs: Any, inputs: Any, *rest: Any) -> None:
            self.see(inputs)
            if before is not None:
                before(info, node, outs, inputs, *rest)

        local.state.recorder = recorder

    def __exit__(self, *exception: object) -> None:
        local.state.recorder = self._before


def _fingerprint(data: Any) -> tuple[float, float]:
    """The sum, and one in which every element has a weight of its own, for the order counts."""
    flat = np.ravel(data).astype(np.float64)
    return float(np.sum(flat)), float(np.dot(flat, np.linspace(1.0, 2.0, flat.size)))


def _kept(leaf: Any) -> Any:
    """An argument for the second computation; arrays may be written into before that."""
    if isinstance(leaf, Tensor):
        return None
    return leaf.copy() if isinstance(leaf, np.ndarray) else leaf


class _Call:
    """One call of a checkpointed function: how to do it again."""

    def __init__(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        generators: Generators,
    ) -> None:
        leaves, self._rebuild = flatten((args, kwargs))
        self._function = function
        self._slots = [k for k, leaf in enumerate(leaves) if isinstance(leaf, Tensor)]
        self._needed = [leaves[k].requires_grad for k in self._slots]
        self._others = [_kept(leaf) for leaf in leaves]
        self._module = local.state.module
        found = [g for g in leaves if isinstance(g, np.random.Generator)]
        found += [*generators, default_generator()]
        self._states = [(g, g.bit_generator.state) for g in found]
        self._places: list[int] = []
        self._sums: list[tuple[float, float]] = []
        self._outside: list[tuple[Any, int]] = []
        self._outside_tensors: list[weakref.ref[Tensor]] = []
        self.outputs: tuple[Any, ...] = ()

    def __repr__(self) -> str:
        return f"<call of {getattr(self._function, '__name__', type(self._function).__name__)}>"

    def finish(self, places: list[int], outputs: list[Any], outside: list[Tensor]) -> None:
        """Note what the first computation gave: where its outputs are, and what else it used."""
        self._places = places
        self._sums = [_fingerprint(data) for data in outputs]
        self._outside = [(t._node, t._index) for t in outside]
        self._outside_tensors = [weakref.ref(t) for t in outside]
        self.outputs = tuple(outputs)

    def run(self, tensors: Sequence[Any]) -> Any:
        """Call the function with these tensors in the place of those given."""
        leaves = list(self._others)
        for k, t in zip(self._slots, tensors, strict=True):
            leaves[k] = t
        args, kwargs = self._rebuild(leaves)
        return self._function(*args, **kwargs)

    def again(self, tensors: Sequence[Any]) -> list[Tensor]:
        """Compute once more, from these arguments; returns the floating outputs.

        Raises:
            RuntimeError: if the values differ from those of the first time.
        """
        result = self._repeat(tensors)
        for t, expected in zip(result, self._sums, strict=True):
            came = _fingerprint(t._data)
            if not np.allclose(came, expected, rtol=1e-3, atol=1e-3, equal_nan=True):
                raise RuntimeError(
                    "checkpoint: computed again, the function gave other values (their sum was "
                    f"{expected[0]:.6g}, now {came[0]:.6g}). If it draws random numbers, pass "
                    "generators=[...]; if a value it uses was changed, run backward before that"
                )
        return result

    def on_arrays(self, xs: tuple[Any, ...]) -> tuple[Any, ...]:
        """The outputs at other inputs, as arrays: what numerical checks ask for.

        Raises:
            RuntimeError: if a tensor that the function took from outside is no longer there.
        """
        count = len(self._slots)
        with no_grad(), self._outside_at([_variable(x) for x in xs[count:]]):
            arguments = [_wrap(np.asarray(x)) for x in xs[:count]]
            return tuple([t._data for t in self._repeat(arguments)])

    @contextlib.contextmanager
    def _outside_at(self, others: Sequence[Tensor | None]) -> Iterator[None]:
        """Let the tensors from outside be others for a while; None: one stays what it is.

        The function reaches them by itself, so it is what they hold that is exchanged.
        """
        tensors = [reference() for reference in self._outside_tensors]
        pairs = []
        for k, (t, other) in enumerate(zip(tensors, others, strict=True)):
            if other is None:
                continue
            if t is None:
                raise RuntimeError(
                    f"checkpoint: tensor {k} that the function took from outside, of shape "
                    f"{other.shape}, is gone: it cannot be tried at other values. Pass it as an "
                    "argument, or keep it until backward is done"
                )
            pairs.append((t, other))
        before = [_held(t) for t, _ in pairs]
        try:
            for t, other in pairs:
                t._data, t._version, t._node, t._index = _held(other)
            yield
        finally:
            for (t, _), held in zip(pairs, before, strict=True):
                t._data, t._version, t._node, t._index = held

    def _other(self, k: int, x: Any) -> Tensor | None:
        """What to take for the k-th tensor from outside at this value; None if it has that.

        Numerical checks ask at other values, in float64, and by tensors of their own.
        """
        node, index = self._outside[k]
        if isinstance(x, Tensor):
            return None if x._node is node and x._index == index else x
        t = self._outside_tensors[k]()
        known = x.dtype == node.dtype_of(index) if t is None else x is t._data
        return None if known else _variable(x)

    @contextlib.contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Compute again to look only: running statistics are put back afterwards.

        Those of the modules that the function is, belongs to, or encloses.
        """
        cells = getattr(self._function, "__closure__", None) or ()
        reached: list[Any] = [self._function, getattr(self._function, "__self__", None)]
        reached += [cell.cell_contents for cell in cells]
        modules = [m for one in reached if hasattr(one, "named_buffers") for m in one.modules()]
        with kept_buffers(modules):
            yield

    def _repeat(self, tensors: Sequence[Any]) -> list[Tensor]:
        now = [(g, g.bit_generator.state) for g, _ in self._states]
        module, local.state.module = local.state.module, self._module
        try:
            for g, state in self._states:
                g.bit_generator.state = state
            outputs, _ = flatten(self.run(tensors))
        finally:
            local.state.module = module
            for g, state in now:
                g.bit_generator.state = state
        if len(outputs) <= max(self._places):
            raise RuntimeError("checkpoint: computed again, the function returned fewer outputs")
        return [outputs[k] for k in self._places]

    def gradients(self, g: Any, xs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Gradients of all inputs: the arguments, then the tensors from outside.

        The pass stops at these inputs: what led to them is the surrounding pass's business.
        """
        create_graph = local.state.grad_enabled
        others = [self._other(k, x) for k, x in enumerate(xs[len(self._slots) :])]
        with enable_grad(), self._outside_at(others):
            arguments = [
                _variable(x) if needed else _constant(x)
                for x, needed in zip(xs, self._needed, strict=False)
            ]
            outputs = self.again(arguments)
        incoming = g if isinstance(g, tuple) else (g,)
        pairs = [
            (out, h)
            for out, h in zip(outputs, incoming, strict=True)
            if h is not None and out.requires_grad
        ]
        inputs = arguments + [
            tensor_on(None, None, *place) if other is None else other
            for other, place in zip(others, self._outside, strict=True)
        ]
        work = BackwardPass(
            [out for out, _ in pairs],
            [h for _, h in pairs],
            create_graph=create_graph,
            inputs=[t for t in inputs if t.requires_grad],
            stop=True,
        )
        for _ in work.steps():
            pass
        found = [work.result_for(t) if t.requires_grad else None for t in inputs]
        return tuple(
            [np.zeros(x.shape, x.dtype) if f is None else f for f, x in zip(found, xs, strict=True)]
        )


def _variable(x: Any) -> Tensor:
    """An argument as a place of its own, so that the same tensor given twice is told apart."""
    return alias(x) if isinstance(x, Tensor) else _wrap(x).requires_grad_()


def _held(t: Tensor) -> tuple[Any, ...]:
    return t._data, t._version, t._node, t._index


def _constant(x: Any) -> Tensor:
    return x if isinstance(x, Tensor) else _wrap(x)
