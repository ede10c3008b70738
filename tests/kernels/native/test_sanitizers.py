"""The tests of the kernels in C once more, with AddressSanitizer and UndefinedBehaviorSanitizer inside.

Marked ``native``: a copy of the packages is made and the extension built into it.
"""

import os
import shutil
import subprocess

import pytest

from tests.kernels.native.builds import ROOT, built_copy, pass_the_tests_of_the_kernels

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
    environment = built_copy(tmp_path, GLASSGRAD_NATIVE_FLAGS=FLAGS)
    environment |= {
        "LD_PRELOAD": library,
        "PYTHONMALLOC": "malloc",
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1",
    }
    pass_the_tests_of_the_kernels(tmp_path, environment, "-k", "not threads or many")
