"""Numerical kernels: NumPy arrays in, NumPy arrays out.

Nothing in this package knows about tensors, graphs or gradients; it answers one question, "how is
this computed quickly?". The question "how is its gradient defined?" belongs to ``autograd.ops``.
"""
