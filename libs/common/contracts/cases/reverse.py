"""The forms and events of reverse linkage 反向衔接 (E) and of administrative detention (F)."""

from pydantic import Field

from libs.common.contracts import Code, Form, Number, Sealed, Words
from libs.common.contracts.cases.forms import (
    Decision,
    Letter,
    NextOrgan,
    Plain,
    Reason,
    ReasonedDecision,
    SignedFor,
    Until,
)
from libs.common.contracts.procedure import CausedByAct, taken


class SendReverse(Form):
    """反向移送: to the agency, for a penalty although no crime is pursued (E1, E7)."""

    number: Number | None = Field(default=None, title="移送函文号 / number")
    reason: Sealed[Words] = Field(title="理由 / reason")
    agency: Code | None = Field(default=None, title="主管机关 / competent agency")


class IssueOpinion(Form):
    """检察意见（行政处罚）: facts, evidence, and the penalty that is thought due (CPL 177)."""

    number: Number | None = Field(default=None, title="检察意见书文号 / number")
    text: Sealed[Words] = Field(title="意见 / text")
    agency: Code | None = Field(default=None, title="主管机关 / competent agency")


class ReplyResult(Form):
    """处理结果回复: what the agency did (CPL 177; ECI23 12)."""

    result: Code = Field(title="处理结果 / result")
    number: Number | None = Field(default=None, title="文号 / number")
    text: Sealed[Words] | None = Field(default=None, title="说明 / explanation")


class ProposeDetention(Form):
    """提出移送行政拘留: in which of the cases of the law (CODE; DET14 3 to 8)."""

    number: Number | None = Field(default=None, title="文号 / number")
    triggers: tuple[Code, ...] = Field(
        default=(), max_length=20, title="适用情形 / cases of the law"
    )
    text: Sealed[Words] = Field(title="内容 / text")


class DecideDetention(Form):
    """行政拘留决定: for how many days."""

    number: Number | None = Field(default=None, title="决定书文号 / number")
    detention_days: int = Field(ge=1, le=20, title="拘留日数 / days")


ReverseReviewBegun = taken(
    "reverse_review_begun", Plain, "The procuratorate began to review whether a penalty is due."
)
ReverseReviewOpened = taken(
    "reverse_review_opened",
    CausedByAct,
    "Whether a penalty is due is reviewed, for the procuratorate did not prosecute.",
)
ReverseReviewFellAway = taken(
    "reverse_review_fell_away",
    CausedByAct,
    "The review ended, for the decision not to prosecute was revoked.",
)
ReverseReviewExtended = taken(
    "reverse_review_extended", Until, "The time to review was extended, because it is complex."
)
ReversePassedInside = taken(
    "reverse_passed_inside", Plain, "The department for administrative prosecution took it over."
)
ReverseReviewSuspended = taken(
    "reverse_review_suspended", Reason, "The review stood still while the decision is contested."
)
ReverseReviewResumed = taken("reverse_review_resumed", Plain, "The review went on.")
ReverseReviewEnded = taken(
    "reverse_review_ended", ReasonedDecision, "The procuratorate found that no penalty is due."
)
OpinionReferred = taken(
    "opinion_referred", NextOrgan, "The matter was referred to another procuratorate."
)
OpinionReferralReceived = taken(
    "opinion_referral_received", SignedFor, "The other procuratorate took the matter on."
)
AgencySought = taken("agency_sought", Reason, "No competent agency was found yet; it is sought.")
OpinionIssued = taken("opinion_issued", IssueOpinion, "The procuratorate thought a penalty due.")
ReverseSent = taken("reverse_sent", SendReverse, "The matter was sent to the agency for a penalty.")
ReverseRedirected = taken(
    "reverse_redirected", NextOrgan, "Another agency was found to be the competent one."
)
ReverseReceived = taken("reverse_received", SignedFor, "The agency signed for the matter.")
OpinionReceived = taken("opinion_received", SignedFor, "The agency signed for the opinion.")
PapersHandedOver = taken(
    "reverse_papers_handed_over", Letter, "Further evidence and papers were handed to the agency."
)
ReverseAnswered = taken("reverse_answered", ReplyResult, "The agency told what it did.")
SilenceReported = taken(
    "reverse_silence_reported", Letter, "That the agency did not answer was reported."
)

DetentionProposed = taken(
    "detention_proposed",
    ProposeDetention,
    "The officers proposed to transfer for administrative detention.",
)
DetentionApproved = taken(
    "detention_transfer_approved", Decision, "The head approved the transfer for detention."
)
DetentionRefused = taken(
    "detention_transfer_refused", ReasonedDecision, "The head refused the transfer for detention."
)
DetentionSent = taken("detention_sent", Letter, "The agency sent the case for detention.")
DetentionReceived = taken("detention_received", SignedFor, "The police signed for the case.")
DetentionPapersAsked = taken(
    "detention_papers_asked", Letter, "The police told the agency what was lacking."
)
DetentionPapersSupplied = taken(
    "detention_papers_supplied", Letter, "The agency supplied what was lacking."
)
DetentionDecided = taken(
    "detention_decided", DecideDetention, "The police decided on administrative detention."
)
DetentionCopied = taken(
    "detention_copied", SignedFor, "The police sent the decision to the agency."
)
DetentionDeclined = taken(
    "detention_declined", ReasonedDecision, "The police found that detention is not due."
)
DetentionFileReturned = taken(
    "detention_file_returned", SignedFor, "The agency signed for the returned file."
)
