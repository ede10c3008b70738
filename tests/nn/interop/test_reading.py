"""Reading an exported graph: what is told of what cannot be read, and names, sizes, dtypes on the way."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import nn
from nn.interop.program import State
from nn.interop.reading import (
    Unknown,
    _listed,
    _operator_name,
    _size,
    _takes,
    _told,
    numpy_dtype,
    state_of,
)


def test_unknown_operators_are_counted_and_the_first_places_named():
    unknown = Unknown()
    unknown.add("aten.f.default", "a.b", ("/x/model.py", 3))
    assert unknown.message("Net") == (
        "from_torch: Net uses 1 operator that nothing here computes:\n"
        "  aten.f.default, 1 time\n"
        "    in a.b, model.py:3"
    )
    unknown.add("aten.g.default", "", ("", 0))
    for line in (4, 4, 5, 6, 7):
        unknown.add("aten.g.default", "c", ("/x/model.py", line))
    unknown.add("torch._functorch.vmap")
    assert unknown.message("Net").splitlines() == [
        "from_torch: Net uses 3 operators that nothing here computes:",
        "  aten.g.default, 6 times",
        "    in the model itself, an unknown line",
        "    in c, model.py:4",
        "    in c, model.py:5",
        "  aten.f.default, 1 time",
        "    in a.b, model.py:3",
        "  torch.func.vmap, grad or the like: write the loop, or the batch, out, 1 time",
        "    in the model itself, an unknown line",
    ]


def test_dtypes_are_numpys_where_there_is_one():
    for name in (
        "float16",
        "float32",
        "float64",
        "bool",
        "uint8",
        "int8",
        "int16",
        "int32",
        "int64",
    ):
        assert numpy_dtype(None, f"torch.{name}") == np.dtype(name)
    for name in ("bfloat16", "complex64", "uint16", "float8_e5m2"):
        with pytest.raises(TypeError, match=f"dtype {name} is not computed with here; known are f"):
            numpy_dtype(None, f"torch.{name}")


def test_names_sizes_and_lists():
    assert state_of("w") == State("", "w") and state_of("a.b.w") == State("a.b", "w")
    assert _listed([1]) == [1] and _listed((1, 2)) == [1, 2] and _listed(3) == [3]

    class Number:
        is_number = True

        def __int__(self):
            return 4

    symbol = SimpleNamespace(is_number=False)
    assert _size(3) == 3
    assert _size(SimpleNamespace(node=SimpleNamespace(expr=Number()))) == 4
    assert _size(SimpleNamespace(node=SimpleNamespace(expr=symbol))) == str(symbol)
    assert _size(SimpleNamespace(node=SimpleNamespace(expr="2*s0"))) == "2*s0"


def test_whether_a_function_takes_the_arguments():
    def function(x, *, scale=1):
        pass

    def takes(*args, **kwargs):
        return _takes(function, SimpleNamespace(args=args, kwargs=kwargs))

    assert takes(1) and takes(1, scale=2) and takes(1, out=3)
    assert not takes() and not takes(1, 2) and not takes(1, other=2)
    assert _takes(min, SimpleNamespace(args=(), kwargs={"anything": 1}))  # a function of C


@pytest.mark.torch
def test_operators_are_called_by_name_and_overload(torch):
    ops = torch.ops.aten
    assert _operator_name(torch, ops.conv2d.default) == "conv2d.default"
    assert _operator_name(torch, ops.sum.dim_IntList) == "sum.dim_IntList"
    assert _operator_name(torch, torch.ops.prims.sin.default) == "prims::sin.default"
    assert _operator_name(torch, len) == "builtins.len" and _told(torch, len) == "builtins.len"
    assert _told(torch, ops.sum.dim_IntList) == "aten.sum.dim_IntList"


@pytest.mark.torch
@pytest.mark.parametrize(
    "forward, told",
    [
        (lambda t, x, c: x + c.to(t.float32), "a constant whose dtype bfloat16 is not computed"),
        (lambda t, x, c: x.clone().as_strided((2,), (1,)).add_(1.0),
         "a write through a view that cannot be written back, 1 time\n"
         "    in the model itself, test_reading.py:"),
        (lambda t, x, c: (x, [t.complex(x, x)]), "an output of complex numbers: return its parts"),
        (lambda t, x, c: t.ones(2, dtype=t.complex64), "an output of complex numbers"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_with_its_place(torch, forward, told):
    constant = torch.ones(3, dtype=torch.bfloat16)

    class Model(torch.nn.Module):
        def forward(self, x):
            return forward(torch, x, constant)

    with pytest.raises(RuntimeError, match=told):
        nn.from_torch(Model(), torch.arange(3.0))


@pytest.mark.torch
def test_an_input_of_an_unknown_dtype_is_refused(torch):
    class Model(torch.nn.Module):
        def forward(self, x):
            return x.float()

    with pytest.raises(RuntimeError, match="an input whose dtype bfloat16 is not computed with"):
        nn.from_torch(Model(), torch.ones(3, dtype=torch.bfloat16))


@pytest.mark.torch
def test_blocks_without_gradients_record_none(torch):
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.w = torch.nn.Parameter(torch.ones(3))

        def forward(self, x):
            with torch.no_grad():
                a = x * self.w
                with torch.enable_grad():
                    b = a * self.w
            c = self.w * 2
            return a, b, c, (a + c).detach()

    x = torch.arange(3.0)
    found = nn.from_torch(Model(), x, dynamic=False)(x.numpy())
    assert [y.requires_grad for y in found] == [False, True, True, False]
    for ours, theirs in zip(found, Model()(x), strict=True):
        np.testing.assert_array_equal(ours.data, theirs.detach().numpy())


@pytest.mark.torch
def test_an_operation_stands_where_the_model_calls_pytorch_not_inside_of_that(torch):
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(2, 3)

        def forward(self, x):
            y = self.layer(x)
            return torch.nn.functional.relu(y)

    model = nn.from_torch(Model(), torch.ones(4, 2))
    first = Model.forward.__code__.co_firstlineno
    operations = model._conversion.programs[True].operations()
    places = {(Path(file).name, line) for file, line in (each.place for each in operations)}
    assert places == {("test_reading.py", first + 1), ("test_reading.py", first + 2)}
