"""L-BFGS: whole batches, second derivatives guessed from the last gradients, and a line search."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

import autograd
from autograd import Tensor, arguments
from autograd import optimizers as kernels
from nn.optim.optimizer import Optimizer, check_number, owned

#: Wolfe's conditions: how much of the slope's promise must be kept, and how flat is flat enough.
_PROMISE, _FLAT = 1e-4, 0.9
#: Two changes have to agree in direction by more than this, or they are not remembered.
_CURVED = 1e-10


class LBFGS(Optimizer):
    """L-BFGS (Nocedal 1980), for whole batches.

    A step asks ``closure`` for loss and gradient up to ``max_eval`` times. It goes along −H·g, where
    H is the inverse of the Hessian as the last ``history_size`` changes of parameters and gradient
    let one guess it. How far: ``lr``, or what a line search finds that keeps the strong Wolfe
    conditions (Nocedal & Wright, *Numerical Optimization*, 3.5; cubic interpolation).

    Args:
        params: tensors to optimize: one group.
        lr: length of a step, or where the line search begins. Default 1.
        max_iter: directions in a step. Default 20.
        max_eval: calls of ``closure`` in a step, or a few more where the search has begun. Default
            None: a quarter more than ``max_iter``.
        tolerance_grad: the step ends when no element of the gradient is larger. Default 1e-7.
        tolerance_change: it ends when loss or parameters change by less. Default 1e-9.
        history_size: how many changes are remembered. Default 100.
        line_search_fn: ``"strong_wolfe"``, or None for none. Default None.

    Raises:
        TypeError, ValueError: for hyper-parameters or parameters that cannot work.

    Example:
        >>> import nn
        >>> w = nn.Parameter([3.0, -2.0])
        >>> optimizer = nn.optim.LBFGS([w], line_search_fn="strong_wolfe")
        >>> def closure():
        ...     optimizer.zero_grad()
        ...     loss = ((w - 1) ** 2 * nn.Parameter([1.0, 10.0]).detach()).sum()
        ...     loss.backward()
        ...     return loss
        >>> _ = optimizer.step(closure)
        >>> (abs(w.data - 1) < 1e-5).tolist()
        [True, True]
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        if max_eval is None:
            max_eval = arguments.integer(self._who, "max_iter", max_iter) * 5 // 4
        settings = dict(
            lr=lr,
            max_iter=max_iter,
            max_eval=max_eval,
            tolerance_grad=tolerance_grad,
            tolerance_change=tolerance_change,
            history_size=history_size,
            line_search_fn=line_search_fn,
        )
        super().__init__(params, settings)

    def _check(self, options: Mapping[str, Any]) -> None:
        for name in ("lr", "tolerance_grad", "tolerance_change"):
            check_number(self._who, name, options[name])
        for name in ("max_iter", "max_eval", "history_size"):
            arguments.integer(self._who, name, options[name])
        if options["line_search_fn"] is not None:
            arguments.choice(
                self._who, "line_search_fn", options["line_search_fn"], ["strong_wolfe"]
            )

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        if self.param_groups:
            raise ValueError(
                f"{self._who}: all parameters are one group here, stepped as one long vector"
            )
        super().add_param_group(group)

    # The step -------------------------------------------------------------------------------------

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Moves all parameters by up to ``max_iter`` steps.

        Args:
            closure: clears the gradients, computes the loss, calls ``backward()`` and returns the
                loss; it is called several times, with recording on.

        Returns:
            What the closure returned first.
        """
        if closure is None:
            raise TypeError(
                f"{self._who}: step(closure) needs a function that clears the gradients, computes the "
                "loss, calls backward() and returns the loss: it is called several times"
            )
        arguments.function(self._who, "closure", closure)
        self._loaded_lrs = None
        (group,) = self.param_groups
        if not group["params"]:
            raise ValueError(f"{self._who}: its group has no parameters")
        state = self.state.setdefault(group["params"][0], {"func_evals": 0, "n_iter": 0})
        first, loss, grad = self._evaluate(closure)
        state["func_evals"] += 1
        with np.errstate(all="ignore"):  # what diverges is seen in the loss
            if _largest(grad) > group["tolerance_grad"]:
                self._iterate(closure, state, loss, grad)
        return first

    def _iterate(
        self, closure: Callable[[], Any], state: dict[str, Any], loss: float, grad: np.ndarray
    ) -> None:
        (group,) = self.param_groups
        most, calls = group["max_eval"], 1
        for left in range(group["max_iter"] - 1, -1, -1):
            state["n_iter"] += 1
            direction = _direction(state, grad, group["history_size"])
            begin = _Point(0.0, loss, grad, grad.dot(direction))
            t = group["lr"] * (min(1.0, 1.0 / np.abs(grad).sum()) if state["n_iter"] == 1 else 1.0)
            state.update(d=direction, t=t, prev_flat_grad=grad, prev_loss=loss)
            if begin.slope > -group["tolerance_change"]:
                return
            x = self._flat(group["params"])
            if group["line_search_fn"] is not None:

                def at(t: float, x: np.ndarray = x, direction: np.ndarray = direction) -> _Point:
                    self._write(x + t * direction)
                    _, loss, grad = self._evaluate(closure)
                    return _Point(t, loss, grad, grad.dot(direction))

                narrow = group["tolerance_change"] / np.float64(_largest(direction))
                found, called = _strong_wolfe(at, begin, t, narrow, most - calls)
                _, loss, grad, _ = found
                state["t"] = t = found.t
                self._write(x + t * direction)
            else:
                self._write(x + t * direction)
                called = min(left, 1)
                if left:
                    _, loss, grad = self._evaluate(closure)
            calls += called
            state["func_evals"] += called
            if (
                calls >= most
                or _largest(grad) <= group["tolerance_grad"]
                or _largest(direction) * t <= group["tolerance_change"]
                or abs(loss - begin.loss) < group["tolerance_change"]
            ):
                return

    def _evaluate(self, closure: Callable[[], Any]) -> tuple[Any, float, np.ndarray]:
        """What the closure returns, that as a number, and the gradient as one vector."""
        with autograd.enable_grad():
            returned = closure()
        try:
            loss = float(returned.item() if hasattr(returned, "item") else returned)
        except (TypeError, ValueError):
            raise TypeError(
                f"{self._who}: closure must return the loss, one number; got "
                f"{arguments.shown(returned)}"
            ) from None
        self._look_at_gradients()
        (group,) = self.param_groups
        dtype = self._flat(group["params"]).dtype
        grads = [
            np.zeros(p.size, dtype) if p.grad is None else np.ravel(arguments.raw(p.grad))
            for p in group["params"]
        ]
        return returned, loss, np.concatenate(grads, dtype=dtype)

    @staticmethod
    def _flat(params: list[Tensor]) -> np.ndarray:
        return np.concatenate(
            [np.ravel(p.data).astype(kernels.state_dtype(p.data)) for p in params]
        )

    def _write(self, values: np.ndarray) -> None:
        """Put one vector into the parameters."""
        place = 0
        with autograd.no_grad():
            for p in self.param_groups[0]["params"]:
                with autograd.writable(p) as array:
                    array[...] = values[place : place + p.size].reshape(p.shape)
                place += p.size

    # Saving ---------------------------------------------------------------------------------------

    def _state_value(self, name: str, value: Any, p: Tensor) -> Any:
        who = f"{self._who}.load_state_dict"
        flat = self._flat(self.param_groups[0]["params"])
        total, dtype = flat.size, flat.dtype
        if name == "al":  # scratch memory of PyTorch's
            return None
        try:
            if name in ("func_evals", "n_iter"):
                return int(value)
            if name in ("t", "H_diag", "prev_loss"):
                return float(value)
            if name == "ro":
                return [float(each) for each in value]
            if name in ("old_dirs", "old_stps"):
                return [_vector(each, total, dtype) for each in value]
            return _vector(value, total, dtype)
        except (TypeError, ValueError, OverflowError):
            raise TypeError(
                f"{who}: {name!r} does not fit {total} parameters: {arguments.shown(value)}"
            ) from None


class _Point(NamedTuple):
    """Where a line search has been: step length, loss, gradient, and slope along the direction."""

    t: float
    loss: float
    grad: np.ndarray
    slope: float


def _largest(x: np.ndarray) -> float:
    return float(np.abs(x).max(initial=0.0))


def _vector(value: Any, size: int, dtype: Any) -> np.ndarray:
    array = owned(value, dtype)
    if array.shape != (size,):
        raise ValueError
    return array


def _direction(state: dict[str, Any], grad: np.ndarray, history_size: int) -> np.ndarray:
    """−H·g, after the last change has been remembered: two loops over what is remembered."""
    if state["n_iter"] == 1:
        state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1.0)
        return -grad
    ys, ss, ro = state["old_dirs"], state["old_stps"], state["ro"]
    y, s = grad - state["prev_flat_grad"], state["d"] * state["t"]
    curved = y.dot(s)
    if curved > _CURVED:
        for kept in (ys, ss, ro):
            del kept[: max(len(kept) - history_size + 1, 0)]
        ys.append(y)
        ss.append(s)
        ro.append(1.0 / curved)
        state["H_diag"] = curved / y.dot(y)
    shares = [0.0] * len(ys)
    q = -grad
    for k in reversed(range(len(ys))):
        shares[k] = ss[k].dot(q) * ro[k]
        q -= shares[k] * ys[k]
    q *= state["H_diag"]
    for k in range(len(ys)):
        q += (shares[k] - ys[k].dot(q) * ro[k]) * ss[k]
    return q


def _strong_wolfe(
    at: Callable[[float], _Point], begin: _Point, t: float, narrow: float, most: int
) -> tuple[_Point, int]:
    """A step length that keeps the strong Wolfe conditions, or the best that was found.

    Args:
        at: evaluates a step length.
        narrow: brackets narrower than this are not searched.
        most: evaluations after the first.

    Returns:
        The point, and the number of evaluations.
    """
    before, here = begin, at(t)
    for tries in range(most):
        if _too_high(here, begin) or (tries > 1 and here.loss >= before.loss) or (
            here.slope >= 0 and not _flat_enough(here, begin)
        ):  # fmt: skip
            return _zoom(at, begin, (before, here), narrow, (tries, most))
        if _flat_enough(here, begin):
            return here, tries + 1
        further = (here.t + 0.01 * (here.t - before.t), here.t * 10)
        before, here = here, at(_cubic_minimum(before, here, *further))
    return (begin if begin.loss <= here.loss else here), most + 1


def _zoom(
    at: Callable[[float], _Point], begin: _Point, between: tuple[_Point, _Point], narrow: float,
    count: tuple[int, int],
) -> tuple[_Point, int]:  # fmt: skip
    """Narrow a bracket that holds a good step length; its better end, and the evaluations."""
    (tries, most), stuck = count, False
    low, high = sorted(between, key=lambda point: point.loss)
    while tries < most:
        first, last = min(low.t, high.t), max(low.t, high.t)
        if last - first < narrow:
            break
        t = _cubic_minimum(low, high, first, last)
        margin = 0.1 * (last - first)
        if min(last - t, t - first) >= margin:
            stuck = False
        elif stuck or t >= last or t <= first:  # twice in a row near an end, or at it
            t = last - margin if last - t < t - first else first + margin
            stuck = False
        else:
            stuck = True
        here = at(t)
        tries += 1
        if _too_high(here, begin) or here.loss >= low.loss:
            low, high = (low, here) if low.loss <= here.loss else (here, low)
        else:
            done = _flat_enough(here, begin)
            if not done and here.slope * (high.t - low.t) >= 0:
                high = low
            low = here
            if done:
                break
    return low, tries + 1


def _too_high(here: _Point, begin: _Point) -> bool:
    return bool(here.loss > begin.loss + _PROMISE * here.t * begin.slope)


def _flat_enough(here: _Point, begin: _Point) -> bool:
    return bool(abs(here.slope) <= -_FLAT * begin.slope)


def _cubic_minimum(a: _Point, b: _Point, low: float, high: float) -> float:
    """Where the cubic through two points with these slopes is least, not outside of bounds."""
    a, b = (a, b) if a.t <= b.t else (b, a)
    d = a.slope + b.slope - 3 * (a.loss - b.loss) / np.float64(a.t - b.t)
    square = d * d - a.slope * b.slope
    root = np.sqrt(np.maximum(square, 0))
    t = b.t - (b.t - a.t) * ((b.slope + root - d) / (b.slope - a.slope + 2 * root))
    if not (square >= 0 and t == t):  # no least, or 0/0
        return (low + high) / 2
    return float(min(max(t, low), high))
