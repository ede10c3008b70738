"""Writes the sources of the site, has Sphinx build it, and puts Pyodide and the wheels beside it."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nn.lesson import files
from nn.lesson.site.reference import MODULES, page_of

__all__ = ["Live", "build"]

HERE = Path(__file__).parent

#: What Pyodide's own loader asks for; of the package's files these are enough.
PYODIDE_FILES = ("pyodide.mjs", "pyodide.asm.js", "pyodide.asm.mjs", "pyodide.asm.wasm",
                 "python_stdlib.zip", "pyodide-lock.json", "package.json")  # fmt: skip

NOT_SHOWN = "live cells: not shown working"


@dataclass(frozen=True)
class Live:
    """What makes cells live, and why they are not.

    Attributes:
        pyodide: folder of the npm package, or None.
        wheels: the wheels that are loaded before the first cell, NumPy's among them.
        why_not: a sentence, if the cells are not live.
    """

    pyodide: Path | None
    wheels: tuple[Path, ...]
    why_not: str = ""

    @classmethod
    def found(cls, pyodide: Path | None, wheels: Path | None) -> Live:
        """Looks at what there is.

        Args:
            pyodide: folder of the npm package; None looks for ``node_modules/pyodide``.
            wheels: folder of wheels; None for none.

        Raises:
            ValueError: if a folder that was named does not hold what it should.
        """
        if pyodide is None:
            here = Path("node_modules", "pyodide")
            pyodide = here if here.is_dir() else None
        elif not (pyodide / "pyodide.mjs").is_file():
            raise ValueError(f"{pyodide} has no pyodide.mjs: name the folder of the npm package, "
                             "node_modules/pyodide after `npm install pyodide`")  # fmt: skip
        found = tuple(sorted(wheels.glob("*.whl"))) if wheels else ()
        if wheels and not found:
            raise ValueError(f"there are no wheels (.whl) in {wheels}")
        if pyodide is None:
            return cls(None, (), "there is no Pyodide (npm install pyodide, or --pyodide DIR)")
        for_pyodide = [each for each in found if _is_numpy(each)]
        if not for_pyodide:
            return cls(None, (), "there is no wheel of NumPy for Pyodide (--wheels DIR)")
        return cls(pyodide, found)


def _is_numpy(wheel: Path) -> bool:
    return wheel.name.startswith("numpy-") and wheel.name.endswith("wasm32.whl")


def build(out: Path, live: Live, notebooks: Sequence[Path] | None = None) -> list[str]:
    """Builds the site.

    Args:
        out: its folder; what an earlier run left there is replaced.
        live: what makes its cells live.
        notebooks: those of the lesson by default.

    Returns:
        What is to be said of it, a sentence each.

    Raises:
        RuntimeError: if Sphinx fails, or the wheel of these packages cannot be built.
        ValueError: if the folder is there and holds something else than a site.
    """
    if out.exists() and any(out.iterdir()) and not (out / "objects.inv").exists():
        raise ValueError(f"{out} holds something else than a site; name another folder")
    with tempfile.TemporaryDirectory() as scratch:
        wheel = _own_wheel(Path(scratch)) if live.pyodide else None
        source = Path(scratch, "source")
        _write_sources(source, list(notebooks or files.notebooks()), live)
        made = Path(scratch, "html")
        _sphinx(source, made)
        if wheel:
            _add_pyodide(made / "_static", live, wheel)
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(made, out, ignore=shutil.ignore_patterns(".doctrees", ".buildinfo"))
    if live.why_not:
        return [f"{NOT_SHOWN}: {live.why_not}. Every page says so."]
    return ["live cells: Pyodide and its wheels are in. They need a server: "
            f"python -m http.server --directory {out} --bind 127.0.0.1"]  # fmt: skip


# -- sources -------------------------------------------------------------------------------------


def _write_sources(source: Path, notebooks: list[Path], live: Live) -> None:
    from nn.lesson import pages

    lesson, reference, static = (source / each for each in ("lesson", "reference", "_static"))
    for folder in (lesson, reference, static):
        folder.mkdir(parents=True)
    for path in notebooks:
        node = pages.executed(files.read(path), path.resolve().parent)
        text = json.dumps(_with_places(json.loads(json.dumps(node))), ensure_ascii=False)
        (lesson / path.name).write_text(text, encoding="utf-8")
    _write_index(source, lesson, notebooks)
    for name in MODULES:
        (reference / f"{name}.rst").write_text(page_of(name), encoding="utf-8")
    listed = "\n".join(f"   {name}" for name in MODULES)
    (reference / "index.rst").write_text(
        f"Reference\n=========\n\n.. toctree::\n   :maxdepth: 1\n\n{listed}\n", encoding="utf-8"
    )
    for name in ("live.js", "worker.js", "site.css", "icon.svg"):
        shutil.copyfile(HERE / name, static / name)
    settings = {"live": not live.why_not, "why": live.why_not,
                "wheels": [each.name for each in live.wheels] + [_OURS]}  # fmt: skip
    (static / "settings.js").write_text(
        f"window.glassgrad = {json.dumps(settings)};\n", encoding="utf-8"
    )
    (source / "conf.py").write_text(_CONF, encoding="utf-8")


#: The wheel is copied under this name, so that a page need not know a version.
_OURS = "glassgrad-0-py3-none-any.whl"

_CONF = '''"""Written by python -m nn.lesson site."""

import sys

project = "Glassgrad"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "nn.lesson.site.extension"]
html_theme = "furo"
html_title = "Glassgrad"
html_static_path = ["_static"]
html_favicon = "_static/icon.svg"
html_js_files = ["settings.js", "live.js"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_show_copyright = False
html_math_renderer = "mathml"
default_role = "literal"
nb_execution_mode = "off"
nb_merge_streams = True
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
autodoc_typehints = "none"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
add_module_names = False
python_use_unqualified_type_names = True
suppress_warnings = ["myst.xref_missing", "docutils", "ref.python"]
'''


def _with_places(notebook: files.Notebook) -> files.Notebook:
    """The notebook with a mark before each code cell, so that links lead to it by its id."""
    cells = []
    for each in notebook["cells"]:
        if each["cell_type"] == "code":
            cells.append(
                files.cell("markdown", f"at-{each['id']}"[:64], f'<span id="{each["id"]}"></span>')
            )
        cells.append(each)
    return notebook | {"cells": cells}


def _write_index(source: Path, lesson: Path, notebooks: list[Path]) -> None:
    """The lesson's own README is its first page, and the site's."""
    folder = files.folder()
    readme = folder / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.exists() else "# The lesson\n"
    text = re.sub(r"\[main page\]\([^)]*\)", "main page", text)
    to_cell = r"\[([^\]]+)\]\((\d\d_\w+)\.ipynb#([\w-]+)\)"
    text = re.sub(to_cell, r'<a href="lesson/\2.html#\3">\1</a>', text)
    text = re.sub(r"\]\((\d\d_\w+)\.ipynb\)", r"](lesson/\1.ipynb)", text)
    if (folder / "figures").is_dir():
        (source / "figures").mkdir()
        for figure in (folder / "figures").glob("*.svg"):
            shutil.copyfile(figure, source / "figures" / figure.name)
    listed = "\n".join(f"lesson/{path.stem}" for path in notebooks)
    (source / "index.md").write_text(
        f"{text}\n\n```{{toctree}}\n:hidden:\n:caption: The lesson\n\n{listed}\n```\n\n"
        "```{toctree}\n:hidden:\n:caption: The packages\n\nreference/index\n```\n",
        encoding="utf-8",
    )


# -- Sphinx and Pyodide --------------------------------------------------------------------------


def _sphinx(source: Path, out: Path) -> None:
    from nn.lesson.pages import environment

    finished = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-b", "html", "-W", "--keep-going", str(source), str(out)],
        capture_output=True, encoding="utf-8", errors="replace", env=environment(),
    )  # fmt: skip
    if finished.returncode:
        raise RuntimeError(f"Sphinx could not build the site:\n{finished.stderr.strip()[-3000:]}")


def _add_pyodide(static: Path, live: Live, own: Path) -> None:
    assert live.pyodide is not None
    (static / "pyodide").mkdir()
    (static / "wheels").mkdir()
    for name in PYODIDE_FILES:
        if (live.pyodide / name).is_file():
            shutil.copyfile(live.pyodide / name, static / "pyodide" / name)
    for wheel in live.wheels:
        shutil.copyfile(wheel, static / "wheels" / wheel.name)
    shutil.copyfile(own, static / "wheels" / _OURS)


def _own_wheel(scratch: Path) -> Path:
    """Our two packages as one wheel without compiled code, built in a folder of scratch.

    Raises:
        RuntimeError: outside of a checkout, or if it cannot be built.
    """
    root = Path(__file__).resolve().parents[3]
    if not (root / "setup.py").exists():
        raise RuntimeError(
            "live cells need a wheel of these packages, which is built from a checkout"
        )
    copy = scratch / "checkout"  # building writes into it
    copy.mkdir()
    for name in ("autograd", "nn", "notebooks"):
        shutil.copytree(
            root / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.so")
        )
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"):
        shutil.copyfile(root / name, copy / name)
    finished = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
         "--no-index", "--wheel-dir", str(scratch), str(copy)],
        capture_output=True, encoding="utf-8", errors="replace",
        env=os.environ | {"GLASSGRAD_BUILD_NATIVE": "0"},
    )  # fmt: skip
    made = list(scratch.glob("glassgrad-*-py3-none-any.whl"))
    if finished.returncode or not made:
        raise RuntimeError(
            f"the wheel of these packages could not be built:\n{finished.stderr[-2000:]}"
        )
    return made[0]


def missing() -> list[str]:
    """The packages of the extra ``site`` that are not installed."""
    needed = ("sphinx", "myst_nb", "furo", "nbclient", "nbformat", "ipykernel", "latex2mathml")
    return [name for name in needed if importlib.util.find_spec(name) is None]
