"""Clang, and the systems that are not this one.

Marked ``native``. The package ``ziglang`` from PyPI brings Clang with the headers of every system along.
Without Python's own headers for a system only kernels and threads can be compiled for it, not what
reads Python's arguments; that is compiled for Linux, whose headers are the same on both processors.
"""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest

from tests.kernels.native.builds import ROOT, built_copy, pass_the_tests_of_the_kernels

pytestmark = [
    pytest.mark.native,
    pytest.mark.skipif(not (ROOT / "setup.py").exists(), reason="not a checkout"),
]

SOURCES = ROOT / "autograd/kernels/native"
KERNELS = ["threads.c", "base.c", "avx2.c", "avx512.c"]
BINDING = sorted(path.name for path in SOURCES.glob("*.c") if path.name not in KERNELS)
LINUX = ["x86_64-linux-gnu", "aarch64-linux-gnu"]
SYSTEMS = [*LINUX, "x86_64-macos", "aarch64-macos", "x86_64-windows-gnu"]
FLAGS = ["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Wno-psabi", "-Werror"]
CLANG = [sys.executable, "-m", "ziglang", "cc"]


@pytest.fixture(scope="module")
def clang(tmp_path_factory):
    """Compiles files for a system and returns what the compiler said: nothing, if all is well."""
    pytest.importorskip("ziglang", reason="ziglang is not installed")
    cache = str(tmp_path_factory.mktemp("cache"))
    variables = os.environ | {"ZIG_GLOBAL_CACHE_DIR": cache, "ZIG_LOCAL_CACHE_DIR": cache}

    def compile(system, files, *flags):
        said = []
        for name in files:
            command = [*CLANG, "-target", system, *FLAGS, *flags, "-c", str(SOURCES / name)]
            done = subprocess.run(
                [*command, "-o", str(Path(cache, "object.o"))], env=variables,
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            said.append(done.stderr[-2000:] if done.returncode or done.stderr else "")
        return "".join(said)

    compile.variables = variables
    return compile


@pytest.mark.parametrize("system", SYSTEMS)
def test_kernels_and_threads_compile_without_a_warning_for(system, clang):
    assert clang(system, KERNELS) == ""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="these are not Linux's headers")
@pytest.mark.parametrize("system", LINUX)
def test_what_reads_arguments_compiles_without_a_warning_for(system, clang):
    headers = [sysconfig.get_path("include"), np.get_include()]
    ours = ["-Wno-unused-parameter", "-Wno-missing-field-initializers"]  # in Python's own macros
    assert clang(system, BINDING, *(f"-isystem{path}" for path in headers), *ours) == ""


def test_a_mistake_would_be_found(clang, tmp_path):
    wrong = tmp_path / "wrong.c"
    wrong.write_text("int f(void) { int unused; return 0; }\n")
    assert "unused" in clang("aarch64-macos", [wrong])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="builds for Linux")
def test_what_clang_builds_passes_the_tests_of_the_kernels(clang, tmp_path):
    compiler = tmp_path / "clang"
    compiler.write_text(f'#!/bin/sh\nexec {" ".join(CLANG)} "$@"\n')
    compiler.chmod(0o755)
    copy = tmp_path / "copy"
    copy.mkdir()
    environment = built_copy(copy, **clang.variables, CC=str(compiler))
    pass_the_tests_of_the_kernels(copy, environment)


def test_without_a_compiler_the_packages_are_installed_without_the_extension(tmp_path):
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    environment |= {"CC": "no-such-compiler", "GLASSGRAD_NATIVE": "1"}
    done = subprocess.run(
        [sys.executable, "setup.py", "build", "--build-base", str(tmp_path), "--build-lib", str(tmp_path / "lib")],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert "no-such-compiler" in done.stdout + done.stderr
    assert not list(tmp_path.rglob("_native*.so"))
    status = "from autograd.kernels import native; print(native.status())"
    said = subprocess.run(
        [sys.executable, "-c", status], cwd=tmp_path / "lib", env=environment, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "NumPy only, the extension was not built: `python setup.py build_ext --inplace`" in said
