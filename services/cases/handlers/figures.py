"""Counting figures as of a position of the log, over what their reader sees."""

from dataclasses import dataclass

from libs.common.access import Level
from libs.common.access_sql import AS_SERVICE, see_as, settings_of
from libs.common.database import driver_of
from libs.common.service import Context
from services.cases.domain import Case
from services.cases.handlers.done import all_acts
from services.cases.handlers.position import Position, position_now
from services.cases.handlers.rows import limit_row
from services.cases.standing import access_rows
from services.cases.views.cases import Seeing
from services.cases.views.figures import Behind, Counts, FigureFilter, count_all, freeze


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted, and as of which position."""

    position: Position
    counts: Counts


async def count(context: Context, seeing: Seeing, wanted: FigureFilter) -> Counted:
    """Count over the cases that somebody sees and a filter lets through.

    Raises:
        Unavailable: too many events wait for a position.
    """
    async with context.reads.begin() as connection:
        await freeze(connection)
        # Which cases the views are ahead of is asked of all; what is counted, of those seen.
        await see_as(connection, AS_SERVICE)
        position = await position_now(context, await driver_of(connection))
        await see_as(connection, settings_of(seeing.sight, seeing.today, seeing.levels))
        behind = _behind(context, position, seeing, wanted)
        return Counted(position, await count_all(connection, seeing, wanted, behind))


def _behind(context: Context, position: Position, seeing: Seeing, wanted: FigureFilter) -> Behind:
    """What the cases without a last position count, as they were."""
    cases = [
        case
        for case in position.cases
        if _is_wanted(case, wanted) and is_seen(case, seeing, context)
    ]
    limits = [
        limit_row(context, case, proceeding, clock)
        for case in cases
        for proceeding in case.proceedings
        for clock in proceeding.running
    ]
    return Behind(
        position.ahead,
        tuple(row for case in cases for row in all_acts(case) if row["stands"]),
        tuple(row for row in limits if row["missed"] and not row["conditional"]),
    )


def _is_wanted(case: Case, wanted: FigureFilter) -> bool:
    return all(
        getattr(wanted, name) in (None, getattr(case, name))
        for name in ("field", "agency", "division", "cause")
    )


def is_seen(case: Case, seeing: Seeing, context: Context) -> bool:
    """Whether a case, as it is given, is seen: the rule of `access_sql` on its own rows."""
    if seeing.sight.everything:
        return Level.AUDITOR in seeing.levels
    rows = access_rows(case, context.profile.superior_ids)
    levels, until = rows.get(seeing.sight.organ or "", (frozenset[Level](), None))
    return bool(levels & seeing.levels) and (until is None or until >= seeing.today)
