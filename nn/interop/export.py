"""Asking PyTorch for a model's graph. Everything that PyTorch itself does to it happens here."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import logging
import random
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from nn.interop.refusals import first_line, refusal
from nn.interop.spreads import know_distributions
from nn.interop.standins import Refusal, Trial, standing_in

__all__ = ["Exported", "decomposed", "dense", "exported", "know_types", "load_torch"]

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
        trial: what came up on the way.
        first: whether the first axis of an input is symbolic.
        others: whether any axis is.
        note: which sizes are fixed, and why, where they were wished free.
    """

    program: Any
    trial: Trial
    first: bool = False
    others: bool = False
    note: str = ""


@contextlib.contextmanager
def _quietly(torch: Any, trial: Trial | None = None) -> Iterator[None]:
    """No words of PyTorch about itself; stand-ins for what an export cannot go through."""
    silent = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # what fails is told by the exception
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            standing_in(torch, trial or Trial()),
            torch.enable_grad(),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(silent)


@contextlib.contextmanager
def _put_back(torch: Any, module: Any, trial: Trial) -> Iterator[None]:
    """What ``forward`` keeps on its modules (weights of attention, a counter) must not stay there:
    it has no numbers, and the next export would take it for the model's own."""
    inner = list(module.modules())
    kept = [dict(vars(part)) for part in inner]
    registered = [
        [dict(group) for group in (part._parameters, part._buffers, part._modules)]
        for part in inner
    ]
    filled = [pair for attributes in kept for pair in _containers(list(attributes.values()))]
    drawn = random.getstate(), np.random.get_state()
    for part in inner:
        part._buffers.update(dense(torch, dict(part._buffers)))
        vars(part).update({k: v.to_dense() for k, v in vars(part).items()
                           if torch.is_tensor(v) and v.layout != torch.strided})  # fmt: skip
    try:
        yield
    finally:
        now_drawn = random.getstate(), np.random.get_state()
        trial.drew = repr(now_drawn) != repr(drawn)
        random.setstate(drawn[0])
        np.random.set_state(drawn[1])
        for container, contents in filled:
            container.clear()
            (container.extend if isinstance(container, list) else container.update)(contents)
        for part, attributes, groups in zip(inner, kept, registered, strict=True):
            vars(part).clear()
            vars(part).update(attributes)
            now = part._parameters, part._buffers, part._modules
            for group, before in zip(now, groups, strict=True):
                group.clear()
                group.update(before)


def _containers(values: list[Any]) -> Iterator[tuple[Any, Any]]:
    """The plain lists and dicts among some values and inside of them, each with a copy of it."""
    seen: set[int] = set()
    while values:
        value = values.pop()
        if type(value) in (list, dict) and id(value) not in seen:
            seen.add(id(value))
            yield value, value.copy()
            values += value if isinstance(value, list) else value.values()


def exported(
    torch: Any, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any], dynamic: bool
) -> Exported:
    """A model's graph, with as many symbolic sizes of its inputs as can be had.

    Tried in this order: the first two axes of sequences and the first one of everything else; the
    first axis alone; none.

    Raises:
        RuntimeError: if PyTorch cannot export the model.
    """
    note, partly = "", None
    asked = [2, 1, 0] if dynamic else [0]
    for axes in asked:
        try:
            found = _attempt(torch, module, args, kwargs, axes)
        except _NotDynamic as error:
            note = f"{_FIXED}: {error}."
        except Refusal as error:
            raise refusal(torch, module, error) from error
        except Exception as error:  # whatever the exporter raises: fewer symbols may still do
            if axes == asked[-1]:
                raise refusal(torch, module, error) from error
            note = f"{_FIXED}: export with a symbolic batch failed: {first_line(error)}."
        else:
            if axes and found.first:
                return found
            if axes and found.others:  # the batch may stand in the second axis
                partly = found._replace(
                    note=f"{_FIXED} in their first axis, which the model fixes."
                )
            elif partly is None and axes < 2:
                return found._replace(note=(note or f"{_FIXED}: {_WHY}.") if dynamic else "")
        if partly is not None and axes == 1:
            return partly
    raise AssertionError("the last attempt returns or raises")


_FIXED = "The sizes of the inputs are fixed to those of the example"
_WHY = "the model fixes the size of its first axis"


class _NotDynamic(Exception):
    pass


def _attempt(torch: Any, module: Any, args: Any, kwargs: dict[str, Any], axes: int) -> Exported:
    """One export; packed sequences are tried with an unknown longest length first."""
    trial = Trial(module)
    try:
        return _symbolic(torch, module, args, kwargs, axes, trial)
    except (Refusal, _NotDynamic):
        raise
    except Exception:  # what comes after may need to know the size of the unpacked sequences
        if not trial.packed:
            raise
    return _symbolic(torch, module, args, kwargs, axes, Trial(module, full=True))


def _export(
    torch: Any, module: Any, args: Any, kwargs: dict[str, Any], shapes: Any, trial: Trial
) -> Any:
    with _quietly(torch, trial), _put_back(torch, module, trial):
        before = _plain(module)

        def finished(_: Any, __: Any, output: Any) -> None:
            now = _plain(module)
            trial.changed = [name for name, value in before.items() if now.get(name) != value]
            know_types(torch, output)

        hook = module.register_forward_hook(finished)
        try:
            return torch.export.export(module, args, kwargs, dynamic_shapes=shapes, strict=False)
        finally:
            hook.remove()


def _plain(module: Any) -> dict[str, Any]:
    """Attributes of all modules that are numbers or texts."""
    return {
        f"{path}.{name}".lstrip("."): value
        for path, part in module.named_modules()
        for name, value in vars(part).items()
        if isinstance(value, (int, float, str))
    }


def know_types(torch: Any, tree: Any) -> None:
    """Tell PyTorch how to take apart the records and dicts of a model's own classes."""
    from torch.utils import _pytree as pytree

    know_distributions(torch)
    for leaf in pytree.tree_leaves(tree):
        kind = type(leaf)
        if dataclasses.is_dataclass(kind):
            torch.export.register_dataclass(kind)
        elif isinstance(leaf, dict):
            _know_dict(pytree, kind)
        else:
            continue
        know_types(torch, leaf)


def dense(torch: Any, tree: Any) -> Any:
    """Sparse tensors as dense ones, with which everything here is computed."""
    from torch.utils import _pytree as pytree

    def of(leaf: Any) -> Any:
        is_sparse = torch.is_tensor(leaf) and leaf.layout != torch.strided
        return leaf.to_dense() if is_sparse else leaf

    return pytree.tree_map(of, tree)


def _know_dict(pytree: Any, kind: Any) -> None:
    pytree.register_pytree_node(
        kind,
        lambda tree: (list(tree.values()), list(tree)),
        lambda values, keys: kind(zip(keys, values, strict=True)),
        serialized_type_name=f"{kind.__module__}.{kind.__qualname__}",
    )


def _symbolic(
    torch: Any,
    module: Any,
    args: Any,
    kwargs: dict[str, Any],
    axes: int,
    trial: Trial,
) -> Exported:
    from torch.utils import _pytree as pytree

    if not axes:
        return Exported(_export(torch, module, args, kwargs, None, trial), trial)
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
        free = {0} if follows(leaf) else set()
        if axes > 1 and leaf.ndim in (2, 3):  # images are many sizes at once, and rarely change
            free |= {axis for axis in (0, 1) if leaf.shape[axis] > 1}
        return dict.fromkeys(sorted(free), torch.export.Dim.AUTO)

    def twice(leaf: Any) -> Any:
        # A batch of one would be taken for a fixed size, so the graph is made for two.
        return torch.cat([leaf, leaf]).detach() if follows(leaf) else leaf

    if batch == 0:
        raise _NotDynamic("the example batch is empty")
    shapes = pytree.tree_map(shape_of, (args, kwargs))
    if batch == 1:
        args, kwargs = pytree.tree_map(twice, (args, kwargs))
    program = _export(torch, module, args, kwargs, _by_name(module, *shapes), trial)
    sizes = [
        (axis, size)
        for node in program.graph.nodes
        if node.op == "placeholder"
        for value in [node.meta.get("val")]
        if torch.is_tensor(value)
        for axis, size in enumerate(value.shape)
        if isinstance(size, torch.SymInt) and not getattr(size.node.expr, "is_number", False)
    ]
    found = Exported(program, trial, any(axis == 0 for axis, _ in sizes), bool(sizes))
    if batch == 1 and not found.first:
        raise _NotDynamic(_WHY)  # and the graph was made for a batch of two
    return found


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
