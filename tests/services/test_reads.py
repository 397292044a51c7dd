"""Reads leave a trace: no answer that shows or denies something leaves before its record."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson

from tests.support.events import until
from tests.support.running import (
    AUDITOR,
    CASES,
    DESK,
    FLAG,
    GOVERNMENT,
    INBOX,
    LIMITS,
    OFFICER,
    POLICE,
    POLICE_DESK,
    PROSECUTOR,
    REPORT,
    STATISTICS,
    TEAM,
    TO_SENT,
    WORK,
    Case,
    Office,
    found,
    office,
    refused,
    stream,
    transfer_of,
)

SUPERVISION = "supervision; article=M17 14; case=7"
LISTS = (CASES, f"{CASES}.csv", LIMITS, WORK, f"{WORK}.csv", STATISTICS)
AUDIT = "audit; article=PLATFORM audit"


async def read_records(
    running: Office, person: str, path: str, *, service: str = "cases", purpose: str | None = None
) -> tuple[int, list[dict[str, Any]]]:
    """The status that a person is answered, and the records that the answer left."""
    before = len(await running.accesses(service))
    answer = await running.get(person, path, purpose=purpose)
    return answer.status_code, (await running.accesses(service))[before:]


def as_recorded(record: dict[str, Any], **expected: object) -> bool:
    assert {name: record.get(name) for name in expected} == expected
    return True


async def test_every_read_is_recorded_once_with_who_why_and_what_was_shown(shared: Office) -> None:
    case = await shared.arrived(await shared.story(*TO_SENT))
    one = f"{CASES}/{case['id']}"
    [content] = await shared.rows(
        "cases", "select id from contents where stream = $1 and kind = 'summary'", stream(case)
    )
    [notice] = await shared.rows(
        "notifications",
        "select notice from inbox where case_id = $1 and to_organ = 'ly-psb'",
        case["id"],
    )
    template = "/api/cases/v1/cases/{case}"
    words = [case["id"], str(content["id"])]
    for path, route, shown in (
        (one, template, [case["id"]]),
        (f"{one}/trail", f"{template}/trail", [case["id"]]),
        (f"{one}/contents/{content['id']}", f"{template}/contents/{{content}}", words),
    ):
        status, records = await read_records(shared, OFFICER, path)
        assert status == 200, path
        assert len(records) == 1, path
        assert as_recorded(
            records[0],
            person=OFFICER,
            organ="ly-eeb",
            duties=["officer"],
            purpose="handling",
            method="GET",
            route=route,
            shown=shown,
            denied=None,
        )
        assert len(records[0]["traceparent"].split("-")[1]) == 32

    page = found(await shared.get(OFFICER, CASES, limit=200))
    status, [record] = await read_records(shared, OFFICER, f"{CASES}?limit=200&field=environment")
    assert as_recorded(
        record,
        shown=[line["id"] for line in page["cases"]],
        count=len(page["cases"]),
        query={"field": "environment", "limit": "200"},
    )
    due = found(await shared.get(OFFICER, LIMITS))
    status, [record] = await read_records(shared, OFFICER, LIMITS)
    assert as_recorded(record, shown=[line["case"] for line in due["limits"]])
    work = found(await shared.get(OFFICER, WORK, mine="true"))
    status, [record] = await read_records(shared, OFFICER, f"{WORK}?mine=true")
    asked = {"mine": "true", "dated": "false", "limit": "50"}
    assert as_recorded(record, shown=[line["case"] for line in work["work"]], query=asked)

    inbox = found(await shared.get(POLICE_DESK, INBOX, limit=200))
    status, [record] = await read_records(
        shared, POLICE_DESK, f"{INBOX}?limit=200", service="notifications"
    )
    assert as_recorded(record, shown=[line["notice"] for line in inbox["notices"]])
    status, [record] = await read_records(
        shared, POLICE_DESK, f"{INBOX}/{notice['notice']}", service="notifications"
    )
    assert as_recorded(record, shown=[str(notice["notice"])])

    trail = f"/api/audit/v1/cases/{case['id']}/trail"
    status, [record] = await read_records(shared, AUDITOR, trail, service="audit", purpose=AUDIT)
    assert as_recorded(record, shown=[case["id"]], purpose="audit", article="PLATFORM audit")


async def test_a_purpose_is_recorded_as_it_was_said(shared: Office) -> None:
    case = await shared.story(*TO_SENT)
    status, [record] = await read_records(
        shared, PROSECUTOR, f"{CASES}/{case['id']}", purpose=SUPERVISION
    )
    assert status == 200
    assert as_recorded(record, purpose="supervision", article="M17 14", case="7", organ="ly-pp")


async def test_what_is_denied_is_recorded_with_what_was_asked_for(shared: Office) -> None:
    case = await shared.story(FLAG, TEAM, REPORT)
    one = f"{CASES}/{case['id']}"
    nothing = str(uuid4())
    missing, purpose = "common.resource.not_found", "common.purpose.missing"
    for person, path, status, code, asked in (
        (POLICE, one, 404, missing, {"case": case["id"]}),
        (POLICE, f"{one}/trail", 404, missing, {"case": case["id"]}),
        (OFFICER, f"{CASES}/{nothing}", 404, missing, {"case": nothing}),
        (
            OFFICER,
            f"{one}/contents/{nothing}",
            404,
            missing,
            {"case": case["id"], "content": nothing},
        ),
        (GOVERNMENT, one, 403, purpose, {"case": case["id"]}),
        (GOVERNMENT, f"{one}/trail", 403, purpose, {"case": case["id"]}),
    ):
        answered, records = await read_records(shared, person, path)
        assert answered == status, (person, path)
        assert len(records) == 1, (person, path)
        assert as_recorded(records[0], person=person, denied=code, shown=[], query=asked)

    answered, [record] = await read_records(
        shared, OFFICER, f"/api/audit/v1/cases/{nothing}/trail", service="audit", purpose=AUDIT
    )
    assert answered == 403
    assert as_recorded(record, denied="common.actor.not_entitled")


async def test_a_refused_act_that_shows_a_state_is_recorded(shared: Office) -> None:
    case = await shared.story(FLAG)
    before = len(await shared.accesses())
    refused(await shared.try_to(case, REPORT), 409, "cases.step.not_open")
    [record] = (await shared.accesses())[before:]
    assert as_recorded(
        record,
        person=OFFICER,
        denied="cases.step.not_open",
        route="/api/cases/v1/cases/{case}/proceedings/{proceeding}/report",
        query={"case": case["id"], "proceeding": transfer_of(case)["id"]},
    )


async def test_an_act_writes_its_record_in_the_deciding_transaction(shared: Office) -> None:
    case = await shared.open_case()
    await shared.take(case, FLAG)
    # The number of the transaction that wrote a row stands in the row.
    [event] = await shared.rows(
        "cases",
        "select xmin::text as xid, correlation_id from events where stream = $1 and version = 2",
        stream(case),
    )
    rows = await shared.rows(
        "cases",
        "select xmin::text as xid, data from accesses where correlation_id = $1",
        event["correlation_id"],
    )
    assert [row["xid"] for row in rows] == [event["xid"]]
    assert as_recorded(orjson.loads(rows[0]["data"]), shown=[case["id"]], method="POST")


async def test_records_reach_the_topic_of_reads_and_the_ledger(shared: Office) -> None:
    case = await shared.open_case()
    await shared.case(case)
    await shared.settled()
    for service in ("cases", "notifications", "audit"):
        rows = await shared.rows(
            service,
            "select a.id, a.data from accesses a join access_log l using (id) order by position",
        )
        kept = await shared.rows(
            "audit",
            "select id, data from ledger where topic = $1 order by position",
            f"xianjie.{service}.reads",
        )
        assert kept[: len(rows)] == rows


PURPOSES: tuple[tuple[str, str | None, int, str | None], ...] = (
    (PROSECUTOR, None, 403, "common.purpose.missing"),
    (PROSECUTOR, "handling; article=SC310 5", 403, "common.purpose.missing"),
    (PROSECUTOR, "curiosity", 422, "common.header.invalid"),
    (PROSECUTOR, "supervision; because", 422, "common.header.invalid"),
    (PROSECUTOR, "supervision; article= ", 422, "common.header.invalid"),
    (PROSECUTOR, "supervision; article=a\x01b", 422, "common.header.invalid"),
    (PROSECUTOR, "supervision; article=M17 14 ;  case= 7 ", 200, None),
    (PROSECUTOR, "supervision", 200, None),
    (PROSECUTOR, "supervision; article=M17 14; case=辽源案〔2026〕1号", 200, None),
    (GOVERNMENT, None, 403, "common.purpose.missing"),
    (GOVERNMENT, "oversight; article=SC310 16", 200, None),
    (AUDITOR, None, 403, "common.purpose.missing"),
    (AUDITOR, AUDIT, 200, None),
    (OFFICER, None, 200, None),
    (DESK, "handling", 200, None),
    ("ly-platform-administrator", AUDIT, 404, "common.resource.not_found"),
    ("ly-eeb-xian-officer-1", AUDIT, 404, "common.resource.not_found"),
)


async def test_who_does_not_handle_the_case_says_why(shared: Office) -> None:
    case = await shared.story(*TO_SENT)
    for person, purpose, status, code in PURPOSES:
        answer = await shared.get(person, f"{CASES}/{case['id']}", purpose=purpose)
        assert answer.status_code == status, (person, purpose, answer.text)
        assert answer.json().get("code") == code, (person, purpose)


async def test_each_reads_what_the_level_allows(shared: Office) -> None:
    person = {"name": "某某", "identity_number": "220402201505050019"}
    case = await shared.story(*TO_SENT, persons=[{"details": person, "is_minor": True}])
    held = await shared.case(case)
    assert [party.get("withheld") for party in held["parties"]] == [None, None]
    assert held["officers"] == ["ly-eeb-officer-1", "ly-eeb-officer-2"]

    told = await shared.case(case, POLICE)
    assert told["level"] == "party"
    assert [party.get("withheld") for party in told["parties"]] == [None, True]

    overseen = await shared.case(case, PROSECUTOR, SUPERVISION)
    assert (overseen["level"], overseen["officers"]) == ("supervisor", [])
    assert [party.get("withheld") for party in overseen["parties"]] == [None, True]

    counted = await shared.case(case, GOVERNMENT, "oversight")
    assert (counted["level"], counted["officers"], counted["open_steps"]) == ("superior", [], [])
    assert [party.get("withheld") for party in counted["parties"]] == [True, True]
    trail = found(await shared.get(GOVERNMENT, f"{CASES}/{case['id']}/trail", purpose="oversight"))
    assert {event["data"] for event in trail["events"]} == {None}


async def test_an_act_shows_its_actor_no_more_than_a_read(shared: Office) -> None:
    case = await shared.story(*TO_SENT)
    path = f"{CASES}/{case['id']}/proceedings/{case['proceedings'][-1]['id']}/sign_for_copy"
    acted = found(await shared.post("ly-pp-desk", path, {"form": {}}))
    read = await shared.case(case, "ly-pp-desk", SUPERVISION)
    del acted["receipts"], acted["signatures"]
    assert acted == read


async def a_case_with_words(running: Office) -> tuple[Case, list[str]]:
    case = await running.story(FLAG, TEAM, summary="绝不外泄的案情")
    one = f"{CASES}/{case['id']}"
    [content] = await running.rows(
        "cases", "select id from contents where stream = $1 and kind = 'summary'", stream(case)
    )
    return case, [one, f"{one}/trail", f"{one}/contents/{content['id']}", *LISTS]


BREAKAGES = (
    (
        {503},
        "revoke insert on accesses from xianjie_cases",
        "grant insert on accesses to xianjie_cases",
    ),
    ({503}, "alter table accesses rename to gone", "alter table gone rename to accesses"),
    (
        # Not even the case can be read: a fault of ours, of which nothing is told.
        {500, 503},
        (
            "alter role xianjie_cases nologin; select pg_terminate_backend(pid)"
            " from pg_stat_activity where usename = 'xianjie_cases'"
        ),
        "alter role xianjie_cases login",
    ),
)
BACKGROUND = ("bus_positions", "consumed", "access_log", "access_outbox", "ledger", "heads")


async def test_what_cannot_be_recorded_is_not_answered(var: Path) -> None:
    async with office(var) as running:
        case, paths = await a_case_with_words(running)
        await running.settled()
        before = await running.counts(*BACKGROUND)
        for statuses, breakage, repair in BREAKAGES:
            await running.as_superuser("cases", breakage)
            for path in (*paths, f"{CASES}/{uuid4()}"):
                answer = await running.get(OFFICER, path)
                assert answer.status_code in statuses, answer.text
                assert answer.headers["content-type"] == "application/problem+json"
                assert "绝不外泄" not in answer.text
                assert case["number"] not in answer.text
            step = await running.try_to(case, REPORT)
            assert step.status_code >= 500, step.text
            await running.as_superuser("cases", repair)

            async def is_repaired() -> bool:
                return (await running.get(OFFICER, paths[0])).is_success

            await until(is_repaired)
        after = await running.counts(*BACKGROUND)
        # Each repair was seen by reads that succeeded.
        assert after.pop("cases.accesses") >= before.pop("cases.accesses") + len(BREAKAGES)
        assert after == before


async def test_a_reader_waits_until_an_earlier_write_is_applied(shared: Office) -> None:
    case = await shared.story(*TO_SENT)
    [version] = await shared.rows(
        "cases", "select max(version) as n from events where stream = $1", stream(case)
    )
    headers = {"Authorization": f"Bearer {shared.token(POLICE_DESK)}"}
    for applied, is_stale in (
        (f"{stream(case)}@{version['n']}", False),
        (f"{stream(case)}@999", True),
    ):
        answer = await shared.client.get(INBOX, headers={**headers, "If-Applied": applied})
        assert answer.status_code == 200
        assert (answer.headers.get("Stale") == "true") is is_stale
    # Of its own streams a service tells nobody how far they are.
    for own in (f"{stream(case)}@999", "numbers/ly-psb/case/2026@999", "case/never@9"):
        answer = await shared.client.get(CASES, headers={**headers, "If-Applied": own})
        assert "Stale" not in answer.headers
    for unreadable in ("case", "case@", "case/\x00@1", f"{stream(case)}@١"):
        raw = {name.encode(): value.encode() for name, value in headers.items()}
        raw[b"If-Applied"] = unreadable.encode()
        answer = await shared.client.get(INBOX, headers=raw)
        refused(answer, 422, "common.header.invalid")
