"""Misspelt names: which one was meant."""

from __future__ import annotations

import functools
import inspect
import sys
import types
from collections.abc import Callable, Iterable
from typing import TypeVar

__all__ = ["nearest", "no_attribute", "not_functions", "suggesting", "telling"]

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
    "gradient": ("grad", "value_and_grad"),
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
    "axes": ("axis", "dim", "dims"),
    "axis": ("dim", "dims", "axes"),
    "dims": ("axis", "dim", "axes"),
    "dim": ("axis", "axes"),
    "keepdims": ("keepdim",),
    "train": ("training",),
    "trainmode": ("training",),
    "filtersize": ("kernel_size",),
    "poolsize": ("kernel_size",),
    "window": ("kernel_size",),
    "units": ("out_features",),
    "outputdim": ("out_features",),
    "weights": ("weight",),
    "classes": ("num_classes",),
    "dropprob": ("p",),
    "seed": ("generator",),
    "kernel": ("kernel_size",),
    "filters": ("out_channels",),
    "loader": ("DataLoader",),
    "draw": ("graph",),
    "plot": ("graph",),
    "show": ("save", "graph"),
    "display": ("save", "graph"),
    "layers": ("children",),
    "numparams": ("parameters",),
    "trace": ("record",),
    "derivative": ("grad",),
    "len": ("size",),
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


def telling(function: F, home: str) -> F:
    """A public function whose refusals of arguments say which ones it takes, and which was meant.

    Errors of the function's own are let through.

    Args:
        function: what is called.
        home: the package that users write before it, and that they find it in.

    Example:
        >>> import nn.functional as F
        >>> F.softmax([1.0, 2.0], axes=0)
        Traceback (most recent call last):
        TypeError: softmax: there is no argument 'axes'; did you mean 'dim'? It takes nn.functional.softmax(input, dim=None, *, dtype=None)
    """

    @functools.wraps(function)
    def call(*args: object, **kwargs: object) -> object:
        try:
            return function(*args, **kwargs)
        except TypeError:
            told = _misfit(function, home, args, kwargs)
            if not told:
                raise
        raise TypeError(told)

    call.__module__ = home  # where pickle finds it
    return call  # type: ignore[return-value]


def _misfit(
    function: Callable[..., object], home: str, args: tuple[object, ...], kwargs: dict[str, object]
) -> str:
    """What is said where arguments do not fit; nothing where they do."""
    signature = inspect.signature(function)
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        said = str(error)
    else:
        return ""
    name, names = function.__name__, list(signature.parameters)
    bare = [each.replace(annotation=each.empty) for each in signature.parameters.values()]
    shown = signature.replace(parameters=bare, return_annotation=signature.empty)
    takes = f"It takes {home}.{name}{shown}"
    unknown = [each for each in kwargs if each not in names]
    if unknown:
        near = nearest(unknown[0], names) or "."
        return f"{name}: there is no argument {unknown[0]!r}{near} {takes}"
    return f"{name}: {said}. {takes}"


class _Module(types.ModuleType):
    """A module whose name is near that of a function or class: calling it says which."""

    def __call__(self, *args: object, **kwargs: object) -> object:
        home, _, name = self.__name__.rpartition(".")
        package = sys.modules[home]
        others = [each for each in getattr(package, "__all__", dir(package)) if each != name]
        near = _INSTEAD_OF_MODULES.get(self.__name__) or nearest(name, others)
        raise TypeError(f"{self.__name__} is a module, not a function{near}")


_INSTEAD_OF_MODULES = {
    "nn.train": "; model.train() sets the mode, nn.train.fit(model, ...) trains",
    "nn.summary": "; write autograd.viz.summary(model, x)",
    "nn.init": "; write e.g. nn.init.kaiming_normal_(weight)",
    "nn.functional": "; write e.g. nn.functional.relu(x)",
}


def not_functions(package: str) -> None:
    """Have the modules loaded in a package say what was meant by whoever calls them.

    Example:
        >>> import nn
        >>> nn.optim.sgd(nn.Linear(2, 1).parameters(), lr=0.1)
        Traceback (most recent call last):
        TypeError: nn.optim.sgd is a module, not a function; did you mean 'SGD'?
    """
    for each in list(vars(sys.modules[package]).values()):
        if type(each) is types.ModuleType and each.__name__.startswith(f"{package}."):
            each.__class__ = _Module
