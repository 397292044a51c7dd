"""Findings raise a suspicion, or do not: given findings, when they are recorded, then events."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction
from itertools import count
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from libs.common.agencies import Duty
from libs.common.contracts import Form, Sealed
from libs.common.contracts.cases import penalty, transfer
from libs.common.contracts.cases.forms import ReasonedDecision
from libs.common.contracts.procedure import ActAnnulled, AnnulAct, Document, NoticeOwed, StepTaken
from libs.common.errors import BodyInvalid, Forbidden, StepNotOpen
from libs.common.law import Confidence
from libs.common.procedure import (
    ANNUL,
    By,
    Command,
    Person,
    Proceeding,
    Setting,
    decide_act,
    evolve,
    platform_itself,
)
from libs.common.screening import Grade, Kind, RepeatKind, Tier
from libs.common.worktime import Calendar, OfficialYear
from services.cases.procedures import PROCEDURES
from services.cases.procedures.suspicion import exact

ZONE = ZoneInfo("Asia/Shanghai")
CALENDAR = Calendar({2026: OfficialYear(2026, frozenset(), frozenset(), "test")})
NOW = datetime(2026, 11, 10, 9, 0, tzinfo=ZONE)
WORDS: Sealed[Any] = Sealed(id=UUID(int=7), digest="0" * 64)
OFFICER = Person("o", "eeb", frozenset({Duty.OFFICER}))
HEAD = Person("h", "eeb", frozenset({Duty.HEAD}))
WEIGHED = Document(kind="w8", digest="a" * 64)
EVIDENCE = "b" * 64
BEFORE_THE_TEXT = date(2023, 8, 14)


def filled(procedure: object, parts: Any) -> Any:  # noqa: ANN401 - a mapping of parts
    del procedure
    return {**parts, "receiver": "psb", "supervisor": "pp"}


class Desk:
    """A case on which one takes steps, with a proceeding of the penalty open."""

    def __init__(self) -> None:
        self.ids: Iterator[UUID] = (UUID(int=number) for number in count(100))
        self.proceedings: dict[UUID, Proceeding] = {}
        self.take("register_lead", penalty.RegisterLead(source="inspection"), procedure="penalty")

    def take(
        self,
        step: str,
        form: Form,
        *,
        person: Person = OFFICER,
        procedure: str = "penalty",
        **setting: Any,  # noqa: ANN401 - fields of a setting
    ) -> list[StepTaken]:
        """The steps that one act takes, its own first."""
        known = [each for each in self.proceedings.values() if each.procedure == procedure]
        surroundings = Setting(
            *(UUID(int=1), "案1号", "environment", NOW, CALENDAR, ZONE, self.ids),
            proceedings=tuple(self.proceedings.values()),
            fill=filled,
        )
        opens = not known or step == "flag_suspicion"
        command = Command(
            step,
            person,
            form,
            parts={"agency": "eeb", "sender": "eeb", "receiver": "psb", "supervisor": "pp"}
            if opens
            else {},
        )
        said = decide_act(
            PROCEDURES,
            PROCEDURES[procedure],
            None if opens else known[-1].id,
            command,
            replace(surroundings, **setting),
            platform=platform_itself("cases"),
        )
        for each in said:
            head = getattr(each.event, "head", None)
            key = head.proceeding if head else each.event.proceeding  # type: ignore[attr-defined] # every event of a procedure has it
            before = self.proceedings.get(key)
            name = before.procedure if before else head.procedure  # type: ignore[union-attr] # a step opens
            by = By(person.id, person.organ)
            self.proceedings[key] = evolve(PROCEDURES[name], before, each.id, each.event, by)
        self.notices = [each.event for each in said if isinstance(each.event, NoticeOwed)]
        self.act = said[0].id
        return [each.event for each in said if isinstance(each.event, StepTaken)]

    def record(self, *entries: penalty.FindingEntry, on: date = date(2026, 11, 1)) -> list[str]:
        self.said = self.take(
            "record_findings", penalty.RecordFindings(findings=entries, conducted_on=on)
        )
        return [each.name for each in self.said]

    def states(self) -> list[str]:
        return [each.state for each in self.proceedings.values() if each.procedure == "transfer"]


def waste(value: str, unit: str = "t") -> penalty.FindingEntry:
    return penalty.FindingEntry(
        kind=Kind.MASS,
        value=value,
        unit=unit,
        substance="危险废物",
        evidence=(EVIDENCE,),
        source=WEIGHED,
    )


def outcome(grade: Grade, value: str) -> transfer.CriterionOutcome:
    return transfer.CriterionOutcome(
        criterion="eci23.1.2",
        grade=grade,
        tier=Tier.SERIOUS,
        value=value,
        unit="t",
        threshold="3",
        confidence=Confidence.FULL,
        evidence=(EVIDENCE,),
        sources=(WEIGHED,),
    )


@pytest.mark.parametrize(
    ("value", "unit", "grade", "said"),
    [
        ("3", "t", Grade.HIT, "3"),
        ("3000", "kg", Grade.HIT, "3"),
        ("3.0000000001", "吨", Grade.HIT, "3.0000000001"),
        ("2.4", "t", Grade.NEAR, "2.4"),
        ("2999.999", "kg", Grade.NEAR, "2.999999"),
    ],
)
def test_a_hit_or_a_near_value_raises_a_suspicion(
    value: str, unit: str, grade: Grade, said: str
) -> None:
    desk = Desk()
    assert desk.record(waste(value, unit)) == ["findings_recorded", "suspicion_raised"]
    raised = desk.said[1]
    assert raised.form == transfer.RaiseSuspicion(
        act=desk.act,
        grade=grade,
        conducted_on=date(2026, 11, 1),
        outcomes=(outcome(grade, said),),
    )
    assert raised.head.parts == {"sender": "eeb", "receiver": "psb", "supervisor": "pp"}
    assert (raised.head.state, raised.head.holder) == ("SUSPECT_FLAG", "eeb")
    assert raised.head.caused_by == desk.act


@pytest.mark.parametrize("entry", [waste("2.39"), waste("2399.9", "kg")])
def test_what_is_below_raises_nothing(entry: penalty.FindingEntry) -> None:
    desk = Desk()
    assert desk.record(entry) == ["findings_recorded"]
    assert desk.states() == []


def test_of_conduct_before_the_earliest_text_nothing_is_claimed() -> None:
    assert Desk().record(waste("300"), on=BEFORE_THE_TEXT) == ["findings_recorded"]


def test_a_circumstance_alone_is_no_suspicion() -> None:
    entry = penalty.FindingEntry(kind=Kind.AGGRAVATING, of="阻挠检查或调查", source=WEIGHED)
    assert Desk().record(entry) == ["findings_recorded"]
    desk = Desk()
    desk.record(entry, waste("3"))
    form = desk.said[1].form
    assert isinstance(form, transfer.RaiseSuspicion)
    assert [each.tier for each in form.outcomes] == [Tier.SERIOUS, Tier.AGGRAVATING]


def test_more_findings_are_added_to_the_transfer_under_way() -> None:
    desk = Desk()
    desk.record(waste("2.4"))
    assert desk.record(waste("3")) == ["findings_recorded", "outcomes_added"]
    assert desk.states() == ["SUSPECT_FLAG"]
    assert desk.record(waste("1")) == ["findings_recorded"]
    team = transfer.FormTeam(officers=("o", "p"))
    desk.take("form_team", team, procedure="transfer")
    assert desk.record(waste("4")) == ["findings_recorded", "outcomes_added"]


def test_a_suspicion_that_a_person_flagged_takes_the_outcomes() -> None:
    desk = Desk()
    flag = transfer.FlagSuspicion(offence="338", ground=WORDS)
    assert [each.name for each in desk.take("flag_suspicion", flag, procedure="transfer")] == [
        "suspicion_flagged"
    ]
    assert desk.record(waste("3")) == ["findings_recorded", "outcomes_added"]


def test_after_a_dismissal_new_findings_raise_anew() -> None:
    desk = Desk()
    desk.record(waste("3"))
    dismiss = transfer.DismissSuspicion(reason=WORDS)
    desk.take("dismiss_suspicion", dismiss, person=HEAD, procedure="transfer")
    [told] = desk.notices
    assert (told.kind, told.from_organ, told.to_organ) == ("suspicion_dismissed", "eeb", "pp")
    assert desk.record(waste("3.5")) == ["findings_recorded", "suspicion_raised"]
    assert desk.states() == ["SUSPICION_DISMISSED", "SUSPECT_FLAG"]


def test_what_findings_raised_falls_with_them() -> None:
    desk = Desk()
    desk.record(waste("3"))
    taken = desk.take(ANNUL, AnnulAct(act=desk.act, reason=WORDS), person=HEAD)
    assert [type(each) for each in taken] == [ActAnnulled, ActAnnulled]
    assert desk.states() == ["ANNULLED"]


def test_a_penalising_organ_that_sends_nothing_is_raised_nothing() -> None:
    desk = Desk()
    findings = penalty.RecordFindings(findings=(waste("3"),), conducted_on=date(2026, 11, 1))
    taken = desk.take("record_findings", findings, fill=lambda _, __: {"receiver": "psb"})
    assert [each.name for each in taken] == ["findings_recorded"]


def entry(**values: Any) -> penalty.FindingEntry:  # noqa: ANN401 - fields of the entry
    return penalty.FindingEntry(source=WEIGHED, **values)


@pytest.mark.parametrize(
    ("wrong", "field", "rule"),
    [
        (entry(kind=Kind.MASS, value="3", unit="元"), "unit", "unit_of_kind"),
        (entry(kind=Kind.MASS, value="3"), "unit", "unit_of_kind"),
        (entry(kind=Kind.MASS, unit="t"), "value", "value_of_kind"),
        (entry(kind=Kind.POISONED, value="2.5", unit="人"), "value", "value_of_kind"),
        (entry(kind=Kind.ZONE, value="2", of="乡镇"), "value", "value_of_kind"),
        # Trees are measured in m3, saplings in number: only the criterion knows.
        (entry(kind=Kind.TREES, value="60", unit="株", of="林木"), "unit", "unit_of_kind"),
        (entry(kind=Kind.MASS, value="9" * 15, unit="t"), "value", "value_of_kind"),
    ],
)
def test_what_cannot_be_is_refused_with_field_and_rule(
    wrong: penalty.FindingEntry, field: str, rule: str
) -> None:
    desk = Desk()
    for _ in range(2):
        # Also while a transfer is under way.
        with pytest.raises(BodyInvalid) as refusal:
            desk.record(waste("1"), wrong)
        [error] = refusal.value.facts["errors"]
        assert (error["field"], error["rule"]) == (f"form.findings.1.{field}", rule)
        desk.record(waste("3"))


def test_conduct_is_not_in_the_future() -> None:
    with pytest.raises(BodyInvalid) as refusal:
        Desk().record(waste("3"), on=date(2026, 11, 11))
    [error] = refusal.value.facts["errors"]
    assert (error["field"], error["rule"]) == ("form.conducted_on", "not_in_future")


def test_only_an_officer_of_the_agency_records_findings() -> None:
    findings = penalty.RecordFindings(findings=(waste("3"),), conducted_on=date(2026, 11, 1))
    for person in (HEAD, Person("x", "psb", frozenset({Duty.OFFICER}))):
        with pytest.raises(Forbidden):
            Desk().take("record_findings", findings, person=person)


def test_findings_are_not_recorded_in_a_case_that_was_declined() -> None:
    desk = Desk()
    desk.take("decline_penalty_case", ReasonedDecision(reason=WORDS), person=HEAD)
    with pytest.raises(StepNotOpen):
        desk.record(waste("3"))


def test_a_penalty_says_whether_its_act_is_a_crime_when_repeated() -> None:
    decision = penalty.DecidePenalty(kinds=("fine",), repeat_kind=RepeatKind.TOXIC_WASTE)
    assert decision.model_dump(mode="json")["repeat_kind"] == "排放、倾倒、处置有毒有害废物"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Fraction(3), "3"),
        (Fraction(12, 5), "2.4"),
        (Fraction(1, 3), "1/3"),
        (Fraction(1, 1_000_000), "0.000001"),
        (Fraction(1, 8), "0.125"),
        (Fraction(0), "0"),
    ],
)
def test_a_figure_is_said_without_rounding(number: Fraction, text: str) -> None:
    assert exact(number) == text
    assert Fraction(text) == number
