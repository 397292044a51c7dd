"""Two whole programs on one database: no number is given twice, and time says everything once."""

import asyncio
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import asyncpg
import httpx
import pytest

from tests.program.external import External, external_postgres
from tests.program.program import Program, command, started, surroundings, until
from tests.program.test_running import open_case
from xianjie import registry

CASES: Final = 50
OVERDUE: Final = 10
TICKS_SECONDS: Final = 5.0
"""Several ticks of both programs."""


@pytest.mark.long
def test_two_beside_each_other_give_no_number_twice_and_call_a_limit_missed_once(
    tmp_path: Path,
) -> None:
    var = tmp_path / "var"
    serve = ("serve", *registry.NAMES)
    with external_postgres() as server:
        migrated = command("migrate", environment=surroundings(var, server.environment))
        assert migrated.returncode == 0, migrated
        shared = server.environment | {"XIANJIE_VAR": str(var)}
        with (
            started(var, *serve, environment=server.environment) as first,
            started(tmp_path / "other", *serve, environment=shared) as second,
        ):
            second.var = var
            both = (first.until_ready(), second.until_ready())
            with ThreadPoolExecutor(max_workers=10) as threads:
                opened = list(
                    threads.map(lambda n: open_case(both[n % 2], f"case-{n}"), range(CASES))
                )
                assert {answer.status_code for answer in opened} == {201}
                assert _serials(opened) == list(range(1, CASES + 1))
                cases = [str(answer.json()["id"]) for answer in opened[:OVERDUE]]
                late = list(
                    threads.map(lambda n: _register_late(both[n % 2], cases[n]), range(OVERDUE))
                )
            assert {answer.status_code for answer in late} == {201}, late[0].text
            until(lambda: _missed(server) == [1] * OVERDUE, seconds_max=30.0, what="limits missed")
            # Whoever of the two looks again finds nothing to say.
            time.sleep(TICKS_SECONDS)
            assert _missed(server) == [1] * OVERDUE
            for program in both:
                program.stop()
                program.assert_clean()


def _serials(opened: list[httpx.Response]) -> list[int]:
    found = [re.search(r"(\d+)号", answer.json()["number"]) for answer in opened]
    return sorted(int(match[1]) for match in found if match)


def _register_late(program: Program, case: str) -> httpx.Response:
    """A lead of a month long past, so that the time to review it has run out."""
    return program.ask(
        "ly-eeb-officer-1",
        "POST",
        f"/api/cases/v1/cases/{case}/register_lead",
        headers={"Idempotency-Key": f"lead-{case}"},
        json={
            "form": {"source": "inspection"},
            "happened_at": "2026-02-02T09:00:00+08:00",
            "late_reason": "（测试）补录",
        },
    )


def _missed(server: External) -> list[int]:
    """How often each case was told that the time to review its lead was missed."""
    return asyncio.run(_counted(server.owners["cases"]))


async def _counted(address: str) -> list[int]:
    connection = await asyncpg.connect(address)
    try:
        rows = await connection.fetch(
            "select count(*) as times from events where type like '%limit\\_missed%'"
            " and data::jsonb ->> 'limit' = 'review_lead' group by stream"
        )
    finally:
        await connection.close()
    return [row["times"] for row in rows]
