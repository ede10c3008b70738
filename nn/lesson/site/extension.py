"""What the site adds to Sphinx: formulas as MathML, so that no page asks another host for a script;
docstrings' indented blocks as code and tables; long names that break where their parts meet.
"""

from __future__ import annotations

from typing import Any

from nn.lesson.pages import mathml
from nn.lesson.site.docstrings import breakable, readable

#: A name within a line breaks only if it has more characters; others fit a telephone's line.
LONG = 24


def setup(app: Any) -> dict[str, Any]:
    """Registers it; Sphinx calls this."""
    from docutils.nodes import SkipNode

    def inline(translator: Any, node: Any) -> None:
        translator.body.append(mathml(node.astext(), display="inline"))
        raise SkipNode

    def block(translator: Any, node: Any) -> None:
        translator.body.append(
            f'<div class="formula">{mathml(node.astext(), display="block")}</div>'
        )
        raise SkipNode

    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    app.connect("autodoc-process-docstring", _docstring, priority=400)  # napoleon's is 500
    app.connect("doctree-resolved", _break_names)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _docstring(app: Any, what: str, name: str, value: Any, options: Any, lines: list[str]) -> None:
    lines[:] = readable(lines)


def _break_names(app: Any, document: Any, page: str) -> None:
    """Marks where names in titles, signatures and code within a line may break."""
    from docutils import nodes
    from sphinx import addnodes

    if not page.startswith("reference/"):
        return
    holders = (nodes.title, nodes.literal, addnodes.desc_addname, addnodes.desc_name)
    for text in list(document.findall(nodes.Text)):
        pieces = breakable(str(text))
        if len(pieces) == 1 or not isinstance(text.parent, holders):
            continue
        if isinstance(text.parent, nodes.literal) and len(text) <= LONG:
            continue
        marked: list[Any] = [nodes.Text(pieces[0])]
        for piece in pieces[1:]:
            marked += [nodes.raw("", "<wbr>", format="html"), nodes.Text(piece)]
        text.parent.replace(text, marked)
