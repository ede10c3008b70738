"""Neural networks: modules, losses, optimizers and data, with PyTorch's names and meanings.

Everything here is written with the public functions of :mod:`autograd`; no gradient is defined in
this package.
"""

from nn._clash import refuse as _refuse_other_packages

_refuse_other_packages()
