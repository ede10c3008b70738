"""Readers of lists, dictionaries, functions and paths: what is taken, and the words for all else."""

import pathlib
from types import MappingProxyType

import numpy as np
import pytest

import autograd as ag
import nn
from autograd.arguments import containers


def refused(error, words, call, *arguments):
    with pytest.raises(error) as caught:
        call(*arguments)
    assert str(caught.value) == words


def items():
    yield from (1, 2)


def test_what_can_be_gone_through_becomes_a_list():
    for value in ([1, 2], (1, 2), {1: 0, 2: 0}, range(1, 3), items(), np.array([1, 2])):
        got = containers.elements("f", "xs", value)
        assert type(got) is list and got == [1, 2]
    given = [1]
    assert containers.elements("f", "xs", given) is not given
    assert [t.item() for t in containers.elements("f", "xs", ag.tensor([1.0, 2.0]))] == [1.0, 2.0]


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("xs", 3, "3"),
        ("xs", "ab", "'ab'"),
        ("xs", b"ab", "b'ab'"),
        ("xs", list, "<class 'list'>"),
        ("xs", np.array(3), "array(3)"),
        ("xs", None, "None"),
        ("xs", items, None),
        ("xs", nn.Sequential, None),
        ("parameters", nn.ReLU(), None),
        ("parameters", items, None),
        ("parameters", 3, "3"),
        ("xs", nn.ReLU(), None),
    ],
)
def test_what_cannot_is_refused_with_what_to_write(name, value, shown):
    with pytest.raises(TypeError) as caught:
        containers.elements("f", name, value)
    words = str(caught.value)
    start = f"f: {name} must be a list or another iterable, got "
    assert words.startswith(start)
    if shown is not None:
        assert words == start + shown
    told = words.partition(";")[2]
    if value is items:
        assert told == " call it: items()"
    elif isinstance(value, nn.ReLU):
        assert told == (" write model.parameters()" if name == "parameters" else " call it: xs()")
    else:
        assert not told  # a class is not to be called


def test_mappings_functions_and_what_has_a_length():
    for value in ({}, MappingProxyType({})):
        assert containers.mapping("f", "d", value) is value
    refused(TypeError, "f: d must be a dictionary, got [1]", containers.mapping, "f", "d", [1])
    assert containers.function("f", "g", len) is len
    refused(TypeError, "f: g must be a function, got 3", containers.function, "f", "g", 3)
    for value in ([1], (1,), range(3), np.ones(2), ag.ones(2)):
        assert containers.sized("f", "data", value) is value
    for value, shown in (
        ("ab", "'ab'"),
        (b"ab", "b'ab'"),
        ({1}, "{1}"),  # has a length, and nothing by number
        (3, "3"),
        (np.array(3), "array(3)"),
    ):
        words = f"f: data must have a length and samples by number, got {shown}"
        refused(TypeError, words, containers.sized, "f", "data", value)

    class Endless:
        def __getitem__(self, k):
            return k

        def __repr__(self):
            return "Endless()"

    words = "f: data must have a length and samples by number, got Endless()"
    refused(TypeError, words, containers.sized, "f", "data", Endless())


def test_paths():
    assert containers.path("f", "file", "a/b") == "a/b"
    assert containers.path("f", "file", pathlib.PurePosixPath("a/b")) == "a/b"
    assert containers.path("f", "file", "x" * 4095) == "x" * 4095
    for value in (3, b"a", None):
        words = f"f: file must be a string or a path, got {value!r}"
        refused(TypeError, words, containers.path, "f", "file", value)
    for value in ("a\0b", "x" * 4096):
        with pytest.raises(ValueError, match="^f: .* cannot be the name of a file$"):
            containers.path("f", "file", value)

    class Bytes:
        def __fspath__(self):
            return b"a"

        def __repr__(self):
            return "Bytes()"

    refused(
        ValueError, "f: Bytes() cannot be the name of a file", containers.path, "f", "file", Bytes()
    )


def test_real_numbers_become_doubles():
    got = containers.real_array("f", "x", [1, 2.5])
    assert got.dtype == np.float64 and got.tolist() == [1.0, 2.5]
    for value in ("a", [[1], [1, 2]], 10**400, None.__class__):
        with pytest.raises(TypeError, match="^f: x must be real numbers, got "):
            containers.real_array("f", "x", value)
