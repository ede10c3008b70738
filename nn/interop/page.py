"""Tables of a comparison in HTML, as part of a page and as a page that needs nothing else."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

__all__ = ["Line", "document", "written"]


class Line(NamedTuple):
    """One row: what it is, its shape, the largest number, the difference, whether they agree."""

    name: str
    shape: str
    size: str
    difference: str
    ok: bool


#: Colours are those of the page around it: a notebook's, or the reader's.
_STYLE = """
.glass-compare { font: 14px/1.5 system-ui, sans-serif; padding: 1em; max-width: 60em; }
.glass-compare h1 { font-size: 1.3em; margin: 0 0 .3em; }
.glass-compare h2 { font-size: 1em; margin: 1.4em 0 .3em; }
.glass-compare .verdict { margin: 0; }
.glass-compare .wide { overflow-x: auto; }
.glass-compare table { border-collapse: collapse; width: 100%; color: inherit; }
.glass-compare th, .glass-compare td { text-align: left; padding: .15em .8em .15em 0;
  border: 0; border-bottom: 1px solid rgb(128 128 128 / .35); white-space: nowrap;
  font-variant-numeric: tabular-nums; }
.glass-compare th { font-weight: 600; }
.glass-compare td.number, .glass-compare th.number { text-align: right; }
.glass-compare tr.differs td { font-weight: 600; background: rgb(209 57 79 / .18); }
"""


def written(title: str, verdict: str, ok: bool, tables: list[tuple[str, list[Line]]]) -> str:
    """The part of a page, as a notebook shows it.

    Args:
        title, verdict: the heading, and the sentence below it.
        ok: whether everything agrees.
        tables: headings with their rows.
    """
    parts = [
        f"<style>{_STYLE}</style>",
        f'<div class="glass-compare"><h1>{escape(title)}</h1>',
        f'<p class="verdict">{"" if ok else "⚠ "}{escape(verdict)}</p>',
    ]
    for heading, lines in tables:
        parts.append(f"<h2>{escape(heading)}</h2>")
        parts.append(
            f'<div class="wide" tabindex="0" role="group" aria-label="{escape(heading)}">'
            '<table><thead><tr><th scope="col">name</th><th scope="col">shape</th>'
            '<th scope="col" class="number">largest</th>'
            '<th scope="col" class="number">difference</th><th scope="col">verdict</th></tr></thead>'
            "<tbody>"
        )
        parts += [_row(line) for line in lines]
        parts.append("</tbody></table></div>")
    parts.append("</div>")
    return "\n".join(parts)


def document(title: str, part: str) -> str:
    """A page that stands alone; its colours are light or dark as the reader's system is."""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<style>:root { color-scheme: light dark; }</style></head>\n"
        f"<body><main>\n{part}\n</main></body></html>"
    )


def _row(line: Line) -> str:
    kind = "" if line.ok else ' class="differs"'
    return (
        f"<tr{kind}><td>{escape(line.name)}</td><td>{escape(line.shape)}</td>"
        f'<td class="number">{line.size}</td><td class="number">{line.difference}</td>'
        f"<td>{'agrees' if line.ok else 'differs'}</td></tr>"
    )
