"""The embedded digits."""

import numpy as np
import pytest

import nn


def test_shapes_ranges_and_labels():
    digits = nn.data.load_digits()
    assert digits.train_images.shape == (1437, 1, 8, 8)
    assert digits.test_images.shape == (360, 1, 8, 8)
    for images in (digits.train_images, digits.test_images):
        assert images.dtype == np.float32
        assert images.min() == 0.0
        assert images.max() == 1.0
    labels = np.concatenate([digits.train_labels, digits.test_labels])
    assert labels.dtype == np.int64
    # How many there are of each digit, as published with the data.
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_the_split_is_fixed_and_disjoint():
    once, again = nn.data.load_digits(), nn.data.load_digits()
    np.testing.assert_array_equal(once.test_images, again.test_images)
    whole = nn.data.load_digits(test_size=0)
    assert whole.test_labels.shape == (0,)
    np.testing.assert_array_equal(
        whole.train_images, np.concatenate([once.train_images, once.test_images])
    )
    np.testing.assert_array_equal(
        whole.train_labels, np.concatenate([once.train_labels, once.test_labels])
    )


def test_images_belong_to_their_labels():
    # A classifier of one line, the nearest class mean, is right nine times in ten.
    images, labels, test_images, test_labels = nn.data.load_digits()
    means = np.stack([images[labels == digit].mean(0) for digit in range(10)])
    distances = ((test_images[:, None] - means) ** 2).sum((2, 3, 4))
    assert (distances.argmin(1) == test_labels).mean() > 0.85


@pytest.mark.parametrize(
    ("size", "error"), [(-1, ValueError), (1798, ValueError), (0.5, TypeError)]
)
def test_refusals(size, error):
    with pytest.raises(error, match="test_size"):
        nn.data.load_digits(size)


def test_the_source_is_named():
    assert "CC BY 4.0" in nn.data.digits.ATTRIBUTION
    assert "10.24432/C50P49" in nn.data.digits.ATTRIBUTION


def test_digits_print_in_a_line():
    told = repr(nn.data.load_digits())
    assert told.startswith("Digits(train: 1,437 images, test: 360; each 1×8×8 float32")
    assert len(told) < 100
