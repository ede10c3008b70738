"""Converted models: modules whose ``forward`` runs the operations read from PyTorch's graph."""

from __future__ import annotations

import dataclasses
import inspect
import threading
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

import autograd
from autograd import Tensor, debug
from nn import container
from nn.interop import operators
from nn.interop.inputs import Inputs
from nn.interop.keeping import kept, put_back
from nn.interop.operators.elementwise import written_through
from nn.interop.operators.promotion import cast, set_default_float
from nn.interop.program import Call, Constant, Dtype, Operation, Program, State, Value
from nn.interop.spreads import Spread, made
from nn.module import Module
from nn.parameter import Parameter

__all__ = ["Converted", "build"]


class _Running(threading.local):
    """The model that this thread is running, and the inner call that is about to begin."""

    run: _Run | None = None
    pending: tuple[Module, Call] | None = None


_running = _Running()


class Converted(Module):
    """A module that came from PyTorch; see `nn.from_torch`.

    The outermost one holds the programs of the whole model, one for each mode. The modules inside
    have their parts of them: called by the model, they run those; called by themselves, they run
    the part of their first call, if it needs nothing else of the model.

    Attributes:
        source: the class in PyTorch, ``torch.nn.modules.conv.Conv2d``.
    """

    _base: str = ""  # the container of ours that the class is one of, too
    _home: str = ""  # the path in the converted model
    _shown: str = ""
    _conversion: Conversion | None = None
    source: str = ""

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        pending = _running.pending
        if pending is not None and pending[0] is self and _running.run is not None:
            _running.pending = None
            return _running.run.execute(pending[1], args)
        if self._conversion is None:
            raise RuntimeError(
                f"{type(self).__name__} at {self._home!r} was never called in PyTorch"
            )
        if self._home == "":
            return self._conversion.call(self, args, kwargs)
        return self._conversion.call_part(self, args, kwargs)

    def extra_repr(self) -> str:
        return self._shown

    def __reduce_ex__(self, protocol: Any) -> Any:
        # The class was made for this model: a pickle makes it again.
        return _fresh, (type(self).__name__, self._base), self.__getstate__()


@dataclasses.dataclass
class Conversion:
    """What a converted model runs.

    Attributes:
        programs: by mode, True for training. Where one could not be had, ``missing`` says why.
        float_dtype: the dtype of the floats of the model when it was converted.
        default_float: PyTorch's default dtype then.
        signature: of PyTorch's ``forward``.
        notes: what a user should know about the conversion, in sentences.
    """

    programs: dict[bool, Program]
    missing: dict[bool, str]
    float_dtype: np.dtype[Any]
    default_float: np.dtype[Any]
    signature: inspect.Signature
    notes: list[str]
    parts: dict[bool, dict[str, list[Call]]] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        self.parts = {mode: program.calls() for mode, program in self.programs.items()}
        self._inputs = {
            mode: Inputs(program, self.signature) for mode, program in self.programs.items()
        }

    def __deepcopy__(self, memo: dict[int, Any]) -> Conversion:
        return self  # nothing of it ever changes

    def __getstate__(self) -> dict[str, Any]:
        state = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        del state["parts"]
        state["programs"] = {
            mode: dataclasses.replace(
                program, result=kept(program.result), arguments=kept(program.arguments)
            )
            for mode, program in self.programs.items()
        }
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for program in self.programs.values():
            program.result = put_back(program.result)
            program.arguments = put_back(program.arguments)
        self.__post_init__()

    def program(self, training: bool) -> Program:
        """The program of a mode.

        Raises:
            RuntimeError: if it could not be converted in that mode.
        """
        if training not in self.programs:
            mode = "training" if training else "evaluation"
            raise RuntimeError(
                f"the model was not converted for {mode}: {self.missing.get(training, '')}"
            )
        return self.programs[training]

    def call(self, model: Module, args: Any, kwargs: Any) -> Any:
        """Run the whole model."""
        program = self.program(model.training)
        env = self._inputs[model.training].read(type(model).__name__, args, kwargs)
        run = _Run(self, model, "", program)
        for state, value in program.decided.items():
            now = run.module(state.path).__dict__[state.name].item()
            if now != value:
                raise RuntimeError(
                    f"{type(model).__name__}: the graph was made for {state} = {value}, by which "
                    f"PyTorch's forward decides, and it is {now} now; convert the model in that state"
                )
        run.begin(env)
        with run:
            values = run.steps(program.root, env)
        return _filled(program.result, lambda leaf: run.resolve(leaf, values))

    def call_part(self, module: Converted, args: Any, kwargs: Any) -> Any:
        """Run the first call of a module inside, by itself."""
        who = f"{type(module).__name__} at {module._home!r}"
        calls = self.parts.get(module.training, {}).get(module._home, [])
        if not calls:
            raise RuntimeError(f"{who} runs no operation in the model, so it can't be called alone")
        call = calls[0]
        if kwargs or len(args) != len(call.inputs):
            raise TypeError(
                f"{who} takes {len(call.inputs)} inputs when it is called by itself "
                f"(what the model hands to its operations), got {len(args) + len(kwargs)}"
            )
        given = tuple(
            a if isinstance(a, (Tensor, int, float)) else autograd.as_tensor(a) for a in args
        )
        run = _Run(self, module, module._home, self.program(module.training))
        run.begin({str(k): value for k, value in enumerate(given)})
        with run:
            return run.execute(call, given)


class _Run:
    """One run of a program: who owns the state, and which dtype floats have.

    Args:
        owner: the module that was called, at ``prefix`` in the converted model.
    """

    def __init__(
        self, conversion: Conversion, owner: Module, prefix: str, program: Program
    ) -> None:
        self.conversion = conversion
        self.owner = owner
        self.prefix = prefix
        self.program = program
        self.modules: dict[str, Module] = {}
        self.float_dtype = conversion.float_dtype

    def begin(self, inputs: dict[str, Any]) -> None:
        """Find out the dtype that floats have now: that of the parameters, else of the inputs."""
        self.float_dtype = next(
            (
                value.dtype
                for group in (self.owner.parameters(), inputs.values())
                for value in group
                if isinstance(value, Tensor) and value.dtype.kind == "f"
            ),
            self.conversion.float_dtype,
        )

    def __enter__(self) -> None:
        self._before = _running.run, _running.pending
        _running.run, _running.pending = self, None
        self._line = debug.set_line(None)
        # PyTorch does not warn of log(0); `debug.record` tells of such numbers, and where they begin.
        self._quiet = np.errstate(divide="ignore", over="ignore", invalid="ignore")
        self._quiet.__enter__()
        self._default = set_default_float(self.dtype(self.conversion.default_float))

    def __exit__(self, *exception: object) -> None:
        _running.run, _running.pending = self._before
        self._quiet.__exit__(None, None, None)
        debug.set_line(self._line)
        set_default_float(self._default)

    def dtype(self, dtype: np.dtype[Any]) -> np.dtype[Any]:
        """A dtype of the graph as it is now: a model made ``double()`` computes in that."""
        return self.float_dtype if dtype == self.conversion.float_dtype else dtype

    # State

    def module(self, path: str) -> Module:
        """The module at a path of the converted model."""
        found = self.modules.get(path)
        if found is None:
            found = self.modules[path] = self._find(path)
        return found

    def _find(self, path: str) -> Module:
        if not self.prefix:
            return self.owner.get_submodule(path)
        if path == self.prefix:
            return self.owner
        if not path.startswith(f"{self.prefix}."):
            raise RuntimeError(
                f"{type(self.owner).__name__} at {self.prefix!r} uses {path or 'the model'!r}, "
                "which lies outside of it: call the whole model"
            )
        return self.owner.get_submodule(path[len(self.prefix) + 1 :])

    def resolve(self, leaf: Any, env: dict[str, Any]) -> Any:
        """An argument of an operation, as its function gets it."""
        kind = type(leaf)
        if kind is Value:
            return env[leaf.name]
        if kind is State:
            return self.module(leaf.path).__dict__[leaf.name]
        if kind is Constant:
            array = self.program.constants[leaf.name]
            return autograd.tensor(array, dtype=self.dtype(array.dtype))
        if kind is Dtype:
            return self.dtype(leaf.dtype)
        if kind is list:
            return [self.resolve(part, env) for part in leaf]
        if kind is dict:
            return {key: self.resolve(part, env) for key, part in leaf.items()}
        if kind is slice:
            return slice(*(self.resolve(part, env) for part in (leaf.start, leaf.stop, leaf.step)))
        return leaf

    # Running

    def execute(self, call: Call, given: tuple[Any, ...]) -> Any:
        """The body of a module's call; its result, or a tuple of several."""
        if len(given) != len(call.inputs):
            raise TypeError(
                f"{call.path}: a hook has changed the number of inputs from {len(call.inputs)} to "
                f"{len(given)}"
            )
        env = self.steps(call, dict(zip(call.inputs, given, strict=True)))
        results = tuple([env[name] for name in call.outputs])
        return results[0] if len(results) == 1 else results

    def steps(self, call: Call, env: dict[str, Any]) -> dict[str, Any]:
        """Run what a call consists of; ``env`` holds its inputs and gets its results."""
        for step in call.body:
            if isinstance(step, Call):
                self._inner(step, env)
            else:
                self._operation(step, env)
            for name in step.releases:
                del env[name]
        return env

    def _inner(self, call: Call, env: dict[str, Any]) -> None:
        module = self.module(call.path)
        given = tuple([env[name] for name in call.inputs])
        body = self._in_mode(call, module)
        if isinstance(module, Converted):
            before = _running.pending
            _running.pending = module, body
            try:
                result = module(*given)
            finally:
                _running.pending = before
        else:
            result = module(*given)  # the user has put another module in its place
        results = result if len(call.outputs) != 1 else (result,)
        if not isinstance(results, tuple) or len(results) != len(call.outputs):
            raise TypeError(
                f"{call.path}: {len(call.outputs)} results are used of this module, got "
                f"{type(result).__name__}"
            )
        env.update(zip(call.outputs, results, strict=True))

    def _in_mode(self, call: Call, module: Module) -> Call:
        """The same call in the module's own mode, where that is not what the program has.

        Raises:
            RuntimeError: if the two do not have the same inputs and outputs.
        """
        mode = module.training
        if mode == self.program.modes.get(call.path, mode):
            return call
        others = self.conversion.parts.get(mode, {}).get(call.path, [])
        if call.index < len(others) and self.conversion.programs[mode].modes[call.path] == mode:
            other = others[call.index]
            if len(other.inputs) == len(call.inputs) and len(other.outputs) == len(call.outputs):
                return other
        raise RuntimeError(
            f"{type(module).__name__} at {call.path!r} is in "
            f"{'training' if mode else 'evaluation'} while the model is not, and there is no graph "
            "for that; put the PyTorch model into this state and convert it with modes='current'"
        )

    def _keep(self, state: State, value: Tensor) -> None:
        """Make a value that of a buffer, which is replaced, or of a parameter, which stays itself."""
        owner = self.module(state.path)
        held = owner.__dict__[state.name]
        if isinstance(held, Parameter):
            with autograd.no_grad(), autograd.writable(held) as array:
                array[...] = value.data
        else:
            owner.__dict__[state.name] = value.detach()

    def _operation(self, operation: Operation, env: dict[str, Any]) -> None:
        args = [self.resolve(arg, env) for arg in operation.args]
        kwargs = {key: self.resolve(arg, env) for key, arg in operation.kwargs.items()}
        function = operators.find(operation.operator)
        assert function is not None
        out = kwargs.pop("out", None)
        debug.set_line(operation.place if operation.place[1] else None)
        try:
            if operation.records:
                result = function(*args, **kwargs)
            else:
                with autograd.no_grad():
                    result = function(*args, **kwargs)
        except (ValueError, TypeError, IndexError, RuntimeError) as error:
            error.add_note(_whereabouts(operation))
            raise
        finally:
            debug.set_line(None)
        if operation.inplace:
            result = _in_place(args[0] if out is None else out, result, operation.records)
        env[operation.name] = result
        if operation.writes is not None:
            self._keep(operation.writes, result)


def _in_place(target: Any, result: Any, records: bool) -> Any:
    """What writing a result into a tensor leaves there: its dtype and shape stay.

    A write under ``no_grad`` changes the numbers and leaves the gradient's way as it was.
    """
    if not isinstance(target, Tensor) or not isinstance(result, Tensor):
        return result
    result = cast(result, target.dtype)
    if result.shape != target.shape:
        result = autograd.broadcast_to(result, shape=target.shape)
    return result if records else written_through(target, result)


def _whereabouts(operation: Operation) -> str:
    file, line = operation.place
    where = f' at File "{file}", line {line}' if line else ""
    return f"in the converted model: {operation.name} = {operation.operator}{where}"


def _filled(tree: Any, value: Callable[[Any], Any]) -> Any:
    """The structure with the leaves' values in their places."""
    if isinstance(tree, (list, tuple)):
        parts = [_filled(part, value) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    if isinstance(tree, dict):
        filled = {key: _filled(part, value) for key, part in tree.items()}
        return filled if type(tree) is dict else type(tree)(filled)
    if dataclasses.is_dataclass(tree) and not isinstance(tree, (Value, State, Constant, Dtype)):
        changed = {f.name: _filled(getattr(tree, f.name), value) for f in dataclasses.fields(tree)}
        record: Any = dataclasses.replace(tree, **changed)  # type: ignore[type-var]
        return made(record) if isinstance(record, Spread) else record
    return value(tree)


# The tree of modules ------------------------------------------------------------------------------

_PLAIN = (int, float, str, bool, type(None))
_CONTAINERS = ("Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict")


def build(torch: Any, module: Any) -> Converted:
    """The tree of a PyTorch module, with its names, parameters, buffers and settings."""
    return _Builder(torch).module(module, "")


class _Builder:
    def __init__(self, torch: Any) -> None:
        self.torch = torch
        self.modules: dict[int, Converted] = {}
        self.tensors: dict[int, Tensor] = {}

    def module(self, theirs: Any, path: str) -> Converted:
        if id(theirs) in self.modules:
            return self.modules[id(theirs)]
        kind = type(theirs)
        ours = _class(kind.__name__, self._container(theirs))()
        self.modules[id(theirs)] = ours
        ours.__dict__["_home"] = path
        ours.__dict__["_shown"] = _extra(theirs)
        ours.__dict__["_is_one_layer"] = isinstance(theirs, self.torch.nn.MultiheadAttention)
        ours.__dict__["source"] = f"{kind.__module__}.{kind.__qualname__}"
        for name, parameter in theirs._parameters.items():
            ours.register_parameter(name, self._parameter(parameter, f"{path}.{name}"))
        for name, buffer in theirs._buffers.items():
            persistent = name not in theirs._non_persistent_buffers_set
            ours.register_buffer(name, self._buffer(buffer), persistent)
        for name, child in theirs._modules.items():
            below = f"{path}.{name}" if path else name
            ours.register_module(name, None if child is None else self.module(child, below))
        for name, value in vars(theirs).items():
            if not name.startswith("_") and _is_plain(value) and not hasattr(ours, name):
                ours.__dict__[name] = value
        ours.training = theirs.training
        return ours

    def _container(self, theirs: Any) -> str:
        for name in _CONTAINERS:
            if isinstance(theirs, getattr(self.torch.nn, name)):
                return name
        return ""

    def _parameter(self, theirs: Any, name: str) -> Parameter | None:
        if theirs is None:
            return None
        if id(theirs) not in self.tensors:
            array = _array(self.torch, theirs, name)
            self.tensors[id(theirs)] = Parameter(array, requires_grad=theirs.requires_grad)
        found = self.tensors[id(theirs)]
        assert isinstance(found, Parameter)
        return found

    def _buffer(self, theirs: Any) -> Tensor | None:
        if theirs is None:
            return None
        if id(theirs) not in self.tensors:
            self.tensors[id(theirs)] = autograd.tensor(_array(self.torch, theirs, "a buffer"))
        return self.tensors[id(theirs)]


def _array(torch: Any, value: Any, name: str) -> np.ndarray[Any, Any]:
    if type(value).__name__ in ("UninitializedParameter", "UninitializedBuffer"):
        raise ValueError(
            f"from_torch: {name.lstrip('.')} is a lazy parameter without a shape; call the PyTorch "
            "model once first"
        )
    from nn.interop.export import dense
    from nn.interop.reading import numpy_dtype

    try:
        numpy_dtype(torch, value.dtype)
    except TypeError as error:
        raise TypeError(f"from_torch: {name.lstrip('.')}: {error}") from None
    return np.asarray(dense(torch, value).detach().cpu().numpy())


def _is_plain(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return all(_is_plain(part) for part in value)
    return isinstance(value, _PLAIN)


def _extra(theirs: Any) -> str:
    try:
        return str(theirs.extra_repr())
    except Exception:  # a model's own code, for show only
        return ""


@cache
def _class(name: str, base: str) -> type[Converted]:
    """A class called as the one in PyTorch, so that representations and pictures look alike."""
    bases: tuple[type, ...] = (Converted,)
    if base:
        bases = (Converted, getattr(container, base))
    body = {"__module__": __name__, "__doc__": Converted.__doc__, "__init__": Module.__init__}
    return type(name, bases, body | {"_base": base})


def _fresh(name: str, base: str) -> Converted:
    """An empty module, which a pickle then fills."""
    cls = _class(name, base)
    return cls.__new__(cls)
