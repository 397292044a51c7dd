"""Lists stay quick with 100,000 rows: each page is read off an index, in its order."""

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import Select, text
from sqlalchemy.dialects import postgresql

from libs.common.access import Level, Sight
from libs.common.agencies import Duty
from services.cases.jobs import cases_due
from services.cases.views.cases import CaseFilter, Seeing, cases_seen, count_cases, count_facets
from services.cases.views.work import Place, WorkFilter, list_work, place_of, work_of
from tests.support.crowd import crowd
from tests.support.running import MORNING, SHANGHAI, TO_REPORT, WORK, Office, found, office
from tests.support.stories import listed

CASES: Final = 100_000
SECONDS_MAX: Final = 0.25
SEEING: Final = Seeing(
    Sight.of("ly-psb", frozenset({Duty.OFFICER})), frozenset(Level), MORNING.date(), SHANGHAI
)


async def plan(running: Office, statement: Select[Any]) -> dict[str, Any]:
    """How PostgreSQL executes a statement, having executed it."""
    written = statement.compile(
        dialect=postgresql.dialect(),  # type: ignore[no-untyped-call] # SQLAlchemy's own
        compile_kwargs={"literal_binds": True},
    )
    async with running.database("cases").begin() as connection:
        explain = text(f"explain (analyze, format json) {written}".replace(":", "\\:"))
        found_plan: dict[str, Any] = (await connection.scalar(explain))[0]["Plan"]
    return found_plan


def nodes(each: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every part of a plan."""
    yield each
    for part in each.get("Plans", ()):
        yield from nodes(part)


def rows_read(each: dict[str, Any]) -> int:
    """How many rows the parts of a plan gave, at most."""
    return max(int(part["Actual Rows"] * part["Actual Loops"]) for part in nodes(each))


@pytest.mark.long
async def test_a_tick_costs_only_what_is_due(var: Path) -> None:
    async with office(var) as running:
        await running.story(*TO_REPORT)
        alone = await _seconds_of_a_tick(running)
        await crowd(running, cases=CASES)
        open_clocks = (
            "update limits set next_at = now() + interval '10 years' where next_at is null"
        )
        await running.as_superuser("cases", open_clocks)
        await running.as_superuser("cases", "vacuum analyze limits")
        used = await plan(running, cases_due(running.clock.now()))
        assert "limits_next" in {part.get("Index Name") for part in nodes(used)}
        assert rows_read(used) == 0
        among_many = await _seconds_of_a_tick(running)
        assert among_many < 5 * alone + 0.02, (alone, among_many)

        running.clock.set(datetime(2026, 11, 13, 0, 0, tzinfo=SHANGHAI))
        assert rows_read(await plan(running, cases_due(running.clock.now()))) == 1
        await running.tick()
        assert rows_read(await plan(running, cases_due(running.clock.now()))) == 0


async def _seconds_of_a_tick(running: Office) -> float:
    """The quickest of several, so that what else runs here does not count."""
    taken = []
    for _ in range(5):
        begun = time.perf_counter()
        await running.tick()
        taken.append(time.perf_counter() - begun)
    return min(taken)


@pytest.mark.long
async def test_a_page_of_a_long_list_is_read_off_an_index(var: Path) -> None:
    async with office(var) as running:
        await crowd(running, cases=CASES)
        async with running.database("cases").begin() as connection:
            first = await list_work(connection, SEEING, WorkFilter("ly-psb"), after=None, limit=50)
            middle: Place = place_of(first[-1])
        for wanted, index in (
            (WorkFilter("ly-psb"), "work_organ"),
            (WorkFilter("ly-psb", ("officer",)), "work_duty"),
            (WorkFilter("ly-psb", ("officer",), dated=True), "work_duty"),
        ):
            for after in (None, middle):
                used = await plan(running, work_of(SEEING, wanted, after=after, limit=50))
                indexes = {part.get("Index Name") for part in nodes(used)}
                assert index in indexes, (wanted, indexes)
                assert "Seq Scan" not in {part["Node Type"] for part in nodes(used)}, wanted
                assert rows_read(used) < 1_000, wanted

        code = f"91220400{7:010}"
        used = await plan(running, cases_seen(SEEING, CaseFilter(credit_code=code)).limit(50))
        assert "case_parties_code" in {part.get("Index Name") for part in nodes(used)}
        assert rows_read(used) < 1_000

        # A whole facet count is bounded by what is counted, not by what there is.
        async with running.database("cases").begin() as connection:
            assert await count_cases(connection, SEEING, CaseFilter()) == (10_000, True)
            facets = await count_facets(connection, SEEING, CaseFilter())
            assert [(each.value, each.count) for each in facets.field] == [("environment", 10_000)]

        began = time.perf_counter()
        for _ in range(4):
            page = found(await running.get("ly-psb-officer-1", WORK, mine="true"))
        assert (time.perf_counter() - began) / 4 < SECONDS_MAX
        assert all(line["overdue"] for line in page["work"])


async def test_overdue_comes_first_then_what_is_due_then_what_has_no_time(var: Path) -> None:
    async with office(var) as running:
        await crowd(running, cases=160)
        lines = await listed(running, "ly-psb-officer-1", WORK, None, limit=7)
        assert len(lines) == 80
        places = [(not each["overdue"], each["due_at"] is None) for each in lines]
        assert places == sorted(places)
        assert len(set(places)) == 3
        due = [each["due_at"] for each in lines if each["due_at"] and not each["overdue"]]
        assert due == sorted(due)
        mine = await listed(running, "ly-psb-officer-1", WORK, None, limit=7, mine="true")
        assert mine == [each for each in lines if each["mine"]]
        assert {each["step"] for each in mine} == {"verify_clue"}
        dated = await listed(running, "ly-psb-officer-1", WORK, None, limit=7, dated="true")
        assert dated == [each for each in lines if each["due_at"]]
