"""Damages weight files at random and reads them: what comes is tensors, or one clear error.

    python -m tests.fuzz_files --minutes 10 --seed 1

Prints the seed and the bytes' place of what it finds, the file itself goes to ``--keep``. The
largest peak of memory, as a multiple of the file, is told at the end.
"""

import argparse
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np

import nn
from tests.nn.files import hostile

SLACK = 2**25


def originals():
    """Whole files of all formats, and the hostile ones, which may become worse."""
    yield from (path.read_bytes() for path in sorted(hostile.FIXTURES.glob("layers*")))
    mark = Path("never")
    yield from (data for data in hostile.kinds(mark).values() if len(data) < 100_000)


def damaged(data, files, rng):
    """One to four random damages: bytes changed, cut, repeated, moved, or from another file."""
    data = bytearray(data)
    for _ in range(rng.integers(1, 5)):
        n = len(data)
        at = int(rng.integers(n + 1))
        # Headers and directories are where it hurts: most damages go to the ends.
        if rng.random() < 0.6 and n:
            at = int(min(n, rng.exponential(60)))
            at = n - at if rng.random() < 0.5 else at
        length = int(rng.integers(1, 16))
        match rng.integers(7):
            case 0:
                data[at : at + length] = rng.bytes(min(length, n - at))
            case 1:
                del data[at : at + int(rng.integers(1, max(2, n)))]
            case 2:
                data[at:at] = rng.bytes(length)
            case 3:
                data[at:at] = data[at : at + length * 8]
            case 4:
                other = files[rng.integers(len(files))]
                start = int(rng.integers(len(other) + 1))
                data[at : at + length] = other[start : start + length]
            case 5 if at < n:
                data[at] ^= 1 << int(rng.integers(8))
            case 6:
                edge = int(rng.choice([0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1]))
                size = int(rng.choice([2, 4, 8]))
                data[at : at + size] = (edge % 2 ** (8 * size)).to_bytes(size, "little")
    return bytes(data)


def read(path):
    """None if the file is read or refused as it should be, otherwise what went wrong; and bytes."""
    tracemalloc.start()
    try:
        nn.load(path)
    except ValueError as error:
        fault = None if str(path) in str(error) else f"does not name the file: {error}"
    except BaseException as error:  # the point of it: nothing else may come out
        fault = f"{type(error).__name__}: {error}"
    else:
        fault = None
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return fault, peak


def search(minutes, seed, keep):
    """Number of files tried, number of findings, largest peak in bytes beyond 64 times the file."""
    rng = np.random.default_rng(seed)
    files = list(originals())
    end = time.monotonic() + 60 * minutes
    tried = found = 0
    worst = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "damaged")
        while time.monotonic() < end:
            data = damaged(files[rng.integers(len(files))], files, rng)
            path.write_bytes(data)
            fault, peak = read(path)
            tried += 1
            worst = max(worst, peak)
            if peak > SLACK + 200 * len(data):
                fault = f"took {peak:,} bytes for a file of {len(data):,}"
            if fault:
                found += 1
                print(f"seed {seed}, file {tried}: {fault}")
                Path(keep).mkdir(exist_ok=True)
                Path(keep, f"{seed}_{tried}").write_bytes(data)
    return tried, found, worst


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", default="findings", help="folder for the files found")
    options = parser.parse_args()
    tried, found, worst = search(options.minutes, options.seed, options.keep)
    print(f"{tried:,} damaged files, {found} findings, peak memory {worst / 2**20:.1f} MiB")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
