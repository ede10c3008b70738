"""Are gradients right? Differences, verdicts, and the likeliest mistake."""

import sys as _sys
import types as _types
from typing import Never as _Never


class _Package(_types.ModuleType):
    def __call__(self, *args: object, **kwargs: object) -> _Never:
        raise TypeError(
            "autograd.gradcheck is a package; write autograd.func.gradcheck(function, *inputs)"
        )


_sys.modules[__name__].__class__ = _Package
