"""What an import tells of one case: counts, what cannot be expressed, what was late, the end."""

from typing import Any

from libs.common import limits
from libs.common.contracts import Strict
from libs.common.contracts.procedure import StepTaken
from libs.common.procedure import Clock, Proceeding, Setting, nominal_end, start_of
from libs.common.worktime import Unit
from services.cases.importing.outcome import Outcome
from services.cases.importing.planning import History
from services.cases.importing.ways import may_stand_still
from services.cases.procedures import PROCEDURES


class Late(Strict):
    """A limit that was kept too late, by two dates that were both published."""

    case: str
    limit: str
    law: str
    due: str
    done: str
    days_late: int


class NotExpressible(Strict):
    """A published step that no row takes from the state reached."""

    case: str
    index: int
    step: str
    why: str


class ImportReport(Strict):
    """One case."""

    id: str
    steps: int
    accepted: int
    noted: int
    inferred: int
    longest_gap: int
    not_expressible: tuple[NotExpressible, ...]
    late: tuple[Late, ...]
    events: int
    final: dict[str, Any]


def report_of(history: History, setting: Setting) -> ImportReport:
    """The report of a case whose steps were all tried."""
    tally, record = history.tally, history.record
    outcome = Outcome(history.proceedings, history.roster, frozenset(history.published))
    return ImportReport(
        id=record.id,
        steps=len(record.steps),
        accepted=tally.accepted,
        noted=tally.noted,
        inferred=tally.inferred,
        longest_gap=tally.longest_gap,
        not_expressible=tuple(
            NotExpressible(case=each.case, index=each.index, step=each.step, why=each.why)
            for each in tally.missed
        ),
        late=tuple(
            late
            for proceeding in history.proceedings
            for clock in proceeding.clocks
            if (late := _late(record.id, proceeding, clock, setting)) is not None
        ),
        events=1 + sum(isinstance(each.event, StepTaken) for each in history.said),
        final={
            "proceedings": [
                {
                    "procedure": each.procedure,
                    "subject": history.roster.name_of(each.party),
                    "state": each.state,
                    "holder": history.register.name_of(each.holder),
                }
                for each in history.proceedings
            ],
            "parties": outcome.parties,
            "tracks": outcome.tracks,
        },
    )


def _late(case: str, proceeding: Proceeding, clock: Clock, setting: Setting) -> Late | None:
    """A limit that was missed under every basis and every extension that the law knows.

    What was published does not say whether a time was extended, excluded, or begun anew after a
    return; only what nothing of that saves is called late.
    """
    running = clock.running
    if not clock.late or running.ended_at is None:
        return None
    procedure = PROCEDURES[proceeding.procedure]
    limit = procedure.limit(running.name)
    if may_stand_still(procedure.name, limit.name):
        return None
    done = running.ended_at.astimezone(setting.zone).date()
    for extension, from_end in procedure.extensions(limit):
        limit = extension
        at = nominal_end(running, setting) if from_end else start_of(running, setting.zone)
        fresh = limits.start(extension, running.id, at, zone=setting.zone, custody=running.custody)
        running = fresh.model_copy(update={"ended_at": running.ended_at})
    deadline = limits.deadline(running, setting.calendar, setting.zone)
    assert deadline is not None, "what has ended is due"
    if done <= deadline.latest.on:
        return None
    longest = max(limit.bases, key=lambda basis: (basis.unit != Unit.HOUR, basis.length))
    return Late(
        case=case,
        limit=clock.running.name,
        law=longest.law.citation,
        due=deadline.latest.on.isoformat(),
        done=done.isoformat(),
        days_late=(done - deadline.latest.on).days,
    )
