"""Opening the dossier of a case."""

from typing import Any, Final
from uuid import UUID

import asyncpg
from pydantic import BaseModel

from libs.common.agencies import Duty, OrganId, OrganKind
from libs.common.contents import Sealing
from libs.common.contracts import Sealed, body_of, seal
from libs.common.contracts.cases import CaseOpened, OpenCase, Party, PartyKind, PersonEntry
from libs.common.errors import BodyInvalid, Forbidden, HappenedInFuture
from libs.common.events import new_id
from libs.common.procedure import Person, Said
from libs.common.service import Context
from services.cases.domain import stream_of
from services.cases.handlers.loading import today


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
