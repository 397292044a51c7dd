"""The law as a table: the words in which a procedure is written, one row a legal step.

Nothing here is decided: what follows from a row is said in `decide`, what a proceeding becomes in
`proceeding`, whether a table holds together in `check`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final

from libs.common.agencies import Duty, OrganKind
from libs.common.contracts import Form
from libs.common.contracts.procedure import Receipt, StepTaken
from libs.common.errors import NotFound
from libs.common.law import Law
from libs.common.limits import Limit
from libs.common.worktime import Unit

if TYPE_CHECKING:
    from libs.common.procedure.command import Command
    from libs.common.procedure.proceeding import Proceeding

ANY_FIELD: Final = "any"
SERVICE: Final = "platform"
"""The part of the platform itself, for what comes about without a person's act. It is in every
proceeding, is no organ, and only `platform_itself` acts in it."""

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
    """Counts from where this limit counted, and takes its place; the step is open only while a
    limit that it names here runs."""
    provisional: bool = False
    """From the arrival, because the receipt is missing; the receipt moves it."""


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
    lacks: "Callable[[Proceeding | None, Command], Sequence[str]]"


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
    form: type[Form]
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
    fields: tuple[str, ...] = (ANY_FIELD,)
    """The fields of enforcement for which the row holds."""

    @property
    def valid_from(self) -> date:
        """The first day for which we hold a text of the rule."""
        return min(law.act.valid_from for law in self.law)

    @property
    def moves(self) -> bool:
        """Whether it changes the state, the holder or an organ; what does not stands beside."""
        return bool(self.target or self.holder or self.becomes or self.names)

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
    parts: Mapping[Part, OrganKind]
    states: tuple[State, ...]
    steps: tuple[Step, ...]
    missed: Mapping[str, WhenMissed] = field(default_factory=dict)
    """By limit name."""
    overseer: Part | None = None
    """The part that is told of every act that is annulled."""
    shares: tuple[type[StepTaken], ...] = ()
    """Events that several steps say deliberately."""

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
