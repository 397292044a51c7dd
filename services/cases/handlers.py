"""Use cases of the case service: load, decide, append, in that order."""

import asyncio
import contextlib
import weakref
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson
from pydantic import BaseModel

from libs.common import limits
from libs.common.access import Level
from libs.common.accesses import access_row
from libs.common.agencies import Duty, Matter, OrganId, OrganKind, ProfileError
from libs.common.contents import Sealing
from libs.common.contracts import Event, Sealed, body_of, seal
from libs.common.contracts.cases import (
    CASES,
    CaseOpened,
    OpenCase,
    Party,
    PartyKind,
    PersonEntry,
)
from libs.common.contracts.procedure import (
    AnnulAct,
    CorrectAct,
    LimitEnded,
    LimitMissed,
    LimitMoved,
    LimitNear,
    LimitPaused,
    LimitReopened,
    LimitResumed,
    LimitStarted,
    StepTaken,
)
from libs.common.errors import (
    BodyInvalid,
    Busy,
    Forbidden,
    HappenedInFuture,
    NotFound,
    PreconditionMissing,
    RequestReused,
    RequestRunning,
    RevisionStale,
    VersionConflict,
)
from libs.common.events import Context as EventContext
from libs.common.events import NewEvent, digest, new_id
from libs.common.http import Acting, person_of
from libs.common.procedure import (
    ANNUL,
    CORRECT,
    By,
    Clock,
    Command,
    Person,
    Procedure,
    Proceeding,
    Said,
    Setting,
    Step,
    decide,
    decide_due,
    platform_itself,
)
from libs.common.service import Context
from libs.common.signing import Receipt
from libs.common.store import Append, Row, append
from libs.common.telemetry import current_traceparent
from services.cases.domain import (
    STATE_VERSION,
    Case,
    access_rows,
    case_of,
    evolve_case,
    headline,
    stream_of,
)
from services.cases.procedures import PROCEDURES
from services.cases.procedures.transfer import SIGN_AFTER_ARRIVAL, SIGN_REROUTED
from services.cases.tables import CASES as CASES_TABLE
from services.cases.tables import LIMITS, METADATA, PROCEEDINGS

ATTEMPTS_MAX: Final = 8
PLATFORM: Final = platform_itself("cases")

CASE_ACCESS: Final = METADATA.tables["case_access"]
SNAPSHOTS: Final = METADATA.tables["snapshots"]
REQUESTS: Final = METADATA.tables["requests"]
CONTENTS: Final = METADATA.tables["contents"]
CONTENT_KEYS: Final = METADATA.tables["content_keys"]
ACCESSES: Final = METADATA.tables["accesses"]

Answer = Callable[[Case, Sequence[Receipt]], bytes]
"""The body of the answer to an act, from the case as it is then and the receipts of the act."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it was given the first time."""

    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A case and what a request needs beside it, in one round trip."""

    version: int
    case: Case | None
    level: Level | None
    keys: dict[str, bytes]
    request: Kept | None
    request_digest: str | None


_LOAD: Final = """
select s.version, s.state_version, s.state, a.level, k.wrapped,
       r.body_digest, r.status, r.answer, r.headers::text as headers
from (select 1) one
left join snapshots s on s.stream = $1
left join content_keys k on k.subject = $1
left join case_access a on a.case_id = $2 and a.organ = $3
     and (a.until is null or a.until >= $4)
left join requests r on r.person = $5 and r.route = $6 and r.key = $7"""


async def load(
    context: Context,
    connection: asyncpg.Connection,
    case_id: UUID,
    *,
    organ: str = "",
    request: tuple[str, str, str] = ("", "", ""),
) -> Loaded:
    """Read the case from its snapshot; a snapshot of another code is replayed from the events."""
    stream = stream_of(case_id)
    row = await connection.fetchrow(_LOAD, stream, case_id, organ, today(context), *request)
    case: Case | None = None
    version = row["version"] or 0
    if row["state"] is not None:
        if row["state_version"] == STATE_VERSION:
            case = Case.model_validate_json(row["state"])
        else:
            case, version = await replay(connection, stream)
    kept = (
        Kept(row["status"], row["answer"].encode(), orjson.loads(row["headers"]))
        if row["status"]
        else None
    )
    return Loaded(
        version,
        case,
        Level(row["level"]) if row["level"] else None,
        {stream: row["wrapped"]} if row["wrapped"] else {},
        kept,
        row["body_digest"],
    )


async def replay(connection: asyncpg.Connection, stream: str) -> tuple[Case | None, int]:
    """The case as its events make it, and its version."""
    rows = await connection.fetch(
        "select version, id, type, time, actor, agency, data from events"
        " where stream = $1 order by version",
        stream,
    )
    case: Case | None = None
    for row in rows:
        contract = CASES.by_type[row["type"]]
        event = contract.model_validate_json(row["data"], extra="ignore")
        case = evolve_case(
            case, UUID(int=row["id"].int), event, row["time"], By(row["actor"], row["agency"])
        )
    return case, rows[-1]["version"] if rows else 0


def today(context: Context) -> date:
    """The present day in the law's zone."""
    return context.clock.now().astimezone(context.profile.zone).date()


def identities() -> Iterator[UUID]:
    """Fresh identities, one after the other."""
    while True:
        yield new_id()


def setting_of(context: Context, case: Case) -> Setting:
    """What surrounds a decision on a case now."""
    return Setting(
        case=case.id,
        case_number=case.number,
        case_field=case.field,
        now=context.clock.now(),
        calendar=context.calendar,
        zone=context.profile.zone,
        ids=identities(),
        own_hours=dict.fromkeys(
            (SIGN_AFTER_ARRIVAL.name, SIGN_REROUTED.name), context.profile.receipt_after_hours
        ),
    )


# --- rows that change with a decision


def changed_rows(
    context: Context, before: Case | None, after: Case, version: int, events: Sequence[Event]
) -> dict[Any, list[Row]]:
    """The snapshot and the views of a case that differ after some events."""
    now = context.clock.now()
    stream = stream_of(after.id)
    rows: dict[Any, list[Row]] = {
        SNAPSHOTS: [
            {
                "stream": stream,
                "version": version,
                "state_version": STATE_VERSION,
                "state": after.model_dump_json(),
            }
        ],
        CASES_TABLE: [case_row(after, now)],
        PROCEEDINGS: [
            proceeding_row(after, each, now)
            for each in after.proceedings
            if before is None or before.proceeding(each.id) != each
        ],
        LIMITS: limit_rows(context, after, events),
    }
    superiors = context.profile.superior_ids
    access_before = access_rows(before, superiors) if before else {}
    rows[CASE_ACCESS] = [
        {"case_id": after.id, "organ": organ, "level": level, "until": until}
        for organ, (level, until) in access_rows(after, superiors).items()
        if access_before.get(organ) != (level, until)
    ]
    return rows


def case_row(case: Case, now: datetime) -> Row:
    """A case's row in the list."""
    return {
        "id": case.id,
        "number": case.number,
        "field": case.field,
        "cause": case.cause,
        "division": case.division,
        "agency": case.agency,
        "headline": headline(case),
        "opened_at": case.opened_at,
        "updated_at": now,
    }


def proceeding_row(case: Case, proceeding: Proceeding, now: datetime) -> Row:
    """A proceeding's row in the list."""
    return {
        "id": proceeding.id,
        "case_id": case.id,
        "procedure": proceeding.procedure,
        "state": proceeding.state,
        "holder": proceeding.holder,
        "revision": proceeding.revision,
        "updated_at": now,
    }


_LIMIT_EVENTS: Final = (
    LimitStarted,
    LimitEnded,
    LimitPaused,
    LimitReopened,
    LimitResumed,
    LimitMoved,
    LimitNear,
    LimitMissed,
)


def limit_rows(context: Context, case: Case, events: Sequence[Event]) -> list[Row]:
    """The rows of the limits that some events touch."""
    touched = {event.limit_id for event in events if isinstance(event, _LIMIT_EVENTS)}
    return [
        limit_row(context, case, proceeding, clock)
        for proceeding in case.proceedings
        for clock in proceeding.clocks
        if clock.running.id in touched
    ]


def limit_row(context: Context, case: Case, proceeding: Proceeding, clock: Clock) -> Row:
    """A limit's row in the work list, with the time when the clock looks at it again."""
    running = clock.running
    deadline = limits.deadline(running, context.calendar, context.profile.zone)
    ended = running.ended_at is not None
    ticks = not (ended or clock.conditional or deadline is None) and clock.rule_held
    next_at = None
    if ticks and deadline is not None and not running.missed:
        next_at = deadline.latest.at if running.warned else deadline.warn_at
    return {
        "id": running.id,
        "case_id": case.id,
        "proceeding_id": proceeding.id,
        "name": running.name,
        "organ": clock.organ,
        "warn_at": deadline.warn_at if deadline else None,
        "due_at": deadline.strictest.at if deadline else None,
        "late_at": deadline.latest.at if deadline else None,
        "provisional": bool(
            deadline and (deadline.strictest.provisional or deadline.latest.provisional)
        ),
        "conditional": clock.conditional,
        "missed": running.missed,
        "ended_at": running.ended_at,
        "next_at": next_at,
    }


def new_events(
    said: Sequence[Said], *, actor: str, agency: str, now: datetime, correlation_id: UUID
) -> list[NewEvent]:
    """Events ready to append; the first is the cause of the others."""
    context = EventContext(actor, agency, correlation_id, None, current_traceparent())
    cause = said[0].id
    follows = EventContext(actor, agency, correlation_id, cause, context.traceparent)
    return [
        NewEvent(
            each.id,
            CASES.type_of(type(each.event)),
            now,
            each.event.data(),
            context if each.id == cause else follows,
        )
        for each in said
    ]


def after_all(case: Case | None, said: Sequence[Said], now: datetime, by: By) -> Case:
    """The case after some events."""
    for each in said:
        case = evolve_case(case, each.id, each.event, now, by)
    assert case is not None, "events make a case"
    return case


# --- a person's act


class Running:
    """The requests that this process is answering now: their keys, and whose turn it is."""

    def __init__(self) -> None:
        self._keys: set[tuple[str, str, str]] = set()
        self._turns: weakref.WeakValueDictionary[UUID, asyncio.Lock] = weakref.WeakValueDictionary()

    def enter(self, key: tuple[str, str, str]) -> None:
        """Begin.

        Raises:
            RequestRunning: the same request is being answered.
        """
        if key in self._keys:
            raise RequestRunning
        self._keys.add(key)

    def leave(self, key: tuple[str, str, str]) -> None:
        """End."""
        self._keys.discard(key)

    def turn(self, case_id: UUID) -> asyncio.Lock:
        """The turn of those who lost a race for a case; forgotten when nobody waits for it."""
        return self._turns.setdefault(case_id, asyncio.Lock())


Deciding = Callable[[asyncpg.Connection, Loaded, Sealing], Awaitable[Sequence[Said]]]


async def act(
    context: Context,
    acting: Acting,
    case_id: UUID,
    deciding: Deciding,
    answer: Answer,
    *,
    running: Running,
    status: int,
    opens: bool = False,
) -> Kept:
    """Take in one act of a person: decide on the present case, append, answer with receipts.

    A repeat with the same Idempotency-Key is authorised again and given the first answer. Another
    writer's append in between means: load and decide again, a bounded number of times.

    Raises:
        Problem: what the caller is told; nothing was written.
    """
    person = person_of(acting.identity)
    request = (person.id, acting.route, acting.key)
    body_digest = digest(acting.body)
    correlation_id = new_id()
    running.enter(request)
    try:
        for attempt in range(ATTEMPTS_MAX):
            # Who lost a race waits for the others of this process, not to lose the next one too.
            turn = running.turn(case_id) if attempt else contextlib.nullcontext()
            async with turn, context.database.driver() as connection:
                loaded = await load(
                    context, connection, case_id, organ=person.organ, request=request
                )
                if loaded.request is not None:
                    return await _repeated(context, connection, acting, loaded, body_digest)
                if not opens and (loaded.case is None or loaded.level is None):
                    raise NotFound
                sealing = context.vault.sealing(
                    stream=stream_of(case_id), organ=person.organ, wrapped=loaded.keys
                )
                try:
                    said = await deciding(connection, loaded, sealing)
                except RevisionStale as stale:
                    raise await _with_changes(connection, case_id, stale) from stale
                now = context.clock.now()
                after = after_all(loaded.case, said, now, By(person.id, person.organ))
                version = loaded.version + len(said)
                events = new_events(
                    said,
                    actor=person.id,
                    agency=person.organ,
                    now=now,
                    correlation_id=correlation_id,
                )
                receipt = context.signer.receipt(
                    stream=stream_of(case_id),
                    version=loaded.version + 1,
                    event_digest=digest(events[0].data),
                    recorded_at=now,
                )
                kept = Kept(
                    status,
                    answer(after, [receipt]),
                    {"Stream-Version": f"{stream_of(case_id)}@{version}"},
                )
                rows = changed_rows(
                    context, loaded.case, after, version, [each.event for each in said]
                )
                rows[CONTENTS] = sealing.contents
                rows[CONTENT_KEYS] = sealing.new_keys
                rows[REQUESTS] = [_request_row(request, body_digest, kept, now)]
                rows[ACCESSES] = [
                    access_row(
                        acting.access([str(case_id)]),
                        time=now,
                        correlation_id=correlation_id,
                        traceparent=current_traceparent(),
                    )
                ]
                try:
                    await append(
                        connection, [Append(stream_of(case_id), loaded.version, events)], rows
                    )
                except VersionConflict:
                    continue
            context.database.poke()
            return kept
    finally:
        running.leave(request)
    raise Busy


async def _repeated(
    context: Context,
    connection: asyncpg.Connection,
    acting: Acting,
    loaded: Loaded,
    body_digest: str,
) -> Kept:
    assert loaded.request is not None
    if loaded.request_digest != body_digest:
        raise RequestReused
    # The case that the answer shows: to a request that opened one, not the id drawn for this one.
    shown = case_of(loaded.request.headers["Stream-Version"].rpartition("@")[0])
    seen = await load(context, connection, shown, organ=acting.identity.organ)
    # Whoever lost sight of the case since is not told again what was said then.
    if seen.level is None:
        raise NotFound
    row = access_row(
        acting.access([str(shown)]),
        time=context.clock.now(),
        correlation_id=new_id(),
        traceparent=current_traceparent(),
    )
    # On this connection: one that waits for a second one, while all wait, waits for ever.
    await append(connection, [], {ACCESSES: [row]})
    context.database.poke()
    return loaded.request


def _request_row(request: tuple[str, str, str], body_digest: str, kept: Kept, now: datetime) -> Row:
    person, route, key = request
    return {
        "person": person,
        "route": route,
        "key": key,
        "body_digest": body_digest,
        "status": kept.status,
        "answer": kept.body.decode(),
        "headers": dict(kept.headers),
        "recorded_at": now,
    }


# --- opening a case


async def next_number(context: Context, connection: asyncpg.Connection, organ: str) -> str:
    """The next case number of an organ in the present year of the law's zone."""
    year = today(context).year
    serial = await connection.fetchval(
        "insert into numbers (organ, kind, year, last) values ($1, 'case', $2, 1)"
        " on conflict (organ, kind, year) do update set last = numbers.last + 1 returning last",
        organ,
        year,
    )
    return f"{context.profile.organ(OrganId(organ)).short}案〔{year}〕{serial}号"


async def decide_opening(
    context: Context,
    connection: asyncpg.Connection,
    case_id: UUID,
    person: Person,
    *,
    body: BaseModel,
    sealing: Sealing,
) -> list[Said]:
    """What opening a dossier says; it is given its number once nothing forbids it.

    Raises:
        Forbidden: not an officer of an enforcement agency.
        BodyInvalid: an officer is not one of this agency, or named twice.
        HappenedInFuture: it was discovered later than now.
    """
    organ = context.profile.organ(OrganId(person.organ))
    if organ.kind is not OrganKind.ENFORCEMENT_AGENCY or Duty.OFFICER not in person.duties:
        raise Forbidden(organ_kind=OrganKind.ENFORCEMENT_AGENCY, duties=[Duty.OFFICER])
    form = body
    known = {each.id for each in context.profile.people if each.organ == organ.id}
    officers: tuple[str, ...] = form.officers  # type: ignore[attr-defined] # the body of OpenCase
    if len(set(officers)) != len(officers) or not known.issuperset(officers):
        raise BodyInvalid(
            errors=[
                {
                    "field": "officers",
                    "rule": "officers_of_agency",
                    "reason": "本机关二名以上执法人员",
                }
            ]
        )
    if form.discovered_at > context.clock.now():  # type: ignore[attr-defined] # likewise
        raise HappenedInFuture(field="discovered_at")
    stream = stream_of(case_id)
    parties: list[Party] = [
        Party(
            id=new_id(),
            kind=PartyKind.ORGANISATION,
            organisation=each.name,
            credit_code=each.credit_code,
        )
        for each in form.organisations  # type: ignore[attr-defined] # likewise
    ]
    for each in form.persons:  # type: ignore[attr-defined] # likewise
        party_id = new_id()

        def seal_person(value: Any, kind: str, subject: str = f"party/{party_id}") -> Sealed[Any]:  # noqa: ANN401
            return context.vault.seal(sealing, value, subject=subject, kind=kind)

        entry = seal(PersonEntry, each, seal_person)
        parties.append(
            Party(
                id=party_id,
                kind=PartyKind.PERSON,
                person=entry.details,
                is_minor=entry.is_minor,
            )
        )
    event = CaseOpened(
        case=case_id,
        case_number=await next_number(context, connection, organ.id),
        field=form.field,  # type: ignore[attr-defined] # likewise
        cause=form.cause,  # type: ignore[attr-defined] # likewise
        division=form.division,  # type: ignore[attr-defined] # likewise
        agency=organ.id,
        discovered_at=form.discovered_at,  # type: ignore[attr-defined] # likewise
        summary=context.vault.seal(sealing, form.summary, subject=stream, kind="summary"),  # type: ignore[attr-defined] # likewise
        parties=tuple(parties),
        officers=officers,
    )
    return [Said(new_id(), event)]


OPEN_CASE_BODY: Final = body_of(OpenCase)


# --- a step


def decide_step(
    context: Context,
    acting: Acting,
    procedure: Procedure,
    proceeding_id: UUID | None,
    name: str,
    body: Any,  # noqa: ANN401 - the body model of the step
    loaded: Loaded,
    sealing: Sealing,
) -> list[Said]:
    """What a step of a person says, on the case as it is.

    Raises:
        Problem: the step is refused.
    """
    case = loaded.case
    assert case is not None, "the case was found"
    proceeding = case.proceeding(proceeding_id) if proceeding_id else None
    if proceeding_id and (proceeding is None or proceeding.procedure != procedure.name):
        raise NotFound
    person = person_of(acting.identity)
    stream = stream_of(case.id)

    def seal_one(value: Any, kind: str) -> Sealed[Any]:  # noqa: ANN401 - any JSON
        return context.vault.seal(sealing, value, subject=stream, kind=kind)

    form_type = form_of(procedure, name)
    command = Command(
        step=name,
        person=person,
        form=seal(form_type, body.form, seal_one),
        happened_at=body.happened_at,
        precision=body.precision,
        late_reason=seal_one(body.late_reason, "late_reason") if body.late_reason else None,
        documents=body.documents,
        parts=opening_parts(context, case, procedure) if proceeding is None else {},
    )
    try:
        said = decide(procedure, proceeding, command, setting_of(context, case))
    except OverflowError as error:
        # A legal time at the edge of the calendar, such as the first day of the year 1 in +14:00.
        raise BodyInvalid(
            errors=[{"field": "happened_at", "rule": "date_range", "reason": "out of range"}]
        ) from error
    # Only now: whoever may not take the step is told so, not asked for headers.
    if proceeding is not None and needs_if_match(procedure, name):
        check_revision(proceeding, acting.if_match)
    check_named_organs(context, procedure, name, body.form)
    return said


def form_of(procedure: Procedure, name: str) -> type[Any]:
    """The form of a step."""
    if name == CORRECT:
        return CorrectAct
    if name == ANNUL:
        return AnnulAct
    return next(step.form for step in procedure.steps if step.name == name)


def needs_if_match(procedure: Procedure, name: str) -> bool:
    """Whether a step decides, so that its taker must have seen the present revision."""
    return name in (CORRECT, ANNUL) or any(
        step.decides for step in procedure.steps if step.name == name
    )


def etag(proceeding: Proceeding) -> str:
    """The ETag of a proceeding: its revision, moved only by people's steps in it."""
    return f'"{proceeding.revision}"'


def check_revision(proceeding: Proceeding, if_match: str | None) -> None:
    """Compare the revision that the caller read with the present one.

    Raises:
        PreconditionMissing: the caller did not say what was read.
        RevisionStale: it changed; says what, and by which organ.
    """
    if if_match is None:
        raise PreconditionMissing(header="If-Match")
    if if_match == etag(proceeding):
        return
    text = if_match.strip('"')
    seen = int(text) if text.isdecimal() and len(text) < 10 else 0  # noqa: PLR2004 - fits an int
    raise RevisionStale(proceeding=str(proceeding.id), seen=seen, revision=proceeding.revision)


async def _with_changes(
    connection: asyncpg.Connection, case_id: UUID, stale: RevisionStale
) -> RevisionStale:
    """The refusal with what people did in the proceeding since the revision that was read."""
    rows = await connection.fetch(
        "select agency, data from events where stream = $1 and type = any($2) order by version",
        stream_of(case_id),
        _STEP_TYPES,
    )
    heads = [(row["agency"], orjson.loads(row["data"])["head"]) for row in rows]
    changes = [
        {"step": head["row"], "organ": organ, "happened_at": head["happened_at"]}
        for organ, head in heads
        if head["proceeding"] == stale.facts["proceeding"]
        and head["revision"] > stale.facts["seen"]
        and organ != PLATFORM.organ
    ]
    return RevisionStale(**stale.facts, changes=changes)


_STEP_TYPES: Final = [name for name, event in CASES.by_type.items() if issubclass(event, StepTaken)]


def opening_parts(context: Context, case: Case, procedure: Procedure) -> dict[str, str]:
    """The organs of a new proceeding by part, as the profile names them for the agency."""
    assert procedure.name == "transfer", "the one procedure that opens so far"
    profile = context.profile
    agency = OrganId(case.agency)
    supervisor = profile.supervisor_of(agency)
    receiver = profile.receiver(Matter.SUSPECTED_CRIME, agency, on=today(context))
    return {
        "sender": case.agency,
        "receiver": receiver.organ.id,
        **({"supervisor": supervisor.id} if supervisor else {}),
    }


def check_named_organs(context: Context, procedure: Procedure, name: str, form: BaseModel) -> None:
    """Check that an organ named in a form exists, is in force and is of its part's kind.

    Raises:
        BodyInvalid: it does not.
    """
    named: Mapping[str, str] = next(
        (step.names for step in procedure.steps if step.name == name), {}
    )
    for field, part in named.items():
        organ_id = getattr(form, field)
        if organ_id is None:
            continue
        try:
            organ = context.profile.organ_on(organ_id, today(context))
            fits = organ.id == organ_id and organ.kind is procedure.parts[part]
        except ProfileError:
            fits = False
        if not fits:
            kind = procedure.parts[part]
            raise BodyInvalid(
                errors=[{"field": f"form.{field}", "rule": "organ_of_kind", "reason": kind.value}]
            )


def steps_named(procedure: Procedure) -> dict[str, Step]:
    """The steps of a procedure by name, one row each; their forms are the same for all rows."""
    return {step.name: step for step in procedure.steps}


# --- what the platform itself does


async def take_by_platform(
    context: Context,
    connection: asyncpg.Connection,
    case_id: UUID,
    deciding: Callable[[Case, Setting], Sequence[Said]],
    *,
    cause: tuple[UUID, UUID] | None = None,
) -> bool:
    """Append what time or another service causes on a case; whether there was anything.

    Args:
        context: of the service.
        connection: with the reaction's transaction, or without one.
        case_id: which case.
        deciding: what follows, from the case as it is.
        cause: correlation id and id of the event that caused it.

    Raises:
        VersionConflict: somebody else wrote meanwhile; the caller tries again.
    """
    loaded = await load(context, connection, case_id)
    if loaded.case is None:
        return False
    said = deciding(loaded.case, setting_of(context, loaded.case))
    if not said:
        return False
    now = context.clock.now()
    by = By(PLATFORM.id, PLATFORM.organ)
    after = after_all(loaded.case, said, now, by)
    version = loaded.version + len(said)
    correlation_id, causation_id = cause or (new_id(), None)
    event_context = EventContext(
        by.person, by.organ, correlation_id, causation_id, current_traceparent()
    )
    events = [
        NewEvent(each.id, CASES.type_of(type(each.event)), now, each.event.data(), event_context)
        for each in said
    ]
    rows = changed_rows(context, loaded.case, after, version, [each.event for each in said])
    await append(connection, [Append(stream_of(case_id), loaded.version, events)], rows)
    return True


def due_now(case: Case, setting: Setting) -> list[Said]:
    """Limits of a case that are near or missed now."""
    return [
        said
        for proceeding in case.proceedings
        for said in decide_due(PROCEDURES[proceeding.procedure], proceeding, setting)
    ]
