"""A relay or a consumer in a process of its own, which kills itself at a named step.

    python -m tests.support.child relay DSN FILE STEP NTH
    python -m tests.support.child consumer PRODUCER_DSN CONSUMER_DSN STEP NTH

STEP `never` lets it run until everything is done, then it ends with 0.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from libs.common.bus import LogBus
from libs.common.clock import SystemClock
from libs.common.consumer import Consumer
from libs.common.database import Database
from libs.common.events import Envelope
from libs.common.relay import Probe, Relay
from libs.common.telemetry import Telemetry
from tests.support.events import READER, TYPE, fetch_from, note, until

KILLED = -signal.SIGKILL
SECONDS_MAX = 60


def killer(step: str, nth: int) -> Probe:
    """A probe that kills this process when a step has been done for the nth time."""
    seen = 0

    def probe(name: str) -> None:
        nonlocal seen
        seen += name == step
        if seen >= nth:
            os.kill(os.getpid(), signal.SIGKILL)

    return probe


class FilePublisher:
    """A bus that is a file: a line for each event, written at once."""

    def __init__(self, path: Path, probe: Probe) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._probe = probe

    async def publish(self, _: str, envelopes: Sequence[Envelope]) -> None:
        for number, each in enumerate(envelopes):
            line = f"{each.position} {each.stream} {each.version} {each.id}\n"
            os.write(self._file, line.encode())
            if number == len(envelopes) // 2:
                self._probe("half_sent")

    async def announce(self, _: str, __: Envelope) -> None:
        """Nobody listens."""


async def run_relay(dsn: str, file: Path, probe: Probe) -> None:
    database = Database(dsn)
    relay = Relay(
        database,
        [READER],
        FilePublisher(file, probe),
        clock=SystemClock(),
        meters=Telemetry("child").meters,
        probe=probe,
    )

    async def is_done() -> bool:
        async with database.driver() as connection:
            left = await connection.fetchval("select count(*) from outbox")
            _, published = await READER.identity(connection)
            return left == 0 and published == await READER.head(connection)

    await until_done(relay.run(), is_done)


async def run_consumer(producer_dsn: str, dsn: str, probe: Probe) -> None:
    producer, database = Database(producer_dsn), Database(dsn)
    consumer = Consumer(
        "group",
        database,
        {TYPE: note},
        fetch_missing=fetch_from(producer),
        clock=SystemClock(),
        telemetry=Telemetry("child"),
        probe=probe,
    )

    async def is_done() -> bool:
        async with producer.driver() as connection:
            head = await READER.head(connection)
        async with database.driver() as connection:
            done = await connection.fetchval("select max(position) from bus_positions")
        return bool(done == head)

    bus = LogBus({READER.log.topic: (producer, READER)})
    async with bus.subscribe("group", [READER.log.topic], database) as subscription:
        await until_done(consumer.run(subscription), is_done)


async def until_done(work: object, is_done: object) -> None:
    """Run until a condition holds; a failure of the work ends the process."""
    task = asyncio.ensure_future(work)  # type: ignore[call-overload]
    waiting = asyncio.ensure_future(until(is_done, seconds_max=SECONDS_MAX))  # type: ignore[arg-type]
    await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    await waiting


def start(*arguments: str) -> subprocess.Popen[bytes]:
    """Start a child; whoever asks waits for it."""
    return subprocess.Popen([sys.executable, "-m", "tests.support.child", *arguments])  # noqa: S603


def main(kind: str, first: str, second: str, step: str, nth: str) -> None:
    probe = killer(step, int(nth))
    if kind == "relay":
        asyncio.run(run_relay(first, Path(second), probe))
    else:
        asyncio.run(run_consumer(first, second, probe))


if __name__ == "__main__":
    main(*sys.argv[1:])
