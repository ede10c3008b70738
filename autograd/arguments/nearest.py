"""Misspelt names: which one was meant."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import TypeVar

__all__ = ["nearest", "no_attribute", "suggesting"]

F = TypeVar("F", bound=Callable[..., object])


def nearest(name: str, names: Iterable[str]) -> str:
    """``; did you mean 'Linear'?`` for the name most like another one, or nothing.

    Example:
        >>> import autograd as ag
        >>> ag.arguments.nearest("Linaer", ["Linear", "Conv2d"])
        "; did you mean 'Linear'?"
        >>> ag.arguments.nearest("xyz", ["Linear", "Conv2d"])
        ''
    """
    import difflib  # only who has made a mistake pays for it

    public = [each for each in names if not each.startswith("_")]
    bare = _bare(name)
    same = [each for each in public if _bare(each) == bare]
    meant = [each for each in _MEANT.get(bare, ()) if each in public]
    close = difflib.get_close_matches(name, public, n=1, cutoff=0.7)
    longer = [each for each in public if len(bare) > 2 and _bare(each).startswith(bare)]
    found = same or meant or close or sorted(longer, key=len)
    return f"; did you mean {found[0]!r}?" if found else ""


#: What other libraries, and beginners, call things here, without case and underscores.
_MEANT = {
    "learningrate": ("lr",),
    "rate": ("lr",),
    "eta": ("lr",),
    "dense": ("Linear",),
    "fullyconnected": ("Linear",),
    "fc": ("Linear",),
    "conv": ("Conv2d", "conv2d", "convolve"),
    "convolution2d": ("Conv2d",),
    "maxpool": ("MaxPool2d", "max_pool2d"),
    "avgpool": ("AvgPool2d", "avg_pool2d"),
    "batchnorm": ("BatchNorm2d", "batch_norm"),
    "bce": ("BCELoss", "binary_cross_entropy"),
    "bceloss": ("binary_cross_entropy",),
    "evaluate": ("eval",),
    "test": ("eval",),
    "gradient": ("grad",),
    "gradients": ("grad",),
    "grads": ("grad",),
    "back": ("backward",),
    "backprop": ("backward",),
    "retain": ("retain_graph",),
    "keepgraph": ("retain_graph",),
    "retaingrad": ("retain_graph",),
    "zero": ("zero_", "zero_grad"),
    "items": ("item",),
    "params": ("parameters",),
    "requiresgradient": ("requires_grad",),
    "trainable": ("requires_grad",),
    "axes": ("axis", "dim"),
    "kernel": ("kernel_size",),
    "filters": ("out_channels",),
    "inputdim": ("in_features",),
    "in": ("in_features", "in_channels"),
    "out": ("out_features", "out_channels"),
    "xavier": ("xavier_uniform_",),
    "glorot": ("xavier_uniform_",),
    "kaiming": ("kaiming_uniform_",),
    "he": ("kaiming_uniform_",),
}


def _bare(name: str) -> str:
    return name.replace("_", "").lower()


def no_attribute(self: object, name: str) -> AttributeError:
    """What to raise in ``__getattr__``, which is reached only for attributes that do not exist.

    Example:
        >>> from autograd.arguments import no_attribute
        >>> no_attribute([], "apend")
        AttributeError("'list' object has no attribute 'apend'; did you mean 'append'?")
    """
    if not name.startswith("_") and inspect.getattr_static(type(self), name, None) is not None:
        try:  # a property that raised: let it say so itself
            object.__getattribute__(self, name)
        except AttributeError as error:
            return error
    hint = "" if name.startswith("_") else nearest(name, dir(self))
    who = type(self).__name__
    return AttributeError(f"{who!r} object has no attribute {name!r}{hint}", name=name, obj=self)


def suggesting(function: F) -> F:
    """A function that answers a keyword that it does not have with the one meant.

    Example:
        >>> import autograd as ag
        >>> @ag.arguments.suggesting
        ... def draw(x, *, collapse=None): ...
        >>> draw(1, kolapse=True)
        Traceback (most recent call last):
        TypeError: draw: there is no argument 'kolapse'; did you mean 'collapse'? It takes x, collapse
    """
    names = [name for name in inspect.signature(function).parameters if name != "self"]
    who = function.__qualname__.removesuffix(".__init__")

    @functools.wraps(function)
    def call(*args: object, **kwargs: object) -> object:
        try:
            return function(*args, **kwargs)
        except TypeError as error:
            unknown = [name for name in kwargs if name not in names]
            if not unknown or "unexpected keyword" not in str(error):
                raise
        raise TypeError(
            f"{who}: there is no argument {unknown[0]!r}{nearest(unknown[0], names) or '.'} "
            f"It takes {', '.join(names)}".replace("' It", "'; it")
        )

    return call  # type: ignore[return-value]
