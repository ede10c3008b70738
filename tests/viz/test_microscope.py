"""The microscope's numbers are the engine's: its lists of terms add up to them."""

import re
import zlib
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
from autograd import viz
from autograd.arguments import Window
from autograd.viz.microscope import panels, region
from autograd.viz.microscope.geometry import Axis, Windows

NUMPY_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


@st.composite
def layers(draw):
    """A random convolution as a layer, an image, and a gradient for its output."""
    integers = st.integers
    groups = draw(integers(1, 2))
    each, per = draw(integers(1, 2)), draw(integers(1, 2))
    size = draw(st.tuples(integers(3, 6), integers(3, 6)))
    kernel = draw(st.tuples(integers(1, 3), integers(1, 3)))
    dilation = draw(st.tuples(integers(1, 2), integers(1, 2)))
    padding = draw(st.tuples(integers(0, 2), integers(0, 2)))
    for axis in (0, 1):
        while size[axis] + 2 * padding[axis] < dilation[axis] * (kernel[axis] - 1) + 1:
            kernel = tuple(k - (axis == place) for place, k in enumerate(kernel))
    random = np.random.default_rng(draw(integers(0, 10**6)))
    layer = SimpleNamespace(
        weight=random.standard_normal((groups * per, each, *kernel)),
        bias=random.standard_normal(groups * per) if draw(st.booleans()) else None,
        stride=draw(st.tuples(integers(1, 3), integers(1, 3))),
        padding=padding,
        dilation=dilation,
        groups=groups,
        padding_mode=draw(st.sampled_from(list(NUMPY_MODES))),
    )
    x = random.standard_normal((draw(integers(1, 2)), groups * each, *size))
    return layer, x, random, draw(st.booleans())


def forward(layer, x, w, flip):
    """The layer in the engine's own words, with numpy's padding as the oracle of the modes."""
    (a, b), function = layer.padding, ag.convolve if flip else ag.correlate
    if isinstance(x, np.ndarray):
        x = np.pad(x, ((0, 0), (0, 0), (a, a), (b, b)), NUMPY_MODES[layer.padding_mode])
        padding = 0
    elif layer.padding_mode == "zeros":
        padding = (a, b)
    else:
        x = ag.pad_index(x, ((0, 0), (0, 0), (a, a), (b, b)), layer.padding_mode)
        padding = 0
    return function(x, w, layer.bias, layer.stride, padding, layer.dilation, layer.groups)


@given(layers())
def test_terms_of_a_convolution_add_up_to_the_engines_numbers(drawn):
    layer, image, random, flip = drawn
    x = ag.tensor(image, requires_grad=True)
    w = ag.tensor(layer.weight, requires_grad=True)
    y = forward(layer, x, w, flip)
    g = random.standard_normal(y.shape)
    y.backward(ag.tensor(g))

    model = viz.conv(layer, image, gradient=g, flip=flip).model

    plain = forward(layer, image, layer.weight, flip)  # padded by NumPy
    np.testing.assert_allclose(plain, y.data, atol=1e-12)
    for at in np.ndindex(*y.shape):
        bias = 0.0 if layer.bias is None else layer.bias[at[1]]
        total = sum(term.product for term in model.of_output(at)) + bias
        assert total == pytest.approx(y.data[at], abs=1e-10)
    for n, c, r, s in np.ndindex(*x.shape):
        back = sum(term.to_pixel for term in model.of_pixel(n, c, (r, s)))
        assert back == pytest.approx(x.grad.data[n, c, r, s], abs=1e-10)
    for o, c, u, v in np.ndindex(*w.shape):
        kernel = layer.weight.shape[2:]
        tap = (kernel[0] - 1 - u, kernel[1] - 1 - v) if flip else (u, v)
        channel = model.channels(o)[c]
        back = sum(term.to_weight for term in model.of_tap(o, channel, tap))
        assert back == pytest.approx(w.grad.data[o, c, u, v], abs=1e-10)
        assert model.gradient_of_tap(o, channel, tap) == pytest.approx(w.grad.data[o, c, u, v])


@given(layers())
def test_patches_times_kernels_is_the_layer(drawn):
    layer, image, _, flip = drawn
    model = viz.conv(layer, image, flip=flip).model
    per = len(layer.weight) // layer.groups
    for n in range(len(image)):
        for group in range(layer.groups):
            patches, kernels = model.im2col(n, group)
            mine = slice(group * per, (group + 1) * per)
            bias = 0.0 if layer.bias is None else layer.bias[mine]
            rows = (patches @ kernels + bias).T.reshape(model.y[n, mine].shape)
            np.testing.assert_allclose(rows, model.y[n, mine], atol=1e-10)
            for at in np.ndindex(*model.windows.outputs):
                row = patches[model.windows.im2col_row(at)]
                terms = model.of_output((n, group * per, *at))
                assert [term.x for term in terms] == row.tolist()


@given(layers())
def test_skipped_pixels_are_those_whose_change_changes_nothing(drawn):
    layer, image, _, _ = drawn
    layer.weight = abs(layer.weight) + 1.0  # so that no gradient is 0 by chance
    scope = viz.conv(layer, image)
    unmoved = {tuple(map(int, spot)) for spot in np.argwhere(scope.model.dx[0, 0] == 0)}
    assert set(scope.skipped) == unmoved
    assert all(scope.model.windows.why_skipped(spot) for spot in scope.skipped)
    assert bool(scope.skipped) == ("Skipped:" in scope.text())


@given(
    st.sampled_from(["max", "avg", "soft"]),
    st.integers(1, 3), st.integers(1, 3), st.integers(0, 1), st.booleans(), st.integers(0, 10**6),
)  # fmt: skip
def test_terms_of_a_pooling_add_up_to_the_engines_numbers(
    kind, kernel, stride, padding, ceil, seed
):
    padding = min(padding, kernel // 2)
    random = np.random.default_rng(seed)
    image = random.integers(-2, 3, (2, 2, 5, 6)).astype(float)
    x = ag.tensor(image, requires_grad=True)
    options = {"kernel_size": kernel, "stride": stride, "padding": padding}
    if kind == "soft":

        def layer(windows):
            return ag.logsumexp(windows, axis=(-2, -1))

        y = layer(ag.windows(x, kernel, stride, padding))
    else:
        layer, options["ceil_mode"] = kind, ceil
        function = ag.max_pool if kind == "max" else ag.avg_pool
        y = function(x, kernel, stride, padding, ceil_mode=ceil)
    g = random.standard_normal(y.shape)
    y.backward(ag.tensor(g))
    model = viz.pool(layer, image, gradient=g, **options).model
    np.testing.assert_allclose(model.y, y.data)
    for n, c, r, s in np.ndindex(*x.shape):
        back = sum(term.to_pixel for term in model.of_pixel(n, c, (r, s)))
        assert back == pytest.approx(x.grad.data[n, c, r, s], abs=1e-10)
    if kind != "soft":
        for at in np.ndindex(*y.shape):
            total = sum(term.product for term in model.of_output(at))
            assert total == pytest.approx(y.data[at], abs=1e-10)
    if kind == "max":
        for at in np.ndindex(*y.shape):
            first = next(t for t in model.of_output(at) if t.weight)
            assert model.ties(at)[0] == first.tap


@given(
    st.sampled_from([1, 2]), st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.tuples(st.integers(1, 3), st.integers(1, 3)), st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.integers(1, 2), st.integers(0, 1), st.integers(0, 1), st.integers(0, 10**6),
)  # fmt: skip
def test_terms_of_a_transposed_convolution_add_up_to_the_engines_numbers(
    groups, size, kernel, stride, dilation, padding, more, seed
):
    more = min(more, min(stride) - 1)
    random = np.random.default_rng(seed)
    whole = [
        (n - 1) * s - 2 * padding + dilation * (k - 1) + more + 1
        for n, s, k in zip(size, stride, kernel, strict=True)
    ]
    if min(whole) < 1:
        return
    weight = random.standard_normal((2 * groups, 3, *kernel))
    image = random.standard_normal((2, 2 * groups, *size))
    layer = SimpleNamespace(
        weight=weight, bias=random.standard_normal(3 * groups), stride=stride, padding=padding,
        dilation=dilation, groups=groups, output_padding=more, transposed=True,
    )  # fmt: skip
    # The oracle: every pixel stamps its multiple of the kernel into an output that is cropped after.
    reach = [dilation * (k - 1) for k in kernel]
    canvas = np.zeros((2, 3 * groups, *(2 * 8 + w + r for w, r in zip(whole, reach, strict=True))))
    for n, c, i, j in np.ndindex(*image.shape):
        for o in range(3):
            for u, v in np.ndindex(*kernel):
                r, s = i * stride[0] + u * dilation, j * stride[1] + v * dilation
                target = (n, c // 2 * 3 + o, r + 8 - padding, s + 8 - padding)
                canvas[target] += image[n, c, i, j] * weight[c, o, u, v]
    expected = canvas[:, :, 8 : 8 + whole[0], 8 : 8 + whole[1]] + layer.bias[:, None, None]
    model = viz.conv(layer, image).model
    np.testing.assert_allclose(model.y, expected, atol=1e-10)
    for at in np.ndindex(*model.y.shape):
        total = sum(term.product for term in model.of_output(at)) + layer.bias[at[1]]
        assert total == pytest.approx(model.y[at], abs=1e-10)
    for n, c, r, s in np.ndindex(*image.shape):
        terms = model.of_pixel(n, c, (r, s))
        assert sum(term.to_pixel for term in terms) == pytest.approx(
            model.dx[n, c, r, s], abs=1e-10
        )
        for term in terms:  # a tap of the window is the weight that the layer stores there
            assert term.weight == weight[model.weight_index(term.output[1], c, term.tap)]
    for o, c, u, v in np.ndindex(3 * groups, 2, *kernel):
        channel, tap = model.channels(o)[c], (u, v)
        back = sum(term.to_weight for term in model.of_tap(o, channel, tap))
        assert back == pytest.approx(model.gradient_of_tap(o, channel, tap), abs=1e-10)


def test_a_transposed_convolution_is_shown_both_ways():
    layer = SimpleNamespace(
        weight=np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), stride=2, transposed=True
    )
    scope = viz.conv(layer, [[1.0, 5.0], [0.0, 2.0]], at=(2, 3))
    assert scope.term.pixel == (1, 1) and scope.term.weight == 2.0
    text = scope.text()
    assert "stride 2" in text and "true convolution" not in text
    assert "with a zero between its pixels" in text and "used by 4 pixels" in text
    stamp = text[text.index("its stamp") :].splitlines()[2:4]
    assert [line.split() for line in stamp] == [["0", "+2", "[+4]"], ["1", "+6", "+8"]]
    with pytest.raises(TypeError, match="flip is for convolutions"):
        viz.conv(layer, [[1.0]], flip=True)


@pytest.mark.parametrize("kind", ["Avg", "Max"])
def test_adaptive_pooling_with_windows_that_are_all_alike(kind):
    nn = pytest.importorskip("nn")
    layer = getattr(nn, f"Adaptive{kind}Pool2d")((2, 3))
    x = np.random.default_rng(0).standard_normal((1, 2, 5, 6)).astype(np.float32)
    model = viz.pool(layer, x).model  # rows: windows 0 to 2 and 2 to 4
    np.testing.assert_allclose(model.y, layer(ag.tensor(x)).data, rtol=1e-6)
    assert model.windows.rows.kernel == 3 and model.windows.columns.kernel == 2
    with pytest.raises(ValueError, match="multiple of 3"):
        viz.pool(layer, x[..., :5])


# -- geometry -----------------------------------------------------------------------------------


def test_reasons_for_skipping():
    def axis(size, kernel, stride, dilation=1):
        return Axis(size, Window.read("test", 1, kernel, stride, 0, dilation))

    assert axis(5, 3, 3).skipped == {3: "end", 4: "end"}
    assert axis(7, 1, 3).skipped == {1: "stride", 2: "stride", 4: "stride", 5: "stride"}
    assert axis(3, 2, 1, 2).skipped == {1: "dilation"}
    assert axis(6, 2, 2).skipped == {}


def test_a_pixel_that_is_copied_into_the_padding_is_reached_through_its_copies():
    axis = Axis(3, Window.read("test", 1, 3, padding=1), "reflect")
    assert axis.reached(1) == [(0, 0), (0, 2), (1, 1), (2, 0), (2, 2)]
    windows = Windows(axis, axis)
    assert windows.source((-1, 3)) == (1, 1)
    assert windows.is_padding((-1, 0)) and not windows.is_padding((0, 0))


def test_the_region_is_whole_windows_around_the_selection():
    axis = Axis(50, Window.read("test", 1, 3, 2, 1))
    part = region.stretch(axis, 12, 14)
    assert (part.low, part.high, part.first, part.last, part.whole) == (19, 28, 10, 14, False)
    assert region.stretch(Axis(5, Window.read("test", 1, 3, padding=1)), 0, 14).whole


# -- what is shown ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scope():
    random = np.random.default_rng(1)
    x = random.integers(-3, 4, (2, 2, 5, 5)).astype(np.float32)
    w = random.integers(-2, 3, (3, 2, 3, 3)).astype(np.float32)
    return viz.conv(w, x, at=(0, 1, 1, 1), padding=1, padding_mode="reflect", bias=[0.5, 1.0, 2.0])


def test_text_names_the_engines_numbers(scope):
    text = scope.text()
    model = scope.model
    assert f"The engine's output: {model.y[0, 1, 1, 1]:g}.".replace("-", "−") in text
    assert f"the engine says {model.dx[0, 0, 1, 1]:g}.".replace("-", "−") in text
    assert f"the engine says {model.dw[1, 0, 1, 1]:g}.".replace("-", "−") in text
    assert "row 7 of 25 is this patch, column 5 of 18 this tap" in text
    assert "shared by 50 positions of 2 images" in text
    assert "padding 1 (reflect)" in text


def test_selecting_moves_the_views_together(scope):
    other = scope.select(at=(1, 2, 0, 0), tap=(1, 0, 0))
    assert other.term.position == (-1, -1) and other.term.pixel == (1, 1)
    assert "seen as its reflect copy at (−1, −1)" in other.text()
    assert scope.at == (0, 1, 1, 1)


def test_the_picture_is_valid_and_always_the_same(scope):
    svg = scope.to_svg()
    root = ElementTree.fromstring(svg)
    tags = [child.tag.split("}")[1] for child in root][:3]
    assert tags == ["title", "desc", "style"]
    again = viz.conv(scope.model.w, scope.model.x, at=(0, 1, 1, 1), padding=1,
                     padding_mode="reflect", bias=[0.5, 1.0, 2.0])  # fmt: skip
    assert again.to_svg() == svg and again._repr_html_() == scope._repr_html_()


def test_files(scope, tmp_path):
    for suffix in ("svg", "html", "txt"):
        content = scope.save(tmp_path / f"scope.{suffix}").read_text(encoding="utf-8")
        assert len(content.encode()) < 310_000
    with pytest.raises(ValueError, match=r"\.svg"):
        scope.save(tmp_path / "scope.gif")


def test_true_convolution_turns_the_kernel():
    kernel = np.arange(6.0).reshape(2, 3)
    x = np.arange(20.0).reshape(4, 5)
    straight, turned = viz.conv(kernel, x), viz.conv(kernel, x, flip=True)
    weights = [t.weight for t in straight.model.of_output(straight.at)]
    assert [t.weight for t in turned.model.of_output(turned.at)] == weights[::-1]
    expected = np.asarray(ag.convolve(x[None, None], kernel[None, None]))
    np.testing.assert_allclose(turned.model.y, expected)
    assert "true convolution" in turned.text()


def test_sequences():
    scope = viz.conv(np.ones((1, 1, 3)), np.arange(6.0), at=(0, 0, 2), padding=1)
    assert scope.at == (0, 0, 0, 2)
    assert [t.x for t in scope.model.of_output(scope.at)] == [1.0, 2.0, 3.0]
    assert "1×1×6 → 1×1×6, window of 3" in scope.text()


def test_winner_tie_and_padding_of_max_pooling():
    scope = viz.pool("max", [[1.0, 7.0, 7.0], [0.0, 7.0, 2.0]], kernel_size=3, stride=1, padding=1)
    text = scope.select(at=(0, 0)).text()
    assert "The winner is pixel (0, 1) with 7; the whole gradient +1 goes there." in text
    assert "a tie of 2 cells" in text and "−∞" in text
    assert "*7" in text and "=7" in text


class Conv2d(SimpleNamespace):
    forward = None


LAYERS = {
    "conv": SimpleNamespace(weight=np.ones((1, 1, 2, 2)), kernel_size=2, stride=1),
    "pool": SimpleNamespace(kernel_size=2),
    "linear": SimpleNamespace(weight=np.ones((2, 3)), forward=None),
    "model": SimpleNamespace(named_modules=lambda: [("", None), ("first", Conv2d())]),
}


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: viz.conv(3, np.ones((3, 3))), TypeError, "viz.graph"),
        (lambda: viz.conv(np.ones((2, 2)), np.ones((3, 3)), at=(5, 0)), IndexError, "out of range"),
        (lambda: viz.conv(np.ones((2, 2)), np.ones((3, 3)), at=(0, 9)), IndexError, r"at=\(0, 9\): column 9 .* 2 columns, 0 to 1"),
        (lambda: viz.conv(np.ones((2, 2)), np.ones((2, 1, 3, 3)), at=(2, 0, 0, 0)), IndexError, "image 2 .* 2 images, 0 to 1"),
        (lambda: viz.conv(np.ones((1, 1, 2)), np.ones(3), at=(2,)), IndexError, r"at=\(2,\): place 2 "),
        (lambda: viz.conv(np.ones((2, 2)), np.ones((3, 3)), at=(1,)), IndexError, "at least the last two"),
        (lambda: viz.conv(np.ones((2, 2)), np.ones((3, 3)), at=(0.5, 1)), TypeError, r"whole numbers .* got \(0.5, 1\)"),
        (lambda: viz.conv(np.ones((2, 2)), np.ones((3, 3)), tap=(2, 0)), IndexError, "row 2 .* the window has 2 rows"),
        (lambda: viz.conv(np.ones((2, 2)), np.ones((2, 3, 3))), ValueError, "channels"),
        (lambda: viz.conv(np.ones((1, 1, 2, 2, 2)), np.ones((3, 3, 3))), TypeError, "over volumes"),
        (lambda: viz.conv(SimpleNamespace(weight=np.ones((2, 2))), np.ones((3, 3)), stride=2), TypeError, "own stride"),
        (lambda: viz.conv(np.ones((4, 4)), np.ones((3, 3))), ValueError, "does not fit"),
        (lambda: viz.conv(np.ones((2, 2)), np.ones((3, 3)), gradient=np.ones((3, 3))), ValueError, "gradient"),
        (lambda: viz.pool("max", np.ones((3, 3))), TypeError, "kernel_size"),
        (lambda: viz.pool(LAYERS["conv"], np.ones((3, 3))), TypeError, "viz.conv"),
        (lambda: viz.conv(LAYERS["pool"], np.ones((3, 3))), TypeError, "viz.pool"),
        (lambda: viz.conv(LAYERS["linear"], np.ones((3, 3))), TypeError, "viz.graph"),
        (lambda: viz.conv(LAYERS["model"], np.ones((3, 3))), TypeError, "its convolutions: first"),
        (lambda: viz.pool("min", np.ones((3, 3)), kernel_size=2), ValueError, "'max', 'avg'"),
        (lambda: viz.pool("max", np.ones((3, 3)), kernel_size=5), ValueError, "does not fit"),
    ],
)  # fmt: skip
def test_errors(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_a_title_is_shown_and_marks_are_explained():
    scope = viz.pool("max", [[1.0, 7.0], [7.0, 0.0]], kernel_size=2, title="My <title>")
    svg, html = scope.to_svg(), scope._repr_html_()
    assert "class='heading'" in svg and ">My &lt;title&gt;</text>" in svg
    assert "ounded frame: winner" in svg and "dotted frame: as large (tie)" in svg
    assert "hatched" not in svg.split("</style>")[1].replace("gm-hatch", "")
    assert '"heading": "My <title>"' in html.replace('":"', '": "')
    assert scope.to_html().count("<h1>My &lt;title&gt;</h1>") == 1
    assert '"heading":""' in scope.to_html()  # the page's own heading says it


def test_a_sign_stays_with_the_part_behind_it():
    x = np.random.default_rng(0).standard_normal((8, 8)).round(2)
    panel = viz.conv(np.ones((5, 5)) / 7, x, padding=2).panels()[0]
    drawing = panels._Drawing(panel)
    tops = [(part, top) for part, _, top in drawing.places]
    assert len({top for _, top in tops}) > 1  # it wraps
    for (sign, top), (_, below) in zip(tops, tops[1:], strict=False):
        assert not isinstance(sign, str) or top == below


def test_big_tensors_are_cut_to_a_neighbourhood():
    random = np.random.default_rng(0)
    w, x = random.standard_normal((8, 12, 3, 3)), random.standard_normal((2, 12, 40, 40))
    html = viz.conv(w, x, at=(1, 5, 20, 20), padding=1)._repr_html_()
    assert len(html.encode()) < 300_000
    assert "only rows 16 to 24 and columns 16 to 24" in html and "3 of 12 input channels" in html


def test_script_is_small_and_fetches_nothing():
    from autograd.viz.microscope.html import script, style

    assert len(script().encode()) <= 30_000
    assert not re.search(
        r"https?://(?!www\.w3\.org)|fetch\(|import\(|url\(|eval\(", script() + style()
    )


def contrast(one, other):
    """WCAG 2's contrast of two colours."""

    def luminance(colour):
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_numbers_can_be_read_on_every_colour():
    from autograd.viz.drawing import palette

    for fills, colours in ((panels.LIGHT, palette.LIGHT), (panels.DARK, palette.DARK)):
        for fill in filter(None, fills):
            assert contrast(fill, colours["text"]) >= 4.5
        assert contrast(colours["muted"], colours["background"]) >= 4.5


def test_png_holds_the_plane():
    data = panels.png(np.array([[-1.0, 0.0], [1.0, np.nan]]), 1.0)
    assert data.startswith(b"\x89PNG")
    body = data[data.index(b"IDAT") + 4 :]
    rows = zlib.decompress(body[: body.index(b"IEND") - 8])
    assert rows == bytes([0, 0, 128, 0, 255, 128])
