"""Weights in files: written so that nothing is ever half there, read so that nothing is executed.

    nn.save(model, "model.safetensors")                        # or .npz, which needs no package
    model.load_state_dict(nn.load("model.safetensors"))

========================  =========  ==========================================================
format                    writes     reads
========================  =========  ==========================================================
``.safetensors``          yes        yes; through the ``safetensors`` package
``.npz``                  yes        yes; stored or compressed, no package needed
``.pth``, ``.pt``         no         yes, without PyTorch: tensors, containers, numbers and text
========================  =========  ==========================================================

What a file is, its first bytes tell, not its name. A file is taken for hostile until everything in
it has been checked; whatever is wrong with it, there is one ``ValueError`` that names the file, and
no more memory is used than its size warrants.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

import autograd
from autograd import Tensor, arguments
from autograd.arguments import shown
from autograd.atomic import writing
from nn.files import archive, npz_file, pth_file, safetensors_file
from nn.module import Module

__all__ = ["load", "metadata", "save"]

_WRITERS = {".npz": npz_file.write, ".safetensors": safetensors_file.write}
_PYTORCH = (".pth", ".pt", ".bin", ".ckpt")


def save(state: Any, path: Any, metadata: Mapping[str, str] | None = None) -> None:
    """Write a state dict to a file, whole or not at all.

    The file is written under another name beside its place, flushed to the disk, and then renamed:
    whoever is interrupted, at whatever byte, finds the old file or the new one.

    Args:
        state: a module, whose state dict is meant, or a mapping of names to tensors or arrays.
        path: where to; its suffix, ``.safetensors`` or ``.npz``, says how.
        metadata: texts by name that `metadata` gives back. Default none.

    Raises:
        TypeError: for anything else as ``state``, for names or metadata that are no text.
        ValueError: for another suffix.
        ImportError: for ``.safetensors`` where that package is not installed.

    Example:
        >>> import nn, tempfile
        >>> path = tempfile.mkdtemp() + "/layer.npz"
        >>> layer = nn.Linear(2, 3)
        >>> nn.save(layer, path, metadata={"epoch": "7"})
        >>> nn.Linear(2, 3).load_state_dict(nn.load(path))
        IncompatibleKeys(missing_keys=[], unexpected_keys=[])
        >>> nn.files.metadata(path)
        {'epoch': '7'}
    """
    path = _path("save", path)
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in _WRITERS:
        other = " (PyTorch's own format is only read here)" if suffix in _PYTORCH else ""
        raise ValueError(
            f"save: the file's suffix must be .safetensors or .npz, got {shown(suffix)}{other}"
        )
    arrays = _arrays(state)
    texts = _texts(metadata)
    with writing(path) as temporary:
        _WRITERS[suffix](temporary, arrays, texts)


def load(path: Any, max_bytes: int | None = None) -> Any:
    """Read the tensors of a file; nothing in it is executed.

    Args:
        path: a ``.safetensors``, ``.npz``, ``.pth`` or ``.pt`` file, whatever its name.
        max_bytes: the most that the tensors may take together. Default 16 MiB and 64 times the
            file's size, which only a strongly compressed file of zeros exceeds.

    Returns:
        A dict of tensors by name, in the order of the file. A ``.pth`` file gives what was saved:
        dicts, lists, tuples, numbers and text around the tensors. bfloat16 becomes float32.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged, not one of these formats, or holds anything but tensors.

    Example:
        >>> import nn, numpy as np, tempfile
        >>> path = tempfile.mkdtemp() + "/arrays.npz"
        >>> np.savez(path, weight=np.ones(2, np.float32))
        >>> nn.load(path)
        {'weight': Tensor([1., 1.])}
    """
    return read("load", path, max_bytes)[0]


def metadata(path: Any) -> dict[str, str]:
    """The texts that were given to `save`, by name; none for a ``.pth`` file.

    Raises:
        FileNotFoundError, ValueError: as `load`.
    """
    return read("metadata", path)[1]


def read(who: str, path: Any, max_bytes: int | None = None) -> tuple[Any, dict[str, str]]:
    """What `load` gives and what `metadata` gives, of one file, should it be replaced meanwhile."""
    read, path, budget = _opened(who, path, max_bytes)
    found: tuple[Any, dict[str, str]] = read(path, budget)
    return found


def _opened(who: str, path: Any, max_bytes: int | None) -> tuple[Any, str, archive.Budget]:
    path = _path(who, path)
    if max_bytes is not None and (
        isinstance(max_bytes, bool) or not isinstance(max_bytes, int) or max_bytes < 0
    ):
        raise ValueError(f"{who}: max_bytes must be an integer from 0, got {shown(max_bytes)}")
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        head = file.read(16)
    budget = archive.Budget(path, 2**24 + 64 * size if max_bytes is None else max_bytes)
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return (pth_file.read_zip if archive.holds_pickle(path) else npz_file.read), path, budget
    if head[:2] in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
        return pth_file.read_legacy, path, budget
    if head[8:9] == b"{":
        return safetensors_file.read, path, budget
    raise ValueError(
        f"{who}: {path} is neither a .safetensors, .npz nor .pth file"
        + (", but empty" if not size else f": it begins with {head[:8]!r}")
    )


def _path(who: str, path: Any) -> str:
    return arguments.path(who, "path", path)


#: What was likely meant by a dictionary of state dicts.
_OF_A_RUN = (
    ": save(model.state_dict(), path) for the weights alone, nn.train.save_state(state, path) for "
    "state dicts within a dictionary, of an optimizer too"
)


def _arrays(state: Any) -> dict[str, np.ndarray[Any, Any]]:
    """What is to be written, in C order and the byte order of this machine."""
    if isinstance(state, Module):
        state = state.state_dict()
    if not isinstance(state, Mapping):
        raise TypeError(
            "save: expected a module or a mapping of names to tensors, such as "
            f"model.state_dict(), got {type(state).__name__}"
        )
    arrays = {}
    for name, value in state.items():
        if not isinstance(name, str):
            raise TypeError(f"save: names must be strings, got {shown(name)}")
        if not isinstance(value, (Tensor, np.ndarray, np.generic, bool, int, float)):
            raise TypeError(
                f"save: {name!r} is a {type(value).__name__}; only tensors and arrays are written"
                f"{_OF_A_RUN if isinstance(value, Mapping) else ''}"
            )
        # Numbers, arrays in other byte orders and unsupported dtypes are read as tensors are.
        data = value.detach() if isinstance(value, Tensor) else autograd.as_tensor(value)
        arrays[name] = np.array(data.data, order="C", ndmin=0)
    return arrays


def _texts(metadata: Mapping[str, str] | None) -> dict[str, str]:
    if metadata is None:
        return {}
    if not isinstance(metadata, Mapping) or not all(
        isinstance(key, str) and isinstance(value, str) for key, value in metadata.items()
    ):
        raise TypeError(f"save: metadata must map texts to texts, got {shown(metadata)}")
    return dict(metadata)
