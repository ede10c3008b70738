"""The default generator, which is autograd's, by the names that users of ``nn`` expect here."""

from autograd import default_generator, manual_seed
from autograd import generator_or_default as generator_or_default

__all__ = ["default_generator", "manual_seed"]
