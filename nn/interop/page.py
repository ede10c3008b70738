"""Tables of a comparison as one page of HTML that needs nothing else."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

__all__ = ["Line", "written"]


class Line(NamedTuple):
    """One row: what it is, its shape, the largest number, the difference, whether they agree."""

    name: str
    shape: str
    size: str
    difference: str
    ok: bool


_STYLE = """
.glass-compare { font: 14px/1.5 system-ui, sans-serif; color: #1d1d1f; background: #fff;
  padding: 1em; max-width: 60em; color-scheme: light dark; }
.glass-compare h1 { font-size: 1.3em; margin: 0 0 .3em; }
.glass-compare h2 { font-size: 1em; margin: 1.4em 0 .3em; }
.glass-compare .verdict { margin: 0; }
.glass-compare table { border-collapse: collapse; width: 100%; }
.glass-compare th, .glass-compare td { text-align: left; padding: .15em .8em .15em 0;
  border-bottom: 1px solid #d8d8dc; font-variant-numeric: tabular-nums; }
.glass-compare th { font-weight: 600; }
.glass-compare td.number, .glass-compare th.number { text-align: right; }
.glass-compare tr.differs td { color: #a40e26; font-weight: 600; }
@media (prefers-color-scheme: dark) {
  .glass-compare { color: #e6e6ea; background: #1b1b1f; }
  .glass-compare th, .glass-compare td { border-color: #3a3a42; }
  .glass-compare tr.differs td { color: #ff8a93; }
}
"""


def written(title: str, verdict: str, ok: bool, tables: list[tuple[str, list[Line]]]) -> str:
    """The page.

    Args:
        title, verdict: the heading, and the sentence below it.
        ok: whether everything agrees.
        tables: headings with their rows.
    """
    parts = [
        "<!DOCTYPE html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>',
        f"<style>{_STYLE}</style></head><body>",
        f'<main class="glass-compare"><h1>{escape(title)}</h1>',
        f'<p class="verdict">{"" if ok else "⚠ "}{escape(verdict)}</p>',
    ]
    for heading, lines in tables:
        parts.append(f"<h2>{escape(heading)}</h2>")
        parts.append(
            '<table><thead><tr><th scope="col">name</th><th scope="col">shape</th>'
            '<th scope="col" class="number">largest</th>'
            '<th scope="col" class="number">difference</th><th scope="col"></th></tr></thead><tbody>'
        )
        parts += [_row(line) for line in lines]
        parts.append("</tbody></table>")
    parts.append("</main></body></html>")
    return "\n".join(parts)


def _row(line: Line) -> str:
    kind = "" if line.ok else ' class="differs"'
    return (
        f"<tr{kind}><td>{escape(line.name)}</td><td>{escape(line.shape)}</td>"
        f'<td class="number">{line.size}</td><td class="number">{line.difference}</td>'
        f"<td>{'agrees' if line.ok else 'differs'}</td></tr>"
    )
