"""No personal data and no free text leave the sealed contents, whichever way one looks."""

import io
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from cryptography.exceptions import InvalidTag

from libs.common.events import canonical, digest
from tests.support.running import (
    APPROVE,
    CASES,
    COPY,
    DESK,
    FILE,
    FLAG,
    LAWFUL,
    NOTIFY,
    OFFICER,
    OPENING,
    POLICE,
    POLICE_HEAD,
    PROSECUTOR,
    REPORT,
    SEND,
    SIGN_FOR,
    TEAM,
    Act,
    Case,
    Office,
    found,
    office,
    refused,
    stream,
)
from xianjie import registry

PERSON = {
    "name": "欧阳不可见",
    "identity_number": "220402198001010019",
    "address": "辽源市隐秘路八号",
    "telephone": "13900001111",
}
SECRETS = (
    *PERSON.values(),
    "摘要不可见",
    "理由不可见",
    "事实不可见",
    "建议不可见",
    "意见不可见",
    "说明不可见",
    "补录不可见",
    "拒绝不可见",
)
ACTS = (
    Act(OFFICER, "flag_suspicion", {"offence": "xf338", "ground": "理由不可见"}),
    TEAM,
    Act(
        OFFICER,
        "report",
        {"offence": "xf338", "facts": "事实不可见", "proposal": "建议不可见", **LAWFUL},
        ("w1",),
    ),
    Act(APPROVE.person, "approve", {"opinion": "意见不可见"}),
    SEND,
    COPY,
    SIGN_FOR,
    Act(POLICE, "ask_for_papers", {"missing": ["w8"], "explanation": "说明不可见"}, ("w11",)),
    Act(OFFICER, "supply_papers", {"explanation": "说明不可见"}),
    FILE,
    NOTIFY,
)


async def a_case_full_of_words(running: Office) -> Case:
    case = await running.open_case(summary="摘要不可见", persons=[{"details": PERSON}])
    for act in ACTS:
        case = found(await running.try_to(case, act))
    return case


async def everywhere(running: Office) -> dict[str, str]:
    """Every row of every table as text, but for what is sealed, by table."""
    texts: dict[str, str] = {}
    for service in running.runtime.contexts:
        for table in registry.service(service).metadata.sorted_tables:
            query = f'select t::text as row from "{table.name}" t'  # noqa: S608 - our tables
            rows = await running.rows(service, query)
            raw = "\n".join(row["row"] for row in rows)
            # The row's own quoting doubles quotation marks; JSON escapes what is not ASCII.
            texts[f"{service}.{table.name}"] = raw + json.dumps(raw, ensure_ascii=False)
    return texts


async def test_words_stand_nowhere_but_sealed(var: Path, logged: io.StringIO) -> None:
    async with office(var) as running:
        case = await a_case_full_of_words(running)
        late = {
            "form": {"act": str(UUID(int=1)), "reason": "拒绝不可见"},
            "late_reason": "补录不可见",
            "happened_at": "2026-11-01T09:00:00+08:00",
        }
        path = f"{CASES}/{case['id']}/proceedings/{case['proceedings'][-1]['id']}"
        await running.post(OFFICER, f"{path}/correct", late)
        # Refused and broken requests must not spill what they carried either.
        await running.post(
            OFFICER, CASES, {"summary": "摘要不可见", "persons": [{"details": PERSON}]}
        )
        await running.post(OFFICER, CASES, json.dumps(PERSON).encode()[:-1])
        await running.post(POLICE, f"{path}/file", {"form": {"reason": "拒绝不可见"}})
        for person in (OFFICER, POLICE, PROSECUTOR):
            await running.get(person, f"{CASES}/{case['id']}/trail", purpose="supervision")
        await running.settled()

        texts = await everywhere(running)
        assert {"cases.events", "cases.requests", "audit.ledger", "cases.snapshots"} <= texts.keys()
        assert case["number"] in texts["cases.requests"]
        spilled = [
            (name, secret) for name, text in texts.items() for secret in SECRETS if secret in text
        ]
        assert spilled == []
        escaped = [json.dumps(secret)[1:-1] for secret in SECRETS]
        assert [name for name, text in texts.items() for each in escaped if each in text] == []

        # A database that refuses a row shows it in its message; that is not logged either.
        await running.as_superuser("cases", "alter table cases add check (cause <> 'odd')")
        answer = await running.post(OFFICER, CASES, {**OPENING, "cause": "odd"})
        refused(answer, 500, "common.server.fault")

        # The parties of a case as the API tells them to whoever holds it: references, no words.
        assert not any(secret in json.dumps(case, ensure_ascii=False) for secret in SECRETS)
    lines = logged.getvalue()
    assert "relay_leads" in lines
    assert "request_failed" in lines
    assert "Failing row" not in lines
    assert all(orjson.loads(line)["event"] for line in lines.splitlines())
    assert [secret for secret in SECRETS if secret in lines] == []


async def the_contents(running: Office, case: Case) -> dict[str, Any]:
    rows = await running.rows(
        "cases", "select id, kind from contents where stream = $1 order by id", stream(case)
    )
    return {row["kind"]: str(row["id"]) for row in rows}


async def test_words_open_to_who_holds_the_case_and_who_wrote_them(shared: Office) -> None:
    case = await a_case_full_of_words(shared)
    ids = await the_contents(shared, case)
    one = f"{CASES}/{case['id']}/contents"

    # The transfer has ended and the police hold their file; who holds neither reads its own.
    written = found(await shared.get(OFFICER, f"{one}/{ids['summary']}"))
    assert written["value"] == "摘要不可见"
    assert found(await shared.get(DESK, f"{one}/{ids['details']}"))["value"] == PERSON
    for person in (POLICE, POLICE_HEAD):
        read = found(await shared.get(person, f"{one}/{ids['summary']}"))
        assert read["value"] == "摘要不可见"
    for person, purpose in ((PROSECUTOR, "supervision"), ("ly-audit-auditor", "audit")):
        answer = await shared.get(person, f"{one}/{ids['details']}", purpose=purpose)
        refused(answer, 404, "common.resource.not_found")

    held = await shared.story(FLAG, TEAM, REPORT, APPROVE, SEND)
    ids = await the_contents(shared, held)
    one = f"{CASES}/{held['id']}/contents"
    refused(await shared.get(POLICE, f"{one}/{ids['facts']}"), 404, "common.resource.not_found")
    await shared.take(held, SIGN_FOR)
    assert found(await shared.get(POLICE, f"{one}/{ids['facts']}"))["value"] == "称重笔录。"
    # A content of one case is not found under another.
    other = f"{CASES}/{case['id']}/contents/{ids['facts']}"
    refused(await shared.get(OFFICER, other), 404, "common.resource.not_found")


async def test_the_digest_in_the_event_is_that_of_the_salted_words(shared: Office) -> None:
    case = await a_case_full_of_words(shared)
    rows = await shared.rows(
        "cases", "select type, data from events where stream = $1 order by version", stream(case)
    )
    events = {row["type"].split(".")[2]: orjson.loads(row["data"]) for row in rows}
    for sealed, value in (
        (events["case_opened"]["summary"], "摘要不可见"),
        (events["case_opened"]["parties"][1]["person"], PERSON),
        (events["transfer_reported"]["form"]["facts"], "事实不可见"),
    ):
        view = found(await shared.get(OFFICER, f"{CASES}/{case['id']}/contents/{sealed['id']}"))
        assert view["value"] == value
        assert sealed["digest"] == digest(bytes.fromhex(view["salt"]) + canonical(view["value"]))
    salts = await shared.rows("cases", "select salt from contents where stream = $1", stream(case))
    assert len({row["salt"] for row in salts}) == len(salts)


async def test_one_content_cannot_stand_in_anothers_place(shared: Office) -> None:
    case = await a_case_full_of_words(shared)
    ids = await the_contents(shared, case)
    vault = shared.runtime.contexts["cases"].vault
    query = (
        "select c.id, c.subject, c.sealed, k.wrapped from contents c"
        " join content_keys k using (subject) where id = $1"
    )
    [facts] = await shared.rows("cases", query, ids["facts"])
    [proposal] = await shared.rows("cases", query, ids["proposal"])
    [person] = await shared.rows("cases", query, ids["details"])

    def opened(**other: str | bytes) -> object:
        row = {name: facts[name] for name in ("subject", "wrapped", "sealed")} | other
        return vault.open(content_id=UUID(ids["facts"]), **row)

    assert opened() == "事实不可见"
    for other in (
        {"sealed": proposal["sealed"]},
        {"sealed": person["sealed"], "subject": person["subject"], "wrapped": person["wrapped"]},
        {"wrapped": person["wrapped"]},
        {"sealed": facts["sealed"][:-1] + bytes([facts["sealed"][-1] ^ 1])},
    ):
        with pytest.raises(InvalidTag):
            opened(**other)


async def test_a_content_copied_over_another_is_not_shown(shared: Office) -> None:
    case = await a_case_full_of_words(shared)
    ids = await the_contents(shared, case)
    async with shared.database("cases").driver() as connection:
        await connection.execute(
            "update contents c set sealed = o.sealed, salt = o.salt from contents o"
            " where c.id = $1 and o.id = $2",
            ids["facts"],
            ids["proposal"],
        )
    answer = await shared.get(OFFICER, f"{CASES}/{case['id']}/contents/{ids['facts']}")
    body = refused(answer, 500, "common.server.fault")
    assert "建议不可见" not in answer.text
    assert body["trace"]


async def test_words_are_taken_back_as_they_were_given(shared: Office) -> None:
    words = "第一行\n第二行\t“引号” \\ 反斜杠 😀 𠮷 \u0000 结束"
    case = await shared.open_case(summary=words)
    ids = await the_contents(shared, case)
    view = found(await shared.get(OFFICER, f"{CASES}/{case['id']}/contents/{ids['summary']}"))
    assert view["value"] == words
