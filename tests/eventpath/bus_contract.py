"""What every bus promises. An adapter's test class inherits the suite and gives its own `rig`."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import pytest

from libs.common.bus import FETCH_MAX, Bus, Publisher, Subscription
from libs.common.database import Database
from libs.common.events import Envelope
from libs.common.store import LogReader
from tests.support.events import READER, event, relaying, until, whole_log, write

WAIT_SECONDS: float = 1.0
PATIENCE_SECONDS: float = 30.0


@dataclass(frozen=True)
class Rig:
    """A bus between a service that speaks and one that listens.

    `readers` are logs of `speaker` (topic names may be unique to the test), `publisher` what the
    relay is given.
    """

    bus: Bus
    publisher: Publisher | None
    speaker: Database
    listener: Database
    readers: Sequence[LogReader] = (READER,)

    @property
    def topics(self) -> list[str]:
        return [reader.log.topic for reader in self.readers]

    @asynccontextmanager
    async def subscribed(self, group: str) -> AsyncIterator[Subscription]:
        async with self.bus.subscribe(group, self.topics, self.listener) as subscription:
            yield subscription


async def gather(subscription: Subscription, count: int) -> list[Envelope]:
    """What a group is given until it has `count` events, heads of the log left out."""
    found: list[Envelope] = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(found) < count:
            fetched = await subscription.fetch(WAIT_SECONDS)
            assert len(fetched) <= FETCH_MAX
            found.extend(each for each in fetched if not each.is_log_head)
    return found


def streams(events: Sequence[Envelope]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for each in events:
        found.setdefault(each.stream, []).append(each.version)
    return found


def group() -> str:
    """A name that no other test uses, on a broker that lives longer than they."""
    return f"group-{uuid4().hex}"


class BusContract:
    """The suite; subclasses override the fixture `rig`."""

    @pytest.fixture
    async def rig(self) -> Rig:
        raise NotImplementedError

    async def test_a_group_is_given_every_event_as_it_stands_in_the_log(self, rig: Rig) -> None:
        for number in range(7):
            await write(rig.speaker, f"case/{number % 3}", number // 3, event(f"第{number}"))
        async with (
            relaying(rig.speaker, rig.publisher, readers=rig.readers),
            rig.subscribed(group()) as subscription,
        ):
            found = await gather(subscription, 7)
        logged = await whole_log(rig.speaker, rig.readers[0])
        assert sorted(found, key=lambda each: each.position) == logged

    async def test_events_of_a_stream_come_in_their_order(self, rig: Rig) -> None:
        for version in range(0, 40, 4):
            for stream in range(5):
                await write(rig.speaker, f"case/{stream}", version, *(event() for _ in range(4)))
        async with (
            relaying(rig.speaker, rig.publisher, readers=rig.readers),
            rig.subscribed(group()) as subscription,
        ):
            found = streams(await gather(subscription, 200))
        assert found == {f"case/{stream}": list(range(1, 41)) for stream in range(5)}

    async def test_more_than_one_fetch_holds_comes_in_several(self, rig: Rig) -> None:
        count = FETCH_MAX * 2 + 3
        await write(rig.speaker, "case/1", 0, *(event() for _ in range(count)))
        async with (
            relaying(rig.speaker, rig.publisher, readers=rig.readers),
            rig.subscribed(group()) as subscription,
        ):
            found = await gather(subscription, count)
        assert streams(found) == {"case/1": list(range(1, count + 1))}

    async def test_a_group_goes_on_behind_its_last_commit(self, rig: Rig) -> None:
        name = group()
        async with relaying(rig.speaker, rig.publisher, readers=rig.readers):
            await write(rig.speaker, "case/1", 0)
            async with rig.subscribed(name) as subscription:
                await gather(subscription, 1)
                await subscription.commit()
            await write(rig.speaker, "case/1", 1)
            async with rig.subscribed(name) as subscription:
                assert streams(await gather(subscription, 1)) == {"case/1": [2]}

    async def test_what_was_not_committed_is_given_again(self, rig: Rig) -> None:
        name = group()
        async with relaying(rig.speaker, rig.publisher, readers=rig.readers):
            await write(rig.speaker, "case/1", 0, event(), event())
            async with rig.subscribed(name) as subscription:
                await gather(subscription, 2)
            async with rig.subscribed(name) as subscription:
                assert streams(await gather(subscription, 2)) == {"case/1": [1, 2]}

    async def test_every_group_has_a_place_of_its_own(self, rig: Rig) -> None:
        async with relaying(rig.speaker, rig.publisher, readers=rig.readers):
            await write(rig.speaker, "case/1", 0)
            async with rig.subscribed(group()) as first:
                await gather(first, 1)
                await first.commit()
                await write(rig.speaker, "case/1", 1)
                async with rig.subscribed(group()) as later:
                    assert streams(await gather(later, 2)) == {"case/1": [1, 2]}
                assert streams(await gather(first, 1)) == {"case/1": [2]}

    async def test_a_fetch_ends_empty_when_nothing_comes(self, rig: Rig) -> None:
        async with rig.subscribed(group()) as subscription:
            async with asyncio.timeout(PATIENCE_SECONDS):
                assert list(await subscription.fetch(0.05)) == []
                await subscription.commit()

    async def test_an_event_wakes_who_waits(self, rig: Rig) -> None:
        async with relaying(rig.speaker, rig.publisher, readers=rig.readers) as running:
            await until(lambda: running.is_leading)
            async with rig.subscribed(group()) as subscription:
                waiting = asyncio.create_task(gather(subscription, 1))
                await asyncio.sleep(0)
                await write(rig.speaker, "case/1", 0)
                rig.speaker.poke()
                assert streams(await waiting) == {"case/1": [1]}

    async def test_members_of_one_group_are_together_given_everything(self, rig: Rig) -> None:
        name = group()
        seen: set[tuple[str, int]] = set()

        async def member() -> None:
            async with rig.subscribed(name) as subscription:
                while len(seen) < 200:
                    for each in await subscription.fetch(WAIT_SECONDS):
                        if not each.is_log_head:
                            seen.add((each.stream, each.version))
                    await subscription.commit()

        async with relaying(rig.speaker, rig.publisher, readers=rig.readers):
            for stream in range(50):
                await write(rig.speaker, f"case/{stream}", 0, *(event() for _ in range(4)))
            async with asyncio.timeout(PATIENCE_SECONDS):
                await asyncio.gather(member(), member())
        assert seen == {(f"case/{s}", v) for s in range(50) for v in range(1, 5)}
