"""Gives committed events their dense positions and hands them to the bus, in order, for ever.

One leader per database. The lock lives in the very session that numbers, so a leader that lost its
session cannot number; what it may still send is an ordinary redelivery.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final
from uuid import UUID

import asyncpg
import structlog

from libs.common.bus import Publisher
from libs.common.clock import Clock
from libs.common.database import LOG_CHANNEL, OUTBOX_CHANNEL, Database, is_transient
from libs.common.events import LOG_HEAD, SERVICE_PREFIX, Envelope, canonical, new_id
from libs.common.store import LogReader, envelope
from libs.common.telemetry import Meters

BATCH_MAX: Final = 500
LOOK_SECONDS: Final = 0.2
HEAD_SECONDS: Final = 5.0
CANDIDATE_SECONDS: Final = 0.5
RETRY_SECONDS: Final = 0.1
RETRY_SECONDS_MAX: Final = 5.0

Probe = Callable[[str], None]
"""Called with the name of each step just done; the fault proofs end the process there."""

log = structlog.get_logger()

SESSION: Final = (
    # The planner guesses `limit $1` as a tenth of the table and would hash all of it.
    "set enable_hashjoin = off; set enable_mergejoin = off; set enable_seqscan = off;"
    # A leader that stands still must not keep the lock.
    " set idle_session_timeout = '15s'"
)
_LOCK: Final = "select pg_try_advisory_lock(hashtext('xianjie relay'))"


def no_probe(_: str) -> None:
    """Watch nothing."""


class Relay:
    """Numbers and publishes the logs of one database.

    Args:
        database: whose logs.
        readers: the logs, each with its source name.
        publisher: where events go; None where the log itself is the bus.
        clock: for the time on `log_head`.
        meters: what is measured.
        probe: for the fault proofs.
    """

    def __init__(
        self,
        database: Database,
        readers: Sequence[LogReader],
        publisher: Publisher | None,
        *,
        clock: Clock,
        meters: Meters,
        probe: Probe = no_probe,
    ) -> None:
        self._database = database
        self._readers = readers
        self._publisher = publisher
        self._clock = clock
        self._meters = meters
        self._probe = probe
        self._published = dict.fromkeys(readers, 0)
        self._epochs = dict.fromkeys(readers, 0)
        self._announced: dict[LogReader, int] = {}
        self._news = asyncio.Event()
        self.is_leading = False

    async def run(self) -> None:
        """Try to lead, and lead, until cancelled.

        Raises:
            Exception: what is no outage; nothing is lost by starting again.
        """
        delay = RETRY_SECONDS
        while True:
            try:
                async with self._session() as connection:
                    while not await connection.fetchval(_LOCK):  # noqa: ASYNC110 - in another process
                        await asyncio.sleep(CANDIDATE_SECONDS)
                    await self._lead(connection)
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("relay_interrupted", error=type(error).__name__)
            finally:
                led, self.is_leading = self.is_leading, False
            # Whoever led had published all that was left: only then is the next wait short.
            delay = RETRY_SECONDS if led else min(delay * 2, RETRY_SECONDS_MAX)
            await asyncio.sleep(delay)

    @contextlib.asynccontextmanager
    async def _session(self) -> AsyncIterator[asyncpg.Connection]:
        connection = await self._database.direct()
        try:
            await connection.execute(SESSION)
            await connection.add_listener(OUTBOX_CHANNEL, lambda *_: self._news.set())
            yield connection
        finally:
            # Ends the session at once, and the lock with it, also while a statement runs.
            connection.terminate()

    async def _lead(self, connection: asyncpg.Connection) -> None:
        for reader in self._readers:
            self._epochs[reader], self._published[reader] = await reader.identity(connection)
            await self._publish_left(connection, reader)
        self._announced.clear()
        self.is_leading = True
        log.info("relay_leads", logs=[reader.log.topic for reader in self._readers])
        next_head = 0.0
        loop = asyncio.get_running_loop()
        while True:
            self._news.clear()
            for reader in self._readers:
                await self.drain(connection, reader)
            if self._publisher is not None and loop.time() >= next_head:
                await self._announce(self._publisher)
                next_head = loop.time() + HEAD_SECONDS
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), LOOK_SECONDS)

    async def _publish_left(self, connection: asyncpg.Connection, reader: LogReader) -> None:
        """Publish what an earlier leader numbered but may not have published."""
        # Where the log is the bus nothing is published, and nothing counts as published: a broker
        # that is added later is sent everything.
        if self._publisher is None:
            return
        while left := await reader.after(connection, self._published[reader], BATCH_MAX):
            await self._publish(self._publisher, reader, left)

    async def drain(self, connection: asyncpg.Connection, reader: LogReader) -> int:
        """Number and publish until the outbox is empty; how many were numbered.

        While one batch is on its way to the bus the next is numbered. The statement that numbers
        also saves how far the bus has acknowledged, so that a cycle is one round trip and one sync;
        the last acknowledgement is saved at the next look.
        """
        numbered = 0
        sending: asyncio.Task[None] | None = None
        try:
            while True:
                batch = await self._number(connection, reader)
                self._probe("numbered")
                if sending is not None:
                    await sending
                    sending = None
                if not batch:
                    return numbered
                numbered += len(batch)
                if self._publisher is not None:
                    sending = asyncio.create_task(self._publish(self._publisher, reader, batch))
                else:
                    await connection.execute(f"notify {LOG_CHANNEL}")
                    self._meters.relayed(reader.log.topic, len(batch))
                if len(batch) < BATCH_MAX:
                    if sending is not None:
                        await sending
                    return numbered
        finally:
            if sending is not None:
                sending.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await sending

    async def _number(self, connection: asyncpg.Connection, reader: LogReader) -> list[Envelope]:
        rows = await connection.fetch(reader.log.number, BATCH_MAX, self._published[reader])
        return [envelope(row, source=reader.source_name) for row in rows]

    async def _publish(
        self, publisher: Publisher, reader: LogReader, batch: Sequence[Envelope]
    ) -> None:
        await publisher.publish(reader.log.topic, batch)
        self._published[reader] = batch[-1].position
        self._probe("published")
        self._meters.relayed(reader.log.topic, len(batch))

    async def _announce(self, publisher: Publisher) -> None:
        for reader in self._readers:
            position = self._published[reader]
            # Topics are kept for ever: a head that says nothing new is not said.
            if position == self._announced.get(reader):
                continue
            head = log_head(reader, position, self._epochs[reader], self._clock)
            await publisher.announce(reader.log.topic, head)
            self._announced[reader] = position


def log_head(reader: LogReader, position: int, epoch: int, clock: Clock) -> Envelope:
    """How far a log has been sent, so that a consumer knows what it has not got."""
    service = reader.source_name.rpartition("/")[2]
    return Envelope(
        id=new_id(),
        type=f"xianjie.{service}.{LOG_HEAD}",
        source=reader.source_name,
        stream=f"{reader.log.identity}/{service}",
        version=0,
        position=position,
        epoch=epoch,
        time=clock.now(),
        data=canonical({"epoch": epoch, "position": position}),
        actor=SERVICE_PREFIX + service,
        agency="platform",
        correlation_id=UUID(int=0),
        causation_id=None,
        traceparent=None,
    )
