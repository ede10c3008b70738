"""``nn.onnx.export``: a model, and its gradients if wanted, as a file that other runtimes run."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from autograd.arguments import shown
from autograd.atomic import writing
from nn.module import Module
from nn.onnx.call import Call, Operand, Traced
from nn.onnx.graph import Builder
from nn.onnx.operators import HIDDEN, find, hidden
from nn.onnx.trace import Origin, Program, Refused, Run, place, run, vary

__all__ = ["export"]

#: The opsets whose operators the tables know.
_OPSETS = range(18, 24)
_GRADIENTS = "loss and gradients"
#: The examples: rows more than in the user's; harsh values; the target that losses ignore.
_OTHERS = ((1, False, None), (3, False, None), (4, True, -100), (4, True, None))
#: So many runs tell; the last kind of example stands in for the one before.
_ENOUGH = 3


def export(
    model: Callable[..., Any],
    example: Any,
    path: str | os.PathLike[str],
    *,
    outputs: Any = None,
    opset: int = 20,
    training: bool = False,
    loss: Callable[..., Any] | None = None,
    dynamic_batch: bool = True,
) -> Any:
    """Write a model as an ONNX file, which is checked first.

    The model runs a few times, on the example and on others like it, and what the runs have in
    common is written: each primitive as the operators of ONNX that compute it. Numbers that follow
    from the size of the batch are computed in the graph; what depends on an input in a way that
    cannot be followed is refused, never written as the constant that it was for the example.

    Args:
        model: a module, or a function of tensors.
        example: what it is called with: a tensor, a tuple of them (arguments in order) or a dict
            (arguments by name). Names and dtypes of the graph's inputs come from it.
        path: of the file; it is replaced only once the new one is whole.
        outputs: names for the outputs, in order. By default the keys of a dict, ``output``, or
            ``output_0``, ``output_1`` (nested ones ``output_1_0``). With ``"loss and gradients"`` the graph computes ``loss``
            and, under ``gradient.NAME``, its gradient for every parameter that requires one.
        opset: version of ONNX's operators, 18 to 23.
        training: False runs modules as in evaluation. True leaves their mode as it is; what is
            drawn at random then is refused.
        loss: for ``"loss and gradients"``: a function of the model and of what it is called with,
            such as ``lambda model, x, target: F.cross_entropy(model(x), target)``.
        dynamic_batch: the first axis of the inputs may have any length: of all that have as many
            rows as the first one. False keeps the shapes of the example.

    Returns:
        The ``onnx.ModelProto`` that was written.

    Raises:
        ImportError: without the package ``onnx``.
        TypeError, ValueError: for arguments that do not fit together; ValueError, with a line for
            each operation, for what ONNX has no operator for or what cannot be followed.

    Example:
        >>> import autograd, nn, tempfile
        >>> model = nn.Linear(2, 3)
        >>> with tempfile.TemporaryDirectory() as folder:  # doctest: +SKIP
        ...     nn.onnx.export(model, autograd.zeros(1, 2), folder + "/linear.onnx")
    """
    onnx = _package()
    if isinstance(opset, bool) or not isinstance(opset, int) or opset not in _OPSETS:
        raise ValueError(f"onnx.export: opset must be from 18 to 23, got {shown(opset)}")
    inputs = _named_inputs(model, example)
    keyed = isinstance(example, dict)
    function = _function(model, keyed, outputs, loss)
    named = _parameters(model)
    clash = sorted(inputs.keys() & named.keys())
    if clash:
        raise ValueError(
            f"onnx.export: {', '.join(clash)} names both an input and a parameter; give the example "
            "as a dict with other names or rename the argument of forward"
        )
    with _mode(model, training):
        runs = _runs(function, inputs, named, dynamic_batch)
    built = _Export(runs, named, opset, outputs)
    proto = built.proto(onnx)
    onnx.checker.check_model(proto, full_check=True)
    _write(proto.SerializeToString(), path)
    return proto


def _package() -> Any:
    try:
        import onnx
    except ImportError as error:
        raise ImportError(
            'onnx.export needs the package onnx: pip install "glassgrad[onnx]"'
        ) from error
    return onnx


# What is run --------------------------------------------------------------------------------------


def _named_inputs(model: Any, example: Any) -> dict[str, Tensor]:
    if isinstance(example, dict):
        given = example
        if not all(isinstance(k, str) and k for k in given):
            raise TypeError("onnx.export: the keys of example must be names of arguments")
    else:
        values = example if isinstance(example, (tuple, list)) else (example,)
        target = model.forward if isinstance(model, Module) else model
        try:
            parameters = list(inspect.signature(target).parameters.values())
        except (TypeError, ValueError):
            parameters = []
        names = [
            p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
        names += [f"input_{k}" for k in range(len(names), len(values))]
        given = dict(zip(names, values, strict=False))
    if not given:
        raise ValueError("onnx.export: example is empty; give what the model is called with")
    found = {}
    for name, value in given.items():
        if not isinstance(value, (Tensor, np.ndarray, np.generic)):
            raise TypeError(
                f"onnx.export: example must hold tensors, got {type(value).__name__} for {name}"
            )
        found[name] = tensor = autograd.as_tensor(value).detach()
        array = np.asarray(tensor.data)
        if array.dtype.kind in "iu" and array.size and array.min() == array.max():
            raise ValueError(
                f"onnx.export: the integers of the example's {name} are all {array.flat[0]}; give at "
                "least two different ones, from the range that the model takes, so that what "
                "depends on them can be told"
            )
    return found


def _parameters(model: Any) -> dict[str, Tensor]:
    """Parameters and buffers by their names in the state dict."""
    if not isinstance(model, Module):
        return {}
    return {**dict(model.named_parameters()), **dict(model.named_buffers())}


def _function(model: Any, keyed: bool, outputs: Any, loss: Any) -> Callable[..., dict[str, Tensor]]:
    """A function of the inputs by name that gives the outputs by name."""
    wants_gradients = isinstance(outputs, str) and outputs == _GRADIENTS
    if isinstance(outputs, str) and not wants_gradients:
        raise ValueError(
            f"onnx.export: outputs must be a list of names or {_GRADIENTS!r}, got {shown(outputs)}"
        )
    if wants_gradients != (loss is not None):
        raise ValueError(f"onnx.export: loss and outputs={_GRADIENTS!r} go together, give both")

    def called(function: Any, inputs: dict[str, Tensor], *before: Any) -> Any:
        if keyed:
            return function(*before, **inputs)
        return function(*before, *inputs.values())

    def forward(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        with autograd.no_grad():
            return _named_outputs(called(model, inputs), outputs)

    def gradients(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        # Rules get what has no gradient as arrays, which nothing follows: so the inputs have one.
        for tensor in inputs.values():
            tensor.requires_grad = tensor.dtype.kind == "f"
        with autograd.enable_grad():
            learnt = {n: p for n, p in model.named_parameters() if p.requires_grad}
            if not learnt:
                raise ValueError("onnx.export: no parameter of the model requires a gradient")
            value = called(loss, inputs, model)
            if not isinstance(value, Tensor) or value.shape != ():
                raise ValueError(
                    "onnx.export: loss must give a single number, got "
                    f"{getattr(value, 'shape', type(value).__name__)}"
                )
            found = autograd.grad(
                value, list(learnt.values()), create_graph=True, allow_unused=True
            )
        named = {f"gradient.{n}": g for n, g in zip(learnt, found, strict=True) if g is not None}
        return {"loss": value, **named}

    if wants_gradients and not isinstance(model, Module):
        raise TypeError(
            f"onnx.export: gradients are those of a module's parameters, got {type(model).__name__}"
        )
    return gradients if wants_gradients else forward


def _named_outputs(result: Any, names: Any) -> dict[str, Tensor]:
    found = dict(_flattened(result, ""))
    for name, value in found.items():
        if not isinstance(value, Tensor):
            raise TypeError(
                f"onnx.export: the model must give tensors, got {type(value).__name__} as {name}"
            )
    if names is not None:
        if len(names) != len(found) or len(set(names)) != len(found):
            raise ValueError(
                f"onnx.export: outputs must be {len(found)} different names, got {list(names)}"
            )
        found = dict(zip(names, found.values(), strict=True))
    return found


def _flattened(result: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Tensors in nested tuples, lists and dicts, with names that tell the way to them."""
    if isinstance(result, dict):
        for key, value in result.items():
            yield from _flattened(value, f"{name}.{key}" if name else str(key))
    elif isinstance(result, (tuple, list)):
        for k, value in enumerate(result):
            yield from _flattened(value, f"{name or 'output'}_{k}")
    else:
        yield name or "output", result


@contextmanager
def _mode(model: Any, training: bool) -> Iterator[None]:
    """The model in evaluation, or as it is with its buffers put back."""
    if not isinstance(model, Module):
        yield
        return
    modes = [(module, module.training) for module in model.modules()]
    buffers = {name: np.array(b.data) for name, b in model.named_buffers()}
    if not training:
        model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode
        for name, b in model.named_buffers():
            with autograd.no_grad(), autograd.writable(b) as array:
                array[...] = buffers[name]


def _runs(
    function: Callable[..., dict[str, Tensor]],
    inputs: dict[str, Tensor],
    parameters: dict[str, Tensor],
    dynamic_batch: bool,
) -> list[Run]:
    """Runs on other values, and other batches; not on the example itself, whose batch may be 1."""
    random = np.random.default_rng(0)
    first = next(iter(inputs.values()))
    rows = first.shape[0] if first.shape else 0
    if dynamic_batch and not rows:
        raise ValueError(
            f"onnx.export: the first input has shape {first.shape}, which has no rows for a batch; "
            "give another example or dynamic_batch=False"
        )
    found: list[Run] = []
    for more, harsh, ignored in _OTHERS:
        if len(found) == _ENOUGH:
            break
        batch = rows + more if dynamic_batch else rows
        varied = {}
        for name, tensor in inputs.items():
            moves = dynamic_batch and tensor.shape and tensor.shape[0] == rows
            array = np.asarray(tensor.data)
            varied[name] = autograd.as_tensor(
                vary(array, batch if moves else None, random, harsh, ignored)
            )
        try:
            with np.errstate(all="ignore"):
                found.append(run(function, varied, parameters, batch))
        except Exception as error:
            if harsh:
                continue  # zeros, other signs and ignored targets are not for every model
            if not dynamic_batch:
                raise
            raise ValueError(
                f"onnx.export: the model does not run on a batch of {batch} rows made from the "
                f"example's: {error}. dynamic_batch=False keeps the shapes of the example"
            ) from error
    return found


# What is written ----------------------------------------------------------------------------------


class _Export:
    """From the runs to the graph: only what the outputs need, in the order in which it was run."""

    def __init__(
        self, runs: list[Run], parameters: dict[str, Tensor], opset: int, outputs: Any
    ) -> None:
        self._refusals: list[str] = []
        try:
            self._program = Program(runs, HIDDEN)
        except Refused as refusal:
            self._refusals.append(str(refusal))
            self._raise_refusals()
        self._parameters = parameters
        self._opset = opset
        run = runs[0]
        self._inputs = {n: self._program.shape_of([r.inputs[n] for r in runs]) for n in run.inputs}
        self._output_names = list(run.outputs)
        taken = [n for n in self._output_names if n in run.inputs or n in parameters]
        if taken:
            raise ValueError(
                f"onnx.export: {', '.join(taken)} names both an output and an input or a parameter; "
                "give outputs= other names"
            )
        reserved = [*run.inputs, *parameters, *self._output_names]
        moving = [n for n, shape in self._inputs.items() if shape and not isinstance(shape[0], int)]
        self._builder = Builder(opset, reserved, moving[0] if moving else None)
        self._names: dict[Any, str | None] = {}
        self._calls: dict[int, Call] = {}
        self._written: set[str] = set()

    def proto(self, onnx: Any) -> Any:
        """The model, whole and unchecked."""
        origins = {}
        for name in self._output_names:
            try:
                origins[name] = self._program.output_origin(name)
            except Refused as refusal:
                self._refusals.append(f"output {name}: {refusal}")
        needed = self._needed(list(origins.values()))
        for position in sorted(needed):
            self._add(position, needed[position])
        self._raise_refusals()
        self._builder.scope = ""
        for name, origin in origins.items():
            value = self._program.runs[0].outputs[name]
            try:
                self._builder.identity(self._operand(origin, [value]).name or self._constant(
                    origin, value), name)  # fmt: skip
            except Refused as refusal:
                self._refusals.append(f"output {name}: {refusal}")
        self._raise_refusals()
        return self._assembled(onnx)

    def _raise_refusals(self) -> None:
        if self._refusals:
            lines = "\n  ".join(dict.fromkeys(self._refusals))
            raise ValueError(f"onnx.export: this cannot be exported:\n  {lines}")

    # What the outputs need -----------------------------------------------------------------------

    def _needed(self, roots: list[Origin]) -> dict[int, tuple[list[Origin | None], dict[str, Any]]]:
        """Operations that lead to the roots, with the origins of what they use."""
        found: dict[int, tuple[list[Origin | None], dict[str, Any]]] = {}
        pending = [o.key[0] for o in roots if o.kind in ("output", "hidden")]
        seen = set(pending)
        while pending:
            position = pending.pop()
            operation = self._program.operations[position]
            used: list[Origin] = []
            try:
                if find(operation.name) is None:
                    raise Refused("ONNX has no operator for it, or none is known here")
                operands = []
                for k in range(len(operation.inputs)):
                    operands.append(self._program.input_origin(position, k))
                static = self._program.static(position)
                found[position] = operands, static
                used = [o for o in operands if o is not None] + list(_origins(static))
            except Refused as refusal:
                self._refusals.append(f"{place(operation)}: {refusal}")
            for origin in used:
                if origin.kind in ("output", "hidden") and origin.key[0] not in seen:
                    seen.add(origin.key[0])
                    pending.append(origin.key[0])
        return found

    def _add(self, position: int, found: tuple[list[Origin | None], dict[str, Any]]) -> None:
        operation = self._program.operations[position]
        self._builder.scope = operation.module
        origins, static = found
        try:
            operands = [
                None if o is None else self._operand(o, self._values(position, k))
                for k, o in enumerate(origins)
            ]
            results = [
                Operand(None, self._program.shape_of(values), np.asarray(values[0].array).dtype)
                for values in self._outputs(position)
            ]
            call = Call(self._builder, operands, self._traced(static), results)
            self._calls[position] = call
            function = find(operation.name)
            assert function is not None
            made = function(self._builder, call)
            for k, name in enumerate(made if isinstance(made, tuple) else (made,)):
                self._names["output", (position, k)] = name
        except Refused as refusal:
            self._refusals.append(f"{place(operation)}: {refusal}")

    def _values(self, position: int, k: int) -> list[Any]:
        return [run.operations[position].inputs[k] for run in self._program.runs]

    def _outputs(self, position: int) -> list[list[Any]]:
        runs = self._program.runs
        count = len(runs[0].operations[position].outputs)
        return [[run.operations[position].outputs[k] for run in runs] for k in range(count)]

    # Origins as operands -------------------------------------------------------------------------

    def _operand(self, origin: Origin, values: list[Any]) -> Operand:
        array = values[0].array
        dtype = getattr(array, "dtype", None)
        if origin.kind == "constant":
            return Operand(None, np.shape(array), dtype, origin.key)
        name = self._name_of(origin)
        own = self._dtype_of(origin)
        if own is not None and dtype is not None:
            name = self._builder.cast(name, dtype, own)
        shape = origin.shape
        if shape is not None:
            name = self._builder.reshape(name, shape)
        elif len(values) > 1:
            shape = self._program.shape_of(values)
        return Operand(name, shape or (), dtype)

    def _name_of(self, origin: Origin) -> str:
        if origin.kind == "input":
            return str(origin.key)
        if origin.kind == "parameter":
            if origin.key not in self._written:
                self._written.add(origin.key)
                self._builder.initializer(origin.key, np.asarray(self._parameters[origin.key].data))
            return str(origin.key)
        key = origin.kind, origin.key
        if origin.kind == "hidden" and key not in self._names:
            position, label = origin.key
            if position in self._calls:
                name = self._program.operations[position].name
                self._names[key] = hidden(name, label)(self._builder, self._calls[position])
        if key not in self._names:
            raise Refused("it needs what could not be exported")
        found = self._names[key]
        if found is None:
            operation = self._program.operations[origin.key[0]]
            raise Refused(f"it needs output {origin.key[1]} of {operation.name}, which ONNX lacks")
        return found

    def _dtype_of(self, origin: Origin) -> Any:
        """The dtype that a value has where it was made."""
        run = self._program.runs[0]
        if origin.kind == "input":
            return np.asarray(run.inputs[origin.key].array).dtype
        if origin.kind == "output":
            position, k = origin.key
            return np.asarray(run.operations[position].outputs[k].array).dtype
        return None

    def _constant(self, origin: Origin, value: Any) -> str:
        return self._builder.made_constant(origin.key, np.asarray(value.array).dtype)

    def _traced(self, static: Any) -> Any:
        """Static parameters with the origins in them as values of the graph."""
        if isinstance(static, dict):
            return {name: self._traced(part) for name, part in static.items()}
        if isinstance(static, Origin):
            if static.kind == "constant":
                name = self._builder.made_constant(static.key, np.int64)
                return Traced(name, static.key.shape)
            name = self._name_of(static)
            own = self._dtype_of(static)
            if own is not None and own.kind == "b":
                raise Refused("a mask that is computed: how much it takes depends on the values")
            if own is not None:
                name = self._builder.cast(name, np.int64, own)
            if static.shape is not None:
                return Traced(self._builder.reshape(name, static.shape), static.shape)
            return Traced(name, self._shape_of(static))
        if isinstance(static, tuple) and not hasattr(static, "_make"):
            return tuple([self._traced(part) for part in static])
        return static

    def _shape_of(self, origin: Origin) -> tuple[Any, ...]:
        runs = self._program.runs
        if origin.kind == "input":
            return self._inputs[origin.key]
        position, k = origin.key
        if origin.kind == "hidden":
            raise Refused("an index that its operation does not give")
        return self._program.shape_of([r.operations[position].outputs[k] for r in runs])

    # The file ------------------------------------------------------------------------------------

    def _info(self, onnx: Any, name: str, array: Any, shape: tuple[Any, ...]) -> Any:
        sizes = [n if isinstance(n, int) else _symbol(n) for n in shape]
        kind = self._builder.element_type(np.asarray(array).dtype)
        return onnx.helper.make_tensor_value_info(name, kind, sizes)

    def _assembled(self, onnx: Any) -> Any:
        runs = self._program.runs
        inputs = [
            self._info(onnx, name, runs[0].inputs[name].array, shape)
            for name, shape in self._inputs.items()
        ]
        outputs = [
            self._info(
                onnx, name, runs[0].outputs[name].array,
                self._program.shape_of([r.outputs[name] for r in runs]),
            )
            for name in self._output_names
        ]  # fmt: skip
        graph = onnx.helper.make_graph(
            self._builder.nodes, "glassgrad", inputs, outputs, self._builder.initializers
        )
        opsets = [onnx.helper.make_opsetid("", self._opset)]
        return onnx.helper.make_model(
            graph,
            opset_imports=opsets,
            ir_version=onnx.helper.find_min_ir_version_for(opsets),
            producer_name="glassgrad",
            producer_version=autograd.__version__,
        )


def _symbol(size: Any) -> str:
    """The batch in words: ``batch``, ``2*batch + 1``."""
    text = "batch" if size.factor == 1 else f"{size.factor}*batch"
    return f"{text} + {size.rest}" if size.rest else text


def _origins(static: Any) -> Iterator[Origin]:
    if isinstance(static, Origin):
        yield static
    elif isinstance(static, dict):
        for part in static.values():
            yield from _origins(part)
    elif isinstance(static, tuple):
        for part in static:
            yield from _origins(part)


def _write(data: bytes, path: str | os.PathLike[str]) -> None:
    """The old file or the new one, never half of one."""
    with writing(os.fspath(path)) as temporary, open(temporary, "wb") as file:
        file.write(data)
