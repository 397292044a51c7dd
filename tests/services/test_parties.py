"""Codes of parties are judged when they are entered; parties may be added later."""

import io
from typing import Any
from uuid import uuid4

import orjson
import pytest

from tests.support.running import (
    CASES,
    FILE,
    FLAG,
    GOVERNMENT,
    HEAD,
    OFFICER,
    OPENING,
    POLICE,
    PROSECUTOR,
    SIGN_FOR,
    TO_SENT,
    Act,
    Case,
    Office,
    found,
    newest,
    refused,
    stream,
)

INVALID = "common.body.invalid"
CODE = "91220400MA0EXAMP10"
MASKED = "91220400********10"
IDENTITY = "220402198001010019"
FIRM = {"name": "乙运输有限公司", "credit_code": CODE}


def a_person(number: str) -> dict[str, Any]:
    return {"details": {"name": "某某", "identity_number": number}}


async def parties_said(running: Office, case: Case) -> list[dict[str, Any]]:
    """The parties as the events tell them."""
    rows = await running.rows(
        "cases",
        "select data from events where stream = $1 and type ~ 'case_opened|party_added'"
        " order by version",
        stream(case),
    )
    events = [orjson.loads(row["data"]) for row in rows]
    return [party for each in events for party in each.get("parties", [each.get("party")])]


# --- codes


async def test_a_code_is_marked_by_how_far_it_was_checked(shared: Office) -> None:
    case = await shared.open_case(
        organisations=[
            {"name": "甲", "credit_code": f" {CODE.lower()} "},
            {"name": "乙", "credit_code": MASKED.replace("*", "＊")},
            {"name": "丙"},
        ],
        persons=[a_person(IDENTITY), a_person("220402********0019"), {"details": {"name": "某"}}],
    )
    shown = [
        (party.get("credit_code"), party.get("credit_code_check")) for party in case["parties"]
    ]
    assert shown[:3] == [(CODE, "checked"), (MASKED, "masked"), (None, None)]
    checks = [party.get("identity_number_check") for party in case["parties"]]
    assert checks == [None, None, None, "checked", "masked", None]
    said = await parties_said(shared, case)
    assert [each["credit_code_check"] for each in said] == ["checked", "masked", *[None] * 4]


@pytest.mark.parametrize(
    ("code", "rule", "position", "expected"),
    [
        ("91220400MA0EXAMP17", "check_character", 18, "0"),
        ("91220400MA0EXAMP1", "length", 0, "18位"),
        ("91220400MA0EXAMPO0", "character", 17, "0123456789ABCDEFGHJKLMNPQRTUWXY"),
        ("91990400MA0EXAMP10", "division", 3, None),
        ("Z1220400MA0EXAMP10", "character", 1, None),
        ("******************", "nothing_visible", 0, None),
    ],
)
async def test_a_wrong_credit_code_is_refused_naming_what_is_expected(
    shared: Office, code: str, rule: str, position: int, expected: str | None
) -> None:
    firms = [{"name": "甲"}, {"name": "乙", "credit_code": code}]
    answer = await shared.post(OFFICER, CASES, {**OPENING, "organisations": firms})
    problem = refused(answer, 422, INVALID)
    [error] = problem["errors"]
    assert (error["field"], error["rule"], error["position"]) == (
        "organisations.1.credit_code",
        rule,
        position,
    )
    assert expected in (None, error["expected"])
    assert problem["article"] == error["article"] == "GB 32100-2015"


@pytest.mark.parametrize(
    ("number", "rule", "expected"),
    [
        ("220402198001010018", "check_character", "9"),
        ("220402198002300012", "birth_date", None),
        ("220402202611110019", "birth_in_future", "不晚于2026-11-10"),
        ("220402800101001", "fifteen_digits", "18位"),
        ("990402198001010019", "division", None),
    ],
)
async def test_a_wrong_identity_number_is_refused_and_never_repeated(
    shared: Office, logged: io.StringIO, number: str, rule: str, expected: str | None
) -> None:
    answer = await shared.post(OFFICER, CASES, {**OPENING, "persons": [a_person(number)]})
    problem = refused(answer, 422, INVALID)
    [error] = problem["errors"]
    assert (error["field"], error["rule"]) == ("persons.0.details.identity_number", rule)
    assert expected in (None, error["expected"])
    assert problem["article"] == "GB 11643-1999"
    assert number not in answer.text
    # Nor any long part of it.
    assert not any(number[start : start + 6] in answer.text for start in range(13))
    assert number not in logged.getvalue()


async def test_one_body_names_an_organisation_once(shared: Office) -> None:
    twice = [FIRM, {**FIRM, "name": "乙运输公司"}]
    answer = await shared.post(OFFICER, CASES, {**OPENING, "organisations": twice})
    [error] = refused(answer, 422, INVALID)["errors"]
    assert (error["field"], error["rule"]) == ("organisations.1.credit_code", "named_twice")
    # Two hidden codes may be of two bodies.
    hidden = [{"name": name, "credit_code": MASKED} for name in ("甲", "乙")]
    await shared.open_case(organisations=hidden)


# --- adding


def path_of(case: Case) -> str:
    return f"{CASES}/{case['id']}/parties"


async def test_an_officer_adds_an_organisation_and_a_person(shared: Office) -> None:
    case = await shared.story(FLAG)
    first = await shared.post(OFFICER, path_of(case), {"organisation": FIRM}, key="add-a-party")
    after = found(first)
    assert first.status_code == 201
    assert after["receipts"][0]["stream"] == stream(case)
    assert after["parties"][-1]["credit_code"] == CODE
    again = await shared.post(OFFICER, path_of(case), {"organisation": FIRM}, key="add-a-party")
    assert again.content == first.content

    person = {**a_person(IDENTITY), "is_minor": True}
    after = found(await shared.post(OFFICER, path_of(case), {"person": person}))
    added = after["parties"][-1]
    assert (added["is_minor"], added["identity_number_check"]) == (True, "checked")
    assert (await shared.types(case)).count("party_added") == 2
    assert IDENTITY not in str(await parties_said(shared, case))
    # Sealed under a key of its own.
    [row] = await shared.rows(
        "cases",
        "select c.subject, c.kind from contents c join content_keys k using (subject)"
        " where c.id = $1",
        added["person"]["id"],
    )
    assert tuple(row.values()) == (f"party/{added['id']}", "details")
    words = f"{CASES}/{case['id']}/contents/{added['person']['id']}"
    assert found(await shared.get(OFFICER, words))["value"]["identity_number"] == IDENTITY
    # What replays is what was kept.
    assert (await shared.case(case))["parties"] == after["parties"]


async def test_the_police_add_to_the_case_that_they_took_over(shared: Office) -> None:
    case = await shared.story(*TO_SENT, SIGN_FOR)
    after = found(await shared.post(POLICE, path_of(case), {"organisation": FIRM}))
    assert after["parties"][-1]["organisation"] == FIRM["name"]


async def test_an_organisation_of_the_case_is_not_added_again(shared: Office) -> None:
    case = await shared.open_case(organisations=[FIRM])
    answer = await shared.post(
        OFFICER, path_of(case), {"organisation": {**FIRM, "name": "乙运输公司"}}
    )
    problem = refused(answer, 409, "cases.party.known")
    assert (problem["party"], problem["organisation"]) == (case["parties"][0]["id"], FIRM["name"])
    hidden = {"organisation": {"name": "丁", "credit_code": MASKED}}
    for _ in range(2):
        found(await shared.post(OFFICER, path_of(case), hidden))
    assert len((await shared.case(case))["parties"]) == 3


async def test_one_party_is_added_at_a_time(shared: Office) -> None:
    case = await shared.open_case()
    for body in ({}, {"organisation": FIRM, "person": a_person(IDENTITY)}):
        [error] = refused(await shared.post(OFFICER, path_of(case), body), 422, INVALID)["errors"]
        assert (error["field"], error["rule"]) == ("organisation", "one_of")
    wrong = {"organisation": {**FIRM, "credit_code": "91220400MA0EXAMP17"}}
    [error] = refused(await shared.post(OFFICER, path_of(case), wrong), 422, INVALID)["errors"]
    assert (error["field"], error["expected"]) == ("organisation.credit_code", "0")


async def test_who_does_not_handle_the_case_adds_nobody(shared: Office) -> None:
    case = await shared.story(*TO_SENT)
    body = {"organisation": FIRM}
    for person in (HEAD, PROSECUTOR, GOVERNMENT):
        refused(await shared.post(person, path_of(case), body), 403, "common.actor.not_entitled")
    fresh = await shared.story(FLAG)
    refused(await shared.post(POLICE, path_of(fresh), body), 404, "common.resource.not_found")


# --- whom a step names, and who stands where


async def test_a_suspect_is_a_party_of_the_case(shared: Office) -> None:
    case = await shared.story(*TO_SENT, SIGN_FOR, FILE)
    stranger = str(uuid4())
    name = Act(POLICE, "name_suspects", {"parties": [stranger]}, procedure="criminal_file")
    answer = await shared.try_to(case, name)
    assert refused(answer, 422, INVALID)["errors"] == [
        {"field": "form.parties", "rule": "party_of_case", "reason": stranger}
    ]


async def test_whoever_opens_a_proceeding_stands_in_its_own_part(shared: Office) -> None:
    case = await shared.story(*TO_SENT, SIGN_FOR, FILE)
    path = f"{CASES}/{case['id']}/send_reverse"
    case = found(
        await shared.post(POLICE, path, {"form": {"agency": "ly-eeb", "reason": "情节显著轻微。"}})
    )
    reverse = newest(case, "reverse")
    assert reverse
    assert (reverse["state"], reverse["holder"]) == ("REVERSE_SENT", "ly-psb")
    assert reverse["parts"]["sender"] == "ly-psb"
    assert reverse["parts"]["agency"] == "ly-eeb"
