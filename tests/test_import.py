"""What `import autograd, nn` loads, and that what is loaded later is there as if it had been."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOADED = """
autograd autograd._clash autograd._names autograd.methods autograd.as_array nn nn._clash
autograd.arguments autograd.arguments.arrays autograd.arguments.dtypes autograd.arguments.numbers
autograd.core autograd.core.modes autograd.core.node autograd.core.tensor autograd.core.writes
autograd.kernels autograd.kernels.allocator
"""


def said(code: str) -> str:
    """What a fresh interpreter prints that takes every warning for an error."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert not done.returncode, done.stderr
    return done.stdout.strip()


def test_an_import_loads_what_a_tensor_is_and_nothing_else():
    names = said(
        "import sys, autograd, nn\n"
        "print(*[n for n in sys.modules if n.partition('.')[0] in ('autograd', 'nn')])"
    )
    assert set(names.split()) == set(LOADED.split())


def test_an_import_loads_nothing_of_pythons_that_numpy_has_not_loaded():
    new = said(
        "import numpy, sys; before = set(sys.modules); import autograd, nn\n"
        "print(*{n for n in set(sys.modules) - before if n.partition('.')[0] not in ('autograd', 'nn')})"
    )
    # Another NumPy may have no use for these.
    assert set(new.split()) <= {"_ctypes", "_thread", "ctypes", "ctypes._endian", "reprlib"}


#: Uses of what is loaded later, and what each gives.
USES = [
    ("np.square(t).tolist()", [1.0, 4.0]),
    ("(np.ones(2) * t).tolist()", [1.0, 2.0]),
    ("np.concatenate([t, t]).tolist()", [1.0, 2.0, 1.0, 2.0]),
    ("t.__iadd__(1).tolist()", [2.0, 3.0]),
    ("t.__setitem__(0, 5) or t.tolist()", [5.0, 2.0]),
    ("t.__imatmul__(ag.eye(2)).tolist()", [1.0, 2.0]),
    ("t.view(2, 1).tolist()", [[1.0], [2.0]]),
    ("(t.size, t.size())", (2, (2,))),
    ("t.add_(1).tolist()", [2.0, 3.0]),
    ("ag.writable(t).__enter__().tolist()", [1.0, 2.0]),
    ("(hasattr(t, 'conj'), 'conj' in dir(t), 'conj' in dir(ag.Tensor))", (False, False, True)),
    ("[ag.spelling, ag.hints, ag.in_place, ag.protocols, ag.source].__len__()", 5),
    ("[callable(getattr(ag.arguments, n)) for n in ag.arguments.__all__].count(False)", 0),
    ("ag.arguments.nearest('ad', ['add'])", "; did you mean 'add'?"),
    ("exec('from autograd.arguments import *; warn, Window, nearest')", None),
    ("(type('Mine', (ag.Tensor,), {})([1.0]) + 1).tolist()", [2.0]),
    ("set(ag.arguments.__all__) - set(dir(ag.arguments))", set()),
]


@pytest.mark.parametrize("order", [1, -1])
def test_what_is_loaded_later_serves_in_whatever_order_it_is_asked_for(order):
    uses = USES[::order]
    out = said(
        "import numpy as np, autograd as ag, nn\n"
        f"for text in {[text for text, _ in uses]!r}:\n"
        "    t = ag.tensor(np.array([1.0, 2.0], np.float32))\n"
        "    print(repr(eval(text)))"
    )
    for (text, expected), got in zip(uses, out.splitlines(), strict=True):
        assert got == repr(expected), text


def test_a_reader_stays_a_function_when_its_module_is_loaded_by_itself():
    modules = [f.stem for f in (ROOT / "autograd" / "arguments").glob("*.py")]
    out = said(
        "import importlib, autograd as ag\n"
        f"for m in {modules!r}: importlib.import_module(f'autograd.arguments.{{m}}')\n"
        "print([n for n in ag.arguments.__all__ if not callable(getattr(ag.arguments, n))])"
    )
    assert out == "[]"


def test_threads_may_ask_for_the_same_thing_first():
    out = said(
        "import threading, sys, numpy as np, autograd as ag, nn\n"
        "sys.setswitchinterval(1e-6)\n"
        "gate, got = threading.Barrier(8), []\n"
        "def work():\n"
        "    t = ag.tensor(np.ones(2, np.float32)); gate.wait()\n"
        "    t += 1; t[0] = 5\n"
        "    got.append((np.exp(t).shape, t.size(), t.view(1, 2).shape, (np.ones(2) * t).tolist(),\n"
        "                ag.arguments.nearest('ad', ['add']), ag.cat([t, t]).shape, hasattr(t, 'conj')))\n"
        "threads = [threading.Thread(target=work) for _ in range(8)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
        "print(len(got), len({repr(g) for g in got}))"
    )
    assert out == "8 1"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_modules_are_found_the_first_time_if_they_are_the_second():
    print_changes = """
import importlib, os, pathlib, pkgutil, warnings
import autograd, nn

warnings.simplefilter("ignore")  # of forks of a process with threads

def asked(home, name):
    try:
        return type(getattr(home, name)).__name__
    except AttributeError as error:
        return str(error)

# Found without being loaded, unlike by pkgutil.walk_packages.
files = [f for top in ("autograd", "nn") for f in sorted(pathlib.Path(top).rglob("__init__.py"))]
for package in [".".join(file.parent.parts) for file in files]:
    if not os.fork():  # nothing that one package loads is seen by the next
        home = importlib.import_module(package)
        for name in [m.name for m in pkgutil.iter_modules(home.__path__) if m.name[0] != "_"]:
            if not os.fork():
                first, second = asked(home, name), asked(home, name)
                print("same" if first == second else f"{package}.{name}: {first}, then {second}", flush=True)
                os._exit(0)
            os.wait()
        os._exit(0)
    os.wait()
"""
    came = said(print_changes).splitlines()
    assert set(came) == {"same"}
    assert len(came) > 150
