"""The tests of the kernels in C once more, with AddressSanitizer and UndefinedBehaviorSanitizer inside.

Marked ``native``: a copy of the packages is made and the extension built into it.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FLAGS = "-fsanitize=address,undefined -fno-sanitize-recover=all -O1 -g"


def runtime():
    """The sanitizer's library, which must be loaded before Python; None where there is no GCC."""
    compiler = shutil.which("gcc")
    if compiler is None:
        return None
    answer = subprocess.run(
        [compiler, "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    return answer if os.path.isabs(answer) else None


@pytest.mark.native
@pytest.mark.skipif(not (ROOT / "setup.py").exists(), reason="not a checkout")
def test_the_sanitizers_find_nothing(tmp_path):
    library = runtime()
    if library is None:
        pytest.skip("no GCC with AddressSanitizer")
    for name in ("autograd", "nn", "tests"):
        shutil.copytree(
            ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("*.so", "__pycache__")
        )
    for name in ("pyproject.toml", "setup.py", "README.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "notebooks").mkdir()
    environment = {
        k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "GLASSGRAD_NATIVE")
    }
    build = subprocess.run(
        [sys.executable, "setup.py", "build_ext", "--inplace"], cwd=tmp_path, check=False,
        env={**environment, "GLASSGRAD_NATIVE_FLAGS": FLAGS}, capture_output=True, text=True,
    )  # fmt: skip
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    assert (tmp_path / f"autograd/kernels/native/_native{suffix}").exists(), build.stderr
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "tests/kernels/native",
         "-k", "not threads or many"], cwd=tmp_path,
        env={**environment, "LD_PRELOAD": library, "PYTHONPATH": str(tmp_path), "PYTHONMALLOC": "malloc",
             "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    assert " passed" in done.stdout
