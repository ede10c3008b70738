"""What is done to images before a network sees them; on whole batches, in NumPy, without gradients.

A transform is called as ``transform(images, draws)``: images of shape (N, C, H, W) or (C, H, W),
uint8 or float; ``draws`` holds the random numbers that belong to these samples (`nn.data.Draws`;
`DataLoader` passes it). Where it is None, random transforms draw from the default generator. None
of them writes into its input.

    transform = Compose([ToFloat(), RandomCrop(32, padding=4), RandomHorizontalFlip(),
                         Normalize(mean, std)])
    data = nn.data.TensorDataset(images, labels, transform=transform)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import autograd
from autograd import Tensor, arguments, default_generator
from nn import functional
from nn.data.draws import Draws

__all__ = [
    "CenterCrop", "Compose", "Cutout", "Lambda", "Normalize", "Pad", "RandomAffine", "RandomCrop",
    "RandomHorizontalFlip", "RandomVerticalFlip", "Resize", "ToFloat", "Transform",
]  # fmt: skip


class Transform:
    """A function of images; subclasses define ``apply(images, draws)`` for a batch.

    ``samplewise`` says that each image is treated by itself, whatever stands beside it in the batch
    (as all transforms here do, but for `Lambda`); then a loader may transform several small batches
    at once. Default False, which is always right; a class with an ``apply`` of its own says it anew.
    """

    samplewise = False

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "apply" in vars(cls) and "samplewise" not in vars(cls):
            cls.samplewise = False

    def __call__(self, images: Any, draws: Draws | None = None) -> np.ndarray[Any, Any]:
        who = type(self).__name__
        array = images.detach().data if isinstance(images, Tensor) else np.asarray(images)
        if array.ndim not in (3, 4) or array.dtype.kind not in "fiu":
            raise ValueError(
                f"{who}: images must be numbers of shape (N, C, H, W) or (C, H, W), got "
                f"{array.dtype} of shape {array.shape}"
            )
        single = array.ndim == 3
        batch = array[None] if single else array
        if draws is None:
            draws = Draws(int(default_generator().integers(2**63)), 0, np.arange(len(batch)))
        elif len(draws) != len(batch):
            raise ValueError(f"{who}: draws for {len(draws)} samples, but {len(batch)} images")
        result = self.apply(batch, draws)
        return result[0] if single else result

    def apply(self, images: np.ndarray[Any, Any], draws: Draws) -> np.ndarray[Any, Any]:
        """The batch (N, C, H, W), transformed."""
        raise TypeError(f"{type(self).__name__} defines no apply(images, draws)")


class Compose(Transform):
    """One transform after the other."""

    def __init__(self, transforms: Sequence[Transform]) -> None:
        self.transforms = arguments.elements("Compose", "transforms", transforms)
        for transform in self.transforms:
            if not isinstance(transform, Transform):
                raise TypeError(
                    f"Compose: {arguments.shown(transform)} is no transform; Lambda(function) makes one"
                )
        self.samplewise = all(transform.samplewise for transform in self.transforms)

    def apply(self, images: np.ndarray[Any, Any], draws: Draws) -> np.ndarray[Any, Any]:
        """The transforms, in their order; each draws numbers of its own."""
        for transform in self.transforms:
            images = transform(images, draws)
        return images


class Lambda(Transform):
    """Any function of a batch (N, C, H, W), as a transform."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        if not callable(function):
            raise TypeError(f"Lambda: function must be callable, got {arguments.shown(function)}")
        self.function = function

    def apply(self, images: np.ndarray[Any, Any], draws: Draws) -> np.ndarray[Any, Any]:
        """What the function makes of the batch."""
        return self.function(images)


class ToFloat(Transform):
    """Floats; integers are divided by their type's largest number, so uint8 gets 0 to 1.

    Args:
        dtype: default float32.
    """

    samplewise = True

    def __init__(self, dtype: Any = np.float32) -> None:
        self.dtype = arguments.float_dtype("ToFloat", dtype)

    def apply(self, images: np.ndarray[Any, Any], draws: Draws) -> np.ndarray[Any, Any]:
        """The batch as floats."""
        if images.dtype.kind == "f":
            return images.astype(self.dtype)
        return images.astype(self.dtype) / self.dtype.type(np.iinfo(images.dtype).max)


class Normalize(Transform):
    """(x − mean) / std, channel by channel.

    Args:
        mean, std: a number for all channels, or one for each.
    """

    samplewise = True

    def __init__(self, mean: Any, std: Any) -> None:
        self.mean = arguments.real_array("Normalize", "mean", mean)
        self.std = arguments.real_array("Normalize", "std", std)
        for name, value in (("mean", self.mean), ("std", self.std)):
            if value.ndim > 1 or not np.isfinite(value).all():
                raise ValueError(f"Normalize: {name} must be a number or one for each channel")
        if not (self.std > 0).all():
            raise ValueError(f"Normalize: std must be positive, got {arguments.shown(std)}")

    def apply(self, images: np.ndarray[Any, Any], draws: Draws) -> np.ndarray[Any, Any]:
        """The batch, normalised; integers must be made floats before."""
        if images.dtype.kind != "f":
            raise TypeError(f"Normalize: images are {images.dtype}; put ToFloat() before it")
        for value in (self.mean, self.std):
            if value.size not in (1, images.shape[1]):
                raise ValueError(f"Normalize: {value.size} values for {images.shape[1]} channels")
        scale = (1.0 / self.std).reshape(-1, 1, 1)
        shift = (-self.mean / self.std).reshape(-1, 1, 1)
        result = images * scale.astype(images.dtype)
        result += shift.astype(images.dtype)
        return result


class Pad(Transform):
    """A border around the images.

    Args:
        padding: pixels on each side; a number, or (vertical, horizontal).
        fill: what it is filled with. Default 0.
        mode: ``constant``, ``edge``, ``reflect`` or ``wrap``. Default ``constant``.
    """

    samplewise = True

    def __init__(self, padding: Any, fill: float = 0.0, mode: str = "constant") -> None:
        self.padding = arguments.integers("Pad", "padding", padding, 2, 0)
        self.fill = arguments.real("Pad", "fill", fill)
        self.mode = arguments.choice("Pad", "mode", mode, ("constant", "edge", "reflect", "wrap"))

    def apply(self, images: np.ndarray[Any, Any], draws: Draws) -> np.ndarray[Any, Any]:
        """The batch, larger by twice the padding."""
        (v, h), more = self.padding, {}
        if self.mode == "constant":
            more = {"constant_values": self.fill}
        return np.pad(images, ((0, 0), (0, 0), (v, v), (h, h)), mode=self.mode, **more)  # type: ignore[call-overload]


class CenterCrop(Transform):
    """The middle of the images.

    Args:
        size: height and width; one number for both.
    """

    samplewise = True

    def __init__(self, size: Any) -> None:
        self.size = arguments.integers("CenterCrop", "size", size, 2)

    def apply(self, images: np.ndarray[Any, Any], draws: Draws) -> np.ndarray[Any, Any]:
        """The batch, cut; a view."""
        (h, w), (height, width) = self.size, images.shape[2:]
        _check_fits("CenterCrop", self.size, images)
        top, left = (height - h) // 2, (width - w) // 2
        return images[:, :, top : top + h, left : left + w]


class RandomCrop(Transform):
    """A part of each image, anywhere in it.

    Args:
        size: height and width; one number for both.
        padding: pixels of border put around the images before. Default 0.
        fill, mode: of the border, as in `Pad`.
    """

    samplewise = True

    def __init__(
        self, size: Any, padding: Any = 0, fill: float = 0.0, mode: str = "constant"
    ) -> None:
        self.size = arguments.integers("RandomCrop", "size", size, 2)
        self.pad = Pad(padding, fill, mode)

    def apply(self, images: np.ndarray[Any, Any], draws: Draws) -> np.ndarray[Any, Any]:
        """The batch, cut, each image at a place of its own."""
        if any(self.pad.padding):
            images = self.pad.apply(images, draws)
        _check_fits("RandomCrop", self.size, images)
        (h, w), (height, width) = self.size, images.shape[2:]
        top = draws.integers(0, height - h + 1)
        left = draws.integers(0, width - w + 1)
        windows = np.lib.stride_tricks.sliding_window_view(images, self.size, axis=(2, 3))
        return windows[np.arange(len(images)), :, top, left]


class RandomHorizontalFlip(Transform):
    """Each image mirrored, left for right, with a probability.

    Args:
        p: default 0.5.
    """

    samplewise = True
    _axis = 3

    def __init__(self, p: float = 0.5) -> None:
        self.p = arguments.probability(type(self).__name__, "p", p)

    def apply(self, images: np.ndarray[Any, Any], draws: Draws) -> np.ndarray[Any, Any]:
        """The batch, some of it mirrored."""
        chosen = draws.uniform() < self.p
        result = images.copy()
        result[chosen] = np.flip(images[chosen], self._axis)
        return result


class RandomVerticalFlip(RandomHorizontalFlip):
    """Each image turned upside down, mirrored top for bottom, with a probability.

    Args:
        p: default 0.5.
    """

    _axis = 2


class Cutout(Transform):
    """A square of each image replaced by a number; T. DeVries, G. Taylor, arXiv 1708.04552.

    Args:
        size: its height and width; one number for both. It may reach over the border.
        fill: default 0.
        p: how likely an image gets one. Default 1.
    """

    samplewise = True

    def __init__(self, size: Any, fill: float = 0.0, p: float = 1.0) -> None:
        self.size = arguments.integers("Cutout", "size", size, 2)
        self.fill = arguments.real("Cutout", "fill", fill)
        self.p = arguments.probability("Cutout", "p", p)

    def apply(self, images: np.ndarray[Any, Any], draws: Draws) -> np.ndarray[Any, Any]:
        """The batch, with a hole in each image."""
        drawn = draws.uniform(size=(3,))
        hit = []
        for k, (extent, size) in enumerate(zip(images.shape[2:], self.size, strict=True)):
            start = np.floor(extent * drawn[:, k, None]) - size // 2
            place = np.arange(extent)
            hit.append((place >= start) & (place < start + size))
        hit[0] &= drawn[:, 2, None] < self.p
        inside = _outer(np.logical_and, *hit)[:, None]
        result = images.copy()
        np.copyto(result, images.dtype.type(self.fill), where=inside)
        return result


class RandomAffine(Transform):
    """Each image turned, moved, scaled and sheared about its centre; bilinear.

    Args:
        degrees: turned by at most so much, either way.
        translate: moved by at most this fraction of (height, width). Default none.
        scale: (smallest, largest) factor. Default none.
        shear: slanted by at most so many degrees, either way. Default 0.
        fill: what comes in from outside. Default 0.
    """

    samplewise = True

    def __init__(
        self, degrees: float, translate: Any = None, scale: Any = None, shear: float = 0.0,
        fill: float = 0.0,
    ) -> None:  # fmt: skip
        who = "RandomAffine"
        self.degrees = arguments.real(who, "degrees", degrees)
        self.translate = _pair(who, "translate", (0.0, 0.0) if translate is None else translate)
        self.scale = _pair(who, "scale", (1.0, 1.0) if scale is None else scale)
        self.shear = arguments.real(who, "shear", shear)
        self.fill = arguments.real(who, "fill", fill)
        if not 0 < self.scale[0] <= self.scale[1]:
            raise ValueError(
                f"{who}: scale must be (smallest, largest) above 0, got {arguments.shown(scale)}"
            )
        if not all(0 <= part <= 1 for part in self.translate):
            raise ValueError(
                f"{who}: translate must be two fractions, 0 to 1, got {arguments.shown(translate)}"
            )

    def apply(self, images: np.ndarray[Any, Any], draws: Draws) -> np.ndarray[Any, Any]:
        """The batch, every image mapped by a map of its own."""
        if images.dtype.kind != "f":
            raise TypeError(f"RandomAffine: images are {images.dtype}; put ToFloat() before it")
        height, width = images.shape[2:]
        drawn = iter(draws.uniform(-1, 1, (5,)).T)
        angle = np.radians(next(drawn) * self.degrees)
        slant = np.tan(np.radians(next(drawn) * self.shear))
        smallest, largest = self.scale
        factor = smallest + (largest - smallest) * (0.5 + 0.5 * next(drawn))
        down = next(drawn) * self.translate[0] * height
        right = next(drawn) * self.translate[1] * width
        # For each pixel of the result: which place of the image is seen there. About the centre,
        # a linear map; its four numbers stand before rows and columns, which are added only once.
        middle, center = (height - 1) / 2, (width - 1) / 2
        cos, sin = np.cos(angle) / factor, np.sin(angle) / factor
        y = np.arange(height) - middle - down[:, None]
        x = np.arange(width) - center - right[:, None]
        # (The image gets a border of one pixel, so its first one is number 1.)
        rows_y, columns_y = cos[:, None] * y + (middle + 1), -sin[:, None] * x
        rows_x = (sin - slant * cos)[:, None] * y + (center + 1)
        columns_x = (cos + slant * sin)[:, None] * x
        exact = np.result_type(images.dtype, np.float32)
        rows_y, columns_y, rows_x, columns_x = (
            each.astype(exact) for each in (rows_y, columns_y, rows_x, columns_x)
        )
        source_y, source_x = _outer(np.add, rows_y, columns_y), _outer(np.add, rows_x, columns_x)
        return _bilinear(images, source_y, source_x, self.fill)


class Resize(Transform):
    """Images of another size, interpolated.

    Args:
        size: height and width; one number for both.
        mode: ``bilinear`` (with its area averaged when the image gets smaller) or ``nearest``.
    """

    samplewise = True

    def __init__(self, size: Any, mode: str = "bilinear") -> None:
        self.size = arguments.integers("Resize", "size", size, 2)
        self.mode = arguments.choice("Resize", "mode", mode, ("bilinear", "nearest"))

    def apply(self, images: np.ndarray[Any, Any], draws: Draws) -> np.ndarray[Any, Any]:
        """The batch in the new size; integers stay integers."""
        floats = images if images.dtype.kind == "f" else images.astype(np.float32)
        with autograd.no_grad():
            if self.mode == "bilinear" and all(
                new <= old for new, old in zip(self.size, images.shape[2:], strict=True)
            ):
                result = autograd.adaptive_avg_pool(floats, self.size)
            else:
                result = functional.interpolate(floats, size=self.size, mode=self.mode)
        array = np.asarray(result.data if isinstance(result, Tensor) else result)
        return array if images.dtype.kind == "f" else np.rint(array).astype(images.dtype)


def _outer(
    function: np.ufunc, rows: np.ndarray[Any, Any], columns: np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    """For each sample ``function`` of what a row and a column have: (N, H) and (N, W) to (N, H, W).

    Broadcasting would do the same, at three times the price where images are narrow.
    """
    (n, height), width = rows.shape, columns.shape[1]
    whole = np.repeat(rows, width, axis=1).reshape(n, height, width)
    return function(whole, np.repeat(columns[:, None], height, axis=1), out=whole)


def _bilinear(
    images: np.ndarray[Any, Any], y: np.ndarray[Any, Any], x: np.ndarray[Any, Any], fill: float
) -> np.ndarray[Any, Any]:
    """Values at the places (y, x), of shape (N, H, W) each, counted from 1; outside lies ``fill``.

    Overwrites y and x.
    """
    n, channels, height, width = images.shape
    tall, wide = height + 3, width + 3
    padded = np.full((n, channels, tall, wide), fill, images.dtype)
    padded[:, :, 1:-2, 1:-2] = images
    for places, extent in ((y, height), (x, width)):
        np.maximum(places, 0.0, out=places)
        np.minimum(places, extent + 1, out=places)
    # The pixels above and left of the places, and how far the places lie from these.
    top, left = np.floor(y), np.floor(x)
    y -= top
    x -= left
    down, right = (part.astype(images.dtype, copy=False)[:, None] for part in (y, x))
    # Their numbers, in all planes of the batch behind one another.
    top *= wide
    top += left
    planes = np.arange(n * channels).reshape(n, channels, 1, 1) * (tall * wide)
    place = planes + top.astype(np.intp)[:, None]
    flat = padded.reshape(-1)

    def row(start: int) -> Any:
        # All places are inside; "clip" is the mode that does not look.
        before = flat[start:].take(place, mode="clip")
        after = flat[start + 1 :].take(place, mode="clip")
        after -= before
        after *= right
        after += before
        return after

    upper, lower = row(0), row(wide)
    lower -= upper
    lower *= down
    lower += upper
    return lower


def _check_fits(who: str, size: tuple[int, ...], images: np.ndarray[Any, Any]) -> None:
    if any(wanted > there for wanted, there in zip(size, images.shape[2:], strict=True)):
        raise ValueError(f"{who}: size {size} does not fit images of {images.shape[2:]}")


def _pair(who: str, name: str, value: Any) -> tuple[float, float]:
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise ValueError(f"{who}: {name} must be two numbers, got {arguments.shown(value)}")
    first, second = (arguments.real(who, name, each) for each in value)
    return first, second
