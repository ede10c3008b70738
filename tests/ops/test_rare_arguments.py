"""Arguments that are seldom given, and operands that are seldom met: what they do, or why they are refused."""

import sys

import numpy as np
import pytest

import autograd as ag
from autograd import arguments, methods, stubs
from autograd.arguments.window import Window
from autograd.ops.images import convolution, padding

X = np.random.default_rng(5).normal(size=(2, 3, 4))
T = ag.tensor(X)


def leaf(values=(1.0, 2.0)):
    return ag.tensor(list(values), requires_grad=True)


def recorded():
    return leaf() * 2.0


REFUSED = {
    "linear of other widths": (lambda: ag.linear(X, np.ones((2, 3))), "do not fit together"),
    "linear with a bias too long": (lambda: ag.linear(X, np.ones((2, 4)), np.ones(3)), r"bias must have shape \(2,\), got \(3,\)"),
    "channels that differ": (
        lambda: ag.correlate_input(np.ones((1, 3, 4)), np.ones((2, 1, 2))), "has 3 channels, the kernel .* has 2"),
    "batches that differ": (
        lambda: ag.correlate_weight(np.ones((1, 2, 4)), np.ones((2, 1, 3))), "differ in their batch size"),
    "crops of less than nothing": (lambda: padding.crop(X[0, 0], [(-1, 0)]), "widths must not be negative"),
    "indices of another shape": (
        lambda: ag.scatter_windows(np.ones((1, 1, 3)), np.zeros((1, 1, 2), int), (4,)), "must have the shape of y"),
    "weights larger than x": (
        lambda: ag.normalize(X, np.ones((5, 2, 3, 4)), axes=(0,)), r"weight of shape \(5, 2, 3, 4\) is larger than x"),
    "a matrix of texts": (lambda: ag.linalg.inv(np.array([["a"]])), "a must hold numbers|dtype"),
    "too large integers": (lambda: ag.arange(2**62, 2**62 + 3), "leaves the integers of 64 bits"),
    "reductions of ufuncs": (lambda: np.add.reduce(T), r"np\.add\.reduce does not work on tensors; use autograd\.sum"),
    "ufuncs at places": (lambda: np.add.at(T, 0, 1.0), r"np\.add\.at .*autograd\.add_at"),
    "outer products of ufuncs": (lambda: np.multiply.outer(T, T), r"np\.multiply\.outer .*the functions of autograd"),
    "where in a ufunc": (lambda: np.exp(T, where=X > 0), r"np\.exp: where= is not supported on tensors"),
    "a ufunc without counterpart": (lambda: np.spacing(T), r"np\.spacing has no counterpart in autograd"),
    "Fourier transforms": (lambda: np.fft.fft(T), r"np\.fft\.fft has no counterpart in autograd"),
    "a mode that is no bool": (lambda: ag.set_grad_enabled(1), "mode must be True or False, got 1"),
    "a hook that is none": (lambda: leaf().register_hook(3), "hook must be callable, got int"),
    "gradients of more than inputs": (
        lambda: ag.grad(recorded().sum(), leaf(), only_inputs=False), "only_inputs must be True"),
    "a primitive of two kinds": (lambda: ag.primitive(lambda x, *xs: x), "either \\*inputs or named inputs"),
    "a primitive of nothing": (lambda: ag.primitive(lambda *, n: n), "at least one array input"),
    "memory without a copy": (lambda: np.array(T, dtype=np.float32, copy=False), "float64 data as .*float32.* without a copy"),
    "a vector into a number": (lambda: ag.tensor(1.0).__iadd__(np.ones(2)), r"the operand \(2,\) does not fit the 0-d tensor"),
    "far too much memory": (lambda: ag.zeros((2**62,) * 5), "needs far more; this machine has"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_meaning_is_refused_in_its_words(name):
    call, words = REFUSED[name]
    with pytest.raises((ValueError, TypeError), match=words):
        call()


# Operands -----------------------------------------------------------------------------------------


def test_linear_of_halves_and_of_tensors_in_object_arrays():
    x, w, b = (a.astype(np.float16) for a in (X[0], np.ones((2, 4)), np.ones(2)))
    found = ag.linear(x, w, b)
    assert found.dtype == np.float16
    np.testing.assert_allclose(found, X[0] @ np.ones((4, 2)) + 1.0, rtol=2e-3, atol=2e-3)
    wide = ag.linear(ag.tensor(x), ag.tensor(w), ag.tensor(b.astype(np.float32)))
    assert wide.dtype == np.float32
    scalars = ag.scalars(ag.tensor(X[0], requires_grad=True))
    for bias in (None, np.ones(2)):
        found = ag.linear(scalars, np.ones((2, 4)), bias)
        wanted = X[0] @ np.ones((4, 2)) + (0.0 if bias is None else 1.0)
        np.testing.assert_allclose([[v.item() for v in row] for row in found], wanted)


def test_a_bias_of_more_digits_makes_the_sum_of_more_digits():
    x, w = X.astype(np.float32), np.ones((2, 4), np.float32)
    found = ag.linear(x, w, np.full(2, 0.1))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, (x @ w.T) + 0.1, rtol=1e-6)


def test_long_strides_are_shortened_for_gradients_alone_too():
    y, w = np.ones((1, 1, 1)), np.full((1, 1, 2), 3.0)
    stride = convolution._LONG_STRIDE + 5
    found = ag.correlate_input(y, w, stride=stride, input_shape=(4,))
    assert np.asarray(found).tolist() == [[[3.0, 3.0, 0.0, 0.0]]]
    x = np.arange(4.0).reshape(1, 1, 4)
    assert np.asarray(ag.correlate_weight(x, y, (2,), stride=stride)).tolist() == [[[0.0, 1.0]]]


def test_a_crop_and_a_pad_that_take_all_leave_nothing():
    assert padding.crop(ag.ones(3), [(2, 1)]).shape == (0,)
    with pytest.raises(ValueError, match="pad_index"):
        ag.pad_index(np.ones(3), [(-3, -1)], "edge")


def test_of_empty_lists_and_ranges_indices_are_whole():
    for nothing in ([], [[]], range(0), np.zeros(0, int)):
        assert T[nothing].size == 0 and T[nothing].shape[-2:] == (3, 4)
    with pytest.raises(IndexError, match=r"4 axes are indexed, but x has shape \(2, 3, 4\)"):
        T[None, X > 0, 0]


def test_what_does_not_converge_says_so():
    with pytest.raises(
        np.linalg.LinAlgError, match="did not converge; are there NaNs or infinities"
    ):
        ag.linalg.svd(np.full((2, 2), np.nan))
    assert ag.linalg.inv(np.array([[2, 0], [0, 4]])).tolist() == [[0.5, 0.0], [0.0, 0.25]]


def test_more_labels_than_letters_are_contracted_in_order():
    shape = (1,) * 27
    a, b = np.full(shape, 2.0), np.full(shape, 3.0)
    labels = "...abcdefghijklmnopqrstuvwxyz"
    found = np.asarray(ag.einsum(f"{labels},{labels}->...", a, b))
    assert found.shape == (1,) and found.item() == 6.0


def test_quotients_of_floats_are_cut_either_way():
    x = ag.tensor([7.0, -7.0])
    assert x.div(2.0, rounding_mode="trunc").tolist() == [3.0, -3.0]
    assert x.div(2.0, rounding_mode="floor").tolist() == [3.0, -4.0]


def test_whole_paddings_of_object_arrays_are_whole():
    counts = np.array([2, 3], object)
    assert ag.pad_constant(counts, [(1, 1)], 0.0).tolist() == [0, 2, 3, 0]
    assert type(ag.pad_constant(counts, [(1, 0)], 0.0)[0]) is int


def test_object_arrays_of_numbers_alone_need_no_tensor():
    found = ag.exp(np.array([0.0, 1.0], object))
    np.testing.assert_allclose(np.asarray(found, float), [1.0, np.e])


def test_several_arrays_in_a_list_are_one_each_if_one_is_a_tensor():
    assert [a.shape for a in ag.atleast_2d([ag.ones(2), np.ones(3)])] == [(1, 2), (1, 3)]
    assert ag.atleast_2d([1.0, 2.0]).shape == (1, 2)


def test_windows_show_how_they_end_only_where_that_is_not_usual():
    usual = Window((2,), (1,), ((0, 0),), (1,))
    assert "ceil_mode" not in usual.shown() and usual._replace(ceil_mode=True).shown()["ceil_mode"]


# Writing ------------------------------------------------------------------------------------------


def test_numbers_are_written_as_numbers_in_their_own_dtype():
    t = ag.tensor(np.float32(2.0))
    t += 1.5
    assert t.item() == 3.5 and t.dtype == np.float32
    t[...] = 4.0
    t[()] = t + 1.0
    assert t.item() == 5.0 and t.dtype == np.float32 and t.shape == ()
    with ag.writable(t) as array:
        array[...] = 7.0
    assert t.item() == 7.0


def test_a_write_of_what_is_recorded_makes_the_tensor_another():
    x, y = leaf(), ag.zeros(2)
    y[0] = x[1] * 3.0
    y += x
    assert y.tolist() == [7.0, 2.0]
    assert ag.grad(y.sum(), x)[0].tolist() == [1.0, 4.0]
    with pytest.raises(RuntimeError, match="requires a gradient, and writing into it"):
        x[0] = 3.0
    with pytest.raises(RuntimeError, match="shares its memory with another"):
        ag.broadcast_to(ag.ones(1), (2,))[0] = x[0]


def test_what_is_retained_goes_along_with_a_tensor_that_is_written():
    x = leaf()
    y = x * 2.0
    y.retain_grad()
    y *= 3.0
    (y * y).sum().backward()
    assert y.grad.tolist() == [2 * 6.0, 2 * 12.0] and x.grad.tolist() == [6 * 12.0, 6 * 24.0]


def test_a_hook_may_answer_in_another_dtype():
    x = ag.tensor(np.ones(2, np.float32), requires_grad=True)
    x.register_hook(lambda g: g.astype(np.float64) * 0.1)
    (x * 2.0).sum().backward()
    assert x.grad.dtype == np.float32 and x.grad.tolist() == np.float32([0.2, 0.2]).tolist()


def test_a_recorded_tensor_in_another_dtype_stays_recorded():
    x = leaf()
    y = ag.as_tensor(x, np.float64)
    assert y.dtype == np.float64 and ag.grad(y.sum(), x)[0].tolist() == [1.0, 1.0]
    assert ag.as_tensor(x, x.dtype) is x


# Telling ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (np.array(["a", "b"]), "['a' 'b']"), (np.zeros((0, 3)), "no elements, shape (0, 3)"),
        (np.full(9, np.nan), "9, 9 NaN"), (np.full(9, np.inf), "9, 9 infinite"), (None, "nothing yet"),
        (np.array([np.nan, *range(8)]), "9, from 0 to 7, 1 NaN"), ((None, 2.0), "(none, 2)"),
        (np.full(9, 3.0), "9, all 3"), (2.5, "2.5"),
    ],
)  # fmt: skip
def test_arrays_are_told_in_a_line(value, told):
    from autograd import text

    assert text.array(value) == told


def test_a_kernel_by_blas_says_what_the_compiled_ones_are():
    from autograd.kernels import native

    said = ag.explain_kernel((64, 16, 8, 8), (32, 16, 3, 3), dilation=2)
    assert said.split(":")[0] in ("native", "plain", "empty") or native.status() in said


def test_a_function_without_source_says_so():
    from autograd import source

    made = eval("lambda a, b: a")  # noqa: PGH001
    assert "source not available" in source.of_function(made)
    assert source.of_function(len) == "len"
    names = {}
    exec("def f(a, b):\n    return a", names)
    assert "source not available" in source.of_function(names["f"])


def test_a_property_that_raises_speaks_for_itself():
    class Own:
        @property
        def size(self):
            return self.missing

        def __getattr__(self, name):
            raise arguments.no_attribute(self, name)

    with pytest.raises(AttributeError, match="'Own' object has no attribute 'missing'"):
        _ = Own().size


def test_errors_of_a_functions_own_are_not_reworded():
    @arguments.suggesting
    def own(x, *, collapse=None):
        raise TypeError("of its own")

    with pytest.raises(TypeError, match=r"^of its own$"):
        own(1)
    with pytest.raises(TypeError, match="there is no argument 'colapse'; did you mean 'collapse'"):
        own(1, colapse=2)
    with pytest.raises(TypeError, match="missing 1 required"):
        own()


# What is generated --------------------------------------------------------------------------------


@pytest.fixture
def stub_files(tmp_path, monkeypatch):
    """The files that are written, in a folder of their own."""
    monkeypatch.setattr(stubs, "_PACKAGE", tmp_path / "autograd")
    (tmp_path / "autograd").mkdir()
    file = tmp_path / "autograd" / "made.py"
    monkeypatch.setattr(stubs, "generated", lambda: {file: "text = 1\n"})
    return file


def test_stale_files_are_named_or_written(stub_files, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["stubs", "--check"])
    assert stubs.main() == 1 and not stub_files.exists()
    assert "autograd/made.py is stale" in capsys.readouterr().out.replace("\\", "/")
    monkeypatch.setattr(sys, "argv", ["stubs"])
    assert stubs.main() == 0 and stub_files.read_text() == "text = 1\n"
    assert "wrote" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["stubs", "--check"])
    assert stubs.main() == 0 and capsys.readouterr().out == ""


def test_a_name_that_is_public_twice_is_refused(monkeypatch):
    monkeypatch.setattr("autograd.creation.__all__", ["zeros", "zeros"])
    with pytest.raises(RuntimeError, match=r"zeros is public in both autograd\.creation and"):
        stubs.public_names()


def test_a_method_that_the_class_has_itself_is_not_attached():
    name = next(iter(methods.table()))
    with pytest.raises(RuntimeError, match=f"Tensor defines {name} itself"):
        stubs._attached({name})
