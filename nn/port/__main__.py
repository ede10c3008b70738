"""``python -m nn.port FILE.py``: what of a program written for PyTorch works here; see `nn.port`."""

from __future__ import annotations

import argparse
import difflib
import io
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from nn import port
from nn._console import forgive_missing_letters

_KINDS = {
    port.WRITE: "must be written otherwise",
    port.HAND: "needs you",
    port.DIFFERS: "silently differs",
    port.WORKS: "works as it is",
}
_EPILOG = """\
what the lines say:
  must be written otherwise   the spelling to write; --write writes it
  needs you                   there is no such thing here, or no safe way to write it for you
  silently differs            NumPy and PyTorch spell two things alike; here NumPy's is meant.
                              --write makes PyTorch's of it where it is surely a tensor's

The program is parsed, never run. Imports and spellings are changed by --write, formatting and
comments stay as they are. A first try:

  python -m nn.port model.py            read the list
  python -m nn.port model.py --diff     see what --write would do
  python -m nn.port model.py --write    do it, then read the list again

exit status: 0 nothing is left to do, 1 something is (see the list), 2 a file could not be read.
"""


def main(argv: list[str] | None = None) -> int:
    """Runs the command; returns the exit status."""
    forgive_missing_letters()
    options = _parser().parse_args(argv)
    if options.table:
        print(port.markdown())
        return 0
    if not options.files:
        _parser().error("give a file of Python, or a folder")
    files = list(_files(options.files))
    if options.out and len(files) != 1:
        _parser().error(f"--out takes the place of one file; there are {len(files)}")
    return max((_one(file, options) for file in files), default=2)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m nn.port",
        description="Reads a program written for PyTorch and lists, line by line, what has to be "
        "written otherwise here and what silently differs.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE.py",
                        help="a program, or a folder of them")  # fmt: skip
    parser.add_argument("--write", action="store_true", help="make the safe edits, in the file")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the edited program there")
    parser.add_argument("--diff", action="store_true", help="show the edits, make none")
    parser.add_argument("--all", action="store_true", help="list what works as it is, too")
    parser.add_argument("--table", action="store_true",
                        help="print the table of what silently differs, and stop")  # fmt: skip
    return parser


def _files(given: list[Path]) -> Iterator[Path]:
    for path in given:
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def _one(file: Path, options: argparse.Namespace) -> int:
    try:
        encoding, text = _text(file)
        findings = port.read(text, str(file))
        new = port.rewrite(text, str(file))
    except (OSError, SyntaxError, UnicodeDecodeError, LookupError) as error:
        print(f"{file}: cannot be read: {error}", file=sys.stderr)
        return 2
    if options.diff:
        lines = difflib.unified_diff(
            text.splitlines(keepends=True), new.splitlines(keepends=True), str(file), "written here"
        )
        print("".join(lines), end="")
        return int(any(f.kind != port.WORKS for f in findings))
    target = options.out or (file if options.write else None)
    if target is not None and (new != text or options.out):
        target.write_bytes(new.encode(encoding))
    left = findings if target is None else [f for f in findings if not f.edits]
    _show(file, findings if options.all else [f for f in left if f.kind != port.WORKS])
    _sum_up(findings, None if target is None else len(findings) - len(left), target)
    return int(any(f.kind != port.WORKS for f in left))


def _text(file: Path) -> tuple[str, str]:
    """A program's encoding and text, with its line ends as they are."""
    raw = file.read_bytes()
    encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
    return encoding, raw.decode(encoding)


def _show(file: Path, findings: list[port.Finding]) -> None:
    for finding in findings:
        print(f"{file}:{finding.line}: {finding.what}")
        print(f"    {_KINDS[finding.kind]}: {finding.words}")


def _sum_up(findings: list[port.Finding], written: int | None, target: Path | None) -> None:
    if not findings:
        print("nothing of PyTorch is used here")
        return
    count = Counter(f.kind for f in findings)
    works = Counter(f.what for f in findings if f.kind == port.WORKS)
    if works:
        names = ", ".join(f"{name} ({n})" if n > 1 else name for name, n in sorted(works.items()))
        times = f"{count[port.WORKS]} time{'s' * (count[port.WORKS] > 1)}"
        print(f"works as it is, {times}: {names}")
    rest = [f"{count[kind]} {words}" for kind, words in _KINDS.items() if kind != port.WORKS]
    print(", ".join(rest))
    if written is None:
        edits = sum(bool(f.edits) for f in findings)
        print(f"--write makes {edits} of these edits" if edits else "--write has nothing to do")
    else:
        print(f"{target}: {written} written")


if __name__ == "__main__":
    sys.exit(main())
