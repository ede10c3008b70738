"""PyTorch's dotted names, and what they are called here."""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

__all__ = ["Ours", "find", "home_of"]

#: PyTorch's modules and ours, the longest name first.
_HOMES = {
    "torch.nn.functional": "nn.functional",
    "torch.nn.init": "nn.init",
    "torch.nn.utils.clip_grad": "nn.utils",
    "torch.nn.utils.convert_parameters": "nn.utils",
    "torch.nn.utils": "nn.utils",
    "torch.nn.parameter": "nn",
    "torch.nn.modules.module": "nn",
    "torch.nn": "nn",
    "torch.optim.lr_scheduler": "nn.optim.lr_scheduler",
    "torch.optim.swa_utils": "nn.optim.swa_utils",
    "torch.optim.optimizer": "nn.optim",
    "torch.optim.sgd": "nn.optim",
    "torch.optim.adam": "nn.optim",
    "torch.optim": "nn.optim",
    "torch.utils.data": "nn.data",
    "torch.distributions": "nn.distributions",
    "torch.autograd": "autograd",
    "torch.utils.checkpoint": "autograd.func",
    "torch.func": "autograd.func",
    "torch.linalg": "autograd.linalg",
    "torch.special": "autograd",
    "torch": "autograd",
}

#: Single names that are called otherwise here.
_RENAMED = {
    "torch.save": "nn.save",
    "torch.load": "nn.load",
    "torch.manual_seed": "nn.manual_seed",
    "torch.random.manual_seed": "nn.manual_seed",
    "torch.nn.init.constant": "nn.init.constant_",
    "torch.nn.init.dirac": "nn.init.dirac_",
    "torch.nn.init.eye": "nn.init.eye_",
    "torch.nn.init.kaiming_normal": "nn.init.kaiming_normal_",
    "torch.nn.init.kaiming_uniform": "nn.init.kaiming_uniform_",
    "torch.nn.init.normal": "nn.init.normal_",
    "torch.nn.init.orthogonal": "nn.init.orthogonal_",
    "torch.nn.init.uniform": "nn.init.uniform_",
    "torch.nn.init.xavier_normal": "nn.init.xavier_normal_",
    "torch.nn.init.xavier_uniform": "nn.init.xavier_uniform_",
    "torch.nn.utils.clip_grad_norm": "nn.utils.clip_grad_norm_",
    "torch.func.functional_call": "nn.utils.stateless.functional_call",
    "torch.vmap": "autograd.func.vmap",
    "torch.autograd.function.Function": "autograd.Function",
    "torch.nn.SyncBatchNorm": "nn.parallel.SyncBatchNorm",
    "torch.autograd.gradcheck": "autograd.func.gradcheck",
    "torch.autograd.gradgradcheck": "autograd.func.gradgradcheck",
    "torch.autograd.gradcheck.gradcheck": "autograd.func.gradcheck",
    "torch.autograd.gradcheck.gradgradcheck": "autograd.func.gradgradcheck",
    "torch.optim.lr_scheduler._LRScheduler": "nn.optim.lr_scheduler.LRScheduler",
    "torch.special.expit": "autograd.sigmoid",
    "torch.special.gammaln": "autograd.lgamma",
    "torch.special.logsumexp": "autograd.logsumexp",
}

#: What to do about what is nowhere here; the longest beginning counts.
_INSTEAD = {
    "torch.jit": "there is no compiler: leave it out and call the function or module itself",
    "torch.compile": "there is no compiler: leave it out and call the function or module itself",
    "torch.cuda": "everything runs on the CPU: leave it out",
    "torch.backends": "there are no such switches: leave it out",
    "torch.amp": "there is no mixed precision: leave it out",
    "torch.distributed": "nn.parallel trains in several processes under mpiexec",
    "torch.nn.parallel": "nn.parallel trains in several processes under mpiexec",
    "torch.nn.DataParallel": "leave it out: there are no GPUs to spread over",
    "torch.autograd.functional": "the functions of autograd.func take the inputs in a second call: "
                                 "func.jacobian(f)(x), func.hessian(f)(x)",
    "torch.autograd.profiler": "viz.graph(loss, show=\"time\") shows where the time goes",
    "torch.profiler": "viz.graph(loss, show=\"time\") shows where the time goes",
    "torch.utils.tensorboard": "nn.train keeps a history; viz draws",
    "torch.onnx": "nn.onnx.export(model, example, path)",
    "torch.quantization": "there is nothing like it here",
    "torch.fx": "nn.from_torch(module, *inputs) converts a module of PyTorch as it is",
    "torch.hub": "nn.from_torch(module, *inputs) converts a module of PyTorch as it is",
    "torch.sparse": "all tensors are dense",
    "torch.fft": "numpy.fft on x.detach().numpy(); it has no gradient here",
}  # fmt: skip


class Ours(NamedTuple):
    """What stands here for one of PyTorch's names.

    Attributes:
        path: as it is written, such as ``nn.functional.relu``.
        found: the object, or None if there is none.
        instead: what to do if there is none.
    """

    path: str
    found: Any
    instead: str


def home_of(path: str) -> str | None:
    """Our module for one of PyTorch's, or None.

    Example:
        >>> from nn.port.names import home_of
        >>> home_of("torch.utils.data"), home_of("torch.jit")
        ('nn.data', None)
    """
    return _HOMES.get(path)


def find(path: str) -> Ours:
    """Ours for a dotted name of PyTorch's.

    Example:
        >>> from nn.port.names import find
        >>> find("torch.nn.functional.relu").path
        'nn.functional.relu'
        >>> find("torch.jit.script").instead
        'there is no compiler: leave it out and call the function or module itself'
    """
    path = _shortened(path)
    renamed = _RENAMED.get(path)
    if renamed is None:
        start = max((h for h in _HOMES if path == h or path.startswith(h + ".")), key=len)
        renamed = _HOMES[start] + path[len(start) :]
    try:
        return Ours(renamed, _object(renamed), "")
    except (AttributeError, ImportError, RuntimeError) as error:
        return Ours(renamed, None, _told(path, str(error)))


def _shortened(path: str) -> str:
    """``torch.nn.modules.conv.Conv2d`` and the like without the file that holds the class."""
    parts = path.split(".")
    for start in (["torch", "nn", "modules"], ["torch", "distributions"], ["torch", "optim"]):
        n = len(start)
        if (
            parts[:n] == start
            and len(parts) == n + 2
            and parts[n].islower()
            and parts[-1][0].isupper()
        ):
            if parts[n] in ("lr_scheduler", "swa_utils"):
                continue
            return ".".join([*(s for s in start if s != "modules"), parts[-1]])
    return path


def _object(path: str) -> Any:
    first, *names = path.split(".")
    found = importlib.import_module(first)
    for name in names:
        found = getattr(found, name)
    return found


def _told(path: str, error: str) -> str:
    starts = [start for start in _INSTEAD if path == start or path.startswith(start + ".")]
    if starts:
        return _INSTEAD[max(starts, key=len)]
    _, semicolon, said = error.partition("; ")
    return said if semicolon else "there is nothing of this name here"
