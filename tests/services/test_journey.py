"""A transfer goes from the agency to the police and is answered, and every part sees it."""

from datetime import timedelta
from pathlib import Path

from tests.support.events import until
from tests.support.running import (
    APPROVE,
    ASK,
    AUDITOR,
    CASES,
    COPY,
    DESK,
    FILE,
    FLAG,
    GOVERNMENT,
    INBOX,
    NOTIFY,
    POLICE_DESK,
    PROSECUTOR,
    REPORT,
    SEND,
    SIGN,
    SIGN_FOR,
    SUPPLY,
    TEAM,
    Office,
    found,
    limits,
    office,
    stream,
    transfer_of,
)

SUPERVISION = "supervision; article=M17 14"
AUDIT = "audit; article=PLATFORM audit"


async def notices(running: Office, person: str) -> list[str]:
    page = found(await running.get(person, INBOX))
    return [notice["kind"] for notice in page["notices"]]


async def test_a_transfer_is_sent_signed_for_supplied_filed_and_answered(var: Path) -> None:
    async with office(var) as running:
        case = await running.story(FLAG, TEAM)
        assert case["number"] == "辽源案〔2026〕1号"
        assert limits(case) == {}

        case = await running.take(case, REPORT)
        # Three natural days from Tuesday: until the end of Friday (SC310 5).
        assert limits(case) == {"decide_on_report": "2026-11-14T00:00:00+08:00"}

        running.clock.advance(timedelta(hours=2))
        case = await running.take(case, APPROVE)
        assert limits(case) == {
            "hand_over": "2026-11-11T11:00:00+08:00",
            "copy_letter": "2026-11-11T11:00:00+08:00",
        }

        running.clock.advance(timedelta(hours=1))
        case = await running.take(case, SEND, COPY)
        case = await running.arrived(case)
        assert case["headline"].startswith("已移送待接受")
        assert limits(case) == {"sign_after_arrival": "2026-11-11T12:00:00+08:00"}

        running.clock.advance(timedelta(hours=3))
        case = await running.take(case, SIGN_FOR)
        assert transfer_of(case)["holder"] == "ly-psb"
        assert limits(case) == {
            "decide_filing": "2026-11-14T00:00:00+08:00",
            "name_missing_papers": "2026-11-11T15:00:00+08:00",
            "reroute": "2026-11-11T15:00:00+08:00",
            "return_case": "2026-11-11T15:00:00+08:00",
        }

        case = await running.take(case, ASK)
        assert limits(case)["supply_papers"] == "2026-11-14T00:00:00+08:00"
        case = await running.take(case, SUPPLY)
        assert "supply_papers" not in limits(case)

        running.clock.advance(timedelta(days=1))
        case = await running.take(case, FILE)
        # The third day is a Saturday: until the end of Monday.
        assert limits(case) == {"notify_result": "2026-11-17T00:00:00+08:00"}
        case = await running.take(case, NOTIFY, SIGN)
        assert limits(case) == {}
        assert case["headline"] == "刑事立案侦查 / Filed, under investigation"

        await running.settled()
        assert await notices(running, POLICE_DESK) == ["transfer_delivered", "papers_supplied"]
        assert await notices(running, DESK) == [
            "transfer_received",
            "papers_asked",
            "filing_notified",
        ]
        assert await notices(running, PROSECUTOR) == ["transfer_copied", "filing_notified"]
        assert await notices(running, GOVERNMENT) == []

        trail = found(await running.get(POLICE_DESK, f"{CASES}/{case['id']}/trail"))
        said = [event["type"].split(".")[2] for event in trail["events"]]
        assert said == await running.types(case)
        assert [event["version"] for event in trail["events"]] == list(range(1, len(said) + 1))
        steps = [name for name in said if not name.startswith(("limit_", "notice_", "entry_"))]
        assert steps == [
            "case_opened",
            "suspicion_flagged",
            "team_formed",
            "transfer_reported",
            "transfer_approved",
            "transfer_sent",
            "transfer_copied",
            "transfer_arrived",
            "transfer_received",
            "papers_asked",
            "papers_supplied",
            "case_filed",
            "file_opened_on_transfer",
            "filing_notified",
            "answer_received",
        ]
        assert said.count("notice_owed") == 7
        assert said.count("entry_owed") == 2

        await the_ledger_has_everything(running, case, said)


async def the_ledger_has_everything(running: Office, case: dict[str, str], said: list[str]) -> None:
    await running.settled()
    for service in ("cases", "notifications"):
        own = await running.rows(
            service,
            "select e.id, e.data, l.position from events e join log l using (stream, version)",
        )
        kept = await running.rows(
            "audit",
            "select id, data, position from ledger where topic = $1",
            f"xianjie.{service}",
        )
        assert sorted(kept, key=lambda row: row["position"]) == sorted(
            own, key=lambda row: row["position"]
        )
    page = found(
        await running.get(
            AUDITOR, f"/api/audit/v1/cases/{case['id']}/trail", purpose=AUDIT, limit=500
        )
    )
    of_case = [line for line in page["lines"] if line["stream"] == stream(case)]
    assert [line["type"].split(".")[2] for line in of_case] == said

    counted = found(await running.get(AUDITOR, "/api/audit/v1/reconciliation", purpose=AUDIT))
    assert (counted["owed"], counted["delivered"], counted["undelivered"]) == (7, 7, [])
    assert all(topic["missing"] == [] for topic in counted["topics"])


async def test_who_acknowledges_a_notice_is_counted_once(shared: Office) -> None:
    case = await shared.story(FLAG, TEAM, REPORT, APPROVE, SEND)
    await shared.arrived(case)
    query = "select notice from inbox where case_id = $1 and kind = 'transfer_delivered'"
    [row] = await shared.rows("notifications", query, case["id"])
    path = f"{INBOX}/{row['notice']}/mark"

    first = await shared.post(POLICE_DESK, path, {"mark": "acknowledged"}, key="once")
    again = await shared.post(POLICE_DESK, path, {"mark": "acknowledged"}, key="once")
    other = await shared.post(POLICE_DESK, path, {"mark": "acknowledged"})

    stream = f"notices/{case['id']}"
    assert len(found(first)["receipts"]) == 2
    assert again.content == first.content
    assert found(other)["receipts"] == []
    said = (
        "select type from events where stream = $1 and data::json ->> 'notice' = $2"
        " order by version"
    )
    rows = await shared.rows("notifications", said, stream, str(row["notice"]))
    assert [each["type"].split(".")[2] for each in rows] == [
        "notice_delivered",
        "notice_read",
        "notice_acknowledged",
    ]

    async def is_counted() -> bool:
        kept = "select acknowledged_at from obligations where notice = $1"
        rows = await shared.rows("audit", kept, row["notice"])
        return bool(rows and rows[0]["acknowledged_at"] == shared.clock.now())

    await until(is_counted)
