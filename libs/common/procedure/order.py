"""In which order acts stand: which may be earlier in legal time, and which rest on which."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from libs.common.contracts.procedure import Precision
from libs.common.limits import Limit
from libs.common.procedure.proceeding import Clock, Proceeding, Taken
from libs.common.procedure.table import SERVICE, Procedure, Step


def row_of(procedure: Procedure, taken: Taken) -> Step:
    """The row by which a step was taken."""
    rows = [step for step in procedure.steps if step.name == taken.step]
    return next((step for step in rows if step.leaves(taken.state_before)), rows[0])


def begin_of(moment: datetime, precision: Precision, zone: ZoneInfo) -> datetime:
    """The first moment that a legal time may mean."""
    if precision is Precision.MINUTE:
        return moment
    midnight = moment.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight if precision is Precision.DAY else midnight.replace(day=1)


def end_of(moment: datetime, precision: Precision, zone: ZoneInfo) -> datetime:
    """The last moment that a legal time may mean."""
    begin = begin_of(moment, precision, zone)
    if precision is Precision.MINUTE:
        return begin
    if precision is Precision.DAY:
        return begin + timedelta(days=1)
    return (begin + timedelta(days=31)).replace(day=1)


def stopped_by(
    procedure: Procedure,
    proceeding: Proceeding,
    limit: str,
    *,
    answered: str | None = None,
    without: UUID | None = None,
) -> Taken | None:
    """The act for which a limit stands still: the first that none of its answers has followed.

    Args:
        procedure: whose table says what stops the limit and what lets it go on.
        proceeding: with the acts taken.
        limit: its name; several steps may stop it, each with an end of its own.
        answered: the step that is being answered now.
        without: an act that is being annulled.
    """
    standing = [each for each in proceeding.standing() if each.act != without]
    stopping = []
    for step in {row.name for row in procedure.steps if _holds(limit, row.pauses)} - {answered}:
        answers = {
            row.name
            for row in procedure.steps
            if row.after in {step, None} and _holds(limit, row.resumes)
        }
        last = next((each for each in reversed(standing) if each.step in {step, *answers}), None)
        if last is not None and last.step == step:
            stopping.append(last)
    return min(stopping, key=standing.index, default=None)


def _holds(limit: str, limits: tuple[Limit, ...]) -> bool:
    return any(each.name == limit for each in limits)


def may_precede(procedure: Procedure, step: Step, other: Taken) -> bool:
    """Whether a step may be earlier in legal time than an act recorded before it.

    Acts that move nothing stand beside the others: a copy to the procuratorate may be entered after
    the receipt that came later. What answers an act, and whatever moves, comes after what it found.
    """
    if other.organ == SERVICE:
        # When a file arrived here binds nobody: it may have been signed for on paper before.
        return True
    if other.step == step.after:
        return False
    row = row_of(procedure, other)
    if row.moves:
        return not step.moves and other.state_before is not None and step.leaves(other.state_before)
    return step.target is None or row.leaves(step.target.code)


def resting_on(procedure: Procedure, proceeding: Proceeding, act: Taken) -> Iterator[Taken]:
    """The later acts that could not stand if this one had not been."""
    standing = proceeding.standing()
    place = [each.act for each in standing].index(act.act)
    row = row_of(procedure, act)
    touching = {
        by for clock in proceeding.clocks if clock.act == act.act for by in _touching(clock)
    }
    for later in standing[place + 1 :]:
        other = row_of(procedure, later)
        needs_move = other.moves or not other.leaves(act.state_before)
        if other.after == act.step or later.act in touching or (row.moves and needs_move):
            yield later


def _touching(clock: Clock) -> Iterator[UUID]:
    yield from clock.toggles
    if clock.ended_by is not None:
        yield clock.ended_by
