"""What findings and penalties of a party come to together. Pure; signs to look at, no proof."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from libs.common.procedure import Taken
from libs.common.screening import (
    DOWNGRADE_SIGNS,
    Accumulation,
    Amount,
    DowngradeSign,
    PartyKey,
    Penalty,
    PenaltyFacts,
    Repeat,
    Screening,
    accumulated,
    canonical,
    downgrade_signs,
    repeats,
    screen,
)
from services.cases.domain import Case
from services.cases.procedures.suspicion import finding_of
from services.cases.views.screening import FoundRow, PenaltyRow

REPORT: Final = "w8"
"""Monitoring and test reports, identifications: the register has no narrower kind."""


def split_amounts(rows: Iterable[FoundRow]) -> tuple[Accumulation, ...]:
    """Amounts of one party that stay below a threshold each and come near to it together.

    Of one case and day only the largest value counts: two reports on one heap are not added up.
    """
    groups: dict[tuple[object, ...], list[Amount]] = defaultdict(list)
    for row in rows:
        finding = finding_of(row.entry)
        if finding.is_measured and row.party:
            same = (finding.kind, finding.conduct, canonical(finding.of), finding.base_unit)
            place = (row.party, row.case, row.conducted_on, *same, canonical(finding.substance))
            amount = Amount(str(row.case), PartyKey(row.party), row.conducted_on, finding)
            groups[place].append(amount)
    return accumulated(max(each, key=_quantity) for each in groups.values())


def _quantity(amount: Amount) -> tuple[object, ...]:
    finding = amount.finding
    return finding.quantity, finding.unit, str(finding.value), finding.evidence


def repeated(rows: Iterable[PenaltyRow], on: date) -> tuple[Repeat, ...]:
    """Penalties in effect within two years before an act of a day (ECI23 art. 19)."""
    return repeats(
        [
            Penalty(str(row.act), PartyKey(row.party), row.kind, row.in_effect_on)
            for row in rows
            if row.kind is not None and row.in_effect_on is not None
        ],
        on,
    )


def screened_again(repeat: Repeat) -> Screening:
    """What a repetition comes to under the criteria of the day of the new act."""
    return screen([repeat.finding], on=repeat.conduct_on)


def days_of(rows: Iterable[FoundRow]) -> Sequence[date]:
    """The days of the conduct that was found, each once."""
    return sorted({row.conducted_on for row in rows})


def last_decision(case: Case) -> Taken | None:
    """The last penalty decided in a case that stands."""
    decided = (
        taken
        for each in case.proceedings
        if each.procedure == "penalty"
        if (taken := each.last("decide_penalty"))
    )
    return max(decided, key=lambda each: (each.happened_at, each.act), default=None)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a case for the six signs; None where nobody said."""

    facts: PenaltyFacts
    known: frozenset[DowngradeSign]

    def holds(self, sign: DowngradeSign) -> bool | None:
        """Whether a sign holds; None where that is not known."""
        return sign in downgrade_signs(self.facts) if sign in self.known else None


def signs_of(
    decision: Taken | None,
    screenings: Iterable[Screening],
    split: Iterable[Accumulation],
    found: Sequence[FoundRow],
    *,
    prior_penalties: int | None,
) -> Known:
    """The six signs of 降格处理 as far as the facts are known.

    Args:
        decision: on the penalty, where there is one.
        screenings: of the case.
        split: amounts of its parties over their cases.
        found: in the case.
        prior_penalties: of its parties; None where they cannot be compared.
    """
    outcomes = [each for screening in screenings for each in screening.outcomes]
    outcomes += [each.outcome for each in split]
    ratios = [each.ratio for each in outcomes if each.ratio is not None]
    said = decision.facts if decision else {}
    fine, least = said.get("fine_yuan"), said.get("minimum_yuan")
    has_report = any(row.entry.source.kind == REPORT for row in found)
    facts = PenaltyFacts(
        has_collective_discussion=bool(said.get("collective")),
        has_serious_circumstances=bool(said.get("serious")),
        highest_ratio=max(ratios, default=None),
        prior_penalties=prior_penalties or 0,
        fine_cny=fine,
        fine_minimum_cny=least,
        has_appraisal=has_report,
    )
    known = {
        DowngradeSign.COLLECTIVE_DISCUSSION: said.get("collective") is not None,
        DowngradeSign.SERIOUS_CIRCUMSTANCES: said.get("serious") is not None,
        DowngradeSign.NEAR_CRIMINAL_STANDARD: bool(found),
        DowngradeSign.SEVERAL_PRIOR_PENALTIES: prior_penalties is not None,
        DowngradeSign.FINE_BELOW_MINIMUM: fine is not None and least is not None,
        DowngradeSign.APPRAISAL: has_report,
    }
    return Known(facts, frozenset(sign for sign in DOWNGRADE_SIGNS if known[sign]))
