"""Backprop that can be watched: recorded, paused, checked, stopped at a condition, explained."""

from .backprop import Backprop
from .breakpoints import Breakpoint, Condition, nonfinite, norm_over, touches, when
from .checking import Finding, StepCheck
from .explain import Explanation, Hop, Row, explain
from .memory import Memory
from .recording import NonFinite, Record, record
from .steps import Sent, Step

__all__ = [
    "Backprop",
    "Breakpoint",
    "Condition",
    "Explanation",
    "Finding",
    "Hop",
    "Memory",
    "NonFinite",
    "Record",
    "Row",
    "Sent",
    "Step",
    "StepCheck",
    "explain",
    "nonfinite",
    "norm_over",
    "record",
    "touches",
    "when",
]
