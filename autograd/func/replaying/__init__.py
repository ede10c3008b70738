"""A training step recorded once and run again without a graph being built.

``recording`` notes what a step does and refuses what it could not do again; ``noted`` are its
entries, ``rules`` a node's part of a backward pass; ``program`` is the straight line of calls that a
replay goes through; ``surroundings`` are the names outside of the step that it was recorded with;
``replay`` is what users call.
"""
