"""``backward()`` and ``grad()``: what users call to run the loop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Never, Protocol

import numpy as np

from autograd import arguments
from autograd.arguments.dtypes import as_array
from autograd.core.modes import local, set_grad_enabled
from autograd.core.tensor import Tensor, _wrap
from autograd.engine.accumulate import own
from autograd.engine.backward import BackwardPass
from autograd.engine.step import Step

__all__ = ["Watcher", "backward", "backward_from", "backward_steps", "grad", "seed_for"]


class Watcher(Protocol):
    """Something that looks on during a pass, and may raise to stop it.

    The pass is a generator that waits at its ``yield`` meanwhile: a watcher that raises may hand
    ``work`` and ``steps`` on, and whoever gets them can go on from there.
    """

    def begin(self, root: Tensor, work: BackwardPass, steps: Iterator[Step]) -> None:
        """Before the first step."""

    def after(self, work: BackwardPass, steps: Iterator[Step], step: Step) -> None:
        """After every step."""


def seed_for(who: str, output: Tensor, gradient: Any, create_graph: bool) -> Any:
    """The incoming gradient of an output, checked: raw, or a tensor under ``create_graph``."""
    if not isinstance(output, Tensor):
        raise TypeError(f"{who}: expected a Tensor, got {type(output).__name__}")
    if output._node is None:
        raise RuntimeError(
            f"{who}: the tensor of shape {output.shape} does not require a gradient: no input "
            "of its computation did, it was computed under no_grad, or it went through what has no "
            "gradient: detach(), integers, a comparison, argmax"
        )
    data, seed = output._data, gradient
    if seed is None:
        if data.size != 1:
            raise RuntimeError(
                f"{who}: a gradient can be left out only for an output of one element; this one "
                f"has shape {output.shape}. Sum it, or give a gradient of that shape"
            )
        seed = np.ones_like(data)
    elif isinstance(seed, Tensor):
        if create_graph and seed.shape == output.shape:
            return seed if seed.dtype == output.dtype else seed.astype(output.dtype)  # type: ignore[attr-defined]
        seed = seed._data
    elif type(seed) is not np.ndarray or seed.dtype is not data.dtype:
        seed = as_array(who, seed, output.dtype, copy=False)
    if seed.shape != data.shape:
        raise ValueError(
            f"{who}: the gradient has shape {seed.shape}; the output has shape {output.shape}"
        )
    # What is recorded must not change with the caller's array. Otherwise none is copied, but nobody
    # may write to it: a rule may hand it on as it is, and a hook gets it then.
    if create_graph:
        return _wrap(seed.astype(data.dtype))
    if seed.dtype is not data.dtype:
        seed = seed.astype(data.dtype)
    if not data.ndim:
        return seed[()]
    seed = seed.view()
    seed.flags.writeable = False
    return seed


def backward(
    self: Tensor,
    gradient: Any = None,
    retain_graph: bool = False,
    create_graph: bool = False,
    inputs: Any = None,
    break_on: Iterable[Watcher] = (),
    **unknown: Never,
) -> None:
    """Compute the gradients of this tensor and add them to ``.grad`` of the leaves.

    Args:
        gradient: incoming gradient, of this tensor's shape; default 1 for a single element.
        retain_graph: keep the graph's saved values for another backward.
        create_graph: record the computation of the gradients, so that they have gradients too.
        inputs: the tensor or tensors to fill ``.grad`` of; default: every leaf.
        break_on: conditions to stop at, such as ``autograd.debug.nonfinite``; they watch every
            step, and raise ``autograd.debug.Breakpoint`` with the paused pass inside.

    Raises:
        RuntimeError: for a tensor that requires no gradient, a missing ``gradient``, a graph
            that was already used, or a saved value that was written into.
        ValueError: for a ``gradient`` of the wrong shape.

    Example:
        >>> import autograd as ag
        >>> a = ag.tensor(3.0, requires_grad=True)
        >>> (a * a).backward()
        >>> a.grad.item()
        6.0
    """
    if unknown:
        raise TypeError(
            f"backward: there is no argument {next(iter(unknown))!r}"
            f"{arguments.nearest(next(iter(unknown)), _KEYWORDS)}"
        )
    watchers = check_watchers(break_on)
    _run("backward", [self], [gradient], retain_graph, create_graph, inputs, watchers)[0].commit()


_KEYWORDS = ("gradient", "retain_graph", "create_graph", "inputs", "break_on")


def backward_from(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool = False,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """One pass from several tensors at once: what they share is gone through once.

    Args:
        tensors: a tensor or a sequence of them.
        grad_tensors: incoming gradients, one for each; None for 1 of a single element.
        retain_graph, create_graph, inputs: as for ``Tensor.backward``.

    Raises:
        ValueError: if there are not as many gradients as tensors.
        RuntimeError: as ``Tensor.backward``.

    Example:
        >>> import autograd as ag
        >>> a = ag.tensor(3.0, requires_grad=True)
        >>> b = a * a
        >>> ag.backward([b, 2.0 * b])
        >>> a.grad.item()
        18.0
    """
    roots = check_tensors("backward", "tensors", tensors)
    given = _seeds("backward", tensors, roots, "grad_tensors", grad_tensors)
    _run("backward", roots, given, retain_graph, create_graph, inputs)[0].commit()


def _seeds(who: str, outputs: Any, roots: list[Tensor], argument: str, given: Any) -> list[Any]:
    """The incoming gradients as given, one for each output; for one tensor it may stand alone."""
    if given is None:
        return [None] * len(roots)
    alone = isinstance(given, Tensor) or not hasattr(given, "__iter__")
    alone = alone or (isinstance(given, np.ndarray) and (len(roots) == 1 or not given.ndim))
    found = [given] if alone else list(given)
    if isinstance(outputs, Tensor) and outputs.ndim:
        if not any([g is None or isinstance(g, (Tensor, np.ndarray)) for g in found]):
            found = [given]  # one gradient, written in numbers
    if len(found) != len(roots):
        of = "outputs" if who == "grad" else "tensors"
        raise ValueError(f"{who}: {len(found)} {argument} for {len(roots)} {of}")
    return found


def _run(
    who: str, roots: Sequence[Tensor], gradients: Sequence[Any], keep: Any, create_graph: Any,
    inputs: Any, watchers: Iterable[Watcher] = (),
) -> tuple[BackwardPass, list[Any]]:  # fmt: skip
    """A pass that has gone to its end, and the seeds it began with; ``watchers`` look on."""
    _check_flags(who, create_graph=create_graph, retain_graph=keep)
    wanted = None if inputs is None else check_tensors(who, "inputs", inputs)
    seeds = [seed_for(who, o, g, create_graph) for o, g in zip(roots, gradients, strict=True)]
    work = BackwardPass(roots, seeds, retain_graph=keep, create_graph=create_graph, inputs=wanted)
    state = local.state
    watchers = [*watchers, *state.watchers]
    modes, errors = (state.grad_enabled, state.module, state.recorder), np.geterr()
    try:
        steps = work.steps(observe=bool(watchers))
        for watcher in watchers:
            watcher.begin(roots[0], work, steps)
        for step in steps:
            for watcher in watchers:
                watcher.after(work, steps, step)
    except BaseException:  # an interrupt may come between a mode and what puts it back
        state.grad_enabled, state.module, state.recorder = modes
        np.seterr(**errors)
        raise
    return work, seeds


def grad(
    outputs: Any,
    inputs: Any = None,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool = False,
    *,
    only_inputs: bool = True,
) -> tuple[Tensor | None, ...]:
    """Gradients of outputs with respect to inputs; touches no ``.grad``.

    Args:
        outputs: a tensor or a sequence of tensors.
        inputs: a tensor or a sequence of tensors, leaves or not.
        grad_outputs: incoming gradients, one per output; default 1 for outputs of one element.
        retain_graph: keep the graph's saved values; default: the value of ``create_graph``.
        create_graph: record the computation, so that the results have gradients too.
        allow_unused: give None for an input that the outputs do not depend on.
        only_inputs: True, which PyTorch's code may say; there is nothing else.

    Returns:
        A tuple with one gradient per input.

    Raises:
        RuntimeError: for an input that is not used, unless ``allow_unused``.
        TypeError: for a function: ``autograd.func.grad(f)`` differentiates functions.

    Example:
        >>> import autograd as ag
        >>> x = ag.tensor(2.0, requires_grad=True)
        >>> (first,) = ag.grad(x ** 3, x, create_graph=True)
        >>> (second,) = ag.grad(first, x)
        >>> first.item(), second.item()
        (12.0, 12.0)
    """
    if callable(outputs) and not isinstance(outputs, Tensor):
        raise TypeError(
            "autograd.grad differentiates tensors; autograd.func.grad(f) makes the gradient of "
            "a function"
        )
    if inputs is None:
        raise TypeError("grad: inputs is missing; give the tensors to differentiate by")
    if only_inputs is not True:
        raise ValueError("grad: only_inputs must be True; backward() fills .grad of the leaves")
    _check_flags("grad", allow_unused=allow_unused)
    outs = check_tensors("grad", "outputs", outputs, need_gradient=False)
    given = _seeds("grad", outputs, outs, "grad_outputs", grad_outputs)
    keep = create_graph if retain_graph is None else retain_graph
    work, seeds = _run("grad", outs, given, keep, create_graph, inputs)
    ins = work.inputs
    distinct = len({(t._node, t._index) for t in ins}) == len(ins)
    found = [work.result_for(t, take=distinct) for t in ins]
    for k, t in enumerate(ins):
        if found[k] is None and not allow_unused:
            raise RuntimeError(
                f"grad: the outputs do not depend on input {k} (shape {t.shape}); "
                "pass allow_unused=True to get None for it"
            )
    return _apart(found, (*ins, *outs, *seeds))


def _apart(found: list[Any], given: Sequence[Any]) -> tuple[Tensor | None, ...]:
    """Gradients as tensors that share memory neither with one another nor with what was given.

    Recorded ones may be, or view, a tensor that was given; what shares memory has its version cell
    in common. Arrays are taken out of the list one by one, lest it refers to them.
    """
    known = {id(t._version) for t in given if isinstance(t, Tensor)}
    results: list[Tensor | None] = []
    found.reverse()
    while found:
        g = found.pop()
        if isinstance(g, Tensor):
            if g.ndim and id(g._version) in known:
                with set_grad_enabled(True):
                    g = g.copy()
            known.add(id(g._version))
        elif g is not None:
            g = _wrap(own(g, "K"))
        results.append(g)
    return tuple(results)


def check_watchers(given: Any, argument: str = "backward: break_on") -> list[Any]:
    """What was given for ``break_on``, as a list of conditions."""
    watchers = list(given) if isinstance(given, (list, tuple, set)) else [given]
    for watcher in watchers:
        if not (hasattr(watcher, "begin") and hasattr(watcher, "after")):
            raise TypeError(
                f"{argument} takes conditions of autograd.debug, such as nonfinite or "
                f"norm_over(1e3), got {type(watcher).__name__}"
            )
    return watchers


def _check_flags(who: str, **flags: Any) -> None:
    for name, value in flags.items():
        if value is not False and value is not True:
            arguments.boolean(who, name, value)


def check_tensors(who: str, argument: str, given: Any, need_gradient: bool = True) -> list[Tensor]:
    """One tensor or several, as a list; each has to require a gradient unless told otherwise."""
    tensors = [given] if isinstance(given, Tensor) else given
    if hasattr(tensors, "__iter__") and getattr(tensors, "ndim", None) != 0:
        tensors = list(tensors)
    if not isinstance(tensors, (list, tuple)) or not all(isinstance(t, Tensor) for t in tensors):
        raise TypeError(f"{who}: {argument} must be a tensor or a sequence of tensors")
    if not tensors:
        raise ValueError(f"{who}: {argument} is empty; give at least one tensor")
    if need_gradient:
        for k, t in enumerate(tensors):
            if t._node is None:
                raise RuntimeError(
                    f"{who}: {argument}[{k}] (shape {t.shape}) does not require a gradient; "
                    "call t.requires_grad_() before computing with it"
                )
    return list(tensors)


def backward_steps(
    root: Tensor,
    gradient: Any = None,
    *,
    retain_graph: bool = False,
    create_graph: bool = False,
    observe: bool = True,
) -> Iterator[Step]:
    """Go back from a tensor, node by node; gradients are committed when the generator ends.

    Args:
        root: the tensor to start from.
        gradient: incoming gradient of its shape; default 1 for one element.
        retain_graph, create_graph: as for ``Tensor.backward``.
        observe: yield a ``Step`` after every node.

    Example:
        >>> import autograd as ag
        >>> from autograd.engine import backward_steps
        >>> a = ag.tensor(2.0, requires_grad=True)
        >>> [step.node.primitive.name for step in backward_steps(a * a + 1.0)]
        ['add', 'multiply']
    """
    seed = seed_for("backward_steps", root, gradient, create_graph)
    work = BackwardPass([root], [seed], retain_graph=retain_graph, create_graph=create_graph)
    yield from work.steps(observe)
    work.commit()
