"""From findings to a suspicion: what the platform says of them, and to which transfer.

A hit is a reason for a person to look, never proof, and what is near is no crime; nothing here
transfers anything.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final
from uuid import UUID

from libs.common.contracts import Form
from libs.common.contracts.cases.penalty import FindingEntry, RecordFindings
from libs.common.contracts.cases.transfer import CriterionOutcome, RaiseSuspicion
from libs.common.contracts.procedure import Document
from libs.common.errors import BodyInvalid
from libs.common.procedure import Causes, Reach, Setting
from libs.common.screening import (
    AmountWrong,
    Finding,
    FindingInvalid,
    Grade,
    Outcome,
    Screening,
    UnitWrong,
    screen,
)
from services.cases.procedures.transfer import UNDER_WAY

_UNDER_WAY: Final = frozenset(state.code for state in UNDER_WAY)
_RULES: Final[Mapping[type[FindingInvalid], tuple[str, str]]] = {
    UnitWrong: ("unit", "unit_of_kind"),
    AmountWrong: ("value", "value_of_kind"),
}


def finding_of(entry: FindingEntry) -> Finding:
    """An entry of the form as screening takes it.

    Raises:
        FindingInvalid: unit or value do not fit the kind.
    """
    return Finding(
        entry.kind,
        None if entry.value is None else Decimal(entry.value),
        entry.unit or "",
        substance=entry.substance or "",
        of=entry.of or "",
        conduct=entry.conduct,
        evidence=tuple(sorted(set(entry.evidence))),
    )


def screened(entries: Iterable[FindingEntry], on: date) -> Screening:
    """Entries held against the criteria of the day of the conduct."""
    return screen([finding_of(each) for each in entries], on=on)


def raised(act: UUID, form: Form, setting: Setting) -> RaiseSuspicion | None:
    """What opens a transfer in suspicion; None where one is under way already, or for nothing."""
    suspicion = _suspicion(act, form, setting)
    under_way = any(
        each.procedure == "transfer" and each.state in _UNDER_WAY for each in setting.proceedings
    )
    return None if under_way else suspicion


def added(act: UUID, form: Form, setting: Setting) -> RaiseSuspicion | None:
    """What is added to a transfer that is under way; None for nothing."""
    return _suspicion(act, form, setting)


# First what is under way, so that nothing is added to what the same findings open.
CAUSES: Final = (
    Causes("transfer", "add_outcomes", Reach.CASE, makes=added),
    Causes("transfer", "raise_suspicion", Reach.OPENS, parts={"sender": "agency"}, makes=raised),
)


def _suspicion(act: UUID, form: Form, setting: Setting) -> RaiseSuspicion | None:
    assert isinstance(form, RecordFindings), "findings are screened"
    _check(form, setting)
    screening = screened(form.findings, form.conducted_on)
    if not screening.raises_suspicion:
        return None
    outcomes = screening.outcomes
    return RaiseSuspicion(
        act=act,
        grade=Grade.HIT if screening.hits else Grade.NEAR,
        conducted_on=form.conducted_on,
        outcomes=tuple(_said(each, form.findings) for each in outcomes),
    )


def _check(form: RecordFindings, setting: Setting) -> None:
    """Raise what is wrong with the findings, each with field and rule.

    Raises:
        BodyInvalid: a unit or a value does not fit, or the conduct lies in the future.
    """
    errors = list(_errors(form.findings, form.conducted_on))
    if form.conducted_on > setting.now.astimezone(setting.zone).date():
        errors.append(_error("conducted_on", "not_in_future", "行为之日不能晚于今天"))
    if errors:
        raise BodyInvalid(errors=errors)


def _errors(entries: Sequence[FindingEntry], on: date) -> Iterator[dict[str, str]]:
    for number, entry in enumerate(entries):
        try:
            # Alone: what a criterion is not measured in shows only against the criterion.
            screen([finding_of(entry)], on=on)
        except FindingInvalid as error:
            field, rule = _RULES[type(error)]
            yield _error(f"findings.{number}.{field}", rule, str(error))


def _error(field: str, rule: str, reason: str) -> dict[str, str]:
    return {"field": f"form.{field}", "rule": rule, "reason": reason}


def _said(outcome: Outcome, entries: Iterable[FindingEntry]) -> CriterionOutcome:
    return CriterionOutcome(
        criterion=outcome.criterion.id,
        grade=outcome.grade,
        tier=outcome.criterion.tier,
        value=exact(outcome.value),
        unit=outcome.unit or None,
        threshold=exact(outcome.threshold),
        confidence=outcome.confidence,
        evidence=outcome.evidence,
        sources=sources_of(outcome, entries),
    )


def sources_of(outcome: Outcome, entries: Iterable[FindingEntry]) -> tuple[Document, ...]:
    """The documents on which an outcome rests, each once."""
    resting = (each.source for each in entries if finding_of(each) in outcome.findings)
    return tuple({each.digest: each for each in resting}.values())


def exact(number: Fraction | None) -> str | None:
    """A figure without rounding: as a decimal where it ends, else as a fraction."""
    if number is None:
        return None
    rest, twos, fives = number.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    places = max(twos, fives)
    if rest != 1:
        return f"{number.numerator}/{number.denominator}"
    if not places:
        return str(number.numerator)
    digits = str(number.numerator * 10**places // number.denominator).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}"
