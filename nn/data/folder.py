"""Images in folders, a folder for each class."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd import arguments
from nn.data.collate import collate
from nn.data.datasets import Dataset
from nn.data.draws import Draws

__all__ = ["ImageFolder"]

_SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")


class ImageFolder(Dataset):
    """Images in ``root/CLASS/…``; the folders' names, sorted, are the classes.

    Args:
        root: the folder with a folder for each class.
        transform: called with each image by itself, since they may differ in size; to be batched
            they must come out alike (`Resize`, crops). See `nn.data.transforms`.
        mode: ``RGB`` for 3 channels, ``L`` for 1. Default ``RGB``.

    Attributes:
        classes: the classes' names. ``files``: pairs of path and class number.

    Raises:
        ImportError: if Pillow is not installed.
        ValueError: if there are no folders, or no images.

    A sample is (uint8 of shape (C, H, W), class number).
    """

    def __init__(
        self, root: Any, transform: Callable[..., Any] | None = None, mode: str = "RGB"
    ) -> None:
        try:
            from PIL import Image
        except ImportError:
            raise ImportError("ImageFolder needs Pillow: pip install 'glassgrad[images]'") from None
        arguments.choice("ImageFolder", "mode", mode, ("RGB", "L"))
        if transform is not None:
            arguments.function("ImageFolder", "transform", transform)
        self._open, self.mode, self.transform = Image.open, mode, transform
        self.root = arguments.path("ImageFolder", "root", root)
        if not os.path.isdir(self.root):
            raise ValueError(f"ImageFolder: {arguments.shown(self.root)} is no folder")
        self.classes = tuple(
            sorted(entry.name for entry in os.scandir(self.root)
                   if entry.is_dir() and not entry.name.startswith("."))
        )  # fmt: skip
        self.files = [
            (os.path.join(folder, name), label)
            for label, each in enumerate(self.classes)
            for folder, _, names in sorted(os.walk(os.path.join(self.root, each)))
            for name in sorted(names)
            if name.lower().endswith(_SUFFIXES) and not name.startswith(".")
        ]
        if not self.files:
            raise ValueError(
                f"ImageFolder: {arguments.shown(self.root)} holds no images in folders; it should hold a folder for "
                f"each class, with files that end in {', '.join(_SUFFIXES)}"
            )

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[np.ndarray[Any, Any], int]:
        return self._sample(index, None)

    def batch(self, indices: Sequence[int], draws: Draws | None = None) -> Any:
        """The images at ``indices``, each read and transformed by itself, then joined."""
        return collate(
            [
                self._sample(index, None if draws is None else draws.of([k]))
                for k, index in enumerate(indices)
            ]
        )

    def _sample(self, index: int, draws: Draws | None) -> tuple[np.ndarray[Any, Any], int]:
        path, label = self.files[index]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # Pillow only warns of pictures that fill the memory
                with self._open(path) as image:
                    pixels = np.asarray(image.convert(self.mode))
        except Exception as error:
            raise ValueError(f"ImageFolder: {path} cannot be read: {error}") from None
        pixels = (
            pixels[None] if self.mode == "L" else np.ascontiguousarray(pixels.transpose(2, 0, 1))
        )
        return (pixels if self.transform is None else self.transform(pixels, draws)), label
