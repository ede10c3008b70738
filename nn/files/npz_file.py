"""``.npz``: a zip archive of ``.npy`` files, as `numpy.savez` writes it. Needs no package."""

from __future__ import annotations

import io
import json
import math
import zipfile
from typing import Any

import numpy as np
from numpy.lib import format as npy

from autograd import Tensor
from nn.files.archive import Budget, members, read_member, refusing, tensor_from_bytes

__all__ = ["read", "write"]

_METADATA = "__metadata__.json"


def write(path: str, arrays: dict[str, np.ndarray[Any, Any]], metadata: dict[str, str]) -> None:
    """Write arrays and texts; `numpy.load` reads the arrays, too."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, array in arrays.items():
            # A fixed date: the same arrays give the same bytes.
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            with archive.open(info, "w", force_zip64=True) as file:
                npy.write_array(file, array, allow_pickle=False)
        if metadata:
            info = zipfile.ZipInfo(_METADATA, date_time=(1980, 1, 1, 0, 0, 0))
            archive.writestr(info, json.dumps(metadata))


def read(path: str, budget: Budget) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors by name, and the file's texts."""
    tensors, texts = {}, {}
    with refusing(path), zipfile.ZipFile(path) as archive:
        for name, info in members(archive, path).items():
            if name == _METADATA:
                texts = json.loads(read_member(archive, info, budget))
                if not isinstance(texts, dict) or not all(
                    isinstance(text, str) for text in texts.values()
                ):
                    raise ValueError("its metadata are no texts")
                continue
            if not name.endswith(".npy"):
                raise ValueError(f"the member {name!r} is no .npy file")
            key = name.removesuffix(".npy")
            tensors[key] = _tensor(key, read_member(archive, info, budget))
    return tensors, texts


def _tensor(name: str, member: bytes) -> Tensor:
    file = io.BytesIO(member)
    version = npy.read_magic(file)
    if version == (1, 0):
        shape, fortran, dtype = npy.read_array_header_1_0(file)
    elif version in ((2, 0), (3, 0)):  # they differ in the encoding of field names only
        shape, fortran, dtype = npy.read_array_header_2_0(file)
    else:
        raise ValueError(f"{name!r} is in version {version} of the .npy format")
    if dtype.kind == "O":
        raise ValueError(f"{name!r} holds pickled objects, which are never loaded")
    if dtype.kind not in "fiub" or dtype.itemsize > 8:
        raise ValueError(f"{name!r} has dtype {dtype}, which tensors here lack")
    if any(type(n) is not int or n < 0 for n in shape):
        raise ValueError(f"{name!r} has the shape {shape}")
    data = memoryview(member)[file.tell() :]
    if math.prod(shape) * dtype.itemsize != len(data):
        raise ValueError(f"{name!r} has {len(data):,} bytes, but the shape {shape} of {dtype}")
    order, kind = (">" if dtype.byteorder == ">" else "<"), f"{dtype.kind}{dtype.itemsize}"
    if kind == "b1":
        kind = "?"
    if not fortran:
        return tensor_from_bytes(data, kind, shape, order)
    return tensor_from_bytes(data, kind, shape[::-1], order).T.copy()
