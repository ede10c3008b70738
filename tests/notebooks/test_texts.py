"""What the notebooks' texts promise one another: words before their use, one letter and colour for one thing."""

import inspect
import re

import pytest

import nn
from nn.lesson import files, pages

NOTEBOOKS = files.notebooks()


def cells(kind=None):
    """(notebook, cell id, source) of all cells, in the order in which they are read."""
    return [
        (path.stem, each["id"], "".join(each["source"]))
        for path in NOTEBOOKS
        for each in files.read(path)["cells"]
        if kind in (None, each["cell_type"])
    ]


def source(stem, id):
    return next(text for name, cell, text in cells() if (name, cell) == (stem, id))


def test_softmax_and_cross_entropy_are_explained_before_they_are_used():
    texts = [text for *_, text in cells()]
    explained = next(n for n, text in enumerate(texts) if "**Softmax**" in text)
    assert "**Cross-entropy** is" in texts[explained]
    used = next(n for n, text in enumerate(texts) if re.search(r"cross_entropy\(", text))
    assert explained <= used


#: A term as it stands where it is explained, and how else it may be written.
TERMS = {
    "parameters": r"parameters?", "loss": "loss", "gradient": r"gradients?", "tensor": r"tensors?",
    "message": r"messages?", "parent": r"parents?", "primitive": r"primitives?", "nodes": r"nodes?",
    "bias": r"bias(es)?", "kernel": r"kernels?", "filter": r"filters?", "channels": r"channels?",
    "receptive field": r"receptive fields?", "tap": r"taps?", "batch": r"batch(es)?", "depthwise": "depthwise",
    "equivariance": r"equivarian(ce|t)", "invariance": r"invarian(ce|t)", "leaf": "leaf", "margin": "margin",
    "sigmoid": r"sigmoids?", "transformer": r"transformers?", "heads": "heads",
}  # fmt: skip


@pytest.mark.parametrize("term", TERMS)
def test_a_term_is_explained_where_it_first_stands(term):
    emphasised = re.compile(rf"\*{term}\*", re.IGNORECASE)
    for name, id, text in cells("markdown"):
        if id == "title" and not emphasised.search(text):
            continue  # a title says what is to come
        plain = re.sub(r"`[^`]*`|\[[^]]*\]\([^)]*\)|^#+ .*$", "", text, flags=re.MULTILINE)
        if re.search(rf"\b{TERMS[term]}\b", plain, re.IGNORECASE):
            assert emphasised.search(text), f"{name}, {id}: {term} is used and not yet explained"
            return
    raise AssertionError(f"{term} is nowhere")


def test_adam_is_explained_where_it_first_stands():
    texts = [text for *_, text in cells()]
    used = next(n for n, text in enumerate(texts) if "Adam(" in text)
    assert any("`Adam` is the optimizer" in text for text in texts[:used])


def test_the_table_of_arguments_has_every_argument_of_the_layer():
    table = source("05_sizes", "hyperparameters")
    for name in inspect.signature(nn.Conv2d).parameters:
        if name not in ("device", "dtype", "generator"):
            assert f"| `{name}` |" in table, name


@pytest.mark.parametrize(
    ("letters", "where"),
    [
        (r"k_1|k_2", "a kernel's sides are K_1 and K_2"),
        (r"\$[^$]*\(M \+ 1\)", "M is kernels, and a linear layer's inputs are I"),
        (r"\$N\$ (kernels|filters|output nodes)", "N is images"),
        (r"G X\^|W\^\{\\mathsf T\}|P\^\{\\mathsf T\}|G K\^", "what arrives is g, in matrices too"),
        (r"\$S\$? moves? a picture|f\(S x\)", "S is the stride; what moves a picture is T"),
    ],
)
def test_one_letter_means_one_thing(letters, where):
    for name, id, text in cells("markdown"):
        assert not re.search(letters, text), f"{name}, {id}: {where}"


def test_one_colour_means_one_sign():
    for name, id, text in cells():
        assert not re.search(r"PuOr|RdBu|coolwarm|seismic|violet", text), f"{name}, {id}"
        if re.search(r"vmin=-", text):
            assert "lesson.signed()" in text or 'cmap="gray"' in text, f"{name}, {id}"


def test_every_padding_mode_is_shown_on_both_sides_and_described():
    described = source("05_sizes", "modes")
    shown = source("05_sizes", "padding-modes")
    for mode in ("zeros", "reflect", "replicate", "circular"):
        assert f"- **{mode}**: " in described
        assert re.search(rf'"{mode}": \(\[\d, \d\], \[\d, \d\]\)', shown)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_first_cell_says_what_one_gets_and_how_long_it_takes(path):
    about = pages.about_of(files.read(path))
    assert len(about["What you get"]) > 20
    assert re.fullmatch(r"about (an hour|\d\d minutes)", about["How long"])


def test_the_contents_number_nothing_twice():
    page = pages._contents([("01_a.html", "1 · A", {"What you get": "x", "How long": "y"})])
    assert "<ol" not in page
    assert page.count("1 · A") == 1
    assert "<td>x</td><td>y</td>" in page
    assert "python -m nn.lesson" in page
