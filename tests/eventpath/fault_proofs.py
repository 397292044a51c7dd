"""Kill a relay or a consumer at a step, start it again, and look what came of it."""

import asyncio
from pathlib import Path

from libs.common.database import Database
from libs.common.relay import BATCH_MAX
from tests.support import child
from tests.support.events import READER, effects, event, number, whole_log, write

RELAY_STEPS = ["numbered", "half_sent", "published"]
CONSUMER_STEPS = [
    "fetched",
    "effect_written",
    "version_written",
    "effect_committed",
    "offset_committed",
]
STREAMS = 40


async def append_some(database: Database, version: int) -> None:
    """Three events to each of forty streams, and one long stream of several batches."""
    for stream in range(STREAMS):
        await write(database, f"case/{stream}", version, *(event() for _ in range(3)))
    long = [event() for _ in range(BATCH_MAX)]
    await write(database, "case/long", version * BATCH_MAX // 3, *long)


async def finished(*arguments: str) -> int:
    """How a child ended; one that does not end in time fails the test and is killed."""
    return await asyncio.to_thread(_ended, *arguments)


def _ended(*arguments: str) -> int:
    with child.start(*arguments) as process:
        try:
            return process.wait(child.SECONDS_MAX * 2)
        finally:
            process.kill()


async def kill_the_relay(database: Database, file: Path, kills: list[tuple[str, int]]) -> None:
    """Kill it at each step, appending between; then let it finish and look at log and bus."""
    for round_, (step, nth) in enumerate(kills):
        await append_some(database, round_ * 3)
        assert await finished("relay", database.dsn, str(file), step, str(nth)) == child.KILLED
    assert await finished("relay", database.dsn, str(file), "never", "1") == 0

    log = await whole_log(database)
    assert [each.position for each in log] == list(range(1, len(log) + 1))
    expected = {f"case/{stream}": 3 * len(kills) for stream in range(STREAMS)}
    expected["case/long"] = BATCH_MAX * len(kills)
    assert len(log) == sum(expected.values())
    assert len({each.id for each in log}) == len(log)

    # What a consumer makes of the bus: repeats are dropped, nothing is missing, nothing jumps.
    sent = [line.split() for line in file.read_text().splitlines()]  # noqa: ASYNC240
    versions: dict[str, int] = {}
    for _, stream, version, _ in sent:
        assert int(version) <= versions.get(stream, 0) + 1, (stream, version)
        versions[stream] = max(versions.get(stream, 0), int(version))
    assert versions == expected
    positions = {int(position): id_ for position, _, _, id_ in sent}
    assert positions == {each.position: str(each.id) for each in log}


async def kill_the_consumer(
    producer: Database, database: Database, kills: list[tuple[str, int]]
) -> None:
    """Kill it at each step, appending between; then let it finish and look at the effects."""
    for round_, (step, nth) in enumerate(kills):
        await append_some(producer, round_ * 3)
        await number(producer)
        assert await finished("consumer", producer.dsn, database.dsn, step, str(nth)) == (
            child.KILLED
        )
    assert await finished("consumer", producer.dsn, database.dsn, "never", "1") == 0

    found = await effects(database)
    async with producer.driver() as connection:
        assert len(found) == await READER.head(connection)
    assert len(set(found)) == len(found)
    versions: dict[str, int] = {}
    for stream, version in found:
        assert version == versions.get(stream, 0) + 1
        versions[stream] = version
