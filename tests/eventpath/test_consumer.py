"""Every event has its effect once, in the order of its stream; what cannot be applied waits."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common import consumer as consumer_module
from libs.common.bus import LogBus
from libs.common.clock import ManualClock
from libs.common.consumer import (
    GAP_ALARM_SECONDS,
    Batched,
    Consumer,
    FetchMissing,
    Held,
    Reactions,
)
from libs.common.database import Database
from libs.common.errors import Transient
from libs.common.events import Envelope, new_id
from libs.common.telemetry import Telemetry
from tests.support.events import (
    NOTE_ALL,
    NOW,
    READER,
    TYPE,
    background,
    effects,
    event,
    fetch_from,
    note,
    nothing_missing,
    number,
    relaying,
    until,
    write,
)

OTHER_TYPE = "xianjie.cases.other.v1"


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer_module, "BACKOFF_SECONDS", 0.0)


def consumer(
    database: Database,
    reactions: Reactions | None = None,
    *,
    fetch_missing: FetchMissing = nothing_missing,
    clock: ManualClock | None = None,
) -> Consumer:
    return Consumer(
        "group",
        database,
        {TYPE: note} if reactions is None else reactions,
        fetch_missing=fetch_missing,
        clock=clock or ManualClock(NOW),
        telemetry=Telemetry("test"),
    )


def failing(is_bad: Callable[[Envelope], bool], error: Exception) -> Reactions:
    """Writes its effect first and fails then, so that a half effect would be seen."""

    async def react(envelope: Envelope, connection: AsyncConnection) -> None:
        await note(envelope, connection)
        if is_bad(envelope):
            raise error

    return {TYPE: react}


async def streams_of_three(database: Database, *names: str) -> list[Envelope]:
    """Three events in each of some streams, interleaved."""
    for version in range(3):
        for name in names:
            await write(database, name, version)
    return await number(database)


async def waiting(of: Consumer) -> list[tuple[str, int, Held]]:
    return [(each.stream, each.version, each.reason) for each in await of.parked()]


async def test_events_are_applied_once_in_order(database: Database) -> None:
    events = await streams_of_three(database, "case/1", "case/2")
    group = consumer(database)
    await group.handle(events[:3])
    await group.handle(events)
    await group.handle(list(reversed(events)))
    assert await effects(database) == [(each.stream, each.version) for each in events]
    assert await waiting(group) == []


async def test_types_that_nobody_reacts_to_move_the_version(database: Database) -> None:
    await write(database, "case/1", 0, event(type_=OTHER_TYPE))
    await write(database, "case/1", 1)
    group = consumer(database)
    await group.handle(await number(database))
    assert await effects(database) == [("case/1", 2)]
    assert await waiting(group) == []


async def test_a_star_takes_every_other_type(database: Database) -> None:
    await write(database, "case/1", 0, event(type_=OTHER_TYPE), event())
    seen: list[tuple[str, int]] = []

    async def other(envelope: Envelope, _: AsyncConnection) -> None:
        seen.append((envelope.type, envelope.version))

    await consumer(database, {TYPE: note, "*": other}).handle(await number(database))
    assert seen == [(OTHER_TYPE, 1)]
    assert await effects(database) == [("case/1", 2)]


async def test_reactions_in_batches_keep_the_order_among_types(database: Database) -> None:
    """An effect of one type may stand on the effect of another before it in the stream."""
    kinds = [TYPE, TYPE, OTHER_TYPE, TYPE]
    await write(database, "case/1", 0, *(event(type_=kind) for kind in kinds))
    calls: list[list[int]] = []

    async def together(envelopes: Sequence[Envelope], _: AsyncConnection) -> None:
        calls.append([each.version for each in envelopes])

    async def alone(envelope: Envelope, _: AsyncConnection) -> None:
        calls.append([envelope.version])

    reactions: Reactions = {TYPE: Batched(together), OTHER_TYPE: alone}
    await consumer(database, reactions).handle(await number(database))
    assert calls == [[1, 2], [3], [4]]


async def test_two_members_of_a_group_at_once_have_no_effect_twice(database: Database) -> None:
    for stream in range(20):
        await write(database, f"case/{stream}", 0, *(event() for _ in range(10)))
    events = await number(database)
    members = [consumer(database), consumer(database, {TYPE: NOTE_ALL})]
    await asyncio.gather(
        *(
            member.handle(events[first : first + 15])
            for first in range(0, len(events), 15)
            for member in members
        )
    )
    # Batches ran at once and out of order: what jumped waits, and follows.
    await members[0].fill_gaps()
    found = await effects(database)
    assert sorted(found) == sorted((each.stream, each.version) for each in events)
    for stream in range(20):
        assert [v for s, v in found if s == f"case/{stream}"] == list(range(1, 11))
    assert await waiting(members[0]) == []


async def test_a_poison_event_holds_its_stream_only(database: Database) -> None:
    events = await streams_of_three(database, "case/1", "case/2", "case/3")
    bad = failing(lambda each: (each.stream, each.version) == ("case/2", 2), ValueError("secret"))
    group = consumer(database, bad)
    await group.handle(events)
    assert await effects(database) == [
        (each.stream, each.version)
        for each in events
        if each.stream != "case/2" or each.version == 1
    ]
    assert await waiting(group) == [("case/2", 2, Held.POISON), ("case/2", 3, Held.BEHIND)]
    (poison, _) = await group.parked()
    assert poison.type == TYPE
    assert poison.error is not None
    assert "ValueError at failing.<locals>.react" in poison.error
    assert "secret" not in poison.error
    assert await group.held_counts() == (1, 0)
    # Later events wait behind it; a redelivery does not change why.
    await write(database, "case/2", 3)
    await group.handle(await number(database))
    assert await waiting(group) == [
        *(("case/2", 2, Held.POISON), ("case/2", 3, Held.BEHIND), ("case/2", 4, Held.BEHIND)),
    ]


@pytest.mark.parametrize("culprit", [0, 63, 100, 199])
async def test_a_batch_with_one_culprit_applies_the_others(
    database: Database, culprit: int
) -> None:
    for stream in range(200):
        await write(database, f"case/{stream:03}", 0)
    tries = 0

    async def react(envelopes: Sequence[Envelope], connection: AsyncConnection) -> None:
        nonlocal tries
        tries += 1
        await NOTE_ALL.apply(envelopes, connection)
        if any(each.stream == f"case/{culprit:03}" for each in envelopes):
            raise ValueError

    group = consumer(database, {TYPE: Batched(react)})
    await group.handle(await number(database))
    assert sorted(await effects(database)) == [
        (f"case/{stream:03}", 1) for stream in range(200) if stream != culprit
    ]
    assert await waiting(group) == [(f"case/{culprit:03}", 1, Held.POISON)]
    assert tries < 20


async def test_release_tries_dry_and_then_resumes_in_order(database: Database) -> None:
    events = await streams_of_three(database, "case/1", "case/2")
    await consumer(database, failing(lambda each: each.stream == "case/1", ValueError())).handle(
        events
    )
    before = await effects(database)
    mended = consumer(database)
    assert await mended.release("case/1", dry_run=True) == 3
    assert await effects(database) == before
    assert len(await mended.parked()) == 3
    assert await mended.release("case/1", dry_run=False) == 3
    assert await effects(database) == [*before, ("case/1", 1), ("case/1", 2), ("case/1", 3)]
    assert await mended.parked() == []
    # The stream flows again.
    await write(database, "case/1", 3)
    await mended.handle(await number(database))
    assert (await effects(database))[-1] == ("case/1", 4)
    assert await mended.held_counts() == (0, 0)


async def test_a_release_that_fails_again_keeps_what_still_fails(database: Database) -> None:
    events = await streams_of_three(database, "case/1")
    await consumer(database, failing(lambda _: True, ValueError())).handle(events)
    half_mended = consumer(database, failing(lambda each: each.version == 2, KeyError()))
    for dry_run in (True, False):
        with pytest.raises(KeyError):
            await half_mended.release("case/1", dry_run=dry_run)
    assert await effects(database) == [("case/1", 1)]
    assert await waiting(half_mended) == [
        *(("case/1", 2, Held.POISON), ("case/1", 3, Held.BEHIND)),
    ]
    assert await consumer(database).release("case/1", dry_run=False) == 2


async def test_a_release_of_nothing_does_nothing(database: Database) -> None:
    group = consumer(database)
    assert await group.release("case/1", dry_run=True) == 0
    assert await group.release("case/1", dry_run=False) == 0


def counting(error: Exception, fails: int) -> tuple[Reactions, list[int]]:
    tries: list[int] = []

    async def react(envelope: Envelope, connection: AsyncConnection) -> None:
        tries.append(envelope.version)
        if len(tries) <= fails:
            raise error
        await note(envelope, connection)

    return {TYPE: react}, tries


async def test_what_may_pass_is_tried_again(database: Database) -> None:
    await write(database, "case/1", 0)
    reactions, tries = counting(Transient(), fails=consumer_module.ATTEMPTS_MAX - 1)
    group = consumer(database, reactions)
    await group.handle(await number(database))
    assert len(tries) == consumer_module.ATTEMPTS_MAX
    assert await effects(database) == [("case/1", 1)]


async def test_what_does_not_pass_within_the_bound_is_parked(database: Database) -> None:
    await write(database, "case/1", 0)
    reactions, tries = counting(Transient(), fails=1_000)
    group = consumer(database, reactions)
    await group.handle(await number(database))
    assert len(tries) == consumer_module.ATTEMPTS_MAX
    assert await waiting(group) == [("case/1", 1, Held.POISON)]


async def test_a_fault_is_parked_at_once(database: Database) -> None:
    await write(database, "case/1", 0)
    reactions, tries = counting(ValueError(), fails=1_000)
    group = consumer(database, reactions)
    await group.handle(await number(database))
    assert tries == [1]
    assert await waiting(group) == [("case/1", 1, Held.POISON)]


async def test_a_deadlock_between_reactions_passes(database: Database) -> None:
    """PostgreSQL ends one of two that lock crosswise; its batch is simply tried again."""
    for stream in ("case/1", "case/2"):
        await write(database, stream, 0)
    first, second = await number(database)
    both_hold = asyncio.Barrier(2)
    has_met: set[str] = set()

    def crosswise(own: int, other: int) -> Reactions:
        async def react(envelope: Envelope, connection: AsyncConnection) -> None:
            lock = text("select pg_advisory_xact_lock(:key)")
            await connection.execute(lock, {"key": own})
            if envelope.stream not in has_met:
                has_met.add(envelope.stream)
                await both_hold.wait()
            await connection.execute(lock, {"key": other})
            await note(envelope, connection)

        return {TYPE: react}

    await asyncio.gather(
        consumer(database, crosswise(1, 2)).handle([first]),
        consumer(database, crosswise(2, 1)).handle([second]),
    )
    assert sorted(await effects(database)) == [("case/1", 1), ("case/2", 1)]


async def test_a_jump_is_filled_from_the_producers_log(
    database: Database, other_database: Database
) -> None:
    events = await streams_of_three(database, "case/1", "case/2")
    group = consumer(other_database, fetch_missing=fetch_from(database))
    await group.handle([events[0], *(each for each in events if each.version == 3)])
    assert sorted(await effects(other_database)) == sorted(
        (each.stream, each.version) for each in events
    )
    assert await waiting(group) == []


async def test_a_jump_of_many_pages_is_filled(database: Database, other_database: Database) -> None:
    await write(database, "case/1", 0, *(event() for _ in range(2_345)))
    events = await number(database)
    group = consumer(other_database, {TYPE: NOTE_ALL}, fetch_missing=fetch_from(database))
    await group.handle(events[-2:])
    assert await effects(other_database) == [("case/1", version) for version in range(1, 2_346)]


async def test_a_gap_holds_its_stream_until_it_can_be_filled(
    database: Database, other_database: Database
) -> None:
    events = await streams_of_three(database, "case/1", "case/2")
    is_away = True
    from_log = fetch_from(database)

    async def fetch(service: str, stream: str, after_version: int) -> Sequence[Envelope]:
        assert service == "cases"
        if is_away:
            raise Transient
        return await from_log(service, stream, after_version)

    clock = ManualClock(NOW)
    group = consumer(other_database, fetch_missing=fetch, clock=clock)
    arrived = [each for each in events if (each.stream, each.version) != ("case/1", 2)]
    await group.handle(arrived)
    assert await effects(other_database) == [
        *(("case/1", 1), ("case/2", 1), ("case/2", 2), ("case/2", 3)),
    ]
    assert await waiting(group) == [("case/1", 3, Held.GAP)]
    assert await group.held_counts() == (0, 1)

    with structlog.testing.capture_logs() as logs:
        await group.fill_gaps()
        assert "gap_unfilled" not in {entry["event"] for entry in logs}
        clock.advance(timedelta(seconds=GAP_ALARM_SECONDS))
        await group.fill_gaps()
    assert [entry["stream"] for entry in logs if entry["event"] == "gap_unfilled"] == ["case/1"]
    assert await group.release("case/1", dry_run=True) == 0

    is_away = False
    await group.fill_gaps()
    assert (await effects(other_database))[-2:] == [("case/1", 2), ("case/1", 3)]
    assert await waiting(group) == []


async def test_a_missing_event_that_comes_late_by_itself_frees_the_stream(
    database: Database,
) -> None:
    events = await streams_of_three(database, "case/1")
    group = consumer(database)
    await group.handle([events[0], events[2]])
    await group.handle([events[1]])
    assert await waiting(group) == [("case/1", 2, Held.BEHIND), ("case/1", 3, Held.GAP)]
    await group.fill_gaps()
    assert await effects(database) == [("case/1", 1), ("case/1", 2), ("case/1", 3)]


async def test_a_missing_event_that_is_poison_parks_the_stream(
    database: Database, other_database: Database
) -> None:
    events = await streams_of_three(database, "case/1")
    bad = failing(lambda each: each.version == 2, ValueError())
    await consumer(other_database, bad).handle([events[0], events[2]])
    group = consumer(other_database, bad, fetch_missing=fetch_from(database))
    await group.fill_gaps()
    assert await waiting(group) == [("case/1", 2, Held.POISON), ("case/1", 3, Held.BEHIND)]
    assert await group.held_counts() == (1, 0)
    assert await consumer(other_database).release("case/1", dry_run=False) == 2
    assert await effects(other_database) == [("case/1", 1), ("case/1", 2), ("case/1", 3)]


async def test_a_second_gap_behind_parked_events_is_found(
    database: Database, other_database: Database
) -> None:
    await write(database, "case/1", 0, *(event() for _ in range(6)))
    events = await number(database)
    group = consumer(other_database)
    await group.handle([events[1], events[4]])
    assert await waiting(group) == [("case/1", 2, Held.GAP), ("case/1", 5, Held.GAP)]
    filling = consumer(other_database, fetch_missing=fetch_from(database))
    await filling.fill_gaps()
    assert await effects(other_database) == [("case/1", version) for version in range(1, 6)]
    assert await waiting(group) == []


async def test_another_event_in_the_place_of_one_applied_is_parked(database: Database) -> None:
    await write(database, "case/1", 0)
    (applied,) = await number(database)
    group = consumer(database)
    await group.handle([applied])
    await group.handle([replace(applied, id=new_id())])
    (parked,) = await group.parked()
    assert (parked.reason, parked.error) == (Held.POISON, "event_replaced")
    # Whoever releases it says that the first one counts.
    await group.release("case/1", dry_run=False)
    assert await group.parked() == []
    assert await effects(database) == [("case/1", 1)]


async def test_heads_of_the_log_are_told_and_not_applied(database: Database) -> None:
    await write(database, "case/1", 0)
    (applied,) = await number(database)
    head = replace(applied, type="xianjie.cases.log_head.v1", version=0, stream="log/cases")
    told: list[Envelope] = []

    async def on_log_head(envelope: Envelope) -> None:
        told.append(envelope)

    group = Consumer(
        "group",
        database,
        {"*": note},
        fetch_missing=nothing_missing,
        clock=ManualClock(NOW),
        telemetry=Telemetry("test"),
        on_log_head=on_log_head,
    )
    await group.handle([head, applied])
    assert told == [head]
    assert await effects(database) == [("case/1", 1)]


async def test_it_runs_from_commit_to_effect(database: Database, other_database: Database) -> None:
    bus = LogBus({READER.log.topic: (database, READER)})
    async with (
        relaying(database),
        bus.subscribe("group", [READER.log.topic], other_database) as subscription,
        background(consumer(other_database).run(subscription)),
    ):
        for version in range(5):
            await write(database, "case/1", version)
            database.poke()
        await until(lambda: has_effects(other_database, 5))
    assert await effects(other_database) == [("case/1", version) for version in range(1, 6)]


async def has_effects(database: Database, count: int) -> bool:
    return len(await effects(database)) >= count


class Flaky:
    """A subscription whose bus goes away in between."""

    def __init__(self, events: Sequence[Envelope]) -> None:
        self.events = list(events)
        self.failures: list[Exception] = [Transient(), ConnectionResetError(), TimeoutError()]
        self.commits = 0

    async def fetch(self, wait_seconds: float) -> Sequence[Envelope]:
        if self.failures:
            raise self.failures.pop()
        if self.events:
            return [self.events.pop(0)]
        await asyncio.sleep(wait_seconds)
        return ()

    async def lag(self) -> int:
        return 0

    async def commit(self) -> None:
        self.commits += 1
        if self.commits == 1:
            raise Transient


async def test_an_outage_of_the_bus_is_sat_out(database: Database) -> None:
    subscription = Flaky(await streams_of_three(database, "case/1"))
    async with background(consumer(database).run(subscription)):
        await until(lambda: subscription.commits == 4)
    assert await effects(database) == [("case/1", 1), ("case/1", 2), ("case/1", 3)]


async def test_an_outage_of_the_own_database_parks_nothing(database: Database) -> None:
    events = await streams_of_three(database, "case/1")
    subscription = Flaky(events)
    group = consumer(database)
    begin: Callable[..., Awaitable[object]] = database.begin  # type: ignore[assignment]
    outage = 30

    def away() -> object:
        nonlocal outage
        if outage:
            outage -= 1
            raise ConnectionRefusedError
        return begin()

    database.begin = away  # type: ignore[assignment, method-assign]
    async with background(group.run(subscription)):
        await until(lambda: subscription.commits == 4)
    assert outage == 0
    assert await effects(database) == [("case/1", 1), ("case/1", 2), ("case/1", 3)]
    assert await waiting(group) == []
