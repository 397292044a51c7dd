"""What answers about a case look like, and how they are made from it."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from fastapi import Response
from pydantic import AwareDatetime

from libs.common import limits as running_limits
from libs.common.access import Level, Part
from libs.common.agencies import Duty, OrganId, OrganKind
from libs.common.contracts import Form, Strict, body_of
from libs.common.contracts.signatures import Signature
from libs.common.http import json_bytes
from libs.common.law import Confidence
from libs.common.procedure import SERVICE, Person, Procedure, Proceeding, Step, may_take, open_steps
from libs.common.service import Context
from libs.common.signing import Receipt
from services.cases.domain import Case, headline, state_titles
from services.cases.handlers.acting import Proof
from services.cases.handlers.loading import Kept
from services.cases.handlers.steps import etag, may_open, steps_named
from services.cases.procedures import PROCEDURES
from services.cases.standing import Reader, reader_of, shows_minors, widest_of
from services.cases.views.cases import CaseLine, Facets, LimitLine


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
    party: UUID | None
    about: UUID | None
    custody: bool
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
    """The steps by which the organ of whoever asks may open a proceeding."""


@dataclass(frozen=True, slots=True)
class StepAnswer(CaseView):
    """What an act answers: what proves it, and the case as it is then."""

    receipts: tuple[Receipt, ...]
    signatures: tuple[Signature, ...]
    """Of the organ, over the act; none where no step of a procedure was taken. In the embedded
    default the platform keeps the organs' keys: `/keys` says of each who does."""


class CasePage(Strict):
    """A page of the list; `next` is the `after` of the next one."""

    cases: tuple[CaseLine, ...]
    count: int
    """Cases found in all, counted up to 10,000."""
    count_stopped: bool
    """Whether there are more than were counted; then the facets are of the 10,000 last changed."""
    facets: Facets | None
    """How the cases found divide, where it was asked for."""
    next: str | None


class LimitPage(Strict):
    """A page of the work list; `next` is the `after` of the next one."""

    limits: tuple[LimitLine, ...]
    next: str | None


class TrailEntry(Strict):
    """An event of a case as its reader may see it."""

    version: int
    id: UUID
    type: str
    recorded_at: AwareDatetime
    person: str | None
    """None where neither the act nor who handles the case is shown."""
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


@functools.cache
def form_schema(form: type[Form]) -> Any:  # noqa: ANN401 - JSON
    """JSON Schema 2020-12 of a step's form, written once."""
    return orjson.Fragment(json_bytes(body_of(form).model_json_schema()))


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
    mine = person is not None and (
        may_take(step, proceeding, person)
        if proceeding is not None
        else organ == person.organ and not person.duties.isdisjoint(step.actor.duties)
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
    title, title_en = state_titles(proceeding)
    limits = limit_views(context, procedure, proceeding)
    return ProceedingView(
        id=proceeding.id,
        procedure=procedure.name,
        title=procedure.title,
        title_en=procedure.title_en,
        state=state.code,
        state_title=title,
        state_title_en=title_en,
        holder=proceeding.holder,
        parts=proceeding.parts,
        party=proceeding.party,
        about=proceeding.about,
        custody=proceeding.custody,
        revision=proceeding.revision,
        etag=etag(proceeding),
        limits=limits,
        open_steps=tuple(
            step_view(step, proceeding, proceeding.parts, person, limits)
            for step in open_steps(procedure, proceeding, case.field)
            if step.actor.part != SERVICE
        ),
    )


def case_view(
    context: Context, case: Case, reader: Reader, person: Person | None
) -> dict[str, Any]:
    """The members of a `CaseView`."""
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
        "level": reader.level,
        "officers": case.officers if reader.shown(Part.OFFICERS) else (),
        # A minor, and whoever only supervises or counts, is given no more than that there is one.
        "parties": tuple(
            {"id": str(party.id), "kind": party.kind, "withheld": True}
            if (party.is_minor and not shows_minors(reader)) or not reader.shown(Part.PARTIES)
            else party.model_dump(mode="json", exclude_none=True)
            for party in case.parties
        ),
        "proceedings": tuple(
            proceeding_view(context, case, each, person) for each in case.proceedings
        ),
        "open_steps": opening_steps(context, case, person)
        if person is not None and may_open(case, reader.level)
        else (),
    }


def opening_steps(context: Context, case: Case, person: Person) -> Any:  # noqa: ANN401 - JSON
    """The steps by which a person's organ may open a proceeding on the case, as JSON."""
    kind = context.profile.organ(OrganId(person.organ)).kind
    return _opening_steps(kind, person.organ, person.duties, case.field)


@functools.lru_cache(maxsize=4_096)
def _opening_steps(
    kind: OrganKind, organ: str, duties: frozenset[Duty], case_field: str
) -> orjson.Fragment:
    """Written once: every answer for one case holds them, and they change with nothing else."""
    somebody = Person("", organ, duties)
    found = [
        step_view(step, None, {step.actor.part: organ}, somebody, ())
        for procedure in PROCEDURES.values()
        for step in steps_named(procedure)
        if step.opens
        and step.actor.part != SERVICE
        and step.holds_for(case_field)
        and kind in procedure.parts[step.actor.part]
    ]
    return orjson.Fragment(json_bytes(found))


def step_answer(context: Context, case: Case, person: Person | None, proof: Proof) -> bytes:
    """The body of the answer to an act; it shows what a read by the same person would show then."""
    assert person is not None, "services take no legal step"
    superiors = context.profile.superior_ids
    level = widest_of(case, person.organ, superiors)
    reader = reader_of(case, person.organ, level, superiors)
    answer = StepAnswer(
        receipts=proof.receipts,
        signatures=proof.signatures,
        **case_view(context, case, reader, person),
    )
    return json_bytes(answer)


def kept_response(kept: Kept) -> Response:
    """The answer of an act as HTTP."""
    return Response(
        kept.body,
        status_code=kept.status,
        media_type="application/json",
        headers=dict(kept.headers),
    )
