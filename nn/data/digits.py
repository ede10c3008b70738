"""1,797 handwritten digits, in the package, so that nothing has to be downloaded.

Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, UCI Machine Learning
Repository, 1998, https://doi.org/10.24432/C50P49, licence CC BY 4.0
(https://creativecommons.org/licenses/by/4.0/). This is the test part of the set, as scikit-learn
ships it; the only change is the file format.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from autograd.arguments import shown

ATTRIBUTION = (
    "Optical Recognition of Handwritten Digits (E. Alpaydin, C. Kaynak; UCI Machine Learning "
    "Repository, 1998, doi 10.24432/C50P49), CC BY 4.0"
)


class Digits(NamedTuple):
    """Images and their labels, split into a training and a held-out part.

    Attributes:
        train_images, test_images: float32 of shape (N, 1, 8, 8), 0 (paper) to 1 (ink).
        train_labels, test_labels: int64 of shape (N,), 0 to 9.
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray

    def __repr__(self) -> str:
        shape = "×".join(map(str, self.train_images.shape[1:]))
        return (
            f"Digits(train: {len(self.train_images):,} images, test: {len(self.test_images):,}; "
            f"each {shape} {self.train_images.dtype} from 0 to 1, labels 0 to 9)"
        )


def load_digits(test_size: int = 360) -> Digits:
    """The embedded handwritten digits: 1,797 grey 8×8 images.

    The split is always the same: the images are shuffled with a fixed seed and the last
    ``test_size`` are held out.

    Args:
        test_size: how many images are held out, 0 to 1,797. Default 360, a fifth.

    Returns:
        Arrays (train_images, train_labels, test_images, test_labels), see `Digits`.

    Raises:
        TypeError: if ``test_size`` is no integer.
        ValueError: if it is out of range.

    Example:
        >>> import nn
        >>> digits = nn.data.load_digits()
        >>> digits.train_images.shape, digits.test_images.shape
        ((1437, 1, 8, 8), (360, 1, 8, 8))
    """
    with np.load(Path(__file__).with_name("digits.npz")) as file:
        images, labels = file["images"], file["labels"]
    if isinstance(test_size, bool) or not isinstance(test_size, (int, np.integer)):
        raise TypeError(f"load_digits: test_size must be an integer, got {shown(test_size)}")
    if not 0 <= test_size <= len(images):
        raise ValueError(
            f"load_digits: test_size must be 0 to {len(images)}, got {shown(test_size)}"
        )
    order = np.random.default_rng(0).permutation(len(images))
    images = (images[order] / np.float32(16))[:, None]
    labels = labels[order].astype(np.int64)
    split = len(images) - int(test_size)
    return Digits(images[:split], labels[:split], images[split:], labels[split:])
