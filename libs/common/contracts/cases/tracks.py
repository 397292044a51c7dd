"""The forms and events of the tracks beside the case: damages (G8), public interest (G9 to G11)."""

from uuid import UUID

from pydantic import AwareDatetime, Field

from libs.common.contracts import Code, Form, Number, Sealed, Words
from libs.common.contracts.cases.forms import (
    Decision,
    Letter,
    Meeting,
    NextOrgan,
    Plain,
    Reason,
    Result,
    SignedFor,
)
from libs.common.contracts.procedure import taken


class Agree(Form):
    """赔偿协议: who pays or restores what."""

    amount_yuan: int | None = Field(default=None, ge=0, title="赔偿金额（元） / amount in yuan")
    parties: tuple[UUID, ...] = Field(default=(), max_length=200, title="赔偿义务人 / who pays")
    text: Sealed[Words] | None = Field(default=None, title="协议要点 / terms")


class OpenPublicInterest(Form):
    """公益诉讼立案: civil against those who did the harm, administrative against an agency."""

    kind: Code = Field(title="种类（民事/行政） / kind: civil or administrative")
    text: Sealed[Words] | None = Field(default=None, title="线索 / what it is about")


class SuggestCorrection(Form):
    """检察建议: what the agency should do, and whether it is urgent (reply in fifteen days)."""

    agency: Code | None = Field(default=None, title="行政机关 / agency")
    number: Number | None = Field(default=None, title="文号 / number")
    urgent: bool = Field(default=False, title="紧急 / urgent")
    text: Sealed[Words] | None = Field(default=None, title="建议 / text")


class SueInPublicInterest(Form):
    """起诉: the claims, and the court."""

    court: Code | None = Field(default=None, title="人民法院 / court")
    incidental: bool = Field(default=False, title="刑事附带民事 / with the prosecution")
    amount_yuan: int | None = Field(default=None, ge=0, title="请求金额（元） / amount in yuan")


class JudgeSuit(Form):
    """公益诉讼、赔偿诉讼裁判: won, in part, or lost; confirmed or mediated."""

    result: Code = Field(title="裁判结果 / result")
    amount_yuan: int | None = Field(default=None, ge=0, title="判赔金额（元） / amount in yuan")
    number: Number | None = Field(default=None, title="文号 / number")
    parties: tuple[UUID, ...] = Field(default=(), max_length=200, title="责任人 / on whom")


class SetDay(Form):
    """确定日期: of a hearing or an announcement."""

    held_at: AwareDatetime | None = Field(default=None, title="时间 / time")


DamageOpened = taken("damage_opened", Letter, "A lead on ecological damage was taken up.")
DamageLeadHandedOver = taken(
    "damage_lead_handed_over", Letter, "A lead or evidence on damage was handed to the claimant."
)
DamageFound = taken(
    "damage_found", Decision, "The claimant found that compensation is to be asked."
)
DamageNotFound = taken("damage_not_found", Reason, "The claimant found nothing to ask for.")
DamageAppraised = taken("damage_appraised", Result, "The damage was appraised.")
DamageConsulted = taken("damage_consulted", Meeting, "The claimant consulted with those liable.")
DamageAgreed = taken("damage_agreed", Agree, "An agreement on compensation was reached.")
ConfirmationAsked = taken(
    "damage_confirmation_asked", Plain, "The court was asked to confirm the agreement."
)
AgreementConfirmed = taken("damage_agreement_confirmed", JudgeSuit, "The court confirmed it.")
DamageSued = taken("damage_sued", SueInPublicInterest, "The claimant sued for the damage.")
DamageJudged = taken("damage_judged", JudgeSuit, "The court decided on the damage.")
DamagePaid = taken("damage_paid", Agree, "Compensation was paid or restored, in whole or part.")
DamageEnforcementAsked = taken(
    "damage_enforcement_asked", Letter, "Enforcement was asked for, because it was not performed."
)
DamageClosed = taken("damage_closed", Result, "The damage was made good, or the track ended.")

InterestOpened = taken(
    "public_interest_opened", OpenPublicInterest, "The procuratorate opened a public-interest case."
)
InterestLeadPassed = taken(
    "public_interest_lead_passed", NextOrgan, "The lead was passed to another procuratorate."
)
InterestLeadReceived = taken(
    "public_interest_lead_received", SignedFor, "The other procuratorate took the lead on."
)
InterestAnnounced = taken(
    "public_interest_announced", SetDay, "The procuratorate announced the case for thirty days."
)
CorrectionSuggested = taken(
    "correction_suggested", SuggestCorrection, "The procuratorate suggested that the agency act."
)
CorrectionUrgent = taken(
    "correction_urgent", Reason, "The procuratorate wanted an answer in fifteen days."
)
OpenHearingHeld = taken("open_hearing_held", Meeting, "The procuratorate held a hearing.")
SuggestionAnswered = taken("suggestion_answered", Letter, "The agency answered the suggestion.")
SuggestionFollowedUp = taken(
    "suggestion_followed_up", Result, "The procuratorate looked whether it was done."
)
InterestSued = taken(
    "public_interest_sued", SueInPublicInterest, "A suit was brought in the public interest."
)
SuitAccepted = taken("suit_accepted", Decision, "The court accepted the suit.")
SuitCourtChanged = taken("suit_court_changed", NextOrgan, "Another court was designated.")
SuitCourtReceived = taken("suit_court_received", SignedFor, "The designated court took it on.")
ClaimAmended = taken("claim_amended", Letter, "The claim was changed.")
SuitHeard = taken("suit_heard", SetDay, "A hearing was held.")
SuitMediated = taken("suit_mediated", JudgeSuit, "The suit was settled and the court confirmed it.")
SuitWithdrawn = taken("suit_withdrawn", Reason, "The suit was withdrawn with the court's leave.")
SuitJudged = taken("suit_judged", JudgeSuit, "The court decided at first instance.")
SuitAppealed = taken("suit_appealed", Plain, "An appeal was lodged.")
SuitAppealJudged = taken("suit_appeal_judged", JudgeSuit, "The court of appeal decided.")
SuitRemanded = taken("suit_remanded", Reason, "The suit was sent back for a new trial.")
SuitEffective = taken("suit_effective", Plain, "The decision took effect.")
SuitProtested = taken("suit_protested", Letter, "A superior procuratorate protested.")
SuitRetried = taken("suit_retried", JudgeSuit, "The retrial was decided.")
SuitExecuted = taken("suit_executed", Result, "The decision was carried out.")
InterestComplied = taken(
    "public_interest_complied", Result, "It was put right before a suit, and the case ended."
)
InterestClosed = taken("public_interest_closed", Result, "The public-interest case ended.")
