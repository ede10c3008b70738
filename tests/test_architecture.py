"""Imports only point down the floors, in no circle; gradients live in ``autograd`` only.

Read from the source, so that imports inside functions count too.
"""

import ast
import re
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted((*ROOT.glob("autograd/**/*.py"), *ROOT.glob("nn/**/*.py")))

#: From the ground up; what stands on one line is one floor. `autograd` itself is the shop front,
#: which shows what the floors below `func` make.
FLOORS = [
    "autograd._clash",
    "autograd.text",
    "autograd.atomic",
    "autograd.source",
    "autograd.within",
    "autograd.prepared",
    "autograd.arguments",
    "autograd.kernels",
    "autograd.errors",
    "autograd.core",
    "autograd.in_place",
    "autograd.ops",
    "autograd.engine",
    "autograd",
    "autograd.gradcheck",
    "autograd.func",
    "autograd.debug",
    "autograd.viz",
    "nn",
]

#: Only what writes pages of executed notebooks asks for these.
LESSON = {
    "docutils",
    "jupyter_client",
    "latex2mathml",
    "nbclient",
    "nbconvert",
    "nbformat",
    "pygments",
    "sphinx",
}
THIRD_PARTY = {
    "autograd": {"numpy", "graphviz", "cairosvg"},  # the last one only where it is there
    "nn": {"numpy", "matplotlib", "mpi4py", "onnx", "PIL", "safetensors", "tqdm"} | LESSON,
}


def module_name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(file): file for file in FILES}


def type_checking_only(tree: ast.AST) -> set[ast.AST]:
    """Nodes under ``if TYPE_CHECKING:``, which never run."""
    return {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for statement in node.body
        for inner in ast.walk(statement)
    }


@cache
def imports(name: str, at_import: bool = False, for_types: bool = False) -> set[str]:
    """Dotted names that a module imports.

    With ``at_import`` only those run when it is loaded; with ``for_types`` those that only type
    checkers see, too.
    """
    file = MODULES[name]
    tree = ast.parse(file.read_text(encoding="utf-8"))
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    skipped = set() if for_types else type_checking_only(tree)
    if at_import:
        skipped |= {
            inner
            for node in ast.walk(tree)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            for inner in ast.walk(node)
        }
    found = set()
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                stem = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1])
                base = f"{stem}.{base}" if base else stem
            for alias in node.names:
                full = f"{base}.{alias.name}"
                found.add(full if full in MODULES else base)
    return found


def own_imports(name: str, at_import: bool = False, for_types: bool = False) -> set[str]:
    found = imports(name, at_import, for_types)
    return {other for other in found if other in MODULES and other != name}


def folder(name: str) -> str:
    return name if MODULES[name].name == "__init__.py" else name.rpartition(".")[0]


def floor(name: str) -> int:
    best = max((f for f in FLOORS if name == f or name.startswith(f + ".")), key=len)
    if best == "autograd" and name != "autograd":
        return FLOORS.index("autograd")  # a module beside the floors belongs to the shop front
    return FLOORS.index(best)


def test_there_is_something_to_read():
    assert {"autograd", "nn", "nn.module", "autograd.core.tensor"} <= set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_imports_point_down(name):
    above = {other for other in own_imports(name) if floor(other) > floor(name)}
    assert not above, f"{name} reaches up to {sorted(above)}"


def test_there_are_no_circles():
    # A package is loaded before its modules, so what its __init__ imports counts for them too;
    # an __init__ that re-exports its own modules is no circle.
    graph = {}
    for name in MODULES:
        others = own_imports(name, at_import=True)
        graph[name] = {o for o in others if not name.startswith(o + ".")}
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail("circle: " + " → ".join(error.args[1]))


def test_files_of_different_folders_are_in_no_circle_not_even_for_types():
    # Inside a folder one file may know another's types; what leads out of it never comes back.
    graph = {n: {o for o in own_imports(n, for_types=True) if not n.startswith(o + ".")}
             for n in MODULES}  # fmt: skip

    def reached(start: str) -> set[str]:
        found, pending = set(), [start]
        while pending:
            new = graph[pending.pop()] - found
            found |= new
            pending += new
        return found

    below = {name: reached(name) for name in MODULES}
    circles = [
        f"{name} → {other} → … → {name}"
        for name in MODULES
        for other in graph[name]
        if folder(other) != folder(name) and name in below[other]
    ]
    assert not circles


@pytest.mark.parametrize("name", MODULES)
def test_only_the_declared_dependencies_are_imported(name):
    import sys

    allowed = THIRD_PARTY[name.split(".")[0]] | {"autograd", "nn", "IPython"}
    if name.startswith("nn.interop"):
        allowed |= {"torch"}  # the user's own; imported when a conversion is asked for
    if name.startswith("autograd"):
        allowed -= {"nn"}
    outside = {other.split(".")[0] for other in imports(name)} - set(sys.stdlib_module_names)
    assert outside <= allowed


@pytest.mark.parametrize("name", MODULES)
def test_what_came_is_shown_short_whatever_it_is(name):
    """The text of a value may be endless, or raise: `arguments.shown` knows, ``!r`` does not."""
    assert not re.findall(r"\bgot \{[^{}]*!r\}", MODULES[name].read_text())


@pytest.mark.parametrize("name", [n for n in MODULES if n.split(".")[0] == "nn"])
def test_nn_uses_public_names_and_defines_no_gradient(name):
    for other in own_imports(name):
        if other.startswith("autograd"):
            assert other in PUBLIC, f"{name} imports {other}, which is not public"
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("gradients", "composite", "_node", "_data"), (
                f"{name}:{node.lineno} uses .{node.attr}"
            )
        if isinstance(node, ast.Name):
            assert node.id != "primitive", f"{name}:{node.lineno} makes a primitive"


PUBLIC = {
    "autograd",
    "autograd.arguments",
    "autograd.in_place",  # what inplace=True of a layer means
    "autograd.debug",
    "autograd.engine.used",  # whether gradients were cleared since the last step
    "autograd.func",
    "autograd.kernels",
    "autograd.kernels.native",  # for `nn.doctor`
    "autograd.kernels.optimizers",
    "autograd.spelling",  # what two readers read differently, for nn.port
    "autograd.viz",
    "autograd.viz.drawing.palette",  # the lesson's figures have the colours of the engine's pictures,
    "autograd.viz.pages.shell",  # and follow a page's light or dark in the same way
    "autograd._clash",
    "autograd.atomic",  # weights and pages are written in one way
}


def test_viz_does_not_know_nn():
    for name in MODULES:
        if name.startswith("autograd"):
            assert not any(other.split(".")[0] == "nn" for other in imports(name)), name


def test_every_folder_is_a_package_that_a_wheel_contains():
    for file in FILES:
        assert (file.parent / "__init__.py").is_file(), f"{file.parent} has no __init__.py"


def test_generated_files_are_fresh():
    from autograd.stubs import generated

    for path, text in generated().items():
        assert path.read_text(encoding="utf-8") == text, (
            f"{path.relative_to(ROOT)} is stale; run python -m autograd.stubs"
        )


def test_the_picture_of_the_floors_is_fresh():
    from tests.floors_picture import TARGET, draw

    assert TARGET.read_text(encoding="utf-8") == draw(), "stale; run python -m tests.floors_picture"


MACHINE = re.compile(r"""(?<![\w.])/(?:home|root|work|opt|tmp|Users)/\w""")


@pytest.mark.parametrize(
    "file",
    [
        path
        for pattern in ("autograd/**/*", "nn/**/*", "tests/**/*", "notebooks/**/*", "*", ".ci/*")
        for path in sorted(ROOT.glob(pattern))
        if path.suffix in {".py", ".pyi", ".md", ".toml", ".ipynb", ".js", ".css", ".html", ""}
        and path.is_file()
        and not path.name.startswith(".git")
    ],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_no_file_names_a_path_of_one_machine(file):
    if file == Path(__file__):
        return
    found = MACHINE.search(file.read_text(encoding="utf-8"))
    assert not found, f"{file.name}: {found.group()}"


# Size -----------------------------------------------------------------------------------------------

#: Where the parameters are those of PyTorch or NumPy: what has their names there.
FOREIGN = (
    "nn.modules", "nn.functional", "nn.optim", "nn.data", "nn.interop.operators",
    "nn.onnx.operators", "autograd.func.kit.operations", "autograd.spelling",
)  # fmt: skip
#: Functions with more than seven parameters, and why.
WIDE = {
    "autograd.gradcheck.check": "torch.autograd.gradcheck's tolerances, handed on in one place",
    "autograd.gradcheck.paths": "one trial: what is compared, and how exactly",
    "autograd.kernels.optimizers": "a step of torch.optim: its settings, and the arrays",
    "autograd.ops.fused": "a rule: its parameters declare what is saved",
    "autograd.ops.images.convolution": "numpy.convolve's and torch.conv2d's settings together",
    "autograd.ops.images.pooling": "torch.max_pool2d's and avg_pool2d's",
    "autograd.viz.heads": "what a picture can be asked for, by keyword",
    "autograd.viz": "what a picture can be asked for, by keyword",
    "autograd.viz.microscope": "what a picture can be asked for, by keyword",
    "autograd.viz.drawing.svg": "what a picture can be asked for, by keyword",
    "autograd.viz.visible.view": "what a picture can be asked for, by keyword",
    "nn.files.pth_file": "torch._utils._rebuild_tensor_v2 as files call it",
    "nn.onnx.export": "torch.onnx.export's",
}


#: Functions of more than sixty lines, and why.
LONG = {
    ("autograd.core.call", "unary"): "the loops of `general` written out, for the sake of speed",
    ("autograd.viz.microscope.html", "page_data"): "what a page is told, entry by entry",
    (
        "autograd.viz.visible.view",
        "view",
    ): "one walk over a trace, in which each step needs all before it",
    (
        "autograd.viz.drawing.svg",
        "render",
    ): "a drawing from its background to its top, one layer after another",
}


def functions(name):
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    return [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]


def lines_of_code(name, function):
    """Without the docstring, comments and blank lines; nested functions count."""
    source = MODULES[name].read_text(encoding="utf-8").splitlines()
    documented = ast.get_docstring(function) is not None
    doc = range(function.body[0].lineno, function.body[0].end_lineno + 1) if documented else ()
    lines = range(function.lineno, function.end_lineno + 1)
    texts = [source[k - 1].strip() for k in lines if k not in doc]
    return sum(bool(text) and not text.startswith("#") for text in texts)


def parameters(function):
    a = function.args
    names = [x.arg for x in (*a.posonlyargs, *a.args, *a.kwonlyargs)]
    return [x for x in names if x not in ("self", "cls")]


@pytest.mark.parametrize("name", MODULES)
def test_no_function_is_longer_than_sixty_lines(name):
    sizes = {f.name: lines_of_code(name, f) for f in functions(name)}
    assert not {f: n for f, n in sizes.items() if n > 60 and (name, f) not in LONG}


@pytest.mark.parametrize("name", MODULES)
def test_no_function_has_more_than_seven_parameters_but_those_that_pytorch_and_numpy_gave(name):
    if name.startswith(FOREIGN) or name in WIDE:
        return
    wide = {f.name: len(parameters(f)) for f in functions(name) if len(parameters(f)) > 7}
    assert not wide


def test_exceptions_are_needed():
    for name in WIDE:
        assert any(len(parameters(f)) > 7 for f in functions(name)), name
    for name, called in LONG:
        sizes = [lines_of_code(name, f) for f in functions(name) if f.name == called]
        assert max(sizes) > 60, (name, called)


#: The way of one `x * y` and its gradient, as CONTRIBUTING tells it.
READING_PATH = [
    ("autograd.ops.elementwise", "multiply"),
    ("autograd.core.call", "general"),
    ("autograd.core.rules", "Plan.save"),
    ("autograd.core.rules", "_runner.gradients"),
    ("autograd.engine.backward", "BackwardPass.steps"),
    ("autograd.engine.backward", "BackwardPass._send"),
    ("autograd.engine.unbroadcast", "sum_to_shape"),
]


def inside(name, path):
    """A function or class by its path in a module."""
    found = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    for part in path.split("."):
        found = next(
            n for n in ast.walk(found) if n is not found and getattr(n, "name", None) == part
        )
    return found


def test_the_reading_path_has_at_most_two_hundred_lines():
    lines = {path: lines_of_code(name, inside(name, path)) for name, path in READING_PATH}
    assert sum(lines.values()) <= 200, lines


def test_the_reading_path_is_that_of_contributing():
    said = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for name, path in READING_PATH:
        assert MODULES[name].relative_to(ROOT).as_posix() in said
        assert path in said or path.split(".")[-1] in said, path
