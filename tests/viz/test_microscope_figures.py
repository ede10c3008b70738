"""Output sizes, receptive fields, shifts, feature maps and kernels."""

import io
import re
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
import nn
from autograd import viz
from autograd.viz.microscope import panels
from autograd.viz.microscope.multiples import FeatureMaps, Map
from autograd.viz.pages import shell

# -- output sizes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        ((6, 3, 2, 0), "1 cell is left"),
        ((6, 3, 2, 1), "1 padded cell is left"),
        ((8, 3, 4, 1), "3 cells (1 of them padded) are left"),
        ((9, 3, 4, 0), "2 cells are left"),
        ((7, 3, 2, 0), ""),
    ],
)
def test_the_cells_left_over_are_called_padded_where_they_are(arguments, left):
    text = viz.output_size(*arguments).text()
    size, kernel, stride, padding = arguments
    rest = (size + 2 * padding - kernel) % stride
    assert ("left, too few" in text) == bool(rest)
    if rest:
        found = text.partition("after the last window ")[2].partition(",")[0]
        padded = min(rest, padding)  # the padding is what comes last
        assert str(rest) in found and ("padded" in found) == bool(padded)
        assert found == left


@given(
    st.integers(1, 12), st.integers(1, 4), st.integers(1, 4), st.integers(0, 2), st.integers(1, 3)
)
def test_output_size_is_the_engines(size, kernel, stride, padding, dilation):
    if size + 2 * padding < dilation * (kernel - 1) + 1:
        with pytest.raises(ValueError, match="spans"):
            viz.output_size(size, kernel, stride, padding, dilation)
        return
    found = viz.output_size(size, kernel, stride, padding, dilation)
    x = ag.tensor(np.ones((1, 1, size)), requires_grad=True)
    y = ag.correlate(x, np.ones((1, 1, kernel)), None, stride, padding, dilation)
    assert found == y.shape[2] == int(found)
    assert found.text().splitlines()[1].endswith(f"= {y.shape[2]}")
    y.sum().backward()
    assert found.skipped[0] == np.flatnonzero(x.grad.data[0, 0] == 0).tolist()


def test_output_size_explains_an_invalid_stride():
    text = viz.output_size(5, kernel=3, stride=3).text()
    assert "⌊2 / 3⌋ + 1 = 0 + 1 = 1" in text
    assert "2 of 5 cells are seen by no window: 3, 4." in text
    only_padding = viz.output_size(5, kernel=3, stride=3, padding=1).text()
    assert "every cell of the image is seen" in only_padding


def test_output_size_of_a_layer_and_an_image():
    layer = SimpleNamespace(kernel_size=3, stride=2, padding=(1, 0), dilation=1)
    assert viz.output_size(np.ones((2, 3, 8, 9)), layer) == (4, 4)
    pool = SimpleNamespace(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=True)
    assert viz.output_size((5, 4), pool).sizes == (3, 2)
    with pytest.raises(TypeError, match="kernel's size"):
        viz.output_size(5)
    nn = pytest.importorskip("nn")
    for layer, told in (
        (nn.Linear(2, 3), "slides no window"),
        (nn.ConvTranspose2d(1, 1, 3), "the other way"),
        (nn.AdaptiveAvgPool2d(3), "was told, 3"),
    ):
        with pytest.raises(TypeError, match=told):
            viz.output_size((8, 8), layer)


# -- receptive fields ---------------------------------------------------------------------------


def chain(*steps):
    def run(x):
        for step in steps:
            x = step(x)
        return x

    return run


def correlate(kernel, **options):
    weight = ag.tensor(np.random.default_rng(kernel).uniform(0.1, 1, (1, 1, kernel, kernel)))
    return lambda x: ag.correlate(x, weight, **options)


MODELS = [
    chain(correlate(3), correlate(3, stride=2), correlate(2, dilation=2)),
    chain(correlate(3, padding=1), ag.relu, lambda x: ag.max_pool(x, 2), correlate(3)),
    chain(correlate(2, stride=2), lambda x: ag.avg_pool(x, 3, 1, 1), ag.exp),
    chain(lambda x: ag.pad_index(x, ((0, 0), (0, 0), (1, 1), (1, 1)), "reflect"), correlate(3)),
    lambda x: correlate(3, padding=1)(x) + correlate(5, padding=2)(x),
]


@pytest.mark.parametrize("model", MODELS)
def test_the_field_is_where_a_change_can_change_the_output(model):
    """Oracle: change every pixel by itself, a lot and in both directions, on several images."""
    random = np.random.default_rng(0)
    size = 14
    at = (0, 1, 1)
    moved = np.zeros((size, size), bool)
    for _ in range(3):
        image = random.uniform(0, 1, (1, 1, size, size))
        before = np.asarray(model(ag.tensor(image)).data)[0][at]
        changed = np.repeat(image, size * size, axis=0)
        for k in range(size * size):
            changed[k, 0, k // size, k % size] += 50.0
        after = np.asarray(model(ag.tensor(changed)).data)[(slice(None), *at)]
        moved |= (after != before).reshape(size, size)
    field = viz.receptive_field(model, at=at, x=image)
    np.testing.assert_array_equal(field.mask, moved)
    assert (field.influence[~field.mask] == 0).all()


def test_without_an_image_a_square_is_chosen_that_the_model_takes_and_holds_the_field():
    nn = pytest.importorskip("nn")
    layers = [nn.Conv2d(2, 4, 3, padding=1), nn.MaxPool2d(2), nn.Conv2d(4, 8, 3, padding=1)]
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(8 * 14 * 14, 10))
    field = viz.receptive_field(model, model[2], (0, 2, 2))
    assert field.size == (8, 8) and field.mask.shape == (28, 28)  # the linear layer wants 28 x 28
    free = viz.receptive_field(nn.Sequential(*layers), "2", (0, 5, 5))
    assert free.size == (8, 8) and free.mask.shape == (16, 16)  # in 8 x 8 there is no row 5
    with pytest.raises(ValueError, match="shape .C, H, W. of one: with at=.0, 500, 500"):
        viz.receptive_field(model, model[2], (0, 500, 500))
    with pytest.raises(ValueError, match="how many channels"):
        viz.receptive_field(lambda x: x * 2)


def test_the_field_as_a_formula():
    field = viz.receptive_field(MODELS[0], x=(1, 32, 32))
    assert field.size == (9, 9) and field.jump == (2, 2)
    assert [stage.extents[0].size for stage in field.stages] == [3, 5, 9]
    holes = viz.receptive_field(correlate(2, dilation=3), x=(1, 9, 9))
    assert holes.size == (4, 4) and holes.mask.sum() == 4
    text = field.text()
    assert "9×9" in text and "dilation 2×2" in text
    corner = viz.receptive_field(MODELS[1], at=(0, 0), x=(1, 16, 16))
    assert corner.box == (0, 0, 7, 7) and "of which the border leaves 7×7" in corner.text()


def test_a_layer_inside_a_module_and_what_mixes_the_whole_plane():
    nn = pytest.importorskip("nn")
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(72, 4))
    x = np.random.default_rng(0).standard_normal((1, 1, 8, 8)).astype(np.float32)
    assert viz.receptive_field(model, "0", (0, 0, 0), x).size == (3, 3)
    assert viz.receptive_field(model, model[0], (0, 0, 0), x).mask.sum() == 9
    assert viz.receptive_field(model, None, (3,), x).mask.all()
    training = viz.receptive_field(model, "1", (0, 0, 0), x)
    assert training.mask.all() and "At normalize it grows to the whole plane." in training.text()
    assert viz.receptive_field(model.eval(), "1", (0, 0, 0), x).mask.sum() == 9
    with pytest.raises(ValueError, match="no layer 'conv9'"):
        viz.receptive_field(model, "conv9", x=x)
    with pytest.raises(IndexError, match="out of range"):
        viz.receptive_field(model, "0", (0, 9, 9), x)


def inked(png):
    """The colours of a PNG with a palette, as rows of red, green and blue."""
    PIL = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    return np.asarray(PIL.open(io.BytesIO(png)).convert("RGB")).astype(int)


def test_a_photograph_is_grey_and_a_signed_plane_is_not():
    plane = np.array([[-1.0, 0.0, 3.0]])
    assert inked(panels.png(plane, 3.0, -1.0)).tolist() == [[[0] * 3, [64] * 3, [255] * 3]]
    assert inked(panels.png(np.ones((1, 2)), 1.0, 1.0)).tolist() == [[[0] * 3] * 2]  # all the same
    blue, white, orange = inked(panels.png(plane, 3.0))[0]
    assert blue[2] > blue[0] and white.tolist() == [255] * 3 and orange[0] > orange[2]


def test_what_is_shifted_is_shown_grey_on_one_scale(photo):
    shown = viz.shift_test(correlate(3), photo, 1, 0).panels()[0].parts
    assert [(each.title, each.black) for each in shown[:2]] == [
        ("x", min(0.0, photo.min())),
        ("shift x", min(0.0, photo.min())),
    ]
    assert shown[0].scale == shown[1].scale == photo.max()
    assert all(each.black is None for each in shown[2:5])


# -- shifts -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def photo():
    return np.random.default_rng(3).standard_normal((1, 1, 16, 16))


@pytest.mark.parametrize(("dy", "dx"), [(1, 0), (0, -2), (2, 3), (-1, -1)])
def test_convolution_without_padding_is_equivariant(photo, dy, dx):
    """Except where the shift brings in new pixels: exactly the rows and columns that see them."""
    test = viz.shift_test(correlate(3), photo, dy, dx)
    assert test.equivariant == 1.0 and test.counts() == {}
    assert test.interior == 1.0
    expected = np.roll(test.shift.before, (dy, dx), (1, 2))
    inner = np.s_[:, 4:-4, 4:-4]
    np.testing.assert_allclose(test.shift.after[inner], expected[inner], atol=1e-12)


def test_padding_breaks_equivariance_at_the_border_only(photo):
    test = viz.shift_test(
        chain(correlate(3, padding=1), lambda x: x + 1.0, correlate(3, padding=1)), photo, 1, 0
    )
    assert set(test.counts()) == {"padding"}
    assert (test.causes[2:-2, 2:-2] == "").all() and test.interior == 1.0
    count = test.counts()["padding"]
    assert test.summary().endswith(f"; others differ: {count} at the border (padding)")


def test_stride_breaks_equivariance_everywhere(photo):
    strided = correlate(3, stride=2)
    odd = viz.shift_test(strided, photo, 1, 0)
    assert not odd.exact and (odd.causes[1:-1, 1:-1] == "stride").all()
    assert odd.interior == 0.0
    headline = odd.summary()
    assert headline.startswith("Shifted 1 down, no whole number of output steps (of 2 pixels)")
    assert "others differ: " in headline and "because of the stride" in headline
    even = viz.shift_test(strided, photo, 2, -4)
    assert even.summary().startswith(
        "Shifted 2 down and 4 left, the output moves along in 30 of 30"
    )
    assert even.exact and even.moved == (1, -2) and even.equivariant == 1.0


def test_pooling_is_invariant_within_its_windows():
    image = np.zeros((8, 8))
    image[2, 2] = image[4, 6] = 5.0  # the first cells of their windows
    pool = lambda x: ag.max_pool(x, 2)  # noqa: E731
    within = viz.shift_test(pool, image, 1, 1)
    assert within.unchanged == 1.0 and within.change == 0.0
    beyond = viz.shift_test(pool, image, 2, 0)
    assert beyond.unchanged < 1.0 and beyond.equivariant == 1.0 and beyond.moved == (1, 0)


def test_a_layer_that_knows_places_is_another_cause(photo):
    places = ag.tensor(np.random.default_rng(0).standard_normal((1, 1, 16, 16)))
    test = viz.shift_test(lambda x: x * places, photo, 1, 1)
    assert "other" in test.counts()
    with pytest.raises(ValueError, match="leaves nothing"):
        viz.shift_test(lambda x: x, photo, 16, 0)
    with pytest.raises(ValueError, match="must have a plane"):
        viz.shift_test(lambda x: x.reshape(1, -1), photo, 1, 0)


# -- small multiples ----------------------------------------------------------------------------


def test_feature_maps_are_what_the_layers_made(tmp_path):
    nn = pytest.importorskip("nn")
    model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
    x = np.random.default_rng(0).standard_normal((2, 1, 8, 8)).astype(np.float32)
    maps = viz.feature_maps(model, x)
    assert maps.names == ["0", "1", "2"]
    np.testing.assert_allclose(maps.maps[0].planes, model[0](ag.tensor(x[:1])).data[0], rtol=1e-6)
    assert viz.feature_maps(model, x, ["2"]).names == ["2"]
    svg = maps.save(tmp_path / "maps.svg").read_text(encoding="utf-8")
    assert svg.count("<image") == 9 and len(svg) < 300_000
    assert not model[0]._forward_hooks
    with pytest.raises(ValueError, match="no layer '9'; it has 0, 1"):
        viz.feature_maps(model, x, ["9"])
    with pytest.raises(ValueError, match="no named layers, being a function"):
        viz.feature_maps(lambda image: image, x, ["9"])


def test_kernels_show_all_weights_on_one_scale():
    weight = np.zeros((2, 2, 2, 2))
    weight[1, 0, 1, 1] = -4.0
    text = viz.kernels(weight).text()
    assert "2 output channels × 2 input channels, 2×2 each; 16 weights" in text
    assert "1 ← 0" in text and "−4" in text
    layer = SimpleNamespace(weight=ag.tensor(weight, requires_grad=True))
    with pytest.raises(ValueError, match="no gradient yet"):
        viz.kernels(layer, gradient=True)
    (layer.weight * 3.0).sum().backward()
    assert "gradient" in viz.kernels(layer, gradient=True).summary()
    matrix = SimpleNamespace(weight=np.ones((2, 3)), in_features=3)
    with pytest.raises(TypeError, match="matrix of weights"):
        viz.kernels(matrix)
    many = viz.kernels(np.ones((64, 32, 3, 3)))
    assert len(many._repr_html_()) < 300_000 and "Shown: 16 of 64" in many.text()


@pytest.mark.parametrize(
    "make",
    [
        lambda: viz.output_size((5, 7), 3, (2, 3), 1),
        lambda: viz.receptive_field(MODELS[1], x=(1, 16, 16)),
        lambda: viz.shift_test(MODELS[1], np.eye(16), 1, 0),
        lambda: viz.feature_maps(MODELS[1], np.eye(16)),
        lambda: viz.kernels(np.eye(3)),
    ],
)
def test_every_figure_shows_itself(make, tmp_path):
    figure = make()
    bundle = figure._repr_mimebundle_()
    assert "<img" in bundle["text/html"] and "<svg" not in bundle["text/html"]
    assert "As tables and text" in bundle["text/html"]
    assert figure.text().startswith(figure.summary())
    assert figure.to_svg() == make().to_svg()
    html = figure.save(tmp_path / "figure.html").read_text(encoding="utf-8")
    assert html.startswith("<!DOCTYPE html>") and len(html) < 300_000


def test_looking_leaves_running_statistics_as_they_were():
    import autograd
    import nn
    from autograd import viz

    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    image = autograd.ones(1, 1, 6, 6).numpy() * np.arange(6.0, dtype=np.float32)
    before = {name: value.tolist() for name, value in model.named_buffers()}
    viz.feature_maps(model, image)
    viz.receptive_field(model, None, at=(1, 1), x=image)
    assert {name: value.tolist() for name, value in model.named_buffers()} == before


@pytest.mark.parametrize("layers, size", [(6, 128), (40, 16), (400, 4)])
def test_a_page_of_feature_maps_stays_small(layers, size):
    rng = np.random.default_rng(0)
    planes = rng.normal(size=(16, size, size))
    maps = FeatureMaps([Map(f"layer{k}", "Conv2d", planes + k) for k in range(layers)])
    html = maps.to_html()
    assert len(html.encode()) <= shell.PAGE_LIMIT and "<img" in html
    assert "too big for a page" in html and ".save('figure.svg') draws all" in html
    assert maps.to_svg().count("<image") == 16 * layers
    small = FeatureMaps(maps.maps[:1])
    assert "too big" not in small.to_html()


def test_a_layer_is_named_with_its_class():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Conv2d(2, 2, 3))
    field = viz.receptive_field(model, "2", (0, 0))
    assert field.summary().startswith("Receptive field of (0, 0, 0) of 2 (Conv2d): 5×5 pixels")


def test_pictures_shrink_only_as_far_as_they_can_be_read():
    figure = viz.kernels(nn.Conv2d(4, 8, 3))
    width = float(re.search(r"width='([\d.]+)", figure.to_svg()).group(1))
    least = re.search(r'class="gg-scroll".*?min-width:(\d+)px', figure.to_html(), re.DOTALL)
    assert width > 500 and int(least.group(1)) == round(0.75 * width)


# -- rare layers and images --------------------------------------------------------------------------

PLANE = np.arange(25.0).reshape(5, 5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: viz.conv(np.array([["a"]]), PLANE), "expected numbers, got an array of dtype"),
        (lambda: viz.conv(nn.ConvTranspose2d(2, 1, 3), np.ones((3, 5, 5))), "has 3 channels, but the kernel .* is for 2"),
        (lambda: viz.conv(nn.ConvTranspose2d(1, 1, 3, padding=2), np.ones((1, 1))), "takes away all that kernel 3 makes of 1"),
        (lambda: viz.pool(nn.MaxPool2d(2), PLANE, kernel_size=3), "the layer has its own kernel_size"),
        (lambda: viz.pool(nn.MaxPool3d(2), PLANE), "slides over volumes"),
        (lambda: viz.pool("max", PLANE, kernel_size=(2, 2, 2)), "slides over volumes"),
        (lambda: viz.pool(nn.AdaptiveMaxPool3d(2), PLANE), "slides over volumes"),
        (lambda: viz.conv(np.ones(3), PLANE), r"one or two spatial axes.*got shape \(3,\)"),
        (lambda: viz.pool("max", np.ones((0, 1, 4, 4)), kernel_size=2), r"x must be images of shape .*\(0, 1, 4, 4\)"),
        (lambda: viz.kernels(3), "give a layer with a weight, or the weight; got int"),
        (lambda: viz.kernels(np.ones((1, 1, 1, 2, 2))), r"the weight must be \(O, C / groups, kH, kW\)"),
        (lambda: viz.feature_maps(nn.Flatten(), PLANE), "no layer made an output of shape"),
        (lambda: viz.feature_maps(nn.Sequential(nn.ReLU()), PLANE, layers=[]), "layers is empty; it has 0"),
        (lambda: viz.shift_test(lambda x: x, np.ones((2, 0, 3)), 0, 0), "x must be images"),
        (lambda: viz.shift_test(nn.AvgPool2d(4), np.ones((8, 8)), 7, 0), "out of sight"),
        (lambda: viz.receptive_field(lambda x: ag.ones(1, 1, 2, 2), x=PLANE), "does not depend on the image"),
        (lambda: viz.receptive_field(nn.Conv2d(1, 1, 3), at=(0, 0, 0, 0, 0), x=PLANE), "has 4 axes"),
    ],
)  # fmt: skip
def test_what_cannot_be_looked_at_is_told(call, words):
    with pytest.raises((ValueError, TypeError, IndexError), match=words):
        call()


def test_a_layer_that_is_there_and_not_run_has_no_field():
    class Lazy(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.unused = nn.Conv2d(1, 1, 3), nn.Conv2d(1, 1, 3)

        def forward(self, x):
            return self.used(x)

    with pytest.raises(ValueError, match="the layer 'unused' was not run"):
        viz.receptive_field(Lazy(), "unused", x=PLANE)


def test_images_come_in_the_precision_of_the_kernels():
    third = np.full((1, 1, 2, 2), 1.0 / 3.0)
    single = viz.conv(third, PLANE.astype(np.float32)).model
    assert single.x.dtype == np.float64 == single.w.dtype


def test_a_pooling_layer_of_ones_own_is_a_function_of_its_windows():
    class Root(nn.Module):
        kernel_size = 2

        def forward(self, x):
            return ag.sqrt(ag.square(x).sum(axis=(-2, -1), keepdims=True))

    scope = viz.pool(Root(), PLANE)
    assert f"{np.sqrt((PLANE[:2, :2] ** 2).sum()):.3g}" in scope.text()


def test_channels_that_are_all_0_are_named():
    weight = np.ones((3, 1, 1, 1), np.float32)
    weight[1:] = 0.0
    model = nn.Sequential(nn.Conv2d(1, 3, 1, bias=False))
    model[0].weight = nn.Parameter(weight)
    assert "All 0 in channels 1, 2." in viz.feature_maps(model, PLANE + 1.0).text()
    assert "All 0" not in viz.feature_maps(nn.Sequential(nn.Identity()), PLANE + 1.0).text()


def test_a_shift_is_measured_with_the_tolerance_that_is_given():
    layer = nn.Conv2d(1, 1, 3, padding=1, bias=False)
    layer.weight = nn.Parameter(np.ones((1, 1, 3, 3), np.float32))
    image = np.random.default_rng(0).random((8, 8)).astype(np.float32)
    assert viz.shift_test(layer, image, 1, 0, tolerance=100.0).counts() == {}
    assert set(viz.shift_test(layer, image, 1, 0).counts()) == {"padding"}


def test_a_model_outside_of_the_graph_is_shifted_by_its_sizes():
    def halved(x):
        return ag.tensor(x.detach().numpy()[..., ::2, ::2])

    test = viz.shift_test(halved, np.random.default_rng(0).random((3, 8, 8)), 2, 0)
    assert test.shift.moved == (1, 0)
    assert "mean of 3 channels" in test.text() or test.counts() is not None
    large = viz.shift_test(
        nn.Conv2d(1, 1, 3, padding=1), np.random.default_rng(0).random((64, 64)), 1, 0
    )
    assert "where they differ" not in str(large.panels()[0].parts[-1].title)


def test_branches_whose_steps_differ_have_no_common_extent():
    class Branches(nn.Module):
        def __init__(self, kernel, stride):
            super().__init__()
            self.one, self.other = nn.Conv2d(1, 1, kernel, stride), nn.Conv2d(1, 1, 3, 2)

        def forward(self, x):
            return self.one(x) + self.other(x)

    known = viz.receptive_field(Branches(2, 2), at=(0, 0), x=(1, 9, 9))
    assert known.size == (3, 3) and [e.jump for e in known.field.extents] == [2, 2]
    unknown = viz.receptive_field(Branches(6, 1), at=(0, 0), x=(1, 9, 9))
    assert unknown.field.extents is None and unknown.size == (6, 6)


def test_what_reaches_no_pixel_has_an_empty_box():
    field = viz.receptive_field(lambda x: x * 0.0 + ag.ones(1, 1, 5, 5), x=PLANE)
    zeros = viz.receptive_field(lambda x: ag.where(x > 1e9, x, 0.0), x=PLANE)
    for each in (field, zeros):
        rows, columns, below, beside = each.box
        assert (below - rows) * (beside - columns) in (0, 1)
        assert isinstance(each.text(), str)


def test_a_copied_border_moves_the_field_by_its_width():
    layer = nn.Conv2d(1, 1, 3, padding=1, padding_mode="replicate")
    field = viz.receptive_field(layer, at=(0, 0), x=PLANE)
    assert field.box == (0, 0, 2, 2) and field.size == (3, 3)
