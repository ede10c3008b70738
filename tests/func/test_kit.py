"""The kit: our own engine passes, and an implementation with mistakes is told which."""

import json
import subprocess
import sys

import numpy as np
import pytest

import autograd as ag
import nn
from autograd.func import kit
from autograd.func.kit import checking
from autograd.func.kit.__main__ import main

F = nn.functional


def _window(f):
    return lambda x, kernel=2, **statics: f(x, kernel, **statics)


def _losses(f):
    return lambda x, y, **statics: f(x, y, **statics)


#: Our own operations, fused ones where we have them, under the kit's names.
OURS = {
    **{name: getattr(ag, name) for name in (
        "exp", "log", "sqrt", "square", "reciprocal", "absolute", "sin", "cos", "tanh", "sigmoid", "relu",
        "silu", "gelu", "add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "where", "sum",
        "mean", "max", "min", "prod", "var", "logsumexp", "cumsum", "reshape", "transpose", "broadcast_to",
        "matmul", "outer", "softmax", "log_softmax", "softplus", "leaky_relu", "elu", "linear")},
    "clip": lambda x, low=-1.0, high=1.0: ag.clip(x, low, high),
    "norm": lambda x, **statics: ag.linalg.vector_norm(x, **statics),
    "flip": lambda x, axis=0: ag.flip(x, axis),
    "concatenate": lambda x, y, **statics: ag.concatenate([x, y], **statics),
    "stack": lambda x, y, **statics: ag.stack([x, y], **statics),
    "slice": lambda x, axis=0, start=None, stop=None, step=None: x[(slice(None),) * axis + (slice(start, stop, step),)],
    "take": lambda x, indices, axis=0: ag.take(x, indices, axis=axis),
    "pick": lambda x, indices: ag.take_along_axis(x, indices[:, None], axis=1)[:, 0],
    "pad": lambda x, widths, mode: ag.pad(x, widths, mode=mode),
    "embedding": F.embedding,
    "attention": lambda q, k, v: F.softmax(q @ k.mT / np.sqrt(q.shape[-1]), dim=-1) @ v,
    "conv1d": F.conv1d, "conv2d": F.conv2d,
    "conv_transpose1d": F.conv_transpose1d, "conv_transpose2d": F.conv_transpose2d,
    "max_pool1d": _window(F.max_pool1d), "max_pool2d": _window(F.max_pool2d),
    "avg_pool1d": _window(F.avg_pool1d), "avg_pool2d": _window(F.avg_pool2d),
    "global_avg_pool2d": lambda x: F.adaptive_avg_pool2d(x, 1)[:, :, 0, 0],
    "upsample_nearest2d": lambda x, scale=2: F.interpolate(x, scale_factor=scale, mode="nearest"),
    "batch_norm": lambda x, w, b, eps=1e-5: F.batch_norm(x, None, None, w, b, training=True, eps=eps),
    "layer_norm": lambda x, w, b, **statics: F.layer_norm(x, w.shape, w, b, **statics),
    "group_norm": lambda x, w, b, groups=1, eps=1e-5: F.group_norm(x, groups, w, b, eps),
    "cross_entropy": _losses(F.cross_entropy), "mse_loss": _losses(F.mse_loss),
    "huber_loss": _losses(F.huber_loss),
    "binary_cross_entropy_with_logits": _losses(F.binary_cross_entropy_with_logits),
}  # fmt: skip


def by_autograd(name):
    """An operation of ours as the kit wants it: forward and backward on arrays."""
    operation, function = kit.OPERATIONS[name], OURS[name]

    def tensors(arrays):
        return [
            ag.tensor(a, requires_grad=input in operation.differentiable)
            if a.dtype.kind == "f"
            else a
            for a, input in zip(arrays, operation.inputs, strict=True)
        ]

    def forward(*arrays, **statics):
        return function(*tensors(arrays), **statics).detach().numpy()

    def backward(g, *arrays, **statics):
        given = tensors(arrays)
        leaves = [t for t in given if isinstance(t, ag.Tensor) and t.requires_grad]
        return [d.numpy() for d in ag.grad(function(*given, **statics), leaves, ag.tensor(g))]

    return forward, backward


@pytest.mark.parametrize("name", kit.OPERATIONS)
def test_our_own_engine_passes(name):
    report = kit.check({name: by_autograd(name)}, [name])
    (found,) = report.operations
    assert report and found.forward == found.backward == found.cases > 0, report


def test_every_operation_has_cases_and_every_static_argument_is_tried():
    seen = {}
    for case in kit.all_cases():
        seen.setdefault(case.operation.name, set()).update(case.statics)
        assert len(case.gradients) == len(case.operation.differentiable)
    assert set(seen) == set(kit.OPERATIONS)
    assert all(set(op.statics) <= seen[op.name] | {"keepdims"} for op in kit.OPERATIONS.values())


def conv(x, w, b, stride=1, padding=0, dilation=1, groups=1):
    return by_autograd("conv2d")[0](
        x, w, b, stride=stride, padding=padding, dilation=dilation, groups=groups
    )


def conv_back(g, x, w, b, **statics):
    return by_autograd("conv2d")[1](g, x, w, b, **statics)


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def take_back(g, x, indices, axis=0):
    grad = np.zeros_like(x)
    grad[(slice(None),) * axis + (indices,)] += g  # repeated indices are written once
    return grad


def layer_norm_back(g, x, w, b, eps=1e-5):
    off = x - x.mean(axis=-1, keepdims=True)
    std = np.sqrt((off * off).mean(axis=-1, keepdims=True) + eps)
    axes = tuple(range(x.ndim - 1))
    return g * w / std, (g * off / std).sum(axis=axes), g.sum(axis=axes)


def right(name):
    return by_autograd(name)


#: Operation, its functions with one mistake, what is wrong, and what is said of it.
WRONG = {
    "sign": ("sin", (np.sin, lambda g, x: -g * np.cos(x)), "gradient of x", "the sign is wrong"),
    "factor": ("square", (np.square, lambda g, x: g * x), "gradient of x", "0.5 times the right"),
    "g not used": ("exp", (np.exp, lambda g, x: np.exp(x)), "gradient of x", "gradient is not used"),
    "broadcast not summed": (
        "multiply", (np.multiply, lambda g, x, y: (g * y, g * x)), "gradient of y", "the batch is not summed"),
    "summand missing": (
        "silu", (lambda x: x / (1 + np.exp(-x)), lambda g, x: g / (1 + np.exp(-x))), "gradient of x",
        "a summand is missing"),
    "order": ("divide", (np.divide, None), "gradient of x", "in the order of the inputs"),
    "transposed": (
        "linear", (lambda x, w, b: x @ w.T + b, lambda g, x, w, b: (g @ w, x.T @ g, g.sum(0))), "gradient of w",
        "it is transposed"),
    "kernel turned": (
        "conv2d", (lambda x, w, b, **s: conv(x, w[:, :, ::-1, ::-1], b, **s), None), "output", "w is turned round"),
    "stride ignored": (
        "conv1d", (lambda x, w, b, stride=1, **s: right("conv1d")[0](x, w, b, **s), None), "output", "has shape"),
    "padding not counted": (
        "avg_pool2d",
        (lambda x, count_include_pad=True, **s: right("avg_pool2d")[0](x, **s), right("avg_pool2d")[1]), "output",
        "count_include_pad=False is not used"),
    "padding not counted in backward": (
        "avg_pool2d",
        (right("avg_pool2d")[0], lambda g, x, count_include_pad=True, **s: right("avg_pool2d")[1](g, x, **s)),
        "gradient of x", "count_include_pad=False is not used"),
    "repeated indices": ("take", (lambda x, indices, axis=0: x.take(indices, axis), take_back), "gradient of x",
                         "the last write wins"),
    "diagonal of softmax": (
        "softmax", (softmax, lambda g, x, axis=-1: g * softmax(x, axis) * (1 - softmax(x, axis))), "gradient of x",
        "at its own place only"),
    "overflow": (
        "softmax", (lambda x, axis=-1: np.exp(x) / np.exp(x).sum(axis=axis, keepdims=True), None), "output",
        "exp of a large number overflows"),
    "statistics held constant": (
        "layer_norm", (right("layer_norm")[0], layer_norm_back), "gradient of x", "a summand is missing"),
    "mean for sum": ("mse_loss", (lambda x, y, reduction="mean": right("mse_loss")[0](x, y), None), "output",
                     "reduction='sum' is not used|has shape"),
    "ddof ignored": ("var", (lambda x, ddof=0, **s: x.var(**s), right("var")[1]), "output", "ddof=1 is not used"),
    "padding not taken off": (
        "pad", (right("pad")[0], lambda g, x, widths, mode: g), "gradient of x", "the padding is not taken off"),
    "averaged over the batch": (
        "conv2d", (conv, lambda g, x, w, b, **s: [d / 2 for d in conv_back(g, x, w, b, **s)]), "gradient of w",
        "0.5 times the right"),
    "nothing returned": ("relu", (lambda x: np.maximum(x, 0), lambda g, x: None), "gradient of x", "has it a return"),
    "too few gradients": ("add", (np.add, lambda g, x, y: g), "gradient of x", "of x, y; one was"),
    "raises": ("cumsum", (lambda x, axis=0: x.cumsum(axis), lambda g, x, axis: g[oh]), "gradient of x",  # noqa: F821
               "NameError"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_found_and_told(name):
    operation, (forward, backward), what, words = WRONG[name]
    if name == "order":
        backward = lambda g, x, y: right("divide")[1](g, x, y)[::-1]  # noqa: E731
    report = kit.check({operation: (forward, backward)}, [operation])
    assert not report
    found = {m.what: f"{m.sentence()}; {m.likely}" for m in report.operations[0].mistakes}
    assert any(word in found[what] for word in words.split("|")), report
    assert "WRONG" in report.text() and json.loads(report.json())["verdict"] == "wrong"


def test_the_first_wrong_element_is_named_with_both_numbers():
    def off(x):
        out = np.square(x)
        out[1, 0] += 0.25
        return out

    mistake = kit.check({"square": (off, None)}).operations
    (mistake,) = next(o for o in mistake if o.name == "square").mistakes
    assert mistake.element == (1, 0)
    assert mistake.yours == pytest.approx(mistake.right + 0.25)


@pytest.mark.parametrize(("off", "ok"), [(1e-8, True), (1e-5, False)])
def test_rounding_is_allowed_and_not_much_more(off, ok):
    forward, backward = right("tanh")
    assert kit.check({"tanh": (lambda x: forward(x) * (1 + off), None)}, ["tanh"]).ok is ok
    assert (
        kit.check({"tanh": (None, lambda g, x: backward(g, x)[0] * (1 + off))}, ["tanh"]).ok is ok
    )


def test_partial_implementations_are_fine_and_what_is_missing_is_said():
    def conv2d(x, w, b, stride=1, padding=0, dilation=1, groups=1):
        if groups != 1:
            raise NotImplementedError
        return conv(x, w, b, stride, padding, dilation)

    report = kit.check({"conv2d": (conv2d, None), "relu": (None, lambda g, x: g * (x > 0))})
    assert report.ok
    found = {o.name: o for o in report.operations}
    assert found["conv2d"].left_out == (3, 0) and found["conv2d"].backward is None
    assert found["relu"].forward is None and found["relu"].backward == found["relu"].cases
    assert "forward 6 of 6 (3 left out)  backward not given" in report.text()
    assert "not given: exp, log" in report.text()
    assert not kit.check({})


def test_functions_that_write_into_their_arguments_spoil_nothing():
    def backward(g, x):
        g *= x > 0
        return g

    assert kit.check({"relu": (lambda x: np.maximum(x, 0, out=x), backward)}, ["relu"])


def test_stubs_begin_with_a_capital_but_for_formulas():
    text = kit.template(["embedding", "softplus", "clip", "logsumexp", "attention", "multiply"])
    begun = [
        line.strip(' "').split(" ")[0] for line in text.splitlines() if line.startswith('    """')
    ]
    assert begun[::2] == ["Rows", "log(1", "x,", "Log", "softmax(q", "x"]


def test_what_cannot_be_judged_is_refused():
    with pytest.raises(ValueError, match="no operation 'swish'"):
        kit.check({"swish": (None, None)})
    with pytest.raises(ValueError, match="no operation 'swish'"):
        kit.check({}, ["swish"])
    with pytest.raises(TypeError, match="must be a pair"):
        kit.check({"relu": np.abs})
    with pytest.raises(TypeError, match="must be a function"):
        kit.check({"relu": (3, None)})
    with pytest.raises(ValueError, match="no operation"):
        kit.template(["swish"])


def test_the_command_writes_stubs_and_judges_what_is_filled_in(tmp_path, capsys):
    file = tmp_path / "my_ops.py"
    assert main(["--template", str(file)]) == 0
    with pytest.raises(SystemExit, match="2"):
        main(["--template", str(file)])  # what is there already is left alone
    assert main([str(file)]) == 1  # nothing is given
    assert "0 of 0 operations given are right" in capsys.readouterr().out
    content = file.read_text(encoding="utf-8")
    stub = 'def relu(x):\n    """X where it is positive, else 0."""\n    raise NotImplementedError'
    content = content.replace(stub.replace("X", "x"), "def relu(x):\n    return np.maximum(x, 0)")
    file.write_text(content, encoding="utf-8")
    assert main([str(file), "--json", str(tmp_path / "report.json")]) == 0
    assert "right  relu  forward 2 of 2  backward not given" in capsys.readouterr().out
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["verdict"] == "right"
    assert [o["name"] for o in report["operations"] if o["given"]] == ["relu"]
    assert main([str(file), "--only", "exp,relu", "--json", "-"]) == 0
    assert len(json.loads(capsys.readouterr().out)["operations"]) == 2


def test_the_command_lists_and_refuses(tmp_path, capsys):
    assert main(["--list"]) == 0
    listed = capsys.readouterr().out
    assert f"{len(kit.OPERATIONS)} operations, {len(kit.all_cases())} cases" in listed
    for wrong in ([], [str(tmp_path / "none.py")], ["--only", "swish", "x.py"]):
        with pytest.raises(SystemExit, match="2"):
            main(wrong)
    broken = tmp_path / "broken.py"
    broken.write_text("1 / 0\n", encoding="utf-8")
    assert main([str(broken)]) == 1
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_it_runs_as_a_module(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "def square(x):\n    return x * x\n\ndef square_backward(g, x):\n    return g * x\n"
    )
    command = [sys.executable, "-m", "autograd.func.kit", str(file), "--plain", "--only", "square"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stdout.isascii()
    assert "most likely: it is 0.5 times the right gradient" in done.stdout


def test_numbers_are_right_to_six_digits_and_to_eight_of_the_largest():
    right = np.array([0.0, 0.5, -200.0])
    for place, allowed in enumerate([2e-6, 2e-6 + 5e-7, 2e-6 + 2e-4]):
        for error in (allowed, -allowed):
            got = right.copy()
            got[place] += 0.9995 * error
            assert checking._first_wrong(got, right) is None
            got[place] = right[place] + 1.0005 * error
            assert checking._first_wrong(got, right) == (place,)
    assert checking._first_wrong(np.array([1e-8, 0.5]), right[:2]) is None  # of 1 at least
    assert checking._first_wrong(np.array([1.0005e-8, 0.5]), right[:2]) == (0,)


def test_infinities_and_nan_have_to_be_where_they_belong():
    right = np.array([np.inf, -np.inf, np.nan, 1.0])
    assert checking._first_wrong(right.copy(), right) is None
    for place, value in ((0, -np.inf), (1, 1e300), (2, 0.0), (3, np.nan), (3, np.inf), (0, np.nan)):
        got = right.copy()
        got[place] = value
        assert checking._first_wrong(got, right) == (place,)
    assert checking._first_wrong(np.zeros((0, 2)), np.zeros((0, 2))) is None


@pytest.mark.torch
def test_the_cases_are_those_that_the_oracle_gives(torch):
    from autograd.func.kit.cases import _recorded
    from tests.func.record_kit import recorded

    index, numbers = recorded(torch)
    shipped, held = _recorded()
    assert json.loads(json.dumps(index["cases"])) == shipped["cases"]
    np.testing.assert_allclose(held, numbers, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", kit.OPERATIONS)
def test_the_formulas_that_mistakes_are_told_by_give_what_the_oracle_gave(name):
    cases = [case for case in kit.all_cases() if case.operation.name == name]
    assert cases
    for case in cases:
        operation, inputs = case.operation, list(case.inputs)
        places = [operation.inputs.index(x) for x in operation.differentiable]
        for k in places:
            inputs[k] = ag.tensor(inputs[k], requires_grad=True)
        out = operation.reference(*inputs, **case.statics)
        found = ag.grad(out, [inputs[k] for k in places], ag.tensor(case.g))
        pairs = [(out.detach(), case.output), *zip(found, case.gradients, strict=True)]
        for got, right in pairs:
            np.testing.assert_allclose(
                got.numpy(), right, rtol=1e-9, atol=1e-10, err_msg=case.label
            )


def test_a_file_that_is_not_python_is_told(tmp_path, capsys):
    file = tmp_path / "mine.txt"
    file.write_text("relu = None\n")
    assert main([str(file)]) != 0
    assert f"{file} is no Python file" in capsys.readouterr().err


class _Refusing:
    def __array__(self, *args, **kwargs):
        raise RuntimeError("not to an array")


class _Speechless(Exception):
    def __str__(self):
        raise RuntimeError("no words")


ANSWERS = {
    "another library's tensor": (_Refusing(), "is no array of real numbers, but _Refusing"),
    "a tensor that requires a gradient": (ag.tensor([1.0], requires_grad=True), "is no array of real numbers, but Tensor"),
    "complex numbers": (np.ones((3, 4), complex), "but ndarray of dtype complex128"),
    "objects": (np.ones((3, 4), object), "but ndarray of dtype object"),
    "too large for float64": (np.full((3, 4), np.longdouble(10) ** 4000), "is wrong at"),
    "far too many": (np.broadcast_to(1.0, (2**40,)), "has shape (1099511627776,)"),
}  # fmt: skip


@pytest.mark.parametrize("which", range(2))
@pytest.mark.parametrize("name", ANSWERS)
def test_whatever_comes_back_is_a_verdict(name, which):
    answer, words = ANSWERS[name]
    given = [None, None]
    given[which] = lambda *args: answer
    report = kit.check({"relu": tuple(given)}, ["relu"])
    assert not report
    assert words in report.text()
    json.loads(report.json())


RAISED = {
    "without words": (_Speechless(), "could not be computed: _Speechless\n"),
    "unprintable": (ValueError("\ud800\x1b[31m"), "ValueError: \\ud800\\x1b[31m\n"),
    "on many lines": (ValueError("one\ntwo"), "ValueError: one two\n"),
    "long": (ValueError("x" * 100_000), "x…\n"),
    "the end of the program": (SystemExit(0), "SystemExit: it ends the program\n"),
    "a generator's end": (
        GeneratorExit(),
        "could not be computed: GeneratorExit: it ends the program\n",
    ),
}


@pytest.mark.parametrize("which", range(2))
@pytest.mark.parametrize("name", RAISED)
def test_whatever_is_raised_is_a_verdict(name, which):
    error, words = RAISED[name]

    def function(*args):
        raise error

    given = [None, None]
    given[which] = function
    report = kit.check({"relu": tuple(given)}, ["relu"])
    assert not report
    assert words in report.text() + "\n"
    assert len(report.text()) < 1000
    report.text().encode()
    report.json().encode()


@pytest.mark.parametrize("then", [ValueError, NotImplementedError, SystemExit])
def test_a_function_that_answers_once_is_judged_by_that(then):
    def once(answer):
        left = [answer]

        def function(*args):
            if not left:
                raise then
            return left.pop()(*args)

        return function

    given = once(lambda x: -np.maximum(x, 0)), once(lambda g, x: -g)
    (report,) = kit.check({"relu": given}, ["relu"]).operations
    assert [mistake.element for mistake in report.mistakes] == [(0, 0), (0, 0)]
    (report,) = kit.check({"mean": (once(lambda x: x.mean() + 1), None)}, ["mean"]).operations
    assert (report.mistakes[0].element, report.mistakes[0].likely) == ((), "")


def test_one_gradient_may_be_nested_lists_also_with_one_row():
    forward, backward = right("avg_pool2d")

    def listed(*args, **statics):
        return backward(*args, **statics)[0].tolist()

    assert any(
        case.inputs[0].shape[0] == 1
        for case in kit.all_cases()
        if case.operation.name == "avg_pool2d"
    )
    assert kit.check({"avg_pool2d": (forward, listed)}, ["avg_pool2d"])
    row = np.array([[1.0, 2.0, 3.0]])
    for back in (
        lambda g, x: (2 * g * x).tolist(),
        lambda g, x: (2 * g * x,),
        lambda g, x: [2 * g * x],
        lambda g, x: tuple((2 * g * x).tolist()),
    ):
        assert ag.func.compare(lambda x: x * x, back, row)
        assert kit.check({"square": (np.square, back)}, ["square"]) or back(row, row) is None
    assert not ag.func.compare(lambda x: x * x, lambda g, x: [(2 * g * x)[0]], row)


def test_a_wrong_number_of_gradients_is_counted():
    for came, words in (
        (None, "None was"),
        (1.0, "one was"),
        ((1.0,), "one was"),
        ((), "0 were"),
        ((1, 2, 3), "3 were"),
    ):
        report = kit.check({"add": (None, lambda g, x, y, came=came: came)}, ["add"])
        assert f"2 gradients are to be returned, of x, y; {words}" in report.text()


def test_what_hides_nothing_explains_nothing():
    """Turning x round changes no sum: so it is no reason for a sum that is a little off."""
    forward, _ = right("sum")
    report = kit.check({"sum": (lambda x, **s: forward(x, **s) * (1 + 1e-5), None)}, ["sum"])
    assert "right to a few digits only" in report.operations[0].mistakes[0].likely
    report = kit.check(
        {"reshape": (lambda x, shape: x.reshape(shape) * (1 + 1e-5), None)}, ["reshape"]
    )
    assert "right to a few digits only" in report.operations[0].mistakes[0].likely


def test_a_single_number_has_no_factor_by_chance():
    forward, _ = right("mse_loss")
    for function, words in (
        (lambda x, y, **s: forward(x, y, **s) + 0.01, ""),
        (
            lambda x, y, **s: forward(x, y, **s) / 2,
            "it is 0.5 times the right output (a constant factor)",
        ),
    ):
        assert (
            kit.check({"mse_loss": (function, None)}, ["mse_loss"]).operations[0].mistakes[0].likely
            == words
        )


def test_one_name_is_enough():
    assert kit.check({"exp": (np.exp, None)}, "exp")


def _judged(tmp_path, content, *options):
    file = tmp_path / "mine.py"
    file.write_text(content, encoding="utf-8")
    return main([str(file), *options])


def test_a_file_that_ends_the_program_is_not_right(tmp_path, capsys):
    assert _judged(tmp_path, "import sys\ndef relu(x): return x\nsys.exit(0)\n") == 1
    assert "ends the program instead of defining functions" in capsys.readouterr().err
    assert _judged(tmp_path, "def relu(x): raise SystemExit\n") == 1
    assert "SystemExit: it ends the program" in capsys.readouterr().out


def test_a_file_is_a_module_like_others(tmp_path):
    (tmp_path / "beside_it.py").write_text("from numpy import maximum\n")
    before = list(sys.path), set(sys.modules)
    content = (
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "@dataclass\nclass Settings:\n    floor: int = 0\n"
        "def relu(x):\n    from beside_it import maximum\n    return maximum(x, Settings().floor)\n"
    )
    assert _judged(tmp_path, content) == 0
    assert sys.path == before[0]
    assert set(sys.modules) - before[1] <= {"beside_it"}
    sys.modules.pop("beside_it")


def test_what_a_star_import_brought_is_not_given(tmp_path, capsys):
    content = "from numpy import *\nadd_backward = None\ndef relu(x):\n    return maximum(x, 0)\n"
    assert _judged(tmp_path, content + "def exp_backward(g, x):\n    return g * exp(x)\n") == 0
    out = capsys.readouterr().out
    assert "2 of 2 operations given are right" in out
    assert "right  exp   forward 2 of 2  backward 2 of 2" in out
    assert _judged(tmp_path, "from math import *\nrelu_backward = 3\n") == 1
    assert "0 of 0 operations given" in capsys.readouterr().out


def test_what_the_file_prints_does_not_spoil_the_json(tmp_path, capsys):
    content = "print('loading')\ndef exp(x):\n    print('exp')\n    return 2.718281828459045**x\n"
    assert _judged(tmp_path, content, "--json", "-") == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["verdict"] == "right"
    assert captured.err.startswith("loading\nexp\n")


def test_a_report_that_cannot_be_written_is_misuse(tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        _judged(tmp_path, "", "--json", str(tmp_path / "none" / "report.json"))
    assert "cannot write" in capsys.readouterr().err
