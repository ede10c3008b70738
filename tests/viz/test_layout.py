import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd.viz.placing.layering import isotonic
from autograd.viz.placing.layout import Size, layered


def inside(box, point, slack=0.0):
    x, y, width, height = box
    return x + slack < point[0] < x + width - slack and y + slack < point[1] < y + height - slack


def rectangles(layout, sizes):
    return {
        size.id: (
            layout.centres[size.id][0] - size.width / 2,
            layout.centres[size.id][1] - size.height / 2,
            size.width,
            size.height,
        )
        for size in sizes
    }


def overlap(a, b):
    return (
        a[0] < b[0] + b[2] - 0.01
        and b[0] < a[0] + a[2] - 0.01
        and a[1] < b[1] + b[3] - 0.01
        and b[1] < a[1] + a[3] - 0.01
    )


def samples(route, rightwards):
    """Points along a route, curves included (the renderer's control points)."""
    for (x0, y0), (x1, y1), curved in zip(
        route.points, route.points[1:], route.curved, strict=False
    ):
        for step in range(21):
            t = step / 20
            s = 3 * t * t - 2 * t**3  # a cubic whose control points lie at the middle, across
            u = 1.5 * t * (1 - t) ** 2 + 1.5 * t * t * (1 - t) + t**3
            if not curved:
                yield x0 + t * (x1 - x0), y0 + t * (y1 - y0)
            elif rightwards:
                yield x0 + u * (x1 - x0), y0 + s * (y1 - y0)
            else:
                yield x0 + s * (x1 - x0), y0 + u * (y1 - y0)


def random_graph(seed, nodes, groups):
    """Nodes in topological order with nested groups that are visited once each."""
    rng = random.Random(seed)
    parents = {0: 0}
    for group in range(1, groups + 1):
        parents[group] = rng.choice([0, max(0, group - 1)]) if group > 1 else 0
    order = sorted(range(nodes), key=lambda _: 0)
    assigned = sorted(rng.choice(range(groups + 1)) for _ in order)
    sizes = [
        Size(
            place + 1,
            rng.randint(40, 160),
            rng.randint(20, 90),
            assigned[place],
            rng.random() < 0.3,
        )
        for place in order
    ]
    edges, lanes = [], {}
    for target in range(2, nodes + 1):
        for _ in range(rng.randint(1, 3)):
            source = rng.randint(max(1, target - 8), target - 1)
            lane = lanes.get((source, target), 0)
            lanes[source, target] = lane + 1
            edges.append((source, target, lane))
    return sizes, edges, parents


@given(st.integers(0, 10_000), st.integers(2, 40), st.integers(0, 4), st.booleans())
def test_nothing_overlaps_and_no_edge_runs_through_a_node(seed, nodes, groups, rightwards):
    sizes, edges, parents = random_graph(seed, nodes, groups)
    layout = layered(sizes, edges, parents, {}, rightwards=rightwards)
    boxes = rectangles(layout, sizes)
    places = list(boxes.items())
    for index, (_, one) in enumerate(places):
        assert one[0] >= 0 and one[1] >= 0
        assert one[0] + one[2] <= layout.width + 0.01 and one[1] + one[3] <= layout.height + 0.01
        assert not any(overlap(one, other) for _, other in places[index + 1 :])
    for (source, target, _), route in zip(edges, layout.routes, strict=True):
        for point in samples(route, rightwards):
            hit = [key for key, box in boxes.items() if inside(box, point, 0.5)]
            assert set(hit) <= {source, target}


@given(st.integers(0, 10_000), st.integers(5, 40), st.integers(1, 4))
def test_groups_hold_their_nodes_and_no_others(seed, nodes, groups):
    sizes, edges, parents = random_graph(seed, nodes, groups)
    layout = layered(sizes, edges, parents, {})
    boxes = rectangles(layout, sizes)

    def chain(group):
        found = {group}
        while group:
            group = parents[group]
            found.add(group)
        return found

    for size in sizes:
        for index, frame in layout.frames.items():
            if not frame.width or not any(index in chain(each.group) for each in sizes):
                continue
            box = frame.x, frame.y, frame.width, frame.height
            assert overlap(box, boxes[size.id]) == (index in chain(size.group))


@given(st.integers(0, 10_000), st.booleans())
def test_routes_begin_and_end_at_their_nodes(seed, rightwards):
    sizes, edges, parents = random_graph(seed, 20, 2)
    layout = layered(sizes, edges, parents, {}, rightwards=rightwards)
    boxes = rectangles(layout, sizes)
    along = 0 if rightwards else 1
    for (source, target, _), route in zip(edges, layout.routes, strict=True):
        start, end = boxes[source], boxes[target]
        assert route.points[0][along] == pytest.approx(start[along] + start[along + 2])
        assert route.points[-1][along] == pytest.approx(end[along])
        across = 1 - along
        assert start[across] <= route.points[0][across] <= start[across] + start[across + 2]
        assert end[across] <= route.points[-1][across] <= end[across] + end[across + 2]
        assert len(route.curved) == len(route.points) - 1


def test_children_come_after_their_parents():
    sizes, edges, parents = random_graph(3, 30, 0)
    layout = layered(sizes, edges, parents, {})
    assert all(layout.centres[s][1] < layout.centres[t][1] for s, t, _ in edges)
    turned = layered(sizes, edges, parents, {}, rightwards=True)
    assert all(turned.centres[s][0] < turned.centres[t][0] for s, t, _ in edges)


def test_a_plain_chain_runs_straight_and_leaves_stand_beside_it():
    sizes = [Size(1, 80, 40)]
    edges = []
    for layer in range(6):
        leaf, node = 2 * layer + 2, 2 * layer + 3
        sizes += [Size(leaf, 100, 50, light=True), Size(node, 90, 40)]
        edges += [(max(node - 2, 1), node, 0), (leaf, node, 0)]
    layout = layered(sizes, edges, {0: 0}, {})
    spine = [layout.centres[node][0] for node in (1, 3, 5, 7, 9, 11, 13)]
    assert max(spine) - min(spine) < 8


def test_two_edges_between_the_same_nodes_are_apart():
    layout = layered([Size(1, 80, 40), Size(2, 80, 40)], [(1, 2, 0), (1, 2, 1)], {0: 0}, {})
    first, second = (route.points[-1][0] for route in layout.routes)
    assert abs(first - second) > 10


def test_crossings_are_removed_where_they_can_be():
    sizes = [Size(each, 40, 30) for each in range(1, 7)]
    edges = [(1, 6, 0), (2, 5, 0), (3, 4, 0)]
    layout = layered(sizes, edges, {0: 0}, {})
    upper = sorted((1, 2, 3), key=lambda each: layout.centres[each][0])
    lower = sorted((4, 5, 6), key=lambda each: layout.centres[each][0])
    assert [7 - each for each in upper] == lower


def test_a_long_chain_is_wrapped_into_columns():
    sizes = [Size(each, 60, 30) for each in range(1, 2001)]
    edges = [(each, each + 1, 0) for each in range(1, 2000)]
    layout = layered(sizes, edges, {0: 0}, {})
    assert 0.8 < layout.width / layout.height < 3
    boxes = rectangles(layout, sizes)
    for (source, target, _), route in zip(edges, layout.routes, strict=True):
        for point in route.points:
            assert not any(
                inside(boxes[near], point, 0.5)
                for near in range(max(1, source - 60), min(2000, target + 60))
                if near not in (source, target)
            )


def test_a_weight_used_ten_thousand_times_shares_its_trunk():
    sizes = [Size(1, 60, 30, light=True)] + [Size(each, 60, 30) for each in range(2, 10_002)]
    edges = [(each, each + 1, 0) for each in range(2, 10_001)]
    edges += [(1, each, 0) for each in range(3, 10_002)]
    layout = layered(sizes, edges, {0: 0}, {})
    assert sum(len(route.points) for route in layout.routes) < 300_000


@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(0.1, 10)), min_size=1, max_size=30))
def test_isotonic_regression_is_optimal(pairs):
    """Sorted, and no block can be moved to do better (the conditions of optimality)."""
    wishes, weights = zip(*pairs, strict=True)
    fitted = isotonic(wishes, weights)
    assert all(a <= b + 1e-9 for a, b in zip(fitted, fitted[1:], strict=False))
    total = 0.0
    for wish, weight, fit in zip(wishes, weights, fitted, strict=True):
        total += weight * (wish - fit)
        assert total >= -1e-6  # moving a beginning of the row down would not help
    assert total == pytest.approx(0, abs=1e-6)


def test_products_of_a_sum_stand_next_to_where_they_are_added():
    """Not all side by side in one layer, which makes the picture of a dot product very wide."""
    terms = 12
    sizes, edges, last = [], [], 0
    for _ in range(terms):
        left, right, product = len(sizes) + 1, len(sizes) + 2, len(sizes) + 3
        sizes += [Size(left, 60, 30, light=True), Size(right, 60, 30, light=True)]
        sizes.append(Size(product, 60, 30))
        edges += [(left, product, 0), (right, product, 0)]
        if last:
            sizes.append(Size(product + 1, 60, 30))
            edges += [(last, product + 1, 0), (product, product + 1, 0)]
        last = len(sizes)
    layout = layered(sizes, edges, {0: 0}, {})
    assert layout.width < terms * 82  # one layer of all leaves would take twice as much
