"""The routes by which people read cases, and the table of all of them."""

from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from fastapi import Query, Request, Response
from pydantic import Field
from sqlalchemy import Row

from libs.common.access import Part
from libs.common.contracts import Strict
from libs.common.errors import Forbidden, NotFound
from libs.common.events import new_id
from libs.common.http import Reading, Routes, acting, reader
from libs.common.service import Context
from services.cases.api.answers import (
    CaseView,
    ContentView,
    StepAnswer,
    Trail,
    TrailEntry,
    case_view,
    kept_response,
    step_answer,
)
from services.cases.api.exporting import Exporter
from services.cases.api.importing import add_importing
from services.cases.api.lists import add_lists
from services.cases.api.numbers import add_numbers
from services.cases.api.parties import add_parties
from services.cases.api.screening import add_screening
from services.cases.api.seeing import reads_as, seeing_of, seen
from services.cases.api.statistics import add_statistics
from services.cases.api.steps import add_steps, person_or_none
from services.cases.api.work import add_work
from services.cases.domain import Case, stream_of
from services.cases.handlers.acting import Proof, Running, act
from services.cases.handlers.numbering import Taking, case_series
from services.cases.handlers.opening import OPEN_CASE_BODY, decide_opening
from services.cases.standing import Reader, has_words, shown_body, shows_minors, shows_reason
from services.cases.views import cases as views

TRAIL_MAX: Final = 500


class TrailQuery(Strict):
    """Page of a trail."""

    after: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    limit: Annotated[int, Field(ge=1, le=TRAIL_MAX)] = 200


def routes(context: Context) -> Routes:
    """The routes of the case service."""
    router = Routes(context.service)
    running = Running()
    add_opening(router, context, running)
    exporter = Exporter(context)
    add_work(router, context, exporter)
    add_lists(router, context, exporter)
    add_statistics(router, context)
    add_one_case(router, context)
    add_parties(router, context, running)
    add_numbers(router, context, running)
    add_steps(router, context, running)
    add_importing(router, context)
    add_screening(router, context)
    return router


def add_opening(router: Routes, context: Context, running: Running) -> None:
    """Add the route that opens a case."""

    async def open_case(request: Request) -> Response:
        act_request = await acting(request, context)
        person = person_or_none(act_request.identity)
        if person is None:
            raise Forbidden
        body = act_request.form(OPEN_CASE_BODY)
        case_id = new_id()

        def answer(case: Case, proof: Proof) -> bytes:
            return step_answer(context, case, person, proof)

        kept = await act(
            context,
            act_request,
            case_id,
            lambda connection, _, sealing: decide_opening(
                context, connection, case_id, person, body=body, sealing=sealing
            ),
            answer,
            running=running,
            status=201,
            opens=True,
            taking=Taking(case_series(context, person.organ)),
        )
        return kept_response(kept)

    router.act(
        "/cases",
        open_case,
        body=OPEN_CASE_BODY,
        answer=StepAnswer,
        name="open_case",
        summary="立案建档 / open a case",
        description="执法人员建立案件档案。/ An officer of an enforcement agency opens a dossier.",
        status=201,
    )


def add_one_case(router: Routes, context: Context) -> None:
    """Add the routes that read one case: as it is, its trail, its words."""
    reading_of = reader(context)

    @router.get("/cases/{case}", response_model=CaseView, summary="案件 / one case")
    async def get_case(case: UUID, reading: Annotated[Reading, reading_of]) -> Response:
        found, reader = await seen(context, reading, case)
        view = case_view(context, found, reader, person_or_none(reading.identity))
        proceedings = view["proceedings"]
        # Of several proceedings each says its own.
        headers = {"ETag": proceedings[0].etag} if len(proceedings) == 1 else {}
        return await reading.answer(CaseView(**view), shown=[str(case)], headers=headers)

    @router.get(
        "/cases/{case}/trail", response_model=Trail, summary="案件轨迹 / the trail of a case"
    )
    async def trail(
        case: UUID,
        query: Annotated[TrailQuery, Query()],
        reading: Annotated[Reading, reading_of],
    ) -> Response:
        found, reader = await seen(context, reading, case)
        async with reads_as(context, seeing_of(context, reading)) as connection:
            rows = await views.events_of(connection, stream_of(found.id), query.after, query.limit)
        entries = tuple(_trail_entry(found, reader, row) for row in rows)
        following = entries[-1].version if len(entries) == query.limit else None
        return await reading.answer(
            Trail(case=case, events=entries, next=following), shown=[str(case)]
        )

    @router.get(
        "/cases/{case}/contents/{content}",
        response_model=ContentView,
        summary="内容原文 / words of a case in clear",
    )
    async def get_content(
        case: UUID, content: UUID, reading: Annotated[Reading, reading_of]
    ) -> Response:
        found, reader = await seen(context, reading, case)
        async with reads_as(context, seeing_of(context, reading)) as connection:
            row = await views.content(connection, stream_of(found.id), content)
        if row is None or not may_read(found, reader, row):
            raise NotFound
        value = context.vault.open(
            content_id=row.id, subject=row.subject, wrapped=row.wrapped, sealed=row.sealed
        )
        view = ContentView(
            id=row.id, kind=row.kind, organ=row.organ, value=value, salt=row.salt.hex()
        )
        return await reading.answer(view, shown=[str(case), str(content)])


def _trail_entry(case: Case, reader: Reader, row: Row[Any]) -> TrailEntry:
    """An event as its reader may see it: who acted only with the act, or where that is shown."""
    body = orjson.loads(row.data)
    data = shown_body(case, reader, act=row.id, agency=row.agency, body=body)
    is_named = reader.shown(Part.OFFICERS) or reader.shown(Part.HEADS)
    is_whole = data is not None and data.keys() == body.keys()
    return TrailEntry(
        version=row.version,
        id=row.id,
        type=row.type,
        recorded_at=row.time,
        person=row.actor if is_named or is_whole else None,
        organ=row.agency,
        data=data,
    )


def may_read(case: Case, reader: Reader, row: Row[Any]) -> bool:
    """Whether somebody reads words in clear: those of the acts that are shown with their words.

    Args:
        case: as it is.
        reader: who reads it.
        row: the words, and the event in which they stand.
    """
    minors = {f"party/{party.id}" for party in case.parties if party.is_minor}
    if row.subject in minors and not shows_minors(reader):
        return False
    return has_words(case, reader, agency=row.agency, body=orjson.loads(row.data)) or shows_reason(
        case, reader, row.id
    )
