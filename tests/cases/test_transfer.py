"""The transfer of a suspected crime: every step happens, is refused, and keeps the law's times."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.agencies import Duty
from libs.common.contracts import Event, Form, Sealed
from libs.common.contracts.cases import CASES
from libs.common.contracts.cases import transfer as said
from libs.common.contracts.cases.forms import Decision, Letter, ReasonedDecision, SignedFor
from libs.common.contracts.notice_kinds import ENTRY_ITEMS, NOTICE_KINDS
from libs.common.contracts.procedure import (
    AnnulAct,
    CausedByAct,
    CorrectAct,
    Document,
    EntryOwed,
    LimitEnded,
    LimitMissed,
    LimitMoved,
    LimitNear,
    LimitReopened,
    LimitStarted,
    NoticeOwed,
    Precision,
)
from libs.common.documents import DOCUMENTS
from libs.common.errors import (
    Forbidden,
    GuardFailed,
    HappenedBefore,
    NotFound,
    StepNotOpen,
)
from libs.common.law import Confidence
from libs.common.procedure import (
    ANNUL,
    CORRECT,
    SERVICE,
    By,
    Command,
    Person,
    Proceeding,
    Said,
    Setting,
    Step,
    check,
    decide,
    decide_due,
    evolve,
    may_take,
    open_steps,
    platform_itself,
)
from libs.common.screening import Grade, Tier
from libs.common.worktime import Calendar, OfficialYear
from services.cases.procedures.transfer import TRANSFER

SHANGHAI = ZoneInfo("Asia/Shanghai")
# No holiday falls into November and December 2026; the weekends do.
CALENDAR = Calendar({2026: OfficialYear(2026, frozenset(), frozenset(), "test")})
WORDS: Sealed[Any] = Sealed(id=UUID(int=7), digest="0" * 64)
PARTS = {"sender": "eeb", "receiver": "psb", "supervisor": "pp"}

NEAR_TO_THREE_TONS = said.RaiseSuspicion(
    act=UUID(int=9),
    grade=Grade.NEAR,
    conducted_on=date(2026, 10, 30),
    outcomes=(
        said.CriterionOutcome(
            criterion="eci23.1.2",
            grade=Grade.NEAR,
            tier=Tier.SERIOUS,
            value="2.4",
            unit="t",
            threshold="3",
            confidence=Confidence.FULL,
        ),
    ),
)
FORMS: dict[str, Form] = {
    "raise_suspicion": NEAR_TO_THREE_TONS,
    "add_outcomes": NEAR_TO_THREE_TONS,
    "flag_suspicion": said.FlagSuspicion(offence="338", ground=WORDS),
    "form_team": said.FormTeam(officers=("o1", "o2")),
    "dismiss_suspicion": said.DismissSuspicion(reason=WORDS),
    "report": said.ReportForTransfer(
        offence="338", facts=WORDS, proposal=WORDS, lawful_procedure=True, lawful_evidence=True
    ),
    "approve": said.ApproveTransfer(),
    "refuse": said.RefuseTransfer(reason=WORDS),
    "send": said.SendTransfer(offence="338"),
    "copy": said.CopyToProcuratorate(),
    "sign_for_copy": said.SignForCopy(),
    "call_back": said.CallBack(reason=WORDS),
    "arrive": said.Arrive(notice=UUID(int=8)),
    "sign_for": said.SignForTransfer(materials=12),
    "ask_for_papers": said.AskForPapers(missing=("w6",)),
    "sign_for_papers_asked": said.SignForPapersAsked(),
    "supply_papers": said.SupplyPapers(supplied=("w6",)),
    "ask_extra_investigation": said.AskExtraInvestigation(opinion=WORDS),
    "report_extra_investigation": said.ReportExtraInvestigation(result=WORDS),
    "reroute": said.Reroute(next_receiver="psb-2", reason=WORDS),
    "sign_for_rerouted": said.SignForRerouted(),
    "return_case": said.ReturnTransfer(reason=WORDS),
    "sign_for_return": said.SignForReturn(),
    "verify_clue": said.VerifyClue(reason=WORDS),
    "treat_as_complex": said.TreatAsComplex(reason=WORDS),
    "file": said.FileCase(offence="338"),
    "decline": said.DeclineFiling(ground="no_crime", reason=WORDS),
    "notify_filing": said.NotifyFiling(),
    "notify_non_filing": said.NotifyNonFiling(pieces=12),
    "sign_for_filing": said.SignForAnswer(),
    "sign_for_non_filing": said.SignForAnswer(),
    "pass_clue": said.PassClue(offence="338", ground=WORDS),
    "request_reconsideration": Letter(text=WORDS),
    "file_on_reconsideration": Decision(),
    "sign_for_request_reconsideration": SignedFor(),
    "uphold_non_filing": ReasonedDecision(reason=WORDS),
    "sign_for_uphold_non_filing": SignedFor(),
    "be_supervised": CausedByAct(act=UUID(int=9)),
    "file_after_supervision": CausedByAct(act=UUID(int=9)),
}


def at(text: str) -> datetime:
    """`02 09:00` in November 2026, `12-02 09:00` in another month."""
    day, time = text.split()
    month_and_day = day if "-" in day else f"11-{day}"
    return datetime.fromisoformat(f"2026-{month_and_day} {time}").replace(tzinfo=SHANGHAI)


def identities(first: int = 1000) -> Iterator[UUID]:
    return (UUID(int=number) for number in count(first))


class Journey:
    """A transfer under way; each step is taken by somebody who may, an hour after the last."""

    def __init__(self, *steps: str, field: str = "environment") -> None:
        self.field = field
        self.now = at("02 08:00")
        self.ids = identities()
        self.proceeding: Proceeding | None = None
        self.said: list[tuple[Said, By]] = []
        self.acts: dict[str, UUID] = {}
        for name in steps:
            if ":" in name:
                self.now = at(name) - timedelta(hours=1)
            else:
                self.take(name)

    @property
    def at_hand(self) -> Proceeding:
        assert self.proceeding
        return self.proceeding

    def take(self, name: str, form: Form | None = None, **values: Any) -> list[Event]:  # noqa: ANN401 - fields of a command
        self.now += timedelta(hours=1)
        person = values.pop("person", None) or self.somebody_for(name)
        kinds = values.pop("documents", self.row(name).documents if name in FORMS else ())
        command = Command(
            name,
            person,
            form or self.form_for(name),
            documents=tuple(Document(kind=kind, digest="0" * 64) for kind in kinds),
            parts=PARTS if self.proceeding is None else {},
            **values,
        )
        events = decide(TRANSFER, self.proceeding, command, self.setting())
        self.keep(events, By(person.id, person.organ))
        self.acts[name] = events[0].id
        return [each.event for each in events]

    def form_for(self, name: str) -> Form:
        if name == "reroute" and self.at_hand.parts["receiver"] == "psb-2":
            return said.Reroute(next_receiver="psb", reason=WORDS)
        return FORMS[name]

    def annul(self, name: str, person: Person) -> list[Event]:
        return self.take(ANNUL, AnnulAct(act=self.acts[name], reason=WORDS), person=person)

    def correct(self, name: str, to: str, person: Person) -> list[Event]:
        form = CorrectAct(act=self.acts[name], reason=WORDS, happened_at=at(to))
        return self.take(CORRECT, form, person=person)

    def due(self, now: str) -> list[Event]:
        self.now = at(now)
        events = decide_due(TRANSFER, self.at_hand, self.setting())
        self.keep(events, By("service:cases", SERVICE))
        return [each.event for each in events]

    def keep(self, events: list[Said], by: By) -> None:
        for each in events:
            self.proceeding = evolve(TRANSFER, self.proceeding, each.id, each.event, by)
            self.said.append((each, by))

    def setting(self) -> Setting:
        return Setting(UUID(int=1), "案1号", self.field, self.now, CALENDAR, SHANGHAI, self.ids)

    def row(self, name: str) -> Step:
        state = self.proceeding.state if self.proceeding else None
        return TRANSFER.row(name, self.field, date(2026, 11, 2), state)[0]

    def somebody_for(self, name: str) -> Person:
        actor = self.row(name).actor
        if actor.part == SERVICE:
            return platform_itself("cases")
        parts = self.proceeding.parts if self.proceeding else PARTS
        return person(parts.get(actor.part, "psb-2"), actor.duties[0])

    def open(self) -> set[str]:
        return {row.name for row in open_steps(TRANSFER, self.at_hand, self.field)}

    def running(self) -> set[str]:
        return {clock.running.name for clock in self.at_hand.running}


def person(organ: str, *duties: Duty) -> Person:
    return Person(f"{organ}-{'-'.join(duties)}", organ, frozenset(duties))


AGENCY_HEAD = person("eeb", Duty.HEAD)
POLICE_HEAD = person("psb", Duty.HEAD)
POLICE_DESK = person("psb", Duty.DESK)


def brief(events: list[Event]) -> list[str]:
    return [_brief(each) for each in events]


def _brief(each: Event) -> str:
    match each:
        case LimitStarted() | LimitMoved() | LimitReopened():
            how = each.name.removeprefix("limit_")
            return f"{how} {each.limit} {each.organ} {_last(each.due_at)}"
        case LimitEnded():
            return f"{each.ending.value} {each.limit}{' late' if each.late else ''}"
        case LimitNear() | LimitMissed():
            return f"{each.name.removeprefix('limit_')} {each.limit}"
        case NoticeOwed():
            return f"notice {each.kind} {each.from_organ} {each.to_organ} {each.duty.value}"
        case EntryOwed():
            return f"entry {each.item} {each.organ} {_last(each.due_at)}"
        case _:
            return each.name


def _last(moment: datetime) -> str:
    """The last minute that is in time, or the exact time of a limit in hours."""
    local = moment.astimezone(SHANGHAI)
    if (local.hour, local.minute) == (0, 0):
        return (local - timedelta(days=1)).strftime("%m-%d")
    return local.strftime("%m-%d %H:%M")


# --- each step: given what went before, what it says

REPORTED = ("flag_suspicion", "form_team", "report")
APPROVED = (*REPORTED, "approve")
SENT = (*APPROVED, "send")
RECEIVED = (*SENT, "sign_for")
ASKED = (*RECEIVED, "ask_for_papers")
REROUTED = (*RECEIVED, "reroute")
FILED = (*RECEIVED, "file")
DECLINED = (*RECEIVED, "decline")
ANSWERED = (*DECLINED, "notify_non_filing", "sign_for_non_filing")
CONTESTED = (*ANSWERED, "request_reconsideration")

# The flag is on Monday 2 November at 9:00, each step an hour later: the report at 11:00, the
# approval at 12:00, the sending at 13:00, the receipt at 14:00.
STEPS: dict[str, tuple[tuple[str, ...], list[str]]] = {
    "flag_suspicion": ((), ["suspicion_flagged"]),
    "raise_suspicion": ((), ["suspicion_raised"]),
    "add_outcomes": (("flag_suspicion",), ["outcomes_added"]),
    "form_team": (("flag_suspicion",), ["team_formed"]),
    "dismiss_suspicion": (
        ("flag_suspicion",),
        ["suspicion_dismissed", "notice suspicion_dismissed eeb pp officer"],
    ),
    "report": (
        ("flag_suspicion", "form_team"),
        ["transfer_reported", "started decide_on_report eeb 11-05"],
    ),
    "approve": (
        REPORTED,
        [
            "transfer_approved",
            "met decide_on_report",
            "started hand_over eeb 11-03 12:00",
            "started copy_letter eeb 11-03 12:00",
        ],
    ),
    "refuse": (REPORTED, ["transfer_refused", "met decide_on_report"]),
    "send": (
        APPROVED,
        [
            "transfer_sent",
            "met hand_over",
            "notice transfer_delivered eeb psb desk",
            "entry case_transfer eeb 11-09",
        ],
    ),
    "copy": (
        APPROVED,
        ["transfer_copied", "met copy_letter", "notice transfer_copied eeb pp desk"],
    ),
    "sign_for_copy": ((*APPROVED, "copy"), ["copy_received"]),
    "call_back": (
        SENT,
        [
            "transfer_called_back",
            "closed copy_letter",
            "notice transfer_called_back eeb psb desk",
            "notice transfer_called_back eeb pp desk",
        ],
    ),
    "arrive": (SENT, ["transfer_arrived", "started sign_after_arrival psb 11-03 14:00"]),
    "sign_for": (
        SENT,
        [
            "transfer_received",
            "started decide_filing psb 11-05",
            "started name_missing_papers psb 11-03 14:00",
            "started reroute psb 11-03 14:00",
            "started return_case psb 11-03 14:00",
            "notice transfer_received psb eeb officer",
        ],
    ),
    "ask_for_papers": (
        RECEIVED,
        [
            "papers_asked",
            "met name_missing_papers",
            "started supply_papers eeb 11-05",
            "notice papers_asked psb eeb desk",
        ],
    ),
    "sign_for_papers_asked": (
        ASKED,
        ["papers_request_received", "moved supply_papers eeb 11-05"],
    ),
    "supply_papers": (
        ASKED,
        [
            "papers_supplied",
            "met supply_papers",
            "notice papers_supplied eeb psb officer",
        ],
    ),
    "ask_extra_investigation": (
        RECEIVED,
        [
            "extra_investigation_asked",
            "notice extra_investigation_asked psb eeb officer",
        ],
    ),
    "report_extra_investigation": (
        (*RECEIVED, "ask_extra_investigation"),
        [
            "extra_investigation_reported",
            "notice extra_investigation_reported eeb psb officer",
        ],
    ),
    "reroute": (
        RECEIVED,
        [
            "transfer_rerouted",
            "met reroute",
            "closed name_missing_papers",
            "closed return_case",
            "closed decide_filing",
            "notice transfer_rerouted psb psb-2 desk",
            "notice transfer_rerouted_told psb eeb officer",
            "notice transfer_rerouted_told psb pp desk",
        ],
    ),
    "sign_for_rerouted": (
        REROUTED,
        [
            "rerouted_received",
            "started decide_filing psb-2 11-05",
            "started name_missing_papers psb-2 11-03 16:00",
            "started reroute psb-2 11-03 16:00",
            "started return_case psb-2 11-03 16:00",
            "notice transfer_received psb-2 eeb officer",
        ],
    ),
    "return_case": (
        RECEIVED,
        [
            "transfer_returned",
            "met return_case",
            "closed name_missing_papers",
            "closed reroute",
            "closed decide_filing",
            "notice transfer_returned psb eeb desk",
        ],
    ),
    "sign_for_return": ((*RECEIVED, "return_case"), ["return_received"]),
    "verify_clue": (
        RECEIVED,
        [
            "clue_verification_begun",
            "replaced decide_filing",
            "started verify_clue psb 11-09",
        ],
    ),
    "treat_as_complex": (
        (*RECEIVED, "verify_clue"),
        [
            "complexity_approved",
            "replaced verify_clue",
            "started decide_complex psb 12-02",
        ],
    ),
    "file": (
        RECEIVED,
        [
            "case_filed",
            "met decide_filing",
            "closed name_missing_papers",
            "closed reroute",
            "closed return_case",
            "started notify_result psb 11-05",
            "entry filing psb 11-09",
        ],
    ),
    "decline": (
        RECEIVED,
        [
            "filing_declined",
            "met decide_filing",
            "closed name_missing_papers",
            "closed reroute",
            "closed return_case",
            "started notify_result psb 11-05",
            "entry non_filing psb 11-09",
        ],
    ),
    "notify_filing": (
        FILED,
        [
            "filing_notified",
            "met notify_result",
            "notice filing_notified psb eeb desk",
            "notice filing_notified psb pp desk",
        ],
    ),
    "notify_non_filing": (
        DECLINED,
        [
            "non_filing_notified",
            "met notify_result",
            "notice non_filing_notified psb eeb desk",
            "notice non_filing_notified psb pp desk",
        ],
    ),
    "sign_for_filing": ((*FILED, "notify_filing"), ["answer_received"]),
    "sign_for_non_filing": (
        (*DECLINED, "notify_non_filing"),
        ["answer_received", "started request_reconsideration eeb 11-05"],
    ),
    "pass_clue": ((), ["clue_passed", "notice transfer_delivered eeb psb desk"]),
    "request_reconsideration": (
        ANSWERED,
        [
            "reconsideration_requested",
            "met request_reconsideration",
            "started decide_reconsideration psb 11-05",
            "notice reconsideration_requested eeb psb head",
            "entry reconsideration_request eeb 11-09",
        ],
    ),
    "file_on_reconsideration": (
        CONTESTED,
        [
            "filed_on_reconsideration",
            "met decide_reconsideration",
            "started notify_result psb 11-05",
            "entry reconsideration psb 11-09",
            "entry filing psb 11-09",
        ],
    ),
    "sign_for_request_reconsideration": (
        CONTESTED,
        ["letter_received", "moved decide_reconsideration psb 11-05"],
    ),
    "uphold_non_filing": (
        CONTESTED,
        [
            "non_filing_upheld",
            "met decide_reconsideration",
            "started suggest_supervision eeb 11-05",
            "notice non_filing_upheld psb eeb officer",
            "notice non_filing_upheld psb pp desk",
            "entry reconsideration psb 11-09",
        ],
    ),
    "sign_for_uphold_non_filing": (
        (*CONTESTED, "uphold_non_filing"),
        ["letter_received", "moved suggest_supervision eeb 11-05"],
    ),
    "be_supervised": (
        ANSWERED,
        ["came_under_supervision", "closed request_reconsideration"],
    ),
    "file_after_supervision": (
        RECEIVED,
        [
            "filed_after_supervision",
            "met decide_filing",
            "closed name_missing_papers",
            "closed reroute",
            "closed return_case",
            "started notify_result psb 11-05",
            "entry filing psb 11-09",
        ],
    ),
}
CAUSED = {row.name for row in TRANSFER.steps if row.actor.part == SERVICE}
"""Taken by the platform: nobody is told that they are open."""
AGAIN = ("form_team", "be_supervised", "add_outcomes")
"""A team may change; supervision may be suggested more than once."""


def test_every_step_of_the_table_is_tried_here() -> None:
    assert STEPS.keys() == FORMS.keys() == {row.name for row in TRANSFER.steps}


@pytest.mark.parametrize("name", STEPS)
def test_it_happens(name: str) -> None:
    before, expected = STEPS[name]
    journey = Journey(*before)
    was = journey.proceeding
    row = journey.row(name)
    events = journey.take(name)
    assert brief(events) == expected
    assert isinstance(events[0], row.emits)
    assert events[0].form == FORMS[name]
    now = journey.at_hand
    assert now.state == (row.target.code if row.target else was and was.state)
    assert now.holder == (now.parts[row.holder] if row.holder else was and was.holder)
    moved = 0 if row.actor.part == SERVICE and was else 1
    assert now.revision == (was.revision if was else 0) + moved


@pytest.mark.parametrize("name", STEPS)
def test_it_is_refused_to_everybody_else(name: str) -> None:
    journey = Journey(*STEPS[name][0])
    row = journey.row(name)
    organ = journey.somebody_for(name).organ
    strangers = [person(other, *Duty) for other in ("eeb", "psb", "psb-2", "pp") if other != organ]
    if organ != SERVICE:
        strangers += [person(organ, duty) for duty in Duty if duty not in row.actor.duties]
        strangers += [platform_itself("cases")]
    for stranger in strangers:
        with pytest.raises(Forbidden):
            journey.take(name, person=stranger)
        assert journey.proceeding is None or not may_take(row, journey.at_hand, stranger)


PLACES = tuple(dict.fromkeys((*before, name) for name, (before, _) in STEPS.items()))


@pytest.mark.parametrize("place", PLACES, ids="-".join)
def test_only_the_table_opens_a_step(place: tuple[str, ...]) -> None:
    journey = Journey(*place)
    open_now = journey.open()
    for name in FORMS.keys() - open_now:
        with pytest.raises(StepNotOpen) as refusal:
            journey.take(name)
        assert set(refusal.value.facts["open_steps"]) == open_now - CAUSED
    for name in sorted(open_now):
        Journey(*place).take(name)


@pytest.mark.parametrize("name", [name for name in STEPS if name not in AGAIN])
def test_it_is_not_taken_twice(name: str) -> None:
    journey = Journey(*STEPS[name][0], name)
    with pytest.raises(StepNotOpen):
        journey.take(name)


def test_the_team_may_change() -> None:
    Journey("flag_suspicion", "form_team", "form_team", "report")


# --- conditions


@pytest.mark.parametrize("name", [row.name for row in TRANSFER.steps if row.documents])
def test_it_needs_its_documents(name: str) -> None:
    journey = Journey(*STEPS[name][0])
    with pytest.raises(GuardFailed) as refusal:
        journey.take(name, documents=())
    assert refusal.value.facts["missing"] == list(journey.row(name).documents)


def test_nobody_approves_or_refuses_their_own_report() -> None:
    both = person("eeb", Duty.OFFICER, Duty.HEAD)
    journey = Journey("flag_suspicion", "form_team")
    journey.take("report", person=both)
    for name in ("approve", "refuse"):
        with pytest.raises(GuardFailed) as refusal:
            journey.take(name, person=both)
        assert refusal.value.facts["guard"] == "another_person"


def test_a_penalty_made_before_goes_with_the_file() -> None:
    form = said.SendTransfer(offence="338", penalty_made=True)
    journey = Journey(*APPROVED)
    with pytest.raises(GuardFailed) as refusal:
        journey.take("send", form)
    assert refusal.value.facts["missing"] == ["w9"]
    journey.take("send", form, documents=("w2", "w3", "w4", "w9"))


def test_what_cannot_be_supplied_is_explained() -> None:
    journey = Journey(*ASKED)
    with pytest.raises(GuardFailed):
        journey.take("supply_papers", said.SupplyPapers())
    journey.take("supply_papers", said.SupplyPapers(explanation=WORDS))


def test_a_case_is_sent_on_to_another_police_only() -> None:
    with pytest.raises(GuardFailed):
        Journey(*RECEIVED).take("reroute", said.Reroute(next_receiver="psb", reason=WORDS))


def test_there_is_no_way_to_refuse_a_file() -> None:
    assert Journey(*SENT).open() == {"sign_for", "call_back", "copy", "arrive", "add_outcomes"}


def test_after_the_receipt_nothing_is_called_back() -> None:
    with pytest.raises(StepNotOpen):
        Journey(*RECEIVED).take("call_back")


def test_the_sender_names_another_police_or_the_profile_does() -> None:
    journey = Journey(*APPROVED)
    journey.take("send", said.SendTransfer(offence="338", receiver="psb-3"))
    assert journey.at_hand.parts["receiver"] == "psb-3"
    with pytest.raises(Forbidden):
        journey.take("sign_for", person=POLICE_DESK)


# --- holder


def test_the_case_is_held_by_one_organ_until_the_next_signs() -> None:
    journey = Journey(*SENT)
    assert journey.at_hand.holder == "eeb"
    journey.take("sign_for")
    assert journey.at_hand.holder == "psb"
    journey.take("reroute")
    assert journey.at_hand.holder == "psb"
    journey.take("sign_for_rerouted")
    assert journey.at_hand.holder == "psb-2"
    assert journey.at_hand.parts == {**PARTS, "receiver": "psb-2"}
    journey.take("return_case")
    assert journey.at_hand.holder == "psb-2"
    journey.take("sign_for_return")
    assert journey.at_hand.holder == "eeb"


# --- the law's times, from days of November 2026


@pytest.mark.parametrize(
    ("before", "when", "step", "started"),
    [
        (REPORTED[:-1], "02 10:00", "report", "started decide_on_report eeb 11-05"),
        # 3 natural days that end on a Saturday roll to Monday.
        (REPORTED[:-1], "04 10:00", "report", "started decide_on_report eeb 11-09"),
        (REPORTED, "06 16:20", "approve", "started hand_over eeb 11-07 16:20"),
        (REPORTED, "06 16:20", "approve", "started copy_letter eeb 11-07 16:20"),
        (SENT, "06 16:20", "arrive", "started sign_after_arrival psb 11-07 16:20"),
        (REROUTED, "06 16:20", "arrive", "started sign_rerouted psb-2 11-07 16:20"),
        (SENT, "05 23:59", "sign_for", "started decide_filing psb 11-09"),
        (SENT, "06 00:00", "sign_for", "started decide_filing psb 11-09"),
        (SENT, "07 10:00", "sign_for", "started decide_filing psb 11-10"),
        (SENT, "06 16:20", "sign_for", "started name_missing_papers psb 11-07 16:20"),
        (SENT, "06 16:20", "sign_for", "started reroute psb 11-07 16:20"),
        (SENT, "06 16:20", "sign_for", "started return_case psb 11-07 16:20"),
        (RECEIVED, "03 10:00", "ask_for_papers", "started supply_papers eeb 11-06"),
        (ASKED, "04 10:00", "sign_for_papers_asked", "moved supply_papers eeb 11-09"),
        (
            (*SENT, "09 10:00", "sign_for"),
            "10 10:00",
            "verify_clue",
            "started verify_clue psb 11-16",
        ),
        (RECEIVED, "03 10:00", "treat_as_complex", "started decide_complex psb 12-02"),
        (RECEIVED, "04 10:00", "file", "started notify_result psb 11-09"),
        (RECEIVED, "04 10:00", "decline", "started notify_result psb 11-09"),
        (RECEIVED, "04 10:00", "file", "entry filing psb 11-11"),
        (APPROVED, "06 10:00", "send", "entry case_transfer eeb 11-13"),
        (ANSWERED[:-1], "04 10:00", ANSWERED[-1], "started request_reconsideration eeb 11-09"),
        (ANSWERED, "04 10:00", CONTESTED[-1], "started decide_reconsideration psb 11-09"),
        (CONTESTED, "04 10:00", "uphold_non_filing", "started suggest_supervision eeb 11-09"),
    ],
)
def test_it_is_due(before: tuple[str, ...], when: str, step: str, started: str) -> None:
    assert started in brief(Journey(*before, when).take(step))


def test_every_limit_is_measured_above() -> None:
    measured = {
        event.removeprefix("started ").split()[0]
        for _, expected in STEPS.values()
        for event in expected
        if event.startswith("started ")
    }
    assert measured | {"sign_rerouted"} == {limit.name for limit in TRANSFER.limits}


def test_a_day_late_is_late_and_never_refused() -> None:
    assert "met decide_filing" in brief(Journey(*RECEIVED, "05 23:59").take("file"))
    late = brief(Journey(*RECEIVED, "06 00:00").take("file"))
    assert "met decide_filing late" in late
    assert "met reroute late" in brief(Journey(*RECEIVED, "03 14:01").take("reroute"))
    assert "met reroute" in brief(Journey(*RECEIVED, "03 14:00").take("reroute"))


def test_reconsideration_is_asked_for_in_three_working_days_and_warned_of_after_three_days() -> (
    None
):
    # From Thursday 5 November: three days end on Sunday the 8th, which rolls to Monday; three
    # working days end on Tuesday the 10th.
    before = (*ANSWERED[:-1], "05 10:00", "sign_for_non_filing")
    journey = Journey(*before, "copy")
    assert brief(journey.due("09 00:00")) == ["near request_reconsideration"]
    assert "met request_reconsideration" in brief(
        Journey(*before, "10 23:59").take("request_reconsideration")
    )
    assert "met request_reconsideration late" in brief(
        Journey(*before, "11 00:00").take("request_reconsideration")
    )
    assert brief(journey.due("10 23:59")) == []
    assert brief(journey.due("11 00:00")) == ["missed request_reconsideration"]


def test_time_warns_once_and_calls_missed_once() -> None:
    journey = Journey(*RECEIVED, "copy")
    assert brief(journey.due("05 00:00")) == ["near decide_filing"]
    assert journey.due("05 23:59") == []
    assert brief(journey.due("06 00:00")) == ["missed decide_filing"]
    assert journey.due("30 00:00") == []


def test_the_filing_decision_stays_due_while_papers_are_asked_for() -> None:
    journey = Journey(*ASKED, "copy")
    assert brief(journey.due("06 00:00")) == ["missed decide_filing", "missed supply_papers"]
    journey.take("file")
    assert journey.running() == {"notify_result"}


def test_the_longer_times_count_from_the_receipt() -> None:
    journey = Journey(*RECEIVED, "04 10:00", "verify_clue", "treat_as_complex")
    assert "decide_complex" in journey.running()
    assert brief(journey.due("12-03 00:00"))[-1] == "missed decide_complex"
    with pytest.raises(StepNotOpen):
        journey.take("verify_clue")


# --- a receipt that does not come


def test_an_unsigned_file_is_told_to_all_and_counts_from_its_arrival() -> None:
    journey = Journey(*SENT, "copy", "arrive")
    assert journey.due("03 08:59") == []
    assert brief(journey.due("03 09:00")) == ["near sign_after_arrival"]
    assert journey.due("03 15:00") == []
    assert brief(journey.due("03 15:01")) == [
        "missed sign_after_arrival",
        "started decide_filing psb 11-05",
        "notice receipt_overdue psb eeb officer",
        "notice receipt_overdue eeb psb head",
        "notice receipt_overdue psb pp officer",
    ]
    journey.now = at("04 08:00")
    assert brief(journey.take("sign_for"))[:3] == [
        "transfer_received",
        "met sign_after_arrival late",
        "moved decide_filing psb 11-09",
    ]
    assert journey.due("06 00:00") == []


def test_an_unsigned_rerouted_file_is_told_to_all() -> None:
    journey = Journey(*REROUTED, "copy", "arrive")
    assert brief(journey.due("04 08:00")) == [
        "missed sign_rerouted",
        "started decide_filing psb-2 11-05",
        "notice receipt_overdue psb-2 psb officer",
        "notice receipt_overdue psb-2 eeb officer",
        "notice receipt_overdue psb psb-2 head",
        "notice receipt_overdue psb-2 pp officer",
    ]
    journey.now = at("04 08:00")
    assert "moved decide_filing psb-2 11-09" in brief(journey.take("sign_for_rerouted"))


def test_a_called_back_file_counts_nothing() -> None:
    journey = Journey(*SENT, "arrive")
    journey.due("04 08:00")
    journey.take("call_back")
    assert journey.running() == set()
    assert journey.at_hand.state == "CALLED_BACK"


def test_a_paper_receipt_older_than_the_arrival_here() -> None:
    journey = Journey(*SENT, "arrive")
    events = journey.take("sign_for", happened_at=at("02 13:30"))
    assert brief(events)[1:3] == ["met sign_after_arrival", "started decide_filing psb 11-05"]


# --- other fields than the environment


def test_m17_binds_the_environment_alone() -> None:
    journey = Journey(*APPROVED, field="food")
    assert journey.running() == {"hand_over"}
    with pytest.raises(NotFound):
        journey.take("copy")
    assert brief(journey.take("send")) == [
        "transfer_sent",
        "met hand_over",
        "notice transfer_delivered eeb psb desk",
    ]
    journey.take("sign_for")
    assert brief(journey.take("ask_for_papers")) == [
        "papers_asked",
        "met name_missing_papers",
        "notice papers_asked psb eeb desk",
    ]
    assert brief(journey.take("decline"))[-1] == "started notify_result psb 11-05"
    assert brief(journey.take("notify_non_filing"))[1:] == [
        "met notify_result",
        "notice non_filing_notified psb eeb desk",
    ]


def test_nothing_of_the_years_before_our_texts_is_late() -> None:
    journey = Journey()
    past: dict[str, Any] = {
        "happened_at": datetime(1999, 5, 3, 10, tzinfo=SHANGHAI),
        "late_reason": WORDS,
    }
    for name in REPORTED:
        events = journey.take(name, **past)
    started = events[1]
    assert isinstance(started, LimitStarted)
    assert not started.rule_held
    assert journey.due("30 10:00") == []
    assert "met decide_on_report" in brief(journey.take("approve"))


def test_what_m17_gives_does_not_count_before_m17() -> None:
    journey = Journey()
    past: dict[str, Any] = {
        "happened_at": datetime(2015, 5, 4, 10, tzinfo=SHANGHAI),
        "late_reason": WORDS,
    }
    for name in REPORTED:
        events = journey.take(name, **past)
    started = events[1]
    assert isinstance(started, LimitStarted)
    assert started.rule_held
    assert started.articles == ("《行政执法机关移送涉嫌犯罪案件的规定》第五条",)


# --- putting right


def test_an_annulled_filing_leaves_the_decision_due() -> None:
    journey = Journey(*FILED)
    events = journey.annul("file", POLICE_HEAD)
    assert brief(events) == [
        "act_annulled",
        "reopened decide_filing psb 11-05",
        "reopened name_missing_papers psb 11-03 14:00",
        "reopened reroute psb 11-03 14:00",
        "reopened return_case psb 11-03 14:00",
        "annulled notify_result",
        "notice act_annulled psb pp officer",
    ]
    assert journey.at_hand.state == "ACCEPTED"
    journey.take("decline")


def test_an_annulled_notice_is_told_to_whom_it_was_told() -> None:
    journey = Journey(*FILED, "notify_filing")
    assert brief(journey.annul("notify_filing", POLICE_HEAD)) == [
        "act_annulled",
        "reopened notify_result psb 11-05",
        "notice act_annulled psb eeb desk",
        "notice act_annulled psb pp desk",
    ]


def test_an_annulled_rerouting_gives_the_times_back() -> None:
    journey = Journey(*REROUTED)
    journey.annul("reroute", POLICE_HEAD)
    assert journey.at_hand.parts == PARTS
    assert journey.running() == {
        "copy_letter",
        "decide_filing",
        "name_missing_papers",
        "reroute",
        "return_case",
    }


def test_a_receipt_is_annulled_by_the_head_and_not_after_the_answer() -> None:
    with pytest.raises(Forbidden):
        Journey(*RECEIVED).annul("sign_for", POLICE_DESK)
    with pytest.raises(GuardFailed):
        Journey(*FILED).annul("sign_for", POLICE_HEAD)
    journey = Journey(*RECEIVED)
    journey.annul("sign_for", POLICE_HEAD)
    assert journey.at_hand.state == "DELIVERED"
    assert journey.at_hand.holder == "eeb"
    assert journey.running() == {"copy_letter"}


def test_a_copy_does_not_stand_in_the_way_of_annulling() -> None:
    journey = Journey(*RECEIVED, "copy", "sign_for_copy")
    journey.annul("sign_for", POLICE_HEAD)
    assert journey.open() == {"sign_for", "call_back", "arrive", "add_outcomes"}
    with pytest.raises(GuardFailed):
        journey.annul("copy", AGENCY_HEAD)
    journey.annul("sign_for_copy", person("pp", Duty.DESK))
    journey.annul("copy", AGENCY_HEAD)
    assert "copy" in journey.open()
    assert journey.at_hand.state == "DELIVERED"


def test_what_arrived_is_called_back_and_not_annulled() -> None:
    with pytest.raises(GuardFailed):
        Journey(*SENT, "arrive").annul("send", AGENCY_HEAD)
    journey = Journey(*SENT)
    journey.annul("send", AGENCY_HEAD)
    assert journey.running() == {"hand_over", "copy_letter"}


def test_a_corrected_receipt_moves_the_longer_times_with_it() -> None:
    journey = Journey(*SENT, "04 10:00", "sign_for", "verify_clue", "treat_as_complex")
    events = journey.correct("sign_for", "03 10:00", POLICE_HEAD)
    assert brief(events) == [
        "act_corrected",
        "moved decide_filing psb 11-06",
        "replaced decide_filing",
        "moved name_missing_papers psb 11-04 10:00",
        "moved reroute psb 11-04 10:00",
        "moved return_case psb 11-04 10:00",
        "moved verify_clue psb 11-10",
        "replaced verify_clue",
        "moved decide_complex psb 12-03",
        "notice act_corrected psb eeb officer",
    ]


def test_a_corrected_filing_is_judged_anew() -> None:
    journey = Journey(*RECEIVED, "09 10:00", "file")
    events = journey.correct("file", "05 23:00", POLICE_HEAD)
    assert brief(events)[1] == "met decide_filing"
    assert "moved notify_result psb 11-09" in brief(events)
    with pytest.raises(HappenedBefore):
        journey.correct("file", "02 13:59", POLICE_HEAD)


def test_a_copy_of_yesterday_is_entered_after_the_receipt() -> None:
    journey = Journey(*RECEIVED)
    assert brief(journey.take("copy", happened_at=at("02 12:30")))[1] == "met copy_letter"
    with pytest.raises(HappenedBefore):
        journey.take("sign_for_copy", happened_at=at("02 12:10"))


def test_a_day_alone_is_in_time() -> None:
    journey = Journey(*APPROVED, "03 18:00")
    events = journey.take("send", happened_at=at("03 00:00"), precision=Precision.DAY)
    assert brief(events)[1] == "met hand_over"


# --- laws over the table


def test_the_table_is_sound() -> None:
    assert (
        check(TRANSFER, notice_kinds=NOTICE_KINDS, entry_items=ENTRY_ITEMS, documents=DOCUMENTS)
        == []
    )


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_what_was_said_makes_the_state_on_every_lawful_journey(data: st.DataObject) -> None:
    begin = data.draw(st.sampled_from(["flag_suspicion", "pass_clue"]))
    journey = Journey(begin, field=data.draw(st.sampled_from(["environment", "food"])))
    for _ in range(data.draw(st.integers(1, 25))):
        _go_on(journey, data)
        _is_sound(journey)
    assert _told_again(journey) == journey.proceeding


def _go_on(journey: Journey, data: st.DataObject) -> None:
    hours = data.draw(st.sampled_from([0, 5, 30, 80]))
    journey.now += timedelta(hours=hours)
    journey.due(journey.now.strftime("%m-%d %H:%M"))
    kind = data.draw(st.sampled_from(["step", "step", "step", "annul", "correct"]))
    if kind == "step" and (names := sorted(journey.open())):
        journey.take(data.draw(st.sampled_from(names)))
    elif kind != "step":
        _put_right(journey, data, kind)


def _put_right(journey: Journey, data: st.DataObject, kind: str) -> None:
    standing = [each for each in journey.at_hand.standing() if each.organ != SERVICE]
    if not standing:
        return
    taken = data.draw(st.sampled_from(standing))
    head = person(taken.organ, Duty.HEAD)
    form: Form = AnnulAct(act=taken.act, reason=WORDS)
    if kind == "correct":
        minutes = data.draw(st.integers(-600, 600))
        moment = min(taken.happened_at + timedelta(minutes=minutes), journey.now)
        form = CorrectAct(act=taken.act, reason=WORDS, happened_at=moment)
    try:
        journey.take(kind, form, person=head)
    except (GuardFailed, HappenedBefore):
        return


def _is_sound(journey: Journey) -> None:
    proceeding = journey.at_hand
    state = TRANSFER.state(proceeding.state)
    names = [clock.running.name for clock in proceeding.running]
    assert len(names) == len(set(names)), "a limit runs once"
    assert proceeding.holder in {"eeb", "psb", "psb-2"}
    if state.final:
        rights = {"request_reconsideration", "suggest_supervision"}
        assert set(names) <= {"copy_letter", *rights}, "what is over owes nothing but the copy"
    for clock in proceeding.running:
        assert clock.organ in proceeding.parts.values()


def _told_again(journey: Journey) -> Proceeding | None:
    """The state from the events as they are read back."""
    proceeding: Proceeding | None = None
    for each, by in journey.said:
        contract = CASES.by_type[CASES.type_of(type(each.event))]
        event = contract.model_validate_json(each.event.data())
        proceeding = evolve(TRANSFER, proceeding, each.id, event, by)
    return proceeding
