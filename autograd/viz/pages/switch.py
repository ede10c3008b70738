"""The switch: a page in which every module of a graph can be opened and closed.

All views are laid out beforehand and the script goes from one to another. First come those in which
one module is not as it was at the beginning; then, as far as a page has room, those with several.
Where there is none for a click, the script takes the first kind: then the others go back. What
looks the same in several views is stored once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from autograd.text import to_json
from autograd.viz.drawing import svg
from autograd.viz.pages import shell
from autograd.viz.visible.view import View

#: No more views than these, and no more nodes in all of them: laying them out takes time.
MOST_VIEWS = 64
MOST_ITEMS = 3500
#: A module is moved as a whole, so that it is stored once wherever it stands.
_ENDS = re.compile(r" data-(?:from|to)='\d+'")
_MOVED = re.compile(r"<g transform='translate\((\S+) (\S+)\)'>(.*)</g>")

Build = Callable[[tuple[str, ...]], View]
State = frozenset[str]


def fragment(still: str, build: Build, first: View, theme: str, direction: Any) -> str:
    """The page as an HTML fragment of at most ``shell.PAGE_LIMIT`` bytes.

    ``still`` is the picture shown without scripts, ``first`` the view that it shows, ``build`` makes
    the view with exactly the given modules collapsed. Where no second view fits, that is said below
    ``still``.
    """
    page = _Page(State(first.collapsed), _paths(first))
    size = len(_frame(still, to_json(page.data(theme))).encode())
    for state in page.states():
        view = build(tuple(sorted(state)))
        if len(page.views) == MOST_VIEWS or page.items + len(view.items) > MOST_ITEMS:
            if page.views:
                break
        size += page.add(state, view, direction)
        if size + shell.FRAME > shell.PAGE_LIMIT:
            page.drop()
            break
    while len(page.views) > 1:
        html = _frame(still, to_json(page.data(theme), separators=(",", ":")))
        if shell.fits(html):
            return html
        page.drop()
    return without(still, "with any of them open the picture is too big for a page")


def without(still: str, why: str) -> str:
    """The picture alone, and why its modules do not open by a click."""
    return (
        f"{still}\n<p>Modules do not open and close by a click here: {why}. In Python, .expand(…) "
        "opens those that you name and .expand() all of them, .collapse(…) closes them; "
        ".save('graph.svg') draws any size.</p>"
    )


def can_switch(view: View) -> bool:
    """Whether there is any module to open or close."""
    return bool(_paths(view))


def _paths(view: View) -> list[str]:
    """The modules that can be opened or closed, the outer ones first."""
    paths = {group.path for group in view.groups if group.index and not group.pattern}
    paths.update(view.collapsed)
    return sorted(paths, key=lambda path: (path.count("."), path))


def _around(path: str) -> Iterator[str]:
    while path := path.rpartition(".")[0]:
        yield path


class _Page:
    """The views stored so far, by the modules that are closed in them."""

    def __init__(self, first: State, paths: Iterable[str]) -> None:
        self.first = first
        self.paths = list(paths)
        self.numbers: dict[State, int] = {}
        self.views: list[tuple[View, list[Any]]] = []
        self.items = 0
        self._table: dict[str, int] = {}

    def states(self) -> Iterator[State]:
        """The states worth having, the most wanted first; those to come depend on what was added."""
        given = {self.first}
        yield self.first
        for path in self.paths:
            if (state := self._alone(path)) not in given:
                given.add(state)
                yield state
        for state in list(self.numbers):  # those that lead from one to another
            for group in self._switched(self.views[self.numbers[state]][0]):
                if (further := state ^ {group.path}) not in given:
                    given.add(further)
                    yield further

    def _alone(self, path: str) -> State:
        """The state in which only this module is not as at the beginning, seen from outside."""
        return (self.first - set(_around(path))) ^ {path}

    @staticmethod
    def _switched(view: View) -> list[Any]:
        shown = [group for group in view.groups if group.index and not group.pattern]
        return [*view.closed.values(), *shown]

    def add(self, state: State, view: View, direction: Any) -> int:
        """Store a view; returns about how many bytes that took."""
        picture = svg.render(view, *svg.arrange(view, direction), movable=True)
        picture = re.sub(r"<style>.*?</style>\n", "", picture, flags=re.DOTALL)  # the page has one
        size, lines = 0, []
        for line in picture.splitlines():
            moved = _MOVED.fullmatch(line)
            text = _ENDS.sub("", moved[3]) if moved else line
            if text not in self._table:
                self._table[text] = len(self._table)
                size += len(shell.inert(to_json(text)).encode()) + 1
            place = self._table[text]
            lines.append(
                [place, *(round(float(each)) for each in moved.group(1, 2))] if moved else place
            )
        self.numbers[state] = len(self.views)
        self.views.append((view, lines))
        self.items += len(view.items)
        entries = sum(len(group.path) + 18 for group in self._switched(view))
        return size + len(to_json(lines, separators=(",", ":"))) + entries

    def drop(self) -> None:
        """Forget the view that was added last."""
        self.views.pop()
        self.numbers = {s: k for s, k in self.numbers.items() if k < len(self.views)}

    def _target(self, state: State, path: str) -> int:
        """The view that a click on a module leads to; -1 if there is none."""
        there = self.numbers.get(state ^ {path}, -1)
        if there < 0 and (path in state) == (path in self.first):
            there = self.numbers.get(self._alone(path), -1)
        return self.numbers.get(self.first, -1) if there < 0 and path not in state else there

    def data(self, theme: str) -> dict[str, Any]:
        """What the script needs."""
        entries: list[dict[str, Any]] = []
        used: dict[int, int] = {}
        states = {number: state for state, number in self.numbers.items()}
        for number, (view, lines) in enumerate(self.views):
            state = states[number]
            entries.append({
                "picture": [_renumbered(line, used) for line in lines],
                "nodes": {str(item): [group.path, group.visit, self._target(state, group.path)]
                          for item, group in view.closed.items()},
                "groups": [None if group.pattern else
                           [group.path, group.visit, self._target(state, group.path)]
                           for group in view.groups if group.index],
            })  # fmt: skip
        texts = list(self._table)
        return {
            "views": entries,
            "lines": [texts[place] for place in used],
            "hint": self._hint(entries),
            "theme": theme,
            "style": shell.style() + ".picture .gg-node:not(.gg-switch){cursor:default}",
        }

    def _hint(self, entries: list[dict[str, Any]]) -> str:
        hint = "Click a module, or press Enter on it, to open or close it"
        if 1 < len(entries) < 2 ** len(self.paths):
            hint += "; where there are many, others go back to how they were"
        if any(number < 0 for entry in entries for *_, number in entry["nodes"].values()):
            hint += "; modules that are too big for a page open with .expand() in Python"
        return f"{hint}."


def _renumbered(line: Any, used: dict[int, int]) -> Any:
    """A line that names its text by its place among those that are used at all."""
    place = line[0] if isinstance(line, list) else line
    number = used.setdefault(place, len(used))
    return [number, *line[1:]] if isinstance(line, list) else number


def _frame(still: str, data: str) -> str:
    return (
        f'<div class="gg-graph" data-lm-suppress-shortcuts="true">\n{still}\n'
        f'<script type="application/json">{shell.inert(data)}</script>\n'
        f"<script>{shell.script('autograd.viz.pages', 'switch.js')}</script>\n</div>"
    )
