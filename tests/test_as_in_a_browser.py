"""Nothing of the packages needs threads, processes or ctypes, which a browser does not have."""

import subprocess
import sys
from pathlib import Path

from tests import as_in_a_browser

SCRIPT = """
from tests import as_in_a_browser
as_in_a_browser.disable()
import numpy as np
import autograd as ag
import nn
from autograd import viz
from nn import lesson

ag.set_num_threads(4)  # as if there were some
ag.manual_seed(0)
model = nn.Sequential(nn.Conv2d(3, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
                      nn.Flatten(), nn.Linear(32 * 16 * 16, 10))
optimizer = nn.optim.SGD(model.parameters(), lr=1e-4)
images = ag.rand(16, 3, 32, 32)
losses = []
for step in range(4):
    loss = nn.functional.cross_entropy(model(images), np.arange(16) % 10)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
assert losses[-1] < losses[0]
assert "<svg" in viz.graph(loss).to_svg() and viz.conv(model[0], images[:1]).text()
ag.empty_cache()
lesson.check("1.1", ...)
try:
    import threading
    threading.Thread(target=print).start()
    raise AssertionError("a thread was started after all")
except as_in_a_browser.NoThreads:
    print("done without")
"""


def test_a_model_learns_and_is_drawn_without_threads_processes_and_ctypes():
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    assert ran.stdout == "1.1: not answered yet\ndone without\n", ran.stderr


def asked_from(path):
    """What `is_the_subject` says to a line of a file."""
    names = {"asks": as_in_a_browser.is_the_subject}
    code = "def there(asks=asks):\n    return asks()"
    exec(compile(code, str(as_in_a_browser.ROOT / path), "exec"), names)
    return names["there"]()


def test_whose_subject_a_thread_is_is_told_by_the_line_that_starts_it():
    assert as_in_a_browser.is_the_subject()
    assert asked_from("tests/nn/data/test_loader.py")
    assert asked_from("../elsewhere/threading.py")  # called by this test
    assert asked_from("nn/lesson/grading.py")
    assert not asked_from("nn/lesson/exercise.py")
    assert not asked_from("nn/data/loader.py")
    assert not asked_from("autograd/kernels/threads.py")


def test_an_error_that_came_of_a_refusal_is_known_later(monkeypatch):
    monkeypatch.setattr(as_in_a_browser, "attempts", [])
    try:
        as_in_a_browser.no_process()
    except as_in_a_browser.NoProcesses as error:
        told = ValueError("a fixture that several tests share failed")
        told.__cause__ = error
    assert as_in_a_browser.attempts == [True]
    assert as_in_a_browser.from_the_subject(told)
    assert not as_in_a_browser.from_the_subject(ValueError("something else"))


def test_the_parts_that_are_there_to_start_processes_exist():
    missing = [
        name for name in as_in_a_browser.STARTERS if not (as_in_a_browser.ROOT / name).is_file()
    ]
    assert missing == []
