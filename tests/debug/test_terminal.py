"""python -m autograd.debug script.py, piped and in a dialogue."""

import io
import os
import re
import select
import subprocess
import sys

import pytest

import autograd as ag
from autograd.debug import Backprop, record
from autograd.debug.__main__ import Session, main

SCRIPT = """\
import sys
import autograd as ag
a = ag.tensor(2.0, requires_grad=True)
b = ag.tensor(-3.0, requires_grad=True)
loss = a * b + a
loss.backward()
(a * a).backward()
print("gradient", a.grad.item(), sys.argv[1:])
"""


def run(tmp_path, text, *options, after=(), **environment):
    script = tmp_path / "lesson.py"
    script.write_text(text, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "autograd.debug", *options, str(script), *after],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
        timeout=60,
        stdin=subprocess.DEVNULL,
    )


def test_piped_output_prints_every_step_of_the_first_pass(tmp_path):
    done = run(tmp_path, SCRIPT, after=["one", "two"])
    out = done.stdout.decode("utf-8")
    assert done.returncode == 0, done.stderr.decode()
    assert "step 1 of 2: loss = add" in out
    assert "step 2 of 2: multiply sends −3 to a; 1 + −3 = −2" in out
    assert "lesson.py:5  loss = a * b + a" in out
    assert out.splitlines()[-1] == "gradient 2.0 ['one', 'two']"
    assert "\033" not in out and out.count("step 1 of") == 2  # in full, and as a sentence


@pytest.mark.parametrize("where", ["before", "after"])
def test_plain_is_ascii(tmp_path, where):
    options = {"before": (("--plain",), ()), "after": ((), ("--plain",))}[where]
    done = run(tmp_path, SCRIPT, *options[0], after=options[1])
    text = done.stdout.decode("ascii")
    assert "multiply sends -3 to a; 1 + -3 = -2" in text and done.returncode == 0


def test_a_console_that_knows_no_unicode_gets_ascii(tmp_path):
    done = run(tmp_path, SCRIPT, PYTHONIOENCODING="cp1252")
    assert done.returncode == 0 and "sends -3 to a" in done.stdout.decode("cp1252")


def test_a_non_finite_forward_value_is_reported(tmp_path):
    text = "import autograd as ag\nx = ag.tensor(0.0, requires_grad=True)\nag.log(x).backward()\n"
    done = run(tmp_path, text, "--plain")
    out = done.stdout.decode("ascii")
    assert done.returncode == 1 and "log made -inf" in out and "lesson.py:3" in out
    assert run(tmp_path, text, "--plain", "--no-check").returncode == 0


def test_a_nan_loss_is_announced_without_a_warning(tmp_path):
    text = "import autograd as ag\nx = ag.tensor(0.0, requires_grad=True)\nag.log(x).backward()\n"
    done = run(tmp_path, text, "--plain", "--no-check")
    assert b"the loss itself is -inf; without --no-check the script stops" in done.stdout
    assert b"the loss itself" not in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="there is no head")
def test_a_reader_that_leaves_is_no_error(tmp_path):
    script = tmp_path / "long.py"
    script.write_text(
        "import autograd as ag\na = ag.tensor(1.0, requires_grad=True)\nb = a\n"
        "for _ in range(300):\n    b = b * a\nb.backward()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-m", "autograd.debug", str(script)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout.readline().startswith(b"step 1 of 300")
        process.stdout.close()
        errors = process.stderr.read()
        process.wait(60)
    assert errors == b"" and process.returncode == 141


def test_values_are_printed_by_the_users_names():
    with record():
        images = ag.tensor([1.0, 2.0], requires_grad=True)
        loss = ag.sin(images).sum()
    said, _ = dialogue(loss, "until sin", "print images", "print nothing", "q")
    assert said[-2] == "[1. 2.]" and "images" in said[-1]


def test_misuse_is_answered(tmp_path):
    done = run(tmp_path, "print('hello')")
    assert done.returncode == 1 and b"never called backward()" in done.stdout
    missing = subprocess.run(
        [sys.executable, "-m", "autograd.debug", "nowhere.py"], capture_output=True, timeout=60
    )
    assert missing.returncode == 2 and b"no file 'nowhere.py'" in missing.stderr


def dialogue(loss, *commands, **options):
    said, commands = [], iter(commands)
    session = Session(Backprop(loss), said.append, lambda: next(commands, None), **options)
    left = session.run()
    return said, left


@pytest.fixture
def loss():
    """A function that builds one."""

    def build():
        a, b = ag.tensor(2.0, requires_grad=True), ag.tensor(-3.0, requires_grad=True)
        with ag.module_scope("head"):
            c = a * b + a
        return ag.maximum(c, -9.0) * c

    return build


def test_the_gradient_of_any_leaf_is_printed_so_far_and_at_the_end():
    a, b = (ag.tensor(v, requires_grad=True) for v in (2.0, -3.0))
    loss = a * b + a
    said, _ = dialogue(loss, "p a.grad", "s", "p a.grad", "p c.grad", "run", "p a.grad", "p b.grad")
    told = [line for line in said if "grad" in line and "step" not in line]
    assert "no leaf 'c' in this graph; there are a, b" in said
    assert told[0] == "gradient of a so far: nothing yet"
    assert told[1] == "gradient of a so far: 1"
    assert told[-2:] == ["a.grad = −2", "b.grad = 2"]
    w = ag.tensor([1.0, 2.0], requires_grad=True, name="w")
    said, _ = dialogue((w * w).sum(), "run", "p w.grad")
    assert said[-1] == "w.grad = \n[2. 4.]"
    said, _ = dialogue((w * w).sum(), "step")
    assert len(said) > 1 and not any("\033" in line for line in said)
    said, _ = dialogue((w * w).sum(), "step", colour=True)
    assert any(line.startswith("\033[1m") and "\033[0m\n" in line for line in said)


def test_stepping_forward_back_and_printing(loss):
    said, left = dialogue(loss(), "step", "", "b", "p g", "p y", "p maximum", "p zzz", "check", "q")
    assert left
    text = "\n".join(said)
    assert re.findall(r"  step (\d) of 4:", text) == ["1", "2", "1"]
    assert said[-4:-1] != [] and "no value 'zzz' here; there are g, x, y, maximum" in text
    assert "multiply: the rule for x is right" in text


def test_until_next_break_and_run(loss):
    said, _ = dialogue(loss(), "until add", "next", "q")
    assert "step 3 of 4: add" in said[1] and "finished" in said[3]
    said, _ = dialogue(loss(), "break head", "run", "run", "break -head", "run", "q")
    assert said[1] == "breaks: head" and "step 3 of 4: add" in said[2]
    assert "step 4 of 4: multiply" in said[4] and said[6] == "breaks: none"
    said, _ = dialogue(loss(), "until head", "until", "until foo", "q")
    assert "add in head" in said[1] and "until what" in said[3] and "'foo'" in said[4]


def test_help_unknown_commands_and_the_end_of_input(loss):
    said, left = dialogue(loss(), "help", "dance", "print", "check", "b", "print memory")
    assert not left
    for command in ("step", "next", "until", "break", "print", "back", "quit"):
        assert re.search(rf"^{command}\b", said[1], re.M)
    assert "no command 'dance'" in said[2]
    assert said[3] == said[4] == "no step taken yet" and said[5] == "this is the beginning"
    assert "held after step 0" in said[6]


def test_colour_only_when_asked_for(loss):
    said, _ = dialogue(loss(), "s", colour=True)
    assert said[1].startswith("\033[1mstep 1")


def test_the_rest_is_run_when_input_ends():
    a = ag.tensor(2.0, requires_grad=True)
    dialogue(a * a, "step")
    assert a.grad.item() == 4.0


def test_the_end_is_left_by_going_on_but_not_by_looking_back(loss):
    for last in ("", "step", "next", "run", "until add"):
        said, left = dialogue(loss(), "run", "back", "step", last, "print g")
        assert not left and "Press return to go on" in said[1] and "step 3 of 4" in said[2]
        assert said[-1].startswith("  step 4 of 4"), "the dialogue went on"


def test_where_tells_the_place_and_the_users_line():
    with record():
        a = ag.tensor(2.0, requires_grad=True)
        loss = ag.exp(a) * a  # here
    said, _ = dialogue(loss, "where", "step", "w", "q")
    assert said[1] == "backward pass of 2 steps, not begun; next is loss = multiply"
    assert said[4].startswith("backward pass paused after step 1 of 2; next is exp")
    assert said[5].startswith("step 1: loss = multiply\n  your line  test_terminal.py:")
    assert said[5].endswith("loss = ag.exp(a) * a  # here")


def test_places_that_are_not_in_the_graph_are_refused(loss):
    said, _ = dialogue(loss(), "break nowhere", "until nowhere", "break max", "q")
    words = "no operation or module 'nowhere' in this graph; there are add, maximum, multiply; "
    assert said[1] == said[2] == f"{words}and the modules head"
    assert said[3].startswith("no operation or module 'max'")


def test_the_scripts_own_conditions_stop_a_run(loss):
    def heavy(step):
        return "enough" if step.number == 2 else None

    said, _ = dialogue(loss(), "run", "q", conditions=[ag.debug.when(heavy, "mine")])
    assert "step 2 of 4" in said[1] and said[3] == "break_on mine: enough"


# Scripts of every kind ------------------------------------------------------------------------------

HEAD = "import sys\nimport autograd as ag\na = ag.tensor(2.0, requires_grad=True)\n"


def test_a_failing_script_shows_its_own_traceback_only(tmp_path):
    done = run(tmp_path, f"{HEAD}b = a * a\nb.backward()\nraise KeyError('after')\n")
    assert done.returncode == 1 and b"step 1 of 1: b = multiply" in done.stdout
    lines = done.stderr.decode().splitlines()
    assert lines[0].startswith("Traceback") and "lesson.py" in lines[1] and len(lines) == 4
    assert lines[-1] == "KeyError: 'after'"
    done = run(tmp_path, f"{HEAD}(a * ag.tensor([1.0, 2.0])).backward()\n")
    assert b"RuntimeError: backward: a gradient can be left out only" in done.stderr
    done = run(tmp_path, "x = = 3\n")
    assert done.returncode == 1 and b"runpy" not in done.stderr and b"SyntaxError" in done.stderr


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("sys.exit(3)", 3),
        ("sys.exit()", 0),
        ("sys.exit('no')", 1),
        ("raise KeyboardInterrupt", 130),
    ],
)
def test_the_exit_status_is_the_scripts(tmp_path, end, status):
    assert run(tmp_path, f"{HEAD}(a * a).backward()\n{end}\n").returncode == status


def test_a_pass_in_another_module_names_what_the_script_calls_it(tmp_path):
    (tmp_path / "training.py").write_text(
        "def descend(loss):\n    scaled = loss * 0.5\n    scaled.backward()\n"
    )
    done = run(tmp_path, f"{HEAD}import training\nslope = a * 3.0\ntraining.descend(slope)\n")
    out = done.stdout.decode("utf-8")
    assert "training.py:2  scaled = loss * 0.5" in out and done.returncode == 0
    assert "scaled = multiply sends 0.5 to loss" in out  # the innermost function's name for it
    assert "to a (as x)" in out


def test_a_pass_for_some_inputs_and_conditions_are_followed(tmp_path):
    text = f"{HEAD}b = ag.tensor(3.0, requires_grad=True)\n(a * b + b).backward(inputs=[a])\n"
    done = run(tmp_path, text + "print(a.grad, b.grad)\n")
    out = done.stdout.decode("utf-8")
    assert "step 2 of 2: multiply sends 3 to a" in out and out.endswith("Tensor(3.) None\n")
    text = f"{HEAD}b = a * 3.0\ntry:\n    (b * b).backward(break_on=ag.debug.touches(b))\n"
    done = run(
        tmp_path,
        text + "except ag.debug.Breakpoint as stop:\n    print('at', stop.paused.position)\n",
    )
    out = done.stdout.decode("utf-8")
    assert "break_on touches b: multiply sends 6 to b" in out and out.endswith("at 1\n")


def in_a_terminal(tmp_path, text, *commands, options=(), **environment):
    """What a script shows at a real terminal, and its exit status."""
    pty = pytest.importorskip("pty", reason="pseudo-terminals are Unix's")
    script = tmp_path / "lesson.py"
    script.write_text(text, encoding="utf-8")
    outer, inner = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "autograd.debug", *options, str(script)],
        stdin=inner, stdout=inner, stderr=inner, start_new_session=True,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "TERM": "dumb", **environment},
    ) as process:  # fmt: skip
        os.close(inner)
        shown, waiting = b"", list(commands)
        while True:
            if not select.select([outer], [], [], 60)[0]:
                process.kill()
                raise AssertionError(f"it says nothing more after {shown.decode()!r}")
            try:
                part = os.read(outer, 65536)
            except OSError:  # the other end is closed
                break
            shown += part
            if not part:
                break
            if shown.endswith(b"(autograd) ") and waiting:
                os.write(outer, waiting.pop(0))
    os.close(outer)
    return shown.decode("utf-8").replace("\r\n", "\n"), process.returncode


def test_a_dialogue_at_a_terminal(tmp_path):
    shown, status = in_a_terminal(tmp_path, SCRIPT, b"step\n", b"back\n", b"run\n", b"\n")
    assert status == 0 and "\033[1mstep 1 of 2: loss = add" in shown
    assert "(autograd) back" in shown and "this is the beginning" in shown
    assert shown.endswith("gradient 2.0 []\n")


def test_a_terminal_without_colour_and_in_ascii(tmp_path):
    shown, status = in_a_terminal(tmp_path, SCRIPT, b"step\n", b"q\n", NO_COLOR="1")
    assert status == 0 and "\033[1m" not in shown and "x = −6" in shown
    assert not shown.endswith("[]\n"), "quit stops the script"
    shown, _ = in_a_terminal(tmp_path, SCRIPT, b"run\n", b"\x04", options=["--plain"])
    assert "\033[1m" not in shown and shown.isascii() and shown.endswith("[]\n")


def test_while_it_runs_the_arguments_are_the_scripts(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    script = tmp_path / "lesson.py"
    (tmp_path / "beside_the_lesson.py").write_text("word = 'given'\n")
    script.write_text(
        f"{HEAD}from beside_the_lesson import word\n"
        "(a * a).backward()\nprint(word, sys.argv[1:])\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = list(sys.argv)
    assert main([str(script), "one", "--plain"]) == 0
    assert "given ['one', '--plain']" in capsys.readouterr().out and sys.argv == before
