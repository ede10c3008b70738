"""Every module is tested in a file of its name, or `where.toml` says in which."""

import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ROOT = TESTS.parent
WHERE = tomllib.loads((TESTS / "where.toml").read_text(encoding="utf-8"))
MODULES = sorted(
    path.relative_to(ROOT).as_posix()
    for package in ("autograd", "nn")
    for path in ROOT.glob(f"{package}/**/*.py")
    if path.name != "__init__.py"
)


def of_its_name(module):
    """The file that a reader would look for first: tests/ops/test_sorting.py for autograd/ops/sorting.py."""
    package, *folders, name = module.split("/")
    return TESTS.joinpath("nn" if package == "nn" else "", *folders, f"test_{name}")


def pattern_of(module):
    return next((pattern for pattern in WHERE if fnmatch(module, pattern)), None)


@pytest.mark.parametrize("module", MODULES)
def test_one_knows_where_this_module_is_tested(module):
    assert of_its_name(module).exists() or pattern_of(module), (
        f"{module}: name its tests in where.toml"
    )


@pytest.mark.parametrize("pattern", WHERE)
def test_the_tests_named_exist_and_the_line_is_needed(pattern):
    for name in WHERE[pattern]:
        assert (TESTS / name).exists(), name
    fitting = [module for module in MODULES if pattern_of(module) == pattern]
    assert [module for module in fitting if not of_its_name(module).exists()], "no module wants it"
