"""``replay``: a step that is recorded once and run again."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.arguments.dtypes import default_dtype
from autograd.arguments.numbers import boolean, shown
from autograd.core.modes import local
from autograd.core.tensor import Tensor, _wrap
from autograd.func.replaying.program import Program, difference
from autograd.func.replaying.recording import Recording, ReplayError, reading
from autograd.func.replaying.surroundings import Surroundings
from autograd.func.trees import flatten, form_of

__all__ = ["Replay", "replay"]

#: Recordings are kept for so many shapes; more would say that shapes are data.
_KINDS = 16
#: Two recordings in a row must agree; so many are tried.
_TRIES = 4


def replay(function: Callable[..., Any], *, changed: str = "raise", keep: bool = False) -> Replay:
    """A step that is recorded in its first calls, and from then on run again without a graph.

    What a step computes is the same at every call, but for values: so the primitives' functions and
    the backward rules that it went through can be called in that order again, on new inputs, without
    tensors, nodes, modules and arguments being looked at. Small steps take half of their time then.
    Results are the same to the last bit, random numbers included.

    The first calls run ``function`` as it is and note what it does, until two in a row have done the
    same; later ones replay. A step may contain the forward pass, ``backward()``, optimizers and
    whatever is called by `each_time`. What cannot be seen from primitives is refused while it is
    recorded, with the line: ``if``, ``item()``, ``numpy()`` and all else that takes a number out of
    a tensor; arrays that are no tensors; writes; hooks; draws from Python's or NumPy's generators;
    iterators; Python's variables that the step changes. Threads that share a step take turns.
    What else Python does there, such as printing, happens in the recorded calls only.

    Args:
        function: takes tensors (arrays are made tensors), numbers, and tuples, lists and dicts of
            them; returns tensors in the same way. It is recorded anew for inputs of other shapes,
            dtypes or numbers.
        changed: what to do where something else is not as it was when recorded: what the step finds
            in variables, attributes, defaults, containers and arrays (of more than 10,000 elements,
            or 65,536 numbers, some), a parameter's ``requires_grad``. ``"raise"`` says what it is;
            ``"record"`` records the step anew.
        keep: copy parameters before they are used, so that a step that changes them can be looked at
            afterwards by ``Replay.loss``.

    Returns:
        A `Replay`, to be called like the function. What it returns is constant: no graph leads there.

    Raises:
        ReplayError: for a step that cannot be recorded, or is not any more what was recorded.

    Example:
        >>> import autograd as ag
        >>> w = ag.tensor([1.0, -2.0], requires_grad=True)
        >>> def gradient(x, y):
        ...     w.grad = None
        ...     loss = ((x @ w - y) ** 2).mean()
        ...     loss.backward()
        ...     return loss
        >>> step = ag.func.replay(gradient)
        >>> for n in range(4):
        ...     loss = step(ag.tensor([[1.0, n], [0.0, 1.0]]), ag.tensor([0.0, 1.0]))
        >>> loss.item(), w.grad.tolist(), step.replays
        (17.0, [-5.0, -18.0], 2)
    """
    if not callable(function):
        raise TypeError(f"replay: expected a function, got {type(function).__name__}")
    if changed not in ("raise", "record"):
        raise ValueError(f"replay: changed must be 'raise' or 'record', got {shown(changed)}")
    return Replay(function, changed == "record", boolean("replay", "keep", keep))


class _Kind:
    """One kind of call, by the shapes and dtypes of its inputs."""

    def __init__(self) -> None:
        self.last: Any = None
        self.program: Program | None = None
        self.surroundings: Surroundings | None = None
        self.tries = 0


class Replay:
    """A step as `replay` makes it; called like the function.

    Attributes:
        recorded: how many calls were recorded; ``replays``: how many were replayed.
    """

    def __init__(self, function: Callable[..., Any], again: bool, keep: bool) -> None:
        functools.update_wrapper(self, function)
        self._function, self._again, self._keep = function, again, keep
        self._kinds: dict[Any, _Kind] = {}
        self._latest: Program | None = None
        self.recorded = self.replays = 0
        self._lock, self._busy = threading.RLock(), False

    @property
    def loss(self) -> Tensor:
        """The first result of the last replay that has a gradient, at the end of its graph.

        The graph is the recorded one, with the values of the last replay: draw it
        (``autograd.viz.graph(step.loss)``), go through its backward pass
        (``autograd.debug.Backprop(step.loss)``), check its rules.

        Raises:
            ReplayError: before the first replay; if no result has a gradient; if parameters were
                written into since, unless the step was made with ``keep=True``.
        """
        if self._latest is None or not self._latest.runs:
            raise ReplayError("replay: nothing was replayed so far, so there is nothing to look at")
        for t in self._latest.connected():
            if t._node is not None:
                return t  # type: ignore[no-any-return]
        raise ReplayError("replay: no result of this step has a gradient")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if local.state.recording is not None:
            raise ReplayError("replay: a replayed step within a step that is being recorded")
        with self._lock:  # all replays use the same slots
            if self._busy:
                raise ReplayError("replay: the step is called from within itself")
            self._busy = True
            try:
                return self._call(args, kwargs)
            finally:
                self._busy = False

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        inputs, key, rebuild = _read(args, kwargs)
        kind = self._kinds.get(key)
        if kind is None:
            if len(self._kinds) >= _KINDS:
                raise ReplayError(
                    f"replay: {_KINDS} kinds of inputs were recorded already. Numbers that change "
                    "from call to call must be given as tensors; shapes that change, padded to a few"
                )
            kind = self._kinds[key] = _Kind()
        program = kind.program
        if program is None or kind.surroundings is None:
            return self._record(kind, inputs, rebuild)
        found = kind.surroundings.changed()
        if found is not None:
            if not self._again:
                raise ReplayError(
                    f"replay: {found} is not what it was when the step was recorded. Give the step "
                    "what changes as an argument; or replay(function, changed='record')"
                )
            self._kinds[key] = kind = _Kind()
            return self._record(kind, inputs, rebuild)
        self._latest = program
        self.replays += 1
        return program.run(inputs)

    def _record(self, kind: _Kind, inputs: list[Tensor], rebuild: Callable[..., Any]) -> Any:
        before = Surroundings(self._function)
        fresh = [_own(t) for t in inputs]
        recording = Recording(fresh, before)
        state = local.state
        recorder = state.recorder
        state.recording, state.recorder = recording, _both(recorder, recording.note)
        try:
            with reading():
                args, kwargs = rebuild(fresh)
                result = self._function(*args, **kwargs)
                recording.finish()
        finally:
            state.recording, state.recorder = None, recorder
        if recording.repeated:  # which may change what it alone looks at
            around = Surroundings(self._function, recording.repeated)
            before.only(around)
            before.iterators = around.iterators
        found = before.changed()
        if found is not None:
            raise ReplayError(
                f"replay: the step changes {found}, which a replay would not do; change it outside "
                "of the step, or in a function that is called by autograd.func.each_time"
            )
        self.recorded += 1
        program = Program(recording, result)
        told = None if kind.last is None else difference(kind.last, program)
        kind.tries += 1
        if kind.last is not None and told is None:
            if before.iterators:
                raise ReplayError(
                    f"replay: the step gets at {before.iterators[0]}, an iterator; what that gives next "
                    "could not be told. Take from it outside and give it to the step, or take from it "
                    "in a function that is called by autograd.func.each_time"
                )
            before.settle()
            kind.program, kind.surroundings = program, before
            program.compile(self._keep)
        elif kind.tries >= _TRIES:
            raise ReplayError(f"replay: the step does something else at every call: {told}")
        kind.last = None if kind.program else program
        self._latest = program
        return program.detached(result)


def _own(t: Tensor) -> Tensor:
    """The input as a tensor of its own: the same one may be given twice, or come from outside."""
    data = t._data
    result = _wrap(data.view() if type(data) is np.ndarray else data.dtype.type(data))
    if type(data) is not np.ndarray and result._data is data:
        result._data = np.array(data)[()]
    result.name = t.name
    return result


def _both(first: Any, second: Any) -> Any:
    if first is None:
        return second

    def recorder(*args: Any) -> None:
        first(*args)
        second(*args)

    return recorder


def _read(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[list[Tensor], Any, Any]:
    """The tensors among the arguments, what must be the same for a recording to serve, and how to
    put others in their place.
    """
    leaves, rebuild = flatten((args, kwargs))
    inputs, key, places = [], [], []
    for k, leaf in enumerate(leaves):
        if isinstance(leaf, np.ndarray) and leaf.dtype.kind in "fiub":
            leaf = _wrap(np.array(leaf))
        if isinstance(leaf, Tensor):
            if leaf._node is not None:
                raise ReplayError(
                    f"replay: input {k} of shape {leaf.shape} requires a gradient; give .detach(), "
                    "and let tensors to be learnt come from outside"
                )
            inputs.append(leaf)
            places.append(k)
            key.append((leaf._data.shape, leaf._data.dtype.char))
        elif isinstance(leaf, float):
            key.append((type(leaf), float.hex(leaf)))  # which tells −0 from 0, and NaN is NaN
        elif leaf is None or isinstance(leaf, (int, str)):
            key.append((type(leaf), leaf))
        else:
            raise TypeError(
                f"replay: input {k} is of type {type(leaf).__name__}; a step takes tensors, arrays, "
                "numbers and strings"
            )

    def put(tensors: list[Tensor]) -> Any:
        new = list(leaves)
        for k, t in zip(places, tensors, strict=True):
            new[k] = t
        return rebuild(new)

    form = (form_of((args, kwargs)), local.state.grad_enabled, default_dtype().dtype)
    return inputs, (form, tuple(key)), put
