"""What waits in a case: for each open step the organ and the duty that may take it, and until when.

Read off the tables of the law alone; a step that changes nothing here writes nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from libs.common import limits
from libs.common.procedure import SERVICE, Clock, Proceeding, open_steps
from libs.common.service import Context
from libs.common.store import Row
from services.cases.domain import Case
from services.cases.handlers.done import storable
from services.cases.procedures import PROCEDURES
from services.cases.tables import DUE, MISSED, UNDATED

NO_STEP: Final = ""
"""The step and the duty of an organ that holds a proceeding in which it has no step to take."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A step that an organ may take, with the limits that it would end."""

    id: UUID
    """One name for the step in its proceeding, so that a page can end at it."""
    case: UUID
    proceeding: UUID
    procedure: str
    step: str
    organ: str
    duty: str
    since_at: datetime
    clocks: tuple[Clock, ...] = ()

    @property
    def key(self) -> tuple[UUID, str]:
        """The row's key."""
        return self.id, self.duty


def waiting_in(case: Case) -> dict[tuple[UUID, str], Waiting]:
    """What waits in a case, by key."""
    return {
        each.key: each for proceeding in case.proceedings for each in _waiting(case, proceeding)
    }


def _waiting(case: Case, proceeding: Proceeding) -> Iterator[Waiting]:
    procedure = PROCEDURES[proceeding.procedure]
    about = (case.id, proceeding.id, proceeding.procedure)
    since_at = storable(entered_at(proceeding))
    idle = not procedure.state(proceeding.state).final
    for step in open_steps(procedure, proceeding, case.field):
        organ = proceeding.parts.get(step.actor.part)
        if step.actor.part == SERVICE or organ is None:
            continue
        idle = idle and organ != proceeding.holder
        ends = {limit.name for limit in step.ends}
        clocks = tuple(clock for clock in proceeding.running if clock.running.name in ends)
        identity = uuid5(proceeding.id, step.name)
        for duty in step.actor.duties:
            yield Waiting(identity, *about, step.name, organ, duty.value, since_at, clocks)
    if idle:
        identity = uuid5(proceeding.id, NO_STEP)
        yield Waiting(identity, *about, NO_STEP, proceeding.holder, NO_STEP, since_at)


def entered_at(proceeding: Proceeding) -> datetime:
    """Since when a proceeding is where it is, in legal time."""
    standing = proceeding.standing() or proceeding.taken
    entered = (each for each in reversed(standing) if each.state != each.state_before)
    return next(entered, standing[0]).happened_at


def changed_work(
    context: Context, before: Case | None, after: Case, touched: frozenset[UUID]
) -> list[Row]:
    """The rows of `work` that differ after some events.

    Args:
        context: of the service.
        before: the case as it was; None before it was opened.
        after: as it is.
        touched: the limits of which the events tell: a new calendar moves what looks the same.
    """
    was = waiting_in(before) if before else {}
    now = waiting_in(after)
    times = _Reckoned(context)
    changed = [
        work_row(each, times)
        for key, each in now.items()
        if was.get(key) != each or any(clock.running.id in touched for clock in each.clocks)
    ]
    gone = [work_row(each, None) for key, each in was.items() if key not in now]
    return changed + gone


def all_work(context: Context, case: Case) -> list[Row]:
    """The rows of everything that waits in a case."""
    times = _Reckoned(context)
    return [work_row(each, times) for each in waiting_in(case).values()]


def work_row(waiting: Waiting, times: "_Reckoned | None") -> Row:
    """The row of a step for one duty; without times, of one that is no longer open."""
    due = times.first(c for c in waiting.clocks if not c.conditional) if times else None
    within = times.first(c for c in waiting.clocks if c.conditional) if times else None
    rank = UNDATED
    if due is not None:
        rank = MISSED if due.missed else DUE
    return {
        "id": waiting.id,
        "duty": waiting.duty,
        "organ": waiting.organ,
        "case_id": waiting.case,
        "proceeding_id": waiting.proceeding,
        "procedure": waiting.procedure,
        "step": waiting.step,
        "rank": rank,
        "by_at": due.due_at if due else waiting.since_at,
        "since_at": waiting.since_at,
        "due_at": due.due_at if due else None,
        "late_at": due.late_at if due else None,
        "within_at": within.due_at if within else None,
        "provisional": bool(due and due.provisional),
        "is_open": times is not None,
    }


@dataclass(frozen=True, slots=True)
class _Times:
    due_at: datetime
    late_at: datetime
    provisional: bool
    missed: bool


class _Reckoned:
    """The times of clocks, each reckoned once: several steps may end the same limit."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._known: dict[UUID, _Times | None] = {}

    def first(self, clocks: Iterable[Clock]) -> _Times | None:
        """The times of the clock that was missed or is due first; None where none runs."""
        found = [each for clock in clocks if (each := self._of(clock)) is not None]
        return min(found, key=lambda each: (not each.missed, each.due_at), default=None)

    def _of(self, clock: Clock) -> _Times | None:
        known = clock.running.id
        if known not in self._known:
            self._known[known] = _times(self._context, clock)
        return self._known[known]


def _times(context: Context, clock: Clock) -> _Times | None:
    deadline = limits.deadline(clock.running, context.calendar, context.profile.zone)
    if deadline is None:
        return None
    uncertain = deadline.strictest.provisional or deadline.latest.provisional
    return _Times(
        deadline.strictest.at,
        deadline.latest.at,
        clock.provisional_start or uncertain,
        clock.running.missed,
    )
