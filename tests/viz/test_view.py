import pytest

from autograd.viz.visible.view import build, group_by_module


def labels(view):
    return {item.id: dict(reversed(item.lines)).get("title") for item in view.items}


def test_everything_is_visible_in_a_small_graph(traces):
    trace = traces["residual"](2)
    view = build(trace)
    assert [item.id for item in view.items] and len(view.items) == len(trace.nodes)
    assert len(view.links) == len(trace.edges) and view.note == ""


def test_the_same_operand_twice_is_two_edges(builder):
    b = builder()
    a = b.leaf("a", 2.0)
    b.op("multiply", a, a)
    assert [(link.source, link.target, link.lane) for link in build(b.trace()).links] == [
        (1, 2, 0), (1, 2, 1)]  # fmt: skip


def test_arguments_are_named_where_their_order_matters(builder):
    b = builder()
    x, y = b.leaf("x", 1.0, kind="input"), b.leaf("y", 1.0, kind="input")
    d = b.op("subtract", x, y)
    b.op("add", d, y)
    assert [link.argument for link in build(b.trace()).links] == ["x", "y", "", ""]


def test_a_module_used_twice_is_two_boxes(builder):
    b = builder()
    h, w = b.leaf("x", 1.0, kind="input"), b.leaf("w", 2.0, module="cell")
    for _ in range(2):
        h = b.op("multiply", h, w, module="cell")
        h = b.op("add", h, h, module="cell")
        h = b.op("relu", h)
    groups = group_by_module(b.trace())
    assert [(group.path, group.visit) for group in groups[1:]] == [("cell", 1), ("cell", 2)]
    assert groups[2].label == "cell (visit 2)"


def held(b, *names, inside="holder"):
    """A chain through layers of a module that only holds them, with something between."""
    h = b.leaf("x", 1.0, kind="input")
    leaves = {n: b.leaf(f"w{n}", 1.0, module=f"{inside}.{n}") for n in dict.fromkeys(names)}
    for name in names:
        h = b.op("multiply", h, leaves[name], module=f"{inside}.{name}")
        h = b.op("exp", h, module=f"{inside}.{name}")
        h = b.op("relu", h)
    return b.trace()


def test_a_module_that_only_holds_others_has_no_box_where_the_computation_leaves_it(builder):
    trace = held(builder(), "a", "b", "c")
    groups = group_by_module(trace)
    assert [g.label for g in groups[1:]] == ["holder.a", "holder.b", "holder.c"]
    for collapse in ("holder", True, 0):
        items = build(trace, collapse=collapse).items
        assert sum(item.kind == "module" for item in items) == 3
    opened = build(trace, collapse="holder", expand=["holder.b"]).items
    assert sum(item.kind == "module" for item in opened) == 2
    nested = group_by_module(held(builder(), "a", "b", inside="outer.inner"))
    assert [g.path for g in nested[1:]] == ["outer.inner.a", "outer.inner.b"]
    in_a_row = builder()
    h = in_a_row.leaf("x", 1.0, kind="input")
    for name in ("a", "a", "b", "b"):
        h = in_a_row.op("exp", h, module=f"holder.{name}")
    assert [g.path for g in group_by_module(in_a_row.trace())[1:]] == [
        "holder", "holder.a", "holder.b"]  # fmt: skip


def test_a_module_called_twice_is_visited_twice_although_it_computes_nothing_itself(builder):
    groups = group_by_module(held(builder(), "a", "a"))
    assert [(g.path, g.visit) for g in groups if g.path == "holder"] == [
        ("holder", 1), ("holder", 2)]  # fmt: skip


def test_parameters_are_in_the_visit_that_uses_them(builder):
    b = builder()
    h = b.leaf("x", 1.0, kind="input")
    leaves = [b.leaf(f"w{k}", 1.0, module="cell") for k in range(3)]
    for leaf in leaves:
        h = b.op("relu", b.op("multiply", h, leaf, module="cell"))
    trace = b.trace()
    visits = [g for g in group_by_module(trace) if g.path == "cell"]
    assert [[trace.node(n).name for n in g.members if not trace.node(n).op] for g in visits] == [
        ["w0"], ["w1"], ["w2"]]  # fmt: skip


def test_collapsing_hides_and_says_how_many(traces):
    trace = traces["residual"](2)
    view = build(trace, collapse="blocks.0")
    module = next(item for item in view.items if item.kind == "module")
    hidden = sum(node.module.startswith("blocks.0") for node in trace.nodes)
    assert module.lines[-1][1].endswith(f" · {hidden} hidden")
    assert module.hidden == hidden - 1
    assert view.note == f"{hidden - 1} of {len(trace.nodes)} nodes are hidden"
    parameters = 2 * (16 * 16 + 16)
    assert module.lines[-1][1].startswith(f"{parameters} parameters")
    assert all(link.source != link.target for link in view.links)
    assert any(link.target == module.id for link in view.links)
    assert any(link.source == module.id for link in view.links)


def test_collapse_by_depth_all_and_exceptions(traces):
    trace = traces["residual"](3)
    assert {i.lines[0][1] for i in build(trace, collapse=0).items if i.kind == "module"} == {
        "stem", "blocks"}  # fmt: skip
    assert sum(item.kind == "module" for item in build(trace, collapse=1).items) == 3
    opened = build(trace, collapse=True, expand=["blocks", "blocks.1"])
    titles = {item.lines[0][1] for item in opened.items if item.kind == "module"}
    assert titles == {"stem", "0", "2", "one", "two"}


@pytest.mark.parametrize("collapse", ["nothing", ["stem", "nothing"]])
def test_an_unknown_module_is_named(traces, collapse):
    with pytest.raises(ValueError, match="'nothing'.*stem"):
        build(traces["residual"](2), collapse=collapse)


def test_a_negative_depth_and_an_unknown_measure_are_refused(traces):
    with pytest.raises(ValueError, match="collapse"):
        build(traces["residual"](2), collapse=-1)
    with pytest.raises(ValueError, match="show"):
        build(traces["residual"](2), show="beauty")


def test_equal_blocks_fold(traces):
    trace = traces["residual"](6)
    view = build(trace, fold=True)
    assert [group.label for group in view.groups if group.copies > 1] == ["0 ×6"]
    per_block = 9
    assert len(view.items) == len(trace.nodes) - 5 * per_block
    assert set(view.shown) == {node.id for node in trace.nodes}
    order = {item.id: place for place, item in enumerate(view.items)}
    assert all(order[link.source] < order[link.target] for link in view.links)
    inside = {item.id for item in view.items}
    own = [edge for edge in trace.edges if {edge.source, edge.target} <= inside]
    assert len(view.links) == len(own) + 1  # no edge of a copy is drawn again, but the way out
    loss = trace.nodes[-1].id
    assert sum(link.target == loss for link in view.links) == 1


def test_what_is_made_of_parameters_alone_stands_beside(builder):
    b = builder()
    x, w = b.leaf("x", kind="constant"), b.leaf("w")
    column = b.op("reshape", w)
    y = b.op("multiply", x, column)
    b.op("sum", y)
    assert [item.light for item in build(b.trace()).items] == [True, True, True, False, False]


def test_a_fold_shows_the_ties_of_all_copies(builder):
    """The first block's skip begins elsewhere than its path: it is not like the others."""

    def folded(alike):
        b = builder()
        h = b.leaf("x", kind="constant", shape=(2,))
        other = h if alike else b.leaf("y", kind="constant", shape=(2,))
        for block in range(4):
            path = b.op("tanh", h, module=f"m{block}", shape=(2,))
            path = b.op("exp", path, module=f"m{block}", shape=(2,))
            h = b.op("add", path, h if block else other, module=f"m{block}", shape=(2,))
        b.op("sum", h)
        return [g.label for g in build(b.trace(), fold=True).groups if g.copies > 1]

    assert folded(True) == ["m0 ×4"]
    assert folded(False) == ["m1 ×3"]


def test_a_module_of_one_operation_is_no_box_whatever_numbers_it_takes(builder):
    b = builder()
    x = b.leaf("x", 1.0, kind="input")
    h = b.op("multiply", x, b.leaf("", 2.0, kind="constant", module="scale"), module="scale")
    w = b.leaf("w", 1.0, module="weigh")
    b.op("multiply", h, w, module="weigh")
    assert [group.path for group in group_by_module(b.trace())] == ["", "weigh"]


def test_other_numbers_do_not_fold(builder):
    def folded(factors):
        b = builder()
        h = b.leaf("x", 1.0)
        for factor in factors:
            number = b.leaf("", factor, kind="constant")
            b.nodes[-1].label = "number"
            h = b.op("multiply", h, number)
        return any(group.copies > 1 for group in build(b.trace(), fold=True).groups)

    assert folded([2.0] * 6) and not folded([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])


def test_blocks_of_different_shapes_do_not_fold(builder):
    b = builder()
    h = b.leaf("x", shape=(1,))
    for size in range(2, 7):
        h = b.op("linear", h, shape=(size,))
    assert len(build(b.trace(), fold=True).items) == 6


def test_blocks_with_other_ties_do_not_fold(builder):
    """Every state is used at the end: folding would claim that only one is."""
    b = builder()
    h, states = b.leaf("x", shape=(2,)), []
    for _ in range(5):
        h = b.op("tanh", h, shape=(2,))
        states.append(h)
    b.op("concatenate", *states, shape=(10,))
    assert len(build(b.trace(), fold=True).items) == 7


def test_long_chains_and_big_graphs_become_readable(traces):
    folded = build(traces["chain"](10_000))
    assert len(folded.items) == 6  # two leaves, the block, and the last copy with the output
    assert any(group.copies == 4999 for group in folded.groups)
    assert folded.items[-1].kind == "output"
    collapsed = build(traces["modules"]())
    assert sum(item.kind == "module" for item in collapsed.items) == 50
    everything = build(traces["modules"](), collapse=False, fold=False)
    assert len(everything.items) == 2001


def test_measures_are_shares_with_words(traces):
    trace = traces["residual"](1)
    for node in trace.nodes:
        if node.op:
            node.seconds, node.kept_bytes = node.id * 1e-3, 1000 * node.id
    view = build(trace, show="time")
    costs = {item.id: item for item in view.items if item.share is not None}
    assert set(costs) == {node.id for node in trace.nodes if node.op}
    assert max(item.share for item in costs.values()) == 1.0
    assert ("cost", "13 ms · 21%") in costs[trace.nodes[-1].id].lines
    memory = build(trace, show="memory").items[-1]
    assert memory.lines[-1][1].startswith("13 kB")


def test_many_single_numbers_of_one_type_need_no_sizes(builder):
    def lines(count):
        b = builder()
        total = b.leaf("x", 1.0, kind="input")
        for _ in range(count):
            total = b.op("add", total, total, value=2.0)
        items = build(b.trace(), fold=False).items
        return [[text for style, text in item.lines if style == "kind"] for item in items]

    assert lines(3)[:2] == [["input · scalar"], ["scalar"]]
    many = lines(12)
    assert many[0] == ["input"] and many[1] == [] and many[-1] == ["output"]


def test_of_too_many_nodes_the_last_are_shown(traces, builder):
    trace = traces["chain"](1000)
    view = build(trace, fold=False, most=50)
    assert len(view.items) == 50 and view.items[-1].kind == "output"
    earlier = view.items[0]
    assert earlier.lines[0] == ("title", "953 earlier nodes") and earlier.hidden == 952
    assert view.note == f"952 of {len(trace.nodes)} nodes are hidden"
    assert sum(link.source == earlier.id for link in view.links) > 1  # w feeds half of the others
    assert set(view.shown) == {node.id for node in trace.nodes}
    b = builder()
    h = b.leaf("x", 1.0)
    for _ in range(100):
        h = b.op("tanh", h, module="a.b")
    inside = build(b.trace(), collapse=False, fold=False, most=10)
    assert len(inside.items) == 9 and inside.collapsed == () and not inside.closed
    assert [item.lines[0][1] for item in inside.items][:2] == ["x", "93 earlier nodes"]


def test_nothing_is_cut_from_what_has_room(traces):
    trace = traces["residual"](2)
    assert len(build(trace, most=len(trace.nodes)).items) == len(trace.nodes)


def test_tooltips_name_the_operands(builder):
    b = builder()
    a = b.leaf("a", 1.0)
    number = b.leaf("", 2.5, kind="constant")
    b.nodes[-1].label = "number"
    inner = b.op("multiply", a, number)
    b.op("stack", inner, *[a] * 30)
    tooltips = [item.tooltip for item in build(b.trace()).items]
    assert tooltips[2].startswith("multiply(a, 2.5), operation")
    assert tooltips[3].startswith("stack(multiply, a, a") and "… 21 more), output" in tooltips[3]
