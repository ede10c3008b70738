"""What all interactive pages share on Python's side: their scripts, and data that is safe in HTML."""

from __future__ import annotations

import re
from importlib import resources

from autograd.viz.drawing import palette

#: An output never grows beyond this.
PAGE_LIMIT = 300_000
#: The page around it takes this much of that in a file of its own.
FRAME = 1_500


def fits(fragment: str) -> bool:
    """Whether a fragment is small enough for an output, also in a file of its own."""
    return len(fragment.encode()) + FRAME <= PAGE_LIMIT


def asset(package: str, name: str) -> str:
    """A text file of a package, without indentation, blank lines and lines of comment."""
    text = resources.files(package).joinpath(name).read_text(encoding="utf-8")
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def script(package: str, name: str) -> str:
    """A page's script: the shared part and its own in one function, so that nothing leaks."""
    text = f"{asset('autograd.viz.pages', 'shell.js')}\n{asset(package, name)}"
    text = re.sub(r"(?<=[;{]) // .*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"(?<=[;,{])\n", "", text)
    return f"(() => {{\n{text}\n}})();"


def style() -> str:
    """The style sheet of a page that holds a picture, in the colours that ``data-theme`` says."""
    structure = palette.STRUCTURE + palette.rules(lambda name: f"var(--gg-{name})")
    themes = (
        f".page{{{palette.variables(palette.LIGHT)}}}"
        f'.page[data-theme="dark"]{{{palette.variables(palette.DARK)}}}'
    )
    return themes + structure + asset("autograd.viz.pages", "steps.css").replace("\n", " ")


def inert(data: str) -> str:
    """JSON that can stand in a script element: nothing in it ends it or begins a comment."""
    data = data.replace("</", "<\\/").replace("<!", "\\u003c!")
    data = re.sub("<(?=[sS])", "\\\\u003c", data)
    return data.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
