"""Installs a wheel and a source distribution without the checkout, and runs the plain suite from there.

    python -m build && python -m tests.packages dist

Each file in the folder gets a virtual environment of its own and a copy of ``tests/`` and of what
the tests read beside it, but not of the two packages: what is imported is what was installed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]

#: Tests about the checkout itself, which is not there.
ABOUT_THE_CHECKOUT = (
    "tests/test_architecture.py", "tests/notebooks", "tests/mutants", "tests/test_readme.py",
    "tests/test_examples.py", "tests/test_promises.py", "tests/test_mutants.py",
    "tests/test_bounds.py", "tests/test_clash.py", "tests/derivatives/test_derivatives.py",
)  # fmt: skip


def check(package, options):
    """True if the suite passes with this file installed."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        subprocess.run([sys.executable, "-m", "venv", home / "venv"], check=True)
        python = home / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
        subprocess.run([python, "-m", "pip", "install", "-q", f"{package}[test]"], check=True)
        for name in ("tests", "docs"):
            shutil.copytree(ROOT / name, home / "suite" / name)
        for name in ("pyproject.toml", "README.md", "REFERENCE.md"):
            shutil.copy(ROOT / name, home / "suite" / name)
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        where = subprocess.run(
            [python, "-c", "import autograd, nn; print(autograd.__file__)"], cwd=home / "suite",
            env=environment, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        assert "site-packages" in where, where
        left_out = [f"--ignore={path}" for path in ABOUT_THE_CHECKOUT]
        done = subprocess.run(
            [python, "-m", "pytest", "-q", *left_out, *options], cwd=home / "suite", env=environment
        )
        return done.returncode == 0


def main():
    folder, *options = sys.argv[1:]
    packages = sorted(Path(folder).resolve().glob("*.whl")) + sorted(
        Path(folder).resolve().glob("*.tar.gz")
    )
    if not packages:
        print(f"no wheel and no source distribution in {folder}: python -m build makes them")
        return 2
    results = {package.name: check(package, options) for package in packages}
    for name, passed in results.items():
        print(f"{name}: {'passed' if passed else 'FAILED'}")
    return 0 if all(results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
