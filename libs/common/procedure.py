"""The law as a table: steps, limits and what they owe, and the two pure functions that read it.

`decide` says what follows from a command, `evolve` what a proceeding is after an event. Everything
that a procedure does stands in its table; no other place asks for a state.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, NoReturn
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime

from libs.common import limits
from libs.common.agencies import Duty, OrganKind
from libs.common.contracts import Event, Form, Sealed, Strict
from libs.common.contracts.procedure import (
    ActAnnulled,
    ActCorrected,
    AnnulAct,
    CorrectAct,
    Document,
    Ending,
    EntryOwed,
    LimitEnded,
    LimitMissed,
    LimitMoved,
    LimitNear,
    LimitPaused,
    LimitResumed,
    LimitStarted,
    Moving,
    NoticeOwed,
    Precision,
    Receipt,
    StepHead,
    StepTaken,
)
from libs.common.errors import (
    Forbidden,
    GuardFailed,
    HappenedBefore,
    HappenedInFuture,
    LateReasonMissing,
    NotFound,
    StepNotOpen,
)
from libs.common.law import PLATFORM, Confidence, Law
from libs.common.limits import Deadline, Limit, LimitId, Running
from libs.common.worktime import Calendar, Due, Unit, due

ANY_FIELD: Final = "any"
CORRECT: Final = "correct"
ANNUL: Final = "annul"
LATE_ENTRY: Final = timedelta(hours=24)
"""Acts entered later than this need a reason (architecture, section 5)."""

Part = str
"""The place of an organ in a proceeding, such as `sender`; each procedure names its own."""


@dataclass(frozen=True, slots=True)
class State:
    """A state of a procedure; codes are stable across versions of the law."""

    code: str
    title: str
    title_en: str
    final: bool = False
    """Nothing more is owed; a step may still leave it."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who takes a step: the organ in a part of the proceeding, and one of these duties in it."""

    part: Part
    duties: tuple[Duty, ...]


SERVICE: Final = "service"
"""The part of the platform itself, for what arrives without a person's act."""


@dataclass(frozen=True, slots=True)
class Starts:
    """A limit that begins with a step, and the part that has to act."""

    limit: Limit
    on: Part
    since: Limit | None = None
    """Counts from where this limit counted, and takes its place."""
    provisional: bool = False
    """From the arrival, because the receipt is missing."""


@dataclass(frozen=True, slots=True)
class OwesNotice:
    """A notice that a step owes."""

    kind: str
    to: Part
    duty: Duty
    law: Law
    receipt: Receipt
    within: tuple[int, Unit] | None = None
    """None: promptly."""
    by: Part | None = None
    """Who owes it; the organ that took the step where nothing is said."""


@dataclass(frozen=True, slots=True)
class OwesEntry:
    """An entry on the shared information platform that a step owes."""

    item: str
    by: Part
    law: Law
    within: tuple[int, Unit]
    fields: tuple[str, ...] = (ANY_FIELD,)


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition that the law sets for a step; `lacks` names what is missing, or nothing."""

    name: str
    title: str
    title_en: str
    law: Law
    lacks: "Callable[[Proceeding | None, Command], Sequence[str]]"


@dataclass(frozen=True, slots=True)
class Step:
    """One legal step: a row of the table."""

    name: str
    title: str
    title_en: str
    source: tuple[State, ...]
    """The states that it leaves; empty for the step that opens the proceeding."""
    target: State | None
    """The state that it reaches; None where it stays."""
    actor: Actor
    form: type[Form]
    emits: type[StepTaken]
    law: tuple[Law, ...]
    decides: bool = False
    """A decision needs `If-Match`; what only adds does not."""
    receiver: Part | None = None
    documents: tuple[str, ...] = ()
    """Kinds of documents that must be with it."""
    guards: tuple[Guard, ...] = ()
    holder: Part | None = None
    """The part that holds the proceeding afterwards; None where the holder stays."""
    becomes: Mapping[Part, Part] = field(default_factory=dict)
    """Parts whose organ changes: the part, and the part whose organ it takes."""
    names: Mapping[str, Part] = field(default_factory=dict)
    """Fields of the form that name the organ of a part."""
    starts: tuple[Starts, ...] = ()
    ends: tuple[Limit, ...] = ()
    drops: tuple[Limit, ...] = ()
    """Limits that fall away because what they time can no longer come."""
    pauses: tuple[Limit, ...] = ()
    resumes: tuple[Limit, ...] = ()
    owes: tuple[OwesNotice | OwesEntry, ...] = ()
    fields: tuple[str, ...] = (ANY_FIELD,)
    """The fields of enforcement for which the row holds."""

    @property
    def valid_from(self) -> date:
        """The first day for which we hold a text of the rule."""
        return min(law.act.valid_from for law in self.law)

    def holds_for(self, case_field: str) -> bool:
        """Whether the row holds for a field of enforcement."""
        return ANY_FIELD in self.fields or case_field in self.fields


@dataclass(frozen=True, slots=True)
class WhenMissed:
    """What follows by itself when a limit is missed."""

    starts: tuple[Starts, ...] = ()
    owes: tuple[OwesNotice, ...] = ()


@dataclass(frozen=True, slots=True)
class Procedure:
    """A legal procedure: its parts, states, steps and limits."""

    name: str
    title: str
    title_en: str
    subject: str
    parts: Mapping[Part, OrganKind]
    states: tuple[State, ...]
    steps: tuple[Step, ...]
    missed: Mapping[str, WhenMissed] = field(default_factory=dict)
    """By limit name."""

    @property
    def limits(self) -> tuple[Limit, ...]:
        """Every limit that a step or a missed limit starts, once each."""
        started = [start for step in self.steps for start in step.starts]
        started += [start for missed in self.missed.values() for start in missed.starts]
        return tuple({start.limit.name: start.limit for start in started}.values())

    def state(self, code: str) -> State:
        """The state of a code."""
        return next(state for state in self.states if state.code == code)

    def limit(self, name: str) -> Limit:
        """The limit of a name."""
        return next(limit for limit in self.limits if limit.name == name)

    def rows(self, name: str, case_field: str) -> tuple[Step, ...]:
        """The rows of a step that hold for a field of enforcement."""
        return tuple(
            step for step in self.steps if step.name == name and step.holds_for(case_field)
        )

    def row(self, name: str, case_field: str, on: date) -> tuple[Step, bool]:
        """The row of a step in force on a day, and whether we hold the rule of that day.

        For days before the earliest text that we hold, the earliest row is used and nothing is
        called late.

        Raises:
            NotFound: the procedure has no such step for this field.
        """
        rows = self.rows(name, case_field)
        if not rows:
            raise NotFound(step=name, steps=sorted({step.name for step in self.steps}))
        held = [step for step in rows if any(law.in_force_on(on) for law in step.law)]
        if held:
            return held[-1], True
        return min(rows, key=lambda step: step.valid_from), False


# --- what a proceeding is


class Clock(Strict):
    """A limit as it runs in a proceeding, and the organ against which it runs."""

    running: Running
    organ: str
    act: UUID
    """The event from which it runs."""
    conditional: bool = False
    rule_held: bool = True
    provisional_start: bool = False


class Taken(Strict):
    """A step that was taken, as far as later steps and corrections need it."""

    act: UUID
    step: str
    happened_at: AwareDatetime
    organ: str
    person: str
    decides: bool
    state_before: str | None
    state: str
    holder_before: str | None
    holder: str
    parts_before: dict[str, str]
    told: tuple[tuple[str, Duty], ...] = ()
    annulled: bool = False


class Proceeding(Strict):
    """One run of one procedure: exactly one state and exactly one holder."""

    id: UUID
    procedure: str
    state: str
    holder: str
    revision: int
    parts: dict[str, str]
    clocks: tuple[Clock, ...] = ()
    taken: tuple[Taken, ...] = ()

    def clock(self, name: str) -> Clock | None:
        """The clock of a limit that runs; None when it does not."""
        return next(
            (each for each in self.clocks if each.running.name == name and _runs(each)), None
        )

    @property
    def running(self) -> tuple[Clock, ...]:
        """The clocks that run or stand still."""
        return tuple(each for each in self.clocks if _runs(each))

    def standing(self) -> tuple[Taken, ...]:
        """The steps that were not annulled, oldest first."""
        return tuple(each for each in self.taken if not each.annulled)

    def last(self, step: str) -> Taken | None:
        """The last time that a step was taken and stands."""
        return next((each for each in reversed(self.standing()) if each.step == step), None)


def _runs(clock: Clock) -> bool:
    return clock.running.ended_at is None


# --- what comes in


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts: an opaque id, the organ acted for, the duties held there now."""

    id: str
    organ: str
    duties: frozenset[Duty]


@dataclass(frozen=True, slots=True)
class Command:
    """A step that a person, or the platform, wants taken."""

    step: str
    person: Person
    form: Form
    happened_at: datetime | None = None
    """None: now, which is what an act on the platform takes."""
    precision: Precision = Precision.MINUTE
    late_reason: Sealed[Any] | None = None
    documents: tuple[Document, ...] = ()
    parts: Mapping[Part, str] = field(default_factory=dict)
    """The organs by part, for the step that opens; else those that the step names."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What surrounds a decision: the case, the time, the calendar, fresh identities."""

    case: UUID
    case_number: str
    case_field: str
    now: datetime
    calendar: Calendar
    zone: ZoneInfo
    ids: Iterator[UUID]


@dataclass(frozen=True, slots=True)
class Said:
    """An event about to be appended, and its identity."""

    id: UUID
    event: Event


# --- decide


def decide(
    procedure: Procedure, proceeding: Proceeding | None, command: Command, setting: Setting
) -> list[Said]:
    """What follows from a command: the step, the limits it moves, what it owes.

    Args:
        procedure: the table.
        proceeding: the present state; None for the step that opens one.
        command: what is wanted.
        setting: case, time, calendar and identities.

    Returns:
        The events, the step first.

    Raises:
        NotFound: no such step for this field.
        StepNotOpen: the step does not leave the present state; names those that do.
        Forbidden: not this organ's or this duty's.
        HappenedInFuture, HappenedBefore, LateReasonMissing: the legal time does not hold.
        GuardFailed: a condition of the law is not met.
    """
    if command.step in (CORRECT, ANNUL):
        assert proceeding is not None, "only what was done can be put right"
        return _put_right(procedure, proceeding, command, setting)
    happened_at = command.happened_at or setting.now
    on = happened_at.astimezone(setting.zone).date()
    step, rule_held = procedure.row(command.step, setting.case_field, on)
    _check_open(procedure, proceeding, step, command, setting)
    _check_entitled(proceeding, step, command)
    entered_late = _check_time(proceeding, happened_at, command, setting)
    given = {document.kind for document in command.documents}
    if missing_kinds := [kind for kind in step.documents if kind not in given]:
        raise GuardFailed(
            "缺少必备文书 / Documents that the step needs are missing",
            article=step.law[0].citation,
            guard="documents",
            missing=missing_kinds,
        )
    for guard in step.guards:
        if missing := guard.lacks(proceeding, command):
            raise GuardFailed(
                guard.title, article=guard.law.citation, guard=guard.name, missing=list(missing)
            )
    said = Said(
        next(setting.ids),
        step.emits(
            head=_head(
                procedure,
                proceeding,
                step,
                command,
                setting,
                happened_at=happened_at,
                rule_held=rule_held,
                entered_late=entered_late,
            ),
            form=command.form,
        ),
    )
    return [said, *_follows(step, proceeding, said, command, setting)]


def open_steps(procedure: Procedure, proceeding: Proceeding, case_field: str) -> tuple[Step, ...]:
    """The steps that leave the present state or may be taken in it, in the order of the table."""
    return tuple(
        step
        for step in procedure.steps
        if proceeding.state in {state.code for state in step.source} and step.holds_for(case_field)
    )


def may_take(step: Step, proceeding: Proceeding, person: Person) -> bool:
    """Whether a person has the organ and the duty that a step demands."""
    return proceeding.parts.get(step.actor.part) == person.organ and bool(
        person.duties.intersection(step.actor.duties)
    )


def _check_open(
    procedure: Procedure,
    proceeding: Proceeding | None,
    step: Step,
    command: Command,
    setting: Setting,
) -> None:
    if proceeding is None:
        assert not step.source, f"{step.name} opens no proceeding"
        return
    if proceeding.state in {state.code for state in step.source}:
        return
    _refuse_not_open(procedure, proceeding, command.step, setting.case_field)


def _refuse_not_open(
    procedure: Procedure, proceeding: Proceeding, step: str, case_field: str
) -> NoReturn:
    state = procedure.state(proceeding.state)
    raise StepNotOpen(
        f"{state.title}（{state.title_en}）",
        step=step,
        state=proceeding.state,
        open_steps=[each.name for each in open_steps(procedure, proceeding, case_field)],
    )


def _check_entitled(proceeding: Proceeding | None, step: Step, command: Command) -> None:
    parts = proceeding.parts if proceeding is not None else command.parts
    organ = parts.get(step.actor.part)
    person = command.person
    if organ == person.organ and person.duties.intersection(step.actor.duties):
        return
    raise Forbidden(
        article=step.law[0].citation,
        step=step.name,
        organ=organ,
        duties=[duty.value for duty in step.actor.duties],
    )


def _check_time(
    proceeding: Proceeding | None, happened_at: datetime, command: Command, setting: Setting
) -> bool:
    """Check the legal time; whether the act is entered late."""
    if happened_at > setting.now:
        raise HappenedInFuture(field="happened_at", now=setting.now.isoformat())
    ends = _period_end(happened_at, command.precision, setting.zone)
    if proceeding is not None and (standing := proceeding.standing()):
        previous = standing[-1]
        if ends < previous.happened_at:
            raise HappenedBefore(
                field="happened_at",
                previous_step=previous.step,
                previous_at=previous.happened_at.isoformat(),
            )
    entered_late = setting.now - ends > LATE_ENTRY
    if entered_late and command.late_reason is None and SERVICE not in command.person.organ:
        raise LateReasonMissing(field="late_reason")
    return entered_late


def _period_end(happened_at: datetime, precision: Precision, zone: ZoneInfo) -> datetime:
    """The last moment that a legal time may mean."""
    if precision is Precision.MINUTE:
        return happened_at
    local = happened_at.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if precision is Precision.DAY:
        return midnight + timedelta(days=1)
    return (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)


def _head(
    procedure: Procedure,
    proceeding: Proceeding | None,
    step: Step,
    command: Command,
    setting: Setting,
    *,
    happened_at: datetime,
    rule_held: bool,
    entered_late: bool,
) -> StepHead:
    parts = dict(proceeding.parts if proceeding is not None else {}) | dict(command.parts)
    for name, part in step.names.items():
        if (named := getattr(command.form, name)) is not None:
            parts[part] = named
    for part, other in step.becomes.items():
        parts[part] = parts[other]
    holder = parts[step.holder] if step.holder else (proceeding.holder if proceeding else None)
    assert holder is not None, f"{step.name} opens a proceeding that nobody holds"
    state = step.target.code if step.target else (proceeding.state if proceeding else None)
    assert state is not None, f"{step.name} opens a proceeding without a state"
    return StepHead(
        case=setting.case,
        case_number=setting.case_number,
        proceeding=proceeding.id if proceeding else next(setting.ids),
        procedure=procedure.name,
        row=step.name,
        happened_at=happened_at,
        precision=command.precision,
        entered_late=entered_late,
        late_reason=command.late_reason if entered_late else None,
        rule_held=rule_held,
        documents=command.documents,
        state_before=proceeding.state if proceeding else None,
        state=state,
        holder_before=proceeding.holder if proceeding else None,
        holder=holder,
        parts=parts,
        revision=(proceeding.revision if proceeding else 0) + 1,
    )


def _follows(
    step: Step,
    proceeding: Proceeding | None,
    said: Said,
    command: Command,
    setting: Setting,
) -> Iterator[Said]:
    """The limits that a step moves and what it owes, in the order of the table."""
    assert isinstance(said.event, StepTaken)
    head = said.event.head
    for limit in step.ends:
        if proceeding and (clock := proceeding.clock(limit.name)):
            yield _ended(clock, head, said.id, head.happened_at, Ending.MET, setting)
    for limit in step.drops:
        if proceeding and (clock := proceeding.clock(limit.name)):
            yield _ended(clock, head, said.id, head.happened_at, Ending.CLOSED, setting)
    for limit in step.pauses:
        if proceeding and (clock := proceeding.clock(limit.name)) and not clock.running.is_paused:
            event = LimitPaused(**_about(head, clock), paused_at=head.happened_at, act=said.id)
            yield Said(next(setting.ids), event)
    for limit in step.resumes:
        if proceeding and (clock := proceeding.clock(limit.name)) and clock.running.is_paused:
            yield _resumed(clock, head, said.id, setting)
    for start in step.starts:
        yield from _started(start, proceeding, head, said.id, setting)
    for owed in step.owes:
        if isinstance(owed, OwesNotice):
            yield from _notice(owed, head, said.id, command.person.organ, setting)
        elif ANY_FIELD in owed.fields or setting.case_field in owed.fields:
            yield _entry(owed, head, said.id, setting)


def _about(head: StepHead, clock: Clock) -> dict[str, Any]:
    return {
        "case": head.case,
        "case_number": head.case_number,
        "proceeding": head.proceeding,
        "procedure": head.procedure,
        "limit": clock.running.name,
        "limit_id": clock.running.id,
        "organ": clock.organ,
    }


def _times(deadline: Deadline) -> dict[str, Any]:
    return {
        "warn_at": deadline.warn_at,
        "due_at": deadline.strictest.at,
        "late_at": deadline.latest.at,
        "provisional": deadline.strictest.provisional or deadline.latest.provisional,
    }


def _ended(
    clock: Clock, head: StepHead, act: UUID, at: datetime, ending: Ending, setting: Setting
) -> Said:
    late = ending is Ending.MET and is_late(clock, at, setting.calendar, setting.zone)
    event = LimitEnded(**_about(head, clock), ended_at=at, ending=ending, late=late, act=act)
    return Said(next(setting.ids), event)


def is_late(clock: Clock, at: datetime, calendar: Calendar, zone: ZoneInfo) -> bool:
    """Whether an act at that time misses the longest lawful due time; never where no rule is held."""
    deadline = limits.deadline(clock.running, calendar, zone)
    if deadline is None or not clock.rule_held:
        return False
    return not deadline.latest.is_kept_by(at, zone)


def _resumed(clock: Clock, head: StepHead, act: UUID, setting: Setting) -> Said:
    running = limits.resume(clock.running, head.happened_at)
    deadline = limits.deadline(running, setting.calendar, setting.zone)
    assert deadline is not None, "what runs is due"
    event = LimitResumed(
        **_about(head, clock), resumed_at=head.happened_at, **_times(deadline), act=act
    )
    return Said(next(setting.ids), event)


def _started(
    start: Starts, proceeding: Proceeding | None, head: StepHead, act: UUID, setting: Setting
) -> Iterator[Said]:
    limit = start.limit
    bases = tuple(
        basis
        for basis in limit.bases
        if ANY_FIELD in basis.fields or setting.case_field in basis.fields
    )
    if not bases:
        return
    at: datetime | date = head.happened_at
    if head.precision is not Precision.MINUTE:
        at = head.happened_at.astimezone(setting.zone).date()
    if start.since is not None:
        assert proceeding is not None, f"{limit.name} follows a limit"
        replaced = proceeding.clock(start.since.name)
        if replaced is None:
            return
        yield _ended(replaced, head, act, head.happened_at, Ending.REPLACED, setting)
        running = replaced.running
        at = running.started_at
        if running.started_on_day_only:
            at = at.astimezone(setting.zone).date()
    already = proceeding.clock(limit.name) if proceeding else None
    if already is not None:
        # It ran provisionally from the arrival; now the legal moment has come.
        yield _moved(already, head, act, at, Moving.RECEIPT, setting)
        return
    running = limits.start(limit, LimitId(next(setting.ids)), at, zone=setting.zone)
    running = running.model_copy(
        update={"bases": tuple(limits.Span(basis.length, basis.unit) for basis in bases)}
    )
    deadline = limits.deadline(running, setting.calendar, setting.zone)
    assert deadline is not None, "what runs is due"
    organ = head.parts[start.on]
    clock = Clock(running=running, organ=organ, act=act)
    event = LimitStarted(
        **_about(head, clock),
        kind=limit.kind,
        started_at=running.started_at,
        started_on_day_only=running.started_on_day_only,
        bases=running.bases,
        articles=tuple(basis.law.citation for basis in bases),
        custody=running.custody,
        before=running.before,
        warn_before_seconds=int(running.warn_before.total_seconds()),
        conditional=limit.conditional,
        rule_held=head.rule_held,
        provisional_start=start.provisional,
        act=act,
        **_times(deadline),
    )
    yield Said(next(setting.ids), event)


def _moved(
    clock: Clock,
    head: StepHead,
    act: UUID | None,
    at: datetime | date,
    moving: Moving,
    setting: Setting,
) -> Said:
    running = limits.move(clock.running, at, setting.zone)
    deadline = limits.deadline(running, setting.calendar, setting.zone)
    assert deadline is not None, "what moves runs"
    event = LimitMoved(
        **_about(head, clock),
        moving=moving,
        started_at=running.started_at,
        started_on_day_only=running.started_on_day_only,
        act=act,
        **_times(deadline),
    )
    return Said(next(setting.ids), event)


def _due(within: tuple[int, Unit], head: StepHead, setting: Setting) -> Due:
    length, unit = within
    start = head.happened_at
    return due(length=length, unit=unit, start=start, calendar=setting.calendar, zone=setting.zone)


def _notice(
    owed: OwesNotice, head: StepHead, act: UUID, organ: str, setting: Setting
) -> Iterator[Said]:
    to_organ = head.parts.get(owed.to)
    from_organ = head.parts[owed.by] if owed.by else organ
    if to_organ is None or to_organ == from_organ:
        return
    event = NoticeOwed(
        notice=next(setting.ids),
        kind=owed.kind,
        case=head.case,
        case_number=head.case_number,
        proceeding=head.proceeding,
        act=act,
        from_organ=from_organ,
        to_organ=to_organ,
        duty=owed.duty,
        article=owed.law.citation,
        due_at=_due(owed.within, head, setting).at if owed.within else None,
        receipt=owed.receipt,
        facts={
            "step": head.row,
            "state": head.state,
            "happened_at": head.happened_at.astimezone(setting.zone).isoformat(timespec="minutes"),
            **{f"organ_{part}": organ for part, organ in sorted(head.parts.items())},
        },
    )
    yield Said(next(setting.ids), event)


def _entry(owed: OwesEntry, head: StepHead, act: UUID, setting: Setting) -> Said:
    event = EntryOwed(
        entry=next(setting.ids),
        item=owed.item,
        case=head.case,
        case_number=head.case_number,
        proceeding=head.proceeding,
        act=act,
        organ=head.parts[owed.by],
        article=owed.law.citation,
        due_at=_due(owed.within, head, setting).at,
    )
    return Said(next(setting.ids), event)


# --- putting right: nothing is edited


PUT_RIGHT_LAW: Final = Law(
    PLATFORM,
    "更正与撤销",
    Confidence.DESIGN,
    "法律未规定平台上的更正程序；由原办理机关办理，原为决定的由负责人批准。",
)


def _put_right(
    procedure: Procedure, proceeding: Proceeding, command: Command, setting: Setting
) -> list[Said]:
    form = command.form
    assert isinstance(form, CorrectAct | AnnulAct)
    taken = next((each for each in proceeding.standing() if each.act == form.act), None)
    if taken is None:
        raise NotFound(act=str(form.act))
    duties = (Duty.HEAD,) if taken.decides else (Duty.OFFICER, Duty.DESK, Duty.HEAD)
    person = command.person
    if person.organ != taken.organ or not person.duties.intersection(duties):
        raise Forbidden(
            article=PUT_RIGHT_LAW.citation,
            step=command.step,
            organ=taken.organ,
            duties=[duty.value for duty in duties],
        )
    if isinstance(form, AnnulAct):
        return _annul(proceeding, taken, form, command, setting)
    return _correct(proceeding, taken, form, command, setting)


def _plain_head(
    proceeding: Proceeding, command: Command, setting: Setting, **changes: Any
) -> StepHead:
    values: dict[str, Any] = {
        "case": setting.case,
        "case_number": setting.case_number,
        "proceeding": proceeding.id,
        "procedure": proceeding.procedure,
        "row": command.step,
        "happened_at": setting.now,
        "precision": Precision.MINUTE,
        "documents": command.documents,
        "state_before": proceeding.state,
        "state": proceeding.state,
        "holder_before": proceeding.holder,
        "holder": proceeding.holder,
        "parts": proceeding.parts,
        "revision": proceeding.revision + 1,
    }
    return StepHead(**(values | changes))


def _annul(
    proceeding: Proceeding, taken: Taken, form: AnnulAct, command: Command, setting: Setting
) -> list[Said]:
    """Go back to before the act; only the last standing act can be annulled, for later ones rest
    on it.
    """
    last = proceeding.standing()[-1]
    if last.act != taken.act or taken.state_before is None:
        raise GuardFailed(
            "后续环节以该行为为前提，须先撤销后续环节 / Later acts rest on it",
            article=PUT_RIGHT_LAW.citation,
            guard="last_act",
            missing=[last.step],
        )
    head = _plain_head(
        proceeding,
        command,
        setting,
        state=taken.state_before,
        holder=taken.holder_before,
        parts=taken.parts_before,
    )
    said = Said(next(setting.ids), ActAnnulled(head=head, form=form))
    follows: list[Said] = []
    for clock in proceeding.clocks:
        if clock.act == taken.act and _runs(clock):
            follows.append(_ended(clock, head, said.id, setting.now, Ending.ANNULLED, setting))
        elif not _runs(clock) and _ended_by(clock, taken):
            follows.append(_begun_again(clock, head, said.id, setting))
    return [said, *follows, *_told_again(taken, "act_annulled", head, said.id, setting)]


def _ended_by(clock: Clock, taken: Taken) -> bool:
    return clock.running.ended_at == taken.happened_at


def _begun_again(clock: Clock, head: StepHead, act: UUID, setting: Setting) -> Said:
    """A limit that the annulled act had ended runs on as if it had not been ended."""
    running = clock.running.model_copy(update={"ended_at": None, "id": LimitId(next(setting.ids))})
    deadline = limits.deadline(running, setting.calendar, setting.zone)
    assert deadline is not None, "what ended was not paused"
    again = clock.model_copy(update={"running": running})
    event = LimitStarted(
        **_about(head, again),
        kind=limits.LimitKind.DUTY,
        started_at=running.started_at,
        started_on_day_only=running.started_on_day_only,
        bases=running.bases,
        articles=(),
        custody=running.custody,
        before=running.before,
        warn_before_seconds=int(running.warn_before.total_seconds()),
        conditional=clock.conditional,
        rule_held=clock.rule_held,
        provisional_start=clock.provisional_start,
        act=clock.act,
        **_times(deadline),
    )
    return Said(next(setting.ids), event)


def _correct(
    proceeding: Proceeding, taken: Taken, form: CorrectAct, command: Command, setting: Setting
) -> list[Said]:
    head = _plain_head(proceeding, command, setting)
    said = Said(next(setting.ids), ActCorrected(head=head, form=form))
    follows: list[Said] = []
    if form.happened_at is not None:
        _check_corrected_time(proceeding, taken, form.happened_at, setting)
        for clock in proceeding.clocks:
            if clock.act == taken.act and _runs(clock):
                at = form.happened_at
                follows.append(_moved(clock, head, said.id, at, Moving.CORRECTED, setting))
            elif not _runs(clock) and _ended_by(clock, taken):
                at = form.happened_at
                follows.append(_ended(clock, head, said.id, at, Ending.MET, setting))
    return [said, *follows, *_told_again(taken, "act_corrected", head, said.id, setting)]


def _check_corrected_time(
    proceeding: Proceeding, taken: Taken, happened_at: datetime, setting: Setting
) -> None:
    if happened_at > setting.now:
        raise HappenedInFuture(field="form.happened_at", now=setting.now.isoformat())
    standing = proceeding.standing()
    place = [each.act for each in standing].index(taken.act)
    if place and happened_at < standing[place - 1].happened_at:
        raise HappenedBefore(
            field="form.happened_at",
            previous_step=standing[place - 1].step,
            previous_at=standing[place - 1].happened_at.isoformat(),
        )
    if place + 1 < len(standing) and happened_at > standing[place + 1].happened_at:
        raise HappenedBefore(
            field="form.happened_at",
            next_step=standing[place + 1].step,
            next_at=standing[place + 1].happened_at.isoformat(),
        )


def _told_again(
    taken: Taken, kind: str, head: StepHead, act: UUID, setting: Setting
) -> Iterator[Said]:
    """Everyone who was told of the original is told that it was put right."""
    for organ, duty in dict.fromkeys(taken.told):
        owed = OwesNotice(kind, "told", duty, PUT_RIGHT_LAW, Receipt.ACKNOWLEDGED)
        told = head.model_copy(update={"parts": {**head.parts, "told": organ}})
        yield from _notice(owed, told, act, taken.organ, setting)


# --- time


def decide_due(procedure: Procedure, proceeding: Proceeding, setting: Setting) -> list[Said]:
    """What the passing of time causes: limits near or missed, once each, and what follows."""
    said: list[Said] = []
    for clock in proceeding.running:
        deadline = limits.deadline(clock.running, setting.calendar, setting.zone)
        if deadline is None or clock.conditional or not clock.rule_held:
            continue
        about = {
            "case": setting.case,
            "case_number": setting.case_number,
            "proceeding": proceeding.id,
            "procedure": proceeding.procedure,
            "limit": clock.running.name,
            "limit_id": clock.running.id,
            "organ": clock.organ,
        }
        if setting.now >= deadline.latest.at and not clock.running.missed:
            missed = LimitMissed(**about, due_at=deadline.strictest.at, late_at=deadline.latest.at)
            said.append(Said(next(setting.ids), missed))
            said.extend(_follows_missed(procedure, proceeding, clock, said[-1].id, setting))
        elif setting.now >= deadline.warn_at and not (clock.running.warned or clock.running.missed):
            near = LimitNear(**about, due_at=deadline.strictest.at)
            said.append(Said(next(setting.ids), near))
    return said


def _follows_missed(
    procedure: Procedure, proceeding: Proceeding, clock: Clock, act: UUID, setting: Setting
) -> Iterator[Said]:
    consequence = procedure.missed.get(clock.running.name)
    if consequence is None:
        return
    # What runs provisionally counts from where the missed limit counted.
    head = StepHead(
        case=setting.case,
        case_number=setting.case_number,
        proceeding=proceeding.id,
        procedure=proceeding.procedure,
        row="limit_missed",
        happened_at=clock.running.started_at,
        precision=Precision.MINUTE,
        state_before=proceeding.state,
        state=proceeding.state,
        holder_before=proceeding.holder,
        holder=proceeding.holder,
        parts=proceeding.parts,
        revision=max(proceeding.revision, 1),
    )
    for start in consequence.starts:
        yield from _started(start, proceeding, head, act, setting)
    for owed in consequence.owes:
        yield from _notice(owed, head, act, SERVICE, setting)


# --- evolve


@dataclass(frozen=True, slots=True)
class By:
    """Who said an event: the person and the organ of its envelope."""

    person: str
    organ: str


def evolve(
    procedure: Procedure, proceeding: Proceeding | None, act: UUID, event: Event, by: By
) -> Proceeding:
    """What a proceeding is after an event; an event that does not concern it leaves it as it is."""
    if isinstance(event, StepTaken):
        return _after_step(procedure, proceeding, act, event, by)
    assert proceeding is not None, f"{event.name} came before its proceeding was opened"
    match event:
        case LimitStarted():
            return _with_clock(proceeding, _clock_of(event))
        case LimitEnded():
            return _changed(
                proceeding,
                event.limit_id,
                lambda running: running.model_copy(update={"ended_at": event.ended_at}),
            )
        case LimitPaused():
            return _changed(
                proceeding, event.limit_id, lambda running: limits.pause(running, event.paused_at)
            )
        case LimitResumed():
            return _changed(
                proceeding, event.limit_id, lambda running: limits.resume(running, event.resumed_at)
            )
        case LimitMoved():
            return _changed(
                proceeding,
                event.limit_id,
                lambda running: running.model_copy(
                    update={
                        "started_at": event.started_at,
                        "started_on_day_only": event.started_on_day_only,
                        "warned": False,
                        "missed": False,
                    }
                ),
            )
        case LimitNear():
            return _changed(proceeding, event.limit_id, limits.mark_warned)
        case LimitMissed():
            return _changed(proceeding, event.limit_id, limits.mark_missed)
        case NoticeOwed():
            return _with_told(proceeding, event)
        case _:
            return proceeding


def _after_step(
    procedure: Procedure, proceeding: Proceeding | None, act: UUID, event: StepTaken, by: By
) -> Proceeding:
    head = event.head
    if proceeding is None:
        proceeding = Proceeding(
            id=head.proceeding,
            procedure=head.procedure,
            state=head.state,
            holder=head.holder,
            revision=0,
            parts=head.parts,
        )
    taken = proceeding.taken
    if isinstance(event, ActAnnulled):
        taken = tuple(
            each.model_copy(update={"annulled": True}) if each.act == event.form.act else each
            for each in taken
        )
    elif isinstance(event, ActCorrected):
        if event.form.happened_at is not None:
            taken = tuple(
                each.model_copy(update={"happened_at": event.form.happened_at})
                if each.act == event.form.act
                else each
                for each in taken
            )
    else:
        taken = (*taken, _taken(procedure, proceeding, act, head, by))
    return proceeding.model_copy(
        update={
            "state": head.state,
            "holder": head.holder,
            "parts": head.parts,
            "revision": head.revision,
            "taken": taken,
        }
    )


def _taken(
    procedure: Procedure, proceeding: Proceeding, act: UUID, head: StepHead, by: By
) -> Taken:
    return Taken(
        act=act,
        step=head.row,
        happened_at=head.happened_at,
        organ=by.organ,
        person=by.person,
        decides=any(step.decides for step in procedure.steps if step.name == head.row),
        state_before=head.state_before,
        state=head.state,
        holder_before=head.holder_before,
        holder=head.holder,
        parts_before=proceeding.parts,
    )


def _clock_of(event: LimitStarted) -> Clock:
    running = Running(
        id=LimitId(event.limit_id),
        name=event.limit,
        started_at=event.started_at,
        started_on_day_only=event.started_on_day_only,
        bases=event.bases,
        custody=event.custody,
        before=event.before,
        warn_before=timedelta(seconds=event.warn_before_seconds),
    )
    return Clock(
        running=running,
        organ=event.organ,
        act=event.act,
        conditional=event.conditional,
        rule_held=event.rule_held,
        provisional_start=event.provisional_start,
    )


def _with_clock(proceeding: Proceeding, clock: Clock) -> Proceeding:
    return proceeding.model_copy(update={"clocks": (*proceeding.clocks, clock)})


def _changed(
    proceeding: Proceeding, limit_id: UUID, change: Callable[[Running], Running]
) -> Proceeding:
    clocks = tuple(
        each.model_copy(update={"running": change(each.running)})
        if each.running.id == limit_id
        else each
        for each in proceeding.clocks
    )
    return proceeding.model_copy(update={"clocks": clocks})


def _with_told(proceeding: Proceeding, event: NoticeOwed) -> Proceeding:
    taken = tuple(
        each.model_copy(update={"told": (*each.told, (event.to_organ, event.duty))})
        if each.act == event.act
        else each
        for each in proceeding.taken
    )
    return proceeding.model_copy(update={"taken": taken})
