"""What follows from an act: the limits that it moves, and the notices and entries that it owes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from libs.common import limits
from libs.common.contracts import Form
from libs.common.contracts.procedure import (
    Ending,
    EntryOwed,
    LimitEnded,
    LimitMoved,
    LimitPaused,
    LimitReopened,
    LimitResumed,
    LimitStarted,
    Moving,
    NoticeOwed,
    Precision,
    StepHead,
)
from libs.common.law import PLATFORM
from libs.common.limits import Basis, Deadline, Limit, LimitId, Running
from libs.common.procedure.command import Said, Setting
from libs.common.procedure.order import stopped_by
from libs.common.procedure.proceeding import Arrival, Clock, Proceeding
from libs.common.procedure.table import (
    OwesEntry,
    OwesNotice,
    Procedure,
    Starts,
    Step,
    holds_for,
)
from libs.common.worktime import Calendar, Due, Unit, due


@dataclass(frozen=True, slots=True)
class Act:
    """The act from which something follows: its event, its head, the organ that did it."""

    id: UUID
    head: StepHead
    organ: str


def head_of(proceeding: Proceeding, row: str, setting: Setting, **changes: Any) -> StepHead:  # noqa: ANN401 - values of fields
    """The head of an act at the present time that leaves everything as it is but for `changes`."""
    values: dict[str, Any] = {
        "case": setting.case,
        "case_number": setting.case_number,
        "proceeding": proceeding.id,
        "procedure": proceeding.procedure,
        "row": row,
        "happened_at": setting.now,
        "precision": Precision.MINUTE,
        "state_before": proceeding.state,
        "state": proceeding.state,
        "holder_before": proceeding.holder,
        "holder": proceeding.holder,
        "parts": proceeding.parts,
        "revision": proceeding.revision,
        "party": proceeding.party,
        "about": proceeding.about,
        "custody": proceeding.custody,
    }
    return StepHead(**(values | changes))


# --- when an act was, as far as that is known


def earliest(head: StepHead, zone: ZoneInfo) -> datetime | date:
    """When an act was at the earliest, a day where no more is known: nobody is late by a guess."""
    if head.precision is Precision.MINUTE:
        return head.happened_at
    return head.happened_at.astimezone(zone).date()


def latest(head: StepHead, setting: Setting) -> datetime | date:
    """When an act was at the latest: from there a limit runs, so that nobody is late by a guess."""
    if head.precision is not Precision.MONTH:
        return earliest(head, setting.zone)
    first = head.happened_at.astimezone(setting.zone).date()
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return min(last, setting.now.astimezone(setting.zone).date())


def start_of(running: Running | Arrival, zone: ZoneInfo) -> datetime | date:
    """From when a limit counts: a time, or a day where no more is known."""
    at = running.started_at
    return at.astimezone(zone).date() if running.started_on_day_only else at


# --- one limit


def is_late(clock: Clock, at: datetime | date, calendar: Calendar, zone: ZoneInfo) -> bool:
    """Whether an act misses the longest lawful due time; never where no rule is held.

    Args:
        clock: the limit.
        at: when the act was; a day where no more is known.
        calendar: the rest days.
        zone: the zone of the law.
    """
    deadline = limits.deadline(clock.running, calendar, zone)
    if deadline is None or not clock.rule_held:
        return False
    return not deadline.latest.is_kept_by(at, zone)


_CAN_BE_LATE: Final = frozenset({Ending.MET, Ending.REPLACED})


def ended(
    clock: Clock, act: Act, ending: Ending, setting: Setting, *, at: datetime | date | None = None
) -> Said:
    """A limit ends by an act; `at` is when that was, where the head does not say it."""
    when = earliest(act.head, setting.zone) if at is None else at
    event = LimitEnded(
        **about(act.head, clock),
        # An act of which only the day is known does not end what it began before it began.
        ended_at=max(limits.instant(when, setting.zone), clock.running.started_at),
        ending=ending,
        late=ending in _CAN_BE_LATE
        and not act.head.undated
        and is_late(clock, when, setting.calendar, setting.zone),
        act=act.id,
    )
    return Said(next(setting.ids), event)


def reopened(clock: Clock, act: Act, setting: Setting) -> Said:
    """A limit runs on, because the act that had ended it is annulled."""
    times = _times(nominal(clock.running, setting))
    event = LimitReopened(**about(act.head, clock), **times, act=act.id)
    return Said(next(setting.ids), event)


def paused(clock: Clock, act: Act, at: datetime, setting: Setting) -> Said:
    """A limit stands still from a time on."""
    pauses = clock.running.pauses
    since = pauses[-1].resumed_at if pauses else None
    event = LimitPaused(
        **about(act.head, clock),
        paused_at=max(at, since or clock.running.started_at),
        act=act.id,
    )
    return Said(next(setting.ids), event)


def resumed(clock: Clock, act: Act, at: datetime, setting: Setting) -> Said:
    """A limit runs on from a time with what was left."""
    at = max(at, clock.running.pauses[-1].paused_at)
    running = limits.resume(clock.running, at)
    times = _times(nominal(running, setting))
    event = LimitResumed(**about(act.head, clock), resumed_at=at, **times, act=act.id)
    return Said(next(setting.ids), event)


def toggled_again(clock: Clock, act: UUID, by: Act, at: datetime, setting: Setting) -> Said:
    """The pause or resumption that an act had caused was at another time."""
    nth = clock.toggles.index(act)
    said = about(by.head, clock)
    if nth % 2 == 0:
        return Said(next(setting.ids), LimitPaused(**said, paused_at=at, act=act))
    times = _times(nominal(limits.adjust_pause(clock.running, nth, at), setting))
    return Said(next(setting.ids), LimitResumed(**said, resumed_at=at, **times, act=act))


def moved(
    clock: Clock,
    head: StepHead,
    moving: Moving,
    setting: Setting,
    *,
    at: datetime | date,
    act: UUID | None = None,
) -> Said:
    """A limit counts from another time, or under another calendar, which is no act."""
    running = elsewhere(clock.running, at, setting)
    event = LimitMoved(
        **about(head, clock),
        moving=moving,
        custody=running.custody if moving is Moving.CUSTODY else None,
        started_at=running.started_at,
        started_on_day_only=running.started_on_day_only,
        act=act,
        **_times(nominal(running, setting)),
    )
    return Said(next(setting.ids), event)


def elsewhere(running: Running, at: datetime | date, setting: Setting) -> Running:
    """A limit as it counts from another time, which cannot be later than its first pause."""
    first = running.pauses[0].paused_at if running.pauses else None
    if first is not None and limits.instant(at, setting.zone) > first:
        at = first
    return limits.move(running, at, setting.zone)


def started(
    start: Starts,
    proceeding: Proceeding | None,
    act: Act,
    form: Form | None,
    setting: Setting,
    *,
    gone: frozenset[str] = frozenset(),
) -> Iterator[Said]:
    """A limit begins, takes another's place, or goes on from the receipt.

    Args:
        start: the row.
        proceeding: before the act.
        act: the act; its head is after it.
        form: of the act; None where time causes it.
        setting: case, time, calendar and identities.
        gone: the limits that the act itself ends.
    """
    bases, rule_held = _bases(start.limit, act.head, setting)
    replaced = proceeding.clock(start.since.name) if proceeding and start.since else None
    has_replaced = start.since is None or replaced is not None
    if not bases or not has_replaced or not _is_meant(start, proceeding, act.head, form):
        return
    name = start.limit.name
    already = proceeding.clock(name) if proceeding and name not in gone else None
    if already is not None:
        # It runs already: only the receipt moves what ran provisionally from the arrival.
        if already.provisional_start and not start.provisional:
            at = latest(act.head, setting)
            yield moved(already, act.head, Moving.RECEIPT, setting, at=at, act=act.id)
    elif not start.receipt:
        yield from _begins(start, replaced, act, form, setting, bases=bases, rule_held=rule_held)


def _is_meant(
    start: Starts, proceeding: Proceeding | None, head: StepHead, form: Form | None
) -> bool:
    """Whether a limit begins with this act: every condition of its row holds."""
    return (
        start.held in (None, head.custody)
        and (start.when is None or bool(getattr(form, start.when)))
        and (start.unless is None or not getattr(form, start.unless))
        and (start.of is None or getattr(form, start.of) is not None)
        and (start.kept is None or _was_kept(proceeding, *start.kept))
    )


def _was_kept(proceeding: Proceeding | None, step: str, name: str) -> bool:
    taken = proceeding.last(step) if proceeding else None
    return bool(taken and taken.facts.get(name))


def _begins(
    start: Starts,
    replaced: Clock | None,
    act: Act,
    form: Form | None,
    setting: Setting,
    *,
    bases: tuple[Basis, ...],
    rule_held: bool,
) -> Iterator[Said]:
    if replaced is not None:
        yield ended(replaced, act, Ending.REPLACED, setting)
        rule_held = replaced.rule_held
    day = getattr(form, start.of) if start.of else None
    running = _begun(start, replaced, act, bases, setting, day=day)
    # What counts from a day of its own, as behind the end of another, takes over no pauses.
    takes_place = replaced is not None and not start.from_end and day is None
    clock = Clock(
        running=running,
        organ=act.head.parts.get(start.on, act.head.holder),
        act=act.id,
        conditional=start.limit.conditional,
        rule_held=rule_held,
        provisional_start=start.provisional,
        replaces=replaced.running.id if replaced and takes_place else None,
        custody_sensitive=start.limit.custody_sensitive,
    )
    yield _said_started(start.limit, clock, bases, act, setting)


def _begun(
    start: Starts,
    replaced: Clock | None,
    act: Act,
    bases: tuple[Basis, ...],
    setting: Setting,
    *,
    day: datetime | date | None,
) -> Running:
    limit = start.limit
    at = day or latest(act.head, setting)
    if replaced is not None and day is None:
        at = start_of(replaced.running, setting.zone)
        if start.from_end:
            at = nominal_end(replaced.running, setting)
    held = act.head.custody if replaced is None else replaced.running.custody
    running = limits.start(
        limit, LimitId(next(setting.ids)), at, zone=setting.zone, custody=held, bases=bases
    )
    if replaced is None or start.from_end or day is not None:
        return running
    return running.model_copy(update={"pauses": replaced.running.pauses})


def nominal_end(running: Running, setting: Setting) -> date:
    """The day on which the longest lawful time of a limit ends, before any roll-over.

    What extends a time is added to it, not to the rest days behind it.
    """
    unrolled = running.model_copy(update={"custody": True})
    return nominal(unrolled, setting).latest.on


def _said_started(
    limit: Limit, clock: Clock, bases: tuple[Basis, ...], act: Act, setting: Setting
) -> Said:
    running = clock.running
    event = LimitStarted(
        **about(act.head, clock),
        kind=limit.kind,
        started_at=running.started_at,
        started_on_day_only=running.started_on_day_only,
        bases=running.bases,
        articles=tuple(basis.law.citation for basis in bases),
        custody=running.custody,
        before=running.before,
        warn_before_seconds=int(running.warn_before.total_seconds()),
        conditional=clock.conditional,
        rule_held=clock.rule_held,
        provisional_start=clock.provisional_start,
        custody_sensitive=clock.custody_sensitive,
        act=clock.act,
        replaces=clock.replaces,
        **_times(nominal(running, setting)),
    )
    return Said(next(setting.ids), event)


def _bases(limit: Limit, head: StepHead, setting: Setting) -> tuple[tuple[Basis, ...], bool]:
    """The bases that hold for the case, and whether we hold the rule of the day of the act."""
    own_hours = setting.own_hours.get(limit.name)
    bases = tuple(
        replace(basis, length=own_hours) if own_hours and basis.law.act is PLATFORM else basis
        for basis in limit.bases
        if holds_for(basis.fields, setting.case_field)
    )
    on = head.happened_at.astimezone(setting.zone).date()
    held = tuple(basis for basis in bases if basis.law.in_force_on(on))
    # Of what has no date nothing can be said to be late.
    return held or bases, bool(held) and head.rule_held and not head.undated


def about(head: StepHead, clock: Clock) -> dict[str, Any]:
    """What every event about a limit says."""
    return {
        "case": head.case,
        "case_number": head.case_number,
        "proceeding": head.proceeding,
        "procedure": head.procedure,
        "limit": clock.running.name,
        "limit_id": clock.running.id,
        "organ": clock.organ,
    }


def nominal(running: Running, setting: Setting) -> Deadline:
    """When a limit is due; while it stands still, as if it ran on from the pause."""
    if running.is_paused:
        last = 2 * len(running.pauses) - 1
        running = limits.adjust_pause(running, last, running.pauses[-1].paused_at)
    deadline = limits.deadline(running, setting.calendar, setting.zone)
    assert deadline is not None, "what runs is due"
    return deadline


def _times(deadline: Deadline) -> dict[str, Any]:
    return {
        "warn_at": deadline.warn_at,
        "due_at": deadline.strictest.at,
        "late_at": deadline.latest.at,
        "provisional": deadline.strictest.provisional or deadline.latest.provisional,
    }


# --- a step


def follows(
    procedure: Procedure,
    step: Step,
    proceeding: Proceeding | None,
    act: Act,
    *,
    form: Form,
    setting: Setting,
) -> Iterator[Said]:
    """The limits that a step moves and what it owes, in the order of the table.

    What is history owes nothing: it was owed, or not, when it happened.
    """
    gone = frozenset(limit.name for limit in (*step.ends, *step.drops))
    if proceeding is not None:
        yield from _stopped(procedure, step, proceeding, act, setting)
        yield from held_otherwise(proceeding, act, setting, gone=gone)
    for start in step.starts:
        yield from started(start, proceeding, act, form, setting, gone=gone)
    if not act.head.imported:
        for owed in step.owes:
            yield from _owed(owed, act, setting)


def held_otherwise(
    proceeding: Proceeding, act: Act, setting: Setting, *, gone: frozenset[str]
) -> Iterator[Said]:
    """Limits that begin to roll over rest days, or cease to, because the party is freed or held."""
    custody = act.head.custody
    if custody is proceeding.custody:
        return
    for clock in proceeding.running:
        running = clock.running
        if clock.custody_sensitive and running.name not in gone and not running.is_paused:
            held = clock.model_copy(
                update={"running": running.model_copy(update={"custody": custody})}
            )
            at = start_of(running, setting.zone)
            yield moved(held, act.head, Moving.CUSTODY, setting, at=at, act=act.id)


def _stopped(
    procedure: Procedure, step: Step, proceeding: Proceeding, act: Act, setting: Setting
) -> Iterator[Said]:
    at = act.head.happened_at
    for clock in _clocks(step.ends, proceeding):
        yield ended(clock, act, Ending.MET, setting)
    for clock in _clocks(step.drops, proceeding):
        yield ended(clock, act, Ending.CLOSED, setting)
    for clock in _clocks(step.pauses, proceeding):
        if not clock.running.is_paused:
            yield paused(clock, act, at, setting)
    for clock in _clocks(step.resumes, proceeding):
        if clock.running.is_paused and not _stopped_otherwise(procedure, step, proceeding, clock):
            yield resumed(clock, act, at, setting)


def _stopped_otherwise(
    procedure: Procedure, step: Step, proceeding: Proceeding, clock: Clock
) -> bool:
    """Whether a limit stands still for another act than the one that a step answers."""
    if step.after is None:
        return False  # What answers none in particular answers all.
    name = clock.running.name
    return stopped_by(procedure, proceeding, name, answered=step.after) is not None


def _clocks(rows: tuple[Limit, ...], proceeding: Proceeding) -> Iterator[Clock]:
    for limit in rows:
        if (clock := proceeding.clock(limit.name)) is not None:
            yield clock


# --- what is owed


def _owed(owed: OwesNotice | OwesEntry, act: Act, setting: Setting) -> Iterator[Said]:
    if isinstance(owed, OwesNotice):
        return notice(owed, act, setting)
    return _entry(owed, act, setting)


def notice(owed: OwesNotice, act: Act, setting: Setting) -> Iterator[Said]:
    """A notice, unless its row does not hold for the case or an organ would tell itself."""
    head = act.head
    to_organ = head.parts.get(owed.to)
    from_organ = head.parts[owed.by] if owed.by else act.organ
    if to_organ in (None, from_organ) or not holds_for(owed.fields, setting.case_field):
        return
    event = NoticeOwed(
        notice=next(setting.ids),
        kind=owed.kind,
        case=head.case,
        case_number=head.case_number,
        proceeding=head.proceeding,
        act=act.id,
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


def _entry(owed: OwesEntry, act: Act, setting: Setting) -> Iterator[Said]:
    head = act.head
    on = head.happened_at.astimezone(setting.zone).date()
    if not holds_for(owed.fields, setting.case_field) or not owed.law.in_force_on(on):
        return
    event = EntryOwed(
        entry=next(setting.ids),
        item=owed.item,
        case=head.case,
        case_number=head.case_number,
        proceeding=head.proceeding,
        act=act.id,
        organ=head.parts[owed.by],
        article=owed.law.citation,
        due_at=_due(owed.within, head, setting).at,
    )
    yield Said(next(setting.ids), event)


def _due(within: tuple[int, Unit], head: StepHead, setting: Setting) -> Due:
    length, unit = within
    return due(
        length=length,
        unit=unit,
        start=latest(head, setting),
        calendar=setting.calendar,
        zone=setting.zone,
    )
