"""PyTorch's spelling: ``t.view(2, 3)``, ``autograd.cat(parts, dim=1)``, ``t.max(dim=1)``.

Tensors speak NumPy. What is spelled as only PyTorch spells it can mean one thing only, and means it
here, too. There is no gradient code on this floor: each of PyTorch's names is a line or two in
NumPy's. ``names`` lists them all, and the module that each lives in.

What is spelled in the same way and means two things (``t.std()``, ``t.max(1)``) keeps NumPy's
meaning, and says so: a ``SpellingWarning``, once for each line of code. ``DIFFERENCES`` lists them
with the way to write either meaning; ``readings`` holds the functions. A keyword that only PyTorch
has (``dim=``) declares PyTorch's meaning; ``keywords`` reads these.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograd.spelling.differences import DIFFERENCES, Difference, SpellingWarning

__all__ = ["DIFFERENCES", "Difference", "SpellingWarning"]


def __getattr__(name: str) -> Any:
    """What is asked for last, at the first difference that there is."""
    if name in __all__:
        from autograd.spelling import differences

        return getattr(differences, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
