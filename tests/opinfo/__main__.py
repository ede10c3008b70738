"""All of PyTorch's operator cases: ``python -m tests.opinfo [NAME ...]``.

For each operator that has a counterpart here, in every spelling: its sample and reference inputs in
float64, float32, float16 and integers, also not contiguous, with gradients and second derivatives,
and its error inputs. Prints what disagrees and is not in ``known.py``, and the counts. On a quiet
machine it takes some minutes.
"""

import argparse
import sys
from collections import Counter

from tests.opinfo.run import operators_of, run


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m tests.opinfo", description=__doc__)
    parser.add_argument(
        "names", nargs="*", help="operators, by PyTorch's names; all if none is given"
    )
    parser.add_argument(
        "--limit", type=int, default=200, help="cases of an operator, dtype and spelling"
    )
    parser.add_argument("--part", default="1/1", help="2/3: the second of three parts")
    args = parser.parse_args(argv)
    part, parts = map(int, args.part.split("/"))
    counts, names, missing = Counter(), set(), []
    told = set()
    for op, found in operators_of(args.names, part - 1, parts):
        if not found:
            missing.append(op)
            continue
        names.add(op)
        for case in run(op, found, args.limit):
            counts[case.kind] += 1
            if case.kind == "DISAGREES" and (op, case.label, case.detail[:60]) not in told:
                told.add((op, case.label, case.detail[:60]))
                print(f"{op} as {case.label} ({case.dtype}): {case.detail}\n    {case.inputs}")
    print(
        f"{len(names)} operators, {sum(counts.values())} cases; {len(missing)} without a counterpart"
    )
    for kind, count in counts.most_common():
        print(f"{count:7} {kind}")
    return 1 if counts["DISAGREES"] else 0


if __name__ == "__main__":
    sys.exit(main())
