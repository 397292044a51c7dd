"""Queries over the inboxes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime
from sqlalchemy import Row, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.contracts import Strict
from services.notifications.tables import INBOX, METADATA

REQUESTS = METADATA.tables["requests"]


class NoticeLine(Strict):
    """A notice in an inbox."""

    notice: UUID
    seq: int
    kind: str
    case_id: UUID
    case_number: str
    proceeding_id: UUID
    act: UUID
    from_organ: str
    to_organ: str
    duty: str
    article: str
    due_at: AwareDatetime | None
    receipt: str
    facts: dict[str, str]
    delivered_at: AwareDatetime
    read_at: AwareDatetime | None
    read_by: str | None
    acknowledged_at: AwareDatetime | None
    acknowledged_by: str | None


async def inbox(
    connection: AsyncConnection, organ: str, *, waiting_only: str | None, after: int, limit: int
) -> list[NoticeLine]:
    """The notices of an organ's inbox in the order of their delivery.

    Args:
        connection: to read with.
        organ: whose inbox.
        waiting_only: `unread` or `unacknowledged` leaves out the others.
        after: the `seq` behind which to begin.
        limit: how many at the most.
    """
    c = INBOX.c
    conditions = [c.to_organ == organ, c.seq > after]
    if waiting_only == "unread":
        conditions.append(c.read_at.is_(None))
    if waiting_only == "unacknowledged":
        conditions.append(c.acknowledged_at.is_(None))
    rows = await connection.execute(
        select(INBOX).where(and_(*conditions)).order_by(c.seq).limit(limit)
    )
    return [line(row) for row in rows]


async def notice(
    connection: AsyncConnection, organ: str, notice_id: UUID, *, lock: bool
) -> NoticeLine | None:
    """One notice of an organ's inbox; None when it is not there."""
    statement = select(INBOX).where(INBOX.c.notice == notice_id, INBOX.c.to_organ == organ)
    if lock:
        statement = statement.with_for_update()
    row = (await connection.execute(statement)).one_or_none()
    return line(row) if row else None


async def counts(connection: AsyncConnection, organ: str, now: datetime) -> dict[str, int]:
    """How many notices of an inbox are unread, wait for acknowledgement, or are overdue now."""
    c = INBOX.c
    waiting = c.acknowledged_at.is_(None)
    row = (
        await connection.execute(
            select(
                func.count().filter(c.read_at.is_(None)),
                func.count().filter(waiting),
                func.count().filter(and_(waiting, c.due_at < now)),
            ).where(c.to_organ == organ, waiting)
        )
    ).one()
    return {"unread": row[0], "unacknowledged": row[1], "overdue": row[2]}


async def kept(
    connection: AsyncConnection, person: str, route: str, key: str
) -> Row[*tuple[Any, ...]] | None:
    """The answer kept for a repeat of a request; None when there was no such request."""
    c = REQUESTS.c
    statement = select(c.body_digest, c.status, c.answer, c.headers).where(
        c.person == person, c.route == route, c.key == key
    )
    return (await connection.execute(statement)).one_or_none()


def line(row: Row[Any]) -> NoticeLine:
    """A row as a notice."""
    return NoticeLine(**{name: getattr(row, name) for name in NoticeLine.model_fields})


async def version_of(connection: AsyncConnection, stream: str) -> int:
    """The version of a stream, which nobody else moves until this transaction ends."""
    await connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(stream, 0))))
    events = METADATA.tables["events"].c
    statement = select(func.max(events.version)).where(events.stream == stream)
    return await connection.scalar(statement) or 0
