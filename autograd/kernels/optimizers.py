"""One step of each optimiser, in place on arrays.

    sgd(p, g, momentum_buffer, *, lr, momentum, dampening, weight_decay, nesterov, maximize, first)
    adam(p, g, m, v, v_max, *, step, lr, beta1, beta2, eps, weight_decay, decoupled, maximize)
    rmsprop(p, g, v, mean, momentum_buffer, *, lr, alpha, eps, weight_decay, momentum, maximize)
    adagrad(p, g, sums, *, step, lr, lr_decay, eps, weight_decay, maximize)

    sgd_all(parameters, first=..., **options);  adam_all(parameters, steps, **options)

Every array argument but ``g`` is written into; optional state is None (no momentum, no AMSGrad, not
centred). ``step`` counts from 1. Arrays have any shape, () too, and any strides, all the same
shape; ``g`` is only read. The rules are PyTorch's, to the order of operations.

The idea: a rule is a dozen elementwise operations, and over a large parameter each would stream
through memory. So all arrays are walked in blocks that stay in cache, with two blocks of scratch for
the whole step; the arithmetic is then the only cost and nothing is allocated.

Halves (float16) are computed in float32: eps and small squares would be 0 in them. A block of the
parameter is widened, and rounded once when its step is done; state had better be float32 as well,
see `state_dtype`.

A network has many parameters, most of them small. `sgd_all` and `adam_all` step all of them at once,
in C where there are kernels (``native/optimizers.inc``), to the same bits.
"""

from collections.abc import Iterable, Iterator
from math import sqrt
from typing import Any

import numpy as np

from autograd.kernels import native
from autograd.kernels.tuning import BLOCK


def state_dtype(p: np.ndarray) -> np.dtype:
    """The dtype for what is kept beside a parameter: its own, float32 for halves."""
    return np.dtype(np.float32) if p.dtype == np.float16 else p.dtype


def sgd(
    p: np.ndarray,
    g: np.ndarray,
    momentum_buffer: np.ndarray | None = None,
    *,
    lr: float,
    momentum: float = 0.0,
    dampening: float = 0.0,
    weight_decay: float = 0.0,
    nesterov: bool = False,
    maximize: bool = False,
    first: bool = False,
) -> None:
    """Gradient descent: b ← momentum·b + (1 − dampening)·g and p ← p − lr·b.

    At the ``first`` step the buffer becomes g itself, undamped. With ``nesterov`` the parameter
    moves by lr·(g + momentum·b) instead.
    """
    for (p_, g_, b), (s, t) in _blocks(p, g, momentum_buffer):
        d = _decayed(g_, p_, weight_decay, maximize, s)
        if b is not None:
            if first:
                b[...] = d
            else:
                b *= momentum
                b += np.multiply(d, 1.0 - dampening, out=t) if dampening else d
            d = np.add(d, np.multiply(b, momentum, out=t), out=t) if nesterov else b
        p_ -= np.multiply(d, lr, out=t)


def sgd_all(
    parameters: list[tuple[np.ndarray, np.ndarray, np.ndarray | None]],
    *,
    first: bool,
    **options: Any,
) -> None:
    """`sgd` for each ``(p, g, momentum_buffer)``; ``options`` are all of `sgd`'s, by name.

    >>> p, g = np.ones(2), np.ones(2)
    >>> sgd_all([(p, g, None)], first=True, lr=0.25, momentum=0.0, dampening=0.0, weight_decay=0.0,
    ...         nesterov=False, maximize=False)
    >>> p
    array([0.75, 0.75])
    """
    plain, others = _parted(parameters)
    if plain:
        numbers = (options[name] for name in ("lr", "momentum", "dampening", "weight_decay"))
        signs = (options["nesterov"], options["maximize"])
        native.library.sgd(plain, *map(float, numbers), *signs, first)
    for arrays in others:
        sgd(*arrays, first=first, **options)


def _parted(parameters: list[Any]) -> tuple[list[Any], list[Any]]:
    """Those that have a kernel in C, and the others."""
    if native.library is None:
        return [], parameters
    known = [native.library.plain(*arrays) for arrays in parameters]
    if all(known):
        return parameters, []
    pairs = list(zip(known, parameters, strict=True))
    return [p for plain, p in pairs if plain], [p for plain, p in pairs if not plain]


def adam(
    p: np.ndarray,
    g: np.ndarray,
    m: np.ndarray,
    v: np.ndarray,
    v_max: np.ndarray | None = None,
    *,
    step: int,
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    decoupled: bool = False,
    maximize: bool = False,
) -> None:
    """Adam; AdamW when ``decoupled``; AMSGrad when ``v_max`` is given.

    m and v are running means of g and g², and p ← p − lr/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + eps).
    Weight decay is added to g, or, ``decoupled``, shrinks p by lr·weight_decay before the step.
    Sources: Kingma & Ba 2015; Loshchilov & Hutter 2019; Reddi, Kale & Kumar 2018.
    """
    rate = lr / (1.0 - beta1**step)
    root = sqrt(1.0 - beta2**step)
    for (p_, g_, m_, v_, top), (s, t) in _blocks(p, g, m, v, v_max):
        if decoupled and weight_decay:
            p_ *= 1.0 - lr * weight_decay
        d = _decayed(g_, p_, 0.0 if decoupled else weight_decay, maximize, s)
        m_ += np.multiply(np.subtract(d, m_, out=t), 1.0 - beta1, out=t)
        v_ *= beta2
        v_ += np.multiply(np.multiply(d, d, out=t), 1.0 - beta2, out=t)
        if top is not None:
            np.maximum(top, v_, out=top)
        np.sqrt(v_ if top is None else top, out=t)
        t /= root
        t += eps
        np.divide(m_, t, out=t)
        t *= rate
        p_ -= t


def adam_all(
    parameters: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]],
    *,
    step: int,
    **options: Any,
) -> None:
    """`adam` for each ``(p, g, m, v, v_max)`` at the same ``step``; ``options`` are all of `adam`'s."""
    plain, others = _parted(parameters)
    if plain:
        lr, beta1, beta2, decay = (
            float(options[name]) for name in ("lr", "beta1", "beta2", "weight_decay")
        )
        rate, root = lr / (1.0 - beta1**step), sqrt(1.0 - beta2**step)
        shrink, decay = (1.0 - lr * decay, 0.0) if options["decoupled"] else (1.0, decay)
        numbers = (rate, root, float(options["eps"]), beta1, beta2, decay, shrink)
        native.library.adam(plain, *numbers, options["maximize"])
    for arrays in others:
        adam(*arrays, step=step, **options)


def rmsprop(
    p: np.ndarray,
    g: np.ndarray,
    v: np.ndarray,
    mean: np.ndarray | None = None,
    momentum_buffer: np.ndarray | None = None,
    *,
    lr: float,
    alpha: float = 0.99,
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    momentum: float = 0.0,
    maximize: bool = False,
) -> None:
    """RMSprop: v is a running mean of g², and p ← p − lr·g / (√v + eps).

    With ``mean`` (centred) √(v − mean²) takes the place of √v; with a buffer, b ← momentum·b + that
    quotient, and p ← p − lr·b. Source: Hinton's Coursera lecture 6; Graves 2013 for the centred.
    """
    for (p_, g_, v_, c, b), (s, t) in _blocks(p, g, v, mean, momentum_buffer):
        d = _decayed(g_, p_, weight_decay, maximize, s)
        v_ *= alpha
        v_ += np.multiply(np.multiply(d, d, out=t), 1.0 - alpha, out=t)
        if c is None:
            np.sqrt(v_, out=t)
        else:
            c += np.multiply(np.subtract(d, c, out=t), 1.0 - alpha, out=t)
            np.subtract(v_, np.multiply(c, c, out=t), out=t)
            np.maximum(t, 0.0, out=t)  # a variance that rounding has made negative
            np.sqrt(t, out=t)
        t += eps
        np.divide(d, t, out=t)
        if b is not None:
            b *= momentum
            b += t
            t[...] = b
        t *= lr
        p_ -= t


def adagrad(
    p: np.ndarray,
    g: np.ndarray,
    sums: np.ndarray,
    *,
    step: int,
    lr: float,
    lr_decay: float = 0.0,
    eps: float = 1e-10,
    weight_decay: float = 0.0,
    maximize: bool = False,
) -> None:
    """Adagrad: s ← s + g² and p ← p − lr/(1 + (t − 1)·lr_decay) · g / (√s + eps).

    Source: Duchi, Hazan & Singer 2011.
    """
    rate = lr / (1.0 + (step - 1) * lr_decay)
    for (p_, g_, sums_), (s, t) in _blocks(p, g, sums):
        d = _decayed(g_, p_, weight_decay, maximize, s)
        sums_ += np.multiply(d, d, out=t)
        np.sqrt(sums_, out=t)
        t += eps
        np.divide(d, t, out=t)
        t *= rate
        p_ -= t


def _decayed(
    g: np.ndarray, p: np.ndarray, weight_decay: float, maximize: bool, scratch: np.ndarray
) -> np.ndarray:
    """±g + weight_decay·p: ``g`` itself where that is all, else in ``scratch``."""
    if not weight_decay:
        return np.negative(g, out=scratch) if maximize else g
    np.multiply(p, weight_decay, out=scratch)
    return np.subtract(scratch, g, out=scratch) if maximize else np.add(scratch, g, out=scratch)


Blocks = tuple[list, tuple[np.ndarray, np.ndarray]]


def _blocks(p: np.ndarray, *others: np.ndarray | None) -> Iterable[Blocks]:
    """Arrays walked together: their blocks (None for None) and two blocks of scratch."""
    arrays = [p, *others]
    flat = [_line(array, p) for array in arrays] if p.size > BLOCK else []
    # Small arrays, and strides that no line describes: one block, as they are.
    if not flat or any(a is not None and b is None for a, b in zip(arrays, flat, strict=True)):
        if not p.ndim:
            arrays = [None if a is None else a.reshape(1) for a in arrays]
            p = p.reshape(1)
        if p.itemsize == 2:
            return _widened(((arrays, ()),))
        return ((arrays, (np.empty_like(p), np.empty_like(p))),)
    return _widened(_lines(flat, p)) if p.itemsize == 2 else _lines(flat, p)


def _widened(blocks: Iterable[tuple[list, Any]]) -> Iterator[Blocks]:
    """Blocks of halves as float32, rounded back when the next one is asked for."""
    for halves, _ in blocks:
        wide = [
            a.astype(np.float32) if a is not None and a.dtype == np.float16 else a for a in halves
        ]
        scratch = np.empty((2, *halves[0].shape), np.float32)
        yield wide, (scratch[0], scratch[1])
        for place, (narrow, array) in enumerate(zip(halves, wide, strict=True)):
            if narrow is not array and place != 1:  # the second is the gradient, only read
                narrow[...] = array


def _lines(flat: list[np.ndarray | None], p: np.ndarray) -> Iterator[Blocks]:
    """Blocks of long lines."""
    scratch = np.empty((2, BLOCK), p.dtype)
    for start in range(0, p.size, BLOCK):
        stop = min(start + BLOCK, p.size)
        parts = [None if line is None else line[start:stop] for line in flat]
        yield parts, (scratch[0, : stop - start], scratch[1, : stop - start])


def _line(array: np.ndarray | None, p: np.ndarray) -> np.ndarray | None:
    """``array`` as a writable flat view in C order; None where its memory is not so."""
    if array is None or not array.flags.c_contiguous:
        return None
    return array.reshape(-1)
