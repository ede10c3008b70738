"""Functions in, gradients of functions out. All of them nest, to any order.

Arguments may be tensors, arrays, Python floats, or tuples, lists and dicts of these. Results are
recorded (and so can be differentiated further) when an argument, or a tensor that the function
uses from outside, requires a gradient.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.arguments.containers import function as checked_function
from autograd.arguments.dtypes import as_array
from autograd.arguments.limits import check_bytes
from autograd.arguments.numbers import shown
from autograd.core.modes import enable_grad, is_grad_enabled
from autograd.core.node import Leaf
from autograd.core.tensor import Tensor
from autograd.engine import grad as engine_grad
from autograd.func.trees import Form, flatten, form_of, leaves_like, map_leaves
from autograd.ops.elementwise import alias
from autograd.ops.shapes import reshape, stack

__all__ = ["grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp"]


# Inputs and outputs -------------------------------------------------------------------------------


def _variable(who: str, value: Any, where: str) -> Tensor:
    """The value as a fresh place in the graph, so that gradients stop exactly there."""
    if isinstance(value, Tensor):
        if value.requires_grad:
            return alias(value)  # type: ignore[no-any-return]
        fresh = value.detach()
    elif isinstance(value, (float, np.ndarray, np.generic)):
        fresh = Tensor(value)
    else:
        raise TypeError(
            f"{who}: {where} is {type(value).__name__}; gradients exist by float tensors, arrays "
            "and numbers (write 2.0 for 2), and by tuples, lists and dicts of them"
        )
    if fresh.dtype.kind != "f":
        raise TypeError(f"{who}: {where} is {fresh.dtype}, which carries no gradient; use floats")
    return fresh.requires_grad_()


def _variables(who: str, value: Any, where: str) -> tuple[list[Tensor], Any, Callable[..., Any]]:
    """An argument's leaves as variables, the argument made of them, and how to rebuild it."""
    leaves, rebuild = flatten(value)
    fresh = [_variable(who, leaf, where) for leaf in leaves]
    return fresh, rebuild(fresh), rebuild


def _tensors(who: str, result: Any) -> tuple[list[Tensor], Callable[..., Any]]:
    outputs, rebuild = flatten(result)
    for out in outputs:
        if not isinstance(out, Tensor):
            raise TypeError(
                f"{who}: the function returned {type(out).__name__}; it must return a tensor, or "
                "a tuple, list or dict of tensors"
            )
    return outputs, rebuild


def _positions(who: str, argnums: int | Sequence[int], count: int) -> list[int]:
    given = [argnums] if isinstance(argnums, int) else list(argnums)
    if not given:
        raise ValueError(f"{who}: argnums is empty; name at least one argument")
    for k in given:
        if not isinstance(k, int) or isinstance(k, bool):
            raise TypeError(
                f"{who}: argnums must be an integer or a tuple of them, got {shown(argnums)}"
            )
        if not -count <= k < count:
            raise ValueError(
                f"{who}: argnums={argnums!r}, but the function was called with {count} arguments"
            )
    found = [k % count for k in given]
    if len(set(found)) != len(found):
        raise ValueError(f"{who}: argnums={argnums!r} names an argument twice")
    return found


def _recorded(outputs: Sequence[Tensor], own: Sequence[Tensor], before: bool) -> bool:
    """Must gradients be recorded? If anything but our own variables leads to the outputs."""
    if not before:
        return False
    mine = {t._node for t in own}
    seen = {t._node for t in outputs if t._node is not None}
    pending = list(seen)
    while pending:
        node = pending.pop()
        if node in mine:
            if node.parents:  # an alias: the caller's tensor requires a gradient itself
                return True
            continue
        if type(node) is Leaf:
            return True
        for parent in node.parents:
            if parent is not None and parent not in seen:
                seen.add(parent)
                pending.append(parent)
    return False


def _pull(
    outputs: Sequence[Tensor],
    variables: Sequence[Tensor],
    cotangents: Sequence[Any],
    create_graph: bool,
    retain_graph: bool = False,
) -> list[Tensor]:
    """Gradients of all outputs with given cotangents; zeros where nothing leads."""
    both = zip(outputs, cotangents, strict=True)
    pairs = [(o, c) for o, c in both if c is not None and o.requires_grad]
    found: Sequence[Tensor | None] = [None] * len(variables)
    if pairs:
        found = engine_grad(
            [o for o, _ in pairs], list(variables), [c for _, c in pairs],
            retain_graph=retain_graph or create_graph, create_graph=create_graph,
            allow_unused=True,
        )  # fmt: skip
    return [
        Tensor(np.zeros(v.shape, v.dtype)) if g is None else g
        for v, g in zip(variables, found, strict=True)
    ]


def _detached(value: Any) -> Any:
    return value.detach() if isinstance(value, Tensor) else value


# First order --------------------------------------------------------------------------------------


def value_and_grad(
    function: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """The function that returns a value and its gradient.

    Args:
        function: returns a tensor of one element; with ``has_aux`` a pair of that and anything.
        argnums: which positional argument to differentiate by, or several.
        has_aux: the function returns ``(value, aux)``.

    Returns:
        A function of the same arguments that returns ``(value, gradient)``, or
        ``((value, aux), gradient)``. The gradient has its argument's structure; for several
        ``argnums`` it is a tuple of such.

    Raises:
        ValueError: if the function's result has more than one element.
        TypeError: for arguments that carry no gradient, such as integers.

    Example:
        >>> import autograd as ag
        >>> value, gradient = ag.func.value_and_grad(lambda x: x * x)(3.0)
        >>> value.item(), gradient.item()
        (9.0, 6.0)
    """
    if not callable(function):
        raise TypeError(f"value_and_grad: expected a function, got {type(function).__name__}")

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        who = "func.grad"
        positions = _positions(who, argnums, len(args))
        before = is_grad_enabled()
        with enable_grad():
            given = list(args)
            variables: list[Tensor] = []
            parts = []
            for k in positions:
                fresh, given[k], rebuild = _variables(who, args[k], f"argument {k}")
                parts.append((len(variables), len(variables) + len(fresh), rebuild))
                variables += fresh
            result = function(*given, **kwargs)
            value, aux = _with_aux(who, result) if has_aux else (result, None)
            if not isinstance(value, Tensor) or value.size != 1:
                came = f"shape {value.shape}" if isinstance(value, Tensor) else type(value).__name__
                raise ValueError(
                    f"{who}: the function must return a tensor of one element, got {came}; "
                    "func.jacobian and func.vjp take functions with larger results"
                )
            create_graph = _recorded([value], variables, before)
            seed = Tensor(np.ones(value.shape, value.dtype))
            gradients = _pull([value], variables, [seed], create_graph)
        if not create_graph:
            value, aux = value.detach(), map_leaves(_detached, aux)
        found = [rebuild(gradients[start:end]) for start, end, rebuild in parts]
        gradient = found[0] if isinstance(argnums, int) else tuple(found)
        return ((value, aux) if has_aux else value), gradient

    return wrapper


def _with_aux(who: str, result: Any) -> tuple[Any, Any]:
    if not isinstance(result, tuple) or len(result) != 2:
        raise TypeError(f"{who}: with has_aux the function must return a pair (value, aux)")
    return result


def grad(
    function: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """The gradient of a function, as a function.

    Args:
        function, argnums, has_aux: see ``value_and_grad``.

    Returns:
        A function of the same arguments that returns the gradient, or ``(gradient, aux)``.

    Raises:
        ValueError, TypeError: see ``value_and_grad``.

    Example:
        >>> import autograd as ag
        >>> cube = lambda x: x ** 3
        >>> ag.func.grad(cube)(2.0).item(), ag.func.grad(ag.func.grad(cube))(2.0).item()
        (12.0, 12.0)
    """
    if not callable(function):
        raise TypeError(
            f"func.grad: expected a function, got {type(function).__name__}; for tensors there is "
            "autograd.grad(outputs, inputs)"
        )
    both = value_and_grad(function, argnums, has_aux)

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        value, gradient = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return wrapper


def vjp(function: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., tuple[Any, ...]]]:
    """The value of a function, and the function that pulls a gradient back through it.

    Args:
        function: returns a tensor, or a tuple, list or dict of tensors.
        primals: its arguments.

    Returns:
        ``(value, pullback)``. ``pullback(cotangent)`` takes a gradient of the value's structure
        (None for outputs that don't count) and returns a tuple with one gradient per argument.
        It may be called again.

    Example:
        >>> import autograd as ag
        >>> value, pullback = ag.func.vjp(lambda x, y: x * y, 2.0, 3.0)
        >>> [g.item() for g in pullback(10.0)]
        [30.0, 20.0]
    """
    checked_function("func.vjp", "function", function)
    before = is_grad_enabled()
    with enable_grad():
        variables, arguments, parts = _all_variables("func.vjp", primals)
        result = function(*arguments)
        outputs, rebuild_value = _tensors("func.vjp", result)
    outside, form = _recorded(outputs, variables, before), form_of(result)

    def pullback(cotangent: Any) -> tuple[Any, ...]:
        given = _cotangents("func.vjp", "cotangent", cotangent, outputs, form)
        record = is_grad_enabled() and (
            outside or any(c.requires_grad for c in given if c is not None)
        )
        found = _pull(outputs, variables, given, record, retain_graph=True)
        return tuple(rebuild(found[start:end]) for start, end, rebuild in parts)

    value = rebuild_value([o if outside else o.detach() for o in outputs])
    return value, pullback


def jvp(
    function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]
) -> tuple[Any, Any]:
    """The value of a function, and its change along a direction.

    Computed as the gradient of the pulled-back gradient by what is pulled back: that is linear
    in the incoming gradient, and its transpose is the Jacobian again.

    Args:
        function: returns a tensor, or a tuple, list or dict of tensors.
        primals: tuple of its arguments.
        tangents: tuple of directions, shaped like ``primals``.

    Returns:
        ``(value, change)``, both of the function's structure.

    Raises:
        ValueError: if tangents and primals do not match in number or shape.

    Example:
        >>> import autograd as ag
        >>> value, change = ag.func.jvp(lambda x: x * x, (3.0,), (2.0,))
        >>> value.item(), change.item()
        (9.0, 12.0)
    """
    for name, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, (tuple, list)):
            raise TypeError(
                f"func.jvp: {name} must be a tuple with one entry per argument, "
                f"got {type(given).__name__}"
            )
    if len(primals) != len(tangents):
        raise ValueError(f"func.jvp: {len(primals)} primals, but {len(tangents)} tangents")
    before = is_grad_enabled()
    with enable_grad():
        variables, arguments, _ = _all_variables("func.jvp", primals)
        outputs, rebuild = _tensors("func.jvp", function(*arguments))
        directions = _cotangents(
            "func.jvp", "tangents", tuple(tangents), variables, form_of(tuple(arguments))
        )
        outside = _recorded(outputs, variables, before)
        # What is whole, such as an index, does not change along any direction.
        dummies = [
            Tensor(np.zeros(o.shape, o.dtype), requires_grad=o.dtype.kind == "f") for o in outputs
        ]
        pulled = _pull(outputs, variables, dummies, create_graph=True)
        record = outside or (before and any(d.requires_grad for d in directions))
        floats = iter(_pull(pulled, [d for d in dummies if d.requires_grad], directions, record))
        changes = [next(floats) if d.requires_grad else d for d in dummies]
    return rebuild([o if outside else o.detach() for o in outputs]), rebuild(changes)


def _all_variables(
    who: str, primals: Sequence[Any]
) -> tuple[list[Tensor], list[Any], list[tuple[int, int, Callable[..., Any]]]]:
    variables: list[Tensor] = []
    arguments, parts = [], []
    for k, primal in enumerate(primals):
        fresh, argument, rebuild = _variables(who, primal, f"argument {k}")
        parts.append((len(variables), len(variables) + len(fresh), rebuild))
        variables += fresh
        arguments.append(argument)
    return variables, arguments, parts


def _cotangents(who: str, name: str, tree: Any, like: Sequence[Tensor], form: Form) -> list[Any]:
    """Of a tree with the structure ``form``, the leaves, as tensors shaped like those of ``like``."""
    leaves = leaves_like(form, tree)
    if leaves is None:
        count = len(flatten(tree)[0])
        if count != len(like):
            raise ValueError(f"{who}: {name} has {count} entries; {len(like)} are needed")
        raise ValueError(
            f"{who}: the structure of {name} is not that of the "
            f"{'primals' if name == 'tangents' else 'value'}: tuples, lists and keys must be the same"
        )
    result: list[Tensor | None] = []
    for k, (leaf, t) in enumerate(zip(leaves, like, strict=True)):
        if leaf is None and name == "cotangent":
            result.append(None)
            continue
        value = leaf
        if not isinstance(leaf, Tensor):
            value = Tensor(as_array(f"{who}: entry {k} of {name}", leaf, t.dtype))
        if value.shape != t.shape:
            raise ValueError(
                f"{who}: entry {k} of {name} has shape {value.shape}; it must be {t.shape}"
            )
        result.append(value)
    return result


# Jacobians and Hessians ---------------------------------------------------------------------------


def jacobian(function: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """The Jacobian of a function, as a function: one backward pass for each element of its value.

    Args:
        function: returns a tensor, or a tuple, list or dict of tensors.
        argnums: which positional argument to differentiate by, or several.

    Returns:
        A function of the same arguments. For a tensor by a tensor its result has the shape of
        the value followed by that of the argument; otherwise the value's structure holds the
        arguments' structure (a tuple for several ``argnums``) holds such tensors.

    Raises:
        ValueError: if the result does not fit this machine's memory, before it is begun.

    Example:
        >>> import autograd as ag
        >>> ag.func.jacobian(lambda x: x * x)(ag.tensor([1.0, 2.0])).tolist()
        [[2.0, 0.0], [0.0, 4.0]]
    """
    if not callable(function):
        raise TypeError(f"func.jacobian: expected a function, got {type(function).__name__}")

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        who = "func.jacobian"
        positions = _positions(who, argnums, len(args))
        before = is_grad_enabled()
        with enable_grad():
            chosen = [args[k] for k in positions]
            variables, fresh, parts = _all_variables(who, chosen)
            given = list(args)
            for k, argument in zip(positions, fresh, strict=True):
                given[k] = argument
            outputs, rebuild_value = _tensors(who, function(*given, **kwargs))
            record = _recorded(outputs, variables, before)
            blocks = []
            for out in outputs:
                found = _rows(out, variables, record)
                by_argument = [rebuild(found[start:end]) for start, end, rebuild in parts]
                blocks.append(by_argument[0] if isinstance(argnums, int) else tuple(by_argument))
        return rebuild_value(blocks)

    return wrapper


def _rows(out: Tensor, variables: Sequence[Tensor], record: bool) -> list[Tensor]:
    """d out / d variable for each variable: shape of out, then shape of the variable."""
    if out.dtype.kind != "f":
        raise TypeError(f"func.jacobian: the function returned {out.dtype}; it has no gradient")
    for v in variables:
        check_bytes("func.jacobian", out.shape + v.shape, v.dtype)
    rows: list[list[Tensor]] = []
    for index in np.ndindex(out.shape):
        one = np.zeros(out.shape, out.dtype)
        one[index] = 1
        rows.append(_pull([out], variables, [Tensor(one)], record, retain_graph=True))
    result = []
    for k, v in enumerate(variables):
        shape = out.shape + v.shape
        if not rows:
            result.append(Tensor(np.zeros(shape, v.dtype)))
        elif record:
            result.append(reshape(stack([row[k] for row in rows]), shape=shape))
        else:
            result.append(Tensor(np.stack([row[k].data for row in rows]).reshape(shape)))
    return result


def hessian(function: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """The second derivatives of a function of one value, as a function.

    Args:
        function: returns a tensor of one element.
        argnums: which positional argument to differentiate by, or several.

    Returns:
        A function of the same arguments: for one tensor argument, a tensor with its shape twice;
        otherwise nested like ``jacobian(grad(function))``.

    Example:
        >>> import autograd as ag
        >>> ag.func.hessian(lambda x: x[0] * x[0] * x[1])(ag.tensor([1.0, 3.0])).tolist()
        [[6.0, 2.0], [2.0, 0.0]]
    """
    return jacobian(grad(function, argnums), argnums)


def hvp(
    function: Callable[..., Any], primals: Sequence[Any], vectors: Sequence[Any]
) -> tuple[Any, Any]:
    """The value of a function, and its Hessian times a vector, without making the Hessian.

    Args:
        function: returns a tensor of one element.
        primals: tuple of its arguments.
        vectors: tuple shaped like ``primals``.

    Returns:
        ``(value, product)``; the product is a tuple with one entry per argument.

    Example:
        >>> import autograd as ag
        >>> value, product = ag.func.hvp(lambda x: x ** 3, (2.0,), (10.0,))
        >>> value.item(), product[0].item()
        (8.0, 120.0)
    """
    if not isinstance(primals, (tuple, list)):
        raise TypeError(
            f"func.hvp: primals must be a tuple with one entry per argument, "
            f"got {type(primals).__name__}"
        )
    both = value_and_grad(function, argnums=tuple(range(len(primals))))
    (value, _), pullback = vjp(both, *primals)
    # The Hessian is symmetric: what is pulled back through the gradient is the product.
    return value, pullback((None, tuple(vectors)))
