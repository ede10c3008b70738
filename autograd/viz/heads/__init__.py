"""Attention, a head at a time: what every position reads, and what comes back to it.

    viz.attention(model, x, tokens="hello")

The model is called once, on the record, and its heads are found in the graph: a softmax over the
last axis whose result multiplies values. So it works for any model whose attention is written with
a softmax and a matrix product: layers, functions, or converted models.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograd.viz.heads.figure import Attention

__all__ = ["attention"]


def attention(
    model: Any,
    x: Any,
    tokens: Sequence[str] | None = None,
    *,
    layer: int | str = 0,
    head: int = 0,
    n: int = 0,
    at: Sequence[int] | None = None,
    loss: Callable[[Any], Any] | None = None,
    title: str = "",
    theme: str = "auto",
) -> Attention:
    """One attention head: scores, weights, what each position reads, forward and backward.

    Args:
        model: a module or function whose attention is softmax(scores) · values.
        x: what it is called with: a tensor or an array; indices of characters, too.
        tokens: what the positions are called: a string, or a list of strings. Default: numbers.
        layer: which attention of the model, by number in the order of computation, or the path of
            the module it is in. Default the first.
        head: which of its heads. Default 0.
        n: which sequence of the batch. Default 0.
        at: the pair (query, key) to begin with; default the last position and what it reads most.
        loss: of the model's output, a number to go back from. Default: the sum of the output.
        title: of the picture.
        theme: ``"auto"``, ``"light"`` or ``"dark"``.

    Returns:
        An :class:`~autograd.viz.heads.figure.Attention`: it shows itself in a notebook, ``.save("a.html")``
        writes it, ``.text()`` says it; ``.head`` holds the numbers: ``scores``, ``weights``,
        ``values``, ``output``, and the gradients of each.

    Raises:
        ValueError: if no attention is found, or no such layer, or the tokens do not fit.
        IndexError: if ``head``, ``n`` or ``at`` is out of range.
        RuntimeError: if nothing in the model requires a gradient, so that there is no graph.

    Example:
        >>> import autograd as ag
        >>> from autograd import viz
        >>> x = ag.tensor([[0.0, 1.0], [2.0, 0.0]], requires_grad=True)
        >>> scope = viz.attention(lambda x: ag.softmax(x @ x.T, -1) @ x, x, tokens="ab")
        >>> [[round(weight, 2) for weight in row] for row in scope.head.weights.tolist()]
        [[0.73, 0.27], [0.02, 0.98]]
        >>> print(scope.sentence((1, 1)).split(":")[0])
        Position 1 “b” reads position 1 “b”
    """
    from autograd.viz.heads.figure import Attention
    from autograd.viz.heads.head import find_head

    found = find_head(model, x, layer, head, n, loss)
    return Attention(found, tokens, at, title=title, theme=theme)
