"""Primitives on images of 1, 2 and 3 dimensions: convolution, pooling, padding, windows, resampling."""
