"""``from_torch``: a model of PyTorch becomes one of ours."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np

import autograd
from autograd.arguments import shown
from nn.interop import export
from nn.interop.keeping import without_types
from nn.interop.module import Conversion, Converted, build
from nn.interop.program import Program
from nn.interop.reading import Unknown, numpy_dtype, read, state_of
from nn.interop.sides import torch_side
from nn.parameter import Parameter

__all__ = ["from_torch"]


def from_torch(
    module: Any,
    *example_inputs: Any,
    check: bool = False,
    dynamic: bool = True,
    modes: str = "both",
    **example_keywords: Any,
) -> Converted:
    """A PyTorch module as a module of ours, every operation of which is one of our primitives.

    The model is exported by ``torch.export`` and read operator by operator. The result has the same
    tree of modules, the same names of parameters and buffers, and copies of their values; shared
    parameters stay shared. Operations know the line of the *PyTorch* source that made them, so
    ``viz.graph``, ``viz.step``, ``debug.Backprop``, ``debug.record`` and ``explain`` speak of that.
    PyTorch is needed for the conversion only.

    Args:
        module: a ``torch.nn.Module``.
        *example_inputs: what its ``forward`` is called with: tensors of PyTorch, or tuples, lists
            and dicts of them. Other values (numbers, flags, None) become part of the graph.
        check: run both models on the example inputs and raise if they differ; see
            `nn.interop.compare`.
        dynamic: try to keep the size of the inputs' first axis free. Where that fails, the sizes of
            the example are the only ones; ``model.notes`` says so.
        modes: ``"both"`` converts training and evaluation, so that ``train()`` and ``eval()`` work;
            ``"current"`` only the state that the module is in, whatever the mode of each part of it.
        **example_keywords: keyword arguments of ``forward``.

    Returns:
        An ``nn.Module`` whose class is called as the one of PyTorch. Its ``notes`` tell what a user
        should know about the conversion.

    Raises:
        ImportError: without PyTorch; RuntimeError: if it is too old.
        TypeError: if ``module`` is no module of PyTorch.
        RuntimeError: if the model can't be exported, or uses operators that are not known: all of
            them are listed, with counts, modules and lines. With ``check``: if the models differ.

    With PyTorch installed::

        theirs = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.ReLU())
        model = nn.from_torch(theirs, torch.randn(4, 1, 8, 8), check=True)
        viz.step(model(images).sum())
    """
    torch = export.load_torch("from_torch")
    if not isinstance(module, torch.nn.Module):
        raise TypeError(
            f"from_torch: module must be a torch.nn.Module, got {type(module).__name__}"
        )
    if modes not in ("both", "current"):
        raise ValueError(f"from_torch: modes must be 'both' or 'current', got {shown(modes)}")
    export.know_types(torch, (example_inputs, example_keywords))
    given = example_inputs, example_keywords
    example_inputs, example_keywords = export.dense(torch, (example_inputs, example_keywords))
    model = build(torch, module)
    conversion = _conversion(torch, module, example_inputs, example_keywords, dynamic, modes)
    for part in model.modules():
        part.__dict__["_conversion"] = conversion
    model.__dict__["notes"] = conversion.notes
    _try(torch, model, example_inputs, example_keywords)
    if check:
        from nn.interop.compare import compare

        found = compare(module, model, *given[0], **given[1])
        if not found.ok:
            raise RuntimeError(found.text())
    return model


def _conversion(
    torch: Any, module: Any, args: Any, kwargs: Any, dynamic: bool, modes: str
) -> Conversion:
    """Export the model in its own mode and, if wished for, in the other one."""
    was = {inner: inner.training for inner in module.modules()}
    notes: list[str] = []
    programs: dict[bool, Program] = {}
    missing: dict[bool, str] = {}
    mode = bool(module.training)
    try:
        if modes == "both":
            module.train(mode)
        programs[mode] = _program(torch, module, args, kwargs, dynamic, notes)
        if modes == "both":
            module.train(not mode)
            try:
                others: list[str] = []
                programs[not mode] = _program(torch, module, args, kwargs, dynamic, others)
                notes.extend(note for note in others if note not in notes)
            except RuntimeError as error:
                missing[not mode] = str(error)
                name = "evaluation" if mode else "training"
                notes.append(f"Only converted for the mode it was in, not for {name}: {error}")
        else:
            missing[not mode] = "it was converted with modes='current', in the other mode"
    finally:
        for inner, training in was.items():
            inner.training = training
    floats = [p.dtype for p in module.parameters() if p.is_floating_point()] or [
        value.dtype
        for value in torch_side(torch).tensors((args, kwargs))
        if value.is_floating_point()
    ]
    default = torch.get_default_dtype()
    return Conversion(
        programs=programs,
        missing=missing,
        float_dtype=numpy_dtype(torch, floats[0] if floats else default),
        default_float=numpy_dtype(torch, default),
        signature=without_types(inspect.signature(module.forward)),
        notes=notes,
    )


def _program(
    torch: Any, module: Any, args: Any, kwargs: Any, dynamic: bool, notes: list[str]
) -> Program:
    """Export and read.

    Raises:
        RuntimeError: for operators that are not known.
    """
    found = export.exported(torch, module, tuple(args), kwargs, dynamic)
    if found.note:
        notes.append(found.note)
    unknown = Unknown()
    program = read(torch, module, found.program, args, kwargs, unknown)
    if unknown.entries:
        raise RuntimeError(unknown.message(type(module).__name__))
    program.decided = {state_of(path): value for path, value in found.trial.decided.items()}
    notes.extend(found.trial.notes())
    if program.decomposed:
        notes.append(f"Decomposed by PyTorch: {', '.join(program.decomposed)}.")
    return program


def _try(torch: Any, model: Converted, args: Any, kwargs: Any) -> None:
    """Run the example once, so that what cannot work is refused now; the state stays as it was."""
    from torch.utils import _pytree as pytree

    def ours(leaf: Any) -> Any:
        return autograd.tensor(leaf.detach().cpu().numpy()) if torch.is_tensor(leaf) else leaf

    args, kwargs = pytree.tree_map(ours, (args, kwargs))
    kept = {
        (inner, name): np.array(value.data)
        for inner in model.modules()
        for name, value in inner.named_buffers(recurse=False)
    }
    written = {
        operation.writes
        for program in _programs(model)
        for operation in program.operations()
        if operation.writes is not None
    }
    for place in written:
        inner = model.get_submodule(place.path)
        kept[inner, place.name] = np.array(inner.__dict__[place.name].data)
    state = autograd.default_generator().bit_generator.state
    try:
        with autograd.no_grad(), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            model(*args, **kwargs)
    finally:
        autograd.default_generator().bit_generator.state = state
        for (inner, name), array in kept.items():
            held = inner.__dict__[name]
            if isinstance(held, Parameter):
                with autograd.no_grad(), autograd.writable(held) as own:
                    own[...] = array
            else:
                inner.__dict__[name] = autograd.tensor(array)


def _programs(model: Converted) -> list[Program]:
    conversion = model._conversion
    return [] if conversion is None else list(conversion.programs.values())
