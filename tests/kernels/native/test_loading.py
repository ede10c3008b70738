"""An extension that does not belong to these sources is not used."""

import os

import pytest

from autograd.kernels import native


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
