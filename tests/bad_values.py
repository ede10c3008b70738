"""Values that no argument should be given, and what an error about them has to look like."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd as ag


class Unprintable:
    """Not even its text can be had."""

    def __repr__(self) -> str:
        raise ZeroDivisionError("no text")


BAD: dict[str, Any] = {
    "0": 0, "-1": -1, "7": 7, "True": True, "np.True_": np.True_, "1.5": 1.5, "-0.5": -0.5,
    "nan": float("nan"), "inf": float("inf"), "1j": 1j, "np.float32": np.float32(2.5),
    "str": "a", "empty str": "", "bytes": b"a", "None": None, "object": object(), "class": int,
    "lambda": lambda *_: 0, "slice": slice(None), "ellipsis": ..., "dict": {}, "set": {1, 2},
    "range": range(2),
    "2**40": 2**40, "2**62": 2**62, "-2**63": -(2**63), "10**400": 10**400, "-10**400": -(10**400),
    "[10**400]": [10**400], "[2**40]*2": [2**40, 2**40], "(2**62, 2)": (2**62, 2),
    "nested": [[1], [[2]]], "ragged": [[1], [1, 2]], "[nan]": [float("nan")], "[]": [], "()": (),
    "seven": (1, 2, 3, 4, 5, 6, 7), "three": [3, 1, 2], "(1, 'a')": (1, "a"), "['a']": ["a"],
    "[None]": [None], "[True, False]": [True, False],
    "complex array": np.ones(3, complex), "str array": np.array(["a", "b"]),
    "object array": np.array([object(), None]), "datetime array": np.zeros(2, "M8[s]"),
    "structured array": np.zeros(3, [("a", int), ("b", float)]), "0-d array": np.array(3.5),
    "empty array": np.zeros((2, 0, 3)), "masked array": np.ma.array([1.0, 2.0], mask=[0, 1]),
    "10**5000": 10**5000, "[-10**5000]": [-(10**5000)], "unprintable": Unprintable(),
    "[unprintable]": [Unprintable()], "long list": list(range(10**4)), "long str": "x" * 10**5,
    "long dict": dict.fromkeys(range(10**4)), "long array": np.arange(10_000.0),
    "control characters": "a\x1b[31m\nb",
    "tensor": ag.tensor([1.0, 2.0]), "whole tensor": ag.tensor([2**40, 1]),
}  # fmt: skip

#: How NumPy and Python begin when they complain about their own insides.
FOREIGN = (
    "ufunc", "operands could not", "setting an array", "unsupported operand", "only ", "The DType",
    "could not convert", "float() argument", "bad operand", "numpy boolean", "unhashable",
    "must be real", "int too large", "cannot convert", "Python int", "an integer is required",
    "slice indices", "Maximum", "The truth value", "object of type", "cannot reshape", "array type",
    "Cannot c", "descriptor", "a bytes", "can't", "can only", "sequence item", "zero-size",
    "too many", "not enough", "iteration over", "Exceeds", "high -", "scale <", "Value after",
    "unbound", "shape mismatch", "cannot unpack",
)  # fmt: skip

#: Characters of a message that somebody still reads.
LONGEST = 700


def complaint(call: Callable[[], Any], who: str | frozenset[str] = "") -> str | None:
    """What is wrong with how a call ends: another kind of error than ours, or not in our words.

    Args:
        who: what the message has to begin with, or all words that it may begin with.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call()
    except np.linalg.LinAlgError:
        return None
    except (ValueError, TypeError, IndexError, RuntimeError) as error:
        text = str(error)
        head, colon, rest = text.partition(": ")
        if len(text) > LONGEST:
            return f"{type(error).__name__} of {len(text)} characters: {text[:200]}"
        if "\x1b" in text:
            return f"{type(error).__name__} with control characters: {text!r}"
        if text.startswith("requires_grad must be"):
            return None
        named = colon and re.fullmatch(r"[\w .\[\]]{1,60}", head)
        if (
            not named
            or not (text.startswith(who) if isinstance(who, str) else head.split()[0] in who)
            or head.startswith(FOREIGN)
            or rest.startswith(FOREIGN)
        ):
            return f"{type(error).__name__}: {text}"
    except Exception as error:  # whatever it is, it is reported
        return f"{type(error).__name__}: {error}"
    return None
