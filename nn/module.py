"""``Module``: a tree of named parameters, buffers and sub-modules, and a function on tensors."""

from __future__ import annotations

import copy
import inspect
import itertools
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Self

import numpy as np

import autograd
from autograd import HookHandle, Tensor, arguments
from nn import overlooked
from nn.constructor import Parameters, listing, misspelt, telling
from nn.gradient_hooks import call_between_gates
from nn.parameter import Parameter
from nn.summary import module_summary

__all__ = ["IncompatibleKeys", "Module"]

_PARAMETER, _BUFFER, _MODULE = "parameter", "buffer", "module"

#: Goes up whenever any module gains or loses a child, so that cached paths know they are stale.
_structure = itertools.count(1)
_structure_version = 0


class _Call(threading.local):
    """The model that this thread is calling: path by ``id`` of each module in it, and by itself."""

    paths: dict[int | str, str] | None = None
    #: Layers built in this call, called, and part of no other module.
    anew: tuple[Module, ...] = ()


_call = _Call()


class IncompatibleKeys(NamedTuple):
    """What `Module.load_state_dict` did not find, and what it did not know."""

    missing_keys: list[str]
    unexpected_keys: list[str]


#: What models of other libraries do by themselves.
_INSTEAD = {
    "fit": "; write nn.train.fit(model, …)",
    "predict": "; write model(x)",
    "save": "; write nn.save(model.state_dict(), path)",
    "load": "; write model.load_state_dict(nn.load(path))",
    "summary": "; write viz.summary(model, input_shape): from autograd import viz",
    "step": "; an optimizer steps: nn.optim.SGD(model.parameters(), lr=0.1)",
    "backward": "; a loss goes back: loss.backward()",
}


class Module:
    """Base class of everything that holds parameters.

    Assign `Parameter` objects and other modules as attributes, and define ``forward``; then call
    the module. Buffers, tensors that belong to the state but are not learnt (running statistics),
    are declared with `register_buffer`.

    The operations of a call carry the module's path in the outermost model that is being called,
    the same path as in the state dict; graph pictures draw their clusters from it.

    Attributes:
        training: True after construction and `train`, False after `eval`.

    Example:
        >>> import autograd, nn
        >>> class Scale(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.factor = nn.Parameter([2.0])
        ...     def forward(self, x):
        ...         return x * self.factor
        >>> Scale()(autograd.tensor([3.0])).tolist()
        [6.0]
    """

    training: bool = True
    #: Whether it computes with the parameters of the modules inside by itself, without calling them.
    _is_one_layer: bool = False
    __signature__ = Parameters()

    # Parameters, buffers and sub-modules lie in the instance's own ``__dict__``, where Python
    # finds them fastest; ``_kinds`` says in which order and which of the three they are.
    _kinds: dict[str, str]
    _transient: frozenset[str] = frozenset()  # buffers that the state dict leaves out
    _hooked = False  # whether a hook was ever registered
    _forward_hooks: dict[int, Any] | None = None
    _forward_pre_hooks: dict[int, Any] | None = None
    _full_backward_hooks: dict[int, Any] | None = None
    _full_backward_pre_hooks: dict[int, Any] | None = None
    _paths: tuple[int, str, dict[int | str, str]] = (-1, "", {})

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        # Here and not in __init__, so that a subclass that forgets super().__init__() works too.
        self = super().__new__(cls)
        self.__dict__["_kinds"] = {}
        if _call.paths is not None:
            maker = sys._getframe(1).f_code.co_name
            if maker not in ("__deepcopy__", "__newobj__"):  # copies have weights of others
                overlooked.built_in_calls[id(self)] = self
        return self

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__module__.startswith("nn.modules.") and "__init__" in cls.__dict__:
            cls.__init__ = telling(cls.__dict__["__init__"])  # type: ignore[method-assign]

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        if arguments or keywords:
            self._refuse_arguments(arguments, keywords)

    def _refuse_arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Say that a layer without settings was given some, as `telling` does for the others."""
        who = type(self).__name__
        if any(isinstance(value, (Tensor, np.ndarray)) for value in args):
            raise TypeError(f"{who}: a layer is built first and then called: nn.{who}()(x)")
        near = misspelt(type(self), Module, "__init__")
        raise TypeError(f"{who}: it takes no arguments, got {[*args, *kwargs]}{near}")

    def __getattr__(self, name: str) -> Any:
        """Only reached for attributes that do not exist; registered ones no class body shows."""
        who = type(self).__name__
        own = getattr(type(self), name, None)
        if isinstance(own, property) and own.fget is not None:
            return own.fget(self)  # which raised AttributeError: let it say so itself
        if name.startswith("__"):
            raise AttributeError(f"{who!r} object has no attribute {name!r}")
        near = arguments.nearest(name, [*self.__dict__.get("_kinds", ()), *dir(type(self))])
        near = _INSTEAD.get(name, "") or near or misspelt(type(self), Module, "__init__")
        raise AttributeError(f"{who!r} object has no attribute {name!r}{near}")

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; every subclass defines its own."""
        near = misspelt(type(self), Module, "forward")
        raise TypeError(f"{type(self).__name__} defines no forward(), so it cannot be called{near}")

    # Calling

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        paths = _call.paths
        outermost, before = paths is None, ""
        try:
            if paths is None:
                before = autograd.module_path()
                self._set_paths()
            else:
                path = paths.get(id(self))
                before = autograd.set_module_path(path or "")
                if path is None or before not in paths:
                    autograd.set_module_path(self._unforeseen_path(path, before, paths))
            if self._hooked:
                return self._call_with_hooks(args, kwargs)
            result = self.forward(*args, **kwargs)
            if result is None:
                self._miss_the_result()
            return result
        except RecursionError as error:
            if outermost:
                self._refuse_depth(error)
            raise
        except (ValueError, TypeError, RuntimeError, IndexError) as error:
            self._say_where(error)
            raise
        finally:
            if outermost:
                _call.paths = None
            # By the outermost, too: an interrupt may have come here in an inner one.
            autograd.set_module_path(before)
            if outermost and _call.anew:
                layers, _call.anew = list(_call.anew), ()
                overlooked.warn_of_layers_built_anew(layers)

    def _unforeseen_path(self, path: str | None, before: str, paths: dict[int | str, str]) -> str:
        """The path where the registered one does not do.

        Either this module is no registered part of the model (made on the fly, or kept in a plain
        list) and goes by its class, or the user has opened a ``module_scope`` around the call, which
        is kept: "encoder.q" called under "encoder.attention" is "encoder.attention.q".
        """
        if path is None:
            if id(self) in overlooked.built_in_calls and all(m is not self for m in _call.anew):
                _call.anew += (self,)
            return f"{before}.{type(self).__name__}" if before else type(self).__name__
        known = before
        while known not in paths:
            known = known.rpartition(".")[0]
        inside = f"{known}." if known else ""
        return f"{before}.{path.removeprefix(inside)}"

    def _set_paths(self) -> None:
        """Note that this is the model being called, and where in it every module is."""
        scope = autograd.module_path()
        version, prefix, paths = self._paths
        if version != _structure_version or prefix != scope:
            # Within a scope of the user's the model's own path is that scope's.
            paths = self._described_paths(scope)
            paths |= {path: path for path in ("", *paths.values())}
            self.__dict__["_paths"] = (_structure_version, scope, paths)
        _call.paths = paths

    def _say_where(self, error: Exception) -> None:
        """Note on an exception which module of the model it comes from; the innermost does it."""
        if hasattr(error, "_module_is_told"):
            return
        path = autograd.module_path()
        error._module_is_told = True  # type: ignore[attr-defined]
        where = f"{path}: {module_summary(self)}" if path else module_summary(self)
        error.add_note(f"in the module {where}")
        if isinstance(error, TypeError) and "positional argument" in str(error):
            first = next(iter(inspect.signature(type(self).forward).parameters), "")
            if first != "self" and not first.startswith(("args", "_")):
                error.add_note(
                    f"forward's first parameter is {first or 'missing'}: write def forward(self, x)"
                )

    def _miss_the_result(self) -> None:
        """Say that there is none, which is noticed only where something is done with it."""
        arguments.warn(f"{type(self).__name__}.forward() gave None; does it lack a return?")

    def _refuse_depth(self, error: RecursionError) -> None:
        """Say so if modules nested in modules, each with two calls of its own, are the cause."""
        depth = 1 + max(len(path.split(".")) if path else 0 for path, _ in self.named_modules())
        if 2 * depth > sys.getrecursionlimit() // 2:
            raise RuntimeError(
                f"{type(self).__name__}: modules lie {depth} deep in one another, which is more "
                f"than Python's {sys.getrecursionlimit()} nested calls allow; put them side by "
                "side, or raise sys.setrecursionlimit"
            ) from error

    def _described_paths(self, scope: str) -> dict[int | str, str]:
        """The path of every module by its id; paths know what stands at them, for pictures."""
        table: dict[str, autograd.ModuleInfo] = {}
        paths: dict[int | str, str] = {}
        for path, module in self.named_modules(scope):
            leaf = module._is_one_layer or not any(True for _ in module.children())
            table[path] = autograd.ModuleInfo(type(module).__name__, module_summary(module), leaf)
            paths[id(module)] = autograd.ModulePath(path, table)
        return paths

    def _call_with_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        for hook, with_kwargs in _in_order(self._forward_pre_hooks):
            if with_kwargs:
                changed = hook(self, args, kwargs)
                if changed is not None:
                    args, kwargs = changed
            else:
                changed = hook(self, args)
                if changed is not None:
                    args = changed if isinstance(changed, tuple) else (changed,)

        def forward(args: tuple[Any, ...]) -> Any:
            output = self.forward(*args, **kwargs)
            for hook, with_kwargs in _in_order(self._forward_hooks):
                inputs = (args, kwargs) if with_kwargs else (args,)
                changed = hook(self, *inputs, output)
                if changed is not None:
                    output = changed
            return output

        before, after = (
            [hook for hook, _ in _in_order(hooks)]
            for hooks in (self._full_backward_pre_hooks, self._full_backward_hooks)
        )
        if before or after:
            return call_between_gates(self, before, after, args, forward)
        return forward(args)

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> HookHandle:
        """Calls ``hook(module, args)`` before every ``forward``.

        What it returns, unless None, replaces the positional arguments (one that is no tuple is
        the only one). With ``with_kwargs=True`` it is called ``hook(module, args, kwargs)`` and
        returns None or a new ``(args, kwargs)``.

        Args:
            hook: the function.
            prepend: call it before the hooks that are already there. Default False.
            with_kwargs: pass the keyword arguments too. Default False.

        Returns:
            A handle whose ``remove()`` takes the hook off.
        """
        return self._add_hook("_forward_pre_hooks", hook, prepend, with_kwargs)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> HookHandle:
        """Calls ``hook(module, args, output)`` after every ``forward``.

        What it returns, unless None, replaces the output. With ``with_kwargs=True`` it is called
        ``hook(module, args, kwargs, output)``. The arguments are as for
        `register_forward_pre_hook`.
        """
        return self._add_hook("_forward_hooks", hook, prepend, with_kwargs)

    def register_full_backward_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> HookHandle:
        """Calls ``hook(module, grad_input, grad_output)`` in every backward pass through the module.

        Both are tuples: the gradients of the positional arguments, and those of the outputs; None
        stands for what is no tensor, needs no gradient or was not used. What the hook returns,
        unless None, replaces ``grad_input``. It is called when all of them are complete, or,
        if no argument needs a gradient, when ``grad_output`` is.

        Inputs and outputs are handed on as views, so that ``+=`` on them is refused.

        Args:
            hook: the function.
            prepend: call it before the hooks that are already there. Default False.

        Returns:
            A handle whose ``remove()`` takes the hook off.

        Example:
            >>> import autograd, nn
            >>> layer = nn.ReLU()
            >>> handle = layer.register_full_backward_hook(
            ...     lambda module, into, out: print(out[0].tolist(), "→", into[0].tolist()))
            >>> x = autograd.tensor([-1.0, 2.0], requires_grad=True)
            >>> (3.0 * layer(x)).sum().backward()
            [3.0, 3.0] → [0.0, 3.0]
        """
        return self._add_hook("_full_backward_hooks", hook, prepend, False)

    def register_full_backward_pre_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> HookHandle:
        """Calls ``hook(module, grad_output)`` before a backward pass goes through the module.

        What it returns, unless None, replaces ``grad_output``. See `register_full_backward_hook`.
        """
        return self._add_hook("_full_backward_pre_hooks", hook, prepend, False)

    def _add_hook(self, kind: str, hook: Any, prepend: bool, with_kwargs: bool) -> HookHandle:
        arguments.function(f"register{kind.removesuffix('s')}", "hook", hook)
        hooks = self.__dict__.setdefault(kind, {})
        # They run in the order of their keys.
        key = min(hooks, default=0) - 1 if prepend else max(hooks, default=-1) + 1
        hooks[key] = (hook, with_kwargs)
        self.__dict__["_hooked"] = True
        return HookHandle(hooks, key)

    # Registering

    def __setattr__(self, name: str, value: Any) -> None:
        kind = self._kinds.get(name)
        if isinstance(value, Parameter):
            self.register_parameter(name, value)
        elif isinstance(value, Module):
            self.register_module(name, value)
        elif kind is None:
            if type(value) in (list, tuple, dict):
                self._warn_of_hidden_layers(name, value)
            elif name in ("requires_grad", "training") or isinstance(value, Tensor):
                self._check_attribute(name, value)
            object.__setattr__(self, name, value)
        elif value is None or (kind == _BUFFER and isinstance(value, Tensor)):
            if kind == _MODULE:
                note_structure()
            self.__dict__[name] = value
        else:
            wanted = {_PARAMETER: "Parameter", _BUFFER: "Tensor", _MODULE: "Module"}[kind]
            raise TypeError(
                f"{type(self).__name__}.{name} is a registered {kind}: assign a {wanted} or None, "
                f"not {type(value).__name__}; or `del` it first"
            )

    def _check_attribute(self, name: str, value: Any) -> None:
        """Refuse, or warn of, an attribute that would do nothing."""
        who = type(self).__name__
        caller = sys._getframe(2).f_code.co_name
        if name == "requires_grad" and not hasattr(type(self), name):
            if caller == "__init__" or name in self.__dict__:  # a setting of its own
                return
            raise AttributeError(
                f"{who}.requires_grad: a module has no such switch, its parameters have; write "
                f"model.requires_grad_({value!r})"
            )
        if name == "training" and not isinstance(value, (int, np.bool_)):
            raise TypeError(f"{who}.training must be True or False, got {arguments.shown(value)}")
        built = caller == "__init__"  # later it may stand in for a parameter
        if built and isinstance(value, Tensor) and value.requires_grad and value.is_leaf:
            overlooked.note_hidden_tensor(self, name, value)

    def _warn_of_hidden_layers(self, name: str, value: Any) -> None:
        """Layers in a plain list are found by nobody: not trained, not saved."""
        inside = value.values() if isinstance(value, dict) else value
        if any(isinstance(each, (Module, Parameter)) for each in inside):
            kind = "ModuleDict" if isinstance(value, dict) else "ModuleList"
            if not any(isinstance(each, Module) for each in inside):
                kind = kind.replace("Module", "Parameter")
            warnings.warn(
                f"{type(self).__name__}.{name} is a plain {type(value).__name__}: its layers are "
                f"not found by parameters(), so they are neither trained nor saved; write "
                f"nn.{kind}(…)",
                stacklevel=3,
            )

    def __delattr__(self, name: str) -> None:
        kind = self._kinds.pop(name, None)
        self._transient -= {name}
        if kind == _MODULE:
            note_structure()
        object.__delattr__(self, name)

    def _register(self, kind: str, name: str, value: Any) -> None:
        what = f"{type(self).__name__}: {kind} name"
        if not isinstance(name, str):
            raise TypeError(f"{what} must be a string, got {arguments.shown(name)}")
        if not name or "." in name:
            raise ValueError(
                f"{what} must not be empty or contain a dot, got {arguments.shown(name)}"
            )
        taken = getattr(type(self), name, None)
        hides = callable(taken) or isinstance(taken, property)
        if hides:
            raise ValueError(f"{what} {name!r} would hide a method of the class; choose another")
        if _MODULE in (kind, self._kinds.get(name)):
            note_structure()
        elif kind == _PARAMETER == self._kinds.get(name):
            overlooked.is_kept(self)  # it has weights that were made elsewhere
        if self._kinds.get(name) != kind:
            self._kinds.pop(name, None)  # Takes its place at the end, as a new one does.
            self._kinds[name] = kind
            self._transient -= {name}
        self.__dict__[name] = value

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Adds a parameter; None declares one that is absent (a layer without bias).

        Raises:
            TypeError: if it is neither a Parameter nor None.
            ValueError: for an empty or dotted name, or that of a method.
        """
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"register_parameter: {name!r} must be a Parameter or None, "
                f"got {type(param).__name__}; wrap it in nn.Parameter(...)"
            )
        self._register(_PARAMETER, name, param)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Adds a tensor that is part of the state but not learnt.

        Args:
            name: the attribute's name.
            tensor: the tensor, or None for an absent one. Later assignments replace it.
            persistent: whether the state dict contains it. Default True.

        Raises:
            TypeError: if it is neither a Tensor nor None.
            ValueError: for an empty or dotted name, or that of a method.
        """
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"register_buffer: {name!r} must be a Tensor or None, got {type(tensor).__name__}; "
                "make one with autograd.tensor(...)"
            )
        if self._kinds.get(name) != _BUFFER and name in self.__dict__:
            raise ValueError(f"register_buffer: {type(self).__name__} already has {name!r}")
        self._register(_BUFFER, name, tensor)
        self._transient = self._transient - {name} if persistent else self._transient | {name}

    def register_module(self, name: str, module: Module | None) -> None:
        """Adds a sub-module, as assigning it to the attribute ``name`` does.

        Raises:
            TypeError: if it is neither a Module nor None.
            ValueError: for an empty or dotted name, that of a method, or a module
                that contains this one.
        """
        if module is not None and not isinstance(module, Module):
            raise TypeError(
                f"register_module: {name!r} must be a Module or None, got {type(module).__name__}"
            )
        if module is not None and any(inner is self for inner in module.modules()):
            raise ValueError(
                f"register_module: {name!r} would put {type(self).__name__} into itself"
            )
        self._register(_MODULE, name, module)
        overlooked.is_kept(module)

    add_module = register_module

    # Walking the tree

    def _members(self, kind: str) -> list[tuple[str, Any]]:
        """This module's own, absent (None) ones included."""
        own = self.__dict__
        return [(name, own[name]) for name, k in self._kinds.items() if k == kind]

    def _named(
        self, kind: str, prefix: str, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Any]]:
        seen = set()
        modules = (
            self.named_modules(prefix, remove_duplicate=remove_duplicate)
            if recurse
            else ((prefix, self),)
        )
        for path, module in modules:
            for name, value in module._members(kind):
                if value is None or (remove_duplicate and id(value) in seen):
                    continue
                seen.add(id(value))
                yield (f"{path}.{name}" if path else name), value

    @listing
    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Pairs of dotted name and parameter, in the order in which they were registered.

        Args:
            prefix: put before every name, with a dot. Default none.
            recurse: go into sub-modules. Default True.
            remove_duplicate: give a shared parameter once, under its first name. Default True.
        """
        return self._named(_PARAMETER, prefix, recurse, remove_duplicate)

    @listing
    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters, each once; without those of sub-modules if ``recurse`` is False."""
        return (value for _, value in self.named_parameters(recurse=recurse))

    @listing
    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Pairs of dotted name and buffer; the arguments are as for `named_parameters`."""
        return self._named(_BUFFER, prefix, recurse, remove_duplicate)

    @listing
    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers, each once; without those of sub-modules if ``recurse`` is False."""
        return (value for _, value in self.named_buffers(recurse=recurse))

    @listing
    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Pairs of name and module, for the modules directly inside; each module once."""
        seen = set()
        for name, module in self._members(_MODULE):
            if module is not None and id(module) not in seen:
                seen.add(id(module))
                yield name, module

    @listing
    def children(self) -> Iterator[Module]:
        """The modules directly inside, each once."""
        return (module for _, module in self.named_children())

    @listing
    def named_modules(
        self, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """Pairs of dotted path and module: this one (path ``prefix``), then all inside, in order.

        Args:
            prefix: the path of this module itself. Default "".
            remove_duplicate: give a shared module once, under its first path. Default True.
        """
        seen = set()
        pending: list[tuple[str, Module]] = [(prefix, self)]
        while pending:
            path, module = pending.pop()
            if remove_duplicate:
                if id(module) in seen:
                    continue
                seen.add(id(module))
            yield path, module
            inner = [
                (f"{path}.{name}" if path else name, child)
                for name, child in module._members(_MODULE)
                if child is not None
            ]
            pending.extend(reversed(inner))

    def _children_first(self) -> Iterator[Module]:
        """This module and all inside it, after their children; shared ones come again."""
        pending = [(self, self.children())]
        while pending:
            module, rest = pending[-1]
            child = next(rest, None)
            if child is None:
                pending.pop()
                yield module
            else:
                pending.append((child, child.children()))

    @listing
    def modules(self) -> Iterator[Module]:
        """This module and all inside it, each once, in the order of `named_modules`."""
        seen, pending = set(), [self]
        while pending:
            module = pending.pop()
            if id(module) not in seen:
                seen.add(id(module))
                yield module
                if inner := module._members(_MODULE):
                    pending.extend([child for _, child in reversed(inner) if child is not None])

    def get_submodule(self, target: str) -> Module:
        """The module at a dotted path; this one for "".

        Raises:
            AttributeError: if there is none, naming the part of the path that fails.
            TypeError: for a target that is no string.
        """
        _check_path("get_submodule", target)
        module = self
        for name in target.split(".") if target else ():
            inner = module.__dict__.get(name) if module._kinds.get(name) == _MODULE else None
            if inner is None:
                raise AttributeError(
                    f"get_submodule: {target!r}: {type(module).__name__} has no module {name!r}"
                )
            module = inner
        return module

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Puts a module at a dotted path, in place of the one there.

        Args:
            target: the path, such as "features.3".
            module: what comes there.
            strict: refuse a name that has no module yet. Default False.

        Raises:
            AttributeError: if the path leads nowhere. ValueError: for an empty one.
        """
        _check_path("set_submodule", target)
        path, _, name = target.rpartition(".")
        if not name:
            raise ValueError("set_submodule: target must name a module inside, got ''")
        parent = self.get_submodule(path)
        if arguments.boolean("set_submodule", "strict", strict):
            self.get_submodule(target)
        parent.register_module(name, module)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a dotted path.

        Raises:
            AttributeError: if there is none.
        """
        return self._get(_PARAMETER, target)

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a dotted path.

        Raises:
            AttributeError: if there is none.
        """
        return self._get(_BUFFER, target)

    def _get(self, kind: str, target: str) -> Any:
        _check_path(f"get_{kind}", target)
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if module._kinds.get(name) != kind:
            raise AttributeError(f"get_{kind}: {type(module).__name__} has no {kind} {name!r}")
        return module.__dict__[name]

    # Changing all of it

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Calls ``fn`` on every module inside, children first, then on this one; returns self."""
        arguments.function("apply", "fn", fn)
        for module in self._children_first():
            fn(module)
        return self

    def train(self, mode: bool = True) -> Self:
        """Puts the module and all inside it into training mode (dropout on, statistics moving).

        Raises:
            TypeError: if ``mode`` is no bool.
        """
        if not isinstance(mode, bool):
            raise TypeError(f"train: mode must be True or False, got {arguments.shown(mode)}")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Puts the module and all inside it into evaluation mode; the same as ``train(False)``."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Sets whether gradients are computed for the parameters; False freezes them."""
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forgets all gradients, or fills them with zeros if ``set_to_none`` is False."""
        autograd.func.each_time(self._zero_grad, set_to_none)

    def _zero_grad(self, set_to_none: bool) -> None:
        for parameter in self.parameters():
            if parameter.grad is not None:
                parameter.grad = None if set_to_none else autograd.zeros_like(parameter)

    def float(self) -> Self:
        """Turns floating parameters and buffers into float32. See `to`."""
        return self.to(np.float32)

    def double(self) -> Self:
        """Turns floating parameters and buffers into float64. See `to`."""
        return self.to(np.float64)

    def half(self) -> Self:
        """Turns floating parameters and buffers into float16. See `to`."""
        return self.to(np.float16)

    def type(self, dst_type: Any) -> Self:
        """Turns floating parameters and buffers into another dtype; the same as ``to(dtype)``."""
        return self.to(dtype=dst_type)

    def cpu(self) -> Self:
        """Returns self: everything is on the CPU."""
        return self

    def cuda(self, device: Any = None) -> Self:
        """Raises RuntimeError: there is no GPU here."""
        raise RuntimeError(
            f"{type(self).__name__}.cuda: everything here runs on the CPU; leave it out"
        )

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Turns floating parameters and buffers into another dtype, in place; returns self.

        Integer buffers keep theirs, shared parameters stay shared. The parameters are new objects
        without a gradient, so make optimizers afterwards.

        Args:
            args, kwargs: ``to(dtype)``, ``to("cpu")``, ``to("cpu", dtype)`` or ``to(tensor)``, whose
                dtype is taken; also as ``device=``, ``dtype=``. ``non_blocking`` has no meaning here.

        Raises:
            TypeError: if ``dtype`` is not float16, float32 or float64.
            ValueError: for a device that is not the CPU.

        Example:
            >>> import nn
            >>> nn.Linear(2, 2).to("cpu").to("float64").weight.dtype
            dtype('float64')
        """
        dtype = read_destination("to", args, kwargs)
        if dtype is None:
            return self
        new: dict[int, Any] = {}
        for module in self.modules():
            module._turn(dtype, new)
        return self

    def _turn(self, dtype: Any, new: dict[int, Any]) -> None:
        """Turn this module's own parameters and buffers; ``new`` is what was made so far, by id."""
        for kind in (_PARAMETER, _BUFFER):
            for name, value in self._members(kind):
                if value is None or value.dtype == dtype or value.dtype.kind != "f":
                    continue
                if id(value) not in new:
                    array = value.data.astype(dtype)
                    is_parameter = kind == _PARAMETER
                    new[id(value)] = (
                        Parameter(array, requires_grad=value.requires_grad)
                        if is_parameter
                        else autograd.tensor(array)
                    )
                self.__dict__[name] = new[id(value)]

    # Saving and loading

    def state_dict(self, prefix: str = "") -> dict[str, Tensor]:
        """All parameters and persistent buffers by dotted name, as detached copies.

        The copies stay what they are when training goes on (PyTorch's share memory with the
        model). Keys are PyTorch's; a shared parameter stands under each of its names.

        Args:
            prefix: put before every key as it is. Default "".
        """
        if not isinstance(prefix, str):
            raise TypeError(f"state_dict: prefix must be a string, got {arguments.shown(prefix)}")
        return {
            prefix + key: autograd.tensor(module.__dict__[name].data)
            for key, module, name in self._state()
        }

    def _state(self) -> Iterator[tuple[str, Module, str]]:
        """(key, module, attribute) of everything in the state dict."""
        for path, module in self.named_modules(remove_duplicate=False):
            for kind in (_PARAMETER, _BUFFER):
                for name, value in module._members(kind):
                    if value is not None and name not in module._transient:
                        yield (f"{path}.{name}" if path else name), module, name

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Sets parameters and buffers to the values of a state dict.

        Args:
            state_dict: arrays or tensors (also PyTorch's, on the CPU) by dotted name.
            strict: refuse missing and unexpected keys. Default True.
            assign: make new parameters that take over the values' dtypes, instead of writing into
                the ones there are. Default False.

        Returns:
            The missing and the unexpected keys (both empty when strict).

        Raises:
            TypeError: if ``state_dict`` is no mapping or a value is no numeric array.
            RuntimeError: lists every missing, unexpected and misshapen entry. The model is then
                as it was.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(
                "load_state_dict: expected a mapping of names to tensors, got "
                + type(state_dict).__name__
                + ("; write its .state_dict()" if isinstance(state_dict, Module) else "")
            )
        overlooked.is_kept(self)
        for path, module in self.named_modules():
            module._foresee(state_dict, f"{path}." if path else "")
        own = {key: (module, name) for key, module, name in self._state()}
        missing = [key for key in own if key not in state_dict]
        unexpected = [key for key in state_dict if key not in own]
        arrays = {key: _state_array(key, state_dict[key]) for key in own if key in state_dict}

        problems = []
        if strict and missing:
            problems.append("missing: " + ", ".join(missing))
        if strict and unexpected:
            problems.append("unexpected: " + ", ".join(map(str, unexpected)))
        for key, array in arrays.items():
            module, name = own[key]
            shape = module.__dict__[name].shape
            if array.shape != shape:
                problems.append(f"{key}: expected shape {shape}, got {array.shape}")
        if problems:
            what = "\n  ".join(problems)
            raise RuntimeError(
                f"load_state_dict: {type(self).__name__} is left unchanged, "
                f"the state dict does not fit:\n  {what}"
            )
        self._set_state({own[key]: array for key, array in arrays.items()}, assign)
        return IncompatibleKeys(missing, unexpected)

    def _foresee(self, state_dict: Mapping[str, Any], prefix: str) -> None:
        """Get ready for what is to be loaded: a lazy layer learns its sizes."""

    @staticmethod
    def _set_state(arrays: dict[tuple[Module, str], np.ndarray], assign: bool) -> None:
        new: dict[int, Parameter] = {}  # by what it replaces: shared parameters stay shared
        for (module, name), array in arrays.items():
            value = module.__dict__[name]
            if not isinstance(value, Parameter):
                dtype = array.dtype if assign else value.dtype
                module.__dict__[name] = autograd.tensor(array.astype(dtype))
            elif assign:
                if id(value) not in new:
                    new[id(value)] = Parameter(array, requires_grad=value.requires_grad)
                module.__dict__[name] = new[id(value)]
            else:
                with autograd.no_grad(), autograd.writable(value) as own:
                    own[...] = array

    def __getstate__(self) -> dict[str, Any]:
        # What a copy must not share, and what holds only for this very object.
        state = dict(self.__dict__, _kinds=dict(self._kinds))
        state.pop("_paths", None)
        return state

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        # All modules first, then what they hold: no module's copy waits for another one's, so that
        # the depth of a model does not matter.
        inside = [m for m in self.modules() if type(m).__deepcopy__ is Module.__deepcopy__]
        originals = [m for m in inside if id(m) not in memo]
        for module in originals:
            memo[id(module)] = type(module).__new__(type(module))
        for module in originals:
            state, copied = copy.deepcopy(module.__getstate__(), memo), memo[id(module)]
            if hasattr(copied, "__setstate__"):
                copied.__setstate__(state)
            else:
                copied.__dict__.update(state)
        return memo[id(self)]

    # Showing

    def extra_repr(self) -> str:
        """What the representation shows in the brackets; subclasses return their settings."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def _repr_children(self, texts: dict[int, str]) -> Iterator[tuple[str, str]]:
        """Label and text of every child, given the texts of modules by ``id``."""
        return (
            (f"({name})", texts.get(id(module), "None")) for name, module in self._members(_MODULE)
        )

    def __repr__(self) -> str:
        texts: dict[int, str] = {}
        for module in self._children_first():
            if id(module) not in texts:
                ours = type(module).__repr__ is Module.__repr__ or module is self
                texts[id(module)] = module._text(texts) if ours else repr(module)
        return texts[id(self)]

    def _text(self, texts: dict[int, str]) -> str:
        extra = self.extra_repr().split("\n")
        children = self._repr_children(texts)
        lines = [f"{label}: {text}".replace("\n", "\n  ") for label, text in children]
        if not lines and len(extra) == 1:
            return f"{self._get_name()}({extra[0]})"
        if extra == [""]:
            extra = []
        return "\n  ".join([f"{self._get_name()}(", *extra, *lines]) + "\n)"


def _in_order(hooks: dict[int, Any] | None) -> list[Any]:
    return [hooks[key] for key in sorted(hooks)] if hooks else []


def _check_path(who: str, target: Any) -> None:
    if not isinstance(target, str):
        raise TypeError(f"{who}: target must be a dotted path, got {type(target).__name__}")


def read_destination(who: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The dtype that the arguments of ``to`` ask for, or None.

    Raises:
        TypeError: for what is neither dtype nor device nor tensor; ValueError: for another device.
    """
    unknown = kwargs.keys() - {"device", "dtype", "non_blocking", "copy", "memory_format"}
    if unknown:
        raise TypeError(f"{who}: there is no argument {min(unknown)!r}; it takes device and dtype")
    if not args and not kwargs.keys() & {"device", "dtype"}:
        raise TypeError(f"{who}: give a dtype, such as {who}('float64'), or the device 'cpu'")
    dtype = kwargs.get("dtype")
    devices = [kwargs.get("device")]
    for given in args:
        if isinstance(given, Tensor):
            dtype = given.dtype
        elif _is_device(given):
            devices.append(given)
        elif not isinstance(given, bool):  # non_blocking
            if given is None and not dtype and len(args) == 1 and not kwargs:
                raise TypeError(f"{who}: dtype must be float16, float32 or float64, got None")
            dtype = dtype if given is None else given
    for device in devices:
        if device is not None and kind_of_device(device) != "cpu":
            raise ValueError(
                f"{who}: everything is on the CPU here, there is no device "
                f"{arguments.shown(device)}; "
                "write 'cpu', or leave it out"
            )
    return None if dtype is None else arguments.float_dtype(who, dtype)


def kind_of_device(given: Any) -> str | None:
    """What comes before the colon in "cuda:0", or in such a device object; None if it is none."""
    text = given if isinstance(given, str) else getattr(given, "type", None)
    return text.partition(":")[0] if isinstance(text, str) else None


def _is_device(given: Any) -> bool:
    return kind_of_device(given) in ("cpu", "cuda", "mps", "xpu", "meta")


def note_structure() -> None:
    """Note that some module has gained or lost a child, or become another class."""
    global _structure_version
    _structure_version = next(_structure)


def _state_array(key: str, value: Any) -> np.ndarray:
    if isinstance(value, Tensor):
        value = value.data
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"load_state_dict: {key} is no array: {error}") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(
            f"load_state_dict: {key} must be an array of real numbers, "
            f"got {type(value).__name__} of dtype {array.dtype}"
        )
    return array
