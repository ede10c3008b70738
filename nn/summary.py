"""A module on one line: its class and the settings that tell most."""

from __future__ import annotations

from typing import Any

__all__ = ["module_summary"]

_LONGEST = 40


def module_summary(module: Any) -> str:
    """The class and its most telling settings, such as ``Conv2d(16 → 32, 3×3, stride 2)``.

    Args:
        module: of any class; of those that are not known here, what `repr` shows first.

    Example:
        >>> import nn
        >>> nn.module_summary(nn.Conv2d(16, 32, 3, stride=2)), nn.module_summary(nn.ReLU())
        ('Conv2d(16 → 32, 3×3, stride 2)', 'ReLU')
    """
    name = type(module).__name__
    parts = _sizes(module) + _window(module)
    p = _asked(module, "p", None)
    if isinstance(p, float):
        parts.append(f"p={p:g}")
    if not parts and not any(True for _ in module.children()):
        first = module.extra_repr().split("\n")[0]
        parts = [first if len(first) <= _LONGEST else first[: _LONGEST - 1] + "…"] if first else []
    return f"{name}({', '.join(parts)})" if parts else name


def _asked(module: Any, name: str, default: Any) -> Any:
    """An attribute if there is one; a module's own look-up would go and find similar names."""
    if name not in vars(module):
        shared = getattr(type(module), name, default)
        return getattr(module, name) if isinstance(shared, property) else shared
    return vars(module)[name]


def _sizes(module: Any) -> list[str]:
    """What goes in and what comes out."""
    for before, after in (("in_channels", "out_channels"), ("in_features", "out_features"),
                          ("num_embeddings", "embedding_dim")):  # fmt: skip
        sizes = _asked(module, before, None), _asked(module, after, None)
        if all(isinstance(size, int) for size in sizes):
            return [f"{sizes[0]} → {sizes[1]}"]
    for one in ("num_features", "num_channels", "normalized_shape", "output_size"):
        size = _asked(module, one, None)
        if isinstance(size, (int, tuple)):
            return [_times(size)]
    return []


def _window(module: Any) -> list[str]:
    kernel = _asked(module, "kernel_size", None)
    if kernel is None:
        return []
    parts = [_times(kernel)]
    usual = (
        1 if _asked(module, "in_channels", None) is not None else kernel
    )  # poolings step by their own size
    stride = _asked(module, "stride", usual)
    if not _alike(stride, usual):
        parts.append(f"stride {_one(stride)}")
    for name in ("dilation", "groups"):
        value = _asked(module, name, 1)
        if not _alike(value, 1):
            parts.append(f"{name} {_one(value)}")
    return parts


def _times(size: Any) -> str:
    return "×".join(map(str, size)) if isinstance(size, tuple) else str(size)


def _one(value: Any) -> str:
    """(2, 2) as 2."""
    same = isinstance(value, tuple) and len(set(value)) == 1
    return str(value[0]) if same else _times(value)


def _alike(value: Any, usual: Any) -> bool:
    def spread(x: Any, n: int) -> tuple[Any, ...]:
        return x if isinstance(x, tuple) else (x,) * n

    n = max(len(x) if isinstance(x, tuple) else 1 for x in (value, usual))
    return spread(value, n) == spread(usual, n)
