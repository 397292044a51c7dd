"""A step of a procedure, as a person wants it taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from libs.common import access
from libs.common.access import POLICY, Level
from libs.common.agencies import OrganId, ProfileError
from libs.common.contents import Sealing
from libs.common.contracts import Form, Sealed, seal
from libs.common.contracts.cases.penalty import DecidePenalty, RecordFindings
from libs.common.contracts.procedure import AnnulAct, CorrectAct
from libs.common.errors import BodyInvalid, Forbidden, NotFound, PreconditionMissing, RevisionStale
from libs.common.http import Acting, need_confirmation, person_of
from libs.common.procedure import (
    ANNUL,
    CORRECT,
    Command,
    Fill,
    OfCase,
    Part,
    Person,
    Procedure,
    Proceeding,
    Receives,
    Said,
    Step,
    Superior,
    Supervises,
    decide_act,
)
from libs.common.service import Context
from services.cases.domain import PLATFORM, Case, stream_of
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
    if proceeding is None and not may_open(case, loaded.level):
        raise Forbidden(step=name, organ=None, duties=[])
    stream = stream_of(case.id)

    def seal_one(value: Any, kind: str) -> Sealed[Any]:  # noqa: ANN401 - any JSON
        return context.vault.seal(sealing, value, subject=stream, kind=kind)

    form_type = form_of(procedure, name)
    opening = (
        Opening.none()
        if proceeding
        else opening_of(context, case, procedure, person, name=name, body=body)
    )
    form = with_only_party(case, seal(form_type, body.form, seal_one))
    command = Command(
        step=name,
        person=person,
        form=form,
        happened_at=body.happened_at,
        precision=body.precision,
        late_reason=seal_one(body.late_reason, "late_reason") if body.late_reason else None,
        documents=body.documents,
        parts=opening.parts,
        party=opening.party,
        about=opening.about,
    )
    try:
        said = decide_act(
            PROCEDURES,
            procedure,
            proceeding.id if proceeding else None,
            command,
            replace(
                setting_of(context, case),
                fill=lambda there, parts: _standing(context, case, there, parts),
            ),
            platform=PLATFORM,
        )
    except OverflowError as error:
        # A legal time at the edge of the calendar, such as the first day of the year 1 in +14:00.
        raise BodyInvalid(
            errors=[{"field": "happened_at", "rule": "date_range", "reason": "out of range"}]
        ) from error
    # Only now: whoever may not take the step is told so, not asked for headers or a sign-in.
    if is_decision(procedure, name) and proceeding is not None:
        check_revision(proceeding, acting.if_match)
    check_named_organs(context, procedure, name, body.form)
    check_named_parties(case, form)
    if is_decision(procedure, name):
        need_confirmation(context, acting.identity)
    return said


def with_only_party(case: Case, form: Form) -> Form:
    """The form, with the only party of the case where it names none."""
    if isinstance(form, RecordFindings | DecidePenalty) and not form.parties:
        known = tuple(party.id for party in case.parties)
        return form.model_copy(update={"parties": known}) if len(known) == 1 else form
    return form


def check_named_parties(case: Case, form: Form) -> None:
    """Check that whoever a form names is a party of the case.

    Raises:
        BodyInvalid: one is not, or findings name none of several.
    """
    known = {party.id for party in case.parties}
    named: tuple[UUID, ...] = getattr(form, "parties", ())
    if unknown := [str(each) for each in named if each not in known]:
        raise _invalid("form.parties", "party_of_case", "、".join(unknown))
    if isinstance(form, RecordFindings) and known and not named:
        raise _invalid("form.parties", "missing", "、".join(map(str, known)))


def form_of(procedure: Procedure, name: str) -> type[Any]:
    """The form of a step."""
    if name == CORRECT:
        return CorrectAct
    if name == ANNUL:
        return AnnulAct
    return next(step.form for step in procedure.steps if step.name == name)


def is_decision(procedure: Procedure, name: str) -> bool:
    """Whether a step decides: its taker must have seen the present revision, and confirms it."""
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


@dataclass(frozen=True, slots=True)
class Opening:
    """What a proceeding that opens is about, and which organs stand in it."""

    parts: Mapping[Part, str]
    party: UUID | None = None
    about: UUID | None = None

    @classmethod
    def none(cls) -> "Opening":
        """Of a step that opens nothing."""
        return cls({})


def opening_of(
    context: Context,
    case: Case,
    procedure: Procedure,
    person: Person,
    *,
    name: str,
    body: Any,  # noqa: ANN401 - the body model of an opening step
) -> Opening:
    """What a new proceeding is about, and its organs: named, inherited, or the profile's.

    Raises:
        BodyInvalid: it needs a party or a proceeding that the case does not have, or an organ named
            is not one that can stand in its part.
    """
    about = _about(case, procedure, body.about)
    party = _party(case, procedure, body.party)
    parts = {part: _of_kind(context, procedure, part, organ) for part, organ in body.parts.items()}
    inherited = procedure.inherits.get(about.procedure, {}) if about else {}
    for part, there in inherited.items():
        if about and there in about.parts:
            parts.setdefault(part, about.parts[there])
    actor = next(step.actor.part for step in procedure.steps if step.opens and step.name == name)
    if may_stand(context, procedure, actor, person.organ):
        parts[actor] = person.organ
    return Opening(_with_fills(context, case, procedure, parts), party, about.id if about else None)


def _standing(
    context: Context, case: Case, procedure: Procedure, given: Mapping[Part, str]
) -> Mapping[Part, str]:
    """Those of the given organs that can stand in their parts, and the profile's."""
    parts = {
        part: organ for part, organ in given.items() if may_stand(context, procedure, part, organ)
    }
    return _with_fills(context, case, procedure, parts)


def _with_fills(
    context: Context, case: Case, procedure: Procedure, given: Mapping[Part, str]
) -> Mapping[Part, str]:
    parts = dict(given)
    for part, fill in procedure.fills.items():
        organ = _filled(context, case, fill, parts)
        if part not in parts and organ and may_stand(context, procedure, part, organ):
            parts[part] = organ
    return parts


def may_open(case: Case, level: Level | None) -> bool:
    """Whether a reader at a level may open a proceeding: not who only counts, nor on history."""
    return level is not None and access.Part.ACTIONS in POLICY[level] and case.source is None


def may_stand(context: Context, procedure: Procedure, part: Part, organ: str) -> bool:
    """Whether an organ is of a kind that can stand in a part."""
    try:
        found = context.profile.organ_on(OrganId(organ), today(context))
    except ProfileError:
        return False
    return found.id == organ and found.kind in procedure.parts[part]


def _of_kind(context: Context, procedure: Procedure, part: Part, organ: str) -> str:
    if part in procedure.parts and may_stand(context, procedure, part, organ):
        return organ
    kinds = "、".join(procedure.parts.get(part, ())) or "无此角色 / no such part"
    raise _invalid(f"parts.{part}", "organ_of_kind", kinds)


def _about(case: Case, procedure: Procedure, wanted: UUID | None) -> Proceeding | None:
    """The proceeding that it is about: the one named, or the only one that it can be."""
    fitting = [each for each in case.proceedings if each.procedure in procedure.about]
    if wanted is not None:
        if found := next((each for each in fitting if each.id == wanted), None):
            return found
        raise _invalid("about", "proceeding_of_case", "、".join(sorted(procedure.about)))
    needed = "case" not in procedure.subject.split() and not procedure.needs_party
    if needed and len(fitting) != 1:
        raise _invalid("about", "missing", "、".join(str(each.id) for each in fitting))
    return fitting[0] if needed else None


def _party(case: Case, procedure: Procedure, wanted: UUID | None) -> UUID | None:
    if not procedure.needs_party:
        return None
    known = [party.id for party in case.parties]
    if wanted in known:
        return wanted
    if wanted is None and len(known) == 1:
        return known[0]
    raise _invalid("party", "party_of_case", "、".join(map(str, known)))


def _filled(context: Context, case: Case, fill: Fill, parts: Mapping[Part, str]) -> str | None:
    """The organ by which the profile fills a part; None where it knows none."""
    profile = context.profile
    if isinstance(fill, OfCase):
        return case.agency
    organ = OrganId(parts.get(fill.of, ""))
    if not organ:
        return None
    match fill:
        case Supervises():
            supervisor = profile.supervisor_of(organ)
            return supervisor.id if supervisor else None
        case Superior():
            return next(iter(profile.superior_ids.get(organ, ())), None)
        case Receives(matter=matter):
            try:
                return profile.receiver(matter, organ, on=today(context)).organ.id
            except ProfileError:
                return None


def _invalid(field: str, rule: str, reason: str) -> BodyInvalid:
    return BodyInvalid(errors=[{"field": field, "rule": rule, "reason": reason}])


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
        if not may_stand(context, procedure, part, organ_id):
            raise _invalid(f"form.{field}", "organ_of_kind", "、".join(procedure.parts[part]))


def steps_named(procedure: Procedure) -> Sequence[Step]:
    """The steps of a procedure, one row for each name that opens one and each that does not.

    Rows of one name have one form.
    """
    return tuple({(step.name, step.opens): step for step in procedure.steps}.values())
