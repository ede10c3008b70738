"""Where a rewritten line stands, and what is said of lines that are left alone."""

from types import SimpleNamespace

import pytest

from nn import port
from nn.port import scan


def test_imports_within_a_function_stay_where_they_stand():
    old = "def f():\n    import torch, os\n\tfrom torch import nn, zeros\n    return nn, zeros, os\n".replace(
        "\t", "    "
    )
    new = port.rewrite(old)
    assert new == (
        "def f():\n    import autograd\n    import os\n    import nn\n    from autograd import zeros\n"
        "    return nn, zeros, os\n"
    )
    tabs = port.rewrite("if x:\n\tfrom torch import nn, zeros\n\tnn, zeros\n")
    assert tabs == "if x:\n\timport nn\n\tfrom autograd import zeros\n\tnn, zeros\n"


HEAD = "import torch\nimport torch.nn as nn\nclass M(nn.Module):\n    def forward(self, x, y, z: int):\n        "


@pytest.mark.parametrize(
    "line, left",
    [
        ("y = x.std()", False),
        ("y = torch.ones(3).std()", False),
        ("y = self.var.std()", True),
        ("y = w.std()", True),
    ],
)
def test_only_what_may_be_an_array_of_numpy_is_left_to_the_reader(line, left):
    (told,) = [f.words for f in port.read(HEAD + line + "\n") if f.kind == "differs"]
    assert told.endswith("(left to you: it may be a NumPy array's)") == left


@pytest.mark.parametrize(
    "line, differs",
    [("y = torch.equal(x, y)", True), ("y = x.equal(y)", False), ("y = torch.cross(x, y)", True),
     ("y = torch.cross(x, y, dim=1)", False)],
)  # fmt: skip
def test_a_call_differs_with_its_number_of_arguments(line, differs):
    assert any(f.kind == "differs" for f in port.read(HEAD + line + "\n")) == differs


@pytest.mark.parametrize(
    ("version", "written"),
    [((3, 11, 9), False), ((3, 12, 0), True), ((3, 13, 1), True), ((4, 0, 0), True)],
)
def test_parsers_tell_from_python_3_12_on_where_something_stands_in_an_f_string(
    version, written, monkeypatch
):
    monkeypatch.setattr(scan, "sys", SimpleNamespace(version_info=version))
    for text, edited in (("f'{x.std()}'", written), ("x.std(), f'{y}'", True)):
        (found,) = (f for f in port.read(f"{HEAD}y = {text}\n") if f.kind == "differs")
        assert bool(found.edits) == edited
    (found,) = (
        f for f in port.read(f"{HEAD}y = f'{{x.cuda()}}'\n") if "GPU" in f.words or "CPU" in f.words
    )
    assert found.kind == ("write" if written else "hand")
