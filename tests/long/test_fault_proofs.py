"""Random kills and random writers, from a printed seed; XIANJIE_TEST_SEED repeats a run."""

import asyncio
import os
import random
import time
from pathlib import Path

import pytest

from libs.common.database import Database
from tests.eventpath.fault_proofs import (
    CONSUMER_STEPS,
    RELAY_STEPS,
    finished,
    kill_the_consumer,
    kill_the_relay,
)
from tests.eventpath.test_relay import assert_whole, write_at_random
from tests.support import child
from tests.support.events import whole_log

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

KILLS = 8
ROUNDS = 4


@pytest.fixture
def chance() -> random.Random:
    seed = int(os.environ.get("XIANJIE_TEST_SEED") or time.time_ns() % 1_000_000)
    print(f"XIANJIE_TEST_SEED={seed}")  # noqa: T201 - pytest shows it with a failure
    return random.Random(seed)


async def test_a_relay_killed_at_random_steps_loses_nothing(
    database: Database, tmp_path: Path, chance: random.Random
) -> None:
    kills = [(chance.choice(RELAY_STEPS), chance.randint(1, 2)) for _ in range(KILLS)]
    await kill_the_relay(database, tmp_path / "bus", kills)


async def test_a_consumer_killed_at_random_steps_has_each_effect_once(
    database: Database, other_database: Database, chance: random.Random
) -> None:
    kills = [(chance.choice(CONSUMER_STEPS), chance.randint(1, 2)) for _ in range(KILLS)]
    await kill_the_consumer(database, other_database, kills)


async def test_a_relay_killed_at_any_moment_among_writers_loses_nothing(
    database: Database, tmp_path: Path, chance: random.Random
) -> None:
    appended: dict[str, int] = {}
    file = tmp_path / "bus"
    for _ in range(ROUNDS):
        relay = child.start("relay", database.dsn, str(file), "numbered", "1000000")
        writers = [
            write_at_random(database, appended, seed, rounds=chance.randint(2, 10))
            for seed in range(60)
        ]
        # A kill at a random moment is what is proved; nothing waits for this delay.
        delay = chance.uniform(0.8, 2.5)

        async def kill(process: object = relay, after: float = delay) -> None:
            await asyncio.sleep(after)
            process.kill()  # type: ignore[attr-defined]

        await asyncio.gather(kill(), *writers)
        await asyncio.to_thread(relay.wait, child.SECONDS_MAX)
    assert await finished("relay", database.dsn, str(file), "never", "1") == 0
    assert_whole(await whole_log(database), appended)
    sent = {int(line.split()[0]) for line in file.read_text().splitlines()}
    assert sent == set(range(1, sum(appended.values()) + 1))
