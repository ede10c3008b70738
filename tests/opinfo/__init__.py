"""PyTorch's own operator cases, held against ours: values, dtypes, gradients to second order, refusals.

``python -m tests.opinfo`` runs all of them; ``test_opinfo.py`` a sample. ``cases`` reads PyTorch's
data base and finds what each operator is called here; ``judge`` runs a case on both sides;
``known`` lists what differs on purpose, and what has no counterpart.
"""
