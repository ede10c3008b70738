"""Runs the tests of one mutant in a process of its own: ``python -m tests.mutants.fresh TASK``."""

from __future__ import annotations

import base64
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest

from tests.mutants import plant
from tests.mutants.reach import PLAIN
from tests.mutants.server import _settle, run_items, without_shrinking


class Fresh:
    """The plugin that runs the tests that were asked for."""

    def __init__(self, task: dict[str, Any]) -> None:
        self.task = task

    def pytest_sessionstart(self) -> None:
        without_shrinking()

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:  # a test file that cannot be imported has noticed the mistake
            os.write(self.task["write"], f"K {report.nodeid}\n".encode())
            os._exit(0)

    def pytest_runtestloop(self, session: Any) -> bool:
        session.config._tmp_path_factory._basetemp = Path(self.task["folder"]).resolve()
        items = {item.nodeid: item for item in session.items}
        missing = [name for name in self.task["tests"] if name not in items]
        if missing:  # a table of cases has changed
            os.write(self.task["write"], f"K {missing[0]}\n".encode())
        else:
            run_items([items[name] for name in self.task["tests"]], self.task["write"])
        os._exit(0)


def main() -> None:
    """Reads the task and runs it."""
    task = json.loads(Path(sys.argv[1]).read_text())
    _settle(task["folder"])
    plant.plant_before_import(task["file"], base64.b64decode(task["source"]))
    files = list(dict.fromkeys(name.partition("::")[0] for name in task["tests"]))
    try:
        arguments = ["-q", "-m", PLAIN, "-p", "no:cacheprovider", "--no-header", *files]
        pytest.main(arguments, plugins=[Fresh(task)])
    except BaseException:
        os.write(task["write"], f"X {json.dumps(traceback.format_exc()[-2000:])}\n".encode())


if __name__ == "__main__":
    main()
