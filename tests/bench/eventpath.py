"""How fast the event path is: append, relay, consumer, and pgbench with the same statement.

    .venv/bin/python -m tests.bench.eventpath

Runs on an embedded cluster of its own with PostgreSQL's default durability, or on the server of
XIANJIE_TEST_DATABASE_URL. Read the ratios: machines are noisy.
"""

import asyncio
import os
import re
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.clock import SystemClock
from libs.common.consumer import Batched, Consumer, Reaction
from libs.common.database import Database
from libs.common.embedded import SETTINGS, binary
from libs.common.events import Envelope, NewEvent, canonical, new_id
from libs.common.relay import BATCH_MAX, SESSION, Relay
from libs.common.store import Append, append, append_statement
from libs.common.telemetry import Telemetry
from tests.support.events import CONTEXT, NOW, READER, TYPE, nothing_missing
from tests.support.postgres import PostgresServer, embedded_cluster

BODY: Final = canonical({"case": "c" * 36, "head": "h" * 300, "form": "f" * 220})
SECONDS: Final = 5.0

Figures = dict[str, float]


def events(count: int) -> list[NewEvent]:
    return [NewEvent(new_id(), TYPE, NOW, BODY, CONTEXT) for _ in range(count)]


async def bench_append(
    database: Database, *, connections: int = 32, seconds: float = SECONDS
) -> Figures:
    """Appends of one event to a new stream each: on connections held, and through the pool."""
    pool = Database(database.dsn, pool_max=connections)
    try:
        held = await _per_second(connections, seconds, pool, _append_held)
        pooled = await _per_second(connections, seconds, pool, _append_pooled)
    finally:
        await pool.close()
    return {"held_per_second": held, "pooled_per_second": pooled, "connections": connections}


async def _per_second(count: int, seconds: float, pool: Database, worker: Any) -> float:  # noqa: ANN401 - one of the two below
    end = time.perf_counter() + seconds
    done = await asyncio.gather(*(worker(pool, end) for _ in range(count)))
    return float(round(sum(done) / seconds))


async def _append_held(pool: Database, end: float) -> int:
    done = 0
    async with pool.driver() as connection:
        while time.perf_counter() < end:
            await append(connection, [Append(f"case/{new_id()}", 0, events(1))])
            done += 1
    return done


async def _append_pooled(pool: Database, end: float) -> int:
    done = 0
    while time.perf_counter() < end:
        async with pool.driver() as connection:
            await append(connection, [Append(f"case/{new_id()}", 0, events(1))])
        done += 1
    return done


class _Nobody:
    async def publish(self, _: str, __: Sequence[Envelope]) -> None:
        """Acknowledge at once."""

    async def announce(self, _: str, __: Envelope) -> None:
        """Nobody listens."""


async def fill(database: Database, count: int) -> None:
    """Events without a position, ten to a stream."""
    async with database.driver() as connection:
        for _ in range(count // 1_000):
            streams = [Append(f"case/{new_id()}", 0, events(10)) for _ in range(100)]
            await append(connection, streams)


async def bench_relay(database: Database, *, count: int = 100_000) -> Figures:
    """Drain that many events to a publisher that does nothing."""
    await fill(database, count)
    relay = Relay(
        database, [READER], _Nobody(), clock=SystemClock(), meters=Telemetry("bench").meters
    )
    connection = await database.direct()
    await connection.execute(SESSION)
    began = time.perf_counter()
    drained = await relay.drain(connection, READER)
    took = time.perf_counter() - began
    await connection.close()
    return {"events": drained, "per_second": round(drained / took), "batch": BATCH_MAX}


_INSERT: Final = text(
    "insert into effects (stream, version, position) select * from"
    " unnest(cast(:streams as text[]), cast(:versions as bigint[]), cast(:positions as bigint[]))"
)


async def _write_all(envelopes: Sequence[Envelope], connection: AsyncConnection) -> None:
    await connection.execute(
        _INSERT,
        {
            "streams": [each.stream for each in envelopes],
            "versions": [each.version for each in envelopes],
            "positions": [each.position for each in envelopes],
        },
    )


async def _write_one(envelope: Envelope, connection: AsyncConnection) -> None:
    await _write_all([envelope], connection)


async def bench_consumer(database: Database, *, count: int = 20_000) -> Figures:
    """Effects a second: batches of 500 in one statement, one by one in a batch, and singly.

    The log must hold `count` events (`bench_relay` leaves them).
    """
    log: list[Envelope] = []
    async with database.driver() as connection:
        while len(log) < count:
            log.extend(await READER.after(connection, len(log), 1_000))
    batches = [log[first : first + 500] for first in range(0, count, 500)]
    singly = [[each] for each in log[: count // 10]]
    return {
        "batched_per_second": await _consume(database, "batched", Batched(_write_all), batches),
        "one_by_one_per_second": await _consume(database, "one", _write_one, batches),
        "single_per_second": await _consume(database, "single", _write_one, singly),
    }


async def _consume(
    database: Database, group: str, reaction: Reaction | Batched, batches: Sequence[list[Envelope]]
) -> float:
    consumer = Consumer(
        group,
        database,
        {TYPE: reaction},
        fetch_missing=nothing_missing,
        clock=SystemClock(),
        telemetry=Telemetry("bench"),
    )
    began = time.perf_counter()
    for batch in batches:
        await consumer.handle(batch)
    return round(sum(map(len, batches)) / (time.perf_counter() - began))


_LITERALS: Final = {
    1: "'case/' || uuidv7()",
    2: "1",
    3: "true",
    4: "uuidv7()",
    5: f"'{TYPE}'",
    6: "now()",
    7: "'person-1'",
    8: "'liaoyuan-water'",
    9: "uuidv7()",
    10: "null",
    11: "null",
    12: f"'{BODY.decode()}'",
}


def bench_pgbench(
    database: Database, *, clients: Sequence[int] = (1, 8, 32), seconds: float = SECONDS
) -> Figures:
    """Transactions a second of the wheel's pgbench with the statement of `append`."""
    one = append_statement((), one_event=True)
    statement = re.sub(r"\$(\d+)", lambda found: f"({_LITERALS[int(found[1])]})", one)
    found: Figures = {}
    with tempfile.TemporaryDirectory() as directory:
        script = Path(directory) / "append.sql"
        script.write_text(" ".join(statement.split()) + ";\n")
        for count in clients:
            # The database's address last: pgbench takes it as a connection string.
            done = subprocess.run(  # noqa: S603
                [
                    *(str(binary("pgbench")), "-n", "-M", "prepared", "-f", str(script)),
                    *("-c", str(count), "-j", str(min(count, 2)), "-T", str(int(seconds))),
                    database.dsn,
                ],
                check=True,
                capture_output=True,
                text=True,
            )
            rate = re.search(r"tps = ([\d.]+)", done.stdout)
            assert rate is not None, done.stdout
            found[f"clients_{count}_per_second"] = round(float(rate[1]))
    return found


@asynccontextmanager
async def durable() -> AsyncIterator[Database]:
    """A fresh database with the durability of production."""
    dsn = os.environ.get("XIANJIE_TEST_DATABASE_URL")
    if dsn:
        async with PostgresServer(dsn).database() as database:
            yield database
        return
    with embedded_cluster(**SETTINGS) as cluster:
        async with PostgresServer(cluster.address("postgres")).database() as database:
            yield database


async def main() -> None:
    async with durable() as database:
        figures = {"append": await bench_append(database)}
    async with durable() as database:
        figures["relay"] = await bench_relay(database)
        figures["consumer"] = await bench_consumer(database)
    async with durable() as database:
        figures["pgbench"] = await asyncio.to_thread(bench_pgbench, database)
    print(orjson.dumps(figures, option=orjson.OPT_INDENT_2).decode())  # noqa: T201 - the answer


if __name__ == "__main__":
    asyncio.run(main())
