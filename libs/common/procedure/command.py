"""What comes into a decision and what goes out: who wants what, in which setting, what is said."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from libs.common.agencies import Duty
from libs.common.contracts import Event, Form, Sealed
from libs.common.contracts.procedure import Document, Precision
from libs.common.events import SERVICE_PREFIX
from libs.common.procedure.table import SERVICE, Part, Procedure
from libs.common.worktime import Calendar

if TYPE_CHECKING:
    from libs.common.procedure.proceeding import Proceeding


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts: an opaque id, the organ acted for, the duties held there now."""

    id: str
    organ: str
    duties: frozenset[Duty]

    def __post_init__(self) -> None:
        # A person whose token named the organ `service` would otherwise act as the platform.
        assert (self.organ == SERVICE) == self.id.startswith(SERVICE_PREFIX), (
            "nobody is the platform"
        )

    @property
    def is_service(self) -> bool:
        """Whether the platform itself acts."""
        return self.organ == SERVICE


def platform_itself(service: str) -> Person:
    """The platform as the actor of what comes about without a person's act, such as an arrival."""
    return Person(SERVICE_PREFIX + service, SERVICE, frozenset({Duty.ADMINISTRATOR}))


@dataclass(frozen=True, slots=True)
class Command:
    """A step that a person, or the platform, wants taken."""

    step: str
    person: Person
    form: Form
    happened_at: datetime | None = None
    """None: now, which is what an act on the platform takes."""
    precision: Precision = Precision.MINUTE
    late_reason: Sealed[Any] | None = None
    documents: tuple[Document, ...] = ()
    parts: Mapping[Part, str] = field(default_factory=dict)
    """The organs by part, for the step that opens; else only those of parts that the step names."""
    party: UUID | None = None
    """For the step that opens: the party that it is about."""
    about: UUID | None = None
    """For the step that opens: the proceeding that it is about."""
    caused_by: UUID | None = None
    """The act with which the platform takes it."""
    imported: bool = False
    """It is history, taken in by the import service: nothing is owed and nothing ticks."""
    inferred: bool = False
    """No source tells it: it must have been, because what follows it was."""
    undated: bool = False
    """No source tells when it was; `happened_at` is only a bound."""


FillParts = Callable[[Procedure, Mapping[Part, str]], Mapping[Part, str]]
"""The organs by part of a proceeding that opens, from those that are given."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What surrounds a decision: the case, the time, the calendar, fresh identities."""

    case: UUID
    case_number: str
    case_field: str
    now: datetime
    calendar: Calendar
    zone: ZoneInfo
    ids: Iterator[UUID]
    own_hours: Mapping[str, int] = field(default_factory=dict)
    """Lengths of the platform's own limits, by name, where the profile sets another."""
    proceedings: "tuple[Proceeding, ...]" = ()
    """Every proceeding of the case, for conditions that look beside their own."""
    fill: FillParts | None = None
    """How the profile fills the parts of what the platform opens; None: they stay as given."""


@dataclass(frozen=True, slots=True)
class Said:
    """An event about to be appended, and its identity."""

    id: UUID
    event: Event
