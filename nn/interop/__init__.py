"""Models of PyTorch under the glass: converted, compared, and their weights given back.

    model = nn.from_torch(module, *example_inputs)     the model as one of ours
    nn.interop.compare(module, model, *inputs)         both run, side by side
    nn.interop.to_torch(model, module)                 what was learnt here, back into PyTorch

PyTorch is the user's: it is imported when one of these is called, and needs to be installed
(``pip install "glassgrad[torch]"``). What is converted, and how well, stands in the README beside
this file.
"""

from nn.interop.compare import Comparison, compare
from nn.interop.convert import from_torch
from nn.interop.module import Converted
from nn.interop.operators import names as operator_names
from nn.interop.weights import to_torch

__all__ = ["Comparison", "Converted", "compare", "from_torch", "operator_names", "to_torch"]
