"""Names of arguments stand where they can be read."""

import re

import numpy as np
import pytest

from autograd.viz.drawing import dot, svg
from autograd.viz.placing.labels import Label, backwards, settle
from autograd.viz.placing.layout import Route
from autograd.viz.visible.view import build

ARGUMENTS = {"subtract": "xy", "cross_entropy": ("x", "targets"), "where": ("condition", "x", "y")}


def tangle(builder, seed):
    rng = np.random.default_rng(seed)
    b = builder()
    nodes = [b.leaf(f"x{k}", 1.0, kind="input") for k in range(3)]
    for k in range(14):
        op = list(ARGUMENTS)[rng.integers(3)]
        chosen = [nodes[rng.integers(len(nodes))] for _ in ARGUMENTS[op]]
        module = f"module{k // 5}" if seed % 2 else ""
        nodes.append(b.op(op, *chosen, value=1.0, module=module, arguments=ARGUMENTS[op]))
    return b.trace()


def overlap(one, other):
    across = min(one[2], other[2]) - max(one[0], other[0])
    along = min(one[3], other[3]) - max(one[1], other[1])
    return across > 1 and along > 1


@pytest.mark.parametrize("direction", ["right", "down"])
@pytest.mark.parametrize("engine", ["builtin", "dot"] if dot.available() else ["builtin"])
def test_names_lie_under_no_node_and_inside_the_picture(builder, engine, direction):
    arrange = dot.arrange if engine == "dot" else svg.arrange
    total = 0
    for seed in range(12):
        view = build(tangle(builder, seed))
        layout, sizes = arrange(view, direction)
        picture = svg.render(view, layout, sizes)
        width, height = map(float, re.search(r"viewBox='0 0 (\S+) (\S+)'", picture).groups())
        boxes = [
            (x - sizes[i][0] / 2, y - sizes[i][1] / 2, x + sizes[i][0] / 2, y + sizes[i][1] / 2)
            for i, (x, y) in layout.centres.items()
        ]
        found = re.findall(r"gg-argument gg-muted' x='(\S+)' y='(\S+)'>([^<]*)<", picture)
        total += len(found)
        names = [
            (float(x), float(y) - 8, float(x) + svg.text_width(text, 11), float(y) + 2)
            for x, y, text in found
        ]
        for place, name in enumerate(names):
            assert name[0] >= 0 and name[1] >= 0 and name[2] <= width and name[3] <= height
            assert not any(overlap(name, box) for box in boxes)
            assert not any(overlap(name, other) for other in names[:place])
    assert total > 200


def test_the_nearest_free_place_along_the_edge_is_taken():
    route = Route([(50.0, 10.0), (50.0, 190.0)], [False])
    wish = {0: Label(60.0, 180.0, 30.0)}
    size = (200.0, 200.0)
    assert settle(wish, [route], [], size, False) == wish
    moved = settle(wish, [route], [(40.0, 100.0, 200.0, 200.0)], size, False)[0]
    assert moved.y + 3 <= 100 and moved.y > 60
    assert settle({0: Label(190.0, 50.0, 30.0)}, [route], [], size, False)[0].x < 100


@pytest.mark.parametrize("rightwards", [False, True])
def test_points_along_an_edge_go_back_from_its_end(rightwards):
    bent = Route([(0.0, 0.0), (40.0, 60.0), (40.0, 90.0)], [True, False])
    points = list(backwards(bent, rightwards))
    assert points[0] == (40.0, 90.0) and len(points) > 10
    assert all(a[1] >= b[1] for a, b in zip(points, points[1:], strict=False))
    spline = Route([(0.0, 0.0), (1.0, 50.0), (9.0, 50.0), (10.0, 100.0)], spline=True)
    assert next(backwards(spline, rightwards)) == (10.0, 100.0)
