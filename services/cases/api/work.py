"""The work list: what waits for whoever asks and their organ."""

from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import Field
from sqlalchemy import Row as SqlRow

from libs.common.contracts import Code, Strict
from libs.common.http import Reading, Routes, reader
from libs.common.service import Context
from services.cases.api.exporting import CSV_ANSWER, WORK_COLUMNS, Exporter, Sheet
from services.cases.api.paging import place_cursor, place_of_cursor
from services.cases.api.seeing import asked, reads_as, seeing_of
from services.cases.views import work as views
from services.cases.views.work import WorkFilter, WorkLine


class WorkQuery(Strict):
    """Whose work."""

    mine: bool = False
    """Only what the reader may take."""
    dated: bool = False
    """Only what has a due time."""
    organ: Code | None = None
    """Absent: the reader's own."""


class WorkPageQuery(WorkQuery):
    """Filters and page of the work list."""

    after: Annotated[str | None, Field(max_length=80)] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class WorkPage(Strict):
    """A page of the work list; `next` is the `after` of the next one."""

    work: tuple[WorkLine, ...]
    next: str | None


def add_work(router: Routes, context: Context, exporter: Exporter) -> None:
    """Add the work list, as pages and as a file."""
    reading_of = reader(context)

    @router.get(
        "/work",
        response_model=WorkPage,
        summary="待办清单 / what waits for your organ",
        description="逾期在前，其后按到期时间；默认为本机关，mine=true 只列本人岗位可办的环节。"
        "/ Overdue first, then by due time; of your organ unless another is named.",
    )
    async def list_work(
        query: Annotated[WorkPageQuery, Query()], reading: Annotated[Reading, reading_of]
    ) -> Response:
        seeing = seeing_of(context, reading)
        async with reads_as(context, seeing) as connection:
            rows = await views.list_work(
                connection,
                seeing,
                wanted_by(reading, query),
                after=place_of_cursor(query.after),
                limit=query.limit,
            )
        following = place_cursor(views.place_of(rows[-1])) if len(rows) == query.limit else None
        lines = tuple(line_for(reading, row) for row in rows)
        return await reading.answer(
            WorkPage(work=lines, next=following),
            shown=[str(line.case) for line in lines],
            query=asked(query),
        )

    @router.get(
        "/work.csv",
        response_class=Response,
        responses=CSV_ANSWER,
        summary="导出待办清单 / the work list as CSV",
    )
    async def export_work(
        query: Annotated[WorkQuery, Query()], reading: Annotated[Reading, reading_of]
    ) -> Response:
        sheet = Sheet("work.csv", WORK_COLUMNS, lambda row: line_for(reading, row))
        seeing = seeing_of(context, reading)
        statement = views.work_of(seeing, wanted_by(reading, query))
        return await exporter.answer(reading, seeing, statement, sheet, query=asked(query))


def wanted_by(reading: Reading, query: WorkQuery) -> WorkFilter:
    """What a query asks for: the work of an organ, or of the reader in it."""
    identity = reading.identity
    organ = query.organ or identity.organ
    if not query.mine:
        return WorkFilter(organ, dated=query.dated)
    # The duties of a person are those in one organ: nobody has work of one's own in another.
    duties = identity.duties if organ == identity.organ else ()
    mine = tuple(sorted(duty.value for duty in duties))
    return WorkFilter(organ, mine, dated=query.dated)


def line_for(reading: Reading, row: SqlRow[Any]) -> WorkLine:
    """The line of a row as its reader sees it."""
    identity = reading.identity
    return views.work_line(row, identity.organ, frozenset(duty.value for duty in identity.duties))
