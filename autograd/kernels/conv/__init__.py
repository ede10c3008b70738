"""Correlation and its adjoints, each computed the way that suits its shapes."""
