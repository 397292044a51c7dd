"""降格处理: the six signs that a crime may have been settled with a fine, to be combined at will.

The signs are those of an existing platform (procedure.md (g)-1), not of the law: they choose cases
for a person to read and prove nothing.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from libs.common.law import Confidence
from libs.common.screening.outcomes import NEAR


@dataclass(frozen=True, slots=True)
class PenaltyFacts:
    """What is known of a case that ended, or is about to end, with a penalty."""

    has_collective_discussion: bool = False
    has_serious_circumstances: bool = False
    highest_ratio: Fraction | None = None
    """The highest ratio of an outcome of `screen` or `accumulated`; None if none is measured."""
    prior_penalties: int = 0
    fine_cny: Decimal | int | None = None
    fine_minimum_cny: Decimal | int | None = None
    """The least that the law provides for this act; None if it is not known."""
    has_appraisal: bool = False


class DowngradeSign(StrEnum):
    """One of the six signs."""

    COLLECTIVE_DISCUSSION = "collective_discussion"
    SERIOUS_CIRCUMSTANCES = "serious_circumstances"
    NEAR_CRIMINAL_STANDARD = "near_criminal_standard"
    SEVERAL_PRIOR_PENALTIES = "several_prior_penalties"
    FINE_BELOW_MINIMUM = "fine_below_minimum"
    APPRAISAL = "appraisal"


@dataclass(frozen=True, slots=True)
class SignRow:
    """How a sign reads, and when it holds."""

    title: str
    title_en: str
    holds: Callable[[PenaltyFacts], bool]
    confidence: Confidence = Confidence.DESIGN


def _is_below_minimum(facts: PenaltyFacts) -> bool:
    if facts.fine_cny is None or facts.fine_minimum_cny is None:
        return False
    return facts.fine_cny < facts.fine_minimum_cny


DOWNGRADE_SIGNS: Final[Mapping[DowngradeSign, SignRow]] = MappingProxyType(
    {
        DowngradeSign.COLLECTIVE_DISCUSSION: SignRow(
            "经集体讨论",
            "discussed collectively",
            lambda facts: facts.has_collective_discussion,
        ),
        DowngradeSign.SERIOUS_CIRCUMSTANCES: SignRow(
            "情节严重",
            "serious circumstances",
            lambda facts: facts.has_serious_circumstances,
        ),
        DowngradeSign.NEAR_CRIMINAL_STANDARD: SignRow(
            "数额达到刑事标准80%以上",
            "at 80 % of the criminal standard or more",
            lambda facts: facts.highest_ratio is not None and facts.highest_ratio >= NEAR,
        ),
        DowngradeSign.SEVERAL_PRIOR_PENALTIES: SignRow(
            "曾受一次以上行政处罚",
            "more than one penalty before",
            lambda facts: facts.prior_penalties > 1,
        ),
        DowngradeSign.FINE_BELOW_MINIMUM: SignRow(
            "罚款低于法定下限",
            "fined below the statutory minimum",
            _is_below_minimum,
        ),
        DowngradeSign.APPRAISAL: SignRow(
            "已作鉴定",
            "appraisal done",
            lambda facts: facts.has_appraisal,
        ),
    }
)


def downgrade_signs(facts: PenaltyFacts) -> tuple[DowngradeSign, ...]:
    """Return the signs that hold, in the order of the table; an unknown amount is no sign."""
    return tuple(sign for sign, row in DOWNGRADE_SIGNS.items() if row.holds(facts))


def shows_all(facts: PenaltyFacts, wanted: Collection[DowngradeSign]) -> bool:
    """Whether every wanted sign holds: the combination that somebody searches for.

    Raises:
        ValueError: Nothing is wanted; every case would fit.
    """
    if not wanted:
        raise ValueError("a search names one sign at least")
    return set(wanted) <= set(downgrade_signs(facts))
