"""Kill -9 between every two steps of relay and consumer: nothing lost, no effect twice."""

from pathlib import Path

from libs.common.database import Database
from tests.eventpath.fault_proofs import (
    CONSUMER_STEPS,
    RELAY_STEPS,
    kill_the_consumer,
    kill_the_relay,
)


async def test_a_relay_killed_at_every_step_loses_nothing(
    database: Database, tmp_path: Path
) -> None:
    await kill_the_relay(database, tmp_path / "bus", [(step, 1) for step in RELAY_STEPS])


async def test_a_consumer_killed_at_every_step_has_each_effect_once(
    database: Database, other_database: Database
) -> None:
    await kill_the_consumer(database, other_database, [(step, 1) for step in CONSUMER_STEPS])
