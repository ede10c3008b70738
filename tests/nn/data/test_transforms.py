"""Transforms, against plain loops and SciPy; what is random is the sample's own."""

import inspect

import numpy as np
import pytest
from scipy import ndimage

import autograd as ag
from nn.data import Draws
from nn.data import transforms as T

IMAGES = np.random.default_rng(0).random((5, 3, 6, 7)).astype(np.float32)
RANDOM = [
    T.RandomCrop(4), T.RandomCrop((5, 3), padding=2), T.RandomHorizontalFlip(),
    T.RandomVerticalFlip(), T.Cutout(3), T.Cutout((2, 4), p=0.5),
    T.RandomAffine(30, (0.2, 0.1), (0.8, 1.2), 10),
    T.Compose([T.RandomCrop(5), T.RandomHorizontalFlip(), T.Cutout(2)]),
]  # fmt: skip
FIXED = [T.ToFloat(np.float64), T.Normalize(0.5, 0.25), T.Pad(1), T.CenterCrop(4), T.Resize(3),
         T.Lambda(lambda x: x * 2)]  # fmt: skip


def draws(indices=range(5), epoch=0):
    return Draws(1, epoch, list(indices))


@pytest.mark.parametrize("transform", RANDOM + FIXED, ids=lambda t: type(t).__name__)
class TestAll:
    def test_a_sample_gets_the_same_alone_as_in_a_batch(self, transform):
        whole = transform(IMAGES, draws())
        for k in range(5):
            assert np.array_equal(transform(IMAGES[k], draws([k])), whole[k])

    def test_the_input_is_not_written_into_and_the_dtype_stays(self, transform):
        before = IMAGES.copy()
        result = transform(IMAGES, draws())
        assert np.array_equal(IMAGES, before)
        assert result.dtype == (np.float64 if isinstance(transform, T.ToFloat) else np.float32)

    def test_tensors_are_taken_too(self, transform):
        result = transform(ag.tensor(IMAGES), draws())
        assert np.array_equal(result, transform(IMAGES, draws()))

    @pytest.mark.parametrize("wrong", [np.ones(3), np.ones((2, 2)), np.array([["a"]])])
    def test_what_is_no_image_is_refused(self, transform, wrong):
        with pytest.raises(ValueError, match="images must be"):
            transform(wrong)


@pytest.mark.parametrize("transform", RANDOM, ids=lambda t: type(t).__name__)
def test_epochs_and_the_default_generator_give_others(transform):
    many = np.repeat(IMAGES[:1], 40, axis=0)
    a, b = (transform(many, Draws(1, epoch, np.arange(40))) for epoch in (0, 1))
    assert not np.array_equal(a, b)
    ag.manual_seed(0)
    first = transform(many)
    assert not np.array_equal(transform(many), first)
    ag.manual_seed(0)
    assert np.array_equal(transform(many), first)


def test_floats_and_normalisation():
    bytes_ = np.array([0, 51, 255], np.uint8).reshape(1, 1, 3)
    assert T.ToFloat()(bytes_).tolist() == [[[0.0, np.float32(0.2), 1.0]]]
    result = T.Normalize([0.1, 0.2, 0.3], [1, 2, 4])(IMAGES)
    for c, (mean, std) in enumerate([(0.1, 1), (0.2, 2), (0.3, 4)]):
        np.testing.assert_allclose(result[:, c], (IMAGES[:, c] - mean) / std, rtol=1e-5, atol=1e-6)
    for transform in (T.Normalize(0, 1), T.RandomAffine(1)):
        with pytest.raises(TypeError, match=r"ToFloat\(\) before"):
            transform(bytes_)
    with pytest.raises(ValueError, match="2 values for 3 channels"):
        T.Normalize([0, 0], 1)(IMAGES)


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "wrap"])
def test_a_crop_is_a_part_of_the_padded_image(mode):
    crop = T.RandomCrop((4, 5), padding=(2, 1), fill=0.5, mode=mode)
    pad = T.Pad((2, 1), 0.5, mode)(IMAGES)
    places = set()
    for epoch in range(60):
        drawn = draws(epoch=epoch)  # first the row, then the column
        rows, columns = np.floor(7 * drawn.uniform()), np.floor(5 * drawn.uniform())
        for k, part in enumerate(crop(IMAGES, draws(epoch=epoch))):
            i, j = int(rows[k]), int(columns[k])
            assert np.array_equal(pad[k, :, i : i + 4, j : j + 5], part)
            places.add((i, j))
    assert places == set(np.ndindex(7, 5)) and pad.shape[2:] == (10, 9)


def test_center_crops():
    assert np.array_equal(T.CenterCrop((4, 3))(IMAGES), IMAGES[:, :, 1:5, 2:5])


@pytest.mark.parametrize(
    "transform, axis", [(T.RandomHorizontalFlip(), 3), (T.RandomVerticalFlip(), 2)]
)
def test_flips_take_half_of_the_images(transform, axis):
    many = np.repeat(IMAGES[:1], 400, axis=0)
    result = transform(many, Draws(0, 0, np.arange(400)))
    flipped = [np.array_equal(image, np.flip(many[0], axis - 1)) for image in result]
    kept = [np.array_equal(image, many[0]) for image in result]
    assert all(a != b for a, b in zip(flipped, kept, strict=True)) and 160 < sum(flipped) < 240
    for p, expected in ((0.0, many), (1.0, np.flip(many, axis))):
        assert np.array_equal(type(transform)(p)(many), expected)


def test_cutouts_are_squares_that_may_reach_over_the_border():
    ones = np.ones((300, 2, 6, 7), np.float32)
    result = T.Cutout((3, 2), fill=0.5)(ones, Draws(0, 0, np.arange(300)))
    areas = set()
    for image in result:
        hole = image[0] == 0.5
        assert np.array_equal(hole, image[1] == 0.5)
        rows, columns = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
        assert hole[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
        areas.add((len(rows), len(columns)))
    assert areas == {(2, 1), (2, 2), (3, 1), (3, 2)}


def test_maps_about_the_centre_are_those_of_scipy():
    transform = T.RandomAffine(40, (0.2, 0.3), (0.7, 1.4), shear=15, fill=0.25)
    given = draws()
    result = transform(IMAGES.astype(np.float64), given)
    same = draws()
    angle = np.radians(same.uniform(-40, 40))
    slant = np.tan(np.radians(same.uniform(-15, 15)))
    factor = same.uniform(0.7, 1.4)
    down = same.uniform(-1, 1) * 0.2 * 6
    right = same.uniform(-1, 1) * 0.3 * 7
    centre = np.array([2.5, 3.0])
    for k in range(5):
        turn = np.array([[np.cos(angle[k]), -np.sin(angle[k])],
                         [np.sin(angle[k]), np.cos(angle[k])]]) / factor[k]  # fmt: skip
        matrix = np.array([[1, 0], [-slant[k], 1]]) @ turn
        offset = centre - matrix @ (centre + [down[k], right[k]])
        for c in range(3):
            padded = np.pad(IMAGES[k, c].astype(float), 3, constant_values=0.25)
            expected = ndimage.affine_transform(
                padded, matrix, offset=offset - matrix @ [3, 3] + 3, order=1, cval=0.25
            )[3:-3, 3:-3]
            np.testing.assert_allclose(result[k, c], expected, atol=1e-9)


def test_a_map_that_moves_nothing_changes_nothing():
    assert np.array_equal(T.RandomAffine(0)(IMAGES), IMAGES)


@pytest.mark.parametrize("size", [(3, 3), (2, 7), (12, 14), (9, 4)])
def test_resized_constants_stay_constants_and_bytes_stay_bytes(size):
    constant = np.full((2, 3, 6, 7), 77, np.uint8)
    for mode in ("bilinear", "nearest"):
        result = T.Resize(size, mode)(constant)
        assert result.dtype == np.uint8 and result.shape == (2, 3, *size) and (result == 77).all()
    if size == (3, 3):
        mean = T.Resize((3, 7))(IMAGES)
        np.testing.assert_allclose(mean, IMAGES.reshape(5, 3, 3, 2, 7).mean(3), rtol=1e-5)


@pytest.mark.parametrize(
    "make, word",
    [
        (lambda: T.RandomCrop(0), "size"), (lambda: T.CenterCrop(9)(IMAGES), "does not fit"),
        (lambda: T.RandomCrop((7, 7))(IMAGES), "does not fit"),
        (lambda: T.RandomHorizontalFlip(1.5), "p must"), (lambda: T.Normalize(0, 0), "positive"),
        (lambda: T.Normalize(np.nan, 1), "mean"), (lambda: T.Pad(-1), "padding"),
        (lambda: T.Pad(1, mode="mirror"), "mode"), (lambda: T.ToFloat(int), "float"),
        (lambda: T.RandomAffine(0, scale=(0, 1)), "scale"),
        (lambda: T.RandomAffine(0, translate=(2, 0)), "translate"),
        (lambda: T.RandomAffine(0, translate=1), "two numbers"),
        (lambda: T.Compose([len]), "Lambda"), (lambda: T.Lambda(3), "callable"),
        (lambda: T.Cutout(2)(IMAGES, draws([1])), "draws for 1"),
        (lambda: T.Transform()(IMAGES), "defines no apply"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(make, word):
    with pytest.raises((ValueError, TypeError), match=word):
        make()


SOUND = {
    "Compose": {"transforms": []}, "Lambda": {"function": len}, "ToFloat": {"dtype": "float64"},
    "Normalize": {"mean": 0.0, "std": 1.0}, "Pad": {"padding": 1, "fill": 0.0, "mode": "edge"},
    "CenterCrop": {"size": 3}, "RandomCrop": {"size": 3, "padding": 1, "fill": 0.0, "mode": "edge"},
    "RandomHorizontalFlip": {"p": 0.5}, "RandomVerticalFlip": {"p": 0.5},
    "Cutout": {"size": 3, "fill": 0.0, "p": 0.5},
    "RandomAffine": {"degrees": 3, "translate": (0.1, 0.1), "scale": (1, 2), "shear": 1.0, "fill": 0.0},
    "Resize": {"size": 3, "mode": "nearest"},
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(T.__all__) - {"Transform"}))
def test_a_refusal_names_the_transform_and_the_argument(name):
    assert list(inspect.signature(getattr(T, name)).parameters) == list(SOUND[name])
    for argument in SOUND[name]:
        # What a crop pads with is read by the padding.
        who = "Pad" if name == "RandomCrop" and argument != "size" else name
        with pytest.raises((TypeError, ValueError), match=f"^{who}: {argument} must be "):
            getattr(T, name)(**{**SOUND[name], argument: object()})


def test_any_function_is_a_transform():
    double = T.Lambda(lambda x: x * 2)
    assert np.array_equal(double(IMAGES), IMAGES * 2)
    assert double.function(3) == 6


def test_all_but_the_users_own_functions_treat_each_image_by_itself():
    own = {name for name in T.__all__ if vars(getattr(T, name)).get("samplewise") is True}
    assert own == set(T.__all__) - {"Transform", "Compose", "Lambda", "RandomVerticalFlip"}
    assert (
        T.RandomVerticalFlip.samplewise and not T.Lambda.samplewise and not T.Transform.samplewise
    )
    both = [T.ToFloat(), T.Lambda(lambda images: images)]
    assert T.Compose(both[:1]).samplewise and not T.Compose(both).samplewise
