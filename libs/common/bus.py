"""How events reach other services: one promise, two adapters (`LogBus` here, `kafka.KafkaBus`).

The promise, held by one contract suite: every group is given every event of its topics at least
once and in the order of each stream, begins at the first event ever, and begins again behind the
last `commit` after a restart. Only a relay publishes.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, Protocol

from libs.common.database import LOG_CHANNEL, Database
from libs.common.events import Envelope
from libs.common.store import LogReader

if TYPE_CHECKING:
    import asyncpg

FETCH_MAX: Final = 500
LOOK_SECONDS: Final = 1.0


class Publisher(Protocol):
    """What the relay needs of a bus."""

    async def publish(self, topic: str, envelopes: Sequence[Envelope]) -> None:
        """Send events in order and return when all are acknowledged.

        Raises:
            Transient: the bus is away; what was sent may be sent again.
        """

    async def announce(self, topic: str, head: Envelope) -> None:
        """Send how far the log has been sent to every part of the topic."""


class Subscription(Protocol):
    """A group's place in its topics."""

    async def fetch(self, wait_seconds: float) -> Sequence[Envelope]:
        """The next events, `FETCH_MAX` at the most; empty when none came within the time."""

    async def commit(self) -> None:
        """Remember that everything fetched so far has been dealt with."""

    async def lag(self) -> int:
        """How many events of the topics have not been fetched."""


class Bus(Protocol):
    """Gives subscriptions."""

    def subscribe(
        self, group: str, topics: Sequence[str], database: Database
    ) -> contextlib.AbstractAsyncContextManager[Subscription]:
        """Join a group.

        Args:
            group: its name; members of one group share the work.
            topics: what it reads.
            database: where the group may keep its place.
        """


class LogBus:
    """The log itself as the bus: each group reads it by position at its own pace.

    Args:
        logs: by topic, the database of the service that says it, and its reader.
    """

    def __init__(self, logs: Mapping[str, tuple[Database, LogReader]]) -> None:
        self._logs = logs

    @contextlib.asynccontextmanager
    async def subscribe(
        self, group: str, topics: Sequence[str], database: Database
    ) -> AsyncIterator[Subscription]:
        """Join a group; a topic whose service does not run here has nothing to say."""
        subscription = _LogSubscription(
            group, {topic: self._logs[topic] for topic in topics if topic in self._logs}, database
        )
        await subscription.open()
        try:
            yield subscription
        finally:
            await subscription.close()


class _LogSubscription:
    def __init__(
        self, group: str, logs: Mapping[str, tuple[Database, LogReader]], database: Database
    ) -> None:
        self._group = group
        self._logs = logs
        self._database = database
        self._epochs: dict[str, int] = {}
        self._positions: dict[str, int] = {}
        self._committed: dict[str, int] = {}
        self._turns = list(logs)
        self._news = asyncio.Event()
        self._listeners: dict[Database, asyncpg.Connection] = {}

    async def open(self) -> None:
        async with self._database.driver() as connection:
            rows = await connection.fetch(
                "select topic, epoch, position from bus_positions where group_name = $1",
                self._group,
            )
        kept = {(row["topic"], row["epoch"]): row["position"] for row in rows}
        for topic, (database, reader) in self._logs.items():
            async with database.driver() as connection:
                self._epochs[topic], _ = await reader.identity(connection)
            # Positions of a log's former life mean nothing; what was applied is known by stream.
            self._positions[topic] = kept.get((topic, self._epochs[topic]), 0)
        self._committed = dict(self._positions)

    async def close(self) -> None:
        for listener in self._listeners.values():
            listener.terminate()

    async def fetch(self, wait_seconds: float) -> Sequence[Envelope]:
        found = await self._read()
        if not found and wait_seconds > 0:
            await self._listen()
            self._news.clear()
            found = await self._read()
            if not found:
                # A NOTIFY may be lost with its connection; looking is the fallback.
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), min(wait_seconds, LOOK_SECONDS))
                found = await self._read()
        return found

    async def _read(self) -> Sequence[Envelope]:
        found: list[Envelope] = []
        positions = dict(self._positions)
        for topic in self._turns:
            room = FETCH_MAX - len(found)
            if room <= 0:
                break
            database, reader = self._logs[topic]
            async with database.driver() as connection:
                events = await reader.after(connection, positions[topic], room)
            if events:
                positions[topic] = events[-1].position
                found.extend(events)
        # Only now, all at once: what was read is given out, or will be read again.
        self._positions = positions
        self._turns = self._turns[1:] + self._turns[:1]
        return found

    async def _listen(self) -> None:
        for database, _ in self._logs.values():
            listener = self._listeners.get(database)
            if listener is None or listener.is_closed():
                listener = await database.direct()
                self._listeners[database] = listener
                await listener.add_listener(LOG_CHANNEL, lambda *_: self._news.set())

    async def lag(self) -> int:
        behind = 0
        for topic, (database, reader) in self._logs.items():
            async with database.driver() as connection:
                behind += max(0, await reader.head(connection) - self._positions[topic])
        return behind

    async def commit(self) -> None:
        positions = dict(self._positions)
        moved = [topic for topic in positions if positions[topic] != self._committed[topic]]
        if not moved:
            return
        async with self._database.driver() as connection:
            await connection.execute(
                "insert into bus_positions (group_name, topic, epoch, position)"
                " select $1, * from unnest($2::text[], $3::int[], $4::bigint[])"
                " on conflict (group_name, topic)"
                " do update set epoch = excluded.epoch, position = excluded.position",
                self._group,
                moved,
                [self._epochs[topic] for topic in moved],
                [positions[topic] for topic in moved],
            )
        self._committed = positions
