"""What a pass refuses: graphs whose saved values are gone, or were written into."""

from __future__ import annotations

from autograd.core.node import Node
from autograd.core.writes import written_message

__all__ = ["check_versions", "freed_message"]


def _where(node: Node) -> str:
    inside = f" in module {node.module}" if node.module else ""
    return f"{node.primitive.name} (output shape {node.shape}{inside})"


def freed_message(node: Node) -> str:
    return (
        f"backward a second time through {_where(node)}: what it had saved was released after the "
        "first pass. Pass retain_graph=True to the first backward, or compute the output again"
    )


def check_versions(node: Node) -> None:
    for watched in node.versions or ():
        if watched is not None and watched[0][0] != watched[1]:
            cell, count = watched
            raise RuntimeError(written_message(_where(node), node.record, cell, count))
