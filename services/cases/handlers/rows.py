"""The snapshot and the views that change with a decision."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from libs.common import limits
from libs.common.contracts import Event
from libs.common.contracts.procedure import (
    LimitEnded,
    LimitMissed,
    LimitMoved,
    LimitNear,
    LimitPaused,
    LimitReopened,
    LimitResumed,
    LimitStarted,
)
from libs.common.procedure import Clock, Proceeding
from libs.common.service import Context
from libs.common.store import Row
from services.cases.domain import STATE_VERSION, Case, headline, stream_of
from services.cases.handlers.done import changed_acts, changed_parties
from services.cases.handlers.screened import changed_screening
from services.cases.handlers.waiting import changed_work
from services.cases.standing import access_row, access_rows
from services.cases.tables import ACTS, CASE_PARTIES, LIMITS, METADATA, PROCEEDINGS, WORK
from services.cases.tables import CASES as CASES_TABLE

CASE_ACCESS: Final = METADATA.tables["case_access"]


SNAPSHOTS: Final = METADATA.tables["snapshots"]


def changed_rows(
    context: Context,
    before: Case | None,
    after: Case,
    version: int,
    *,
    events: Sequence[Event],
    now: datetime,
) -> dict[Any, list[Row]]:
    """The snapshot and the views of a case that differ after some events, recorded at `now`."""
    stream = stream_of(after.id)
    rows: dict[Any, list[Row]] = {
        SNAPSHOTS: [
            {
                "stream": stream,
                "version": version,
                "state_version": STATE_VERSION,
                "state": after.model_dump_json(),
            }
        ],
        CASES_TABLE: [case_row(after, now)],
        PROCEEDINGS: [
            proceeding_row(after, each, now)
            for each in after.proceedings
            if before is None or before.proceeding(each.id) != each
        ],
        LIMITS: limit_rows(context, after, events),
        WORK: changed_work(context, before, after, touched_limits(events)),
        ACTS: changed_acts(before, after),
        CASE_PARTIES: changed_parties(before, after),
        **changed_screening(before, after, context.profile.zone),
    }
    superiors = context.profile.superior_ids
    access_before = access_rows(before, superiors) if before else {}
    rows[CASE_ACCESS] = [
        access_row(after, organ, access)
        for organ, access in access_rows(after, superiors).items()
        if access_before.get(organ) != access
    ]
    return rows


def case_row(case: Case, now: datetime) -> Row:
    """A case's row in the list."""
    return {
        "id": case.id,
        "number": case.number,
        "field": case.field,
        "cause": case.cause,
        "division": case.division,
        "agency": case.agency,
        "headline": headline(case),
        "opened_at": case.opened_at,
        "updated_at": now,
    }


def proceeding_row(case: Case, proceeding: Proceeding, now: datetime) -> Row:
    """A proceeding's row in the list."""
    return {
        "id": proceeding.id,
        "case_id": case.id,
        "procedure": proceeding.procedure,
        "state": proceeding.state,
        "holder": proceeding.holder,
        "revision": proceeding.revision,
        "updated_at": now,
    }


_LIMIT_EVENTS: Final = (
    LimitStarted,
    LimitEnded,
    LimitPaused,
    LimitReopened,
    LimitResumed,
    LimitMoved,
    LimitNear,
    LimitMissed,
)


def limit_rows(context: Context, case: Case, events: Sequence[Event]) -> list[Row]:
    """The rows of the limits that some events touch."""
    touched = touched_limits(events)
    return [
        limit_row(context, case, proceeding, clock)
        for proceeding in case.proceedings
        for clock in proceeding.clocks
        if clock.running.id in touched
    ]


def touched_limits(events: Sequence[Event]) -> frozenset[UUID]:
    """The limits of which some events tell."""
    return frozenset(event.limit_id for event in events if isinstance(event, _LIMIT_EVENTS))


def limit_row(context: Context, case: Case, proceeding: Proceeding, clock: Clock) -> Row:
    """A limit's row in the work list, with the time when the clock looks at it again."""
    running = clock.running
    deadline = limits.deadline(running, context.calendar, context.profile.zone)
    ended = running.ended_at is not None
    ticks = not (ended or clock.conditional or deadline is None) and clock.rule_held
    next_at = None
    if ticks and deadline is not None and not running.missed:
        next_at = deadline.latest.at if running.warned else deadline.warn_at
    return {
        "id": running.id,
        "case_id": case.id,
        "proceeding_id": proceeding.id,
        "name": running.name,
        "organ": clock.organ,
        "warn_at": deadline.warn_at if deadline else None,
        "due_at": deadline.strictest.at if deadline else None,
        "late_at": deadline.latest.at if deadline else None,
        "provisional": bool(
            deadline and (deadline.strictest.provisional or deadline.latest.provisional)
        ),
        "conditional": clock.conditional,
        "missed": running.missed,
        "ended_at": running.ended_at,
        "next_at": next_at,
    }
