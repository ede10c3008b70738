"""``python -m tests.mutants``: draws mutants, runs their tests, reports what survived."""

from __future__ import annotations

import argparse
import itertools
import json
import random
import re
import sys
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.mutants.choose import Chooser
from tests.mutants.operators import OPERATORS, ROOT, Mutant, mutants_of
from tests.mutants.reach import CACHE, reach
from tests.mutants.server import Outcome, Server, serve

EXPLAINED = Path(__file__).with_name("explained.toml")
#: Where the mistakes are planted: what computes. Pictures, words and the lesson are not.
FILES = (
    "autograd/core/* autograd/engine/* autograd/*.py autograd/ops/** autograd/kernels/** autograd/arguments/* "
    "autograd/func/* autograd/gradcheck/* nn/*.py nn/functional/* nn/modules/* nn/optim/* nn/data/*"
)
RESULTS = CACHE / "results.jsonl"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutants",
        description="Plants small mistakes in the source, one at a time, and runs the tests that "
        "reach each. Exit status 1 if one survived that explained.toml does not explain.",
    )
    parser.add_argument("--seed", type=int, default=1, help="which mutants are drawn (default 1)")
    parser.add_argument("--count", type=int, default=100, help="how many (default 100; 0: all)")
    parser.add_argument("--files", default=FILES, help="patterns of files, separated by spaces")
    parser.add_argument(
        "--operators", default="", help="operators, separated by commas (default: all of them)"
    )
    parser.add_argument("--list", action="store_true", help="print the mutants, run nothing")
    parser.add_argument("--jobs", type=int, default=1, help="mutants at a time (default 1)")
    parser.add_argument(
        "--budget", type=float, default=30.0, help="seconds of tests for a mutant (default 30)"
    )
    parser.add_argument(
        "--again", action="store_true", help="only those that survived when they were last run"
    )
    parser.add_argument("--new", action="store_true", help="only those that were never run")
    parser.add_argument("--match", default="", help="only mutants whose text contains this")
    arguments = parser.parse_args()
    chosen = [name.strip() for name in arguments.operators.split(",") if name.strip()]
    unknown = set(chosen) - set(OPERATORS)
    if unknown:
        parser.error(f"no operator {sorted(unknown)}; there are {', '.join(OPERATORS)}")
    arguments.operators = chosen or list(OPERATORS)
    return arguments


def candidates(patterns: str, operators: list[str]) -> list[Mutant]:
    """All mutants of the operators in the files that match."""
    files = sorted(p for d in ("autograd", "nn") for p in (ROOT / d).rglob("*.py"))
    # As in a shell: * stays in its folder, ** does not.
    forms = [
        re.escape(pattern).replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
        for pattern in patterns.split()
    ]
    wanted = []
    for path in files:
        name = path.relative_to(ROOT).as_posix()
        if any(re.fullmatch(form, name) for form in forms):
            wanted += [m for m in mutants_of(path) if m.operator in operators]
    return wanted


def draw(mutants: list[Mutant], seed: int) -> Iterator[Mutant]:
    """The mutants in a random order in which all operators come in turn, while they last."""
    rng = random.Random(seed)
    by_operator: dict[str, list[Mutant]] = defaultdict(list)
    for mutant in mutants:
        by_operator[mutant.operator].append(mutant)
    for group in by_operator.values():
        rng.shuffle(group)
    while by_operator:
        for operator in list(by_operator):
            yield by_operator[operator].pop()
            if not by_operator[operator]:
                del by_operator[operator]


def compiles(mutant: Mutant) -> bool:
    """Whether the mistake is one of meaning, not of syntax."""
    try:
        compile(mutant.source((ROOT / mutant.file).read_bytes()), mutant.file, "exec")
    except (SyntaxError, ValueError):
        return False
    return True


class Explanations:
    """The mutants that change no result, and why: by file, line and operator."""

    def __init__(self, path: Path = EXPLAINED) -> None:
        self.entries: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
        for file, entries in tomllib.loads(path.read_text()).items():
            for entry in entries:
                for operator in entry["operator"].split(", "):
                    self.entries[file, entry["line"], operator].append(entry)

    def __contains__(self, mutant: Mutant) -> bool:
        file, line, operator, after = mutant.key
        entries = self.entries.get((file, line, operator), ())
        return any(entry.get("becomes", after) == after for entry in entries)

    def stale(self) -> list[str]:
        """Entries whose line is in no file any more."""
        lines = {
            file: {line.strip() for line in (ROOT / file).read_text().splitlines()}
            if (ROOT / file).exists()
            else set()
            for file, _, _ in self.entries
        }
        return [f"{file}: {line}" for file, line, _ in self.entries if line not in lines[file]]


class Report:
    """Keeps the outcomes, prints the survivors as they come and a table at the end."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self.survivors: list[Outcome] = []
        self.started = time.monotonic()

    def add(self, outcome: Outcome) -> None:
        folder = outcome.mutant.file.rpartition("/")[0]
        self.counts[folder][outcome.status] += 1
        if outcome.status in ("survived", "untested"):
            self.survivors.append(outcome)
            print(f"{outcome.status} ({outcome.tests} tests): {outcome.mutant}", flush=True)
        if outcome.status == "explained":
            return
        entry = {
            "key": outcome.mutant.key,
            "line": outcome.mutant.line,
            "status": outcome.status,
            "how": outcome.how,
            "tests": outcome.tests,
            "seconds": round(outcome.seconds, 2),
            "seed": self.seed,
        }
        with RESULTS.open("a") as file:
            file.write(json.dumps(entry) + "\n")

    def table(self) -> str:
        columns = ["killed", "survived", "untested", "explained"]
        lines = [f"{'':32}" + "".join(f"{c:>11}" for c in columns)]
        total: Counter[str] = Counter()
        for folder in sorted(self.counts):
            total.update(self.counts[folder])
            lines.append(f"{folder:32}" + "".join(f"{self.counts[folder][c]:11}" for c in columns))
        lines.append(f"{'all':32}" + "".join(f"{total[c]:11}" for c in columns))
        run = total["killed"] + total["survived"] + total["untested"]
        rate = 100 * total["killed"] / run if run else 100.0
        minutes = (time.monotonic() - self.started) / 60
        lines.append(f"{run} mutants run in {minutes:.0f} minutes, {rate:.1f} % killed.")
        return "\n".join(lines)


def last_results() -> dict[tuple[str, ...], str]:
    """How each mutant that was ever run ended the last time."""
    lines = RESULTS.read_text().splitlines() if RESULTS.exists() else []
    return {tuple(entry["key"]): entry["status"] for entry in map(json.loads, lines)}


def main() -> int:
    arguments = parse()
    mutants = candidates(arguments.files, arguments.operators)
    if arguments.match:
        mutants = [m for m in mutants if arguments.match in str(m)]
    last = last_results()
    if arguments.new:
        mutants = [m for m in mutants if m.key not in last]
    if arguments.again:
        mutants = [m for m in mutants if last.get(m.key) in ("survived", "untested")]
    order = draw(mutants, arguments.seed)
    count = arguments.count if arguments.count and not arguments.again else len(mutants)
    if arguments.list:
        for _, mutant in zip(range(count), order, strict=False):
            print(mutant)
        print(f"{min(count, len(mutants))} of {len(mutants)} mutants")
        return 0
    tests = [t for t in reach(arguments.jobs) if t.passed]
    chooser = Chooser(tests, arguments.budget)
    explained = Explanations()
    report = Report(arguments.seed)
    drawn = list(itertools.islice(filter(compiles, order), count))
    for mutant in drawn:
        if mutant in explained:
            report.add(Outcome(mutant, "explained"))
    drawn = [mutant for mutant in drawn if mutant not in explained]
    chosen = {mutant: chooser.choose(mutant) for mutant in drawn}
    # Only the test files that are needed are collected.
    files = sorted({t.name.partition("::")[0] for tests in chosen.values() for t in tests})
    if files:
        serve(Server(drawn, chosen.__getitem__, report.add, arguments.jobs), files)
    print(report.table())
    for line in explained.stale():
        print(f"explained.toml: no longer there: {line}")
    return 1 if report.survivors else 0


if __name__ == "__main__":
    sys.exit(main())
