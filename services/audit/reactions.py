"""What every service's events cause here: they are kept, and what is owed is counted."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.consumer import Batched, Reaction, Reactions
from libs.common.contracts.cases import CASES
from libs.common.contracts.notifications import (
    NOTIFICATIONS,
    NoticeAcknowledged,
    NoticeDelivered,
)
from libs.common.contracts.procedure import NoticeOwed
from libs.common.events import Envelope, digest
from libs.common.service import Context
from services.audit.tables import HEADS, OBLIGATIONS

READS_STREAM: Final = "accesses/"


def topic_of(envelope: Envelope) -> str:
    """The topic on which an envelope came: reads have one of their own."""
    reads = ".reads" if envelope.stream.startswith((READS_STREAM, "access_log/")) else ""
    return f"xianjie.{envelope.service}{reads}"


def ledger_reactions(_: Context) -> Reactions:
    """Keep every envelope as it came; nothing is parsed, so nothing can be parked."""
    return {"*": Batched(keep)}


async def keep(envelopes: Sequence[Envelope], connection: AsyncConnection) -> None:
    """Append envelopes to the ledger; one that is there already stays as it is."""
    await connection.execute(
        _KEEP,
        {
            "topics": [topic_of(each) for each in envelopes],
            "epochs": [each.epoch for each in envelopes],
            "positions": [each.position for each in envelopes],
            "streams": [each.stream for each in envelopes],
            "versions": [each.version for each in envelopes],
            "ids": [each.id for each in envelopes],
            "types": [each.type for each in envelopes],
            "times": [each.time for each in envelopes],
            "actors": [each.actor for each in envelopes],
            "agencies": [each.agency for each in envelopes],
            "correlations": [each.correlation_id for each in envelopes],
            "causations": [each.causation_id for each in envelopes],
            "traceparents": [each.traceparent for each in envelopes],
            "bodies": [each.data.decode() for each in envelopes],
            "digests": [digest(each.data) for each in envelopes],
        },
    )


_KEEP: Final = text(
    "insert into ledger (topic, epoch, position, stream, version, id, type, time, actor, agency,"
    " correlation_id, causation_id, traceparent, data, data_digest)"
    " select * from unnest(cast(:topics as text[]), cast(:epochs as int[]),"
    " cast(:positions as bigint[]), cast(:streams as text[]), cast(:versions as bigint[]),"
    " cast(:ids as uuid[]), cast(:types as text[]), cast(:times as timestamptz[]),"
    " cast(:actors as text[]), cast(:agencies as text[]), cast(:correlations as uuid[]),"
    " cast(:causations as uuid[]), cast(:traceparents as text[]), cast(:bodies as text[]),"
    " cast(:digests as text[])) on conflict do nothing"
)


async def note_head(context: Context, topic: str, *, epoch: int, position: int) -> None:
    """Remember how far a producer says that its log goes."""
    values = {
        "topic": topic,
        "epoch": epoch,
        "position": position,
        "seen_at": context.clock.now(),
    }
    async with context.database.begin() as connection:
        await connection.execute(
            insert(HEADS)
            .values(values)
            .on_conflict_do_update(index_elements=["topic"], set_=values)
        )


def obligation_reactions(context: Context) -> Reactions:
    """Count what was owed against what was received, joined by the notice's id."""
    unknown = context.telemetry.meters.unknown_field

    async def owed(envelope: Envelope, connection: AsyncConnection) -> None:
        event = CASES.read(envelope, on_unknown=unknown)
        assert isinstance(event, NoticeOwed)
        values = {
            "notice": event.notice,
            "case_id": event.case,
            "case_number": event.case_number,
            "kind": event.kind,
            "to_organ": event.to_organ,
            "owed_at": envelope.time,
            "due_at": event.due_at,
        }
        await _merge(connection, values)

    async def received(envelope: Envelope, connection: AsyncConnection) -> None:
        event = NOTIFICATIONS.read(envelope, on_unknown=unknown)
        assert isinstance(event, NoticeDelivered | NoticeAcknowledged)
        values = {
            "notice": event.notice,
            "case_id": event.case,
            "case_number": event.case_number,
            "kind": event.kind,
            "to_organ": event.to_organ,
        }
        if isinstance(event, NoticeDelivered):
            values["delivered_at"] = event.delivered_at
        else:
            values["acknowledged_at"] = event.acknowledged_at
        await _merge(connection, values)

    table: dict[str, Reaction] = {
        CASES.type_of(NoticeOwed): owed,
        NOTIFICATIONS.type_of(NoticeDelivered): received,
        NOTIFICATIONS.type_of(NoticeAcknowledged): received,
    }
    return table


async def _merge(connection: AsyncConnection, values: dict[str, object]) -> None:
    statement = insert(OBLIGATIONS).values(values)
    kept = {
        name: func.coalesce(OBLIGATIONS.c[name], statement.excluded[name])
        for name in values
        if name.endswith("_at")
    }
    await connection.execute(statement.on_conflict_do_update(index_elements=["notice"], set_=kept))
