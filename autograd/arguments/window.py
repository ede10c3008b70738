"""Where windows look: kernel size, stride, padding and dilation as one value.

Along each axis tap k of window o looks at cell ``o·stride + k·dilation − before``; cells outside of
the image are padding. Convolutions, poolings, the kernels that compute them and the pictures that
explain them all ask a `Window`; how many windows there are, and how large the image was that has so
many, is said here only.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple, Self

from autograd.arguments import numbers

__all__ = ["Window"]

Sizes = tuple[int, ...]


class Window(NamedTuple):
    """Kernel size, stride, padding and dilation, one of each for every axis.

    It is made once, by a layer's constructor or a function that is called with loose numbers
    (`read`, `pooling`), and handed on as it is: nobody below looks at the numbers again. As a tuple
    it is compared and hashed by value.

    Attributes:
        kernel: taps of the window. stride: from one window to the next.
        padding: (before, after) around the image; negative widths crop.
        dilation: from one tap to the next.
        ceil_mode: a last window may hang over the end, if it begins inside of the image or its
            left padding (of poolings).

    Example:
        >>> import autograd as ag
        >>> window = ag.arguments.Window.read("conv", 2, kernel=3, stride=2, padding=1)
        >>> window.outputs((28, 28)), window.inputs((14, 14))
        ((14, 14), (27, 27))
        >>> print(*window.explain((28, 28))[:1])
        ⌊(28 + 1 + 1 − 1·(3 − 1) − 1) / 2⌋ + 1 = ⌊27 / 2⌋ + 1 = 13 + 1 = 14
    """

    kernel: Sizes
    stride: Sizes
    padding: tuple[tuple[int, int], ...]
    dilation: Sizes
    ceil_mode: bool = False

    # Reading -------------------------------------------------------------------------------------

    @classmethod
    def read(
        cls,
        who: str,
        n: int,
        kernel: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        name: str = "kernel_size",
    ) -> Self:
        """The window of a convolution over ``n`` axes.

        Args:
            who: the function or layer that asks; errors begin with it.
            kernel, stride, dilation: positive integers, one or one per axis. A window in place of
                the kernel is taken as it is; in place of the stride, with this kernel.
            padding: an integer, one per axis, pairs (before, after), ``"valid"`` or ``"same"``.
            name: what the function calls the kernel's size.

        Raises:
            TypeError, ValueError: naming the argument and what would be right.
        """
        if isinstance(kernel, cls):
            kernel._check_alone(who, n, stride == 1 and padding == 0 and dilation == 1)
            return kernel
        if isinstance(stride, cls):
            stride._check_alone(who, n, padding == 0 and dilation == 1)
            return stride if stride.kernel == kernel else stride._replace(kernel=kernel)
        kernel = numbers.integers(who, name, kernel, n)
        stride = numbers.integers(who, "stride", stride, n)
        dilation = numbers.integers(who, "dilation", dilation, n)
        padding = numbers.paddings(who, padding, n, kernel, stride, dilation)
        return cls(kernel, stride, padding, dilation)

    @classmethod
    def pooling(
        cls,
        who: str,
        n: int,
        kernel: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: Any = False,
    ) -> Self:
        """The window of a pooling: the stride's default is the kernel, both sides are padded alike.

        A window in place of the kernel is taken as it is.

        Raises:
            TypeError, ValueError: as `read`, and for padding above half of the (dilated) kernel.
        """
        if isinstance(kernel, cls):
            alone = stride is None and padding == 0 and dilation == 1 and ceil_mode is False
            kernel._check_alone(who, n, alone)
            return kernel
        kernel = numbers.integers(who, "kernel_size", kernel, n)
        if stride is None or (isinstance(stride, (tuple, list)) and not stride):
            stride = kernel
        else:
            stride = numbers.integers(who, "stride", stride, n)
        padding = numbers.integers(who, "padding", padding, n, 0)
        dilation = numbers.integers(who, "dilation", dilation, n)
        ceil = ceil_mode is not False and numbers.boolean(who, "ceil_mode", ceil_mode)
        window = cls(kernel, stride, tuple([(p, p) for p in padding]), dilation, ceil)
        window.check_half_padding(who)
        return window

    def _check_alone(self, who: str, n: int, alone: bool) -> None:
        """Refuse numbers beside a window, and one of another rank."""
        if len(self.kernel) != n:
            raise ValueError(f"{who}: {self} is for {len(self.kernel)} axes, not for {n}")
        if not alone:
            raise TypeError(
                f"{who}: a Window says stride, padding and dilation, give no others beside it"
            )

    def check_half_padding(self, who: str) -> None:
        """Raise ValueError if padding is above half of the kernel: windows could lie in it alone."""
        if any(max(p) > span // 2 for p, span in zip(self.padding, self.spans, strict=True)):
            alike = all(before == after for before, after in self.padding)
            padding = tuple([p[0] for p in self.padding]) if alike else self.padding
            raise ValueError(
                f"{who}: padding {padding} must be at most half of the window {self.kernel}"
                + (f" with dilation {self.dilation}" if max(self.dilation) > 1 else "")
            )

    # Sizes ---------------------------------------------------------------------------------------

    @property
    def spans(self) -> Sizes:
        """Cells from the first tap to the last, both included: d(k − 1) + 1."""
        return tuple([d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation, strict=True)])

    def padded(self, sizes: Sequence[int]) -> Sizes:
        """Sizes of an image with its padding."""
        pairs = zip(sizes, self.padding, strict=True)
        return tuple([size + before + after for size, (before, after) in pairs])

    @lru_cache(maxsize=4096)  # noqa: B019 (of values, not of objects that should go)
    def outputs(self, sizes: Sizes) -> Sizes:
        """How many windows an image has along each axis: ⌊(padded − span) / stride⌋ + 1, or 0.

        With ``ceil_mode`` rounded up, and then one less if the last would begin in the padding
        after the end.
        """
        found = []
        for size, s, (before, after), span in zip(
            sizes, self.stride, self.padding, self.spans, strict=True
        ):
            room = size + before + after - span
            count = (-(-room // s) if self.ceil_mode else room // s) + 1
            if self.ceil_mode and (count - 1) * s >= size + before:
                count -= 1
            found.append(max(count, 0))
        return tuple(found)

    def inputs(self, outputs: Sequence[int]) -> Sizes:
        """Sizes of the smallest image with so many windows: (L − 1)·stride + span − padding."""
        return tuple([
            (length - 1) * s - before - after + span
            for length, s, (before, after), span in zip(
                outputs, self.stride, self.padding, self.spans, strict=True
            )
        ])  # fmt: skip

    def with_largest_kernel(self, sizes: Sequence[int], outputs: Sequence[int]) -> Window:
        """The same window with the largest kernel of which an image has so many windows."""
        kernel = tuple([
            (padded - (length - 1) * s - 1) // d + 1
            for padded, length, s, d in zip(
                self.padded(sizes), outputs, self.stride, self.dilation, strict=True
            )
        ])  # fmt: skip
        return self._replace(kernel=kernel)

    # Checks --------------------------------------------------------------------------------------

    def fits(self, sizes: Sequence[int]) -> bool:
        """Whether the padded image holds one whole window."""
        return all(p >= span for p, span in zip(self.padded(sizes), self.spans, strict=True))

    def check(self, who: str, sizes: Sequence[int], what: str = "kernel") -> Sizes:
        """How many windows there are, after checking that there is one.

        Args:
            what: what the function calls the window in its errors.

        Raises:
            ValueError: if the (dilated) kernel is larger than the padded image.
        """
        if not self.fits(sizes):
            raise ValueError(
                f"{who}: {what} {self.kernel} with dilation {self.dilation} does not fit the "
                f"padded input {cross(self.padded(sizes))}"
            )
        return self.outputs(tuple(sizes))

    def check_pooling(self, who: str, sizes: Sequence[int]) -> Sizes:
        """As `check` for poolings, whose images must not be empty, and may be smaller than a window
        that hangs over their end.

        Raises:
            ValueError: if no window fits, or one could lie in the padding alone.
        """
        self.check_half_padding(who)
        outputs = self.outputs(tuple(sizes))
        if 0 in sizes or 0 in outputs:
            padding = tuple([before for before, _ in self.padding])
            raise ValueError(
                f"{who}: window {self.kernel} with dilation {self.dilation} and padding {padding} "
                f"does not fit the input {cross(sizes)}"
            )
        return outputs

    def shortened(self, sizes: Sequence[int]) -> Window:
        """The same windows of such an image without steps that leave it, which kernels count out."""
        stride = tuple([
            min(s, max(p, 1)) for s, p in zip(self.stride, self.padded(sizes), strict=True)
        ])  # fmt: skip
        dilation = tuple([
            d if k > 1 else 1 for d, k in zip(self.dilation, self.kernel, strict=True)
        ])  # fmt: skip
        return self._replace(stride=stride, dilation=dilation)

    def along(self, axis: int) -> Window:
        """The window of one axis."""
        return self._replace(
            kernel=self.kernel[axis : axis + 1],
            stride=self.stride[axis : axis + 1],
            padding=self.padding[axis : axis + 1],
            dilation=self.dilation[axis : axis + 1],
        )

    def raised(self, rank: int) -> Window:
        """The same window over ``rank`` axes: in front come axes on which it has one tap."""
        new = rank - len(self.kernel)
        one, none = (1,) * new, ((0, 0),) * new
        return self._replace(
            kernel=one + self.kernel,
            stride=one + self.stride,
            padding=none + self.padding,
            dilation=one + self.dilation,
        )

    # Words ---------------------------------------------------------------------------------------

    def explain(self, sizes: Sequence[int]) -> tuple[str, ...]:
        """For each axis, the formula of `outputs` with its numbers."""
        left, right = "⌈⌉" if self.ceil_mode else "⌊⌋"
        lines = []
        for size, k, s, (before, after), d, span, outputs in zip(
            sizes, *self[:4], self.spans, self.outputs(tuple(sizes)), strict=True
        ):
            room = size + before + after - span
            steps = -(-room // s) if self.ceil_mode else room // s
            text = (
                f"{left}({size} + {before} + {after} − {d}·({k} − 1) − 1) / {s}{right} + 1 = "
                f"{left}{room} / {s}{right} + 1 = {steps} + 1 = {steps + 1}"
            )
            if steps + 1 != outputs:
                text += f", less the last, which would begin beyond the image: {outputs}"
            lines.append(text)
        return tuple(lines)

    def shown(self) -> dict[str, Any]:
        """The parameters by name, for the debugger and pictures."""
        shown = self._asdict()
        if not self.ceil_mode:
            del shown["ceil_mode"]
        return shown


def cross(sizes: Sequence[int]) -> str:
    """Sizes as a text, such as ``28×28``."""
    return "×".join(map(str, sizes))
