"""python -m autograd.debug script.py, piped and in a dialogue."""

import os
import re
import subprocess
import sys

import pytest

import autograd as ag
from autograd.debug import Backprop
from autograd.debug.__main__ import Session

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
