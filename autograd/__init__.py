"""A glass-box autodiff engine on NumPy: every gradient can be watched being made."""

from autograd._clash import refuse as _refuse_other_packages

_refuse_other_packages()
