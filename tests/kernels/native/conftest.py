"""What the tests of the kernels in C share. All of them are skipped where there is no extension."""

import pytest

from autograd.kernels import native

SETS = native.library.instruction_sets() if native.library is not None else ("none",)


@pytest.fixture(params=SETS)
def library(request):
    """The extension module with each instruction set of this processor in turn."""
    if native.library is None:
        pytest.skip("the native kernels were not built, or are switched off")
    before = native.library.instruction_set()
    native.library.use_instruction_set(request.param)
    yield native.library
    native.library.use_instruction_set(before)
