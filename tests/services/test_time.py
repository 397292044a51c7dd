"""What time causes, once each, whatever stops and starts in between."""

import asyncio
import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from libs.common.calendars import install
from libs.common.clock import ManualClock
from services.cases.domain import STATE_VERSION
from services.cases.jobs import sweep_work, tick
from services.cases.rebuild import rebuild
from tests.support.events import until
from tests.support.running import (
    APPROVE,
    ASK,
    CASES,
    COPY,
    FILE,
    FLAG,
    HEAD,
    INBOX,
    LIMITS,
    MORNING,
    NOTIFY,
    OFFICER,
    POLICE,
    POLICE_HEAD,
    PROSECUTOR,
    SEND,
    SHANGHAI,
    SIGN_FOR,
    SUPPLY,
    TEAM,
    TO_REPORT,
    TO_SENT,
    WORK,
    Act,
    Case,
    Office,
    found,
    limits,
    office,
    stream,
    transfer_of,
)

BACK = "dismiss_suspicion"


async def said_of_limits(running: Office, case: Case) -> list[tuple[str, str]]:
    rows = await running.rows(
        "cases",
        "select type, data from events where stream = $1 and type like '%.limit_%'"
        " order by version",
        stream(case),
    )
    return [(row["type"].split(".")[2], orjson.loads(row["data"])["limit"]) for row in rows]


async def test_a_limit_is_near_once_and_missed_once(var: Path) -> None:
    clock = ManualClock(MORNING)
    async with office(var, clock=clock) as running:
        case = await running.story(*TO_REPORT)
        started = [("limit_started", "decide_on_report")]
        near = [*started, ("limit_near", "decide_on_report")]
        missed = [*near, ("limit_missed", "decide_on_report")]

        clock.set(datetime(2026, 11, 12, 23, 59, tzinfo=SHANGHAI))
        await running.tick()
        assert await said_of_limits(running, case) == started
        clock.set(datetime(2026, 11, 13, 0, 0, tzinfo=SHANGHAI))
        for _ in range(3):
            await running.tick()
        assert await said_of_limits(running, case) == near

    async with office(var, clock=clock) as running:
        # Friday 23:59 is still in time; midnight is not.
        clock.set(datetime(2026, 11, 13, 23, 59, tzinfo=SHANGHAI))
        await running.tick()
        assert await said_of_limits(running, case) == near
        [line] = found(await running.get(OFFICER, LIMITS))["limits"]
        assert (line["case"], line["missed"]) == (case["id"], False)
        clock.set(datetime(2026, 11, 14, 0, 0, tzinfo=SHANGHAI))
        for _ in range(3):
            await running.tick()
        assert await said_of_limits(running, case) == missed

    clock.advance(timedelta(days=30))
    async with office(var, clock=clock) as running:
        await running.tick()
        # The job that runs by itself has looked too.
        await running.settled()
        assert await said_of_limits(running, case) == missed
        [line] = found(await running.get(OFFICER, LIMITS))["limits"]
        assert line["missed"] is True
        # Late is recorded and never refused.
        await running.take(await running.case(case), APPROVE)
        rows = await running.rows(
            "cases",
            "select data from events where stream = $1 and type like '%.limit_ended.%'",
            stream(case),
        )
        assert [orjson.loads(row["data"])["late"] for row in rows] == [True]


async def test_several_that_look_at_once_say_it_once(var: Path) -> None:
    async with office(var) as running:
        cases = [await running.story(*TO_REPORT) for _ in range(4)]
        context = running.runtime.contexts["cases"]
        # Near and then missed; a clock that jumps ahead and back says neither of them again.
        for day in (13, 14, 28, 13, 2, 14):
            running.clock.set(datetime(2026, 11, day, tzinfo=SHANGHAI))
            await asyncio.gather(*(tick(context) for _ in range(4)))
        for case in cases:
            assert [name for name, _ in await said_of_limits(running, case)] == [
                *("limit_started", "limit_near", "limit_missed"),
            ]


async def test_the_clock_of_the_service_looks_by_itself(var: Path) -> None:
    async with office(var) as running:
        case = await running.story(*TO_REPORT)
        running.clock.advance(timedelta(days=10))

        async def is_missed() -> bool:
            return "limit_missed" in await running.types(case)

        await until(is_missed)
        await running.settled()
        assert (await running.types(case)).count("limit_missed") == 1


async def test_a_missing_receipt_counts_from_the_arrival_and_three_are_told(var: Path) -> None:
    async with office(var) as running:
        case = await running.arrived(await running.story(*TO_SENT))
        running.clock.advance(timedelta(hours=24, minutes=1))
        await running.tick()
        case = await running.case(case)
        assert limits(case)["decide_filing"] == "2026-11-14T00:00:00+08:00"
        [filing] = [
            each for each in transfer_of(case)["limits"] if each["limit"] == "decide_filing"
        ]
        assert filing["provisional"] is True
        await running.settled()
        told = [
            (notice["kind"], notice["to_organ"], notice["duty"])
            for person in (OFFICER, POLICE_HEAD, PROSECUTOR)
            for notice in found(await running.get(person, INBOX))["notices"]
            if notice["kind"] == "receipt_overdue"
        ]
        assert told == [
            ("receipt_overdue", "ly-eeb", "officer"),
            ("receipt_overdue", "ly-psb", "head"),
            ("receipt_overdue", "ly-pp", "officer"),
        ]
        for _ in range(3):
            await running.tick()
        assert (await running.types(case)).count("notice_owed") == 2 + 3

        # The receipt moves what ran provisionally.
        signed = await running.take(await running.case(case), SIGN_FOR)
        assert limits(signed)["decide_filing"] == "2026-11-17T00:00:00+08:00"
        assert ("limit_moved", "decide_filing") in await said_of_limits(running, case)


def holiday(directory: Path, year: int, *days: date) -> Path:
    path = directory / "notice.json"
    entries = [{"date": day.isoformat(), "name": "测试", "isOffDay": True} for day in days]
    path.write_text(json.dumps({"year": year, "source": "测试通知", "days": entries}))
    return path


async def test_a_new_calendar_moves_the_limits_that_run(var: Path) -> None:
    clock = ManualClock(MORNING)
    async with office(var, clock=clock) as running:
        running_case = await running.story(*TO_REPORT)
        ended_case = await running.story(*TO_REPORT, APPROVE, SEND, COPY)
        assert limits(running_case) == {"decide_on_report": "2026-11-14T00:00:00+08:00"}
    # The last day of the limit, a Friday, becomes a holiday: it rolls over the week-end.
    install(holiday(var, 2026, date(2026, 11, 13)), var / "calendars")
    for _ in range(2):
        async with office(var, clock=clock) as running:

            async def is_moved(running: Office = running) -> bool:
                return ("limit_moved", "decide_on_report") in await said_of_limits(
                    running, running_case
                )

            await until(is_moved)
            await running.settled()
            said = await said_of_limits(running, running_case)
            assert said.count(("limit_moved", "decide_on_report")) == 1
            assert "limit_moved" not in [
                name for name, _ in await said_of_limits(running, ended_case)
            ]
            case = await running.case(running_case)
            assert limits(case) == {"decide_on_report": "2026-11-17T00:00:00+08:00"}
            assert transfer_of(case)["etag"] == transfer_of(running_case)["etag"]
            # The head may approve or refuse: both steps end it.
            for path, times in ((LIMITS, 1), (WORK, 2)):
                page = found(await running.get(OFFICER, path))
                assert [
                    datetime.fromisoformat(line["due_at"]).astimezone(SHANGHAI).isoformat()
                    for line in page[path.rpartition("/")[2]]
                    if line["case"] == case["id"] and line["due_at"]
                ] == ["2026-11-17T00:00:00+08:00"] * times


# --- rebuild


async def contents_of(running: Office, service: str, *tables: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for name in tables:
        query = f'select t::text as row from "{name}" t order by 1'  # noqa: S608 - our tables
        found[name] = [row["row"] for row in await running.rows(service, query)]
    return found


async def snapshots(running: Office) -> dict[str, Any]:
    rows = await running.rows(
        "cases", "select stream, version, state_version, state from snapshots"
    )
    return {
        row["stream"]: (row["version"], row["state_version"], orjson.loads(row["state"]))
        for row in rows
    }


async def test_a_rebuild_gives_the_same_views_and_causes_nothing(var: Path) -> None:
    async with office(var) as running:
        await running.story(*TO_SENT, SIGN_FOR, ASK, SUPPLY, FILE, NOTIFY)
        late = await running.story(*TO_REPORT)
        running.clock.advance(timedelta(days=5))
        await running.tick()
        # Two proceedings on one case: the first has ended, a second begins days later.
        twice = await running.story(FLAG, TEAM, Act(HEAD, BACK, {"reason": "不成立。"}))
        running.clock.advance(timedelta(days=1))
        again = found(await running.try_to(twice, FLAG))
        assert len(again["proceedings"]) == 2
        # Putting right is replayed too.
        trail = found(await running.get(OFFICER, f"{CASES}/{late['id']}/trail"))
        [report] = [each for each in trail["events"] if each["type"].endswith("reported.v1")]
        form = {"act": report["id"], "reason": "笔误", "fields": {"offence": "xf339"}}
        found(await running.try_to(await running.case(late), Act(OFFICER, "correct", form)))
        await running.settled()

        # What no longer waits is swept now and then, and not written anew.
        await sweep_work(running.runtime.contexts["cases"])
        views = ("cases", "proceedings", "limits", "case_access", "work", "acts", "case_parties")
        before = await contents_of(running, "cases", *views)
        states = await snapshots(running)
        counted = await running.counts("heads")
        shown = [
            (await running.get(person, path, purpose="supervision", limit=200)).json()
            for person in (OFFICER, POLICE, PROSECUTOR)
            for path in (CASES, LIMITS)
        ]
        assert await rebuild(running.runtime.contexts["cases"]) == 3
        assert await contents_of(running, "cases", *views) == before
        assert await snapshots(running) == states
        await running.settled()
        after = await running.counts("heads")
        reads = ("cases.accesses", "cases.access_log", "audit.ledger")
        assert {name: n for name, n in after.items() if name not in reads} == {
            name: n for name, n in counted.items() if name not in reads
        }
        assert shown == [
            (await running.get(person, path, purpose="supervision", limit=200)).json()
            for person in (OFFICER, POLICE, PROSECUTOR)
            for path in (CASES, LIMITS)
        ]
        # Work goes on upon the rebuilt views.
        await running.take(await running.case(late), APPROVE)


async def test_a_snapshot_of_other_code_is_replayed(var: Path) -> None:
    async with office(var) as running:
        case = await running.story(*TO_REPORT)
        before = await running.case(case)
        await running.as_superuser(
            "cases", "update snapshots set state_version = 0, state = '{}', version = 0"
        )
        assert await running.case(case) == before
        approved = await running.take(before, APPROVE)
        assert transfer_of(approved)["state"] == "TRANSFER_APPROVED"
        rows = await running.rows("cases", "select state_version from snapshots")
        assert [row["state_version"] for row in rows] == [STATE_VERSION]
