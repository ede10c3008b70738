"""Backprop that can be watched: recorded, paused, checked, stopped at a condition, explained."""

from autograd.arguments import not_functions as _not_functions
from autograd.debug.anomaly import detect_anomaly, set_detect_anomaly
from autograd.debug.backprop import Backprop
from autograd.debug.breakpoints import (
    Breakpoint,
    Condition,
    accumulates,
    nonfinite,
    norm_over,
    touches,
    when,
)
from autograd.debug.card import Card
from autograd.debug.certify import certify
from autograd.debug.checking import Finding, StepCheck
from autograd.debug.explain import Explanation, Hop, Row, explain
from autograd.debug.memory import Memory
from autograd.debug.names import at_line, set_line
from autograd.debug.operations import Operation, Value, operations
from autograd.debug.record import NonFinite, Record, record
from autograd.debug.step import Sent, Step

__all__ = [
    "Backprop",
    "Breakpoint",
    "Card",
    "Condition",
    "Explanation",
    "Finding",
    "Hop",
    "Memory",
    "NonFinite",
    "Operation",
    "Record",
    "Row",
    "Sent",
    "Step",
    "StepCheck",
    "Value",
    "accumulates",
    "at_line",
    "certify",
    "detect_anomaly",
    "explain",
    "nonfinite",
    "norm_over",
    "operations",
    "record",
    "set_detect_anomaly",
    "set_line",
    "touches",
    "when",
]


_not_functions(__name__)


def __getattr__(name: str) -> object:
    from autograd.arguments import nearest

    hint = nearest(name, __all__)
    raise AttributeError(f"module 'autograd.debug' has no attribute {name!r}{hint}")
