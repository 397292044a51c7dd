"""Opening the dossier of a case."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from libs.common.agencies import Duty, OrganId, OrganKind
from libs.common.contents import Sealing
from libs.common.contracts import Sealed, body_of, seal
from libs.common.contracts.cases.dossier import CaseOpened, OpenCase
from libs.common.errors import BodyInvalid, Forbidden, HappenedInFuture
from libs.common.events import new_id
from libs.common.procedure import Person, Said
from libs.common.service import Context
from services.cases.domain import stream_of
from services.cases.handlers.loading import today
from services.cases.handlers.parties import check_named_once, organisation, person_of_case


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
    body: Any,  # noqa: ANN401 - the body model of `OpenCase`
    sealing: Sealing,
) -> list[Said]:
    """What opening a dossier says; it is given its number once nothing forbids it.

    Raises:
        Forbidden: not an officer of an organ that opens cases.
        BodyInvalid: an officer is not one of this agency, or named twice; or an organisation is.
        HappenedInFuture: it was discovered later than now.
    """
    _check(context, person, body.officers, body.discovered_at)
    check_named_once(body.organisations)
    party_ids = [new_id() for _ in body.persons]
    subjects = (f"party/{party_id}" for party_id in party_ids)

    def seal_one(value: Any, kind: str) -> Sealed[Any]:  # noqa: ANN401 - any JSON
        # Each person has a key of one's own, so that one can be erased without the others.
        subject = next(subjects) if kind == "details" else stream_of(case_id)
        return context.vault.seal(sealing, value, subject=subject, kind=kind)

    form = seal(OpenCase, body, seal_one)
    parties = (
        *map(organisation, form.organisations),
        *map(person_of_case, party_ids, body.persons, form.persons),
    )
    event = CaseOpened(
        case=case_id,
        case_number=await next_number(context, connection, person.organ),
        field=form.field,
        cause=form.cause,
        division=form.division,
        agency=person.organ,
        discovered_at=form.discovered_at,
        summary=form.summary,
        parties=parties,
        officers=form.officers,
    )
    return [Said(new_id(), event)]


OPENING: Final = (
    *(OrganKind.ENFORCEMENT_AGENCY, OrganKind.POLICE, OrganKind.PROCURATORATE),
    *(OrganKind.GOVERNMENT, OrganKind.SUPERVISION_COMMISSION),
)
"""Who opens a dossier: a case may begin with any of them; courts are given theirs."""


def _check(
    context: Context, person: Person, officers: Sequence[str], discovered_at: datetime
) -> None:
    organ = context.profile.organ(OrganId(person.organ))
    if organ.kind not in OPENING or Duty.OFFICER not in person.duties:
        raise Forbidden(organ_kinds=list(OPENING), duties=[Duty.OFFICER])
    known = {each.id for each in context.profile.people if each.organ == organ.id}
    if len(set(officers)) != len(officers) or not known.issuperset(officers):
        reason = "本机关二名以上执法人员 / two or more officers of this organ"
        raise BodyInvalid(
            errors=[{"field": "officers", "rule": "officers_of_agency", "reason": reason}]
        )
    if discovered_at > context.clock.now():
        raise HappenedInFuture(field="discovered_at")


OPEN_CASE_BODY: Final = body_of(OpenCase)
