"""Recomputes the views of the case service from its events; no effect is repeated."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Table

from libs.common.service import Context
from libs.common.store import Row, arrays, write
from services.cases.domain import STATE_VERSION
from services.cases.handlers.done import all_acts, party_rows
from services.cases.handlers.loading import replay
from services.cases.handlers.renumbering import register_rows
from services.cases.handlers.rows import CASE_ACCESS, SNAPSHOTS, case_row, limit_row, proceeding_row
from services.cases.handlers.screened import screening_rows
from services.cases.handlers.waiting import all_work
from services.cases.standing import access_row, access_rows
from services.cases.tables import (
    ACTS,
    CASE_PARTIES,
    CASES,
    FINDINGS,
    LIMITS,
    NUMBERS,
    PENALTIES,
    PROCEEDINGS,
    REGISTER,
    WORK,
)

BATCH_MAX: Final = 100
VIEWS: Final = (
    *(NUMBERS, REGISTER),
    *(SNAPSHOTS, CASES, PROCEEDINGS, LIMITS, CASE_ACCESS),
    *(WORK, ACTS, CASE_PARTIES, FINDINGS, PENALTIES),
)


async def rebuild(context: Context) -> int:
    """Empty the views and fill them from the events, in one transaction; how many streams.

    Readers see the old views until the commit; writers wait for it, because a step that was decided
    on an old snapshot would overwrite the new one.
    """
    superiors = context.profile.superior_ids
    async with context.database.driver() as connection, connection.transaction():
        names = ", ".join(f'"{table.name}"' for table in VIEWS)
        await connection.execute(f"lock table {names} in exclusive mode")
        streams = [
            row["stream"]
            for row in await connection.fetch(
                "select stream, max(time) from events where stream like 'case/%' group by stream"
            )
        ]
        for table in VIEWS:
            await connection.execute(f'delete from "{table.name}"')  # noqa: S608 - our own tables
        for first in range(0, len(streams), BATCH_MAX):
            rows: dict[Table, list[Row]] = {table: [] for table in VIEWS}
            for stream in streams[first : first + BATCH_MAX]:
                case, version = await replay(connection, stream)
                assert case is not None, f"{stream} has events"
                changed_at = await _changed_at(connection, stream)
                last = max(changed_at.values())
                rows[SNAPSHOTS].append(
                    {
                        "stream": stream,
                        "version": version,
                        "state_version": STATE_VERSION,
                        "state": case.model_dump_json(),
                    }
                )
                rows[CASES].append(case_row(case, last))
                rows[PROCEEDINGS] += [
                    proceeding_row(case, each, changed_at[str(each.id)])
                    for each in case.proceedings
                ]
                rows[LIMITS] += [
                    limit_row(context, case, proceeding, clock)
                    for proceeding in case.proceedings
                    for clock in proceeding.clocks
                ]
                rows[CASE_ACCESS] += [
                    access_row(case, organ, access)
                    for organ, access in access_rows(case, superiors).items()
                ]
                rows[WORK] += all_work(context, case)
                rows[ACTS] += all_acts(case)
                rows[CASE_PARTIES] += party_rows(case)
                for table, entries in screening_rows(case, context.profile.zone).items():
                    rows[table] += entries
            await _write(connection, rows)
        series, register = await register_rows(context, connection)
        await _write(connection, {NUMBERS: series, REGISTER: register})
    return len(streams)


async def _changed_at(connection: Any, stream: str) -> dict[str | None, datetime]:  # noqa: ANN401 - asyncpg
    """When each proceeding of a case last changed; under None, when the dossier was opened."""
    rows = await connection.fetch(
        "select coalesce(data::json #>> '{head,proceeding}', data::json ->> 'proceeding') as id,"
        " max(time) as at from events where stream = $1 group by 1",
        stream,
    )
    return {row["id"]: row["at"] for row in rows}


async def _write(connection: Any, rows: dict[Table, list[Row]]) -> None:  # noqa: ANN401 - asyncpg
    for table, entries in rows.items():
        if not entries:
            continue
        statement = f"with {write(table, 'w', 1)} select 1"
        await connection.execute(statement, *arrays(table, entries))
