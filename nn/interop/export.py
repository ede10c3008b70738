"""Asking PyTorch for a model's graph. Everything that PyTorch itself does to it happens here."""

from __future__ import annotations

import contextlib
import logging
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
    transformer = torch.nn.modules.transformer
    looks = getattr(transformer, "_detect_is_causal_mask", None)
    if looks is not None:
        # It looks at the numbers of a mask, which an export has none of, only to save work.
        transformer._detect_is_causal_mask = _told_causal
    loggers = [logging.getLogger(name) for name in ("torch", "torch.export", "torch._export")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), torch.enable_grad():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        if looks is not None:
            transformer._detect_is_causal_mask = looks
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


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
        except Exception as error:  # whatever the exporter raises: a static graph may still do
            note = f"export with a symbolic batch failed: {_first_line(error)}"
    try:
        with _quietly(torch):
            return Exported(_export(torch, module, args, kwargs, None), False, note)
    except Exception as error:
        raise RuntimeError(
            f"from_torch: torch.export cannot export {type(module).__name__}: {error}"
        ) from error


class _NotDynamic(Exception):
    pass


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
        isinstance(size, torch.SymInt)
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


def decomposed(torch: Any, program: Any, operators: set[Any]) -> Any:
    """The graph without in-place operations, and with these operators taken apart where PyTorch
    knows how."""
    with _quietly(torch):
        return program.run_decompositions(_recipes(torch, operators))


def _recipes(torch: Any, operators: set[Any]) -> dict[Any, Any]:
    if not operators:
        return {}
    from torch._decomp import core_aten_decompositions, decomposition_table

    known = torch.export.default_decompositions()
    core = core_aten_decompositions()
    recipes: dict[Any, Any] = {}
    for operator in operators:
        for table in (core, known, decomposition_table):
            if operator in table:
                recipes[operator] = table[operator]
                break
    return recipes
