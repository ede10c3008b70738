"""Images in the precision of the model that is to look at them."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.core.tensor import Tensor

__all__ = ["as_read_by"]


def as_read_by(model: Any, values: Any) -> Any:
    """An array of floats in the dtype of a model's parameters, which refuses any other.

    Args:
        model: anything; what has no ``parameters()``, or parameters of several dtypes, leaves the
            array as it is.
        values: an array or a number; anything else is left as it is.
    """
    if isinstance(values, Tensor) or not hasattr(model, "parameters"):
        return values
    if getattr(values, "dtype", np.dtype(object)).kind != "f":
        return values
    own = {p.dtype for p in model.parameters() if p.dtype.kind == "f"}
    return np.asarray(values, dtype=own.pop()) if len(own) == 1 else values
