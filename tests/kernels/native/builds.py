"""Copies of the packages in which the extension was built with other flags or another compiler."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parents[3]


def built_copy(folder, **variables):
    """Copies packages and tests into ``folder`` and builds the extension there; returns the
    environment to run Python in, in which nothing of the checkout is found."""
    for name in ("autograd", "nn", "tests"):
        ignored = shutil.ignore_patterns("*.so", "__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("pyproject.toml", "setup.py", "README.md"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "notebooks").mkdir()
    left_out = ("PYTHONPATH", "GLASSGRAD_NATIVE")
    environment = {k: v for k, v in os.environ.items() if k not in left_out}
    build = subprocess.run(
        [sys.executable, "setup.py", "build_ext", "--inplace"], cwd=folder, check=False,
        env=environment | variables, capture_output=True, text=True,
    )  # fmt: skip
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    extension = folder / f"autograd/kernels/native/_native{suffix}"
    assert extension.exists(), build.stdout[-1000:] + build.stderr[-6000:]
    return environment | {"PYTHONPATH": str(folder)}


def pass_the_tests_of_the_kernels(folder, environment, *options):
    """Runs this folder's tests in such a copy; they must pass."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "tests/kernels/native",
         *options], cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    assert " passed" in done.stdout
