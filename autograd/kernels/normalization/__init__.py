"""Normalisation to mean 0 and variance 1."""
