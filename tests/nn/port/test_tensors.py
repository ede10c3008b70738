"""What is surely a tensor, and what may be another thing, by what can be read off a program."""

import ast

import pytest

from nn.port.edits import Source
from nn.port.imports import Imports
from nn.port.tensors import Tensors

HEAD = """\
import torch
import torch.nn as nn
import torch.nn.functional as F
import numpy as np

class Net(nn.Module):
    def __init__(self, n):
        self.conv = make(n)
        self.n = n

    def forward(self, x, y):
"""


def is_sure(program):
    """Whether the last expression of a program is surely a tensor."""
    source = Source(program)
    last = [node for node in ast.walk(source.tree) if isinstance(node, ast.Expr)]
    expression = max(last, key=lambda node: (node.lineno, node.col_offset)).value
    return expression in Tensors(source.tree, Imports(source).resolve)


@pytest.mark.parametrize(
    "line",
    """
    x
    y
    x + 3
    3 - x
    q + (q * x)
    -x
    ~x
    x < 3
    3 < x
    3 < q < x
    x == q
    x if q else y
    x[0]
    q[x] + x
    x.T
    x.grad
    self.weight
    q.weight
    q.layer.bias
    torch.zeros(q)
    torch.FloatTensor(q)
    torch.Tensor(q)
    F.relu(q)
    torch.relu(q).T
    x.relu()
    q.relu()
    z, w = x, y; z
    z, w = 3, y; w
    x.relu().sum()
    x.max(1)[0]
    model(q)
    net(q)
    criterion(q, 3)
    self.conv(q)
    z = x; z
    z = w = x; z
    z = w = x; w
    z, w = x.max(1); z
    z, w = x.max(1); w
    [z, w] = x.max(1); w
    (z, (v, w)) = x.max(1); w
    z = 3; z = x; z
    z = Net(3); z(q)
    z = nn.Linear(3, 3); z(q)
    """.strip().splitlines(),
)
def test_what_is_surely_a_tensor(line):
    assert is_sure(HEAD + " " * 8 + line.strip())


@pytest.mark.parametrize(
    "line",
    """
    q
    q + 3
    q < 3
    -q
    not x
    x is q
    x is not q
    x in q
    x not in q
    x < 3 in q
    x if q else 3
    3 if q else x
    q if x else q
    q[x]
    q[0]
    q.grad
    self
    self.n
    self.conv
    x.shape
    x.shape[0]
    x.device
    x.size(0)
    x.numel()
    x.item()
    x.numpy()
    x.to_something_of_theirs()
    q.conv(q)
    self.other(q)
    other(q)
    other[0](x)
    other()(x)
    torch.is_tensor(q)
    torch.device(q)
    torch.load(q)
    torch.Generator()
    torch.Size(q)
    nn.Linear(3, 3)
    Net(3)
    np.zeros(3)
    [x]
    x, y
    x and y
    lambda: x
    z = x; z = 3; z
    x = q; x
    z = x, y; z
    z.attribute = x; z
    z[0] = x; z
    z, w = x, 3; w
    z, *w = x, y; z
    z = q(3); z(q)
    z = torch.zeros(3); z(q)
    z = nn.functional.relu(q); z(q)
    """.strip().splitlines(),
)
def test_what_may_be_another_thing(line):
    assert not is_sure(HEAD + " " * 8 + line.strip())


@pytest.mark.parametrize(
    ("function", "sure"),
    [
        ("def f(a):\n    a", False),
        ("def f(a: torch.Tensor):\n    a", True),
        ("def f(a: torch.Tensor, b: np.ndarray):\n    b", False),
        ("def f(a, b: torch.Tensor):\n    b", True),
        ("def forward(self, a):\n    a", False),
        ("class C:\n    def forward(self, a):\n        a", True),
        ("class C:\n    def forward(self, a, /, b):\n        a", True),
        ("class C:\n    def forward(self, a, /, b):\n        b", True),
        ("class C:\n    def forward(self, a):\n        self", False),
        ("class C:\n    def training_step(self, batch, k):\n        batch", True),
        ("class C:\n    def other(self, a):\n        a", False),
        ("class C:\n    if True:\n        def forward(self, a):\n            a", False),
        ("def f(a, b):\n    a.unsqueeze(0)\n    a", True),
        ("def f(a, b):\n    a.unsqueeze(0)\n    b", False),
        ("def f(a):\n    b.unsqueeze(0)\n    b", False),
        ("def f(a):\n    a.unsqueeze\n    a", False),
        ("def f(a):\n    a.split(0)\n    a", False),
        ("def f(a):\n    a.sum()\n    a", False),
        ("def f(a):\n    a.b.unsqueeze(0)\n    a", False),
        ("def f(a):\n    unsqueeze(a)\n    a", False),
        ("def f(a):\n    a.no_method_of_theirs()\n    a", False),
        ("a = torch.zeros(3)\na", True),
        ("a = torch.zeros(3)\ndef f():\n    a", False),
        ("def f():\n    a = torch.zeros(3)\na", False),
        ("async def f():\n    a = torch.zeros(3)\na", False),
        ("class C:\n    a = torch.zeros(3)\na", False),
        ("if q:\n    a = torch.zeros(3)\n    a", True),
        ("for k in q:\n    a = torch.zeros(3)\na + 1", True),
    ],
)
def test_names_are_noted_function_by_function(function, sure):
    assert is_sure("import torch\nimport numpy as np\n" + function) == sure


@pytest.mark.parametrize(
    ("statements", "sure"),
    [
        ('self.register_buffer("kept", q)', True),
        ('register_buffer("kept", q)', False),
        ("self.register_buffer(kept, q)", False),
        ("self.register_buffer()", False),
        ('self.register_buffer(3, "kept")', False),
        ("self.kept = torch.zeros(3)", True),
        ("self.kept = torch.FloatTensor(3)", True),
        ("self.kept = nn.Parameter(q)", True),
        ("self.kept = nn.parameter.Buffer(q)", True),
        ("self.kept = torch.device('cpu')", False),
        ("self.kept = torch.Generator()", False),
        ("self.kept = torch.nn.Linear(3, 3)", False),
        ("self.kept = F.relu(q)", False),
        ("self.kept = q", False),
        ("self.kept = None", False),
        ("self.kept: object", False),
        ("self.kept = None; self.kept = torch.zeros(3)", True),
        ("self.kept = 3; self.kept = torch.zeros(3)", False),
        ("self.kept: torch.Tensor; self.kept = torch.zeros(3)", True),
        ("self.kept: object = q; self.kept = torch.zeros(3)", False),
        ("self.kept: object = torch.zeros(3)", True),
        ("self.other = self.kept = torch.zeros(3)", True),
        ("q.kept = torch.zeros(3)", False),
        ("kept = torch.zeros(3)", False),
    ],
)
def test_attributes_are_tensors_if_nothing_else_is_put_there(statements, sure):
    program = HEAD.replace("self.n = n", statements)
    assert is_sure(program + "        self.kept") == sure
    assert not is_sure(program + "        q.kept")
