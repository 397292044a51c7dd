"""Conditions of the law on what comes first, what is enclosed, and what goes along elsewhere."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from libs.common.agencies import Duty
from libs.common.contracts import Event, Sealed
from libs.common.contracts.procedure import Document, LimitMoved, NoticeOwed
from libs.common.errors import GuardFailed, StepNotOpen
from libs.common.procedure import (
    SERVICE,
    By,
    Command,
    Person,
    Procedure,
    Proceeding,
    Said,
    Setting,
    decide_act,
    evolve,
    platform_itself,
)
from libs.common.worktime import Calendar
from services.cases.importing.filling import fill
from services.cases.procedures import PROCEDURES

ZONE = ZoneInfo("Asia/Shanghai")
WORDS: Sealed[Any] = Sealed(id=UUID(int=7), digest="0" * 64)
PARTY = UUID(int=9)


def identities() -> Iterator[UUID]:
    return (UUID(int=number) for number in count(1_000))


class CaseAtHand:
    """A case in which each part is an organ of its own name; an hour passes before each step."""

    def __init__(self, *steps: str) -> None:
        self.now = datetime(2026, 11, 2, 9, tzinfo=ZONE)
        self.ids = identities()
        self.proceedings: dict[UUID, Proceeding] = {}
        for name in steps:
            self.take(name)

    def last(self, procedure: str) -> Proceeding | None:
        found = [each for each in self.proceedings.values() if each.procedure == procedure]
        return found[-1] if found else None

    def state(self, procedure: str) -> str | None:
        at_hand = self.last(procedure)
        return at_hand.state if at_hand else None

    def holder(self, procedure: str) -> str | None:
        at_hand = self.last(procedure)
        return at_hand.holder if at_hand else None

    def runs(self, procedure: str, limit: str) -> bool:
        at_hand = self.last(procedure)
        return at_hand is not None and at_hand.clock(limit) is not None

    def take(self, name: str, *papers: str, days: int = 0, **values: Any) -> list[Event]:  # noqa: ANN401 - fields of the form
        self.now += timedelta(days=days, hours=1)
        procedure, _, step = name.partition(".")
        at_hand = self.last(procedure)
        command = self.command(PROCEDURES[procedure], at_hand, step, papers, values)
        said = decide_act(
            PROCEDURES,
            PROCEDURES[procedure],
            at_hand.id if at_hand else None,
            command,
            self.setting(),
            platform=platform_itself("cases"),
        )
        for each in said:
            self.keep(each, By(command.person.id, command.person.organ))
        return [each.event for each in said]

    def command(
        self,
        table: Procedure,
        at_hand: Proceeding | None,
        step: str,
        papers: tuple[str, ...],
        values: dict[str, Any],
    ) -> Command:
        parts = at_hand.parts if at_hand else {part: _organ(part) for part in table.parts}
        rows = table.rows(step, "environment")
        row = next((each for each in rows if each.leaves(at_hand.state if at_hand else None)), None)
        row = row or rows[0]
        kinds = (*row.documents, *papers)
        return Command(
            step,
            # Whoever decides on it is another person than who proposed it.
            Person(f"for {step}", parts.get(row.actor.part, SERVICE), frozenset(Duty)),
            fill(row.form, values, words=WORDS, at=self.now),
            documents=tuple(Document(kind=kind, digest="0" * 64) for kind in kinds),
            parts={} if at_hand else parts,
            party=PARTY if table.needs_party and not at_hand else None,
        )

    def setting(self) -> Setting:
        return Setting(
            UUID(int=1),
            "案1号",
            "environment",
            self.now,
            Calendar.national(),
            ZONE,
            self.ids,
            proceedings=tuple(self.proceedings.values()),
        )

    def keep(self, said: Said, by: By) -> None:
        head: Any = getattr(said.event, "head", said.event)  # Any: the head, or what has its fields
        before = self.proceedings.get(head.proceeding)
        procedure = before.procedure if before else head.procedure
        table = PROCEDURES[procedure]
        after = evolve(table, before, said.id, said.event, by)
        if before is None:
            # Who would come in later by the profile is there from the beginning.
            parts = {part: _organ(part) for part in table.parts} | after.parts
            after = after.model_copy(update={"parts": parts})
        self.proceedings[after.id] = after

    def refused(self, name: str, *papers: str, **values: Any) -> tuple[str, list[str]]:  # noqa: ANN401 - fields of the form
        with pytest.raises(GuardFailed) as refusal:
            self.take(name, *papers, **values)
        return refusal.value.facts["guard"], refusal.value.facts["missing"]


def _organ(part: str) -> str:
    return "agency" if part in ("sender", "keeper") else part


def approved(*before: str) -> CaseAtHand:
    case = CaseAtHand(*before, "transfer.flag_suspicion", "transfer.form_team")
    case.take("transfer.report", lawful_procedure=True, lawful_evidence=True)
    case.take("transfer.approve")
    return case


# --- what is enclosed, what goes along


def test_what_is_sealed_is_sent_with_its_list() -> None:
    case = approved("measure.seal")
    assert case.refused("transfer.send") == ("things_listed", ["w6"])
    case.take("transfer.send", "w6")


def test_what_was_tested_is_sent_with_the_report() -> None:
    case = approved()
    assert case.refused("transfer.send", tested=True) == ("tests_attached", ["w8"])
    case.take("transfer.send", "w8", tested=True)


def test_what_is_sealed_goes_along_when_the_police_sign() -> None:
    case = approved("measure.seal")
    case.take("transfer.send", "w6")
    assert case.state("measure") == "SEALED"
    case.take("transfer.sign_for")
    assert case.state("measure") == "WENT_ALONG"
    assert not case.runs("measure", "sealing")
    case.take("measure.tell_party_of_handover")
    with pytest.raises(StepNotOpen):
        case.take("measure.tell_party_of_handover")


def test_a_clue_takes_no_measure_along() -> None:
    case = CaseAtHand("measure.seal", "transfer.pass_clue", "transfer.sign_for")
    assert case.state("measure") == "SEALED"


def test_the_papers_on_a_disposal_go_to_the_police() -> None:
    case = CaseAtHand("items.register_items", "items.dispose_of_hazard")
    events = case.take("items.send_disposal_papers", next_organ="police")
    told = [event for event in events if isinstance(event, NoticeOwed)]
    assert [(each.kind, each.to_organ) for each in told] == [("disposal_papers_sent", "police")]


def test_a_penalty_made_before_goes_with_a_detention() -> None:
    case = decided()
    case.take("detention.propose_detention")
    case.take("detention.approve_detention")
    assert case.refused("detention.send_detention") == ("penalty_attached", ["w9"])
    case.take("detention.send_detention", "w9")


# --- the penalty


UNDER_WAY = ("penalty.register_lead", "penalty.open_penalty_case")


def test_the_investigation_ends_with_one_of_four_conclusions() -> None:
    case = CaseAtHand(*UNDER_WAY)
    guard, missing = case.refused("penalty.conclude_investigation", conclusion="other")
    assert (guard, missing) == (
        "one_of_four",
        ["penalty", "no_penalty", "not_established", "transfer"],
    )


def test_what_was_concluded_to_be_a_crime_is_transferred_first() -> None:
    case = CaseAtHand(*UNDER_WAY)
    case.take("penalty.conclude_investigation", conclusion="transfer")
    assert case.refused("penalty.decide_no_penalty") == ("transferred_first", ["transfer"])
    case.take("transfer.flag_suspicion")
    case.take("transfer.dismiss_suspicion")
    case.take("penalty.decide_no_penalty")


def test_the_time_to_answer_counts_from_the_service_of_the_notice() -> None:
    case = CaseAtHand(*UNDER_WAY)
    case.take("penalty.conclude_investigation", conclusion="penalty")
    case.take("penalty.announce_penalty")
    events = case.take("penalty.serve_announcement", days=3)
    moved = [event for event in events if isinstance(event, LimitMoved)]
    assert [each.limit for each in moved] == ["party_statement", "ask_hearing"]
    assert {each.started_at for each in moved} == {case.now}


def decided() -> CaseAtHand:
    case = CaseAtHand(*UNDER_WAY)
    case.take("penalty.conclude_investigation", conclusion="penalty")
    case.take("penalty.announce_penalty")
    case.take("penalty.review_legally", approved=True, crime_suspected=False)
    case.take("penalty.decide_penalty", days=30, fine_yuan=1_000)
    case.take("penalty.serve_penalty")
    return case


def test_a_part_payment_ends_nothing_and_a_deferral_does() -> None:
    case = decided()
    assert case.refused("penalty.record_payment", in_full=False) == ("in_full", ["in_full"])
    case.take("penalty.record_part_payment")
    assert case.runs("penalty", "pay_fine")
    case.take("penalty.defer_payment", until=case.now.date())
    assert not case.runs("penalty", "pay_fine")


def test_after_a_challenge_the_party_is_urged_and_the_court_asked() -> None:
    case = decided()
    case.take("penalty.record_challenge")
    with pytest.raises(StepNotOpen):
        case.take("penalty.urge_party")
    case.take("penalty.record_challenge_result")
    assert case.refused("penalty.request_enforcement") == ("urged_before", ["urge_party"])
    case.take("penalty.urge_after_challenge")
    assert case.refused("penalty.request_enforcement") == ("urged_before", ["urged"])
    case.take("penalty.request_enforcement", days=14)


# --- not before the time has run


def test_no_notice_to_correct_before_the_police_are_late() -> None:
    case = CaseAtHand("criminal_file.take_report", "filing_supervision.begin_supervision")
    case.take("filing_supervision.order_filing")
    case.take("filing_supervision.sign_for_order_filing")
    notice = "filing_supervision.issue_violation_notice"
    assert case.refused(notice) == ("time_ran_out", ["file_as_ordered"])
    case.take(notice, days=17)


def test_silence_is_reported_after_the_time_to_answer() -> None:
    case = CaseAtHand("reverse.begin_reverse_review", "reverse.pass_to_department")
    case.take("reverse.issue_opinion", agency="agency")
    case.take("reverse.sign_for_opinion")
    assert case.refused("reverse.report_silence") == ("silent", ["answer_reverse"])
    case.take("reverse.report_silence", days=70)


def test_a_civil_suit_waits_for_the_announcement() -> None:
    case = CaseAtHand()
    case.take("public_interest.open_public_interest", kind="civil")
    assert case.refused("public_interest.sue", court="court") == ("first_asked", ["announce"])
    case.take("public_interest.announce")
    assert case.refused("public_interest.sue", court="court") == ("first_asked", ["announcement"])
    case.take("public_interest.sue", days=40, court="court")


def test_an_administrative_suit_waits_for_the_answer() -> None:
    case = CaseAtHand()
    case.take("public_interest.open_public_interest", kind="administrative")
    assert case.refused("public_interest.sue") == ("first_asked", ["suggest_correction"])
    case.take("public_interest.suggest_correction", agency="agency")
    assert case.refused("public_interest.sue") == ("first_asked", ["answer_correction"])
    case.take("public_interest.answer_correction")
    case.take("public_interest.sue", court="court")


def test_a_meeting_says_what_was_agreed() -> None:
    case = CaseAtHand("cooperation.begin_cooperation")
    assert case.refused("cooperation.hold_meeting") == ("agreed", ["result"])
    case.take("cooperation.hold_meeting", result=WORDS)


# --- the suspect


def suspected() -> CaseAtHand:
    case = CaseAtHand("criminal_file.open_file")
    case.take("criminal_file.name_suspects", parties=(PARTY,))
    return case


def test_who_asked_for_recusal_gets_a_decision_of_the_head() -> None:
    case = suspected()
    with pytest.raises(StepNotOpen):
        case.take("suspect.decide_criminal_recusal")
    case.take("suspect.request_criminal_recusal")
    case.take("suspect.decide_criminal_recusal")


def test_the_second_instance_counts_from_the_receipt_of_the_court_of_appeal() -> None:
    case = suspected()
    for step in (
        *("propose_prosecution", "sign_for_prosecution", "prosecute", "sign_for_indictment"),
        *("accept_trial", "judge", "serve_judgment", "appeal"),
    ):
        case.take(f"suspect.{step}")
    assert case.holder("suspect") == "court"
    events = case.take("suspect.sign_for_appeal", days=3)
    moved = [event for event in events if isinstance(event, LimitMoved)]
    assert [(each.limit, each.started_at) for each in moved] == [("try_second_instance", case.now)]
    assert case.holder("suspect") == "upper_court"
