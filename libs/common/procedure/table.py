"""The law as a table: the words in which a procedure is written, one row a legal step.

Nothing here is decided: what follows from a row is said in `decide`, what a proceeding becomes in
`proceeding`, whether a table holds together in `check`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from uuid import UUID

from libs.common.agencies import Duty, Matter, OrganKind
from libs.common.contracts import Form
from libs.common.contracts.procedure import Receipt, StepTaken
from libs.common.errors import NotFound
from libs.common.law import Law
from libs.common.limits import Limit
from libs.common.worktime import Unit

if TYPE_CHECKING:
    from libs.common.procedure.command import Command, Setting
    from libs.common.procedure.proceeding import Proceeding

ANY_FIELD: Final = "any"
SERVICE: Final = "platform"
"""The part of the platform itself, for what comes about without a person's act. It is in every
proceeding, is no organ, and only `platform_itself` acts in it."""

CASE: Final = "case"
PARTY: Final = "party"

Part = str
"""The place of an organ in a proceeding, such as `sender`; each procedure names its own."""


def holds_for(fields: Sequence[str], case_field: str) -> bool:
    """Whether what is said for some fields of enforcement holds for one of them."""
    return ANY_FIELD in fields or case_field in fields


@dataclass(frozen=True, slots=True)
class State:
    """A state of a procedure; codes are stable across versions of the law."""

    code: str
    title: str
    title_en: str
    final: bool = False
    """Nothing more is owed; a step may still leave it."""


ANNULLED: Final = State("ANNULLED", "已撤销", "Annulled", final=True)
"""Where every proceeding is whose opening was annulled; no table names it, no step leaves it."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who takes a step: the organ in a part of the proceeding, and one of these duties in it."""

    part: Part
    duties: tuple[Duty, ...]


@dataclass(frozen=True, slots=True)
class Starts:
    """A limit that begins with a step, and the part that has to act."""

    limit: Limit
    on: Part
    since: Limit | None = None
    """Counts from where this limit counted, unless `of` says a day, and takes its place; the step
    is open only while a limit that it names here runs."""
    provisional: bool = False
    """From the arrival, because the receipt is missing; the receipt moves it."""
    receipt: bool = False
    """Only moves what runs provisionally from the arrival; begins nothing."""
    held: bool | None = None
    """Only where the subject is held in custody, or only where it is not."""
    of: str | None = None
    """The field of the form with the day from which, or backwards from which, it counts; without
    that day it does not begin. None: from the act."""
    when: str | None = None
    """A field of the form that has to be true for it to begin."""
    unless: str | None = None
    """A field of the form that must not be true for it to begin."""
    kept: tuple[str, str] | None = None
    """An earlier step and what it keeps: begins only where that is said and is not nothing."""
    from_end: bool = False
    """With `since`: counts from the end of the limit whose place it takes, not from its start."""


@dataclass(frozen=True, slots=True)
class OwesNotice:
    """A notice that a step owes."""

    kind: str
    to: Part
    duty: Duty
    law: Law
    receipt: Receipt
    within: tuple[int, Unit] | None = None
    """None: promptly."""
    by: Part | None = None
    """Who owes it; the organ that took the step where nothing is said."""
    fields: tuple[str, ...] = (ANY_FIELD,)


@dataclass(frozen=True, slots=True)
class OwesEntry:
    """An entry on the shared information platform that a step owes."""

    item: str
    by: Part
    law: Law
    within: tuple[int, Unit]
    fields: tuple[str, ...] = (ANY_FIELD,)


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition that the law sets for what is filled in; `lacks` names what is missing."""

    name: str
    title: str
    title_en: str
    law: Law
    lacks: "Callable[[Proceeding | None, Command, Setting], Sequence[str]]"


OPENED: Final = "opened"
"""In `Causes.about`: the proceeding that the same step opened."""


class Reach(StrEnum):
    """Which proceedings of the case a step causes something in."""

    ITSELF = "itself"
    """This one."""
    OPENS = "opens"
    """None that runs: the step caused opens one that is about this one."""
    CASE = "case"
    """Every one in which the step caused is open."""
    PARTY = "party"
    """Those of them with the same party."""
    SUBJECT = "subject"
    """The one that this one is about."""
    DEPENDENT = "dependent"
    """Those that are about this one."""


@dataclass(frozen=True, slots=True)
class Causes:
    """A step of another procedure that the platform takes with this one, in the same transaction.

    So one proceeding opens, suspends, resumes or closes another; the step caused stands as a row in
    its own table, with the platform as its actor.
    """

    procedure: str
    step: str
    reach: Reach
    parts: Mapping[Part, Part] = field(default_factory=dict)
    """For a step that opens: the part there, and the part here whose organ it takes."""
    parties: str | None = None
    """The field of the form that names the parties: one for each of them is opened, or those of
    them are reached. None: the party of this proceeding, if it has one; or whatever is reached."""
    only_if: "Callable[[Proceeding, tuple[Proceeding, ...]], bool] | None" = None
    """Whether it causes it, from this proceeding as it is then and all of the case."""
    about: str | None = None
    """What those reached are about from now on: a field of the form, or what this step opened."""
    makes: "Callable[[UUID, Form, Setting], Form | None] | None" = None
    """The form of the step caused, from this act and its form; None means nothing is caused.
    Without it the step caused says no more than which act caused it."""


@dataclass(frozen=True, slots=True)
class Supervises:
    """A part is filled by the procuratorate that supervises the organ in another part."""

    of: Part


@dataclass(frozen=True, slots=True)
class Receives:
    """A part is filled by the organ that receives a matter from the organ in another part."""

    matter: Matter
    of: Part


@dataclass(frozen=True, slots=True)
class Superior:
    """A part is filled by the organ right above the organ in another part."""

    of: Part


@dataclass(frozen=True, slots=True)
class OfCase:
    """A part is filled by the organ that opened the case, where it is of the part's kind."""


Fill = Supervises | Receives | Superior | OfCase


@dataclass(frozen=True, slots=True)
class Step:
    """One legal step: a row of the table. Where several rows hold, the later one counts."""

    name: str
    title: str
    title_en: str
    source: tuple[State, ...]
    """The states that it leaves; empty for the step that opens the proceeding."""
    target: State | None
    """The state that it reaches; None where it stays."""
    actor: Actor
    emits: type[StepTaken]
    law: tuple[Law, ...]
    decides: bool = False
    """A decision needs `If-Match`; what only adds does not."""
    after: str | None = None
    """The step that it answers: it is open after that only, once each time that one is taken."""
    receiver: Part | None = None
    documents: tuple[str, ...] = ()
    """Kinds of documents that must be with it."""
    guards: tuple[Guard, ...] = ()
    holder: Part | None = None
    """The part that holds the proceeding afterwards; None where the holder stays."""
    becomes: Mapping[Part, Part] = field(default_factory=dict)
    """Parts whose organ changes: the part, and the part whose organ it takes and which ends."""
    names: Mapping[str, Part] = field(default_factory=dict)
    """Fields of the form that name the organ of a part."""
    starts: tuple[Starts, ...] = ()
    ends: tuple[Limit, ...] = ()
    drops: tuple[Limit, ...] = ()
    """Limits that fall away because what they time can no longer come."""
    pauses: tuple[Limit, ...] = ()
    resumes: tuple[Limit, ...] = ()
    owes: tuple[OwesNotice | OwesEntry, ...] = ()
    causes: tuple[Causes, ...] = ()
    custody: bool | None = None
    """Whether the party is held afterwards; None where that stays as it was."""
    keeps: tuple[str, ...] = ()
    """The fields of the form for which later conditions, and the outcome of a party, ask."""
    fields: tuple[str, ...] = (ANY_FIELD,)
    """The fields of enforcement for which the row holds."""

    @property
    def form(self) -> type[Form]:
        """What is filled in for it."""
        form: type[Form] = self.emits.model_fields["form"].annotation  # type: ignore[assignment] # a subclass of `Form`, by `StepTaken`
        return form

    @property
    def valid_from(self) -> date:
        """The first day for which we hold a text of the rule."""
        return min(law.act.valid_from for law in self.law)

    @property
    def moves(self) -> bool:
        """Whether it changes the state, the holder or an organ; what does not stands beside."""
        return bool(self.target or self.holder or self.becomes or self.names)

    @property
    def opens(self) -> bool:
        """Whether it opens a proceeding."""
        return not self.source

    @property
    def receives(self) -> bool:
        """Whether it takes over what was sent: a receipt, which the law wants at once."""
        taking = self.actor.part == self.holder or self.actor.part in self.becomes.values()
        return taking and not self.opens and not self.decides

    @property
    def since(self) -> frozenset[str]:
        """The names of the limits one of which has to run."""
        return frozenset(start.since.name for start in self.starts if start.since)

    def leaves(self, state: str | None) -> bool:
        """Whether it may be taken in a state; None stands for a proceeding not yet opened."""
        if state is None:
            return not self.source
        return any(each.code == state for each in self.source)

    def holds_for(self, case_field: str) -> bool:
        """Whether the row holds for a field of enforcement."""
        return holds_for(self.fields, case_field)

    def holds_on(self, day: date) -> bool:
        """Whether one of the acts on which it rests was in force on a day."""
        return any(law.in_force_on(day) for law in self.law)


@dataclass(frozen=True, slots=True)
class WhenMissed:
    """What follows by itself when a limit is missed."""

    starts: tuple[Starts, ...] = ()
    owes: tuple[OwesNotice, ...] = ()


@dataclass(frozen=True, slots=True)
class Procedure:
    """A legal procedure: its parts, states, steps and limits."""

    name: str
    title: str
    title_en: str
    subject: str
    """What a proceeding is about, separated by blanks: the `case`, a `party`, and the procedures
    whose proceedings it may be about."""
    parts: Mapping[Part, tuple[OrganKind, ...]]
    """The kinds of organ that may stand in each part."""
    states: tuple[State, ...]
    steps: tuple[Step, ...]
    missed: Mapping[str, WhenMissed] = field(default_factory=dict)
    """By limit name."""
    overseer: Part | None = None
    """The part that is told of every act that is annulled."""
    shares: tuple[type[StepTaken], ...] = ()
    """Events that several steps say deliberately."""
    fills: Mapping[Part, Fill] = field(default_factory=dict)
    """Parts that the profile fills when a person opens one and does not name them, in order."""
    inherits: Mapping[str, Mapping[Part, Part]] = field(default_factory=dict)
    """By the procedure that it is about: the part here, and the part there whose organ it takes."""

    @property
    def needs_party(self) -> bool:
        """Whether each proceeding is about one party."""
        return PARTY in self.subject.split()

    @property
    def about(self) -> frozenset[str]:
        """The procedures whose proceedings it may be about."""
        return frozenset(self.subject.split()) - {CASE, PARTY}

    @property
    def starts(self) -> tuple[Starts, ...]:
        """Everything that starts a limit: the steps first, then the limits missed."""
        rows = (
            *(step.starts for step in self.steps),
            *(each.starts for each in self.missed.values()),
        )
        return tuple(start for starts in rows for start in starts)

    @property
    def limits(self) -> tuple[Limit, ...]:
        """Every limit that a step or a missed limit starts, once each."""
        return tuple({start.limit.name: start.limit for start in self.starts}.values())

    def extensions(self, limit: Limit) -> Iterator[tuple[Limit, bool]]:
        """What may take the place of a limit, each of the one before, and whether from its end."""
        longer = sorted(self.starts, key=lambda start: start.from_end)
        following = {start.since.name: start for start in longer if start.since}
        seen = {limit.name}
        while (start := following.get(limit.name)) and start.limit.name not in seen:
            limit = start.limit
            seen.add(limit.name)
            yield limit, start.from_end

    def state(self, code: str) -> State:
        """The state of a code."""
        return next(state for state in (*self.states, ANNULLED) if state.code == code)

    def limit(self, name: str) -> Limit:
        """The limit of a name."""
        return next(limit for limit in self.limits if limit.name == name)

    def rows(self, name: str, case_field: str) -> tuple[Step, ...]:
        """The rows of a step that hold for a field of enforcement."""
        return tuple(
            step for step in self.steps if step.name == name and step.holds_for(case_field)
        )

    def row(
        self, name: str, case_field: str, on: date, state: str | None = None
    ) -> tuple[Step, bool]:
        """The row of a step in force on a day, and whether we hold the rule of that day.

        For days before the earliest text that we hold, the earliest row is used and nothing is
        called late.

        Args:
            name: of the step.
            case_field: the field of enforcement.
            on: the day of the act, in the law's zone.
            state: where the proceeding is; rows that leave it come first.

        Raises:
            NotFound: the procedure has no such step for this field.
        """
        rows = self.rows(name, case_field)
        if not rows:
            raise NotFound(step=name, steps=sorted({step.name for step in self.steps}))
        rows = tuple(step for step in rows if step.leaves(state)) or rows
        held = [step for step in rows if step.holds_on(on)]
        if held:
            return held[-1], True
        return min(rows, key=lambda step: step.valid_from), False
