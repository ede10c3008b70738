"""What takes the place of parts of PyTorch while a model is exported.

Three kinds of things need that. Functions that look at numbers, of which an exporter has none
(packed sequences, CTC), become operators of our own whose shapes can be told without numbers.
Functions that leave the graph without a trace (``x.data``) become those that leave one. And what no
graph can carry (``torch.autograd.grad`` inside a model) is refused where it is called.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import linecache
import os
import sys
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

__all__ = ["Refusal", "Trial", "standing_in"]


class Refusal(RuntimeError):
    """The model does what an exported graph cannot contain; no other way of asking helps."""


class Trial:
    """What one export assumes, and what has come up in it.

    Args:
        module: the model.

    Attributes:
        state: by the path of each buffer of one number, that number before the export.
        full: the longest of packed sequences fills the time axis, so that its size is known;
            checked at run time. Otherwise it is one more unknown size.
        packed: whether the model has packed any.
        asserted: lines with an ``assert`` on numbers, which is left out.
        decided: by the path of a buffer with one number, the value that a decision was made by.
        changed: attributes of modules, plain values, that ``forward`` has changed.
        drew: whether ``forward`` has drawn random numbers that are not PyTorch's.
    """

    def __init__(self, module: Any = None, full: bool = False) -> None:
        self.module = module
        self.full = full
        self.packed = False
        self.asserted: list[str] = []
        self.decided: dict[str, Any] = {}
        self.changed: list[str] = []
        self.drew = False
        buffers = () if module is None else module.named_buffers(remove_duplicate=False)
        self.state = {p: b.item() for p, b in buffers if b.numel() == 1 and not b.is_meta}
        # By the tensor of batch sizes, which PackedSequence hands on: it, and how many sequences.
        self.counts: dict[int, tuple[Any, Any]] = {}

    def notes(self) -> list[str]:
        """What a user should know of it, in sentences."""
        found = []
        if self.asserted:
            lines = ", ".join(dict.fromkeys(self.asserted))
            found.append(f"Assertions on numbers are left out: {lines}.")
        if self.decided:
            told = ", ".join(f"{path} = {value}" for path, value in self.decided.items())
            found.append(f"The graph was made for {told}, by which forward decides.")
        if self.changed:
            told = ", ".join(self.changed)
            found.append(f"forward changes {told}; the graph has what one call makes of it.")
        if self.drew:
            found.append(
                "forward draws random numbers by Python or NumPy; the graph has those of one call."
            )
        return found

    def known(self, tensor: Any) -> Any:
        """The number in a buffer of the model that holds one; None for any other tensor."""
        if self.module is None or tensor.numel() != 1:
            return None
        for path, buffer in self.module.named_buffers(remove_duplicate=False):
            if buffer is tensor and path in self.state:
                self.decided[path] = self.state[path]
                return self.state[path]
        return None


class _Patches:
    """Attributes that are replaced for a while."""

    def __init__(self) -> None:
        self.before: list[tuple[Any, str, Any]] = []

    def put(self, owner: Any, name: str, value: Any) -> None:
        self.before.append((owner, name, vars(owner).get(name, _Patches)))
        setattr(owner, name, value)

    def undo(self) -> None:
        while self.before:
            owner, name, value = self.before.pop()
            if value is _Patches:
                delattr(owner, name)
            else:
                setattr(owner, name, value)


@contextlib.contextmanager
def standing_in(torch: Any, trial: Trial) -> Iterator[None]:
    """Replace what the exporter cannot go through, and put it back afterwards."""
    fast = torch.backends.mha.get_fastpath_enabled()
    checks = torch.distributions.Distribution._validate_args  # they look at numbers
    patches = _Patches()
    try:
        torch.backends.mha.set_fastpath_enabled(False)
        torch.distributions.Distribution.set_default_validate_args(False)
        patches.put(torch.autograd.Function, "apply", classmethod(_refuse_custom))
        transformer = torch.nn.modules.transformer
        if hasattr(transformer, "_detect_is_causal_mask"):
            # It looks at the numbers of a mask only to save work.
            patches.put(transformer, "_detect_is_causal_mask", _told_causal)
        patches.put(torch.Tensor, "data", _data(torch))
        for owner, name in (
            (torch.autograd, "grad"),
            (torch.autograd, "backward"),
            (torch.Tensor, "backward"),
        ):
            patches.put(owner, name, _refuse_gradients(name))
        transforms = importlib.import_module("torch._functorch.eager_transforms")
        for name, told in _TRANSFORMS.items():
            if hasattr(transforms, name):
                patches.put(transforms, name, _refuse_gradients(told))
        patches.put(torch.Tensor, "numpy", _numpy(torch))
        for owner in (torch.Tensor, torch.SymBool):
            patches.put(owner, "__bool__", _decided(owner.__bool__, trial))
        for name in ("item", "__int__", "__float__"):
            patches.put(torch.Tensor, name, _read(getattr(torch.Tensor, name), name, trial))
        for owner in (torch.Tensor, torch.SymFloat, torch.SymInt):
            patches.put(owner, "__format__", _shown(owner.__format__))
        patches.put(torch.nn.Module, "__setattr__", _replaced(torch))
        # A sparse tensor comes as a dense one.
        patches.put(torch.sparse, "mm", torch.mm)
        patches.put(torch, "ctc_loss", _ctc_loss(torch))
        _pack_without_numbers(torch, trial, patches)
        yield
    finally:
        patches.undo()
        torch.backends.mha.set_fastpath_enabled(fast)
        torch.distributions.Distribution.set_default_validate_args(checks)


def _told_causal(mask: Any, is_causal: bool | None = None, size: int | None = None) -> bool:
    return bool(is_causal)


# What leaves no trace -----------------------------------------------------------------------------


def _data(torch: Any) -> property:
    def get(self: Any) -> Any:
        return self.detach()

    def put(self: Any, value: Any) -> None:
        with torch.no_grad():
            self.detach().copy_(value)

    return property(get, put)


def _replaced(torch: Any) -> Callable[..., Any]:
    """A parameter put in the place of another one by ``forward``: its value is written there."""
    original = torch.nn.Module.__setattr__

    def put(self: Any, name: str, value: Any) -> None:
        held = vars(self).get("_parameters", {}).get(name)
        if held is None or not isinstance(value, torch.nn.Parameter) or held.shape != value.shape:
            original(self, name, value)
        elif held is not value:
            with torch.no_grad():
                held.detach().copy_(value)

    return put


#: Where PyTorch's functions of functions take gradients, and how they are called.
_TRANSFORMS = {
    "grad_impl": "func.grad",
    "grad_and_value_impl": "func.grad_and_value",
    "_vjp_with_argnums": "func.vjp, jacrev or hessian",
    "_jvp_with_argnums": "func.jvp or jacfwd",
}


# What is refused ----------------------------------------------------------------------------------


def _refuse_custom(function: Any, *args: Any, **kwargs: Any) -> Any:
    raise Refusal(
        f"it calls {function.__module__}.{function.__qualname__}, a torch.autograd.Function, whose "
        "own backward an exported graph does not contain. Write it in operations with the same "
        "gradient: for a straight-through estimator, x + (f(x) - x).detach()"
    )


def _refuse_gradients(name: str) -> Callable[..., Any]:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise Refusal(
            f"it takes gradients in its forward ({name}), which an exported graph does not "
            "contain. Convert the network whose gradient it takes, and call autograd.grad(..., "
            "create_graph=True) on that"
        )

    return refuse


def _numpy(torch: Any) -> Callable[..., Any]:
    original = torch.Tensor.numpy

    def numpy(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return original(self, *args, **kwargs)
        except RuntimeError as error:
            raise Refusal(
                "it leaves for NumPy in its forward, with numbers that an exported graph does not "
                "have. Compute in operations of PyTorch, or outside of the model"
            ) from error

    return numpy


# What is decided by numbers ------------------------------------------------------------------------


def _decided(original: Callable[..., Any], trial: Trial) -> Callable[..., Any]:
    """Whether a condition holds: by the state of the model, or because it is only asserted."""

    def holds(self: Any) -> Any:
        value = trial.known(self) if hasattr(self, "numel") else None
        if value is not None:
            return bool(value)
        try:
            return original(self)
        except RuntimeError:
            frame = sys._getframe(1)
            file, line = frame.f_code.co_filename, frame.f_lineno
            wanted = _asserted(linecache.getline(file, line))
            if wanted is None:
                raise
            trial.asserted.append(f"{os.path.basename(file)}:{line}")
            return wanted

    return holds


def _asserted(line: str) -> bool | None:
    """What a condition must be for the ``assert`` in this line to pass; None if it is no such line."""
    try:
        statement = ast.parse(line.strip()).body
    except SyntaxError:
        return None
    if len(statement) != 1 or not isinstance(statement[0], ast.Assert):
        return None
    test = statement[0].test
    negated = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
    inner = test.operand if isinstance(test, ast.UnaryOp) and negated else test
    plain = not any(isinstance(node, (ast.Not, ast.Or)) for node in ast.walk(inner))
    return (not negated) if plain else None


def _read(original: Callable[..., Any], name: str, trial: Trial) -> Callable[..., Any]:
    """A number that is taken out of a tensor: known where it is the state of the model."""
    kinds = {"__int__": int, "__float__": float}

    def read(self: Any) -> Any:
        value = trial.known(self)
        return original(self) if value is None else kinds.get(name, lambda v: v)(value)

    return read


def _shown(original: Callable[..., Any]) -> Callable[..., Any]:
    """Text with numbers that there are none of: for ``print`` in a model."""

    def shown(self: Any, spec: str) -> str:
        try:
            return original(self, spec)
        except (TypeError, RuntimeError):
            return "…"

    return shown


# Operators of our own -----------------------------------------------------------------------------

_SCHEMAS = (
    "pack_padded_sequence(Tensor input, Tensor lengths, bool batch_first, bool full)"
    " -> (Tensor, Tensor)",
    "pad_packed_sequence(Tensor data, Tensor batch_sizes, bool batch_first, float padding_value,"
    " SymInt total_length, SymInt count) -> (Tensor, Tensor)",
    "lstm(Tensor data, Tensor batch_sizes, Tensor[] hx, Tensor[] params, bool has_biases,"
    " int num_layers, float dropout, bool train, bool bidirectional) -> (Tensor, Tensor, Tensor)",
    *(
        f"{name}(Tensor data, Tensor batch_sizes, Tensor hx, Tensor[] params, bool has_biases,"
        " int num_layers, float dropout, bool train, bool bidirectional) -> (Tensor, Tensor)"
        for name in ("gru", "rnn_tanh", "rnn_relu")
    ),
    "ctc_loss(Tensor log_probs, Tensor targets, Tensor input_lengths, Tensor target_lengths,"
    " int blank, int reduction, bool zero_infinity) -> Tensor",
)


@cache
def _operators(torch: Any) -> Any:
    """``torch.ops.glassgrad``: operators with shapes and nothing else; the table computes them."""
    library = torch.library.Library("glassgrad", "FRAGMENT")
    for schema in _SCHEMAS:
        library.define(schema)

    def shapes_of(name: str) -> Callable[[Any], Any]:
        return torch.library.register_fake(f"glassgrad::{name}", lib=library)

    @shapes_of("pack_padded_sequence")
    def _(input: Any, lengths: Any, batch_first: bool, full: bool) -> Any:
        time = input.shape[1 if batch_first else 0]
        context = torch.library.get_ctx()
        rows, longest = context.new_dynamic_size(min=2), time
        if not full:
            longest = context.new_dynamic_size(min=2)
            torch._check(longest <= time)
        data = input.new_empty((rows, *input.shape[2:]))
        return data, torch.empty((longest,), dtype=torch.int64, device="cpu")

    @shapes_of("pad_packed_sequence")
    def _(data: Any, batch_sizes: Any, batch_first: bool, value: float, time: Any, n: Any) -> Any:
        shape = (n, time) if batch_first else (time, n)
        padded = data.new_empty((*shape, *data.shape[1:]))
        return padded, torch.empty((n,), dtype=torch.int64, device="cpu")

    def packed(data: Any, states: list[Any], bidirectional: bool) -> Any:
        width = states[0].shape[-1] * (2 if bidirectional else 1)
        return data.new_empty((data.shape[0], width)), *(torch.empty_like(s) for s in states)

    @shapes_of("lstm")
    def _(data: Any, batch_sizes: Any, hx: Any, *settings: Any) -> Any:
        return packed(data, list(hx), settings[-1])

    for name in ("gru", "rnn_tanh", "rnn_relu"):

        @shapes_of(name)
        def _(data: Any, batch_sizes: Any, hx: Any, *settings: Any) -> Any:
            return packed(data, [hx], settings[-1])

    @shapes_of("ctc_loss")
    def _(log_probs: Any, targets: Any, i: Any, t: Any, blank: int, reduction: int, z: bool) -> Any:
        each = reduction == 0 and log_probs.ndim == 3
        return log_probs.new_empty((log_probs.shape[1],) if each else ())

    _operators.library = library  # type: ignore[attr-defined]  # it must live on
    return torch.ops.glassgrad


def _ctc_loss(torch: Any) -> Callable[..., Any]:
    def ctc_loss(
        log_probs: Any,
        targets: Any,
        input_lengths: Any,
        target_lengths: Any,
        blank: int = 0,
        reduction: int = 1,
        zero_infinity: bool = False,
    ) -> Any:
        lengths = (torch.as_tensor(input_lengths), torch.as_tensor(target_lengths))
        return _operators(torch).ctc_loss(
            log_probs, targets, *lengths, blank, reduction, zero_infinity
        )

    return ctc_loss


# Packed sequences ---------------------------------------------------------------------------------


def _pack_without_numbers(torch: Any, trial: Trial, patches: _Patches) -> None:
    """Packing, unpacking and the networks over packed sequences, in operators of our own."""
    functions, rnn = torch._VF, torch.nn.modules.rnn
    ours = _operators(torch)

    def pack(input: Any, lengths: Any, batch_first: bool) -> Any:
        trial.packed = True
        data, sizes = ours.pack_padded_sequence(input, lengths, batch_first, trial.full)
        trial.counts[id(sizes)] = sizes, input.shape[0 if batch_first else 1]
        return data, sizes

    def unpack(data: Any, sizes: Any, batch_first: bool, value: Any, time: Any) -> Any:
        if id(sizes) not in trial.counts:
            raise Refusal("it unpacks a PackedSequence that it has not packed itself")
        count = trial.counts[id(sizes)][1]
        return ours.pad_packed_sequence(data, sizes, batch_first, float(value), time, count)

    patches.put(functions, "_pack_padded_sequence", pack)
    patches.put(functions, "_pad_packed_sequence", unpack)
    for name in ("lstm", "gru", "rnn_tanh", "rnn_relu"):
        patches.put(functions, name, _over_packed(getattr(functions, name), getattr(ours, name)))
    for kind in (rnn.RNN, rnn.LSTM, rnn.GRU):
        patches.put(kind, "forward", _from_zeros(torch, kind.forward, trial))
    for kind in (rnn.RNNBase, rnn.LSTM):
        patches.put(kind, "check_forward_args", _checking_padded(kind.check_forward_args))


def _over_packed(original: Any, ours: Any) -> Callable[..., Any]:
    def run(*args: Any) -> Any:
        packed = len(args) == 9 and isinstance(args[3], (list, tuple))
        if not packed:
            return original(*args)
        return ours(*args[:6], float(args[6]), *args[7:])

    return run


def _from_zeros(torch: Any, original: Any, trial: Trial) -> Callable[..., Any]:
    """``forward`` that knows how many sequences are packed, where PyTorch's reads a number."""
    packed_sequence = torch.nn.utils.rnn.PackedSequence

    def forward(self: Any, input: Any, hx: Any = None) -> Any:
        if isinstance(input, packed_sequence) and hx is None:
            _, count = trial.counts.get(id(input.batch_sizes), (None, None))
            if count is None:
                raise Refusal("it runs over a PackedSequence that it has not packed itself")
            layers = self.num_layers * (2 if self.bidirectional else 1)

            def zeros(width: int) -> Any:
                return input.data.new_zeros((layers, count, width))

            hx = zeros(getattr(self, "proj_size", 0) or self.hidden_size)
            hx = (hx, zeros(self.hidden_size)) if self.mode == "LSTM" else hx
        return original(self, input, hx)

    return forward


def _checking_padded(original: Any) -> Callable[..., Any]:
    def check(self: Any, input: Any, hidden: Any, batch_sizes: Any) -> None:
        if batch_sizes is None:
            original(self, input, hidden, batch_sizes)

    return check
