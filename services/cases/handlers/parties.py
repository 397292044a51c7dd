"""The parties of a case: as they are entered, and one that came to light later."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from libs.common.access import HANDLING
from libs.common.agencies import Duty
from libs.common.contents import Sealing
from libs.common.contracts import Sealed, body_of, seal
from libs.common.contracts.cases.dossier import (
    AddParty,
    OrganisationEntry,
    Party,
    PartyAdded,
    PartyKind,
    PersonDetails,
    PersonEntry,
)
from libs.common.errors import BodyInvalid, Forbidden, NotFound, PartyKnown
from libs.common.events import new_id
from libs.common.identity_codes import (
    Check,
    CodeError,
    CreditCode,
    IdentityNumber,
    read_credit_code,
    read_identity_number,
)
from libs.common.procedure import Person, Said
from libs.common.service import Context
from services.cases.handlers.loading import Loaded

ADD_PARTY_BODY: Final = body_of(AddParty)


def decide_adding(
    context: Context,
    person: Person,
    loaded: Loaded,
    *,
    body: Any,  # noqa: ANN401 - the body model of `AddParty`
    sealing: Sealing,
) -> list[Said]:
    """What adding a party to a dossier says.

    Raises:
        NotFound: there is no such case for this reader.
        Forbidden: not an officer of an organ that handles the case, or history.
        BodyInvalid: not exactly one party is given.
        PartyKnown: the case has an organisation of this code already.
    """
    case = loaded.case
    if case is None:
        raise NotFound
    handles = loaded.level in HANDLING and case.source is None
    if not handles or Duty.OFFICER not in person.duties:
        raise Forbidden(organ=None, duties=[Duty.OFFICER])
    if (body.organisation is None) == (body.person is None):
        reason = "单位、个人填写其一 / an organisation or a person, one of the two"
        raise BodyInvalid(errors=[{"field": "organisation", "rule": "one_of", "reason": reason}])
    party_id = new_id()

    def seal_one(value: Any, kind: str) -> Sealed[Any]:  # noqa: ANN401 - any JSON
        return context.vault.seal(sealing, value, subject=f"party/{party_id}", kind=kind)

    form = seal(AddParty, body, seal_one)
    if form.organisation is not None:
        party = organisation(form.organisation)
        _check_new(case.parties, party)
    else:
        assert form.person is not None, "one of the two is given"
        party = person_of_case(party_id, body.person, form.person)
    return [Said(new_id(), PartyAdded(case=case.id, case_number=case.number, party=party))]


def organisation(entry: OrganisationEntry) -> Party:
    """An organisation as a party, with how far its code could be checked."""
    return Party(
        id=new_id(),
        kind=PartyKind.ORGANISATION,
        organisation=entry.name,
        credit_code=entry.credit_code,
        credit_code_check=_credit_code_check(entry.credit_code),
    )


def person_of_case(party_id: UUID, entered: Any, sealed: PersonEntry) -> Party:  # noqa: ANN401 - the body model of `PersonEntry`
    """A natural person as a party: by reference, with how far the number could be checked."""
    details: PersonDetails = entered.details
    return Party(
        id=party_id,
        kind=PartyKind.PERSON,
        person=sealed.details,
        identity_number_check=_identity_number_check(details.identity_number),
        is_minor=sealed.is_minor,
    )


def check_named_once(entries: Sequence[OrganisationEntry]) -> None:
    """Check that no two organisations of one body have the same code.

    Raises:
        BodyInvalid: two have.
    """
    seen: set[str] = set()
    for place, entry in enumerate(entries):
        if _credit_code_check(entry.credit_code) is not Check.CHECKED:
            continue
        assert entry.credit_code is not None, "it was checked"
        if entry.credit_code in seen:
            field = f"organisations.{place}.credit_code"
            reason = "同一单位填写了两次 / the same organisation twice"
            raise BodyInvalid(errors=[{"field": field, "rule": "named_twice", "reason": reason}])
        seen.add(entry.credit_code)


def _check_new(parties: Sequence[Party], new: Party) -> None:
    # What is hidden may differ: only a whole code tells that two are one.
    if new.credit_code_check is not Check.CHECKED:
        return
    for known in parties:
        if known.credit_code == new.credit_code:
            raise PartyKnown(party=str(known.id), organisation=known.organisation)


def _credit_code_check(text: str | None) -> Check | None:
    return None if text is None else _check(read_credit_code(text))


def _identity_number_check(text: str | None) -> Check | None:
    return None if text is None else _check(read_identity_number(text))


def _check(read: CreditCode | IdentityNumber | CodeError) -> Check:
    assert not isinstance(read, CodeError), "the body was judged when it was read"
    return read.check
