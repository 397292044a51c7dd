"""What every procedure says, whichever service owns it: steps taken, limits, things owed."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field, create_model

from libs.common.agencies import Duty
from libs.common.contracts import (
    Code,
    Digest,
    Event,
    Form,
    Number,
    Sealed,
    StateCode,
    Strict,
    Words,
)
from libs.common.contracts.signatures import Signature
from libs.common.limits import LimitKind, Span


class Precision(StrEnum):
    """How exactly a legal time is known."""

    MINUTE = "minute"
    DAY = "day"
    MONTH = "month"


class Receipt(StrEnum):
    """What proves that a notice reached its receiver."""

    DELIVERED = "delivered"
    READ = "read"
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"


class Document(Strict):
    """A document of the register (W1-W30), by digest; the file itself stays with its owner."""

    kind: Code = Field(title="文书种类 / kind")
    digest: Digest = Field(title="摘要 SHA-256 / digest")
    number: Number | None = Field(default=None, title="文号 / number")
    pages: int | None = Field(default=None, ge=1, le=100_000, title="页数 / pages")


class StepHead(Strict):
    """What every step says of itself."""

    case: UUID
    case_number: Number
    proceeding: UUID
    procedure: Code
    row: Code
    """The step's name in the table of the law."""
    happened_at: AwareDatetime
    """Legal time; the beginning of the day or month where only that is known."""
    precision: Precision
    entered_late: bool = False
    late_reason: Sealed[Words] | None = None
    rule_held: bool = True
    """False where the rule of that time is not held: nothing is called late then."""
    documents: tuple[Document, ...] = ()
    state_before: StateCode | None
    state: StateCode
    holder_before: Code | None
    holder: Code
    parts: dict[Code, Code]
    """The organs by their part in the proceeding, as they are after the step."""
    revision: int = Field(ge=1)
    """The proceeding's revision after the step."""
    party: UUID | None = None
    """The party that the proceeding is about."""
    about: UUID | None = None
    """The proceeding that it is about."""
    custody: bool = False
    """Whether the party is held after the step."""
    caused_by: UUID | None = None
    """The act with which the platform took it."""
    imported: bool = False
    """History: no organ took it here, nothing is owed for it and nothing ticks."""
    inferred: bool = False
    """No source tells it; it must have been, because what follows it was."""
    undated: bool = False
    """No source tells when it was; `happened_at` is only a bound."""


class StepTaken(Event):
    """A step of a procedure was taken."""

    head: StepHead
    form: Form
    signatures: tuple[Signature, ...] = ()
    """Over the event's id, type and body without them; none where nobody of an organ acted."""


class _Taken(StepTaken):
    """The base of events made by `taken`: no source is searched for the words of their fields."""

    model_config = ConfigDict(use_attribute_docstrings=False)


def taken(name: str, form: type[Form], meaning: str) -> type[StepTaken]:
    """The event of a step, as one line of a table.

    Args:
        name: in the past tense, the field's own word, such as `arrest_approved`.
        form: what the step takes and the event carries.
        meaning: one sentence a lawyer would sign.
    """
    title = "".join(word.capitalize() for word in name.split("_"))
    event = create_model(title, __base__=_Taken, __doc__=meaning, form=(form, ...))
    event.name = name
    return event


class CausedByAct(Form):
    """随同行为: the platform takes a step because of another, in the same transaction."""

    act: UUID = Field(title="引起该环节的行为 / the act that causes it")


class CorrectAct(Form):
    """更正: a fact was entered wrongly; what was written stays, this says what is right."""

    act: UUID = Field(title="被更正事项 / the event that is corrected")
    reason: Sealed[Words] = Field(title="更正理由 / reason")
    happened_at: AwareDatetime | None = Field(
        default=None, title="正确的发生时间 / when it happened"
    )
    fields: dict[Code, Number | int | bool | None] = Field(
        default={}, title="正确的内容 / right values by field", max_length=32
    )


class AnnulAct(Form):
    """撤销行为: an act should not have been made; the proceeding returns to where it was before."""

    act: UUID = Field(title="被撤销事项 / the event that is annulled")
    reason: Sealed[Words] = Field(title="撤销理由 / reason")


class ActCorrected(StepTaken):
    """The organ that took a step says which fact of it was entered wrongly, and what is right."""

    name: ClassVar[str] = "act_corrected"
    form: CorrectAct


class ActAnnulled(StepTaken):
    """The organ that took a step declares that it should not have been made."""

    name: ClassVar[str] = "act_annulled"
    form: AnnulAct


class Ending(StrEnum):
    """Why a limit no longer runs."""

    MET = "met"
    """What it demanded was done."""
    REPLACED = "replaced"
    """Another limit took its place."""
    ANNULLED = "annulled"
    """The act from which it ran was annulled."""
    CLOSED = "closed"
    """The proceeding ended otherwise."""


class Moving(StrEnum):
    """Why a limit is due at another time than said before."""

    CORRECTED = "corrected"
    CUSTODY = "custody"
    """The party was taken into custody or released: in custody no end rolls over rest days."""
    CALENDAR = "calendar"
    RECEIPT = "receipt"
    """It ran provisionally from the arrival and now runs from the receipt."""
    ANNULLED = "annulled"
    """The receipt was annulled, so that it runs provisionally from the arrival again."""


class _LimitEvent(Event):
    case: UUID
    case_number: Number
    proceeding: UUID
    procedure: Code
    limit: Code
    limit_id: UUID
    organ: Code
    """The organ that has to act."""


class LimitStarted(_LimitEvent):
    """A legal limit began to run against an organ."""

    name: ClassVar[str] = "limit_started"
    kind: LimitKind
    started_at: AwareDatetime
    started_on_day_only: bool = False
    bases: tuple[Span, ...]
    """Every length that the law gives: warned on the strictest, late after the longest."""
    articles: tuple[str, ...]
    custody: bool = False
    custody_sensitive: bool = False
    """Whether it ceases to roll over rest days while the party is held (CPL 105(4))."""
    before: bool = False
    warn_before_seconds: int
    conditional: bool = False
    rule_held: bool = True
    provisional_start: bool = False
    """It runs from the arrival because the receipt is missing."""
    act: UUID
    """The event that began it."""
    replaces: UUID | None = None
    """The limit whose place it takes: it counts from where that one counted, with its pauses."""
    warn_at: AwareDatetime
    due_at: AwareDatetime
    late_at: AwareDatetime
    provisional: bool
    """A year without an official calendar mattered."""


class LimitEnded(_LimitEvent):
    """A limit no longer runs."""

    name: ClassVar[str] = "limit_ended"
    ended_at: AwareDatetime
    ending: Ending
    late: bool
    """It was met, or replaced, after the longest lawful time."""
    act: UUID


class LimitReopened(_LimitEvent):
    """The act that had ended a limit was annulled; it runs on as if it had never ended."""

    name: ClassVar[str] = "limit_reopened"
    warn_at: AwareDatetime
    due_at: AwareDatetime
    late_at: AwareDatetime
    provisional: bool
    act: UUID


class LimitPaused(_LimitEvent):
    """A limit stands still."""

    name: ClassVar[str] = "limit_paused"
    paused_at: AwareDatetime
    act: UUID


class LimitResumed(_LimitEvent):
    """A limit runs on with what was left."""

    name: ClassVar[str] = "limit_resumed"
    resumed_at: AwareDatetime
    warn_at: AwareDatetime
    due_at: AwareDatetime
    late_at: AwareDatetime
    provisional: bool
    act: UUID


class LimitMoved(_LimitEvent):
    """A limit is due at another time than said before; while it stands still, from the pause on."""

    name: ClassVar[str] = "limit_moved"
    moving: Moving
    custody: bool | None = None
    """None: as it was."""
    started_at: AwareDatetime
    started_on_day_only: bool = False
    warn_at: AwareDatetime
    due_at: AwareDatetime
    late_at: AwareDatetime
    provisional: bool
    act: UUID | None = None


class LimitNear(_LimitEvent):
    """A limit will soon be due and what it demands has not been done."""

    name: ClassVar[str] = "limit_near"
    due_at: AwareDatetime


class LimitMissed(_LimitEvent):
    """A limit passed and what it demands has not been done."""

    name: ClassVar[str] = "limit_missed"
    due_at: AwareDatetime
    late_at: AwareDatetime


class NoticeOwed(Event):
    """The law, or a rule of the platform, demands that an organ be told."""

    name: ClassVar[str] = "notice_owed"
    notice: UUID
    kind: Code
    case: UUID
    case_number: Number
    proceeding: UUID
    act: UUID
    """The event of which it tells."""
    from_organ: Code
    to_organ: Code
    duty: Duty
    article: str
    due_at: AwareDatetime | None
    """When it must have been given; None where the law says promptly."""
    receipt: Receipt
    facts: dict[Code, Number]
    """What the wording needs: codes, numbers and dates, never words or names of persons."""


class EntryOwed(Event):
    """A decision has to be entered on the shared information platform within the law's time."""

    name: ClassVar[str] = "entry_owed"
    entry: UUID
    item: Code
    case: UUID
    case_number: Number
    proceeding: UUID
    act: UUID
    organ: Code
    article: str
    due_at: AwareDatetime


PROCEDURE_EVENTS: tuple[type[Event], ...] = (
    ActCorrected,
    ActAnnulled,
    LimitStarted,
    LimitEnded,
    LimitReopened,
    LimitPaused,
    LimitResumed,
    LimitMoved,
    LimitNear,
    LimitMissed,
    NoticeOwed,
    EntryOwed,
)
