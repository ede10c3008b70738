"""The normal distribution of vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from nn.distributions.base import HALF_LOG_2PI, Distribution, values_of
from nn.functional.inputs import floating, owned
from nn.random import generator_or_default

__all__ = ["MultivariateNormal"]


class MultivariateNormal(Distribution):
    """The normal distribution of vectors of size D, with exactly one of three matrices.

    Args:
        loc: the mean, shape (..., D).
        covariance_matrix: shape (..., D, D), symmetric and positive definite; or
        precision_matrix: its inverse; or
        scale_tril: L, lower triangular with a positive diagonal; the covariance is L·Lᵀ.
        validate_args: whether arguments are checked. Default True.

    Raises:
        ValueError: for shapes that do not fit, or matrices that are not positive definite.

    Example:
        >>> import autograd
        >>> from nn.distributions import MultivariateNormal
        >>> normal = MultivariateNormal(autograd.zeros(2), autograd.eye(2))
        >>> round(normal.log_prob([0.0, 0.0]).item(), 4)  # −log 2π
        -1.8379
    """

    has_rsample = True

    def __init__(
        self,
        loc: Any,
        covariance_matrix: Any = None,
        precision_matrix: Any = None,
        scale_tril: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        who = "MultivariateNormal"
        names = ("covariance_matrix", "precision_matrix", "scale_tril")
        given = {
            name: matrix
            for name, matrix in zip(
                names, (covariance_matrix, precision_matrix, scale_tril), strict=True
            )
            if matrix is not None
        }
        if len(given) != 1:
            raise ValueError(f"{who}: give exactly one of {', '.join(names)}")
        ((name, matrix),) = given.items()
        matrix = owned(floating(who, matrix, name, loc))
        loc = owned(floating(who, loc, "loc", matrix))
        try:
            size = loc.shape[-1]
            if matrix.shape[-2:] != (size, size) or not size:
                raise ValueError
            batch = np.broadcast_shapes(loc.shape[:-1], matrix.shape[:-2])
        except (ValueError, IndexError):
            raise ValueError(
                f"{who}: loc must have shape (..., D) and {name} (..., D, D), got {loc.shape} "
                f"and {matrix.shape}"
            ) from None
        super().__init__(batch, (size,), validate_args)
        try:
            lower = self._lower(name, matrix)
        except np.linalg.LinAlgError:
            raise ValueError(f"{who}: {name} must be positive definite") from None
        if name == "scale_tril" and self._validates:
            diagonal = values_of(autograd.diagonal(matrix, 0, -2, -1))
            if not (diagonal > 0).all() or np.triu(values_of(matrix), 1).any():
                raise ValueError(f"{who}: {name} must be lower triangular with a positive diagonal")
        self.loc = autograd.broadcast_to(loc, (*batch, size))
        self.scale_tril = autograd.broadcast_to(lower, (*batch, size, size))

    @staticmethod
    def _lower(name: str, matrix: Any) -> Any:
        if name == "scale_tril":
            return matrix
        covariance = matrix if name == "covariance_matrix" else autograd.linalg.inv(matrix)
        # Both halves are meant, and both get their share of the gradient, as in PyTorch.
        return autograd.linalg.cholesky((covariance + autograd.swapaxes(covariance, -1, -2)) / 2.0)

    @property
    def mean(self) -> Any:
        """``loc``."""
        return self.loc

    @property
    def mode(self) -> Any:
        """``loc``."""
        return self.loc

    @property
    def covariance_matrix(self) -> Any:
        """L·Lᵀ."""
        return autograd.matmul(self.scale_tril, autograd.matrix_transpose(self.scale_tril))

    @property
    def variance(self) -> Any:
        """The covariance's diagonal."""
        return autograd.sum(autograd.square(self.scale_tril), -1)

    def rsample(self, sample_shape: Any = (), generator: np.random.Generator | None = None) -> Any:
        """loc + L · noise."""
        random = generator_or_default("MultivariateNormal", generator)
        noise = random.standard_normal(self._shape(sample_shape)).astype(self.loc.dtype)
        moved = autograd.matmul(self.scale_tril, noise[..., None])
        return self.loc + autograd.squeeze(moved, -1)

    def log_prob(self, value: Any) -> Any:
        """−½ (x − loc)ᵀ·C⁻¹·(x − loc) − ½ log det C − D/2 · log 2π."""
        off = autograd.expand_dims(self._read(value, self.loc) - self.loc, -1)
        white = autograd.squeeze(
            autograd.linalg.solve_triangular(self.scale_tril, off, upper=False), -1
        )
        squares = autograd.sum(white * white, -1)
        return -0.5 * squares - self._half_log_det() - self.event_shape[0] * HALF_LOG_2PI

    def entropy(self) -> Any:
        """D/2·(1 + log 2π) + ½ log det C."""
        return self._half_log_det() + self.event_shape[0] * (0.5 + HALF_LOG_2PI)

    def _half_log_det(self) -> Any:
        return autograd.sum(autograd.log(autograd.diagonal(self.scale_tril, 0, -2, -1)), -1)
