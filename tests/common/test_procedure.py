"""The kernel of procedures, on a made-up permit: what is said, refused and put right."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field
from typer.testing import CliRunner

from libs.common.agencies import Duty, OrganKind, load_profile
from libs.common.contracts import Code, Event, Form, Sealed
from libs.common.contracts.notice_kinds import ENTRY_ITEMS, NOTICE_KINDS
from libs.common.contracts.procedure import (
    ActAnnulled,
    ActCorrected,
    AnnulAct,
    CausedByAct,
    CorrectAct,
    Document,
    LimitEnded,
    LimitMissed,
    LimitMoved,
    LimitNear,
    LimitPaused,
    LimitReopened,
    LimitResumed,
    LimitStarted,
    NoticeOwed,
    Precision,
    Receipt,
    StepTaken,
)
from libs.common.documents import DOCUMENTS
from libs.common.errors import (
    BodyInvalid,
    Forbidden,
    GuardFailed,
    HappenedBefore,
    HappenedInFuture,
    LateReasonMissing,
    NotFound,
    StepNotOpen,
)
from libs.common.law import M17, PLATFORM, SC310, Act, Confidence, Law
from libs.common.limits import Basis, Limit, LimitKind
from libs.common.procedure import (
    ANNUL,
    ANNULLED,
    CORRECT,
    SERVICE,
    Actor,
    By,
    Causes,
    Command,
    Guard,
    OwesEntry,
    OwesNotice,
    Person,
    Procedure,
    Proceeding,
    Reach,
    Said,
    Setting,
    Starts,
    State,
    Step,
    Supervises,
    WhenMissed,
    check,
    check_causes,
    decide,
    decide_due,
    decide_moved,
    evolve,
    may_take,
    open_steps,
    platform_itself,
)
from libs.common.worktime import Calendar, OfficialYear, Unit
from xianjie.commands.procedure import procedure_app, report

SHANGHAI = ZoneInfo("Asia/Shanghai")
WORDS: Sealed[Any] = Sealed(id=UUID(int=7), digest="0" * 64)


class Apply(Form):
    topic: Code = Field(title="事项 / topic")
    helper: Code | None = Field(default=None, title="协助机关 / helper")


class Plain(Form):
    pages: int = Field(default=1, ge=1, title="页数 / pages")


def event(name: str, form: type[Form]) -> type[StepTaken]:
    fields = {"__annotations__": {"name": ClassVar[str], "form": form}, "name": name}
    return type(name.title(), (StepTaken,), {**fields, "__module__": __name__})


ASKED, GRANTED, REFUSED, OBJECTED = (
    State(code, code, code, final=code in ("GRANTED", "REFUSED"))
    for code in ("ASKED", "GRANTED", "REFUSED", "OBJECTED")
)
LAW = Law(SC310, "第五条")
OURS = Law(PLATFORM, "平台规则", Confidence.DESIGN, "平台规则。")
OFFICER = Actor("office", (Duty.OFFICER,))
HEAD = Actor("office", (Duty.HEAD,))


def limit(name: str, *spans: tuple[int, Unit], law: Law = LAW, conditional: bool = False) -> Limit:
    bases = tuple(Basis(length, unit, law) for length, unit in spans)
    return Limit(
        name,
        name,
        name,
        bases,
        LimitKind.DUTY,
        "后果",
        "effect",
        conditional=conditional,
        warn_before=timedelta(hours=12),
    )


ANSWER = limit("answer", (3, Unit.NATURAL_DAY), (3, Unit.WORKING_DAY))
LONGER = limit("longer", (10, Unit.NATURAL_DAY))
LOOK = limit("look", (24, Unit.HOUR), conditional=True)
SIGN = limit("sign", (24, Unit.HOUR), law=OURS)
FIX = limit("fix", (5, Unit.NATURAL_DAY))
TOLD = OwesNotice("transfer_received", "asker", Duty.DESK, LAW, Receipt.READ)
GUARD = Guard(
    "short",
    "不超过九页",
    "nine pages at most",
    LAW,
    lambda _, command, __: ["pages"] if getattr(command.form, "pages", 0) > 9 else [],
)


def step(name: str, source: tuple[State, ...], target: State | None, **values: Any) -> Step:  # noqa: ANN401 - fields of a row
    form = values.pop("form", Plain)
    defaults: dict[str, Any] = {"actor": OFFICER, "law": (LAW,), "emits": event(name, form)}
    return Step(name, name, name, source, target, **(defaults | values))


PERMIT = Procedure(
    name="permit",
    title="许可",
    title_en="Permit",
    subject="case",
    parts={
        "asker": (OrganKind.ENFORCEMENT_AGENCY,),
        "office": (OrganKind.POLICE,),
        "helper": (OrganKind.POLICE,),
        "overseer": (OrganKind.PROCURATORATE,),
    },
    states=(ASKED, GRANTED, REFUSED, OBJECTED),
    steps=(
        step(
            "ask",
            (),
            ASKED,
            actor=Actor("asker", (Duty.OFFICER,)),
            form=Apply,
            holder="asker",
            names={"helper": "helper"},
        ),
        step(
            "arrive",
            (ASKED,),
            None,
            actor=Actor(SERVICE, (Duty.ADMINISTRATOR,)),
            after="ask",
            starts=(Starts(SIGN, on="office"),),
        ),
        step(
            "sign",
            (ASKED,),
            OBJECTED,
            actor=Actor("office", (Duty.DESK,)),
            holder="office",
            ends=(SIGN,),
            starts=(Starts(ANSWER, on="office"), Starts(LOOK, on="office")),
            owes=(TOLD,),
        ),
        step("look", (OBJECTED,), None, ends=(LOOK,), guards=(GUARD,)),
        step("remark", (ASKED, OBJECTED), None),
        step("reply", (OBJECTED, ASKED), None, after="remark"),
        step("halt", (OBJECTED,), None, pauses=(ANSWER, LONGER)),
        step("go_on", (OBJECTED,), None, resumes=(ANSWER, LONGER), starts=()),
        step(
            "extend",
            (OBJECTED,),
            None,
            actor=HEAD,
            decides=True,
            starts=(Starts(LONGER, on="office", since=ANSWER),),
        ),
        step(
            "grant",
            (OBJECTED,),
            GRANTED,
            actor=HEAD,
            decides=True,
            documents=("w13",),
            ends=(ANSWER, LONGER),
            drops=(LOOK,),
            owes=(
                TOLD,
                OwesEntry("filing", "office", Law(M17, "第三十四条"), (7, Unit.NATURAL_DAY)),
            ),
        ),
        step(
            "refuse",
            (OBJECTED,),
            REFUSED,
            actor=HEAD,
            decides=True,
            ends=(ANSWER, LONGER),
            drops=(LOOK,),
        ),
    ),
    missed={
        "sign": WhenMissed(
            starts=(Starts(ANSWER, on="office", provisional=True),),
            owes=(replace(TOLD, kind="receipt_overdue", by="office"),),
        )
    },
    overseer="overseer",
)
PARTS = {"asker": "eeb", "office": "psb", "overseer": "pp"}
PEOPLE = {
    "asker": Person("a", "eeb", frozenset({Duty.OFFICER})),
    "desk": Person("d", "psb", frozenset({Duty.DESK})),
    "officer": Person("o", "psb", frozenset({Duty.OFFICER})),
    "head": Person("h", "psb", frozenset({Duty.HEAD})),
    "platform": platform_itself("cases"),
}
TAKERS = {
    "ask": "asker",
    "arrive": "platform",
    "sign": "desk",
    "extend": "head",
    "grant": "head",
    "refuse": "head",
}
WITH = {"grant": ("w13",)}


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=SHANGHAI)


class Desk:
    """A proceeding under way: takes steps and keeps what was said."""

    def __init__(self, procedure: Procedure = PERMIT, field: str = "any") -> None:
        self.procedure = procedure
        self.field = field
        self.proceeding: Proceeding | None = None
        self.ids = (UUID(int=number) for number in count(1000))
        self.said: list[Said] = []
        self.by: list[By] = []
        self.acts: dict[str, UUID] = {}
        self.calendar = Calendar.national()

    def setting(self, now: datetime) -> Setting:
        return Setting(UUID(int=1), "案1号", self.field, now, self.calendar, SHANGHAI, self.ids)

    def take(self, name: str, now: str, form: Form | None = None, **values: Any) -> list[Event]:  # noqa: ANN401 - fields of a row
        person = PEOPLE[values.pop("person", TAKERS.get(name, "officer"))]
        plain: Form = Apply(topic="permit") if name == "ask" else Plain()
        kinds = values.pop("documents", WITH.get(name, ()))
        documents = tuple(Document(kind=kind, digest="0" * 64) for kind in kinds)
        command = Command(
            name,
            person,
            form or plain,
            documents=documents,
            parts=PARTS if name == "ask" else {},
            **values,
        )
        said = decide(self.procedure, self.proceeding, command, self.setting(at(now)))
        self.keep(said, By(person.id, person.organ))
        self.acts[name] = said[0].id
        return [each.event for each in said]

    def annul(self, name: str, now: str, person: str = "head") -> list[Event]:
        form = AnnulAct(act=self.acts[name], reason=WORDS)
        return self.take(ANNUL, now, form, person=person)

    def correct(self, name: str, now: str, person: str = "head", **values: Any) -> list[Event]:  # noqa: ANN401 - fields of a row
        form = CorrectAct(act=self.acts[name], reason=WORDS, **values)
        return self.take(CORRECT, now, form, person=person)

    def due(self, now: str) -> list[Event]:
        assert self.proceeding
        said = decide_due(self.procedure, self.proceeding, self.setting(at(now)))
        self.keep(said, By("service:cases", SERVICE))
        return [each.event for each in said]

    def keep(self, said: list[Said], by: By) -> None:
        for each in said:
            self.proceeding = evolve(self.procedure, self.proceeding, each.id, each.event, by)
            self.by.append(by)
        self.said.extend(said)

    @property
    def state(self) -> str:
        assert self.proceeding
        return self.proceeding.state

    def running(self) -> dict[str, str]:
        assert self.proceeding
        return {
            clock.running.name: clock.running.started_at.astimezone(SHANGHAI).strftime("%d %H:%M")
            for clock in self.proceeding.running
        }

    def open(self) -> list[str]:
        assert self.proceeding
        return [row.name for row in open_steps(self.procedure, self.proceeding, self.field)]


def signed(now: str = "02 10:00") -> Desk:
    desk = Desk()
    desk.take("ask", "02 09:00")
    desk.take("sign", now)
    return desk


def brief(events: list[Event]) -> list[tuple[str, ...]]:
    return [_brief(each) for each in events]


def _brief(each: Event) -> tuple[str, ...]:
    match each:
        case LimitStarted() | LimitReopened() | LimitMoved() | LimitResumed():
            return each.name, each.limit, _day(each.due_at), _day(each.late_at)
        case LimitEnded():
            return each.name, each.limit, each.ending.value, "late" if each.late else "in time"
        case LimitPaused() | LimitNear() | LimitMissed():
            return each.name, each.limit
        case NoticeOwed():
            return each.name, each.kind, each.from_organ, each.to_organ, each.duty.value
        case _:
            return (each.name,)


def _day(moment: datetime) -> str:
    return (moment.astimezone(SHANGHAI) - timedelta(microseconds=1)).strftime("%d %H:%M")


# --- a step


def test_a_step_says_itself_then_its_limits_then_what_it_owes() -> None:
    desk = Desk()
    desk.take("ask", "02 09:00")
    assert brief(desk.take("sign", "04 10:00")) == [
        ("sign",),
        ("limit_started", "answer", "09 23:59", "09 23:59"),
        ("limit_started", "look", "05 09:59", "05 09:59"),
        ("notice_owed", "transfer_received", "psb", "eeb", "desk"),
    ]
    assert desk.state == "OBJECTED"
    assert desk.proceeding
    assert desk.proceeding.holder == "psb"
    assert desk.proceeding.revision == 2


def test_a_step_that_is_not_open_names_those_that_are() -> None:
    desk = Desk()
    desk.take("ask", "02 09:00")
    with pytest.raises(StepNotOpen) as refusal:
        desk.take("grant", "02 10:00")
    assert refusal.value.facts == {
        "step": "grant",
        "state": "ASKED",
        "open_steps": ["sign", "remark"],
    }


def test_the_step_that_opens_is_not_open_again() -> None:
    desk = Desk()
    desk.take("ask", "02 09:00")
    with pytest.raises(StepNotOpen):
        desk.take("ask", "02 10:00")


def test_a_step_that_the_procedure_does_not_have_is_not_found() -> None:
    with pytest.raises(NotFound):
        signed().take("dance", "02 11:00")


def test_a_step_says_only_the_organs_that_it_names() -> None:
    desk = Desk()
    desk.take("ask", "02 09:00", Apply(topic="permit", helper="psb-2"))
    assert desk.proceeding
    assert desk.proceeding.parts == {**PARTS, "helper": "psb-2"}
    command = Command("sign", PEOPLE["desk"], Plain(), parts={"asker": "another"})
    with pytest.raises(AssertionError, match="does not name"):
        decide(PERMIT, desk.proceeding, command, desk.setting(at("02 10:00")))


@pytest.mark.parametrize("person", ["asker", "desk", "officer", "platform"])
def test_nobody_but_the_head_decides(person: str) -> None:
    with pytest.raises(Forbidden) as refusal:
        signed().take("grant", "02 11:00", person=person)
    assert refusal.value.facts == {"step": "grant", "organ": "psb", "duties": ["head"]}
    assert refusal.value.article == LAW.citation


def test_nobody_but_the_platform_says_that_a_file_arrived() -> None:
    desk = Desk()
    desk.take("ask", "02 09:00")
    for person in PEOPLE.keys() - {"platform"}:
        with pytest.raises(Forbidden):
            desk.take("arrive", "02 09:01", person=person)
    with pytest.raises(AssertionError, match="nobody is the platform"):
        Person("a", SERVICE, frozenset({Duty.ADMINISTRATOR}))
    desk.take("arrive", "02 09:01")
    assert desk.proceeding
    assert desk.proceeding.revision == 1
    assert desk.running() == {"sign": "02 09:01"}


def test_what_answers_a_step_is_open_once_each_time_that_one_is_taken() -> None:
    desk = signed()
    assert "reply" not in desk.open()
    desk.take("remark", "02 11:00")
    desk.take("reply", "02 12:00")
    with pytest.raises(StepNotOpen):
        desk.take("reply", "02 13:00")
    desk.take("remark", "02 14:00")
    desk.take("reply", "02 15:00")


def test_documents_and_conditions_are_named_when_they_lack() -> None:
    desk = signed()
    with pytest.raises(GuardFailed) as refusal:
        desk.take("grant", "02 11:00", documents=())
    assert refusal.value.facts == {"guard": "documents", "missing": ["w13"]}
    with pytest.raises(GuardFailed) as refusal:
        desk.take("look", "02 11:00", Plain(pages=10))
    assert refusal.value.facts == {"guard": "short", "missing": ["pages"]}


def test_everything_that_is_open_for_somebody_may_be_taken_by_them() -> None:
    desk = signed()
    assert desk.proceeding
    rows = {row.name: row for row in open_steps(PERMIT, desk.proceeding, "any")}
    assert may_take(rows["grant"], desk.proceeding, PEOPLE["head"])
    assert not may_take(rows["grant"], desk.proceeding, PEOPLE["officer"])


# --- legal time


def test_nothing_happens_in_the_future() -> None:
    with pytest.raises(HappenedInFuture):
        signed().take("look", "02 11:00", happened_at=at("02 11:01"))


def test_what_moves_comes_after_what_it_found() -> None:
    with pytest.raises(HappenedBefore) as refusal:
        signed().take("grant", "02 12:00", happened_at=at("02 09:30"))
    assert refusal.value.facts["previous_step"] == "sign"


def test_what_stands_beside_may_be_entered_after_what_came_later() -> None:
    desk = signed()
    desk.take("remark", "02 11:00", happened_at=at("02 09:30"))
    with pytest.raises(HappenedBefore):
        desk.take("reply", "02 11:00", happened_at=at("02 09:20"))
    with pytest.raises(HappenedBefore):
        desk.take("remark", "02 11:00", happened_at=at("02 08:30"))
    with pytest.raises(HappenedBefore):
        desk.take("look", "02 11:00", happened_at=at("02 09:30"))


def test_a_paper_receipt_may_be_older_than_the_arrival_here() -> None:
    desk = Desk()
    desk.take("ask", "02 09:00")
    desk.take("arrive", "02 12:00")
    events = desk.take("sign", "02 13:00", happened_at=at("02 11:00"))
    assert brief(events)[1:3] == [
        ("limit_ended", "sign", "met", "in time"),
        ("limit_started", "answer", "05 23:59", "05 23:59"),
    ]


def test_an_act_of_an_earlier_day_needs_a_reason_and_says_that_it_is_late() -> None:
    desk = signed()
    desk.take("look", "03 10:00", happened_at=at("02 10:00"))
    with pytest.raises(LateReasonMissing):
        desk.take("remark", "03 10:01", happened_at=at("02 10:00"))
    events = desk.take("remark", "03 10:01", happened_at=at("02 10:00"), late_reason=WORDS)
    head = events[0].head  # type: ignore[attr-defined] # a step
    assert (head.entered_late, head.late_reason) == (True, WORDS)


def test_a_day_is_no_time_of_the_day() -> None:
    desk = signed()
    day: dict[str, Any] = {"precision": Precision.DAY, "happened_at": at("02 12:00")}
    events = desk.take("look", "02 13:00", **day)
    head = events[0].head  # type: ignore[attr-defined] # a step
    assert head.happened_at == at("02 00:00")
    # Nothing shows that it was late, or that it was before the receipt of that day.
    assert brief(events)[1:] == [("limit_ended", "look", "met", "in time")]
    desk.take("grant", "02 14:00")


@pytest.mark.parametrize(
    ("precision", "started", "answer", "look"),
    [
        (Precision.MINUTE, "02 10:00", "05 23:59", "03 09:59"),
        # Hours run from the end of a day, a month is counted from its last possible day.
        (Precision.DAY, "02 00:00", "05 23:59", "03 23:59"),
        (Precision.MONTH, "03 00:00", "06 23:59", "04 23:59"),
    ],
)
def test_a_limit_runs_from_the_latest_that_its_start_may_mean(
    precision: Precision, started: str, answer: str, look: str
) -> None:
    desk = Desk()
    desk.take("ask", "02 09:00")
    events = desk.take("sign", "03 09:00", happened_at=at("02 10:00"), precision=precision)
    assert [_day(each.due_at) for each in events if isinstance(each, LimitStarted)] == [
        answer,
        look,
    ]
    assert desk.running()["answer"] == started


def test_nothing_is_late_under_a_rule_that_we_do_not_hold() -> None:
    act = Act("NEW", "新法", "New act", "1号", date(2030, 1, 1))
    new = replace(ANSWER, bases=(Basis(3, Unit.NATURAL_DAY, Law(act, "第一条")),))
    steps = tuple(
        replace(row, starts=(Starts(new, on="office"),)) if row.name == "sign" else row
        for row in PERMIT.steps
    )
    desk = Desk(replace(PERMIT, steps=steps))
    desk.take("ask", "02 09:00")
    started = desk.take("sign", "02 10:00")[1]
    assert isinstance(started, LimitStarted)
    assert not started.rule_held
    assert desk.due("20 10:00") == []
    ended = desk.take("grant", "20 11:00")[1]
    assert isinstance(ended, LimitEnded)
    assert not ended.late


# --- limits


def test_of_several_bases_the_strictest_warns_and_the_longest_makes_late() -> None:
    desk = signed("05 10:00")
    assert desk.due("09 11:59") == []
    assert brief(desk.due("09 12:00")) == [("limit_near", "answer")]
    assert desk.due("10 23:59") == []
    assert brief(desk.due("11 00:00")) == [("limit_missed", "answer")]
    assert desk.due("12 00:00") == []
    ended = desk.take("grant", "12 10:00")[1]
    assert brief([ended]) == [("limit_ended", "answer", "met", "late")]


def test_between_the_strictest_and_the_longest_nothing_is_late() -> None:
    assert brief(signed("05 10:00").take("grant", "10 10:00"))[1:3] == [
        ("limit_ended", "answer", "met", "in time"),
        ("limit_ended", "look", "closed", "in time"),
    ]


def test_a_limit_that_bears_only_on_its_step_is_never_missed() -> None:
    desk = signed("05 10:00")
    assert "look" not in {getattr(each, "limit", "") for each in desk.due("30 10:00")}
    assert brief(desk.take("look", "30 10:00"))[1:] == [("limit_ended", "look", "met", "late")]


def test_a_limit_that_takes_the_place_of_another_counts_from_where_that_counted() -> None:
    desk = signed()
    assert brief(desk.take("extend", "04 10:00"))[1:] == [
        ("limit_ended", "answer", "replaced", "in time"),
        ("limit_started", "longer", "12 23:59", "12 23:59"),
    ]
    with pytest.raises(StepNotOpen):
        desk.take("extend", "04 11:00")


def test_an_extension_after_the_end_does_not_hide_that_it_was_late() -> None:
    desk = signed()
    desk.due("06 00:00")
    assert brief(desk.take("extend", "06 10:00"))[1] == (
        "limit_ended",
        "answer",
        "replaced",
        "late",
    )


def test_what_stands_still_is_not_counted() -> None:
    desk = signed()
    assert brief(desk.take("halt", "03 10:00"))[1:] == [("limit_paused", "answer")]
    assert desk.due("20 10:00") == []
    assert brief(desk.take("halt", "20 10:00")) == [("halt",)]
    assert brief(desk.take("go_on", "20 11:00"))[1:] == [
        ("limit_resumed", "answer", "23 23:59", "24 23:59")
    ]
    # The pauses go over to the limit that takes its place.
    assert brief(desk.take("extend", "20 12:00"))[2] == (
        "limit_started",
        "longer",
        "30 23:59",
        "30 23:59",
    )


def test_without_a_receipt_it_runs_from_the_arrival_until_the_receipt_moves_it() -> None:
    desk = Desk()
    desk.take("ask", "02 09:00")
    desk.take("arrive", "02 10:00")
    assert brief(desk.due("03 10:00:01")) == [
        ("limit_missed", "sign"),
        ("limit_started", "answer", "05 23:59", "05 23:59"),
        ("notice_owed", "receipt_overdue", "psb", "eeb", "desk"),
    ]
    assert desk.running()["answer"] == "02 10:00"
    assert brief(desk.due("06 00:00")) == [("limit_missed", "answer")]
    assert brief(desk.take("sign", "06 10:00"))[1:4] == [
        ("limit_ended", "sign", "met", "late"),
        ("limit_moved", "answer", "09 23:59", "11 23:59"),
        ("limit_started", "look", "07 09:59", "07 09:59"),
    ]
    assert desk.due("06 11:00") == []
    assert desk.proceeding
    answer = desk.proceeding.clock("answer")
    assert answer
    assert (answer.act, answer.provisional_start) == (desk.acts["sign"], False)
    # Without the receipt it is provisional again.
    assert brief(desk.annul("sign", "06 12:00"))[1:4] == [
        ("limit_reopened", "sign", "03 09:59", "03 09:59"),
        ("limit_moved", "answer", "05 23:59", "05 23:59"),
        ("limit_ended", "look", "annulled", "in time"),
    ]
    assert desk.running() == {"sign": "02 10:00", "answer": "02 10:00"}
    assert brief(desk.take("sign", "06 13:00"))[2][0] == "limit_moved"


def test_the_profile_sets_the_platforms_own_times_but_not_the_laws() -> None:
    desk = Desk()
    desk.take("ask", "02 09:00")
    setting = replace(desk.setting(at("02 10:00")), own_hours={"sign": 48, "answer": 1})
    command = Command("arrive", PEOPLE["platform"], Plain())
    said = decide(PERMIT, desk.proceeding, command, setting)
    assert brief([said[1].event]) == [("limit_started", "sign", "04 09:59", "04 09:59")]


def test_a_new_calendar_moves_what_it_makes_due_elsewhere_and_only_that() -> None:
    desk = signed()
    assert desk.proceeding
    said = {
        each.event.limit_id: (each.event.due_at, each.event.late_at)
        for each in desk.said
        if isinstance(each.event, LimitStarted)
    }
    assert decide_moved(PERMIT, desk.proceeding, said, desk.setting(at("03 10:00"))) == []
    notice = OfficialYear(2026, frozenset({date(2026, 11, 5)}), frozenset(), "test")
    desk.calendar = desk.calendar.with_year(notice)
    moved = decide_moved(PERMIT, desk.proceeding, said, desk.setting(at("03 10:00")))
    assert brief([each.event for each in moved]) == [
        ("limit_moved", "answer", "06 23:59", "06 23:59")
    ]
    desk.keep(moved, By("service:cases", SERVICE))
    assert desk.running()["answer"] == "02 10:00"


# --- putting right


def test_an_annulled_act_leaves_everything_as_it_was() -> None:
    desk = signed()
    before = desk.running()
    desk.take("grant", "03 10:00")
    assert desk.running() == {}
    events = desk.annul("grant", "03 11:00")
    assert isinstance(events[0], ActAnnulled)
    assert brief(events)[1:] == [
        ("limit_reopened", "answer", "05 23:59", "05 23:59"),
        ("limit_reopened", "look", "03 09:59", "03 09:59"),
        ("notice_owed", "act_annulled", "psb", "eeb", "desk"),
        ("notice_owed", "act_annulled", "psb", "pp", "officer"),
    ]
    assert desk.running() == before
    assert desk.state == "OBJECTED"
    assert brief(desk.take("grant", "03 12:00"))[1] == ("limit_ended", "answer", "met", "in time")


def test_what_was_missed_before_the_annulled_act_is_not_missed_again() -> None:
    desk = signed()
    desk.due("06 00:00")
    desk.take("grant", "06 10:00")
    desk.annul("grant", "06 11:00")
    assert desk.due("07 10:00") == []


def test_an_act_cannot_be_annulled_twice() -> None:
    desk = signed()
    desk.take("look", "02 11:00")
    desk.annul("look", "02 12:00", person="officer")
    with pytest.raises(NotFound):
        desk.annul("look", "02 12:00", person="officer")


def test_what_others_rest_on_cannot_be_annulled() -> None:
    desk = signed()
    desk.take("extend", "02 11:00")
    desk.take("remark", "02 12:00")
    desk.take("reply", "02 13:00")
    desk.take("refuse", "02 14:00")
    for name, resting in {
        "sign": ["extend", "refuse"],
        "extend": ["refuse"],
        "remark": ["reply"],
    }.items():
        with pytest.raises(GuardFailed) as refusal:
            desk.annul(name, "02 15:00")
        assert refusal.value.facts["missing"] == resting
    desk.annul("reply", "02 15:00")
    desk.annul("remark", "02 15:00")
    assert desk.state == "REFUSED"
    desk.annul("refuse", "02 15:00")
    assert brief(desk.annul("extend", "02 16:00"))[1:3] == [
        ("limit_reopened", "answer", "05 23:59", "05 23:59"),
        ("limit_ended", "longer", "annulled", "in time"),
    ]


def test_a_proceeding_whose_opening_is_annulled_is_over() -> None:
    desk = Desk()
    desk.take("ask", "02 09:00")
    desk.annul("ask", "02 10:00", person="asker")
    assert desk.state == ANNULLED.code
    assert PERMIT.state(desk.state).final
    assert desk.open() == []
    with pytest.raises(StepNotOpen):
        desk.take("sign", "02 11:00")


@pytest.mark.parametrize("person", ["asker", "desk", "officer"])
def test_a_decision_or_a_receipt_is_annulled_by_the_head_of_its_organ(person: str) -> None:
    desk = signed()
    with pytest.raises(Forbidden):
        desk.annul("sign", "02 11:00", person=person)
    desk.take("extend", "02 11:00")
    with pytest.raises(Forbidden):
        desk.correct("extend", "02 11:00", person=person, fields={"pages": 2})


def test_annulled_pauses_and_resumptions_leave_the_count_as_it_would_be() -> None:
    desk = signed()
    desk.take("halt", "03 10:00")
    assert brief(desk.annul("halt", "10 10:00"))[1] == (
        "limit_resumed",
        "answer",
        "05 23:59",
        "05 23:59",
    )
    desk = signed()
    desk.take("halt", "03 10:00")
    desk.take("go_on", "04 10:00")
    assert brief(desk.annul("go_on", "10 10:00"))[1] == ("limit_paused", "answer")
    # One of three days had run; the day of the resumption is not counted.
    assert brief(desk.take("go_on", "11 10:00"))[1] == (
        "limit_resumed",
        "answer",
        "13 23:59",
        "13 23:59",
    )


def test_a_corrected_time_moves_what_counts_from_it_and_judges_anew() -> None:
    desk = signed()
    desk.take("extend", "04 10:00")
    desk.take("refuse", "12 10:00")
    events = desk.correct("sign", "13 10:00", happened_at=at("02 09:30"))
    assert isinstance(events[0], ActCorrected)
    assert [each[:2] for each in brief(events)[1:6]] == [
        ("limit_moved", "answer"),
        ("limit_ended", "answer"),
        ("limit_moved", "look"),
        ("limit_ended", "look"),
        ("limit_moved", "longer"),
    ]
    late = desk.correct("refuse", "13 11:00", happened_at=at("13 10:30"))
    assert brief(late)[-1] == ("limit_ended", "longer", "met", "late")
    in_time = desk.correct("refuse", "13 12:00", happened_at=at("12 23:00"))
    assert brief(in_time)[-1] == ("limit_ended", "longer", "met", "in time")


def test_a_corrected_extension_moves_no_start() -> None:
    desk = signed()
    desk.take("extend", "06 10:00")
    events = desk.correct("extend", "06 11:00", happened_at=at("05 10:00"))
    assert brief(events)[1:] == [("limit_ended", "answer", "replaced", "in time")]
    assert desk.running()["longer"] == "02 10:00"


def test_a_corrected_time_of_a_limit_that_stands_still() -> None:
    desk = signed()
    desk.take("halt", "03 10:00")
    desk.correct("sign", "03 11:00", happened_at=at("02 09:30"))
    assert desk.running()["answer"] == "02 09:30"
    events = desk.correct("halt", "03 12:00", happened_at=at("03 09:00"))
    assert isinstance(events[1], LimitPaused)
    assert events[1].paused_at == at("03 09:00")
    desk.take("go_on", "04 10:00")
    events = desk.correct("go_on", "04 12:00", happened_at=at("04 11:00"))
    assert isinstance(events[1], LimitResumed)
    assert desk.proceeding
    clock = desk.proceeding.clock("answer")
    assert clock
    assert clock.running.pauses == ((at("03 09:00"), at("04 11:00")),)


def test_a_corrected_time_keeps_the_order() -> None:
    desk = signed()
    desk.take("extend", "04 10:00")
    desk.take("refuse", "05 10:00")
    with pytest.raises(HappenedBefore) as refusal:
        desk.correct("sign", "06 10:00", happened_at=at("02 08:59"))
    assert refusal.value.facts["previous_step"] == "ask"
    with pytest.raises(HappenedBefore) as refusal:
        desk.correct("extend", "06 10:00", happened_at=at("05 10:01"))
    assert refusal.value.facts["next_step"] == "refuse"
    with pytest.raises(HappenedInFuture):
        desk.correct("refuse", "06 10:00", happened_at=at("06 10:01"))


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({}, "not_empty"),
        ({"colour": "red"}, "unknown_field"),
        ({"topic": "free words of a person"}, "string_pattern_mismatch"),
        ({"helper": "psb-2"}, "organ_fixed"),
    ],
)
def test_a_correction_says_what_the_form_would_take(fields: dict[str, Any], rule: str) -> None:
    desk = Desk()
    desk.take("ask", "02 09:00")
    with pytest.raises(BodyInvalid) as refusal:
        desk.correct("ask", "02 10:00", person="asker", fields=fields)
    assert refusal.value.facts["errors"][0]["rule"] == rule
    desk.correct("ask", "02 10:00", person="asker", fields={"topic": "another"})


# --- the laws of every table


def test_what_was_said_makes_the_state_again() -> None:
    desk = Desk()
    desk.take("ask", "02 09:00")
    desk.take("arrive", "02 10:00")
    desk.due("04 10:00")
    desk.take("sign", "04 11:00")
    desk.take("halt", "04 12:00")
    desk.take("go_on", "05 12:00")
    desk.take("extend", "05 13:00")
    desk.correct("sign", "05 14:00", happened_at=at("04 10:30"))
    desk.annul("extend", "05 15:00")
    assert desk.proceeding
    copy = Proceeding.model_validate_json(desk.proceeding.model_dump_json())
    assert copy == desk.proceeding


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_lawful_journey_breaks_and_each_is_said_whole(data: st.DataObject) -> None:
    desk = Desk()
    now = at("02 09:00")
    desk.take("ask", "02 09:00")
    for _ in range(data.draw(st.integers(1, 20))):
        now += timedelta(hours=data.draw(st.sampled_from([1, 7, 30, 90])))
        _go_on(desk, now, data)
    proceeding: Proceeding | None = None
    for each, by in zip(desk.said, desk.by, strict=True):
        read = type(each.event).model_validate_json(each.event.data())
        proceeding = evolve(PERMIT, proceeding, each.id, read, by)
    assert proceeding == desk.proceeding


def _go_on(desk: Desk, now: datetime, data: st.DataObject) -> None:
    written = now.strftime("%d %H:%M") if now.month == 11 else "30 23:00"
    desk.due(written)
    assert desk.proceeding
    name = data.draw(st.sampled_from([*desk.open(), ANNUL, CORRECT]))
    precision = data.draw(st.sampled_from(Precision))
    if name not in (ANNUL, CORRECT):
        desk.take(name, written, precision=precision, late_reason=WORDS)
        return
    standing = [each for each in desk.proceeding.standing() if each.organ != SERVICE]
    if not standing:
        return
    taken = data.draw(st.sampled_from(standing))
    form: Form = AnnulAct(act=taken.act, reason=WORDS)
    if name == CORRECT:
        moment = taken.happened_at + timedelta(minutes=data.draw(st.integers(-900, 900)))
        form = CorrectAct(act=taken.act, reason=WORDS, happened_at=min(moment, at(written)))
    person = Person("h", taken.organ, frozenset({Duty.HEAD}))
    command = Command(name, person, form)
    try:
        said = decide(PERMIT, desk.proceeding, command, desk.setting(at(written)))
    except (GuardFailed, HappenedBefore):
        return
    desk.keep(said, By(person.id, person.organ))


# --- the check, each rule broken once


def findings(procedure: Procedure, **values: Any) -> list[str]:  # noqa: ANN401 - fields of a row
    given = {"notice_kinds": NOTICE_KINDS, "entry_items": ENTRY_ITEMS, "documents": DOCUMENTS}
    return check(procedure, **(given | values))


def changed(name: str, **values: Any) -> Procedure:  # noqa: ANN401 - fields of a row
    steps = tuple(replace(row, **values) if row.name == name else row for row in PERMIT.steps)
    return replace(PERMIT, steps=steps)


def without(*names: str) -> Procedure:
    return replace(PERMIT, steps=tuple(row for row in PERMIT.steps if row.name not in names))


def added(*rows: Step) -> Procedure:
    return replace(PERMIT, steps=(*PERMIT.steps, *rows))


NOWHERE = State("NOWHERE", "无", "Nowhere")
UNKNOWN_ACT = Act("UNKNOWN", "某法", "Some act", "0号", date(2020, 1, 1))
NO_TITLE = type("NoTitle", (Form,), {"__annotations__": {"pages": int}, "__module__": __name__})
ROW = {row.name: row for row in PERMIT.steps}

BROKEN: Mapping[str, Callable[[], list[str]]] = {
    "state NOWHERE is never reached": lambda: findings(
        replace(PERMIT, states=(*PERMIT.states, NOWHERE))
    ),
    "state ASKED stands twice": lambda: findings(replace(PERMIT, states=(*PERMIT.states, ASKED))),
    "state ANNULLED is every procedure's and stands in no table": lambda: findings(
        replace(PERMIT, states=(*PERMIT.states, ANNULLED))
    ),
    "remark: state NOWHERE is not one of the procedure": lambda: findings(
        changed("remark", source=(ASKED, OBJECTED, NOWHERE))
    ),
    "ask opens a proceeding without state or holder": lambda: findings(changed("ask", holder=None)),
    "no step opens it": lambda: findings(without("ask")),
    "field any: no way on from OBJECTED": lambda: findings(without("grant", "refuse")),
    "look: part judge has no kind of organ": lambda: findings(
        changed("look", actor=Actor("judge", (Duty.OFFICER,)))
    ),
    "sign: part judge has no kind of organ": lambda: findings(
        changed("sign", owes=(replace(TOLD, to="judge"),))
    ),
    "overseer: part judge has no kind of organ": lambda: findings(
        replace(PERMIT, overseer="judge")
    ),
    "missed sign: part judge has no kind of organ": lambda: findings(
        replace(PERMIT, missed={"sign": WhenMissed(owes=(replace(TOLD, to="judge"),))})
    ),
    "ask: the form has no field colour": lambda: findings(
        changed("ask", names={"colour": "helper"})
    ),
    "ask: the form has no field size": lambda: findings(changed("ask", keeps=("size",))),
    "ask: the form has no field day": lambda: findings(
        changed("ask", starts=(Starts(ANSWER, on="office", of="day"),))
    ),
    "fills: part judge has no kind of organ": lambda: findings(
        replace(PERMIT, fills={"judge": Supervises("office")})
    ),
    "fills: part jury has no kind of organ": lambda: findings(
        replace(PERMIT, fills={"helper": Supervises("jury")})
    ),
    "inherits of permit: part judge has no kind of organ": lambda: findings(
        replace(PERMIT, inherits={"permit": {"judge": "office"}})
    ),
    "look rests on no law": lambda: findings(
        replace(
            PERMIT, steps=tuple(replace(r, law=()) if r.name == "look" else r for r in PERMIT.steps)
        )
    ),
    "look: act UNKNOWN is not in the register of acts": lambda: findings(
        changed("look", law=(Law(UNKNOWN_ACT, "第一条"),))
    ),
    "limit fix: act UNKNOWN is not in the register of acts": lambda: findings(
        changed(
            "remark",
            starts=(
                Starts(limit("fix", (1, Unit.HOUR), law=Law(UNKNOWN_ACT, "第一条")), on="office"),
            ),
        )
    ),
    "limit look warns before it begins": lambda: findings(
        changed(
            "sign", starts=(Starts(replace(LOOK, warn_before=timedelta(hours=24)), on="office"),)
        )
    ),
    "limit fix is ended by no step": lambda: findings(
        changed("halt", starts=(Starts(FIX, on="office"),))
    ),
    "look: limit fix is started by nothing": lambda: findings(changed("look", ends=(LOOK, FIX))),
    "limit longer follows fix, started by nothing": lambda: findings(
        changed("extend", starts=(Starts(LONGER, on="office", since=FIX),))
    ),
    "missed fix: the limit is started by nothing": lambda: findings(
        replace(PERMIT, missed={**PERMIT.missed, "fix": WhenMissed()})
    ),
    "limit answer has two rows": lambda: findings(
        changed("look", starts=(Starts(replace(ANSWER, title="另"), on="office"),))
    ),
    "field any: limit look runs on in REFUSED": lambda: findings(changed("refuse", drops=())),
    "field any: look starts limit answer while it runs in OBJECTED": lambda: findings(
        replace(changed("look", starts=(Starts(ANSWER, on="office"),)), missed={})
    ),
    "reply: it follows dance, which is no step": lambda: findings(changed("reply", after="dance")),
    "look: two rows hold at once": lambda: findings(added(ROW["look"])),
    "look: two rows have different forms": lambda: findings(
        added(replace(ROW["look"], emits=ROW["ask"].emits, source=(GRANTED,)))
    ),
    "Remark is said by look, remark": lambda: findings(changed("look", emits=ROW["remark"].emits)),
    "look: field pages of the form has no title": lambda: findings(
        changed("look", emits=event("look", NO_TITLE))
    ),
    "grant: document w99 is not in the register": lambda: findings(
        changed("grant", documents=("w99",))
    ),
    "grant: document w2 is not issued by police": lambda: findings(
        changed("grant", documents=("w2",))
    ),
    "notice transfer_received has no template": lambda: findings(
        PERMIT, notice_kinds=set(NOTICE_KINDS) - {"transfer_received"}
    ),
    "notice act_annulled has no template": lambda: findings(
        PERMIT, notice_kinds=set(NOTICE_KINDS) - {"act_annulled"}
    ),
    "entry filing is no item of the shared platform": lambda: findings(PERMIT, entry_items=()),
}


def test_the_register_holds_w1_to_w30_with_the_patterns_of_the_profile() -> None:
    assert list(DOCUMENTS) == [f"w{number}" for number in range(1, 31)]
    patterns = {row.pattern for row in DOCUMENTS.values() if row.pattern}
    profile = load_profile(Path(__file__).parents[2] / "profiles" / "liaoyuan.toml")
    assert patterns == {pattern.document for pattern in profile.number_patterns}


def test_a_sound_table_has_no_findings() -> None:
    assert findings(PERMIT) == []


@pytest.mark.parametrize("finding", BROKEN)
def test_each_fault_of_a_table_is_found(finding: str) -> None:
    assert f"permit: {finding}" in BROKEN[finding]()


# --- the check between the tables, each rule broken once


class Named(Form):
    parties: tuple[UUID, ...] = Field(default=(), title="当事人 / parties")


WATCHED, FORGOTTEN = (State(code, code, code, final=True) for code in ("WATCHED", "FORGOTTEN"))
WITH_ANOTHER: dict[str, Any] = {
    "actor": Actor(SERVICE, (Duty.ADMINISTRATOR,)),
    "form": CausedByAct,
}
WATCH = Procedure(
    name="watch",
    title="察看",
    title_en="Watch",
    subject="party permit",
    parts={"watcher": (OrganKind.POLICE,), "asker": (OrganKind.ENFORCEMENT_AGENCY,)},
    states=(WATCHED, FORGOTTEN),
    steps=(
        step("open_watch", (), WATCHED, holder="watcher", **WITH_ANOTHER),
        step("end_watch", (WATCHED,), FORGOTTEN, **WITH_ANOTHER),
    ),
    inherits={"permit": {"watcher": "office"}},
)
OPENS_WATCH = Causes(
    "watch",
    "open_watch",
    Reach.OPENS,
    parts={"watcher": "office", "asker": "asker"},
    parties="parties",
)
ENDS_WATCH = Causes("watch", "end_watch", Reach.DEPENDENT)


def between(
    opens: Causes = OPENS_WATCH, ends: Causes = ENDS_WATCH, watch: Procedure = WATCH
) -> list[str]:
    causing = {"sign": (opens,), "grant": (ends,)}
    steps = tuple(
        replace(row, causes=causing[row.name], emits=event(row.name, Named))
        if row.name in causing
        else row
        for row in PERMIT.steps
    )
    return check_causes({"permit": replace(PERMIT, steps=steps), "watch": watch})


def watch_with(name: str, **values: Any) -> Procedure:  # noqa: ANN401 - fields of a row
    steps = tuple(replace(row, **values) if row.name == name else row for row in WATCH.steps)
    return replace(WATCH, steps=steps)


NOT_CAUSED: Mapping[str, Callable[[], list[str]]] = {
    "permit: grant: it causes watch.dance, which is no step": lambda: between(
        ends=replace(ENDS_WATCH, step="dance")
    ),
    "permit: grant: it causes dance.end_watch, which is no step": lambda: between(
        ends=replace(ENDS_WATCH, procedure="dance")
    ),
    "permit: grant: end_watch is not the platform's to take with another act": lambda: between(
        watch=watch_with("end_watch", actor=Actor("watcher", (Duty.OFFICER,)))
    ),
    "permit: sign: open_watch is not the platform's to take with another act": lambda: between(
        watch=watch_with("open_watch", emits=event("open_watch", Plain))
    ),
    "permit: sign: open_watch opens a proceeding": lambda: between(
        opens=replace(OPENS_WATCH, reach=Reach.CASE)
    ),
    "permit: grant: end_watch opens nothing": lambda: between(
        ends=replace(ENDS_WATCH, reach=Reach.OPENS)
    ),
    "permit: sign: the form has no field colour": lambda: between(
        opens=replace(OPENS_WATCH, parties="colour")
    ),
    "permit: grant: the form has no field size": lambda: between(
        ends=replace(ENDS_WATCH, about="size")
    ),
    "permit: sign: open_watch opens a proceeding without a party": lambda: between(
        opens=replace(OPENS_WATCH, parties=None)
    ),
    "permit: sign: open_watch opens a proceeding that nobody holds": lambda: between(
        opens=replace(OPENS_WATCH, parts={"asker": "asker"})
    ),
    "permit: sign: open_watch: no organ can be watcher there and asker here": lambda: between(
        opens=replace(OPENS_WATCH, parts={"watcher": "asker"})
    ),
    "permit: sign: open_watch: no organ can be judge there and office here": lambda: between(
        opens=replace(OPENS_WATCH, parts={"watcher": "office", "judge": "office"})
    ),
    "permit: sign: open_watch: no organ can be watcher there and judge here": lambda: between(
        opens=replace(OPENS_WATCH, parts={"watcher": "judge"})
    ),
    "watch: end_watch: nothing causes it": lambda: between(ends=OPENS_WATCH),
    "watch: it may be about dance, which is no procedure": lambda: between(
        watch=replace(WATCH, subject="party dance")
    ),
    "watch: it may be about song, which is no procedure": lambda: between(
        watch=replace(WATCH, inherits={"song": {}})
    ),
    "watch: it inherits judge, which is no part of permit": lambda: between(
        watch=replace(WATCH, inherits={"permit": {"watcher": "judge"}})
    ),
}


def test_tables_that_cause_one_another_soundly_have_no_findings() -> None:
    assert between() == []
    assert findings(WATCH) == []


@pytest.mark.parametrize("finding", NOT_CAUSED)
def test_each_fault_between_tables_is_found(finding: str) -> None:
    assert finding in NOT_CAUSED[finding]()


def test_a_table_too_wide_to_walk_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    # The package says `check` of the function, which hides the module of that name.
    monkeypatch.setattr(sys.modules[check.__module__], "PLACES_MAX", 3)
    assert "permit: field any: more than 3 combinations" in findings(PERMIT)


def test_a_table_is_complete_without_the_rows_of_one_field() -> None:
    decisions = {"grant", "refuse"}
    steps = tuple(
        replace(row, fields=("environment",)) if row.name in decisions else row
        for row in PERMIT.steps
    )
    found = findings(replace(PERMIT, steps=steps))
    assert "permit: field any: no way on from OBJECTED" in found
    assert not [each for each in found if "field environment" in each]


def test_what_several_steps_say_deliberately_is_no_fault() -> None:
    shared = replace(changed("look", emits=ROW["remark"].emits), shares=(ROW["remark"].emits,))
    assert findings(shared) == []


def test_the_command_says_that_the_tables_are_sound() -> None:
    result = CliRunner().invoke(_app(), ["procedure", "check"])
    assert result.exit_code == 0
    assert result.stdout.endswith(" limits: sound\n")


def test_the_command_names_what_is_not_sound(capsys: pytest.CaptureFixture[str]) -> None:
    assert report([without("grant", "refuse")]) == 1
    assert "permit: field any: no way on from OBJECTED" in capsys.readouterr().out


def _app() -> typer.Typer:
    app = typer.Typer()
    app.add_typer(procedure_app, name="procedure")
    return app
