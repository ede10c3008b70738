"""A benchmark worker: ``python -m tests.benchmarks.worker LIBRARY THREADS``, driven over a pipe."""

from __future__ import annotations

import sys

from .harness import serve
from .workloads import Library


def main() -> None:
    """Serve one library's workloads."""
    library, threads = sys.argv[1], int(sys.argv[2])
    serve(library, threads, Library(library, threads).make)


if __name__ == "__main__":
    main()
