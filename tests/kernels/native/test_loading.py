"""An extension that does not belong to these sources is not used."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from autograd.kernels import native
from nn import doctor


@pytest.mark.parametrize(
    "name, outdated", [("pool.c", True), ("pool.inc", True), ("pool.py", False)]
)
def test_an_extension_older_than_its_sources_is_noticed(tmp_path, name, outdated):
    folder = tmp_path / "autograd" / "kernels" / "native"
    folder.mkdir(parents=True)
    (tmp_path / "setup.py").write_text("")  # so it is a checkout
    built, source = folder / "_native.so", folder / name
    for path in (built, source):
        path.write_text("")
        os.utime(path, (1000, 1000))
    assert not native._outdated(str(built))
    os.utime(source, (2000, 2000))
    assert native._outdated(str(built)) == outdated
    (tmp_path / "setup.py").unlink()
    assert not native._outdated(str(built))  # what was installed belongs together


@pytest.fixture
def outdated(monkeypatch):
    """As after an import that found an extension which is older than its sources."""
    monkeypatch.delenv("GLASSGRAD_NATIVE", raising=False)
    monkeypatch.setattr(
        native, "import_module", lambda name: SimpleNamespace(__file__="_native.so")
    )
    monkeypatch.setattr(native, "_outdated", lambda path: True)
    monkeypatch.setattr(native, "_reason", "")
    monkeypatch.setattr(native, "library", None)
    native._load()


def _conftest(config):
    path = str(Path(__file__).parents[2] / "conftest.py")
    plugins = config.pluginmanager.get_plugins()
    return next(p for p in plugins if getattr(p, "__file__", "") == path)


def test_an_outdated_extension_is_told_by_all_who_report(outdated, request):
    said = "NumPy only, the extension was built from other sources: `python setup.py build_ext --inplace`"
    assert native.library is None
    assert native.status().startswith(said) and "\n" not in native.status()
    assert dict(doctor.report())["kernels"] == native.status()
    conftest = _conftest(request.config)
    assert conftest.pytest_report_header() == f"kernels: {native.status()}"
    lines = []
    quiet = SimpleNamespace(stats={}, write_line=lambda line, **how: lines.append(line))
    conftest.pytest_terminal_summary(quiet)  # where -q leaves the header out
    assert lines == [f"kernels: {native.status()}"]


def test_the_extension_was_loaded_or_there_is_a_reason():
    assert (native.library is None) == bool(native._reason)
