"""Are gradients right? Differences, verdicts, and the likeliest mistake."""
