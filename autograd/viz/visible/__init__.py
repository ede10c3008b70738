"""What of a trace is seen: modules collapsed, repetitions folded, links between what is left."""
