"""The primitives, one family a file, each with its gradient rules beside it."""
