"""Sizes change the code that runs: every bound is tried on both sides, to the third derivative."""

import ast
import re

import numpy as np
import pytest

from autograd.kernels import threads, tuning
from tests import bounds
from tests.benchmarks import tuning as measured

pytestmark = pytest.mark.usefixtures("numpy_kernels")  # bounds are theirs

NOT_TUNED = {  # numbers in the sources of the kernels in C, and what they are
    ("correlation.c", "(int64_t)1 << 40"): "a limit of sizes",
    ("module.c", "1 << 20"): "a limit of threads",
    ("pooling.c", "1 << 30"): "a limit of sizes",
    ("matrix.c", "4096"): "more bytes than a row of a strip has",
    ("threads.c", "4096"): "bytes of a page",
    ("threads.c", "4095"): "one less",
    ("kernels.h", "8192"): "accuracy of sums",
    ("kernels.h", "1024"): "accuracy of sums",
    ("gathering.inc", "128"): "accuracy of sums",
}

NOT_LOOKED_AT = ("tuning.h", "special.inc", "trigonometry.inc")
COMPARED = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


@pytest.fixture(autouse=True)
def two_threads():
    before = threads.get_num_threads()
    threads.set_num_threads(2)
    yield
    threads.set_num_threads(before)


def test_every_bound_has_a_case():
    assert set(bounds.declared()) == set(bounds.CASES)


def test_kernels_compare_sizes_with_declared_bounds_only():
    bare = []
    for module, tree in bounds.sources().items():
        if not module.startswith("autograd.kernels"):
            continue
        constants = {  # of the module, numbers without the annotation
            node.targets[0].id
            for node in tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Constant | ast.BinOp | ast.UnaryOp)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare) and isinstance(node.ops[0], COMPARED):
                for side in (node.left, *node.comparators):
                    if (
                        _is_large_number(side)
                        or isinstance(side, ast.Name)
                        and side.id in constants
                    ):
                        bare.append(f"{module}:{node.lineno}: {ast.unparse(node)}")
    assert not bare


def _is_large_number(node):
    """A number that can only be a size: not a rank, nor whether there are several of something."""
    try:
        value = eval(compile(ast.Expression(node), "", "eval"), {"__builtins__": {}})
    except Exception:
        return False
    return isinstance(value, int) and abs(value) > 5


@pytest.mark.parametrize("bound", bounds.CASES)
def test_a_bounds_case_runs_other_code_on_either_side(bound):
    case = bounds.CASES[bound]
    assert any(
        bounds.instructions(bound, case.values[0], subject)
        != bounds.instructions(bound, case.values[-1], subject)
        for subject in case.subjects
    )


@pytest.mark.parametrize("bound", bounds.CASES)
def test_values_and_derivatives_do_not_depend_on_a_bound(bound):
    case = bounds.CASES[bound]
    for value in case.values:
        with bounds.put(**{**case.beside, bound: value}):
            for subject in case.subjects:
                for dtype, tolerance in bounds.DTYPES.items():
                    for name, lay in bounds.OPERANDS.items():
                        if dtype != np.float32 and name not in ("contiguous", "batch-last"):
                            continue
                        pairs = bounds.differences(subject, dtype, lay)
                        for k, (got, want, scale) in enumerate(pairs):
                            where = f"{bound} = {value}: {subject.name}, {dtype.__name__}, {name}"
                            assert got.shape == want.shape, f"{where}, result {k}"
                            error = np.abs(got - want).max(initial=0.0)
                            assert error <= tolerance * scale, f"{where}, result {k}"


@pytest.mark.parametrize("bound", [b for b, c in bounds.CASES.items() if c.subjects[0].numbers])
@pytest.mark.parametrize("make", [np.float32, np.array], ids=["number", "0-d array"])
def test_numbers_are_taken_on_either_side_of_a_bound(bound, make):
    case = bounds.CASES[bound]
    for value in (0, case.values[-1]):
        with bounds.put(**{**case.beside, bound: max(value, 2)}):
            for subject in (s for s in case.subjects if s.numbers):
                at = [make(0.75), make(-0.5)][: len(subject.shapes)]
                got = bounds.derivatives(subject.function, at)
                beside = [np.full((5, 5), x) for x in at]
                want = bounds.derivatives(subject.function, beside, 1)
                assert got[0].shape == () and np.allclose(got[0], want[0][0, 0], rtol=1e-5)
                mixed = bounds.derivatives(subject.function, [beside[0], *map(float, at[1:])])
                assert np.allclose(mixed[0], want[0], rtol=1e-5)


def test_the_tuned_constants_are_few_and_each_can_be_measured():
    assert set(measured.WORK) == set(tuning.TUNED)
    assert len(tuning.TUNED) == len(set(tuning.TUNED)) <= 15


def test_the_kernels_in_c_have_the_constants_of_the_list():
    assert set(measured.IN_C_ONLY) <= set(measured.IN_C) <= set(tuning.TUNED)
    for name, written in measured.IN_C.items():
        assert eval(written, {"__builtins__": {}}) == getattr(tuning, name), name


def test_constants_of_the_kernels_in_c_are_the_listed_ones_or_known_to_be_none():
    """Numbers from 100 on, and powers of two; those of two files are coefficients of series."""
    folder = measured.HEADER.parent
    found, used = set(), set()
    for path in sorted(folder.iterdir()):
        if path.suffix in (".c", ".h", ".inc") and path.name not in NOT_LOOKED_AT:
            code = re.sub(
                r"/\*.*?\*/|//[^\n]*|\"[^\"\n]*\"", "", path.read_text("utf-8"), flags=re.S
            )
            used |= set(re.findall(r"\bTUNED_(\w+)", code))
            numbers = re.findall(
                r"(?<![\w.])(?:\(int64_t\))?(?:\d+ << \d+|[1-9]\d{2,})(?![\w.])", code
            )
            found |= {(path.name, number) for number in numbers}
    assert used == set(measured.IN_C)
    assert found == set(NOT_TUNED)
