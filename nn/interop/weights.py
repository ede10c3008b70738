"""Weights given back to PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from autograd import Tensor
from nn.interop.export import dense, load_torch
from nn.module import Module

__all__ = ["Transfer", "to_torch"]


class Transfer(NamedTuple):
    """What `to_torch` has written.

    Attributes:
        changed: by key, the largest difference between the value that was there and the new one;
            only those that differ.
        same: how many were equal already.
    """

    changed: dict[str, float]
    same: int

    def text(self) -> str:
        """One line for each value that has changed."""
        were = "was" if self.same == 1 else "were"
        head = f"to_torch: {len(self.changed)} written, {self.same} {were} equal already"
        rows = [f"  {key}: by up to {value:.3g}" for key, value in self.changed.items()]
        return "\n".join([head, *rows])

    def __str__(self) -> str:
        return self.text()


def to_torch(model: Module, module: Any) -> Transfer:
    """Write the parameters and buffers of a model of ours into a module of PyTorch.

    The keys of the two state dicts must be the same, and so must every shape and the kind of every
    dtype (floats into floats; the dtype itself stays PyTorch's). Either everything is written or
    nothing.

    Args:
        model: a converted model, or any module of ours with the same state dict.
        module: a ``torch.nn.Module``.

    Returns:
        What has changed, and by how much.

    Raises:
        TypeError: if ``model`` is no module of ours or ``module`` none of PyTorch.
        RuntimeError: lists everything that does not fit; ``module`` is as it was.
    """
    torch = load_torch("to_torch")
    if not isinstance(model, Module):
        raise TypeError(f"to_torch: model must be an nn.Module of ours, got {type(model).__name__}")
    if not isinstance(module, torch.nn.Module):
        raise TypeError(f"to_torch: module must be a torch.nn.Module, got {type(module).__name__}")
    ours, theirs = model.state_dict(), module.state_dict()
    problems = _problems(ours, theirs)
    if problems:
        listed = "\n  ".join(problems)
        raise RuntimeError(
            f"to_torch: {type(module).__name__} is left unchanged, the state dicts do not fit:\n"
            f"  {listed}"
        )
    new = {
        key: torch.tensor(np.array(ours[key].data)).to(target.dtype).to(target.device)
        for key, target in theirs.items()
    }
    changed, same = {}, 0
    for key, target in theirs.items():
        before = dense(torch, target)
        if torch.equal(new[key], before):
            same += 1
        else:
            distance = (new[key].double() - before.double()).abs()
            changed[key] = float(distance.max())
    with torch.no_grad():
        for key in changed:
            if theirs[key].layout == torch.strided:
                theirs[key].copy_(new[key])
            else:  # the state dict has a copy of its own of these
                path, _, name = key.rpartition(".")
                module.get_submodule(path)._buffers[name] = new[key].to_sparse()
    return Transfer(changed, same)


def _problems(ours: Mapping[str, Tensor], theirs: Mapping[str, Any]) -> list[str]:
    problems = [f"{key}: only in PyTorch's" for key in theirs if key not in ours]
    problems += [f"{key}: only in ours" for key in ours if key not in theirs]
    for key in ours.keys() & theirs.keys():
        here, there = ours[key], theirs[key]
        if here.shape != tuple(there.shape):
            problems.append(f"{key}: shape {here.shape} here, {tuple(there.shape)} in PyTorch")
        elif (here.dtype.kind == "f") != there.is_floating_point():
            problems.append(f"{key}: dtype {here.dtype} here, {there.dtype} in PyTorch")
    return sorted(problems)
