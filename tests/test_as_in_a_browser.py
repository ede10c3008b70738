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


def test_who_started_it_is_told_apart():
    def raised(call):
        try:
            call()
        except as_in_a_browser.NoThreads as error:
            return error

    def here():
        raise as_in_a_browser.NoThreads

    assert as_in_a_browser.started_by_the_test(raised(here))
    package: dict[str, object] = {}
    source = "def there(error):\n    raise error"
    exec(compile(source, "/somewhere/autograd/kernels/threads.py", "exec"), package)
    there = package["there"]
    assert not as_in_a_browser.started_by_the_test(
        raised(lambda: there(as_in_a_browser.NoThreads()))
    )
    assert not as_in_a_browser.started_by_the_test(ValueError("something else"))
