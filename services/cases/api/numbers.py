"""The register of an organ's numbers: read, reserved from, voided in."""

from dataclasses import replace
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import AwareDatetime, Field
from sqlalchemy import select

from libs.common.access import Sight
from libs.common.contracts import Code, Strict
from libs.common.errors import Forbidden
from libs.common.http import Reading, Routes, acting, reader
from libs.common.procedure import Person
from libs.common.service import Context
from services.cases.api.answers import kept_response
from services.cases.api.seeing import reads_as, seeing_of
from services.cases.api.steps import person_or_none
from services.cases.handlers.acting import Running
from services.cases.handlers.loading import today
from services.cases.handlers.reserving import (
    RESERVE_BODY,
    VOID_BODY,
    NumbersAnswer,
    reserve,
    void,
)
from services.cases.tables import METADATA, NUMBERS, REGISTER


class NumberQuery(Strict):
    """Which series of one's own organ, and the page of it."""

    kind: Code
    year: Annotated[int | None, Field(ge=1980, le=2999)] = None
    after: Annotated[int, Field(ge=0, le=999_999_999)] = 0
    limit: Annotated[int, Field(ge=1, le=200)] = 100


class NumberLine(Strict):
    """A number of the register."""

    number: str
    serial: int
    state: Literal["used", "reserved", "voided"]
    stands: bool
    """Whether the act that used it stands; False for one that may be voided."""
    case: UUID | None
    act: UUID | None
    """The event by which it was used."""
    person: str
    """Who used, reserved or voided it."""
    until: str | None
    """The day by which a reserved number is to be used or voided."""
    lapsed: bool
    """That day has passed."""
    reason: str | None
    """Why it was voided."""
    changed_at: AwareDatetime


class NumberPage(Strict):
    """A page of a series; `next` is the `after` of the next one."""

    organ: str
    kind: str
    year: int
    last: int
    """The last number taken: each up to it is used, reserved or voided."""
    numbers: tuple[NumberLine, ...]
    next: int | None


def add_numbers(router: Routes, context: Context, running: Running) -> None:
    """Add the routes of the register."""
    reading_of = reader(context)

    @router.get("/numbers", response_model=NumberPage, summary="文号登记簿 / register of numbers")
    async def list_numbers(
        query: Annotated[NumberQuery, Query()], reading: Annotated[Reading, reading_of]
    ) -> Response:
        if person_or_none(reading.identity) is None:
            raise Forbidden
        page = await _page(context, reading, query)
        return await reading.answer(
            page,
            shown=[f"numbers/{page.organ}/{page.kind}/{page.year}"],
            query={k: str(v) for k, v in query.model_dump(exclude_none=True).items()},
        )

    async def reserve_numbers(request: Request) -> Response:
        act_request, person = await _asked(request)
        body = act_request.form(RESERVE_BODY)
        return kept_response(await reserve(context, act_request, person, body, running))

    async def void_number(request: Request, number: str) -> Response:
        act_request, person = await _asked(request)
        body = act_request.form(VOID_BODY)
        return kept_response(await void(context, act_request, person, body, running, number=number))

    async def _asked(request: Request) -> tuple[Any, Person]:
        act_request = await acting(request, context)
        person = person_or_none(act_request.identity)
        if person is None:
            raise Forbidden
        return act_request, person

    router.act(
        "/numbers/reserve",
        reserve_numbers,
        body=RESERVE_BODY,
        answer=NumbersAnswer,
        name="reserve_numbers",
        summary="预留文号 / reserve numbers",
        description="预留本机关某类文书的下列文号，例如为此前的纸质文书。"
        "/ Keeps the next numbers of one's own organ, such as for files written on paper before.",
        status=201,
    )
    router.act(
        "/numbers/{number}/void",
        void_number,
        body=VOID_BODY,
        answer=NumbersAnswer,
        name="void_number",
        summary="作废文号 / void a number",
        description="作废预留的或者其行为已撤销的文号，须写明理由。"
        "/ Voids, with a reason, a number that was reserved or whose act was annulled.",
        status=201,
    )


async def _page(context: Context, reading: Reading, query: NumberQuery) -> NumberPage:
    organ = reading.identity.organ
    # Of one's own organ, also for who sees no case or every one.
    seeing = replace(seeing_of(context, reading), sight=Sight(organ))
    year = query.year or today(context).year
    series = (organ, query.kind, year)
    contents, keys = METADATA.tables["contents"], METADATA.tables["content_keys"]
    r, n = REGISTER.c, NUMBERS.c
    async with reads_as(context, seeing) as connection:
        last = await connection.scalar(
            select(n.last).where(n.organ == organ, n.kind == query.kind, n.year == year)
        )
        rows = await connection.execute(
            select(REGISTER, contents.c.subject, contents.c.sealed, keys.c.wrapped)
            .outerjoin(contents, contents.c.id == r.reason)
            .outerjoin(keys, keys.c.subject == contents.c.subject)
            .where(r.organ == organ, r.kind == query.kind, r.year == year, r.serial > query.after)
            .order_by(r.serial)
            .limit(query.limit)
        )
        lines = tuple(_line(context, row) for row in rows)
    following = lines[-1].serial if len(lines) == query.limit else None
    return NumberPage(
        **dict(zip(("organ", "kind", "year"), series, strict=True)),
        last=last or 0,
        numbers=lines,
        next=following,
    )


def _line(context: Context, row: Any) -> NumberLine:  # noqa: ANN401 - a row of the query
    reason = None
    if row.wrapped is not None:
        reason = context.vault.open(
            content_id=row.reason, subject=row.subject, wrapped=row.wrapped, sealed=row.sealed
        )
    return NumberLine(
        number=row.number,
        serial=row.serial,
        state=row.state,
        stands=row.stands,
        case=row.case_id,
        act=row.act,
        person=row.person,
        until=row.until.isoformat() if row.until else None,
        lapsed=bool(row.state == "reserved" and row.until and row.until < today(context)),
        reason=reason,
        changed_at=row.changed_at,
    )
