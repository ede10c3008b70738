"""``python -m autograd.debug script.py``: step through the first backward pass of a script.

    python -m autograd.debug [--plain] [--no-check] script.py [arguments of the script]

(the two options may also come right after the script).

At a terminal it waits for commands; piped, it prints all steps. ``--plain`` writes ASCII only;
``--no-check`` lets infinities pass in the forward computation. Colours are left out where the
output is no terminal or ``NO_COLOR`` is set.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import runpy
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autograd import text
from autograd.core.tensor import Tensor
from autograd.debug.backprop import Backprop
from autograd.debug.breakpoints import Breakpoint, Condition
from autograd.debug.record import NonFinite, bad_loss, record
from autograd.debug.step import Step
from autograd.engine import seed_for
from autograd.engine.api import check_watchers

__all__ = ["Session", "main"]

_HELP = """\
step, s, or an empty line   the next step, in full
next, n                     the next step outside of the module of this one
until OP                    go on to the next step of an operation, or in a module
break OP                    stop there whenever `run` meets it; break alone lists, break -OP removes
run, r                      go on to the next break, or to the end; from there, on with the script
where, w                    where the pass stands, and the line of yours that this step comes from
print, p [NAME]             this step in full, or one of its values (g, x, y, ...), memory, or
                            the gradient of a leaf (p w.grad): so far, and at the end all of it
check, c                    compare this step's rules with numerical differences
back, b                     look at the step before
quit, q                     leave; the script is stopped
help, h                     this list"""


class Session:
    """The dialogue about one backward pass.

    Args:
        dbg: the pass.
        say: prints a line; ask: gives the next command, or None at the end of input.
        colour: emphasise headings with ANSI codes.
        plain: ASCII only.
        conditions: the script's own ``break_on``; `run` stops at them, too.
    """

    def __init__(
        self,
        dbg: Backprop,
        say: Callable[[str], None],
        ask: Callable[[], str | None],
        colour: bool = False,
        plain: bool = False,
        conditions: Iterable[Condition] = (),
    ) -> None:
        self.dbg = dbg
        self._conditions = tuple(conditions)
        self._say = say
        self._ask = ask
        self._colour = colour
        self._plain = plain
        self._breaks: list[str] = []
        self._commands: dict[str, Callable[[str], None]] = {
            "step": self._step, "s": self._step, "": self._step,
            "next": self._next, "n": self._next,
            "until": self._until, "u": self._until,
            "break": self._break, "run": self._run, "r": self._run,
            "where": self._where, "w": self._where,
            "print": self._print, "p": self._print,
            "check": self._check, "c": self._check,
            "back": self._back, "b": self._back,
            "help": self._help, "h": self._help,
        }  # fmt: skip

    def run(self) -> bool:
        """Read and follow commands; True if the pass was left for good, False if it ended."""
        self.say(f"{self.dbg.text()}. Type help for the commands")
        while (line := self._ask()) is not None:
            command, _, rest = line.strip().partition(" ")
            if command in ("quit", "q"):
                return True
            if self._at_the_end and self._commands.get(command) in (
                self._step, self._next, self._until, self._run
            ):  # fmt: skip
                break
            action = self._commands.get(command)
            if action is None:
                self.say(f"no command {command!r}; type help for the list")
                continue
            try:
                action(rest.strip())
            except (ValueError, RuntimeError, TypeError) as error:
                self.say(str(error))
        self.dbg.run()
        return False

    @property
    def _at_the_end(self) -> bool:
        return self.dbg.finished and self.dbg.position == self.dbg.total

    def say(self, line: str) -> None:
        """Print, in ASCII if so asked."""
        self._say(text.plain(line) if self._plain else text.visible(line))

    def show(self, step: Step | None) -> None:
        """Print a step, or that there is none."""
        if step is None:
            self.say(f"{self.dbg.text()}. Press return to go on with the script"
                     if self.dbg.position else "this is the beginning")  # fmt: skip
            return
        legible = text.plain if self._plain else text.visible
        head, _, body = legible(step.text()).partition("\n")
        self._say(f"\033[1m{head}\033[0m\n{body}" if self._colour else f"{head}\n{body}")
        self.say(f"  {step.sentence()}")
        for report in self.reports(step):
            self.say(f"break_on {report}")

    def reports(self, step: Step) -> list[str]:
        """Which of the script's own conditions a step meets, and why."""
        found = [condition.report_of(step) for condition in self._conditions]
        return [report for report in found if report is not None]

    def _step(self, rest: str) -> None:
        self.show(self.dbg.step())

    def _next(self, rest: str) -> None:
        now = self.dbg.current
        step = self.dbg.step()
        while step is not None and now is not None and now.module and step.module == now.module:
            step = self.dbg.step()
        self.show(step)

    def _until(self, rest: str) -> None:
        if not rest:
            self.say("until what? Give an operation's name or a module's path")
            return
        self._refuse_unknown(rest)
        step = self.dbg.step()
        while step is not None and not self._is_at(step, rest):
            step = self.dbg.step()
        self.show(step)

    @staticmethod
    def _is_at(step: Step, place: str) -> bool:
        return step.matches(op=place) or step.matches(module=place)

    def _refuse_unknown(self, place: str) -> None:
        nodes = list(self.dbg.order)
        ops = {node.primitive.name for node in nodes}
        aliases = {alias for node in nodes for alias in node.primitive.aliases}
        modules = {node.module for node in nodes if node.module}
        if place in ops | aliases or any(m == place or m.startswith(f"{place}.") for m in modules):
            return
        raise ValueError(
            f"no operation or module {place!r} in this graph; there are {', '.join(sorted(ops))}"
            + (f"; and the modules {', '.join(sorted(modules))}" if modules else "")
        )

    def _break(self, rest: str) -> None:
        if rest.startswith("-"):
            self._breaks = [b for b in self._breaks if b != rest[1:].strip()]
        elif rest:
            self._refuse_unknown(rest)
            self._breaks.append(rest)
        self.say(f"breaks: {', '.join(self._breaks) or 'none'}")

    def _run(self, rest: str) -> None:
        while (step := self.dbg.step()) is not None:
            if any(self._is_at(step, place) for place in self._breaks):
                break
            if self.reports(step):
                break
        self.show(step)

    def _where(self, rest: str) -> None:
        self.say(self.dbg.text())
        if self.dbg.current is not None:
            step = self.dbg.current
            inside = f" in {step.module}" if step.module else ""
            self.say(f"step {step.number}: {step.title}{inside}\n  your line  {step.where()}")

    def _print(self, rest: str) -> None:
        step = self.dbg.current
        if rest == "memory":
            self.say(self.dbg.memory().text())
        elif rest.endswith(".grad"):
            self._print_gradient(rest.removesuffix(".grad"))
        elif step is None:
            self.say("no step taken yet")
        elif not rest:
            self.show(step)
        elif rest == "g":
            self.say(str(step.gradient))
        elif rest in step.saved:
            self.say(str(step.saved[rest]))
        elif rest in (values := step.values()):
            self.say(str(values[rest]))
        else:
            sent = next((s for s in step.sent if rest in (s.name, s.target)), None)
            if sent is None:
                names = ["g", *step.saved, *values, *(s.target for s in step.sent)]
                self.say(f"no value {rest!r} here; there are {', '.join(dict.fromkeys(names))}")
            else:
                self.say(f"gradient of {sent.target}: {sent.after}")

    def _print_gradient(self, name: str) -> None:
        """What a leaf has received: so far, or all of it."""
        leaf = self.dbg.leaves.get(name)
        if leaf is None:
            known = ", ".join(self.dbg.leaves) or "none with a name"
            self.say(f"no leaf {name!r} in this graph; there are {known}")
            return
        tensor = leaf.tensor()
        if not self.dbg.finished:
            self.say(f"gradient of {name} so far: {_written(self.dbg.pending.get(leaf))}")
        elif tensor is None:
            self.say(f"{name} itself is gone, and its gradient with it")
        else:
            grad = tensor.grad
            self.say(f"{name}.grad = {_written(None if grad is None else grad.data)}")

    def _check(self, rest: str) -> None:
        step = self.dbg.current
        self.say("no step taken yet" if step is None else step.check().text())

    def _back(self, rest: str) -> None:
        self.show(self.dbg.back())

    def _help(self, rest: str) -> None:
        self.say(_HELP)


def _written(value: Any) -> str:
    return text.array(value) if value is None or not np.ndim(value) else f"\n{value}"


class _Quit(BaseException):
    """Leaves the script; no ``except Exception`` of its own stops it."""


def main(argv: list[str] | None = None) -> int:
    """Run the command line; returns the exit status: 0, 1 if the script failed, 2 for misuse."""
    parser = argparse.ArgumentParser(
        prog="python -m autograd.debug",
        description="Step through the first backward pass of a script. Where input or output is no "
        "terminal,\nthere is nobody to ask: all steps are written out, and the script goes on.",
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("script", help="a Python file that calls backward()")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="passed on to the script")
    parser.add_argument("--plain", action="store_true", help="write ASCII only")
    parser.add_argument(
        "--no-check", action="store_true", help="don't stop at NaN or infinity in the forward pass"
    )
    options = parser.parse_args(argv)
    while options.arguments and options.arguments[0] in ("--plain", "--no-check"):
        setattr(options, options.arguments.pop(0)[2:].replace("-", "_"), True)
    if not os.path.isfile(options.script):
        parser.error(f"no file {options.script!r}")
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "")
    plain = options.plain or not encoding.startswith("utf")
    if interactive:
        with contextlib.suppress(ImportError):  # line editing, where there is any
            import readline  # noqa: F401
    return _Script(options, interactive, plain).run()


class _Script:
    """A script that is run with its first ``backward()`` paused."""

    def __init__(self, options: Any, interactive: bool, plain: bool) -> None:
        self._options = options
        self._interactive = interactive
        self._plain = plain
        self._passes = 0

    def run(self) -> int:
        """Run it; returns the exit status."""
        options = self._options
        original, argv, path = Tensor.backward, sys.argv, list(sys.path)

        def backward(t: Tensor, gradient: Any = None, retain_graph: bool = False,
                     create_graph: bool = False, inputs: Any = None, break_on: Any = ()) -> None:  # fmt: skip
            self._passes += 1
            if self._passes > 1:
                original(t, gradient, retain_graph, create_graph, inputs, break_on)  # type: ignore[operator]
                return
            seed_for("backward", t, gradient, create_graph)  # refuses what backward refuses
            with warnings.catch_warnings():  # said below, for this program
                warnings.filterwarnings("ignore", "Backprop: the loss itself")
                dbg = Backprop(t, gradient, retain_graph=retain_graph, create_graph=create_graph,
                               inputs=inputs)  # fmt: skip
            if (said := bad_loss(t)) is not None:
                self._say(f"the loss itself is {text.array(t)}; without --no-check the script "
                          "stops where that begins" if options.no_check else said)  # fmt: skip
            self._pause(t, dbg, check_watchers(break_on))

        sys.argv = [options.script, *options.arguments]
        sys.path.insert(0, os.path.dirname(os.path.abspath(options.script)))
        Tensor.backward = backward  # type: ignore[method-assign, assignment]
        try:
            with record(check=not options.no_check):
                runpy.run_path(options.script, run_name="__main__")
        except _Quit:
            return 0
        except NonFinite as error:
            self._say(f"stopped before backward: {error}")
            return 1
        except KeyboardInterrupt:
            self._say("\ninterrupted")
            return 130
        except BrokenPipeError:  # as in `… | head`: nobody reads on
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 141
        except Exception as error:
            self._tell(error)
            return 1
        finally:
            Tensor.backward = original  # type: ignore[method-assign]
            sys.argv, sys.path[:] = argv, path
        if not self._passes:
            self._say(f"{options.script} never called backward()")
            return 1
        return 0

    def _pause(self, root: Tensor, dbg: Backprop, watchers: Any) -> None:
        conditions = [each for each in watchers if isinstance(each, Condition)]
        colour = self._interactive and not self._plain and not os.environ.get("NO_COLOR")
        session = Session(dbg, self._print, _ask, colour, self._plain, conditions)
        for condition in conditions:
            report = condition.report_of_loss(root)
            if report is not None and not self._interactive:
                raise Breakpoint(report, dbg, condition)
            if report is not None:
                session.say(f"break_on {report}")
        if self._interactive:
            if session.run():
                raise _Quit
            return
        for step in dbg:
            session.show(step)
            for condition in conditions:
                report = condition.report_of(step)
                if report is not None:
                    raise Breakpoint(report, dbg, condition)
        session.say(dbg.text())

    def _tell(self, error: Exception) -> None:
        """The script's traceback, without the frames that lead from here into it."""
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename != self._options.script:
            trace = trace.tb_next
        sys.stdout.flush()
        traceback.print_exception(error.with_traceback(trace))

    def _say(self, line: str) -> None:
        self._print(text.plain(line) if self._plain else line)

    @staticmethod
    def _print(line: str) -> None:
        print(line, flush=True)


def _ask() -> str | None:
    try:
        return input("(autograd) ")
    except EOFError:
        print()
        return None


if __name__ == "__main__":
    sys.exit(main())
