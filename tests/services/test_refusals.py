"""Whatever is sent, the answer is one of ours: a stable code, field and rule, and nothing done."""

import base64
from typing import Any
from uuid import uuid4

import pytest

from tests.support.running import (
    APPROVE,
    CASES,
    DESK,
    FLAG,
    HEAD,
    INBOX,
    LIMITS,
    OFFICER,
    OPENING,
    POLICE_DESK,
    REPORT,
    SEND,
    SIGN_FOR,
    TO_REPORT,
    TO_SENT,
    Act,
    Case,
    Office,
    found,
    refused,
    transfer_of,
)

MOVING = (
    # What happens by itself beside: positions, the ledger, and the records of what was refused.
    *("accesses", "access_outbox", "access_log", "outbox", "log", "ledger", "heads"),
    *("consumed", "bus_positions", "inbox", "obligations"),
)
INVALID = "common.body.invalid"
REGULATION = "《行政执法机关移送涉嫌犯罪案件的规定》"
MEASURES = "《环境保护行政执法与刑事司法衔接工作办法》"


def fields(problem: Case) -> list[tuple[str, str]]:
    return [(error["field"], error["rule"]) for error in problem["errors"]]


async def test_unknown_missing_and_wrong_fields_are_named(shared: Office) -> None:
    body = {**OPENING, "division": "辽源", "colour": "red"}
    del body["summary"]
    problem = refused(await shared.post(OFFICER, CASES, body), 422, INVALID)
    assert sorted(fields(problem)) == [
        ("colour", "extra_forbidden"),
        ("division", "string_pattern_mismatch"),
        ("summary", "missing"),
    ]
    assert "辽源" not in str(problem["errors"])

    case = await shared.story(FLAG)
    wrong = Act(HEAD, "form_team", {"officers": ["only-one"], "leader": "x"})
    problem = refused(await shared.try_to(case, wrong, state="FILED"), 422, INVALID)
    assert sorted(fields(problem)) == [
        ("form.leader", "extra_forbidden"),
        ("form.officers", "too_short"),
        ("state", "extra_forbidden"),
    ]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"[]", b'"x"', b"\xff\xfe", b"{}}", b"[" * 5000]
)
async def test_what_is_no_body_is_refused(shared: Office, body: bytes) -> None:
    refused(await shared.post(OFFICER, CASES, body), 422, INVALID)


async def test_a_step_that_is_not_open_names_those_that_are(shared: Office) -> None:
    case = await shared.story(FLAG)
    problem = refused(await shared.try_to(case, SEND), 409, "cases.step.not_open")
    assert (problem["step"], problem["state"]) == ("send", "SUSPECT_FLAG")
    assert problem["open_steps"] == ["form_team", "dismiss_suspicion"]
    assert sorted(problem["open_steps"]) == sorted(
        step["name"] for step in transfer_of(case)["open_steps"]
    )


async def test_where_law_decides_the_article_is_named(shared: Office) -> None:
    case = await shared.story(*TO_REPORT)
    entitled = refused(
        await shared.try_to(case, Act(DESK, "approve")), 403, "common.actor.not_entitled"
    )
    assert entitled["article"] == REGULATION + "第五条"
    assert (entitled["organ"], entitled["duties"]) == ("ly-eeb", ["head"])

    approved = await shared.take(case, APPROVE)
    papers = refused(
        await shared.try_to(approved, Act(DESK, "send", {"offence": "xf338"}, ("w2",))),
        409,
        "cases.step.condition_not_met",
    )
    assert (papers["guard"], papers["missing"]) == ("documents", ["w3", "w4"])
    assert papers["article"] == REGULATION + "第六条"

    penalty = Act(DESK, "send", {"offence": "xf338", "penalty_made": True}, SEND.papers)
    guard = refused(await shared.try_to(approved, penalty), 409, "cases.step.condition_not_met")
    assert (guard["guard"], guard["missing"]) == ("penalty_attached", ["w9"])
    assert guard["article"] == MEASURES + "第六条"


TIMES: tuple[tuple[dict[str, Any], int, str], ...] = (
    ({"happened_at": "2026-11-10T09:01:00+08:00"}, 422, "cases.step.happened_in_future"),
    ({"happened_at": "9999-12-31T23:59:59-12:00"}, 422, INVALID),
    ({"happened_at": "2026-11-08T09:00:00+08:00"}, 422, "cases.step.late_reason_missing"),
    ({"happened_at": "0001-01-01T00:00:00+14:00"}, 422, INVALID),
    ({"happened_at": "0001-01-01T00:00:00+14:00", "precision": "month"}, 422, INVALID),
    ({"happened_at": "2026-11-10T08:00:00"}, 422, INVALID),
    ({"happened_at": 10**30}, 422, INVALID),
    ({"happened_at": "2026-13-40"}, 422, INVALID),
    ({"precision": "second"}, 422, INVALID),
    ({"documents": [{"kind": "w1", "digest": "x"}]}, 422, INVALID),
    ({"documents": [{"kind": "w1", "digest": "0" * 64, "pages": 10**400}]}, 422, INVALID),
    ({"documents": [{"kind": "w1", "digest": "0" * 64}] * 201}, 422, INVALID),
)


@pytest.mark.parametrize(("envelope", "status", "code"), TIMES)
async def test_times_and_papers_hold(
    shared: Office, envelope: dict[str, Any], status: int, code: str
) -> None:
    case = await shared.open_case()
    refused(await shared.try_to(case, FLAG, **envelope), status, code)
    assert (await shared.case(case))["proceedings"] == []


async def test_the_oldest_times_are_taken_or_refused_cleanly(shared: Office) -> None:
    case = await shared.open_case()
    for moment in (
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "1900-01-01T00:00:00+08:00",
    ):
        for precision in ("minute", "day", "month"):
            answer = await shared.try_to(
                case, FLAG, happened_at=moment, precision=precision, late_reason="很久以前"
            )
            assert answer.status_code in (201, 422), answer.text
        opened = await shared.post(OFFICER, CASES, {**OPENING, "discovered_at": moment})
        assert opened.status_code in (201, 422), opened.text
        report = await shared.story(*TO_REPORT)
        act = (await shared.rows("cases", "select id from events order by id desc limit 1"))[0][
            "id"
        ]
        form = {"act": str(act), "reason": "x", "happened_at": moment}
        answer = await shared.try_to(report, Act(OFFICER, "correct", form))
        assert answer.status_code in (404, 409, 422), answer.text
    # What was taken is listed: no list falls over it.
    found(await shared.get(OFFICER, "/api/cases/v1/work", mine="true"))


async def test_no_step_before_the_one_it_follows(shared: Office) -> None:
    case = await shared.story(*TO_SENT)
    answer = await shared.try_to(case, SIGN_FOR, happened_at="2026-11-10T08:00:00+08:00")
    problem = refused(answer, 422, "cases.step.happened_before_previous")
    assert problem["field"] == "happened_at"
    assert problem["previous_at"] == "2026-11-10T01:00:00+00:00"


async def test_a_refusal_leaves_nothing_half_written(shared: Office) -> None:
    case = await shared.arrived(await shared.story(*TO_SENT))
    await shared.settled()
    before = await shared.counts(*MOVING)
    records = len(await shared.accesses())
    one = f"{CASES}/{case['id']}"
    proceeding = f"{one}/proceedings/{case['proceedings'][-1]['id']}"
    decision = {"If-Match": transfer_of(case)["etag"]}
    person = [{"details": {"name": "某某"}}]
    file = {"form": {"offence": "xf338"}, "late_reason": "补录"}
    for answer in (
        await shared.post(OFFICER, CASES, {**OPENING, "persons": person, "officers": ["a", "b"]}),
        await shared.post(OFFICER, CASES, {**OPENING, "discovered_at": "2026-11-11T00:00:00Z"}),
        await shared.post(HEAD, CASES, {**OPENING, "persons": person}),
        await shared.post(POLICE_DESK, CASES, OPENING),
        await shared.post(OFFICER, f"{proceeding}/approve", {"form": {"opinion": "词"}}),
        await shared.post("ly-psb-head", f"{proceeding}/file", file, headers=decision),
        await shared.post("ly-psb-head", f"{proceeding}/arrive", {"form": {}}),
        await shared.post(HEAD, f"{proceeding}/call_back", {"form": {"reason": "词"}}),
        await shared.post(
            HEAD, f"{proceeding}/call_back", {"form": {"reason": "词"}}, headers={"If-Match": '"1"'}
        ),
        await shared.post(OFFICER, f"{one}/proceedings/{uuid4()}/report", {"form": REPORT.form}),
        await shared.post(OFFICER, f"{CASES}/{uuid4()}/flag_suspicion", {"form": FLAG.form}),
        await shared.post("ly-eeb-xian-head", f"{one}/flag_suspicion", {"form": FLAG.form}),
        await shared.try_to(case, Act(OFFICER, "correct", {"act": str(uuid4()), "reason": "词"})),
        await shared.post(POLICE_DESK, f"{INBOX}/{uuid4()}/mark", {"mark": "read"}),
    ):
        assert 400 <= answer.status_code < 500, answer.text
    assert await shared.counts(*MOVING) == before
    # What was denied, or told a state, was recorded; plain mistakes were not.
    assert len(await shared.accesses()) == records + 9


async def test_bounds_of_paths_and_bodies(shared: Office) -> None:
    large = {**OPENING, "summary": "长" * 400_000}
    refused(await shared.post(OFFICER, CASES, large), 413, "common.body.too_large")
    too_long = {**OPENING, "summary": "长" * 20_001}
    assert fields(refused(await shared.post(OFFICER, CASES, too_long), 422, INVALID)) == [
        ("summary", "string_too_long")
    ]
    for path in (f"{CASES}/not-a-uuid", f"{CASES}/{uuid4()}/contents/1", f"{INBOX}/0"):
        refused(await shared.get(OFFICER, path), 422, INVALID)
    answer = await shared.client.delete(CASES)
    refused(answer, 405, "common.method.not_allowed")
    assert answer.headers["Allow"]
    refused(await shared.client.post("/api/cases/v1/keys"), 405, "common.method.not_allowed")
    for path in ("/nothing", "/api/cases/v1/nothing", "/api/cases/v2/cases", "/api/sharing/v1/log"):
        refused(await shared.get(OFFICER, path), 404, "common.resource.not_found")


NUL = "a\x00b"
QUERIES = (
    *({name: NUL} for name in ("field", "agency", "number", "state", "after")),
    *({"after": text} for text in ("x", "\ud800".encode("utf-8", "surrogatepass"), "é" * 10)),
    # Cursors of our form that hold times no calendar has.
    {"after": base64.urlsafe_b64encode(b"\x7f" + bytes(23)).decode()},
    {"after": base64.urlsafe_b64encode(b"\x80" + bytes(23)).decode()},
    {"after": base64.urlsafe_b64encode(bytes(23)).decode()},
    {"limit": "0"},
    {"limit": "201"},
    {"limit": "9" * 400},
    {"limit": "1e3"},
    {"colour": "red"},
)


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: str(query)[:40])
async def test_what_no_list_understands_is_refused(shared: Office, query: dict[str, Any]) -> None:
    for path in (CASES, LIMITS):
        if path == LIMITS and not {"after", "limit", "colour"} & query.keys():
            continue
        answer = await shared.client.get(
            path, params=query, headers={"Authorization": f"Bearer {shared.token(OFFICER)}"}
        )
        refused(answer, 422, INVALID)
    for number in ("-1", "9" * 400, "x", NUL):
        refused(await shared.get(OFFICER, INBOX, after=number), 422, INVALID)


STRANGE = ("a\x00b", "\ud800", "\udfff\ud800", "\u202e倒", "a" * 300, "\x1b[31m", "\x7f", "")
"""Texts that a column, a terminal or an encoder would choke on."""


async def test_strange_texts_are_refused_or_kept_sealed(shared: Office) -> None:
    """None of them ever causes a fault; only sealed words may hold what is not a line."""
    for text in STRANGE:
        lines: tuple[dict[str, Any], ...] = (
            {"field": text},
            {"officers": [text, OFFICER]},
            {"organisations": [{"name": "甲", "credit_code": text}]},
            {"discovered_at": text},
            {"persons": [{"details": {"name": "某", "identity_number": text}}]},
        )
        for changes in lines:
            refused(await shared.post(OFFICER, CASES, {**OPENING, **changes}), 422, INVALID)
        words: tuple[dict[str, Any], ...] = (
            {"summary": text, "persons": [{"details": {"name": "某", "address": text}}]},
            {"organisations": [{"name": text}]},
        )
        for changes in words:
            answer = await shared.post(OFFICER, CASES, {**OPENING, **changes})
            assert answer.status_code in (201, 422), answer.text


NUMBERS = (10**400, 2**53, -1, "3" * 5000, 2.5, "x", None, [3])


async def test_strange_numbers_are_refused(shared: Office) -> None:
    case = await shared.story(*TO_SENT)
    for text in STRANGE[:-1]:
        act = Act(POLICE_DESK, "sign_for", {"materials": 3, "receipt_number": text})
        if text != "\u202e倒":
            refused(await shared.try_to(case, act), 422, INVALID)
    for number in NUMBERS:
        act = Act(POLICE_DESK, "sign_for", {"materials": number})
        refused(await shared.try_to(case, act), 422, INVALID)


async def test_strange_corrections_are_refused(shared: Office) -> None:
    case = await shared.story(*TO_SENT, SIGN_FOR)
    [row] = await shared.rows(
        "cases",
        "select id from events where stream = $1 and type like '%.transfer_received.%'",
        f"case/{case['id']}",
    )
    values: tuple[object, ...] = (2**53, 10**400, -(10**30), 1.5, {}, [])
    for value in (*values, "a\x00b", "\ud800", "x" * 100_000):
        for field in ("receipt_number", "materials", "colour"):
            form = {"act": str(row["id"]), "reason": "错", "fields": {field: value}}
            answer = await shared.try_to(case, Act("ly-psb-head", "correct", form))
            refused(answer, 422, INVALID)


async def test_an_organ_that_is_named_must_be_one_of_its_kind(shared: Office) -> None:
    case = await shared.story(*TO_REPORT, APPROVE)
    for organ in ("ly-court", "nobody", "ly-epb"):
        act = Act(DESK, "send", {"offence": "xf338", "receiver": organ}, SEND.papers)
        problem = refused(await shared.try_to(case, act), 422, INVALID)
        assert fields(problem) == [("form.receiver", "organ_of_kind")]


async def test_a_header_that_is_no_text_is_no_fault(shared: Office) -> None:
    token = f"Bearer {shared.token(OFFICER)}".encode()
    for name in (b"traceparent", b"Purpose", b"If-Applied", b"Accept-Language"):
        for value in (b"\xff\xfe\x00", "钥匙".encode(), b"x" * 10_000, b""):
            answer = await shared.client.get(CASES, headers={b"Authorization": token, name: value})
            assert answer.status_code in (200, 422), (name, value, answer.text)


async def test_steps_of_the_platform_have_no_route(shared: Office) -> None:
    case = await shared.story(*TO_SENT)
    path = f"{CASES}/{case['id']}/proceedings/{case['proceedings'][-1]['id']}/arrive"
    answer = await shared.post(POLICE_DESK, path, {"form": {"notice": str(uuid4())}})
    refused(answer, 404, "common.resource.not_found")
