"""``python -m nn.demo``: trains on the embedded digits and gathers what there is to see in a page."""

from __future__ import annotations

import argparse
import importlib.util
import sys
import webbrowser
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

import autograd
import nn
import nn.functional as F
from autograd import viz
from autograd.arguments import shown
from nn import _console
from nn.data import Digits
from nn.demo.learning import BATCH, DigitsNet, History, learn, predict
from nn.demo.page import Page, Section

INTERRUPTED = 130  # what a shell reports of a program ended by Ctrl-C


def main(argv: list[str] | None = None) -> int:
    """Runs the demo; returns the exit status."""
    _console.forgive_missing_letters()
    arguments = _parser().parse_args(argv)
    missing = [name for name in ("tqdm", "matplotlib") if importlib.util.find_spec(name) is None]
    if missing:
        print(f'The demo needs {" and ".join(missing)}: pip install -e ".[demo]"', file=sys.stderr)
        return 2
    try:
        arguments.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        print(f"--out: cannot make the folder {arguments.out}: {error.strerror}", file=sys.stderr)
        return 2

    demo = Demo(arguments.epochs, arguments.seed, arguments.out)
    status = 0
    try:
        demo.learn()
    except KeyboardInterrupt:
        print("\nStopped; showing what has been learnt so far (Ctrl-C again to leave at once).")
        status = INTERRUPTED
    demo.report()
    try:
        demo.page.save()
        for section in demo.sections():
            demo.page.add(section)
    except KeyboardInterrupt:
        print("\nStopped; the page has the parts that were finished.")
        status = INTERRUPTED
    if arguments.open:
        webbrowser.open(demo.page.path.as_uri())
    print("\nOpen this page in a browser:")
    print(demo.page.path)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m nn.demo",
        description="A small CNN learns real handwritten digits; a page then shows what happened.",
    )
    parser.add_argument(
        "--epochs",
        type=_positive,
        default=20,
        metavar="N",
        help="passes over the training images (default: 20)",
    )
    parser.add_argument(
        "--seed",
        type=_natural,
        default=0,
        metavar="N",
        help="start of the random numbers; the same seed gives the same figures (default: 0)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("glassgrad-demo"),
        metavar="FOLDER",
        help="where to write (default: glassgrad-demo)",
    )
    parser.add_argument("--open", action="store_true", help="open the page when it is done")
    return parser


def _natural(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(
            f"expected a whole number of at least 0, got {shown(text)}"
        )
    return int(text)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(
            f"expected a whole number of at least 1, got {shown(text)}"
        )
    return int(text)


class Demo:
    """One run: the data, the model, what was measured, and the page.

    Args:
        epochs: passes over the training images.
        seed: of everything random.
        out: folder of the page.
    """

    def __init__(self, epochs: int, seed: int, out: Path) -> None:
        self.epochs = epochs
        self.generator = nn.manual_seed(seed)
        self.digits: Digits = nn.data.load_digits()
        self.model = DigitsNet()
        for path, parameter in self.model.named_parameters():
            parameter.name = path  # what pictures and steps call it
        self.history = History(batches_per_epoch=-(-len(self.digits.train_images) // BATCH))
        self.guesses = np.zeros(0, np.int64)
        self.graph: Any = None
        self.first_steps: list[str] = []
        self.page = Page(
            out,
            title="A network learns to read digits",
            lead="A small convolutional network, 1,437 handwritten digits to learn from, and every "
            "number on the way from the first gradient to the last guess open to view.",
            command=f"python -m nn.demo --epochs {epochs} --seed {seed}",
        )

    def learn(self) -> None:
        """Trains, with a progress bar, and keeps the picture and the text of the first pass."""

        def first_backward(loss: autograd.Tensor) -> None:
            self.graph = viz.graph(loss, title="From images to the loss")
            paused = autograd.debug.Backprop(loss)
            while step := paused.step():
                self.first_steps.append(step.text())

        def progress(history: History) -> None:
            shown = {"loss": f"{history.losses[-1]:.4f}"}
            if history.test_accuracy:
                shown["held-out"] = f"{history.test_accuracy[-1]:.1%}"
            bar.set_postfix(shown, refresh=False)
            bar.update(len(history.losses) - bar.n)

        total = self.epochs * self.history.batches_per_epoch
        with _console.bar(total=total, unit="batch", desc="learning") as bar:
            learn(
                self.model,
                self.digits,
                self.epochs,
                self.generator,
                self.history,
                first_backward=first_backward,
                progress=progress,
            )

    def report(self) -> None:
        """Measures the model as it is now, prints the result and puts it on the page."""
        digits, history = self.digits, self.history
        self.guesses = predict(self.model, digits.test_images)
        correct = int((self.guesses == digits.test_labels).sum())
        accuracy = correct / len(digits.test_labels)
        parameters = sum(p.size for p in self.model.parameters())
        print(
            f"Held-out accuracy: {accuracy:.2%} ({correct} of {len(digits.test_labels)} images "
            f"that it never learnt from), after {history.seconds:.1f} s."
        )
        self.page.facts = [
            (f"{accuracy:.2%}", f"of {len(digits.test_labels)} held-out digits read right"),
            (f"{history.seconds:.1f} s", f"of learning, {len(history.losses)} batches of {BATCH}"),
            (f"{parameters:,}", "numbers learnt"),
            (
                f"{history.losses[0]:.2f} → {np.mean(history.losses[-20:]):.2f}"
                if history.losses
                else "none",
                "loss, first and last",
            ),
        ]

    def sections(self) -> Iterator[Section]:
        """The parts of the page, each made when its turn comes."""
        if self.history.losses:
            yield self._curves()
        yield from self._mistakes()
        yield self._kernels()
        yield self._feature_maps()
        if self.first_steps:
            yield self._graph()
            yield self._first_pass()
        yield self._step_page()

    def _figure(self, name: str, svg: str) -> str:
        """The figure as a file of its own beside the page, and back for the page."""
        alone = svg.replace("<svg ", '<svg style="color:#444" ', 1)
        self.page.file(name, '<?xml version="1.0" encoding="utf-8"?>\n' + alone)
        return svg

    def _curves(self) -> Section:
        from nn.demo import figures

        return Section(
            "curves",
            "How it learnt",
            "The loss is what gradient descent lowers: the mean cross-entropy, in nats, of the "
            "scores against the labels. The held-out images play no part in it; they only measure.",
            self._figure("curves.svg", figures.curves(self.history)),
            "Left: the loss of each batch, on a logarithmic scale. Right: the share of images read "
            "right after each epoch. Where the two lines part, the network knows its examples "
            "better than it knows digits.",
        )

    def _mistakes(self) -> Iterator[Section]:
        from nn.demo import figures

        digits, guesses = self.digits, self.guesses
        wrong = np.flatnonzero(guesses != digits.test_labels)
        if not len(wrong):
            return
        shown = wrong[:8]
        svg = figures.gallery(
            digits.test_images[shown, 0], digits.test_labels[shown], guesses[shown]
        )
        yield Section(
            "mistakes",
            "What it got wrong",
            f"{len(wrong)} of {len(guesses)} held-out digits; would you have known?",
            self._figure("mistakes.svg", svg),
            "Held-out images with their label, and what the network took them for.",
        )

    def _kernels(self) -> Section:
        from nn.demo import figures

        weight = np.asarray(self.model.conv1.weight.data)
        return Section(
            "kernels",
            "What the first layer learnt",
            "Each of the 16 kernels of <code>conv1</code> is laid over every 3×3 patch of the image; "
            "the nine products are added up. Nobody told them to look for edges.",
            self._figure("kernels.svg", figures.kernels(weight)),
            "Red weights answer to ink, blue ones to paper around it. All kernels share one scale.",
        )

    def _feature_maps(self) -> Section:
        from nn.demo import figures

        image = self.digits.test_images[:1]
        with autograd.no_grad():
            maps = F.relu(self.model.conv1(autograd.as_tensor(image)))
        return Section(
            "feature-maps",
            "What the first layer sees",
            "One held-out image, and where each kernel found what it looks for "
            "(after ReLU, so only agreement counts).",
            self._figure(
                "feature-maps.svg", figures.feature_maps(image[0, 0], np.asarray(maps.data)[0])
            ),
            "Bright where a kernel agrees with the image under it. The numbers are those of the "
            "kernels above.",
        )

    def _graph(self) -> Section:
        svg = self.graph.to_svg()
        self.page.file("graph.svg", svg)
        return Section(
            "graph",
            "The computation graph",
            "What was recorded while the first loss was computed: every operation, with the "
            "shapes of its results, in the modules that it belongs to.",
            f'<div class="scroll tall" tabindex="0" role="group" aria-label="computation graph">'
            f"{svg[svg.index('<svg') :]}</div>",
            "Hexagons are parameters, with no gradient yet: this is the moment before the first "
            'backward pass. <a href="graph.svg">As a file</a>.',
        )

    def _first_pass(self) -> Section:
        text = "\n\n".join(self.first_steps) + "\n"
        self.page.file("backward.txt", text)
        return Section(
            "first-backward",
            "The first backward pass, step by step",
            "The same graph gone through from the loss back to the parameters. Each step runs the "
            "gradient rules of one operation, printed here as they stand in the source, on the "
            "numbers shown, and adds what they give to what is there already.",
            f'<div class="scroll" tabindex="0" role="group" aria-label="steps as text">'
            f"<pre>{escape(text)}</pre></div>",
            'The gradients that the first step of Adam used. <a href="backward.txt">As a file</a>.',
        )

    def _step_page(self) -> Section:
        image, label = autograd.as_tensor(self.digits.test_images[:1]), self.digits.test_labels[:1]
        loss = F.cross_entropy(self.model(image), label)
        steps = viz.step(loss, title=f"A {label[0]} through the trained network")
        steps.save(self.page.folder / "step.html")
        return Section(
            "step",
            "Step through it yourself",
            "One held-out image through the trained network, and its gradient on the way back. "
            "Use the slider, the buttons, or ← and → when the figure has the focus.",
            steps._repr_html_(),
            '<a href="step.html">As a page of its own</a>.',
        )


if __name__ == "__main__":
    sys.exit(main())
