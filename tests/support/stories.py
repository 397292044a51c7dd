"""Cases at every place of the transfer, and lists of them read to their end."""

from typing import Any, Final

from tests.support.running import (
    APPROVE,
    FILE,
    FLAG,
    HEAD,
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
)

REROUTE: Final = Act(
    POLICE_HEAD, "reroute", {"next_receiver": "ly-psb-dongfeng", "reason": "行为地。"}, ("w12",)
)
RETURN: Final = Act(POLICE_HEAD, "return_case", {"reason": "不属公安管辖。"})
DISMISS: Final = Act(HEAD, "dismiss_suspicion", {"reason": "不成立。"})
DECLINE: Final = Act(
    POLICE_HEAD, "decline", {"ground": "no_crime", "reason": "没有犯罪事实。"}, ("w14",)
)
STORIES: Final[tuple[tuple[Act, ...], ...]] = (
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
BRANCH: Final = {
    **OPENING,
    "division": "220403",
    "officers": ["ly-eeb-xian-officer-1", "ly-eeb-xian-officer-2"],
}


async def tell_stories(running: Office) -> list[str]:
    """A case for each story, and one of a branch; their ids."""
    for story in STORIES:
        await running.story(*story)
    branch = found(await running.post("ly-eeb-xian-officer-1", "/api/cases/v1/cases", BRANCH))
    flag = Act("ly-eeb-xian-officer-1", "flag_suspicion", FLAG.form)
    await running.take(branch, flag)
    await running.settled()
    ids = [str(row["id"]) for row in await running.rows("cases", "select id from cases")]
    assert len(ids) == len(STORIES) + 1
    return ids


async def listed(
    running: Office, person: str, path: str, purpose: str | None, *, limit: int, **query: str
) -> list[dict[str, Any]]:
    """Every line of a list, page by page."""
    lines: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        page = found(
            await running.get(person, path, purpose=purpose, limit=limit, **after, **query)
        )
        lines += page[path.rpartition("/")[2]]
        if page["next"] is None:
            return lines
        after = {"after": page["next"]}


async def got(running: Office, person: str, ids: list[str], purpose: str | None) -> dict[str, Case]:
    """The cases that gets show one by one, by id."""
    cases: dict[str, Case] = {}
    for case_id in ids:
        answer = await running.get(person, f"/api/cases/v1/cases/{case_id}", purpose=purpose)
        if answer.status_code not in (403, 404):
            cases[case_id] = found(answer)
    return cases
