"""The forms and events of the penalty procedure 行政处罚, rows A0 to A14 but for A10 and A11."""

from collections.abc import Collection
from datetime import date
from typing import Annotated, Final
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints
from pydantic_core import PydanticCustomError

from libs.common.contracts import Code, Digest, Form, Number, Sealed, Strict, Words
from libs.common.contracts.cases.forms import (
    Decision,
    Letter,
    NextOrgan,
    Plain,
    Reason,
    ReasonedDecision,
    Result,
    SignedFor,
)
from libs.common.contracts.procedure import CausedByAct, Document, taken
from libs.common.screening import SUBSTANCES, THINGS, UNITS, Conduct, Kind, RepeatKind


def _one_of(words: Collection[str], rule: str) -> AfterValidator:
    """A word of a table; what people type beside it never stands in an event."""

    def check(word: str) -> str:
        if word not in words:
            raise PydanticCustomError(rule, "表中没有该用语 / not a word of the table")
        return word

    return AfterValidator(check)


OTHER_SUBSTANCE: Final = "其他"
"""What the criteria do not name: it is recorded and meets none of them."""
_THINGS: Final = sorted(THINGS)
_SUBSTANCES: Final = [*sorted(SUBSTANCES), OTHER_SUBSTANCE]
Unit = Annotated[str, _one_of(UNITS, "unit_known"), Field(json_schema_extra={"enum": [*UNITS]})]
"""A unit of measurement that screening understands."""
Substance = Annotated[
    str,
    _one_of(_SUBSTANCES, "word_of_criteria"),
    Field(json_schema_extra={"enum": [*_SUBSTANCES]}),
]
Thing = Annotated[
    str, _one_of(_THINGS, "word_of_criteria"), Field(json_schema_extra={"enum": [*_THINGS]})
]
DecimalText = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,15}(\.[0-9]{1,10})?$")]
"""A figure as it was measured, without rounding: decimal digits with a point."""


class RegisterLead(Form):
    """线索登记: a complaint, an inspection, monitoring, another organ, the procuratorate."""

    source: Code = Field(title="线索来源 / source")
    conduct_ended_on: date | None = Field(
        default=None, title="违法行为终了之日 / last day of the conduct"
    )
    endangers: bool = Field(
        default=False,
        title="涉及生命健康安全、金融安全且有危害后果 / endangers life, health or finance",
    )


class Inspect(Form):
    """现场检查: at least two officers with their cards (APL 42)."""

    officers: tuple[Code, ...] = Field(
        min_length=2, max_length=20, title="执法人员（不少于二人） / officers, two or more"
    )
    record: Sealed[Words] | None = Field(default=None, title="检查情况 / what was found")


class FindingEntry(Strict):
    """一项发现: measured, with value and unit, or seen, without; and the document that says so."""

    kind: Kind = Field(title="种类 / kind")
    value: DecimalText | None = Field(
        default=None, title="数值（事实不填） / value, none for a fact", examples=["3.2"]
    )
    unit: Unit | None = Field(default=None, title="单位 / unit")
    substance: Substance | None = Field(default=None, title="废物或者污染物 / substance")
    of: Thing | None = Field(default=None, title="具体所指 / of what exactly")
    conduct: Conduct = Field(default=Conduct.POLLUTION, title="行为 / conduct")
    evidence: tuple[Digest, ...] = Field(
        default=(), max_length=20, title="证据摘要 SHA-256 / evidence by digest"
    )
    source: Document = Field(title="来源文书 / source document")


class RecordFindings(Form):
    """登记查明事实: what was measured or seen, to be held against the criteria of that day."""

    findings: tuple[FindingEntry, ...] = Field(
        min_length=1, max_length=20, title="查明事实 / findings"
    )
    conducted_on: date = Field(
        title="行为之日（持续的为终了之日） / day of the conduct, the last one"
    )
    parties: tuple[UUID, ...] = Field(
        default=(),
        max_length=200,
        title="涉及当事人（只有一人时可不填） / parties concerned; absent: the only one",
    )


class ConcludeInvestigation(Form):
    """调查终结: one of the conclusions of APL 57; a suspected crime must be transferred."""

    conclusion: Code = Field(title="处理意见 / conclusion")
    report: Sealed[Words] = Field(title="调查终结报告 / report")


class ReviewLegally(Form):
    """法制审核: whether a decision may issue, and whether it amounts to a crime (APL 58)."""

    approved: bool = Field(title="同意 / approved")
    crime_suspected: bool = Field(title="涉嫌犯罪应当移送 / a suspected crime, to be transferred")
    opinion: Sealed[Words] = Field(title="审核意见 / opinion")


class SetHearing(Form):
    """确定听证日期: the day from which the notice counts backwards (APL 64)."""

    hearing_at: AwareDatetime = Field(title="听证时间 / time of the hearing")


class DecidePenalty(Form):
    """行政处罚决定: the kinds of penalty and the amounts, with the basis."""

    number: Number | None = Field(default=None, title="处罚决定书文号 / number")
    kinds: tuple[Code, ...] = Field(min_length=1, max_length=20, title="处罚种类 / kinds")
    fine_yuan: int | None = Field(default=None, ge=0, title="罚款（元） / fine in yuan")
    detention_days: int | None = Field(
        default=None, ge=1, le=20, title="行政拘留（日） / detention in days"
    )
    parties: tuple[UUID, ...] = Field(default=(), max_length=200, title="被处罚人 / on whom")
    opinion: Sealed[Words] | None = Field(default=None, title="裁量理由 / discretion")
    repeat_kind: RepeatKind | None = Field(
        default=None, title="属于再犯即入罪的行为 / an act that is a crime when repeated (ECI23)"
    )
    collective: bool | None = Field(default=None, title="经集体讨论 / discussed collectively")
    serious: bool | None = Field(default=None, title="情节严重 / serious circumstances")
    minimum_yuan: int | None = Field(
        default=None, ge=0, title="法定罚款下限（元） / statutory minimum of the fine in yuan"
    )


class ExcludeTime(Form):
    """扣除期限: suspension, hearing, public notice, monitoring, appraisal or service."""

    ground: Code = Field(title="扣除事由 / ground")


class Pay(Form):
    """缴纳罚款: what was paid."""

    paid_yuan: int = Field(ge=0, title="已缴（元） / paid in yuan")
    in_full: bool = Field(default=True, title="缴清 / in full")


class ChallengePenalty(Form):
    """申请行政复议、提起行政诉讼: which of the two the party chose."""

    reconsideration: bool | None = Field(
        default=None, title="申请复议（否则为诉讼） / reconsideration, not a suit"
    )
    """None where a published case does not say it."""
    number: Number | None = Field(default=None, title="案号 / number")
    text: Sealed[Words] | None = Field(default=None, title="说明 / explanation")


class DeferPayment(Form):
    """延期、分期缴纳罚款: until when, and in how many instalments (APL 66)."""

    until: date = Field(title="缴纳期限 / to be paid by")
    instalments: int | None = Field(default=None, ge=1, le=100, title="分期数 / instalments")
    reason: Sealed[Words] | None = Field(default=None, title="理由 / reason")


LeadRegistered = taken(
    "lead_registered", RegisterLead, "The agency registered a lead on a possible violation."
)
LeadReviewed = taken("lead_reviewed", Plain, "The agency began to review the lead.")
LeadPassed = taken(
    "lead_passed", NextOrgan, "The agency passed the lead to the organ that is competent."
)
LeadReceived = taken("lead_received", SignedFor, "The competent organ signed for the lead.")
PenaltyReviewExtended = taken(
    "penalty_review_extended", Reason, "The head extended the time to decide on opening."
)
SiteInspected = taken("site_inspected", Inspect, "At least two officers inspected the site.")
PersonInterviewed = taken(
    "person_interviewed", Inspect, "At least two officers interviewed somebody."
)
FindingsRecorded = taken(
    "findings_recorded",
    RecordFindings,
    "The agency recorded what was measured or seen, with the documents that say so.",
)
PenaltyCaseOpened = taken(
    "penalty_case_opened", Decision, "The agency opened an administrative case."
)
PenaltyCaseDeclined = taken(
    "penalty_case_declined", ReasonedDecision, "The agency decided not to open a case."
)
PenaltyReopened = taken(
    "penalty_reopened", Reason, "New facts or evidence made the agency take the case up again."
)
RecusalRequested = taken("recusal_requested", Reason, "An officer was asked to stand aside.")
RecusalDecided = taken("recusal_decided", Result, "The head decided on the request for recusal.")
CorrectionOrdered = taken(
    "correction_ordered", Letter, "The agency ordered the violation to be corrected."
)
PermitRestricted = taken(
    "permit_restricted", Decision, "The agency suspended or revoked a permit, or ordered a stop."
)
PenaltyTimeExtended = taken(
    "penalty_time_extended", Reason, "The head extended the time to decide on the penalty."
)
PenaltyTimeExtendedAgain = taken(
    "penalty_time_extended_again", Reason, "A collective decision extended the time once more."
)
TimeExcluded = taken(
    "penalty_time_excluded", ExcludeTime, "A time began that does not count for the decision."
)
TimeCountedAgain = taken(
    "penalty_time_counted", Plain, "The time that does not count for the decision ended."
)
InvestigationConcluded = taken(
    "penalty_investigation_concluded", ConcludeInvestigation, "The investigation was concluded."
)
LegallyReviewed = taken(
    "penalty_reviewed", ReviewLegally, "The legal unit reviewed the case before the decision."
)
PenaltyAnnounced = taken(
    "penalty_announced", Letter, "The party was told of the penalty proposed and of its rights."
)
PenaltyAnnouncementServed = taken(
    "penalty_announcement_served",
    SignedFor,
    "The party received the notice of the penalty proposed; its times run from here.",
)
StatementHeard = taken(
    "party_statement_heard", Letter, "The agency took in the statement and defence of the party."
)
HearingRequested = taken("hearing_requested", Plain, "The party asked for a hearing.")
HearingSet = taken("hearing_set", SetHearing, "The agency set the day of the hearing.")
HearingNotified = taken("hearing_notified", Plain, "The agency told the party of the hearing.")
HearingGivenUp = taken("hearing_given_up", Plain, "The party gave the hearing up.")
HearingHeld = taken("hearing_held", Result, "The hearing was held.")
PenaltyDecided = taken("penalty_decided", DecidePenalty, "The agency decided a penalty.")
PenaltyDecidedOnTheSpot = taken(
    "penalty_decided_on_the_spot", DecidePenalty, "Officers decided a small penalty on the spot."
)
PenaltyNotImposed = taken(
    "penalty_not_imposed", ReasonedDecision, "The agency decided not to impose a penalty."
)
PenaltyServed = taken("penalty_served", SignedFor, "The decision was served on the party.")
FinePaid = taken("fine_paid", Pay, "The party paid the fine or a part of it.")
FinePaidInPart = taken("fine_paid_in_part", Pay, "The party paid a part; the rest stays due.")
PaymentDeferred = taken(
    "payment_deferred", DeferPayment, "The agency let the party pay later or in instalments."
)
PenaltyChallenged = taken(
    "penalty_challenged", ChallengePenalty, "The party asked for reconsideration or sued."
)
ChallengeDecided = taken(
    "penalty_challenge_decided", Result, "The challenge of the penalty was decided."
)
PartyUrged = taken("party_urged", Letter, "The agency urged the party to perform.")
PartyUrgedAfterReconsideration = taken(
    "party_urged_after_reconsideration",
    Letter,
    "The agency urged the party to perform what the reconsideration had left standing.",
)
PartyUrgedAfterChallenge = taken(
    "party_urged_after_challenge",
    Letter,
    "The agency urged the party to perform what a challenge had left standing.",
)
EnforcementRequested = taken(
    "enforcement_requested", Letter, "The agency asked the court to enforce the decision."
)
EnforcementAccepted = taken(
    "enforcement_accepted", SignedFor, "The court took in the request to enforce."
)
PenaltyEnforced = taken("penalty_enforced", Result, "The penalty was enforced.")
PenaltyClosed = taken("penalty_closed", Result, "The administrative case was closed and filed.")
ReverseTakenOver = taken(
    "reverse_taken_over", CausedByAct, "A reverse transfer became a lead of the agency."
)
PenaltySuspended = taken(
    "penalty_suspended", CausedByAct, "The penalty stood still because the crime is looked into."
)
PenaltyResumed = taken(
    "penalty_resumed", CausedByAct, "The penalty went on with the days that were left."
)
