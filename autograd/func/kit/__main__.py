"""``python -m autograd.func.kit my_ops.py``: judge forward and backward functions of plain NumPy.

    python -m autograd.func.kit --template my_ops.py      write stubs to fill in
    python -m autograd.func.kit my_ops.py                 judge what is filled in
    python -m autograd.func.kit my_ops.py --only conv2d,relu --json report.json
    python -m autograd.func.kit --list                    what there is

The exit status is 0 if something is given and all of it is right, 1 if not, 2 for misuse.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator
from importlib.abc import Loader
from pathlib import Path
from types import ModuleType
from typing import Any

from autograd import atomic
from autograd.func.kit import OPERATIONS, all_cases, check, template

__all__ = ["main"]

#: What the file's module is called.
_NAME = "implementation"
_AS_IT_IS: contextlib.AbstractContextManager[Any] = contextlib.nullcontext()


def main(argv: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m autograd.func.kit",
        description="Judge forward and backward functions, written in plain NumPy, by recorded cases.",
    )
    parser.add_argument(
        "file", nargs="?", help="a Python file with functions relu, relu_backward, …"
    )
    parser.add_argument("--template", metavar="FILE", help="write stubs to fill in to a new file")
    parser.add_argument("--only", metavar="NAMES", help="operations, separated by commas")
    parser.add_argument("--json", metavar="FILE", help="write the report there, too; - for here")
    parser.add_argument(
        "--list", action="store_true", help="list the operations and what they mean"
    )
    parser.add_argument("--plain", action="store_true", help="write ASCII only")
    options = parser.parse_args(argv)
    only = (
        None if options.only is None else [n.strip() for n in options.only.split(",") if n.strip()]
    )
    unknown = [name for name in only or () if name not in OPERATIONS]
    if unknown:
        parser.error(f"no operation {unknown[0]!r}; --list lists them")
    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower()
    plain = options.plain or not encoding.startswith("utf")
    if options.list:
        _list(plain)
        return 0
    if options.template is not None:
        return _write_template(parser, Path(options.template), only)
    if options.file is None:
        parser.error("give a file to judge, --template FILE, or --list")
    if not Path(options.file).is_file():
        parser.error(f"no file {options.file!r}")
    # What the file itself prints is no part of a report that is read by a program.
    apart = contextlib.redirect_stdout(sys.stderr) if options.json == "-" else _AS_IT_IS
    with apart, _loaded(Path(options.file)) as module:
        if module is None:
            return 1
        report = check(module, only)
    if options.json == "-":
        print(report.json())
        return 0 if report else 1
    print(report.text(plain=plain))
    if options.json is not None:
        try:
            atomic.write(options.json, report.json() + "\n")
        except OSError as error:
            parser.error(f"cannot write {options.json!r}: {error.strerror}")
    return 0 if report else 1


def _list(plain: bool) -> None:
    counts: dict[str, int] = {}
    for case in all_cases():
        counts[case.operation.name] = counts.get(case.operation.name, 0) + 1
    for operation in OPERATIONS.values():
        line = f"{operation.name}({operation.signature()}): {operation.meaning}"
        print(f"{line}  [{counts[operation.name]}]")
    print(f"{len(OPERATIONS)} operations, {sum(counts.values())} cases")


def _write_template(parser: argparse.ArgumentParser, path: Path, only: list[str] | None) -> int:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(template(only, path.name))
    except FileExistsError:
        parser.error(f"{str(path)!r} is there already; it is left as it is")
    except OSError as error:
        parser.error(f"cannot write {str(path)!r}: {error.strerror}")
    print(f"{path} is written; fill it in, then: python -m autograd.func.kit {path}")
    return 0


@contextlib.contextmanager
def _loaded(path: Path) -> Iterator[Any]:
    """The file as a module; None if it fails, after saying why.

    As long as it is in use it is a module like others: found by its name, as dataclasses want it,
    and its folder is searched by imports that stand within functions.
    """
    spec = importlib.util.spec_from_file_location(_NAME, path)
    if spec is None or spec.loader is None:
        print(f"{path} is no Python file", file=sys.stderr)
        yield None
        return
    module = importlib.util.module_from_spec(spec)
    before, folder = sys.modules.get(_NAME), str(path.resolve().parent)
    sys.modules[_NAME] = module
    sys.path.insert(0, folder)
    try:
        yield module if _ran(spec.loader, module, path) else None
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(folder)
        if before is None:
            sys.modules.pop(_NAME, None)
        else:
            sys.modules[_NAME] = before


def _ran(loader: Loader, module: ModuleType, path: Path) -> bool:
    """Run the file; if it fails, say why."""
    try:
        loader.exec_module(module)
    except SystemExit:
        traceback.print_exc(limit=-1)
        print(f"{path} ends the program instead of defining functions", file=sys.stderr)
        return False
    except Exception:  # noqa: BLE001  whatever it raises is shown
        traceback.print_exc(limit=-2)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
