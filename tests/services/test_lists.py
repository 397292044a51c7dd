"""Whatever a list shows a get allows, and the reverse, for every organ and purpose.

The same holds for what is counted and for what is exported.
"""

import csv
import io
import random
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest

from libs.common.agencies import PersonId
from services.cases.api.exporting import CASE_COLUMNS, WORK_COLUMNS
from services.cases.procedures import PROCEDURES
from tests.support.journeys import wander
from tests.support.running import (
    AUDITOR,
    CASES,
    GOVERNMENT,
    INBOX,
    LIMITS,
    OFFICER,
    PROSECUTOR,
    SIGN_FOR,
    STATISTICS,
    TO_REPORT,
    TO_SENT,
    WORK,
    Case,
    Office,
    found,
    office,
    refused,
)
from tests.support.stories import STORIES, got, listed, tell_stories

Step = tuple[str, str | None]
SCREENING = "/api/cases/v1/screening"


def work_in(cases: dict[str, Case], organ: str) -> dict[Step, dict[str, Any]]:
    """What a list of an organ's work must show, from its cases as gets show them."""
    work: dict[Step, dict[str, Any]] = {}
    for case in cases.values():
        for each in case["proceedings"]:
            steps = [step for step in each["open_steps"] if step["organ"] == organ]
            work |= {(each["id"], step["name"]): expected(each, step) for step in steps}
            state = PROCEDURES[each["procedure"]].state(each["state"])
            if not steps and each["holder"] == organ and not state.final:
                nothing = {"mine": False, "duties": [], "articles": [], "title": None}
                work[each["id"], None] = {**nothing, "due_at": None}
    return work


def expected(proceeding: Case, step: Case) -> dict[str, Any]:
    procedure = PROCEDURES[proceeding["procedure"]]
    [*_, row] = [each for each in procedure.steps if each.name == step["name"]]
    ended = {limit.name for limit in row.ends if not limit.conditional}
    due = [
        datetime.fromisoformat(each["due_at"])
        for each in proceeding["limits"]
        if each["limit"] in ended and each["due_at"]
    ]
    return {
        "mine": step["mine"],
        "duties": step["duties"],
        "articles": step["articles"],
        "title": step["title"],
        "due_at": min(due, default=None),
    }


def shown(line: dict[str, Any]) -> dict[str, Any]:
    due_at = line["due_at"] and datetime.fromisoformat(line["due_at"])
    names = ("mine", "duties", "articles", "title")
    return {**{name: line[name] for name in names}, "due_at": due_at}


async def exported(
    running: Office, person: str, path: str, purpose: str | None, **query: str
) -> list[dict[str, str]]:
    """The rows of an export by the titles of its columns."""
    answer = await running.get(person, f"{path}.csv", purpose=purpose, **query)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"), newline="")))


async def agree(
    running: Office, person: str, purpose: str | None, ids: list[str], waiting: set[str]
) -> tuple[dict[str, Case], list[dict[str, Any]]]:
    """Check that every list shows a person what gets allow; the cases, and the work.

    Args:
        running: what runs.
        person: who reads.
        purpose: what is said to be the reason.
        ids: of every case.
        waiting: the limits that are no conditions.
    """
    organ = running.runtime.profile.person(PersonId(person)).organ
    cases = await got(running, person, ids, purpose)
    lines = await listed(running, person, CASES, purpose, limit=4)
    assert sorted(line["id"] for line in lines) == sorted(cases), (organ, purpose)
    rows = await exported(running, person, CASES, purpose)
    assert [row[CASE_COLUMNS["id"]] for row in rows] == [line["id"] for line in lines]
    page = found(await running.get(person, CASES, purpose=purpose, limit=1, facets="true"))
    assert (page["count"], page["count_stopped"]) == (len(cases), False)
    assert facets_of(cases) == {
        name: {each["value"]: each["count"] for each in page["facets"][name]}
        for name in facets_of(cases)
    }

    due = {
        each["id"]
        for case in cases.values()
        for proceeding in case["proceedings"]
        for each in proceeding["limits"]
        # What stands still has no time by which it could be listed.
        if each["id"] in waiting and each["due_at"]
    }
    limits = await listed(running, person, LIMITS, purpose, limit=2)
    assert sorted(line["id"] for line in limits) == sorted(due), (organ, purpose)

    work = await listed(running, person, WORK, purpose, limit=3)
    wanted = work_in(cases, organ)
    keyed = {(line["proceeding"], line["step"]): shown(line) for line in work}
    assert len(keyed) == len(work)
    assert keyed.keys() == wanted.keys(), (organ, purpose)
    for key, line in keyed.items():
        assert line == wanted[key], (organ, purpose, key)
    mine = await listed(running, person, WORK, purpose, limit=3, mine="true")
    assert mine == [line for line in work if line["mine"]], (organ, purpose)
    rows = await exported(running, person, WORK, purpose)
    assert [row[WORK_COLUMNS["id"]] for row in rows] == [line["id"] for line in work]
    await agree_on_figures(running, person, purpose, cases, waiting)
    return cases, work


async def agree_on_figures(
    running: Office, person: str, purpose: str | None, cases: dict[str, Case], waiting: set[str]
) -> None:
    """Check that figures, screening and inbox are of cases that gets allow."""
    statistics = found(await running.get(person, STATISTICS, purpose=purpose))
    missed = Counter(
        (limit["organ"], limit["limit"])
        for case in cases.values()
        for proceeding in case["proceedings"]
        for limit in proceeding["limits"]
        if limit["missed"] and limit["id"] in waiting
    )
    overdue = {(each["organ"], each["limit"]): each["count"] for each in overdue_of(statistics)}
    assert overdue == missed, (person, purpose)
    page = found(await running.get(person, SCREENING, purpose=purpose))
    shown = {case for party in page["parties"] for case in party["cases"]}
    assert shown <= cases.keys(), (person, purpose)
    if purpose and "article" in purpose:
        inbox = found(await running.get(person, INBOX, limit=200))
        assert {notice["case_id"] for notice in inbox["notices"]} <= cases.keys(), person


def overdue_of(statistics: dict[str, Any]) -> list[dict[str, Any]]:
    organs: list[dict[str, Any]] = statistics["overdue"]["organs"]
    return organs


async def test_a_list_is_the_set_of_gets(var: Path) -> None:
    async with office(var) as running:
        ids = await tell_stories(running)
        waiting = {
            str(row["id"])
            for row in await running.rows("cases", "select id from limits where not conditional")
        }
        seen: dict[tuple[str, str | None], int] = {}
        worked: Counter[str] = Counter()
        people = {each.organ: each.id for each in running.runtime.profile.people}
        assert len(people) > 20
        for organ, person in sorted(people.items()):
            for purpose in (None, "handling", "supervision; article=M17 14"):
                cases, work = await agree(running, person, purpose, ids, waiting)
                worked[organ] += len(work)

                seen[organ, purpose and purpose.split(";")[0]] = len(cases)
        # Each kind of sight is among them.
        assert seen["ly-eeb", None] == len(STORIES)
        assert seen["ly-eeb", "supervision"] == len(STORIES) + 1
        assert seen["ly-eeb-xian", "supervision"] == 1
        assert seen["ly-psb", None] == 6
        assert seen["ly-psb-dongfeng", "supervision"] == 1
        assert (seen["ly-pp", None], seen["ly-pp", "supervision"]) == (0, 8)
        assert (seen["ly-gov", None], seen["ly-gov", "supervision"]) == (0, len(ids))
        assert (seen["ly-audit", None], seen["ly-audit", "supervision"]) == (0, len(ids))
        assert seen["ly-platform", "supervision"] == seen["ly-court", "supervision"] == 0
        assert min(worked[each] for each in ("ly-eeb", "ly-eeb-xian", "ly-psb", "ly-pp")) > 0
        assert worked["ly-court"] == worked["ly-gov"] == worked["ly-audit"] == 0

        # A superior sees the work of those below it, and so does the auditor; nobody else does.
        for overseer in (GOVERNMENT, AUDITOR):
            cases = await got(running, overseer, ids, "oversight")
            work = await listed(running, overseer, WORK, "oversight", limit=50, organ="ly-eeb")
            keyed = {(line["proceeding"], line["step"]): shown(line) for line in work}
            assert keyed == work_in(cases, "ly-eeb")
            assert work
            assert await listed(running, overseer, WORK, None, limit=50, organ="ly-eeb") == []
        assert (
            await listed(running, OFFICER, WORK, None, limit=9, organ="ly-psb", mine="true") == []
        )


def facets_of(cases: dict[str, Case]) -> dict[str, dict[str, int]]:
    """How some cases divide."""
    counted: dict[str, Counter[str]] = {
        name: Counter(case[name] for case in cases.values())
        for name in ("field", "agency", "division", "cause")
    }
    for name in ("procedure", "state", "holder"):
        counted[name] = Counter(
            value
            for case in cases.values()
            for value in {each[name] for each in case["proceedings"]}
        )
    return {name: dict(each) for name, each in counted.items()}


SEED: Final = 20_261_110
JOURNEYS: Final = 12
READERS: Final = 7


@pytest.mark.long
async def test_a_list_is_the_set_of_gets_after_random_journeys(var: Path) -> None:
    """Cases anywhere in any procedure, read by anybody, for any purpose."""
    chance = random.Random(SEED)
    async with office(var) as running:
        ids = [await wander(running, chance) for _ in range(JOURNEYS)]
        # What has passed meanwhile is said before anybody reads: near, missed, and what follows.
        for _ in range(3):
            await running.settled()
            await running.tick()
        await running.settled()
        rows = await running.rows("cases", "select id from limits where not conditional")
        waiting = {str(row["id"]) for row in rows}
        people = sorted(each.id for each in running.runtime.profile.people)
        handlers = ["ly-eeb-head", "ly-psb-officer-2", "ly-pp-officer-1", "ly-court-officer"]
        seen: Counter[str] = Counter()
        for person in (*handlers, *chance.sample(people, READERS - len(handlers))):
            for purpose in (None, "supervision; article=M17 14"):
                cases, _ = await agree(running, person, purpose, ids, waiting)
                seen.update(case["level"] for case in cases.values())
        assert seen.keys() >= {"holder", "party", "supervisor"}, seen


CODE = "91220400MA0Y1XKT5X"


async def test_filters_only_take_away(shared: Office) -> None:
    case = await shared.story(
        *TO_REPORT,
        cause="data_fraud",
        division="220421",
        organisations=[{"name": "乙有限公司", "credit_code": CODE}],
    )
    everything = {line["id"] for line in await listed(shared, OFFICER, CASES, None, limit=200)}
    for query in (
        {"number": case["number"]},
        {"state": "TRANSFER_REPORT"},
        {"procedure": "transfer"},
        {"holder": "ly-eeb"},
        {"field": "environment"},
        {"agency": "ly-eeb"},
        {"division": "220421"},
        {"cause": "data_fraud"},
        {"credit_code": CODE},
        {"overdue": "false"},
        {"opened_from": "2026-11-10", "opened_to": "2026-11-10"},
        {"state": "TRANSFER_REPORT", "holder": "ly-eeb", "cause": "data_fraud", "overdue": "false"},
    ):
        page = found(await shared.get(OFFICER, CASES, limit=200, facets="true", **query))
        ids = {line["id"] for line in page["cases"]}
        assert case["id"] in ids, query
        assert ids <= everything, query
        assert page["count"] == len(ids), query
        assert sum(each["count"] for each in page["facets"]["field"]) == len(ids)
        rows = await exported(shared, OFFICER, CASES, None, **query)
        assert [row[CASE_COLUMNS["id"]] for row in rows] == [line["id"] for line in page["cases"]]
    for query in (
        {"agency": "ly-psb"},
        {"holder": "ly-psb", "number": case["number"]},
        {"state": "FILED", "number": case["number"]},
        {"procedure": "unknown"},
        {"credit_code": "91220400MA0Y1XKT5F"},
        {"overdue": "true", "number": case["number"]},
        {"opened_from": "2026-11-11"},
        {"opened_to": "2026-11-09"},
        {"opened_to": "0001-01-01"},
    ):
        page = found(await shared.get(OFFICER, CASES, facets="true", **query))
        assert (page["cases"], page["count"]) == ([], 0), query
        assert await exported(shared, OFFICER, CASES, None, **query) == []
    assert found(await shared.get(OFFICER, CASES, opened_to="9999-12-31"))["count"]
    for organ, expected_in in (("ly-eeb", True), ("ly-psb", False)):
        page = found(await shared.get(OFFICER, LIMITS, organ=organ, limit=200))
        assert (case["id"] in {line["case"] for line in page["limits"]}) is expected_in


async def test_one_proceeding_meets_what_is_asked_of_proceedings(shared: Office) -> None:
    case = await shared.story(*TO_SENT, SIGN_FOR)
    for query, is_found in (
        ({"state": "ACCEPTED", "holder": "ly-psb"}, True),
        ({"state": "ACCEPTED", "holder": "ly-eeb"}, False),
        ({"state": "DELIVERED", "holder": "ly-psb"}, False),
    ):
        page = found(await shared.get(OFFICER, CASES, number=case["number"], **query))
        assert (page["count"] == 1) is is_found, query


async def test_nobody_finds_by_a_party_that_they_are_not_shown(shared: Office) -> None:
    code = "91220400MA0Y2ABC14"
    organisations = [{"name": "丙有限公司", "credit_code": code}]
    case = await shared.story(*TO_SENT, organisations=organisations)
    for person, purpose, count in (
        (OFFICER, None, 1),
        (PROSECUTOR, "supervision", 1),
        (PROSECUTOR, None, 0),
        # Superiors and auditors count: parties are withheld from them, so nothing is found.
        (GOVERNMENT, "oversight", 0),
        (AUDITOR, "audit", 0),
    ):
        page = found(await shared.get(person, CASES, purpose=purpose, credit_code=code))
        assert page["count"] == len(page["cases"]) == count, (person, purpose)
        assert len(await exported(shared, person, CASES, purpose, credit_code=code)) == count
    assert found(await shared.get(GOVERNMENT, CASES, purpose="oversight", number=case["number"]))[
        "count"
    ]


async def test_no_person_can_be_searched_for(shared: Office) -> None:
    for query in (
        {"name": "某某"},
        {"identity_number": "220402199001010011"},
        {"credit_code": "220402199001010011"[:17]},
        {"cause": "某某倾倒"},
        {"q": "某某"},
    ):
        refused(await shared.get(OFFICER, CASES, **query), 422, "common.body.invalid")
        refused(await shared.get(OFFICER, f"{CASES}.csv", **query), 422, "common.body.invalid")
