"""The relay skips nothing, numbers densely, keeps the order of streams, and has one leader."""

import asyncio
import random
from collections.abc import Sequence
from uuid import uuid4

import asyncpg
import pytest

from libs.common.database import Database
from libs.common.errors import Transient
from libs.common.events import Envelope, new_id
from libs.common.relay import BATCH_MAX, SESSION
from libs.common.store import Append, LogReader, access_log, append
from tests.support.events import (
    NOW,
    READER,
    SOURCE,
    background,
    event,
    number,
    relay,
    relaying,
    until,
    whole_log,
    write,
)
from tests.support.postgres import METADATA, PostgresServer

ENDED = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
READS = LogReader(SOURCE, access_log("cases"))


class Kept:
    """A publisher that keeps what it is given; `refuse` makes it fail for a while."""

    def __init__(self) -> None:
        self.events: list[Envelope] = []
        self.heads: list[Envelope] = []
        self.refuse = 0

    async def publish(self, _: str, envelopes: Sequence[Envelope]) -> None:
        if self.refuse:
            self.refuse -= 1
            self.events.extend(envelopes[: len(envelopes) // 2])
            raise Transient
        self.events.extend(envelopes)

    async def announce(self, _: str, head: Envelope) -> None:
        self.heads.append(head)


def assert_whole(events: Sequence[Envelope], appended: dict[str, int]) -> None:
    """Dense positions, every event once, each stream in order."""
    assert [each.position for each in events] == list(range(1, len(events) + 1))
    versions: dict[str, int] = {}
    for each in events:
        assert each.version == versions.get(each.stream, 0) + 1, each.stream
        versions[each.stream] = each.version
    assert versions == appended


async def write_at_random(
    database: Database, appended: dict[str, int], seed: int, *, rounds: int
) -> None:
    """One writer of one stream: some commits come late, some transactions are rolled back."""
    chance = random.Random(seed)
    stream = f"case/{seed}"
    for _ in range(rounds):
        version = appended.get(stream, 0)
        events = [event(str(n)) for n in range(chance.randint(1, 3))]
        async with database.driver() as connection:
            transaction = connection.transaction()
            await transaction.start()
            await append(connection, [Append(stream, version, events)])
            # The very thing to prove: transactions that commit in another order than they began.
            await asyncio.sleep(chance.choice([0, 0, 0.001, 0.02]))
            if chance.random() < 0.25:
                await transaction.rollback()
                continue
            await transaction.commit()
            appended[stream] = version + len(events)


async def test_two_hundred_writers_with_late_commits_lose_nothing(database: Database) -> None:
    appended: dict[str, int] = {}
    kept = Kept()
    wide = Database(database.dsn, pool_max=200)
    async with relaying(database, kept):
        await asyncio.gather(
            *(write_at_random(wide, appended, seed, rounds=6) for seed in range(200))
        )
        await until(lambda: len(kept.events) >= sum(appended.values()))
    await wide.close()
    assert sum(appended.values()) > 1_000
    assert_whole(kept.events, appended)
    assert_whole(await whole_log(database), appended)


async def test_a_commit_that_comes_late_is_numbered_late(database: Database) -> None:
    async with database.driver() as late:
        transaction = late.transaction()
        await transaction.start()
        await append(late, [Append("case/late", 0, [event()])])
        await write(database, "case/early", 0)
        assert [each.stream for each in await number(database)] == ["case/early"]
        await transaction.commit()
    assert_whole(await number(database), {"case/early": 1, "case/late": 1})


async def test_reads_are_numbered_in_a_log_of_their_own(database: Database) -> None:
    accesses = METADATA.tables["accesses"]

    def row() -> dict[str, object]:
        return {
            "id": new_id(),
            "time": NOW,
            "actor": "person-1",
            "agency": "liaoyuan-water",
            "correlation_id": uuid4(),
            "traceparent": None,
            "data": '{"purpose":"handling"}',
        }

    rows = [row() for _ in range(BATCH_MAX + 5)]
    kept = Kept()
    async with relaying(database, kept, readers=(READER, READS)):
        async with database.driver() as connection:
            await append(connection, [], {accesses: rows})
            await append(connection, [Append("case/1", 0, [event()])], {accesses: [row()]})
        await until(lambda: len(kept.events) == len(rows) + 2)
    found = [each for each in kept.events if each.stream == "accesses/cases"]
    assert [each.id for each in found[:-1]] == [row["id"] for row in rows]
    assert [each.version for each in found] == list(range(1, len(rows) + 2))
    assert all(each.version == each.position for each in found)
    assert {each.type for each in found} == {"xianjie.cases.read_recorded.v1"}
    assert await whole_log(database, READS) == found
    async with database.driver() as connection:
        page = await READS.of_stream(connection, "accesses/cases", 3, 2)
    assert [each.version for each in page] == [4, 5]


async def test_a_bus_that_is_away_delays_and_loses_nothing(database: Database) -> None:
    await write(database, "case/1", 0, *(event() for _ in range(BATCH_MAX * 2)))
    kept = Kept()
    kept.refuse = 2
    async with relaying(database, kept):
        await until(lambda: kept.events and kept.events[-1].version == BATCH_MAX * 2)
    first_seen = list(dict.fromkeys(each.version for each in kept.events))
    assert first_seen == list(range(1, BATCH_MAX * 2 + 1))
    assert_whole(await whole_log(database), {"case/1": BATCH_MAX * 2})


async def test_what_was_numbered_and_not_published_is_published_by_the_next(
    database: Database,
) -> None:
    await write(database, "case/1", 0, event(), event())
    await number(database)
    await write(database, "case/1", 2)
    kept = Kept()
    async with relaying(database, kept):
        await until(lambda: len(kept.events) == 3)
        # The next look saves what was acknowledged.
        await until(lambda: published(database, 3))
    assert_whole(kept.events, {"case/1": 3})
    async with relaying(database, kept) as second:
        await until(lambda: second.is_leading)
    assert len(kept.events) == 3


async def published(database: Database, position: int) -> bool:
    async with database.driver() as connection:
        return await READER.identity(connection) == (1, position)


async def test_where_the_log_is_the_bus_a_later_broker_is_sent_everything(
    database: Database,
) -> None:
    await write(database, "case/1", 0, event(), event())
    async with relaying(database):
        await until(lambda: head(database, 2))
    kept = Kept()
    async with relaying(database, kept):
        await until(lambda: len(kept.events) == 2)


async def head(database: Database, position: int) -> bool:
    async with database.driver() as connection:
        return await READER.head(connection) >= position


async def test_the_leader_says_how_far_the_log_has_been_sent(database: Database) -> None:
    await write(database, "case/1", 0, event(), event())
    kept = Kept()
    async with relaying(database, kept):
        await until(lambda: kept.heads)
    said = kept.heads[0]
    assert said.is_log_head
    assert (said.position, said.epoch, said.service, said.time) == (2, 1, "cases", NOW)


async def test_a_poke_is_heard_before_the_next_look(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.common.relay.LOOK_SECONDS", 3600.0)
    kept = Kept()
    async with relaying(database, kept) as running:
        await until(lambda: running.is_leading)
        for version in range(3):
            await write(database, "case/1", version)
            database.poke()
            await until(lambda: len(kept.events) == version + 1)  # noqa: B023 - awaited here


LEADERS = (
    "select pid from pg_locks where locktype = 'advisory' and granted"
    " and database = (select oid from pg_database where datname = current_database())"
)


async def test_one_leads_and_another_takes_over(
    database: Database, postgres: PostgresServer
) -> None:
    first, second = relay(database, Kept()), relay(database, kept := Kept())
    async with background(first.run()) as first_task:
        await until(lambda: first.is_leading)
        async with background(second.run()):
            async with database.driver() as connection:
                (leader,) = await connection.fetch(LEADERS)
            assert not second.is_leading
            # The first may come back as a candidate only; it is stopped, as with its machine.
            first_task.cancel()
            await write(database, "case/1", 0)
            await postgres.execute(f"select pg_terminate_backend({leader['pid']})")
            await until(lambda: second.is_leading, seconds_max=5)
            await until(lambda: len(kept.events) == 1)


async def test_who_lost_the_lock_cannot_number_any_more(
    database: Database, postgres: PostgresServer
) -> None:
    old = await database.direct()
    old_relay = relay(database)
    await old.execute(SESSION)
    assert await old.fetchval("select pg_try_advisory_lock(hashtext('xianjie relay'))")
    (leader,) = await old.fetch(LEADERS)
    await write(database, "case/1", 0)
    async with relaying(database) as new:
        await postgres.execute(f"select pg_terminate_backend({leader['pid']})")
        await until(lambda: new.is_leading, seconds_max=5)
        with pytest.raises(ENDED):
            await old_relay.drain(old, READER)
        await until(lambda: head(database, 1))
    old.terminate()
    assert_whole(await whole_log(database), {"case/1": 1})


async def test_two_relays_that_start_at_once_number_each_event_once(database: Database) -> None:
    appended: dict[str, int] = {}
    async with relaying(database, Kept()), relaying(database, Kept()):
        await asyncio.gather(
            *(write_at_random(database, appended, seed, rounds=5) for seed in range(20))
        )
        await until(lambda: head(database, sum(appended.values())))
    assert_whole(await whole_log(database), appended)


async def test_numbering_does_not_read_the_whole_log(database: Database) -> None:
    async with database.driver() as connection:
        await connection.execute(
            "insert into events select 'case/' || n, 1, gen_random_uuid(), 't', now(), 'a', 'b',"
            " gen_random_uuid(), null, null, '{}' from generate_series(1, 50000) n;"
            "insert into outbox (stream, version)"
            " select stream, 1 from events order by stream limit 40000;"
        )
    connection = await database.direct()
    try:
        await connection.execute(SESSION)
        await relay(database).drain(connection, READER)
        await connection.execute(
            "insert into outbox (stream, version)"
            " select stream, 1 from events order by stream offset 40000"
        )
        for log in (READER.log, READS.log):
            await connection.execute(
                f"prepare numbering as {log.number}; set plan_cache_mode = force_generic_plan"
            )
            plan = await connection.fetch("explain execute numbering(500, 0)")
            lines = "\n".join(row[0] for row in plan)
            assert "Seq Scan" not in lines.replace("Seq Scan on log_identity", ""), lines
            assert "Hash Join" not in lines, lines
            await connection.execute("deallocate numbering")
    finally:
        await connection.close()
