"""An append is whole or not at all, refuses a second writer and leaves no hole."""

import asyncio
from datetime import UTC, datetime

import asyncpg
import pytest

from libs.common.database import Database
from libs.common.errors import RequestRunning, TooLarge, VersionConflict
from libs.common.events import EVENT_BYTES_MAX, NewEvent, canonical, new_id
from libs.common.store import Append, append
from tests.support.events import CONTEXT, NOW, READER, SOURCE, TYPE, event, number, whole_log, write
from tests.support.postgres import METADATA

SNAPSHOTS = METADATA.tables["snapshots"]
REQUESTS = METADATA.tables["requests"]
CONTENTS = METADATA.tables["contents"]


def snapshot(version: int) -> dict[str, object]:
    return {"stream": "case/1", "version": version, "state_version": 1, "state": f"at {version}"}


def request(key: str) -> dict[str, object]:
    return {
        "person": "person-1",
        "route": "POST /x",
        "key": key,
        "body_digest": "d",
        "status": 201,
        "answer": "{}",
        "headers": {"ETag": '"1"'},
        "recorded_at": datetime(2026, 11, 22, tzinfo=UTC),
    }


async def table(database: Database, name: str) -> list[asyncpg.Record]:
    async with database.driver() as connection:
        return list(await connection.fetch(f"select * from {name} order by 1, 2"))  # noqa: S608


async def test_an_event_comes_back_as_it_was_appended(database: Database) -> None:
    appended = event("第一")
    await write(database, "case/1", 0, appended)
    (found,) = await number(database)
    assert (found.id, found.type, found.time, found.data) == (
        *(appended.id, TYPE, NOW),
        '{"note":"第一"}'.encode(),
    )
    assert (found.actor, found.agency, found.correlation_id) == (
        *(CONTEXT.actor, CONTEXT.agency, CONTEXT.correlation_id),
    )
    assert (found.source, found.stream, found.version, found.position, found.epoch) == (
        *(SOURCE, "case/1", 1, 1, 1),
    )
    assert type(found.from_attributes(found.attributes(), found.data).id) is type(found.id)
    assert found.from_attributes(found.attributes(), found.data) == found


async def test_events_of_one_append_keep_their_order(database: Database) -> None:
    events = [event(str(number)) for number in range(300)]
    await write(database, "case/1", 0, *events[:1])
    await write(database, "case/1", 1, *events[1:])
    found = await number(database)
    assert [each.id for each in found] == [each.id for each in events]
    assert [each.version for each in found] == list(range(1, 301))


async def test_two_streams_are_appended_to_together_or_not_at_all(database: Database) -> None:
    await write(database, "case/b", 0)
    async with database.driver() as connection:
        with pytest.raises(VersionConflict):
            await append(
                connection, [Append("case/b", 0, [event()]), Append("case/a", 0, [event()])]
            )
        assert len(await number(database)) == 1
        await append(connection, [Append("case/b", 1, [event()]), Append("case/a", 0, [event()])])
    assert [(each.stream, each.version) for each in await number(database)] == [
        *(("case/b", 1), ("case/a", 1), ("case/b", 2)),
    ]


async def test_two_who_append_to_the_same_streams_do_not_deadlock(database: Database) -> None:
    async def both(first: str, second: str) -> bool:
        async with database.driver() as connection:
            try:
                await append(
                    connection, [Append(first, 0, [event()]), Append(second, 0, [event()])]
                )
            except VersionConflict:
                return False
        return True

    for round_ in range(30):
        names = (f"case/{round_}/a", f"case/{round_}/b")
        won = await asyncio.gather(both(*names), both(*reversed(names)))
        assert sorted(won) == [False, True]


async def test_of_two_writers_of_one_version_exactly_one_wins(database: Database) -> None:
    async def one() -> bool:
        try:
            await write(database, "case/1", 0)
        except VersionConflict:
            return False
        return True

    assert sorted(await asyncio.gather(*(one() for _ in range(8)))) == [*([False] * 7), True]
    assert len(await table(database, "events")) == len(await table(database, "outbox")) == 1


async def test_a_stream_never_gets_a_hole(database: Database) -> None:
    await write(database, "case/1", 0)
    with pytest.raises(asyncpg.NotNullViolationError):
        await write(database, "case/1", 2)
    assert len(await table(database, "events")) == len(await table(database, "outbox")) == 1


async def test_rows_are_written_and_replaced_with_the_event(database: Database) -> None:
    content = {
        "id": new_id(),
        "stream": "case/1",
        "subject": "s",
        "organ": "o",
        "kind": "name",
        "salt": b"\x00\x01",
        "sealed": b"\xff" * 20,
    }
    async with database.driver() as connection:
        await append(
            connection,
            [Append("case/1", 0, [event()])],
            {SNAPSHOTS: [snapshot(1)], CONTENTS: [content], REQUESTS: [request("k1")]},
        )
        await append(connection, [Append("case/1", 1, [event()])], {SNAPSHOTS: [snapshot(2)]})
    assert [dict(row) for row in await table(database, "snapshots")] == [snapshot(2)]
    (found,) = await table(database, "contents")
    assert (found["salt"], found["sealed"]) == (b"\x00\x01", b"\xff" * 20)
    (kept,) = await table(database, "requests")
    assert kept["recorded_at"] == request("k1")["recorded_at"]


async def test_a_version_conflict_takes_the_rows_back(database: Database) -> None:
    async with database.driver() as connection:
        first = {SNAPSHOTS: [snapshot(1)]}
        await append(connection, [Append("case/1", 0, [event()])], first)
        with pytest.raises(VersionConflict):
            await append(
                connection,
                [Append("case/1", 0, [event()])],
                {SNAPSHOTS: [snapshot(9)], REQUESTS: [request("k1")]},
            )
    assert [dict(row) for row in await table(database, "snapshots")] == [snapshot(1)]
    assert await table(database, "requests") == []


async def test_a_request_that_was_answered_meanwhile_appends_nothing(database: Database) -> None:
    async with database.driver() as connection:
        rows = {REQUESTS: [request("k1")]}
        await append(connection, [Append("case/1", 0, [event()])], rows)
        with pytest.raises(RequestRunning):
            await append(connection, [Append("case/2", 0, [event()])], rows)
        # Both conflicts at once: the same request, sent twice at the same moment.
        with pytest.raises(RequestRunning):
            await append(connection, [Append("case/1", 0, [event()])], rows)
    assert [each.stream for each in await number(database)] == ["case/1"]


async def test_an_event_too_large_is_refused(database: Database) -> None:
    most = canonical("x" * (EVENT_BYTES_MAX - 2))
    await write(database, "case/1", 0, NewEvent(new_id(), TYPE, NOW, most, CONTEXT))
    more = canonical("x" * (EVENT_BYTES_MAX - 1))
    with pytest.raises(TooLarge):
        await write(database, "case/1", 1, NewEvent(new_id(), TYPE, NOW, more, CONTEXT))
    (found,) = await number(database)
    assert found.data == most


async def test_an_append_inside_a_transaction_goes_with_it(database: Database) -> None:
    async with database.driver() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await append(connection, [Append("case/1", 0, [event()])], {SNAPSHOTS: [snapshot(1)]})
        await transaction.rollback()
    assert await number(database) == []
    assert await table(database, "snapshots") == []


async def test_a_stream_is_read_behind_a_version(database: Database) -> None:
    await write(database, "case/1", 0, event("1"), event("2"), event("3"))
    await write(database, "case/2", 0, event("4"))
    await number(database)
    await write(database, "case/1", 3, event("not numbered yet"))
    async with database.driver() as connection:
        found = await READER.of_stream(connection, "case/1", 1, 10)
        assert await READER.head(connection) == 4
    assert [each.version for each in found] == [2, 3]
    assert found == [each for each in await whole_log(database) if each in found]
