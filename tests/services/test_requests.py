"""A request may be repeated: what was done once is not done again, and is answered as it was."""

import asyncio
import base64
from pathlib import Path
from typing import Any

from libs.common.public_keys import by_id, read_key_set
from libs.common.signing import Receipt, verifies
from tests.support.running import (
    APPROVE,
    CASES,
    COPY,
    DESK,
    FLAG,
    HEAD,
    OFFICER,
    OPENING,
    REPORT,
    SECOND,
    SEND,
    TEAM,
    TO_REPORT,
    Act,
    Case,
    Office,
    found,
    office,
    refused,
    stream,
)

BACKGROUND = ("bus_positions", "consumed", "access_log", "access_outbox", "ledger", "accesses")


async def test_a_repeat_is_given_the_same_answer_and_says_nothing(shared: Office) -> None:
    case = await shared.story(FLAG)
    first = await shared.try_to(case, TEAM, key="the-key")
    said = await shared.types(case)
    recorded = len(await shared.accesses())
    again = await shared.try_to(case, TEAM, key="the-key")
    assert first.status_code == again.status_code == 200
    assert (again.content, again.headers["Stream-Version"]) == (
        first.content,
        first.headers["Stream-Version"],
    )
    assert await shared.types(case) == said
    # What the answer shows is read again, and recorded again.
    [record] = (await shared.accesses())[recorded:]
    assert (record["person"], record["shown"]) == (HEAD, [case["id"]])


async def last_number(running: Office) -> int:
    """The agency's last case number."""
    query = "select last from numbers where organ = 'ly-eeb' and kind = 'case'"
    last: int = (await running.rows("cases", query))[0]["last"]
    return last


async def test_opening_twice_with_one_key_opens_one_case(shared: Office) -> None:
    before = await last_number(shared)
    first = await shared.post(OFFICER, CASES, OPENING, key="open-once")
    again = await shared.post(OFFICER, CASES, OPENING, key="open-once")
    assert (first.status_code, again.content) == (201, first.content)
    assert await last_number(shared) == before + 1
    # The record names the case that was shown, not one drawn for the repeat.
    assert (await shared.accesses())[-1]["shown"] == [first.json()["id"]]


async def test_a_key_stands_for_one_body(shared: Office) -> None:
    case = await shared.story(FLAG)
    found(await shared.try_to(case, TEAM, key="two-bodies"))
    other = Act(HEAD, "form_team", {"officers": [SECOND, OFFICER]})
    refused(await shared.try_to(case, other, key="two-bodies"), 409, "common.request.key_reused")


async def test_a_key_is_missing_or_unreadable(shared: Office) -> None:
    headers = {"Authorization": f"Bearer {shared.token(OFFICER)}"}
    answer = await shared.client.post(CASES, json=OPENING, headers=headers)
    assert refused(answer, 428, "common.header.missing")["header"] == "Idempotency-Key"
    for key in (b"", b"x" * 201, "钥匙".encode(), b"a\x00b", b"a\tb"):
        answer = await shared.client.post(
            CASES,
            json=OPENING,
            headers={b"Authorization": headers["Authorization"].encode(), b"Idempotency-Key": key},
        )
        refused(answer, 422, "common.header.invalid")


async def test_the_same_key_of_another_person_is_another_request(shared: Office) -> None:
    first = await shared.post(OFFICER, CASES, OPENING, key="shared-key")
    other = await shared.post(SECOND, CASES, OPENING, key="shared-key")
    assert found(first)["id"] != found(other)["id"]
    # And of another path.
    found(await shared.try_to(found(first), FLAG, key="shared-key"))


async def test_of_requests_that_run_at_once_one_acts(shared: Office) -> None:
    case = await shared.story(FLAG)
    answers = await asyncio.gather(
        *(shared.try_to(case, TEAM, key="at-once") for _ in range(10)),
    )
    succeeded = [answer for answer in answers if answer.is_success]
    assert succeeded
    assert {answer.content for answer in succeeded} == {succeeded[0].content}
    for answer in answers:
        if not answer.is_success:
            refused(answer, 409, "common.request.running")
    assert (await shared.types(case)).count("team_formed") == 1


async def test_many_repeats_and_openings_at_once_do_not_wait_for_each_other(shared: Office) -> None:
    """More than the pool has connections: nobody holds one and waits for a second."""
    case = await shared.story(FLAG)
    found(await shared.try_to(case, TEAM, key="many"))
    async with asyncio.timeout(30):
        repeated = await asyncio.gather(*(shared.try_to(case, TEAM, key="many") for _ in range(60)))
        opened = await asyncio.gather(*(shared.post(OFFICER, CASES, OPENING) for _ in range(60)))
    assert {answer.status_code for answer in repeated} <= {200, 409}
    assert {answer.status_code for answer in opened} == {201}
    assert len({answer.json()["number"] for answer in opened}) == 60


async def forget(running: Office, case: Case) -> None:
    """Take a case out of everybody's sight."""
    async with running.database("cases").driver() as connection:
        await connection.execute("delete from case_access where case_id = $1", case["id"])


async def test_who_lost_sight_of_the_case_is_not_told_again(shared: Office) -> None:
    case = await shared.story(FLAG)
    first = await shared.try_to(case, TEAM, key="lost-sight")
    assert first.is_success
    await forget(shared, case)
    refused(await shared.try_to(case, TEAM, key="lost-sight"), 404, "common.resource.not_found")

    opened = await shared.post(OFFICER, CASES, OPENING, key="lost-opening")
    await forget(shared, found(opened))
    again = await shared.post(OFFICER, CASES, OPENING, key="lost-opening")
    refused(again, 404, "common.resource.not_found")


async def test_a_refused_request_is_not_remembered(shared: Office) -> None:
    case = await shared.story(FLAG)
    refused(await shared.try_to(case, REPORT, key="too-early"), 409, "cases.step.not_open")
    await shared.take(case, TEAM)
    case = await shared.case(case)
    found(await shared.try_to(case, REPORT, key="too-early"))


# --- receipts


def receipts(*answers: dict[str, Any]) -> list[Receipt]:
    return [Receipt.model_validate(each) for answer in answers for each in answer["receipts"]]


async def test_a_receipt_verifies_when_nothing_else_is_left(var: Path) -> None:
    async with office(var) as running:
        opened = found(await running.post(OFFICER, CASES, OPENING))
        flagged = found(await running.try_to(opened, FLAG))
        await verifies_without_its_row(running, opened, receipts(opened, flagged))


async def verifies_without_its_row(running: Office, opened: Case, kept: list[Receipt]) -> None:
    rows = await running.rows(
        "cases",
        "select version, encode(sha256(convert_to(data, 'UTF8')), 'hex') as digest from events"
        " where stream = $1 and version <= 2 order by version",
        stream(opened),
    )
    assert [(each.version, each.digest) for each in kept] == [
        (row["version"], row["digest"]) for row in rows
    ]
    await running.as_superuser("cases", "truncate events, outbox, log, snapshots, requests")

    jwks = found(await running.client.get("/api/cases/v1/keys"))
    keys = by_id(read_key_set(jwks))
    for receipt in kept:
        key = keys[receipt.key_id].public
        assert verifies(receipt, key)
        for change in (
            {"version": receipt.version + 1},
            {"stream": "case/another"},
            {"digest": "0" * 64},
            {"recorded_at": opened["discovered_at"]},
            {"value": base64.urlsafe_b64encode(bytes(64)).decode().rstrip("=")},
        ):
            changed = Receipt.model_validate({**receipt.model_dump(), **change})
            assert not verifies(changed, key), change


async def test_the_receipts_of_each_service_are_signed_with_its_own_key(shared: Office) -> None:
    sets = [
        found(await shared.client.get(f"/api/{name}/v1/keys"))
        for name in ("cases", "notifications", "audit")
    ]
    assert len({each["keys"][0]["kid"] for each in sets}) == 3
    assert all("d" not in key for each in sets for key in each["keys"])


async def test_what_is_answered_first_is_the_case_after_the_step(shared: Office) -> None:
    case = await shared.story(*TO_REPORT, APPROVE, SEND, COPY)
    read = await shared.case(case, DESK)
    told = {k: v for k, v in case.items() if k not in ("receipts", "signatures", "level")}
    assert told == {k: v for k, v in read.items() if k != "level"}
