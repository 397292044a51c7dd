"""Acts on a series of numbers itself: reserving the next ones, voiding one that nobody uses."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from libs.common.accesses import access_row
from libs.common.agencies import Duty
from libs.common.contents import Sealing
from libs.common.contracts import Event, Sealed, Strict, body_of, seal
from libs.common.contracts.cases.numbers import (
    NumbersReserved,
    NumberVoided,
    ReserveNumbers,
    VoidNumber,
)
from libs.common.errors import (
    BodyInvalid,
    Forbidden,
    NotFound,
    NumberInUse,
    RequestReused,
)
from libs.common.events import digest, new_id
from libs.common.http import Acting, json_bytes
from libs.common.numbering import CASE, Series, pattern_of
from libs.common.procedure import Person, Said
from libs.common.service import Context
from libs.common.signing import Receipt
from libs.common.store import Append, append
from services.cases.handlers.acting import (
    ACCESSES,
    CONTENT_KEYS,
    CONTENTS,
    REQUESTS,
    Running,
    new_events,
)
from services.cases.handlers.loading import Kept, today
from services.cases.handlers.numbering import RESERVED, USED, Taking, lock, within

KEEPING: Final = frozenset({Duty.OFFICER, Duty.HEAD, Duty.DESK})
"""Who keeps the numbers of an organ (rule of the platform)."""
RESERVE_BODY: Final = body_of(ReserveNumbers)
VOID_BODY: Final = body_of(VoidNumber)


class NumbersAnswer(Strict):
    """What an act on numbers answers: the numbers it concerns, and its receipt."""

    numbers: tuple[str, ...]
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """What an act on a series says, and the numbers that it concerns."""

    event: Event
    numbers: tuple[str, ...]
    change: tuple[Any, ...] = field(repr=False)
    """The statement that brings the register up to it, and its values."""


Deciding = Callable[[asyncpg.Connection, Sealing, int], Awaitable[Done]]
"""From the last number of the series to what is said."""


async def reserve(
    context: Context,
    acting: Acting,
    person: Person,
    body: Any,  # noqa: ANN401 - the body model of `ReserveNumbers`
    running: Running,
) -> Kept:
    """Reserve the next numbers of a series.

    Raises:
        Problem: it is refused; nothing was written.
    """
    _check_keeps(person)
    year = today(context).year
    series = Series(person.organ, body.kind, body.year or year)
    pattern = pattern_of(context.profile, series)
    if pattern is None or series.year > year or series.kind == CASE:
        name = "year" if series.year > year else "kind"
        raise _wrong(name, "numbered_by_organ", "本机关编号的文书 / a document that it numbers")
    if body.until is not None and body.until < today(context):
        raise _wrong("until", "not_past", "不早于今日 / not before today")

    async def deciding(_: asyncpg.Connection, __: Sealing, last: int) -> Done:
        first, after = last + 1, last + body.count
        return Done(
            NumbersReserved(
                organ=series.organ,
                kind=series.kind,
                year=series.year,
                first=first,
                last=after,
                until=body.until,
            ),
            tuple(pattern.replace("{number}", str(serial)) for serial in range(first, after + 1)),
            (RESERVE, *_key(series), first, after, pattern, person.id, body.until),
        )

    return await _act(context, acting, person, series, deciding, running=running)


RESERVE: Final = """
with moved as (
  update numbers set last = $5 where organ = $1 and kind = $2 and year = $3)
insert into register (organ, kind, year, serial, number, state, stands, person, until, changed_at)
select $1, $2, $3, s, replace($6, '{number}', s::text), 'reserved', false, $7, $8, $9
from generate_series($4::int, $5::int) s"""


async def void(
    context: Context,
    acting: Acting,
    person: Person,
    body: Any,  # noqa: ANN401 - the body model of `VoidNumber`
    running: Running,
    *,
    number: str,
) -> Kept:
    """Void a number that was reserved, or whose act does not stand any more.

    Raises:
        NotFound: the organ has no such number.
        NumberInUse: an act that stands uses it, or it is void.
    """
    _check_keeps(person)
    async with context.database.driver() as connection:
        row = await connection.fetchrow(
            "select kind, year from register where organ = $1 and number = $2",
            *(person.organ, number),
        )
    if row is None:
        raise NotFound
    series = Series(person.organ, row["kind"], row["year"])

    async def deciding(connection: asyncpg.Connection, sealing: Sealing, _: int) -> Done:
        row = await connection.fetchrow(
            "select serial, state, stands, act from register where organ = $1 and number = $2",
            *(person.organ, number),
        )
        free = row["state"] == RESERVED or (row["state"] == USED and not row["stands"])
        if not free:
            raise NumberInUse(number=number, state=row["state"])

        def seal_one(value: Any, kind: str) -> Sealed[Any]:  # noqa: ANN401 - any JSON
            return context.vault.seal(sealing, value, subject=series.stream, kind=kind)

        form = seal(VoidNumber, body, seal_one)
        event = NumberVoided(
            organ=series.organ,
            kind=series.kind,
            year=series.year,
            serial=row["serial"],
            number=number,
            reason=form.reason,
            act=UUID(int=row["act"].int) if row["act"] else None,
        )
        values = (*_key(series), row["serial"], form.reason.id, person.id)
        return Done(event, (number,), (VOID, *values))

    return await _act(context, acting, person, series, deciding, running=running)


VOID: Final = """
update register set state = 'voided', stands = false, reason = $5, person = $6, changed_at = $7
where organ = $1 and kind = $2 and year = $3 and serial = $4"""


async def _act(
    context: Context,
    acting: Acting,
    person: Person,
    series: Series,
    deciding: Deciding,
    *,
    running: Running,
) -> Kept:
    """Take in one act on a series, safe to repeat; its lock makes every version the next one."""
    request = (person.id, acting.route, acting.key)
    stream = series.stream
    correlation_id = new_id()
    running.enter(request)
    try:
        async with (
            running.series_turn(series),
            context.database.driver() as connection,
            within(connection, Taking(series)),
        ):
            last = await lock(connection, series)
            row = await connection.fetchrow(_REQUEST, stream, *request)
            now = context.clock.now()
            access = access_row(acting.access([stream]), time=now, correlation_id=correlation_id)
            if row["status"]:
                kept = _kept(row, acting, person)
                await append(connection, [], {ACCESSES: [access]})
            else:
                keys = {stream: row["wrapped"]} if row["wrapped"] else {}
                sealing = context.vault.sealing(stream=stream, organ=person.organ, wrapped=keys)
                done = await deciding(connection, sealing, last)
                version = row["version"] + 1
                events = new_events(
                    [Said(new_id(), done.event)],
                    actor=person.id,
                    agency=person.organ,
                    now=now,
                    correlation_id=correlation_id,
                )
                receipt = context.signer.receipt(
                    stream=stream,
                    version=version,
                    event_digest=digest(events[0].data),
                    recorded_at=now,
                )
                body = json_bytes(NumbersAnswer(numbers=done.numbers, receipts=(receipt,)))
                kept = Kept(201, body, {"Stream-Version": f"{stream}@{version}"})
                statement, *values = done.change
                await connection.execute(statement, *values, now)
                rows = {
                    CONTENTS: sealing.contents,
                    CONTENT_KEYS: sealing.new_keys,
                    REQUESTS: [acting.kept_row(kept.status, kept.body, kept.headers)],
                    ACCESSES: [access],
                }
                await append(connection, [Append(stream, version - 1, events)], rows)
        context.database.poke()
        return kept
    finally:
        running.leave(request)


_REQUEST: Final = """
select coalesce((select max(version) from events where stream = $1), 0) as version, k.wrapped,
       r.body_digest, r.status, r.answer, r.headers::text as headers
from (select 1) one
left join content_keys k on k.subject = $1
left join requests r on r.person = $2 and r.route = $3 and r.key = $4"""


def _kept(row: asyncpg.Record, acting: Acting, person: Person) -> Kept:
    if row["body_digest"] != acting.body_digest:
        raise RequestReused
    kept = Kept(row["status"], row["answer"].encode(), orjson.loads(row["headers"]))
    # Whoever has gone to another organ since is not told again what was said for the first.
    if not kept.headers["Stream-Version"].startswith(f"numbers/{person.organ}/"):
        raise NotFound
    return kept


def _check_keeps(person: Person) -> None:
    if KEEPING.isdisjoint(person.duties):
        raise Forbidden(duties=sorted(KEEPING))


def _key(series: Series) -> tuple[str, str, int]:
    return series.organ, series.kind, series.year


def _wrong(name: str, rule: str, reason: str) -> BodyInvalid:
    return BodyInvalid(errors=[{"field": name, "rule": rule, "reason": reason}])
