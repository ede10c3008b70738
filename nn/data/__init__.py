"""Data that come with the package."""

from nn.data.digits import Digits, load_digits

__all__ = ["Digits", "load_digits"]
