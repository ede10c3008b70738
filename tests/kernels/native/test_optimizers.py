"""Steps of optimizers in C give the bits of NumPy's."""

import itertools

import numpy as np
import pytest

from autograd.kernels import native, optimizers

DTYPES = [np.float32, np.float64]
SHAPES = [(), (1,), (3,), (16,), (17,), (5, 7), (100, 100), (8191,), (8193,)]


def arrays(rng, dtype, count, present=None):
    """For each shape: so many arrays, the last of them only if ``present``."""
    return [
        tuple(
            abs(rng.standard_normal(s)).astype(dtype) if i < count - 1 or present else None
            for i in range(count)
        )
        for s in SHAPES
    ]


def copies(parameters):
    return [tuple(None if a is None else a.copy() for a in some) for some in parameters]


def assert_same(found, expected):
    for some, others in zip(found, expected, strict=True):
        for a, b in zip(some, others, strict=True):
            assert (a is None) == (b is None)
            if a is not None:
                np.testing.assert_array_equal(a, b)


SGD = [
    dict(momentum=m, dampening=d, weight_decay=w, nesterov=n, maximize=x, first=f)
    for m, d, w, n, x, f in itertools.product(
        [0.0, 0.9], [0.0, 0.3], [0.0, 0.01], [False, True], [False, True], [False, True]
    )
    if not (n and d)
]


@pytest.mark.parametrize("dtype", DTYPES)
def test_sgd(library, dtype):
    for options in SGD:
        parameters = arrays(np.random.default_rng(1), dtype, 3, options["momentum"])
        expected = copies(parameters)
        for some in expected:
            optimizers.sgd(*some, lr=0.1, **options)
        optimizers.sgd_all(parameters, lr=0.1, **options)
        assert_same(parameters, expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_adam(library, dtype):
    for decay, decoupled, maximize, top in itertools.product(
        [0.0, 0.01], [False, True], [False, True], [False, True]
    ):
        options = dict(
            step=3,
            lr=0.01,
            beta1=0.9,
            beta2=0.99,
            eps=1e-8,
            weight_decay=decay,
            decoupled=decoupled,
            maximize=maximize,
        )
        parameters = arrays(np.random.default_rng(2), dtype, 5, top)
        expected = copies(parameters)
        for some in expected:
            optimizers.adam(*some, **options)
        optimizers.adam_all(parameters, **options)
        assert_same(parameters, expected)


def test_nan_stays_where_it_is(library):
    p, g, m, v, top = (np.ones(40, np.float32) for _ in range(5))
    g[17] = np.nan
    options = dict(
        step=1,
        lr=0.01,
        beta1=0.9,
        beta2=0.99,
        eps=1e-8,
        weight_decay=0.0,
        decoupled=False,
        maximize=False,
    )
    optimizers.adam_all([(p, g, m, v, top)], **options)
    for a in (p, m, v, top):
        np.testing.assert_array_equal(np.isnan(a), np.isnan(g))


def test_halves_and_gaps_are_stepped_by_numpy_beside_others_in_c(library):
    options = dict(
        lr=0.5,
        momentum=0.0,
        dampening=0.0,
        weight_decay=0.0,
        nesterov=False,
        maximize=False,
        first=True,
    )
    half, plain, gaps = np.ones(4, np.float16), np.ones(4), np.ones(8)[::2]
    optimizers.sgd_all([(a, np.ones_like(a), None) for a in (half, plain, gaps)], **options)
    for a in (half, plain, gaps):
        np.testing.assert_array_equal(a, 0.5)


def test_wrong_arguments_are_refused(library):
    p, g, b = np.ones(4), np.ones(4), np.ones(4)
    rest = (0.1, 0.9, 0.0, 0.0, False, False, False)
    readonly = np.ones(4)
    readonly.flags.writeable = False
    native.library.sgd([(p, readonly, b)], *rest)
    for error, parameters in [
        (TypeError, ((p, g, b),)),
        (TypeError, [[p, g, b]]),
        (TypeError, [(p, g)]),
        (TypeError, [(p, g.astype(np.float32), b)]),
        (TypeError, [(p, None, b)]),
        (ValueError, [(p, g[:3], b)]),
        (ValueError, [(p, p, b)]),
        (ValueError, [(p, g, g)]),
        (ValueError, [(p, g, b), (readonly, g, b)]),
    ]:
        before = p.copy()
        with pytest.raises(error):
            library.sgd(parameters, *rest)
        np.testing.assert_array_equal(p, before)  # all is checked before anything is written
    with pytest.raises(TypeError):
        library.sgd([(p, g, b)], None, *rest[1:])
    with pytest.raises(TypeError):
        library.adam([(p, g, b)], *rest)


def test_what_lies_plainly_goes_to_c_and_all_else_to_numpy(library):
    rng = np.random.default_rng(0)
    plain = [tuple(rng.standard_normal((3, 4)) for _ in range(2)) for _ in range(2)]
    turned = tuple(rng.standard_normal((4, 3)).T for _ in range(2))
    assert optimizers._parted(plain) == (plain, [])
    to_c, others = optimizers._parted([plain[0], turned, plain[1]])
    assert [id(a) for a, _ in to_c] == [id(a) for a, _ in plain]
    assert [id(a) for a, _ in others] == [id(turned[0])]


def test_without_the_compiled_part_all_goes_to_numpy(monkeypatch):
    monkeypatch.setattr(native, "library", None)
    parameters = [(np.ones(3), np.ones(3))]
    assert optimizers._parted(parameters) == ([], parameters)
