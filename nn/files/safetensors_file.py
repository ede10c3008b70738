"""``.safetensors``: a JSON header, then the elements; https://github.com/huggingface/safetensors."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from autograd import Tensor
from nn.files.archive import Budget, refusing, tensor_from_bytes

__all__ = ["read", "write"]

_LARGEST_HEADER = 100 * 2**20  # the format's own limit
_KINDS = {
    "BOOL": "?", "U8": "u1", "I8": "i1", "U16": "u2", "I16": "i2", "U32": "u4", "I32": "i4",
    "U64": "u8", "I64": "i8", "F16": "f2", "BF16": "bf16", "F32": "f4", "F64": "f8",
}  # fmt: skip


def _package() -> Any:
    try:
        import safetensors.numpy
    except ImportError:
        raise ImportError(
            ".safetensors files need the package safetensors: pip install 'glassgrad[files]'; "
            ".npz files need nothing"
        ) from None
    return safetensors


def write(path: str, arrays: dict[str, np.ndarray[Any, Any]], metadata: dict[str, str]) -> None:
    """Write arrays, in C order, and texts."""
    if "__metadata__" in arrays:
        raise ValueError("save: in this format no tensor can be called '__metadata__'")
    package = _package()
    try:
        package.numpy.save_file(arrays, path, metadata=metadata or None)
    except package.SafetensorError as error:  # a disk that is full, for one
        raise OSError(f"save: {error}") from error


def read(path: str, budget: Budget) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors by name, and the file's texts."""
    package = _package()
    with refusing(path), open(path, "rb") as file:
        header = _header(file, os.fstat(file.fileno()).st_size)
        texts = header.pop("__metadata__", {})
        file.seek(0)
        tensors = {}
        try:
            stored = dict(package.deserialize(file.read()))
        except package.SafetensorError as error:
            raise ValueError(str(error)) from None
        for name in header:  # in the file's order of names
            entry = stored.pop(name)
            kind = _KINDS.get(entry["dtype"])
            if kind is None:
                raise ValueError(
                    f"{name!r} has the dtype {entry['dtype']}, which tensors here lack"
                )
            budget.spend(len(entry["data"]), f"{name!r}")
            tensors[name] = tensor_from_bytes(entry["data"], kind, tuple(entry["shape"]))
    return tensors, texts


def _header(file: Any, size: int) -> dict[str, Any]:
    """The header, read by ourselves first: the package takes the last of two equal keys."""
    length = int.from_bytes(file.read(8), "little")
    if length > min(size - 8, _LARGEST_HEADER):
        raise ValueError(f"its header claims {length:,} bytes of {size:,}")
    header = json.loads(file.read(length).decode("utf-8"), object_pairs_hook=_without_repetition)
    if not isinstance(header, dict):
        raise ValueError("its header is no JSON object")
    texts = header.get("__metadata__", {})
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise ValueError("its metadata are no texts")
    return header


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice!r} stands in it twice")
    return result
