"""Findings of one case held against the criteria of the day of the conduct.

A hit is a reason to report for transfer, never proof; what is near is shown so that a person looks.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from itertools import chain
from typing import Final

from libs.common.law import Confidence
from libs.common.screening.criteria import (
    Condition,
    Criterion,
    Tier,
    Way,
    canonical,
    doubt_on,
    in_force_on,
)
from libs.common.screening.findings import Finding

NEAR: Final = Fraction(8, 10)
"""From this part of a threshold on a value is shown (existing platforms: 80 %; DESIGN)."""


class Grade(StrEnum):
    """How close the findings come to a criterion."""

    HIT = "hit"
    NEAR = "near"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way of one criterion that the findings meet or come near to."""

    grade: Grade
    criterion: Criterion
    way: Way
    findings: tuple[Finding, ...]
    """What it rests on."""
    value: Fraction | None = None
    """What was found, in `unit`, exactly; None where only facts are asked for."""
    note: str = ""
    """A doubt of its own, in Chinese, for example that amounts were added up."""

    @property
    def unit(self) -> str:
        """The unit of the value and of the threshold; empty where only facts are asked for."""
        return self.way.measure.unit if self.way.measure else ""

    @property
    def threshold(self) -> Fraction | None:
        """The figure of the law, itself included."""
        return self.way.measure.at if self.way.measure else None

    @property
    def ratio(self) -> Fraction | None:
        """The value over the threshold, exactly; 1 and more is a hit."""
        return self.value / self.threshold if self.threshold and self.value is not None else None

    @property
    def evidence(self) -> tuple[str, ...]:
        """The digests of the evidence of all findings it rests on, each once, in order."""
        return tuple(sorted({digest for each in self.findings for digest in each.evidence}))

    @property
    def confidence(self) -> Confidence:
        """How well the rule is known that leads here; DESIGN where the reading is ours."""
        return Confidence.DESIGN if self.note else self.way.confidence

    @property
    def doubt(self) -> str:
        """What is uncertain, in Chinese; empty if nothing is."""
        return "".join(dict.fromkeys(filter(None, (self.way.doubt, self.note))))

    @property
    def sentence(self) -> str:
        """The outcome as one Chinese sentence with citation, text, value, threshold and ratio."""
        law = f"{self.criterion.law.citation}：{self.criterion.text}"
        if self.ratio is None or self.value is None or self.threshold is None:
            return f"符合{law}。"
        what = "达到" if self.grade is Grade.HIT else "接近"
        found, line = f"{_say(self.value)}{self.unit}", f"{_say(self.threshold)}{self.unit}"
        return f"{what}{law}。实测{found}，标准{line}，为标准的{int(self.ratio * 100)}%。"


@dataclass(frozen=True, slots=True)
class Screening:
    """The answer for one case: what is met, what is near, what fits no criterion."""

    on: date
    outcomes: tuple[Outcome, ...]
    """Hits and near values, in the order of the law."""
    unmatched: tuple[Finding, ...]
    """Findings that no criterion in force asks for: a word may be wrong, a person must look."""
    is_rule_held: bool
    """False for conduct before the earliest text we hold: nothing is claimed then."""
    doubt: str
    """What is uncertain about the criteria of that day, to be shown with every outcome."""

    @property
    def hits(self) -> tuple[Outcome, ...]:
        """The criteria that are met."""
        return tuple(each for each in self.outcomes if each.grade is Grade.HIT)

    @property
    def near(self) -> tuple[Outcome, ...]:
        """The criteria that are at 80 % and more, but not met."""
        return tuple(each for each in self.outcomes if each.grade is Grade.NEAR)

    @property
    def raises_suspicion(self) -> bool:
        """Whether anything but a circumstance of art. 5 is met or near."""
        return any(each.criterion.tier is not Tier.AGGRAVATING for each in self.outcomes)


def screen(findings: Iterable[Finding], *, on: date) -> Screening:
    """Hold the findings of one case against the criteria in force on the day of the conduct.

    Each measured finding is judged by itself: two reports on one heap of waste are not added up.
    Amounts of several acts are `accumulated`.

    Args:
        findings: In any order; equal ones count once.
        on: The day of the conduct in the zone of the law.

    Returns:
        Hits and near values with criterion, value, unit, threshold, ratio, evidence and article
        (ECI23; the figure itself is included in 以上); before the earliest text that is held
        nothing but `is_rule_held` False and the doubt that says so.

    Raises:
        UnitWrong: A value is in a unit that the criterion it belongs to is not measured in.
    """
    found = in_order(findings)
    criteria = in_force_on(on)
    outcomes = tuple(chain.from_iterable(outcomes_of(criterion, found) for criterion in criteria))
    unmatched = tuple(each for each in found if not _is_asked_for(each, criteria))
    return Screening(on, outcomes, unmatched if criteria else (), bool(criteria), doubt_on(on))


def outcomes_of(criterion: Criterion, findings: Sequence[Finding]) -> tuple[Outcome, ...]:
    """Return what the findings, already in order, amount to under one criterion."""
    of_conduct = [each for each in findings if each.conduct is criterion.conduct]
    return tuple(
        chain.from_iterable(_outcomes_of_way(criterion, way, of_conduct) for way in criterion.ways)
    )


def grade_of(value: Fraction, threshold: Fraction) -> Grade | None:
    """Return how close a value is to a threshold; None below 80 % of it."""
    if value >= threshold:
        return Grade.HIT
    return Grade.NEAR if value >= NEAR * threshold else None


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings in one order, whatever order they came in, equal ones once."""
    return tuple(sorted(set(findings), key=_place))


def _place(finding: Finding) -> tuple[str, ...]:
    amount = f"{finding.quantity.numerator:030}/{finding.quantity.denominator}"
    names = (finding.kind, finding.conduct, finding.of, finding.substance, finding.unit)
    return (*names, amount, repr(finding.value), *finding.evidence)


def _outcomes_of_way(
    criterion: Criterion, way: Way, findings: Sequence[Finding]
) -> Iterable[Outcome]:
    seen = [_fitting(condition, findings) for condition in way.facts]
    if not all(seen):
        return
    facts = in_order(chain.from_iterable(seen))
    if way.measure is None:
        yield Outcome(Grade.HIT, criterion, way, facts)
        return
    for largest in _largest_of_each(_fitting(way.measure, findings)):
        value = largest[0].quantity
        assert way.measure.at is not None
        if grade := grade_of(value, way.measure.at):
            yield Outcome(grade, criterion, way, in_order((*facts, *largest)), value)


def _fitting(condition: Condition, findings: Sequence[Finding]) -> list[Finding]:
    return [each for each in findings if condition.fits(each)]


def _largest_of_each(measured: Sequence[Finding]) -> list[list[Finding]]:
    # Lead and mercury are two outcomes; two samples of lead are one, by the higher.
    groups: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for each in measured:
        groups[canonical(each.of), canonical(each.substance)].append(each)
    return [
        [each for each in group if each.quantity == max(one.quantity for one in group)]
        for _, group in sorted(groups.items())
    ]


def _is_asked_for(finding: Finding, criteria: Iterable[Criterion]) -> bool:
    return any(
        condition.fits(finding)
        for criterion in criteria
        if criterion.conduct is finding.conduct
        for way in criterion.ways
        for condition in way.conditions
    )


def _say(number: Fraction) -> str:
    if number.denominator == 1:
        return str(number.numerator)
    # Cut, not rounded: a value just below a threshold must not read as the threshold.
    return f"{number.numerator * 10_000 // number.denominator / 10_000}"
