"""The list of cases, as pages and as a file, and the list of limits."""

from typing import Annotated, Final

from fastapi import Query, Response
from pydantic import Field

from libs.common.contracts import Code, Strict
from libs.common.http import Reading, Routes, reader
from libs.common.service import Context
from services.cases.api.answers import CasePage, LimitPage
from services.cases.api.exporting import CASE_COLUMNS, CSV_ANSWER, Exporter, Sheet
from services.cases.api.paging import cursor, cursor_of
from services.cases.api.seeing import asked, reads_as, seeing_of
from services.cases.views import cases as views


class CaseQuery(views.CaseFilter):
    """Filters and page of the case list."""

    facets: bool = False
    """Whether to count how the cases found divide."""
    after: Annotated[str | None, Field(max_length=80)] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50

    @property
    def wanted(self) -> views.CaseFilter:
        """The filter alone."""
        return views.CaseFilter(**self.model_dump(include=set(views.CaseFilter.model_fields)))


class LimitQuery(Strict):
    """Filters and page of the list of limits."""

    organ: Code | None = None
    after: Annotated[str | None, Field(max_length=80)] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


CASE_SHEET: Final = Sheet("cases.csv", CASE_COLUMNS, views.case_line)


def add_lists(router: Routes, context: Context, exporter: Exporter) -> None:
    """Add the lists of cases and of limits."""
    reading_of = reader(context)

    @router.get("/cases", response_model=CasePage, summary="案件列表 / the cases that you see")
    async def list_cases(
        query: Annotated[CaseQuery, Query()], reading: Annotated[Reading, reading_of]
    ) -> Response:
        seeing, wanted = seeing_of(context, reading), query.wanted
        async with reads_as(context, seeing) as connection:
            lines = await views.list_cases(
                connection, seeing, wanted, after=cursor_of(query.after), limit=query.limit
            )
            count, stopped = await views.count_cases(connection, seeing, wanted)
            facets = await views.count_facets(connection, seeing, wanted) if query.facets else None
        following = (
            cursor(lines[-1].updated_at, lines[-1].id) if len(lines) == query.limit else None
        )
        page = CasePage(
            cases=tuple(lines), count=count, count_stopped=stopped, facets=facets, next=following
        )
        return await reading.answer(
            page,
            shown=[str(line.id) for line in lines],
            query=asked(query, but=() if query.facets else {"facets"}),
        )

    @router.get(
        "/cases.csv",
        response_class=Response,
        responses=CSV_ANSWER,
        summary="导出案件列表 / the list of cases as CSV",
    )
    async def export_cases(
        query: Annotated[views.CaseFilter, Query()], reading: Annotated[Reading, reading_of]
    ) -> Response:
        seeing = seeing_of(context, reading)
        statement = views.cases_seen(seeing, query)
        return await exporter.answer(reading, seeing, statement, CASE_SHEET, query=asked(query))

    @router.get("/limits", response_model=LimitPage, summary="期限清单 / limits by due time")
    async def list_limits(
        query: Annotated[LimitQuery, Query()], reading: Annotated[Reading, reading_of]
    ) -> Response:
        seeing = seeing_of(context, reading)
        async with reads_as(context, seeing) as connection:
            lines = await views.list_limits(
                connection,
                seeing,
                organ=query.organ,
                after=cursor_of(query.after),
                limit=query.limit,
            )
        last = lines[-1] if len(lines) == query.limit else None
        following = cursor(last.due_at, last.id) if last and last.due_at else None
        return await reading.answer(
            LimitPage(limits=tuple(lines), next=following),
            shown=[str(line.case) for line in lines],
            query=asked(query),
        )
