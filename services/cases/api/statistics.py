"""Statistics: each figure with its definition, the position of the log, and the filter."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Query, Response
from pydantic import AwareDatetime

from libs.common.contracts import Strict
from libs.common.http import Reading, Routes, reader
from libs.common.service import Context
from services.cases.api.seeing import asked, seeing_of
from services.cases.handlers.figures import Counted, count
from services.cases.procedures import PROCEDURES
from services.cases.views import figures
from services.cases.views.figures import Counts, Definition, FigureFilter

PLACES = 4
DAY_PLACES = 2


class Defined(Strict):
    """What a figure is called and by which definition it can be counted again."""

    code: str
    title: str
    title_en: str
    definition: str
    definition_en: str


class Figure(Defined):
    """A number, or the share of a number in another."""

    value: int | float | None
    """None where nothing can be divided."""
    numerator: int | None = None
    denominator: int | None = None


class Stage(Strict):
    """How long proceedings stayed in a state."""

    procedure: str
    state: str
    title: str
    title_en: str
    count: int
    median_days: float
    p90_days: float


class Stages(Defined):
    """How long proceedings stayed, by state."""

    stages: tuple[Stage, ...]


class OverdueCount(Strict):
    """How many limits an organ missed that still run."""

    organ: str
    limit: str
    title: str
    title_en: str
    count: int


class Overdue(Defined):
    """Missed limits that still run, by organ and limit."""

    count: int
    organs: tuple[OverdueCount, ...]


class Statistics(Strict):
    """Figures over the cases that their reader sees, as of a position of the log."""

    epoch: int
    position: int
    """Every event up to here counts, and no other."""
    computed_at: AwareDatetime
    filter: FigureFilter
    figures: tuple[Figure, ...]
    days_per_stage: Stages
    overdue: Overdue


def add_statistics(router: Routes, context: Context) -> None:
    """Add the route of the statistics."""
    reading_of = reader(context)

    @router.get(
        "/statistics",
        response_model=Statistics,
        summary="统计 / statistics",
        description="只统计查阅者看得到的案件；须说明查阅目的才包括所监督和下级机关的案件。"
        "/ Over the cases that you see; those of others that you oversee need a purpose.",
    )
    async def read_statistics(
        query: Annotated[FigureFilter, Query()], reading: Annotated[Reading, reading_of]
    ) -> Response:
        counted = await count(context, seeing_of(context, reading), query)
        answer = statistics_of(context, counted, query)
        # No case is shown: what was counted can be counted again from filter and position.
        await reading.record(query={**asked(query), "position": str(answer.position)})
        return await reading.answer(answer)


def statistics_of(context: Context, counted: Counted, wanted: FigureFilter) -> Statistics:
    """The figures with their definitions."""
    counts = counted.counts
    return Statistics(
        epoch=counted.position.epoch,
        position=counted.position.position,
        computed_at=context.clock.now(),
        filter=wanted,
        figures=tuple(_figures(counts)),
        days_per_stage=Stages(
            **_defined(figures.STAGES), stages=tuple(_stage(stay) for stay in counts.stays)
        ),
        overdue=Overdue(
            **_defined(figures.OVERDUE),
            count=sum(counts.overdue.values()),
            organs=tuple(
                _overdue(organ, name, n) for (organ, name), n in sorted(counts.overdue.items())
            ),
        ),
    )


def _figures(counts: Counts) -> Iterator[Figure]:
    sent, received, filed, declined = (
        counts.acts.get(each, 0)
        for each in (
            figures.TRANSFER_SENT,
            figures.TRANSFER_RECEIVED,
            figures.CASE_FILED,
            figures.CASE_NOT_FILED,
        )
    )
    yield Figure(**_defined(figures.TRANSFERS), value=sent)
    yield Figure(**_defined(figures.RECEIPTS), value=received)
    yield Figure(**_defined(figures.FILINGS), value=filed)
    yield Figure(**_defined(figures.NON_FILINGS), value=declined)
    yield _share(figures.FILING_RATE, filed, filed + declined)
    yield _share(figures.FIRST_TIME, counts.accepted_at_once, received)


def _share(definition: Definition, numerator: int, denominator: int) -> Figure:
    return Figure(
        **_defined(definition),
        value=round(numerator / denominator, PLACES) if denominator else None,
        numerator=numerator,
        denominator=denominator,
    )


def _defined(definition: Definition) -> dict[str, str]:
    return {
        "code": definition.code,
        "title": definition.title,
        "title_en": definition.title_en,
        "definition": definition.text,
        "definition_en": definition.text_en,
    }


def _stage(stay: figures.Stay) -> Stage:
    state = PROCEDURES[stay.procedure].state(stay.state)
    return Stage(
        procedure=stay.procedure,
        state=stay.state,
        title=state.title,
        title_en=state.title_en,
        count=stay.count,
        median_days=round(stay.median_seconds / figures.DAY_SECONDS, DAY_PLACES),
        p90_days=round(stay.p90_seconds / figures.DAY_SECONDS, DAY_PLACES),
    )


def _overdue(organ: str, name: str, n: int) -> OverdueCount:
    rows = (
        limit
        for procedure in PROCEDURES.values()
        for limit in procedure.limits
        if limit.name == name
    )
    limit = next(rows)
    return OverdueCount(
        organ=organ, limit=name, title=limit.title, title_en=limit.title_en, count=n
    )
