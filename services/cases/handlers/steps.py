"""A step of a procedure, as a person wants it taken."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from libs.common.agencies import Matter, OrganId, ProfileError
from libs.common.contents import Sealing
from libs.common.contracts import Sealed, seal
from libs.common.contracts.procedure import AnnulAct, CorrectAct
from libs.common.errors import BodyInvalid, NotFound, PreconditionMissing, RevisionStale
from libs.common.http import Acting, person_of
from libs.common.procedure import ANNUL, CORRECT, Command, Procedure, Proceeding, Said, Step, decide
from libs.common.service import Context
from services.cases.domain import Case, stream_of
from services.cases.handlers.loading import Loaded, setting_of, today
from services.cases.procedures import PROCEDURES


@dataclass(frozen=True, slots=True)
class Wanted:
    """A step that a person wants taken."""

    procedure: Procedure | None
    """None: that of the proceeding."""
    proceeding_id: UUID | None
    """None for the step that opens one."""
    name: str
    body: Any
    """The body model of the step, made from its form."""


def decide_step(
    context: Context, acting: Acting, wanted: Wanted, loaded: Loaded, sealing: Sealing
) -> list[Said]:
    """What a step of a person says, on the case as it is.

    Raises:
        Problem: the step is refused.
    """
    case = loaded.case
    assert case is not None, "the case was found"
    name, body = wanted.name, wanted.body
    proceeding = case.proceeding(wanted.proceeding_id) if wanted.proceeding_id else None
    procedure = wanted.procedure or (PROCEDURES[proceeding.procedure] if proceeding else None)
    if procedure is None or (wanted.proceeding_id and proceeding is None):
        raise NotFound
    if proceeding is not None and proceeding.procedure != procedure.name:
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
