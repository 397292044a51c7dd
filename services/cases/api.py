"""HTTP of the case service: translation only."""

import base64
import binascii
import struct
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from fastapi import Query, Request, Response
from pydantic import AwareDatetime, BaseModel, Field, create_model

from libs.common import limits as running_limits
from libs.common.access import HANDLING, Level, Sight
from libs.common.contents import Sealing
from libs.common.contracts import Code, Form, Strict, Words, body_of
from libs.common.contracts.procedure import AnnulAct, CorrectAct, Document, Precision
from libs.common.errors import BodyInvalid, Forbidden, NotFound
from libs.common.events import new_id
from libs.common.http import HANDLING_PURPOSE, Reading, Routes, acting, json_bytes, reader
from libs.common.identity import Identity
from libs.common.law import Confidence
from libs.common.procedure import (
    ANNUL,
    CORRECT,
    SERVICE,
    Person,
    Procedure,
    Proceeding,
    Said,
    Step,
    may_take,
    open_steps,
)
from libs.common.service import Context
from libs.common.signing import Receipt
from services.cases import views
from services.cases.domain import Case, access_rows, headline, shown_body, stream_of
from services.cases.handlers import (
    OPEN_CASE_BODY,
    Kept,
    Loaded,
    Running,
    act,
    decide_opening,
    decide_step,
    etag,
    load,
    steps_named,
    today,
)
from services.cases.procedures import PROCEDURES

TRAIL_MAX: Final = 500


# --- what answers look like; dataclasses, because every act makes them and orjson writes them


@dataclass(frozen=True, slots=True)
class LimitView:
    """A limit that runs in a proceeding."""

    id: UUID
    limit: str
    title: str
    title_en: str
    organ: str
    kind: str
    warn_at: AwareDatetime | None
    due_at: AwareDatetime | None
    late_at: AwareDatetime | None
    provisional: bool
    """A year without an official calendar, or a receipt that is missing, mattered."""
    missed: bool
    how: tuple[str, ...]
    """How the due time was reached, in sentences."""
    consequence: str


@dataclass(frozen=True, slots=True)
class OpenStep:
    """A step that may be taken now."""

    name: str
    title: str
    title_en: str
    organ: str | None
    duties: tuple[str, ...]
    mine: bool
    """Whether whoever asks may take it."""
    decides: bool
    articles: tuple[str, ...]
    doubts: tuple[str, ...]
    """What is uncertain about the rule, to be shown."""
    documents: tuple[str, ...]
    due_at: AwareDatetime | None
    form: dict[str, Any] | None
    """JSON Schema 2020-12 of the form, for whoever may take the step."""


@dataclass(frozen=True, slots=True)
class ProceedingView:
    """A proceeding as it is."""

    id: UUID
    procedure: str
    title: str
    title_en: str
    state: str
    state_title: str
    state_title_en: str
    holder: str
    parts: dict[str, str]
    revision: int
    etag: str
    limits: tuple[LimitView, ...]
    open_steps: tuple[OpenStep, ...]


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as its reader sees it."""

    id: UUID
    number: str
    field: str
    cause: str
    division: str
    agency: str
    opened_at: AwareDatetime
    discovered_at: AwareDatetime
    headline: str
    level: Level
    officers: tuple[str, ...]
    parties: tuple[dict[str, Any], ...]
    proceedings: tuple[ProceedingView, ...]
    open_steps: tuple[OpenStep, ...]
    """The steps that open a proceeding."""


@dataclass(frozen=True, slots=True)
class StepAnswer(CaseView):
    """What an act answers: its receipts and the case as it is then."""

    receipts: tuple[Receipt, ...]


class CasePage(Strict):
    """A page of the list; `next` is the `after` of the next one."""

    cases: tuple[views.CaseLine, ...]
    count: int
    """Cases seen in all, counted up to 10,000."""
    next: str | None


class LimitPage(Strict):
    """A page of the work list; `next` is the `after` of the next one."""

    limits: tuple[views.LimitLine, ...]
    next: str | None


class TrailEntry(Strict):
    """An event of a case as its reader may see it."""

    version: int
    id: UUID
    type: str
    recorded_at: AwareDatetime
    person: str
    organ: str
    data: dict[str, Any] | None
    """None where the reader may know that something happened, not what."""


class Trail(Strict):
    """The events of a case in order; `next` is the `after` of the next page."""

    case: UUID
    events: tuple[TrailEntry, ...]
    next: int | None


class ContentView(Strict):
    """A content in clear."""

    id: UUID
    kind: str
    organ: str
    value: Any
    salt: str
    """Hexadecimal; SHA-256(salt ‖ RFC 8785 form of the value) is the digest in the event."""


# --- what bodies look like


class StepEnvelope(Strict):
    """What every step takes beside its form."""

    happened_at: AwareDatetime | None = Field(
        default=None, title="发生时间（不填为当前时间） / when it happened; absent: now"
    )
    precision: Precision = Field(default=Precision.MINUTE, title="时间精度 / precision")
    late_reason: Words | None = Field(default=None, title="补录原因 / why it is entered late")
    documents: tuple[Document, ...] = Field(default=(), max_length=200, title="文书 / documents")


def body_for(form: type[Form]) -> type[BaseModel]:
    """The body of a step: its form, and what every step takes."""
    return create_model(
        f"{form.__name__}Body",
        __base__=StepEnvelope,
        form=(body_of(form), Field(title="表单 / form")),
    )


# --- views of the state


def limit_views(
    context: Context, procedure: Procedure, proceeding: Proceeding
) -> tuple[LimitView, ...]:
    """The limits that run, with how their due time was reached."""
    found: list[LimitView] = []
    for clock in proceeding.running:
        row = procedure.limit(clock.running.name)
        deadline = running_limits.deadline(clock.running, context.calendar, context.profile.zone)
        found.append(
            LimitView(
                id=clock.running.id,
                limit=row.name,
                title=row.title,
                title_en=row.title_en,
                organ=clock.organ,
                kind=row.kind,
                warn_at=deadline.warn_at if deadline else None,
                due_at=deadline.strictest.at if deadline else None,
                late_at=deadline.latest.at if deadline else None,
                provisional=clock.provisional_start
                or bool(deadline and deadline.strictest.provisional),
                missed=clock.running.missed,
                how=deadline.strictest.how if deadline else (),
                consequence=row.consequence,
            )
        )
    return tuple(found)


_FORMS: Final[dict[type[Form], dict[str, Any]]] = {}


def form_schema(form: type[Form]) -> dict[str, Any]:
    """JSON Schema 2020-12 of a step's form, made once."""
    if form not in _FORMS:
        _FORMS[form] = body_of(form).model_json_schema()
    return _FORMS[form]


def step_view(
    step: Step,
    proceeding: Proceeding | None,
    parts: dict[str, str],
    person: Person | None,
    limits: Sequence[LimitView],
) -> OpenStep:
    """A step that may be taken, as seen by a person."""
    organ = parts.get(step.actor.part)
    ended = {limit.name for limit in step.ends}
    due = [limit.due_at for limit in limits if limit.limit in ended and limit.due_at]
    if proceeding is not None:
        mine = person is not None and may_take(step, proceeding, person)
    else:
        mine = (
            person is not None
            and organ == person.organ
            and bool(person.duties.intersection(step.actor.duties))
        )
    return OpenStep(
        name=step.name,
        title=step.title,
        title_en=step.title_en,
        organ=organ,
        duties=tuple(duty.value for duty in step.actor.duties),
        mine=mine,
        decides=step.decides,
        articles=tuple(law.citation for law in step.law),
        doubts=tuple(law.doubt for law in step.law if law.confidence is not Confidence.FULL),
        documents=step.documents,
        due_at=min(due) if due else None,
        form=form_schema(step.form) if mine else None,
    )


def proceeding_view(
    context: Context, case: Case, proceeding: Proceeding, person: Person | None
) -> ProceedingView:
    """A proceeding as seen by a person."""
    procedure = PROCEDURES[proceeding.procedure]
    state = procedure.state(proceeding.state)
    limits = limit_views(context, procedure, proceeding)
    return ProceedingView(
        id=proceeding.id,
        procedure=procedure.name,
        title=procedure.title,
        title_en=procedure.title_en,
        state=state.code,
        state_title=state.title,
        state_title_en=state.title_en,
        holder=proceeding.holder,
        parts=proceeding.parts,
        revision=proceeding.revision,
        etag=etag(proceeding),
        limits=limits,
        open_steps=tuple(
            step_view(step, proceeding, proceeding.parts, person, limits)
            for step in open_steps(procedure, proceeding, case.field)
            if step.actor.part != SERVICE
        ),
    )


def case_view(context: Context, case: Case, level: Level, person: Person | None) -> dict[str, Any]:
    """The members of a `CaseView`."""
    handles = level in HANDLING
    opening = [
        step
        for procedure in PROCEDURES.values()
        for step in procedure.steps
        if not step.source and step.holds_for(case.field)
    ]
    return {
        "id": case.id,
        "number": case.number,
        "field": case.field,
        "cause": case.cause,
        "division": case.division,
        "agency": case.agency,
        "opened_at": case.opened_at,
        "discovered_at": case.discovered_at,
        "headline": headline(case),
        "level": level,
        "officers": case.officers if handles else (),
        # A minor, and whoever only supervises or counts, is given no more than that there is one.
        "parties": tuple(
            {"id": str(party.id), "kind": party.kind, "withheld": True}
            if (party.is_minor and level is not Level.HOLDER) or level is Level.SUPERIOR
            else party.model_dump(mode="json", exclude_none=True)
            for party in case.parties
        ),
        "proceedings": tuple(
            proceeding_view(context, case, each, person) for each in case.proceedings
        ),
        "open_steps": tuple(
            step_view(step, None, {step.actor.part: case.agency}, person, ()) for step in opening
        )
        if handles
        else (),
    }


# --- routes


def person_or_none(identity: Identity) -> Person | None:
    """The person of a token; None for a service."""
    if identity.is_service:
        return None
    return Person(identity.person, identity.organ, identity.duties)


class CaseQuery(views.CaseFilter):
    """Filters and page of the case list."""

    after: Annotated[str | None, Field(max_length=80)] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class LimitQuery(Strict):
    """Filters and page of the work list."""

    organ: Code | None = None
    after: Annotated[str | None, Field(max_length=80)] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class TrailQuery(Strict):
    """Page of a trail."""

    after: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    limit: Annotated[int, Field(ge=1, le=TRAIL_MAX)] = 200


def routes(context: Context) -> Routes:
    """The routes of the case service."""
    router = Routes()
    running = Running()
    reading_of = reader(context)

    async def open_case(request: Request) -> Response:
        act_request = await acting(request, context)
        person = person_or_none(act_request.identity)
        if person is None:
            raise Forbidden
        body = act_request.form(OPEN_CASE_BODY)
        case_id = new_id()

        def answer(case: Case, receipts: Sequence[Receipt]) -> bytes:
            return step_answer(context, case, person, receipts)

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

    @router.get("/cases", response_model=CasePage, summary="案件列表 / the cases that you see")
    async def list_cases(
        query: Annotated[CaseQuery, Query()], reading: Annotated[Reading, reading_of]
    ) -> Response:
        sight = sight_of(reading.identity)
        levels = levels_of(reading)
        wanted = views.CaseFilter(**query.model_dump(include=set(views.CaseFilter.model_fields)))
        async with context.database.begin() as connection:
            lines = await views.list_cases(
                connection,
                sight,
                levels,
                wanted,
                today=today(context),
                after=cursor_of(query.after),
                limit=query.limit,
            )
            count = await views.count_cases(connection, sight, levels, today=today(context))
        following = (
            cursor(lines[-1].updated_at, lines[-1].id) if len(lines) == query.limit else None
        )
        return await reading.answer(
            CasePage(cases=tuple(lines), count=count, next=following),
            shown=[str(line.id) for line in lines],
            query={k: str(v) for k, v in query.model_dump(exclude_none=True).items()},
        )

    @router.get("/cases/{case}", response_model=CaseView, summary="案件 / one case")
    async def get_case(case: UUID, reading: Annotated[Reading, reading_of]) -> Response:
        found, level = await seen(context, reading, case)
        view = case_view(context, found, level, person_or_none(reading.identity))
        proceedings = view["proceedings"]
        headers = {"ETag": proceedings[-1].etag} if proceedings else {}
        return await reading.answer(CaseView(**view), shown=[str(case)], headers=headers)

    @router.get(
        "/cases/{case}/trail", response_model=Trail, summary="案件轨迹 / the trail of a case"
    )
    async def trail(
        case: UUID,
        query: Annotated[TrailQuery, Query()],
        reading: Annotated[Reading, reading_of],
    ) -> Response:
        found, level = await seen(context, reading, case)
        async with context.database.begin() as connection:
            rows = await views.events_of(connection, stream_of(found.id), query.after, query.limit)
        entries = tuple(
            TrailEntry(
                version=row.version,
                id=row.id,
                type=row.type,
                recorded_at=row.time,
                person=row.actor,
                organ=row.agency,
                data=shown_body(
                    found,
                    level,
                    reading.identity.organ,
                    act=row.id,
                    agency=row.agency,
                    body=orjson.loads(row.data),
                ),
            )
            for row in rows
        )
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
        found, level = await seen(context, reading, case)
        async with context.database.begin() as connection:
            row = await views.content(connection, stream_of(found.id), content)
        if row is None or not may_read_words(level, row.organ, reading.identity):
            raise NotFound
        value = context.vault.open(
            content_id=row.id, subject=row.subject, wrapped=row.wrapped, sealed=row.sealed
        )
        view = ContentView(
            id=row.id, kind=row.kind, organ=row.organ, value=value, salt=row.salt.hex()
        )
        return await reading.answer(view, shown=[str(case), str(content)])

    @router.get("/limits", response_model=LimitPage, summary="期限清单 / limits by due time")
    async def list_limits(
        query: Annotated[LimitQuery, Query()], reading: Annotated[Reading, reading_of]
    ) -> Response:
        async with context.database.begin() as connection:
            lines = await views.list_limits(
                connection,
                sight_of(reading.identity),
                levels_of(reading),
                organ=query.organ,
                today=today(context),
                after=cursor_of(query.after),
                limit=query.limit,
            )
        last = lines[-1] if len(lines) == query.limit else None
        following = cursor(last.due_at, last.id) if last and last.due_at else None
        return await reading.answer(
            LimitPage(limits=tuple(lines), next=following),
            shown=[str(line.case) for line in lines],
            query={k: str(v) for k, v in query.model_dump(exclude_none=True).items()},
        )

    for procedure in PROCEDURES.values():
        for name, step in steps_named(procedure).items():
            if step.actor.part != SERVICE:
                add_step(router, context, running, procedure, name, step)
    for name, form in ((CORRECT, CorrectAct), (ANNUL, AnnulAct)):
        add_putting_right(router, context, running, name, form)
    return router


StepEndpoint = Callable[..., Awaitable[Response]]


def add_step(
    router: Routes,
    context: Context,
    running: Running,
    procedure: Procedure,
    name: str,
    step: Step,
) -> None:
    """Add the route of a step, derived from its row."""
    body = body_for(step.form)
    duties = "、".join(duty.value for duty in step.actor.duties)
    articles = "；".join(law.citation for law in step.law)
    doubts = "；".join(law.doubt for law in step.law if law.doubt)
    opens = not step.source

    async def take(request: Request, case: UUID, proceeding: UUID) -> Response:
        return await take_step(request, context, running, procedure, name, body, case, proceeding)

    async def open_proceeding(request: Request, case: UUID) -> Response:
        return await take_step(request, context, running, procedure, name, body, case, None)

    router.act(
        f"/cases/{{case}}/{name}"
        if opens
        else f"/cases/{{case}}/proceedings/{{proceeding}}/{name}",
        open_proceeding if opens else take,
        body=body,
        answer=StepAnswer,
        name=f"{procedure.name}_{name}",
        summary=f"{step.title} / {step.title_en}",
        description=f"{step.actor.part}: {duties}。依据：{articles}。"
        + (f"存疑：{doubts}" if doubts else ""),
        status=201 if opens else 200,
        if_match=step.decides,
    )


def add_putting_right(
    router: Routes, context: Context, running: Running, name: str, form: type[Form]
) -> None:
    """Add the route by which an organ puts its own act right; it exists for every procedure."""
    body = body_for(form)

    async def take(request: Request, case: UUID, proceeding: UUID) -> Response:
        return await take_step(request, context, running, None, name, body, case, proceeding)

    router.act(
        f"/cases/{{case}}/proceedings/{{proceeding}}/{name}",
        take,
        body=body,
        answer=StepAnswer,
        name=name,
        summary="更正 / correct" if name == CORRECT else "撤销行为 / annul",
        if_match=True,
    )


async def take_step(
    request: Request,
    context: Context,
    running: Running,
    procedure: Procedure | None,
    name: str,
    body: type[BaseModel],
    case_id: UUID,
    proceeding_id: UUID | None,
) -> Response:
    """Take a step of a person; `procedure` None: that of the proceeding."""
    act_request = await acting(request, context)
    parsed = act_request.form(body)
    person = person_or_none(act_request.identity)

    async def deciding(_: Any, loaded: Loaded, sealing: Sealing) -> Sequence[Said]:  # noqa: ANN401
        assert loaded.case is not None
        found = loaded.case.proceeding(proceeding_id) if proceeding_id else None
        if procedure is None and found is None:
            raise NotFound
        table = procedure or PROCEDURES[found.procedure]  # type: ignore[union-attr] # checked above
        return decide_step(
            context, act_request, table, proceeding_id, name, parsed, loaded, sealing
        )

    def answer(case: Case, receipts: Sequence[Receipt]) -> bytes:
        return step_answer(context, case, person, receipts)

    opens = proceeding_id is None
    kept = await act(
        context,
        act_request,
        case_id,
        deciding,
        answer,
        running=running,
        status=201 if opens else 200,
    )
    return kept_response(kept)


def step_answer(
    context: Context, case: Case, person: Person | None, receipts: Sequence[Receipt]
) -> bytes:
    """The body of the answer to an act; it shows what a read by the same person would show then."""
    assert person is not None, "services take no legal step"
    level, _ = access_rows(case, context.profile.superior_ids)[person.organ]
    answer = StepAnswer(receipts=tuple(receipts), **case_view(context, case, level, person))
    return json_bytes(answer)


def kept_response(kept: Kept) -> Response:
    """The answer of an act as HTTP."""
    return Response(
        kept.body,
        status_code=kept.status,
        media_type="application/json",
        headers=dict(kept.headers),
    )


async def seen(context: Context, reading: Reading, case_id: UUID) -> tuple[Case, Level]:
    """A case and the level at which its reader sees it.

    Raises:
        NotFound: there is none, or none for this reader.
        PurposeMissing: the reader does not handle it and says no purpose.
    """
    sight = sight_of(reading.identity)
    async with context.database.driver() as connection:
        loaded = await load(context, connection, case_id, organ=sight.organ or "")
    level = Level.SUPERIOR if sight.everything else loaded.level
    if loaded.case is None or level is None:
        raise NotFound
    reading.require_purpose(level)
    return loaded.case, level


def sight_of(identity: Identity) -> Sight:
    """Which cases the bearer of a token sees."""
    return Sight.of(identity.organ, identity.duties)


def levels_of(reading: Reading) -> frozenset[Level]:
    """The levels that a list shows: without a purpose, those whose readers handle the case."""
    says_why = reading.purpose is not None and reading.purpose.code != HANDLING_PURPOSE
    return frozenset(Level) if says_why else HANDLING


def may_read_words(level: Level, organ: str, identity: Identity) -> bool:
    """Whether somebody reads words in clear: who holds the case, and who wrote them.

    Whoever sees figures only, an auditor too, reads no words, not even those of the own organ.
    """
    return level is Level.HOLDER or (level is not Level.SUPERIOR and organ == identity.organ)


# --- cursors of lists

_CURSOR: Final = struct.Struct(">q16s")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def cursor(moment: datetime, identity: UUID) -> str:
    """Where a page ends, as text: microseconds and identity, short enough to be recorded."""
    place = _CURSOR.pack((moment - _EPOCH) // timedelta(microseconds=1), identity.bytes)
    return base64.urlsafe_b64encode(place).decode()


def cursor_of(text: str | None) -> tuple[datetime, UUID] | None:
    """Where a page begins.

    Raises:
        BodyInvalid: the text is no cursor of ours.
    """
    if text is None:
        return None
    try:
        microseconds, identity = _CURSOR.unpack(base64.urlsafe_b64decode(text))
        return _EPOCH + timedelta(microseconds=microseconds), UUID(bytes=identity)
    except (ValueError, OverflowError, binascii.Error, struct.error) as error:
        raise BodyInvalid(
            errors=[{"field": "after", "rule": "cursor", "reason": "not a cursor of this list"}]
        ) from error
