"""``python -m nn.demo``: a small CNN learns handwritten digits, and everything about it is shown."""
