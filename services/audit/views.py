"""Queries over the ledger."""

from typing import Any
from uuid import UUID

from pydantic import AwareDatetime
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.contracts import Strict
from services.audit.tables import HEADS, LEDGER, OBLIGATIONS

MISSING_MAX = 100


class LedgerLine(Strict):
    """An envelope in the ledger, without what it holds."""

    topic: str
    epoch: int
    position: int
    stream: str
    version: int
    id: UUID
    type: str
    time: AwareDatetime
    actor: str
    agency: str
    correlation_id: UUID
    causation_id: UUID | None
    data_digest: str
    received_at: AwareDatetime


class TopicCount(Strict):
    """How much of a topic the ledger has."""

    topic: str
    epoch: int
    received: int
    """Envelopes in the ledger."""
    last: int
    """The highest position in the ledger."""
    sent: int | None
    """The highest position that the producer says it has given; None when it has not been heard."""
    missing: tuple[int, ...]
    """Positions that are not in the ledger, a hundred at the most."""


class OpenObligation(Strict):
    """A notice owed that has not been received."""

    notice: UUID
    case_id: UUID
    case_number: str
    kind: str
    to_organ: str
    owed_at: AwareDatetime | None
    due_at: AwareDatetime | None


class Reconciliation(Strict):
    """What was said against what arrived, and what was owed against what was received."""

    topics: tuple[TopicCount, ...]
    owed: int
    delivered: int
    acknowledged: int
    undelivered: tuple[OpenObligation, ...]
    """Notices owed and not delivered, the oldest hundred."""


async def trail(
    connection: AsyncConnection, case_id: UUID, *, after: int, limit: int
) -> list[LedgerLine]:
    """What was said on a case, its notices included, in the order of receipt."""
    c = LEDGER.c
    columns = [c[name] for name in LedgerLine.model_fields]
    rows = await connection.execute(
        select(*columns)
        .where(c.stream.in_((f"case/{case_id}", f"notices/{case_id}")))
        .order_by(c.time, c.topic, c.position)
        .offset(after)
        .limit(limit)
    )
    return [LedgerLine(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name


async def reconciliation(connection: AsyncConnection) -> Reconciliation:
    """Compare what producers say they sent with what is here, and obligations with receipts."""
    c = LEDGER.c
    counted = {
        row.topic: row
        for row in await connection.execute(
            select(
                c.topic,
                func.max(c.epoch).label("epoch"),
                func.count().label("received"),
                func.max(c.position).label("last"),
            ).group_by(c.topic)
        )
    }
    heads = {row.topic: row for row in await connection.execute(select(HEADS))}
    topics: list[TopicCount] = []
    for topic in sorted(counted.keys() | heads.keys()):
        found, head = counted.get(topic), heads.get(topic)
        sent = head.position if head else None
        last = found.last if found else 0
        upto = max(last, sent or 0)
        received = found.received if found else 0
        missing = ()
        if received < upto:
            missing = tuple(await connection.scalars(_missing(topic, upto)))
        epoch = found.epoch if found else head.epoch  # type: ignore[union-attr] # one of them is
        topics.append(
            TopicCount(
                topic=topic, epoch=epoch, received=received, last=last, sent=sent, missing=missing
            )
        )
    o = OBLIGATIONS.c
    row = (
        await connection.execute(
            select(func.count(o.owed_at), func.count(o.delivered_at), func.count(o.acknowledged_at))
        )
    ).one()
    undelivered = await connection.execute(
        select(*(o[name] for name in OpenObligation.model_fields))
        .where(o.delivered_at.is_(None))
        .order_by(o.owed_at)
        .limit(MISSING_MAX)
    )
    return Reconciliation(
        topics=tuple(topics),
        owed=row[0],
        delivered=row[1],
        acknowledged=row[2],
        undelivered=tuple(OpenObligation(**each._mapping) for each in undelivered),  # noqa: SLF001
    )


def _missing(topic: str, upto: int) -> Select[tuple[Any]]:
    numbers = func.generate_series(1, upto).table_valued("position")
    present = select(LEDGER.c.position).where(
        LEDGER.c.topic == topic, LEDGER.c.position == numbers.c.position
    )
    return (
        select(numbers.c.position)
        .where(~present.exists())
        .order_by(numbers.c.position)
        .limit(MISSING_MAX)
    )


async def undelivered_count(connection: AsyncConnection) -> int:
    """How many notices are owed and not delivered, for the operator's figures."""
    statement = select(func.count()).where(OBLIGATIONS.c.delivered_at.is_(None))
    return int(await connection.scalar(statement) or 0)
