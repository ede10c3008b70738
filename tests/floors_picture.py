"""Draws the floors of the house, as CONTRIBUTING shows them: ``python -m tests.floors_picture`` writes it anew.

What is read are the imports themselves; who draws is the engine's own layout.
"""

import ast
import re
from textwrap import wrap

from autograd.viz.drawing import svg
from autograd.viz.tracing.trace import Trace
from autograd.viz.visible.groups import Group
from autograd.viz.visible.item import Item
from autograd.viz.visible.view import Link, View
from tests.test_architecture import FLOORS, MODULES, ROOT, floor, own_imports

TARGET = ROOT / "docs" / "floors.svg"


def title(name):
    """The first sentence of a floor's docstring."""
    said = ast.get_docstring(ast.parse(MODULES[name].read_text(encoding="utf-8")))
    first = said.split("\n\n")[0].replace("\n", " ").replace("``", "")
    return min(re.split(r": |\. |, and ", first)[0], first, key=len).rstrip(".")


def needs():
    """Which floors a floor stands on, without those that it reaches by way of others."""
    direct = {name: set() for name in FLOORS}
    for name in MODULES:
        for other in own_imports(name):
            upper, lower = FLOORS[floor(name)], FLOORS[floor(other)]
            if upper != lower:
                direct[upper].add(lower)
    below = {}
    for name in FLOORS:  # from the ground up: what is below is known when it is asked for
        below[name] = direct[name].union(*(below[other] for other in direct[name]))
    return {
        name: {o for o in direct[name] if not any(o in below[p] for p in direct[name])}
        for name in FLOORS
    }


def draw():
    """The picture as SVG text: who imports stands above what is imported."""
    number = {name: k for k, name in enumerate(reversed(FLOORS), 1)}
    items = [
        Item(
            k,
            "op",
            [("title", name), *(("kind", line) for line in wrap(title(name), 28))],
            title(name),
        )
        for name, k in number.items()
    ]
    links = [
        Link(number[name], number[other])
        for name in reversed(FLOORS)
        for other in sorted(needs()[name])
    ]
    view = View(Trace([], []), items, links, [Group(0, "", 0)], {})
    layout, sizes = svg.arrange(view, "down")
    said = "The floors of the code. An arrow goes from what imports to what is imported."
    return svg.render(view, layout, sizes, title="The floors of the code", description=said)


def main():
    TARGET.write_text(draw(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
