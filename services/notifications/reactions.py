"""What other services' events cause here: a notice owed is a notice in an inbox."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.consumer import Reaction, Reactions
from libs.common.contracts.cases import CASES
from libs.common.contracts.notifications import NOTIFICATIONS, NoticeDelivered
from libs.common.contracts.procedure import NoticeOwed
from libs.common.database import driver_of
from libs.common.events import SERVICE_PREFIX, Envelope, NewEvent, new_id
from libs.common.events import Context as EventContext
from libs.common.service import Context
from libs.common.store import Append, append
from services.notifications.domain import delivered, stream_of
from services.notifications.tables import INBOX
from services.notifications.views import version_of


def reactions(context: Context) -> Reactions:
    """The reactions of the notification service."""

    async def deliver(envelope: Envelope, connection: AsyncConnection) -> None:
        """A notice owed becomes a row in the receiver's inbox, and its delivery is said."""
        owed = CASES.read(envelope, on_unknown=context.telemetry.meters.unknown_field)
        assert isinstance(owed, NoticeOwed)
        now = context.clock.now()
        row = {
            "notice": owed.notice,
            "kind": owed.kind,
            "case_id": owed.case,
            "case_number": owed.case_number,
            "proceeding_id": owed.proceeding,
            "act": owed.act,
            "from_organ": owed.from_organ,
            "to_organ": owed.to_organ,
            "duty": owed.duty.value,
            "article": owed.article,
            "due_at": owed.due_at,
            "receipt": owed.receipt.value,
            "facts": owed.facts,
            "delivered_at": now,
        }
        statement = insert(INBOX).values(row).on_conflict_do_nothing().returning(INBOX.c.seq)
        if await connection.scalar(statement) is None:
            return
        event = NewEvent(
            new_id(),
            NOTIFICATIONS.type_of(NoticeDelivered),
            now,
            delivered(owed, now).data(),
            EventContext(
                SERVICE_PREFIX + "notifications",
                owed.to_organ,
                envelope.correlation_id,
                envelope.id,
                envelope.traceparent,
            ),
        )
        stream = stream_of(owed.case)
        version = await version_of(connection, stream)
        await append(await driver_of(connection), [Append(stream, version, [event])])
        context.database.poke()

    table: dict[str, Reaction] = {CASES.type_of(NoticeOwed): deliver}
    return table
