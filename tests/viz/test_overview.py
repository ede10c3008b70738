"""A big graph is an overview: layers by their names and classes, repetitions once, one page high."""

import re

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F
from autograd import viz


@pytest.fixture(scope="module")
def resnet():
    ag.manual_seed(0)
    model = nn.models.resnet20()
    yield F.cross_entropy(model(ag.zeros((2, 3, 16, 16))), np.array([1, 2]))
    del model  # it lives as long as its pictures are drawn


@pytest.fixture(scope="module")
def small():
    ag.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten())
    yield model(ag.zeros((1, 1, 4, 4))).sum()
    del model


def height(graph):
    return float(re.search(r"viewBox='0 0 [\d.]+ ([\d.]+)'", graph.to_svg())[1])


def width(graph):
    return float(re.search(r"viewBox='0 0 ([\d.]+) [\d.]+'", graph.to_svg())[1])


def titles(graph):
    return [item.lines[0][1] for item in graph.view.items]


def test_the_picture_of_a_resnet_can_be_read_without_scrolling_for_ever(resnet):
    graph = viz.graph(resnet)
    assert len(graph.trace.nodes) > 130
    assert height(graph) < 3000
    assert "some blocks are one node each; expand='layer2.0.downsample'" in graph.view.note
    assert "conv1: Conv2d(16 → 32, 3×3, stride 2)" in titles(graph)
    assert "bn1: BatchNorm2d(64)" in titles(graph)
    headings = [group.label for group in graph.view.groups]
    assert "layer2: Sequential" in headings and "0: BasicBlock" in headings
    assert "1: BasicBlock ×2" in headings


def test_detail_chooses_between_layers_and_what_they_do(small, resnet):
    assert "1: BatchNorm2d(2)" in titles(viz.graph(small, detail="modules"))
    assert "normalize" in " ".join(titles(viz.graph(small, detail="operations")))
    assert "every layer" not in viz.graph(small).view.note  # small graphs show all
    assert len(viz.graph(resnet, detail="operations").view.items) > 80
    with pytest.raises(ValueError, match="detail must be 'modules', 'operations' or None; got 'x'"):
        viz.graph(small, detail="x")


def test_a_layer_that_is_one_operation_says_what_it_is(small):
    assert "2: ReLU" in titles(viz.graph(small))


def test_expand_takes_a_path_or_several_and_refuses_unknown_ones(resnet):
    closed = viz.graph(resnet, collapse=True)
    one = viz.graph(resnet, collapse=True, expand="layer2.0")
    assert one.to_svg() != closed.to_svg()
    assert one.to_svg() == viz.graph(resnet, collapse=True, expand=["layer2.0"]).to_svg()
    for wrong in ("layer9", ["layer2", "nothing"]):
        with pytest.raises(ValueError, match="expand names '(layer9|nothing)', which is no module"):
            viz.graph(resnet, expand=wrong)


OPTIONS = {
    "show": "memory", "collapse": True, "expand": "layer2", "detail": "operations", "fold": False,
    "values": False, "direction": "right", "theme": "dark", "title": "another",
    "most": 9,
}  # fmt: skip


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_changes_the_picture(resnet, option):
    base = {"collapse": True} if option == "expand" else {}
    plain = viz.graph(resnet, engine="builtin", **base).to_svg()
    assert (
        viz.graph(resnet, engine="builtin", **base, **{option: OPTIONS[option]}).to_svg() != plain
    )


def test_no_option_of_graph_is_left_out_above():
    import inspect

    parameters = set(inspect.signature(viz.graph).parameters)
    assert parameters - {"t", "engine", "gradient"} == set(OPTIONS)


def test_classes_are_known_for_modules_made_anew_and_go_through_json(small):
    trace = viz.graph(small).trace
    assert trace.classes["0"].summary == "Conv2d(1 → 2, 3×3)" and trace.classes["0"].leaf
    again = type(trace).from_json(trace.to_json())
    assert again.classes == trace.classes


def test_a_model_is_no_graph_and_is_told_what_to_write():
    with pytest.raises(TypeError, match=r"viz\.graph\(model\(x\)\).*viz\.summary"):
        viz.graph(nn.Linear(1, 1))


class TestSummary:
    def test_rows_totals_and_the_formulas(self):
        model = nn.Sequential(
            nn.Conv2d(2, 4, (3, 2), groups=2, bias=False), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(16, 3),
        )  # fmt: skip
        table = viz.summary(model, (5, 2, 7, 5))
        conv, _, _, linear = table.rows
        assert conv.shape == (5, 4, 5, 4) and conv.parameters == 4 * 1 * 3 * 2
        assert conv.multiply_adds == (5 * 4 * 5 * 4) * (1 * 3 * 2)
        assert linear.parameters == 51 and linear.multiply_adds == 5 * 3 * 16
        assert table.parameters == sum(p.size for p in model.parameters())
        assert table.text().splitlines()[-1].split()[:2] == ["total", "Sequential"]
        assert "<tfoot>" in table._repr_html_() and "Linear(16 → 3)" in table._repr_html_()

    def test_bytes_kept_for_backward(self):
        """A convolution keeps its input for the kernel's gradient, relu its output."""
        model = nn.Sequential(nn.Conv2d(1, 3, 2, bias=False), nn.ReLU())
        conv, relu = viz.summary(model, (2, 1, 4, 5)).rows
        assert conv.kept == 4 * (2 * 1 * 4 * 5) and relu.kept == 4 * (2 * 3 * 3 * 4)

    def test_it_changes_nothing(self):
        model = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(0.5))
        before = {k: v.tolist() for k, v in model.state_dict().items()}
        ag.manual_seed(1)
        expected = ag.default_generator().bit_generator.state
        viz.summary(model, (4, 3))
        assert {k: v.tolist() for k, v in model.state_dict().items()} == before
        assert ag.default_generator().bit_generator.state == expected
        assert model.training

    def test_shared_layers_count_their_parameters_once(self):
        layer = nn.Linear(2, 2)
        table = viz.summary(nn.Sequential(layer, nn.ReLU(), layer), (1, 2))
        assert [row.parameters for row in table.rows] == [6, 0, 0] and table.parameters == 6

    def test_tensors_integers_and_several_inputs(self):
        assert viz.summary(nn.Embedding(5, 3), np.array([1, 2])).rows[0].shape == (2, 3)
        assert viz.summary(nn.Bilinear(2, 3, 4), (1, 2), (1, 3)).parameters == 28

    def test_a_transposed_convolution_multiplies_every_input_with_its_kernel(self):
        layer = nn.ConvTranspose2d(2, 3, 4, stride=2, bias=False)
        (row,) = viz.summary(nn.Sequential(layer), (1, 2, 5, 5)).rows
        assert row.multiply_adds == (2 * 5 * 5) * (3 * 4 * 4)

    def test_a_tensor_is_found_in_whatever_a_model_gives(self):
        class Several(nn.Module):
            def __init__(self, made):
                super().__init__()
                self.layer, self.made = nn.Linear(2, 3), made

            def forward(self, x):
                return self.made(self.layer(x))

        for made in (
            lambda y: {"n": 3, "y": [None, y]},
            lambda y: (("a", {}), y),
            lambda y: [y, y],
        ):
            assert viz.summary(Several(made), (1, 2)).rows[0].shape == (1, 3)
        with pytest.raises(TypeError, match="no tensor with a history"):
            viz.summary(Several(lambda y: {"n": 3, "more": [()]}), (1, 2))

    def test_what_has_no_history_is_refused(self):
        with pytest.raises(TypeError, match="no tensor with a history"):
            viz.summary(nn.ReLU(), (1, 2))
        with pytest.raises(TypeError, match="module or function"):
            viz.summary(3)


def test_pictures_of_a_model_take_arrays_of_any_precision():
    image = np.random.default_rng(0).normal(size=(1, 1, 6, 6))
    for model in (nn.Conv2d(1, 2, 3), nn.Conv2d(1, 2, 3).double()):
        for x in (image, image.astype(np.float32)):
            assert viz.feature_maps(model, x).names
            assert viz.receptive_field(model, x=x).size == (3, 3)
            assert viz.shift_test(model, x, 0, 1).equivariant > 0
            assert "Conv2d" in viz.summary(model, x).text()
    assert viz.scalars(nn.Linear(2, 1), np.ones((1, 2))).trace.steps


class UNet(nn.Module):
    def __init__(self):
        super().__init__()

        def stage(inputs, outputs):
            return nn.Sequential(
                nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(),
                nn.Conv2d(outputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(),
            )  # fmt: skip

        self.down1, self.down2, self.bottom = stage(1, 2), stage(2, 4), stage(4, 8)
        self.pool = nn.MaxPool2d(2)
        self.up2, self.join2 = nn.ConvTranspose2d(8, 4, 2, stride=2), stage(8, 4)
        self.up1, self.join1 = nn.ConvTranspose2d(4, 2, 2, stride=2), stage(4, 2)

    def forward(self, x):
        first = self.down1(x)
        second = self.down2(self.pool(first))
        low = self.bottom(self.pool(second))
        up = self.join2(ag.concatenate([self.up2(low), second], axis=1))
        return self.join1(ag.concatenate([self.up1(up), first], axis=1))


def vgg():
    layers, channels = [], 1
    for width in (2, 2, 0, 4, 4, 0, 8, 8, 8, 0, 8, 8, 8, 0):
        if not width:
            layers.append(nn.MaxPool2d(2))
            continue
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
        channels = width
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(8, 5), nn.ReLU(), nn.Linear(5, 3))


def transformer():
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    return nn.TransformerEncoder(layer, 3)


MODELS = {
    "vgg": (vgg, (1, 1, 16, 16), "0: Conv2d(1 → 2, 3×3)", "7: Conv2d(2 → 4, 3×3)"),
    "unet": (UNet, (1, 1, 8, 8), "0: Conv2d(1 → 2, 3×3)", "up2: ConvTranspose2d(8 → 4, 2×2, stride 2)"),
    "transformer": (transformer, (1, 3, 8), "self_attn: MultiheadAttention", "linear1: Linear(8 → 16)"),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("engine", [None, "builtin"])
def test_other_models_fit_a_page_too_with_the_names_of_their_classes(name, engine):
    make, shape, *expected = MODELS[name]
    ag.manual_seed(0)
    model = make()
    graph = viz.graph(model(ag.zeros(shape)).sum(), engine=engine)
    assert height(graph) <= 3000 and width(graph) <= 1700
    assert set(expected) <= set(titles(graph))


@pytest.mark.torch
def test_a_converted_model_fits_a_page_and_keeps_its_statistics_inside(torch):
    def block(inputs, outputs):
        return torch.nn.Sequential(
            torch.nn.Conv2d(inputs, outputs, 3, padding=1), torch.nn.BatchNorm2d(outputs),
            torch.nn.ReLU(),
        )  # fmt: skip

    blocks = torch.nn.Sequential(*(block(2, 2) if k else block(1, 2) for k in range(12))).eval()
    model = nn.from_torch(blocks, torch.zeros(1, 1, 4, 4))
    graph = viz.graph(model(ag.zeros((1, 1, 4, 4))).sum())
    assert height(graph) <= 3000 and width(graph) <= 1700
    assert sum(node.label == "array" and not node.module for node in graph.trace.nodes) == 1


def deep(blocks):
    return nn.Sequential(*(
        nn.Sequential(*(nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2 + k)), nn.Linear(2 + k, 2)))
        for k in range(blocks)
    ))  # fmt: skip


def test_what_does_not_fit_as_layers_is_drawn_as_blocks_and_says_how_to_see_more():
    ag.manual_seed(0)
    model = deep(60)
    loss = model(ag.zeros((1, 2))).sum()
    graph = viz.graph(loss)
    assert height(graph) <= 3000 and width(graph) <= 1700
    assert "some blocks are one node each; expand='0.0' opens this one" in graph.view.note
    opened = viz.graph(loss, expand="0.0")
    assert "0.0.1" in {group.path for group in opened.view.closed.values()}
    assert len(viz.graph(loss, detail="modules").view.items) > 180


def test_a_module_whose_children_do_nothing_by_themselves_is_one_node():
    """Attention has a layer inside, of which it takes the weights alone."""
    ag.manual_seed(0)
    model = transformer()
    graph = viz.graph(model(ag.zeros((1, 3, 8))).sum())
    kinds = {item.lines[0][1]: item.kind for item in graph.view.items}
    assert kinds["self_attn: MultiheadAttention"] == "module"
