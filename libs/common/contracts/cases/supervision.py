"""The forms and events of procuratorial supervision of filing and of transfer, rows C3 to C14."""

from uuid import UUID

from pydantic import Field

from libs.common.contracts import Code, Form, Number, Sealed, Words
from libs.common.contracts.cases.forms import (
    Decision,
    Letter,
    Plain,
    Reason,
    ReasonedDecision,
    Result,
    SignedFor,
)
from libs.common.contracts.procedure import CausedByAct, taken


class SuggestSupervision(Form):
    """建议立案监督: the decision attacked, or that none was made in time (M17 12, 13)."""

    ground: Code = Field(title="情形 / ground")
    direction: Code = Field(
        default="file", title="方向（应立不立/不应立而立） / direction: file or withdraw"
    )
    text: Sealed[Words] = Field(title="建议书 / text")
    number: Number | None = Field(default=None, title="文号 / number")


class AskReasons(Form):
    """要求说明理由: of not filing, of filing, or of not deciding (PR19 559, 562)."""

    direction: Code = Field(title="方向 / direction: file, withdraw or overdue")
    number: Number | None = Field(default=None, title="文号 / number")


class SuggestTransfer(Form):
    """检察意见（建议移送）: facts, law, and the transfer wanted (M17 14)."""

    number: Number | None = Field(default=None, title="检察意见书文号 / number")
    text: Sealed[Words] = Field(title="意见 / text")


class ReplyOnTransfer(Form):
    """执行情况回复: that the agency transferred, and by which transfer."""

    transfer: UUID | None = Field(default=None, title="移送程序 / the transfer")
    text: Sealed[Words] | None = Field(default=None, title="说明 / explanation")


SupervisionSuggested = taken(
    "supervision_suggested", SuggestSupervision, "The agency asked to supervise the filing."
)
SupervisionBegun = taken(
    "supervision_begun", SuggestSupervision, "The procuratorate took up the supervision of filing."
)
SupervisionAccepted = taken(
    "supervision_accepted", SignedFor, "The procuratorate took the suggestion in."
)
ComplaintPassedOn = taken(
    "complaint_passed_on",
    Reason,
    "A complaint before the police's time ran out was passed to them.",
)
ReasonsAsked = taken("reasons_asked", AskReasons, "The procuratorate asked for the reasons.")
ReasonsGiven = taken("reasons_given", Letter, "The police gave their reasons.")
ReasonsAccepted = taken(
    "reasons_accepted", Decision, "The procuratorate found the reasons to hold."
)
ApplicantTold = taken("applicant_told", Letter, "Whoever had asked was told the result.")
FilingOrdered = taken("filing_ordered", ReasonedDecision, "The procuratorate ordered to file.")
WithdrawalOrdered = taken(
    "withdrawal_ordered", ReasonedDecision, "The procuratorate ordered to withdraw the file."
)
FiledUnderSupervision = taken(
    "filed_under_supervision", Decision, "The police filed, by themselves or as ordered."
)
WithdrawnUnderSupervision = taken(
    "withdrawn_under_supervision", Decision, "The police withdrew, by themselves or as ordered."
)
ViolationCorrected = taken(
    "violation_notice_issued", Letter, "The procuratorate issued a notice to correct a violation."
)
OrderContested = taken("order_contested", Letter, "The police asked to reconsider the order.")
OrderReconsidered = taken("order_reconsidered", Result, "The procuratorate reconsidered its order.")
OrderReviewAsked = taken(
    "order_review_asked", Letter, "The police asked the superior procuratorate to review the order."
)
OrderReviewed = taken("order_reviewed", Result, "The superior procuratorate reviewed the order.")
OrderRevoked = taken("order_revoked", Reason, "The order was revoked.")
SupervisionReported = taken(
    "supervision_reported", Letter, "The procuratorate reported to its superior for a consultation."
)
SupervisionConsulted = taken(
    "supervision_consulted",
    Result,
    "What the superior procuratorate and the police of its level agreed on.",
)
SupervisionClosed = taken("supervision_closed", Result, "The supervision ended.")

FilesRead = taken("agency_files_read", Letter, "The procuratorate read files of the agency.")
TransferSuggested = taken(
    "transfer_suggested", SuggestTransfer, "The procuratorate suggested to transfer the case."
)
TransferSuggestionReceived = taken(
    "transfer_suggestion_received", SignedFor, "The agency signed for the suggestion."
)
TransferSuggestionMet = taken(
    "transfer_suggestion_met",
    CausedByAct,
    "The case was transferred, as the procuratorate had suggested.",
)
TransferSuggestionOpenAgain = taken(
    "transfer_suggestion_open_again",
    CausedByAct,
    "The transfer was called back, so that the suggestion is to be followed anew.",
)
TransferSuggestionAnswered = taken(
    "transfer_suggestion_answered", ReplyOnTransfer, "The agency answered that it transferred."
)
TransferSuggestionRefused = taken(
    "transfer_suggestion_refused",
    ReasonedDecision,
    "The agency answered that it does not transfer, and why.",
)
RefusalReported = taken(
    "transfer_refusal_reported", Letter, "The procuratorate told the police that it is refused."
)
TransferSupervisionClosed = taken(
    "transfer_supervision_closed", Plain, "The supervision of the transfer ended."
)
