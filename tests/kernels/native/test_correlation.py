"""Correlation in C equals sums over windows, for every instruction set, and touches nothing else."""

import mmap

import numpy as np
import pytest

from autograd.arguments import Window
from autograd.kernels import threads
from autograd.kernels.conv import compiled


def windows(x, window, out):
    """x padded, as (N, C, *out, *kernel)."""
    before_after = [(0, 0), (0, 0), *[(max(a, 0), max(b, 0)) for a, b in window.padding]]
    x = np.pad(x.astype(np.float64), before_after)
    crop = [
        slice(max(-a, 0), x.shape[i + 2] - max(-b, 0)) for i, (a, b) in enumerate(window.padding)
    ]
    x = x[(..., *crop)]
    taps = []
    for k in np.ndindex(*window.kernel):
        at = [slice(i * d, i * d + (o - 1) * s + 1, s)
              for i, d, s, o in zip(k, window.dilation, window.stride, out, strict=True)]  # fmt: skip
        taps.append(x[(..., *at)])
    return np.stack(taps, -1).reshape(*x.shape[:2], *out, *window.kernel)


def oracle(x, w, window, groups):
    """The correlation, by one einsum over all windows for each group."""
    out = window.outputs(x.shape[2:])
    seen = windows(x, window, out)
    n, c = len(out), w.shape[1]
    axes = "defghi"[: 2 * n]
    each = len(w) // groups
    parts = [
        np.einsum(f"nc{axes},oc{axes[n:]}->no{axes[:n]}", seen[:, g * c : (g + 1) * c],
                  w[g * each : (g + 1) * each].astype(np.float64))
        for g in range(groups)
    ]  # fmt: skip
    return np.concatenate(parts, 1)


def draw(rng):
    """A random geometry: (batch, groups, channels and outputs of a group, sizes, window)."""
    rank = int(rng.integers(1, 4))
    sizes = [1, 2, 3, 4, 5, 8, 9, 16, 17, 31, 33] if rank < 3 else [1, 2, 3, 5, 8]

    def numbers(choices):
        return tuple(int(k) for k in rng.choice(choices, rank))

    stride = numbers([1, 2, 3]) if rng.random() < 0.5 else (1,) * rank
    padding = tuple((int(a), int(b)) for a, b in rng.integers(-1, 4, (rank, 2)))
    window = Window(numbers([1, 2, 3, 4]), stride, padding, numbers([1, 1, 2, 3]))
    groups, c, o = int(rng.choice([1, 1, 2, 5])), *[int(k) for k in rng.choice([1, 2, 3, 9], 2)]
    return int(rng.choice([1, 2, 3, 9, 20])), groups, c, o, numbers(sizes), window


def agrees(got, expected, dtype, what):
    error = abs(got - expected).max() / (1 + abs(expected).max())
    assert error < (1e-4 if dtype == np.float32 else 1e-12), (what, error)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_random_geometries_agree_with_sums_over_windows(library, dtype):
    rng = np.random.default_rng(3)
    done = 0
    while done < 60:
        n, groups, c, o, size, window = draw(rng)
        out = window.outputs(size)
        if min(out) < 1:
            continue
        done += 1
        x = rng.standard_normal((n, groups * c, *size)).astype(dtype)
        w = rng.standard_normal((groups * o, c, *window.kernel)).astype(dtype)
        bias = rng.standard_normal(groups * o).astype(dtype)
        g = rng.standard_normal((n, groups * o, *out)).astype(dtype)
        what = (n, groups, c, o, size, window)
        y = oracle(x, w, window, groups)
        agrees(compiled.correlate(x, w, None, window, groups), y, dtype, what)
        plus_bias = y + bias.reshape(-1, *[1] * len(size))
        agrees(compiled.correlate(x, w, bias, window, groups), plus_bias, dtype, what)
        # The adjoints: <g, correlate(e, w)> for unit vectors e, at a few places of each.
        dx = compiled.correlate_input(g, w, size, window, groups)
        dw = compiled.correlate_weight(x, g, window, groups)
        for given, other, result in ((x, w, dx), (w, x, dw)):
            assert result.shape == given.shape
            direction = rng.standard_normal(given.shape)
            pair = (direction, other) if given is x else (other, direction)
            slope = (g * oracle(*pair, window, groups)).sum()
            size_of_it = np.sqrt((direction**2).sum() * (g.astype(float) ** 2).sum())
            agrees((direction * result).sum(), slope, dtype, what)
            place = tuple(rng.integers(given.shape))
            unit = np.zeros(given.shape)
            unit[place] = 1
            pair = (unit, other) if given is x else (other, unit)
            agrees(result[place], (g * oracle(*pair, window, groups)).sum(), dtype, (what, place))
            assert np.isfinite(size_of_it)


def at_page_end(shape, dtype):
    """An array whose last byte is the last one before a page that must not be touched."""
    bytes_ = int(np.prod(shape)) * np.dtype(dtype).itemsize
    pages = -(-bytes_ // mmap.PAGESIZE) + 1
    memory = mmap.mmap(-1, pages * mmap.PAGESIZE)
    whole = np.frombuffer(memory, np.uint8)
    import ctypes

    protect = ctypes.CDLL(None).mprotect
    end = whole.ctypes.data + (pages - 1) * mmap.PAGESIZE
    assert protect(ctypes.c_void_p(end), mmap.PAGESIZE, 0) == 0
    array = whole[(pages - 1) * mmap.PAGESIZE - bytes_ : (pages - 1) * mmap.PAGESIZE]
    return array.view(dtype).reshape(shape)


@pytest.mark.skipif(
    not hasattr(mmap, "PROT_NONE") and not hasattr(mmap, "PROT_READ"), reason="no mprotect"
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nothing_behind_an_array_is_touched(library, dtype):
    rng = np.random.default_rng(4)
    for width in [1, 2, 3, 7, 8, 9, 15, 16, 17, 33, 48]:
        for k, stride, pad, groups in [
            (1, 1, 0, 1),
            (3, 1, 1, 1),
            (3, 2, 1, 1),
            (2, 2, 0, 1),
            (3, 1, 1, 3),
            (3, 2, 0, 3),
        ]:
            window = Window.read("test", 2, k, stride, pad)
            if min(window.outputs((3, width))) < 1:
                continue
            x, w = at_page_end((2, 3, 3, width), dtype), at_page_end((3, 3 // groups, k, k), dtype)
            x[...], w[...] = rng.standard_normal(x.shape), rng.standard_normal(w.shape)
            bias, y = (
                at_page_end((3,), dtype),
                at_page_end((2, 3, *window.outputs((3, width))), dtype),
            )
            _, geometry = compiled._geometry((3, width), window, groups)
            bias[...] = 0
            library.correlate(x, w, bias, y, geometry)
            agrees(y, oracle(x, w, window, groups), dtype, (width, k, stride))
            dx, dw = at_page_end(x.shape, dtype), at_page_end(w.shape, dtype)
            library.correlate_input(y, w, dx, geometry)
            library.correlate_weight(x, y, dw, geometry)
            agrees((dx * x).sum(), (y * y).sum(), dtype, (width, k, stride))
            agrees((dw * w).sum(), (y * y).sum(), dtype, (width, k, stride))


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e-42])
def test_a_value_reaches_the_windows_that_see_it_and_no_other(library, value):
    for groups, c in ((1, 2), (2, 1)):
        x = np.ones((3, 2, 9, 21), np.float32)
        w = np.ones((4, c, 3, 3), np.float32)
        window = Window.read("test", 2, 3, 2, 1)
        before = compiled.correlate(x, w, None, window, groups)
        x[1, 1, 4, 6] = value
        after = compiled.correlate(x, w, None, window, groups)
        channels = slice(None) if groups == 1 else slice(2, None)
        changed = np.zeros(before.shape, bool)
        changed[1, channels, 2, 3] = True
        assert (after[~changed] == before[~changed]).all()
        if value != 1e-42:
            assert not np.isfinite(after[changed]).any()


def test_subnormal_numbers_are_kept(library):
    x = np.full((1, 1, 4, 4), 1e-42, np.float32)
    w = np.ones((1, 1, 1, 1), np.float32)
    y = compiled.correlate(x, w, None, Window.read("test", 2, 1), 1)
    assert (y == x).all()


@pytest.mark.parametrize("shape", [(9, 1, 20, 20), (3, 16, 33, 17), (1, 32, 30, 30), (70, 8, 5, 5)])
def test_the_same_bits_for_any_number_of_threads(library, shape):
    rng = np.random.default_rng(5)
    x = rng.standard_normal(shape).astype(np.float32)
    before = threads.get_num_threads()
    try:
        for stride in (1, 2):
            for groups in {1, shape[1] if shape[1] > 1 else 1}:
                window = Window.read("test", 2, 3, stride, 1)
                w = rng.standard_normal((32, shape[1] // groups, 3, 3)).astype(np.float32)
                results = []
                for count in (1, 2, 3, 4):
                    threads.set_num_threads(count)
                    y = compiled.correlate(x, w, None, window, groups)
                    dx = compiled.correlate_input(y, w, shape[2:], window, groups)
                    dw = compiled.correlate_weight(x, y, window, groups)
                    results.append([a.tobytes() for a in (y, dx, dw)])
                assert all(r == results[0] for r in results[1:])
    finally:
        threads.set_num_threads(before)


def test_wrong_arguments_are_refused(library):
    x, w, y = np.ones((2, 4, 6, 6)), np.ones((6, 2, 3, 3)), np.empty((2, 6, 4, 4))
    bias, plain = np.ones(6), (2, 1, 1, 1, 0, 0, 0, 1, 1, 1)
    library.correlate(x, w, bias, y, plain)
    assert (y == 19).all()
    for error, arguments in [
        (TypeError, (x, w, bias, y)),
        (TypeError, (x, w, bias, y, [*plain])),
        (TypeError, (x, w, bias, y, plain[:9])),
        (TypeError, (x, w, bias, y, (2.0, *plain[1:]))),
        (TypeError, (x, w, bias, y, (True, *plain[1:]))),
        (TypeError, (x, w.astype(np.float32), bias, y, plain)),
        (TypeError, (None, w, bias, y, plain)),
        (TypeError, (x, w, 1.0, y, plain)),
        (ValueError, (x, w, bias, y, (0, *plain[1:]))),
        (ValueError, (x, w, bias, y, (3, *plain[1:]))),
        (ValueError, (x, w, bias, y, (2**70, *plain[1:]))),
        (ValueError, (x, w, bias, y, (2, 1, 0, *plain[3:]))),
        (ValueError, (x, w, bias, y, (2, 2, *plain[2:]))),
        (ValueError, (x, w, bias, y, (*plain[:9], -1))),
        (ValueError, (x[0], w[0], bias, y[0], plain)),
        (ValueError, (x, w[:4], bias, y, plain)),
        (ValueError, (x, w, bias[:5], y, plain)),
        (ValueError, (x, w, bias, y[:1], plain)),
        (ValueError, (x[:, :, ::-1], w, bias, y, plain)),
        (ValueError, (x, w, bias, x[:, :, :4, :4], plain)),
        (ValueError, (x[:0], w, bias, y[:0], plain)),
        (MemoryError, (x, w, bias, y, (*plain[:9], 2**39))),
        (MemoryError, (x, w, bias, y, (*plain[:7], 2**40, 2**40, 2**40))),
    ]:
        with pytest.raises(error):
            library.correlate(*arguments)
    dx, dw = np.empty_like(x), np.empty_like(w)
    dx.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        library.correlate_input(y, w, dx, plain)
    with pytest.raises(ValueError, match="share memory"):
        library.correlate_weight(x, y, x.reshape(-1)[: w.size].reshape(w.shape), plain)
    library.correlate_weight(x, y, dw, plain)
