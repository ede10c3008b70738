"""Is a gradient rule right? Differences, and what they mean at kinks, jumps and borders."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd import text
from autograd.gradcheck.guess import guess
from autograd.gradcheck.numeric import (
    STEP,
    Differences,
    Slopes,
    is_limit,
    one_sided_slopes,
    several_differences,
    slopes_by_width,
)

__all__ = ["Case", "Finding", "Trial", "judge"]

_ATOL, _RTOL = 1e-6, 1e-5

#: The neighbours of larger numbers lie too far apart for differences.
_LARGEST = 1e12

_STEP = text.number(STEP)

#: Kinds of slopes; where two are seen, the later one counts.
_KINDS = ("smooth", "kink", "vertical", "jump", "border")

Index = tuple[int, ...]


class Finding:
    """The verdict on one gradient rule.

    Attributes:
        name: the input that the rule is for.
        verdict: ``"right"``, ``"wrong"``, ``"kink"`` (a jump, too: there is no gradient there),
            ``"border"`` (of the domain: the function is not finite on one side or both) or
            ``"unknown"`` if it cannot be tried.
        index: the worst element, the kink or the border; ``rule`` and ``numerical`` are the values
            there.
        slopes: at a kink or border, the slopes of both sides.
        more: at how many other elements it is the same.
        random: True if it shows with a random incoming gradient only, not with that of the step.
        reason: what else there is to say.
    """

    def __init__(
        self,
        name: str,
        verdict: str,
        index: Index = (),
        rule: float = math.nan,
        numerical: float = math.nan,
        slopes: Slopes | None = None,
        reason: str = "",
    ) -> None:
        self.name = name
        self.verdict = verdict
        self.index = index
        self.rule = rule
        self.numerical = numerical
        self.slopes = slopes
        self.more = 0
        self.random = False
        self.reason = reason

    def sentence(self) -> str:
        """The verdict in words, without the reason."""
        place = text.at(self.index) or "the only element"
        more = f" (and at {self.more} more)" if self.more else ""
        rule = text.number(self.rule)
        if self.verdict == "wrong" and math.isnan(self.rule) and math.isnan(self.numerical):
            return f"the rule for {self.name} is WRONG"
        if self.verdict == "wrong":
            return (
                f"the rule for {self.name} is WRONG at {place}: it gives "
                f"{text.number(self.rule, 8)}, differences give {text.number(self.numerical, 8)}"
            )
        if self.verdict == "border":
            return (
                f"border of the domain for {self.name} at {place}{more}: {self._sides()}; the rule "
                f"gives {rule}. Nothing to compare with"
            )
        if self.slopes is not None and self.slopes.kind == "vertical":
            return (
                f"infinitely steep for {self.name} at {place}{more}: "
                f"slope {text.number(self.slopes.right)} {_STEP} away, and more the closer; the "
                f"rule gives {rule}"
            )
        if self.slopes is not None and self.slopes.kind == "jump":
            return (
                f"jump for {self.name} at {place}{more}: the value itself jumps there, so it has "
                f"no slope; the rule gives {rule}"
            )
        if self.slopes is not None:
            return (
                f"kink for {self.name} at {place}{more}: slope {text.number(self.slopes.left)} on "
                f"the left, {text.number(self.slopes.right)} on the right; the rule gives "
                f"{rule}. No side is wrong"
            )
        if self.verdict == "unknown":
            return f"the rule for {self.name} could not be tried"
        return f"the rule for {self.name} is right"

    def _sides(self) -> str:
        left, right = (self.slopes.left, self.slopes.right) if self.slopes else (math.nan,) * 2
        sides = [
            f"slope {text.number(slope)} at {_STEP} to its {side}"
            if math.isfinite(slope)
            else f"no finite value to its {side}"
            for slope, side in ((left, "left"), (right, "right"))
        ]
        if not (math.isfinite(left) or math.isfinite(right)):
            return "no finite value on either side"
        return ", ".join(sides)


class Trial(NamedTuple):
    """An incoming gradient and what the rules make of it.

    Attributes:
        weights: float64, one array for each output that counts.
        got: the gradients, one for each input looked at.
        random: True if it was drawn at random, False if it is that of the step.
    """

    weights: Sequence[Any]
    got: Sequence[Any]
    random: bool


class Case(NamedTuple):
    """What the rules of a step are tried on.

    Attributes:
        function: float64 arrays in, the outputs that count out.
        rules: an incoming gradient in, the gradients of ``arrays`` out.
        arrays: the inputs to differentiate by.
        trials: the incoming gradients to try.
        limit: how many elements of each input to look at.
        symmetric: True if only the symmetric part of a gradient means anything.
        finite: True if all inputs and outputs are finite.
        tame: True if those that are finite are so far from overflow and underflow that products of
            them are, too; elsewhere differences tell little, and nothing is called wrong.
    """

    function: Callable[..., Sequence[Any]]
    rules: Callable[[Sequence[Any]], list[Any]]
    arrays: Sequence[Any]
    trials: Sequence[Trial]
    limit: int
    symmetric: bool
    finite: bool
    tame: bool


def judge(case: Case, place: int, name: str, also: Sequence[Index] = ()) -> Finding:
    """The verdict on the rule for one of the inputs: the first trial in which it is wrong, if any.

    Args:
        case, place, name: what is tried, which of its arrays, and what that is called.
        also: elements to look at besides those that are chosen.
    """
    shape = case.arrays[place].shape
    for trial in case.trials:
        if trial.got[place].shape != shape:
            return Finding(
                name, "wrong",
                reason=f"it gives shape {trial.got[place].shape}; the input has shape {shape}",
            )  # fmt: skip
    looked_at = _chosen([trial.got[place] for trial in case.trials], case.limit)
    looked_at = list(dict.fromkeys([*also, *looked_at]))
    if case.symmetric:
        looked_at = list(dict.fromkeys(i for j in looked_at for i in (j, (*j[:-2], j[-1], j[-2]))))
    indices = [index for index in looked_at if math.isfinite(case.arrays[place][index])]
    measured = several_differences(
        case.function, case.arrays, [trial.weights for trial in case.trials], place, indices=indices
    )
    findings = []
    for trial, differences in zip(case.trials, measured, strict=True):
        finding = _Judgement(case, trial, place, name, differences).of(indices, len(looked_at))
        if finding.verdict == "wrong":
            finding.random = trial.random
            if trial.random:
                finding.reason = "\n".join(
                    filter(None, ["it shows with a random incoming gradient", finding.reason])
                )
            return finding
        findings.append(finding)
    return findings[0]


def _chosen(gradients: Sequence[Any], limit: int) -> list[Index]:
    """The elements to look at: those with the largest gradients, and others at random."""
    shape, size = gradients[0].shape, gradients[0].size
    if size <= limit:
        return list(np.ndindex(shape))
    each = limit // (2 * len(gradients))
    flat: dict[int, None] = {}
    for gradient in gradients:
        magnitude = np.where(np.isnan(gradient), np.inf, np.abs(gradient))
        flat |= dict.fromkeys(np.argsort(-magnitude, axis=None, kind="stable")[:each].tolist())
    others = np.random.default_rng(0).choice(size, limit - each * len(gradients), replace=False)
    flat |= dict.fromkeys(others.tolist())
    return [tuple(int(n) for n in np.unravel_index(k, shape)) for k in flat]


class _Judgement:
    """One rule in one trial."""

    def __init__(
        self, case: Case, trial: Trial, place: int, name: str, differences: Differences
    ) -> None:
        self.case, self.trial, self.place, self.name = case, trial, place, name
        self.got, self.right, self.doubt = trial.got[place], differences.slopes, differences.doubts
        self.bends = differences.bends
        if case.symmetric:
            self.got, self.right, self.doubt = (
                (a + np.swapaxes(a, -1, -2)) / 2 for a in (self.got, self.right, self.doubt)
            )
        self.odd = np.zeros(self.got.shape, bool)  # where the numerical gradient means nothing
        self.special: dict[str, list[Finding]] = {"kink": [], "border": []}
        self.untold = 0

    def of(self, indices: Sequence[Index], looked_at: int) -> Finding:
        """The verdict from these elements; others cannot be moved."""
        suspects = [suspect for index in indices if (suspect := self._suspicion(index)) is not None]
        for _, index in sorted(suspects, reverse=True):
            slope = self._settled(index)
            if slope is None:
                self.untold += 1
            elif not self._fits(index, slope) and not self._is_limit(index, slope):
                finding = Finding(self.name, "wrong", index, float(self.got[index]), slope)
                finding.reason = self._why(looked_at)
                return finding
        for found in self.special.values():
            if found:
                found[0].more = len(found) - 1
                return found[0]
        return self._right(len(indices), looked_at)

    def _suspicion(self, index: Index) -> tuple[float, Index] | None:
        """How far off an element seems to be, if it does."""
        mine, numerical = float(self.got[index]), float(self.right[index])
        allowed = _ATOL + _RTOL * abs(numerical) + float(self.doubt[index])
        off = abs(mine - numerical)
        fits = off <= allowed
        if fits and abs(self.bends[index]) <= 1e-3 * max(1.0, abs(numerical)):
            return None
        slopes = self._sides(self.trial.weights, index)
        self.odd[index] = slopes.kind != "smooth"
        finding = Finding(self.name, "kink", index, mine, numerical, slopes)
        if slopes.kind == "border":
            finding.verdict = "border"
            self.special["border"].append(finding)
        elif slopes.kind in ("jump", "vertical") or slopes.admits(mine, allowed):
            self.special["kink"].append(finding)
        elif not fits and not math.isfinite(mine) and self._is_excused(index):
            self.untold += 1
        elif not fits:
            return (math.inf if math.isnan(off) else off / allowed), index
        return None

    def _is_excused(self, index: Index) -> bool:
        """Is it 0 × ∞: from an element that is left out, or where the function has no slope?"""
        case = self.case
        return not case.finite or self._sides(case.trials[-1].weights, index).kind != "smooth"

    def _sides(self, weights: Sequence[Any], index: Index) -> Slopes:
        """The slopes on both sides; of a symmetric matrix the mean of an element and its mirror image.

        Functions of such matrices read one triangle: from the other nothing is to be seen.
        """
        case = self.case
        slopes = one_sided_slopes(case.function, case.arrays, weights, self.place, index)
        if not case.symmetric or index[-1] == index[-2]:
            return slopes
        mirrored = (*index[:-2], index[-1], index[-2])
        other = one_sided_slopes(case.function, case.arrays, weights, self.place, mirrored)
        left, right, low, high = (
            (getattr(slopes, name) + getattr(other, name)) / 2
            for name in ("left", "right", "low", "high")
        )
        return Slopes(left, right, max(slopes.kind, other.kind, key=_KINDS.index), low, high)

    def _is_limit(self, index: Index, slope: float) -> bool:
        """Is the rule's number the slope just beside this point?"""
        mine = float(self.got[index])
        return is_limit(
            self.case.function, self.case.arrays, self.trial.weights, self.place, index, mine, slope
        )

    def _fits(self, index: Index, slope: float, doubt: float = 0.0) -> bool:
        return abs(float(self.got[index]) - slope) <= _ATOL + _RTOL * abs(slope) + doubt

    def _settled(self, index: Index) -> float | None:
        """The slope by an element under suspicion, measured with care; None if it can't be told.

        It is the rule's own if any width of the step gives that, or else what two widths agree on.
        """
        case, arrays = self.case, self.case.arrays
        if abs(float(arrays[self.place][index])) > _LARGEST or not case.tame:
            return None
        places = [index]
        if case.symmetric:
            places.append((*index[:-2], index[-1], index[-2]))
        measured = [
            slopes_by_width(case.function, arrays, self.trial.weights, self.place, at)
            for at in places
        ]
        mine, last, agreed = float(self.got[index]), math.nan, None
        off = abs(mine - float(self.right[index]))
        for widths in zip(*measured, strict=False):
            slope, doubt = (sum(numbers) / len(widths) for numbers in zip(*widths, strict=True))
            if doubt > 0.1 * off or not math.isfinite(slope):
                continue
            if self._fits(index, slope, doubt):
                return mine
            near = min(0.1 * abs(mine - slope), _ATOL + 0.05 * max(abs(slope), abs(last)))
            if not math.isfinite(mine):
                near = _ATOL + 0.05 * max(abs(slope), abs(last))
            if agreed is None and abs(slope - last) <= near + doubt:
                agreed = slope
            last = slope
        return agreed

    def _why(self, looked_at: int) -> str:
        """The simple mistake that explains the numbers, if one does."""
        drawn = self.case.trials[-1]  # constant ones look like their mean
        weights, got = drawn.weights, drawn.got[self.place]
        if np.any(got):
            if self._same_with([2.0 * w for w in weights]):
                return "the incoming gradient is not used: multiply by it"
            if got.shape == weights[0].shape and got.size > 1:
                if self._same_with([np.full_like(w, w.mean()) for w in weights]):
                    return "it uses the mean (or sum) of the incoming gradient, not each element"
        smooth = np.where(self.odd, 0.0, self.got)
        if looked_at < self.got.size or (np.any(self.got) and not np.any(smooth)):
            return ""  # a part of the numbers says nothing of the whole
        return guess(smooth, np.where(self.odd, 0.0, self.right))

    def _same_with(self, weights: Sequence[Any]) -> bool:
        """Does the rule give what it gave for the random gradient?"""
        again, first = self.case.rules(weights)[self.place], self.case.trials[-1].got[self.place]
        return bool(np.allclose(again, first, rtol=1e-9, atol=0.0))

    def _right(self, moved: int, looked_at: int) -> Finding:
        size = self.got.size
        untried = looked_at - moved + self.untold
        why = (
            "their differences tell nothing" if self.case.finite else
            "they, or what is made of them, are not finite"
        )  # fmt: skip
        if untried and untried == looked_at:
            return Finding(self.name, "unknown", reason=f"all {untried} elements: {why}")
        said = [] if looked_at == size else [f"{looked_at} of {size} elements looked at"]
        if untried:
            said.append(f"{untried} of {looked_at} elements could not be tried: {why}")
        return Finding(self.name, "right", reason="\n".join(said))
