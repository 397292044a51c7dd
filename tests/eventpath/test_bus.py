"""The log as the bus keeps the promise of every bus, and some of its own."""

import asyncpg
import pytest

from libs.common.bus import LogBus
from libs.common.database import LOG_CHANNEL, Database
from libs.common.store import LogReader, access_log, append
from tests.eventpath.bus_contract import BusContract, Rig, gather, streams
from tests.support.events import (
    NOW,
    READER,
    SOURCE,
    event,
    number,
    relaying,
    until,
    write,
)
from tests.support.postgres import METADATA, owner_dsn

READS = LogReader(SOURCE, access_log("cases"))


class TestLogBus(BusContract):
    @pytest.fixture
    async def rig(self, database: Database, other_database: Database) -> Rig:
        return rig_of(database, other_database)


def rig_of(speaker: Database, listener: Database) -> Rig:
    bus = LogBus({READER.log.topic: (speaker, READER)})
    return Rig(bus=bus, publisher=None, speaker=speaker, listener=listener)


async def test_a_busy_topic_does_not_starve_another(
    database: Database, other_database: Database
) -> None:
    accesses = METADATA.tables["accesses"]
    row = {
        "id": "01a202ce-60f7-72af-b9b5-be909b2c69b5",
        "time": NOW,
        "actor": "person-1",
        "agency": "water",
        "correlation_id": "01a202ce-60f7-72af-b9b5-be909b2c69b5",
        "traceparent": None,
        "data": "{}",
    }
    async with database.driver() as connection:
        await append(connection, [], {accesses: [row]})
    await write(database, "case/1", 0, *(event() for _ in range(1_200)))
    bus = LogBus({reader.log.topic: (database, reader) for reader in (READER, READS)})
    async with relaying(database, readers=(READER, READS)):
        await until(lambda: both_numbered(database))
    async with bus.subscribe(
        "g", [READER.log.topic, READS.log.topic], other_database
    ) as subscription:
        first_two = [*await subscription.fetch(1), *await subscription.fetch(1)]
    assert "accesses/cases" in streams(first_two)


async def both_numbered(database: Database) -> bool:
    async with database.driver() as connection:
        return bool(await READER.head(connection) and await READS.head(connection))


async def test_a_failed_read_loses_nothing(database: Database, other_database: Database) -> None:
    await write(database, "case/1", 0)
    await write(other_database, "case/2", 0)
    await number(database)
    await number(other_database)
    bus = LogBus({"a": (database, READER), "b": (other_database, READER)})
    async with bus.subscribe("g", ["a", "b"], database) as subscription:
        owner = await asyncpg.connect(owner_dsn(other_database))
        await owner.execute("alter table log rename to log_away")
        with pytest.raises(asyncpg.UndefinedTableError):
            await subscription.fetch(0)
        await owner.execute("alter table log_away rename to log")
        await owner.close()
        assert streams(await gather(subscription, 2)) == {"case/1": [1], "case/2": [1]}


async def test_a_listener_whose_session_ended_listens_again(
    database: Database, other_database: Database
) -> None:
    rig = rig_of(database, other_database)
    async with relaying(database), rig.subscribed("g") as subscription:
        assert list(await subscription.fetch(0.01)) == []
        async with database.driver() as connection:
            ended = await connection.fetchval(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity"
                " where query ilike $1 and datname = current_database()",
                f'listen "{LOG_CHANNEL}"',
            )
        assert ended == 1
        await write(database, "case/1", 0)
        assert streams(await gather(subscription, 1)) == {"case/1": [1]}


async def test_a_new_life_of_the_log_is_read_from_its_beginning(
    database: Database, other_database: Database
) -> None:
    rig = rig_of(database, other_database)
    await write(database, "case/1", 0, event(), event())
    await number(database)
    async with rig.subscribed("g") as subscription:
        await gather(subscription, 2)
        await subscription.commit()
    async with database.driver() as connection:
        await connection.execute("update log_identity set epoch = epoch + 1")
    async with rig.subscribed("g") as subscription:
        assert streams(await gather(subscription, 2)) == {"case/1": [1, 2]}
        await subscription.commit()
    async with rig.subscribed("g") as subscription:
        assert list(await subscription.fetch(0)) == []


async def test_a_topic_whose_service_does_not_run_here_says_nothing(database: Database) -> None:
    async with LogBus({}).subscribe("g", ["xianjie.elsewhere"], database) as subscription:
        assert list(await subscription.fetch(0.01)) == []
