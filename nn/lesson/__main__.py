"""``python -m nn.lesson``: the notebooks, exercise sheets and pages; see `nn.lesson`."""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

from nn._console import forgive_missing_letters
from nn.lesson import files


def main(argv: list[str] | None = None) -> int:
    """Runs a command; returns the exit status."""
    forgive_missing_letters()
    arguments = _parser().parse_args(argv)
    try:
        status: int = arguments.run(arguments)
    except (OSError, RuntimeError, ValueError) as error:
        print(f"nn.lesson: {error}", file=sys.stderr)
        return 2
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m nn.lesson",
        description="Copies the lesson's notebooks into a folder and opens the first.",
    )
    parser.add_argument("--folder", type=Path, default=Path("glassgrad-lesson"), metavar="FOLDER",
                        help="where to copy them (default: glassgrad-lesson)")  # fmt: skip
    parser.add_argument("--no-open", action="store_true", help="copy only")
    parser.set_defaults(run=copy_and_open)
    commands = parser.add_subparsers(title="other commands", metavar="")

    export = commands.add_parser("export", help="write an exercise sheet with numbers of its own")
    who = export.add_mutually_exclusive_group(required=True)
    who.add_argument("--student", action="store_true", help="with answers to fill in")
    who.add_argument("--solutions", action="store_true", help="with solutions; needs the key")
    export.add_argument("--seed", required=True, metavar="ID",
                        help="whose sheet it is; the same ID and key give the same numbers")  # fmt: skip
    _add_key(export)
    export.add_argument(
        "--chapter", type=int, metavar="N", help="only the exercises of one notebook"
    )
    export.add_argument("--out", type=Path, metavar="FILE", help="default: exercises-ID.ipynb")
    export.set_defaults(run=export_sheet)

    grade = commands.add_parser("grade", help="a table of the sheets that came back")
    grade.add_argument("folder", type=Path, metavar="FOLDER", help="where the sheets are")
    _add_key(grade)
    grade.add_argument("--csv", type=Path, metavar="FILE", help="for a spreadsheet, too")
    grade.add_argument("--html", type=Path, metavar="FILE", help="as a page, too")
    grade.add_argument("--seconds", type=int, default=60, metavar="N",
                       help="so long a sheet may take (default: 60)")  # fmt: skip
    grade.set_defaults(run=grade_folder)

    html = commands.add_parser("html", help="execute all notebooks and write them as pages")
    html.add_argument("--out", type=Path, default=Path("glassgrad-lesson-html"), metavar="FOLDER",
                      help="default: glassgrad-lesson-html")  # fmt: skip
    html.add_argument("--solutions", action="store_true", help="with the exercises solved")
    html.add_argument("notebooks", nargs="*", type=Path, metavar="NOTEBOOK",
                      help="default: those of the lesson")  # fmt: skip
    html.set_defaults(run=write_pages)

    site = commands.add_parser("site", help="a static site, with a reference and live cells")
    site.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="the folder of the site"
    )
    site.add_argument("--pyodide", type=Path, metavar="DIR",
                      help="the npm package pyodide (default: node_modules/pyodide)")  # fmt: skip
    site.add_argument("--wheels", type=Path, metavar="DIR",
                      help="wheels for that Pyodide: NumPy's, and what else cells import")  # fmt: skip
    site.add_argument("notebooks", nargs="*", type=Path, metavar="NOTEBOOK",
                      help="default: those of the lesson")  # fmt: skip
    site.set_defaults(run=build_site)

    tidy = commands.add_parser("tidy", help="strip outputs, write exercise cells anew")
    tidy.add_argument("notebooks", nargs="*", type=Path, metavar="NOTEBOOK")
    tidy.set_defaults(run=tidy_files)
    return parser


def _add_key(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--key", type=Path, default=Path("lesson.key"), metavar="FILE",
                        help="the teacher's key; made with the first sheet (default: lesson.key)")  # fmt: skip


def copy_and_open(arguments: argparse.Namespace) -> int:
    """Copies what is not there yet (what a reader wrote is kept) and opens the first notebook."""
    target, source = arguments.folder, files.folder()
    kept = 0
    for path in [*files.notebooks(source), *sorted((source / "figures").glob("*.svg"))]:
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if copy.exists():
            kept += copy.suffix == ".ipynb"
        else:
            shutil.copyfile(path, copy)
    first = target / files.notebooks(source)[0].name
    print(
        f"The lesson is in {target}"
        + (f" ({kept} notebooks were there and are kept)." if kept else ".")
    )
    if arguments.no_open:
        return 0
    if importlib.util.find_spec("jupyterlab") is None:
        print('To open it here: pip install -e ".[notebooks]" (or pip install jupyterlab), then')
        print(f"    jupyter lab {first}")
        print("Any other editor of notebooks does as well, with this Python as its kernel.")
        return 0
    print(f"Opening {first} in JupyterLab; Ctrl-C here ends it.")
    try:
        return subprocess.call([sys.executable, "-m", "jupyterlab", first.name], cwd=target)
    except KeyboardInterrupt:
        return 130  # what a shell reports of a program ended by Ctrl-C


def export_sheet(arguments: argparse.Namespace) -> int:
    """Writes an exercise sheet."""
    from nn.lesson import sheets

    kind = "solutions" if arguments.solutions else "exercises"
    name = "".join(c if c.isalnum() or c in "-_." else "_" for c in arguments.seed)
    path = arguments.out or Path(f"{kind}-{name}.ipynb")
    new = not arguments.key.exists()
    key = sheets.read_key(arguments.key, make=not arguments.solutions)
    if new:
        print(f"{arguments.key} is new: keep it to yourself. It opens solutions and grades.")
    sheet = sheets.make(key, arguments.seed, arguments.solutions, arguments.chapter)
    path.write_text(files.dumps(sheet), encoding="utf-8", newline="\n")
    print(path)
    return 0


def grade_folder(arguments: argparse.Namespace) -> int:
    """Grades the sheets of a folder."""
    from nn.lesson import grading, sheets

    limits = grading.Limits(seconds=arguments.seconds)
    rows = list(grading.grade(arguments.folder, sheets.read_key(arguments.key), limits))
    print(grading.as_text(rows), end="")
    for path, write in ((arguments.csv, grading.as_csv), (arguments.html, grading.as_html)):
        if path is not None:
            path.write_text(write(rows), encoding="utf-8", newline="\n")
            print(path)
    return 0


def write_pages(arguments: argparse.Namespace) -> int:
    """Executes notebooks and writes a page for each, and an index."""
    if arguments.solutions and files.folder().parent == Path(__file__).parent:
        print("nn.lesson html --solutions: solutions are written from a checkout of the project, where "
              "teachers are at home", file=sys.stderr)  # fmt: skip
        return 2
    needed = ("nbclient", "nbconvert", "nbformat", "ipykernel", "latex2mathml")
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        print(
            f'nn.lesson html needs {", ".join(missing)}: pip install -e ".[notebooks]"',
            file=sys.stderr,
        )
        return 2
    from nn.lesson import pages

    for path in pages.write(
        arguments.notebooks or files.notebooks(), arguments.out, arguments.solutions
    ):
        print(path)
    return 0


def build_site(arguments: argparse.Namespace) -> int:
    """Builds the static site."""
    from nn.lesson import site
    from nn.lesson.site.build import missing

    if missing():
        print(
            f'nn.lesson site needs {", ".join(missing())}: pip install -e ".[site]"',
            file=sys.stderr,
        )
        return 2
    live = site.Live.found(arguments.pyodide, arguments.wheels)
    for sentence in site.build(arguments.out, live, arguments.notebooks):
        print(sentence)
    print(arguments.out / "index.html")
    return 0


def tidy_files(arguments: argparse.Namespace) -> int:
    """Brings notebook files into the form in which they are kept."""
    for path in arguments.notebooks or files.notebooks():
        before = path.read_text(encoding="utf-8")
        after = files.dumps(files.tidy(files.read(path)))
        if after != before:
            path.write_text(after, encoding="utf-8", newline="\n")
            print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
