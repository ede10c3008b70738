"""Every line of the table against PyTorch: values, dtypes, gradients, gradients of gradients."""

import inspect
import re

import numpy as np
import pytest

import autograd
from nn.interop import operators
from nn.interop.operators import complexes, creation
from nn.interop.program import Operation
from nn.interop.reading import _takes

from .cases import CASES, b, dt, fixed, i, of, p, x

pytestmark = pytest.mark.torch

#: Lines that no call of PyTorch from outside can be held against, and why.
ELSEWHERE = {
    **dict.fromkeys(complexes.TABLE, "in test_complexes.py"),
    **dict.fromkeys(
        (
            f"glassgrad::{name}"
            for name in (
                "ctc_loss",
                "gru",
                "lstm",
                "rnn_relu",
                "rnn_tanh",
                "pack_padded_sequence",
                "pad_packed_sequence",
            )
        ),
        "stands in for PyTorch's while a model is exported; run by models",
    ),
    "sym_size.int": "sizes of a trace; run by every model with a symbolic batch",
    "sym_size.default": "the same",
    "sym_numel": "the same",
    "sym_storage_offset": "the same",
    "to.prim_Device": "an overload that only TorchScript calls",
    "_index_put_impl": "writes in place when called from outside",
    "_convolution": "the same function as convolution, with flags of CUDA",
    "empty.memory_format": "uninitialised memory",
    "empty_permuted": "uninitialised memory",
    "empty_strided": "uninitialised memory",
    "empty_like": "uninitialised memory",
    "new_empty": "uninitialised memory",
    "new_empty_strided": "uninitialised memory",
    "cholesky": "tested with symmetric inputs in test_linear_algebra_of_symmetric_matrices",
    "linalg_cholesky": "the same",
    "linalg_eigvalsh": "the same",
    "linalg_eigh": "the same",
    "linalg_cholesky_ex": "the same",
    "to.device": "takes a device, which the reader leaves out",
    "_native_batch_norm_legit.default": "writes statistics; run by the models in training",
}


def arrays(value, rng):
    """The call with arrays in place of the markers."""
    if isinstance(value, fixed):
        return Fixed(np.array(value.values, dtype=value.dtype))
    if isinstance(value, of):
        return np.array(value.values, dtype=value.dtype)
    if isinstance(value, dt):
        return value
    if isinstance(value, i):
        return rng.integers(0, value[0], value[1:])
    if isinstance(value, b):
        return rng.random(tuple(value)) < 0.5
    if isinstance(value, p):
        return rng.uniform(0.1, 0.9, tuple(value))
    if isinstance(value, x):
        return rng.standard_normal(tuple(value))
    if isinstance(value, list):
        return [arrays(part, rng) for part in value]
    return value


#: Of which PyTorch's derivatives are NaN at places where ours are 0: the norm of a zero vector.
NAN = ("linalg_vector_norm",)


class Fixed:
    def __init__(self, array):
        self.array = array


def mapped(value, tensor, dtype):
    if isinstance(value, Fixed):
        return tensor(value.array).detach()
    if isinstance(value, (np.ndarray, np.generic)):
        return tensor(value)
    if isinstance(value, dt):
        return dtype(value)
    if isinstance(value, list):
        return [mapped(part, tensor, dtype) for part in value]
    return value


def leaves(value, kind):
    if isinstance(value, kind):
        return [value]
    if isinstance(value, (list, tuple)):
        return [leaf for part in value for leaf in leaves(part, kind)]
    return []


def close(ours, theirs, what):
    theirs = theirs.detach().numpy(force=True)
    assert ours.shape == theirs.shape, f"{what}: shape {ours.shape}, PyTorch {theirs.shape}"
    assert ours.dtype == theirs.dtype, f"{what}: dtype {ours.dtype}, PyTorch {theirs.dtype}"
    single = "float32" in what or theirs.dtype == np.float32
    exact = {"rtol": 1e-5, "atol": 1e-6} if single else {"rtol": 1e-10, "atol": 1e-11}
    if what.startswith("hardsigmoid"):
        exact = {"rtol": 1e-7, "atol": 1e-8}  # PyTorch's slope is 1/6 in single precision
    if "order" in what and what.startswith(("lgamma", "digamma")):
        exact = {"rtol": 5e-9, "atol": 1e-9}  # PyTorch's trigamma; SciPy's is met elsewhere
    if "order" in what and what.startswith(NAN):
        theirs = np.where(np.isnan(theirs), ours.data, theirs)
    np.testing.assert_allclose(ours.data, theirs, err_msg=what, **exact)


def weighted(parts, tensor):
    """A sum of all numbers, each with a weight of its own; None if nothing has a gradient."""
    terms = [
        (
            part
            * tensor(
                np.cos(
                    np.arange(part.size if isinstance(part.size, int) else part.numel()) + k
                ).reshape(part.shape),
                part.dtype,
            )
        ).sum()
        for k, part in enumerate(parts)
        if part.requires_grad
    ]
    return sum(terms[1:], terms[0]) if terms else None


def gradients(torch, ours, theirs, x, t, level, what):
    """Gradients of a weighted sum of all floating results; then those of these again.

    What has no gradient on one side has that of zero on the other.
    """
    here = weighted(ours, lambda w, dtype: autograd.as_tensor(w.astype(dtype)))
    there = weighted(theirs, lambda w, dtype: torch.tensor(w, dtype=dtype))
    if there is None or not x:
        return
    again = level == 1
    try:
        c = torch.autograd.grad(there, x, create_graph=again, allow_unused=True)
    except RuntimeError as error:
        assert "not implemented" in str(error) or "not support" in str(error), error
        return  # PyTorch has no such derivative
    a = [None] * len(t)
    if here is not None:
        a = autograd.grad(here, t, create_graph=again, allow_unused=True)
    c = [torch.zeros_like(x[k]) if h is None else h for k, h in enumerate(c)]
    a = [autograd.zeros_like(t[k]) if g is None else g for k, g in enumerate(a)]
    for k, (g, h) in enumerate(zip(a, c, strict=True)):
        close(g, h, f"{what}: order {level}, input {k}")
    if again:
        gradients(torch, a, c, x, t, 2, what)


#: Of which PyTorch has no second derivative here.
FIRST_ONLY = {
    "_scaled_dot_product_flash_attention_for_cpu.default", "cdist.default", "_cdist_forward.default",
    "pdist.default", "_pdist_forward.default",
    "_embedding_bag_forward_only.default", "embedding_bag.default", "embedding_bag.padding_idx",
    "_embedding_bag.default", "grid_sampler_3d.default", "multi_margin_loss.default",
    "_fused_rms_norm.default",
    # PyTorch has one, and its own gradgradcheck refuses it:
    "_weight_norm.default", "_weight_norm_interface.default",
}  # fmt: skip

#: Results that only the backward of PyTorch itself uses, so only the first ones are compared.
RESULTS = {
    "log_sigmoid_forward.default": 1, "_scaled_dot_product_flash_attention_for_cpu.default": 1,
    "embedding_bag.default": 1, "embedding_bag.padding_idx": 1, "_embedding_bag.default": 1,
    "_embedding_bag_forward_only.default": 1, "_weight_norm_interface.default": 1, "_linalg_slogdet.default": 2,
}  # fmt: skip


@pytest.mark.parametrize("operator", CASES)
def test_every_line_computes_what_pytorch_computes(torch, operator):
    name, overload = operator.rsplit(".", 1)
    theirs = getattr(getattr(torch.ops.aten, name), overload)
    function = operators.find(operator)
    assert function is not None
    rng = np.random.default_rng(7)
    before = operators.promotion.set_default_float(np.dtype(np.float32))
    try:
        for k, (args, kwargs) in enumerate(CASES[operator]):
            what = f"{operator}, call {k}: {args} {kwargs}"
            given = arrays(list(args), rng), arrays_of(kwargs, rng)
            check(torch, operator, theirs, function, *given, what)
    finally:
        operators.promotion.set_default_float(before)


def arrays_of(kwargs, rng):
    return {key: arrays(value, rng) for key, value in kwargs.items()}


def check(torch, operator, theirs, function, args, kwargs, what):
    def their_tensor(a):
        t = torch.tensor(a)
        return t.requires_grad_() if t.is_floating_point() else t

    def our_tensor(a):
        return autograd.tensor(a, requires_grad=np.asarray(a).dtype.kind == "f")

    x_args = mapped([args, *kwargs.values()], their_tensor, lambda d: getattr(torch, d))
    t_args = mapped([args, *kwargs.values()], our_tensor, np.dtype)
    x = [v for v in leaves(x_args, torch.Tensor) if v.requires_grad]
    t = [v for v in leaves(t_args, autograd.Tensor) if v.requires_grad]
    given = _fresh(torch, operator, x_args[0]), dict(zip(kwargs, x_args[1:], strict=True))
    try:
        wanted = theirs(*given[0], **given[1])
    except RuntimeError as error:
        assert "Autograd not support dtype" in str(error)
        with torch.no_grad():  # one that PyTorch has for evaluation only
            wanted = theirs(*given[0], **given[1])
    got = function(*t_args[0], **dict(zip(kwargs, t_args[1:], strict=True)))
    if not isinstance(wanted, (torch.Tensor, tuple, list)):
        assert got == wanted, what
        return
    wanted, got = leaves(wanted, torch.Tensor), leaves(got, autograd.Tensor)
    count = RESULTS.get(operator)
    wanted, got = wanted[:count], got[:count]
    assert len(wanted) == len(got), what
    for w, g in zip(wanted, got, strict=True):
        close(g, w, what)
    level = 2 if operator in FIRST_ONLY else 1
    floats = [k for k, w in enumerate(wanted) if w.is_floating_point()]
    results = [got[k] for k in floats], [wanted[k] for k in floats]
    gradients(torch, *results, x, t, level, what)


def _fresh(torch, operator, args):
    """Operators that write get copies that are no leaves."""
    if operator.startswith("__i"):
        return [a.clone() if isinstance(a, torch.Tensor) else a for a in args]
    return args


def test_every_line_of_the_table_is_called():
    called = {operators.key(operator) for operator in CASES}
    random = {*creation.RANDOM, *creation.RANDOM_CREATION}
    missing = set(operators.names()) - called - set(ELSEWHERE) - random
    assert not missing


def test_every_call_of_the_table_is_one_that_the_reader_takes():
    # A static parameter of a primitive may come by position, though its signature is after a star.
    for operator, calls in CASES.items():
        function = operators.find(operator)
        for args, kwargs in calls:
            assert _takes(function, Operation("y", operator, tuple(args), kwargs)), (operator, args)


@pytest.mark.parametrize("shape", [(3, 3), (2, 3, 3)])
def test_linear_algebra_of_symmetric_matrices(torch, shape):
    # PyTorch's gradients of these are symmetric, ours may be any that fits: compared through A + Aᵀ.
    rng = np.random.default_rng(3)
    a = rng.standard_normal(shape)
    for name in (
        "cholesky", "linalg_cholesky", "linalg_cholesky_ex", "linalg_eigvalsh", "linalg_eigh",
    ):  # fmt: skip
        x, t = torch.tensor(a, requires_grad=True), autograd.tensor(a, requires_grad=True)
        wanted = getattr(torch.ops.aten, name)(x @ x.mT + torch.eye(3, dtype=torch.float64))
        got = operators.find(f"{name}.default")(t @ t.mT + autograd.as_tensor(np.eye(3)))
        wanted, got = leaves(wanted, torch.Tensor), leaves(got, autograd.Tensor)
        if name == "linalg_eigh":  # the sign of an eigenvector is free
            got[1], wanted[1] = got[1] * got[1], wanted[1] * wanted[1]
        for g, w in zip(got, wanted, strict=True):
            close(g, w, name)
        floats = [k for k, w in enumerate(wanted) if w.is_floating_point()]
        gradients(torch, [got[k] for k in floats], [wanted[k] for k in floats], [x], [t], 1, name)


def test_a_factor_is_the_upper_one_where_that_is_asked_for(torch):
    a = np.random.default_rng(3).standard_normal((2, 3, 3))
    a = a @ np.swapaxes(a, -1, -2) + np.eye(3)
    for name in ("cholesky", "linalg_cholesky"):
        for upper in (False, True):
            wanted = getattr(torch.ops.aten, name)(torch.tensor(a), upper=upper)
            found = operators.find(f"{name}.default")(autograd.tensor(a), upper=upper)
            close(found, wanted, f"{name} {upper}")


def test_solving_by_a_cholesky_factor(torch):
    # PyTorch's gradient of the factor fills its other triangle too, which no factor has.
    rng = np.random.default_rng(4)
    a, c = rng.standard_normal((3, 3)), rng.standard_normal((3, 2))
    x, t = torch.tensor(a, requires_grad=True), autograd.tensor(a, requires_grad=True)
    wanted = torch.cholesky_solve(
        torch.tensor(c), torch.linalg.cholesky(x @ x.T + torch.eye(3, dtype=torch.float64))
    )
    factor = operators.find("linalg_cholesky.default")(t @ t.T + autograd.as_tensor(np.eye(3)))
    got = operators.find("cholesky_solve.default")(autograd.as_tensor(c), factor)
    close(got, wanted, "cholesky_solve")
    gradients(torch, [got], [wanted], [x], [t], 1, "cholesky_solve")


#: Defaults that are written otherwise here, and mean the same: PyTorch's, and ours.
WRITTEN_OTHERWISE = {
    "reduction": (1, "mean"),  # a number where a call gives it
    "padding_idx": (-1, None),
    "padding": ("valid", 0),
    "rcond": (1e-15, None),  # below what the dtype resolves
    "dtype": (4, None),  # int64, which places have anyway
}


def meanings(name, default):
    """What may stand here for a default of PyTorch's."""
    if isinstance(default, list):  # [1, 1] is 1 for every axis, and [] is none
        every = default[:1] if len(set(default)) == 1 else []
        return [tuple(default), *every] if default else [(), None]
    theirs, ours = WRITTEN_OTHERWISE.get(name, (None, None))
    return [default, ours] if default == theirs else [default]


def test_what_a_call_leaves_out_is_what_pytorch_takes(torch):
    compared = 0
    for operator in CASES:
        name, overload = operator.rsplit(".", 1)
        schema = getattr(getattr(torch.ops.aten, name), overload)._schema
        own = inspect.signature(operators.find(operator)).parameters
        placed = [p for p in own.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
        for place, argument in enumerate(schema.arguments):
            if argument.name in own:
                here = own[argument.name]
            elif place < len(placed) and not argument.kwarg_only:
                here = placed[place]
            else:
                continue  # the reader refuses a call that gives it
            if argument.has_default_value():
                compared += 1
                wanted = meanings(here.name, argument.default_value)
                assert here.default in wanted, f"{operator}: {here}, PyTorch has {wanted[0]!r}"
    assert compared > 450


def test_what_a_call_of_complex_numbers_leaves_out_is_what_pytorch_takes(torch):
    compared = set()
    for entry, function in complexes.TABLE.items():
        name = entry.removeprefix("complex::").partition(".")[0]
        packet = getattr(torch.ops.aten, re.sub("_[cr][cr]$", "", name))
        for overload in packet.overloads():
            for argument in getattr(packet, overload)._schema.arguments:
                own = inspect.signature(function).parameters.get(argument.name)
                if own is not None and argument.has_default_value():
                    compared.add((name, own.name))
                    assert own.default == argument.default_value, f"{entry}: {own}"
    assert {("slice", "dim"), ("slice", "step"), ("cat", "dim"), ("sub_rc", "alpha"),
            ("rsub_cr", "alpha"), ("sum", "keepdim")} <= compared  # fmt: skip


def test_hubers_loss_has_the_dtype_of_its_input(torch):
    # PyTorch's too, though it cannot differentiate that.
    single, double = np.float32([0.5, -1.5]), np.array([0.25, 2.0])
    for first, second in ((single, double), (double, single)):
        for reduction in (0, 1, 2):
            wanted = torch.ops.aten.huber_loss(torch.tensor(first), torch.tensor(second), reduction)
            found = operators.find("huber_loss.default")(
                autograd.tensor(first), autograd.tensor(second), reduction
            )
            close(found, wanted, f"float32 huber_loss {first.dtype} {reduction}")
