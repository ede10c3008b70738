"""What the readers of weight files share: hostile zip archives, a budget of memory, raw elements."""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import autograd
from autograd import Tensor

__all__ = ["Budget", "holds_pickle", "members", "read_member", "refusing", "tensor_from_bytes"]

_LOCAL_HEADER = 30  # bytes, without name and extra field; APPNOTE.TXT 4.3.7


class Budget:
    """How many bytes one file's tensors may take; ``spend`` refuses what goes beyond."""

    def __init__(self, path: str, limit: int) -> None:
        self.path = path
        self.left = self.limit = limit

    def spend(self, nbytes: int, what: str) -> None:
        """Count ``nbytes`` before they are allocated; ValueError where they are too many."""
        if nbytes > self.left:
            raise ValueError(
                f"{what} brings the tensors to more than {self.limit:,} bytes, which is more than "
                "a file of this size warrants; if it is to be trusted, say load(path, max_bytes=…)"
            )
        self.left -= nbytes


@contextmanager
def refusing(path: str) -> Iterator[None]:
    """Whatever goes wrong while a file is read is one error that names the file."""
    try:
        yield
    except (
        ValueError, TypeError, KeyError, IndexError, EOFError, OverflowError, RecursionError,
        AttributeError, MemoryError, RuntimeError, struct.error, zipfile.BadZipFile, zlib.error,
        NotImplementedError, SyntaxError,
    ) as error:  # fmt: skip
        raise ValueError(f"load: {path} is damaged or hostile: {error or type(error)}") from error


def holds_pickle(path: str) -> bool:
    """True for the zip archives that PyTorch writes."""
    with refusing(path), zipfile.ZipFile(path) as archive:
        return any(name.rpartition("/")[2] == "data.pkl" for name in archive.namelist())


def members(archive: zipfile.ZipFile, path: str) -> dict[str, zipfile.ZipInfo]:
    """The members by name.

    Raises:
        ValueError: for names that stand twice or lead out of the archive, for encryption, foreign
            compression, and members that lie upon each other (the way of zip bombs).
    """
    found: dict[str, zipfile.ZipInfo] = {}
    spans = []
    for info in archive.infolist():
        parts = info.filename.replace("\\", "/").split("/")
        if ".." in parts or parts[0] == "" or ":" in parts[0]:
            raise ValueError(f"a member's name leads out of the archive: {info.filename!r}")
        if info.filename in found:
            raise ValueError(f"the member {info.filename!r} stands in it twice")
        if info.flag_bits & 0x1:
            raise ValueError(f"the member {info.filename!r} is encrypted")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"the member {info.filename!r} is compressed in an unknown way")
        if info.compress_type == zipfile.ZIP_STORED and info.compress_size != info.file_size:
            raise ValueError(f"the member {info.filename!r} has two sizes")
        found[info.filename] = info
        spans.append((info.header_offset, info.header_offset + _LOCAL_HEADER + info.compress_size))
    spans.sort()
    end = 0
    for start, stop in spans:
        if start < end:
            raise ValueError("members lie upon each other")
        end = stop
    if end > os.path.getsize(path):
        raise ValueError("a member ends beyond the file: it is truncated")
    return found


def read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: Budget) -> bytes:
    """A member's contents; the checksum is verified, and no more is read than it says.

    Plain bytes, never the buffer of a `BytesIO`: should an error's traceback keep both in a cycle,
    the collector of some Pythons (3.12.1 for one) frees the memory below the buffer and crashes.
    """
    budget.spend(info.file_size, f"the member {info.filename!r}")
    with archive.open(info) as file:
        data = file.read(info.file_size + 1)
    if len(data) != info.file_size:
        raise ValueError(f"the member {info.filename!r} is truncated")
    return data


def tensor_from_bytes(data: Any, kind: str, shape: tuple[int, ...], order: str = "<") -> Tensor:
    """A tensor in memory of its own.

    Args:
        data: bytes of exactly the size that kind and shape need.
        kind: NumPy's character code of the elements (``f4``), or ``bf16``.
        order: ``<`` for little-endian, ``>`` for big-endian.
    """
    if kind == "bf16":  # the upper half of a float32
        wide = np.frombuffer(data, order + "u2").astype(np.uint32) << 16
        return autograd.as_tensor(wide.view(np.float32).reshape(shape))
    array = np.frombuffer(data, order + kind).reshape(shape)
    return autograd.as_tensor(np.array(array, array.dtype.newbyteorder("=")))
