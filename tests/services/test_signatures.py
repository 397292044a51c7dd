"""What people do is signed for their organ; whoever keeps it can prove it with the keys alone."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from typer.testing import CliRunner

from libs.common.clock import ManualClock
from libs.common.public_keys import PublicKey, by_id, read_key_set
from libs.common.signatures import Fault
from libs.common.verifying import Finding, Kind, findings
from tests.support.running import (
    APPROVE,
    CASES,
    FLAG,
    HEAD,
    MORNING,
    OFFICER,
    OPENING,
    PROFILE,
    PROSECUTOR,
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
    refused,
    stream,
)
from xianjie.program import app

KEYS: Final = "/api/cases/v1/keys"
SUPERVISION: Final = "supervision; article=M17 14"


async def key_set(running: Office) -> dict[str, Any]:
    return found(await running.client.get(KEYS))


async def published(running: Office) -> dict[str, PublicKey]:
    return dict(by_id(read_key_set(await key_set(running))))


async def log_of(running: Office, case: Case) -> dict[str, Any]:
    """The events of a case as the log gives them to services."""
    token = running.runtime.issuer.service_token("audit", "cases")
    answer = await running.client.get(
        "/api/cases/v1/log",
        params={"stream": stream(case)},
        headers={"Authorization": f"Bearer {token}"},
    )
    return found(answer)


async def trail_of(running: Office, case: Case, person: str, **params: Any) -> dict[str, Any]:  # noqa: ANN401 - of a query
    return found(await running.get(person, f"{CASES}/{case['id']}/trail", **params))


def wrong(judged: tuple[Finding, ...]) -> list[tuple[str, Fault | None]]:
    return [(each.place, each.fault) for each in judged if each.fault]


async def test_every_step_of_a_person_is_signed_and_nothing_else_is(shared: Office) -> None:
    case = await shared.arrived(await shared.story(*TO_SENT))
    case = await shared.take(case, SIGN_FOR)
    await shared.settled()
    rows = await shared.rows(
        "cases",
        "select version, type, agency, data from events where stream = $1 order by version",
        stream(case),
    )
    bodies = [(row["type"].split(".")[2], row["agency"], json.loads(row["data"])) for row in rows]
    signed = [(name, organ) for name, organ, body in bodies if body.get("signatures")]
    assert signed == [
        ("suspicion_flagged", "ly-eeb"),
        ("team_formed", "ly-eeb"),
        ("transfer_reported", "ly-eeb"),
        ("transfer_approved", "ly-eeb"),
        ("transfer_sent", "ly-eeb"),
        ("transfer_copied", "ly-eeb"),
        ("transfer_received", "ly-psb"),
    ]
    arrived = next(body for name, _, body in bodies if name == "transfer_arrived")
    assert arrived["signatures"] == []
    limit = next(body for name, _, body in bodies if name == "limit_started")
    assert "signatures" not in limit


async def test_the_answer_the_trail_the_log_and_the_ledger_hold_one_signature(
    shared: Office,
) -> None:
    case = await shared.story(*TO_REPORT)
    answer = await shared.take(case, APPROVE)
    [signature] = answer["signatures"]
    assert {name: signature[name] for name in ("organ", "person", "duty", "key_id")} == {
        "organ": "ly-eeb",
        "person": HEAD,
        "duty": "head",
        "key_id": "ly-eeb-ed25519",
    }
    await shared.settled()
    trail = await trail_of(shared, case, OFFICER)
    approved = trail["events"][answer["receipts"][0]["version"] - 1]
    assert approved["data"]["signatures"] == [signature]
    log = await log_of(shared, case)
    [said] = [each for each in log["events"] if each["attributes"]["id"] == approved["id"]]
    assert json.loads(said["data"])["signatures"] == [signature]
    kept = await shared.rows("audit", "select data from ledger where id = $1", approved["id"])
    assert [json.loads(row["data"])["signatures"] for row in kept] == [[signature]]


async def test_a_trail_a_log_and_every_answer_hold(shared: Office) -> None:
    opened = await shared.open_case()
    answers = [opened]
    for act in TO_FILED:
        answers.append(await shared.take(answers[-1], act))
    await shared.settled()
    keys = await published(shared)
    judged = findings(answers, keys)
    assert wrong(judged) == []
    assert [each.kind for each in judged].count(Kind.RECEIPT) == len(TO_FILED) + 1
    assert [each.kind for each in judged].count(Kind.SIGNATURE) == len(TO_FILED)
    for given, withheld in (
        (await log_of(shared, opened), 0),
        # Of the police's own decision the agency sees the state and the day.
        (await trail_of(shared, opened, OFFICER), 1),
        (await trail_of(shared, opened, PROSECUTOR, purpose=SUPERVISION), 0),
    ):
        judged = findings(given, keys)
        assert wrong(judged) == []
        assert [each.kind for each in judged].count(Kind.EVENT) == len(TO_FILED) - withheld


async def test_a_repeat_is_given_the_first_signature(shared: Office) -> None:
    case = await shared.story(FLAG)
    first = found(await shared.try_to(case, TEAM, key="signed-once"))
    again = found(await shared.try_to(case, TEAM, key="signed-once"))
    assert again["signatures"] == first["signatures"] != []


async def test_opening_a_case_is_no_step_and_has_a_receipt_alone(shared: Office) -> None:
    opened = found(await shared.post(OFFICER, CASES, OPENING))
    assert opened["signatures"] == []
    assert len(opened["receipts"]) == 1


async def test_putting_right_is_signed_as_what_the_person_is(shared: Office) -> None:
    case = await shared.story(FLAG, TEAM)
    act = (await trail_of(shared, case, OFFICER))["events"][-1]["id"]
    annulled = await shared.take(case, Act(OFFICER, "annul", {"act": act, "reason": "误录。"}))
    [signature] = annulled["signatures"]
    assert (signature["person"], signature["duty"]) == (OFFICER, "officer")
    assert wrong(findings(annulled, await published(shared))) == []


async def test_an_organ_with_sm2_signs_twice_over_one_digest(shared: Office) -> None:
    case = await shared.story(*TO_SENT)
    taken = await shared.take(case, Act("ly-pp-desk", "sign_for_copy"))
    signatures = taken["signatures"]
    assert [each["algorithm"] for each in signatures] == ["ed25519", "sm2-sm3"]
    assert len({each["digest"] for each in signatures}) == 1
    trail = await trail_of(shared, case, "ly-pp-desk", purpose=SUPERVISION)
    judged = findings(trail, await published(shared))
    assert wrong(judged) == []
    assert [each.said["key_id"] for each in judged if each.kind is Kind.SIGNATURE][-2:] == [
        "ly-pp-ed25519",
        "ly-pp-sm2",
    ]


# --- after the row is gone


def ran(keys: Path, given: object) -> tuple[int, list[dict[str, Any]]]:
    result = CliRunner().invoke(
        app,
        ["verify-signature", "-", "--json", "--keys", str(keys)],
        input=json.dumps(given, ensure_ascii=False),
    )
    return result.exit_code, json.loads(result.output) if result.exit_code < 2 else []


async def test_what_somebody_kept_holds_when_nothing_else_is_left(
    var: Path, tmp_path: Path
) -> None:
    async with office(var) as running:
        case = await running.story(*TO_REPORT)
        answer = await running.take(case, APPROVE)
        trail = await trail_of(running, case, OFFICER)
        (tmp_path / "keys.json").write_text(json.dumps(await key_set(running)))
        await running.as_superuser("cases", "truncate events, outbox, log, snapshots, requests")
    # The installation has stopped, and its events are gone.
    keys = tmp_path / "keys.json"
    for given in (answer, trail, answer["receipts"], answer["signatures"]):
        code, rows = await asyncio.to_thread(ran, keys, given)
        assert code == 0, rows
        assert all(row["holds"] and row["kept_by"] in ("platform", None) for row in rows)
    [receipt] = answer["receipts"]
    approved = trail["events"][receipt["version"] - 1]
    # The receipt also proves that the signature stood in what was accepted.
    assert ran(keys, {"receipt": receipt, "content": approved["data"]})[0] == 0
    stripped = {**approved["data"], "signatures": []}
    assert ran(keys, {"receipt": receipt, "content": stripped})[0] == 1
    assert ran(keys, {**approved, "data": stripped})[0] == 1
    assert ran(keys, {**approved, "person": OFFICER})[0] == 1
    assert ran(keys, {**receipt, "version": receipt["version"] + 1})[0] == 1


async def test_what_was_changed_in_the_database_does_not_hold(var: Path) -> None:
    async with office(var) as running:
        case = await running.story(*TO_REPORT, APPROVE)
        await running.settled()
        assert wrong(findings(await log_of(running, case), await published(running))) == []
        await running.as_superuser(
            "cases",
            'update events set data = replace(data, \'"row":"approve"\', \'"row":"refuse"\')',
        )
        changed = findings(await log_of(running, case), await published(running))
        assert [fault for _, fault in wrong(changed)] == [
            Fault.CONTENT_DIFFERS,
            Fault.NOT_WHO_ACTED,
        ]


# --- keys


async def test_the_keys_are_published_with_their_validity_and_who_keeps_them(
    shared: Office,
) -> None:
    keys = (await key_set(shared))["keys"]
    [of_service] = [key for key in keys if key["owner"] == "service:cases"]
    assert "valid_from" not in of_service
    of_organs = [key for key in keys if key["owner"] != "service:cases"]
    organs = {organ.id for organ in shared.runtime.profile.organs}
    assert {key["owner"] for key in of_organs} == organs
    assert {key["kept_by"] for key in keys} == {"platform"}
    assert all("valid_from" in key for key in of_organs)
    algorithms = {key["kid"]: key["algorithm"] for key in keys}
    assert [algorithms[name] for name in ("ly-pp-ed25519", "ly-pp-sm2")] == ["ed25519", "sm2-sm3"]
    others = found(await shared.client.get("/api/audit/v1/keys"))["keys"]
    assert [key["owner"] for key in others] == ["service:audit"]


def with_keys(tmp_path: Path, name: str, *rows: str) -> Path:
    """The profile with keys of the agency."""
    text = PROFILE.read_text(encoding="utf-8")
    place = 'id = "ly-eeb"\n'
    assert text.count(f"\n{place}") == 1
    changed = tmp_path / name
    keys = f"keys = [{', '.join(rows)}]\n"
    changed.write_text(text.replace(f"\n{place}", f"\n{place}{keys}"), encoding="utf-8")
    return changed


FIRST: Final = (
    '{ key_id = "ly-eeb-ed25519", algorithm = "ed25519", valid_from = 1983-08-30,'
    " valid_to = 2026-11-09 }"
)
SECOND: Final = '{ key_id = "ly-eeb-2", algorithm = "ed25519", valid_from = 2026-11-10 }'


async def test_after_a_rotation_both_the_old_and_the_new_hold(var: Path, tmp_path: Path) -> None:
    before = ManualClock(MORNING - timedelta(days=1))
    async with office(var, clock=before) as running:
        case = await running.story(FLAG, discovered_at="2026-11-08T10:00:00+08:00")
    rotated = with_keys(tmp_path, "rotated.toml", FIRST, SECOND)
    async with office(var, profile=rotated) as running:
        case = await running.take(await running.case(case), TEAM)
        trail = await trail_of(running, case, OFFICER)
        keys = await published(running)
    judged = findings(trail, keys)
    assert wrong(judged) == []
    used = [each.said["key_id"] for each in judged if each.kind is Kind.SIGNATURE]
    assert used == ["ly-eeb-ed25519", "ly-eeb-2"]


async def test_without_a_valid_key_the_step_is_refused(var: Path, tmp_path: Path) -> None:
    async with office(var, profile=with_keys(tmp_path, "ended.toml", FIRST)) as running:
        case = await running.open_case()
        problem = refused(await running.try_to(case, FLAG), 409, "common.signature.no_key")
        assert (problem["organ"], problem["algorithm"]) == ("ly-eeb", "ed25519")
        assert await running.types(case) == ["case_opened"]
