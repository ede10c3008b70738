"""Traces written by hand, so that pictures are tested without any engine; and a browser."""

import shutil

import numpy as np
import pytest

from autograd.viz.trace import Edge, Trace, TraceNode, summarize


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


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip(f"no browser found (looked for {', '.join(names)})")
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, tmp_path):
    """Opens HTML text as a file, offline; fails on any console error, page error or request."""
    contexts, faults = [], []

    def visit(html, **options):
        path = tmp_path / f"page{len(contexts)}.html"
        path.write_text(html, encoding="utf-8")
        context = browser.new_context(offline=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: faults.append(message.text)
                if message.type in ("error", "warning") else None)  # fmt: skip
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "request",
            lambda request: (
                faults.append(f"request: {request.url}")
                if request.url != path.as_uri() and not request.url.startswith("data:")
                else None
            ),
        )
        page.goto(path.as_uri())
        return page

    yield visit
    for context in contexts:
        context.close()
    assert faults == []
