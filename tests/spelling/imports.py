"""A program for PyTorch with its imports changed, and nothing else."""

from __future__ import annotations

import re

#: What a line of imports, or a dotted name, becomes.
_RULES = [
    (r"^from torch\.nn import functional as", "import nn.functional as"),
    (r"^import torch\.(nn|optim|distributions)(\.\S+)? as (\w+)", r"import \1\2 as \3"),
    (r"^import (optim|distributions)", r"import nn.\1"),
    (r"^import nn as nn", "import nn"),
    (r"^from torch import (nn)$", r"import \1"),
    (r"^from torch import (optim|distributions)", r"from nn import \1"),
    (r"^from torch\.nn", "from nn"),
    (r"^from torch\.(optim|distributions)", r"from nn.\1"),
    (r"^from torch\.utils\.data", "from nn.data"),
    (r"^from torch\.autograd import (Variable|grad)", r"from autograd import \1"),
    (r"^from torch\.autograd", "from autograd"),
    (r"^from torch import", "from autograd import"),
    (r"^import torch$", "import autograd as torch\nimport nn"),
    (r"\btorch\.nn\b", "nn"),
    (r"\btorch\.(optim|distributions)\b", r"nn.\1"),
    (r"\btorch\.(autograd\.)?func\b", "torch.func"),
    (r"\btorch\.autograd\.(grad|Variable)\b", r"torch.\1"),
]


def with_ours(text: str) -> str:
    """The program with our imports."""
    for pattern, ours in _RULES:
        text = re.sub(pattern, ours, text, flags=re.MULTILINE)
    return text
