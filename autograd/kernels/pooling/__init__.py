"""Pooling over windows: averages and maxima."""
