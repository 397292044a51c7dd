"""Applies what other services said, each event once: the effect and the memory of it commit together.

A group remembers one row per stream, the last version applied. A version passed is dropped, the next
one applied, a jump filled from the producer's log API. What cannot be applied is parked with its
stream; nothing is dropped or skipped.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import structlog
from opentelemetry.trace import SpanKind
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.bus import Subscription
from libs.common.clock import Clock
from libs.common.database import Database, is_transient
from libs.common.events import Envelope
from libs.common.relay import Probe, no_probe
from libs.common.telemetry import Telemetry

ATTEMPTS_MAX: Final = 6
BACKOFF_SECONDS: Final = 0.05
BACKOFF_SECONDS_MAX: Final = 5.0
FETCH_SECONDS: Final = 1.0
GAP_ALARM_SECONDS: Final = 60.0
GAP_LOOK_SECONDS: Final = 5.0
GAP_FILL_MAX: Final = 1_000

log = structlog.get_logger()

Reaction = Callable[[Envelope, AsyncConnection], Awaitable[None]]
"""One event's effect. It may run twice; it is written so that twice is once."""


@dataclass(frozen=True, slots=True)
class Batched:
    """A reaction that takes many events in one statement; each event still counts by itself."""

    apply: Callable[[Sequence[Envelope], AsyncConnection], Awaitable[None]]


Reactions = Mapping[str, Reaction | Batched]
"""By event type; `*` takes every type that has no entry of its own."""

FetchMissing = Callable[[str, str, int], Awaitable[Sequence[Envelope]]]
"""(service, stream, after version) to the events that its producer's log holds."""


class Held(StrEnum):
    """Why an event waits."""

    POISON = "poison"
    """It could not be applied."""
    BEHIND = "behind"
    """An event before it in its stream waits."""
    GAP = "gap"
    """An event before it in its stream has not arrived."""


@dataclass(frozen=True, slots=True)
class Parked:
    """An event that waits, and why."""

    stream: str
    version: int
    type: str
    reason: Held
    error: str | None
    parked_at: datetime


class Consumer:
    """One group of one service.

    Args:
        group: its name, unique in the installation.
        database: of the consuming service; effects and memory commit there.
        reactions: what each type causes.
        fetch_missing: asks a producer's log API.
        clock: for the time of parking.
        telemetry: spans and figures.
        on_log_head: told how far a producer's log has been sent.
        probe: for the fault proofs.
    """

    def __init__(
        self,
        group: str,
        database: Database,
        reactions: Reactions,
        *,
        fetch_missing: FetchMissing,
        clock: Clock,
        telemetry: Telemetry,
        on_log_head: Callable[[Envelope], Awaitable[None]] | None = None,
        probe: Probe = no_probe,
    ) -> None:
        self.group = group
        self._database = database
        self._reactions = reactions
        self._fetch_missing = fetch_missing
        self._clock = clock
        self._telemetry = telemetry
        self._on_log_head = on_log_head
        self._probe = probe

    async def run(self, subscription: Subscription) -> None:
        """Fetch, apply, commit, until cancelled."""
        loop = asyncio.get_running_loop()
        next_look = loop.time()
        while True:
            fetched = await subscription.fetch(FETCH_SECONDS)
            if fetched:
                await self.handle(fetched)
                await subscription.commit()
                self._probe("offset_committed")
            if loop.time() >= next_look:
                await self.fill_gaps()
                next_look = loop.time() + GAP_LOOK_SECONDS

    async def handle(self, fetched: Sequence[Envelope]) -> None:
        """Apply a batch; return when each event is applied, known already, or waits in `parked`."""
        self._probe("fetched")
        if self._on_log_head is not None:
            for head in fetched:
                if head.is_log_head:
                    await self._on_log_head(head)
        events = await self._completed([event for event in fetched if not event.is_log_head])
        if not events:
            return
        try:
            await self._patiently(self._apply_together, events)
        except Exception as error:  # noqa: BLE001 - whatever it is, the culprit is looked for one by one
            log.warning("batch_failed", group=self.group, error=type(error).__name__)
            for event in events:
                await self._apply_alone(event)

    async def _apply_together(self, events: Sequence[Envelope]) -> None:
        async with self._database.begin() as connection:
            due, waiting = await self._sorted(connection, events)
            await self._react(connection, due)
            self._probe("effect_written")
            await self._remember(connection, due)
            await self._park(connection, waiting)
            self._probe("version_written")
        self._probe("effect_committed")
        self._telemetry.meters.applied(self.group, len(due))

    async def _apply_alone(self, event: Envelope) -> None:
        try:
            await self._patiently(self._apply_together, [event])
        except Exception as error:  # noqa: BLE001 - nothing is dropped: whatever it is, it is parked
            async with self._database.begin() as connection:
                due, waiting = await self._sorted(connection, [event])
                poison = [(each, Held.POISON, describe(error)) for each in due]
                await self._park(connection, [*poison, *waiting])
            log.error(
                "event_parked",
                group=self.group,
                stream=event.stream,
                version=event.version,
                type=event.type,
                error=type(error).__name__,
            )

    async def _patiently(
        self, apply: Callable[[Sequence[Envelope]], Awaitable[None]], events: Sequence[Envelope]
    ) -> None:
        delay = BACKOFF_SECONDS
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                return await apply(events)
            except Exception as error:
                if attempt == ATTEMPTS_MAX or not is_transient(error):
                    raise
                await asyncio.sleep(delay)
                delay = min(delay * 4, BACKOFF_SECONDS_MAX)
        return None

    async def _sorted(
        self, connection: AsyncConnection, events: Sequence[Envelope]
    ) -> tuple[list[Envelope], list[tuple[Envelope, Held, str | None]]]:
        """What is due now and what has to wait; locks the group's rows of these streams.

        The lock makes a member that lost its partitions wait for the one that has them now, and
        then find its versions passed.
        """
        streams = sorted({event.stream for event in events})
        rows = await connection.execute(_LOCK_STREAMS, {"g": self.group, "streams": streams})
        known = {row.stream: (row.version, row.held_since is not None) for row in rows}
        due: list[Envelope] = []
        waiting: list[tuple[Envelope, Held, str | None]] = []
        for event in events:
            version, is_held = known[event.stream]
            if event.version <= version:
                continue
            if is_held:
                waiting.append((event, Held.BEHIND, None))
                continue
            if event.version > version + 1:
                waiting.append((event, Held.GAP, None))
                known[event.stream] = (version, True)
                continue
            due.append(event)
            known[event.stream] = (event.version, False)
        return due, waiting

    async def _completed(self, events: Sequence[Envelope]) -> list[Envelope]:
        """The events with those that were jumped over put in, as far as the producer has them."""
        if not events:
            return []
        async with self._database.begin() as connection:
            streams = sorted({event.stream for event in events})
            rows = await connection.execute(_VERSIONS, {"g": self.group, "streams": streams})
            known = {row.stream: row.version for row in rows}
        completed: list[Envelope] = []
        for event in events:
            version = known.get(event.stream, 0)
            if event.version > version + 1:
                completed.extend(await self._missing(event, version))
            completed.append(event)
            known[event.stream] = max(version, event.version)
        return completed

    async def _missing(self, event: Envelope, version: int) -> Sequence[Envelope]:
        """The events between a version and an event, as far as the producer's log has them."""
        try:
            found = await self._fetch_missing(event.service, event.stream, version)
        except Exception as error:
            if not is_transient(error):
                raise
            return ()
        between = [each for each in found if version < each.version < event.version]
        log.info("gap_filled", group=self.group, stream=event.stream, events=len(between))
        return between

    async def _react(self, connection: AsyncConnection, events: Sequence[Envelope]) -> None:
        together: dict[int, tuple[Batched, list[Envelope]]] = {}
        for event in events:
            reaction = self._reactions.get(event.type) or self._reactions.get("*")
            if reaction is None:
                continue
            if isinstance(reaction, Batched):
                together.setdefault(id(reaction), (reaction, []))[1].append(event)
                continue
            with self._telemetry.span(
                f"react {event.type}",
                kind=SpanKind.CONSUMER,
                parent=event.traceparent,
                group=self.group,
            ):
                await reaction(event, connection)
        for batched, its_events in together.values():
            with self._telemetry.span(f"react {self.group}", kind=SpanKind.CONSUMER):
                await batched.apply(its_events, connection)

    async def _remember(self, connection: AsyncConnection, events: Sequence[Envelope]) -> None:
        last = {event.stream: event for event in events}
        if last:
            await connection.execute(
                _REMEMBER,
                {
                    "g": self.group,
                    "streams": list(last),
                    "versions": [event.version for event in last.values()],
                    "ids": [event.id for event in last.values()],
                },
            )

    async def _park(
        self, connection: AsyncConnection, waiting: Sequence[tuple[Envelope, Held, str | None]]
    ) -> None:
        now = self._clock.now()
        for event, reason, error in waiting:
            await connection.execute(
                _PARK,
                {
                    "g": self.group,
                    "stream": event.stream,
                    "version": event.version,
                    "attributes": json.dumps(event.attributes()),
                    "data": event.data,
                    "reason": reason.value,
                    "error": error,
                    "now": now,
                },
            )
        if waiting:
            streams = sorted({event.stream for event, _, _ in waiting})
            await connection.execute(_HOLD, {"g": self.group, "streams": streams, "now": now})

    async def parked(self) -> list[Parked]:
        """Every event that waits, by stream and version."""
        async with self._database.begin() as connection:
            rows = await connection.execute(_PARKED, {"g": self.group})
            return [
                Parked(
                    row.stream,
                    row.version,
                    json.loads(row.attributes)["type"],
                    Held(row.reason),
                    row.error,
                    row.parked_at,
                )
                for row in rows
            ]

    async def release(self, stream: str, *, dry_run: bool) -> int:
        """Apply what waits in a stream, in order; how many events were (or would be) applied.

        Args:
            stream: which.
            dry_run: apply, then roll back.

        Raises:
            Exception: what the first event that still cannot be applied raised; everything stays.
        """
        async with self._database.begin() as connection:
            parked = await self._waiting(connection, stream)
        if not parked:
            return 0
        found = await self._completed(parked[:1])
        async with self._database.engine.connect() as connection, connection.begin() as transaction:
            rows = await connection.execute(_LOCK_STREAMS, {"g": self.group, "streams": [stream]})
            version = rows.one().version
            # Read again under the lock: more may have come to wait meanwhile.
            together = {each.version: each for each in found}
            together |= {each.version: each for each in await self._waiting(connection, stream)}
            waiting = [together[number] for number in sorted(together) if number > version]
            if [each.version for each in waiting] != list(
                range(version + 1, version + 1 + len(waiting))
            ):
                return 0
            for event in waiting:
                await self._react(connection, [event])
            await self._remember(connection, waiting)
            await connection.execute(_RELEASE, {"g": self.group, "stream": stream})
            await connection.execute(_UNHOLD, {"g": self.group, "stream": stream})
            if dry_run:
                await transaction.rollback()
        return len(waiting)

    async def _waiting(self, connection: AsyncConnection, stream: str) -> list[Envelope]:
        rows = await connection.execute(_WAITING, {"g": self.group, "stream": stream})
        return [Envelope.from_attributes(json.loads(row.attributes), row.data) for row in rows]

    async def fill_gaps(self) -> None:
        """Try again for every stream that waits for a missing event; alarm when it takes long."""
        async with self._database.begin() as connection:
            rows = (await connection.execute(_GAPS, {"g": self.group})).all()
        for row in rows:
            waited = (self._clock.now() - row.held_since).total_seconds()
            applied = 0
            try:
                applied = await self.release(row.stream, dry_run=False)
            except Exception as error:  # noqa: BLE001 - it stays parked; the next look tries again
                log.warning("gap_release_failed", stream=row.stream, error=type(error).__name__)
            if not applied and waited >= GAP_ALARM_SECONDS:
                log.error("gap_unfilled", group=self.group, stream=row.stream, seconds=waited)

    async def held_counts(self) -> tuple[int, int]:
        """(streams parked behind a poison event, streams waiting for a missing one)."""
        async with self._database.begin() as connection:
            row = (await connection.execute(_HELD_COUNTS, {"g": self.group})).one()
        return row.poisoned, row.gaps


def describe(error: BaseException) -> str:
    """Class and place of an error, without the values that may stand in its message."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f" at {place.tb_frame.f_code.co_qualname}:{place.tb_lineno}" if place else ""
    return f"{type(error).__name__}{where}"


_LOCK_STREAMS = text(
    "insert into consumed (group_name, stream, version)"
    " select :g, unnest(cast(:streams as text[])), 0"
    " on conflict (group_name, stream) do update set version = consumed.version"
    " returning stream, version, held_since"
)
_REMEMBER = text(
    "update consumed c set version = n.version, event_id = n.id"
    " from unnest(cast(:streams as text[]), cast(:versions as bigint[]), cast(:ids as uuid[]))"
    "   as n (stream, version, id)"
    " where c.group_name = :g and c.stream = n.stream"
)
_PARK = text(
    "insert into parked (group_name, stream, version, attributes, data, reason, error, parked_at)"
    " values (:g, :stream, :version, :attributes, :data, :reason, :error, :now)"
    " on conflict (group_name, stream, version) do nothing"
)
_HOLD = text(
    "update consumed set held_since = coalesce(held_since, :now)"
    " where group_name = :g and stream = any(cast(:streams as text[]))"
)
_UNHOLD = text("update consumed set held_since = null where group_name = :g and stream = :stream")
_RELEASE = text("delete from parked where group_name = :g and stream = :stream")
_VERSIONS = text(
    "select stream, version from consumed"
    " where group_name = :g and stream = any(cast(:streams as text[]))"
)
_WAITING = text(
    "select attributes, data from parked where group_name = :g and stream = :stream order by version"
)
_PARKED = text(
    "select stream, version, attributes, reason, error, parked_at from parked"
    " where group_name = :g order by stream, version"
)
_GAPS = text(
    "select p.stream, c.held_since from parked p join consumed c using (group_name, stream)"
    " where p.group_name = :g and p.reason = 'gap'"
)
_HELD_COUNTS = text(
    "select count(distinct stream) filter (where reason = 'poison') as poisoned,"
    " count(distinct stream) filter (where reason = 'gap') as gaps from parked where group_name = :g"
)
