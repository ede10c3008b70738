"""A sample of PyTorch's operator cases; ``python -m tests.opinfo`` runs them all."""

import pytest

pytestmark = pytest.mark.torch

PARTS = 12


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.filterwarnings("ignore")  # PyTorch's, of its own cases
def test_the_operators_agree_but_for_what_is_known(torch, part):
    from tests.opinfo.run import operators_of, run

    wrong, count = [], 0
    for name, found in operators_of(part=part, parts=PARTS):
        for case in (
            run(name, found, 4, (torch.float64, torch.int64), references=False) if found else ()
        ):
            count += case.kind == "agrees"
            if case.kind == "DISAGREES":
                wrong.append(f"{name} as {case.label} of {case.inputs}: {case.detail}")
    assert not wrong, "\n".join(wrong)
    assert count > 200


@pytest.mark.filterwarnings("ignore")
def test_what_has_no_counterpart_is_listed_with_its_reason(torch):
    from tests.opinfo.known import KNOWN, MISSING
    from tests.opinfo.run import operators_of

    there = dict(operators_of())
    missing = {name for name, found in there.items() if found is None}
    assert missing == MISSING.keys() & there.keys()
    plain = {name.partition("/")[0] for name in there} | there.keys()
    assert KNOWN.keys() <= plain and MISSING.keys() <= there.keys()


@pytest.mark.parametrize(
    ("break_it", "kind"),
    [(lambda f: lambda x: f(x) * 1.001, "values"), (lambda f: lambda x: f(x.detach()), "gradient"),
     (lambda f: lambda x: f(x).astype("float32"), "dtype"), (lambda f: lambda x: (f(x),), "outputs"),
     (lambda f: lambda x: f(x) + (x - x.detach()) ** 3, None),
     (lambda f: lambda x: f(x) + (x - x.detach()) ** 2, "second derivative"),
     (lambda f: lambda x: x.no_such_thing, "internal error")],
)  # fmt: skip
def test_a_wrong_operator_is_found(torch, break_it, kind):
    from tests.opinfo.cases import operators, spellings
    from tests.opinfo.judge import judge

    (op,) = [op for op in operators() if op.name == "exp"]
    _, ours, theirs = spellings(op)[0]
    samples = list(op.sample_inputs("cpu", torch.float64, requires_grad=True))
    found = {judge(op, break_it(ours), theirs, sample, torch).kind for sample in samples}
    assert found - {"agrees"} == ({kind} if kind else set())  # of nothing, all agrees
