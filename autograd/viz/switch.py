"""The switch of collapsed graphs: a page in which modules open and close again.

All views are laid out beforehand and the script goes from one to another. Up to ``FREE`` collapsed
modules open independently; of more, one is open at a time (with those around it), so the number of
views grows no faster than the number of modules. What does not fit stays closed, saying so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from autograd.text import to_json
from autograd.viz import shell, svg
from autograd.viz.view import View

#: So many collapsed modules open independently of one another.
FREE = 4
#: No more views than these, and no more nodes in all of them: laying them out takes time.
MOST_VIEWS = 24
MOST_ITEMS = 2500

Build = Callable[[tuple[str, ...]], View]


def fragment(still: str, build: Build, closed: tuple[str, ...], theme: str, direction: Any) -> str:
    """The page as an HTML fragment of at most ``shell.PAGE_LIMIT`` bytes.

    ``still`` is the picture shown without scripts, ``build`` makes the view with the given modules
    collapsed, ``closed`` are those that are at first. Where no second view fits, that is said below
    ``still``.
    """
    states, views = _explore(build, closed)
    pictures = [_picture(view, direction) for view in views]
    while len(views) > 1:
        html = _assemble(still, states, views, pictures, closed, theme)
        if shell.fits(html):
            return html
        for each in (states, views, pictures):
            each.pop()
    return without(still, "with any of them open the picture is too big for a page")


def without(still: str, why: str) -> str:
    """The picture alone, and why its modules do not open by a click."""
    return (
        f"{still}\n<p>Collapsed modules do not open by a click here: {why}. In Python, .expand(…) "
        "opens those that you name and .expand() all of them; .save('graph.svg') draws any size.</p>"
    )


def opened(state: frozenset[str], path: str, closed: tuple[str, ...]) -> frozenset[str]:
    """The modules that are open after ``path`` was opened."""
    if len(closed) <= FREE:
        return state | {path}
    return frozenset(each for each in closed if _inside(path, each))


def shut(state: frozenset[str], path: str) -> frozenset[str]:
    """The modules that are open after ``path`` was closed, and with it all that is inside."""
    return frozenset(each for each in state if not _inside(each, path))


def _inside(path: str, other: str) -> bool:
    return f"{path}.".startswith(f"{other}.")


def _explore(build: Build, closed: tuple[str, ...]) -> tuple[list[frozenset[str]], list[View]]:
    """The states that clicks lead to, the nearest first, with their views."""
    states = [frozenset[str]()]
    views: list[View] = []
    items = 0
    for state in states:  # grows while it is walked
        view = build(tuple(each for each in closed if each not in state))
        items += len(view.items)
        if views and (len(views) == MOST_VIEWS or items > MOST_ITEMS):
            break
        views.append(view)
        for group in view.closed.values():
            further = opened(state, group.path, closed)
            if further not in states:
                states.append(further)
    return states[: len(views)], views


def _picture(view: View, direction: str | None) -> str:
    picture = svg.render(view, *svg.arrange(view, direction))
    return re.sub(r"<style>.*?</style>\n", "", picture, flags=re.DOTALL)  # the page has its own


def _assemble(
    still: str,
    states: list[frozenset[str]],
    views: list[View],
    pictures: list[str],
    closed: tuple[str, ...],
    theme: str,
) -> str:
    numbers = {state: number for number, state in enumerate(states)}
    entries = []
    for state, view, picture in zip(states, views, pictures, strict=True):
        nodes = {
            str(item): [group.path, group.visit, numbers.get(opened(state, group.path, closed), -1)]
            for item, group in view.closed.items()
        }
        groups = [
            [group.path, group.visit, numbers[shut(state, group.path)]]
            if group.path in state and not group.pattern
            else None
            for group in view.groups
            if group.index
        ]
        entries.append({"picture": picture, "nodes": nodes, "groups": groups})
    data = {
        "views": entries,
        "hint": _hint(entries, closed),
        "theme": theme,
        "style": shell.style() + ".picture .gg-node:not(.gg-switch){cursor:default}",
    }
    text = to_json(data, separators=(",", ":"))
    return (
        f'<div class="gg-graph" data-lm-suppress-shortcuts="true">\n{still}\n'
        f'<script type="application/json">{shell.inert(text)}</script>\n'
        f"<script>{shell.script('autograd.viz', 'switch.js')}</script>\n</div>"
    )


def _hint(entries: list[dict[str, Any]], closed: tuple[str, ...]) -> str:
    hint = "Click a module, or press Enter on it, to open or close it"
    if len(closed) > FREE:
        hint += "; one is open at a time"
    if any(number < 0 for entry in entries for *_, number in entry["nodes"].values()):
        hint += "; modules that are too big for a page open with .expand() in Python"
    return f"{hint}."
