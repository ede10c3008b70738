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


#: What a student would be asked on sizes, receptive fields, duality, padding and equivariance, with the cell
#: that answers it and words of the answer.
QUESTIONS = [
    ("How large is the output of a valid convolution?", "05_sizes", "valid", r"(H - K_1 + 1) \times (W - K_2 + 1)"),
    ("How large is it with padding and stride, and why + 1?", "05_sizes", "stride", "one place before the first step"),
    ("And with dilation?", "05_sizes", "the-formula", r"H + 2P - D\,(K - 1) - 1"),
    ("Which padding keeps the size of an odd kernel?", "05_sizes", "padding", "$P = (K - 1)/2$ keeps the size exactly"),
    ("Why can none keep it for an even one?", "05_sizes", "even-kernels", "$2P = K - 1$, an odd number"),
    ("How many pixels does stride 3 skip on 5×5?", "05_sizes", "invalid", "16 pixels that nobody has looked at"),
    ("Why does the way back need the image's size?", "05_sizes", "way-back", "both 7\nand 8 pixels lead to 3 outputs"),
    ("What does each padding mode put there?", "05_sizes", "modes", "so this pixel is not repeated"),
    ("What goes back through padding?", "05_sizes", "way-back", "**added** to the pixel that it was copied from"),
    ("What goes back through a stride?", "05_sizes", "way-back", "$S - 1$ zeros between neighbours"),
    ("What is a maximum padded with?", "08_pooling", "padding", r"$-\infty$, and that is what is put there"),
    ("How many parameters has a layer?", "06_channels", "many-kernels", r"(K_1\cdot K_2\cdot 3 + 1)\cdot M"),
    ("How many multiplications does it take?", "07_vectorization", "whole-layer", r"N H' W'\cdot C K_1 K_2\cdot M$"),
    ("How far does a stack of layers see?", "06_channels", "receptive-field-rule", r"r + D\,(K - 1)\cdot j"),
    ("And where does an output look?", "06_channels", "receptive-field-rule", r"begins to see at pixel $i\cdot j$"),
    ("Does a layer's stride widen its own view?", "06_channels", "receptive-field-rule", "layers *behind* it, not its own"),
    ("Why three 3×3 and not one 7×7?", "06_channels", "three-small-or-one-large", r"27\,C^2"),
    ("What does pooling do to the view behind it?", "08_pooling", "field", "doubles the\n*jump*"),
    ("What tells convolution from cross-correlation?", "04_convolution", "the-flip", "rotated by half a turn"),
    ("What goes back to the input?", "04_convolution", "substitution", "is the convolution of the padded $g$ with $w$"),
    ("Why is the kernel turned there?", "04_convolution", "why-bother", "the weight's number goes **down**"),
    ("What goes back to the weights?", "04_convolution", "to-the-weights", "cross-correlation of $x$ with $g$"),
    ("What if convolution is computed forward?", "04_convolution", "to-the-weights", "but **turned round**"),
    ("What goes back to a bias?", "06_channels", "gradients", "a bias by all outputs of its\nchannel"),
    ("Why is a convolution equivariant?", "09_invariance", "equivariance", "the *same* weights are used everywhere"),
    ("Where does padding break it?", "09_invariance", "border-why", "**the frame did not**"),
    ("To which moves is a stride equivariant?", "09_invariance", "stride-rule", "multiples of $S$, and to no others"),
    ("When does stride break it on a ring?", "09_invariance", "stride-rule", "the size must be a multiple of the stride"),
    ("Is it equivariant to rotation?", "09_invariance", "only-translations", "**not** equivariant\nto rotation"),
    ("When is max pooling invariant?", "09_invariance", "walking-why", "stays *within\nits window*"),
    ("Does relu or a bias change that?", "09_invariance", "relu-too", "Nor does a bias"),
    # Asked afresh, without a look at the notebooks.
    ("What if the kernel is larger than the image?", "05_sizes", "valid", "larger than the image there is none"),
    ("Can stride and padding differ for rows and columns?", "05_sizes", "hyperparameters", "one number for both axes or (rows, columns)"),
    ("Does stride or padding change the number of parameters?", "05_sizes", "hyperparameters", "None of the three changes"),
    ("Does the size of the image?", "06_channels", "many-kernels", "Neither the\nsize of the image"),
    ("Does 'same' go with a stride?", "05_sizes", "padding", "stride 1 only"),
    ("At which side has 'same' one pixel more?", "05_sizes", "even-kernels", "on the right and\nbelow"),
    ("Which padding keeps the size under dilation?", "05_sizes", "holes", "$P = D(K-1)/2$ keeps the size"),
    ("How much can be reflected?", "05_sizes", "modes", "at most $H - 1$ pixels"),
    ("How is an image made larger again?", "05_sizes", "way-back", "**transposed convolution**"),
    ("How large is it then?", "05_sizes", "way-back", r"$(H-1)\,S - 2P + D\,(K-1) + 1$"),
    ("What is output_padding for?", "05_sizes", "way-back", "asks for the eighth"),
    ("What goes back through dilation?", "05_sizes", "way-back", "zeros in it: turn that one round"),
    ("Which pixels does a stride never look at?", "05_sizes", "invalid", "the next would need 3 to 5"),
    ("Is a stride of 3 always bad?", "05_sizes", "skips-twice", "stride 3 on 6×6 fits exactly"),
    ("Must a stride lose information?", "05_sizes", "stride-advice", "there are enough kernels"),
    ("Where is the middle of an output's view?", "06_channels", "receptive-field-rule", "$(r-1)/2$ pixels further on"),
    ("What does a linear layer see?", "06_channels", "receptive-field-rule", "sees everything"),
    ("And where two ways meet?", "06_channels", "receptive-field-rule", "the widest counts"),
    ("Do all pixels in view count the same?", "06_channels", "receptive-field-rule", "those in the middle reach the output on many ways"),
    ("Does padding widen the view?", "06_channels", "receptive-field-rule", "Padding does not come into it"),
    ("Why has dL/dw the size of w?", "04_convolution", "to-the-weights", "one for each\nweight"),
    ("Why has dL/dx the size of x?", "04_convolution", "to-the-weights", "leaves $H$, one for each pixel"),
    ("What is the way back as a matrix?", "04_convolution", "linear", r"$A^{\mathsf T} g$"),
    ("Why do layers not flip?", "04_convolution", "layer", "it would have learnt the turned kernel"),
    ("What comes back to a pixel from many kernels?", "06_channels", "gradients", "all kernels send it something"),
    ("Does pooling count as a stride?", "09_invariance", "stride-rule", "counts like any other"),
    ("Is pooling over everything invariant?", "09_invariance", "windows-why", "then the invariance is exact"),
    ("What is the price of invariance?", "09_invariance", "price-of-invariance", "*where* is forgotten"),
]  # fmt: skip


@pytest.mark.parametrize(("question", "stem", "id", "words"), QUESTIONS)
def test_what_a_student_would_be_asked_is_answered(question, stem, id, words):
    assert words in source(stem, id), question


def test_no_line_of_code_is_wider_than_a_page():
    for name, id, text in cells("code"):
        assert max(map(len, text.split("\n")), default=0) <= 104, f"{name}, {id}"
