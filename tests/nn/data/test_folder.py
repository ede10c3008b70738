"""Folders of images: read with Pillow, every class a folder."""

import sys

import numpy as np
import pytest

import nn
from nn.data.transforms import Compose, RandomHorizontalFlip, Resize, ToFloat

PIL = pytest.importorskip("PIL.Image", reason="needs Pillow: pip install 'glassgrad[images]'")


@pytest.fixture
def root(tmp_path):
    rng = np.random.default_rng(0)
    for name, count in (("cat", 2), ("dog", 3)):
        (tmp_path / name / "deeper").mkdir(parents=True)
        for k in range(count):
            pixels = rng.integers(0, 256, (6 + k, 8, 3), np.uint8)
            folder = tmp_path / name / "deeper" if k == 1 else tmp_path / name
            PIL.fromarray(pixels).save(folder / f"{k}.png")
    (tmp_path / "cat" / "notes.txt").write_text("no image")
    (tmp_path / ".hidden").mkdir()
    return tmp_path


def test_classes_files_and_pixels(root):
    data = nn.data.ImageFolder(root)
    assert data.classes == ("cat", "dog") and len(data) == 5
    assert [label for _, label in data.files] == [0, 0, 1, 1, 1]
    for (path, label), (pixels, found) in zip(data.files, data, strict=False):
        expected = np.asarray(PIL.open(path)).transpose(2, 0, 1)
        assert np.array_equal(pixels, expected) and found == label
        assert pixels.flags.c_contiguous
    assert nn.data.ImageFolder(root, mode="L")[0][0].shape == (1, 6, 8)


def test_batches_of_a_loader(root):
    transform = Compose([Resize(4), RandomHorizontalFlip(), ToFloat()])
    loader = nn.data.DataLoader(nn.data.ImageFolder(root, transform), 3, num_workers=2, seed=0)
    first = [(x.tolist(), y.tolist()) for x, y in loader]
    assert np.shape(first[0][0]) == (3, 3, 4, 4) and first[1][1] == [1, 1]
    again = nn.data.DataLoader(nn.data.ImageFolder(root, transform), 5, seed=0)
    assert next(iter(again))[0].tolist() == first[0][0] + first[1][0]


def test_images_that_differ_in_size_say_so(root):
    with pytest.raises(ValueError, match="do not make one array"):
        nn.data.ImageFolder(root).batch([0, 1])


@pytest.mark.parametrize("data", [b"", b"no image", b"\x89PNG\r\n\x1a\n" + b"\0" * 50])
def test_broken_files_are_named(root, data):
    (root / "cat" / "0.png").write_bytes(data)
    with pytest.raises(ValueError, match=r"0\.png cannot be read"):
        nn.data.ImageFolder(root).batch([0])


def test_pictures_that_would_fill_the_memory_are_refused(root, monkeypatch):
    monkeypatch.setattr(PIL, "MAX_IMAGE_PIXELS", 40)
    with pytest.raises(ValueError, match="cannot be read"):
        nn.data.ImageFolder(root)[0]


def test_folders_without_classes_or_images_are_refused(root, tmp_path):
    for wrong, word in (
        ("nowhere", "no folder"),
        (".hidden", "no images"),
        ("cat/deeper", "no images"),
    ):
        with pytest.raises(ValueError, match=word):
            nn.data.ImageFolder(root / wrong)
    with pytest.raises(
        ValueError, match="^ImageFolder: mode must be one of 'RGB', 'L'; got 'CMYK'"
    ):
        nn.data.ImageFolder(root, mode="CMYK")
    with pytest.raises(TypeError, match="^ImageFolder: transform must be "):
        nn.data.ImageFolder(root, transform=3)
    with pytest.raises(TypeError, match="^ImageFolder: root must be "):
        nn.data.ImageFolder(3)


def test_without_pillow_it_says_what_to_install(root, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match=r"glassgrad\[images\]"):
        nn.data.ImageFolder(root)
