"""Every figure can be counted again from the events up to the position that it names."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import asyncpg
import orjson

from libs.common.embedded import EmbeddedPostgres
from services.cases.procedures import PROCEDURES
from services.cases.views.figures import COUNTED
from tests.support.running import (
    APPROVE,
    AUDITOR,
    FILE,
    FLAG,
    GOVERNMENT,
    HEAD,
    MORNING,
    NOTIFY,
    OFFICER,
    POLICE,
    POLICE_HEAD,
    PROSECUTOR,
    SEND,
    SIGN_FOR,
    STATISTICS,
    TO_FILED,
    TO_REPORT,
    TO_SENT,
    Act,
    Case,
    Office,
    found,
    office,
    refused,
)
from tests.support.stories import BRANCH, DECLINE, RETURN
from xianjie.demo import IMPORTER, PUBLISHED

Said = dict[str, Any]


async def said_until(running: Office, position: int) -> list[Said]:
    """What the log says up to a position, in its order."""
    rows = await running.rows(
        "cases",
        "select e.stream, e.id, e.type, e.data from log l join events e using (stream, version)"
        " where l.position <= $1 order by l.position",
        position,
    )
    return [
        {
            "stream": row["stream"],
            "id": str(row["id"]),
            "name": row["type"].split(".")[2],
            **orjson.loads(row["data"]),
        }
        for row in rows
    ]


def standing(events: Iterable[Said]) -> list[Said]:
    """The acts that stand, each with its legal time as corrected."""
    acts: dict[str, Said] = {}
    for event in events:
        form = event.get("form", {})
        if event["name"] == "act_annulled":
            del acts[form["act"]]
        elif event["name"] == "act_corrected":
            if form["happened_at"]:
                acts[form["act"]]["at"] = datetime.fromisoformat(form["happened_at"])
        elif "head" in event:
            at = datetime.fromisoformat(event["head"]["happened_at"])
            acts[event["id"]] = {**event["head"], "at": at}
    return list(acts.values())


def overdue_in(events: Iterable[Said]) -> Counter[tuple[str, str]]:
    """The limits of which it was said that they were missed, and that run."""
    missed: dict[str, tuple[str, str]] = {}
    for event in events:
        match event["name"]:
            case "limit_missed":
                missed[event["limit_id"]] = (event["organ"], event["limit"])
            case "limit_ended" | "limit_moved":
                missed.pop(event["limit_id"], None)
    return Counter(missed.values())


def stays_in(acts: Iterable[Said]) -> dict[tuple[str, str], list[int]]:
    """How many seconds each proceeding stayed in each state that it left."""
    by_proceeding: dict[str, list[Said]] = defaultdict(list)
    for act in acts:
        if act["state"] != act["state_before"]:
            by_proceeding[act["proceeding"]].append(act)
    stays: dict[tuple[str, str], list[int]] = defaultdict(list)
    for entering in by_proceeding.values():
        for act, following in pairwise(entering):
            seconds = math.floor((following["at"] - act["at"]).total_seconds())
            stays[act["procedure"], act["state"]].append(max(0, seconds))
    return stays


def counted(events: list[Said]) -> dict[str, Any]:
    """The figures as their definitions say, from events alone."""
    acts = standing(events)
    n = Counter(act["row"] for act in acts)
    asked = {act["proceeding"] for act in acts if act["row"] == "ask_for_papers"}
    received = [act["proceeding"] for act in acts if act["row"] == "sign_for"]
    at_once = sum(proceeding not in asked for proceeding in received)
    decided = n["file"] + n["decline"]
    return {
        "transfers": n["send"],
        "receipts": n["sign_for"],
        "filings": n["file"],
        "non_filings": n["decline"],
        "filing_rate": round(n["file"] / decided, 4) if decided else None,
        "first_time_acceptance": round(at_once / len(received), 4) if received else None,
        "stages": {
            key: (len(each), *(days(each, share) for share in (0.5, 0.9)))
            for key, each in stays_in(acts).items()
        },
        "overdue": dict(overdue_in(events)),
    }


def days(seconds: list[int], share: float) -> float:
    return round(sorted(seconds)[math.ceil(share * len(seconds)) - 1] / 86_400, 2)


def answered(page: Case) -> dict[str, Any]:
    """The same of an answer."""
    return {
        **{each["code"]: each["value"] for each in page["figures"]},
        "stages": {
            (each["procedure"], each["state"]): (
                *(each["count"], each["median_days"], each["p90_days"]),
            )
            for each in page["days_per_stage"]["stages"]
        },
        "overdue": {
            (each["organ"], each["limit"]): each["count"] for each in page["overdue"]["organs"]
        },
    }


async def a_fortnight(running: Office) -> dict[str, Case]:
    """Transfers of every outcome, over days; by name those that a test goes on with."""
    await running.story(*TO_FILED)
    open_case = await running.story(*TO_SENT)
    returned = await running.story(*TO_SENT, SIGN_FOR, RETURN)
    running.clock.advance(timedelta(hours=30))
    await running.tick()
    await running.story(*TO_SENT, SIGN_FOR, DECLINE)
    late = await running.story(*TO_REPORT)
    running.clock.advance(timedelta(days=7))
    await running.tick()
    await running.settled()
    await running.take(await running.case(open_case), SIGN_FOR)
    filed = await running.take(await running.case(open_case), FILE, NOTIFY)
    branch = found(await running.post("ly-eeb-xian-officer-1", "/api/cases/v1/cases", BRANCH))
    await running.take(branch, Act("ly-eeb-xian-officer-1", "flag_suspicion", FLAG.form))
    return {"late": late, "returned": returned, "filed": filed, "branch": branch}


async def annul_last(running: Office, case: Case, name: str, person: str) -> None:
    [*_, act] = await running.rows(
        "cases",
        "select id from events where stream = $1 and type like $2 order by version",
        f"case/{case['id']}",
        f"%.{name}.v1",
    )
    form = {"act": str(act["id"]), "reason": "误办"}
    await running.take(await running.case(case), Act(person, "annul", form))


async def test_figures_are_counted_again_from_the_log(var: Path) -> None:
    async with office(var) as running:
        cases = await a_fortnight(running)
        await running.settled()
        page = found(await running.get(AUDITOR, STATISTICS, purpose="audit"))
        events = await said_until(running, page["position"])
        assert answered(page) == counted(events)
        assert answered(page)["transfers"] == 4
        assert answered(page)["filing_rate"] == 0.6667
        assert answered(page)["overdue"]["ly-eeb", "decide_on_report"] == 1

        # What is annulled counts no more, and later events change no earlier position.
        await annul_last(running, cases["returned"], "transfer_returned", POLICE_HEAD)
        await annul_last(running, cases["filed"], "filing_notified", POLICE)
        await running.take(await running.case(cases["late"]), APPROVE, SEND)
        await running.settled()
        again = found(await running.get(AUDITOR, STATISTICS, purpose="audit"))
        assert again["position"] > page["position"]
        assert answered(again) == counted(await said_until(running, again["position"]))
        assert answered(again) != answered(page)
        assert counted(await said_until(running, page["position"])) == answered(page)

        # Each sees its own part, and for a purpose those below it.
        streams = {
            organ: {
                f"case/{row['case_id']}"
                for row in await running.rows(
                    "cases", "select case_id from case_access where organ = $1", organ
                )
            }
            for organ in ("ly-eeb", "ly-eeb-xian", "ly-psb", "ly-pp", "ly-gov")
        }
        events = await said_until(running, again["position"])
        for person, organ, purpose in (
            (OFFICER, "ly-eeb", "oversight"),
            (POLICE, "ly-psb", None),
            (PROSECUTOR, "ly-pp", "supervision"),
            (GOVERNMENT, "ly-gov", "statistics"),
            ("ly-eeb-xian-head", "ly-eeb-xian", None),
        ):
            own = found(await running.get(person, STATISTICS, purpose=purpose))
            # The clock goes on beside: each answer names the position that it is of.
            said = await said_until(running, own["position"])
            seen = [event for event in said if event["stream"] in streams[organ]]
            assert answered(own) == counted(seen), person
        assert streams["ly-gov"] > streams["ly-eeb-xian"]
        for person in (GOVERNMENT, PROSECUTOR, AUDITOR):
            nothing = answered(found(await running.get(person, STATISTICS)))
            assert nothing == counted([]), person

        await filtered(running, events)


async def filtered(running: Office, events: list[Said]) -> None:
    first = MORNING.date()
    for query, wanted in (
        ({"agency": "ly-eeb-xian"}, lambda _: False),
        ({"field": "environment"}, lambda act: act["row"] == "send"),
        (
            {"happened_to": first.isoformat()},
            lambda act: act["row"] == "send" and act["at"].date() == first,
        ),
        (
            {"happened_from": (first + timedelta(days=1)).isoformat()},
            lambda act: act["row"] == "send" and act["at"] > MORNING + timedelta(hours=15),
        ),
    ):
        page = found(await running.get(AUDITOR, STATISTICS, purpose="audit", **query))
        assert answered(page)["transfers"] == sum(map(wanted, standing(events))), query
        assert page["filter"] == {**dict.fromkeys(page["filter"]), **query}
    refused(await running.get(OFFICER, STATISTICS, cause="张三"), 422, "common.body.invalid")


async def test_what_has_no_position_yet_does_not_count(var: Path) -> None:
    async with office(var) as running:
        case = await running.story(*TO_REPORT)
        other = await running.arrived(await running.story(*TO_SENT))
        await running.settled()
        before = found(await running.get(OFFICER, STATISTICS))
        cluster = EmbeddedPostgres(running.var / "postgres")
        connection = await asyncpg.connect(cluster.address("xianjie_cases"))
        # The relay can give no position while this holds; whoever acts needs none.
        async with connection.transaction():
            await connection.execute("lock table log in exclusive mode")
            await running.take(case, APPROVE, SEND)
            await running.take(await running.case(other), SIGN_FOR)
            fresh = await running.story(*TO_SENT)
            behind = found(await running.get(OFFICER, STATISTICS))
            assert behind["position"] == before["position"]
            assert answered(behind) == answered(before)
        await connection.close()
        await running.settled()
        after = found(await running.get(OFFICER, STATISTICS))
        assert answered(after)["transfers"] == answered(before)["transfers"] + 2
        assert answered(after) == counted(await said_until(running, after["position"]))
        assert fresh["id"]


async def test_a_reading_of_figures_is_recorded_with_filter_and_position(shared: Office) -> None:
    before = len(await shared.accesses())
    page = found(await shared.get(OFFICER, STATISTICS, field="environment"))
    [record] = (await shared.accesses())[before:]
    assert record["query"] == {"field": "environment", "position": str(page["position"])}
    assert (record["shown"], record["count"], record["person"]) == ([], None, OFFICER)


async def test_published_history_is_in_no_figure(var: Path) -> None:
    published = PUBLISHED.read_text("utf-8").splitlines()[0]
    async with office(var) as running:
        await running.story(*TO_SENT)
        before = found(await running.get(AUDITOR, STATISTICS, purpose="audit"))
        token = running.runtime.issuer.service_token(IMPORTER, "cases")
        answer = await running.post(
            *(OFFICER, "/api/cases/v1/imports", published.encode()),
            headers={"Authorization": f"Bearer {token}"},
        )
        found(answer)
        await running.settled()
        after = found(await running.get(AUDITOR, STATISTICS, purpose="audit"))
    counted = ("figures", "days_per_stage", "overdue")
    assert {name: after[name] for name in counted} == {name: before[name] for name in counted}
    assert after["position"] != before["position"]


async def test_every_figure_says_how_it_is_counted(shared: Office) -> None:
    page = found(await shared.get(HEAD, STATISTICS))
    for each in (*page["figures"], page["days_per_stage"], page["overdue"]):
        assert each["definition"], each
        assert each["definition_en"], each
    for procedure, step in COUNTED:
        assert step in {each.name for each in PROCEDURES[procedure].steps}
