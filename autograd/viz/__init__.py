"""Pictures of computations: graphs, the backward pass step by step, tensors.

    viz.graph(loss)            the computation graph of a tensor
    viz.step(loss)             its backward pass, step by step, as an interactive page
    viz.scalars(f, *inputs)    the same for a function taken apart into single numbers
    viz.explain(loss, w, at)   where one number of a gradient came from (``autograd.debug.explain``)
    viz.summary(model, shape)  a model as a table, layer by layer
    viz.attention(model, x)    an attention head: what every position reads, and what comes back
    viz.tensor_html(t)         how a tensor shows itself in a notebook

and the convolution microscope (``autograd.viz.microscope``): ``viz.conv``, ``viz.pool``,
``viz.output_size``, ``viz.receptive_field``, ``viz.shift_test``, ``viz.feature_maps`` and
``viz.kernels``.

Everything is drawn by our own code; the program ``dot`` places graphs when it is there, and PNG and
PDF files use cairosvg when it is there. The same program gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from autograd.arguments import integer, nearest, suggesting

if TYPE_CHECKING:
    from autograd.core.tensor import Tensor
    from autograd.debug.explain import explain
    from autograd.viz.heads import attention
    from autograd.viz.microscope import (
        conv,
        feature_maps,
        kernels,
        output_size,
        pool,
        receptive_field,
        shift_test,
    )
    from autograd.viz.model_summary import summary
    from autograd.viz.pages.graph import Graph
    from autograd.viz.pages.steps import Steps

_MICROSCOPE = (
    "conv",
    "feature_maps",
    "kernels",
    "output_size",
    "pool",
    "receptive_field",
    "shift_test",
)

__all__ = [
    "attention",
    "explain",
    "graph",
    "scalars",
    "step",
    "summary",
    "tensor_html",
    *_MICROSCOPE,
]


def __dir__() -> list[str]:
    return [*__all__, "microscope"]


def __getattr__(name: str) -> Any:
    if name == "explain":
        from autograd.debug import explain

        globals()["explain"] = explain
        return explain
    if name == "attention":
        from autograd.viz.heads import attention

        globals()["attention"] = attention
        return attention
    if name == "summary":
        from autograd.viz.model_summary import summary

        globals()["summary"] = summary
        return summary
    if name not in _MICROSCOPE:
        hint = nearest(name, __all__)
        raise AttributeError(f"module 'autograd.viz' has no attribute {name!r}{hint}")
    from autograd.viz import microscope

    globals().update({each: getattr(microscope, each) for each in _MICROSCOPE})
    return globals()[name]


@suggesting
def graph(
    t: Tensor,
    *,
    show: str | None = None,
    collapse: bool | int | str | Iterable[str] | None = None,
    expand: str | Iterable[str] = (),
    detail: str | None = None,
    fold: bool | None = None,
    values: bool = True,
    direction: str | None = None,
    engine: str | None = None,
    theme: str = "auto",
    title: str = "",
    gradient: Any = None,
    most: int | None = 3000,
) -> Graph:
    """Draw the computation graph of a tensor.

    Leaves without a name of their own are called by the caller's variables. Parameters are
    hexagons, inputs parallelograms, constants dashed, the result has a double border; modules are
    boxes.

    Args:
        t: the tensor to look back from.
        show: ``"time"`` colours nodes by the measured time of their backward rules, ``"memory"`` by
            what they keep for backward, ``"gradient"`` by the norm of the gradient that reaches
            them. Time and gradient take a backward pass that leaves every ``.grad`` as it is.
        collapse: modules drawn as one node: a path or several, a depth (modules nested deeper are
            collapsed), True for all, False for none; None collapses only in graphs too big to read.
        expand: a module path or several that stay open whatever else is said.
        detail: ``"modules"`` draws every layer (a module without modules inside) as one node,
            ``"operations"`` everything that they do; None chooses by the size of the graph, and
            says what it chose.
        fold: whether repeated blocks are drawn once, with ×N; None does so in big graphs only.
        values: whether numbers are written into the nodes.
        direction: ``"right"`` or ``"down"``; None chooses by length.
        engine: ``"dot"`` or ``"builtin"`` to place the nodes; None takes dot when it is installed.
        theme: ``"auto"``, ``"light"`` or ``"dark"``.
        title: the picture's title.
        gradient: the gradient to begin with, for ``show`` on a tensor of several elements.
        most: of a graph with more nodes than this, those made last are looked at, and one more
            stands for the others and says what they are; None for all, however long that takes.

    Raises:
        TypeError: if ``t`` is not a tensor.
        ValueError: for an unknown option or module.
        RuntimeError: if a backward pass is needed and the graph was already used up.

    Example:
        >>> import autograd as ag
        >>> from autograd import viz
        >>> a = ag.tensor(2.0, requires_grad=True)
        >>> print(viz.graph(a * a).text().splitlines()[1])
          #1 a, input, scalar float32, value 2, no gradient yet
    """
    from autograd.viz.pages.graph import Graph, Options, as_tuple

    options = Options(
        show=show,
        collapse=as_tuple(collapse),
        expand=(expand,) if isinstance(expand, str) else tuple(expand),
        detail=detail,
        fold=fold,
        values=values,
        direction=direction,
        engine=engine,
        theme=theme,
    )
    capture = _capture(t, title, most)
    if show in ("time", "gradient"):
        capture.take_steps(gradient, timed=show == "time")
    trace = capture.trace
    return Graph(trace, options)


@suggesting
def step(
    loss: Tensor,
    gradient: Any = None,
    *,
    title: str = "",
    theme: str = "auto",
    most: int | None = 3000,
) -> Steps:
    """The backward pass of a tensor, step by step, as a page for a notebook or on its own.

    The pass is taken now and dry: every ``.grad`` stays as it is and the graph can still be used.

    Args:
        loss: the tensor to go back from.
        gradient: the gradient to begin with; needed unless ``loss`` has one element.
        title: the page's title.
        theme: ``"auto"`` (the host's, else the reader's), ``"light"`` or ``"dark"``.
        most: as for :func:`graph`; only the steps of the nodes looked at are taken.

    Returns:
        A :class:`~autograd.viz.pages.steps.Steps`: it shows itself in a notebook; ``.save("lesson.html")``
        stands alone, ``.frames(folder)`` writes a picture a step, ``.animate()`` makes a moving
        SVG.

    Raises:
        TypeError: if ``loss`` is not a tensor.
        RuntimeError: if it has several elements and no gradient is given, has no history, or its
            graph was used up by ``backward()``.

    Example:
        >>> import autograd as ag
        >>> from autograd import viz
        >>> a = ag.tensor(3.0, requires_grad=True)
        >>> print(viz.step(a * a).sentences()[0])
        step 1 of 1: multiply (node 2) sends 3 to a; sends 3 to a; 3 + 3 = 6
    """
    from autograd.viz.pages.steps import Steps

    return Steps(_capture(loss, title, most).take_steps(gradient), theme=theme)


@suggesting
def scalars(f: Callable[..., Any], *inputs: Any, title: str = "", theme: str = "auto") -> Steps:
    """The graph and backward pass of a function at the level of single numbers.

    Every element of the inputs becomes a number of its own, named like ``x[0, 1]``; ``f`` computes
    with arrays of them, so every multiplication and addition inside, say, a convolution is a node.
    What does not work with such arrays is called with tensors and then taken apart.

    Args:
        f: a function of arrays or tensors, or a module, whose parameters become numbers as well.
        inputs: its arguments; small arrays, nested lists or tensors.
        title, theme: as for :func:`step`.

    Returns:
        The same as :func:`step`, for the sum of all elements of ``f``'s result.

    Raises:
        TypeError: if ``f`` does not return numbers made from its inputs.
        ValueError: if the inputs and parameters have more than 400 elements together.

    Example:
        >>> from autograd import viz
        >>> pass_ = viz.scalars(lambda x, w: (x * w).sum(), [1.0, 2.0], [3.0, 4.0])
        >>> len(pass_.trace.steps)
        3
    """
    from autograd.viz.pages.steps import Steps
    from autograd.viz.tracing.capture import Capture
    from autograd.viz.tracing.selection import MOST
    from autograd.viz.tracing.single_numbers import single_numbers

    total, _alive = single_numbers(f, inputs)
    return Steps(Capture(total, title=title, most=MOST).take_steps(), theme=theme)


def tensor_html(t: Tensor) -> str:
    """A tensor as HTML: a table when it is small, else a heat map with statistics."""
    from autograd.viz.tensor_display import tensor_html

    return tensor_html(t)


def _capture(t: Any, title: str, most: int | None) -> Any:
    if most is not None:
        most = integer("viz", "most", most)
    from autograd.debug.names import Names, user_scopes
    from autograd.viz.tracing.capture import Capture

    return Capture(t, Names(user_scopes()), title=title, most=most)
