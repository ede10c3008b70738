"""Exercises of notebook 3: counting parameters, locality, sharing."""

from __future__ import annotations

from random import Random

import numpy as np

import autograd as ag
import nn
from nn.lesson.exercise import Task, equals, exercise, gradient_of


def _count(layer: nn.Module) -> int:
    return sum(parameter.size for parameter in layer.parameters())


@exercise("3.1", "A linear layer's numbers")
def linear_count(draw: Random) -> Task:
    side, nodes = draw.randint(20, 40), draw.randint(5, 30)
    return Task(
        question=f"A grey image of {side} × {side} pixels goes into a linear layer with {nodes} outputs and "
        "biases. How many numbers are to be learnt?",
        solution=f"answer = ({side} * {side} + 1) * {nodes}",
        wrong=f"answer = {side} * {side} * {nodes}",
        judge=equals(
            lambda: _count(nn.Linear(side * side, nodes)),
            "A weight for every pair of pixel and node, and something for every node.",
            [(side * side * nodes, "Those are the weights. What else has every node?"),
             (side * side * nodes + 1, "Is there one bias, or one for every node?"),
             (side * side + nodes, "Has every pair of pixel and node a weight?"),
             ((side + 1) * nodes, "How many pixels has the image, rows and columns?"),
             ((3 * side * side + 1) * nodes, "The image is grey: it has one channel."),
             (side * side * nodes + side * side, "Biases belong to the outputs, not to the pixels."),
             (2 * side * side * nodes, "There are not as many biases as weights: how many has an output?"),
             (side * side, "That is one node's weights."),
             (side * side + 1, "Those are one node's numbers. There are more nodes."),
             ((side * side + nodes) * nodes, "How many biases has a node?")],
        ),
        why="(I + 1)·O: every one of the O outputs has I weights and one bias.",
    )  # fmt: skip


@exercise("3.2", "Local, but not shared")
def local_count(draw: Random) -> Task:
    side, k = draw.randint(8, 14), draw.choice([3, 5])
    nodes = (side - k + 1) ** 2
    return Task(
        question=f"A {side} × {side} image; one node for each place where a {k} × {k} window fits, each with "
        "weights of its own and a bias. How many numbers?",
        solution=f"answer = ({k} * {k} + 1) * ({side} - {k} + 1) ** 2",
        wrong=f"answer = {k} * {k} + 1 * ({side} - {k} + 1) ** 2",
        judge=equals(
            lambda: _count(nn.Linear(k * k, 1)) * nn.Conv2d(1, 1, k)(ag.zeros(1, 1, side, side)).size,
            "How many nodes are there, and how many numbers has each?",
            [(k * k + nodes, "Mind the parentheses: does only one node have weights?"),
             (k * k * nodes, "Each node has a bias, too."),
             ((k * k + 1) * side * side, "The window does not fit around every pixel."),
             (k * k * side * side, "The window does not fit around every pixel, and a node has a bias."),
             ((k * k + 1) * (side - k) ** 2, "One place more fits along each side: count the first."),
             ((k * k + 1) * (side - k + 2) ** 2, "One place fewer fits along each side."),
             (k * k + 1, "Those are the numbers of one node. How many are there?"),
             (nodes, "So many nodes there are. How many numbers has each?"),
             ((k * k + 1) * (side - k + 1), "So many in one row of nodes. How many rows are there?"),
             (k * k * (nodes + 1), "Each node has a bias: that is one number for a node, not one for a weight."),
             (side * side * nodes, "That is a dense layer. Here a node sees its window only."),
             ((k * k + 1) * side, "So many places there are not, and they go along both sides."),
             ((k * k + 1) * (side // k) ** 2, "The windows overlap: the next one begins one pixel further on."),
             ((k * k + 1) * (side * side - k * k), "Not the window's pixels are taken from the image's: count the places where it fits."),
             ((k + 1) * nodes, "How many pixels lie under a window, rows and columns?")],
        ),
        why=f"{nodes} nodes with {k * k} weights and a bias each.",
    )  # fmt: skip


@exercise("3.3", "Messages to a shared weight")
def messages(draw: Random) -> Task:
    side, k, value = draw.randint(6, 12), draw.choice([2, 3, 4]), draw.randint(2, 5)

    def right() -> float:
        x = ag.full((1, 1, side, side), float(value))
        w = ag.zeros(1, 1, k, k, requires_grad=True)
        ag.correlate(x, w).sum().backward()
        assert w.grad is not None
        return w.grad.data[0, 0, 0, 0]

    places = (side - k + 1) ** 2
    return Task(
        question=f"All pixels of a {side} × {side} image are {value}. A {k} × {k} kernel is laid over every place "
        "where it fits, and all outputs are summed up: that is the loss. What is the gradient of the "
        "kernel's first weight?",
        solution=f"answer = {value} * ({side} - {k} + 1) ** 2",
        wrong=f"answer = {value}",
        judge=equals(
            right,
            "How many messages come back to the weight, and how large is each?",
            [(value, "That is the message from one place. How many places share the weight?"),
             (places, "So many messages come. How large is each: what was the weight multiplied with?"),
             (value * side * side, "The kernel does not fit around every pixel."),
             (value * k * k * places, "That is for all weights together; one is asked for."),
             (value * k * k, "Those are the pixels under one window. One weight meets one of them, and there are more places."),
             (value * (side - k + 1), "That is one row of places. How many rows are there?"),
             (value * (side - k) ** 2, "One place more fits along each side: count the first."),
             (value * (side - k + 2) ** 2, "One place fewer fits along each side."),
             (1, "That is what arrives at one place. What is it multiplied with there?"),
             (value / places, "The messages add up; nobody takes their mean.")],
        ),
        why=f"{places} places share the weight; each sends the pixel under it, {value}, times 1.",
    )  # fmt: skip


@exercise("3.4", "Share by hand")
def share(draw: Random) -> Task:
    length, k = draw.randint(6, 9), draw.randint(2, 3)
    generator = np.random.default_rng(draw.randint(0, 999))
    x, w = generator.normal(size=length), generator.normal(size=k)

    def forward(x, w):  # type: ignore[no-untyped-def]
        return np.array([x[i : i + k] @ w for i in range(length - k + 1)])

    return Task(
        question=f"In one dimension: `forward(x, w)` lays {k} weights `w` over each of the places of a row `x` of "
        f"{length} numbers, `y[i] = x[i : i + {k}] @ w`. Write the backward for both inputs.",
        start="def answer(g, x, w):\n    gx, gw = ..., ...\n    return gx, gw",
        solution="def answer(g, x, w):\n    gx, gw = np.zeros_like(x), np.zeros_like(w)\n"
        f"    for i in range(len(g)):\n        gx[i : i + {k}] += g[i] * w\n"
        f"        gw += g[i] * x[i : i + {k}]\n    return gx, gw",
        wrong="def answer(g, x, w):\n    gx, gw = np.zeros_like(x), np.zeros_like(w)\n"
        f"    for i in range(len(g)):\n        gx[i : i + {k}] += g[i] * w\n"
        f"        gw = g[i] * x[i : i + {k}]\n    return gx, gw",
        judge=gradient_of(forward, x, w),
        why="Each place sends g[i]·w to its pixels and g[i]·(its pixels) to the shared weights, and both add up.",
    )
