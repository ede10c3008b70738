"""One line of PyTorch each: what it becomes, and what is said about it."""

import ast
import os
import sys
from pathlib import Path

import pytest

import autograd
import nn
from nn import port
from nn.port.names import find
from nn.port.table import CALLS, MODULE_METHODS
from nn.port.torch_names import MODULE, TENSOR

HEAD = """\
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
import numpy as np
class M(nn.Module):
    def forward(self, x, y):
        """
#: What is right as it stands; only the package's name changes.
WORKS = """
x = x.view(x.size(0), -1)
n = x.size(1)
y = F.relu(nn.functional.conv2d(x, y))
y = torch.cat([x, y], dim=1)
y = x.unsqueeze(0).squeeze(0).permute(1, 0).contiguous()
y = x.max(dim=1)
y = x.max()
y = x.std(dim=1, unbiased=False)
y = x.var(1, correction=1)
y = x.std(0, False)
y = torch.meshgrid(x, y, indexing="ij")
y = x.split(2, dim=1)
y = x.norm()
y = x.norm(p=2, dim=1)
y = x.transpose(0, 1, 2)
y = torch.transpose(x, 0, 1)
y = x.nonzero(as_tuple=True)
y = x.sort(dim=-1)
y = torch.zeros(2, 3)
y = torch.float32
y = torch.Tensor([1.0, 2.0])
y = nn.init.xavier_uniform_(self.weight)
y = optim.SGD(self.parameters(), lr=0.1)
y = torch.optim.lr_scheduler.StepLR(y, 3)
y = nn.Conv2d(1, 2, 3, bias=None)
y = np.std(x), np.transpose(y, (0, 1)), np.median(y)
y = "a b".split(" "), ",".join(y)
y.sort(key=len)
y = nn.utils.clip_grad_norm_(self.parameters(), 1.0)
y = isinstance(x, torch.Tensor)
y = torch.Tensor([1.5, 2])
y = torch.Tensor()
y = nn.Identity(3, unused=4)
y = q(nn.Conv2d, colour=4)
y = x.transpose(*axes)
y = x.transpose(a, b, c)
y = z.median(dim=0)
y = z.split(n)
z.sort()
z.sort(stable=True)
y = torch.std()
y = torch.var()
y = torch.sort()
y = torch.median()
y = x.split()
y = torch.split(x)
y = x.repeat()
y = torch.max(x)
y = torch.max(x, y)
y = x.max(y)
y = z.data
y = nn.utils.rnn.pack_sequence([x]).data
for k, v in self.state_dict().items(): y[k] = v * 2
for k, v in y.items(): v.copy_(x)
y = x.max(dim=1).values + x.sort(dim=0).indices
y = torch.linalg.svd(x).Vh
a, b = [3, 1], x; a.sort(); c = b.sum()
""".strip().splitlines()

#: A line, what becomes of it, and the kind of the finding.
REWRITTEN = [
    ("y = torch.optim.lr_scheduler._LRScheduler", "y = nn.optim.lr_scheduler.LRScheduler", "write"),
    ("y = z.dtype.is_floating_point", "y = z.is_floating_point()", "write"),
    ("y = z.var(dim=0)", "y = z.var(dim=0, correction=1)", "differs"),
    ("y = torch.equal(a[0], y)", "y = a[0].equal(y)", "differs"),
    ("y = torch.equal(a + 1, y)", "y = (a + 1).equal(y)", "differs"),
    ("y = a.max(1).values", "y = a.max(dim=1).values", "differs"),
    ("y = a.sort(0).indices", "y = a.sort(dim=0).indices", "differs"),
    (
        "a, b = nn.Linear(2, 2), 3; y = a(x).max(1)[0]",
        "a, b = nn.Linear(2, 2), 3; y = a(x).max(dim=1)[0]",
        "differs",
    ),
    ("a, b = F.relu(x), y; c = a.std()", "a, b = F.relu(x), y; c = a.std(correction=1)", "differs"),
    ("y = a.unsqueeze(0).std(1)", "y = a.unsqueeze(0).std(1, correction=1)", "differs"),
    (
        "y = torch.autograd.functional.hessian(f, x)",
        "y = autograd.func.hessian(f)(x).detach()",
        "write",
    ),
    ("y = torch.autograd.gradcheck(f, x)", "y = autograd.func.gradcheck(f, x)", "works"),
    ("self.w.data[0] = 1", "with autograd.no_grad(): self.w[0] = 1", "write"),
    ("z.data[:, i] *= y", "with autograd.no_grad(): z[:, i] *= y", "write"),
    ("y = optim.Adam(x, 0.1, foreach=True)", "y = optim.Adam(x, 0.1)", "write"),
    ("y = optim.Adam(x, fused=(a, b), lr=0.1)", "y = optim.Adam(x, lr=0.1)", "write"),
    (
        "y = torch.utils.data.DataLoader(x, 4, pin_memory=True)",
        "y = nn.data.DataLoader(x, 4)",
        "write",
    ),
    ("y = x.std()", "y = x.std(correction=1)", "differs"),
    ("y = x.std(1)", "y = x.std(1, correction=1)", "differs"),
    ("y = x.var(1, keepdim=True)", "y = x.var(1, keepdim=True, correction=1)", "differs"),
    ("y = torch.std(x)", "y = autograd.std(x, correction=1)", "differs"),
    ("y = x.std(1,)", "y = x.std(1, correction=1,)", "differs"),
    ("v, i = x.max(1)", "v, i = x.max(dim=1)", "differs"),
    ("y = x.min(-1)[0]", "y = x.min(dim=-1)[0]", "differs"),
    ("y = torch.max(x, 1)", "y = autograd.max(x, dim=1)", "differs"),
    ("y = torch.max(x, 1, True)[0]", "y = autograd.max(x, dim=1, keepdim=True)[0]", "differs"),
    ("v, i = x.sort(1, True)", "v, i = x.sort(dim=1, descending=True)", "differs"),
    ("y = x.median(0)", "y = x.median(dim=0)", "differs"),
    ("v, i = x.sort()", "v, i = x.sort(dim=-1)", "differs"),
    ("v, i = x.sort(1, descending=True)", "v, i = x.sort(dim=1, descending=True)", "differs"),
    (
        "v, i = torch.sort(x, descending=True)",
        "v, i = autograd.sort(x, descending=True, dim=-1)",
        "differs",
    ),
    ("y = x.cummax(0)", "y = x.cummax(dim=0)", "differs"),
    ("y = x.split(3)", "y = x.split(3, dim=0)", "differs"),
    ("y = x.split(3, 1)", "y = x.split(3, dim=1)", "differs"),
    ("y = x.split([1, 2], 1)", "y = x.split([1, 2], dim=1)", "differs"),
    ("y = torch.split(x, 3)", "y = autograd.split(x, 3, dim=0)", "differs"),
    ("y = x.repeat(2)", "y = x.tile(2)", "differs"),
    ("y = x.repeat(2, 1)", "y = x.tile(2, 1)", "differs"),
    ("y = (x + 1).repeat(*n)", "y = (x + 1).tile(*n)", "differs"),
    ("y = x.transpose(0, 1)", "y = x.swapaxes(0, 1)", "differs"),
    ("y = x.norm(2)", "y = x.norm(p=2)", "differs"),
    ("y = torch.norm(x, 2, 1)", "y = autograd.norm(x, 2, 1)", "works"),
    ("y = torch.meshgrid(x, y)", 'y = autograd.meshgrid(x, y, indexing="ij")', "differs"),
    ("y = x.nonzero()", "y = x.nonzero(as_tuple=False)", "differs"),
    ("y = torch.Tensor(3)", "y = autograd.zeros(3)", "differs"),
    ("y = torch.Tensor(n, 3)", "y = autograd.Tensor(n, 3)", "works"),
    ("y = torch.FloatTensor(2, 3)", "y = autograd.FloatTensor(2, 3)", "works"),
    ("y = torch.Tensor(n * 2)", "y = autograd.FloatTensor(n * 2)", "differs"),
    ("y = x.repeat(2, 1, 1)", "y = x.repeat(2, 1, 1)", "works"),
    ("y = x.transpose(1, 2)", "y = x.transpose(1, 2)", "works"),
    ("y = x.transpose(-1, -2)", "y = x.transpose(-1, -2)", "works"),
    ("y = x.transpose(-2, -1)", "y = x.swapaxes(-2, -1)", "differs"),
    ("y = x.transpose(a, b)", "y = x.swapaxes(a, b)", "differs"),
    (
        "self.w.data = (x + 1) * 2",
        "with autograd.no_grad(): self.w.copy_((x + 1) * 2)",
        "write",
    ),
    (
        "self.w.data.mul_(2).add_(x, alpha=3)",
        "with autograd.no_grad(): self.w.mul_(2).add_(x, alpha=3)",
        "write",
    ),
    ("y = torch.Tensor([1, 2])", "y = autograd.Tensor([1, 2], dtype=autograd.float32)", "differs"),
    ("y = x.cuda()", "y = x", "write"),
    ("y = x.cuda(non_blocking=True).relu()", "y = x.relu()", "write"),
    ("y = torch.cuda.is_available()", "y = False", "write"),
    ("torch.cuda.manual_seed_all(3)", "pass", "write"),
    ("torch.backends.cudnn.benchmark = True", "pass", "write"),
    ("y = q(torch.save, 'a.pth')", "y = q(nn.save, 'a.pth')", "write"),
    ("y = torch.save", "y = nn.save", "write"),
    ("torch.manual_seed(3)", "nn.manual_seed(3)", "write"),
    ("torch.save(self.state_dict(), 'a.npz')", "nn.save(self.state_dict(), 'a.npz')", "write"),
    (
        "y = nn.init.xavier_uniform(self.weight)",
        "y = nn.init.xavier_uniform_(self.weight)",
        "write",
    ),
    ("nn.init.normal_(self.weight.data, 0, 1)", "nn.init.normal_(self.weight, 0, 1)", "write"),
    ("self.weight.data.normal_()", "nn.init.normal_(self.weight)", "write"),
    ("m.weight.data.normal_(0.0, 0.02)", "nn.init.normal_(m.weight, 0.0, 0.02)", "write"),
    ("m.weight.data.uniform_(-1, 1)", "nn.init.uniform_(m.weight, -1, 1)", "write"),
    ("m.bias.data.zero_()", "nn.init.zeros_(m.bias)", "write"),
    ("if m: m.bias.data.fill_(1)  # one", "if m: nn.init.constant_(m.bias, 1)  # one", "write"),
    ("m.weight.data.copy_(x)", "with autograd.no_grad(): m.weight.copy_(x)", "write"),
    ("p.data -= 0.1 * p.grad", "with autograd.no_grad(): p -= 0.1 * p.grad", "write"),
    (
        "p.data.add_(p.grad, alpha=-0.1)",
        "with autograd.no_grad(): p.add_(p.grad, alpha=-0.1)",
        "write",
    ),
    ("a.data  -=  0.5  # down", "with autograd.no_grad(): a  -=  0.5  # down", "write"),
    ("p.grad.data.zero_()", "p.grad.zero_()", "write"),
    ("y = x.data.max(1)[1]", "y = x.detach().max(dim=1)[1]", "write"),
    ("y = self.weight.data.norm()", "y = self.weight.detach().norm()", "write"),
    ("x.data", "x.detach()", "write"),
    ("p.data=x", "with autograd.no_grad(): p.copy_(x)", "write"),
    ("p.data  =  x", "with autograd.no_grad(): p.copy_( x)", "write"),
    ("p.data.normal_(mean=0, std=1)", "nn.init.normal_(p, mean=0, std=1)", "write"),
    ("p.data.uniform_(0, to=1)", "with autograd.no_grad(): p.uniform_(0, to=1)", "write"),
    ("p.data = x; q = 1", "with autograd.no_grad(): p.copy_(x); q = 1", "write"),
    ("y = (x if y else y).std()", "y = (x if y else y).std(correction=1)", "differs"),
    ("y = -x.std()", "y = -x.std(correction=1)", "differs"),
    ("y = x.max(self.dim)", "y = x.max(dim=self.dim)", "differs"),
    ("y = torch.cuda.device_count() + 1", "y = 0 + 1", "write"),
    ("import torch.cuda; y = 3", "pass; y = 3", "write"),
    ("y = 3; import torch.cuda", "y = 3; pass", "write"),
    ("with torch.inference_mode(): p.data -= 1", "with autograd.inference_mode(): p -= 1", "write"),
]

#: What a person has to decide: a line, a word of the finding.
BY_HAND = [
    ("for k, v in self.m.state_dict().items(): v *= 0.9", "gives copies here"),
    ("for v in self.m.state_dict().values(): v.copy_(x)", "gives copies here"),
    ("y = torch.autograd.functional.jacobian(f, (x, y))", "in a second call"),
    ("y = torch.autograd.functional.jacobian(f, x, create_graph=True)", "in a second call"),
    ("y = torch.autograd.gradcheck(f, x, nondet_tol=1e-3)", "no such argument"),
    ("torch.save(self.state_dict(), 'a.pth')", ".safetensors or .npz"),
    ("torch.save(self.state_dict(), f=folder + '/a.pt')", ".safetensors or .npz"),
    ("torch.save({'model': self.state_dict()}, path)", "nn.train.save_state"),
    ("y = torch.load(path, map_location='cpu')", "it takes path"),
    ("y = torch.jit.script(self)", "no compiler"),
    ("y = nn.DataParallel(self)", "no GPUs"),
    ("y = torch.compile(self)", "no compiler"),
    ("y = torch.distributed.get_rank()", "nn.parallel"),
    ("y = nn.Conv2d(1, 2, 3, colour=1)", "it takes in_channels"),
    ("y = torch.no_such_thing(x)", "nothing of this name"),
    ("y = nn.Linaer(1, 2)", "did you mean 'Linear'?"),
    ("self.register_backward_hook(y)", "register_full_backward_hook"),
    ("p.data = q.data = x", "with autograd.no_grad(): p.copy_(…)"),
    ("if y: p.data -= 1", "on a line of its own: with autograd.no_grad(): p -="),
    ("z = y(lambda p: p.data.add_(1))", "on a line of its own: with autograd.no_grad(): p.add_"),
    ("y = x.bfloat16()", "x.half()|t.half()|model.half()"),
    ("y = f(torch.backends.cudnn.version())", "leave it out"),
    ("y = nn.Sequential(*[x], colour=3)", "it takes modules"),
]

#: What silently differs and is left as it is, since it may be something else's.
LEFT = [
    "y = z.std()",
    "y = z.transpose(0, 1)",
    "y = z.repeat(2, 1)",
    "y = z.max(1)",
    "y = batch.data.max(1)",
    "y = x.median()",
    "v, i = z.sort(descending=True)",
    "v, i = z.sort()",
    "z.sort(descending=True)",
    "y = z.sort()[0]",
    "y = z.split(4)",
    "y = z.split([1, 2])",
    "y = z.data[0]",
    "y = (x if y else 3).std()",
    "y = (x is y).std()",
    "y = (not x).std()",
    "y = q(x).std()",
]


@pytest.mark.parametrize("i", range(-4, 4))
def test_axes_that_numpy_leaves_in_order_are_told(i):
    """Of a matrix: of two axes that are not its own nothing is known, and (1, 0) is the same for both."""
    for j in range(-4, 4):
        of_matrix = -2 <= i <= 1 and -2 <= j <= 1 and i % 2 != j % 2
        kept = of_matrix and list(range(2)) == [i % 2, j % 2]
        assert bool(findings(f"y = x.transpose({i}, {j})", "differs")) == kept
    assert not findings(f"y = x.transpose({i}, 1, 2)", "differs")
    assert findings(f"y = x.transpose({i}, n)", "differs")
    assert not findings(f"y = torch.transpose(x, {i}, 1)", "differs")


#: Arguments with which a function, or a method, means another thing here, and with which it does not.
TOLD = {
    "std var": (["", "1", "dim", "1, keepdim=True"], ["1, True", "1, ddof=0", "correction=0", "unbiased=False", "**more"]),
    "max min cummax cummin": (["1", "-1", "dim", "self.axis", "d"], ["", "dim=1", "axis=0", "y", "1.0", "name", "**more"]),
    "median": (["", "1", "-1", "keepdim=True"], ["dim=1", "axis=0", "y", "**more"]),
    "sort": (["", "1", "1, True", "descending=True"], ["dim=1", "axis=0", "y", "**more"]),
    "split": (["3", "3, 1", "n", "n, dim", "[1, 2]", "(1, 2), 1"], ["", "3, dim=1", "3, axis=1", "3, 1, 2", "[1], 1, 2", "**more"]),
    "repeat": (["2", "2, 1", "*n"], ["", "2, 1, 3", "2, axis=1", "2, dim=1"]),
    "norm": (["2", "n"], ["", "2, 1", "p=2", "2, dim=1", "2, axis=1", "**more"]),
    "nonzero": ([""], ["as_tuple=True", "**more"]),
    "meshgrid": (["", "y", "y, y"], ["indexing='ij'", "y, indexing='xy'"]),
    "cross": (["y"], ["", "y, dim=1", "y, axis=1", "y, 1", "**more"]),
    "cholesky": (["", "y"], ["upper=True", "**more"]),
    "eigh eigvalsh": ([""], ["UPLO='U'", "**more"]),
}  # fmt: skip


@pytest.mark.parametrize("names", TOLD)
def test_arguments_tell_whether_a_call_means_another_thing(names):
    for name in names.split():
        for arguments, told in zip(TOLD[names], (True, False), strict=True):
            for each in arguments:
                behind = f", {each}" if each else ""
                for call in (f"x.{name}({each})", f"torch.{name}(x{behind})"):
                    assert bool(findings(f"y = {call}", "differs")) == told, call


@pytest.mark.parametrize(
    ("name", "of_functions"), [("equal", ["x, y"]), ("gradient", ["x", "x, 2"])]
)
def test_some_are_told_of_functions_alone(name, of_functions):
    for given in of_functions:
        assert findings(f"y = torch.{name}({given})", "differs")
        assert not findings(f"y = x.{name}({given[3:]})", "differs")
    assert not findings("y = torch.equal(x, y, y), torch.equal(x)", "differs")
    assert not findings("y = torch.gradient(x, dim=1), torch.gradient(x, axis=1)", "differs")


@pytest.mark.parametrize(
    ("call", "difference"),
    [
        ("x.split(3)", "split"), ("x.split(3, 1)", "split"), ("torch.split(x, n)", "split"),
        ("x.split([1, 2])", "split at"), ("x.split((1, 2), 1)", "split at"),
        ("torch.split(x, [1, 2])", "split at"), ("torch.split(x, [1, 2], 1)", "split at"),
        ("x.median()", "median of all"), ("x.median(0)", "median"), ("x.eigh()", "triangle"),
        ("x.sort()", "sort"), ("x.sort(0)", "sort"), ("x.max(0)", "max"), ("x.min(0)", "min"),
        ("x.std()", "std"), ("x.var(0)", "var"), ("x.norm(2)", "norm"), ("x.repeat(2)", "repeat"),
        ("x.transpose(0, 1)", "transpose"), ("x.nonzero()", "nonzero"), ("x.cummax(0)", "cummax"),
        ("x.cummin(0)", "cummin"), ("torch.meshgrid(x, y)", "meshgrid"), ("x.cross(y)", "cross"),
        ("torch.equal(x, y)", "equal"), ("torch.gradient(x)", "gradient"),
        ("x.cholesky()", "triangle"), ("x.eigvalsh()", "triangle"),
    ],
)  # fmt: skip
def test_what_differs_is_told_in_the_words_of_its_difference(call, difference):
    (found,) = findings(f"y = {call}", "differs")
    told = autograd.spelling.DIFFERENCES[difference]
    assert found.words == (
        f"here, as in NumPy: {told.here}; in PyTorch: {told.torch}; write {told.write_torch}"
    )


#: All that is said of a line: x is surely a tensor, q may be anything.
SAID = [
    ("y = x.sum()", "works sum"),
    ("y = q.sum()", "works sum"),
    ("y = x.sum", "works sum"),
    ("y = q.sum", ""),
    ("y = x.T", "works T"),
    ("y = q.T", ""),
    ("y = x.shape", "works shape"),
    ("y = q.shape", ""),
    ("x.half()", "works half"),
    ("q.half()", ""),  # a module has it, too
    ("x.to(3)", "works to"),
    ("q.to(3)", ""),
    ("q.train()", ""),
    ("y = x.foo()", ""),
    ("y = q.foo()", ""),
    ("y = q.forward(x)", ""),
    ("y = self.forward(x)", ""),
    ("y = x.geqrf()", "hand .geqrf"),
    ("y = q.geqrf()", "hand .geqrf"),
    ("y = q.geqrf", ""),
    ("y = x.std(1)", "differs x.std(1)"),
    ("y = q.std(1)", "differs q.std(1)"),
    ("q.cuda()", "write q.cuda()"),
    ("q.cuda", ""),
    ("x.data", "write x.data"),
    ("q.data", ""),
    ("y = x.data.sum()", "works sum, write x.data"),
    ("y = q.data.sum()", "differs q.data, works sum"),
    ("y = x.data[0]", "write x.data"),
    ("y = q.data[0]", "differs q.data"),
    ("y = np.x.data", ""),
    ("y = np.sum(x)", ""),
    ("y = torch.Tensor(3)", "differs torch.Tensor(3)"),
    ("y = torch.Tensor([1, 2])", "differs torch.Tensor([1, 2])"),
    ("y = torch.Tensor(n * 2.5)", "differs torch.Tensor(n * 2.5)"),
    ("y = torch.Tensor([1, 2.5])", "works Tensor"),
    ("y = torch.ones(3).sum()", "works ones, works sum"),
]


@pytest.mark.parametrize(("line", "said"), SAID)
def test_nothing_else_is_said_of_a_line(line, said):
    found = findings(line, "works", "write", "hand", "differs")
    assert ", ".join(f"{f.kind} {f.what}" for f in found) == said


def test_what_a_tensor_lacks_is_told_with_what_to_write_if_that_is_known():
    (known,) = findings("y = x.coalesce()", "hand")
    assert known.words == "write nothing: all tensors are dense"
    (unknown,) = findings("y = x.geqrf()", "hand")
    assert unknown.words == "there is nothing of this name here"


@pytest.mark.parametrize("length", [59, 60, 61, 200])
def test_a_long_call_is_cut_to_sixty_letters(length):
    call = f"x.std(1, keepdim={'a' * (length - 18)})"
    (found,) = findings(f"y = {call.replace(', ', ',   ')}", "differs")
    assert found.what == (call if length <= 60 else call[:59] + "…")


#: What is told, and whose arguments are left: there may be any number of them.
STARRED = [
    ("y = torch.std(*args)", "y = autograd.std(*args)"),
    ("y = torch.Tensor(*sizes)", "y = autograd.Tensor(*sizes)"),
    ("y = torch.Tensor([n], device='cpu')", "y = autograd.Tensor([n], device='cpu')"),
    ("y = torch.Tensor(n, device='cpu')", "y = autograd.Tensor(n, device='cpu')"),
]


def last(text):
    return text.splitlines()[-1].strip()


def findings(line, *kinds):
    number = HEAD.count("\n") + 1
    return [f for f in port.read(HEAD + line + "\n") if f.line == number and f.kind in kinds]


@pytest.mark.parametrize("line", WORKS)
def test_what_works_is_left_alone(line):
    assert not findings(line, "write", "hand", "differs")
    wanted = line.replace("torch.optim", "nn.optim").replace("torch.", "autograd.")
    assert last(port.rewrite(HEAD + line + "\n")) == wanted


@pytest.mark.parametrize(("line", "wanted", "kind"), REWRITTEN)
def test_what_is_rewritten(line, wanted, kind):
    assert last(port.rewrite(HEAD + line + "\n")) == wanted
    found = findings(line, "write", "hand", "differs")
    assert kind == "works" or kind in [f.kind for f in found]
    assert all(f.edits and f.words for f in found)
    ast.parse(port.rewrite(HEAD + line + "\n"))


@pytest.mark.parametrize(("line", "words"), BY_HAND)
def test_what_is_left_to_a_person_is_told_and_left(line, words):
    found = findings(line, "hand")
    assert any(each in f.words for f in found for each in words.split("|")), found
    assert not any(f.edits for f in found)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("y = f'{x.std()}'", "y = f'{x.std(correction=1)}'"),
        ("y = f'{x.data.max(1)}'", "y = f'{x.detach().max(dim=1)}'"),
    ],
)
def test_within_an_f_string_it_is_told_and_written_where_python_tells_its_place(line, wanted):
    assert any(f.kind != "works" for f in findings(line, "write", "hand", "differs"))
    assert last(port.rewrite(HEAD + line + "\n")) == (
        wanted if sys.version_info >= (3, 12) else line
    )


@pytest.mark.parametrize("line", LEFT)
def test_what_may_be_another_things_is_told_and_left(line):
    found = findings(line, "differs")
    assert len(found) >= 1
    assert not any(f.edits for f in found)
    assert port.rewrite(HEAD + line + "\n").endswith(line + "\n")


@pytest.mark.parametrize(("line", "wanted"), STARRED)
def test_arguments_that_cannot_be_counted_are_told_and_left(line, wanted):
    (found,) = findings(line, "differs")
    assert not found.edits
    assert last(port.rewrite(HEAD + line + "\n")) == wanted


LAYERS = """\
import torch
import torch.nn as nn
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(3)
        self.register_buffer("table", make())
        self.register_buffer(name, make())
        self.later = None
        self.start = torch.zeros(3)
        self.state = None
        self.state = torch.FloatTensor(3)
        self.hidden: torch.Tensor
        self.hidden = torch.ones(3)
        self.module = torch.Generator()
    def forward(self, x, q):
        self.later = q()
"""


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("y = self.table.std()", "y = self.table.std(correction=1)"),
        ("y = self.later.std()", "y = self.later.std()"),  # not always a tensor
        ("y = self.start.std()", "y = self.start.std(correction=1)"),
        ("y = self.state.std()", "y = self.state.std(correction=1)"),
        ("y = self.hidden.std()", "y = self.hidden.std(correction=1)"),
        ("y = self.module.std()", "y = self.module.std()"),
        ("y = self.norm(q).std()", "y = self.norm(q).std(correction=1)"),
    ],
)
def test_what_a_module_keeps_tells_what_its_attributes_are(line, wanted):
    program = LAYERS + "        " + line + "\n"
    found = [f for f in port.read(program) if f.line == LAYERS.count("\n") + 1]
    assert "differs" in [f.kind for f in found]
    assert last(port.rewrite(program)) == wanted


@pytest.mark.parametrize(("name", "told"), [("norm", []), ("std", ["differs"])])
def test_what_is_called_like_a_layer_is_taken_for_one(name, told):
    program = LAYERS + f"def f(m, q):\n    return m.{name}(q)\n"
    found = [f for f in port.read(program) if f.line == LAYERS.count("\n") + 2]
    assert [f.kind for f in found if f.kind != "works"] == told


def test_nothing_is_said_of_names_that_texts_and_lists_have_too():
    kinds = str, bytes, list, dict, set, tuple, int, float
    common = {name for kind in kinds for name in dir(kind) if not name.startswith("_")}
    names = sorted(common & set(TENSOR))
    assert {"split", "values"} <= set(names)
    for name in names:
        found = port.read(f"import torch\ndef f(q):\n    return q.{name}(1)\n")
        assert not [f for f in found if f.line == 3 and f.kind in ("works", "hand")], name
    (found,) = [
        f for f in port.read("import torch\ndef f(q):\n    q.unsqueeze(1)\n") if f.line == 3
    ]
    assert found.kind == "works"


# Imports ------------------------------------------------------------------------------------------

IMPORTS = [
    ("import torch\ntorch.ones(1)", "import autograd\nautograd.ones(1)"),
    ("import torch as th\nth.ones(1), th.nn.ReLU()", "import nn\nimport autograd as th\nth.ones(1), nn.ReLU()"),
    ("import torch\ntorch.nn.ReLU()", "import nn\nnn.ReLU()"),
    ("import torch as th\nth.Tensor([1, 2])", "import autograd\nimport autograd as th\nth.Tensor([1, 2], dtype=autograd.float32)"),
    ("import torch as th\np.data = th.ones(1)", "import autograd\nimport autograd as th\nwith autograd.no_grad(): p.copy_(th.ones(1))"),
    ("import torch.nn.functional as F\np.data.normal_(); F.relu(p)", "import nn\nimport nn.functional as F\nnn.init.normal_(p); F.relu(p)"),
    ("import torch.nn.functional as F\np.data -= F.relu(p)", "import autograd\nimport nn.functional as F\nwith autograd.no_grad(): p -= F.relu(p)"),
    ("import torch\ntorch.ones(1), torch.nn.ReLU()", "import nn\nimport autograd\nautograd.ones(1), nn.ReLU()"),
    ("import numpy as np, os, torch\ntorch.ones(1)", "import autograd\nimport numpy as np, os\nautograd.ones(1)"),
    ("from torch import nn as layers, optim\nlayers, optim", "import nn as layers\nfrom nn import optim\nlayers, optim"),
    ("from torch import jit as j, ones as o\nj, o", "from autograd import ones as o\nfrom torch import jit as j\nj, o"),
    ("from torch import Tensor\nimport torch\ntorch.ones(1)", "from autograd import Tensor\nimport autograd\nautograd.ones(1)"),
    ("x = 1; import torch as th\nfrom torch import Tensor\nth.nn.ReLU()",
     "x = 1; import nn; import autograd as th\nfrom autograd import Tensor\nnn.ReLU()"),
    ("import torch.nn\ntorch.nn.ReLU()", "import nn\nnn.ReLU()"),
    ("import torch, torch.nn as nn\ntorch.ones(1), nn.ReLU()", "import autograd\nimport nn\nautograd.ones(1), nn.ReLU()"),
    ("from torch import nn, Tensor", "import nn\nfrom autograd import Tensor"),
    ("from torch import nn as tnn\ntnn.ReLU()", "import nn as tnn\ntnn.ReLU()"),
    ("from torch.nn import Linear, Conv2d as C", "from nn import Linear, Conv2d as C"),
    ("from torch.nn import functional as F, init", "from nn import functional as F, init"),
    ("from torch.nn.parameter import Parameter", "from nn import Parameter"),
    ("from torch.nn.modules.conv import Conv2d", "from nn import Conv2d"),
    ("from torch.utils.data import Dataset, DataLoader", "from nn.data import Dataset, DataLoader"),
    ("import torch.utils.data as data", "import nn.data as data"),
    ("import torch.optim as optim", "import nn.optim as optim"),
    ("from torch.optim import Adam, SGD", "from nn.optim import Adam, SGD"),
    ("from torch.optim.lr_scheduler import StepLR", "from nn.optim.lr_scheduler import StepLR"),
    ("from torch.distributions import Normal", "from nn.distributions import Normal"),
    ("from torch.distributions.normal import Normal", "from nn.distributions import Normal"),
    ("from torch.nn.utils import weight_norm", "from nn.utils import weight_norm"),
    ("from torch.nn.utils.rnn import pad_sequence", "from nn.utils.rnn import pad_sequence"),
    ("from torch.nn.utils.parametrizations import spectral_norm", "from nn.utils.parametrizations import spectral_norm"),
    ("from torch.autograd import Variable, grad", "from autograd import Variable, grad"),
    ("from torch.func import hessian", "from autograd.func import hessian"),
    ("def f():\n    import torch.nn as nn  # here\n    return nn", "def f():\n    import nn  # here\n    return nn"),
    ("import torch; import torch.nn as nn\ntorch.ones(1)", "import autograd; import nn\nautograd.ones(1)"),
    ("try:\n    import torch\nexcept ImportError:\n    torch = None", "try:\n    import autograd\nexcept ImportError:\n    torch = None"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), IMPORTS)
def test_imports(old, new):
    assert port.rewrite(old + "\n") == new + "\n"


def test_nothing_is_said_of_what_another_package_gives():
    program = (
        "import torch\nfrom data import batch, third as q, other as a\nimport numpy.linalg as b\n"
    )
    for name, told in (("batch", False), ("q", False), ("a", False), ("b", False), ("numpy", True),
                       ("third", True), ("other", True), ("c", True)):  # fmt: skip
        found = [f for f in port.read(f"{program}{name}.std(), {name}.x.data[0]\n") if f.line == 4]
        assert [f.kind for f in found] == ["differs"] * 2 * told, name


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("import torchvision", "nn.data has"),
        ("from torchvision import models", "nn.data has"),
        ("import torch.jit", "no compiler"),
        ("from torch.nn import *", "cannot be read off"),
        ("from torch.nn.modules.utils import _pair", "nothing of this name"),
        ("from torch.cuda.amp import autocast", "runs on the CPU"),
    ],
)
def test_imports_of_what_is_not_here_stay_and_are_told(line, words):
    assert any(words in f.words and f.kind == "hand" for f in port.read(line + "\n"))
    assert line in port.rewrite(line + "\n")


def test_a_part_that_is_not_here_stays_in_an_import_of_its_own():
    new = port.rewrite("from torch.nn import Linear, AdaptiveLogSoftmaxWithLoss\n")
    assert new == "from nn import Linear\nfrom torch.nn import AdaptiveLogSoftmaxWithLoss\n"


def test_a_program_without_pytorch_is_nobodys_business():
    text = "import numpy as np\nx = np.ones(3)\nx.std(), x.transpose(0, 1)\n"
    assert port.read(text) == []
    assert port.rewrite(text) == text


def test_letters_beyond_ascii_do_not_move_the_edits():
    old = 'import torch\nπ = "…"; ä = torch.ones(2).std()  # größer\n'
    assert port.rewrite(old) == (
        'import autograd\nπ = "…"; ä = autograd.ones(2).std(correction=1)  # größer\n'
    )


def test_what_is_not_python_is_refused_with_its_line():
    with pytest.raises(SyntaxError) as told:
        port.read("import torch\nprint 'two'\n", "old.py")
    assert (told.value.filename, told.value.lineno) == ("old.py", 2)


# The tables ---------------------------------------------------------------------------------------


def test_every_spelling_with_two_meanings_is_looked_for():
    seen = {spelling.difference for spelling in CALLS} | {"Tensor", "Tensor of integers"}
    # Which dtype or shape a tensor has is not written in the line.
    assert seen == set(autograd.spelling.DIFFERENCES) - {"0-d", "solve"}


def test_every_renamed_name_is_there():
    from nn.port import names

    missing = [path for path in names._RENAMED if find(path).found is None]
    assert missing == []
    assert all(find(path).found is not None for path in names._HOMES)


def test_methods_that_are_refused_are_really_missing():
    assert not [name for name in MODULE_METHODS if hasattr(nn.Module, name)]


def test_the_readme_has_the_table_of_what_silently_differs():
    readme = Path(__file__).parents[3] / "README.md"
    assert port.markdown() in readme.read_text(encoding="utf-8"), "python -m nn.port --table"


@pytest.mark.torch
def test_names_of_pytorchs_tensors_and_modules_are_known(torch):
    for known, cls in ((TENSOR, torch.Tensor), (MODULE, torch.nn.Module)):
        there = {name for name in dir(cls) if not name.startswith("_")}
        assert len(there - known) <= 0.05 * len(there), sorted(there - known)


# The command --------------------------------------------------------------------------------------


@pytest.fixture
def command(capsys):
    from nn.port.__main__ import main

    def run(*args):
        status = main([str(a) for a in args])
        return status, *capsys.readouterr()

    return run


PROGRAM = "import torch\n\nx = torch.ones(3)  # three\nprint(x.std(), x.view(3))\n"


class TestCommand:
    def test_it_lists_by_line_and_says_what_is_left(self, command, tmp_path):
        file = tmp_path / "a.py"
        file.write_text(PROGRAM)
        status, out, _ = command(file)
        assert status == 1
        assert f"{file}:4: x.std()\n    silently differs: here, as in NumPy: divided by n;" in out
        assert "works as it is, 2 times: ones, view" in out
        assert "--write makes 3 of these edits" in out
        assert file.read_text() == PROGRAM

    def test_write_edits_the_file_and_a_second_run_finds_nothing(self, command, tmp_path):
        file = tmp_path / "a.py"
        file.write_text(PROGRAM)
        status, out, _ = command(file, "--write")
        assert status == 0
        assert file.read_text() == (
            "import autograd\n\nx = autograd.ones(3)  # three\n"
            "print(x.std(correction=1), x.view(3))\n"
        )
        assert command(file) == (0, "nothing of PyTorch is used here\n", "")

    def test_what_write_leaves_is_listed_and_counts(self, command, tmp_path):
        file = tmp_path / "a.py"
        file.write_text("import torch\nx = torch.jit.script(torch.ones(3))\n")
        status, out, _ = command(file, "--write")
        assert status == 1
        assert "a.py:2: torch.jit.script" in out
        assert "needs you: there is no compiler" in out

    def test_out_leaves_the_file_alone(self, command, tmp_path):
        file, new = tmp_path / "a.py", tmp_path / "b.py"
        file.write_text(PROGRAM)
        assert command(file, "--out", new)[0] == 0
        assert file.read_text() == PROGRAM
        assert "autograd.ones" in new.read_text()

    def test_diff_shows_and_changes_nothing(self, command, tmp_path):
        file = tmp_path / "a.py"
        file.write_text(PROGRAM)
        status, out, _ = command(file, "--diff")
        assert "+import autograd\n" in out
        assert "-import torch\n" in out
        assert status == 1
        assert file.read_text() == PROGRAM

    def test_a_folder_is_read_file_by_file(self, command, tmp_path):
        for name in ("a.py", "b.py"):
            (tmp_path / name).write_text(PROGRAM)
        (tmp_path / "c.txt").write_text("import torch")
        _, out, _ = command(tmp_path)
        assert out.count("silently differs:") == 2

    def test_encodings_and_line_ends_stay(self, command, tmp_path):
        file = tmp_path / "a.py"
        old = "# -*- coding: latin-1 -*-\r\nimport torch\r\nx = torch.ones(1)  # größer\r\n"
        file.write_bytes(old.encode("latin-1"))
        assert command(file, "--write")[0] == 0
        assert file.read_bytes() == old.replace("torch", "autograd").encode("latin-1")

    @pytest.mark.parametrize("content", [b"print 'two'\n", b"\xff\xfe", None])
    def test_what_cannot_be_read_is_told(self, command, tmp_path, content):
        file = tmp_path / "a.py"
        if content is not None:
            file.write_bytes(content)
        status, out, err = command(file, "--write")
        assert (status, out) == (2, "")
        assert f"{file}: cannot be read" in err

    def test_help_says_what_to_do_first(self, command, capsys):
        with pytest.raises(SystemExit) as end:
            command("--help")
        out = capsys.readouterr().out
        assert end.value.code == 0
        for words in ("A first try", "--write", "silently differs", "exit status"):
            assert words in out

    def test_out_takes_the_place_of_one_file(self, command, tmp_path, capsys):
        for name in ("a.py", "b.py"):
            (tmp_path / name).write_text(PROGRAM)
        with pytest.raises(SystemExit):
            command(tmp_path, "--out", tmp_path / "c.py")
        assert "takes the place of one file; there are 2" in capsys.readouterr().err
        assert not (tmp_path / "c.py").exists()

    def test_what_does_not_work_as_it_is_has_no_such_line(self, command, tmp_path):
        file = tmp_path / "a.py"
        file.write_text("from torch.nn import *\n")
        _, out, _ = command(file)
        assert "works as it is" not in out and "1 needs you" in out

    def test_without_a_file_it_asks_for_one(self, command, capsys):
        with pytest.raises(SystemExit) as end:
            command()
        assert end.value.code == 2
        assert "give a file of Python" in capsys.readouterr().err

    def test_the_table_is_printed(self, command):
        status, out, _ = command("--table")
        assert status == 0
        assert out == port.markdown() + "\n"
        assert out.count("\n") == len(autograd.spelling.DIFFERENCES) + 2

    @pytest.mark.parametrize(
        ("program", "options", "status", "said"),
        [
            ("x = 1\n", (), 0, "nothing of PyTorch is used here\n"),
            ("x = 1\n", ("--diff",), 0, ""),
            ("import torchtext\n", ("--diff",), 1, ""),
            ("x = 1\n", ("--write",), 0, "nothing of PyTorch is used here\n"),
            (
                "from torch import ones\nones(3)\n",
                (),
                1,
                "FILE:1: from torch import ones\n"
                "    must be written otherwise: is written: from autograd import ones\n"
                "works as it is, 1 time: ones\n"
                "1 must be written otherwise, 0 needs you, 0 silently differs\n"
                "--write makes 1 of these edits\n",
            ),
            (
                "from torch import ones\nones(ones(3))\n",
                ("--write", "--all"),
                0,
                "FILE:1: from torch import ones\n"
                "    must be written otherwise: is written: from autograd import ones\n"
                "FILE:2: ones\n    works as it is: is autograd.ones\n"
                "FILE:2: ones\n    works as it is: is autograd.ones\n"
                "works as it is, 2 times: ones (2)\n"
                "1 must be written otherwise, 0 needs you, 0 silently differs\n"
                "FILE: 1 written\n",
            ),
            (
                "import torchtext\n",
                (),
                1,
                "FILE:1: import torchtext\n    needs you: there is nothing like it here\n"
                "0 must be written otherwise, 1 needs you, 0 silently differs\n"
                "--write has nothing to do\n",
            ),
            (
                "import torch\nx = torch.ones(3)\ntorch.jit.script(x.cuda())\n",
                ("--write",),
                1,
                "FILE:3: torch.jit.script\n    needs you: there is no compiler: leave it out and "
                "call the function or module itself\n"
                "works as it is, 1 time: ones\n"
                "2 must be written otherwise, 1 needs you, 0 silently differs\n"
                "FILE: 3 written\n",
            ),
        ],
    )
    def test_what_is_said_of_a_program(self, command, tmp_path, program, options, status, said):
        file = tmp_path / "a.py"
        file.write_text(program)
        found, out, err = command(file, *options)
        assert (found, out.replace(str(file), "FILE"), err) == (status, said, "")

    def test_the_status_is_the_worst_of_all_files(self, command, tmp_path):
        for name, program in (("a", "x = 1\n"), ("b", PROGRAM), ("c", "x = (\n"), ("d", "x = 2\n")):
            (tmp_path / f"{name}.py").write_text(program)
        given = [tmp_path / f"{name}.py" for name in "abcd"]
        assert [command(file)[0] for file in given] == [0, 1, 2, 0]
        assert command(given[3], given[1], given[0])[0] == 1
        assert command(given[0], given[3])[0] == 0
        status, out, err = command(tmp_path)
        assert status == 2 and f"{given[1]}:4" in out and f"{given[2]}: cannot be read" in err

    def test_a_folder_without_programs_is_none(self, command, tmp_path, capsys):
        assert command(tmp_path) == (2, "", "")
        with pytest.raises(SystemExit):
            command(tmp_path, "--out", tmp_path / "c.py")
        assert "there are 0" in capsys.readouterr().err

    def test_out_is_written_though_nothing_changes_and_write_is_not(self, command, tmp_path):
        file, new = tmp_path / "a.py", tmp_path / "b.py"
        file.write_text("x = 1\n")
        before = file.stat().st_mtime_ns
        os.utime(file, ns=(before, before - 10**9))
        assert command(file, "--write")[0] == command(file, "--out", new)[0] == 0
        assert new.read_text() == "x = 1\n"
        assert file.stat().st_mtime_ns == before - 10**9


@pytest.mark.parametrize(
    ("line", "dtype"),
    [
        ("torch.set_default_dtype(torch.float64)", "Double"),
        ("torch.set_default_tensor_type(torch.DoubleTensor)", "Double"),
        ("torch.set_default_dtype(torch.float32)", "Float"),
        ("pass", "Float"),
    ],
)
def test_tensors_of_values_have_the_default_dtype_of_the_program(line, dtype):
    program = f"import torch\n{line}\na = torch.Tensor(values)\nb = torch.Tensor([1, 2])\n"
    *_, a, b = port.rewrite(program).splitlines()
    assert a == f"a = autograd.{dtype}Tensor(values)"
    assert b.endswith(f"dtype=autograd.float{64 if dtype == 'Double' else 32})")
