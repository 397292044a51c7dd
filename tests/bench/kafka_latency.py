"""What real Kafka adds: from commit to effect at a steady pace, and how fast a relay drains.

Run as `python -m tests.bench.kafka_latency`; the cluster is as durable as in production.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from statistics import median, quantiles
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.clock import SystemClock
from libs.common.consumer import Consumer
from libs.common.database import Database
from libs.common.events import Envelope, NewEvent, canonical, new_id
from libs.common.kafka import KafkaBus, KafkaPublisher
from libs.common.relay import BATCH_MAX, Relay
from libs.common.store import Append, LogReader, append, event_log
from libs.common.telemetry import Telemetry
from libs.common.topics import ensure_topics
from tests.support.events import (
    CONTEXT,
    NOW,
    SOURCE,
    TYPE,
    background,
    note,
    nothing_missing,
    until,
)
from tests.support.kafka import KafkaServer
from tests.support.postgres import PostgresServer, embedded_cluster

STREAMS = 200
BODY_BYTES = 600
WARM_UP = 100


@asynccontextmanager
async def fresh_reader(bootstrap: str) -> AsyncIterator[LogReader]:
    """A log whose topic nobody else uses."""
    topic = f"xianjie.bench-{uuid4().hex}"
    assert not await ensure_topics(bootstrap, [topic])
    yield LogReader(SOURCE, replace(event_log("cases"), topic=topic))


def an_event(number: int) -> NewEvent:
    """An event of the usual size."""
    body = canonical({"number": number, "note": "x" * BODY_BYTES})
    return NewEvent(new_id(), TYPE, NOW, body, CONTEXT)


async def commit_to_effect(
    bootstrap: str, database: Database, *, events: int = 1_000, per_second: float = 100
) -> dict[str, float]:
    """Milliseconds from the commit of a step to the commit of its effect in another service.

    Args:
        bootstrap: of the broker.
        database: of the service that says and, for brevity, of the one that listens.
        events: how many are measured.
        per_second: their pace.
    """
    committed: dict[tuple[str, int], float] = {}
    seconds: list[float] = []
    reacted: list[Envelope] = []

    async def react(envelope: Envelope, connection: AsyncConnection) -> None:
        await note(envelope, connection)
        reacted.append(envelope)

    def watch(step: str) -> None:
        if step == "effect_committed":
            now = time.perf_counter()
            seconds.extend(now - committed[each.stream, each.version] for each in reacted)
            reacted.clear()

    async with fresh_reader(bootstrap) as reader, KafkaPublisher(bootstrap) as publisher:
        telemetry = Telemetry("bench")
        relay = Relay(database, [reader], publisher, clock=SystemClock(), meters=telemetry.meters)
        consumer = Consumer(
            "bench-" + uuid4().hex,
            database,
            {TYPE: react},
            fetch_missing=nothing_missing,
            clock=SystemClock(),
            telemetry=telemetry,
            probe=watch,
        )
        async with (
            KafkaBus(bootstrap).subscribe(
                consumer.group, [reader.log.topic], database
            ) as subscription,
            background(relay.run()),
            background(consumer.run(subscription)),
        ):
            start = time.perf_counter()
            for number in range(WARM_UP + events):
                await asyncio.sleep(start + number / per_second - time.perf_counter())
                if number == WARM_UP:
                    # The first events wait for the join and for the first plans.
                    await until(lambda: len(seconds) == WARM_UP)
                    start = time.perf_counter() - number / per_second
                stream, version = f"case/{number % STREAMS}", number // STREAMS + 1
                async with database.driver() as connection:
                    await append(connection, [Append(stream, version - 1, [an_event(number)])])
                committed[stream, version] = time.perf_counter()
                database.poke()
            await until(lambda: len(seconds) == WARM_UP + events)
    return figures(seconds[WARM_UP:])


def figures(seconds: Sequence[float]) -> dict[str, float]:
    """The usual figures of some durations, in milliseconds."""
    cuts = quantiles(seconds, n=100)
    parts = {
        "p50_ms": median(seconds),
        "p90_ms": cuts[89],
        "p99_ms": cuts[98],
        "max_ms": max(seconds),
    }
    return {name: round(value * 1000, 2) for name, value in parts.items()}


async def relay_drain(
    bootstrap: str, database: Database, *, events: int = 50_000
) -> dict[str, float]:
    """Events a second from a full outbox to acknowledged by the broker."""
    async with database.driver() as connection:
        for first in range(0, events, 1_000):
            await append(
                connection,
                [
                    Append(f"case/{number}", 0, [an_event(number)])
                    for number in range(first, min(first + 1_000, events))
                ],
            )
    published_at: list[float] = []

    def watch(step: str) -> None:
        if step == "published":
            published_at.append(time.perf_counter())

    async with fresh_reader(bootstrap) as reader, KafkaPublisher(bootstrap) as publisher:
        relay = Relay(
            database,
            [reader],
            publisher,
            clock=SystemClock(),
            meters=Telemetry("bench").meters,
            probe=watch,
        )
        async with background(relay.run()):
            await until(lambda: len(published_at) == events // BATCH_MAX, seconds_max=120)
    # From the first batch on: connecting is no part of the pace.
    taken = published_at[-1] - published_at[0]
    return {"events": events, "events_per_second": round((events - BATCH_MAX) / taken)}


async def main() -> None:
    """Measure and print."""
    # Settings of one's own: the tests' default trades durability for speed.
    with KafkaServer() as broker, embedded_cluster(max_connections="100") as cluster:
        server = PostgresServer(cluster.address("postgres"))
        for measured in (commit_to_effect, relay_drain):
            async with server.database() as database:
                figures_found = await measured(broker.bootstrap, database)
                sys.stdout.write(f"{measured.__name__} {json.dumps(figures_found)}\n")
        await server.close()


if __name__ == "__main__":
    asyncio.run(main())
