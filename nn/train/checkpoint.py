"""Checkpoints: everything that a run is made of, in one file that is there whole or not at all.

A file holds tensors (model, optimizer, averages) and, as text beside them, JSON with all the rest:
numbers, names, the state of every source of randomness, and where each tensor belongs. Nothing is
pickled. Since it is one file that takes its place by one rename, there is no moment at which half
of a checkpoint could be found.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from autograd import Tensor, arguments
from nn.files import read, save

__all__ = ["Checkpoints", "load_state", "pack", "save_state", "unpack"]

_FORMAT = "glassgrad checkpoint 1"
_NAME = re.compile(r"step-(\d+)\.(safetensors|npz)")


def pack(value: Any, tensors: dict[str, np.ndarray[Any, Any]], path: str = "") -> Any:
    """What JSON can say of a value; arrays go into ``tensors`` under the path that leads to them.

    Raises:
        TypeError: for anything but arrays, numbers, texts, None, and lists, tuples, dicts of such.
    """
    if isinstance(value, Tensor):
        value = value.detach().data
    if isinstance(value, (np.ndarray, np.generic)):
        name = path.strip("/")
        if not name or name in tensors or ".." in name or "\\" in name or ":" in name:
            name = f"tensor {len(tensors)}"  # a name that no file format minds
        tensors[name] = np.asarray(value)
        return {"$tensor": name, "$number": isinstance(value, np.generic)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, list):
        return [pack(each, tensors, f"{path}/{k}") for k, each in enumerate(value)]
    if isinstance(value, tuple):
        return {"$tuple": [pack(each, tensors, f"{path}/{k}") for k, each in enumerate(value)]}
    if isinstance(value, dict):
        if all(isinstance(key, str) and not key.startswith("$") for key in value):
            return {
                key: pack(each, tensors, f"{path}/{key}" if path else key)
                for key, each in value.items()
            }
        return {
            "$dict": [
                [pack(key, tensors), pack(each, tensors, f"{path}/{key}")]
                for key, each in value.items()
            ]
        }
    raise TypeError(
        f"checkpoint: {path or 'the state'} is a {type(value).__name__}; arrays, numbers, texts, "
        "lists, tuples and dicts can be kept"
    )


def unpack(value: Any, tensors: dict[str, Any]) -> Any:
    """The value that `pack` was given; arrays in place of tensors."""
    if isinstance(value, list):
        return [unpack(each, tensors) for each in value]
    if not isinstance(value, dict):
        return value
    if "$tensor" in value:
        array = np.array(tensors[value["$tensor"]].data)
        return array[()] if value["$number"] else array
    if "$tuple" in value:
        return tuple(unpack(each, tensors) for each in value["$tuple"])
    if "$dict" in value:
        return {unpack(key, tensors): unpack(each, tensors) for key, each in value["$dict"]}
    return {key: unpack(each, tensors) for key, each in value.items()}


def save_state(state: Any, path: Any) -> None:
    """Write a state of arrays, numbers and texts, nested as they like, to a file.

    Args:
        path: ends with ``.safetensors`` or ``.npz``.

    Example:
        >>> import numpy as np, tempfile
        >>> from nn.train import load_state, save_state
        >>> path = tempfile.mkdtemp() + "/state.npz"
        >>> save_state({"epoch": 3, "moments": [np.ones(2)]}, path)
        >>> load_state(path)
        {'epoch': 3, 'moments': [array([1., 1.])]}
    """
    tensors: dict[str, np.ndarray[Any, Any]] = {}
    text = json.dumps(pack(state, tensors))
    save(tensors, path, metadata={"format": _FORMAT, "state": text})


def load_state(path: Any) -> Any:
    """What `save_state` wrote.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged, or no checkpoint.
    """
    tensors, texts = read("load_state", path)
    if texts.get("format") != _FORMAT:
        raise ValueError(f"load_state: {path} is no checkpoint")
    try:
        return unpack(json.loads(texts["state"]), tensors)
    except (KeyError, TypeError, RecursionError, json.JSONDecodeError) as error:
        raise ValueError(f"load_state: {path} is damaged: {error!r}") from None


class Checkpoints:
    """A folder of checkpoints: the last few, and the best.

    Args:
        folder: made when the first one is written.
        keep: how many of the last ones stay. Default 3.
        every: write one every so many steps, beside one at the end of each epoch. Default: only
            at the ends of epochs.
        best: a name in the epoch's record, such as ``val_loss``; the checkpoint where it was
            smallest (largest, for accuracies) stays as ``best``. Default none.
        suffix: ``.safetensors`` or ``.npz``. Default: the first where its package is installed.
    """

    def __init__(
        self,
        folder: Any,
        keep: int = 3,
        every: int | None = None,
        best: str | None = None,
        suffix: str | None = None,
    ) -> None:
        self.folder = Path(arguments.path("Checkpoints", "folder", folder))
        self.keep = arguments.integer("Checkpoints", "keep", keep)
        self.every = None if every is None else arguments.integer("Checkpoints", "every", every)
        if best is not None and not isinstance(best, str):
            raise TypeError(f"Checkpoints: best must be a name, got {arguments.shown(best)}")
        self.best = best
        if suffix is not None and not (
            isinstance(suffix, str) and suffix in (".safetensors", ".npz")
        ):
            raise ValueError(
                f"Checkpoints: suffix must be .safetensors or .npz, got {arguments.shown(suffix)}"
            )
        self.suffix = suffix or _default_suffix()

    def save(self, state: Any, step: int) -> Path:
        """Write a checkpoint, then forget the oldest beyond ``keep``."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"step-{step:09d}{self.suffix}"
        save_state(state, path)
        for old in sorted(self._all(), reverse=True)[self.keep :]:
            old[1].unlink(missing_ok=True)
        for part in self.folder.glob(".step-*.part"):  # of a run that was killed while it wrote
            part.unlink(missing_ok=True)
        return path

    def save_best(self, state: Any) -> Path:
        """Write the checkpoint that is the best so far."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"best{self.suffix}"
        save_state(state, path)
        return path

    def latest(self) -> Path | None:
        """The newest checkpoint that is whole; None if there is none."""
        for _, path in sorted(self._all(), reverse=True):
            try:
                load_state(path)
            except (ValueError, OSError):
                continue
            return path
        return None

    def clear(self) -> None:
        """Remove the checkpoints of an earlier run, which a new one begins in place of."""
        for _, path in list(self._all()):
            path.unlink(missing_ok=True)
        for path in self.folder.glob("best.*"):
            path.unlink(missing_ok=True)

    def _all(self) -> Iterator[tuple[int, Path]]:
        """Steps and files."""
        if not self.folder.is_dir():
            return
        for name in os.listdir(self.folder):
            found = _NAME.fullmatch(name)
            if found:
                yield int(found[1]), self.folder / name


def _default_suffix() -> str:
    try:
        import safetensors  # noqa: F401
    except ImportError:
        return ".npz"
    return ".safetensors"
