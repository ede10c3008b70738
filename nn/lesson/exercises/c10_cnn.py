"""Exercises of notebook 10: a real network."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np

import autograd as ag
import nn
import nn.functional as F
from nn.lesson.exercise import (
    Task,
    Unusable,
    choice,
    equals,
    exercise,
    function_of,
    numbers,
)


@exercise("10.1", "Counting a network")
def count(draw: Random) -> Task:
    first, second, classes = draw.choice([4, 6, 10]), draw.choice([12, 20]), draw.choice([5, 26])
    layers = f"Conv2d(1, {first}, 3, padding=1)", f"Conv2d({first}, {second}, 3, padding=1)"

    def right() -> int:
        parts = nn.Conv2d(1, first, 3), nn.Conv2d(first, second, 3), nn.Linear(second * 4, classes)
        return sum(parameter.size for part in parts for parameter in part.parameters())

    return Task(
        question=f"Images of 1×8×8 go through `{layers[0]}`, max pooling by 2, `{layers[1]}`, max "
        f"pooling by 2, and a linear layer to {classes} scores. How many parameters has the "
        "network?",
        solution=f"answer = (9 * 1 + 1) * {first} + (9 * {first} + 1) * {second} + ({second} * 2 "
        f"* 2 + 1) * {classes}",
        wrong=f"answer = 9 * {first} + 9 * {first} * {second} + {second} * 2 * 2 * {classes}",
        judge=equals(
            right,
            "Per kernel 9 weights for each input channel and a bias; how many numbers are left "
            "for the linear layer after two poolings of 8×8?",
            [(9 * first + 9 * first * second + second * 4 * classes, "The biases are missing."),
             (10 * first + 10 * second + (second * 4 + 1) * classes,
              "A kernel of the second convolution spans all channels of the first."),
             (10 * first + (9 * first + 1) * second + (second * 64 + 1) * classes,
              "Two poolings by 2 leave 2×2 of the 8×8 pixels."),
             (10 * first + (9 * first + 1) * second + (second * 16 + 1) * classes,
              "That is after one pooling; there are two."),
             (10 * first + (9 * first + 1) * second + (second + 1) * classes,
              "After two poolings of 8×8 each channel has more than one number left."),
             (10 * first + (9 * first + 1) * second, "And the linear layer?"),
             (4 * first + (3 * first + 1) * second + (second * 4 + 1) * classes, "A 3×3 kernel has nine weights in a plane."),
             (10 * first + (9 * first + 1) * second + (first * 4 + 1) * classes,
              "The linear layer follows the second convolution: how many channels come out of that?"),
             (10 * first + (9 * first + 1) * second + (second * 2 + 1) * classes,
              "Two poolings leave rows and columns: how many numbers has a channel then?"),
             (10 * first + (9 * first + 1) * second + (second * 4 + 1) * 10, "How many scores are asked for here?"),
             (first + second + classes, "Those are outputs. How many numbers does each of them take?"),
             ((second * 4 + 1) * classes, "Those are the linear layer's. And the convolutions?"),
             (10 * first + (9 * first + 1) * second + second * 4 * classes, "The linear layer has biases, too."),
             (9 * first + 9 * first * second + (second * 4 + 1) * classes, "The convolutions have biases, too."),
             (10 * first + 9 * first * second + (second * 4 + 1) * classes, "The second convolution has biases, too."),
             (10 * first + (9 * first + 1) * second + second * 4 + 1, "That is one score. How many are there?"),
             (10 * first + (9 * first + 1) * second + second * 4 * classes + 1,
              "The linear layer has a bias for each score."),
             (10 * first + (9 * second + 1) * first + (second * 4 + 1) * classes,
              "The second convolution has as many kernels as it puts out channels; each spans the first's."),
             (10 * first + 10 * first * second + (second * 4 + 1) * classes,
              "A kernel has one bias, not one for each input channel.")],
        ),
        why="Pooling has none; each kernel has 9 weights per input channel and a bias, each score "
        "2·2 per channel and a bias.",
    )  # fmt: skip


@exercise("10.2", "What does ignorance cost?")
def ignorance(draw: Random) -> Task:
    classes = draw.choice([4, 26, 100, 1000])
    return Task(
        question=f"A network for {classes} classes has not learnt anything: all its scores are "
        "equal. What is its cross-entropy loss? (`np.log` is the natural logarithm.)",
        solution=f"answer = np.log({classes})",
        wrong=f"answer = 1 / {classes}",
        judge=equals(
            lambda: F.cross_entropy(np.zeros((1, classes)), np.array([0])),
            "What probability does each class get, and what is minus its logarithm?",
            [(1 / classes, "That is the probability. The loss is minus its logarithm."),
             (-np.log(classes), "Minus the logarithm of a number below 1 is positive."),
             (np.log2(classes), "That is in bits; the loss uses the natural logarithm."),
             (np.log10(classes), "That is with the logarithm of base 10; the loss uses the natural one."),
             (classes, "That is how many classes there are. What probability has each?"),
             (0, "That is the loss of a network that is right and sure."),
             (1, "What probability has each class, and what is minus its logarithm?"),
             (1 - 1 / classes, "That is the probability of being wrong. The loss is minus a logarithm."),
             (classes * np.log(classes), "Only the true class counts, not all of them together."),
             (np.log(classes) / classes, "Only the true class counts; there is no mean over classes."),
             (np.log(10), "How many classes are there here?"),
             (-np.log(1 - 1 / classes), "Minus the logarithm of the true class's own probability is asked for."),
             (1 / np.log(classes), "One over a number and minus a logarithm: which belongs to what?"),
             (np.log(classes) ** 2, "Only the logarithm of the probability is taken, once."),
             (np.log(classes - 1), "The true class is one of the classes: count it, too.")],
        ),
        why=f"−ln(1/{classes}) = ln {classes} = {np.log(classes):.3f}. A quick check of any new "
        "network.",
    )  # fmt: skip


@exercise("10.3", "The first message")
def message(draw: Random) -> Task:
    p = draw.choice([[0.5, 0.2, 0.3], [0.6, 0.3, 0.1], [0.1, 0.7, 0.2]])
    target = draw.randint(0, 2)
    right = [each - (k == target) for k, each in enumerate(p)]
    return Task(
        question=f"A network says the probabilities `{p}` for classes 0, 1 and 2. The true class "
        f"is {target}. What does the cross-entropy send back to the three scores? Answer with a "
        "list.",
        solution=f"answer = np.array({p}) - np.eye(3)[{target}]",
        wrong=f"answer = np.eye(3)[{target}] - np.array({p})",
        judge=equals(
            lambda: right,
            "What was said, minus what was true.",
            [([-each for each in right], "The sign is wrong: a score that should rise gets a "
                                         "negative message."),
             (p, "That is what was said. What was true is still to be taken away."),
             (np.eye(3)[target], "That is what was true. It is to be taken away from what was said."),
             (right[target], "That is for the true class's score. The other two get a message, too."),
             ([each if k == target else 0 for k, each in enumerate(right)],
              "The true class's is right. The other two get a message, too: what was said there is too much."),
             *[([each - (k == other) for k, each in enumerate(p)], "Is that the true class?")
               for other in range(3) if other != target],
             (np.divide(right, 3), "One image: nothing is averaged."),
             (np.multiply(right, p), "Softmax and logarithm together are simpler: the weights do not come in once more."),
             (np.multiply(right, p[target]), "Softmax and logarithm together are simpler: the weights do not come in once more."),
             (np.divide(right, p[target]), "Softmax and logarithm together are simpler: nothing is left to be divided."),
             (np.multiply(p, np.subtract(1, p)), "That is how a probability moves with its own score. What does the loss do?"),
             (np.negative(p), "What was true is to be taken away from what was said, at the true class alone."),
             (np.subtract(p, 1), "1 is taken away at the true class alone."),
             (-np.log(p), "Those are losses. What comes back to the scores is a slope."),
             ([-1 / p[k] if k == target else 0 for k in range(3)],
              "That is what comes to the probabilities. The softmax is still to be passed."),
             ([abs(each) for each in right], "The true class's score should rise: its message is negative."),
             ([each + (k == target) for k, each in enumerate(p)], "What was true is taken away, not added.")],
        ),
        why="Said minus true. The three numbers add up to 0: what one score gains, the others "
        "lose.",
    )  # fmt: skip


def _slopes_of(got: Any, layer: nn.Linear, image: Any, digit: int) -> str | None:
    """Whose slopes by the pixels these are; None if they are the score's of the digit."""
    weights = layer.weight.data
    want = weights[digit].reshape(8, 8)
    if np.allclose(got, want, atol=1e-5):
        return None
    scores = layer(image.reshape(1, 64)).data[0]
    said = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
    through = (weights[digit] - said @ weights).reshape(8, 8)  # of the logarithm of the probability
    others = [
        (weights[other].reshape(8, 8),
         f"Those are the slopes of the score of {other}; that of {digit} is asked for.")
        for other in range(10)
    ]  # fmt: skip
    for theirs, hint in (
        (image.reshape(8, 8), "Those are the pixels. Their gradient is asked for."),
        (weights.sum(axis=0).reshape(8, 8),
         f"Those are the slopes of all scores together. Pick the score of {digit} before going back."),
        *others,
        (-want, "The sign is wrong: those are the slopes of minus the score."),
        (want.T, "Rows and columns of the picture are exchanged."),
        (want * image.reshape(8, 8), "Those are slopes times pixels. The slopes alone are asked for."),
        (np.abs(want), "Those are the sizes of the slopes; their signs are asked for, too."),
        (said[digit] * through, "Those are slopes of the probability. Go back from the score itself."),
        (-through, "Those are slopes of the cross-entropy. Go back from the score itself."),
    ):  # fmt: skip
        if np.allclose(got, theirs, atol=1e-5):
            return hint
    return (
        "These are not the slopes of that score. Which tensor is the leaf, and where do you go back "
        "from?"
    )


@exercise("10.4", "Ask the pixels")
def saliency(draw: Random) -> Task:
    digit = draw.randint(0, 9)

    def judge(answer: Any) -> str | None:
        generator = np.random.default_rng(10)
        layer = nn.Linear(64, 10, generator=np.random.default_rng(0))
        with ag.no_grad():
            layer.weight[...] = generator.normal(size=(10, 64)) / 8
        model = nn.Sequential(nn.Flatten(), layer)
        image = generator.uniform(size=(1, 1, 8, 8)).astype(np.float32)
        try:
            got = numbers(answer(model, image))
        except Unusable:
            return (
                "Your function gave back None: has it a `return`, has `pixels` requires_grad=True, and "
                "is it `pixels` that goes through the model?"
            )
        if got is None:
            return "Your function should give back an array of numbers, or a tensor."
        if got.size != 64:
            return f"One slope per pixel, so 64 numbers; yours are {got.size}."
        return _slopes_of(got.reshape(8, 8), layer, image, digit)

    return Task(
        question="Write the function that gives, for a model and an image (a NumPy array of "
        f"shape (1, 1, 8, 8)), the slopes of the score of the digit {digit} by the 64 pixels.",
        start="def answer(model, image):\n    pixels = ag.tensor(image, requires_grad=True)\n    "
        "return ...",
        solution="def answer(model, image):\n    pixels = ag.tensor(image, requires_grad=True)\n"
        f"    model(pixels)[0, {digit}].backward()\n    return pixels.grad",
        wrong="def answer(model, image):\n    pixels = ag.tensor(image, requires_grad=True)\n"
        "    model(pixels).sum().backward()\n    return pixels.grad",
        judge=function_of(["model", "image"], judge),
        why="Pixels can be leaves just as weights can: ask for their gradient, and go back from "
        "the score in question.",
    )


@exercise("10.5", "Which way?")
def way(draw: Random) -> Task:
    slope = draw.choice([0.8, 1.3, 2.1])
    return Task(
        question="The margin (score of the wrong digit less that of the right one) has the slope "
        f"+{slope} at a pixel that is ink. Does erasing a little of that ink `'help'` the right "
        "answer, `'hurt'` it, or leave it the `'same'`?",
        solution="answer = 'help'",
        wrong="answer = 'hurt'",
        judge=choice(
            "help",
            {"hurt": "A positive slope: more ink, larger margin. And less ink? Is a large margin "
                     "good for the right digit?",
             "same": "The slope is not 0, so something happens."},
        ),
        why="Less ink there lowers the margin, which is in favour of the mistake.",
    )  # fmt: skip
