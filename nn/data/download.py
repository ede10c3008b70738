"""Files from the network: from the first mirror that works, checked, and there whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any

from nn._console import bar

__all__ = ["download"]

TIMEOUT = 20.0
"""Seconds without a byte after which a mirror is given up."""
SLOWEST = 2_000
"""Bytes a second; a mirror that is slower for `PATIENCE` seconds is given up."""
PATIENCE = 30.0
_CHUNK = 2**16


def download(urls: Sequence[str], path: str, md5: str, size: int, progress: bool = True) -> str:
    """Fetch a file, unless it is there already with the right checksum.

    What has arrived stays beside the file as ``.part`` and is gone on with, at this mirror or the
    next. Only a file with the right length and checksum gets its name.

    Args:
        urls: the mirrors, in order; ``http`` or ``https``.
        path: where to.
        md5: the checksum, in hexadecimal.
        size: bytes; more are never taken.
        progress: show a bar, where `tqdm` is installed. Default True.

    Returns:
        The path.

    Raises:
        RuntimeError: if no mirror worked; it says what was wrong with each.
    """
    if os.path.exists(path) and os.path.getsize(path) == size and _md5(path) == md5:
        return path
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    part = f"{path}.part"
    told = []
    for url in urls:
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"download: {url!r} is no http or https address")
        for _ in range(2):  # once more from the beginning, should the part have been the fault
            resumed = os.path.exists(part) and 0 < os.path.getsize(part) < size
            try:
                _fetch(url, part, size, progress)
            except (OSError, http.client.HTTPException, ValueError) as error:
                told.append(f"{url}: {error or type(error).__name__}")
                break
            if _md5(part) == md5:
                os.replace(part, path)
                return path
            os.unlink(part)
            if not resumed:
                told.append(f"{url}: the checksum is not {md5}")
                break
    raise RuntimeError(
        f"download: {os.path.basename(path)} could not be had:\n  " + "\n  ".join(told)
    )


def _fetch(url: str, part: str, size: int, progress: bool) -> None:
    """Bring ``part`` to its full length; raises OSError or ValueError when that fails."""
    have = os.path.getsize(part) if os.path.exists(part) else 0
    if have >= size:
        have = 0
    request = urllib.request.Request(url, headers={"User-Agent": "glassgrad"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    with contextlib.closing(urllib.request.urlopen(request, timeout=TIMEOUT)) as response:
        if have and response.status != 206:  # the server began anew
            have = 0
        with open(part, "ab" if have else "wb") as file, _bar(url, size, have, progress) as bar:
            start, taken = time.monotonic(), 0
            while chunk := response.read1(_CHUNK):
                if have + taken + len(chunk) > size:
                    raise ValueError(f"it is longer than {size:,} bytes")
                file.write(chunk)
                bar.update(len(chunk))
                taken += len(chunk)
                seconds = time.monotonic() - start
                if seconds > PATIENCE and taken < SLOWEST * seconds:
                    raise OSError(f"slower than {SLOWEST:,} bytes a second")
    if have + taken != size:
        raise OSError(f"it ended after {have + taken:,} of {size:,} bytes")


def _md5(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


class _NoBar:
    def update(self, count: int) -> None:
        """Nothing is shown."""

    def __enter__(self) -> _NoBar:
        return self

    def __exit__(self, *exception: object) -> None:
        pass


def _bar(url: str, size: int, have: int, progress: bool) -> Any:
    if progress:
        with contextlib.suppress(ImportError):
            return bar(
                total=size, initial=have, unit="B", unit_scale=True, desc=url.rpartition("/")[2]
            )
    return _NoBar()
