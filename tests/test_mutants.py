"""The mutation tester: what it plants, where, and that planting reaches functions that are alive."""

import functools
import importlib.util
import os
import shutil
import subprocess
import sys

import pytest

from tests.mutants import choose, imports, plant
from tests.mutants.__main__ import Explanations, compiles, draw
from tests.mutants.operators import OPERATORS, ROOT, Mutant, mutants_of
from tests.mutants.reach import Reached
from tests.mutants.server import FEW, Server, _Run, of_few_files

PLANTED = [
    ("y = f(-x)", "sign", "y = f((x))"),
    ("y = a + b", "sign", "y = a - b"),
    ("y = a // b", "arithmetic", "y = a * b"),
    ("y = a * b", "dropped term", "y = (b)"),
    ("y = a - b", "dropped term", "y = (a)"),
    ("y = a - b", "factor", "y = ((a - b) * 1.001)"),
    ("y = 0.5", "factor", "y = (0.5 * 1.001)"),
    ("y = x[0]", "index", "y = x[1]"),
    ("y = x[-1]", "index", "y = x[-2]"),
    ("y = x[n:]", "index", "y = x[(n + 1):]"),
    ("y = f(a, b, c)", "swapped", "y = f(b, a, c)"),
    ("y = a @ b", "swapped", "y = ((b) @ (a))"),
    ("def f(): return a, b", "swapped", "def f(): return b, a"),
    ("y = a < b", "comparison", "y = a <= b"),
    ("y = (a) != (b)", "comparison", "y = (a) > (b)"),
    ("y = a not in b", "comparison", "y = a in b"),
    ("y = sum_to(g, shape)", "unwrapped", "y = (g)"),
    ("y = x.copy()", "unwrapped", "y = (x)"),
    ("y = np.ascontiguousarray(x)", "unwrapped", "y = (x)"),
    ("y = np.sqrt(v + eps)", "eps", "y = (np.sqrt(v) + (eps))"),
    ("y = np.sqrt(v) + eps", "eps", "y = (np.sqrt(v + eps))"),
    ("y = a / (b + eps)", "eps", "y = ((a) / (b) + (eps))"),
    ("y = 3", "constant", "y = 4"),
    ("y = 3", "constant", "y = (3 - 1)"),
    ("for i in range(n): f()", "range", "for i in range((n + 1)): f()"),
    ("y = a and b", "logic", "y = ((a) or (b))"),
    ("y = not a", "logic", "y = (a)"),
    ("y = f(x=True)", "logic", "y = f(x=False)"),
    ("f(x)", "removed", "pass"),
    ("x.y = 1", "removed", "pass"),
    ("y = f(x, axis=1)", "axis", "y = f(x, axis=(1 + 1))"),
    ("y = f(x, axis=k)", "axis", "y = f(x, axis=(0))"),
]


def mutants(folder, text):
    path = folder / "module.py"
    path.write_text(text)
    return mutants_of(path, folder)


@pytest.mark.parametrize(("line", "operator", "becomes"), PLANTED)
def test_every_operator_plants_its_mistake(tmp_path, line, operator, becomes):
    found = mutants(tmp_path, line + "\n")
    assert becomes in [m.after for m in found if m.operator == operator]


def test_a_factor_is_planted_where_the_size_counts(tmp_path):
    for line, number in [("if a % b: f()", 0), ("y = 1 if a - b else 2", 0), ("while a - b: f()", 0),
                         ("if a % b > c: f()", 1), ("y = a - b if c else d", 1)]:  # fmt: skip
        assert len([m for m in mutants(tmp_path, line) if m.operator == "factor"]) == number, line


def test_every_operator_is_tried_above():
    assert {operator for _, operator, _ in PLANTED} == set(OPERATORS)


def test_statements_that_change_places_with_the_one_before():
    assert OPERATORS["eps"]
    path = ROOT / "autograd/kernels/optimizers.py"
    swaps = [m for m in mutants_of(path) if m.operator == "eps"]
    assert any(m.before == "t /= root" and m.after == "t += eps" for m in swaps)


def test_words_types_and_imports_are_left_alone(tmp_path):
    text = 'import a.b\n"""1 + 1"""\nif TYPE_CHECKING:\n    x = 1 + 1\ny: f(1) = s\n__all__ = ["a" + "b"]\n'
    assert mutants(tmp_path, text + 'z = f"{1 + 1}"\n') == []
    raised = mutants(tmp_path, "def f(x):\n    raise ValueError(1 + x)\n")
    assert [m.operator for m in raised] == ["removed"]


def test_a_mutant_keeps_the_number_of_lines(tmp_path):
    text = "x = (a +\n     b)\nf(a,\n  b)\ny = 'β', -1\n"
    for mutant in mutants(tmp_path, text):
        assert compiles_to_as_many_lines(text, mutant), str(mutant)


def compiles_to_as_many_lines(text, mutant):
    changed = mutant.source(text.encode()).decode()
    compile(changed, "module.py", "exec")
    return changed.count("\n") == text.count("\n") and changed != text


def test_draws_are_the_same_for_a_seed_and_take_all_operators_in_turn():
    every = mutants_of(ROOT / "autograd/kernels/optimizers.py")
    first, again, other = (list(draw(every, seed)) for seed in (1, 1, 2))
    assert first == again != other
    assert sorted(first) == sorted(other) == sorted(every)
    kinds = len({m.operator for m in every})
    assert len({m.operator for m in first[:kinds]}) == kinds
    assert not compiles(first[0]._replace(text=")"))


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A module of a package in a folder of its own, imported; and its mutants."""

    def make(text):
        (tmp_path / "planted").mkdir()
        path = tmp_path / "planted" / "module.py"
        path.write_text(text)
        monkeypatch.setattr(plant, "ROOT", tmp_path)
        spec = importlib.util.spec_from_file_location("planted.module", path)
        made = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(made)
        found = {m.after: m.source(path.read_bytes()) for m in mutants_of(path, tmp_path)}
        return made, found

    return make


def test_functions_that_are_alive_get_the_mistake_wherever_they_are_held(module):
    made, found = module(
        "def outer(k):\n"
        "    def inner(x): return x + k\n"
        "    return inner\n"
        "class C:\n"
        "    def method(self, x): return x * 2\n"
        "rule = [lambda x: x - 3, lambda x: x - 4]\n"
    )
    live = plant.live_functions()
    held, method = outer_result(made), made.C().method
    live = plant.live_functions()
    assert plant.plant("planted/module.py", found["def inner(x): return x - k"], live)
    assert (held(1), made.outer(5)(1)) == (-4, -4)
    assert plant.plant("planted/module.py", found["def method(self, x): return x / 2"], live)
    assert method(8) == 4
    assert plant.plant(
        "planted/module.py", found["rule = [lambda x: x + 3, lambda x: x - 4]"], live
    )
    assert [rule(0) for rule in made.rule] == [3, -4]


def outer_result(made):
    return made.outer(5)


@pytest.mark.parametrize("text", ["K = 1\ndef f(): return K\n", "def f(k=1): return k\n"])
def test_what_ran_at_import_needs_a_process_of_its_own(module, text):
    made, found = module(text)
    becomes = text.splitlines()[0].replace("1", "2")
    assert not plant.plant("planted/module.py", found[becomes], plant.live_functions())
    assert made.f() == 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "meta_path", list(sys.meta_path))
        plant.plant_before_import("planted/module.py", found[becomes])
        spec = sys.meta_path[0].find_spec("planted.module")
        fresh = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(fresh)
    assert fresh.f() == 2


TABLES = """\
LIMIT = 3
TABLE = {"a": LIMIT}


def used():
    return TABLE["a"]


class Layer(Base):
    axes = 1

    @marked(broadcasts=True)
    def named(self, x, factor=2):
        return x


def other(factor=1): return factor
register(used)
"""


@pytest.fixture
def root(tmp_path, monkeypatch):
    """An empty folder in the place of the checkout."""
    monkeypatch.setattr(imports, "ROOT", tmp_path)
    for module in (imports, choose):
        for name, made in vars(module).items():
            if hasattr(made, "cache_clear"):
                monkeypatch.setattr(module, name, functools.cache(made.__wrapped__))
    return tmp_path


@pytest.fixture
def tables(root):
    """A file of which much runs at import."""
    (root / "nn").mkdir()
    (root / "nn/m.py").write_text(TABLES)
    return "nn/m.py"


def test_lines_outside_of_functions_and_heads_run_at_import(tables):
    inside = {6, 14, 17}
    for line in range(1, 19):
        assert imports.runs_at_import(tables, line) == (line not in inside), line


@pytest.mark.parametrize(
    ("line", "names", "users"),
    [
        (1, {"LIMIT"}, {2, 6}),  # through the table that is made of it
        (2, {"TABLE"}, {6}),
        (10, {"Layer", "axes"}, set()),
        (12, {"Layer", "named"}, set()),
        (13, {"Layer", "named"}, set()),
        (18, {"register", "used"}, {18}),
    ],
)
def test_what_a_line_does_at_import_is_known_by_names(tables, line, names, users):
    assert imports.bound(tables, line) == names
    lines = imports.uses_of(tables, names).get(tables, 0)
    assert {n for n in range(20) if lines >> n & 1} == users


def test_mutants_of_what_runs_at_import_get_the_tests_that_use_it(tables):
    tests = [
        Reached("t.py::far", 0.1, True, {tables: 1 << 14}),
        Reached("t.py::near", 0.1, True, {tables: 1 << 6}),
        Reached("t.py::of[Layer]", 0.1, True, {tables: 1 << 14 | 1 << 17}),
    ]
    chooser = choose.Chooser(tests, 60)
    for line, first in [(1, "near"), (2, "near"), (10, "of[Layer]"), (13, "of[Layer]")]:
        mutant = Mutant(tables, line, "constant", 0, 1, "x", "", "")
        assert chooser.choose(mutant)[0].name == f"t.py::{first}", line


def test_tests_of_many_files_are_run_by_several_processes():
    tests = [Reached(f"t{n % 7}.py::test_{n}", 0.1, True, {}) for n in range(14)]
    first, rest = of_few_files(tests)
    assert [t.name for t in first] == [t.name for t in tests if int(t.name[1]) < FEW]
    assert sorted([*first, *rest]) == sorted(tests)
    assert of_few_files(first) == (first, [])


def test_children_that_end_while_another_one_is_looked_after_are_let_go():
    server = Server([], lambda mutant: [], lambda outcome: None, 2)
    ends = [os.pipe() for _ in range(2)]
    for _, write in ends:
        os.close(write)
    server.runs = {fd: _Run(None, [], False, fd, 0, "") for fd, _ in ends}
    ended = []

    def end(run):
        ended.append(run.fd)
        server.runs.clear()  # both, as a wait inside of this one does

    server._ended = end
    server._wait()
    assert len(ended) == 1
    for fd, _ in ends:
        os.close(fd)


SMALL_PROJECT = {
    "autograd/__init__.py": "",
    "nn/__init__.py": "",
    "pytest.ini": "[pytest]\nfilterwarnings = error\n",
    "autograd/m.py": "K = 3\n\n\ndef scaled(x, by=2):\n    return K * by * x\n",
    "tests/conftest.py": (
        "from hypothesis import settings\nsettings.register_profile('glassgrad', deadline=None)\n"
    ),
    "run.py": (
        "import json\n"
        "from tests.mutants.operators import ROOT, mutants_of\n"
        "from tests.mutants.reach import Reached\n"
        "from tests.mutants.server import Server, serve\n"
        "names = [f'tests/test_{n}.py' for n in range(6)]\n"
        "tests = [Reached(f'{name}::test', 0.1, True, {}) for name in names]\n"
        "found = mutants_of(ROOT / 'autograd/m.py')\n"
        "chosen = [m for m in found if m.after == 'def scaled(x, by=3):']\n"
        "def done(outcome): print('ended', json.dumps([outcome.status, outcome.tests]))\n"
        "serve(Server(chosen, lambda mutant: tests, done, 1), names)\n"
    ),
}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="mutants are run by forked processes")
def test_what_only_the_last_of_many_files_notices_is_noticed(tmp_path):
    for name, text in SMALL_PROJECT.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    shutil.copytree(ROOT / "tests/mutants", tmp_path / "tests/mutants")
    for n in range(6):  # the last one alone leaves it to the default
        call = "scaled(1, 2)" if n < 5 else "scaled(1)"
        text = (
            "import pytest, warnings\nfrom autograd.m import scaled\n"
            "@pytest.mark.filterwarnings('ignore')\n"  # marks hold here as elsewhere
            f"def test():\n    warnings.warn('so')\n    assert {call} == 6\n"
        )
        (tmp_path / f"tests/test_{n}.py").write_text(text)
    alone = {"PYTHONPATH": str(tmp_path), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        [sys.executable, "run.py"],
        cwd=tmp_path,
        env={**os.environ, **alone},
        capture_output=True,
        text=True,
    )
    ended = [line for line in done.stdout.splitlines() if line.startswith("ended")]
    assert ended == ['ended ["killed", 6]'], done.stdout + done.stderr


def test_tests_of_the_line_come_first_then_of_the_function_and_the_file(root):
    (root / "m.py").write_text("def f():\n    a = 1\n    b = 2\n\n\ndef g():\n    c = 3\n")
    tests = [
        Reached("t.py::file", 0.1, True, {"m.py": 1 << 7}),
        Reached("t.py::function", 0.1, True, {"m.py": 1 << 2}),
        Reached("t.py::slow", 5.0, True, {"m.py": 1 << 3}),
        Reached("t.py::broad", 0.1, True, {"m.py": 1 << 3, "other.py": (1 << 200) - 1}),
        Reached("t.py::line", 0.1, True, {"m.py": 1 << 3}),
        Reached("t.py::other", 0.1, True, {"other.py": 1 << 3}),
    ]
    mutant = Mutant("m.py", 3, "constant", 0, 1, "x", "", "")
    names = [t.name[6:] for t in choose.Chooser(tests, 60).choose(mutant)]
    assert names == ["line", "broad", "slow", "function", "file"]
    names = [t.name[6:] for t in choose.Chooser(tests, 2).choose(mutant)]
    assert "slow" not in names


def test_explanations_hold_for_their_line_operator_and_result(tmp_path):
    path = tmp_path / "explained.toml"
    path.write_text(
        '[["m.py"]]\nline = "x = 1"\noperator = "constant"\nbecomes = "x = 2"\nwhy = "so"\n'
        '[["m.py"]]\nline = "f(x)"\noperator = "removed, swapped"\nwhy = "so"\n'
    )
    explained = Explanations(path)
    mutant = Mutant("m.py", 1, "constant", 0, 1, "", "x = 1", "x = 2")
    assert mutant in explained
    assert mutant._replace(after="x = 0") not in explained
    assert mutant._replace(file="n.py") not in explained
    assert mutant._replace(before="f(x)", operator="swapped", after="?") in explained
    assert len(explained.stale()) == 3


def test_every_explanation_says_why():
    for entries in Explanations().entries.values():
        for entry in entries:
            assert len(entry["why"]) > 20 and set(entry) <= {"line", "operator", "becomes", "why"}
