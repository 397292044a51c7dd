"""How events reach other services: one promise, two adapters (`LogBus` here, `kafka.KafkaBus`).

The promise, held by one contract suite: every group is given every event of its topics at least once
and in the order of each stream, begins at the first event ever, and begins again behind the last
`commit` after a restart. Only a relay publishes.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final, Protocol

import asyncpg

from libs.common.database import LOG_CHANNEL, Database
from libs.common.events import Envelope
from libs.common.store import LogReader

FETCH_MAX: Final = 500
POLL_SECONDS: Final = 0.2


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
        self._positions: dict[str, int] = {}
        self._committed: dict[str, int] = {}
        self._news = asyncio.Event()
        self._listeners: list[asyncpg.Connection] = []

    async def open(self) -> None:
        async with self._database.driver() as connection:
            rows = await connection.fetch(
                "select topic, position from bus_positions where group_name = $1", self._group
            )
        kept = {row["topic"]: row["position"] for row in rows}
        self._positions = {topic: kept.get(topic, 0) for topic in self._logs}
        self._committed = dict(self._positions)

    async def close(self) -> None:
        for listener in self._listeners:
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
                    await asyncio.wait_for(self._news.wait(), min(wait_seconds, POLL_SECONDS))
                found = await self._read()
        return found

    async def _read(self) -> Sequence[Envelope]:
        found: list[Envelope] = []
        for topic, (database, reader) in self._logs.items():
            room = FETCH_MAX - len(found)
            if room <= 0:
                break
            async with database.driver() as connection:
                events = await reader.after(connection, self._positions[topic], room)
            if events:
                self._positions[topic] = events[-1].position
                found.extend(events)
        return found

    async def _listen(self) -> None:
        alive = [listener for listener in self._listeners if not listener.is_closed()]
        if len(alive) == len(self._logs):
            return
        for listener in alive:
            listener.terminate()
        self._listeners = []
        for database, _ in self._logs.values():
            listener = await database.direct()
            await listener.add_listener(LOG_CHANNEL, lambda *_: self._news.set())
            self._listeners.append(listener)

    async def commit(self) -> None:
        moved = {
            topic: position
            for topic, position in self._positions.items()
            if position != self._committed[topic]
        }
        if not moved:
            return
        async with self._database.driver() as connection:
            await connection.execute(
                "insert into bus_positions (group_name, topic, position)"
                " select $1, * from unnest($2::text[], $3::bigint[])"
                " on conflict (group_name, topic) do update set position = excluded.position",
                self._group,
                list(moved),
                list(moved.values()),
            )
        self._committed |= moved
