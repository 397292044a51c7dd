"""Who decides must have read the present revision; who adds need not."""

import asyncio
from datetime import timedelta
from pathlib import Path

from tests.support.running import (
    APPROVE,
    CASES,
    COPY,
    FLAG,
    HEAD,
    OFFICER,
    POLICE_DESK,
    REPORT,
    SECOND,
    SEND,
    SIGN_FOR,
    TEAM,
    TO_REPORT,
    Act,
    Office,
    found,
    office,
    refused,
    stream,
    transfer_of,
)


async def test_a_decision_needs_the_revision_that_was_read(shared: Office) -> None:
    case = await shared.story(*TO_REPORT)
    answer = await shared.try_to(case, APPROVE, headers={})
    assert refused(answer, 428, "common.header.missing")["header"] == "If-Match"
    for wrong in ('"999"', '"-1"', "*", "3", 'W/"3"', '"x"', '"' + "9" * 100 + '"', "²"):
        header = {b"If-Match": wrong.encode()}
        refused(
            await shared.try_to(case, APPROVE, headers=header),  # type: ignore[arg-type]
            412,
            "cases.proceeding.revision_stale",
        )
    found(await shared.try_to(case, APPROVE))


async def test_whoever_may_not_decide_is_told_so_not_asked_for_headers(shared: Office) -> None:
    case = await shared.story(*TO_REPORT)
    act = Act(OFFICER, "approve")
    refused(await shared.try_to(case, act, headers={}), 403, "common.actor.not_entitled")


async def test_a_stale_decision_names_what_changed_and_by_which_organ(shared: Office) -> None:
    read = await shared.story(*TO_REPORT, APPROVE, SEND)
    await shared.arrived(read)
    now = await shared.take(read, COPY, SIGN_FOR)
    act = Act("ly-psb-head", "file", {"offence": "xf338"}, ("w13",))
    stale = refused(
        await shared.try_to(now, act, headers={"If-Match": transfer_of(read)["etag"]}),
        412,
        "cases.proceeding.revision_stale",
    )
    # The arrival, which the platform recorded meanwhile, made nobody's page stale.
    assert (stale["seen"], stale["revision"]) == (5, 7)
    assert [(change["step"], change["organ"]) for change in stale["changes"]] == [
        ("copy", "ly-eeb"),
        ("sign_for", "ly-psb"),
    ]


async def test_a_correction_is_a_change_too(shared: Office) -> None:
    read = await shared.story(*TO_REPORT)
    trail = found(await shared.get(OFFICER, f"{CASES}/{read['id']}/trail"))
    [report] = [e for e in trail["events"] if e["type"].endswith("transfer_reported.v1")]
    form = {"act": report["id"], "reason": "笔误", "fields": {"offence": "xf339"}}
    found(await shared.try_to(read, Act(OFFICER, "correct", form)))
    stale = refused(await shared.try_to(read, APPROVE), 412, "cases.proceeding.revision_stale")
    assert [(change["step"], change["organ"]) for change in stale["changes"]] == [
        ("correct", "ly-eeb")
    ]


async def test_what_adds_survives_others_that_write_at_once(shared: Office) -> None:
    case = await shared.story(FLAG)
    teams = [Act(HEAD, "form_team", {"officers": [OFFICER, SECOND]}) for _ in range(20)]
    async with asyncio.timeout(60):
        answers = await asyncio.gather(*(shared.try_to(case, each, headers={}) for each in teams))
    assert [answer.status_code for answer in answers] == [200] * 20, [a.text for a in answers][-1]
    assert (await shared.types(case)).count("team_formed") == 20
    versions = await shared.rows(
        "cases", "select version from events where stream = $1 order by version", stream(case)
    )
    assert [row["version"] for row in versions] == list(range(1, len(versions) + 1))
    assert transfer_of(await shared.case(case))["revision"] == 21


async def test_of_decisions_that_are_made_at_once_one_holds(shared: Office) -> None:
    case = await shared.story(*TO_REPORT)
    refuse = Act(HEAD, "refuse", {"reason": "证据不足。"})
    answers = await asyncio.gather(
        *(shared.try_to(case, act) for act in (APPROVE, refuse, APPROVE, refuse))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    types = await shared.types(case)
    assert types.count("transfer_approved") + types.count("transfer_refused") == 1


async def test_the_clock_moves_no_revision(var: Path) -> None:
    async with office(var) as running:
        case = await running.story(FLAG, TEAM, REPORT)
        before = transfer_of(case)
        running.clock.advance(timedelta(days=10))
        await running.tick()
        types = await running.types(case)
        assert "limit_missed" in types
        after = transfer_of(await running.case(case))
        assert (after["revision"], after["etag"]) == (before["revision"], before["etag"])
        sent = await running.take(case, APPROVE, SEND)
        arrived = await running.arrived(sent)
        assert transfer_of(arrived)["etag"] == transfer_of(sent)["etag"]
        answer = await running.get(POLICE_DESK, f"{CASES}/{case['id']}")
        assert answer.headers["ETag"] == transfer_of(sent)["etag"]
