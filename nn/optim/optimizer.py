"""What all optimizers share: parameter groups, state, and the loop over parameters with a gradient."""

from __future__ import annotations

import copy
import inspect
import math
from collections import defaultdict
from collections.abc import Callable, ItemsView, Iterable, KeysView, Mapping, Set
from typing import Any

import numpy as np

import autograd
from autograd import Tensor, arguments
from autograd import optimizers as kernels
from autograd.engine.used import in_a_graph, note_step
from nn.constructor import telling
from nn.module import Module
from nn.overlooked import forget_hidden_tensors, warn_of_hidden_tensors


class Optimizer:
    """Base class of optimizers.

    Parameters of dtype float16 are stepped in float32, with state in float32, and rounded once.

    A subclass hands its hyper-parameters to ``__init__``, checks them in `_check` and defines
    `_update`, which writes the step into one parameter's array; or, as in PyTorch, it defines
    `step`, and keeps tensors in ``self.state[p]``. Those here say in `_kept` which arrays a parameter
    keeps and in `_kernel` what writes the step.

    Args:
        params: tensors, (name, tensor) pairs, or dictionaries with the key ``"params"`` and
            hyper-parameters of their own (one group each).
        defaults: hyper-parameters of the groups that do not set them.

    Attributes:
        param_groups: list of dictionaries: ``"params"`` and the group's hyper-parameters, which may
            be changed between steps.
        state: for each parameter that has taken a step, the arrays kept for it, by name.

    Raises:
        TypeError: if ``params`` is one tensor, or holds something that is no tensor.
        ValueError: if there are no parameters, one comes twice, is no leaf, or a hyper-parameter
            is out of range.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "_kernel" in cls.__dict__:
            known = inspect.signature(cls.__init__).parameters.values()
            cls._switches = frozenset(p.name for p in known if isinstance(p.default, bool))
        if cls.__module__.startswith("nn.optim.") and "__init__" in cls.__dict__:
            cls.__init__ = telling(cls.__dict__["__init__"], "nn.optim")  # type: ignore[method-assign]

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self.param_groups: list[dict[str, Any]] = []
        self.state: dict[Tensor, dict[str, Any]] = defaultdict(dict)
        # For schedules that go on: the rates of the state dict loaded last, until a step is made;
        # whether that was saved before any step; and by group, rates that schedules have moved on
        # from the first to a later epoch.
        self._loaded_lrs: list[float] | None = None
        self._loaded_before_steps = False
        self._moved_lrs: dict[int, float] = {}
        if isinstance(params, (int, float)):
            raise TypeError(
                f"{self._who}: the parameters come first, then lr, got {arguments.shown(params)} for params: "
                f"nn.optim.{self._who}(model.parameters(), lr={params!r})"
            )
        self._check(defaults)
        if isinstance(params, Tensor) or not isinstance(params, Iterable):
            raise TypeError(
                f"{self._who}: params must be an iterable of tensors or dictionaries, such as "
                f"model.parameters(), got {type(params).__name__}{_meant(params)}"
            )
        groups = list(_ordered(self._who, params))
        if not groups:
            raise ValueError(f"{self._who}: params is empty; there is nothing to optimize")
        if not isinstance(groups[0], Mapping):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def __getattr__(self, name: str) -> Any:
        if name in self.__dict__.get("defaults", ()):
            raise AttributeError(f"{self._who}: {_in_groups(name)}")
        raise arguments.no_attribute(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        ours = type(self).__module__.startswith("nn.optim.")
        if ours and name in self.__dict__.get("defaults", ()):
            raise AttributeError(f"{self._who}: {_in_groups(name)}")
        object.__setattr__(self, name, value)

    @property
    def _who(self) -> str:
        return type(self).__name__

    #: The arrays kept for a parameter, in the order in which the kernel takes them.
    _kept: tuple[str, ...] = ()
    #: What writes a step, from `autograd.optimizers`.
    _kernel: Callable[..., Any] | None = None
    #: Whether that wants the number of the step.
    _counts_steps = True
    #: Hyper-parameters that are True or False; and numbers, at least 0 all, that are at most 1.
    _switches: frozenset[str] = frozenset()
    _at_most_one: tuple[str, ...] = ()

    def _check(self, options: Mapping[str, Any]) -> None:
        """Raises for hyper-parameters that cannot work."""
        if self._kernel is None:
            if type(self).step is not Optimizer.step:
                return  # PyTorch's way to write one: __init__ and step
            raise TypeError(f"{self._who} defines no _check()")
        for name in self.defaults:
            if name == "betas":
                check_betas(self._who, options[name])
            elif name in self._switches:
                arguments.boolean(self._who, name, options[name])
            else:
                high = 1.0 if name in self._at_most_one else math.inf
                check_number(self._who, name, options[name], high=high)

    def _update(
        self, array: np.ndarray, grad: np.ndarray, state: dict[str, Any], group: dict[str, Any]
    ) -> None:
        """Writes one step into ``array``; ``grad`` must not be written to."""
        if self._kernel is None:
            raise TypeError(f"{self._who} defines no _update()")
        fill_state(array, state, self._kept)
        state["step"] += 1
        kept = [state[name] for name in self._kept]
        settings = self._settings(group)
        if self._counts_steps:
            settings["step"] = state["step"]
        self._kernel(array, grad, *kept, **settings)

    def _settings(self, group: Mapping[str, Any]) -> dict[str, Any]:
        """A group's hyper-parameters, by the names that kernels call them."""
        settings = {name: group[name] for name in self.defaults}
        if "betas" in settings:
            settings["beta1"], settings["beta2"] = settings.pop("betas")
        if "decoupled_weight_decay" in settings:
            settings["decoupled"] = settings.pop("decoupled_weight_decay")
        return settings

    def _update_all(
        self, work: list[tuple[np.ndarray, np.ndarray, dict[str, Any]]], group: dict[str, Any]
    ) -> None:
        """Does what `_update` does for all parameters of a group."""
        for array, grad, state in work:
            self._update(array, grad, state, group)

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        """Adds parameters with hyper-parameters of their own, for instance layers just unfrozen.

        Args:
            group: ``"params"``, a tensor or an iterable of tensors or (name, tensor) pairs;
                any hyper-parameter of this optimizer may stand beside it, and texts, such as a name.

        A group may be empty: it is there to be filled.

        Raises:
            TypeError, ValueError: as on construction.
        """
        if not isinstance(group, Mapping) or "params" not in group:
            raise TypeError(
                f"{self._who}: a parameter group is a dictionary with the key 'params', got "
                + (f"keys {sorted(group)}" if isinstance(group, Mapping) else type(group).__name__)
            )
        known = {*self.defaults, "params", "initial_lr"}
        unknown = [key for key in group if key not in known and not isinstance(group[key], str)]
        if unknown:
            raise ValueError(
                f"{self._who}: unknown hyper-parameter {unknown[0]!r}; "
                f"there are {', '.join(self.defaults)}"
            )
        params = group["params"]
        params = _ordered(self._who, params)
        params = (
            [params]
            if isinstance(params, Tensor)
            else arguments.elements(self._who, "params", params)
        )
        params = [p[1] if isinstance(p, tuple) and len(p) == 2 else p for p in params]
        taken = {id(p) for other in self.param_groups for p in other["params"]}
        for position, p in enumerate(params):
            what = f"{self._who}: parameter {position}"
            if not isinstance(p, Tensor):
                raise TypeError(f"{what} must be a tensor, got {type(p).__name__}")
            if not p.is_leaf:
                raise ValueError(
                    f"{what} of shape {p.shape} is the result of an operation, not a leaf; "
                    "optimize the tensors it was made from"
                )
            if p.dtype.kind != "f":
                raise TypeError(f"{what} has dtype {p.dtype}; only floating tensors are learnt")
            if id(p) in taken:
                raise ValueError(f"{what} of shape {p.shape} is there twice")
            taken.add(id(p))
        new = {"params": params}
        new |= {key: value for key, value in group.items() if key != "params"}
        new |= {key: value for key, value in self.defaults.items() if key not in new}
        self._check(new)
        forget_hidden_tensors(params)
        self.param_groups.append(new)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forgets all gradients, or fills them with zeros if ``set_to_none`` is False."""
        autograd.func.each_time(self._zero_grad, set_to_none)

    def _zero_grad(self, set_to_none: bool) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.grad = None if set_to_none else autograd.zeros_like(p.grad)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Moves every parameter that has a gradient by one step.

        Args:
            closure: called first, with recording on: it clears the gradients, computes the loss,
                calls ``backward()`` and returns the loss. Default None: the gradients are there.

        Returns:
            What the closure returned, or None.
        """
        loss = None
        if closure is not None:
            with autograd.enable_grad():
                loss = arguments.function(self._who, "closure", closure)()
        self._look_at_gradients()
        autograd.func.each_time(self._step_groups)
        return loss

    #: How many steps found no gradient, as long as none has found one.
    _idle: int | None = 0
    #: How many have found some.
    _looked = 0

    def _look_at_gradients(self) -> None:
        """Warn where there are none, or where they were not cleared since the last step.

        Both can be meant: a step without a gradient moves nothing, and gradients may be filled in
        place, or used twice. So only what is surely a mistake counts: two steps before the first
        gradient, with a loss of these parameters that never went through backward, and a backward
        that has added to what the last step used.
        """
        found = (p for group in self.param_groups for p in group["params"])
        first = next((p for p in found if p.grad is not None), None)
        if first is not None:
            self._idle = None
            self._looked += 1
            if self._looked == 2:
                warn_of_hidden_tensors(self._parameters())
            if note_step(first):
                arguments.warn(
                    f"{self._who}.step(): the gradients of the last step are still there, and those "
                    "of backward() were added to them; call zero_grad() before backward()"
                )
        elif self._idle is not None:
            self._idle += 1
            if self._idle == 2 and in_a_graph(self._parameters()):
                arguments.warn(
                    f"{self._who}.step(): no parameter has a gradient, so nothing moves; "
                    "call loss.backward() before"
                )

    def _step_groups(self) -> None:
        self._loaded_lrs = None
        with autograd.no_grad():
            for group in self.param_groups:
                self._step_group(group)

    def _step_group(self, group: dict[str, Any]) -> None:
        """Opens the arrays of a group's parameters for writing, and steps all of them at once."""
        opened, work = [], []
        try:
            for p in group["params"]:
                grad = p.grad
                if grad is None:
                    continue
                state = self.state.get(p)
                if state is None:
                    state = self.state[p] = {}
                writing = autograd.writable(p)
                work.append((writing.__enter__(), _values(grad), state))
                opened.append(writing)
            self._update_all(work, group)
        finally:
            for writing in opened:
                writing.__exit__()

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to go on later, as plain dictionaries, numbers and array copies.

        Returns:
            ``"state"``: arrays by parameter number and name; ``"param_groups"``: hyper-parameters,
            and under ``"params"`` the numbers of the parameters, counted through all groups.
        """
        numbers = {id(p): i for i, p in enumerate(self._parameters())}
        return {
            "state": {
                numbers[id(p)]: {name: copy.deepcopy(value) for name, value in state.items()}
                for p, state in self.state.items()
            },
            "param_groups": [
                {**group, "params": [numbers[id(p)] for p in group["params"]]}
                for group in self.param_groups
            ],
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Takes over what `state_dict` gave, by the order of the parameters.

        Raises:
            TypeError: if it is not made as `state_dict` makes it.
            ValueError: if groups, numbers of parameters or shapes differ, or a hyper-parameter is
                out of range. The optimizer is then as it was.
        """
        who = f"{self._who}.load_state_dict"
        if not isinstance(state_dict, Mapping) or not {"state", "param_groups"} <= set(state_dict):
            raise TypeError(f"{who}: expected a mapping with the keys 'state' and 'param_groups'")
        saved = arguments.elements(who, "param_groups", state_dict["param_groups"])
        for group in saved:
            if "params" not in arguments.mapping(who, "a group", group):
                raise TypeError(f"{who}: a saved group has no 'params', only {sorted(group)}")
            arguments.elements(who, "params", group["params"])
        sizes = [len(group["params"]) for group in saved]
        own_sizes = [len(group["params"]) for group in self.param_groups]
        if sizes != own_sizes:
            raise ValueError(
                f"{who}: the saved groups have {sizes} parameters, this optimizer's {own_sizes}"
            )
        numbered = dict(
            zip((n for group in saved for n in group["params"]), self._parameters(), strict=True)
        )
        state: dict[Tensor, dict[str, Any]] = defaultdict(dict)
        for number, entries in arguments.mapping(who, "state", state_dict["state"]).items():
            if number not in numbered:
                raise ValueError(f"{who}: there is no parameter {number!r}")
            p = numbered[number]
            entries = arguments.mapping(who, f"state[{number}]", entries)
            state[p] = {name: self._state_value(name, v, p) for name, v in entries.items()}
        groups = []
        for group, own in zip(saved, self.param_groups, strict=True):
            known = {key: v for key, v in group.items() if key in own or key == "initial_lr"}
            new = {**own, **known, "params": own["params"]}
            self._check(new)
            groups.append(new)
        self.state = state
        for own, new in zip(self.param_groups, groups, strict=True):
            own.update(new)  # In place: schedulers and users hold these dictionaries.
        self._loaded_lrs = [float(group["lr"]) for group in self.param_groups]
        self._loaded_before_steps = not state

    def _state_value(self, name: str, value: Any, p: Tensor) -> Any:
        """One entry of a parameter's saved state, checked, as this optimizer keeps it."""
        found = _state_value(f"{self._who}.load_state_dict", name, value, p)
        own = type(self).step is not Optimizer.step  # which computes with tensors
        return autograd.tensor(found) if own and isinstance(found, np.ndarray) else found

    def _parameters(self) -> list[Tensor]:
        return [p for group in self.param_groups for p in group["params"]]

    def __repr__(self) -> str:
        lines = [f"{self._who} ("]
        for number, group in enumerate(self.param_groups):
            count = sum(p.size for p in group["params"])
            lines.append(f"group {number}: {len(group['params'])} tensors, {count:,} numbers")
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n  ".join(lines) + "\n)"


def _in_groups(name: str) -> str:
    """Where a hyper-parameter is."""
    return f"{name} is kept by group: opt.param_groups[0][{name!r}]"


def _ordered(who: str, params: Any) -> Any:
    """What was given, unless it is a set."""
    if isinstance(params, Set) and not isinstance(params, (KeysView, ItemsView)):
        raise TypeError(
            f"{who}: params must have an order, by which state_dict() numbers them; "
            f"give a list in place of the {type(params).__name__}"
        )
    return params


def _values(grad: Tensor) -> np.ndarray:
    """A gradient's values as a plain read-only array."""
    array = np.asarray(arguments.raw(grad)).view()
    array.flags.writeable = False
    return array


def fill_state(
    array: np.ndarray, state: dict[str, Any], names: Iterable[str], value: float = 0.0
) -> None:
    """Adds what a parameter's state lacks: ``"step"`` 0, and arrays filled with ``value``."""
    state.setdefault("step", 0)
    for name in names:
        if name not in state:
            state[name] = np.full_like(array, value, dtype=kernels.state_dtype(array))


def owned(value: Any, dtype: Any) -> np.ndarray:
    """A copy of an array; PyTorch's tensors are not asked for one, which they cannot give."""
    array = np.asarray(value)
    if array.dtype.kind == "c":
        raise TypeError("complex numbers")
    return np.array(array, dtype, order="C")


def _state_value(who: str, name: str, value: Any, p: Tensor) -> Any:
    if name == "step":  # PyTorch keeps it in a tensor
        try:
            return int(value.item() if hasattr(value, "item") else value)
        except (TypeError, ValueError, OverflowError):
            raise TypeError(
                f"{who}: 'step' must be an integer, got {arguments.shown(value)}"
            ) from None
    if name == "mu_product":  # so is this one
        try:
            return float(value.item() if hasattr(value, "item") else value)
        except (TypeError, ValueError):
            raise TypeError(
                f"{who}: 'mu_product' must be a number, got {arguments.shown(value)}"
            ) from None
    if value is None:
        return None
    try:
        array = owned(value, kernels.state_dtype(p.data))
    except (TypeError, ValueError):
        raise TypeError(
            f"{who}: {name!r} must be an array of numbers, got {arguments.shown(value)}"
        ) from None
    if array.shape != p.shape:
        raise ValueError(f"{who}: {name!r} has shape {array.shape}, its parameter {p.shape}")
    return array


def check_number(
    who: str,
    name: str,
    value: Any,
    *,
    low: float = 0.0,
    high: float = math.inf,
    above: bool = False,
    below: bool = False,
) -> None:
    """Raises unless ``low <= value <= high`` (``<`` where ``above``, ``below``) and it is finite.

    Raises:
        TypeError: for what is no real number.
        ValueError: for a number out of range.
    """
    arguments.real(who, name, value, finite=True)
    enough = value > low if above else value >= low
    not_too_much = value < high if below else value <= high
    if not (enough and not_too_much and math.isfinite(value)):
        least = f"above {low:g}" if above else f"at least {low:g}"
        most = "" if high == math.inf else f" and {'below' if below else 'at most'} {high:g}"
        raise ValueError(
            f"{who}: {name} must be finite, {least}{most}; got {arguments.shown(value)}"
        )


def check_betas(who: str, betas: Any) -> None:
    """Raises unless ``betas`` is a pair of numbers in [0, 1).

    Raises:
        TypeError: if it is no pair of numbers.
        ValueError: if one is out of range.
    """
    check_pair(who, "betas", betas)
    for position, beta in enumerate(betas):
        check_number(who, f"betas[{position}]", beta, high=1.0, below=True)


def check_pair(who: str, name: str, values: Any) -> None:
    """Raises unless there are two ``values``.

    Raises:
        TypeError: if it is no pair.
    """
    if not isinstance(values, (tuple, list)) or len(values) != 2:
        raise TypeError(f"{who}: {name} must be a pair of numbers, got {arguments.shown(values)}")


def _meant(params: Any) -> str:
    """What to write instead of what is no list of parameters."""
    if isinstance(params, Module):
        return "; write model.parameters()"
    if callable(params) and not isinstance(params, Tensor):
        return f"; call it: {getattr(params, '__name__', 'parameters')}()"
    return "; put it into a list" if isinstance(params, Tensor) else ""
