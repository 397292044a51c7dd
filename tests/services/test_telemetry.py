"""One trace from a request to what it causes elsewhere, and figures for whoever watches."""

import re
from pathlib import Path

import httpx
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, format_trace_id

from libs.common.management import management_app
from tests.support.events import until
from tests.support.running import (
    APPROVE,
    CASES,
    OFFICER,
    SEND,
    TO_REPORT,
    Act,
    Office,
    found,
    office,
    stream,
    transfer_of,
)

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


def traces(spans: tuple[ReadableSpan, ...], trace: str = TRACE) -> list[tuple[str, SpanKind]]:
    return sorted(
        (span.name, span.kind)
        for span in spans
        if span.context and format_trace_id(span.context.trace_id) == trace
    )


async def test_one_trace_leads_from_the_request_to_every_effect(var: Path) -> None:
    exporter = InMemorySpanExporter()
    async with office(var, processors=(SimpleSpanProcessor(exporter),)) as running:
        case = await running.story(*TO_REPORT, APPROVE)
        act = Act(SEND.person, SEND.step, SEND.form, SEND.papers)
        found(
            await running.try_to(
                case,
                act,
                headers={
                    "If-Match": transfer_of(case)["etag"],
                    "traceparent": PARENT,
                },
            )
        )
        await running.arrived(case)
        await running.settled()

        said = await running.rows(
            "cases",
            "select type, traceparent, correlation_id from events where stream = $1"
            " order by version desc",
            stream(case),
        )
        of_trace = {
            row["type"].split(".")[2] for row in said if TRACE in (row["traceparent"] or "")
        }
        assert of_trace >= {"transfer_sent", "notice_owed", "transfer_arrived", "limit_started"}
        [sent] = [row for row in said if row["type"].endswith("transfer_sent.v1")]

        [delivered] = await running.rows(
            "notifications", "select traceparent, correlation_id from events"
        )
        assert TRACE in delivered["traceparent"]
        assert delivered["correlation_id"] == sent["correlation_id"]

        [access] = await running.rows(
            "cases",
            "select traceparent from accesses where correlation_id = $1",
            sent["correlation_id"],
        )
        assert TRACE in access["traceparent"]

        kept = await running.rows(
            "audit",
            "select topic, type from ledger where traceparent like $1 order by type",
            f"%{TRACE}%",
        )
        assert {row["topic"] for row in kept} == {
            "xianjie.cases",
            "xianjie.cases.reads",
            "xianjie.notifications",
        }

        spans = exporter.get_finished_spans()
        names = traces(spans)
        route = "/api/cases/v1/cases/{case}/proceedings/{proceeding}/send"
        assert (f"POST {route}", SpanKind.SERVER) in names
        assert ("react xianjie.cases.notice_owed.v1", SpanKind.CONSUMER) in names
        assert ("react xianjie.notifications.notice_delivered.v1", SpanKind.CONSUMER) in names
        # No span names a case or a person.
        assert not any(case["id"] in span.name for span in spans)
        assert not any(case["id"] in str(span.attributes) for span in spans)


async def test_the_notice_of_the_reaction_belongs_to_the_same_request(shared: Office) -> None:
    case = await shared.arrived(await shared.story(*TO_REPORT, APPROVE, SEND))
    rows = await shared.rows(
        "cases",
        "select type, correlation_id, causation_id, id from events where stream = $1",
        stream(case),
    )
    by_name = {row["type"].split(".")[2]: row for row in rows}
    sent, arrived = by_name["transfer_sent"], by_name["transfer_arrived"]
    assert arrived["correlation_id"] == sent["correlation_id"]
    [delivered] = await shared.rows(
        "notifications",
        "select id, causation_id from events where id = $1",
        arrived["causation_id"],
    )
    [owed] = [row for row in rows if row["id"] == delivered["causation_id"]]
    assert owed["type"].endswith("notice_owed.v1")
    assert owed["causation_id"] == sent["id"]


GAUGES = (
    "outbox_age_seconds",
    "relay_lag_events",
    "consumer_lag_events",
    "parked_streams",
    "gap_streams",
    "open_limits",
    "overdue_limits",
    "owed_notices",
)


async def test_the_figures_stand_on_the_management_port(shared: Office) -> None:
    case = await shared.story(*TO_REPORT)
    found(await shared.get(OFFICER, f"{CASES}/{case['id']}"))
    transport = httpx.ASGITransport(management_app(shared.runtime))
    async with httpx.AsyncClient(transport=transport, base_url="http://management") as client:

        async def are_measured() -> bool:
            text = (await client.get("/metrics")).text
            return all(re.search(rf"^xianjie_{name}[ {{]", text, re.MULTILINE) for name in GAUGES)

        await until(are_measured)
        text = (await client.get("/metrics")).text
        counted = re.search(
            r'xianjie_request_seconds_count\{[^}]*route="/api/cases/v1/cases/\{case\}"', text
        )
        assert counted, text
        assert case["id"] not in text
        assert "xianjie_relayed_events_total" in text
        assert "xianjie_applied_events_total" in text
        ready = await client.get("/health/ready")
        assert (ready.status_code, ready.json()) == (200, {"failing": []})
        assert (await client.get("/health/live")).json() == {"status": "live"}
        assert all(parked == [] for parked in (await client.get("/parked")).json().values())
