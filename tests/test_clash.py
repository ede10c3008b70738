"""Another `autograd` or `nn` in the environment is named at import, not stumbled over later."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# The shape of the other distribution: what it imports first, and a file that only it has.
THEIR_INIT = "from autograd.core import primitive_with_deprecation_warnings as primitive\n"


def theirs(folder: Path) -> Path:
    package = folder / "autograd"
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text(THEIR_INIT)
    (package / "differential_operators.py").touch()
    if not (package / "core").exists():
        (package / "core.py").write_text("primitive_with_deprecation_warnings = None\n")
    return folder


def ours(folder: Path) -> Path:
    for name in ("autograd", "nn"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=ignore, dirs_exist_ok=True)
    return folder


def attempt(module: str, *path: Path) -> subprocess.CompletedProcess[str]:
    """Imports a module with these folders in front of everything else on the path."""
    code = f"import sys; sys.path[:0] = {[str(p) for p in path]!r}; import {module}"
    return subprocess.run(
        [sys.executable, "-P", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=path[0],
    )


def refused(module: str, *path: Path) -> str:
    """The message of the one ImportError with which the import ends."""
    result = attempt(module, *path)
    assert result.returncode == 1, f"import {module} passed"
    message = result.stderr.strip().splitlines()[-1]
    assert message.startswith("ImportError: ")
    assert "During handling" not in result.stderr
    return message


BOTH = pytest.mark.parametrize("module", ["autograd", "nn"])


@BOTH
def test_alone_it_imports(module):
    result = attempt(module, ROOT)
    assert result.returncode == 0, result.stderr


@BOTH
def test_theirs_behind_ours_on_the_path(module, tmp_path):
    message = refused(module, ROOT, theirs(tmp_path))
    assert "HIPS autograd" in message
    assert str(tmp_path) in message
    assert "fresh" in message


def test_theirs_before_ours_on_the_path(tmp_path):
    message = refused("nn", theirs(tmp_path), ROOT)
    assert "HIPS autograd" in message
    assert str(tmp_path) in message
    assert "fresh" in message


@BOTH
def test_theirs_mixed_into_ours(module, tmp_path):
    folder = theirs(tmp_path)
    shutil.rmtree(folder / "autograd")
    ours(folder)
    (folder / "autograd" / "differential_operators.py").touch()
    assert "HIPS autograd" in refused(module, folder)


@BOTH
def test_ours_mixed_into_theirs(module, tmp_path):
    assert "HIPS autograd" in refused(module, theirs(ours(tmp_path)))


def test_what_uninstalling_theirs_leaves_behind(tmp_path):
    folder = ours(tmp_path)
    (folder / "autograd" / "__init__.py").unlink()
    message = refused("nn", folder)
    assert "__init__.py" in message
    assert "reinstall" in message


@BOTH
@pytest.mark.parametrize("name", ["autograd", "nn"])
def test_an_installed_distribution_is_found_by_its_metadata(module, name, tmp_path):
    packages = tmp_path / "site-packages"
    (packages / f"{name}-1.2.3.dist-info").mkdir(parents=True)
    message = refused(module, ROOT, packages)
    assert f"`{name}`" in message
    assert f"pip uninstall {name}" in message


@pytest.mark.parametrize("file", ["nn.py", "nn/__init__.py"])
def test_another_nn_in_front_of_ours(file, tmp_path):
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.touch()
    message = refused("autograd", tmp_path, ROOT)
    assert str(path) in message
    assert "Rename" in message


def test_another_nn_behind_ours_does_no_harm(tmp_path):
    (tmp_path / "nn.py").touch()
    assert attempt("autograd, nn", ROOT, tmp_path).returncode == 0


def test_names_that_only_begin_alike_do_no_harm(tmp_path):
    packages = tmp_path / "site-packages"
    for name in ("autograd_gamma-0.5.0.dist-info", "nnunet-2.dist-info", "nn_tools-1.dist-info"):
        (packages / name).mkdir(parents=True)
    assert attempt("autograd, nn", ROOT, packages).returncode == 0


def test_who_comes_second_looks_again_only_where_the_path_has_changed(monkeypatch, tmp_path):
    from autograd import _clash

    looked, problems = [], [None, None, "a clash", "a clash"]
    monkeypatch.setattr(_clash, "_passed", None)
    monkeypatch.setattr(_clash, "find_clash", lambda: looked.append(1) or problems[len(looked) - 1])
    _clash.refuse()
    _clash.refuse()
    assert len(looked) == 1
    monkeypatch.syspath_prepend(tmp_path)
    _clash.refuse()
    assert len(looked) == 2
    monkeypatch.syspath_prepend(tmp_path / "other")
    for times in (3, 4):
        with pytest.raises(ImportError, match="a clash"):
            _clash.refuse()
        assert len(looked) == times
