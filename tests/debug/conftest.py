"""The models live beside the tests, which are not a package."""

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def models():
    path = Path(__file__).with_name("models.py")
    spec = importlib.util.spec_from_file_location("debug_models", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


NAMES = [
    "convolutional",
    "small",
    "reductions",
    "arranging",
    "matrices",
    "checkpointed",
    "branching",
    "float32",
]


@pytest.fixture(params=NAMES)
def model(request, models):
    """A function that builds a loss and its leaves."""
    return getattr(models, request.param)
