"""One step of each optimiser, in place on arrays.

    sgd(p, g, momentum_buffer, *, lr, momentum, dampening, weight_decay, nesterov, maximize, first)
    adam(p, g, m, v, v_max, *, step, lr, beta1, beta2, eps, weight_decay, decoupled, maximize)
    rmsprop(p, g, v, mean, momentum_buffer, *, lr, alpha, eps, weight_decay, momentum, maximize)
    adagrad(p, g, sums, *, step, lr, lr_decay, eps, weight_decay, maximize)
    nadam(p, g, m, v, product, *, step, lr, beta1, beta2, eps, weight_decay, momentum_decay,
          decoupled, maximize) -> product
    radam(p, g, m, v, *, step, lr, beta1, beta2, eps, weight_decay, decoupled, maximize)
    adamax(p, g, m, u, *, step, lr, beta1, beta2, eps, weight_decay, maximize)
    adadelta(p, g, v, moved, *, lr, rho, eps, weight_decay, maximize)
    rprop(p, g, previous, sizes, *, etas, step_sizes, maximize)

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


def nadam(
    p: np.ndarray,
    g: np.ndarray,
    m: np.ndarray,
    v: np.ndarray,
    product: float,
    *,
    step: int,
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    momentum_decay: float = 4e-3,
    decoupled: bool = False,
    maximize: bool = False,
) -> float:
    """Adam with Nesterov's momentum, whose μₜ = β₁·(1 − 0.96^(t·momentum_decay)/2) grows.

    p ← p − lr·((1 − μₜ)/(1 − Πμ)·g + μₜ₊₁/(1 − Πμ·μₜ₊₁)·m) / (√(v/(1 − β₂ᵗ)) + eps), where Πμ is
    the product of all μ so far: ``product`` before the step, which gives it back with this step's.
    Source: Dozat 2016.
    """
    mu = beta1 * (1.0 - 0.5 * 0.96 ** (step * momentum_decay))
    after = beta1 * (1.0 - 0.5 * 0.96 ** ((step + 1) * momentum_decay))
    product *= mu
    rate, momentum_rate = lr * (1.0 - mu) / (1.0 - product), lr * after / (1.0 - product * after)
    for (p_, g_, m_, v_), (s, t) in _blocks(p, g, m, v):
        d = _means(p_, g_, m_, v_, (beta1, beta2), lr, weight_decay, decoupled, maximize, (s, t))
        np.divide(v_, 1.0 - beta2**step, out=t)
        np.sqrt(t, out=t)
        t += eps
        np.multiply(d, rate, out=s)
        s /= t
        p_ -= s
        np.multiply(m_, momentum_rate, out=s)
        s /= t
        p_ -= s
    return product


def radam(
    p: np.ndarray,
    g: np.ndarray,
    m: np.ndarray,
    v: np.ndarray,
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
    """Adam that goes by m alone until v is known well enough, and then at a rectified rate.

    With ρ∞ = 2/(1 − β₂) − 1 and ρ = ρ∞ − 2t·β₂ᵗ/(1 − β₂ᵗ): p ← p − lr/(1 − β₁ᵗ)·m while ρ ≤ 5, then
    that times √((ρ − 4)(ρ − 2)ρ∞ / ((ρ∞ − 4)(ρ∞ − 2)ρ)) · √(1 − β₂ᵗ)/(√v + eps).
    Source: Liu et al. 2020.
    """
    rate, left = lr / (1.0 - beta1**step), 1.0 - beta2**step
    longest = 2.0 / (1.0 - beta2) - 1.0
    length = longest - 2.0 * step * beta2**step / left
    rectified = length > 5.0
    if rectified:
        most = (longest - 4.0) * (longest - 2.0) * length
        rate *= sqrt(left) * sqrt((length - 4.0) * (length - 2.0) * longest / most)
    for (p_, g_, m_, v_), (s, t) in _blocks(p, g, m, v):
        _means(p_, g_, m_, v_, (beta1, beta2), lr, weight_decay, decoupled, maximize, (s, t))
        np.multiply(m_, rate, out=s)
        if rectified:
            np.sqrt(v_, out=t)
            t += eps
            s /= t
        p_ -= s


def _means(
    p: np.ndarray,
    g: np.ndarray,
    m: np.ndarray,
    v: np.ndarray,
    betas: tuple[float, float],
    lr: float,
    weight_decay: float,
    decoupled: bool,
    maximize: bool,
    scratch: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:
    """Decays p or g, and moves the running means of g and g². Gives g with its sign and decay."""
    s, t = scratch
    if decoupled and weight_decay:
        p *= 1.0 - lr * weight_decay
    d = _decayed(g, p, 0.0 if decoupled else weight_decay, maximize, s)
    m += np.multiply(np.subtract(d, m, out=t), 1.0 - betas[0], out=t)
    v *= betas[1]
    v += np.multiply(np.multiply(d, d, out=t), 1.0 - betas[1], out=t)
    return d


def adamax(
    p: np.ndarray,
    g: np.ndarray,
    m: np.ndarray,
    u: np.ndarray,
    *,
    step: int,
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    maximize: bool = False,
) -> None:
    """Adam with the largest |g| in place of the mean square: u ← max(β₂·u, |g| + eps).

    p ← p − lr/(1 − β₁ᵗ) · m / u. Source: Kingma & Ba 2015.
    """
    rate = lr / (1.0 - beta1**step)
    for (p_, g_, m_, u_), (s, t) in _blocks(p, g, m, u):
        d = _decayed(g_, p_, weight_decay, maximize, s)
        m_ += np.multiply(np.subtract(d, m_, out=t), 1.0 - beta1, out=t)
        u_ *= beta2
        np.abs(d, out=t)
        t += eps
        np.maximum(u_, t, out=u_)
        np.divide(m_, u_, out=t)
        t *= rate
        p_ -= t


def adadelta(
    p: np.ndarray,
    g: np.ndarray,
    v: np.ndarray,
    moved: np.ndarray,
    *,
    lr: float = 1.0,
    rho: float = 0.9,
    eps: float = 1e-6,
    weight_decay: float = 0.0,
    maximize: bool = False,
) -> None:
    """Steps in the units of p: Δ = √(moved + eps) / √(v + eps) · g, and p ← p − lr·Δ.

    v is a running mean of g², moved one of Δ². Source: Zeiler 2012.
    """
    for (p_, g_, v_, moved_), (s, t) in _blocks(p, g, v, moved):
        d = _decayed(g_, p_, weight_decay, maximize, s)
        v_ *= rho
        v_ += np.multiply(np.multiply(d, d, out=t), 1.0 - rho, out=t)
        np.sqrt(np.add(v_, eps, out=t), out=t)
        np.divide(d, t, out=s)
        s *= np.sqrt(np.add(moved_, eps, out=t), out=t)
        moved_ *= rho
        moved_ += np.multiply(np.multiply(s, s, out=t), 1.0 - rho, out=t)
        s *= lr
        p_ -= s


def rprop(
    p: np.ndarray,
    g: np.ndarray,
    previous: np.ndarray,
    sizes: np.ndarray,
    *,
    etas: tuple[float, float] = (0.5, 1.2),
    step_sizes: tuple[float, float] = (1e-6, 50.0),
    maximize: bool = False,
) -> None:
    """Steps by the sign of g, of a size of its own for every number: p ← p − sizes·sign(g).

    Where g has the sign of the ``previous`` one the size is first multiplied by the second of
    ``etas``; where the sign has changed by the first, and g counts as 0. Sizes stay between
    ``step_sizes``. Source: Riedmiller & Braun 1993.
    """
    for (p_, g_, previous_, sizes_), (s, t) in _blocks(p, g, previous, sizes):
        d = _decayed(g_, p_, 0.0, maximize, s)
        np.multiply(d, previous_, out=t)
        turned, kept = t < 0, t > 0
        sizes_[turned] *= etas[0]
        sizes_[kept] *= etas[1]
        np.clip(sizes_, *step_sizes, out=sizes_)
        previous_[...] = d
        previous_[turned] = 0.0
        p_ -= np.multiply(np.sign(previous_, out=t), sizes_, out=t)


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
