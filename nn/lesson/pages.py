"""Notebooks, executed, as web pages that need nothing from the network: mathematics becomes MathML."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from html import escape
from importlib.metadata import version
from pathlib import Path
from typing import Any

from nn.lesson import files
from nn.lesson.exercise import find

STYLE = Path(__file__).with_name("page.css")

#: Longer than any notebook may take; a cell that hangs should still end.
CELL_SECONDS = 300

_PLACE = re.compile(r"⟦formula (\d+)⟧")
_CODE = re.compile(r"(```.*?```|`[^`\n]*`)", flags=re.DOTALL)
_MATH = re.compile(
    r"\$\$(.+?)\$\$|(?<![\\$])\$(?!\s)([^$\n]+?)(?<![\s\\])\$(?!\d)", flags=re.DOTALL
)


def client(notebook: Any, folder: Path) -> Any:
    """An nbclient that runs a notebook (of nbformat) in a kernel of this very Python.

    A kernel called ``python3`` may be installed for the user and belong to another environment; so
    installed kernels are not looked at.
    """
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    manager = AsyncKernelManager(
        kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[])
    )
    return NotebookClient(
        notebook,
        km=manager,
        timeout=CELL_SECONDS,
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=[
            "--log-level=40"
        ],  # errors only: it warns of TCP, which stays on this machine
    )


def solved(notebook: files.Notebook) -> files.Notebook:
    """The notebook with its exercises solved."""
    cells = []
    for each in notebook["cells"]:
        kind, _, tag = each["id"].partition("-")
        number = tag.replace("-", ".")
        if kind == "answer" and tag.replace("-", "").isdigit():
            each = files.cell("code", each["id"], files.answer(find(number), solved=True))
        cells.append(each)
    return files.new(cells)


def executed(notebook: files.Notebook, folder: Path) -> Any:
    """A notebook with its outputs, as a node of nbformat.

    Raises:
        nbclient.exceptions.CellExecutionError: if a cell fails.
    """
    import nbformat

    node = nbformat.reads(files.dumps(notebook), as_version=4)  # type: ignore[no-untyped-call]
    client(node, folder).execute(env=environment())
    return node


def environment() -> dict[str, str]:
    """The kernel's environment: it imports what we imported, and draws inline."""
    own = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    root = str(Path(__file__).resolve().parents[2])
    return own | {"PYTHONPATH": os.pathsep.join(filter(None, [root, own.get("PYTHONPATH")]))}


def write(notebooks: Iterable[Path], out: Path, with_solutions: bool = False) -> Iterable[Path]:
    """Executes notebooks one after another and writes a page for each and, last, an index.

    Args:
        notebooks: their files.
        out: folder of the pages; made if need be.
        with_solutions: solve the exercises.

    Yields:
        The path of each page, when it is written.
    """
    out.mkdir(parents=True, exist_ok=True)
    paths = list(notebooks)
    entries = []
    for path in paths:
        notebook = files.read(path)
        node = executed(solved(notebook) if with_solutions else notebook, path.resolve().parent)
        title = title_of(notebook)
        about = about_of(notebook)
        page = out / f"{path.stem}.html"
        page.write_text(
            _page(title, body(node, path.resolve().parent), _links(path, paths)), encoding="utf-8"
        )
        entries.append((page.name, title, about))
        yield page
    index = out / "index.html"
    index.write_text(_page("The lesson", _contents(entries), ""), encoding="utf-8")
    yield index


def _contents(entries: Iterable[tuple[str, str, dict[str, str]]]) -> str:
    """What the index shows: each notebook with what one gets from it and how long it takes."""
    rows = "\n".join(
        f'<tr><td><a href="{name}">{escape(title)}</a></td><td>{escape(about.get("What you get", ""))}</td>'
        f"<td>{escape(about.get('How long', ''))}</td></tr>"
        for name, title, about in entries
    )
    return (
        "<h1>The lesson</h1>\n<p>These pages are notebooks as they were executed. To run them yourself, "
        'change them and answer the exercises: <code>pip install ".[notebooks]"</code> in the folder of '
        "the project, then <code>python -m nn.lesson</code>.</p>\n"
        '<table class="contents">\n<thead><tr><th>notebook</th><th>what you get</th><th>it takes</th>'
        f"</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>"
    )


def about_of(notebook: files.Notebook) -> dict[str, str]:
    """What a notebook's first cell says under "What you need", "What you get" and "How long"."""
    first = " ".join("".join(notebook["cells"][0]["source"]).split())
    found = re.findall(r"\*\*([^*]+?):\*\* (.*?)(?= \*\*|$)", first)
    return {name: _plain(text) for name, text in found}


def _plain(markdown: str) -> str:
    """The first sentence, without marks."""
    sentence = re.split(r"(?<=\.)\s", markdown.strip())[0]
    return re.sub(r"[*`]", "", sentence).rstrip(".")


def title_of(notebook: files.Notebook) -> str:
    """The first heading."""
    first = "".join(notebook["cells"][0]["source"]).splitlines()[0]
    return first.lstrip("# ")


def body(node: Any, folder: Path) -> str:
    """An executed notebook as HTML, its formulas as MathML, its pictures inside."""
    from nbconvert import HTMLExporter

    formulas: list[str] = []
    for each in node.cells:
        if each.cell_type == "markdown":
            each.source = without_formulas(each.source, formulas)
    exporter = HTMLExporter(template_name="basic", embed_images=True)
    html, _ = exporter.from_notebook_node(node, resources={"metadata": {"path": str(folder)}})
    html = _PLACE.sub(lambda found: formulas[int(found.group(1))], html)
    # The links between notebooks lead from page to page.
    return re.sub(r'href="(\d\d_\w+)\.ipynb(#[^"]*)?"', r'href="\1.html\2"', html)


def without_formulas(markdown: str, formulas: list[str]) -> str:
    """Markdown with a mark in place of each ``$…$`` and ``$$…$$`` outside of code.

    The formulas are appended, as MathML; going through the markdown converter they would be taken apart.
    """

    def replace(found: re.Match[str]) -> str:
        display, inline = found.groups()
        formulas.append(mathml(display or inline, display="block" if display else "inline"))
        return f"⟦formula {len(formulas) - 1}⟧"

    parts = _CODE.split(markdown)
    return "".join(part if n % 2 else _MATH.sub(replace, part) for n, part in enumerate(parts))


def mathml(formula: str, display: str) -> str:
    """A formula of LaTeX as MathML; ``display`` is ``"block"`` or ``"inline"``."""
    from latex2mathml.converter import convert

    # A prime is raised already; as an exponent it would hang in the line above.
    made = str(convert(formula.replace("'", "′"), display=display))
    # A bar is an infix to MathML, with spaces; here it is one side of an absolute value.
    bar = "&#x0007C;</mo>"
    return made.replace(
        f'<mo stretchy="false">{bar}', f'<mo stretchy="false" lspace="0" rspace="0">{bar}'
    )


def _links(path: Path, paths: list[Path]) -> str:
    place = paths.index(path)
    links = ['<a href="index.html">All notebooks</a>']
    for other, arrow in ((place - 1, "← {}"), (place + 1, "{} →")):
        if 0 <= other < len(paths):
            links.append(
                f'<a href="{paths[other].stem}.html">{arrow.format(paths[other].stem[:2])}</a>'
            )
    return f"<nav>{' · '.join(links)}</nav>"


def _page(title: str, content: str, links: str) -> str:
    from pygments.formatters import HtmlFormatter

    light = HtmlFormatter(style="default").get_style_defs(".highlight")
    dark = HtmlFormatter(style="github-dark").get_style_defs(".highlight")
    styles = (
        f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n{STYLE.read_text('utf-8')}"
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8"/>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"/>\n'
        f'<meta name="generator" content="glassgrad {escape(version("glassgrad"))}"/>\n'
        f"<title>{escape(title)}</title>\n<style>\n{styles}</style>\n</head>\n<body>\n"
        f"{links}\n<main>\n{content}\n</main>\n{links}\n</body>\n</html>\n"
    )
