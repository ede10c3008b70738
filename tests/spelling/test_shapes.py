"""Shapes under PyTorch's names: every small case against NumPy and loops, and where two readings differ."""

import itertools
import warnings

import numpy as np
import pytest

import autograd as ag
from autograd.spelling import shapes

RNG = np.random.default_rng(0)


def array(*shape):
    return RNG.permutation(np.arange(float(np.prod(shape)))).reshape(shape)


def parts_of(x, lengths, dim):
    ends = np.cumsum(lengths)[:-1]
    return [part.tolist() for part in np.split(x, ends, dim)]


def told(call):
    """What a call gives, and whether it says that PyTorch reads it differently."""
    with warnings.catch_warnings(record=True, action="always") as heard:
        made = call()
    assert all(issubclass(w.category, ag.SpellingWarning) for w in heard) and len(heard) < 2
    return made, bool(heard)


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_parts_of_one_length_and_of_any_lengths(dim):
    for n in range(7):
        x = array(*((n, 2) if dim == 0 else (2, n)))
        t = ag.tensor(x)
        for size in range(1, 9):
            lengths = [size] * (n // size) + [n % size] * (n % size > 0) or [0]
            assert [p.tolist() for p in ag.split(t, size, dim=dim)] == parts_of(x, lengths, dim)
            count = size  # read as how many parts there may be
            length = max(1, (n + count - 1) // count)
            lengths = [length] * (n // length) + [n % length] * (n % length > 0)
            lengths = (
                lengths or [0] * count
            )  # of nothing PyTorch gives as many parts as are asked for
            got = ag.chunk(t, count, dim)
            assert [p.tolist() for p in got] == parts_of(x, lengths, dim) and len(got) <= count
    x = array(5, 5)
    for lengths in ([5], [0, 5], [2, 3], (1, 0, 4)):
        got = ag.split(ag.tensor(x), lengths, dim=dim)
        assert [p.tolist() for p in got] == parts_of(x, lengths, dim)
    assert [p.tolist() for p in ag.tensor(x).split(2**62, dim=dim)] == [x.tolist()]
    for lengths, words in (
        ([6, -1], "a length must be a non-neg"),
        (0, "split_size must be a pos"),
    ):
        with pytest.raises(ValueError, match=f"^split: {words}"):
            ag.tensor(x).split(lengths, dim=dim)
    for lengths in ([4], [3, 3], []):
        with pytest.raises(ValueError, match=r"add up to \d, but axis \d of \(5, 5\) has 5"):
            ag.tensor(x).split(lengths, dim=dim)
    with pytest.raises(ValueError, match="chunk: chunks must be a positive integer, got 0"):
        ag.chunk(ag.tensor(x), 0, dim)


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_places_along_an_axis(dim):
    x = array(4, 4)
    t = ag.tensor(x)
    for start, length in itertools.product(range(-6, 7), range(-1, 7)):
        first = start + 4 if start < 0 else start
        if length >= 0 and 0 <= first and first + length <= 4:
            due = x.take(range(first, first + length), axis=dim).tolist()
            assert ag.narrow(t, dim, start, length).tolist() == due
        else:
            with pytest.raises((IndexError, ValueError), match="^narrow: "):
                ag.narrow(t, dim, start, length)
    for index in range(-4, 4):
        assert t.select(dim, index).tolist() == x.take(index, axis=dim).tolist()
    with pytest.raises(TypeError, match="^select: index must be an integer, got 1.5"):
        t.select(dim, 1.5)
    for index in (-5, 4):
        with pytest.raises(IndexError):
            t.select(dim, index)


@pytest.mark.parametrize("dim", [0, 1, -2])
def test_windows_along_an_axis(dim):
    x = array(5, 6)
    for size, step in itertools.product(range(1, 6), range(1, 7)):
        due = np.lib.stride_tricks.sliding_window_view(x, size, dim)
        due = due.take(range(0, due.shape[dim % 2], step), axis=dim % 2)
        assert ag.tensor(x).unfold(dim, size, step).tolist() == due.tolist()
    for step in (0, -1):
        with pytest.raises(ValueError, match="^unfold: step must be a positive integer"):
            ag.tensor(x).unfold(dim, 2, step)
    number = ag.tensor(3.0)
    assert number.unfold(0, 1, 1).tolist() == number.unfold(-1, 1, 5).tolist() == [3.0]


def test_axes_taken_apart_and_widened():
    x = array(2, 12, 3)
    t = ag.tensor(x)
    for sizes, due in (
        ((3, 4), (3, 4)),
        ([3, -1], (3, 4)),
        ((-1,), (12,)),
        ((2, 3, -1), (2, 3, 2)),
    ):
        for dim in (1, -2):
            assert t.unflatten(dim, sizes).tolist() == x.reshape(2, *due, 3).tolist()
    for wrong in ((5, -1), (3, 3)):
        with pytest.raises(ValueError):
            t.unflatten(1, wrong)
    for dim, shape in ((0, (12, 3)), (-3, (12, 3)), (1, (1, 12, 3)), ((0, 1), (12, 3)), ((0, 2), (12, 3)), ((), (1, 12, 3))):  # fmt: skip
        assert t[:1].squeeze(dim=dim).shape == shape
    with pytest.raises(ValueError):
        t.squeeze(axis=1)
    row = array(1, 3)
    for sizes in ((4, 3), (-1, 3), (4, -1), (-1, -1), (2, 4, 3), (2, -1, -1), (5, 2, 1, 3), (0, 3)):
        kept = (None,) * (len(sizes) - 2) + row.shape
        due = np.broadcast_to(row, [k if n == -1 else n for n, k in zip(sizes, kept, strict=True)])
        assert ag.tensor(row).expand(*sizes).tolist() == due.tolist()
        assert ag.tensor(row).expand(sizes).shape == due.shape
    x = array(2, 1, 3)
    assert ag.tensor(x).expand(-1, 4, -1).tolist() == np.broadcast_to(x, (2, 4, 3)).tolist()
    assert (
        ag.tensor(x).expand_as(ag.ones(2, 4, 3)).tolist() == np.broadcast_to(x, (2, 4, 3)).tolist()
    )
    assert ag.ones(1).expand(np.array(3)).shape == (3,)
    for sizes, words in (((3,), "are fewer"), ((-1, 1, 3), "have none yet"), ((4, -2), r"^expand: sizes\[1\]"), ((2, 2), "broadcast")):  # fmt: skip
        with pytest.raises(ValueError, match=words):
            ag.tensor(row).expand(*sizes)


SHAPES = [(), (1,), (3,), (1, 1), (1, 3), (3, 1), (2, 3), (2, 2), (1, 1, 1), (2, 1, 2)]


@pytest.mark.parametrize("shape", SHAPES)
def test_repeats_that_pytorch_reads_differently_are_told(shape):
    """Counts for each element and an axis, as NumPy's, where they can be that; else side by side."""
    x = array(*shape)
    t = ag.tensor(x)
    for repeats in itertools.chain.from_iterable(
        itertools.product((-1, 0, 1, 2) if n < 4 else (1, 2), repeat=n) for n in range(1, 5)
    ):
        try:
            ours = np.repeat(x, *repeats) if len(repeats) < 2 + bool(x.ndim) else None
        except ValueError:
            ours = None
        theirs = np.tile(x, repeats) if len(repeats) >= x.ndim and min(repeats) >= 0 else None
        if ours is None and theirs is None:
            with pytest.raises((TypeError, ValueError, IndexError)):
                t.repeat(*repeats)
            continue
        got, heard = told(lambda r=repeats: t.repeat(*r))
        due = theirs if ours is None else ours
        assert (got.shape, got.tolist()) == (due.shape, due.tolist())
        both = ours is not None and theirs is not None
        differ = both and (ours.shape != theirs.shape or ours.tolist() != theirs.tolist())
        assert heard == differ or (heard and not due.size), repeats


@pytest.mark.parametrize("shape", [(3,), (2, 2), (1, 3), (2, 1, 2)])
def test_repeats_in_one_sequence(shape):
    x = array(*shape)
    t = ag.tensor(x)
    for n in (1, 2, 3, 4):
        for repeats in itertools.product((1, 2), repeat=n):
            counts = n == x.size or n == 1 < x.ndim  # it may count each element
            if not counts and n < x.ndim:
                with pytest.raises((TypeError, ValueError)):
                    t.repeat(list(repeats))
                continue
            due = np.repeat(x, repeats) if counts else np.tile(x, repeats)
            for form in (repeats, list(repeats)):
                got, heard = told(lambda f=form: t.repeat(f))
                assert (got.shape, got.tolist()) == (due.shape, due.tolist())
                once = set(repeats) == {1} and n == x.ndim
                assert heard == (counts and n >= x.ndim and not once)
    assert t.repeat(2, axis=0).tolist() == np.repeat(x, 2, 0).tolist()
    assert t.repeat(2, axis=None).tolist() == np.repeat(x, 2).tolist()
    with pytest.raises(TypeError, match="^repeat: give how often each element comes"):
        t.repeat()
    with pytest.raises(TypeError, match="^repeat: give how often each element comes"):
        ag.tensor(3.0).repeat()
    assert t.repeat(2, None).tolist() == np.repeat(x, 2).tolist()
    assert t.repeat(sizes=(2,) * x.ndim).tolist() == np.tile(x, (2,) * x.ndim).tolist()


@pytest.mark.parametrize("shape", [(0, 0), (0, 1), (1, 1), (1, 3), (3, 1), (2, 2)])
def test_an_order_of_two_axes_that_pytorch_would_exchange_is_told(shape):
    x = array(*shape)
    for axes in itertools.product((-2, -1, 0, 1), repeat=2):
        if (axes[0] - axes[1]) % 2 == 0:
            with pytest.raises(ValueError):
                ag.tensor(x).transpose(*axes)
            continue
        got, heard = told(lambda a=axes: ag.tensor(x).transpose(*a))
        ours, theirs = x.transpose(axes), x.swapaxes(*axes)
        assert (got.shape, got.tolist()) == (ours.shape, ours.tolist())
        assert heard == (ours.shape != theirs.shape or ours.tolist() != theirs.tolist())


def test_where_two_languages_may_be_meant():
    for shape, axes, due in [
        ((2, 3), (0, 1), "transpose"),
        ((2, 3), (1, 0), None),
        ((2, 3), (), None),
        ((2, 3), (0,), None),
        ((2, 3), (0, 1, 2), None),
        ((2, 3), ("a", 1), None),
        ((3,), (0, 1), None),
        ((2, 3, 4), (0, 1), None),
    ]:
        assert shapes.unclear_transpose(np.ones(shape), *axes) == due
    for shape, repeats, due in [
        ((3,), (2,), "repeat"),
        ((3,), (1,), None),
        ((3,), (), None),
        ((), (2,), None),
        ((2, 3), (2,), None),
        ((2, 3), (2, 1), "repeat"),
        ((2, 3), (1, 1), None),
        ((2, 3), (2, 1.0), None),
        ((3,), (1, 1), "repeat"),
        ((3,), (2, 0), "repeat"),
        ((3,), (2, -1), None),
    ]:
        assert shapes.unclear_repeat(np.ones(shape), *repeats) == due


def test_axes_in_order_and_exchanged():
    x = array(2, 3, 4)
    t = ag.tensor(x)
    for order in itertools.permutations(range(3)):
        for form in ((order,), order, (list(order),)):
            assert t.transpose(*form).tolist() == x.transpose(order).tolist()
            assert t.permute(*form).tolist() == x.transpose(order).tolist()
        assert t.permute(dims=order).tolist() == x.transpose(order).tolist()
        assert ag.transpose(t, dims=order).tolist() == x.transpose(order).tolist()
    for a, b in itertools.product((-3, 0, 1, 2), repeat=2):
        due = x.swapaxes(a, b).tolist()
        for got in (
            t.transpose(a, b), t.transpose(dim0=a, dim1=b), t.transpose(a, dim1=b), t.swapdims(a, b),
            ag.transpose(t, a, b), ag.transpose(t, dim0=a, dim1=b), ag.transpose(t, a, dim1=b),
        ):  # fmt: skip
            assert got.tolist() == due
    assert t.adjoint().tolist() == x.swapaxes(1, 2).tolist()
    assert t.movedim(0, 2).tolist() == np.moveaxis(x, 0, 2).tolist()
    assert [part.tolist() for part in t.unbind(1)] == x.swapaxes(0, 1).tolist()
    assert t.unsqueeze(1).tolist() == x[:, None].tolist()
    vector = t[0, 0]
    assert (
        vector.transpose(0, -1).tolist() == vector.permute(np.array(0)).tolist() == vector.tolist()
    )
    for given in ((), (0, 2)):
        with pytest.raises(TypeError, match="^transpose: give the order of the axes, or two to"):
            ag.transpose(t, *given, dim1=1)
    assert t.transpose().tolist() == t.transpose(None).tolist() == x.T.tolist()
    assert ag.tensor(x[0]).t().tolist() == x[0].T.tolist() and ag.tensor(x[0, 0]).t().shape == (4,)
    with pytest.raises(ValueError, match=r"t: expected at most two axes, got shape \(2, 3, 4\)"):
        t.t()


def test_views_take_sizes_in_any_form_and_no_dtype():
    x = array(3, 4)
    t = ag.tensor(x)
    for sizes in ((12,), (2, 6), (2, -1), (1, 12, 1)):
        for form in (sizes, (sizes,), (list(sizes),), (ag.tensor(sizes),)):
            assert t.view(*form).tolist() == x.reshape(sizes).tolist()
        other = ag.ones(x.reshape(sizes).shape)
        assert (
            t.view_as(other).tolist() == t.reshape_as(other).tolist() == x.reshape(sizes).tolist()
        )
    assert t.view(np.array(12)).shape == (12,)
    with pytest.raises(TypeError, match="^view: the bits of a tensor cannot be read"):
        t.view(np.float32)
    with pytest.raises(TypeError, match="^view: dtype=.* is not a dtype"):
        t.view(3.5)


def test_empty_vectors_are_left_out_where_others_have_more_axes():
    x, empty = array(2, 3), np.ones(0)
    for parts in ([x, empty], [empty, x, empty, x]):
        due = np.concatenate([p for p in parts if p.ndim == 2])
        for form in (list, tuple):
            assert ag.cat(form(map(ag.tensor, parts))).tolist() == due.tolist()
    assert ag.cat([ag.tensor(empty), ag.tensor(x[0])]).tolist() == x[0].tolist()
    assert ag.cat([ag.tensor(empty)] * 2).shape == (0,)
    with pytest.raises(ValueError):
        ag.cat([ag.ones(0, 2), ag.tensor(x)])
    with pytest.raises(ValueError):
        ag.cat([ag.tensor(empty), ag.tensor(x), ag.tensor(3.0)])


def test_matrices_along_a_diagonal():
    parts = [array(2, 1), np.array(5.0), array(3), array(0, 2), array(1, 2)]
    matrices = [np.atleast_2d(p) for p in parts]
    due = np.zeros((sum(m.shape[0] for m in matrices), sum(m.shape[1] for m in matrices)))
    row = column = 0
    for m in matrices:
        due[row : row + m.shape[0], column : column + m.shape[1]] = m
        row, column = row + m.shape[0], column + m.shape[1]
    assert ag.block_diag(*map(ag.tensor, parts)).tolist() == due.tolist()


def test_triangles_and_products():
    for row, col, offset in itertools.product(range(4), range(4), range(-3, 4)):
        for ours, theirs in ((ag.tril_indices, np.tri), (ag.triu_indices, None)):
            below = np.tri(row, col, offset if theirs else offset - 1, dtype=bool)
            due = np.argwhere(below if theirs else ~below).T
            assert ours(row, col, offset).tolist() == due.tolist()
    for wrong, words in (((-1, 2), "row"), ((2, -1), "col"), ((2, 2, 1.5), "offset")):
        with pytest.raises((ValueError, TypeError), match=f"^tril_indices: {words} must be"):
            ag.tril_indices(*wrong)
    u, v, w = array(2), array(3), array(2)
    due = [list(each) for each in itertools.product(u, v, w)]
    assert ag.cartesian_prod(*map(ag.tensor, (u, v, w))).tolist() == due
    assert ag.cartesian_prod(ag.tensor(u)).tolist() == u.tolist()
    assert ag.ger(ag.tensor(u), ag.tensor(v)).tolist() == np.outer(u, v).tolist()


def test_elements_in_a_row():
    x = array(2, 3)
    t = ag.tensor(x)
    assert t.repeat_interleave(2).tolist() == np.repeat(x, 2).tolist()
    for dim, counts in ((0, [1, 2]), (1, [0, 2, 1]), (-1, 3)):
        due = np.repeat(x, counts, dim)
        for size in (None, due.shape[dim]):
            assert t.repeat_interleave(counts, dim, output_size=size).tolist() == due.tolist()
        with pytest.raises(ValueError, match=rf"output_size=7, but the repeats add up to {due.shape[dim]}"):  # fmt: skip
            t.repeat_interleave(counts, dim, output_size=7)
    assert t.repeat_interleave(2, output_size=12).shape == (12,)
    assert ag.repeat_interleave(ag.tensor([2, 0, 3])).tolist() == [0, 0, 2, 2, 2]
    assert ag.repeat_interleave(ag.tensor([2, 1]), output_size=3).tolist() == [0, 0, 1]


def test_reversed_and_laid_side_by_side():
    x = array(2, 3)
    t = ag.tensor(x)
    for axes in (0, 1, (0, 1), (1,)):
        due = np.flip(x, axes).tolist()
        many = axes if isinstance(axes, tuple) else (axes,)
        for got in (t.flip(axes), t.flip(*many), t.flip(dims=axes), t.flip(axis=axes)):
            assert got.tolist() == due
    assert t.flip().tolist() == np.flip(x).tolist()
    for reps in ((2,), (2, 1), (1, 2, 2)):
        for got in (t.tile(reps), t.tile(*reps), t.tile(dims=reps)):
            assert got.tolist() == np.tile(x, reps).tolist()
