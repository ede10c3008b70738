"""The version is written in two places, which agree."""

import tomllib
from pathlib import Path

import autograd


def test_the_versions_agree():
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
    assert project["project"]["version"] == autograd.__version__
