"""What a command, or the passing of time, causes: events, or a refusal that names its rule."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from libs.common import limits
from libs.common.contracts.procedure import (
    LimitMissed,
    LimitNear,
    Moving,
    Precision,
    StepHead,
)
from libs.common.errors import (
    Forbidden,
    GuardFailed,
    HappenedBefore,
    HappenedInFuture,
    LateReasonMissing,
    StepNotOpen,
)
from libs.common.procedure.command import Command, Person, Said, Setting
from libs.common.procedure.follows import (
    Act,
    about,
    follows,
    head_of,
    moved,
    notice,
    start_of,
    started,
)
from libs.common.procedure.order import begin_of, end_of, may_precede
from libs.common.procedure.proceeding import Clock, Proceeding
from libs.common.procedure.putting_right import ANNUL, CORRECT, put_right
from libs.common.procedure.table import SERVICE, Part, Procedure, Step, WhenMissed

LATE_ENTRY: Final = timedelta(hours=24)
"""Acts entered later than this need a reason (architecture, section 5)."""


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
        NotFound: no such step for this field, or no such act to put right.
        StepNotOpen: the step does not leave the present state; names those that do.
        Forbidden: not this organ's or this duty's.
        HappenedInFuture, HappenedBefore, LateReasonMissing: the legal time does not hold.
        BodyInvalid: a correction names what the step does not have.
        GuardFailed: a condition of the law is not met.
    """
    if command.step in (CORRECT, ANNUL):
        assert proceeding is not None, "only what was done can be put right"
        return put_right(procedure, proceeding, command, setting)
    wanted = command.happened_at or setting.now
    happened_at = begin_of(wanted, command.precision, setting.zone)
    step, rule_held = procedure.row(
        command.step,
        setting.case_field,
        happened_at.astimezone(setting.zone).date(),
        proceeding.state if proceeding else None,
    )
    _check_open(procedure, proceeding, step, setting)
    if not command.imported:
        _check_entitled(proceeding, step, command)
    entered_late = _check_time(procedure, proceeding, step, command, setting)
    _check_documents(step, command)
    _check_guards(step, proceeding, command, setting)
    head = _head(procedure, proceeding, step, command, setting).model_copy(
        update={
            "happened_at": happened_at,
            "rule_held": rule_held,
            "entered_late": entered_late,
            "late_reason": command.late_reason if entered_late else None,
            "caused_by": command.caused_by,
            "imported": command.imported,
            "inferred": command.inferred,
            "undated": command.undated,
        }
    )
    said = Said(next(setting.ids), step.emits(head=head, form=command.form))
    act = Act(said.id, head, command.person.organ)
    return [said, *follows(procedure, step, proceeding, act, form=command.form, setting=setting)]


def open_steps(procedure: Procedure, proceeding: Proceeding, case_field: str) -> tuple[Step, ...]:
    """The steps that may be taken now, in the order of the table, one row each."""
    rows = {
        step.name: step
        for step in procedure.steps
        if step.holds_for(case_field) and is_open(step, proceeding)
    }
    return tuple(rows.values())


def may_take(step: Step, proceeding: Proceeding, person: Person) -> bool:
    """Whether a person has the organ and the duty that a step demands."""
    return _is_entitled(step, proceeding.parts, person)


# --- what is checked, in this order


def is_open(step: Step, proceeding: Proceeding) -> bool:
    """Whether a row may be taken in the present state."""
    return (
        step.leaves(proceeding.state)
        and (step.after is None or proceeding.awaits(step.name, step.after))
        and (not step.since or any(proceeding.clock(name) for name in step.since))
    )


def _check_open(
    procedure: Procedure, proceeding: Proceeding | None, step: Step, setting: Setting
) -> None:
    if proceeding is None:
        assert not step.source, f"{step.name} opens no proceeding"
        return
    if is_open(step, proceeding):
        return
    state = procedure.state(proceeding.state)
    raise StepNotOpen(
        f"{state.title}（{state.title_en}）",
        step=step.name,
        state=proceeding.state,
        open_steps=[
            each.name
            for each in open_steps(procedure, proceeding, setting.case_field)
            if each.actor.part != SERVICE
        ],
    )


def _is_entitled(step: Step, parts: Mapping[Part, str], person: Person) -> bool:
    organ = SERVICE if step.actor.part == SERVICE else parts.get(step.actor.part)
    return organ == person.organ and not person.duties.isdisjoint(step.actor.duties)


def _check_entitled(proceeding: Proceeding | None, step: Step, command: Command) -> None:
    parts = proceeding.parts if proceeding is not None else command.parts
    if _is_entitled(step, parts, command.person):
        return
    raise Forbidden(
        article=step.law[0].citation,
        step=step.name,
        organ=parts.get(step.actor.part),
        duties=[duty.value for duty in step.actor.duties],
    )


def _check_time(
    procedure: Procedure,
    proceeding: Proceeding | None,
    step: Step,
    command: Command,
    setting: Setting,
) -> bool:
    """Check the legal time; whether the act is entered late."""
    happened_at = command.happened_at or setting.now
    if begin_of(happened_at, command.precision, setting.zone) > setting.now:
        raise HappenedInFuture(field="happened_at", now=setting.now.isoformat())
    ends = end_of(happened_at, command.precision, setting.zone)
    for taken in proceeding.standing() if proceeding else ():
        if ends < taken.happened_at and not may_precede(procedure, step, taken):
            raise HappenedBefore(
                field="happened_at",
                previous_step=taken.step,
                previous_at=taken.happened_at.isoformat(),
            )
    entered_late = setting.now - ends > LATE_ENTRY
    if entered_late and command.late_reason is None and not command.person.is_service:
        raise LateReasonMissing(field="late_reason")
    return entered_late


def _check_documents(step: Step, command: Command) -> None:
    if command.imported:
        # What was published names no papers; the import service vouches for none.
        return
    given = {document.kind for document in command.documents}
    if missing := [kind for kind in step.documents if kind not in given]:
        raise GuardFailed(
            "缺少必备文书 / Documents that the step needs are missing",
            article=step.law[0].citation,
            guard="documents",
            missing=missing,
        )


def _check_guards(
    step: Step, proceeding: Proceeding | None, command: Command, setting: Setting
) -> None:
    for guard in step.guards:
        if missing := guard.lacks(proceeding, command, setting):
            raise GuardFailed(
                f"{guard.title} / {guard.title_en}",
                article=guard.law.citation,
                guard=guard.name,
                missing=list(missing),
            )


# --- what the step says


def _head(
    procedure: Procedure,
    proceeding: Proceeding | None,
    step: Step,
    command: Command,
    setting: Setting,
) -> StepHead:
    parts = _parts(proceeding, step, command)
    state = step.target.code if step.target else proceeding and proceeding.state
    # A part that nobody fills cannot take over: it stays where it is until the organ is known.
    holder = parts.get(step.holder or "") or (proceeding and proceeding.holder)
    assert state, f"{step.name} opens a proceeding without a state"
    assert holder, f"{step.name} opens a proceeding that nobody holds"
    revision = proceeding.revision if proceeding else 0
    return StepHead(
        case=setting.case,
        case_number=setting.case_number,
        proceeding=proceeding.id if proceeding else next(setting.ids),
        procedure=procedure.name,
        row=step.name,
        happened_at=setting.now,
        precision=command.precision,
        documents=command.documents,
        state_before=proceeding.state if proceeding else None,
        state=state,
        holder_before=proceeding.holder if proceeding else None,
        holder=holder,
        parts=parts,
        # What the platform itself says moves no revision: nobody's page grows stale by it. One
        # that it opens begins like any other.
        revision=revision if command.person.is_service and proceeding else revision + 1,
        party=proceeding.party if proceeding else command.party,
        about=command.about or (proceeding.about if proceeding else None),
        custody=step.custody
        if step.custody is not None
        else bool(proceeding and proceeding.custody),
    )


def _parts(proceeding: Proceeding | None, step: Step, command: Command) -> dict[str, str]:
    """The organs by part after the step; the platform is in none of them."""
    given = {part: organ for part, organ in command.parts.items() if part != SERVICE}
    if proceeding is not None:
        unnamed = given.keys() - set(step.names.values())
        assert command.imported or not unnamed, f"{step.name} does not name {unnamed}"
        given = proceeding.parts | given
    for name, part in step.names.items():
        if (named := getattr(command.form, name)) is not None:
            given[part] = named
    for part, other in step.becomes.items():
        if other in given:
            given[part] = given.pop(other)
    return given


# --- what time causes


def decide_due(procedure: Procedure, proceeding: Proceeding, setting: Setting) -> list[Said]:
    """What the passing of time causes: limits near or missed, once each, and what follows.

    Nobody is warned of a limit that bears only on the step that ends it, nor of one whose rule we
    do not hold.
    """
    said: list[Said] = []
    # What an import told of is over, or is not ours to time.
    history = {taken.act for taken in proceeding.taken if taken.imported}
    for clock in proceeding.running:
        if clock.rule_held and not clock.conditional and clock.act not in history:
            said.extend(_passed(procedure, proceeding, clock, setting))
    return said


def decide_moved(
    procedure: Procedure,
    proceeding: Proceeding,
    said: Mapping[UUID, tuple[datetime | None, datetime | None]],
    setting: Setting,
) -> list[Said]:
    """The running limits that a new calendar makes due at another time than said before.

    Args:
        procedure: the table.
        proceeding: the present state.
        said: by limit, when it was said to be due under the strictest and the longest basis.
        setting: with the new calendar.
    """
    del procedure
    return [
        _moved_by_calendar(proceeding, clock, setting)
        for clock in proceeding.running
        if clock.running.id in said and _is_elsewhere(clock, said[clock.running.id], setting)
    ]


def _is_elsewhere(
    clock: Clock, said: tuple[datetime | None, datetime | None], setting: Setting
) -> bool:
    deadline = limits.deadline(clock.running, setting.calendar, setting.zone)
    return deadline is not None and (deadline.strictest.at, deadline.latest.at) != said


def _moved_by_calendar(proceeding: Proceeding, clock: Clock, setting: Setting) -> Said:
    head = head_of(proceeding, "calendar", setting)
    at = start_of(clock.running, setting.zone)
    return moved(clock, head, Moving.CALENDAR, setting, at=at)


def _passed(
    procedure: Procedure, proceeding: Proceeding, clock: Clock, setting: Setting
) -> Iterator[Said]:
    running = clock.running
    deadline = limits.deadline(running, setting.calendar, setting.zone)
    if deadline is None or running.missed:
        return
    head = _head_of_start(proceeding, clock, setting)
    due_at = deadline.strictest.at
    if not deadline.latest.is_kept_by(setting.now, setting.zone):
        missed = LimitMissed(**about(head, clock), due_at=due_at, late_at=deadline.latest.at)
        said = Said(next(setting.ids), missed)
        yield said
        consequence = procedure.missed.get(running.name, WhenMissed())
        for start in consequence.starts:
            yield from started(start, proceeding, Act(clock.act, head, SERVICE), None, setting)
        for owed in consequence.owes:
            yield from notice(owed, Act(said.id, head, SERVICE), setting)
    elif setting.now >= deadline.warn_at and not running.warned:
        yield Said(next(setting.ids), LimitNear(**about(head, clock), due_at=due_at))


def _head_of_start(proceeding: Proceeding, clock: Clock, setting: Setting) -> StepHead:
    """What a missed limit starts counts from where it counted itself."""
    running = clock.running
    return head_of(
        proceeding,
        "limit_missed",
        setting,
        happened_at=running.started_at,
        precision=Precision.DAY if running.started_on_day_only else Precision.MINUTE,
    )
