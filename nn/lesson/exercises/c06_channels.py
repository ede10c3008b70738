"""Exercises of notebook 6: channels, kernels, groups."""

from __future__ import annotations

from random import Random

import numpy as np

import autograd as ag
import nn
from nn.lesson.exercise import Task, described, equals, exercise


def _count(layer: nn.Module) -> int:
    return sum(parameter.size for parameter in layer.parameters())


def _close(got: np.ndarray, want: np.ndarray) -> bool:
    return bool(np.allclose(got, want, atol=1e-4))


@exercise("6.1", "The numbers of a layer")
def layer_count(draw: Random) -> Task:
    c, n, k = draw.choice([3, 4, 8]), draw.choice([6, 10, 16]), draw.choice([3, 5])
    return Task(
        question=f"How many numbers has `nn.Conv2d({c}, {n}, {k})` to learn?",
        solution=f"answer = ({k} * {k} * {c} + 1) * {n}",
        wrong=f"answer = {k} * {k} * {c} + 1 * {n}",
        judge=equals(
            lambda: _count(nn.Conv2d(c, n, k)),
            "How many kernels are there, how many planes has each, and what comes on top?",
            [(k * k * c * n, "Those are the weights. Each kernel has a bias, too."),
             (k * k * c + n, "Mind the parentheses: each kernel has weights of its own."),
             ((k * k + 1) * n, "A kernel has a plane for every input channel."),
             ((k * k + 1) * c * n, "A kernel has one bias, not one for each of its planes."),
             (k * k * c * n + 1, "Each kernel has a bias, not the layer one."),
             (k * k * c * n + c, "There are as many biases as kernels: one for each output channel."),
             (k * k * c + 1, "That is one kernel. How many are there?"),
             (k * k * n, "A kernel has a plane for every input channel, and a bias."),
             ((k * c + 1) * n, "How many weights has one plane of a kernel, rows and columns?"),
             ((k * k + c + 1) * n, "A kernel's planes: one for every channel, so that numbers multiply."),
             ((k * k * n + 1) * c, "Input and output are exchanged: a kernel spans the input channels."),
             ((k * k * c + 1) * n * c, "All planes are in a kernel already: how many kernels are there?"),
             ((k * k * c + 1) * c, "There are as many kernels as output channels."),
             (c * n, "So many planes all kernels have together. How many weights has a plane, and what comes on top?"),
             (k * k * (c + n), "Every input channel meets every kernel: such numbers multiply.")],
        ),
        why=f"({k}·{k}·{c} + 1)·{n}.",
    )  # fmt: skip


@exercise("6.2", "The shape that comes out")
def shape(draw: Random) -> Task:
    batch, c, n, k, side = (
        draw.randint(2, 6),
        3,
        draw.choice([5, 7, 9]),
        draw.choice([3, 5]),
        draw.randint(16, 30),
    )
    return Task(
        question=f"{batch} colour images of {side} × {side} pixels go through `nn.Conv2d({c}, {n}, {k})`. What is the "
        "shape of the output? Answer with a tuple of four.",
        solution=f"answer = ({batch}, {n}, {side} - {k} + 1, {side} - {k} + 1)",
        wrong=f"answer = ({batch}, {c}, {side} - {k} + 1, {side} - {k} + 1)",
        judge=equals(
            lambda: nn.Conv2d(c, n, k)(ag.zeros(batch, c, side, side)).shape,
            "Images, channels, rows, columns.",
            [((batch, c, side - k + 1, side - k + 1), "How many planes does each kernel make, and how many kernels are there?"),
             ((batch, n * c, side - k + 1, side - k + 1), "A kernel adds its channels up; it makes one plane."),
             ((batch, n, side, side), "That is the size with padding. How many places has the kernel without?"),
             ((n, batch, side - k + 1, side - k + 1), "The images come first, then the channels."),
             ((batch, side - k + 1, side - k + 1, n), "The channels come second, before rows and columns."),
             ((batch, side - k + 1, side - k + 1), "Where are the channels?"),
             ((n, side - k + 1, side - k + 1), "That is one image. There are more."),
             ((side - k + 1, side - k + 1), "That is one plane. How many are there, of how many images?"),
             ((batch, n, side - k, side - k), "One place more fits: count the first."),
             ((batch, n, side + k - 1, side + k - 1), "Valid: the output is smaller than the input."),
             ((n, c, k, k), "That is the shape of the weight."),
             ((n, c, side - k + 1, side - k + 1), "Images come first, and the input's channels are gone: a kernel adds them up."),
             ((1, n, side - k + 1, side - k + 1), "How many images go through?"),
             ((batch, n, (side - k) // 2 + 1, (side - k) // 2 + 1), "The stride is 1, as nothing else is said."),
             ((batch, n, side // k, side // k), "The kernel moves on by one, not by its own size."),
             ((batch, n, (side - k + 1) ** 2), "Rows and columns stay apart."),
             ((batch * n, side - k + 1, side - k + 1), "Images and channels stay apart: four axes.")],
        ),
        why="One plane for every kernel; valid, so K − 1 fewer rows and columns.",
    )  # fmt: skip


@exercise("6.3", "Groups")
def groups(draw: Random) -> Task:
    g = draw.choice([2, 4])
    c, n, k = g * draw.choice([2, 3]), g * draw.choice([3, 5]), draw.choice([3, 5])
    return Task(
        question=f"What is the shape of the weight of `nn.Conv2d({c}, {n}, {k}, groups={g})`? A tuple of four.",
        solution=f"answer = ({n}, {c} // {g}, {k}, {k})",
        wrong=f"answer = ({n}, {c}, {k}, {k})",
        judge=equals(
            lambda: nn.Conv2d(c, n, k, groups=g).weight.shape,
            "As many kernels as output channels; how many planes does each need?",
            [((n, c, k, k), "That is without groups. How many channels does each kernel see?"),
             ((n // g, c // g, k, k), "That is one group; the weight holds all of them."),
             ((c, n // g, k, k), "Input and output are exchanged: as many kernels as output channels."),
             ((c // g, n, k, k), "The kernels come first: as many as output channels."),
             ((c, n, k, k), "The kernels come first; and how many channels does each see?"),
             ((n // g, c, k, k), "All kernels are there, but each sees fewer channels."),
             ((n, g, k, k), "Not the number of groups: how many channels are in each?"),
             ((g, n, c // g, k, k), "All groups' kernels stand one after the other: four axes."),
             ((n, c // g), "And the window's rows and columns?")],
        ),
        why=f"Each of the {n} kernels sees the {c // g} channels of its group.",
    )  # fmt: skip


@exercise("6.4", "A kernel that mixes")
def mix(draw: Random) -> Task:
    red, green, blue = (draw.randint(1, 9) / 10 for _ in range(3))
    x = ag.rand(1, 3, 4, 4, generator=np.random.default_rng(0))

    def judged(answer: object) -> str | None:
        if not isinstance(answer, nn.Module):
            return f"The answer is to be a layer; yours is {described(answer)}."
        try:
            y = answer(x)
        except (TypeError, ValueError) as error:
            return f"Your layer does not take a colour image of shape {x.shape}: {error}."
        want = (red * x[:, 0] + green * x[:, 1] + blue * x[:, 2]).data[:, None]
        if y.shape != want.shape:
            return f"Your layer makes {y.shape} of {x.shape}; it should make one plane, as large as the image."
        if _close(y.data, want):
            return None
        pure = np.eye(3, dtype=np.float32)[:, None, :, None, None] * np.ones_like(x.data)
        made = [answer(image).data - answer(0 * image).data for image in pure]
        factors = [float(plane[0, 0, 2, 2]) for plane in made]
        asked = [red, green, blue]
        if np.allclose(factors, asked, atol=1e-4) and all(np.ptp(plane) < 1e-4 for plane in made):
            return "The weights are right. And what is added besides: has the layer a bias?"
        if np.allclose(sorted(factors), sorted(asked), atol=1e-4):
            return "The right factors, of the wrong channels: red is 0, green 1, blue 2."
        if np.allclose(np.negative(factors), asked, atol=1e-4):
            return "The weights have the wrong sign."
        shown = ", ".join(f"{factor:.3g}" for factor in factors)
        return (
            f"The right shape. In it red, green and blue have the factors {shown}: set the weights; "
            "and has it a bias?"
        )

    return Task(
        question=f"Make a layer that turns a colour image into {red} · red + {green} · green + {blue} · blue, pixel by pixel. "
        "Set its weights under `ag.no_grad()`.",
        start="answer = ...  # nn.Conv2d(...)\n\n# with ag.no_grad():\n#     answer.weight[...] = ...",
        solution="answer = nn.Conv2d(3, 1, 1, bias=False)\nwith ag.no_grad():\n"
        f"    answer.weight[...] = np.array([{red}, {green}, {blue}]).reshape(1, 3, 1, 1)",
        wrong="answer = nn.Conv2d(3, 1, 1)",
        judge=judged,
        why="A 1×1 kernel sees one pixel and all of its channels.",
    )


@exercise("6.5", "How far does it see?")
def far(draw: Random) -> Task:
    first, last = draw.choice([3, 5]), draw.choice([3, 5])
    stride, dilation = draw.choice([2, 3]), draw.choice([1, 2])
    again = f"nn.Conv2d(8, 8, {last}" + (f", dilation={dilation})" if dilation > 1 else ")")
    through_pool = first + stride
    total = through_pool + dilation * (last - 1) * 2 * stride

    def right() -> int:
        stack = nn.Sequential(
            nn.Conv2d(1, 1, first, stride=stride),
            nn.MaxPool2d(2),
            nn.Conv2d(1, 1, last, dilation=dilation),
        )
        side = total + 8
        x = ag.zeros(1, 1, side, side, requires_grad=True)
        with ag.no_grad():
            for layer in (stack[0], stack[2]):
                layer.weight[...] = 1
        # Every pixel of a window of equal numbers counts in an average, so nothing is hidden by a maximum.
        y = stack[2](nn.functional.avg_pool2d(stack[0](x), 2))
        y[0, 0, 0, 0].backward()
        assert x.grad is not None
        rows = np.flatnonzero(np.any(x.grad.data[0, 0] != 0, axis=1))
        return int(rows[-1] - rows[0] + 1)

    wrong = first + 1 + dilation * (last - 1)
    return Task(
        question=f"One after another: `nn.Conv2d(3, 8, {first}, stride={stride})`, `nn.MaxPool2d(2)`, "
        f"`{again}`. How many pixels wide is the receptive field of one output?",
        solution=f"r, j = 1, 1\nfor K, S, D in [({first}, {stride}, 1), (2, 2, 1), ({last}, 1, {dilation})]:\n"
        "    r, j = r + D * (K - 1) * j, j * S\nanswer = r",
        wrong=f"answer = {wrong}",
        judge=equals(
            right,
            "Keep two numbers, r and j, and go through the layers in order: first r, then j.",
            [(wrong, "That would be so if no layer made a step larger than 1. How many pixels lie between the "
              "views of two neighbours?"),
             (through_pool, "So far you see through the pooling. What does the last layer add?"),
             (through_pool + dilation * (last - 1), "Behind the pooling neighbours no longer lie side by side: mind the jump."),
             (1 + (first - 1) * stride + 2 * stride + dilation * (last - 1) * 2 * stride,
              "A layer's own stride does not widen its own view, only those behind it."),
             (first, "That is the first layer's view. The others widen it."),
             (first + 2 + last, "The sizes do not just add up: neighbours share pixels, and strides widen the view."),
             (first + 2 + dilation * (last - 1) + 1, "The sizes do not just add up: neighbours share pixels, and strides widen the view."),
             (first + 1 + dilation * (last - 1) * stride, "And the pooling: it has a stride, too, and widens the view by more than one pixel."),
             (first + 1 + dilation * (last - 1) * 2, "The convolution's stride widens the view of both layers behind it."),
             (first + 2 * stride + dilation * (last - 1) * 2 * stride, "A window of 2 reaches one place further, not two: K − 1."),
             (through_pool + dilation * (last - 1) * stride,
              "The pooling makes a step of 2, too: the jumps multiply."),
             (through_pool + dilation * (last - 1) * 2, "The convolution's stride counts, too: the jumps multiply."),
             (through_pool + dilation * last * 2 * stride, "K − 1 steps lie between K places."),
             (first + 2 * stride + dilation * last * 2 * stride, "K − 1 steps lie between K places."),
             (through_pool + (last - 1) * 2 * stride if dilation > 1 else None, "And the dilation?")],
        ),
        why=f"1 + {first - 1}·1 = {first}, then + 1·{stride} = {through_pool}, then + {dilation * (last - 1)}·{2 * stride} = {total}.",
    )  # fmt: skip
