"""The convolution microscope: what a layer does with every single number, on the user's own data.

    viz.conv(layer, x, at=(n, o, i, j))   one multiplication seen from output, pixel, tap and matrix
    viz.pool(layer, x, at=(n, c, i, j))   the same for pooling: winner, ties, gradient
    viz.output_size(28, kernel=5)         the formula with the numbers put in
    viz.receptive_field(model, layer, at, x)   which pixels an output can see, over the graph
    viz.shift_test(model, x, dy, dx)      equivariance and invariance, measured
    viz.feature_maps(model, x), viz.kernels(layer)   small multiples

Each of them returns a figure: it shows itself in a notebook, ``.save("x.html" | "x.svg" | "x.png" |
…)`` writes it, ``.text()`` says it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from autograd.arguments import suggesting

if TYPE_CHECKING:
    from autograd.viz.microscope.microscope import Microscope
    from autograd.viz.microscope.multiples import FeatureMaps, Kernels
    from autograd.viz.microscope.output_sizes import OutputSize
    from autograd.viz.microscope.receptive_fields import ReceptiveField
    from autograd.viz.microscope.shift_tests import ShiftTest

__all__ = [
    "conv",
    "feature_maps",
    "kernels",
    "output_size",
    "pool",
    "receptive_field",
    "shift_test",
]


@suggesting
def conv(
    layer_or_weight: Any,
    x: Any,
    at: Sequence[int] | None = None,
    *,
    bias: Any = None,
    stride: Any = None,
    padding: Any = None,
    dilation: Any = None,
    groups: int | None = None,
    padding_mode: str | None = None,
    gradient: Any = None,
    tap: Sequence[int] | None = None,
    flip: bool = False,
    title: str = "",
    theme: str = "auto",
) -> Microscope:
    """A convolution layer under the microscope: four linked views of its multiplications.

    One output and its patch times the kernel; one pixel, the outputs it reached and the gradients
    that come back; one kernel tap and every position that shares it; the row and column of the
    im2col matrix.

    A transposed convolution is shown both ways: from a pixel, which stamps its multiple of the
    kernel into the output; and from an output, for which it is a convolution, with the kernel
    turned, over the image with zeros put between its pixels.

    Args:
        layer_or_weight: a layer with one or two spatial axes (anything with ``weight``, ``stride``,
            …; transposed convolutions too), or bare kernels, shape (O, C / groups, kH, kW), (O, C / groups, K) or one kernel
            (kH, kW).
        x: images (N, C, H, W) or (N, C, L), one image, or one plane.
        at: the output to begin with, (n, o, i, j); missing leading numbers are 0, negative ones
            count from the end. Default: the middle of the first.
        bias, stride, padding, dilation, groups, padding_mode: for a bare weight, as for a layer;
            defaults none, 1, 0, 1, 1, ``"zeros"``.
        gradient: the gradient that arrives at the output, in its shape; default ones, as if the
            loss were the sum of all outputs.
        tap: the tap to begin with, (c, u, v) or (u, v), as places of the window; default its
            middle.
        flip: true convolution, the kernel turned by 180°, instead of the cross-correlation of
            layers.
        title: of the picture.
        theme: ``"auto"``, ``"light"`` or ``"dark"``.

    Returns:
        A :class:`~autograd.viz.microscope.microscope.Microscope`. ``.model`` answers in numbers:
        ``.model.of_output(at)``, ``.of_pixel(n, c, (i, j))``, ``.of_tap(o, c, (u, v))``.

    Raises:
        TypeError: for something that is no convolution, hyper-parameters beside a layer, or a
            volume.
        ValueError: for shapes that do not fit together.
        IndexError: if ``at`` or ``tap`` is out of range.

    Example:
        >>> from autograd import viz
        >>> scope = viz.conv([[1.0, -1.0]], [[3.0, 5.0, 9.0]], at=(0, 1))
        >>> [term.product for term in scope.model.of_output(scope.at)]
        [5.0, -9.0]
    """
    from autograd.viz.microscope.microscope import Microscope
    from autograd.viz.microscope.model import ConvModel, TransposedModel
    from autograd.viz.microscope.read_layers import read_conv

    given = {
        "bias": bias,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "groups": groups,
        "padding_mode": padding_mode,
    }
    read = read_conv(layer_or_weight, x, given)
    if read.stated is not None:
        if flip:
            raise TypeError(
                "viz.conv: flip is for convolutions; a transposed one turns its kernel already"
            )
        return Microscope(TransposedModel(read, gradient), at, tap, title=title, theme=theme)
    model = ConvModel(read, gradient, flip)
    other = ConvModel(read, gradient, not flip)
    return Microscope(model, at, tap, other=other, title=title, theme=theme)


@suggesting
def pool(
    layer: Any,
    x: Any,
    at: Sequence[int] | None = None,
    *,
    kernel_size: Any = None,
    stride: Any = None,
    padding: Any = None,
    dilation: Any = None,
    ceil_mode: bool | None = None,
    gradient: Any = None,
    tap: Sequence[int] | None = None,
    title: str = "",
    theme: str = "auto",
) -> Microscope:
    """A pooling layer under the microscope: winners, ties, and where the gradient goes.

    Args:
        layer: a pooling layer (anything with ``kernel_size``; an adaptive one, if its windows are
            all alike on this image), ``"max"``, ``"avg"``, or a differentiable function that reduces windows (N, C, H′, W′, kH, kW) over their last two
            axes.
        x: images (N, C, H, W) or (N, C, L), one image, or one plane.
        at: the output to begin with, (n, c, i, j), as for :func:`conv`.
        kernel_size, stride, padding, dilation, ceil_mode: if ``layer`` is a word or a function; the
            stride's default is the kernel size.
        gradient: the gradient that arrives at the output; default ones.
        tap: the cell of the window to begin with, (u, v); default the winner, or the first.
        title, theme: as for :func:`conv`.

    Raises:
        TypeError: for something that is no pooling.
        ValueError: for windows that do not fit.
        IndexError: if ``at`` or ``tap`` is out of range.

    Example:
        >>> from autograd import viz
        >>> scope = viz.pool("max", [[1.0, 7.0], [7.0, 0.0]], kernel_size=2)
        >>> scope.model.ties(scope.at)
        [(0, 1), (1, 0)]
    """
    from autograd.viz.microscope.microscope import Microscope
    from autograd.viz.microscope.model import PoolModel
    from autograd.viz.microscope.read_layers import read_pool

    given = {
        "kernel_size": kernel_size,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "ceil_mode": ceil_mode,
        "count_include_pad": None,
        "divisor_override": None,
    }
    model = PoolModel(read_pool(layer, x, given), gradient)
    return Microscope(model, at, tap, title=title, theme=theme)


@suggesting
def output_size(
    size: Any,
    kernel: Any = None,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    *,
    ceil_mode: bool = False,
    theme: str = "auto",
) -> OutputSize:
    """The output size of a convolution or pooling, with the numbers put into its formula.

    Args:
        size: length of the image along its axes, an integer or several; or the image.
        kernel: the kernel's size, an integer or several; or a layer, whose own hyper-parameters are
            taken.
        stride, padding, dilation: integers, one or one per axis; stride 1. Padding may be
            ``"same"``.
        ceil_mode: round up, as poolings can.

    Returns:
        An :class:`~autograd.viz.microscope.output_sizes.OutputSize`: ``.sizes`` is the answer, ``.text()``
        explains it, ``.skipped`` names cells that no window sees.

    Raises:
        ValueError: if the kernel does not fit; TypeError: for what is no size.

    Example:
        >>> from autograd import viz
        >>> print(viz.output_size(5, kernel=3, stride=3).text().splitlines()[1])
        ⌊(5 + 0 + 0 − 1·(3 − 1) − 1) / 3⌋ + 1 = ⌊2 / 3⌋ + 1 = 0 + 1 = 1
    """
    from autograd.viz.microscope.output_sizes import OutputSize, read_sizes

    return OutputSize(read_sizes(size, kernel, stride, padding, dilation, ceil_mode), theme=theme)


@suggesting
def receptive_field(
    model: Any,
    layer: Any = None,
    at: Sequence[int] | None = None,
    x: Any = None,
    *,
    title: str = "",
    theme: str = "auto",
) -> ReceptiveField:
    """The pixels that one output of a layer can see, followed back over the graph of one real pass.

    Args:
        model: a module or function of images.
        layer: a layer inside the model or its dotted path; None for the model's own output.
        at: the output, (o, i, j) or (i, j); default the middle of channel 0.
        x: an image (1, C, H, W) or a batch of which the first is taken, or the shape (C, H, W) of
            one. Default: noise, on the smallest of some usual squares that the model takes and
            that holds the field.

    Returns:
        A :class:`~autograd.viz.microscope.receptive_fields.ReceptiveField`: ``.mask`` (H, W) of the pixels
        that can matter, ``.box``, ``.size``, ``.stages`` layer by layer, and ``.influence``, the
        size of the gradient in every pixel, measured on this image.

    Raises:
        ValueError: if the layer is not in the model or not run, or no ``x`` is given and none
            can be chosen.
        IndexError: if ``at`` is out of range.

    Example:
        >>> import autograd as ag
        >>> from autograd import viz
        >>> w = ag.ones(1, 1, 3, 3)
        >>> twice = lambda x: ag.correlate(ag.correlate(x, w), w)
        >>> viz.receptive_field(twice, x=(1, 9, 9)).size
        (5, 5)
    """
    from autograd.viz.microscope.receptive_fields import ReceptiveField, follow_back

    return ReceptiveField(follow_back(model, layer, at, x), title=title, theme=theme)


@suggesting
def shift_test(
    model: Any,
    x: Any,
    dy: int = 0,
    dx: int = 1,
    *,
    tolerance: float | None = None,
    title: str = "",
    theme: str = "auto",
) -> ShiftTest:
    """Shift the image and compare f(shift x) with shift f(x) and with f(x).

    The first comparison measures equivariance, the second invariance. The image is moved by
    (dy, dx) pixels; zeros come in at the other side. Outputs that differ are marked by cause:
    ``"padding"`` (a window touches the padding or the border, where the shift brings in or loses
    pixels), ``"stride"`` (the shift is no multiple of the stride, so no output could match), else
    ``"other"``.

    Args:
        model: a module, a layer or a function of images.
        x: images (N, C, H, W) or one image or plane; the first image is taken.
        dy, dx: the shift, in pixels, downwards and to the right.
        tolerance: differences up to this are rounding; default 10⁻⁵ of the largest output.

    Returns:
        A :class:`~autograd.viz.microscope.shift_tests.ShiftTest`: ``.difference``, ``.causes``,
        ``.equivariant`` and ``.unchanged``, the shares of outputs that moved along and that stayed
        the same.

    Raises:
        ValueError: if the shift leaves nothing to compare, or the output has no plane.

    Example:
        >>> import autograd as ag
        >>> from autograd import viz
        >>> w = ag.ones(1, 1, 3, 3)
        >>> test = viz.shift_test(lambda x: ag.correlate(x, w), ag.eye(8), 1, 0)
        >>> test.equivariant
        1.0
    """
    from autograd.viz.microscope.shift_tests import ShiftTest, compare_shifts

    return ShiftTest(compare_shifts(model, x, dy, dx, tolerance), title=title, theme=theme)


@suggesting
def feature_maps(
    model: Any,
    x: Any,
    layers: Any = None,
    *,
    limit: int = 16,
    title: str = "",
    theme: str = "auto",
) -> FeatureMaps:
    """What the layers of a model make of an image: every channel as a small picture.

    Args:
        model: a module (every convolution, pooling and activation inside is shown) or a function
            (its output).
        x: an image or a batch, of which the first is taken.
        layers: dotted paths of the modules to show, or the modules; default those whose output has
            a plane.
        limit: at most so many channels of each layer.

    Raises:
        ValueError: if nothing in the model makes a plane, or a layer is not found.

    Example:
        >>> import autograd as ag
        >>> from autograd import viz
        >>> viz.feature_maps(lambda x: x * 2, ag.eye(4)).names
        ['output']
    """
    from autograd.viz.microscope.multiples import FeatureMaps, collect_maps

    return FeatureMaps(collect_maps(model, x, layers), limit, title=title, theme=theme)


@suggesting
def kernels(
    layer: Any,
    *,
    limit: int = 16,
    channels: int = 4,
    gradient: bool = False,
    title: str = "",
    theme: str = "auto",
) -> Kernels:
    """The kernels of a layer as small multiples, all on one scale.

    Args:
        layer: a layer with a ``weight``, or the weight (O, C / groups, kH, kW).
        limit: at most so many output channels.
        channels: at most so many input channels of each.
        gradient: show the weight's gradient instead.

    Raises:
        TypeError: if there is no weight; ValueError: if it has no plane or, when asked for, no
            gradient.

    Example:
        >>> from autograd import viz
        >>> viz.kernels([[[[1.0, -1.0]]]]).text().splitlines()[0]
        'kernel: 1 output channel × 1 input channel, 1×2 each; 2 weights'
    """
    from autograd.viz.microscope.multiples import Kernels, collect_kernels

    return Kernels(collect_kernels(layer, gradient), limit, channels, title=title, theme=theme)
