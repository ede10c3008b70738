"""Windows: how many there are, what they need, what is refused, against loops that slide one."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
from autograd.arguments import Window


def slide(size, kernel, stride, before, after, dilation):
    """The first cells of all windows that lie within the padded axis, step by step."""
    starts, at = [], -before
    while at + dilation * (kernel - 1) < size + after:
        starts.append(at)
        at += stride
    return starts


def slide_over_the_end(size, kernel, stride, before, after, dilation):
    """The same with ``ceil_mode``: one more if cells are left over and it begins before them."""
    starts = slide(size, kernel, stride, before, after, dilation)
    last = starts[-1]
    left_over = last + dilation * (kernel - 1) < size + after - 1
    if left_over and last + stride < size:
        starts.append(last + stride)
    while starts[-1] >= size:  # begins in the padding after the end
        starts.pop()
    return starts


@st.composite
def axes(draw):
    kernel, dilation = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    before, after = draw(st.integers(-1, 3)), draw(st.integers(-1, 3))
    # On both sides of the size that one window just fits.
    fitting = dilation * (kernel - 1) + 1 - before - after
    size = max(0, fitting + draw(st.integers(-2, 6)))
    return size, kernel, draw(st.integers(1, 4)), (before, after), dilation


def window_of(cases):
    """The sizes, and the window over as many axes."""
    size, kernel, stride, padding, dilation = zip(*cases, strict=True)
    return size, Window(kernel, stride, padding, dilation)


@given(st.lists(axes(), min_size=1, max_size=3))
def test_there_are_as_many_windows_as_can_be_slid(cases):
    sizes, window = window_of(cases)
    counts = [len(slide(n, k, s, *p, d)) for n, k, s, p, d in cases]
    assert window.outputs(sizes) == tuple(counts)
    assert window.fits(sizes) == all(counts)
    if all(counts):
        assert window.check("f", sizes) == tuple(counts)
    else:
        with pytest.raises(ValueError, match="^f: kernel .* does not fit the padded input"):
            window.check("f", sizes)


@given(axes())
def test_in_ceil_mode_a_last_one_may_hang_over(case):
    size, kernel, stride, (before, after), dilation = case
    before = after = max(before, 0)  # of poolings: both sides alike, within the first window
    before = after = min(before, (dilation * (kernel - 1) + 1) // 2)
    if size < 1 or not slide(size, kernel, stride, before, after, dilation):
        return
    window = Window((kernel,), (stride,), ((before, after),), (dilation,), ceil_mode=True)
    starts = slide_over_the_end(size, kernel, stride, before, after, dilation)
    assert window.outputs((size,)) == (len(starts),)


@given(st.lists(axes(), min_size=1, max_size=3))
def test_inputs_are_the_smallest_with_so_many_windows(cases):
    sizes, window = window_of(cases)
    outputs = window.outputs(sizes)
    if 0 in outputs:
        return
    smallest = window.inputs(outputs)
    assert all(a <= b for a, b in zip(smallest, sizes, strict=True))
    assert window.outputs(smallest) == outputs
    for axis in range(len(sizes)):
        smaller = tuple(n - (k == axis) for k, n in enumerate(smallest))
        assert window.outputs(smaller)[axis] == outputs[axis] - 1


@given(st.lists(axes(), min_size=1, max_size=3))
def test_the_largest_kernel_is_the_largest_that_gives_so_many_windows(cases):
    sizes, window = window_of(cases)
    outputs = window.outputs(sizes)
    if 0 in outputs:
        return
    largest = window.with_largest_kernel(sizes, outputs)
    assert largest.outputs(sizes) == outputs
    assert all(a >= b for a, b in zip(largest.kernel, window.kernel, strict=True))
    for axis in range(len(sizes)):
        longer = tuple(n + (k == axis) for k, n in enumerate(largest.kernel))
        assert window._replace(kernel=longer).outputs(sizes)[axis] < outputs[axis]


@given(st.lists(axes(), min_size=1, max_size=3))
def test_shortened_steps_see_the_same_cells(cases):
    sizes, window = window_of(cases)
    if not window.fits(sizes):
        return

    def cells(one):
        return [
            [o * s + k * d for o in range(n) for k in range(kernel)]
            for n, kernel, s, d in zip(
                one.outputs(sizes), one.kernel, one.stride, one.dilation, strict=True
            )
        ]

    short = window.shortened(sizes)
    assert cells(short) == cells(window)
    assert all(s <= max(p, 1) for s, p in zip(short.stride, window.padded(sizes), strict=True))


def test_shortened_steps_are_steps_still():
    window = Window((1, 1, 2, 2), (7, 5, 9, 1), ((0, 0), (-2, -1), (1, 0), (0, 0)), (3, 4, 5, 6))
    short = window.shortened((4, 2, 3, 9))
    assert short.stride == (4, 1, 4, 1)  # no longer than the padded image, and no shorter than 1
    assert short.dilation == (1, 1, 5, 6)  # of one tap there is no step to the next
    assert (short.kernel, short.padding) == (window.kernel, window.padding)


def test_a_window_is_a_value():
    first = Window.read("f", 2, 3, (1, 2), 1)
    again = Window((3, 3), (1, 2), ((1, 1), (1, 1)), (1, 1))
    assert first == again and hash(first) == hash(again)
    assert first != Window.read("f", 2, 3, (2, 1), 1)
    with pytest.raises(AttributeError):
        first.stride = (1, 1)
    assert first.along(1) == Window((3,), (2,), ((1, 1),), (1,))
    assert first.along(1).raised(2) == Window((1, 3), (1, 2), ((0, 0), (1, 1)), (1, 1))


@pytest.mark.parametrize(
    ("padding", "pairs"),
    [
        (0, ((0, 0), (0, 0))),
        (2, ((2, 2), (2, 2))),
        ((1, 2), ((1, 1), (2, 2))),
        (((1, 0), (0, 2)), ((1, 0), (0, 2))),
        ([[1, 0], [0, 2]], ((1, 0), (0, 2))),
        ("valid", ((0, 0), (0, 0))),
        ("same", ((1, 2), (2, 2))),
    ],
)
def test_padding_is_read_from_every_form(padding, pairs):
    assert Window.read("f", 2, (4, 3), 1, padding, (1, 2)).padding == pairs


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((0,), ValueError, "f: kernel_size must be a positive integer, got 0"),
        ((3, 0), ValueError, "f: stride must be"),
        ((3, 1, -1), ValueError, "f: padding must be"),
        ((3, 1, 0, 0), ValueError, "f: dilation must be"),
        (((3, 3, 3),), ValueError, "f: kernel_size must be a positive integer or 2 of them"),
        ((3, 2, "same"), ValueError, "f: padding='same' needs stride 1"),
        ((3.0,), TypeError, "f: kernel_size must be"),
    ],
)
def test_what_is_no_window_is_refused(arguments, error, words):
    with pytest.raises(error, match=f"^{words}"):
        Window.read("f", 2, *arguments)


def test_the_window_of_a_pooling_steps_by_its_kernel_and_pads_at_most_half():
    for absent in (None, (), []):
        assert Window.pooling("f", 2, (2, 3), absent).stride == (2, 3)
    for kernel, dilation, most in ((2, 1, 1), (3, 1, 1), (4, 1, 2), (2, 2, 1), (3, 2, 2)):
        Window.pooling("f", 1, kernel, 1, most, dilation)
        with pytest.raises(ValueError, match="^f: padding .* must be at most half of the window"):
            Window.pooling("f", 1, kernel, 1, most + 1, dilation)
    Window.pooling("f", 1, 4001, 1, 2000)
    for arguments, words in [
        ((1, 4001, 1, 2001), "padding (2001,) must be at most half of the window (4001,)"),
        ((2, (4, 2), 1, (1, 2)), "padding (1, 2) must be at most half of the window (4, 2)"),
        (
            (1, 3, 1, 3, 2),
            "padding (3,) must be at most half of the window (3,) with dilation (2,)",
        ),
    ]:
        with pytest.raises(ValueError) as caught:
            Window.pooling("f", *arguments)
        assert str(caught.value) == f"f: {words}"
    with pytest.raises(ValueError) as caught:
        Window((2,), (1,), ((0, 2),), (1,)).check_half_padding("f")
    assert str(caught.value) == "f: padding ((0, 2),) must be at most half of the window (2,)"


def test_a_pooling_of_nothing_is_refused():
    window = Window.pooling("f", 2, 3)
    assert window.check_pooling("f", (3, 7)) == (1, 2)
    for sizes in ((2, 7), (0, 3)):
        with pytest.raises(ValueError, match="^f: window .* does not fit the input"):
            window.check_pooling("f", sizes)
    padded = Window.pooling("f", 1, 2, 1, 1)
    assert padded.check_pooling("f", (1,)) == (2,)
    with pytest.raises(ValueError) as caught:  # one window would fit, into the padding alone
        padded.check_pooling("f", (0,))
    assert str(caught.value) == (
        "f: window (2,) with dilation (1,) and padding (1,) does not fit the input 0"
    )


@given(st.lists(axes(), min_size=1, max_size=3), st.booleans())
def test_the_explanation_ends_with_the_right_number(cases, ceil_mode):
    sizes, window = window_of(cases)
    window = window._replace(ceil_mode=ceil_mode)
    if not window.fits(sizes):
        return
    for line, count in zip(window.explain(sizes), window.outputs(sizes), strict=True):
        assert line.split()[-1] == str(count)


@pytest.mark.parametrize(
    "size, window, ceil_mode, line",
    [
        (7, ((3,), (2,), ((1, 0),), (1,)), False, "⌊7 + 1 + 0 − 1·(3 − 1) − 1⌋"),
        (8, ((3,), (2,), ((0, 0),), (2,)), True, "⌈8 + 0 + 0 − 2·(3 − 1) − 1⌉"),
        (9, ((2,), (3,), ((0, 1),), (1,)), False, "⌊9 + 0 + 1 − 1·(2 − 1) − 1⌋"),
        (9, ((2,), (3,), ((0, 1),), (1,)), True, "⌈9 + 0 + 1 − 1·(2 − 1) − 1⌉"),
    ],
)
def test_the_explanation_is_the_formula_with_its_numbers(size, window, ceil_mode, line):
    window = Window(*window, ceil_mode=ceil_mode)
    (k,), (s,), ((before, after),), (d,) = window[:4]
    room = size + before + after - d * (k - 1) - 1
    steps = -(-room // s) if ceil_mode else room // s
    left, right = line[0], line[-1]
    due = (
        f"{line[:-1]}) / {s}{right} + 1 = {left}{room} / {s}{right} + 1 = {steps} + 1 = {steps + 1}"
    )
    (said,) = window.explain((size,))
    due = due.replace(left + str(size), f"{left}({size}", 1)
    assert said.startswith(due) and window.outputs((size,)) == (int(said.split()[-1]),)
    assert (
        said == due or said == f"{due}, less the last, which would begin beyond the image: {steps}"
    )


def test_functions_take_a_window_for_loose_numbers():
    x = ag.arange(2 * 2 * 6 * 7.0).reshape(2, 2, 6, 7)
    w = ag.ones(4, 1, 3, 2)
    window = Window.read("f", 2, (3, 2), 2, 1)
    pairs = [
        (ag.correlate(x, w, None, window, groups=2), ag.correlate(x, w, None, 2, 1, groups=2)),
        (ag.convolve(x, w, None, window, groups=2), ag.convolve(x, w, None, 2, 1, groups=2)),
        (ag.windows(x, window), ag.windows(x, (3, 2), 2, 1)),
    ]
    pooling = Window.pooling("f", 2, (3, 2), 2, 1, ceil_mode=True)
    pairs += [
        (ag.max_pool(x, pooling), ag.max_pool(x, (3, 2), 2, 1, ceil_mode=True)),
        (ag.avg_pool(x, pooling), ag.avg_pool(x, (3, 2), 2, 1, ceil_mode=True)),
    ]
    for got, want in pairs:
        assert got.tolist() == want.tolist()


@pytest.mark.parametrize(
    "call",
    [
        lambda x, w, window: ag.correlate(x, w, None, window, 1),
        lambda x, w, window: ag.correlate(x, w, None, window, dilation=2),
        lambda x, w, window: ag.max_pool(x, window, padding=1),
        lambda x, w, window: ag.max_pool(x, window, 2),
        lambda x, w, window: ag.max_pool(x, window, ceil_mode=True),
        lambda x, w, window: ag.windows(x, window, dilation=2),
    ],
)
def test_numbers_beside_a_window_are_refused(call):
    x, w = ag.ones(1, 1, 6, 6), ag.ones(1, 1, 3, 3)
    with pytest.raises(TypeError, match="a Window says stride, padding and dilation"):
        call(x, w, Window.read("f", 2, 3))
    with pytest.raises(ValueError, match="for 1 axes, not for 2"):
        ag.correlate(x, w, None, Window.read("f", 1, 3))


def test_windows_that_no_pooling_has_are_refused():
    x = ag.ones(1, 1, 6, 6)
    with pytest.raises(ValueError, match="at most half of the window"):
        ag.max_pool(x, Window((2, 2), (1, 1), ((0, 2), (0, 0)), (1, 1)))
    with pytest.raises(ValueError, match="averages have no dilation"):
        ag.avg_pool(x, Window((2, 2), (1, 1), ((0, 0), (0, 0)), (2, 1)))


def test_a_huge_window_costs_what_meets_the_image():
    x = ag.ones(1, 1, 3, 3)
    assert ag.max_pool(x, 2**40, 1, padding=2**39).shape[2:] == (4, 4)
    for sizes in itertools.product((2**40, 2**62), repeat=2):
        with pytest.raises(ValueError, match="does not fit"):
            ag.windows(x, sizes)


def test_the_window_of_one_axis_has_that_axis_numbers():
    window = Window((1, 2), (3, 4), ((5, 6), (7, 8)), (9, 10))
    assert window.along(0) == Window((1,), (3,), ((5, 6),), (9,))
    assert window.along(1) == Window((2,), (4,), ((7, 8),), (10,))
