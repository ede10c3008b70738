"""What the site adds to Sphinx: formulas as MathML, so that no page asks another host for a script."""

from __future__ import annotations

from typing import Any

from nn.lesson.pages import mathml


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
    return {"parallel_read_safe": True, "parallel_write_safe": True}
