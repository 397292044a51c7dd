"""The dossier of a case: its parties, and the events that open it."""

from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from libs.common.contracts import (
    Code,
    Digest,
    Event,
    Form,
    Number,
    Sealed,
    Strict,
    Words,
    line,
)
from libs.common.contracts.codes import CreditCodeEntry, CreditCodeText, IdentityNumberEntry
from libs.common.contracts.procedure import Document
from libs.common.identity_codes import Check

Division = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{5}$")]
"""Administrative division (GB/T 2260)."""
OrganName = Annotated[str, line(200)]
Documents = tuple[Document, ...]


class PartyKind(StrEnum):
    """Whether a party is an organisation or a natural person."""

    ORGANISATION = "organisation"
    PERSON = "person"


class PersonDetails(Strict):
    """What identifies a natural person; it is sealed and never travels in an event."""

    name: Annotated[str, line(100)] = Field(title="姓名 / name")
    identity_number: IdentityNumberEntry | None = Field(
        default=None, title="公民身份号码 / identity number"
    )
    address: str | None = Field(default=None, max_length=200, title="住址 / address")
    telephone: str | None = Field(default=None, max_length=40, title="电话 / telephone")


class Party(Strict):
    """A party of a case: an organisation in clear, a natural person by reference."""

    id: UUID
    kind: PartyKind
    organisation: OrganName | None = None
    credit_code: CreditCodeText | None = None
    credit_code_check: Check | None = None
    """How far the code could be checked; None where there is none, or before it was checked."""
    person: Sealed[PersonDetails] | None = None
    identity_number_check: Check | None = None
    """How far the sealed identity number could be checked; None as above."""
    is_minor: bool = False


class OrganisationEntry(Strict):
    """An organisation as a party."""

    name: OrganName = Field(title="单位名称 / name")
    credit_code: CreditCodeEntry | None = Field(
        default=None, title="统一社会信用代码 / unified social credit code"
    )


class PersonEntry(Strict):
    """A natural person as a party."""

    details: Sealed[PersonDetails] = Field(title="身份信息 / who it is")
    is_minor: bool = Field(default=False, title="未成年人 / a minor")


class OpenCase(Form):
    """立案建档: opens the dossier of a case."""

    field: Code = Field(title="执法领域 / field of enforcement")
    cause: Code = Field(title="案由 / cause")
    division: Division = Field(title="行为地行政区划 / division of the place of the conduct")
    discovered_at: AwareDatetime = Field(title="发现时间 / discovered")
    summary: Sealed[Words] = Field(title="案情摘要 / summary")
    organisations: tuple[OrganisationEntry, ...] = Field(
        default=(), max_length=200, title="当事单位 / organisations"
    )
    persons: tuple[PersonEntry, ...] = Field(
        default=(), max_length=200, title="当事人 / natural persons"
    )
    officers: tuple[Code, ...] = Field(
        min_length=2, max_length=20, title="执法人员（不少于二人） / officers, two or more"
    )


class CaseOpened(Event):
    """An enforcement agency opened the dossier of a case."""

    name: ClassVar[str] = "case_opened"
    case: UUID
    case_number: Number
    field: Code
    cause: Code
    division: Division
    agency: Code
    discovered_at: AwareDatetime
    summary: Sealed[Words]
    parties: tuple[Party, ...]
    officers: tuple[Code, ...]


class AddParty(Form):
    """追加当事人: an organisation or a person that came to light later."""

    organisation: OrganisationEntry | None = Field(default=None, title="当事单位 / organisation")
    person: PersonEntry | None = Field(default=None, title="当事人 / natural person")


class PartyAdded(Event):
    """An organ that handles the case added a party to its dossier."""

    name: ClassVar[str] = "party_added"
    case: UUID
    case_number: Number
    party: Party


class Remark(Strict):
    """A published step that no row takes: kept as it is, dated, moving nothing."""

    code: Code
    at: AwareDatetime | None
    organs: tuple[Code, ...] = ()


class CaseImported(Event):
    """The import service took in a case from its publication; no organ of the platform acted."""

    name: ClassVar[str] = "case_imported"
    case: UUID
    case_number: Number
    """The number under which it was published."""
    field: Code
    source: Digest
    """The digest of the published record: the same record again changes nothing."""
    text: Sealed[Words]
    """Title, place and facts as published."""
    parties: tuple[Party, ...]
    organs: tuple["OutsideOrganEntry", ...]
    """The organs of the case, entered in the register of outside organs."""
    remarks: tuple[Remark, ...] = ()


class OutsideOrganEntry(Strict):
    """An organ that is not of this city: kind, name and place."""

    id: Code
    kind: Code
    branch: Code
    level: Code
    name: OrganName


CaseImported.model_rebuild()
