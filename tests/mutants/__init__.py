"""Mutation testing: plant small mistakes in the source and see whether a test notices each.

``python -m tests.mutants --seed 1 --count 200`` draws mutants, runs for each the tests that reach
its line, and reports by folder how many were killed, survived, or are explained in `explained.toml`.

The parts, in the order in which they are used:

* `operators`: which mistakes there are, and where in a file each can be planted.
* `reach`: which test runs which line (measured once a test file, kept in ``.mutants/``).
* `choose`: which tests are run for a mutant, in which order.
* `plant`: a mutant put into a process: live functions are given the mutated code.
* `server`: one pytest session, collected once; a forked child of it for every mutant.

Nothing in the checkout is written to, except the ignored folder ``.mutants/``.
"""
