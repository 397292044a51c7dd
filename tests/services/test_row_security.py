"""The second barrier: PostgreSQL shows a reader no foreign row, whatever the query forgot."""

import importlib
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest
from sqlalchemy import func, select, text, true
from sqlalchemy.exc import ProgrammingError

import services
from libs.common.access import HANDLING, Level, Sight
from libs.common.access_sql import (
    AS_SERVICE,
    EVERYTHING,
    ORGANS_OWN,
    SEES,
    row_security,
    see_as,
    settings_of,
)
from libs.common.agencies import Duty
from services.cases.tables import GUARDED, METADATA
from tests.support.running import MORNING, TO_FILED, TO_REPORT, TO_SENT, Office, stream
from xianjie import registry

CASE_COLUMN: Final[Mapping[str, str]] = {
    "cases": "id",
    **dict.fromkeys(
        ("proceedings", "limits", "work", "acts", "case_parties", "findings", "penalties"),
        "case_id",
    ),
    **dict.fromkeys(("case_access",), "case_id"),
    **dict.fromkeys(("snapshots", "events", "contents"), "substr(stream, 6)"),
}
"""By hand, so that a table forgotten in the code is not forgotten here."""
COUNTING: Final = frozenset({Level.SUPERIOR, Level.AUDITOR})
NOT_FOR_COUNTING: Final = ("case_parties", "contents", "findings", "penalties")
WHOLE_FILE: Final = frozenset({Level.HOLDER, Level.COURT, Level.SUPERVISOR})


async def some_cases(running: Office) -> None:
    for story in ((), TO_REPORT, TO_SENT, TO_FILED):
        organisations = [{"name": "丁有限公司", "credit_code": "91220400MA0Y1XKT5X"}]
        await running.story(*story, organisations=organisations)


async def bare(running: Office, table: str, settings: Mapping[str, str] | None) -> list[Any]:
    """Every row of a table that a reader's transaction sees without any filter."""
    async with running.runtime.contexts["cases"].reads.begin() as connection:
        if settings is not None:
            await see_as(connection, settings)
        query = f'select * from "{table}"'  # noqa: S608 - our tables
        return list(await connection.execute(text(query)))


def test_the_migrations_have_what_the_predicate_makes() -> None:
    migration = importlib.import_module("services.cases.migrations.versions.0006_row_security")
    made = row_security(METADATA.tables["case_access"], GUARDED)
    assert [" ".join(each.split()) for each in migration.STATEMENTS] == list(made)


def test_every_table_is_bound() -> None:
    assert {table.name for table in GUARDED} == {table.name for table in METADATA.sorted_tables}


def test_no_route_that_reads_takes_the_connection_of_the_service() -> None:
    directory = Path(services.__path__[0]) / "cases"
    modules = [*(directory / "api").glob("*.py"), *(directory / "views").glob("*.py")]
    assert len(modules) > 15
    assert [each.name for each in modules if "context.database" in each.read_text()] == []


async def test_the_role_of_the_service_is_bound(shared: Office) -> None:
    for service in shared.runtime.contexts:
        [role] = await shared.rows(
            service,
            "select rolsuper, rolbypassrls, (select count(*) from pg_class"
            " where relowner = r.oid) as owned from pg_roles r where rolname = current_user",
        )
        assert dict(role) == {"rolsuper": False, "rolbypassrls": False, "owned": 0}, service
    unguarded = await shared.rows(
        "cases",
        "select relname from pg_class where relkind = 'r' and not relrowsecurity"
        " and relnamespace = 'public'::regnamespace",
    )
    assert [row["relname"] for row in unguarded] == ["alembic_version"]


async def test_who_says_nothing_sees_nothing(shared: Office) -> None:
    await some_cases(shared)
    for settings in (
        None,
        {},
        {SEES: "anything"},
        {SEES: ""},
        {"xianjie.organ": "ly-eeb", "xianjie.levels": "holder", "xianjie.today": "2026-11-10"},
    ):
        for table in GUARDED:
            found = await bare(shared, table.name, settings or None)
            assert found == [], (table.name, settings)
    # An organ that names no level reads what is its own without any case, and no case.
    for name in CASE_COLUMN.keys() - {"case_access"}:
        found = await bare(shared, name, {SEES: ORGANS_OWN, "xianjie.organ": "ly-eeb"})
        assert [row for row in found if not is_of_numbers(row)] == [], name


def is_of_numbers(row: Any) -> bool:  # noqa: ANN401 - a row of any table
    return str(getattr(row, "stream", "")).startswith("numbers/ly-eeb/")


READERS: Final = (
    ("ly-eeb", {Duty.OFFICER}),
    ("ly-psb", {Duty.HEAD}),
    ("ly-pp", {Duty.OFFICER}),
    ("ly-gov", {Duty.OFFICER}),
    ("ly-court", {Duty.OFFICER}),
    ("ly-eeb-xian", {Duty.OFFICER}),
    ("ly-audit", {Duty.AUDITOR}),
    ("ly-platform", {Duty.ADMINISTRATOR}),
)


async def test_without_the_filter_a_reader_still_sees_nothing_foreign(shared: Office) -> None:
    await some_cases(shared)
    await shared.settled()
    rows = await shared.rows("cases", "select case_id, organ, levels from case_access")
    levels: dict[str, dict[str, frozenset[Level]]] = defaultdict(dict)
    for row in rows:
        stands_so = frozenset(map(Level, row["levels"].split(",")))
        levels[row["organ"]][str(row["case_id"])] = stands_so
    everything = [str(row["id"]) for row in await shared.rows("cases", "select id from cases")]
    shown: dict[tuple[str, str], int] = {}
    for organ, duties in READERS:
        sight = Sight.of(organ, frozenset(duties))
        stands = {**levels["*"], **levels[organ]} if sight.organ else {}
        if sight.everything:
            stands = dict.fromkeys(everything, frozenset({Level.AUDITOR}))
        for asked in (frozenset(Level), HANDLING):
            seen = {case: found & asked for case, found in stands.items() if found & asked}
            settings = settings_of(sight, MORNING.date(), asked)
            for table in CASE_COLUMN:
                found = await of_cases(shared, table, organ, settings)
                check_seen(table, organ, seen, found)
                shown[organ, table] = len(found)
    assert min(shown["ly-psb", table] for table in ("events", "cases", "work", "contents")) > 0
    strangers = [n for (organ, _), n in shown.items() if organ in ("ly-court", "ly-platform")]
    assert set(strangers) == {0}


async def of_cases(
    running: Office, table: str, organ: str, settings: Mapping[str, str]
) -> list[tuple[str, str | None]]:
    """(case, organ that wrote it) of every row of cases that a bare query gives to a reader."""
    writer = "organ" if table in ("findings", "penalties") else "null::text"
    query = f'select {CASE_COLUMN[table]}::text, {writer} from "{table}"'  # noqa: S608 - our tables
    if table == "case_access":
        # The rows of one's own organ are its own, at whichever level it asks.
        query += f" where organ not in ('{organ}', '*')"
    async with running.runtime.contexts["cases"].reads.begin() as connection:
        await see_as(connection, settings)
        rows = (await connection.execute(text(query))).all()
    # The streams of numbers are of no case: an organ has its own, an auditor every one.
    numbers = "rs/" if settings[SEES] == EVERYTHING else f"rs/{organ}/"
    return [(case, by) for case, by in rows if not case.startswith(numbers)]


def check_seen(
    table: str,
    organ: str,
    seen: Mapping[str, frozenset[Level]],
    found: list[tuple[str, str | None]],
) -> None:
    """Check that rows are of cases that an organ sees, at a level that is shown such rows."""
    cases = {case for case, _ in found}
    if table == "cases":
        assert cases == seen.keys(), organ
    withheld = COUNTING if table in NOT_FOR_COUNTING else frozenset[Level]()
    assert cases <= {case for case, levels in seen.items() if levels - withheld}, (organ, table)
    for case, by in found:
        assert by in (None, organ) or seen[case] & WHOLE_FILE, (organ, table)


LISTS: Final = (
    *("/api/cases/v1/cases", "/api/cases/v1/cases.csv", "/api/cases/v1/limits"),
    *("/api/cases/v1/work", "/api/cases/v1/work?organ=ly-eeb", "/api/cases/v1/screening"),
)


async def test_every_list_is_the_same_when_the_application_forgets_its_filter(
    shared: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await some_cases(shared)

    async def shown() -> list[str]:
        answers = [
            await shared.get(person, path, purpose=purpose)
            for path in LISTS
            for person in ("ly-psb-head", "ly-pp-officer-1", "ly-gov-officer", "ly-court-head")
            for purpose in (None, "supervision; article=M17 14")
        ]
        assert {answer.status_code for answer in answers} == {200}
        return [answer.text for answer in answers]

    before = await shown()
    assert len(set(before)) > len(LISTS)
    monkeypatch.setattr("services.cases.views.cases.visible", lambda *_: true())
    assert await shown() == before


async def test_a_reader_cannot_write(shared: Office) -> None:
    case = await shared.story(*TO_REPORT)
    settings = settings_of(Sight("ly-eeb"), MORNING.date(), frozenset(Level))
    async with shared.runtime.contexts["cases"].reads.begin() as connection:
        await see_as(connection, settings)
        for statement in (
            "update cases set cause = 'x'",
            "delete from cases",
            "delete from case_access",
            "update case_access set levels = 'holder'",
        ):
            assert (await connection.execute(text(statement))).rowcount == 0, statement
    mine = text("insert into case_access values (:case, 'ly-court', 'holder')")
    queued = text("insert into outbox (stream, version) values ('case/x', 1)")
    for insertion, values in ((mine, {"case": case["id"]}), (queued, {})):
        async with shared.runtime.contexts["cases"].reads.begin() as connection:
            await see_as(connection, settings)
            with pytest.raises(ProgrammingError, match="row-level security"):
                await connection.execute(insertion, values)
            await connection.rollback()


async def test_what_a_reader_says_ends_with_the_transaction(shared: Office) -> None:
    case = await shared.story(*TO_REPORT)
    reads = shared.runtime.contexts["cases"].reads
    cases = METADATA.tables["cases"]
    of_case = select(func.count()).where(cases.c.id == case["id"])
    for settings in (
        AS_SERVICE,
        settings_of(Sight("ly-eeb"), MORNING.date(), frozenset(Level)),
    ):
        async with reads.begin() as connection:
            await see_as(connection, settings)
            assert await connection.scalar(of_case) == 1
        async with reads.begin() as connection:
            assert await connection.scalar(of_case) == 0


async def test_a_row_whose_day_is_over_opens_nothing(shared: Office) -> None:
    case = await shared.story(*TO_SENT)
    [row] = await shared.rows(
        "cases",
        "update case_access set until = '2026-11-09' where case_id = $1 and organ = 'ly-psb'"
        " returning levels",
        case["id"],
    )
    assert row["levels"] == "party"
    settings = settings_of(Sight("ly-psb"), MORNING.date(), frozenset(Level))
    found = await bare(shared, "events", settings)
    assert stream(case) not in {each.stream for each in found}
    answer = await shared.get("ly-psb-officer-1", f"/api/cases/v1/cases/{case['id']}")
    assert answer.status_code == 404


async def test_no_service_changes_what_its_logs_hold(shared: Office) -> None:
    """Events, positions, reads and the ledger: the role may add, and nothing else."""
    tried = 0
    for service in shared.runtime.contexts:
        logs = [
            table
            for table in registry.service(service).metadata.sorted_tables
            if table.name in ("events", "log", "accesses", "access_log", "ledger")
        ]
        assert len(logs) == (5 if service == "audit" else 4)
        for table in logs:
            column = table.columns.keys()[0]
            for change in (
                f'update "{table.name}" set "{column}" = "{column}"',  # noqa: S608 - our tables
                f'delete from "{table.name}"',  # noqa: S608 - our tables
                f'truncate "{table.name}"',
                f'alter table "{table.name}" disable row level security',
                f'drop table "{table.name}"',
            ):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await shared.rows(service, change)
                tried += 1
    assert tried == (4 + 4 + 5) * 5
