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
    (r"^from torch\.func import functional_call", "from nn.utils.stateless import functional_call"),
    (r"^from torch\.func", "from autograd.func"),
    (r"^import torch\.(nn|utils)\.\w+$", "import nn"),
    (r"^from torch import", "from autograd import"),
    (r"^import torch$", "import autograd as torch\nimport nn"),
    (r"\btorch\.nn\b", "nn"),
    (r"\btorch\.(optim|distributions)\b", r"nn.\1"),
    (r"\btorch\.func\.functional_call\b", "nn.utils.stateless.functional_call"),
    (r"\btorch\.(autograd\.)?func\b", "torch.func"),
    (r"\btorch\.autograd\.(grad|Variable)\b", r"torch.\1"),
]


def _apart(found: re.Match[str]) -> str:
    """``from torch import einsum, nn`` as two lines, since what is named lies in two packages."""
    names = [name.strip() for name in found[1].split(",")]
    modules = [name for name in names if name in ("nn", "optim", "distributions")]
    others = [name for name in names if name not in modules]
    lines = [f"from torch import {name}" for name in modules]
    return "\n".join(lines + [f"from torch import {', '.join(others)}"] * bool(others))


def with_ours(text: str) -> str:
    """The program with our imports."""
    text = re.sub(r"^from torch import (\w+(?:, \w+)+)$", _apart, text, flags=re.MULTILINE)
    for pattern, ours in _RULES:
        text = re.sub(pattern, ours, text, flags=re.MULTILINE)
    return text
