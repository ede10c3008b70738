"""Sums over processes, as a primitive: what makes statistics of a batch that is spread out exact."""

from __future__ import annotations

from typing import Any

from autograd.arguments.numbers import shown
from autograd.core.primitive import primitive

__all__ = ["all_reduce"]


@primitive
def all_reduce(x: Any, *, group: Any) -> Any:
    """The sum of x over all processes of a group; every process gets it.

    The loss that is minimised is the sum of the losses of all processes, and each of them may use
    the sum: so the gradient of every process's x is the sum of all gradients that come back, too.

    Args:
        x: of the same shape in every process.
        group: has a method ``all_reduce(array)`` that gives the sum, such as those of
            ``nn.parallel``. Every process must call it, forwards and backwards, in the same order.

    Example:
        >>> import autograd as ag
        >>> class Twins:  # two processes with equal numbers
        ...     def all_reduce(self, array):
        ...         return array + array
        >>> x = ag.tensor([1.0, 2.0], requires_grad=True)
        >>> ag.all_reduce(x, group=Twins())
        Tensor([2., 4.], from=all_reduce)
    """
    if not callable(getattr(group, "all_reduce", None)):
        raise TypeError(
            f"group must have a method all_reduce(array), as those of nn.parallel, got {shown(group)}"
        )
    return group.all_reduce(x)


all_reduce.gradients(x=lambda g, group: all_reduce(g, group=group))
