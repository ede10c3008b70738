"""Distributions that a model returns: PyTorch's are taken apart, ours of the same name come out."""

from __future__ import annotations

import dataclasses
from typing import Any

from nn import distributions
from nn.distributions import Distribution

__all__ = ["Spread", "know_distributions", "made", "numbers_of"]

#: What each is made of, by the names of arguments; of several spellings the one that is at hand.
_MADE_OF: dict[str, tuple[tuple[str, ...], ...]] = {
    "Normal": (("loc", "scale"),),
    "Laplace": (("loc", "scale"),),
    "Exponential": (("rate",),),
    "Uniform": (("low", "high"),),
    "Bernoulli": (("logits",), ("probs",)),
    "Categorical": (("logits",), ("probs",)),
    "MultivariateNormal": (("loc", "scale_tril"),),
    "Independent": (("base_distribution", "reinterpreted_batch_ndims"),),
}
_KEPT_AS = {"base_distribution": "base_dist"}


@dataclasses.dataclass
class Spread:
    """A distribution in a converted graph.

    Attributes:
        name: of the class.
        parts: its arguments by name.
    """

    name: str
    parts: dict[str, Any]


def made(spread: Spread) -> Distribution:
    """Our distribution, of tensors."""
    distribution = getattr(distributions, spread.name)(**spread.parts)
    distribution.__dict__["_given"] = tuple(spread.parts)
    return distribution  # type: ignore[no-any-return]


def numbers_of(distribution: Distribution) -> list[Any]:
    """What ours is made of, in the order in which PyTorch's is taken apart."""
    names = vars(distribution).get("_given") or _names(type(distribution).__name__, distribution)
    parts = [_part(distribution, name) for name in names]
    return [p for part in parts
            for p in (numbers_of(part) if isinstance(part, Distribution) else [part])
            if not isinstance(p, int)]  # fmt: skip


def _names(name: str, distribution: Any) -> tuple[str, ...]:
    ways = _MADE_OF.get(name, ((),))
    return next((names for names in ways if names[0] in vars(distribution)), ways[0])


def _part(distribution: Any, name: str) -> Any:
    kept = _KEPT_AS.get(name, name)
    return vars(distribution)[kept] if kept in vars(distribution) else getattr(distribution, name)


def know_distributions(torch: Any) -> None:
    """Tell PyTorch how to take its distributions apart, those that are here, too."""
    from torch.utils import _pytree as pytree

    for name in _MADE_OF:
        kind = getattr(torch.distributions, name)
        if kind in pytree.SUPPORTED_NODES:
            continue

        def together(values: Any, context: Any, kind: Any = kind, name: str = name) -> Any:
            names, numbers = context
            parts = dict(zip(names, values, strict=True)) | dict(numbers)
            if any(
                torch.is_tensor(v) or isinstance(v, torch.distributions.Distribution)
                for v in values
            ):
                return kind(**parts, validate_args=False)
            return Spread(name, parts)

        def apart(d: Any, name: str = name) -> Any:
            parts = {each: _part(d, each) for each in _names(name, d)}
            numbers = [(key, value) for key, value in parts.items() if isinstance(value, int)]
            parts = {key: value for key, value in parts.items() if not isinstance(value, int)}
            return list(parts.values()), (list(parts), numbers)

        pytree.register_pytree_node(
            kind, apart, together, serialized_type_name=f"torch.distributions.{name}"
        )
