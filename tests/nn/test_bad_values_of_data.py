"""What `nn.data`, `nn.train`, `nn.models` and distributions are built from, with every bad value."""

import inspect

import numpy as np
import pytest

import nn
from nn.data import transforms
from tests.bad_values import BAD, complaint

IMAGES, CLASSES = np.ones((6, 1, 8, 8), np.float32), np.arange(6) % 3
SET = nn.data.TensorDataset(IMAGES, CLASSES)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # data sets make folders


def network():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 3))


CASES = [
    (nn.data.Subset, dict(dataset=SET, indices=[0, 1])),
    (nn.data.ConcatDataset, dict(datasets=[SET, SET])),
    (nn.data.random_split, dict(dataset=SET, lengths=[3, 3])),
    (nn.data.collate, dict(samples=[1.0, 2.0])),
    (nn.data.Draws, dict(seed=0, epoch=0, indices=[0, 1])),
    (nn.data.SequentialSampler, dict(data_source=SET)),
    (nn.data.RandomSampler, dict(data_source=SET, replacement=True, num_samples=2, seed=0)),
    (nn.data.SubsetRandomSampler, dict(indices=[0, 1], seed=0)),
    (nn.data.WeightedRandomSampler, dict(weights=[0.5, 0.5], num_samples=2, replacement=True)),
    (nn.data.load_digits, dict(test_size=10)),
    (nn.data.MNIST, dict(root="no such folder", download=False, mirrors=["http://127.0.0.1"])),
    (transforms.Compose, dict(transforms=[])),
    (transforms.ToFloat, dict(dtype=np.float32)),
    (transforms.Normalize, dict(mean=[0.5], std=[0.5])),
    (nn.train.accuracy, dict(output=np.eye(3), target=np.arange(3))),
    (nn.train.evaluate, dict(model=network(), loader=[])),
    (nn.train.EMA, dict(model=network(), decay=0.9)),
    (nn.train.Checkpoints, dict(folder="x", keep=1, every=None, best=None, suffix=None)),
    (nn.models.VGG, dict(layout=[4, "M"], channels=1, classes=2)),
    (nn.models.BasicBlock, dict(inplanes=2, planes=2, stride=1)),
    (nn.models.ResNet, dict(blocks=[1], planes=[2], channels=1, classes=2, large=False)),
    (nn.models.Mixer, dict(size=8, patch=4, width=4, depth=1)),
    (nn.models.UNet, dict(channels=1, classes=2, width=2, depth=1)),
    (nn.distributions.Distribution, dict(batch_shape=(2,), event_shape=())),
]


@pytest.mark.parametrize(("make", "sound"), CASES, ids=[make.__name__ for make, _ in CASES])
def test_bad_values_are_refused_in_our_words(make, sound):
    for name in sound:
        assert name in inspect.signature(make).parameters
        for label, bad in BAD.items():
            found = complaint(lambda n=name, v=bad: _made(make, {**sound, n: v}))
            assert found is None, f"{name}={label}: {found}"


def _made(make, arguments):
    try:
        make(**arguments)
    except FileNotFoundError:  # the file that is not there, which its own name tells
        pass


def test_image_folder(tmp_path):
    pytest.importorskip("PIL")
    for name in ("root", "transform", "mode"):
        for label, bad in BAD.items():
            given = {"root": str(tmp_path), name: bad}
            found = complaint(lambda g=given: nn.data.ImageFolder(**g))
            assert found is None, f"{name}={label}: {found}"


def test_models_of_endless_depth_are_refused_at_once():
    for make in (nn.models.Mixer, nn.models.UNet):
        with pytest.raises(ValueError, match="depth must be at most"):
            make(depth=2**40)
    assert len(nn.models.UNet(width=1, depth=2).down) == 3


def test_scores_and_targets_must_fit():
    with pytest.raises(ValueError, match=r"accuracy: scores .*\(3, 3\) and \(2,\)"):
        nn.train.accuracy(np.eye(3), np.arange(2))
    assert nn.train.accuracy(np.eye(3)[:, :, None], np.arange(3)[:, None]) == 1.0
    assert nn.train.accuracy([[0.0, 1.0]], [1]) == 1.0


@pytest.mark.parametrize("bad", [5, "text", None, {1, 2}, np.array(3.0)], ids=repr)
@pytest.mark.parametrize("make", [
    nn.data.SequentialSampler,
    nn.data.RandomSampler,
    lambda bad: nn.data.RandomSampler(bad, replacement=True, num_samples=2),
    lambda bad: nn.data.Subset(bad, []),
    lambda bad: nn.data.ConcatDataset([SET, bad]),
    lambda bad: nn.data.random_split(bad, [1, 2]),
])  # fmt: skip
def test_what_is_no_data_set_is_refused_when_it_is_given(make, bad):
    with pytest.raises(TypeError, match="must have a length and samples by number, got"):
        make(bad)


@pytest.mark.parametrize(("make", "told"), [
    (lambda: nn.train.evaluate(network(), [], loss=5), "evaluate: loss must be a function, got 5"),
    (lambda: nn.data.MNIST("x", download=False, mirrors=["http://127.0.0.1", 5]),
     r"MNIST: mirrors\[1\] must be an address, got 5"),
])  # fmt: skip
def test_what_is_used_later_is_refused_when_it_is_given(make, told):
    with pytest.raises(TypeError, match=told):
        make()


def test_a_transform_of_an_image_folder_is_a_function(tmp_path):
    pytest.importorskip("PIL")
    with pytest.raises(TypeError, match="ImageFolder: transform must be a function, got 5"):
        nn.data.ImageFolder(tmp_path, transform=5)
