"""Traces written by hand, so that pictures are tested without any engine; a browser; a notebook."""

import html
import os
import re
from pathlib import Path

import numpy as np
import pytest

from autograd.viz.tracing.trace import Edge, Trace, TraceNode, summarize

ROOT = Path(__file__).parents[2]
CELLS = (
    """import autograd
from autograd import viz
a = autograd.tensor(-4.0, requires_grad=True, name="a")
b = autograd.tensor(2.0, requires_grad=True, name="b")
with autograd.module_scope("inner"):
    c = (a * b + a).tanh()""",
    "viz.step(a * b + a)",
    "viz.step((a * b).exp())",
    "viz.graph(c + b, collapse=True)",
)


class Builder:
    """Builds a trace node by node; ``leaf`` and ``op`` return ids."""

    def __init__(self):
        self.nodes, self.edges = [], []

    def leaf(self, name, value=None, kind="parameter", module="", shape=(), state="none"):
        summary = None if value is None else summarize(np.float32(value))
        state = "untracked" if kind == "constant" else state
        self.nodes.append(
            TraceNode(
                len(self.nodes) + 1, kind, "leaf", "", summary.shape if summary else shape,
                "float32", module, name, value=summary, gradient_state=state,
            )
        )  # fmt: skip
        return len(self.nodes)

    def op(self, op, *parents, value=None, module="", shape=(), name="", arguments="xywvu"):
        summary = None if value is None else summarize(np.float32(value))
        self.nodes.append(
            TraceNode(len(self.nodes) + 1, "op", op, op, shape, "float32", module, name,
                      value=summary)
        )  # fmt: skip
        target = len(self.nodes)
        self.edges += [
            Edge(parent, target, arguments[place % len(arguments)])
            for place, parent in enumerate(parents)
        ]
        return target

    def trace(self, title=""):
        self.nodes[-1].kind = "output"
        return Trace(self.nodes, self.edges, title=title)


def residual(blocks=3):
    """A residual network: ``stem``, then ``blocks`` equal blocks of two layers and a skip."""
    build = Builder()
    h = build.leaf("images", kind="constant", shape=(8, 16))
    w = build.leaf("stem.weight", module="stem", shape=(16, 16))
    h = build.op("linear", h, w, module="stem", shape=(8, 16))
    for block in range(blocks):
        skip, path = h, f"blocks.{block}"
        for layer in ("one", "two"):
            name = f"{path}.{layer}"
            w = build.leaf(f"{name}.weight", module=name, shape=(16, 16))
            b = build.leaf(f"{name}.bias", module=name, shape=(16,))
            h = build.op("linear", h, w, b, module=name, shape=(8, 16))
            h = build.op("relu", h, module=path, shape=(8, 16))
        h = build.op("add", h, skip, module=path, shape=(8, 16))
    build.op("sum", h, value=1.0, name="loss")
    return build.trace("residual")


def chain(length, shared=True):
    """``length`` nodes in a row, each second one also fed by one and the same weight."""
    build = Builder()
    h, w = build.leaf("x", 1.0), build.leaf("w", 0.5)
    for _ in range(length // 2):
        h = build.op("multiply", h, w if shared else h)
        h = build.op("tanh", h)
    return build.trace("chain")


def modules(count=50, each=40):
    """``count`` modules in a row, each a tangle of ``each`` nodes."""
    rng = np.random.default_rng(0)
    build = Builder()
    h = build.leaf("x", shape=(4,))
    for module in range(count):
        name, inside = f"stage{module}", [h]
        for _ in range(each - 1):
            low = max(0, len(inside) - 4)
            first, second = rng.integers(low, len(inside), 2)
            operation = ("add", "multiply", "maximum")[int(rng.integers(3))]
            inside.append(build.op(operation, inside[first], inside[second], module=name))
        h = build.op("stack", *inside[-3:], module=name)
    return build.trace("modules")


@pytest.fixture
def builder():
    return Builder


@pytest.fixture
def traces():
    """The makers of sample traces by name."""
    return {"residual": residual, "chain": chain, "modules": modules}


@pytest.fixture
def visit(browser, tmp_path):
    """Opens HTML text as a file, offline; fails on any console error, page error or request."""
    contexts, faults = [], []

    def on_console(message):
        if message.type in ("error", "warning"):
            faults.append(message.text)

    def visit(html, **options):
        path = tmp_path / f"page{len(contexts)}.html"
        path.write_text(html, encoding="utf-8")

        def on_request(request):
            if request.url != path.as_uri() and not request.url.startswith("data:"):
                faults.append(f"request: {request.url}")

        size = {"width": 1300, "height": 900}
        context = browser.new_context(offline=True, **{"viewport": size} | options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", on_console)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", on_request)
        page.goto(path.as_uri())
        return page

    yield visit
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture(scope="session")
def notebook(tmp_path_factory):
    """A notebook with two step-through pages and a collapsed graph, run in a temporary folder."""
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    cells = [nbformat.v4.new_code_cell(each) for each in CELLS]
    client = nbclient.NotebookClient(
        nbformat.v4.new_notebook(cells=cells),
        timeout=120,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path_factory.mktemp("notebook"))}},
    )
    return client.execute(env={**os.environ, "PYTHONPATH": str(ROOT)})


@pytest.fixture(scope="session")
def told(notebook):
    """What each of the notebook's step-through pages tells, as its output stores it."""
    outputs = [cell.outputs[0]["data"]["text/html"] for cell in notebook.cells[1:3]]
    return [[html.unescape(each) for each in re.findall("<li>(.*?)</li>", text)]
            for text in outputs]  # fmt: skip
