"""Tensors, the nodes of the graph, modes, and the decorator ``primitive``."""

import sys

if not hasattr(sys.modules["autograd"], "_refuse_other_packages"):
    # The `autograd/__init__.py` that is running is not ours: another distribution has written its
    # files over ours. It imports this package first of all, so here is where to say so.
    from autograd._clash import refuse

    refuse()
