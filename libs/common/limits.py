"""The limits of the law: a row of the table, and one limit as it runs in a proceeding.

Pure values and pure functions; the arithmetic of days is in `worktime`, the rows are in the law's
own modules. No clock is read here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import partial
from operator import attrgetter
from typing import Annotated, NamedTuple, NewType, assert_never
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from libs.common.law import Law
from libs.common.worktime import Calendar, Due, Unit, due, end_of

LimitId = NewType("LimitId", UUID)


class LimitKind(StrEnum):
    """What lateness means."""

    DUTY = "duty"
    """An organ must act; acting late is recorded and reported, never refused."""
    RIGHT = "right"
    """Somebody may act; a late act is taken in as late and the receiver decides, with a reason."""
    VALIDITY = "validity"
    """A measure lapses by itself."""


@dataclass(frozen=True, slots=True)
class Basis:
    """One length that the law gives a limit, and the article that gives it."""

    length: int
    unit: Unit
    law: Law
    fields: tuple[str, ...] = ("any",)
    """The fields of enforcement for which the act holds."""

    def __post_init__(self) -> None:
        assert self.length >= 0, f"{self}: a limit does not end before it begins"


@dataclass(frozen=True, slots=True)
class Limit:
    """A row of the law: what has to be done in which time, and what follows if it is not."""

    name: str
    """The slug by which steps start and end it."""
    title: str
    title_en: str
    bases: tuple[Basis, ...]
    """Where several acts differ: warn on the strictest, call it late after the longest."""
    kind: LimitKind
    consequence: str
    consequence_en: str
    custody_sensitive: bool = False
    """Whether it stops rolling over rest days while the suspect is held (CPL 105(4))."""
    before: bool = False
    """Whether it counts backwards, to the last day on which an act precedes an event in time."""
    conditional: bool = False
    """It bears only on the step that ends it: that the step never comes is no omission, so nobody
    is warned and nothing is called missed."""
    warn_before: timedelta = timedelta(hours=24)
    """How long before the strictest due instant a warning is raised."""

    def __post_init__(self) -> None:
        assert self.bases, f"{self.name}: a limit needs a law"


class Span(NamedTuple):
    """A length with its unit, as a running limit keeps it; `[3, "natural_day"]` in JSON."""

    length: Annotated[int, Field(ge=0)]
    unit: Unit


class Pause(NamedTuple):
    """A time that is not counted; open while `resumed_at` is None."""

    paused_at: AwareDatetime
    resumed_at: AwareDatetime | None = None


class Running(BaseModel):
    """A limit as it runs: everything that decides when it is due, fixed when it began.

    A change of the law does not reach it. Times are in UTC.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: LimitId
    name: str
    started_at: AwareDatetime
    """The legal time of the event; 00:00 in the law's zone when only the day is known."""
    started_on_day_only: bool = False
    bases: Annotated[tuple[Span, ...], Field(min_length=1)]
    custody: bool = False
    """Whether the end stays on a rest day because the suspect is held."""
    before: bool = False
    warn_before: timedelta
    pauses: tuple[Pause, ...] = ()
    warned: bool = False
    missed: bool = False
    ended_at: AwareDatetime | None = None

    @property
    def is_paused(self) -> bool:
        """Whether it stands still now."""
        return bool(self.pauses) and self.pauses[-1].resumed_at is None


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a running limit warns, and when it is due under the strictest and the longest basis."""

    warn_at: datetime
    strictest: Due
    latest: Due


def start(
    limit: Limit,
    limit_id: LimitId,
    at: datetime | date,
    *,
    zone: ZoneInfo,
    custody: bool = False,
    bases: Sequence[Basis] | None = None,
) -> Running:
    """Begin a limit, keeping the lengths that the row has now.

    Args:
        limit: The row in force on the day of the event.
        limit_id: The identity of this run.
        at: The legal time of the event: an aware datetime, or the date if only the day is known.
        zone: The zone of the law, in which that date is read.
        custody: Whether the suspect is held; matters to custody-sensitive limits only.
        bases: Those of the row that hold for the case; all where nothing is said.

    Returns:
        The running limit.
    """
    return Running(
        id=limit_id,
        name=limit.name,
        started_at=instant(at, zone),
        started_on_day_only=not isinstance(at, datetime),
        bases=tuple(Span(basis.length, basis.unit) for basis in bases or limit.bases),
        custody=custody and limit.custody_sensitive,
        before=limit.before,
        warn_before=limit.warn_before,
    )


def pause(running: Running, at: datetime) -> Running:
    """Stop counting at an aware time (PROC (c)9: hearing, appraisal, transfer and the like)."""
    assert running.ended_at is None, f"{running.name} has ended"
    assert not running.is_paused, f"{running.name} is paused already"
    assert not running.before, f"{running.name} counts backwards from an event: it cannot pause"
    since = running.pauses[-1].resumed_at if running.pauses else running.started_at
    assert since is not None, "a pause that is over has its end"
    assert since <= at, f"{running.name} cannot pause before {since}"
    return running.model_copy(update={"pauses": (*running.pauses, Pause(at.astimezone(UTC)))})


def resume(running: Running, at: datetime) -> Running:
    """Count on from an aware time; what was left at the pause is still left."""
    assert running.ended_at is None, f"{running.name} has ended"
    assert running.is_paused, f"{running.name} is not paused"
    *over, last = running.pauses
    assert last.paused_at <= at, f"{running.name} cannot resume before {last.paused_at}"
    resumed = Pause(last.paused_at, at.astimezone(UTC))
    return running.model_copy(update={"pauses": (*over, resumed)})


def adjust_pause(running: Running, nth: int, at: datetime) -> Running:
    """Put a pause (even `nth`) or a resumption (odd) elsewhere, because its time was corrected."""
    pauses = list(running.pauses)
    which, is_resumption = divmod(nth, 2)
    changed = {"resumed_at" if is_resumption else "paused_at": at.astimezone(UTC)}
    pauses[which] = pauses[which]._replace(**changed)
    return running.model_copy(update={"pauses": tuple(pauses)})


def end(running: Running, at: datetime) -> Running:
    """Close it, because what it demanded was done or fell away at that aware time."""
    assert running.ended_at is None, f"{running.name} has ended already"
    return running.model_copy(update={"ended_at": at.astimezone(UTC)})


def restart(running: Running, at: datetime | date, zone: ZoneInfo) -> Running:
    """Count the whole length anew from `at` (PROC (c)10: after supplementary investigation)."""
    assert running.ended_at is None, f"{running.name} has ended"
    return move(running.model_copy(update={"pauses": ()}), at, zone)


def move(running: Running, at: datetime | date, zone: ZoneInfo) -> Running:
    """Put the start elsewhere, for a corrected fact or an adjourned hearing; pauses stay.

    Warnings and lateness are judged anew. A limit that has ended may move too: an act may prove to
    have been in time.
    """
    started_at = instant(at, zone)
    assert all(started_at <= each.paused_at for each in running.pauses), "paused before its start"
    return running.model_copy(
        update={
            "started_at": started_at,
            "started_on_day_only": not isinstance(at, datetime),
            "warned": False,
            "missed": False,
        }
    )


def mark_warned(running: Running) -> Running:
    """Remember that the warning went out."""
    return running.model_copy(update={"warned": True})


def mark_missed(running: Running) -> Running:
    """Remember that it was missed."""
    return running.model_copy(update={"missed": True})


def deadline(running: Running, calendar: Calendar, zone: ZoneInfo) -> Deadline | None:
    """Compute when a running limit warns and falls due (PROC (c)11 for several bases).

    Args:
        running: The limit.
        calendar: The rest days as known now; a due date may move when a notice comes out.
        zone: The zone of the law.

    Returns:
        The warning (UTC) and the two due times; None while the limit is paused, for then it has
        none.
    """
    if running.is_paused:
        return None
    dues = [_due(running, span, calendar, zone) for span in running.bases]
    strictest = min(dues, key=attrgetter("at"))
    return Deadline(
        warn_at=strictest.at - running.warn_before,
        strictest=strictest,
        latest=max(dues, key=attrgetter("at")),
    )


def _due(running: Running, span: Span, calendar: Calendar, zone: ZoneInfo) -> Due:
    reckon = partial(
        due, calendar=calendar, zone=zone, custody=running.custody, before=running.before
    )
    begun = running.started_at.astimezone(zone)
    found = reckon(
        length=span.length,
        unit=span.unit,
        start=begun.date() if running.started_on_day_only else begun,
    )
    if running.started_on_day_only and span.unit is Unit.HOUR:
        begun = end_of(begun.date(), zone)
    lines: list[str] = []
    is_count_provisional = False
    for paused_at, resumed_at in running.pauses:
        assert resumed_at is not None, "a paused limit has no due time"
        if not found.is_kept_by(paused_at, zone):
            break  # It was late before the pause, and a pause heals nothing.
        if span.unit is Unit.WORKING_DAY:
            first, last = begun.date() + timedelta(days=1), paused_at.astimezone(zone).date()
            is_count_provisional |= first <= last and bool(calendar.unofficial_years(first, last))
        span, begun = _left(span, begun, (paused_at, resumed_at), calendar, zone)
        lines.append(_say_pause(paused_at.astimezone(zone), resumed_at.astimezone(zone)))
        found = reckon(length=span.length, unit=span.unit, start=begun)
    return replace(
        found,
        provisional=found.provisional or is_count_provisional,
        how=(*lines, *found.how),
    )


def _left(
    span: Span,
    begun: datetime,
    stopped: tuple[datetime, datetime],
    calendar: Calendar,
    zone: ZoneInfo,
) -> tuple[Span, datetime]:
    """Return what is left of a span after a pause, and from when that counts.

    The day of the pause has run, the day of the resumption is not counted, so a pause within one
    day changes no date and one of several days moves the end by their difference. A month that was
    interrupted goes on in natural days, up to its nominal end. Hours are exact.
    """
    paused_at, resumed_at = (max(moment, begun).astimezone(UTC) for moment in stopped)
    paused_on = paused_at.astimezone(zone).date()
    resumed = resumed_at.astimezone(zone)
    match span.unit:
        case Unit.HOUR:
            return span, begun.astimezone(UTC) + (resumed_at - paused_at)
        case Unit.WORKING_DAY:
            run = calendar.working_days(after=begun.date(), until=paused_on)
            return Span(span.length - run, span.unit), resumed
        case Unit.NATURAL_DAY | Unit.MONTH | Unit.HALF_MONTH:
            # In custody nothing rolls: so this is the end before any roll-over.
            nominal = due(
                length=span.length,
                unit=span.unit,
                start=begun,
                calendar=calendar,
                zone=zone,
                custody=True,
            )
            # Less than none when the pause fell on the rest days that the end rolled over.
            left = max(0, (nominal.on - paused_on).days)
            return Span(left, Unit.NATURAL_DAY), resumed
        case _:
            assert_never(span.unit)


def _say_pause(paused: datetime, resumed: datetime) -> str:
    return f"{paused:%Y-%m-%d %H:%M}中止计算，{resumed:%Y-%m-%d %H:%M}恢复，其间不计入。"


def instant(at: datetime | date, zone: ZoneInfo) -> datetime:
    """The moment in UTC at which a time, or a day in the zone of the law, begins."""
    if not isinstance(at, datetime):
        return end_of(at - timedelta(days=1), zone)
    assert at.utcoffset() is not None, f"{at} has no offset"
    return at.astimezone(UTC)
