"""The city as data: its organs, who oversees whom, who receives what from whom, how numbers read.

A profile is a frozen value; the law stands in the procedures, not here. What is not certain about
the city carries its doubt in Chinese and is shown with it, as a citation does in `libs.common.law`.
"""

import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, NewType, TypeVar
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
)

from libs.common.algorithms import Algorithm
from libs.common.law import Confidence

OrganId = NewType("OrganId", str)
PersonId = NewType("PersonId", str)

Key = TypeVar("Key", bound=str)
Value = TypeVar("Value")

SLUG = r"^[a-z][a-z0-9-]*$"


class ProfileError(ValueError):
    """The profile cannot be read, or does not hold what was asked of it; `path` names the place."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class OrganKind(StrEnum):
    """What an organ is in the linkage; steps name their actor by it."""

    ENFORCEMENT_AGENCY = "enforcement_agency"
    POLICE = "police"
    PROCURATORATE = "procuratorate"
    COURT = "court"
    GOVERNMENT = "government"
    SUPERVISION_COMMISSION = "supervision_commission"
    """监察委员会: takes leads on duty crime."""
    JUSTICE_ADMINISTRATION = "justice_administration"
    """司法行政机关: oversees enforcement for the government; is told, handles no case (SPP21 7)."""
    ESTABLISHMENT_OFFICE = "establishment_office"
    """市委编办: named by article 23 of the circular; reads figures, handles no case."""
    AUDITOR = "auditor"
    """The audit office of the platform."""
    PLATFORM = "platform"
    """The operator of the platform."""


class Level(StrEnum):
    """The level of an organ; the law sends files to the organ of the same level 同级."""

    CITY = "city"
    COUNTY = "county"


class Duty(StrEnum):
    """What a person does in an organ; a step names the duty that may take it."""

    OFFICER = "officer"
    """承办人; in a court the judge."""
    HEAD = "head"
    """负责人."""
    DESK = "desk"
    """收发/受案窗口: signs for what arrives."""
    LEGAL = "legal"
    """法制审核."""
    DATA_OWNER = "data_owner"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Matter(StrEnum):
    """What goes from one organ to another, where the profile says to which."""

    SUSPECTED_CRIME = "suspected_crime"
    TRANSFER_COPY = "transfer_copy"
    """抄送: the copy of the transfer letter for the procuratorate."""
    ADMINISTRATIVE_DETENTION = "administrative_detention"
    ARREST_REVIEW = "arrest_review"
    PROSECUTION = "prosecution"
    TRIAL = "trial"
    DUTY_CRIME_LEAD = "duty_crime_lead"
    """公职人员职务违法犯罪线索."""
    OPINION_COPY = "opinion_copy"
    """抄送: the copy of an opinion of the procuratorate for the justice administration."""


class Moment(StrEnum):
    """When in the life of a limit somebody is told."""

    WARNED = "warned"
    MISSED = "missed"


class Addressee(StrEnum):
    """Who is told, as seen from the organ that owes the act."""

    OFFICER = "officer"
    HEAD = "head"
    SUPERVISOR = "supervisor"
    """The supervising procuratorate."""
    SUPERIOR = "superior"


def _said_once(value: object, info: ValidationInfo) -> object:
    shared: Mapping[str, object] = info.context or {}
    return shared.get(value, value) if isinstance(value, str) else value


Doubt = Annotated[str, BeforeValidator(_said_once)]
"""What is uncertain, in Chinese; in the file a key of `[doubts]` where several rows share it."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Row(_Model):
    """What every row says of itself: how well we know it."""

    confidence: Confidence = Confidence.FULL
    doubt: Doubt = ""


class DatedRow(Row):
    """A row that holds from a day, and to a day once it has ended; both days included."""

    valid_from: date
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the row held on that day."""
        return self.valid_from <= day <= (self.valid_to or date.max)

    def overlaps(self, other: "DatedRow") -> bool:
        """Whether there is a day on which both rows hold."""
        return self.holds_on(other.valid_from) or other.holds_on(self.valid_from)


class OrganKey(DatedRow):
    """A key with which an organ signs; the next one follows it when it is rotated."""

    key_id: str = Field(pattern=SLUG, max_length=64)
    """Unique in the installation for ever; of a kept key also the name of its file."""
    algorithm: Algorithm
    public: str | None = None
    """Base64url of the public key, of SM2 x ‖ y; None: the platform makes and keeps the key."""


class Organ(DatedRow):
    """An organ that acts in the city's linkage, from the day on which it could act in its name."""

    id: OrganId = Field(pattern=SLUG)
    name: str
    name_en: str
    short: str
    """地区简称/机关代字, as it stands in the numbers of the organ's documents."""
    kind: OrganKind
    level: Level
    division: str
    """行政区划代码, six digits of GB/T 2260."""
    field: str = "any"
    """The field of enforcement whose rows of the law bind it, such as `environment`."""
    superior: OrganId | None = None
    supervised_by: OrganId | None = None
    """The procuratorate that supervises it."""
    successor: OrganId | None = None
    is_outside: bool = False
    """It sits in another city and receives by designated jurisdiction 指定管辖."""
    keys: tuple[OrganKey, ...] = ()
    """The keys with which it signs, beside the one that `signing_keys` adds."""

    @property
    def signing_keys(self) -> tuple[OrganKey, ...]:
        """Every key with which it signs or has signed.

        Where no row is of Ed25519, the platform keeps one: no act goes without a signature.
        """
        if any(key.algorithm is Algorithm.ED25519 for key in self.keys):
            return self.keys
        kept = OrganKey(
            key_id=f"{self.id}-ed25519",
            algorithm=Algorithm.ED25519,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
        )
        return (kept, *self.keys)


class Person(_Model):
    """A person of the register: in which organ, with which duties; in the demo a made-up one.

    An identity provider proves who somebody is; what they may do stands here alone.
    """

    id: PersonId = Field(pattern=SLUG)
    name: str
    organ: OrganId
    duties: tuple[Duty, ...] = Field(min_length=1)
    subject: str | None = Field(default=None, min_length=1, max_length=255)
    """Who they are to the identity provider, as its tokens say it; the id where nothing is said."""


class ReceiverRule(DatedRow):
    """To which organ each sender sends some matters, and on what base."""

    matters: tuple[Matter, ...] = Field(min_length=1)
    basis: str
    to: Mapping[OrganId, OrganId]
    """Receiver by sender."""


class Receiver(_Model):
    """An organ as the receiver of a matter, with the rule that says so and its doubt."""

    organ: Organ
    rule: ReceiverRule


class NumberPattern(DatedRow):
    """How the organs named number a kind of document, such as `{short}环移〔{year}〕{number}号`."""

    document: str
    title: str
    pattern: str
    organs: tuple[OrganId, ...] = Field(min_length=1)

    def number(self, organ: Organ, *, year: int, serial: int) -> str:
        """The number of a document: organ, year and the running number of that year."""
        return self.pattern.format(short=organ.short, year=year, number=serial)


class Escalation(Row):
    """Who is told how many hours after a limit came near or was missed."""

    moment: Moment
    after_hours: int = Field(ge=0)
    tell: tuple[Addressee, ...] = Field(min_length=1)


class Purpose(Row):
    """A purpose for which a person may read outside their own cases, with its article."""

    code: str
    title: str
    title_en: str
    article: str


Link = Callable[[Organ], OrganId | None]
LINKS: Mapping[str, Link] = {
    "superior": lambda organ: organ.superior,
    "supervised_by": lambda organ: organ.supervised_by,
    "successor": lambda organ: organ.successor,
}


class Profile(_Model):
    """One city: everything that differs from the next installation and is no secret."""

    installation: str = Field(pattern=SLUG)
    name: str
    division: str
    zone: ZoneInfo
    """The zone in which the law counts days."""
    calendar: str
    """The directory of the installed holiday notices, under the installation's `var`."""
    receipt_after_hours: int = Field(gt=0)
    """After this time on the desk unsigned, limits run provisionally from arrival; our own rule."""
    receipt_doubt: Doubt
    confirmation_minutes: int = Field(default=15, gt=0, le=24 * 60)
    """A decision wants a sign-in at most so long ago; our own rule."""
    escalation: tuple[Escalation, ...]
    purposes: tuple[Purpose, ...]
    organs: tuple[Organ, ...]
    people: tuple[Person, ...] = ()
    receivers: tuple[ReceiverRule, ...]
    number_patterns: tuple[NumberPattern, ...]

    def organ(self, organ_id: OrganId) -> Organ:
        """The organ of that id, also one that has ended; ProfileError if there is none."""
        return _found(self._organs, organ_id, "organs")

    def person(self, person_id: PersonId) -> Person:
        """The person of that id; ProfileError if there is none."""
        return _found(self._people, person_id, "people")

    def person_of_subject(self, subject: str) -> Person | None:
        """Whom the identity provider means by a subject; None where the register has nobody."""
        return self._subjects.get(subject)

    def purpose(self, code: str) -> Purpose:
        """The purpose of that code; ProfileError if there is none."""
        return _found(self._purposes, code, "purposes")

    def organs_of(self, kind: OrganKind, *, on: date) -> tuple[Organ, ...]:
        """The organs of a kind that existed on that day, in the order of the profile."""
        return tuple(o for o in self.organs if o.kind is kind and o.holds_on(on))

    def people_of(self, organ_id: OrganId, duty: Duty) -> tuple[Person, ...]:
        """The people who hold that duty in that organ, in the order of the profile."""
        return tuple(p for p in self.people if p.organ == organ_id and duty in p.duties)

    def organ_on(self, organ_id: OrganId, day: date) -> Organ:
        """The organ, or the successor that stood in its place on that day.

        Raises:
            ProfileError: neither the organ nor one of its successors existed on that day.
        """
        organ = self.organ(organ_id)
        for candidate in (organ, *self.line(organ, LINKS["successor"])):
            if candidate.holds_on(day):
                return candidate
        raise ProfileError(f"organs.{organ_id}", f"neither it nor a successor existed on {day}")

    def superiors(self, organ_id: OrganId) -> tuple[Organ, ...]:
        """The organs above it, the nearest first."""
        return tuple(self.line(self.organ(organ_id), LINKS["superior"]))

    @cached_property
    def superior_ids(self) -> Mapping[str, tuple[str, ...]]:
        """The organs above each organ, the nearest first, by id."""
        return {
            organ.id: tuple(superior.id for superior in self.superiors(organ.id))
            for organ in self.organs
        }

    def same_or_subordinate(self, organ_id: OrganId, *, of: OrganId) -> bool:
        """Whether an organ is the organ `of` or stands somewhere below it."""
        return organ_id == of or of in {superior.id for superior in self.superiors(organ_id)}

    def supervisor_of(self, organ_id: OrganId) -> Organ | None:
        """The procuratorate that supervises an organ; None for an organ that none supervises."""
        supervisor = self.organ(organ_id).supervised_by
        return None if supervisor is None else self.organ(supervisor)

    def receiver(self, matter: Matter, sender: OrganId, *, on: date) -> Receiver:
        """Who receives a matter from an organ, by the rule in force on the day of the sending.

        Raises:
            ProfileError: no rule was in force for that matter and sender.
        """
        for rule in self.receivers:
            if matter in rule.matters and sender in rule.to and rule.holds_on(on):
                return Receiver(organ=self.organ_on(rule.to[sender], on), rule=rule)
        raise ProfileError("receivers", f"nobody receives {matter} from {sender} on {on}")

    def number_pattern(self, document: str, organ_id: OrganId, *, on: date) -> NumberPattern:
        """How an organ numbered a kind of document on that day.

        Raises:
            ProfileError: no pattern was in force for that document and organ.
        """
        for row in self.number_patterns:
            if row.document == document and organ_id in row.organs and row.holds_on(on):
                return row
        raise ProfileError("number_patterns", f"{organ_id} has none for {document} on {on}")

    def doubts(self) -> Mapping[str, tuple[str, ...]]:
        """Every doubt of the profile with the paths of the rows that it hangs on."""
        found = defaultdict[str, list[str]](list)
        found[self.receipt_doubt].append("receipt_after_hours")
        for path, row in rows_of(self):
            if row.doubt:
                found[row.doubt].append(path)
        return {doubt: tuple(paths) for doubt, paths in found.items()}

    def line(self, organ: Organ, link: Link) -> Iterator[Organ]:
        """The organs that follow from one along a link, the nearest first."""
        # Each once and known ones only: `agencies_check` has to come through a circle or a gap too.
        seen = {organ.id}
        following = self._organs.get(link(organ) or organ.id)
        while following is not None and following.id not in seen:
            yield following
            seen.add(following.id)
            following = self._organs.get(link(following) or following.id)

    @cached_property
    def _organs(self) -> Mapping[OrganId, Organ]:
        return {organ.id: organ for organ in self.organs}

    @cached_property
    def _people(self) -> Mapping[PersonId, Person]:
        return {person.id: person for person in self.people}

    @cached_property
    def _subjects(self) -> Mapping[str, Person]:
        return {person.subject or person.id: person for person in self.people}

    @cached_property
    def _purposes(self) -> Mapping[str, Purpose]:
        return {purpose.code: purpose for purpose in self.purposes}


def _found(rows: Mapping[Key, Value], key: Key, path: str) -> Value:
    if key not in rows:
        raise ProfileError(path, f"there is no {key!r}")
    return rows[key]


def rows_of(profile: Profile) -> Iterator[tuple[str, Row]]:
    """Every row that may carry a doubt, with its path in the profile."""
    for organ in profile.organs:
        yield f"organs.{organ.id}", organ
        for key in organ.keys:
            yield f"organs.{organ.id}.keys.{key.key_id}", key
    for index, rule in enumerate(profile.receivers):
        yield f"receivers.{index}.{'+'.join(rule.matters)}", rule
    for pattern in profile.number_patterns:
        yield f"number_patterns.{pattern.document}", pattern
    for index, escalation in enumerate(profile.escalation):
        yield f"escalation.{index}", escalation
    for purpose in profile.purposes:
        yield f"purposes.{purpose.code}", purpose


def parse(mapping: Mapping[str, Any]) -> Profile:  # Any: TOML as it was read
    """Build the profile from a TOML document that was read already.

    Args:
        mapping: the document; its table `doubts` holds the texts that several rows share.

    Returns:
        The profile. That its rows fit together is for `agencies_check` to say.

    Raises:
        ProfileError: a value is missing, unknown or of the wrong form; `path` names the first.
    """
    rows = dict(mapping)
    doubts = rows.pop("doubts", {})
    if not isinstance(doubts, Mapping):
        raise ProfileError("doubts", "must be a table of texts by key")
    try:
        return Profile.model_validate(rows, context=doubts)
    except ValidationError as error:
        first = error.errors()[0]
        raise ProfileError(".".join(map(str, first["loc"])), first["msg"]) from error


def load_profile(path: Path) -> Profile:
    """Read a profile from its TOML file.

    Raises:
        ProfileError: the file cannot be read, is not TOML, or is no profile.
    """
    try:
        mapping = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProfileError(str(path), str(error)) from error
    return parse(mapping)
