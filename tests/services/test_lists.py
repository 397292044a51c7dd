"""Whatever a list shows a get allows, and the reverse, for every organ and purpose."""

from pathlib import Path
from typing import Any

from tests.support.running import (
    APPROVE,
    CASES,
    FILE,
    FLAG,
    HEAD,
    LIMITS,
    OFFICER,
    OPENING,
    POLICE_HEAD,
    SEND,
    SIGN_FOR,
    TEAM,
    TO_FILED,
    TO_REPORT,
    TO_SENT,
    Act,
    Case,
    Office,
    found,
    office,
)

REROUTE = Act(
    POLICE_HEAD, "reroute", {"next_receiver": "ly-psb-dongfeng", "reason": "行为地。"}, ("w12",)
)
RETURN = Act(POLICE_HEAD, "return_case", {"reason": "不属公安管辖。"})
DISMISS = Act(HEAD, "dismiss_suspicion", {"reason": "不成立。"})
STORIES: tuple[tuple[Act, ...], ...] = (
    (),
    (FLAG, TEAM, DISMISS),
    TO_REPORT,
    (*TO_REPORT, APPROVE),
    (*TO_REPORT, APPROVE, SEND),
    (*TO_SENT, SIGN_FOR),
    (*TO_SENT, SIGN_FOR, REROUTE),
    (*TO_SENT, SIGN_FOR, RETURN),
    (*TO_SENT, SIGN_FOR, FILE),
    TO_FILED,
)
BRANCH = {
    **OPENING,
    "division": "220403",
    "officers": ["ly-eeb-xian-officer-1", "ly-eeb-xian-officer-2"],
}


async def listed(
    running: Office, person: str, path: str, purpose: str | None, *, limit: int
) -> list[dict[str, Any]]:
    """Every line of a list, page by page."""
    lines: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        page = found(await running.get(person, path, purpose=purpose, limit=limit, **after))
        lines += page[path.rpartition("/")[2]]
        if page["next"] is None:
            return lines
        after = {"after": page["next"]}


async def got(
    running: Office, person: str, ids: list[str], purpose: str | None
) -> tuple[set[str], set[str]]:
    """The cases and the limits that gets show one by one."""
    cases: set[str] = set()
    due: set[str] = set()
    for case_id in ids:
        answer = await running.get(person, f"{CASES}/{case_id}", purpose=purpose)
        if answer.status_code in (403, 404):
            continue
        case: Case = found(answer)
        cases.add(case_id)
        for proceeding in case["proceedings"]:
            due |= {each["id"] for each in proceeding["limits"] if each["id"] in WORK}
    return cases, due


WORK: set[str] = set()
"""The limits that are work that waits: those that bear only on the step that ends them are not."""


async def test_a_list_is_the_set_of_gets(var: Path) -> None:
    async with office(var) as running:
        for story in STORIES:
            await running.story(*story)
        branch = found(await running.post("ly-eeb-xian-officer-1", CASES, BRANCH))
        flag = Act("ly-eeb-xian-officer-1", "flag_suspicion", FLAG.form)
        await running.take(branch, flag)
        await running.settled()
        ids = [str(row["id"]) for row in await running.rows("cases", "select id from cases")]
        assert len(ids) == len(STORIES) + 1
        WORK.update(
            str(row["id"])
            for row in await running.rows("cases", "select id from limits where not conditional")
        )

        seen: dict[tuple[str, str | None], int] = {}
        people = {each.organ: each.id for each in running.runtime.profile.people}
        assert len(people) > 20
        for organ, person in sorted(people.items()):
            for purpose in (None, "handling", "supervision; article=M17 14"):
                cases, due = await got(running, person, ids, purpose)
                lines = await listed(running, person, CASES, purpose, limit=4)
                assert sorted(line["id"] for line in lines) == sorted(cases), (organ, purpose)
                work = await listed(running, person, LIMITS, purpose, limit=2)
                assert sorted(line["id"] for line in work) == sorted(due), (organ, purpose)
                page = found(await running.get(person, CASES, purpose=purpose, limit=1))
                assert page["count"] == len(cases)
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


async def test_filters_only_take_away(shared: Office) -> None:
    case = await shared.story(*TO_REPORT, cause="data_fraud")
    everything = {line["id"] for line in await listed(shared, OFFICER, CASES, None, limit=200)}
    for query in (
        {"number": case["number"]},
        {"state": "TRANSFER_REPORT"},
        {"field": "environment"},
        {"agency": "ly-eeb"},
    ):
        page = found(await shared.get(OFFICER, CASES, limit=200, **query))
        ids = {line["id"] for line in page["cases"]}
        assert case["id"] in ids
        assert ids <= everything
    assert found(await shared.get(OFFICER, CASES, agency="ly-psb"))["cases"] == []
    for organ, expected in (("ly-eeb", True), ("ly-psb", False)):
        page = found(await shared.get(OFFICER, LIMITS, organ=organ, limit=200))
        assert (case["id"] in {line["case"] for line in page["limits"]}) is expected
