"""What every test shares: reproducible property tests, no windows, and skips that CI can forbid."""

import importlib.util
import os
import shutil
from collections import Counter

import numpy as np
import pytest
from hypothesis import settings

import autograd as ag
from autograd.kernels import native

os.environ["MPLBACKEND"] = "Agg"

# The plain suite gives the same verdict every time; `-m fuzz` tests set their own, random, profile.
settings.register_profile("glassgrad", derandomize=True, deadline=None, max_examples=50)
settings.load_profile("glassgrad")

_FOUND = pytest.StashKey()

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def pytest_addoption(parser):
    parser.addoption(
        "--forbid-skips",
        action="store_true",
        help="count every skipped test as failed (CI: a missing torch or browser is a fault there)",
    )


def pytest_report_header():
    return f"kernels: {native.status()}"


def _missing(marker):
    """What a marked test lacks on this machine, or None."""
    if marker == "torch" and importlib.util.find_spec("torch") is None:
        return "PyTorch is not installed"
    if marker == "onnx":
        lacking = [n for n in ("onnx", "onnxruntime") if importlib.util.find_spec(n) is None]
        return f"{' and '.join(lacking)} not installed" if lacking else None
    if marker == "browser":
        if importlib.util.find_spec("playwright") is None:
            return "Playwright is not installed"
        if not any(shutil.which(name) for name in BROWSERS):
            return f"no browser found (looked for {', '.join(BROWSERS)})"
    return None


def pytest_collection_modifyitems(items):
    for marker in ("torch", "onnx", "browser"):
        reason = _missing(marker)
        if reason:
            for item in items:
                if item.get_closest_marker(marker):
                    item.add_marker(pytest.mark.skip(reason=reason))


def _modes():
    """What each test leaves as it found it: it would decide what later tests see."""
    return {
        "NumPy's error state": np.geterr(),
        "is_grad_enabled()": ag.is_grad_enabled(),
        "the default dtype": ag.get_default_dtype(),
        "the number of threads": ag.get_num_threads(),
    }


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    item.stash[_FOUND] = _modes()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item):
    result = yield
    found = item.stash[_FOUND]
    left = {name: value for name, value in _modes().items() if value != found[name]}
    if left:
        np.seterr(**found["NumPy's error state"])
        ag.set_grad_enabled(found["is_grad_enabled()"])
        ag.set_default_dtype(found["the default dtype"])
        ag.set_num_threads(found["the number of threads"])
        was = {name: found[name] for name in left}
        pytest.fail(f"the test left {left}, but found {was}", pytrace=False)
    return result


def _fail_if_skipped(report, config):
    if report.skipped and config.getoption("--forbid-skips") and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"skipped, but --forbid-skips was given: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    return _fail_if_skipped((yield), item.config)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return _fail_if_skipped((yield), collector.config)


def pytest_terminal_summary(terminalreporter):
    """One line for all tests that were skipped for the same reason; with ``-q`` there is no header,
    but that the extension was not tested is said all the same."""
    reasons = Counter(
        str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        for report in terminalreporter.stats.get("skipped", ())
    )
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"{count} skipped: {reason.removeprefix('Skipped: ')}")
    if "other sources" in native.status():
        terminalreporter.write_line(pytest_report_header(), red=True)


@pytest.fixture(scope="session")
def torch():
    """PyTorch, for tests marked ``torch``; its threads are kept to one so that tests are cheap."""
    module = pytest.importorskip("torch")
    module.set_num_threads(1)
    return module


@pytest.fixture(scope="module")
def numpy_kernels():
    """The kernels' NumPy versions, also where those in C were built."""
    patch = pytest.MonkeyPatch()
    patch.setattr("autograd.kernels.native.library", None)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def browser_path():
    """The path of a Chromium, for tests marked ``browser``."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"no browser found (looked for {', '.join(BROWSERS)})")
    return found


@pytest.fixture(scope="module")
def browser(browser_path):
    """A headless Chromium."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        yield browser
        browser.close()
