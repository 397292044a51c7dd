"""HTTP of the notification service: the inbox of an organ."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import Field
from sqlalchemy import update

from libs.common.accesses import access_row
from libs.common.contracts import Event, Strict
from libs.common.contracts.notifications import NOTIFICATIONS, NoticeDelivered
from libs.common.database import driver_of
from libs.common.errors import NotFound, RequestReused
from libs.common.events import Context as EventContext
from libs.common.events import NewEvent, digest, new_id
from libs.common.http import Acting, Reading, Routes, acting, json_response, person_of, reader
from libs.common.service import Context
from libs.common.signing import Receipt
from libs.common.store import Append, append
from libs.common.telemetry import current_traceparent
from services.notifications import views
from services.notifications.domain import Mark, marked, stream_of
from services.notifications.tables import INBOX, METADATA
from services.notifications.views import REQUESTS, NoticeLine

ACCESSES = METADATA.tables["accesses"]


class InboxPage(Strict):
    """A page of an inbox; `next` is the `after` of the next one."""

    notices: tuple[NoticeLine, ...]
    unread: int
    unacknowledged: int
    overdue: int
    next: int | None


class InboxQuery(Strict):
    """Which notices, and where the page begins."""

    waiting: Literal["unread", "unacknowledged"] | None = None
    after: Annotated[int, Field(ge=0, le=2**62)] = 0
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class MarkBody(Strict):
    """What is done with a notice."""

    mark: Mark


class MarkAnswer(Strict):
    """The notice as it is then, and the receipts of what was said."""

    notice: NoticeLine
    receipts: tuple[Receipt, ...]


def routes(context: Context) -> Routes:
    """The routes of the notification service."""
    router = Routes(context.service)
    reading_of = reader(context)

    @router.get("/inbox", response_model=InboxPage, summary="收件箱 / the inbox of your organ")
    async def read_inbox(
        query: Annotated[InboxQuery, Query()], reading: Annotated[Reading, reading_of]
    ) -> Response:
        organ = person_of(reading.identity).organ
        async with context.database.begin() as connection:
            notices = await views.inbox(
                connection,
                organ,
                waiting_only=query.waiting,
                after=query.after,
                limit=query.limit,
            )
            numbers = await views.counts(connection, organ, context.clock.now())
        following = notices[-1].seq if len(notices) == query.limit else None
        page = InboxPage(notices=tuple(notices), next=following, **numbers)
        return await reading.answer(page, shown=[str(each.notice) for each in notices])

    @router.get("/inbox/{notice}", response_model=NoticeLine, summary="通知 / one notice")
    async def read_notice(notice: UUID, reading: Annotated[Reading, reading_of]) -> Response:
        organ = person_of(reading.identity).organ
        async with context.database.begin() as connection:
            found = await views.notice(connection, organ, notice, lock=False)
        if found is None:
            raise NotFound
        return await reading.answer(found, shown=[str(notice)])

    async def mark_notice(request: Request, notice: UUID) -> Response:
        act = await acting(request, context)
        body: MarkBody = act.form(MarkBody)
        return await mark(context, act, notice, body.mark)

    router.act(
        "/inbox/{notice}/mark",
        mark_notice,
        body=MarkBody,
        answer=MarkAnswer,
        name="mark_notice",
        summary="标记已读或确认收悉 / mark as read or acknowledged",
        description="重复标记不改变记录。/ The same mark twice changes nothing.",
    )
    return router


async def mark(context: Context, act: Acting, notice_id: UUID, wanted: Mark) -> Response:
    """Mark a notice; what was said before is not said again, a repeat is given the same answer.

    Raises:
        NotFound: no such notice in the inbox of the person's organ.
        RequestReused: the Idempotency-Key was used for another mark.
    """
    person = person_of(act.identity)
    now = context.clock.now()
    correlation_id = new_id()
    async with context.database.begin() as connection:
        found = await views.notice(connection, person.organ, notice_id, lock=True)
        if found is None:
            raise NotFound
        access = access_row(
            act.access([str(notice_id)]),
            time=now,
            correlation_id=correlation_id,
        )
        # The lock on the notice makes a second request wait for the answer of the first.
        if (kept := await views.kept(connection, person.id, act.route, act.key)) is not None:
            if kept.body_digest != act.body_digest:
                raise RequestReused
            await append(await driver_of(connection), [], {ACCESSES: [access]})
            return Response(kept.answer, kept.status, kept.headers, "application/json")
        before = NoticeDelivered(
            notice=found.notice,
            kind=found.kind,
            case=found.case_id,
            case_number=found.case_number,
            proceeding=found.proceeding_id,
            act=found.act,
            to_organ=found.to_organ,
            delivered_at=found.delivered_at,
        )
        events = marked(
            before,
            wanted,
            read_at=found.read_at,
            acknowledged_at=found.acknowledged_at,
            now=now,
        )
        stream = stream_of(found.case_id)
        version = await views.version_of(connection, stream)
        event_context = EventContext(
            person.id, person.organ, correlation_id, None, current_traceparent()
        )
        said = [_new_event(event, now, event_context) for event in events]
        changes: dict[str, object] = {}
        for event in events:
            kind = event.name.removeprefix("notice_")
            changes |= {f"{kind}_at": now, f"{kind}_by": person.id}
        if changes:
            await connection.execute(
                update(INBOX).where(INBOX.c.notice == notice_id).values(**changes)
            )
        receipts = tuple(
            context.signer.receipt(
                stream=stream,
                version=version + offset,
                event_digest=digest(event.data),
                recorded_at=now,
            )
            for offset, event in enumerate(said, start=1)
        )
        answer = MarkAnswer(notice=found.model_copy(update=changes), receipts=receipts)
        headers = {"Stream-Version": f"{stream}@{version + len(said)}"}
        body = answer.model_dump_json().encode()
        rows = {ACCESSES: [access], REQUESTS: [act.kept_row(200, body, headers)]}
        await append(await driver_of(connection), [Append(stream, version, said)], rows)
    context.database.poke()
    return json_response(answer, headers=headers)


def _new_event(event: Event, now: datetime, context: EventContext) -> NewEvent:
    return NewEvent(new_id(), NOTIFICATIONS.type_of(type(event)), now, event.data(), context)
