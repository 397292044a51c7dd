"""A case as it is, with what a request needs beside it, in one round trip."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

import asyncpg
import orjson

from libs.common.access import Level, widest
from libs.common.contracts.cases import CASES
from libs.common.events import new_id
from libs.common.procedure import By, Setting
from libs.common.service import Context
from services.cases.domain import STATE_VERSION, Case, evolve_case, stream_of
from services.cases.procedures.transfer import SIGN_AFTER_ARRIVAL, SIGN_REROUTED

VERSION_MAX: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it was given the first time."""

    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A case and what a request needs beside it, in one round trip."""

    version: int
    case: Case | None
    level: Level | None
    keys: dict[str, bytes]
    request: Kept | None
    request_digest: str | None


_LOAD: Final = """
select s.version, s.state_version, s.state, a.levels, k.wrapped,
       r.body_digest, r.status, r.answer, r.headers::text as headers
from (select 1) one
left join snapshots s on s.stream = $1
left join content_keys k on k.subject = $1
left join case_access a on a.case_id = $2 and a.organ in ($3, '*')
     and (a.until is null or a.until >= $4)
left join requests r on r.person = $5 and r.route = $6 and r.key = $7"""


async def load(
    context: Context,
    connection: asyncpg.Connection,
    case_id: UUID,
    *,
    organ: str = "",
    request: tuple[str, str, str] = ("", "", ""),
) -> Loaded:
    """Read the case from its snapshot; a snapshot of another code is replayed from the events."""
    stream = stream_of(case_id)
    row = await connection.fetchrow(_LOAD, stream, case_id, organ, today(context), *request)
    case: Case | None = None
    version = row["version"] or 0
    if row["state"] is not None:
        if row["state_version"] == STATE_VERSION:
            case = Case.model_validate_json(row["state"])
        else:
            case, version = await replay(connection, stream)
    kept = (
        Kept(row["status"], row["answer"].encode(), orjson.loads(row["headers"]))
        if row["status"]
        else None
    )
    return Loaded(
        version,
        case,
        widest(list(map(Level, row["levels"].split(",")))) if row["levels"] else None,
        {stream: row["wrapped"]} if row["wrapped"] else {},
        kept,
        row["body_digest"],
    )


async def replay(
    connection: asyncpg.Connection, stream: str, *, before: int = VERSION_MAX
) -> tuple[Case | None, int]:
    """The case as its events make it, and its version.

    Args:
        connection: the driver's.
        stream: of the case.
        before: the version that is no longer read.
    """
    rows = await connection.fetch(
        "select version, id, type, time, actor, agency, data from events"
        " where stream = $1 and version < $2 order by version",
        stream,
        before,
    )
    case: Case | None = None
    for row in rows:
        contract = CASES.by_type[row["type"]]
        event = contract.model_validate_json(row["data"], extra="ignore")
        case = evolve_case(
            case, UUID(int=row["id"].int), event, row["time"], By(row["actor"], row["agency"])
        )
    return case, rows[-1]["version"] if rows else 0


def today(context: Context) -> date:
    """The present day in the law's zone."""
    return context.clock.now().astimezone(context.profile.zone).date()


def identities() -> Iterator[UUID]:
    """Fresh identities, one after the other."""
    while True:
        yield new_id()


def setting_of(context: Context, case: Case) -> Setting:
    """What surrounds a decision on a case now."""
    return Setting(
        case=case.id,
        case_number=case.number,
        case_field=case.field,
        now=context.clock.now(),
        calendar=context.calendar,
        zone=context.profile.zone,
        ids=identities(),
        proceedings=case.proceedings,
        own_hours=dict.fromkeys(
            (SIGN_AFTER_ARRIVAL.name, SIGN_REROUTED.name), context.profile.receipt_after_hours
        ),
    )
