"""Tensors by themselves: data, dtypes, weak scalars, writing, copies, files, bad input."""

import copy
import pickle

import numpy as np
import pytest

import autograd as ag


def test_data_is_copied_and_sharing_is_explicit():
    array = np.ones(3)
    t, shared = ag.tensor(array), ag.as_tensor(array)
    array[0] = 5.0
    assert t.tolist() == [1.0, 1.0, 1.0] and shared.tolist() == [5.0, 1.0, 1.0]
    assert ag.as_tensor(shared) is shared


@pytest.mark.parametrize("view", [lambda t: t.data, lambda t: t.numpy(), lambda t: np.asarray(t)])
def test_views_are_read_only(view):
    t = ag.tensor([1.0, 2.0])
    with pytest.raises(ValueError, match="read-only"):
        view(t)[0] = 9.0
    assert t.tolist() == [1.0, 2.0]


def test_numpy_refuses_a_tensor_that_requires_grad():
    t = ag.tensor([1.0], requires_grad=True)
    for convert in (lambda: t.numpy(), lambda: np.asarray(t), lambda: t.__dlpack__()):
        with pytest.raises(RuntimeError, match="detach"):
            convert()
    assert t.detach().numpy().tolist() == [1.0]


def test_numbers_are_numpy_scalars():
    t = ag.tensor(2.0)
    assert type(t._data) is np.float32 and t.shape == () and t.ndim == 0
    assert type((t * t)._data) is np.float32
    assert type(ag.tensor([[3.0]]).sum()._data) is np.float32


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1.5, np.float32),
        ([1.0, 2.0], np.float32),
        ([1, 2], np.int64),
        (True, np.bool_),
        (np.float64(1.0), np.float64),
        (np.ones(2, np.float16), np.float16),
        (np.ones(2, ">f4"), np.float32),
    ],
)
def test_dtypes_of_data(data, dtype):
    assert ag.tensor(data).dtype == dtype


@pytest.mark.parametrize(
    "scalar", [2, 2.0, True, np.sqrt(2), np.float64(2.0), np.int64(2), np.float32(0.5)]
)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_scalar_operands_are_weak(scalar, dtype):
    x = ag.tensor(np.ones(2), dtype=dtype, requires_grad=True)
    for out in (x * scalar, scalar * x, x + scalar, scalar - x, x / scalar, x**scalar):
        assert out.dtype == dtype
    number = ag.tensor(1.0, dtype=dtype)
    assert (number * scalar).dtype == dtype and (scalar * number).dtype == dtype


def test_arrays_and_tensors_promote_as_numpy_does():
    x = ag.tensor(np.ones(2, np.float32))
    assert (x * np.ones(2)).dtype == np.float64
    assert (x * ag.tensor(np.ones(2))).dtype == np.float64
    assert (x * np.ones(2, np.int8)).dtype == np.float32


def test_default_dtype_is_settable_and_restored():
    with ag.default_dtype(np.float64):
        assert ag.tensor(1.0).dtype == np.float64
    assert ag.tensor(1.0).dtype == np.float32
    with pytest.raises(TypeError, match="int64"):
        ag.default_dtype(np.int64)
    assert ag.tensor(1.0).dtype == np.float32


def test_comparison_is_elementwise_and_hash_by_identity():
    a, b = ag.tensor([1.0, 2.0]), ag.tensor([1.0, 3.0])
    assert (a == b).tolist() == [True, False] and (a != b).tolist() == [False, True]
    assert len({a, b, a}) == 2


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: ag.tensor([[1.0], [1.0, 2.0]]), ValueError, "ragged"),
        (lambda: ag.tensor("text"), TypeError, "str|<U"),
        (lambda: ag.tensor([1.0, None]), TypeError, "number"),
        (lambda: ag.tensor({}), TypeError, "dict"),
        (lambda: ag.tensor(np.array([object()])), TypeError, "scalars"),
        (lambda: ag.tensor(1j), TypeError, "complex"),
        (lambda: ag.tensor([2**70]), ValueError, "64 bits"),
        (lambda: ag.tensor([ag.tensor(1.0, requires_grad=True)]), TypeError, "stack"),
        (lambda: ag.tensor([ag.tensor([1.0])]), TypeError, "stack"),
        (lambda: ag.tensor(1.0, dtype="nonsense"), TypeError, "nonsense"),
        (lambda: ag.tensor(1.0, dtype=np.complex64), TypeError, "complex64.*raw primitives only"),
        (lambda: ag.tensor(1.0, dtype="U3"), TypeError, "<U3 is not supported.*integer or bool$"),
        (lambda: ag.tensor([1, 2], requires_grad=True), TypeError, "int64.*float"),
        (lambda: ag.tensor(1.0, requires_grad="yes"), TypeError, "yes"),
        (lambda: ag.tensor(1.0, name=3), TypeError, "name"),
        (lambda: ag.tensor([1.0, 2.0]).item(), ValueError, "2 elements"),
        (lambda: bool(ag.tensor([1.0, 2.0])), ValueError, "any"),
        (lambda: float(ag.tensor([1.0, 2.0])), TypeError, "2 elements"),
        (lambda: len(ag.tensor(1.0)), TypeError, "0-d"),
        (lambda: [1, 2][ag.tensor(1.0)], TypeError, "integer"),
        (lambda: ag.tensor(1.0).register_hook(print), RuntimeError, "requires_grad_"),
        (lambda: ag.tensor(1.0).retain_grad(), RuntimeError, "requires_grad_"),
        (lambda: ag.tensor([1.0]) * 1j, TypeError, "complex"),
        (lambda: ag.tensor([1.0]) * np.array([None]), TypeError, "object"),
        (lambda: ag.from_dlpack(3), TypeError, "dlpack"),
    ],
)
def test_bad_input_is_refused_in_words(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_setting_attributes_wrongly_is_refused():
    t = ag.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(TypeError, match="read-only"):
        t.data = np.zeros(2)
    with pytest.raises(ValueError, match=r"\(3,\).*\(2,\)"):
        t.grad = ag.zeros(3)
    with pytest.raises(TypeError, match="ndarray"):
        t.grad = np.zeros(2)
    with pytest.raises(RuntimeError, match="detach"):
        (t * 2.0).requires_grad = False
    with pytest.raises(AttributeError):
        t.nonsense = 1


# Writing in place ---------------------------------------------------------------------------------


def test_in_place_writing_is_real_and_only_where_it_is_not_lost():
    t = ag.tensor([1.0, 2.0], requires_grad=True)
    before = t
    with ag.no_grad():
        t += 1.0
        t[0] = 10.0
    assert t is before and t.tolist() == [10.0, 3.0] and t.is_leaf and t.requires_grad
    for write in (lambda: t.__iadd__(1.0), lambda: t.__setitem__(0, 1.0)):
        with pytest.raises(RuntimeError, match="no_grad.*(set_at|where)"):
            write()
    assert t.tolist() == [10.0, 3.0]
    plain = ag.tensor([1.0, 2.0])
    plain *= 3.0
    assert plain.tolist() == [3.0, 6.0]


def test_a_write_between_use_and_backward_is_noticed_and_named():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    with ag.no_grad():
        x += 1.0
    with pytest.raises(RuntimeError, match=r"multiply \(output shape \(2,\).*written"):
        y.sum().backward()
    assert x.grad is None


def test_a_write_that_no_rule_minds_is_harmless():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    y = x + x
    with ag.no_grad():
        x += 1.0
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


@pytest.mark.parametrize(
    "view",
    [lambda t: t.detach(), lambda t: t.reshape(2, 2), lambda t: t[1:], lambda t: t.T],
    ids=["detach", "reshape", "slice", "transpose"],
)
def test_views_share_the_version_of_their_storage(view):
    x = ag.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
    y = ag.exp(x) * x
    with ag.no_grad():
        v = view(x)
        v *= 0.0
    assert x.tolist()[3] == 0.0, "not a view"
    with pytest.raises(RuntimeError, match="written"):
        y.sum().backward()


def test_a_saved_output_is_watched_too():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    y = ag.exp(x)
    with ag.no_grad():
        y *= 0.0
    with pytest.raises(RuntimeError, match="exp"):
        y.sum().backward()


@pytest.mark.parametrize(
    "f", [lambda x: x * x * x, lambda x: x**3, lambda x: 1.0 / x, lambda x: ag.prod(x)]
)
def test_a_write_is_noticed_in_the_second_pass_as_well(f):
    x = ag.tensor([1.0, 2.0, 3.0], requires_grad=True)
    (first,) = ag.grad(f(x).sum(), x, create_graph=True)
    with ag.no_grad():
        x *= 10.0
    with pytest.raises(RuntimeError, match="written"):
        first.sum().backward()


def test_writable_gives_the_memory_and_counts_as_a_write():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    with ag.no_grad(), ag.writable(x) as array:
        array[0] = 7.0
    assert x.tolist() == [7.0, 2.0]
    with pytest.raises(RuntimeError, match="written"):
        y.sum().backward()
    with pytest.raises(RuntimeError, match="no_grad"), ag.writable(x):
        pass
    number = ag.tensor(3.0)
    with ag.writable(number) as array:
        array += 1.0
    assert number.item() == 4.0


def test_operands_given_as_arrays_are_the_graphs_own():
    x, array = ag.tensor([1.0, 2.0], requires_grad=True), np.array([3.0, 4.0], np.float32)
    y = x * array
    array[:] = 0.0
    y.sum().backward()
    assert x.grad.tolist() == [3.0, 4.0]


# Copies and files ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "clone", [copy.deepcopy, copy.copy, lambda t: pickle.loads(pickle.dumps(t))]
)
def test_leaves_can_be_copied_and_pickled(clone):
    t = ag.tensor([[1.0, 2.0]], requires_grad=True, name="w")
    (t * t).sum().backward()
    new = clone(t)
    assert new.tolist() == t.tolist() and new.name == "w" and new.requires_grad and new.is_leaf
    assert new.dtype == t.dtype and new.grad.tolist() == [[2.0, 4.0]]
    assert not np.shares_memory(new._data, t._data)
    assert not np.shares_memory(new.grad._data, t.grad._data)
    (new * new).sum().backward()
    assert new.grad.tolist() == [[4.0, 8.0]] and t.grad.tolist() == [[2.0, 4.0]]


def test_a_deep_copy_keeps_sharing_within_what_is_copied():
    t = ag.tensor(1.0, requires_grad=True)
    a, b = copy.deepcopy([t, t])
    assert a is b and a is not t


@pytest.mark.parametrize("clone", [copy.deepcopy, pickle.dumps])
def test_what_an_operation_made_cannot_be_copied(clone):
    y = ag.tensor(1.0, requires_grad=True) * 2.0
    with pytest.raises(RuntimeError, match="leaves.*detach"):
        clone(y)


def test_subclasses_survive_copies():
    class Special(ag.Tensor):
        pass

    t = Special([1.0], requires_grad=True)
    assert type(copy.deepcopy(t)) is Special
    assert type(t * t) is ag.Tensor


def test_dlpack_shares_memory_both_ways():
    array = np.arange(4.0)
    t = ag.from_dlpack(array)
    array[0] = 9.0
    assert t.tolist() == [9.0, 1.0, 2.0, 3.0]
    np.testing.assert_array_equal(np.from_dlpack(ag.tensor([1.0, 2.0])), [1.0, 2.0])


def test_tensors_that_went_through_dlpack_notice_writes():
    for written in (0, 1):
        t, w = ag.tensor([1.0, 2.0]), ag.tensor([3.0, 4.0], requires_grad=True)
        both = t, ag.from_dlpack(t)
        loss = (w * both[1 - written]).sum()
        both[written][...] = 7.0
        with pytest.raises(RuntimeError, match="written into after it was used"):
            loss.backward()
    with pytest.raises(RuntimeError, match="gradient"):
        ag.from_dlpack(w)


@pytest.mark.parametrize(
    ("t", "text"),
    [
        (lambda: ag.tensor([1.0, 2.5]), "Tensor([1. , 2.5])"),
        (lambda: ag.tensor(2.0, requires_grad=True), "Tensor(2., requires_grad=True)"),
        (lambda: ag.tensor([1, 2]), "Tensor([1, 2])"),
        (lambda: ag.tensor([1.0], dtype=np.float64), "Tensor([1.], dtype=float64)"),
        (lambda: ag.tensor(1.0, requires_grad=True, name="a") * 2, "Tensor(2., from=multiply)"),
        (lambda: ag.tensor(1.0, name="a"), "Tensor(1., name='a')"),
        (lambda: ag.zeros((0, 3)), "Tensor([], shape=(0, 3))"),
    ],
)
def test_repr(t, text):
    assert repr(t()) == text


def test_format_takes_a_spec_for_one_number():
    assert f"{ag.tensor(1.23456):.2f}" == "1.23"
    with pytest.raises(TypeError, match="2 elements"):
        f"{ag.tensor([1.0, 2.0]):.2f}"


@pytest.mark.parametrize("other", ["float64", "float16", "int64", "bool"])
def test_grad_takes_no_other_dtype_than_the_tensors(other):
    x = ag.ones(2, dtype="float32", requires_grad=True)
    with pytest.raises(
        TypeError, match=rf"grad has dtype {other}, the tensor has float32; .*astype"
    ):
        x.grad = ag.zeros(2, dtype=other)
    assert x.grad is None
    x.grad = ag.zeros(2)
    (x * 3).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_data_out_of_a_pickle_is_an_array_that_may_be_written_into(protocol):
    found = pickle.loads(pickle.dumps(ag.ones(3).data, protocol))
    assert type(found) is np.ndarray and found.flags.writeable
