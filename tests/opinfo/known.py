"""What differs on purpose."""

KNOWN: dict[str, dict[str, str]] = {}
MISSING: dict[str, str] = {}
