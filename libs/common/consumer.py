"""Applies what other services said, each once: effect and memory of it commit together.

A group remembers one row per stream, the last version applied. A version passed is dropped, the
next one applied, a jump filled from the producer's log API. What cannot be applied is parked with
its stream; nothing is dropped or skipped.
"""

import asyncio
import functools
import itertools
import json
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple, TypeVar
from uuid import UUID

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
BATCH_ATTEMPTS_MAX: Final = 3
BACKOFF_SECONDS: Final = 0.05
BACKOFF_SECONDS_MAX: Final = 5.0
FETCH_SECONDS: Final = 1.0
GAP_ALARM_SECONDS: Final = 60.0
GAP_LOOK_SECONDS: Final = 5.0
WAITING_MAX: Final = 1_000

log = structlog.get_logger()

T = TypeVar("T")

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


class Place(NamedTuple):
    """How far a group is in a stream."""

    version: int
    event_id: UUID | None
    is_held: bool


class Arranged(NamedTuple):
    """What has to be done with some events."""

    due: list[Envelope]
    parked: list[tuple[Envelope, Held, str | None]]
    jumped: list[Envelope]
    """An event before it in its stream is missing."""


def arranged(events: Sequence[Envelope], places: Mapping[str, Place]) -> Arranged:
    """Sort events into those due now, those that wait and those that jump; drop what is passed."""
    result = Arranged([], [], [])
    now = dict(places)
    for event in events:
        place = now[event.stream]
        if event.version <= place.version:
            # Another event in the place of the one applied: a log was cut, or a name used twice.
            if event.version == place.version and event.id != place.event_id:
                result.parked.append((event, Held.POISON, "event_replaced"))
                now[event.stream] = place._replace(is_held=True)
        elif place.is_held:
            result.parked.append((event, Held.BEHIND, None))
        elif event.version > place.version + 1:
            result.jumped.append(event)
        else:
            result.due.append(event)
            now[event.stream] = Place(event.version, event.id, is_held=False)
    return result


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
        """Fetch, apply, commit, until cancelled.

        Raises:
            Exception: what is no outage; a new subscription is given the same events again.
        """
        loop = asyncio.get_running_loop()
        next_look = loop.time()
        while True:
            fetched = await patiently(functools.partial(subscription.fetch, FETCH_SECONDS))
            if fetched:
                # The same batch until it is dealt with: the subscription has already moved on.
                await patiently(functools.partial(self.handle, fetched))
                await patiently(subscription.commit)
                self._probe("offset_committed")
            if loop.time() >= next_look:
                await patiently(self.fill_gaps)
                next_look = loop.time() + GAP_LOOK_SECONDS

    async def handle(self, fetched: Sequence[Envelope]) -> None:
        """Apply a batch; return when each event is applied, known already, or waits in `parked`."""
        self._probe("fetched")
        if self._on_log_head is not None:
            for head in fetched:
                if head.is_log_head:
                    await self._on_log_head(head)
        jumped = await self._apply([event for event in fetched if not event.is_log_head])
        while jumped:
            completed = await self._completed(jumped)
            if len(completed) == len(jumped):
                return await self._hold(jumped)
            jumped = await self._apply(completed)
        return None

    async def _apply(self, events: Sequence[Envelope]) -> list[Envelope]:
        """Apply what is due; return the events that jump. A culprit is looked for by halves."""
        if not events:
            return []
        attempts_max = ATTEMPTS_MAX if len(events) == 1 else BATCH_ATTEMPTS_MAX
        try:
            return await patiently(functools.partial(self._apply_together, events), attempts_max)
        except Exception as error:  # noqa: BLE001 - nothing is dropped: whatever it is, it is parked
            if len(events) == 1:
                await self._park_culprit(events[0], error)
                return []
            log.warning("batch_failed", group=self.group, error=type(error).__name__)
        middle = len(events) // 2
        return [*await self._apply(events[:middle]), *await self._apply(events[middle:])]

    async def _apply_together(self, events: Sequence[Envelope]) -> list[Envelope]:
        async with self._database.begin() as connection:
            due, parked, jumped = arranged(events, await self._places(connection, events))
            await self._react(connection, due)
            self._probe("effect_written")
            await self._remember(connection, due)
            await self._park(connection, parked)
            self._probe("version_written")
        self._probe("effect_committed")
        self._telemetry.meters.applied(self.group, len(due))
        return jumped

    async def _park_culprit(self, event: Envelope, error: Exception) -> None:
        async with self._database.begin() as connection:
            due, parked, _ = arranged([event], await self._places(connection, [event]))
            poison = [(each, Held.POISON, describe(error)) for each in due]
            await self._park(connection, [*poison, *parked])
        self._log_parked(event, error)

    def _log_parked(self, event: Envelope, error: Exception) -> None:
        log.error(
            "event_parked",
            group=self.group,
            stream=event.stream,
            version=event.version,
            type=event.type,
            error=type(error).__name__,
        )

    async def _hold(self, events: Sequence[Envelope]) -> None:
        """Let events wait for those that they jumped over."""
        async with self._database.begin() as connection:
            due, parked, jumped = arranged(events, await self._places(connection, events))
            gaps = [(each, Held.GAP, None) for each in (*due, *jumped)]
            await self._park(connection, [*gaps, *parked])

    async def _places(
        self, connection: AsyncConnection, events: Sequence[Envelope]
    ) -> dict[str, Place]:
        """Where the group is in the streams of some events; locks these places.

        The lock makes a member that lost its partitions wait for the one that has them now, and
        then find its versions passed.
        """
        streams = sorted({event.stream for event in events})
        rows = await connection.execute(_LOCK_STREAMS, {"g": self.group, "streams": streams})
        return {row.stream: Place(row.version, row.event_id, row.is_held) for row in rows}

    async def _completed(self, events: Sequence[Envelope]) -> list[Envelope]:
        """The events with those that were jumped over put in, as far as the producer has them."""
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

    async def _missing(self, event: Envelope, version: int) -> list[Envelope]:
        """The events between a version and an event, as far as the producer's log has them."""
        try:
            found = await self._fetch_missing(event.service, event.stream, version)
        except Exception as error:  # noqa: BLE001 - only this stream waits, and says so
            log.warning("gap_fetch_failed", stream=event.stream, error=type(error).__name__)
            return []
        between = [each for each in found if version < each.version < event.version]
        log.info("gap_fetched", group=self.group, stream=event.stream, events=len(between))
        return between

    async def _react(self, connection: AsyncConnection, events: Sequence[Envelope]) -> None:
        # Runs of one reaction, never all of it: an effect may stand on the one before it.
        for reaction, run in itertools.groupby(events, key=self._reaction):
            if isinstance(reaction, Batched):
                with self._telemetry.span(f"react {self.group}", kind=SpanKind.CONSUMER):
                    await reaction.apply(list(run), connection)
            elif reaction is not None:
                for event in run:
                    with self._telemetry.span(
                        f"react {event.type}",
                        kind=SpanKind.CONSUMER,
                        parent=event.traceparent,
                        group=self.group,
                    ):
                        await reaction(event, connection)

    def _reaction(self, event: Envelope) -> Reaction | Batched | None:
        return self._reactions.get(event.type) or self._reactions.get("*")

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
        if not waiting:
            return
        now = self._clock.now()
        rows = [
            {
                "g": self.group,
                "stream": event.stream,
                "version": event.version,
                "attributes": json.dumps(event.attributes()),
                "data": event.data,
                "reason": reason.value,
                "error": error,
                "now": now,
            }
            for event, reason, error in waiting
        ]
        await connection.execute(_PARK, rows)
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
            dry_run: apply the first `WAITING_MAX` in one transaction, then roll it back.

        Raises:
            Exception: what the first event that still cannot be applied raised; it and all behind
                it stay.
        """
        if dry_run:
            return await self._rehearse(stream)
        return await self._resume(stream)

    async def _rehearse(self, stream: str) -> int:
        async with self._database.begin() as connection:
            version, waiting = await self._waiting(connection, stream)
            due = [
                event
                for place, event in enumerate(waiting, start=version + 1)
                if event.version == place
            ]
            for event in due:
                await self._react(connection, [event])
            await connection.rollback()
        return len(due)

    async def _resume(self, stream: str) -> int:
        applied = 0
        while True:
            async with self._database.begin() as connection:
                version, waiting = await self._waiting(connection, stream)
            if not waiting:
                return applied
            first = waiting[0]
            if first.version > version + 1:
                waiting = await self._missing(first, version)
            before = applied
            for event in waiting:
                if event.version > version + 1:
                    break
                await patiently(functools.partial(self._advance, event), ATTEMPTS_MAX)
                version = max(version, event.version)
                applied += 1
            if applied == before:
                async with self._database.begin() as connection:
                    await self._park(connection, [(first, Held.GAP, None)])
                return applied

    async def _advance(self, event: Envelope) -> None:
        """Apply the next event of a stream that is held; let the stream go behind the last one."""
        key = {"g": self.group, "stream": event.stream}
        try:
            async with self._database.begin() as connection:
                place = (await self._places(connection, [event]))[event.stream]
                if event.version == place.version + 1:
                    await self._react(connection, [event])
                    await self._remember(connection, [event])
                await connection.execute(_DONE, {**key, "version": event.version})
                await connection.execute(_UNHOLD, key)
        except Exception as error:
            if not is_transient(error):
                async with self._database.begin() as connection:
                    await connection.execute(_BEHIND, key)
                    await self._park(connection, [(event, Held.POISON, describe(error))])
                self._log_parked(event, error)
            raise

    async def _waiting(
        self, connection: AsyncConnection, stream: str
    ) -> tuple[int, list[Envelope]]:
        """(last version applied, the first `WAITING_MAX` that wait)."""
        key = {"g": self.group, "streams": [stream]}
        version = (await connection.execute(_VERSIONS, key)).one_or_none()
        rows = await connection.execute(
            _WAITING, {"g": self.group, "stream": stream, "limit": WAITING_MAX}
        )
        waiting = [Envelope.from_attributes(json.loads(row.attributes), row.data) for row in rows]
        return version.version if version else 0, waiting

    async def fill_gaps(self) -> None:
        """Try again for every stream that waits for a missing event; alarm when it takes long."""
        async with self._database.begin() as connection:
            rows = (await connection.execute(_GAPS, {"g": self.group})).all()
        for row in rows:
            waited = (self._clock.now() - row.held_since).total_seconds()
            applied = 0
            try:
                applied = await self._resume(row.stream)
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


async def patiently(act: Callable[[], Awaitable[T]], attempts_max: float = math.inf) -> T:
    """Do something again while what fails may pass; without a bound, an outage is sat out."""
    delay = BACKOFF_SECONDS
    for attempt in itertools.count(1):
        try:
            return await act()
        except Exception as error:
            if attempt >= attempts_max or not is_transient(error):
                raise
            log.warning("tried_again", attempt=attempt, error=type(error).__name__)
        await asyncio.sleep(delay)
        delay = min(delay * 4, BACKOFF_SECONDS_MAX)
    raise AssertionError("counting ends")


_LOCK_STREAMS = text(
    "insert into consumed (group_name, stream, version)"
    " select :g, unnest(cast(:streams as text[])), 0"
    " on conflict (group_name, stream) do update set version = consumed.version"
    " returning stream, version, event_id, held_since is not null as is_held"
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
    " on conflict (group_name, stream, version)"
    " do update set reason = excluded.reason, error = excluded.error"
    # A redelivery does not make us forget why it waits.
    " where excluded.reason <> 'behind'"
)
_BEHIND = text(
    "update parked set reason = 'behind' where group_name = :g and stream = :stream"
    " and reason = 'gap'"
)
_HOLD = text(
    "update consumed set held_since = coalesce(held_since, :now)"
    " where group_name = :g and stream = any(cast(:streams as text[]))"
)
_UNHOLD = text(
    "update consumed set held_since = null where group_name = :g and stream = :stream"
    " and not exists (select from parked where group_name = :g and stream = :stream)"
)
_DONE = text(
    "delete from parked where group_name = :g and stream = :stream and version <= :version"
)
_VERSIONS = text(
    "select stream, version from consumed"
    " where group_name = :g and stream = any(cast(:streams as text[]))"
)
_WAITING = text(
    "select attributes, data from parked where group_name = :g and stream = :stream"
    " order by version limit :limit"
)
_PARKED = text(
    "select stream, version, attributes, reason, error, parked_at from parked"
    " where group_name = :g order by stream, version"
)
_GAPS = text(
    "select distinct p.stream, c.held_since"
    " from parked p join consumed c using (group_name, stream)"
    " where p.group_name = :g and p.reason = 'gap'"
)
_HELD_COUNTS = text(
    "select count(distinct stream) filter (where reason = 'poison') as poisoned,"
    " count(distinct stream) filter (where reason = 'gap') as gaps"
    " from parked where group_name = :g"
)
