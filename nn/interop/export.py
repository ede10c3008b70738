"""Asking PyTorch for a model's graph. Everything that PyTorch itself does to it happens here."""

from __future__ import annotations

import contextlib
import io
import logging
import re
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

__all__ = ["Exported", "decomposed", "exported", "load_torch"]

#: The oldest version whose exported graphs look as they are read here.
LEAST = (2, 6)


def load_torch(who: str) -> Any:
    """PyTorch, imported when it is first needed.

    Raises:
        ImportError: if it is missing; RuntimeError: if it is too old. Both say what to install.
    """
    try:
        import torch
    except ImportError as error:
        raise ImportError(
            f'{who} needs PyTorch: pip install "glassgrad[torch]" (or PyTorch by itself)'
        ) from error
    version = tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2])
    if version < LEAST:
        raise RuntimeError(
            f"{who} needs PyTorch {LEAST[0]}.{LEAST[1]} or later, whose torch.export gives the "
            f"graph that is read here; this is {torch.__version__}"
        )
    return torch


class CustomGradient(RuntimeError):
    """A ``torch.autograd.Function`` was called: its backward is no part of an exported graph."""


class Exported(NamedTuple):
    """A graph, and how it came about.

    Attributes:
        program: PyTorch's ``ExportedProgram``.
        dynamic: whether the first axis of the inputs is symbolic.
        note: why not, where it was wished for.
    """

    program: Any
    dynamic: bool
    note: str


@contextlib.contextmanager
def _quietly(torch: Any) -> Iterator[None]:
    """No words of PyTorch about itself; attention in its plain form; gradients on."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    custom = torch.autograd.Function.__dict__["apply"]
    torch.autograd.Function.apply = classmethod(_refuse_custom)
    transformer = torch.nn.modules.transformer
    looks = getattr(transformer, "_detect_is_causal_mask", None)
    if looks is not None:
        # It looks at the numbers of a mask, which an export has none of, only to save work.
        transformer._detect_is_causal_mask = _told_causal
    silent = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # what fails is told by the exception
    checks = torch.distributions.Distribution._validate_args  # they look at numbers as well
    torch.distributions.Distribution.set_default_validate_args(False)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            torch.enable_grad(),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        torch.autograd.Function.apply = custom
        torch.distributions.Distribution.set_default_validate_args(checks)
        if looks is not None:
            transformer._detect_is_causal_mask = looks
        logging.disable(silent)


def _refuse_custom(function: Any, *args: Any, **kwargs: Any) -> Any:
    raise CustomGradient(
        f"it calls {function.__module__}.{function.__qualname__}, a torch.autograd.Function, whose "
        "own backward an exported graph does not contain. Write it in operations with the same "
        "gradient: for a straight-through estimator, x + (f(x) - x).detach()"
    )


def _told_causal(mask: Any, is_causal: bool | None = None, size: int | None = None) -> bool:
    return bool(is_causal)


def exported(
    torch: Any, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any], dynamic: bool
) -> Exported:
    """A model's graph, with a symbolic first axis of its inputs if that can be had.

    Raises:
        RuntimeError: if PyTorch cannot export the model, with its own words.
    """
    note = ""
    if dynamic:
        try:
            return _dynamic(torch, module, args, kwargs)
        except _NotDynamic as error:
            note = str(error)
        except CustomGradient as error:
            raise _refusal(module, error) from error
        except Exception as error:  # whatever the exporter raises: a static graph may still do
            note = f"export with a symbolic batch failed: {_first_line(error)}"
    try:
        with _quietly(torch):
            return Exported(_export(torch, module, args, kwargs, None), False, note)
    except Exception as error:
        raise _refusal(module, error) from error


class _NotDynamic(Exception):
    pass


def _refusal(module: Any, error: Exception) -> RuntimeError:
    return RuntimeError(
        f"from_torch: torch.export cannot export {type(module).__name__}: {_told(error)}"
    )


_CALL = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)')


def _told(error: Exception) -> str:
    """What the exporter says, without its advice on how to search on, and the line it says it of."""
    calls = _CALL.findall(str(error))
    where = f" (at {calls[-1][0]}, line {calls[-1][1]})" if calls else ""
    return _first_line(error) + where


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)


def _export(
    torch: Any, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any], shapes: Any
) -> Any:
    return torch.export.export(module, args, kwargs, dynamic_shapes=shapes, strict=False)


def _dynamic(torch: Any, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Exported:
    from torch.utils import _pytree as pytree

    tensors = [leaf for leaf in pytree.tree_leaves((args, kwargs)) if torch.is_tensor(leaf)]
    first = next((t for t in tensors if t.ndim), None)
    if first is None:
        raise _NotDynamic("no input has a first axis")
    batch = first.shape[0]

    def follows(leaf: Any) -> bool:
        return torch.is_tensor(leaf) and leaf.ndim > 0 and leaf.shape[0] == batch

    def shape_of(leaf: Any) -> Any:
        if not torch.is_tensor(leaf):
            return None
        return {0: torch.export.Dim.AUTO} if follows(leaf) else {}

    def twice(leaf: Any) -> Any:
        # A batch of one would be taken for a fixed size, so the graph is made for two.
        return torch.cat([leaf, leaf]).detach() if follows(leaf) else leaf

    if batch == 0:
        raise _NotDynamic("the example batch is empty")
    shapes = pytree.tree_map(shape_of, (args, kwargs))
    if batch == 1:
        args, kwargs = pytree.tree_map(twice, (args, kwargs))
    with _quietly(torch):
        program = _export(torch, module, args, kwargs, _by_name(module, *shapes))
    symbolic = any(
        isinstance(size, torch.SymInt) and not getattr(size.node.expr, "is_number", False)
        for node in program.graph.nodes
        if node.op == "placeholder"
        for value in [node.meta.get("val")]
        if torch.is_tensor(value)
        for size in value.shape[:1]
    )
    if symbolic:
        return Exported(program, True, "")
    if batch == 1:
        raise _NotDynamic("the model fixes the size of its first axis")
    return Exported(program, False, "the model fixes the size of its first axis")


def _by_name(module: Any, args: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Shapes by the names of the arguments of ``forward``, as the exporter wants them."""
    import inspect

    signature = inspect.signature(module.forward)
    bound = signature.bind(*args, **kwargs)
    shapes: dict[str, Any] = {}
    for name, value in bound.arguments.items():
        if signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD:
            shapes |= value
        else:
            shapes[name] = value
    return shapes


def decomposed(torch: Any, node: Any) -> Any:
    """The graph of PyTorch's own recipe for the operator of a node; None if it has none.

    The placeholders of the graph are the node's inputs, in their order.
    """
    recipe = _recipe(torch, node.target)
    if recipe is None:
        return None
    from torch.fx.experimental.proxy_tensor import make_fx

    inputs = list(node.all_input_nodes)

    def apply(*values: Any) -> Any:
        known = dict(zip(inputs, values, strict=True))
        args, kwargs = torch.fx.node.map_arg((node.args, node.kwargs), lambda n: known[n])
        return recipe(*args, **kwargs)

    try:
        with _quietly(torch):
            return make_fx(apply, pre_dispatch=True)(*[n.meta["val"] for n in inputs])
    except Exception:  # whatever the recipe or the tracer raises: then there is none
        return None


def _recipe(torch: Any, operator: Any) -> Any:
    from torch._decomp import core_aten_decompositions, decomposition_table

    if not isinstance(operator, torch._ops.OpOverload):
        return None
    for table in (core_aten_decompositions(), decomposition_table):
        if operator in table:
            return table[operator]
    if operator._can_decompose():
        return operator.decompose
    return None
