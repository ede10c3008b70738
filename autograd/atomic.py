"""Files that are there whole, or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

__all__ = ["write", "writing"]


def write(path: Any, content: str | bytes) -> None:
    """Write a page or a picture: a file that fails half way leaves the one before.

    Text is written as UTF-8, with line breaks as they are. It is not flushed to the disk, as weights
    are: it can be made again.
    """
    with writing(os.fspath(path), flush=False) as temporary, open(temporary, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def writing(path: str, flush: bool = True) -> Iterator[str]:
    """Lend the name of a new file beside ``path``; at the end of the block it takes its place.

    Contents are flushed to the disk before the file gets its name, and the folder after it, so
    that a loss of power, too, leaves the old file or the new one. If the block raises, ``path`` is
    as it was. A link is followed: what it points to is replaced. What is no file (a pipe, a device)
    is written into directly.

    Args:
        path: where to.
        flush: False to leave it to the system when the contents reach the disk.
    """
    target = os.path.realpath(path)
    if os.path.exists(target) and not os.path.isfile(target) and not os.path.isdir(target):
        yield target
        return
    folder, name = os.path.split(target)
    if not os.path.isdir(folder or "."):
        raise FileNotFoundError(
            errno.ENOENT, "there is no such folder; make it with os.makedirs", str(folder)
        )
    descriptor, temporary = tempfile.mkstemp(prefix=f".{name[:80]}.", suffix=".part", dir=folder)
    os.close(descriptor)
    try:
        os.chmod(temporary, _mode(target))
        yield temporary
        if flush:
            with open(temporary, "rb+") as file:
                os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    if flush:
        _flush_folder(folder)


def _mode(target: str) -> int:
    """The permissions of the file that is replaced, or those that a new file gets here."""
    try:
        return os.stat(target).st_mode & 0o777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _flush_folder(folder: str) -> None:
    """Have the new name written down; systems that cannot flush folders do so by themselves."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
