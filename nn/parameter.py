"""``Parameter``: a tensor that a module learns."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import Tensor

__all__ = ["Parameter"]


class Parameter(Tensor):
    """A leaf tensor that a `Module` registers when it is assigned as an attribute.

    Args:
        data: array, tensor or nested numbers of any shape; copied, C-contiguous.
        requires_grad: whether gradients are computed for it. Default True.

    Raises:
        TypeError: for data that are not floating while ``requires_grad`` is True.

    Results of operations on parameters are plain tensors.

    Example:
        >>> import nn
        >>> w = nn.Parameter([[1.0, 2.0]])
        >>> w.requires_grad, w.shape
        (True, (1, 2))
    """

    __slots__ = ()

    def __init__(self, data: Any, requires_grad: bool = True) -> None:
        if isinstance(data, Tensor):
            data = data.data  # The values only: a parameter is a leaf, with no history.
        if isinstance(data, np.ndarray):
            data = np.asarray(data, order="C")
        super().__init__(data, requires_grad=requires_grad)
